// SPDX-License-Identifier: GPL-2.0
/*
 * break-limits.c - the part of the lesson "break" on what stops the break: the
 * beginning of the heap, a limit, a mapping in the way.
 */
#include <inttypes.h>
#include <stdio.h>

#include "heap.h"

void break_limits(struct lesson *l, struct subject *s);

static uint64_t up(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

static void refused(struct lesson *l, struct subject *s, uint64_t got)
{
	expect_equal(l, "returned", "sbrk returned", got, UINT64_MAX, UNIT_SIGNED);
	expect_errno(l, "errno", s, ENOMEM);
}

static void too_low_too_high(struct lesson *l, struct subject *s)
{
	const struct machine *m = lesson_machine(l);
	uint64_t got, start, brk;
	struct mms_mm mm;

	look_mm(l, s, &mm);
	start = mm.fact[MMS_MM_START_BRK].value;
	brk = mm.fact[MMS_MM_BRK].value;
	step(l, "below", "sbrk: a page below the place where the heap began");
	predict(l, "the kernel does not move the break below start_brk: it stays; and sbrk does not "
		"even call that an error: it returns the old break as ever, and sets no errno");
	got = subject_sbrk(s, -(int64_t)(brk - start + m->page));
	expect_equal(l, "returned", "sbrk returned", got, brk, UNIT_ADDRESS);
	expect_errno(l, "errno", s, 0);
	expect_break(l, "break", s, 0);

	step(l, "too-big", "sbrk: more than there are addresses");
	predict(l, "this is refused with ENOMEM, sbrk returns -1, and the break stays");
	refused(l, s, subject_sbrk(s, (int64_t)m->task_size));
	expect_break(l, "break", s, 0);
}

/*
 * Two checks: of all private writable memory, and of the heap with the
 * program's data.  This is the smallest limit that allows nothing more.
 */
static uint64_t data_in_use(struct lesson *l, struct subject *s)
{
	struct mms_mm mm;
	uint64_t all, heap;

	look_mm(l, s, &mm);
	all = mm.fact[MMS_MM_DATA_VM].value;
	heap = mm.fact[MMS_MM_BRK].value - mm.fact[MMS_MM_START_BRK].value +
	       mm.fact[MMS_MM_END_DATA].value - mm.fact[MMS_MM_START_DATA].value;
	return up(all > heap ? all : heap, lesson_machine(l)->page);
}

#define IGNORE_DATA "/sys/module/kernel/parameters/ignore_rlimit_data"

static bool limit_ignored(void)
{
	FILE *f = fopen(IGNORE_DATA, "re");
	bool ignored = f && fgetc(f) == 'Y';

	if (f)
		fclose(f);
	return ignored;
}

static void limited(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, limit = data_in_use(l, s) + page;
	struct rlimit r;

	step(l, "rlimit", "With RLIMIT_DATA a page above what is in use");
	if (prlimit(subject_pid(s), RLIMIT_DATA, NULL, &r) || r.rlim_cur < limit) {
		skip_step(l, "ulimit -d unlimited", "the limit of this shell is lower than that");
		return;
	}
	if (limit_ignored()) {
		skip_step(l, "echo N > " IGNORE_DATA, "this kernel was told to ignore the limit");
		return;
	}
	predict(l, "the limit counts all private writable memory, %" PRIu64 " KiB so far: one page "
		"more is granted, the next is refused", (limit - page) >> 10);
	subject_setrlimit(s, RLIMIT_DATA, limit, r.rlim_max);
	expect_errno(l, "set", s, 0);
	subject_sbrk(s, (int64_t)page);
	expect_errno(l, "granted", s, 0);
	refused(l, s, subject_sbrk(s, (int64_t)page));
	expect_break(l, "break", s, (int64_t)page);
	subject_quiet(s, true);
	subject_setrlimit(s, RLIMIT_DATA, r.rlim_cur, r.rlim_max);
	subject_quiet(s, false);
}

static void blocked(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, end = up(look_break(l, s), page), at, got;

	step(l, "blocked", "With a mapping in the way, four pages above");
	predict(l, "the heap is one piece, so it cannot pass a mapping; and the kernel keeps the "
		"page before it free: 3 of the 4 pages are granted");
	at = subject_mmap(s, end + 4 * page, page, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (at != end + 4 * page) {
		skip_step(l, NULL, "there is something else at that place");
		return;
	}
	subject_sbrk(s, (int64_t)(end - look_break(l, s) + 3 * page));
	expect_errno(l, "granted", s, 0);
	got = subject_sbrk(s, (int64_t)page);
	refused(l, s, got);
	expect_vmas(l, "vma", s, end, 5, "rw-p*3 none*1 ---p*1");
	note(l, "malloc would go on all the same: where sbrk fails it takes memory from mmap.");
}

void break_limits(struct lesson *l, struct subject *s)
{
	too_low_too_high(l, s);
	limited(l, s);
	blocked(l, s);
}
