/* SPDX-License-Identifier: GPL-2.0 */
/*
 * signals.c - readers under a hail of signals: what they are told in parts must
 * be the whole, neither less nor more; and readers that are killed in the midst:
 * the target's own calls must go on.
 */
#include <pthread.h>
#include <sys/time.h>
#include <time.h>

#include "storm.h"

#define DENSE	(48UL << 20)

static char *dense;
static volatile struct {
	int ready, go;
	u64 maps;
	double worst;
} *meter;
static pid_t target;
static u64 pages, *before;
static const u64 steady = CAT(PRESENT) | CAT(ZERO) | CAT(ANON) | CAT(SWAPPED);

/* ---- the target: a dense range, and, when told to, a thread that maps ---- */

static void *map_and_unmap(void *arg)
{
	for (;;) {
		double t = now();

		munmap(mmap(NULL, page, PROT_READ, MEM, -1, 0), page);
		t = now() - t;
		if (t > meter->worst)
			meter->worst = t;
		meter->maps++;
		if (!meter->go)
			usleep(1000);
	}
	return arg;
}

static void live(void *arg)
{
	volatile char sum = 0;
	pthread_t t;
	u64 i;

	(void)arg;
	madvise(dense, DENSE, MADV_NOHUGEPAGE);
	for (i = 0; i < pages; i++) {
		u64 kind = i * 2654435761u >> 7 & 7;

		if (kind < 4)
			dense[i * page] = i;
		else if (kind < 6)
			sum += dense[i * page];
	}
	pthread_create(&t, NULL, map_and_unmap, NULL);
	meter->ready = 1;
	for (;;)
		pause();
}

/* ---- the hail ---- */

static volatile u64 hits;

static void hit(int sig)
{
	(void)sig;
	hits++;
}

/* Two clocks, the rarer of which moves about. */
static void hail(void)
{
	struct sigaction act = { .sa_handler = hit };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	long ns = 300000 + below(3000000);
	struct itimerspec every = { { 0, ns }, { 0, ns } };
	struct itimerval rare = { { 0, 1000 + below(9000) }, { 0, 500 } };
	timer_t timer;

	sigaction(SIGUSR1, &act, NULL);
	sigaction(SIGALRM, &act, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer))
		_exit(90);
	timer_settime(timer, 0, &every, NULL);
	setitimer(ITIMER_REAL, &rare, NULL);
}

/* Takes the runs down in `after`; counts pages that were told twice. */
static u64 note_runs(const struct mmscope_run *run, u64 n, u64 *after)
{
	u64 i, a, twice = 0;

	for (i = 0; i < n; i++)
		for (a = run[i].start; a < run[i].end; a += page) {
			u64 *state = &after[(a - (uintptr_t)dense) / page];

			twice += *state != ~0ULL;
			*state = run[i].categories;
		}
	return twice;
}

static void pages_in_parts(int fd, u64 *after)
{
	static struct mmscope_run run[600];
	struct mmscope_pages ask = {
		.size = sizeof(ask), .start = (uintptr_t)dense, .end = (uintptr_t)dense + DENSE,
		.categories = told, .runs = (uintptr_t)run, .runs_len = 1 + below(ARRAY_SIZE(run)),
	};
	u64 i, twice = 0, differ = 0;
	int err;

	memset(after, 0xff, pages * sizeof(*after));
	while (ask.start < ask.end) {
		err = call(fd, MMSCOPE_PAGES, &ask);
		tick_errno("PAGES", err);
		if (!holds("pages.errno", !err || err == EINTR, "%s", strerrorname_np(err)))
			return;
		if (err)
			continue;
		if (ask.cursor < ask.end && ask.runs_count < ask.runs_len)
			tick("PAGES cut short by a signal");
		twice += note_runs(run, ask.runs_count, after);
		ask.start = ask.cursor;
	}
	for (i = 0; i < pages; i++)
		differ += after[i] == ~0ULL || (after[i] ^ before[i]) & steady;
	holds("pages.each_once", !twice, "%llu told twice", twice);
	holds("pages.parts_are_the_whole", !differ, "%llu of %llu pages differ", differ, pages);
}

static void list_at_once(int fd)
{
	struct snapshot snap;
	int err = get_vmas(fd, (uintptr_t)dense, (uintptr_t)dense + DENSE, true, &snap);
	u64 i, present = 0;

	tick_errno("VMAS with accounts", err);
	holds("vmas.errno", !err || err == EINTR, "%s", strerrorname_np(err));
	for (i = 0; i < pages; i++)
		present += !!(before[i] & CAT(PRESENT));
	/* Where a walk takes longer than from one signal to the next it is never whole. */
	if (err)
		holds("vmas.whole_or_eintr", true, " ");
	else
		holds("vmas.whole_or_eintr", snap.count == 1 &&
		      snap.accts[0].pages[MMSCOPE_CAT_PRESENT] == present,
		      "%llu VMAs, %llu present, wants %llu", snap.count,
		      snap.accts[0].pages[MMSCOPE_CAT_PRESENT], present);
	free_vmas(&snap);
}

