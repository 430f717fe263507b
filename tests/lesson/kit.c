// SPDX-License-Identifier: GPL-2.0
/*
 * kit.c - the framework of the lessons itself, as a lesson: every kind of order
 * and of expectation at least once.  With "wrong" as its argument every
 * expectation is a false one: none may come out right.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "run.h"

static uint64_t page;

static void heap(struct lesson *l)
{
	struct subject_options o = { .quiet = true };
	struct subject *s = subject_start(l, &o);
	struct subject_mallinfo before, after;
	struct glibc_heap h;
	struct glibc_malloc g;
	const char *why;
	uint64_t p, q;

	step(l, "heap", "the C library");
	if (!subject_heap(s, &h, &why)) {
		skip_step(l, NULL, "%s", why);
		return;
	}
	for (int i = 0; i < 3; i++) {
		static const uint64_t sizes[] = { 1000, 200000, 90000 };

		glibc_heap_malloc(&h, sizes[i], &g);
		p = subject_malloc(s, sizes[i]);
		if (!g.mmapped)
			expect_equal(l, i ? "pointer-3" : "pointer-1", "what malloc returns", p,
				     g.pointer, UNIT_ADDRESS);
		expect_equal(l, i == 0 ? "usable-1" : i == 1 ? "usable-2" : "usable-3",
			     "usable size", subject_usable_size(s, p), g.usable, UNIT_BYTES);
		if (i == 1)
			subject_free(s, p);
	}
	expect_break(l, "break", s, (int64_t)(h.brk - s->base_brk));
	p = subject_calloc(s, 10, 100);
	q = subject_realloc(s, p, 5000);
	expect_true(l, "realloc", q && q != UINT64_MAX, "realloc returns a pointer");
	subject_calloc(s, 1ULL << 62, 16);
	expect_errno(l, "enomem", s, ENOMEM);
	expect_equal(l, "memalign", "alignment", subject_memalign(s, 4096, 100) % 4096, 0, UNIT_BYTES);
	subject_mallinfo(s, &before);
	subject_malloc_many(s, 1000, 1000, 2);
	subject_mallinfo(s, &after);
	expect_between(l, "many", "growth of what is in use", after.uordblks - before.uordblks,
		       500 * 1008, 510 * 1008, UNIT_BYTES);
	expect_true(l, "stats", strstr(subject_malloc_stats(s), "system bytes") != NULL,
		    "malloc_stats() was heard");
	expect_between(l, "trim", "malloc_trim", (uint64_t)subject_malloc_trim(s, 0), 0, 1, UNIT_NUMBER);
	subject_stop(s);
	s = subject_start(l, &o);
	step(l, "break", "the break");
	subject_sbrk(s, 100);
	expect_break(l, "by-100", s, 100);
	subject_raw_brk(s, s->libc_brk + 2 * page);
	expect_break(l, "behind-its-back", s, 100 + 2 * (int64_t)page);
	subject_stop(s);
}

/* What stdio allocates depends on what stdout is. */
static void stdio_on(struct lesson *l, const char *slug, enum subject_stdout out, uint64_t buffer)
{
	struct subject_options o = { .out = out };
	struct subject *s = subject_start(l, &o);
	struct subject_mallinfo before, after;

	step(l, slug, "printf");
	subject_mallinfo(s, &before);
	subject_printf(s, "hello\n");
	subject_mallinfo(s, &after);
	expect_true(l, "heard", strstr(subject_stdout(s), "hello") != NULL || out == SUBJECT_OUT_NULL,
		    "its stdout is heard");
	expect_between(l, "buffer", "taken by stdio", after.uordblks - before.uordblks, buffer,
		       buffer + 1024, UNIT_BYTES);
	subject_stop(s);
}

static void threshold(struct lesson *l)
{
	struct subject *s = subject_start(l, NULL);

	step(l, "mallopt", "a lower threshold");
	expect_equal(l, "mallopt", "mallopt", (uint64_t)subject_mallopt(s, -3, 4096), 1, UNIT_NUMBER);
	/* More than the top of any fresh heap. */
	expect_equal(l, "mmapped", "place in the page", subject_malloc(s, 500000) % page, 16,
		     UNIT_BYTES);
	subject_stop(s);
}

