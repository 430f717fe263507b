/* SPDX-License-Identifier: GPL-2.0 */
/*
 * judge.h - whether an answer of the module keeps what mmscope.h promises.
 */
#ifndef FUZZ_JUDGE_H
#define FUZZ_JUDGE_H

#include "program.h"

/* One ioctl, before and after. */
struct judgement {
	enum op op;
	int err;
	bool nobody;		/* who asks has no rights */
	bool timed;		/* a signal may come */
	char *structure;	/* NULL: it is elsewhere, and not looked at */
	u32 room;		/* bytes of it */
	char before[4096];
};

void judge_begin(void);
u64 buffer_end(unsigned int n);		/* of a buffer for answers, BUFFERS of them */

/* A new program; and the first promise that it found broken, or NULL. */
void judge_start(void);
const char *judge_broken(void);

/* The promise, if it is not kept. */
void judge(bool kept, const char *promise);
void judge_errno(const char *what, int err, const int *known, size_t count);
void judge_before(struct judgement *j);
/* `inner`: the struct mmscope_mm that VMAS may have been given. */
void judge_after(struct judgement *j, const void *inner);

#endif
