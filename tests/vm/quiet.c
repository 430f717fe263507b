/* SPDX-License-Identifier: GPL-2.0 */
/*
 * quiet.c - the observed process cannot tell: nothing in it changes by any
 * number of queries, and its own memory calls are not held up for long.
 */
#include <pthread.h>
#include <sys/prctl.h>
#include <time.h>

#include "kit.h"

static struct subject s;
static int fd;
static char *region, *thp, *uncached;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* ---- nothing changes ---- */

#define PAGES 256

static long make(void *arg)
{
	volatile char sum = 0;
	int i;

	(void)arg;
	madvise(region, PAGES * page, MADV_NOHUGEPAGE);
	for (i = 0; i < PAGES; i++) {
		if (i % 4 == 1)
			region[i * page] = 1;
		if (i % 4 == 2)
			sum += region[i * page];
	}
	madvise(region + 64 * page, 32 * page, MADV_FREE);
	madvise(region + 96 * page, 32 * page, MADV_PAGEOUT);
	mprotect(region + 128 * page, 16 * page, PROT_NONE);
	mlock(region + 160 * page, 8 * page);
	memset(thp, 1, 4 << 20);
	return sum;
}

struct state {
	u64 pagemap[PAGES], flags[PAGES], minflt, majflt, rss, vmas;
	char *smaps, *status, *maps;
};

static void take(struct state *st)
{
	char *p, *end;
	int i;

	st->smaps = read_text("/proc/%d/smaps", s.pid);
	st->maps = read_text("/proc/%d/maps", s.pid);
	st->minflt = stat_field(s.pid, 10);
	st->majflt = stat_field(s.pid, 12);
	st->status = read_text("/proc/%d/status", s.pid);
	/* What the kernel counts of others' doing is not of interest. */
	p = strstr(st->status, "Cpus_allowed:");
	if (p)
		*p = 0;
	/* Pss moves with whoever else maps the C library. */
	for (p = st->smaps; (p = strstr(p, "\nPss")); ) {
		end = strchr(p + 1, '\n');
		memset(p + 1, '.', end - p - 1);
	}
	pagemap(s.pid, (uintptr_t)region, PAGES, st->pagemap);
	for (i = 0; i < PAGES; i++)
		st->flags[i] = st->pagemap[i] & PM_PRESENT ?
			       kpageflags(st->pagemap[i] & PM_FRAME) : 0;
}

static void drop(struct state *st)
{
	free(st->smaps);
	free(st->status);
	free(st->maps);
}

static int query_all(int rounds)
{
	struct mmscope_pages ask = { .size = sizeof(ask), .end = 1ULL << 56, .categories = told };
	struct snapshot snap;
	struct mmscope_walk w;
	struct mmscope_mm mm;
	struct runs runs;
	int i, k, failed = 0;

	for (i = 0; i < rounds; i++) {
		failed += !!get_mm(fd, &mm);
		failed += !!get_vmas(fd, 0, 1ULL << 56, i % 4 == 0, &snap);
		free_vmas(&snap);
		ask.flags = i & 1 ? MMSCOPE_PAGES_FRAMES : 0;
		failed += !!get_runs(fd, &ask, 512, &runs);
		free(runs.run);
		for (k = 0; k < 16; k++)
			failed += !!walk(fd, (uintptr_t)region + (i * 16 + k) % PAGES * page,
					 MMSCOPE_WALK_RAW, &w);
	}
	return failed;
}

static void tell_first_difference(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	while (a[-1] != '\n')
		a--, b--;
	tap_note("before: %.100s", strndupa(a, strcspn(a, "\n")));
	tap_note("after:  %.100s", strndupa(b, strcspn(b, "\n")));
}

