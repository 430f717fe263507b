// SPDX-License-Identifier: GPL-2.0
/*
 * pages.c - what is predicted of pages, compared with what every witness says
 * of each of them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

#define CAT(name)	MMSCOPE_CAT(name)

/* ---- asking everybody ------------------------------------------------------ */

struct exam {
	uint64_t start;
	size_t pages;
	char *letter;			/* by the module, a letter a page */
	bool spoke[MMS_WITNESS_COUNT];
	size_t present[MMS_WITNESS_COUNT], swapped[MMS_WITNESS_COUNT], in_core[MMS_WITNESS_COUNT];
	uint32_t claims[MMS_WITNESS_COUNT];	/* of which it spoke */
	size_t named[MMS_DIFF_COUNT];
	/* The first difference without a name. */
	bool wrong;
	size_t wrong_page;
	char wrong_text[200];
};

static char letter_of(uint64_t c)
{
	if (c & CAT(GUARD))
		return 'g';
	if (c & (CAT(SWAPPED) | CAT(MIGRATING) | CAT(DEVICE) | CAT(POISONED)))
		return 'S';
	if (c & CAT(PRESENT)) {
		if (c & CAT(HUGETLB))
			return 'h';
		if (c & CAT(ZERO))
			return c & (CAT(HUGE_PMD) | CAT(HUGE_PUD)) ? 'Z' : 'z';
		if (c & CAT(SPECIAL))
			return 's';
		if (c & CAT(SHMEM))
			return 'M';
		if (c & CAT(FILE))
			return 'F';
		return c & (CAT(HUGE_PMD) | CAT(HUGE_PUD)) ? 'H' : 'R';
	}
	if (c & CAT(CACHE_SWAPPED))
		return 'T';
	if (c & CAT(CACHE_UNKNOWN))
		return 'u';
	return c & CAT(IN_CORE) ? 'c' : '.';
}

static const char *claim_words(uint32_t claim, bool yes, char buf[48])
{
	snprintf(buf, 48, "%s%s", yes ? "" : "not ", mms_claim_name((enum mms_claim)claim));
	return buf;
}

static void found_wrong(struct exam *e, enum mms_witness w, size_t page,
			const struct mms_said *kernel, const struct mms_said *said, uint32_t wrong)
{
	char a[48], b[48];
	int c = __builtin_ctz(wrong);

	if (e->wrong)
		return;
	e->wrong = true;
	e->wrong_page = page;
	if (1U << c == MMS_WRONG_FRAME)
		snprintf(e->wrong_text, sizeof(e->wrong_text), "%s says frame 0x%" PRIx64
			 ", the module 0x%" PRIx64, mms_witness_name(w), said->frame, kernel->frame);
	else
		snprintf(e->wrong_text, sizeof(e->wrong_text), "%s says it is %s, the module that it is %s",
			 mms_witness_name(w), claim_words((uint32_t)c, said->yes >> c & 1, a),
			 claim_words((uint32_t)c, kernel->yes >> c & 1, b));
}

static void count(struct exam *e, enum mms_witness w, const struct mms_said *said)
{
	e->spoke[w] = true;
	e->claims[w] |= said->told;
	e->present[w] += said->yes & MMS_CLAIM(PRESENT) ? 1 : 0;
	e->swapped[w] += said->yes & MMS_CLAIM(SWAPPED) ? 1 : 0;
	e->in_core[w] += said->yes & MMS_CLAIM(IN_CORE) ? 1 : 0;
}

/* Pages of one VMA, up to what can be asked at once: `first` is their place in e. */
static void examine_piece(struct lesson *l, struct subject *s, struct exam *e, size_t first,
			  size_t n, const struct mms_vma *v)
{
	static struct mms_said kernel[MMS_INSIDE_PAGES], said[MMS_INSIDE_PAGES];
	uint64_t start = e->start + first * l->machine.page;
	struct mms_error err;

	if (mms_ask_pages(s->inquiry, MMS_WITNESS_KERNEL, start, n, kernel, &err))
		need(l, false, "%s: %s", err.what, err.why);
	for (size_t i = 0; i < n; i++) {
		e->letter[first + i] = letter_of(kernel[i].categories);
		count(e, MMS_WITNESS_KERNEL, &kernel[i]);
	}
	for (enum mms_witness w = MMS_WITNESS_KERNEL + 1; w < MMS_WITNESS_COUNT; w++) {
		if (!mms_witness_of_pages(w) || mms_witness_absent(s->inquiry, w))
			continue;
		if (mms_ask_pages(s->inquiry, w, start, n, said, &err))
			need(l, false, "%s: %s", err.what, err.why);
		for (size_t i = 0; i < n; i++) {
			struct mms_judgement j = mms_judge(w, &kernel[i], &said[i], v);

			count(e, w, &said[i]);
			for (int d = 0; d < MMS_DIFF_COUNT; d++)
				e->named[d] += j.named >> d & 1;
			if (j.wrong)
				found_wrong(e, w, first + i, &kernel[i], &said[i], j.wrong);
		}
	}
}

