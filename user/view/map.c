// SPDX-License-Identifier: GPL-2.0
/*
 * map.c - draws an address space: a line of words and a strip of cells for each
 * area, the gaps between them, or an area row by row; and a legend of what was
 * seen.  The words before and behind the cells give way on a narrow terminal.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"
#include "table.h"
#include "text.h"

#define NARROW		72	/* below: the words take two lines */
#define WIDE		140	/* from here on: words and strip are on one line */
#define INDENT		2	/* of what belongs to the line above */
#define SCALE		12	/* " x2147483648" behind a strip */
#define ROW_MIN		16	/* cells; also the distance of the marks over them */
#define WORDS		59	/* range, sizes, perms, purpose, and the spaces behind */

struct view_map {
	struct view_map_look look;
	struct view_strip strip;
	struct view_seen seen;
	struct view_cell *cell;		/* a line of them */
	struct view_map_area area;	/* its texts are these copies: */
	char perms[8], purpose[32], *name;
	bool open, as_rows, scaled, headed;
	const uint64_t *mark;
	uint64_t total[MMS_PAGE_STATE_COUNT];
	uint64_t areas;
	/* of an area in rows */
	size_t row, filled;		/* cells a row; of the one that is being filled */
	uint64_t next;			/* the page that comes next */
	size_t *rows;			/* left */
};

void view_map_look(struct view_map_look *look)
{
	const char *term = getenv("TERM"), *more = getenv("COLORTERM");

	*look = (struct view_map_look){
		.out = stdout,
		.width = view_width(VIEW_MAP_WIDTH_MAX),
		.ink.unicode = view_unicode(),
		.page = mms_page_size(),
	};
	if (view_colours())
		look->ink.colours = (term && strstr(term, "256")) || (more && *more) ? 256 : 16;
}

static const char *dots(const struct view_map *m)
{
	return m->look.ink.unicode ? "\u2026" : "...";
}

static const char *times(const struct view_map *m)
{
	return m->look.ink.unicode ? "\u00d7" : "x";
}

static const char *escape(const struct view_map *m, const char *code)
{
	return m->look.ink.colours ? code : "";
}

/* In at most `room` columns, which it returns; what is too long loses its left part. */
static size_t put_name(struct view_map *m, const char *text, size_t room)
{
	char *shown = room < 4 ? NULL : view_fit(text, room, m->look.ink.unicode);
	size_t cells = 0;

	if (!shown)
		return 0;
	cells = view_cells(shown);
	fputs(shown, m->look.out);
	free(shown);
	return cells;
}

/* As many of `len` bytes of a word as fit `room` columns, but some; and their columns. */
static size_t fitting(const char *text, size_t len, int room, int *cells)
{
	char word[128];

	if (len >= sizeof(word))
		len = sizeof(word) - 1;
	for (;; len--) {
		if (len > 1 && ((unsigned char)text[len] & 0xc0) == 0x80)
			continue;	/* in the midst of a character */
		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		*cells = (int)view_cells(word);
		if (len <= 1 || *cells <= room)
			return len;
	}
}

/* Words from `at` on, broken at spaces; later lines begin at `indent`. */
static void wrap(struct view_map *m, int at, int indent, const char *text)
{
	bool first = true;	/* of its line */

	while (*text) {
		int room = m->look.width - at - !first, cells;
		size_t len = strcspn(text, " "), fits = fitting(text, len, room, &cells);
		bool whole = fits == len && cells <= room;

		if (whole || first) {
			fprintf(m->look.out, "%s%.*s", first ? "" : " ", (int)fits, text);
			at += cells + !first;
			first = false;
			text += fits + (fits == len && text[len]);
			whole |= fits == len;
		}
		/* The word is for the next line, or the rest of one that is longer than a line. */
		if (!whole) {
			fprintf(m->look.out, "\n%*s", indent, "");
			at = indent;
			first = true;
		}
	}
	fputc('\n', m->look.out);
}

struct view_map *view_map_open(const struct view_map_look *look, const char *title)
{
	struct view_map *m = calloc(1, sizeof(*m));
	char *shown;
	size_t room;

