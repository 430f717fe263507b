// SPDX-License-Identifier: GPL-2.0
/*
 * brk.c - mmscope brk: the program break, to the byte.
 * The first line is the break alone, or empty if nobody can tell it.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cmd.h"
#include "../view/json.h"

/* brk and start_brk differ by this. */
static bool heap_size(const struct mms_mm *mm, uint64_t *size)
{
	struct mms_fact end = mm->fact[MMS_MM_BRK], start = mm->fact[MMS_MM_START_BRK];

	*size = end.value - start.value;
	return mms_known(end) && mms_known(start);
}

static void line(const char *label, struct mms_fact fact, const char *note)
{
	if (mms_known(fact))
		printf("%-12s0x%-16" PRIx64 " (%s: %s)\n", label, fact.value,
		       mms_from_name(fact.from), note);
}

static void draw_text(const struct mms_mm *mm)
{
	struct mms_fact brk = mm->fact[MMS_MM_BRK], end = mm->fact[MMS_MM_HEAP_END];
	uint64_t size;
	char text[16];

	if (mms_known(brk))
		printf("0x%" PRIx64 "\n", brk.value);
	else
		printf("\n");
	line("brk", brk, "exact");
	line("start_brk", mm->fact[MMS_MM_START_BRK], "where the heap begins");
	line("[heap] end", end, mms_known(brk) ? "whole pages" :
	     "whole pages: at or above the break, not exact");
	if (heap_size(mm, &size))
		printf("%-12s%s, %" PRIu64 " bytes\n", "heap", mms_size_format(size, text), size);
	if (mms_known(brk) && mms_known(end))
		printf("%-12s%" PRId64 " bytes from the break to the end of [heap]\n", "distance",
		       (int64_t)(end.value - brk.value));
	else if (mms_known(brk))
		printf("%-12sno [heap] yet: the break has not moved\n", "distance");
}

static void draw_json(const struct mms_target *target, const struct mms_mm *mm)
{
	static const enum mms_mm_field fields[] = {
		MMS_MM_BRK, MMS_MM_START_BRK, MMS_MM_HEAP_END,
	};
	struct mms_fact brk = mm->fact[MMS_MM_BRK], end = mm->fact[MMS_MM_HEAP_END];
	struct view_json j;
	uint64_t size;

	view_json_begin(&j, "brk", target);
	for (int i = 0; i < 3; i++)
		view_json_fact(&j, mms_mm_field_name(fields[i]), mm->fact[fields[i]],
			       MMS_UNIT_ADDRESS);
	if (heap_size(mm, &size))
		view_json_number(&j, "heap_bytes", size);
	else
		view_json_null(&j, "heap_bytes");
	if (mms_known(brk) && mms_known(end))
		view_json_signed(&j, "distance_bytes", (int64_t)(end.value - brk.value));
	else
		view_json_null(&j, "distance_bytes");
	view_json_bool(&j, "exact", mms_known(brk));
	view_json_object_flat(&j, "provenance");
	for (int i = 0; i < 3; i++)
		if (mms_known(mm->fact[fields[i]]))
			view_json_text(&j, mms_mm_field_name(fields[i]),
				       mms_from_name(mm->fact[fields[i]].from));
	view_json_close(&j);
	view_json_end(&j);
}

static int run(struct cmd *cmd)
{
	struct mms_target *target;
	struct mms_vmas vmas;
	struct mms_error err;
	int ret = cmd_open(cmd, &target);

	if (ret)
		return ret;
	/* The list tells where [heap] ends, from the same hold as the break. */
	if (mms_vmas_read(target, MMS_ALL_START, MMS_ALL_END,
			  mms_target_source(target) == MMS_SOURCE_MODULE ? MMS_VMAS_NO_NAMES : 0,
			  0, &vmas, &err)) {
		ret = cmd_error(&err);
	} else {
		if (cmd_json(cmd))
			draw_json(target, &vmas.mm);
		else
			draw_text(&vmas.mm);
		cmd_lack(cmd, target, "the exact break");
		mms_vmas_free(&vmas);
	}
	mms_close(target);
	return ret;
}

const struct verb verb_brk = {
	.name = "brk",
	.args = "PID",
	.brief = "the exact program break",
	.about = "Tells the program break of a process to the byte.  No file in /proc does: the\n"
		 "end of [heap] in maps is the break rounded up to a page, or more.\n"
		 "The first line of output is the break alone; it is empty if only /proc could\n"
		 "be asked.",
	.example = "  mmscope brk self\n"
		   "  mmscope brk 1234 | head -n 1",
	.takes = CMD_TARGET | CMD_FROM,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
