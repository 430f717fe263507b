// SPDX-License-Identifier: GPL-2.0
/*
 * inside.c - system calls made inside another process, asked of a keeper.
 * Finds out first whether it would be safe: what cannot be done without risk
 * for the process is refused, with the reason.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper.h"
#include "private.h"
#include "witness.h"

struct mms_inside {
	struct mms_target *target;
	bool self;		/* the caller itself: no keeper needed */
	const struct mms_inside_ways *ways;	/* it has ways of its own, or NULL */
	void *arg;
	pid_t keeper;
	int sock;
	bool held;
	uint64_t scratch;	/* the page inside for the answer of mincore; 0: none yet */
};

#define SEARCH_MAX	(1U << 20)	/* bytes of a mapping that are searched */

/* ---- whether, and where ---------------------------------------------------- */

static int refuse(const struct mms_target *t, int status, const char *mend, const char *why,
		  struct mms_error *err)
{
	char what[48];

	snprintf(what, sizeof(what), "process %d", (int)t->pid);
	return mms_fail(err, status, mend, what, "%s", why);
}

/* A number behind a key of /proc/PID/status; -1 if it is not there. */
static long status_number(const struct mms_target *t, const char *key)
{
	char *text, *line;
	long v = -1;

	if (mmsi_read_file(t->procfd, "status", &text) < 0)
		return -1;
	line = strstr(text, key);
	if (line)
		v = strtol(line + strlen(key), NULL, 10);
	free(text);
	return v;
}

/* What ptrace will refuse is known before, so that it can be told why. */
static int check(const struct mms_target *t, struct mms_error *err)
{
	char why[64];
	long tracer = status_number(t, "\nTracerPid:");

	if (!mmsi_syscall_insn_len)
		return refuse(t, MMS_FAILED, NULL,
			      "calls inside a process are not made on this architecture", err);
	if (tracer > 0) {
		snprintf(why, sizeof(why), "it is traced already, by process %ld", tracer);
		return refuse(t, MMS_DENIED, NULL, why, err);
	}
	if (status_number(t, "\nSeccomp:") > 0)
		return refuse(t, MMS_FAILED, NULL,
			      "it has a seccomp filter, which might kill it for a call of ours", err);
	return 0;
}

/* The first in a mapping, at least a word before its end: the keeper reads one there. */
static ssize_t find_insn(int mem, uint64_t start, size_t len, unsigned char *buf)
{
	ssize_t n = pread(mem, buf, len, (off_t)start);
	unsigned char *from = buf, *at;

	while (n >= 8) {
		at = memmem(from, (size_t)(buf + n - from) - 8 + mmsi_syscall_insn_len,
			    mmsi_syscall_insn, mmsi_syscall_insn_len);
		if (!at)
			return -1;
		if ((at - buf) % mmsi_syscall_insn_align == 0)
			return at - buf;
		from = at + 1;
		if (buf + n - from < 8)
			return -1;
	}
	return -1;
}

/*
 * A system call instruction: any will do.  The vdso has some, and so has the C
 * library; only mappings that user space may execute are looked at.
 */
static uint64_t find_syscall(struct mms_target *t)
{
	unsigned char *buf = malloc(SEARCH_MAX);
	int mem = openat(t->procfd, "mem", O_RDONLY | O_CLOEXEC);
	struct mms_vmas l = { 0 };
	uint64_t found = 0;

	if (buf && mem >= 0 && !mms_vmas_read(t, 0, MMS_ALL_END, 0, 0, &l, NULL))
		for (size_t i = l.count; i-- > 0 && !found;) {
			const struct mms_vma *v = &l.vma[i];
			size_t len = v->end - v->start < SEARCH_MAX ? v->end - v->start : SEARCH_MAX;
			ssize_t at = v->flags & MMSCOPE_VMA_EXEC ?
				     find_insn(mem, v->start, len, buf) : -1;

			if (at >= 0)
				found = v->start + (uint64_t)at;
		}
	mms_vmas_free(&l);
	if (mem >= 0)
		close(mem);
	free(buf);
	return found;
}

