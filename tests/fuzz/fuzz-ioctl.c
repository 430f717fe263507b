/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fuzz-ioctl.c - random calls that know the structures: mostly right in shape,
 * wrong in a field or a pointer, at targets that come and go. It looks for
 * nothing but a kernel that survives, and answers that keep their promises.
 * usage: fuzz-ioctl [SEED [COUNT]]
 */
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "kit.h"

#define TARGETS 6
#define SESSIONS 8
#define ROOM (1 << 20)

static u64 seed;
static pid_t target[TARGETS];
static int file[SESSIONS];
static char *room, *edge, *readonly;
static u64 answers[140], broken;

/* xorshift: the same everywhere, so that a seed tells the whole run. */
static u64 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1dULL >> 16;
}

static bool one_in(u64 n)
{
	return rnd() % n == 0;
}

/* ---- targets ---- */

static void *wild_region(u64 *bytes)
{
	static const int flags[] = { MAP_PRIVATE | MAP_ANONYMOUS, MAP_SHARED | MAP_ANONYMOUS,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE };

	*bytes = (1 + rnd() % 1200) * page;
	return mmap(NULL, *bytes, rnd() & 7, flags[rnd() % 3], -1, 0);
}

static void wild_life(void *arg)
{
	static const int advice[] = { MADV_DONTNEED, MADV_FREE, MADV_PAGEOUT, MADV_COLD,
				      MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_MERGEABLE,
				      MADV_WILLNEED };
	u64 bytes, i;

	seed ^= (uintptr_t)arg * 0x9e3779b97f4a7c15ULL | 1;
	for (;;) {
		char *p = wild_region(&bytes);

		if (p == MAP_FAILED)
			continue;
		if (one_in(3))
			mlock(p, bytes / 2 / page * page);
		if (!mprotect(p, bytes, PROT_READ | PROT_WRITE))
			for (i = 0; i < bytes; i += page * (1 + rnd() % 5))
				p[i] = 1;
		madvise(p, bytes, advice[rnd() % ARRAY_SIZE(advice)]);
		mprotect(p + bytes / 2 / page * page, page, rnd() & 7);
		if (one_in(20))
			sbrk(rnd() % 9000);
		if (!one_in(4))
			usleep(rnd() % 30000);
		if (one_in(200) && fork() == 0)
			_exit(0);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		munmap(p, bytes);
		if (one_in(300))
			_exit(0);
		if (one_in(400))
			execl("/bin/sleep", "sleep", "3", NULL);
	}
}

static void renew(int i)
{
	if (target[i] > 0) {
		kill(target[i], SIGKILL);
		wait_for(target[i]);
	}
	target[i] = child_of(wild_life, (void *)(uintptr_t)rnd());
}

/* ---- values ---- */

static u64 pointer(void)
{
	switch (rnd() % 12) {
	case 0: return 0;
	case 1: return (uintptr_t)edge;
	case 2: return (uintptr_t)edge - rnd() % 300;
	case 3: return (uintptr_t)readonly + rnd() % 64;
	case 4: return 0xffff888000000000ULL + rnd() % (1 << 30);
	case 5: return rnd() << 16;
	default: return (uintptr_t)room + rnd() % (ROOM / 2) / 8 * 8;
	}
}

static u64 length(void)
{
	switch (rnd() % 8) {
	case 0: return 0;
	case 1: return 1;
	case 2: return ~0ULL;
	case 3: return ~0ULL / (1 + rnd() % 100);
	default: return rnd() % 400;
	}
}

static u64 address(void)
{
	switch (rnd() % 8) {
	case 0: return 0;
	case 1: return ~0xfffULL;
	case 2: return 1ULL << (47 + rnd() % 10);
	case 3: return rnd() << 12;
	case 4: return (uintptr_t)room;
	/* Where mappings are, on this architecture. */
	case 5: return ((uintptr_t)room >> 40 << 40) + (rnd() % (1ULL << 28) << 12);
	case 6: return (uintptr_t)sbrk(0) & ~(page - 1);
	default: return rnd() % (1ULL << 35) << 12;
	}
}

static u64 categories(void)
{
	return one_in(3) ? told : one_in(10) ? rnd() : told & rnd() & rnd();
}

