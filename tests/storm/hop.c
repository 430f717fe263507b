/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hop.c - a program that is there twice, as it is and setuid, and only execs
 * the other one of the two. Static and small, so that it does so often.
 * usage: hop PLAIN SETUID; descriptor 10 counts its lives, 11 the setuid ones.
 */
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	uint64_t one = 1;
	uid_t uid = getuid();

	if (argc < 3)
		return 2;
	if (write(10, &one, sizeof(one)) < 0)
		return 0;
	if (geteuid() == uid) {
		execv(argv[2], argv);
		return 3;
	}
	if (write(11, &one, sizeof(one)) < 0 || setresuid(uid, uid, uid))
		return 4;
	execv(argv[1], argv);
	return 5;
}
