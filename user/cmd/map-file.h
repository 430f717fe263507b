/* SPDX-License-Identifier: GPL-2.0 */
/*
 * map-file.h - what mmscope map has collected, into files.
 */
#ifndef MMSCOPE_MAP_FILE_H
#define MMSCOPE_MAP_FILE_H

#include "../view/report.h"

/*
 * Writes a page and a picture, to the names that are not NULL, and says so on stdout.
 * Reads the files of the target's objects, for their symbols.
 * Errors: those of mms_file_write().
 */
int map_file_write(struct view_report *r, struct mms_target *target, const char *html,
		   const char *svg, struct mms_error *err);

#endif
