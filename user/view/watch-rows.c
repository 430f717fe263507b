// SPDX-License-Identifier: GPL-2.0
/*
 * watch-rows.c - which VMAs came, went or changed from one refresh to the next, and
 * the order and choice of rows that a person asked for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "watch-rows.h"

/* By the column of the tables of VMAs; those that are counts say which. */
static const struct {
	const char *name;
	int count;
} columns[VIEW_COLS] = {
	[VIEW_COL_START]   = { "START", -1 },
	[VIEW_COL_SIZE]	   = { "SIZE", -1 },
	[VIEW_COL_PERM]	   = { "PERM", -1 },
	[VIEW_COL_RSS]	   = { "RSS", VIEW_RSS },
	[VIEW_COL_SWAP]	   = { "SWAP", VIEW_SWAP },
	[VIEW_COL_MLOCKED] = { "MLOCKED", VIEW_MLOCKED },
	[VIEW_COL_DIRTY]   = { "DIRTY", VIEW_DIRTY },
	[VIEW_COL_PURPOSE] = { "PURPOSE", -1 },
	[VIEW_COL_NAME]	   = { "NAME", -1 },
};

const struct view_column *view_watch_column(enum view_watch_column column)
{
	const struct view_column *c = view_vma_columns;

	while (c->name && strcmp(c->name, columns[column].name))
		c++;
	return c;
}

/* ---- what changed ----------------------------------------------------------- */

static bool same_thing(const struct mms_vma *a, const struct mms_vma *b)
{
	return a->backing == b->backing && a->inode == b->inode &&
	       a->dev_major == b->dev_major && a->dev_minor == b->dev_minor;
}

static const struct view_counts *counts_of(const struct view_row *row)
{
	return &row->of->counts[row->vma];
}

/* Both lists are in the order of their starts, and so of their ends as well. */
static void pair_up(const struct mms_vmas *before, const struct mms_vmas *now, bool by_end,
		    uint32_t *was, bool *stays)
{
	for (size_t i = 0, k = 0; i < now->count && k < before->count;) {
		uint64_t a = by_end ? before->vma[k].end : before->vma[k].start;
		uint64_t b = by_end ? now->vma[i].end : now->vma[i].start;

		if (a == b && !was[i] && !stays[k] && same_thing(&before->vma[k], &now->vma[i])) {
			was[i] = (uint32_t)k + 1;
			stays[k] = true;
		}
		i += b <= a;
		k += a <= b;
	}
}

static void light(struct view_row *row, const struct view_moment *before, size_t k)
{
	const struct mms_vma *v = view_row_vma(row), *u = &before->list.vma[k];
	const struct view_counts *c = counts_of(row), *d = &before->counts[k];
	uint64_t flags = (u->flags ^ v->flags) & u->flags_known & v->flags_known;
	unsigned int lit = 0;

	lit |= (unsigned int)(u->start != v->start) << VIEW_COL_START;
	lit |= (unsigned int)(u->end - u->start != v->end - v->start) << VIEW_COL_SIZE;
	lit |= (unsigned int)(u->purpose != v->purpose) << VIEW_COL_PURPOSE;
	lit |= (unsigned int)(strcmp(u->name, v->name) != 0) << VIEW_COL_NAME;
	if (flags & (MMSCOPE_VMA_READ | MMSCOPE_VMA_WRITE | MMSCOPE_VMA_EXEC | MMSCOPE_VMA_SHARED))
		lit |= 1U << VIEW_COL_PERM;
	if (flags & (MMSCOPE_VMA_LOCKED | MMSCOPE_VMA_LOCKONFAULT))
		lit |= 1U << VIEW_COL_MLOCKED;
	for (int col = 0; col < VIEW_COLS; col++) {
		int n = columns[col].count;

		if (n >= 0 && c->known & d->known & 1U << n && c->bytes[n] != d->bytes[n])
			lit |= 1U << col;
	}
	row->lit = (uint16_t)lit;
	if (lit || flags)
		row->change = VIEW_CHANGED;
}

