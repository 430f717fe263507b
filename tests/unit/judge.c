// SPDX-License-Identifier: GPL-2.0
/*
 * judge.c - the rules by which a difference between the module and another
 * witness has a name, each with a case beside it that must have none.
 */
#include "kit.h"
#include "witness.h"

#define CAT(name)	(1ULL << MMSCOPE_CAT_##name)
#define THERE		MMS_CLAIM(PRESENT)
#define OUT		MMS_CLAIM(SWAPPED)
#define CORE		MMS_CLAIM(IN_CORE)
#define FILE_		MMS_CLAIM(FILE)
#define ZEROES		MMS_CLAIM(ZERO)
#define SOFT		MMS_CLAIM(SOFT_DIRTY)

enum { ANON, FILEMAP, SPECIAL, PFN, NEW };	/* kinds of VMA */

static const struct mms_vma vmas[] = {
	[ANON] = { .backing = MMSCOPE_BACKING_ANON },
	[FILEMAP] = { .backing = MMSCOPE_BACKING_FILE },
	[SPECIAL] = { .backing = MMSCOPE_BACKING_SPECIAL },
	[PFN] = { .backing = MMSCOPE_BACKING_DEVICE, .flags = MMSCOPE_VMA_PFNMAP },
	[NEW] = { .backing = MMSCOPE_BACKING_ANON, .flags = MMSCOPE_VMA_SOFTDIRTY },
};

struct rule {
	enum mms_witness who;
	uint64_t cats;		/* what the module says */
	uint32_t kernel;	/* as claims */
	uint32_t yes;		/* what the witness says, of what it can */
	int vma;
	uint32_t named, wrong;
};

#define M MMS_WITNESS_MINCORE
#define P MMS_WITNESS_PAGEMAP
#define S MMS_WITNESS_SCAN

static const struct rule rules[] = {
	/* mincore against what is present, and against what it must say */
	{ M, CAT(PRESENT) | CAT(IN_CORE), THERE | CORE, CORE, ANON, 0, 0 },
	{ M, CAT(PRESENT) | CAT(IN_CORE), THERE | CORE, 0, ANON, 0, CORE },
	{ M, 0, 0, 0, ANON, 0, 0 },
	{ M, 0, 0, CORE, ANON, 0, CORE },
	{ M, CAT(IN_CORE), CORE, CORE, FILEMAP, MMS_DIFF(PAGE_CACHE), 0 },
	{ M, CAT(IN_CORE), CORE, 0, FILEMAP, 0, CORE },
	{ M, CAT(CACHE_UNKNOWN), 0, CORE, FILEMAP, MMS_DIFF(PRIVACY), 0 },
	{ M, CAT(CACHE_UNKNOWN), 0, 0, FILEMAP, 0, 0 },
	{ M, CAT(SWAPPED) | CAT(CACHE_UNKNOWN), OUT, CORE, ANON, MMS_DIFF(SWAP_CACHE), 0 },
	{ M, CAT(SWAPPED) | CAT(CACHE_UNKNOWN), OUT, 0, ANON, 0, 0 },
	{ M, CAT(CACHE_UNKNOWN), 0, CORE, SPECIAL, MMS_DIFF(SPECIAL), 0 },
	{ M, CAT(MIGRATING) | CAT(IN_CORE), CORE, CORE, ANON, MMS_DIFF(NON_PRESENT), 0 },

	/* pagemap */
	{ P, CAT(PRESENT), THERE, THERE, ANON, 0, 0 },
	{ P, CAT(PRESENT), THERE, 0, ANON, 0, THERE },
	{ P, 0, 0, THERE, ANON, 0, THERE },
	{ P, CAT(SWAPPED), OUT, OUT, ANON, 0, 0 },
	{ P, CAT(MIGRATING), 0, OUT, ANON, MMS_DIFF(NON_PRESENT), 0 },
	{ P, CAT(GUARD), 0, OUT, ANON, MMS_DIFF(NON_PRESENT), 0 },
	{ P, 0, 0, OUT, ANON, 0, OUT },
	{ P, CAT(PRESENT), THERE, THERE | OUT, ANON, 0, OUT },
	{ P, CAT(PRESENT) | CAT(SPECIAL), THERE, 0, PFN, MMS_DIFF(SPECIAL), 0 },
	{ P, CAT(PRESENT) | CAT(SPECIAL), THERE, 0, ANON, 0, THERE },
	{ P, CAT(PRESENT) | CAT(ZERO) | CAT(HUGE_PMD), THERE | ZEROES, THERE | FILE_, ANON,
	  MMS_DIFF(HUGE_ZERO), 0 },
	{ P, CAT(PRESENT) | CAT(ZERO), THERE | ZEROES, THERE | FILE_, ANON, 0, FILE_ },
	{ P, CAT(SOFT_DIRTY), SOFT, 0, NEW, 0, SOFT },

	/* PAGEMAP_SCAN */
	{ S, CAT(PRESENT) | CAT(ZERO), THERE | ZEROES, THERE | ZEROES, ANON, 0, 0 },
	{ S, CAT(PRESENT) | CAT(ZERO), THERE | ZEROES, THERE, ANON, 0, ZEROES },
	{ S, CAT(PRESENT) | CAT(ZERO) | CAT(HUGE_PMD), THERE | ZEROES, THERE, ANON,
	  MMS_DIFF(HUGE_ZERO), 0 },
	{ S, CAT(SOFT_DIRTY), SOFT, 0, NEW, MMS_DIFF(SOFT_DIRTY_VMA), 0 },
	{ S, CAT(SOFT_DIRTY), SOFT, 0, ANON, 0, SOFT },
	{ S, CAT(PRESENT), THERE, 0, PFN, MMS_DIFF(SPECIAL), 0 },
};

