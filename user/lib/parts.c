// SPDX-License-Identifier: GPL-2.0
/*
 * parts.c - parts of memory laid over runs of pages: how many bytes of each part
 * lie in pages of which state.  Pure.  Parts may overlap, nest and be many; the
 * work is that of sorting them, whatever the runs are.
 */
#include <stdlib.h>
#include <string.h>

#include "private.h"

/* What has gone by so far: the bytes of all runs below some address. */
struct sums {
	uint64_t state[MMS_PAGE_STATE_COUNT];
	uint64_t dirty, anon;
};

/*
 * A part has what was summed up at its end, less what was at its start.  So each
 * start and each end is passed once, in the order of addresses.
 */
struct mms_layer {
	struct mms_part *part;
	size_t count;
	size_t *by_start, *by_end;	/* their indices, in these orders */
	size_t started, ended;		/* how many of each were passed */
	uint64_t next;			/* runs below this were taken */
	struct sums sums;
};

static uint64_t end_of(const struct mms_part *p)
{
	return p->size <= UINT64_MAX - p->start ? p->start + p->size : UINT64_MAX;
}

static int by_start(const void *a, const void *b, void *arg)
{
	const struct mms_part *part = arg;
	uint64_t x = part[*(const size_t *)a].start, y = part[*(const size_t *)b].start;

	return (x > y) - (x < y);
}

static int by_end(const void *a, const void *b, void *arg)
{
	const struct mms_part *part = arg;
	uint64_t x = end_of(&part[*(const size_t *)a]), y = end_of(&part[*(const size_t *)b]);

	return (x > y) - (x < y);
}

struct mms_layer *mms_layer_new(struct mms_part *part, size_t count)
{
	struct mms_layer *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->part = part;
	l->count = count;
	l->by_start = calloc(count + 1, sizeof(*l->by_start));
	l->by_end = calloc(count + 1, sizeof(*l->by_end));
	if (!l->by_start || !l->by_end) {
		mms_layer_end(l);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		l->by_start[i] = l->by_end[i] = i;
		memset(part[i].state, 0, sizeof(part[i].state));
		part[i].dirty = part[i].anon = 0;
	}
	if (count) {
		qsort_r(l->by_start, count, sizeof(*l->by_start), by_start, part);
		qsort_r(l->by_end, count, sizeof(*l->by_end), by_end, part);
	}
	return l;
}

/* Adds `times` (1 or, wrapping, -1) the sums to a part. */
static void book(struct mms_part *p, const struct sums *s, uint64_t times)
{
	for (int i = 0; i < MMS_PAGE_STATE_COUNT; i++)
		p->state[i] += times * s->state[i];
	p->dirty += times * s->dirty;
	p->anon += times * s->anon;
}

static void add(struct sums *s, uint64_t bytes, enum mms_page_state state, bool dirty, bool anon)
{
	s->state[state] += bytes;
	s->dirty += dirty ? bytes : 0;
	s->anon += anon ? bytes : 0;
}

/* The lowest start or end that was not passed yet; false: there is none. */
static bool next_edge(const struct mms_layer *l, uint64_t *at)
{
	bool start = l->started < l->count, end = l->ended < l->count;
	uint64_t first = start ? l->part[l->by_start[l->started]].start : UINT64_MAX;
	uint64_t last = end ? end_of(&l->part[l->by_end[l->ended]]) : UINT64_MAX;

	*at = first < last ? first : last;
	return start || end;
}

/* All starts and ends that are at `at`. */
static void pass(struct mms_layer *l, uint64_t at, const struct sums *s)
{
	for (; l->started < l->count; l->started++) {
		struct mms_part *p = &l->part[l->by_start[l->started]];

		if (p->start > at)
			break;
		book(p, s, (uint64_t)-1);
	}
	for (; l->ended < l->count; l->ended++) {
		struct mms_part *p = &l->part[l->by_end[l->ended]];

		if (end_of(p) > at)
			break;
		book(p, s, 1);
	}
}

void mms_layer_run(struct mms_layer *l, uint64_t start, uint64_t end, enum mms_page_state state,
		   uint64_t categories)
{
	bool there = mms_page_state_present(state) && state != MMS_PAGE_ZERO;
	bool dirty = there && categories & (MMSCOPE_CAT(DIRTY) | MMSCOPE_CAT(PAGE_DIRTY));
	bool anon = there && categories & MMSCOPE_CAT(ANON);
	uint64_t at;

	if (start < l->next)
		start = l->next;
	if (start >= end || state >= MMS_PAGE_STATE_COUNT)
		return;
	while (next_edge(l, &at) && at < end) {
		struct sums here = l->sums;

		if (at > start)
			add(&here, at - start, state, dirty, anon);
		pass(l, at, &here);
	}
	add(&l->sums, end - start, state, dirty, anon);
	l->next = end;
}

void mms_layer_end(struct mms_layer *l)
{
	if (!l)
		return;
	if (l->by_start && l->by_end)
		pass(l, UINT64_MAX, &l->sums);
	free(l->by_start);
	free(l->by_end);
	free(l);
}

/* ---- what it comes to ------------------------------------------------------ */

uint64_t mms_part_resident(const struct mms_part *p)
{
	/* On their way to another place, or there: smaps counts them, too. */
	uint64_t sum = p->state[MMS_PAGE_MIGRATING] + p->state[MMS_PAGE_DEVICE];

	for (int i = 0; i < MMS_PAGE_STATE_COUNT; i++)
		if (mms_page_state_present((enum mms_page_state)i))
			sum += p->state[i];
	return sum;
}

uint64_t mms_part_absent(const struct mms_part *p)
{
	return p->state[MMS_PAGE_CACHED] + p->state[MMS_PAGE_ABSENT] +
	       p->state[MMS_PAGE_UNTOUCHED] + p->state[MMS_PAGE_GUARD] +
	       p->state[MMS_PAGE_POISONED];
}

uint64_t mms_part_unmapped(const struct mms_part *p)
{
	uint64_t told = 0;

	for (int i = 0; i < MMS_PAGE_STATE_COUNT; i++)
		told += p->state[i];
	return p->size > told ? p->size - told : 0;
}

const char *mms_part_word(const struct mms_part *p)
{
	uint64_t unmapped = mms_part_unmapped(p);

	if (unmapped)
		return unmapped == p->size ? "unmapped" : "mixed";
	for (int i = 0; i < MMS_PAGE_STATE_COUNT; i++)
		if (p->state[i])
			return p->state[i] == p->size ?
			       mms_page_state_name((enum mms_page_state)i) : "mixed";
	return "";
}

uint64_t mms_part_pages(const struct mms_part *p)
{
	uint64_t page = mms_page_size(), first = p->start / page;

	return p->size ? (end_of(p) - 1) / page - first + 1 : 0;
}
