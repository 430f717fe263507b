/* SPDX-License-Identifier: GPL-2.0 */
/*
 * huge.c - PAGES and accounts of huge pages side by side, alike and not, which are looked
 * at together; against the same with frames, for which each is looked at by itself.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "kit.h"

#define HUGE	(2UL << 20)
#define HERD	40			/* of them, ... */
#define BEFORE	17			/* ... as many before a new table begins */
#define MOST	(HERD * (HUGE >> 12))	/* pages in them */

/* What was done to which. Neighbours differ in one thing, and others in none. */
enum {
	LAZY = 3, COLD = 5, EMPTY = 7, ZEROED = 9, SPLIT = 12, ALONE = 15, PARTLY = 21,
	TOUCHED = 24, COPIED = 26, PROTECTED = 30, HIDDEN = 32, ALSO_HIDDEN = 33,
};

static struct subject s;
static int fd;
static char *herd;
static u64 pages, state[MOST];		/* of each page, as told with its frame */

/* ---- the subject's memory ---- */

static char *number(int i)
{
	return herd + i * HUGE;
}

/* Of what a child maps, too: one that it does not map any more, and one of which some. */
static int share_herd(void)
{
	volatile char *done = mmap(NULL, page, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child = fork();

	if (child < 0)
		return -1;
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		madvise(number(ALONE), HUGE, MADV_DONTNEED);
		madvise(number(PARTLY) + 100 * page, 50 * page, MADV_DONTNEED);
		*done = 1;
		for (;;)
			pause();
	}
	while (!*done)
		usleep(1000);
	return 0;
}

static long make_herd(void *arg)
{
	int i;

	(void)arg;
	madvise(herd, HERD * HUGE, MADV_HUGEPAGE);
	for (i = 0; i < HERD; i++)
		if (i != EMPTY && i != ZEROED)
			memset(number(i), 1, HUGE);
	*(volatile char *)number(ZEROED);
	madvise(number(SPLIT) + 7 * page, page, MADV_DONTNEED);
	write_text("/proc/self/clear_refs", "4");
	number(TOUCHED)[0] = 2;
	madvise(number(LAZY), HUGE, MADV_FREE);
	madvise(number(COLD), HUGE, MADV_COLD);
	if (share_herd())
		return -1;
	number(COPIED)[0] = 2;
	return mprotect(number(HIDDEN), HUGE, PROT_NONE) ||
	       mprotect(number(ALSO_HIDDEN), HUGE, PROT_NONE) ||
	       mprotect(number(PROTECTED), HUGE, PROT_READ);
}

/* ---- what the answer should be ---- */

/* Of each page by itself. 0 if all are told of, in one place each. */
static int reference(void)
{
	struct mmscope_pages ask = {
		.size = sizeof(ask), .flags = MMSCOPE_PAGES_FRAMES, .start = (uintptr_t)herd,
		.end = (uintptr_t)herd + HERD * HUGE, .categories = told,
	};
	struct runs runs;
	u64 i, a, seen = 0;
	int err = get_runs(fd, &ask, 1000, &runs);

	for (i = 0; !err && i < runs.count; i++)
		for (a = runs.run[i].start; a < runs.run[i].end; a += page, seen++)
			state[(a - ask.start) / page] = runs.run[i].categories;
	free(runs.run);
	return err ? err : seen == pages ? 0 : ERANGE;
}

static bool told_of(u64 cats, const struct mmscope_pages *p)
{
	return (cats & p->all_of) == p->all_of && (!p->any_of || cats & p->any_of) &&
	       !(cats & p->none_of);
}

/* How many pages of a question were told of otherwise than they should, or not at all. */
static u64 differ(const struct mmscope_pages *p, u64 batch)
{
	u64 i = (p->start - (uintptr_t)herd) / page, end = (p->end - (uintptr_t)herd) / page;
	u64 k = 0, bad = 0;
	struct runs runs;

	if (get_runs(fd, p, batch, &runs))
		return ~0ULL;
	for (; i < end; i++) {
		u64 a = (uintptr_t)herd + i * page;
		const struct mmscope_run *r;

		while (k < runs.count && runs.run[k].end <= a)
			k++;
		r = k < runs.count && runs.run[k].start <= a ? &runs.run[k] : NULL;
		bad += told_of(state[i], p) ? !r || r->categories != (state[i] & p->categories) :
					      !!r;
	}
	free(runs.run);
	return bad;
}

/* ---- questions ---- */

static u64 whole(void)
{
	struct mmscope_pages p = {
		.size = sizeof(p), .start = (uintptr_t)herd,
		.end = (uintptr_t)herd + HERD * HUGE, .categories = told,
	};

	return differ(&p, 1000);
}

/* A page, or a border between two huge ones, which is more of a place to be wrong at. */
static u64 some_page(void)
{
	u64 at = rand() % pages;

	return rand() % 2 ? at : at - at % (HUGE / page);
}

static u64 some_categories(void)
{
	u64 mask = rand() % 2 ? CAT(SHARED) | CAT(PAGE_DIRTY) : 0;
	int n = rand() % 4;

	while (n--)
		mask |= 1ULL << rand() % MMSCOPE_CAT_COUNT;
	return mask & told;
}

