// SPDX-License-Identifier: GPL-2.0
/*
 * mlock.c - the lesson "mlock": memory that stays in memory.  Here: ranges, what
 * is asked for (the VMA) against what is so (the page), holes, fork.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "mlock-steps.h"

/* ---- what is locked ----------------------------------------------------------------- */

uint64_t locked_bytes(struct lesson *l, struct subject *s)
{
	struct mms_mm mm;

	look_mm(l, s, &mm);
	return mm.fact[MMS_MM_LOCKED_VM].value;
}

void expect_locked(struct lesson *l, const char *what, struct subject *s, uint64_t bytes)
{
	uint64_t kernel = locked_bytes(l, s);
	int64_t status = look_status(l, s, "VmLck");

	if (status >= 0 && (uint64_t)status << 10 != kernel)
		expect_equal(l, what, "VmLck in status against the module's figure",
			     (uint64_t)status << 10, kernel, UNIT_BYTES);
	else
		expect_equal(l, what, "locked (VmLck, and the module)", kernel, bytes, UNIT_BYTES);
}

#define MARKS_MAX	64

struct marks {
	uint64_t start;
	char *fact;
};

static int mark_run(const struct mmscope_run *run, void *arg)
{
	struct marks *m = arg;
	uint64_t page = mms_page_size();

	for (uint64_t at = run->start; at < run->end; at += page)
		m->fact[(at - m->start) / page] =
			run->categories & MMSCOPE_CAT(MLOCKED) ? '#' : '-';
	return 0;
}

void expect_marks(struct lesson *l, struct subject *s, uint64_t at, size_t pages,
		  const char *intent, const char *fact)
{
	char i_got[MARKS_MAX + 1], f_got[MARKS_MAX + 1];
	uint64_t page = lesson_machine(l)->page;
	struct mms_pages_query q = { .start = at, .end = at + pages * page,
				     .categories = MMSCOPE_CAT(PRESENT) | MMSCOPE_CAT(MLOCKED) };
	struct marks m = { at, f_got };
	struct mms_error err;
	struct mms_vma v;

	need(l, pages <= MARKS_MAX, "expect_marks() looks at up to %d pages", MARKS_MAX);
	memset(f_got, '-', pages);
	i_got[pages] = f_got[pages] = 0;
	if (mms_pages(subject_target(s), &q, mark_run, &m, NULL, &err))
		need(l, false, "%s: %s", err.what, err.why);
	for (size_t i = 0; i < pages; i++)
		i_got[i] = !look_vma(l, s, at + i * page, &v) ? '_' :
			   !(v.flags & MMSCOPE_VMA_LOCKED) ? '-' :
			   v.flags & MMSCOPE_VMA_LOCKONFAULT ? 'o' : 'L';
	observe(l, "intent", "%s  (the VMA: L locked, o on fault, - not)", i_got);
	observe(l, "fact", "%s  (the page: # has the mlocked flag)", f_got);
	expect_true(l, "intent", !strcmp(i_got, intent), "the intent is %s", intent);
	expect_true(l, "fact", !strcmp(f_got, fact), "the fact is %s", fact);
}

uint64_t small_room(struct subject *s, size_t pages, int prot)
{
	uint64_t at = isolated_mmap(s, pages, prot, 0, 0);

	subject_quiet(s, true);
	subject_madvise(s, at, pages * mms_page_size(), MADV_NOHUGEPAGE);
	subject_quiet(s, false);
	return at;
}

struct subject *subject_pinned(struct lesson *l)
{
	struct subject *s = subject_start(l, NULL);

	stay_on_one_cpu(s);
	/*
	 * A block of several pages, of which only some lie in the locked VMA, does not
	 * get the mlocked flag: where they are enabled, its heap has none of them.
	 */
	subject_quiet(s, true);
	subject_prctl(s, PR_SET_THP_DISABLE, 1, 0, 0);
	subject_quiet(s, false);
	return s;
}

