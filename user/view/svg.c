// SPDX-License-Identifier: GPL-2.0
/*
 * svg.c - an address space as a still picture: bars by purpose, a strip for each
 * VMA as in the terminal, gaps, the legend.  What a part is, is told in its title.
 * It follows the theme of who looks at it, and is dark on white on paper.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "strip.h"
#include "text.h"
#include "vmas.h"

#define WIDTH		1000
#define MARGIN		16
#define ROW		18	/* height of a line */
#define STRIP_X		560
#define CELL		5
#define CELLS		((WIDTH - MARGIN - STRIP_X) / CELL)
#define VMAS_MAX	500	/* what a person may still want to look at */

struct svg {
	FILE *out;
	const struct view_report *r;
	struct view_report_sums sums;
	struct view_strip strip;
	uint64_t total[MMS_PAGE_STATE_COUNT];
	size_t run;		/* the first of the VMA that is drawn next */
	int y;
};

/* ---- text ------------------------------------------------------------------ */

/* What XML may not hold is escaped by mms_escape(), but for three characters. */
static void put_escaped(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		switch (text[i]) {
		case '<': fputs("&lt;", out); break;
		case '>': fputs("&gt;", out); break;
		case '&': fputs("&amp;", out); break;
		default:  putc(text[i], out);
		}
}

/* U+FFFE and U+FFFF are UTF-8, but no characters of XML. */
static void no_characters_of_none(char *text)
{
	for (char *p = strstr(text, "\xef\xbf"); p; p = strstr(p + 3, "\xef\xbf"))
		if (p[2] == '\xbe' || p[2] == '\xbf')
			p[2] = '\xbd';
}

/* Text from outside; what is longer than `room` letters loses its left part. */
static void put_text(FILE *out, const char *text, size_t room)
{
	size_t len = mms_escape(text, NULL, 0);
	char *shown = malloc(len + 1);
	const char *tail;

	if (!shown)
		return;
	mms_escape(text, shown, len + 1);
	no_characters_of_none(shown);
	tail = len > room ? view_tail(shown, room - 1) : shown;
	if (tail > shown)
		fputs("\u2026", out);
	put_escaped(out, tail, strlen(tail));
	free(shown);
}

static void text_at(struct svg *s, int x, const char *class, const char *text, size_t room)
{
	fprintf(s->out, "<text x=\"%d\" y=\"%d\"%s%s%s>", x, s->y + 13, *class ? " class=\"" : "",
		class, *class ? "\"" : "");
	put_text(s->out, text, room);
	fputs("</text>\n", s->out);
}

/* ---- cells ----------------------------------------------------------------- */

static const char *class_of(int state)
{
	return mms_page_state_name((enum mms_page_state)state);
}

static bool is_empty(int state)
{
	return state == MMS_PAGE_UNKNOWN || state == MMS_PAGE_ABSENT || state == MMS_PAGE_UNTOUCHED;
}

/* Cells side by side that are the same are one; one that is so in part is half as high. */
static void draw_cells(struct svg *s, int y)
{
	char size[16];

	for (size_t i = 0, next; i < s->strip.cells; i = next) {
		struct view_cell cell = view_strip_cell(&s->strip, i), other;
		uint64_t each = s->strip.each * s->strip.page;

		for (next = i + 1; next < s->strip.cells; next++) {
			other = view_strip_cell(&s->strip, next);
			if (other.state != cell.state || other.part != cell.part)
				break;
		}
		fprintf(s->out, "<rect class=\"%s\" x=\"%zu\" y=\"%d\" width=\"%zu\" height=\"%d\"><title>"
			"0x%" PRIx64 ": %s%s, %s</title></rect>\n", class_of(cell.state),
			STRIP_X + i * CELL, y + (cell.part ? 5 : 0), (next - i) * CELL,
			is_empty(cell.state) ? 10 : cell.part ? 7 : 12, s->strip.start + i * each,
			view_state_words((enum mms_page_state)cell.state),
			cell.part ? ", in part" : "", mms_size_format((next - i) * each, size));
	}
}

