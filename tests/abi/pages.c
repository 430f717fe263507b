/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pages.c - PAGES: filters, coalescing, limits and resuming, against a brute
 * reference that asks for one page at a time; frames against pagemap.
 */
#include "kit.h"

#define PAGES 192

static struct subject s;
static int fd;
static char *motley;		/* pages in all sorts of states, several VMAs */
static u64 state[PAGES];	/* by one call a page; HOLE where no VMA is */
static bool edge[PAGES];	/* a VMA starts here */
#define HOLE (1ULL << 63)

/* ---- the subject's memory ---- */

static long make_motley(void *arg)
{
	volatile char sum = 0;
	int i;

	(void)arg;
	madvise(motley, PAGES * page, MADV_NOHUGEPAGE);
	for (i = 0; i < 10; i++)
		motley[i * page] = 1;			/* a run of written pages */
	for (i = 12; i < 30; i += 2)
		motley[i * page] = 1;			/* every other one */
	for (i = 30; i < 36; i++)
		sum += motley[i * page];		/* the zero page */
	for (i = 36; i < 60; i++)
		motley[i * page] = 1;
	mprotect(motley + 40 * page, 4 * page, PROT_READ);	/* VMAs side by side, */
	mprotect(motley + 44 * page, 4 * page, PROT_NONE);	/* pages alike */
	munmap(motley + 50 * page, 5 * page);		/* a hole */
	mlock(motley + 70 * page, 3 * page);
	madvise(motley + 58 * page, 2 * page, MADV_FREE);
	for (i = 80; i < 96; i += 3)
		sum += motley[i * page];
	for (i = 96; i < 160; i++)			/* written or not, at random, ... */
		if (rand() % 2)
			motley[i * page] = 1;
	for (i = 130; i < 160; i += 1 + rand() % 7)	/* ... not all accessed since, ... */
		madvise(motley + i * page, page, MADV_COLD);
	for (; i < PAGES; i++)				/* ... and the zero page between */
		if (!(rand() % 8))
			sum += motley[i * page];
		else if (rand() % 2)
			motley[i * page] = 1;
	return sum;
}

static int ask(struct mmscope_pages *p, struct mmscope_run *runs, u64 len)
{
	p->size = sizeof(*p);
	p->runs = (uintptr_t)runs;
	p->runs_len = len;
	return call(fd, MMSCOPE_PAGES, p);
}

static int reference(void)
{
	struct snapshot snap;
	int i, bad = 0;
	u64 v;

	for (i = 0; i < PAGES; i++) {
		u64 a = (uintptr_t)motley + i * page;
		struct mmscope_pages p = { .start = a, .end = a + page, .categories = told };
		struct mmscope_run run;

		bad += ask(&p, &run, 1) || p.cursor != p.end || p.pages > 1;
		state[i] = p.runs_count ? run.categories : HOLE;
		bad += p.runs_count && (run.start != a || run.end != a + page || run.frame);
	}
	get_vmas(fd, (uintptr_t)motley, (uintptr_t)motley + PAGES * page, false, &snap);
	memset(edge, 0, sizeof(edge));
	for (v = 0; v < snap.count; v++)
		if (snap.vmas[v].start >= (uintptr_t)motley)
			edge[(snap.vmas[v].start - (uintptr_t)motley) / page] = true;
	free_vmas(&snap);
	return bad;
}

/* ---- what the answer should be ---- */

static bool told_of(u64 cats, const struct mmscope_pages *p)
{
	return cats != HOLE && (cats & p->all_of) == p->all_of &&
	       (!p->any_of || cats & p->any_of) && !(cats & p->none_of);
}

static u64 expect(const struct mmscope_pages *p, struct mmscope_run *runs, u64 *pages)
{
	u64 first = (p->start - (uintptr_t)motley) / page, last = (p->end - (uintptr_t)motley) / page;
	u64 i, n = 0;
	bool open = false;

	for (i = first, *pages = 0; i < last; i++) {
		u64 a = (uintptr_t)motley + i * page, cats = state[i] & p->categories;

		if (!told_of(state[i], p)) {
			open = false;
			continue;
		}
		if (!open || edge[i] || runs[n - 1].categories != cats)
			runs[n++] = (struct mmscope_run){ .start = a, .categories = cats };
		runs[n - 1].end = a + page;
		open = true;
		++*pages;
	}
	return n;
}

static bool same(const struct mmscope_run *a, const struct mmscope_run *b, u64 n)
{
	return !memcmp(a, b, n * sizeof(*a));
}

/* ---- coalescing and filters ---- */

