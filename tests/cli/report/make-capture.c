// SPDX-License-Identifier: GPL-2.0
/*
 * make-capture.c - captures of processes that never were, for the tests of reports:
 * "states" has a page in each state, told on stdout as "ADDRESS STATE", and names
 * that hold what could end a text or a tag; "many" has 60,000 VMAs, and a million
 * pages that are in another state than the one before.
 * usage: make-capture states|many FILE
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"

#define PAGE	UINT64_C(4096)
#define CAT(name)	MMSCOPE_CAT(name)
#define RW	(MMSCOPE_VMA_READ | MMSCOPE_VMA_WRITE)
#define RX	(MMSCOPE_VMA_READ | MMSCOPE_VMA_EXEC)
#define MANY	60000
#define MANY_PAGES	17	/* a VMA: a million in all */

static const struct {
	const char *name;
	uint64_t categories;
} states[] = {
	{ "untouched", 0 },
	{ "absent", CAT(CACHE_UNKNOWN) },
	{ "cached", CAT(IN_CORE) },
	{ "resident", CAT(PRESENT) | CAT(ANON) | CAT(IN_CORE) },
	{ "dirty", CAT(PRESENT) | CAT(ANON) | CAT(DIRTY) | CAT(ACCESSED) | CAT(IN_CORE) },
	{ "shared", CAT(PRESENT) | CAT(ANON) | CAT(SHARED) | CAT(DIRTY) | CAT(IN_CORE) },
	{ "special", CAT(PRESENT) | CAT(SPECIAL) },
	{ "zero", CAT(PRESENT) | CAT(ZERO) | CAT(IN_CORE) },
	{ "locked", CAT(PRESENT) | CAT(ANON) | CAT(DIRTY) | CAT(MLOCKED) | CAT(UNEVICTABLE) },
	{ "swapped", CAT(SWAPPED) | CAT(CACHE_UNKNOWN) },
	{ "migrating", CAT(MIGRATING) },
	{ "device", CAT(DEVICE) },
	{ "guard", CAT(GUARD) },
	{ "poisoned", CAT(POISONED) },
};
#define STATES	(sizeof(states) / sizeof(states[0]))

static const char *const names[] = {
	"/tmp/</script><script>alert(1)</script>", "/tmp/<!-- <b>\"bold\" & 'quoted'",
	"/tmp/two\nlines\tand\x01\x1b[31mcontrol\x7f", "/tmp/not utf-8 \xff\xfe\xc3(",
	"/tmp/right to left \xe2\x80\xae txt.exe", "/tmp/\xef\xbf\xbe\xef\xbb\xbf]]>",
};
#define NAMES	(sizeof(names) / sizeof(names[0]))

static struct mms_capture *c;

/* A VMA, whose pages are the states from `first` on, in turns of `each` pages. */
static void add(uint64_t page, uint64_t pages, uint64_t flags, const char *name, size_t first,
		uint64_t each)
{
	struct mms_vmas *l = &c->vmas;
	size_t i = l->count++;
	struct mmscope_acct *a = &l->acct[i];

	l->vma[i] = (struct mms_vma){
		.start = page * PAGE, .end = (page + pages) * PAGE, .flags = flags,
		.flags_known = ~0ULL, .page_shift = 12, .name = name,
		.backing = *name == '/' ? MMSCOPE_BACKING_FILE : MMSCOPE_BACKING_ANON,
		.inode = *name == '/' ? 1000 + i : 0, .dev_major = 254,
		.role = !strcmp(name, "[heap]") ? MMSCOPE_ROLE_HEAP : 0,
	};
	for (uint64_t at = 0; at < pages; at += each) {
		uint64_t end = at + each < pages ? at + each : pages;
		uint64_t categories = states[(first + at / each) % STATES].categories;

		mmsi_runs_add(&c->runs, &(struct mmscope_run){ (page + at) * PAGE,
			      (page + end) * PAGE, categories, 0 }, PAGE);
		for (unsigned int k = 0; k < MMSCOPE_CAT_COUNT; k++)
			a->pages[k] += categories >> k & 1 ? end - at : 0;
		if (categories & CAT(PRESENT) && !(categories & (CAT(ZERO) | CAT(SPECIAL))))
			a->rss += (end - at) * PAGE;
	}
	a->private_dirty = a->pages[MMSCOPE_CAT_DIRTY] * PAGE;
}

