// SPDX-License-Identifier: GPL-2.0
/*
 * bugs-heap.c - of the lesson "bugs": freeing twice, never, or too late; what is
 * left in freed memory; and what the holes in a heap cost.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bugs.h"

/* ---- free twice -------------------------------------------------------------- */

static void died_of(struct lesson *l, struct subject *s, uint64_t p, const char *message)
{
	subject_free(s, p);
	bugs_doomed(s);
	subject_free(s, p);
	expect_death(l, "abort", s, SIGABRT, message);
}

static void twice_small(struct lesson *l)
{
	const struct machine *m = lesson_machine(l);
	struct glibc_heap heap;
	struct glibc_malloc g;
	struct subject *s;

	step(l, "twice-small", "free(p); free(p): a small chunk");
	if (!bugs_start(l, &s, &heap) || !bugs_from_heap(l, &heap, 24, &g))
		return;
	if (bugs_glibc(l) < 29 && m->malloc.tcache_count) {
		skip_step(l, NULL, "before glibc 2.29 nobody notices: malloc would give out the "
			"chunk twice");
		return;
	}
	predict(l, "freed small chunks are kept in a list per thread (the tcache)%s; malloc "
		"finds the chunk there, says so, and aborts", m->malloc.tcache_count ? "" :
		", or as it is set here, in one for all (a fastbin)");
	died_of(l, s, subject_malloc(s, 24), m->malloc.tcache_count ?
		"free\\(\\): double free detected in tcache" :
		"double free or corruption \\(fasttop\\)");
}

static void twice_fast(struct lesson *l)
{
	uint64_t count = lesson_machine(l)->malloc.tcache_count, p[65];
	struct glibc_heap heap;
	struct glibc_malloc g;
	struct subject *s;

	step(l, "twice-fast", "The same when the tcache is full");
	if (count > 64) {
		skip_step(l, BUGS_UNSET, "as it is set here, the tcache is too large to fill it");
		return;
	}
	if (!bugs_start(l, &s, &heap) || !bugs_from_heap(l, &heap, 24, &g))
		return;
	predict(l, "a list of the tcache holds %" PRIu64 " chunks. One more goes to a list for all "
		"threads (a fastbin), of which malloc looks at the top alone: another message. Had "
		"another chunk been freed in between, it would not have been noticed", count);
	subject_quiet(s, true);
	for (uint64_t i = 0; i <= count; i++)
		p[i] = subject_malloc(s, 24);
	for (uint64_t i = 0; i < count; i++)
		subject_free(s, p[i]);
	subject_quiet(s, false);
	doing(l, "%" PRIu64 " times malloc(24); all but the last are freed", count + 1);
	died_of(l, s, p[count], "double free or corruption \\(fasttop\\)");
}

static void twice_large(struct lesson *l)
{
	struct glibc_heap heap;
	struct glibc_malloc g;
	struct subject *s;
	uint64_t p;

	step(l, "twice-large", "free(p); free(p): 2000 bytes");
	if (!bugs_start(l, &s, &heap) || !bugs_from_heap(l, &heap, 2000, &g) ||
	    !bugs_from_heap(l, &heap, 2000, &g))
		return;
	predict(l, "too large for the tcache: it goes to the arena's bins, and the chunk behind it "
		"notes that the one before is free. The second free finds that note: \"!prev\"");
	p = subject_malloc(s, 2000);
	subject_malloc(s, 2000);
	died_of(l, s, p, "double free or corruption \\(!prev\\)");
}

static void twice_mmapped(struct lesson *l)
{
	const struct machine *m = lesson_machine(l);
	struct glibc_heap heap;
	struct glibc_malloc g;
	struct subject *s;
	uint64_t size, p;

	step(l, "twice-mmapped", "free(p); free(p): a chunk that malloc had from mmap");
	if (!bugs_start(l, &s, &heap))
		return;
	size = m->malloc.mmap_threshold + heap.top + m->malloc.top_pad + (1 << 20);
	glibc_heap_malloc(&heap, size, &g);
	if (!g.mmapped || size > m->mem_total / 4) {
		skip_step(l, BUGS_UNSET, "as malloc is set, it takes nothing from mmap");
		return;
	}
	predict(l, "the second free looks for the chunk's size in front of it, where nothing is "
		"mapped any more: SIGSEGV, and no message");
	p = subject_malloc(s, size);
	subject_free(s, p);
	bugs_doomed(s);
	subject_free(s, p);
	expect_death(l, "killed", s, SIGSEGV, NULL);
	expect_equal(l, "silent", "characters that it wrote to stderr", strlen(subject_stderr(s)),
		     0, UNIT_NUMBER);
	bugs_tool(l, "valgrind ./program; or gcc -g -fsanitize=address: both tell who freed it "
		"first");
}

void bugs_double_free(struct lesson *l)
{
	twice_small(l);
	twice_fast(l);
	twice_large(l);
	twice_mmapped(l);
}

/* ---- what is left ------------------------------------------------------------- */

static const char secret[] = "password: correct horse battery staple";

