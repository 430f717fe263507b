// SPDX-License-Identifier: GPL-2.0
/*
 * threads-arena.c - of the lesson "threads": where the malloc of a thread gets
 * its memory, and what happens if there may be one arena only.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "threads.h"

#define ARENA_MIN	(UINT64_C(32) << 10)	/* HEAP_MIN_SIZE */
#define MINSIZE		UINT64_C(32)

/* What it may be written to at first: itself, and the padding. */
static void arena_rw(const struct machine *m, uint64_t *low, uint64_t *high)
{
	/* Its head, its state and an alignment; a little more since 2.35. */
	uint64_t small = 32 + 2200 + 16 + m->malloc.top_pad, large = small + 16;

	*low = up(small < ARENA_MIN ? ARENA_MIN : small, m->page);
	*high = up(large < ARENA_MIN ? ARENA_MIN : large, m->page);
}

bool threads_known(const struct machine *m, const char **why)
{
	if (!glibc_known(m->libc_version, why))
		return false;
	*why = "malloc's settings in the environment are none that the model knows";
	return !m->malloc.odd && !m->malloc.hugetlb && m->malloc.top_pad < ARENA_MAX / 4;
}

uint64_t threads_malloc(struct subject *s, unsigned int thread, uint64_t size)
{
	uint64_t p;

	subject_thread(s, thread);
	p = subject_malloc(s, size);
	subject_thread(s, 0);
	return p;
}

static void expect_arena(struct lesson *l, struct subject *s, const struct arena *a)
{
	uint64_t page = lesson_machine(l)->page;

	expect_vmas(l, "vmas", s, a->base, ARENA_MAX / page, "rw-p*%" PRIu64 " ---p*%" PRIu64,
		    a->rw / page, (ARENA_MAX - a->rw) / page);
}

bool threads_arena(struct lesson *l, struct subject *s, unsigned int thread, struct arena *a)
{
	const struct machine *m = lesson_machine(l);
	struct mms_vma v = { 0 };
	const char *why;
	uint64_t p, low, high;

	step(l, "arena", "malloc(100) in the thread");
	if (!threads_known(m, &why) || m->malloc.arena_max == 1) {
		skip_step(l, "unset GLIBC_TUNABLES MALLOC_ARENA_MAX MALLOC_CHECK_", "%s",
			  m->malloc.arena_max == 1 ? "the environment allows one arena only "
			  "(arena_max is 1): the last steps show what comes of it" : why);
		return false;
	}
	arena_rw(m, &low, &high);
	predict(l, "if all threads took memory from one heap, they would have to wait for each "
		"other. So a thread gets an arena of its own: 64 MiB of address space that begin "
		"at a multiple of 64 MiB, of which the first %" PRIu64 " KiB may be used (rw-p), "
		"while the rest is only reserved (---p). The break does not move", low >> 10);
	p = threads_malloc(s, thread, 100);
	need(l, p, "malloc failed");
	if (!look_vma(l, s, p, &v))
		need(l, false, "no VMA covers what malloc returned");
	a->base = p & ~(ARENA_MAX - 1);
	a->rw = v.end - a->base;
	a->top = p - 16 + glibc_chunk(100);
	expect_break(l, "break", s, 0);
	expect_between(l, "size", "the part that may be used", a->rw, low, high, UNIT_BYTES);
	expect_between(l, "place", "behind the arena's own data: place in the 64 MiB", p - a->base,
		       2200, m->page, UNIT_BYTES);
	expect_arena(l, s, a);
	if (!m->mthp && (m->thp != THP_ALWAYS || a->rw < m->pmd))
		expect_pages(l, "pages", s, a->base, a->rw / m->page, "R .*");
	return true;
}

void threads_grow(struct lesson *l, struct subject *s, unsigned int thread, struct arena *a)
{
	const struct machine *m = lesson_machine(l);
	uint64_t limit = m->malloc.mmap_threshold < 1024 ? 0 :
			 glibc_last_heap_request(m->malloc.mmap_threshold);
	uint64_t size = limit < 100000 ? limit : 100000;
	uint64_t chunk = glibc_chunk(size), growth, before = a->rw;
	unsigned int n = 0;

	step(l, "grow", "malloc in the thread until its arena has to grow");
	if (size < 1000) {
		skip_step(l, "unset MALLOC_MMAP_THRESHOLD_ GLIBC_TUNABLES",
			  "all but small requests are mmapped, as the environment has it");
		return;
	}
	predict(l, "the arena grows within its 64 MiB, a few pages at a time, by mprotect: the "
		"border between rw-p and ---p moves up. The break still does not move");
	subject_quiet(s, true);
	for (growth = 0; !growth; n++) {
		uint64_t rest = a->base + a->rw - a->top, p;

		growth = chunk + MINSIZE > rest ? up(chunk + MINSIZE - rest, m->page) : 0;
		p = threads_malloc(s, thread, size);
		need(l, p && p + chunk < a->base + ARENA_MAX / 2, "the arena is not as expected");
		a->top = p - 16 + chunk;
		a->rw += growth;
	}
	subject_quiet(s, false);
	doing(l, "%u times malloc(%" PRIu64 ") in the thread; the last one did not fit", n, size);
	expect_break(l, "break", s, 0);
	note(l, "The last one needed %" PRIu64 " pages more than there were.",
	     (a->rw - before) / m->page);
	expect_arena(l, s, a);
}

