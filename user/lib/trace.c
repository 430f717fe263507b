// SPDX-License-Identifier: GPL-2.0
/*
 * trace.c - runs a trace: waits for stops and for perf, keeps the books of threads
 * and address spaces, and tells the events in the order of their time.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "trace.h"

#define POLL_MAX	1024
#define GLANCE_MS	200	/* how old a fault may become before it is told */

uint64_t mmsi_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ---- threads and address spaces -------------------------------------------- */

static struct mmsi_tracee **bucket_of(struct mms_trace *t, pid_t tid)
{
	return &t->bucket[(unsigned int)tid % MMSI_BUCKETS];
}

struct mmsi_tracee *mmsi_tracee_find(struct mms_trace *t, pid_t tid)
{
	struct mmsi_tracee *e = *bucket_of(t, tid);

	while (e && e->tid != tid)
		e = e->next;
	return e;
}

static pid_t process_of(pid_t tid)
{
	char path[40], line[128];
	int tgid = tid;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Tgid: %d", &tgid) == 1)
			break;
	if (f)
		fclose(f);
	return tgid;
}

struct mmsi_space *mmsi_space_of(struct mms_trace *t, pid_t pid)
{
	struct mmsi_space *s = t->space;

	while (s && s->pid != pid)
		s = s->next;
	return s;
}

struct mmsi_tracee *mmsi_tracee_add(struct mms_trace *t, pid_t tid)
{
	struct mmsi_tracee *e = calloc(1, sizeof(*e)), **bucket = bucket_of(t, tid);
	pid_t pid = process_of(tid);
	struct mmsi_space *s = mmsi_space_of(t, pid), *new = s ? NULL : calloc(1, sizeof(*new));

	if (!e || (!s && !new)) {
		free(e);
		t->failed = true;
		return NULL;
	}
	if (!s) {
		s = new;
		s->pid = pid;
		s->next = t->space;
		t->space = s;
	}
	e->tid = tid;
	e->space = s;
	e->next = *bucket;
	*bucket = e;
	s->threads++;
	t->tracees++;
	return e;
}

static void space_free(struct mmsi_space *s)
{
	mmsi_space_reset(s);
	free(s->probed);
	free(s);
}

void mmsi_space_reset(struct mmsi_space *s)
{
	mmsi_snap_drop(s->latest);
	mmsi_stack_free(s->stack);
	mms_close(s->target);
	/* Probes outlive an exec: they are the threads', at files. */
	*s = (struct mmsi_space){ .pid = s->pid, .threads = s->threads, .next = s->next,
				  .probed = s->probed, .probes = s->probes };
}

void mmsi_space_open(struct mms_trace *t, struct mmsi_space *s)
{
	if (!s->target && !s->lack.status && mms_open(s->pid, t->source, &s->target, &s->lack))
		s->target = NULL;
}

void mmsi_tracee_remove(struct mms_trace *t, struct mmsi_tracee *e)
{
	struct mmsi_tracee **at = bucket_of(t, e->tid);
	struct mmsi_space **s = &t->space;

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	t->tracees--;
	if (!--e->space->threads) {
		while (*s != e->space)
			s = &(*s)->next;
		*s = e->space->next;
		space_free(e->space);
	}
	mmsi_snap_drop(e->before);
	mmsi_frames_free(e->frame, e->frames);
	free(e);
}

/* ---- events ---------------------------------------------------------------- */

struct mmsi_event *mmsi_event_new(struct mms_trace *t, enum mms_trace_kind kind, pid_t pid,
				  pid_t tid)
{
	struct mmsi_event *event = calloc(1, sizeof(*event));

	if (!event) {
		t->failed = true;
		return NULL;
	}
	event->e.kind = kind;
	event->e.time_ns = mmsi_now();
	event->e.pid = pid;
	event->e.tid = tid;
	return event;
}

void mmsi_event_add(struct mms_trace *t, struct mmsi_event *event)
{
	if (mmsi_order_add(&t->order, event))
		return;
	t->failed = true;
	mmsi_event_free(event);
}

