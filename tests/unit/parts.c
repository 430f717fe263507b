// SPDX-License-Identifier: GPL-2.0
/*
 * parts.c - parts of memory laid over runs of pages, against the same counted byte by
 * byte; the list of symbols of an object, and who shares a page, against all pairs.
 */
#include "kit.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "object.h"

#define PAGE	4096ULL
#define C(name)	MMSCOPE_CAT(name)

int parts_test_function(void);
int parts_test_variable = 4;
static __thread int parts_test_tls;

int parts_test_function(void)
{
	return parts_test_variable + parts_test_tls++;
}

static void lay(struct mms_part *part, size_t count, const struct mmscope_run *run,
		const enum mms_page_state *state, size_t runs)
{
	struct mms_layer *l = mms_layer_new(part, count);

	assert_non_null(l);
	for (size_t i = 0; i < runs; i++)
		mms_layer_run(l, run[i].start, run[i].end, state[i], run[i].categories);
	mms_layer_end(l);
}

/* .data and .bss, which meet in a page; a hole behind; and what lies in it. */
static void sections_share_a_page(void **state)
{
	static const struct mmscope_run run[] = {
		{ 0x10000, 0x12000, C(PRESENT), 0 },
		{ 0x12000, 0x13000, C(PRESENT) | C(DIRTY) | C(ANON), 0 },
		{ 0x13000, 0x14000, 0, 0 },
		{ 0x14000, 0x15000, C(PRESENT) | C(ZERO), 0 },
		{ 0x15000, 0x16000, C(SWAPPED) | C(DIRTY), 0 },
	};
	static const enum mms_page_state states[] = {
		MMS_PAGE_RESIDENT, MMS_PAGE_DIRTY, MMS_PAGE_UNTOUCHED, MMS_PAGE_ZERO,
		MMS_PAGE_SWAPPED,
	};
	struct mms_part part[] = {
		{ .start = 0x10000, .size = 0x8000 },	/* the segment, and beyond */
		{ .start = 0x12300, .size = 0x3000 },	/* .bss */
		{ .start = 0x11ff0, .size = 0x310 },	/* .data */
		{ .start = 0x16000, .size = 0x100 },	/* where nothing is mapped */
		{ .start = 0x12010, .size = 0 },
	};

	(void)state;
	lay(part, ARRAY_SIZE(part), run, states, ARRAY_SIZE(run));
	assert_int_equal(mms_part_resident(&part[2]), 0x310);
	assert_int_equal(part[2].state[MMS_PAGE_RESIDENT], 0x10);
	assert_int_equal(part[2].dirty, 0x300);
	assert_int_equal(part[1].dirty, 0xd00);
	assert_int_equal(part[1].anon, 0xd00);
	assert_int_equal(part[1].state[MMS_PAGE_ZERO], 0x1000);
	assert_int_equal(part[1].state[MMS_PAGE_SWAPPED], 0x300);
	assert_int_equal(mms_part_absent(&part[1]), 0x1000);
	assert_int_equal(mms_part_resident(&part[1]), 0x1d00);
	assert_int_equal(mms_part_unmapped(&part[1]), 0);
	assert_int_equal(mms_part_unmapped(&part[0]), 0x2000);
	/* What is swapped is not dirty memory, and the zero page is nobody's. */
	assert_int_equal(part[0].dirty, 0x1000);
	assert_int_equal(mms_part_resident(&part[0]), 0x4000);
	assert_string_equal(mms_part_word(&part[0]), "mixed");
	assert_string_equal(mms_part_word(&part[2]), "mixed");
	assert_string_equal(mms_part_word(&part[3]), "unmapped");
	assert_string_equal(mms_part_word(&part[4]), "");
	assert_int_equal(mms_part_pages(&part[1]), 4);
	assert_int_equal(mms_part_pages(&part[2]), 2);
	assert_int_equal(mms_part_pages(&part[4]), 0);
	part[2].size = 0x20;
	part[2].start = 0x12000;
	lay(&part[2], 1, run, states, ARRAY_SIZE(run));
	assert_string_equal(mms_part_word(&part[2]), "dirty");
	assert_int_equal(mms_part_pages(&part[2]), 1);
}

/* Any parts over any runs, against each byte asked alone. */
#define SPACE	200

