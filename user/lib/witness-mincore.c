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

/* Only where it says 1 of all of them can that be for want of rights. */
static bool is_refused(struct mms_inquiry *q, uint64_t start, size_t count,
		       const unsigned char *vec)
{
	struct mms_vmas vmas = { 0 };
	bool refused;

	for (size_t i = 0; i < count; i++)
		if (!(vec[i] & 1))
			return false;
	if (mms_vmas_read(q->target, start, start + mms_page_size(), MMS_VMAS_NO_NAMES, 0, &vmas,
			  NULL))
		return false;
	refused = vmas.count && mmsi_cache_refused(q, &vmas.vma[0]);
	mms_vmas_free(&vmas);
	return refused;
}

static int mincore_pages(struct mms_inquiry *q, uint64_t start, size_t count,
			 struct mms_said *said, struct mms_error *err)
{
	unsigned char *vec = q->buffer;
	uint64_t cats = 0;
	int answer;

	if (mms_inside_mincore(q->inside, start, count, vec, &answer, err))
		return -1;
	if (!answer && is_refused(q, start, count, vec))
		cats = MMSCOPE_CAT(CACHE_UNKNOWN);
	/* ENOMEM: part of it is not mapped (any more).  Then it says nothing. */
	for (size_t i = 0; i < count && !answer; i++)
		said[i] = (struct mms_said){
			.told = MMS_CLAIM(IN_CORE),
			.yes = vec[i] & 1 ? MMS_CLAIM(IN_CORE) : 0,
			.categories = cats,
		};
	return 0;
}

const struct mmsi_witness mmsi_witness_mincore = {
	.name = "mincore",
	.help = "mincore(2), called inside the process",
	.open = mincore_open,
	.pages = mincore_pages,
};
