// SPDX-License-Identifier: GPL-2.0
/*
 * subject.c - the inspector's end: starts a subject, gives it orders, collects
 * what it writes, and finds out how it died.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "run.h"

#define ANSWER_SECONDS	120	/* an order that takes longer has hung */

#ifndef MMS_LIBEXEC
#define MMS_LIBEXEC	"/usr/local/libexec/mmscope"
#endif

/* ---- what it writes -------------------------------------------------------- */

static void collect(int fd, char *text, size_t *len)
{
	ssize_t n = 0;
	char rest[512];

	while (fd >= 0 && *len < CAPTURE_MAX - 1 &&
	       (n = read(fd, text + *len, CAPTURE_MAX - 1 - *len)) > 0)
		*len += (size_t)n;
	/* What is more is dropped: it must not have to wait. */
	while (fd >= 0 && *len == CAPTURE_MAX - 1 && read(fd, rest, sizeof(rest)) > 0)
		;
	text[*len] = 0;
}

static void collect_all(struct subject *s)
{
	collect(s->err, s->err_text, &s->err_len);
	collect(s->out, s->out_text, &s->out_len);
}

const char *subject_stderr(struct subject *s)
{
	collect_all(s);
	return s->err_text;
}

const char *subject_stdout(struct subject *s)
{
	collect_all(s);
	return s->out_text;
}

/* ---- orders ---------------------------------------------------------------- */

static void reap(struct subject *s)
{
	struct subject_order order = { .function = SUBJECT_WAITPID, .arg = { (uint64_t)s->pid } };
	struct subject_reply reply;

	if (s->dead)
		return;
	s->dead = true;
	if (!s->parent)
		while (waitpid(s->pid, &s->status, 0) < 0 && errno == EINTR)
			;
	else if (!s->parent->dead && !subject_send(s->parent, &order, &reply) && !reply.errnum)
		s->status = (int)reply.result;
	collect_all(s);
}

static int receive(struct subject *s, struct subject_reply *reply, int *passed)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = { reply, sizeof(*reply) };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room,
			      .msg_controllen = sizeof(control.room) };
	struct pollfd ready = { .fd = s->sock, .events = POLLIN };
	struct cmsghdr *c;
	ssize_t n;
	int r;

	do
		r = poll(&ready, 1, ANSWER_SECONDS * 1000);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return ETIMEDOUT;
	n = recvmsg(s->sock, &msg, MSG_CMSG_CLOEXEC);
	if (n < (ssize_t)SUBJECT_REPLY_HEAD)
		return ESRCH;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(passed, CMSG_DATA(c), sizeof(int));
	return 0;
}

static int exchange(struct subject *s, struct subject_order *order, struct subject_reply *reply,
		    int *passed)
{
	int error;

	memset((char *)reply, 0, SUBJECT_REPLY_HEAD);
	if (s->dead)
		return ESRCH;
	if (send(s->sock, order, sizeof(*order), MSG_NOSIGNAL) != sizeof(*order))
		error = ESRCH;
	else
		error = receive(s, reply, passed);
	collect_all(s);
	if (error == ESRCH)
		reap(s);
	return error;
}

int subject_send(struct subject *s, struct subject_order *order, struct subject_reply *reply)
{
	int passed = -1, error = exchange(s, order, reply, &passed);

	if (passed >= 0)
		close(passed);
	return error;
}

static const char *how_it_died(const struct subject *s, char buf[96])
{
	if (WIFSIGNALED(s->status))
		snprintf(buf, 96, "it was killed by SIG%s", sigabbrev_np(WTERMSIG(s->status)) ?: "?");
	else
		snprintf(buf, 96, "it exited with status %d", WEXITSTATUS(s->status));
	return buf;
}

/* That an order killed it, or got no answer, is the end of the lesson. */
static void lost(struct subject *s, int error)
{
	char how[96];

	if (error == ETIMEDOUT)
		verdict(s->l, "subject-answers", VERDICT_WRONG, NULL,
			"the subject (process %d) did not answer within %d seconds", (int)s->pid,
			ANSWER_SECONDS);
	else
		verdict(s->l, "subject-alive", VERDICT_WRONG, NULL,
			"the subject (process %d) is gone: %s%s%s", (int)s->pid,
			how_it_died(s, how), *s->err_text ? "; it said: " : "", s->err_text);
	give_up(s->l);
}

/* Those of which only the effect is of interest. */
static bool returns_nothing(uint32_t function)
{
	return function == SUBJECT_FREE || function == SUBJECT_FILL || function == SUBJECT_WRITE ||
	       function == SUBJECT_COUNT || function == SUBJECT_MALLOC_STATS ||
	       function == SUBJECT_THREAD_END;
}