static void test_unchanged(const char *name)
{
	struct state a, b;
	int i, pm = 0, kpf = 0, tries, smaps = 1, rounds = 300;

	/* The kernel's own batches and scanners may stir; it must come to rest once. */
	for (tries = 0; tries < 5 && (smaps || kpf || pm); tries++) {
		if (tries)
			drop(&a), drop(&b);
		take(&a);
		eq(query_all(rounds), 0, "%s.queries_%d", name, tries);
		take(&b);
		pm = !!memcmp(a.pagemap, b.pagemap, sizeof(a.pagemap));
		smaps = strcmp(a.smaps, b.smaps) || strcmp(a.status, b.status);
		for (i = 0, kpf = 0; i < PAGES; i++)
			kpf += a.flags[i] != b.flags[i];
	}
	eq(pm, 0, "%s.pagemap_unchanged", name);
	eq(kpf, 0, "%s.page_flags_unchanged", name);
	if (!ok(!strcmp(a.smaps, b.smaps), "%s.smaps_unchanged", name))
		tell_first_difference(a.smaps, b.smaps);
	if (!ok(!strcmp(a.status, b.status), "%s.status_unchanged", name))
		tell_first_difference(a.status, b.status);
	ok(!strcmp(a.maps, b.maps), "%s.maps_unchanged", name);
	eq(b.minflt, a.minflt, "%s.no_minor_fault", name);
	eq(b.majflt, a.majflt, "%s.no_major_fault", name);
	drop(&a);
	drop(&b);
}

/* With referenced and soft-dirty bits cleared, any bit that is set shows. */
static void clear_refs(const char *what)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/clear_refs", s.pid);
	write_text(path, what);
}

static void test_accessed_stays_clear(void)
{
	struct runs runs;
	struct mmscope_pages ask = {
		.size = sizeof(ask), .start = (uintptr_t)region,
		.end = (uintptr_t)region + PAGES * page, .categories = told,
		.any_of = CAT(ACCESSED) | CAT(SOFT_DIRTY),
		.none_of = CAT(ZERO),	/* clear_refs passes over the zero page */
	};

	clear_refs("1");
	clear_refs("4");
	query_all(50);
	get_runs(fd, &ask, 64, &runs);
	eq(runs.pages, 0, "no_accessed_nor_soft_dirty_bit");
	free(runs.run);
}

/* ---- the cache's pages are not read in ---- */

static void test_no_read_ahead(void)
{
	unsigned char core[64];
	int f = open("/usr/bin/gdb", O_RDONLY), self, i, k, in = 0;
	u64 state[64];

	if (f < 0) {
		skip("no_read_ahead", "no large file");
		return;
	}
	uncached = isle(64 * page, PROT_READ, MAP_PRIVATE, f, 1 << 20);
	posix_fadvise(f, 0, 0, POSIX_FADV_DONTNEED);
	self = session_of(getpid());
	mincore(uncached, 64 * page, core);
	for (k = 0; k < 64; k++)
		in += core[k] & 1;
	for (i = 0; i < 50; i++)
		get_states(self, (uintptr_t)uncached, 64, state);
	mincore(uncached, 64 * page, core);
	for (k = 0; k < 64; k++)
		in -= core[k] & 1;
	eq(in, 0, "no_read_ahead");
	close(f);
	close(self);
}

/* ---- a writer gets in while a dense range is walked ---- */

#define DENSE (192UL << 20)

struct meter {
	volatile int go;
	volatile u64 maps;
	volatile double worst;
};
static struct meter *meter;
static char *dense;

static void *map_and_unmap(void *arg)
{
	double before, took;

	(void)arg;
	while (meter->go) {
		before = now();
		munmap(mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), page);
		took = now() - before;
		if (took > meter->worst)
			meter->worst = took;
		meter->maps++;
	}
	return NULL;
}

static long make_dense(void *arg)
{
	pthread_t t;
	size_t i;

	(void)arg;
	madvise(dense, DENSE, MADV_NOHUGEPAGE);
	for (i = 0; i < DENSE; i += page)
		dense[i] = 1;
	meter->go = 1;
	return pthread_create(&t, NULL, map_and_unmap, NULL);
}

/* How many times a second it does while nobody asks. */
static double pace_alone(void)
{
	u64 maps = meter->maps;
	double begun = now();

	usleep(500000);
	return (meter->maps - maps) / (now() - begun);
}