	if (!m)
		return NULL;
	m->look = *look;
	if (m->look.width < VIEW_MAP_WIDTH_MIN)
		m->look.width = VIEW_MAP_WIDTH_MIN;
	room = (size_t)m->look.width;
	m->cell = calloc(room, sizeof(*m->cell));
	if (!m->cell || !view_strip_open(&m->strip, room, look->page)) {
		free(m->cell);
		free(m);
		return NULL;
	}
	shown = view_harmless(title, m->look.ink.unicode);
	fputs(escape(m, "\033[1m"), look->out);
	wrap(m, 0, INDENT, shown ? shown : "");
	free(shown);
	fputs(escape(m, "\033[0m"), look->out);
	return m;
}

/* ---- words ----------------------------------------------------------------- */

static size_t name_room(const struct view_map *m)
{
	size_t room = (size_t)(m->look.width - WORDS) / 4;

	return room < 24 ? 24 : room > 44 ? 44 : room;
}

static void heading(struct view_map *m)
{
	if (m->headed)
		return;
	m->headed = true;
	if (m->look.width < NARROW)
		return;
	fprintf(m->look.out, "%s%-25s %6s %7s %4s %-12s %s%s\n", escape(m, "\033[2m"), "RANGE",
		"SIZE", m->as_rows ? "" : "PRESENT", "PERM", "PURPOSE", "NAME",
		escape(m, "\033[0m"));
}

/* What the page tables map; empty if that is not told of all pages, or not yet. */
static char *present(const struct view_map *m, char buf[16])
{
	uint64_t pages = 0;

	if (m->as_rows || m->strip.total[MMS_PAGE_UNKNOWN])
		return strcpy(buf, "");
	for (int state = 0; state < MMS_PAGE_STATE_COUNT; state++)
		if (mms_page_state_present((enum mms_page_state)state))
			pages += m->strip.total[state];
	return mms_size_format(pages * m->look.page, buf);
}

/* Returns the columns that were taken. */
static size_t words(struct view_map *m, size_t room)
{
	const struct view_map_area *a = &m->area;
	char size[16], in[16];
	FILE *out = m->look.out;
	char range[40];
	int n;

	snprintf(range, sizeof(range), "%012" PRIx64 "-%012" PRIx64, a->start, a->end);
	mms_size_format(a->end - a->start, size);
	present(m, in);
	if (m->look.width >= NARROW) {
		n = fprintf(out, "%-25s %6s %7s %4s %s", range, size, in, a->perms, a->purpose);
		if (*a->name || room < (size_t)m->look.width)
			n += fprintf(out, "%*s", n < WORDS ? WORDS - n : 1, "");
		return (size_t)n + put_name(m, a->name, room - (size_t)n);
	}
	n = fprintf(out, *a->name ? "%s " : "%s", range);
	put_name(m, a->name, room - (size_t)n);
	fprintf(out, "\n%*s%s, %s%s%s %s", INDENT, "", size, in, *in ? " present, " : "",
		a->perms, a->purpose);
	return 0;
}

/* ---- a strip --------------------------------------------------------------- */

static void begin(struct view_map *m, const struct view_map_area *area, bool as_rows)
{
	view_map_end(m);
	m->as_rows = as_rows;
	heading(m);
	m->area = *area;
	snprintf(m->perms, sizeof(m->perms), "%s", area->perms);
	snprintf(m->purpose, sizeof(m->purpose), "%s", area->purpose);
	free(m->name);
	m->name = strdup(area->name);
	m->area.perms = m->perms;
	m->area.purpose = m->purpose;
	m->area.name = m->name ? m->name : "";
	m->open = true;
	m->areas++;
}

/* Where the strip stands in its line. */
static size_t strip_left(const struct view_map *m)
{
	return m->look.width >= WIDE ? WORDS + name_room(m) + 1 : INDENT;
}

void view_map_strip(struct view_map *m, const struct view_map_area *area, const uint64_t *mark)
{
	begin(m, area, false);
	m->mark = mark;
	view_strip_begin(&m->strip, area->start, area->end,
			 (size_t)m->look.width - strip_left(m) - SCALE);
}

