/* Wrong: eight bytes at the end of a page reach into the next one. */
/* fails: 3 4 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

int main(void)
{
	char *p = mmap(NULL, 32 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	printf("buffer %p\n", (void *)p);
	p[0] = 1;
	memset(p + 21 * 4096 - 4, 1, 8);
	printf("touched\n");
	return 0;
}
