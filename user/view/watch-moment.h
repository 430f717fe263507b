/* SPDX-License-Identifier: GPL-2.0 */
/*
 * watch-moment.h - what one refresh of watch knew, kept small, and the last few of
 * them; and what is different from one to the next.  Pure: nothing here asks.
 */
#ifndef MMSCOPE_WATCH_MOMENT_H
#define MMSCOPE_WATCH_MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libmmscope.h"
#include "strip.h"
#include "vmas.h"

/* ---- one refresh ----------------------------------------------------------- */

/* Counts of a VMA, in bytes; a bit of `known` for each that could be told. */
enum view_count { VIEW_RSS, VIEW_SWAP, VIEW_MLOCKED, VIEW_DIRTY, VIEW_COUNTS };

struct view_counts {
	uint64_t bytes[VIEW_COUNTS];
	uint8_t known;
};

/* The categories that these need, for mms_vmas_read(). */
#define VIEW_COUNT_CATS \
	(MMSCOPE_CAT(PRESENT) | MMSCOPE_CAT(SWAPPED) | MMSCOPE_CAT(CACHE_SWAPPED) | \
	 MMSCOPE_CAT(MLOCKED) | MMS_CATS_PARTS)

enum view_pages_told {
	VIEW_PAGES_NOT,		/* nobody asked about that VMA then */
	VIEW_PAGES_TOLD,
	VIEW_PAGES_VAST,	/* to ask would take too long */
	VIEW_PAGES_FAILED,	/* the answer did not come */
};

/* Pages in one state, up to where the next run begins. */
struct view_run {
	uint64_t page : 56;	/* the first, counted from the start of the range */
	uint64_t state : 8;	/* enum mms_page_state */
};

/* The pages of the one VMA that was asked about. */
struct view_pages {
	uint64_t start, end;
	enum view_pages_told told;
	size_t count, room;
	struct view_run *run;
};

#define VIEW_RUNS_MAX	(1U << 20)	/* what comes behind these is not told */

struct view_moment {
	struct mms_vmas list;	/* without accounts; its memory is the moment's own */
	size_t names_size;	/* bytes of its names */
	struct view_counts *counts;	/* by VMA */
	struct view_totals totals;
	struct mms_proc proc;	/* its name, threads and faults at that time */
	uint64_t when_ns;	/* since 1970 */
	uint64_t number;	/* of the refresh, from 1 */
	bool exec;		/* another program than in the refresh before */
	struct view_pages pages;
};

/*
 * Keeps what is needed of a list with accounts, which remains the caller's.
 * NULL: no memory.  Free with view_moment_free(); NULL is fine.
 */
struct view_moment *view_moment_new(const struct mms_vmas *vmas, const struct mms_proc *proc);
void view_moment_free(struct view_moment *moment);
/* Bytes of memory that it takes. */
size_t view_moment_size(const struct view_moment *moment);

/* The pages of [start, end): begun anew, then runs in order, then the end. */
void view_pages_begin(struct view_moment *moment, uint64_t start, uint64_t end);
void view_pages_add(struct view_moment *moment, uint64_t start, uint64_t end,
		    enum mms_page_state state);
void view_pages_end(struct view_moment *moment, enum view_pages_told told);
/* Fills a strip that was begun for this range. */
void view_pages_strip(const struct view_moment *moment, struct view_strip *strip);
/*
 * Sets changed[] for each cell of a strip that has a page in another state than
 * before.  Nothing is set if the same VMA was not asked about before.
 */
void view_pages_changed(const struct view_moment *before, const struct view_moment *now,
			const struct view_strip *strip, bool *changed);

/* ---- the last refreshes ----------------------------------------------------- */

struct view_past;

/* At most `most` refreshes, and less if they take more than `bytes`; but always two. */
struct view_past *view_past_new(size_t most, size_t bytes);
void view_past_free(struct view_past *past);
/* It belongs to the past from then on; the oldest may go for it. */
void view_past_add(struct view_past *past, struct view_moment *moment);
size_t view_past_count(const struct view_past *past);
/* The refresh that is so many before the newest (0); NULL: none. */
struct view_moment *view_past_at(const struct view_past *past, size_t back);

#endif
