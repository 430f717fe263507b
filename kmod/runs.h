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
	bool open_frames;	/* the open run's frames follow one another */
	u64 pages;		/* told of so far */
};

/* Is what has these categories to be told of? */
static inline bool mmscope_runs_want(const struct mmscope_runs *r, u64 categories)
{
	return (categories & r->all_of) == r->all_of &&
	       (!r->any_of || (categories & r->any_of)) && !(categories & r->none_of);
}

/*
 * Add [start, end), pages of which the same holds.  `frame` is the first one's,
 * 0 if frames are not asked for or there is none; `follows` says that the
 * others' follow it.  Returns how far it was taken: less than `end` if there is
 * no room, or pages_left is used up.
 */
u64 mmscope_runs_add(struct mmscope_runs *r, u64 start, u64 end, u64 categories,
		     u64 frame, bool follows);

/* The open run ends here, even if what follows is alike. */
void mmscope_runs_break(struct mmscope_runs *r);

/* Forget the closed runs (they were copied away); the open one stays. */
void mmscope_runs_flush(struct mmscope_runs *r);

#endif /* MMSCOPE_RUNS_H */
