// SPDX-License-Identifier: GPL-2.0
/*
 * purpose.c - what VMAs serve for: layouts as linkers and glibc make them.
 * A layout is a table: the VMA, and the purpose that is expected.
 */
#include "kit.h"
#include "libmmscope.h"

#define R	MMSCOPE_VMA_READ
#define W	MMSCOPE_VMA_WRITE
#define X	MMSCOPE_VMA_EXEC
#define S	MMSCOPE_VMA_SHARED
#define MiB	(1ULL << 20)

struct row {
	uint64_t start, end, flags;
	uint8_t backing;
	uint64_t inode;
	uint32_t role;
	const char *name;
	enum mms_purpose expected;
};

#define ANON	MMSCOPE_BACKING_ANON
#define FILE_	MMSCOPE_BACKING_FILE
#define SHMEM	MMSCOPE_BACKING_SHMEM

static void check(const struct row *rows, size_t n, unsigned int threads)
{
	struct mms_vma vma[32] = { 0 };
	struct mms_vmas list = { .count = n, .vma = vma };

	assert_true(n <= 32);
	for (size_t i = 0; i < n; i++)
		vma[i] = (struct mms_vma){
			.start = rows[i].start, .end = rows[i].end, .flags = rows[i].flags,
			.flags_known = ~0ULL, .backing = rows[i].backing,
			.inode = rows[i].inode, .role = rows[i].role,
			.name = rows[i].name ? rows[i].name : "",
		};
	mms_vmas_purpose(&list, threads);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(mms_purpose_name(vma[i].purpose),
				    mms_purpose_name(rows[i].expected));
}

#define CHECK(rows, threads) check(rows, ARRAY_SIZE(rows), threads)

static void elf_object(void **state)
{
	static const struct row rows[] = {
		{ 0x10000, 0x12000, R, FILE_, 7, 0, "/bin/x", MMS_PURPOSE_RODATA },
		{ 0x12000, 0x20000, R | X, FILE_, 7, 0, "/bin/x", MMS_PURPOSE_TEXT },
		{ 0x20000, 0x24000, R, FILE_, 7, 0, "/bin/x", MMS_PURPOSE_RODATA },
		{ 0x24000, 0x26000, R, FILE_, 7, 0, "/bin/x", MMS_PURPOSE_RELRO },
		{ 0x26000, 0x27000, R | W, FILE_, 7, 0, "/bin/x", MMS_PURPOSE_DATA },
		{ 0x27000, 0x29000, R | W, ANON, 0, 0, "", MMS_PURPOSE_BSS },
		{ 0x40000, 0x61000, R | W, ANON, 0, MMSCOPE_ROLE_HEAP, "[heap]", MMS_PURPOSE_HEAP },
		{ 0x90000, 0x92000, R, FILE_, 9, 0, "/usr/share/x.mo", MMS_PURPOSE_FILE },
		{ 0xa0000, 0xa2000, R | S, FILE_, 9, 0, "/usr/share/x.mo", MMS_PURPOSE_SHARED_FILE },
	};

	(void)state;
	CHECK(rows, 1);
}

/* The same file number on another device is another file. */
static void same_inode_elsewhere(void **state)
{
	struct mms_vma vma[2] = {
		{ .start = 0x1000, .end = 0x2000, .flags = R | X, .backing = FILE_, .inode = 7,
		  .dev_minor = 1, .name = "/a" },
		{ .start = 0x9000, .end = 0xa000, .flags = R, .backing = FILE_, .inode = 7,
		  .dev_minor = 2, .name = "/b" },
	};
	struct mms_vmas list = { .count = 2, .vma = vma };

	(void)state;
	mms_vmas_purpose(&list, 1);
	assert_int_equal(vma[0].purpose, MMS_PURPOSE_TEXT);
	assert_int_equal(vma[1].purpose, MMS_PURPOSE_FILE);
}

static const struct row thread_rows[] = {
	{ 0x10000, 0x11000, 0, ANON, 0, 0, "", MMS_PURPOSE_GUARD },
	{ 0x11000, 0x810000, R | W, ANON, 0, 0, "", MMS_PURPOSE_THREAD_STACK },
	{ 0x810000, 0x811000, 0, ANON, 0, 0, "", MMS_PURPOSE_GUARD },
	{ 0x811000, 0x1010000, R | W, ANON, 0, 0, "", MMS_PURPOSE_THREAD_STACK },
	{ 0x1020000, 0x1030000, R | W, ANON, 0, 0, "", MMS_PURPOSE_ANON },
};