static void examine_once(struct lesson *l, struct subject *s, struct exam *e)
{
	uint64_t page = l->machine.page, end = e->start + e->pages * page;
	char *letter = e->letter;
	struct mms_vmas vmas = { 0 };
	struct mms_error err;

	*e = (struct exam){ .start = e->start, .pages = e->pages, .letter = letter };
	memset(letter, '_', e->pages);
	letter[e->pages] = 0;
	if (mms_vmas_read(s->target, e->start, end, 0, 0, &vmas, &err))
		need(l, false, "%s: %s", err.what, err.why);
	for (size_t i = 0; i < vmas.count; i++) {
		const struct mms_vma *v = &vmas.vma[i];
		uint64_t at = v->start > e->start ? v->start : e->start, to = v->end < end ? v->end : end;

		for (; at < to; at += MMS_INSIDE_PAGES * page) {
			uint64_t n = (to - at) / page;

			examine_piece(l, s, e, (at - e->start) / page,
				      n < MMS_INSIDE_PAGES ? n : MMS_INSIDE_PAGES, v);
		}
	}
	mms_vmas_free(&vmas);
}

/* A page that moves meanwhile is seen differently: what is wrong stays so. */
static void examine(struct lesson *l, struct subject *s, struct exam *e)
{
	for (int tries = 0; tries < 4; tries++) {
		examine_once(l, s, e);
		if (!e->wrong)
			return;
		usleep(5000U << tries);
	}
}

/* ---- smaps ----------------------------------------------------------------- */

static size_t letters_in(const struct exam *e, const char *set)
{
	size_t n = 0;

	for (size_t i = 0; i < e->pages; i++)
		n += strchr(set, e->letter[i]) != NULL;
	return n;
}

/* smaps tells of whole VMAs: only if the range is one. */
static void examine_smaps(struct lesson *l, struct subject *s, struct exam *e)
{
	uint64_t rss = letters_in(e, "RHFM") * l->machine.page, said;
	struct mms_vmas vmas = { 0 };
	struct mms_error err;
	size_t i;

	if (mms_ask_vmas(s->inquiry, MMS_WITNESS_SMAPS, &vmas, &err))
		need(l, false, "%s: %s", err.what, err.why);
	i = mms_vmas_find(&vmas, e->start);
	if (vmas.acct && i < vmas.count && vmas.vma[i].start == e->start &&
	    vmas.vma[i].end == e->start + e->pages * l->machine.page) {
		said = vmas.acct[i].rss;
		observe(l, "smaps", "Rss %" PRIu64 " kB%s", said >> 10,
			letters_in(e, "zZ") ? " (the zero page does not count)" : "");
		if (said != rss && !e->wrong) {
			e->wrong = true;
			e->wrong_page = e->pages;
			snprintf(e->wrong_text, sizeof(e->wrong_text), "smaps says Rss %" PRIu64
				 " kB, the module's pages make %" PRIu64 " kB", said >> 10, rss >> 10);
		}
	}
	mms_vmas_free(&vmas);
}

/* ---- telling --------------------------------------------------------------- */

static void tell_silent(struct lesson *l, struct subject *s)
{
	for (enum mms_witness w = 0; w < MMS_WITNESS_COUNT; w++) {
		const char *why = mms_witness_absent(s->inquiry, w);

		if (!why || !mms_witness_of_pages(w) || l->silent_told >> w & 1)
			continue;
		l->silent_told |= 1U << w;
		view_lesson_line(l->view, VIEW_LESSON_SILENT, mms_witness_name(w), why);
	}
}

static void tell_seen(struct lesson *l, const struct exam *e)
{
	char swapped[48];

	for (enum mms_witness w = 0; w < MMS_WITNESS_COUNT; w++) {
		if (!e->spoke[w])
			continue;
		if (!(e->claims[w] & MMS_CLAIM(PRESENT))) {
			observe(l, mms_witness_name(w), "%zu of %zu pages in core", e->in_core[w],
				e->pages);
			continue;
		}
		*swapped = 0;
		if (e->swapped[w])
			snprintf(swapped, sizeof(swapped), ", %zu in swap", e->swapped[w]);
		observe(l, mms_witness_name(w), "%zu of %zu pages present%s", e->present[w], e->pages,
			swapped);
	}
}

static void tell_named(struct lesson *l, const struct exam *e)
{
	char text[400];

	for (enum mms_difference d = 0; d < MMS_DIFF_COUNT; d++) {
		if (!e->named[d])
			continue;
		snprintf(text, sizeof(text), "%zu page%s%s%s", e->named[d], e->named[d] > 1 ? "s" : "",
			 l->named_told >> d & 1 ? "" : ": ",
			 l->named_told >> d & 1 ? "" : mms_difference_brief(d));
		l->named_told |= 1U << d;
		view_lesson_line(l->view, VIEW_LESSON_NAMED, mms_difference_name(d), text);
	}
}

