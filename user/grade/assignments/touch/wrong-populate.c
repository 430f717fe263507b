/* Wrong: all pages are there from the start. */
/* fails: 2 3 4 */
#include <stdio.h>
#include <sys/mman.h>

int main(void)
{
	char *p = mmap(NULL, 32 * 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	printf("buffer %p\n", (void *)p);
	p[0] = 1;
	p[20 * 4096] = 1;
	printf("touched\n");
	return 0;
}
