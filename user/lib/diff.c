// SPDX-License-Identifier: GPL-2.0
/*
 * diff.c - what is different in a second capture.  Pure: one sweep over the address
 * space, which stops wherever in either of them a VMA or a run begins or ends.
 * What one of them could not tell makes no difference.
 */
#include <stdlib.h>
#include <string.h>

#include "capture.h"

#define CAT(name)	MMSCOPE_CAT(name)
#define EFFECT(name)	(1ULL << MMS_EFFECT_##name)
#define HERE		(CAT(PRESENT) | CAT(MIGRATING) | CAT(DEVICE))
#define OUT		(CAT(SWAPPED) | CAT(CACHE_SWAPPED))
#define WRITTEN_TO	(CAT(DIRTY) | CAT(PAGE_DIRTY))
#define HUGE		(CAT(HUGE_PMD) | CAT(HUGE_PUD))

static const char *const effects[MMS_EFFECT_COUNT] = {
	[MMS_EFFECT_RESIDENT] = "resident",
	[MMS_EFFECT_SWAPPED_IN] = "swapped-in",
	[MMS_EFFECT_SWAPPED_OUT] = "swapped-out",
	[MMS_EFFECT_DROPPED] = "dropped",
	[MMS_EFFECT_SWAP_FREED] = "swap-freed",
	[MMS_EFFECT_UNMAPPED] = "unmapped",
	[MMS_EFFECT_LOCKED] = "locked",
	[MMS_EFFECT_UNLOCKED] = "unlocked",
	[MMS_EFFECT_WRITTEN] = "written",
	[MMS_EFFECT_CLEANED] = "cleaned",
	[MMS_EFFECT_SHARED] = "shared",
	[MMS_EFFECT_UNSHARED] = "unshared",
	[MMS_EFFECT_MOVED] = "moved",
	[MMS_EFFECT_HUGE] = "huge",
	[MMS_EFFECT_SMALL] = "small",
	[MMS_EFFECT_GUARDED] = "guarded",
	[MMS_EFFECT_UNGUARDED] = "unguarded",
};

static const char *const pieces[] = {
	[MMS_PIECE_NEW] = "new",
	[MMS_PIECE_GONE] = "gone",
	[MMS_PIECE_REPLACED] = "replaced",
	[MMS_PIECE_CHANGED] = "changed",
};

const char *mms_effect_name(enum mms_effect effect)
{
	return effect < MMS_EFFECT_COUNT ? effects[effect] : "";
}

const char *mms_piece_name(enum mms_piece kind)
{
	return kind <= MMS_PIECE_CHANGED ? pieces[kind] : "";
}

/* ---- one page -------------------------------------------------------------- */

/* A page in one capture. */
struct page {
	bool mapped;		/* a VMA covers it */
	bool told;		/* and something is known of it, or nothing covers it */
	uint64_t cats;
	uint64_t frame;		/* 0: none, or not known */
};

/* `yes` if it became so, `no` if it ceased to be. */
static uint64_t turned(uint64_t before, uint64_t after, uint64_t yes, uint64_t no)
{
	return !before == !after ? 0 : after ? yes : no;
}

static uint64_t effects_of_place(uint64_t a, uint64_t b)
{
	uint64_t e = 0;

	if (!(a & HERE) && b & HERE)
		e |= a & OUT ? EFFECT(SWAPPED_IN) : EFFECT(RESIDENT);
	if (!(a & OUT) && b & OUT)
		e |= EFFECT(SWAPPED_OUT);
	if (!(b & (HERE | OUT)))
		e |= a & HERE ? EFFECT(DROPPED) : a & OUT ? EFFECT(SWAP_FREED) : 0;
	return e;
}

