// SPDX-License-Identifier: GPL-2.0
/*
 * walk.c - the descent through the page tables, and its locking.
 * One function a level, from the top down; what an entry means is told by
 * classify.c, what is done with it by whoever asks (found.c).
 *
 * What keeps the tables from being freed under us.  The mmap lock is held for
 * reading, and only addresses that a VMA covers are looked at.  munmap() frees
 * tables with the lock downgraded to reading, too, but only those that cover
 * nothing but what it unmapped.  So PGD to PMD tables stay, but for the PMD
 * tables that hugetlb mappings share: pages.c holds i_mmap_rwsem for those.
 * PTE tables can go under the read lock (khugepaged since 6.5, reclaim of empty
 * tables since 6.14): these are freed by RCU, after their PMD entry was changed
 * under their lock.  So: read the PMD entry under RCU, lock its table, see that
 * the entry is still the same.  pte_offset_map() does that for the kernel
 * itself, but is not exported.
 */
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/rcupdate.h>

#include "entries.h"
#include "internal.h"

/* Upper entries are read once; a torn or repeated read would be two truths. */
#define read_entry(p) READ_ONCE(*(p))

/* How often a PTE table that changes under us is tried before we move on. */
#define TRIES 8

static unsigned long none(struct mmscope_descent *d, unsigned long addr, unsigned long end)
{
	d->budget--;
	return d->ops->hole(d, addr, end);
}

/* The level of a hugetlb mapping's entries, of which arm64 makes several for a page. */
static int hugetlb_level(struct vm_area_struct *vma)
{
	unsigned long size = huge_page_size(hstate_vma(vma));

	return size >= PUD_SIZE ? 3 : size >= PMD_SIZE ? 2 : 1;
}

/*
 * The lock of the table of that level that @entry is in: @lock, unless it holds
 * hugetlb's own entries. Older kernels lock those of a size between two levels'
 * otherwise. (Which lock it is goes by the page's size alone: to ask that for a
 * table above would find none, or a wrong one.)
 */
static spinlock_t *lock_of(struct vm_area_struct *vma, int level, void *entry, spinlock_t *lock)
{
	if (!is_vm_hugetlb_page(vma) || hugetlb_level(vma) != level)
		return lock;
	return huge_pte_lockptr(hstate_vma(vma), vma->vm_mm, entry);
}

/*
 * The entries of the PTE table that @pmd, which was just read from @pmdp, leads to, under
 * its lock; RCU is held.  False: the table was replaced meanwhile.
 */
static __always_inline bool walk_locked_ptes(struct mmscope_descent *d, pmd_t *pmdp, pmd_t pmd,
					     unsigned long addr, unsigned long end,
					     unsigned long *reached)
{
	pte_t *ptep = pte_offset_kernel(&pmd, addr);
	spinlock_t *ptl = lock_of(d->vma, 1, ptep, pte_lockptr(d->vma->vm_mm, &pmd));
	bool same;

	spin_lock(ptl);
	same = mmscope_compat_raw_pmd(pmd) == mmscope_compat_raw_pmd(read_entry(pmdp));
	if (same) {
		*reached = d->ops->ptes(d, ptep, addr, end);
		d->budget -= (end - addr) >> PAGE_SHIFT;
	}
	spin_unlock(ptl);
	return same;
}

/* False: the table was replaced meanwhile, look at the PMD entry again. */
static bool walk_ptes(struct mmscope_descent *d, pmd_t *pmdp, unsigned long addr,
		      unsigned long end, unsigned long *reached)
{
	bool same = false;
	pmd_t pmd;

	rcu_read_lock();
	pmd = read_entry(pmdp);
	if (!pmd_none(pmd) && pmd_present(pmd) && !pmd_leaf(pmd) && !pmd_bad(pmd))
		same = walk_locked_ptes(d, pmdp, pmd, addr, end, reached);
	rcu_read_unlock();
	if (same) {
		d->ptes_of = is_vm_hugetlb_page(d->vma) ? NULL : pmdp;
		d->ptes = pmd;
		d->ptes_start = addr & PMD_MASK;
	}
	return same;
}

