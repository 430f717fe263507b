// SPDX-License-Identifier: GPL-2.0
/*
 * trace.c - the pure parts of a trace: the order of events, who is meant by a stack,
 * what a call is about, whose doing a change is, and arguments in words.
 */
#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kit.h"
#include "trace.h"

#define PAGE	0x1000ULL

/* ---- order ----------------------------------------------------------------- */

static struct mmsi_event *event_at(uint64_t time, pid_t tid)
{
	struct mmsi_event *e = calloc(1, sizeof(*e));

	assert_non_null(e);
	e->e.time_ns = time;
	e->e.tid = tid;
	return e;
}

/* Ten thousand times in disorder come out in order; none before its time. */
static void order_of_many(void **state)
{
	struct mmsi_order o = { 0 };
	struct mmsi_event *e;
	uint64_t last = 0, random = 1;
	size_t taken = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		assert_true(mmsi_order_add(&o, event_at(random >> 50, i)));
	}
	while ((e = mmsi_order_take(&o, 8000))) {
		assert_true(e->e.time_ns >= last && e->e.time_ns <= 8000);
		last = e->e.time_ns;
		taken++;
		mmsi_event_free(e);
	}
	assert_true(taken > 1000 && taken < 9000);
	while ((e = mmsi_order_take(&o, UINT64_MAX))) {
		assert_true(e->e.time_ns >= last && e->e.time_ns > 8000);
		last = e->e.time_ns;
		taken++;
		mmsi_event_free(e);
	}
	assert_int_equal(taken, 10000);
	free(o.heap);
}

/* Of one time: as they came, also when others are taken in between. */
static void order_of_equals(void **state)
{
	struct mmsi_order o = { 0 };
	struct mmsi_event *e;

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_true(mmsi_order_add(&o, event_at(i % 2 ? 5 : 9, i)));
	for (int i = 1; i < 100; i += 2) {
		e = mmsi_order_take(&o, 5);
		assert_int_equal(e->e.tid, i);
		mmsi_event_free(e);
	}
	assert_null(mmsi_order_take(&o, 8));
	for (int i = 0; i < 100; i += 2) {
		e = mmsi_order_take(&o, 9);
		assert_int_equal(e->e.tid, i);
		mmsi_event_free(e);
	}
	assert_null(mmsi_order_take(&o, UINT64_MAX));
	free(o.heap);
}

/* ---- who called ------------------------------------------------------------ */

#define LIB(name)	{ .symbol = (char *)(name), .library = true }
#define OWN(name)	{ .symbol = (char *)(name) }

static void caller(void **state)
{
	struct mms_frame by_malloc[] = { LIB("brk"), LIB(NULL), LIB("malloc"), OWN("main") };
	struct mms_frame wrapped[] = { LIB("mmap"), LIB("malloc"), OWN("xmalloc"), OWN("_Znwm"),
				       OWN("build"), OWN("main") };
	struct mms_frame direct[] = { LIB("mmap"), OWN("main") };
	struct mms_frame fixed[] = { OWN("__brk"), OWN("__sbrk"), OWN("sysmalloc"),
				     OWN("__libc_malloc"), OWN("main") };
	struct mms_frame loader[] = { LIB("mmap"), LIB("dl_main") };
	struct mms_frame cut[] = { LIB("mmap"), LIB("malloc"), OWN("xmalloc"), LIB(NULL) };
	struct mms_frame nameless[] = { LIB("mmap"), OWN(NULL) };

	(void)state;
	assert_int_equal(mms_trace_caller(by_malloc, 4), 3);
	assert_int_equal(mms_trace_caller(wrapped, 6), 4);
	assert_int_equal(mms_trace_caller(direct, 2), 1);
	assert_int_equal(mms_trace_caller(fixed, 5), 4);
	assert_int_equal(mms_trace_caller(loader, 2), 2);
	assert_int_equal(mms_trace_caller(cut, 4), 2);
	assert_int_equal(mms_trace_caller(nameless, 2), 1);
	assert_int_equal(mms_trace_caller(NULL, 0), 0);
}

