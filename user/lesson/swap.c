// SPDX-License-Identifier: GPL-2.0
/*
 * swap.c - the lesson "swap": one page through all its states, from never
 * touched to swapped out and back.  swap-advice.c has what refuses, and what
 * else madvise() does.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "swap-help.h"
#include "swap-steps.h"
#include "witness.h"

#define RW	(PROT_READ | PROT_WRITE)
#define BYTE	0x5a

/* ---- what is looked at in each state ------------------------------------------- */

void expect_mincore(struct lesson *l, const char *what, struct subject *s, uint64_t at,
		    size_t pages, size_t want)
{
	expect_equal(l, what, "pages that mincore calls in core", count_in_core(s, at, pages), want,
		     UNIT_NUMBER);
}

/* Where in swap: pagemap has the area in bits 0 to 4, the place in bits 5 to 54. */
static void tell_place(struct lesson *l, struct subject *s, uint64_t at)
{
	uint64_t entry;

	if (!lesson_machine(l)->frames || !read_pagemap(s, at, 1, &entry) ||
	    !(entry & PAGEMAP_SWAPPED))
		return;
	observe(l, "pagemap", "the entry names page %" PRIu64 " of swap area %d",
		entry << 9 >> 14, (int)(entry & 31));
}

static void expect_swap(struct lesson *l, struct subject *s, uint64_t at, uint64_t bytes)
{
	observe(l, "status", "VmSwap %" PRId64 " kB (a counter that runs behind)",
		look_status(l, s, "VmSwap"));
	expect_equal(l, "smaps", "Swap in smaps", (uint64_t)look_smaps(l, s, at, "Swap"), bytes,
		     UNIT_BYTES);
}

/* ---- the journey ------------------------------------------------------------------ */

static uint64_t into_memory(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at;

	predict(l, "it is nowhere: no memory, no place in swap");
	at = isolated_mmap(s, 1, RW, 0, 0);
	expect_pages(l, "pages", s, at, 1, ".");
	expect_mincore(l, "mincore", s, at, 1, 0);

	step(l, "zero", "Read from it, and ask for it to be paged out");
	predict(l, "it becomes the zero page, and stays so: MADV_PAGEOUT asks the kernel to page "
		"out at once what it would else page out when memory runs short; but this is "
		"nobody's memory, and there is nothing to be saved");
	subject_read(s, at, 1, 1);
	subject_madvise(s, at, page, MADV_PAGEOUT);
	expect_errno(l, "errno", s, 0);
	expect_pages(l, "pages", s, at, 1, "z");

	step(l, "resident", "Write to it");
	predict(l, "one fault, and it is a page of its own in memory");
	subject_fill(s, at, BYTE, 64);
	expect_faults(l, "faults", s, 1, 1);
	expect_pages(l, "pages", s, at, 1, "R");
	expect_swap(l, s, at, 0);
	return at;
}

static const char *where_the_copy_is(enum swap_kind kind)
{
	return kind == SWAP_AT_ONCE ? "swap is memory here (zram), written at once, and no copy is "
				      "kept: mincore says 0" :
	       kind == SWAP_LATER ? "it is written to a disk, and until reclaim comes by again the "
				    "copy in memory is kept, in the swap cache: mincore says 1" :
	       "whether a copy stays in memory (in the swap cache) cannot be known here";
}

static void out(struct lesson *l, struct subject *s, uint64_t at, enum swap_kind kind)
{
	uint64_t page = lesson_machine(l)->page;

	step(l, "out", "MADV_PAGEOUT");
	if (skip_without_swap(l, "swap"))
		return;
	predict(l, "its entry in the page table now names a place in swap; %s",
		where_the_copy_is(kind));
	page_out(l, s, at, 1);
	expect_errno(l, "errno", s, 0);
	expect_pages(l, "pages", s, at, 1, "S");
	tell_place(l, s, at);
	expect_swap(l, s, at, page);
	if (kind != SWAP_EITHER)
		expect_mincore(l, "mincore", s, at, 1, kind == SWAP_LATER);
}

/* False if it cannot be had. */
static bool make_gone(struct lesson *l, struct subject *s, uint64_t at, enum swap_kind kind,
		      const char *cgroup)
{
	if (kind == SWAP_AT_ONCE)
		return true;
	if (!*cgroup) {
		skip_step(l, "run the lesson as root, with the memory controller of cgroup2",
			  "to have just its copy reclaimed the subject must be in a cgroup");
		return false;
	}
	reclaim_until_gone(l, s, cgroup, at, 1);
	return true;
}

