/* SPDX-License-Identifier: GPL-2.0 */
/*
 * zoo.c - one region of every kind of page that a process can have, each first
 * checked to be what its name says, then compared page by page with pagemap,
 * mincore, kpageflags and smaps.
 */
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "compare.h"

#define HUGE	(2UL << 20)
#define RW	(PROT_READ | PROT_WRITE)
#define MOST	96

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

/* A region, or part of one; told by the child through shared memory. */
struct claim {
	char name[40], skip[80];
	u64 start, pages;
	u64 all, none;		/* what all its pages have, and none of them has */
};

static struct claim *claims;
static int *claimed;
static unsigned char *vec;
static struct subject s;
static int fd;
static char ext4[] = "/tmp/mmscope-zoo-ext4", tmpfs[] = "/tmp/mmscope-zoo-huge";
static bool have_ext4, have_huge_tmpfs, have_swap;

static void claim(const char *name, void *start, u64 pages, u64 all, u64 none)
{
	struct claim *c = &claims[(*claimed)++];

	snprintf(c->name, sizeof(c->name), "%s", name);
	c->start = (uintptr_t)start;
	c->pages = pages;
	c->all = all;
	c->none = none;
}

static void no_claim(const char *name, const char *why)
{
	struct claim *c = &claims[(*claimed)++];

	snprintf(c->name, sizeof(c->name), "%s", name);
	snprintf(c->skip, sizeof(c->skip), "%s", why);
}

static char *small(u64 pages, int flags)
{
	char *p = isle(pages * page, RW, flags | MAP_ANONYMOUS, -1, 0);

	madvise(p, pages * page, MADV_NOHUGEPAGE);
	return p;
}

static char *written(u64 pages, int flags)
{
	char *p = small(pages, flags);

	memset(p, 0xa5, pages * page);
	return p;
}

