// SPDX-License-Identifier: GPL-2.0
/*
 * watch-screen.c - draws the screen of watch: title, summary, list, strip of pages,
 * and the line at the bottom.  What changed since the refresh before is lit.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text.h"
#include "watch-state.h"

#define GROUP	9	/* columns of the name of a group of figures */

static const struct view_style plain;
static const struct view_style bold = { .attributes = VIEW_BOLD };
static const struct view_style dim = { .attributes = VIEW_DIM };
static const struct view_style reverse = { .attributes = VIEW_REVERSE };

/* Bold reverse yellow, as much of it as the terminal has: nothing hangs on the colour. */
static struct view_style lit(const struct view_canvas *c)
{
	struct view_style style = { .attributes = VIEW_REVERSE | VIEW_BOLD };

	style.colour = c->ink.colours ? 1 + 3 : 0;
	return style;
}

/* Text from outside, in [col, limit). */
static int put_outside(struct view_canvas *c, int row, int col, int limit,
		       struct view_style style, const char *text)
{
	char *fit;

	if (limit > c->cols)
		limit = c->cols;
	if (col >= limit)
		return col;
	fit = view_fit(text, (size_t)(limit - col), c->ink.unicode);
	col = view_put(c, row, col, limit, style, fit ? fit : "");
	free(fit);
	return col;
}

/* ---- the title --------------------------------------------------------------- */

static void clock_of(const struct view_moment *m, char buf[16])
{
	time_t seconds = (time_t)(m->when_ns / 1000000000);
	struct tm tm;

	*buf = '\0';
	if (localtime_r(&seconds, &tm))
		strftime(buf, 16, "%H:%M:%S", &tm);
}

/* At the right: whether it lives, and of when this is. */
static void state_words(const struct view_watch *w, char *buf, size_t size)
{
	const struct view_moment *now = watch_shown(w);
	char clock[16];

	if (!now) {
		snprintf(buf, size, "...");
		return;
	}
	clock_of(now, clock);
	if (w->back || w->paused)
		snprintf(buf, size, "%s %zu of %zu  %s", w->ended ? "ended" : "paused",
			 view_past_count(w->past) - w->back, view_past_count(w->past), clock);
	else if (w->ended)
		snprintf(buf, size, "ended  %s", clock);
	else
		snprintf(buf, size, "#%" PRIu64 " every %.3gs  %s", now->number, w->every, clock);
}

static void draw_title(const struct view_watch *w, struct view_canvas *c)
{
	const struct view_moment *now = watch_shown(w);
	char state[80], pid[32];
	int room, col;

	state_words(w, state, sizeof(state));
	snprintf(pid, sizeof(pid), "%d ", (int)w->options.pid);
	room = c->cols - (int)strlen(state) - 1;
	col = view_put(c, 0, 0, c->cols, bold, pid);
	if (room > col) {
		view_put(c, 0, room + 1, c->cols, plain, state);
	} else if (c->cols - 8 > col + 1 && (w->paused || w->ended)) {
		room = c->cols - 8;
		view_put(c, 0, room + 1, c->cols, plain, w->ended ? "ended" : "paused");
	} else {
		room = c->cols;
	}
	if (now)
		col = put_outside(c, 0, col, room, bold, now->proc.comm);
	if (room - col > (int)strlen(w->options.source) + 3) {
		col = view_put(c, 0, col, room, plain, "  (");
		col = view_put(c, 0, col, room, plain, w->options.source);
		view_put(c, 0, col, room, plain, ")");
	}
	for (col = 0; col < c->cols; col++)
		c->glyph[col].style.attributes |= VIEW_REVERSE;
}

/* ---- the summary ------------------------------------------------------------- */

