// SPDX-License-Identifier: GPL-2.0
/*
 * keeper-arm64.c - a system call made in a stopped thread, on arm64.
 *
 * A call that was interrupted cannot be seen there: when the thread stops, the
 * kernel has already set its registers back to the instruction that makes it again,
 * and keeps to itself that a sleep shall only sleep what is left.  So a thread that
 * stands at such an instruction is let into the call, and in its place, at its
 * entry, ours is made.  Then it is let in again, makes no call, and is given the
 * answer that an interrupted one has in the kernel, which does with it what it
 * would have done.
 */
#if defined(__aarch64__)

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <asm/ptrace.h>

#include "keeper.h"

const unsigned char mmsi_syscall_insn[] = { 0x01, 0x00, 0x00, 0xd4 };	/* svc #0 */
const unsigned int mmsi_syscall_insn_len = 4;
const unsigned int mmsi_syscall_insn_align = 4;

#ifndef NT_ARM_SSVE		/* glibc 2.36 does not know it */
#define NT_ARM_SSVE	0x40b
#endif

#define SVC		0xd4000001
#define SVC_MASK	0xffe0001f	/* whatever its immediate */

/* What the kernel calls the ways in which an interrupted call goes on. */
#define ERESTARTSYS		512	/* EINTR if a handler says so, else again */
#define ERESTARTNOINTR		513	/* again */
#define ERESTARTNOHAND		514	/* EINTR if there was a handler, else again */
#define ERESTART_RESTARTBLOCK	516	/* that; else what is left of it */

#define NO_CALL			(-1)

struct vectors {
	int kind;		/* NT_ARM_SVE, or NT_ARM_SSVE in streaming mode */
	size_t len;		/* 0: none are in use */
	void *data;
};

struct mmsi_before {
	struct user_regs_struct regs;
	bool at_call;		/* it stood at a call, and was let into it: */
	struct user_regs_struct entry;
	struct vectors vectors;
};

/* 32-bit code has fewer registers, and its system calls have other numbers. */
static int regs_get(pid_t tid, struct user_regs_struct *r)
{
	struct iovec v = { r, sizeof(*r) };

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &v))
		return errno;
	return v.iov_len == sizeof(*r) ? 0 : ENOEXEC;
}

static int regs_set(pid_t tid, struct user_regs_struct *r)
{
	struct iovec v = { r, sizeof(*r) };

	return ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &v) ? errno : 0;
}

/* Which call it is in; NO_CALL at a call's end: there is nothing to be restarted. */
static int call_set(pid_t tid, int number)
{
	struct iovec v = { &number, sizeof(number) };

	return ptrace(PTRACE_SETREGSET, tid, NT_ARM_SYSTEM_CALL, &v) ? errno : 0;
}

static bool is_at_call(pid_t tid, uint64_t pc)
{
	long word;

	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, tid, pc & ~7ULL, 0);
	if (errno)
		return false;
	return ((uint32_t)((unsigned long)word >> (pc & 4) * 8) & SVC_MASK) == SVC;
}

/*
 * A call throws away what is in the vector registers of SVE, but for their first
 * 16 bytes; it ends streaming mode, too.  Where a compiler made the call, nothing
 * is in them; in the midst of a computation, there may.
 */
static int vectors_note(pid_t tid, int kind, struct vectors *to)
{
	struct user_sve_header head = { 0 };
	struct iovec v = { &head, sizeof(head) };

	if (ptrace(PTRACE_GETREGSET, tid, kind, &v) || v.iov_len < sizeof(head) ||
	    head.size <= sizeof(head) || (head.flags & SVE_PT_REGS_MASK) != SVE_PT_REGS_SVE)
		return 0;
	v.iov_base = malloc(head.size);
	v.iov_len = head.size;
	if (!v.iov_base)
		return ENOMEM;
	if (ptrace(PTRACE_GETREGSET, tid, kind, &v)) {
		free(v.iov_base);
		return errno;
	}
	*to = (struct vectors){ .kind = kind, .len = v.iov_len, .data = v.iov_base };
	return 0;
}

static int vectors_put_back(pid_t tid, struct vectors *from)
{
	struct iovec v = { from->data, from->len };
	int err = from->len && ptrace(PTRACE_SETREGSET, tid, from->kind, &v) ? errno : 0;

	free(from->data);
	*from = (struct vectors){ 0 };
	return err;
}

