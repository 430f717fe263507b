// SPDX-License-Identifier: GPL-2.0
/*
 * classify.c - one page-table entry, and the page behind it, to category bits.
 * Pure: it reads what it is handed, and takes no lock and no reference.
 *
 * What an entry alone can tell does not touch the struct page, which costs a
 * cache miss. The folio is looked at if somebody wants what only it can tell.
 * The caller holds the lock of the entry's table then, so a page that the
 * entry maps stays mapped, and what it is does not change under us. Flags that
 * others set (dirty, mlocked) are what they were at that moment.
 */
#include <linux/mm.h>
#include <linux/page-flags.h>

#include "entries.h"
#include "internal.h"

#define CAT(name) MMSCOPE_CAT(name)

void mmscope_classify_vma(struct mmscope_class *c, struct vm_area_struct *vma)
{
	c->anon = vma_is_anonymous(vma);
	c->hugetlb = is_vm_hugetlb_page(vma);
	c->locked = mmscope_compat_locks_pages(vma);
	c->always = 0;
	if (vma->vm_flags & VM_SOFTDIRTY)
		c->always |= CAT(SOFT_DIRTY);
}

/* Nothing there, but perhaps a note: what mincore calls "none mostly". */
bool mmscope_classify_is_empty(pte_t pte)
{
	if (pte_none(pte))
		return true;
	return !pte_present(pte) && softleaf_is_marker(softleaf_from_pte(pte));
}

/*
 * What a page is, but for what its entry and its VMA say: all that its categories go
 * by, in a word.  It is read once, and pages of which it is the same are told of alike.
 */
#define FACT_FLAGS	(BIT(PG_dirty) | BIT(PG_swapbacked) | BIT(PG_mlocked) | \
			 BIT(PG_unevictable) | BIT(PG_head))
#define FACT_SHIFT	(BITS_PER_LONG - 3)
#define FACT_ANON	BIT(FACT_SHIFT)		/* the two bits of its mapping */
#define FACT_KSM	BIT(FACT_SHIFT + 1)	/* ... with both of them */
#define FACT_SHARED	BIT(FACT_SHIFT + 2)

static __always_inline unsigned long facts_from(struct folio *folio, unsigned long flags,
						unsigned long shared)
{
	return (flags & FACT_FLAGS) |
	       (mmscope_compat_folio_mapping(folio) << FACT_SHIFT & (FACT_ANON | FACT_KSM)) |
	       shared << (FACT_SHIFT + 2);
}

static noinline unsigned long facts_of_large(struct page *page)
{
	struct folio *folio = page_folio(page);

	return facts_from(folio, mmscope_compat_folio_flags(folio),
			  mmscope_compat_shared(folio, page));
}

static __always_inline unsigned long facts_of(struct page *page)
{
	struct folio *folio = (struct folio *)page;
	unsigned long flags = mmscope_compat_folio_flags(folio);

	if (unlikely((flags & BIT(PG_head)) || PageTail(page)))
		return facts_of_large(page);
	/* How often it is mapped, from -1 on. */
	return facts_from(folio, flags, atomic_read(&page->_mapcount) > 0);
}

static u64 kind_of(unsigned long facts)
{
	if (facts & FACT_ANON)
		return CAT(ANON);
	/* As the kernel counts RssShmem: swap-backed, and not anonymous. */
	return facts & BIT(PG_swapbacked) ? CAT(SHMEM) : CAT(FILE);
}

static bool is_ksm(unsigned long facts)
{
	return (facts & (FACT_ANON | FACT_KSM)) == (FACT_ANON | FACT_KSM);
}

/*
 * Who else locks a page is not everybody's business: the flags are root's, in
 * kpageflags. Others are told of VMAs that are locked, as smaps does, and of pages
 * that are theirs alone to map. A page of a file is not, nor is one that KSM
 * merged with whoever's, also if that one is gone, nor one that a fork shares.
 * What a locked VMA maps is locked by it, but not large folios: those are only if
 * all of one is in the VMA, and not before reclaim comes across it.
 */
static u64 lock_bits(const struct mmscope_class *c, unsigned long facts)
{
	bool own = c->locked && !(facts & BIT(PG_head));
	u64 bits = 0;

	if (!c->trusted && !own &&
	    (!(facts & FACT_ANON) || is_ksm(facts) || (facts & FACT_SHARED)))
		return CAT(LOCK_UNKNOWN);
	if (facts & BIT(PG_mlocked))
		bits |= CAT(MLOCKED);
	if (facts & BIT(PG_unevictable))
		bits |= CAT(UNEVICTABLE);
	return bits;
}

#define KINDS	(CAT(ANON) | CAT(FILE) | CAT(SHMEM))

