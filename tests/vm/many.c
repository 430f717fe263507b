/* SPDX-License-Identifier: GPL-2.0 */
/*
 * many.c - a program of very many VMAs, every other one with a page that was written
 * to, some locked, and some of its own text; then it holds still.
 * usage: many COUNT
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), n = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	int self = open("/proc/self/exe", O_RDONLY);
	char *p = mmap(NULL, n * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	if (!n || p == MAP_FAILED || self < 0)
		return 1;
	for (i = 0; i < n; i += 2) {
		char *at = p + i * page;

		if (i % 100 == 50 ?
		    mmap(at, page, PROT_READ | (i % 200 == 50 ? PROT_EXEC : 0),
			 MAP_PRIVATE | MAP_FIXED, self, 0) == MAP_FAILED :
		    mprotect(at, page, PROT_READ))
			return 1;
		if (i + 1 < n)
			at[page] = 1;
		if (i % 500 == 0 && i + 1 < n && mlock(at + page, page))
			return 1;
	}
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