static void environment(struct lesson *l)
{
	static const char *const env[] = { "MALLOC_TOP_PAD_=0", "HOME", NULL };
	struct subject_options o = { .env = env };
	struct subject *s = subject_start(l, &o);

	step(l, "environment", "a heap that grows no more than it must");
	if (lesson_static(l)) {
		skip_step(l, NULL, "a static program has a heap already");
		subject_stop(s);
		return;
	}
	subject_malloc(s, 100);
	expect_break(l, "break", s, (int64_t)page);
	subject_stop(s);
}

static void faults(struct lesson *l, struct subject *s)
{
	unsigned char vector[4], bytes[4] = { 1, 2, 3, 4 }, back[4];
	uint64_t at;

	step(l, "faults", "probes");
	at = isolated_mmap(s, 4, PROT_READ | PROT_WRITE, 0, 0);
	expect_fault(l, "none", s, at, 'w', 0, 0);
	subject_mprotect(s, at + page, page, PROT_READ);
	expect_fault(l, "read-only", s, at + page + 5, 'w', SIGSEGV, SEGV_ACCERR);
	expect_fault(l, "may-read", s, at + page + 5, 'r', 0, 0);
	expect_fault(l, "no-exec", s, at, 'x', SIGSEGV, SEGV_ACCERR);
	subject_munmap(s, at + 2 * page, page);
	expect_fault(l, "hole", s, at + 2 * page, 'r', SIGSEGV, SEGV_MAPERR);
	expect_vmas(l, "vmas", s, at, 4, "rw-p r--p*1 none*1 rw-p");
	subject_mincore(s, at, 4 * page, vector);
	expect_errno(l, "mincore", s, ENOMEM);
	expect_pages(l, "pages", s, at, 4, "R 0 _ .");
	subject_poke(s, at, bytes, 4);
	subject_peek(s, at, back, 4);
	expect_true(l, "poke", !memcmp(bytes, back, 4), "what was poked can be peeked");
	expect_true(l, "mremap", subject_mremap(s, at, page, 3 * page, MREMAP_MAYMOVE, 0) < 1ULL << 62,
		    "mremap moves it");
	expect_fault(l, "again", s, at, 'r', SIGSEGV, SEGV_MAPERR);
}

static void locks(struct lesson *l, struct subject *s)
{
	uint64_t at;

	step(l, "locks", "locks");
	at = isolated_mmap(s, 4, PROT_READ | PROT_WRITE, 0, 0);
	subject_mlock(s, at + page, 2 * page);
	expect_vmas(l, "vmas", s, at, 4, "rw-p rw-p*2 rw-p");
	expect_pages(l, "pages", s, at, 4, ". R*2 .");
	expect_vma_flags(l, "flags", s, at + page, MMSCOPE_VMA_LOCKED, MMSCOPE_VMA_LOCKONFAULT);
	expect_categories(l, "mlocked", s, at + page, 2, MMSCOPE_CAT(MLOCKED), MMSCOPE_CAT(ZERO));
	expect_equal(l, "vmlck", "VmLck in kB", (uint64_t)look_status(l, s, "VmLck"), 2 * page >> 10,
		     UNIT_NUMBER);
	subject_munlock(s, at, 4 * page);
	expect_equal(l, "smaps", "Locked in smaps", (uint64_t)look_smaps(l, s, at + page, "Locked"), 0,
		     UNIT_BYTES);
	subject_mlock2(s, at, page, 1);
	subject_munlockall(s);
	subject_mlockall(s, 0);
	expect_errno(l, "einval", s, EINVAL);
	subject_nobody(s);
	subject_setrlimit(s, RLIMIT_MEMLOCK, 0, 0);
	subject_mlock(s, at, page);
	expect_errno(l, "eperm", s, EPERM);
}

