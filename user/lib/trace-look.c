// SPDX-License-Identifier: GPL-2.0
/*
 * trace-look.c - the address space around a call, as a capture in memory: all VMAs,
 * the figures, and the states of the pages that the call is about.
 */
#include <stdlib.h>

#include "trace.h"

/* What a call can change of a page; who else maps it is not among that. */
#define CATS_TOLD \
	(MMSCOPE_CAT(PRESENT) | MMSCOPE_CAT(SWAPPED) | MMSCOPE_CAT(CACHE_SWAPPED) | \
	 MMSCOPE_CAT(MIGRATING) | MMSCOPE_CAT(DEVICE) | MMSCOPE_CAT(ZERO) | MMSCOPE_CAT(ANON) | \
	 MMSCOPE_CAT(FILE) | MMSCOPE_CAT(SHMEM) | MMSCOPE_CAT(SPECIAL) | MMSCOPE_CAT(DIRTY) | \
	 MMSCOPE_CAT(PAGE_DIRTY) | MMSCOPE_CAT(MLOCKED) | MMSCOPE_CAT(LOCK_UNKNOWN) | \
	 MMSCOPE_CAT(GUARD) | MMSCOPE_CAT(HUGE_PMD) | MMSCOPE_CAT(HUGE_PUD))

struct mmsi_snap *mmsi_snap_hold(struct mmsi_snap *snap)
{
	if (snap)
		snap->refs++;
	return snap;
}

void mmsi_snap_drop(struct mmsi_snap *snap)
{
	if (!snap || --snap->refs)
		return;
	mms_capture_free(snap->c);
	free(snap);
}

static struct mmsi_snap *snap_new(void)
{
	struct mmsi_snap *snap = calloc(1, sizeof(*snap));

	if (!snap)
		return NULL;
	snap->refs = 1;
	snap->c = mmsi_capture_new();
	if (snap->c)
		return snap;
	free(snap);
	return NULL;
}

static int keep_run(const struct mmscope_run *run, void *arg)
{
	struct mms_capture *c = arg;

	mmsi_runs_add(&c->runs, run, c->info.page_size);
	return c->runs.packed.failed;
}

static int look_at_pages(struct mmsi_space *s, struct mmsi_snap *snap,
			 struct mms_trace_range range, uint64_t *left, struct mms_error *err)
{
	struct mms_pages_query q = {
		.start = range.start, .end = range.end, .max_pages = *left,
		.categories = snap->c->info.categories,
	};
	uint64_t pages = 0;

	if (range.start == range.end)
		return 0;
	if (!*left) {
		snap->capped = true;
		return 0;
	}
	if (mms_pages(s->target, &q, keep_run, snap->c, &pages, err))
		return -1;
	*left -= pages < *left ? pages : *left;
	snap->capped |= !*left;
	return snap->c->runs.packed.failed ? mmsi_nomem(err) : 0;
}

/* Runs are kept in the order of their addresses, and once. */
static int look_at_ranges(struct mmsi_space *s, struct mmsi_snap *snap,
			  const struct mms_trace_range range[2], struct mms_error *err)
{
	struct mms_trace_range low = range[0], high = range[1];
	uint64_t left = MMSI_TRACE_PAGES_MAX;

	if (low.start == low.end || (high.start != high.end && high.start < low.start)) {
		low = range[1];
		high = range[0];
	}
	if (high.start != high.end && high.start <= low.end) {
		low.end = low.end > high.end ? low.end : high.end;
		high = (struct mms_trace_range){ 0 };
	}
	if (look_at_pages(s, snap, low, &left, err))
		return -1;
	return look_at_pages(s, snap, high, &left, err);
}

struct mmsi_snap *mmsi_look(struct mmsi_space *s, const struct mms_trace_range range[2],
			    bool locks)
{
	struct mmsi_snap *snap = s->target ? snap_new() : NULL;
	struct mms_capture_info *i;
	unsigned int flags = 0;

	if (!snap)
		return NULL;
	i = &snap->c->info;
	/* By these stacks and arenas of threads are told. */
	s->target->proc.threads = s->threads;
	i->pid = s->pid;
	i->page_size = s->target->page_size;
	i->categories = s->target->categories & CATS_TOLD;
	/* That a VMA is locked is not in maps. */
	if (locks && s->target->devfd < 0)
		flags = MMS_VMAS_ACCT;
	if (mms_vmas_read(s->target, MMS_ALL_START, MMS_ALL_END, flags, 0, &snap->c->vmas,
			  &s->lack) ||
	    look_at_ranges(s, snap, range, &s->lack)) {
		mmsi_snap_drop(snap);
		return NULL;
	}
	mmsi_snap_drop(s->latest);
	s->latest = mmsi_snap_hold(snap);
	return snap;
}
