/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mix.c - one session by many threads and forked processes, some of which
 * attach it to another target all the time. Each target has a break, a place
 * and a pattern of pages of its own, so an answer that mixes two shows.
 */
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "storm.h"

#define TARGETS	4
#define PAGES	64
#define THREADS	6
#define FORKS	3

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static struct mark {
	pid_t pid;
	u64 brk;
	volatile int ready;
} *mark;
static int fd, pidfd[TARGETS];

static u64 place(u64 i)
{
	return 0x200000000000ULL + (i << 30);
}

/* No two targets touch the same pages, nor as many. */
static bool touched(u64 i, u64 k)
{
	return k % (i + 2) == 0;
}

static u64 touched_all(u64 i)
{
	u64 k, n = 0;

	for (k = 0; k < PAGES; k++)
		n += touched(i, k);
	return n;
}

static void live(void *arg)
{
	u64 i = (uintptr_t)arg, k;
	char name[16], *p;

	snprintf(name, sizeof(name), "mix-%llu", i);
	prctl(PR_SET_NAME, name);
	sbrk((i + 1) * 0x12340);
	p = mmap((void *)place(i), PAGES * page, RW, MEM | MAP_FIXED_NOREPLACE, -1, 0);
	madvise(p, PAGES * page, MADV_NOHUGEPAGE);
	for (k = 0; k < PAGES; k++)
		if (touched(i, k))
			p[k * page] = 1;
	/* Out of the reach of whoever reclaims memory. */
	mlock2(p, PAGES * page, MLOCK_ONFAULT);
	mark[i].pid = getpid();
	mark[i].brk = (uintptr_t)sbrk(0);
	mark[i].ready = p == (char *)place(i) ? 1 : -1;
	for (;;) {
		p = mmap(NULL, 1 << 20, RW, MEM, -1, 0);
		memset(p, 1, 1 << 18);
		munmap(p, 1 << 20);
		usleep(100);
	}
}

static int which(pid_t pid)
{
	int i;

	for (i = 0; i < TARGETS; i++)
		if (mark[i].pid == pid)
			return i;
	return -1;
}

static void check_mm(const struct mmscope_mm *mm)
{
	int i = which(mm->pid);
	char name[16];

	if (!holds("mm.of_a_target", i >= 0, "pid %d", mm->pid))
		return;
	snprintf(name, sizeof(name), "mix-%d", i);
	holds("mm.break_is_of_that_target", mm->brk == mark[i].brk, "%llx, that of %d is %llx",
	      mm->brk, i, mark[i].brk);
	holds("mm.name_is_of_that_target", !strcmp(mm->comm, name), "%s of %d", mm->comm, i);
	snprintf(name, sizeof(name), "answers of %d", i);
	tick(name);
}

static void ask_mm(void)
{
	struct mmscope_mm mm;

	if (holds("no_error", !get_mm(fd, &mm), "MM"))
		check_mm(&mm);
}

/* Header, list and accounts are of one target, though the last are counted later. */
static void ask_list(void)
{
	struct snapshot snap;
	bool accts = one_in(2);
	int err = get_vmas(fd, 0, ALL_END, accts, &snap), own;
	u64 i, k, places = 0;

	if (!holds("no_error", !err, "VMAS: %s", strerrorname_np(err)))
		return free_vmas(&snap);
	check_mm(&snap.mm);
	check_vmas(&snap, 0, ALL_END, accts);
	own = which(snap.mm.pid);
	for (i = 0; i < snap.count; i++) {
		const struct mmscope_vma *v = &snap.vmas[i];

		for (k = 0; k < TARGETS; k++) {
			if (v->start != place(k))
				continue;
			places++;
			holds("vmas.place_is_of_that_target", (int)k == own, "%d has that of %llu",
			      own, k);
			if (accts)
				holds("accts.count_is_of_that_target",
				      snap.accts[i].pages[MMSCOPE_CAT_PRESENT] == touched_all(k),
				      "%llu pages, wants %llu", snap.accts[i].pages[0],
				      touched_all(k));
		}
	}
	holds("vmas.one_place", places == 1, "%llu", places);
	free_vmas(&snap);
}

