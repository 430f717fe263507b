// SPDX-License-Identifier: GPL-2.0
/*
 * protect.c - the lesson "protect": mprotect, what it makes of VMAs and of the
 * entries of the page table, guard pages, and what a fault tells.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lesson.h"

#define PAGES	6
#define BYTE	0x5a
#define CAT(n)	MMSCOPE_CAT(n)
#define RW	(PROT_READ | PROT_WRITE)

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#endif

/* Small pages only, whatever sizes are enabled here. */
static uint64_t region(struct lesson *l, struct subject *s, size_t pages)
{
	const struct machine *m = lesson_machine(l);
	uint64_t at = isolated_mmap(s, pages, RW, 0, 0);

	if (m->mthp) {
		subject_quiet(s, true);
		subject_madvise(s, at, pages * m->page, MADV_NOHUGEPAGE);
		subject_quiet(s, false);
	}
	return at;
}

static uint64_t vmas_of(struct lesson *l, struct subject *s)
{
	struct mms_mm mm;

	return look_mm(l, s, &mm) ? mm.fact[MMS_MM_MAP_COUNT].value : 0;
}

/* ---- one VMA becomes three, and one again ----------------------------------- */

static uint64_t split(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at, before;

	step(l, "written", "%d pages that may be read and written", PAGES);
	predict(l, "one VMA says what is allowed (rw-p: read, write, not execute, private); once a "
		"page is written, its entry in the page table says the same in bits of its own, "
		"which is what the processor looks at");
	at = region(l, s, PAGES);
	subject_fill(s, at, BYTE, PAGES * page);
	expect_vmas(l, "vmas", s, at, PAGES, "rw-p*%d", PAGES);
	expect_pages(l, "pages", s, at, PAGES, "R*");
	expect_categories(l, "entries", s, at, PAGES, CAT(WRITABLE), CAT(EXECUTABLE));

	step(l, "split", "mprotect(PROT_READ) for the two pages in the middle");
	predict(l, "a VMA has one set of rights, so this one is cut in three: the process has 2 "
		"more. The pages stay where they are; the two entries lose the bit that allows "
		"writing");
	before = vmas_of(l, s);
	subject_mprotect(s, at + 2 * page, 2 * page, PROT_READ);
	expect_vmas(l, "vmas", s, at, PAGES, "rw-p*2 r--p*2 rw-p*2");
	expect_equal(l, "count", "VMAs more than before", vmas_of(l, s) - before, 2, UNIT_NUMBER);
	expect_pages(l, "pages", s, at, PAGES, "R*");
	expect_categories(l, "entries-middle", s, at + 2 * page, 2, CAT(PRESENT), CAT(WRITABLE));
	expect_categories(l, "entries-left", s, at, 2, CAT(WRITABLE), 0);
	expect_categories(l, "entries-right", s, at + 4 * page, 2, CAT(WRITABLE), 0);
	note(l, "While --step waits for Enter, another terminal can show all bits of an entry: "
	     "mmscope walk %d 0x%" PRIx64, (int)subject_pid(s), at + 2 * page);

	step(l, "denied", "Read and write there");
	predict(l, "reading works. Writing is refused: SIGSEGV, with the code SEGV_ACCERR (there "
		"is a VMA, but it does not allow this) and the exact address. The neighbours may "
		"be written up to the last byte");
	expect_fault(l, "read", s, at + 2 * page + 123, 'r', 0, 0);
	expect_fault(l, "write", s, at + 2 * page + 123, 'w', SIGSEGV, SEGV_ACCERR);
	expect_fault(l, "last-before", s, at + 2 * page - 1, 'w', 0, 0);
	expect_fault(l, "first-denied", s, at + 2 * page, 'w', SIGSEGV, SEGV_ACCERR);
	expect_fault(l, "first-behind", s, at + 4 * page, 'w', 0, 0);
	expect_fault(l, "execute", s, at, 'x', SIGSEGV, SEGV_ACCERR);
	return at;
}