static int64_t order_passing(struct subject *s, struct subject_order *order, int *passed)
{
	int error;
	bool fatal = s->fatal;

	s->was_unawaited = s->unawaited;
	s->returns_nothing = returns_nothing(order->function);
	wait_for_reader(s->l);
	order->thread = s->thread;
	if (s->unawaited)
		order->flags |= SUBJECT_UNAWAITED;
	s->unawaited = s->fatal = false;
	error = exchange(s, order, &s->last, passed);
	if (error && !(fatal && error == ESRCH))
		lost(s, error);
	/* Orders about processes and threads do not tell the break. */
	if (s->last.brk_after)
		s->libc_brk = s->last.brk_after;
	return error ? -1 : s->last.result;
}

static void tell(struct subject *s, const char *format, va_list args, int64_t result);

int64_t subject_order(struct subject *s, struct subject_order *order, const char *format, ...)
{
	int passed = -1;
	int64_t result = order_passing(s, order, &passed);
	va_list args;

	if (passed >= 0)
		close(passed);
	if (!format || s->quiet)
		return result;
	va_start(args, format);
	tell(s, format, args, result);
	va_end(args);
	return result;
}

/* What it did beside its result: "break +132K, 2 faults". */
static void effects(const struct subject *s, char *buf, size_t size)
{
	int64_t moved = (int64_t)(s->last.brk_after - s->last.brk_before);
	size_t len = 0;

	*buf = 0;
	if (moved)
		len += (size_t)snprintf(buf, size, "; break %+lld", (long long)moved);
	if (s->last.minor)
		len += (size_t)snprintf(buf + len, size - len, "; %llu fault%s",
					(unsigned long long)s->last.minor,
					s->last.minor > 1 ? "s" : "");
	if (s->last.major)
		snprintf(buf + len, size - len, "; %llu major", (unsigned long long)s->last.major);
}

static void tell(struct subject *s, const char *format, va_list args, int64_t result)
{
	char text[512], value[64], effect[96];

	vsnprintf(text, sizeof(text), format, args);
	effects(s, effect, sizeof(effect));
	if (s->dead)
		snprintf(value, sizeof(value), " does not return");
	else if (s->was_unawaited)
		snprintf(value, sizeof(value), " begins in thread %u", s->thread);
	else if (s->last.errnum)
		snprintf(value, sizeof(value), " fails with %s", strerrorname_np(s->last.errnum) ?: "?");
	else if (s->returns_nothing)
		*value = 0;
	else if (result > 0xffff || result < -1)
		snprintf(value, sizeof(value), " = 0x%llx", (unsigned long long)result);
	else
		snprintf(value, sizeof(value), " = %lld", (long long)result);
	doing(s->l, "%s%s%s%s", s->parent ? "child: " : "", text, value, effect);
}

int64_t subject_await(struct subject *s, unsigned int thread)
{
	struct subject_order order = { .function = SUBJECT_THREAD_AWAIT, .arg = { thread } };
	unsigned int now = s->thread;
	int64_t r;

	s->thread = 0;
	r = subject_order(s, &order, NULL);
	s->thread = now;
	return r;
}

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
		lost(s, error);
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

static bool is_there(char *path, size_t size, const char *dir, const char *name)
{
	snprintf(path, size, "%s/%s", dir, name);
	return access(path, X_OK) == 0;
}

bool subject_path(bool is_static, char *path, size_t size)
{
	const char *name = is_static ? "mmscope-subject-static" : "mmscope-subject";
	char self[4096], dir[4160];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = 0;
	if (strrchr(self, '/'))
		*strrchr(self, '/') = 0;
	snprintf(dir, sizeof(dir), "%s/../libexec/mmscope", self);
	return is_there(path, size, self, name) || is_there(path, size, dir, name) ||
	       is_there(path, size, MMS_LIBEXEC, name);
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
	int64_t pid = order_passing(s, &order, &passed);

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
		reap(s);
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

pid_t subject_pid(const struct subject *s) { return s->pid; }
const struct subject_hello *subject_hello(const struct subject *s) { return &s->hello; }
struct mms_target *subject_target(struct subject *s) { return s->target; }
struct mms_inquiry *subject_inquiry(struct subject *s) { return s->inquiry; }
const struct subject_reply *subject_last(const struct subject *s) { return &s->last; }
void subject_quiet(struct subject *s, bool quiet) { s->quiet = quiet; }
void subject_thread(struct subject *s, unsigned int thread) { s->thread = thread; }
void subject_unawaited(struct subject *s) { s->unawaited = true; }
void subject_fatal(struct subject *s) { s->fatal = true; }
bool subject_dead(const struct subject *s) { return s->dead; }