static u64 at_random(void)
{
	u64 bad = 0;
	int i;

	srand(1);
	for (i = 0; i < 300; i++) {
		u64 a = some_page(), b = some_page();
		struct mmscope_pages p = {
			.size = sizeof(p), .start = (uintptr_t)herd + (a < b ? a : b) * page,
			.end = (uintptr_t)herd + (a < b ? b : a) * page,
			.categories = some_categories(),
		};

		if (i % 3 == 1)
			p.any_of = some_categories();
		if (i % 3 == 2)
			p.none_of = some_categories();
		bad += differ(&p, 1 + rand() % 20);
	}
	return bad;
}

/* Counted, each category is as often as it is told of. */
static u64 counted(void)
{
	u64 sums[MMSCOPE_CAT_COUNT] = { 0 }, i, k, bad;
	struct snapshot snap;

	bad = get_vmas(fd, (uintptr_t)herd, (uintptr_t)herd + HERD * HUGE, true, &snap);
	for (i = 0; i < pages; i++)
		for (k = 0; k < MMSCOPE_CAT_COUNT; k++)
			sums[k] += state[i] >> k & 1;
	for (i = 0; i < snap.count; i++)
		for (k = 0; k < MMSCOPE_CAT_COUNT; k++)
			sums[k] -= snap.accts[i].pages[k];
	for (k = 0; k < MMSCOPE_CAT_COUNT; k++) {
		bad += !!sums[k];
		if (sums[k])
			tap_note("category %llu: %lld pages too few", k, (long long)sums[k]);
	}
	free_vmas(&snap);
	return bad;
}

static u64 as_smaps(void)
{
	char *smaps = read_text("/proc/%d/smaps", s.pid);
	struct snapshot snap;
	int off[FIGURES] = { 0 };
	u64 i, bad;

	bad = get_vmas(fd, (uintptr_t)herd, (uintptr_t)herd + HERD * HUGE, true, &snap);
	for (i = 0; i < snap.count; i++) {
		/* Linux 6.1: smaps passes over huge pages that nobody may access. */
		if (snap.vmas[i].start == (uintptr_t)number(HIDDEN) &&
		    !smaps_field(smaps, snap.vmas[i].start, "Rss"))
			continue;
		compare_acct(smaps, &snap.vmas[i], &snap.accts[i], off);
	}
	for (i = 0; i < FIGURES; i++) {
		bad += off[i];
		if (off[i])
			tap_note("%s", figure[i]);
	}
	free_vmas(&snap);
	free(smaps);
	return bad;
}

/* Khugepaged, DAMON and reclaim change a page now and then: so several tries. */
static void steadily(const char *name, u64 (*fn)(void))
{
	u64 bad = 1;
	int tries;

	for (tries = 0; bad && tries < 8; tries++)
		bad = reference() + fn();
	eq(bad, 0, "huge.%s", name);
}

/* ---- the herd is what it is meant to be ---- */

static u64 of(int i)
{
	return state[i * (HUGE / page)];
}

static void test_herd(void)
{
	u64 huge = 0, i;

	for (i = 0; i < pages; i++)
		huge += !!(state[i] & CAT(HUGE_PMD));
	ok(huge >= 30 * (HUGE / page), "huge.are_huge");
	ok(of(1) & CAT(SHARED), "huge.shared");
	if (of(ALONE) & CAT(HUGE_PMD))
		eq(of(1) ^ of(ALONE), CAT(SHARED), "huge.differ_by_page_alone");
	if (of(PARTLY) & CAT(HUGE_PMD))
		ok(!(state[PARTLY * (HUGE / page) + 100] & CAT(SHARED)) ==
		   !!(of(PARTLY) & CAT(SHARED)), "huge.partly_shared");
	ok(of(ZEROED) & CAT(ZERO), "huge.zero");
	ok(!(of(EMPTY) & CAT(PRESENT)), "huge.empty");
	if (of(LAZY) & CAT(HUGE_PMD))
		ok(of(LAZY) & CAT(LAZYFREE), "huge.lazy");
	if (told & CAT(SOFT_DIRTY))
		ok(of(TOUCHED) & ~of(1) & CAT(SOFT_DIRTY), "huge.soft_dirty");
}

int main(void)
{
	tap_start("abi.", 120);
	/* Where nothing is, and a table's border within it. */
	herd = mmap((void *)((64UL << 30) - BEFORE * HUGE), HERD * HUGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (herd == MAP_FAILED)
		tap_bail("no room at 64 GiB: %s", strerror(errno));
	pages = HERD * HUGE / page;
	subject_start(&s);
	fd = session_of(s.pid);
	eq(subject_call(&s, make_herd, NULL), 0, "huge.made");
	/* What MADV_FREE does waits in a batch of its processor's: see pages.c. */
	write_text("/proc/sys/vm/compact_memory", "1");
	eq(reference(), 0, "huge.one_by_one");
	if (of(1) & CAT(HUGE_PMD)) {
		test_herd();
		steadily("whole", whole);
		steadily("at_random", at_random);
		steadily("counted", counted);
		steadily("as_smaps", as_smaps);
	} else {
		skip("huge", "the kernel gave no transparent huge page");
	}
	subject_end(&s);
	return tap_end();
}
