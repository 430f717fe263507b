/* SPDX-License-Identifier: GPL-2.0 */
/*
 * subject.h - what the files of the subject share.  The subject allocates
 * nothing and prints nothing unless it is told to: everything here is static.
 */
#ifndef LESSON_SUBJECT_SUBJECT_H
#define LESSON_SUBJECT_SUBJECT_H

#include <stddef.h>

#include "protocol.h"

/* functions.c: does what the order says; sets result, errnum, data. */
void subject_do(struct subject_order *order, struct subject_reply *reply);

/* touch.c: plain loops, so that no other page is touched. */
void touch_fill(uint64_t address, unsigned char byte, uint64_t length);
uint64_t touch_read(uint64_t address, uint64_t length, uint64_t stride);
void touch_write(uint64_t address, uint64_t length, uint64_t stride, unsigned char byte);
void touch_copy(void *to, const void *from, size_t length);
void touch_count(uint64_t address, uint64_t times, unsigned int how);
uint64_t touch_local(unsigned int which, unsigned char byte);
int touch_overflow(unsigned int wraps, int value);	/* -1, and errno: it cannot be had */
/* Touches everything that is mapped but the heap: later faults are the order's own. */
void touch_everything(void);
/* After a fork: what both processes would have to copy at their next order. */
void touch_again(void);
/* The part of this thread's stack that an order may use. */
void touch_stack(void);

/* probe.c: one access that may fault. */
void probe(uint64_t address, unsigned int how, unsigned int thread, struct subject_fault *fault);

/* threads.c */
int threads_start(void);
int threads_end(unsigned int number);
/* Has a thread do the order.  Returns 0, or an errno: there is no such thread. */
int threads_do(const struct subject_order *order, struct subject_reply *reply);
int threads_await(unsigned int number, struct subject_reply *reply);

/* subject.c: forks; the child serves a new socket.  *sock is the other end. */
int64_t subject_fork(int *sock);

#endif
