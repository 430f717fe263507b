// SPDX-License-Identifier: GPL-2.0
/*
 * pages.c - the state of pages: as runs (PAGES), as counts (VMAS with
 * accounts), and of one address (WALK).
 *
 * Staged: walk.c finds entries, classify.c and incore.c say what they are, and
 * runs.c or a count takes them. The mmap lock is held for a batch, and let go
 * when MMSCOPE_BATCH entries were read, somebody waits for it, the buffer is
 * full, or it must be asked who may know a file's cache. Nothing is copied to
 * user space under it: the page fault could want the very same lock.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "internal.h"

#define CAT(name) MMSCOPE_CAT(name)

/* Bytes; asking is a read of a cache line that a writer may just have taken. */
#define GIVE_WAY (MMSCOPE_BATCH_MIN * PAGE_SIZE)

struct scan {
	struct mmscope_descent descent;
	struct mmscope_class class;
	struct mmscope_incore incore;
	bool undecided;			/* incore needs a verdict to go on */
	/* Of the VMA: */
	bool cache;			/* pages without an entry are asked of incore */
	bool by_flags;			/* a plain entry's flags say all, ... */
	bool folios;			/* ... but what its page tells, if that is asked */
	bool holes_matter;		/* somebody wants to know of empty entries */
	unsigned long flags;		/* those of the last plain one (~0: none yet), ... */
	u64 flags_mean;			/* ... what it was, ... */
	bool flags_matter;		/* ... and if anybody wants to know */
	unsigned long at, end;		/* what is left to be looked at */
	/* Of this hold of the lock; see vma_from(). */
	struct vma_iterator vmi;
	struct mmscope_leaf leaf;
	struct vm_area_struct *vma_here;
	/* One of the two takes what is found. */
	struct mmscope_runs *runs;
	struct mmscope_acct *acct;
	u64 acct_categories;		/* those to be counted */
	const struct mmscope_vma *vma;	/* which the account is of ... */
	u32 vmas_left;			/* ... and how many follow that one */
	/* Two states take turns in most memory; to add each page up costs most. */
	struct alike {
		u64 cats, pages;
	} alike[2];			/* not yet added to the account */
	bool latest;			/* which of them was the last to grow */
};

#define to_scan(d) container_of(d, struct scan, descent)

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

/* ---- counting ---- */

#define PARTS (CAT(SHARED) | CAT(DIRTY) | CAT(PAGE_DIRTY))
#define RESIDENT (CAT(PRESENT) | CAT(MIGRATING) | CAT(DEVICE))

/*
 * The figures of smaps: it counts pages with a struct page, but not hugetlb;
 * those on the move, or with a device, too, and takes them for shared.
 */
static void account_rss(struct mmscope_acct *acct, u64 want, u64 cats, u64 bytes)
{
	bool dirty = cats & (CAT(DIRTY) | CAT(PAGE_DIRTY));

	if (!(cats & RESIDENT) ||
	    (cats & (CAT(ZERO) | CAT(SPECIAL) | CAT(HUGETLB))))
		return;
	acct->rss += bytes;
	if ((want & PARTS) != PARTS)
		return;
	if ((cats & CAT(SHARED)) || !(cats & CAT(PRESENT)))
		*(dirty ? &acct->shared_dirty : &acct->shared_clean) += bytes;
	else
		*(dirty ? &acct->private_dirty : &acct->private_clean) += bytes;
}

static void account(struct scan *s, struct alike *a)
{
	u64 left = a->cats & s->acct_categories;

	while (left) {
		unsigned int bit = __ffs64(left);

		s->acct->pages[bit] += a->pages;
		left &= left - 1;
	}
	account_rss(s->acct, s->acct_categories, a->cats, a->pages << PAGE_SHIFT);
	a->pages = 0;
}

static void account_all(struct scan *s)
{
	account(s, &s->alike[0]);
	account(s, &s->alike[1]);
}

static inline void count(struct scan *s, u64 cats, u64 pages)
{
	struct alike *a = &s->alike[s->latest];

	if (a->cats != cats) {
		s->latest = !s->latest;
		a = &s->alike[s->latest];
		if (a->cats != cats) {
			account(s, a);
			a->cats = cats;
		}
	}
	a->pages += pages;
}

/* ---- what the descent finds ---- */

/* Rss is counted whatever categories are. */
static bool matters(const struct scan *s, u64 cats)
{
	return s->runs ? mmscope_runs_want(s->runs, cats) :
			 (cats & (s->acct_categories | RESIDENT));
}

