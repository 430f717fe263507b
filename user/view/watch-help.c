// SPDX-License-Identifier: GPL-2.0
/*
 * watch-help.c - the screen that explains the keys and the columns of watch, and the
 * signs of pages.
 */
#include <stdio.h>
#include <string.h>

#include "watch-state.h"

static const struct view_style plain;
static const struct view_style bold = { .attributes = VIEW_BOLD };

static const struct { const char *keys, *words; } lines[] = {
	{ "Up Down k j", "select a VMA: its pages are shown below" },
	{ "PgUp PgDn Home End g G", "the same, faster; the wheel; a click" },
	{ "Space F5", "pause: nothing is asked; and go on" },
	{ "Left Right [ ] F7 F8", "step back and forth through the last refreshes" },
	{ "/ F3, n N", "search: name, purpose, access, 0xADDRESS; next, last" },
	{ "Tab", "to the next VMA that changed" },
	{ "\\ F4", "filter by the same; Esc shows all again" },
	{ "< > F6, I", "sort by another column (or click it); the other way" },
	{ "h ? F1", "this help" },
	{ "q F10 Ctrl-C", "quit" },
	{ "", "" },
	{ "+ - *", "at the left: since the refresh before, new, gone, changed" },
	{ "reverse", "what changed, and by how much; ^ below pages that did" },
	{ "<=0x...", "the break is not told exactly (the module would tell)" },
	{ "", "" },
};
#define LINES	((int)(sizeof(lines) / sizeof(lines[0])))
#define KEYS	23	/* columns */

static void put_line(struct view_canvas *c, int row, const char *left, const char *right)
{
	if (row < 1 || row >= c->rows)
		return;
	if (c->cols > 2 * KEYS) {
		view_put(c, row, 0, KEYS, bold, left);
		view_put(c, row, KEYS, c->cols, plain, right);
	} else {
		view_put(c, row, view_put(c, row, 0, c->cols, bold, left) + 1, c->cols, plain, right);
	}
}

static void put_state(struct view_canvas *c, int row, int state)
{
	struct view_cell cell = { (uint8_t)state, false };
	char sign[32], part[16];

	if (row < 1 || row >= c->rows)
		return;
	snprintf(sign, sizeof(sign), "%s", view_cell_sign(&c->ink, cell));
	cell.part = true;
	snprintf(part, sizeof(part), "%s", view_cell_sign(&c->ink, cell));
	if (strcmp(sign, part)) {
		strcat(sign, " ");
		strcat(sign, part);
	}
	put_line(c, row, "", view_state_words((enum mms_page_state)state));
	view_put(c, row, 0, c->cols, view_style_of(view_cell_colour(&c->ink, cell)), sign);
}

void watch_help_draw(struct view_watch *w, struct view_canvas *c)
{
	int all = LINES + VIEW_COLS + 2 + MMS_PAGE_STATE_COUNT, row;

	if (w->help_top > all - c->rows + 2)
		w->help_top = all - c->rows + 2;
	if (w->help_top < 0)
		w->help_top = 0;
	row = 1 - w->help_top;
	for (int i = 0; i < LINES; i++)
		put_line(c, row++, lines[i].keys, lines[i].words);
	for (int i = 0; i < VIEW_COLS; i++) {
		const struct view_column *column = view_watch_column((enum view_watch_column)i);

		put_line(c, row++, column->name, column->help);
	}
	row++;
	put_line(c, row++, "Signs", "of pages: all of a cell; some of it");
	for (int state = MMS_PAGE_STATE_COUNT - 1; state >= 0; state--)
		put_state(c, row++, state);
	view_put(c, 0, 0, c->cols, plain, "mmscope watch: help.  Up and Down scroll, any other key "
		 "goes back");
	for (int col = 0; col < c->cols; col++)
		c->glyph[col].style.attributes |= VIEW_REVERSE;
}
