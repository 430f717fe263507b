// SPDX-License-Identifier: GPL-2.0
/*
 * canvas.c - puts texts on a sheet of cells, by the columns that they take.
 */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "canvas.h"

bool view_canvas_size(struct view_canvas *c, int rows, int cols)
{
	size_t count = (size_t)rows * (size_t)cols;
	struct view_glyph *glyph = calloc(count + 1, sizeof(*glyph));

	if (!glyph)
		return false;
	for (size_t i = 0; i < count; i++) {
		glyph[i].text[0] = ' ';
		glyph[i].width = 1;
	}
	free(c->glyph);
	c->glyph = glyph;
	c->rows = rows;
	c->cols = cols;
	return true;
}

void view_canvas_free(struct view_canvas *c)
{
	free(c->glyph);
	memset(c, 0, sizeof(*c));
}

static struct view_glyph *at(struct view_canvas *c, int row, int col)
{
	return &c->glyph[row * c->cols + col];
}

/* A character without a width of its own goes to the one before it, if there is room. */
static void combine(struct view_glyph *g, const char *text, size_t len)
{
	size_t used = strlen(g->text);

	if (used + len < sizeof(g->text)) {
		memcpy(g->text + used, text, len);
		g->text[used + len] = '\0';
	}
}

int view_put(struct view_canvas *c, int row, int col, int limit, struct view_style style,
	     const char *text)
{
	mbstate_t state = { 0 };
	int from = col;

	if (limit > c->cols)
		limit = c->cols;
	if (row < 0 || row >= c->rows || col < 0)
		return col;
	while (*text && col < limit) {
		wchar_t wc;
		size_t len = mbrtowc(&wc, text, MB_CUR_MAX, &state);
		int width;

		if (len == (size_t)-1 || len == (size_t)-2)
			break;
		width = wcwidth(wc);
		if (width > 0 && col + width <= limit) {
			struct view_glyph *g = at(c, row, col);

			memset(g, 0, (size_t)width * sizeof(*g));
			memcpy(g->text, text, len);
			g->width = (uint8_t)width;
			g->style = style;
			col += width;
		} else if (width > 0) {
			break;
		} else if (!width && col > from) {
			int back = col - 1;

			while (back > from && !at(c, row, back)->width)
				back--;
			combine(at(c, row, back), text, len);
		}
		text += len;
	}
	return col;
}

struct view_style view_style_of(const char *sgr)
{
	struct view_style style = { 0 };
	unsigned long before = 0, last = 0;

	while (*sgr) {
		char *end;
		unsigned long n = strtoul(sgr, &end, 10);

		if (before == 38 && last == 5)
			style.colour = (uint8_t)(n < 255 ? n + 1 : 0);
		else if (n == 1)
			style.attributes |= VIEW_BOLD;
		else if (n == 2)
			style.attributes |= VIEW_DIM;
		else if (n >= 30 && n <= 37)
			style.colour = (uint8_t)(n - 30 + 1);
		before = last;
		last = n;
		if (end == sgr)
			break;
		sgr = *end == ';' ? end + 1 : end;
	}
	return style;
}
