// SPDX-License-Identifier: GPL-2.0
/*
 * verbs.c - the table of verbs, in the order in which --help lists them.
 */
#include "cmd.h"

const struct verb *const cmd_verbs[] = {
	&verb_show, &verb_map, &verb_watch, &verb_brk, &verb_vmas, &verb_pages, &verb_locked,
	&verb_walk, &verb_where, &verb_elf, &verb_snapshot, &verb_diff, &verb_trace, &verb_verify,
	&verb_explain, &verb_lesson, &verb_grade, &verb_metrics, &verb_doctor,
	NULL
};
