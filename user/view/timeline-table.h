/* SPDX-License-Identifier: GPL-2.0 */
/*
 * timeline-table.h - columns of numbers that are written as they come, and tables of
 * what occurs many times and is kept once: texts, and VMAs.
 */
#ifndef MMSCOPE_VIEW_TIMELINE_TABLE_H
#define MMSCOPE_VIEW_TIMELINE_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "libmmscope.h"

struct view_json;

/* An array of JSON, in memory as text. */
struct timeline_column {
	FILE *out;
	char *data;
	size_t len;		/* once it is closed */
	uint64_t count, bytes;
};

bool timeline_column_open(struct timeline_column *c);
/* Nothing more comes: data is whole then.  False: there was no memory. */
bool timeline_column_close(struct timeline_column *c);
void timeline_column_free(struct timeline_column *c);
void timeline_put(struct timeline_column *c, uint64_t number);
void timeline_put_null(struct timeline_column *c);
/* An array of numbers; of none: null. */
void timeline_put_all(struct timeline_column *c, const uint64_t *number, size_t count);
void timeline_draw_column(struct view_json *j, const char *key, const struct timeline_column *c);

struct timeline_slots {
	uint32_t *slot;		/* a number + 1, or 0 */
	size_t count;		/* a power of two, or 0 */
};

struct timeline_texts {
	struct timeline_slots slots;
	struct timeline_column column;
	char **text;
	size_t count, room;
};

/* The number of a text.  False: no memory. */
bool timeline_text(struct timeline_texts *t, const char *text, uint32_t *number);
void timeline_texts_free(struct timeline_texts *t);

/* What is told of a VMA.  Pages; one that is another in any of these is another one. */
struct timeline_vma {
	uint64_t start, pages, flags, known, offset, inode;
	uint32_t name;		/* a text */
	uint32_t purpose;
};

struct timeline_vmas {
	struct timeline_slots slots;
	struct timeline_vma *vma;
	size_t count, room;
};

bool timeline_vma(struct timeline_vmas *t, const struct timeline_vma *vma, uint32_t *number);
void timeline_vmas_free(struct timeline_vmas *t);

#endif