/* Each returns how far what was found was taken. This one, of what matters. */
static __always_inline unsigned long emit_to(struct scan *s, unsigned long start,
					     unsigned long end, u64 cats, bool runs)
{
	if (runs)
		return mmscope_runs_tell(s->runs, start, end, cats);
	count(s, cats, (end - start) >> PAGE_SHIFT);
	return end;
}

static unsigned long emit(struct scan *s, unsigned long start, unsigned long end, u64 cats)
{
	if (s->runs)
		return mmscope_runs_add(s->runs, start, end, cats);
	count(s, cats, (end - start) >> PAGE_SHIFT);
	return end;
}

static unsigned long emit_frames(struct scan *s, unsigned long start, unsigned long end,
				 u64 cats, u64 frame, bool follow)
{
	if (s->runs && frame)
		return mmscope_runs_add_frames(s->runs, start, end, cats, frame, follow);
	return emit(s, start, end, cats);
}

/*
 * Within a table: does somebody wait for the mmap lock? Asked every few pages of
 * those that are looked at one by one, and after one at least.
 */
static bool give_way(const struct mmscope_descent *d, unsigned long addr)
{
	return !(addr & (GIVE_WAY - 1)) && mmap_lock_is_contended(d->vma->vm_mm);
}

/* A present entry whose flags say all but what only its page can tell. */
static bool is_plain(const struct scan *s, pte_t pte)
{
	return s->by_flags && pte_present(pte) && !pte_special(pte);
}

/* What its flags say; they are mostly those of the entry before. */
static u64 meaning_of(struct scan *s, pte_t pte)
{
	unsigned long flags = mmscope_flags_of(pte);

	if (flags != s->flags) {
		s->flags_mean = mmscope_classify_flags(&s->class, pte);
		s->flags_matter = matters(s, s->flags_mean);
		s->flags = flags;
	}
	return s->flags_mean;
}

/* Bits that are not in all of the eight entries from @ptep on as in @as. */
static __always_inline unsigned long differ_in_eight(pte_t *ptep, unsigned long as)
{
	unsigned long bits = 0;
	int i;

#pragma GCC unroll 8
	for (i = 0; i < 8; i++)
		bits |= mmscope_compat_raw(ptep_get(ptep + i)) ^ as;
	return bits;
}

/*
 * The first entry from @p on whose flags (the bits in @mask) are others, or that is not
 * empty; or @stop. After a few, eight at a time: to decide costs more than to look.
 */
static __always_inline pte_t *same_from(pte_t *p, pte_t *stop, unsigned long mask,
					unsigned long flags)
{
	pte_t *single = p + 3;

	for (; p < stop && p < single; p++)
		if ((mmscope_compat_raw(ptep_get(p)) & mask) != flags)
			return p;
	while (stop - p >= 8 && !(differ_in_eight(p, flags) & mask))
		p += 8;
	while (p < stop && (mmscope_compat_raw(ptep_get(p)) & mask) == flags)
		p++;
	return p;
}

static __always_inline pte_t *none_from(pte_t *p, pte_t *stop)
{
	pte_t *single = p + 3;

	for (; p < stop && p < single; p++)
		if (!pte_none(ptep_get(p)))
			return p;
	while (stop - p >= 8 && !differ_in_eight(p, 0))
		p += 8;
	while (p < stop && pte_none(ptep_get(p)))
		p++;
	return p;
}

/* What is neither plain nor empty. */
static noinline unsigned long odd_piece(struct scan *s, pte_t *ptep, pte_t pte,
					unsigned int most, u64 *cats)
{
	u64 frame;

	*cats = mmscope_classify_entry(&s->class, pte, 1, 0, &frame);
	return pte_present(pte) ? 1 : mmscope_classify_swapped(ptep, pte, most);
}

/*
 * The piece that begins at @addr: entries of which the same holds, found alike, up
 * to @end at most. Returns where the next begins. *@matter: somebody wants to know.
 */