/* The runs of the VMA `i`, which they add up to. */
static void fill_strip(struct svg *s, size_t i)
{
	const struct view_report *r = s->r;
	const struct mms_vma *v = &r->vmas->vma[i];
	uint64_t at = v->start;

	view_strip_begin(&s->strip, v->start, v->end, CELLS - 12);
	for (; at < v->end && s->run < r->runs; s->run++) {
		uint64_t end = at + r->run[s->run].pages * s->strip.page;

		view_strip_add(&s->strip, at, end,
			       (enum mms_page_state)r->kind[r->run[s->run].kind].state);
		at = end;
	}
	view_strip_end(&s->strip);
}

static void vma_title(struct svg *s, size_t i)
{
	const struct mms_vma *v = &s->r->vmas->vma[i];
	char size[16], perms[5];

	mms_perms_format(v, perms);
	fprintf(s->out, "<title>0x%" PRIx64 "-0x%" PRIx64 " %s %s %s ", v->start, v->end,
		mms_size_format(v->end - v->start, size), perms, mms_purpose_name(v->purpose));
	put_text(s->out, v->name, 4096);
	for (int state = 0; state < MMS_PAGE_STATE_COUNT; state++)
		if (s->strip.total[state])
			fprintf(s->out, ", %s %s", view_state_words((enum mms_page_state)state),
				mms_size_format(s->strip.total[state] * s->strip.page, size));
	fputs("</title>\n", s->out);
}

static void draw_vma(struct svg *s, size_t i)
{
	const struct mms_vma *v = &s->r->vmas->vma[i];
	char text[64], perms[5], size[16];

	fputs("<g>", s->out);
	vma_title(s, i);
	snprintf(text, sizeof(text), "%012" PRIx64, v->start);
	text_at(s, MARGIN, "m", text, 16);
	text_at(s, 166, "m e", mms_size_format(v->end - v->start, size), 16);
	mms_perms_format(v, perms);
	text_at(s, 178, "m", perms, 8);
	text_at(s, 214, "m", mms_purpose_name(v->purpose), 16);
	text_at(s, 306, "m", v->name, 36);
	draw_cells(s, s->y + 3);
	if (s->strip.each > 1) {
		snprintf(text, sizeof(text), "\u00d7%" PRIu64, s->strip.each);
		text_at(s, STRIP_X + (int)s->strip.cells * CELL + 5, "m f", text, 24);
	}
	fputs("</g>\n", s->out);
	s->y += ROW;
}

static void draw_gap(struct svg *s, uint64_t from, uint64_t to)
{
	char text[64], size[16];

	if (to <= from || to >> 63)
		return;
	snprintf(text, sizeof(text), "\u2026 %s unmapped \u2026", mms_size_format(to - from, size));
	text_at(s, MARGIN + 20, "m f", text, 60);
	s->y += ROW - 2;
}

static void draw_map(struct svg *s)
{
	const struct mms_vmas *l = s->r->vmas;
	size_t count = l->count < VMAS_MAX ? l->count : VMAS_MAX;
	char text[160];

	for (size_t i = 0; i < l->count; i++) {
		fill_strip(s, i);
		if (i >= count)
			continue;
		draw_gap(s, i ? l->vma[i - 1].end : 0, l->vma[i].start);
		draw_vma(s, i);
	}
	if (l->count > count) {
		snprintf(text, sizeof(text), "%zu more VMAs are not drawn, but counted; --html has all",
			 l->count - count);
		text_at(s, MARGIN, "b", text, 120);
		s->y += ROW;
	}
}

/* ---- sums ------------------------------------------------------------------ */

static void bar(struct svg *s, int x, int width, uint64_t value, uint64_t most)
{
	double part = most ? (double)value / (double)most * width : 0;

	if (value)
		fprintf(s->out, "<rect class=\"bar\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"8\"/>\n", x,
			s->y + 5, part < 1 ? 1 : part);
}

struct sum_column {
	const char *name;
	size_t offset;		/* in struct view_report_sum */
	bool known;
};

static uint64_t value_of(const struct view_report_sum *sum, const struct sum_column *c)
{
	uint64_t value;

	memcpy(&value, (const char *)sum + c->offset, sizeof(value));
	return value;
}

