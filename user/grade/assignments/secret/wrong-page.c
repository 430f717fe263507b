/* Wrong: sizeof a pointer, so that only the first page is locked. */
/* fails: 1 2 3 4 */
#include "secret.h"

int main(void)
{
	char *p = secret;

	if (mlock(p, sizeof(p)))
		return 1;
	printf("locked\n");
	explicit_bzero(p, SECRET_SIZE);
	printf("wiped\n");
	return munlock(p, sizeof(p)) != 0;
}