static uint32_t tells(enum mms_witness who)
{
	switch (who) {
	case M:
		return CORE;
	case P:
		return THERE | OUT | FILE_ | SOFT;
	default:
		return THERE | OUT | FILE_ | SOFT | ZEROES;
	}
}

static void by_the_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct rule *r = &rules[i];
		struct mms_said kernel = { .told = (1U << MMS_CLAIM_COUNT) - 1, .yes = r->kernel,
					   .categories = r->cats };
		struct mms_said said = { .told = tells(r->who), .yes = r->yes };
		struct mms_judgement j;

		if (r->cats & CAT(CACHE_UNKNOWN))
			kernel.told &= ~CORE;
		j = mms_judge(r->who, &kernel, &said, &vmas[r->vma]);
		if (j.named != r->named || j.wrong != r->wrong)
			fail_msg("rule %zu: named %x (expected %x), wrong %x (expected %x)", i,
				 j.named, r->named, j.wrong, r->wrong);
	}
}

static void frames(void **state)
{
	struct mms_said kernel = { .told = THERE, .yes = THERE, .frame = 7,
				   .categories = CAT(PRESENT) };
	struct mms_said said = kernel;

	(void)state;
	assert_int_equal(mms_judge(P, &kernel, &said, &vmas[ANON]).wrong, 0);
	said.frame = 8;
	assert_int_equal(mms_judge(P, &kernel, &said, &vmas[ANON]).wrong, MMS_WRONG_FRAME);
	said.frame = 0;		/* not told */
	assert_int_equal(mms_judge(P, &kernel, &said, &vmas[ANON]).wrong, 0);
}