/* The line of the dense range, which is the same each time. */
static void file_whole(const char *file)
{
	char *text = read_text("/proc/mmscope/%d/%s", target, file), head[40], *line;
	unsigned long long start, end, bytes, present;
	u64 i, want = 0;

	if (!text) {
		tick_errno("files", errno);
		holds("files.errno", errno == EINTR, "%s", strerrorname_np(errno));
		return;
	}
	for (i = 0; i < pages; i++)
		want += before[i] & CAT(PRESENT) ? page : 0;
	snprintf(head, sizeof(head), "\n0x%016llx", (unsigned long long)(uintptr_t)dense);
	line = strstr(text, head);
	holds("files.whole", line && sscanf(line, "%llx %llx %llu %llu", &start, &end, &bytes,
					    &present) == 4 && present == want,
	      "present %llu, wants %llu", present, want);
	free(text);
}

static void under_hail(void *arg)
{
	u64 *after = malloc(pages * sizeof(*after));
	int fd = session_of(target);

	rnd_stream(10 + (uintptr_t)arg);
	hail();
	while (storm_on()) {
		pages_in_parts(fd, after);
		list_at_once(fd);
		if (one_in(4))
			file_whole("resident");
	}
	holds("signals_arrived", hits > 20, "%llu", hits);
}

/* ---- killed in the midst ---- */

static void ask_forever(void *arg)
{
	int fd = session_of(target);

	rnd_stream(500 + (uintptr_t)arg);
	for (;;) {
		struct snapshot snap;
		struct runs runs;

		switch (below(3)) {
		case 0:
			ask_vmas(fd, &snap);
			free_vmas(&snap);
			break;
		case 1:
			free(read_text("/proc/mmscope/%d/resident", target));
			break;
		default:
			ask_pages(fd, 0, ALL_END, &runs);
			free(runs.run);
		}
	}
}

/* The target's own mmap and munmap, each behind the lock for writing. */
static bool maps_on(double seconds)
{
	double until = now() + seconds;
	u64 had = meter->maps;

	while (meter->maps < had + 3 && now() < until)
		usleep(500);
	return meter->maps >= had + 3;
}

static void kill_readers(void)
{
	uintptr_t i;

	rnd_stream(2);
	meter->worst = 0;
	meter->go = 1;
	for (i = 0; storm_on(); i++) {
		pid_t a = child_of(ask_forever, (void *)(2 * i));
		pid_t b = child_of(ask_forever, (void *)(2 * i + 1));
		int status;

		usleep(2000 + below(25000));
		kill(a, SIGKILL);
		kill(b, SIGKILL);
		holds("kill.target_goes_on", maps_on(20), "after kill %d", (int)i);
		status = wait_for(a);
		holds("kill.reader_dies", status == 256 + SIGKILL, "%d", status);
		status = wait_for(b);
		holds("kill.reader_dies", status == 256 + SIGKILL, "%d", status);
	}
	meter->go = 0;
	tap_note("%d readers killed; the slowest mmap and munmap of the target: %.1f ms",
		 (int)(2 * i), meter->worst * 1e3);
}

int main(void)
{
	static const char *const names[] = {
		"signals_arrived", "pages.errno", "pages.each_once", "pages.parts_are_the_whole",
		"vmas.errno", "vmas.whole_or_eintr", "files.whole", "kill.target_goes_on",
		"kill.reader_dies",
	};
	struct pack readers = { .count = 0 };
	char text[20];
	size_t i;
	int fd;

	storm_start("storm.signals.");
	close(session());
	pages = DENSE / page;
	before = shared(pages * sizeof(*before));
	meter = shared(page);
	dense = isle(DENSE, RW, MEM, -1, 0);
	target = child_of(live, NULL);
	await(target, &meter->ready);
	snprintf(text, sizeof(text), "%d", target);
	eq_err(write_text("/proc/mmscope/targets", text), 0, "registered");
	fd = session_of(target);
	eq_err(get_states(fd, (uintptr_t)dense, pages, before), 0, "undisturbed");
	storm_seconds /= 2;
	storm_begin();
	for (i = 0; i < 3; i++)
		pack_add(&readers, under_hail, (void *)i);
	pack_join(&readers, "readers_end");
	alarm(storm_seconds + tap_seconds(120));
	storm_begin();
	kill_readers();
	for (i = 0; i < ARRAY_SIZE(names); i++)
		judge(names[i]);
	ok(ticks_of("PAGES cut short by a signal") > 0 || ticks_of("PAGES: EINTR") > 0,
	   "signals_cut_in");
	kill(target, SIGKILL);
	wait_for(target);
	return storm_end();
}
