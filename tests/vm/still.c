/* SPDX-License-Identifier: GPL-2.0 */
/*
 * still.c - a static program that takes some memory, then holds still: for a
 * debugger to call sbrk() in, which a stripped one would not let it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	char *p = malloc(300000);

	if (p)
		memset(p, 1, 100000);
	if (sbrk(0) == (void *)-1)
		return 1;
	for (;;)
		pause();
}
