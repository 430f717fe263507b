/* Wrong: a size in KiB where bytes are asked for: a thousandth is locked. */
/* fails: 2 4 */
#include "stream.h"

int main(void)
{
	char *hot = map(HOT), *cold;

	fill(hot, HOT, 1);
	if (mlock(hot, HOT / 1024))
		return 1;
	printf("hot %p %lu\n", (void *)hot, HOT);
	cold = map(COLD);
	stream(cold);
	printf("done\n");
	return 0;
}