void mmsi_note(struct mms_trace *t, const struct mms_error *err)
{
	struct mmsi_event *event = mmsi_event_new(t, MMS_TRACE_NOTE, t->pid, t->pid);

	if (!event)
		return;
	if (asprintf(&event->text, "%s: %s%s%s", err->what, err->why, err->mend[0] ? "; " : "",
		     err->mend) < 0)
		event->text = NULL;
	event->e.text = event->text;
	mmsi_event_add(t, event);
}

static void file_perf(const struct mmsi_perf_event *p, void *arg)
{
	struct mms_trace *t = arg;
	struct mmsi_event *event;

	switch (p->kind) {
	case MMSI_PERF_MINOR:
	case MMSI_PERF_MAJOR:
		mmsi_fault_add(t, p);
		break;
	case MMSI_PERF_ACCESS:
		mmsi_fault_access(t, p);
		break;
	case MMSI_PERF_ENTER:
	case MMSI_PERF_LEAVE:
		mmsi_mallocs_add(t, p);
		break;
	case MMSI_PERF_LOST:
		event = mmsi_event_new(t, MMS_TRACE_LOST, t->pid, t->pid);
		if (event) {
			event->e.count = p->count;
			mmsi_event_add(t, event);
		}
		break;
	}
}

static void hold_perf(const struct mmsi_perf_event *p, void *arg)
{
	struct mms_trace *t = arg;
	size_t room = t->held_room ? 2 * t->held_room : 256;
	void *more = t->held;

	if (t->held_count == t->held_room) {
		more = realloc(t->held, room * sizeof(*t->held));
		if (!more) {
			t->failed = true;
			return;
		}
		t->held = more;
		t->held_room = room;
	}
	t->held[t->held_count++] = *p;
}

static int by_time(const void *a, const void *b)
{
	const struct mmsi_perf_event *x = a, *y = b;

	return x->time < y->time ? -1 : x->time > y->time;
}

/*
 * The buffers of the CPUs are read one after the other, and a thread moves between
 * CPUs: of what is younger than the first look, older parts may still be missing.
 */
void mmsi_drain(struct mms_trace *t)
{
	uint64_t until = mmsi_now();
	size_t n = 0;

	if (!t->perf)
		return;
	t->drains++;
	mmsi_perf_read(t->perf, hold_perf, t);
	if (!t->held_count)
		return;
	qsort(t->held, t->held_count, sizeof(*t->held), by_time);
	while (n < t->held_count && t->held[n].time <= until)
		file_perf(&t->held[n++], t);
	t->held_count -= n;
	memmove(t->held, t->held + n, t->held_count * sizeof(*t->held));
}

/* What is older than the last look at perf can be told: nothing older will come. */
static void tell(struct mms_trace *t, bool all)
{
	uint64_t until = all || !t->perf ? UINT64_MAX : mmsi_now();
	struct mmsi_event *event;

	mmsi_drain(t);
	while ((event = mmsi_order_take(&t->order, until))) {
		t->fn(&event->e, t->arg);
		mmsi_event_free(event);
	}
}

/* ---- whoever wants to know at once ------------------------------------------- */

void mmsi_held(struct mms_trace *t, const struct mmsi_tracee *e, struct mms_trace_hold hold)
{
	if (!t->holding.fn || !t->execed)
		return;
	hold.pid = e ? e->space->pid : 0;
	hold.tid = e ? e->tid : 0;
	t->holding.fn(&hold, t->holding.arg);
}

static void tick(struct mms_trace *t)
{
	uint64_t now;

	if (!t->holding.tick_ms)
		return;
	now = mmsi_now();
	if (now < t->next_tick)
		return;
	t->next_tick = now + t->holding.tick_ms * 1000000ULL;
	mmsi_held(t, NULL, (struct mms_trace_hold){ .why = MMS_HELD_TICK });
}

