// SPDX-License-Identifier: GPL-2.0
/*
 * changes.c - a program that changes its memory when it is told, by a letter on its
 * input, and says "done" or what else there is to say.  It begins with the addresses
 * of its two areas, of 64 pages each, none of which has been touched.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define PAGES		64
#define NEW_SIZE	(4UL << 20)

static size_t page;
static char *a, *b, *new;
static pid_t child;

/* With inaccessible pages around it, so that it becomes one with no other. */
static char *area(void)
{
	char *p = mmap(NULL, (PAGES + 2) * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + page, PAGES * page, PROT_READ | PROT_WRITE) ||
	    madvise(p + page, PAGES * page, MADV_NOHUGEPAGE))
		exit(1);
	return p + page;
}

static void touch(char *from, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		*(volatile char *)(from + i * page) = (char)(i + 1);
}

static size_t swapped(const char *p, size_t pages)
{
	FILE *f = fopen("/proc/self/pagemap", "r");
	size_t count = 0;
	uint64_t entry;

	if (!f)
		return 0;
	fseek(f, (long)((uintptr_t)p / page * 8), SEEK_SET);
	while (pages-- && fread(&entry, sizeof(entry), 1, f) == 1)
		count += entry >> 62 & 1;
	fclose(f);
	return count;
}

/* Reclaim may find some busy at first.  Says how many are out. */
static void swap_out(char *from, size_t pages)
{
	for (int i = 0; i < 50 && swapped(from, pages) < pages; i++) {
		madvise(from, pages * page, MADV_PAGEOUT);
		usleep(20000);
	}
	printf("%zu\n", swapped(from, pages));
}

static void start_child(void)
{
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	printf("%d\n", (int)child);
}

static int obey(int letter)
{
	switch (letter) {
	case 'b':
		return sbrk(0x21000) == (void *)-1;
	case 't':
		touch(a, 40);
		return 0;
	case 'l':
		return mlock(a, 10 * page);
	case 'u':
		return munlock(a, 10 * page);
	case 's':
		swap_out(a + 20 * page, 12);
		return 0;
	case 'w':
		touch(a + 20 * page, 12);
		return 0;
	case 'd':
		return madvise(a + 12 * page, 5 * page, MADV_DONTNEED);
	case 'm':
		new = mmap(NULL, NEW_SIZE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		return new == MAP_FAILED;
	case 'x':
		return munmap(new, NEW_SIZE);
	case 'p':
		return mprotect(b + 8 * page, 16 * page, PROT_READ);
	case 'q':
		return mprotect(b + 8 * page, 16 * page, PROT_READ | PROT_WRITE);
	case 'f':
		start_child();
		return 0;
	case 'c':
		touch(a, 7);
		return 0;
	case 'k':
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		return 0;
	}
	return 1;
}

int main(void)
{
	char line[16];

	page = (size_t)sysconf(_SC_PAGESIZE);
	/* What stdio and sbrk take of their own is taken before anybody looks. */
	if (sbrk(0) == (void *)-1 || !fgets(line, sizeof(line), stdin))
		return 1;
	a = area();
	b = area();
	printf("%p %p\n", (void *)a, (void *)b);
	fflush(stdout);
	swapped(a, 1);
	while (fgets(line, sizeof(line), stdin)) {
		if (obey(*line))
			printf("failed\n");
		else if (!strchr("sf", *line))
			printf("done\n");
		fflush(stdout);
	}
	return 0;
}
