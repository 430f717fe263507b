// SPDX-License-Identifier: GPL-2.0
/*
 * manual.c - mmscope(1) and the completions of bash, zsh and fish, written from the
 * tables that --help and getopt_long() are fed from: they cannot list anything else.
 */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "manual.h"

/* ---- the manual page ------------------------------------------------------- */

static void put_roff(const char *text, size_t len)
{
	if (len && (*text == '.' || *text == '\''))
		fputs("\\&", stdout);
	for (size_t i = 0; i < len; i++)
		switch (text[i]) {
		case '\\':
			fputs("\\e", stdout);
			break;
		case '-':
			fputs("\\-", stdout);
			break;
		default:
			putchar(text[i]);
		}
}

static void put_word(const char *text)
{
	put_roff(text, strlen(text));
}

/* Paragraphs are filled; lines that begin with a space stay as they are. */
static void put_text(const char *text)
{
	bool kept = false;

	while (*text) {
		size_t len = strcspn(text, "\n");
		bool keep = *text == ' ';

		if (keep != kept)
			puts(keep ? ".EX" : ".EE");
		kept = keep;
		if (!len)
			puts(".PP");
		else
			put_roff(text, len);
		if (len)
			putchar('\n');
		text += len + (text[len] == '\n');
	}
	if (kept)
		puts(".EE");
}

static void man_option(const struct cmd_option *o)
{
	puts(".TP");
	fputs("\\fB", stdout);
	if (o->letter)
		printf("\\-%c\\fR, \\fB", o->letter);
	fputs("\\-\\-", stdout);
	put_word(o->name);
	fputs("\\fR", stdout);
	if (o->arg) {
		fputs(" \\fI", stdout);
		put_word(o->arg);
		fputs("\\fR", stdout);
	}
	putchar('\n');
	put_word(o->help);
	putchar('\n');
}

static void man_verb(const struct verb *v)
{
	const struct cmd_option *o;

	fputs(".SS \"", stdout);
	put_word(v->name);
	if (*v->args) {
		putchar(' ');
		put_word(v->args);
	}
	puts("\"");
	put_text(v->about);
	for (size_t i = 0; (o = cmd_option(v, i)); i++)
		man_option(o);
	if (v->columns)
		puts(".PP\nColumns:");
	for (const struct view_column *c = v->columns; c && c->name; c++) {
		fputs(".TP\n\\fB", stdout);
		put_word(c->name);
		fputs("\\fR\n", stdout);
		put_word(c->help);
		putchar('\n');
	}
	puts(".PP\nExamples:");
	put_text(v->example);
}

static void man(void)
{
	const struct verb *v;

	printf(".TH MMSCOPE 1 \"" MMS_DATE "\" \"mmscope %s\" \"User Commands\"\n"
	       ".SH NAME\nmmscope \\- what the kernel knows about the memory of a process\n"
	       ".SH SYNOPSIS\n.B mmscope\n\\fIVERB\\fR [\\fIoptions\\fR] ...\n.br\n"
	       ".B mmscope\n\\fIPID\\fR\n"
	       ".SH DESCRIPTION\n"
	       "Tells the program break, the VMAs, the state of every page and the locked memory\n"
	       "of any process, by the kernel module of the same name, and sets other witnesses\n"
	       "beside it. Without the module it tells what\n.BR proc (5)\ncan answer.\n"
	       "A process is named by its PID, by its name, or as\n.BR self ;\n"
	       "or instead of one there is\n.B \\-\\-from\n\\fIFILE\\fR, a capture of it.\n"
	       ".SH VERBS\n", mms_version());
	for (size_t i = 0; (v = cmd_verbs[i]); i++)
		man_verb(v);
	puts(".SH EXIT STATUS\n0 fine; 1 a check failed; 2 usage; 3 no such process, or it went\n"
	     "away; 4 not permitted; 5 the module is missing or does not match.\n"
	     ".SH FILES\n.TP\n.I /dev/mmscope\nthe device of the module\n"
	     ".TP\n.I /proc/mmscope\nits text, for people and\n.BR awk (1)\n"
	     ".SH SEE ALSO\n.BR pmap (1),\n.BR mincore (2),\n.BR libmmscope (3),\n"
	     ".BR mmscope (4),\n.BR mmscope\\-grade (5),\n.BR proc (5)");
}

/* ---- completions ----------------------------------------------------------- */

/* For a shell, in single quotes. */
static void put_quoted(const char *text)
{
	putchar('\'');
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*text);
	putchar('\'');
}

#define PROCESSES	"ps -eo pid=,comm="
#define LESSONS		"mmscope lesson 2>/dev/null | cut -d\" \" -f1"
#define EXPLAINED	"mmscope explain 2>/dev/null | grep -x \"  [a-z-]*\" | tr -d \" \""

static bool is_of_process(const struct verb *v)
{
	return !strncmp(v->args, "PID", 3) || !strncmp(v->args, "[PID", 4);
}

