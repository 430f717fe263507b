// SPDX-License-Identifier: GPL-2.0
/*
 * watch-layout.c - what of watch's screen there is room for, at any size: rows and
 * columns are given away in the order of what a person would miss least.
 */
#include <string.h>

#include "watch-state.h"

/* From the left as many as fit. */
const struct watch_bar_key watch_bar[] = {
	{ "F1", "Help", VIEW_KEY_F0 + 1 },
	{ "F3", "Search", VIEW_KEY_F0 + 3 },
	{ "F4", "Filter", VIEW_KEY_F0 + 4 },
	{ "F6", "Sort", VIEW_KEY_F0 + 6 },
	{ "F10", "Quit", VIEW_KEY_F0 + 10 },
	{ "Space", "Pause", ' ' },
	{ "F7", "Back", VIEW_KEY_F0 + 7 },
	{ "F8", "Forth", VIEW_KEY_F0 + 8 },
	{ 0 }
};

/* Lines for the summary: one a group where they are wide enough. */
static int summary_rows(int rows, int cols)
{
	if (rows < 3)
		return 0;
	if (rows < 9)
		return 1;
	if (rows < 14)
		return 2;
	if (rows < 20)
		return 4;
	return cols < 72 ? 6 : 5;
}

void watch_layout(struct watch_layout *l, int rows, int cols)
{
	int left = rows - 1;

	memset(l, 0, sizeof(*l));
	l->summary = 1;
	l->summary_rows = summary_rows(rows, cols);
	left -= l->summary_rows;
	l->bar = rows >= 8 ? rows - 1 : -1;
	left -= rows >= 8;
	if (rows >= 6) {
		l->header = rows - left - (rows >= 8);
		left--;
	} else {
		l->header = -1;
	}
	if (rows >= 12) {
		l->strip_head = true;
		l->strip_legend = rows >= 16;
		l->strip_rows = rows >= 48 ? 4 : rows >= 34 ? 3 : rows >= 22 ? 2 : 1;
		left -= 1 + l->strip_legend + 2 * l->strip_rows;
	}
	l->list = l->summary + l->summary_rows + (rows >= 6);
	l->list_rows = left > 0 ? left : 0;
	l->strip = l->list + l->list_rows;
}

/* Which columns stay when there is no room for all; the first of them always. */
static const struct {
	enum view_watch_column column;
	int least;	/* columns of the screen */
} wanted[] = {
	{ VIEW_COL_PURPOSE, 5 }, { VIEW_COL_SIZE, 4 }, { VIEW_COL_RSS, 4 },
	{ VIEW_COL_START, 14 }, { VIEW_COL_NAME, 8 }, { VIEW_COL_PERM, 4 },
	{ VIEW_COL_DIRTY, 5 }, { VIEW_COL_SWAP, 4 }, { VIEW_COL_MLOCKED, 7 },
};

unsigned int watch_columns(const struct view_watch *w, int cols)
{
	unsigned int shown = 0;
	int left = cols - 1;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		enum view_watch_column c = wanted[i].column;
		int need = wanted[i].least;

		if (c != VIEW_COL_NAME && w->width[c] > need)
			need = w->width[c];
		if (i && need > left)
			continue;
		shown |= 1U << c;
		left -= need + 1;
	}
	return shown;
}
