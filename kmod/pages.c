// SPDX-License-Identifier: GPL-2.0
/*
 * pages.c - the state of pages: as runs (PAGES), as counts (VMAS with
 * accounts), and of one address (WALK).
 *
 * Staged: walk.c finds entries, classify.c and incore.c say what they are, and
 * found.c hands them to runs.c or counts them. The mmap lock is held for a batch, and let go
 * when MMSCOPE_BATCH entries were read, somebody waits for it, the buffer is
 * full, or it must be asked who may know a file's cache. Nothing is copied to
 * user space under it: the page fault could want the very same lock.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "scan.h"


/* All that can be told on this kernel. */
u64 mmscope_pages_categories(void)
{
	u64 cats = MMSCOPE_CATS_ALL;

	if (!IS_ENABLED(CONFIG_MEM_SOFT_DIRTY))
		cats &= ~CAT(SOFT_DIRTY);
	if (!IS_ENABLED(CONFIG_HAVE_ARCH_USERFAULTFD_WP))
		cats &= ~CAT(UFFD_WP);
	if (!IS_ENABLED(CONFIG_HUGETLB_PAGE))
		cats &= ~CAT(HUGETLB);
	if (!IS_ENABLED(CONFIG_KSM))
		cats &= ~CAT(KSM);
	if (!IS_ENABLED(CONFIG_DEVICE_PRIVATE))
		cats &= ~CAT(DEVICE);
	if (!PTE_MARKER_GUARD)
		cats &= ~CAT(GUARD);
	return cats;
}

/* ---- batches ---- */

/* What looking a VMA up costs, in entries read: a guess, for the budget. */
#define VMA_COST 8

/*
 * mmap lock held. Shared hugetlb mappings may share PMD tables, which rmap takes
 * away without the mmap lock, but not without this: see walk.c. May sleep.
 */
static void hold_tables(struct vm_area_struct *vma)
{
	if (is_vm_hugetlb_page(vma) && (vma->vm_flags & VM_MAYSHARE))
		i_mmap_lock_read(vma->vm_file->f_mapping);
}

static void release_tables(struct vm_area_struct *vma)
{
	if (is_vm_hugetlb_page(vma) && (vma->vm_flags & VM_MAYSHARE))
		i_mmap_unlock_read(vma->vm_file->f_mapping);
}

/*
 * Can the cache add anything here? What is swapped without an entry is of shared
 * memory, if any of it is; to look for it elsewhere is a look-up a page for nothing.
 */
static bool asks_cache(u64 want, struct vm_area_struct *vma)
{
	want &= MMSCOPE_CATS_CACHE;
	if (!want || vma_is_anonymous(vma) || is_vm_hugetlb_page(vma))
		return false;
	return want != CAT(CACHE_SWAPPED) ||
	       (vma->vm_file && mmscope_incore_may_be_swapped(vma->vm_file->f_mapping));
}

/* What is read of an anonymous VMA's flags, here and by mmscope_classify_vma(). */
#define FLAGS_THAT_TELL (VM_SOFTDIRTY | VM_PFNMAP | VM_MIXEDMAP | VM_LOCKED | VM_LOCKONFAULT)

static void classify_by(struct scan *s, struct vm_area_struct *vma)
{
	bool by_flags;

	/* Mostly as the one before. */
	if (s->class.anon && vma_is_anonymous(vma) &&
	    !((vma->vm_flags ^ s->vm_flags) & FLAGS_THAT_TELL))
		return;
	s->vm_flags = vma->vm_flags;
	mmscope_classify_vma(&s->class, vma);
	s->cache = asks_cache(s->class.want, vma);
	s->folios = mmscope_classify_asks_pages(&s->class);
	/* Of frames put there one by one, some may have no page; or they are no frames. */
	s->by_flags = !(vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP)) &&
		      !(s->folios && mmscope_compat_translates());
	s->holes_matter = mmscope_found_matters(s, s->class.always);
	s->flags = ~0UL;		/* as no entry has them */
	by_flags = s->by_flags && !s->class.frames;
	s->writable_by_flags = by_flags && !s->folios;
	/* The huge zero page is told by its frame; it is not writable. */
	s->huge_by_flags = by_flags && !(s->class.want & MMSCOPE_CATS_FOLIO) &&
			   !(s->class.anon && (s->class.want & CAT(ZERO)));
}

/* mmap lock held. */
static unsigned long scan_vma(struct scan *s, struct vm_area_struct *vma,
			      unsigned long addr, unsigned long end)
{
	unsigned long reached;

	s->descent.vma = vma;
	s->descent.budget -= VMA_COST;
	hold_tables(vma);
	reached = mmscope_walk_range(&s->descent, addr, end);
	release_tables(vma);
	return reached;
}

