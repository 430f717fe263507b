// SPDX-License-Identifier: GPL-2.0
/*
 * bugs.c - the lesson "bugs": each memory bug is done on purpose.  What happens,
 * what pages and VMAs can show of it, and which tool sees the rest.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "bugs.h"

#define SIZE	200		/* of most chunks: kept per thread when freed */
#define OLD	0x53		/* what they hold */

/* ---- for all files of the lesson ---------------------------------------------- */

bool bugs_start(struct lesson *l, struct subject **s, struct glibc_heap *heap)
{
	const char *why;

	*s = subject_start(l, NULL);
	if (subject_heap(*s, heap, &why))
		return true;
	skip_step(l, BUGS_UNSET, "%s", why);
	return false;
}

bool bugs_from_heap(struct lesson *l, struct glibc_heap *heap, uint64_t size,
		    struct glibc_malloc *g)
{
	glibc_heap_malloc(heap, size, g);
	if (!g->mmapped)
		return true;
	skip_step(l, BUGS_UNSET, "as malloc is set, %" PRIu64 " bytes come from mmap, not from "
		  "the heap", size);
	return false;
}

bool bugs_contents_stay(struct lesson *l)
{
	if (!lesson_machine(l)->malloc.perturb)
		return true;
	skip_step(l, "unset MALLOC_PERTURB_ GLIBC_TUNABLES",
		  "malloc is told to overwrite what it gives out and takes back");
	return false;
}

void bugs_tool(struct lesson *l, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	note(l, "Who sees it: %s", text);
}

void bugs_doomed(struct subject *s)
{
	subject_quiet(s, true);
	subject_prctl(s, PR_SET_DUMPABLE, 0, 0, 0);
	subject_quiet(s, false);
	subject_fatal(s);
}

int bugs_glibc(const struct lesson *l)
{
	int minor = 0;

	sscanf(lesson_machine(l)->libc_version, "2.%d", &minor);
	return minor;
}

/* How many of `length` bytes from `address` are `byte`; by the subject itself. */
static uint64_t count_bytes(struct lesson *l, struct subject *s, uint64_t address, size_t length,
			    unsigned char byte)
{
	unsigned char held[SUBJECT_DATA_MAX];
	uint64_t n = 0;

	need(l, length <= sizeof(held) && subject_peek(s, address, held, length),
	     "the subject's memory could not be read");
	for (size_t i = 0; i < length; i++)
		n += held[i] == byte;
	return n;
}

/* ---- uninitialised ------------------------------------------------------------- */

static void uninitialised(struct lesson *l)
{
	struct glibc_heap heap;
	struct glibc_malloc g;
	struct subject *s;
	uint64_t p, q;

	step(l, "unset-heap", "Use of memory from malloc that was never set");
	if (!bugs_contents_stay(l) || !bugs_start(l, &s, &heap) ||
	    !bugs_from_heap(l, &heap, SIZE, &g))
		return;
	predict(l, "malloc does not clear memory. The next malloc of this size gets the chunk that "
		"was freed last, and in it what was there before, except for the first 16 bytes, "
		"where malloc kept its own notes. calloc does clear it");
	p = subject_malloc(s, SIZE);
	subject_fill(s, p, OLD, SIZE);
	subject_free(s, p);
	q = subject_malloc(s, SIZE);
	expect_equal(l, "same", "the second pointer", q, p, UNIT_ADDRESS);
	expect_equal(l, "old", "bytes that hold what was there before, behind the first 16",
		     count_bytes(l, s, q + 16, SIZE - 16, OLD), SIZE - 16, UNIT_NUMBER);
	subject_free(s, q);
	q = subject_calloc(s, 1, SIZE);
	expect_equal(l, "calloc", "bytes that calloc made 0", count_bytes(l, s, q, SIZE, 0), SIZE,
		     UNIT_NUMBER);
	note(l, "Pages and VMAs do not show it: the page is there before and after. Only memory "
	     "that comes fresh from the kernel is zero.");
	bugs_tool(l, "valgrind --track-origins=yes ./program; or clang -g -fsanitize=memory");

	step(l, "unset-local", "Use of a local variable that was never set");
	predict(l, "it lies where an earlier function had its variables, and has their value: "
		"0x%02x. (The C standard promises nothing; so it is with this compiler.)", OLD);
	subject_local_gone(s, OLD);
	expect_equal(l, "value", "what the unset variable holds", subject_local_unset(s), OLD,
		     UNIT_NUMBER);
	bugs_tool(l, "gcc -O1 -Wall (-Wmaybe-uninitialized); valgrind --track-origins=yes "
		  "./program");
}

/* ---- out of bounds ---------------------------------------------------------------- */

