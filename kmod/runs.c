// SPDX-License-Identifier: GPL-2.0
/*
 * runs.c - filter, coalesce, limit, resume: pages in, runs out.
 * Pure: no lock, no allocation, no kernel; the unit tests compile it as it is.
 */
#include "runs.h"

static u64 pages_of(const struct mmscope_runs *r, u64 start, u64 end)
{
	return (end - start) >> r->page_shift;
}

/* One run more, or false for want of room. */
static bool put(struct mmscope_runs *r, u64 start, u64 end, u64 categories, u64 frame,
		bool follows)
{
	struct mmscope_run *run;

	mmscope_runs_break(r);
	if (r->count == r->room)
		return false;
	run = &r->out[r->count];
	run->start = start;
	run->end = end;
	run->categories = categories;
	run->frame = frame;
	r->open = true;
	r->open_frames = follows;
	return true;
}

/* Does what starts at @start carry on the open run, but for its frames? */
static bool carries_on(const struct mmscope_runs *r, u64 start, u64 categories)
{
	const struct mmscope_run *run = &r->out[r->count];

	return r->open && run->end == start && run->categories == categories;
}

/* Without frames. */
static bool add_plain(struct mmscope_runs *r, u64 start, u64 end, u64 categories)
{
	struct mmscope_run *run = &r->out[r->count];

	if (!carries_on(r, start, categories) || run->frame)
		return put(r, start, end, categories, 0, false);
	run->end = end;
	return true;
}

static bool add_following(struct mmscope_runs *r, u64 start, u64 end, u64 categories,
			  u64 frame)
{
	struct mmscope_run *run = &r->out[r->count];

	if (carries_on(r, start, categories) && r->open_frames &&
	    frame == run->frame + pages_of(r, run->start, run->end)) {
		run->end = end;
		return true;
	}
	return put(r, start, end, categories, frame, true);
}

/* One further in the swap area, in pagemap's encoding (type | offset << 5). */
#define NEXT_SLOT (1 << 5)

/* Pages whose frames do not follow one another are a run each. How far it came. */
static u64 add_apart(struct mmscope_runs *r, u64 start, u64 end, u64 categories, u64 frame)
{
	u64 step = 1ULL << r->page_shift;

	for (; start < end; start += step, frame += NEXT_SLOT)
		if (!put(r, start, start + step, categories, frame, false))
			break;
	return start;
}

u64 mmscope_runs_add(struct mmscope_runs *r, u64 start, u64 end, u64 categories, u64 frame,
		     bool follows)
{
	u64 pages = pages_of(r, start, end), told = categories & r->categories;

	if (!mmscope_runs_want(r, categories))
		return end;
	if (pages > r->pages_left) {
		pages = r->pages_left;
		end = start + (pages << r->page_shift);
	}
	/* No page more: no run of none. */
	if (!pages)
		return start;

	if (r->room && frame && !follows) {
		end = add_apart(r, start, end, told, frame);
		pages = pages_of(r, start, end);
	} else if (r->room && !(frame ? add_following(r, start, end, told, frame) :
					add_plain(r, start, end, told))) {
		return start;
	}
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
