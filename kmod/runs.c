// SPDX-License-Identifier: GPL-2.0
/*
 * runs.c - filter, coalesce, limit, resume: pages in, runs out.
 * Pure: no lock, no allocation, no kernel; the unit tests compile it as it is.
 */
#include "runs.h"

static bool wanted(const struct mmscope_runs *r, u64 categories)
{
	return (categories & r->all_of) == r->all_of &&
	       (!r->any_of || (categories & r->any_of)) && !(categories & r->none_of);
}

static u64 pages_of(const struct mmscope_runs *r, u64 start, u64 end)
{
	return (end - start) >> r->page_shift;
}

/* Does what starts at @start carry on the open run? */
static bool carries_on(const struct mmscope_runs *r, u64 start, u64 categories, u64 frame,
		       bool follows)
{
	const struct mmscope_run *run = &r->out[r->count];

	if (!r->open || run->end != start || run->categories != categories)
		return false;
	if (!frame && !run->frame)
		return true;
	return follows && r->open_frames &&
	       frame == run->frame + pages_of(r, run->start, run->end);
}

/* Put it into @out, or return false for want of room. */
static bool put(struct mmscope_runs *r, u64 start, u64 end, u64 categories, u64 frame,
		bool follows)
{
	if (carries_on(r, start, categories, frame, follows)) {
		r->out[r->count].end = end;
		return true;
	}
	mmscope_runs_break(r);
	if (r->count == r->room)
		return false;
	r->out[r->count] = (struct mmscope_run){
		.start = start,
		.end = end,
		.categories = categories,
		.frame = frame,
	};
	r->open = true;
	r->open_frames = follows;
	return true;
}

/* One further in the swap area, in pagemap's encoding (type | offset << 5). */
#define NEXT_SLOT (1 << 5)

/* Pages whose frames do not follow one another are a run each. */
static u64 step_of(const struct mmscope_runs *r, u64 frame, bool follows, u64 start, u64 end)
{
	return frame && !follows ? 1ULL << r->page_shift : end - start;
}

u64 mmscope_runs_add(struct mmscope_runs *r, u64 start, u64 end, u64 categories, u64 frame,
		     bool follows)
{
	u64 step, at;

	if (!wanted(r, categories))
		return end;
	if (pages_of(r, start, end) > r->pages_left)
		end = start + (r->pages_left << r->page_shift);

	if (!r->room) {
		at = end;
	} else {
		step = step_of(r, frame, follows, start, end);
		for (at = start; at < end; at += step) {
			if (!put(r, at, at + step, categories & r->categories, frame,
				 follows))
				break;
			if (frame)
				frame += NEXT_SLOT;
		}
	}
	r->pages += pages_of(r, start, at);
	r->pages_left -= pages_of(r, start, at);
	return at;
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
