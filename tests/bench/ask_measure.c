/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ask_measure.c - one question, put to each way in turns: the answers are
 * compared first, then the ways are timed, one after the other in each round, so
 * that whatever else the machine does meets all of them. And whole programs.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "ask.h"

#define WAYS_MOST	6
#define ROUNDS_LEAST	3
#define TOO_SLOW	4	/* times the budget for one answer: that one round it is */

double clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Of few values those beside the middle, which is exact. */
void quartiles(double *v, int n, double out[3])
{
	int i;

	qsort(v, n, sizeof(*v), by_size);
	for (i = 0; i < 3; i++) {
		double at = (n - 1) * (i + 1) / 4.0;
		int low = at;

		out[i] = v[low] + (low + 1 < n ? (v[low + 1] - v[low]) * (at - low) : 0);
	}
}

void answer_init(struct answer *out)
{
	char *p = mmap(NULL, 2 * RAW_BYTES + TEXT_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		tap_bail("no address space for answers");
	*out = (struct answer){ .raw = p, .plain = p + RAW_BYTES, .text = p + 2 * RAW_BYTES };
}

static int open_of(pid_t pid, const char *name)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

void ask_open(struct asked *a)
{
	a->device = session_of(a->pid);
	a->pagemap = open_of(a->pid, "pagemap");
	a->maps = open_of(a->pid, "maps");
	a->smaps = open_of(a->pid, "smaps");
	a->rollup = open_of(a->pid, "smaps_rollup");
}

void ask_close(struct asked *a)
{
	close(a->device);
	close(a->pagemap);
	close(a->maps);
	close(a->smaps);
	close(a->rollup);
}

/* ---- one question ---- */

struct turn {
	const struct way *way;
	struct result *to;
	double first, spent, ns[ROUNDS_MOST];
};

static u64 differ(const struct asked *a, const struct way *w, const struct answer *ours,
		  const struct answer *theirs)
{
	switch (w->question) {
	case COUNT:
		return ours->number > theirs->number ? ours->number - theirs->number :
						       theirs->number - ours->number;
	case VMAS:
		return vmas_differ(ours, theirs);
	case ACCOUNTS:
	case TOTALS:
		return sums_differ(a, ours, theirs);
	default:
		return runs_differ(ours, theirs);
	}
}

static double timed(const struct way *w, const struct asked *a, struct answer *out, int *err)
{
	double begun = clock_ns();

	*err = w->ask(a, out);
	return clock_ns() - begun;
}

/* What an older kernel says to an ioctl that it does not have. */
static bool is_absent(int err)
{
	return err == ENOTTY || err == EBADF || err == ENOENT;
}

/* Once, to see what is answered; that also warms up what it uses. */
static void judge(struct turn *t, const struct asked *a, const struct answer *ours,
		  struct answer *out)
{
	struct result *r = t->to;
	int err;

	t->first = timed(t->way, a, out, &err);
	if (err) {
		r->standing = is_absent(err) ? ABSENT : FAILED;
		r->error = err;
		return;
	}
	if (t->way->plain)
		t->way->plain(a, out);
	r->records = t->way->plain ? out->n : t->way->no_answer ? 0 : out->number;
	if (out != ours && !t->way->no_answer)
		r->differing = differ(a, t->way, ours, out);
	r->standing = r->differing ? DIFFERS : ANSWERED;
}

static bool has_enough(const struct turn *t, double budget)
{
	int n = t->to->rounds;

	if (t->to->standing == ABSENT || t->to->standing == FAILED || n >= ROUNDS_MOST)
		return true;
	if (t->spent >= TOO_SLOW * budget)
		return n > 0;
	return n >= ROUNDS_LEAST && t->spent >= budget;
}

/*
 * A short answer is asked for as often as it fits into a millisecond, after one that is
 * not counted: else it is not the question that is timed, but how cold the one before
 * has left the machine, and in emulation that is many times as much.
 */
#define LONG_ENOUGH 1e6

static void one_round(struct turn *t, const struct asked *a, struct answer *out)
{
	int err = 0, asked = 0;
	double ns = 0;

	if (t->first < LONG_ENOUGH)
		timed(t->way, a, out, &err);
	for (; !err && (!asked || ns < LONG_ENOUGH); asked++)
		ns += timed(t->way, a, out, &err);
	t->spent += ns;
	t->ns[t->to->rounds++] = ns / (asked + !asked);
	if (err) {
		t->to->standing = FAILED;
		t->to->error = err;
	}
}

static int collect(const struct asked *a, enum question q, const struct way *way,
		   struct turn *turns, int n, struct result *to, int room)
{
	for (; way->name && n < WAYS_MOST && n < room; way++) {
		if (way->question != q || (way->self_only && !a->self))
			continue;
		to[n] = (struct result){ .self = a->self, .question = q, .way = way->name };
		turns[n] = (struct turn){ .way = way, .to = &to[n] };
		n++;
	}
	return n;
}

static void take_turns(struct turn *turns, int n, const struct asked *a, struct answer *out,
		       double budget)
{
	bool left = true;
	int i;

	while (left) {
		left = false;
		for (i = 0; i < n; i++) {
			if (has_enough(&turns[i], budget))
				continue;
			one_round(&turns[i], a, out);
			left = true;
		}
	}
}

int measure(const struct asked *a, enum question q, double seconds, struct result *to,
	    int room)
{
	static struct turn turns[WAYS_MOST];
	static struct answer ours, theirs;
	int n, i;

	if (!ours.raw) {
		answer_init(&ours);
		answer_init(&theirs);
	}
	n = collect(a, q, page_ways, turns, 0, to, room);
	n = collect(a, q, vma_ways, turns, n, to, room);
	if (q == COUNT)
		array_prepare(a);
	for (i = 0; i < n; i++) {
		judge(&turns[i], a, &ours, i ? &theirs : &ours);
		/* So slow that it is not asked again. */
		if (turns[i].first >= TOO_SLOW * seconds * 1e9 && !to[i].error) {
			turns[i].spent = turns[i].first;
			turns[i].ns[to[i].rounds++] = turns[i].first;
		}
	}
	take_turns(turns, n, a, &theirs, seconds * 1e9);
	for (i = 0; i < n; i++)
		if (to[i].rounds)
			quartiles(turns[i].ns, to[i].rounds, to[i].quartile);
	return n;
}

/* ---- targets ---- */

bool target_start(struct target *t, void (*build)(struct region *, u64), u64 size)
{
	int status = 0;

	t->region = shared(sizeof(*t->region));
	t->pid = fork();
	if (!t->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		build(t->region, size);
		raise(SIGSTOP);
		_exit(0);
	}
	if (t->pid < 0 || waitpid(t->pid, &status, WUNTRACED) < 0 || !WIFSTOPPED(status)) {
		snprintf(t->region->why_not, sizeof(t->region->why_not),
			 "what is asked about could not be made");
		t->pid = -1;
	}
	return !t->region->why_not[0];
}

void target_end(struct target *t)
{
	if (t->pid > 0) {
		kill(t->pid, SIGKILL);
		waitpid(t->pid, NULL, 0);
	}
	munmap(t->region, sizeof(*t->region));
}

/* ---- whole programs ---- */

static const struct program programs[] = {
	{ "mmscope show", { "mmscope", "show", "PID" }, true },
	{ "pmap -X", { "pmap", "-X", "PID" }, false },
	{ "mmscope pages -s", { "mmscope", "pages", "--summary", "PID" }, true },
	{ "page-types -p", { "page-types", "-p", "PID" }, false },
};

/*
 * A child takes over the peak of who forks it, by exec as well; so a process that
 * is small and stays so starts the programs: it is told which, and of whom.
 */
static int launcher = -1;

struct launched {
	double ns;
	u64 peak_rss;
	int status;
};

static void run_program(const struct program *p, pid_t pid)
{
	char number[20];
	char *argv[ARRAY_SIZE(p->argv) + 1] = { NULL };
	size_t i;

	snprintf(number, sizeof(number), "%d", pid);
	for (i = 0; i < ARRAY_SIZE(p->argv) && p->argv[i]; i++)
		argv[i] = strcmp(p->argv[i], "PID") ? (char *)p->argv[i] : number;
	if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
		_exit(126);
	execvp(argv[0], argv);
	_exit(127);
}

static void launch(const struct program *p, pid_t pid, struct launched *l)
{
	struct rusage use;
	double begun = clock_ns();
	pid_t child = fork();

	if (!child)
		run_program(p, pid);
	if (wait4(child, &l->status, 0, &use) != child)
		l->status = -1;
	l->ns = clock_ns() - begun;
	l->peak_rss = (u64)use.ru_maxrss * 1024;
}

static void serve(int from)
{
	struct { int which; pid_t pid; } order;
	struct launched l;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(from, &order, sizeof(order)) == sizeof(order)) {
		launch(&programs[order.which], order.pid, &l);
		if (write(from, &l, sizeof(l)) != sizeof(l))
			break;
	}
	_exit(0);
}

