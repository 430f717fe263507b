// SPDX-License-Identifier: GPL-2.0
/*
 * trace-filter.c - a seccomp filter that has the tracer told of the calls of the
 * table, and of no others: those run at full speed.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trace.h"

#define PROGRAM_MAX	250

#if defined(__x86_64__)
static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386 };
#elif defined(__aarch64__)
static const uint32_t archs[] = { AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM };
#else
static const uint32_t archs[] = { 0 };
#endif

#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))

struct program {
	struct sock_filter at[PROGRAM_MAX];
	unsigned short len;
};

static void put(struct program *p, struct sock_filter insn)
{
	if (p->len < PROGRAM_MAX)
		p->at[p->len++] = insn;
}

static bool is_wanted(uint32_t arch, uint32_t number, unsigned int flags)
{
	bool compat;
	enum mms_call call = mmsi_call_of(arch, number, &compat);

	return call < MMS_CALL_WRITE || (call == MMS_CALL_WRITE ? flags & MMS_TRACE_WRITES :
								  flags & MMS_TRACE_GUARD);
}

/* The calls of one architecture; what is of another one goes on behind. */
static void put_arch(struct program *p, uint32_t arch, unsigned int flags)
{

	uint32_t row, number;
	unsigned short jump;

	put(p, (struct sock_filter)LOAD(arch));
	jump = p->len;
	put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0, 0));
	put(p, (struct sock_filter)LOAD(nr));
	if (arch == AUDIT_ARCH_X86_64)
		put(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K,
						    ~(uint32_t)MMSI_X32_BIT));
	for (size_t i = 0; mmsi_call_row(i, &row, &number); i++) {
		if (row != arch || !is_wanted(arch, number, flags))
			continue;
		put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
		put(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
	}
	put(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	p->at[jump].jf = (unsigned char)(p->len - jump - 1);
}

/*
 * Without the flag, kernels before 5.16 slow a filtered process down against attacks
 * on speculation; a filter that forbids nothing needs none of that.
 */
static int install(struct sock_fprog *prog)
{
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
			    prog);
}

int mmsi_filter_install(unsigned int flags)
{
	struct program p = { .len = 0 };
	struct sock_fprog prog = { .filter = p.at };

	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++)
		put_arch(&p, archs[i], flags);
	put(&p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	if (p.len == PROGRAM_MAX)
		return E2BIG;
	prog.len = p.len;
	if (!install(&prog))
		return 0;
	/* Who may not ask for more than its own has to promise never to get more. */
	if (errno == EACCES && !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !install(&prog))
		return 0;
	return errno;
}
