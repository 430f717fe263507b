// SPDX-License-Identifier: GPL-2.0
/*
 * watch.c - what watch keeps of the refreshes, and finds different between two; the
 * rows of its list; its screen, drawn at every size, and what keys do to it.
 */
#include "kit.h"

#include <locale.h>
#include <stdio.h>

#include "../../user/view/text.h"
#include "../../user/view/watch.h"
#include "../../user/view/watch-figures.h"
#include "../../user/view/watch-rows.h"

#define PAGE	4096ULL
#define AT	0x7f0000000000ULL

#define RW	(MMSCOPE_VMA_READ | MMSCOPE_VMA_WRITE)
#define KNOWN	(RW | MMSCOPE_VMA_EXEC | MMSCOPE_VMA_SHARED | MMSCOPE_VMA_LOCKED)

/* ---- refreshes --------------------------------------------------------------- */

struct area {
	uint64_t page, pages;	/* from AT on */
	uint64_t flags;
	uint64_t rss, mlocked;	/* pages */
	const char *name;
};

static struct mms_fact fact(uint64_t value)
{
	return (struct mms_fact){ value, MMS_FROM_MODULE };
}

/* A refresh with these areas, as a module would tell of them. */
static struct view_moment *moment(const struct area *area, size_t count)
{
	struct mms_vma vma[64] = { 0 };
	struct mmscope_acct acct[64] = { 0 };
	struct mms_vmas l = {
		.count = count, .vma = vma, .acct = acct, .acct_rss = true, .acct_parts = true,
		.acct_categories = VIEW_COUNT_CATS, .page_size = PAGE,
	};
	struct mms_proc proc = { .pid = 7, .comm = "a\nb", .faults_known = true };
	struct view_moment *m;

	assert_true(count <= 64);
	for (size_t i = 0; i < count; i++) {
		vma[i].start = AT + area[i].page * PAGE;
		vma[i].end = vma[i].start + area[i].pages * PAGE;
		vma[i].flags = area[i].flags;
		vma[i].flags_known = KNOWN;
		vma[i].name = strdup(area[i].name ? area[i].name : "");
		vma[i].inode = *vma[i].name == '/' ? 1 : 0;
		acct[i].rss = area[i].rss * PAGE;
		acct[i].pages[MMSCOPE_CAT_MLOCKED] = area[i].mlocked;
	}
	l.mm.fact[MMS_MM_START_BRK] = fact(AT);
	l.mm.fact[MMS_MM_BRK] = fact(AT + area[0].pages * PAGE);
	m = view_moment_new(&l, &proc);
	assert_non_null(m);
	/* What it was made of may go. */
	for (size_t i = 0; i < count; i++) {
		memset((char *)vma[i].name, '#', strlen(vma[i].name));
		free((char *)vma[i].name);
	}
	return m;
}
#define MOMENT(areas) moment(areas, ARRAY_SIZE(areas))

static void keeps(void **state)
{
	static const struct area areas[] = {
		{ 0, 4, RW, 3, 2, "[heap]" }, { 10, 1, 0, 0, 0, "/lib/x" },
		{ 11, 1, RW, 1, 0, "/lib/x" }, { 12, 1, RW, 1, 0, "" },
	};
	struct view_moment *m = MOMENT(areas);

	(void)state;
	assert_int_equal(m->list.count, 4);
	assert_string_equal(m->list.vma[0].name, "[heap]");
	assert_string_equal(m->list.vma[2].name, "/lib/x");
	assert_ptr_equal(m->list.vma[2].name, m->list.vma[1].name);
	assert_string_equal(m->list.vma[3].name, "");
	assert_int_equal(m->counts[0].bytes[VIEW_RSS], 3 * PAGE);
	assert_int_equal(m->counts[0].bytes[VIEW_MLOCKED], 2 * PAGE);
	assert_int_equal(m->counts[0].known, (1 << VIEW_COUNTS) - 1);
	assert_int_equal(m->totals.rss, 5 * PAGE);
	assert_null(m->list.acct);
	view_moment_free(m);
	view_moment_free(NULL);
}

