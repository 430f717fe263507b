/* Wrong: MADV_WILLNEED brings pages back; it does not keep them. */
/* fails: 2 4 */
#include "stream.h"

int main(void)
{
	char *hot = map(HOT), *cold;

	fill(hot, HOT, 1);
	madvise(hot, HOT, MADV_WILLNEED);
	printf("hot %p %lu\n", (void *)hot, HOT);
	cold = map(COLD);
	stream(cold);
	madvise(hot, HOT, MADV_WILLNEED);
	printf("done\n");
	return 0;
}
