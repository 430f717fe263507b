// SPDX-License-Identifier: GPL-2.0
/*
 * threshold.c - the lesson "threshold": from which size on malloc calls mmap,
 * and what moves that boundary.
 */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "heap.h"

#define HEADER	16	/* before the memory of a chunk */
#define MIB	(1ULL << 20)
#define UNSET	"unset GLIBC_TUNABLES and the variables MALLOC_*"

/* Where this model of a heap says no more, or the machine might. */
static bool sensible(struct lesson *l, const struct glibc_heap *h)
{
	const struct machine *m = lesson_machine(l);

	if (h->settings.mmap_threshold < 4096)
		skip_step(l, UNSET, "the mmap threshold is set so low that it makes no sense");
	else if (h->settings.mmap_threshold > m->mem_total / 8)
		skip_step(l, UNSET, "the mmap threshold is set to so much that this machine may "
			  "refuse to give it");
	else
		return true;
	return false;
}

static bool may_mmap(struct lesson *l, const struct glibc_heap *h)
{
	if (h->mmaps < h->settings.mmap_max)
		return true;
	skip_step(l, UNSET, "malloc is told to mmap no more than %" PRIu64 " chunks",
		  h->settings.mmap_max);
	return false;
}

/* The heap is between start_brk and the break; a mapping begins a page. */
static void expect_origin(struct lesson *l, const char *what, struct subject *s, uint64_t p,
			  uint64_t request, bool mmapped)
{
	uint64_t page = lesson_machine(l)->page, start;
	struct mms_mm mm;
	bool heap;

	look_mm(l, s, &mm);
	start = mm.fact[MMS_MM_START_BRK].value;
	heap = start <= p && p < look_break(l, s);
	expect_true(l, what, mmapped ? !heap && p % page == HEADER : heap,
		    "malloc(%" PRIu64 ") is from %s", request, mmapped ? "mmap" : "the heap");
}

/* One malloc, and where it is from. */
static uint64_t one(struct lesson *l, const char *what, struct subject *s, struct glibc_heap *h,
		    uint64_t request)
{
	struct glibc_malloc g;
	uint64_t p = heap_malloc(l, s, h, request, &g);

	expect_origin(l, what, s, p, request, g.mmapped);
	return p;
}

/* ---- the boundary ----------------------------------------------------------- */

/* The last request for the heap, and the next one, each with no top to help. */
static void boundary(struct lesson *l, struct subject *s, struct glibc_heap *h)
{
	uint64_t last = glibc_last_heap_request(h->settings.mmap_threshold);

	predict(l, "the threshold is %" PRIu64 ", for the whole chunk: malloc(%" PRIu64 ") makes a chunk "
		"of %" PRIu64 ", less than that, and is from the heap; malloc(%" PRIu64 ") makes one of %"
		PRIu64 ", and is mmapped", h->settings.mmap_threshold, last, glibc_chunk(last), last + 1,
		glibc_chunk(last + 1));
	heap_fill_top(l, s, h);
	one(l, "heap", s, h, last);
	heap_fill_top(l, s, h);
	one(l, "mmap", s, h, last + 1);
}

static void where_it_is(struct lesson *l)
{
	struct subject *s = heap_subject(l, NULL);
	struct glibc_heap h;

	step(l, "boundary", "Where is the boundary?");
	if (!heap_model(l, s, &h) || !sensible(l, &h) || !may_mmap(l, &h))
		return;
	note(l, "(What the heap has left, its top, is used up before each malloc: a request that "
	     "fits there is from there, whatever its size.)");
	boundary(l, s, &h);
	subject_stop(s);
}

/* ---- the first big one ------------------------------------------------------ */

/* The largest request that fits into the top, once the first malloc has made it. */
static uint64_t largest_in_top(const struct glibc_heap *heap)
{
	struct glibc_heap h = *heap;
	struct glibc_malloc g = { 0 };

	if (h.tcache)
		glibc_heap_malloc(&h, 24, &g);
	return h.top + g.chunk - 32 - 8;
}

static void predict_first(struct lesson *l, const struct glibc_malloc *g, uint64_t request,
			  bool largest)
{
	const char *what = largest ? "the largest that fits, by the figures of this heap, and" :
			   "as much as the threshold, but";

	if (g->mmapped)
		predict(l, "a chunk of %" PRIu64 " bytes does not fit into what the heap has left (its "
			"top), and is not below the threshold: it is mmapped", glibc_chunk(request));
	else
		predict(l, "%s it is not even compared with the threshold: the heap's top has room for "
			"a chunk of %" PRIu64 " bytes%s", what, glibc_chunk(request), g->growth ?
			", since the first malloc makes it, with the top pad" : "");
}

enum which { THRESHOLD, LARGEST, BEYOND };