static int start_keeper(struct mms_inside *in, uint64_t at, struct mms_error *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return refuse(in->target, MMS_FAILED, NULL, "no socket for its keeper", err);
	in->keeper = fork();
	if (!in->keeper) {
		close(pair[0]);
		mmsi_keeper(pair[1], in->target->procfd, in->target->pid, at);
		_exit(0);
	}
	close(pair[1]);
	in->sock = pair[0];
	if (in->keeper < 0)
		return refuse(in->target, MMS_FAILED, NULL, "no process for its keeper", err);
	return 0;
}

int mms_inside_open(struct mms_target *t, struct mms_inside **inside, struct mms_error *err)
{
	struct mms_inside *in;
	const uint64_t none[6] = { 0 };
	int64_t pid;
	uint64_t at;

	if (t->proc.pid != getpid() && check(t, err))
		return -1;
	in = calloc(1, sizeof(*in));
	if (!in)
		return mmsi_nomem(err);
	in->target = t;
	in->sock = -1;
	in->self = t->proc.pid == getpid();
	*inside = in;
	if (in->self)
		return 0;
	at = find_syscall(t);
	if (!at)
		refuse(t, MMS_DENIED, "ask as root", "its memory may not be read", err);
	/* The first call is a trial: getpid changes nothing. */
	if (at && !start_keeper(in, at, err) &&
	    !mms_inside_call(in, SYS_getpid, none, &pid, err))
		return 0;
	mms_inside_close(in);
	*inside = NULL;
	return -1;
}

int mms_inside_through(struct mms_target *t, const struct mms_inside_ways *ways, void *arg,
		       struct mms_inside **inside, struct mms_error *err)
{
	struct mms_inside *in = calloc(1, sizeof(*in));

	if (!in)
		return mmsi_nomem(err);
	in->target = t;
	in->sock = -1;
	in->ways = ways;
	in->arg = arg;
	*inside = in;
	return 0;
}

/* ---- orders ---------------------------------------------------------------- */

static int explain(const struct mms_inside *in, int errnum, struct mms_error *err)
{
	switch (errnum) {
	case EPERM:
	case EACCES:
		return refuse(in->target, MMS_DENIED, "as root, or: sysctl kernel.yama.ptrace_scope=0",
			      "ptrace is not permitted", err);
	case ESRCH:
	case ECHILD:
		return refuse(in->target, MMS_GONE, NULL, "it has exited", err);
	case ETIMEDOUT:
		return refuse(in->target, MMS_FAILED, NULL,
			      "it did not stop: it waits in the kernel, uninterruptibly", err);
	case ESTALE:
		return refuse(in->target, MMS_GONE, "ask again", "it has called exec since", err);
	case ENOEXEC:
		return refuse(in->target, MMS_FAILED, NULL,
			      "it runs 32-bit code, in which no call is made", err);
	case EAGAIN:
		return refuse(in->target, MMS_FAILED, "ask again",
			      "it starts threads faster than they can be stopped", err);
	case EPIPE:
		return refuse(in->target, MMS_FAILED, NULL, "its keeper has ended", err);
	}
	return refuse(in->target, MMS_FAILED, NULL, strerrordesc_np(errnum) ?: "cannot be traced",
		      err);
}

static int order(struct mms_inside *in, const struct mmsi_request *req, int64_t *result,
		 struct mms_error *err)
{
	struct mmsi_reply reply;
	ssize_t n;

	if (send(in->sock, req, sizeof(*req), MSG_NOSIGNAL) != sizeof(*req))
		return explain(in, EPIPE, err);
	do
		n = recv(in->sock, &reply, sizeof(reply), 0);
	while (n < 0 && errno == EINTR);
	if (n != sizeof(reply))
		return explain(in, EPIPE, err);
	if (reply.error)
		return explain(in, reply.error, err);
	if (result)
		*result = reply.result;
	return 0;
}

