/* SPDX-License-Identifier: GPL-2.0 */
/*
 * subject.h - the processes that the fuzzer looks at. Each begins every program
 * in the same state, and does one thing when told; and one of another sort does
 * as it likes all the time.
 */
#ifndef FUZZ_SUBJECT_H
#define FUZZ_SUBJECT_H

#include "program.h"

/* Region n of every subject is there. */
#define REGION_AT(n)	(0x10000000000ULL + ((u64)(n) << 32))

void subjects_begin(void);
/* Does the call, of one of the ops MAP to LEADER. */
void subject_do(const struct call *call);
/* Back to the state that programs begin in. */
void subjects_reset(void);
pid_t subject_pid(unsigned int who);
int subject_pidfd(unsigned int who);
void subjects_end(void);

#endif
