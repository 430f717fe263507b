// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - finds the verb, takes the command line apart, runs it, and sees to
 * it that what was written has arrived.  What the options of a verb are is
 * told once, in its tables: getopt_long() and --help are both fed from there.
 *
 * It is compiled twice.  mmscope-more is all of it.  mmscope is small, with the
 * verbs of front/verbs.c, and hands over to mmscope-more what it does not do: to
 * load and link ELF readers, JSON and full screens takes longer, and more memory,
 * than to answer most questions.
 */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cmd.h"
#include "manual.h"
#include "../beside.h"
#include "../view/text.h"

/* Options that more than one verb takes; `needs` is a bit of verb->takes. */
static const struct common_option {
	struct cmd_option option;
	unsigned int needs;
} common_options[] = {
	{ { "output", 'o', "COLUMNS", "the columns to show, or +COLUMN to add some" }, CMD_TABLE },
	{ { "noheadings", 0, NULL, "no header line" }, CMD_TABLE },
	{ { "bytes", 'b', NULL, "sizes as plain numbers of bytes" },
	  CMD_TABLE | CMD_BYTES },
	{ { "json", 'J', NULL, "answer in JSON (schema mmscope/1)" }, 0 },
	{ { "source", 0, "WHICH", "who to ask: auto, module or procfs" }, CMD_TARGET },
	{ { "from", 0, "FILE", "ask a capture that snapshot made, instead of a process" },
	  CMD_FROM },
	{ { "help", 'h', NULL, "this text" }, 0 },
};
#define COMMON (sizeof(common_options) / sizeof(common_options[0]))
enum { COMMON_OUTPUT, COMMON_NOHEADINGS, COMMON_BYTES, COMMON_JSON, COMMON_SOURCE,
       COMMON_FROM, COMMON_HELP };

/* What getopt_long() returns: own options count from OWN, common from SHARED. */
enum { OWN = 1000, SHARED = 2000 };

const struct cmd_option *cmd_option(const struct verb *verb, size_t i)
{
	for (const struct cmd_option *o = verb->options; o && o->name; o++)
		if (!i--)
			return o;
	for (size_t k = 0; k < COMMON; k++)
		if ((!common_options[k].needs || (common_options[k].needs & verb->takes)) && !i--)
			return &common_options[k].option;
	return NULL;
}

int cmd_error(const struct mms_error *err)
{
	fflush(stdout);
	fprintf(stderr, "mmscope: %s: %s\n", err->what, err->why);
	if (err->mend[0])
		fprintf(stderr, "  %s\n", err->mend);
	return err->status;
}

int cmd_usage(const struct cmd *cmd, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "mmscope: %s: ", cmd->verb->name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "\n  see: mmscope %s --help\n", cmd->verb->name);
	return MMS_USAGE;
}

static void tell_matches(const struct mms_procs *matches)
{
	char comm[256];

	for (size_t i = 0; i < matches->count; i++) {
		mms_escape(matches->proc[i].comm, comm, sizeof(comm));
		fprintf(stderr, "  %7d  %s\n", (int)matches->proc[i].pid, comm);
	}
}

static int open_capture(const char *path, struct mms_target **target)
{
	struct mms_capture *capture;
	struct mms_error err;

	if (mms_capture_read(path, &capture, &err) || mms_capture_open(capture, target, &err))
		return cmd_error(&err);
	return 0;
}

int cmd_open(struct cmd *cmd, struct mms_target **target)
{
	return cmd_from(cmd) ? open_capture(cmd_from(cmd), target) :
			       cmd_open_process(cmd, cmd->args[0], target);
}

int cmd_open_process(const struct cmd *cmd, const char *arg, struct mms_target **target)
{
	struct mms_procs matches = { 0 };
	struct mms_error err;
	pid_t pid;
	int ret;

	ret = mms_resolve(arg, &pid, &matches, &err);
	if (ret) {
		ret = cmd_error(&err);
		tell_matches(&matches);
	} else if (mms_open(pid, cmd->source, target, &err)) {
		ret = cmd_error(&err);
	}
	mms_procs_free(&matches);
	return ret;
}

