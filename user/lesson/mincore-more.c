// SPDX-License-Identifier: GPL-2.0
/*
 * mincore-more.c - rows of the lesson mincore that need something: a file of
 * somebody else, the kernel's own mappings, huge pages of the pool, swap.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mincore-row.h"

#define RW	(PROT_READ | PROT_WRITE)

/* ---- whose file it is ---------------------------------------------------------- */

static const struct row refused = {
	"a file of somebody else", "N*", 1, 0, 0, 0, 0, MMS_DIFF_PRIVACY, MMS_WITNESS_MINCORE
};

/* As somebody who is not root: any file of root's will do, if there is one. */
static void privacy_of_others(struct lesson *l)
{
	static const char path[] = "/bin/sh";
	uint64_t page = lesson_machine(l)->page, at;
	struct subject *s;
	struct stat st;
	int64_t fd;

	step(l, "privacy", "A file that we neither own nor may write");
	if (stat(path, &st) || st.st_uid == geteuid() || !access(path, W_OK)) {
		skip_step(l, "run the lesson as root", "%s is ours, or is not there", path);
		return;
	}
	predict(l, "mincore 1 for every page, cached or not: since Linux 5.2 that is its way not "
		"to answer. pagemap 0: our own page table is no secret");
	s = subject_start(l, NULL);
	fd = subject_open(s, path, O_RDONLY, 0);
	at = subject_mmap(s, 0, 4 * page, PROT_READ, MAP_PRIVATE, (int)fd, 0);
	need(l, fd >= 0 && at != UINT64_MAX, "%s could not be mapped", path);
	expect_row(l, s, at, 4, &refused);
	subject_stop(s);
}

/* As root: the same process before and after it becomes nobody. */
void rows_privacy(struct lesson *l)
{
	const struct row own = { "a file of one's own, not cached", ".*", 0, 0, 0, 0, 0,
				 NO_NAME, 0 };
	uint64_t page = lesson_machine(l)->page, at;
	struct subject *s;
	char path[256];
	int64_t fd;

	if (!lesson_machine(l)->root) {
		privacy_of_others(l);
		return;
	}
	step(l, "own-file", "A file of one's own, of which nothing is in the page cache");
	need(l, !change_tempfile(l, "secret", 0, path) && !chmod(path, 0644) &&
	     !truncate(path, (off_t)(4 * page)), "no temporary file: %s", strerrordesc_np(errno));
	predict(l, "all say no: the file is a hole of 4 pages that nobody has read");
	s = subject_start(l, NULL);
	fd = subject_open(s, path, O_RDONLY, 0);
	at = subject_mmap(s, 0, 4 * page, PROT_READ, MAP_PRIVATE, (int)fd, 0);
	need(l, fd >= 0 && at != UINT64_MAX, "the file could not be mapped");
	expect_row(l, s, at, 4, &own);

	step(l, "privacy", "The same mapping, after the process has become nobody");
	predict(l, "mincore 1 for every page, although none is cached: the file is root's, and "
		"what of it is cached is not nobody's business. pagemap still says 0, truly");
	need(l, !subject_nobody(s), "the subject could not become nobody: %s",
	     strerrorname_np(subject_last(s)->errnum));
	expect_row(l, s, at, 4, &refused);
	subject_stop(s);
}

/* ---- the kernel's own mappings --------------------------------------------------- */

/* The VMA of that name; false if there is none. */
static bool find_vma(struct lesson *l, struct subject *s, const char *name, uint64_t *start,
		     size_t *pages, uint64_t *flags)
{
	struct mms_vmas vmas = { 0 };
	struct mms_error err;
	bool found = false;

	if (mms_vmas_read(subject_target(s), 0, MMS_ALL_END, 0, 0, &vmas, &err))
		need(l, false, "%s: %s", err.what, err.why);
	for (size_t i = 0; i < vmas.count && !found; i++) {
		found = !strcmp(vmas.vma[i].name, name);
		*start = vmas.vma[i].start;
		*flags = vmas.vma[i].flags;
		*pages = (vmas.vma[i].end - vmas.vma[i].start) / lesson_machine(l)->page;
	}
	mms_vmas_free(&vmas);
	return found;
}

static void vvar(struct lesson *l, struct subject *s)
{
	const struct row row = { "[vvar]: the kernel's clock data", "?*", 1, 0, 0, 0, 0,
				 MMS_DIFF_SPECIAL, MMS_WITNESS_MINCORE };
	struct subject_fault f;
	uint64_t at, flags;
	size_t n;

	step(l, "vvar", "[vvar], where the kernel keeps the time of day for all");
	if (!find_vma(l, s, "[vvar]", &at, &n, &flags)) {
		skip_step(l, NULL, "this process has no [vvar]");
		return;
	}
	if (!(flags & MMSCOPE_VMA_PFNMAP)) {
		skip_step(l, NULL, "this kernel makes it of ordinary pages, as [vdso]: see there");
		return;
	}
	predict(l, "mincore 1 for every page, even if touched never; pagemap 0 for every page, "
		"even if touched; Rss 0. These are bare frames of the kernel's own (VM_PFNMAP): "
		"mincore has no file to look into and says 1, pagemap steps over them, smaps "
		"counts nobody's page");
	subject_probe(s, at, 'r', &f);
	expect_row(l, s, at, n, &row);
}

