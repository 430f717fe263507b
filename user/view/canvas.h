/* SPDX-License-Identifier: GPL-2.0 */
/*
 * canvas.h - a sheet of cells that a screen is drawn on, before a terminal shows it.
 * What does not fit is cut off at its edges: who draws need not count.  Pure.
 */
#ifndef MMSCOPE_CANVAS_H
#define MMSCOPE_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

#include "strip.h"

#define VIEW_BOLD	(1U << 0)
#define VIEW_DIM	(1U << 1)
#define VIEW_REVERSE	(1U << 2)

struct view_style {
	uint8_t attributes;	/* VIEW_* */
	uint8_t colour;		/* 0: the terminal's own; else 1 + a colour's number */
};

/* One column.  The one behind a wide character has no text and the width 0. */
struct view_glyph {
	char text[13];		/* a character, and what combines with it */
	uint8_t width;
	struct view_style style;
};

struct view_canvas {
	int rows, cols;
	struct view_ink ink;
	struct view_glyph *glyph;	/* rows * cols */
};

/* Blank, of this size; false: no memory, and as it was before. */
bool view_canvas_size(struct view_canvas *c, int rows, int cols);
void view_canvas_free(struct view_canvas *c);
/*
 * Text that may be written (view_harmless()), from a column on, up to the edge `limit`
 * (the canvas's own, if that is less).  Returns the column behind it.
 */
int view_put(struct view_canvas *c, int row, int col, int limit, struct view_style style,
	     const char *text);
/* What an SGR sequence ("1;38;5;178") means, of those that the signs of cells have. */
struct view_style view_style_of(const char *sgr);

#endif
