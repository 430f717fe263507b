// SPDX-License-Identifier: GPL-2.0
/*
 * trace-file.c - mmscope trace into a file: the page drawn and written, or nothing; and
 * a line on what is in it, and what is not.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "trace-file.h"

static void say(const struct view_timeline *timeline, const char *path, size_t len)
{
	struct view_timeline_sums sums = view_timeline_sums(timeline);
	char name[256], size[16];

	mms_escape(path, name, sizeof(name));
	fprintf(stderr, "%s: %" PRIu64 " event%s of %" PRIu64 " process%s, %s\n", name, sums.events,
		sums.events == 1 ? "" : "s", sums.processes, sums.processes == 1 ? "" : "es",
		mms_size_format(len, size));
	if (sums.left_out)
		fprintf(stderr, "  there were more: %" PRIu64 " events are not in it\n",
			sums.left_out);
}

int trace_file_write(struct view_timeline *timeline, const char *path, struct mms_error *err)
{
	char *data = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&data, &len);
	bool good = out && view_timeline_draw(out, timeline);
	int ret;

	good &= out && !ferror(out);
	good &= out && !fclose(out);
	if (good)
		ret = mms_file_write(path, data, len, 0600, err);
	else
		ret = mms_fail(err, MMS_FAILED, NULL, path, "no memory");
	free(data);
	if (!ret)
		say(timeline, path, len);
	return ret;
}
