// SPDX-License-Identifier: GPL-2.0
/*
 * verify-pages.c - every page, one by one, as each witness has it.
 * A comparison counts only if the module said the same before and after the
 * others were asked.  What does not settle is asked again, at last of a process
 * that is held still.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verify.h"

#define CAT(name)	MMSCOPE_CAT(name)

#define ROUNDS		6	/* of a process that runs */
#define LAST_TRIES	20	/* for each span, in the end */

/*
 * Of a reserve that nobody touched only samples are compared: to read a
 * terabyte of pagemap would take minutes.
 */
#define WHOLE_PAGES	65536	/* a VMA up to here is compared page by page */
#define SAMPLE		256	/* of a long untouched run: so many in front, midst, end */
#define SAMPLED_RUNS	64	/* so many such runs; the others are left out */

/* ---- spans ----------------------------------------------------------------- */

static int span_add(struct mmsi_spans *s, uint64_t start, size_t pages)
{
	struct mmsi_span *last = s->count ? &s->span[s->count - 1] : NULL, *more;

	if (!pages)
		return 0;
	if (last && last->start + last->pages * mms_page_size() == start) {
		last->pages += pages;
		return 0;
	}
	if (s->count == s->room) {
		size_t room = s->room ? 2 * s->room : 64;

		more = realloc(s->span, room * sizeof(*more));
		if (!more)
			return -1;
		s->span = more;
		s->room = room;
	}
	s->span[s->count++] = (struct mmsi_span){ start, pages };
	return 0;
}

static uint64_t span_pages(const struct mmsi_spans *s)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->count; i++)
		sum += s->span[i].pages;
	return sum;
}

/* ---- what is to be compared ------------------------------------------------ */

struct choosing {
	struct mmsi_hearing *h;
	struct mmsi_spans *spans;
	size_t sampled;
};

static int choose_run(const struct mmscope_run *run, void *arg)
{
	struct choosing *c = arg;
	uint64_t page = mms_page_size();
	size_t pages = (run->end - run->start) / page, middle = pages / 2 - SAMPLE / 2;
	bool idle = !(run->categories & ~(CAT(SOFT_DIRTY) | CAT(CACHE_UNKNOWN)));

	if (!idle || pages <= 4 * SAMPLE)
		return span_add(c->spans, run->start, pages);
	if (c->sampled++ >= SAMPLED_RUNS) {
		c->h->verdict->unsampled += pages;
		return 0;
	}
	c->h->verdict->unsampled += pages - 3 * SAMPLE;
	return span_add(c->spans, run->start, SAMPLE) ||
	       span_add(c->spans, run->start + middle * page, SAMPLE) ||
	       span_add(c->spans, run->end - SAMPLE * page, SAMPLE);
}

static int choose_vma(struct mmsi_hearing *h, const struct mms_vma *v, struct mmsi_spans *spans,
		      struct mms_error *err)
{
	struct choosing c = { .h = h, .spans = spans };
	struct mms_pages_query query = {
		.start = v->start,
		.end = v->end,
		/* Enough to tell what was never touched from what was. */
		.categories = h->target->categories & (MMSCOPE_CATS_ENTRY | MMSCOPE_CATS_CACHE) &
			      ~(CAT(ACCESSED) | CAT(DIRTY)),
	};

	if ((v->end - v->start) / mms_page_size() > WHOLE_PAGES)
		return mms_pages(h->target, &query, choose_run, &c, NULL, err);
	return span_add(spans, v->start, (v->end - v->start) / mms_page_size()) ?
	       mmsi_nomem(err) : 0;
}

static int choose(struct mmsi_hearing *h, struct mmsi_spans *spans, struct mms_error *err)
{
	for (size_t i = 0; i < h->vmas.count; i++)
		if (choose_vma(h, &h->vmas.vma[i], spans, err))
			return -1;
	return 0;
}

/* ---- asking ---------------------------------------------------------------- */

static int ask(struct mmsi_hearing *h, enum mms_witness w, uint64_t start, size_t n,
	       struct mms_said *said, struct mms_error *err)
{
	struct mms_error e;

