// SPDX-License-Identifier: GPL-2.0
/*
 * lesson.c - the pure parts of the lessons: the model of glibc's malloc against
 * what was measured of glibc itself, the environment, the patterns of pages.
 */
#include "kit.h"
#include "run.h"

#define PAGE	4096

static struct malloc_settings with(const char *a, const char *b)
{
	const char *const env[] = { "HOME=/root", a ?: "X=", b ?: "Y=", NULL };
	struct malloc_settings m;

	malloc_settings_default(&m);
	malloc_settings_parse(&m, env);
	return m;
}

/* Usable sizes as malloc_usable_size() told them. */
static void chunks(void **state)
{
	static const struct { uint64_t request, usable; } cases[] = {
		{ 0, 24 }, { 1, 24 }, { 24, 24 }, { 25, 40 }, { 40, 40 }, { 41, 56 },
		{ 1000, 1000 }, { 1001, 1016 }, { 2000, 2008 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(glibc_usable(cases[i].request), cases[i].usable);
		assert_int_equal(glibc_chunk(cases[i].request), cases[i].usable + 8);
	}
	/* malloc(128 KiB) from mmap: 33 pages; 1 MiB: 257; 136168: as malloc_stats says. */
	assert_int_equal(glibc_mmapped_chunk(131072, PAGE), 135168);
	assert_int_equal(glibc_mmapped_chunk(1 << 20, PAGE), 257 * PAGE);
	assert_int_equal(glibc_mmapped_chunk(136168, PAGE), 139264);
	assert_int_equal(glibc_mmapped_usable(131072, PAGE), 135152);
	/* 40 pages less 16 bytes take 41. */
	assert_int_equal(glibc_mmapped_chunk(40 * PAGE - 16, PAGE), 41 * PAGE);
	assert_int_equal(glibc_last_heap_request(128 << 10), 131048);
	assert_int_equal(glibc_last_heap_request(0), 0);
	assert_int_equal(glibc_chunk(131048) < 128 << 10, 1);
	assert_int_equal(glibc_chunk(131049) < 128 << 10, 0);
}

static struct glibc_malloc first(const struct malloc_settings *s, const char *version,
				 uint64_t brk, uint64_t request)
{
	struct glibc_heap h;
	struct glibc_malloc m;

	glibc_heap_start(&h, s, version, PAGE, brk);
	glibc_heap_malloc(&h, request, &m);
	return m;
}

static void first_malloc(void **state)
{
	struct malloc_settings s = with(NULL, NULL), pad0 = with("MALLOC_TOP_PAD_=0", NULL);
	const uint64_t brk = 0x555555559000;
	struct glibc_malloc m;

	(void)state;
	m = first(&s, "2.36", brk, 1024);
	assert_int_equal(m.growth, 135168);
	assert_int_equal(m.pointer - brk, 0x2a0);
	assert_false(m.mmapped);
	assert_int_equal(first(&s, "2.28", brk, 1024).pointer - brk, 0x260);
	assert_int_equal(first(&pad0, "2.36", brk, 1024).growth, 4096);
	/* A break that is 100 off: the growth ends on a page all the same. */
	m = first(&s, "2.36", brk + 100, 1024);
	assert_int_equal(m.growth, 139164);
	assert_int_equal(m.pointer % 16, 0);
	/* As long as the first top suffices, nothing is mmapped. */
	assert_false(first(&s, "2.36", brk, 131072).mmapped);
	assert_false(first(&s, "2.36", brk, 134472).mmapped);
	assert_true(first(&s, "2.36", brk, 134473).mmapped);
	assert_int_equal(first(&s, "2.36", brk, 134473).growth, 135168);
}

static void later_mallocs(void **state)
{
	struct malloc_settings s = with(NULL, NULL), never = with("MALLOC_MMAP_MAX_=0", NULL);
	struct glibc_heap h;
	struct glibc_malloc m;

	(void)state;
	glibc_heap_start(&h, &s, "2.36", PAGE, 0x10000);
	glibc_heap_malloc(&h, 8, &m);
	assert_int_equal(m.pointer, 0x102a0);
	glibc_heap_malloc(&h, 4083, &m);
	assert_int_equal(m.pointer, 0x102c0);
	assert_int_equal(m.growth, 0);
	glibc_heap_malloc(&h, 136168, &m);
	assert_true(m.mmapped);
	assert_int_equal(m.chunk, 139264);
	/* The top holds 0x21000 - 0x2c0 - 0x1000 now: three of these fit, not four. */
	for (int i = 0; i < 3; i++) {
		glibc_heap_malloc(&h, 40000, &m);
		assert_int_equal(m.growth, 0);
	}
	glibc_heap_malloc(&h, 40000, &m);
	assert_int_equal(m.growth % PAGE, 0);
	assert_true(m.growth > 131072);
	glibc_heap_start(&h, &never, "2.36", PAGE, 0x10000);
	glibc_heap_malloc(&h, 1 << 20, &m);
	assert_false(m.mmapped);
	assert_true(m.growth > 1 << 20);
}

static void versions(void **state)
{
	const char *why = NULL;

	(void)state;
	assert_true(glibc_known("2.31", &why));
	assert_true(glibc_known("2.36", &why));
	assert_true(glibc_known("2.41", &why));
	assert_false(glibc_known("2.25", &why));
	assert_non_null(why);
	assert_false(glibc_known("2.42", &why));
	assert_false(glibc_known("1.2.3", &why));
	assert_false(glibc_known(NULL, &why));
	assert_false(glibc_known("", &why));
}

/* As glibc 2.36 was seen to do it. */
static void frees(void **state)
{
	static const uint64_t without_pad[] = { 0, 0, 0, 0, 151552, 0, 0, 0, 0, 147456, 0, 0, 0, 0,
						151552, 0 };
	struct malloc_settings s;
	struct glibc_malloc m;
	struct glibc_heap h;
	uint64_t down = 0;

	(void)state;
	malloc_settings_default(&s);
	glibc_heap_start(&h, &s, "2.36", PAGE, 0x10000);
	for (int i = 0; i < 16; i++)
		glibc_heap_malloc(&h, 30000, &m);
	for (int i = 0; i < 16; i++)
		down += glibc_heap_free_last(&h, m.chunk);
	assert_int_equal(down, 450560);
	assert_int_equal(h.top, 134512);
	assert_int_equal(glibc_heap_trim(&h, 0), 131072);
	assert_int_equal(h.top, 3440);

	s.top_pad = 0;
	glibc_heap_start(&h, &s, "2.36", PAGE, 0x10000);
	for (int i = 0; i < 16; i++)
		glibc_heap_malloc(&h, 30000, &m);
	for (int i = 0; i < 16; i++)
		assert_int_equal(glibc_heap_free_last(&h, m.chunk), without_pad[i]);
	assert_int_equal(h.top, 32112);
}

/* Learning ends at 32 MiB, and with a setting by hand. */
static void learning(void **state)
{
	struct glibc_heap h = { .page = PAGE, .mmaps = 3 };

	(void)state;
	malloc_settings_default(&h.settings);
	glibc_heap_free_mmapped(&h, 1052672);
	assert_int_equal(h.settings.mmap_threshold, 1052672);
	assert_int_equal(h.settings.trim_threshold, 2105344);
	glibc_heap_free_mmapped(&h, 32 << 20);
	assert_int_equal(h.settings.mmap_threshold, 1052672);
	h.settings.dynamic = false;
	glibc_heap_free_mmapped(&h, 2105344);
	assert_int_equal(h.settings.mmap_threshold, 1052672);
	assert_int_equal(h.mmaps, 0);
}

/* At a threshold below its size the tcache itself is mmapped. */
static void low_threshold(void **state)
{
	struct malloc_settings s;
	struct glibc_malloc m;
	struct glibc_heap h;

	(void)state;
	malloc_settings_default(&s);
	s.mmap_threshold = 500;
	glibc_heap_start(&h, &s, "2.36", PAGE, 0x10000);
	glibc_heap_malloc(&h, 24, &m);
	assert_int_equal(h.mmaps, 1);
	assert_int_equal(m.pointer, 0x10010);
	assert_int_equal(m.growth, 135168);
}

static void settings(void **state)
{
	struct malloc_settings m = with(NULL, NULL);

	(void)state;
	assert_int_equal(m.mmap_threshold, 131072);
	assert_true(m.dynamic);
	m = with("MALLOC_MMAP_THRESHOLD_=65536", NULL);
	assert_int_equal(m.mmap_threshold, 65536);
	assert_false(m.dynamic);
	m = with("GLIBC_TUNABLES=glibc.malloc.arena_max=1:glibc.malloc.top_pad=0x1000", NULL);
	assert_int_equal(m.arena_max, 1);
	assert_int_equal(m.top_pad, 4096);
	assert_false(m.dynamic);
	/* The tunable wins, whatever the order. */
	m = with("GLIBC_TUNABLES=glibc.malloc.mmap_max=3", "MALLOC_MMAP_MAX_=9");
	assert_int_equal(m.mmap_max, 3);
	m = with("MALLOC_MMAP_MAX_=9", "GLIBC_TUNABLES=glibc.malloc.mmap_max=3");
	assert_int_equal(m.mmap_max, 3);
	m = with("GLIBC_TUNABLES=glibc.malloc.tcache_count=0:glibc.cpu.x=1::junk", NULL);
	assert_int_equal(m.tcache_count, 0);
	m = with("GLIBC_TUNABLES=glibc.malloc.tcache_count=70000", NULL);
	assert_int_equal(m.tcache_count, 7);
	assert_true(m.dynamic);
	assert_false(m.odd);
	assert_true(with("GLIBC_TUNABLES=glibc.malloc.mxfast=0", NULL).odd);
	/* What is no number is ignored; so is a name that only begins like one. */
	m = with("MALLOC_TOP_PAD_=4k", "MALLOC_TOP_PAD_X=1");
	assert_int_equal(m.top_pad, 131072);
	m = with("GLIBC_TUNABLES=glibc.malloc.top_padx=1:glibc.malloc.top=2:=3", NULL);
	assert_int_equal(m.top_pad, 131072);
	assert_int_equal(with("GLIBC_TUNABLES=glibc.malloc.hugetlb=1", NULL).hugetlb, 1);
	assert_int_equal(with("MALLOC_PERTURB_=165", NULL).perturb, 165);
}

static void patterns(void **state)
{
	static const struct { const char *pattern; size_t pages; const char *spread; } good[] = {
		{ "R*2 .*", 5, "RR..." }, { ".*", 3, "..." }, { "zR", 2, "zR" },
		{ "R . R", 3, "R.R" }, { ".*0 R*", 2, "RR" }, { "P*2N*1?*1", 4, "PPN?" },
		{ "", 0, "" }, { "R*", 0, "" },
	};
	static const struct { const char *pattern; size_t pages; } bad[] = {
		{ "R", 2 }, { "RRR", 2 }, { "R*4", 3 }, { "x", 1 }, { "*2", 2 }, { "", 1 },
	};
	char buf[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_null(pattern_spread(good[i].pattern, good[i].pages, buf));
		assert_string_equal(buf, good[i].spread);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_non_null(pattern_spread(bad[i].pattern, bad[i].pages, buf));
	assert_true(pattern_allows('?', '_'));
	assert_true(pattern_allows('P', 'z') && pattern_allows('P', 'H') && !pattern_allows('P', 'c'));
	assert_true(pattern_allows('N', 'S') && !pattern_allows('N', 'R') && !pattern_allows('N', '_'));
	assert_true(pattern_allows('A', 'H') && !pattern_allows('A', 'z'));
	assert_true(pattern_allows('0', 'Z') && !pattern_allows('0', 'R'));
	assert_true(pattern_allows('.', '.') && !pattern_allows('.', 'c') && !pattern_allows('R', 'H'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("unit.lesson.chunks", chunks),
		TEST("unit.lesson.first_malloc", first_malloc),
		TEST("unit.lesson.later_mallocs", later_mallocs),
		TEST("unit.lesson.frees", frees),
		TEST("unit.lesson.learning", learning),
		TEST("unit.lesson.low_threshold", low_threshold),
		TEST("unit.lesson.versions", versions),
		TEST("unit.lesson.settings", settings),
		TEST("unit.lesson.patterns", patterns),
	};

	return cmocka_run_group_tests_name("lesson", tests, NULL, NULL);
}
