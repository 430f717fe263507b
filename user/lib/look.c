// SPDX-License-Identifier: GPL-2.0
/*
 * look.c - the pages of some VMAs as they were at one look, kept as runs, and the
 * parts that are laid over them.  What was not kept is asked for when it is needed.
 */
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define RUNS_MAX	(1UL << 20)
/* An anonymous VMA may be the .bss of an object, or anything that lies behind it. */
#define ANON_MAX	(1ULL << 30)

struct mms_look {
	struct mms_target *target;
	const struct mms_vmas *vmas;
	uint64_t categories;
	bool *kept;		/* by VMA */
	struct mmscope_run *run;
	size_t runs, room;
	bool full, nomem;	/* of run */

	struct mms_layer *layer;	/* while parts are laid */
	const struct mms_vma *at;
};

static int keep_run(const struct mmscope_run *run, void *arg)
{
	struct mms_look *look = arg;
	struct mmscope_run *more;

	if (look->runs == RUNS_MAX) {
		look->full = true;
		return 1;
	}
	if (look->runs == look->room) {
		look->room = look->room ? 2 * look->room : 256;
		more = realloc(look->run, look->room * sizeof(*more));
		if (!more) {
			look->nomem = true;
			return 1;
		}
		look->run = more;
	}
	look->run[look->runs++] = *run;
	return 0;
}

static int keep_vma(struct mms_look *look, size_t i, struct mms_error *err)
{
	const struct mms_vma *v = &look->vmas->vma[i];
	struct mms_pages_query q = { .start = v->start, .end = v->end,
				     .categories = look->categories };
	size_t before = look->runs;

	if (!v->inode && v->end - v->start > ANON_MAX)
		return 0;
	if (mms_pages(look->target, &q, keep_run, look, NULL, err))
		return -1;
	if (look->nomem)
		return mmsi_nomem(err);
	/* All of a VMA, or nothing. */
	if (look->full)
		look->runs = before;
	look->kept[i] = !look->full;
	return 0;
}

int mms_look_new(struct mms_target *target, const struct mms_vmas *vmas, const bool *wanted,
		 uint64_t categories, struct mms_look **result, struct mms_error *err)
{
	struct mms_look *look = calloc(1, sizeof(*look));
	int ret = 0;

	if (look)
		look->kept = calloc(vmas->count + 1, sizeof(*look->kept));
	if (!look || !look->kept) {
		mms_look_free(look);
		return mmsi_nomem(err);
	}
	look->target = target;
	look->vmas = vmas;
	look->categories = categories;
	for (size_t i = 0; i < vmas->count && !ret && !look->full; i++)
		if (wanted[i])
			ret = keep_vma(look, i, err);
	if (ret)
		mms_look_free(look);
	else
		*result = look;
	return ret;
}

void mms_look_free(struct mms_look *look)
{
	if (!look)
		return;
	free(look->kept);
	free(look->run);
	free(look);
}

/* ---- parts ----------------------------------------------------------------- */

/*
 * The list of VMAs is as old as the look; what is asked for now may be of others,
 * and is taken as far as it lies in one of the list.
 */
static int lay_run(const struct mmscope_run *run, void *arg)
{
	struct mms_look *look = arg;
	const struct mms_vma *v = look->at;

	mms_layer_run(look->layer, run->start > v->start ? run->start : v->start,
		      run->end < v->end ? run->end : v->end,
		      mms_page_state(v, run->categories, look->categories), run->categories);
	return 0;
}

/* Of the runs that were kept, the first that ends above `address`. */
static size_t find_run(const struct mms_look *look, uint64_t address)
{
	size_t low = 0, high = look->runs;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (look->run[mid].end <= address)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The pages of one VMA in [start, end), from what was kept, or now. */
static int lay_vma(struct mms_look *look, size_t i, uint64_t start, uint64_t end,
		   struct mms_error *err)
{
	const struct mms_vma *v = &look->vmas->vma[i];
	struct mms_pages_query q = {
		.start = start > v->start ? start : v->start,
		.end = end < v->end ? end : v->end,
		.categories = look->categories,
	};

	look->at = v;
	if (!look->kept[i])
		return mms_pages(look->target, &q, lay_run, look, NULL, err);
	for (size_t k = find_run(look, q.start); k < look->runs && look->run[k].start < q.end; k++)
		lay_run(&look->run[k], look);
	return 0;
}

/* The pages that any part has a byte in; false: there are none. */
static bool find_range(const struct mms_part *part, size_t count, uint64_t *start, uint64_t *end)
{
	uint64_t mask = mms_page_size() - 1, last = 0;

	*start = UINT64_MAX;
	for (size_t i = 0; i < count; i++) {
		if (!part[i].size || part[i].size - 1 > UINT64_MAX - part[i].start)
			continue;
		if (part[i].start < *start)
			*start = part[i].start & ~mask;
		if (part[i].start + (part[i].size - 1) > last)
			last = part[i].start + (part[i].size - 1);
	}
	*end = (last | mask) == UINT64_MAX ? ~mask : (last | mask) + 1;
	return *start < *end;
}

int mms_look_parts(struct mms_look *look, struct mms_part *part, size_t count,
		   struct mms_error *err)
{
	const struct mms_vmas *l = look->vmas;
	uint64_t start, end;
	int ret = 0;

	look->layer = mms_layer_new(part, count);
	if (!look->layer)
		return mmsi_nomem(err);
	if (find_range(part, count, &start, &end))
		for (size_t i = mms_vmas_find(l, start); i < l->count && !ret; i++) {
			if (l->vma[i].start >= end)
				break;
			ret = lay_vma(look, i, start, end, err);
		}
	mms_layer_end(look->layer);
	look->layer = NULL;
	return ret;
}
