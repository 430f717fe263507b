/* Wrong: unlocked first, and wiped when it may be in swap already. */
/* fails: 4 */
#include "secret.h"

int main(void)
{
	if (mlock(secret, sizeof(secret)))
		return 1;
	printf("locked\n");
	munlock(secret, sizeof(secret));
	explicit_bzero(secret, sizeof(secret));
	printf("wiped\n");
	return 0;
}