/* Of a page that is present in both. */
static uint64_t effects_of_present(const struct page *x, const struct page *y, uint64_t told)
{
	uint64_t a = x->cats & told, b = y->cats & told, e = 0;

	if (!((a | b) & CAT(ZERO))) {
		e |= turned(a & WRITTEN_TO, b & WRITTEN_TO, EFFECT(WRITTEN), EFFECT(CLEANED));
		if (a & b & CAT(ANON))
			e |= turned(a & CAT(SHARED), b & CAT(SHARED), EFFECT(SHARED),
				    EFFECT(UNSHARED));
		if (x->frame && y->frame && x->frame != y->frame)
			e |= EFFECT(MOVED);
	} else if (a & CAT(ZERO) && !(b & CAT(ZERO))) {
		e |= EFFECT(WRITTEN);
	}
	return e | turned(a & HUGE, b & HUGE, EFFECT(HUGE), EFFECT(SMALL));
}

static uint64_t effects_of_lock(uint64_t a, uint64_t b)
{
	if ((a | b) & CAT(LOCK_UNKNOWN))
		return 0;
	/* One that is not there any more is not unlocked, it is gone. */
	return turned(a & CAT(MLOCKED), b & CAT(MLOCKED), EFFECT(LOCKED),
		      b & HERE ? EFFECT(UNLOCKED) : 0);
}

static uint64_t effects_of(const struct page *x, const struct page *y, uint64_t told)
{
	uint64_t a = x->cats & told, b = y->cats & told, e;

	if (!(told & CAT(PRESENT)) || !x->told || !y->told)
		return 0;
	if (!y->mapped)
		return a & (HERE | OUT) ? EFFECT(UNMAPPED) : 0;
	e = effects_of_place(a, b) | effects_of_lock(a, b);
	e |= turned(a & CAT(GUARD), b & CAT(GUARD), EFFECT(GUARDED), EFFECT(UNGUARDED));
	if (a & HERE && b & HERE)
		e |= effects_of_present(x, y, told);
	return e;
}

/* ---- the sweep ------------------------------------------------------------- */

/* One of the two captures, and where in it the sweep is. */
struct side {
	const struct mms_vmas *vmas;
	size_t at;			/* the VMA that covers the place, or the next one */
	const struct mms_vma *vma;	/* that covers it, or NULL */
	struct mmsi_runs_reader runs;
	bool more;			/* runs.run is at or behind the place */
};

struct sweep {
	struct mms_diff *d;
	struct side a, b;
	struct mms_diff_area area;
	bool open, failed;
	bool replaced;			/* what covers the place is not the same object */
	size_t areas_room, pieces_room, runs_room, figures_room;
};

/* Room for one more; NULL: no memory. */
static void *grow(void *list, size_t count, size_t *room, size_t size, bool *failed)
{
	void *more;

	if (count < *room)
		return list;
	*room = *room ? 2 * *room : 16;
	more = realloc(list, *room * size);
	if (more)
		return more;
	*failed = true;
	*room = count;
	return list;
}

static void go_to(struct side *s, uint64_t place)
{
	while (s->at < s->vmas->count && s->vmas->vma[s->at].end <= place)
		s->at++;
	s->vma = NULL;
	if (s->at < s->vmas->count && s->vmas->vma[s->at].start <= place)
		s->vma = &s->vmas->vma[s->at];
	while (s->more && s->runs.run.end <= place)
		s->more = mmsi_runs_next(&s->runs);
}

/* Where the next VMA begins or ends. */
static uint64_t edge(const struct side *s)
{
	if (s->vma)
		return s->vma->end;
	return s->at < s->vmas->count ? s->vmas->vma[s->at].start : UINT64_MAX;
}

static struct page page_at(const struct side *s, uint64_t place)
{
	const struct mmscope_run *run = &s->runs.run;
	struct page p = { .mapped = s->vma, .told = !s->vma };

	if (!s->vma || !s->more || run->start > place)
		return p;
	p.told = true;
	p.cats = run->categories;
	if (run->frame && run->categories & CAT(PRESENT))
		p.frame = run->frame + (place - run->start) / s->runs.page;
	return p;
}

