/* SPDX-License-Identifier: GPL-2.0 */
/*
 * huge.c - huge pages that are made, split, collapsed, shared by fork, punched
 * and protected under the walker: anonymous ones, those of tmpfs, and hugetlb;
 * pages under userfaultfd's write protection; memory that fails. Huge islands
 * amid it are told exactly.
 */
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../vm/compare.h"
#include "storm.h"

#define AREAS	3		/* anonymous, of tmpfs, hugetlb */
#define AREA	(4 * HUGE)
#define READERS	4
#define PER	(HUGE / page)

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

static struct land {
	struct islands islands;
	u64 area[AREAS];	/* 0: there is none */
	u64 guarded, guarded_pages;	/* under userfaultfd */
	u64 failed;		/* a page whose memory failed */
	volatile int ready, rest, resting, threads;
	u64 operations, spoilt, collapsed, poisoned;
} *land;

static const char folder[] = "/tmp/mmscope-storm-huge";
static int tmpfs_file = -1, zero_fd;
static pid_t target;

static char *aligned(size_t bytes)
{
	char *p = isle(bytes + HUGE, PROT_NONE, MEM | MAP_NORESERVE, -1, 0);

	return (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
}

static void worked(void)
{
	__atomic_add_fetch(&land->operations, 1, __ATOMIC_RELAXED);
}

static void rest(void)
{
	__atomic_add_fetch(&land->resting, 1, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
}

/* ---- islands ---- */

#define OTHERS	(CAT(SWAPPED) | CAT(MIGRATING) | CAT(POISONED) | CAT(ZERO) | CAT(GUARD))

static bool is_huge(char *p)
{
	u64 entry;

	return !pagemap(getpid(), (uintptr_t)p, 1, &entry) && entry & PM_PRESENT &&
	       kpageflags(entry & PM_FRAME) >> KPF_THP & 1;
}

static void make_islands(void)
{
	char *p = aligned(HUGE), *q = aligned(HUGE);

	mmap(p, HUGE, RW, MEM | MAP_FIXED, -1, 0);
	madvise(p, HUGE, MADV_HUGEPAGE);
	memset(p, 1, HUGE);
	mlock(p, HUGE);
	if (is_huge(p))
		island_add(&land->islands, "thp", p, PER,
			   HERE | CAT(ANON) | CAT(HUGE_PMD) | CAT(WRITABLE) | CAT(MLOCKED),
			   OTHERS | CAT(SHARED) | CAT(HUGETLB));
	if (mmap(q, HUGE, RW, MEM | MAP_FIXED | MAP_HUGETLB, -1, 0) == q) {
		memset(q, 1, HUGE);
		island_add(&land->islands, "hugetlb", q, PER,
			   HERE | CAT(HUGETLB) | CAT(HUGE_PMD) | CAT(WRITABLE),
			   OTHERS | CAT(SHARED));
	}
	p = quiet(16, MAP_PRIVATE, true);
	mlock(p, 16 * page);
	island_add(&land->islands, "small", p, 16, HERE | CAT(ANON) | CAT(MLOCKED),
		   OTHERS | CAT(HUGE_PMD) | CAT(SHARED));
}

/* ---- areas: what is done to huge pages ---- */

static void split_somehow(char *p)
{
	u64 from = below(PER), n = 1 + below(PER - from);

	switch (below(4)) {
	case 0:
		mprotect(p + from * page, n * page, PROT_READ);
		mprotect(p, HUGE, RW);
		break;
	case 1:
		madvise(p + from * page, n * page, MADV_DONTNEED);
		break;
	case 2:
		madvise(p + from * page, n * page, MADV_PAGEOUT);
		break;
	default:
		madvise(p + from * page, n * page, MADV_FREE);
	}
}

static void fork_and_write(char *p)
{
	pid_t pid = fork();
	int i;

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (i = 0; i < 20; i++)
			if (read(zero_fd, p + below(PER) * page, 8) < 0)
				break;
		_exit(0);
	}
	for (i = 0; i < 20; i++)
		p[below(PER) * page] = 3;
	waitpid(pid, NULL, 0);
}

static void anon_step(char *p)
{
	switch (below(6)) {
	case 0:
		mmap(p, HUGE, RW, MEM | MAP_FIXED, -1, 0);
		madvise(p, HUGE, MADV_HUGEPAGE);
		break;
	case 1:
		memset(p, 2, HUGE);
		break;
	case 2:
		if (!madvise(p, HUGE, MADV_COLLAPSE))
			__atomic_add_fetch(&land->collapsed, 1, __ATOMIC_RELAXED);
		break;
	case 3:
		fork_and_write(p);
		break;
	default:
		split_somehow(p);
	}
}

static void tmpfs_step(char *p, off_t offset)
{
	u64 from = below(PER), n = 1 + below(PER - from);

	switch (below(5)) {
	case 0:
		memset(p, 4, HUGE);
		break;
	case 1:
		fallocate(tmpfs_file, 3 /* punch a hole, keep the size */, offset + from * page,
			  n * page);
		break;
	case 2:
		madvise(p, HUGE, one_in(2) ? MADV_DONTNEED : MADV_COLLAPSE);
		break;
	case 3:
		mmap(p, HUGE, RW, (one_in(3) ? MAP_PRIVATE : MAP_SHARED) | MAP_FIXED, tmpfs_file,
		     offset);
		break;
	default:
		split_somehow(p);
	}
}

static void hugetlb_step(char *p)
{
	switch (below(4)) {
	case 0:
		if (mmap(p, HUGE, RW, (one_in(2) ? MAP_PRIVATE : MAP_SHARED) | MAP_ANONYMOUS |
			 MAP_HUGETLB | MAP_FIXED, -1, 0) == MAP_FAILED)
			mmap(p, HUGE, PROT_NONE, MEM | MAP_FIXED | MAP_NORESERVE, -1, 0);
		break;
	case 1:
		/* By a system call: the pool may be empty, and then a store kills. */
		if (read(zero_fd, p + below(PER) * page, 8) > 0)
			mprotect(p, HUGE, one_in(2) ? PROT_READ : RW);
		break;
	case 2:
		mmap(p, HUGE, PROT_NONE, MEM | MAP_FIXED | MAP_NORESERVE, -1, 0);
		break;
	default:
		madvise(p, HUGE, MADV_DONTNEED);
	}
}

static void *rage(void *arg)
{
	uintptr_t kind = (uintptr_t)arg;
	char *area = (char *)land->area[kind];

	rnd_stream(100 + kind);
	/* What is mapped at any address must not come to lie in a hole of an area. */
	while (!land->ready)
		usleep(1000);
	for (; !land->rest; worked()) {
		u64 at = below(AREA / HUGE) * HUGE;

		if (kind == 0)
			anon_step(area + at);
		else if (kind == 1)
			tmpfs_step(area + at, at);
		else
			hugetlb_step(area + at);
	}
	rest();
	return NULL;
}

/* ---- pages under userfaultfd, protected and not ---- */

static int guard(char *p, u64 pages)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	struct uffdio_register r = {
		.range = { (uintptr_t)p, pages * page }, .mode = UFFDIO_REGISTER_MODE_WP,
	};
	int u = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (u < 0 || ioctl(u, UFFDIO_API, &api) || ioctl(u, UFFDIO_REGISTER, &r))
		return -1;
	return u;
}

