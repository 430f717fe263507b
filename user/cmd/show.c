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

static void draw_summary(const struct mms_target *target, const struct mms_mm *mm,
			 const struct view_totals *sum, bool bytes)
{
	const struct mms_fact *f = mm->fact;
	struct sizes s = { .bytes = bytes };
	char comm[256], source[80];

	mms_escape(mms_target_proc(target)->comm, comm, sizeof(comm));
	printf("process  %d %s  (source: %s)\n", (int)mms_target_pid(target), comm,
	       cmd_source_words(target, source));
	draw_break(mm, &s);
	printf("mapped   %s in %" PRIu64 " VMAs, page tables %s\n",
	       size_sum(&s, sum->size, true), sum->vmas, size_of(&s, f[MMS_MM_PGTABLES]));
	printf("resident %s, dirty %s; counters: anon %s, file %s, shmem %s\n",
	       size_sum(&s, sum->rss, sum->has_rss), size_sum(&s, sum->dirty, sum->has_dirty),
	       size_of(&s, f[MMS_MM_RSS_ANON]), size_of(&s, f[MMS_MM_RSS_FILE]),
	       size_of(&s, f[MMS_MM_RSS_SHMEM]));
	printf("swapped  %s; peaks: resident %s, mapped %s\n",
	       size_sum(&s, sum->swap, sum->has_swap), size_of(&s, f[MMS_MM_HIWATER_RSS]),
	       size_of(&s, f[MMS_MM_HIWATER_VM]));
	printf("locked   intent %s, fact %s, %s\n",
	       size_sum(&s, sum->locked_vmas, sum->has_flags),
	       size_sum(&s, sum->mlocked, sum->has_mlocked), future_word(f[MMS_MM_DEF_FLAGS]));
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

static void draw_json_totals(struct view_json *j, const struct view_totals *sum)
{
	view_json_object(j, "totals");
	total(j, "vmas", sum->vmas, true);
	total(j, "size", sum->size, true);
	total(j, "rss", sum->rss, sum->has_rss);
	total(j, "dirty", sum->dirty, sum->has_dirty);
	total(j, "swap", sum->swap, sum->has_swap);
	total(j, "locked", sum->locked_vmas, sum->has_flags);
	total(j, "mlocked", sum->mlocked, sum->has_mlocked);
	view_json_close(j);
}

/* What the table and the summary need, no more: counting costs. */
static uint64_t categories_for(const struct cmd *cmd)
{
	struct view_options view = cmd_table_options(cmd);
	bool acct;

	return view_vma_categories(&view, &acct) | MMSCOPE_CAT(MLOCKED) | MMSCOPE_CAT(SWAPPED) |
	       MMSCOPE_CAT(CACHE_SWAPPED) | MMSCOPE_CAT(PRESENT) | MMS_CATS_PARTS;
}

/* The first look: what it all comes to, and how wide the columns have to be. */
struct sum {
	struct view_totals totals;
	struct view_table *table;	/* or NULL */
};

static int sum_up(const struct mms_vmas *part, void *arg)
{
	struct sum *sum = arg;

	view_vmas_totals_add(part, &sum->totals);
	if (sum->table)
		view_vmas_rows(sum->table, part, NULL);
	return 0;
}

static int draw_json(const struct cmd *cmd, const struct mms_target *target,
		     struct mms_listing *list, const struct view_totals *sum,
		     struct mms_error *err)
{
	struct view_json j;
	int ret = 0;

	view_json_begin(&j, "show", target);
	view_json_mm(&j, mms_listing_mm(list));
	draw_json_totals(&j, sum);
	if (!cmd->value[OPT_SUMMARY])
		ret = view_json_vmas(&j, list, err);
	view_json_end(&j);
	return ret;
}

static int draw(struct cmd *cmd, struct mms_target *target, struct mms_listing *list)
{
	bool rows = !cmd->value[OPT_SUMMARY] && !cmd_json(cmd);
	struct sum sum = { .table = rows ? cmd_table_new(cmd) : NULL };
	struct mms_error err;
	int ret;

	if (rows && !sum.table)
		return MMS_USAGE;
	if (rows)
		view_table_measure(sum.table);
	ret = mms_listing_each(list, sum_up, &sum, &err);
	if (!ret && cmd_json(cmd))
		ret = draw_json(cmd, target, list, &sum.totals, &err);
	else if (!ret)
		draw_summary(target, mms_listing_mm(list), &sum.totals, cmd->bytes);
	if (!ret && rows)
		ret = view_vmas_list(sum.table, list, &err);
	else
		view_table_drop(sum.table);
	return ret ? cmd_error(&err) : MMS_OK;
}

static int show(struct cmd *cmd, struct mms_target *target)
{
	struct mms_listing *list;
	struct mms_error err;
	int ret;

	if (mms_listing_new(target, MMS_ALL_START, MMS_ALL_END, MMS_VMAS_ACCT,
			    categories_for(cmd), 0, &list, &err))
		return cmd_error(&err);
	ret = draw(cmd, target, list);
	mms_listing_free(list);
	if (!ret)
		cmd_lack(cmd, target, "the exact break, present and locked pages");
	return ret;
}

static int run(struct cmd *cmd)
{
	struct mms_target *target;
	int ret = cmd_open(cmd, &target);

	if (ret)
		return ret;
	ret = show(cmd, target);
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
