// SPDX-License-Identifier: GPL-2.0
/*
 * malloc.c - the lesson "malloc": what one malloc, calloc or realloc takes, and
 * from where.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "heap.h"

#define WORD		UINT64_C(8)	/* a size field */
#define HEADER		UINT64_C(16)	/* what stands before the memory */
#define FLAGS		UINT64_C(7)	/* the low bits of a size field */
#define PREV_INUSE	UINT64_C(1)
#define IS_MMAPPED	UINT64_C(2)

/* In malloc-realloc.c. */
void malloc_realloc(struct lesson *l);

/* ---- show_curbrk 1024 ------------------------------------------------------- */

#define SHOWN	1024

static uint64_t word_at(struct subject *s, uint64_t address)
{
	uint64_t word = 0;

	subject_peek(s, address, &word, sizeof(word));
	return word;
}

/* The heap from its first byte, part by part: `at` goes on with each. */
static void tell_part(struct lesson *l, uint64_t first, uint64_t *at, uint64_t bytes,
		      const char *what)
{
	char who[16];

	snprintf(who, sizeof(who), "+0x%" PRIx64, *at - first);
	observe(l, who, "%" PRIu64 " bytes: %s", bytes, what);
	*at += bytes;
}

static void tell_parts(struct lesson *l, const struct glibc_heap *before,
		       const struct glibc_heap *after, const struct glibc_malloc *buffer,
		       const struct glibc_malloc *g, uint64_t buffer_size)
{
	uint64_t first = before->next ? before->next : before->brk, at = first;
	char words[64];

	if (!before->next && first % HEADER)
		tell_part(l, first, &at, HEADER - first % HEADER, "left, to begin at a multiple of 16");
	if (before->tcache && before->tcache < before->settings.mmap_threshold)
		tell_part(l, first, &at, before->tcache, "the tcache, malloc's own notes");
	if (buffer_size && !buffer->mmapped) {
		snprintf(words, sizeof(words), "stdio's buffer of %" PRIu64 ", with its header",
			 buffer_size);
		tell_part(l, first, &at, buffer->chunk, words);
	}
	if (!g->mmapped) {
		tell_part(l, first, &at, HEADER, "the chunk's header: its size, and a spare word");
		tell_part(l, first, &at, g->chunk - HEADER, "what malloc returns (a word of it is lent "
			  "by the chunk that follows)");
	}
	tell_part(l, first, &at, after->top, "the top: the rest, for the next ones");
}

static void predict_growth(struct lesson *l, const struct glibc_heap *h, uint64_t growth,
			   uint64_t buffer)
{
	if (h->next)
		predict(l, "the heap has been made before main(), and its rest, the top, has %" PRIu64
			" bytes: %s", h->top, growth ? "that is not enough, and the break moves" :
			"that is enough, and the break stays");
	else
		predict(l, "the break moves by %" PRIu64 ": the first malloc takes %" PRIu64 " bytes for "
			"itself (the tcache)%s, and asks sbrk for %" PRIu64 " bytes more than needed "
			"(the top pad), in whole pages", growth, h->tcache, buffer ?
			", printf has taken its buffer" : "", h->settings.top_pad);
}

static void show_curbrk(struct lesson *l, const char *slug, const char *where,
			enum subject_stdout out)
{
	const struct subject_options options = { .out = out };
	const struct machine *m = lesson_machine(l);
	struct subject *s = heap_subject(l, &options);
	struct glibc_malloc g, b = { 0 };
	struct glibc_heap before, h;
	uint64_t buffer = out == SUBJECT_OUT_NULL ? 0 : heap_stdio_buffer(s), first, p, size;

