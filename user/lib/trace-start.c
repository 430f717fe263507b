// SPDX-License-Identifier: GPL-2.0
/*
 * trace-start.c - how a trace begins: a program is started and held at its first
 * instruction, or all threads of a process are attached to.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trace.h"

#define FOLLOW \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | \
	 PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT)
#define ROUNDS		64
#define STOP_MS		2000	/* how long a thread may take to stop */

/* ---- what both have in common ---------------------------------------------- */

static int take_signals(struct mms_trace *t, struct mms_error *err)
{
	static const int signals[] = { SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&set, signals[i]);
	t->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (t->signals < 0)
		return mms_fail(err, MMS_FAILED, NULL, "trace", "signalfd: %s", strerror(errno));
	sigprocmask(SIG_BLOCK, &set, &t->mask);
	return 0;
}

static struct mms_trace *trace_new(enum mms_source source, unsigned int flags,
				   struct mms_error *err)
{
	struct mms_trace *t = calloc(1, sizeof(*t));

	if (!t) {
		mmsi_nomem(err);
		return NULL;
	}
	t->signals = t->holding.fd = -1;
	t->source = source;
	t->flags = flags;
	t->objects = mmsi_objects_new();
	if (!t->objects) {
		mmsi_nomem(err);
	} else if (!take_signals(t, err) &&
		   (!(flags & (MMS_TRACE_FAULTS | MMS_TRACE_MALLOCS)) ||
		    !mmsi_perf_new(&t->perf, err)) &&
		   (!(flags & MMS_TRACE_MALLOCS) || !mmsi_mallocs_new(t, err))) {
		return t;
	}
	mms_trace_close(t);
	return NULL;
}

static void note_kernel(struct mms_trace *t)
{
	struct mms_error err;

	if (!(t->flags & MMS_TRACE_FAULTS) || mmsi_perf_kernel(t->perf))
		return;
	mms_fail(&err, MMS_DENIED, "as root, or with kernel.perf_event_paranoid=1, they are",
		 "--faults", "those within system calls are not told");
	mmsi_note(t, &err);
}

static int refused(pid_t pid, int error, struct mms_error *err)
{
	char what[40];

	snprintf(what, sizeof(what), "process %d", (int)pid);
	if (error == ESRCH)
		return mms_fail(err, MMS_GONE, NULL, what, "no such process");
	if (error == EPERM || error == EACCES)
		return mms_fail(err, MMS_DENIED, "as root, and when no debugger is at it",
				what, "may not be traced: not yours, or traced already");
	return mms_fail(err, MMS_FAILED, NULL, what, "ptrace: %s", strerror(error));
}

/* ---- a program ------------------------------------------------------------- */

/* What the child tells before exec: that it goes on without a filter, or why not on. */
struct word {
	int filter;		/* errno of the filter */
	int exec;		/* errno of exec */
};

static void child(const struct mms_trace *t, char *const argv[], int sock)
{
	struct word word = { 0 };
	char go;

	if (t->holding.begin)
		t->holding.begin(t->holding.arg);
	while (read(sock, &go, 1) < 0 && errno == EINTR)
		;
	sigprocmask(SIG_SETMASK, &t->mask, NULL);
	word.filter = mmsi_filter_install(t->flags);
	if (word.filter && send(sock, &word, sizeof(word), MSG_NOSIGNAL) != sizeof(word))
		_exit(127);
	/* It is answered when every call is watched instead. */
	while (word.filter && read(sock, &go, 1) < 0 && errno == EINTR)
		;
	execvp(argv[0], argv);
	word.exec = errno;
	if (send(sock, &word, sizeof(word), MSG_NOSIGNAL) != sizeof(word))
		_exit(126);
	_exit(127);
}

/*
 * Runs the child until exec has succeeded, or failed: then its word comes.  Stops on
 * the way are no events yet.
 */