/* One figure, if it fits; returns the column behind it, or -1. */
static int put_figure(const struct view_watch *w, struct view_canvas *c, int row, int col,
		      const struct view_figure *f)
{
	const struct view_moment *now = watch_shown(w), *before = watch_before(w);
	bool new = view_figure_changed(f, before, now), first = col <= GROUP;
	char value[32], step[32];
	int need;

	view_figure_text(f, now, w->options.bytes, value);
	view_figure_step(f, before, now, w->options.bytes, step);
	need = col + (int)(strlen(f->label) + strlen(value)) + !!*f->label + (first ? 0 : 2);
	if (need > c->cols)
		return -1;
	if (need + 1 + (int)strlen(step) > c->cols)
		*step = '\0';
	col += first ? 0 : 2;
	if (*f->label) {
		col = view_put(c, row, col, c->cols, dim, f->label);
		col++;
	}
	col = view_put(c, row, col, c->cols, new ? lit(c) : bold, value);
	return *step ? view_put(c, row, col + 1, c->cols, lit(c), step) : col;
}

/*
 * A line for each group; what does not fit goes on in the next, if there is one for
 * it, else it is left out.
 */
static void draw_summary(const struct view_watch *w, struct view_canvas *c)
{
	int row = w->layout.summary - 1, last = w->layout.summary + w->layout.summary_rows, col = 0;
	int groups_left = 0, end;

	for (const struct view_figure *f = view_figures; f->value; f++)
		groups_left += f->group != NULL;
	for (const struct view_figure *f = view_figures; f->value; f++) {
		if (!f->label)
			continue;
		if (f->group) {
			if (++row >= last)
				return;
			groups_left--;
			col = view_put(c, row, 0, c->cols, dim, f->group);
			col = c->cols > 40 ? GROUP : col + 1;
		}
		end = put_figure(w, c, row, col, f);
		/* The break before its name. */
		if (end < 0 && f->group && !*f->label) {
			view_put(c, row, 0, c->cols, plain, "          ");
			end = put_figure(w, c, row, 0, f);
		}
		if (end < 0 && last - row - 1 > groups_left) {
			row++;
			col = c->cols > 40 ? GROUP : 1;
			end = put_figure(w, c, row, col, f);
		}
		col = end < 0 ? col : end;
	}
}

/* ---- the list ---------------------------------------------------------------- */

static const char marks[] = {
	[VIEW_SAME] = ' ', [VIEW_NEW] = '+', [VIEW_GONE] = '-', [VIEW_CHANGED] = '*',
};

static bool is_right(int column)
{
	return view_watch_column((enum view_watch_column)column)->flags & VIEW_RIGHT;
}

/* Columns grow with what is on the screen, so that they do not jump. */
static void measure(struct view_watch *w)
{
	char text[64];

	for (int col = 0; col < VIEW_COLS; col++) {
		int least = (int)strlen(view_watch_column((enum view_watch_column)col)->name);

		if (w->width[col] < least)
			w->width[col] = least;
		if (col == VIEW_COL_NAME)
			continue;
		for (int i = 0; i < w->layout.list_rows && w->top + (size_t)i < w->rows.count; i++) {
			view_row_cell(&w->rows.row[w->top + (size_t)i], (enum view_watch_column)col,
				      w->options.bytes, text, sizeof(text));
			if ((int)strlen(text) > w->width[col])
				w->width[col] = (int)strlen(text);
		}
	}
}

/* Where a text goes that is as wide as its column, or less. */
static int indent(const struct view_watch *w, int column, const char *text)
{
	int spare = w->width[column] - (int)strlen(text);

	return is_right(column) && spare > 0 ? spare : 0;
}

static void draw_header(const struct view_watch *w, struct view_canvas *c, unsigned int shown)
{
	int row = w->layout.header, at = 1;

	if (row < 0)
		return;
	for (int col = 0; col < VIEW_COLS; col++) {
		const char *name = view_watch_column((enum view_watch_column)col)->name;
		bool sorted = w->sort == (enum view_watch_column)col;

		if (!(shown >> col & 1))
			continue;
		view_put(c, row, at + indent(w, col, name), c->cols, sorted ? bold : plain, name);
		at += w->width[col] + 1;
	}
	for (int col = 0; col < c->cols; col++)
		c->glyph[row * c->cols + col].style.attributes |= VIEW_REVERSE;
}