static void draw_sum(struct svg *s, const char *name, const struct view_report_sum *sum,
		     const struct sum_column *column, const uint64_t *most)
{
	char size[16];

	text_at(s, MARGIN, "", *name ? name : "other", 20);
	for (int c = 0; c < 4; c++) {
		int x = 140 + c * 215;

		if (!column[c].known)
			continue;
		text_at(s, x + 58, "e", mms_size_format(value_of(sum, &column[c]), size), 16);
		if (most)
			bar(s, x + 66, 130, value_of(sum, &column[c]), most[c]);
	}
	s->y += ROW;
}

static void draw_sums(struct svg *s)
{
	const struct view_report_sums *t = &s->sums;
	const struct sum_column column[4] = {
		{ "virtual", offsetof(struct view_report_sum, size), true },
		{ "resident", offsetof(struct view_report_sum, resident), t->has_resident },
		{ t->locked_vmas ? "locked VMAs" : "locked", offsetof(struct view_report_sum, locked),
		  t->has_locked },
		{ "swapped", offsetof(struct view_report_sum, swapped), t->has_swapped },
	};
	uint64_t most[4] = { 0 };

	for (int c = 0; c < 4; c++) {
		text_at(s, 140 + c * 215 + 66, "f", column[c].name, 24);
		for (int p = 0; p < MMS_PURPOSE_COUNT; p++)
			if (value_of(&t->purpose[p], &column[c]) > most[c])
				most[c] = value_of(&t->purpose[p], &column[c]);
	}
	s->y += ROW;
	for (int p = 0; p < MMS_PURPOSE_COUNT; p++)
		if (t->purpose[p].vmas)
			draw_sum(s, mms_purpose_name((enum mms_purpose)p), &t->purpose[p], column, most);
	draw_sum(s, "all", &t->all, column, NULL);
}

static void draw_gap_figure(struct svg *s)
{
	char text[160], size[16];

	if (s->sums.gap_end == s->sums.gap_start)
		return;
	snprintf(text, sizeof(text), "largest free gap: %s, 0x%" PRIx64 "-0x%" PRIx64,
		 mms_size_format(s->sums.gap_end - s->sums.gap_start, size), s->sums.gap_start,
		 s->sums.gap_end);
	text_at(s, MARGIN, "", text, 120);
	s->y += ROW + 8;
}

/* ---- legend ---------------------------------------------------------------- */

static void draw_legend(struct svg *s)
{
	int x = MARGIN;

	for (int state = MMS_PAGE_STATE_COUNT - 1; state >= 0; state--) {
		char text[64], size[16];

		if (!s->total[state])
			continue;
		snprintf(text, sizeof(text), "%s %s %s", view_state_sign((enum mms_page_state)state, false),
			 view_state_words((enum mms_page_state)state),
			 mms_size_format(s->total[state] * s->strip.page, size));
		if (x + 40 + (int)(view_cells(text) * 7) > WIDTH - MARGIN) {
			x = MARGIN;
			s->y += ROW;
		}
		fprintf(s->out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"15\" height=\"12\"/>\n",
			class_of(state), x, s->y + 3);
		text_at(s, x + 20, "", text, 60);
		x += 40 + (int)(view_cells(text) * 7);
	}
	s->y += ROW;
	text_at(s, MARGIN, "f", "A cell is a page, or \u00d7N of them; one that is lower: some of its "
		"pages are so, and of those that are there most.", 200);
	s->y += ROW + 8;
}

/* ---- the whole ------------------------------------------------------------- */

/* Colours alone tell nothing to who cannot tell them apart: each has its pattern. */
static const struct {
	uint8_t state;
	const char *path;
} patterns[] = {
	{ MMS_PAGE_SHARED, "M0 1.5H6M0 4.5H6" },
	{ MMS_PAGE_RESIDENT, "M1 1h1M4 4h1" },
	{ MMS_PAGE_LOCKED, "M3 1L5 3L3 5L1 3Z" },
	{ MMS_PAGE_SWAPPED, "M0 0L6 6" },
	{ MMS_PAGE_CACHED, "M0 6L6 0" },
	{ MMS_PAGE_ZERO, "M2 3h2" },
	{ MMS_PAGE_SPECIAL, "M3 0V6M0 3H6" },
	{ MMS_PAGE_GUARD, "M3 0V6" },
};