static int until_exec(struct mms_trace *t, int sock, struct word *word)
{
	struct pollfd on[2] = { { .fd = t->signals, .events = POLLIN },
				{ .fd = sock, .events = POLLIN } };
	struct signalfd_siginfo info;
	int status = 0;
	pid_t tid;

	while (!t->execed && t->tracees) {
		tid = waitpid(-1, &status, __WALL | WNOHANG);
		if (tid > 0) {
			mmsi_stop_handle(t, tid, status);
			continue;
		}
		if (recv(sock, word, sizeof(*word), MSG_DONTWAIT) == sizeof(*word)) {
			if (word->exec)
				return -1;
			t->every = true;
			if (send(sock, "", 1, MSG_NOSIGNAL) != 1)
				return -1;
		}
		poll(on, 2, 1000);
		while (read(t->signals, &info, sizeof(info)) == sizeof(info))
			if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGHUP)
				kill(t->pid, (int)info.ssi_signo);
	}
	/* The word may have come just before its end. */
	if (!t->execed)
		recv(sock, word, sizeof(*word), MSG_DONTWAIT);
	return t->execed ? 0 : -1;
}

static int let_begin(struct mms_trace *t, char *const argv[], int sock, struct mms_error *err)
{
	struct word word = { 0 };

	if (ptrace(PTRACE_SEIZE, t->pid, 0, FOLLOW | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL))
		return mms_fail(err, MMS_FAILED, "containers may forbid ptrace: ask outside",
				argv[0], "may not be traced (ptrace: %s)", strerror(errno));
	if (!mmsi_tracee_add(t, t->pid))
		return mmsi_nomem(err);
	if (t->flags & MMS_TRACE_FAULTS && mmsi_faults_watch(t, t->pid, true, err))
		return -1;
	note_kernel(t);
	if (send(sock, "", 1, MSG_NOSIGNAL) != 1 || until_exec(t, sock, &word)) {
		mms_fail(err, MMS_FAILED, NULL, argv[0], "%s",
			 word.exec ? strerror(word.exec) : "it ended before it began");
		if (err)
			err->sys_errno = word.exec;
		return -1;
	}
	return 0;
}

int mms_trace_start(char *const argv[], enum mms_source source, unsigned int flags,
		    struct mms_trace **trace, struct mms_error *err)
{
	static const struct mms_trace_holding nobody = { .fd = -1 };

	return mms_trace_start_held(argv, source, flags, &nobody, trace, err);
}

int mms_trace_start_held(char *const argv[], enum mms_source source, unsigned int flags,
			 const struct mms_trace_holding *holding, struct mms_trace **trace,
			 struct mms_error *err)
{
	struct mms_trace *t = trace_new(source, flags, err);
	int pair[2], ret;

	if (!t)
		return -1;
	t->holding = *holding;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		mms_trace_close(t);
		return mms_fail(err, MMS_FAILED, NULL, argv[0], "socketpair: %s", strerror(errno));
	}
	t->pid = fork();
	if (!t->pid) {
		close(pair[0]);
		child(t, argv, pair[1]);
	}
	close(pair[1]);
	ret = t->pid < 0 ? mms_fail(err, MMS_FAILED, NULL, argv[0], "fork: %s", strerror(errno)) :
			   let_begin(t, argv, pair[0], err);
	close(pair[0]);
	if (!ret) {
		*trace = t;
		return 0;
	}
	if (t->pid > 0) {
		kill(t->pid, SIGKILL);
		waitpid(t->pid, NULL, __WALL);
	}
	mms_trace_close(t);
	return -1;
}

/* ---- a process that runs --------------------------------------------------- */