static void add_states(void)
{
	for (size_t i = 0; i < STATES; i++)
		printf("%#" PRIx64 " %s\n", 0x10000000 + (uint64_t)i * PAGE, states[i].name);
	add(0x10000, STATES, RW, "[heap]", 0, 1);
	/* A gap of a terabyte, and VMAs of any size. */
	add(0x10000000, 1 << 28, RW | MMSCOPE_VMA_NORESERVE, "", 0, 1ULL << 27);
	add(0x7f0000000, 5000, RX, "/usr/lib/libtest.so.1", 2, 700);
	add(0x7f0000000 + 5000, 300, MMSCOPE_VMA_READ, "/usr/lib/libtest.so.1", 1, 30);
	for (size_t i = 0; i < NAMES; i++)
		add(0x7f0010000 + 32 * i, 16, RW, names[i], i, 3);
	add(0x7ffff0000, 33, RW, "[stack]", 3, 20);
}

static void add_many(void)
{
	static char name[3000][32];

	for (size_t i = 0; i < MANY; i++) {
		if (i < 3000)
			snprintf(name[i], sizeof(name[i]), "/var/data/file-%zu", i);
		add(0x7f0000000 + i * (MANY_PAGES + 3) + i % 3, MANY_PAGES, RW,
		    i % 2 ? "" : name[i / 20], i, 1);
	}
}

static void describe(void)
{
	c->info = (struct mms_capture_info){
		.taken_ns = 1234567890123456789, .kernel = "6.12.0-test", .machine = "x86_64",
		.boot = "11111111-2222-3333-4444-555555555555", .tool = "0.1.0",
		.source = "module", .module = "0.1.0", .abi = 1, .pid = 100, .ppid = 1,
		.started = 5000, .page_size = PAGE, .categories = MMSCOPE_CATS_ALL,
		.still = MMS_STILL_HELD,
	};
	c->target = c->proc.pid = 100;
	strcpy(c->proc.comm, "</title>\"&\n<b>");
	c->proc.state = 'S';
	c->proc.threads = 1;
	c->vmas.from = c->vmas.acct_from = MMS_FROM_MODULE;
	c->vmas.page_size = PAGE;
	c->vmas.acct_categories = MMSCOPE_CATS_ALL;
	c->vmas.acct_rss = c->vmas.acct_parts = true;
	c->vmas.vma = calloc(MANY + 1, sizeof(*c->vmas.vma));
	c->vmas.acct = calloc(MANY + 1, sizeof(*c->vmas.acct));
	if (!c->vmas.vma || !c->vmas.acct)
		exit(1);
}

int main(int argc, char **argv)
{
	struct mms_error err;

	c = argc == 3 ? mmsi_capture_new() : NULL;
	if (!c)
		return 2;
	describe();
	if (!strcmp(argv[1], "many"))
		add_many();
	else
		add_states();
	mms_vmas_purpose(&c->vmas, 1);
	c->info.runs = c->runs.count;
	c->vmas.mm.fact[MMS_MM_BRK] = (struct mms_fact){ 0x1000c123, MMS_FROM_MODULE };
	c->vmas.mm.fact[MMS_MM_START_BRK] = (struct mms_fact){ 0x10000000, MMS_FROM_MODULE };
	c->vmas.mm.fact[MMS_MM_TASK_SIZE] = (struct mms_fact){ 0x7ffffffff000, MMS_FROM_MODULE };
	c->vmas.mm.fact[MMS_MM_RLIM_MEMLOCK] = (struct mms_fact){ MMS_UNLIMITED, MMS_FROM_MODULE };
	if (mms_capture_write(c, argv[2], &err)) {
		fprintf(stderr, "%s: %s\n", err.what, err.why);
		return 1;
	}
	return 0;
}
