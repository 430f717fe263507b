// SPDX-License-Identifier: GPL-2.0
/*
 * witness-brk.c - the witness "brk(0)": the system call brk(2), called inside
 * with an argument that it cannot grant; then it answers with the break.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "inquiry.h"

static void brk_open(struct mms_inquiry *q, char why[160])
{
	if (!q->inside)
		snprintf(why, 160, "no call is made inside the process");
}

static int brk_brk(struct mms_inquiry *q, uint64_t *brk, struct mms_error *err)
{
	const uint64_t zero[6] = { 0 };
	int64_t result;

	if (mms_inside_call(q->inside, SYS_brk, zero, &result, err))
		return -1;
	*brk = (uint64_t)result;
	return 0;
}

const struct mmsi_witness mmsi_witness_brk = {
	.name = "brk(0)",
	.help = "brk(2), called inside the process: it changes nothing, and answers",
	.open = brk_open,
	.brk = brk_brk,
};
