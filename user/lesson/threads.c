// SPDX-License-Identifier: GPL-2.0
/*
 * threads.c - the lesson "threads": one address space for all threads of a
 * process; their stacks and guard pages, and where their malloc gets memory.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "threads.h"

#define CACHE_MAX	(UINT64_C(40) << 20)	/* what glibc keeps of stacks no longer in use */
#define STACK_DEFAULT	(UINT64_C(2) << 20)	/* without a limit */

static uint64_t total_vm(struct lesson *l, struct subject *s)
{
	struct mms_mm mm;

	return look_mm(l, s, &mm) ? mm.fact[MMS_MM_TOTAL_VM].value : 0;
}

/* The same without what malloc has: the heap, and chunks that are mapped. */
static uint64_t vm_without_malloc(struct lesson *l, struct subject *s)
{
	uint64_t heap = up(look_break(l, s), lesson_machine(l)->page);
	struct subject_mallinfo info = { 0 };

	/* Pages up to the break; where the heap begins is the same each time. */
	subject_mallinfo(s, &info);
	return total_vm(l, s) - heap - info.hblkhd;
}

/* An address in the stack of a thread; what the subject does for it is not told. */
static uint64_t in_stack(struct subject *s, unsigned int thread)
{
	uint64_t at;

	subject_quiet(s, true);
	subject_thread(s, thread);
	at = subject_local_gone(s, 0);
	subject_thread(s, 0);
	subject_quiet(s, false);
	return at;
}

static uint64_t stack_size(const struct machine *m)
{
	return up(m->rlim_stack == MMS_UNLIMITED ? STACK_DEFAULT : m->rlim_stack, m->page);
}

/* Why it is not known how this C library lays out stacks; NULL: it is. */
static const char *stacks_unknown(const struct machine *m)
{
	const char *tunables = getenv("GLIBC_TUNABLES");
	int minor;

	if (strcmp(m->libc, "glibc") || sscanf(m->libc_version, "2.%d", &minor) != 1)
		return "the C library is not glibc: how it lays out stacks is not known here";
	if (minor < 27)
		return "this glibc is older than 2.27: its guard pages are part of the stack";
	if (minor > 41)
		return "this glibc is newer than 2.41: its guard pages may be guard regions";
	if (stack_size(m) < 64 << 10)
		return "the limit RLIMIT_STACK is below what glibc gives a thread at least";
	if (tunables && strstr(tunables, "glibc.pthread.stack_"))
		return "GLIBC_TUNABLES says how stacks are to be laid out";
	return NULL;
}

/* ---- stacks ------------------------------------------------------------------ */

/* Returns the start of the stack, or 0. */
static uint64_t stack(struct lesson *l, struct subject *s, unsigned int *thread)
{
	const struct machine *m = lesson_machine(l);
	uint64_t size = stack_size(m), local, before;
	const char *why = stacks_unknown(m);
	struct mms_vma v = { 0 };
	bool small;

	step(l, "stack", "Start a thread");
	/* The heap is begun by now, whatever pthread_create() allocates. */
	subject_quiet(s, true);
	subject_malloc(s, 64);
	subject_quiet(s, false);
	before = vm_without_malloc(l, s);
	if (!why)
		predict(l, "the C library maps a stack of %" PRIu64 " KiB (the limit RLIMIT_STACK "
			"is %s) and below it one page that nobody may touch: a guard. Hardly any "
			"of it is memory yet", size >> 10, m->rlim_stack == MMS_UNLIMITED ?
			"unlimited: then it takes 2 MiB" : "as large");
	*thread = subject_thread_start(s);
	local = in_stack(s, *thread);
	if (!look_vma(l, s, local, &v))
		need(l, false, "no VMA covers the thread's stack");
	if (why) {
		skip_step(l, NULL, "%s", why);
		return 0;
	}
	observe(l, "libc", "a local variable of the thread is at 0x%" PRIx64, local);
	expect_equal(l, "size", "address space more than before, without malloc's",
		     vm_without_malloc(l, s) - before, size + m->page, UNIT_BYTES);
	expect_vmas(l, "vmas", s, v.start - m->page, size / m->page + 1, "---p*1 rw-p*%" PRIu64,
		    size / m->page);
	expect_true(l, "inside", local >= v.start && local < v.start + size,
		    "the variable is in this stack, %" PRIu64 " bytes below its end",
		    v.start + size - local);
	expect_pages(l, "used", s, local, 1, "A");
	/* A huge page at the top of so small a stack reaches to its end. */
	small = m->thp == THP_ALWAYS && v.start / m->pmd == local / m->pmd;
	expect_pages(l, "unused", s, v.start, 1, small ? "?" : ".");
	return v.start;
}

