/* Wrong: mlockall locks everything that the process has. */
/* fails: 2 */
#include "secret.h"

int main(void)
{
	if (mlockall(MCL_CURRENT))
		return 1;
	printf("locked\n");
	explicit_bzero(secret, sizeof(secret));
	printf("wiped\n");
	return munlockall() != 0;
}
