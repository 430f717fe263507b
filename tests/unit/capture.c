// SPDX-License-Identifier: GPL-2.0
/*
 * capture.c - captures as files: what is read is what was written; each altered
 * byte and each lost one is found; and pages are told again as they were asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "capture-kit.h"

#define THERE	(CAT(PRESENT) | CAT(ANON))

static const struct vma_row vmas[] = {
	{ 0x10, 0x14, RO | MMSCOPE_VMA_EXEC, "/bin/\tthing", 77, 3 },
	{ 0x14, 0x18, RW, "/bin/\tthing", 77, 7 },
	{ 0x18, 0x20, RW, NULL, 0, 0 },
	{ 0x7fff000000, 0x7fff000100, RW | MMSCOPE_VMA_GROWSDOWN, "[stack]", 0, 0 },
	{ 0 }
};

static const struct run_row runs[] = {
	{ 0x10, 0x12, CAT(PRESENT) | CAT(FILE), 500 },
	{ 0x12, 0x13, CAT(PRESENT) | CAT(FILE), 9 },
	{ 0x13, 0x14, CAT(IN_CORE), 0 },
	{ 0x14, 0x16, THERE, 502 },
	{ 0x16, 0x18, THERE | CAT(DIRTY), 504 },
	{ 0x18, 0x1a, THERE | CAT(DIRTY), 506 },		/* frames go on, but a VMA begins */
	{ 0x1a, 0x1b, CAT(SWAPPED), 33 },
	{ 0x1b, 0x1c, CAT(SWAPPED), 65 },
	{ 0x1c, 0x20, 0, 0 },
	{ 0x7fff0000ff, 0x7fff000100, THERE, 1ULL << 40 },
	{ 0 }
};

/* With something in each section. */
static struct mms_capture *small(void)
{
	struct mms_capture *c = capture_of(vmas, runs);

	for (int i = 0; i < MMS_MM_COUNT; i += 3)
		set_figure(c, (enum mms_mm_field)i, i ? MMS_UNLIMITED / (uint64_t)i : 0);
	c->vmas.acct = calloc(c->vmas.count, sizeof(*c->vmas.acct));
	c->vmas.smaps = calloc(c->vmas.count, sizeof(*c->vmas.smaps));
	c->vmas.acct_from = MMS_FROM_SMAPS;
	c->vmas.acct_categories = MMSCOPE_CATS_ALL;
	c->vmas.acct_rss = true;
	c->vmas.acct[1].pages[MMSCOPE_CAT_ANON] = 4;
	c->vmas.acct[1].rss = 4 * PAGE;
	c->vmas.smaps[3].pss = 12345;
	c->has_threads = true;
	c->threads.count = 2;
	c->threads.thread = calloc(2, sizeof(*c->threads.thread));
	c->threads.thread[0] = (struct mms_thread){ 100, 0x7fff0000ff123, true };
	c->threads.thread[1] = (struct mms_thread){ 230, 0, false };
	c->lacks = true;
	c->lack.status = MMS_NO_MODULE;
	strcpy(c->lack.why, "the module is not loaded");
	return c;
}

static struct mms_capture *again(const struct mmsi_bytes *file)
{
	struct mms_capture *c = mmsi_capture_new();
	struct mms_error err;

	if (mmsi_capture_unseal(c, file->data, file->len, "file", &err))
		fail_msg("%s: %s", err.what, err.why);
	return c;
}

static struct mmsi_bytes seal(const struct mms_capture *c)
{
	struct mmsi_bytes file = { 0 };

	assert_int_equal(mmsi_capture_seal(c, &file, NULL), 0);
	return file;
}

