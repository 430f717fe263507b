/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mm.c - INFO, ATTACH and MM: what they tell, set beside /proc/PID/stat,
 * /proc/PID/status, maps, getrlimit, and sbrk(0) called in the process itself.
 */
#include <limits.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "kit.h"

static struct subject s;
static int fd;
static volatile pid_t *tid;	/* of the subject's second thread */

static void test_info(void)
{
	struct mmscope_info info;
	int err = get_info(fd, &info);

	eq_err(err, 0, "info.answers");
	eq(info.size, sizeof(info), "info.size");
	eq(info.abi, MMSCOPE_ABI, "info.abi");
	eq(1UL << info.page_shift, page, "info.page_shift");
	eq(info.categories & ~MMSCOPE_CATS_ALL, 0, "info.categories_known");
	ok(info.categories & CAT(PRESENT) && info.categories & CAT(IN_CORE) &&
	   info.categories & CAT(CACHE_UNKNOWN) && info.categories & CAT(ANON),
	   "info.categories_basic");
	ok(info.vma_flags & MMSCOPE_VMA_LOCKED && info.vma_flags & MMSCOPE_VMA_READ,
	   "info.vma_flags");
	ok(info.features & MMSCOPE_FEAT_TOTALS, "info.totals");
	ok(info.features & MMSCOPE_FEAT_PART, "info.part");
	ok(info.features & MMSCOPE_FEAT_FRAMES && info.features & MMSCOPE_FEAT_PIDFD,
	   "info.features_for_root");
	ok(info.levels >= 3 && info.levels <= 5, "info.levels");
#ifdef __x86_64__
	eq(info.pmd_shift, 21, "info.pmd_shift");
	eq(info.task_size, info.levels == 5 ? (1ULL << 56) - page : (1ULL << 47) - page,
	   "info.task_size");
#elif defined(__aarch64__)
	eq(info.pmd_shift, page == 4096 ? 21 : page == 16384 ? 25 : 29, "info.pmd_shift");
	if (page == 4096)
		eq(info.task_size, info.levels == 5 ? 1ULL << 52 : 1ULL << 48, "info.task_size");
#endif
	ok(info.targets_max >= info.targets_user_max && info.targets_user_max > 0,
	   "info.targets_max");
	ok(info.snapshot_max >= 1 << 20, "info.snapshot_max");
	ok(memchr(info.version, 0, sizeof(info.version)) && info.version[0], "info.version");
}

/* The classes are of the very holds that are counted and summed. */
static void check_holds(const struct mmscope_info *before, const struct mmscope_info *after)
{
	u64 n = 0, least = 0, class_of_longest = 0, i;

	for (i = 0; i < MMSCOPE_HOLDS; i++) {
		n += after->holds[i];
		least += i ? after->holds[i] * (500ULL << i) : 0;
		if (after->holds[i])
			class_of_longest = i;
	}
	eq(n, after->batches, "info.holds.are_the_batches");
	ok(after->hold_ns > before->hold_ns && after->hold_ns >= least &&
	   after->hold_ns >= after->longest_hold_ns, "info.holds.sum");
	ok(class_of_longest == MMSCOPE_HOLDS - 1 ?
	   after->longest_hold_ns > 500ULL << class_of_longest :
	   after->longest_hold_ns <= 1000ULL << class_of_longest, "info.holds.longest");
}

static void test_info_counts(void)
{
	struct mmscope_info before, after;
	struct mmscope_mm mm;
	int i;

	get_info(fd, &before);
	for (i = 0; i < 10; i++)
		get_mm(fd, &mm);
	get_info(fd, &after);
	ok(after.batches >= before.batches + 10, "info.batches_count");
	ok(after.longest_hold_ns > 0, "info.longest_hold");
	check_holds(&before, &after);
}

/* ---- the break ---- */

static long do_sbrk(void *by)
{
	return (long)sbrk((intptr_t)by);
}

static u64 told_brk(void)
{
	struct mmscope_mm mm;

	return get_mm(fd, &mm) ? 0 : mm.brk;
}

static void test_brk(void)
{
	static const long steps[] = { 0, 1, 100, 3995, 4096, 135168, -7, -135168, 12345, -1 };
	struct mmscope_mm mm;
	size_t i;

	get_mm(fd, &mm);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		subject_call(&s, do_sbrk, (void *)steps[i]);
		eq(told_brk(), subject_call(&s, do_sbrk, NULL), "mm.brk.step_%zu_by_%ld", i,
		   steps[i]);
	}
	eq(mm.start_brk, stat_field(s.pid, 47), "mm.brk.start");
	ok(told_brk() % page, "mm.brk.unaligned_is_told");
}

