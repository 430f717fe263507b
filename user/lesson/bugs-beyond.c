// SPDX-License-Identifier: GPL-2.0
/*
 * bugs-beyond.c - of the lesson "bugs": those that no page can show, undefined
 * behaviour and data races.
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "bugs.h"

/* ---- undefined behaviour ------------------------------------------------------- */

static int64_t overflow(struct subject *s, unsigned int wraps, int value)
{
	struct subject_order o = {
		.function = SUBJECT_OVERFLOW, .arg = { wraps, (uint64_t)value },
	};

	return subject_order(s, &o, "x + 1 < x for x = %d%s", value, wraps ?
			     ", compiled with -fwrapv" : "");
}

void bugs_undefined(struct lesson *l)
{
	struct subject *s = subject_start(l, NULL);
	int64_t plain, wraps;

	step(l, "undefined", "Undefined behaviour: is x + 1 < x ?");
	predict(l, "for the largest int, C does not say what x + 1 is. The compiler may assume "
		"that it never happens, and answers 0 without looking. Compiled to wrap around "
		"(-fwrapv) the same line answers 1. For 5 both say 0");
	plain = overflow(s, 0, INT32_MAX);
	if (subject_last(s)->errnum == ENOSYS) {
		skip_step(l, "make clean user CC=gcc", "the subject was not compiled by GCC");
		return;
	}
	wraps = overflow(s, 1, INT32_MAX);
	expect_equal(l, "plain", "as C has it", (uint64_t)plain, 0, UNIT_NUMBER);
	expect_equal(l, "wraps", "with -fwrapv", (uint64_t)wraps, 1, UNIT_NUMBER);
	plain = overflow(s, 0, 5);
	wraps = overflow(s, 1, 5);
	expect_equal(l, "small", "for 5, both", (uint64_t)(plain | wraps), 0, UNIT_NUMBER);
	note(l, "No page shows it: the bug is in what the compiler made of the program.");
	bugs_tool(l, "gcc -g -fsanitize=undefined");
}

/* ---- data races ---------------------------------------------------------------- */

/* Two threads at once. */
static void race(struct subject *s, const unsigned int thread[2], uint64_t at, uint64_t times,
		     unsigned int how)
{
	subject_fill(s, at, 0, 8);
	for (int i = 0; i < 2; i++) {
		subject_thread(s, thread[i]);
		subject_unawaited(s);
		subject_count(s, at, times, how);
	}
	subject_thread(s, 0);
	subject_await(s, thread[0]);
	subject_await(s, thread[1]);
}

static uint64_t counted(struct lesson *l, struct subject *s, uint64_t at)
{
	uint64_t v = 0;

	need(l, subject_peek(s, at, &v, sizeof(v)), "the counter could not be read");
	return v;
}

#define COUNT_FIRST	(UINT64_C(1) << 17)
#define COUNT_MOST	(UINT64_C(1) << 26)

/* Each thread on a processor of its own; false if there are not two. */
static bool apart(struct subject *s, const unsigned int thread[2])
{
	cpu_set_t all, one;
	int found = 0;

	if (sched_getaffinity(0, sizeof(all), &all))
		return false;
	subject_quiet(s, true);
	for (int cpu = 0; cpu < CPU_SETSIZE && found < 2; cpu++) {
		struct subject_order o = {
			.function = SUBJECT_SYSCALL, .number = SYS_sched_setaffinity,
			.arg = { 0, sizeof(one) }, .flags = SUBJECT_TEXT_ARG(2),
		};

		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		memcpy(o.text, &one, sizeof(one));
		subject_thread(s, thread[found++]);
		subject_order(s, &o, NULL);
	}
	subject_thread(s, 0);
	subject_quiet(s, false);
	return found == 2;
}

/* Counts ever further, until something is lost. */
static void lose(struct lesson *l, struct subject *s, const unsigned int thread[2], uint64_t at)
{
	uint64_t n = COUNT_FIRST / 2, sum;

	subject_quiet(s, true);
	do {
		n *= 2;
		race(s, thread, at, n, 0);
		sum = counted(l, s, at);
	} while (sum == 2 * n && n < COUNT_MOST);
	subject_quiet(s, false);
	doing(l, "two threads, each %" PRIu64 " times (*p)++", n);
	expect_between(l, "lost", "the sum", sum, 2, 2 * n - 1, UNIT_NUMBER);
	observe(l, "subject", "%" PRIu64 " additions were lost", 2 * n - sum);
	expect_pages(l, "page", s, at, 1, "R");
}

void bugs_races(struct lesson *l)
{
	struct subject *s = subject_start(l, NULL);
	unsigned int thread[2];
	uint64_t at;

	step(l, "race", "Data race: two threads count in the same variable");
	predict(l, "to add 1 is to read, to add and to store. If both threads read the same value, "
		"one of the two additions is lost: sooner or later the sum is too small");
	at = isolated_mmap(s, 1, PROT_READ | PROT_WRITE, 0, 0);
	thread[0] = subject_thread_start(s);
	thread[1] = subject_thread_start(s);
	if (apart(s, thread))
		lose(l, s, thread, at);
	else
		skip_step(l, "run it on two processors: scripts/lab run --smp 2", "with one "
			  "processor the threads take turns, and may never meet within an "
			  "addition");

	step(l, "no-race", "The same, atomic, and under a lock");
	predict(l, "nothing is lost: the sum is exact");
	race(s, thread, at, COUNT_FIRST, 1);
	expect_equal(l, "atomic", "the sum", counted(l, s, at), 2 * COUNT_FIRST, UNIT_NUMBER);
	race(s, thread, at, COUNT_FIRST / 8, 2);
	expect_equal(l, "lock", "the sum", counted(l, s, at), COUNT_FIRST / 4, UNIT_NUMBER);
	note(l, "No page shows a race: both threads share the page, as they may.");
	bugs_tool(l, "gcc -g -fsanitize=thread -pthread; or valgrind --tool=helgrind ./program");
}
