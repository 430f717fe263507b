// SPDX-License-Identifier: GPL-2.0
/*
 * diff.c - what is found between two captures written by hand: each kind of change
 * of a VMA and of a page alone, beside what must not be found.
 */
#include "capture-kit.h"

#define THERE	(CAT(PRESENT) | CAT(ANON))
#define DIRTY_	(THERE | CAT(DIRTY))

/* Compares and frees the captures with diff_free(). */
struct both {
	struct mms_capture *a, *b;
	struct mms_diff d;
};

static void open_both(struct both *x, const struct vma_row *va, const struct run_row *ra,
		      const struct vma_row *vb, const struct run_row *rb)
{
	x->a = capture_of(va, ra);
	x->b = capture_of(vb, rb);
}

static void compare(struct both *x)
{
	assert_int_equal(mms_diff(x->a, x->b, &x->d, NULL), 0);
}

static void close_both(struct both *x)
{
	mms_diff_free(&x->d);
	mms_capture_free(x->a);
	mms_capture_free(x->b);
}

/* The effects of an area, as a mask; and that no page has more than one count each. */
static uint64_t effects_in(const struct mms_diff *d, size_t area)
{
	uint64_t mask = 0;

	for (int e = 0; e < MMS_EFFECT_COUNT; e++)
		if (d->area[area].pages[e])
			mask |= 1ULL << e;
	return mask;
}

#define EFFECT(name)	(1ULL << MMS_EFFECT_##name)

static const struct vma_row one_vma[] = { { 0x100, 0x110, RW, "[heap]", 0, 0 }, { 0 } };

/* One page before, the same page after, and what is to be said. */
static const struct rule {
	uint64_t before, after;
	uint64_t frame_before, frame_after;
	uint64_t effects;
} rules[] = {
	{ 0, 0, 0, 0, 0 },
	{ DIRTY_, DIRTY_, 7, 7, 0 },
	{ 0, DIRTY_, 0, 7, EFFECT(RESIDENT) },
	{ 0, CAT(PRESENT) | CAT(ZERO), 0, 7, EFFECT(RESIDENT) },
	{ CAT(SWAPPED), THERE, 5, 7, EFFECT(SWAPPED_IN) },
	{ CAT(CACHE_SWAPPED), CAT(PRESENT) | CAT(SHMEM), 0, 7, EFFECT(SWAPPED_IN) },
	{ DIRTY_, CAT(SWAPPED), 7, 5, EFFECT(SWAPPED_OUT) },
	{ 0, CAT(SWAPPED), 0, 5, EFFECT(SWAPPED_OUT) },
	{ CAT(SWAPPED), CAT(SWAPPED), 5, 37, 0 },
	{ DIRTY_, 0, 7, 0, EFFECT(DROPPED) },
	{ CAT(PRESENT) | CAT(FILE), CAT(IN_CORE), 7, 0, EFFECT(DROPPED) },
	{ CAT(SWAPPED), 0, 5, 0, EFFECT(SWAP_FREED) },
	{ THERE, THERE | CAT(MLOCKED), 7, 7, EFFECT(LOCKED) },
	{ 0, THERE | CAT(MLOCKED), 0, 7, EFFECT(RESIDENT) | EFFECT(LOCKED) },
	{ THERE | CAT(MLOCKED), THERE, 7, 7, EFFECT(UNLOCKED) },
	{ THERE | CAT(MLOCKED), 0, 7, 0, EFFECT(DROPPED) },
	{ THERE | CAT(MLOCKED), THERE | CAT(LOCK_UNKNOWN), 7, 7, 0 },
	{ THERE, DIRTY_, 7, 7, EFFECT(WRITTEN) },
	{ THERE | CAT(PAGE_DIRTY), DIRTY_, 7, 7, 0 },
	{ DIRTY_, THERE, 7, 7, EFFECT(CLEANED) },
	{ CAT(PRESENT) | CAT(ZERO), DIRTY_, 7, 8, EFFECT(WRITTEN) },
	{ DIRTY_, CAT(PRESENT) | CAT(ZERO), 7, 8, 0 },
	{ DIRTY_, DIRTY_ | CAT(SHARED), 7, 7, EFFECT(SHARED) },
	{ DIRTY_ | CAT(SHARED), DIRTY_, 7, 8, EFFECT(UNSHARED) | EFFECT(MOVED) },
	{ DIRTY_, DIRTY_, 7, 8, EFFECT(MOVED) },
	{ DIRTY_, DIRTY_, 7, 0, 0 },
	{ DIRTY_, DIRTY_ | CAT(HUGE_PMD), 7, 7, EFFECT(HUGE) },
	{ DIRTY_ | CAT(HUGE_PMD), DIRTY_, 7, 7, EFFECT(SMALL) },
	{ 0, CAT(GUARD), 0, 0, EFFECT(GUARDED) },
	{ DIRTY_, CAT(GUARD), 7, 0, EFFECT(GUARDED) | EFFECT(DROPPED) },
	{ CAT(GUARD), 0, 0, 0, EFFECT(UNGUARDED) },
	{ CAT(PRESENT) | CAT(FILE), CAT(PRESENT) | CAT(FILE) | CAT(SHARED), 7, 7, 0 },
	{ 0, CAT(IN_CORE), 0, 0, 0 },
	{ CAT(MIGRATING), THERE, 0, 7, 0 },
	{ DIRTY_ | CAT(ACCESSED), DIRTY_ | CAT(SOFT_DIRTY), 7, 7, 0 },
};