static void strip_end(struct view_map *m)
{
	size_t left = strip_left(m), at;
	FILE *out = m->look.out;
	bool wide = m->look.width >= WIDE;

	view_strip_end(&m->strip);
	at = words(m, wide ? left - 1 : (size_t)m->look.width);
	if (!wide) {
		fputc('\n', out);
		at = 0;
	}
	fprintf(out, "%*s", (int)(left > at ? left - at : 1), "");
	for (size_t i = 0; i < m->strip.cells; i++)
		m->cell[i] = view_strip_cell(&m->strip, i);
	view_cells_draw(out, &m->look.ink, m->cell, m->strip.cells, &m->seen);
	if (m->strip.each > 1) {
		fprintf(out, " %s%" PRIu64, times(m), m->strip.each);
		m->scaled = true;
	}
	fputc('\n', out);
	if (m->mark)
		fprintf(out, "%*s^\n", (int)(left + (*m->mark - m->strip.start) / m->look.page /
					     m->strip.each), "");
}

/* ---- rows ------------------------------------------------------------------ */

static int address_width(const struct view_map *m)
{
	return m->area.end >> 48 ? 16 : 12;
}

/* Over the rows: how far from the row's address each 16th cell is. */
static void ruler(struct view_map *m)
{
	fprintf(m->look.out, "%s%*s", escape(m, "\033[2m"), address_width(m) + INDENT, "");
	for (size_t i = 0; i < m->row; i += ROW_MIN) {
		char mark[24];

		snprintf(mark, sizeof(mark), "+%" PRIx64, i * m->look.page);
		fprintf(m->look.out, "%-*s", i + ROW_MIN < m->row ? ROW_MIN : 0, mark);
	}
	fprintf(m->look.out, "%s\n", escape(m, "\033[0m"));
}

void view_map_rows(struct view_map *m, const struct view_map_area *area, size_t *rows)
{
	size_t room;

	begin(m, area, true);
	m->rows = rows;
	m->next = area->start;
	m->filled = 0;
	room = (size_t)m->look.width - (size_t)address_width(m) - INDENT;
	for (m->row = ROW_MIN; 2 * m->row <= room;)
		m->row *= 2;
	words(m, (size_t)m->look.width);
	fputc('\n', m->look.out);
	ruler(m);
}

static void row_end(struct view_map *m)
{
	if (!m->filled)
		return;
	fprintf(m->look.out, "%0*" PRIx64 "%*s", address_width(m),
		m->next - m->filled * m->look.page, INDENT, "");
	view_cells_draw(m->look.out, &m->look.ink, m->cell, m->filled, &m->seen);
	fputc('\n', m->look.out);
	m->filled = 0;
	--*m->rows;
}

/* Rows that say what the one above them says. */
static void row_repeat(struct view_map *m, uint64_t rows, enum mms_page_state state)
{
	uint64_t bytes = rows * m->row * m->look.page;
	char size[16];

	fprintf(m->look.out, "%*s%s %" PRIu64 " more rows so: %s %s\n", INDENT, "", dots(m), rows,
		mms_size_format(bytes, size), view_state_words(state));
	m->next += bytes;
	m->total[state] += rows * m->row;
	--*m->rows;
}

/* Pages that follow, all in one state; false: no rows are left for all of them. */
static bool rows_add(struct view_map *m, uint64_t end, enum mms_page_state state)
{
	bool drawn = false;	/* the row above is of this state alone */

	while (m->next < end) {
		uint64_t pages = (end - m->next) / m->look.page;

		if (!*m->rows)
			return false;
		if (!m->filled && drawn && pages >= 3 * m->row) {
			row_repeat(m, pages / m->row, state);
			continue;
		}
		drawn = !m->filled && pages >= m->row;
		for (; pages && m->filled < m->row; pages--) {
			m->cell[m->filled++] = (struct view_cell){ (uint8_t)state, false };
			m->total[state]++;
			m->next += m->look.page;
		}
		if (m->filled == m->row)
			row_end(m);
	}
	return true;
}

/* What was passed over, nobody told of. */
static bool rows_run(struct view_map *m, uint64_t start, uint64_t end, enum mms_page_state state)
{
	if (end > m->area.end)
		end = m->area.end;
	if (start > m->next && !rows_add(m, start < m->area.end ? start : m->area.end,
					 MMS_PAGE_UNKNOWN))
		return false;
	return rows_add(m, end, state);
}

