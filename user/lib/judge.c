// SPDX-License-Identifier: GPL-2.0
/*
 * judge.c - what a witness says of a page against what the module says: the
 * same, a difference that has a name, or neither.  Pure.
 *
 * Each rule names the exact condition under which the two may differ, as the
 * kernel's own code for that witness has it; all else is wrong.
 */
#include <string.h>

#include "witness.h"

#define CAT(name)	MMSCOPE_CAT(name)

/* Not present, and not of swap either: pagemap has one bit for all of them. */
#define NON_PRESENT	(CAT(MIGRATING) | CAT(POISONED) | CAT(GUARD) | CAT(DEVICE))

/* Takes a claim out of those that differ, and names the difference. */
static void name_it(struct mms_judgement *j, uint32_t claim, uint32_t difference)
{
	if (!(j->wrong & claim))
		return;
	j->wrong &= ~claim;
	j->named |= difference;
}

/* A page of the hugetlb pool that is not present has no place in pagemap. */
static void judge_swapped(struct mms_judgement *j, uint64_t cats, bool says)
{
	bool hugetlb = cats & CAT(HUGETLB);

	if (says && (cats & NON_PRESENT || cats & CAT(UFFD_WP)) && !(cats & CAT(PRESENT)))
		name_it(j, MMS_CLAIM(SWAPPED), MMS_DIFF(NON_PRESENT));
	if (!says && hugetlb)
		name_it(j, MMS_CLAIM(SWAPPED), MMS_DIFF(HUGETLB));
}

static bool is_huge_zero(uint64_t cats)
{
	return cats & CAT(ZERO) && cats & CAT(HUGE_PMD);
}

static void judge_pagemap(struct mms_judgement *j, const struct mms_said *said, uint64_t cats,
			  const struct mms_vma *v)
{
	/* pagemap_read() does not descend into VM_PFNMAP. */
	if (v->flags & MMSCOPE_VMA_PFNMAP && !(said->yes & MMS_CLAIM(PRESENT)))
		name_it(j, ~0U, MMS_DIFF(SPECIAL));
	judge_swapped(j, cats, said->yes & MMS_CLAIM(SWAPPED));
	if (cats & CAT(HUGE_PMD) && !(cats & (CAT(HUGETLB) | CAT(ZERO))))
		name_it(j, MMS_CLAIM(EXCLUSIVE) & said->rough, MMS_DIFF(FIRST_PAGE));
	if (cats & CAT(HUGE_PMD) && cats & (CAT(FILE) | CAT(SHMEM)) && !(cats & CAT(HUGETLB)) &&
	    !(said->yes & MMS_CLAIM(FILE)))
		name_it(j, MMS_CLAIM(FILE) & said->rough, MMS_DIFF(HUGE_FILE));
	if (is_huge_zero(cats) && said->yes & MMS_CLAIM(FILE))
		name_it(j, MMS_CLAIM(FILE), MMS_DIFF(HUGE_ZERO));
}

static void judge_scan(struct mms_judgement *j, const struct mms_said *said, uint64_t cats,
		       const struct mms_vma *v)
{
	/* pagemap_scan_test_walk() steps over VM_PFNMAP. */
	if (v->flags & MMSCOPE_VMA_PFNMAP && !said->yes)
		name_it(j, ~0U, MMS_DIFF(SPECIAL));
	judge_swapped(j, cats, said->yes & MMS_CLAIM(SWAPPED));
	/* pagemap_hugetlb_category() begins with PAGE_IS_HUGE, whatever the entry is. */
	if (v->flags & MMSCOPE_VMA_HUGETLB && said->yes & MMS_CLAIM(HUGE) && !(cats & CAT(PRESENT)))
		name_it(j, MMS_CLAIM(HUGE), MMS_DIFF(HUGETLB));
	if (is_huge_zero(cats) && !(said->yes & MMS_CLAIM(ZERO)))
		name_it(j, MMS_CLAIM(ZERO), MMS_DIFF(HUGE_ZERO));
	if (v->flags & MMSCOPE_VMA_SOFTDIRTY && !(said->yes & MMS_CLAIM(SOFT_DIRTY)))
		name_it(j, MMS_CLAIM(SOFT_DIRTY), MMS_DIFF(SOFT_DIRTY_VMA));
}

/*
 * mincore against what is present.  Where the module knows what mincore must
 * say (IN_CORE), it must; the name tells why that is not `present`.
 */
static void judge_mincore(struct mms_judgement *j, const struct mms_said *said, uint64_t cats,
			  const struct mms_vma *v)
{
	bool in = said->yes & MMS_CLAIM(IN_CORE), present = cats & CAT(PRESENT);

	if (cats & CAT(CACHE_UNKNOWN)) {
		/* `wrong` cannot hold it: the module does not speak of in-core here. */
		if (in == present)
			return;
		if (v->backing == MMSCOPE_BACKING_SPECIAL || v->flags & MMSCOPE_VMA_PFNMAP)
			j->named |= MMS_DIFF(SPECIAL);
		else if (cats & (CAT(SWAPPED) | CAT(CACHE_SWAPPED)))
			j->named |= MMS_DIFF(SWAP_CACHE);
		else
			j->named |= MMS_DIFF(PRIVACY);
		return;
	}
	/* The process is told less than we are. */
	if (said->categories & CAT(CACHE_UNKNOWN) && in && !present) {
		j->wrong &= ~MMS_CLAIM(IN_CORE);
		j->named |= MMS_DIFF(PRIVACY);
		return;
	}
	if (j->wrong || in == present)
		return;
	if (v->backing == MMSCOPE_BACKING_SPECIAL || v->flags & MMSCOPE_VMA_PFNMAP)
		j->named |= MMS_DIFF(SPECIAL);
	else if (cats & NON_PRESENT)
		j->named |= MMS_DIFF(NON_PRESENT);
	else
		j->named |= MMS_DIFF(PAGE_CACHE);
}

static bool frames_differ(const struct mms_said *kernel, const struct mms_said *said)
{
	return kernel->frame && said->frame && kernel->frame != said->frame;
}

struct mms_judgement mms_judge(enum mms_witness w, const struct mms_said *kernel,
			       const struct mms_said *said, const struct mms_vma *v)
{
	struct mms_judgement j = {
		.wrong = (kernel->yes ^ said->yes) & kernel->told & said->told,
	};

	switch (w) {
	case MMS_WITNESS_PAGEMAP:
		judge_pagemap(&j, said, kernel->categories, v);
		break;
	case MMS_WITNESS_SCAN:
		judge_scan(&j, said, kernel->categories, v);
		break;
	case MMS_WITNESS_MINCORE:
		judge_mincore(&j, said, kernel->categories, v);
		break;
	default:
		break;
	}
	if (frames_differ(kernel, said))
		j.wrong |= MMS_WRONG_FRAME;
	return j;
}
