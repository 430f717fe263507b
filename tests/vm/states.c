// SPDX-License-Identifier: GPL-2.0
/*
 * states.c - a program with one page in each of nine states, one after the other:
 * untouched, zero page, dirty, swapped, locked, shared with a child, of a memfd
 * that it wrote to, of a memfd that only the cache has, PROT_NONE.  It prints the
 * address of the first, and "swapped" or "dirty" for what the fourth came to.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define PAGES	9

static size_t page;

static int swapped(const char *p)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (fd < 0 || pread(fd, &entry, 8, (off_t)((uintptr_t)p / page * 8)) != 8)
		entry = 0;
	close(fd);
	return entry >> 62 & 1;
}

/* Reclaim may find it busy at first. */
static int swap_out(char *p)
{
	for (int i = 0; i < 50 && !swapped(p); i++) {
		madvise(p, page, MADV_PAGEOUT);
		usleep(20000);
	}
	return swapped(p);
}

static int write_two_pages(int fd)
{
	char byte = 1;

	return ftruncate(fd, (off_t)(2 * page)) || pwrite(fd, &byte, 1, 0) != 1 ||
	       pwrite(fd, &byte, 1, (off_t)page) != 1;
}

int main(void)
{
	char *p, *hole;
	int fd = memfd_create("states", 0);

	page = (size_t)sysconf(_SC_PAGESIZE);
	hole = mmap(NULL, (PAGES + 2) * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p = hole + page;
	if (hole == MAP_FAILED || fd < 0 || write_two_pages(fd) ||
	    mprotect(p, 6 * page, PROT_READ | PROT_WRITE) ||
	    mmap(p + 6 * page, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) ==
	    MAP_FAILED || madvise(p + 6 * page, 2 * page, MADV_DONTFORK))
		return 1;
	/* May fail where there are no huge pages. */
	madvise(p, 6 * page, MADV_NOHUGEPAGE);
	p[5 * page] = 1;
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	(void)*(volatile char *)(p + page);
	p[2 * page] = p[3 * page] = p[4 * page] = 1;
	p[6 * page] = 1;
	if (mlock(p + 4 * page, page))
		return 1;
	printf("%p %s\n", (void *)p, swap_out(p + 3 * page) ? "swapped" : "dirty");
	fflush(stdout);
	for (;;)
		pause();
}
