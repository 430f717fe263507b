/* SPDX-License-Identifier: GPL-2.0 */
/*
 * runs.h - filter, coalesce, limit, resume: pages in, runs out.
 * Pure: no lock, no allocation, no kernel; the unit tests compile it as it is.
 */
#ifndef MMSCOPE_RUNS_H
#define MMSCOPE_RUNS_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stdint.h>
typedef uint64_t u64;
#endif

#include "mmscope.h"

struct mmscope_runs {
	/* The question. */
	u64 categories, all_of, any_of, none_of;
	u64 pages_left;		/* how many may still be told of */
	unsigned int page_shift;
	/* The answer.  out[count] is the run that may still grow, if `open`. */
	struct mmscope_run *out;
	u64 room;		/* of `out`; 0: only count */
	u64 count;		/* closed runs */
	bool open;
	bool open_frames;	/* if the open run has frames: they follow one another */
	u64 pages;		/* told of so far */
};

/* Is what has these categories to be told of? */
static inline bool mmscope_runs_want(const struct mmscope_runs *r, u64 categories)
{
	return (categories & r->all_of) == r->all_of &&
	       (!r->any_of || (categories & r->any_of)) && !(categories & r->none_of);
}

/* Pages of [start, end) that may still be told of. */
static inline u64 mmscope_runs_pages(const struct mmscope_runs *r, u64 start, u64 end)
{
	u64 pages = (end - start) >> r->page_shift;

	return pages < r->pages_left ? pages : r->pages_left;
}

/* One run more, which may grow; or false for want of room. */
static inline bool mmscope_runs_put(struct mmscope_runs *r, u64 start, u64 end,
				    u64 categories, u64 frame)
{
	struct mmscope_run *run;

	r->count += r->open;
	r->open = r->count < r->room;
	if (!r->open)
		return false;
	run = &r->out[r->count];
	run->start = start;
	run->end = end;
	run->categories = categories;
	run->frame = frame;
	return true;
}

/*
 * A run, or more of the one that may grow; or false for want of room.  The pages are
 * not counted, nor limited.
 */
static inline bool mmscope_runs_extend(struct mmscope_runs *r, u64 start, u64 end,
				       u64 categories)
{
	struct mmscope_run *run = &r->out[r->count];

	categories &= r->categories;
	if (r->open && run->end == start && run->categories == categories && !run->frame) {
		run->end = end;
		return true;
	}
	return !r->room || mmscope_runs_put(r, start, end, categories, 0);
}

/*
 * The same for each row of ones in @pages, of which the lowest is the page at @start, and
 * the highest 0. Returns those that there was no room for, 0 mostly. Not with room 0.
 */
static inline u64 mmscope_runs_rows(struct mmscope_runs *r, u64 start, u64 pages, u64 categories)
{
	struct mmscope_run *run = &r->out[r->count], *end = r->out + r->room;
	const unsigned int shift = r->page_shift;	/* else it is read again for each row */
	u64 behind;

	categories &= r->categories;
	if ((pages & 1) && r->open && run->end == start && run->categories == categories &&
	    !run->frame) {
		run->end = start + ((u64)__builtin_ctzll(~pages) << shift);
		pages &= pages + 1;
	}
	for (run += r->open; pages && run < end; run++) {
		behind = pages + (pages & -pages);
		run->start = start + ((u64)__builtin_ctzll(pages) << shift);
		run->end = start + ((u64)__builtin_ctzll(behind) << shift);
		run->categories = categories;
		run->frame = 0;
		pages &= behind;
	}
	/* The last one may grow, unless there was no room for one more. */
	r->open = !pages && run > r->out + r->count;
	r->count = run - r->out - r->open;
	return pages;
}

static inline void mmscope_runs_count(struct mmscope_runs *r, u64 pages)
{
	r->pages += pages;
	r->pages_left -= pages;
}

/*
 * Add [start, end), pages of which the same holds, and which are to be told of.
 * Returns how far it was taken: less than `end` if there is no room, or pages_left
 * is used up.  Called for each change of state, and so inline.
 */
static inline u64 mmscope_runs_tell(struct mmscope_runs *r, u64 start, u64 end,
				    u64 categories)
{
	u64 pages = mmscope_runs_pages(r, start, end);

	end = start + (pages << r->page_shift);
	/* No page more: no run of none. */
	if (!pages || !mmscope_runs_extend(r, start, end, categories))
		return start;
	mmscope_runs_count(r, pages);
	return end;
}

/* The same, if they are to be told of. */
static inline u64 mmscope_runs_add(struct mmscope_runs *r, u64 start, u64 end,
				   u64 categories)
{
	return mmscope_runs_want(r, categories) ?
		       mmscope_runs_tell(r, start, end, categories) : end;
}

/*
 * The same of pages with frames, of which @frame (not 0) is the first one's. The
 * others' follow it if they @follow; else they are further slots of swap.
 */
u64 mmscope_runs_add_frames(struct mmscope_runs *r, u64 start, u64 end, u64 categories,
			    u64 frame, bool follow);

/* The open run ends here, even if what follows is alike. */
void mmscope_runs_break(struct mmscope_runs *r);

/* Forget the closed runs (they were copied away); the open one stays. */
void mmscope_runs_flush(struct mmscope_runs *r);

#endif /* MMSCOPE_RUNS_H */
