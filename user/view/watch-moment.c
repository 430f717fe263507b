// SPDX-License-Identifier: GPL-2.0
/*
 * watch-moment.c - keeps what one refresh of watch knew, in a small part of the
 * memory that the answer took; and a ring of the last of them, bounded in bytes.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "watch-moment.h"

/* ---- one refresh ----------------------------------------------------------- */

/* Names that follow each other are mostly the same: kept once. */
static bool same_as_last(const struct mms_vmas *l, size_t i)
{
	return i && !strcmp(l->vma[i].name, l->vma[i - 1].name);
}

static bool copy_list(struct view_moment *m, const struct mms_vmas *from)
{
	struct mms_vmas *to = &m->list;
	char *p;

	m->names_size = 1;
	for (size_t i = 0; i < from->count; i++)
		m->names_size += same_as_last(from, i) ? 0 : strlen(from->vma[i].name) + 1;
	*to = *from;
	to->acct = NULL;
	to->smaps = NULL;
	to->vma = malloc((from->count + 1) * sizeof(*to->vma));
	to->names = p = malloc(m->names_size);
	if (!to->vma || !p)
		return false;
	for (size_t i = 0; i < from->count; i++) {
		to->vma[i] = from->vma[i];
		if (same_as_last(from, i)) {
			to->vma[i].name = to->vma[i - 1].name;
			continue;
		}
		to->vma[i].name = p;
		p = stpcpy(p, from->vma[i].name) + 1;
	}
	return true;
}

static void count(const struct mms_vmas *l, size_t i, struct view_counts *c)
{
	const struct mmscope_acct *a = l->acct ? &l->acct[i] : NULL;

	memset(c, 0, sizeof(*c));
	if (!a)
		return;
	c->bytes[VIEW_RSS] = a->rss;
	c->bytes[VIEW_DIRTY] = a->shared_dirty + a->private_dirty;
	c->known = (uint8_t)(l->acct_rss << VIEW_RSS | l->acct_parts << VIEW_DIRTY |
			     view_acct_swap(l, i, &c->bytes[VIEW_SWAP]) << VIEW_SWAP |
			     view_acct_bytes(l, i, MMSCOPE_CAT(MLOCKED),
					     &c->bytes[VIEW_MLOCKED]) << VIEW_MLOCKED);
}

struct view_moment *view_moment_new(const struct mms_vmas *vmas, const struct mms_proc *proc)
{
	struct view_moment *m = calloc(1, sizeof(*m));
	struct timespec now;

	if (!m)
		return NULL;
	m->counts = calloc(vmas->count + 1, sizeof(*m->counts));
	if (!copy_list(m, vmas) || !m->counts) {
		view_moment_free(m);
		return NULL;
	}
	for (size_t i = 0; i < vmas->count; i++)
		count(vmas, i, &m->counts[i]);
	view_vmas_totals(vmas, &m->totals);
	m->proc = *proc;
	clock_gettime(CLOCK_REALTIME, &now);
	m->when_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	return m;
}

void view_moment_free(struct view_moment *m)
{
	if (!m)
		return;
	free(m->list.vma);
	free(m->list.names);
	free(m->counts);
	free(m->pages.run);
	free(m);
}

size_t view_moment_size(const struct view_moment *m)
{
	return sizeof(*m) + m->names_size + m->pages.room * sizeof(*m->pages.run) +
	       (m->list.count + 1) * (sizeof(*m->list.vma) + sizeof(*m->counts));
}

/* ---- pages ------------------------------------------------------------------ */

void view_pages_begin(struct view_moment *m, uint64_t start, uint64_t end)
{
	m->pages.start = start;
	m->pages.end = end;
	m->pages.told = VIEW_PAGES_NOT;
	m->pages.count = 0;
}

/* Room for so many more runs; false: there is none, or no memory. */
static bool runs_room(struct view_pages *p, size_t more)
{
	size_t room = p->room ? p->room : 32;
	struct view_run *run;

	while (room < p->count + more)
		room *= 2;
	if (room > VIEW_RUNS_MAX)
		return false;
	if (room == p->room)
		return true;
	run = realloc(p->run, room * sizeof(*run));
	if (!run)
		return false;
	p->run = run;
	p->room = room;
	return true;
}

static void begin_run(struct view_pages *p, uint64_t page, enum mms_page_state state)
{
	if (!p->count || p->run[p->count - 1].state != state)
		p->run[p->count++] = (struct view_run){ page, (uint64_t)state };
}

/*
 * Behind each run an UNKNOWN one is begun, which the next replaces if it follows at
 * once: so what is not told, in the midst or at the end, needs no care.
 */
void view_pages_add(struct view_moment *m, uint64_t start, uint64_t end,
		    enum mms_page_state state)
{
	struct view_pages *p = &m->pages;
	uint64_t page = m->list.page_size, first, behind;

