// SPDX-License-Identifier: GPL-2.0
/*
 * pages.c - mmscope pages: the state of each page, as runs of equal state.
 * Filters are the kernel's: what is not wanted is never copied.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "../view/json.h"
#include "../view/table.h"

enum { OPT_RANGE, OPT_VMA, OPT_ONLY, OPT_ANY, OPT_NOT, OPT_TELL, OPT_MAX, OPT_FRAMES,
       OPT_SUMMARY };

static const struct cmd_option options[] = {
	[OPT_RANGE]  = { "range", 'r', "A-B", "only the pages in A-B or A+SIZE" },
	[OPT_VMA]    = { "vma", 'v', "ADDR", "only the VMA that covers ADDR" },
	[OPT_ONLY]   = { "only", 'a', "CATS", "pages that have all of these categories" },
	[OPT_ANY]    = { "any", 'y', "CATS", "pages that have at least one of them" },
	[OPT_NOT]    = { "not", 'n', "CATS", "pages that have none of them" },
	[OPT_TELL]   = { "tell", 't', "CATS", "the categories to tell (default: all)" },
	[OPT_MAX]    = { "max", 'm', "N", "stop after N pages" },
	[OPT_FRAMES] = { "frames", 'f', NULL, "page frame numbers as well (CAP_SYS_ADMIN)" },
	[OPT_SUMMARY] = { "summary", 's', NULL, "count pages by category, no runs" },
	{ 0 }
};

enum { COL_START, COL_END, COL_PAGES, COL_SIZE, COL_FRAME, COL_STATE };

static const struct view_column columns[] = {
	[COL_START] = { "START", VIEW_RIGHT, "first address of the run" },
	[COL_END]   = { "END", VIEW_RIGHT, "first address behind it" },
	[COL_PAGES] = { "PAGES", VIEW_RIGHT, "pages in it" },
	[COL_SIZE]  = { "SIZE", VIEW_RIGHT, "the same in bytes" },
	[COL_FRAME] = { "FRAME", VIEW_RIGHT, "frame of the first page (--frames)" },
	[COL_STATE] = { "STATE", VIEW_WRAP, "the categories of each page; '-': never touched" },
	{ 0 }
};

/* Where runs go: one of table and json; and what they add up to. */
struct output {
	const struct cmd *cmd;
	struct view_table *table;
	struct view_json *json;
	uint64_t counts[MMSCOPE_CAT_COUNT];
	uint64_t untouched, categories;
	uint64_t page;			/* bytes in one */
	size_t lines;
	bool summary;
};

#define LINES_MAX	64	/* held before they are drawn: each takes some 500 bytes */

static void count_run(struct output *o, const struct mmscope_run *run)
{
	uint64_t pages = (run->end - run->start) / o->page;

	for (unsigned int c = 0; c < MMSCOPE_CAT_COUNT; c++)
		if (run->categories >> c & 1)
			o->counts[c] += pages;
	if (!run->categories)
		o->untouched += pages;
}

static void draw_run(const struct output *o, const struct mmscope_run *run)
{
	struct view_table *t = o->table;
	char state[512];

	view_table_line(t);
	view_table_address(t, COL_START, run->start);
	view_table_address(t, COL_END, run->end);
	view_table_number(t, COL_PAGES, (run->end - run->start) / o->page);
	view_table_size(t, COL_SIZE, run->end - run->start);
	if (run->frame)
		view_table_address(t, COL_FRAME, run->frame);
	mms_categories_format(run->categories, state, sizeof(state));
	view_table_text(t, COL_STATE, state[0] ? state : "-");
}

static void json_run(const struct output *o, const struct mmscope_run *run)
{
	struct view_json *j = o->json;

	view_json_object_flat(j, NULL);
	view_json_address(j, "start", run->start);
	view_json_address(j, "end", run->end);
	view_json_number(j, "pages", (run->end - run->start) / o->page);
	view_json_categories(j, "categories", run->categories);
	if (run->frame)
		view_json_address(j, "frame", run->frame);
	else
		view_json_null(j, "frame");
	view_json_close(j);
}