static void test_round_trip(void **state)
{
	struct mms_capture *c = small(), *d;
	struct mmsi_bytes file = seal(c), twice;

	(void)state;
	d = again(&file);
	assert_memory_equal(&c->info, &d->info, sizeof(c->info));
	assert_memory_equal(c->vmas.mm.fact, d->vmas.mm.fact, sizeof(c->vmas.mm.fact));
	assert_memory_equal(c->vmas.acct, d->vmas.acct, 4 * sizeof(*c->vmas.acct));
	assert_memory_equal(c->vmas.smaps, d->vmas.smaps, 4 * sizeof(*c->vmas.smaps));
	assert_int_equal(d->vmas.count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(c->vmas.vma[i].name, d->vmas.vma[i].name);
		assert_int_equal(c->vmas.vma[i].start, d->vmas.vma[i].start);
		assert_int_equal(c->vmas.vma[i].end, d->vmas.vma[i].end);
		assert_int_equal(c->vmas.vma[i].offset, d->vmas.vma[i].offset);
	}
	assert_int_equal(d->threads.count, 2);
	assert_int_equal(d->threads.thread[0].sp, 0x7fff0000ff123);
	assert_false(d->threads.thread[1].sp_known);
	assert_string_equal(d->proc.comm, "sub) ject");
	assert_string_equal(d->lack.why, "the module is not loaded");
	twice = seal(d);
	assert_int_equal(file.len, twice.len);
	assert_memory_equal(file.data, twice.data, file.len);
	free(file.data);
	free(twice.data);
	mms_capture_free(c);
	mms_capture_free(d);
}

/* The bytes of a copy that ends where its memory does. */
static bool is_refused(const uint8_t *data, size_t len, struct mms_error *err)
{
	struct mms_capture *c = mmsi_capture_new();
	uint8_t *copy = malloc(len ? len : 1);
	bool refused;

	memcpy(copy, data, len);
	memset(err, 0, sizeof(*err));
	refused = mmsi_capture_unseal(c, copy, len, "file", err);
	free(copy);
	mms_capture_free(c);
	return refused && err->status == MMS_FAILED && *err->why;
}

static void test_each_byte(void **state)
{
	struct mms_capture *c = small();
	struct mmsi_bytes file = seal(c);
	struct mms_error err;

	(void)state;
	for (size_t i = 0; i < file.len; i++)
		for (unsigned int v = 1; v < 256; v++) {
			file.data[i] ^= (uint8_t)v;
			if (!is_refused(file.data, file.len, &err))
				fail_msg("byte %zu, changed by %02x, was not noticed", i, v);
			file.data[i] ^= (uint8_t)v;
		}
	free(file.data);
	mms_capture_free(c);
}

static void test_each_length(void **state)
{
	struct mms_capture *c = small();
	struct mmsi_bytes file = seal(c);
	struct mms_error err;

	(void)state;
	for (size_t len = 0; len < file.len; len++)
		if (!is_refused(file.data, len, &err))
			fail_msg("%zu of %zu bytes were taken", len, file.len);
	assert_non_null(strstr(err.why, "cut short"));
	mmsi_bytes_add(&file, "x", 1);
	assert_true(is_refused(file.data, file.len, &err));
	assert_non_null(strstr(err.why, "behind its end"));
	free(file.data);
	mms_capture_free(c);
}

/*
 * What is packed, altered and packed again with checksums that fit: it may come to
 * anything but harm, and what is taken must be told without harm, too.
 */
static void test_within(void **state)
{
	struct mms_capture *c = small();
	struct mmsi_bytes body = { 0 };
	struct mms_pages_query q = { .end = MMS_ALL_END };
	size_t taken = 0, refused = 0;

	(void)state;
	assert_int_equal(mmsi_capture_pack(c, &body, NULL), 0);
	for (size_t i = 0; i < body.len; i++)
		for (unsigned int bit = 0; bit < 8; bit++) {
			struct mms_capture *d = mmsi_capture_new();
			struct mms_target *t;
			struct mms_error err;
			struct mms_diff diff;

			body.data[i] ^= (uint8_t)(1 << bit);
			if (mmsi_capture_unpack(d, body.data, body.len, "file", &err)) {
				assert_true(*err.why);
				mms_capture_free(d);
				refused++;
			} else {
				if (!mms_diff(c, d, &diff, NULL))
					mms_diff_free(&diff);
				assert_int_equal(mms_capture_open(d, &t, NULL), 0);
				q.categories = 0;
				assert_int_equal(mms_pages(t, &q, NULL, NULL, NULL, NULL), 0);
				mms_close(t);
				taken++;
			}
			body.data[i] ^= (uint8_t)(1 << bit);
		}
	assert_true(taken > 100 && refused > 100);
	for (size_t len = 0; len < body.len; len++) {
		struct mms_capture *d = mmsi_capture_new();

		assert_int_not_equal(mmsi_capture_unpack(d, body.data, len, "file", NULL), 0);
		mms_capture_free(d);
	}
	free(body.data);
	mms_capture_free(c);
}

