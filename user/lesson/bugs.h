/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bugs.h - what the files of the lesson "bugs" share.
 */
#ifndef LESSON_BUGS_H
#define LESSON_BUGS_H

#include <inttypes.h>

#include "lesson.h"

/* What puts malloc back to what the model knows. */
#define BUGS_UNSET	"unset GLIBC_TUNABLES MALLOC_MMAP_THRESHOLD_ MALLOC_TOP_PAD_ " \
			"MALLOC_PERTURB_"

/* A fresh subject, and the model of its heap; false: the step was skipped. */
bool bugs_start(struct lesson *l, struct subject **s, struct glibc_heap *heap);
/* The model's malloc, which is to be cut from the heap; false: the step was skipped. */
bool bugs_from_heap(struct lesson *l, struct glibc_heap *heap, uint64_t size,
		    struct glibc_malloc *g);
/* False, and skipped: malloc overwrites what it gives out or takes back. */
bool bugs_contents_stay(struct lesson *l);
/* Which tool sees such a bug, with its command. */
void bugs_tool(struct lesson *l, const char *text, ...) PRINTF(2, 3);
/* It is about to die: no core file shall be left. */
void bugs_doomed(struct subject *s);
/* The minor version of glibc, "2.36": 36. */
int bugs_glibc(const struct lesson *l);

/* bugs-heap.c: the steps about malloc and free. */
void bugs_double_free(struct lesson *l);
void bugs_secret(struct lesson *l);
void bugs_leak(struct lesson *l);
void bugs_fragmentation(struct lesson *l);

/* bugs-beyond.c: what has to do with no page. */
void bugs_undefined(struct lesson *l);
void bugs_races(struct lesson *l);

#endif
