/* Wrong: the buffer does not end where the page does: 96 bytes go unnoticed. */
/* fails: 2 4 5 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE	4096
#define SIZE	(2 * PAGE - 96)

int main(void)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(p + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE);
	printf("buffer %p %d\n", (void *)(p + PAGE), SIZE);
	memset(p + PAGE, 1, SIZE);
	printf("filled\n");
	p[PAGE + SIZE] = 1;
	return 0;
}
