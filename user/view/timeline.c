// SPDX-License-Identifier: GPL-2.0
/*
 * timeline.c - from events of a trace to the data of a page that shows them: columns
 * with an entry for each event, and of lists of VMAs what became different.
 *
 * THE DATA, in the page's <script id="data">: a document of the schema mmscope/1
 * (json.h) with "verb": "trace", and in "timeline":
 *
 *   "page_size", "source", "attached", "pid", "program" (what was started, or attached
 *	to), "began_ms" (since 1970)
 *   "states", "flags", "purposes": as in html.c; "kinds" of events: the calls, then
 *	"fault" ... ; "effects": names, as in the schema's diff
 *   "texts": all texts; below they are numbers
 *   "vmas": columns of equal length: "start" (a page number), "pages", "flags",
 *	"flags_known", "offset" (pages), "inode", "purpose", "name" (a text)
 *   "processes": columns: "pid", "parent" (a process, or null)
 *   "events": columns: "kind", "process", "tid", "time" (ns since the event before),
 *	"took" (ns, or null), "failed", "what", "result", "changes", "caller": texts,
 *	"heap" (bytes from start_brk to the break, or null), "resident" (bytes, or null);
 *	and arrays of numbers, or null:
 *	"about"  [ start, pages ... ] what the call, fault or malloc is about
 *	"base"   the list of VMAs before it, where none was known since the process
 *		 began, or its program
 *	"splice" [ at, removed, added, VMA ... ...]: from the list before it to the one
 *		 behind it, in this order
 *	"own"    [ removed, VMA ..., VMA (added) ... ]: what of this the call did; null:
 *		 all of it
 *	"marks"  [ start, pages, code ... ]: what became of pages.  0: another mapping,
 *		 or none; below 2^20 a mask of effects; else 2^20 + a state
 *   "left_out": { KIND: number of events that are not in it }
 *
 * Masks have fewer than 53 bits, as have page numbers: a browser's numbers hold them.
 * That a VMA is locked is not in maps: it is as the last list had it that told.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "page.h"
#include "timeline.h"
#include "timeline-table.h"
#include "trace.h"

/* timeline/ and page/ as one page: see page.h. */
__asm__(".pushsection .rodata\n"
	"view_timeline_page: .incbin \"" VIEW_TIMELINE_PAGE "\"\n"
	".byte 0\n"
	".popsection");
extern const char view_timeline_page[];

#define TIDS		1024		/* threads whose process is remembered */
#define STATE_CODE	(1U << 20)
#define NO_PARENT	UINT64_MAX
#define LOCKS		(MMSCOPE_VMA_LOCKED | MMSCOPE_VMA_LOCKONFAULT)
#define FLAGS_PERMS	(MMSCOPE_VMA_READ | MMSCOPE_VMA_WRITE | MMSCOPE_VMA_EXEC | MMSCOPE_VMA_SHARED)
/* For the kernel's own bookkeeping. */
#define FLAGS_QUIET	(MMSCOPE_VMA_ACCOUNT | MMSCOPE_VMA_SOFTDIRTY)
#define FLAGS_MASK	((1ULL << 52) - 1)

enum { E_KIND, E_PROCESS, E_TID, E_TIME, E_TOOK, E_FAILED, E_WHAT, E_RESULT, E_CHANGES, E_CALLER,
       E_HEAP, E_RESIDENT, E_ABOUT, E_BASE, E_SPLICE, E_OWN, E_MARKS, E_COUNT };

static const char *const event_columns[E_COUNT] = {
	"kind", "process", "tid", "time", "took", "failed", "what", "result", "changes", "caller",
	"heap", "resident", "about", "base", "splice", "own", "marks",
};

/* Calls by their number, the other kinds behind them. */
#define KIND_COUNT	(MMS_CALL_EXEC + MMS_TRACE_NOTE)

/* Numbers on their way into a column. */
struct numbers {
	uint64_t *n;
	size_t count, room;
};

