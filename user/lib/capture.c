// SPDX-License-Identifier: GPL-2.0
/*
 * capture.c - the source "capture": answers from what was captured, as the process
 * would have answered then.  What it told of each page is told again, filtered and
 * joined to runs as the kernel does it.
 */
#include <stdlib.h>
#include <string.h>

#include "capture.h"

static const char *const stills[MMS_STILL_COUNT] = {
	[MMS_STILL_MOVED] = "moved",
	[MMS_STILL_SEEMED] = "seemed",
	[MMS_STILL_HELD] = "held",
};

const char *mms_still_name(enum mms_still still)
{
	return still < MMS_STILL_COUNT ? stills[still] : "";
}

struct mms_capture *mmsi_capture_new(void)
{
	return calloc(1, sizeof(struct mms_capture));
}

void mms_capture_free(struct mms_capture *c)
{
	if (!c)
		return;
	mms_vmas_free(&c->vmas);
	mms_threads_free(&c->threads);
	free(c->runs.packed.data);
	free(c);
}

const struct mms_capture_info *mms_capture_info(const struct mms_capture *c)
{
	return &c->info;
}

static const struct mms_capture *capture_of(const struct mms_target *t)
{
	return t->priv;
}

/* ---- figures and VMAs ------------------------------------------------------ */

static int capture_mm(struct mms_target *t, struct mms_mm *mm, struct mms_error *err)
{
	(void)err;
	*mm = capture_of(t)->vmas.mm;
	mm->fact[MMS_MM_HEAP_END].from = MMS_FROM_NOWHERE;
	return 0;
}

/* Of the VMAs that were asked for, as with a process. */
static void find_heap_end(struct mms_vmas *l)
{
	l->mm.fact[MMS_MM_HEAP_END] = (struct mms_fact){ 0 };
	for (size_t i = l->count; i-- > 0;)
		if (l->vma[i].role & MMSCOPE_ROLE_HEAP) {
			mmsi_fact(&l->mm.fact[MMS_MM_HEAP_END], l->vma[i].end, l->from);
			return;
		}
}

/* Only the categories that were asked for; they decide what else can be said. */
static void copy_accounts(struct mms_vmas *l, const struct mms_vmas *all, uint64_t categories)
{
	bool narrow = all->acct_from == MMS_FROM_MODULE;

	if (categories & (MMSCOPE_CAT(MLOCKED) | MMSCOPE_CAT(UNEVICTABLE)))
		categories |= MMSCOPE_CAT(LOCK_UNKNOWN);
	if (!categories || !narrow)
		categories = ~0ULL;
	l->acct_from = all->acct_from;
	l->acct_categories = all->acct_categories & categories;
	l->acct_rss = all->acct_rss;
	l->acct_parts = all->acct_parts && (!narrow || (categories & MMS_CATS_PARTS) ==
						       MMS_CATS_PARTS);
}

static void *copy_of(const void *from, size_t size)
{
	void *to = malloc(size + 1);

	return to ? memcpy(to, from, size) : NULL;
}

static int copy_lists(struct mms_vmas *l, const struct mms_vmas *all, size_t first, size_t count,
		      bool acct)
{
	l->vma = copy_of(all->vma + first, count * sizeof(*l->vma));
	if (!l->vma)
		return -1;
	l->count = count;
	if (acct && all->acct) {
		l->acct = copy_of(all->acct + first, count * sizeof(*l->acct));
		if (!l->acct)
			return -1;
	}
	if (acct && all->smaps) {
		l->smaps = copy_of(all->smaps + first, count * sizeof(*l->smaps));
		if (!l->smaps)
			return -1;
	}
	return 0;
}

static int copy_names(struct mms_vmas *l)
{
	size_t size = 0;
	char *to;

	for (size_t i = 0; i < l->count; i++)
		size += strlen(l->vma[i].name) + 1;
	l->names = to = malloc(size + 1);
	for (size_t i = 0; to && i < l->count; i++) {
		const char *from = l->vma[i].name;

		l->vma[i].name = to;
		to = stpcpy(to, from) + 1;
	}
	return to ? 0 : -1;
}

static int capture_vmas(struct mms_target *t, uint64_t start, uint64_t end, unsigned int flags,
			uint64_t categories, struct mms_vmas *l, struct mms_error *err)
{
	const struct mms_vmas *all = &capture_of(t)->vmas;
	size_t first = mms_vmas_find(all, start), last = first;

	while (last < all->count && all->vma[last].start < end)
		last++;
	l->mm = all->mm;
	l->from = all->from;
	if (copy_lists(l, all, first, last - first, flags & MMS_VMAS_ACCT))
		return mmsi_nomem(err);
	for (size_t i = 0; flags & MMS_VMAS_NO_NAMES && i < l->count; i++)
		l->vma[i].name = "";
	if (copy_names(l))
		return mmsi_nomem(err);
	if (l->acct)
		copy_accounts(l, all, categories);
	find_heap_end(l);
	return 0;
}

static int capture_threads(struct mms_target *t, struct mms_threads *threads,
			   struct mms_error *err)
{
	const struct mms_capture *c = capture_of(t);