/*
 * mmap lock held. The first VMA that ends behind @addr: mostly that of the last call, or
 * the one after it, where many are asked about in one hold.
 */
static struct vm_area_struct *vma_from(struct scan *s, struct mm_struct *mm, unsigned long addr)
{
	if (s->vma_here && s->vma_here->vm_end <= addr)
		s->vma_here = mmscope_leaf_next(&s->vmi, &s->leaf, ULONG_MAX);
	if (!s->vma_here || s->vma_here->vm_end <= addr) {
		VMA_ITERATOR(vmi, mm, addr);

		s->vmi = vmi;
		s->leaf = (struct mmscope_leaf){};
		s->vma_here = mmscope_leaf_next(&s->vmi, &s->leaf, ULONG_MAX);
	}
	return s->vma_here;
}

/* mmap lock held. Returns how far it got, `end` if all was done. */
static unsigned long scan_batch(struct scan *s, struct mm_struct *mm, unsigned long addr,
				unsigned long end)
{
	struct vm_area_struct *vma;

	while (addr < end && (vma = vma_from(s, mm, addr)) && vma->vm_start < end) {
		unsigned long stop = min(end, vma->vm_end);
		unsigned long reached;

		if (vma->vm_start >= addr) {
			addr = vma->vm_start;
			if (s->runs)
				mmscope_runs_break(s->runs);
		}
		classify_by(s, vma);
		if (s->cache && !mmscope_incore_ready(&s->incore, vma)) {
			s->undecided = true;
			return addr;
		}
		reached = scan_vma(s, vma, addr, stop);
		if (reached < stop)
			return reached;
		addr = stop;
		if (mmscope_descent_spent(&s->descent, mm))
			return addr;
	}
	return end;
}

static void scan_begin(struct scan *s, struct mmscope_target *t, u64 since)
{
	bool impatient = t->queued || t->slept >= MMSCOPE_PATIENCE;

	if (impatient)
		t->slept = 0;
	s->undecided = false;
	s->vma_here = NULL;
	s->descent.knows_pmds = false;
	s->descent.ptes_of = NULL;
	s->class.trusted = t->trusted;
	s->descent.ops = mmscope_found_ops(s);
	s->descent.mask = mmscope_flags_that_matter(s->class.want);
	s->descent.budget = MMSCOPE_BATCH;
	s->descent.heed_from = since + MMSCOPE_HEED_NS;
	s->descent.heed_at = MMSCOPE_BATCH -
			     (impatient ? MMSCOPE_BATCH_SOME : MMSCOPE_BATCH_MIN);
}

/* Its account is done, and the next one's begins; false if there is none. */
static bool next_vma(struct scan *s)
{
	if (!s->vmas_left)
		return false;
	mmscope_found_account(s);
	s->vmas_left--;
	s->acct++;
	s->vma++;
	s->at = s->vma->start;
	s->end = s->vma->end;
	return true;
}

/*
 * One hold of the lock, and what has to be done without it.  s->at moves on, past
 * several VMAs if their accounts are asked for: a hold costs more than a small one.
 * EINTR only if the wait for the lock was cut short by a fatal signal.
 */
static int scan_step(struct scan *s, struct mmscope_target *t)
{
	u64 since;
	int err = mmscope_target_lock(t, &since);

	if (err)
		return err;
	scan_begin(s, t, since);
	do
		s->at = scan_batch(s, t->mm, s->at, s->end);
	while (s->at == s->end && next_vma(s) &&
	       !mmscope_descent_spent(&s->descent, t->mm));
	mmscope_target_unlock(t, since);
	if (s->undecided)
		mmscope_incore_decide(&s->incore);
	cond_resched();
	return 0;
}

static bool interrupted(bool killable)
{
	return killable ? fatal_signal_pending(current) : signal_pending(current);
}

int mmscope_pages_count(struct mmscope_target *t, const struct mmscope_vma *vmas,
			u32 count, u64 cats, bool killable, struct mmscope_acct *accts)
{
	struct scan s = {
		.class.want = cats | CAT(ZERO),	/* not part of Rss */
		.at = vmas->start,
		.end = vmas->end,
		.acct = accts,
		.acct_categories = cats,
		.vma = vmas,
		.vmas_left = count - 1,
	};
	int err = 0;

	memset(accts, 0, count * sizeof(*accts));
	while (!err && s.at < s.end) {
		err = scan_step(&s, t);
		if (!err && s.at < s.end && interrupted(killable))
			err = -EINTR;
	}
	mmscope_found_account(&s);
	mmscope_incore_done(&s.incore);
	return err;
}