static void as_counted(void **state)
{
	unsigned int seed = 7;

	(void)state;
	for (int round = 0; round < 500; round++) {
		enum mms_page_state of[SPACE], states[SPACE];
		struct mmscope_run run[SPACE];
		struct mms_part part[40];
		size_t runs = 0;

		for (unsigned int i = 0; i < SPACE; i++)
			of[i] = MMS_PAGE_STATE_COUNT;
		for (unsigned int at = (unsigned int)rand_r(&seed) % 9; at < SPACE;) {
			unsigned int to = at + 1 + (unsigned int)rand_r(&seed) % 20;

			states[runs] = (enum mms_page_state)
				       ((unsigned int)rand_r(&seed) % MMS_PAGE_STATE_COUNT);
			run[runs] = (struct mmscope_run){ at, to < SPACE ? to : SPACE,
							  rand_r(&seed) % 2 ? C(DIRTY) : 0, 0 };
			for (uint64_t i = run[runs].start; i < run[runs].end; i++)
				of[i] = states[runs];
			runs++;
			at = to + (rand_r(&seed) % 3 ? 0 : (unsigned int)rand_r(&seed) % 9);
		}
		for (size_t i = 0; i < ARRAY_SIZE(part); i++)
			part[i] = (struct mms_part){ .start = (unsigned int)rand_r(&seed) % SPACE,
						     .size = (unsigned int)rand_r(&seed) % 90 };
		lay(part, ARRAY_SIZE(part), run, states, runs);
		for (size_t i = 0; i < ARRAY_SIZE(part); i++) {
			uint64_t sums[MMS_PAGE_STATE_COUNT + 1] = { 0 };

			for (uint64_t k = part[i].start; k < part[i].start + part[i].size; k++)
				sums[k < SPACE ? of[k] : MMS_PAGE_STATE_COUNT]++;
			assert_memory_equal(part[i].state, sums, sizeof(part[i].state));
			assert_int_equal(mms_part_unmapped(&part[i]), sums[MMS_PAGE_STATE_COUNT]);
		}
	}
}

/* No part and no run is too odd; what comes twice, or out of order, is not taken twice. */
static void odd_ones(void **state)
{
	static const struct mmscope_run run[] = {
		{ 0, 0x2000, 0, 0 }, { 0x1000, 0x3000, 0, 0 }, { 0, 0x1000, 0, 0 },
		{ 0x5000, 0x4000, 0, 0 }, { UINT64_MAX - 0xfff, UINT64_MAX, 0, 0 },
	};
	static const enum mms_page_state states[] = {
		MMS_PAGE_RESIDENT, MMS_PAGE_RESIDENT, MMS_PAGE_DIRTY, MMS_PAGE_DIRTY, MMS_PAGE_LOCKED,
	};
	struct mms_part part[] = {
		{ .start = 0, .size = UINT64_MAX },
		{ .start = UINT64_MAX - 0x10, .size = 0x1000 },	/* goes round the end */
		{ .start = UINT64_MAX, .size = UINT64_MAX },
		{ .start = 0x2fff, .size = 1 },
	};

	(void)state;
	lay(part, ARRAY_SIZE(part), run, states, ARRAY_SIZE(run));
	assert_int_equal(part[0].state[MMS_PAGE_RESIDENT], 0x3000);
	assert_int_equal(part[0].state[MMS_PAGE_DIRTY], 0);
	assert_int_equal(part[0].state[MMS_PAGE_LOCKED], 0xfff);
	assert_int_equal(part[1].state[MMS_PAGE_LOCKED], 0x10);
	assert_int_equal(mms_part_resident(&part[2]), 0);
	assert_int_equal(mms_part_resident(&part[3]), 1);
	assert_true(mms_part_pages(&part[1]) == 1 && mms_part_pages(&part[0]) == 1ULL << 52);
	lay(NULL, 0, run, states, ARRAY_SIZE(run));
	mms_layer_end(NULL);
}

/* ---- symbols --------------------------------------------------------------- */

static struct mms_elf *open_self(uint64_t bias)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	struct mms_elf *e;

	assert_int_equal(mms_elf_open_fd(fd, "self", bias, &e, NULL), 0);
	close(fd);
	return e;
}

static uint64_t end_of(const struct mms_symbol *s)
{
	return s->address + (s->size ? s->size : 1);
}

static bool share_a_page(const struct mms_symbol *a, const struct mms_symbol *b)
{
	return a->address / PAGE <= (end_of(b) - 1) / PAGE &&
	       b->address / PAGE <= (end_of(a) - 1) / PAGE;
}

static void symbols_are_listed(void **state)
{
	struct mms_elf *e = open_self(0x10000);
	struct mms_symbol s, at, before = { 0 };
	bool function = false, variable = false, local = false;
	struct mms_symbols *l;
	size_t tls, count;

	(void)state;
	assert_int_equal(mms_symbols_new(e, &l, NULL), 0);
	count = mms_symbols_count(l, &tls);
	assert_true(count > 20 && tls >= 1);
	for (size_t i = 0; i < count; i++) {
		mms_symbols_get(l, i, &s);
		assert_true(s.address > before.address && s.type != MMS_SYMBOL_TLS);
		assert_true(s.size || s.type != MMS_SYMBOL_OTHER);
		/* It is the one that is told of its address, if it covers it. */
		if (s.size && mms_elf_symbol_at(e, s.address, &at))
			assert_string_equal(at.name, s.name);
		function |= !strcmp(s.name, "parts_test_function");
		variable |= !strcmp(s.name, "parts_test_variable");
		before = s;
	}
	for (size_t i = count; i < count + tls; i++) {
		mms_symbols_get(l, i, &s);
		assert_int_equal(s.type, MMS_SYMBOL_TLS);
		local |= !strcmp(s.name, "parts_test_tls");
	}
	assert_true(function && variable && local && parts_test_function() == 4);
	mms_symbols_free(l);
	mms_symbols_free(NULL);
	mms_elf_close(e);
}

