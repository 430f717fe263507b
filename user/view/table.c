// SPDX-License-Identifier: GPL-2.0
/*
 * table.c - tables by libsmartcols: chosen columns, sizes, colours, and names
 * that give way on a narrow terminal.
 */
#include <ctype.h>
#include <inttypes.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "libmmscope.h"
#include "table.h"
#include "text.h"

#define COLUMNS_MAX	64
#define SOFT_MIN	12	/* what gives way is not cut below this */
#define LINES_HELD	64	/* of a table that was measured: a line takes 1 KiB */

struct view_table {
	struct libscols_table *scols;
	struct libscols_line *line;
	const struct view_column *columns;
	int place[COLUMNS_MAX];	/* of a column in the table; -1: not shown */
	size_t width[COLUMNS_MAX];	/* of its widest cell, where that is known before */
	int shown;
	size_t lines;			/* not yet drawn */
	bool measuring, measured;
	bool bytes;
	bool flushed;
};

bool view_colours(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && !(term && !strcmp(term, "dumb"));
}

/* The number of a column by its name, in any case; -1. */
static int column_find(const struct view_column *columns, const char *name, size_t len)
{
	for (int i = 0; columns[i].name; i++)
		if (strlen(columns[i].name) == len && !strncasecmp(columns[i].name, name, len))
			return i;
	return -1;
}

/* Calls add() for each word of a list of columns; false at an unknown word. */
static bool columns_walk(const struct view_column *columns, const char *list, char wrong[32],
			 void (*add)(void *arg, int id), void *arg)
{
	for (;;) {
		size_t len = strcspn(list, ",");
		int id = column_find(columns, list, len);

		if (id < 0) {
			snprintf(wrong, 32, "%.*s", (int)(len < 31 ? len : 31), list);
			return false;
		}
		add(arg, id);
		if (!list[len])
			return true;
		list += len + 1;
	}
}

static bool columns_choose(const struct view_column *columns,
			   const struct view_options *options, char wrong[32],
			   void (*add)(void *arg, int id), void *arg)
{
	const char *list = options->columns;

	if (!list || *list == '+')
		columns_walk(columns, options->defaults, wrong, add, arg);
	if (!list)
		return true;
	return columns_walk(columns, *list == '+' ? list + 1 : list, wrong, add, arg);
}

struct seek {
	int id;
	bool found;
};

static void seek_one(void *arg, int id)
{
	struct seek *s = arg;

	s->found |= s->id == id;
}

bool view_columns_have(const struct view_column *columns,
		       const struct view_options *options, unsigned int id)
{
	struct seek s = { .id = (int)id };
	char wrong[32];

	columns_choose(columns, options, wrong, seek_one, &s);
	return s.found;
}

static void add_column(void *arg, int id)
{
	struct view_table *t = arg;
	const struct view_column *c = &t->columns[id];
	int flags = (c->flags & VIEW_RIGHT ? SCOLS_FL_RIGHT : 0) |
		    (c->flags & VIEW_TRUNC ? SCOLS_FL_TRUNC : 0) |
		    (c->flags & VIEW_WRAP ? SCOLS_FL_WRAP : 0);
	struct libscols_column *column;

	if (id >= COLUMNS_MAX || t->place[id] >= 0)
		return;
	column = scols_table_new_column(t->scols, c->name, 1, flags);
	if (!column)
		return;
	t->place[id] = t->shown++;
	if (c->flags & VIEW_WRAP)
		scols_column_set_wrapfunc(column, scols_wrapnl_chunksize,
					  scols_wrapnl_nextchunk, NULL);
}

struct view_table *view_table_new(const struct view_column *columns,
				  const struct view_options *options, char wrong[32])
{
	struct view_table *t = calloc(1, sizeof(*t));

	wrong[0] = '\0';
	if (!t)
		return NULL;
	t->columns = columns;
	t->bytes = options->bytes;
	memset(t->place, -1, sizeof(t->place));
	t->scols = scols_new_table();
	if (!t->scols || !columns_choose(columns, options, wrong, add_column, t)) {
		scols_unref_table(t->scols);
		free(t);
		return NULL;
	}
	scols_table_enable_noheadings(t->scols, options->noheadings);
	/* Text arrives escaped; to do it twice would spoil it. */
	scols_table_enable_noencoding(t->scols, 1);
	scols_table_enable_colors(t->scols, view_colours());
	return t;
}