static u32 size_of(u32 right)
{
	switch (rnd() % 16) {
	case 0: return rnd() % (right + 40);
	case 1: return right + rnd() % 64;
	case 2: return rnd();
	case 3: return 4096;
	default: return right;
	}
}

union arg {
	u32 size;
	struct mmscope_info info;
	struct mmscope_attach attach;
	struct mmscope_mm mm;
	struct mmscope_vmas vmas;
	struct mmscope_pages pages;
	struct mmscope_walk walk;
	unsigned char bytes[8192];
};

static int someone(u32 *flags)
{
	static int event = -1;

	if (event < 0)
		event = eventfd(0, 0);
	switch (rnd() % 10) {
	case 0: return rnd();
	case 1: return rnd() % 400;
	case 2: return getpid();
	case 3:
		*flags = MMSCOPE_ATTACH_PIDFD;
		return one_in(2) ? event : (int)(rnd() % 30);
	case 4:
		*flags = MMSCOPE_ATTACH_PIDFD;
		return pidfd_of(target[rnd() % TARGETS]);
	default: return target[rnd() % TARGETS];
	}
}

static void fill(int nr, union arg *a)
{
	switch (nr) {
	case 0:
		a->size = size_of(sizeof(a->info));
		break;
	case 1:
		a->size = size_of(sizeof(a->attach));
		a->attach.pid = someone(&a->attach.flags);
		break;
	case 2:
		a->size = size_of(sizeof(a->mm));
		break;
	case 3:
		a->size = size_of(sizeof(a->vmas));
		a->vmas.start = one_in(2) ? 0 : address();
		a->vmas.end = one_in(2) ? 1ULL << 56 : address();
		a->vmas.vmas = pointer();
		a->vmas.vmas_len = length();
		a->vmas.names = pointer();
		a->vmas.names_len = one_in(3) ? 0 : length() * 50;
		a->vmas.mm = one_in(2) ? 0 : pointer();
		a->vmas.accts = one_in(2) ? 0 : pointer();
		a->vmas.acct_categories = one_in(2) ? 0 : categories();
		if (a->vmas.mm && one_in(2)) {
			a->vmas.mm = (uintptr_t)room + ROOM - 4096;
			memset(room + ROOM - 4096, 0, 4096);
			*(u32 *)(room + ROOM - 4096) = size_of(sizeof(a->mm));
		}
		break;
	case 4:
		a->size = size_of(sizeof(a->pages));
		a->pages.flags = one_in(3) ? MMSCOPE_PAGES_FRAMES : 0;
		a->pages.start = one_in(2) ? 0 : address();
		a->pages.end = one_in(2) ? 1ULL << 56 : address();
		a->pages.categories = categories();
		a->pages.all_of = one_in(2) ? 0 : categories() & categories();
		a->pages.any_of = one_in(2) ? 0 : categories();
		a->pages.none_of = one_in(2) ? 0 : categories() & categories();
		a->pages.max_pages = one_in(2) ? 0 : length();
		a->pages.runs = pointer();
		a->pages.runs_len = length();
		break;
	default:
		a->size = size_of(sizeof(a->walk));
		a->walk.flags = one_in(2);
		a->walk.address = address() + rnd() % 4096;
	}
}

/* ---- one call ---- */

static void promise(bool kept, const char *what)
{
	if (!kept && !broken++)
		tap_note("broken: %s", what);
}

static void judge(int nr, int err, const union arg *before, const union arg *after)
{
	static const int known[] = { 0, ENOTTY, EFAULT, EINVAL, E2BIG, ENOTCONN, ESTALE, ESRCH,
				     EINTR, ENOMEM, ENXIO, EACCES, ENOENT, EBADF, EAGAIN, ENOSPC,
				     EFBIG, ERANGE, EPERM };
	bool found = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		found = found || err == known[i];
	promise(found, "an errno that is in no list");
	answers[err < 140 ? err : 0]++;
	promise(after->size == before->size, "size was changed");
	if (nr == 4 && !err) {
		promise(after->pages.cursor >= before->pages.start &&
			after->pages.cursor <= before->pages.end, "cursor out of range");
		promise(after->pages.runs_count <= before->pages.runs_len, "too many runs");
		promise(!before->pages.max_pages || after->pages.pages <= before->pages.max_pages,
			"too many pages");
	}
	if (nr == 3 && !err)
		promise(after->vmas.vmas_count <= before->vmas.vmas_len &&
			after->vmas.names_bytes <= before->vmas.names_len, "more than there is room");
	if (nr == 5 && !err)
		promise(after->walk.levels_count <= 5, "too many levels");
}

