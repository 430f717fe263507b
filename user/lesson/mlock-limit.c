// SPDX-License-Identifier: GPL-2.0
/*
 * mlock-limit.c - of the lesson mlock: RLIMIT_MEMLOCK, as somebody without
 * privileges meets it, and CAP_IPC_LOCK, which it does not bind.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mlock-steps.h"

#define LIMIT	16	/* pages */

/* A subject without CAP_IPC_LOCK; NULL if it cannot be had. */
static struct subject *without_privileges(struct lesson *l)
{
	const struct machine *m = lesson_machine(l);
	struct subject *s;

	if (!m->root && (m->cap_ipc_lock || m->rlim_memlock < LIMIT * m->page)) {
		skip_step(l, "run the lesson as root, or as an ordinary user with ulimit -l 1024",
			  "this user has CAP_IPC_LOCK, or a limit below %d pages", LIMIT);
		return NULL;
	}
	s = subject_pinned(l);
	if (m->root)
		need(l, !subject_nobody(s), "the subject could not become nobody: %s",
		     strerrorname_np(subject_last(s)->errnum));
	return s;
}

static void by_mlock(struct lesson *l, struct subject *s, uint64_t at)
{
	uint64_t page = lesson_machine(l)->page, one;

	step(l, "limit-unaligned", "mlock %d pages' worth of bytes, but not from a page's "
			"start", LIMIT);
	predict(l, "ENOMEM: the range touches %d pages, and whole pages count. Nothing is locked",
		LIMIT + 1);
	subject_mlock(s, at + 96, LIMIT * page);
	expect_errno(l, "errno", s, ENOMEM);
	expect_locked(l, "bytes", s, 0);

	step(l, "limit-full", "mlock exactly %d pages; then the same once more; then one page "
			"beyond",
	     LIMIT);
	predict(l, "the first succeeds. So does the second: what is locked already is not counted "
		"twice. The third is ENOMEM");
	subject_mlock(s, at, LIMIT * page);
	expect_errno(l, "exactly", s, 0);
	subject_mlock(s, at, LIMIT * page);
	expect_errno(l, "again", s, 0);
	subject_mlock(s, at + LIMIT * page, page);
	expect_errno(l, "beyond", s, ENOMEM);
	expect_locked(l, "bytes", s, LIMIT * page);

	step(l, "limit-mmap", "mmap one page with MAP_LOCKED");
	predict(l, "EAGAIN: here the limit has another name for the same reason. Nothing is "
			"mapped");
	one = subject_mmap(s, 0, page, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
	expect_errno(l, "errno", s, EAGAIN);
	expect_true(l, "nothing", one == UINT64_MAX, "mmap gave no address");
}

static void by_mlockall(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page;

	step(l, "limit-current", "mlockall(MCL_CURRENT)");
	predict(l, "ENOMEM: all that the process has mapped is more than %d pages", LIMIT);
	subject_mlockall(s, MCL_CURRENT);
	expect_errno(l, "errno", s, ENOMEM);

	step(l, "limit-future", "mlockall(MCL_FUTURE), then mmap a page and grow the break");
	predict(l, "mlockall succeeds, for it locks nothing yet. But now every mmap wants to lock: "
		"EAGAIN. sbrk fails as well, and so will malloc, with ENOMEM");
	subject_mlockall(s, MCL_FUTURE);
	expect_errno(l, "mlockall", s, 0);
	subject_mmap(s, 0, page, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	expect_errno(l, "mmap", s, EAGAIN);
	subject_sbrk(s, (int64_t)(3 * page));
	expect_errno(l, "sbrk", s, ENOMEM);
	subject_quiet(s, true);
	subject_munlockall(s);
	subject_quiet(s, false);
}

static void zero(struct lesson *l, struct subject *s, uint64_t at)
{
	uint64_t page = lesson_machine(l)->page;

	step(l, "limit-0", "A limit of 0: mlock, mmap with MAP_LOCKED, mlockall, munlock");
	predict(l, "EPERM for all that lock: with a limit of 0 one may not lock at all, which is "
		"another error than too much. munlock is always allowed");
	subject_setrlimit(s, RLIMIT_MEMLOCK, 0, LIMIT * page);
	subject_mlock(s, at, page);
	expect_errno(l, "mlock", s, EPERM);
	subject_mmap(s, 0, page, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
	expect_errno(l, "mmap", s, EPERM);
	subject_mlockall(s, MCL_FUTURE);
	expect_errno(l, "mlockall", s, EPERM);
	subject_munlock(s, at, page);
	expect_errno(l, "munlock", s, 0);
}

static void capability(struct lesson *l)
{
	uint64_t page = lesson_machine(l)->page, at;
	struct subject *s;

	step(l, "capability", "The same limit of 0 for somebody with CAP_IPC_LOCK");
	if (!lesson_machine(l)->cap_ipc_lock) {
		skip_step(l, "run the lesson as root", "we do not have CAP_IPC_LOCK");
		return;
	}
	predict(l, "the limit does not bind: %d pages are locked", LIMIT + 1);
	s = subject_pinned(l);
	at = small_room(s, LIMIT + 1, RW);
	subject_setrlimit(s, RLIMIT_MEMLOCK, 0, 0);
	subject_mlock(s, at, (LIMIT + 1) * page);
	expect_errno(l, "errno", s, 0);
	expect_pages(l, "pages", s, at, LIMIT + 1, "R*");
	expect_locked(l, "bytes", s, (LIMIT + 1) * page);
	subject_stop(s);
}

static void tell_limit(struct lesson *l)
{
	uint64_t limit = lesson_machine(l)->rlim_memlock;
	char size[16];

	if (limit == MMS_UNLIMITED)
		observe(l, "limit", "RLIMIT_MEMLOCK of this shell: unlimited");
	else
		observe(l, "limit", "RLIMIT_MEMLOCK of this shell: "
				"%s", mms_size_format(limit, size));
}

void mlock_limits(struct lesson *l)
{
	uint64_t page = lesson_machine(l)->page, at;
	struct mms_mm mm;
	struct subject *s;

	step(l, "limit", "An ordinary user, with a limit of %d pages", LIMIT);
	s = without_privileges(l);
	if (!s) {
		capability(l);
		return;
	}
	predict(l, "setrlimit only notes how much may be locked from now on: %d pages. Nothing is "
		"locked yet", LIMIT);
	tell_limit(l);
	at = small_room(s, LIMIT + 2, RW);
	subject_setrlimit(s, RLIMIT_MEMLOCK, LIMIT * page, LIMIT * page);
	expect_errno(l, "errno", s, 0);
	look_mm(l, s, &mm);
	expect_equal(l, "kernel", "the limit, by the module", mm.fact[MMS_MM_RLIM_MEMLOCK].value,
		     LIMIT * page, UNIT_BYTES);
	expect_locked(l, "bytes", s, 0);
	by_mlock(l, s, at);
	by_mlockall(l, s);
	zero(l, s, at);
	subject_stop(s);
	capability(l);
}
