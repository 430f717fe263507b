// SPDX-License-Identifier: GPL-2.0
/*
 * strip.c - cells that stand for pages: counts them, decides what each cell
 * shows, and has the glyphs and the colours.  Knows no process.
 */
#include <stdlib.h>
#include <string.h>

#include "strip.h"

/*
 * Glyphs that Linux's own console and the usual fonts have, one column wide.  The
 * colours are those that Okabe and Ito chose for all eyes, as far as a terminal
 * has them; of sixteen, never red against green.
 */
static const struct glyph {
	const char *whole, *part;	/* Unicode */
	const char *ascii_whole, *ascii_part;
	const char *colour16, *colour256;
	const char *words;
} glyphs[MMS_PAGE_STATE_COUNT] = {
	[MMS_PAGE_UNKNOWN]   = { "?", "?", "?", "?", "", "", "not told" },
	[MMS_PAGE_POISONED]  = { "!", "!", "!", "!", "1;31", "1;38;5;196", "memory that failed" },
	[MMS_PAGE_GUARD]     = { "\u2502", "\u2575", "G", "g", "2", "38;5;244", "guard" },
	[MMS_PAGE_DEVICE]    = { "V", "v", "V", "v", "35", "38;5;97", "moved to a device" },
	[MMS_PAGE_MIGRATING] = { "~", "~", "~", "~", "", "", "being moved" },
	[MMS_PAGE_SWAPPED]   = { "\u25bc", "\u25bd", "S", "s", "35", "38;5;169", "swapped out" },
	[MMS_PAGE_LOCKED]    = { "\u25c6", "\u25c7", "L", "l", "1;33", "1;38;5;178", "locked" },
	[MMS_PAGE_ZERO]	     = { "0", "o", "Z", "z", "2", "38;5;244", "zero page" },
	[MMS_PAGE_SPECIAL]   = { "\u00d7", "+", "X", "x", "2", "38;5;244", "special" },
	[MMS_PAGE_SHARED]    = { "\u2261", "=", "M", "m", "36", "38;5;74", "shared" },
	[MMS_PAGE_DIRTY]     = { "\u2588", "\u2584", "D", "d", "33", "38;5;202", "dirty" },
	[MMS_PAGE_RESIDENT]  = { "\u2593", "\u2592", "R", "r", "34", "38;5;32", "resident" },
	[MMS_PAGE_PRESENT]   = { "\u25a0", "\u25a1", "P", "p", "34", "38;5;32", "present" },
	[MMS_PAGE_CACHED]    = { "\u25b2", "\u25b3", "C", "c", "32", "38;5;36", "only cached" },
	[MMS_PAGE_ABSENT]    = { "-", "-", "-", "-", "2", "38;5;244", "not mapped" },
	[MMS_PAGE_UNTOUCHED] = { "\u00b7", "\u00b7", ".", ".", "2", "38;5;244", "untouched" },
};

const char *view_state_words(enum mms_page_state state)
{
	return glyphs[state].words;
}

const char *view_state_sign(enum mms_page_state state, bool part)
{
	return part ? glyphs[state].part : glyphs[state].whole;
}

/* Of the 256: a cube of six levels, then greys. */
uint32_t view_state_rgb(enum mms_page_state state)
{
	static const uint8_t level[] = { 0, 95, 135, 175, 215, 255 };
	const char *number = strstr(glyphs[state].colour256, "38;5;");
	unsigned int n = number ? (unsigned int)strtoul(number + 5, NULL, 10) : 244;

	if (n >= 232)
		return (8 + 10 * (n - 232)) * 0x10101;
	n -= 16;
	return (uint32_t)level[n / 36] << 16 | (uint32_t)level[n / 6 % 6] << 8 | level[n % 6];
}

/* ---- counting -------------------------------------------------------------- */

bool view_strip_open(struct view_strip *s, size_t room, uint64_t page)
{
	*s = (struct view_strip){ .room = room, .page = page };
	s->count = calloc(room, sizeof(*s->count));
	return s->count;
}

void view_strip_free(struct view_strip *s)
{
	free(s->count);
	s->count = NULL;
}