static void gone(struct lesson *l, struct subject *s, uint64_t at, enum swap_kind kind,
		 const char *cgroup)
{
	step(l, "gone", "Only in swap: no copy is left in memory");
	if (skip_without_swap(l, "swap"))
		return;
	predict(l, "the entry is as before; mincore says 0. %s", kind == SWAP_AT_ONCE ?
		"Here it is so already" : "For that the cgroup of the subject is told to give up "
		"memory: a copy that is on the disk costs nothing to drop");
	if (!make_gone(l, s, at, kind, cgroup))
		return;
	expect_pages(l, "pages", s, at, 1, "S");
	expect_mincore(l, "mincore", s, at, 1, 0);
}

static void cache(struct lesson *l, struct subject *s, uint64_t at)
{
	step(l, "cache", "MADV_WILLNEED: have it read ahead");
	if (skip_without_swap(l, "swap"))
		return;
	predict(l, "the entry still names the place in swap, but a copy is in memory again, in the "
		"swap cache: mincore says 1. Nobody has touched the page yet");
	read_ahead(l, s, at, 1);
	expect_pages(l, "pages", s, at, 1, "S");
	expect_mincore(l, "mincore", s, at, 1, 1);

	step(l, "back-cache", "Read from it");
	predict(l, "a minor fault: the copy in the swap cache only has to be mapped. What was "
		"written is still in it");
	subject_read(s, at, 1, 1);
	expect_equal(l, "minor", "minor faults", subject_last(s)->minor, 1, UNIT_NUMBER);
	expect_equal(l, "major", "major faults", subject_last(s)->major, 0, UNIT_NUMBER);
	expect_equal(l, "value", "what was read", (uint64_t)subject_last(s)->result, BYTE,
		     UNIT_NUMBER);
	expect_pages(l, "pages", s, at, 1, "R");
	expect_swap(l, s, at, 0);
}

static void back(struct lesson *l, struct subject *s, uint64_t at, enum swap_kind kind,
		 const char *cgroup)
{
	step(l, "back", "Page it out again, with no copy left, and read from it");
	if (skip_without_swap(l, "swap"))
		return;
	predict(l, "a major fault: the page must be read from swap, and the process waits for it. "
		"What was written is still in it");
	subject_fill(s, at, BYTE + 1, 64);
	page_out(l, s, at, 1);
	if (!make_gone(l, s, at, kind, cgroup))
		return;
	subject_read(s, at, 1, 1);
	expect_equal(l, "major", "major faults", subject_last(s)->major, 1, UNIT_NUMBER);
	expect_equal(l, "minor", "minor faults", subject_last(s)->minor, 0, UNIT_NUMBER);
	expect_equal(l, "value", "what was read", (uint64_t)subject_last(s)->result, BYTE + 1,
		     UNIT_NUMBER);
	expect_pages(l, "pages", s, at, 1, "R");
}

static void run(struct lesson *l)
{
	enum swap_kind kind = swap_kind();
	struct subject *s;
	char cgroup[256];
	uint64_t at;

	step(l, "never", "A page that was never touched");
	*cgroup = 0;
	if (kind == SWAP_LATER || kind == SWAP_EITHER) {
		s = subject_in_cgroup(l, "swap", cgroup);
	} else {
		s = subject_start(l, NULL);
		stay_on_one_cpu(s);
	}
	at = into_memory(l, s);
	out(l, s, at, kind);
	gone(l, s, at, kind, cgroup);
	cache(l, s, at);
	back(l, s, at, kind, cgroup);
	subject_stop(s);
	swap_refusals(l);
	swap_advice(l);
	swap_shared(l);
	swap_without(l);
}

static const char *const learnt[] = {
	"Swapped out means: the page table names a place in swap. A copy may still be in memory, "
	"in the swap cache; then coming back costs a minor fault, else a major one.",
	"The zero page, untouched pages and pages of files need no swap; only memory of one's own "
	"that was written does.",
	"Locked memory refuses to be paged out, and MADV_PAGEOUT passes over what two processes "
	"share.",
	"Shared memory in swap leaves no trace in the page table: pagemap shows nothing, smaps "
	"does.",
	"Without swap memory of one's own stays; pages of files still come and go.",
	NULL
};

static const char *const slides[] = {
	"\"virtual, physical, swapped\" are not all states a page can be in: there are the zero "
	"page and the swap cache as well.",
	"A machine need not fill up to show swapping: since Linux 5.4 MADV_PAGEOUT has one range "
	"paged out.",
	"Swap need not be a disk: zram keeps it compressed in memory.",
	NULL
};

const struct lesson_info lesson_swap = {
	.name = "swap",
	.brief = "a page on its way to swap and back",
	.about = "When memory runs short the kernel writes pages that were not used for long to "
		 "swap, and brings them back when they are touched. This lesson sends one page on "
		 "that way and looks at each state; then it shows what does not go, and what else "
		 "a program can tell the kernel of its pages.",
	.learnt = learnt,
	.slides = slides,
	.run = run,
};
