// SPDX-License-Identifier: GPL-2.0
/*
 * threads.c - threads that do orders.  The first one serves the socket and
 * hands on what is addressed to another; each has a place for one order.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "subject.h"

enum { NONE, IDLE, TO_DO, DONE };

static struct slot {
	pthread_t thread;
	uint32_t state;
	int leave;
	struct subject_order order;
	struct subject_reply reply;
} slots[SUBJECT_THREADS_MAX];

static void set(struct slot *s, uint32_t state)
{
	__atomic_store_n(&s->state, state, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &s->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void await(struct slot *s, uint32_t state)
{
	uint32_t now;

	while ((now = __atomic_load_n(&s->state, __ATOMIC_SEQ_CST)) != state)
		syscall(SYS_futex, &s->state, FUTEX_WAIT_PRIVATE, now, NULL, NULL, 0);
}

static void *serve(void *arg)
{
	struct slot *s = arg;

	touch_stack();
	for (;;) {
		await(s, TO_DO);
		if (s->leave)
			return NULL;
		subject_do(&s->order, &s->reply);
		set(s, DONE);
	}
}

int threads_start(void)
{
	for (int i = 1; i < SUBJECT_THREADS_MAX; i++)
		if (slots[i].state == NONE) {
			slots[i].leave = 0;
			slots[i].state = IDLE;
			errno = pthread_create(&slots[i].thread, NULL, serve, &slots[i]);
			if (!errno)
				return i;
			slots[i].state = NONE;
			return -1;
		}
	errno = EAGAIN;
	return -1;
}

static struct slot *slot(unsigned int number)
{
	return number && number < SUBJECT_THREADS_MAX && slots[number].state != NONE ?
	       &slots[number] : NULL;
}

int threads_end(unsigned int number)
{
	struct slot *s = slot(number);

	if (!s)
		return ESRCH;
	s->leave = 1;
	set(s, TO_DO);
	pthread_join(s->thread, NULL);
	s->state = NONE;
	return 0;
}

int threads_do(const struct subject_order *order, struct subject_reply *reply)
{
	struct slot *s = slot(order->thread);

	if (!s)
		return ESRCH;
	if (s->state != IDLE)
		return EBUSY;
	touch_copy(&s->order, order, sizeof(*order));
	set(s, TO_DO);
	if (order->flags & SUBJECT_UNAWAITED)
		return 0;
	return threads_await(order->thread, reply);
}

int threads_await(unsigned int number, struct subject_reply *reply)
{
	struct slot *s = slot(number);

	if (!s)
		return ESRCH;
	if (s->state == IDLE)
		return EINVAL;
	await(s, DONE);
	touch_copy(reply, &s->reply, SUBJECT_REPLY_HEAD + s->reply.data_len);
	set(s, IDLE);
	return 0;
}
