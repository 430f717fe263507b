// SPDX-License-Identifier: GPL-2.0
/*
 * diff.c - draws what is different in a second capture: what happened in words for
 * two captures of one process, and what differs for those of two.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "diff.h"
#include "json.h"
#include "text.h"
#include "vmas.h"

#define WORDS	52	/* columns before the name in the line of an area */

/* What is said of pages: of one process over time, and of two. NULL: not said. */
static const struct {
	const char *became, *differs;
} words[MMS_EFFECT_COUNT] = {
	[MMS_EFFECT_RESIDENT] = { "became resident", "resident only in the second" },
	[MMS_EFFECT_SWAPPED_IN] = { "came back from swap", "in swap only in the first" },
	[MMS_EFFECT_SWAPPED_OUT] = { "went to swap", "in swap only in the second" },
	[MMS_EFFECT_DROPPED] = { "were dropped", "resident only in the first" },
	[MMS_EFFECT_SWAP_FREED] = { "were dropped from swap",
				    "in swap in the first, nowhere in the second" },
	[MMS_EFFECT_UNMAPPED] = { "were in use, and are unmapped",
				  "in use, and mapped only in the first" },
	[MMS_EFFECT_LOCKED] = { "were locked", "locked only in the second" },
	[MMS_EFFECT_UNLOCKED] = { "were unlocked", "locked only in the first" },
	[MMS_EFFECT_WRITTEN] = { "were written to", "dirty only in the second" },
	[MMS_EFFECT_CLEANED] = { "became clean", "dirty only in the first" },
	[MMS_EFFECT_SHARED] = { "became shared with others", NULL },
	[MMS_EFFECT_UNSHARED] = { "are no longer shared", NULL },
	[MMS_EFFECT_MOVED] = { "have another frame: copied or moved", NULL },
	[MMS_EFFECT_HUGE] = { "became part of huge pages", "in huge pages only in the second" },
	[MMS_EFFECT_SMALL] = { "ceased to be part of huge pages", "in huge pages only in the first" },
	[MMS_EFFECT_GUARDED] = { "became guard pages", "guard pages only in the second" },
	[MMS_EFFECT_UNGUARDED] = { "are no longer guard pages", "guard pages only in the first" },
};

static const char *size_words(const struct view_diff *v, uint64_t bytes, char buf[24])
{
	return view_fact_size((struct mms_fact){ bytes, MMS_FROM_MODULE }, v->bytes, buf);
}

/* "+132K", "-4K": what is added to `before`. */
static const char *change_words(const struct view_diff *v, uint64_t before, uint64_t after,
				char buf[32])
{
	char size[24];

	snprintf(buf, 32, "%c%s", after < before ? '-' : '+',
		 size_words(v, after < before ? before - after : after - before, size));
	return buf;
}

static const char *plural(uint64_t n, const char *one, const char *more)
{
	return n == 1 ? one : more;
}

/* ---- figures --------------------------------------------------------------- */

static const struct mms_diff_figure *figure_of(const struct mms_diff *d, enum mms_mm_field field)
{
	for (size_t i = 0; i < d->figures; i++)
		if (d->figure[i].field == field)
			return &d->figure[i];
	return NULL;
}

static const struct {
	enum mms_mm_field field;
	const char *label;
} lines[] = {
	{ MMS_MM_BRK, "break" },
	{ MMS_MM_TOTAL_VM, "mapped" },
	{ MMS_MM_RSS_ANON, "anon" },
	{ MMS_MM_RSS_FILE, "file" },
	{ MMS_MM_RSS_SHMEM, "shmem" },
	{ MMS_MM_SWAP, "swapped" },
	{ MMS_MM_LOCKED_VM, "locked" },
	{ MMS_MM_PINNED_VM, "pinned" },
	{ MMS_MM_PGTABLES, "tables" },
	{ MMS_MM_RLIM_AS, "AS" },
	{ MMS_MM_RLIM_DATA, "DATA" },
	{ MMS_MM_RLIM_STACK, "STACK" },
	{ MMS_MM_RLIM_MEMLOCK, "MEMLOCK" },
};