static void past_is_bounded(void **state)
{
	static const struct area areas[] = { { 0, 4, RW, 3, 0, "" } };
	struct view_past *p = view_past_new(5, SIZE_MAX);
	size_t one;

	(void)state;
	assert_null(view_past_at(p, 0));
	for (uint64_t i = 1; i <= 12; i++) {
		struct view_moment *m = MOMENT(areas);

		m->number = i;
		view_past_add(p, m);
		assert_int_equal(view_past_count(p), i < 5 ? i : 5);
		for (size_t back = 0; back < view_past_count(p); back++)
			assert_int_equal(view_past_at(p, back)->number, i - back);
		assert_null(view_past_at(p, view_past_count(p)));
	}
	one = view_moment_size(view_past_at(p, 0));
	view_past_free(p);

	/* In bytes; but two always stay, to be compared. */
	p = view_past_new(60, 3 * one + one / 2);
	for (int i = 0; i < 9; i++)
		view_past_add(p, MOMENT(areas));
	assert_int_equal(view_past_count(p), 3);
	view_past_free(p);
	p = view_past_new(60, 1);
	for (int i = 0; i < 9; i++)
		view_past_add(p, MOMENT(areas));
	assert_int_equal(view_past_count(p), 2);
	view_past_free(p);
	view_past_free(NULL);
}

/* ---- rows -------------------------------------------------------------------- */

/* "+12 *0 -40": what changed, by the first page. */
static char *changes(const struct view_rows *rows)
{
	static char text[512];
	size_t len = 0;

	*text = '\0';
	for (size_t i = 0; i < rows->count; i++)
		if (rows->row[i].change != VIEW_SAME)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%c%d",
						len ? " " : "", " +-*"[rows->row[i].change],
						(int)((view_row_vma(&rows->row[i])->start - AT) / PAGE));
	return text;
}

static void finds_changes(void **state)
{
	static const struct area before[] = {
		{ 0, 4, RW, 3, 0, "[heap]" }, { 10, 2, RW, 0, 0, "" }, { 20, 2, RW, 0, 0, "/a" },
		{ 30, 9, RW, 9, 0, "" }, { 50, 4, RW, 1, 0, "" }, { 60, 4, 0, 0, 0, "[stack]" },
		{ 70, 1, RW, 1, 0, "same" },
	};
	static const struct area after[] = {
		{ 0, 8, RW, 3, 0, "[heap]" },		/* grew */
		{ 20, 2, RW, 0, 0, "" },		/* another thing in its place */
		{ 30, 3, RW, 3, 0, "" },		/* split in three */
		{ 33, 3, RW | MMSCOPE_VMA_LOCKED, 3, 3, "" }, { 36, 3, RW, 3, 0, "" },
		{ 50, 4, RW, 2, 0, "" },		/* a page more is there */
		{ 58, 6, 0, 0, 0, "[stack]" },		/* grew downwards */
		{ 70, 1, RW, 1, 0, "same" }, { 80, 1, RW, 0, 0, "" },
	};
	struct view_moment *a = MOMENT(before), *b = MOMENT(after);
	struct view_rows rows = { 0 };

	(void)state;
	assert_true(view_rows_make(&rows, a, b));
	assert_string_equal(changes(&rows), "*0 -10 -20 +20 *30 +33 +36 *50 *58 +80");
	assert_int_equal(rows.row[0].lit, 1U << VIEW_COL_SIZE);
	assert_int_equal(rows.row[7].lit, 1U << VIEW_COL_RSS);
	assert_int_equal(rows.row[8].lit, 1U << VIEW_COL_START | 1U << VIEW_COL_SIZE);
	assert_ptr_equal(rows.row[1].of, a);
	/* From the other side: what was new is gone. */
	assert_true(view_rows_make(&rows, b, a));
	assert_string_equal(changes(&rows), "*0 +10 -20 +20 *30 -33 -36 *50 *60 -80");
	assert_true(view_rows_make(&rows, a, a));
	assert_string_equal(changes(&rows), "");
	assert_int_equal(view_rows_change(&rows, 0), rows.count);
	assert_true(view_rows_make(&rows, NULL, b));
	assert_string_equal(changes(&rows), "");
	assert_int_equal(rows.count, ARRAY_SIZE(after));
	view_rows_free(&rows);
	view_moment_free(a);
	view_moment_free(b);
}