/*
 * Small VMAs side by side have their entries in the same table. The PMD entry that leads
 * to it stays where it is as long as the mmap lock is held, as its table does: see
 * walk_pmds(). The PTE table need not: but if the entry is what it was, so is the table,
 * or a new one took its place.
 */
static bool walk_known_ptes(struct mmscope_descent *d, unsigned long addr, unsigned long end,
			    unsigned long *reached)
{
	bool same = false;
	pmd_t pmd;

	if (!d->ptes_of || (addr & PMD_MASK) != d->ptes_start ||
	    ((end - 1) & PMD_MASK) != d->ptes_start || is_vm_hugetlb_page(d->vma))
		return false;
	rcu_read_lock();
	pmd = read_entry(d->ptes_of);
	if (mmscope_compat_raw_pmd(pmd) == mmscope_compat_raw_pmd(d->ptes))
		same = walk_locked_ptes(d, d->ptes_of, pmd, addr, end, reached);
	rcu_read_unlock();
	return same;
}

/*
 * Huge PMD entries, as many as there are, and as there is time for: one lock is that of a
 * whole table. False: it is none. *@done: *@reached is @end, or where one begins that is
 * not huge.
 */
static bool walk_huge_pmds(struct mmscope_descent *d, pmd_t *pmdp, unsigned long addr,
			   unsigned long end, unsigned long *reached, bool *done)
{
	spinlock_t *ptl = lock_of(d->vma, 2, pmdp, pmd_lockptr(d->vma->vm_mm, pmdp));
	bool huge;

	spin_lock(ptl);
	huge = is_huge(read_entry(pmdp));
	if (huge) {
		d->shared_table = is_vm_hugetlb_page(d->vma) && mmscope_compat_table_shared(pmdp);
		*reached = d->ops->pmds(d, pmdp, addr, end);
		d->shared_table = false;	/* a huge PUD's is nobody else's */
		pmdp += (*reached >> PMD_SHIFT) - (addr >> PMD_SHIFT);
		*done = *reached == end || !is_huge(read_entry(pmdp));
	}
	spin_unlock(ptl);
	return huge;
}

/* An entry; if it is huge, as many as there are, up to @end. */
static unsigned long walk_pmd_entry(struct mmscope_descent *d, pmd_t *pmdp,
				    unsigned long addr, unsigned long end, bool *done)
{
	unsigned long next = pmd_addr_end(addr, end), reached;
	int tries;
	pmd_t pmd;

	for (tries = 0; tries < TRIES; tries++) {
		pmd = read_entry(pmdp);
		if (pmd_none(pmd))
			break;
		if (is_huge(pmd)) {
			if (walk_huge_pmds(d, pmdp, addr, end, &reached, done))
				return reached;
		} else if (pmd_bad(pmd)) {
			break;
		} else if (walk_ptes(d, pmdp, addr, next, &reached)) {
			*done = reached == next;
			return reached;
		}
	}
	/*
	 * Empty; or it changed each time we looked.  The latter is an entry
	 * that is being taken down and set up over and over: at some moment
	 * just now it was empty.
	 */
	reached = none(d, addr, next);
	*done = reached == next;
	return reached;
}

/* Empty entries side by side are one hole, and count less than as many tables. */
#define EMPTY_COST_SHIFT 4

static unsigned long empty_until(struct mmscope_descent *d, pmd_t *pmdp, unsigned long addr,
				 unsigned long end)
{
	unsigned long next = pmd_addr_end(addr, end);

	pmdp++;
	for (; end - next >= 8 * PMD_SIZE; next += 8 * PMD_SIZE, pmdp += 8)
		if (pmds_differ_in_eight(pmdp, 0))
			break;
	for (; next < end && pmd_none(read_entry(pmdp)); pmdp++)
		next = pmd_addr_end(next, end);
	d->budget -= (next - addr) >> (PMD_SHIFT + EMPTY_COST_SHIFT);
	return next;
}