/* Of the secret's `length` bytes from `from`, those that are still at p; by /proc/PID/mem. */
static int64_t left_over(struct subject *s, uint64_t p, size_t from)
{
	int fd = openat(mms_target_procfd(subject_target(s)), "mem", O_RDONLY | O_CLOEXEC);
	char held[sizeof(secret)];
	int64_t n = 0;

	/* Its last byte is 0: that would be there in cleared memory too. */
	if (fd < 0 || pread(fd, held, sizeof(held), (off_t)p) != (ssize_t)sizeof(held))
		n = -1;
	for (size_t i = from; n >= 0 && i < strlen(secret); i++)
		n += held[i] == secret[i];
	if (fd >= 0)
		close(fd);
	return n;
}

void bugs_secret(struct lesson *l)
{
	const size_t rest = strlen(secret) - 16;
	char held[sizeof(secret)];
	struct glibc_heap heap;
	struct glibc_malloc g;
	struct subject *s;
	uint64_t p, q;
	int64_t n;

	step(l, "secret", "A secret in memory that was freed");
	if (!bugs_contents_stay(l) || !bugs_start(l, &s, &heap) ||
	    !bugs_from_heap(l, &heap, 64, &g))
		return;
	predict(l, "free does not erase. Of the %zu bytes, malloc's notes overwrite the first 16 "
		"at most; the others can be read by who may debug the process, in /proc/PID/mem, "
		"and by the next owner of the chunk", strlen(secret));
	p = subject_malloc(s, 64);
	subject_poke(s, p, secret, sizeof(secret));
	doing(l, "strcpy(p, \"%s\")", secret);
	subject_free(s, p);
	n = left_over(s, p, 16);
	if (n < 0)
		note(l, "/proc/PID/mem may not be read here.");
	else
		expect_equal(l, "mem", "bytes in /proc/PID/mem, behind the first 16", (uint64_t)n,
			     rest, UNIT_NUMBER);
	q = subject_malloc(s, 64);
	expect_equal(l, "same", "the pointer of the next malloc", q, p, UNIT_ADDRESS);
	need(l, subject_peek(s, q, held, sizeof(held)), "the subject's memory could not be read");
	observe(l, "subject", "the next owner reads \"...%.*s\"", (int)rest, held + 16);
	expect_true(l, "reuse", !memcmp(held + 16, secret + 16, rest),
		    "it is the end of the secret");

	step(l, "erased", "The same, erased before free");
	predict(l, "nothing of it is left. (explicit_bzero, since a compiler may leave out a "
		"memset right before free: nobody seems to read what it writes.)");
	subject_poke(s, q, secret, sizeof(secret));
	subject_fill(s, q, 0, sizeof(secret));
	subject_free(s, q);
	n = left_over(s, q, 16);
	if (n >= 0)
		expect_equal(l, "mem", "bytes left in /proc/PID/mem", (uint64_t)n, 0, UNIT_NUMBER);
	q = subject_malloc(s, 64);
	need(l, subject_peek(s, q, held, sizeof(held)), "the subject's memory could not be read");
	expect_true(l, "reuse", memcmp(held + 16, secret + 16, rest),
		    "the next owner finds nothing");
	note(l, "A page that was swapped out has a copy on the disk: see the lesson mlock.");
}

/* ---- never free ---------------------------------------------------------------- */

#define LEAKS	1000

void bugs_leak(struct lesson *l)
{
	const struct machine *m = lesson_machine(l);
	struct subject_mallinfo before, after;
	uint64_t growth = 0, used = 0, p, last;
	struct glibc_malloc g = { 0 };
	struct glibc_heap heap;
	struct subject *s;
	size_t pages;

	step(l, "leak", "A leak: %d times malloc(%d), and never free", LEAKS, LEAKS);
	if (!bugs_start(l, &s, &heap))
		return;
	/* The first malloc of a process takes a chunk for the tcache. */
	if (heap.tcache < m->malloc.mmap_threshold || !m->malloc.mmap_max)
		used = heap.tcache;
	for (int i = 0; i < LEAKS; i++) {
		if (!bugs_from_heap(l, &heap, LEAKS, &g))
			return;
		growth += g.growth;
		used += g.chunk;
	}
	predict(l, "each takes %" PRIu64 " bytes. When the heap is used up the break moves, in "
		"steps; in all by %" PRIu64 " bytes. The pages are there, since malloc writes in "
		"each; they stay until the process ends", g.chunk, growth);
	need(l, subject_mallinfo(s, &before), "mallinfo2() is not to be had");
	p = subject_malloc_many(s, LEAKS, LEAKS, 0);
	subject_mallinfo(s, &after);
	expect_break(l, "break", s, (int64_t)growth);
	expect_equal(l, "in-use", "bytes in use more than before", after.uordblks - before.uordblks,
		     used, UNIT_BYTES);
	last = g.pointer + LEAKS;
	pages = last / m->page - p / m->page + 1;
	expect_categories(l, "pages", s, p, pages, MMSCOPE_CAT(PRESENT), 0);
	note(l, "VMAs show that the heap grows, and look the same for a program that needs it "
		"all.");
	bugs_tool(l, "valgrind --leak-check=full ./program; or gcc -g -fsanitize=address");
}