void programs_begin(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		tap_bail("socketpair: %s", strerror(errno));
	if (!fork()) {
		close(pair[0]);
		serve(pair[1]);
	}
	close(pair[1]);
	launcher = pair[0];
}

static void have_launched(int which, pid_t pid, struct launched *l)
{
	struct { int which; pid_t pid; } order = { which, pid };

	if (write(launcher, &order, sizeof(order)) != sizeof(order) ||
	    read(launcher, l, sizeof(*l)) != sizeof(*l))
		tap_bail("who starts programs has died");
}

int programs_measure(const char *of, pid_t pid, double seconds, struct run_of *to, int room)
{
	static double ns[ARRAY_SIZE(programs)][ROUNDS_MOST];
	double begun = clock_ns();
	int n = ARRAY_SIZE(programs), i, round;
	struct launched l;

	if (n > room)
		return 0;
	for (i = 0; i < n; i++) {
		to[i] = (struct run_of){ .program = &programs[i] };
		snprintf(to[i].of, sizeof(to[i].of), "%s", of);
	}
	for (round = 0; round < ROUNDS_MOST; round++) {
		if (round >= ROUNDS_LEAST && clock_ns() - begun > n * seconds * 1e9)
			break;
		for (i = 0; i < n; i++) {
			if (to[i].absent)
				continue;
			have_launched(i, pid, &l);
			to[i].absent = WIFEXITED(l.status) && WEXITSTATUS(l.status) == 127;
			to[i].status |= l.status;
			ns[i][to[i].rounds++] = l.ns;
			if (l.peak_rss > to[i].peak_rss)
				to[i].peak_rss = l.peak_rss;
		}
	}
	for (i = 0; i < n; i++)
		if (!to[i].absent)
			quartiles(ns[i], to[i].rounds, to[i].quartile);
	return n;
}