static void vdso(struct lesson *l, struct subject *s)
{
	const struct row row = { "[vdso], a page never run", "N", 1, 0, 0, UNTOLD, UNTOLD,
				 MMS_DIFF_SPECIAL, MMS_WITNESS_MINCORE };
	uint64_t at, flags, page = lesson_machine(l)->page;
	char letters[64];
	size_t n, i = 0;

	step(l, "vdso", "A page of [vdso], the kernel's code in every process, that did not run");
	if (!find_vma(l, s, "[vdso]", &at, &n, &flags) || n >= sizeof(letters)) {
		skip_step(l, NULL, "this process has no [vdso]");
		return;
	}
	look_pages(l, s, at, n, letters);
	while (i < n && !strchr(".cu", letters[i]))
		i++;
	if (i == n) {
		skip_step(l, NULL, "this process has run every page of it already");
		return;
	}
	predict(l, "mincore 1, pagemap 0: the same rule. There is no file behind it, so that "
		"mincore does not look");
	expect_row(l, s, at + i * page, 1, &row);
}

/* At the end of maps there may be a line of what is in no address space. */
static uint64_t vsyscall(struct subject *s)
{
	int fd = openat(mms_target_procfd(subject_target(s)), "maps", O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	uint64_t at = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "[vsyscall]"))
			at = strtoull(line, NULL, 16);
	if (f)
		fclose(f);
	return at;
}

static void nowhere(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at, entry = 1;
	unsigned char vector[1];

	step(l, "no-mapping", "A hole: nothing is mapped there");
	predict(l, "mincore fails with ENOMEM; pagemap has an entry for every address below the "
		"end of user space, and here it is 0");
	subject_quiet(s, true);
	at = isolated_mmap(s, 1, PROT_READ, 0, 0);
	subject_quiet(s, false);
	subject_munmap(s, at, page);
	subject_mincore(s, at, page, vector);
	expect_errno(l, "mincore", s, ENOMEM);
	need(l, read_pagemap(s, at, 1, &entry), "pagemap cannot be read");
	expect_equal(l, "pagemap", "the entry in pagemap", entry, 0, UNIT_NUMBER);

	step(l, "vsyscall", "[vsyscall], the last line of maps");
	at = vsyscall(s);
	if (!at) {
		skip_step(l, "boot with vsyscall=xonly on the kernel's command line",
			  "there is no [vsyscall] in maps here");
		return;
	}
	predict(l, "mincore fails with ENOMEM, and pagemap ends before it: maps lists it for every "
		"process, but it is above the end of user space and in no address space");
	subject_mincore(s, at, page, vector);
	expect_errno(l, "mincore", s, ENOMEM);
	expect_true(l, "pagemap", !read_pagemap(s, at, 1, &entry), "pagemap has no entry for it");
}

void rows_special(struct lesson *l)
{
	struct subject *s = subject_start(l, NULL);

	vvar(l, s);
	vdso(l, s);
	nowhere(l, s);
	subject_stop(s);
}

/* ---- huge pages of the pool -------------------------------------------------------- */

static int64_t number_in(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	return n > 0 ? strtoll(text, NULL, 10) : -1;
}

/* One that is free and promised to nobody; makes one more if need be. */
static bool pool_has_one(struct lesson *l)
{
	char dir[96], path[3][160], text[32];

	snprintf(dir, sizeof(dir), "/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB",
		 lesson_machine(l)->pmd >> 10);
	snprintf(path[0], sizeof(path[0]), "%s/free_hugepages", dir);
	snprintf(path[1], sizeof(path[1]), "%s/resv_hugepages", dir);
	snprintf(path[2], sizeof(path[2]), "%s/nr_hugepages", dir);
	if (number_in(path[0]) > number_in(path[1]))
		return true;
	snprintf(text, sizeof(text), "%" PRId64, number_in(path[2]) + 1);
	return number_in(path[2]) >= 0 && !change_file(l, path[2], text) &&
	       number_in(path[0]) > number_in(path[1]);
}

