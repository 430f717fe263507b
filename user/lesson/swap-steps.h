/* SPDX-License-Identifier: GPL-2.0 */
/*
 * swap-steps.h - the parts of the lesson swap.
 */
#ifndef LESSON_SWAP_STEPS_H
#define LESSON_SWAP_STEPS_H

#include "lesson.h"

/* swap.c: of the pages mincore finds `want` in core. */
void expect_mincore(struct lesson *l, const char *what, struct subject *s, uint64_t at,
		    size_t pages, size_t want);

/* swap-advice.c */
void swap_refusals(struct lesson *l);	/* locked memory, memory shared by fork */
void swap_advice(struct lesson *l);	/* MADV_COLD, FREE, DONTNEED */
void swap_shared(struct lesson *l);	/* shared memory in swap */
void swap_without(struct lesson *l);	/* where there is no swap */

#endif
