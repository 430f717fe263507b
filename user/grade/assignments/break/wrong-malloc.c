/* Wrong: malloc rounds, adds its own header, and takes 128 KiB and more from mmap. */
/* fails: 1 2 */
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
	printf("before\n");
	if (!malloc(132 * 1024))
		return 1;
	printf("after\n");
	return 0;
}