/* A process with the list of VMAs that it had last. */
struct space {
	struct space *next;
	pid_t pid;
	uint64_t number;
	bool known;
	uint32_t *id;
	size_t count;
};

struct view_timeline {
	pid_t first;
	bool attached, failed, full;
	char *program;
	const char *source;
	uint64_t began_ms, last_ns, page;
	struct timeline_texts texts;
	struct timeline_vmas vmas;
	struct timeline_column event[E_COUNT], pid;
	struct numbers parent;		/* by process; NO_PARENT: not known */
	struct space *space;
	struct { pid_t tid, pid; } of[TIDS];
	struct numbers splice, own, work;
	uint64_t lesser, left_out[KIND_COUNT];
};

/* ---- numbers --------------------------------------------------------------- */

static bool add_number(struct view_timeline *t, struct numbers *l, uint64_t number)
{
	size_t room = l->room ? 2 * l->room : 256;
	uint64_t *more;

	if (l->count == l->room) {
		more = reallocarray(l->n, room, sizeof(*more));
		if (!more) {
			t->failed = true;
			return false;
		}
		l->n = more;
		l->room = room;
	}
	l->n[l->count++] = number;
	return true;
}

/* ---- processes ------------------------------------------------------------- */

static struct space *space_find(struct view_timeline *t, pid_t pid)
{
	struct space *s = t->space;

	while (s && s->pid != pid)
		s = s->next;
	return s;
}

static struct space *space_new(struct view_timeline *t, pid_t pid)
{
	struct space *s = calloc(1, sizeof(*s));

	if (!s) {
		t->failed = true;
		return NULL;
	}
	s->pid = pid;
	s->number = t->pid.count;
	s->next = t->space;
	t->space = s;
	timeline_put(&t->pid, (uint64_t)pid);
	add_number(t, &t->parent, NO_PARENT);
	return s;
}

static void space_end(struct view_timeline *t, struct space *s)
{
	struct space **at = &t->space;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	free(s->id);
	free(s);
}

static pid_t pid_of(struct view_timeline *t, pid_t tid)
{
	unsigned int i = (unsigned int)tid % TIDS;

	return t->of[i].tid == tid ? t->of[i].pid : tid;
}

static void note_tid(struct view_timeline *t, const struct mms_trace_event *e)
{
	unsigned int i = (unsigned int)e->tid % TIDS;

	t->of[i].tid = e->tid;
	t->of[i].pid = e->pid;
}

/* ---- lists of VMAs --------------------------------------------------------- */

static uint32_t text_of(struct view_timeline *t, const char *text)
{
	uint32_t number = 0;

	if (!timeline_text(&t->texts, text, &number))
		t->failed = true;
	return number;
}

/* The VMA of the last list that has the page, or NULL. */
static const struct timeline_vma *last_at(const struct view_timeline *t, const struct space *s,
					  uint64_t page)
{
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct timeline_vma *v = &t->vmas.vma[s->id[middle]];

		if (v->start + v->pages <= page)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->count && t->vmas.vma[s->id[low]].start <= page ?
	       &t->vmas.vma[s->id[low]] : NULL;
}

/* Flags that are told by some lists alone would make each VMA another one each time. */
static void take_flags(const struct view_timeline *t, const struct space *s, bool all,
		       const struct mms_vma *v, struct timeline_vma *to)
{
	uint64_t wanted = (all ? ~(uint64_t)FLAGS_QUIET : FLAGS_PERMS | LOCKS) & FLAGS_MASK;
	const struct timeline_vma *last;

	to->known = v->flags_known & wanted;
	to->flags = v->flags & to->known;
	if (to->known & MMSCOPE_VMA_LOCKED)
		return;
	last = last_at(t, s, to->start);
	if (last && last->inode == to->inode && last->name == to->name) {
		to->known |= last->known & LOCKS;
		to->flags |= last->flags & LOCKS;
	}
}