/* Of a huge page the first may speak for all, where the witness says so. */
static void roughly(void **state)
{
	struct mms_said kernel = { .told = THERE | MMS_CLAIM(EXCLUSIVE),
				   .yes = THERE | MMS_CLAIM(EXCLUSIVE),
				   .categories = CAT(PRESENT) | CAT(HUGE_PMD) | CAT(ANON) };
	struct mms_said said = kernel;
	struct mms_judgement j;

	(void)state;
	said.yes = THERE;
	assert_int_equal(mms_judge(P, &kernel, &said, &vmas[ANON]).wrong, MMS_CLAIM(EXCLUSIVE));
	said.rough = MMS_CLAIM(EXCLUSIVE);
	j = mms_judge(P, &kernel, &said, &vmas[ANON]);
	assert_int_equal(j.wrong, 0);
	assert_int_equal(j.named, MMS_DIFF(FIRST_PAGE));
	kernel.categories = CAT(PRESENT) | CAT(ANON);
	assert_int_equal(mms_judge(P, &kernel, &said, &vmas[ANON]).wrong, MMS_CLAIM(EXCLUSIVE));
}

/* The process may be told less than the asker: then mincore says 1 of all. */
static void told_less(void **state)
{
	struct mms_said kernel = { .told = THERE | CORE };
	struct mms_said said = { .told = CORE, .yes = CORE };

	(void)state;
	assert_int_equal(mms_judge(M, &kernel, &said, &vmas[FILEMAP]).wrong, CORE);
	said.categories = CAT(CACHE_UNKNOWN);
	assert_int_equal(mms_judge(M, &kernel, &said, &vmas[FILEMAP]).wrong, 0);
	assert_int_equal(mms_judge(M, &kernel, &said, &vmas[FILEMAP]).named, MMS_DIFF(PRIVACY));
	said.yes = 0;
	kernel.yes = CORE;
	assert_int_equal(mms_judge(M, &kernel, &said, &vmas[FILEMAP]).wrong, CORE);
}

/* A huge page of shared memory need not be told for one; an anonymous one must not be. */
static void huge_file(void **state)
{
	struct mms_said kernel = { .told = THERE | MMS_CLAIM(FILE), .yes = THERE | MMS_CLAIM(FILE),
				   .categories = CAT(PRESENT) | CAT(HUGE_PMD) | CAT(SHMEM) };
	struct mms_said said = kernel;
	struct mms_judgement j;

	(void)state;
	said.yes = THERE;
	assert_int_equal(mms_judge(P, &kernel, &said, &vmas[ANON]).wrong, MMS_CLAIM(FILE));
	said.rough = MMS_CLAIM(FILE);
	j = mms_judge(P, &kernel, &said, &vmas[ANON]);
	assert_int_equal(j.wrong, 0);
	assert_int_equal(j.named, MMS_DIFF(HUGE_FILE));
	kernel.categories = CAT(PRESENT) | CAT(SHMEM);
	assert_int_equal(mms_judge(P, &kernel, &said, &vmas[ANON]).wrong, MMS_CLAIM(FILE));
	kernel.categories = CAT(PRESENT) | CAT(HUGE_PMD) | CAT(ANON);
	kernel.yes = THERE;
	said.yes = THERE | MMS_CLAIM(FILE);
	assert_int_equal(mms_judge(P, &kernel, &said, &vmas[ANON]).wrong, MMS_CLAIM(FILE));
}

static void names(void **state)
{
	(void)state;
	for (int d = 0; d < MMS_DIFF_COUNT; d++) {
		assert_int_equal(mms_difference_find(mms_difference_name(d)), d);
		assert_true(strlen(mms_difference_brief(d)) > 20);
		assert_true(strlen(mms_difference_brief(d)) < 76);
		assert_true(strlen(mms_difference_explain(d)) > 100);
		for (int e = 0; e < d; e++)
			assert_true(strcmp(mms_difference_name(d), mms_difference_name(e)) != 0);
	}
	assert_int_equal(mms_difference_find("no-such"), MMS_DIFF_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("judge.by_the_rules", by_the_rules),
		TEST("judge.frames", frames),
		TEST("judge.roughly", roughly),
		TEST("judge.told_less", told_less),
		TEST("judge.huge_file", huge_file),
		TEST("judge.names", names),
	};

	return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