static void test_latency(void)
{
	struct mmscope_pages ask = {
		.size = sizeof(ask), .start = (uintptr_t)dense, .end = (uintptr_t)dense + DENSE,
		.categories = told, .any_of = CAT(PRESENT),
	};
	struct mmscope_info info;
	u64 maps, walks = 0, moved = 0;
	double begun, walked = 0, longest = 0, pace, all = 0;
	int err = 0;

	if (subject_call(&s, make_dense, NULL)) {
		skip("latency", "no thread");
		return;
	}
	while (meter->maps < 100)
		usleep(1000);
	pace = pace_alone();
	begun = now();
	while (now() - begun < 4) {
		double t = now();

		maps = meter->maps;
		meter->worst = 0;
		err = call(fd, MMSCOPE_PAGES, &ask);
		walked = now() - t;
		if (err || ask.pages != DENSE / page)
			break;
		walks++;
		all += walked;
		moved += meter->maps - maps;
		if (meter->worst > longest)
			longest = meter->worst;
	}
	pace = (pace + pace_alone()) / 2;
	meter->go = 0;
	get_info(fd, &info);
	tap_note("%llu walks of %lu pages, the last in %.1f ms; meanwhile %llu mmaps, the slowest"
		 " %.2f ms; longest hold of all %.2f ms", walks, DENSE / page, walked * 1e3, moved,
		 longest * 1e3, info.longest_hold_ns / 1e6);
	tap_note("%.0f mmaps a second, %.0f while nobody asks", moved / all, pace);
	eq_err(err, 0, "latency.walks");
	ok(walks && moved >= 5 * walks, "latency.writer_gets_in_during_each_walk");
	/* It keeps most; tests/bench/cost tells how much, and what other ways leave it. */
	ok(walks && moved / all > pace / 3, "latency.writer_keeps_its_pace");
	/* Two virtual processors, perhaps emulated: half a second is far too long anywhere. */
	ok(longest < 0.5, "latency.bounded");
}

/* ---- a signal interrupts, and one can go on ---- */

static volatile int ticks;

static void tick(int sig)
{
	(void)sig;
	ticks++;
}

static void tick_every(long ns)
{
	static timer_t timer;
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct sigaction act = { .sa_handler = tick };
	struct itimerspec every = { { 0, ns }, { 0, ns } };

	if (!timer) {
		sigaction(SIGUSR1, &act, NULL);
		if (timer_create(CLOCK_MONOTONIC, &event, &timer))
			tap_bail("timer_create: %s", strerror(errno));
	}
	timer_settime(timer, 0, &every, NULL);
}

static void test_signals(void)
{
	struct mmscope_pages ask = {
		.size = sizeof(ask), .start = (uintptr_t)dense, .end = (uintptr_t)dense + DENSE,
		.categories = told,
	};
	u64 pages = 0, calls = 0, cut = 0, eintr = 0, bad = 0, rounds = 0;
	int err;

	tick_every(500000);
	while (ask.start < ask.end || (!cut && rounds++ < 200)) {
		if (ask.start == ask.end) {	/* no tick fell into it: once more */
			ask.start = (uintptr_t)dense;
			pages = 0;
		}
		err = call(fd, MMSCOPE_PAGES, &ask);
		calls++;
		if (err == EINTR) {
			eintr++;
			continue;
		}
		bad += err || ask.cursor < ask.start || ask.cursor > ask.end ||
		       ask.pages != (ask.cursor - ask.start) / page;
		cut += ask.cursor < ask.end;
		pages += ask.pages;
		ask.start = ask.cursor;
	}
	tick_every(0);
	tap_note("%d ticks, %llu calls, %llu cut short, %llu EINTR", ticks, calls, cut, eintr);
	eq(bad, 0, "signals.each_call_is_sound");
	eq(pages, DENSE / page, "signals.resumed_to_the_end");
	ok(cut > 0, "signals.interrupt");
}

static void test_vmas_signal(void)
{
	struct mmscope_vmas v = { .size = sizeof(v), .end = 1ULL << 56, .vmas_len = 500 };
	int i, err = 0, other = 0;

	v.vmas = (uintptr_t)calloc(500, sizeof(struct mmscope_vma));
	v.accts = (uintptr_t)calloc(500, sizeof(struct mmscope_acct));
	for (i = 0; i < 200 && err != EINTR; i++) {
		tick_every(500000);
		err = call(fd, MMSCOPE_VMAS, &v);
		tick_every(0);
		other += err && err != EINTR;
	}
	eq_err(err, EINTR, "signals.vmas_with_accounts");
	eq(other, 0, "signals.vmas_nothing_else");
}

int main(void)
{
	tap_start("vm.quiet.", 120);
	region = isle(PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	thp = isle(4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	dense = isle(DENSE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	meter = shared(page);
	subject_start(&s);
	fd = session_of(s.pid);
	subject_call(&s, make, NULL);
	test_unchanged("as_it_is");
	clear_refs("1");
	clear_refs("4");
	test_unchanged("bits_cleared");
	test_accessed_stays_clear();
	test_no_read_ahead();
	test_latency();
	test_signals();
	test_vmas_signal();
	subject_end(&s);
	return tap_end();
}