void mms_trace_kill(struct mms_trace *t)
{
	/* Threads die with their process; what is born meanwhile is in the books next time. */
	for (int i = 0; i < MMSI_BUCKETS; i++)
		for (const struct mmsi_tracee *e = t->bucket[i]; e; e = e->next)
			kill(e->tid, SIGKILL);
}

/* ---- running --------------------------------------------------------------- */

static void take_signal(struct mms_trace *t, int signal)
{
	if (signal == SIGCHLD)
		return;
	if (t->holding.fn)
		mms_trace_kill(t);
	else if (t->attached || t->ended)
		t->stop = true;
	else if (signal == SIGTERM || signal == SIGHUP)
		kill(t->pid, signal);
}

/* Milliseconds until there is something to do though nobody stops; -1: never. */
static int patience(const struct mms_trace *t)
{
	uint64_t now = mmsi_now(), left = t->perf ? GLANCE_MS : UINT32_MAX;

	if (t->holding.tick_ms && t->next_tick < now + left * 1000000)
		left = t->next_tick > now ? (t->next_tick - now) / 1000000 + 1 : 0;
	return left == UINT32_MAX ? -1 : (int)left;
}

/* Until a thread stops, a signal comes, or perf has something. */
static void wait_for_more(struct mms_trace *t)
{
	struct pollfd on[POLL_MAX] = { { .fd = t->signals, .events = POLLIN } };
	struct signalfd_siginfo info;
	const int *fds = NULL;
	size_t count = t->perf ? mmsi_perf_fds(t->perf, &fds) : 0;

	on[1] = (struct pollfd){ .fd = t->holding.fd, .events = POLLIN };
	for (size_t i = 0; i < count && i + 2 < POLL_MAX; i++)
		on[i + 2] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	if (count > POLL_MAX - 2)
		count = POLL_MAX - 2;
	if (poll(on, (nfds_t)count + 2, patience(t)) <= 0)
		return;
	if (on[1].revents & POLLIN)
		mmsi_held(t, NULL, (struct mms_trace_hold){ .why = MMS_HELD_TICK });
	while (read(t->signals, &info, sizeof(info)) == sizeof(info))
		take_signal(t, (int)info.ssi_signo);
}

int mms_trace_run(struct mms_trace *t, mms_trace_fn fn, void *arg, int *status, bool *detached,
		  struct mms_error *err)
{
	int how = 0;
	pid_t tid;

	t->fn = fn;
	t->arg = arg;
	while (t->tracees && !t->stop && !t->failed) {
		tid = waitpid(-1, &how, __WALL | WNOHANG);
		if (tid > 0)
			mmsi_stop_handle(t, tid, how);
		else if (tid < 0 && errno == ECHILD)
			break;
		tell(t, false);
		tick(t);
		if (!tid)
			wait_for_more(t);
	}
	if (t->attached && t->tracees)
		mmsi_stop_detach(t);
	tell(t, true);
	*status = t->status;
	*detached = t->attached && !t->ended;
	return t->failed ? mmsi_nomem(err) : 0;
}

size_t mms_trace_threads(const struct mms_trace *t)
{
	return t->tracees;
}

pid_t mms_trace_pid(const struct mms_trace *t)
{
	return t->pid;
}

void mms_trace_close(struct mms_trace *t)
{
	struct signalfd_siginfo late;
	struct mmsi_event *event;

	if (!t)
		return;
	for (int i = 0; i < MMSI_BUCKETS; i++)
		while (t->bucket[i])
			mmsi_tracee_remove(t, t->bucket[i]);
	while ((event = mmsi_order_take(&t->order, UINT64_MAX)))
		mmsi_event_free(event);
	free(t->order.heap);
	free(t->held);
	mmsi_perf_free(t->perf);
	mmsi_mallocs_free(t->mallocs);
	mmsi_objects_free(t->objects);
	/* Those that came meanwhile were ours, not the caller's. */
	if (t->signals >= 0) {
		while (read(t->signals, &late, sizeof(late)) == sizeof(late))
			;
		close(t->signals);
		sigprocmask(SIG_SETMASK, &t->mask, NULL);
	}
	free(t);
}
