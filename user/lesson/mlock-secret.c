// SPDX-License-Identifier: GPL-2.0
/*
 * mlock-secret.c - of the lesson mlock: two secrets, one of them locked; memory
 * runs short; then the swap areas themselves are searched for both.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mlock-steps.h"

#define SECRET	32	/* bytes: nobody has the same by chance */

/* On locked pages: our own copy must not be what is found. */
static struct {
	unsigned char open[SECRET], locked[SECRET];
} *copy;

/* From outside: no other page of the subject gets a copy. */
static bool read_secret(struct subject *s, uint64_t at, unsigned char to[SECRET])
{
	int fd = openat(mms_target_procfd(subject_target(s)), "mem", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, to, SECRET, (off_t)at);

	if (fd >= 0)
		close(fd);
	return n == SECRET;
}

/* The kernel puts random bytes right into the page. */
static void make_secret(struct subject *s, uint64_t at)
{
	subject_syscall(s, "getrandom", SYS_getrandom, at, SECRET, 0, 0, 0, 0);
}

static bool pressure(struct lesson *l, struct subject *s, const char *cgroup, uint64_t open,
		     uint64_t locked)
{
	if (*cgroup)
		return reclaim_until_swapped(l, s, cgroup, open, 1) &&
		       reclaim_until_gone(l, s, cgroup, open, 1);
	subject_madvise(s, locked, lesson_machine(l)->page, MADV_PAGEOUT);
	return page_out(l, s, open, 1);
}

static int find_both(const struct lesson *l, int64_t found[2], char why[160])
{
	const struct swap_needle both[] = { { copy->open }, { copy->locked } };

	return find_in_swap(l, both, 2, SECRET, found, why);
}

static void tell_afterwards(struct lesson *l, struct subject *s)
{
	int64_t found[2];
	char why[160];

	doing(l, "kill(subject, SIGKILL), and search again");
	subject_stop(s);
	if (find_both(l, found, why))
		return;
	observe(l, "swap", found[0] > 0 ? "the open secret is still there, although its process "
		"has ended: nobody wipes what is given back" : "the open secret is gone with its "
		"process: zram gives memory back");
}

static void search(struct lesson *l, struct subject *s)
{
	int64_t found[2];
	char why[160];

	step(l, "search", "Search all of swap for both secrets, page by page");
	if (!copy) {
		skip_step(l, NULL, "the secrets could not be read from outside");
		return;
	}
	predict(l, "the open secret is found: whoever gets hold of the disk can read it. The "
		"locked one is nowhere");
	doing(l, "read every swap area of /proc/swaps, past the page cache");
	if (find_both(l, found, why)) {
		skip_step(l, "run the lesson as root", "%s; the state of the pages must do", why);
		return;
	}
	/* A disk is written behind our back: the bytes come within a moment. */
	for (int i = 0; i < 5 && !found[0] && !find_both(l, found, why); i++)
		usleep(200000);
	expect_equal(l, "open", "pages with the open secret", (uint64_t)found[0], 1, UNIT_NUMBER);
	expect_equal(l, "locked", "pages with the locked "
			"secret", (uint64_t)found[1], 0, UNIT_NUMBER);
	tell_afterwards(l, s);
}

void mlock_secret(struct lesson *l)
{
	uint64_t page = lesson_machine(l)->page, open, locked;
	char cgroup[256] = "";
	struct subject *s;

	step(l, "secret", "Two secrets of %d random bytes, each on a page; only the second is "
			"locked",
	     SECRET);
	if (lesson_machine(l)->rlim_memlock < page && !lesson_machine(l)->cap_ipc_lock) {
		skip_step(l, "ulimit -l 1024", "not even one page may be locked");
		return;
	}
	s = subject_in_cgroup(l, "mlock", cgroup);
	predict(l, "both are in memory; the second is locked before the secret is written to it, "
		"so that there is no moment at which it could go");
	open = small_room(s, 1, RW);
	locked = small_room(s, 1, RW);
	subject_mlock(s, locked, page);
	expect_errno(l, "mlock", s, 0);
	make_secret(s, open);
	make_secret(s, locked);
	expect_pages(l, "open", s, open, 1, "R");
	expect_categories(l, "locked", s, locked, 1,
			  MMSCOPE_CAT(PRESENT) | MMSCOPE_CAT(MLOCKED), 0);
	copy = mmap(NULL, page, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
	if (copy != MAP_FAILED && (!read_secret(s, open, copy->open) ||
				   !read_secret(s, locked, copy->locked))) {
		munmap(copy, page);
		copy = NULL;
	}
	if (copy == MAP_FAILED)
		copy = NULL;

	step(l, "pressure", "Memory runs short");
	if (skip_without_swap(l, "mlock"))
		return;
	predict(l, "the open secret goes to swap; the locked one stays where it is");
	pressure(l, s, cgroup, open, locked);
	expect_pages(l, "open", s, open, 1, "S");
	expect_pages(l, "locked", s, locked, 1, "R");
	search(l, s);

	if (copy)
		munmap(copy, page);
	copy = NULL;
}