	step(l, slug, "show_curbrk 1024%s: sbrk(0), malloc(1024), sbrk(0)", where);
	if (!heap_model(l, s, &before))
		return;
	h = before;
	first = before.next ? before.next : before.brk;
	if (buffer)
		glibc_heap_malloc(&h, buffer, &b);
	glibc_heap_malloc(&h, SHOWN, &g);
	if (buffer)
		predict(l, "printf wants a buffer first, and takes it with malloc: %" PRIu64 " bytes here, "
			"which is what stat says of its stdout (st_blksize)", buffer);
	predict_growth(l, &before, b.growth + g.growth, buffer);
	if (!g.mmapped)
		predict(l, "malloc returns the heap's first byte + 0x%" PRIx64, g.pointer - first);
	subject_sbrk(s, 0);
	if (buffer)
		subject_printf(s, "the break is at ...\n");
	p = subject_malloc(s, SHOWN);
	need(l, p, "malloc failed");
	subject_sbrk(s, 0);
	expect_break(l, "break", s, (int64_t)(b.growth + g.growth));
	if (g.mmapped)
		expect_equal(l, "place", "its place in its first page", p % m->page, HEADER, UNIT_BYTES);
	else
		expect_equal(l, "place", "from the heap's first byte to what malloc returned",
			     p - first, g.pointer - first, UNIT_ADDRESS);
	tell_parts(l, &before, &h, &b, &g, buffer);
	size = word_at(s, p - WORD);
	expect_equal(l, "header", "the word before it: the chunk's size, and a flag", size,
		     g.chunk | (g.mmapped ? IS_MMAPPED : PREV_INUSE), UNIT_ADDRESS);
	if (!g.mmapped)
		expect_equal(l, "top", "the size that the top notes", word_at(s, p + g.chunk - WORD) &
			     ~FLAGS, h.top, UNIT_BYTES);
	if (!g.mmapped)
		expect_equal(l, "end", "from the end of the top to the break", look_break(l, s) -
			     (p - HEADER + g.chunk + h.top), 0, UNIT_BYTES);
	subject_stop(s);
}

/* ---- sizes ------------------------------------------------------------------ */

static void sizes(struct lesson *l, struct subject *s)
{
	static const uint64_t requests[] = { 1, 24, 25, 40, 41, 100, 1000, 4083 };
	bool aligned = true, usable = true;
	struct glibc_malloc g;
	struct glibc_heap h;

	step(l, "sizes", "How much a malloc really takes");
	if (!heap_model(l, s, &h))
		return;
	predict(l, "each chunk has a header word, is a multiple of 16 and at least 32 bytes large; of "
		"it the word that the next chunk lends is usable as well. So 24 bytes fit in 32, and "
		"the 25th costs 16 more. Every pointer is a multiple of 16");
	subject_quiet(s, true);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		uint64_t p = heap_malloc(l, s, &h, requests[i], &g), got = subject_usable_size(s, p);
		char who[24];

		snprintf(who, sizeof(who), "malloc(%" PRIu64 ")", requests[i]);
		observe(l, who, "0x%" PRIx64 ", usable %" PRIu64 ", the chunk %" PRIu64 "%s", p, got,
			word_at(s, p - WORD) & ~FLAGS, g.mmapped ? " (mmapped)" : "");
		aligned &= p % 16 == 0;
		usable &= got == g.usable && (word_at(s, p - WORD) & ~FLAGS) == g.chunk;
	}
	subject_quiet(s, false);
	expect_true(l, "aligned", aligned, "all pointers are multiples of 16");
	expect_true(l, "usable", usable, "all chunks and usable sizes are as computed");
}

static void zero(struct lesson *l, struct subject *s)
{
	struct glibc_malloc g;
	struct glibc_heap h;
	uint64_t p, q;

	step(l, "zero", "malloc(0), twice");
	if (!heap_model(l, s, &h))
		return;
	predict(l, "neither is NULL, and they are not the same: each is a smallest chunk, which even "
		"has room");
	p = heap_malloc(l, s, &h, 0, &g);
	q = heap_malloc(l, s, &h, 0, &g);
	expect_true(l, "distinct", p && q && p != q, "two pointers, and not the same");
	expect_equal(l, "usable", "usable", subject_usable_size(s, q), g.usable, UNIT_BYTES);
}

