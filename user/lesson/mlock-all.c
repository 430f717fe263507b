// SPDX-License-Identifier: GPL-2.0
/*
 * mlock-all.c - of the lesson mlock: mlockall() with each of its flags, and
 * munlockall().
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mlock-steps.h"

/* What the kernel never locks: frames of drivers, its own mappings, the pool. */
#define NEVER	(MMSCOPE_VMA_IO | MMSCOPE_VMA_DONTEXPAND | MMSCOPE_VMA_PFNMAP | \
		 MMSCOPE_VMA_MIXEDMAP | MMSCOPE_VMA_HUGETLB | MMSCOPE_VMA_DROPPABLE)

struct sum {
	uint64_t lockable;	/* bytes in VMAs that can be locked */
	size_t missing, wrong;	/* of those not locked; of others locked */
};

static void add_up(struct lesson *l, struct subject *s, struct sum *sum)
{
	struct mms_vmas vmas = { 0 };
	struct mms_error err;

	*sum = (struct sum){ 0 };
	if (mms_vmas_read(subject_target(s), 0, MMS_ALL_END, 0, 0, &vmas, &err))
		need(l, false, "%s: %s", err.what, err.why);
	for (size_t i = 0; i < vmas.count; i++) {
		const struct mms_vma *v = &vmas.vma[i];
		bool can = !(v->flags & NEVER), is = v->flags & MMSCOPE_VMA_LOCKED;

		sum->lockable += can ? v->end - v->start : 0;
		sum->missing += can && !is;
		sum->wrong += !can && is;
	}
	mms_vmas_free(&vmas);
}

static uint64_t def_flags(struct lesson *l, struct subject *s)
{
	struct mms_mm mm;

	look_mm(l, s, &mm);
	return mm.fact[MMS_MM_DEF_FLAGS].value & (MMSCOPE_VMA_LOCKED | MMSCOPE_VMA_LOCKONFAULT);
}

static void expect_future(struct lesson *l, struct subject *s, uint64_t want)
{
	expect_true(l, "future", def_flags(l, s) == want, "new mappings will be %s",
		    want & MMSCOPE_VMA_LOCKONFAULT ? "locked on fault" : want ? "locked" :
		    "as usual");
}

static void wrong_flags(struct lesson *l, struct subject *s)
{
	step(l, "all-none", "mlockall without a flag, and with MCL_ONFAULT alone");
	predict(l, "EINVAL both times: MCL_CURRENT, MCL_FUTURE or both must be said; MCL_ONFAULT "
		"only says how");
	subject_mlockall(s, 0);
	expect_errno(l, "zero", s, EINVAL);
	subject_mlockall(s, MCL_ONFAULT);
	expect_errno(l, "onfault", s, EINVAL);
}

/* May it lock all it has?  The limit is compared with the size of all VMAs. */
static bool may_lock_all(struct lesson *l, struct subject *s)
{
	const struct machine *m = lesson_machine(l);
	struct mms_mm mm;

	look_mm(l, s, &mm);
	/* And a little more is to be mapped. */
	return m->cap_ipc_lock || mm.fact[MMS_MM_TOTAL_VM].value + 64 * m->page <= m->rlim_memlock;
}

