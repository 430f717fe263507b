/* SPDX-License-Identifier: GPL-2.0 */
/*
 * term.h - the terminal as a full screen: shows a canvas, waits for keys, the mouse
 * and signals, and is put back as it was, whatever ends it.  There is one terminal.
 */
#ifndef MMSCOPE_TERM_H
#define MMSCOPE_TERM_H

#include <stdbool.h>
#include <stdint.h>

#include "canvas.h"

/* What a person did: a character, or one of these. */
enum view_key {
	VIEW_KEY_NONE = 0x110000,	/* beyond all characters */
	VIEW_KEY_UP, VIEW_KEY_DOWN, VIEW_KEY_LEFT, VIEW_KEY_RIGHT,
	VIEW_KEY_PAGE_UP, VIEW_KEY_PAGE_DOWN, VIEW_KEY_HOME, VIEW_KEY_END,
	VIEW_KEY_ENTER, VIEW_KEY_ESCAPE, VIEW_KEY_BACKSPACE,
	VIEW_KEY_CLICK, VIEW_KEY_WHEEL_UP, VIEW_KEY_WHEEL_DOWN,
	VIEW_KEY_RESIZE,	/* draw again, perhaps of another size */
	VIEW_KEY_F0		/* + 1 is F1 */
};

struct view_event {
	uint32_t key;
	int row, col;		/* of CLICK and WHEEL_* */
};

/*
 * Takes the terminal over.  False: there is none on standard output that could show
 * a screen, or none to read keys from; nothing was changed then.
 */
bool view_term_open(void);
/* Puts it back.  Then the signal that ended it, if one did, ends the process. */
void view_term_close(void);
/* The size, and how to write on it. */
void view_term_look(int *rows, int *cols, struct view_ink *ink);
/* Shows a canvas: what is different on the terminal is written, no more. */
void view_term_show(const struct view_canvas *canvas);
/* Waits until there is something to read or `ns` are over.  False: it is at an end. */
bool view_term_wait(uint64_t ns);
/* What was done: NONE if there is nothing more. */
struct view_event view_term_event(void);

#endif