int mmsi_arch_note(pid_t tid, struct mmsi_before **before)
{
	struct mmsi_before *b = calloc(1, sizeof(*b));
	int err;

	*before = b;
	if (!b)
		return ENOMEM;
	err = regs_get(tid, &b->regs);
	if (!err)
		b->at_call = is_at_call(tid, b->regs.pc);
	if (!err && !b->at_call)
		err = vectors_note(tid, NT_ARM_SVE, &b->vectors);
	if (!err && !b->at_call && !b->vectors.len)
		err = vectors_note(tid, NT_ARM_SSVE, &b->vectors);
	if (err)
		free(b);
	return err;
}

static void set_args(struct user_regs_struct *r, const uint64_t args[6])
{
	memcpy(r->regs, args, 6 * sizeof(args[0]));
}

int mmsi_arch_enter(pid_t tid, struct mmsi_before *b, uint64_t at,
		    const struct mmsi_request *req)
{
	struct user_regs_struct r = b->regs;
	int err;

	if (!b->at_call) {
		r.pc = at;
		r.pstate &= ~(uint64_t)PSR_BTYPE_MASK;	/* it did not branch there */
		r.regs[8] = (uint64_t)req->number;
		set_args(&r, req->args);
		err = regs_set(tid, &r);
		return err ? err : mmsi_until_syscall_stop(tid);
	}
	err = mmsi_until_syscall_stop(tid);
	if (!err)
		err = regs_get(tid, &b->entry);
	if (err)
		return err;
	r = b->entry;
	set_args(&r, req->args);
	err = regs_set(tid, &r);
	return err ? err : call_set(tid, (int)req->number);
}

int mmsi_arch_result(pid_t tid, int64_t *result)
{
	struct user_regs_struct r = { 0 };
	int err = regs_get(tid, &r);

	if (!err)
		*result = (int64_t)r.regs[0];
	return err;
}

/*
 * How its own call goes on if a signal comes now: the kernel knew, and does not
 * tell.  Those that wait say the first or the second, all others are made again.
 */
static int way_on(const struct mmsi_before *b)
{
	if (b->entry.regs[8] == SYS_restart_syscall)
		return ERESTART_RESTARTBLOCK;
	switch (b->entry.regs[8]) {
	case SYS_rt_sigsuspend: case SYS_ppoll: case SYS_pselect6: case SYS_msgrcv:
	case SYS_msgsnd: case SYS_clock_nanosleep:
		return ERESTARTNOHAND;
	case SYS_read: case SYS_readv: case SYS_write: case SYS_writev: case SYS_ioctl:
	case SYS_recvfrom: case SYS_recvmsg: case SYS_recvmmsg: case SYS_sendto:
	case SYS_sendmsg: case SYS_sendmmsg: case SYS_accept: case SYS_accept4:
	case SYS_connect: case SYS_futex: case SYS_wait4: case SYS_waitid: case SYS_flock:
	case SYS_fcntl: case SYS_openat: case SYS_splice: case SYS_sendfile:
	case SYS_mq_timedsend: case SYS_mq_timedreceive:
		return ERESTARTSYS;
	}
	return ERESTARTNOINTR;
}

static int regs_at_end(pid_t tid, struct user_regs_struct *r, int64_t call)
{
	int err = regs_set(tid, r);

	return err ? err : call_set(tid, (int)call);
}

/*
 * Let into its own call once more, which is not made: the kernel notes the first
 * argument there, to put it back when it makes the call again.
 */
static int interrupt_again(pid_t tid, struct mmsi_before *b)
{
	struct user_regs_struct r = b->regs;
	int err = mmsi_until_syscall_stop(tid);

	if (!err)
		err = call_set(tid, NO_CALL);
	if (!err)
		err = mmsi_until_syscall_stop(tid);
	if (err)
		return err;
	r.pc = b->entry.pc;
	r.regs[0] = (uint64_t)-way_on(b);
	return regs_at_end(tid, &r, (int64_t)b->regs.regs[8]);
}

int mmsi_arch_put_back(pid_t tid, struct mmsi_before *b)
{
	int err = regs_at_end(tid, &b->regs, NO_CALL);
	int was = vectors_put_back(tid, &b->vectors);

	if (!err)
		err = was;
	if (!err && b->at_call && b->entry.pc)
		err = interrupt_again(tid, b);
	return err;
}

#endif