/* A long table goes on, in columns for what is most likely to come. */
static void draw_lines(struct view_table *t)
{
	view_table_at_least(t, COL_START, strlen("0x7fffffffffff"));
	view_table_at_least(t, COL_END, strlen("0x7fffffffffff"));
	view_table_at_least(t, COL_PAGES, strlen("1000000"));
	view_table_at_least(t, COL_SIZE, strlen("1023M"));
	view_table_at_least(t, COL_FRAME, strlen("0x123456"));
	view_table_flush(t);
}

static int take_run(const struct mmscope_run *run, void *arg)
{
	struct output *o = arg;

	count_run(o, run);
	if (o->summary)
		return 0;
	if (cmd_json(o->cmd)) {
		json_run(o, run);
		return ferror(stdout);
	}
	draw_run(o, run);
	if (++o->lines % LINES_MAX == 0)
		draw_lines(o->table);
	return ferror(stdout);
}

/* ---- the question ---------------------------------------------------------- */

static int parse_max(const struct cmd *cmd, uint64_t *max)
{
	const char *text = cmd->value[OPT_MAX];
	char *end;

	if (!text)
		return 0;
	*max = strtoull(text, &end, 10);
	if (*end || end == text || *text == '-' || !*max)
		return cmd_usage(cmd, "--max needs a number of pages, not '%s'", text);
	return 0;
}

static int parse_query(const struct cmd *cmd, struct mms_pages_query *q)
{
	static const int lists[] = { OPT_ONLY, OPT_ANY, OPT_NOT, OPT_TELL };
	uint64_t *const masks[] = { &q->all_of, &q->any_of, &q->none_of, &q->categories };
	struct mms_error err;

	*q = (struct mms_pages_query){ .end = MMS_ALL_END };
	for (int i = 0; i < 4; i++)
		if (cmd->value[lists[i]] &&
		    mms_categories_parse(cmd->value[lists[i]], masks[i], &err))
			return cmd_error(&err);
	if (cmd->value[OPT_FRAMES])
		q->flags |= MMS_PAGES_FRAMES;
	if (cmd->value[OPT_RANGE] && cmd->value[OPT_VMA])
		return cmd_usage(cmd, "--range and --vma exclude each other");
	if (cmd->value[OPT_RANGE] &&
	    mms_range_parse(cmd->value[OPT_RANGE], &q->start, &q->end, &err))
		return cmd_error(&err);
	return parse_max(cmd, &q->max_pages);
}

/* --vma: the range is what covers the address. */
static int find_vma(const struct cmd *cmd, struct mms_target *target, struct mms_pages_query *q)
{
	struct mms_vmas vmas;
	struct mms_error err;
	uint64_t address;
	size_t i;

	if (mms_address_parse(cmd->value[OPT_VMA], &address, &err) ||
	    mms_vmas_read(target, MMS_ALL_START, MMS_ALL_END, MMS_VMAS_NO_NAMES, 0, &vmas, &err))
		return cmd_error(&err);
	i = mms_vmas_find(&vmas, address);
	if (i < vmas.count && mms_vma_covers(&vmas.vma[i], address)) {
		q->start = vmas.vma[i].start;
		q->end = vmas.vma[i].end;
		mms_vmas_free(&vmas);
		return 0;
	}
	mms_vmas_free(&vmas);
	mms_fail(&err, MMS_USAGE, "the VMAs: mmscope vmas PID", cmd->value[OPT_VMA],
		 "no VMA covers this address");
	return cmd_error(&err);
}

/* ---- the answer ------------------------------------------------------------ */

static void draw_summary(const struct output *o, uint64_t pages)
{
	char size[16];

	printf("%-14s %12llu  %8s\n", "pages", (unsigned long long)pages,
	       mms_size_format(pages * o->page, size));
	printf("%-14s %12llu  %8s\n", "in no category", (unsigned long long)o->untouched,
	       mms_size_format(o->untouched * o->page, size));
	for (unsigned int c = 0; c < MMSCOPE_CAT_COUNT; c++)
		if (o->categories >> c & 1 && o->counts[c])
			printf("%-14s %12llu  %8s\n", mms_category_name(c),
			       (unsigned long long)o->counts[c],
			       mms_size_format(o->counts[c] * o->page, size));
}