MMSCOPE_LOOP(walk_pmd, 4096)
static unsigned long walk_pmd(struct mmscope_descent *d, pud_t pud, unsigned long addr,
			      unsigned long end)
{
	while (addr < end) {
		pmd_t *pmdp = pmd_offset(&pud, addr);
		bool done;

		if (pmd_none(read_entry(pmdp))) {
			unsigned long next = empty_until(d, pmdp, addr, end);

			addr = none(d, addr, next);
			done = addr == next;
		} else {
			addr = walk_pmd_entry(d, pmdp, addr, end, &done);
		}
		if (!done || mmscope_descent_spent(d, d->vma->vm_mm))
			return addr;
	}
	return end;
}

/*
 * The same, and notes where they are: VMAs side by side mostly have their entries in the
 * same table, which stays as long as the mmap lock is held, since one that was looked at
 * lies in it. Not so those of hugetlb, which may go when pages.c lets go of i_mmap_rwsem.
 */
static unsigned long walk_pmds(struct mmscope_descent *d, pud_t pud, unsigned long addr,
			       unsigned long end)
{
	d->knows_pmds = !is_vm_hugetlb_page(d->vma);
	d->pmds = pud;
	d->pmds_start = addr & PUD_MASK;
	return walk_pmd(d, pud, addr, end);
}

static bool knows_pmds(const struct mmscope_descent *d, unsigned long addr, unsigned long end)
{
	return d->knows_pmds && (addr & PUD_MASK) == d->pmds_start &&
	       ((end - 1) & PUD_MASK) == d->pmds_start && !is_vm_hugetlb_page(d->vma);
}

static unsigned long walk_huge_pud(struct mmscope_descent *d, pud_t *pudp,
				   unsigned long addr, unsigned long end)
{
	spinlock_t *ptl = lock_of(d->vma, 3, pudp, pud_lockptr(d->vma->vm_mm, pudp));
	unsigned long reached;
	pud_t pud;

	spin_lock(ptl);
	pud = read_entry(pudp);
	if (!pud_none(pud) && (!pud_present(pud) || pud_leaf(pud))) {
		reached = d->ops->pud(d, __pte(pud_val(pud)), addr, end);
		d->budget--;
		spin_unlock(ptl);
		return reached;
	}
	spin_unlock(ptl);
	/* Zapped meanwhile; or split, then the caller comes back to it. */
	d->budget--;
	return pud_none(pud) ? none(d, addr, end) : addr;
}

static unsigned long walk_pud(struct mmscope_descent *d, p4d_t *p4dp, unsigned long addr,
			      unsigned long end)
{
	pud_t *pudp = pud_offset(p4dp, addr);
	unsigned long next, reached;
	pud_t pud;

	for (; addr < end; addr = next, pudp++) {
		next = pud_addr_end(addr, end);
		pud = read_entry(pudp);
		if (pud_none(pud))
			reached = none(d, addr, next);
		else if (!pud_present(pud) || pud_leaf(pud))
			reached = walk_huge_pud(d, pudp, addr, next);
		else if (pud_bad(pud))
			reached = none(d, addr, next);
		else
			reached = walk_pmds(d, pud, addr, next);
		if (reached < next || mmscope_descent_spent(d, d->vma->vm_mm))
			return reached;
	}
	return end;
}

static unsigned long walk_p4d(struct mmscope_descent *d, pgd_t *pgdp, unsigned long addr,
			      unsigned long end)
{
	p4d_t *p4dp = p4d_offset(pgdp, addr);
	unsigned long next, reached;
	p4d_t p4d;

	for (; addr < end; addr = next, p4dp++) {
		next = p4d_addr_end(addr, end);
		p4d = read_entry(p4dp);
		if (p4d_none(p4d) || p4d_bad(p4d))
			reached = none(d, addr, next);
		else
			reached = walk_pud(d, p4dp, addr, next);
		if (reached < next || mmscope_descent_spent(d, d->vma->vm_mm))
			return reached;
	}
	return end;
}