static uint64_t run_edge(const struct side *s, uint64_t place)
{
	if (!s->more)
		return UINT64_MAX;
	return s->runs.run.start > place ? s->runs.run.start : s->runs.run.end;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool is_same_object(const struct mms_vma *v, const struct mms_vma *w)
{
	if (v->backing != MMS_BACKING_UNKNOWN && w->backing != MMS_BACKING_UNKNOWN &&
	    v->backing != w->backing)
		return false;
	if (v->inode != w->inode || v->dev_major != w->dev_major || v->dev_minor != w->dev_minor)
		return false;
	/* The same file, but another part of it. */
	return !v->inode || v->offset - v->start == w->offset - w->start;
}

static void add_piece(struct sweep *s, uint64_t start, uint64_t end)
{
	const struct mms_vma *v = s->a.vma, *w = s->b.vma;
	struct mms_diff_piece piece = {
		.start = start, .end = end, .before = s->a.at, .after = s->b.at,
	};

	s->replaced = v && w && !is_same_object(v, w);
	if (v && w)
		piece.known = v->flags_known & w->flags_known;
	if (!v)
		piece.kind = MMS_PIECE_NEW;
	else if (!w)
		piece.kind = MMS_PIECE_GONE;
	else if (s->replaced)
		piece.kind = MMS_PIECE_REPLACED;
	else if ((v->flags ^ w->flags) & piece.known || strcmp(v->name, w->name) ||
		 (v->pkey_known && w->pkey_known && v->pkey != w->pkey))
		piece.kind = MMS_PIECE_CHANGED;
	else
		return;
	s->d->piece = grow(s->d->piece, s->d->pieces, &s->pieces_room, sizeof(piece), &s->failed);
	if (!s->failed)
		s->d->piece[s->d->pieces++] = piece;
}

static void add_run(struct sweep *s, uint64_t start, uint64_t end, uint64_t effects)
{
	struct mms_diff *d = s->d;
	struct mms_diff_run *last = d->runs > s->area.run ? &d->run[d->runs - 1] : NULL;

	for (uint64_t left = effects; left; left &= left - 1)
		s->area.pages[__builtin_ctzll(left)] += (end - start) / d->page_size;
	if (last && last->end == start && last->effects == effects) {
		last->end = end;
		return;
	}
	d->run = grow(d->run, d->runs, &s->runs_room, sizeof(*d->run), &s->failed);
	if (!s->failed)
		d->run[d->runs++] = (struct mms_diff_run){ start, end, effects };
}

static void compare(struct sweep *s, uint64_t start, uint64_t end)
{
	struct page x = page_at(&s->a, start), y = page_at(&s->b, start), none = { .told = true };
	uint64_t effects, present = x.cats & y.cats & CAT(PRESENT);

	if (!s->d->frames)
		x.frame = y.frame = 0;
	if (s->replaced) {
		effects = effects_of(&x, &none, s->d->told) | effects_of(&none, &y, s->d->told);
	} else {
		effects = effects_of(&x, &y, s->d->told);
		if (present && !((x.cats | y.cats) & (CAT(ZERO) | CAT(SPECIAL)))) {
			s->area.both += (end - start) / s->d->page_size;
			if (x.frame && x.frame == y.frame)
				s->area.same_frame += (end - start) / s->d->page_size;
		}
	}
	if (effects)
		add_run(s, start, end, effects);
}

static void end_area(struct sweep *s)
{
	struct mms_diff *d = s->d;
	struct mms_diff_area *area = &s->area;

	if (!s->open)
		return;
	s->open = false;
	area->pieces = d->pieces - area->piece;
	area->runs = d->runs - area->run;
	if (!area->pieces && !area->runs) {
		d->unchanged += area->afters;
		if (d->same_process || !area->both)
			return;
	}
	d->area = grow(d->area, d->areas, &s->areas_room, sizeof(*area), &s->failed);
	if (!s->failed)
		d->area[d->areas++] = *area;
}

/* An area goes on as long as some VMA reaches over the seam of two others. */
static void begin_area(struct sweep *s, uint64_t place)
{
	bool goes_on = (s->a.vma && s->a.vma->start < place) ||
		       (s->b.vma && s->b.vma->start < place);

	if (!goes_on) {
		end_area(s);
		s->open = true;
		s->area = (struct mms_diff_area){
			.start = place, .before = s->a.at, .after = s->b.at,
			.piece = s->d->pieces, .run = s->d->runs,
		};
	}
	s->area.befores += s->a.vma && s->a.vma->start == place;
	s->area.afters += s->b.vma && s->b.vma->start == place;
	/* VMAs that come later: the first of them is where the index is. */
	if (!s->area.befores)
		s->area.before = s->a.at;
	if (!s->area.afters)
		s->area.after = s->b.at;
}

static void sweep(struct sweep *s)
{
	uint64_t place = 0, end, next;

	for (; place != UINT64_MAX && !s->failed; place = end) {
		go_to(&s->a, place);
		go_to(&s->b, place);
		end = least(edge(&s->a), edge(&s->b));
		if (!s->a.vma && !s->b.vma)
			continue;
		begin_area(s, place);
		add_piece(s, place, end);
		for (next = place; next < end; place = next) {
			go_to(&s->a, place);
			go_to(&s->b, place);
			next = least(end, least(run_edge(&s->a, place), run_edge(&s->b, place)));
			compare(s, place, next);
		}
		s->area.end = end;
	}
	end_area(s);
}

/* ---- the whole ------------------------------------------------------------- */

static void compare_figures(struct sweep *s)
{
	struct mms_diff *d = s->d;

	for (int i = 0; i < MMS_MM_COUNT && !s->failed; i++) {
		struct mms_fact x = d->before->mm.fact[i], y = d->after->mm.fact[i];

		if (!mms_known(x) || !mms_known(y) || x.value == y.value)
			continue;
		d->figure = grow(d->figure, d->figures, &s->figures_room, sizeof(*d->figure),
				 &s->failed);
		if (!s->failed)
			d->figure[d->figures++] = (struct mms_diff_figure){
				(enum mms_mm_field)i, x.value, y.value,
			};
	}
}

static bool differs(const struct mms_diff *d, enum mms_mm_field field)
{
	struct mms_fact x = d->before->mm.fact[field], y = d->after->mm.fact[field];

	return mms_known(x) && mms_known(y) && x.value != y.value;
}

static void relate(struct mms_diff *d, const struct mms_capture_info *a,
		   const struct mms_capture_info *b)
{
	bool same_boot = !strcmp(a->boot, b->boot);

	d->same_process = same_boot && a->pid == b->pid && a->started == b->started;
	d->child = same_boot && !d->same_process && b->ppid == a->pid;
	d->parent = same_boot && !d->same_process && a->ppid == b->pid;
	d->execed = d->same_process && (differs(d, MMS_MM_START_STACK) ||
					differs(d, MMS_MM_START_CODE));
	d->frames = same_boot && a->frames && b->frames;
	d->told = a->categories & b->categories;
	d->page_size = a->page_size;
}

static void open_side(struct side *s, const struct mms_capture *c)
{
	*s = (struct side){ .vmas = &c->vmas };
	mmsi_runs_read(&s->runs, &c->runs, c->info.page_size);
	s->more = mmsi_runs_next(&s->runs);
}

int mms_diff(const struct mms_capture *before, const struct mms_capture *after,
	     struct mms_diff *d, struct mms_error *err)
{
	struct sweep s = { .d = d };

	memset(d, 0, sizeof(*d));
	if (before->info.page_size != after->info.page_size)
		return mms_fail(err, MMS_USAGE, NULL, "the captures",
				"are of machines with pages of different sizes");
	d->before = &before->vmas;
	d->after = &after->vmas;
	relate(d, &before->info, &after->info);
	open_side(&s.a, before);
	open_side(&s.b, after);
	compare_figures(&s);
	sweep(&s);
	if (!s.failed)
		return 0;
	mms_diff_free(d);
	return mmsi_nomem(err);
}

void mms_diff_free(struct mms_diff *d)
{
	free(d->figure);
	free(d->area);
	free(d->piece);
	free(d->run);
	d->figure = NULL;
	d->area = NULL;
	d->piece = NULL;
	d->run = NULL;
	d->figures = d->areas = d->pieces = d->runs = 0;
}
