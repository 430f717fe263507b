// SPDX-License-Identifier: GPL-2.0
/*
 * swap-advice.c - of the lesson swap: what refuses to be paged out, the other
 * kinds of advice, shared memory, and how it is without swap.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "swap-help.h"
#include "swap-steps.h"

#define RW	(PROT_READ | PROT_WRITE)

#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED	24	/* since Linux 5.18 */
#endif

/* Small pages, whatever is set. */
static uint64_t small_pages(struct subject *s, size_t pages, int flags)
{
	uint64_t at = isolated_mmap(s, pages, RW, flags, 0);

	subject_quiet(s, true);
	subject_madvise(s, at, pages * mms_page_size(), MADV_NOHUGEPAGE);
	subject_quiet(s, false);
	return at;
}

static struct subject *subject_here(struct lesson *l)
{
	struct subject *s = subject_start(l, NULL);

	stay_on_one_cpu(s);
	return s;
}

/* ---- what refuses -------------------------------------------------------------------- */

static bool since(const struct machine *m, int major, int minor)
{
	return m->kernel_major > major || (m->kernel_major == major && m->kernel_minor >= minor);
}

static void locked(struct lesson *l, struct subject *s)
{
	const struct machine *m = lesson_machine(l);
	uint64_t page = m->page, at;

	step(l, "locked", "Lock 2 pages with mlock, and give each kind of advice");
	if (!m->cap_ipc_lock && m->rlim_memlock < 2 * page) {
		skip_step(l, "ulimit -l 64", "2 pages may not be locked (RLIMIT_MEMLOCK)");
		return;
	}
	predict(l, "EINVAL each time, for PAGEOUT and COLD as well as for FREE and DONTNEED, and "
		"the pages stay: what is locked is not to leave memory, not even at its owner's "
		"wish");
	at = small_pages(s, 2, 0);
	need(l, !subject_mlock(s, at, 2 * page), "mlock failed: %s",
	     strerrorname_np(subject_last(s)->errnum));
	subject_write(s, at, 2, 1);
	subject_madvise(s, at, 2 * page, MADV_PAGEOUT);
	expect_errno(l, "pageout", s, EINVAL);
	subject_madvise(s, at, 2 * page, MADV_COLD);
	expect_errno(l, "cold", s, EINVAL);
	subject_madvise(s, at, 2 * page, MADV_FREE);
	expect_errno(l, "free", s, EINVAL);
	subject_madvise(s, at, 2 * page, MADV_DONTNEED);
	expect_errno(l, "dontneed", s, EINVAL);
	expect_pages(l, "pages", s, at, 2, "R*2");

	step(l, "dontneed-locked", "MADV_DONTNEED_LOCKED on the first of them");
	predict(l, since(m, 5, 18) ? "the one who really means it may: that page is gone" :
		"EINVAL: this kernel does not know it (Linux 5.18 and later do)");
	subject_madvise(s, at, page, MADV_DONTNEED_LOCKED);
	expect_errno(l, "errno", s, since(m, 5, 18) ? 0 : EINVAL);
	expect_pages(l, "pages", s, at, 2, since(m, 5, 18) ? ".R" : "RR");
}

static void forked(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at;
	struct subject *child;

	step(l, "fork", "Write 4 pages, fork, and page them out");
	if (skip_without_swap(l, "swap"))
		return;
	predict(l, "madvise returns 0, and nothing happens: after fork each page is mapped twice, "
		"and MADV_PAGEOUT passes over what others use as well");
	at = small_pages(s, 4, 0);
	subject_fill(s, at, 7, 4 * page);
	child = subject_fork(s);
	subject_madvise(s, at, 4 * page, MADV_PAGEOUT);
	expect_errno(l, "errno", s, 0);
	expect_pages(l, "pages", s, at, 4, "R*4");

	step(l, "fork-over", "The child ends; again");
	predict(l, "now they go: all 4 are in swap");
	doing(l, "kill(child, SIGKILL)");
	subject_stop(child);
	page_out(l, s, at, 4);
	expect_pages(l, "pages", s, at, 4, "S*4");
}

static void forked_in_swap(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at, mine = 0, its = 0;
	struct subject *child;

	step(l, "fork-swapped", "Page out a page, and fork then");
	if (skip_without_swap(l, "swap"))
		return;
	predict(l, "the child has it in swap as well, and at the same place: fork copies the "
		"entry, not the page. When the child reads, it gets its page back; the parent's "
		"stays out");
	at = small_pages(s, 1, 0);
	subject_fill(s, at, 7, page);
	page_out(l, s, at, 1);
	child = subject_fork(s);
	expect_pages(l, "parent", s, at, 1, "S");
	expect_pages(l, "child", child, at, 1, "S");
	if (lesson_machine(l)->frames) {
		need(l, read_pagemap(s, at, 1, &mine) && read_pagemap(child, at, 1, &its),
		     "pagemap cannot be read");
		/* Bits 0 to 54: the area, and the place in it. */
		expect_equal(l, "place", "the child's place in "
				"swap", its << 9 >> 14, mine << 9 >> 14,
			     UNIT_NUMBER);
	}
	subject_read(child, at, 1, 1);
	expect_equal(l, "value", "what the child read", (uint64_t)subject_last(child)->result, 7,
		     UNIT_NUMBER);
	expect_pages(l, "child-back", child, at, 1, "R");
	expect_pages(l, "parent-out", s, at, 1, "S");
	subject_stop(child);
}

