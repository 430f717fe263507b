// SPDX-License-Identifier: GPL-2.0
/*
 * witness-pagemap.c - the witness "pagemap": one 64-bit entry a page, read from
 * /proc/PID/pagemap.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "inquiry.h"

static void pagemap_open(struct mms_inquiry *q, char why[160])
{
	if (q->pagemap < 0)
		snprintf(why, 160, "/proc/%d/pagemap cannot be opened", (int)q->target->pid);
}

static bool since(int major, int minor)
{
	struct utsname u;
	int m, n;

	return !uname(&u) && sscanf(u.release, "%d.%d", &m, &n) == 2 &&
	       (m > major || (m == major && n >= minor));
}

/*
 * Bit 58 tells of guard regions since "fs/proc/task_mmu: add guard region bit to
 * pagemap", 6.15; before, it was always 0.
 */
static bool tells_guard(void)
{
	return since(6, 15);
}

/* "mm/pagemap: export uffd-wp protection information", 5.14. */
static bool tells_uffd_wp(void)
{
	return since(5, 14);
}

/*
 * Bit 56 of a huge page was that of the first page until 2c1f057e5be6
 * ("fs/proc/task_mmu: properly detect PM_MMAP_EXCLUSIVE per page of PMD-mapped
 * THPs"), 6.11, and is so again since "fs/proc/task_mmu: remove per-page mapcount
 * dependency for PM_MMAP_EXCLUSIVE (CONFIG_NO_PAGE_MAPCOUNT)", 6.15, which looks
 * at `page` where it had been `page + idx`.  Before "fs/proc/task_mmu: indicate
 * PM_FILE for PMD-mapped file THP", 6.11, bit 61 was not set for huge pages; but
 * stable kernels took that one over.
 */
static uint32_t rough_claims(void)
{
	if (since(6, 15))
		return MMS_CLAIM(EXCLUSIVE);
	return since(6, 11) ? 0 : MMS_CLAIM(EXCLUSIVE) | MMS_CLAIM(FILE);
}

static struct mms_said entry_said(uint64_t e, uint32_t told, uint32_t rough)
{
	uint32_t yes = 0;

	if (e & MMSI_PM_PRESENT)
		yes |= MMS_CLAIM(PRESENT);
	if (e & MMSI_PM_SWAP)
		yes |= MMS_CLAIM(SWAPPED);
	if (e & MMSI_PM_FILE)
		yes |= MMS_CLAIM(FILE);
	if (e & MMSI_PM_EXCLUSIVE)
		yes |= MMS_CLAIM(EXCLUSIVE);
	if (e & MMSI_PM_SOFT_DIRTY)
		yes |= MMS_CLAIM(SOFT_DIRTY);
	if (e & MMSI_PM_UFFD_WP)
		yes |= MMS_CLAIM(UFFD_WP);
	if (e & MMSI_PM_GUARD)
		yes |= MMS_CLAIM(GUARD);
	return (struct mms_said){
		.told = told,
		.yes = yes & told,
		.rough = rough,
		.frame = e & (MMSI_PM_PRESENT | MMSI_PM_SWAP) ? e & MMSI_PM_FRAME : 0,
	};
}

static int pagemap_pages(struct mms_inquiry *q, uint64_t start, size_t count,
			 struct mms_said *said, struct mms_error *err)
{
	uint32_t told = MMS_CLAIM(PRESENT) | MMS_CLAIM(SWAPPED) | MMS_CLAIM(FILE) |
			MMS_CLAIM(EXCLUSIVE) | MMS_CLAIM(SOFT_DIRTY) |
			(tells_uffd_wp() ? MMS_CLAIM(UFFD_WP) : 0) |
			(tells_guard() ? MMS_CLAIM(GUARD) : 0);
	uint32_t rough = rough_claims();
	uint64_t *entry = q->buffer;
	ssize_t n;

	do
		n = pread(q->pagemap, entry, count * sizeof(*entry),
			  (off_t)(start / mms_page_size() * sizeof(*entry)));
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		mms_explain(MMS_OP_PROCFS, errno, q->target->pid, err);
		return -1;
	}
	for (size_t i = 0; i < (size_t)n / sizeof(*entry); i++)
		said[i] = entry_said(entry[i], told, rough);
	return 0;
}

const struct mmsi_witness mmsi_witness_pagemap = {
	.name = "pagemap",
	.help = "/proc/PID/pagemap: an entry for each page",
	.open = pagemap_open,
	.pages = pagemap_pages,
};