/* Flags that are not known on both sides say nothing. */
static void unknown_is_no_change(void **state)
{
	static const struct area areas[] = { { 0, 4, RW, 3, 1, "" } };
	struct view_moment *a = MOMENT(areas), *b = MOMENT(areas);
	struct view_rows rows = { 0 };

	(void)state;
	b->list.vma[0].flags = MMSCOPE_VMA_LOCKED;
	b->list.vma[0].flags_known = 0;
	b->counts[0].known = 0;
	assert_true(view_rows_make(&rows, a, b));
	assert_string_equal(changes(&rows), "");
	b->list.vma[0].flags_known = MMSCOPE_VMA_LOCKED;
	assert_true(view_rows_make(&rows, a, b));
	assert_int_equal(rows.row[0].lit, 1U << VIEW_COL_MLOCKED);
	view_rows_free(&rows);
	view_moment_free(a);
	view_moment_free(b);
}

static const struct area listed[] = {
	{ 0, 4, RW, 3, 0, "[heap]" }, { 10, 9, MMSCOPE_VMA_READ, 0, 0, "/usr/lib/libX.so" },
	{ 20, 2, RW, 5, 0, "/usr/lib/libX.so" }, { 30, 9, RW, 0, 2, "" },
};

static void expect_order(struct view_rows *rows, const struct view_moment *m,
			 enum view_watch_column by, bool descending, const char *want)
{
	char got[64] = "";

	assert_true(view_rows_make(rows, NULL, m));
	view_rows_sort(rows, by, descending);
	for (size_t i = 0; i < rows->count; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%u", rows->row[i].vma);
	assert_string_equal(got, want);
}

static void sorts(void **state)
{
	struct view_moment *m = MOMENT(listed);
	struct view_rows rows = { 0 };

	(void)state;
	expect_order(&rows, m, VIEW_COL_START, false, "0123");
	expect_order(&rows, m, VIEW_COL_START, true, "3210");
	/* Equal ones stay in the order of their addresses, either way. */
	expect_order(&rows, m, VIEW_COL_SIZE, true, "1302");
	expect_order(&rows, m, VIEW_COL_SIZE, false, "2013");
	expect_order(&rows, m, VIEW_COL_RSS, true, "2013");
	expect_order(&rows, m, VIEW_COL_MLOCKED, true, "3012");
	expect_order(&rows, m, VIEW_COL_NAME, false, "3120");
	expect_order(&rows, m, VIEW_COL_PERM, false, "1023");
	/* What is not known comes last, either way. */
	m->counts[2].known = 0;
	expect_order(&rows, m, VIEW_COL_RSS, true, "0132");
	expect_order(&rows, m, VIEW_COL_RSS, false, "1302");
	view_rows_free(&rows);
	view_moment_free(m);
}

static void filters_and_searches(void **state)
{
	static const struct { const char *text; const char *want; } cases[] = {
		{ "", "0123" }, { "heap", "0" }, { "HEAP", "0" }, { "libx", "12" }, { "rw-", "023" },
		{ "0x7f0000014", "2" }, { "0x7f0000015123", "2" }, { "0x7f0000019000", "" },
		{ "no such", "" }, { "7f00", "0123" },
	};
	struct view_moment *m = MOMENT(listed);
	struct view_rows rows = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char got[64] = "";

		assert_true(view_rows_make(&rows, NULL, m));
		view_rows_filter(&rows, cases[i].text);
		for (size_t k = 0; k < rows.count; k++)
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%u", rows.row[k].vma);
		assert_string_equal(got, cases[i].want);
	}
	assert_true(view_rows_make(&rows, NULL, m));
	assert_int_equal(view_rows_search(&rows, 0, false, "libx"), 1);
	assert_int_equal(view_rows_search(&rows, 1, false, "libx"), 2);
	assert_int_equal(view_rows_search(&rows, 2, false, "libx"), 1);
	assert_int_equal(view_rows_search(&rows, 1, true, "libx"), 2);
	assert_int_equal(view_rows_search(&rows, 0, false, "heap"), 0);
	assert_int_equal(view_rows_search(&rows, 3, false, "nothing"), 4);
	/* The VMA itself, else the one above it, else the last. */
	assert_int_equal(view_rows_find(&rows, AT + 10 * PAGE), 1);
	assert_int_equal(view_rows_find(&rows, AT + 11 * PAGE), 2);
	assert_int_equal(view_rows_find(&rows, AT + 100 * PAGE), 3);
	rows.count = 0;
	assert_int_equal(view_rows_search(&rows, 0, false, "heap"), 0);
	assert_int_equal(view_rows_find(&rows, AT), 0);
	view_rows_free(&rows);
	view_moment_free(m);
}