/* Seizes the threads that are not ours yet; *added counts them.  Returns 0 or an errno. */
static int seize_new(struct mms_trace *t, size_t *added)
{
	char path[40];
	struct dirent *entry;
	struct mmsi_tracee *e;
	DIR *dir;
	int tid, error = 0;

	*added = 0;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)t->pid);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? ESRCH : errno;
	while (!error && (entry = readdir(dir))) {
		tid = atoi(entry->d_name);
		if (tid <= 0 || mmsi_tracee_find(t, tid))
			continue;
		if (ptrace(PTRACE_SEIZE, tid, 0, FOLLOW)) {
			/* It has ended, or was born of one of ours, and so is ours. */
			if (errno != ESRCH && (errno != EPERM || !t->tracees))
				error = errno;
			continue;
		}
		e = mmsi_tracee_add(t, tid);
		if (!e)
			error = ENOMEM;
		else
			ptrace(PTRACE_INTERRUPT, tid, 0, 0);
		++*added;
	}
	closedir(dir);
	return error;
}

static bool all_stopped(const struct mms_trace *t)
{
	for (int i = 0; i < MMSI_BUCKETS; i++)
		for (const struct mmsi_tracee *e = t->bucket[i]; e; e = e->next)
			if (!e->stopped)
				return false;
	return true;
}

/* Keeps each where it stops, until all have; who does not stop in time comes later. */
static void gather(struct mms_trace *t)
{
	uint64_t until = mmsi_now() + STOP_MS * 1000000ULL;
	struct mmsi_tracee *e;
	int status;
	pid_t tid;

	while (!all_stopped(t) && mmsi_now() < until) {
		tid = waitpid(-1, &status, __WALL | WNOHANG);
		if (!tid)
			poll(NULL, 0, 1);
		if (tid <= 0)
			continue;
		e = mmsi_tracee_find(t, tid);
		if (!WIFSTOPPED(status)) {
			if (e)
				mmsi_tracee_remove(t, e);
			continue;
		}
		if (!e)
			e = mmsi_tracee_add(t, tid);
		if (!e)
			return;
		e->stopped = true;
		e->pending = status;
	}
}

static void let_all_go_on(struct mms_trace *t)
{
	for (int i = 0; i < MMSI_BUCKETS; i++)
		for (struct mmsi_tracee *e = t->bucket[i], *next; e; e = next) {
			next = e->next;
			if (e->stopped)
				mmsi_stop_handle(t, e->tid, e->pending);
		}
}

static int watch_faults(struct mms_trace *t, struct mms_error *err)
{
	for (int i = 0; i < MMSI_BUCKETS; i++)
		for (struct mmsi_tracee *e = t->bucket[i]; e; e = e->next) {
			if (t->flags & MMS_TRACE_FAULTS &&
			    mmsi_faults_watch(t, e->tid, false, err))
				return -1;
			if (t->mallocs)
				mmsi_mallocs_probe(t, e);
			e->watched = true;
		}
	note_kernel(t);
	return 0;
}

static int attach(struct mms_trace *t, struct mms_error *err)
{
	size_t added = 1;
	int error = 0;

	for (int round = 0; round < ROUNDS && added && !error; round++) {
		error = seize_new(t, &added);
		gather(t);
	}
	if (error == ENOMEM)
		return mmsi_nomem(err);
	if (error || !t->tracees)
		return refused(t->pid, error ? error : ESRCH, err);
	return watch_faults(t, err);
}

int mms_trace_attach(pid_t pid, enum mms_source source, unsigned int flags,
		     struct mms_trace **trace, struct mms_error *err)
{
	struct mms_target *target;
	struct mms_trace *t;

	/* Whether it can be looked at at all, and by whom. */
	if (mms_open(pid, source, &target, err))
		return -1;
	t = trace_new(source, flags, err);
	if (!t) {
		mms_close(target);
		return -1;
	}
	t->pid = mms_target_proc(target)->pid;
	mms_close(target);
	t->attached = t->every = t->execed = true;
	if (!attach(t, err)) {
		let_all_go_on(t);
		*trace = t;
		return 0;
	}
	let_all_go_on(t);
	mmsi_stop_detach(t);
	mms_trace_close(t);
	return -1;
}
