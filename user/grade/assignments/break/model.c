/* Moves the break by exactly 132 KiB. */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	printf("before\n");
	if (sbrk(132 * 1024) == (void *)-1)
		return 1;
	printf("after\n");
	return 0;
}
