// SPDX-License-Identifier: GPL-2.0
/*
 * start.c - the beginning and the end of a subject: its process, what it is
 * connected to, who can be asked about it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "run.h"
#include "../beside.h"

/* ---- witnesses ------------------------------------------------------------- */

static int way_call(void *arg, long number, const uint64_t args[6], int64_t *result)
{
	struct subject_order order = { .function = SUBJECT_SYSCALL, .number = number };
	struct subject_reply reply;
	int error;

	memcpy(order.arg, args, sizeof(order.arg));
	error = subject_send(arg, &order, &reply);
	*result = reply.errnum ? -reply.errnum : reply.result;
	return error;
}

static int way_mincore(void *arg, uint64_t start, size_t pages, unsigned char *vector,
		       int *answer)
{
	struct subject_order order = {
		.function = SUBJECT_SYSCALL, .number = SYS_mincore,
		.flags = SUBJECT_DATA_ARG(2), .data_len = (uint32_t)pages,
		.arg = { start, pages * mms_page_size() },
	};
	struct subject_reply reply;
	int error = subject_send(arg, &order, &reply);

	*answer = reply.errnum;
	if (!error)
		memcpy(vector, reply.data, pages < reply.data_len ? pages : reply.data_len);
	return error;
}

static const struct mms_inside_ways ways = { way_call, way_mincore };

/* ---- beginning ------------------------------------------------------------- */

static void unable(struct lesson *l, const char *text, const struct mms_error *err)
{
	need(l, false, "%s: %s%s%s%s%s", text, err ? err->what : strerrordesc_np(errno),
	     err ? ": " : "", err ? err->why : "", err && *err->mend ? "; " : "",
	     err ? err->mend : "");
}

/* Greets it, and finds everybody who can say something about it. */
static void meet(struct subject *s)
{
	struct subject_order order = { .function = SUBJECT_HELLO };
	struct subject_reply reply;
	struct mms_error err;
	int error = subject_send(s, &order, &reply);

	if (error)
		subject_lost(s, error);
	memcpy(&s->hello, reply.data, sizeof(s->hello));
	need(s->l, s->hello.protocol == SUBJECT_PROTOCOL,
	     "mmscope-subject is of another version than mmscope: install both again");
	s->libc_brk = reply.brk_after;
	if (mms_open(s->pid, MMS_SOURCE_MODULE, &s->target, &err) ||
	    mms_inside_through(s->target, &ways, s, &s->inside, &err) ||
	    mms_inquire(s->target, s->inside, &s->inquiry, &err))
		unable(s->l, "the subject cannot be looked at", &err);
	snprintf(s->l->machine.libc, sizeof(s->hello.libc), "%s", s->hello.libc);
	snprintf(s->l->machine.libc_version, sizeof(s->hello.version), "%s", s->hello.version);
	subject_note_break(s);
}

static struct subject *make(struct lesson *l)
{
	struct subject *s = calloc(1, sizeof(*s));

	need(l, s, "out of memory");
	s->l = l;
	s->sock = s->err = s->out = -1;
	s->next = l->subjects;
	l->subjects = s;
	return s;
}

bool subject_path(bool is_static, char *path, size_t size)
{
	return beside_find(is_static ? "mmscope-subject-static" : "mmscope-subject", path, size);
}