/* The colour that the tables give to this purpose. */
static struct view_style purpose_style(const struct view_canvas *c, const struct mms_vma *v)
{
	static const struct { const char *name; struct view_style style; } styles[] = {
		{ "green", { 0, 1 + 2 } }, { "cyan", { 0, 1 + 6 } }, { "yellow", { 0, 1 + 3 } },
		{ "darkgray", { VIEW_DIM, 0 } },
	};
	const char *name = view_vma_colour(v);

	for (size_t i = 0; name && c->ink.colours && i < sizeof(styles) / sizeof(styles[0]); i++)
		if (!strcmp(styles[i].name, name))
			return styles[i].style;
	return plain;
}

static void draw_row(const struct view_watch *w, struct view_canvas *c, int row,
		     const struct view_row *r, unsigned int shown)
{
	const struct mms_vma *v = view_row_vma(r);
	struct view_style own = r->change == VIEW_GONE ? dim : purpose_style(c, v);
	char mark[2] = { marks[r->change], '\0' }, text[64];
	bool whole = r->change == VIEW_NEW;
	int at = 1;

	view_put(c, row, 0, c->cols, r->change == VIEW_SAME ? plain : lit(c), mark);
	for (int col = 0; col < VIEW_COLS; col++) {
		struct view_style style = whole || r->lit >> col & 1 ? lit(c) : own;

		if (!(shown >> col & 1))
			continue;
		if (col == VIEW_COL_NAME) {
			put_outside(c, row, at, c->cols, style, v->name);
		} else {
			view_row_cell(r, (enum view_watch_column)col, w->options.bytes, text,
				      sizeof(text));
			view_put(c, row, at + indent(w, col, text), c->cols, style, text);
		}
		at += w->width[col] + 1;
	}
}

/* The selected row is reverse; what is lit in it is so the other way round. */
static void draw_cursor(struct view_canvas *c, int row)
{
	for (int col = 0; col < c->cols; col++)
		c->glyph[row * c->cols + col].style.attributes ^= VIEW_REVERSE;
}

static void draw_list(struct view_watch *w, struct view_canvas *c)
{
	int rows = w->layout.list_rows;
	unsigned int shown;

	if (rows && w->cursor < w->top)
		w->top = w->cursor;
	if (rows && w->cursor >= w->top + (size_t)rows)
		w->top = w->cursor - (size_t)rows + 1;
	if (w->top + (size_t)rows > w->rows.count)
		w->top = w->rows.count > (size_t)rows ? w->rows.count - (size_t)rows : 0;
	measure(w);
	shown = watch_columns(w, c->cols);
	draw_header(w, c, shown);
	if (!w->rows.count && rows)
		view_put(c, w->layout.list, 1, c->cols, dim, *w->filter ?
			 "no VMA passes the filter: \\ and Esc clear it" : "no VMAs");
	for (int i = 0; i < rows && w->top + (size_t)i < w->rows.count; i++) {
		size_t at = w->top + (size_t)i;

		draw_row(w, c, w->layout.list + i, &w->rows.row[at], shown);
		if (at == w->cursor)
			draw_cursor(c, w->layout.list + i);
	}
}

/* ---- the pages of the selected VMA ------------------------------------------- */

/* Cells a line: a multiple of 16, so that addresses are round; and where they begin. */
static int strip_cells(const struct view_canvas *c, uint64_t end, int *left)
{
	int room;

	*left = c->cols < 48 ? 0 : end >> 48 ? 18 : 14;
	room = c->cols - *left;
	return room >= 16 ? room / 16 * 16 : room;
}

