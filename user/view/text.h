/* SPDX-License-Identifier: GPL-2.0 */
/*
 * text.h - how wide a terminal is, and how wide a text is on it.
 * Widths are in columns of the terminal; wide characters take two.
 */
#ifndef MMSCOPE_TEXT_H
#define MMSCOPE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* COLUMNS, or the terminal's own, or 80; at most `most`. */
int view_width(int most);
/* Whether this locale can write block characters and the like. */
bool view_unicode(void);
/*
 * Whether a text is of ASCII alone.  The user's locale is in force from the first one on
 * that is not: most are, and its tables take more memory than many an answer.
 */
bool view_ascii(const char *text);
/* Columns of a text; bytes, if it is none in this locale. */
size_t view_cells(const char *text);
/*
 * Where in a text its tail begins that takes `room` columns at most.  If the
 * last component of a path fits, the tail starts with its slash.
 */
const char *view_tail(const char *text, size_t room);
/* A text in UTF-8: each byte that is not of it becomes U+FFFD.  To be freed; NULL: no memory. */
char *view_utf8(const char *text);
/*
 * Text from outside as it may be written to a terminal, in ASCII unless `unicode`.
 * To be freed; NULL: no memory.
 */
char *view_harmless(const char *text, bool unicode);
/* The same in at most `room` columns: what is too long loses its left part. */
char *view_fit(const char *text, size_t room, bool unicode);

/* Nanoseconds since 1970 as "2026-03-01 12:00:00", in UTC.  Returns buf. */
char *view_time(uint64_t ns, char buf[32]);

#endif