void cmd_lack(struct cmd *cmd, const struct mms_target *target, const char *adds)
{
	const struct mms_error *lack = mms_target_lack(target);

	/* Who asked for procfs knows. */
	if (!lack || cmd->told_lack || cmd->source == MMS_SOURCE_PROCFS)
		return;
	cmd->told_lack = true;
	fflush(stdout);
	fprintf(stderr, "mmscope: from /proc alone (%s); the module would tell %s\n",
		lack->why, adds);
}

char *cmd_source_words(const struct mms_target *target, char buf[80])
{
	const struct mms_capture_info *info = CMD_FRONT ? NULL : mms_target_capture(target);
	char when[32], source[64];

	if (info) {
		mms_escape(info->source, source, sizeof(source));
		snprintf(buf, 80, "%s, captured %s UTC", source,
			 view_time(info->taken_ns, when));
	} else {
		snprintf(buf, 80, "%s", mms_target_source_name(target));
	}
	return buf;
}

struct view_options cmd_table_options(const struct cmd *cmd)
{
	return (struct view_options){
		.columns = cmd->columns,
		.defaults = cmd->verb->default_columns,
		.noheadings = cmd->noheadings,
		.bytes = cmd->bytes,
	};
}

struct view_table *cmd_table_new(const struct cmd *cmd)
{
	struct view_options options = cmd_table_options(cmd);
	struct view_table *table;
	char wrong[32];

	table = view_table_new(cmd->verb->columns, &options, wrong);
	if (!table)
		cmd_usage(cmd, "no such column: '%s'", wrong);
	return table;
}

/* ---- help ------------------------------------------------------------------ */

static void help_option(const struct cmd_option *o)
{
	char left[64];

	snprintf(left, sizeof(left), "%c%c%c --%s%s%s", o->letter ? '-' : ' ',
		 o->letter ? o->letter : ' ', o->letter ? ',' : ' ', o->name,
		 o->arg ? " " : "", o->arg ? o->arg : "");
	printf("  %-26s %s\n", left, o->help);
}

static int help_verb(const struct verb *verb)
{
	struct view_options options = { 0 };
	const struct cmd_option *o;

	printf("usage: mmscope %s [options]%s%s\n\n%s\n", verb->name, *verb->args ? " " : "",
	       verb->args, verb->about);
	printf("\nOptions:\n");
	for (size_t i = 0; (o = cmd_option(verb, i)); i++)
		help_option(o);
	if (verb->columns)
		printf("\nColumns (* shown without -o):\n");
	options.defaults = verb->default_columns;
	for (unsigned int i = 0; verb->columns && verb->columns[i].name; i++)
		printf("  %c %-12s %s\n",
		       view_columns_have(verb->columns, &options, i) ? '*' : ' ',
		       verb->columns[i].name, verb->columns[i].help);
	printf("\nExamples:\n%s\n", verb->example);
	return MMS_OK;
}

static int help_all(void)
{
	printf("usage: mmscope VERB [options] ...\n"
	       "       mmscope PID            the same as: mmscope show PID\n\n"
	       "Tells what the kernel knows about the memory of any process.\n"
	       "A process is named by its PID, by its name, or as self; or instead of one\n"
	       "there is --from FILE, a capture that snapshot made of it.\n\n"
	       "Verbs:\n");
	for (size_t i = 0; cmd_verbs[i]; i++)
		printf("  %-10s %s\n", cmd_verbs[i]->name, cmd_verbs[i]->brief);
	printf("\n  mmscope VERB --help        its options, columns and examples\n"
	       "  mmscope --version          the version, here and of the loaded module\n\n"
	       "Exit status: 0 fine; 1 a check failed; 2 usage; 3 no such process, or it\n"
	       "went away; 4 not permitted; 5 the module is missing or does not match.\n");
	return MMS_OK;
}

/* The manual page and the completions are made of the same tables. */
static int manual(const char *which)
{
	struct mms_error err;

	if (!manual_write(which))
		return MMS_OK;
	mms_fail(&err, MMS_USAGE, "--man, --bash, --zsh or --fish", "help", "no such form: '%s'",
		 which);
	return cmd_error(&err);
}