/* ---- pages ------------------------------------------------------------------- */

/* The states of all pages by letters: D dirty, . untouched, ? not told. */
static void set_pages(struct view_moment *m, uint64_t start, const char *letters)
{
	size_t n = strlen(letters);

	view_pages_begin(m, start, start + n * PAGE);
	for (size_t i = 0; i < n; i++)
		if (letters[i] != '?')
			view_pages_add(m, start + i * PAGE, start + (i + 1) * PAGE,
				       letters[i] == 'D' ? MMS_PAGE_DIRTY : MMS_PAGE_UNTOUCHED);
	view_pages_end(m, VIEW_PAGES_TOLD);
}

static char *strip_of(const struct view_moment *m, struct view_strip *s, size_t room)
{
	static char text[128];

	view_strip_begin(s, m->pages.start, m->pages.end, room);
	view_pages_strip(m, s);
	for (size_t i = 0; i < s->cells; i++) {
		struct view_cell cell = view_strip_cell(s, i);

		text[i] = cell.state == MMS_PAGE_DIRTY ? (cell.part ? 'd' : 'D') :
			  cell.state == MMS_PAGE_UNTOUCHED ? '.' : '?';
	}
	text[s->cells] = '\0';
	return text;
}

static void expect_changed(const struct view_moment *a, const struct view_moment *b,
			   size_t room, const char *want)
{
	struct view_strip s;
	bool changed[128];
	char got[129] = "";

	assert_true(view_strip_open(&s, 128, PAGE));
	strip_of(b, &s, room);
	view_pages_changed(a, b, &s, changed);
	for (size_t i = 0; i < s.cells; i++)
		got[i] = changed[i] ? '^' : ' ';
	assert_string_equal(got, want);
	view_strip_free(&s);
}

static void pages(void **state)
{
	static const struct area areas[] = { { 0, 8, RW, 0, 0, "" } };
	struct view_moment *a = MOMENT(areas), *b = MOMENT(areas);
	static const char *const cases[] = { "DD..DD..", "????????", "?D?.?", "D", "", "..??" };
	struct view_strip s;

	(void)state;
	assert_true(view_strip_open(&s, 128, PAGE));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		set_pages(a, AT, cases[i]);
		assert_string_equal(strip_of(a, &s, 128), cases[i]);
	}
	/* In a cell of many pages one that changed is seen. */
	set_pages(a, AT, "DD......");
	set_pages(b, AT, "DDD....D");
	expect_changed(a, b, 8, "  ^    ^");
	expect_changed(a, b, 4, " ^ ^");
	expect_changed(b, a, 2, "^^");
	expect_changed(a, a, 8, "        ");
	/* Grown at either end: where something is, it is new. */
	set_pages(b, AT, "DD......D.");
	expect_changed(a, b, 10, "        ^ ");
	set_pages(b, AT - 2 * PAGE, ".DDD......");
	expect_changed(a, b, 10, " ^        ");
	set_pages(b, AT, "D.");
	expect_changed(a, b, 2, " ^");
	/* Another VMA, or none: nothing is known to have changed. */
	set_pages(b, AT + 20 * PAGE, "DD");
	expect_changed(a, b, 2, "  ");
	set_pages(b, AT, "DDDDDDDD");
	view_pages_begin(a, AT, AT + 8 * PAGE);
	expect_changed(a, b, 8, "        ");
	view_strip_free(&s);
	view_moment_free(a);
	view_moment_free(b);
}

