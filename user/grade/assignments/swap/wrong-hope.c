/* Wrong: hopes that the kernel keeps what was used first. */
/* fails: 2 4 */
#include "stream.h"

int main(void)
{
	char *hot = map(HOT), *cold;

	fill(hot, HOT, 1);
	printf("hot %p %lu\n", (void *)hot, HOT);
	cold = map(COLD);
	stream(cold);
	printf("done\n");
	return 0;
}
