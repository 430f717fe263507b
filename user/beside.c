// SPDX-License-Identifier: GPL-2.0
/*
 * beside.c - finds the programs that come with the tool.
 */
#include <stdio.h>
#include <string.h>
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

bool beside_find(const char *name, char *path, size_t size)
{
	char self[4096], dir[4160];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = 0;
	if (strrchr(self, '/'))
		*strrchr(self, '/') = 0;
	snprintf(dir, sizeof(dir), "%s/../libexec/mmscope", self);
	return is_there(path, size, self, name) || is_there(path, size, dir, name) ||
	       is_there(path, size, MMS_LIBEXEC, name);
}
