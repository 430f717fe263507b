/* SPDX-License-Identifier: GPL-2.0 */
/*
 * heap.h - what the lessons on the C library's heap share: a subject whose
 * pages can be counted one by one, and the model of malloc beyond a heap that
 * only grows: what free() at its end, learning and trimming do.
 */
#ifndef LESSON_HEAP_H
#define LESSON_HEAP_H

#include "lesson.h"

/* Behind chunks of this size free() thinks of giving memory back. */
#define GLIBC_CONSOLIDATE	65536ULL
/* Free chunks up to this size go into the tcache, up to that into fastbins. */
#define GLIBC_TCACHE_MAX	1040ULL
#define GLIBC_FAST_MAX		128ULL
/* Mmapped chunks below this size are learned from. */
#define GLIBC_LEARN_MAX		(32ULL << 20)

/*
 * As subject_start(); and its pages are small ones, whatever the machine's
 * mode of huge pages.
 */
struct subject *heap_subject(struct lesson *l, const struct subject_options *options);
/* Its heap by the model; false: the step has been skipped, with the reason. */
bool heap_model(struct lesson *l, struct subject *s, struct glibc_heap *h);
/* The buffer that stdio takes for its stdout, as a request; 0: not to be known. */
uint64_t heap_stdio_buffer(struct subject *s);

/*
 * An environment for subject_options.env in which nothing is said of malloc but
 * `setting` ("NAME=value", or NULL); *settings is what that makes.
 */
const char *const *heap_environment(const char *setting, struct malloc_settings *settings);

/* A malloc() in the subject and in the model; with a need() that it succeeds. */
uint64_t heap_malloc(struct lesson *l, struct subject *s, struct glibc_heap *h, uint64_t request,
		     struct glibc_malloc *g);
/* The request that leaves next to nothing of the top; no matter how large. */
uint64_t heap_filler(const struct glibc_heap *h);
/* malloc() of it, untold, so that the next request has to be got from elsewhere. */
void heap_fill_top(struct lesson *l, struct subject *s, struct glibc_heap *h);

/*
 * free() of the chunk before the top, too large for tcache and fastbins: it
 * becomes part of the top, which may be cut.  What the break moves down.
 */
uint64_t heap_free_last(struct glibc_heap *h, uint64_t chunk);
/* malloc_trim(pad) of the top alone.  What the break moves down. */
uint64_t heap_trim(struct glibc_heap *h, uint64_t pad);
/* free() of an mmapped chunk of this size: what is learned. */
void heap_free_mmapped(struct glibc_heap *h, uint64_t chunk);

#endif
