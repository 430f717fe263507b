// SPDX-License-Identifier: GPL-2.0
/*
 * verbs.c - the verbs that mmscope answers itself: those that are asked most, and
 * need no ELF files, captures or full screens.  All others are mmscope-more's.
 */
#include "../cmd/cmd.h"

const struct verb *const cmd_verbs[] = {
	&verb_show, &verb_brk, &verb_vmas, &verb_pages, &verb_locked, &verb_walk,
	NULL
};
