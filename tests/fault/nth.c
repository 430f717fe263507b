// SPDX-License-Identifier: GPL-2.0
/*
 * nth.c - failing the nth allocation or user copy of this thread, through
 * /proc/thread-self/fail-nth; and an action with each n from 1 on.
 */
#include <sys/mman.h>

#include "nth.h"

/* No action makes as many allocations; then the count does not end. */
#define NTH_MAX 20000

char answer[ANSWER_MAX];
size_t answer_len;

static char before[ANSWER_MAX];
static int fail_nth = -1;

static int set(const char *dir, const char *file, const char *value)
{
	char path[120];

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", dir, file);
	return write_text(path, value);
}

static void skip_all(const char *why)
{
	printf("1..0 # SKIP %s\n", why);
	exit(0);
}

/*
 * All allocations may fail, those that may sleep and single pages too; nothing
 * is printed about it, since a stack trace on the console counts as a complaint.
 */
static void set_up(void)
{
	static const char *const kinds[] = { "failslab", "fail_page_alloc", "fail_usercopy" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (set(kinds[i], "verbose", "0"))
			skip_all("this kernel makes no allocation fail (no fault injection)");
		set(kinds[i], "probability", "0");
		set(kinds[i], "times", "-1");
	}
	if (set("failslab", "ignore-gfp-wait", "N") ||
	    set("fail_page_alloc", "ignore-gfp-wait", "N") ||
	    set("fail_page_alloc", "ignore-gfp-highmem", "N") ||
	    set("fail_page_alloc", "min-order", "0"))
		tap_bail("cannot set up fault injection");
}

void nth_start(const char *prefix, unsigned int seconds)
{
	tap_start(prefix, seconds);
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_nth < 0)
		skip_all("this kernel has no fail-nth (no fault injection)");
	set_up();
	/* Page faults of this program's own would be counted with the action's. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		tap_bail("mlockall: %s", strerror(errno));
}

void nth_arm(unsigned int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", nth);

	/* To take back what is armed may itself be what fails: it is spent then. */
	if (pwrite(fail_nth, text, n, 0) != n && nth)
		tap_bail("fail-nth: %s", strerror(errno));
}

bool nth_fired(void)
{
	char text[16] = "";
	ssize_t n = pread(fail_nth, text, sizeof(text) - 1, 0);

	/* The copy of the answer was the nth itself: so the action was not. */
	if (n < 0)
		return false;
	nth_arm(0);
	return atoi(text) == 0;
}

static int run(const struct action *a)
{
	memset(answer, 0, answer_len);
	answer_len = 0;
	return a->run(a->arg);
}

struct tally {
	int fired, failed, wrong_errno, broken, differs;
};

/* One n. False: nothing failed any more, all n are done. */
static bool one(const struct action *a, unsigned int nth, size_t len, struct tally *t)
{
	bool fired;
	int err;

	memset(answer, 0, answer_len);
	answer_len = 0;
	nth_arm(nth);
	err = a->run(a->arg);
	fired = nth_fired();
	t->fired += fired;
	if (err) {
		t->failed++;
		if (!fired || (err != ENOMEM && err != EFAULT)) {
			t->wrong_errno++;
			tap_note("nth %u%s: %s", nth, fired ? "" : " (not reached)",
				 strerrorname_np(err));
		}
		if (a->intact && !a->intact(a->arg)) {
			t->broken++;
			tap_note("nth %u: %s, but it left a trace", nth, strerrorname_np(err));
		}
		err = run(a);
		if (err) {
			t->broken++;
			tap_note("nth %u: and then, with nothing failing, %s", nth,
				 strerrorname_np(err));
		}
	}
	if (!err && a->undo)
		a->undo(a->arg);
	if (!err && (answer_len != len || memcmp(answer, before, len))) {
		t->differs++;
		tap_note("nth %u: another answer than before", nth);
	}
	return fired;
}

void nth_test(const struct action *a)
{
	struct tally t = { 0 };
	unsigned int nth;
	size_t len;
	int err;

	/* Twice, so that what is made once only is there before the answer is kept. */
	err = run(a);
	if (!err && a->undo)
		a->undo(a->arg);
	err = err ? err : run(a);
	if (!err && a->undo)
		a->undo(a->arg);
	if (!eq_err(err, 0, "%s.plain", a->name))
		return;
	len = answer_len;
	memcpy(before, answer, len);
	for (nth = 1; nth < NTH_MAX && one(a, nth, len, &t); nth++)
		alarm(tap_limit);
	tap_note("%s: %d could fail, %d calls failed of it", a->name, t.fired, t.failed);
	ok(nth < NTH_MAX, "%s.comes_to_its_end", a->name);
	ok(t.fired > 0, "%s.something_could_fail", a->name);
	eq(t.wrong_errno, 0, "%s.errno", a->name);
	eq(t.broken, 0, "%s.no_trace", a->name);
	eq(t.differs, 0, "%s.same_answer", a->name);
}