static uint32_t vma_of(struct view_timeline *t, const struct space *s, const struct mms_vmas *l,
		       const struct mms_vma *v)
{
	struct timeline_vma vma = {
		.start = v->start / t->page, .pages = (v->end - v->start) / t->page,
		.offset = v->offset / t->page, .inode = v->inode & FLAGS_MASK,
		.name = text_of(t, v->name), .purpose = v->purpose,
	};
	uint32_t number = 0;

	take_flags(t, s, l->from == MMS_FROM_MODULE, v, &vma);
	if (!timeline_vma(&t->vmas, &vma, &number))
		t->failed = true;
	return number;
}

/* From one list to another, both by ascending address, into t->splice. */
static void compare(struct view_timeline *t, const uint32_t *old, size_t olds, const uint32_t *new,
		    size_t news)
{
	const struct timeline_vma *vma = t->vmas.vma;
	size_t i = 0, k = 0;

	t->splice.count = 0;
	while (i < olds || k < news) {
		size_t from = i, to = k;

		if (i < olds && k < news && old[i] == new[k]) {
			i++;
			k++;
			continue;
		}
		while ((i < olds || k < news) && !(i < olds && k < news && old[i] == new[k])) {
			if (k == news || (i < olds && vma[old[i]].start <= vma[new[k]].start))
				i++;
			else
				k++;
		}
		add_number(t, &t->splice, to);
		add_number(t, &t->splice, i - from);
		add_number(t, &t->splice, k - to);
		for (; to < k; to++)
			add_number(t, &t->splice, new[to]);
	}
}

static bool list_of(struct view_timeline *t, const struct space *s, const struct mms_vmas *l,
		    uint32_t **id)
{
	*id = calloc(l->count + 1, sizeof(**id));
	for (size_t i = 0; *id && i < l->count; i++)
		(*id)[i] = vma_of(t, s, l, &l->vma[i]);
	t->failed |= !*id;
	return *id;
}

/*
 * Which VMAs the call itself made of which others, into t->own; empty: just those that
 * the splices are about.
 */
static void find_own(struct view_timeline *t, const struct space *s, const uint32_t *old,
		     const uint32_t *new, const struct mms_trace_event *e)
{
	const struct mms_diff *d = e->diff;
	size_t i, at = 0, old_at = 0, removed = 0;
	bool same = true;

	t->own.count = t->work.count = 0;
	add_number(t, &t->own, 0);
	for (i = 0; i < d->areas; i++)
		if (d->area[i].pieces && mms_trace_concerns(e, &d->area[i]))
			for (size_t k = 0; k < d->area[i].befores; k++, removed++)
				add_number(t, &t->own, vma_of(t, s, d->before,
					   &d->before->vma[d->area[i].before + k]));
	for (i = 0; i < d->areas; i++)
		if (d->area[i].pieces && mms_trace_concerns(e, &d->area[i]))
			for (size_t k = 0; k < d->area[i].afters; k++)
				add_number(t, &t->own, new[d->area[i].after + k]);
	if (t->failed)
		return;
	t->own.n[0] = removed;
	/* What the splices take out, then what they put in. */
	for (i = 0; i < t->splice.count; i += 3 + t->splice.n[i + 2]) {
		old_at = t->splice.n[i] + old_at - at;
		for (size_t k = 0; k < t->splice.n[i + 1]; k++)
			add_number(t, &t->work, old[old_at++]);
		at = t->splice.n[i] + t->splice.n[i + 2];
	}
	same = t->work.count == removed;
	for (i = 0; i < t->splice.count; i += 3 + t->splice.n[i + 2])
		for (size_t k = 0; k < t->splice.n[i + 2]; k++)
			add_number(t, &t->work, t->splice.n[i + 3 + k]);
	same &= t->work.count + 1 == t->own.count && !t->failed &&
		!memcmp(t->work.n, t->own.n + 1, t->work.count * sizeof(*t->work.n));
	if (same)
		t->own.count = 0;
}

