/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cmd.h - what a verb is, and what main.c does for every verb.
 * A verb is one struct verb in one file, and one row in the table of verbs.c:
 * it puts a question to libmmscope and hands the answer to a view.
 */
#ifndef MMSCOPE_CMD_H
#define MMSCOPE_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "libmmscope.h"
#include "../view/table.h"

/*
 * One option of a verb.  The tables drive getopt_long(), --help and the check
 * that the completion lists the same.
 */
struct cmd_option {
	const char *name;	/* "range"; NULL ends the table */
	char letter;		/* 'r', or 0 */
	const char *arg;	/* "A-B": takes an argument of that form; NULL: none */
	const char *help;
};

#define CMD_OPTIONS_MAX	16

/*
 * The front, mmscope, is made of these same files: see main.c.  What asks for one of
 * the two below is not compiled into it, nor is what only that needs.
 */
#ifdef MMS_FRONT
#define CMD_FRONT	true
#else
#define CMD_FRONT	false
#endif

/* What a verb takes beside its own options; all take --json, --help. */
#define CMD_TARGET	(1U << 0)	/* --source */
#define CMD_TABLE	(1U << 1)	/* -o, --noheadings, --bytes */
#define CMD_COMMAND	(1U << 2)	/* options end at the first argument: "-- CMD" */
#define CMD_BYTES	(1U << 3)	/* --bytes, without being a table */
#define CMD_FROM	(1U << 4)	/* --from, in the place of the process in args[0] */

struct cmd;

struct verb {
	const char *name;
	const char *args;	/* "PID ADDR", for the usage line */
	const char *brief;	/* one line, for the list of verbs */
	const char *about;	/* paragraphs for --help, lines below 79 columns */
	const char *example;	/* lines for --help, each "  mmscope ..." */
	unsigned int takes;	/* CMD_* */
	int min_args, max_args;	/* max_args -1: any number */
	const struct cmd_option *options;	/* own ones, or NULL */
	const struct view_column *columns;	/* with CMD_TABLE */
	const char *default_columns;	/* with CMD_TABLE: "A,B" */
	int (*run)(struct cmd *cmd);	/* returns the exit status */
};

/* A command line, taken apart. */
struct cmd {
	const struct verb *verb;
	char **args;		/* what is not an option */
	int nargs;
	bool dashes;		/* they stood behind "--" */
	const char *value[CMD_OPTIONS_MAX]; /* by row of verb->options: the argument, */
					/* "" for one without, NULL: not given */
	bool json;
	bool noheadings;
	bool bytes;
	const char *columns;	/* -o, or NULL */
	enum mms_source source;
	bool has_source;	/* it was given */
	const char *from;	/* --from, or NULL; args[0] means nothing then */
	bool told_lack;		/* the line about the missing module was written */
};

static inline bool cmd_json(const struct cmd *cmd)
{
	return !CMD_FRONT && cmd->json;
}

static inline const char *cmd_from(const struct cmd *cmd)
{
	return CMD_FRONT ? NULL : cmd->from;
}

/*
 * "mmscope: WHAT: WHY" and the mend, to stderr.  Returns err->status, so that
 * a verb can say: return cmd_error(&err);
 */
int cmd_error(const struct mms_error *err);
/* A usage error of this verb: the sentence and where help is.  Returns 2. */
int cmd_usage(const struct cmd *cmd, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Resolves args[0] (a pid, "self", a name) and opens it with cmd->source; or the
 * capture that --from names.
 * Returns 0, or an exit status after having said why.
 */
int cmd_open(struct cmd *cmd, struct mms_target **target);
/* The same for a process named by `arg`. */
int cmd_open_process(const struct cmd *cmd, const char *arg, struct mms_target **target);

/* Captures a target, held still or not, with progress on a terminal.  As mms_capture_take(). */
int cmd_capture(struct mms_target *target, bool stop, struct mms_capture **capture,
		struct mms_error *err);

/*
 * Has something drawn, and writes it to a file of these permissions: all of it, or
 * nothing; *len bytes.  Errors: those of mms_file_write().
 */
int cmd_write_drawn(const char *path, mode_t mode, bool (*draw)(FILE *out, void *arg), void *arg,
		    size_t *len, struct mms_error *err);

/* "module", or "module, captured 2026-03-01 12:00:00 UTC".  Returns buf. */
char *cmd_source_words(const struct mms_target *target, char buf[80]);

/*
 * Says on stderr, once, why the module is not the source and what it would
 * add: `adds` completes "the module would tell ...".  Nothing if it is.
 */
void cmd_lack(struct cmd *cmd, const struct mms_target *target, const char *adds);

/* The options of a table from the command line. */
struct view_options cmd_table_options(const struct cmd *cmd);
/* Starts the table of cmd->verb; NULL after having said what is wrong with -o. */
struct view_table *cmd_table_new(const struct cmd *cmd);

/* The options of a verb, common ones too; then NULL. */
const struct cmd_option *cmd_option(const struct verb *verb, size_t i);

/* The verbs in the order of --help; NULL ends them. */
extern const struct verb *const cmd_verbs[];
extern const struct verb verb_show, verb_brk, verb_vmas, verb_pages, verb_locked;
extern const struct verb verb_walk, verb_doctor, verb_where, verb_verify, verb_lesson;
extern const struct verb verb_explain, verb_map, verb_elf, verb_snapshot, verb_diff, verb_trace;
extern const struct verb verb_watch, verb_grade, verb_metrics;

#endif