/* @dirty: its entry is. */
static u64 page_bits(const struct mmscope_class *c, unsigned long facts, bool dirty)
{
	u64 bits = kind_of(facts) | lock_bits(c, facts);

	if (facts & FACT_SHARED)
		bits |= CAT(SHARED);
	if (is_ksm(facts))
		bits |= CAT(KSM);
	if (facts & BIT(PG_dirty))
		bits |= CAT(PAGE_DIRTY);
	/* A write since MADV_FREE saves the page. */
	else if ((facts & FACT_ANON) && !(facts & BIT(PG_swapbacked)) && !dirty)
		bits |= CAT(LAZYFREE);
	return bits & c->want;
}

/*
 * The page that a present entry maps and counts, or NULL with ZERO or SPECIAL
 * in @bits.  vm_normal_page() does this in the kernel; it is not exported.
 */
static struct page *normal_page(const struct mmscope_class *c, pte_t pte, int level,
				unsigned long pfn, u64 *bits)
{
	struct page *page;

	if (pte_special(pte) || mmscope_compat_devmap(pte) || !pfn_valid(pfn)) {
		/* The huge zero page is marked as special on newer kernels. */
		bool zero = level == 1 ? is_zero_pfn(pfn) : c->anon && pte_special(pte);

		*bits |= zero ? CAT(ZERO) : CAT(SPECIAL);
		return NULL;
	}
	page = pfn_to_page(pfn);
	/*
	 * Elsewhere it has no mark that a module can see.  But a huge
	 * entry of an anonymous VMA maps anonymous memory, or it.
	 */
	if (level > 1 && c->anon && (c->want & (CAT(ZERO) | MMSCOPE_CATS_FOLIO)) &&
	    !folio_test_anon(page_folio(page))) {
		*bits |= CAT(ZERO);
		return NULL;
	}
	return page;
}

/*
 * Bit 12 of a huge entry is not of the address on x86: cut to its size.  (A
 * hugetlb page of many small entries, as on arm64, is level 1: each has its
 * own frame.)
 */
static unsigned long frame_of(pte_t pte, int level)
{
	unsigned int order = level == 1 ? 0 : (level == 2 ? PMD_SHIFT : PUD_SHIFT) - PAGE_SHIFT;

	return pte_pfn(pte) & ~((1UL << order) - 1);
}

/* What the flags of an entry that is present say. */
static u64 flag_bits(const struct mmscope_class *c, pte_t pte)
{
	u64 bits = CAT(PRESENT) | c->always;

	if (pte_write(pte))
		bits |= CAT(WRITABLE);
	if (mmscope_compat_pte_exec(pte))
		bits |= CAT(EXECUTABLE);
	if (pte_young(pte))
		bits |= CAT(ACCESSED);
	if (pte_dirty(pte))
		bits |= CAT(DIRTY);
	/* pagemap does not look at this bit of a hugetlb entry either. */
	if (!c->hugetlb && pte_soft_dirty(pte))
		bits |= CAT(SOFT_DIRTY);
	if (pte_uffd(pte))
		bits |= CAT(UFFD_WP);
	if (c->hugetlb)
		bits |= CAT(HUGETLB);
	if (c->want & MMSCOPE_CATS_CACHE)
		bits |= CAT(IN_CORE);
	return bits;
}

static u64 present_bits(const struct mmscope_class *c, pte_t pte, int level,
			unsigned int sub, u64 *frame)
{
	u64 bits = flag_bits(c, pte);
	unsigned long pfn = frame_of(pte, level);
	struct page *page;

	page = normal_page(c, pte, level, pfn, &bits);
	if (page && (c->want & MMSCOPE_CATS_FOLIO))
		bits |= page_bits(c, facts_of(page + sub), pte_dirty(pte));
	if (c->frames)
		*frame = pfn + sub;
	return bits;
}

/*
 * The same in two parts, for an entry of the lowest level that is present, not
 * special, and of a VMA with neither VM_PFNMAP nor VM_MIXEDMAP: so it has a page
 * (vm_normal_page() asks no more of it; those of a device are special, too).
 */
u64 mmscope_classify_flags(const struct mmscope_class *c, pte_t pte)
{
	/* KSM's pages are anonymous, too. */
	return flag_bits(c, pte) | (c->anon ? c->want & CAT(ANON) : 0);
}

/* Must its page be looked at, too? Not if what is asked is the same for each here. */
bool mmscope_classify_asks_pages(const struct mmscope_class *c)
{
	return c->want & MMSCOPE_CATS_FOLIO & ~(c->anon ? KINDS : 0);
}

static __always_inline unsigned long facts_behind(pte_t pte, unsigned long twist)
{
	return facts_of(pfn_to_page(mmscope_compat_frame(pte, twist)));
}

