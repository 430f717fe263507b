/* Wrong: what locks everything, and all that comes, has no memory left to stream with. */
/* fails: 3 4 5 */
#include "stream.h"

int main(void)
{
	char *hot, *cold;

	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		return 1;
	hot = map(HOT);
	fill(hot, HOT, 1);
	printf("hot %p %lu\n", (void *)hot, HOT);
	cold = map(COLD);
	stream(cold);
	printf("done\n");
	return 0;
}
