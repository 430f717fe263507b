// SPDX-License-Identifier: GPL-2.0
/*
 * demand.c - the lesson "demand": address space is given at once, memory page by
 * page when it is touched.  The model for the other lessons.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lesson.h"

#define KIB128	(128UL << 10)

/* ---- a reserve of 128 KiB --------------------------------------------------- */

static void reserve(struct lesson *l, struct subject *s)
{
	const struct machine *m = lesson_machine(l);
	size_t n = KIB128 / m->page;
	uint64_t at;

	step(l, "reserve", "Reserve 128 KiB with mmap");
	predict(l, "a VMA of %zu pages comes into being, and no page is there: mmap only notes "
		"that these addresses are valid from now on", n);
	at = isolated_mmap(s, n, PROT_READ | PROT_WRITE, 0, 0);
	if (m->mthp)
		subject_madvise(s, at, KIB128, MADV_NOHUGEPAGE);
	expect_vmas(l, "vma", s, at, n, "rw-p*%zu", n);
	expect_pages(l, "none", s, at, n, ".*");

	step(l, "two", "Write to the first two pages");
	predict(l, "two page faults; then 2 of %zu pages are there", n);
	subject_write(s, at, 2, 1);
	expect_faults(l, "faults", s, 2, 2);
	expect_pages(l, "pages", s, at, n, "R*2 .*");

	step(l, "all", "Write to all of it");
	predict(l, "a page fault for each page that is not there yet: %zu; then all %zu are there",
		n - 2, n);
	subject_fill(s, at, 0x5a, KIB128);
	expect_faults(l, "faults", s, n - 2, n - 2);
	expect_pages(l, "pages", s, at, n, "R*");
}

/* ---- the same with malloc --------------------------------------------------- */

/* What malloc itself has written: the header before, and that of what follows. */
static void predict_malloc(struct lesson *l, const struct glibc_malloc *g, uint64_t page,
			   uint64_t offset, size_t pages, char *pattern)
{
	uint64_t next = (offset + KIB128 + 8) / page;	/* the page of the next size field */

	memset(pattern, '.', pages);
	pattern[pages] = 0;
	if (offset)
		pattern[0] = 'R';
	if (!g->mmapped && next < pages)
		pattern[next] = 'R';
	predict(l, "it spans %zu pages, since malloc keeps 16 bytes before it; %s", pages,
		g->mmapped ? "malloc has it from mmap, and has written its header: 1 page is there" :
		"it is cut from the heap, and malloc has written the header before it and that of "
		"what follows");
}

static void with_malloc(struct lesson *l)
{
	const struct machine *m = lesson_machine(l);
	struct subject *s = subject_start(l, NULL);
	struct glibc_heap heap;
	struct glibc_malloc g;
	char pattern[KIB128 / 4096 + 3];
	const char *why;
	size_t pages, absent = 0;
	uint64_t p, offset;

	step(l, "malloc", "malloc(128 KiB) in a fresh process");
	if (!subject_heap(s, &heap, &why)) {
		skip_step(l, NULL, "%s", why);
		return;
	}
	if (m->malloc.perturb) {
		skip_step(l, "unset MALLOC_PERTURB_ GLIBC_TUNABLES",
			  "malloc is told to write to all that it gives out");
		return;
	}
	glibc_heap_malloc(&heap, KIB128, &g);
	/* A mapping begins on a page; the chunk's 16 bytes come first. */
	offset = g.mmapped ? 16 : g.pointer % m->page;
	pages = (offset + KIB128 + m->page - 1) / m->page;
	predict_malloc(l, &g, m->page, offset, pages, pattern);
	p = subject_malloc(s, KIB128);
	need(l, p, "malloc failed");
	expect_break(l, "break", s, (int64_t)g.growth);
	expect_equal(l, "offset", "its place in its first page", p % m->page, offset, UNIT_BYTES);
	expect_pages(l, "pages", s, p, pages, "%s", pattern);

	step(l, "memset", "memset all of it");
	for (size_t i = 0; i < pages; i++)
		absent += pattern[i] == '.';
	/* A huge page of a smaller size, if that is enabled, comes by one fault. */
	if (lesson_machine(l)->mthp)
		predict(l, "huge pages of several sizes are enabled here, so that one fault may bring "
			"several pages: at most %zu faults; then all %zu pages are there", absent, pages);
	else
		predict(l, "a fault for each of the %zu pages that are not there; then all %zu are",
			absent, pages);
	subject_fill(s, p, 0, KIB128);
	expect_faults(l, "faults", s, lesson_machine(l)->mthp ? 1 : absent, absent);
	expect_pages(l, "pages", s, p, pages, "R*");
}

