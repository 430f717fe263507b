// SPDX-License-Identifier: GPL-2.0
/*
 * subject.c - the inspector's end of the socket: gives a subject orders, tells
 * them, collects what it writes, and finds out how it died.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

#define ANSWER_SECONDS	120	/* an order that takes longer has hung */

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

void subject_reap(struct subject *s)
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
		subject_reap(s);
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
void subject_lost(struct subject *s, int error)
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

int64_t subject_order_passing(struct subject *s, struct subject_order *order, int *passed)
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
		subject_lost(s, error);
	/* Orders about processes and threads do not tell the break. */
	if (s->last.brk_after)
		s->libc_brk = s->last.brk_after;
	return error ? -1 : s->last.result;
}

static void tell(struct subject *s, const char *format, va_list args, int64_t result);

int64_t subject_order(struct subject *s, struct subject_order *order, const char *format, ...)
{
	int passed = -1;
	int64_t result = subject_order_passing(s, order, &passed);
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
