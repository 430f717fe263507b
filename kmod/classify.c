// SPDX-License-Identifier: GPL-2.0
/*
 * classify.c - one page-table entry, and the page behind it, to category bits.
 * It reads what it is handed, and takes no lock and no reference.
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

/* A flag that is read here is one of FLAGS_THAT_TELL in pages.c. */
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

#define MAPPING_BITS	3UL

static __always_inline struct mmscope_look look_at(struct page *page)
{
	struct folio *folio = (struct folio *)page;

	return (struct mmscope_look){
		.flags = mmscope_compat_folio_flags(folio),
		.mapping = mmscope_compat_folio_mapping(folio),
		.mapcount = atomic_read(&page->_mapcount),
	};
}

static __always_inline unsigned long facts_from(struct mmscope_look l, unsigned long shared)
{
	return (l.flags & FACT_FLAGS) | (l.mapping & MAPPING_BITS) << FACT_SHIFT |
	       shared << (FACT_SHIFT + 2);
}

/* *@large: which part of which folio it is. */
static noinline unsigned long facts_of_part(struct page *page, struct mmscope_part *large)
{
	struct folio *folio = page_folio(page);
	int mapcount = atomic_read(&page->_mapcount);
	unsigned long facts = facts_from(look_at(&folio->page),
					 mmscope_compat_shared(folio, page));

	/* Others map and unmap it meanwhile: then it does not stand for other parts. */
	large->folio = atomic_read(&page->_mapcount) == mapcount ? folio : NULL;
	large->mapcount = mapcount;
	return facts;
}

#define NO_LOOK		((struct mmscope_look){ .mapcount = INT_MIN })	/* no page has that */
#define is_none(look)	((look).mapcount == INT_MIN)

/* *@l: the look that they were made of. Of a part of a large folio: none; and which part. */
static __always_inline unsigned long facts_of(struct page *page, struct mmscope_look *l,
					      struct mmscope_part *large)
{
	*l = look_at(page);
	if (likely(!(l->flags & BIT(PG_head)) && !PageTail(page)))
		return facts_from(*l, l->mapcount > 0);
	*l = NO_LOOK;
	return facts_of_part(page, large);
}

/*
 * Has it the facts of another that was looked at? One decision for all of them, since each
 * is dear. Of what is part of a large folio: no, for it may have.
 */
static __always_inline bool looks_like(struct page *page, struct mmscope_look other)
{
	struct mmscope_look l = look_at(page);

	return !(((l.flags ^ other.flags) & FACT_FLAGS) |
		 ((l.mapping ^ other.mapping) & MAPPING_BITS) |
		 (unsigned int)(l.mapcount ^ other.mapcount) | mmscope_compat_tail_bit(page));
}

/* Likewise of parts of a large folio: the same one, and mapped as often. */
static __always_inline bool is_alike_in_large(struct page *page,
					      const struct mmscope_part *large)
{
	return page_folio(page) == large->folio &&
	       atomic_read(&page->_mapcount) == large->mapcount;
}

/* As what was looked at before, which had. *@l, *@large: the latest that told so. */
static __always_inline bool has_facts(struct page *page, unsigned long facts,
				      struct mmscope_look *l, struct mmscope_part *large)
{
	return looks_like(page, *l) || is_alike_in_large(page, large) ||
	       facts_of(page, l, large) == facts;
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
	struct mmscope_part large;
	struct mmscope_look look;
	struct page *page;

