/* SPDX-License-Identifier: GPL-2.0 */
/*
 * swap-help.h - what the lessons mincore, swap and mlock share: what kind of
 * swap there is, sending pages there and getting copies out of the way, and
 * searching swap areas for bytes.
 */
#ifndef LESSON_SWAP_HELP_H
#define LESSON_SWAP_HELP_H

#include "lesson.h"

/* Where a page goes that is paged out, and so whether a copy stays in memory. */
enum swap_kind {
	SWAP_NONE,	/* nowhere: no swap, or it is full */
	SWAP_AT_ONCE,	/* written before the call returns, as to zram: no copy stays */
	SWAP_LATER,	/* to a disk: a copy stays in the swap cache until reclaim comes */
	SWAP_EITHER	/* not to be told: areas of both kinds, or zswap before a disk */
};
enum swap_kind swap_kind(void);

/* How to run the lesson of that name with swap, for skip_step(). */
const char *swap_mend(const char *lesson);
/* Skips the step of the lesson if there is no swap. */
bool skip_without_swap(struct lesson *l, const char *lesson);

/*
 * Keeps it on one processor.  A new page waits in a list of its processor before
 * it is on the kernel's lists, and madvise() empties that of its own only: on
 * another one it would find nothing to page out.
 */
void stay_on_one_cpu(struct subject *s);

/* A subject on one processor; in a cgroup of its own if one is to be had. */
struct subject *subject_in_cgroup(struct lesson *l, const char *name, char cgroup[256]);

/*
 * MADV_PAGEOUT until no page of the range is present; told once.  False if the
 * call failed, or some page would not go.
 */
bool page_out(struct lesson *l, struct subject *s, uint64_t address, size_t pages);
/*
 * Has the kernel reclaim what the cgroup holds until mincore() says 0 of each
 * page (or, with `swapped`, until each is in swap).  False if it does not.
 */
bool reclaim_until_gone(struct lesson *l, struct subject *s, const char *cgroup,
			uint64_t address, size_t pages);
bool reclaim_until_swapped(struct lesson *l, struct subject *s, const char *cgroup,
			   uint64_t address, size_t pages);
/* MADV_WILLNEED: brings them to the swap cache, and waits until they are there. */
bool read_ahead(struct lesson *l, struct subject *s, uint64_t address, size_t pages);

/* How many of them mincore() finds; the call is not told. */
size_t count_in_core(struct subject *s, uint64_t address, size_t pages);
/* How many are in the state of the letter, by the module. */
size_t count_letter(struct lesson *l, struct subject *s, uint64_t address, size_t pages,
		    char letter);
/* Entries of pagemap; false if it cannot be read there (or ends before). */
bool read_pagemap(struct subject *s, uint64_t address, size_t pages, uint64_t *entry);
#define PAGEMAP_PRESENT	(1ULL << 63)
#define PAGEMAP_SWAPPED	(1ULL << 62)

/* The areas that /proc/swaps lists. */
struct swap_area {
	char path[256];
	uint64_t size, used;	/* kB */
	int priority;
	bool at_once;		/* the kernel waits for it: SWAP_AT_ONCE */
};
#define SWAP_AREAS	32
size_t swap_areas(struct swap_area area[SWAP_AREAS]);

/*
 * How many pages in all swap areas begin with each of these; on the disk, past
 * every cache.  For root.  0, or -1 with the reason in why[].
 */
struct swap_needle { const void *bytes; };
int find_in_swap(const struct lesson *l, const struct swap_needle *needle, size_t needles,
		 size_t length, int64_t *found, char why[160]);

#endif
