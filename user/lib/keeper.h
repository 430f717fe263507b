/* SPDX-License-Identifier: GPL-2.0 */
/*
 * keeper.h - what the keeper is asked and answers, over its socket.
 * The keeper (keeper.c) is the process that traces; inside.c asks it. It stops
 * threads and calls in them by keeper-call.c.
 */
#ifndef MMS_KEEPER_H
#define MMS_KEEPER_H

#include <stdint.h>
#include <sys/types.h>

enum mmsi_order {
	MMSI_ORDER_CALL,	/* one system call inside */
	MMSI_ORDER_SCRATCH,	/* a page of room inside; result: its address */
	MMSI_ORDER_HOLD,	/* stop all threads */
	MMSI_ORDER_LET_GO,
};

struct mmsi_request {
	uint32_t order;		/* enum mmsi_order */
	int64_t number;		/* of the system call */
	uint64_t args[6];
};

struct mmsi_reply {
	int32_t error;		/* 0, or an errno: the order was not carried out */
	int64_t result;		/* of the call: a value, or a negative errno */
};

/*
 * Runs the keeper on its end of a socket; returns when the other end is closed.
 * `syscall_at` is the address of a system call instruction in the process.
 */
void mmsi_keeper(int sock, int procfd, pid_t pid, uint64_t syscall_at);

/*
 * One thread; each returns 0 or an errno: ESRCH (gone), ETIMEDOUT (it does not
 * stop), ENOEXEC (32-bit code), or what ptrace says.  Stopped is in a
 * PTRACE_EVENT_STOP; a call begins and ends there.
 */
int mmsi_seize(pid_t tid);
int mmsi_stop(pid_t tid);
int mmsi_call_in(pid_t tid, uint64_t at, const struct mmsi_request *req, int64_t *result);
/* Runs to the next entry to or exit from a system call. */
int mmsi_until_syscall_stop(pid_t tid);

/*
 * What differs by architecture (keeper-x86.c, keeper-arm64.c), in this order: what
 * there is before, which the caller frees, if there was no error; to the entry of
 * the call; its result, when it stands at the exit; and what was before.
 */
struct mmsi_before;
int mmsi_arch_note(pid_t tid, struct mmsi_before **before);
int mmsi_arch_enter(pid_t tid, struct mmsi_before *before, uint64_t at,
		    const struct mmsi_request *req);
int mmsi_arch_result(pid_t tid, int64_t *result);
int mmsi_arch_put_back(pid_t tid, struct mmsi_before *before);

/* Whether this architecture can do it; and what its instruction looks like. */
extern const unsigned char mmsi_syscall_insn[];
extern const unsigned int mmsi_syscall_insn_len;	/* 0: cannot */
extern const unsigned int mmsi_syscall_insn_align;	/* where one may be */

#endif