bool view_table_has(const struct view_table *t, unsigned int id)
{
	return t->place[id] >= 0;
}

void view_table_line(struct view_table *t)
{
	if (t->measuring)
		return;
	if (t->measured && t->lines == LINES_HELD)
		view_table_flush(t);
	t->line = scols_table_new_line(t->scols, NULL);
	t->lines++;
}

static void set(struct view_table *t, unsigned int id, const char *text)
{
	size_t width;

	if (t->place[id] < 0)
		return;
	if (t->measuring) {
		width = view_cells(text);
		if (width > t->width[id])
			t->width[id] = width;
	} else if (t->line) {
		scols_line_set_data(t->line, (size_t)t->place[id], text);
	}
}

void view_table_text(struct view_table *t, unsigned int id, const char *text)
{
	char fixed[512], *buf = fixed, *shown;
	size_t len;

	if (t->place[id] < 0)
		return;
	/* libsmartcols never comes to an end of a text that is none in its locale. */
	if (!view_ascii(text) && !view_unicode()) {
		shown = view_harmless(text, false);
		if (shown)
			set(t, id, shown);
		free(shown);
		return;
	}
	len = mms_escape(text, fixed, sizeof(fixed));
	if (len >= sizeof(fixed)) {
		buf = malloc(len + 1);
		if (!buf)
			return;
		mms_escape(text, buf, len + 1);
	}
	set(t, id, buf);
	if (buf != fixed)
		free(buf);
}

void view_table_address(struct view_table *t, unsigned int id, uint64_t address)
{
	char buf[24];

	if (t->place[id] < 0)
		return;
	snprintf(buf, sizeof(buf), "0x%" PRIx64, address);
	set(t, id, buf);
}

void view_table_number(struct view_table *t, unsigned int id, uint64_t number)
{
	char buf[24];

	if (t->place[id] < 0)
		return;
	snprintf(buf, sizeof(buf), "%" PRIu64, number);
	set(t, id, buf);
}

void view_table_size(struct view_table *t, unsigned int id, uint64_t bytes)
{
	char buf[16];

	if (t->place[id] < 0)
		return;
	if (t->bytes)
		view_table_number(t, id, bytes);
	else
		set(t, id, mms_size_format(bytes, buf));
}

void view_table_colour(struct view_table *t, const char *colour)
{
	if (t->line)
		scols_line_set_color(t->line, colour);
}

/* ---- fitting a terminal ---------------------------------------------------- */

static struct libscols_column *column_of(struct view_table *t, int id)
{
	return scols_table_get_column(t->scols, (size_t)t->place[id]);
}

/* The widest cell of a column, its heading included. */
static size_t column_width(struct view_table *t, int id)
{
	struct libscols_column *column = column_of(t, id);
	struct libscols_iter *itr = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_line *line;
	size_t widest = strlen(scols_cell_get_data(scols_column_get_header(column)));

	if (t->width[id] > widest)
		widest = t->width[id];
	while (itr && !t->measured && !scols_table_next_line(t->scols, itr, &line)) {
		const char *data = scols_cell_get_data(scols_line_get_cell(line, (size_t)t->place[id]));
		size_t width = data ? view_cells(data) : 0;

		if (width > widest)
			widest = width;
	}
	scols_free_iter(itr);
	return widest;
}

/*
 * The left part gives way to "..": the end of a path tells which file it is.
 * If the last component fits, what is shown starts with its slash.
 */
static void cut_cell(struct libscols_cell *cell, size_t room)
{
	const char *text = scols_cell_get_data(cell);
	char *cut;

	if (!text || view_cells(text) <= room)
		return;
	if (asprintf(&cut, "..%s", view_tail(text, room - 2)) > 0)
		scols_cell_refer_data(cell, cut);
}