static int version(void)
{
	struct mmscope_info info;
	struct mms_error err;

	printf("mmscope %s\n", mms_version());
	if (mms_info(&info, &err) == 0)
		printf("module %s, ABI %u\n", info.version, info.abi);
	else
		printf("module: %s\n", err.why);
	return MMS_OK;
}

/* ---- what is left to mmscope-more ------------------------------------------ */

/* The command line as it came: getopt_long() moves words about. */
static char **given;

static int hand_over(void)
{
	struct mms_error err;
	char path[4400];

	if (beside_find("mmscope-more", path, sizeof(path))) {
		execv(path, given);
		mms_fail(&err, MMS_FAILED, NULL, path, "%s", strerrordesc_np(errno));
	} else {
		mms_fail(&err, MMS_FAILED, "it belongs beside mmscope; or: make install",
			 "mmscope-more", "the program that does this is not there");
	}
	return cmd_error(&err);
}

/* ---- the command line ------------------------------------------------------ */

static void add_option(struct option *longs, char *shorts, const struct cmd_option *o, int val)
{
	longs->name = o->name;
	longs->has_arg = o->arg ? required_argument : no_argument;
	longs->val = o->letter ? o->letter : val;
	if (o->letter)
		snprintf(shorts + strlen(shorts), 3, "%c%s", o->letter, o->arg ? ":" : "");
}

static int set_common(struct cmd *cmd, size_t i)
{
	switch (i) {
	case COMMON_OUTPUT:
		cmd->columns = optarg;
		break;
	case COMMON_NOHEADINGS:
		cmd->noheadings = true;
		break;
	case COMMON_BYTES:
		cmd->bytes = true;
		break;
	case COMMON_JSON:
		cmd->json = true;
		break;
	case COMMON_SOURCE:
		if (!strcmp(optarg, "auto"))
			cmd->source = MMS_SOURCE_AUTO;
		else if (!strcmp(optarg, "module"))
			cmd->source = MMS_SOURCE_MODULE;
		else if (!strcmp(optarg, "procfs"))
			cmd->source = MMS_SOURCE_PROCFS;
		else
			return cmd_usage(cmd, "--source is auto, module or procfs");
		cmd->has_source = true;
		break;
	case COMMON_FROM:
		cmd->from = optarg;
		break;
	}
	return 0;
}

/* Which option `c` of getopt_long() is; files its argument. */
static int set_option(struct cmd *cmd, int c)
{
	const struct cmd_option *o = cmd->verb->options;

	for (int i = 0; o && o[i].name; i++)
		if (c == OWN + i || (o[i].letter && c == o[i].letter)) {
			cmd->value[i] = optarg ? optarg : "";
			return 0;
		}
	for (size_t i = 0; i < COMMON; i++)
		if (c == SHARED + (int)i || c == common_options[i].option.letter)
			return set_common(cmd, i);
	return 0;
}

/*
 * Takes the options of a verb apart.  Returns 0 to go on, -1 if --help was
 * asked for, or an exit status.
 */