/* Every other page, beyond what is kept: the rest is not told, and costs nothing. */
static void pages_are_bounded(void **state)
{
	static const struct area areas[] = { { 0, 8, RW, 0, 0, "" } };
	struct view_moment *m = MOMENT(areas);
	const uint64_t many = 3ULL << 20;
	struct view_strip s;

	(void)state;
	view_pages_begin(m, AT, AT + many * PAGE);
	for (uint64_t i = 0; i < many; i++)
		view_pages_add(m, AT + i * PAGE, AT + (i + 1) * PAGE,
			       i & 1 ? MMS_PAGE_DIRTY : MMS_PAGE_UNTOUCHED);
	view_pages_end(m, VIEW_PAGES_TOLD);
	assert_true(m->pages.count <= VIEW_RUNS_MAX);
	assert_true(view_moment_size(m) < (VIEW_RUNS_MAX + 4096) * sizeof(struct view_run));
	assert_true(view_strip_open(&s, 128, PAGE));
	strip_of(m, &s, 128);
	assert_int_equal(view_strip_cell(&s, 0).state, MMS_PAGE_DIRTY);
	assert_int_equal(view_strip_cell(&s, s.cells - 1).state, MMS_PAGE_UNKNOWN);
	view_strip_free(&s);
	view_moment_free(m);
}

/* ---- figures ----------------------------------------------------------------- */

static const struct view_figure *figure(const char *column)
{
	for (const struct view_figure *f = view_figures; f->value; f++)
		if (f->column && !strcmp(f->column, column))
			return f;
	fail_msg("no figure %s", column);
	return NULL;
}

static void figures(void **state)
{
	static const struct area before[] = { { 0, 4, RW, 3, 0, "" } };
	static const struct area after[] = { { 0, 37, RW, 2, 0, "" }, { 40, 1, RW, 0, 0, "" } };
	struct view_moment *a = MOMENT(before), *b = MOMENT(after);
	char text[32];

	(void)state;
	assert_string_equal(view_figure_text(figure("BREAK"), b, false, text), "0x7f0000025000");
	assert_string_equal(view_figure_step(figure("BREAK"), a, b, false, text), "+132K");
	assert_string_equal(view_figure_step(figure("HEAP"), b, a, true, text), "-135168");
	assert_string_equal(view_figure_step(figure("RSS"), a, b, false, text), "-4K");
	assert_string_equal(view_figure_step(figure("VMAS"), a, b, false, text), "+1");
	assert_string_equal(view_figure_step(figure("SWAP"), a, b, false, text), "");
	assert_string_equal(view_figure_step(figure("RSS"), NULL, b, false, text), "");
	/* Without the module: at most so much; and with nothing known, nothing is. */
	b->list.mm.fact[MMS_MM_HEAP_END] = fact(AT + 2 * PAGE);
	b->list.mm.fact[MMS_MM_BRK].from = MMS_FROM_NOWHERE;
	assert_string_equal(view_figure_text(figure("BREAK"), b, false, text), "<=0x7f0000002000");
	assert_string_equal(view_figure_text(figure("HEAP"), b, true, text), "<=8192");
	b->list.mm.fact[MMS_MM_HEAP_END].from = MMS_FROM_NOWHERE;
	assert_string_equal(view_figure_text(figure("BREAK"), b, false, text), "?");
	assert_true(view_figure_changed(figure("BREAK"), a, b));
	assert_string_equal(view_figure_step(figure("BREAK"), a, b, false, text), "");
	view_moment_free(a);
	view_moment_free(b);
}

