/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat32.c - a 32-bit program against a 64-bit kernel: every command, with
 * the same layout and the same answers. Freestanding (no C library of that
 * word size is needed), so it writes TAP by itself.
 */
#include "mmscope.h"

typedef unsigned long word;
_Static_assert(sizeof(word) == 4, "to be compiled with -m32");

#define AT(type, member, offset) \
	_Static_assert(__builtin_offsetof(struct type, member) == (offset), #type "." #member)
AT(mmscope_info, features, 16);
AT(mmscope_info, version, 88);
AT(mmscope_mm, comm, 16);
AT(mmscope_mm, rlim_memlock, 280);
AT(mmscope_vma, role, 56);
AT(mmscope_acct, rss, 320);
AT(mmscope_vmas, vmas, 24);
AT(mmscope_vmas, mm, 56);
AT(mmscope_vmas, names_bytes, 88);
AT(mmscope_run, frame, 24);
AT(mmscope_pages, runs, 64);
AT(mmscope_pages, pages, 96);
AT(mmscope_level, entry, 24);
AT(mmscope_walk, levels, 32);
AT(mmscope_walk, vma, 232);

static long sys(long nr, long a, long b, long c)
{
	long answer;

	__asm__ volatile("int $0x80" : "=a"(answer) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory");
	return answer;
}

#define EXIT	1
#define WRITE	4
#define OPEN	5
#define GETPID	20
#define BRK	45
#define IOCTL	54

static int count, failed;

static void say(const char *text)
{
	long n = 0;

	while (text[n])
		n++;
	sys(WRITE, 1, (long)text, n);
}

static void ok(int good, const char *name)
{
	char number[4] = { '0', '0', ' ', 0 };

	count++;
	number[0] += count / 10;
	number[1] += count % 10;
	say(good ? "ok " : "not ok ");
	say(number);
	say("- abi.compat32.");
	say(name);
	say("\n");
	failed += !good;
}

static struct mmscope_info info;
static struct mmscope_mm mm, mm2;
static struct mmscope_vma vmas[200];
static struct mmscope_acct accts[200];
static char names[65536];
static struct mmscope_run runs[500];
static struct mmscope_walk walk;

static int query(int fd, unsigned long cmd, void *arg)
{
	return sys(IOCTL, fd, cmd, (long)arg);
}

static void test_mm(int fd)
{
	long here = sys(BRK, 0, 0, 0);

	mm.size = sizeof(mm);
	ok(query(fd, MMSCOPE_MM, &mm) == 0, "mm");
	ok(mm.brk == (word)here, "brk");
	sys(BRK, here + 123, 0, 0);
	query(fd, MMSCOPE_MM, &mm);
	ok(mm.brk == (word)here + 123, "brk_moved");
	ok(mm.pid == sys(GETPID, 0, 0, 0), "pid");
	ok(mm.task_size <= 0x100000000ULL, "task_size");
}

static void test_vmas(int fd)
{
	struct mmscope_vmas v = {
		.size = sizeof(v), .end = 1ULL << 32, .vmas = (word)vmas, .vmas_len = 200,
		.names = (word)names, .names_len = sizeof(names), .accts = (word)accts,
		.mm = (word)&mm2,
	};
	__u64 i, total = 0, present = 0;

	mm2.size = sizeof(mm2);
	ok(query(fd, MMSCOPE_VMAS, &v) == 0, "vmas");
	for (i = 0; i < v.vmas_count; i++) {
		total += vmas[i].end - vmas[i].start;
		present += accts[i].pages[MMSCOPE_CAT_PRESENT];
	}
	ok(total == mm2.total_vm && v.vmas_count == mm2.map_count, "vmas_mm");
	ok(present > 0, "vmas_accts");
	v.vmas_len = 1;
	ok(query(fd, MMSCOPE_VMAS, &v) == -28, "vmas_enospc");
	v.vmas_len = 200;
	v.vmas = 0x100000000ULL + (word)vmas;
	ok(query(fd, MMSCOPE_VMAS, &v) == -14, "pointer_above_4g");
}

static void test_pages(int fd)
{
	word here = (word)runs & ~4095UL;
	struct mmscope_pages p = {
		.size = sizeof(p), .start = here, .end = here + 4096,
		.categories = info.categories, .runs = (word)runs, .runs_len = 500,
	};

	runs[0].start = 1;
	ok(query(fd, MMSCOPE_PAGES, &p) == 0 && p.runs_count == 1, "pages");
	ok(runs[0].start == here && runs[0].end == here + 4096 &&
	   runs[0].categories & MMSCOPE_CAT(PRESENT), "pages_run");
	walk.size = sizeof(walk);
	walk.address = here;
	ok(query(fd, MMSCOPE_WALK, &walk) == 0 && walk.has_vma, "walk");
	ok(walk.levels[walk.levels_count - 1].kind == MMSCOPE_ENTRY_LEAF, "walk_leaf");
	walk.address = 1ULL << 63;
	ok(query(fd, MMSCOPE_WALK, &walk) == -34, "walk_erange");
}

void _start(void)
{
	struct mmscope_attach attach = { .size = sizeof(attach) };
	int fd = sys(OPEN, (long)MMSCOPE_DEVICE, 0, 0);

	ok(fd >= 0, "open");
	info.size = sizeof(info);
	ok(query(fd, MMSCOPE_INFO, &info) == 0 && info.abi == MMSCOPE_ABI, "info");
	ok(info.task_size <= 0x100000000ULL, "info_task_size");
	attach.pid = sys(GETPID, 0, 0, 0);
	ok(query(fd, MMSCOPE_ATTACH, &attach) == 0, "attach");
	attach.size = 8;
	ok(query(fd, MMSCOPE_ATTACH, &attach) == -22, "attach_short");
	test_mm(fd);
	test_vmas(fd);
	test_pages(fd);
	ok(query(fd, 0xBE77, 0) == -25, "enotty");
	say("1..21\n");
	sys(EXIT, failed ? 1 : 0, 0, 0);
}
