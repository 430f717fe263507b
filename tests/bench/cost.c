/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cost.c - what being looked at costs the process looked at: the latency of its
 * own mmap, page faults and munmap, with tens of GiB mapped, while it is left
 * alone and while it is asked about without a pause, one way after the other.
 *
 * usage: cost [GIB [SECONDS [ROUNDS [THREADS]]]]   (16 GiB, 2 s each, 3 rounds, 2 threads)
 * Prints a table on standard error, and the same as JSON on standard output.
 *
 * Who asks has the last processor for itself, and the target's threads share the others,
 * where there are any: so that what is measured is the waiting for locks, not for a
 * processor. "spinning" is an asker that asks nothing: what a busy neighbour costs on
 * this machine.
 */
#include <fcntl.h>
#include <json-c/json.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "pagemap_scan.h"

#define FILE_BYTES	(128UL << 20)	/* of memory; mapped again and again */
#define TOUCHED		4		/* pages that are faulted in, of each mmap */
#define SAMPLES		(1 << 17)	/* kept of each kind and thread in a round */
#define THREADS_MAX	16

enum { MMAP, FAULT, MUNMAP, KINDS };
static const char *const kind_names[KINDS] = { "mmap", "page fault", "munmap" };

/* Shared with the target. */
struct record {
	volatile int go, ready;
	struct work {
		volatile unsigned int count;	/* of each kind; the last SAMPLES stay */
		unsigned int ns[KINDS][SAMPLES];
	} of[THREADS_MAX];
};
static struct record *record;
static pid_t target;
static unsigned long gib = 16;
static double seconds = 2;
static int rounds = 3, threads = 2;

static u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* ---- the target ---- */

static void map_much(void)
{
	int f = memfd_create("cost", 0);
	unsigned long i;
	char *p;

	if (f < 0 || ftruncate(f, FILE_BYTES))
		_exit(1);
	p = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, f, 0);
	if (p == MAP_FAILED)
		_exit(1);
	for (i = 1; i < (gib << 30) / FILE_BYTES; i++)
		if (mmap(NULL, FILE_BYTES, PROT_READ, MAP_SHARED | MAP_POPULATE, f, 0) == MAP_FAILED)
			_exit(1);
}