/* ---- lock and unlock -------------------------------------------------------------------- */

static void lock(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at;

	step(l, "lock", "mlock 4 pages that were never touched");
	predict(l, "all 4 are in memory when it returns: mlock brings them, it need not be told "
		"that somebody will use them. The VMA is marked as locked (intent), and so is each "
		"page (fact)");
	at = small_room(s, 4, RW);
	subject_mlock(s, at, 4 * page);
	expect_errno(l, "errno", s, 0);
	expect_pages(l, "pages", s, at, 4, "R*4");
	expect_marks(l, s, at, 4, "LLLL", "####");
	expect_locked(l, "bytes", s, 4 * page);

	step(l, "nesting", "mlock them once more, and munlock them once");
	predict(l, "they are not locked any more: locks do not count, one munlock undoes any "
		"number of mlocks. The pages stay in memory, as any page does, until room is "
		"needed");
	subject_mlock(s, at, 4 * page);
	subject_munlock(s, at, 4 * page);
	expect_pages(l, "pages", s, at, 4, "R*4");
	expect_marks(l, s, at, 4, "----", "----");
	expect_locked(l, "bytes", s, 0);
	expect_vma_flags(l, "flags", s, at, 0, MMSCOPE_VMA_LOCKED);
}

static void unaligned(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at;

	step(l, "unaligned", "mlock 200 bytes that lie across two pages, the 2nd and 3rd of 6");
	predict(l, "both pages are locked, whole: the range is rounded outwards. The VMA is split "
		"in three, since a VMA is locked or is not");
	at = small_room(s, 6, RW);
	subject_mlock(s, at + 2 * page - 96, 200);
	expect_errno(l, "errno", s, 0);
	expect_vmas(l, "vmas", s, at, 6, "rw-p rw-p*2 rw-p*3");
	expect_pages(l, "pages", s, at, 6, ".RR.*");
	expect_marks(l, s, at, 6, "-LL---", "-##---");
	expect_locked(l, "bytes", s, 2 * page);

	step(l, "part", "munlock one byte of the 3rd page");
	predict(l, "the whole page is unlocked, and the 2nd stays so. (Whether the kernel puts "
		"VMAs together again that could be one is its own affair)");
	subject_munlock(s, at + 2 * page, 1);
	expect_marks(l, s, at, 6, "-L----", "-#----");
	expect_locked(l, "bytes", s, page);
	subject_quiet(s, true);
	subject_munlock(s, at, 6 * page);
	subject_quiet(s, false);
}

static void on_fault(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at;

	step(l, "onfault", "mlock2 with MLOCK_ONFAULT on 8 pages");
	predict(l, "none is brought into memory: each will be locked when it comes, by its first "
		"touch. And yet all 8 count as locked, for VmLck and for the limit");
	at = small_room(s, 8, RW);
	subject_mlock2(s, at, 8 * page, MLOCK_ONFAULT);
	expect_errno(l, "errno", s, 0);
	expect_pages(l, "pages", s, at, 8, ".*");
	expect_marks(l, s, at, 8, "oooooooo", "--------");
	expect_locked(l, "bytes", s, 8 * page);

	step(l, "onfault-touched", "Write to the first 3 of them; mlock the last 2");
	predict(l, "the 3 are there, and locked; the last 2 as well, at once; the 3 between are "
		"asked to be locked and are not there: intent and fact differ");
	subject_write(s, at, 3, 1);
	subject_mlock(s, at + 6 * page, 2 * page);
	expect_pages(l, "pages", s, at, 8, "RRR...RR");
	expect_marks(l, s, at, 8, "ooooooLL", "###---##");
	expect_locked(l, "bytes", s, 8 * page);
	subject_quiet(s, true);
	subject_munlock(s, at, 8 * page);
	subject_quiet(s, false);
}

/* ---- where it fails ------------------------------------------------------------------------ */