	if (!mms_ask_pages(h->inquiry, w, start, n, said, &e))
		return 0;
	/* One that falls silent in the midst is left out from then on. */
	if (e.status != MMS_GONE && w != MMS_WITNESS_KERNEL) {
		snprintf(h->verdict->absent[w], sizeof(h->verdict->absent[w]), "%.159s",
			 e.why);
		free(h->said[w]);
		h->said[w] = NULL;
		return 0;
	}
	if (err)
		*err = e;
	return -1;
}

/*
 * A call inside takes its time, and so has a sandwich of its own: the shorter
 * the time between two looks of the module, the less goes unseen in it.
 */
static int look(struct mmsi_hearing *h, uint64_t start, size_t n, struct mms_error *err)
{
	if (ask(h, MMS_WITNESS_KERNEL, start, n, h->before, err))
		return -1;
	if (h->said[MMS_WITNESS_MINCORE] &&
	    ask(h, MMS_WITNESS_MINCORE, start, n, h->said[MMS_WITNESS_MINCORE], err))
		return -1;
	if (ask(h, MMS_WITNESS_KERNEL, start, n, h->between, err))
		return -1;
	for (int w = 0; w < MMS_WITNESS_COUNT; w++)
		if (h->said[w] && w != MMS_WITNESS_MINCORE &&
		    ask(h, w, start, n, h->said[w], err))
			return -1;
	return ask(h, MMS_WITNESS_KERNEL, start, n, h->after, err);
}

/* ---- judging --------------------------------------------------------------- */

enum outcome { AGREED, DIFFERED, MOVED, UNMAPPED };

static bool moved(const struct mmsi_hearing *h, size_t i)
{
	return memcmp(&h->before[i], &h->between[i], sizeof(h->before[i])) ||
	       memcmp(&h->before[i], &h->after[i], sizeof(h->before[i]));
}

/* No VMA covers it any more: then nobody may say that something is there. */
static enum outcome judge_unmapped(const struct mmsi_hearing *h, size_t i)
{
	for (int w = 0; w < MMS_WITNESS_COUNT; w++)
		if (h->said[w] && h->said[w][i].told && h->said[w][i].yes)
			return DIFFERED;
	return UNMAPPED;
}

static enum outcome judge(const struct mmsi_hearing *h, const struct mms_vma *v, size_t i)
{
	if (moved(h, i))
		return MOVED;
	if (!h->before[i].told)
		return judge_unmapped(h, i);
	for (int w = 0; w < MMS_WITNESS_COUNT; w++) {
		if (!h->said[w])
			continue;
		/* It found a hole in what the module found mapped. */
		if (!h->said[w][i].told)
			return MOVED;
		if (mms_judge(w, &h->before[i], &h->said[w][i], v).wrong)
			return DIFFERED;
	}
	return AGREED;
}

static void count_said(struct mms_verdict *v, enum mms_witness w, const struct mms_said *s)
{
	uint32_t there = w == MMS_WITNESS_MINCORE ? MMS_CLAIM(IN_CORE) : MMS_CLAIM(PRESENT);

	v->has[MMS_ASK_RESIDENT][w] = true;
	v->total[MMS_ASK_RESIDENT][w] += !!(s->yes & there);
	if (!(s->told & MMS_CLAIM(SWAPPED)))
		return;
	v->has[MMS_ASK_SWAPPED][w] = true;
	v->total[MMS_ASK_SWAPPED][w] += !!(s->yes & MMS_CLAIM(SWAPPED));
}

/* A page that has settled goes into the sums. */
static void tally(struct mmsi_hearing *h, const struct mms_vma *v, size_t i)
{
	struct mms_verdict *sum = h->verdict;

	sum->pages++;
	count_said(sum, MMS_WITNESS_KERNEL, &h->before[i]);
	for (int w = 0; w < MMS_WITNESS_COUNT; w++) {
		uint32_t named;

		if (!h->said[w])
			continue;
		named = mms_judge(w, &h->before[i], &h->said[w][i], v).named;
		count_said(sum, w, &h->said[w][i]);
		for (int d = 0; d < MMS_DIFF_COUNT; d++)
			sum->named[d][w] += named >> d & 1;
	}
}