static void merge(struct lesson *l, struct subject *s, uint64_t at)
{
	uint64_t page = lesson_machine(l)->page, before;

	step(l, "merge", "mprotect(PROT_READ|PROT_WRITE): as it was");
	predict(l, "three neighbours with the same rights are one VMA again: 2 fewer. The entries "
		"follow: at once, or each with the first write to its page (at most a fault each, "
		"depending on the kernel), so that after a write they allow writing");
	before = vmas_of(l, s);
	subject_mprotect(s, at + 2 * page, 2 * page, RW);
	expect_vmas(l, "vmas", s, at, PAGES, "rw-p*%d", PAGES);
	expect_equal(l, "count", "VMAs fewer than before", before - vmas_of(l, s), 2, UNIT_NUMBER);
	subject_write(s, at + 2 * page + 1, 2, 1);
	expect_faults(l, "faults", s, 0, 2);
	expect_categories(l, "entries", s, at, PAGES, CAT(WRITABLE), 0);
}

/* ---- PROT_NONE -------------------------------------------------------------- */

static void none(struct lesson *l, struct subject *s, uint64_t at)
{
	uint64_t page = lesson_machine(l)->page, sum;

	step(l, "none", "mprotect(PROT_NONE)");
	predict(l, "nothing is allowed any more, not even to read. But the pages are kept with all "
		"that is in them: they are still there, and still count as Rss");
	subject_fill(s, at, BYTE, PAGES * page);
	subject_mprotect(s, at, PAGES * page, PROT_NONE);
	expect_vmas(l, "vmas", s, at, PAGES, "---p*%d", PAGES);
	expect_pages(l, "pages", s, at, PAGES, "R*");
	expect_categories(l, "entries", s, at, PAGES, CAT(PRESENT), CAT(WRITABLE));
	expect_fault(l, "read", s, at + page + 7, 'r', SIGSEGV, SEGV_ACCERR);
	expect_fault(l, "write", s, at + page + 7, 'w', SIGSEGV, SEGV_ACCERR);

	step(l, "back", "mprotect(PROT_READ): what was in them?");
	predict(l, "the bytes of before, 0x%02x in each of the %d pages: a sum of %d; and no page "
		"is fetched from anywhere", BYTE, PAGES, BYTE * PAGES);
	subject_mprotect(s, at, PAGES * page, PROT_READ);
	sum = subject_read(s, at, PAGES, 1);
	expect_equal(l, "data", "the sum", sum, BYTE * PAGES, UNIT_NUMBER);
	expect_equal(l, "major", "faults that needed a disk", subject_last(s)->major, 0,
		     UNIT_NUMBER);
}

/* ---- guard pages ------------------------------------------------------------- */

static void guard(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at, end, buf;
	struct subject_fault f;

	step(l, "guard", "A page with PROT_NONE behind a buffer of 100 bytes");
	at = region(l, s, 4);
	end = at + 3 * page;
	buf = end - 100;
	predict(l, "the buffer ends where the guard page begins (0x%" PRIx64 "), so the first byte "
		"too far faults, at that very address. A byte in front of the buffer is in the "
		"same page as the buffer: nobody notices", end);
	subject_write(s, at, 3, 1);
	subject_mprotect(s, end, page, PROT_NONE);
	expect_vmas(l, "vmas", s, at, 4, "rw-p*3 ---p*1");
	expect_fault(l, "last", s, buf + 99, 'w', 0, 0);
	expect_fault(l, "over", s, buf + 100, 'w', SIGSEGV, SEGV_ACCERR);
	expect_fault(l, "under", s, buf - 1, 'w', 0, 0);
	expect_pages(l, "pages", s, at, 4, "R*3 .");

	step(l, "guard-region", "The same without a VMA: madvise(MADV_GUARD_INSTALL)");
	if (subject_madvise(s, at, page, MADV_GUARD_INSTALL)) {
		skip_step(l, NULL, "this kernel has no guard regions (Linux 6.13)");
		return;
	}
	predict(l, "the guard is noted in the page's entry alone: the VMA is not split, what the "
		"page held is gone, and a touch is SIGSEGV");
	expect_vmas(l, "vmas", s, at, 4, "rw-p*3 ---p*1");
	expect_pages(l, "pages", s, at, 4, "gRR.");
	subject_probe(s, at + 9, 'r', &f);
	expect_equal(l, "signal", "the signal", (uint64_t)f.signo, SIGSEGV, UNIT_NUMBER);
	expect_equal(l, "address", "its address", f.address, at + 9, UNIT_ADDRESS);
}

