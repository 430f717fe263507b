/* SPDX-License-Identifier: GPL-2.0 */
/*
 * churn.c - a process whose threads map, unmap, move, protect, lock, advise,
 * swap, merge and fork as fast as they can, while readers ask all there is to
 * ask. Amid it lie islands that nobody touches: they must be told exactly each
 * time. What the process wrote must stay as it was written.
 */
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "../vm/compare.h"
#include "storm.h"

#define WILD	2			/* threads with an arena each */
#define ARENA	(32UL << 20)
#define LEDGERS	2
#define LEDGER	512			/* pages */
#define READERS	4

/* What the target tells of itself. */
static struct land {
	u64 brk, start_brk;
	struct islands islands;
	u64 wild[WILD];
	volatile int ready, rest, resting;
	volatile pid_t child;		/* the newest of its forks */
	u64 operations, spoilt;
} *land;

static int zero_fd, sink_fd, exe_fd;

/* ---- islands ---- */

#define LOCKED	(HERE | CAT(MLOCKED))
#define AWAY	(CAT(SWAPPED) | CAT(MIGRATING) | CAT(GUARD) | CAT(POISONED) | CAT(ZERO))

static char *locked(int flags)
{
	char *p = quiet(16, flags, true);

	mlock(p, 16 * page);
	return p;
}

static void make_islands(void)
{
	struct islands *all = &land->islands;
	char *p = locked(MAP_PRIVATE);

	island_add(all, "locked", p, 16, LOCKED | CAT(ANON) | CAT(WRITABLE) | CAT(DIRTY),
		   AWAY | CAT(SHARED) | CAT(KSM) | CAT(HUGE_PMD) | CAT(FILE) | CAT(SHMEM));
	p = locked(MAP_PRIVATE);
	mprotect(p, 16 * page, PROT_NONE);
	island_add(all, "locked_no_access", p, 16, LOCKED | CAT(ANON),
		   AWAY | CAT(WRITABLE) | CAT(SHARED));
	island_add(all, "locked_shared", locked(MAP_SHARED), 16, LOCKED | CAT(SHMEM),
		   AWAY | CAT(ANON) | CAT(FILE));
	island_add(all, "untouched", quiet(16, MAP_PRIVATE, false), 16, 0,
		   told & ~CAT(SOFT_DIRTY));
	p = quiet(16, MAP_PRIVATE, false);
	if (write(sink_fd, p, 16 * page) > 0)
		island_add(all, "zero_page", p, 16, HERE | CAT(ZERO),
			   CAT(ANON) | CAT(WRITABLE) | CAT(SHARED));
	p = quiet(32, MAP_PRIVATE, true);
	if (swapped_out(p, 32))
		island_add(all, "swapped", p, 32, CAT(SWAPPED) | CAT(CACHE_UNKNOWN),
			   CAT(PRESENT) | CAT(ANON) | CAT(MIGRATING) | CAT(IN_CORE));
}

/* ---- threads that do everything ---- */

static const int advice[] = {
	MADV_DONTNEED, MADV_PAGEOUT, MADV_FREE, MADV_COLD, MADV_COLLAPSE, MADV_HUGEPAGE,
	MADV_NOHUGEPAGE, MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_MERGEABLE,
	MADV_UNMERGEABLE, MADV_WILLNEED, MADV_RANDOM, MADV_NORMAL,
};

static void advise(char *p, u64 pages)
{
	madvise(p, pages * page, advice[below(ARRAY_SIZE(advice))]);
}

/* Touches what can be touched, by system calls: they fail where a store would kill. */
static void touch(char *p, u64 pages)
{
	u64 i;

	for (i = 0; i < pages; i++)
		if ((one_in(2) ? read(zero_fd, p + i * page, 8) :
				 write(sink_fd, p + i * page, 8)) < 0)
			return;
}

