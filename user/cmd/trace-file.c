// SPDX-License-Identifier: GPL-2.0
/*
 * trace-file.c - mmscope trace into a file: the page drawn and written, or nothing; and
 * a line on what is in it, and what is not.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cmd.h"
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

static bool draw(FILE *out, void *timeline)
{
	return view_timeline_draw(out, timeline);
}

int trace_file_write(struct view_timeline *timeline, const char *path, struct mms_error *err)
{
	size_t len = 0;
	int ret = cmd_write_drawn(path, 0600, draw, timeline, &len, err);

	if (!ret)
		say(timeline, path, len);
	return ret;
}