static int parse(struct cmd *cmd, int argc, char **argv)
{
	struct option longs[CMD_OPTIONS_MAX + COMMON + 1] = { { 0 } };
	char shorts[2 * (CMD_OPTIONS_MAX + COMMON) + 4] = "";
	const struct cmd_option *own = cmd->verb->options;
	int c, ret, n = 0;

	/* ':' first: a missing argument is told apart from an unknown option. */
	strcpy(shorts, cmd->verb->takes & CMD_COMMAND ? "+:" : ":");
	for (int i = 0; own && own[i].name && i < CMD_OPTIONS_MAX; i++)
		add_option(&longs[n++], shorts, &own[i], OWN + i);
	for (size_t i = 0; i < COMMON; i++)
		if (!common_options[i].needs || (common_options[i].needs & cmd->verb->takes))
			add_option(&longs[n++], shorts, &common_options[i].option,
				   SHARED + (int)i);
	optind = 1;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (c == SHARED + COMMON_HELP || c == 'h')
			return -1;
		if (c == ':')
			return cmd_usage(cmd, "option '%s' needs an argument", argv[optind - 1]);
		if (c == '?')
			return cmd_usage(cmd, "no such option: '%s'", argv[optind - 1]);
		ret = set_option(cmd, c);
		if (ret)
			return ret;
	}
	cmd->args = argv + optind;
	cmd->nargs = argc - optind;
	cmd->dashes = optind > 1 && !strcmp(argv[optind - 1], "--");
	return 0;
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
	struct cmd cmd = { .verb = verb };
	int ret;

	ret = parse(&cmd, argc, argv);
	if (ret < 0)
		return CMD_FRONT ? hand_over() : help_verb(verb);
	if (ret)
		return ret;
	if (cmd.from && cmd.has_source)
		return cmd_usage(&cmd, "--from and --source exclude each other");
	/* A file in the place of the first argument: what is before it is never looked at. */
	if (cmd.from) {
		cmd.args--;
		cmd.nargs++;
	}
	if (cmd.nargs < verb->min_args)
		return cmd_usage(&cmd, "needs %s", verb->args);
	if (verb->max_args >= 0 && cmd.nargs > verb->max_args)
		return cmd_usage(&cmd, "too many arguments: '%s'", cmd.args[verb->max_args]);
	if (CMD_FRONT && (cmd.json || cmd.from))
		return hand_over();
	return verb->run(&cmd);
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; cmd_verbs[i]; i++)
		if (!strcmp(cmd_verbs[i]->name, name))
			return cmd_verbs[i];
	return NULL;
}

static int unknown_verb(const char *name)
{
	struct mms_error err;
	char shown[64];

	mms_escape(name, shown, sizeof(shown));
	mms_fail(&err, MMS_USAGE, "see: mmscope --help", shown,
		 "no such verb, and no process of that name");
	return cmd_error(&err);
}

/* What begins with neither a verb nor a pid. */
static int run_other(const char *first, int argc, char **argv)
{
	const struct verb *verb;
	struct mms_error err;
	pid_t pid;

	if (!strcmp(first, "--help") || !strcmp(first, "-h"))
		return help_all();
	if (!strcmp(first, "help") && argc == 3 && !strncmp(argv[2], "--", 2))
		return manual(argv[2]);
	if (!strcmp(first, "help")) {
		verb = argc > 2 ? find_verb(argv[2]) : NULL;
		return argc == 2 ? help_all() : verb ? help_verb(verb) : unknown_verb(argv[2]);
	}
	if (!strcmp(first, "--version") || !strcmp(first, "-V"))
		return version();
	/* A target alone, perhaps with options around it: show it. */
	if (first[0] != '-' && mms_resolve(first, &pid, NULL, &err) && err.status == MMS_GONE)
		return unknown_verb(first);
	return run_verb(&verb_show, argc, argv);
}

static int run(int argc, char **argv)
{
	const char *first = argc > 1 ? argv[1] : NULL;
	const struct verb *verb;

	if (!first) {
		fprintf(stderr, "mmscope: usage: mmscope VERB ... or mmscope PID\n"
				"  see: mmscope --help\n");
		return MMS_USAGE;
	}
	verb = find_verb(first);
	if (verb)
		return run_verb(verb, argc - 1, argv + 1);
	if (strspn(first, "0123456789") == strlen(first) || !strcmp(first, "self"))
		return run_verb(&verb_show, argc, argv);
	return CMD_FRONT ? hand_over() : run_other(first, argc, argv);
}

/*
 * What stdout still holds is written now, so that a full disk is told.  A
 * reader that has gone away (head, less) wants no message.
 */
static int finish(int status)
{
	int error = 0;

	errno = 0;
	if (ferror(stdout) | fflush(stdout))
		error = errno ? errno : EIO;
	if (error && error != EPIPE) {
		fprintf(stderr, "mmscope: standard output: %s\n", strerror(error));
		return status ? status : MMS_FAILED;
	}
	return status;
}

int main(int argc, char **argv)
{
	char *words[argc + 1];

	if (CMD_FRONT) {
		memcpy(words, argv, sizeof(words));
		given = words;
	} else {
		/* One command, also to those who look for it by its name. */
		prctl(PR_SET_NAME, program_invocation_short_name);
		setlocale(LC_CTYPE, "");
	}
	return finish(run(argc, argv));
}