static void guards(struct lesson *l, struct subject *s, uint64_t start)
{
	const struct machine *m = lesson_machine(l);
	uint64_t main_local = in_stack(s, 0), lower;
	struct mms_vma v;

	step(l, "guard", "To the end of the thread's stack, and one byte further");
	predict(l, "the lowest byte can be used. The byte below it is in the guard page: SIGSEGV, "
		"SEGV_ACCERR. A thread's stack is a mapping like any other: it does not grow");
	expect_fault(l, "lowest", s, start, 'w', 0, 0);
	expect_fault(l, "below", s, start - 1, 'w', SIGSEGV, SEGV_ACCERR);
	expect_vma_flags(l, "flags", s, start, MMSCOPE_VMA_WRITE, MMSCOPE_VMA_GROWSDOWN);

	step(l, "main-stack", "The same with the stack of the first thread");
	if (!look_vma(l, s, main_local, &v))
		need(l, false, "no VMA covers the first thread's stack");
	lower = v.start - 10 * m->page + 8;
	if (m->rlim_stack != MMS_UNLIMITED && m->rlim_stack < v.end - v.start + 64 * m->page) {
		skip_step(l, "ulimit -s 8192", "the limit RLIMIT_STACK leaves it no room to grow");
		return;
	}
	predict(l, "this one was made by the kernel, and grows: a touch 10 pages below it is no "
		"error; the VMA is longer then, down to the page touched, which alone is memory");
	expect_vma_flags(l, "flags", s, main_local, MMSCOPE_VMA_GROWSDOWN, 0);
	expect_fault(l, "grows", s, lower, 'w', 0, 0);
	expect_vmas(l, "vmas", s, lower, 10, "rw-p*10");
	expect_pages(l, "pages", s, lower, 10, m->mthp ? "P ?*" : "P .*");
}

/* ---- one address space -------------------------------------------------------- */

static int64_t id_of(struct subject *s, long number, const char *name)
{
	struct subject_order o = { .function = SUBJECT_SYSCALL, .number = number };

	return subject_order(s, &o, "%s()", name);
}

/* The addresses of /proc/PID/maps, or of one thread's, as one number to compare. */
static uint64_t maps_of(const char *path, size_t *lines)
{
	uint64_t sum = 14695981039346656037ULL, start, end;
	char line[4400];
	FILE *f = fopen(path, "re");

	for (*lines = 0; f && fgets(line, sizeof(line), f); ++*lines)
		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end) == 2)
			sum = (sum ^ start ^ end << 1) * 1099511628211ULL;
	if (f)
		fclose(f);
	return sum;
}

