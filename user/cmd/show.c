// SPDX-License-Identifier: GPL-2.0
/*
 * show.c - mmscope show: a process's memory on one page.
 * The summary says in a few lines what the table below it adds up to.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "../view/json.h"
#include "../view/vmas.h"

enum { OPT_SUMMARY };

static const struct cmd_option options[] = {
	[OPT_SUMMARY] = { "summary", 's', NULL, "the summary only, no table" },
	{ 0 }
};

/* Short sizes of facts, several in one printf(). */
struct sizes {
	char text[8][24];
	int next;
	bool bytes;
};

static char *size_of(struct sizes *s, struct mms_fact fact)
{
	return view_fact_size(fact, s->bytes, s->text[s->next++ & 7]);
}

static char *size_sum(struct sizes *s, uint64_t bytes, bool known)
{
	return size_of(s, (struct mms_fact){ bytes, known ? MMS_FROM_MODULE : MMS_FROM_NOWHERE });
}

static void draw_break(const struct mms_mm *mm, struct sizes *s)
{
	struct mms_fact brk = mm->fact[MMS_MM_BRK], start = mm->fact[MMS_MM_START_BRK];
	struct mms_fact end = mm->fact[MMS_MM_HEAP_END];

	if (mms_known(brk))
		printf("break    0x%" PRIx64 "  (heap %s from 0x%" PRIx64 ")\n", brk.value,
		       size_sum(s, brk.value - start.value, true), start.value);
	else if (mms_known(end))
		printf("break    at or below 0x%" PRIx64 " (the end of [heap]; not exact)\n",
		       end.value);
	else
		printf("break    ?  (no [heap])\n");
}

static const char *future_word(struct mms_fact def)
{
	if (!mms_known(def))
		return "future ?";
	if (!(def.value & MMSCOPE_VMA_LOCKED))
		return "future no";
	return def.value & MMSCOPE_VMA_LOCKONFAULT ? "future on fault" : "future yes";
}

static void draw_summary(const struct mms_target *target, const struct mms_vmas *vmas,
			 bool bytes)
{
	const struct mms_fact *f = vmas->mm.fact;
	struct sizes s = { .bytes = bytes };
	struct view_totals sum;
	char comm[256], source[80];

	view_vmas_totals(vmas, &sum);
	mms_escape(mms_target_proc(target)->comm, comm, sizeof(comm));
	printf("process  %d %s  (source: %s)\n", (int)mms_target_pid(target), comm,
	       cmd_source_words(target, source));
	draw_break(&vmas->mm, &s);
	printf("mapped   %s in %zu VMAs, page tables %s\n",
	       size_sum(&s, sum.size, true), vmas->count, size_of(&s, f[MMS_MM_PGTABLES]));
	printf("resident %s, dirty %s; counters: anon %s, file %s, shmem %s\n",
	       size_sum(&s, sum.rss, sum.has_rss), size_sum(&s, sum.dirty, sum.has_dirty),
	       size_of(&s, f[MMS_MM_RSS_ANON]), size_of(&s, f[MMS_MM_RSS_FILE]),
	       size_of(&s, f[MMS_MM_RSS_SHMEM]));
	printf("swapped  %s; peaks: resident %s, mapped %s\n",
	       size_sum(&s, sum.swap, sum.has_swap), size_of(&s, f[MMS_MM_HIWATER_RSS]),
	       size_of(&s, f[MMS_MM_HIWATER_VM]));
	printf("locked   intent %s, fact %s, %s\n",
	       size_sum(&s, sum.locked_vmas, sum.has_flags),
	       size_sum(&s, sum.mlocked, sum.has_mlocked), future_word(f[MMS_MM_DEF_FLAGS]));
	printf("limits   AS %s, DATA %s, STACK %s, MEMLOCK %s\n\n",
	       size_of(&s, f[MMS_MM_RLIM_AS]), size_of(&s, f[MMS_MM_RLIM_DATA]),
	       size_of(&s, f[MMS_MM_RLIM_STACK]), size_of(&s, f[MMS_MM_RLIM_MEMLOCK]));
}

