/* Wrong: holes instead of guards; the next mmap may fill them. */
/* fails: 2 3 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE	4096
#define SIZE	(2 * PAGE)

int main(void)
{
	char *p = mmap(NULL, SIZE + 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	munmap(p, PAGE);
	munmap(p + PAGE + SIZE, PAGE);
	printf("buffer %p %d\n", (void *)(p + PAGE), SIZE);
	memset(p + PAGE, 1, SIZE);
	printf("filled\n");
	p[PAGE + SIZE] = 1;
	return 0;
}