static u64 some_categories(u64 likely)
{
	u64 mask = 0;
	int n = rand() % 4;

	while (n--)
		mask |= 1ULL << rand() % MMSCOPE_CAT_COUNT;
	return (rand() % 3 ? mask & likely : mask) & told;
}

static void random_question(struct mmscope_pages *p)
{
	u64 a = rand() % PAGES, b = rand() % (PAGES + 1), seen = 0;
	int i;

	for (i = 0; i < PAGES; i++)
		seen |= state[i] & ~HOLE;
	memset(p, 0, sizeof(*p));
	p->size = sizeof(*p);
	p->start = (uintptr_t)motley + (a < b ? a : b) * page;
	p->end = (uintptr_t)motley + (a < b ? b : a) * page;
	p->categories = rand() % 2 ? told : some_categories(seen);
	if (rand() % 2)
		p->all_of = some_categories(seen);
	if (rand() % 2)
		p->any_of = some_categories(seen);
	if (rand() % 2)
		p->none_of = some_categories(seen);
}

static void complain(const char *what, const struct mmscope_pages *p)
{
	tap_note("%s: range +%llu..+%llu categories %llx all_of %llx any_of %llx none_of %llx",
		 what, (p->start - (uintptr_t)motley) / page, (p->end - (uintptr_t)motley) / page,
		 p->categories, p->all_of, p->any_of, p->none_of);
}

enum { WHOLE, RESUME_1, RESUME_3, COUNT, LIMITED, WAYS };
static const char *const way[WAYS] = {
	"one_call", "resumed_with_one_run", "resumed_with_three", "counted", "limited",
};

/* Runs cut by max_pages are joined again before the comparison. */
static bool limited(const struct mmscope_pages *p, u64 max, const struct mmscope_run *want, u64 n)
{
	struct mmscope_run got[2 * PAGES], *fresh;
	struct mmscope_pages q = *p;
	u64 k = 0, i;

	q.max_pages = max;
	do {
		if (ask(&q, got + k, PAGES) || q.pages > max ||
		    (q.cursor < q.end && q.pages != max))
			return false;
		for (i = 0, fresh = got + k; i < q.runs_count; i++) {
			struct mmscope_run run = fresh[i];

			if (k && !i && run.start == got[k - 1].end &&
			    run.categories == got[k - 1].categories &&
			    !edge[(run.start - (uintptr_t)motley) / page])
				got[k - 1].end = run.end;
			else
				got[k++] = run;
		}
		if (q.cursor == q.start && q.start != q.end)
			return false;
		q.start = q.cursor;
	} while (q.cursor < q.end);
	return k == n && same(got, want, n);
}

static void check(const struct mmscope_pages *p, int *bad)
{
	struct mmscope_run want[PAGES], got[PAGES];
	struct mmscope_pages q = *p;
	u64 pages, n = expect(p, want, &pages);
	struct runs runs;
	u64 batch;

	if (ask(&q, got, PAGES) || q.runs_count != n || q.pages != pages || q.cursor != q.end ||
	    !same(got, want, n)) {
		if (!bad[WHOLE]++)
			complain(way[WHOLE], p);
	}
	for (batch = 1; batch <= 3; batch += 2) {
		int w = batch == 1 ? RESUME_1 : RESUME_3;

		if ((get_runs(fd, p, batch, &runs) || runs.count != n || runs.pages != pages ||
		     !same(runs.run, want, n)) && !bad[w]++)
			complain(way[w], p);
		free(runs.run);
	}
	q = *p;
	if ((ask(&q, NULL, 0) || q.pages != pages || q.cursor != q.end || q.runs_count) &&
	    !bad[COUNT]++)
		complain(way[COUNT], p);
	if (!limited(p, 1 + rand() % 9, want, n) && !bad[LIMITED]++)
		complain(way[LIMITED], p);
}

static bool has_changed(void)
{
	u64 was[PAGES];
	int i, n = 0;

	memcpy(was, state, sizeof(was));
	reference();
	for (i = 0; i < PAGES; i++)
		if (was[i] != state[i] && !n++)
			tap_note("page %d was %llx and is %llx: once more", i, was[i], state[i]);
	return n;
}

/*
 * What the kernel puts off may happen in the midst (the mark of MADV_FREE waits for
 * a batch of pages): then all is asked once more, against what is there now.
 */
static void steadily(const char *name, void (*ask_all)(int *bad))
{
	int bad[WAYS], i, tries = 0;

	do {
		memset(bad, 0, sizeof(bad));
		ask_all(bad);
	} while (has_changed() && ++tries < 10);
	for (i = 0; i < WAYS; i++)
		eq(bad[i], 0, "pages.%s.%s", name, way[i]);
}