static void map(char *p, u64 pages)
{
	int shared_too = one_in(4) ? MAP_SHARED : MAP_PRIVATE;

	if (one_in(5))
		mmap(p, pages * page, PROT_READ, MAP_PRIVATE | MAP_FIXED, exe_fd, 0);
	else
		mmap(p, pages * page, RW, shared_too | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	touch(p, 1 + below(pages));
}

static void protect(char *p, u64 pages)
{
	static const int prot[] = { PROT_NONE, PROT_READ, RW, PROT_READ | PROT_EXEC };

	mprotect(p, pages * page, prot[below(ARRAY_SIZE(prot))]);
}

static void move(char *arena, char *p, u64 pages)
{
	char *to = arena + below(ARENA / page - pages) * page;

	if (to + pages * page <= p || p + pages * page <= to)
		mremap(p, pages * page, (1 + below(pages)) * page,
		       MREMAP_MAYMOVE | MREMAP_FIXED, to);
}

static void wild_step(char *arena)
{
	u64 pages = one_in(12) ? 1024 : 1 + below(64);
	char *p = arena + below(ARENA / page - pages) * page;

	switch (below(12)) {
	case 0: case 1: case 2: map(p, pages); break;
	case 3: munmap(p, pages * page); break;
	case 4: protect(p, pages); break;
	case 5: move(arena, p, pages); break;
	case 6: mlock(p, pages * page); break;
	case 7: munlock(p, pages * page); break;
	case 8: touch(p, pages); break;
	case 9: mlock2(p, pages * page, MLOCK_ONFAULT); break;
	default: advise(p, pages);
	}
}

/* Until the storm is over; then rests, and is looked at. */
static void rest(void)
{
	__atomic_add_fetch(&land->resting, 1, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
}

/* What is mapped at any address must not come to lie in a hole of an arena. */
static void until_all_are_there(void)
{
	while (!land->ready)
		usleep(1000);
}

static void *wild(void *arg)
{
	char *arena = (char *)land->wild[(uintptr_t)arg];

	rnd_stream(100 + (uintptr_t)arg);
	until_all_are_there();
	while (!land->rest) {
		wild_step(arena);
		__atomic_add_fetch(&land->operations, 1, __ATOMIC_RELAXED);
	}
	rest();
	return NULL;
}

/* ---- ledgers: memory that is moved, swapped and merged, and must keep its text ---- */

struct ledger {
	char *at, *other;
	u64 text[LEDGER];
};
static struct ledger ledgers[LEDGERS];

static void write_page(struct ledger *l, u64 i)
{
	/* Every other page is like others, so that KSM finds something. */
	l->text[i] = i & 1 ? below(4) : rnd();
	*(volatile u64 *)(l->at + i * page) = l->text[i];
}

static void read_page(struct ledger *l, u64 i)
{
	if (*(volatile u64 *)(l->at + i * page) != l->text[i])
		__atomic_add_fetch(&land->spoilt, 1, __ATOMIC_RELAXED);
}

static void ledger_step(struct ledger *l)
{
	static const int safe[] = {
		MADV_PAGEOUT, MADV_COLD, MADV_COLLAPSE, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
		MADV_POPULATE_READ, MADV_MERGEABLE, MADV_UNMERGEABLE, MADV_WILLNEED,
	};
	u64 n = 1 + below(LEDGER), from = below(LEDGER - n + 1), i;
	char *p = l->at + from * page;

	switch (below(6)) {
	case 0:
		if (mremap(l->at, LEDGER * page, LEDGER * page, MREMAP_MAYMOVE | MREMAP_FIXED,
			   l->other) == l->other) {
			p = l->at;
			l->at = l->other;
			l->other = p;
		}
		break;
	case 1:
		mprotect(p, n * page, PROT_READ);
		for (i = from; i < from + n; i += 7)
			read_page(l, i);
		mprotect(p, n * page, RW);
		break;
	case 2: mlock(p, n * page); break;
	case 3: munlock(p, n * page); break;
	default: madvise(p, n * page, safe[below(ARRAY_SIZE(safe))]);
	}
	for (i = 0; i < 16; i++) {
		read_page(l, below(LEDGER));
		write_page(l, below(LEDGER));
	}
}

static void *keep_ledger(void *arg)
{
	struct ledger *l = arg;
	u64 i;

	rnd_stream(200 + (l - ledgers));
	for (i = 0; i < LEDGER; i++)
		write_page(l, i);
	until_all_are_there();
	while (!land->rest) {
		ledger_step(l);
		__atomic_add_fetch(&land->operations, 1, __ATOMIC_RELAXED);
	}
	for (i = 0; i < LEDGER; i++)
		read_page(l, i);
	rest();
	return NULL;
}

/* ---- forks, which share all that, and exec or exit ---- */

static void fork_life(void)
{
	char *argv[] = { "/proc/self/exe", "quit", NULL };
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < LEDGERS; i++)
		touch(ledgers[i].at, 64);
	for (i = 0; i < 20; i++)
		wild_step((char *)land->wild[below(WILD)]);
	if (one_in(2))
		execv(argv[0], argv);
	_exit(0);
}

static void *forker(void *arg)
{
	rnd_stream(300);
	until_all_are_there();
	while (!land->rest) {
		pid_t pid = fork();

		if (!pid) {
			rnd_stream(1000 + land->operations);
			fork_life();
		}
		land->child = pid;
		waitpid(pid, NULL, 0);
		land->child = 0;
		__atomic_add_fetch(&land->operations, 1, __ATOMIC_RELAXED);
	}
	rest();
	return arg;
}

#define THREADS (WILD + LEDGERS + 1)

static char *reserve(size_t bytes)
{
	char *p = isle(bytes + HUGE, PROT_NONE, MEM | MAP_NORESERVE, -1, 0);

	return (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
}

static void live(void *arg)
{
	pthread_t t;
	uintptr_t i;

	(void)arg;
	make_islands();
	for (i = 0; i < LEDGERS; i++) {
		ledgers[i].at = reserve(2 * HUGE);
		ledgers[i].other = ledgers[i].at + HUGE;
		mprotect(ledgers[i].at, LEDGER * page, RW);
	}
	for (i = 0; i < WILD; i++) {
		land->wild[i] = (uintptr_t)reserve(ARENA);
		pthread_create(&t, NULL, wild, (void *)i);
	}
	for (i = 0; i < LEDGERS; i++)
		pthread_create(&t, NULL, keep_ledger, &ledgers[i]);
	pthread_create(&t, NULL, forker, NULL);
	land->brk = (uintptr_t)sbrk(0);
	land->ready = 1;
	for (;;)
		pause();
}

/* ---- readers ---- */

static pid_t target;

static void check_mm(const struct mmscope_mm *mm)
{
	holds("brk.exact", mm->brk == land->brk, "%llx, it is %llx", mm->brk, land->brk);
	holds("mm.pid", mm->pid == target, "%d", mm->pid);
	holds("mm.bounds", mm->start_brk <= mm->brk && mm->start_code < mm->end_code &&
	      mm->total_vm >= mm->data_vm && mm->map_count > 10,
	      "start_brk %llx, brk %llx, %llu VMAs", mm->start_brk, mm->brk, mm->map_count);
}

static const char *const files[] = { "summary", "brk", "vmas", "resident", "locked" };

static void read_files(void)
{
	const char *file = files[below(ARRAY_SIZE(files))];
	char *text = read_text("/proc/mmscope/%d/%s", target, file);
	unsigned long long start_brk, brk;

	if (!holds("files.readable", text != NULL, "%s: %s", file, strerror(errno)))
		return;
	if (!strcmp(file, "brk"))
		holds("files.brk_exact", sscanf(strchr(text, '\n'), "%*x %llx", &brk) == 1 &&
		      brk == land->brk, "%s", text);
	else if (strcmp(file, "summary"))
		check_table(text);
	free(text);
	/* Whose break moves as it reads: the one before and the one after bound it. */
	start_brk = (uintptr_t)sbrk(0);
	text = read_text("/proc/mmscope/self/%s", file);
	holds("files.self_readable", text != NULL, "%s: %s", file, strerror(errno));
	if (text && !strcmp(file, "brk"))
		holds("files.self_brk", sscanf(strchr(text, '\n'), "%*x %llx", &brk) == 1 &&
		      brk >= start_brk && brk <= (uintptr_t)sbrk(0), "%s", text);
	free(text);
}

/* The children come and go: any of these may be said of them. */
static void ask_child(int fd)
{
	struct snapshot snap;
	struct runs runs;
	int err = attach(fd, land->child);

	tick_errno("ATTACH to a fork", err);
	holds("forks.attach_errno", !err || err == ESRCH || err == ENXIO || err == EAGAIN, "%s",
	      strerrorname_np(err));
	if (err)
		return;
	err = ask_vmas(fd, &snap);
	free_vmas(&snap);
	if (!err) {
		err = ask_pages(fd, 0, ALL_END, &runs);
		free(runs.run);
	}
	tick_errno("queries of a fork", err);
	holds("forks.query_errno", !err || err == ESRCH || err == ESTALE || err == ENOSPC, "%s",
	      strerrorname_np(err));
}

static int ask_one(int fd)
{
	struct mmscope_walk w;
	struct mmscope_mm mm;
	struct snapshot snap;
	struct runs runs;
	int err;

	switch (below(6)) {
	case 0:
		err = get_mm(fd, &mm);
		if (!err)
			check_mm(&mm);
		return err;
	case 1:
		err = ask_vmas(fd, &snap);
		if (!err)
			check_mm(&snap.mm);
		free_vmas(&snap);
		return err == ENOSPC ? 0 : err;
	case 2:
		return ask_walk(fd, land->wild[below(WILD)] + below(ARENA), &w);
	case 3:
		err = ask_pages(fd, land->wild[0], land->wild[0] + ARENA, &runs);
		break;
	default:
		err = ask_pages(fd, 0, ALL_END, &runs);
	}
	free(runs.run);
	return err;
}

static void reader(void *arg)
{
	int fd = session_of(target), child_fd = session(), err;

	rnd_stream(10 + (uintptr_t)arg);
	while (storm_on()) {
		err = ask_one(fd);
		holds("queries.no_error", !err, "%s", strerrorname_np(err));
		check_island(fd, &land->islands);
		walk_island(fd, &land->islands);
		if (one_in(2))
			read_files();
		if (one_in(3))
			ask_child(child_fd);
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

	write_text("/sys/kernel/mm/ksm/run", "0");
	land->rest = 1;
	for (tries = 0; tries < 3000 && land->resting < THREADS; tries++)
		usleep(10000);
	eq(land->resting, THREADS, "rest.all_threads");
	settle(target);
	ask_vmas(c.fd, &snap);
	check_against_maps(target, &snap);
	judge("maps.as_many");
	judge("maps.same_records");
	judge("maps.same_names");
	free_vmas(&snap);
	compare_process(&c, &t);
	tap_note("at rest: %llu pages, %llu present", t.pages, t.present);
	report("rest", &t, &c);
	close(c.fd);
}

static void prepare(void)
{
	land = shared(sizeof(*land));
	zero_fd = open("/dev/zero", O_RDONLY);
	/* What is written there is read, and kept nowhere. */
	sink_fd = open("/dev/random", O_WRONLY);
	exe_fd = open("/proc/self/exe", O_RDONLY);
	write_text("/proc/sys/vm/compact_unevictable_allowed", "0");
	write_text("/sys/kernel/mm/ksm/sleep_millisecs", "5");
	write_text("/sys/kernel/mm/ksm/pages_to_scan", "500");
	write_text("/sys/kernel/mm/ksm/run", "1");
}

int main(int argc, char **argv)
{
	struct pack readers = { .count = 0 };
	char text[20];
	uintptr_t i;

	if (argc > 1 && !strcmp(argv[1], "quit"))
		return 0;
	storm_start("storm.churn.");
	close(session());
	prepare();
	target = child_of(live, NULL);
	await(target, &land->ready);
	snprintf(text, sizeof(text), "%d", target);
	eq_err(write_text("/proc/mmscope/targets", text), 0, "registered");
	storm_begin();
	for (i = 0; i < READERS; i++)
		pack_add(&readers, reader, (void *)i);
	pack_join(&readers, "readers_end");
	compare_at_rest();
	judge_answers();
	judge("queries.no_error");
	judge_islands();
	judge("brk.exact");
	judge("mm.pid");
	judge("mm.bounds");
	judge("files.readable");
	judge("files.brk_exact");
	judge("files.self_readable");
	judge("files.self_brk");
	judge("table.lines_are_whole");
	judge("table.in_order");
	judge("forks.attach_errno");
	judge("forks.query_errno");
	tap_note("%llu operations of the target", land->operations);
	ok(land->operations > 200, "it_was_a_storm");
	eq(land->spoilt, 0, "what_was_written_stays");
	eq_err(kill(target, 0) ? errno : 0, 0, "the_target_lives");
	kill(target, SIGKILL);
	wait_for(target);
	return storm_end();
}