/* ---- reading ---------------------------------------------------------------- */

static void zero_page(struct lesson *l, struct subject *s)
{
	const struct machine *m = lesson_machine(l);
	uint64_t at;

	step(l, "read", "Read from a page that was never written");
	predict(l, "a fault, and the page is there; but it is the one page of zeros that all "
		"processes share, so that it costs nothing: Rss stays 0");
	at = isolated_mmap(s, 4, PROT_READ | PROT_WRITE, 0, 0);
	if (m->mthp)
		subject_madvise(s, at, 4 * m->page, MADV_NOHUGEPAGE);
	subject_read(s, at, 1, 1);
	expect_faults(l, "faults", s, 1, 1);
	expect_equal(l, "value", "what was read", (uint64_t)subject_last(s)->result, 0, UNIT_NUMBER);
	expect_pages(l, "pages", s, at, 4, "z .*");

	step(l, "write-after", "Write to that page");
	predict(l, "a second fault: the zero page may not be written, so the process gets a page of "
		"its own in its place");
	subject_write(s, at, 1, 1);
	expect_faults(l, "faults", s, 1, 1);
	expect_pages(l, "pages", s, at, 4, "R .*");
}

/* ---- a file ----------------------------------------------------------------- */

#define FILE_PAGES	64

/* In the page cache as a whole; the subject has read none of it. */
static int filled_file(struct lesson *l, char path[256])
{
	uint64_t page = lesson_machine(l)->page;
	char *block = calloc(1, page);
	int fd = -1, bad = !block;

	if (!bad && !change_tempfile(l, "demand", FILE_PAGES * page, path))
		fd = open(path, O_RDWR | O_CLOEXEC);
	for (size_t i = 0; i < FILE_PAGES && fd >= 0; i++)
		bad |= pwrite(fd, block, page, (off_t)(i * page)) != (ssize_t)page;
	free(block);
	if (fd >= 0)
		close(fd);
	return fd < 0 || bad ? -1 : 0;
}

static void file(struct lesson *l, struct subject *s)
{
	const struct machine *m = lesson_machine(l);
	uint64_t window = m->fault_around > 0 ? (uint64_t)m->fault_around / m->page : 0;
	uint64_t at, first, middle;
	char path[256];
	int64_t fd;

	step(l, "file", "Read one byte of a mapped file that is in the page cache");
	if (!window || window > FILE_PAGES / 2) {
		skip_step(l, "as root: mount -t debugfs debugfs /sys/kernel/debug",
			  "how many pages a fault maps at once is not to be read "
			  "(fault_around_bytes in debugfs)");
		return;
	}
	need(l, !filled_file(l, path), "no temporary file: %s", strerrordesc_np(errno));
	predict(l, "one fault, but %" PRIu64 " pages: what is in the page cache anyway is mapped in "
		"passing, in a window of %" PRIu64 " KiB (fault_around_bytes); the others stay in the "
		"cache, unmapped", window, window * m->page >> 10);
	fd = subject_open(s, path, O_RDONLY, 0);
	at = subject_mmap(s, 0, FILE_PAGES * m->page, PROT_READ, MAP_PRIVATE, (int)fd, 0);
	need(l, fd >= 0 && at != UINT64_MAX, "the file could not be mapped");
	/* A byte in the midst, so that a whole window around it is in the VMA. */
	middle = at + FILE_PAGES / 2 * m->page;
	first = (middle / m->page / window * window * m->page - at) / m->page;
	subject_read(s, middle, 1, 1);
	expect_faults(l, "faults", s, 1, 1);
	expect_pages(l, "pages", s, at, FILE_PAGES, "c*%" PRIu64 " P*%" PRIu64 " c*", first, window);
}

/* ---- huge pages ------------------------------------------------------------- */

