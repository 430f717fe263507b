// SPDX-License-Identifier: GPL-2.0
/*
 * beside.c - finds the programs that come with the tool.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "beside.h"

#ifndef MMS_LIBEXEC
#define MMS_LIBEXEC	"/usr/local/libexec/mmscope"
#endif

static bool is_there(char *path, size_t size, const char *dir, const char *name)
{
	snprintf(path, size, "%s/%s", dir, name);
	return access(path, X_OK) == 0;
}

/* Where this program is; without a /proc, as it was called. */
static void own_path(char self[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", self, PATH_MAX - 1);

	self[n > 0 ? n : 0] = 0;
	if (n <= 0 && !realpath((const char *)getauxval(AT_EXECFN), self))
		self[0] = 0;
}

bool beside_find(const char *name, char *path, size_t size)
{
	char self[PATH_MAX], dir[PATH_MAX + 64];

	own_path(self);
	/* If nobody can tell where it is, it is not at the root of all. */
	if (strrchr(self, '/')) {
		*strrchr(self, '/') = 0;
		snprintf(dir, sizeof(dir), "%s/../libexec/mmscope", self);
		if (is_there(path, size, self, name) || is_there(path, size, dir, name))
			return true;
	}
	return is_there(path, size, MMS_LIBEXEC, name);
}
