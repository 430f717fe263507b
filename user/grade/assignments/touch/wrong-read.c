/* Wrong: to read maps the zero page, and takes no memory. */
/* fails: 3 4 */
#include <stdio.h>
#include <sys/mman.h>

int main(void)
{
	volatile char *p = mmap(NULL, 32 * 4096, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	printf("buffer %p\n", (void *)p);
	(void)p[0];
	(void)p[20 * 4096];
	printf("touched\n");
	return 0;
}
