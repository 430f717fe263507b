/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ask_pages.c - the ways to ask about pages: PAGES, PAGEMAP_SCAN, pagemap,
 * mincore; and a plain array, which nobody can count faster. Each as one would
 * write it who wants it fast: large buffers, only what is mapped, no text.
 */
#include <sys/ioctl.h>

#include "ask.h"
#include "pagemap_scan.h"

#define CHUNK		(1UL << 20)	/* bytes asked for at a time */
#define USER_END	0x7ffffffff000ULL

/* ---- runs ---- */

/* Carries the last run on, or adds one. */
static void add_run(struct state_run *run, u64 *n, u64 start, u64 end, u64 state)
{
	if (*n && run[*n - 1].end == start && run[*n - 1].state == state)
		run[*n - 1].end = end;
	else
		run[(*n)++] = (struct state_run){ start, end, state };
}

static u64 next_edge(const struct state_run *run, u64 n, u64 i, u64 at, u64 *state)
{
	*state = 0;
	if (i == n)
		return ~0ULL;
	if (at < run[i].start)
		return run[i].start;
	*state = run[i].state;
	return run[i].end;
}

/* From edge to edge of either list. */
u64 runs_differ(const struct answer *ours, const struct answer *theirs)
{
	const struct state_run *a = (void *)ours->plain, *b = (void *)theirs->plain;
	u64 at = 0, differing = 0, i = 0, j = 0;

	while (i < ours->n || j < theirs->n) {
		u64 s, t, to = next_edge(a, ours->n, i, at, &s);
		u64 other = next_edge(b, theirs->n, j, at, &t);

		if (other < to)
			to = other;
		if (s != t)
			differing += (to - at) / page;
		at = to;
		i += i < ours->n && a[i].end == at;
		j += j < theirs->n && b[j].end == at;
	}
	return differing;
}

static void runs_as_they_are(const struct asked *a, struct answer *out)
{
	(void)a;
	memcpy(out->plain, out->raw, out->count * sizeof(struct state_run));
	out->n = out->count;
}

/* ---- ours ---- */

/* A page that is being moved is "swapped" to pagemap. */
#define THERE	(CAT(PRESENT) | CAT(SWAPPED) | CAT(MIGRATING))

static int pages_ask(const struct asked *a, struct answer *out, u64 categories, u64 any_of,
		     bool runs)
{
	struct mmscope_pages ask = {
		.size = sizeof(ask),
		.start = a->whole ? 0 : a->start, .end = a->whole ? 1ULL << 56 : a->end,
		.categories = categories, .any_of = any_of,
		/* pagemap passes frames without pages over. */
		.none_of = a->whole ? CAT(SPECIAL) : 0,
		.runs = runs ? (uintptr_t)out->raw : 0,
		.runs_len = runs ? RAW_BYTES / sizeof(struct mmscope_run) : 0,
	};
	int err;

	out->count = out->number = 0;
	do {
		err = call(a->device, MMSCOPE_PAGES, &ask);
		if (err)
			return err;
		out->count += ask.runs_count;
		out->number += ask.pages;
		ask.runs += ask.runs_count * sizeof(struct mmscope_run);
		ask.runs_len -= ask.runs_count;
		ask.start = ask.cursor;
	} while (ask.start < ask.end);
	return 0;
}

static int pages_states(const struct asked *a, struct answer *out)
{
	return pages_ask(a, out, THERE, THERE, true);
}

static int pages_files(const struct asked *a, struct answer *out)
{
	return pages_ask(a, out, THERE | CAT(FILE) | CAT(SHMEM), THERE, true);
}

static int pages_core(const struct asked *a, struct answer *out)
{
	return pages_ask(a, out, CAT(IN_CORE), CAT(IN_CORE), true);
}

static int pages_count(const struct asked *a, struct answer *out)
{
	return pages_ask(a, out, 0, THERE, false);
}

