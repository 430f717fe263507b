/* Given to students: a VMA with pages in each state, the last one resident. */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE	4096

int main(void)
{
	/* Between two that nobody may touch: it is a VMA of its own. */
	char *p = mmap(NULL, 66 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return 1;
	p += PAGE;
	if (mprotect(p, 64 * PAGE, PROT_READ | PROT_WRITE) ||
	    madvise(p, 64 * PAGE, MADV_NOHUGEPAGE))
		return 1;
	for (int i = 0; i < 64; i += 7)
		p[i * PAGE] = 1;
	p[10 * PAGE] = p[11 * PAGE] = 1;
	madvise(p + 10 * PAGE, 2 * PAGE, MADV_PAGEOUT);
	(void)*(volatile char *)(p + 30 * PAGE);
	printf("buffer %p\n", (void *)p);
	return 0;
}