static void first_one(struct lesson *l, const char *slug, const char *title,
		      enum subject_stdout out, enum which which)
{
	const struct subject_options options = { .out = out };
	struct subject *s = heap_subject(l, &options);
	struct glibc_malloc g, b = { 0 };
	struct glibc_heap h;
	uint64_t request, p;

	step(l, slug, "%s", title);
	if (!heap_model(l, s, &h) || !sensible(l, &h))
		return;
	if (out != SUBJECT_OUT_NULL) {
		predict(l, "printf takes a buffer of %" PRIu64 " bytes from the heap first",
			heap_stdio_buffer(s));
		glibc_heap_malloc(&h, heap_stdio_buffer(s), &b);
	}
	request = which == THRESHOLD ? h.settings.mmap_threshold :
		  largest_in_top(&h) + (which == BEYOND);
	glibc_heap_malloc(&h, request, &g);
	if (which == BEYOND && !g.mmapped)
		predict(l, "one byte more does not fit any more; yet it is below the threshold, or "
			"nothing may be mmapped: the break moves for it");
	else if (!g.mmapped && which == THRESHOLD && g.growth && !g.pointer)
		predict(l, "the break moves for it");
	else
		predict_first(l, &g, request, which == LARGEST);
	if (out != SUBJECT_OUT_NULL)
		subject_printf(s, "a line\n");
	p = subject_malloc(s, request);
	need(l, p, "malloc failed");
	expect_break(l, "break", s, (int64_t)(b.growth + g.growth));
	expect_origin(l, "origin", s, p, request, g.mmapped);
	subject_stop(s);
}

static void first_big(struct lesson *l)
{
	first_one(l, "first", "The threshold itself, as the first malloc of a process",
		  SUBJECT_OUT_NULL, THRESHOLD);
	first_one(l, "first-largest", "The largest first malloc that the heap has room for",
		  SUBJECT_OUT_NULL, LARGEST);
	first_one(l, "first-beyond", "A byte more than that", SUBJECT_OUT_NULL, BEYOND);
	first_one(l, "first-terminal", "The threshold, after a printf on a terminal",
		  SUBJECT_OUT_TTY, THRESHOLD);
	first_one(l, "first-pipe", "The threshold, after a printf in a pipe", SUBJECT_OUT_PIPE,
		  THRESHOLD);
}

/* ---- learning --------------------------------------------------------------- */

/* A request whose chunk is mmapped with just so many bytes. */
static uint64_t request_for_mapping(uint64_t bytes)
{
	return bytes - HEADER - 16;
}

static void free_mmapped(struct subject *s, struct glibc_heap *h, uint64_t p, uint64_t chunk)
{
	subject_free(s, p);
	glibc_heap_free_mmapped(h, chunk);
}

static void learns(struct lesson *l)
{
	uint64_t page = lesson_machine(l)->page, n = MIB, chunk, p;
	struct subject *s = heap_subject(l, NULL);
	struct glibc_heap h;

	step(l, "learns", "malloc of something large, free, and the same malloc again");
	if (!heap_model(l, s, &h) || !sensible(l, &h) || !may_mmap(l, &h))
		return;
	while (n < h.settings.mmap_threshold)
		n *= 2;
	chunk = glibc_mmapped_chunk(n, page);
	predict(l, h.settings.dynamic && chunk < GLIBC_LEARN_MAX ?
		"the first time it is mmapped. free() of a mapping is dear, so malloc learns from it: the "
		"threshold becomes the size of what was freed, %" PRIu64 ", and the second time it is "
		"from the heap" :
		"it is mmapped both times: the settings in the environment have put an end to learning "
		"(by default the threshold would become %" PRIu64 ")", chunk);
	heap_fill_top(l, s, &h);
	p = one(l, "first", s, &h, n);
	free_mmapped(s, &h, p, chunk);
	heap_fill_top(l, s, &h);
	one(l, "second", s, &h, n);

	step(l, "learnt", "Where is the boundary now?");
	if (sensible(l, &h) && may_mmap(l, &h))
		boundary(l, s, &h);
	subject_stop(s);
}

