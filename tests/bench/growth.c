/* SPDX-License-Identifier: GPL-2.0 */
/*
 * growth.c - how what asking costs grows: with VMAs, with pages, with the page
 * tables of a sparse terabyte, and with how many ask at once; each with the
 * slope of a straight line through the logarithms (1: twice as much, twice as
 * long; 0: it does not matter).
 *
 * usage: growth [MIB [SECONDS]]   (1024 MiB at most, 0.3 s a way and size)
 * Slopes on standard error, all points as JSON on standard output. tests/bench/
 * growth.py draws that.
 */
#include <json-c/json.h>
#include <math.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "ask.h"

#define SIZES_MOST	10
#define WAYS_HERE	5
#define READERS_MIB	64

static u64 mib = 1024;
static double seconds = 0.3;

struct axis {
	const char *name, *unit;
	enum question question;
	void (*build)(struct region *r, u64 size);
	u64 unit_size;			/* what build() calls one of the unit */
	u64 size[SIZES_MOST];		/* ends with 0 */
};

static const struct axis axes[] = {
	{ "VMAs", "VMAs", VMAS, build_vmas, 1,
	  { 100, 300, 1000, 3000, 10000, 30000, 60000 } },
	{ "pages", "MiB of small pages", STATES, build_dense, 1 << 20,
	  { 4, 16, 64, 256, 1024 } },
	{ "tables", "page tables in a terabyte", STATES, build_sparse, 1,
	  { 10, 30, 100, 300, 1000, 3000, 10000 } },
	{ "readers", "who ask at once", STATES, build_dense, 0, { 1, 2, 4, 8, 16, 32, 64 } },
};

struct point {
	u64 size;
	struct result result[WAYS_HERE];
	int ways;
};

/* ---- many at once: the time until one has its answer, by how many there are ---- */

/* All ask without a pause for as long, so that each waits for the others, too. */
struct reader {
	u64 answers;
	double ns;		/* for all of them */
};

static void read_along(const struct way *w, pid_t target, const struct region *r,
		       struct reader *me, volatile int *go)
{
	struct asked a = { .pid = target, .start = r->start, .end = r->end };
	struct answer out;
	double begun;
	int failed = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	answer_init(&out);
	ask_open(&a);
	if (w->ask(&a, &out))
		_exit(1);	/* as on a kernel that has no such way */
	while (*go == 0)
		usleep(1000);
	begun = clock_ns();
	for (; *go == 1; me->answers++)
		failed |= w->ask(&a, &out);
	me->ns = clock_ns() - begun;
	_exit(failed ? 2 : 0);
}

/* What an answer took each reader; of those the quartiles. */
static void gather(struct reader *readers, int n, struct result *to)
{
	double *took = calloc(n, sizeof(*took));
	int i, had = 0;

	for (i = 0; i < n; i++)
		if (readers[i].answers)
			took[had++] = readers[i].ns / readers[i].answers;
	to->rounds = had;
	to->standing = had ? ANSWERED : FAILED;
	if (had)
		quartiles(took, had, to->quartile);
	free(took);
}

static void ask_at_once(const struct way *w, const struct target *t, u64 n, struct result *to)
{
	struct reader *readers = shared(n * sizeof(*readers));
	volatile int *go = shared(sizeof(*go));
	int absent = 0, failed = 0, status;
	u64 i;

	*to = (struct result){ .question = w->question, .way = w->name };
	for (i = 0; i < n; i++)
		if (!fork())
			read_along(w, t->pid, t->region, &readers[i], go);
	usleep(200000);		/* until most have had their first answer */
	*go = 1;
	usleep(seconds * 3e6);
	*go = 2;
	for (i = 0; i < n; i++)
		if (wait(&status) > 0) {
			absent += WIFEXITED(status) && WEXITSTATUS(status) == 1;
			failed += !WIFEXITED(status) || WEXITSTATUS(status) > 1;
		}
	gather(readers, n, to);
	if (failed || absent)
		to->standing = failed ? FAILED : ABSENT;
	munmap(readers, n * sizeof(*readers));
	munmap((void *)go, sizeof(*go));
}

/* ---- one size ---- */

static void at_once(struct point *p, const struct target *t)
{
	const struct way *w;

	for (w = page_ways; w->name; w++)
		if (w->question == STATES)
			ask_at_once(w, t, p->size, &p->result[p->ways++]);
}

static void one_by_one(const struct axis *x, struct point *p, const struct target *t)
{
	struct asked a = {
		.pid = t->pid, .start = t->region->start, .end = t->region->end,
	};

	ask_open(&a);
	p->ways = measure(&a, x->question, seconds, p->result, WAYS_HERE);
	ask_close(&a);
}

static bool one_size(const struct axis *x, struct point *p)
{
	bool readers = !x->unit_size;
	u64 size = readers ? (u64)READERS_MIB << 20 : p->size * x->unit_size;
	struct target t;
	bool made = target_start(&t, x->build, size);

	if (!made)
		fprintf(stderr, "%s, %llu: skipped: %s\n", x->name, p->size, t.region->why_not);
	else if (readers)
		at_once(p, &t);
	else
		one_by_one(x, p, &t);
	target_end(&t);
	return made;
}

