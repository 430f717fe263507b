// SPDX-License-Identifier: GPL-2.0
/*
 * keeper-call.c - one thread: stops it, makes it do one system call, and puts it
 * back to where it was. What differs by architecture is in keeper-x86.c and
 * keeper-arm64.c.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include "keeper.h"

#define STOP_SECONDS	3	/* who has not stopped by then is stuck in the kernel */
#define KERNEL_SIGSET	8	/* bytes in the kernel's sigset_t */

/* ---- stopping one thread --------------------------------------------------- */

#define SYSCALL_STOP	(SIGTRAP | 0x80)	/* with PTRACE_O_TRACESYSGOOD */

/*
 * Waits for its next stop: 0 and *status, or ESRCH (gone), ETIMEDOUT.  SIGCHLD
 * is blocked, so it stays pending and wakes sigtimedwait(); one that stems from
 * an earlier stop only makes us look once more.
 */
static int await_stop(pid_t tid, int *status)
{
	struct timespec limit = { STOP_SECONDS, 0 };
	sigset_t child;
	pid_t got;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (;;) {
		got = waitpid(tid, status, __WALL | WNOHANG);
		if (got == tid && WIFSTOPPED(*status))
			return 0;
		if (got == tid || (got < 0 && errno != EINTR))
			return ESRCH;
		if (!got && sigtimedwait(&child, NULL, &limit) < 0 && errno == EAGAIN)
			return waitpid(tid, status, __WALL | WNOHANG) == tid &&
			       WIFSTOPPED(*status) ? 0 : ETIMEDOUT;
	}
}

static bool is_event_stop(int status)
{
	return status >> 16 == PTRACE_EVENT_STOP;
}

/*
 * Until it stands in a PTRACE_EVENT_STOP.  A signal that is on its way is
 * delivered first: the handler's frame is laid, then comes the stop.
 */
static int until_event_stop(pid_t tid)
{
	int status, err;

	for (;;) {
		err = await_stop(tid, &status);
		if (err)
			return err;
		if (is_event_stop(status))
			return 0;
		if (WSTOPSIG(status) == SYSCALL_STOP)
			err = ptrace(PTRACE_CONT, tid, 0, 0);
		else
			err = ptrace(PTRACE_CONT, tid, 0, WSTOPSIG(status));
		if (err)
			return ESRCH;
	}
}

int mmsi_seize(pid_t tid)
{
	return ptrace(PTRACE_SEIZE, tid, 0, PTRACE_O_TRACESYSGOOD) ? errno : 0;
}

int mmsi_stop(pid_t tid)
{
	return ptrace(PTRACE_INTERRUPT, tid, 0, 0) ? errno : until_event_stop(tid);
}

/* ---- one call -------------------------------------------------------------- */

/* Runs to the next entry to or exit from a system call. */
int mmsi_until_syscall_stop(pid_t tid)
{
	int status, err, sig = 0;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, tid, 0, sig))
			return ESRCH;
		err = await_stop(tid, &status);
		if (err)
			return err;
		if (WSTOPSIG(status) == SYSCALL_STOP)
			return 0;
		/* Only SIGSTOP gets through; it takes effect when all is done. */
		sig = is_event_stop(status) ? 0 : WSTOPSIG(status);
	}
}

/*
 * Back to a PTRACE_EVENT_STOP with its own registers.  Only from there, in the
 * midst of the kernel's signal handling, is a system call that was interrupted
 * restarted as if nothing had been.
 */
static int put_back(pid_t tid, struct mmsi_before *before, uint64_t *mask)
{
	int err = mmsi_arch_put_back(tid, before);

	if (!err && ptrace(PTRACE_INTERRUPT, tid, 0, 0))
		err = errno;
	if (!err && ptrace(PTRACE_CONT, tid, 0, 0))
		err = errno;
	if (!err)
		err = until_event_stop(tid);
	if (!err && ptrace(PTRACE_SETSIGMASK, tid, KERNEL_SIGSET, mask))
		err = errno;
	return err;
}

int mmsi_call_in(pid_t tid, uint64_t at, const struct mmsi_request *req, int64_t *result)
{
	struct mmsi_before *before;
	uint64_t mask, all = ~0ULL;
	int err, back;

	if (ptrace(PTRACE_GETSIGMASK, tid, KERNEL_SIGSET, &mask) ||
	    ptrace(PTRACE_SETSIGMASK, tid, KERNEL_SIGSET, &all))
		return errno;
	err = mmsi_arch_note(tid, &before);
	if (err) {
		ptrace(PTRACE_SETSIGMASK, tid, KERNEL_SIGSET, &mask);
		return err;
	}
	err = mmsi_arch_enter(tid, before, at, req);
	if (!err)
		err = mmsi_until_syscall_stop(tid);	/* on its way out */
	if (!err)
		err = mmsi_arch_result(tid, result);
	back = put_back(tid, before, &mask);
	free(before);
	return err ? err : back;
}