static void *protect_on(void *arg)
{
	int u = (intptr_t)arg;
	struct uffdio_writeprotect wp;

	rnd_stream(200);
	for (; !land->rest; worked()) {
		u64 from = below(land->guarded_pages), n = 1 + below(land->guarded_pages - from);

		wp = (struct uffdio_writeprotect){
			.range = { land->guarded + from * page, n * page },
			.mode = one_in(2) ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
		};
		ioctl(u, UFFDIO_WRITEPROTECT, &wp);
		if (one_in(8))
			madvise((void *)wp.range.start, n * page, MADV_PAGEOUT);
	}
	rest();
	return NULL;
}

/* ---- memory that moves away, and one page that fails ---- */

static void *move_away(void *arg)
{
	char *p = arg;
	u64 k;

	rnd_stream(300);
	for (k = 0; !land->rest && k < 200; k++) {
		if (p[below(16) * page] != 7)
			__atomic_add_fetch(&land->spoilt, 1, __ATOMIC_RELAXED);
		/* Each takes a page of the machine away: not too many. */
		if (madvise(p + below(16) * page, page, MADV_SOFT_OFFLINE))
			break;
		worked();
		usleep(20000);
	}
	while (!land->rest)
		usleep(1000);
	rest();
	return NULL;
}

static void told_of_it(int sig)
{
	(void)sig;
}

