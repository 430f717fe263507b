/* SPDX-License-Identifier: GPL-2.0 */
/*
 * strip.h - a row of cells that stands for the pages of a range, and what each
 * cell says: a glyph for each state, so that nothing hangs on colour alone.
 *
 * A cell stands for one page, or for so many (a power of two) that the range fits.
 * One of several pages has its state's first glyph if all of them are so.  Else it
 * has the second glyph of the state that most of those have that are there: a
 * single page in a cell of a million is seen.
 */
#ifndef MMSCOPE_STRIP_H
#define MMSCOPE_STRIP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "libmmscope.h"

/* How to write it. */
struct view_ink {
	bool unicode;		/* else ASCII */
	int colours;		/* 0: none, 16 or 256 */
};

/* What a cell shows. */
struct view_cell {
	uint8_t state;		/* enum mms_page_state */
	bool part;		/* not all of its pages are so */
};

struct view_strip {
	uint64_t start, end, page;	/* bytes */
	uint64_t each;			/* pages a cell */
	size_t cells, room;
	uint64_t total[MMS_PAGE_STATE_COUNT];	/* pages, of the whole range */
	uint64_t (*count)[MMS_PAGE_STATE_COUNT];	/* pages, by cell: `room` of them */
};

/* What has been drawn so far: only that is explained. */
struct view_seen {
	bool whole[MMS_PAGE_STATE_COUNT], part[MMS_PAGE_STATE_COUNT];
};

/* At most `room` cells for any range; false: no memory. Free with _free. */
bool view_strip_open(struct view_strip *s, size_t room, uint64_t page);
void view_strip_free(struct view_strip *s);
/* Begins anew for the whole pages in [start, end), in at most `room` cells. */
void view_strip_begin(struct view_strip *s, uint64_t start, uint64_t end, size_t room);
/* Pages in one state; what lies outside of the range is left off. */
void view_strip_add(struct view_strip *s, uint64_t start, uint64_t end,
		    enum mms_page_state state);
/* Nothing more comes: pages that nobody told of are UNKNOWN. */
void view_strip_end(struct view_strip *s);
struct view_cell view_strip_cell(const struct view_strip *s, size_t cell);

/* Writes cells one after the other, and notes what they were. */
void view_cells_draw(FILE *out, const struct view_ink *ink, const struct view_cell *cells,
		     size_t count, struct view_seen *seen);
/* The sign of one cell, and its colour as in SGR ("1;38;5;178"; "": none). */
const char *view_cell_sign(const struct view_ink *ink, struct view_cell cell);
const char *view_cell_colour(const struct view_ink *ink, struct view_cell cell);
/* "dirty: written to": what the glyph means. */
const char *view_state_words(enum mms_page_state state);
/* The glyph in Unicode, and 0xRRGGBB: the colour of a terminal that has 256. */
const char *view_state_sign(enum mms_page_state state, bool part);
uint32_t view_state_rgb(enum mms_page_state state);

#endif
