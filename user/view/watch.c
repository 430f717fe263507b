// SPDX-License-Identifier: GPL-2.0
/*
 * watch.c - the state of the full-screen view: what is shown of which refresh, and
 * what keys and the mouse do to that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "watch-state.h"

/* A minute of seconds to step back through; less of a process with 60,000 VMAs. */
#define PAST_MOMENTS	60
#define PAST_BYTES	(64U << 20)
#define WHEEL		3

struct view_watch *view_watch_new(const struct view_watch_options *options)
{
	struct view_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->options = *options;
	w->every = options->every;
	w->past = view_past_new(PAST_MOMENTS, PAST_BYTES);
	if (w->past)
		return w;
	free(w);
	return NULL;
}

void view_watch_free(struct view_watch *w)
{
	if (!w)
		return;
	view_past_free(w->past);
	view_rows_free(&w->rows);
	free(w);
}

/* ---- what is shown ----------------------------------------------------------- */

const struct view_moment *watch_shown(const struct view_watch *w)
{
	return view_past_at(w->past, w->back);
}

const struct view_moment *watch_before(const struct view_watch *w)
{
	const struct view_moment *now = watch_shown(w);

	/* What another program had is not what this one lost. */
	return !now || now->exec ? NULL : view_past_at(w->past, w->back + 1);
}

const struct view_row *watch_selected(const struct view_watch *w)
{
	return w->cursor < w->rows.count ? &w->rows.row[w->cursor] : NULL;
}

static void select_row(struct view_watch *w, size_t row)
{
	if (!w->rows.count)
		return;
	w->cursor = row < w->rows.count ? row : w->rows.count - 1;
	w->selected = view_row_vma(&w->rows.row[w->cursor])->start;
}

void watch_rows_update(struct view_watch *w)
{
	const struct view_moment *now = watch_shown(w);

	w->rows.count = w->all = 0;
	w->cursor = 0;
	memset(w->changes, 0, sizeof(w->changes));
	if (!now || !view_rows_make(&w->rows, watch_before(w), now))
		return;
	w->all = w->rows.count;
	for (size_t i = 0; i < w->rows.count; i++)
		w->changes[w->rows.row[i].change]++;
	view_rows_filter(&w->rows, w->filter);
	view_rows_sort(&w->rows, w->sort, w->descending);
	w->cursor = view_rows_find(&w->rows, w->selected);
}

void view_watch_add(struct view_watch *w, struct view_moment *moment)
{
	const struct view_moment *last = view_past_at(w->past, 0);

	moment->number = last ? last->number + 1 : 1;
	view_past_add(w->past, moment);
	w->back = 0;
	if (moment->exec || !last) {
		w->selected = 0;
		w->top = 0;
	}
	watch_rows_update(w);
	/* It follows a VMA from the first on. */
	if (!last)
		select_row(w, 0);
}

struct view_moment *view_watch_newest(struct view_watch *w)
{
	return view_past_at(w->past, 0);
}

void view_watch_say(struct view_watch *w, const char *text)
{
	snprintf(w->message, sizeof(w->message), "%s", text);
}

void view_watch_end(struct view_watch *w, const char *text)
{
	w->ended = true;
	view_watch_say(w, text);
}

void view_watch_pace(struct view_watch *w, double every)
{
	w->every = every;
}

bool view_watch_paused(const struct view_watch *w)
{
	return w->paused || w->ended;
}

bool view_watch_wants(const struct view_watch *w, uint64_t *start, uint64_t *end)
{
	const struct view_row *row = watch_selected(w);

	if (w->back || !row || row->change == VIEW_GONE || !w->layout.strip_rows)
		return false;
	*start = view_row_vma(row)->start;
	*end = view_row_vma(row)->end;
	return true;
}

bool view_watch_lacks(const struct view_watch *w)
{
	const struct view_moment *now = watch_shown(w);
	uint64_t start, end;

	return now && !view_watch_paused(w) && view_watch_wants(w, &start, &end) &&
	       (now->pages.told == VIEW_PAGES_NOT || now->pages.start != start ||
		now->pages.end != end);
}

/* ---- stepping ---------------------------------------------------------------- */

static void go_on(struct view_watch *w)
{
	w->paused = !w->paused;
	if (w->paused || !w->back)
		return;
	w->back = 0;
	watch_rows_update(w);
}

/* Through the last refreshes, which stand still meanwhile. */
static void step(struct view_watch *w, bool back)
{
	if (back && w->back + 1 >= view_past_count(w->past)) {
		view_watch_say(w, "this is the oldest refresh that is kept");
	} else if (back) {
		w->back++;
		w->paused = true;
	} else if (w->back) {
		w->back--;
	} else if (w->paused && !w->ended) {
		view_watch_say(w, "this is the newest one: space goes on");
	}
	watch_rows_update(w);
}