/*
 * The second part: from such an entry @pte on, which is at @p and may have changed since,
 * those that have the same flags (the bits in @mask), and pages of which the same is to
 * be said, *@bits. Returns the next, or @stop.
 */
MMSCOPE_LOOP(mmscope_classify_pages, 1024)
pte_t *mmscope_classify_pages(const struct mmscope_class *c, pte_t *p, pte_t *stop, pte_t pte,
			      unsigned long mask, u64 *bits)
{
	const unsigned long flags = mmscope_compat_raw(pte) & mask;
	const unsigned long twist = mmscope_compat_twist(pte), facts = facts_behind(pte, twist);

	*bits = page_bits(c, facts, pte_dirty(pte));
	while (++p < stop) {
		pte = ptep_get(p);
		if ((mmscope_compat_raw(pte) & mask) != flags || facts_behind(pte, twist) != facts)
			break;
	}
	return p;
}

/* ---- many pages, of a few kinds ---- */

/* That of this entry, whose page is such; NULL: there would be too many. */
static struct mmscope_kind *kind_in(struct mmscope_tally *t, unsigned long flags,
				    unsigned long facts, pte_t pte)
{
	struct mmscope_kind *k = t->kind;

	for (; k < t->kind + t->count; k++)
		if (k->facts == facts && k->flags == flags)
			return k;
	if (t->count == MMSCOPE_KINDS)
		return NULL;
	t->count++;
	*k = (struct mmscope_kind){ .flags = flags, .facts = facts, .pte = pte };
	return k;
}

u64 mmscope_classify_kind(const struct mmscope_class *c, const struct mmscope_kind *k)
{
	return mmscope_classify_flags(c, k->pte) | page_bits(c, k->facts, pte_dirty(k->pte));
}

/* Is it worth to look at eight together? Not where pages and holes take turns. */
static __always_inline bool may_be_none_eight(pte_t *p, pte_t *stop)
{
	return !((uintptr_t)p & (8 * sizeof(*p) - 1)) && stop - p >= 8 &&
	       pte_none(ptep_get(p + 1)) && pte_none(ptep_get(p + 2));
}

/* The last of the eights from @p on that are empty all through; or @p, which is. */
static noinline pte_t *none_eights(pte_t *p, pte_t *stop)
{
	pte_t *last = p;

	for (; stop - p >= 8 && !differ_in_eight(p, 0); p += 8)
		last = p + 7;
	return last;
}

/*
 * For who counts: the pages of plain entries from @p on, by kind; entries that are empty
 * are skipped. Where kinds take turns, to say what each page is would cost most. Returns
 * the first that is neither; or of a kind too many, for which room is to be made.
 */
MMSCOPE_LOOP(mmscope_classify_tally, 1024)
pte_t *mmscope_classify_tally(struct mmscope_tally *t, pte_t *p, pte_t *stop,
			      unsigned long mask)
{
	unsigned long flags = ~0UL, twist = 0, facts = 0, next;	/* no entry has these flags */
	struct mmscope_kind *k = NULL;
	u64 pages = 0;

	for (; p < stop; p++) {
		pte_t pte = ptep_get(p);

		if ((mmscope_compat_raw(pte) ^ flags) & mask) {
			if (pte_none(pte)) {
				if (may_be_none_eight(p, stop))
					p = none_eights(p, stop);
				continue;
			}
			if (!pte_present(pte) || pte_special(pte))
				break;
			twist = mmscope_compat_twist(pte);
			next = facts_behind(pte, twist);
		} else {
			next = facts_behind(pte, twist);
			if (likely(next == facts)) {
				pages++;
				continue;
			}
		}
		if (k)
			k->pages += pages;
		flags = mmscope_compat_raw(pte) & mask;
		facts = next;
		k = kind_in(t, flags, facts, pte);
		if (!k)
			break;
		pages = 1;
	}
	if (k)
		k->pages += pages;
	return p;
}

static u64 marker_bits(unsigned int marker)
{
	u64 bits = 0;

	if (marker & PTE_MARKER_UFFD_WP)
		bits |= CAT(UFFD_WP);
	if (marker & PTE_MARKER_POISONED)
		bits |= CAT(POISONED);
	if (marker & PTE_MARKER_GUARD)
		bits |= CAT(GUARD);
	return bits;
}

/*
 * What a swap-like entry is.  For the page cache's view of it: mincore says
 * "in core" of migrating and poisoned pages, and looks into the swap cache for
 * swapped ones; the swap cache is closed to modules, so that is unknown.
 */
