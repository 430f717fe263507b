/* SPDX-License-Identifier: GPL-2.0 */
/*
 * heap.h - what the lessons on the C library's heap share: a subject whose
 * pages can be counted one by one, and its heap beside the model of it.
 */
#ifndef LESSON_HEAP_H
#define LESSON_HEAP_H

#include "lesson.h"

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

#endif
