// SPDX-License-Identifier: GPL-2.0
/*
 * map.c - the picture of an address space, drawn without a process: golden text
 * at three widths, and what must hold at every width; the states of pages, and
 * the words and numbers that choose what is drawn.
 */
#include "kit.h"

#include <locale.h>
#include <stdio.h>

#include "../../user/view/map.h"
#include "../../user/view/text.h"
#include "procfs.h"

#define PAGE	4096ULL
#define TiB	(1ULL << 40)
#define TOP	0xffffffffff600000ULL

#define C(name)	MMSCOPE_CAT(name)

/* ---- states ------------------------------------------------------------------ */

static void states(void **state)
{
	static const struct { uint64_t categories; enum mms_page_state anon, file; } cases[] = {
		{ 0, MMS_PAGE_UNTOUCHED, MMS_PAGE_UNTOUCHED },
		{ C(SOFT_DIRTY), MMS_PAGE_UNTOUCHED, MMS_PAGE_UNTOUCHED },
		{ C(IN_CORE), MMS_PAGE_CACHED, MMS_PAGE_CACHED },
		{ C(CACHE_UNKNOWN), MMS_PAGE_ABSENT, MMS_PAGE_ABSENT },
		{ C(SWAPPED) | C(IN_CORE), MMS_PAGE_SWAPPED, MMS_PAGE_SWAPPED },
		{ C(CACHE_SWAPPED), MMS_PAGE_SWAPPED, MMS_PAGE_SWAPPED },
		{ C(GUARD), MMS_PAGE_GUARD, MMS_PAGE_GUARD },
		{ C(PRESENT) | C(IN_CORE), MMS_PAGE_RESIDENT, MMS_PAGE_RESIDENT },
		{ C(PRESENT) | C(DIRTY), MMS_PAGE_DIRTY, MMS_PAGE_DIRTY },
		{ C(PRESENT) | C(PAGE_DIRTY), MMS_PAGE_DIRTY, MMS_PAGE_DIRTY },
		{ C(PRESENT) | C(PAGE_DIRTY) | C(SHARED), MMS_PAGE_SHARED, MMS_PAGE_SHARED },
		{ C(PRESENT) | C(SHARED) | C(MLOCKED), MMS_PAGE_LOCKED, MMS_PAGE_LOCKED },
		{ C(PRESENT) | C(ZERO), MMS_PAGE_ZERO, MMS_PAGE_ZERO },
		{ C(PRESENT) | C(SPECIAL), MMS_PAGE_SPECIAL, MMS_PAGE_SPECIAL },
	};
	const struct mms_vma anon = { .backing = MMSCOPE_BACKING_ANON };
	const struct mms_vma file = { .backing = MMSCOPE_BACKING_FILE };
	const struct mms_vma odd = { .backing = MMS_BACKING_UNKNOWN };
	const uint64_t pagemap = C(PRESENT) | C(SWAPPED);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(mms_page_state(&anon, cases[i].categories, MMS_CATS_STATE),
				 cases[i].anon);
		assert_int_equal(mms_page_state(&file, cases[i].categories, MMS_CATS_STATE),
				 cases[i].file);
	}
	/* A source that knows less says less: never "resident", never "untouched". */
	assert_int_equal(mms_page_state(&anon, C(PRESENT), pagemap), MMS_PAGE_PRESENT);
	assert_int_equal(mms_page_state(&anon, 0, pagemap), MMS_PAGE_UNTOUCHED);
	assert_int_equal(mms_page_state(&file, 0, pagemap), MMS_PAGE_ABSENT);
	assert_int_equal(mms_page_state(&odd, 0, pagemap), MMS_PAGE_ABSENT);
	assert_int_equal(mms_page_state(&anon, 0, 0), MMS_PAGE_UNKNOWN);
	for (int s = 0; s < MMS_PAGE_STATE_COUNT; s++)
		assert_true(*mms_page_state_name((enum mms_page_state)s));
}

static void stack_pointers(void **state)
{
	uint64_t sp = 0;

	(void)state;
	assert_true(mmsi_sp_from_syscall("0 0x3 0x7f0 0x1 0x0 0x0 0x0 0x7ffce38 0x7f5eb\n", &sp));
	assert_int_equal(sp, 0x7ffce38);
	assert_true(mmsi_sp_from_syscall("-1 0x7ffce40 0x7f5eb\n", &sp));
	assert_int_equal(sp, 0x7ffce40);
	assert_false(mmsi_sp_from_syscall("running\n", &sp));
	assert_false(mmsi_sp_from_syscall("0 0x3 0x7f0\n", &sp));
	assert_false(mmsi_sp_from_syscall("", &sp));
}