/* ---- expectations ---------------------------------------------------------- */

static const char *letter_words(char letter)
{
	static const struct { char letter; const char *words; } words[] = {
		{ '.', "not there" }, { 'z', "the zero page" }, { 'Z', "the huge zero page" },
		{ 'R', "memory of its own" }, { 'H', "memory of its own, mapped by a huge entry" },
		{ 'F', "a page of a file" }, { 'M', "shared memory" }, { 'S', "in swap" },
		{ 'T', "shared memory in swap" }, { 'c', "not mapped, but in the page cache" },
		{ 'u', "not mapped, its cache untold" }, { 'g', "a guard" }, { 's', "special" },
		{ 'h', "of the hugetlb pool" }, { '_', "not mapped at all" }, { 'P', "present" },
		{ 'N', "not present" }, { 'A', "memory of its own, huge or not" },
		{ '0', "a zero page" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].letter == letter)
			return words[i].words;
	return "?";
}

static bool conclude(struct lesson *l, const char *what, const struct exam *e, const char *wanted)
{
	for (size_t i = 0; i < e->pages; i++)
		if (!pattern_allows(wanted[i], e->letter[i]))
			return verdict(l, what, VERDICT_WRONG, NULL,
				       "page %zu of the region (0x%" PRIx64 ") is %s; predicted: %s", i,
				       e->start + i * l->machine.page, letter_words(e->letter[i]),
				       letter_words(wanted[i]));
	if (e->wrong && e->wrong_page == e->pages)
		return verdict(l, what, VERDICT_WRONG, NULL, "%s, and no name explains it",
			       e->wrong_text);
	if (e->wrong)
		return verdict(l, what, VERDICT_WRONG, NULL,
			       "page %zu of the region (0x%" PRIx64 "): %s, and no name explains it",
			       e->wrong_page, e->start + e->wrong_page * l->machine.page,
			       e->wrong_text);
	return verdict(l, what, VERDICT_OK, NULL, e->pages == 1 ? "the page is as predicted" :
		       "all %zu pages are as predicted", e->pages);
}

bool expect_pages(struct lesson *l, const char *what, struct subject *s, uint64_t address,
		  size_t pages, const char *format, ...)
{
	struct exam e = { .start = address & ~(l->machine.page - 1), .pages = pages };
	char pattern[512];
	char *buf = calloc(2, pages + 1);
	const char *wrong;
	va_list args;
	bool good;

	need(l, buf, "out of memory");
	va_start(args, format);
	vsnprintf(pattern, sizeof(pattern), format, args);
	va_end(args);
	wrong = pattern_spread(pattern, pages, buf);
	need(l, !wrong, "the pattern \"%s\": %s", pattern, wrong);
	e.letter = buf + pages + 1;
	examine(l, s, &e);
	tell_seen(l, &e);
	examine_smaps(l, s, &e);
	tell_silent(l, s);
	tell_named(l, &e);
	view_lesson_strip(l->view, e.letter, pages);
	good = conclude(l, what, &e, buf);
	free(buf);
	return good;
}

void look_pages(struct lesson *l, struct subject *s, uint64_t address, size_t pages, char *buf)
{
	struct exam e = { .start = address & ~(l->machine.page - 1), .pages = pages, .letter = buf };

	examine_once(l, s, &e);
}

void strip(struct lesson *l, struct subject *s, uint64_t address, size_t pages)
{
	char *buf = calloc(1, pages + 1);

	need(l, buf, "out of memory");
	look_pages(l, s, address, pages, buf);
	view_lesson_strip(l->view, buf, pages);
	free(buf);
}

bool expect_categories(struct lesson *l, const char *what, struct subject *s, uint64_t address,
		       size_t pages, uint64_t all, uint64_t none)
{
	uint64_t start = address & ~(l->machine.page - 1), good = 0;
	struct mms_pages_query q = {
		.start = start, .end = start + pages * l->machine.page,
		.categories = all | none, .all_of = all, .none_of = none,
	};
	char a[200], b[200];
	struct mms_error err;

	if ((all | none) & ~mms_target_categories(s->target)) {
		verdict(l, what, VERDICT_SKIP, NULL, "this kernel cannot tell all of that");
		return true;
	}
	if (mms_pages(s->target, &q, NULL, NULL, &good, &err))
		need(l, false, "%s: %s", err.what, err.why);
	mms_categories_format(all, a, sizeof(a));
	mms_categories_format(none, b, sizeof(b));
	return verdict(l, what, good == pages ? VERDICT_OK : VERDICT_WRONG, NULL,
		       "%" PRIu64 " of %zu pages are %s%s%s%s", good, pages, a,
		       all && none ? ", " : "", none ? "not " : "", b);
}
