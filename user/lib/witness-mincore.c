// SPDX-License-Identifier: GPL-2.0
/*
 * witness-mincore.c - the witness "mincore": mincore(2), which a process can
 * only ask of itself; so it is called inside.
 */
#include <errno.h>
#include <stdio.h>

#include "inquiry.h"

static void mincore_open(struct mms_inquiry *q, char why[160])
{
	if (!q->inside)
		snprintf(why, 160, "no call is made inside the process");
}

static bool all_ones(const unsigned char *vec, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!(vec[i] & 1))
			return false;
	return true;
}

/*
 * Marks the pages of files of which the process is not told what is cached.
 * Only where mincore says 1 of all of a VMA's pages can that be the reason.
 */
static void mark_refused(struct mms_inquiry *q, uint64_t start, size_t count,
			 const unsigned char *vec, struct mms_said *said)
{
	uint64_t page = mms_page_size(), end = start + count * page;
	struct mms_vmas vmas = { 0 };

	if (!mmsi_cache_may_be_refused(q) ||
	    mms_vmas_read(q->target, start, end, MMS_VMAS_NO_NAMES, 0, &vmas, NULL))
		return;
	for (size_t v = 0; v < vmas.count; v++) {
		const struct mms_vma *vma = &vmas.vma[v];
		uint64_t from = vma->start > start ? vma->start : start;
		uint64_t to = vma->end < end ? vma->end : end;
		size_t first = (from - start) / page, n = (to - from) / page;

		if (!all_ones(vec + first, n) || !mmsi_cache_refused(q, vma))
			continue;
		for (size_t i = first; i < first + n; i++)
			said[i].categories = MMSCOPE_CAT(CACHE_UNKNOWN);
	}
	mms_vmas_free(&vmas);
}

static int mincore_pages(struct mms_inquiry *q, uint64_t start, size_t count,
			 struct mms_said *said, struct mms_error *err)
{
	unsigned char *vec = q->buffer;
	int answer;

	if (mms_inside_mincore(q->inside, start, count, vec, &answer, err))
		return -1;
	/* ENOMEM: part of it is not mapped (any more).  Then it says nothing. */
	if (answer)
		return 0;
	for (size_t i = 0; i < count; i++)
		said[i] = (struct mms_said){
			.told = MMS_CLAIM(IN_CORE),
			.yes = vec[i] & 1 ? MMS_CLAIM(IN_CORE) : 0,
		};
	mark_refused(q, start, count, vec, said);
	return 0;
}

const struct mmsi_witness mmsi_witness_mincore = {
	.name = "mincore",
	.help = "mincore(2), called inside the process",
	.open = mincore_open,
	.pages = mincore_pages,
};