int mms_inside_call(struct mms_inside *in, long number, const uint64_t args[6], int64_t *result,
		    struct mms_error *err)
{
	struct mmsi_request req = { .order = MMSI_ORDER_CALL, .number = number };
	int errnum;

	if (in->ways) {
		errnum = in->ways->call(in->arg, number, args, result);
		return errnum ? explain(in, errnum, err) : 0;
	}
	if (in->self) {
		long r = syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);

		*result = r == -1 ? -errno : r;
		return 0;
	}
	memcpy(req.args, args, sizeof(req.args));
	return order(in, &req, result, err);
}

int mms_inside_hold(struct mms_inside *in, struct mms_error *err)
{
	struct mmsi_request req = { .order = MMSI_ORDER_HOLD };

	if (in->self || in->ways)
		return refuse(in->target, MMS_FAILED, NULL, "it cannot be held still", err);
	if (order(in, &req, NULL, err))
		return -1;
	in->held = true;
	return 0;
}

void mms_inside_let_go(struct mms_inside *in)
{
	struct mmsi_request req = { .order = MMSI_ORDER_LET_GO };

	if (in->held)
		order(in, &req, NULL, NULL);
	in->held = false;
}

/* ---- mincore --------------------------------------------------------------- */

static int get_scratch(struct mms_inside *in, struct mms_error *err)
{
	struct mmsi_request req = { .order = MMSI_ORDER_SCRATCH };
	char why[96];
	int64_t at;

	if (in->scratch)
		return 0;
	if (order(in, &req, &at, err))
		return -1;
	if (at < 0 && at > -4096) {
		snprintf(why, sizeof(why), "it may not map the page that mincore needs: %s",
			 strerrordesc_np((int)-at) ?: "?");
		return refuse(in->target, MMS_FAILED, NULL, why, err);
	}
	in->scratch = (uint64_t)at;
	return 0;
}

static int fetch(struct mms_inside *in, void *to, size_t len, struct mms_error *err)
{
	int mem = openat(in->target->procfd, "mem", O_RDONLY | O_CLOEXEC);
	ssize_t n = mem < 0 ? -1 : pread(mem, to, len, (off_t)in->scratch);

	if (mem >= 0)
		close(mem);
	if (n == (ssize_t)len)
		return 0;
	return explain(in, n < 0 ? errno : ESRCH, err);
}

int mms_inside_mincore(struct mms_inside *in, uint64_t start, size_t pages,
		       unsigned char *vector, int *answer, struct mms_error *err)
{
	uint64_t args[6] = { start, pages * mms_page_size(), 0 };
	int64_t r;
	int errnum;

	if (pages > mms_page_size())
		return mms_fail(err, MMS_USAGE, NULL, "mincore", "is asked of too many pages at once");
	if (in->ways) {
		errnum = in->ways->mincore(in->arg, start, pages, vector, answer);
		return errnum ? explain(in, errnum, err) : 0;
	}
	if (!in->self && get_scratch(in, err))
		return -1;
	args[2] = in->self ? (uintptr_t)vector : in->scratch;
	if (mms_inside_call(in, SYS_mincore, args, &r, err))
		return -1;
	*answer = r < 0 ? (int)-r : 0;
	/* Before a hole the vector is written all the same. */
	return in->self || (*answer && *answer != ENOMEM) ? 0 : fetch(in, vector, pages, err);
}

/* The keeper puts back what it changed when it finds the socket closed. */
void mms_inside_close(struct mms_inside *in)
{
	if (!in)
		return;
	if (in->sock >= 0)
		close(in->sock);
	if (in->keeper > 0)
		while (waitpid(in->keeper, NULL, 0) < 0 && errno == EINTR)
			;
	free(in);
}