static void work_once(struct work *w)
{
	unsigned int at = w->count % SAMPLES, i;
	u64 begun = now(), mapped, faulted;
	char *p = mmap(NULL, TOUCHED * page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mapped = now();
	for (i = 0; i < TOUCHED; i++)
		((volatile char *)p)[i * page] = 1;
	faulted = now();
	munmap(p, TOUCHED * page);
	w->ns[MMAP][at] = mapped - begun;
	w->ns[FAULT][at] = (faulted - mapped) / TOUCHED;
	w->ns[MUNMAP][at] = now() - faulted;
	w->count++;
}

static void *work(void *arg)
{
	struct work *w = arg;
	long others = sysconf(_SC_NPROCESSORS_ONLN) - 1;

	stay_on(others > 0 ? (w - record->of) % others : 0);
	for (;;) {
		while (!record->go)
			usleep(1000);
		work_once(w);
	}
	return NULL;
}

static void be_target(void)
{
	pthread_t thread;
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	map_much();
	for (i = 1; i < threads; i++)
		if (pthread_create(&thread, NULL, work, &record->of[i]))
			_exit(1);
	record->ready = 1;
	work(&record->of[0]);
}

/* ---- ways to ask: each tells of the whole process, once, and returns pages told ---- */

static int device, proc_pagemap;
static char *buffer;
#define BUFFER (1UL << 20)

static u64 leave_alone(void)
{
	usleep(20000);
	return 0;
}

static u64 spin(void)
{
	u64 until = now() + 20000000;

	while (now() < until)
		;
	return 0;
}

static u64 ask_pages(void)
{
	struct mmscope_pages ask = {
		.size = sizeof(ask), .end = 1ULL << 56, .categories = told,
		.runs = (uintptr_t)buffer, .runs_len = BUFFER / sizeof(struct mmscope_run),
	};
	u64 pages = 0;

	do {
		if (call(device, MMSCOPE_PAGES, &ask))
			return 0;
		pages += ask.pages;
		ask.start = ask.cursor;
	} while (ask.start < ask.end);
	return pages;
}

static u64 ask_vmas(void)
{
	struct snapshot snap;
	u64 pages = 0, i;

	if (get_vmas(device, 0, 1ULL << 56, true, &snap))
		return 0;
	for (i = 0; i < snap.count; i++)
		pages += (snap.vmas[i].end - snap.vmas[i].start) / page;
	free_vmas(&snap);
	return pages;
}

/* Reads a file of text to its end; the pages it told of are those of maps. */
static u64 read_all(const char *name)
{
	char path[40];
	int f;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", target, name);
	f = open(path, O_RDONLY);
	if (f < 0)
		return 0;
	do
		n = read(f, buffer, BUFFER);
	while (n > 0);
	close(f);
	return n ? 0 : (gib << 30) / page;
}

static u64 read_smaps(void)
{
	return read_all("smaps");
}

static u64 read_rollup(void)
{
	return read_all("smaps_rollup");
}

static u64 read_pagemap(void)
{
	struct maps maps;
	u64 pages = 0, at;
	size_t i;

	if (get_maps(target, &maps))
		return 0;
	for (i = 0; i < maps.count; i++)
		for (at = maps.map[i].start; at < maps.map[i].end;
		     at += BUFFER / 8 * page) {
			size_t left = (maps.map[i].end - at) / page * 8;
			ssize_t n = pread(proc_pagemap, buffer, left < BUFFER ? left : BUFFER,
					  at / page * 8);

			pages += n > 0 ? n / 8 : 0;
		}
	free_maps(&maps);
	return pages;
}

static u64 scan_pagemap(void)
{
	struct scan_arg ask = {
		.size = sizeof(ask), .end = 0x7ffffffff000, .vec = (uintptr_t)buffer,
		.vec_len = BUFFER / sizeof(struct scan_region), .returned = 0x3f,
	};
	const struct scan_region *region = (void *)buffer;
	u64 pages = 0;
	int n, i;

	do {
		n = scan_next(proc_pagemap, &ask);
		if (n < 0)
			return 0;
		for (i = 0; i < n; i++)
			pages += (region[i].end - region[i].start) / page;
	} while (ask.start < ask.end);
	return pages;
}

static const struct way {
	const char *name;
	u64 (*ask)(void);
} ways[] = {
	{ "left alone", leave_alone },
	{ "spinning neighbour", spin },
	{ "mmscope PAGES", ask_pages },
	{ "mmscope VMAS+accounts", ask_vmas },
	{ "smaps", read_smaps },
	{ "smaps_rollup", read_rollup },
	{ "pagemap", read_pagemap },
	{ "PAGEMAP_SCAN", scan_pagemap },
};
#define WAYS ARRAY_SIZE(ways)

/* ---- measuring ---- */

struct figures {
	double middle[KINDS], p99[KINDS], worst[KINDS];	/* microseconds */
	double rate;		/* whole answers a second */
	bool absent;
};

static int by_value(const void *a, const void *b)
{
	const unsigned int *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* What all threads took for this, from the quickest to the slowest. Returns how many. */
static unsigned int sorted(int kind, unsigned int *all)
{
	unsigned int n = 0, some;
	int i;

	for (i = 0; i < threads; i++) {
		const struct work *w = &record->of[i];

		some = w->count < SAMPLES ? w->count : SAMPLES;
		memcpy(all + n, w->ns[kind], some * sizeof(*all));
		n += some;
	}
	qsort(all, n, sizeof(*all), by_value);
	return n;
}

static void take_figures(struct figures *f)
{
	static unsigned int all[THREADS_MAX * SAMPLES];
	unsigned int n;
	int k;

	for (k = 0; k < KINDS; k++) {
		n = sorted(k, all);
		if (!n)
			return;
		f->middle[k] = all[n / 2] / 1e3;
		f->p99[k] = all[n - 1 - n / 100] / 1e3;
		f->worst[k] = all[n - 1] / 1e3;
	}
}

static void measure(const struct way *w, struct figures *f)
{
	u64 begun, answers = 0, pages;
	int i;

	for (i = 0; i < threads; i++)
		record->of[i].count = 0;
	record->go = 1;
	begun = now();
	do {
		pages = w->ask();
		answers++;
		f->absent = !pages && w->ask != leave_alone && w->ask != spin;
	} while (!f->absent && now() - begun < seconds * 1e9);
	f->rate = answers / ((now() - begun) / 1e9);
	record->go = 0;
	usleep(20000);
	take_figures(f);
}

/* The median over the rounds, figure by figure. */
static double median(const struct figures *f, size_t offset)
{
	double v[16];
	int r;

	for (r = 0; r < rounds; r++)
		v[r] = *(const double *)((const char *)&f[r] + offset);
	qsort(v, rounds, sizeof(*v), by_size);
	return v[rounds / 2];
}
#define MEDIAN(f, field) median(f, offsetof(struct figures, field))

/* ---- telling ---- */

static void tell(struct figures (*all)[16])
{
	size_t w;
	int k;

	fprintf(stderr, "%-11s %-22s %9s %9s %9s %8s %8s %9s\n", "operation", "asked by", "median us",
	       "p99 us", "worst us", "p99 x", "worst x", "answers/s");
	for (k = 0; k < KINDS; k++)
		for (w = 0; w < WAYS; w++) {
			if (all[w][0].absent) {
				fprintf(stderr, "%-11s %-22s %9s\n", kind_names[k], ways[w].name, "absent");
				continue;
			}
			fprintf(stderr, "%-11s %-22s %9.1f %9.1f %9.0f %8.2f %8.2f %9.1f\n",
			       kind_names[k], ways[w].name, MEDIAN(all[w], middle[k]),
			       MEDIAN(all[w], p99[k]), MEDIAN(all[w], worst[k]),
			       MEDIAN(all[w], p99[k]) / MEDIAN(all[0], p99[k]),
			       MEDIAN(all[w], worst[k]) / MEDIAN(all[0], worst[k]),
			       MEDIAN(all[w], rate));
		}
}

static json_object *way_json(struct figures *f, const char *name)
{
	json_object *way = json_object_new_object();
	int k;

	json_object_object_add(way, "asked_by", json_object_new_string(name));
	json_object_object_add(way, "absent", json_object_new_boolean(f[0].absent));
	if (f[0].absent)
		return way;
	json_object_object_add(way, "answers_per_second",
			       json_object_new_double(MEDIAN(f, rate)));
	for (k = 0; k < KINDS; k++) {
		json_object *o = json_object_new_object();

		json_object_object_add(o, "median_us",
				       json_object_new_double(MEDIAN(f, middle[k])));
		json_object_object_add(o, "p99_us", json_object_new_double(MEDIAN(f, p99[k])));
		json_object_object_add(o, "worst_us",
				       json_object_new_double(MEDIAN(f, worst[k])));
		json_object_object_add(way, kind_names[k], o);
	}
	return way;
}

static void write_json(struct figures (*all)[16], u64 hold)
{
	json_object *top = json_object_new_object(), *list = json_object_new_array();
	size_t w;

	for (w = 0; w < WAYS; w++)
		json_object_array_add(list, way_json(all[w], ways[w].name));
	json_object_object_add(top, "schema", json_object_new_string("mmscope-bench/1"));
	json_object_object_add(top, "benchmark", json_object_new_string("cost"));
	json_object_object_add(top, "mapped_gib", json_object_new_int64(gib));
	json_object_object_add(top, "threads", json_object_new_int(threads));
	json_object_object_add(top, "rounds", json_object_new_int(rounds));
	json_object_object_add(top, "longest_hold_ns", json_object_new_int64(hold));
	json_object_object_add(top, "ways", list);
	puts(json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(top);
}

static void start_target(void)
{
	char path[40];

	target = fork();
	if (!target)
		be_target();
	while (!record->ready && !waitpid(target, NULL, WNOHANG))
		usleep(10000);
	if (!record->ready) {
		fprintf(stderr, "cost: the target could not map %lu GiB\n", gib);
		exit(1);
	}
	device = session_of(target);
	snprintf(path, sizeof(path), "/proc/%d/pagemap", target);
	proc_pagemap = open(path, O_RDONLY);
	buffer = shared(BUFFER);
}

int main(int argc, char **argv)
{
	static struct figures all[WAYS][16];
	struct mmscope_info info;
	size_t w;
	int r;

	if (argc > 1)
		gib = strtoul(argv[1], NULL, 10);
	if (argc > 2)
		seconds = strtod(argv[2], NULL);
	if (argc > 3)
		rounds = atoi(argv[3]);
	if (argc > 4)
		threads = atoi(argv[4]);
	if (!gib || seconds <= 0 || rounds < 1 || rounds > 16 || threads < 1 ||
	    threads > THREADS_MAX) {
		fprintf(stderr, "usage: cost [GIB [SECONDS [ROUNDS (to 16) [THREADS (to %d)]]]]\n",
			THREADS_MAX);
		return 2;
	}
	record = shared(sizeof(*record));
	start_target();
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		stay_on(sysconf(_SC_NPROCESSORS_ONLN) - 1);
	for (r = 0; r < rounds; r++)
		for (w = 0; w < WAYS; w++) {
			if (isatty(2))
				fprintf(stderr, "\rround %d of %d: %-24s", r + 1, rounds,
					ways[w].name);
			measure(&ways[w], &all[w][r]);
		}
	if (isatty(2))
		fprintf(stderr, "\r%50s\r", "");
	kill(target, SIGKILL);
	get_info(device, &info);
	fprintf(stderr, "a target with %lu GiB mapped, %d threads; medians of %d rounds of %.1f s;\n"
	       "x: against left alone\n\n", gib, threads, rounds, seconds);
	tell(all);
	fprintf(stderr, "\nthe module's longest hold of the mmap lock since it was loaded: %.2f ms\n",
	       info.longest_hold_ns / 1e6);
	write_json(all, info.longest_hold_ns);
	return fflush(stdout) ? 1 : 0;
}