static void one_mm(struct lesson *l, struct subject *s, unsigned int thread)
{
	uint64_t page = lesson_machine(l)->page, at, sum;
	char path[64];
	size_t all, one;
	int64_t pid, tid;

	step(l, "one-mm", "Two threads, how many address spaces?");
	predict(l, "one: both are the process %d for getpid, and the thread's own list of VMAs "
		"(/proc/PID/task/TID/maps) is that of the process. What one maps, the other can "
		"use; what one writes, the other reads", (int)subject_pid(s));
	subject_thread(s, thread);
	pid = id_of(s, SYS_getpid, "getpid");
	tid = id_of(s, SYS_gettid, "gettid");
	at = subject_mmap(s, 0, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	subject_thread(s, 0);
	subject_fill(s, at, 0x77, 2);
	subject_thread(s, thread);
	sum = subject_read(s, at + 1, 1, 1);
	subject_thread(s, 0);
	expect_equal(l, "pid", "getpid in the thread", (uint64_t)pid, (uint64_t)subject_pid(s),
		     UNIT_NUMBER);
	expect_true(l, "tid", tid > 0 && tid != pid, "its thread id is another: %" PRId64, tid);
	expect_equal(l, "data", "the byte that the thread read", sum, 0x77, UNIT_NUMBER);
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	sum = maps_of(path, &all);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/maps", (int)pid, (int)tid);
	expect_true(l, "maps", sum == maps_of(path, &one) && all == one && all > 0,
		    "both lists have the same %zu VMAs", all);

	step(l, "one-break", "The thread moves the break");
	predict(l, "there is one break, for the process: sbrk in any thread moves it for all");
	subject_thread(s, thread);
	subject_sbrk(s, (int64_t)page);
	subject_thread(s, 0);
	expect_break(l, "up", s, (int64_t)page);
	subject_sbrk(s, -(int64_t)page);
	expect_break(l, "down", s, 0);
}

/* ---- the end of a thread ------------------------------------------------------- */

static void ended(struct lesson *l, struct subject *s, unsigned int thread)
{
	const struct machine *m = lesson_machine(l);
	const char *why = stacks_unknown(m);
	uint64_t size = stack_size(m), local = in_stack(s, thread), before, deep, p, q;
	struct mms_vma v;

	step(l, "ended", "End this thread, and start another");
	if (why || size > CACHE_MAX) {
		skip_step(l, size > CACHE_MAX ? "ulimit -s 8192" : NULL, "%s", why ? why :
			  "stacks as large as this one are not kept");
		return;
	}
	predict(l, "nothing is unmapped: the C library keeps the stack and the arena, and the next "
		"thread gets both. Only what the thread used deep in its stack is given back");
	if (!look_vma(l, s, local, &v))
		need(l, false, "no VMA covers the thread's stack");
	p = threads_malloc(s, thread, 100);
	deep = v.start + m->page;
	subject_write(s, deep, 1, 1);
	before = total_vm(l, s);
	subject_thread_end(s, thread);
	expect_equal(l, "kept", "address space that went", before - total_vm(l, s), 0, UNIT_BYTES);
	if (local - v.start > 64 << 10)
		expect_pages(l, "deep", s, deep, 1, ".");
	thread = subject_thread_start(s);
	expect_equal(l, "stack", "a local variable of the new thread", in_stack(s, thread), local,
		     UNIT_ADDRESS);
	q = threads_malloc(s, thread, 100);
	/* With fewer arenas than threads they take turns. */
	if (threads_known(m, &why) && (!m->malloc.arena_max || m->malloc.arena_max > 2))
		expect_equal(l, "arena", "the 64 MiB block that its malloc is served from",
			     q & ~(ARENA_MAX - 1), p & ~(ARENA_MAX - 1), UNIT_ADDRESS);
	subject_thread_end(s, thread);
}

static void run(struct lesson *l)
{
	struct subject *s = subject_start(l, NULL);
	unsigned int thread, other;
	struct arena arena;
	uint64_t start = stack(l, s, &thread);

	if (start)
		guards(l, s, start);
	one_mm(l, s, thread);
	if (threads_arena(l, s, thread, &arena)) {
		threads_grow(l, s, thread, &arena);
		threads_second(l, s, &other, &arena);
		threads_foreign(l, s, thread, &arena);
	} else {
		other = subject_thread_start(s);
	}
	ended(l, s, other);
	threads_one_arena(l);
}

static const char *const learnt[] = {
	"All threads of a process share one address space and one break.",
	"A thread's stack is a mapping of fixed size with a guard page below; only the first "
	"thread's stack grows.",
	"A thread's malloc has an arena of its own: 64 MiB of addresses, of which it takes memory "
	"as it needs it. Only main's arena moves the break.",
	"When a thread ends, its stack and its arena are kept for the next one.",
	NULL
};

static const char *const slides[] = {
	"\"malloc takes memory from the break\" holds for the first thread. In other threads "
	"sbrk(0) does not move however much is allocated.",
	"The virtual size of a process with many threads is large (64 MiB and a stack for each) "
	"and says nothing about memory.",
	NULL
};

const struct lesson_info lesson_threads = {
	.name = "threads",
	.brief = "stacks and arenas; one mm, one break",
	.about = "The threads of a process share its memory. This lesson starts some and looks at "
		 "what each gets for itself: a stack with a guard page, and an arena for malloc.",
	.learnt = learnt,
	.slides = slides,
	.run = run,
};
