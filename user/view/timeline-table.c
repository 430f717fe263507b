// SPDX-License-Identifier: GPL-2.0
/*
 * timeline-table.c - columns of a timeline's data, and its tables: open hashing, the
 * entries in the order in which they came, so that a number says which.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "timeline-table.h"

/* ---- columns --------------------------------------------------------------- */

bool timeline_column_open(struct timeline_column *c)
{
	*c = (struct timeline_column){ 0 };
	c->out = open_memstream(&c->data, &c->len);
	if (c->out)
		c->bytes = (uint64_t)fprintf(c->out, "[");
	return c->out != NULL;
}

bool timeline_column_close(struct timeline_column *c)
{
	bool good = c->out && putc(']', c->out) == ']' && !ferror(c->out);

	if (c->out && fclose(c->out))
		good = false;
	c->out = NULL;
	return good;
}

void timeline_column_free(struct timeline_column *c)
{
	if (c->out)
		fclose(c->out);
	free(c->data);
	*c = (struct timeline_column){ 0 };
}

static void count(struct timeline_column *c, int written)
{
	c->bytes += written > 0 ? (uint64_t)written : 0;
}

static const char *comma(struct timeline_column *c)
{
	return c->count++ ? "," : "";
}

void timeline_put(struct timeline_column *c, uint64_t number)
{
	count(c, fprintf(c->out, "%s%" PRIu64, comma(c), number));
}

void timeline_put_null(struct timeline_column *c)
{
	count(c, fprintf(c->out, "%snull", comma(c)));
}

void timeline_put_all(struct timeline_column *c, const uint64_t *number, size_t n)
{
	if (!n) {
		timeline_put_null(c);
		return;
	}
	count(c, fprintf(c->out, "%s[%" PRIu64, comma(c), number[0]));
	for (size_t i = 1; i < n; i++)
		count(c, fprintf(c->out, ",%" PRIu64, number[i]));
	count(c, fprintf(c->out, "]"));
}

void timeline_draw_column(struct view_json *j, const char *key, const struct timeline_column *c)
{
	view_json_raw(j, key, c->data, c->len);
}

/* ---- tables ---------------------------------------------------------------- */

static uint64_t hash_of(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * 0x100000001b3;
	return hash ^ hash >> 29;
}

/* Twice as many slots; what is in them has to be put in again. */
static bool wider(struct timeline_slots *s)
{
	size_t n = s->count ? 2 * s->count : 1024;
	uint32_t *slot = calloc(n, sizeof(*slot));

	if (!slot)
		return false;
	free(s->slot);
	s->slot = slot;
	s->count = n;
	return true;
}

static void put_in(struct timeline_slots *s, uint64_t hash, size_t number)
{
	size_t at = hash & (s->count - 1);

	while (s->slot[at])
		at = (at + 1) & (s->count - 1);
	s->slot[at] = (uint32_t)number + 1;
}

static bool room_for(void **array, size_t size, size_t used, size_t *room)
{
	size_t n = *room ? 2 * *room : 256;
	void *more;

	if (used < *room)
		return true;
	more = reallocarray(*array, n, size);
	if (!more)
		return false;
	*array = more;
	*room = n;
	return true;
}

static bool find_text(const struct timeline_texts *t, const char *text, uint64_t hash,
		      uint32_t *number)
{
	for (size_t at = hash; t->slots.count; at++) {
		uint32_t found = t->slots.slot[at & (t->slots.count - 1)];

		if (!found)
			return false;
		*number = found - 1;
		if (!strcmp(t->text[*number], text))
			return true;
	}
	return false;
}

/* Quoted as JSON, and so that it cannot end the element it is in. */
static uint64_t size_in_page(const char *text)
{
	uint64_t size = 2;

	for (; *text; text++)
		size += *text == '<' || (unsigned char)*text < 0x20 ? 6 :
			*text == '"' || *text == '\\' ? 2 : 1;
	return size;
}

bool timeline_text(struct timeline_texts *t, const char *text, uint32_t *number)
{
	uint64_t hash = hash_of(text, strlen(text));
	struct view_json j = { .out = t->column.out };
	char *copy;

	if (find_text(t, text, hash, number))
		return true;
	if (!room_for((void **)&t->text, sizeof(*t->text), t->count, &t->room))
		return false;
	if (2 * t->count >= t->slots.count) {
		if (!wider(&t->slots))
			return false;
		for (size_t i = 0; i < t->count; i++)
			put_in(&t->slots, hash_of(t->text[i], strlen(t->text[i])), i);
	}
	copy = strdup(text);
	if (!copy)
		return false;
	t->text[t->count] = copy;
	put_in(&t->slots, hash, t->count);
	*number = (uint32_t)t->count++;
	count(&t->column, fprintf(t->column.out, "%s", comma(&t->column)));
	view_json_text(&j, NULL, text);
	t->column.bytes += size_in_page(text);
	return true;
}

void timeline_texts_free(struct timeline_texts *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->text[i]);
	free(t->text);
	free(t->slots.slot);
	timeline_column_free(&t->column);
}

static bool find_vma(const struct timeline_vmas *t, const struct timeline_vma *vma, uint64_t hash,
		     uint32_t *number)
{
	for (size_t at = hash; t->slots.count; at++) {
		uint32_t found = t->slots.slot[at & (t->slots.count - 1)];

		if (!found)
			return false;
		*number = found - 1;
		if (!memcmp(&t->vma[*number], vma, sizeof(*vma)))
			return true;
	}
	return false;
}

bool timeline_vma(struct timeline_vmas *t, const struct timeline_vma *vma, uint32_t *number)
{
	uint64_t hash = hash_of(vma, sizeof(*vma));

	if (find_vma(t, vma, hash, number))
		return true;
	if (!room_for((void **)&t->vma, sizeof(*t->vma), t->count, &t->room))
		return false;
	if (2 * t->count >= t->slots.count) {
		if (!wider(&t->slots))
			return false;
		for (size_t i = 0; i < t->count; i++)
			put_in(&t->slots, hash_of(&t->vma[i], sizeof(*vma)), i);
	}
	t->vma[t->count] = *vma;
	put_in(&t->slots, hash, t->count);
	*number = (uint32_t)t->count++;
	return true;
}

void timeline_vmas_free(struct timeline_vmas *t)
{
	free(t->vma);
	free(t->slots.slot);
}
