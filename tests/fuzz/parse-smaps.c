// SPDX-License-Identifier: GPL-2.0
/*
 * parse-smaps.c - the text of /proc/PID/smaps: lists of VMAs, with what it
 * counts of each.
 */
#include "vmas.h"

static void check_accounts(const struct mms_vmas *l)
{
	uint64_t page = mms_page_size();

	for (size_t i = 0; i < l->count; i++) {
		const struct mmscope_acct *a = &l->acct[i];

		PROMISE(l->vma[i].page_shift < 64);
		PROMISE(!(a->rss % 1024) && !(a->private_dirty % 1024));
		for (unsigned int k = 0; k < ARRAY_SIZE(a->pages); k++) {
			PROMISE(a->pages[k] <= UINT64_MAX / page);
			PROMISE(!a->pages[k] ||
				(k < MMSCOPE_CAT_COUNT && MMSI_SMAPS_CATEGORIES >> k & 1));
		}
		PROMISE(!(l->smaps[i].pss % 1024) && !(l->smaps[i].locked % 1024));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	parse_vmas(data, size, true, check_accounts);
	return 0;
}