/* ---- the whole ------------------------------------------------------------- */

bool view_map_run(struct view_map *m, uint64_t start, uint64_t end, enum mms_page_state state)
{
	if (m->as_rows)
		return rows_run(m, start, end, state);
	view_strip_add(&m->strip, start, end, state);
	return true;
}

uint64_t view_map_end(struct view_map *m)
{
	uint64_t end = m->area.end;

	if (!m->open)
		return end;
	m->open = false;
	if (m->as_rows) {
		if (*m->rows)
			rows_add(m, end, MMS_PAGE_UNKNOWN);
		row_end(m);
		return m->next;
	}
	strip_end(m);
	for (int state = 0; state < MMS_PAGE_STATE_COUNT; state++)
		m->total[state] += m->strip.total[state];
	return end;
}

void view_map_line(struct view_map *m, const char *text)
{
	view_map_end(m);
	heading(m);
	fprintf(m->look.out, "%s%*s%s ", escape(m, "\033[2m"), INDENT, "", dots(m));
	wrap(m, INDENT + 4, INDENT + 4, text);
	fputs(escape(m, "\033[0m"), m->look.out);
}

void view_map_gap(struct view_map *m, uint64_t size)
{
	char text[64], bytes[16];

	snprintf(text, sizeof(text), "%s unmapped %s", mms_size_format(size, bytes), dots(m));
	view_map_line(m, text);
}

void view_map_note(struct view_map *m, const char *text)
{
	view_map_end(m);
	fprintf(m->look.out, "%*s", INDENT, "");
	wrap(m, INDENT, INDENT, text);
}

/* "x= dirty 1.2M" for each state that was drawn, as many in a line as fit. */
static void legend_states(struct view_map *m)
{
	FILE *out = m->look.out;
	int at = 0;

	for (int state = MMS_PAGE_STATE_COUNT - 1; state >= 0; state--) {
		struct view_cell both[2] = { { (uint8_t)state, false }, { (uint8_t)state, true } };
		bool whole = m->seen.whole[state], part = m->seen.part[state];
		char size[16], text[64];
		int need;

		/* The total may be of pages that no cell had to show. */
		if (!m->total[state])
			continue;
		part |= !whole;
		snprintf(text, sizeof(text), " %s %s", view_state_words(state),
			 mms_size_format(m->total[state] * m->look.page, size));
		need = (at ? 3 : 0) + whole + part + (int)strlen(text);
		if (at && at + need > m->look.width) {
			fputc('\n', out);
			need -= 3;
			at = 0;
		}
		fprintf(out, "%s", at ? "   " : "");
		view_cells_draw(out, &m->look.ink, whole ? both : both + 1, (size_t)(whole + part),
				&m->seen);
		fputs(text, out);
		at += need;
	}
	if (at)
		fputc('\n', out);
}

/* What the words of the legend mean, as far as it does not go without saying. */
static void legend_words(struct view_map *m)
{
	const uint64_t *t = m->total;
	char text[512], page[16];

	mms_size_format(m->look.page, page);
	if (m->scaled) {
		snprintf(text, sizeof(text), "A cell is one page (%s); with %sN behind the strip it is N "
			 "pages: the first sign of a state if all are so, else the second sign of "
			 "the state that most of those have that are there.", page, times(m));
	} else {
		snprintf(text, sizeof(text), "A cell is one page (%s).", page);
	}
	if (t[MMS_PAGE_LOCKED] || t[MMS_PAGE_SHARED])
		strcat(text, " Of locked, shared (mapped more than once), dirty (written to) and "
		       "resident the first that holds.");
	if (t[MMS_PAGE_PRESENT])
		strcat(text, " Present: whether written, shared or locked is not told.");
	if (t[MMS_PAGE_ABSENT])
		strcat(text, " Not mapped: whether it is in the page cache is not told.");
	wrap(m, 0, 0, text);
}

void view_map_close(struct view_map *m)
{
	view_map_end(m);
	if (m->areas) {
		fputc('\n', m->look.out);
		legend_states(m);
		legend_words(m);
	}
	view_strip_free(&m->strip);
	free(m->name);
	free(m->cell);
	free(m);
}