static __always_inline unsigned long piece_at(struct scan *s, pte_t *ptep, unsigned long addr,
					      unsigned long end, u64 *cats, bool *matter)
{
	pte_t pte = ptep_get(ptep);	/* once: the processor sets bits in it */
	pte_t *p, *stop = ptep + ((end - addr) >> PAGE_SHIFT);
	unsigned long next;
	u64 bits;

	if (is_plain(s, pte)) {
		*cats = meaning_of(s, pte);
		*matter = s->flags_matter;
		if (s->folios) {
			p = ptep + mmscope_classify_pages(&s->class, ptep, pte, stop - ptep, &bits);
			*cats |= bits;
			*matter = matters(s, *cats);
		} else {
			p = same_from(ptep + 1, stop, mmscope_compat_flags_mask(), s->flags);
		}
	} else if (pte_none(pte)) {
		*cats = s->class.always;
		*matter = s->holes_matter;
		p = none_from(ptep + 1, stop);
	} else {
		p = ptep + odd_piece(s, ptep, pte, stop - ptep, cats);
		*matter = matters(s, *cats);
	}
	next = addr + (p - ptep) * PAGE_SIZE;
	if (s->cache && mmscope_classify_is_empty(pte)) {
		*cats |= mmscope_incore_next(&s->incore, s->descent.vma, addr, &next);
		*matter = matters(s, *cats);
	}
	return next;
}

/* Where the lock may be asked for next: see give_way(). */
static unsigned long way_until(unsigned long addr, unsigned long end)
{
	return min(end, (addr | (GIVE_WAY - 1)) + 1);
}

/*
 * [from, addr) is alike, and not yet handed on: what costs most is to do that for
 * each page. Made once for who takes runs, and once for who counts.
 */
static __always_inline unsigned long found_pieces(struct scan *s, pte_t *ptep,
						  unsigned long addr, unsigned long end,
						  bool runs)
{
	unsigned long from = addr, stop = way_until(addr, end), next;
	bool matter = false, alike_matter = false;
	u64 alike = 0, cats;

	do {
		for (; addr < stop; ptep += (next - addr) >> PAGE_SHIFT, addr = next) {
			next = piece_at(s, ptep, addr, stop, &cats, &matter);
			if (cats == alike && alike_matter)
				continue;
			if (alike_matter) {
				unsigned long reached = emit_to(s, from, addr, alike, runs);

				if (reached < addr)
					return reached;
			}
			from = addr;
			alike = cats;
			alike_matter = matter;
		}
		stop = way_until(addr, end);
	} while (addr < end && !give_way(&s->descent, addr));
	return alike_matter ? emit_to(s, from, addr, alike, runs) : addr;
}

/* ---- the same, where flags say all ---- */

/* Neither empty nor with the flags of the last plain one. Returns the one behind. */
static noinline pte_t *other_piece(struct scan *s, pte_t *p, pte_t *stop, u64 *cats)
{
	pte_t pte = ptep_get(p);

	if (!is_plain(s, pte))
		return p + odd_piece(s, p, pte, stop - p, cats);
	*cats = meaning_of(s, pte);
	return p + 1;
}

/*
 * What memory is asked about most often, and so made apart: no page is looked at, nor
 * the cache, and as many pages may be told of as there are in a table. Returns where it
 * stopped; what there was no room for begins there.
 */
MMSCOPE_LOOP(found_by_flags, 2048)
static unsigned long found_by_flags(struct scan *s, pte_t *first, unsigned long addr,
				    unsigned long end)
{
	const unsigned long mask = mmscope_compat_flags_mask();
	const bool holes = s->holes_matter, room = s->runs->room;
	pte_t *p = first, *from, *stop;
	u64 told = 0, cats;
	bool matter;

	for (; addr < end; addr = way_until(addr, end), first = p) {
		stop = first + ((way_until(addr, end) - addr) >> PAGE_SHIFT);
		while (p < stop) {
			pte_t pte = ptep_get(p);

			from = p;
			if (pte_none(pte)) {
				p = none_from(p + 1, stop);
				if (!holes)
					continue;
				matter = true;
				cats = s->class.always;
			} else if ((mmscope_compat_raw(pte) & mask) == s->flags) {
				p = same_from(p + 1, stop, mask, s->flags);
				matter = s->flags_matter;
				cats = s->flags_mean;
			} else {
				p = other_piece(s, p, stop, &cats);
				matter = matters(s, cats);
			}
			if (!matter)
				continue;
			if (room && !mmscope_runs_extend(s->runs, addr + (from - first) * PAGE_SIZE,
						 addr + (p - first) * PAGE_SIZE, cats)) {
				mmscope_runs_count(s->runs, told);
				return addr + (from - first) * PAGE_SIZE;
			}
			told += p - from;
		}
		if (give_way(&s->descent, way_until(addr, end)))
			end = way_until(addr, end);
	}
	mmscope_runs_count(s->runs, told);
	return end;
}