/* A file of a few bytes that says it holds a gigabyte, and one that does not. */
static void test_bomb(void **state)
{
	struct mms_capture *c = small();
	struct mmsi_bytes file = seal(c);
	struct mms_error err;
	uint32_t crc;

	(void)state;
	for (int claim = 0; claim < 3; claim++) {
		static const uint8_t claims[3][8] = {
			{ 0, 0, 0, 0x40 }, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, { 1 },
		};
		static const char *const says[3] = { "cannot hold as much", "too large",
						     "does not unpack" };

		memcpy(file.data + 24, claims[claim], 8);
		crc = (uint32_t)crc32(0, file.data, 36);
		memcpy(file.data + 36, &crc, 4);
		assert_true(is_refused(file.data, file.len, &err));
		assert_non_null(strstr(err.why, says[claim]));
	}
	free(file.data);
	mms_capture_free(c);
}

/* More records than could be in so many bytes: room for them is not even asked for. */
static void test_counts(void **state)
{
	static const uint8_t many[] = { 'V', 5, 1, 0x80, 0x80, 0x40, 0 };	/* a million */
	static const uint8_t too_many[] = { 'V', 6, 1, 0x80, 0x80, 0x80, 0x40, 0 };
	struct mms_capture *c = small(), *d;
	struct mmsi_bytes body = { 0 };
	struct mms_error err;
	size_t at = 0;

	(void)state;
	assert_int_equal(mmsi_capture_pack(c, &body, NULL), 0);
	/* The sections before take less than 128 bytes each, or two bytes for the length. */
	while (body.data[at] != 'V')
		at += body.data[at + 1] < 0x80 ? 2u + body.data[at + 1] :
		      3u + (body.data[at + 1] & 0x7fu) + body.data[at + 2] * 128u;
	body.len = at;
	mmsi_bytes_add(&body, many, sizeof(many));
	d = mmsi_capture_new();
	assert_int_not_equal(mmsi_capture_unpack(d, body.data, body.len, "file", &err), 0);
	assert_non_null(strstr(err.why, "fewer VMAs than it says"));
	mms_capture_free(d);
	body.len = at;
	mmsi_bytes_add(&body, too_many, sizeof(too_many));
	d = mmsi_capture_new();
	assert_int_not_equal(mmsi_capture_unpack(d, body.data, body.len, "file", &err), 0);
	assert_non_null(strstr(err.why, "too many VMAs"));
	mms_capture_free(d);
	free(body.data);
	mms_capture_free(c);
}

/* ---- pages ----------------------------------------------------------------- */

struct list {
	struct mmscope_run run[32];
	size_t count, most;
};

static int take(const struct mmscope_run *run, void *arg)
{
	struct list *l = arg;

	l->run[l->count++] = *run;
	return l->count == l->most;
}

static void ask(const struct mms_pages_query *q, struct list *l)
{
	struct mms_target *t;

	memset(l->run, 0, sizeof(l->run));
	l->count = 0;
	assert_int_equal(mms_capture_open(capture_of(vmas, runs), &t, NULL), 0);
	assert_int_equal(mms_pages(t, q, take, l, NULL, NULL), 0);
	mms_close(t);
}

static void expect(const struct list *l, const struct run_row *rows)
{
	for (size_t i = 0; rows[i].end || i < l->count; i++) {
		assert_int_equal(l->run[i].start, rows[i].start * PAGE);
		assert_int_equal(l->run[i].end, rows[i].end * PAGE);
		assert_int_equal(l->run[i].categories, rows[i].categories);
		assert_int_equal(l->run[i].frame, rows[i].frame);
	}
}

