/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cache.c - what is told of the page cache: to those whom mincore tells, page by
 * page what it tells that very caller; to others that it is unknown.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include "people.h"

static int *result;

/* ---- the page cache is told to those whom mincore tells ---- */

#define FILE_PAGES 16
static const char *cache_file = "/tmp/mmscope-cache-file";
static u64 *cache_state;
static unsigned char *cache_core;

static void look_at_cache(void *arg)
{
	const struct who *who = arg;
	volatile char *p;
	int fd, f = open(cache_file, O_RDONLY);

	who->become();
	p = mmap(NULL, FILE_PAGES * page, PROT_READ, MAP_PRIVATE, f, 0);
	if (p == MAP_FAILED)
		_exit(1);
	madvise((void *)p, FILE_PAGES * page, MADV_RANDOM);
	fd = session_of(getpid());
	(void)p[3 * page];
	get_states(fd, (uintptr_t)p, FILE_PAGES, cache_state);
	if (mincore((void *)p, FILE_PAGES * page, cache_core))
		_exit(2);
	_exit(0);
}

/* Half of the file is in the cache, the other half is a hole. */
static void test_cache(void)
{
	static const struct {
		const char *name;
		struct who who;
		uid_t owner;
		int mode;
		bool told;
	} table[] = {
		{ "owner", { "", be_alice }, ALICE, 0400, true },
		{ "may_write", { "", be_bob }, ALICE, 0666, true },
		{ "reader_only", { "", be_bob }, ALICE, 0644, false },
		{ "root", { "", be_root }, ALICE, 0600, true },
		{ "root_without_any", { "", be_root_without_any }, ALICE, 0644, false },
		{ "userns_root", { "", be_userns_root_bob }, ALICE, 0644, false },
	};
	char block[FILE_PAGES / 2 * 4096];
	size_t i, k;
	int f;

	memset(block, 1, sizeof(block));
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		int unmapped = 0, unknown = 0, wrong = 0, zero = 0;

		f = open(cache_file, O_RDWR | O_CREAT | O_TRUNC, 0600);
		if (write(f, block, sizeof(block)) < 0 || ftruncate(f, FILE_PAGES * page) ||
		    fchown(f, table[i].owner, table[i].owner) || fchmod(f, table[i].mode))
			tap_bail("%s: %s", cache_file, strerror(errno));
		close(f);
		if (wait_for(child_of(look_at_cache, (void *)&table[i].who))) {
			skip("cache", "%s could not be had", table[i].name);
			continue;
		}
		for (k = 0; k < FILE_PAGES; k++) {
			u64 cats = cache_state[k];

			if (cats & CAT(CACHE_UNKNOWN))
				unknown++;
			else
				wrong += !!(cats & CAT(IN_CORE)) != (cache_core[k] & 1);
			unmapped += !(cats & CAT(PRESENT));
			zero += !(cats & (CAT(PRESENT) | CAT(CACHE_UNKNOWN)));
		}
		eq(unknown, table[i].told ? 0 : unmapped, "cache.%s.unknown", table[i].name);
		eq(wrong, 0, "cache.%s.equals_mincore", table[i].name);
		ok(unmapped > 0 && unmapped < FILE_PAGES, "cache.%s.both_kinds", table[i].name);
		if (!table[i].told)
			eq(zero, 0, "cache.%s.no_zero_that_looks_like_an_answer", table[i].name);
	}
	unlink(cache_file);
}

int main(int argc, char **argv)
{
	role_of_copy(argc, argv);
	tap_start("vm.cache.", 60);
	result = shared(page);
	cache_state = shared(page);
	cache_core = shared(page);
	close(session());
	test_cache();
	return tap_end();
}
