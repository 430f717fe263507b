/* SPDX-License-Identifier: GPL-2.0 */
/*
 * trace.h - what a program does to its memory, an event a line: as text, which is
 * folded on a narrow terminal, or as JSON.
 */
#ifndef MMSCOPE_VIEW_TRACE_H
#define MMSCOPE_VIEW_TRACE_H

#include <stdio.h>

#include "libmmscope.h"

struct view_trace {
	FILE *out;
	bool json;
	size_t width;		/* columns; 0: a line is as long as it is */
	pid_t first;		/* the process that it began with */
	bool many;		/* there are others: lines begin with whose they are */
	bool told_others;	/* what "~" means was said */
};

/* Of JSON: the line that says what follows. */
void view_trace_begin(struct view_trace *v, const char *source, bool attached);
void view_trace_event(struct view_trace *v, const struct mms_trace_event *event);

/* What an event's line is put together from, on its own; perhaps nothing. */
enum view_trace_part {
	VIEW_TRACE_WHAT,	/* the call with its arguments, the fault, the end */
	VIEW_TRACE_RESULT,
	VIEW_TRACE_CHANGES,
	VIEW_TRACE_CALLER,
};
void view_trace_part(FILE *out, enum view_trace_part part, const struct mms_trace_event *event);

#endif
