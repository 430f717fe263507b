// SPDX-License-Identifier: GPL-2.0
/*
 * lesson.c - draws a lesson: lines that wrap at the width of the terminal, a
 * mark for each check, and a strip of pages with its legend.
 */
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "json.h"
#include "lesson.h"
#include "table.h"

#define INDENT	11	/* where the text of a line begins */
#define WHO	12	/* columns for the name of a witness */

struct view_lesson {
	enum view_lesson_form form;
	bool colours, unicode;
	int width;
	unsigned int passed, failed, skipped;	/* in all */
	unsigned int here[3];			/* in this lesson, by status */
	bool in_step;
	enum view_lesson_kind last;
	char legend_told[128];			/* letters that the legend has explained */
	struct view_json json;
};

struct view_lesson *view_lesson_open(enum view_lesson_form form)
{
	struct view_lesson *v = calloc(1, sizeof(*v));
	struct winsize w;

	if (!v)
		return NULL;
	v->form = form;
	v->colours = form == VIEW_LESSON_TEXT && view_colours();
	v->unicode = !strcmp(nl_langinfo(CODESET), "UTF-8");
	v->width = 80;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) && w.ws_col >= 40 && w.ws_col < 80)
		v->width = w.ws_col;
	if (form == VIEW_LESSON_JSON) {
		view_json_begin(&v->json, "lesson", NULL);
		view_json_array(&v->json, "lessons");
	}
	return v;
}

bool view_lesson_is_text(const struct view_lesson *v)
{
	return v->form == VIEW_LESSON_TEXT;
}

static const char *colour(const struct view_lesson *v, const char *escape)
{
	return v->colours ? escape : "";
}

/* Columns that `len` bytes of UTF-8 take: a character each, which suffices here. */
static int columns(const char *text, size_t len)
{
	int n = 0;

	for (size_t i = 0; i < len; i++)
		n += (text[i] & 0xc0) != 0x80;
	return n;
}

/* `first` has been written and takes `indent` columns; the rest lines up with it. */
static void wrap(const struct view_lesson *v, int indent, const char *text)
{
	int at = indent;

	/* What fits is left as it is: a row of a table keeps its columns. */
	if (!strchr(text, '\n') && indent + columns(text, strlen(text)) < v->width) {
		puts(text);
		return;
	}
	while (*text) {
		size_t len = strcspn(text, " \n");
		int cols = columns(text, len);

		if (at > indent && at + 1 + cols > v->width - 1) {
			printf("\n%*s", indent, "");
			at = indent;
		}
		if (at > indent && len) {
			putchar(' ');
			at++;
		}
		printf("%.*s", (int)len, text);
		at += cols;
		text += len;
		if (*text == '\n') {
			printf("\n%*s", indent, "");
			at = indent;
		}
		text += *text != 0;
	}
	putchar('\n');
}

/* ---- begin, steps ---------------------------------------------------------- */

void view_lesson_begin(struct view_lesson *v, const char *name, const char *subject,
		       const char *brief, const char *about)
{
	memset(v->here, 0, sizeof(v->here));
	memset(v->legend_told, 0, sizeof(v->legend_told));
	v->in_step = false;
	switch (v->form) {
	case VIEW_LESSON_TEXT:
		printf("%s%s%s: ", colour(v, "\033[1m"), name, colour(v, "\033[0m"));
		wrap(v, (int)strlen(name) + 2, brief);
		putchar('\n');
		wrap(v, 0, about);
		if (!strcmp(subject, "static"))
			wrap(v, 0, "(The subject of this run is a static program.)");
		break;
	case VIEW_LESSON_TAP:
		printf("# lesson %s: %s (%s subject)\n", name, brief, subject);
		break;
	case VIEW_LESSON_JSON:
		view_json_object(&v->json, NULL);
		view_json_text(&v->json, "name", name);
		view_json_text(&v->json, "brief", brief);
		view_json_text(&v->json, "subject", subject);
		view_json_array(&v->json, "steps");
	}
}

static void end_step(struct view_lesson *v)
{
	if (v->form == VIEW_LESSON_JSON && v->in_step) {
		view_json_close(&v->json);
		view_json_close(&v->json);
	}
	v->in_step = false;
}