/* ---- PAGES ---- */

struct output {
	struct mmscope_run __user *to;
	u64 left;		/* of the caller's room */
	u64 done;
};

static int copy_runs(struct mmscope_runs *r, struct output *o)
{
	if (r->count && copy_to_user(o->to + o->done, r->out, r->count * sizeof(*r->out)))
		return -EFAULT;
	o->done += r->count;
	o->left -= r->count;
	mmscope_runs_flush(r);
	r->room = min_t(u64, o->left, MMSCOPE_SCRATCH / sizeof(*r->out));
	return 0;
}

static int query_runs(struct scan *s, struct mmscope_target *t,
		      struct mmscope_pages *arg, struct output *o)
{
	struct mmscope_runs *r = s->runs;
	bool only_count = !arg->runs_len;
	int err;

	while (s->at < s->end && r->pages_left && (only_count || o->left)) {
		if (signal_pending(current))
			return s->at > arg->start ? 0 : -EINTR;
		err = scan_step(s, t);
		if (!err && !only_count)
			err = copy_runs(r, o);
		if (err)
			return err;
	}
	return 0;
}

int mmscope_pages_query(struct mmscope_target *t, struct mmscope_pages *arg,
			void *scratch)
{
	struct output o = { .to = u64_to_user_ptr(arg->runs), .left = arg->runs_len };
	struct mmscope_runs runs = {
		.categories = arg->categories,
		.all_of = arg->all_of,
		.any_of = arg->any_of,
		.none_of = arg->none_of,
		.pages_left = arg->max_pages ?: U64_MAX,
		.page_shift = PAGE_SHIFT,
		.out = scratch,
		.room = min_t(u64, arg->runs_len, MMSCOPE_SCRATCH / sizeof(struct mmscope_run)),
	};
	struct scan s = {
		.class.want = arg->categories | arg->all_of | arg->any_of | arg->none_of,
		.class.frames = arg->flags & MMSCOPE_PAGES_FRAMES,
		.at = arg->start,
		.end = arg->end,
		.runs = &runs,
	};
	int err = query_runs(&s, t, arg, &o);

	mmscope_runs_break(&runs);
	if (!err && arg->runs_len)
		err = copy_runs(&runs, &o);
	mmscope_incore_done(&s.incore);
	arg->cursor = s.at;
	arg->runs_count = o.done;
	arg->pages = runs.pages;
	return err;
}

/* ---- WALK ---- */

/* One hold. 1: to be done again, since it changed or a verdict is needed. */
static int walk_once(struct scan *s, struct mmscope_target *t, struct mmscope_walk *arg)
{
	unsigned long page = arg->address & PAGE_MASK;
	struct vm_area_struct *vma;
	bool same = true;
	u64 since;
	int err = mmscope_target_lock(t, &since);

	if (err)
		return err;
	/* Nothing of an earlier try stays. */
	*arg = (struct mmscope_walk){
		.size = arg->size,
		.flags = arg->flags,
		.address = arg->address,
	};
	scan_begin(s, t, since);
	vma = find_vma(t->mm, arg->address);
	if (vma && vma->vm_start <= arg->address) {
		arg->has_vma = 1;
		mmscope_vmas_fill(vma, &arg->vma);
		hold_tables(vma);
		same = mmscope_walk_levels(vma, arg);
		release_tables(vma);
		/* Through the same path as PAGES, so that they cannot disagree. */
		scan_batch(s, t->mm, page, page + PAGE_SIZE);
		same = same && s->runs->open;
	}
	mmscope_target_unlock(t, since);
	if (s->undecided)
		mmscope_incore_decide(&s->incore);
	return !same;
}

int mmscope_pages_walk(struct mmscope_target *t, struct mmscope_walk *arg)
{
	struct mmscope_run run;
	struct mmscope_runs runs;
	struct scan s = { .class.want = mmscope_pages_categories(), .runs = &runs };
	int err;

	do {
		runs = (struct mmscope_runs){
			.categories = ~0ULL,
			.pages_left = 1,
			.page_shift = PAGE_SHIFT,
			.out = &run,
			.room = 1,
		};
		cond_resched();
		err = walk_once(&s, t, arg);
	} while (err == 1 && !signal_pending(current));
	if (err == 1)
		err = -EINTR;
	if (!err && runs.open)
		arg->categories = run.categories;
	mmscope_incore_done(&s.incore);
	return err;
}