static void say_claims(uint32_t claims, const struct mms_said *s, char buf[80])
{
	int len = 0;

	buf[0] = '\0';
	for (int c = 0; c < MMS_CLAIM_COUNT; c++)
		if (claims >> c & 1 && len < 60)
			len += snprintf(buf + len, 80 - (size_t)len, "%s%s%s", len ? ", " : "",
					s->yes >> c & 1 ? "" : "not ", mms_claim_name(c));
	if (claims & MMS_WRONG_FRAME)
		snprintf(buf + len, 80 - (size_t)len, "%sframe 0x%" PRIx64, len ? ", " : "",
			 s->frame);
}

static void fail_page(struct mmsi_hearing *h, const struct mms_vma *v, size_t i, uint64_t address)
{
	for (int w = 0; w < MMS_WITNESS_COUNT; w++) {
		const struct mms_said *k = &h->before[i], *s = h->said[w] ? &h->said[w][i] : NULL;
		char kernel[80], other[80], what[40];
		uint32_t wrong;

		if (!s || !s->told)
			continue;
		wrong = k->told ? mms_judge(w, k, s, v).wrong : s->yes;
		if (!wrong)
			continue;
		if (k->told)
			say_claims(wrong, k, kernel);
		else
			snprintf(kernel, sizeof(kernel), "not mapped");
		say_claims(wrong, s, other);
		snprintf(what, sizeof(what), "%s", wrong & MMS_WRONG_FRAME ? "frame" :
			 mms_claim_name(__builtin_ctz(wrong)));
		mmsi_failure(h, w, address, v->start, what, kernel, other);
	}
}

/* ---- one look at a span ---------------------------------------------------- */

static const struct mms_vma no_vma;

static const struct mms_vma *vma_of(const struct mmsi_hearing *h, uint64_t address)
{
	size_t i = mms_vmas_find(&h->vmas, address);

	if (i < h->vmas.count && mms_vma_covers(&h->vmas.vma[i], address))
		return &h->vmas.vma[i];
	return &no_vma;
}

/*
 * The pages from `start` that are mapped without a gap, by one VMA or by several
 * that touch, or that lie in one gap; at most a buffer full.
 */
static size_t piece(const struct mmsi_hearing *h, uint64_t start, size_t pages)
{
	size_t i = mms_vmas_find(&h->vmas, start), count = h->vmas.count;
	const struct mms_vma *v = h->vmas.vma;
	uint64_t end = start + pages * mms_page_size(), edge = end;

	if (i < count && v[i].start > start)
		edge = v[i].start;
	for (; i < count && v[i].start <= start; i++) {
		edge = v[i].end;
		while (i + 1 < count && v[i + 1].start == edge && edge < end)
			edge = v[++i].end;
	}
	pages = ((edge < end ? edge : end) - start) / mms_page_size();
	return pages < MMS_INSIDE_PAGES ? pages : MMS_INSIDE_PAGES;
}

/* Looks at each page once; what has not settled is added to `left`. */
static int round_once(struct mmsi_hearing *h, const struct mmsi_spans *spans,
		      struct mmsi_spans *left, struct mms_error *err)
{
	uint64_t page = mms_page_size(), all = span_pages(spans), done = 0;

	for (size_t s = 0; s < spans->count; s++) {
		uint64_t at = spans->span[s].start;
		size_t rest = spans->span[s].pages, n;

		for (; rest; rest -= n, at += n * page, done += n) {
			n = piece(h, at, rest);
			if (look(h, at, n, err))
				return -1;
			for (size_t i = 0; i < n; i++) {
				const struct mms_vma *v = vma_of(h, at + i * page);

				if (judge(h, v, i) == AGREED)
					tally(h, v, i);
				else if (span_add(left, at + i * page, 1))
					return mmsi_nomem(err);
			}
			if (h->progress)
				h->progress(done + n, all, h->arg);
		}
	}
	return 0;
}

/* ---- the end --------------------------------------------------------------- */