void view_lesson_step(struct view_lesson *v, unsigned int number, const char *slug,
		      const char *title)
{
	char left[16];

	end_step(v);
	v->in_step = true;
	v->last = VIEW_LESSON_NOTE;
	switch (v->form) {
	case VIEW_LESSON_TEXT:
		snprintf(left, sizeof(left), "%u. ", number);
		printf("\n%s%s", colour(v, "\033[1m"), left);
		wrap(v, (int)strlen(left), title);
		printf("%s", colour(v, "\033[0m"));
		break;
	case VIEW_LESSON_TAP:
		printf("# step %u, %s: %s\n", number, slug, title);
		break;
	case VIEW_LESSON_JSON:
		view_json_object(&v->json, NULL);
		view_json_text(&v->json, "step", slug);
		view_json_text(&v->json, "title", title);
		view_json_array(&v->json, "events");
	}
	fflush(stdout);
}

/* ---- lines ----------------------------------------------------------------- */

static const char *const kinds[] = {
	[VIEW_LESSON_PREDICT] = "predict", [VIEW_LESSON_DO] = "do",
	[VIEW_LESSON_OBSERVE] = "observe", [VIEW_LESSON_NAMED] = "differs",
	[VIEW_LESSON_SILENT] = "silent", [VIEW_LESSON_NOTE] = "note",
};

/* The word on the left stands once for lines of a kind in a row. */
static void draw_line(struct view_lesson *v, enum view_lesson_kind kind, const char *who,
		      const char *text)
{
	const char *word = kind == VIEW_LESSON_NOTE ? "" : kinds[kind];
	bool again = v->last == kind;

	printf("  %s%-8s%s ", colour(v, "\033[36m"), again ? "" : word, colour(v, "\033[0m"));
	if (who && strlen(who) <= WHO) {
		printf("%-*s ", WHO, who);
		wrap(v, INDENT + WHO + 1, text);
	} else {
		char both[1200];

		snprintf(both, sizeof(both), "%s%s%s", who ? who : "", who ? ": " : "", text);
		wrap(v, INDENT, both);
	}
	v->last = kind;
}

static void comment(const char *left, const char *who, const char *text)
{
	printf("#   %-8s %s%s", left, who ? who : "", who ? ": " : "");
	for (; *text; text++)
		printf(*text == '\n' ? "\n#            " : "%c", *text);
	putchar('\n');
}

void view_lesson_line(struct view_lesson *v, enum view_lesson_kind kind, const char *who,
		      const char *text)
{
	switch (v->form) {
	case VIEW_LESSON_TEXT:
		draw_line(v, kind, who, text);
		break;
	case VIEW_LESSON_TAP:
		comment(kinds[kind], who, text);
		break;
	case VIEW_LESSON_JSON:
		view_json_object_flat(&v->json, NULL);
		view_json_text(&v->json, "event", kinds[kind]);
		if (who)
			view_json_text(&v->json, "who", who);
		view_json_text(&v->json, "text", text);
		view_json_close(&v->json);
	}
	fflush(stdout);
}

static void draw_check(struct view_lesson *v, enum view_lesson_status status, const char *text,
		       const char *mend)
{
	static const char *const words[] = { "ok", "WRONG", "skipped" };
	static const char *const escapes[] = { "\033[32m", "\033[1;31m", "\033[33m" };

	printf("  %s%-8s%s ", colour(v, escapes[status]), words[status], colour(v, "\033[0m"));
	wrap(v, INDENT, text);
	if (mend) {
		printf("%*s", INDENT, "");
		wrap(v, INDENT, mend);
	}
	v->last = VIEW_LESSON_NOTE;
}

static void tap_check(const struct view_lesson *v, const char *name,
		      enum view_lesson_status status, const char *text, const char *mend)
{
	unsigned int n = v->passed + v->failed + v->skipped;

	if (status == VIEW_LESSON_SKIP) {
		printf("ok %u - %s # SKIP %s%s%s\n", n, name, text, mend ? "; " : "",
		       mend ? mend : "");
		return;
	}
	printf("%s %u - %s\n", status == VIEW_LESSON_OK ? "ok" : "not ok", n, name);
	comment(status == VIEW_LESSON_OK ? "ok" : "WRONG", NULL, text);
}