/* The list behind a call; returns whether one before it had to be told first. */
static bool take_lists(struct view_timeline *t, struct space *s, const struct mms_trace_event *e)
{
	uint32_t *id;
	bool told = false;

	if (!s->known && list_of(t, s, e->diff->before, &id)) {
		free(s->id);
		s->id = id;
		s->count = e->diff->before->count;
		s->known = told = true;
	}
	t->work.count = 0;
	for (size_t i = 0; told && i < s->count; i++)
		add_number(t, &t->work, s->id[i]);
	if (told)
		timeline_put_all(&t->event[E_BASE], t->work.n, t->work.count);
	if (!list_of(t, s, e->diff->after, &id))
		return told;
	compare(t, s->id, s->count, id, e->diff->after->count);
	find_own(t, s, s->id, id, e);
	free(s->id);
	s->id = id;
	s->count = e->diff->after->count;
	return told;
}

/* Locks are not inherited. */
static uint32_t unlocked(struct view_timeline *t, uint32_t number)
{
	struct timeline_vma vma = t->vmas.vma[number];

	vma.flags &= ~(uint64_t)LOCKS;
	if (!timeline_vma(&t->vmas, &vma, &number))
		t->failed = true;
	return number;
}

/*
 * What fork gave it is what its parent has.  It may have been heard of before, by a fault
 * that was told earlier.
 */
static void inherit(struct view_timeline *t, struct space *s, const struct space *parent)
{
	if (s->number < t->parent.count)
		t->parent.n[s->number] = parent->number;
	if (s->known || !parent->known)
		return;
	s->id = calloc(parent->count + 1, sizeof(*s->id));
	t->failed |= !s->id;
	for (size_t i = 0; i < parent->count && !t->failed; i++)
		s->id[i] = unlocked(t, parent->id[i]);
	s->count = parent->count;
	s->known = !t->failed;
}

/* ---- columns of an event --------------------------------------------------- */

static unsigned int kind_of(const struct mms_trace_event *e)
{
	return e->kind == MMS_TRACE_CALL ? (unsigned int)e->call :
	       MMS_CALL_EXEC + (unsigned int)e->kind - MMS_TRACE_FAULT;
}

static const char *kind_name(unsigned int kind)
{
	return kind < MMS_CALL_EXEC ? mms_call_name((enum mms_call)kind) :
	       mms_trace_kind_name((enum mms_trace_kind)(kind - MMS_CALL_EXEC + MMS_TRACE_FAULT));
}

static void put_part(struct view_timeline *t, int column, enum view_trace_part part,
		     const struct mms_trace_event *e)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (out)
		view_trace_part(out, part, e);
	if (!out || fclose(out))
		t->failed = true;
	else if (*text)
		timeline_put(&t->event[column], text_of(t, text));
	if (t->failed || !*text)
		timeline_put_null(&t->event[column]);
	free(text);
}

static void put_figures(struct view_timeline *t, const struct mms_trace_event *e)
{
	const struct mms_fact *f = e->diff ? e->diff->after->mm.fact : NULL;
	uint64_t brk = f && mms_known(f[MMS_MM_BRK]) ? f[MMS_MM_BRK].value : e->brk_after;

	if (f && mms_known(f[MMS_MM_START_BRK]) && brk >= f[MMS_MM_START_BRK].value &&
	    (e->brk_known || e->call == MMS_CALL_BRK || mms_known(f[MMS_MM_BRK])))
		timeline_put(&t->event[E_HEAP], brk - f[MMS_MM_START_BRK].value);
	else
		timeline_put_null(&t->event[E_HEAP]);
	if (f && mms_known(f[MMS_MM_RSS_ANON]))
		timeline_put(&t->event[E_RESIDENT], f[MMS_MM_RSS_ANON].value +
			     f[MMS_MM_RSS_FILE].value + f[MMS_MM_RSS_SHMEM].value);
	else
		timeline_put_null(&t->event[E_RESIDENT]);
}

