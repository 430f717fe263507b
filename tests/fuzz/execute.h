/* SPDX-License-Identifier: GPL-2.0 */
/*
 * execute.h - runs a program against the module, and sees to it that each answer
 * keeps what mmscope.h promises.
 */
#ifndef FUZZ_EXECUTE_H
#define FUZZ_EXECUTE_H

#include "program.h"

#define ERRNOS	140

/* How many calls answered what, in all. */
extern u64 answers[ERRNOS], calls_made;

void execute_begin(void);
/* NULL, or the promise that was broken first. */
const char *execute(const struct program *p);
void execute_end(void);

#endif
