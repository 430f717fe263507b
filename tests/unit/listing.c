// SPDX-License-Identifier: GPL-2.0
/*
 * listing.c - lists of VMAs in parts: a made-up source tells of made-up VMAs, so that
 * each border between two parts comes to lie everywhere.
 */
#include "kit.h"
#include "private.h"

#define R	MMSCOPE_VMA_READ
#define W	MMSCOPE_VMA_WRITE
#define X	MMSCOPE_VMA_EXEC
#define PAGE	0x1000ULL
#define ARENA	(64ULL << 20)
#define MOST	400

/* ---- the target ------------------------------------------------------------ */

static struct mms_vma world[MOST];
static size_t count;
static unsigned int calls;		/* for a part */
static unsigned int fails_at;		/* that call fails; 0: none */
static void (*meanwhile)(void);		/* before each part is read */
static uint64_t luck;

static unsigned int below(unsigned int n)
{
	luck = luck * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)(luck >> 33) % n;
}

static void add(uint64_t size, uint64_t flags, uint8_t backing, uint64_t inode, uint32_t role)
{
	uint64_t start = count ? world[count - 1].end : 0x10000;

	world[count++] = (struct mms_vma){
		.start = start, .end = start + size, .flags = flags, .flags_known = ~0ULL,
		.backing = backing, .inode = inode, .role = role, .name = "",
	};
}

/* What is behind it does not touch it. */
static void gap(void)
{
	add(PAGE, R, MMSCOPE_BACKING_DEVICE, 1, 0);
}

static void add_object(uint64_t inode)
{
	add(2 * PAGE, R, MMSCOPE_BACKING_FILE, inode, 0);
	add(9 * PAGE, R | X, MMSCOPE_BACKING_FILE, inode, 0);
	add(4 * PAGE, R, MMSCOPE_BACKING_FILE, inode, 0);
	add(PAGE, R, MMSCOPE_BACKING_FILE, inode, 0);
	add(PAGE, R | W, MMSCOPE_BACKING_FILE, inode, 0);
	add(3 * PAGE, R | W, MMSCOPE_BACKING_ANON, 0, 0);
}

static void add_arena(void)
{
	uint64_t at = count ? world[count - 1].end : 0;

	add(ARENA - at % ARENA, 0, MMSCOPE_BACKING_ANON, 0, 0);
	add(33 * PAGE, R | W, MMSCOPE_BACKING_ANON, 0, 0);
	add(ARENA - 33 * PAGE, 0, MMSCOPE_BACKING_ANON, 0, 0);
}

static void make_world(uint64_t seed, size_t pieces)
{
	luck = seed;
	count = calls = fails_at = 0;
	meanwhile = NULL;
	for (size_t i = 0; i < pieces && count + 8 < MOST; i++)
		switch (below(6)) {
		case 0: add_object(10 + below(5)); break;
		case 1: add_arena(); break;
		case 2:
			add(PAGE, 0, MMSCOPE_BACKING_ANON, 0, 0);
			add(9 * PAGE, R | W, MMSCOPE_BACKING_ANON, 0, 0);
			break;
		case 3: add(5 * PAGE, R | W, MMSCOPE_BACKING_ANON, 0, MMSCOPE_ROLE_HEAP); break;
		case 4: add(5 * PAGE, R, MMSCOPE_BACKING_FILE, 8 + below(4), 0); break;
		case 5: gap(); break;
		}
}

/* ---- its source ------------------------------------------------------------ */

static int tell_part(struct mms_target *t, uint64_t start, uint64_t end, unsigned int flags,
		     uint64_t categories, size_t most, struct mms_vmas *vmas,
		     struct mms_error *err)
{
	size_t n = 0;

	(void)t, (void)categories;
	if (most)
		calls++;
	if (most && meanwhile)
		meanwhile();
	if (most && calls == fails_at)
		return mms_fail(err, MMS_GONE, NULL, "the process", "is gone");
	vmas->vma = calloc(MOST, sizeof(*vmas->vma));
	vmas->acct = flags & MMS_VMAS_ACCT ? calloc(MOST, sizeof(*vmas->acct)) : NULL;
	for (size_t i = 0; i < count && (!most || n < most); i++) {
		if (world[i].end <= start || world[i].start >= end)
			continue;
		vmas->vma[n] = world[i];
		/* Names that are gone with the part. */
		vmas->vma[n].name = flags & MMS_VMAS_NO_NAMES ? "" : vmas->names;
		if (vmas->acct)
			vmas->acct[n].rss = world[i].start + 1;
		n++;
	}
	vmas->count = n;
	mmsi_fact(&vmas->mm.fact[MMS_MM_BRK], 7 * PAGE, MMS_FROM_MODULE);
	for (size_t i = n; i-- > 0;)
		if (vmas->vma[i].role & MMSCOPE_ROLE_HEAP) {
			mmsi_fact(&vmas->mm.fact[MMS_MM_HEAP_END], vmas->vma[i].end, MMS_FROM_MODULE);
			break;
		}
	return 0;
}