unsigned long mmscope_walk_range(struct mmscope_descent *d, unsigned long addr,
				 unsigned long end)
{
	pgd_t *pgdp = pgd_offset(d->vma->vm_mm, addr);
	unsigned long next, reached;
	pgd_t pgd;

	if (walk_known_ptes(d, addr, end, &reached))
		return reached;
	if (knows_pmds(d, addr, end))
		return walk_pmd(d, d->pmds, addr, end);
	for (; addr < end; addr = next, pgdp++) {
		next = pgd_addr_end(addr, end);
		pgd = read_entry(pgdp);
		if (pgd_none(pgd) || pgd_bad(pgd))
			reached = none(d, addr, next);
		else
			reached = walk_p4d(d, pgdp, addr, next);
		if (reached < next || mmscope_descent_spent(d, d->vma->vm_mm))
			return reached;
	}
	return end;
}

/* ---- WALK: one address, and each entry on the way ---- */

/* A level may be folded into the one above by what the processor can do. */
unsigned int mmscope_walk_depth(void)
{
	return mm_pud_folded(current->mm) ? 3 : mm_p4d_folded(current->mm) ? 4 : 5;
}

static struct mmscope_level *add_level(struct mmscope_walk *w, unsigned int level,
				       unsigned int shift, unsigned int index, u64 entry)
{
	struct mmscope_level *l = &w->levels[w->levels_count++];

	*l = (struct mmscope_level){
		.level = level,
		.shift = shift,
		.index = index,
		.entry = entry,
	};
	return l;
}

static void leaf_bits(struct mmscope_level *l, struct vm_area_struct *vma, pte_t pte)
{
	struct mmscope_class c = { .want = 0, .frames = true };

	mmscope_classify_vma(&c, vma);
	l->bits = mmscope_classify_entry(&c, pte, l->level, 0, &l->frame);
	l->kind = l->bits & MMSCOPE_CAT(PRESENT) ? MMSCOPE_ENTRY_LEAF :
						   MMSCOPE_ENTRY_NONPRESENT;
}

/* A table's entry has few bits that mean the same everywhere: it is there. */
static void table_bits(struct mmscope_level *l, unsigned long frame)
{
	l->kind = MMSCOPE_ENTRY_TABLE;
	l->bits = MMSCOPE_CAT(PRESENT);
	l->frame = frame;
}

/*
 * Entries that lead on are stable while the mmap lock is held; those that map
 * memory are cleared and set again under their table's lock (copy on write, a
 * split), and so are read under it. False: not the same any more, start again.
 */
static bool level_pte(struct mmscope_walk *w, struct vm_area_struct *vma, pmd_t *pmdp,
		      pmd_t pmd)
{
	unsigned long addr = w->address;
	pte_t *ptep = pte_offset_kernel(&pmd, addr);
	spinlock_t *ptl = lock_of(vma, 1, ptep, pte_lockptr(vma->vm_mm, &pmd));
	struct mmscope_level *l;
	pte_t pte = __pte(0);
	bool same;

	spin_lock(ptl);
	same = pmd_same(pmd, read_entry(pmdp));
	if (same)
		pte = ptep_get(ptep);
	spin_unlock(ptl);
	l = add_level(w, 1, PAGE_SHIFT, pte_index(addr), pte_val(pte));
	if (!pte_none(pte))
		leaf_bits(l, vma, pte);
	return same;
}

