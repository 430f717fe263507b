/* A buffer between two guard pages, and a step beyond it. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE	4096
#define SIZE	(2 * PAGE)

int main(void)
{
	char *p = mmap(NULL, SIZE + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + PAGE, SIZE, PROT_READ | PROT_WRITE))
		return 1;
	printf("buffer %p %d\n", (void *)(p + PAGE), SIZE);
	memset(p + PAGE, 1, SIZE);
	printf("filled\n");
	p[PAGE + SIZE] = 1;
	return 0;
}