static void thread_stacks(void **state)
{
	(void)state;
	CHECK(thread_rows, 3);
	CHECK(thread_rows, 0);
}

static void one_thread_has_no_thread_stack(void **state)
{
	struct row rows[ARRAY_SIZE(thread_rows)];

	(void)state;
	memcpy(rows, thread_rows, sizeof(rows));
	rows[1].expected = rows[3].expected = MMS_PURPOSE_ANON;
	CHECK(rows, 1);
}

static void arenas(void **state)
{
	static const struct row rows[] = {
		{ 64 * MiB, 64 * MiB + 0x21000, R | W, ANON, 0, 0, "", MMS_PURPOSE_ARENA },
		{ 64 * MiB + 0x21000, 128 * MiB, 0, ANON, 0, 0, "", MMS_PURPOSE_RESERVED },
		{ 128 * MiB, 192 * MiB, R | W, ANON, 0, 0, "", MMS_PURPOSE_ARENA },
		{ 256 * MiB, 256 * MiB + 0x1000, R | W, ANON, 0, 0, "", MMS_PURPOSE_ANON },
		{ 300 * MiB, 310 * MiB, 0, ANON, 0, 0, "", MMS_PURPOSE_RESERVED },
	};

	(void)state;
	CHECK(rows, 2);
}

static void the_rest(void **state)
{
	static const struct row rows[] = {
		{ 0x10000, 0x20000, R | W | S, SHMEM, 5, 0, "/memfd:x (deleted)", MMS_PURPOSE_SHARED },
		{ 0x30000, 0x40000, R | X, ANON, 0, 0, "", MMS_PURPOSE_CODE },
		{ 0x50000, 0x60000, R | W, MMSCOPE_BACKING_HUGETLB, 6, 0, "/anon_hugepage (deleted)",
		  MMS_PURPOSE_HUGETLB },
		{ 0x70000, 0x80000, R | W | S, MMSCOPE_BACKING_DEVICE, 8, 0, "/dev/dri/card0",
		  MMS_PURPOSE_DEVICE },
		{ 0x90000, 0xa0000, R | W, ANON, 0, MMSCOPE_ROLE_STACK, "[stack]", MMS_PURPOSE_STACK },
		{ 0xb0000, 0xb4000, R, MMSCOPE_BACKING_SPECIAL, 0, 0, "[vvar]", MMS_PURPOSE_VDSO },
		{ 0xb4000, 0xb6000, R | X, MMSCOPE_BACKING_SPECIAL, 0, 0, "[vdso]", MMS_PURPOSE_VDSO },
	};

	(void)state;
	CHECK(rows, 1);
}

static void nothing_at_all(void **state)
{
	struct mms_vmas list = { 0 };

	(void)state;
	mms_vmas_purpose(&list, 1);
	assert_int_equal(mms_vmas_find(&list, 0x1000), 0);
}

static void finding(void **state)
{
	struct mms_vma vma[3] = {
		{ .start = 0x1000, .end = 0x2000 }, { .start = 0x2000, .end = 0x3000 },
		{ .start = 0x8000, .end = 0x9000 },
	};
	struct mms_vmas list = { .count = 3, .vma = vma };

	(void)state;
	assert_int_equal(mms_vmas_find(&list, 0), 0);
	assert_int_equal(mms_vmas_find(&list, 0x1fff), 0);
	assert_int_equal(mms_vmas_find(&list, 0x2000), 1);
	assert_int_equal(mms_vmas_find(&list, 0x3000), 2);
	assert_int_equal(mms_vmas_find(&list, 0x8fff), 2);
	assert_int_equal(mms_vmas_find(&list, 0x9000), 3);
	assert_false(mms_vma_covers(&vma[2], 0x9000));
	assert_true(mms_vma_covers(&vma[2], 0x8000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("unit.purpose.elf_object", elf_object),
		TEST("unit.purpose.same_inode_elsewhere", same_inode_elsewhere),
		TEST("unit.purpose.thread_stacks", thread_stacks),
		TEST("unit.purpose.one_thread", one_thread_has_no_thread_stack),
		TEST("unit.purpose.arenas", arenas),
		TEST("unit.purpose.the_rest", the_rest),
		TEST("unit.purpose.nothing_at_all", nothing_at_all),
		TEST("unit.purpose.finding", finding),
	};

	return cmocka_run_group_tests_name("purpose", tests, NULL, NULL);
}
