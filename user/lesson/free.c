// SPDX-License-Identifier: GPL-2.0
/*
 * free.c - the lesson "free": what free gives back to the system, what it only
 * keeps for the next malloc, and what stands in the way.
 */
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "heap.h"

#define UNSET	"unset GLIBC_TUNABLES and the variables MALLOC_*"
#define HEADER	16	/* before the memory of a chunk */
#define MIB	(1ULL << 20)

/* Chunks of this request are cut from the heap; false: skipped. */
static bool from_heap(struct lesson *l, const struct glibc_heap *h, uint64_t request)
{
	if (glibc_chunk(request) < h->settings.mmap_threshold || !h->settings.mmap_max)
		return true;
	skip_step(l, UNSET, "chunks of %" PRIu64 " bytes are mmapped here", request);
	return false;
}

/* ---- mmapped ---------------------------------------------------------------- */

static void mmapped(struct lesson *l)
{
	uint64_t page = lesson_machine(l)->page, n = MIB, pages, p, brk;
	struct subject *s = heap_subject(l, NULL);
	struct subject_mallinfo before, after;
	unsigned char vector[MMS_INSIDE_PAGES];
	struct glibc_malloc g;
	struct glibc_heap h;

	step(l, "mmapped", "free of a chunk that was mmapped");
	if (!heap_model(l, s, &h))
		return;
	while (n < h.settings.mmap_threshold && n < 64 * MIB)
		n *= 2;
	heap_fill_top(l, s, &h);
	if (n < h.settings.mmap_threshold || h.mmaps >= h.settings.mmap_max) {
		skip_step(l, UNSET, "nothing of a handy size is mmapped here");
		return;
	}
	pages = glibc_mmapped_chunk(n, page) / page;
	predict(l, "free unmaps it: its %" PRIu64 " pages are the system's at once, nothing is mapped "
		"there any more (mincore: ENOMEM), and a pointer into it is a fault; the break has "
		"nothing to do with it", pages);
	p = heap_malloc(l, s, &h, n, &g);
	subject_fill(s, p, 0x5a, n);
	expect_pages(l, "there", s, p, pages, "R*");
	subject_mallinfo(s, &before);
	brk = look_break(l, s);
	subject_free(s, p);
	subject_mallinfo(s, &after);
	expect_equal(l, "mmapped", "mmapped bytes less", before.hblkhd - after.hblkhd, pages * page,
		     UNIT_BYTES);
	expect_pages(l, "gone", s, p, pages, "_*");
	subject_mincore(s, p - HEADER, page, vector);
	expect_errno(l, "mincore", s, ENOMEM);
	expect_fault(l, "fault", s, p, 'r', SIGSEGV, SEGV_MAPERR);
	expect_equal(l, "break", "the break", look_break(l, s), brk, UNIT_ADDRESS);
	subject_stop(s);
}

/* ---- small ------------------------------------------------------------------ */

#define SMALL	1000

static void small(struct lesson *l)
{
	bool tcache = lesson_machine(l)->malloc.tcache_count > 0;
	struct subject_mallinfo before, after;
	struct subject *s = heap_subject(l, NULL);
	struct glibc_malloc g;
	struct glibc_heap h;
	uint64_t p, q;

	step(l, "small", "free of a small chunk: malloc(%d), free, malloc(%d)", SMALL, SMALL);
	if (!heap_model(l, s, &h) || !from_heap(l, &h, SMALL))
		return;
	predict(l, tcache ? "free puts it into the tcache, a short list for each size that the thread "
		"keeps: the break stays, the page stays, and mallinfo2 goes on to count it as in use; "
		"the next malloc of that size gets this very chunk" :
		"there is no tcache here: the chunk is behind the others, and becomes a part of the top "
		"again; the break stays, and the page stays; the next malloc gets the same place");
	p = heap_malloc(l, s, &h, SMALL, &g);
	subject_fill(s, p, 0x5a, SMALL);
	subject_mallinfo(s, &before);
	subject_free(s, p);
	subject_mallinfo(s, &after);
	expect_equal(l, "in-use", "in use less", before.uordblks - after.uordblks,
		     tcache ? 0 : g.chunk, UNIT_BYTES);
	expect_pages(l, "page", s, p, 1, "R");
	expect_fault(l, "no-fault", s, p + 100, 'r', 0, 0);
	q = subject_malloc(s, SMALL);
	expect_equal(l, "again", "the next malloc", q, p, UNIT_ADDRESS);
	expect_break(l, "break", s, (int64_t)g.growth);
	subject_stop(s);
}

