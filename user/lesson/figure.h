/* SPDX-License-Identifier: GPL-2.0 */
/*
 * figure.h - single figures out of the text of /proc: status, smaps, vmstat.
 * Pure; any text is survived. -1: it is not there.
 */
#ifndef LESSON_FIGURE_H
#define LESSON_FIGURE_H

#include <stdint.h>

/* "Field:   123 kB" at the start of a line: the number. */
int64_t figure_of(const char *text, const char *field);
/* The same in smaps, of the VMA that covers an address. */
int64_t figure_in_smaps(const char *text, uint64_t address, const char *field);
/* "name 123" at the start of a line. */
int64_t figure_in_vmstat(const char *text, const char *name);

#endif
