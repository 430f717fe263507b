// SPDX-License-Identifier: GPL-2.0
/*
 * glibc.c - the model of glibc's malloc.  Nothing here looks at a process: what
 * a lesson predicts with it is then compared with what the process did.
 */
#include <stdio.h>
#include <string.h>

#include "glibc.h"

#define ALIGNMENT	16ULL	/* of chunks */
#define WORD		8ULL	/* a size field */
#define MINSIZE		32ULL	/* the smallest chunk */

static uint64_t up(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

static bool version_parse(const char *version, int *minor)
{
	int major;

	return sscanf(version, "%d.%d", &major, minor) == 2 && major == 2;
}

/* 2.26 brought the tcache; its size changed in 2.30, and its shape in 2.42. */
bool glibc_known(const char *version, const char **why)
{
	int minor;

	if (!version || !version_parse(version, &minor))
		*why = "the C library is not glibc, and nobody here knows how its malloc works";
	else if (minor < 26)
		*why = "this glibc is older than 2.26: its malloc has no tcache";
	else if (minor > 41)
		*why = "this glibc is newer than 2.41: its tcache has another shape";
	else
		return true;
	return false;
}

uint64_t glibc_chunk(uint64_t request)
{
	uint64_t size = up(request + WORD, ALIGNMENT);

	return size < MINSIZE ? MINSIZE : size;
}

/* The next chunk lends its first word. */
uint64_t glibc_usable(uint64_t request)
{
	return glibc_chunk(request) - WORD;
}

/* No next chunk lends it anything, so there is a word more. */
uint64_t glibc_mmapped_chunk(uint64_t request, uint64_t page)
{
	return up(glibc_chunk(request) + WORD, page);
}

uint64_t glibc_mmapped_usable(uint64_t request, uint64_t page)
{
	return glibc_mmapped_chunk(request, page) - 2 * WORD;
}

uint64_t glibc_last_heap_request(uint64_t threshold)
{
	/* Chunks are multiples of ALIGNMENT: the last one below the threshold. */
	uint64_t chunk = threshold ? (threshold - 1) / ALIGNMENT * ALIGNMENT : 0;

	return chunk < MINSIZE ? 0 : chunk - WORD;
}

static uint64_t tcache_chunk(const char *version)
{
	int minor = 0;

	version_parse(version, &minor);
	/* 64 counters and 64 pointers; a counter was a byte before 2.30. */
	return glibc_chunk(64 * (minor < 30 ? 1 : 2) + 64 * 8);
}

void glibc_heap_start(struct glibc_heap *h, const struct malloc_settings *settings,
		      const char *version, uint64_t page, uint64_t brk)
{
	*h = (struct glibc_heap){
		.settings = *settings,
		.page = page,
		.tcache = tcache_chunk(version),
		.brk = brk,
	};
}

/* The top is too small: what sbrk is asked for, and what comes of it. */
static uint64_t grow(struct glibc_heap *h, uint64_t chunk)
{
	uint64_t size = up(chunk + h->settings.top_pad + MINSIZE - h->top, h->page);
	uint64_t front = 0;

	if (!h->next) {
		/* The first chunk is to be aligned, and the end on a page. */
		front = up(h->brk, ALIGNMENT) - h->brk;
		size = up(h->brk + front + size, h->page) - h->brk;
		h->next = h->brk + front;
	}
	h->brk += size;
	h->top += size - front;
	return size;
}

static uint64_t cut(struct glibc_heap *h, uint64_t chunk)
{
	uint64_t growth = chunk + MINSIZE > h->top ? grow(h, chunk) : 0;

	h->next += chunk;
	h->top -= chunk;
	return growth;
}

void glibc_heap_malloc(struct glibc_heap *h, uint64_t request, struct glibc_malloc *m)
{
	*m = (struct glibc_malloc){ .chunk = glibc_chunk(request),
				    .usable = glibc_usable(request) };
	/* The tcache is a chunk like any other: above a very low threshold it is mmapped. */
	if (h->tcache >= h->settings.mmap_threshold && h->tcache && h->settings.mmap_max)
		h->mmaps++;
	else if (h->tcache)
		m->growth = cut(h, h->tcache);
	h->tcache = 0;
	if (m->chunk + MINSIZE > h->top && m->chunk >= h->settings.mmap_threshold &&
	    h->mmaps < h->settings.mmap_max) {
		m->mmapped = true;
		m->chunk = glibc_mmapped_chunk(request, h->page);
		m->usable = glibc_mmapped_usable(request, h->page);
		h->mmaps++;
		return;
	}
	m->growth += cut(h, m->chunk);
	m->pointer = h->next - m->chunk + 2 * WORD;
}
