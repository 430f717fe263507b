/* SPDX-License-Identifier: GPL-2.0 */
/*
 * walk.c - WALK: the levels of an address's translation, for small, huge and
 * absent pages; indices and shifts against arithmetic, frames against pagemap.
 */
#include "kit.h"

#define HUGE (2UL << 20)

static struct subject s;
static int fd;
static char *small, *big;
static struct mmscope_info info;

static long touch(void *arg)
{
	(void)arg;
	madvise(small, 8 * page, MADV_NOHUGEPAGE);
	small[0] = 1;
	small[3 * page] = *(volatile char *)(small + page);
	madvise(big, HUGE, MADV_HUGEPAGE);
	big[0] = 1;
	return 0;
}

static u64 pfn_at(u64 address)
{
	u64 entry = 0;

	pagemap(s.pid, address & ~(page - 1), 1, &entry);
	return entry & PM_FRAME;
}

/* What holds of every walk. */
static void check_levels(const char *name, u64 address, const struct mmscope_walk *w)
{
	int bad = 0, tables = 0;
	u32 i;

	for (i = 0; i < w->levels_count && i < 5; i++) {
		const struct mmscope_level *l = &w->levels[i];

		bad += l->level != info.levels - i;
		bad += l->shift != info.page_shift + 9 * (l->level - 1);
		bad += l->index != (address >> l->shift & 511);
		tables += i + 1 < w->levels_count && l->kind != MMSCOPE_ENTRY_TABLE;
		bad += l->kind == MMSCOPE_ENTRY_TABLE && l->level == 1;
	}
	for (; i < 5; i++)
		bad += w->levels[i].entry || w->levels[i].kind || w->levels[i].level;
	eq(bad, 0, "walk.%s.levels", name);
	eq(tables, 0, "walk.%s.tables_above", name);
}

static void no_raw(const char *name, u64 address)
{
	struct mmscope_walk w;
	u64 sum = 0;
	u32 i;

	eq_err(walk(fd, address, 0, &w), 0, "walk.%s.plain", name);
	for (i = 0; i < 5; i++)
		sum |= w.levels[i].entry | w.levels[i].frame;
	eq(sum, 0, "walk.%s.plain_tells_no_frames", name);
}

static void test_page(const char *name, u64 address, u32 level, u64 has, u64 lacks)
{
	struct mmscope_walk w;
	const struct mmscope_level *leaf;
	u64 cats;

	eq_err(walk(fd, address, MMSCOPE_WALK_RAW, &w), 0, "walk.%s.answers", name);
	eq(w.has_vma, 1, "walk.%s.has_vma", name);
	ok(address >= w.vma.start && address < w.vma.end && !w.vma.name_len, "walk.%s.vma", name);
	check_levels(name, address, &w);
	eq(w.levels_count, info.levels + 1 - level, "walk.%s.depth", name);
	leaf = &w.levels[w.levels_count ? w.levels_count - 1 : 0];
	eq(leaf->kind, MMSCOPE_ENTRY_LEAF, "walk.%s.leaf", name);
	eq(leaf->frame + ((address & ((1ULL << leaf->shift) - 1)) >> info.page_shift),
	   pfn_at(address), "walk.%s.frame", name);
	ok(leaf->entry, "walk.%s.entry", name);
#ifdef __x86_64__
	eq((leaf->entry & 0x000ffffffffff000ULL) >> 12 & ~((1ULL << (leaf->shift - 12)) - 1),
	   leaf->frame, "walk.%s.entry_holds_frame", name);
	eq(!!(leaf->bits & CAT(WRITABLE)), leaf->entry >> 1 & 1, "walk.%s.bit_writable", name);
	eq(!!(leaf->bits & CAT(ACCESSED)), leaf->entry >> 5 & 1, "walk.%s.bit_accessed", name);
	eq(!!(leaf->bits & CAT(DIRTY)), leaf->entry >> 6 & 1, "walk.%s.bit_dirty", name);
	eq(!!(leaf->bits & CAT(EXECUTABLE)), !(leaf->entry >> 63), "walk.%s.bit_executable", name);
#endif
#ifdef __aarch64__
	/* 52-bit frames have their top at bits 8 and 9 of an entry. */
	eq(((leaf->entry & 0x0003fffffffff000ULL) >> 12 |
	    (info.levels == 5 ? (leaf->entry & 0x300) << 30 : 0)) &
	   ~((1ULL << (leaf->shift - 12)) - 1),
	   leaf->frame, "walk.%s.entry_holds_frame", name);
	eq(!!(leaf->bits & CAT(WRITABLE)), leaf->entry >> 51 & 1, "walk.%s.bit_writable", name);
	eq(!!(leaf->bits & CAT(ACCESSED)), leaf->entry >> 10 & 1, "walk.%s.bit_accessed", name);
	eq(!!(leaf->bits & CAT(DIRTY)),
	   (leaf->entry >> 55 & 1) | (leaf->entry >> 51 & ~(leaf->entry >> 7) & 1),
	   "walk.%s.bit_dirty", name);
	eq(!!(leaf->bits & CAT(EXECUTABLE)), !(leaf->entry >> 54 & 1),
	   "walk.%s.bit_executable", name);
#endif
	ok((w.categories & has) == has && !(w.categories & lacks), "walk.%s.categories", name);
	get_states(fd, address & ~(page - 1), 1, &cats);
	eq(w.categories, cats, "walk.%s.categories_as_in_pages", name);
	no_raw(name, address);
}