/* ---- the screen -------------------------------------------------------------- */

static struct view_watch *watch(void)
{
	static const struct view_watch_options options = {
		.pid = 4321, .source = "module", .every = 1,
	};
	struct view_watch *w = view_watch_new(&options);

	assert_non_null(w);
	return w;
}

static void key(struct view_watch *w, uint32_t k)
{
	assert_true(view_watch_key(w, (struct view_event){ .key = k }));
}

static void keys(struct view_watch *w, const char *text)
{
	while (*text)
		key(w, (unsigned char)*text++);
}

/* The screen as text, a line for each row, without blanks at their ends. */
static char *drawn(struct view_watch *w, int rows, int cols, bool unicode)
{
	struct view_canvas c = { .ink = { unicode, 256 } };
	char *text = calloc(1, (size_t)rows * (size_t)cols * sizeof(c.glyph->text) + 1000), *p = text;

	assert_true(view_canvas_size(&c, rows, cols));
	view_watch_draw(w, &c);
	assert_int_equal(c.rows, rows);
	for (int row = 0; row < rows; row++) {
		for (int col = 0; col < cols; col++)
			p = stpcpy(p, c.glyph[row * cols + col].text);
		while (p > text && p[-1] == ' ')
			p--;
		*p++ = '\n';
	}
	*p = '\0';
	view_canvas_free(&c);
	return text;
}

static bool shows(struct view_watch *w, const char *what)
{
	char *text = drawn(w, 24, 80, false);
	bool found = strstr(text, what);

	free(text);
	return found;
}

/* Gives the newest refresh the pages that the view wants. */
static void give_pages(struct view_watch *w, const char *letters)
{
	uint64_t start, end;

	free(drawn(w, 24, 80, false));
	assert_true(view_watch_wants(w, &start, &end));
	set_pages(view_watch_newest(w), start, letters);
	assert_int_equal(view_watch_newest(w)->pages.end, end);
	assert_false(view_watch_lacks(w));
}

static void at_any_size(void **state)
{
	static const struct area before[] = { { 0, 4, RW, 3, 0, "[heap]" } };
	static const struct area after[] = {
		{ 0, 8, RW, 3, 0, "[heap]" },
		{ 20, 500, RW, 0, 0, "/srv/\u65e5\u672c\u8a9e-\u30c7\u30fc\u30bf\x1b[2J\n.bin" },
	};
	struct view_watch *w = watch();

	(void)state;
	for (int unicode = 0; unicode < 2; unicode++) {
		if (!setlocale(LC_CTYPE, unicode ? "C.UTF-8" : "C"))
			continue;
		view_watch_add(w, MOMENT(before));
		key(w, VIEW_KEY_HOME);
		give_pages(w, "DDD.");
		view_watch_add(w, MOMENT(after));
		give_pages(w, "DDDD....");
		for (int rows = 1; rows < 70; rows += rows < 26 ? 1 : 7)
			for (int cols = 1; cols < 210; cols += cols < 90 ? 1 : 13) {
				char *text = drawn(w, rows, cols, unicode);

				for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
					assert_true(view_cells(line) <= (size_t)cols);
					for (const char *p = line; *p; p++)
						assert_true((unsigned char)*p >= 0x20 &&
							    (unicode || (unsigned char)*p < 0x7f));
				}
				free(text);
			}
		key(w, VIEW_KEY_DOWN);
		key(w, '?');
		free(drawn(w, 3, 10, unicode));
		key(w, '?');
	}
	view_watch_free(w);
}