static void fail_one_page(void)
{
	struct sigaction act = { .sa_handler = told_of_it };
	char *p = quiet(4, MAP_PRIVATE, true);

	/* Whoever maps the page is sent this, which cannot be ignored. */
	sigaction(SIGBUS, &act, NULL);
	/* Only in the lab, which is thrown away with its memory. */
	if (!getenv("MMSCOPE_LAB") || madvise(p + page, page, MADV_HWPOISON))
		return;
	land->failed = (uintptr_t)p + page;
	signal(SIGBUS, SIG_DFL);
}

/* ---- the target ---- */

static void start(void *(*fn)(void *), void *arg)
{
	pthread_t t;

	if (!pthread_create(&t, NULL, fn, arg))
		land->threads++;
}

static void live(void *arg)
{
	char *p;
	int u;

	(void)arg;
	make_islands();
	fail_one_page();
	p = aligned(AREA);
	if (mmap(p, AREA, RW, MEM | MAP_FIXED, -1, 0) == p)
		land->area[0] = (uintptr_t)p;
	p = aligned(AREA);
	if (tmpfs_file >= 0 && mmap(p, AREA, RW, MAP_SHARED | MAP_FIXED, tmpfs_file, 0) == p)
		land->area[1] = (uintptr_t)p;
	p = aligned(AREA);
	if (mmap(p, HUGE, RW, MEM | MAP_FIXED | MAP_HUGETLB, -1, 0) == p)
		land->area[2] = (uintptr_t)p;
	for (uintptr_t i = 0; i < AREAS; i++)
		if (land->area[i])
			start(rage, (void *)i);
	p = quiet(256, MAP_PRIVATE, true);
	madvise(p, 256 * page, MADV_DONTFORK);
	u = guard(p, 256);
	if (u >= 0) {
		land->guarded = (uintptr_t)p;
		land->guarded_pages = 256;
		start(protect_on, (void *)(intptr_t)u);
	}
	if (getenv("MMSCOPE_LAB")) {
		p = quiet(16, MAP_PRIVATE, false);
		memset(p, 7, 16 * page);
		start(move_away, p);
	}
	land->ready = 1;
	for (;;)
		pause();
}

/* ---- readers ---- */

static void check_failed(int fd)
{
	u64 state = 0;
	struct mmscope_walk w;

	if (!land->failed)
		return;
	holds("failed.is_told", !get_states(fd, land->failed, 1, &state) &&
	      state & CAT(POISONED) && !(state & CAT(PRESENT)), "%llx", state);
	holds("failed.walk", !ask_walk(fd, land->failed, &w) && w.categories & CAT(POISONED),
	      "%llx", w.categories);
}

/* Nothing but write protection changes there. */
static void check_guarded(int fd)
{
	u64 state[256], i;

	if (!land->guarded || !holds("guarded.answered", !get_states(fd, land->guarded, 256, state),
				     "-"))
		return;
	for (i = 0; i < 256; i++) {
		holds("guarded.is_there", state[i] & (CAT(PRESENT) | CAT(SWAPPED) | CAT(MIGRATING)),
		      "page %llu: %llx", i, state[i]);
		holds("guarded.protected_is_not_writable", !(state[i] & CAT(UFFD_WP)) ||
		      !(state[i] & CAT(WRITABLE)), "page %llu: %llx", i, state[i]);
		if (state[i] & CAT(UFFD_WP))
			holds("guarded.protection_was_seen", true, "-");
	}
}