/* ---- what a call is about -------------------------------------------------- */

static const struct rule {
	enum mms_call call;
	uint64_t args[6], brk, result;
	struct mms_trace_range before[2], after[2];
} rules[] = {
	{ MMS_CALL_BRK, { 0 }, 0x5000, 0x5000, { { 0 } }, { { 0x5000, 0x5000 } } },
	{ MMS_CALL_BRK, { 0x7064 }, 0x5000, 0x7064, { { 0 } }, { { 0x5000, 0x8000 } } },
	{ MMS_CALL_BRK, { 0x5001 }, 0x7064, 0x5001, { { 0x6000, 0x8000 } }, { { 0x6000, 0x8000 } } },
	{ MMS_CALL_MMAP, { 0, 5000, 3, MAP_PRIVATE }, 0, 0x9000, { { 0 } }, { { 0x9000, 0xb000 } } },
	{ MMS_CALL_MMAP, { 0x9000, 5000, 3, MAP_FIXED }, 0, 0x9000, { { 0x9000, 0xb000 } },
	  { { 0x9000, 0xb000 } } },
	{ MMS_CALL_MUNMAP, { 0x3000, 1 }, 0, 0, { { 0x3000, 0x4000 } }, { { 0x3000, 0x4000 } } },
	{ MMS_CALL_MUNMAP, { 0x3000, 0 }, 0, 0, { { 0 } }, { { 0 } } },
	{ MMS_CALL_MUNMAP, { 0x3000, UINT64_MAX - 1 }, 0, 0, { { 0 } }, { { 0 } } },
	{ MMS_CALL_MUNMAP, { UINT64_MAX - 0xfff, 0xfff }, 0, 0, { { 0 } }, { { 0 } } },
	{ MMS_CALL_MLOCK, { 0x3ffe, 4 }, 0, 0, { { 0x3000, 0x5000 } }, { { 0x3000, 0x5000 } } },
	{ MMS_CALL_MREMAP, { 0x3000, 0x1000, 0x2000, 1, 0x77000 }, 0, 0x8000, { { 0x3000, 0x4000 } },
	  { { 0x3000, 0x4000 }, { 0x8000, 0xa000 } } },
	{ MMS_CALL_MREMAP, { 0x3000, 0x1000, 0x2000, 3, 0x8000 }, 0, 0x8000,
	  { { 0x3000, 0x4000 }, { 0x8000, 0xa000 } }, { { 0x3000, 0x4000 }, { 0x8000, 0xa000 } } },
	{ MMS_CALL_MLOCKALL, { 1 }, 0, 0, { { 0, MMS_ALL_END } }, { { 0, MMS_ALL_END } } },
};

static void same_ranges(const struct mms_trace_range *got, const struct mms_trace_range *want)
{
	for (int i = 0; i < 2; i++) {
		if (want[i].start == want[i].end) {
			assert_true(got[i].start == got[i].end);
			continue;
		}
		assert_int_equal(got[i].start, want[i].start);
		assert_int_equal(got[i].end, want[i].end);
	}
}

static void ranges(void **state)
{
	struct mms_trace_range range[2];

	(void)state;
	if (mms_page_size() != PAGE)
		skip();
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *r = &rules[i];

		mmsi_call_before(r->call, r->args, r->brk, range);
		same_ranges(range, r->before);
		mmsi_call_after(r->call, r->args, r->brk, r->result, range);
		same_ranges(range, r->after);
	}
}

static void whose_change(void **state)
{
	struct mms_trace_event e = { .range = { { 0x3000, 0x5000 }, { 0x9000, 0xa000 } } };
	struct mms_diff_area before = { .start = 0x1000, .end = 0x3000 };
	struct mms_diff_area over = { .start = 0x2000, .end = 0x3001 };
	struct mms_diff_area second = { .start = 0x9000, .end = 0x20000 };

	(void)state;
	assert_true(mms_trace_concerns(&e, &before));
	e.others = true;
	assert_false(mms_trace_concerns(&e, &before));
	assert_true(mms_trace_concerns(&e, &over));
	assert_true(mms_trace_concerns(&e, &second));
}