static void draw_figure(const struct view_diff *v, const char *label,
			const struct mms_diff_figure *f)
{
	char change[32], before[24], after[24];

	if (f->before == MMS_UNLIMITED || f->after == MMS_UNLIMITED)
		printf("%-8s %s -> %s\n", label, size_words(v, f->before, before),
		       size_words(v, f->after, after));
	else if (mms_mm_field_unit(f->field) == MMS_UNIT_ADDRESS)
		printf("%-8s %-10s 0x%" PRIx64 " -> 0x%" PRIx64 "\n", label,
		       change_words(v, f->before, f->after, change), f->before, f->after);
	else
		printf("%-8s %-10s %s -> %s\n", label,
		       change_words(v, f->before, f->after, change),
		       size_words(v, f->before, before), size_words(v, f->after, after));
}

static const char *future_word(uint64_t def)
{
	if (!(def & MMSCOPE_VMA_LOCKED))
		return "no";
	return def & MMSCOPE_VMA_LOCKONFAULT ? "yes, on fault" : "yes, at once";
}

static void draw_figures(const struct view_diff *v)
{
	const struct mms_diff_figure *def = figure_of(v->diff, MMS_MM_DEF_FLAGS);

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct mms_diff_figure *f = figure_of(v->diff, lines[i].field);

		if (f)
			draw_figure(v, lines[i].label, f);
	}
	if (def)
		printf("mlockall of future mappings: %s -> %s\n", future_word(def->before),
		       future_word(def->after));
}

/* ---- areas ----------------------------------------------------------------- */

static const struct mms_vma *vma_before(const struct mms_diff *d, size_t i)
{
	return &d->before->vma[i];
}

static const struct mms_vma *vma_after(const struct mms_diff *d, size_t i)
{
	return &d->after->vma[i];
}

/* The VMA that speaks for an area: what it is now, or what it was. */
static const struct mms_vma *speaker(const struct mms_diff *d, const struct mms_diff_area *a)
{
	return a->afters ? vma_after(d, a->after) : vma_before(d, a->before);
}

static void draw_head(const struct view_diff *v, const struct mms_diff_area *a)
{
	const struct mms_vma *vma = speaker(v->diff, a);
	size_t len = mms_escape(vma->name, NULL, 0), room = (size_t)view_width(200);
	char name[len + 1], perms[5], size[24];
	const char *shown = name;

	mms_escape(vma->name, name, len + 1);
	mms_perms_format(vma, perms);
	room = room > WORDS + 8 ? room - WORDS : 8;
	if (view_cells(name) > room)
		shown = view_tail(name, room);
	printf("%012" PRIx64 "-%012" PRIx64 " %7s %s ", a->start, a->end,
	       size_words(v, a->end - a->start, size), perms);
	printf(*shown ? "%-12s %s\n" : "%s%s\n", mms_purpose_name(vma->purpose), shown);
}

/* " at START+SIZE", unless it is the whole area. */
static void draw_place(const struct view_diff *v, const struct mms_diff_area *a, uint64_t start,
		       uint64_t end)
{
	char size[24];

	if (start != a->start || end != a->end)
		printf("  at %" PRIx64 "+%s", start, size_words(v, end - start, size));
	putchar('\n');
}

static void draw_flags(const char *what, uint64_t mask)
{
	for (unsigned int bit = 0; mms_vma_flag_name(bit); bit++)
		if (mask >> bit & 1)
			printf(" %s%s", what, mms_vma_flag_name(bit));
}

#define ACCESS	(MMSCOPE_VMA_READ | MMSCOPE_VMA_WRITE | MMSCOPE_VMA_EXEC | MMSCOPE_VMA_SHARED)