/* A raw brk(2) that the C library does not know of. */
static long raw_brk(void *to)
{
	return syscall(SYS_brk, to);
}

static void test_raw_brk(void)
{
	u64 now = told_brk();

	subject_call(&s, raw_brk, (void *)(now + 77));
	eq(told_brk(), now + 77, "mm.brk.raw");
	subject_call(&s, raw_brk, (void *)now);
	eq(told_brk(), now, "mm.brk.raw_back");
}

/* ---- the rest of MM against stat and status ---- */

static void test_bounds(void)
{
	struct mmscope_mm mm;
	const struct {
		const char *name;
		u64 *value;
		int number;
	} table[] = {
		{ "start_code", &mm.start_code, 26 }, { "end_code", &mm.end_code, 27 },
		{ "start_stack", &mm.start_stack, 28 }, { "start_data", &mm.start_data, 45 },
		{ "end_data", &mm.end_data, 46 }, { "start_brk", &mm.start_brk, 47 },
		{ "arg_start", &mm.arg_start, 48 }, { "arg_end", &mm.arg_end, 49 },
		{ "env_start", &mm.env_start, 50 }, { "env_end", &mm.env_end, 51 },
	};
	size_t i;

	eq_err(get_mm(fd, &mm), 0, "mm.answers");
	for (i = 0; i < ARRAY_SIZE(table); i++)
		eq(*table[i].value, stat_field(s.pid, table[i].number), "mm.%s", table[i].name);
	ok(mm.mmap_base > mm.start_code && mm.mmap_base < mm.task_size, "mm.mmap_base");
#ifdef __x86_64__
	ok(mm.task_size >= (1ULL << 47) - page, "mm.task_size");
#elif defined(__aarch64__)
	ok(mm.task_size >= 1ULL << 39, "mm.task_size");
#endif
	eq(mm.pid, s.pid, "mm.pid");
	eq(mm.tid, s.pid, "mm.tid");
	eq(mm.size, sizeof(mm), "mm.size");
}

static bool near(u64 a, u64 b, u64 slack)
{
	return a > b ? a - b <= slack : b - a <= slack;
}

static void test_counters(void)
{
	struct mmscope_mm mm;
	char *status = read_text("/proc/%d/status", s.pid);
	const struct {
		const char *name;
		u64 *value;
		bool lags;
	} table[] = {
		{ "VmSize", &mm.total_vm, false }, { "VmData", &mm.data_vm, false },
		{ "VmStk", &mm.stack_vm, false }, { "VmLck", &mm.locked_vm, false },
		{ "VmPin", &mm.pinned_vm, false }, { "VmPTE", &mm.pgtables, false },
		{ "VmPeak", &mm.hiwater_vm, false }, { "VmHWM", &mm.hiwater_rss, true },
		{ "RssAnon", &mm.rss_anon, true }, { "RssFile", &mm.rss_file, true },
		{ "RssShmem", &mm.rss_shmem, true }, { "VmSwap", &mm.swap, true },
	};
	/* A per-CPU counter's cheap reading is off by up to 64 pages a CPU. */
	u64 slack = 64 * page * sysconf(_SC_NPROCESSORS_CONF);
	struct maps maps;
	size_t i;

	get_mm(fd, &mm);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		u64 want = field(status, table[i].name) * 1024, got = *table[i].value;

		if (!ok(near(got, want, table[i].lags ? slack : 0), "mm.%s", table[i].name))
			tap_note("got %llu, status says %llu", (long long)got, (long long)want);
	}
	eq(mm.exec_vm, (field(status, "VmExe") + field(status, "VmLib")) * 1024, "mm.exec_vm");
	get_maps(s.pid, &maps);
	eq(mm.map_count, maps.count, "mm.map_count");
	free_maps(&maps);
	free(status);
}

static long set_limits(void *arg)
{
	struct rlimit r = { .rlim_max = RLIM_INFINITY };

	(void)arg;
	r.rlim_cur = 123456789;
	setrlimit(RLIMIT_DATA, &r);
	r.rlim_cur = 1ULL << 40;
	setrlimit(RLIMIT_AS, &r);
	r.rlim_cur = 7654321;
	setrlimit(RLIMIT_STACK, &r);
	r.rlim_cur = 65537;
	return setrlimit(RLIMIT_MEMLOCK, &r);
}