static void put_row(struct view_rows *rows, const struct view_moment *of, size_t vma,
		    enum view_change change)
{
	rows->row[rows->count++] = (struct view_row){ .of = of, .vma = (uint32_t)vma,
						      .change = (uint8_t)change };
}

/* Those that are gone stand where they were. */
static void merge(struct view_rows *rows, const struct view_moment *before,
		  const struct view_moment *now, const uint32_t *was, const bool *stays)
{
	size_t old = before ? before->list.count : 0;

	for (size_t i = 0, k = 0; i < now->list.count || k < old;) {
		if (k < old && stays[k]) {
			k++;
			continue;
		}
		if (k < old && (i == now->list.count ||
				before->list.vma[k].start <= now->list.vma[i].start)) {
			put_row(rows, before, k++, VIEW_GONE);
			continue;
		}
		put_row(rows, now, i, before && !was[i] ? VIEW_NEW : VIEW_SAME);
		if (before && was[i])
			light(&rows->row[rows->count - 1], before, was[i] - 1);
		i++;
	}
}

static bool make_room(struct view_rows *rows, size_t room)
{
	struct view_row *more;

	rows->count = 0;
	if (room <= rows->room)
		return true;
	more = realloc(rows->row, room * sizeof(*more));
	if (!more)
		return false;
	rows->row = more;
	rows->room = room;
	return true;
}

bool view_rows_make(struct view_rows *rows, const struct view_moment *before,
		    const struct view_moment *now)
{
	size_t old = before ? before->list.count : 0;
	uint32_t *was = calloc(now->list.count + 1, sizeof(*was));
	bool *stays = calloc(old + 1, sizeof(*stays));
	bool good = was && stays && make_room(rows, now->list.count + old + 1);

	if (good && before) {
		pair_up(&before->list, &now->list, false, was, stays);
		pair_up(&before->list, &now->list, true, was, stays);
	}
	if (good)
		merge(rows, before, now, was, stays);
	free(was);
	free(stays);
	return good;
}

void view_rows_free(struct view_rows *rows)
{
	free(rows->row);
	memset(rows, 0, sizeof(*rows));
}

/* ---- choosing --------------------------------------------------------------- */

bool view_row_matches(const struct view_row *row, const char *text)
{
	const struct mms_vma *v = view_row_vma(row);
	char perms[5], start[24];
	uint64_t address;

	if (!strncasecmp(text, "0x", 2) && !mms_address_parse(text, &address, NULL) &&
	    mms_vma_covers(v, address))
		return true;
	mms_perms_format(v, perms);
	snprintf(start, sizeof(start), "0x%" PRIx64, v->start);
	return strcasestr(v->name, text) || strcasestr(perms, text) || strcasestr(start, text) ||
	       strcasestr(mms_purpose_name(v->purpose), text);
}

void view_rows_filter(struct view_rows *rows, const char *text)
{
	size_t kept = 0;

	if (!*text)
		return;
	for (size_t i = 0; i < rows->count; i++)
		if (view_row_matches(&rows->row[i], text))
			rows->row[kept++] = rows->row[i];
	rows->count = kept;
}

size_t view_rows_search(const struct view_rows *rows, size_t from, bool up, const char *text)
{
	size_t n = rows->count;

	for (size_t step = 1; step <= n; step++) {
		size_t i = (up ? from + n - step : from + step) % n;

		if (view_row_matches(&rows->row[i], text))
			return i;
	}
	return n;
}

size_t view_rows_change(const struct view_rows *rows, size_t from)
{
	size_t n = rows->count;

	for (size_t step = 1; step <= n; step++)
		if (rows->row[(from + step) % n].change != VIEW_SAME)
			return (from + step) % n;
	return n;
}