/* ---- at the end of the heap ------------------------------------------------- */

#define CHUNKS	16

/* Large enough for neither tcache nor fastbins, small enough not to be mmapped. */
static uint64_t medium(const struct glibc_heap *h)
{
	uint64_t request = 30000, last = glibc_last_heap_request(h->settings.mmap_threshold);

	if (h->settings.mmap_max && last < request)
		request = last;
	return glibc_chunk(request) > GLIBC_TCACHE_MAX ? request : 0;
}

/* Frees the chunks from the last to the first; whether each did as the model says. */
static bool free_all(struct subject *s, struct lesson *l, struct glibc_heap *h, const uint64_t *p,
		     uint64_t chunk, uint64_t *down, int *cuts)
{
	bool good = true;

	*down = 0;
	*cuts = 0;
	for (int i = CHUNKS - 1; i >= 0; i--) {
		uint64_t cut = glibc_heap_free_last(h, chunk);

		subject_free(s, p[i]);
		good &= look_break(l, s) == h->brk;
		*down += cut;
		*cuts += cut > 0;
	}
	return good;
}

static void trim_with(struct lesson *l, const char *slug, int parameter, int value)
{
	struct subject *s = heap_subject(l, NULL);
	uint64_t p[CHUNKS], request, down, after, start;
	struct subject_mallinfo info = { 0 };
	struct glibc_heap h, model;
	struct glibc_malloc g;
	bool good;
	int cuts;

	step(l, slug, "Fill the heap with %d chunks, and free them from the last to the first%s",
	     CHUNKS, parameter == M_TRIM_THRESHOLD ? ", with a trim threshold of 64 MiB" :
	     parameter == M_TOP_PAD ? ", without a top pad" : "");
	if (!heap_model(l, s, &h))
		return;
	request = medium(&h);
	if (!request || (parameter == M_TOP_PAD && h.settings.trim_threshold > GLIBC_CONSOLIDATE * 4)) {
		skip_step(l, UNSET, "the settings of malloc leave no room for this");
		return;
	}
	if (parameter)
		*(parameter == M_TOP_PAD ? &h.settings.top_pad : &h.settings.trim_threshold) =
			(uint64_t)value;
	model = h;
	for (int i = 0; i < CHUNKS; i++)
		glibc_heap_malloc(&model, request, &g);
	start = model.brk;
	for (int i = 0; i < CHUNKS; i++)
		glibc_heap_free_last(&model, g.chunk);
	predict(l, "each chunk becomes a part of the top. If the top has reached the trim threshold, %"
		PRIu64 ", then free cuts it down to the top pad, %" PRIu64 ", and sbrk gives back whole "
		"pages: the break goes down by %" PRIu64 " in all", h.settings.trim_threshold,
		h.settings.top_pad, start - model.brk);
	if (parameter)
		subject_mallopt(s, parameter, value);
	doing(l, "%d times malloc(%" PRIu64 ")", CHUNKS, request);
	subject_quiet(s, true);
	for (int i = 0; i < CHUNKS; i++)
		p[i] = heap_malloc(l, s, &h, request, &g);
	subject_quiet(s, false);
	start = look_break(l, s);
	expect_equal(l, "full", "the break", start, h.brk, UNIT_ADDRESS);
	good = free_all(s, l, &h, p, g.chunk, &down, &cuts);
	after = look_break(l, s);
	observe(l, "kernel", "the break went down %d times, to 0x%" PRIx64, cuts, after);
	expect_equal(l, "down", "the break went down by", start - after, down, UNIT_BYTES);
	expect_true(l, "each", good, "after each free it was where it was predicted");
	subject_mallinfo(s, &info);
	expect_equal(l, "top", "left in the top", info.keepcost, h.top, UNIT_BYTES);
	subject_stop(s);
}

/* ---- the threshold has been learned ----------------------------------------- */

