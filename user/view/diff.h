/* SPDX-License-Identifier: GPL-2.0 */
/*
 * diff.h - what is different in a second capture, told in effects: the figures,
 * then area by area in the order of their addresses.
 */
#ifndef MMSCOPE_DIFF_H
#define MMSCOPE_DIFF_H

#include <stdbool.h>

#include "libmmscope.h"

struct view_diff {
	const struct mms_diff *diff;
	const struct mms_capture_info *before, *after;
	const char *before_comm, *after_comm;	/* from outside */
	bool bytes;				/* sizes as plain numbers */
};

struct view_json;

/* One area, as a member of an array. */
void view_diff_json_area(struct view_json *j, const struct mms_diff *d,
			 const struct mms_diff_area *a);

void view_diff_draw(const struct view_diff *v);
void view_diff_json(const struct view_diff *v);

#endif