static void current(struct lesson *l, int flags)
{
	struct subject *s = subject_pinned(l);
	bool on_fault = flags & MCL_ONFAULT;
	uint64_t at, later;
	struct sum sum;

	step(l, on_fault ? "current-onfault" : "current", "mlockall(MCL_CURRENT%s)", on_fault ?
	     " | MCL_ONFAULT" : "");
	if (!may_lock_all(l, s)) {
		skip_step(l, "ulimit -l unlimited", "all that the subject has mapped is more than "
			  "RLIMIT_MEMLOCK allows");
		return;
	}
	predict(l, "every VMA but the kernel's own is marked, and VmLck is their sum. Our 4 "
		"untouched pages %s. What is mapped later is not concerned", on_fault ?
		"are not brought, but will be locked when they come" : "come at once");
	at = small_room(s, 4, RW);
	subject_mlockall(s, flags);
	expect_errno(l, "errno", s, 0);
	expect_pages(l, "pages", s, at, 4, on_fault ? ".*" : "R*");
	expect_marks(l, s, at, 4, on_fault ? "oooo" : "LLLL", on_fault ? "----" : "####");
	add_up(l, s, &sum);
	expect_locked(l, "bytes", s, sum.lockable);
	expect_equal(l, "missing", "VMAs that could be locked and are "
			"not", sum.missing, 0, UNIT_NUMBER);
	expect_equal(l, "special", "VMAs of the kernel's own that are "
			"locked", sum.wrong, 0, UNIT_NUMBER);
	expect_future(l, s, 0);
	later = small_room(s, 2, RW);
	expect_vma_flags(l, "later", s, later, 0, MMSCOPE_VMA_LOCKED);
	expect_pages(l, "later-pages", s, later, 2, ".*");
	if (on_fault) {
		subject_write(s, at, 1, 1);
		expect_categories(l, "touched", s, at, 1, MMSCOPE_CAT(MLOCKED), 0);
	}

	step(l, on_fault ? "munlockall-onfault" : "munlockall", "munlockall()");
	predict(l, "no VMA is locked any more, and VmLck is 0");
	subject_munlockall(s);
	expect_locked(l, "bytes", s, 0);
	expect_vma_flags(l, "flags", s, at, 0, MMSCOPE_VMA_LOCKED | MMSCOPE_VMA_LOCKONFAULT);
	subject_stop(s);
}

static void grow_break(struct lesson *l, struct subject *s, bool on_fault)
{
	uint64_t page = lesson_machine(l)->page, old, from;
	size_t n;

	step(l, on_fault ? "future-onfault-sbrk" : "future-sbrk", "sbrk(3 pages)");
	predict(l, "the same holds for the heap: the new pages are locked, and %s", on_fault ?
		"come when they are touched" : "are there at once, untouched");
	old = subject_sbrk(s, (int64_t)(3 * page));
	need(l, old != UINT64_MAX, "sbrk failed");
	from = (old + page - 1) / page * page;
	n = (old + 3 * page - from + page - 1) / page;
	expect_pages(l, "pages", s, from, n, on_fault ? ".*" : "R*");
	expect_vma_flags(l, "flags", s, from,
			 MMSCOPE_VMA_LOCKED | (on_fault ? MMSCOPE_VMA_LOCKONFAULT : 0),
			 on_fault ? 0 : MMSCOPE_VMA_LOCKONFAULT);
}

static void future(struct lesson *l, int flags)
{
	struct subject *s = subject_pinned(l);
	bool on_fault = flags & MCL_ONFAULT;
	uint64_t at, later;

	step(l, on_fault ? "future-onfault" : "future", "mlockall(MCL_FUTURE%s), then mmap 4 pages",
	     on_fault ? " | MCL_ONFAULT" : "");
	predict(l, "what is there already is as before, VmLck is 0. What is mapped from now on is "
		"locked%s", on_fault ? " when it is touched" : " and filled at once, as if by "
		"mlock");
	at = small_room(s, 2, RW);
	subject_mlockall(s, flags);
	expect_errno(l, "errno", s, 0);
	expect_locked(l, "bytes", s, 0);
	expect_pages(l, "before", s, at, 2, ".*");
	expect_future(l, s, MMSCOPE_VMA_LOCKED | (on_fault ? MMSCOPE_VMA_LOCKONFAULT : 0));
	later = small_room(s, 4, RW);
	expect_pages(l, "later", s, later, 4, on_fault ? ".*" : "R*");
	expect_marks(l, s, later, 4, on_fault ? "oooo" : "LLLL", on_fault ? "----" : "####");
	grow_break(l, s, on_fault);

	step(l, on_fault ? "future-onfault-over" : "future-over", "munlockall(), then mmap 2 "
			"pages");
	predict(l, "the wish for the future is forgotten as well: they are neither locked nor "
			"filled");
	subject_munlockall(s);
	expect_future(l, s, 0);
	later = small_room(s, 2, RW);
	expect_pages(l, "pages", s, later, 2, ".*");
	expect_locked(l, "bytes", s, 0);
	subject_stop(s);
}

void mlock_all(struct lesson *l)
{
	struct subject *s = subject_pinned(l);

	wrong_flags(l, s);
	subject_stop(s);
	current(l, MCL_CURRENT);
	current(l, MCL_CURRENT | MCL_ONFAULT);
	future(l, MCL_FUTURE);
	future(l, MCL_FUTURE | MCL_ONFAULT);
}