static void draw_strip_head(const struct view_watch *w, struct view_canvas *c,
			    const struct view_strip *s)
{
	const struct mms_vma *v = view_row_vma(watch_selected(w));
	int row = w->layout.strip, col = 0;
	char text[128], size[16], each[16];

	snprintf(text, sizeof(text), "%s 0x%" PRIx64 "-0x%" PRIx64 "  %s  ",
		 mms_purpose_name(v->purpose), v->start, v->end,
		 mms_size_format(v->end - v->start, size));
	col = view_put(c, row, 0, c->cols, bold, text);
	if (s && s->each > 1)
		snprintf(text, sizeof(text), "%s%" PRIu64 ": a cell is %" PRIu64 " pages (%s)  ",
			 c->ink.unicode ? "\u00d7" : "x", s->each, s->each,
			 mms_size_format(s->each * s->page, each));
	else if (s)
		snprintf(text, sizeof(text), "a cell is a page (%s)  ",
			 mms_size_format(s->page, each));
	/* On a narrow screen no more than the scale. */
	if (s && col + (int)view_cells(text) > c->cols)
		*strchrnul(text, s->each > 1 ? ':' : 'a') = '\0';
	if (s)
		col = view_put(c, row, col, c->cols, dim, text);
	put_outside(c, row, col, c->cols, plain, v->name);
}

static void draw_cell(struct view_canvas *c, int row, int col, struct view_cell cell)
{
	view_put(c, row, col, c->cols, view_style_of(view_cell_colour(&c->ink, cell)),
		 view_cell_sign(&c->ink, cell));
}

/* The signs that occur, and how much they stand for. */
static void draw_legend(struct view_canvas *c, int row, const struct view_strip *s,
			const struct view_seen *seen)
{
	int col = 0;

	for (int state = MMS_PAGE_STATE_COUNT - 1; state >= 0; state--) {
		bool whole = seen->whole[state], part = seen->part[state] || !whole;
		char size[16], text[64];

		if (!s->total[state])
			continue;
		snprintf(text, sizeof(text), " %s %s", view_state_words((enum mms_page_state)state),
			 mms_size_format(s->total[state] * s->page, size));
		if (col + 2 + (int)strlen(text) > c->cols)
			return;
		if (whole)
			draw_cell(c, row, col++, (struct view_cell){ (uint8_t)state, false });
		if (part)
			draw_cell(c, row, col++, (struct view_cell){ (uint8_t)state, true });
		col = view_put(c, row, col, c->cols, plain, text) + 2;
	}
}

static void draw_cells(const struct view_watch *w, struct view_canvas *c,
		       const struct view_strip *s, const bool *changed)
{
	int left, line = strip_cells(c, s->end, &left);
	struct view_seen seen = { 0 };
	char address[24];

	for (size_t i = 0; i < s->cells; i++) {
		int row = w->layout.strip + 1 + 2 * (int)(i / (size_t)line);
		int col = left + (int)(i % (size_t)line);
		struct view_cell cell = view_strip_cell(s, i);

		if (left && col == left) {
			snprintf(address, sizeof(address), "%012" PRIx64,
				 s->start + i * s->each * s->page);
			view_put(c, row, 0, left - 1, dim, address);
		}
		draw_cell(c, row, col, cell);
		if (cell.part)
			seen.part[cell.state] = true;
		else
			seen.whole[cell.state] = true;
		if (changed[i])
			view_put(c, row + 1, col, c->cols, lit(c), "^");
	}
	if (w->layout.strip_legend)
		draw_legend(c, w->layout.strip + 1 + 2 * w->layout.strip_rows, s, &seen);
}

/* Why there is no strip; NULL: there is one. */
static const char *why_no_strip(const struct view_watch *w, const struct view_row *row)
{
	const struct view_moment *now = watch_shown(w);
	const struct mms_vma *v = view_row_vma(row);

	if (row->change == VIEW_GONE)
		return "this VMA is gone";
	if (now->pages.told == VIEW_PAGES_NOT || now->pages.start != v->start ||
	    now->pages.end != v->end)
		return w->paused || w->ended ? "its pages were not looked at in this refresh" : "";
	if (now->pages.told == VIEW_PAGES_VAST)
		return "its pages are not asked about: from /proc that would take long";
	return now->pages.told == VIEW_PAGES_FAILED ? "its pages could not be read" : NULL;
}