void swap_refusals(struct lesson *l)
{
	struct subject *s = subject_here(l);

	locked(l, s);
	forked(l, s);
	forked_in_swap(l, s);
	subject_stop(s);
}

/* ---- other advice ---------------------------------------------------------------------- */

static void cold(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at;

	step(l, "cold", "MADV_COLD: I shall not use it for a while");
	predict(l, "the page stays where it is, and the accessed bit of its entry is cleared: it "
		"will be among the first to go when memory runs short. Nothing is lost");
	at = small_pages(s, 1, 0);
	subject_fill(s, at, 7, page);
	expect_categories(l, "before", s, at, 1, MMSCOPE_CAT(ACCESSED), 0);
	subject_madvise(s, at, page, MADV_COLD);
	expect_categories(l, "after", s, at, 1, MMSCOPE_CAT(PRESENT), MMSCOPE_CAT(ACCESSED));
	subject_read(s, at, 1, 1);
	expect_faults(l, "faults", s, 0, 0);
	expect_equal(l, "value", "what was "
			"read", (uint64_t)subject_last(s)->result, 7, UNIT_NUMBER);
}

static void lazy_free(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at;

	step(l, "free", "MADV_FREE on 2 pages; then write to the second again");
	predict(l, "nothing seems to happen: both are there. But the kernel may take the first now "
		"without saving it; the write has saved the second");
	at = small_pages(s, 2, 0);
	subject_fill(s, at, 7, 2 * page);
	subject_madvise(s, at, 2 * page, MADV_FREE);
	subject_fill(s, at + page, 8, 1);
	expect_pages(l, "pages", s, at, 2, "R*2");
	expect_equal(l, "clean", "Private_Clean: what may be taken",
		     (uint64_t)look_smaps(l, s, at, "Private_Clean"), page, UNIT_BYTES);

	step(l, "free-taken", "Page both out");
	predict(l, "the first is gone for good, and reads as 0; that needs no swap. The second has "
		"survived, and reads as 8");
	subject_madvise(s, at, 2 * page, MADV_PAGEOUT);
	expect_pages(l, "pages", s, at, 2, swap_kind() == SWAP_NONE ? ".R" : ".?");
	subject_read(s, at, 1, 1);
	expect_equal(l, "first", "what the first reads as", (uint64_t)subject_last(s)->result, 0,
		     UNIT_NUMBER);
	subject_read(s, at + page, 1, 1);
	expect_equal(l, "second", "what the second reads as", (uint64_t)subject_last(s)->result, 8,
		     UNIT_NUMBER);
}

static void dont_need(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at;
	bool swap = swap_kind() != SWAP_NONE;

	step(l, "dontneed", "MADV_DONTNEED on 2 pages, %s", swap ? "one of which is in swap" :
	     "both in memory (there is no swap)");
	predict(l, "both are gone at once%s; they read as 0", swap ? ", and the place in swap is "
		"free again" : "");
	at = small_pages(s, 2, 0);
	subject_fill(s, at, 7, 2 * page);
	if (swap)
		page_out(l, s, at, 1);
	expect_pages(l, "before", s, at, 2, swap ? "SR" : "RR");
	subject_madvise(s, at, 2 * page, MADV_DONTNEED);
	expect_pages(l, "after", s, at, 2, "..");
	subject_read(s, at, 2, 1);
	expect_equal(l, "value", "the sum of what was read", (uint64_t)subject_last(s)->result, 0,
		     UNIT_NUMBER);
}

void swap_advice(struct lesson *l)
{
	struct subject *s = subject_here(l);

	cold(l, s);
	lazy_free(l, s);
	dont_need(l, s);
	subject_stop(s);
}

/* ---- shared memory ----------------------------------------------------------------------- */

void swap_shared(struct lesson *l)
{
	uint64_t page = lesson_machine(l)->page, at, entry = 0;
	struct subject *s;

	step(l, "shmem", "Page out a page of shared memory");
	if (skip_without_swap(l, "swap"))
		return;
	s = subject_here(l);
	predict(l, "it is in swap, but the page table shows nothing of it: the place stands in the "
		"shared object. pagemap has neither the bit for present nor that for swap; smaps, "
		"which looks into the object, counts it as Swap");
	at = small_pages(s, 1, MAP_SHARED);
	subject_fill(s, at, 7, page);
	page_out(l, s, at, 1);
	expect_pages(l, "pages", s, at, 1, "T");
	need(l, read_pagemap(s, at, 1, &entry), "pagemap cannot be read");
	expect_equal(l, "pagemap", "bits 62 and 63 in pagemap", entry >> 62, 0, UNIT_NUMBER);
	expect_equal(l, "smaps", "Swap in smaps", (uint64_t)look_smaps(l, s, at, "Swap"), page,
		     UNIT_BYTES);
	subject_read(s, at, 1, 1);
	expect_equal(l, "value", "what was "
			"read", (uint64_t)subject_last(s)->result, 7, UNIT_NUMBER);
	expect_pages(l, "back", s, at, 1, "M");
	subject_stop(s);
}