static void what_changed_is_lit(void **state)
{
	static const struct area before[] = { { 0, 4, RW, 3, 0, "[heap]" }, { 9, 1, RW, 0, 0, "" } };
	static const struct area after[] = {
		{ 0, 4, RW, 4, 0, "[heap]" }, { 20, 5, RW, 0, 0, "" },
	};
	struct view_watch *w = watch();

	(void)state;
	setlocale(LC_CTYPE, "C");
	assert_true(shows(w, "4321"));
	view_watch_add(w, MOMENT(before));
	give_pages(w, "DDD.");
	assert_true(shows(w, "\n7f0000000000  DDD.\n\n"));
	assert_false(shows(w, "^"));
	view_watch_add(w, MOMENT(after));
	give_pages(w, "DDDD");
	assert_true(shows(w, "\n7f0000000000  DDDD\n                 ^\n"));
	assert_true(shows(w, "\n*0x7f0000000000  16K"));
	assert_true(shows(w, "\n-0x7f0000009000   4K"));
	assert_true(shows(w, "\n+0x7f0000014000  20K"));
	assert_true(shows(w, "resident 16K +4K"));
	assert_true(shows(w, "1/3 +1 -1 *1"));
	/* What came by exec is not compared with the program before. */
	view_watch_add(w, MOMENT(before));
	view_watch_newest(w)->exec = true;
	key(w, 'j');
	view_watch_add(w, MOMENT(before));
	assert_false(shows(w, "\n*0x"));
	view_watch_free(w);
}

static void steps(void **state)
{
	static const struct area areas[] = { { 0, 4, RW, 3, 0, "[heap]" } };
	struct view_watch *w = watch();

	(void)state;
	setlocale(LC_CTYPE, "C");
	for (uint64_t i = 1; i <= 3; i++) {
		struct area more = areas[0];

		more.rss = i;
		view_watch_add(w, moment(&more, 1));
	}
	assert_true(shows(w, "resident 12K +4K"));
	assert_false(view_watch_paused(w));
	key(w, VIEW_KEY_LEFT);
	assert_true(view_watch_paused(w));
	assert_true(shows(w, "resident 8K +4K") && shows(w, "paused 2 of 3"));
	keys(w, "[");
	assert_true(shows(w, "resident 4K") && !shows(w, "+4K") && shows(w, "paused 1 of 3"));
	assert_false(view_watch_lacks(w));
	keys(w, "[");
	assert_true(shows(w, "paused 1 of 3") && shows(w, "the oldest"));
	keys(w, "]]");
	assert_true(shows(w, "resident 12K +4K") && shows(w, "paused 3 of 3"));
	keys(w, "] ");
	assert_false(view_watch_paused(w));
	keys(w, "[ ");
	assert_true(shows(w, "resident 12K") && !view_watch_paused(w));
	/* At the end it can still be looked at, and gone from. */
	view_watch_end(w, "process 4321 ended; q quits");
	assert_true(view_watch_paused(w));
	keys(w, "[ ");
	assert_true(shows(w, "process 4321 ended; q quits") && view_watch_paused(w));
	assert_false(view_watch_key(w, (struct view_event){ .key = 'q' }));
	assert_false(view_watch_key(w, (struct view_event){ .key = VIEW_KEY_F0 + 10 }));
	view_watch_free(w);
}

static void selects(void **state)
{
	static const struct area after[] = {
		{ 0, 4, RW, 3, 0, "[heap]" }, { 5, 1, RW, 0, 0, "" },
		{ 10, 9, MMSCOPE_VMA_READ, 0, 0, "/usr/lib/libX.so" },
		{ 20, 2, RW, 5, 0, "/usr/lib/libX.so" }, { 30, 9, RW, 0, 2, "" },
	};
	struct view_watch *w = watch();
	uint64_t start, end;

	(void)state;
	setlocale(LC_CTYPE, "C");
	view_watch_add(w, MOMENT(listed));
	keys(w, "/libx");
	assert_true(shows(w, "Search: libx"));
	key(w, VIEW_KEY_ENTER);
	assert_true(shows(w, " 2/4"));
	/* What it has is what it was, though it is another row. */
	view_watch_add(w, MOMENT(after));
	assert_true(shows(w, " 3/5") && view_watch_wants(w, &start, &end));
	assert_int_equal(start, AT + 10 * PAGE);
	assert_int_equal(end, AT + 19 * PAGE);
	keys(w, "n");
	assert_true(shows(w, " 4/5"));
	keys(w, "\t");
	assert_true(shows(w, " 2/5 +1"));
	view_watch_free(w);
}