/* ---- numbers and words ----------------------------------------------------- */

static void numbers(void **state)
{
	uint32_t arch, number;
	bool compat;

	(void)state;
	assert_int_equal(mmsi_call_of(AUDIT_ARCH_X86_64, 9, &compat), MMS_CALL_MMAP);
	assert_false(compat);
	assert_int_equal(mmsi_call_of(AUDIT_ARCH_X86_64, 9 | 0x40000000, &compat), MMS_CALL_MMAP);
	assert_int_equal(mmsi_call_of(AUDIT_ARCH_I386, 9, &compat), MMS_CALL_COUNT);
	assert_int_equal(mmsi_call_of(AUDIT_ARCH_I386, 192, &compat), MMS_CALL_MMAP);
	assert_true(compat);
	assert_int_equal(mmsi_call_of(AUDIT_ARCH_AARCH64, 222, &compat), MMS_CALL_MMAP);
	assert_int_equal(mmsi_call_of(0, 9, &compat), MMS_CALL_COUNT);
	/* Each architecture has each call. */
	for (int call = 0; call < MMS_CALL_COUNT; call++) {
		int found = 0;

		for (size_t i = 0; mmsi_call_row(i, &arch, &number); i++)
			found += mmsi_call_of(arch, number, &compat) == (enum mms_call)call;
		assert_true(found >= 4);
	}
}

static const struct {
	enum mms_arg kind;
	uint64_t value;
	const char *text;
} words[] = {
	{ MMS_ARG_PROT, 0, "PROT_NONE" },
	{ MMS_ARG_PROT, PROT_READ | PROT_WRITE, "PROT_READ|PROT_WRITE" },
	{ MMS_ARG_PROT, 0x101, "PROT_READ|0x100" },
	{ MMS_ARG_MAP_FLAGS, MAP_PRIVATE | MAP_ANONYMOUS, "MAP_PRIVATE|MAP_ANONYMOUS" },
	{ MMS_ARG_MAP_FLAGS, MAP_SHARED_VALIDATE, "MAP_SHARED_VALIDATE" },
	{ MMS_ARG_MAP_FLAGS, 0, "0" },
	{ MMS_ARG_ADVICE, MADV_DONTNEED, "MADV_DONTNEED" },
	{ MMS_ARG_ADVICE, 9999, "0x270f" },
	{ MMS_ARG_ADDRESS, 0, "NULL" },
	{ MMS_ARG_ADDRESS, 0x1000, "0x1000" },
	{ MMS_ARG_FD, 0xffffffff, "-1" },
	{ MMS_ARG_OFFSET_PAGES, 2, "0x2000" },
	{ MMS_ARG_LOCKALL_FLAGS, 3, "MCL_CURRENT|MCL_FUTURE" },
	{ MMS_ARG_REMAP_FLAGS, 1, "MREMAP_MAYMOVE" },
};

static void arguments(void **state)
{
	char buf[200];

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_string_equal(mms_arg_format(words[i].kind, words[i].value, buf, sizeof(buf)),
				    words[i].text);
	/* What does not fit is cut, and nothing is written behind it. */
	memset(buf, 'x', sizeof(buf));
	mms_arg_format(MMS_ARG_MAP_FLAGS, ~0ULL, buf, 20);
	assert_int_equal(strlen(buf), 19);
	assert_int_equal(buf[20], 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("unit.trace.order_of_many", order_of_many),
		TEST("unit.trace.order_of_equals", order_of_equals),
		TEST("unit.trace.caller", caller),
		TEST("unit.trace.ranges", ranges),
		TEST("unit.trace.whose_change", whose_change),
		TEST("unit.trace.numbers", numbers),
		TEST("unit.trace.arguments", arguments),
	};

	return cmocka_run_group_tests_name("unit.trace", tests, NULL, NULL);
}