static void prot_none(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at;

	step(l, "prot-none", "mlock 4 pages that may not be accessed (PROT_NONE)");
	predict(l, "it fails with ENOMEM, since no page can be brought; and yet the VMA is marked "
		"as locked now, and counts: the mark is set first");
	at = small_room(s, 4, PROT_NONE);
	subject_mlock(s, at, 4 * page);
	expect_errno(l, "errno", s, ENOMEM);
	expect_pages(l, "pages", s, at, 4, ".*");
	expect_marks(l, s, at, 4, "LLLL", "----");
	expect_locked(l, "bytes", s, 4 * page);

	step(l, "prot-none-over", "Make them accessible with mprotect");
	predict(l, "now all 4 come at once, untouched: a locked VMA that becomes writable is "
			"filled");
	subject_mprotect(s, at, 4 * page, RW);
	expect_pages(l, "pages", s, at, 4, "R*4");
	expect_marks(l, s, at, 4, "LLLL", "####");
	subject_quiet(s, true);
	subject_munlock(s, at, 4 * page);
	subject_quiet(s, false);
}

static void hole(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at;

	step(l, "hole", "mlock 6 pages, of which the 3rd and 4th are not mapped");
	predict(l, "ENOMEM. The part before the hole is marked as locked, but none of its pages is "
		"brought; the part behind it is as before. After an error one must munlock");
	at = small_room(s, 6, RW);
	subject_munmap(s, at + 2 * page, 2 * page);
	subject_mlock(s, at, 6 * page);
	expect_errno(l, "errno", s, ENOMEM);
	expect_pages(l, "pages", s, at, 6, "..__..");
	expect_marks(l, s, at, 6, "LL__--", "------");
	expect_locked(l, "bytes", s, 2 * page);
	subject_quiet(s, true);
	subject_munlock(s, at, 2 * page);
	subject_quiet(s, false);
}

static void from_swap(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at;

	step(l, "from-swap", "mlock 4 pages that are in swap");
	if (skip_without_swap(l, "mlock"))
		return;
	predict(l, "mlock brings them back before it returns: all 4 are in memory again");
	at = small_room(s, 4, RW);
	subject_fill(s, at, 7, 4 * page);
	page_out(l, s, at, 4);
	expect_pages(l, "before", s, at, 4, "S*4");
	subject_mlock(s, at, 4 * page);
	expect_errno(l, "errno", s, 0);
	expect_pages(l, "after", s, at, 4, "R*4");
	expect_vma_flags(l, "flags", s, at, MMSCOPE_VMA_LOCKED, 0);
	note(l, "Some kernels do not set the mlocked flag of pages that came so, until reclaim "
	     "passes by and does; that they are locked is sure by the mark of the VMA.");
	subject_quiet(s, true);
	subject_munlock(s, at, 4 * page);
	subject_quiet(s, false);
}

static bool find_vdso(struct lesson *l, struct subject *s, uint64_t *at)
{
	struct mms_vmas vmas = { 0 };
	struct mms_error err;

	*at = 0;
	if (mms_vmas_read(subject_target(s), 0, MMS_ALL_END, 0, 0, &vmas, &err))
		need(l, false, "%s: %s", err.what, err.why);
	for (size_t i = 0; i < vmas.count; i++)
		if (!strcmp(vmas.vma[i].name, "[vdso]"))
			*at = vmas.vma[i].start;
	mms_vmas_free(&vmas);
	return *at;
}

static void special(struct lesson *l, struct subject *s)
{
	uint64_t at;

	step(l, "vdso", "mlock a page of [vdso]");
	if (!find_vdso(l, s, &at)) {
		skip_step(l, NULL, "this process has no [vdso]");
		return;
	}
	predict(l, "it returns 0 and does nothing: the kernel's own mappings are in memory anyway, "
		"and are not counted");
	subject_mlock(s, at, lesson_machine(l)->page);
	expect_errno(l, "errno", s, 0);
	expect_vma_flags(l, "flags", s, at, 0, MMSCOPE_VMA_LOCKED);
	expect_locked(l, "bytes", s, 0);
}

