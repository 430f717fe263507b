// SPDX-License-Identifier: GPL-2.0
/*
 * mincore-row.c - compares pages with one row of the table: asks mincore,
 * pagemap and smaps themselves, and the judge for the name of the difference.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mincore-row.h"

/* ---- what they say ---------------------------------------------------------- */

#define ROW_PAGES	1024

struct heard {
	size_t mincore, present, swapped;	/* pages */
	int64_t rss, swap;			/* bytes */
};

static bool listen(struct subject *s, uint64_t at, size_t pages, struct heard *h)
{
	static uint64_t entry[ROW_PAGES];

	*h = (struct heard){ .mincore = count_in_core(s, at, pages) };
	if (pages > ROW_PAGES || !read_pagemap(s, at, pages, entry))
		return false;
	for (size_t i = 0; i < pages; i++) {
		h->present += entry[i] & PAGEMAP_PRESENT ? 1 : 0;
		h->swapped += entry[i] & PAGEMAP_SWAPPED ? 1 : 0;
	}
	return true;
}

static bool all_or_none(int wanted, size_t got, size_t pages)
{
	return wanted == UNTOLD || got == (wanted ? pages : 0);
}

/* "1" for every page, "0" for none, else "3 of 4". */
static const char *how_many(size_t n, size_t pages, char buf[48])
{
	if (n && n != pages)
		snprintf(buf, 48, "%zu of %zu", n, pages);
	else
		snprintf(buf, 48, "%d", n != 0);
	return buf;
}

static void heard_words(const struct heard *h, size_t pages, char *buf, size_t size)
{
	char m[48], p[48], s[48], rss[32] = "", swap[32] = "";

	if (h->rss >= 0)
		snprintf(rss, sizeof(rss), ", Rss %" PRId64 " kB", h->rss >> 10);
	if (h->swap > 0)
		snprintf(swap, sizeof(swap), ", Swap %" PRId64 " kB", h->swap >> 10);
	snprintf(buf, size, "mincore %s, pagemap %s%s%s%s%s", how_many(h->mincore, pages, m),
		 how_many(h->present, pages, p), h->swapped ? " swap " : "",
		 h->swapped ? how_many(h->swapped, pages, s) : "", rss, swap);
}

/* ---- the table --------------------------------------------------------------- */

#define ROWS	40
static char table[ROWS][280];
static size_t rows;

void tell_table(struct lesson *l)
{
	for (size_t i = 0; i < rows; i++)
		observe(l, NULL, "%s", table[i]);
	rows = 0;
}

/* ---- the name ---------------------------------------------------------------- */

void explain(struct lesson *l, enum mms_difference d)
{
	static const struct lesson *told_in;
	static uint32_t told;
	char text[900];

	if (told_in != l)
		told = 0;
	told_in = l;
	if (d >= MMS_DIFF_COUNT || told >> d & 1)
		return;
	told |= 1U << d;
	/* The lines of the paragraph are of another width than ours. */
	snprintf(text, sizeof(text), "%s: %s", mms_difference_name(d), mms_difference_explain(d));
	for (char *c = text; (c = strchr(c, '\n'));)
		*c = ' ';
	note(l, "%s", text);
}

/* Pages whose difference the judge gives that name. */
static size_t count_named(struct subject *s, enum mms_witness w, uint64_t at, size_t pages,
			  enum mms_difference d, const struct mms_vma *vma)
{
	static struct mms_said kernel[ROW_PAGES], said[ROW_PAGES];
	struct mms_inquiry *q = subject_inquiry(s);
	struct mms_error err;
	size_t n = 0;

	if (pages > ROW_PAGES || mms_ask_pages(q, MMS_WITNESS_KERNEL, at, pages, kernel, &err) ||
	    mms_ask_pages(q, w, at, pages, said, &err))
		return 0;
	for (size_t i = 0; i < pages; i++)
		n += mms_judge(w, &kernel[i], &said[i], vma).named >> d & 1;
	return n;
}

static void expect_named(struct lesson *l, struct subject *s, uint64_t at, size_t pages,
			 const struct row *r)
{
	struct mms_vma vma;
	size_t n;

	if (r->name == NO_NAME)
		return;
	if (r->who && look_vma(l, s, at, &vma)) {
		n = count_named(s, r->who, at, pages, r->name, &vma);
		expect_true(l, "named", n > 0, "the difference of %s from the module is called %s",
			    mms_witness_name(r->who), mms_difference_name(r->name));
	}
	explain(l, r->name);
}

/* ---- a row ------------------------------------------------------------------- */

void expect_row(struct lesson *l, struct subject *s, uint64_t at, size_t pages,
		const struct row *r)
{
	struct heard h, w = { 0 };
	char got[200], want[200];
	bool good;

	if (r->pattern)
		expect_pages(l, "pages", s, at, pages, "%s", r->pattern);
	good = listen(s, at, pages, &h);
	h.rss = r->rss == UNTOLD ? UNTOLD : look_smaps(l, s, at, "Rss");
	h.swap = r->swap == UNTOLD ? UNTOLD : look_smaps(l, s, at, "Swap");
	good = good && all_or_none(r->mincore, h.mincore, pages) &&
	       all_or_none(r->present, h.present, pages) &&
	       all_or_none(r->swapped, h.swapped, pages) && h.rss == r->rss && h.swap == r->swap;
	heard_words(&h, pages, got, sizeof(got));
	w = (struct heard){ r->mincore == UNTOLD ? h.mincore : r->mincore ? pages : 0,
			    r->present ? pages : 0, r->swapped ? pages : 0, r->rss, r->swap };
	heard_words(&w, pages, want, sizeof(want));
	if (good)
		expect_true(l, "row", true, "%s", got);
	else
		expect_true(l, "row", false, "%s, but %s", want, got);
	expect_named(l, s, at, pages, r);
	if (rows < ROWS)
		snprintf(table[rows++], sizeof(table[0]), "%s: %s", got, r->words);
}