static void add_pages(struct view_timeline *t, uint64_t start, uint64_t end)
{
	add_number(t, &t->work, start / t->page);
	add_number(t, &t->work, (end - 1) / t->page + 1 - start / t->page);
}

static void put_about(struct view_timeline *t, const struct mms_trace_event *e)
{
	t->work.count = 0;
	for (int i = 0; i < 2 && e->kind == MMS_TRACE_CALL; i++)
		if (e->range[i].start < e->range[i].end)
			add_pages(t, e->range[i].start, e->range[i].end);
	if (e->kind == MMS_TRACE_FAULT || (e->kind == MMS_TRACE_MALLOC && e->address))
		add_pages(t, e->address, e->address + 1);
	timeline_put_all(&t->event[E_ABOUT], t->work.n, t->work.count);
}

static void add_mark(struct view_timeline *t, uint64_t start, uint64_t end, uint64_t code)
{
	add_pages(t, start, end);
	add_number(t, &t->work, code);
}

static void add_area(struct view_timeline *t, const struct mms_diff *d, const struct mms_diff_area *a)
{
	for (size_t i = a->piece; i < a->piece + a->pieces; i++)
		if (d->piece[i].kind != MMS_PIECE_CHANGED)
			add_mark(t, d->piece[i].start, d->piece[i].end, 0);
	for (size_t i = a->run; i < a->run + a->runs; i++)
		add_mark(t, d->run[i].start, d->run[i].end, d->run[i].effects);
}

static void put_marks(struct view_timeline *t, const struct mms_trace_event *e)
{
	const struct mms_diff *d = e->diff;

	t->work.count = 0;
	for (size_t i = 0; d && i < d->areas; i++)
		if (mms_trace_concerns(e, &d->area[i]))
			add_area(t, d, &d->area[i]);
	if (e->kind == MMS_TRACE_FAULT)
		add_mark(t, e->address, e->address + 1, STATE_CODE + e->state);
	timeline_put_all(&t->event[E_MARKS], t->work.n, t->work.count);
}

static void put_lists(struct view_timeline *t, struct space *s, const struct mms_trace_event *e)
{
	bool based = false;

	t->splice.count = t->own.count = t->work.count = 0;
	if (e->kind == MMS_TRACE_CALL && e->diff) {
		based = take_lists(t, s, e);
	} else if (e->kind == MMS_TRACE_CHILD && !e->thread && s->known) {
		for (size_t i = 0; i < s->count; i++)
			add_number(t, &t->work, s->id[i]);
		timeline_put_all(&t->event[E_BASE], t->work.n, t->work.count);
		based = true;
	}
	if (!based)
		timeline_put_null(&t->event[E_BASE]);
	timeline_put_all(&t->event[E_SPLICE], t->splice.n, t->splice.count);
	timeline_put_all(&t->event[E_OWN], t->own.n, t->own.count);
	if (e->kind == MMS_TRACE_EXEC)
		s->known = false;
}

static void put_event(struct view_timeline *t, struct space *s, const struct mms_trace_event *e)
{
	bool timed = e->kind == MMS_TRACE_CALL || e->kind == MMS_TRACE_MALLOC;

	timeline_put(&t->event[E_KIND], kind_of(e));
	timeline_put(&t->event[E_PROCESS], s->number);
	timeline_put(&t->event[E_TID], (uint64_t)e->tid);
	timeline_put(&t->event[E_TIME], t->last_ns && e->time_ns > t->last_ns ?
		     e->time_ns - t->last_ns : 0);
	if (timed)
		timeline_put(&t->event[E_TOOK], e->took_ns);
	else
		timeline_put_null(&t->event[E_TOOK]);
	timeline_put(&t->event[E_FAILED], e->kind == MMS_TRACE_CALL && (e->error || e->unfinished));
	put_part(t, E_WHAT, VIEW_TRACE_WHAT, e);
	put_part(t, E_RESULT, VIEW_TRACE_RESULT, e);
	put_part(t, E_CHANGES, VIEW_TRACE_CHANGES, e);
	put_part(t, E_CALLER, VIEW_TRACE_CALLER, e);
	put_figures(t, e);
	put_about(t, e);
	put_lists(t, s, e);
	put_marks(t, e);
	if (!t->last_ns || e->time_ns > t->last_ns)
		t->last_ns = e->time_ns;
}

