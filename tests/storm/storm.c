/* SPDX-License-Identifier: GPL-2.0 */
/*
 * storm.c - what the storms share: the seed, the clock, claims that are counted
 * over all processes, and packs of children. check.c has the claims that hold
 * of any answer.
 */
#include <sys/wait.h>
#include <time.h>

#include "storm.h"

#define CLAIMS	96
#define TICKS	96

/* What all processes of a storm write to. */
static struct board {
	double until;
	int lock;
	struct claim claim[CLAIMS];
	struct {
		char what[56];
		u64 count;
	} tick[TICKS];
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

static void lock(void)
{
	while (__atomic_exchange_n(&board->lock, 1, __ATOMIC_ACQUIRE))
		usleep(50);
}

static void unlock(void)
{
	__atomic_store_n(&board->lock, 0, __ATOMIC_RELEASE);
}

struct claim *claim_of(const char *name)
{
	struct claim *c, *found = NULL;

	for (c = board->claim; c < board->claim + CLAIMS && c->name[0]; c++)
		if (!strcmp(c->name, name))
			return c;
	/* Whoever is killed with the lock held would stop the others: not for long. */
	lock();
	for (c = board->claim; !found && c < board->claim + CLAIMS; c++) {
		if (!c->name[0])
			snprintf(c->name, sizeof(c->name), "%s", name);
		if (!strcmp(c->name, name))
			found = c;
	}
	unlock();
	if (!found)
		tap_bail("too many claims");
	return found;
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

u64 times_held(const char *name)
{
	return claim_of(name)->held;
}

void judge(const char *name)
{
	struct claim *c = claim_of(name);
	size_t i;

	c->judged = true;
	if (ok(c->held && !c->broken, "%s", name))
		return;
	tap_note("held %llu times, not %llu times", c->held, c->broken);
	for (i = 0; i < ARRAY_SIZE(c->words) && c->words[i][0]; i++)
		tap_note("  %s", c->words[i]);
}

void judge_if_tried(const char *name, const char *why)
{
	struct claim *c = claim_of(name);

	c->judged = true;
	if (c->held || c->broken)
		judge(name);
	else
		skip(name, "%s", why);
}

void tick(const char *what)
{
	int i;

	for (i = 0; i < TICKS; i++) {
		if (!board->tick[i].what[0]) {
			lock();
			if (!board->tick[i].what[0])
				snprintf(board->tick[i].what, sizeof(board->tick[i].what), "%s",
					 what);
			unlock();
		}
		if (strcmp(board->tick[i].what, what))
			continue;
		__atomic_add_fetch(&board->tick[i].count, 1, __ATOMIC_RELAXED);
		return;
	}
}

void tick_errno(const char *call, int err)
{
	char what[56];

	snprintf(what, sizeof(what), "%s: %s", call, err ? strerrorname_np(err) : "success");
	tick(what);
}

u64 ticks_of(const char *what)
{
	int i;

	for (i = 0; i < TICKS; i++)
		if (!strcmp(board->tick[i].what, what))
			return board->tick[i].count;
	return 0;
}

int storm_end(void)
{
	struct claim *c;
	int i;

	for (c = board->claim; c < board->claim + CLAIMS && c->name[0]; c++)
		if (c->broken && !c->judged)
			judge(c->name);
	for (i = 0; i < TICKS && board->tick[i].what[0]; i++)
		tap_note("%llu %s", board->tick[i].count, board->tick[i].what);
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
	double until = now() + storm_seconds + 60;
	int i, bad = 0;

	alarm(storm_seconds + 120);
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