MMSCOPE_LOOP(found_ptes, 4096)
static unsigned long found_ptes(struct mmscope_descent *d, pte_t *ptep, unsigned long addr,
				unsigned long end)
{
	struct scan *s = to_scan(d);

	if (s->by_flags && !s->folios && !s->cache && s->runs->pages_left >= PTRS_PER_PTE)
		return found_by_flags(s, ptep, addr, end);
	return found_pieces(s, ptep, addr, end, true);
}

/* What smaps asks for: the same way, but each page is looked at. */
static void count_some(struct scan *s, u64 cats, u64 pages)
{
	if (pages)
		count(s, cats, pages);
}

static void count_sums(struct scan *s, const struct mmscope_sums *sums)
{
	u64 cats = s->flags_mean;

	count_some(s, cats, sums->pages + sums->both - sums->shared - sums->dirty);
	count_some(s, cats | CAT(SHARED), sums->shared - sums->both);
	count_some(s, cats | CAT(PAGE_DIRTY), sums->dirty - sums->both);
	count_some(s, cats | CAT(SHARED) | CAT(PAGE_DIRTY), sums->both);
}

MMSCOPE_LOOP(counted_by_sums, 2048)
static unsigned long counted_by_sums(struct scan *s, pte_t *first, unsigned long addr,
				     unsigned long end)
{
	const unsigned long mask = mmscope_compat_flags_mask();
	pte_t *p = first, *from, *stop;
	struct mmscope_sums sums;
	u64 cats;

	for (; addr < end; addr = way_until(addr, end), first = p) {
		stop = first + ((way_until(addr, end) - addr) >> PAGE_SHIFT);
		while (p < stop) {
			pte_t pte = ptep_get(p);

			from = p;
			sums.pages = 0;
			if (is_plain(s, pte)) {
				meaning_of(s, pte);
				p = mmscope_classify_sums(p, stop, s->flags, mask, &sums);
				count_sums(s, &sums);
			} else if (pte_none(pte)) {
				p = none_from(p + 1, stop);
			} else {
				p += odd_piece(s, p, pte, stop - p, &cats);
				count(s, cats, p - from);
				continue;
			}
			if (s->holes_matter)
				count(s, s->class.always, p - from - sums.pages);
		}
		if (give_way(&s->descent, way_until(addr, end)))
			end = way_until(addr, end);
	}
	return end;
}

MMSCOPE_LOOP(counted_ptes, 4096)
static unsigned long counted_ptes(struct mmscope_descent *d, pte_t *ptep, unsigned long addr,
				  unsigned long end)
{
	struct scan *s = to_scan(d);

	if (s->by_flags && s->folios && !s->cache &&
	    !(s->class.want & MMSCOPE_CATS_FOLIO & ~MMSCOPE_CLASSIFY_SMAPS))
		return counted_by_sums(s, ptep, addr, end);
	return found_pieces(s, ptep, addr, end, false);
}

/* A page with a frame is a run of its own, until runs.c says otherwise. */
static unsigned long found_frames(struct mmscope_descent *d, pte_t *ptep, unsigned long addr,
				  unsigned long end)
{
	struct scan *s = to_scan(d);

	do {
		pte_t pte = ptep_get(ptep);
		unsigned long next = addr + PAGE_SIZE, reached;
		u64 frame, cats = mmscope_classify_entry(&s->class, pte, 1, 0, &frame);

		if (s->cache && mmscope_classify_is_empty(pte))
			cats |= mmscope_incore_next(&s->incore, s->descent.vma, addr, &next);
		reached = emit_frames(s, addr, next, cats, frame, pte_present(pte));
		if (reached < next)
			return reached;
		addr = next;
		ptep++;
	} while (addr < end && !give_way(d, addr));
	return addr;
}

static unsigned long found_leaf(struct mmscope_descent *d, pte_t pte, int level,
				unsigned long addr, unsigned long end)
{
	struct scan *s = to_scan(d);
	unsigned long mask = (level == 2 ? PMD_SIZE : PUD_SIZE) - 1;
	unsigned long step = PAGE_SIZE;
	u64 frame, cats;

	if (mmscope_classify_uniform(&s->class, pte))
		step = end - addr;
	while (addr < end) {
		unsigned long next = addr + step, reached;

		cats = mmscope_classify_entry(&s->class, pte, level,
					      (addr & mask) >> PAGE_SHIFT, &frame);
		if (d->shared_table && pte_present(pte) && (s->class.want & CAT(SHARED)))
			cats |= CAT(SHARED);
		reached = emit_frames(s, addr, next, cats, frame, pte_present(pte));
		d->budget--;
		if (reached < next)
			return reached;
		addr = next;
		if (d->budget <= 0 || give_way(d, addr))
			break;
	}
	return addr;
}