/* ---- without swap -------------------------------------------------------------------------- */

/* Where there is swap, a cgroup may have none of it.  NULL: the step is skipped. */
static struct subject *subject_without_swap(struct lesson *l)
{
	char cgroup[256], path[300];
	struct subject_options o = { .cgroup = cgroup };
	struct subject *s;

	if (swap_kind() == SWAP_NONE)
		return subject_here(l);
	if (!lesson_machine(l)->cgroup_memory || !lesson_machine(l)->root ||
	    change_cgroup(l, "noswap", cgroup)) {
		skip_step(l, "run the lesson as root, with the memory controller of cgroup2",
			  "there is swap here; without it can only be shown in a cgroup");
		return NULL;
	}
	snprintf(path, sizeof(path), "%s/memory.swap.max", cgroup);
	need(l, !change_file(l, path, "0"), "%s cannot be written", path);
	s = subject_start(l, &o);
	stay_on_one_cpu(s);
	return s;
}

static void shared_without(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at;

	step(l, "none-shmem", "Without swap: page out a page of shared memory");
	predict(l, "it is taken out of the page table, since that is the first thing to be done; "
		"then there is nowhere to write it, and it stays in memory: mincore 1, pagemap 0. "
		"A touch brings it back with a minor fault");
	at = small_pages(s, 1, MAP_SHARED);
	subject_fill(s, at, 7, page);
	subject_madvise(s, at, page, MADV_PAGEOUT);
	expect_pages(l, "pages", s, at, 1, "c");
	subject_read(s, at, 1, 1);
	expect_equal(l, "value", "what was "
			"read", (uint64_t)subject_last(s)->result, 7, UNIT_NUMBER);
	expect_equal(l, "major", "major faults", subject_last(s)->major, 0, UNIT_NUMBER);
}

/* File systems of which it is known that a clean page of theirs just goes. */
static bool on_disk(const char *path)
{
	static const struct { long magic; const char *name; } known[] = {
		{ 0xef53, "ext4" }, { 0x58465342, "xfs" }, { 0x9123683e, "btrfs" },
	};
	struct statfs fs;

	if (!statfs(path, &fs))
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (fs.f_type == known[i].magic)
				return true;
	return false;
}

static void of_a_file(struct lesson *l)
{
	uint64_t page = lesson_machine(l)->page, at;
	char path[256];
	struct subject *s;
	int64_t fd;

	step(l, "file", "Page out a page of a file on a disk");
	need(l, !change_tempfile(l, "swap", 0, path), "no temporary file: %s",
	     strerrordesc_np(errno));
	if (!on_disk(path)) {
		skip_step(l, "scripts/lab run --swap file -- mmscope lesson swap",
			  "no folder for a temporary file (TMPDIR) is on ext4, xfs or btrfs");
		return;
	}
	predict(l, "it is gone: mincore 0. A page of a file that was not changed needs no swap, "
		"for the file has it. A touch reads it from there: a major fault");
	s = subject_here(l);
	fd = subject_open(s, path, O_RDWR, 0);
	subject_pwrite(s, (int)fd, subject_hello(s)->scratch, page, 0);
	subject_syscall(s, "fsync", SYS_fsync, (uint64_t)fd, 0, 0, 0, 0, 0);
	at = subject_mmap(s, 0, page, RW, MAP_SHARED, (int)fd, 0);
	need(l, fd >= 0 && at != UINT64_MAX, "the file could not be mapped");
	/* Whoever looks at the page just now keeps it. */
	for (int i = 0; i < 50 && (!i || count_in_core(s, at, 1)); i++) {
		subject_read(s, at, 1, 1);
		subject_madvise(s, at, page, MADV_PAGEOUT);
		subject_quiet(s, true);
	}
	subject_quiet(s, false);
	expect_pages(l, "pages", s, at, 1, ".");
	subject_read(s, at, 1, 1);
	expect_equal(l, "major", "major faults", subject_last(s)->major, 1, UNIT_NUMBER);
	expect_pages(l, "back", s, at, 1, "F");
	subject_stop(s);
}

static void own_without(struct lesson *l)
{
	uint64_t page = lesson_machine(l)->page, at;
	struct subject *s;

	step(l, "none", "Without swap: page out a page of one's own");
	s = subject_without_swap(l);
	if (!s)
		return;
	predict(l, "madvise returns 0, and the page stays: there is nowhere to write it. The "
		"kernel can only kill somebody when such memory runs short");
	at = small_pages(s, 1, 0);
	subject_fill(s, at, 7, page);
	subject_madvise(s, at, page, MADV_PAGEOUT);
	expect_errno(l, "errno", s, 0);
	expect_pages(l, "pages", s, at, 1, "R");
	shared_without(l, s);
	subject_stop(s);
}

void swap_without(struct lesson *l)
{
	of_a_file(l);
	own_without(l);
}