static void names(void **state)
{
	struct mms_vma vma[] = {
		{ .start = 0x1000, .end = 0x2000, .name = "/usr/lib/libc.so.6" },
		{ .start = 0x2000, .end = 0x3000, .name = "/usr/lib/libc.so.6",
		  .purpose = MMS_PURPOSE_DATA },
		{ .start = 0x3000, .end = 0x4000, .name = "", .purpose = MMS_PURPOSE_BSS },
		{ .start = 0x5000, .end = 0x6000, .name = "[heap]", .purpose = MMS_PURPOSE_HEAP },
		{ .start = 0x7000, .end = 0x8000, .name = "/tmp/gone (deleted)" },
		{ .start = 0x8000, .end = 0x9000, .name = "" },
	};
	const struct mms_vmas l = { .count = ARRAY_SIZE(vma), .vma = vma };
	static const struct { const char *word; unsigned int mask; } cases[] = {
		{ "libc", 7 }, { "libc.so.6", 7 }, { "/usr/lib/libc.so.6", 7 }, { "lib", 0 },
		{ "libc.so", 0 }, { "bss", 4 }, { "data", 2 }, { "heap", 8 }, { "[heap]", 8 },
		{ "gone", 16 }, { "/tmp/gone", 16 }, { "", 0 }, { "heap]", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned int mask = 0;

		for (size_t v = 0; v < l.count; v++)
			mask |= (unsigned int)mms_vma_is_called(&l, v, cases[i].word) << v;
		assert_int_equal(mask, cases[i].mask);
	}
}

/* ---- cells ------------------------------------------------------------------- */

static void expect_cell(const struct view_strip *s, size_t i, enum mms_page_state state, bool part)
{
	struct view_cell cell = view_strip_cell(s, i);

	assert_int_equal(cell.state, state);
	assert_int_equal(cell.part, part);
}

static void cells(void **state)
{
	struct view_strip s;

	(void)state;
	assert_true(view_strip_open(&s, 64, PAGE));
	/* As many pages as there is room for are a page each; one more halves them. */
	view_strip_begin(&s, 0, 64 * PAGE, 64);
	assert_int_equal(s.each, 1);
	assert_int_equal(s.cells, 64);
	view_strip_begin(&s, 0, 65 * PAGE, 64);
	assert_int_equal(s.each, 2);
	assert_int_equal(s.cells, 33);
	/* The last cell has one page: if that is dirty, all of it is. */
	view_strip_add(&s, 0, 64 * PAGE, MMS_PAGE_UNTOUCHED);
	view_strip_add(&s, 64 * PAGE, 65 * PAGE, MMS_PAGE_DIRTY);
	view_strip_end(&s);
	expect_cell(&s, 31, MMS_PAGE_UNTOUCHED, false);
	expect_cell(&s, 32, MMS_PAGE_DIRTY, false);

	/* One page in a cell of four million is seen, at its place. */
	view_strip_begin(&s, TiB, 2 * TiB, 64);
	assert_int_equal(s.each, 1 << 22);
	view_strip_add(&s, TiB, TiB + TiB / 2, MMS_PAGE_UNTOUCHED);
	view_strip_add(&s, TiB + TiB / 2, TiB + TiB / 2 + PAGE, MMS_PAGE_SWAPPED);
	view_strip_add(&s, TiB + TiB / 2 + PAGE, 2 * TiB, MMS_PAGE_UNTOUCHED);
	view_strip_end(&s);
	expect_cell(&s, 31, MMS_PAGE_UNTOUCHED, false);
	expect_cell(&s, 32, MMS_PAGE_SWAPPED, true);
	assert_int_equal(s.total[MMS_PAGE_SWAPPED], 1);
	assert_int_equal(s.total[MMS_PAGE_UNTOUCHED], (1 << 28) - 1);

	/* Of what is there the most; of what is not, the least certain. */
	view_strip_begin(&s, 0, 16 * PAGE, 2);
	view_strip_add(&s, 0, 5 * PAGE, MMS_PAGE_UNTOUCHED);
	view_strip_add(&s, 5 * PAGE, 6 * PAGE, MMS_PAGE_LOCKED);
	view_strip_add(&s, 6 * PAGE, 8 * PAGE, MMS_PAGE_DIRTY);
	view_strip_add(&s, 8 * PAGE, 15 * PAGE, MMS_PAGE_UNTOUCHED);
	view_strip_end(&s);
	expect_cell(&s, 0, MMS_PAGE_DIRTY, true);
	expect_cell(&s, 1, MMS_PAGE_UNKNOWN, false);
	assert_int_equal(s.total[MMS_PAGE_UNKNOWN], 1);

	/* What lies outside is not counted. */
	view_strip_begin(&s, 16 * PAGE, 18 * PAGE, 64);
	view_strip_add(&s, 0, 17 * PAGE, MMS_PAGE_ZERO);
	view_strip_add(&s, 18 * PAGE, 20 * PAGE, MMS_PAGE_ZERO);
	view_strip_end(&s);
	assert_int_equal(s.total[MMS_PAGE_ZERO], 1);
	expect_cell(&s, 1, MMS_PAGE_UNKNOWN, false);
	view_strip_free(&s);
}

/* ---- pictures ---------------------------------------------------------------- */

/* The texts are gone before the strip is drawn. */
static void strip(struct view_map *m, uint64_t start, uint64_t pages, const char *perms,
		  const char *purpose, const char *name)
{
	char *texts[3] = { strdup(perms), strdup(purpose), strdup(name) };

	view_map_strip(m, &(struct view_map_area){ start, start + pages * PAGE, texts[0], texts[1],
		       texts[2] }, NULL);
	for (int i = 0; i < 3; i++) {
		memset(texts[i], '#', strlen(texts[i]));
		free(texts[i]);
	}
}

/* An address space with a bit of everything. */
static void scene(const struct view_map_look *look)
{
	static const uint8_t eight[] = {
		MMS_PAGE_DIRTY, MMS_PAGE_DIRTY, MMS_PAGE_SHARED, MMS_PAGE_SWAPPED,
		MMS_PAGE_LOCKED, MMS_PAGE_ZERO, MMS_PAGE_UNTOUCHED, MMS_PAGE_RESIDENT,
	};
	struct view_map *m = view_map_open(look, "1234 a\nname: 1.0T in 6 VMAs  (source: none)");
	uint64_t at = 0x400000, mark;

	assert_non_null(m);
	view_map_gap(m, at);
	strip(m, at, 1, "r-xp", "text", "/usr/bin/tool");
	view_map_run(m, at, at + PAGE, MMS_PAGE_RESIDENT);
	at += PAGE;
	mark = at + 4 * PAGE + 5;
	view_map_strip(m, &(struct view_map_area){ at, at + 8 * PAGE, "rw-p", "data",
		       "/usr/bin/tool" }, &mark);
	for (size_t i = 0; i < 8; i++, at += PAGE)
		view_map_run(m, at, at + PAGE, eight[i]);
	view_map_note(m, "a-word-that-is-longer-than-a-line-of-forty-columns-has-to-be-broken");
	view_map_note(m, "the marked page is locked: present writable accessed dirty soft-dirty anon "
		      "mlocked unevictable in-core");
	at = 0x7f0000000000;
	view_map_gap(m, at - 0x409000);
	strip(m, at - TiB, 1ULL << 28, "rw-p", "anon", "");
	view_map_run(m, at - TiB, at - TiB / 2, MMS_PAGE_UNTOUCHED);
	view_map_run(m, at - TiB / 2, at - TiB / 2 + PAGE, MMS_PAGE_DIRTY);
	view_map_run(m, at - TiB / 2 + PAGE, at, MMS_PAGE_UNTOUCHED);
	strip(m, at, 5000000, "r--s", "shared-file",
	      "/srv/a/path/that/is/longer/than/its/room/\u65e5\u672c\u8a9e-\u30c7\u30fc\u30bf\n.bin");
	view_map_run(m, at, at + 3000000 * PAGE, MMS_PAGE_CACHED);
	view_map_run(m, at + 3000000 * PAGE, at + 5000000 * PAGE, MMS_PAGE_ABSENT);
	view_map_line(m, "unmapped to the end of user space");
	strip(m, TOP, 1, "--xp", "vdso", "[vsyscall]");
	view_map_close(m);
}

/* A zoom: rows, rows that are folded, and an end of the rows. */
static void rows(const struct view_map_look *look)
{
	struct view_map *m = view_map_open(look, "1234 name");
	struct view_map_area area = { 0x7f0000000000, 0x7f0000000000 + 10000 * PAGE, "rw-p", "heap",
				      "[heap]" };
	size_t left = look->width < 80 ? 5 : 9;
	uint64_t at = area.start;

	assert_non_null(m);
	view_map_rows(m, &area, &left);
	assert_true(view_map_run(m, at, at + 20 * PAGE, MMS_PAGE_DIRTY));
	at += 20 * PAGE;
	view_map_run(m, at, at + 5000 * PAGE, MMS_PAGE_UNTOUCHED);
	at += 5000 * PAGE;
	for (int i = 0; i < 1000; i++, at += PAGE)
		if (!view_map_run(m, at, at + PAGE, i % 3 ? MMS_PAGE_ZERO : MMS_PAGE_SWAPPED))
			break;
	assert_int_equal(left, 0);
	assert_int_equal(view_map_end(m), at);
	view_map_line(m, "the rest was left out");
	view_map_close(m);
}

static char *drawn(void (*draw)(const struct view_map_look *look), int width, bool unicode,
		   int colours)
{
	struct view_map_look look = { .width = width, .ink = { unicode, colours }, .page = PAGE };
	char *text = NULL;
	size_t size;

	setlocale(LC_CTYPE, unicode ? "C.UTF-8" : "C");
	look.out = open_memstream(&text, &size);
	assert_non_null(look.out);
	draw(&look);
	fclose(look.out);
	return text;
}

static char *golden_text(const char *name)
{
	char path[512], *text = calloc(1, 65536);
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", GOLDEN, name);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, 65535, f) < 65535);
	fclose(f);
	return text;
}

/* "ascii-80" */
static char *both(const char *name)
{
	bool unicode = !strncmp(name, "unicode", 7);
	int width = atoi(strchr(name, '-') + 1);
	char *a = drawn(scene, width, unicode, 0), *b = drawn(rows, width, unicode, 0), *text;

	assert_true(asprintf(&text, "%s\n%s", a, b) > 0);
	free(a);
	free(b);
	return text;
}

static void expect_golden(const char *name)
{
	char *got = both(name), *want = golden_text(name);

	assert_string_equal(got, want);
	free(got);
	free(want);
}

/* A locale for UTF-8 is not everywhere. */
static bool utf8(void)
{
	return setlocale(LC_CTYPE, "C.UTF-8") && view_unicode();
}

static void golden_ascii(void **state)
{
	(void)state;
	expect_golden("ascii-40");
	expect_golden("ascii-80");
	expect_golden("ascii-200");
}

static void golden_unicode(void **state)
{
	(void)state;
	if (!utf8())
		skip();
	expect_golden("unicode-40");
	expect_golden("unicode-80");
	expect_golden("unicode-200");
}

static void check_lines(char *text, size_t width)
{
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (view_cells(line) > width)
			fail_msg("%zu columns of %zu: %s", view_cells(line), width, line);
}

static void widths(void **state)
{
	(void)state;
	for (int width = 0; width < 260; width++)
		for (int unicode = 0; unicode < 2; unicode++) {
			size_t most = (size_t)(width < VIEW_MAP_WIDTH_MIN ? VIEW_MAP_WIDTH_MIN : width);
			char *text;

			if (unicode && !utf8())
				continue;
			text = drawn(scene, width, unicode, 0);
			check_lines(text, most);
			free(text);
			text = drawn(rows, width, unicode, 0);
			check_lines(text, most);
			free(text);
		}
}

/* Colours add nothing but colours, and each is ended; ASCII is ASCII. */
static void colours(void **state)
{
	char *plain = drawn(scene, 80, false, 0), *bright;
	bool on = false;

	(void)state;
	for (const char *p = plain; *p; p++)
		assert_true((unsigned char)*p < 0x7f && *p != '\033');
	for (int n = 16; n <= 256; n += 240) {
		char *to;

		bright = to = drawn(scene, 80, false, n);
		assert_non_null(strchr(bright, '\033'));
		for (const char *p = bright; *p;) {
			if (*p != '\033') {
				*to++ = *p++;
				continue;
			}
			on = strncmp(p, "\033[0m", 4);
			p += strcspn(p, "m") + 1;
		}
		*to = '\0';
		assert_false(on);
		assert_string_equal(bright, plain);
		free(bright);
	}
	free(plain);
}

/* ---- text -------------------------------------------------------------------- */

static void tails(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C");
	assert_string_equal(view_tail("/usr/lib/libc.so.6", 30), "/usr/lib/libc.so.6");
	assert_string_equal(view_tail("/usr/lib/libc.so.6", 12), "/libc.so.6");
	assert_string_equal(view_tail("/usr/lib/libc.so.6", 5), ".so.6");
	assert_string_equal(view_tail("abc", 0), "");
	/* Without UTF-8 a byte is a column, but no character is cut in two. */
	assert_string_equal(view_tail("\u65e5\u672c\u8a9e", 4), "\u8a9e");
	if (!utf8())
		return;
	assert_int_equal(view_cells("\u65e5\u672c\u8a9e"), 6);
	assert_string_equal(view_tail("\u65e5\u672c\u8a9e", 4), "\u672c\u8a9e");
	assert_string_equal(view_tail("\u65e5\u672c\u8a9e", 3), "\u8a9e");
}

/* With the name of a golden text it is only drawn: to be looked at, and kept. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST("unit.map.states", states),
		TEST("unit.map.stack_pointers", stack_pointers),
		TEST("unit.map.names", names),
		TEST("unit.map.cells", cells),
		TEST("unit.map.golden_ascii", golden_ascii),
		TEST("unit.map.golden_unicode", golden_unicode),
		TEST("unit.map.widths", widths),
		TEST("unit.map.colours", colours),
		TEST("unit.map.tails", tails),
	};

	if (argc == 2 && strchr(argv[1], '-'))
		return fputs(both(argv[1]), stdout) < 0;
	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