static void too_much(struct lesson *l)
{
	uint64_t page = lesson_machine(l)->page, sizes[] = { GLIBC_LEARN_MAX, GLIBC_LEARN_MAX - page };
	static const char *const slugs[] = { "limit", "below-limit" };
	struct malloc_settings settings;
	const struct subject_options clean = { .env = heap_environment(NULL, &settings) };

	for (size_t i = 0; i < 2; i++) {
		struct subject *s = heap_subject(l, &clean);
		uint64_t n = request_for_mapping(sizes[i]), p;
		struct glibc_heap h;

		step(l, slugs[i], "A mapping of %" PRIu64 " bytes, freed, and again%s", sizes[i],
		     i ? "" : ": 32 MiB");
		if (!heap_model(l, s, &h))
			continue;
		h.settings = settings;
		if (sizes[i] > lesson_machine(l)->mem_total / 8) {
			skip_step(l, "more memory", "this machine may refuse so much");
			continue;
		}
		predict(l, i ? "a page less, and it is learned: the second time it is from the heap" :
			"so large a chunk is not learned from (the limit is 32 MiB): it is mmapped "
			"again, and always will be. (The environment's settings of malloc are taken "
			"away here.)");
		heap_fill_top(l, s, &h);
		p = one(l, "first", s, &h, n);
		free_mmapped(s, &h, p, sizes[i]);
		heap_fill_top(l, s, &h);
		one(l, "second", s, &h, n);
		subject_stop(s);
	}
}

/* ---- setting it ------------------------------------------------------------- */

static void by_mallopt(struct lesson *l)
{
	struct subject *s = heap_subject(l, NULL);
	uint64_t p, n = MIB;
	struct glibc_heap h;

	step(l, "mallopt", "mallopt(M_MMAP_THRESHOLD, 65536)");
	if (!heap_model(l, s, &h) || !may_mmap(l, &h))
		return;
	predict(l, "mallopt returns 1, and the boundary is there from now on");
	expect_equal(l, "returned", "mallopt returned",
		     (uint64_t)subject_mallopt(s, M_MMAP_THRESHOLD, 65536), 1, UNIT_NUMBER);
	h.settings.mmap_threshold = 65536;
	h.settings.dynamic = false;
	boundary(l, s, &h);

	step(l, "mallopt-stays", "After it: a large malloc, free, and again");
	if (!may_mmap(l, &h))
		return;
	predict(l, "who sets a threshold (or the top pad, or the trim threshold) means it: there is no "
		"more learning. It is mmapped both times");
	heap_fill_top(l, s, &h);
	p = one(l, "first", s, &h, n);
	free_mmapped(s, &h, p, glibc_mmapped_chunk(n, h.page));
	heap_fill_top(l, s, &h);
	one(l, "second", s, &h, n);
	subject_stop(s);

	step(l, "mmap-max", "mallopt(M_MMAP_MAX, 0), and a large malloc");
	s = heap_subject(l, NULL);
	if (!heap_model(l, s, &h))
		return;
	predict(l, "M_MMAP_MAX is how many chunks may be mmapped at once; with 0 everything is from "
		"the heap, and the break moves by more than a MiB");
	subject_mallopt(s, M_MMAP_MAX, 0);
	h.settings.mmap_max = 0;
	h.settings.dynamic = false;
	heap_fill_top(l, s, &h);
	one(l, "heap", s, &h, n);
	expect_equal(l, "break", "the break", look_break(l, s), h.brk, UNIT_ADDRESS);
	subject_stop(s);
}

static void by_environment(struct lesson *l, const char *slug, const char *setting)
{
	struct malloc_settings settings;
	const struct subject_options options = { .env = heap_environment(setting, &settings) };
	struct subject *s = heap_subject(l, &options);
	struct glibc_heap h;

	step(l, slug, "A process with %s", setting);
	if (!heap_model(l, s, &h))
		return;
	h.settings = settings;
	boundary(l, s, &h);
	subject_stop(s);
}

static void run(struct lesson *l)
{
	where_it_is(l);
	first_big(l);
	learns(l);
	too_much(l);
	by_mallopt(l);
	by_environment(l, "tunable", "GLIBC_TUNABLES=glibc.malloc.mmap_threshold=262144");
	by_environment(l, "variable", "MALLOC_MMAP_THRESHOLD_=32768");
}

static const char *const learnt[] = {
	"malloc first looks at what it has; only a chunk that is not there and is not below the "
	"threshold is mmapped.",
	"The threshold is compared with the chunk, which is larger than the request.",
	"Freeing an mmapped chunk raises the threshold to its size, up to 32 MiB: the next of its "
	"kind are from the heap.",
	"mallopt, GLIBC_TUNABLES and the variables MALLOC_* set it, and so end the learning.",
	NULL
};

static const char *const slides[] = {
	"\"128 KiB and more are mmapped\" is true of the first of them only, and not even always of "
	"that: where the heap has room, it is from there.",
	"The boundary for requests is 24 bytes below the threshold.",
	NULL
};

const struct lesson_info lesson_threshold = {
	.name = "threshold",
	.brief = "from which size on malloc calls mmap, and what moves that",
	.about = "Small chunks are cut from the heap, large ones are mapped for themselves. This lesson "
		 "looks for the boundary between them, and finds that it moves.",
	.learnt = learnt,
	.slides = slides,
	.run = run,
};
