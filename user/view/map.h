/* SPDX-License-Identifier: GPL-2.0 */
/*
 * map.h - an address space drawn on a terminal, fed as it is read: an area, its
 * runs of pages, a gap, the next area, and in the end a legend of what occurred.
 * Nothing is kept but the area that is open, so that any number of areas, of any
 * size, take the same memory.  No line is wider than it was told, if that is 40
 * or more.
 */
#ifndef MMSCOPE_MAP_H
#define MMSCOPE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "libmmscope.h"
#include "strip.h"

#define VIEW_MAP_WIDTH_MIN	40
#define VIEW_MAP_WIDTH_MAX	1000

struct view_map_look {
	FILE *out;
	int width;		/* columns; less than the least is the least */
	struct view_ink ink;
	uint64_t page;		/* bytes in a page */
};

/* How stdout wants it: its width, its locale, its colours. */
void view_map_look(struct view_map_look *look);

/* An area.  The texts are copied: they need not outlive the call. */
struct view_map_area {
	uint64_t start, end;
	const char *perms;	/* "rw-p" */
	const char *purpose;	/* "heap", or "" */
	const char *name;	/* from outside, escaped here; or "" */
};

struct view_map;

/* NULL: no memory.  `title` is from outside. */
struct view_map *view_map_open(const struct view_map_look *look, const char *title);
/* The sums and the legend; frees it. */
void view_map_close(struct view_map *m);

/* Addresses that nothing is mapped at, bytes. */
void view_map_gap(struct view_map *m, uint64_t size);
/* Any other line about what is between areas. */
void view_map_line(struct view_map *m, const char *text);

/* An area as a strip.  `mark` is an address in it that gets a sign below its cell, or NULL. */
void view_map_strip(struct view_map *m, const struct view_map_area *area,
		    const uint64_t *mark);
/*
 * An area as rows, a cell a page; rows that are all the same are drawn once.
 * *rows is how many may be drawn yet, and counts down.
 */
void view_map_rows(struct view_map *m, const struct view_map_area *area, size_t *rows);
/*
 * Pages of the open area, in order of their addresses; false: no rows are left,
 * nothing more will be drawn of it.
 */
bool view_map_run(struct view_map *m, uint64_t start, uint64_t end, enum mms_page_state state);
/* Draws what is left of it.  Returns the first address that was not drawn, or its end. */
uint64_t view_map_end(struct view_map *m);

/* A remark, wrapped; it stands where it is made. */
void view_map_note(struct view_map *m, const char *text);

#endif
