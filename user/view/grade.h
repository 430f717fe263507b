/* SPDX-License-Identifier: GPL-2.0 */
/*
 * grade.h - what an assignment earned: TAP, with points and the instructor's
 * sentences; or JSON.
 */
#ifndef MMSCOPE_VIEW_GRADE_H
#define MMSCOPE_VIEW_GRADE_H

#include "../grade/grade.h"

struct view_grade_sums {
	unsigned int right, wrong, unknown;	/* checks */
	unsigned int points, most;
};

struct view_grade_sums view_grade_sums(const struct grade_run *r);
void view_grade_tap(const struct grade_run *r);
/* That a specification is sound. */
void view_grade_spec(const struct grade_spec *spec, const char *name, bool json);
void view_grade_json(const struct grade_run *r, char *const argv[]);

#endif
