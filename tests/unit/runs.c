// SPDX-License-Identifier: GPL-2.0
/*
 * runs.c - the kernel's own kmod/runs.c, held against a model that looks at
 * one page at a time and is too simple to be wrong.
 */
#include "kit.h"
#include "runs.h"

#define PAGE	4096ULL
#define SPACE	200	/* pages in a made-up address space */
#define NO_VMA	UINT64_MAX

/* What is true of each page. */
struct space {
	uint64_t categories[SPACE];
};

struct question {
	uint64_t categories, all_of, any_of, none_of, max_pages;
};

/* A list of runs that the model, or the code, came to. */
struct answer {
	struct mmscope_run run[SPACE];
	size_t count;
	uint64_t pages;
};

static uint32_t seed = 1;

static uint32_t roll(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static bool told(const struct question *q, uint64_t categories)
{
	return categories != NO_VMA && (categories & q->all_of) == q->all_of &&
	       (!q->any_of || categories & q->any_of) && !(categories & q->none_of);
}

static void add(struct answer *a, uint64_t start, uint64_t categories)
{
	struct mmscope_run *last = a->count ? &a->run[a->count - 1] : NULL;

	if (last && last->end == start && last->categories == categories)
		last->end += PAGE;
	else
		a->run[a->count++] = (struct mmscope_run){ start, start + PAGE, categories, 0 };
}

static void model(const struct space *s, const struct question *q, struct answer *a)
{
	memset(a, 0, sizeof(*a));
	for (uint64_t i = 0; i < SPACE; i++) {
		if (!told(q, s->categories[i]))
			continue;
		if (q->max_pages && a->pages == q->max_pages)
			return;
		a->pages++;
		add(a, i * PAGE, s->categories[i] & q->categories);
	}
}

/*
 * Asks the code as the module does: stretches of equal pages, a small buffer,
 * and a call that goes on where the last one ended.  Runs that a full buffer
 * cut are put together again, as the library does.
 */
static void take(struct answer *a, const struct mmscope_run *run)
{
	for (uint64_t at = run->start; at < run->end; at += PAGE)
		add(a, at, run->categories);
}

/*
 * As the module does where pages and holes take turns: up to 16 of which each has the
 * categories of the first that is to be told of, or is not to be. How far it came.
 */
static uint64_t take_rows(const struct space *s, const struct question *q,
			  struct mmscope_runs *r, uint64_t at, uint64_t *end)
{
	uint64_t c = 0, rows = 0, left;
	unsigned int n;

	for (n = 0; n < 16 && at / PAGE + n < SPACE; n++) {
		uint64_t now = s->categories[at / PAGE + n];

		if (!told(q, now))
			continue;
		if (rows && now != c)
			break;
		rows |= 1ULL << n;
		c = now;
	}
	*end = at + n * PAGE;
	left = mmscope_runs_rows(r, at, rows, c);
	mmscope_runs_count(r, __builtin_popcountll(rows & ~left));
	return left ? at + __builtin_ctzll(left) * PAGE : *end;
}

static uint64_t one_call(const struct space *s, const struct question *q, uint64_t cursor,
			 size_t room, struct answer *a)
{
	struct mmscope_run out[SPACE + 1];
	struct mmscope_runs r = {
		.categories = q->categories, .all_of = q->all_of, .any_of = q->any_of,
		.none_of = q->none_of, .page_shift = 12, .out = out, .room = room,
		.pages_left = q->max_pages ? q->max_pages - a->pages : UINT64_MAX,
	};
	uint64_t at = cursor, done = at;

	while (at < SPACE * PAGE && r.pages_left) {
		uint64_t c = s->categories[at / PAGE], end = at + PAGE;

		if (r.pages_left >= 16 && roll(2)) {
			done = take_rows(s, q, &r, at, &end);
			at = done;
			if (done < end)
				break;
			continue;
		}
		while (end < SPACE * PAGE && s->categories[end / PAGE] == c && roll(4))
			end += PAGE;
		done = c == NO_VMA ? end : mmscope_runs_add(&r, at, end, c);
		at = done;
		if (done < end)
			break;
	}
	mmscope_runs_break(&r);
	assert_true(r.count <= room);
	for (size_t i = 0; i < r.count; i++)
		take(a, &out[i]);
	a->pages += r.pages;
	return at;
}

static void compare(const struct space *s, const struct question *q, size_t room)
{
	struct answer expected, got = { .count = 0 };
	uint64_t cursor = 0, next;

	model(s, q, &expected);
	while (cursor < SPACE * PAGE && !(q->max_pages && got.pages == q->max_pages)) {
		next = one_call(s, q, cursor, room, &got);
		assert_true(next > cursor);
		cursor = next;
	}
	assert_int_equal(got.count, expected.count);
	assert_true(got.pages == expected.pages);
	assert_memory_equal(got.run, expected.run, got.count * sizeof(got.run[0]));
}

static void fill(struct space *s)
{
	uint64_t now = 0;

	for (int i = 0; i < SPACE; i++) {
		if (!roll(3))
			now = roll(6) ? roll(16) : NO_VMA;
		s->categories[i] = now;
	}
}

static void against_the_model(void **state)
{
	struct space s;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct question q = {
			.categories = roll(16), .all_of = roll(3) ? 0 : roll(16),
			.any_of = roll(3) ? 0 : roll(16), .none_of = roll(3) ? 0 : roll(16),
			.max_pages = roll(2) ? 0 : 1 + roll(SPACE),
		};

		fill(&s);
		compare(&s, &q, 1 + roll(8));
	}
}

