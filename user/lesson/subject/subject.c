// SPDX-License-Identifier: GPL-2.0
/*
 * subject.c - the process that a lesson looks at: waits for an order on its
 * socket, does it, replies.  It dies when the inspector does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "subject.h"

/* For the one order that is being served; never on the stack, never allocated. */
static struct subject_order order;
static struct subject_reply reply;

static void die_with_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
}

int64_t subject_fork(int *sock)
{
	int pair[2];
	pid_t parent = getpid(), pid;

	*sock = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -1;
	pid = fork();
	if (!pid) {
		die_with_parent(parent);
		close(pair[0]);
		dup2(pair[1], SUBJECT_FD);
		close(pair[1]);
		touch_again();
		return 0;
	}
	touch_again();
	close(pair[1]);
	*sock = pair[0];
	return pid;
}

/* What was handed over is closed here: the inspector has it. */
static void answer(int sock)
{
	static union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = { &reply, SUBJECT_REPLY_HEAD + reply.data_len };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (sock >= 0) {
		msg.msg_control = control.room;
		msg.msg_controllen = sizeof(control.room);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &sock, sizeof(int));
	}
	if (sendmsg(SUBJECT_FD, &msg, MSG_NOSIGNAL) < 0)
		_exit(0);
	if (sock >= 0)
		close(sock);
}

/* Those that are about the threads and the process, not about one thread. */
static void serve(void)
{
	int sock = -1, error = 0;

	switch (order.function) {
	case SUBJECT_FORK:
		reply.result = subject_fork(&sock);
		reply.errnum = reply.result < 0 ? errno : 0;
		/* The child says nothing: it waits for an order of its own. */
		if (reply.result)
			answer(sock);
		return;
	case SUBJECT_THREAD_AWAIT:
		error = threads_await((unsigned int)order.arg[0], &reply);
		break;
	default:
		if (order.thread)
			error = threads_do(&order, &reply);
		else
			subject_do(&order, &reply);
	}
	if (error) {
		reply.result = -1;
		reply.errnum = error;
	}
	answer(-1);
}

int main(void)
{
	ssize_t n;

	die_with_parent(getppid());
	touch_everything();
	/* The code of an order is brought in by doing some for nothing. */
	subject_do(&order, &reply);
	for (;;) {
		do
			n = recv(SUBJECT_FD, &order, sizeof(order), 0);
		while (n < 0 && errno == EINTR);
		if (n < (ssize_t)offsetof(struct subject_order, text))
			return 0;
		memset((char *)&reply, 0, SUBJECT_REPLY_HEAD);
		serve();
	}
}