static void threads(struct lesson *l)
{
	struct subject *s = subject_start(l, NULL);
	unsigned int a, b;
	uint64_t at, n = 0;

	step(l, "threads", "two threads");
	at = isolated_mmap(s, 1, PROT_READ | PROT_WRITE, 0, 0);
	a = subject_thread_start(s);
	b = subject_thread_start(s);
	for (unsigned int t = a; t <= b; t++) {
		subject_thread(s, t);
		subject_unawaited(s);
		subject_count(s, at, 100000, 1);
	}
	subject_await(s, a);
	subject_await(s, b);
	subject_peek(s, at, &n, sizeof(n));
	expect_equal(l, "count", "counted by both", n, 200000, UNIT_NUMBER);
	subject_thread(s, a);
	expect_true(l, "arena", subject_malloc(s, 100) % (64 << 20) < 4096,
		    "the thread has an arena of its own");
	expect_fault(l, "probe", s, 16, 'r', SIGSEGV, SEGV_MAPERR);
	subject_thread_end(s, a);
	subject_thread_end(s, b);
	expect_true(l, "local", subject_local_gone(s, 0x77) && subject_local_unset(s) == 0x77,
		    "what a function left is found by the next");
	subject_stop(s);
}

static void deaths(struct lesson *l)
{
	struct subject *s = subject_start(l, NULL), *child;
	uint64_t p;

	step(l, "deaths", "deaths");
	p = subject_malloc(s, 100);
	subject_free(s, p);
	child = subject_fork(s);
	subject_fatal(s);
	subject_free(s, p);
	expect_death(l, "double-free", s, SIGABRT, "double free");
	subject_stop(child);
	subject_stop(s);
	s = subject_start(l, NULL);
	child = subject_fork(s);
	subject_fatal(child);
	subject_write(child, 0, 1, 1);
	expect_death(l, "child", child, SIGSEGV, NULL);
	subject_fatal(s);
	subject_read(s, 16, 1, 1);
	expect_death(l, "null", s, SIGSEGV, NULL);
	subject_stop(s);
}

static void out_of_memory(struct lesson *l)
{
	struct subject_options o = { 0 };
	char path[256], file[300];
	struct subject *s;
	uint64_t at;

	step(l, "oom", "more memory than a cgroup may have");
	if (!lesson_machine(l)->cgroup_memory) {
		skip_step(l, NULL, "no memory controller");
		return;
	}
	need(l, !change_cgroup(l, "kit", path), "no cgroup: %s", strerrordesc_np(errno));
	snprintf(file, sizeof(file), "%s/memory.max", path);
	need(l, !change_file(l, file, "33554432"), "memory.max");
	snprintf(file, sizeof(file), "%s/memory.swap.max", path);
	change_file(l, file, "0");
	o.cgroup = path;
	s = subject_start(l, &o);
	at = isolated_mmap(s, (64 << 20) / page, PROT_READ | PROT_WRITE, 0, 0);
	subject_fatal(s);
	subject_fill(s, at, 1, 64 << 20);
	expect_death(l, "killed", s, SIGKILL, NULL);
	subject_stop(s);
	change_undo(l);
	expect_true(l, "removed", access(path, F_OK), "the cgroup is gone");
}

