/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pagemap_scan.h - the PAGEMAP_SCAN ioctl, as in <linux/fs.h> since Linux 6.7,
 * for headers that are older; and how to go on after a call.
 */
#ifndef BENCH_PAGEMAP_SCAN_H
#define BENCH_PAGEMAP_SCAN_H

#include <sys/ioctl.h>

#include "kit.h"

struct scan_region {
	u64 start, end, categories;
};
struct scan_arg {
	u64 size, flags, start, end, walk_end, vec, vec_len, max_pages;
	u64 inverted, mask, anyof, returned;
};
#define SCAN_FILE	(1 << 2)
#define SCAN_PRESENT	(1 << 3)
#define SCAN_SWAPPED	(1 << 4)

/*
 * One call on an open /proc/PID/pagemap: how many regions there are at ask->vec, or
 * -1 and errno. ask->start is then where to go on, ask->end when all is told: which
 * is when there was room left, for walk_end may then be where one of the kernel's
 * inner buffers was full, and to go on from there would tell twice.
 */
static inline int scan_next(int pagemap, struct scan_arg *ask)
{
	const struct scan_region *regions = (void *)(uintptr_t)ask->vec;
	int n = ioctl(pagemap, _IOWR('f', 16, struct scan_arg), ask);
	bool full = n >= 0 && (u64)n == ask->vec_len;

	if (n < 0)
		return n;
	if (!full)
		ask->start = ask->end;
	else if (n && regions[n - 1].end > ask->walk_end)
		ask->start = regions[n - 1].end;
	else
		ask->start = ask->walk_end;
	return n;
}

#endif