static void ask_runs(void)
{
	struct mmscope_run run[PAGES];
	struct mmscope_pages ask = {
		.size = sizeof(ask), .start = place(0), .end = place(TARGETS), .categories = told,
		.any_of = CAT(PRESENT), .runs = (uintptr_t)run, .runs_len = PAGES,
	};
	int err = call(fd, MMSCOPE_PAGES, &ask);
	u64 i, k, own, a, wrong = 0, seen = 0;

	if (!holds("no_error", !err, "PAGES: %s", strerrorname_np(err)))
		return;
	if (!holds("pages.some", ask.runs_count && ask.cursor == ask.end, "%llu runs, to %llx",
		   ask.runs_count, ask.cursor))
		return;
	own = (run[0].start - place(0)) >> 30;
	for (i = 0; i < ask.runs_count; i++)
		for (a = run[i].start; a < run[i].end; a += page, seen++) {
			k = (a - place(own)) / page;
			wrong += k >= PAGES || !touched(own, k);
		}
	holds("pages.of_one_target", !wrong && seen == touched_all(own),
	      "%llu not of %llu, %llu in all, wants %llu", wrong, own, seen, touched_all(own));
}

static void ask_walk_of(u64 i)
{
	u64 k = below(PAGES);
	struct mmscope_walk w;
	int err = ask_walk(fd, place(i) + k * page, &w);

	if (!holds("no_error", !err, "WALK: %s", strerrorname_np(err)) || !w.has_vma)
		return;
	holds("walk.of_one_target", w.vma.start == place(i) &&
	      !!(w.categories & CAT(PRESENT)) == touched(i, k), "page %llu of %llu: %llx", k, i,
	      w.categories);
}

static void switch_over(void)
{
	u64 i = below(TARGETS);
	int err = one_in(2) ? attach(fd, mark[i].pid) : attach_pidfd(fd, pidfd[i]);

	holds("no_error", !err, "ATTACH: %s", strerrorname_np(err));
}

static void ask_on(u64 stream, bool switches)
{
	rnd_stream(stream);
	while (storm_on()) {
		if (switches)
			switch_over();
		switch (below(4)) {
		case 0: ask_mm(); break;
		case 1: ask_list(); break;
		case 2: ask_runs(); break;
		default: ask_walk_of(below(TARGETS));
		}
	}
}

static void *thread(void *arg)
{
	ask_on(20 + (uintptr_t)arg, (uintptr_t)arg < 2);
	return NULL;
}

static void process(void *arg)
{
	ask_on(40 + (uintptr_t)arg, arg == NULL);
}

static void threads(void *arg)
{
	pthread_t t[THREADS];
	uintptr_t i;

	for (i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, thread, (void *)i);
	for (i = 0; i < THREADS; i++)
		pthread_join(t[i], arg);
}

static void start_targets(struct pack *targets)
{
	uintptr_t i;

	for (i = 0; i < TARGETS; i++) {
		pack_add(targets, live, (void *)i);
		await(targets->pid[i], &mark[i].ready);
		if (mark[i].ready < 0)
			tap_bail("a target cannot have its place");
		pidfd[i] = pidfd_of(targets->pid[i]);
	}
}

int main(void)
{
	static const char *const names[] = {
		"no_error", "mm.of_a_target", "mm.break_is_of_that_target",
		"mm.name_is_of_that_target", "vmas.place_is_of_that_target", "vmas.one_place",
		"accts.count_is_of_that_target", "pages.some", "pages.of_one_target",
		"walk.of_one_target", "vmas.as_many_as_the_header_says", "vmas.in_order",
	};
	struct pack targets = { .count = 0 }, askers = { .count = 0 };
	char text[16];
	uintptr_t i;

	storm_start("storm.mix.");
	mark = shared(TARGETS * sizeof(*mark));
	fd = session();
	start_targets(&targets);
	eq_err(attach(fd, mark[0].pid), 0, "attached");
	storm_begin();
	pack_add(&askers, threads, NULL);
	for (i = 0; i < FORKS; i++)
		pack_add(&askers, process, (void *)i);
	pack_join(&askers, "askers_end");
	for (i = 0; i < ARRAY_SIZE(names); i++)
		judge(names[i]);
	for (i = 0; i < TARGETS; i++) {
		snprintf(text, sizeof(text), "answers of %d", (int)i);
		ok(ticks_of(text) > 10, "target_%d_was_told_of", (int)i);
	}
	pack_kill(&targets);
	return storm_end();
}
