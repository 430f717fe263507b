// SPDX-License-Identifier: GPL-2.0
/*
 * witness-smaps.c - the witness "smaps": /proc/PID/smaps, figures by VMA; and
 * where its [heap] ends, which is the break, rounded up to a page, or more.
 */
#include "inquiry.h"

static int smaps_vmas(struct mms_inquiry *q, struct mms_vmas *vmas, struct mms_error *err)
{
	return mms_vmas_read(q->procfs, MMS_ALL_START, MMS_ALL_END, MMS_VMAS_ACCT, 0, vmas, err);
}

const struct mmsi_witness mmsi_witness_smaps = {
	.name = "smaps",
	.help = "/proc/PID/smaps: figures for each VMA",
	.vmas = smaps_vmas,
};