void view_lesson_check(struct view_lesson *v, const char *name, enum view_lesson_status status,
		       const char *text, const char *mend)
{
	static const char *const words[] = { "ok", "wrong", "skipped" };

	v->here[status]++;
	v->passed += status == VIEW_LESSON_OK;
	v->failed += status == VIEW_LESSON_WRONG;
	v->skipped += status == VIEW_LESSON_SKIP;
	switch (v->form) {
	case VIEW_LESSON_TEXT:
		draw_check(v, status, text, mend);
		break;
	case VIEW_LESSON_TAP:
		tap_check(v, name, status, text, mend);
		break;
	case VIEW_LESSON_JSON:
		view_json_object_flat(&v->json, NULL);
		view_json_text(&v->json, "event", "check");
		view_json_text(&v->json, "name", name);
		view_json_text(&v->json, "status", words[status]);
		view_json_text(&v->json, "text", text);
		if (mend)
			view_json_text(&v->json, "mend", mend);
		view_json_close(&v->json);
	}
	fflush(stdout);
}

/* ---- the strip ------------------------------------------------------------- */

static const struct glyph {
	char letter;
	const char *block, *colour, *words;
} glyphs[] = {
	{ '.', "\u00b7", "", "not there" },
	{ 'z', "\u2591", "\033[2m", "the zero page" },
	{ 'Z', "\u2592", "\033[2m", "the huge zero page" },
	{ 'R', "\u2588", "\033[32m", "memory of its own" },
	{ 'H', "\u25a0", "\033[1;32m", "its own, mapped by a huge entry" },
	{ 'F', "\u2593", "\033[34m", "a page of a file" },
	{ 'M', "\u2593", "\033[35m", "shared memory or tmpfs" },
	{ 'S', "\u25bd", "\033[33m", "in swap" },
	{ 'T', "\u25bf", "\033[33m", "shared memory in swap" },
	{ 'c', "\u25cb", "\033[34m", "not mapped, but in the page cache" },
	{ 'u', "?", "", "not mapped; the page cache may not be told" },
	{ 'g', "\u2502", "\033[31m", "a guard" },
	{ 's', "\u2573", "", "special" },
	{ 'h', "\u25a6", "\033[1;32m", "of the hugetlb pool" },
	{ '_', " ", "", "not mapped at all" },
	{ '%', "%", "", "several of these" },
};
#define GLYPHS	(sizeof(glyphs) / sizeof(glyphs[0]))

static const struct glyph *glyph_of(char letter)
{
	for (size_t i = 0; i < GLYPHS; i++)
		if (glyphs[i].letter == letter)
			return &glyphs[i];
	return &glyphs[GLYPHS - 1];
}

static void draw_cell(const struct view_lesson *v, char letter)
{
	const struct glyph *g = glyph_of(letter);

	if (!v->unicode) {
		putchar(letter);
		return;
	}
	printf("%s%s%s", colour(v, g->colour), g->block, *g->colour ? colour(v, "\033[0m") : "");
}

static void draw_legend(struct view_lesson *v, const char *cells)
{
	int at = INDENT;
	bool any = false;

	for (size_t i = 0; i < GLYPHS; i++) {
		int need = (int)strlen(glyphs[i].words) + 5;

		if (!strchr(cells, glyphs[i].letter) || v->legend_told[(int)glyphs[i].letter])
			continue;
		v->legend_told[(int)glyphs[i].letter] = 1;
		if (!any || at + need > v->width) {
			printf("%s%*s", any ? "\n" : "", INDENT, "");
			at = INDENT;
		}
		printf("%s", at > INDENT ? "   " : "");
		draw_cell(v, glyphs[i].letter);
		printf(" %s", glyphs[i].words);
		at += need;
		any = true;
	}
	if (any)
		putchar('\n');
}

#define CELLS	256	/* of more pages several share a cell, so that it is one row */