static void draw_changed(const struct view_diff *v, const struct mms_diff_area *a,
			 const struct mms_diff_piece *p)
{
	const struct mms_vma *x = vma_before(v->diff, p->before), *y = vma_after(v->diff, p->after);
	uint64_t set = y->flags & ~x->flags & p->known, gone = x->flags & ~y->flags & p->known;
	char from[5], to[5], name[64];

	mms_perms_format(x, from);
	mms_perms_format(y, to);
	printf(" ");
	if ((set | gone) & ACCESS)
		printf(" %s -> %s", from, to);
	draw_flags("+", set & ~ACCESS);
	draw_flags("-", gone & ~ACCESS);
	if (x->pkey_known && y->pkey_known && x->pkey != y->pkey)
		printf(" protection key %u -> %u", x->pkey, y->pkey);
	if (strcmp(x->name, y->name)) {
		mms_escape(*y->name ? y->name : "nothing", name, sizeof(name));
		printf(" is now called %s", name);
	}
	draw_place(v, a, p->start, p->end);
}

static void draw_piece(const struct view_diff *v, const struct mms_diff_area *a,
		       const struct mms_diff_piece *p)
{
	const char *where = p->end == a->end ? " at its end" : p->start == a->start ?
			    " at its start" : NULL;
	char size[24];

	switch (p->kind) {
	case MMS_PIECE_NEW:
	case MMS_PIECE_GONE:
		printf("  %s by %s%s", p->kind == MMS_PIECE_NEW ? "grew" : "shrank",
		       size_words(v, p->end - p->start, size), where ? where : "");
		if (where)
			putchar('\n');
		else
			draw_place(v, a, p->start, p->end);
		break;
	case MMS_PIECE_REPLACED:
		printf("  is another mapping now");
		draw_place(v, a, p->start, p->end);
		break;
	case MMS_PIECE_CHANGED:
		draw_changed(v, a, p);
		break;
	}
}

static void draw_vmas(const struct view_diff *v, const struct mms_diff_area *a)
{
	const struct mms_diff *d = v->diff;

	if (!a->befores) {
		printf("  %s\n", d->same_process ? "new" : "only in the second");
		return;
	}
	if (!a->afters) {
		printf("  %s\n", d->same_process ? "gone" : "only in the first");
		return;
	}
	if (a->befores == 1 && a->afters > 1)
		printf("  split: it is %zu VMAs now\n", a->afters);
	else if (a->befores > 1 && a->afters == 1)
		printf("  merged: it was %zu VMAs\n", a->befores);
	else if (a->befores != a->afters)
		printf("  %zu VMAs became %zu\n", a->befores, a->afters);
	for (size_t i = 0; i < a->pieces; i++)
		draw_piece(v, a, &d->piece[a->piece + i]);
}

/* Where pages with an effect are, if there is room: one range, or how many and the first. */
static void draw_where(const struct view_diff *v, const struct mms_diff_area *a, uint64_t mask,
		       size_t room)
{
	char text[64];
	const struct mms_diff *d = v->diff;
	uint64_t first = 0, end = 0;
	size_t ranges = 0;

	for (size_t i = 0; i < a->runs; i++) {
		const struct mms_diff_run *run = &d->run[a->run + i];

		if (!(run->effects & mask))
			continue;
		if (!ranges)
			first = run->start;
		ranges += !ranges || run->start != end;
		end = run->end;
	}
	if (ranges == 1)
		snprintf(text, sizeof(text), " at %" PRIx64, first);
	else
		snprintf(text, sizeof(text), ", %zu ranges from %" PRIx64, ranges, first);
	puts(strlen(text) <= room ? text : "");
}