static void at_random(int *bad)
{
	struct mmscope_pages p;
	int i;

	srand(20240229);
	for (i = 0; i < 2000; i++) {
		random_question(&p);
		check(&p, bad);
	}
}

/* Each category as each filter, alone. */
static void each_category(int *bad)
{
	int c;

	for (c = 0; c < MMSCOPE_CAT_COUNT; c++) {
		struct mmscope_pages p = {
			.size = sizeof(p), .start = (uintptr_t)motley,
			.end = (uintptr_t)motley + PAGES * page,
		};
		u64 mask = 1ULL << c;

		if (!(told & mask))
			continue;
		p.categories = mask;
		check(&p, bad);
		p.categories = 0;
		p.all_of = mask;
		check(&p, bad);
		p.all_of = 0;
		p.any_of = mask;
		check(&p, bad);
		p.any_of = 0;
		p.none_of = mask;
		check(&p, bad);
	}
}

/* Expected states, so that the reference itself is not taken on trust. */
static void test_reference(void)
{
	static const struct {
		const char *name;
		int page;
		u64 has, lacks;
	} table[] = {
		{ "written", 3, CAT(PRESENT) | CAT(ANON) | CAT(WRITABLE) | CAT(IN_CORE),
		  CAT(ZERO) | CAT(FILE) | CAT(SHMEM) | CAT(SWAPPED) },
		{ "untouched", 13, 0, ~CAT(SOFT_DIRTY) },
		{ "zero", 31, CAT(PRESENT) | CAT(ZERO) | CAT(IN_CORE),
		  CAT(ANON) | CAT(FILE) | CAT(WRITABLE) },
		{ "protected", 41, CAT(PRESENT) | CAT(ANON), CAT(WRITABLE) },
		{ "prot_none", 45, CAT(PRESENT) | CAT(ANON) | CAT(IN_CORE), CAT(WRITABLE) | CAT(ZERO) },
		{ "hole", 52, HOLE, ~HOLE },
		{ "locked", 71, CAT(PRESENT) | CAT(ANON) | CAT(MLOCKED), CAT(FILE) },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		u64 got = state[table[i].page];

		if (!ok((got & table[i].has) == table[i].has && !(got & table[i].lacks),
			"pages.reference.%s", table[i].name))
			tap_note("page %d: %llx", table[i].page, got);
	}
	/* If the kernel moved it, older ones keep that in the page alone. */
	ok(state[3] & (CAT(DIRTY) | CAT(PAGE_DIRTY)), "pages.reference.written_is_dirty");
}

/* ---- frames ---- */

static void test_frames(void)
{
	u64 entry[PAGES], pages = 0, bad = 0, runs = 0, zero = 0;
	struct mmscope_pages p = {
		.flags = MMSCOPE_PAGES_FRAMES, .start = (uintptr_t)motley,
		.end = (uintptr_t)motley + PAGES * page, .categories = told,
	};
	struct mmscope_run run[PAGES];
	u64 i, a;

	pagemap(s.pid, (uintptr_t)motley, PAGES, entry);
	eq_err(ask(&p, run, PAGES), 0, "pages.frames.answers");
	for (i = 0; i < p.runs_count; i++) {
		for (a = run[i].start; a < run[i].end; a += page, pages++) {
			u64 k = (a - (uintptr_t)motley) / page;
			u64 want = entry[k] & PM_FRAME;
			u64 got = run[i].categories & CAT(PRESENT) ?
				  run[i].frame + (a - run[i].start) / page : run[i].frame;

			zero += !want && entry[k] & PM_PRESENT;
			bad += got != want;
			if (got != want)
				tap_note("page %llu: frame %llx, pagemap %llx", k, got, want);
		}
		runs += i && run[i].start == run[i - 1].end &&
			run[i].categories == run[i - 1].categories &&
			!edge[(run[i].start - (uintptr_t)motley) / page] &&
			run[i].frame == run[i - 1].frame + (run[i].start - run[i - 1].start) / page;
	}
	eq(zero, 0, "pages.frames.pagemap_tells_them");
	eq(bad, 0, "pages.frames.equal_pagemap");
	eq(pages, PAGES - 5, "pages.frames.all_pages");
	eq(runs, 0, "pages.frames.coalesced");
	p.categories = 0;
	p.all_of = CAT(PRESENT);
	eq_err(ask(&p, run, PAGES), 0, "pages.frames.without_categories");
	for (i = 0, bad = 0; i < p.runs_count; i++)
		bad += run[i].frame != (entry[(run[i].start - (uintptr_t)motley) / page] & PM_FRAME);
	eq(bad, 0, "pages.frames.without_categories_equal");
}

/* ---- the whole address space, and edges of the range ---- */

