/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mincore-row.h - one row of the lesson mincore: what each of three witnesses
 * is predicted to say of the pages, and the name of the difference.
 */
#ifndef LESSON_MINCORE_ROW_H
#define LESSON_MINCORE_ROW_H

#include "lesson.h"
#include "swap-help.h"
#include "witness.h"

#define UNTOLD	-1	/* not predicted */
#define NO_NAME	MMS_DIFF_COUNT

struct row {
	const char *words;	/* of the case, for the table at the end */
	const char *pattern;	/* as for expect_pages(); NULL: "X*" is not asked */
	int mincore, present, swapped;	/* of every page: 0, 1 or UNTOLD */
	int64_t rss, swap;	/* bytes, by smaps; UNTOLD if the VMA is not the range */
	enum mms_difference name;	/* why mincore (or who) differs from `present` */
	enum mms_witness who;	/* between the module and whom; 0: it is of smaps */
};

/*
 * Compares the pages with the row, and notes what was seen for the table.
 * Three checks: `pages`, `row`, and `named` where there is a name.
 */
void expect_row(struct lesson *l, struct subject *s, uint64_t address, size_t pages,
		const struct row *row);
/* The paragraph on a difference, the first time in a lesson. */
void explain(struct lesson *l, enum mms_difference d);
/* All rows that were seen so far; and forgets them. */
void tell_table(struct lesson *l);

/* mincore-rows.c: the rows, by what the memory is of. */
void rows_anonymous(struct lesson *l);
void rows_shared(struct lesson *l);
void rows_file(struct lesson *l);
/* mincore-more.c */
void rows_privacy(struct lesson *l);
void rows_special(struct lesson *l);
void rows_hugetlb(struct lesson *l);
void rows_swap(struct lesson *l);

#endif
