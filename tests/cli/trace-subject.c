// SPDX-License-Identifier: GPL-2.0
/*
 * trace-subject.c - what the tests of trace have traced: each part does a few things
 * to its memory, and prints what it knows of them.  Usage: trace-subject PART
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define RW	(PROT_READ | PROT_WRITE)
#define OWN	(MAP_PRIVATE | MAP_ANONYMOUS)

static size_t page;
static char *volatile kept;

void *grab(size_t size);
void *xmalloc(size_t size);

void *grab(size_t size)
{
	kept = malloc(size);
	return kept;
}

void *xmalloc(size_t size)
{
	void *p = malloc(size);

	if (!p)
		abort();
	return p;
}

static char *map(size_t pages, int prot)
{
	return mmap(NULL, pages * page, prot, OWN, -1, 0);
}

/* ---- each call, with effects that are known --------------------------------- */

static void move_break(void)
{
	char *old = sbrk(0);

	syscall(SYS_brk, old + 5 * page + 100);
	old[0] = old[4 * page] = 1;
	syscall(SYS_brk, old);
}

static void change_part(char *q)
{
	for (int i = 0; i < 16; i++)
		q[i * page] = 1;
	mprotect(q + 4 * page, 2 * page, PROT_READ);
	mprotect(q + 4 * page, 2 * page, RW);
	mlock(q, 3 * page);
	munlock(q, 3 * page);
	syscall(SYS_mlock2, q + 8 * page, page, 1);
	munlock(q + 8 * page, page);
	madvise(q + 10 * page, 4 * page, MADV_DONTNEED);
	mremap(q, 16 * page, 8 * page, 0);
}

static int calls(void)
{
	char *hole, *q;

	move_break();
	hole = map(64, PROT_NONE);
	q = mmap(hole + 8 * page, 16 * page, RW, OWN | MAP_FIXED, -1, 0);
	change_part(q);
	mremap(q, 8 * page, 8 * page, MREMAP_MAYMOVE | MREMAP_FIXED, hole + 40 * page);
	munmap(hole + 44 * page, 2 * page);
	mmap(hole + 30 * page, 4 * page, PROT_READ, OWN | MAP_FIXED | MAP_POPULATE, -1, 0);
	mlockall(MCL_CURRENT);
	munlockall();
	mlock(hole + 62 * page, 900 * page);
	madvise(hole, page, 12345);
	munmap(hole + 1, page);
	munmap(hole, 64 * page);
	grab(1000);
	free(grab(300000));
	free(xmalloc(400000));
	printf("%p\n", (void *)kept);
	return 3;
}

/* ---- signals, threads, children ---------------------------------------------- */

static volatile sig_atomic_t ticks;

static void tick(int signal)
{
	(void)signal;
	ticks++;
}

/* Calls are interrupted at any place; none may fail. */
static int signals(void)
{
	struct sigaction a = { .sa_handler = tick };
	struct itimerval often = { { 0, 10000 }, { 0, 10000 } };
	int bad = 0;

	sigaction(SIGALRM, &a, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 300 || ticks < 20; i++) {
		char *p = map(16, RW);

		if (p == MAP_FAILED) {
			bad++;
			continue;
		}
		memset(p, 1, 16 * page);
		bad += madvise(p, 16 * page, MADV_DONTNEED) != 0;
		bad += munmap(p, 16 * page) != 0;
	}
	printf("bad %d\n", bad);
	return 0;
}

static void *do_exec(void *arg)
{
	execl("/bin/sh", "sh", "-c", "echo from exec; exit 5", (char *)NULL);
	return arg;
}

static void *do_nothing(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static int exec_by_a_thread(void)
{
	pthread_t t;

	for (int i = 0; i < 3; i++)
		pthread_create(&t, NULL, do_nothing, NULL);
	pthread_create(&t, NULL, do_exec, NULL);
	do_nothing(NULL);
	return 1;
}

static void *map_once(void *arg)
{
	char *p = map(10, RW);

	p[0] = 1;
	munmap(p, 10 * page);
	return arg;
}

static int many(void)
{
	pthread_t t[10];

	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 10; i++)
			if (pthread_create(&t[i], NULL, map_once, NULL))
				return 1;
		for (int i = 0; i < 10; i++)
			pthread_join(t[i], NULL);
	}
	puts("200 threads");
	return 0;
}

static int vfork_once(void)
{
	int status = 0;
	pid_t pid = vfork();

	if (!pid) {
		execl("/bin/sh", "sh", "-c", "exit 4", (char *)NULL);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static int vforks(void)
{
	for (int i = 0; i < 5; i++)
		if (vfork_once() != 4)
			return 1;
	puts("ok");
	return 0;
}

static void *map_on(void *arg)
{
	for (;;) {
		char *p = map(20, RW);

		memset(p, 1, 20 * page);
		munmap(p, 20 * page);
		usleep(2000);
	}
	return arg;
}

static int loop(void)
{
	pthread_t t;

	for (int i = 0; i < 3; i++)
		pthread_create(&t, NULL, map_on, NULL);
	puts("up");
	for (int i = 0;; i++) {
		usleep(20000);
		printf("%d\n", i);
	}
	return 0;
}

/* ---- faults and malloc --------------------------------------------------------- */

/* 20 pages are written, 10 read, and 5 of these written. */
static int faults(void)
{
	struct rusage before, after;
	char *p = map(64, RW);
	volatile char *q = p;

	madvise(p, 64 * page, MADV_NOHUGEPAGE);
	getrusage(RUSAGE_SELF, &before);
	for (int i = 0; i < 20; i++)
		q[i * page] = 1;
	for (int i = 30; i < 40; i++)
		(void)q[i * page];
	for (int i = 30; i < 35; i++)
		q[i * page] = 1;
	getrusage(RUSAGE_SELF, &after);
	printf("%p %ld\n", (void *)p, after.ru_minflt - before.ru_minflt);
	return 0;
}

static void *in_thread(void *arg)
{
	void *p = malloc(777);

	printf("malloc 777 %p arena\n", p);
	free(p);
	return arg;
}

static void in_child(void)
{
	if (!fork()) {
		printf("malloc 4321 %p heap\n", malloc(4321));
		_exit(0);
	}
	wait(NULL);
}

static int use_heap(void)
{
	void *a = malloc(131072 - 100), *b = malloc(1000000), *c = calloc(10, 33), *d;
	uintptr_t was = (uintptr_t)a;
	pthread_t t;

	d = realloc(a, 200);
	printf("malloc 130972 0x%lx heap\nmalloc 1000000 %p mmapped\ncalloc 10 %p heap\n",
	       (unsigned long)was, b, c);
	printf("realloc %lu %p heap\n", (unsigned long)was, d);
	free(b);
	pthread_create(&t, NULL, in_thread, NULL);
	pthread_join(t, NULL);
	in_child();
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} parts[] = {
	{ "calls", calls }, { "signals", signals }, { "exec", exec_by_a_thread }, { "many", many },
	{ "vfork", vforks }, { "loop", loop }, { "faults", faults }, { "malloc", use_heap },
};

int main(int argc, char **argv)
{
	static char buffer[4096];

	page = (size_t)sysconf(_SC_PAGESIZE);
	setvbuf(stdout, buffer, _IOLBF, sizeof(buffer));
	for (size_t i = 0; argc == 2 && i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!strcmp(argv[1], parts[i].name))
			return parts[i].run();
	return 2;
}
