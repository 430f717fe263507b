/* SPDX-License-Identifier: GPL-2.0 */
/*
 * internal.h - what the module's files offer each other.
 * Who holds which lock, and who may sleep, is told at each declaration.
 */
#ifndef MMSCOPE_INTERNAL_H
#define MMSCOPE_INTERNAL_H

#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pid.h>

#include "mmscope.h"
#include "runs.h"

#define MMSCOPE_VERSION "0.1.0"

/* Bounds on what a caller can make long or large. */
#define MMSCOPE_SCRATCH		(16 * 1024)	/* bytes a session owns */
#define MMSCOPE_SNAPSHOT_MAX	(64UL << 20)	/* bytes of one VMAS answer */
#define MMSCOPE_BATCH		4096		/* entries read in one hold */
#define MMSCOPE_BATCH_MIN	32		/* also if somebody waits, ... */
#define MMSCOPE_BATCH_SOME	1024		/* ... and that where we would never get far: ... */
#define MMSCOPE_PATIENCE	4		/* ... after so many holds that made somebody sleep */
#define MMSCOPE_HEED_NS		5000		/* nobody is heeded before; a writer spins twice that */
#define MMSCOPE_TARGETS_MAX	256		/* directories in /proc/mmscope */
#define MMSCOPE_TARGETS_USER	32		/* and for one user */

/*
 * For a function whose loop runs once a page, and which is shorter than that by what may
 * be put before it (16): it begins where it does not lie across the edge of a page. To
 * an emulator a jump over that is a search for where it leads, which makes such a loop
 * take twice as long. In a section of its own, or the assembler fills the gap before it
 * with what objtool takes for code.
 */
#define MMSCOPE_LOOP(name, bytes) noinline __section(".text." #name) __aligned(bytes)

/* ---- target.c: a process, and who may ask about it ---- */

/*
 * An address space somebody was let in to.  mm_count is held, so the struct
 * stays; mm_users is not, so its memory does not.  All zero: none.
 * Not locked by itself: the owner keeps others out.
 */
struct mmscope_target {
	struct mm_struct *mm;
	struct pid *pid;		/* of the thread that was named */
	bool trusted;			/* who asks now may see frames and kpageflags; */
					/* set where that, or locks, is asked for */
	u64 quiet_until;		/* the lock is left alone: see mmscope_target_wait() */
	unsigned int slept;		/* holds in a row that made somebody sleep */
	bool queued;			/* the lock was never free, and had to be queued for */
};

/* All may sleep; call them with no lock of an mm held. */
int mmscope_target_attach(struct mmscope_target *t, struct pid *pid);
/* 0 if the caller would be let in to the same address space again, or the error. */
int mmscope_target_admit(const struct mmscope_target *t);
void mmscope_target_detach(struct mmscope_target *t);
bool mmscope_target_trusts(const struct file *file);

/*
 * The mm's lock for reading, and a use of it, so that it is not torn down.
 * Killable; the caller holds no lock of an mm.  Errors: ENOTCONN ESTALE ESRCH
 * EINTR.  Unlock may be the last use, and then frees the mm: it may sleep.
 * If this hold was in somebody's way, the next lock waits a while first, as _wait() does
 * for whoever wants to know when that is over.  Killable, too; then it returns early.
 */
void mmscope_target_wait(const struct mmscope_target *t);
int mmscope_target_lock(struct mmscope_target *t, u64 *since);
void mmscope_target_unlock(struct mmscope_target *t, u64 since);
/* The figures of INFO; `holds` and their sums only if @trusted. No lock. */
void mmscope_target_holds(struct mmscope_info *info, bool trusted);

/* ---- mm.c: the address space as a whole; mmap lock held for reading ---- */
void mmscope_mm_fill(const struct mmscope_target *t, struct mmscope_mm *out);

/* ---- leaf.c: VMAs side by side in the kernel's tree; mmap lock held for reading ---- */

void mmscope_leaf_init(void);	/* before anybody can ask */

/* All zero with an iterator that has given nothing yet; of one hold of the lock. */
struct mmscope_leaf {
	void __rcu *const *next;	/* what lies behind the last one given, and ... */
	unsigned int left;		/* ... how many of those; some are empty */
	struct vm_area_struct *last;
};

/* The next VMA below @end that is not in the leaf any more, or NULL; see the next. */
struct vm_area_struct *mmscope_leaf_find(struct vma_iterator *vmi, struct mmscope_leaf *rest,
					 unsigned long end);