static void test_absent(const char *name, u64 address, u32 has_vma)
{
	struct mmscope_walk w;
	u32 last;

	eq_err(walk(fd, address, 0, &w), 0, "walk.%s.answers", name);
	eq(w.has_vma, has_vma, "walk.%s.has_vma", name);
	check_levels(name, address, &w);
	if (!has_vma) {
		eq(w.levels_count, 0, "walk.%s.no_levels", name);
		eq(w.categories, 0, "walk.%s.no_categories", name);
		eq(w.vma.start | w.vma.end | w.vma.flags, 0, "walk.%s.no_vma_record", name);
		return;
	}
	ok(w.levels_count > 0, "walk.%s.has_levels", name);
	last = w.levels_count - 1;
	eq(w.levels[last].kind, MMSCOPE_ENTRY_NONE, "walk.%s.ends_empty", name);
	eq(w.categories & CAT(PRESENT), 0, "walk.%s.not_present", name);
}

static void test_vma_record(void)
{
	struct mmscope_walk w;
	struct snapshot snap;

	walk(fd, (uintptr_t)small, 0, &w);
	get_vmas(fd, (uintptr_t)small, (uintptr_t)small + page, false, &snap);
	snap.vmas[0].name_len = 0;
	snap.vmas[0].name_offset = 0;
	ok(snap.count == 1 && !memcmp(&w.vma, snap.vmas, sizeof(w.vma)), "walk.vma_as_in_vmas");
	free_vmas(&snap);
}

/* The tag of a pointer is no part of the address: nor in a range. */
static void test_tagged(void)
{
#ifdef __aarch64__
	u64 address = (uintptr_t)small, tagged = address | 0x5bULL << 56, plain;
	struct mmscope_pages ask = {
		.size = sizeof(ask), .start = tagged, .end = tagged + page, .categories = told,
	};
	struct mmscope_walk w;
	struct runs runs;

	eq_err(walk(fd, tagged, 0, &w), 0, "walk.tagged.answers");
	eq(w.address, tagged, "walk.tagged.address_stays");
	eq(w.has_vma, 1, "walk.tagged.has_vma");
	get_states(fd, address, 1, &plain);
	eq_err(get_runs(fd, &ask, 1, &runs), 0, "walk.tagged.pages");
	ok(runs.count == 1 && runs.run[0].start == address && runs.run[0].end == address + page &&
	   plain && runs.run[0].categories == plain, "walk.tagged.same_pages");
	free(runs.run);
	eq_err(call(fd, MMSCOPE_PAGES, &ask), 0, "walk.tagged.count");
	ok(ask.start == tagged && ask.end == tagged + page && ask.cursor == ask.end,
	   "walk.tagged.cursor_meets_the_end");
	eq_err(walk(fd, tagged | 1ULL << 55, 0, &w), ERANGE, "walk.tagged.kernel");
#endif
}

static void test_hugetlb(void)
{
	char *old = read_text("/proc/sys/vm/nr_hugepages"), *p = MAP_FAILED;
	int self = fd, kept = s.pid;

	if (!write_text("/proc/sys/vm/nr_hugepages", "4"))
		p = mmap(NULL, HUGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);
	if (p == MAP_FAILED) {
		skip("walk.hugetlb", "no huge pages to be had: %s", strerror(errno));
	} else {
		p[0] = 1;
		fd = session_of(getpid());
		s.pid = getpid();
		test_page("hugetlb", (uintptr_t)p + 0x12345, 2,
			  CAT(PRESENT) | CAT(HUGETLB) | CAT(HUGE_PMD), CAT(SWAPPED));
		s.pid = kept;
		close(fd);
		fd = self;
		munmap(p, HUGE);
	}
	if (old)
		write_text("/proc/sys/vm/nr_hugepages", old);
	free(old);
}

static bool thp_there(void)
{
	char *smaps = read_text("/proc/%d/smaps", s.pid);
	struct mmscope_walk w;
	u64 bytes;

	walk(fd, (uintptr_t)big, 0, &w);
	bytes = smaps_field(smaps, w.vma.start, "AnonHugePages");
	free(smaps);
	return bytes == HUGE;
}

int main(void)
{
	u64 outside[] = { 0, 0x4080000000000000ULL, ~0ULL, 0xffff800000000000ULL };
	struct mmscope_walk w;
	char *room;
	size_t i;

	tap_start("abi.", 60);
	room = isle(2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	big = (char *)(((uintptr_t)room + HUGE - 1) & ~(HUGE - 1));
	small = isle(8 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	subject_start(&s);
	fd = session_of(s.pid);
	get_info(fd, &info);
	subject_call(&s, touch, NULL);

	test_page("small", (uintptr_t)small, 1, CAT(PRESENT) | CAT(WRITABLE) | CAT(ANON),
		  CAT(ZERO) | CAT(HUGE_PMD));
	test_page("odd_address", (uintptr_t)small + 3 * page + 77, 1, CAT(PRESENT) | CAT(ANON), 0);
	test_page("zero", (uintptr_t)small + page, 1, CAT(PRESENT) | CAT(ZERO),
		  CAT(WRITABLE) | CAT(ANON));
	if (thp_there())
		test_page("huge", (uintptr_t)big + HUGE - 1, 2,
			  CAT(PRESENT) | CAT(HUGE_PMD) | CAT(ANON), CAT(HUGETLB) | CAT(ZERO));
	else
		skip("walk.huge", "the kernel gave no transparent huge page");
	test_absent("untouched", (uintptr_t)small + 5 * page, 1);
	test_absent("null", 0, 0);
	test_absent("hole", 0x10000, 0);
	test_vma_record();
	test_tagged();
	outside[0] = info.task_size;
	for (i = 0; i < ARRAY_SIZE(outside); i++)
		eq_err(walk(fd, outside[i], 0, &w), ERANGE, "walk.outside_%zu", i);
	test_hugetlb();
	subject_end(&s);
	return tap_end();
}
