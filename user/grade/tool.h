/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tool.h - what tool.c is made of: tool-run.c runs commands, tool-pages.c knows which
 * pages are in a state, tool-text.c makes sense of what tools print.
 */
#ifndef GRADE_TOOL_H
#define GRADE_TOOL_H

#include "grade.h"

struct tool_run {
	uint64_t start, end;
};

/* The pages of a region that are in one state. */
struct tool_pages {
	struct tool_run *run;
	size_t runs;
	uint64_t count;		/* pages */
};

/*
 * Runs a command by the shell and returns what it printed, errors included; to be
 * freed.  NULL: `why` says that it took too long, printed too much, or did not run.
 */
char *tool_run(const char *command, char why[GRADE_WHY]);

/* Finds them now; -1 with `why`.  `run` is to be freed. */
int tool_pages_find(struct grade_run *r, const struct grade_region *region,
		    enum grade_state state, struct tool_pages *pages, char why[GRADE_WHY]);
/* The state of one page now; -1: none that is asked about. */
int tool_state_of(struct grade_run *r, uint64_t address);

/* ---- tool-text.c; pure ---- */

/*
 * How long the words of a saying are that an answer has, whole, in any case and with
 * any space between; 0: it has not.
 */
size_t tool_has(const char *answer, const char *saying);
/*
 * The line that is about this page; "not listed".  A line about the region itself, start
 * to end, is a headline.
 */
char *tool_line_of(const char *listed, uint64_t address, uint64_t from, uint64_t to);
/*
 * Compares the pages that a list has between start and end; false: no memory.  A line
 * is about the page, or the range, whose address or number is its first that could be
 * one; headlines are left out, too.
 */
bool tool_compare(const char *listed, const struct tool_pages *pages, uint64_t start,
		  uint64_t end, uint64_t *missing, uint64_t *extra);
/*
 * Whether one of the numbers in an answer, of which there are not more than `most`, is
 * this one: in its own unit, or in bytes, KiB or pages.
 */
bool tool_tells(const char *answer, uint64_t truth, uint64_t within, bool plain, int most);

#endif
