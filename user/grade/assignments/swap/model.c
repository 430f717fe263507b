/* Locks the working set before the stream begins. */
#include "stream.h"

int main(void)
{
	char *hot = map(HOT), *cold;

	fill(hot, HOT, 1);
	if (mlock(hot, HOT))
		return 1;
	printf("hot %p %lu\n", (void *)hot, HOT);
	cold = map(COLD);
	stream(cold);
	printf("done\n");
	return 0;
}
