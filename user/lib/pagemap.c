// SPDX-License-Identifier: GPL-2.0
/*
 * pagemap.c - from the entries of /proc/PID/pagemap to runs of pages that are
 * alike.  Pure: nothing here opens or reads a file.
 */
#include "procfs.h"

/* pagemap: what its bits say whatever the kernel. */
#define PM_PRESENT	(1ULL << 63)
#define PM_SWAP		(1ULL << 62)
#define PM_UFFD_WP	(1ULL << 57)
#define PM_SOFT_DIRTY	(1ULL << 55)
#define PM_FRAME	((1ULL << 55) - 1)

void mmsi_pagemap_flush(struct mmsi_pagemap *s)
{
	if (s->holding && s->run && !s->stop)
		s->stop = s->run(&s->held, s->arg) != 0;
	s->holding = false;
}

uint64_t mmsi_pagemap_categories(uint64_t entry)
{
	return (entry & PM_PRESENT ? MMSCOPE_CAT(PRESENT) : 0) |
	       (entry & PM_SWAP ? MMSCOPE_CAT(SWAPPED) : 0) |
	       (entry & PM_UFFD_WP ? MMSCOPE_CAT(UFFD_WP) : 0) |
	       (entry & PM_SOFT_DIRTY ? MMSCOPE_CAT(SOFT_DIRTY) : 0);
}

/* Only frames can follow each other; places in swap, told in their way, do not. */
static bool carries_on(const struct mmsi_pagemap *s, uint64_t address, uint64_t entry,
		       uint64_t frame)
{
	if (!frame || !s->held.frame)
		return !frame && !s->held.frame;
	return entry & PM_PRESENT && s->present &&
	       frame == s->held.frame + (address - s->held.start) / mms_page_size();
}

void mmsi_pagemap_add(struct mmsi_pagemap *s, uint64_t address, uint64_t entry)
{
	const struct mms_pages_query *q = s->query;
	uint64_t all = mmsi_pagemap_categories(entry), cats = all & q->categories, frame = 0;

	if ((all & q->all_of) != q->all_of || (q->any_of && !(all & q->any_of)) ||
	    (all & q->none_of)) {
		mmsi_pagemap_flush(s);
		return;
	}
	if (q->flags & MMS_PAGES_FRAMES && entry & (PM_PRESENT | PM_SWAP))
		frame = entry & PM_FRAME;
	if (s->holding && s->held.end == address && s->held.categories == cats &&
	    carries_on(s, address, entry, frame)) {
		s->held.end += mms_page_size();
	} else {
		mmsi_pagemap_flush(s);
		s->held = (struct mmscope_run){ address, address + mms_page_size(), cats, frame };
		s->holding = true;
		s->present = entry & PM_PRESENT;
	}
	s->full = ++s->pages == q->max_pages;
}

void mmsi_pagemap_add_many(struct mmsi_pagemap *s, uint64_t address, uint64_t entry, uint64_t pages)
{
	const struct mms_pages_query *q = s->query;
	bool plain = !(q->flags & MMS_PAGES_FRAMES) && !q->max_pages;

	mmsi_pagemap_add(s, address, entry);
	for (uint64_t i = 1; !plain && i < pages && !s->stop && !s->full; i++)
		mmsi_pagemap_add(s, address + i * mms_page_size(), entry);
	/* What is held now ends with the first of them, or it was not wanted. */
	if (plain && s->holding && !s->stop) {
		s->held.end += (pages - 1) * mms_page_size();
		s->pages += pages - 1;
	}
}