static void huge(struct lesson *l, struct subject *s)
{
	const struct machine *m = lesson_machine(l);
	size_t n = m->pmd / m->page;
	int64_t refused = look_vmstat("thp_fault_fallback");
	uint64_t at;

	step(l, "huge", "Write one byte to %" PRIu64 " MiB that a huge page would fit", m->pmd >> 20);
	if (m->thp == THP_NONE || m->thp == THP_UNKNOWN || m->mthp) {
		skip_step(l, NULL, m->mthp ? "huge pages of several sizes are enabled here" :
			  "this kernel has no transparent huge pages");
		return;
	}
	predict(l, "transparent huge pages are set to \"%s\": %s", thp_mode_name(m->thp),
		m->thp == THP_NEVER ? "one page is there" :
		m->thp == THP_ALWAYS ? "one fault brings them all" :
		"they are given where madvise asks for them, and one fault brings them all");
	at = isolated_mmap(s, n, PROT_READ | PROT_WRITE, 0, m->pmd);
	if (m->thp == THP_MADVISE)
		subject_madvise(s, at, m->pmd, MADV_HUGEPAGE);
	subject_write(s, at, 1, 1);
	if (m->thp != THP_NEVER && look_vmstat("thp_fault_fallback") != refused) {
		skip_step(l, "echo 1 > /proc/sys/vm/compact_memory",
			  "no free block of memory was large enough for a huge page");
		return;
	}
	expect_faults(l, "faults", s, 1, 1);
	if (m->thp == THP_NEVER)
		expect_pages(l, "pages", s, at, n, "R .*");
	else
		expect_pages(l, "pages", s, at, n, "H*");
}

/* ---- copy on write ---------------------------------------------------------- */

static void copy_on_write(struct lesson *l, struct subject *s)
{
	const struct machine *m = lesson_machine(l);
	struct subject *child;
	uint64_t at;

	step(l, "fork", "Write 4 pages, then fork");
	predict(l, "the child has the same 4 pages at the same addresses, and they are the very same "
		"memory: fork copies the page tables, not the pages");
	at = isolated_mmap(s, 4, PROT_READ | PROT_WRITE, 0, 0);
	if (m->mthp)
		subject_madvise(s, at, 4 * m->page, MADV_NOHUGEPAGE);
	subject_write(s, at, 4, 1);
	child = subject_fork(s);
	expect_pages(l, "pages", child, at, 4, "R*");
	expect_frames(l, "frames", s, at, child, at, 4, true);
	expect_categories(l, "read-only", child, at, 4, MMSCOPE_CAT(SHARED), MMSCOPE_CAT(WRITABLE));

	step(l, "cow", "The child writes to the first page");
	predict(l, "a fault: the entry was made read-only, so the kernel copies the page now; the "
		"other 3 stay shared");
	subject_write(child, at, 1, 1);
	expect_faults(l, "faults", child, 1, 1);
	expect_pages(l, "pages", child, at, 4, "R*");
	expect_frames(l, "copied", s, at, child, at, 1, false);
	expect_frames(l, "shared", s, at + m->page, child, at + m->page, 3, true);
	subject_stop(child);
}

static void run(struct lesson *l)
{
	struct subject *s = subject_start(l, NULL);

	reserve(l, s);
	with_malloc(l);
	zero_page(l, s);
	file(l, s);
	huge(l, s);
	copy_on_write(l, s);
}

static const char *const learnt[] = {
	"mmap and malloc give out addresses; memory comes with the first touch, page by page.",
	"A page that was only read is the zero page: mincore and pagemap call it there, smaps does "
	"not count it.",
	"Each page that is not there costs a fault; a file's pages come several at a fault, a huge "
	"page is one fault for all of it.",
	"After fork both processes have the same frames until one of them writes.",
	NULL
};

static const char *const slides[] = {
	"malloc(128 KiB) spans 33 pages, not 32: the chunk's header stands before it. One or two of "
	"them are there at once, because malloc writes its headers.",
	"\"2 of 32 pages\" holds for mmap of 128 KiB.",
	"With transparent huge pages set to always, one byte may bring 2 MiB.",
	NULL
};

const struct lesson_info lesson_demand = {
	.name = "demand",
	.brief = "memory comes when it is touched",
	.about = "A process is given addresses at once and memory only when it uses it. This lesson "
		 "reserves memory, touches parts of it in several ways, and looks each time at which "
		 "pages are there.",
	.learnt = learnt,
	.slides = slides,
	.run = run,
};
