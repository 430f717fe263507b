/* SPDX-License-Identifier: GPL-2.0 */
/*
 * threads.h - what the two files of the lesson "threads" share.
 */
#ifndef LESSON_THREADS_H
#define LESSON_THREADS_H

#include "lesson.h"

#define ARENA_MAX	(UINT64_C(64) << 20)	/* glibc's HEAP_MAX_SIZE on 64-bit machines */

static inline uint64_t up(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

/* A thread's arena, as far as nothing was freed to it. */
struct arena {
	uint64_t base, rw, top;		/* top: where the free rest begins */
};

/* Whether it is known how malloc will serve a thread; if not, *why says so. */
bool threads_known(const struct machine *m, const char **why);
uint64_t threads_malloc(struct subject *s, unsigned int thread, uint64_t size);

/* The steps.  False: the thread has no arena of its own here. */
bool threads_arena(struct lesson *l, struct subject *s, unsigned int thread, struct arena *a);
void threads_grow(struct lesson *l, struct subject *s, unsigned int thread, struct arena *a);
void threads_second(struct lesson *l, struct subject *s, unsigned int *thread,
		  const struct arena *first);
void threads_foreign(struct lesson *l, struct subject *s, unsigned int thread,
		   const struct arena *a);
void threads_one_arena(struct lesson *l);

#endif