static void draw_pages(const struct view_diff *v, const struct mms_diff_area *a)
{
	const struct mms_diff *d = v->diff;
	size_t width = (size_t)view_width(200), len;

	for (int e = 0; e < MMS_EFFECT_COUNT; e++) {
		const char *text = d->same_process ? words[e].became : words[e].differs;

		if (!a->pages[e] || !text)
			continue;
		len = (size_t)printf("  %" PRIu64 " %s %s", a->pages[e],
				     plural(a->pages[e], "page", "pages"), text);
		draw_where(v, a, 1ULL << e, len < width ? width - len : 0);
	}
	if (d->same_process || !a->both)
		return;
	if (d->frames)
		printf("  %" PRIu64 " of the %" PRIu64 " pages that both have are shared (same "
		       "frame)\n", a->same_frame, a->both);
	else
		printf("  %" PRIu64 " %s resident in both\n", a->both,
		       plural(a->both, "page is", "pages are"));
}

/* ---- head and foot --------------------------------------------------------- */

static void draw_who(const char *label, const struct mms_capture_info *i, const char *comm)
{
	char name[64], when[32];

	mms_escape(comm, name, sizeof(name));
	printf("%-8s process %d %.15s, %s UTC\n", label, (int)i->pid, name,
	       view_time(i->taken_ns, when));
}

static void draw_relation(const struct view_diff *v)
{
	const struct mms_diff *d = v->diff;
	double seconds = (double)(int64_t)(v->after->taken_ns - v->before->taken_ns) / 1e9;
	char ago[32];

	snprintf(ago, sizeof(ago), "%.1f s %s", seconds < 0 ? -seconds : seconds,
		 seconds < 0 ? "earlier" : "later");
	if (d->execed)
		printf("the same process, %s: it called exec, so all is another program's\n", ago);
	else if (d->same_process)
		printf("the same process, %s\n", ago);
	else
		printf("two processes, compared by address%s; the second %s\n",
		       d->child ? ": a child of the first" : d->parent ? ": the parent of the first" :
		       "", ago);
}

static void draw_doubts(const struct view_diff *v)
{
	const struct mms_diff *d = v->diff;
	char list[160];
	uint64_t lacking = ~d->told & (MMSCOPE_CAT(DIRTY) | MMSCOPE_CAT(MLOCKED) |
				       MMSCOPE_CAT(SHARED) | MMSCOPE_CAT(ZERO));

	if (v->before->still == MMS_STILL_MOVED)
		printf("note     the first is not of one moment: it changed while it was captured\n");
	if (v->after->still == MMS_STILL_MOVED)
		printf("note     the second is not of one moment: it changed while it was captured\n");
	if (lacking) {
		mms_categories_format(lacking, list, sizeof(list));
		printf("note     not known in both, so not compared: %s\n", list);
	}
	if (d->same_process || d->frames)
		return;
	if (strcmp(v->before->boot, v->after->boot))
		printf("note     they are of two boots: no page of one is a page of the other\n");
	else
		printf("note     which pages they share is not known: frames are captured by root\n");
}

static void draw_sum(const struct mms_diff *d)
{
	if (d->areas)
		putchar('\n');
	if (!d->areas && !d->figures)
		printf("nothing is different; ");
	printf("%" PRIu64 " %s\n", d->unchanged, d->unchanged == 1 ?
	       "VMA is the same in both" : "VMAs are the same in both");
}

void view_diff_draw(const struct view_diff *v)
{
	const struct mms_diff *d = v->diff;

	draw_who("first", v->before, v->before_comm);
	draw_who("second", v->after, v->after_comm);
	draw_relation(v);
	draw_doubts(v);
	putchar('\n');
	draw_figures(v);
	for (size_t i = 0; i < d->areas && !ferror(stdout); i++) {
		if (!i && d->figures)
			putchar('\n');
		draw_head(v, &d->area[i]);
		draw_vmas(v, &d->area[i]);
		draw_pages(v, &d->area[i]);
	}
	draw_sum(d);
}

/* ---- JSON ------------------------------------------------------------------ */

static void json_figure(struct view_json *j, const struct mms_diff_figure *f)
{
	enum mms_unit unit = mms_mm_field_unit(f->field);

	view_json_object_flat(j, NULL);
	view_json_text(j, "name", mms_mm_field_name(f->field));
	view_json_fact(j, "before", (struct mms_fact){ f->before, MMS_FROM_MODULE }, unit);
	view_json_fact(j, "after", (struct mms_fact){ f->after, MMS_FROM_MODULE }, unit);
	view_json_close(j);
}

