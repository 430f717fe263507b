// SPDX-License-Identifier: GPL-2.0
/*
 * mincore-rows.c - rows of the lesson mincore about private memory, shared
 * memory and files; each makes one page in the state that is to be compared.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mincore-row.h"

#define RW	(PROT_READ | PROT_WRITE)

/* ---- private anonymous memory ------------------------------------------------- */

static uint64_t one_page(struct subject *s, int flags)
{
	return isolated_mmap(s, 1, RW, flags, 0);
}

static void untouched(struct lesson *l, struct subject *s)
{
	const struct row never = { "never touched", ".", 0, 0, 0, 0, 0, NO_NAME, 0 };
	const struct row gone = { "written, then MADV_DONTNEED", ".", 0, 0, 0, 0, 0, NO_NAME, 0 };
	uint64_t page = lesson_machine(l)->page, at;

	step(l, "untouched", "A page that was never touched");
	predict(l, "all say no: mincore 0, pagemap 0, Rss 0");
	at = one_page(s, 0);
	expect_row(l, s, at, 1, &never);

	step(l, "dontneed", "Write to it, then give it back with MADV_DONTNEED");
	predict(l, "the same as before: the page is gone, the mapping stays");
	subject_write(s, at, 1, 1);
	subject_madvise(s, at, page, MADV_DONTNEED);
	expect_row(l, s, at, 1, &gone);
}

static void zero_page(struct lesson *l, struct subject *s)
{
	const struct row row = { "only read: the zero page", "z", 1, 1, 0, 0, 0,
				 MMS_DIFF_ZERO_PAGE, 0 };
	uint64_t at;

	step(l, "zero-page", "A page that was only read");
	predict(l, "mincore 1 and pagemap 1, but Rss 0: the entry leads to the page of zeroes that "
		"all share, and smaps counts only what belongs to somebody");
	at = one_page(s, 0);
	subject_read(s, at, 1, 1);
	expect_row(l, s, at, 1, &row);
}

static void prot_none(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at;
	const struct row row = { "written, then PROT_NONE", "R", 1, 1, 0, (int64_t)page, 0,
				 NO_NAME, 0 };

	step(l, "prot-none", "A page that was written, then made inaccessible");
	predict(l, "all say yes: mincore 1, pagemap 1, Rss one page. Nobody may touch it, but it "
		"is there, with what is in it");
	at = one_page(s, 0);
	subject_write(s, at, 1, 1);
	subject_mprotect(s, at, page, PROT_NONE);
	expect_row(l, s, at, 1, &row);
}

static void lazy_free(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at;
	const struct row row = { "MADV_FREE, not yet taken", "R", 1, 1, 0, (int64_t)page, 0,
				 NO_NAME, 0 };

	step(l, "free", "A page that was written, then offered with MADV_FREE");
	predict(l, "all say yes, until memory runs short: the kernel may take it now, but has no "
		"need to. smaps shows it under Private_Clean: there is nothing in it to be saved");
	at = one_page(s, 0);
	subject_write(s, at, 1, 1);
	subject_madvise(s, at, page, MADV_FREE);
	expect_row(l, s, at, 1, &row);
	expect_equal(l, "clean", "Private_Clean", (uint64_t)look_smaps(l, s, at, "Private_Clean"),
		     page, UNIT_BYTES);
}

void rows_anonymous(struct lesson *l)
{
	struct subject *s = subject_start(l, NULL);

	stay_on_one_cpu(s);
	untouched(l, s);
	zero_page(l, s);
	prot_none(l, s);
	lazy_free(l, s);
	subject_stop(s);
}

/* ---- shared memory ------------------------------------------------------------- */

static void by_another(struct lesson *l, struct subject *s)
{
	const struct row row = { "shared, touched only by others", "c", 1, 0, 0, 0, 0,
				 MMS_DIFF_PAGE_CACHE, MMS_WITNESS_MINCORE };
	struct subject *child;
	uint64_t at;

	step(l, "shared-other", "Shared memory that only another process has touched");
	predict(l, "mincore 1, pagemap 0, Rss 0: the page is in memory, but this process has no "
		"entry for it. A touch would need a fault and no I/O");
	at = one_page(s, MAP_SHARED);
	child = subject_fork(s);
	subject_write(child, at, 1, 1);
	expect_row(l, s, at, 1, &row);
	subject_stop(child);
}

static void only_read(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at;
	const struct row read = { "shared, only read: a real page", "M", 1, 1, 0, (int64_t)page, 0,
				  NO_NAME, 0 };
	const struct row dropped = { "shared, then MADV_DONTNEED", "c", 1, 0, 0, 0, 0,
				     MMS_DIFF_PAGE_CACHE, MMS_WITNESS_MINCORE };
	const struct row removed = { "shared, then MADV_REMOVE", ".", 0, 0, 0, 0, 0, NO_NAME, 0 };

	step(l, "shared-read", "Shared memory that was only read");
	predict(l, "all say yes. There is no zero page for shared memory: somebody may write to it "
		"tomorrow, and all must see it; so the first read makes a real page");
	at = one_page(s, MAP_SHARED);
	subject_read(s, at, 1, 1);
	expect_row(l, s, at, 1, &read);

	step(l, "shared-dontneed", "MADV_DONTNEED on shared memory");
	predict(l, "mincore 1, pagemap 0: only this process's entry is dropped, the memory stays");
	subject_madvise(s, at, page, MADV_DONTNEED);
	expect_row(l, s, at, 1, &dropped);

	step(l, "shared-remove", "MADV_REMOVE on shared memory");
	predict(l, "all say no: a hole is made in the object itself, for all who map it");
	subject_madvise(s, at, page, MADV_REMOVE);
	expect_row(l, s, at, 1, &removed);
}