	page = normal_page(c, pte, level, pfn, &bits);
	if (page && (c->want & MMSCOPE_CATS_FOLIO))
		bits |= page_bits(c, facts_of(page + sub, &look, &large), pte_dirty(pte));
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

static __always_inline struct page *page_behind(pte_t pte, unsigned long twist)
{
	return pfn_to_page(mmscope_compat_frame(pte, twist));
}

/*
 * The second part: from such an entry @pte on, which is at @p and may have changed since,
 * those that have the same flags (the bits in @mask), and pages of which the same is to
 * be said, *@bits. Returns the next, or @stop.
 */
MMSCOPE_LOOP(mmscope_classify_pages, 2048)
pte_t *mmscope_classify_pages(const struct mmscope_class *c, pte_t *p, pte_t *stop, pte_t pte,
			      unsigned long mask, u64 *bits)
{
	const unsigned long flags = mmscope_compat_raw(pte) & mask;
	const unsigned long twist = mmscope_compat_twist(pte);
	struct mmscope_part large = { };
	struct mmscope_look look;
	unsigned long facts = facts_of(page_behind(pte, twist), &look, &large);

	*bits = page_bits(c, facts, pte_dirty(pte));
	while (++p < stop) {
		pte = ptep_get(p);
		if ((mmscope_compat_raw(pte) & mask) != flags)
			break;
		if (!has_facts(page_behind(pte, twist), facts, &look, &large))
			break;
	}
	return p;
}

/*
 * The facts of all pages that a huge entry maps, which is present, and not special. False
 * if they are not the same for all; or of what is no huge page of the VMA's own kind: that
 * is for mmscope_classify_uniform() and _entry() to say, as of the huge zero page.
 */
static __always_inline bool facts_of_huge(const struct mmscope_class *c, pte_t pte,
					  unsigned long *facts)
{
	const unsigned long sub = (PMD_SIZE >> PAGE_SHIFT) - 1;
	unsigned long frame = mmscope_compat_frame(pte, mmscope_compat_twist(pte));
	struct page *page = pfn_to_page(frame & ~sub);
	struct folio *folio = page_folio(page);

	if (!mmscope_compat_uniform(folio))
		return false;
	*facts = facts_from(look_at(&folio->page), mmscope_compat_shared(folio, page));
	return !c->anon || (*facts & FACT_ANON);
}

/*
 * The same of huge entries, from the present one at @pmdp on, of @most at most. *@bits: what
 * flags and pages say. 0 if it is one of those that are to be looked at apart. The VMA has
 * neither VM_PFNMAP nor VM_MIXEDMAP: so what is not special has a page.
 */
unsigned int mmscope_classify_huge(const struct mmscope_class *c, const pmd_t *pmdp,
				   unsigned int most, unsigned long mask, u64 *bits)
{
	pmd_t pmd = READ_ONCE(*pmdp);
	const pte_t first = mmscope_compat_pmd_pte(pmd);
	unsigned long facts, others;
	unsigned int n = 1;

	if (c->hugetlb || pte_special(first) || mmscope_compat_devmap(first) ||
	    !facts_of_huge(c, first, &facts))
		return 0;
	for (; n < most; n++) {
		pmd = READ_ONCE(pmdp[n]);
		if ((mmscope_compat_raw_pmd(pmd) ^ mmscope_compat_raw(first)) & mask)
			break;
		if (!facts_of_huge(c, mmscope_compat_pmd_pte(pmd), &others) || others != facts)
			break;
	}
	*bits = CAT(HUGE_PMD) | flag_bits(c, first) | page_bits(c, facts, pte_dirty(first));
	return n;
}

/* ---- many pages, of a few kinds ---- */

void mmscope_classify_tally_begin(struct mmscope_tally *t)
{
	/* No entry has these flags. */
	t->none = (struct mmscope_kind){ .flags = ~0UL };
	t->latest = &t->none;
	t->before = &t->none;
	t->large.folio = NULL;
	t->count = 0;
}

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
	*k = (struct mmscope_kind){
		.flags = flags,
		.facts = facts,
		.pte = pte,
		.twist = mmscope_compat_twist(pte),
	};
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

	for (; stop - p >= 8 && !is_any_of(p, 8); p += 8)
		last = p + 7;
	return last;
}

static __always_inline bool has_flags(const struct mmscope_kind *k, pte_t pte,
				      unsigned long mask)
{
	return !((mmscope_compat_raw(pte) ^ k->flags) & mask);
}

/*
 * The first entry from @p on that is neither empty nor looks like @k; or @stop. The pages
 * before are added to @k. This is what counting costs.
 */