static void counting_alone(void **state)
{
	struct mmscope_runs r = { .page_shift = 12, .pages_left = 10, .all_of = 1 };

	(void)state;
	assert_true(mmscope_runs_add(&r, 0, 4 * PAGE, 1) == 4 * PAGE);
	assert_true(mmscope_runs_add(&r, 4 * PAGE, 8 * PAGE, 2) == 8 * PAGE);
	assert_true(r.pages == 4);
	assert_true(mmscope_runs_add(&r, 8 * PAGE, 18 * PAGE, 3) == 14 * PAGE);
	assert_true(r.pages == 10 && r.pages_left == 0 && r.count == 0);
}

static void frames_that_follow(void **state)
{
	struct mmscope_run out[8];
	struct mmscope_runs r = {
		.categories = 1, .page_shift = 12, .pages_left = UINT64_MAX, .out = out, .room = 8,
	};

	(void)state;
	mmscope_runs_add_frames(&r, 0, PAGE, 1, 100, true);
	mmscope_runs_add_frames(&r, PAGE, 3 * PAGE, 1, 101, true);
	mmscope_runs_add_frames(&r, 3 * PAGE, 4 * PAGE, 1, 200, true);
	mmscope_runs_break(&r);
	assert_int_equal(r.count, 2);
	assert_true(out[0].end == 3 * PAGE && out[0].frame == 100);
	assert_true(out[1].start == 3 * PAGE && out[1].frame == 200);
}

static void frames_stand_apart(void **state)
{
	struct mmscope_run out[8];
	struct mmscope_runs r = {
		.categories = 3, .page_shift = 12, .pages_left = 6, .out = out, .room = 8,
	};

	(void)state;
	/* Slots of swap: a run each, and the last page is one too many. */
	assert_true(mmscope_runs_add_frames(&r, 0, 2 * PAGE, 1, 64, false) == 2 * PAGE);
	/* What has no frame is not followed by the frame of its length. */
	assert_true(mmscope_runs_add_frames(&r, 2 * PAGE, 3 * PAGE, 1, 9, true) == 3 * PAGE);
	assert_true(mmscope_runs_add(&r, 3 * PAGE, 5 * PAGE, 1) == 5 * PAGE);
	assert_true(mmscope_runs_add_frames(&r, 5 * PAGE, 9 * PAGE, 1, 2, true) == 6 * PAGE);
	mmscope_runs_break(&r);
	assert_int_equal(r.count, 5);
	assert_true(out[0].frame == 64 && out[1].frame == 96 && out[1].start == PAGE);
	assert_true(out[2].frame == 9 && !out[3].frame && out[3].end == 5 * PAGE);
	assert_true(out[4].frame == 2 && out[4].start == 5 * PAGE && out[4].end == 6 * PAGE);
}

static void a_break_parts_what_is_alike(void **state)
{
	struct mmscope_run out[8];
	struct mmscope_runs r = {
		.categories = 1, .page_shift = 12, .pages_left = UINT64_MAX, .out = out, .room = 8,
	};

	(void)state;
	mmscope_runs_add(&r, 0, PAGE, 1);
	mmscope_runs_break(&r);
	mmscope_runs_add(&r, PAGE, 2 * PAGE, 1);
	mmscope_runs_break(&r);
	assert_int_equal(r.count, 2);
}

static void a_flush_keeps_the_open_run(void **state)
{
	struct mmscope_run out[2];
	struct mmscope_runs r = {
		.categories = 3, .page_shift = 12, .pages_left = UINT64_MAX, .out = out, .room = 2,
	};

	(void)state;
	mmscope_runs_add(&r, 0, PAGE, 1);
	mmscope_runs_add(&r, PAGE, 2 * PAGE, 2);
	assert_int_equal(r.count, 1);
	mmscope_runs_flush(&r);
	mmscope_runs_add(&r, 2 * PAGE, 3 * PAGE, 2);
	mmscope_runs_break(&r);
	assert_int_equal(r.count, 1);
	assert_true(out[0].start == PAGE && out[0].end == 3 * PAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("unit.runs.against_the_model", against_the_model),
		TEST("unit.runs.counting_alone", counting_alone),
		TEST("unit.runs.frames_that_follow", frames_that_follow),
		TEST("unit.runs.frames_stand_apart", frames_stand_apart),
		TEST("unit.runs.a_break_parts", a_break_parts_what_is_alike),
		TEST("unit.runs.a_flush_keeps_the_open_run", a_flush_keeps_the_open_run),
	};

	return cmocka_run_group_tests_name("runs", tests, NULL, NULL);
}