/* What a look-up in the cache costs, of up to MMSCOPE_INCORE_MOST pages: a guess. */
#define HOLE_COST 8

static unsigned long found_hole(struct mmscope_descent *d, unsigned long addr,
				unsigned long end)
{
	struct scan *s = to_scan(d);

	if (!s->cache)
		return emit(s, addr, end, s->class.always);
	while (addr < end && d->budget > 0) {
		unsigned long next = end, reached;
		u64 cats = mmscope_incore_next(&s->incore, d->vma, addr, &next);

		reached = emit(s, addr, next, cats | s->class.always);
		d->budget -= HOLE_COST;
		if (reached < next)
			return reached;
		addr = next;
	}
	return addr;
}

static const struct mmscope_descent_ops scan_ops = {
	.ptes = found_ptes,
	.leaf = found_leaf,
	.hole = found_hole,
};

static const struct mmscope_descent_ops count_ops = {
	.ptes = counted_ptes,
	.leaf = found_leaf,
	.hole = found_hole,
};

static const struct mmscope_descent_ops frames_ops = {
	.ptes = found_frames,
	.leaf = found_leaf,
	.hole = found_hole,
};

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

static void classify_by(struct scan *s, struct vm_area_struct *vma)
{
	bool by_flags;

	mmscope_classify_vma(&s->class, vma);
	s->cache = asks_cache(s->class.want, vma);
	/* Of frames put there one by one, some may have no page. */
	s->by_flags = !(vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP));
	s->folios = mmscope_classify_asks_pages(&s->class);
	s->holes_matter = matters(s, s->class.always);
	s->flags = ~0UL;		/* as no entry has them */
	by_flags = s->by_flags && !s->class.frames;
	s->descent.writable_by_flags = by_flags && !s->folios;
	/* The huge zero page is told by its frame; it is not writable. */
	s->descent.leaves_by_flags = by_flags && !(s->class.want & MMSCOPE_CATS_FOLIO) &&
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

static void scan_begin(struct scan *s, const struct mmscope_target *t)
{
	s->undecided = false;
	s->vma_here = NULL;
	s->descent.knows_pmds = false;
	s->class.trusted = t->trusted;
	s->descent.ops = s->class.frames ? &frames_ops : s->runs ? &scan_ops : &count_ops;
	s->descent.budget = MMSCOPE_BATCH;
}

/* Its account is done, and the next one's begins; false if there is none. */
static bool next_vma(struct scan *s)
{
	if (!s->vmas_left)
		return false;
	account_all(s);
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
static int scan_step(struct scan *s, const struct mmscope_target *t)
{
	bool contended;
	u64 since;
	int err = mmscope_target_lock(t, &since);

	if (err)
		return err;
	scan_begin(s, t);
	do
		s->at = scan_batch(s, t->mm, s->at, s->end);
	while (s->at == s->end && next_vma(s) && !need_resched() &&
	       !mmscope_descent_spent(&s->descent, t->mm));
	contended = mmap_lock_is_contended(t->mm);
	mmscope_target_unlock(t, since);
	if (s->undecided)
		mmscope_incore_decide(&s->incore);
	/*
	 * A reader that comes straight back takes the lock again before the
	 * writer that it woke can run, for up to 4 ms (RWSEM_WAIT_TIMEOUT).
	 */
	if (contended)
		usleep_range(20, 100);
	else
		cond_resched();
	return 0;
}

static bool interrupted(bool killable)
{
	return killable ? fatal_signal_pending(current) : signal_pending(current);
}

int mmscope_pages_count(const struct mmscope_target *t, const struct mmscope_vma *vmas,
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
	account_all(&s);
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

static int query_runs(struct scan *s, const struct mmscope_target *t,
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

int mmscope_pages_query(const struct mmscope_target *t, struct mmscope_pages *arg,
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
static int walk_once(struct scan *s, const struct mmscope_target *t, struct mmscope_walk *arg)
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
	scan_begin(s, t);
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

int mmscope_pages_walk(const struct mmscope_target *t, struct mmscope_walk *arg)
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