/* ---- what a fault tells ------------------------------------------------------ */

static void holes(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at;

	step(l, "hole", "A touch where nothing is mapped");
	predict(l, "SIGSEGV again, but with the code SEGV_MAPERR: no VMA covers the address");
	at = region(l, s, PAGES);
	subject_munmap(s, at + 2 * page, page);
	expect_vmas(l, "vmas", s, at, PAGES, "rw-p*2 none*1 rw-p*3");
	expect_fault(l, "read", s, at + 2 * page + 17, 'r', SIGSEGV, SEGV_MAPERR);
	expect_fault(l, "write", s, at + 3 * page - 1, 'w', SIGSEGV, SEGV_MAPERR);
	expect_fault(l, "null", s, 0, 'r', SIGSEGV, SEGV_MAPERR);

	step(l, "across", "mprotect(PROT_READ) across the hole");
	predict(l, "it works from the left to the right: the two pages before the hole become "
		"read-only, then it fails with ENOMEM, and those behind keep their rights. An "
		"error does not mean that nothing happened");
	subject_mprotect(s, at, PAGES * page, PROT_READ);
	expect_errno(l, "errno", s, ENOMEM);
	expect_vmas(l, "vmas", s, at, PAGES, "r--p*2 none*1 rw-p*3");

	step(l, "non-canonical", "An address that is none");
#ifdef __x86_64__
	predict(l, "of 64 bits the processor uses 48 (or 57); the others must repeat the last of "
		"them. This address does not: no page fault, but a general protection fault. Still "
		"SIGSEGV, the code is SI_KERNEL, and the address is not told: 0");
	expect_fault(l, "read", s, 0x4000000000000000ULL, 'r', SIGSEGV, SI_KERNEL);
#else
	skip_step(l, NULL, "only x86-64 treats such addresses so");
#endif
}

static void beyond(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at;
	int64_t fd;

	step(l, "beyond", "4 pages of a file that has %" PRIu64 " bytes", page + 100);
	predict(l, "its second page is there to its end, and zero behind the 100 bytes. The third "
		"and the fourth have a VMA that allows everything, but the file has nothing to put "
		"there: SIGBUS, not SIGSEGV");
	fd = subject_memfd(s, "protect", 0);
	if (fd < 0) {
		skip_step(l, NULL, "no memfd here: %s", strerrordesc_np(subject_last(s)->errnum));
		return;
	}
	subject_ftruncate(s, (int)fd, page + 100);
	at = subject_mmap(s, 0, 4 * page, RW, MAP_SHARED, (int)fd, 0);
	need(l, at != UINT64_MAX, "the file could not be mapped");
	expect_fault(l, "first", s, at, 'w', 0, 0);
	expect_fault(l, "last-byte", s, at + page + 99, 'w', 0, 0);
	expect_equal(l, "end-of-page", "the last byte of the second page",
		     subject_read(s, at + 2 * page - 1, 1, 1), 0, UNIT_NUMBER);
	expect_fault(l, "beyond", s, at + 2 * page, 'r', SIGBUS, BUS_ADRERR);
	expect_fault(l, "beyond-write", s, at + 3 * page + 5, 'w', SIGBUS, BUS_ADRERR);
	expect_pages(l, "pages", s, at, 4, "MM..");
	expect_vmas(l, "vmas", s, at, 4, "rw-s*4");
}

/* ---- what may be asked for --------------------------------------------------- */

