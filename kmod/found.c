// SPDX-License-Identifier: GPL-2.0
/*
 * found.c - what the descent finds, handed on: entries side by side of which the same
 * holds become a run, or are added to an account.
 *
 * All of it runs under the mmap lock, and most under a page-table lock: nothing here
 * sleeps, takes a lock, or allocates. What memory is asked about most often is made apart,
 * since each decision a page is dear: found_by_flags() and counted_plain().
 */
#include <linux/mm.h>

#include "entries.h"
#include "scan.h"

/*
 * Bytes. Who waits spins for some 10 us before he sleeps, and to look at so many pages
 * takes well below one; asking is a read of a cache line that a writer may just have taken.
 */
#define GIVE_WAY (MMSCOPE_BATCH_MIN * PAGE_SIZE)

#define to_scan(d) container_of(d, struct scan, descent)

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

void mmscope_found_account(struct scan *s)
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
static __always_inline bool matters(const struct scan *s, u64 cats)
{
	return s->runs ? mmscope_runs_want(s->runs, cats) :
			 (cats & (s->acct_categories | RESIDENT));
}

bool mmscope_found_matters(const struct scan *s, u64 cats)
{
	return matters(s, cats);
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

/* Not in a hold that does some work before it heeds anybody. */
static bool heeds_within(const struct mmscope_descent *d)
{
	return d->heed_at >= MMSCOPE_BATCH - MMSCOPE_BATCH_MIN;
}

/*
 * Within a table: does somebody wait for the mmap lock? Asked every few pages of
 * those that are looked at one by one, and after one at least.
 */
static bool give_way(const struct mmscope_descent *d, unsigned long addr)
{
	return !(addr & (GIVE_WAY - 1)) && heeds_within(d) &&
	       mmscope_compat_awaited(d->vma->vm_mm) && ktime_get_ns() >= d->heed_from;
}

/* A present entry whose flags say all but what only its page can tell. */
static bool is_plain(const struct scan *s, pte_t pte)
{
	return s->by_flags && pte_present(pte) && !pte_special(pte);
}

/* What its flags say; they are mostly those of the entry before. */
static u64 meaning_of(struct scan *s, pte_t pte)
{
	unsigned long flags = mmscope_flags_of(pte) & s->descent.mask;

	if (flags != s->flags) {
		s->flags_mean = mmscope_classify_flags(&s->class, pte);
		s->flags_matter = matters(s, s->flags_mean);
		s->flags = flags;
	}
	return s->flags_mean;
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
			p = mmscope_classify_pages(&s->class, ptep, stop, pte, s->descent.mask, &bits);
			*cats |= bits;
			*matter = matters(s, *cats);
		} else {
			p = same_from(ptep + 1, stop, s->descent.mask, s->flags);
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

/* Entries that are looked at together. */
#define GROUP 16

/* A bit for each entry of a group that has these flags; false if another is not empty. */
static __always_inline bool group_at(pte_t *p, unsigned long mask, unsigned long flags,
				     unsigned long *same)
{
	unsigned long bits = 0, there = 0;
	int i;

#pragma GCC unroll 16
	for (i = GROUP - 1; i >= 0; i--) {
		unsigned long raw = mmscope_compat_raw(ptep_get(p + i));

		bits = bits + bits + ((raw & mask) == flags);
		there += raw != 0;
	}
	*same = bits;
	return there == hweight_long(bits);
}

/*
 * Where pages and holes take turns, and nobody wants runs of both, to go from piece to piece
 * costs more than to ask the same of each entry of a group. Returns where it stopped: at a
 * group with others in it, behind one that is alike all through, where there is less than
 * one left, or at what there was no room for (*full).
 */
static __always_inline pte_t *found_by_groups(struct scan *s, pte_t *p, pte_t *stop,
					      unsigned long addr, u64 *told, bool *full)
{
	const unsigned long mask = s->descent.mask, all = (1UL << GROUP) - 1;
	const unsigned long pages = s->flags_matter ? all : 0, holes = s->holes_matter ? all : 0;
	const u64 cats = pages ? s->flags_mean : s->class.always;
	unsigned long same;
	u64 tell;

	if (s->runs->room && pages && holes)
		return p;
	for (; stop - p >= GROUP && group_at(p, mask, s->flags, &same); p += GROUP) {
		tell = (same & pages) | (~same & holes);
		*told += hweight_long(tell);
		if (s->runs->room)
			tell = mmscope_runs_rows(s->runs, addr, tell, cats);
		*full = s->runs->room && tell;
		if (*full) {
			*told -= hweight_long(tell);
			return p + __ffs(tell);
		}
		/* What is alike all through is found faster in the other way. */
		if (!same || same == all)
			return p + GROUP;
		addr += GROUP * PAGE_SIZE;
	}
	return p;
}

/* So many pieces shorter than that in a row: it is tried, ... */
#define SHORT_PIECE	4
#define SHORT_PIECES	3
/* ... and where that came to nothing, not again before so many pages. */
#define GROUPS_PAUSE	32

/*
 * What memory is asked about most often, and so made apart: no page is looked at, nor
 * the cache, and as many pages may be told of as there are in a table. Returns where it
 * stopped; what there was no room for begins there.
 */
MMSCOPE_LOOP(found_by_flags, 4096)
static unsigned long found_by_flags(struct scan *s, pte_t *first, unsigned long addr,
				    unsigned long end)
{
	const unsigned long mask = s->descent.mask;
	const bool holes = s->holes_matter, room = s->runs->room;
	pte_t *p = first, *from, *stop = first + ((end - addr) >> PAGE_SHIFT), *groups = first;
	unsigned int pieces = 0;
	bool matter, full = false;
	u64 told = 0, cats;

	while (p < stop) {
		pte_t pte = ptep_get(p);

		from = p;
		if (pte_none(pte)) {
			p = none_from(p + 1, stop);
			cats = s->class.always;
			matter = holes;
		} else if ((mmscope_compat_raw(pte) & mask) == s->flags) {
			p = same_from(p + 1, stop, mask, s->flags);
			matter = s->flags_matter;
			cats = s->flags_mean;
		} else {
			p = other_piece(s, p, stop, &cats);
			matter = matters(s, cats);
		}
		if (matter && room &&
		    !mmscope_runs_extend(s->runs, addr + (from - first) * PAGE_SIZE,
					 addr + (p - first) * PAGE_SIZE, cats)) {
			p = from;
			break;
		}
		if (matter)
			told += p - from;
		pieces = p - from < SHORT_PIECE ? pieces + 1 : 0;
		if (pieces < SHORT_PIECES || p < groups)
			continue;
		from = p;
		pieces = 0;
		p = found_by_groups(s, p, stop, addr + (p - first) * PAGE_SIZE, &told, &full);
		if (full)
			break;
		if (p - from < GROUP)
			groups = p + GROUPS_PAUSE;
	}
	mmscope_runs_count(s->runs, told);
	return addr + (p - first) * PAGE_SIZE;
}

/* So many take so little time that meanwhile nobody is heeded: a table's, where pages are small. */
#define FAST_STRIDE (512 * PAGE_SIZE)

static __always_inline unsigned long found_fast(struct scan *s, pte_t *ptep, unsigned long addr,
						unsigned long end)
{
	for (;;) {
		unsigned long stop = min(end, (addr | (FAST_STRIDE - 1)) + 1);
		unsigned long reached = found_by_flags(s, ptep, addr, stop);

		if (reached < stop || stop == end || give_way(&s->descent, stop))
			return reached;
		ptep += (stop - addr) >> PAGE_SHIFT;
		addr = stop;
	}
}

MMSCOPE_LOOP(found_ptes, 4096)
static unsigned long found_ptes(struct mmscope_descent *d, pte_t *ptep, unsigned long addr,
				unsigned long end)
{
	struct scan *s = to_scan(d);

	if (s->by_flags && !s->folios && !s->cache && s->runs->pages_left >= PTRS_PER_PTE)
		return found_fast(s, ptep, addr, end);
	return found_pieces(s, ptep, addr, end, true);
}

/* Adds it to the account. Returns how many pages are in it. */
static u64 count_tally(struct scan *s, struct mmscope_tally *t)
{
	const struct mmscope_kind *k = t->kind;
	u64 pages = 0;

	for (; k < t->kind + t->count; k++) {
		count(s, mmscope_classify_kind(&s->class, k), k->pages);
		pages += k->pages;
	}
	return pages;
}

/* What a tally stopped at. Returns where it goes on; *@pages: counted here. */
static pte_t *count_stop(struct scan *s, struct mmscope_tally *t, pte_t *p, pte_t *stop,
			 u64 *pages)
{
	pte_t pte = ptep_get(p), *next;
	u64 cats;

	/* Of one kind too many? */
	if (t->count == MMSCOPE_KINDS) {
		*pages += count_tally(s, t);
		mmscope_classify_tally_begin(t);
		return p;
	}
	/* Only since somebody waits. */
	if (pte_none(pte) || is_plain(s, pte))
		return p;
	next = p + odd_piece(s, p, pte, stop - p, &cats);
	count(s, cats, next - p);
	*pages += next - p;
	return next;
}

/*
 * Who counts, and wants to know what only the pages tell. The lock is asked for at the same
 * places whether it is the tally that comes there, or what it stopped at ends there.
 */
static unsigned long counted_plain(struct scan *s, pte_t *first, unsigned long addr,
				   unsigned long end)
{
	struct mmscope_descent *d = &s->descent;
	struct mm_struct *heed = heeds_within(d) ? d->vma->vm_mm : NULL;
	const unsigned long start = addr;
	struct mmscope_tally tally;
	pte_t *p = first;
	u64 pages = 0;

	mmscope_classify_tally_begin(&tally);
	do {
		pte_t *stop = p + ((end - addr) >> PAGE_SHIFT);

		p = mmscope_classify_tally(&tally, p, stop, d->mask, heed);
		addr = start + (p - first) * PAGE_SIZE;
		if (addr == end || (addr > start && give_way(d, addr)))
			break;
		stop = p + ((way_until(addr, end) - addr) >> PAGE_SHIFT);
		p = count_stop(s, &tally, p, stop, &pages);
		addr = start + (p - first) * PAGE_SIZE;
	} while (addr < end && !(addr > start && give_way(d, addr)));
	pages += count_tally(s, &tally);
	if (s->holes_matter)
		count(s, s->class.always, p - first - pages);
	return addr;
}

/* For so few a tally costs more than it saves. */
#define FEW_PAGES (4 * PAGE_SIZE)

MMSCOPE_LOOP(counted_ptes, 4096)
static unsigned long counted_ptes(struct mmscope_descent *d, pte_t *ptep, unsigned long addr,
				  unsigned long end)
{
	struct scan *s = to_scan(d);

	if (s->by_flags && s->folios && !s->cache && end - addr > FEW_PAGES)
		return counted_plain(s, ptep, addr, end);
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

/* A huge entry, present or not; page by page if need be. */
static noinline unsigned long found_leaf(struct mmscope_descent *d, pte_t pte, int level,
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

static unsigned long found_pud(struct mmscope_descent *d, pte_t pte, unsigned long addr,
			       unsigned long end)
{
	return found_leaf(d, pte, 3, addr, end);
}

/* How many present entries from @pmdp on have the same flags, if those say all, else 0. */
static unsigned int same_pmds(const struct scan *s, const pmd_t *pmdp, unsigned int most,
			      u64 *cats)
{
	pmd_t pmd = READ_ONCE(*pmdp);
	const pte_t pte = mmscope_compat_pmd_pte(pmd);
	const unsigned long as = mmscope_compat_raw_pmd(pmd), mask = s->descent.mask;
	unsigned int n = 1;

	if (!(pte_write(pte) ? s->writable_by_flags : s->huge_by_flags) || pte_special(pte) ||
	    mmscope_compat_devmap(pte))
		return 0;
	*cats = CAT(HUGE_PMD) | mmscope_classify_flags(&s->class, pte);
	while (most - n >= 8 && !(pmds_differ_in_eight(pmdp + n, as) & mask))
		n += 8;
	while (n < most && !((mmscope_compat_raw_pmd(READ_ONCE(pmdp[n])) ^ as) & mask))
		n++;
	return n;
}

/* Huge entries whose pages are looked at before somebody is heeded who waits. */
#define HUGE_STRIDE 32u

/* What it costs to look at the flags alone of so many is one of the budget. */
#define PMDS_SHIFT 4

/*
 * How many entries from @pmdp on, which is huge, can be told of as one, of @most; *@cats:
 * how. 0: not even that one. (Where frames are translated, under Xen, none is huge.)
 */
static unsigned int alike_pmds(struct scan *s, const pmd_t *pmdp, unsigned int most, u64 *cats)
{
	unsigned int n = 0;

	if (!s->by_flags || s->class.frames || !pmd_present(READ_ONCE(*pmdp)))
		return 0;
	if (!s->folios)
		n = same_pmds(s, pmdp, most, cats);
	s->descent.budget -= n ? 1 + (n >> PMDS_SHIFT) : 0;
	if (n)
		return n;
	n = mmscope_classify_huge(&s->class, pmdp, min(most, HUGE_STRIDE), s->descent.mask, cats);
	s->descent.budget -= n;
	return n;
}

static unsigned long found_pmds(struct mmscope_descent *d, pmd_t *pmdp, unsigned long addr,
				unsigned long end)
{
	struct scan *s = to_scan(d);

	do {
		unsigned int most = pmd_index(end - 1) - pmd_index(addr) + 1;
		unsigned long next, reached;
		u64 cats;
		unsigned int n = alike_pmds(s, pmdp, most, &cats);

		if (n) {
			next = min(end, (addr & PMD_MASK) + n * PMD_SIZE);
			reached = emit(s, addr, next, cats);
		} else {
			pmd_t pmd = READ_ONCE(*pmdp);

			n = 1;
			next = pmd_addr_end(addr, end);
			reached = found_leaf(d, __pte(pmd_val(pmd)), 2, addr, next);
		}
		if (reached < next || mmscope_descent_spent(d, d->vma->vm_mm))
			return reached;
		addr = next;
		pmdp += n;
	} while (addr < end && is_huge(READ_ONCE(*pmdp)));
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
	/* One look-up at least: where somebody always waits, no hold might get beyond this. */
	do {
		unsigned long next = end, reached;
		u64 cats = mmscope_incore_next(&s->incore, d->vma, addr, &next);

		reached = emit(s, addr, next, cats | s->class.always);
		d->budget -= HOLE_COST;
		if (reached < next)
			return reached;
		addr = next;
	} while (addr < end && !mmscope_descent_spent(d, d->vma->vm_mm));
	return addr;
}

static const struct mmscope_descent_ops scan_ops = {
	.ptes = found_ptes,
	.pmds = found_pmds,
	.pud = found_pud,
	.hole = found_hole,
};

static const struct mmscope_descent_ops count_ops = {
	.ptes = counted_ptes,
	.pmds = found_pmds,
	.pud = found_pud,
	.hole = found_hole,
};

static const struct mmscope_descent_ops frames_ops = {
	.ptes = found_frames,
	.pmds = found_pmds,
	.pud = found_pud,
	.hole = found_hole,
};

const struct mmscope_descent_ops *mmscope_found_ops(const struct scan *s)
{
	return s->class.frames ? &frames_ops : s->runs ? &scan_ops : &count_ops;
}