static void fuzz_one(void)
{
	static union arg a, before;
	int nr = rnd() % 6, fd = file[rnd() % SESSIONS], err, opened = -1;
	unsigned long cmd = _IOC(_IOC_READ | _IOC_WRITE, MMSCOPE_IOC_TYPE, nr, 8);
	void *arg = &a;

	if (one_in(50))
		cmd = one_in(2) ? rnd() & 0xffffffff : _IO(MMSCOPE_IOC_TYPE, rnd() & 255);
	memset(&a, 0, sizeof(a));
	fill(nr, &a);
	if (nr == 1 && a.attach.flags && a.attach.pid > 30)
		opened = a.attach.pid;
	if (one_in(10))
		a.bytes[rnd() % 400] ^= 1 << rnd() % 8;
	if (one_in(30))
		arg = (void *)pointer();
	before = a;
	err = call(fd, cmd, arg);
	if (arg == &a && _IOC_TYPE(cmd) == MMSCOPE_IOC_TYPE && _IOC_NR(cmd) == (u32)nr)
		judge(nr, err, &before, &a);
	if (opened >= 0)
		close(opened);
}

static void stir(void)
{
	int i;

	if (one_in(300)) {
		i = rnd() % SESSIONS;
		close(file[i]);
		file[i] = session();
	}
	if (one_in(500))
		renew(rnd() % TARGETS);
	if (one_in(1000)) {
		char text[30];

		snprintf(text, sizeof(text), "%s%d", one_in(2) ? "-" : "", target[rnd() % TARGETS]);
		write_text(MMSCOPE_PROC "/targets", text);
		free(read_text(MMSCOPE_PROC "/%d/resident", target[rnd() % TARGETS]));
	}
}

static void close_pidfds(void)
{
	int i;

	for (i = 64; i < 1024; i++)
		close(i);
}

int main(int argc, char **argv)
{
	const char *given = argc > 1 ? argv[1] : getenv("MMSCOPE_FUZZ_SEED");
	const char *seconds = getenv("MMSCOPE_FUZZ_SECONDS");
	u64 count = argc > 2 ? strtoull(argv[2], NULL, 0) : 100000, n, i;
	struct mmscope_info info;
	time_t end;
	char *p;

	/* Without a number it is as many as a test may take time for. */
	tap_start("fuzz.", argc > 2 ? 0 : 540);
	end = time(NULL) + (seconds ? strtol(seconds, NULL, 0) : 240);
	seed = given ? strtoull(given, NULL, 0) : (u64)time(NULL) << 20 ^ getpid();
	seed = seed ? seed : 1;
	tap_note("again with: fuzz-ioctl %llu %llu", seed, count);
	p = mmap(NULL, ROOM + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	room = p;
	edge = p + ROOM;
	mprotect(edge, page, PROT_NONE);
	readonly = isle(page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < SESSIONS; i++)
		file[i] = session();
	for (i = 0; i < TARGETS; i++)
		renew(i);
	for (n = 0; n < count; n++) {
		fuzz_one();
		stir();
		if (n % 5000 == 0)
			close_pidfds();
		if (argc <= 2 && n % 500 == 0 && time(NULL) > end)
			break;
	}
	tap_note("%llu calls", n);
	for (i = 0; i < TARGETS; i++) {
		kill(target[i], SIGKILL);
		wait_for(target[i]);
	}
	for (i = 0; i < 140; i++)
		if (answers[i])
			tap_note("%llu x %s", answers[i], i ? strerrorname_np(i) : "success");
	eq(broken, 0, "promises_kept");
	ok(answers[0] > n / 20, "some_calls_succeed");
	eq_err(get_info(file[0], &info), 0, "works_after_it");
	return tap_end();
}
