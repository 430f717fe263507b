// SPDX-License-Identifier: GPL-2.0
/*
 * report.c - collects the pages of an address space for a file that is drawn of
 * them, and adds up what its VMAs serve for.
 */
#include <stdlib.h>

#include "report.h"
#include "vmas.h"

static const struct view_report_kind unknown = { 0, MMS_PAGE_UNKNOWN };

void view_report_begin(struct view_report *r)
{
	r->at = 0;
	r->next = r->vmas->count ? r->vmas->vma[0].start : 0;
}

void view_report_free(struct view_report *r)
{
	free(r->kind);
	free(r->run);
	r->kind = NULL;
	r->run = NULL;
}

/* ---- pages ----------------------------------------------------------------- */

static bool same(struct view_report_kind a, struct view_report_kind b)
{
	return a.state == b.state && a.categories == b.categories;
}

/* What was seen last is seen again, mostly: only a new kind has all others looked at. */
static bool number_of(struct view_report *r, struct view_report_kind kind, uint32_t *number)
{
	uint64_t hash = (kind.categories * 31 + kind.state) * 0x9e3779b97f4a7c15;
	uint32_t *slot = &r->slot[hash >> 54], i;
	struct view_report_kind *more;

	if (*slot < r->kinds && same(r->kind[*slot], kind)) {
		*number = *slot;
		return true;
	}
	for (i = 0; i < r->kinds && !same(r->kind[i], kind);)
		i++;
	if (i == r->kinds) {
		more = realloc(r->kind, (r->kinds + 1) * sizeof(*more));
		if (!more)
			return false;
		r->kind = more;
		r->kind[r->kinds++] = kind;
	}
	*slot = *number = i;
	return true;
}

static bool add(struct view_report *r, uint64_t end, struct view_report_kind kind, bool first)
{
	struct view_report_run *last = r->runs && !first ? &r->run[r->runs - 1] : NULL, *more;
	uint64_t pages = (end - r->next) / r->vmas->page_size;
	uint32_t number;

	r->next = end;
	/* There is room for one run of each VMA still. */
	if (r->runs + 2 * (r->vmas->count - r->at) >= VIEW_REPORT_RUNS_MAX) {
		r->cut = true;
		kind = unknown;
	}
	if (!number_of(r, kind, &number))
		return false;
	if (last && last->kind == number) {
		last->pages += pages;
		return true;
	}
	if (r->runs == r->runs_room) {
		r->runs_room = r->runs_room ? 2 * r->runs_room : 4096;
		more = realloc(r->run, r->runs_room * sizeof(*more));
		if (!more)
			return false;
		r->run = more;
	}
	r->run[r->runs++] = (struct view_report_run){ pages, number };
	return true;
}

/* Whatever is left of the VMAs before `i`. */
static bool go_to(struct view_report *r, size_t i)
{
	const struct mms_vma *v = r->vmas->vma;

	for (; r->at < i; r->at++) {
		if (r->next < v[r->at].end &&
		    !add(r, v[r->at].end, unknown, r->next == v[r->at].start))
			return false;
		if (r->at + 1 < r->vmas->count)
			r->next = v[r->at + 1].start;
	}
	return true;
}

bool view_report_run(struct view_report *r, size_t i, uint64_t start, uint64_t end,
		     struct view_report_kind kind)
{
	const struct mms_vma *v = &r->vmas->vma[i];

	if (!go_to(r, i))
		return false;
	if (r->next < start && !add(r, start, unknown, r->next == v->start))
		return false;
	return add(r, end, kind, r->next == v->start);
}

bool view_report_end(struct view_report *r)
{
	return go_to(r, r->vmas->count);
}

/* ---- sums ------------------------------------------------------------------ */

static void add_vma(const struct mms_vmas *l, size_t i, struct view_report_sums *s)
{
	const struct mms_vma *v = &l->vma[i];
	uint64_t size = v->end - v->start, locked, swapped;
	struct view_report_sum *to[] = { &s->purpose[v->purpose], &s->all };

	view_acct_bytes(l, i, MMSCOPE_CAT(MLOCKED), &locked);
	view_acct_swap(l, i, &swapped);
	if (s->locked_vmas)
		locked = v->flags & MMSCOPE_VMA_LOCKED ? size : 0;
	for (size_t k = 0; k < sizeof(to) / sizeof(to[0]); k++) {
		to[k]->vmas++;
		to[k]->size += size;
		to[k]->resident += l->acct && l->acct_rss ? l->acct[i].rss : 0;
		to[k]->locked += locked;
		to[k]->swapped += swapped;
	}
}

/* Below a VMA: what lies above all of them (petabytes, perhaps) mmap() gives to nobody. */
static void find_gap(const struct mms_vmas *l, struct view_report_sums *s)
{
	uint64_t at = 0;

	/* (And [vsyscall] lies beyond what a process has.) */
	for (size_t i = 0; i < l->count && !(l->vma[i].start >> 63); i++) {
		uint64_t end = l->vma[i].start;

		if (end > at && end - at > s->gap_end - s->gap_start) {
			s->gap_start = at;
			s->gap_end = end;
		}
		at = l->vma[i].end;
	}
}

void view_report_sums(const struct view_report *r, struct view_report_sums *s)
{
	struct view_totals totals;

	*s = (struct view_report_sums){ 0 };
	view_vmas_totals(r->vmas, &totals);
	s->has_resident = totals.has_rss;
	s->has_swapped = totals.has_swap;
	s->locked_vmas = !totals.has_mlocked;
	s->has_locked = totals.has_mlocked || totals.has_flags;
	for (size_t i = 0; i < r->vmas->count; i++)
		add_vma(r->vmas, i, s);
	find_gap(r->vmas, s);
}
