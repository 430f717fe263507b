/* SPDX-License-Identifier: GPL-2.0 */
/*
 * locks.c - who else has locked a page is root's to know: a page of a file, one
 * that is shared with a parent, one that KSM merged with another's. By all that
 * tells of locks, with root's answer to show that there was one.
 */
#include <sys/mount.h>
#include <sys/stat.h>

#include "people.h"

static int *result;

/* ---- who else locks a page is root's to know ---- */

#define LOCKS (CAT(MLOCKED) | CAT(UNEVICTABLE))

/* Of one page: what PAGES and WALK say, and how many are locked by each way to count. */
enum { PAGES, WALKED, LISTED, ONE_CATEGORY, SUMMED, FILTERED, WAYS };
static const char *const way[WAYS] = {
	"pages", "walk", "vmas", "vmas_of_one_category", "totals", "filter"
};
static u64 *told_of;
static char *theirs;

/* VMAS of the page, with one record of accounts; or its sum alone. */
static u64 count_locked(int fd, u64 flags)
{
	struct mmscope_vma vma;
	struct mmscope_acct acct = { 0 };
	struct mmscope_vmas v = {
		.size = sizeof(v), .flags = flags,
		.start = (uintptr_t)theirs, .end = (uintptr_t)theirs + page,
		.vmas = (uintptr_t)&vma, .vmas_len = flags ? 0 : 1,
		.accts = (uintptr_t)&acct, .acct_categories = CAT(MLOCKED),
	};

	return call(fd, MMSCOPE_VMAS, &v) ? ~0ULL : acct.pages[MMSCOPE_CAT_MLOCKED];
}

/* The category is in the filter alone. */
static u64 filter_locked(int fd)
{
	struct mmscope_pages p = {
		.size = sizeof(p), .start = (uintptr_t)theirs, .end = (uintptr_t)theirs + page,
		.all_of = CAT(MLOCKED),
	};

	return call(fd, MMSCOPE_PAGES, &p) ? ~0ULL : p.pages;
}

static void look_at_lock(pid_t pid)
{
	int fd = session_of(pid);
	u64 at = (uintptr_t)theirs;
	struct mmscope_walk w;
	struct snapshot snap;
	u64 i;

	get_states(fd, at, 1, &told_of[PAGES]);
	walk(fd, at, 0, &w);
	told_of[WALKED] = w.categories;
	told_of[LISTED] = ~0ULL;
	get_vmas(fd, at, at + page, true, &snap);
	for (i = 0; i < snap.count; i++)
		told_of[LISTED] = snap.accts[i].pages[MMSCOPE_CAT_MLOCKED] +
				  snap.accts[i].pages[MMSCOPE_CAT_UNEVICTABLE];
	free_vmas(&snap);
	told_of[ONE_CATEGORY] = count_locked(fd, 0);
	told_of[SUMMED] = count_locked(fd, MMSCOPE_VMAS_TOTALS);
	told_of[FILTERED] = filter_locked(fd);
	close(fd);
}

static void look_at_lock_as_bob(void *arg)
{
	be_bob();
	look_at_lock(*(pid_t *)arg);
}

static void check_lock(const char *name, pid_t pid, u64 is_a)
{
	int i;

	look_at_lock(pid);
	if (!(told_of[PAGES] & CAT(MLOCKED)) || (told_of[PAGES] & is_a) != is_a) {
		tap_note("categories %#llx", (unsigned long long)told_of[PAGES]);
		skip(name, "the page did not become what it should");
		return;
	}
	ok(told_of[WALKED] & CAT(MLOCKED), "%s.walk_by_root", name);
	for (i = LISTED; i < WAYS; i++)
		ok(told_of[i] && told_of[i] <= 2, "%s.%s_by_root", name, way[i]);
	wait_for(child_of(look_at_lock_as_bob, &pid));
	for (i = PAGES; i <= WALKED; i++)
		ok(!(told_of[i] & LOCKS) && (told_of[i] & CAT(LOCK_UNKNOWN)), "%s.%s", name, way[i]);
	for (; i < WAYS; i++)
		eq(told_of[i], 0, "%s.%s", name, way[i]);
}

