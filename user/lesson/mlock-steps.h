/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mlock-steps.h - the parts of the lesson mlock, and what they share.
 */
#ifndef LESSON_MLOCK_STEPS_H
#define LESSON_MLOCK_STEPS_H

#include "lesson.h"
#include "swap-help.h"

#define RW	(PROT_READ | PROT_WRITE)

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT	1
#endif
#ifndef MCL_ONFAULT
#define MCL_ONFAULT	4
#endif

/* mlock.c: */
/* Bytes in locked VMAs, by the module and by VmLck of /proc/PID/status. */
void expect_locked(struct lesson *l, const char *what, struct subject *s, uint64_t bytes);
uint64_t locked_bytes(struct lesson *l, struct subject *s);
/*
 * Intent (the VMA: L locked, o on fault, - not) and fact (the page's own flag:
 * # mlocked, - not), a letter a page; "LLoo--" as predicted.
 */
void expect_marks(struct lesson *l, struct subject *s, uint64_t at, size_t pages,
		  const char *intent, const char *fact);
/* Small pages, whatever is set. */
uint64_t small_room(struct subject *s, size_t pages, int prot);
/* On one processor, and without huge pages of any size. */
struct subject *subject_pinned(struct lesson *l);

void mlock_malloc(struct lesson *l);	/* mlock-malloc.c: chunks, free, posix_memalign */
void mlock_all(struct lesson *l);	/* mlock-all.c: mlockall */
void mlock_limits(struct lesson *l);	/* mlock-limit.c: RLIMIT_MEMLOCK */
void mlock_secret(struct lesson *l);	/* mlock-secret.c: what reaches swap */

#endif