/* A list "a,b,c" goes on in the next line of its cell, broken behind commas. */
static void wrap_cell(struct libscols_cell *cell, size_t room)
{
	const char *text = scols_cell_get_data(cell);
	char *out, *to;
	size_t column = 0;

	if (!text || view_cells(text) <= room)
		return;
	out = to = malloc(2 * strlen(text) + 1);
	if (!out)
		return;
	while (*text) {
		size_t len = strcspn(text, ",");

		len += text[len] == ',';
		if (column && column + len > room) {
			*to++ = '\n';
			column = 0;
		}
		memcpy(to, text, len);
		to += len;
		column += len;
		text += len;
	}
	*to = '\0';
	scols_cell_refer_data(cell, out);
}

static void reshape_column(struct view_table *t, int place, size_t room,
			   void (*reshape)(struct libscols_cell *cell, size_t room))
{
	struct libscols_iter *itr = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_line *line;

	while (itr && !scols_table_next_line(t->scols, itr, &line))
		reshape(scols_line_get_cell(line, (size_t)place), room);
	scols_free_iter(itr);
}

/* On a terminal the column that may give way takes what the others leave. */
static void fit(struct view_table *t)
{
	size_t terminal = scols_table_get_termwidth(t->scols), used = 0, room;
	struct libscols_column *soft_column = NULL;
	int soft = -1;
	bool wraps = false;

	for (int id = 0; t->columns[id].name; id++) {
		int place = t->place[id];

		if (place < 0)
			continue;
		if (t->columns[id].flags & (VIEW_TRUNC | VIEW_WRAP) && soft < 0) {
			soft = place;
			soft_column = column_of(t, id);
			wraps = t->columns[id].flags & VIEW_WRAP;
		} else {
			used += 1 + column_width(t, id);
		}
	}
	if (soft < 0)
		return;
	room = terminal > used + SOFT_MIN ? terminal - used : SOFT_MIN;
	reshape_column(t, soft, room, wraps ? wrap_cell : cut_cell);
	if (scols_column_get_whint(soft_column) > (double)room)
		scols_column_set_whint(soft_column, (double)room);
}

/* ---------------------------------------------------------------------------- */

static void print(struct view_table *t)
{
	if (isatty(STDOUT_FILENO))
		fit(t);
	else
		/* Nobody's screen: no line is cut or wrapped. */
		scols_table_set_termforce(t->scols, SCOLS_TERMFORCE_NEVER);
	scols_print_table(t->scols);
}

void view_table_measure(struct view_table *t)
{
	t->measuring = true;
	t->line = NULL;
}

/*
 * libsmartcols heeds a wish for a width where the cells are wider than the heading, or
 * where the heading is said not to count.
 */
static void wish(struct libscols_column *column, size_t width)
{
	if (width <= strlen(scols_cell_get_data(scols_column_get_header(column))))
		return;
	scols_column_set_flags(column, scols_column_get_flags(column) | SCOLS_FL_STRICTWIDTH);
	scols_column_set_whint(column, (double)width);
}

/* From here on no column is narrower than it is by now. */
static void keep_widths(struct view_table *t)
{
	for (int id = 0; t->columns[id].name; id++) {
		if (t->place[id] < 0)
			continue;
		t->width[id] = column_width(t, id);
		wish(column_of(t, id), t->width[id]);
	}
}

void view_table_measured(struct view_table *t)
{
	t->measuring = false;
	t->measured = true;
	keep_widths(t);
}

void view_table_at_least(struct view_table *t, unsigned int id, size_t cells)
{
	if (t->width[id] < cells)
		t->width[id] = cells;
}

void view_table_flush(struct view_table *t)
{
	if (!t->measured)
		keep_widths(t);
	print(t);
	scols_table_remove_lines(t->scols);
	scols_table_enable_noheadings(t->scols, 1);
	t->line = NULL;
	t->lines = 0;
	t->flushed = true;
}

void view_table_end(struct view_table *t)
{
	/* A table that was flushed may have nothing left. */
	if (!t->flushed || !scols_table_is_empty(t->scols))
		print(t);
	view_table_drop(t);
}

void view_table_drop(struct view_table *t)
{
	if (!t)
		return;
	scols_unref_table(t->scols);
	free(t);
}