static void filters(void **state)
{
	struct view_watch *w = watch();
	uint64_t start, end;

	(void)state;
	setlocale(LC_CTYPE, "C");
	view_watch_add(w, MOMENT(listed));
	key(w, VIEW_KEY_DOWN);
	keys(w, "\\RW-");
	assert_true(shows(w, "Filter: RW-"));
	key(w, VIEW_KEY_ENTER);
	assert_true(shows(w, " 2/3 of 4: RW-") && !shows(w, "r--p"));
	keys(w, "\\");
	key(w, VIEW_KEY_BACKSPACE);
	keys(w, "xx");
	assert_true(shows(w, "no VMA passes the filter"));
	assert_false(view_watch_wants(w, &start, &end));
	key(w, VIEW_KEY_ESCAPE);
	assert_true(shows(w, " 2/4"));
	key(w, VIEW_KEY_END);
	keys(w, ">>>");
	assert_true(view_watch_wants(w, &start, &end));
	assert_int_equal(start, AT + 30 * PAGE);
	key(w, VIEW_KEY_HOME);
	assert_true(view_watch_wants(w, &start, &end));
	assert_int_equal(start, AT + 20 * PAGE);	/* the most RSS */
	keys(w, "I");
	key(w, VIEW_KEY_END);
	assert_true(view_watch_wants(w, &start, &end));
	assert_int_equal(start, AT + 20 * PAGE);
	view_watch_free(w);
}

static void mouse(void **state)
{
	struct view_watch *w = watch();
	struct view_event click = { VIEW_KEY_CLICK, 8, 20 };
	uint64_t start, end;

	(void)state;
	setlocale(LC_CTYPE, "C");
	view_watch_add(w, MOMENT(listed));
	free(drawn(w, 24, 80, false));
	/* Row 7 is the first of the list at this size. */
	assert_true(view_watch_key(w, click));
	assert_true(view_watch_wants(w, &start, &end));
	assert_int_equal(start, AT + 10 * PAGE);
	click.row = 20;	/* the strip: nothing */
	assert_true(view_watch_key(w, click));
	key(w, VIEW_KEY_WHEEL_DOWN);
	assert_true(shows(w, " 4/4"));
	key(w, VIEW_KEY_WHEEL_UP);
	assert_true(shows(w, " 1/4"));
	click.row = 6;	/* the header, at SIZE */
	assert_true(view_watch_key(w, click));
	key(w, VIEW_KEY_HOME);
	assert_true(view_watch_wants(w, &start, &end));
	assert_int_equal(start, AT + 10 * PAGE);
	click.row = 23;	/* the keys */
	click.col = 0;
	assert_true(view_watch_key(w, click));
	assert_true(shows(w, "mmscope watch: help"));
	assert_true(view_watch_key(w, click));
	assert_true(shows(w, "F10Quit"));
	click.col = 34;
	assert_false(view_watch_key(w, click));
	view_watch_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("unit.watch.keeps", keeps),
		TEST("unit.watch.past_is_bounded", past_is_bounded),
		TEST("unit.watch.finds_changes", finds_changes),
		TEST("unit.watch.unknown_is_no_change", unknown_is_no_change),
		TEST("unit.watch.sorts", sorts),
		TEST("unit.watch.filters_and_searches", filters_and_searches),
		TEST("unit.watch.pages", pages),
		TEST("unit.watch.pages_are_bounded", pages_are_bounded),
		TEST("unit.watch.figures", figures),
		TEST("unit.watch.at_any_size", at_any_size),
		TEST("unit.watch.what_changed_is_lit", what_changed_is_lit),
		TEST("unit.watch.steps", steps),
		TEST("unit.watch.selects", selects),
		TEST("unit.watch.filters", filters),
		TEST("unit.watch.mouse", mouse),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
