// SPDX-License-Identifier: GPL-2.0
/*
 * calls.c - open and close of the device and each of its six commands, with each
 * allocation and each user copy failing in turn.
 */
#include "nth.h"

static struct subject s;
static char *region;
static int fd = -1;

#define PAGES 64

/* Some of each kind, so that what is told is not all alike. */
static long make(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < PAGES; i += 3)
		region[i * page] = 1;
	mlock(region + 16 * page, 8 * page);
	return 0;
}

static void tell(const void *what, size_t len)
{
	memcpy(answer + answer_len, what, len);
	answer_len += len;
}

static int open_close(void *arg)
{
	int file = open(MMSCOPE_DEVICE, O_RDONLY | O_CLOEXEC);

	(void)arg;
	if (file < 0)
		return errno;
	return close(file) ? errno : 0;
}

static int info(void *arg)
{
	struct mmscope_info i;
	int err = get_info(fd, &i);

	(void)arg;
	i.batches = i.longest_hold_ns = i.hold_ns = 0;	/* they count each query */
	memset(i.holds, 0, sizeof(i.holds));
	if (!err)
		tell(&i, sizeof(i));
	return err;
}

static int attach_by_pid(void *arg)
{
	(void)arg;
	return attach(fd, s.pid);
}

static int attach_by_pidfd(void *arg)
{
	return attach_pidfd(fd, *(int *)arg);
}

static int mm(void *arg)
{
	struct mmscope_mm m;
	int err = get_mm(fd, &m);

	(void)arg;
	if (!err)
		tell(&m, sizeof(m));
	return err;
}

static struct mmscope_vma vma[512];
static struct mmscope_acct account[512];
/* Larger than what kmalloc() gives, so that it has to come from vmalloc(). */
static char names[5 << 20];
#define FEW (1 << 16)

struct how {
	bool accounts;
	u64 names_len;
	u64 part;		/* so many of them; 0: all */
};

static int vmas(void *arg)
{
	const struct how *how = arg;
	struct mmscope_mm m = { .size = sizeof(m) };
	struct mmscope_vmas v = {
		.size = sizeof(v), .end = 1ULL << 56,
		.flags = how->part ? MMSCOPE_VMAS_PART : 0,
		.vmas = (uintptr_t)vma, .vmas_len = how->part ?: ARRAY_SIZE(vma),
		.names = (uintptr_t)names, .names_len = how->names_len,
		.mm = (uintptr_t)&m,
		.accts = how->accounts ? (uintptr_t)account : 0,
	};
	int err = call(fd, MMSCOPE_VMAS, &v);

	if (err)
		return err;
	tell(&v, sizeof(v));
	tell(&m, sizeof(m));
	tell(vma, v.vmas_count * sizeof(*vma));
	tell(names, v.names_bytes);
	if (how->accounts)
		tell(account, v.vmas_count * sizeof(*account));
	return 0;
}

static struct mmscope_run runs[4096];

/*
 * All of it, by as many calls as it takes: a call may end early (and say so by
 * its cursor), which is no failure. Runs are told page by page, since where they
 * are cut is not promised.
 */
static int pages(void *arg)
{
	struct mmscope_pages p = {
		.size = sizeof(p), .end = 1ULL << 56, .categories = told,
		.any_of = CAT(PRESENT) | CAT(SWAPPED), .flags = MMSCOPE_PAGES_FRAMES,
		.runs = (uintptr_t)runs, .runs_len = ARRAY_SIZE(runs),
	};
	u64 i;

	(void)arg;
	do {
		int err = call(fd, MMSCOPE_PAGES, &p);

		if (err)
			return err;
		for (i = 0; i < p.runs_count; i++) {
			u64 a, n = 0;

			for (a = runs[i].start; a < runs[i].end; a += page, n++) {
				u64 what[3] = { a, runs[i].categories, runs[i].frame + n };

				tell(what, sizeof(what));
			}
		}
		p.start = p.cursor;
	} while (p.cursor < p.end);
	return 0;
}

static int walk_raw(void *arg)
{
	struct mmscope_walk w;
	int err = walk(fd, (uintptr_t)region + 18 * page, MMSCOPE_WALK_RAW, &w);

	(void)arg;
	if (!err)
		tell(&w, sizeof(w));
	return err;
}

/* Too little room is an answer, too: it must be told in spite of all. */
static int no_room(void *arg)
{
	struct mmscope_vmas v = {
		.size = sizeof(v), .end = 1ULL << 56,
		.vmas = (uintptr_t)vma, .vmas_len = 1, .names = (uintptr_t)names, .names_len = 1,
	};
	int err = call(fd, MMSCOPE_VMAS, &v);

	(void)arg;
	if (err != ENOSPC)
		return err ? err : EPROTO;
	tell(&v, sizeof(v));
	return 0;
}

/* The session of the other actions answers after each failure as before it. */
static bool session_answers(void *arg)
{
	struct mmscope_mm m;

	(void)arg;
	return fd < 0 || (!get_mm(fd, &m) && m.pid == s.pid);
}

static void test(const char *name, int (*run)(void *arg), void *arg)
{
	const struct action action = {
		.name = name, .run = run, .arg = arg, .intact = session_answers,
	};

	nth_test(&action);
}

int main(void)
{
	struct how few = { false, FEW, 0 }, with = { true, FEW, 0 }, part = { true, FEW, 7 };
	struct how many = { false, sizeof(names), 0 };
	int pidfd;

	region = isle(PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	subject_start(&s);
	subject_call(&s, make, NULL);
	nth_start("fault.", 120);
	memset(runs, 1, sizeof(runs));
	memset(account, 1, sizeof(account));
	test("device.open_close", open_close, NULL);
	fd = session_of(s.pid);
	pidfd = pidfd_of(s.pid);
	test("info", info, NULL);
	test("attach.pid", attach_by_pid, NULL);
	if (pidfd >= 0)
		test("attach.pidfd", attach_by_pidfd, &pidfd);
	else
		skip("attach.pidfd", "this kernel has no pidfd_open");
	test("mm", mm, NULL);
	test("vmas", vmas, &few);
	test("vmas.large", vmas, &many);
	test("vmas.accounts", vmas, &with);
	test("vmas.part", vmas, &part);
	test("vmas.no_room", no_room, NULL);
	test("pages", pages, NULL);
	test("walk", walk_raw, NULL);
	close(fd);
	subject_end(&s);
	return tap_end();
}