static void test_pages(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct rule *r = &rules[i];
		const struct run_row before[] = { { 0x100, 0x10f, 0, 0 },
			{ 0x10f, 0x110, r->before, r->frame_before }, { 0 } };
		const struct run_row after[] = { { 0x100, 0x10f, 0, 0 },
			{ 0x10f, 0x110, r->after, r->frame_after }, { 0 } };
		struct both x;

		open_both(&x, one_vma, before, one_vma, after);
		compare(&x);
		if (x.d.areas != (r->effects != 0) || (r->effects && effects_in(&x.d, 0) != r->effects))
			fail_msg("rule %zu: %zu areas, effects %llx", i, x.d.areas,
				 x.d.areas ? (unsigned long long)effects_in(&x.d, 0) : 0ULL);
		if (r->effects) {
			assert_int_equal(x.d.runs, 1);
			assert_int_equal(x.d.run[0].start, 0x10f * PAGE);
			assert_int_equal(x.d.run[0].end, 0x110 * PAGE);
		}
		assert_int_equal(x.d.unchanged, r->effects == 0);
		close_both(&x);
	}
}

/* What one of the two could not tell is no difference. */
static void test_untold(void **state)
{
	static const struct run_row before[] = { { 0x100, 0x104, THERE, 0 }, { 0 } };
	static const struct run_row after[] = { { 0x100, 0x108, DIRTY_ | CAT(MLOCKED), 0 }, { 0 } };
	struct both x;

	(void)state;
	open_both(&x, one_vma, before, one_vma, after);
	x.a->info.categories = CAT(PRESENT) | CAT(SWAPPED) | CAT(ANON);
	compare(&x);
	/* Of the pages behind, the first capture does not say even that they are not there. */
	assert_int_equal(x.d.areas, 0);
	close_both(&x);
}

/* VMAs; pieces are kind, start, end. */
struct piece_row {
	enum mms_piece kind;
	uint64_t start, end;
};

static void expect_area(const struct mms_diff *d, size_t i, uint64_t start, uint64_t end,
			size_t befores, size_t afters, const struct piece_row *pieces)
{
	const struct mms_diff_area *a = &d->area[i];
	size_t n = 0;

	assert_true(i < d->areas);
	assert_int_equal(a->start, start * PAGE);
	assert_int_equal(a->end, end * PAGE);
	assert_int_equal(a->befores, befores);
	assert_int_equal(a->afters, afters);
	for (; pieces[n].end; n++) {
		assert_true(n < a->pieces);
		assert_int_equal(d->piece[a->piece + n].kind, pieces[n].kind);
		assert_int_equal(d->piece[a->piece + n].start, pieces[n].start * PAGE);
		assert_int_equal(d->piece[a->piece + n].end, pieces[n].end * PAGE);
	}
	assert_int_equal(a->pieces, n);
}

#define PIECES(...) (const struct piece_row[]){ __VA_ARGS__ __VA_OPT__(,) { 0, 0, 0 } }

