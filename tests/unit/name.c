// SPDX-License-Identifier: GPL-2.0
/*
 * name.c - categories, flags, fields and errors have their words, each its own.
 */
#include <errno.h>

#include "kit.h"
#include "libmmscope.h"

static void every_category_is_named(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 64; i++) {
		const char *name = mms_category_name(i);

		assert_int_equal(name != NULL, (int)(MMSCOPE_CATS_ALL >> i & 1));
		assert_int_equal(mms_category_help(i) != NULL, name != NULL);
	}
}

static void categories_read_and_written(void **state)
{
	struct mms_error err;
	uint64_t mask;
	char buf[600];

	(void)state;
	for (unsigned int i = 0; i < MMSCOPE_CAT_COUNT; i++) {
		if (!mms_category_name(i))
			continue;
		assert_int_equal(mms_categories_parse(mms_category_name(i), &mask, &err), 0);
		assert_true(mask == 1ULL << i);
	}
	assert_int_equal(mms_categories_parse("present,dirty", &mask, &err), 0);
	assert_true(mask == (MMSCOPE_CAT(PRESENT) | MMSCOPE_CAT(DIRTY)));
	assert_int_equal(mms_categories_parse("all", &mask, &err), 0);
	assert_true(mask == MMSCOPE_CATS_ALL);
	assert_true((size_t)mms_categories_format(mask, buf, sizeof(buf)) == strlen(buf));
	assert_int_equal(mms_categories_parse(buf, &mask, &err), 0);
	assert_true(mask == MMSCOPE_CATS_ALL);
	assert_int_equal(mms_categories_format(MMSCOPE_CAT(PRESENT), buf, 4), 7);
	assert_string_equal(buf, "pre");
}

static void wrong_categories(void **state)
{
	static const char *const bad[] = {
		"", ",", "present,", ",present", "Present", "presen", "presents", "all,x",
	};
	struct mms_error err;
	uint64_t mask;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(mms_categories_parse(bad[i], &mask, &err), -1);
		assert_int_equal(err.status, MMS_USAGE);
	}
	mms_categories_parse("present,bogus", &mask, &err);
	assert_string_equal(err.what, "bogus");
}

static void vma_flags_are_named(void **state)
{
	(void)state;
	assert_string_equal(mms_vma_flag_name(0), "read");
	assert_string_equal(mms_vma_flag_name(12), "locked");
	assert_string_equal(mms_vma_flag_name(33), "shadow-stack");
	assert_null(mms_vma_flag_name(34));
	assert_true(1ULL << 33 == MMSCOPE_VMA_SHADOW_STACK);
}

static void fields_are_named(void **state)
{
	(void)state;
	for (int i = 0; i < MMS_MM_COUNT; i++)
		assert_true(mms_mm_field_name(i) && mms_mm_field_name(i)[0]);
	for (int i = 1; i < MMS_FROM_COUNT; i++)
		assert_true(mms_from_name(i)[0]);
	for (int i = 1; i < MMS_PURPOSE_COUNT; i++)
		assert_true(mms_purpose_name(i)[0]);
	assert_string_equal(mms_from_name(MMS_FROM_NOWHERE), "");
	assert_string_equal(mms_backing_name(MMS_BACKING_UNKNOWN), "");
}

static void perms(void **state)
{
	struct mms_vma vma = { .flags_known = ~0ULL };
	char buf[5];

	(void)state;
	mms_perms_format(&vma, buf);
	assert_string_equal(buf, "---p");
	vma.flags = MMSCOPE_VMA_READ | MMSCOPE_VMA_WRITE | MMSCOPE_VMA_EXEC | MMSCOPE_VMA_SHARED;
	mms_perms_format(&vma, buf);
	assert_string_equal(buf, "rwxs");
	vma.flags_known = MMSCOPE_VMA_READ;
	mms_perms_format(&vma, buf);
	assert_string_equal(buf, "r???");
}

