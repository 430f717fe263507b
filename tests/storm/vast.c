/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vast.c - a terabyte with a few pages in it, which must be found exactly, in
 * bounded time and interruptibly; and as many VMAs as a process may have, at
 * rest and while it makes, drops and moves them.
 */
#include <sys/wait.h>
#include <time.h>

#include "storm.h"

#define TERA	(1ULL << 40)
#define SPOTS	400			/* pages that are touched */
#define SLOW	20.0			/* seconds: far too long for a question */
#define PATIENCE tap_seconds(30)	/* for what comes soon, if the host lets it */

static struct {
	u64 spot[SPOTS], cached[SPOTS];	/* page numbers, sorted; of two ranges */
	u64 vmas_max;
	volatile int ready;
} *world;
static char *sparse, *file_map;
static pid_t target;
static int memory_file;

/* ---- a terabyte, of which SPOTS pages are touched ---- */

static int by_number(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

/* Different ones: one at some place in each SPOTS-th part, and the first and last. */
static void choose_spots(u64 *spot)
{
	u64 part = TERA / page / SPOTS, i;

	for (i = 0; i < SPOTS; i++)
		spot[i] = i * part + below(part);
	spot[0] = 0;
	spot[SPOTS - 1] = TERA / page - 1;
	qsort(spot, SPOTS, sizeof(*spot), by_number);
}

static void live_sparse(void *arg)
{
	u64 i;

	(void)arg;
	madvise(sparse, TERA, MADV_NOHUGEPAGE);
	for (i = 0; i < SPOTS; i++) {
		sparse[world->spot[i] * page] = 1;
		/* In the cache of the file, but in no page table. */
		if (pwrite(memory_file, "x", 1, world->cached[i] * page) != 1)
			_exit(91);
	}
	world->ready = 1;
	for (;;)
		pause();
}

/* All pages that are told of in the range, by number from `base`; in the order told. */
static u64 find(int fd, const char *base, u64 from, u64 to, u64 category, u64 *found,
		u64 most)
{
	struct mmscope_pages ask = {
		.size = sizeof(ask), .start = (uintptr_t)base + from * page,
		.end = (uintptr_t)base + to * page, .categories = category, .any_of = category,
	};
	struct runs runs;
	u64 i, a, n = 0;
	int err = get_runs(fd, &ask, one_in(3) ? 3 : 256, &runs);

	holds("sparse.no_error", !err, "%s", strerrorname_np(err));
	for (i = 0; i < runs.count; i++)
		for (a = runs.run[i].start; a < runs.run[i].end && n < most; a += page)
			found[n++] = (a - (uintptr_t)base) / page;
	free(runs.run);
	return n;
}

static void check_range(int fd, const char *base, const u64 *spot, u64 category, u64 from, u64 to)
{
	u64 found[SPOTS + 8], n, first = 0, last;
	double t = now();

	n = find(fd, base, from, to, category, found, ARRAY_SIZE(found));
	t = now() - t;
	while (first < SPOTS && spot[first] < from)
		first++;
	for (last = first; last < SPOTS && spot[last] < to; last++)
		;
	holds("sparse.exactly_those", n == last - first &&
	      !memcmp(found, spot + first, n * sizeof(*found)), "%llu found of %llu, %llx-%llx",
	      n, last - first, from, to);
	holds("sparse.in_time", t < SLOW, "%.1f s", t);
	if (to - from == TERA / page)
		tap_note("a terabyte: %llu pages found in %.1f ms", n, t * 1e3);
}

static void check_account(int fd)
{
	struct snapshot snap;
	double t = now();
	int err = get_vmas(fd, (uintptr_t)sparse, (uintptr_t)sparse + TERA, true, &snap);

	t = now() - t;
	tap_note("a terabyte counted, all categories: %.1f ms", t * 1e3);
	holds("sparse.accounts", !err && snap.count == 1 &&
	      snap.accts[0].pages[MMSCOPE_CAT_PRESENT] == SPOTS &&
	      snap.accts[0].rss == SPOTS * page, "error %d, %llu VMAs", err, snap.count);
	holds("sparse.in_time", t < SLOW, "%.1f s", t);
	free_vmas(&snap);
}

/* ---- signals into a long question ---- */

static volatile double rang;

static void ring(int sig)
{
	(void)sig;
	rang = now();
}

/* Asks on and on for the whole; tells how soon after the signal it was back. */
static void interrupt(int fd, u64 *interrupted)
{
	struct mmscope_pages ask = {
		.size = sizeof(ask), .start = (uintptr_t)sparse, .end = (uintptr_t)sparse + TERA,
		.categories = told,
	};
	struct sigaction act = { .sa_handler = ring };
	struct itimerspec once = { .it_value = { 0, 1 + below(20000000) } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	double back;
	timer_t timer;
	int err;

	sigaction(SIGUSR1, &act, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer))
		return;
	rang = 0;
	timer_settime(timer, 0, &once, NULL);
	do {
		err = call(fd, MMSCOPE_PAGES, &ask);
		back = now();
	} while (!rang && !err);
	*interrupted += err == EINTR || ask.cursor < ask.end;
	holds("sparse.signal_errno", !err || err == EINTR, "%s", strerrorname_np(err));
	holds("sparse.signal_ends_it_soon", back - rang < 2, "%.3f s after", back - rang);
	timer_delete(timer);
}

static void ask_forever(void *arg)
{
	int fd = session_of(target);
	struct runs runs;

	(void)arg;
	for (;;) {
		ask_pages(fd, (uintptr_t)sparse, (uintptr_t)sparse + TERA, &runs);
		free(runs.run);
	}
}

static void kill_one(void)
{
	pid_t pid = child_of(ask_forever, NULL);
	double t;

	usleep(20000 + below(30000));
	t = now();
	kill(pid, SIGKILL);
	wait_for(pid);
	holds("sparse.kill_ends_it_soon", now() - t < 5, "%.3f s", now() - t);
}

static void test_sparse(void)
{
	u64 interrupted = 0, all = TERA / page;
	int fd;

	choose_spots(world->spot);
	choose_spots(world->cached);
	memory_file = memfd_create("vast", 0);
	sparse = isle(TERA, RW, MEM | MAP_NORESERVE, -1, 0);
	file_map = isle(TERA, RW, MAP_SHARED | MAP_NORESERVE, memory_file, 0);
	if (sparse == MAP_FAILED || file_map == MAP_FAILED || ftruncate(memory_file, TERA)) {
		skip("sparse", "no terabyte of addresses to be had");
		return;
	}
	target = child_of(live_sparse, NULL);
	await(target, &world->ready);
	fd = session_of(target);
	check_range(fd, sparse, world->spot, CAT(PRESENT), 0, all);
	check_range(fd, sparse, world->spot, CAT(ANON), 0, all);
	check_range(fd, file_map, world->cached, CAT(IN_CORE), 0, all);
	check_account(fd);
	storm_begin();
	while (storm_on()) {
		u64 from = below(all), to = from + below(all - from);

		check_range(fd, sparse, world->spot, CAT(PRESENT), from, to);
		check_range(fd, file_map, world->cached, CAT(IN_CORE), from, to);
		interrupt(fd, &interrupted);
		if (one_in(3))
			kill_one();
	}
	tap_note("%llu of the questions were interrupted", interrupted);
	ok(interrupted > 0, "sparse.signals_cut_in");
	judge("sparse.no_error");
	judge("sparse.exactly_those");
	judge("sparse.in_time");
	judge("sparse.accounts");
	judge("sparse.signal_errno");
	judge("sparse.signal_ends_it_soon");
	judge("sparse.kill_ends_it_soon");
	close(fd);
	kill(target, SIGKILL);
	wait_for(target);
	munmap(sparse, TERA);
	munmap(file_map, TERA);
}

/* ---- as many VMAs as there may be ---- */

/* Every other page is read-only; how many VMAs that made. */
static u64 split(char *p, u64 pages)
{
	u64 i;

	for (i = 0; i + 1 < pages; i += 2)
		if (mprotect(p + i * page, page, PROT_READ))
			break;
	return i;
}

static void live_crowded(void *arg)
{
	u64 pages = 70000;
	char *p = mmap(NULL, pages * page, RW, MEM | MAP_NORESERVE, -1, 0);

	(void)arg;
	world->vmas_max = split(p, pages);
	world->ready = 1;
	for (;;)
		pause();
}

/* Splits some thousands, and drops them all at once: up, down, up. */
static void live_breathing(void *arg)
{
	u64 pages = 4000;

	(void)arg;
	rnd_stream(50);
	world->ready = 1;
	for (;;) {
		char *p = mmap(NULL, pages * page, RW, MEM, -1, 0);

		split(p, 2 + below(pages));
		munmap(p, pages * page);
	}
}

static u64 lines_of(const char *text)
{
	u64 n = 0;

	for (; text && *text; text++)
		n += *text == '\n';
	return n;
}

/* That there is no room is told also where most of the list is written by then. */
static void check_no_room(int fd, const struct snapshot *snap)
{
	struct mmscope_vmas ask = {
		.size = sizeof(ask), .end = ALL_END, .vmas = (uintptr_t)snap->vmas,
		.vmas_len = snap->count - 1, .names = (uintptr_t)snap->names,
		.names_len = snap->names_bytes,
	};

	memset(snap->vmas, 0x5a, snap->count * sizeof(*snap->vmas));
	eq_err(call(fd, MMSCOPE_VMAS, &ask), ENOSPC, "crowded.one_record_short");
	eq(ask.vmas_count, snap->count, "crowded.tells_count");
	eq(ask.names_bytes, snap->names_bytes, "crowded.tells_names");
	eq(snap->vmas->start, 0x5a5a5a5a5a5a5a5a, "crowded.one_short_writes_nothing");
	ask.vmas_len = ask.vmas_count;
	ask.names_len--;
	eq_err(call(fd, MMSCOPE_VMAS, &ask), ENOSPC, "crowded.one_byte_short");
	eq(ask.vmas_count, snap->count, "crowded.tells_count_again");
	ask.names_len = ask.names_bytes;
	eq_err(call(fd, MMSCOPE_VMAS, &ask), 0, "crowded.told_need_suffices");
	check_vmas(snap, 0, ALL_END, false);
	check_against_maps(target, snap);
}

static void test_crowded(void)
{
	char *text, number[20];
	struct snapshot snap;
	double t;
	int fd, err;

	world->ready = 0;
	target = child_of(live_crowded, NULL);
	await(target, &world->ready);
	settle(target);
	fd = session_of(target);
	t = now();
	err = get_vmas(fd, 0, ALL_END, false, &snap);
	tap_note("%llu VMAs in %.1f ms", snap.count, (now() - t) * 1e3);
	eq_err(err, 0, "crowded.answered");
	ok(snap.count > 60000, "crowded.as_many_as_there_may_be");
	check_vmas(&snap, 0, ALL_END, false);
	check_against_maps(target, &snap);
	check_no_room(fd, &snap);
	judge("maps.as_many");
	judge("maps.same_records");
	judge("maps.same_names");
	snprintf(number, sizeof(number), "%d", target);
	write_text("/proc/mmscope/targets", number);
	t = now();
	text = read_text("/proc/mmscope/%d/vmas", target);
	tap_note("the same as text in %.1f ms", (now() - t) * 1e3);
	eq(lines_of(text), snap.count + 1, "crowded.text_lines");
	check_table(text ? text : "");
	free(text);
	free_vmas(&snap);
	close(fd);
	kill(target, SIGKILL);
	wait_for(target);
}

/* Until it has changed, too: where asking is slow, one look may take all of the time. */
static void ask_on(void *arg)
{
	u64 most = 0, least = ALL_END, asked = 0;
	int fd = session_of(target);
	double began = now();

	rnd_stream(60 + (uintptr_t)arg);
	while (storm_on() || (most < least + 100 && now() - began < PATIENCE)) {
		struct snapshot snap;
		int err = ask_vmas(fd, &snap);

		asked++;
		tick_errno("VMAS of a process that grows", err);
		holds("breathing.errno", !err || err == ENOSPC, "%s", strerrorname_np(err));
		if (!err && snap.count > most)
			most = snap.count;
		if (!err && snap.count < least)
			least = snap.count;
		free_vmas(&snap);
		if (one_in(4))
			usleep(below(4000));
	}
	holds("breathing.was_seen_to_change", most >= least + 100, "%llu to %llu, asked %llu times",
	      least, most, asked);
}

/* Two who ask about a target that lives like that. `end`: that they came to theirs. */
static void watch_living(void (*live)(void *), void (*watch)(void *), const char *end)
{
	struct pack readers = { .count = 0 };
	uintptr_t i;

	world->ready = 0;
	target = child_of(live, NULL);
	await(target, &world->ready);
	storm_begin();
	for (i = 0; i < 2; i++)
		pack_add(&readers, watch, (void *)i);
	pack_join(&readers, end);
	kill(target, SIGKILL);
	wait_for(target);
}

static void test_breathing(void)
{
	watch_living(live_breathing, ask_on, "breathing.readers_end");
	judge("breathing.errno");
	judge("breathing.was_seen_to_change");
}

/* ---- one that goes from one end of a long list to the other: it is there once, always ---- */

#define BETWEEN 3000			/* VMAs */
#define LUGGAGE (3 * page)
static char *ends[2];

/* Now and then for long enough that somebody asks in peace. */
static void live_moving(void *arg)
{
	int at = 0;

	(void)arg;
	rnd_stream(70);
	split(ends[0] + 8 * page, BETWEEN);
	if (mmap(ends[0], LUGGAGE, RW, MEM | MAP_FIXED, -1, 0) == MAP_FAILED)
		_exit(92);
	for (world->ready = 1;; at = !at) {
		if (mremap(ends[at], LUGGAGE, LUGGAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			   ends[!at]) == MAP_FAILED)
			_exit(93);
		if (one_in(2))
			usleep(below(one_in(8) ? 100000 : 3000));
	}
}

static void watch_moving(void *arg)
{
	u64 seen[2] = { 0 }, i;
	int fd = session_of(target), at;
	double began = now();

	rnd_stream(80 + (uintptr_t)arg);
	while (storm_on() || ((!seen[0] || !seen[1]) && now() - began < PATIENCE)) {
		struct snapshot snap;
		int err = ask_vmas(fd, &snap);
		u64 before = seen[0] + seen[1];

		tick_errno("VMAS of a process that moves memory", err);
		holds("moving.no_error", !err, "%s", strerrorname_np(err));
		for (i = 0; !err && i < snap.count; i++)
			for (at = 0; at < 2; at++)
				seen[at] += snap.vmas[i].start == (uintptr_t)ends[at];
		holds("moving.is_there_once", err || seen[0] + seen[1] == before + 1, "%llu times",
		      seen[0] + seen[1] - before);
		free_vmas(&snap);
	}
	holds("moving.was_seen_at_both_ends", seen[0] && seen[1], "%llu, %llu times", seen[0],
	      seen[1]);
}

static void test_moving(void)
{
	u64 bytes = (BETWEEN + 16) * page;

	ends[0] = mmap(NULL, bytes, RW, MEM, -1, 0);
	ends[1] = ends[0] + bytes - 4 * page;
	munmap(ends[0], 8 * page);
	munmap(ends[1] - 4 * page, 8 * page);
	watch_living(live_moving, watch_moving, "moving.readers_end");
	judge("moving.no_error");
	judge("moving.is_there_once");
	judge("moving.was_seen_at_both_ends");
	munmap(ends[0] + 8 * page, bytes - 16 * page);
}

int main(void)
{
	static const char *const names[] = {
		"vmas.in_order", "vmas.as_many_as_the_header_says", "vmas.total_vm",
		"accts.each_fits", "table.in_order",
	};
	size_t i;

	storm_start("storm.vast.");
	close(session());
	world = shared(sizeof(*world));
	storm_seconds /= 3;
	test_sparse();
	test_crowded();
	test_breathing();
	test_moving();
	for (i = 0; i < ARRAY_SIZE(names); i++)
		judge(names[i]);
	return storm_end();
}