/* ---- fork ------------------------------------------------------------------------------------ */

static void forked(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, at;
	struct subject *child;

	step(l, "fork", "mlock and write 2 pages, then fork");
	predict(l, "the child has no locks: its VMA is not marked, its VmLck is 0. Its pages are "
		"still the parent's own, and those carry the flag: fact without intent");
	at = small_room(s, 2, RW);
	subject_mlock(s, at, 2 * page);
	subject_write(s, at, 2, 1);
	child = subject_fork(s);
	expect_pages(l, "pages", child, at, 2, "R*2");
	expect_marks(l, child, at, 2, "--", "##");
	expect_locked(l, "bytes", child, 0);
	expect_equal(l, "smaps", "Locked in the parent's smaps: a page that two map counts half",
		     (uint64_t)look_smaps(l, s, at, "Locked"), page, UNIT_BYTES);

	step(l, "fork-cow", "The child writes to the first page");
	predict(l, "it gets a page of its own, which nobody has locked: a secret that the child "
		"changes may go to swap. The parent's page keeps its lock");
	subject_write(child, at, 1, 1);
	expect_marks(l, child, at, 2, "--", "-#");
	expect_categories(l, "parent", s, at, 2, MMSCOPE_CAT(MLOCKED), 0);
	expect_vma_flags(l, "parent-flags", s, at, MMSCOPE_VMA_LOCKED, 0);
	subject_stop(child);
}

/* ---- the lesson ------------------------------------------------------------------------ */

static void ranges(struct lesson *l)
{
	const struct machine *m = lesson_machine(l);
	struct subject *s = subject_pinned(l);

	if (!m->cap_ipc_lock && m->rlim_memlock < 64 * m->page) {
		step(l, "lock", "mlock");
		skip_step(l, "ulimit -l 1024", "RLIMIT_MEMLOCK does not even allow 64 pages here");
		return;
	}
	lock(l, s);
	unaligned(l, s);
	on_fault(l, s);
	prot_none(l, s);
	hole(l, s);
	special(l, s);
	from_swap(l, s);
	forked(l, s);
	subject_stop(s);
	mlock_malloc(l);
	mlock_all(l);
}

static void run(struct lesson *l)
{
	ranges(l);
	mlock_limits(l);
	mlock_secret(l);
}

static const char *const learnt[] = {
	"mlock works on whole pages: whatever else lies on them is locked as well; posix_memalign "
	"with the page size keeps a secret on pages of its own.",
	"The VMA says what was asked for, the page says what is so: they differ for MLOCK_ONFAULT, "
	"after an error, and after fork.",
	"Locks do not nest, are not inherited by a child, and end with munmap; free() alone does "
	"not end them.",
	"An error of mlock may leave part of the range marked.",
	"Without CAP_IPC_LOCK the limit is RLIMIT_MEMLOCK, counted in whole pages.",
	"Locked memory does not reach swap. It does reach a core dump, and the disk when the "
	"machine hibernates.",
	NULL
};

static const char *const slides[] = {
	"RLIMIT_MEMLOCK is 8 MiB by default since Linux 5.16, not 64 KiB.",
	"mlock2() and MLOCK_ONFAULT came with Linux 4.4.",
	"\"Only root may lock memory\" has not been so since Linux 2.6.9: everybody may, up to the "
	"limit.",
	NULL
};

const struct lesson_info lesson_mlock = {
	.name = "mlock",
	.brief = "memory that is not to leave memory",
	.about = "A program that holds a key does not want it to be found on the disk some day, "
		 "and one that must answer in time cannot wait for a page. mlock(2) keeps pages in "
		 "memory. This lesson shows what exactly is locked, for how long, who may, and in "
		 "the end whether a secret really stays out of swap.",
	.learnt = learnt,
	.slides = slides,
	.run = run,
};