/* ---- bounds ---------------------------------------------------------------- */

static uint64_t bytes_of(const struct view_timeline *t)
{
	uint64_t bytes = t->texts.column.bytes + t->pid.bytes + 40 * t->vmas.count;

	for (int i = 0; i < E_COUNT; i++)
		bytes += t->event[i].bytes;
	return bytes;
}

static bool has_room(struct view_timeline *t, const struct mms_trace_event *e)
{
	bool lesser = e->kind == MMS_TRACE_FAULT || e->kind == MMS_TRACE_MALLOC;

	t->full |= t->event[E_KIND].count >= VIEW_TIMELINE_EVENTS_MAX ||
		   bytes_of(t) >= VIEW_TIMELINE_BYTES_MAX;
	if (!t->full && (!lesser || t->lesser++ < VIEW_TIMELINE_LESSER_MAX))
		return true;
	t->left_out[kind_of(e)]++;
	return false;
}

void view_timeline_event(struct view_timeline *t, const struct mms_trace_event *e)
{
	struct space *s, *parent;

	if (t->failed || !has_room(t, e))
		return;
	note_tid(t, e);
	s = space_find(t, e->pid);
	if (!s)
		s = space_new(t, e->pid);
	if (!s)
		return;
	if (e->kind == MMS_TRACE_CHILD && !e->thread) {
		parent = space_find(t, pid_of(t, e->parent));
		if (parent)
			inherit(t, s, parent);
	}
	put_event(t, s, e);
	if (e->kind == MMS_TRACE_EXIT)
		space_end(t, s);
}

/* ---- the document ---------------------------------------------------------- */

enum { V_START, V_PAGES, V_FLAGS, V_KNOWN, V_OFFSET, V_INODE, V_PURPOSE, V_NAME, V_COUNT };

static const char *const vma_columns[V_COUNT] = {
	"start", "pages", "flags", "flags_known", "offset", "inode", "purpose", "name",
};

struct vma_column {
	const struct timeline_vma *vma;
	int what;
};

static bool nth_of_vma(const void *arg, size_t i, uint64_t *value)
{
	const struct vma_column *c = arg;
	const struct timeline_vma *v = &c->vma[i];
	const uint64_t of[V_COUNT] = { v->start, v->pages, v->flags, v->known, v->offset, v->inode,
				       v->purpose, v->name };

	return *value = of[c->what], true;
}

static bool nth_parent(const void *arg, size_t i, uint64_t *value)
{
	*value = ((const uint64_t *)arg)[i];
	return *value != NO_PARENT;
}

static void draw_names(struct view_json *j)
{
	view_page_words(j);
	view_json_array_flat(j, "kinds");
	for (unsigned int i = 0; i < KIND_COUNT; i++)
		view_json_text(j, NULL, kind_name(i));
	view_json_close(j);
	view_json_array_flat(j, "effects");
	for (int i = 0; i < MMS_EFFECT_COUNT; i++)
		view_json_text(j, NULL, mms_effect_name((enum mms_effect)i));
	view_json_close(j);
}

