/* SPDX-License-Identifier: GPL-2.0 */
/*
 * timeline.h - what a program did to its memory, as one file for a browser: events
 * are encoded as they come, and drawn into the page when there are no more.
 */
#ifndef MMSCOPE_VIEW_TIMELINE_H
#define MMSCOPE_VIEW_TIMELINE_H

#include <stdbool.h>
#include <stdio.h>

#include "libmmscope.h"

/* What a browser still takes.  Faults and mallocs leave room for the calls behind them. */
#define VIEW_TIMELINE_EVENTS_MAX	200000
#define VIEW_TIMELINE_LESSER_MAX	150000
#define VIEW_TIMELINE_BYTES_MAX		(64U << 20)

struct view_timeline;

struct view_timeline_sums {
	uint64_t events, processes;	/* in the page */
	uint64_t left_out;		/* events behind those */
};

/* `program`: what was started, or attached to.  NULL: no memory. */
struct view_timeline *view_timeline_new(pid_t first, const char *program, const char *source,
					bool attached);
void view_timeline_free(struct view_timeline *t);	/* NULL is fine */
/* That there was no memory for it is told by _draw. */
void view_timeline_event(struct view_timeline *t, const struct mms_trace_event *event);
/* Once, behind the last event; errors of writing are the caller's.  False: no memory. */
bool view_timeline_draw(FILE *out, struct view_timeline *t);
struct view_timeline_sums view_timeline_sums(const struct view_timeline *t);

#endif
