/* Given to students: the working set, and the stream that presses on it. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HOT	(8UL << 20)
#define COLD	(92UL << 20)

static char *map(unsigned long size)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(1);
	/* Swapped page by page. */
	madvise(p, size, MADV_NOHUGEPAGE);
	return p;
}

static void fill(char *p, unsigned long size, int with)
{
	for (unsigned long i = 0; i < size; i += 4096)
		memset(p + i, with + (int)(i >> 12), 512);
}

/* Twice through the data, and each tenth of it a glance at the working set. */
static void stream(char *cold)
{
	for (int round = 0; round < 2; round++)
		for (int part = 0; part < 10; part++) {
			fill(cold + part * (COLD / 10), COLD / 10, round);
			usleep(30000);
		}
}