static void arguments(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at;

	step(l, "unaligned", "An address that is no start of a page, and rights that are none");
	predict(l, "both fail with EINVAL, and nothing is changed: rights are noted per page");
	at = region(l, s, PAGES);
	subject_mprotect(s, at + 1, page, PROT_READ);
	expect_errno(l, "address", s, EINVAL);
	subject_mprotect(s, at, page, 0x40);
	expect_errno(l, "rights", s, EINVAL);
	expect_vmas(l, "vmas", s, at, PAGES, "rw-p*%d", PAGES);

	step(l, "length", "A length of one byte, and of none");
	predict(l, "the length is rounded up: one byte protects the whole page. A length of 0 "
		"succeeds and does nothing");
	subject_mprotect(s, at + page, 1, PROT_READ);
	expect_errno(l, "one", s, 0);
	subject_mprotect(s, at + 3 * page, 0, PROT_NONE);
	expect_errno(l, "zero", s, 0);
	expect_vmas(l, "vmas", s, at, PAGES, "rw-p*1 r--p*1 rw-p*4");
	expect_fault(l, "last-byte", s, at + 2 * page - 1, 'w', SIGSEGV, SEGV_ACCERR);

	step(l, "write-only", "PROT_WRITE alone");
	predict(l, "the VMA says -w-p, but a page-table entry has no bit for \"may not be read\": "
		"what may be written may be read");
	subject_mprotect(s, at, page, PROT_WRITE);
	expect_vmas(l, "vmas", s, at, 1, "-w-p*1");
	expect_fault(l, "write", s, at + 5, 'w', 0, 0);
	expect_fault(l, "read", s, at + 5, 'r', 0, 0);
}

/* ---- execution --------------------------------------------------------------- */

#if defined(__x86_64__)
static const unsigned char code[] = { 0xc3 };			/* ret */
#elif defined(__aarch64__)
static const unsigned char code[] = { 0xc0, 0x03, 0x5f, 0xd6 };	/* ret */
#endif

static void execute(struct lesson *l, struct subject *s)
{
#if defined(__x86_64__) || defined(__aarch64__)
	const struct machine *m = lesson_machine(l);
	struct mms_vma v;
	uint64_t at;

	step(l, "execute", "Write a machine instruction (return), then make the page executable");
	predict(l, "as data it must not be executed: SIGSEGV. With PROT_READ|PROT_EXEC it may, but "
		"not be written any more: a page should never be both");
	at = region(l, s, 1);
	subject_poke(s, at, code, sizeof(code));
	doing(l, "store the instruction at 0x%" PRIx64, at);
	expect_fault(l, "data", s, at, 'x', SIGSEGV, SEGV_ACCERR);
	subject_mprotect(s, at, m->page, PROT_READ | PROT_EXEC);
	expect_vmas(l, "vmas", s, at, 1, "r-xp*1");
	expect_categories(l, "entry", s, at, 1, CAT(EXECUTABLE), CAT(WRITABLE));
	expect_fault(l, "run", s, at, 'x', 0, 0);
	expect_fault(l, "write", s, at, 'w', SIGSEGV, SEGV_ACCERR);

	step(l, "execute-only", "PROT_EXEC alone");
#ifndef __x86_64__
	skip_step(l, NULL, "what a processor of this kind makes of it is not known here");
	return;
#endif
	predict(l, "the VMA says --xp. The entry has no bit for \"may not be read\"; %s", m->pkeys ?
		"but this processor has protection keys, and the kernel gives the page a key that "
		"may not be read: SIGSEGV, with the code SEGV_PKUERR" :
		"and this machine has no protection keys that could forbid it: it can be read");
	subject_mprotect(s, at, m->page, PROT_EXEC);
	expect_vmas(l, "vmas", s, at, 1, "--xp*1");
	expect_fault(l, "run", s, at, 'x', 0, 0);
	if (m->pkeys)
		expect_fault(l, "read", s, at, 'r', SIGSEGV, SEGV_PKUERR);
	else
		expect_fault(l, "read", s, at, 'r', 0, 0);
	if (look_vma(l, s, at, &v))
		expect_true(l, "key", m->pkeys == (v.pkey != 0),
			    "the VMA's protection key is %u", v.pkey);
#else
	(void)s;
	step(l, "execute", "Code in a page of data");
	skip_step(l, NULL, "no machine instruction of this processor is known here");
#endif
}

/* ---- files ------------------------------------------------------------------- */