static void pages_plain(const struct asked *a, struct answer *out)
{
	const struct mmscope_run *run = (void *)out->raw;
	u64 i;

	(void)a;
	out->n = 0;
	for (i = 0; i < out->count; i++) {
		u64 c = run[i].categories;

		add_run((void *)out->plain, &out->n, run[i].start, run[i].end,
			(c & (CAT(PRESENT) | CAT(IN_CORE)) ? STATE_PRESENT : 0) |
			(c & (CAT(SWAPPED) | CAT(MIGRATING)) ? STATE_SWAPPED : 0) |
			(c & (CAT(FILE) | CAT(SHMEM)) ? STATE_FILE : 0));
	}
}

/* ---- PAGEMAP_SCAN ---- */

/* As many calls as it takes; `take` is called for what each has told. */
static int scan_ask(const struct asked *a, struct answer *out, u64 returned, u64 room,
		    void (*take)(struct answer *, struct scan_arg *, int))
{
	struct scan_arg ask = {
		.size = sizeof(ask),
		.start = a->whole ? 0 : a->start, .end = a->whole ? USER_END : a->end,
		.vec = (uintptr_t)out->raw, .vec_len = room / sizeof(struct scan_region),
		.anyof = SCAN_PRESENT | SCAN_SWAPPED, .returned = returned,
	};
	int n;

	out->count = out->number = 0;
	do {
		n = scan_next(a->pagemap, &ask);
		if (n < 0)
			return errno;
		take(out, &ask, n);
	} while (ask.start < ask.end);
	return 0;
}

static void scan_keep(struct answer *out, struct scan_arg *ask, int n)
{
	out->count += n;
	ask->vec += n * sizeof(struct scan_region);
	ask->vec_len -= n;
}

static void scan_add(struct answer *out, struct scan_arg *ask, int n)
{
	const struct scan_region *region = (void *)out->raw;
	int i;

	(void)ask;
	for (i = 0; i < n; i++)
		out->number += (region[i].end - region[i].start) / page;
}

static int scan_states(const struct asked *a, struct answer *out)
{
	return scan_ask(a, out, SCAN_PRESENT | SCAN_SWAPPED, RAW_BYTES, scan_keep);
}

static int scan_files(const struct asked *a, struct answer *out)
{
	return scan_ask(a, out, SCAN_PRESENT | SCAN_SWAPPED | SCAN_FILE, RAW_BYTES, scan_keep);
}

static int scan_count(const struct asked *a, struct answer *out)
{
	return scan_ask(a, out, SCAN_PRESENT | SCAN_SWAPPED, CHUNK, scan_add);
}

static void scan_plain(const struct asked *a, struct answer *out)
{
	const struct scan_region *region = (void *)out->raw;
	u64 i;

	(void)a;
	out->n = 0;
	for (i = 0; i < out->count; i++)
		add_run((void *)out->plain, &out->n, region[i].start, region[i].end,
			(region[i].categories & SCAN_PRESENT ? STATE_PRESENT : 0) |
			(region[i].categories & SCAN_SWAPPED ? STATE_SWAPPED : 0) |
			(region[i].categories & SCAN_FILE ? STATE_FILE : 0));
}

/* ---- pagemap ---- */

/* Bits 63 present, 62 swapped, 61 of a file, as states. */
static u64 entry_state(u64 entry, bool files)
{
	if (!(entry & (PM_PRESENT | PM_SWAP)))
		return 0;
	return (entry & PM_PRESENT ? STATE_PRESENT : 0) | (entry & PM_SWAP ? STATE_SWAPPED : 0) |
	       (files && entry & PM_FILE ? STATE_FILE : 0);
}

static void take_entries(struct answer *out, const u64 *entry, u64 n, u64 at, bool files)
{
	u64 i;

	for (i = 0; i < n; i++) {
		u64 state = entry_state(entry[i], files);

		if (state)
			add_run((void *)out->raw, &out->count, at + i * page,
				at + (i + 1) * page, state);
	}
}

