// SPDX-License-Identifier: GPL-2.0
/*
 * witness-scan.c - the witness "pagemap_scan": the ioctl PAGEMAP_SCAN on
 * /proc/PID/pagemap, 52526ca7fdb9 ("fs/proc/task_mmu: implement IOCTL to get
 * and optionally clear info about PTEs"), 6.7.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "inquiry.h"

/* As in <linux/fs.h> of that kernel; older headers do not have it. */
#define SCAN_FILE	(1ULL << 2)
#define SCAN_PRESENT	(1ULL << 3)
#define SCAN_SWAPPED	(1ULL << 4)
#define SCAN_PFNZERO	(1ULL << 5)
#define SCAN_HUGE	(1ULL << 6)
#define SCAN_SOFT_DIRTY	(1ULL << 7)
#define SCAN_GUARD	(1ULL << 8)	/* 6.15 */

struct scan_region {
	uint64_t start, end, categories;
};

struct scan_arg {
	uint64_t size, flags, start, end, walk_end;
	uint64_t vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define SCAN_IOCTL	_IOWR('f', 16, struct scan_arg)

#define SCAN_OLD	(SCAN_FILE | SCAN_PRESENT | SCAN_SWAPPED | SCAN_PFNZERO | SCAN_HUGE | \
			 SCAN_SOFT_DIRTY)

static int scan(struct mms_inquiry *q, struct scan_arg *arg)
{
	int n;

	arg->size = sizeof(*arg);
	do
		n = ioctl(q->pagemap, SCAN_IOCTL, arg);
	while (n < 0 && errno == EINTR);
	return n;
}

/* A kernel that does not know a category refuses it. */
static bool knows(struct mms_inquiry *q, uint64_t category)
{
	struct scan_arg arg = { .vec = (uintptr_t)q->buffer, .vec_len = 1,
				.return_mask = category };

	return scan(q, &arg) >= 0;
}

static void scan_open(struct mms_inquiry *q, char why[160])
{
	if (q->pagemap < 0)
		snprintf(why, 160, "/proc/%d/pagemap cannot be opened", (int)q->target->pid);
	else if (!knows(q, SCAN_PRESENT))
		snprintf(why, 160, "this kernel has no PAGEMAP_SCAN (Linux 6.7)");
}

static uint32_t claims_of(uint64_t c)
{
	return (c & SCAN_PRESENT ? MMS_CLAIM(PRESENT) : 0) |
	       (c & SCAN_SWAPPED ? MMS_CLAIM(SWAPPED) : 0) |
	       (c & SCAN_FILE ? MMS_CLAIM(FILE) : 0) |
	       (c & SCAN_PFNZERO ? MMS_CLAIM(ZERO) : 0) |
	       (c & SCAN_HUGE ? MMS_CLAIM(HUGE) : 0) |
	       (c & SCAN_SOFT_DIRTY ? MMS_CLAIM(SOFT_DIRTY) : 0) |
	       (c & SCAN_GUARD ? MMS_CLAIM(GUARD) : 0);
}

/* Regions come only of pages that have at least one of the categories. */
static int scan_pages(struct mms_inquiry *q, uint64_t start, size_t count,
		      struct mms_said *said, struct mms_error *err)
{
	uint64_t page = mms_page_size();
	uint64_t ask = SCAN_OLD | (knows(q, SCAN_GUARD) ? SCAN_GUARD : 0);
	struct scan_region *region = q->buffer;
	struct scan_arg arg = {
		.start = start,
		.end = start + count * page,
		.vec = (uintptr_t)region,
		.vec_len = MMS_INSIDE_PAGES,
		.category_anyof_mask = ask,
		.return_mask = ask,
	};
	int n = scan(q, &arg);

	if (n < 0) {
		mms_explain(MMS_OP_PROCFS, errno, q->target->pid, err);
		return -1;
	}
	for (size_t i = 0; i < count; i++)
		said[i].told = claims_of(ask);
	for (int r = 0; r < n; r++) {
		size_t i = (region[r].start - start) / page, end = (region[r].end - start) / page;

		for (; i < end && i < count; i++)
			said[i].yes = claims_of(region[r].categories);
	}
	return 0;
}

const struct mmsi_witness mmsi_witness_scan = {
	.name = "pagemap_scan",
	.help = "the ioctl PAGEMAP_SCAN: regions of equal pages (Linux 6.7)",
	.open = scan_open,
	.pages = scan_pages,
};