static void learned(struct lesson *l)
{
	uint64_t page = lesson_machine(l)->page, n = MIB, p, down, pages, brk;
	struct subject *s = heap_subject(l, NULL);
	struct glibc_malloc g;
	struct glibc_heap h;

	step(l, "learned", "1 MiB: malloc, free, malloc; fill it, and free it again");
	if (!heap_model(l, s, &h))
		return;
	if (!h.settings.dynamic || h.mmaps >= h.settings.mmap_max) {
		skip_step(l, UNSET, "the thresholds are set by hand, and malloc does not learn");
		return;
	}
	heap_fill_top(l, s, &h);
	glibc_heap_malloc(&h, n, &g);
	if (!g.mmapped) {
		skip_step(l, UNSET, "it is not mmapped here");
		return;
	}
	glibc_heap_free_mmapped(&h, g.chunk);
	glibc_heap_malloc(&h, n, &g);
	pages = (g.pointer + n - 1) / page - g.pointer / page + 1;
	brk = h.brk;
	down = glibc_heap_free_last(&h, g.chunk);
	predict(l, "free of the mapping raises the mmap threshold, and sets the trim threshold to twice "
		"of it, %" PRIu64 ". So the second one is from the heap, and when it is freed the top, %"
		PRIu64 ", is below that: nothing is given back, all %" PRIu64 " pages stay",
		h.settings.trim_threshold, h.top, pages);
	subject_free(s, subject_malloc(s, n));
	p = subject_malloc(s, n);
	expect_equal(l, "heap", "the second one", p, g.pointer, UNIT_ADDRESS);
	need(l, p == g.pointer, "nothing more is to be said of it");
	subject_fill(s, p, 0x5a, n);
	subject_free(s, p);
	expect_equal(l, "break", "the break", look_break(l, s), brk - down, UNIT_ADDRESS);
	expect_pages(l, "pages", s, p, pages, "R*");

	step(l, "learned-trim", "malloc_trim(0)");
	down = glibc_heap_trim(&h, 0);
	predict(l, "malloc_trim gives back the whole pages of the top, whatever the threshold: the break "
		"goes down by %" PRIu64, down);
	expect_equal(l, "returned", "malloc_trim returned", (uint64_t)subject_malloc_trim(s, 0), 1,
		     UNIT_NUMBER);
	expect_break(l, "break", s, -(int64_t)down);
	expect_pages(l, "pages", s, p + page, pages - 2, "_*");
	subject_stop(s);
}

/* ---- pinned ----------------------------------------------------------------- */

#define MANY		320
#define MANY_SIZE	2000

/* Of the bytes [from, to) that are free, the pages that malloc_trim gives back. */
static void trimmed(uint64_t from, uint64_t to, uint64_t page, uint64_t *first, uint64_t *last)
{
	/* It keeps the notes at the beginning of a free chunk: six words. */
	*first = (from + 48 + page - 1) / page * page;
	*last = to > *first ? *first + (to - *first) / page * page : *first;
}

static void pinned(struct lesson *l)
{
	uint64_t page = lesson_machine(l)->page, p[MANY], from, to, first, last, pages, down;
	struct subject *s = heap_subject(l, NULL);
	struct subject_mallinfo info = { 0 };
	struct glibc_malloc g;
	struct glibc_heap h, model;

	step(l, "pinned", "%d chunks of %d bytes; free all but the last one", MANY, MANY_SIZE);
	if (!heap_model(l, s, &h) || !from_heap(l, &h, MANY_SIZE))
		return;
	model = h;
	glibc_heap_malloc(&model, MANY_SIZE, &g);
	from = g.pointer - HEADER;
	to = from + (MANY - 1) * g.chunk;
	pages = (to - 1) / page - from / page + 1;
	predict(l, "%" PRIu64 " bytes are free, in one piece; but the chunk that is in use is above them, "
		"and the heap can only be cut at its end: the break stays, and so do all %" PRIu64 " pages",
		to - from, pages);
	doing(l, "%d times malloc(%d)", MANY, MANY_SIZE);
	subject_quiet(s, true);
	for (int i = 0; i < MANY; i++)
		p[i] = heap_malloc(l, s, &h, MANY_SIZE, &g);
	doing(l, "%d times free: all but the last one, 0x%" PRIx64, MANY - 1, p[MANY - 1]);
	for (int i = 0; i < MANY - 1; i++)
		subject_free(s, p[i]);
	subject_quiet(s, false);
	expect_equal(l, "last", "the last one", p[MANY - 1], to + HEADER, UNIT_ADDRESS);
	subject_mallinfo(s, &info);
	expect_equal(l, "free", "free, without the top", info.fordblks - info.keepcost, to - from,
		     UNIT_BYTES);
	expect_equal(l, "break", "the break", look_break(l, s), h.brk, UNIT_ADDRESS);
	expect_pages(l, "pages", s, from, pages, "R*");

	step(l, "pinned-trim", "malloc_trim(0)");
	trimmed(from, to, page, &first, &last);
	down = glibc_heap_trim(&h, 0);
	predict(l, "malloc_trim also looks between the chunks: the %" PRIu64 " whole pages that are free "
		"are given back with madvise (DONTNEED), though their addresses stay in the heap; and "
		"of the top it cuts %" PRIu64 " bytes", (last - first) / page, down);
	subject_malloc_trim(s, 0);
	expect_break(l, "break", s, -(int64_t)down);
	expect_pages(l, "pages", s, from, pages, "R*%" PRIu64 " .*%" PRIu64 " R*",
		     (first - from / page * page) / page, (last - first) / page);

	step(l, "unpinned", "free the last one, too");
	down = glibc_heap_free_last(&h, to - from + g.chunk);
	predict(l, "all of it becomes the top: the break goes down by %" PRIu64, down);
	subject_free(s, p[MANY - 1]);
	expect_break(l, "break", s, -(int64_t)down);
	subject_stop(s);
}

