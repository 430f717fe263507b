/* SPDX-License-Identifier: GPL-2.0 */
/*
 * storm.c - what the storms share: the seed, the clock, claims that are counted
 * over all processes, and packs of children. check.c has the claims that hold
 * of any answer.
 */
#include <sys/wait.h>
#include <time.h>

#include "storm.h"

#define CLAIMS	160
#define TICKS	96

struct tick {
	int state;
	char what[56];
	u64 count;
};

/* What all processes of a storm write to. */
static struct board {
	double until;
	struct claim claim[CLAIMS];
	struct tick tick[TICKS];
} *board;

double storm_seconds = 8;
static u64 seed;
static __thread u64 state;

/* ---- the seed and the clock ---- */

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* splitmix64: passes every test of randomness that matters here. */
u64 rnd(void)
{
	u64 z = state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void rnd_stream(u64 stream)
{
	state = seed ^ (stream * 0xd1342543de82ef95ULL);
	rnd();
}

u64 below(u64 n)
{
	return rnd() % n;
}

bool one_in(u64 n)
{
	return !below(n);
}

void storm_begin(void)
{
	board->until = now() + storm_seconds;
}

bool storm_on(void)
{
	return now() < board->until;
}

void storm_start(const char *prefix)
{
	const char *text = getenv("STORM_SECONDS");
	struct timespec t;

	if (text)
		storm_seconds = atof(text);
	if (storm_seconds <= 0)
		storm_seconds = 8;
	clock_gettime(CLOCK_REALTIME, &t);
	text = getenv("STORM_SEED");
	seed = text ? strtoull(text, NULL, 0) : (u64)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	tap_start(prefix, 120 + (unsigned int)storm_seconds);
	tap_note("STORM_SEED=%llu STORM_SECONDS=%g", seed, storm_seconds);
	board = shared(sizeof(*board));
	rnd_stream(0);
}

/* ---- claims ---- */

/*
 * Any of the processes may be killed at any moment, so nothing here is locked:
 * an entry is taken by one instruction, and named after that. Two that come at
 * once may each take one for the same name, so entries of a name are summed up.
 */
enum { FREE, TAKEN, NAMED };

static bool is_named(const int *state)
{
	return __atomic_load_n(state, __ATOMIC_ACQUIRE) == NAMED;
}

static bool take(int *state, char *to, size_t size, const char *name)
{
	int none = FREE;

	if (!__atomic_compare_exchange_n(state, &none, TAKEN, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		return false;
	snprintf(to, size, "%s", name);
	__atomic_store_n(state, NAMED, __ATOMIC_RELEASE);
	return true;
}

struct claim *claim_of(const char *name)
{
	struct claim *c;

	for (c = board->claim; c < board->claim + CLAIMS; c++)
		if (is_named(&c->state) && !strcmp(c->name, name))
			return c;
	for (c = board->claim; c < board->claim + CLAIMS; c++)
		if (take(&c->state, c->name, sizeof(c->name), name))
			return c;
	tap_bail("too many claims");
}

void claim_broken(struct claim *c, const char *format, ...)
{
	u64 nr = __atomic_fetch_add(&c->broken, 1, __ATOMIC_RELAXED);
	va_list args;

	if (nr >= ARRAY_SIZE(c->words))
		return;
	va_start(args, format);
	vsnprintf(c->words[nr], sizeof(c->words[nr]), format, args);
	va_end(args);
}

/* What all entries of the name say together. */
static void sum_up(const char *name, struct claim *sum)
{
	struct claim *c;
	size_t i, n = 0;

	memset(sum, 0, sizeof(*sum));
	for (c = board->claim; c < board->claim + CLAIMS; c++) {
		if (!is_named(&c->state) || strcmp(c->name, name))
			continue;
		c->judged = true;
		sum->held += c->held;
		sum->broken += c->broken;
		for (i = 0; i < ARRAY_SIZE(c->words) && c->words[i][0]; i++)
			if (n < ARRAY_SIZE(sum->words))
				memcpy(sum->words[n++], c->words[i], sizeof(c->words[i]));
	}
}

void judge(const char *name)
{
	struct claim sum;
	size_t i;

	sum_up(name, &sum);
	if (ok(sum.held && !sum.broken, "%s", name))
		return;
	tap_note("held %llu times, not %llu times", sum.held, sum.broken);
	for (i = 0; i < ARRAY_SIZE(sum.words) && sum.words[i][0]; i++)
		tap_note("  %s", sum.words[i]);
}

void judge_if_tried(const char *name, const char *why)
{
	struct claim sum;

	sum_up(name, &sum);
	if (sum.held || sum.broken)
		judge(name);
	else
		skip(name, "%s", why);
}

static struct tick *tick_of(const char *what)
{
	struct tick *t;

	for (t = board->tick; t < board->tick + TICKS; t++)
		if (is_named(&t->state) && !strcmp(t->what, what))
			return t;
	for (t = board->tick; t < board->tick + TICKS; t++)
		if (take(&t->state, t->what, sizeof(t->what), what))
			return t;
	tap_bail("too many counters");
}

void tick(const char *what)
{
	__atomic_add_fetch(&tick_of(what)->count, 1, __ATOMIC_RELAXED);
}

void tick_errno(const char *call, int err)
{
	char what[56];

	snprintf(what, sizeof(what), "%s: %s", call, err ? strerrorname_np(err) : "success");
	tick(what);
}

u64 ticks_of(const char *what)
{
	struct tick *t;
	u64 sum = 0;

	for (t = board->tick; t < board->tick + TICKS; t++)
		if (is_named(&t->state) && !strcmp(t->what, what))
			sum += t->count;
	return sum;
}

int storm_end(void)
{
	struct claim *c;
	struct tick *t;

	for (c = board->claim; c < board->claim + CLAIMS; c++)
		if (c->broken && !c->judged)
			judge(c->name);
	for (t = board->tick; t < board->tick + TICKS; t++)
		if (is_named(&t->state))
			tap_note("%llu %s", t->count, t->what);
	return tap_end();
}

/* ---- children ---- */

void pack_add(struct pack *p, void (*fn)(void *), void *arg)
{
	if (p->count == (int)ARRAY_SIZE(p->pid))
		tap_bail("too many children");
	p->pid[p->count++] = child_of(fn, arg);
}

static int reap_in_time(pid_t pid, double until)
{
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now() > until)
			return -1;
		usleep(2000);
	}
	return status;
}

void pack_join(struct pack *p, const char *name)
{
	double until = now() + storm_seconds + tap_seconds(60);
	int i, bad = 0;

	alarm(storm_seconds + tap_seconds(120));
	for (i = 0; i < p->count; i++) {
		int status = reap_in_time(p->pid[i], until);

		if (!status)
			continue;
		tap_note("%s: child %d %s %d", name, i,
			 status == -1 ? "did not end;" : "ended with wait status", status);
		bad++;
		if (status == -1) {
			kill(p->pid[i], SIGKILL);
			waitpid(p->pid[i], NULL, 0);
		}
	}
	p->count = 0;
	eq(bad, 0, "%s", name);
}

void await(pid_t target, const volatile int *ready)
{
	siginfo_t info = { .si_pid = 0 };

	while (!*ready) {
		if (waitid(P_PID, target, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid)
			tap_bail("the target died at once, with %d", info.si_status);
		usleep(1000);
	}
}

void pack_kill(struct pack *p)
{
	int i;

	for (i = 0; i < p->count; i++)
		kill(p->pid[i], SIGKILL);
	for (i = 0; i < p->count; i++)
		waitpid(p->pid[i], NULL, 0);
	p->count = 0;
}