static void reader(void *arg)
{
	int fd = session_of(target), err;

	rnd_stream(10 + (uintptr_t)arg);
	while (storm_on()) {
		u64 area = land->area[below(AREAS)];
		struct mmscope_walk w;
		struct snapshot snap;
		struct runs runs;

		err = area ? ask_pages(fd, area, area + AREA, &runs) :
			     ask_pages(fd, 0, ALL_END, &runs);
		holds("queries.no_error", !err, "PAGES: %s", strerrorname_np(err));
		free(runs.run);
		if (area)
			err = ask_walk(fd, area + below(AREA), &w);
		holds("queries.no_error", !err, "WALK: %s", strerrorname_np(err));
		err = ask_vmas(fd, &snap);
		holds("queries.no_error", !err || err == ENOSPC, "VMAS: %s", strerrorname_np(err));
		free_vmas(&snap);
		check_island(fd, &land->islands);
		walk_island(fd, &land->islands);
		check_failed(fd);
		check_guarded(fd);
		tick("rounds of readers");
	}
}

/* ---- the storm, and the calm after it ---- */

static void compare_at_rest(void)
{
	struct comparison c = { .pid = target, .fd = session_of(target), .kpageflags = true };
	struct snapshot snap;
	struct tally t = { 0 };
	int tries;

	land->rest = 1;
	for (tries = 0; tries < 3000 && land->resting < land->threads; tries++)
		usleep(10000);
	eq(land->resting, land->threads, "rest.all_threads");
	settle(target);
	ask_vmas(c.fd, &snap);
	check_against_maps(target, &snap);
	judge("maps.same_records");
	free_vmas(&snap);
	compare_process(&c, &t);
	tap_note("at rest: %llu pages, %llu present", t.pages, t.present);
	report("rest", &t, &c);
	close(c.fd);
}

static void prepare(void)
{
	char path[100];

	land = shared(sizeof(*land));
	zero_fd = open("/dev/zero", O_RDONLY);
	write_text("/proc/sys/vm/compact_unevictable_allowed", "0");
	write_text("/proc/sys/vm/nr_hugepages", "5");
	mkdir(folder, 0700);
	if (mount("storm", folder, "tmpfs", 0, "huge=always"))
		return;
	snprintf(path, sizeof(path), "%s/file", folder);
	tmpfs_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (ftruncate(tmpfs_file, AREA))
		tmpfs_file = -1;
}

int main(void)
{
	static const char *const names[] = {
		"queries.no_error", "categories.exclude_each_other", "categories.imply_each_other",
		"runs.in_order", "runs.in_range", "runs.sum_is_pages", "cursor.moves_forward",
		"cursor.does_not_stick", "vmas.in_order", "vmas.as_many_as_the_header_says",
		"vmas.locked_vm", "accts.resident_fits", "accts.each_fits", "accts.places_fit",
		"walk.levels_descend", "walk.ends_below_tables",
	};
	static const char *const kinds[AREAS] = { "thp", "tmpfs_thp", "hugetlb" };
	struct pack readers = { .count = 0 };
	uintptr_t i;

	storm_start("storm.huge.");
	close(session());
	prepare();
	target = child_of(live, NULL);
	await(target, &land->ready);
	for (i = 0; i < AREAS; i++)
		if (land->area[i])
			ok(1, "there_is.%s", kinds[i]);
		else
			skip("there_is", "no %s to be had", kinds[i]);
	storm_begin();
	for (i = 0; i < READERS; i++)
		pack_add(&readers, reader, (void *)i);
	pack_join(&readers, "readers_end");
	compare_at_rest();
	for (i = 0; i < ARRAY_SIZE(names); i++)
		judge(names[i]);
	judge_islands();
	judge_if_tried("failed.is_told", "this kernel cannot pretend that memory fails");
	judge_if_tried("failed.walk", "this kernel cannot pretend that memory fails");
	judge_if_tried("guarded.answered", "no write protection by userfaultfd");
	judge_if_tried("guarded.is_there", "no write protection by userfaultfd");
	judge_if_tried("guarded.protected_is_not_writable", "no write protection by userfaultfd");
	judge_if_tried("guarded.protection_was_seen", "no write protection by userfaultfd");
	tap_note("%llu operations, %llu collapses", land->operations, land->collapsed);
	ok(land->operations > 60, "it_was_a_storm");
	eq(land->spoilt, 0, "what_moved_away_is_as_it_was");
	eq_err(kill(target, 0) ? errno : 0, 0, "the_target_lives");
	kill(target, SIGKILL);
	wait_for(target);
	close(tmpfs_file);
	umount2(folder, MNT_DETACH);
	rmdir(folder);
	write_text("/proc/sys/vm/nr_hugepages", "0");
	return storm_end();
}