static size_t arenas_told(struct subject *s)
{
	const char *text = subject_malloc_stats(s);
	size_t n = 0;

	while ((text = strstr(text, "Arena "))) {
		text += 6;
		n++;
	}
	return n;
}

void threads_second(struct lesson *l, struct subject *s, unsigned int *thread,
		   const struct arena *first)
{
	const struct machine *m = lesson_machine(l);
	bool own = !m->malloc.arena_max || m->malloc.arena_max > 2;
	uint64_t p, heap = look_break(l, s);
	struct mms_mm mm;

	step(l, "second", "malloc(100) in one more thread");
	if (own)
		predict(l, "another arena, with 64 MiB of its own. (There are at most 8 for each "
			"processor, or as many as MALLOC_ARENA_MAX says; then threads share them.) "
			"malloc_stats tells of 3: main's, and two");
	else
		predict(l, "arena_max is %" PRIu64 ", so there can be no third one: the thread "
			"shares one that is there, main's or the other thread's",
			m->malloc.arena_max);
	*thread = subject_thread_start(s);
	p = threads_malloc(s, *thread, 100);
	look_mm(l, s, &mm);
	if (own)
		expect_true(l, "own", (p & ~(ARENA_MAX - 1)) != first->base &&
			    (p < mm.fact[MMS_MM_START_BRK].value || p >= heap),
			    "0x%" PRIx64 " is neither in the first arena nor in the heap", p);
	else
		expect_true(l, "shared", (p & ~(ARENA_MAX - 1)) == first->base ||
			    (p >= mm.fact[MMS_MM_START_BRK].value && p < look_break(l, s)),
			    "0x%" PRIx64 " is in an arena that was there", p);
	if (own)
		expect_break(l, "break", s, 0);
	subject_quiet(s, true);
	expect_equal(l, "told", "arenas that malloc_stats tells of", arenas_told(s), own ? 3 : 2,
		     UNIT_NUMBER);
	subject_quiet(s, false);
}

/* A chunk is of its arena, whoever frees it; but the tcache is the thread's. */
void threads_foreign(struct lesson *l, struct subject *s, unsigned int thread,
		    const struct arena *a)
{
	const struct machine *m = lesson_machine(l);
	uint64_t p, q;

	step(l, "foreign", "The thread mallocs, the first thread frees and mallocs again");
	if (!m->malloc.tcache_count) {
		skip_step(l, "unset GLIBC_TUNABLES", "the environment says that no chunks are kept "
			  "per thread (tcache_count is 0)");
		return;
	}
	predict(l, "a freed chunk is kept by the thread that freed it (in its tcache), for its "
		"next malloc of this size: the first thread gets a piece of the other's arena");
	p = threads_malloc(s, thread, 200);
	subject_free(s, p);
	q = subject_malloc(s, 200);
	expect_equal(l, "same", "what the first thread got", q, p, UNIT_ADDRESS);
	expect_true(l, "in-arena", (q & ~(ARENA_MAX - 1)) == a->base,
		    "it lies in the arena of the other thread");
	expect_break(l, "break", s, 0);
}

/* ---- one arena for all ---------------------------------------------------------- */

void threads_one_arena(struct lesson *l)
{
	static const char *const env[] = {
		"MALLOC_ARENA_MAX=1", "GLIBC_TUNABLES", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TOP_PAD_",
		"MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_PERTURB_", "MALLOC_CHECK_",
		NULL
	};
	const struct subject_options options = { .env = env };
	const struct machine *m = lesson_machine(l);
	struct subject_mallinfo info;
	struct malloc_settings settings;
	struct glibc_malloc g = { 0 };
	struct glibc_heap heap;
	struct subject *s;
	const char *why;
	unsigned int thread, n = 0;
	uint64_t p;

	step(l, "one-arena", "A process with MALLOC_ARENA_MAX=1: malloc in its thread");
	if (!glibc_known(m->libc_version, &why)) {
		skip_step(l, NULL, "%s", why);
		return;
	}
	predict(l, "there is one arena, main's, so that the thread's malloc comes from the heap");
	s = subject_start(l, &options);
	thread = subject_thread_start(s);
	p = threads_malloc(s, thread, 100);
	heap.brk = look_break(l, s);
	need(l, subject_mallinfo(s, &info) && info.keepcost, "mallinfo2() tells of no heap");
	expect_between(l, "in-heap", "what malloc returned, between the heap's ends", p,
		       heap.brk - info.arena, heap.brk, UNIT_ADDRESS);

	step(l, "one-arena-grows", "malloc in this thread until the heap is used up");
	predict(l, "the thread moves the break, exactly as the first one would");
	/* What the thread's first malloc did is done: the model goes on from here. */
	malloc_settings_default(&settings);
	glibc_heap_start(&heap, &settings, m->libc_version, m->page, look_break(l, s));
	heap.tcache = 0;
	heap.top = info.keepcost;
	heap.next = heap.brk - heap.top;
	heap.tcache = 0;
	subject_quiet(s, true);
	for (; !g.growth; n++) {
		glibc_heap_malloc(&heap, 100000, &g);
		p = threads_malloc(s, thread, 100000);
	}
	subject_quiet(s, false);
	doing(l, "%u times malloc(100000) in the thread", n);
	expect_break(l, "break", s, (int64_t)g.growth);
	expect_equal(l, "pointer", "the last pointer", p, g.pointer, UNIT_ADDRESS);
}