static void count_entries(struct answer *out, const u64 *entry, u64 n, u64 at, bool files)
{
	u64 i, found = 0;

	(void)at;
	(void)files;
	for (i = 0; i < n; i++)
		found += (entry[i] & (PM_PRESENT | PM_SWAP)) != 0;
	out->number += found;
}

typedef void (*take_fn)(struct answer *, const u64 *, u64, u64, bool);

static int pagemap_range(const struct asked *a, struct answer *out, u64 start, u64 end,
			 bool files, take_fn take)
{
	static u64 entry[CHUNK / sizeof(u64)];
	u64 at, n;

	for (at = start; at < end; at += n * page) {
		u64 bytes = (end - at) / page * 8;
		ssize_t got = pread(a->pagemap, entry, bytes < CHUNK ? bytes : CHUNK,
				    at / page * 8);

		if (got <= 0)
			return got ? errno : ENODATA;
		n = got / 8;
		take(out, entry, n, at, files);
	}
	return 0;
}

/* Of a whole process: of what maps says is mapped. */
static int pagemap_ask(const struct asked *a, struct answer *out, bool files, take_fn take)
{
	static struct answer maps;
	const struct vma_seen *vma;
	u64 i;
	int err;

	out->count = out->number = 0;
	if (!a->whole)
		return pagemap_range(a, out, a->start, a->end, files, take);
	if (!maps.raw)
		answer_init(&maps);
	err = read_maps(a, &maps);
	vma = (void *)maps.raw;
	for (i = 0; !err && i < maps.count; i++)
		err = pagemap_range(a, out, vma[i].start, vma[i].end, files, take);
	return err;
}

static int pagemap_states(const struct asked *a, struct answer *out)
{
	return pagemap_ask(a, out, false, take_entries);
}

static int pagemap_files(const struct asked *a, struct answer *out)
{
	return pagemap_ask(a, out, true, take_entries);
}

static int pagemap_count(const struct asked *a, struct answer *out)
{
	return pagemap_ask(a, out, false, count_entries);
}

/* ---- mincore ---- */

static unsigned char vector[CHUNK] __attribute__((aligned(8)));

/* The next byte that is set; eight at a time over those that are not. */
static u64 next_set(u64 i, u64 n)
{
	while (i < n && !vector[i]) {
		if (!(i & 7))
			while (i + 8 <= n && !*(const u64 *)(vector + i))
				i += 8;
		if (i < n && !vector[i])
			i++;
	}
	return i;
}

static void take_vector(struct answer *out, u64 n, u64 at)
{
	u64 i, from;

	for (i = next_set(0, n); i < n; i = next_set(i, n)) {
		for (from = i; i < n && vector[i]; i++)
			;
		add_run((void *)out->raw, &out->count, at + from * page, at + i * page,
			STATE_PRESENT);
	}
}

static void count_vector(struct answer *out, u64 n, u64 at)
{
	u64 i, found = 0;

	(void)at;
	for (i = 0; i < n; i++)
		found += vector[i] & 1;
	out->number += found;
}

static int mincore_ask(const struct asked *a, struct answer *out,
		       void (*take)(struct answer *, u64, u64))
{
	u64 at, bytes;

	out->count = out->number = 0;
	for (at = a->start; at < a->end; at += bytes) {
		bytes = a->end - at < CHUNK * page ? a->end - at : CHUNK * page;
		if (mincore((void *)(uintptr_t)at, bytes, vector))
			return errno;
		take(out, bytes / page, at);
	}
	return 0;
}

static int mincore_runs(const struct asked *a, struct answer *out)
{
	return mincore_ask(a, out, take_vector);
}

static int mincore_count(const struct asked *a, struct answer *out)
{
	return mincore_ask(a, out, count_vector);
}

