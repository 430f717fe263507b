// SPDX-License-Identifier: GPL-2.0
/*
 * elf-symbols.c - the symbols of an object as a list: one a place, by address, and
 * which of them share a page.  Pure but for the memory of the list: twelve bytes
 * for each symbol.
 */
#include <stdlib.h>
#include <string.h>

#include "object.h"

/* How far down one is looked for that reaches into a page. */
#define SCAN_MAX	256

struct mms_symbols {
	const struct mms_elf *elf;
	size_t count, all;	/* in memory; and those of thread-local storage behind */
	uint32_t *index;	/* into elf->sym */
	uint64_t *end;		/* of those in memory, ascending */
};

/* What has no size is somewhere all the same: it takes a byte. */
static uint64_t end_of(const struct mmsi_sym *s)
{
	uint64_t size = s->size ? s->size : 1;

	return size <= UINT64_MAX - s->value ? s->value + size : UINT64_MAX;
}

/* Whether the symbols at `i` and `k` are names for one thing. */
static bool same_place(const struct mms_elf *e, size_t i, size_t k)
{
	return e->sym[i].value == e->sym[k].value &&
	       (e->sym[i].type == MMS_SYMBOL_TLS) == (e->sym[k].type == MMS_SYMBOL_TLS);
}

/*
 * Of the names of the place that begins at `i`, the first with a size; else the first
 * that is of a thing: an assembler's label without a size marks, it does not hold.
 * *next: where the next place begins.  False: there are but labels.
 */
static bool choose(const struct mms_elf *e, size_t i, size_t *chosen, size_t *next)
{
	bool found = false;

	*chosen = i;
	for (*next = i; *next < e->syms && same_place(e, i, *next); ++*next) {
		const struct mmsi_sym *s = &e->sym[*next];

		if (!s->size && (found || s->type == MMS_SYMBOL_OTHER))
			continue;
		if (!found || !e->sym[*chosen].size)
			*chosen = *next;
		found = true;
	}
	return found;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int mms_symbols_new(const struct mms_elf *e, struct mms_symbols **symbols, struct mms_error *err)
{
	struct mms_symbols *l = calloc(1, sizeof(*l));
	size_t chosen, next;

	if (l) {
		l->elf = e;
		l->index = malloc((e->syms + 1) * sizeof(*l->index));
		l->end = malloc((e->addresses + 1) * sizeof(*l->end));
	}
	if (!l || !l->index || !l->end) {
		mms_symbols_free(l);
		return mmsi_nomem(err);
	}
	for (size_t i = 0; i < e->syms; i = next) {
		if (!choose(e, i, &chosen, &next))
			continue;
		l->index[l->all++] = (uint32_t)chosen;
		if (chosen < e->addresses)
			l->end[l->count++] = end_of(&e->sym[chosen]);
	}
	if (l->count)
		qsort(l->end, l->count, sizeof(*l->end), by_value);
	*symbols = l;
	return 0;
}

void mms_symbols_free(struct mms_symbols *l)
{
	if (!l)
		return;
	free(l->index);
	free(l->end);
	free(l);
}

size_t mms_symbols_count(const struct mms_symbols *l, size_t *tls)
{
	*tls = l->all - l->count;
	return l->count;
}

void mms_symbols_get(const struct mms_symbols *l, size_t i, struct mms_symbol *symbol)
{
	mmsi_symbol_tell(l->elf, &l->elf->sym[l->index[i]], symbol);
}

/* ---- who shares a page ----------------------------------------------------- */

/* Of the symbols in memory, how many begin below `value`. */
static size_t begin_below(const struct mms_symbols *l, uint64_t value)
{
	size_t low = 0, high = l->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (l->elf->sym[l->index[mid]].value < value)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* And how many end at or below it. */
static size_t end_by(const struct mms_symbols *l, uint64_t value)
{
	size_t low = 0, high = l->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (l->end[mid] <= value)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The pages that symbol `i` has a byte in: values from `first` to `last`, inclusive. */
static void pages_of(const struct mms_symbols *l, size_t i, uint64_t *first, uint64_t *last)
{
	const struct mmsi_sym *s = &l->elf->sym[l->index[i]];
	uint64_t mask = mms_page_size() - 1;

	*first = s->value & ~mask;
	*last = (end_of(s) - 1) | mask;
}

size_t mms_symbols_sharing(const struct mms_symbols *l, size_t i)
{
	uint64_t first, last;

	if (i >= l->count)
		return 0;
	pages_of(l, i, &first, &last);
	/* All that end below begin below, too; and it is not another one to itself. */
	return (last == UINT64_MAX ? l->count : begin_below(l, last + 1)) - end_by(l, first) - 1;
}

size_t mms_symbols_sharers(const struct mms_symbols *l, size_t i, size_t *others, size_t max)
{
	size_t found = 0, low = i;
	uint64_t first, last;

	if (i >= l->count)
		return 0;
	pages_of(l, i, &first, &last);
	/* Half of the room is for the nearest below; all are told in their order. */
	for (size_t n = 0; low && found < max / 2 && n < SCAN_MAX; n++) {
		const struct mmsi_sym *s = &l->elf->sym[l->index[low - 1]];

		if (s->max_end <= first && end_of(s) <= first)
			break;
		low--;
		found += end_of(s) > first;
	}
	found = 0;
	for (size_t k = low; k < l->count && found < max; k++) {
		const struct mmsi_sym *s = &l->elf->sym[l->index[k]];

		if (s->value > last)
			break;
		if (k != i && end_of(s) > first)
			others[found++] = k;
	}
	return found;
}