static void test_vmas(void **state)
{
	static const struct vma_row before[] = {
		{ 0x100, 0x110, RW, "[heap]", 0, 0 },		/* grows */
		{ 0x200, 0x210, RW, NULL, 0, 0 },		/* is split by mprotect */
		{ 0x300, 0x308, RW, NULL, 0, 0 },		/* merge, with what is new */
		{ 0x30a, 0x310, RO, NULL, 0, 0 },
		{ 0x400, 0x410, RW, NULL, 0, 0 },		/* is gone */
		{ 0x500, 0x510, RO, "/x", 5, 0 },		/* is the same */
		{ 0x600, 0x610, RO, "/x", 5, 0x10 },		/* another part of the file */
		{ 0x700, 0x710, RW, NULL, 0, 0 },		/* loses its middle */
		{ 0x800, 0x808, RW, NULL, 0, 0 },		/* a seam moves */
		{ 0x808, 0x810, RO, NULL, 0, 0 },
		{ 0x900, 0x910, RW, NULL, 0, 0 },		/* another takes its end */
		{ 0 }
	}, after[] = {
		{ 0x100, 0x118, RW, "[heap]", 0, 0 },
		{ 0x200, 0x204, RW, NULL, 0, 0 },
		{ 0x204, 0x206, RO, NULL, 0, 0 },
		{ 0x206, 0x210, RW, NULL, 0, 0 },
		{ 0x300, 0x310, RW, NULL, 0, 0 },
		{ 0x500, 0x510, RO, "/x", 5, 0 },
		{ 0x600, 0x610, RO, "/x", 5, 0x20 },
		{ 0x700, 0x704, RW, NULL, 0, 0 },
		{ 0x708, 0x710, RW, NULL, 0, 0 },
		{ 0x800, 0x80c, RW, NULL, 0, 0 },
		{ 0x80c, 0x810, RO, NULL, 0, 0 },
		{ 0x900, 0x90c, RW, NULL, 0, 0 },
		{ 0x90c, 0x914, RO, "/y", 6, 0 },
		{ 0xa00, 0xa10, RW, NULL, 0, 0 },		/* new */
		{ 0 }
	};
	struct both x;

	(void)state;
	open_both(&x, before, NULL, after, NULL);
	compare(&x);
	assert_int_equal(x.d.areas, 9);
	assert_int_equal(x.d.unchanged, 1);
	expect_area(&x.d, 0, 0x100, 0x118, 1, 1, PIECES({ MMS_PIECE_NEW, 0x110, 0x118 }));
	expect_area(&x.d, 1, 0x200, 0x210, 1, 3, PIECES({ MMS_PIECE_CHANGED, 0x204, 0x206 }));
	expect_area(&x.d, 2, 0x300, 0x310, 2, 1, PIECES({ MMS_PIECE_NEW, 0x308, 0x30a },
							{ MMS_PIECE_CHANGED, 0x30a, 0x310 }));
	expect_area(&x.d, 3, 0x400, 0x410, 1, 0, PIECES({ MMS_PIECE_GONE, 0x400, 0x410 }));
	expect_area(&x.d, 4, 0x600, 0x610, 1, 1, PIECES({ MMS_PIECE_REPLACED, 0x600, 0x610 }));
	expect_area(&x.d, 5, 0x700, 0x710, 1, 2, PIECES({ MMS_PIECE_GONE, 0x704, 0x708 }));
	expect_area(&x.d, 6, 0x800, 0x810, 2, 2, PIECES({ MMS_PIECE_CHANGED, 0x808, 0x80c }));
	expect_area(&x.d, 7, 0x900, 0x914, 1, 2, PIECES({ MMS_PIECE_REPLACED, 0x90c, 0x910 },
							{ MMS_PIECE_NEW, 0x910, 0x914 }));
	expect_area(&x.d, 8, 0xa00, 0xa10, 0, 1, PIECES({ MMS_PIECE_NEW, 0xa00, 0xa10 }));
	close_both(&x);
}

/* Side by side without overlap they remain two; each run is in its own area. */
static void test_neighbours(void **state)
{
	static const struct vma_row vmas[] = {
		{ 0x100, 0x110, RW, NULL, 0, 0 }, { 0x110, 0x120, RO, NULL, 0, 0 }, { 0 }
	};
	static const struct run_row before[] = { { 0x100, 0x110, 0, 0 }, { 0x110, 0x120, 0, 0 }, { 0 } };
	static const struct run_row after[] = { { 0x100, 0x108, 0, 0 }, { 0x108, 0x110, DIRTY_, 0 },
						{ 0x110, 0x114, DIRTY_, 0 }, { 0x114, 0x120, 0, 0 }, { 0 } };
	struct both x;

	(void)state;
	open_both(&x, vmas, before, vmas, after);
	compare(&x);
	assert_int_equal(x.d.areas, 2);
	assert_int_equal(x.d.area[0].pages[MMS_EFFECT_RESIDENT], 8);
	assert_int_equal(x.d.area[1].pages[MMS_EFFECT_RESIDENT], 4);
	assert_int_equal(x.d.area[0].runs, 1);
	assert_int_equal(x.d.area[1].runs, 1);
	assert_int_equal(x.d.area[1].run, 1);
	close_both(&x);
}