/* Memory without a name that is handled as a file: always of tmpfs. */
static void tmpfs_hole(struct lesson *l, struct subject *s)
{
	const struct row hole = { "tmpfs, a hole, got by read(2)", ".", 0, 0, 0, 0, 0, NO_NAME, 0 };
	const struct row page = { "tmpfs, put there by write(2)", "c", 1, 0, 0, 0, 0,
				  MMS_DIFF_PAGE_CACHE, MMS_WITNESS_MINCORE };
	uint64_t size = lesson_machine(l)->page, at, scratch = subject_hello(s)->scratch;
	int64_t fd;

	step(l, "tmpfs-hole", "A hole of a file in tmpfs, read with read(2)");
	predict(l, "all say no: read(2) gives zeroes for a hole and makes no page of it");
	fd = subject_memfd(s, "hole", 0);
	subject_ftruncate(s, (int)fd, size);
	at = subject_mmap(s, 0, size, RW, MAP_SHARED, (int)fd, 0);
	need(l, fd >= 0 && at != UINT64_MAX, "no file in tmpfs");
	subject_pread(s, (int)fd, scratch, 16, 0);
	expect_row(l, s, at, 1, &hole);

	step(l, "tmpfs-written", "The same, written with write(2)");
	predict(l, "mincore 1, pagemap 0: now there is a page, and we have not touched the "
			"mapping");
	subject_pwrite(s, (int)fd, scratch, 16, 0);
	expect_row(l, s, at, 1, &page);
}

void rows_shared(struct lesson *l)
{
	struct subject *s = subject_start(l, NULL);

	by_another(l, s);
	only_read(l, s);
	tmpfs_hole(l, s);
	subject_stop(s);
}

/* ---- files --------------------------------------------------------------------- */

static void copied(struct lesson *l, struct subject *s, int fd)
{
	uint64_t page = lesson_machine(l)->page, at;
	const struct row copy = { "a private file page, written", "R", 1, 1, 0, (int64_t)page, 0,
				  NO_NAME, 0 };
	const struct row back = { "that copy, then MADV_DONTNEED", "c", 1, 0, 0, 0, 0,
				  MMS_DIFF_PAGE_CACHE, MMS_WITNESS_MINCORE };
	uint64_t entry = 0;

	step(l, "cow", "Write to a private mapping of a file");
	predict(l, "all say yes, and it is no page of the file any more: the write made a copy, "
		"which pagemap does not mark as of a file (bit 61) and smaps counts as Anonymous");
	at = subject_mmap(s, 0, page, RW, MAP_PRIVATE, fd, 0);
	need(l, at != UINT64_MAX, "the file could not be mapped");
	subject_write(s, at, 1, 1);
	expect_row(l, s, at, 1, &copy);
	read_pagemap(s, at, 1, &entry);
	expect_equal(l, "file-bit", "bit 61 of its entry in "
			"pagemap", entry >> 61 & 1, 0, UNIT_NUMBER);
	expect_equal(l, "anonymous", "Anonymous in smaps",
		     (uint64_t)look_smaps(l, s, at, "Anonymous"), page, UNIT_BYTES);

	step(l, "cow-dontneed", "Give the copy back with MADV_DONTNEED");
	predict(l, "mincore 1, pagemap 0: the copy is gone, and below it the page of the file is "
		"still in the cache");
	subject_madvise(s, at, page, MADV_DONTNEED);
	expect_row(l, s, at, 1, &back);
}

void rows_file(struct lesson *l)
{
	const struct row cached = { "file in the cache, not mapped here", "c", 1, 0, 0, 0, 0,
				    MMS_DIFF_PAGE_CACHE, MMS_WITNESS_MINCORE };
	const struct row beyond = { "beyond the end of the file", ".", 0, 0, 0, UNTOLD, UNTOLD,
				    NO_NAME, 0 };
	uint64_t page = lesson_machine(l)->page, at;
	struct subject *s = subject_start(l, NULL);
	char path[256];
	int64_t fd;

	step(l, "file-cached", "A page of a file that write(2) has brought into the page cache");
	need(l, !change_tempfile(l, "mincore", 0, path), "no temporary file: %s",
	     strerrordesc_np(errno));
	predict(l, "mincore 1, pagemap 0, Rss 0: it is in the cache, and not in our page table");
	fd = subject_open(s, path, O_RDWR, 0);
	subject_pwrite(s, (int)fd, subject_hello(s)->scratch, page, 0);
	at = subject_mmap(s, 0, page, PROT_READ, MAP_SHARED, (int)fd, 0);
	need(l, fd >= 0 && at != UINT64_MAX, "the file could not be mapped");
	expect_row(l, s, at, 1, &cached);
	copied(l, s, (int)fd);

	step(l, "beyond-end", "Map 2 pages of the file of 1 page, and look at the 2nd");
	predict(l, "all say no, and they are right: there is nothing to come. A touch is SIGBUS");
	at = subject_mmap(s, 0, 2 * page, PROT_READ, MAP_SHARED, (int)fd, 0);
	need(l, at != UINT64_MAX, "the file could not be mapped");
	expect_row(l, s, at + page, 1, &beyond);
	expect_fault(l, "touch", s, at + page, 'r', SIGBUS, BUS_ADRERR);
	subject_stop(s);
}
