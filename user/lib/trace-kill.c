// SPDX-License-Identifier: GPL-2.0
/*
 * trace-kill.c - signals that a traced program sends to others than itself: as if
 * there was nobody else.  The call is not made, and returns ESRCH.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

#include "trace.h"

static bool has_group(const struct mms_trace *t, pid_t group)
{
	for (int i = 0; i < MMSI_BUCKETS; i++)
		for (const struct mmsi_tracee *e = t->bucket[i]; e; e = e->next)
			if (getpgid(e->tid) == group)
				return true;
	return false;
}

static bool has(struct mms_trace *t, pid_t pid)
{
	return mmsi_tracee_find(t, pid) || mmsi_space_of(t, pid);
}

/* Whom a pidfd is of. */
static pid_t of_pidfd(pid_t tid, int fd)
{
	char path[60], line[128];
	int pid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)tid, fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Pid: %d", &pid) == 1)
			break;
	if (f)
		fclose(f);
	return pid;
}

/*
 * 0 is its own group and -N another one, of its own session: nobody else is in it,
 * for it was begun in a session of its own.  -1 is everybody.
 */
static bool is_own(struct mms_trace *t, pid_t tid, enum mms_call call, int whom)
{
	if (call == MMS_CALL_PIDFD_SIGNAL)
		return has(t, of_pidfd(tid, whom));
	return whom == 0 || (whom > 0 ? has(t, whom) : whom != -1 && has_group(t, -whom));
}

#if defined(__x86_64__)
static void refuse(pid_t tid)
{
	struct user_regs_struct r;

	if (ptrace(PTRACE_GETREGS, tid, 0, &r))
		return;
	r.orig_rax = (unsigned long long)-1;
	r.rax = (unsigned long long)-ESRCH;
	ptrace(PTRACE_SETREGS, tid, 0, &r);
}
#elif defined(__aarch64__)
static void refuse(pid_t tid)
{
	struct user_regs_struct r;
	int none = -1;
	struct iovec regs = { &r, sizeof(r) }, call = { &none, sizeof(none) };

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &regs))
		return;
	r.regs[0] = (uint64_t)-ESRCH;
	ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &regs);
	ptrace(PTRACE_SETREGSET, tid, NT_ARM_SYSTEM_CALL, &call);
}
#else
static void refuse(pid_t tid)
{
	(void)tid;
}
#endif

void mmsi_kill_begin(struct mms_trace *t, const struct mmsi_tracee *e, enum mms_call call,
		     const uint64_t *args)
{
	if (t->flags & MMS_TRACE_GUARD && t->execed && !is_own(t, e->tid, call, (int)args[0]))
		refuse(e->tid);
}