static void be_bob_with_the_page(void)
{
	(void)*(volatile char *)theirs;
	be_bob();
}

static void test_lock_of_file(void)
{
	int f = open("/tmp/mmscope-secrets", O_RDWR | O_CREAT | O_TRUNC, 0644);
	pid_t pid;

	if (f < 0 || ftruncate(f, page))
		tap_bail("/tmp/mmscope-secrets");
	theirs = isle(page, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	*theirs = 1;
	pid = stay_as(be_bob_with_the_page);
	mlock(theirs, page);
	check_lock("file", pid, CAT(SHMEM));
	end(pid);
	munmap(theirs, page);
	close(f);
	unlink("/tmp/mmscope-secrets");
}

/* The parent locks a page that it still shares with a child that became Bob. */
static void test_lock_of_parent(void)
{
	pid_t pid;

	theirs = isle(page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*theirs = 1;
	pid = stay_as(be_bob);
	mprotect(theirs, page, PROT_READ);	/* or mlock would copy it */
	mlock(theirs, page);
	check_lock("parent", pid, CAT(ANON) | CAT(SHARED));
	end(pid);
	munmap(theirs, page);
}

#define HUGE_BYTES	(2UL << 20)

/* A page of it, which he has locked himself: that is not what root's lock is. */
static void be_bob_with_one_page(void)
{
	int f = open("/tmp/mmscope-huge/file", O_RDONLY);

	munmap(theirs, HUGE_BYTES);
	mmap(theirs, page, PROT_READ, MAP_SHARED | MAP_FIXED, f, 0);
	(void)*(volatile char *)theirs;
	be_bob();
	if (mlock(theirs, page))
		_exit(1);
}

static bool is_huge(const void *at)
{
	int fd = session_of(getpid());
	u64 state = 0;

	get_states(fd, (uintptr_t)at, 1, &state);
	close(fd);
	return state & CAT(HUGE_PMD);
}

static void look_at_huge(int f)
{
	char *room = mmap(NULL, 2 * HUGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	theirs = (char *)(((uintptr_t)room + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1));
	mmap(theirs, HUGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, f, 0);
	memset(theirs, 1, HUGE_BYTES);
	if (mlock(theirs, HUGE_BYTES) || !is_huge(theirs)) {
		skip("huge", "no huge page");
	} else {
		pid = stay_as(be_bob_with_one_page);
		check_lock("huge", pid, CAT(SHMEM));
		end(pid);
	}
	munmap(room, 2 * HUGE_BYTES);
}

/* What maps a part of a large folio does not lock it, also if its VMA is locked. */
static void test_lock_of_huge(void)
{
	int f;

	mkdir("/tmp/mmscope-huge", 0755);
	if (mount("none", "/tmp/mmscope-huge", "tmpfs", 0, "huge=always,mode=755")) {
		skip("huge", "no tmpfs of huge pages");
	} else {
		f = open("/tmp/mmscope-huge/file", O_RDWR | O_CREAT, 0644);
		if (f < 0 || ftruncate(f, HUGE_BYTES))
			tap_bail("/tmp/mmscope-huge/file");
		look_at_huge(f);
		close(f);
		umount("/tmp/mmscope-huge");
	}
	rmdir("/tmp/mmscope-huge");
}

static void be_bob_with_the_same(void)
{
	char *p = mmap(theirs, page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	memset(p, 0x42, page);
	madvise(p, page, MADV_MERGEABLE);
	be_bob();
}

static bool is_merged(pid_t pid)
{
	int fd = session_of(pid);
	u64 state = 0;

	get_states(fd, (uintptr_t)theirs, 1, &state);
	close(fd);
	return state & CAT(KSM);
}

/* Bob has guessed what is in a page of root's: KSM gave them one page. */
static void test_lock_of_ksm(void)
{
	int tries;
	pid_t pid;

	if (write_text("/sys/kernel/mm/ksm/run", "1")) {
		skip("ksm", "no KSM");
		return;
	}
	write_text("/sys/kernel/mm/ksm/sleep_millisecs", "5");
	write_text("/sys/kernel/mm/ksm/pages_to_scan", "1000");
	theirs = isle(page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(theirs, 0x42, page);
	madvise(theirs, page, MADV_MERGEABLE);
	pid = stay_as(be_bob_with_the_same);
	for (tries = 0; tries < 1000 && !(is_merged(pid) && is_merged(getpid())); tries++)
		usleep(10000);
	mprotect(theirs, page, PROT_READ);
	mlock(theirs, page);
	check_lock("ksm", pid, CAT(ANON) | CAT(KSM));
	write_text("/sys/kernel/mm/ksm/run", "2");
	end(pid);
	munmap(theirs, page);
}

/* How much others ask tells how large is what they ask about. */
static void read_batches(void *arg)
{
	struct mmscope_info info;
	int fd, i;

	(void)arg;
	be_bob();
	fd = session();
	get_info(fd, &info);
	result[0] = info.batches == ~0ULL && !info.hold_ns;
	for (i = 0; i < MMSCOPE_HOLDS; i++)
		result[0] &= !info.holds[i];
}

static void test_batches(void)
{
	struct mmscope_info info;
	int fd = session();

	get_info(fd, &info);
	ok(info.batches != ~0ULL, "batches.root_is_told");
	close(fd);
	result[0] = 0;
	wait_for(child_of(read_batches, NULL));
	eq(result[0], 1, "batches.bob_is_not");
}

/* ---- a file that root read the beginning of: the rest is made anew for Bob ---- */

static char *locked_by_root;

static void read_locked_on(void *arg)
{
	char text[4096];
	ssize_t n;

	be_bob();
	n = read(*(int *)arg, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = 0;
	result[0] = n < 0 ? errno : 0;
	result[1] = !!strstr(text, "mmscope-locks");
	n = pread(*(int *)arg, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = 0;
	result[2] = n < 0 ? errno : 0;
	result[3] = !!strstr(text, "mmscope-locks");
}

/* Bob maps a page of a file, which root has locked elsewhere. */
static void be_bob_with_roots_page(void)
{
	int f = open("/tmp/mmscope-locks", O_RDONLY);
	volatile char *p = isle(page, PROT_READ, MAP_SHARED, f, 0);

	(void)p[0];
	be_bob();
}

static void test_read_on(void)
{
	int f = open("/tmp/mmscope-locks", O_RDWR | O_CREAT | O_TRUNC, 0644), fd;
	pid_t pid;
	char text[4096];
	ssize_t n;

	if (f < 0 || ftruncate(f, page))
		tap_bail("/tmp/mmscope-locks");
	locked_by_root = isle(page, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	if (mlock(locked_by_root, page))
		tap_bail("mlock");
	pid = stay_as(be_bob_with_roots_page);
	snprintf(text, sizeof(text), "%d", pid);
	write_text("/proc/mmscope/targets", text);
	snprintf(text, sizeof(text), "/proc/mmscope/%d/locked", pid);
	fd = open(text, O_RDONLY);
	n = pread(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = 0;
	ok(strstr(text, "mmscope-locks") != NULL, "read_on.root_is_told");
	lseek(fd, 0, SEEK_SET);
	if (read(fd, text, 10) != 10)
		tap_bail("read");
	memset(result, 0xff, 4 * sizeof(int));
	wait_for(child_of(read_locked_on, &fd));
	eq_err(result[0], 0, "read_on.bob_reads_on");
	eq(result[1], 0, "read_on.roots_text_is_not_left_for_bob");
	eq_err(result[2], 0, "read_on.bob_reads_anew");
	eq(result[3], 0, "read_on.nor_is_it_made_for_him");
	close(fd);
	close(f);
	end(pid);
	munmap(locked_by_root, page);
	unlink("/tmp/mmscope-locks");
}

int main(int argc, char **argv)
{
	role_of_copy(argc, argv);
	tap_start("vm.locks.", 60);
	result = shared(page);
	told_of = shared(page);
	close(session());
	test_lock_of_file();
	test_lock_of_parent();
	test_lock_of_huge();
	test_lock_of_ksm();
	test_batches();
	test_read_on();
	return tap_end();
}
