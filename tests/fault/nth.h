/* SPDX-License-Identifier: GPL-2.0 */
/*
 * nth.h - an action in which the first, the second, the third ... allocation or
 * user copy fails, until it comes to its end without a failure. What is asked of
 * it: each failure is told by an errno that is documented, and leaves no trace.
 */
#ifndef TESTS_FAULT_NTH_H
#define TESTS_FAULT_NTH_H

#include "kit.h"

struct action {
	const char *name;
	/*
	 * What is to fail: 0, or the errno. It may be called any number of
	 * times, and puts what is told to it into `answer` (which is zeroed
	 * before), with whatever changes by itself left out.
	 */
	int (*run)(void *arg);
	void *arg;
	/* Undoes what run() did when it succeeded; NULL: nothing is to be undone. */
	void (*undo)(void *arg);
	/* After a failure: does the rest look as if nothing had happened? */
	bool (*intact)(void *arg);
};

#define ANSWER_MAX (1 << 20)
extern char answer[ANSWER_MAX];
extern size_t answer_len;

/* Ends the program with a skip where the kernel cannot inject faults. */
void nth_start(const char *prefix, unsigned int seconds);
/* From now on the nth allocation or copy of this thread fails; 0: none. */
void nth_arm(unsigned int nth);
/* Did it?  Disarms. */
bool nth_fired(void);
/* The results of one action. EINTR is none of its errnos: nobody signals. */
void nth_test(const struct action *a);

#endif /* TESTS_FAULT_NTH_H */