/* ---- a plain array ---- */

/*
 * As many words as there are page-table entries in the tables of what is asked
 * about: first those of small pages, then those of huge ones. Bit 0 is set where
 * a page is, so that counting it gives the same answer.
 */
static struct {
	u64 *word;
	u64 small, huge, pages_in_huge;
} array;

static void array_add(const struct mmscope_run *run, u64 *table, u64 huge_page)
{
	u64 entries = huge_page / page, at;

	if (run->categories & CAT(HUGE_PMD)) {
		for (at = run->start; at < run->end; at += huge_page)
			array.word[array.small + array.huge++] = at | 1;
		return;
	}
	for (at = run->start; at < run->end; at += page) {
		if (at / huge_page != *table) {
			*table = at / huge_page;
			array.small += entries;
		}
		array.word[array.small - entries + at / page % entries] = at | 1;
	}
}

void array_prepare(const struct asked *a)
{
	static struct answer all;
	const struct mmscope_run *run;
	struct mmscope_info info;
	u64 i, table = ~0ULL;
	bool huge;

	if (!all.raw)
		answer_init(&all);
	if (!array.word)
		array.word = mmap(NULL, RAW_BYTES, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	madvise(array.word, RAW_BYTES, MADV_DONTNEED);
	array.small = array.huge = 0;
	if (get_info(a->device, &info) ||
	    pages_ask(a, &all, THERE | CAT(HUGE_PMD), THERE, true))
		return;
	array.pages_in_huge = 1ULL << (info.pmd_shift - info.page_shift);
	run = (void *)all.raw;
	/* The small first: the huge ones are put behind them. */
	for (huge = false;; huge = true) {
		for (i = 0; i < all.count; i++)
			if (!(run[i].categories & CAT(HUGE_PMD)) == !huge)
				array_add(&run[i], &table, 1ULL << info.pmd_shift);
		if (huge)
			break;
	}
	/* Words that are not set are read, too: memory, not the zero page. */
	for (i = 0; i < array.small + array.huge; i += 8)
		*(volatile u64 *)&array.word[i] = array.word[i];
}

static u64 bits_set(const u64 *word, u64 n)
{
	u64 found = 0, i;

	for (i = 0; i < n; i++)
		found += word[i] & 1;
	return found;
}

static int array_count(const struct asked *a, struct answer *out)
{
	(void)a;
	out->count = array.small + array.huge;
	out->number = bits_set(array.word, array.small) +
		      bits_set(array.word + array.small, array.huge) * array.pages_in_huge;
	return 0;
}

const struct way page_ways[] = {
	{ .name = "PAGES", .question = STATES, .ask = pages_states, .plain = pages_plain },
	{ .name = "SCAN", .question = STATES, .ask = scan_states, .plain = scan_plain },
	{ .name = "pagemap", .question = STATES, .ask = pagemap_states,
	  .plain = runs_as_they_are },
	{ .name = "PAGES", .question = FILES, .ask = pages_files, .plain = pages_plain },
	{ .name = "SCAN", .question = FILES, .ask = scan_files, .plain = scan_plain },
	{ .name = "pagemap", .question = FILES, .ask = pagemap_files,
	  .plain = runs_as_they_are },
	{ .name = "PAGES", .question = IN_CORE, .ask = pages_core, .plain = pages_plain },
	{ .name = "mincore", .question = IN_CORE, .self_only = true, .ask = mincore_runs,
	  .plain = runs_as_they_are },
	{ .name = "PAGES", .question = COUNT, .ask = pages_count },
	{ .name = "SCAN", .question = COUNT, .ask = scan_count },
	{ .name = "pagemap", .question = COUNT, .ask = pagemap_count },
	{ .name = "mincore", .question = COUNT, .self_only = true, .ask = mincore_count },
	{ .name = "array", .question = COUNT, .ask = array_count },
	{ .name = NULL },
};
