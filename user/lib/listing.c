// SPDX-License-Identifier: GPL-2.0
/*
 * listing.c - lists of VMAs for who does not keep them: all at once where they are
 * few, else in parts, each read from the module as it is told of.
 */
#include <stdlib.h>
#include <string.h>

#include "private.h"

struct mms_listing {
	struct mms_target *target;
	uint64_t start, end, categories;
	unsigned int flags;
	size_t most;			/* VMAs in a part; 0: all there are is in `all` */
	struct mms_mm mm;
	struct mms_vmas all;
	struct mmsi_exec_files files;	/* in all parts */
};

/* Where a reader of parts is. */
struct place {
	uint64_t at;
	struct mms_vma prev;		/* what was told of last, without its name; or 0 */
	bool end;
};

/* What has been told of may have grown: no address is told of twice. */
static void drop_first(struct mms_vmas *part)
{
	part->count--;
	memmove(part->vma, part->vma + 1, part->count * sizeof(*part->vma));
	if (part->acct)
		memmove(part->acct, part->acct + 1, part->count * sizeof(*part->acct));
}

/*
 * The next part.  Its last VMA is in the one behind it, too, unless it is alone: what a
 * VMA serves for may be told by its neighbours.
 */
static int read_part(struct mms_listing *l, struct place *p, unsigned int flags,
		     struct mms_vmas *part, struct mms_error *err)
{
	struct mms_target *t = l->target;
	uint64_t from = p->at;

	memset(part, 0, sizeof(*part));
	p->end = from >= l->end;
	if (p->end)
		return 0;
	if (t->source->part(t, from, l->end, flags, l->categories, l->most, part, err)) {
		mms_vmas_free(part);
		return -1;
	}
	part->page_size = t->page_size;
	p->end = !part->count;
	if (p->end)
		return 0;
	p->at = part->count > 1 ? part->vma[part->count - 1].start : part->vma[0].end;
	if (from != l->start && part->vma[0].start < from)
		drop_first(part);
	return 0;
}

/* What has to be known of all of them before the first is told of. */
static int look_ahead(struct mms_listing *l, struct mms_error *err)
{
	struct place p = { .at = l->start };
	struct mms_vmas part;

	do {
		if (read_part(l, &p, MMS_VMAS_NO_NAMES, &part, err))
			return -1;
		mmsi_exec_files_add(&l->files, &part);
		if (mms_known(part.mm.fact[MMS_MM_HEAP_END]))
			l->mm.fact[MMS_MM_HEAP_END] = part.mm.fact[MMS_MM_HEAP_END];
		mms_vmas_free(&part);
	} while (!p.end);
	return 0;
}

/* Tells of a part, but for the VMA that is in the next one, too. */
static int tell(struct mms_listing *l, struct place *p, struct mms_vmas *part,
		mms_vmas_fn fn, void *arg)
{
	if (!part->count)
		return 0;
	mmsi_vmas_purpose(part, p->prev.end ? &p->prev : NULL, &l->files,
			  l->target->proc.threads);
	part->mm = l->mm;
	part->count -= part->vma[part->count - 1].start == p->at;
	if (!part->count)
		return 0;
	p->prev = part->vma[part->count - 1];
	p->prev.name = "";
	return fn(part, arg);
}

int mms_listing_each(struct mms_listing *l, mms_vmas_fn fn, void *arg, struct mms_error *err)
{
	struct place p = { .at = l->start };
	struct mms_vmas part;
	int stop = 0;

	if (!l->most) {
		fn(&l->all, arg);
		return 0;
	}
	do {
		if (read_part(l, &p, l->flags, &part, err))
			return -1;
		stop = tell(l, &p, &part, fn, arg);
		mms_vmas_free(&part);
	} while (!p.end && !stop);
	return 0;
}

/* ---- the list -------------------------------------------------------------- */

static bool in_parts(struct mms_listing *l, struct mms_error *err)
{
	struct mms_target *t = l->target;

	return t->source->part && (t->info.features & MMSCOPE_FEAT_PART) &&
	       !t->source->mm(t, &l->mm, err) && l->mm.fact[MMS_MM_MAP_COUNT].value > l->most;
}

static int begin(struct mms_listing *l, struct mms_error *err)
{
	if (in_parts(l, err))
		return look_ahead(l, err);
	l->most = 0;
	if (mms_vmas_read(l->target, l->start, l->end, l->flags, l->categories, &l->all, err))
		return -1;
	l->mm = l->all.mm;
	return 0;
}

int mms_listing_new(struct mms_target *t, uint64_t start, uint64_t end, unsigned int flags,
		    uint64_t categories, size_t most, struct mms_listing **listing,
		    struct mms_error *err)
{
	struct mms_listing *l;

	if (mmsi_range_check(t, &start, &end, err))
		return -1;
	l = calloc(1, sizeof(*l));
	if (!l)
		return mmsi_nomem(err);
	*l = (struct mms_listing){
		.target = t, .start = start, .end = end, .flags = flags,
		.categories = categories & t->categories,
		.most = most > 1 ? most : MMS_LISTING_PART,
	};
	if (begin(l, err)) {
		mms_listing_free(l);
		return -1;
	}
	*listing = l;
	return 0;
}

const struct mms_mm *mms_listing_mm(const struct mms_listing *l)
{
	return &l->mm;
}

void mms_listing_free(struct mms_listing *l)
{
	if (!l)
		return;
	mms_vmas_free(&l->all);
	mmsi_exec_files_free(&l->files);
	free(l);
}
