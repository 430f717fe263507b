/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ask_cases.c - what is asked about: memory of each kind that makes one way fast
 * and another slow. Built in the process that is asked about, which may be who
 * asks. A case that cannot be had here says why, and is skipped.
 */
#include <glob.h>
#include <sys/stat.h>

#include "ask.h"

#define HUGE_BYTES	(2UL << 20)
#define TERABYTE	(1ULL << 40)
#define MANY_VMAS	60000
#define FILE_VMAS	20000

#define WHY(r, ...)	snprintf((r)->why_not, sizeof((r)->why_not), __VA_ARGS__)

/* An isle of small pages, unless something else is asked for by `advice`. */
static char *region_of(struct region *r, u64 bytes, int flags, int file, int advice)
{
	char *p = mmap(NULL, bytes + 2 * HUGE_BYTES, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *at = (char *)(((uintptr_t)p + 2 * HUGE_BYTES - 1) & ~(HUGE_BYTES - 1));

	if (p == MAP_FAILED || mmap(at, bytes, PROT_READ | PROT_WRITE, flags | MAP_FIXED, file,
				    0) == MAP_FAILED) {
		WHY(r, "mmap: %s", strerror(errno));
		return NULL;
	}
	madvise(at, bytes, advice);
	r->start = (uintptr_t)at;
	r->end = r->start + bytes;
	return at;
}

/* Memory that must not be had is not tried: the machine would swap, or kill us. */
static bool too_large(struct region *r, u64 bytes)
{
	char *text = read_text("/proc/meminfo");
	u64 free_bytes = field(text, "MemAvailable") * 1024;

	free(text);
	if (bytes + (64 << 20) <= free_bytes)
		return false;
	WHY(r, "it takes %llu MiB, and %llu are free", bytes >> 20, free_bytes >> 20);
	return true;
}

static void touch(char *p, u64 at)
{
	*(volatile u64 *)(p + at) = at | 1;
}

static void touch_each(struct region *r, u64 bytes, u64 step)
{
	char *p;
	u64 at;

	if (too_large(r, bytes / step * page))
		return;
	p = region_of(r, bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1, MADV_NOHUGEPAGE);
	for (at = 0; p && at < bytes; at += step)
		touch(p, at);
}

void build_dense(struct region *r, u64 bytes)
{
	touch_each(r, bytes, page);
}

static void build_third(struct region *r, u64 bytes)
{
	touch_each(r, bytes, 3 * page);
}

static void build_random(struct region *r, u64 bytes)
{
	char *p = region_of(r, bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1, MADV_NOHUGEPAGE);
	u64 pages = bytes / page, seed = 1, i;

	for (i = 0; p && i < pages / 100; i++) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		touch(p, (seed >> 33) % pages * page);
	}
}

static void build_huge(struct region *r, u64 bytes)
{
	struct mmscope_pages count = {
		.size = sizeof(count), .any_of = CAT(HUGE_PMD),
	};
	int device;
	char *p;
	u64 at;

	if (too_large(r, bytes))
		return;
	p = region_of(r, bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1, MADV_HUGEPAGE);
	for (at = 0; p && at < bytes; at += HUGE_BYTES)
		touch(p, at);
	device = session_of(getpid());
	count.start = r->start;
	count.end = r->end;
	if (!p || call(device, MMSCOPE_PAGES, &count))
		count.pages = 0;
	close(device);
	if (p && count.pages < bytes / page)
		WHY(r, "%llu of %llu pages are in huge ones", count.pages, bytes / page);
}

static bool has_swap(void)
{
	char *text = read_text("/proc/swaps");
	char *line = text ? strchr(text, '\n') : NULL;
	bool has = line && line[1];

	free(text);
	return has;
}