static void files(struct lesson *l, struct subject *s)
{
	uint64_t at, scratch = subject_hello(s)->scratch;
	int64_t fd;

	step(l, "files", "files");
	fd = subject_memfd(s, "kit", 0);
	subject_ftruncate(s, (int)fd, 4 * page);
	at = subject_mmap(s, 0, 4 * page, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
	expect_equal(l, "pwrite", "written", (uint64_t)subject_pwrite(s, (int)fd, scratch, 100, 0), 100,
		     UNIT_BYTES);
	expect_pages(l, "pages", s, at, 4, "c .*");
	subject_write(s, at + page, 1, 1);
	expect_pages(l, "written", s, at, 4, "? M .*");
	expect_equal(l, "pread", "read", (uint64_t)subject_pread(s, (int)fd, scratch, 100, page), 100,
		     UNIT_BYTES);
	subject_ftruncate(s, (int)fd, page);
	expect_fault(l, "beyond", s, at + 2 * page, 'r', SIGBUS, BUS_ADRERR);
	subject_close(s, (int)fd);
	subject_prctl(s, 15, scratch, 0, 0);
	subject_syscall(s, "getpid", SYS_getpid, 0, 0, 0, 0, 0, 0);
	expect_equal(l, "getpid", "its pid", (uint64_t)subject_last(s)->result,
		     (uint64_t)subject_pid(s), UNIT_NUMBER);
	subject_open(s, "/nonexistent", O_RDONLY, 0);
	expect_errno(l, "enoent", s, ENOENT);
}

static void run_good(struct lesson *l)
{
	struct subject *s = subject_start(l, NULL);

	page = lesson_machine(l)->page;
	heap(l);
	stdio_on(l, "stdout-tty", SUBJECT_OUT_TTY, 1024);
	stdio_on(l, "stdout-pipe", SUBJECT_OUT_PIPE, 4096);
	threshold(l);
	environment(l);
	faults(l, s);
	files(l, s);
	locks(l, s);
	threads(l);
	deaths(l);
	out_of_memory(l);
}

/* Every line must be "not ok". */
static void run_wrong(struct lesson *l)
{
	struct subject *s = subject_start(l, NULL), *child;
	uint64_t at;

	page = lesson_machine(l)->page;
	step(l, "wrong", "what is not so");
	at = isolated_mmap(s, 8, PROT_READ | PROT_WRITE, 0, 0);
	subject_write(s, at, 2, 1);
	expect_faults(l, "faults", s, 3, 3);
	expect_faults(l, "faults-range", s, 3, 9);
	expect_errno(l, "errno", s, EINVAL);
	expect_pages(l, "pages", s, at, 8, "R .*");
	expect_pages(l, "last-page", s, at, 8, "R*2 .*5 R");
	expect_vmas(l, "split", s, at, 8, "rw-p*4 rw-p*4");
	expect_vmas(l, "perms", s, at, 8, "r--p*8");
	expect_vma_flags(l, "flag", s, at, MMSCOPE_VMA_LOCKED, 0);
	expect_vma_flags(l, "no-flag", s, at, 0, MMSCOPE_VMA_WRITE);
	expect_break(l, "break", s, 1);
	expect_categories(l, "categories", s, at, 8, MMSCOPE_CAT(PRESENT), 0);
	expect_fault(l, "no-fault", s, at, 'r', SIGSEGV, SEGV_MAPERR);
	expect_fault(l, "fault", s, 16, 'r', 0, 0);
	expect_fault(l, "code", s, 16, 'r', SIGSEGV, SEGV_ACCERR);
	expect_death(l, "lives", s, SIGKILL, NULL);
	expect_equal(l, "equal", "one", 1, 2, UNIT_NUMBER);
	expect_between(l, "between", "one", 1, 2, 3, UNIT_NUMBER);
	expect_true(l, "true", false, "false is true");
	child = subject_fork(s);
	expect_frames(l, "other-frames", s, at, child, at, 2, false);
	subject_write(child, at, 2, 1);
	expect_frames(l, "same-frames", s, at, child, at, 2, true);
	subject_fatal(child);
	subject_write(child, 0, 1, 1);
	expect_death(l, "signal", child, SIGKILL, NULL);
	expect_death(l, "words", child, SIGSEGV, "no such words");
	/* And one that nobody allowed ends it here. */
	subject_write(s, 0, 1, 1);
	expect_true(l, "never-reached", true, "it went on without its subject");
}

static const struct lesson_info good = { .name = "kit", .brief = "the framework", .about = "",
					 .run = run_good };
static const struct lesson_info wrong = { .name = "kit", .brief = "what is not so", .about = "",
					  .run = run_wrong };

int main(int argc, char **argv)
{
	bool is_static = argc > 1 && !strcmp(argv[1], "static");
	const struct lesson_info *info = argc > 1 && !strcmp(argv[1], "wrong") ? &wrong : &good;
	struct view_lesson *view = view_lesson_open(VIEW_LESSON_TAP);
	struct machine machine;
	struct mms_error err;
	unsigned int failures;

	if (machine_read(&machine, &err)) {
		fprintf(stderr, "%s: %s\n", err.what, err.why);
		return err.status;
	}
	failures = lesson_run(info, view, &machine, is_static, false, NULL, 0);
	view_lesson_close(view);
	return failures ? 1 : 0;
}
