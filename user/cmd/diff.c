// SPDX-License-Identifier: GPL-2.0
/*
 * diff.c - mmscope diff: what happened between two captures of a process, or what
 * differs between those of two; from files, or from a process that is watched.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cmd.h"
#include "../view/diff.h"

enum { OPT_LIVE, OPT_STOP };

static const struct cmd_option options[] = {
	[OPT_LIVE] = { "live", 'l', NULL, "capture PID now and after so many SECONDS" },
	[OPT_STOP] = { "stop", 0, NULL, "--live: hold it still for each capture (ptrace)" },
	{ 0 }
};

/* Two captures, and what they are of. */
struct pair {
	struct mms_target *a, *b;	/* own the captures; of --live they are no processes */
	struct mms_capture *first, *second;
};

/* A capture in memory answers as a target: that owns it, and knows its name. */
static int adopt(struct mms_capture *c, struct mms_capture **kept, struct mms_target **target,
		 struct mms_error *err)
{
	if (mms_capture_open(c, target, err))
		return -1;
	*kept = c;
	return 0;
}

static int open_file(const char *path, struct mms_capture **kept, struct mms_target **target)
{
	struct mms_capture *c;
	struct mms_error err;

	if (mms_capture_read(path, &c, &err) || adopt(c, kept, target, &err))
		return cmd_error(&err);
	return 0;
}

static int read_files(struct cmd *cmd, struct pair *p)
{
	int ret = open_file(cmd->args[0], &p->first, &p->a);

	return ret ? ret : open_file(cmd->args[1], &p->second, &p->b);
}

/* ---- live ------------------------------------------------------------------ */

#define SECONDS_MAX	1e6	/* eleven days */

static int parse_seconds(const struct cmd *cmd, double *seconds)
{
	const char *text = cmd->args[1];
	char *end;

	*seconds = strtod(text, &end);
	if (*end || end == text || !isfinite(*seconds) || *seconds < 0 || *seconds > SECONDS_MAX)
		return cmd_usage(cmd, "not a number of seconds: '%s'", text);
	return 0;
}

static void pass(double seconds)
{
	struct timespec left;

	left.tv_sec = (time_t)seconds;
	left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

static int capture_twice(struct cmd *cmd, struct mms_target *target, double seconds,
			 struct pair *p)
{
	struct mms_capture *c;
	struct mms_error err;

	if (cmd_capture(target, cmd->value[OPT_STOP], &c, &err) ||
	    adopt(c, &p->first, &p->a, &err))
		return cmd_error(&err);
	pass(seconds);
	if (cmd_capture(target, cmd->value[OPT_STOP], &c, &err) ||
	    adopt(c, &p->second, &p->b, &err))
		return cmd_error(&err);
	return 0;
}

static int watch(struct cmd *cmd, struct pair *p)
{
	struct mms_target *target;
	double seconds;
	int ret = parse_seconds(cmd, &seconds);

	if (!ret)
		ret = cmd_open(cmd, &target);
	if (ret)
		return ret;
	ret = capture_twice(cmd, target, seconds, p);
	if (!ret)
		cmd_lack(cmd, target, "the exact break, and written, locked and shared pages");
	mms_close(target);
	return ret;
}

/* ---- the whole ------------------------------------------------------------- */

static int compare(const struct cmd *cmd, const struct pair *p)
{
	struct mms_diff diff;
	struct mms_error err;
	struct view_diff view = {
		.diff = &diff,
		.before = mms_capture_info(p->first),
		.after = mms_capture_info(p->second),
		.before_comm = mms_target_proc(p->a)->comm,
		.after_comm = mms_target_proc(p->b)->comm,
		.bytes = cmd->bytes,
	};

	if (mms_diff(p->first, p->second, &diff, &err))
		return cmd_error(&err);
	if (cmd->json)
		view_diff_json(&view);
	else
		view_diff_draw(&view);
	mms_diff_free(&diff);
	return MMS_OK;
}

static int run(struct cmd *cmd)
{
	struct pair p = { 0 };
	int ret;

	if (cmd->value[OPT_STOP] && !cmd->value[OPT_LIVE])
		return cmd_usage(cmd, "--stop is for --live");
	if (cmd->has_source && !cmd->value[OPT_LIVE])
		return cmd_usage(cmd, "--source is for --live");
	ret = cmd->value[OPT_LIVE] ? watch(cmd, &p) : read_files(cmd, &p);
	if (!ret)
		ret = compare(cmd, &p);
	mms_close(p.a);
	mms_close(p.b);
	return ret;
}

const struct verb verb_diff = {
	.name = "diff",
	.args = "A B | --live PID SECONDS",
	.brief = "what happened between two captures",
	.about = "Compares two captures that snapshot made, and tells in the order of addresses\n"
		 "what happened: the break moved, VMAs came, went, grew, were split or merged or\n"
		 "changed their protection; pages became resident, went to swap, were dropped,\n"
		 "locked or written to.  Captures of two processes, such as parent and child, are\n"
		 "compared by address; if root made them, the pages that they share are counted.\n"
		 "The exit status is 0 whether there is a difference or not.",
	.example = "  mmscope diff before.mms after.mms\n"
		   "  mmscope diff --live 1234 10\n"
		   "  mmscope diff parent.mms child.mms --json | jq '.areas[].same_frame_pages'",
	.takes = CMD_TARGET | CMD_BYTES,
	.min_args = 2,
	.max_args = 2,
	.options = options,
	.run = run,
};
