/* SPDX-License-Identifier: GPL-2.0 */
/*
 * trace-file.h - what mmscope trace has seen, into a file.
 */
#ifndef MMSCOPE_TRACE_FILE_H
#define MMSCOPE_TRACE_FILE_H

#include "../view/timeline.h"

/* Writes the page, and says so on stderr.  Errors: those of mms_file_write(). */
int trace_file_write(struct view_timeline *timeline, const char *path, struct mms_error *err);

#endif
