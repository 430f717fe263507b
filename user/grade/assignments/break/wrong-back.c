/* Wrong: what is taken is given back before anybody can see it. */
/* fails: 1 2 */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	printf("before\n");
	sbrk(132 * 1024);
	sbrk(-132 * 1024);
	printf("after\n");
	return 0;
}
