// SPDX-License-Identifier: GPL-2.0
/*
 * capture.c - a capture taken for a verb, with its progress on a terminal.
 */
#include <stdio.h>
#include <unistd.h>

#include "cmd.h"

/* Only what takes long shows it. */
static void progress(uint64_t done, uint64_t all, void *arg)
{
	uint64_t *last = arg, percent = all ? done * 100 / all : 100;

	if (percent > 100)
		percent = 100;
	if (percent == *last || !isatty(STDERR_FILENO))
		return;
	*last = percent;
	if (percent < 100)
		fprintf(stderr, "\rcapturing: %3u %%", (unsigned int)percent);
	else
		fprintf(stderr, "\r%20s\r", "");
}

int cmd_capture(struct mms_target *target, bool stop, struct mms_capture **capture,
		struct mms_error *err)
{
	uint64_t last = 0;

	return mms_capture_take(target, stop ? MMS_CAPTURE_HOLD : 0, progress, &last, capture, err);
}