static uint64_t divide_up(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

void view_strip_begin(struct view_strip *s, uint64_t start, uint64_t end, size_t room)
{
	uint64_t pages = (end - start) / s->page;

	if (room > s->room)
		room = s->room;
	s->start = start;
	s->end = end;
	for (s->each = 1; divide_up(pages, s->each) > room;)
		s->each *= 2;
	s->cells = (size_t)divide_up(pages, s->each);
	memset(s->count, 0, s->cells * sizeof(*s->count));
	memset(s->total, 0, sizeof(s->total));
}

/* Pages in a cell: the last may have fewer. */
static uint64_t cell_pages(const struct view_strip *s, size_t cell)
{
	uint64_t left = (s->end - s->start) / s->page - cell * s->each;

	return left < s->each ? left : s->each;
}

void view_strip_add(struct view_strip *s, uint64_t start, uint64_t end,
		    enum mms_page_state state)
{
	uint64_t page, last;

	if (start < s->start)
		start = s->start;
	if (end > s->end)
		end = s->end;
	if (start >= end)
		return;
	page = (start - s->start) / s->page;
	last = (end - s->start) / s->page;
	s->total[state] += last - page;
	while (page < last) {
		size_t cell = (size_t)(page / s->each);
		uint64_t next = (cell + 1) * s->each;

		if (next > last)
			next = last;
		s->count[cell][state] += next - page;
		page = next;
	}
}

void view_strip_end(struct view_strip *s)
{
	for (size_t i = 0; i < s->cells; i++) {
		uint64_t told = 0, pages = cell_pages(s, i);

		for (int state = 0; state < MMS_PAGE_STATE_COUNT; state++)
			told += s->count[i][state];
		if (told >= pages)
			continue;
		s->count[i][MMS_PAGE_UNKNOWN] += pages - told;
		s->total[MMS_PAGE_UNKNOWN] += pages - told;
	}
}

/* Something is to be seen there; the others only say what is not. */
static bool is_there(int state)
{
	return state != MMS_PAGE_UNKNOWN && state != MMS_PAGE_ABSENT &&
	       state != MMS_PAGE_UNTOUCHED;
}

struct view_cell view_strip_cell(const struct view_strip *s, size_t cell)
{
	static const uint8_t empty[] = { MMS_PAGE_UNKNOWN, MMS_PAGE_ABSENT, MMS_PAGE_UNTOUCHED };
	const uint64_t *count = s->count[cell];
	int best = -1;

	for (int state = 0; state < MMS_PAGE_STATE_COUNT; state++)
		if (is_there(state) && count[state] && (best < 0 || count[state] > count[best]))
			best = state;
	if (best >= 0)
		return (struct view_cell){ (uint8_t)best, count[best] < cell_pages(s, cell) };
	/* Of what is not there, the least certain: it is not to look better known. */
	for (size_t i = 0; i < sizeof(empty); i++)
		if (count[empty[i]])
			return (struct view_cell){ empty[i], false };
	return (struct view_cell){ MMS_PAGE_UNKNOWN, false };
}

/* ---- drawing --------------------------------------------------------------- */

const char *view_cell_colour(const struct view_ink *ink, struct view_cell cell)
{
	const struct glyph *g = &glyphs[cell.state];

	return ink->colours == 256 ? g->colour256 : ink->colours ? g->colour16 : "";
}

const char *view_cell_sign(const struct view_ink *ink, struct view_cell cell)
{
	const struct glyph *g = &glyphs[cell.state];

	if (ink->unicode)
		return cell.part ? g->part : g->whole;
	return cell.part ? g->ascii_part : g->ascii_whole;
}

void view_cells_draw(FILE *out, const struct view_ink *ink, const struct view_cell *cells,
		     size_t count, struct view_seen *seen)
{
	const char *colour = "";

	for (size_t i = 0; i < count; i++) {
		const char *next = view_cell_colour(ink, cells[i]);

		if (strcmp(next, colour)) {
			fputs(*colour ? "\033[0m" : "", out);
			if (*next)
				fprintf(out, "\033[%sm", next);
			colour = next;
		}
		fputs(view_cell_sign(ink, cells[i]), out);
		if (cells[i].part)
			seen->part[cells[i].state] = true;
		else
			seen->whole[cells[i].state] = true;
	}
	fputs(*colour ? "\033[0m" : "", out);
}
