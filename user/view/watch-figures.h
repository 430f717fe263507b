/* SPDX-License-Identifier: GPL-2.0 */
/*
 * watch-figures.h - the figures of a refresh: one row in one table for each, which
 * drives the summary on the screen and the columns of the plain output.  Pure.
 */
#ifndef MMSCOPE_WATCH_FIGURES_H
#define MMSCOPE_WATCH_FIGURES_H

#include "watch-moment.h"

struct view_figure {
	const char *group;	/* on the screen it begins this group of figures; or NULL */
	const char *label;	/* what it is called there; "": by the group alone */
	const char *column;	/* its column of the plain output, or NULL: not there */
	int width;		/* of that column */
	int unit;		/* enum mms_unit */
	struct mms_fact (*value)(const struct view_moment *moment);
};

/* Ends with one whose `value` is NULL. */
extern const struct view_figure view_figures[];

/* As text: "0x1ed91000", "33.4M", "59", "?"; and in bytes, if so wanted.  Returns buf. */
char *view_figure_text(const struct view_figure *figure, const struct view_moment *moment,
		       bool bytes, char buf[32]);
/* "+132K", if both know it and it is not the same; else "".  Returns buf. */
char *view_figure_step(const struct view_figure *figure, const struct view_moment *before,
		       const struct view_moment *now, bool bytes, char buf[32]);
/* Whether it is another one than before (NULL: then it is not). */
bool view_figure_changed(const struct view_figure *figure, const struct view_moment *before,
			 const struct view_moment *now);

#endif