static void too_large(struct lesson *l, struct subject *s)
{
	const struct machine *m = lesson_machine(l);
	uint64_t p;

	/* The heap is there, whatever was skipped. */
	subject_quiet(s, true);
	subject_malloc(s, 24);
	subject_quiet(s, false);
	step(l, "too-large", "More than there is");
	predict(l, "malloc of more bytes than there are addresses returns NULL with ENOMEM, and so "
		"does one of half the numbers there are; calloc(2^32, 2^32) does too: it notices that "
		"the product, 2^64, is too large for a number, where malloc(n * size) would have "
		"asked for 0 bytes, and got them");
	p = subject_malloc(s, m->task_size);
	expect_equal(l, "addresses", "malloc", p, 0, UNIT_ADDRESS);
	expect_errno(l, "addresses-errno", s, ENOMEM);
	p = subject_malloc(s, (uint64_t)PTRDIFF_MAX + 1);
	expect_equal(l, "half", "malloc", p, 0, UNIT_ADDRESS);
	expect_errno(l, "half-errno", s, ENOMEM);
	p = subject_calloc(s, 1ULL << 32, 1ULL << 32);
	expect_equal(l, "calloc", "calloc", p, 0, UNIT_ADDRESS);
	expect_errno(l, "calloc-errno", s, ENOMEM);
	expect_break(l, "break", s, 0);
}

/* ---- calloc ----------------------------------------------------------------- */

/* Whether all of [from, to) of the memory at p holds this byte. */
static bool holds(struct subject *s, uint64_t p, size_t from, size_t to, unsigned char byte)
{
	unsigned char data[SUBJECT_DATA_MAX];

	if (!subject_peek(s, p + from, data, to - from))
		return false;
	for (size_t i = 0; i < to - from; i++)
		if (data[i] != byte)
			return false;
	return true;
}

#define STALE	2000	/* too large for the tcache, which calloc may pass over */

static void stale(struct lesson *l)
{
	const struct machine *m = lesson_machine(l);
	struct subject *s = heap_subject(l, NULL);
	struct glibc_malloc g;
	struct glibc_heap h;
	uint64_t p, q;

	step(l, "stale", "malloc, fill, free, malloc again; then calloc");
	if (!heap_model(l, s, &h))
		return;
	if (m->malloc.perturb) {
		skip_step(l, "unset MALLOC_PERTURB_ GLIBC_TUNABLES",
			  "malloc and free are told to overwrite what they give and get (perturb)");
		return;
	}
	predict(l, "the second malloc gets the same memory, with what was left in it; so does calloc, "
		"but makes all of it 0");
	p = heap_malloc(l, s, &h, STALE, &g);
	if (g.mmapped) {
		skip_step(l, "unset MALLOC_MMAP_THRESHOLD_ GLIBC_TUNABLES",
			  "so small a chunk is mmapped here, and gone at free()");
		return;
	}
	subject_fill(s, p, 0xa5, STALE);
	subject_free(s, p);
	q = subject_malloc(s, STALE);
	expect_equal(l, "same", "the second malloc", q, p, UNIT_ADDRESS);
	expect_true(l, "left", holds(s, q, 16, STALE, 0xa5), "it holds what the first one left");
	subject_fill(s, q, 0xa5, STALE);
	subject_free(s, q);
	q = subject_calloc(s, 1, STALE);
	expect_equal(l, "same-calloc", "calloc", q, p, UNIT_ADDRESS);
	expect_true(l, "zero", q && holds(s, q, 0, STALE, 0), "all its %d bytes are 0", STALE);
	subject_stop(s);
}

#define BIG	(1ULL << 20)
#define PAGES_MAX	(BIG / 4096 + 3)

/* Bytes [from, to) have been touched, counted from the first page of the pattern. */
static void touched(char *pattern, uint64_t from, uint64_t to, uint64_t page)
{
	for (uint64_t i = from / page; from < to && i <= (to - 1) / page && pattern[i]; i++)
		pattern[i] = 'R';
}

/*
 * What calloc() has to touch: memory that is fresh from the system is zero
 * already; only what had been in the top before is not trusted.
 */