static void test_unmapped_pages(void **state)
{
	static const struct vma_row before[] = { { 0x100, 0x110, RW, NULL, 0, 0 }, { 0 } };
	static const struct vma_row after[] = { { 0x100, 0x108, RW, NULL, 0, 0 }, { 0 } };
	static const struct run_row full[] = { { 0x100, 0x10c, DIRTY_, 50 },
					       { 0x10c, 0x10e, CAT(SWAPPED), 33 },
					       { 0x10e, 0x110, 0, 0 }, { 0 } };
	static const struct run_row half[] = { { 0x100, 0x108, DIRTY_, 50 }, { 0 } };
	struct both x;

	(void)state;
	open_both(&x, before, full, after, half);
	compare(&x);
	expect_area(&x.d, 0, 0x100, 0x110, 1, 1, PIECES({ MMS_PIECE_GONE, 0x108, 0x110 }));
	assert_int_equal(effects_in(&x.d, 0), EFFECT(UNMAPPED));
	assert_int_equal(x.d.area[0].pages[MMS_EFFECT_UNMAPPED], 6);
	close_both(&x);
}

/* A parent and its child: 6 pages are the same, 2 were copied, and the zero page is nobody's. */
static void test_fork(void **state)
{
	static const struct vma_row vmas[] = { { 0x100, 0x110, RW, NULL, 0, 0 },
					       { 0x200, 0x204, RO, "/x", 5, 0 }, { 0 } };
	static const struct run_row parent[] = {
		{ 0x100, 0x108, DIRTY_ | CAT(SHARED), 50 }, { 0x108, 0x10a, CAT(PRESENT) | CAT(ZERO), 3 },
		{ 0x10a, 0x110, 0, 0 }, { 0x200, 0x204, CAT(PRESENT) | CAT(FILE), 90 }, { 0 }
	}, child[] = {
		{ 0x100, 0x102, DIRTY_, 80 }, { 0x102, 0x108, DIRTY_ | CAT(SHARED), 52 },
		{ 0x108, 0x10a, CAT(PRESENT) | CAT(ZERO), 3 }, { 0x10a, 0x110, 0, 0 },
		{ 0x200, 0x204, CAT(PRESENT) | CAT(FILE), 90 }, { 0 }
	};
	struct both x;

	(void)state;
	open_both(&x, vmas, parent, vmas, child);
	x.b->info.pid = 101;
	x.b->info.ppid = 100;
	x.b->info.started++;
	compare(&x);
	assert_true(x.d.child && !x.d.parent && !x.d.same_process && x.d.frames);
	assert_int_equal(x.d.areas, 2);
	assert_int_equal(x.d.area[0].both, 8);
	assert_int_equal(x.d.area[0].same_frame, 6);
	assert_int_equal(x.d.area[1].both, 4);
	assert_int_equal(x.d.area[1].same_frame, 4);
	mms_diff_free(&x.d);
	/* Frames of another boot say nothing. */
	x.b->info.boot[0] = '9';
	compare(&x);
	assert_false(x.d.frames || x.d.child);
	assert_int_equal(x.d.area[0].same_frame, 0);
	close_both(&x);
}

static void test_figures(void **state)
{
	struct both x;

	(void)state;
	open_both(&x, one_vma, NULL, one_vma, NULL);
	set_figure(x.a, MMS_MM_BRK, 0x5000);
	set_figure(x.b, MMS_MM_BRK, 0x26000);
	set_figure(x.a, MMS_MM_SWAP, 0);
	set_figure(x.b, MMS_MM_SWAP, 0);
	set_figure(x.b, MMS_MM_LOCKED_VM, 4096);	/* the first does not know it */
	compare(&x);
	assert_true(x.d.same_process && !x.d.execed);
	assert_int_equal(x.d.figures, 1);
	assert_int_equal(x.d.figure[0].field, MMS_MM_BRK);
	assert_int_equal(x.d.figure[0].after - x.d.figure[0].before, 0x21000);
	mms_diff_free(&x.d);
	set_figure(x.a, MMS_MM_START_STACK, 1);
	set_figure(x.b, MMS_MM_START_STACK, 2);
	compare(&x);
	assert_true(x.d.execed);
	close_both(&x);
}

static void test_page_sizes(void **state)
{
	struct both x;
	struct mms_error err;

	(void)state;
	open_both(&x, one_vma, NULL, one_vma, NULL);
	x.b->info.page_size = 65536;
	assert_int_not_equal(mms_diff(x.a, x.b, &x.d, &err), 0);
	assert_int_equal(err.status, MMS_USAGE);
	close_both(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("unit.diff.pages", test_pages),
		TEST("unit.diff.untold", test_untold),
		TEST("unit.diff.vmas", test_vmas),
		TEST("unit.diff.neighbours", test_neighbours),
		TEST("unit.diff.unmapped_pages", test_unmapped_pages),
		TEST("unit.diff.fork", test_fork),
		TEST("unit.diff.figures", test_figures),
		TEST("unit.diff.page_sizes", test_page_sizes),
	};

	return cmocka_run_group_tests_name("unit.diff", tests, NULL, NULL);
}