	if (!c->has_threads)
		return mms_fail(err, MMS_FAILED, NULL, "threads", "they were not captured");
	threads->thread = copy_of(c->threads.thread,
				  c->threads.count * sizeof(*threads->thread));
	if (!threads->thread)
		return mmsi_nomem(err);
	threads->count = c->threads.count;
	return 0;
}

/* ---- pages ----------------------------------------------------------------- */

/* One query over the runs. */
struct replay {
	const struct mms_pages_query *query;
	const struct mms_vmas *vmas;
	mms_run_fn run;
	void *arg;
	uint64_t page, pages;
	size_t vma;			/* where the last run was: they are in order */
	struct mmscope_run held;	/* the run that grows */
	bool holding, present, stop;
};

static void flush(struct replay *r)
{
	if (r->holding && r->run && !r->stop)
		r->stop = r->run(&r->held, r->arg) != 0;
	r->holding = false;
}

/* Runs end where a VMA does. */
static bool begins_vma(struct replay *r, uint64_t address)
{
	while (r->vma < r->vmas->count && r->vmas->vma[r->vma].start < address)
		r->vma++;
	return r->vma < r->vmas->count && r->vmas->vma[r->vma].start == address;
}

/* Only frames of pages that are present follow each other. */
static bool carries_on(const struct replay *r, const struct mmscope_run *run, bool present)
{
	if (!run->frame || !r->held.frame)
		return !run->frame && !r->held.frame;
	return present && r->present &&
	       run->frame == r->held.frame + (run->start - r->held.start) / r->page;
}

static bool wanted(const struct mms_pages_query *q, uint64_t categories)
{
	return (categories & q->all_of) == q->all_of &&
	       (!q->any_of || (categories & q->any_of)) && !(categories & q->none_of);
}

/* What is asked for of a run: *run shrinks; false: nothing. */
static bool clip(const struct replay *r, struct mmscope_run *run)
{
	const struct mms_pages_query *q = r->query;
	uint64_t left = q->max_pages - r->pages;

	if (run->start < q->start) {
		run->frame += run->frame ? (q->start - run->start) / r->page : 0;
		run->start = q->start;
	}
	if (run->end > q->end)
		run->end = q->end;
	if (run->start >= run->end || !wanted(q, run->categories))
		return false;
	if (q->max_pages && (run->end - run->start) / r->page > left)
		run->end = run->start + left * r->page;
	return true;
}

static void add(struct replay *r, struct mmscope_run run)
{
	bool present = run.categories & MMSCOPE_CAT(PRESENT);

	if (!clip(r, &run))
		return;
	if (!(r->query->flags & MMS_PAGES_FRAMES))
		run.frame = 0;
	run.categories &= r->query->categories;
	r->pages += (run.end - run.start) / r->page;
	if (r->holding && r->held.end == run.start && r->held.categories == run.categories &&
	    carries_on(r, &run, present) && !begins_vma(r, run.start)) {
		r->held.end = run.end;
		return;
	}
	flush(r);
	r->held = run;
	r->holding = true;
	r->present = present;
}

static int capture_pages(struct mms_target *t, const struct mms_pages_query *query,
			 mms_run_fn run, void *arg, uint64_t *pages, struct mms_error *err)
{
	const struct mms_capture *c = capture_of(t);
	struct replay r = { .query = query, .vmas = &c->vmas, .run = run, .arg = arg,
			    .page = t->page_size };
	struct mmsi_runs_reader reader;

	if (query->flags & MMS_PAGES_FRAMES && !c->info.frames)
		return mms_fail(err, MMS_DENIED, "capture it as root", "frames",
				"were not told to whoever made this capture");
	mmsi_runs_read(&reader, &c->runs, t->page_size);
	while (!r.stop && mmsi_runs_next(&reader) && reader.run.start < query->end &&
	       (!query->max_pages || r.pages < query->max_pages))
		add(&r, reader.run);
	flush(&r);
	*pages = r.pages;
	return 0;
}

/* ---- the target ------------------------------------------------------------ */

static void capture_close(struct mms_target *t)
{
	mms_capture_free(t->priv);
}

static const struct mmsi_source capture_source = {
	.name = "capture",
	.kind = MMS_SOURCE_CAPTURE,
	.mm = capture_mm,
	.vmas = capture_vmas,
	.pages = capture_pages,
	.threads = capture_threads,
	.close = capture_close,
};

int mms_capture_open(struct mms_capture *c, struct mms_target **target, struct mms_error *err)
{
	struct mms_target *t = calloc(1, sizeof(*t));

	if (!t) {
		mms_capture_free(c);
		return mmsi_nomem(err);
	}
	t->source = &capture_source;
	t->priv = c;
	t->proc = c->proc;
	t->pid = c->target;
	t->procfd = -1;
	t->devfd = -1;
	t->page_size = c->info.page_size;
	t->categories = c->info.categories;
	t->lacks = c->lacks;
	t->lack = c->lack;
	*target = t;
	return 0;
}

const struct mms_capture_info *mms_target_capture(const struct mms_target *t)
{
	return t->source == &capture_source ? &capture_of(t)->info : NULL;
}
