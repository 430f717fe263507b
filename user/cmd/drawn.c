// SPDX-License-Identifier: GPL-2.0
/*
 * drawn.c - what a view draws, into a file: first whole in memory, then written.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"

int cmd_write_drawn(const char *path, mode_t mode, bool (*draw)(FILE *out, void *arg), void *arg,
		    size_t *len, struct mms_error *err)
{
	char *data = NULL;
	FILE *out = open_memstream(&data, len);
	bool good = out && draw(out, arg);
	int ret;

	good &= out && !ferror(out);
	good &= out && !fclose(out);
	ret = good ? mms_file_write(path, data, *len, mode, err) :
		     mms_fail(err, MMS_FAILED, NULL, path, "no memory");
	free(data);
	return ret;
}