static void test_pages(void **state)
{
	static const struct run_row plain[] = {
		{ 0x10, 0x13, CAT(PRESENT), 0 }, { 0x13, 0x14, 0, 0 }, { 0x14, 0x18, CAT(PRESENT), 0 },
		{ 0x18, 0x1a, CAT(PRESENT), 0 }, { 0x1a, 0x20, 0, 0 },
		{ 0x7fff0000ff, 0x7fff000100, CAT(PRESENT), 0 }, { 0 }
	}, framed[] = {
		{ 0x11, 0x12, CAT(PRESENT), 501 }, { 0x12, 0x13, CAT(PRESENT), 9 },
		{ 0x13, 0x14, 0, 0 }, { 0x14, 0x17, CAT(PRESENT), 502 }, { 0 }
	}, dirty[] = {
		{ 0x16, 0x18, 0, 0 }, { 0x18, 0x19, 0, 0 }, { 0 }
	}, swapped[] = {
		{ 0x1a, 0x1b, CAT(SWAPPED), 33 }, { 0x1b, 0x1c, CAT(SWAPPED), 65 }, { 0 }
	};
	struct list l = { .count = 0 };

	(void)state;
	ask(&(struct mms_pages_query){ .end = MMS_ALL_END, .categories = CAT(PRESENT) }, &l);
	expect(&l, plain);
	ask(&(struct mms_pages_query){ .start = 0x11 * PAGE, .end = 0x17 * PAGE,
	    .flags = MMS_PAGES_FRAMES, .categories = CAT(PRESENT) }, &l);
	expect(&l, framed);
	ask(&(struct mms_pages_query){ .end = MMS_ALL_END, .categories = CAT(ZERO),
	    .all_of = CAT(DIRTY), .max_pages = 3 }, &l);
	expect(&l, dirty);
	ask(&(struct mms_pages_query){ .end = MMS_ALL_END, .flags = MMS_PAGES_FRAMES,
	    .categories = CAT(SWAPPED), .any_of = CAT(SWAPPED) }, &l);
	expect(&l, swapped);
	l.most = 2;
	ask(&(struct mms_pages_query){ .end = MMS_ALL_END, .categories = CAT(PRESENT) }, &l);
	assert_int_equal(l.count, 2);
}

static void test_target(void **state)
{
	struct mms_capture *c = small();
	struct mms_target *t;
	struct mms_vmas l;
	struct mms_error err;
	struct mmscope_walk walk;

	(void)state;
	c->info.frames = false;
	c->info.categories &= ~CAT(KSM);
	assert_int_equal(mms_capture_open(c, &t, NULL), 0);
	assert_int_equal(mms_vmas_read(t, 0x17 * PAGE, 0x19 * PAGE, 0, 0, &l, NULL), 0);
	assert_int_equal(l.count, 2);
	assert_int_equal(l.vma[0].start, 0x14 * PAGE);
	assert_null(l.acct);
	mms_vmas_free(&l);
	assert_int_not_equal(mms_walk(t, 0x17 * PAGE, false, &walk, &err), 0);
	assert_int_equal(err.status, MMS_USAGE);
	assert_int_not_equal(mms_pages(t, &(struct mms_pages_query){ .flags = MMS_PAGES_FRAMES },
				       NULL, NULL, NULL, &err), 0);
	assert_int_equal(err.status, MMS_DENIED);
	assert_int_not_equal(mms_pages(t, &(struct mms_pages_query){ .categories = CAT(KSM) },
				       NULL, NULL, NULL, &err), 0);
	assert_int_equal(err.status, MMS_USAGE);
	mms_close(t);
}

/* Pages of 64K, wherever this is run: small ranges become whole pages there. */
static void test_page_size(void **state)
{
	static const struct vma_row large[] = { { 0x10, 0x30, RW, NULL, 0, 0 }, { 0 } };
	struct mms_capture *c = capture_of(large, NULL), *d;
	struct mmsi_bytes file;
	struct mms_target *t;
	uint64_t pages;

	(void)state;
	c->info.page_size = c->vmas.page_size = 0x10 * PAGE;
	mmsi_runs_add(&c->runs, &(struct mmscope_run){ 0x10 * PAGE, 0x30 * PAGE, THERE, 0 },
		      0x10 * PAGE);
	file = seal(c);
	d = again(&file);
	assert_int_equal(d->vmas.vma[0].end, 0x30 * PAGE);
	assert_int_equal(mms_capture_open(d, &t, NULL), 0);
	assert_int_equal(mms_target_page_size(t), 0x10 * PAGE);
	assert_int_equal(mms_pages(t, &(struct mms_pages_query){ .start = 0x21 * PAGE,
			 .end = 0x22 * PAGE }, NULL, NULL, &pages, NULL), 0);
	assert_int_equal(pages, 1);
	assert_int_equal(mms_pages(t, &(struct mms_pages_query){ .end = MMS_ALL_END }, NULL, NULL,
				   &pages, NULL), 0);
	assert_int_equal(pages, 2);
	mms_close(t);
	mms_capture_free(c);
	free(file.data);
}