/* The next VMA that begins below @end, the same in each call; then NULL. */
static inline struct vm_area_struct *mmscope_leaf_next(struct vma_iterator *vmi,
						       struct mmscope_leaf *rest,
						       unsigned long end)
{
	struct vm_area_struct *vma;

	while (rest->left) {
		rest->left--;
		vma = rcu_dereference_raw(*rest->next++);
		if (!vma)
			continue;
		if (vma->vm_start >= end)
			break;
		return rest->last = vma;
	}
	return mmscope_leaf_find(vmi, rest, end);
}

/* ---- vmas.c: VMAs, names, flags ---- */

void mmscope_vmas_init(void);	/* before anybody can ask */

/* mmap lock held for reading. */
void mmscope_vmas_fill(struct vm_area_struct *vma, struct mmscope_vma *out);
const char *mmscope_vmas_name(struct vm_area_struct *vma, char *scratch, size_t size);
u64 mmscope_vmas_flags_known(void);

/* Takes and drops the mmap lock; may sleep. */
int mmscope_vmas_query(struct mmscope_target *t, struct mmscope_vmas *arg, u32 mm_size,
		       char *scratch);
int mmscope_vmas_totals(struct mmscope_target *t, struct mmscope_vmas *arg, u32 mm_size,
			void *scratch);

/* ---- pages.c: the state of pages; takes and drops the mmap lock ---- */

u64 mmscope_pages_categories(void);
int mmscope_pages_query(struct mmscope_target *t, struct mmscope_pages *arg,
			void *scratch);
/*
 * An account of each of @count VMAs (one at least), in address order, as their ranges
 * are found by now.
 * EINTR by a fatal signal only, if @killable; else by any.
 */
int mmscope_pages_count(struct mmscope_target *t, const struct mmscope_vma *vmas,
			u32 count, u64 cats, bool killable, struct mmscope_acct *accts);
int mmscope_pages_walk(struct mmscope_target *t, struct mmscope_walk *arg);

/* ---- walk.c: the descent ---- */

struct mmscope_descent;

/*
 * What the descent meets, in address order.  Each gets [addr, end) and returns
 * how far it got; less than `end` stops the descent there.
 *  ptes  entries of one table; its lock and RCU are held: must not sleep
 *  pmds  likewise of a PMD table, of which the first is huge: it maps a huge page, or
 *        tells where that went. To return where one begins that is not huge is no stop
 *  pud   one huge entry, present or not, as a pte; its table's lock is held
 *  hole  nothing mapped; only the mmap lock is held
 */
struct mmscope_descent_ops {
	unsigned long (*ptes)(struct mmscope_descent *d, pte_t *pte, unsigned long addr,
			      unsigned long end);
	unsigned long (*pmds)(struct mmscope_descent *d, pmd_t *pmd, unsigned long addr,
			      unsigned long end);
	unsigned long (*pud)(struct mmscope_descent *d, pte_t pte, unsigned long addr,
			     unsigned long end);
	unsigned long (*hole)(struct mmscope_descent *d, unsigned long addr,
			      unsigned long end);
};

struct mmscope_descent {
	const struct mmscope_descent_ops *ops;
	struct vm_area_struct *vma;	/* the one being walked */
	long budget;			/* entries that may still be read ... */
	long heed_at;			/* ... and from where on it is heeded who waits, ... */
	u64 heed_from;			/* ... but not before that: ktime_get_ns() */
	bool shared_table;		/* pmds(): others use this very table */
	unsigned long mask;		/* the flags of an entry that somebody asks about */
	/* Of this hold of the lock: the PMD table last walked, and from where on it maps. */
	bool knows_pmds;
	pud_t pmds;
	unsigned long pmds_start;
	/* Likewise the PTE table: the entry it was found by, or NULL, and what that was. */
	pmd_t *ptes_of;
	pmd_t ptes;
	unsigned long ptes_start;
};

/*
 * Is it time to let go of the lock of @mm? Who waits is heeded, but not before some
 * work is done: in a batch of one entry a target that maps and unmaps all the time
 * would make whoever walks through its empty tables wait for hours. Asked after each
 * entry of an upper table, so that at least one is dealt with in each batch.
 */
static inline bool mmscope_descent_spent(const struct mmscope_descent *d, struct mm_struct *mm)
{
	return need_resched() || d->budget <= 0 ||
	       (d->budget <= d->heed_at && mmscope_compat_awaited(mm) &&
		ktime_get_ns() >= d->heed_from);
}

static inline unsigned long mmscope_flags_of(pte_t pte)
{
	return pgprot_val(pte_pgprot(pte));
}

/*
 * Which flags tell two entries apart, if @want is asked. Not that one was accessed where
 * nobody wants to know: reclaim and DAMON clear that of a page here and one there.
 */