static char *aligned(u64 bytes, int flags, int f)
{
	char *p = isle(bytes + HUGE, RW, flags, f, 0);

	return (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
}

static void touch(volatile char *p, u64 pages)
{
	static volatile char sum;
	u64 i;

	for (i = 0; i < pages; i++)
		sum += p[i * page];
}

/* ---- anonymous ---- */

#define MAPPED	(CAT(PRESENT) | CAT(IN_CORE))
#define NOTHING	(told & ~CAT(SOFT_DIRTY))	/* none of these: never touched */

static void private_anon(void)
{
	char *p = small(16, MAP_PRIVATE);

	claim("untouched", p, 16, 0, NOTHING);
	p = small(16, MAP_PRIVATE);
	touch(p, 16);
	claim("zero_page", p, 16, MAPPED | CAT(ZERO), CAT(ANON) | CAT(WRITABLE) | CAT(SHARED));
	p = written(16, MAP_PRIVATE);
	claim("written", p, 16, MAPPED | CAT(ANON) | CAT(WRITABLE) | CAT(DIRTY) | CAT(ACCESSED),
	      CAT(SHARED) | CAT(ZERO) | CAT(FILE) | CAT(SHMEM) | CAT(EXECUTABLE));
	p = small(16, MAP_PRIVATE);
	touch(p, 8);
	memset(p + 4 * page, 1, 8 * page);
	claim("read_only_part", p, 4, MAPPED | CAT(ZERO), CAT(ANON));
	claim("read_then_written", p + 4 * page, 8, MAPPED | CAT(ANON), CAT(ZERO));
	claim("rest_untouched", p + 12 * page, 4, 0, NOTHING);
	p = written(8, MAP_PRIVATE);
	mprotect(p, 8 * page, PROT_NONE);
	claim("prot_none", p, 8, MAPPED | CAT(ANON), CAT(WRITABLE) | CAT(ZERO) | CAT(SPECIAL));
	p = written(8, MAP_PRIVATE);
	mprotect(p, 8 * page, PROT_READ);
	claim("prot_read", p, 8, MAPPED | CAT(ANON), CAT(WRITABLE) | CAT(EXECUTABLE));
	p = written(8, MAP_PRIVATE);
	mprotect(p, 8 * page, PROT_READ | PROT_EXEC);
	claim("prot_exec", p, 8, MAPPED | CAT(ANON) | CAT(EXECUTABLE), CAT(WRITABLE));
	p = written(8, MAP_PRIVATE);
	madvise(p, 8 * page, MADV_DONTNEED);
	claim("dontneed", p, 8, 0, NOTHING);
	p = written(8, MAP_PRIVATE);
	madvise(p, 8 * page, MADV_COLD);
	claim("cold", p, 8, MAPPED | CAT(ANON), 0);
	p = written(8, MAP_PRIVATE);
	madvise(p, 8 * page, MADV_FREE);
	claim("madv_free", p, 8, MAPPED | CAT(ANON), CAT(ZERO) | CAT(DIRTY));
	p = written(8, MAP_PRIVATE);
	if (madvise(p, 8 * page, MADV_GUARD_INSTALL))
		no_claim("guard", "this kernel has no guard regions");
	else
		claim("guard", p, 8, CAT(GUARD), CAT(PRESENT));
	claim("stack", (void *)((uintptr_t)&p & ~(page - 1)), 1, MAPPED | CAT(ANON), 0);
}

/*
 * Before the rest, for a fork shares and write-protects whatever is there. One
 * other process stays and shares all this.
 */
static void shared_with_others(void)
{
	int anon = MAP_PRIVATE | MAP_ANONYMOUS;
	char *p = written(16, MAP_PRIVATE), *z = small(8, MAP_PRIVATE), *both = small(8, MAP_SHARED);
	char *forked = aligned(HUGE, anon, -1), *mixed = aligned(HUGE, anon, -1);

	touch(z, 8);
	memset(both, 1, 4 * page);
	madvise(forked, HUGE, MADV_HUGEPAGE);
	memset(forked, 1, HUGE);
	madvise(mixed, HUGE, MADV_HUGEPAGE);
	memset(mixed, 1, HUGE);
	if (!fork()) {
		touch(both, 4);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	usleep(200000);
	memset(p + 8 * page, 1, 8 * page);
	claim("fork_shared", p, 8, MAPPED | CAT(ANON) | CAT(SHARED), CAT(WRITABLE));
	claim("fork_cowed", p + 8 * page, 8, MAPPED | CAT(ANON) | CAT(WRITABLE), CAT(SHARED));
	claim("fork_zero", z, 8, MAPPED | CAT(ZERO), CAT(SHARED));
	memset(both + 4 * page, 1, 4 * page);
	claim("shared_by_both", both, 4, MAPPED | CAT(SHMEM) | CAT(SHARED), CAT(ANON));
	claim("shared_written_here", both + 4 * page, 4,
	      MAPPED | CAT(SHMEM) | CAT(WRITABLE) | CAT(DIRTY), CAT(SHARED) | CAT(ANON));
	claim("thp_fork_shared", forked, 512, MAPPED | CAT(ANON) | CAT(SHARED), CAT(ZERO));
	mprotect(mixed + 100 * page, 100 * page, PROT_READ);
	memset(mixed, 2, page);
	claim("thp_split_cowed", mixed, 1, MAPPED | CAT(ANON), CAT(HUGE_PMD) | CAT(SHARED));
	claim("thp_split_shared", mixed + page, 511, MAPPED | CAT(ANON) | CAT(SHARED),
	      CAT(HUGE_PMD));
}

static void touched_by_other(void)
{
	char *q = small(16, MAP_SHARED);
	pid_t pid = fork();

	if (!pid) {
		memset(q, 1, 8 * page);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	claim("shared_touched_by_other", q, 8, CAT(IN_CORE), CAT(PRESENT) | CAT(CACHE_UNKNOWN));
	claim("shared_touched_by_none", q + 8 * page, 8, 0, NOTHING);
}

/* ---- shmem and files ---- */

static int file_of(const char *folder, const char *name, u64 bytes, bool full)
{
	static char block[4096] = { 1 };
	char path[100];
	u64 i;
	int f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	for (i = 0; full && i < bytes; i += sizeof(block))
		if (write(f, block, sizeof(block)) < 0)
			return -1;
	return ftruncate(f, bytes) ? -1 : f;
}

static void on_tmpfs(void)
{
	char buffer[4096], *p;
	int f = file_of("/tmp", "mmscope-zoo-hole", 24 * page, false);

	if (pread(f, buffer, sizeof(buffer), 0) < 0)
		return;
	p = isle(24 * page, RW, MAP_SHARED, f, 0);
	touch(p + 8 * page, 8);
	memset(p + 16 * page, 1, 8 * page);
	claim("tmpfs_hole", p, 8, 0, MAPPED | CAT(CACHE_UNKNOWN));
	claim("tmpfs_read", p + 8 * page, 8, MAPPED | CAT(SHMEM), CAT(ZERO) | CAT(ANON));
	claim("tmpfs_written", p + 16 * page, 8, MAPPED | CAT(SHMEM) | CAT(DIRTY), CAT(ANON));
	close(f);
	f = file_of("/tmp", "mmscope-zoo-full", 12 * page, true);
	p = isle(12 * page, RW, MAP_PRIVATE, f, 0);
	touch(p + 4 * page, 4);
	memset(p + 8 * page, 1, 4 * page);
	claim("tmpfs_private_cowed", p + 8 * page, 4, MAPPED | CAT(ANON), CAT(SHMEM) | CAT(FILE));
	claim("tmpfs_private_read", p + 4 * page, 4, MAPPED | CAT(SHMEM), CAT(ANON));
	close(f);
	f = memfd_create("zoo", 0);
	if (ftruncate(f, 8 * page))
		return;
	p = isle(8 * page, RW, MAP_SHARED, f, 0);
	memset(p, 1, 8 * page);
	claim("memfd", p, 8, MAPPED | CAT(SHMEM), CAT(ANON) | CAT(FILE));
	p = isle(8 * page, RW, MAP_SHARED, f = memfd_create("punched", 0), 0);
	if (ftruncate(f, 8 * page))
		return;
	memset(p, 1, 8 * page);
	if (!fallocate(f, 3 /* punch a hole, keep the size */, 2 * page, 4 * page))
		claim("memfd_punched", p + 2 * page, 4, 0, MAPPED);
	p = small(8, MAP_SHARED);
	memset(p, 1, 8 * page);
	madvise(p, 8 * page, MADV_DONTNEED);
	claim("shared_dontneed", p, 8, CAT(IN_CORE), CAT(PRESENT));
	p = small(8, MAP_SHARED);
	memset(p, 1, 8 * page);
	madvise(p, 8 * page, MADV_REMOVE);
	claim("shared_remove", p, 8, 0, MAPPED);
}

/* The program's own file: there is always one, though perhaps only to be read. */
static void on_exe(void)
{
	int f = open("/proc/self/exe", O_RDONLY);
	char *p = isle(8 * page, RW, MAP_PRIVATE, f, 0);

	touch(p, 8);
	p[2 * page] = 1;
	claim("file_private_read", p, 2, MAPPED | CAT(FILE), CAT(ANON) | CAT(WRITABLE) | CAT(SHMEM));
	claim("file_private_cowed", p + 2 * page, 1, MAPPED | CAT(ANON) | CAT(WRITABLE), CAT(FILE));
	p = isle(8 * page, PROT_READ, MAP_SHARED, f, 0);
	claim("file_untouched_cached", p, 8, CAT(IN_CORE), CAT(PRESENT) | CAT(CACHE_UNKNOWN));
	p = isle(8 * page, PROT_READ, MAP_PRIVATE, f, 1LL << 30);
	claim("file_beyond_end", p, 8, 0, MAPPED | CAT(CACHE_UNKNOWN));
	p = isle(8 * page, RW, MAP_PRIVATE, f, 0);
	p[0] = 1;
	madvise(p, 8 * page, MADV_DONTNEED);
	claim("file_cowed_dontneed", p, 1, CAT(IN_CORE), CAT(PRESENT));
}

static void on_ext4(void)
{
	int f;
	char *p;

	if (!have_ext4) {
		no_claim("ext4", "no ext4 on a zram device to be had");
		return;
	}
	f = file_of(ext4, "file", 64 * page, true);
	fsync(f);
	p = isle(66 * page, RW, MAP_SHARED, f, 0);
	posix_fadvise(f, 0, 0, POSIX_FADV_DONTNEED);
	claim("ext4_uncached", p + 32 * page, 8, 0, MAPPED | CAT(CACHE_UNKNOWN));
	posix_fadvise(f, 0, 0, POSIX_FADV_RANDOM);
	if (pread(f, vec, 100, 60 * page) < 0)
		return;
	claim("ext4_read_by_syscall", p + 60 * page, 1, CAT(IN_CORE), CAT(PRESENT));
	memset(p, 1, 4 * page);
	claim("ext4_shared_written", p, 4, MAPPED | CAT(FILE) | CAT(WRITABLE) | CAT(DIRTY),
	      CAT(ANON) | CAT(SHMEM));
	claim("ext4_beyond_end", p + 64 * page, 2, 0, MAPPED | CAT(CACHE_UNKNOWN));
	f = file_of(ext4, "cleaned", 8 * page, true);
	p = isle(8 * page, RW, MAP_SHARED, f, 0);
	memset(p, 2, 8 * page);
	msync(p, 8 * page, MS_SYNC);
	claim("ext4_written_back", p, 8, MAPPED | CAT(FILE), CAT(WRITABLE) | CAT(DIRTY));
	f = file_of(ext4, "truncated", 8 * page, true);
	p = isle(8 * page, RW, MAP_SHARED, f, 0);
	memset(p, 2, 8 * page);
	if (!ftruncate(f, 4 * page))
		claim("ext4_truncated", p + 4 * page, 4, 0, MAPPED);
}

/* ---- huge pages ---- */

static void thp(void)
{
	int anon = MAP_PRIVATE | MAP_ANONYMOUS;
	char *p = aligned(HUGE, anon, -1), *q = aligned(HUGE, anon, -1);
	char *cut = aligned(HUGE, anon, -1), *locked = aligned(HUGE, anon, -1);

	madvise(p, HUGE, MADV_HUGEPAGE);
	memset(p, 1, HUGE);
	claim("thp_written", p, 512, MAPPED | CAT(ANON) | CAT(HUGE_PMD), CAT(ZERO) | CAT(HUGETLB));
	madvise(q, HUGE, MADV_HUGEPAGE);
	touch(q, 1);
	claim("thp_zero", q, 1, MAPPED | CAT(ZERO), CAT(ANON));
	claim("thp_zero_all", q, 512, 0, CAT(ANON) | CAT(SHARED));
	madvise(cut, HUGE, MADV_HUGEPAGE);
	memset(cut, 1, HUGE);
	madvise(cut + 200 * page, 56 * page, MADV_DONTNEED);
	claim("thp_cut_before", cut, 200, MAPPED | CAT(ANON), CAT(HUGE_PMD));
	claim("thp_cut_out", cut + 200 * page, 56, 0, NOTHING);
	madvise(locked, HUGE, MADV_HUGEPAGE);
	mlock(locked, HUGE);
	claim("thp_locked", locked, 512, MAPPED | CAT(ANON), CAT(ZERO));
}

static bool is_huge_shmem(const char *p)
{
	char *smaps = read_text("/proc/self/smaps");
	u64 mapped = smaps_field(smaps, (u64)p, "ShmemPmdMapped");

	free(smaps);
	return mapped == HUGE;
}

static void huge_files(void)
{
	char *p;
	int f;

	if (!have_huge_tmpfs) {
		no_claim("shmem_thp", "no tmpfs with huge=always");
	} else {
		f = file_of(tmpfs, "file", 2 * HUGE, false);
		p = aligned(HUGE, MAP_SHARED, f);
		/* The offset and the address must agree on where a huge page begins. */
		p = mmap(p, HUGE, RW, MAP_SHARED | MAP_FIXED, f, 0);
		memset(p, 1, HUGE);
		/* Where a page table is there already, the kernel maps it page by page. */
		if (is_huge_shmem(p))
			claim("shmem_thp", p, 512, MAPPED | CAT(SHMEM) | CAT(HUGE_PMD), CAT(ANON));
		else
			no_claim("shmem_thp", "smaps: the kernel did not map it huge");
		p = aligned(HUGE, MAP_SHARED, f);
		p = mmap(p, HUGE, RW, MAP_SHARED | MAP_FIXED, f, 0);
		claim("shmem_thp_untouched", p, 512, CAT(IN_CORE), CAT(PRESENT));
	}
	p = aligned(2 * HUGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	p = mmap(p, 2 * HUGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED, -1, 0);
	if (p == MAP_FAILED) {
		no_claim("hugetlb", "no huge pages could be reserved");
		return;
	}
	memset(p, 1, HUGE);
	claim("hugetlb_written", p, 512, MAPPED | CAT(HUGETLB) | CAT(HUGE_PMD), CAT(ZERO));
	claim("hugetlb_untouched", p + HUGE, 512, 0, MAPPED);
	p = aligned(2 * HUGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	p = mmap(p, HUGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED, -1, 0);
	if (p == MAP_FAILED)
		return;
	touch(p, 1);
	claim("hugetlb_shared", p, 512, MAPPED | CAT(HUGETLB), CAT(ANON));
}

/* Sizes that arm64 makes of many entries: of 4 KiB pages, and of 2 MiB ones. */
static const struct {
	const char *name, *reserve;
	unsigned int shift;
	u64 kind;
} between[] = {
	{ "hugetlb_64k", "/sys/kernel/mm/hugepages/hugepages-64kB/nr_hugepages", 16, 0 },
	{ "hugetlb_32m", "/sys/kernel/mm/hugepages/hugepages-32768kB/nr_hugepages", 25,
	  CAT(HUGE_PMD) },
};

static void huge_between(void)
{
	char untouched[40];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(between); i++) {
		u64 size = 1ULL << between[i].shift;
		char *p = mmap(NULL, 2 * size, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
			       (int)(between[i].shift << 26), -1, 0);

		if (p == MAP_FAILED) {
			no_claim(between[i].name, "this machine has no such pages");
			continue;
		}
		memset(p, 1, size);
		snprintf(untouched, sizeof(untouched), "%s_untouched", between[i].name);
		claim(between[i].name, p, size / page, MAPPED | CAT(HUGETLB) | between[i].kind,
		      CAT(ZERO) | (CAT(HUGE_PMD) & ~between[i].kind));
		claim(untouched, p + size, size / page, 0, MAPPED);
	}
}

/* ---- swap, locks, KSM, userfaultfd ---- */

static bool present(char *p)
{
	unsigned char core;
	u64 entry;

	if (mincore(p, page, &core) || pagemap(getpid(), (uintptr_t)p, 1, &entry))
		return true;
	return entry & PM_PRESENT;
}

static bool swap_out(char *p, u64 pages)
{
	u64 i, tries, left = 1;

	for (tries = 0; left && tries < 50; tries++) {
		madvise(p, pages * page, MADV_PAGEOUT);
		for (i = 0, left = 0; i < pages; i++)
			left += present(p + i * page);
		if (left)
			usleep(20000);
	}
	return !left;
}

static void swapped(void)
{
	char *p = written(64, MAP_PRIVATE), *q = small(16, MAP_SHARED), *r = written(8, MAP_PRIVATE);

	if (!have_swap) {
		no_claim("swapped", "no swap is on");
		no_claim("swapped_shmem", "no swap is on");
		return;
	}
	/* Long rows of them, which are looked at by eights, and what ends a row. */
	if (swap_out(p, 64)) {
		touch(p + 12 * page, 4);
		touch(p + 43 * page, 1);
		madvise(p + 56 * page, page, MADV_DONTNEED);
		claim("swapped", p, 12, CAT(SWAPPED), CAT(PRESENT) | CAT(ANON));
		claim("swapped_in", p + 12 * page, 4, MAPPED | CAT(ANON), CAT(SWAPPED));
		claim("swapped_row", p + 16 * page, 27, CAT(SWAPPED), CAT(PRESENT));
		claim("swapped_one_in", p + 43 * page, 1, MAPPED | CAT(ANON), CAT(SWAPPED));
		claim("swapped_behind", p + 44 * page, 12, CAT(SWAPPED), CAT(PRESENT));
		claim("swapped_one_gone", p + 56 * page, 1, 0, CAT(PRESENT) | CAT(SWAPPED));
		claim("swapped_last", p + 57 * page, 7, CAT(SWAPPED), CAT(PRESENT));
	} else {
		no_claim("swapped", "the pages would not go out");
	}
	memset(q, 1, 16 * page);
	if (swap_out(q, 16))
		claim("swapped_shmem", q, 16, 0, CAT(PRESENT) | CAT(SWAPPED));
	else
		no_claim("swapped_shmem", "the pages would not go out");
	if (swap_out(r, 8)) {
		mprotect(r, 8 * page, PROT_NONE);
		claim("swapped_prot_none", r, 8, CAT(SWAPPED), CAT(PRESENT));
	}
}

static void locks(void)
{
	char *p = written(8, MAP_PRIVATE);

	mlock(p, 8 * page);
	claim("mlocked", p, 8, MAPPED | CAT(ANON) | CAT(MLOCKED), 0);
	p = small(8, MAP_PRIVATE);
	mlock(p, 8 * page);
	claim("mlock_faulted_in", p, 8, MAPPED | CAT(ANON) | CAT(MLOCKED), CAT(ZERO));
	p = small(8, MAP_PRIVATE);
	if (mlock2(p, 8 * page, MLOCK_ONFAULT)) {
		no_claim("mlock_onfault", "no mlock2");
		return;
	}
	memset(p, 1, 4 * page);
	claim("mlock_onfault_touched", p, 4, MAPPED | CAT(ANON) | CAT(MLOCKED), 0);
	claim("mlock_onfault_untouched", p + 4 * page, 4, 0, NOTHING);
	p = written(8, MAP_PRIVATE);
	mlock(p, 8 * page);
	munlock(p, 8 * page);
	claim("munlocked", p, 8, MAPPED | CAT(ANON), CAT(MLOCKED));
	p = small(4, MAP_SHARED);
	mlock(p, 4 * page);
	claim("mlocked_shmem", p, 4, MAPPED | CAT(SHMEM) | CAT(MLOCKED), CAT(ANON));
}

static u64 number_in(const char *path)
{
	char *text = read_text("%s", path);
	u64 n = text ? strtoull(text, NULL, 10) : 0;

	free(text);
	return n;
}

static void ksm(void)
{
	char *p = written(32, MAP_PRIVATE);
	int tries;

	/* 2 forgets what was merged before: those who had it may be gone, yet are counted. */
	if (madvise(p, 32 * page, MADV_MERGEABLE) ||
	    write_text("/sys/kernel/mm/ksm/run", "2") ||
	    write_text("/sys/kernel/mm/ksm/run", "1")) {
		no_claim("ksm", "this kernel has no KSM");
		return;
	}
	write_text("/sys/kernel/mm/ksm/pages_to_scan", "2000");
	write_text("/sys/kernel/mm/ksm/sleep_millisecs", "10");
	for (tries = 0; tries < 200 && number_in("/sys/kernel/mm/ksm/pages_sharing") < 31; tries++)
		usleep(50000);
	write_text("/sys/kernel/mm/ksm/run", "0");
	if (tries == 200)
		no_claim("ksm", "nothing was merged within 10 s");
	else
		claim("ksm", p, 32, MAPPED | CAT(ANON) | CAT(KSM) | CAT(SHARED), CAT(WRITABLE));
}

static int uffd_for(u64 features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int u = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (u >= 0 && !ioctl(u, UFFDIO_API, &api))
		return u;
	if (u >= 0)
		close(u);
	return -1;
}

static bool protect(int u, char *p, u64 pages, u64 all)
{
	struct uffdio_register r = {
		.range = { (uintptr_t)p, all * page }, .mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect wp = {
		.range = { (uintptr_t)p, pages * page }, .mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	return !ioctl(u, UFFDIO_REGISTER, &r) && !ioctl(u, UFFDIO_WRITEPROTECT, &wp);
}

#ifndef UFFD_FEATURE_WP_HUGETLBFS_SHMEM
#define UFFD_FEATURE_WP_HUGETLBFS_SHMEM (1 << 12)
#endif

static void userfault(void)
{
	int u = uffd_for(UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	char *p = written(8, MAP_PRIVATE);

	if (u < 0 || !protect(u, p, 4, 8)) {
		no_claim("uffd_wp", "no write protection by userfaultfd");
		return;
	}
	claim("uffd_wp", p, 4, MAPPED | CAT(ANON) | CAT(UFFD_WP), CAT(WRITABLE));
	claim("uffd_not_wp", p + 4 * page, 4, MAPPED | CAT(ANON), CAT(UFFD_WP));
	p = written(8, MAP_PRIVATE);
	if (have_swap && protect(u, p, 8, 8) && swap_out(p, 8))
		claim("uffd_wp_swapped", p, 8, CAT(SWAPPED) | CAT(UFFD_WP), CAT(PRESENT));
	p = written(8, MAP_PRIVATE);
	if (have_swap && protect(u, p, 3, 8) && swap_out(p, 8)) {
		claim("uffd_some_swapped_wp", p, 3, CAT(SWAPPED) | CAT(UFFD_WP), CAT(PRESENT));
		claim("uffd_some_swapped_not", p + 3 * page, 5, CAT(SWAPPED), CAT(UFFD_WP));
		claim("uffd_some_swapped", p, 8, CAT(SWAPPED), CAT(PRESENT));
	}
	u = uffd_for(UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_HUGETLBFS_SHMEM);
	p = small(8, MAP_SHARED);
	memset(p, 1, 4 * page);
	if (u < 0 || !protect(u, p, 8, 8)) {
		no_claim("uffd_marker", "no write protection of shmem");
		return;
	}
	claim("uffd_wp_shmem", p, 4, MAPPED | CAT(SHMEM) | CAT(UFFD_WP), 0);
	claim("uffd_marker", p + 4 * page, 4, CAT(UFFD_WP), CAT(PRESENT));
}

static void kernel_pages(void)
{
	struct maps maps;
	size_t i;

	get_maps(getpid(), &maps);
	for (i = 0; i < maps.count; i++) {
		const struct map *m = &maps.map[i];
		u64 pages = (m->end - m->start) / page;

		if (!strcmp(m->name, "[vdso]"))
			claim("vdso", (void *)m->start, pages, 0, CAT(ANON) | CAT(SHMEM));
		if (!strcmp(m->name, "[vvar]"))
			claim("vvar", (void *)m->start, pages, 0, CAT(ANON) | CAT(SHMEM) | CAT(FILE));
	}
	free_maps(&maps);
}

static void secret(void)
{
	int f = syscall(447 /* memfd_secret */, 0);
	char *p = f < 0 || ftruncate(f, 4 * page) ? MAP_FAILED :
		  isle(4 * page, RW, MAP_SHARED, f, 0);

	if (p == MAP_FAILED) {
		no_claim("secretmem", "memfd_secret is off");
		return;
	}
	memset(p, 1, 2 * page);
	claim("secretmem", p, 2, MAPPED, CAT(ANON));
}

static long make_zoo(void *arg)
{
	(void)arg;
	touched_by_other();
	shared_with_others();
	private_anon();
	on_tmpfs();
	on_exe();
	on_ext4();
	thp();
	huge_files();
	huge_between();
	locks();
	secret();
	ksm();
	swapped();
	userfault();
	kernel_pages();
	return *claimed;
}

/* ---- the comparison ---- */

struct span {
	u64 start, pages;
};
static struct span *span;

static long child_mincore(void *arg)
{
	(void)arg;
	return mincore((void *)span->start, span->pages * page, vec) ? errno : 0;
}

static int ask_mincore(u64 start, u64 pages, unsigned char *core)
{
	long err;

	*span = (struct span){ start, pages };
	err = subject_call(&s, child_mincore, NULL);
	memcpy(core, vec, pages);
	return err;
}

static struct comparison comparison = {
	.mincore = ask_mincore, .kpageflags = true, .may_know = true,
};

static void check_claim(const struct claim *c)
{
	struct tally t = { 0 };
	struct snapshot snap;

	if (c->skip[0]) {
		skip(c->name, "%s", c->skip);
		return;
	}
	get_vmas(fd, c->start, c->start + page, false, &snap);
	compare_range(&comparison, c->start, c->pages, snap.count ? snap.vmas[0].flags : 0, &t);
	free_vmas(&snap);
	if (!ok(t.pages == c->pages && (t.all & c->all) == c->all && !(t.any & c->none),
		"%s.is_what_it_is_called", c->name))
		tap_note("%llu of %llu pages; all have %llx, some %llx; wanted %llx, without %llx",
			 t.pages, c->pages, t.all, t.any, c->all, c->none);
	report(c->name, &t, &comparison);
}

static void check_all(const char *name)
{
	struct tally t = { 0 };

	compare_process(&comparison, &t);
	tap_note("%s: %llu pages, %llu present", name, t.pages, t.present);
	report(name, &t, &comparison);
}

static void check_smaps(void)
{
	int bad[FIGURES], k, tries, wrong;
	struct snapshot snap;
	u64 i, alone;
	char *smaps;

	for (tries = 0; tries < 8; tries++) {
		smaps = read_text("/proc/%d/smaps", s.pid);
		get_vmas(fd, 0, 1ULL << 56, true, &snap);
		memset(bad, 0, sizeof(bad));
		for (i = 0; i < snap.count; i++)
			compare_acct(smaps, &snap.vmas[i], &snap.accts[i], bad);
		alone = accts_differ(fd, &snap);
		for (k = 0, wrong = !!alone; k < FIGURES; k++)
			wrong += bad[k];
		free_vmas(&snap);
		free(smaps);
		if (!wrong)
			break;
	}
	for (k = 0; k < FIGURES; k++)
		eq(bad[k], 0, "smaps.%s", figure[k]);
	eq(alone, 0, "smaps.alone_as_together");
}

/* ---- soft-dirty, which the inspector clears ---- */

static char *soft;

static long make_soft(void *arg)
{
	(void)arg;
	memset(soft, 1, 8 * page);
	return 0;
}

static long write_soft(void *arg)
{
	(void)arg;
	soft[3 * page] = 2;
	return 0;
}

static long soft_out(void *arg)
{
	(void)arg;
	return swap_out(soft, 8) ? 0 : -1;
}

/* Entries that differ in one bit only, and each in its slot. */
static void check_soft_swapped(void)
{
	u64 state[8], i, dirty = 0, swapped = 0;

	if (!have_swap || subject_call(&s, soft_out, NULL) < 0) {
		skip("soft_dirty.swapped", "no swap, or the pages would not go out");
		return;
	}
	get_states(fd, (uintptr_t)soft, 8, state);
	for (i = 0; i < 8; i++) {
		dirty |= !!(state[i] & CAT(SOFT_DIRTY)) << i;
		swapped |= !!(state[i] & CAT(SWAPPED)) << i;
	}
	eq(swapped, 0xff, "soft_dirty.swapped");
	eq(dirty, 1 << 3, "soft_dirty.one_swapped");
	check_all("soft_dirty.all_swapped");
}

static char *gaps;		/* every other page of it is touched */

/* By a fork its swapped pages are no longer its alone. Returns who shares them. */
static long make_gaps(void *arg)
{
	pid_t child;
	u64 i;

	(void)arg;
	for (i = 0; i < 16; i += 2)
		memset(gaps + i * page, 1, page);
	for (i = 0; i < 16; i += 2)
		if (!swap_out(gaps + i * page, 1))
			return -1;
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return child;
}

/*
 * An entry of the first swap area whose bits are all clear but for its slot is like an
 * empty one but for the slot.
 */
static void check_gaps(void)
{
	u64 state[16], i, swapped = 0;
	char path[40];
	long child = have_swap ? subject_call(&s, make_gaps, NULL) : -1;

	if (child <= 0) {
		skip("gaps", "no swap, or the pages would not go out");
		return;
	}
	snprintf(path, sizeof(path), "/proc/%d/clear_refs", s.pid);
	write_text(path, "4");
	get_states(fd, (uintptr_t)gaps, 16, state);
	for (i = 0; i < 16; i++)
		swapped |= !!(state[i] & CAT(SWAPPED)) << i;
	eq(swapped, 0x5555, "gaps.swapped");
	check_all("gaps.all");
	kill(child, SIGKILL);
}

static void check_soft_dirty(void)
{
	char path[40];
	u64 state[8], i, dirty = 0;

	if (!(told & CAT(SOFT_DIRTY))) {
		skip("soft_dirty", "this kernel has no soft-dirty bits");
		return;
	}
	subject_call(&s, make_soft, NULL);
	get_states(fd, (uintptr_t)soft, 8, state);
	for (i = 0; i < 8; i++)
		dirty += !!(state[i] & CAT(SOFT_DIRTY));
	eq(dirty, 8, "soft_dirty.before");
	/*
	 * What no LRU list has yet is not paged out: they wait in batches of a processor,
	 * which this empties. It moves pages, and that makes them soft-dirty on some
	 * kernels: before the bits are cleared, never after.
	 */
	write_text("/proc/sys/vm/compact_memory", "1");
	snprintf(path, sizeof(path), "/proc/%d/clear_refs", s.pid);
	write_text(path, "4");
	get_states(fd, (uintptr_t)soft, 8, state);
	for (i = 0, dirty = 0; i < 8; i++)
		dirty += !!(state[i] & CAT(SOFT_DIRTY));
	eq(dirty, 0, "soft_dirty.cleared");
	check_all("soft_dirty.all_cleared");
	subject_call(&s, write_soft, NULL);
	get_states(fd, (uintptr_t)soft, 8, state);
	for (i = 0, dirty = 0; i < 8; i++)
		dirty |= !!(state[i] & CAT(SOFT_DIRTY)) << i;
	eq(dirty, 1 << 3, "soft_dirty.one_written");
	check_all("soft_dirty.all_after_one");
	check_soft_swapped();
}

/* ---- what the machine must lend ---- */

static void reserve_huge(const char *usual, const char *other)
{
	size_t i;

	write_text("/proc/sys/vm/nr_hugepages", usual);
	for (i = 0; i < ARRAY_SIZE(between); i++)
		write_text(between[i].reserve, other);
}

#define WRITEBACK "/proc/sys/vm/dirty_writeback_centisecs"
static char *writeback;

static void prepare(void)
{
	char *text = read_text("/proc/swaps");

	have_swap = text && strchr(text, '\n') && strchr(text, '\n')[1];
	free(text);
	reserve_huge("6", "2");
	/* khugepaged shall not fill the holes that were made on purpose. */
	write_text("/sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none", "0");
	/* Nor shall kcompactd move pages: on some kernels that makes them soft-dirty. */
	write_text("/proc/sys/vm/compaction_proactiveness", "0");
	/* What was written to shall stay so, also where looking takes half a minute. */
	writeback = read_text(WRITEBACK);
	write_text(WRITEBACK, "0");
	mkdir(ext4, 0700);
	mkdir(tmpfs, 0700);
	have_huge_tmpfs = !mount("zoo", tmpfs, "tmpfs", 0, "huge=always");
	have_ext4 = !system("exec 2>/dev/null; modprobe zram; modprobe ext4; "
			    "n=$(cat /sys/class/zram-control/hot_add) && "
			    "echo 32M >/sys/block/zram$n/disksize && "
			    "mkfs.ext4 -q -O ^has_journal /dev/zram$n && "
			    "mount -t ext4 /dev/zram$n /tmp/mmscope-zoo-ext4");
}

int main(void)
{
	int i;

	tap_start("vm.zoo.", 120);
	prepare();
	claims = shared(MOST * sizeof(*claims));
	claimed = shared(page);
	vec = shared(1 << 20);
	span = shared(page);
	gaps = small(16, MAP_PRIVATE);
	soft = isle(8 * page, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(soft, 8 * page, MADV_NOHUGEPAGE);
	close(session());	/* the subject makes the claims, and has to know `told` */
	subject_start(&s);
	fd = session_of(s.pid);
	comparison.pid = s.pid;
	comparison.fd = fd;
	if (subject_call(&s, make_zoo, NULL) < 0)
		tap_bail("the zoo could not be made");
	for (i = 0; i < *claimed; i++)
		check_claim(&claims[i]);
	check_all("all");
	check_smaps();
	check_soft_dirty();
	check_gaps();
	subject_end(&s);
	umount2(ext4, MNT_DETACH);
	umount2(tmpfs, MNT_DETACH);
	reserve_huge("0", "0");
	if (writeback)
		write_text(WRITEBACK, writeback);
	free(writeback);
	return tap_end();
}
