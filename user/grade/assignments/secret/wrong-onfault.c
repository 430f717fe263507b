/* Wrong: pages are locked when they are touched, and they are not yet. */
/* fails: 3 */
#include "secret.h"

int main(void)
{
	if (mlock2(secret, sizeof(secret), MLOCK_ONFAULT))
		return 1;
	printf("locked\n");
	explicit_bzero(secret, sizeof(secret));
	printf("wiped\n");
	return munlock(secret, sizeof(secret)) != 0;
}
