// SPDX-License-Identifier: GPL-2.0
/*
 * witness-kernel.c - the witness "kernel": what the module says of a page, in
 * the words that the others use.
 */
#include <string.h>

#include "inquiry.h"

#define CAT(name)	MMSCOPE_CAT(name)

/* What comes and goes without the page changing its state is not asked. */
#define ASKED	(CAT(PRESENT) | CAT(SWAPPED) | CAT(MIGRATING) | CAT(ZERO) | CAT(SOFT_DIRTY) | \
		 CAT(UFFD_WP) | CAT(HUGE_PMD) | CAT(HUGE_PUD) | CAT(HUGETLB) | CAT(SPECIAL) | \
		 CAT(POISONED) | CAT(GUARD) | CAT(DEVICE) | CAT(ANON) | CAT(FILE) | CAT(SHMEM) | \
		 CAT(SHARED) | CAT(IN_CORE) | CAT(CACHE_UNKNOWN) | CAT(CACHE_SWAPPED))

struct filling {
	uint64_t start;
	size_t count;
	struct mms_said *said;
	uint64_t known;
};

static uint32_t claims_of(uint64_t cats)
{
	static const struct { uint64_t cats; uint32_t claim; } table[] = {
		{ CAT(PRESENT), MMS_CLAIM(PRESENT) },
		{ CAT(SWAPPED), MMS_CLAIM(SWAPPED) },
		{ CAT(IN_CORE), MMS_CLAIM(IN_CORE) },
		{ CAT(FILE) | CAT(SHMEM), MMS_CLAIM(FILE) },
		{ CAT(SOFT_DIRTY), MMS_CLAIM(SOFT_DIRTY) },
		{ CAT(UFFD_WP), MMS_CLAIM(UFFD_WP) },
		{ CAT(ZERO), MMS_CLAIM(ZERO) },
		{ CAT(HUGE_PMD) | CAT(HUGE_PUD) | CAT(HUGETLB), MMS_CLAIM(HUGE) },
		{ CAT(GUARD), MMS_CLAIM(GUARD) },
	};
	uint32_t mask = 0;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (cats & table[i].cats)
			mask |= table[i].claim;
	if (cats & CAT(PRESENT) && !(cats & (CAT(ZERO) | CAT(SPECIAL) | CAT(SHARED))))
		mask |= MMS_CLAIM(EXCLUSIVE);
	return mask;
}

static int fill(const struct mmscope_run *run, void *arg)
{
	struct filling *f = arg;
	uint64_t page = mms_page_size(), step = run->categories & CAT(PRESENT) ? 1 : 0;
	uint32_t told = (1U << MMS_CLAIM_COUNT) - 1;
	size_t i = (run->start - f->start) / page, end = (run->end - f->start) / page;

	if (run->categories & CAT(CACHE_UNKNOWN))
		told &= ~MMS_CLAIM(IN_CORE);
	if (!(f->known & CAT(GUARD)))
		told &= ~MMS_CLAIM(GUARD);
	if (!(f->known & CAT(SOFT_DIRTY)))
		told &= ~MMS_CLAIM(SOFT_DIRTY);
	if (!(f->known & CAT(UFFD_WP)))
		told &= ~MMS_CLAIM(UFFD_WP);
	for (uint64_t n = 0; i < end && i < f->count; i++, n++)
		f->said[i] = (struct mms_said){
			.told = told,
			.yes = claims_of(run->categories) & told,
			.frame = run->frame ? run->frame + n * step : 0,
			.categories = run->categories,
		};
	return 0;
}

static int kernel_pages(struct mms_inquiry *q, uint64_t start, size_t count,
			struct mms_said *said, struct mms_error *err)
{
	struct filling f = { start, count, said, q->target->categories };
	struct mms_pages_query query = {
		.start = start,
		.end = start + count * mms_page_size(),
		.flags = q->frames ? MMS_PAGES_FRAMES : 0,
		.categories = ASKED & q->target->categories,
	};

	return mms_pages(q->target, &query, fill, &f, NULL, err);
}

static int kernel_vmas(struct mms_inquiry *q, struct mms_vmas *vmas, struct mms_error *err)
{
	return mms_vmas_read(q->target, MMS_ALL_START, MMS_ALL_END, MMS_VMAS_ACCT, 0, vmas, err);
}

static int kernel_brk(struct mms_inquiry *q, uint64_t *brk, struct mms_error *err)
{
	struct mms_mm mm;

	if (mms_mm_read(q->target, &mm, err))
		return -1;
	*brk = mm.fact[MMS_MM_BRK].value;
	return 0;
}

const struct mmsi_witness mmsi_witness_kernel = {
	.name = "kernel",
	.help = "the module: page tables, VMAs and the break, from the kernel's own structures",
	.pages = kernel_pages,
	.vmas = kernel_vmas,
	.brk = kernel_brk,
};