static u64 nonpresent_kind(const struct mmscope_class *c, softleaf_t entry)
{
	bool cache = c->want & MMSCOPE_CATS_CACHE;

	if (softleaf_is_swap(entry))
		return CAT(SWAPPED) | (cache ? CAT(CACHE_UNKNOWN) : 0);
	if (softleaf_is_marker(entry))
		return marker_bits(softleaf_to_marker(entry));
	if (softleaf_is_migration(entry))
		return CAT(MIGRATING) | (cache ? CAT(IN_CORE) : 0);
	if (softleaf_is_device_private(entry) || softleaf_is_device_exclusive(entry))
		return CAT(DEVICE) | (cache ? CAT(IN_CORE) : 0);
	/* hwpoison; or what could not be read back from swap. */
	return CAT(POISONED) | (cache ? CAT(IN_CORE) : 0);
}

/*
 * The bits of an entry that tell which slot of the swap area; as many as there are. (Not
 * of the first area: the last slot of that may be written as nothing at all.)
 */
static unsigned long slot_bits(void)
{
	pte_t first = swp_entry_to_pte(swp_entry(1, 0));
	pte_t last = swp_entry_to_pte(swp_entry(1, ~0UL));	/* as the kernel asks for it */

	last = swp_entry_to_pte(swp_entry(1, swp_offset(softleaf_from_pte(last))));
	return pte_val(first) ^ pte_val(last);
}

/*
 * How many entries from the one that is not present on (@most at most) are swapped as
 * that is, in whatever slots: what it is holds for them all. 1 if it is something else.
 */
unsigned int mmscope_classify_swapped(pte_t *ptep, pte_t pte, unsigned int most)
{
	unsigned long rest = ~slot_bits();
	unsigned int n = 1;

	if (!softleaf_is_swap(softleaf_from_pte(pte)))
		return 1;
	for (; n < most; n++) {
		pte_t next = ptep_get(++ptep);

		/* With no bit set but for the slot's, it is like an empty one. */
		if (pte_none(next) || ((pte_val(next) ^ pte_val(pte)) & rest))
			break;
	}
	return n;
}

static u64 nonpresent_bits(const struct mmscope_class *c, pte_t pte, unsigned int sub,
			   u64 *frame)
{
	softleaf_t entry = softleaf_from_pte(pte);
	u64 bits = c->always | nonpresent_kind(c, entry);
	pgoff_t offset = swp_offset(entry);

	if (!c->hugetlb && pte_swp_soft_dirty(pte))
		bits |= CAT(SOFT_DIRTY);
	if (pte_swp_uffd(pte))
		bits |= CAT(UFFD_WP);
	if (c->hugetlb)
		bits |= CAT(HUGETLB);
	/* A page that is being moved is locked until its entry is put back. */
	if (softleaf_is_migration(entry) && (c->want & MMSCOPE_CATS_FOLIO)) {
		struct folio *folio = softleaf_to_folio(entry);

		/* Nothing maps it: how often that is, nobody asks. */
		bits |= kind_of(facts_from(folio, mmscope_compat_folio_flags(folio), 0));
	}
	if (c->frames) {
		if (softleaf_has_pfn(entry))
			offset = softleaf_to_pfn(entry);
		*frame = swp_type(entry) | ((offset + sub) << MAX_SWAPFILES_SHIFT);
	}
	return bits;
}

/*
 * The categories of page number @sub of what @pte maps (0 but for huge pages).
 * @level: 1 for a PTE, 2 for a PMD, 3 for a PUD entry, given as a pte.  The
 * formats agree where they matter: on x86-64 and arm64 the bits of permission,
 * accessed, dirty, soft-dirty and swap sit at the same places in each.
 */
u64 mmscope_classify_entry(const struct mmscope_class *c, pte_t pte, int level,
			   unsigned int sub, u64 *frame)
{
	u64 bits = 0;

	*frame = 0;
	if (pte_none(pte))
		return c->always;
	if (level == 2)
		bits = CAT(HUGE_PMD);
	else if (level == 3)
		bits = CAT(HUGE_PUD);
	if (pte_present(pte))
		return bits | present_bits(c, pte, level, sub, frame);
	return bits | nonpresent_bits(c, pte, sub, frame);
}

/* Can one answer be given for all the pages of this huge entry? */
bool mmscope_classify_uniform(const struct mmscope_class *c, pte_t pte)
{
	u64 by_page = CAT(SHARED);

	/* Of locks, too, others are told by whether the page is shared. */
	if (!c->trusted)
		by_page |= MMSCOPE_CLASSIFY_LOCKS;
	if (!(c->want & by_page) || !pte_present(pte) || pte_special(pte) ||
	    mmscope_compat_devmap(pte) || !pfn_valid(pte_pfn(pte)))
		return true;
	return mmscope_compat_uniform(page_folio(pfn_to_page(pte_pfn(pte))));
}
