// SPDX-License-Identifier: GPL-2.0
/*
 * keeper-x86.c - a system call made in a stopped thread, on x86-64.
 * Also what stands for it on a machine that is not known: a refusal.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "keeper.h"

#if defined(__x86_64__)

const unsigned char mmsi_syscall_insn[] = { 0x0f, 0x05 };
const unsigned int mmsi_syscall_insn_len = 2;
const unsigned int mmsi_syscall_insn_align = 1;

struct mmsi_before {
	struct user_regs_struct regs;
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

int mmsi_arch_note(pid_t tid, struct mmsi_before **before)
{
	int err;

	*before = calloc(1, sizeof(**before));
	if (!*before)
		return ENOMEM;
	err = regs_get(tid, &(*before)->regs);
	if (err)
		free(*before);
	return err;
}

int mmsi_arch_enter(pid_t tid, struct mmsi_before *before, uint64_t at,
		    const struct mmsi_request *req)
{
	struct user_regs_struct r = before->regs;
	int err;

	r.rip = at;
	r.rax = (uint64_t)req->number;
	r.orig_rax = (uint64_t)-1;	/* nothing here is to be restarted */
	r.rdi = req->args[0];
	r.rsi = req->args[1];
	r.rdx = req->args[2];
	r.r10 = req->args[3];
	r.r8 = req->args[4];
	r.r9 = req->args[5];
	err = regs_set(tid, &r);
	return err ? err : mmsi_until_syscall_stop(tid);
}

int mmsi_arch_result(pid_t tid, int64_t *result)
{
	struct user_regs_struct r = { 0 };
	int err = regs_get(tid, &r);

	if (!err)
		*result = (int64_t)r.rax;
	return err;
}

int mmsi_arch_put_back(pid_t tid, struct mmsi_before *before)
{
	return regs_set(tid, &before->regs);
}

#elif !defined(__aarch64__)

const unsigned char mmsi_syscall_insn[] = { 0 };
const unsigned int mmsi_syscall_insn_len;
const unsigned int mmsi_syscall_insn_align = 1;

int mmsi_arch_note(pid_t tid, struct mmsi_before **before)
{
	(void)tid;
	*before = NULL;
	return ENOSYS;
}

int mmsi_arch_enter(pid_t tid, struct mmsi_before *before, uint64_t at,
		    const struct mmsi_request *req)
{
	(void)tid, (void)before, (void)at, (void)req;
	return ENOSYS;
}

int mmsi_arch_result(pid_t tid, int64_t *result)
{
	(void)tid, (void)result;
	return ENOSYS;
}

int mmsi_arch_put_back(pid_t tid, struct mmsi_before *before)
{
	(void)tid, (void)before;
	return ENOSYS;
}

#endif
