// SPDX-License-Identifier: GPL-2.0
/*
 * grade.c - mmscope grade: runs a program and compares what it does to its memory
 * with what an assignment asks for.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "../grade/grade.h"
#include "../view/grade.h"

#define SPEC_MAX	(1U << 20)

enum { OPT_CHECK, OPT_SEED };

static const struct cmd_option options[] = {
	[OPT_CHECK] = { "check", 'c', NULL, "read the specification only, and say if it is sound" },
	[OPT_SEED]  = { "seed", 0, "N", "which pages tools are asked about (default: 1)" },
	{ 0 }
};

static int read_spec(const char *path, struct grade_spec *spec, struct mms_error *err)
{
	FILE *f = fopen(path, "re");
	char *text = f ? malloc(SPEC_MAX + 1) : NULL;
	size_t len = text ? fread(text, 1, SPEC_MAX + 1, f) : 0;
	int ret;

	if (!f)
		ret = mms_fail(err, errno == EACCES ? MMS_DENIED : MMS_USAGE, NULL, path, "%s",
			       strerror(errno));
	else if (!text)
		ret = mms_fail(err, MMS_FAILED, NULL, path, "no memory");
	else if (ferror(f))
		ret = mms_fail(err, MMS_USAGE, NULL, path, "%s", strerror(errno));
	else
		ret = grade_spec_parse(spec, text, len, path, err);
	free(text);
	if (f)
		fclose(f);
	return ret;
}

/* As shells say it of a program that cannot be run. */
static int failed(const struct mms_error *err)
{
	int ret = cmd_error(err);

	return err->sys_errno == ENOENT ? 127 : err->sys_errno ? 126 : ret;
}

static int grade(struct cmd *cmd, const struct grade_spec *spec, char *const argv[], uint64_t seed)
{
	struct grade_run r = { .spec = spec, .source = cmd->source, .seed = seed };
	struct view_grade_sums sums;
	struct mms_error err;
	int ret;

	fflush(stdout);
	if (grade_run(&r, argv, &err)) {
		ret = failed(&err);
	} else {
		if (cmd->json)
			view_grade_json(&r, argv);
		else
			view_grade_tap(&r);
		sums = view_grade_sums(&r);
		ret = sums.wrong ? MMS_FAILED : sums.unknown ? MMS_NO_MODULE : MMS_OK;
	}
	grade_run_free(&r);
	return ret;
}

static int parse_seed(const struct cmd *cmd, uint64_t *seed)
{
	const char *text = cmd->value[OPT_SEED];
	char *end;

	*seed = 1;
	if (!text)
		return 0;
	errno = 0;
	*seed = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno)
		return cmd_usage(cmd, "--seed is a number, not '%s'", text);
	return 0;
}

static int run(struct cmd *cmd)
{
	char **program = cmd->args + 1;
	struct grade_spec spec = { 0 };
	struct mms_error err;
	uint64_t seed;
	int ret = parse_seed(cmd, &seed);

	if (ret)
		return ret;
	if (*program && !strcmp(*program, "--"))
		program++;
	if (cmd->value[OPT_CHECK] && *program)
		return cmd_usage(cmd, "--check runs nothing: '%s'", *program);
	if (!cmd->value[OPT_CHECK] && !*program)
		return cmd_usage(cmd, "needs a program: mmscope grade %s -- COMMAND", cmd->args[0]);
	if (read_spec(cmd->args[0], &spec, &err))
		ret = cmd_error(&err);
	else if (*program)
		ret = grade(cmd, &spec, program, seed);
	else
		view_grade_spec(&spec, cmd->args[0], cmd->json);
	grade_spec_free(&spec);
	return ret;
}

const struct verb verb_grade = {
	.name = "grade",
	.args = "SPEC -- COMMAND...",
	.brief = "an assignment's expectations, checked on a program",
	.about = "Runs the program, holds it at the moments that SPEC names, and checks what is to\n"
		 "be so then.  Prints TAP with points; --json: the same as JSON.\n"
		 "\n"
		 "SPEC is text, told in full in mmscope-grade(5).  Lines at the margin:\n"
		 "  title TEXT\n"
		 "  limit time 10s | memory 1G | processes 64 | output 1M | file 64M\n"
		 "  input \"TEXT\"                  what it reads (else nothing)\n"
		 "  before \"COMMAND\", after \"COMMAND\"     the instructor's, around the run\n"
		 "  at start | at exit             before its first instruction; before it is gone\n"
		 "  at marker \"TEXT {word}\"        it printed a line that begins so\n"
		 "  at signal USR1 | at call 3 mmap | at 2s | every 100ms (at times it runs on)\n"
		 "A moment may end in: called NAME.  Below a moment, indented, what is checked:\n"
		 "  [N points] WHAT [of WHERE] HOW-MUCH [within SIZE] [since MOMENT]\n"
		 "      else SENTENCE              shown when it fails\n"
		 "WHAT   break heap mapped resident present swapped dirty locked untouched vmas\n"
		 "       perms threads minor-faults major-faults calls NAME peak limit NAME;\n"
		 "       at exit also: leaked (root), exit, output has \"TEXT\"\n"
		 "WHERE  all; a purpose, as in mmscope vmas (heap, stack, anon ...); symbol NAME;\n"
		 "       {word} size 2 pages; {from} to {end} + 1 page\n"
		 "HOW-MUCH  is N, is not N, at least N, at most N, between N and M, is unchanged;\n"
		 "       grew by N, shrank by at least N: since the moment before, or since NAME\n"
		 "Tools and modules are asked about the program while it is held:\n"
		 "  ask \"./walk {pid} {address}\" about 8 swapped pages of heap says \"swap\"\n"
		 "  list \"cat /proc/pages\" about 8 present pages says \"1\" or \"present\"\n"
		 "  list \"cat /proc/pages\" exactly present pages of {buffer} size 32 pages\n"
		 "  tell \"cat /proc/rss\" resident of heap\n"
		 "\n"
		 "What it does beyond its limits ends it.  As root it can do whatever root can.",
	.example = "  mmscope grade break.spec -- ./student\n"
		   "  mmscope grade --json break.spec -- ./student | jq .points\n"
		   "  mmscope grade --check break.spec",
	.takes = CMD_TARGET | CMD_COMMAND,
	.min_args = 1,
	.max_args = -1,
	.options = options,
	.run = run,
};