static void build_swapped(struct region *r, u64 bytes)
{
	struct mmscope_pages count = { .size = sizeof(count), .any_of = CAT(SWAPPED) };
	int device, i;

	if (!has_swap()) {
		WHY(r, "there is no swap");
		return;
	}
	touch_each(r, bytes, page);
	if (r->why_not[0])
		return;
	device = session_of(getpid());
	count.start = r->start;
	count.end = r->end;
	for (i = 0; i < 5 && count.pages < bytes / page; i++) {
		madvise((void *)(uintptr_t)r->start, bytes, MADV_PAGEOUT);
		call(device, MMSCOPE_PAGES, &count);
	}
	close(device);
	/* A page or two are always just being looked at by somebody. */
	if (count.pages < bytes / page / 100 * 99)
		WHY(r, "%llu of %llu pages would be swapped", count.pages, bytes / page);
}

/* Written: pages that were only reserved are not in core yet. */
static FILE *cached_file(u64 bytes)
{
	static char block[1 << 16];
	FILE *f = tmpfile();
	u64 at;

	memset(block, 1, sizeof(block));
	for (at = 0; f && at < bytes; at += sizeof(block))
		if (write(fileno(f), block, sizeof(block)) != sizeof(block))
			return NULL;
	return f;
}

/* Each other 64 KiB are touched, which is what a fault maps around itself. */
static void build_file(struct region *r, u64 bytes)
{
	FILE *f;
	char *p;
	u64 at;

	if (too_large(r, bytes))
		return;
	f = cached_file(bytes);
	if (!f) {
		WHY(r, "a file of %llu MiB: %s", bytes >> 20, strerror(errno));
		return;
	}
	p = region_of(r, bytes, MAP_SHARED, fileno(f), MADV_NORMAL);
	for (at = 0; p && at < bytes; at += 128 << 10)
		(void)*(volatile char *)(p + at);
}

void build_sparse(struct region *r, u64 touched)
{
	u64 step = TERABYTE / touched / page * page, i;
	char *p = region_of(r, TERABYTE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			    MADV_NOHUGEPAGE);

	for (i = 0; p && i < touched; i++)
		touch(p, i * step);
}

static void build_terabyte(struct region *r, u64 bytes)
{
	(void)bytes;
	build_sparse(r, SPARSE_PAGES);
}

static void build_packed(struct region *r, u64 bytes)
{
	(void)bytes;
	build_dense(r, SPARSE_PAGES * page);
}

static u64 number_in(const char *path)
{
	char *text = read_text("%s", path);
	u64 n = text ? strtoull(text, NULL, 10) : 0;

	free(text);
	return n;
}

/* Of a page each, by turns read-only; those that are not are touched. */
void build_vmas(struct region *r, u64 count)
{
	u64 limit = number_in("/proc/sys/vm/max_map_count"), i;
	char *p;

	if (count + 200 > limit) {
		WHY(r, "vm.max_map_count is %llu", limit);
		return;
	}
	p = region_of(r, count * page, MAP_PRIVATE | MAP_ANONYMOUS, -1, MADV_NOHUGEPAGE);
	for (i = 0; p && i < count; i++) {
		if (!(i & 1))
			touch(p, i * page);
		else if (mprotect(p + i * page, page, PROT_READ))
			WHY(r, "mprotect: %s", strerror(errno));
	}
	r->whole = true;
}

static void build_many(struct region *r, u64 bytes)
{
	(void)bytes;
	build_vmas(r, MANY_VMAS);
}

/* Two files by turns, so that no VMA has the name of the one before it. */
static void build_names(struct region *r, u64 bytes)
{
	int file[2] = { open("/proc/self/exe", O_RDONLY), open("/bin/sh", O_RDONLY) };
	char *p = region_of(r, FILE_VMAS * page, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			    MADV_NOHUGEPAGE);
	u64 i;

	(void)bytes;
	for (i = 0; p && i < FILE_VMAS; i++)
		if (mmap(p + i * page, page, PROT_READ, MAP_PRIVATE | MAP_FIXED, file[i & 1],
			 i % 8 * page) == MAP_FAILED) {
			WHY(r, "mmap: %s", strerror(errno));
			break;
		}
	r->whole = true;
}

/* ---- a process as most are ---- */

#define LIBRARIES	115
#define SEGMENT_LEAST	(64UL << 10)

