// SPDX-License-Identifier: GPL-2.0
/*
 * probe.c - one access that may fault, and what the signal said of it.  The
 * handlers are there only meanwhile: any other fault is the subject's death,
 * and that is an answer too.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <string.h>

#include "subject.h"

#define STACK	(1 << 15)

static unsigned char stacks[SUBJECT_THREADS_MAX][STACK];
static __thread sigjmp_buf back;
static __thread struct subject_fault *told;

static void on_fault(int signo, siginfo_t *info, void *context)
{
	(void)context;
	told->signo = signo;
	told->code = info->si_code;
	told->address = (uintptr_t)info->si_addr;
#ifdef SEGV_PKUERR
	if (signo == SIGSEGV && info->si_code == SEGV_PKUERR)
		told->pkey = info->si_pkey;
#endif
	siglongjmp(back, 1);
}

static void access_it(uint64_t address, unsigned int how)
{
	volatile unsigned char *p = (volatile unsigned char *)(uintptr_t)address;

	if (how == 'r')
		told->value = *p;
	else if (how == 'w')
		*p = 1;
	else
		((void (*)(void))(uintptr_t)address)();
}

void probe(uint64_t address, unsigned int how, unsigned int thread, struct subject_fault *fault)
{
	stack_t stack = { .ss_sp = stacks[thread], .ss_size = STACK }, old_stack;
	struct sigaction act = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	struct sigaction old[3];
	static const int signals[3] = { SIGSEGV, SIGBUS, SIGILL };

	memset(fault, 0, sizeof(*fault));
	told = fault;
	sigemptyset(&act.sa_mask);
	sigaltstack(&stack, &old_stack);
	for (int i = 0; i < 3; i++)
		sigaction(signals[i], &act, &old[i]);
	if (!sigsetjmp(back, 1))
		access_it(address, how);
	for (int i = 0; i < 3; i++)
		sigaction(signals[i], &old[i], NULL);
	sigaltstack(&old_stack, NULL);
}