static void sort_by(struct view_watch *w, enum view_watch_column column)
{
	if (w->sort == column) {
		w->descending = !w->descending;
	} else {
		w->sort = column;
		w->descending = view_column_descends(column);
	}
	watch_rows_update(w);
}

/* The column beside the one that is sorted by, of those that are on the screen. */
static void sort_beside(struct view_watch *w, int way)
{
	unsigned int shown = watch_columns(w, w->cols);
	int column = (int)w->sort;

	do
		column = (column + way + VIEW_COLS) % VIEW_COLS;
	while (shown && !(shown >> column & 1));
	sort_by(w, (enum view_watch_column)column);
}

/* ---- searching and filtering ------------------------------------------------- */

static char *prompt_text(struct view_watch *w)
{
	return w->prompt == WATCH_FILTER ? w->filter : w->search;
}

static void search(struct view_watch *w, bool up)
{
	size_t found;
	char text[WATCH_TEXT + 32];

	if (!*w->search) {
		view_watch_say(w, "nothing was searched for yet: / searches");
		return;
	}
	found = view_rows_search(&w->rows, w->cursor, up, w->search);
	if (found < w->rows.count) {
		select_row(w, found);
		return;
	}
	snprintf(text, sizeof(text), "no VMA with '%s'", w->search);
	view_watch_say(w, text);
}

static void next_change(struct view_watch *w)
{
	size_t found = view_rows_change(&w->rows, w->cursor);

	if (found < w->rows.count)
		select_row(w, found);
	else
		view_watch_say(w, "no VMA in the list changed in this refresh");
}

static void open_prompt(struct view_watch *w, enum watch_prompt prompt)
{
	w->prompt = prompt;
	strcpy(w->kept, prompt_text(w));
	if (prompt == WATCH_SEARCH)
		w->search[0] = '\0';
}

/* At each letter, so that it can be seen where it leads. */
static void prompt_changed(struct view_watch *w)
{
	if (w->prompt == WATCH_FILTER) {
		watch_rows_update(w);
	} else if (*w->search && w->rows.count) {
		/* The row at the cursor may go on to match. */
		size_t before = w->cursor ? w->cursor - 1 : w->rows.count - 1;
		size_t found = view_rows_search(&w->rows, before, false, w->search);

		if (found < w->rows.count)
			select_row(w, found);
	}
}

static void prompt_letter(char *text, uint32_t key)
{
	size_t len = strlen(text);
	mbstate_t state = { 0 };
	char bytes[32];
	size_t n;

	if (key < 0x20 || key >= VIEW_KEY_NONE)
		return;
	n = wcrtomb(bytes, (wchar_t)key, &state);
	if (n == (size_t)-1 || len + n >= WATCH_TEXT)
		return;
	memcpy(text + len, bytes, n);
	text[len + n] = '\0';
}

static void prompt_key(struct view_watch *w, struct view_event event)
{
	char *text = prompt_text(w);
	size_t len = strlen(text);

	switch (event.key) {
	case VIEW_KEY_ENTER:
		if (w->prompt == WATCH_SEARCH && *text && w->rows.count &&
		    !view_row_matches(&w->rows.row[w->cursor], text))
			search(w, false);
		w->prompt = WATCH_NO_PROMPT;
		return;
	case VIEW_KEY_ESCAPE:
		if (w->prompt == WATCH_FILTER)
			*text = '\0';
		else
			strcpy(text, w->kept);
		watch_rows_update(w);
		w->prompt = WATCH_NO_PROMPT;
		return;
	case VIEW_KEY_BACKSPACE:
		while (len && ((unsigned char)text[--len] & 0xc0) == 0x80)
			;
		text[len] = '\0';
		break;
	case VIEW_KEY_F0 + 3:
	case VIEW_KEY_DOWN:
	case VIEW_KEY_UP:
		if (w->prompt == WATCH_SEARCH)
			search(w, event.key == VIEW_KEY_UP);
		return;
	default:
		prompt_letter(text, event.key);
	}
	prompt_changed(w);
}

/* ---- the mouse --------------------------------------------------------------- */

/* Which column of the list is at a column of the screen: as they are drawn. */
static int column_at(const struct view_watch *w, int col)
{
	unsigned int shown = watch_columns(w, w->cols);
	int at = 1;

	for (int i = 0; i < VIEW_COLS; i++) {
		if (!(shown >> i & 1))
			continue;
		at += w->width[i] + 1;
		if (col < at || i == VIEW_COL_NAME)
			return i;
	}
	return -1;
}

