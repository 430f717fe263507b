// SPDX-License-Identifier: GPL-2.0
/*
 * malloc-realloc.c - the part of the lesson "malloc" on realloc: in place,
 * copied, or with its pages moved.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "heap.h"

void malloc_realloc(struct lesson *l);

static bool filled(struct subject *s, uint64_t p, size_t length, unsigned char byte)
{
	unsigned char data[SUBJECT_DATA_MAX];

	if (!subject_peek(s, p, data, length))
		return false;
	for (size_t i = 0; i < length; i++)
		if (data[i] != byte)
			return false;
	return true;
}

static void expect_content(struct lesson *l, struct subject *s, uint64_t p, size_t length)
{
	expect_true(l, "content", p && filled(s, p, length, 0x5a), "the %zu bytes in it are as before",
		    length);
}

/* ---- in the heap ------------------------------------------------------------ */

/* Enough in the top, so that neither the break nor mmap comes into it. */
static bool room_in_heap(struct lesson *l, struct glibc_heap *h)
{
	if (h->top > 16384 || (h->settings.mmap_threshold > 16384 && h->settings.mmap_max))
		return true;
	if (!h->settings.mmap_max)
		return true;
	skip_step(l, "unset MALLOC_MMAP_THRESHOLD_ GLIBC_TUNABLES",
		  "chunks of a few thousand bytes are mmapped here");
	return false;
}

static void grow_and_shrink(struct lesson *l)
{
	struct subject *s = heap_subject(l, NULL);
	bool tcache = lesson_machine(l)->malloc.tcache_count > 0;
	struct glibc_malloc g;
	struct glibc_heap h;
	uint64_t p, q, to;
	int minor = 0;

	step(l, "realloc-move", "realloc 2000 to 3000 bytes, with a neighbour in the way");
	if (!heap_model(l, s, &h) || !room_in_heap(l, &h))
		return;
	predict(l, "behind the chunk another one is in use: realloc has to take a new chunk from the "
		"top, copy, and free the old one");
	p = heap_malloc(l, s, &h, 2000, &g);
	q = heap_malloc(l, s, &h, 24, &g);
	subject_fill(s, p, 0x5a, 2000);
	glibc_heap_malloc(&h, 3000, &g);
	q = subject_realloc(s, p, 3000);
	expect_equal(l, "moved", "realloc", q, g.pointer, UNIT_ADDRESS);
	expect_content(l, s, q, 2000);

	step(l, "realloc-place", "realloc 3000 to 4000 bytes, with nothing behind");
	predict(l, "the chunk is the last one, the top is behind it: it grows into the top, and stays "
		"where it is");
	p = q;
	subject_fill(s, p, 0x5a, 3000);
	q = subject_realloc(s, p, 4000);
	expect_equal(l, "place", "realloc", q, p, UNIT_ADDRESS);
	expect_equal(l, "usable", "usable", subject_usable_size(s, q), glibc_usable(4000), UNIT_BYTES);
	expect_content(l, s, q, 3000);

	step(l, "realloc-shrink", "realloc 4000 to 3000 bytes");
	predict(l, "it stays where it is, and its end is cut off and freed");
	to = subject_realloc(s, p, 3000);
	expect_equal(l, "place", "realloc", to, p, UNIT_ADDRESS);
	expect_equal(l, "usable", "usable", subject_usable_size(s, to), glibc_usable(3000), UNIT_BYTES);

	step(l, "realloc-regrow", "realloc 3000 to 3900 bytes, as much as it had");
	sscanf(subject_hello(s)->version, "2.%d", &minor);
	if (minor > 40) {
		skip_step(l, NULL, "where the end that was cut off is kept is known up to glibc 2.40");
		return;
	}
	predict(l, tcache ? "the end that was cut off, %" PRIu64 " bytes, is in the tcache now, and what "
		"is there counts as in use: it is in the way, and realloc moves" :
		"the end that was cut off, %" PRIu64 " bytes, has become a part of the top again (there "
		"is no tcache here): it grows in place", glibc_chunk(4000) - glibc_chunk(3000));
	q = subject_realloc(s, p, 3900);
	expect_true(l, "place", (q == p) == !tcache, "it %s", q == p ? "stays" : "moves");
	expect_content(l, s, q, 3000);
	subject_stop(s);
}

