/* SPDX-License-Identifier: GPL-2.0 */
/*
 * report.h - an address space with all of its pages, collected to be drawn into a
 * file: html.c makes a page to look around in, svg.c a picture.
 *
 * Of a page it has its state and its categories.  Different pairs of these are few:
 * they are kept once, as kinds, and a run is a number of pages of one kind.  Frames
 * are not in it: a report is made to be shown.
 */
#ifndef MMSCOPE_REPORT_H
#define MMSCOPE_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "libmmscope.h"

struct view_report_kind {
	uint64_t categories;	/* meaningless if the state is MMS_PAGE_UNKNOWN */
	uint8_t state;		/* enum mms_page_state */
};

struct view_report_run {
	uint64_t pages;
	uint32_t kind;
};

#define VIEW_REPORT_RUNS_MAX	4000000	/* what a browser still takes: 30 MB */
#define VIEW_REPORT_SLOTS	1024

struct view_report {
	/* Set by who makes it; all must outlive it. */
	const struct mms_target *target;
	const struct mms_vmas *vmas;		/* with accounts */
	const struct mms_threads *threads;	/* NULL: not told */
	const struct mms_elfs *elfs;		/* opened after the pages were read */
	const struct mms_elf *program;		/* that of the main program, or NULL */
	uint64_t told;				/* categories that could be told of pages */
	uint64_t taken_ns;			/* since 1970 */

	size_t kinds, runs, runs_room;
	struct view_report_kind *kind;
	struct view_report_run *run;	/* in order; those of a VMA add up to it */
	size_t at;			/* VMA that is being told of */
	uint64_t next;			/* address that comes next in it */
	bool cut;			/* there were more runs: unknown from here on */
	uint32_t slot[VIEW_REPORT_SLOTS];	/* where a kind was seen last */
};

/* Once the first part is set.  Free with _free. */
void view_report_begin(struct view_report *r);
void view_report_free(struct view_report *r);
/*
 * Pages within the VMA `i`, in order of their addresses; what is passed over, nobody
 * told of.  False: no memory.
 */
bool view_report_run(struct view_report *r, size_t i, uint64_t start, uint64_t end,
		     struct view_report_kind kind);
/* Nothing more comes.  False: no memory. */
bool view_report_end(struct view_report *r);

/* Bytes of VMAs.  Which of the sums are known is the same for all purposes. */
struct view_report_sum {
	uint64_t vmas;			/* a number */
	uint64_t size, resident, locked, swapped;
};

struct view_report_sums {
	struct view_report_sum purpose[MMS_PURPOSE_COUNT], all;
	bool has_resident, has_swapped;
	bool has_locked;
	bool locked_vmas;	/* it is whole VMAs with the lock flag, not pages */
	uint64_t gap_start, gap_end;	/* the largest below a VMA; equal: none */
};

void view_report_sums(const struct view_report *r, struct view_report_sums *sums);

/*
 * The page; a still picture.  Both to an open file, whose errors are the caller's.
 * False: no memory.
 */
bool view_html_draw(FILE *out, const struct view_report *r);
bool view_svg_draw(FILE *out, const struct view_report *r);

#endif
