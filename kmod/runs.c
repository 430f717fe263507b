// SPDX-License-Identifier: GPL-2.0
/*
 * runs.c - filter, coalesce, limit, resume: pages in, runs out.
 * Pure: no lock, no allocation, no kernel; the unit tests compile it as it is.
 */
#include "runs.h"

/* One run more, or more of the open one, if its frames lead to @frame. */
static bool add_following(struct mmscope_runs *r, u64 start, u64 end, u64 categories,
			  u64 frame)
{
	struct mmscope_run *run = &r->out[r->count];

	if (r->open && run->frame && r->open_frames && run->end == start &&
	    run->categories == categories &&
	    run->frame + ((run->end - run->start) >> r->page_shift) == frame) {
		run->end = end;
		return true;
	}
	r->open_frames = true;
	return mmscope_runs_put(r, start, end, categories, frame);
}

/* One further in the swap area, in pagemap's encoding (type | offset << 5). */
#define NEXT_SLOT (1 << 5)

/* Pages whose frames do not follow one another are a run each. How far it came. */
static u64 add_apart(struct mmscope_runs *r, u64 start, u64 end, u64 categories, u64 frame)
{
	u64 step = 1ULL << r->page_shift;

	r->open_frames = false;
	for (; start < end; start += step, frame += NEXT_SLOT)
		if (!mmscope_runs_put(r, start, start + step, categories, frame))
			break;
	return start;
}

u64 mmscope_runs_add_frames(struct mmscope_runs *r, u64 start, u64 end, u64 categories,
			    u64 frame, bool follow)
{
	u64 pages = mmscope_runs_pages(r, start, end);

	if (!mmscope_runs_want(r, categories))
		return end;
	if (!pages)
		return start;
	end = start + (pages << r->page_shift);
	categories &= r->categories;
	if (r->room && !follow)
		end = add_apart(r, start, end, categories, frame);
	else if (r->room && !add_following(r, start, end, categories, frame))
		return start;
	pages = (end - start) >> r->page_shift;
	r->pages += pages;
	r->pages_left -= pages;
	return end;
}

void mmscope_runs_break(struct mmscope_runs *r)
{
	if (r->open)
		r->count++;
	r->open = false;
}

void mmscope_runs_flush(struct mmscope_runs *r)
{
	if (r->open && r->count)
		r->out[0] = r->out[r->count];
	r->count = 0;
}