static void draw_strip(struct view_lesson *v, const char *letters, size_t pages)
{
	size_t row = v->width < 76 ? 32 : 64, cells = 0;
	size_t each = pages <= CELLS ? 1 : (pages + row - 1) / row;
	char cell[CELLS + 1];

	for (size_t i = 0; i < pages; i += each, cells++) {
		size_t n = i + each < pages ? each : pages - i;

		cell[cells] = letters[i];
		for (size_t j = 1; j < n; j++)
			if (letters[i + j] != letters[i])
				cell[cells] = '%';
	}
	cell[cells] = 0;
	for (size_t i = 0; i < cells; i++) {
		if (i % row == 0)
			printf("%s  %-8s ", i ? "\n" : "", i ? "" : "pages");
		draw_cell(v, cell[i]);
	}
	putchar('\n');
	if (each > 1)
		printf("%*s(each cell is %zu pages)\n", INDENT, "", each);
	draw_legend(v, cell);
	v->last = VIEW_LESSON_NOTE;
}

/* "R*2 .*30" */
static void runs(const char *letters, size_t pages, char *buf, size_t size)
{
	size_t len = 0, n;

	*buf = 0;
	for (size_t i = 0; i < pages && len < size - 24; i += n) {
		for (n = 1; i + n < pages && letters[i + n] == letters[i];)
			n++;
		len += (size_t)snprintf(buf + len, size - len, n > 1 ? "%s%c*%zu" : "%s%c",
					i ? " " : "", letters[i], n);
	}
}

void view_lesson_strip(struct view_lesson *v, const char *letters, size_t pages)
{
	char text[1024];

	if (v->form == VIEW_LESSON_TEXT) {
		draw_strip(v, letters, pages);
		return;
	}
	runs(letters, pages, text, sizeof(text));
	if (v->form == VIEW_LESSON_TAP) {
		comment("pages", NULL, text);
		return;
	}
	view_json_object_flat(&v->json, NULL);
	view_json_text(&v->json, "event", "pages");
	view_json_text(&v->json, "pages", text);
	view_json_close(&v->json);
}

/* ---- the end --------------------------------------------------------------- */

static void draw_list(struct view_lesson *v, const char *title, const char *const *list)
{
	if (!list || !*list)
		return;
	printf("\n%s%s%s\n", colour(v, "\033[1m"), title, colour(v, "\033[0m"));
	for (; *list; list++) {
		printf("  - ");
		wrap(v, 4, *list);
	}
}

static void json_list(struct view_lesson *v, const char *key, const char *const *list)
{
	view_json_array(&v->json, key);
	for (; list && *list; list++)
		view_json_text(&v->json, NULL, *list);
	view_json_close(&v->json);
}

void view_lesson_end(struct view_lesson *v, const char *const *learnt,
		     const char *const *slides)
{
	end_step(v);
	if (v->form == VIEW_LESSON_TEXT) {
		draw_list(v, "What was learnt", learnt);
		draw_list(v, "Where older course slides differ", slides);
		printf("\n%u as predicted, %u wrong, %u skipped\n\n", v->here[VIEW_LESSON_OK],
		       v->here[VIEW_LESSON_WRONG], v->here[VIEW_LESSON_SKIP]);
	} else if (v->form == VIEW_LESSON_JSON) {
		view_json_close(&v->json);
		json_list(v, "learnt", learnt);
		json_list(v, "slides", slides);
		view_json_number(&v->json, "passed", v->here[VIEW_LESSON_OK]);
		view_json_number(&v->json, "failed", v->here[VIEW_LESSON_WRONG]);
		view_json_number(&v->json, "skipped", v->here[VIEW_LESSON_SKIP]);
		view_json_close(&v->json);
	}
	fflush(stdout);
}

void view_lesson_close(struct view_lesson *v)
{
	if (v->form == VIEW_LESSON_TAP)
		printf("1..%u\n", v->passed + v->failed + v->skipped);
	if (v->form == VIEW_LESSON_JSON) {
		view_json_close(&v->json);
		view_json_number(&v->json, "passed", v->passed);
		view_json_number(&v->json, "failed", v->failed);
		view_json_number(&v->json, "skipped", v->skipped);
		view_json_end(&v->json);
	}
	free(v);
}