static int tell_all(struct mms_target *t, uint64_t start, uint64_t end, unsigned int flags,
		    uint64_t categories, struct mms_vmas *vmas, struct mms_error *err)
{
	return tell_part(t, start, end, flags, categories, 0, vmas, err);
}

static int tell_mm(struct mms_target *t, struct mms_mm *mm, struct mms_error *err)
{
	(void)t, (void)err;
	mmsi_fact(&mm->fact[MMS_MM_MAP_COUNT], count, MMS_FROM_MODULE);
	mmsi_fact(&mm->fact[MMS_MM_BRK], 7 * PAGE, MMS_FROM_MODULE);
	return 0;
}

static const struct mmsi_source source = { .mm = tell_mm, .vmas = tell_all, .part = tell_part };
static struct mms_target target = {
	.source = &source, .page_size = PAGE, .categories = MMSCOPE_CATS_ALL,
	.info.features = MMSCOPE_FEAT_PART, .proc.threads = 3, .devfd = -1,
};

/* ---- the same in parts ----------------------------------------------------- */

struct told {
	struct mms_vma vma[2 * MOST];
	uint64_t rss[2 * MOST];
	size_t count, parts, longest, stop_after;
};

static int keep(const struct mms_vmas *part, void *arg)
{
	struct told *told = arg;

	assert_true(part->count > 0 && part->page_size == PAGE);
	assert_int_equal(part->mm.fact[MMS_MM_BRK].value, 7 * PAGE);
	for (size_t i = 0; i < part->count; i++) {
		assert_true(told->count < 2 * MOST);
		told->vma[told->count] = part->vma[i];
		told->rss[told->count++] = part->acct ? part->acct[i].rss : 0;
	}
	told->longest = part->count > told->longest ? part->count : told->longest;
	return ++told->parts == told->stop_after;
}

static struct told told;

static struct mms_listing *open_list(size_t most, uint64_t start, uint64_t end)
{
	struct mms_listing *list;

	assert_int_equal(mms_listing_new(&target, start, end, MMS_VMAS_ACCT, 0, most, &list, NULL), 0);
	return list;
}

static void is_same(uint64_t start, uint64_t end, size_t most)
{
	struct mms_listing *list = open_list(most, start, end);
	struct mms_vmas all;

	assert_int_equal(mms_vmas_read(&target, start, end, MMS_VMAS_ACCT, 0, &all, NULL), 0);
	for (int twice = 0; twice < 2; twice++) {
		memset(&told, 0, sizeof(told));
		assert_int_equal(mms_listing_each(list, keep, &told, NULL), 0);
		assert_int_equal(told.count, all.count);
		assert_true(told.longest <= most);
		for (size_t i = 0; i < all.count; i++) {
			assert_int_equal(told.vma[i].start, all.vma[i].start);
			assert_int_equal(told.vma[i].end, all.vma[i].end);
			assert_string_equal(mms_purpose_name(told.vma[i].purpose),
					    mms_purpose_name(all.vma[i].purpose));
			assert_int_equal(told.rss[i], all.acct[i].rss);
		}
	}
	assert_int_equal(mms_listing_mm(list)->fact[MMS_MM_HEAP_END].value,
			 all.mm.fact[MMS_MM_HEAP_END].value);
	mms_vmas_free(&all);
	mms_listing_free(list);
}

static void all_borders(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 30; seed++) {
		make_world(seed, 12);
		for (size_t most = 2; most < count; most++)
			is_same(MMS_ALL_START, MMS_ALL_END, most);
		assert_true(calls > 2 * count);
	}
}

static void ranges(void **state)
{
	(void)state;
	make_world(77, 60);
	for (int i = 0; i < 500; i++) {
		size_t first = below((unsigned int)count), last = below((unsigned int)count);

		if (first >= last)
			continue;
		/* Within the first and the last one, which are told of in whole. */
		is_same(world[first].end - PAGE, world[last].start + PAGE, 2 + below(30));
	}
}