/* ---- mmapped ---------------------------------------------------------------- */

#define FRAMES	256

/* Large enough to be mmapped, whatever the top has. */
static uint64_t large_request(const struct glibc_heap *h)
{
	uint64_t n = 1 << 20;

	if (!h->settings.mmap_max || h->settings.mmap_max <= h->mmaps)
		return 0;
	while (n < 2 * h->settings.mmap_threshold && n)
		n *= 2;
	return n <= 32 << 20 ? n : 0;
}

static void same_frames(struct lesson *l, struct subject *s, const uint64_t *before, bool known,
			uint64_t q)
{
	uint64_t after[FRAMES];
	size_t same = 0;

	if (!known || !look_frames(l, s, q, FRAMES, after)) {
		skip_step(l, "run it as root", "page frames are told only with CAP_SYS_ADMIN");
		return;
	}
	for (size_t i = 0; i < FRAMES; i++)
		same += before[i] && before[i] == after[i];
	observe(l, "pagemap", "the first page: frame 0x%" PRIx64 " before, 0x%" PRIx64 " now",
		before[0], after[0]);
	expect_equal(l, "frames", "pages in the same frame as before", same, FRAMES, UNIT_PAGES);
}

static void move_pages(struct lesson *l)
{
	uint64_t page = lesson_machine(l)->page, frames[FRAMES], n, p, q, mapped;
	struct subject *s = heap_subject(l, NULL);
	struct subject_mallinfo info = { 0 };
	struct glibc_malloc g;
	struct glibc_heap h;
	bool known;

	step(l, "realloc-mremap", "realloc of an mmapped chunk to 16 times its size");
	if (!heap_model(l, s, &h))
		return;
	heap_fill_top(l, s, &h);
	n = large_request(&h);
	if (!n) {
		skip_step(l, "unset MALLOC_MMAP_MAX_ MALLOC_MMAP_THRESHOLD_ GLIBC_TUNABLES",
			  "malloc takes nothing of a handy size from mmap here");
		return;
	}
	predict(l, "%" PRIu64 " MiB come from mmap. To enlarge that, realloc has the kernel move the "
		"mapping (mremap): the pages are the very same frames as before, nothing is copied, no "
		"page is touched; and what is new is not there yet", n >> 20);
	p = heap_malloc(l, s, &h, n, &g);
	subject_fill(s, p, 0x5a, n);
	known = look_frames(l, s, p, FRAMES, frames);
	q = subject_realloc(s, p, 16 * n);
	need(l, q, "realloc failed");
	expect_faults(l, "faults", s, 0, 0);
	expect_equal(l, "place", "its place in its first page", q % page, 16, UNIT_BYTES);
	mapped = (16 + n + page - 1) / page;
	expect_pages(l, "pages", s, q, glibc_mmapped_chunk(16 * n, page) / page,
		     "R*%" PRIu64 " .*", mapped);
	expect_content(l, s, q, 4000);
	same_frames(l, s, frames, known, q);

	step(l, "realloc-small", "realloc of it to 1000 bytes");
	predict(l, "it is not brought into the heap: the mapping shrinks to the one page that 1000 "
		"bytes need, at the same address, and the rest of it is gone");
	p = subject_realloc(s, q, 1000);
	expect_equal(l, "place", "realloc", p, q, UNIT_ADDRESS);
	expect_equal(l, "usable", "usable", subject_usable_size(s, p), glibc_mmapped_usable(1000, page),
		     UNIT_BYTES);
	expect_pages(l, "pages", s, p, 4, "R _*");

	step(l, "realloc-zero", "realloc of it to 0 bytes");
	predict(l, "glibc takes that as free(), and returns NULL (the standard leaves it open, so "
		"nobody should do it): the mapping is gone");
	subject_mallinfo(s, &info);
	mapped = info.hblks;
	q = subject_realloc(s, p, 0);
	subject_mallinfo(s, &info);
	expect_equal(l, "null", "realloc", q, 0, UNIT_ADDRESS);
	expect_equal(l, "mapped", "mmapped chunks less", mapped - info.hblks, 1, UNIT_NUMBER);
	expect_pages(l, "pages", s, p, 1, "_");
	subject_stop(s);
}

void malloc_realloc(struct lesson *l)
{
	grow_and_shrink(l);
	move_pages(l);
}
