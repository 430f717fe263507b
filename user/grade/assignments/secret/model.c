/* Locks the pages of the secret, uses it, wipes it, and unlocks them. */
#include "secret.h"

int main(void)
{
	if (mlock(secret, sizeof(secret)))
		return 1;
	printf("locked\n");
	strcpy(secret, "correct horse battery staple");
	explicit_bzero(secret, sizeof(secret));
	printf("wiped\n");
	return munlock(secret, sizeof(secret)) != 0;
}
