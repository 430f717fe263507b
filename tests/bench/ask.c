/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ask.c - how long the same answer takes, checked, by each way there is: the
 * module's, and the kernel's own. Asked by another process, and of oneself.
 *
 * usage: ask [MIB [SECONDS [CASE...]]]   (1024 MiB, 0.5 s a way, all cases)
 * Prints a table on standard error, and the same as JSON on standard output.
 * Exit status 1: somebody answered differently, or not at all.
 *
 * Each case is measured by a process of its own, which is small when it begins.
 */
#include <sys/prctl.h>
#include <sys/wait.h>

#include "ask.h"

#define RESULTS_MOST	400
#define RUNS_MOST	40

static struct found {
	int n, programs;
	struct result result[RESULTS_MOST];
	struct run_of run[RUNS_MOST];
} *found;

static u64 mib = 1024;
static double seconds = 0.5;

static void note(const struct bench_case *c, bool self, const char *why)
{
	struct result *r;

	if (found->n == RESULTS_MOST)
		return;
	r = &found->result[found->n++];
	*r = (struct result){ .self = self };
	snprintf(r->of, sizeof(r->of), "%s", c->name);
	snprintf(r->why, sizeof(r->why), "%s", why);
}

static void put_questions(const struct bench_case *c, struct asked *a)
{
	unsigned int asked = a->self ? c->self : c->other;
	int q, i, n;

	for (q = 0; q < QUESTIONS; q++) {
		struct result *to = &found->result[found->n];

		if (!(asked & ASK(q)))
			continue;
		n = measure(a, q, seconds, to, RESULTS_MOST - found->n);
		for (i = 0; i < n; i++)
			snprintf(to[i].of, sizeof(to[i].of), "%s", c->name);
		found->n += n;
	}
}

static void set_region(struct asked *a, const struct region *r)
{
	a->start = r->start;
	a->end = r->end;
	a->whole = r->whole && !a->self;
}

static void ask_self(const struct bench_case *c)
{
	struct asked a = { .pid = getpid(), .self = true };
	struct region r = { 0 };

	c->build(&r, c->part ? (mib << 20) / c->part : 0);
	if (r.why_not[0]) {
		note(c, true, r.why_not);
		return;
	}
	ask_open(&a);
	set_region(&a, &r);
	put_questions(c, &a);
	ask_close(&a);
}

static void ask_other(const struct bench_case *c)
{
	struct asked a = { .self = false };
	struct target t;

	if (!target_start(&t, c->build, c->part ? (mib << 20) / c->part : 0)) {
		note(c, false, t.region->why_not);
		target_end(&t);
		return;
	}
	a.pid = t.pid;
	ask_open(&a);
	set_region(&a, t.region);
	put_questions(c, &a);
	ask_close(&a);
	if (c->programs)
		found->programs += programs_measure(c->name, t.pid, seconds,
						    &found->run[found->programs],
						    RUNS_MOST - found->programs);
	target_end(&t);
}

/* In a process of its own; if it dies, that is noted, and the rest goes on. */
static void in_child(const struct bench_case *c, bool self)
{
	int status;
	pid_t pid;

	if (!(self ? c->self : c->other))
		return;
	if (isatty(2))
		fprintf(stderr, "\r%-30s", c->name);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (self)
			ask_self(c);
		else
			ask_other(c);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status) {
		note(c, self, "who asked has died");
		found->result[found->n - 1].standing = FAILED;
	}
}

static bool chosen(const struct bench_case *c, int argc, char **argv)
{
	int i;

	for (i = 3; i < argc; i++)
		if (!strcmp(argv[i], c->name))
			return true;
	return argc <= 3;
}

/* A name that is none's would measure nothing, and look as if all were well. */
static bool known(const char *name)
{
	const struct bench_case *c;

	for (c = bench_cases; c->name; c++)
		if (!strcmp(c->name, name))
			return true;
	fprintf(stderr, "ask: no case \"%s\"; there are:", name);
	for (c = bench_cases; c->name; c++)
		fprintf(stderr, " %s", c->name);
	fputc('\n', stderr);
	return false;
}

static int verdict(void)
{
	int i;

	for (i = 0; i < found->n; i++)
		if (found->result[i].standing == DIFFERS || found->result[i].standing == FAILED)
			return 1;
	for (i = 0; i < found->programs; i++)
		if (!found->run[i].absent && found->run[i].status)
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	const struct bench_case *c;
	int i;

	if (argc > 1)
		mib = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		seconds = strtod(argv[2], NULL);
	if (mib < 16 || mib % 8 || seconds <= 0) {
		fprintf(stderr, "usage: ask [MIB (from 16 on, by 8) [SECONDS [CASE...]]]\n");
		return 2;
	}
	for (i = 3; i < argc; i++)
		if (!known(argv[i]))
			return 2;
	programs_begin();
	found = shared(sizeof(*found));
	for (c = bench_cases; c->name; c++) {
		if (!chosen(c, argc, argv))
			continue;
		in_child(c, false);
		in_child(c, true);
	}
	if (isatty(2))
		fprintf(stderr, "\r%30s\r", "");
	report(found->result, found->n, found->run, found->programs, mib << 20, seconds);
	return fflush(stdout) ? 1 : verdict();
}