/* The first run of the one that is not in the other. */
static void note_other(const struct runs *a, const struct runs *b)
{
	u64 i;

	for (i = 0; i < a->count && i < b->count && same(a->run + i, b->run + i, 1); i++)
		;
	if (i < a->count && i < b->count)
		tap_note("run %llu: %llx-%llx %llx, one by one %llx-%llx %llx", i,
			 a->run[i].start, a->run[i].end, a->run[i].categories,
			 b->run[i].start, b->run[i].end, b->run[i].categories);
}

static void test_whole(void)
{
	struct mmscope_pages p = {
		.size = sizeof(p), .end = 1ULL << 56, .categories = told,
	};
	struct runs all, one;
	struct mmscope_mm mm;
	u64 i, bad = 0;
	int tries;

	eq_err(get_runs(fd, &p, 4096, &all), 0, "pages.whole.answers");
	get_mm(fd, &mm);
	eq(all.pages * page, mm.total_vm, "pages.whole.every_page");
	for (i = 0; i < all.count; i++)
		bad += all.run[i].start >= all.run[i].end ||
		       (i && all.run[i].start < all.run[i - 1].end);
	eq(bad, 0, "pages.whole.in_order_and_apart");
	/* DAMON and reclaim clear accessed bits now and then: so several tries. */
	for (tries = 0; tries < 8; tries++) {
		get_runs(fd, &p, 1, &one);
		if (one.count == all.count && same(one.run, all.run, all.count))
			break;
		note_other(&all, &one);
		free(one.run);
		free(all.run);
		get_runs(fd, &p, 4096, &all);
	}
	if (!ok(tries < 8, "pages.whole.same_one_by_one"))
		get_runs(fd, &p, 1, &one);
	free(one.run);
	free(all.run);
	p.start = ~0ULL << 16;
	p.end = ~0xfffULL;
	eq_err(ask(&p, NULL, 0), 0, "pages.kernel_range");
	eq(p.pages, 0, "pages.kernel_range_is_empty");
	eq(p.cursor, p.end, "pages.kernel_range_is_done");
	p.start = 0;
	p.end = 1 << 16;
	eq_err(ask(&p, NULL, 0), 0, "pages.null_range");
	eq(p.pages, 0, "pages.null_range_is_empty");
	p.start = p.end;
	eq_err(ask(&p, NULL, 0), 0, "pages.empty_range");
	eq(p.cursor, p.end, "pages.empty_range_is_done");
}

/* A terabyte that nobody touched costs next to nothing. */
static void test_sparse(void)
{
	int self = session_of(getpid());
	char *p = mmap(NULL, 1ULL << 40, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct mmscope_pages q = {
		.size = sizeof(q), .start = (uintptr_t)p, .end = (uintptr_t)p + (1ULL << 40),
		.categories = told,
	};
	struct runs runs;

	if (p == MAP_FAILED) {
		skip("pages.sparse", "no terabyte of address space: %s", strerror(errno));
	} else {
		p[123 * page] = 1;
		alarm(tap_seconds(20));
		eq_err(get_runs(self, &q, 100, &runs), 0, "pages.sparse.answers");
		eq(runs.pages, (1ULL << 40) / page, "pages.sparse.every_page");
		ok(runs.count == 2 || runs.count == 3, "pages.sparse.few_runs");
		free(runs.run);
		munmap(p, 1ULL << 40);
	}
	close(self);
}

/* The runs land in pages of one's own that are not there yet. */
static void test_self(void)
{
	int self = session_of(getpid());
	char *p = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct mmscope_pages q = {
		.size = sizeof(q), .end = 1ULL << 56, .categories = told,
		.runs = (uintptr_t)p, .runs_len = (4 << 20) / sizeof(struct mmscope_run),
	};

	eq_err(call(self, MMSCOPE_PAGES, &q), 0, "pages.self_untouched_buffer");
	ok(q.runs_count > 10, "pages.self_runs");
	munmap(p, 4 << 20);
	close(self);
}

int main(void)
{
	tap_start("abi.", 120);
	motley = isle(PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	subject_start(&s);
	fd = session_of(s.pid);
	subject_call(&s, make_motley, NULL);
	/*
	 * What MADV_FREE does to a page waits in a batch of its processor's, until
	 * that is full; compaction begins with emptying all of them.
	 */
	write_text("/proc/sys/vm/compact_memory", "1");
	eq(reference(), 0, "pages.one_by_one");
	test_reference();
	steadily("random", at_random);
	steadily("each_category", each_category);
	test_frames();
	test_whole();
	test_sparse();
	test_self();
	subject_end(&s);
	return tap_end();
}
