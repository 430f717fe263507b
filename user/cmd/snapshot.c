// SPDX-License-Identifier: GPL-2.0
/*
 * snapshot.c - mmscope snapshot: captures a process into a file, which every verb
 * that asks about a process takes instead of one (--from), and diff compares.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cmd.h"
#include "../view/json.h"

enum { OPT_OUTPUT, OPT_STOP };

static const struct cmd_option options[] = {
	[OPT_OUTPUT] = { "output", 'o', "FILE", "where to; a file of that name is replaced" },
	[OPT_STOP]   = { "stop", 0, NULL, "hold the process still meanwhile (ptrace)" },
	{ 0 }
};

static uint64_t file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (uint64_t)st.st_size;
}

static void draw_text(const char *path, const struct mms_target *target,
		      const struct mms_capture_info *info)
{
	char name[256], comm[64], size[16];

	mms_escape(path, name, sizeof(name));
	mms_escape(mms_target_proc(target)->comm, comm, sizeof(comm));
	printf("%s: process %d %.15s (source: %s), %" PRIu64 " runs of pages, %s\n", name,
	       (int)info->pid, comm, info->source, info->runs,
	       mms_size_format(file_size(path), size));
	if (info->still == MMS_STILL_MOVED)
		printf("  it changed meanwhile, so this is not of one moment: --stop holds it still\n");
	else if (info->still == MMS_STILL_SEEMED)
		printf("  it ran meanwhile, and was not seen to change: --stop holds it still\n");
	else
		printf("  it was held still: all is of one moment\n");
	if (!info->frames)
		printf("  without frames, which tell what processes share: root captures them\n");
}

static void draw_json(const char *path, const struct mms_target *target,
		      const struct mms_capture_info *info)
{
	struct view_json j;

	view_json_begin(&j, "snapshot", target);
	view_json_name(&j, "file", path);
	view_json_number(&j, "bytes", file_size(path));
	view_json_capture(&j, "capture", info);
	view_json_end(&j);
}

static int capture(struct cmd *cmd, struct mms_target *target, const char *path)
{
	struct mms_capture *c;
	struct mms_error err;
	int ret = MMS_OK;

	if (cmd_capture(target, cmd->value[OPT_STOP], &c, &err))
		return cmd_error(&err);
	if (mms_capture_write(c, path, &err))
		ret = cmd_error(&err);
	else if (cmd->json)
		draw_json(path, target, mms_capture_info(c));
	else
		draw_text(path, target, mms_capture_info(c));
	mms_capture_free(c);
	if (!ret)
		cmd_lack(cmd, target, "the exact break, all flags, and 25 more categories");
	return ret;
}

static int run(struct cmd *cmd)
{
	const char *path = cmd->value[OPT_OUTPUT];
	struct mms_target *target;
	int ret;

	if (!path || !*path)
		return cmd_usage(cmd, "needs -o FILE");
	ret = cmd_open(cmd, &target);
	if (ret)
		return ret;
	ret = capture(cmd, target, path);
	mms_close(target);
	return ret;
}

const struct verb verb_snapshot = {
	.name = "snapshot",
	.args = "PID",
	.brief = "a capture of a process, to be asked or compared later",
	.about = "Writes all that can be told of a process to a file: figures, VMAs, the state of\n"
		 "each page, and frames where the caller has the right.  Verbs take it with\n"
		 "--from FILE, on any machine, and answer as they would have then; diff compares\n"
		 "two.  The file is compressed, has checksums, and is readable by its owner only:\n"
		 "it tells where everything is in the memory of the process, not what is there.\n"
		 "It is there as a whole, or not at all.  What a process that runs changes\n"
		 "meanwhile is captured as it is found; whether it was seen to change is told.",
	.example = "  mmscope snapshot 1234 -o before.mms\n"
		   "  mmscope show --from before.mms\n"
		   "  mmscope diff before.mms after.mms",
	.takes = CMD_TARGET,
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
