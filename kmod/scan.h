/* SPDX-License-Identifier: GPL-2.0 */
/*
 * scan.h - what pages.c, which holds the lock and goes from VMA to VMA, and found.c,
 * which takes what the descent finds there, have in common.
 */
#ifndef MMSCOPE_SCAN_H
#define MMSCOPE_SCAN_H

#include "internal.h"

#define CAT(name) MMSCOPE_CAT(name)

struct scan {
	struct mmscope_descent descent;
	struct mmscope_class class;
	struct mmscope_incore incore;
	bool undecided;			/* incore needs a verdict to go on */
	/* Of the VMA; and the flags of the last one that was not alike: classify_by() */
	unsigned long vm_flags;
	bool cache;			/* pages without an entry are asked of incore */
	bool by_flags;			/* a plain entry's flags say all, ... */
	bool folios;			/* ... but what its page tells, if that is asked */
	/* Do the flags of a huge entry say all? And of one that may be written? */
	bool huge_by_flags, writable_by_flags;
	bool holes_matter;		/* somebody wants to know of empty entries */
	unsigned long flags;		/* of the last plain one those in the mask (~0: none), ... */
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

/* mmap lock held, or none needed: they look at the scan alone. */

/* What is to be done with what the descent finds. */
const struct mmscope_descent_ops *mmscope_found_ops(const struct scan *s);
/* Does anybody want to know of a page with these categories? */
bool mmscope_found_matters(const struct scan *s, u64 cats);
/* What was counted alike and is not in the account yet. */
void mmscope_found_account(struct scan *s);

#endif /* MMSCOPE_SCAN_H */