static void bash(void)
{
	const struct cmd_option *o;
	const struct verb *v;

	fputs("# bash completion for mmscope\n_mmscope()\n{\n"
	      "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]} options= words=\n"
	      "\tif [ \"$COMP_CWORD\" = 1 ]; then\n\t\twords='", stdout);
	for (size_t i = 0; (v = cmd_verbs[i]); i++)
		printf("%s ", v->name);
	fputs("help --help --version'\n\telse\n\t\tcase $verb in\n", stdout);
	for (size_t i = 0; (v = cmd_verbs[i]); i++) {
		printf("\t\t%s)\n\t\t\toptions='", v->name);
		for (size_t k = 0; (o = cmd_option(v, k)); k++)
			printf("--%s ", o->name);
		fputs("'\n", stdout);
		if (is_of_process(v))
			fputs("\t\t\twords=\"self $(" PROCESSES ")\"\n", stdout);
		if (!strcmp(v->name, "lesson"))
			fputs("\t\t\twords=$(" LESSONS ")\n", stdout);
		if (!strcmp(v->name, "explain"))
			fputs("\t\t\twords=$(" EXPLAINED ")\n", stdout);
		fputs("\t\t\t;;\n", stdout);
	}
	fputs("\t\tesac\n\tfi\n"
	      "\tcase $before in\n\t--source) words='auto module procfs' options= ;;\n"
	      "\t--from | --html | --svg | -o | --output) words= options= ;;\n\tesac\n"
	      "\t[ \"${word#-}\" = \"$word\" ] || words=$options\n"
	      "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
	      "}\ncomplete -o default -F _mmscope mmscope\n", stdout);
}

static void zsh(void)
{
	const struct cmd_option *o;
	const struct verb *v;

	fputs("#compdef mmscope\n_mmscope()\n{\n\tlocal verb=$words[2]\n\tlocal -a list\n"
	      "\tif (( CURRENT == 2 )); then\n\t\tlist=(\n", stdout);
	for (size_t i = 0; (v = cmd_verbs[i]); i++) {
		printf("\t\t\t%s:", v->name);
		put_quoted(v->brief);
		putchar('\n');
	}
	fputs("\t\t)\n\t\t_describe verb list\n\t\treturn\n\tfi\n\tcase $verb in\n", stdout);
	for (size_t i = 0; (v = cmd_verbs[i]); i++) {
		printf("\t%s)\n\t\tlist=(\n", v->name);
		for (size_t k = 0; (o = cmd_option(v, k)); k++) {
			printf("\t\t\t--%s:", o->name);
			put_quoted(o->help);
			putchar('\n');
		}
		fputs("\t\t)\n", stdout);
		if (is_of_process(v))
			fputs("\t\t[[ $PREFIX == -* ]] || list=(self ${${(f)\"$(" PROCESSES
			      ")\"}/(#b)[[:space:]]#([0-9]##) (*)/$match[1]:$match[2]})\n", stdout);
		if (!strcmp(v->name, "lesson"))
			fputs("\t\t[[ $PREFIX == -* ]] || list=($(" LESSONS "))\n", stdout);
		if (!strcmp(v->name, "explain"))
			fputs("\t\t[[ $PREFIX == -* ]] || list=($(" EXPLAINED "))\n", stdout);
		fputs("\t\t;;\n", stdout);
	}
	fputs("\tesac\n\t_describe word list\n\t_files\n}\n_mmscope \"$@\"\n", stdout);
}

static void fish(void)
{
	const struct cmd_option *o;
	const struct verb *v;

	puts("# fish completion for mmscope\ncomplete -c mmscope -n __fish_use_subcommand -l help\n"
	     "complete -c mmscope -n __fish_use_subcommand -l version");
	for (size_t i = 0; (v = cmd_verbs[i]); i++) {
		printf("complete -c mmscope -f -n __fish_use_subcommand -a %s -d ", v->name);
		put_quoted(v->brief);
		putchar('\n');
		for (size_t k = 0; (o = cmd_option(v, k)); k++) {
			printf("complete -c mmscope -n '__fish_seen_subcommand_from %s' -l %s",
			       v->name, o->name);
			if (o->letter)
				printf(" -s %c", o->letter);
			fputs(o->arg ? " -r -d " : " -d ", stdout);
			put_quoted(o->help);
			putchar('\n');
		}
		if (is_of_process(v))
			printf("complete -c mmscope -f -n '__fish_seen_subcommand_from %s' -a "
			       "'(__fish_complete_pids)'\n", v->name);
		if (!strcmp(v->name, "lesson"))
			puts("complete -c mmscope -f -n '__fish_seen_subcommand_from lesson' -a '("
			     LESSONS ")'");
		if (!strcmp(v->name, "explain"))
			puts("complete -c mmscope -f -n '__fish_seen_subcommand_from explain' -a '("
			     EXPLAINED ")'");
	}
}

int manual_write(const char *which)
{
	static const struct {
		const char *name;
		void (*write)(void);
	} forms[] = { { "--man", man }, { "--bash", bash }, { "--zsh", zsh }, { "--fish", fish } };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (!strcmp(forms[i].name, which)) {
			forms[i].write();
			return 0;
		}
	return -1;
}