/* ---- files ----------------------------------------------------------------- */

static int files_in(const char *folder)
{
	char command[300];
	int count = -1;
	FILE *p;

	snprintf(command, sizeof(command), "ls -A %s | wc -l", folder);
	p = popen(command, "r");
	assert_int_equal(fscanf(p, "%d", &count), 1);
	pclose(p);
	return count;
}

static volatile sig_atomic_t signals;

static void count_signal(int sig)
{
	(void)sig;
	signals++;
}

static void test_file(void **state)
{
	char folder[] = "/tmp/mmscope-unit-XXXXXX", path[64], link_path[64];
	struct mms_capture *c = small(), *d;
	struct mms_error err;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/capture", folder);
	snprintf(link_path, sizeof(link_path), "%s/link", folder);
	umask(0);
	assert_int_equal(mms_capture_write(c, path, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(mms_capture_read(path, &d, &err), 0);
	mms_capture_free(d);
	/* Through a link, it is the file behind that is replaced. */
	assert_int_equal(symlink("capture", link_path), 0);
	assert_int_equal(mms_capture_write(c, link_path, &err), 0);
	assert_int_equal(lstat(link_path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(files_in(folder), 2);
	/* What is no file is left alone. */
	assert_int_not_equal(mms_capture_write(c, "/dev/null", &err), 0);
	assert_int_equal(err.status, MMS_USAGE);
	assert_int_not_equal(mms_capture_write(c, folder, &err), 0);
	assert_int_not_equal(mms_capture_write(c, "/tmp/no-such-folder/x", &err), 0);
	assert_int_equal(err.status, MMS_USAGE);
	assert_int_not_equal(mms_capture_read("/tmp/no-such-folder/x", &d, &err), 0);
	assert_int_equal(err.status, MMS_USAGE);
	unlink(path);
	unlink(link_path);
	rmdir(folder);
	mms_capture_free(c);
}

/* A write that is refused half way: nothing is left, what was there is still there. */
static void test_full(void **state)
{
	char folder[] = "/tmp/mmscope-unit-XXXXXX", path[64], command[400];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/capture", folder);
	if (!fork()) {
		struct mms_capture *c = small(), *d;
		struct mms_error err;

		signal(SIGXFSZ, count_signal);
		if (mms_capture_write(c, path, NULL))
			_exit(1);
		/* The table of runs alone is longer than a block. */
		for (uint64_t i = 0; i < 100000; i++)
			mmsi_runs_add(&c->runs, &(struct mmscope_run){ (1ULL << 40) + i * 2 * PAGE,
				      (1ULL << 40) + (i * 2 + 1) * PAGE, THERE,
				      1 + (i * 2654435761 >> 3 & 0xffffff) }, PAGE);
		snprintf(command, sizeof(command), "prlimit --fsize=4096 --pid %d", (int)getpid());
		if (system(command))
			_exit(2);
		if (!mms_capture_write(c, path, &err) || err.sys_errno != EFBIG || signals)
			_exit(3);
		if (mms_capture_read(path, &d, NULL) || d->info.runs != 10)
			_exit(4);
		_exit(0);
	}
	{
		int status = 0;

		wait(&status);
		assert_int_equal(status, 0);
	}
	assert_int_equal(files_in(folder), 1);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("unit.capture.round_trip", test_round_trip),
		TEST("unit.capture.each_byte", test_each_byte),
		TEST("unit.capture.each_length", test_each_length),
		TEST("unit.capture.within", test_within),
		TEST("unit.capture.bomb", test_bomb),
		TEST("unit.capture.counts", test_counts),
		TEST("unit.capture.pages", test_pages),
		TEST("unit.capture.target", test_target),
		TEST("unit.capture.page_size", test_page_size),
		TEST("unit.capture.file", test_file),
		TEST("unit.capture.full", test_full),
	};

	return cmocka_run_group_tests_name("unit.capture", tests, NULL, NULL);
}