size_t view_rows_find(const struct view_rows *rows, uint64_t start)
{
	size_t best = 0;
	uint64_t above = UINT64_MAX;

	for (size_t i = 0; i < rows->count; i++) {
		uint64_t at = view_row_vma(&rows->row[i])->start;

		/* Of one that is gone and one that is new in its place, the new one. */
		if (at == start && rows->row[i].change != VIEW_GONE)
			return i;
		if (at >= start && at - start < above) {
			above = at - start;
			best = i;
		}
	}
	return above == UINT64_MAX && rows->count ? rows->count - 1 : best;
}

/* ---- sorting ---------------------------------------------------------------- */

struct order {
	enum view_watch_column by;
	bool descending;
};

bool view_column_descends(enum view_watch_column column)
{
	return column == VIEW_COL_SIZE || columns[column].count >= 0;
}

/* The number of a cell; false if it is not known. */
static bool number_of(const struct view_row *row, enum view_watch_column column, uint64_t *value)
{
	const struct view_counts *c = counts_of(row);
	int n = columns[column].count;

	*value = 0;
	if (n < 0) {
		*value = view_row_vma(row)->end - view_row_vma(row)->start;
		return true;
	}
	if (!(c->known >> n & 1))
		return false;
	*value = c->bytes[n];
	return true;
}

static int compare_text(const struct view_row *a, const struct view_row *b,
			enum view_watch_column by)
{
	const struct mms_vma *v = view_row_vma(a), *u = view_row_vma(b);
	char x[5], y[5];

	if (by == VIEW_COL_PURPOSE)
		return strcmp(mms_purpose_name(v->purpose), mms_purpose_name(u->purpose));
	if (by == VIEW_COL_NAME)
		return strcmp(v->name, u->name);
	mms_perms_format(v, x);
	mms_perms_format(u, y);
	return strcmp(x, y);
}

static int compare(const void *x, const void *y, void *arg)
{
	const struct view_row *a = x, *b = y;
	const struct order *o = arg;
	uint64_t m, n;
	int way = 0;

	if (o->by == VIEW_COL_SIZE || columns[o->by].count >= 0) {
		bool p = number_of(a, o->by, &m), q = number_of(b, o->by, &n);

		if (p != q)
			return p ? -1 : 1;
		way = (m > n) - (m < n);
	} else if (o->by != VIEW_COL_START) {
		way = compare_text(a, b, o->by);
	}
	if (way)
		return o->descending ? -way : way;
	m = view_row_vma(a)->start;
	n = view_row_vma(b)->start;
	way = (m > n) - (m < n);
	return o->by == VIEW_COL_START && o->descending ? -way : way;
}

void view_rows_sort(struct view_rows *rows, enum view_watch_column by, bool descending)
{
	struct order order = { by, descending };

	/* As they are made, they are in the order of their addresses. */
	if (by != VIEW_COL_START || descending)
		qsort_r(rows->row, rows->count, sizeof(*rows->row), compare, &order);
}

/* ---- cells ------------------------------------------------------------------ */

void view_row_cell(const struct view_row *row, enum view_watch_column column, bool bytes,
		   char *buf, size_t size)
{
	const struct mms_vma *v = view_row_vma(row);
	uint64_t value;
	char text[24];

	*buf = '\0';
	switch (column) {
	case VIEW_COL_START:
		snprintf(buf, size, "0x%" PRIx64, v->start);
		break;
	case VIEW_COL_PERM:
		mms_perms_format(v, text);
		snprintf(buf, size, "%s", text);
		break;
	case VIEW_COL_PURPOSE:
		snprintf(buf, size, "%s", mms_purpose_name(v->purpose));
		break;
	case VIEW_COL_NAME:
		snprintf(buf, size, "%s", v->name);
		break;
	default:
		if (number_of(row, column, &value))
			snprintf(buf, size, "%s", view_fact_size((struct mms_fact){
				 value, MMS_FROM_MODULE }, bytes, text));
	}
}
