/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compare.h - every page of a range, as the module tells it, set beside what
 * pagemap, kpageflags and mincore answer; each difference has a name, or it is
 * a failure.
 */
#ifndef TESTS_COMPARE_H
#define TESTS_COMPARE_H

#include "kit.h"

/* The witnesses; the last is the module itself, asked for less and without frames. */
enum { W_PRESENT, W_SWAP, W_FILE, W_EXCLUSIVE, W_UFFD_WP, W_SOFT_DIRTY, W_FRAME, W_MINCORE,
       W_KPAGEFLAGS, W_ASKED_LESS, WITNESSES };
extern const char *const witness[WITNESSES];

/* The closed list of differences that are none. */
enum {
	D_PFNMAP,	/* pagemap does not look into a PFNMAP VMA */
	D_HUGE_ZERO,	/* pagemap calls the huge zero page one of a file */
	D_PRIVACY,	/* mincore says 1 of what it may not tell; so CACHE_UNKNOWN */
	D_SWAP_CACHE,	/* mincore looks into the swap cache, closed to modules */
	D_KPF_KSM,	/* kpageflags calls any anonymous page one of KSM, 6.10 on */
	D_KERNEL_PAGE,	/* [vdso], [vvar]: no file, and mincore does not look */
	D_HUGE_FILE,	/* pagemap has no PM_FILE for huge entries, 5.10 */
	D_NO_UFFD_WP,	/* and no bit for write protection, before 5.14 */
	DIFFERENCES
};
extern const char *const difference[DIFFERENCES];

struct tally {
	u64 pages, present;
	u64 bad[WITNESSES], named[DIFFERENCES];
	u64 unsettled;		/* pages that changed in each try */
	u64 all, any;		/* categories that all, and that any of them have */
};

typedef int (*mincore_fn)(u64 start, u64 pages, unsigned char *vec);

struct comparison {
	pid_t pid;
	int fd;			/* a session of it */
	mincore_fn mincore;	/* run inside it; may be NULL */
	bool kpageflags;
	bool may_know;		/* the asker may be told of every file's cache */
};

/* Adds to the tally. The range must be of one VMA, whose flags these are. */
void compare_range(const struct comparison *c, u64 start, u64 pages, u64 vma_flags,
		   struct tally *t);
/* The whole address space. */
void compare_process(const struct comparison *c, struct tally *t);
/* One result a witness. */
void report(const char *name, const struct tally *t, const struct comparison *c);

#endif /* TESTS_COMPARE_H */