static void draw_style(FILE *out)
{
	fputs("<defs>\n", out);
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		fprintf(out, "<pattern id=\"p-%s\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">"
			"<path fill=\"#%06" PRIx32 "\" d=\"M0 0H6V6H0Z\"/><path fill=\"none\" stroke=\"#000\" "
			"stroke-opacity=\".45\" d=\"%s\"/></pattern>\n", class_of(patterns[i].state),
			view_state_rgb((enum mms_page_state)patterns[i].state), patterns[i].path);
	fputs("</defs>\n<style>\n"
	      "text { font: 12px system-ui, 'DejaVu Sans', sans-serif; fill: #1b1f24 }\n"
	      ".m { font: 11px 'DejaVu Sans Mono', Menlo, Consolas, monospace; white-space: pre }\n"
	      ".f { fill: #5c6570 } .e { text-anchor: end } .b { font-weight: bold }\n"
	      ".back { fill: #fff } .bar { fill: #0087d7 }\n", out);
	for (int state = 0; state < MMS_PAGE_STATE_COUNT; state++)
		if (!is_empty(state))
			fprintf(out, ".%s { fill: #%06" PRIx32 " }\n", class_of(state),
				view_state_rgb((enum mms_page_state)state));
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		fprintf(out, ".%s { fill: url(#p-%s) }\n", class_of(patterns[i].state),
			class_of(patterns[i].state));
	fputs(".untouched, .absent, .unknown { fill: #e4e8ec }\n"
	      "@media screen and (prefers-color-scheme: dark) {\n"
	      ".back { fill: #14171a } text { fill: #e6e9ec } .f { fill: #9aa4ae }\n"
	      ".untouched, .absent, .unknown { fill: #2a3036 }\n}\n</style>\n", out);
}

static void draw_title(struct svg *s)
{
	const struct mms_target *t = s->r->target;
	char text[160], when[32];

	fputs("<title>", s->out);
	put_text(s->out, mms_target_proc(t)->comm, 64);
	fprintf(s->out, " (%d): memory map</title>\n<rect class=\"back\" width=\"100%%\" height=\"100%%\"/>\n"
		"<text x=\"%d\" y=\"%d\" style=\"font-size:16px;font-weight:bold\">",
		(int)mms_target_pid(t), MARGIN, s->y + 14);
	put_text(s->out, mms_target_proc(t)->comm, 64);
	fprintf(s->out, " %d</text>\n", (int)mms_target_pid(t));
	s->y += ROW + 4;
	snprintf(text, sizeof(text), "%s UTC, %zu VMAs, source: %s", view_time(s->r->taken_ns, when),
		 s->r->vmas->count, mms_target_source_name(t));
	text_at(s, MARGIN, "f", text, 160);
	s->y += ROW + 8;
}

static void draw_body(struct svg *s)
{
	for (size_t i = 0; i < s->r->runs; i++)
		s->total[s->r->kind[s->r->run[i].kind].state] += s->r->run[i].pages;
	s->y = MARGIN;
	draw_title(s);
	draw_sums(s);
	draw_gap_figure(s);
	draw_legend(s);
	draw_map(s);
	s->y += 8;
}

bool view_svg_draw(FILE *out, const struct view_report *r)
{
	struct svg s = { .r = r };
	char *body = NULL;
	size_t len = 0;
	bool good;

	s.out = open_memstream(&body, &len);
	if (!s.out)
		return false;
	good = view_strip_open(&s.strip, CELLS, r->vmas->page_size);
	view_report_sums(r, &s.sums);
	if (good)
		draw_body(&s);
	view_strip_free(&s.strip);
	good &= !ferror(s.out);
	good &= !fclose(s.out);
	if (good) {
		fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
			"height=\"%d\" role=\"img\">\n", WIDTH, s.y, WIDTH, s.y);
		draw_style(out);
		fwrite(body, 1, len, out);
		fputs("</svg>\n", out);
	}
	free(body);
	return good;
}