static int measure_axis(const struct axis *x, struct point *points)
{
	int i, n = 0;

	for (i = 0; i < SIZES_MOST && x->size[i]; i++) {
		if (x->unit_size == 1 << 20 && x->size[i] > mib)
			break;
		if (isatty(2))
			fprintf(stderr, "\r%s: %llu %20s", x->name, x->size[i], "");
		points[n] = (struct point){ .size = x->size[i] };
		n += one_size(x, &points[n]);
	}
	return n;
}

/* ---- slopes ---- */

/* The least squares of the logarithms, over the points that this way answered. */
static double slope(const struct point *points, int n, int way)
{
	double sx = 0, sy = 0, sxx = 0, sxy = 0;
	int i, had = 0;

	for (i = 0; i < n; i++) {
		const struct result *r = &points[i].result[way];
		double x, y;

		if (!r->rounds)
			continue;
		x = log(points[i].size);
		y = log(r->quartile[1]);
		sx += x;
		sy += y;
		sxx += x * x;
		sxy += x * y;
		had++;
	}
	return had < 2 ? NAN : (had * sxy - sx * sy) / (had * sxx - sx * sx);
}

/* ---- telling ---- */

static json_object *points_json(const struct point *points, int n, int way)
{
	static const char *const key[3] = { "q1_ns", "median_ns", "q3_ns" };
	json_object *list = json_object_new_array();
	int i, k;

	for (i = 0; i < n; i++) {
		const struct result *r = &points[i].result[way];
		json_object *o = json_object_new_object();

		if (!r->rounds) {
			json_object_put(o);
			continue;
		}
		json_object_object_add(o, "size", json_object_new_int64(points[i].size));
		for (k = 0; k < 3; k++)
			json_object_object_add(o, key[k], json_object_new_double(r->quartile[k]));
		json_object_object_add(o, "rounds", json_object_new_int(r->rounds));
		json_object_object_add(o, "differing", json_object_new_int64(r->differing));
		json_object_array_add(list, o);
	}
	return list;
}

/* The slope's line on standard error; what is drawn, as JSON. */
static json_object *axis_json(const struct axis *x, const struct point *points, int n)
{
	json_object *o = json_object_new_object(), *list = json_object_new_array();
	char least[16], most[16];
	int w;

	for (w = 0; w < (n ? points[0].ways : 0); w++) {
		const struct result *first = &points[0].result[w], *last = &points[n - 1].result[w];
		json_object *way = json_object_new_object();
		double steep = slope(points, n, w);

		json_object_object_add(way, "way", json_object_new_string(first->way));
		json_object_object_add(way, "slope", isnan(steep) ? NULL :
				       json_object_new_double(steep));
		json_object_object_add(way, "points", points_json(points, n, w));
		json_object_array_add(list, way);
		if (isnan(steep))
			fprintf(stderr, "%-8s %-9s %8s\n", x->name, first->way, "absent");
		else
			fprintf(stderr, "%-8s %-9s %8.2f %8llu %9s %8llu %9s\n", x->name, first->way,
				steep, points[0].size, time_text(first->quartile[1], least),
				points[n - 1].size, time_text(last->quartile[1], most));
	}
	json_object_object_add(o, "axis", json_object_new_string(x->name));
	json_object_object_add(o, "unit", json_object_new_string(x->unit));
	json_object_object_add(o, "ways", list);
	return o;
}

static bool wrong(const struct point *points, int n)
{
	int i, w;

	for (i = 0; i < n; i++)
		for (w = 0; w < points[i].ways; w++)
			if (points[i].result[w].standing == DIFFERS ||
			    points[i].result[w].standing == FAILED)
				return true;
	return false;
}

int main(int argc, char **argv)
{
	static struct point points[ARRAY_SIZE(axes)][SIZES_MOST];
	json_object *top = json_object_new_object(), *list = json_object_new_array();
	int n[ARRAY_SIZE(axes)];
	bool bad = false;
	size_t i;

	if (argc > 1)
		mib = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		seconds = strtod(argv[2], NULL);
	if (mib < 16 || seconds <= 0) {
		fprintf(stderr, "usage: growth [MIB (from 16 on) [SECONDS]]\n");
		return 2;
	}
	for (i = 0; i < ARRAY_SIZE(axes); i++) {
		n[i] = measure_axis(&axes[i], points[i]);
		bad |= wrong(points[i], n[i]);
	}
	if (isatty(2))
		fprintf(stderr, "\r%40s\r", "");
	fprintf(stderr, "%-8s %-9s %8s %8s %9s %8s %9s\n", "with", "asked by", "slope", "from",
		"time", "to", "time");
	for (i = 0; i < ARRAY_SIZE(axes); i++)
		json_object_array_add(list, axis_json(&axes[i], points[i], n[i]));
	json_object_object_add(top, "schema", json_object_new_string("mmscope-bench/1"));
	json_object_object_add(top, "benchmark", json_object_new_string("growth"));
	json_object_object_add(top, "readers_mib", json_object_new_int(READERS_MIB));
	json_object_object_add(top, "axes", list);
	puts(json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(top);
	if (bad)
		fprintf(stderr, "growth: somebody answered differently, or not at all\n");
	return fflush(stdout) || bad;
}
