/* Wrong: 132,000 bytes are not 132 KiB, though as many pages are mapped for them. */
/* fails: 1 */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	printf("before\n");
	if (sbrk(132 * 1000) == (void *)-1)
		return 1;
	printf("after\n");
	return 0;
}
