// SPDX-License-Identifier: GPL-2.0
/*
 * mincore.c - the lesson "mincore": mincore, pagemap and smaps about the same
 * page, where they agree and where they may differ; and how mincore fails.
 */
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mincore-row.h"

/* ---- the call itself ----------------------------------------------------------- */

#define UNWRITTEN	0xaa

/* As a program calls it, with a vector of its own; length in bytes. */
static int64_t call_mincore(struct subject *s, uint64_t at, uint64_t length, uint64_t vector)
{
	return subject_syscall(s, "mincore", SYS_mincore, at, length, vector, 0, 0, 0);
}

static void reset_vector(struct subject *s, uint64_t vector)
{
	subject_quiet(s, true);
	subject_fill(s, vector, UNWRITTEN, 16);
	subject_quiet(s, false);
}

static void expect_vector(struct lesson *l, const char *what, struct subject *s, uint64_t vector,
			  const unsigned char *want, size_t n)
{
	char got_words[80] = "", want_words[80] = "";
	unsigned char got[16] = { 0 };

	need(l, n <= sizeof(got) && subject_peek(s, vector, got, n), "the vector cannot be read");
	for (size_t i = 0; i < n; i++) {
		/* Only bit 0 has a meaning. */
		if (got[i] != UNWRITTEN)
			got[i] &= 1;
		strcat(got_words, got[i] == UNWRITTEN ? " aa" : got[i] ? " 1" : " 0");
		strcat(want_words, want[i] == UNWRITTEN ? " aa" : want[i] ? " 1" : " 0");
	}
	if (!memcmp(got, want, n))
		expect_true(l, what, true, "the vector is%s", got_words);
	else
		expect_true(l, what, false, "the vector is%s, but it is%s", want_words, got_words);
}

static void answer(struct lesson *l, struct subject *s, uint64_t at, uint64_t vector)
{
	static const unsigned char want[] = { 1, 0, 1, 0, UNWRITTEN };
	uint64_t page = lesson_machine(l)->page;

	step(l, "call", "Ask mincore about 4 pages, of which the 1st and 3rd were written");
	predict(l, "it returns 0 and writes one byte a page: bit 0 is 1 for the two that are in "
		"memory. The byte behind them is left alone (we filled the vector with 0xaa)");
	subject_write(s, at, 4, 2);
	reset_vector(s, vector);
	call_mincore(s, at, 4 * page, vector);
	expect_errno(l, "errno", s, 0);
	expect_vector(l, "vector", s, vector, want, sizeof(want));
	expect_pages(l, "pages", s, at, 4, "R.R.");

	step(l, "round", "Ask about 1 byte, then about a page and a byte");
	predict(l, "the length is rounded up to whole pages: 1 byte of the vector is written, then "
			"2");
	reset_vector(s, vector);
	call_mincore(s, at, 1, vector);
	expect_vector(l, "one", s, vector, (const unsigned char[]){ 1, UNWRITTEN }, 2);
	reset_vector(s, vector);
	call_mincore(s, at, page + 1, vector);
	expect_vector(l, "two", s, vector, (const unsigned char[]){ 1, 0, UNWRITTEN }, 3);
}

static void errors(struct lesson *l, struct subject *s, uint64_t at, uint64_t vector)
{
	static const unsigned char before[] = { 1, 0, UNWRITTEN, UNWRITTEN };
	uint64_t page = lesson_machine(l)->page;

	step(l, "hole", "Unmap the 3rd page, and ask about all 4");
	predict(l, "ENOMEM, since one page is not mapped. But the vector has been written for the "
		"2 pages before the hole: mincore goes from mapping to mapping, and gives up at "
		"the hole");
	subject_munmap(s, at + 2 * page, page);
	reset_vector(s, vector);
	call_mincore(s, at, 4 * page, vector);
	expect_errno(l, "errno", s, ENOMEM);
	expect_vector(l, "vector", s, vector, before, sizeof(before));
	expect_pages(l, "pages", s, at, 4, "R._.");

	step(l, "unaligned", "Ask from the middle of a page");
	predict(l, "EINVAL: the address must be that of a page (the length need not)");
	reset_vector(s, vector);
	call_mincore(s, at + 1, page, vector);
	expect_errno(l, "errno", s, EINVAL);
	expect_vector(l, "vector", s, vector, (const unsigned char[]){ UNWRITTEN }, 1);

	step(l, "bad-vector", "Give it a vector that is not writable memory");
	predict(l, "EFAULT: the answer cannot be written there. The page itself is fine");
	call_mincore(s, at, page, at + 2 * page);
	expect_errno(l, "errno", s, EFAULT);

	step(l, "length-0", "Ask about 0 bytes, also in the hole");
	predict(l, "0 both times, and nothing is written: there is no page that it could complain "
			"of");
	reset_vector(s, vector);
	call_mincore(s, at, 0, vector);
	expect_errno(l, "mapped", s, 0);
	call_mincore(s, at + 2 * page, 0, vector);
	expect_errno(l, "hole", s, 0);
	expect_vector(l, "vector", s, vector, (const unsigned char[]){ UNWRITTEN }, 1);
}

static void the_call(struct lesson *l)
{
	const struct machine *m = lesson_machine(l);
	struct subject *s = subject_start(l, NULL);
	uint64_t at, vector;

	subject_quiet(s, true);
	vector = isolated_mmap(s, 1, PROT_READ | PROT_WRITE, 0, 0);
	at = isolated_mmap(s, 4, PROT_READ | PROT_WRITE, 0, 0);
	subject_madvise(s, at, 4 * m->page, MADV_NOHUGEPAGE);
	subject_quiet(s, false);
	answer(l, s, at, vector);
	errors(l, s, at, vector);
	subject_stop(s);
}

static void run(struct lesson *l)
{
	the_call(l);
	rows_anonymous(l);
	rows_shared(l);
	rows_file(l);
	rows_privacy(l);
	rows_special(l);
	rows_hugetlb(l);
	rows_swap(l);
	step(l, "table", "All cases side by side, as they were seen here");
	doing(l, "what each said of every page of the case: mincore of memory or cache, pagemap of "
	      "the page table, smaps of what belongs to the process");
	tell_table(l);
}

static const char *const learnt[] = {
	"Three questions that sound alike: would a touch need I/O (mincore)? Does the page table "
	"have an entry (pagemap)? How much memory belongs to the process (smaps)?",
	"For private memory that never went to swap mincore and pagemap agree. They part where "
	"there is a cache: page cache, swap cache.",
	"Rss leaves out what is nobody's: the zero page, huge pages of the pool, the kernel's own.",
	"A 1 of mincore may be no answer at all: for files that you neither own nor may write, and "
	"for [vdso] and [vvar], it is always 1.",
	"ENOMEM does not mean that the vector was left alone.",
	NULL
};

static const char *const slides[] = {
	"\"mincore tells whether pages are resident in this process\" was never quite so: it tells "
	"whether they are in memory, mapped here or not.",
	"Since Linux 5.2 mincore does not tell anybody any more what of other people's files is "
	"cached.",
	NULL
};

const struct lesson_info lesson_mincore = {
	.name = "mincore",
	.brief = "mincore, pagemap and smaps: where they differ, and why",
	.about = "Is this page in memory? The kernel can be asked in three ways: by mincore(2), "
		 "through /proc/PID/pagemap and through /proc/PID/smaps. Mostly they agree. This "
		 "lesson makes every case in which they do not, and tells for each why that is no "
		 "error.",
	.learnt = learnt,
	.slides = slides,
	.run = run,
};