static void neighbours(struct lesson *l)
{
	struct glibc_malloc a, b;
	struct glibc_heap heap;
	struct subject *s;
	struct mms_vma v;
	uint64_t p, q, end;

	step(l, "bounds", "Out of bounds: behind and before a chunk");
	if (!bugs_start(l, &s, &heap) || !bugs_from_heap(l, &heap, SIZE, &a) ||
	    !bugs_from_heap(l, &heap, SIZE, &b))
		return;
	predict(l, "two mallocs give neighbours, %" PRIu64 " bytes apart. Writing that far behind "
		"the first one changes the second one's data, and the other way round. No signal: "
		"the kernel knows pages, and these are there", b.pointer - a.pointer);
	p = subject_malloc(s, SIZE);
	q = subject_malloc(s, SIZE);
	expect_equal(l, "apart", "distance of the two", q - p, b.pointer - a.pointer, UNIT_BYTES);
	subject_fill(s, p, OLD, SIZE);
	subject_fill(s, q, OLD, SIZE);
	expect_fault(l, "over", s, p + (q - p), 'w', 0, 0);
	expect_equal(l, "over-data", "the second one's first byte", subject_read(s, q, 1, 1), 1,
		     UNIT_NUMBER);
	expect_fault(l, "under", s, q - (q - p), 'w', 0, 0);
	expect_equal(l, "under-data", "the first one's first byte", subject_read(s, p, 1, 1), 1,
		     UNIT_NUMBER);
	bugs_tool(l, "valgrind ./program; or gcc -g -fsanitize=address");

	step(l, "bounds-far", "Out of bounds by far: behind the heap");
	end = (look_break(l, s) + lesson_machine(l)->page - 1) & ~(lesson_machine(l)->page - 1);
	if (look_vma(l, s, end, &v)) {
		skip_step(l, "run it again: addresses are random", "something is mapped right "
			  "behind the heap");
		return;
	}
	predict(l, "only behind the last page of the heap, %" PRIu64 " bytes from the chunk, is "
		"there nothing: SIGSEGV, SEGV_MAPERR", end - p);
	expect_fault(l, "inside", s, end - 1, 'w', 0, 0);
	expect_fault(l, "behind", s, end, 'w', SIGSEGV, SEGV_MAPERR);
}

static void guarded(struct lesson *l)
{
	uint64_t page = lesson_machine(l)->page, at, p;
	struct subject *s = subject_start(l, NULL);

	step(l, "bounds-guard", "The same with a page that nobody may touch, behind the object");
	predict(l, "if the object ends where a page with PROT_NONE begins, the first byte too far "
		"is a SIGSEGV. That costs pages for each object, and the other side is not "
		"guarded: so work \"electric fences\"");
	at = isolated_mmap(s, 2, PROT_READ | PROT_WRITE, 0, 0);
	subject_mprotect(s, at + page, page, PROT_NONE);
	p = at + page - SIZE;
	expect_vmas(l, "vmas", s, at, 2, "rw-p*1 ---p*1");
	expect_fault(l, "last", s, p + SIZE - 1, 'w', 0, 0);
	expect_fault(l, "over", s, p + SIZE, 'w', SIGSEGV, SEGV_ACCERR);
	expect_fault(l, "under", s, p - 1, 'w', 0, 0);
}

static void smashed(struct lesson *l)
{
	struct glibc_malloc a, b;
	struct glibc_heap heap;
	struct subject *s;
	uint64_t p, q;

	step(l, "smash", "Out of bounds: over malloc's notes, then free");
	if (!bugs_start(l, &s, &heap) || !bugs_from_heap(l, &heap, SIZE, &a) ||
	    !bugs_from_heap(l, &heap, SIZE, &b))
		return;
	predict(l, "between two chunks malloc keeps the size of the second one. Overwriting it is "
		"silent as well; but free() finds the size absurd, says so, and aborts: long "
		"after, and far from the bug");
	p = subject_malloc(s, SIZE);
	q = subject_malloc(s, SIZE);
	subject_fill(s, p, 0x41, q - p);
	expect_fault(l, "silent", s, q, 'r', 0, 0);
	bugs_doomed(s);
	subject_free(s, q);
	expect_death(l, "abort", s, SIGABRT, "free|corrupt|munmap_chunk|invalid");
	bugs_tool(l, "gcc -g -fsanitize=address: at the write, not at the free");
}

/* ---- use after free, after return -------------------------------------------------- */