/* ---- very small ------------------------------------------------------------- */

#define TINY_MANY	20000
#define TINY		24

static void tiny(struct lesson *l)
{
	uint64_t chunk = glibc_chunk(TINY), cached = lesson_machine(l)->malloc.tcache_count, p, down, n;
	struct subject *s = heap_subject(l, NULL);
	struct subject_mallinfo info = { 0 };
	struct glibc_malloc g;
	struct glibc_heap h;

	step(l, "tiny", "%d chunks of %d bytes; free all but the first one", TINY_MANY, TINY);
	if (!heap_model(l, s, &h) || !from_heap(l, &h, TINY))
		return;
	for (int i = 0; i < TINY_MANY; i++)
		glibc_heap_malloc(&h, TINY, &g);
	n = TINY_MANY - 1;
	cached = cached < n ? cached : n;
	predict(l, "the first %" PRIu64 " go into the tcache, which holds no more of a size; the others "
		"go into fastbins, lists of chunks up to %" PRIu64 " bytes that are not joined with "
		"their neighbours. So the top does not grow, and the break stays, though nearly all "
		"of it is free", cached, (uint64_t)GLIBC_FAST_MAX);
	p = subject_malloc_many(s, TINY_MANY, TINY, TINY_MANY);
	need(l, p, "malloc failed");
	subject_mallinfo(s, &info);
	expect_equal(l, "break", "the break", look_break(l, s), h.brk, UNIT_ADDRESS);
	expect_equal(l, "fastbins", "in fastbins", info.fsmblks, (n - cached) * chunk, UNIT_BYTES);

	step(l, "tiny-trim", "malloc_trim(0)");
	/* What is not in the tcache joins the top. */
	h.top += (n - cached) * chunk;
	down = glibc_heap_trim(&h, 0);
	predict(l, "it empties the fastbins first: their chunks join, and become a part of the top, of "
		"which the whole pages go: %" PRIu64 " bytes. What is in the tcache stays", down);
	subject_malloc_trim(s, 0);
	expect_break(l, "break", s, -(int64_t)down);
	subject_mallinfo(s, &info);
	expect_equal(l, "fastbins", "in fastbins", info.fsmblks, 0, UNIT_BYTES);
	expect_equal(l, "top", "left in the top", info.keepcost, h.top, UNIT_BYTES);
	subject_stop(s);
}

static void run(struct lesson *l)
{
	mmapped(l);
	small(l);
	trim_with(l, "trim", 0, 0);
	trim_with(l, "trim-never", M_TRIM_THRESHOLD, 64 << 20);
	trim_with(l, "trim-all", M_TOP_PAD, 0);
	learned(l);
	pinned(l);
	tiny(l);
}

static const char *const learnt[] = {
	"free gives an mmapped chunk back to the system at once; a chunk of the heap it keeps for the "
	"next malloc.",
	"The heap is cut only at its end, and only when the top has reached the trim threshold.",
	"One small chunk that is still in use may keep all memory below it in the process; "
	"malloc_trim can give back the pages between.",
	"What is in the tcache or a fastbin is free for malloc, but joins with nothing.",
	NULL
};

static const char *const slides[] = {
	"Freed memory is not simply returned to the system, nor simply kept: it depends on size, place "
	"and history, since the thresholds are learned.",
	"mallinfo2 and malloc_stats count what is in the tcache as in use.",
	NULL
};

const struct lesson_info lesson_free = {
	.name = "free",
	.brief = "what free gives back, and what it keeps",
	.about = "After free, memory may be the system's again, or the process may keep it for its next "
		 "malloc. This lesson frees chunks of several sizes at several places, and looks at the "
		 "break and at the pages.",
	.learnt = learnt,
	.slides = slides,
	.run = run,
};