static void total(struct view_json *j, const char *key, uint64_t value, bool known)
{
	if (known)
		view_json_number(j, key, value);
	else
		view_json_null(j, key);
}

static void draw_json(const struct cmd *cmd, const struct mms_target *target,
		      const struct mms_vmas *vmas)
{
	struct view_totals sum;
	struct view_json j;

	view_vmas_totals(vmas, &sum);
	view_json_begin(&j, "show", target);
	view_json_mm(&j, &vmas->mm);
	view_json_object(&j, "totals");
	total(&j, "vmas", vmas->count, true);
	total(&j, "size", sum.size, true);
	total(&j, "rss", sum.rss, sum.has_rss);
	total(&j, "dirty", sum.dirty, sum.has_dirty);
	total(&j, "swap", sum.swap, sum.has_swap);
	total(&j, "locked", sum.locked_vmas, sum.has_flags);
	total(&j, "mlocked", sum.mlocked, sum.has_mlocked);
	view_json_close(&j);
	if (!cmd->value[OPT_SUMMARY]) {
		view_json_array(&j, "vmas");
		for (size_t i = 0; i < vmas->count; i++)
			view_json_vma(&j, vmas, i);
	}
	view_json_end(&j);
}

/* What the table and the summary need, no more: counting costs. */
static uint64_t categories_for(const struct cmd *cmd)
{
	struct view_options view = cmd_table_options(cmd);
	bool acct;

	return view_vma_categories(&view, &acct) | MMSCOPE_CAT(MLOCKED) | MMSCOPE_CAT(SWAPPED) |
	       MMSCOPE_CAT(CACHE_SWAPPED) | MMSCOPE_CAT(PRESENT) | MMS_CATS_PARTS;
}

static int draw(struct cmd *cmd, struct mms_target *target)
{
	struct view_table *table = cmd_json(cmd) ? NULL : cmd_table_new(cmd);
	struct mms_vmas vmas;
	struct mms_error err;

	if (!table && !cmd_json(cmd))
		return MMS_USAGE;
	if (mms_vmas_read(target, MMS_ALL_START, MMS_ALL_END, MMS_VMAS_ACCT,
			  categories_for(cmd), &vmas, &err)) {
		view_table_drop(table);
		return cmd_error(&err);
	}
	if (cmd_json(cmd)) {
		draw_json(cmd, target, &vmas);
	} else {
		draw_summary(target, &vmas, cmd->bytes);
		if (cmd->value[OPT_SUMMARY]) {
			view_table_drop(table);
		} else {
			view_vmas_draw(table, &vmas, NULL);
			view_table_end(table);
		}
	}
	cmd_lack(cmd, target, "the exact break, present and locked pages");
	mms_vmas_free(&vmas);
	return MMS_OK;
}

static int run(struct cmd *cmd)
{
	struct mms_target *target;
	int ret = cmd_open(cmd, &target);

	if (ret)
		return ret;
	ret = draw(cmd, target);
	mms_close(target);
	return ret;
}

const struct verb verb_show = {
	.name = "show",
	.args = "PID",
	.brief = "a process's memory on one page (the default)",
	.about = "The program break, the heap, what is resident, swapped and locked, the limits;\n"
		 "then every VMA with what it serves for.  ? or an empty cell: not known.",
	.example = "  mmscope 1234\n"
		   "  mmscope show --from before.mms\n"
		   "  mmscope show nginx -o +PRESENT,ZERO\n"
		   "  mmscope show self --json | jq .mm.brk",
	.takes = CMD_TARGET | CMD_FROM | CMD_TABLE,
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.columns = view_vma_columns,
	.default_columns = "START,SIZE,PERM,RSS,SWAP,MLOCKED,DIRTY,PURPOSE,NAME",
	.run = run,
};
