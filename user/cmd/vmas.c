// SPDX-License-Identifier: GPL-2.0
/*
 * vmas.c - mmscope vmas: the table of VMAs, any column there is.
 * Pages are counted only if a column that is shown needs it.
 */
#include <string.h>

#include "cmd.h"
#include "../view/json.h"
#include "../view/vmas.h"

enum { OPT_RANGE, OPT_COUNT };

static const struct cmd_option options[] = {
	[OPT_RANGE] = { "range", 'r', "A-B", "only VMAs that overlap A-B or A+SIZE" },
	[OPT_COUNT] = { "count", 'c', NULL, "count pages by category (always: --json has them then)" },
	{ 0 }
};

static int draw_json(const struct mms_target *target, struct mms_listing *list,
		     struct mms_error *err)
{
	struct view_json j;
	int ret;

	view_json_begin(&j, "vmas", target);
	view_json_mm(&j, mms_listing_mm(list));
	ret = view_json_vmas(&j, list, err);
	view_json_end(&j);
	return ret;
}

static int draw_table(struct view_table *table, struct mms_listing *list, struct mms_error *err)
{
	view_table_measure(table);
	if (!mms_listing_each(list, view_vmas_part, table, err))
		return view_vmas_list(table, list, err);
	view_table_drop(table);
	return -1;
}

static int draw(struct cmd *cmd, struct mms_target *target, uint64_t start, uint64_t end)
{
	struct view_options view = cmd_table_options(cmd);
	struct view_table *table = cmd_json(cmd) ? NULL : cmd_table_new(cmd);
	struct mms_listing *list;
	struct mms_error err;
	uint64_t categories = 0;
	bool acct = false;
	int ret;

	if (!table && !cmd_json(cmd))
		return MMS_USAGE;
	if (!cmd_json(cmd))
		categories = view_vma_categories(&view, &acct);
	if (cmd->value[OPT_COUNT]) {
		acct = true;
		categories = 0;
	}
	if (mms_listing_new(target, start, end, acct ? MMS_VMAS_ACCT : 0, categories, 0, &list,
			    &err)) {
		view_table_drop(table);
		return cmd_error(&err);
	}
	ret = table ? draw_table(table, list, &err) : draw_json(target, list, &err);
	mms_listing_free(list);
	if (ret)
		return cmd_error(&err);
	cmd_lack(cmd, target, "all flags, and pages by category");
	return MMS_OK;
}

static int run(struct cmd *cmd)
{
	uint64_t start = MMS_ALL_START, end = MMS_ALL_END;
	struct mms_target *target;
	struct mms_error err;
	int ret;

	if (cmd->value[OPT_RANGE] && mms_range_parse(cmd->value[OPT_RANGE], &start, &end, &err))
		return cmd_error(&err);
	ret = cmd_open(cmd, &target);
	if (ret)
		return ret;
	ret = draw(cmd, target, start, end);
	mms_close(target);
	return ret;
}

const struct verb verb_vmas = {
	.name = "vmas",
	.args = "PID",
	.brief = "the table of memory areas (VMAs)",
	.about = "Lists the VMAs of a process, as of one moment; those of a process that has\n"
		 "thousands, in parts.  Columns about pages are counted after that, without\n"
		 "stalling the process.",
	.example = "  mmscope vmas self\n"
		   "  mmscope vmas 1234 -o +FLAGS\n"
		   "  mmscope vmas 1234 -o START,END,MLOCKED --bytes --noheadings",
	.takes = CMD_TARGET | CMD_FROM | CMD_TABLE,
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.columns = view_vma_columns,
	.default_columns = "START,END,SIZE,PERM,PURPOSE,NAME",
	.run = run,
};