static void few_are_read_once(void **state)
{
	struct mms_listing *list;

	(void)state;
	make_world(5, 30);
	list = open_list(count, MMS_ALL_START, MMS_ALL_END);
	assert_int_equal(calls, 0);
	for (int i = 0; i < 3; i++) {
		memset(&told, 0, sizeof(told));
		assert_int_equal(mms_listing_each(list, keep, &told, NULL), 0);
		assert_int_equal(told.parts, 1);
	}
	assert_int_equal(calls, 0);
	mms_listing_free(list);
	target.info.features = 0;
	list = open_list(2, MMS_ALL_START, MMS_ALL_END);
	assert_int_equal(calls, 0);
	mms_listing_free(list);
	target.info.features = MMSCOPE_FEAT_PART;
}

static void nothing_there(void **state)
{
	struct mms_listing *list;
	uint64_t end;

	(void)state;
	make_world(5, 30);
	end = world[count - 1].end;
	list = open_list(2, end, end + PAGE);
	memset(&told, 0, sizeof(told));
	assert_int_equal(mms_listing_each(list, keep, &told, NULL), 0);
	assert_int_equal(told.parts, 0);
	mms_listing_free(list);
	assert_int_equal(mms_listing_new(&target, 0x1000, 0x1000, 0, 0, 2, &list, NULL), -1);
	assert_int_equal(mms_listing_new(&target, 0x1001, 0x3000, 0, 0, 2, &list, NULL), -1);
	mms_listing_free(NULL);
}

static void ends_when_told(void **state)
{
	struct mms_listing *list;

	(void)state;
	make_world(6, 40);
	list = open_list(4, MMS_ALL_START, MMS_ALL_END);
	memset(&told, 0, sizeof(told));
	told.stop_after = 3;
	assert_int_equal(mms_listing_each(list, keep, &told, NULL), 0);
	assert_int_equal(told.parts, 3);
	mms_listing_free(list);
}

/* Whoever is gone in the midst is an error, on the first look and later. */
static void fails_in_the_midst(void **state)
{
	struct mms_listing *list;
	struct mms_error err;
	unsigned int ahead;

	(void)state;
	make_world(7, 40);
	list = open_list(5, MMS_ALL_START, MMS_ALL_END);
	ahead = calls;
	fails_at = calls + 4;
	memset(&told, 0, sizeof(told));
	assert_int_equal(mms_listing_each(list, keep, &told, &err), -1);
	assert_int_equal(err.status, MMS_GONE);
	assert_int_equal(told.parts, 3);
	mms_listing_free(list);
	for (unsigned int i = 1; i <= ahead; i++) {
		calls = 0;
		fails_at = i;
		assert_int_equal(mms_listing_new(&target, 0, MMS_ALL_END, 0, 0, 5, &list, &err), -1);
		assert_int_equal(err.status, MMS_GONE);
	}
}

/* ---- while it changes ------------------------------------------------------ */

static void drop(size_t i, size_t n)
{
	memmove(world + i, world + i + n, (count - i - n) * sizeof(*world));
	count -= n;
}

static void change(void)
{
	size_t i = below((unsigned int)count - 1);

	switch (below(4)) {
	case 0:	/* two that touch become one */
		world[i].end = world[i + 1].end;
		drop(i + 1, 1);
		break;
	case 1:	/* one becomes two */
		if (count == MOST || world[i].end - world[i].start == PAGE)
			break;
		memmove(world + i + 1, world + i, (count - i) * sizeof(*world));
		count++;
		world[i].end = world[i + 1].start = world[i].start + PAGE;
		break;
	case 2:
		if (count > 5)
			drop(i, 1);
		break;
	case 3:
		if (world[i + 1].start > world[i].end)
			world[i].end += PAGE;
		break;
	}
}

static void no_address_twice(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 400; seed++) {
		struct mms_listing *list;

		make_world(seed, 30);
		meanwhile = change;
		list = open_list(2 + seed % 7, MMS_ALL_START, MMS_ALL_END);
		memset(&told, 0, sizeof(told));
		assert_int_equal(mms_listing_each(list, keep, &told, NULL), 0);
		for (size_t i = 1; i < told.count; i++)
			assert_true(told.vma[i - 1].end <= told.vma[i].start);
		for (size_t i = 0; i < told.count; i++)
			assert_int_equal(told.rss[i], told.vma[i].start + 1);
		mms_listing_free(list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("unit.listing.all_borders", all_borders),
		TEST("unit.listing.ranges", ranges),
		TEST("unit.listing.few_are_read_once", few_are_read_once),
		TEST("unit.listing.nothing_there", nothing_there),
		TEST("unit.listing.ends_when_told", ends_when_told),
		TEST("unit.listing.fails_in_the_midst", fails_in_the_midst),
		TEST("unit.listing.no_address_twice", no_address_twice),
	};

	return cmocka_run_group_tests_name("listing", tests, NULL, NULL);
}