/*
 * What is left differed, or moved, each time.  Now it is looked at until it
 * agrees: then it was raced, for the answers changed.  What differs to the last
 * is a failure, unless it was seen to move: the module changed its mind within
 * a look or between two, or the witness did.  (Whether others map a page, or
 * have it cached, changes although this process stands still.)
 */
struct last {
	bool settled[MMS_INSIDE_PAGES];
	bool moved[MMS_INSIDE_PAGES];
	uint64_t first[MMS_INSIDE_PAGES];	/* what the first look found */
};

/* All that was said of a page, in a number. */
static uint64_t print_of(const struct mmsi_hearing *h, size_t i)
{
	uint64_t print = h->before[i].categories ^ h->before[i].frame << 20;

	for (int w = 0; w < MMS_WITNESS_COUNT; w++)
		if (h->said[w])
			print = (print ^ h->said[w][i].yes ^ h->said[w][i].frame << 20) *
				0x9e3779b97f4a7c15ULL;
	return print;
}

static void last_judge(struct mmsi_hearing *h, uint64_t start, size_t n, int tries,
		       struct last *l)
{
	for (size_t i = 0; i < n; i++) {
		const struct mms_vma *v = vma_of(h, start + i * mms_page_size());
		enum outcome o;

		if (l->settled[i])
			continue;
		o = judge(h, v, i);
		if (!tries)
			l->first[i] = print_of(h, i);
		l->moved[i] = l->moved[i] || o == MOVED || l->first[i] != print_of(h, i);
		if (o != AGREED && o != UNMAPPED)
			continue;
		l->settled[i] = true;
		if (o == AGREED)
			tally(h, v, i);
		h->verdict->named[MMS_DIFF_RACED][MMS_WITNESS_KERNEL]++;
	}
}

static bool all_settled(const struct last *l, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!l->settled[i])
			return false;
	return true;
}

static int last_piece(struct mmsi_hearing *h, uint64_t start, size_t n, struct last *l,
		      struct mms_error *err)
{
	memset(l, 0, sizeof(*l));
	for (int tries = 0; tries < LAST_TRIES && !all_settled(l, n); tries++) {
		if (tries)
			usleep(300U * (unsigned int)tries);
		if (look(h, start, n, err))
			return -1;
		last_judge(h, start, n, tries, l);
	}
	for (size_t i = 0; i < n; i++) {
		uint64_t at = start + i * mms_page_size();

		if (l->settled[i])
			continue;
		if (l->moved[i])
			h->verdict->named[MMS_DIFF_RACED][MMS_WITNESS_KERNEL]++;
		else
			fail_page(h, vma_of(h, at), i, at);
	}
	return 0;
}

static int last_look(struct mmsi_hearing *h, const struct mmsi_spans *spans, struct mms_error *err)
{
	struct last *l = malloc(sizeof(*l));
	int ret = l ? 0 : mmsi_nomem(err);

	for (size_t s = 0; s < spans->count && !ret; s++) {
		uint64_t at = spans->span[s].start;
		size_t rest = spans->span[s].pages, n;

		for (; rest && !ret; rest -= n, at += n * mms_page_size()) {
			n = piece(h, at, rest);
			ret = last_piece(h, at, n, l, err);
		}
	}
	free(l);
	return ret;
}

int mmsi_verify_pages(struct mmsi_hearing *h, struct mms_error *err)
{
	struct mmsi_spans now = { 0 }, left = { 0 };
	int ret = choose(h, &now, err);

	for (int r = 0; r < ROUNDS && !ret && now.count; r++) {
		if (r)
			usleep(1000U << r);
		ret = round_once(h, &now, &left, err);
		free(now.span);
		now = left;
		left = (struct mmsi_spans){ 0 };
		h->progress = NULL;	/* what comes now is little */
	}
	if (!ret && now.count) {
		mmsi_hold(h);
		ret = mmsi_hearing_list(h, err);
		if (!ret)
			ret = last_look(h, &now, err);
		mmsi_let_go(h);
	}
	free(now.span);
	free(left.span);
	return ret;
}
