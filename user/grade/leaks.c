// SPDX-License-Identifier: GPL-2.0
/*
 * leaks.c - what the allocator gave out and did not get back: blocks by their
 * address, as the calls of the first process told of them.
 */
#include <stdlib.h>
#include <string.h>

#include "grade.h"

struct block {
	uint64_t address, size;	/* address 0: free; 1: was taken out */
};

struct grade_leaks {
	struct block *block;
	size_t room, used;	/* used: with those that were taken out */
	bool failed;		/* no memory; calls were lost, or did not tell the address */
};

struct grade_leaks *grade_leaks_new(void)
{
	return calloc(1, sizeof(struct grade_leaks));
}

void grade_leaks_free(struct grade_leaks *l)
{
	if (l)
		free(l->block);
	free(l);
}

static struct block *slot(struct block *block, size_t room, uint64_t address)
{
	size_t i = (size_t)(address * 0x9e3779b97f4a7c15ULL >> 20) & (room - 1);

	while (block[i].address && block[i].address != address)
		i = (i + 1) & (room - 1);
	return &block[i];
}

static bool grow(struct grade_leaks *l)
{
	size_t room = l->room ? 2 * l->room : 1024;
	struct block *more = calloc(room, sizeof(*more));

	if (!more)
		return false;
	l->used = 0;
	for (size_t i = 0; i < l->room; i++)
		if (l->block[i].address > 1) {
			*slot(more, room, l->block[i].address) = l->block[i];
			l->used++;
		}
	free(l->block);
	l->block = more;
	l->room = room;
	return true;
}

static void given(struct grade_leaks *l, uint64_t address, uint64_t size)
{
	struct block *b;

	if (!address)
		return;
	if (2 * l->used >= l->room && !grow(l)) {
		l->failed = true;
		return;
	}
	b = slot(l->block, l->room, address);
	if (!b->address)
		l->used++;
	*b = (struct block){ address, size };
}

static void taken(struct grade_leaks *l, uint64_t address)
{
	struct block *b = l->room && address ? slot(l->block, l->room, address) : NULL;

	if (b && b->address)
		b->address = 1;
}

/* The buffers of stdio live until the end, and are no fault of the program's. */
static bool is_stdio(const struct mms_trace_event *e)
{
	return e->frames && e->frame[0].library && !strcmp(e->function, "malloc") &&
	       (e->args[0] == 1024 || e->args[0] == 4096);
}

void grade_leaks_note(struct grade_leaks *l, const struct mms_trace_event *e)
{
	const char *f = e->function;

	if (e->kind == MMS_TRACE_LOST)
		l->failed = true;
	if (e->kind != MMS_TRACE_MALLOC || is_stdio(e))
		return;
	if (!strcmp(f, "free"))
		taken(l, e->args[0]);
	else if (!strcmp(f, "calloc"))
		given(l, e->result, e->args[0] * e->args[1]);
	else if (!strcmp(f, "malloc") || !strcmp(f, "valloc") || !strcmp(f, "pvalloc"))
		given(l, e->result, e->args[0]);
	else if (!strcmp(f, "aligned_alloc") || !strcmp(f, "memalign"))
		given(l, e->result, e->args[1]);
	else if (!strcmp(f, "posix_memalign") && !e->result)
		l->failed = true;
	else if (!strcmp(f, "realloc") || !strcmp(f, "reallocarray")) {
		uint64_t size = f[7] ? e->args[1] * e->args[2] : e->args[1];

		if (e->result || !size)
			taken(l, e->args[0]);
		given(l, e->result, size);
	}
}

bool grade_leaks_sum(const struct grade_leaks *l, uint64_t *bytes, uint64_t *blocks)
{
	*bytes = *blocks = 0;
	for (size_t i = 0; i < l->room; i++)
		if (l->block[i].address > 1) {
			*bytes += l->block[i].size;
			++*blocks;
		}
	return !l->failed;
}
