/* SPDX-License-Identifier: GPL-2.0 */
/*
 * trace.h - what a program does to its memory, an event a line: as text, which is
 * folded on a narrow terminal, or as JSON.
 */
#ifndef MMSCOPE_VIEW_TRACE_H
#define MMSCOPE_VIEW_TRACE_H

#include "libmmscope.h"

struct view_trace {
	bool json;
	size_t width;		/* columns; 0: a line is as long as it is */
	pid_t first;		/* the process that it began with */
	bool many;		/* there are others: lines begin with whose they are */
	bool told_others;	/* what "~" means was said */
};

/* Of JSON: the line that says what follows. */
void view_trace_begin(struct view_trace *v, const char *source, bool attached);
void view_trace_event(struct view_trace *v, const struct mms_trace_event *event);

#endif