static uint32_t bar_key_at(const struct view_watch *w, int col)
{
	if (col >= w->layout.bar_end)
		return VIEW_KEY_RESIZE;
	for (const struct watch_bar_key *k = watch_bar; k->name; k++) {
		col -= (int)strlen(k->name) + (int)strlen(k->words) + 1;
		if (col < 0)
			return k->key;
	}
	return VIEW_KEY_RESIZE;
}

static bool click(struct view_watch *w, struct view_event event)
{
	const struct watch_layout *l = &w->layout;
	int row = event.row - l->list;

	if (row >= 0 && row < l->list_rows && w->top + (size_t)row < w->rows.count)
		select_row(w, w->top + (size_t)row);
	else if (event.row == l->header && column_at(w, event.col) >= 0)
		sort_by(w, (enum view_watch_column)column_at(w, event.col));
	else if (event.row == l->bar)
		return view_watch_key(w, (struct view_event){ .key = bar_key_at(w, event.col) });
	return true;
}

/* ---- keys -------------------------------------------------------------------- */

static void move(struct view_watch *w, long by)
{
	long row = (long)w->cursor + by;

	select_row(w, row < 0 ? 0 : (size_t)row);
}

/* Those that move in the list; false: it is none of them. */
static bool move_key(struct view_watch *w, uint32_t key)
{
	long page = w->layout.list_rows > 1 ? w->layout.list_rows - 1 : 1;

	switch (key) {
	case VIEW_KEY_UP: case 'k': move(w, -1); break;
	case VIEW_KEY_DOWN: case 'j': move(w, 1); break;
	case VIEW_KEY_WHEEL_UP: move(w, -WHEEL); break;
	case VIEW_KEY_WHEEL_DOWN: move(w, WHEEL); break;
	case VIEW_KEY_PAGE_UP: move(w, -page); break;
	case VIEW_KEY_PAGE_DOWN: move(w, page); break;
	case VIEW_KEY_HOME: case 'g': select_row(w, 0); break;
	case VIEW_KEY_END: case 'G': select_row(w, SIZE_MAX); break;
	default: return false;
	}
	return true;
}

static bool main_key(struct view_watch *w, struct view_event event)
{
	if (move_key(w, event.key))
		return true;
	switch (event.key) {
	case 'q': case 'Q': case VIEW_KEY_F0 + 10: return false;
	case 'h': case '?': case VIEW_KEY_F0 + 1:
		w->help = true;
		w->help_top = 0;
		break;
	case ' ': case VIEW_KEY_F0 + 5: go_on(w); break;
	case VIEW_KEY_LEFT: case '[': case VIEW_KEY_F0 + 7: step(w, true); break;
	case VIEW_KEY_RIGHT: case ']': case VIEW_KEY_F0 + 8: step(w, false); break;
	case '/': case VIEW_KEY_F0 + 3: open_prompt(w, WATCH_SEARCH); break;
	case '\\': case VIEW_KEY_F0 + 4: open_prompt(w, WATCH_FILTER); break;
	case 'n': search(w, false); break;
	case '\t': next_change(w); break;
	case 'N': search(w, true); break;
	case '>': case VIEW_KEY_F0 + 6: sort_beside(w, 1); break;
	case '<': sort_beside(w, -1); break;
	case 'I': sort_by(w, w->sort); break;
	case VIEW_KEY_CLICK: return click(w, event);
	}
	return true;
}

static void help_key(struct view_watch *w, uint32_t key)
{
	switch (key) {
	case VIEW_KEY_UP: case 'k': case VIEW_KEY_WHEEL_UP: w->help_top--; break;
	case VIEW_KEY_DOWN: case 'j': case VIEW_KEY_WHEEL_DOWN: w->help_top++; break;
	case VIEW_KEY_PAGE_UP: w->help_top -= 10; break;
	case VIEW_KEY_PAGE_DOWN: w->help_top += 10; break;
	case VIEW_KEY_RESIZE: break;
	default: w->help = false;
	}
}

bool view_watch_key(struct view_watch *w, struct view_event event)
{
	/* The widths of columns are kept only while they keep the picture still. */
	if (event.key == VIEW_KEY_RESIZE)
		memset(w->width, 0, sizeof(w->width));
	else if (!w->ended)
		w->message[0] = '\0';
	if (w->help) {
		help_key(w, event.key);
		return event.key != VIEW_KEY_F0 + 10;
	}
	if (w->prompt != WATCH_NO_PROMPT) {
		prompt_key(w, event);
		return true;
	}
	return main_key(w, event);
}
