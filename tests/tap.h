/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tap.h - the Test Anything Protocol for the test programs: numbered results
 * with stable names, skips with a reason, a plan at the end; and a bound on
 * the time that each test may take.
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One set for the whole program, whichever of its files include this. */
#define TAP_STATE __attribute__((weak))
TAP_STATE int tap_count, tap_failed;
TAP_STATE unsigned int tap_limit = 60;
TAP_STATE const char *tap_prefix = "", *tap_last = "the start";

static inline void tap_timeout(int sig)
{
	char text[200];
	int n = snprintf(text, sizeof(text), "# timed out in the test after %s\n", tap_last);

	(void)sig;
	if (write(STDOUT_FILENO, text, n) < 0)
		_exit(125);
	_exit(124);
}

/*
 * `seconds`, or MMSCOPE_SLOW (a whole number, in the environment) times as many:
 * every limit of time is meant for a usual kernel, and a debug kernel is slower.
 */
static inline unsigned int tap_seconds(unsigned int seconds)
{
	const char *slow = getenv("MMSCOPE_SLOW");
	int times = slow ? atoi(slow) : 1;

	return times > 1 ? seconds * times : seconds;
}

/* Every name gets `prefix` before it; a test may take `seconds`. */
static inline void tap_start(const char *prefix, unsigned int seconds)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, tap_timeout);
	signal(SIGPIPE, SIG_IGN);
	tap_prefix = prefix;
	tap_limit = tap_seconds(seconds);
	alarm(tap_limit);
}

static inline void tap_note(const char *format, ...)
{
	char text[4096];
	va_list args;
	char *line, *rest;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		printf("# %s\n", line);
}

/* One result; the name may be composed, as by printf. Returns `good`. */
__attribute__((format(printf, 2, 3)))
static inline int ok(int good, const char *format, ...)
{
	static char name[160];
	va_list args;

	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	printf("%s %d - %s%s\n", good ? "ok" : "not ok", ++tap_count, tap_prefix, name);
	tap_failed += !good;
	tap_last = name;
	alarm(tap_limit);
	return good;
}

/* The two figures must be equal; if not, both are told. */
#define eq(got, want, ...) ({						\
	long long got_ = (long long)(got), want_ = (long long)(want);	\
	if (!ok(got_ == want_, __VA_ARGS__))				\
		tap_note("got %lld (%#llx), want %lld (%#llx)",		\
			 got_, got_, want_, want_);			\
	got_ == want_;							\
})

/* An errno, or 0 for success: told by name if it is not the right one. */
#define eq_err(got, want, ...) ({					\
	int got_ = (got), want_ = (want);				\
	if (!ok(got_ == want_, __VA_ARGS__))				\
		tap_note("got %s, want %s",				\
			 got_ ? strerrorname_np(got_) : "success",	\
			 want_ ? strerrorname_np(want_) : "success");	\
	got_ == want_;							\
})

__attribute__((format(printf, 2, 3)))
static inline void skip(const char *name, const char *why, ...)
{
	char text[400];
	va_list args;

	va_start(args, why);
	vsnprintf(text, sizeof(text), why, args);
	va_end(args);
	printf("ok %d - %s%s # SKIP %s\n", ++tap_count, tap_prefix, name, text);
	tap_last = name;
	alarm(tap_limit);
}

/* Nothing more can be tested. */
__attribute__((format(printf, 1, 2), noreturn))
static inline void tap_bail(const char *why, ...)
{
	va_list args;

	va_start(args, why);
	printf("Bail out! ");
	vprintf(why, args);
	printf("\n");
	va_end(args);
	exit(125);
}

static inline int tap_end(void)
{
	alarm(0);
	printf("1..%d\n", tap_count);
	return tap_failed ? 1 : 0;
}

#endif /* TESTS_TAP_H */
