/* SPDX-License-Identifier: GPL-2.0 */
/*
 * watch-state.h - what the files of the full-screen view of watch share: its state,
 * and where on the screen the last drawing has put things.
 */
#ifndef MMSCOPE_WATCH_STATE_H
#define MMSCOPE_WATCH_STATE_H

#include "watch.h"
#include "watch-figures.h"
#include "watch-rows.h"

#define WATCH_TEXT	64	/* of a filter or search */

enum watch_prompt { WATCH_NO_PROMPT, WATCH_SEARCH, WATCH_FILTER };

/* The rows of the screen: first ones, and how many (0: not shown). */
struct watch_layout {
	int summary, summary_rows;
	int header;			/* -1: none */
	int list, list_rows;
	int strip, strip_rows;		/* lines of cells; each has a line of marks below */
	bool strip_head, strip_legend;
	int bar;			/* -1: none */
	int bar_end;			/* where its keys end */
};

struct view_watch {
	struct view_watch_options options;
	struct view_past *past;
	double every;			/* as it is */
	bool paused, ended, help;
	size_t back;			/* which refresh is shown; 0: the newest */
	char message[160];		/* on the last line; "": none */

	struct view_rows rows;		/* of the refresh that is shown */
	size_t all;			/* rows before the filter */
	size_t changes[VIEW_CHANGES];	/* and how many of them are so */
	enum view_watch_column sort;
	bool descending;
	char filter[WATCH_TEXT], search[WATCH_TEXT];
	enum watch_prompt prompt;
	char kept[WATCH_TEXT];		/* what the text was before the prompt */

	size_t cursor, top;		/* rows: selected, and first on the screen */
	uint64_t selected;		/* start of the VMA at the cursor: it is held on to */
	int width[VIEW_COLS];		/* of the columns, which only grow */
	int help_top;
	struct watch_layout layout;
	int cols;
};

/* The refresh that is shown, and the one before it; or NULL. */
const struct view_moment *watch_shown(const struct view_watch *w);
const struct view_moment *watch_before(const struct view_watch *w);
/* The selected row, or NULL. */
const struct view_row *watch_selected(const struct view_watch *w);
/* Makes the rows again, and finds the selected one among them. */
void watch_rows_update(struct view_watch *w);

/* watch-layout.c */
void watch_layout(struct watch_layout *layout, int rows, int cols);
/* The columns that fit, a bit each. */
unsigned int watch_columns(const struct view_watch *w, int cols);

/* A key of the bar at the bottom: what it does, and where it is. */
struct watch_bar_key {
	const char *name, *words;
	uint32_t key;
};
extern const struct watch_bar_key watch_bar[];	/* ends with a name of NULL */

/* watch-help.c */
void watch_help_draw(struct view_watch *w, struct view_canvas *c);

#endif