static void who_shares(void **state)
{
	struct mms_elf *e = open_self(0);
	struct mms_symbols *l;
	size_t tls, count, others[8], found;

	(void)state;
	assert_int_equal(mms_symbols_new(e, &l, NULL), 0);
	count = mms_symbols_count(l, &tls);
	for (size_t i = 0; i < count; i++) {
		struct mms_symbol a, b;
		size_t sharing = 0;

		mms_symbols_get(l, i, &a);
		for (size_t k = 0; k < count; k++) {
			mms_symbols_get(l, k, &b);
			sharing += k != i && share_a_page(&a, &b);
		}
		assert_int_equal(mms_symbols_sharing(l, i), sharing);
		found = mms_symbols_sharers(l, i, others, ARRAY_SIZE(others));
		assert_true(found <= sharing && !found == !sharing);
		for (size_t k = 0; k < found; k++) {
			mms_symbols_get(l, others[k], &b);
			assert_true(others[k] != i && share_a_page(&a, &b));
			assert_true(!k || others[k] > others[k - 1]);
		}
	}
	assert_int_equal(mms_symbols_sharing(l, count), 0);
	assert_int_equal(mms_symbols_sharers(l, count, others, 8), 0);
	mms_symbols_free(l);
	mms_elf_close(e);
}

/* By hand: one that is long, one within it, labels, aliases, and one without a size. */
static void nested_and_aliased(void **state)
{
	struct mmsi_sym sym[] = {
		{ .value = 0x1000, .size = 0x5000, .name = "long", .type = MMS_SYMBOL_OBJECT },
		{ .value = 0x1000, .size = 0x10, .name = "__long", .type = MMS_SYMBOL_OBJECT, .rank = 8 },
		{ .value = 0x2000, .name = "label", .type = MMS_SYMBOL_OTHER, .rank = 64 },
		{ .value = 0x3000, .name = "_init", .type = MMS_SYMBOL_FUNC },
		{ .value = 0x4ff0, .size = 0x20, .name = "within", .type = MMS_SYMBOL_OBJECT },
		{ .value = 0x9000, .name = "start", .type = MMS_SYMBOL_FUNC },
		{ .value = 0x9000, .size = 8, .name = "sized", .type = MMS_SYMBOL_OBJECT, .rank = 1 },
		{ .value = 0x9000, .size = 8, .name = "tls", .type = MMS_SYMBOL_TLS },
	};
	struct mms_elf e = { .sym = sym, .syms = ARRAY_SIZE(sym) };
	struct mms_symbols *l;
	struct mms_symbol s;
	size_t tls, others[8];

	(void)state;
	mmsi_elf_finish(&e, 0x100000);
	assert_int_equal(mms_symbols_new(&e, &l, NULL), 0);
	assert_int_equal(mms_symbols_count(l, &tls), 4);
	assert_int_equal(tls, 1);
	mms_symbols_get(l, 0, &s);
	assert_string_equal(s.name, "long");
	assert_true(s.address == 0x101000);
	mms_symbols_get(l, 3, &s);
	assert_string_equal(s.name, "sized");
	assert_int_equal(mms_symbols_sharing(l, 0), 2);
	assert_int_equal(mms_symbols_sharing(l, 1), 1);
	assert_int_equal(mms_symbols_sharing(l, 2), 1);
	assert_int_equal(mms_symbols_sharing(l, 3), 0);
	assert_int_equal(mms_symbols_sharers(l, 2, others, 8), 1);
	assert_int_equal(others[0], 0);
	assert_int_equal(mms_symbols_sharers(l, 0, others, 1), 1);
	assert_int_equal(others[0], 1);
	assert_int_equal(mms_symbols_sharers(l, 0, others, 0), 0);
	mms_symbols_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("unit.parts.sections_share_a_page", sections_share_a_page),
		TEST("unit.parts.as_counted", as_counted),
		TEST("unit.parts.odd_ones", odd_ones),
		TEST("unit.parts.symbols_are_listed", symbols_are_listed),
		TEST("unit.parts.who_shares", who_shares),
		TEST("unit.parts.nested_and_aliased", nested_and_aliased),
	};

	return cmocka_run_group_tests_name("unit.parts", tests, NULL, NULL);
}