static void draw_strip(const struct view_watch *w, struct view_canvas *c)
{
	const struct view_row *row = watch_selected(w);
	const struct view_moment *now = watch_shown(w), *before = watch_before(w);
	struct view_strip strip = { 0 };
	const char *why;
	bool *changed;
	size_t room;
	int left;

	if (!row || !w->layout.strip_rows)
		return;
	room = (size_t)(strip_cells(c, view_row_vma(row)->end, &left) * w->layout.strip_rows);
	why = why_no_strip(w, row);
	if (why) {
		draw_strip_head(w, c, NULL);
		view_put(c, w->layout.strip + 1, left, c->cols, dim, why);
		return;
	}
	changed = calloc(room, sizeof(*changed));
	if (changed && view_strip_open(&strip, room, now->list.page_size)) {
		view_strip_begin(&strip, now->pages.start, now->pages.end, room);
		view_pages_strip(now, &strip);
		if (before)
			view_pages_changed(before, now, &strip, changed);
		draw_strip_head(w, c, &strip);
		draw_cells(w, c, &strip, changed);
	}
	view_strip_free(&strip);
	free(changed);
}

/* ---- the bottom -------------------------------------------------------------- */

/* "3/59 of 80: FILTER +1 -2 *3": where the cursor is, and how many changed. */
static void count_words(const struct view_watch *w, char *text, size_t size)
{
	size_t len = (size_t)snprintf(text, size, "%zu/%zu", w->rows.count ? w->cursor + 1 : 0,
				      w->rows.count);

	if (*w->filter)
		len += (size_t)snprintf(text + len, size - len, " of %zu: %s", w->all, w->filter);
	for (int i = VIEW_NEW; i < VIEW_CHANGES && len < size; i++)
		if (w->changes[i])
			len += (size_t)snprintf(text + len, size - len, " %c%zu", marks[i],
						w->changes[i]);
}

static void draw_keys(struct view_watch *w, struct view_canvas *c, int row)
{
	char text[WATCH_TEXT + 128];
	int col = 0, limit;

	count_words(w, text, sizeof(text));
	limit = c->cols - (int)view_cells(text) - 1;
	if (limit > 0)
		view_put(c, row, limit + 1, c->cols, bold, text);
	else
		limit = c->cols;
	for (const struct watch_bar_key *k = watch_bar; k->name; k++) {
		const char *words = k->key == ' ' && w->paused ? "Go on" : k->words;

		if (col + (int)(strlen(k->name) + strlen(words)) > limit)
			break;
		col = view_put(c, row, col, c->cols, bold, k->name);
		col = view_put(c, row, col, c->cols, reverse, words) + 1;
	}
	w->layout.bar_end = col;
}

/* Without a bar a message takes the last line, for as long as it is there. */
static void draw_bottom(struct view_watch *w, struct view_canvas *c)
{
	int row = c->rows - 1;
	int col;

	if (w->prompt != WATCH_NO_PROMPT || *w->message) {
		for (col = 0; col < c->cols; col++)
			view_put(c, row, col, c->cols, reverse, " ");
	} else if (w->layout.bar >= 0) {
		draw_keys(w, c, row);
	}
	if (w->prompt != WATCH_NO_PROMPT) {
		col = view_put(c, row, 0, c->cols, reverse,
			       w->prompt == WATCH_FILTER ? "Filter: " : "Search: ");
		col = put_outside(c, row, col, c->cols - 1, reverse,
				  w->prompt == WATCH_FILTER ? w->filter : w->search);
		view_put(c, row, col, c->cols, plain, " ");
		if (c->cols - col > 44)
			view_put(c, row, c->cols - 28, c->cols, reverse,
				 w->prompt == WATCH_FILTER ? "Enter: done, Esc: all again" :
							     "Enter: done, F3: the next");
	} else if (*w->message) {
		put_outside(c, row, 0, c->cols, reverse, w->message);
	}
}

void view_watch_draw(struct view_watch *w, struct view_canvas *c)
{
	w->cols = c->cols;
	watch_layout(&w->layout, c->rows, c->cols);
	if (w->help) {
		watch_help_draw(w, c);
		return;
	}
	draw_title(w, c);
	if (watch_shown(w)) {
		draw_summary(w, c);
		draw_list(w, c);
		draw_strip(w, c);
	}
	draw_bottom(w, c);
}
