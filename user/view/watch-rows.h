/* SPDX-License-Identifier: GPL-2.0 */
/*
 * watch-rows.h - the rows of watch's list: the VMAs of a refresh, those that are gone
 * since the one before, and what is new in them; filtered, sorted, searched.  Pure.
 */
#ifndef MMSCOPE_WATCH_ROWS_H
#define MMSCOPE_WATCH_ROWS_H

#include "watch-moment.h"

/* The columns, from left to right. */
enum view_watch_column {
	VIEW_COL_START, VIEW_COL_SIZE, VIEW_COL_PERM, VIEW_COL_RSS, VIEW_COL_SWAP,
	VIEW_COL_MLOCKED, VIEW_COL_DIRTY, VIEW_COL_PURPOSE, VIEW_COL_NAME, VIEW_COLS
};

/* The same as in the tables of VMAs: its name, and what it means. */
const struct view_column *view_watch_column(enum view_watch_column column);

enum view_change { VIEW_SAME, VIEW_NEW, VIEW_GONE, VIEW_CHANGED, VIEW_CHANGES };

struct view_row {
	const struct view_moment *of;	/* GONE: the refresh before, else this one */
	uint32_t vma;			/* number in its list */
	uint16_t lit;			/* columns that are not what they were, a bit each */
	uint8_t change;			/* enum view_change */
};

struct view_rows {
	size_t count, room;
	struct view_row *row;
};

void view_rows_free(struct view_rows *rows);

static inline const struct mms_vma *view_row_vma(const struct view_row *row)
{
	return &row->of->list.vma[row->vma];
}

/*
 * The rows of `now`, in address order, compared with `before` (NULL: nothing is new).
 * A VMA is the same if it starts or ends where it did, and maps the same thing.
 * False: no memory.
 */
bool view_rows_make(struct view_rows *rows, const struct view_moment *before,
		    const struct view_moment *now);
/* Leaves only those that match; "" matches all. */
void view_rows_filter(struct view_rows *rows, const char *text);
/* What is not known comes last, either way. */
void view_rows_sort(struct view_rows *rows, enum view_watch_column by, bool descending);
/* Whether that column is read with the largest first. */
bool view_column_descends(enum view_watch_column column);

/*
 * Whether a row has this text in its purpose, its name, its access or its start
 * address; or, if the text is 0x and an address, covers that.  Case is the same.
 */
bool view_row_matches(const struct view_row *row, const char *text);
/*
 * The next row that matches, from `from` on and round, downwards or upwards; `from`
 * itself is looked at last.  rows->count: none does.
 */
size_t view_rows_search(const struct view_rows *rows, size_t from, bool up, const char *text);
/* The next row with a change, from `from` on and round.  rows->count: there is none. */
size_t view_rows_change(const struct view_rows *rows, size_t from);
/* The row of this VMA, or of the next one above; of no rows 0. */
size_t view_rows_find(const struct view_rows *rows, uint64_t start);

/* A cell as text: sizes as numbers of bytes, if so wanted; "" if it is not known. */
void view_row_cell(const struct view_row *row, enum view_watch_column column, bool bytes,
		   char *buf, size_t size);

#endif