static bool level_pmd(struct mmscope_walk *w, struct vm_area_struct *vma, pud_t pud)
{
	unsigned long addr = w->address;
	pmd_t *pmdp = pmd_offset(&pud, addr);
	spinlock_t *ptl = lock_of(vma, 2, pmdp, pmd_lockptr(vma->vm_mm, pmdp));
	struct mmscope_level *l;
	pmd_t pmd;

	spin_lock(ptl);
	pmd = read_entry(pmdp);
	spin_unlock(ptl);
	l = add_level(w, 2, PMD_SHIFT, pmd_index(addr), pmd_val(pmd));
	if (pmd_none(pmd))
		return true;
	if (!pmd_present(pmd) || pmd_leaf(pmd)) {
		leaf_bits(l, vma, __pte(pmd_val(pmd)));
		return true;
	}
	if (pmd_bad(pmd)) {
		l->kind = MMSCOPE_ENTRY_BAD;
		return true;
	}
	table_bits(l, pmd_pfn(pmd));
	return level_pte(w, vma, pmdp, pmd);
}

static bool level_pud(struct mmscope_walk *w, struct vm_area_struct *vma, p4d_t *p4dp)
{
	unsigned long addr = w->address;
	pud_t *pudp = pud_offset(p4dp, addr);
	spinlock_t *ptl = lock_of(vma, 3, pudp, pud_lockptr(vma->vm_mm, pudp));
	struct mmscope_level *l;
	pud_t pud;

	spin_lock(ptl);
	pud = read_entry(pudp);
	spin_unlock(ptl);
	l = add_level(w, 3, PUD_SHIFT, mm_pud_folded(vma->vm_mm) ? pgd_index(addr) :
		      pud_index(addr), pud_val(pud));
	if (pud_none(pud))
		return true;
	if (!pud_present(pud) || pud_leaf(pud)) {
		leaf_bits(l, vma, __pte(pud_val(pud)));
		return true;
	}
	if (pud_bad(pud)) {
		l->kind = MMSCOPE_ENTRY_BAD;
		return true;
	}
	table_bits(l, pud_pfn(pud));
	return level_pmd(w, vma, pud);
}

static bool level_p4d(struct mmscope_walk *w, struct vm_area_struct *vma, pgd_t *pgdp)
{
	unsigned long addr = w->address;
	p4d_t *p4dp = p4d_offset(pgdp, addr);
	p4d_t p4d = read_entry(p4dp);
	struct mmscope_level *l;

	/* With four levels the PGD is the P4D: told once, as level 4. */
	l = add_level(w, 4, P4D_SHIFT, mm_p4d_folded(vma->vm_mm) ? pgd_index(addr) :
		      (addr >> P4D_SHIFT) & (PTRS_PER_P4D - 1), p4d_val(p4d));
	if (p4d_none(p4d))
		return true;
	if (p4d_bad(p4d)) {
		l->kind = MMSCOPE_ENTRY_BAD;
		return true;
	}
	table_bits(l, __phys_to_pfn(__pa(pud_offset(p4dp, 0)) & PAGE_MASK));
	return level_pud(w, vma, p4dp);
}

bool mmscope_walk_levels(struct vm_area_struct *vma, struct mmscope_walk *w)
{
	unsigned long addr = w->address;
	pgd_t *pgdp = pgd_offset(vma->vm_mm, addr);
	pgd_t pgd = read_entry(pgdp);
	struct mmscope_level *l;
	bool same = true;

	rcu_read_lock();
	if (!mm_p4d_folded(vma->vm_mm)) {
		l = add_level(w, 5, PGDIR_SHIFT, pgd_index(addr), pgd_val(pgd));
		if (!pgd_none(pgd) && !pgd_bad(pgd))
			table_bits(l, __phys_to_pfn(__pa(p4d_offset(pgdp, 0)) & PAGE_MASK));
	}
	if (mm_pud_folded(vma->vm_mm))
		same = level_pud(w, vma, p4d_offset(pgdp, addr));
	else if (!pgd_none(pgd) && !pgd_bad(pgd))
		same = level_p4d(w, vma, pgdp);
	rcu_read_unlock();
	return same;
}