static void predict_calloc(struct lesson *l, const struct glibc_heap *before,
			   const struct glibc_malloc *g, uint64_t offset, char *pattern)
{
	uint64_t page = lesson_machine(l)->page, body = g->chunk - WORD;
	bool perturb = lesson_machine(l)->malloc.perturb;

	/* At the very beginning of a page, the header is in the one before. */
	touched(pattern, offset ? offset - HEADER : 0, offset, page);
	if (g->mmapped) {
		predict(l, "it is taken from mmap, and so it is zero anyway: calloc touches nothing but "
			"the header%s", perturb ? "; no, here it does: MALLOC_PERTURB_ makes it clear "
			"all" : "");
		touched(pattern, offset, perturb ? offset + BIG : 0, page);
		return;
	}
	if (!perturb && g->chunk > before->top)
		body = before->top - WORD;
	predict(l, "it is cut from the top of the heap: calloc clears what had been there before, "
		"%" PRIu64 " bytes, and trusts the rest, fresh from sbrk, to be zero", body);
	touched(pattern, offset, offset + body, page);
	touched(pattern, offset + g->chunk - WORD, offset + g->chunk, page);
}

static void calloc_big(struct lesson *l)
{
	uint64_t page = lesson_machine(l)->page, p, offset;
	struct subject *s = heap_subject(l, NULL);
	struct glibc_heap h, before;
	char pattern[PAGES_MAX + 1];
	struct glibc_malloc g;
	size_t pages;

	step(l, "calloc-big", "calloc(1, 1 MiB)");
	if (!heap_model(l, s, &h))
		return;
	/* A heap to begin with. */
	subject_quiet(s, true);
	heap_malloc(l, s, &h, 24, &g);
	subject_quiet(s, false);
	before = h;
	glibc_heap_malloc(&h, BIG, &g);
	offset = g.mmapped ? HEADER : g.pointer % page;
	pages = (offset + BIG + page - 1) / page;
	memset(pattern, '.', pages);
	pattern[pages] = 0;
	predict_calloc(l, &before, &g, offset, pattern);
	p = subject_calloc(s, 1, BIG);
	need(l, p, "calloc failed");
	expect_equal(l, "offset", "its place in its first page", p % page, offset, UNIT_BYTES);
	expect_pages(l, "pages", s, p, pages, "%s", pattern);
	expect_equal(l, "zero", "the sum of all its bytes, a page each",
		     subject_read(s, p, pages - 1, 1), 0, UNIT_NUMBER);
	subject_stop(s);
}

static void run(struct lesson *l)
{
	struct subject *s;

	show_curbrk(l, "quiet", "", SUBJECT_OUT_NULL);
	show_curbrk(l, "terminal", ", telling so on a terminal", SUBJECT_OUT_TTY);
	show_curbrk(l, "pipe", ", telling so in a pipe", SUBJECT_OUT_PIPE);
	s = heap_subject(l, NULL);
	sizes(l, s);
	zero(l, s);
	too_large(l, s);
	subject_stop(s);
	stale(l);
	calloc_big(l);
	malloc_realloc(l);
}

static const char *const learnt[] = {
	"The first malloc makes the heap: it takes its own notes and a stock from sbrk, and later "
	"ones are cut from that stock without a system call.",
	"A chunk is 8 bytes more than asked for, rounded up to 16, and 32 at least.",
	"malloc gives out what others left behind; calloc gives zeros, and does not touch what is "
	"fresh from the system.",
	"realloc stays in place if what follows is free, copies if not, and moves pages instead of "
	"bytes if the chunk is mmapped.",
	NULL
};

static const char *const slides[] = {
	"Pointers are multiples of 16, not of 8.",
	"show_curbrk 1024 gave 0x670: the tcache was 64 bytes smaller before glibc 2.30. And that was "
	"on a terminal: in a pipe stdio's buffer is larger, and without printf there is none.",
	NULL
};

const struct lesson_info lesson_malloc = {
	.name = "malloc",
	.brief = "what one malloc, calloc or realloc takes",
	.about = "malloc cuts what it gives out from a stock that it gets from the system. This lesson "
		 "accounts for every byte of a first malloc, and looks at sizes, limits, zeros, and "
		 "what realloc does.",
	.learnt = learnt,
	.slides = slides,
	.run = run,
};