static void json_piece(struct view_json *j, const struct mms_diff *d,
		       const struct mms_diff_piece *p)
{
	uint64_t x, y;

	view_json_object_flat(j, NULL);
	view_json_address(j, "start", p->start);
	view_json_address(j, "end", p->end);
	view_json_number(j, "size", p->end - p->start);
	view_json_text(j, "kind", mms_piece_name(p->kind));
	if (p->kind == MMS_PIECE_CHANGED) {
		x = vma_before(d, p->before)->flags & p->known;
		y = vma_after(d, p->after)->flags & p->known;
		view_json_flags(j, "flags_set", y & ~x);
		view_json_flags(j, "flags_cleared", x & ~y);
	}
	view_json_close(j);
}

static void json_run(struct view_json *j, const struct mms_diff *d, const struct mms_diff_run *run)
{
	view_json_object_flat(j, NULL);
	view_json_address(j, "start", run->start);
	view_json_address(j, "end", run->end);
	view_json_number(j, "pages", (run->end - run->start) / d->page_size);
	view_json_array_flat(j, "effects");
	for (int e = 0; e < MMS_EFFECT_COUNT; e++)
		if (run->effects >> e & 1)
			view_json_text(j, NULL, mms_effect_name((enum mms_effect)e));
	view_json_close(j);
	view_json_close(j);
}

void view_diff_json_area(struct view_json *j, const struct mms_diff *d,
			 const struct mms_diff_area *a)
{
	view_json_object(j, NULL);
	view_json_address(j, "start", a->start);
	view_json_address(j, "end", a->end);
	view_json_array(j, "before");
	for (size_t i = 0; i < a->befores; i++)
		view_json_vma(j, d->before, a->before + i);
	view_json_close(j);
	view_json_array(j, "after");
	for (size_t i = 0; i < a->afters; i++)
		view_json_vma(j, d->after, a->after + i);
	view_json_close(j);
	view_json_array(j, "pieces");
	for (size_t i = 0; i < a->pieces; i++)
		json_piece(j, d, &d->piece[a->piece + i]);
	view_json_close(j);
	view_json_object_flat(j, "effects");
	for (int e = 0; e < MMS_EFFECT_COUNT; e++)
		if (a->pages[e])
			view_json_number(j, mms_effect_name((enum mms_effect)e), a->pages[e]);
	view_json_close(j);
	view_json_array(j, "runs");
	for (size_t i = 0; i < a->runs; i++)
		json_run(j, d, &d->run[a->run + i]);
	view_json_close(j);
	view_json_number(j, "present_in_both_pages", a->both);
	if (d->frames)
		view_json_number(j, "same_frame_pages", a->same_frame);
	else
		view_json_null(j, "same_frame_pages");
	view_json_close(j);
}

void view_diff_json(const struct view_diff *v)
{
	const struct mms_diff *d = v->diff;
	struct view_json j;

	view_json_begin(&j, "diff", NULL);
	view_json_capture(&j, "before", v->before);
	view_json_capture(&j, "after", v->after);
	view_json_text(&j, "relation", d->execed ? "exec" : d->same_process ? "same" :
		       d->child ? "child" : d->parent ? "parent" : "other");
	view_json_bool(&j, "frames", d->frames);
	view_json_categories(&j, "told", d->told);
	view_json_array(&j, "figures");
	for (size_t i = 0; i < d->figures; i++)
		json_figure(&j, &d->figure[i]);
	view_json_close(&j);
	view_json_array(&j, "areas");
	for (size_t i = 0; i < d->areas && !ferror(stdout); i++)
		view_diff_json_area(&j, d, &d->area[i]);
	view_json_close(&j);
	view_json_number(&j, "unchanged_vmas", d->unchanged);
	view_json_end(&j);
}