static inline unsigned long mmscope_flags_that_matter(u64 want)
{
	unsigned long young = mmscope_flags_of(pte_mkyoung(__pte(0)));

	return mmscope_compat_flags_mask() & (want & MMSCOPE_CAT(ACCESSED) ? ~0UL : ~young);
}

/* mmap lock held for reading, [addr, end) within d->vma. */
unsigned long mmscope_walk_range(struct mmscope_descent *d, unsigned long addr,
				 unsigned long end);
/*
 * The same, for an address that a VMA covers; RAW fields are always filled.
 * False if the tables changed meanwhile: to be done again.
 */
bool mmscope_walk_levels(struct vm_area_struct *vma, struct mmscope_walk *w);
unsigned int mmscope_walk_depth(void);

/* ---- classify.c: an entry to category bits ---- */

/* Of who locks a page, more is told to whom one trusts. */
#define MMSCOPE_CLASSIFY_LOCKS (MMSCOPE_CAT(MLOCKED) | MMSCOPE_CAT(UNEVICTABLE) | \
			    MMSCOPE_CAT(LOCK_UNKNOWN))

struct mmscope_class {
	u64 want;		/* categories somebody will look at */
	bool frames;
	/* of the VMA */
	bool anon, hugetlb, locked;
	bool trusted;			/* of who asks: may know who else locks */
	u64 always;		/* bits that hold for each of its pages */
};

void mmscope_classify_vma(struct mmscope_class *c, struct vm_area_struct *vma);
u64 mmscope_classify_entry(const struct mmscope_class *c, pte_t pte, int level,
			   unsigned int sub, u64 *frame);
u64 mmscope_classify_flags(const struct mmscope_class *c, pte_t pte);
bool mmscope_classify_asks_pages(const struct mmscope_class *c);
pte_t *mmscope_classify_pages(const struct mmscope_class *c, pte_t *p, pte_t *stop, pte_t pte,
			      unsigned long mask, u64 *bits);

unsigned int mmscope_classify_huge(const struct mmscope_class *c, const pmd_t *pmdp,
				   unsigned int most, unsigned long mask, u64 *bits);

/* What a page says of itself, as it was read. */
struct mmscope_look {
	unsigned long flags, mapping;
	int mapcount;			/* from -1 on */
};

/* A page that is part of a large folio. */
struct mmscope_part {
	struct folio *folio;		/* or NULL */
	int mapcount;
};

/* Pages by what their entries' flags and the pages themselves say. */
#define MMSCOPE_KINDS 8
struct mmscope_tally {
	struct mmscope_kind {
		unsigned long flags, facts, twist;
		pte_t pte;		/* the first of them */
		u64 pages;
		struct mmscope_look look;	/* at one of them; of parts: none */
	} kind[MMSCOPE_KINDS], none;
	struct mmscope_kind *latest, *before;	/* at first no kind: &none */
	struct mmscope_part large;	/* the latest of such */
	unsigned int count;		/* of kinds */
};
void mmscope_classify_tally_begin(struct mmscope_tally *t);
pte_t *mmscope_classify_tally(struct mmscope_tally *t, pte_t *p, pte_t *stop,
			      unsigned long mask, struct mm_struct *heed);
u64 mmscope_classify_kind(const struct mmscope_class *c, const struct mmscope_kind *k);

unsigned int mmscope_classify_swapped(pte_t *ptep, pte_t pte, unsigned int most);
bool mmscope_classify_is_empty(pte_t pte);
bool mmscope_classify_uniform(const struct mmscope_class *c, pte_t pte);

/* ---- incore.c: the page cache behind a mapping ---- */

struct mmscope_incore {
	struct file *file;	/* the one the verdict is about; referenced */
	bool decided, allowed;
};

/* mmap lock held: is there a verdict for this VMA's file?  If not, notes it. */
bool mmscope_incore_ready(struct mmscope_incore *ic, struct vm_area_struct *vma);
/* No lock held; may sleep. */
void mmscope_incore_decide(struct mmscope_incore *ic);
void mmscope_incore_done(struct mmscope_incore *ic);
/* Can any page of it be in swap that no entry tells of?  Only shared memory's. */
bool mmscope_incore_may_be_swapped(const struct address_space *mapping);
#define MMSCOPE_INCORE_MOST 64	/* pages of the cache told of at once */
/* May be called under a page-table lock. */
u64 mmscope_incore_next(const struct mmscope_incore *ic, struct vm_area_struct *vma,
			unsigned long addr, unsigned long *end);

/* ---- dev.c, proc.c ---- */
int mmscope_dev_init(void);
void mmscope_dev_exit(void);
int mmscope_dev_info(const struct file *file, struct mmscope_info *info);
int mmscope_proc_init(void);
void mmscope_proc_exit(void);

#endif /* MMSCOPE_INTERNAL_H */
