// SPDX-License-Identifier: GPL-2.0
/*
 * parse-maps.c - the text of /proc/PID/maps: lists of VMAs, their backing, their
 * purposes, and finding one of them.
 */
#include "vmas.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	parse_vmas(data, size, false, NULL);
	return 0;
}