static void json_summary(struct view_json *j, const struct output *o)
{
	view_json_object(j, "counts");
	for (unsigned int c = 0; c < MMSCOPE_CAT_COUNT; c++)
		if (o->categories >> c & 1 && mms_category_name(c))
			view_json_number(j, mms_category_name(c), o->counts[c]);
	view_json_number(j, "none", o->untouched);
	view_json_close(j);
}

static int answer_json(struct mms_target *target, const struct mms_pages_query *q,
		       struct output *o, struct mms_error *err)
{
	struct view_json j;
	uint64_t pages;
	int ret;

	view_json_begin(&j, "pages", target);
	o->json = &j;
	view_json_categories(&j, "told", q->categories);
	if (!o->summary)
		view_json_array(&j, "runs");
	ret = mms_pages(target, q, take_run, o, &pages, err);
	if (!o->summary)
		view_json_close(&j);
	else if (!ret)
		json_summary(&j, o);
	if (ret)
		view_json_null(&j, "pages");
	else
		view_json_number(&j, "pages", pages);
	view_json_end(&j);
	return ret;
}

static int answer(struct cmd *cmd, struct mms_target *target, struct mms_pages_query *q)
{
	struct output o = { .cmd = cmd, .summary = cmd->value[OPT_SUMMARY],
			    .page = mms_target_page_size(target) };
	struct mms_error err = { 0 };
	uint64_t pages;
	int ret;

	if (!q->categories)
		q->categories = mms_target_categories(target);
	o.categories = q->categories;
	/*
	 * Said before the document is begun: an unknown category, no right.  Of a page
	 * that nothing maps: about an empty range the module is not asked at all.
	 */
	if (mms_pages(target, &(struct mms_pages_query){ .end = o.page, .flags = q->flags,
		      .categories = q->categories, .all_of = q->all_of, .any_of = q->any_of,
		      .none_of = q->none_of }, NULL, NULL, NULL, &err))
		return cmd_error(&err);
	if (cmd_json(cmd)) {
		ret = answer_json(target, q, &o, &err);
	} else {
		if (cmd->value[OPT_FRAMES] && !cmd->columns)
			cmd->columns = "START,PAGES,SIZE,FRAME,STATE";
		o.table = o.summary ? NULL : cmd_table_new(cmd);
		if (!o.table && !o.summary)
			return MMS_USAGE;
		ret = mms_pages(target, q, take_run, &o, &pages, &err);
		if (o.table)
			view_table_end(o.table);
		else if (!ret)
			draw_summary(&o, pages);
	}
	if (ret)
		return cmd_error(&err);
	cmd_lack(cmd, target, "25 more categories: zero, anon, dirty, mlocked, in-core ...");
	return MMS_OK;
}

static int run(struct cmd *cmd)
{
	struct mms_pages_query q;
	struct mms_target *target;
	int ret;

	ret = parse_query(cmd, &q);
	if (!ret)
		ret = cmd_open(cmd, &target);
	if (ret)
		return ret;
	if (cmd->value[OPT_VMA])
		ret = find_vma(cmd, target, &q);
	if (!ret)
		ret = answer(cmd, target, &q);
	mms_close(target);
	return ret;
}

const struct verb verb_pages = {
	.name = "pages",
	.args = "PID",
	.brief = "the state of every page",
	.about = "Lists runs of pages of which the same is to be said.  CATS is a list such as\n"
		 "present,dirty; the categories are:\n"
		 "  present swapped migrating zero writable executable accessed dirty soft-dirty\n"
		 "  uffd-wp huge-pmd huge-pud hugetlb special poisoned guard device anon file\n"
		 "  shmem shared ksm mlocked unevictable page-dirty lazyfree lock-unknown\n"
		 "  in-core cache-unknown cache-swapped",
	.example = "  mmscope pages self --only present --not zero\n"
		   "  mmscope pages 1234 --vma 7f12a0000000 --summary\n"
		   "  mmscope pages 1234 --any swapped,cache-swapped --tell swapped --json",
	.takes = CMD_TARGET | CMD_FROM | CMD_TABLE,
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.columns = columns,
	.default_columns = "START,PAGES,SIZE,STATE",
	.run = run,
};
