// SPDX-License-Identifier: GPL-2.0
/*
 * explain.c - mmscope explain: why two witnesses may differ so.
 * Without a name: all the names there are, a line each.
 */
#include <stdio.h>

#include "cmd.h"
#include "witness.h"
#include "../view/json.h"

static void json(int from, int to)
{
	struct view_json j;

	view_json_begin(&j, "explain", NULL);
	view_json_array(&j, "differences");
	for (int d = from; d < to; d++) {
		view_json_object(&j, NULL);
		view_json_text(&j, "name", mms_difference_name(d));
		view_json_text(&j, "brief", mms_difference_brief(d));
		view_json_text(&j, "text", mms_difference_explain(d));
		view_json_close(&j);
	}
	view_json_end(&j);
}

static void draw_all(void)
{
	printf("Differences between witnesses that are none:\n");
	for (int d = 0; d < MMS_DIFF_COUNT; d++)
		printf("  %s\n      %s\n", mms_difference_name(d), mms_difference_brief(d));
	printf("\nWitnesses:\n");
	for (int w = 0; w < MMS_WITNESS_COUNT; w++)
		printf("  %s\n      %s\n", mms_witness_name(w), mms_witness_help(w));
}

static int run(struct cmd *cmd)
{
	enum mms_difference d = 0;

	if (cmd->nargs) {
		d = mms_difference_find(cmd->args[0]);
		if (d == MMS_DIFF_COUNT)
			return cmd_usage(cmd, "no such difference: '%s'", cmd->args[0]);
	}
	if (cmd->json)
		json(cmd->nargs ? (int)d : 0, cmd->nargs ? (int)d + 1 : MMS_DIFF_COUNT);
	else if (cmd->nargs)
		printf("%s: %s\n\n%s\n", mms_difference_name(d), mms_difference_brief(d),
		       mms_difference_explain(d));
	else
		draw_all();
	return MMS_OK;
}

const struct verb verb_explain = {
	.name = "explain",
	.args = "[NAME]",
	.brief = "why two witnesses may differ, by the name of the difference",
	.about = "mmscope verify gives each difference a name from a closed list; this tells in a\n"
		 "paragraph why two witnesses may differ so, with the kernel's reason.\n"
		 "Without a name it lists them all, and the witnesses.",
	.example = "  mmscope explain\n"
		   "  mmscope explain zero-page",
	.max_args = 1,
	.run = run,
};