	if (start < p->start)
		start = p->start;
	if (end > p->end)
		end = p->end;
	if (start >= end || !runs_room(p, 3))
		return;
	first = (start - p->start) / page;
	behind = (end - p->start) / page;
	if (!p->count && first)
		begin_run(p, 0, MMS_PAGE_UNKNOWN);
	if (p->count && p->run[p->count - 1].page == first)
		p->count--;
	begin_run(p, first, state);
	begin_run(p, behind, MMS_PAGE_UNKNOWN);
}

void view_pages_end(struct view_moment *m, enum view_pages_told told)
{
	struct view_pages *p = &m->pages;

	if (!p->count && runs_room(p, 1))
		begin_run(p, 0, MMS_PAGE_UNKNOWN);
	p->told = told == VIEW_PAGES_TOLD && !p->count ? VIEW_PAGES_FAILED : told;
}

/* Where run `i` begins, as an address; of the one behind the last: the end. */
static uint64_t run_start(const struct view_moment *m, size_t i)
{
	const struct view_pages *p = &m->pages;

	return i < p->count ? p->start + p->run[i].page * m->list.page_size : p->end;
}

void view_pages_strip(const struct view_moment *m, struct view_strip *strip)
{
	for (size_t i = 0; i < m->pages.count; i++)
		view_strip_add(strip, run_start(m, i), run_start(m, i + 1),
			       (enum mms_page_state)m->pages.run[i].state);
	view_strip_end(strip);
}

static void mark(const struct view_strip *s, uint64_t start, uint64_t end, bool *changed)
{
	size_t cell, last;

	if (start < s->start)
		start = s->start;
	if (end > s->end)
		end = s->end;
	if (start >= end)
		return;
	cell = (size_t)((start - s->start) / s->page / s->each);
	last = (size_t)((end - 1 - s->start) / s->page / s->each);
	for (; cell <= last && cell < s->cells; cell++)
		changed[cell] = true;
}

static bool is_nothing(unsigned int state)
{
	return state == MMS_PAGE_UNTOUCHED || state == MMS_PAGE_ABSENT ||
	       state == MMS_PAGE_UNKNOWN;
}

void view_pages_changed(const struct view_moment *before, const struct view_moment *now,
			const struct view_strip *strip, bool *changed)
{
	const struct view_pages *a = &before->pages, *b = &now->pages;
	size_t i = 0, k = 0;

	memset(changed, 0, strip->cells * sizeof(*changed));
	if (a->told != VIEW_PAGES_TOLD || b->told != VIEW_PAGES_TOLD ||
	    (a->start != b->start && a->end != b->end))
		return;
	/* Outside of what it was, the new part of a VMA had no pages. */
	for (uint64_t at = b->start; at < b->end;) {
		uint64_t next = run_start(now, k + 1), edge;
		bool inside = at >= a->start && at < a->end;
		unsigned int state = b->run[k].state;

		while (inside && i < a->count && run_start(before, i + 1) <= at)
			i++;
		edge = inside ? run_start(before, i + 1) : at < a->start ? a->start : b->end;
		if (edge < next)
			next = edge;
		if (inside ? state != a->run[i].state : !is_nothing(state))
			mark(strip, at, next, changed);
		at = next;
		while (k + 1 < b->count && run_start(now, k + 1) <= at)
			k++;
	}
}

/* ---- the last refreshes ----------------------------------------------------- */

struct view_past {
	size_t most, bytes, count, next;
	struct view_moment **moment;	/* a ring of `most` */
};

struct view_past *view_past_new(size_t most, size_t bytes)
{
	struct view_past *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->most = most < 2 ? 2 : most;
	p->bytes = bytes;
	p->moment = calloc(p->most, sizeof(struct view_moment *));
	if (p->moment)
		return p;
	free(p);
	return NULL;
}

static struct view_moment **place(const struct view_past *p, size_t back)
{
	return &p->moment[(p->next + p->most - 1 - back) % p->most];
}

static void drop_oldest(struct view_past *p)
{
	struct view_moment **oldest = place(p, --p->count);

	view_moment_free(*oldest);
	*oldest = NULL;
}

void view_past_free(struct view_past *p)
{
	if (!p)
		return;
	while (p->count)
		drop_oldest(p);
	free(p->moment);
	free(p);
}

void view_past_add(struct view_past *p, struct view_moment *moment)
{
	size_t bytes = 0, kept = 0;

	if (p->count == p->most)
		drop_oldest(p);
	p->moment[p->next] = moment;
	p->next = (p->next + 1) % p->most;
	p->count++;
	for (; kept < p->count; kept++) {
		bytes += view_moment_size(*place(p, kept));
		if (kept >= 2 && bytes > p->bytes)
			break;
	}
	while (p->count > kept)
		drop_oldest(p);
}

size_t view_past_count(const struct view_past *p)
{
	return p->count;
}

struct view_moment *view_past_at(const struct view_past *p, size_t back)
{
	return back < p->count ? *place(p, back) : NULL;
}