static void errors(void **state)
{
	static const struct { enum mms_op op; int errnum, status; } cases[] = {
		{ MMS_OP_OPEN, ENOENT, MMS_NO_MODULE }, { MMS_OP_OPEN, ENXIO, MMS_NO_MODULE },
		{ MMS_OP_OPEN, EACCES, MMS_DENIED }, { MMS_OP_INFO, ENOTTY, MMS_NO_MODULE },
		{ MMS_OP_INFO, EINVAL, MMS_NO_MODULE },
		{ MMS_OP_ATTACH, ESRCH, MMS_GONE }, { MMS_OP_ATTACH, ENXIO, MMS_GONE },
		{ MMS_OP_ATTACH, EACCES, MMS_DENIED }, { MMS_OP_ATTACH, ENOENT, MMS_FAILED },
		{ MMS_OP_ATTACH, EBADF, MMS_GONE }, { MMS_OP_ATTACH, EAGAIN, MMS_GONE },
		{ MMS_OP_MM, ESRCH, MMS_GONE }, { MMS_OP_MM, ESTALE, MMS_GONE },
		{ MMS_OP_VMAS, EFBIG, MMS_FAILED }, { MMS_OP_VMAS, ENOMEM, MMS_FAILED },
		{ MMS_OP_PAGES, EPERM, MMS_DENIED }, { MMS_OP_PAGES, EINTR, MMS_FAILED },
		{ MMS_OP_WALK, ERANGE, MMS_USAGE }, { MMS_OP_WALK, EPERM, MMS_DENIED },
		{ MMS_OP_WALK, E2BIG, MMS_NO_MODULE }, { MMS_OP_PROCFS, ENOENT, MMS_GONE },
		{ MMS_OP_PROCFS, ESRCH, MMS_GONE }, { MMS_OP_PROCFS, EACCES, MMS_DENIED },
		{ MMS_OP_PAGES, ENOTCONN, MMS_FAILED }, { MMS_OP_MM, EIO, MMS_FAILED },
	};
	struct mms_error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		mms_explain(cases[i].op, cases[i].errnum, 42, &err);
		assert_int_equal(err.status, cases[i].status);
		assert_int_equal(err.sys_errno, cases[i].errnum);
		assert_string_equal(err.what, "process 42");
		assert_true(err.why[0]);
		assert_null(strchr(err.why, '\n'));
	}
	mms_explain(MMS_OP_OPEN, ENOENT, 0, &err);
	assert_string_equal(err.what, MMSCOPE_DEVICE);
	mms_explain(MMS_OP_OPEN, ENOENT, 0, NULL);
	mms_explain(MMS_OP_MM, 99999, 1, &err);
	assert_int_equal(err.status, MMS_FAILED);
}

static void errors_escape(void **state)
{
	struct mms_error err;

	(void)state;
	assert_int_equal(mms_fail(&err, MMS_USAGE, NULL, "a\nb\033", "why %d", 7), -1);
	assert_string_equal(err.what, "a\\nb\\x1b");
	assert_string_equal(err.why, "why 7");
	assert_string_equal(err.mend, "");
	assert_int_equal(mms_fail(NULL, MMS_USAGE, NULL, "x", "y"), -1);
}

static void targets(void **state)
{
	static const struct { const char *arg; int status; } bad[] = {
		{ "0", MMS_USAGE }, { "99999999999999999999", MMS_USAGE }, { "2147483648", MMS_USAGE },
		{ "", MMS_USAGE }, { "-1", MMS_GONE }, { "no such name at all", MMS_GONE },
	};
	struct mms_error err;
	pid_t pid = -1;

	(void)state;
	assert_int_equal(mms_resolve("self", &pid, NULL, &err), 0);
	assert_true(pid > 1);
	assert_int_equal(mms_resolve("007", &pid, NULL, &err), 0);
	assert_int_equal(pid, 7);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(mms_resolve(bad[i].arg, &pid, NULL, &err), -1);
		assert_int_equal(err.status, bad[i].status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("unit.name.every_category", every_category_is_named),
		TEST("unit.name.categories", categories_read_and_written),
		TEST("unit.name.wrong_categories", wrong_categories),
		TEST("unit.name.vma_flags", vma_flags_are_named),
		TEST("unit.name.fields", fields_are_named),
		TEST("unit.name.perms", perms),
		TEST("unit.name.errors", errors),
		TEST("unit.name.errors_escape", errors_escape),
		TEST("unit.name.targets", targets),
	};

	return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
