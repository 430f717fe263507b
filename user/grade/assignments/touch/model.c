/* Writes to two pages of thirty-two. */
#include <stdio.h>
#include <sys/mman.h>

int main(void)
{
	char *p = mmap(NULL, 32 * 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return 1;
	printf("buffer %p\n", (void *)p);
	p[0] = 1;
	p[20 * 4096] = 1;
	printf("touched\n");
	return 0;
}