static long clear_limit(void *arg)
{
	struct rlimit r = { RLIM_INFINITY, RLIM_INFINITY };

	(void)arg;
	return setrlimit(RLIMIT_MEMLOCK, &r) | setrlimit(RLIMIT_DATA, &r);
}

static void test_limits(void)
{
	struct mmscope_mm mm;

	subject_call(&s, set_limits, NULL);
	get_mm(fd, &mm);
	eq(mm.rlim_data, 123456789, "mm.rlim_data");
	eq(mm.rlim_as, 1ULL << 40, "mm.rlim_as");
	eq(mm.rlim_stack, 7654321, "mm.rlim_stack");
	eq(mm.rlim_memlock, 65537, "mm.rlim_memlock");
	subject_call(&s, clear_limit, NULL);
	get_mm(fd, &mm);
	eq(mm.rlim_memlock, ~0ULL, "mm.rlim_none");
}

static long do_mlockall(void *flags)
{
	return flags ? mlockall((long)flags) : munlockall();
}

#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif

static void test_mlockall(void)
{
	struct mmscope_mm mm;

	get_mm(fd, &mm);
	eq(mm.def_flags, 0, "mm.def_flags_none");
	subject_call(&s, do_mlockall, (void *)(long)MCL_FUTURE);
	get_mm(fd, &mm);
	eq(mm.def_flags, MMSCOPE_VMA_LOCKED, "mm.def_flags_future");
	subject_call(&s, do_mlockall, (void *)(long)(MCL_FUTURE | MCL_ONFAULT));
	get_mm(fd, &mm);
	eq(mm.def_flags, MMSCOPE_VMA_LOCKED | MMSCOPE_VMA_LOCKONFAULT, "mm.def_flags_onfault");
	subject_call(&s, do_mlockall, (void *)(long)(MCL_CURRENT | MCL_ONFAULT));
	get_mm(fd, &mm);
	eq(mm.def_flags, 0, "mm.def_flags_current_only");
	ok(mm.locked_vm > 0, "mm.locked_vm");
	subject_call(&s, do_mlockall, NULL);
	get_mm(fd, &mm);
	eq(mm.locked_vm, 0, "mm.locked_vm_none");
}

static long rename_self(void *arg)
{
	return prctl(PR_SET_NAME, arg);
}

static void test_comm(void)
{
	struct mmscope_mm mm;

	subject_call(&s, rename_self, "fifteen letters");
	get_mm(fd, &mm);
	eq(strcmp(mm.comm, "fifteen letters"), 0, "mm.comm");
	subject_call(&s, rename_self, "a\n\x1b)b");
	get_mm(fd, &mm);
	eq(strcmp(mm.comm, "a\n\x1b)b"), 0, "mm.comm_as_it_is");
}

/* ---- threads and pidfds ---- */

static void *sleep_thread(void *arg)
{
	*tid = gettid();
	for (;;)
		pause();
	return arg;
}

static long make_thread(void *arg)
{
	pthread_t t;

	return pthread_create(&t, NULL, sleep_thread, arg);
}

static void test_attach(void)
{
	int other = session(), pidfd = pidfd_of(s.pid);
	struct mmscope_mm mm;

	eq_err(subject_call(&s, make_thread, NULL), 0, "attach.thread_was_made");
	while (!*tid)
		usleep(1000);
	eq_err(attach(other, *tid), 0, "attach.tid");
	get_mm(other, &mm);
	eq(mm.pid, s.pid, "attach.tid_tells_pid");
	eq(mm.tid, *tid, "attach.tid_tells_tid");
	eq(mm.brk, told_brk(), "attach.tid_same_brk");
	eq_err(attach_pidfd(other, pidfd), 0, "attach.by_pidfd");
	get_mm(other, &mm);
	eq(mm.pid, s.pid, "attach.pidfd_pid");
	eq(mm.brk, told_brk(), "attach.pidfd_same_brk");
	eq_err(attach(other, getpid()), 0, "attach.self");
	get_mm(other, &mm);
	eq(mm.brk, (long)sbrk(0), "attach.self_brk");
	eq_err(attach(other, 1), 0, "attach.init");
	get_mm(other, &mm);
	eq(mm.pid, 1, "attach.init_pid");
	close(pidfd);
	close(other);
}

int main(void)
{
	tap_start("abi.", 60);
	tid = shared(page);
	subject_start(&s);
	fd = session_of(s.pid);
	test_info();
	test_info_counts();
	test_brk();
	test_raw_brk();
	test_bounds();
	test_counters();
	test_limits();
	test_mlockall();
	test_comm();
	test_attach();
	subject_end(&s);
	return tap_end();
}
