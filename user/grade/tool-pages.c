// SPDX-License-Identifier: GPL-2.0
/*
 * tool-pages.c - which pages of a region are in a state that a tool is asked about.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

#define SWAPS	(MMSCOPE_CAT(SWAPPED) | MMSCOPE_CAT(CACHE_SWAPPED))
#define RUNS_MAX	(1U << 20)

static bool add(struct tool_pages *p, uint64_t start, uint64_t end)
{
	if (p->runs && p->run[p->runs - 1].end == start) {
		p->run[p->runs - 1].end = end;
	} else {
		if (p->runs == RUNS_MAX)
			return true;
		if (!(p->runs & (p->runs - 1))) {
			size_t room = p->runs ? 2 * p->runs : 1;
			void *more = realloc(p->run, room * sizeof(*p->run));

			if (!more)
				return false;
			p->run = more;
		}
		p->run[p->runs++] = (struct tool_run){ start, end };
	}
	p->count += (end - start) / mms_page_size();
	return true;
}

/* Private memory alone can be untouched: of a file one cannot say. */
static bool is_private(const struct mms_vma *v)
{
	return !v->inode && v->name[0] != '/' && strncmp(v->name, "[v", 2) &&
	       (v->backing == MMSCOPE_BACKING_ANON || v->backing == MMS_BACKING_UNKNOWN);
}

static int state_of(uint64_t categories, bool private)
{
	if (categories & MMSCOPE_CAT(PRESENT))
		return GRADE_S_PRESENT;
	if (categories & SWAPS)
		return GRADE_S_SWAPPED;
	if (categories & (MMSCOPE_CAT(MIGRATING) | MMSCOPE_CAT(DEVICE) | MMSCOPE_CAT(GUARD)))
		return -1;
	return private ? GRADE_S_UNTOUCHED : -1;
}

struct finding {
	struct tool_pages *pages;
	int state;
	bool private, failed;
};

static int find_run(const struct mmscope_run *run, void *arg)
{
	struct finding *f = arg;

	if (state_of(run->categories, f->private) == f->state)
		f->failed = !add(f->pages, run->start, run->end);
	return f->failed;
}

static struct mms_pages_query query_of(const struct mms_target *t, uint64_t start, uint64_t end)
{
	return (struct mms_pages_query){
		.start = start, .end = end,
		.categories = mms_target_categories(t) &
			      (SWAPS | MMSCOPE_CAT(PRESENT) | MMSCOPE_CAT(MIGRATING) |
			       MMSCOPE_CAT(DEVICE) | MMSCOPE_CAT(GUARD)),
	};
}

/* Where nothing is mapped: below the VMAs of the region. */
static bool find_gap(struct tool_pages *p, uint64_t from, const struct mms_vma *v)
{
	/* The first page is nobody's, but some tools take 0 for "none". */
	if (from < mms_page_size())
		from = mms_page_size();
	return v->start >> 63 || v->start <= from || add(p, from, v->start);
}

int tool_pages_find(struct grade_run *r, const struct grade_region *region,
		    enum grade_state state, struct tool_pages *pages, char why[GRADE_WHY])
{
	struct finding f = { .pages = pages, .state = (int)state };
	uint64_t start, end, below = 0;
	struct mms_error err = { 0 };
	struct mms_vmas l = { 0 };
	int ret = 0;

	if (grade_range(r, region, &start, &end, why))
		return -1;
	if (mms_vmas_read(r->target, MMS_ALL_START, MMS_ALL_END, 0, 0, &l, &err))
		ret = -1;
	for (size_t i = 0; i < l.count && !ret; i++) {
		const struct mms_vma *v = &l.vma[i];
		struct mms_pages_query q;

		if (state == GRADE_S_INVALID) {
			ret = find_gap(pages, below, v) ? 0 : -1;
			below = v->end;
			continue;
		}
		if (v->start >> 63 || v->end <= start || v->start >= end ||
		    (region->area == GRADE_PURPOSE && v->purpose != region->purpose))
			continue;
		q = query_of(r->target, v->start > start ? v->start : start,
			     v->end < end ? v->end : end);
		f.private = is_private(v);
		ret = mms_pages(r->target, &q, find_run, &f, NULL, &err) || f.failed ? -1 : 0;
	}
	mms_vmas_free(&l);
	if (ret)
		snprintf(why, GRADE_WHY, "%s", err.status ? err.why : "no memory");
	return ret;
}

int tool_state_of(struct grade_run *r, uint64_t address)
{
	struct mms_pages_query q = query_of(r->target, address, address + mms_page_size());
	struct tool_pages one = { 0 };
	struct finding f = { .pages = &one, .private = true };
	int state = -1;

	for (f.state = 0; f.state < GRADE_S_INVALID && state < 0; f.state++) {
		if (mms_pages(r->target, &q, find_run, &f, NULL, NULL))
			break;
		if (one.count)
			state = f.state;
	}
	free(one.run);
	return state;
}
