// SPDX-License-Identifier: GPL-2.0
/*
 * witness-libc.c - the witness "libc": what sbrk(0) would return, which is the
 * C library's own note of the break and not the kernel's.
 */
#include <stdio.h>

#include "inquiry.h"

static void libc_open(struct mms_inquiry *q, char why[160])
{
	(void)q;
	snprintf(why, 160, "its note of the break (__curbrk) was not found");
}

const struct mmsi_witness mmsi_witness_libc = {
	.name = "libc",
	.help = "the C library's note of the break: what sbrk(0) returns",
	.open = libc_open,
};