static void draw_tables(struct view_json *j, const struct view_timeline *t)
{
	struct vma_column c = { .vma = t->vmas.vma };

	view_json_object(j, "vmas");
	for (c.what = 0; c.what < V_COUNT; c.what++)
		view_json_numbers(j, vma_columns[c.what], t->vmas.count, nth_of_vma, &c);
	view_json_close(j);
	view_json_object(j, "processes");
	timeline_draw_column(j, "pid", &t->pid);
	view_json_numbers(j, "parent", t->parent.count, nth_parent, t->parent.n);
	view_json_close(j);
	view_json_object(j, "events");
	for (int i = 0; i < E_COUNT; i++)
		timeline_draw_column(j, event_columns[i], &t->event[i]);
	view_json_close(j);
	timeline_draw_column(j, "texts", &t->texts.column);
	view_json_object_flat(j, "left_out");
	for (unsigned int i = 0; i < KIND_COUNT; i++)
		if (t->left_out[i])
			view_json_number(j, kind_name(i), t->left_out[i]);
	view_json_close(j);
}

static void draw_data(FILE *out, const struct view_timeline *t)
{
	struct view_json j;

	view_json_begin_to(&j, out, "trace", NULL);
	view_json_object(&j, "timeline");
	view_json_number(&j, "page_size", t->page);
	view_json_text(&j, "source", t->source);
	view_json_bool(&j, "attached", t->attached);
	view_json_signed(&j, "pid", t->first);
	view_json_text(&j, "program", t->program);
	view_json_number(&j, "began_ms", t->began_ms);
	draw_names(&j);
	draw_tables(&j, t);
	view_json_end(&j);
}

static bool close_columns(struct view_timeline *t)
{
	bool good = timeline_column_close(&t->texts.column);

	good &= timeline_column_close(&t->pid);
	for (int i = 0; i < E_COUNT; i++)
		good &= timeline_column_close(&t->event[i]);
	return good && !t->failed;
}

bool view_timeline_draw(FILE *out, struct view_timeline *t)
{
	const char *slash = strrchr(t->program, '/');
	char *data = NULL, name[256], title[300];
	struct view_page page;
	size_t len = 0;
	FILE *json;
	bool good;

	if (!close_columns(t))
		return false;
	json = open_memstream(&data, &len);
	if (!json)
		return false;
	draw_data(json, t);
	good = !ferror(json);
	good &= !fclose(json);
	if (good) {
		mms_escape(slash && slash[1] ? slash + 1 : t->program, name, sizeof(name));
		snprintf(title, sizeof(title), "%s (%d): memory over time", name, (int)t->first);
		view_page_begin(&page, out, view_timeline_page, title);
		view_page_data(&page, data, len);
		view_page_end(&page);
	}
	free(data);
	return good;
}

/* ---- beginning and end ----------------------------------------------------- */

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct view_timeline *view_timeline_new(pid_t first, const char *program, const char *source,
					bool attached)
{
	struct view_timeline *t = calloc(1, sizeof(*t));
	bool good;

	if (!t)
		return NULL;
	t->first = first;
	t->attached = attached;
	t->source = source;
	t->program = strdup(program);
	t->began_ms = now_ms();
	t->page = mms_page_size();
	good = t->program && timeline_column_open(&t->texts.column) &&
	       timeline_column_open(&t->pid);
	for (int i = 0; good && i < E_COUNT; i++)
		good = timeline_column_open(&t->event[i]);
	if (good)
		return t;
	view_timeline_free(t);
	return NULL;
}

void view_timeline_free(struct view_timeline *t)
{
	if (!t)
		return;
	while (t->space)
		space_end(t, t->space);
	timeline_texts_free(&t->texts);
	timeline_vmas_free(&t->vmas);
	timeline_column_free(&t->pid);
	for (int i = 0; i < E_COUNT; i++)
		timeline_column_free(&t->event[i]);
	free(t->parent.n);
	free(t->splice.n);
	free(t->own.n);
	free(t->work.n);
	free(t->program);
	free(t);
}

struct view_timeline_sums view_timeline_sums(const struct view_timeline *t)
{
	struct view_timeline_sums sums = { t->event[E_KIND].count, t->pid.count, 0 };

	for (unsigned int i = 0; i < KIND_COUNT; i++)
		sums.left_out += t->left_out[i];
	return sums;
}