static __always_inline pte_t *tally_alike(struct mmscope_kind *k, pte_t *p, pte_t *stop,
					  unsigned long mask)
{
	const unsigned long flags = k->flags, twist = k->twist;
	const struct mmscope_look look = k->look;
	u64 pages = 0;

	for (; p < stop; p++) {
		pte_t pte = ptep_get(p);

		if (pte_none(pte)) {
			if (may_be_none_eight(p, stop))
				p = none_eights(p, stop);
			continue;
		}
		if (((mmscope_compat_raw(pte) ^ flags) & mask) ||
		    !looks_like(page_behind(pte, twist), look))
			break;
		pages++;
	}
	k->pages += pages;
	return p;
}

/* Likewise of parts of the latest large folio. */
static pte_t *tally_parts(struct mmscope_kind *k, const struct mmscope_part *large, pte_t *p,
			  pte_t *stop, unsigned long mask)
{
	pte_t *from = p;

	for (; p < stop; p++) {
		pte_t pte = ptep_get(p);

		if (!has_flags(k, pte, mask) ||
		    !is_alike_in_large(page_behind(pte, k->twist), large))
			break;
	}
	k->pages += p - from;
	return p;
}

/*
 * The kind of the page at this entry, which does not look like the latest; it is the latest
 * then. NULL: it is no plain entry, or a kind too many.
 */
static __always_inline struct mmscope_kind *tally_other(struct mmscope_tally *t, pte_t pte,
							unsigned long mask)
{
	struct mmscope_kind *k = t->before;
	struct mmscope_look look;
	unsigned long facts;

	/* Mostly two take turns. */
	if (!has_flags(k, pte, mask) || !looks_like(page_behind(pte, k->twist), k->look)) {
		if (!pte_present(pte) || pte_special(pte))
			return NULL;
		facts = facts_of(page_behind(pte, mmscope_compat_twist(pte)), &look, &t->large);
		k = kind_in(t, mmscope_compat_raw(pte) & mask, facts, pte);
		if (!k)
			return NULL;
		k->look = look;
	}
	if (k != t->latest)
		t->before = t->latest;
	t->latest = k;
	return k;
}

/*
 * For who counts: the pages of plain entries from @p on, by kind; entries that are empty
 * are skipped. Where kinds take turns, to say what each page is would cost most. Returns
 * @stop; or the first that is neither, or of a kind too many, for which room is to be made;
 * or where somebody waits for the mmap lock of @heed, if not NULL (asked every few entries,
 * not at @p).
 */
MMSCOPE_LOOP(mmscope_classify_tally, 2048)
pte_t *mmscope_classify_tally(struct mmscope_tally *t, pte_t *p, pte_t *stop,
			      unsigned long mask, struct mm_struct *heed)
{
	/* Less one byte. */
	const uintptr_t few = MMSCOPE_BATCH_MIN * sizeof(*p) - 1;
	struct mmscope_kind *k;
	pte_t *way;

	do {
		way = heed ? min(stop, (pte_t *)(((uintptr_t)p | few) + 1)) : stop;
		while ((p = tally_alike(t->latest, p, way, mask)) < way) {
			k = tally_other(t, ptep_get(p), mask);
			if (!k)
				return p;
			k->pages++;
			p++;
			if (is_none(k->look))
				p = tally_parts(k, &t->large, p, way, mask);
		}
	} while (p < stop && !mmscope_compat_awaited(heed));
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
	const unsigned long as = mmscope_compat_raw(pte), rest = ~slot_bits();
	unsigned int n = 1;

	if (!softleaf_is_swap(softleaf_from_pte(pte)))
		return 1;
	/* With no bit set but for the slot's, it is like an empty one. */
	while ((as & rest) && most - n >= 8 && !(differ_in_eight(ptep + n, as) & rest))
		n += 8;
	for (; n < most; n++) {
		pte_t next = ptep_get(ptep + n);

		if (pte_none(next) || ((mmscope_compat_raw(next) ^ as) & rest))
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
		bits |= kind_of(facts_from(look_at(&folio->page), 0));
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
