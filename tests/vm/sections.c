// SPDX-License-Identifier: GPL-2.0
/*
 * sections.c - a program of known layout, for mmscope elf: functions that have a page
 * each, variables that share one, zeroed data of which a page was read, one written
 * and one swapped out.  It gives its code and constants back, comes to a few of them
 * again, says "ready", and holds still.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define PAGE	4096

/* 64 functions, each at the begin of a page; the kernel maps 16 pages around a fault. */
#define FUNCTION(n)						\
	__attribute__((noinline, noclone, aligned(PAGE))) int	\
	paged_##n(int x)					\
	{							\
		__asm__ volatile("" : "+r"(x));			\
		return x + 0x##n;				\
	}
#define EIGHT(n)	FUNCTION(n##0) FUNCTION(n##1) FUNCTION(n##2) FUNCTION(n##3)	\
			FUNCTION(n##4) FUNCTION(n##5) FUNCTION(n##6) FUNCTION(n##7)
EIGHT(1) EIGHT(2) EIGHT(3) EIGHT(4) EIGHT(5) EIGHT(6) EIGHT(7) EIGHT(8)
__attribute__((noinline, aligned(PAGE))) int paged_end(int x) { return x; }

__attribute__((aligned(PAGE))) const char constant[64 * PAGE] = { 1 };
__attribute__((aligned(PAGE))) char alone[PAGE] = { 1 };
int neighbour_a = 1, neighbour_b = 2;
char across[2 * PAGE] = { 3 };	/* begins where others end, and the other way round */
int *const relocated[8] = { &neighbour_a, &neighbour_b };
__attribute__((aligned(PAGE))) char zeroed[64 * PAGE];
__thread int own;
__thread char own_zeroed[100];

static int swapped(const char *p)
{
	uint64_t entry = 0;
	FILE *f = fopen("/proc/self/pagemap", "r");

	if (!f || fseek(f, (long)((uintptr_t)p / PAGE * 8), SEEK_SET) || !fread(&entry, 8, 1, f))
		entry = 0;
	if (f)
		fclose(f);
	return entry >> 62 & 1;
}

int main(void)
{
	volatile const char *c = constant;
	volatile char *z = zeroed;

	if (madvise(zeroed, sizeof(zeroed), MADV_NOHUGEPAGE))
		puts("no advice on huge pages");
	(void)z[1 * PAGE];
	z[3 * PAGE] = z[5 * PAGE] = 1;
	own = neighbour_b + *relocated[0];
	own_zeroed[0] = across[PAGE];
	for (int i = 0; i < 50 && !swapped(zeroed + 5 * PAGE); i++) {
		madvise(zeroed + 5 * PAGE, PAGE, MADV_PAGEOUT);
		usleep(20000);
	}
	if (madvise((void *)(uintptr_t)paged_10, (size_t)((char *)paged_end - (char *)paged_10),
		    MADV_DONTNEED) || madvise((void *)constant, sizeof(constant), MADV_DONTNEED))
		return 1;
	own += paged_43(1) + c[40 * PAGE];
	puts(swapped(zeroed + 5 * PAGE) ? "ready swapped" : "ready");
	fflush(stdout);
	for (;;)
		pause();
}