static void files(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, shared, private;
	char path[256];
	int64_t fd;

	step(l, "file", "A file opened for reading, mapped shared and private");
	predict(l, "a shared mapping cannot be made writable: that would write to a file which was "
		"opened for reading only: EACCES. A private one can: its writes go to copies");
	need(l, !change_tempfile(l, "protect", 2 * page, path), "no temporary file: %s",
	     strerrordesc_np(errno));
	fd = subject_open(s, path, O_RDONLY, 0);
	shared = subject_mmap(s, 0, 2 * page, PROT_READ, MAP_SHARED, (int)fd, 0);
	private = subject_mmap(s, 0, 2 * page, PROT_READ, MAP_PRIVATE, (int)fd, 0);
	need(l, shared != UINT64_MAX && private != UINT64_MAX, "the file could not be mapped");
	expect_vma_flags(l, "may-shared", s, shared, MMSCOPE_VMA_MAYREAD, MMSCOPE_VMA_MAYWRITE);
	subject_mprotect(s, shared, 2 * page, RW);
	expect_errno(l, "shared", s, EACCES);
	expect_vmas(l, "vmas-shared", s, shared, 2, "r--s*2");
	expect_vma_flags(l, "may-private", s, private, MMSCOPE_VMA_MAYWRITE, MMSCOPE_VMA_WRITE);
	subject_mprotect(s, private, 2 * page, RW);
	expect_errno(l, "private", s, 0);
	subject_write(s, private, 1, 1);
	expect_pages(l, "copy", s, private, 1, "R");
	subject_read(s, shared, 1, 1);
	expect_equal(l, "untouched", "the file's first byte", (uint64_t)subject_last(s)->result, 0,
		     UNIT_NUMBER);
}

/* ---- the entry may be stricter than the VMA ---------------------------------- */

static void stricter(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at;
	struct subject *child;

	step(l, "stricter", "Rights of the VMA, and of the entry: after fork");
	predict(l, "the VMA is rw-p in both processes, but fork takes the bit for writing out of "
		"every entry, since the pages are shared now. The kernel knows from the VMA that "
		"writing is allowed: it makes a copy, and there is no signal");
	at = region(l, s, 2);
	subject_write(s, at, 2, 1);
	expect_categories(l, "entries-before", s, at, 2, CAT(WRITABLE), 0);
	child = subject_fork(s);
	expect_vmas(l, "vmas", child, at, 2, "rw-p*2");
	expect_categories(l, "entries-child", child, at, 2, CAT(SHARED), CAT(WRITABLE));
	expect_categories(l, "entries-parent", s, at, 2, CAT(SHARED), CAT(WRITABLE));
	expect_fault(l, "write", child, at, 'w', 0, 0);
	expect_categories(l, "copied", child, at, 1, CAT(WRITABLE), CAT(SHARED));
	expect_categories(l, "other", child, at + page, 1, CAT(SHARED), CAT(WRITABLE));
	subject_stop(child);
}

static void run(struct lesson *l)
{
	struct subject *s = subject_start(l, NULL);
	uint64_t at = split(l, s);

	merge(l, s, at);
	none(l, s, at);
	guard(l, s);
	holes(l, s);
	beyond(l, s);
	arguments(l, s);
	execute(l, s);
	files(l, s);
	stricter(l, s);
}

static const char *const learnt[] = {
	"Rights are kept per VMA; mprotect splits VMAs, and neighbours that agree are merged "
	"again.",
	"The processor looks at the entries' bits. They are never wider than the VMA's rights, but "
	"may be narrower: then the kernel decides in the page fault.",
	"PROT_NONE takes the rights, not the memory: pages, data and Rss stay. munmap takes those.",
	"si_addr is the exact address. SEGV_ACCERR: not allowed; SEGV_MAPERR: nothing there; "
	"SIGBUS: there, but nothing behind it.",
	"A guard page turns a silent overrun into a signal, and only on the side where it is.",
	NULL
};

static const char *const slides[] = {
	"PROT_EXEC alone can be read on older processors. With protection keys it cannot.",
	"PROT_WRITE alone is said to be write-only. No current processor can do that.",
	"If mprotect fails, part of the range may have been changed.",
	NULL
};

const struct lesson_info lesson_protect = {
	.name = "protect",
	.brief = "rights of pages, and what a fault tells",
	.about = "mprotect changes what a process may do with its memory: read, write, execute, or "
		 "nothing. This lesson changes rights and looks at the VMAs and at the entries of "
		 "the page table, then does what is forbidden and looks at the signal.",
	.learnt = learnt,
	.slides = slides,
	.run = run,
};