/* As a loader maps an object: four segments, some of their pages touched. */
static bool map_library(const char *path)
{
	static const int prot[4] = {
		PROT_READ, PROT_READ | PROT_EXEC, PROT_READ, PROT_READ | PROT_WRITE
	};
	int f = open(path, O_RDONLY | O_CLOEXEC), i;
	struct stat st;
	u64 part, at;
	char *p;

	if (f < 0)
		return false;
	if (fstat(f, &st) || (u64)st.st_size < 4 * SEGMENT_LEAST) {
		close(f);
		return false;
	}
	part = st.st_size / 4 / page * page;
	p = mmap(NULL, 4 * part, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < 4; i++)
		if (mmap(p + i * part, part, prot[i], MAP_PRIVATE | MAP_FIXED, f, i * part) ==
		    MAP_FAILED)
			return false;
	for (at = 0; at < part; at += 4 * SEGMENT_LEAST)
		(void)*(volatile char *)(p + part + at);
	for (at = 0; at < SEGMENT_LEAST / 2; at += page)
		touch(p + 3 * part, at);
	close(f);
	return true;
}

static void build_ordinary(struct region *r, u64 bytes)
{
	glob_t found = { 0 };
	size_t i, mapped = 0;
	char *p;

	(void)bytes;
	glob("/usr/lib/*-linux-gnu/*.so.*", 0, NULL, &found);
	glob("/usr/lib64/*.so.*", GLOB_APPEND, NULL, &found);
	glob("/usr/lib/*.so.*", GLOB_APPEND, NULL, &found);
	for (i = 0; i < found.gl_pathc && mapped < LIBRARIES; i++)
		mapped += map_library(found.gl_pathv[i]);
	globfree(&found);
	if (!mapped)
		WHY(r, "no shared libraries were found");
	/* Memory of its own, and what is locked of it. */
	for (i = 0; i < 12; i++) {
		p = isle(1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		memset(p, 1, (i + 1) * 16 * page);
	}
	mlock(p, 8 * page);
	r->whole = true;
}

#define OF_PAGES	(ASK(STATES) | ASK(FILES) | ASK(COUNT))
#define OF_SELF		(ASK(IN_CORE) | ASK(COUNT))

const struct bench_case bench_cases[] = {
	{ "dense", "small pages, all touched", build_dense,
	  OF_PAGES | ASK(ACCOUNTS) | ASK(TOTALS), OF_SELF | ASK(STATES) | ASK(ACCOUNTS), true, 1 },
	{ "third", "every third page touched", build_third, OF_PAGES | ASK(ACCOUNTS), OF_SELF,
	  false, 1 },
	{ "random", "1% of the pages touched, at random", build_random, OF_PAGES, OF_SELF,
	  false, 1 },
	{ "huge", "huge pages, all touched", build_huge, OF_PAGES | ASK(ACCOUNTS), OF_SELF, false, 1 },
	{ "swapped", "small pages, all swapped out", build_swapped, OF_PAGES | ASK(ACCOUNTS),
	  ASK(STATES), false, 4 },
	{ "file", "a file, cached, half of it mapped", build_file, OF_PAGES | ASK(ACCOUNTS),
	  ASK(STATES) | ASK(IN_CORE), false, 4 },
	{ "terabyte", "1 TiB, 1000 pages touched", build_terabyte, ASK(STATES) | ASK(ACCOUNTS),
	  ASK(IN_CORE), true, 0 },
	{ "packed", "the same 1000 pages side by side", build_packed, ASK(STATES) | ASK(ACCOUNTS),
	  ASK(IN_CORE), false, 0 },
	{ "many", "60000 VMAs of a page, half of them touched", build_many,
	  ASK(STATES) | ASK(VMAS) | ASK(ACCOUNTS) | ASK(TOTALS), ASK(VMAS) | ASK(ACCOUNTS), true, 0 },
	{ "names", "20000 VMAs of two files by turns", build_names, ASK(VMAS), 0, false, 0 },
	{ "ordinary", "a process of some 500 VMAs", build_ordinary,
	  ASK(STATES) | ASK(FILES) | ASK(COUNT) | ASK(VMAS) | ASK(ACCOUNTS) | ASK(TOTALS), ASK(VMAS),
	  true, 0 },
	{ NULL, NULL, NULL, 0, 0, false, 0 },
};
