/* SPDX-License-Identifier: GPL-2.0 */
/*
 * keeper.h - what the keeper is asked and answers, over its socket.
 * The keeper (keeper.c) is the process that traces; inside.c asks it.
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

/* Whether this architecture can do it; and what its instruction looks like. */
extern const unsigned char mmsi_syscall_insn[];
extern const unsigned int mmsi_syscall_insn_len;	/* 0: cannot */

#endif
