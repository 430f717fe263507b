/* SPDX-License-Identifier: GPL-2.0 */
/*
 * coverage.h - which parts of the module calls reach, as KCOV tells of the task
 * that makes them. Blocks are the places where the compiler put a call to KCOV;
 * edges are two of them, one after the other. Without KCOV all of it does nothing.
 */
#ifndef FUZZ_COVERAGE_H
#define FUZZ_COVERAGE_H

#include "kit.h"

/*
 * `sites` names a file with a line for each block: the section that it is in, its
 * offset there in hexadecimal, and the function. false: blind, and *why says why.
 */
bool coverage_begin(const char *sites, const char **why);
bool coverage_on(void);

/* From one to the next all that is reached is one call's. */
void coverage_clear(void);
void coverage_call(void);

/*
 * Adds what was reached since coverage_clear() to what is known; returns how many
 * edges and blocks were new.
 */
unsigned int coverage_add(void);
/* How many were new the last time, and were reached again since coverage_clear(). */
unsigned int coverage_again(void);
/* Forgets what is known, but not for the report. */
void coverage_forget(void);

unsigned long coverage_blocks(void), coverage_edges(void), coverage_all_blocks(void);
/* Notes what was reached, and which functions never were. */
void coverage_report(void);

#endif
