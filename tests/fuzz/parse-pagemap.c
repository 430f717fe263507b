// SPDX-License-Identifier: GPL-2.0
/*
 * parse-pagemap.c - the entries of /proc/PID/pagemap, filtered and joined to
 * runs; against the same done page by page, as simply as can be.
 *
 * An input is a query (a byte of flags, four masks of one byte each, max_pages,
 * a byte that says after how many runs the caller has enough), then entries: a
 * byte of bits and, if they ask for it, a gap before it or a frame that follows.
 */
#include "fuzz.h"
#include "procfs.h"

#define PAGES_MAX	4096
#define BITS		(MMSCOPE_CAT(PRESENT) | MMSCOPE_CAT(SWAPPED) | \
			 MMSCOPE_CAT(UFFD_WP) | MMSCOPE_CAT(SOFT_DIRTY))

struct page {
	uint64_t address, entry;
};

struct got {
	const struct mms_pages_query *query;
	const struct page *page;
	size_t pages, at;		/* at: the next that can be told of */
	uint64_t told, end;
	uint64_t runs, enough;
};

static uint64_t mask(const uint8_t **data, size_t *size)
{
	uint64_t v = number_of(data, size, 1);

	return (v & 1 ? MMSCOPE_CAT(PRESENT) : 0) | (v & 2 ? MMSCOPE_CAT(SWAPPED) : 0) |
	       (v & 4 ? MMSCOPE_CAT(UFFD_WP) : 0) | (v & 8 ? MMSCOPE_CAT(SOFT_DIRTY) : 0);
}

static uint64_t categories(uint64_t entry)
{
	return (entry >> 63 & 1 ? MMSCOPE_CAT(PRESENT) : 0) |
	       (entry >> 62 & 1 ? MMSCOPE_CAT(SWAPPED) : 0) |
	       (entry >> 57 & 1 ? MMSCOPE_CAT(UFFD_WP) : 0) |
	       (entry >> 55 & 1 ? MMSCOPE_CAT(SOFT_DIRTY) : 0);
}

static bool is_wanted(const struct mms_pages_query *q, uint64_t entry)
{
	uint64_t cats = categories(entry);

	return (cats & q->all_of) == q->all_of && (!q->any_of || cats & q->any_of) &&
	       !(cats & q->none_of);
}

static uint64_t frame(const struct mms_pages_query *q, uint64_t entry)
{
	return q->flags & MMS_PAGES_FRAMES && entry >> 62 ? entry & ((1ULL << 55) - 1) : 0;
}

/* Each page of a run is the next that is wanted, and is as the run says. */
static int take(const struct mmscope_run *run, void *arg)
{
	uint64_t size = mms_page_size();
	struct got *g = arg;

	PROMISE(run->start < run->end && run->start >= g->end);
	PROMISE(!(run->categories & ~g->query->categories));
	for (uint64_t a = run->start; a < run->end; a += size, g->at++) {
		uint64_t entry;

		while (g->at < g->pages && !is_wanted(g->query, g->page[g->at].entry))
			g->at++;
		PROMISE(g->at < g->pages && g->page[g->at].address == a);
		entry = g->page[g->at].entry;
		PROMISE((categories(entry) & g->query->categories) == run->categories);
		if (!run->frame || a == run->start)
			PROMISE(frame(g->query, entry) == run->frame);
		else	/* only frames of pages that are present follow each other */
			PROMISE(entry >> 63 && g->page[g->at - 1].entry >> 63 &&
				frame(g->query, entry) == run->frame + (a - run->start) / size);
		g->told++;
	}
	g->end = run->end;
	return ++g->runs == g->enough;
}

static size_t read_pages(const uint8_t *data, size_t size, struct page *page)
{
	uint64_t address = 0x10000, last = 0;
	size_t n;

	for (n = 0; n < PAGES_MAX && size; n++, address += mms_page_size()) {
		uint64_t bits = number_of(&data, &size, 1);

		if (bits & 0x10)
			address += mms_page_size() * number_of(&data, &size, 2);
		last = bits & 0x20 ? last + 1 : bits & 0x40 ? number_of(&data, &size, 7) : last;
		last &= (1ULL << 55) - 1;
		page[n] = (struct page){ address, last | (bits & 1) << 63 | (bits >> 1 & 1) << 62 |
					 (bits >> 2 & 1) << 57 | (bits >> 3 & 1) << 55 };
	}
	return n;
}

/* How many of the next pages follow each other and have the same entry. */
static size_t alike(const struct page *page, size_t pages)
{
	size_t n = 1;

	while (n < pages && page[n].entry == page->entry &&
	       page[n].address == page->address + n * mms_page_size())
		n++;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct page page[PAGES_MAX];
	struct mms_pages_query q = {
		.flags = number_of(&data, &size, 1) & 1 ? MMS_PAGES_FRAMES : 0,
		.categories = mask(&data, &size), .all_of = mask(&data, &size),
		.any_of = mask(&data, &size), .none_of = mask(&data, &size),
		.max_pages = number_of(&data, &size, 1),
	};
	struct got g = { .query = &q, .page = page, .enough = number_of(&data, &size, 1) };
	struct mmsi_pagemap s = { .query = &q, .run = take, .arg = &g };
	uint64_t wanted = 0;

	g.pages = read_pages(data, size, page);
	for (size_t i = 0, same; i < g.pages && !s.stop && !s.full; i += same) {
		same = alike(page + i, g.pages - i);
		mmsi_pagemap_add_many(&s, page[i].address, page[i].entry, same);
	}
	mmsi_pagemap_flush(&s);
	for (size_t i = 0; i < g.pages; i++)
		wanted += is_wanted(&q, page[i].entry);
	if (q.max_pages && wanted > q.max_pages)
		wanted = q.max_pages;
	PROMISE(s.stop ? g.told <= wanted && g.runs == g.enough : g.told == wanted);
	PROMISE(s.pages >= g.told && s.pages <= wanted);
	return 0;
}
