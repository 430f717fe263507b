/* SPDX-License-Identifier: GPL-2.0 */
/*
 * procfs.h - from what the files of /proc/PID hold to what the library tells.
 * All of it is pure: text and entries come as they were read, and may be
 * anything.
 */
#ifndef MMS_PROCFS_H
#define MMS_PROCFS_H

#include "private.h"

/* ---- proc.c: stat and status, as for struct mms_proc ---- */

/* false: no sense can be made of it. */
bool mmsi_proc_from_stat(const char *text, struct mms_proc *proc);
void mmsi_proc_from_status(const char *text, struct mms_proc *proc);
/* Whether a process with this name in stat, and this argv[0], is called `name`. */
bool mmsi_proc_is_called(const char *comm, const char *argv0, const char *name);

/* ---- procfs-text.c ---- */

/* What the texts do not tell stays as it is in *mm. */
void mmsi_mm_from_stat(const char *text, struct mms_mm *mm);
void mmsi_mm_from_status(const char *text, struct mms_mm *mm);
void mmsi_mm_from_limits(const char *text, struct mms_mm *mm);

/* What smaps counts by category; the rest it does not tell. */
#define MMSI_SMAPS_CATEGORIES (MMSCOPE_CAT(SWAPPED) | MMSCOPE_CAT(ANON) | \
			       MMSCOPE_CAT(LAZYFREE) | MMSCOPE_CAT(CACHE_SWAPPED))

/*
 * Takes the text of maps, or with `acct` of smaps, apart; the names stay in it.
 * Adds the VMAs that overlap [start, end) to *l; *count grows by all there are.
 * Returns -1 if there is no memory.
 */
int mmsi_vmas_from_text(struct mms_vmas *l, char *text, uint64_t start, uint64_t end,
			bool acct, uint64_t *count);

/* ---- thread.c ---- */

/* The stack pointer from the text of /proc/PID/task/TID/syscall; false: not told. */
bool mmsi_sp_from_syscall(const char *text, uint64_t *sp);

/* ---- pagemap.c ---- */

/* The state of one query over pagemap. */
struct mmsi_pagemap {
	const struct mms_pages_query *query;
	mms_run_fn run;
	void *arg;
	struct mmscope_run held;	/* the run that grows */
	bool holding;
	bool present;			/* it is of pages that are present */
	bool stop;			/* the caller wants no more */
	bool full;			/* max_pages were told of */
	uint64_t pages;
};

/* What one entry says. */
uint64_t mmsi_pagemap_categories(uint64_t entry);
/* The next page, and the last one: addresses come in order. */
void mmsi_pagemap_add(struct mmsi_pagemap *scan, uint64_t address, uint64_t entry);
/* The same for `pages` of them, one or more, that have the same entry. */
void mmsi_pagemap_add_many(struct mmsi_pagemap *scan, uint64_t address, uint64_t entry,
			   uint64_t pages);
void mmsi_pagemap_flush(struct mmsi_pagemap *scan);

#endif