/* The terminal or pipe that is its stdout: `mine` is read here. */
static int open_out(enum subject_stdout kind, int *mine)
{
	int pair[2], theirs;
	struct termios t;

	*mine = -1;
	if (kind == SUBJECT_OUT_NULL)
		return open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (kind == SUBJECT_OUT_PIPE) {
		if (pipe2(pair, O_CLOEXEC))
			return -1;
		fcntl(pair[0], F_SETFL, O_NONBLOCK);
		*mine = pair[0];
		return pair[1];
	}
	*mine = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (*mine < 0 || grantpt(*mine) || unlockpt(*mine))
		return -1;
	theirs = open(ptsname(*mine), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (theirs >= 0 && !tcgetattr(theirs, &t)) {
		cfmakeraw(&t);
		tcsetattr(theirs, TCSANOW, &t);
	}
	return theirs;
}

static void join_cgroup(const char *folder)
{
	char path[320], text[16];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", folder);
	snprintf(text, sizeof(text), "%d", (int)getpid());
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		_exit(126);
	close(fd);
}

/* In the new process, up to exec: descriptors 0 to 3, and nothing else. */
static void become(const char *path, const struct subject_options *o, int sock, int out, int err)
{
	static const int defaults[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	int null = open("/dev/null", O_RDONLY);
	pid_t parent = getppid();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	/* Ctrl-C is for the inspector: it ends its subjects. */
	setpgid(0, 0);
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		signal(defaults[i], SIG_DFL);
	/* Out of the way of 0 to 3 first. */
	sock = fcntl(sock, F_DUPFD, 10);
	out = fcntl(out, F_DUPFD, 10);
	err = fcntl(err, F_DUPFD, 10);
	dup2(null, 0);
	dup2(out, 1);
	dup2(err, 2);
	dup2(sock, SUBJECT_FD);
	close_range(SUBJECT_FD + 1, ~0U, 0);
	if (o->no_aslr)
		personality(ADDR_NO_RANDOMIZE);
	if (o->cgroup)
		join_cgroup(o->cgroup);
	for (const char *const *e = o->env; e && *e; e++)
		if (strchr(*e, '='))
			putenv((char *)*e);
		else
			unsetenv(*e);
	execl(path, path, (char *)NULL);
	_exit(127);
}

struct subject *subject_start(struct lesson *l, const struct subject_options *options)
{
	const struct subject_options o = options ? *options : (struct subject_options){ 0 };
	struct subject *s = make(l);
	char path[4400];
	int pair[2], err[2], out;

	need(l, subject_path(l->is_static, path, sizeof(path)),
	     "the program of the subject (mmscope-subject%s) is not installed",
	     l->is_static ? "-static" : "");
	out = open_out(o.out, &s->out);
	if (out < 0 || pipe2(err, O_CLOEXEC) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		unable(l, "no socket for the subject", NULL);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	s->err = err[0];
	s->sock = pair[0];
	fflush(NULL);
	s->pid = fork();
	if (!s->pid)
		become(path, &o, pair[1], out, err[1]);
	close(pair[1]);
	close(err[1]);
	close(out);
	if (s->pid < 0) {
		s->dead = true;
		unable(l, "no process for the subject", NULL);
	}
	s->quiet = o.quiet;
	meet(s);
	return s;
}

struct subject *subject_fork(struct subject *s)
{
	struct subject_order order = { .function = SUBJECT_FORK };
	struct subject *child = make(s->l);
	int passed = -1;
	int64_t pid;

	if (!s->quiet)
		wait_for_reader(s->l);
	pid = subject_order_passing(s, &order, &passed);
	if (!s->quiet)
		doing(s->l, "fork() = %lld", (long long)pid);
	child->parent = s;
	child->dead = pid <= 0;
	need(s->l, pid > 0 && passed >= 0, "the subject could not fork: %s",
	     strerrorname_np(s->last.errnum));
	child->pid = (pid_t)pid;
	child->sock = passed;
	child->quiet = s->quiet;
	meet(child);
	return child;
}

/* ---- end ------------------------------------------------------------------- */

static void release(struct subject *s)
{
	mms_inquiry_close(s->inquiry);
	mms_inside_close(s->inside);
	mms_close(s->target);
	if (s->sock >= 0)
		close(s->sock);
	if (s->err >= 0)
		close(s->err);
	if (s->out >= 0)
		close(s->out);
	free(s);
}

void subject_stop(struct subject *s)
{
	struct subject **at = &s->l->subjects;

	/* Its children go with it (PR_SET_PDEATHSIG); their handles stay, dead. */
	if (!s->dead && s->pid > 0) {
		kill(s->pid, SIGKILL);
		subject_reap(s);
	}
	for (struct subject *c = s->l->subjects; c; c = c->next)
		if (c->parent == s)
			c->dead = true;
	while (*at && *at != s)
		at = &(*at)->next;
	if (*at)
		*at = s->next;
	release(s);
}

void subject_stop_all(struct lesson *l)
{
	while (l->subjects)
		subject_stop(l->subjects);
}