/* ---- holes ---------------------------------------------------------------------- */

static void external(struct lesson *l)
{
	const uint64_t number = 2001, size = 1040, large = 2000;
	const struct machine *m = lesson_machine(l);
	struct subject_mallinfo before, after;
	struct glibc_malloc g = { 0 };
	struct glibc_heap heap;
	struct subject *s;
	uint64_t growth = 0, first, last, freed = number / 2 * glibc_chunk(size), p;

	step(l, "external", "Fragmentation, external: every other chunk is freed");
	if (!bugs_start(l, &s, &heap))
		return;
	for (uint64_t i = 0; i < number; i++) {
		if (!bugs_from_heap(l, &heap, size, &g))
			return;
		growth += g.growth;
	}
	last = g.pointer;
	predict(l, "of %" PRIu64 " chunks of %" PRIu64 " bytes half are freed: %" PRIu64 " bytes, "
		"in holes of one chunk each. The break does not go down, and no page is given "
		"back: each has a chunk in use", number, glibc_chunk(size), freed);
	subject_mallinfo(s, &before);
	first = subject_malloc_many(s, number, size, 2);
	subject_mallinfo(s, &after);
	expect_break(l, "break", s, (int64_t)growth);
	/* Without the top, which is one piece. */
	expect_equal(l, "free", "bytes free in holes, more than before",
		     (after.fordblks - after.keepcost) - (before.fordblks - before.keepcost), freed,
		     UNIT_BYTES);
	expect_categories(l, "pages", s, first, last / m->page - first / m->page + 1,
			  MMSCOPE_CAT(PRESENT), 0);

	step(l, "external-use", "What are the holes good for? malloc(%" PRIu64 "), malloc_trim",
	     large);
	if (!bugs_from_heap(l, &heap, large, &g))
		return;
	predict(l, "for nothing that is larger: malloc(%" PRIu64 ") is cut from the end of the "
		"heap, though so much is free. And malloc_trim gives back whole pages only: "
		"between the first and the last chunk there is none", large);
	p = subject_malloc(s, large);
	expect_equal(l, "pointer", "it is behind all of them", p, g.pointer, UNIT_ADDRESS);
	subject_malloc_trim(s, 0);
	expect_categories(l, "pages", s, first, last / m->page - first / m->page + 1,
			  MMSCOPE_CAT(PRESENT), 0);
	bugs_tool(l, "malloc_info(0, stdout) or mallinfo2() in the program: free memory beside the "
		  "top; heaptrack ./program");
}

static void internal(struct lesson *l)
{
	const struct machine *m = lesson_machine(l);
	struct subject_mallinfo before, after;
	uint64_t request = 40 * m->page - 16, size, p;
	struct glibc_heap heap;
	struct glibc_malloc g;
	struct subject *s;

	step(l, "internal", "Fragmentation, internal: malloc(1)");
	if (!bugs_start(l, &s, &heap) || !bugs_from_heap(l, &heap, 24, &g) ||
	    !bugs_from_heap(l, &heap, 1, &g))
		return;
	predict(l, "a chunk has a header of 8 bytes, and its size is a multiple of 16, and 32 at "
		"least: of %" PRIu64 " bytes taken, %" PRIu64 " may be used, and one is", g.chunk,
		g.usable);
	subject_malloc(s, 24);
	subject_mallinfo(s, &before);
	p = subject_malloc(s, 1);
	subject_mallinfo(s, &after);
	expect_equal(l, "taken", "bytes taken", after.uordblks - before.uordblks, g.chunk,
		     UNIT_BYTES);
	expect_equal(l, "usable", "bytes that may be used", subject_usable_size(s, p), g.usable,
		     UNIT_BYTES);

	step(l, "internal-page", "The same with mmap: 40 pages less 16 bytes");
	size = glibc_mmapped_chunk(request, m->page);
	glibc_heap_malloc(&heap, request, &g);
	if (!g.mmapped) {
		skip_step(l, BUGS_UNSET, "as malloc is set, %" PRIu64 " bytes come from the heap",
			  request);
		return;
	}
	predict(l, "with its header of 16 bytes it would just fill 40 pages; but malloc counts 8 "
		"bytes more, and a mapping has whole pages: it is %" PRIu64 " pages, and "
		"%" PRIu64 " bytes are wasted", size / m->page, size - request);
	subject_mallinfo(s, &before);
	p = subject_malloc(s, request);
	subject_mallinfo(s, &after);
	expect_equal(l, "mapped", "bytes mapped", after.hblkhd - before.hblkhd, size, UNIT_BYTES);
	expect_equal(l, "usable", "bytes that may be used", subject_usable_size(s, p),
		     glibc_mmapped_usable(request, m->page), UNIT_BYTES);
}

void bugs_fragmentation(struct lesson *l)
{
	external(l);
	internal(l);
}
