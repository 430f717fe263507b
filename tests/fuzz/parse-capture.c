// SPDX-License-Identifier: GPL-2.0
/*
 * parse-capture.c - captures: a file as it is, what is packed in one, or the bytes
 * that a sound file holds; and what can be asked of what is taken.
 *
 * The first byte says which of the three (0, 1, 2); the rest are the bytes. Of the
 * last two the checksums are made to fit: they would keep everything else out.
 */
#include <zlib.h>

#include "capture.h"
#include "fuzz.h"

#define HEADER		40
#define UNPACKED_MAX	(1 << 20)

static void store(uint8_t *at, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		at[i] = (uint8_t)(v >> 8 * i);
}

/* A file around what is packed. */
static uint8_t *file_of(const uint8_t *data, size_t size)
{
	static const uint8_t begin[12] = { 0x89, 'M', 'M', 'S', '\r', '\n', 0x1a, '\n', 1 };
	static uint8_t scratch[UNPACKED_MAX];
	uint8_t *file = calloc(1, HEADER + size);
	uLongf unpacked = sizeof(scratch);

	PROMISE(file);
	if (uncompress(scratch, &unpacked, data, size) != Z_OK)
		unpacked = 1000;
	memcpy(file, begin, sizeof(begin));
	memcpy(file + HEADER, data, size);
	store(file + 16, size, 8);
	store(file + 24, unpacked, 8);
	store(file + 32, crc32(0, data, (uInt)size), 4);
	store(file + 36, crc32(0, file, 36), 4);
	return file;
}

static int unpack(struct mms_capture *c, uint64_t way, const uint8_t *data, size_t size)
{
	struct mms_error err = { 0 };
	uint8_t *file;
	int ret;

	if (way == 1) {
		ret = mmsi_capture_unpack(c, data, size, "it", &err);
	} else if (way == 2) {
		file = file_of(data, size);
		ret = mmsi_capture_unseal(c, file, HEADER + size, "it", &err);
		free(file);
	} else {
		ret = mmsi_capture_unseal(c, data, size, "it", &err);
	}
	PROMISE(!ret || (err.status == MMS_FAILED && *err.what && *err.why));
	return ret;
}

/* ---- what is taken ----------------------------------------------------------- */

struct got {
	const struct mms_pages_query *query;
	uint64_t end, pages, page;
};

static int take(const struct mmscope_run *run, void *arg)
{
	struct got *g = arg;

	PROMISE(run->start < run->end && run->start >= g->end);
	PROMISE(run->start % g->page == 0 && run->end % g->page == 0);
	PROMISE(run->start >= g->query->start && run->end <= g->query->end);
	PROMISE(!(run->categories & ~g->query->categories));
	PROMISE(!run->frame || g->query->flags & MMS_PAGES_FRAMES);
	g->end = run->end;
	g->pages += (run->end - run->start) / g->page;
	return 0;
}

static uint64_t ask_pages(struct mms_target *t, struct mms_pages_query q)
{
	struct got g = { .query = &q, .page = mms_target_page_size(t) };
	uint64_t pages = 0;

	q.end = ~(g.page - 1);
	if (!q.categories)
		q.categories = mms_target_categories(t);
	if ((q.categories | q.all_of | q.none_of) & ~mms_target_categories(t))
		return 0;
	PROMISE(!mms_pages(t, &q, take, &g, &pages, NULL));
	PROMISE(pages == g.pages && (!q.max_pages || pages <= q.max_pages));
	return pages;
}

static void ask_vmas(struct mms_target *t)
{
	struct mms_threads threads;
	struct mms_vmas l;
	uint64_t end = 0;

	PROMISE(!mms_vmas_read(t, MMS_ALL_START, MMS_ALL_END, MMS_VMAS_ACCT, 0, &l, NULL));
	for (size_t i = 0; i < l.count; i++) {
		PROMISE(l.vma[i].start >= end && l.vma[i].start < l.vma[i].end);
		PROMISE(l.vma[i].page_shift < 64 && l.vma[i].purpose < MMS_PURPOSE_COUNT);
		PROMISE(memchr(l.vma[i].name, '\0', 1 << 20));
		end = l.vma[i].end;
	}
	mms_vmas_free(&l);
	if (!mms_threads_read(t, &threads, NULL))
		mms_threads_free(&threads);
}

static void ask_all(struct mms_target *t)
{
	uint64_t all = ask_pages(t, (struct mms_pages_query){ 0 }), some;

	ask_vmas(t);
	some = ask_pages(t, (struct mms_pages_query){ .all_of = MMSCOPE_CAT(PRESENT) }) +
	       ask_pages(t, (struct mms_pages_query){ .none_of = MMSCOPE_CAT(PRESENT) });
	PROMISE(some == all || !(mms_target_categories(t) & MMSCOPE_CAT(PRESENT)));
	ask_pages(t, (struct mms_pages_query){ .max_pages = all / 2 + 1 });
	if (mms_target_capture(t)->frames)
		PROMISE(all == ask_pages(t, (struct mms_pages_query){ .flags = MMS_PAGES_FRAMES }));
}

/* Packed once more it is what it was; and nothing is different from itself. */
static void check_again(const struct mms_capture *c)
{
	struct mms_capture *again = mmsi_capture_new();
	struct mmsi_bytes once = { 0 }, twice = { 0 };
	struct mms_diff diff;

	PROMISE(again && !mmsi_capture_pack(c, &once, NULL));
	PROMISE(!mmsi_capture_unpack(again, once.data, once.len, "it", NULL));
	PROMISE(!mmsi_capture_pack(again, &twice, NULL));
	PROMISE(once.len == twice.len && !memcmp(once.data, twice.data, once.len));
	PROMISE(!mms_diff(c, again, &diff, NULL));
	PROMISE(diff.same_process && !diff.areas && !diff.figures);
	PROMISE(diff.unchanged == c->vmas.count);
	mms_diff_free(&diff);
	free(once.data);
	free(twice.data);
	mms_capture_free(again);
}

/* Against one that has nothing at the same places. */
static void check_against_none(const struct mms_capture *c)
{
	struct mms_capture *none = mmsi_capture_new();
	struct mms_diff diff;

	PROMISE(none);
	none->info.page_size = c->info.page_size;
	none->info.categories = c->info.categories;
	PROMISE(!mms_diff(c, none, &diff, NULL));
	PROMISE(diff.areas == c->vmas.count);
	mms_diff_free(&diff);
	PROMISE(!mms_diff(none, c, &diff, NULL));
	PROMISE(diff.areas == c->vmas.count && !diff.unchanged);
	mms_diff_free(&diff);
	mms_capture_free(none);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t way = number_of(&data, &size, 1);
	struct mms_capture *c = mmsi_capture_new();
	struct mms_target *t;

	PROMISE(c);
	if (unpack(c, way, data, size)) {
		mms_capture_free(c);
		return 0;
	}
	check_again(c);
	check_against_none(c);
	PROMISE(!mms_capture_open(c, &t, NULL));
	ask_all(t);
	mms_close(t);
	return 0;
}