void rows_hugetlb(struct lesson *l)
{
	const struct machine *m = lesson_machine(l);
	const struct row reserved = { "hugetlb, not touched", ".*", 0, 0, 0, 0, 0, NO_NAME, 0 };
	const struct row touched = { "hugetlb, one byte written", "h*", 1, 1, 0, 0, 0,
				     MMS_DIFF_HUGETLB, 0 };
	size_t n = m->pmd / m->page;
	struct subject *s;
	uint64_t at;

	step(l, "hugetlb", "A huge page of the hugetlb pool, before and after one byte is written");
	if (!pool_has_one(l)) {
		skip_step(l, "as root: echo 1 > /proc/sys/vm/nr_hugepages",
			  "the hugetlb pool has no free page of %" PRIu64 " kB, and none could be "
			  "added",
			  m->pmd >> 10);
		return;
	}
	predict(l, "before: all say no. After: mincore and pagemap say yes for all %zu small pages "
		"of it, and yet Rss 0: pages of the pool are counted apart, as Private_Hugetlb", n);
	s = subject_start(l, NULL);
	at = subject_mmap(s, 0, m->pmd, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
			  __builtin_ctzll(m->pmd) << MAP_HUGE_SHIFT, -1, 0);
	if (at == UINT64_MAX) {
		skip_step(l, "as root: echo 2 > /proc/sys/vm/nr_hugepages",
			  "somebody else has taken the free page of the pool");
		return;
	}
	expect_row(l, s, at, n, &reserved);
	step(l, "hugetlb-touched", "Write one byte to it");
	subject_write(s, at, 1, 1);
	expect_row(l, s, at, n, &touched);
	expect_equal(l, "private-hugetlb", "Private_Hugetlb",
		     (uint64_t)look_smaps(l, s, at, "Private_Hugetlb"), m->pmd, UNIT_BYTES);
	subject_stop(s);
	change_undo(l);
}

/* ---- swap --------------------------------------------------------------------------- */

static void swapped(struct lesson *l, struct subject *s, const char *cgroup, enum swap_kind kind)
{
	uint64_t page = lesson_machine(l)->page, at;
	const struct row cached = { "in swap, a copy still in memory", "S", 1, 0, 1, 0,
				    (int64_t)page, MMS_DIFF_SWAP_CACHE, MMS_WITNESS_MINCORE };
	const struct row gone = { "in swap, no copy in memory", "S", 0, 0, 1, 0, (int64_t)page,
				  NO_NAME, 0 };

	predict(l, "mincore 1, pagemap 0 with the bit for swap: the entry says where in swap the "
		"page is, but %s in the swap cache, and to get it back needs no I/O",
		kind == SWAP_LATER ? "what was just written to a disk is still there too," :
		"MADV_WILLNEED has read it ahead: a copy is");
	at = isolated_mmap(s, 1, RW, 0, 0);
	subject_write(s, at, 1, 1);
	page_out(l, s, at, 1);
	if (kind != SWAP_LATER)
		read_ahead(l, s, at, 1);
	expect_row(l, s, at, 1, &cached);

	step(l, "swapped", "A page in swap, and no copy in memory");
	if (kind != SWAP_AT_ONCE && !*cgroup) {
		skip_step(l, "as root, with the memory controller of cgroup2",
			  "the copy in the swap cache can only be reclaimed from a cgroup");
		return;
	}
	predict(l, "mincore 0, pagemap 0 with the bit for swap: %s", kind == SWAP_AT_ONCE ?
		"swap is compressed memory here (zram), written at once, so that no copy is kept" :
		"reclaim takes the copy now that it is on the disk");
	if (kind == SWAP_AT_ONCE) {
		at = isolated_mmap(s, 1, RW, 0, 0);
		subject_write(s, at, 1, 1);
		page_out(l, s, at, 1);
	} else {
		reclaim_until_gone(l, s, cgroup, at, 1);
	}
	expect_row(l, s, at, 1, &gone);
}

static void shared_in_swap(struct lesson *l, struct subject *s, enum swap_kind kind)
{
	uint64_t page = lesson_machine(l)->page, at;
	int cached = kind == SWAP_AT_ONCE ? 0 : kind == SWAP_LATER ? 1 : UNTOLD;
	const struct row row = { "shared memory in swap", "T", cached, 0, 0, 0, (int64_t)page,
				 MMS_DIFF_SHMEM_SWAP, 0 };

	step(l, "shmem-swapped", "A page of shared memory in swap");
	if (skip_without_swap(l, "mincore"))
		return;
	predict(l, "pagemap 0, and no bit for swap either: where in swap it is stands in the "
		"object, for all who map it, and not in the page table. smaps looks there: Swap is "
		"one page. mincore looks into the swap cache as before: %s",
		cached == UNTOLD ? "0 or 1" : cached ? "1" : "0");
	at = isolated_mmap(s, 1, RW, MAP_SHARED, 0);
	subject_write(s, at, 1, 1);
	page_out(l, s, at, 1);
	expect_row(l, s, at, 1, &row);
}

void rows_swap(struct lesson *l)
{
	enum swap_kind kind = swap_kind();
	char cgroup[256];
	struct subject *s;

	*cgroup = 0;
	step(l, "swap-cache", "A page in swap of which a copy is still in memory");
	if (kind == SWAP_LATER || kind == SWAP_EITHER) {
		s = subject_in_cgroup(l, "mincore", cgroup);
	} else {
		s = subject_start(l, NULL);
		stay_on_one_cpu(s);
	}
	if (!skip_without_swap(l, "mincore"))
		swapped(l, s, cgroup, kind);
	shared_in_swap(l, s, kind);
	subject_stop(s);
}