static void after_free(struct lesson *l)
{
	struct glibc_heap heap;
	struct glibc_malloc g;
	struct subject *s;
	uint64_t p, q;

	step(l, "freed-heap", "Use after free, of a chunk of the heap");
	if (!bugs_start(l, &s, &heap) || !bugs_from_heap(l, &heap, SIZE, &g))
		return;
	predict(l, "free gives nothing back to the kernel: the page stays, and the old pointer can "
		"be read and written. The next malloc gets the same chunk, and then two owners "
		"write to the same memory");
	p = subject_malloc(s, SIZE);
	subject_free(s, p);
	expect_pages(l, "page", s, p, 1, "A");
	expect_fault(l, "read", s, p + 100, 'r', 0, 0);
	q = subject_malloc(s, SIZE);
	expect_equal(l, "same", "the pointer of the next malloc", q, p, UNIT_ADDRESS);
	subject_fill(s, q + 100, OLD, 1);
	expect_fault(l, "write", s, p + 100, 'w', 0, 0);
	expect_equal(l, "changed", "the new owner's byte", subject_read(s, q + 100, 1, 1), 1,
		     UNIT_NUMBER);
	bugs_tool(l, "valgrind ./program; or gcc -g -fsanitize=address");
}

static void after_unmap(struct lesson *l)
{
	const struct machine *m = lesson_machine(l);
	unsigned char vector[2];
	struct glibc_heap heap;
	struct glibc_malloc g;
	struct subject *s;
	uint64_t p, size, at;

	step(l, "freed-mmapped", "Use after free, of a chunk that malloc had from mmap");
	if (!bugs_start(l, &s, &heap))
		return;
	size = m->malloc.mmap_threshold + heap.top + m->malloc.top_pad + (1 << 20);
	glibc_heap_malloc(&heap, size, &g);
	if (!g.mmapped || size > m->mem_total / 4) {
		skip_step(l, BUGS_UNSET, "as malloc is set, it takes nothing from mmap");
		return;
	}
	predict(l, "such a chunk is a mapping, and free unmaps it: its %" PRIu64 " pages are gone. "
		"Any touch is SIGSEGV, SEGV_MAPERR, and mincore says ENOMEM. So the same bug is "
		"silent or deadly depending on the size", g.chunk / m->page);
	p = subject_malloc(s, size);
	at = p & ~(m->page - 1);
	expect_fault(l, "before", s, p, 'w', 0, 0);
	subject_free(s, p);
	expect_vmas(l, "vmas", s, at, g.chunk / m->page, "none*%" PRIu64, g.chunk / m->page);
	expect_fault(l, "read", s, p, 'r', SIGSEGV, SEGV_MAPERR);
	subject_mincore(s, at, m->page, vector);
	expect_errno(l, "mincore", s, ENOMEM);
}

static void after_return(struct lesson *l)
{
	struct subject *s = subject_start(l, NULL);
	unsigned char held;
	uint64_t p;

	step(l, "returned", "Use after return: a pointer to a local variable that is gone");
	predict(l, "the stack's page stays when a function returns, so there is no signal. What is "
		"read there is whatever later calls put there: now the old value, now another one");
	p = subject_local_gone(s, OLD);
	expect_pages(l, "page", s, p, 1, "A");
	expect_fault(l, "read", s, p, 'r', 0, 0);
	if (subject_peek(s, p, &held, 1))
		observe(l, "subject", "it reads 0x%02x (0x%02x was stored)", held, OLD);
	bugs_tool(l, "gcc -Wall (-Wreturn-local-addr, -Wdangling-pointer); or gcc -g "
		  "-fsanitize=address and ASAN_OPTIONS=detect_stack_use_after_return=1 ./a.out");
}

static void run(struct lesson *l)
{
	uninitialised(l);
	neighbours(l);
	guarded(l);
	smashed(l);
	after_free(l);
	after_unmap(l);
	after_return(l);
	bugs_double_free(l);
	bugs_secret(l);
	bugs_leak(l);
	bugs_undefined(l);
	bugs_races(l);
	bugs_fragmentation(l);
}

static const char *const learnt[] = {
	"The kernel guards pages, not objects: inside pages that are there, every wrong access is "
	"silent.",
	"SIGSEGV comes only where a page is missing: behind the heap, in a mapping that was freed, "
	"at a guard page.",
	"free keeps the memory, and the data in it, for the next malloc: erase secrets before "
	"(explicit_bzero), and they are gone from there.",
	"malloc finds some double frees and overwritten sizes, when it happens to look.",
	"Leaks and fragmentation show as a heap that grows and does not shrink; which object it "
	"is, only a tool can tell.",
	NULL
};

static const char *const slides[] = {
	"\"Reading behind an array crashes\" is rarely so; that is why the tools are needed.",
	"A double free is found at once by today's glibc in the usual cases; which message it "
	"prints depends on the size.",
	NULL
};

const struct lesson_info lesson_bugs = {
	.name = "bugs",
	.brief = "memory bugs: what happens, who sees it",
	.about = "Every memory bug of the course is done here on purpose. Most are silent. The "
		 "lesson predicts what happens, shows what can be seen of it in pages and VMAs, "
		 "and names the tool that sees the rest.",
	.learnt = learnt,
	.slides = slides,
	.run = run,
};
