/* The program that the README traces: three ways to ask for memory, and a lock. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static void *xmalloc(size_t size)
{
	void *p = malloc(size);

	if (!p)
		abort();
	return p;
}

static char *grab(void)
{
	return xmalloc(1000);
}

int main(void)
{
	char *small = grab(), *large = xmalloc(300000);

	small[0] = large[0] = 1;
	if (mlock(large + 200000, 5000))
		perror("mlock");
	free(large);
	free(small);
	return 0;
}
