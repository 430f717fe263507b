/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cache.c - what is told of the page cache: to those whom mincore tells, page by
 * page what it tells that very caller; to others that it is unknown. Whoever asks
 * maps the file himself, so that mincore can be asked as well.
 */
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "people.h"

#define FILE_PAGES 16	/* half of them are written, the rest is a hole */
#define HUGE (2UL << 20)

/* What one caller found out of one mapping. */
struct found {
	int unmapped, unknown, known, known_in, differ;	/* PAGES, and against mincore */
	int mincore_in;
	int walk_differs, count_differs;		/* against PAGES */
};

static struct found *found;

static void compare_walk(int fd, char *p, size_t i, u64 cats)
{
	struct mmscope_walk w;

	walk(fd, (uintptr_t)p + i * page, 0, &w);
	found->walk_differs += ((w.categories ^ cats) & MMSCOPE_CATS_CACHE) != 0;
}

static void compare_counts(int fd, char *p, size_t pages, u64 in, u64 unknown)
{
	struct snapshot snap;
	u64 i;

	get_vmas(fd, (uintptr_t)p, (uintptr_t)p + pages * page, true, &snap);
	for (i = 0; i < snap.count; i++) {
		in -= snap.accts[i].pages[MMSCOPE_CAT_IN_CORE];
		unknown -= snap.accts[i].pages[MMSCOPE_CAT_CACHE_UNKNOWN];
	}
	found->count_differs += in || unknown;
	free_vmas(&snap);
}

static void look_at(int fd, char *p, size_t pages)
{
	u64 *state = calloc(pages, sizeof(*state)), in = 0, unknown = 0;
	unsigned char *core = malloc(pages);
	size_t i;

	get_states(fd, (uintptr_t)p, pages, state);
	if (mincore(p, pages * page, core))
		memset(core, 1, pages);		/* not our mapping: nothing to compare with */
	for (i = 0; i < pages; i++) {
		bool told_in = state[i] & CAT(IN_CORE), is_unknown = state[i] & CAT(CACHE_UNKNOWN);

		in += told_in;
		unknown += is_unknown;
		found->mincore_in += core[i] & 1;
		if (!(state[i] & CAT(PRESENT))) {
			found->unmapped++;
			found->unknown += is_unknown;
			found->known += !is_unknown;
			found->known_in += !is_unknown && told_in;
		}
		found->differ += !is_unknown && told_in != (core[i] & 1);
		compare_walk(fd, p, i, state[i]);
	}
	compare_counts(fd, p, pages, in, unknown);
	free(state);
	free(core);
}

/* ---- files ---- */


static void fill(int fd, uid_t owner, int mode)
{
	char block[FILE_PAGES / 2 * 4096];

	memset(block, 1, sizeof(block));
	if (fd < 0 || write(fd, block, sizeof(block)) < 0 || ftruncate(fd, FILE_PAGES * page) ||
	    fchown(fd, owner, owner) || fchmod(fd, mode))
		tap_bail("a file: %s", strerror(errno));
}

/* Opened for reading only, by root: that it is open gives nobody a right. */
static int make_file(const char *path, uid_t owner, int mode)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	fill(fd, owner, mode);
	close(fd);
	return open(path, O_RDONLY);
}

static int tmpfs_file(uid_t owner, int mode)
{
	return make_file("/tmp/mmscope-cache", owner, mode);
}

static int memfd_file(uid_t owner, int mode)
{
	int fd = memfd_create("mmscope-cache", 0);

	fill(fd, owner, mode);
	return fd;
}

/* An upper layer of overlayfs: the mapping is of the file below. */
static int overlay_file(uid_t owner, int mode)
{
	const char *top = "/tmp/mmscope-overlay";
	static bool mounted;

	if (!mounted) {
		mkdir(top, 0755);
		mount("tmpfs", top, "tmpfs", 0, NULL);
		mkdir("/tmp/mmscope-overlay/low", 0755);
		mkdir("/tmp/mmscope-overlay/up", 0755);
		mkdir("/tmp/mmscope-overlay/work", 0755);
		mkdir("/tmp/mmscope-overlay/all", 0755);
		if (system("modprobe -q overlay") ||
		    mount("overlay", "/tmp/mmscope-overlay/all", "overlay", 0,
			  "lowerdir=/tmp/mmscope-overlay/low,upperdir=/tmp/mmscope-overlay/up,"
			  "workdir=/tmp/mmscope-overlay/work"))
			return -1;
		mounted = true;
	}
	return make_file("/tmp/mmscope-overlay/all/file", owner, mode);
}

/* On a mount on which what is Alice's is seen as Bob's. */
struct mount_attributes {
	u64 set, clear, propagation, userns;
};

static void in_own_userns(void *arg)
{
	char c;

	if (unshare(CLONE_NEWUSER) || write(((int *)arg)[1], "", 1) != 1)
		_exit(1);
	pause_for_ever();
	_exit(read(0, &c, 1));
}

static int userns_fd(void)
{
	char path[60], line[40], c;
	int ends[2], fd = -1;
	pid_t pid;

	if (pipe(ends))
		return -1;
	pid = child_of(in_own_userns, ends);
	close(ends[1]);
	if (read(ends[0], &c, 1) == 1) {
		snprintf(line, sizeof(line), "%d %d 1", ALICE, BOB);
		snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
		write_text(path, line);
		snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
		write_text(path, line);
		snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
		fd = open(path, O_RDONLY);
	}
	close(ends[0]);
	end(pid);
	return fd;
}

static int idmapped_file(uid_t owner, int mode)
{
	static int tree = -2;
	struct mount_attributes a = { .set = 0x100000 /* MOUNT_ATTR_IDMAP */ };

	mkdir("/tmp/mmscope-idmap", 0755);
	close(make_file("/tmp/mmscope-idmap/file", owner, mode));
	if (tree == -2) {
		a.userns = userns_fd();
		tree = syscall(428 /* open_tree */, AT_FDCWD, "/tmp/mmscope-idmap",
			       1 /* OPEN_TREE_CLONE */ | O_CLOEXEC);
		if (tree >= 0 && syscall(442 /* mount_setattr */, tree, "", 0x1000 /* AT_EMPTY_PATH */,
					 &a, sizeof(a)))
			tree = -1;
	}
	return tree < 0 ? -1 : openat(tree, "file", O_RDONLY);
}

/* ---- callers map it themselves ---- */

struct inquiry {
	void (*become)(void);
	int fd, flags;
};

static void ask(void *arg)
{
	const struct inquiry *q = arg;
	char *p;

	q->become();
	p = isle(FILE_PAGES * page, PROT_READ, q->flags, q->fd, 0);
	if (p == MAP_FAILED)
		_exit(1);
	madvise(p, FILE_PAGES * page, MADV_RANDOM);
	(void)*(volatile char *)(p + 3 * page);
	look_at(session_of(getpid()), p, FILE_PAGES);
}

static const struct {
	const char *name;
	void (*become)(void);
	uid_t owner;
	int mode;
} callers[] = {
	{ "owner", be_alice, ALICE, 0400 }, { "may_write", be_bob, ALICE, 0666 },
	{ "reader_only", be_bob, ALICE, 0644 }, { "root", be_root, ALICE, 0600 },
	{ "root_without_any", be_root_without_any, ALICE, 0644 },
	{ "with_dac_override", be_bob_with_dac, ALICE, 0644 },
	{ "with_admin", be_bob_with_admin, ALICE, 0644 },
	{ "userns_root", be_userns_root_bob, ALICE, 0644 },
	{ "userns_root_owner", be_userns_root_alice, ALICE, 0444 },
	{ "owner_by_fsuid", be_alice_by_fsuid, ALICE, 0444 },
	{ "owners_group_may_write", be_alice_in_bobs_group, BOB, 0664 },
};

static int told_some, told_none;

/* mincore tells whom it must not tell ones only: there is a hole in each file. */
static void judge(const char *kind, const char *who)
{
	bool may = found->mincore_in < FILE_PAGES;

	*(may ? &told_some : &told_none) += 1;
	if (may)
		ok(!found->unknown && !found->differ && found->known, "%s.%s.told_as_by_mincore",
		   kind, who);
	else
		ok(!found->known && found->unknown, "%s.%s.unknown_as_by_mincore", kind, who);
	ok(found->unmapped > 0 && found->unmapped < FILE_PAGES, "%s.%s.both_kinds", kind, who);
	eq(found->walk_differs, 0, "%s.%s.walk", kind, who);
	eq(found->count_differs, 0, "%s.%s.vmas", kind, who);
}

static void test_kind(const char *kind, int (*make)(uid_t, int), int flags)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(callers); i++) {
		struct inquiry q = { callers[i].become, make(callers[i].owner, callers[i].mode),
				     flags };

		if (q.fd < 0) {
			skip(kind, "not to be had here: %s", strerror(errno));
			return;
		}
		memset(found, 0, sizeof(*found));
		if (eq(wait_for(child_of(ask, &q)), 0, "%s.%s", kind, callers[i].name))
			judge(kind, callers[i].name);
		close(q.fd);
	}
}

/* ---- what is cached in any pattern, in folios of any size ---- */

#define MANY (5 * HUGE / page + 77)	/* pages of a file */
#define MOUNTED "/tmp/mmscope-cached"

static size_t roll(size_t n)
{
	return n ? random() % n : 0;
}

/* Writes and drops what comes: short ranges and long ones, by halves, and at the ends. */
static void make_pattern(int fd, bool punch)
{
	size_t i, steps = 3 + roll(40);
	char *block = calloc(MANY, page);

	for (i = 0; i < steps; i++) {
		size_t at = roll(MANY), n = 1 + roll(roll(2) ? 9 : MANY - at);

		n = n > MANY - at ? MANY - at : n;
		if (!i || roll(2)) {
			if (pwrite(fd, block, n * page, at * page) < 0)
				tap_bail("writing a pattern: %s", strerror(errno));
		} else if (punch) {
			fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at * page,
				  n * page);
		} else {
			fsync(fd);
			posix_fadvise(fd, at * page, n * page, POSIX_FADV_DONTNEED);
		}
	}
	free(block);
}

/* Maps it all, touches some, has some swapped out if it is such memory. */
static char *map_pattern(int fd, bool punch)
{
	char *p = isle(MANY * page, PROT_READ, MAP_SHARED, fd, 0);
	size_t i, n = roll(30);

	for (i = 0; i < n; i++)
		(void)*(volatile char *)(p + roll(MANY) * page);
	if (punch && roll(2))
		madvise(p, roll(MANY) * page, MADV_PAGEOUT);
	return p;
}

/* Again, while the disk still reads ahead. */
static bool settles_as_by_mincore(int session, char *p)
{
	int tries;

	for (tries = 0; tries < 10; tries++) {
		memset(found, 0, sizeof(*found));
		look_at(session, p, MANY);
		if (!found->differ && !found->walk_differs && !found->count_differs)
			return true;
		usleep(50000);
	}
	return false;
}

static void test_patterns(const char *kind, const char *how, bool punch)
{
	int fd, i, session = session_of(getpid()), differing = 0;
	struct found sum = {};

	mkdir(MOUNTED, 0700);
	if (system(how)) {
		skip(kind, "not to be mounted here");
		return;
	}
	srandom(getpid());
	tap_note("%s: seed %d", kind, getpid());
	for (i = 0; i < 8; i++) {
		char *p;

		fd = open(MOUNTED "/file", O_RDWR | O_CREAT | O_TRUNC, 0600);
		if (fd < 0 || ftruncate(fd, MANY * page))
			tap_bail("a file: %s", strerror(errno));
		make_pattern(fd, punch);
		p = map_pattern(fd, punch);
		differing += !settles_as_by_mincore(session, p);
		sum.known_in += found->known_in;
		sum.known += found->known;
		munmap(p, MANY * page);
		close(fd);
	}
	tap_note("%s: %d pages known, %d of them in core", kind, sum.known, sum.known_in);
	eq(differing, 0, "patterns.%s.as_by_mincore", kind);
	ok(sum.known_in > 1000 && sum.known > sum.known_in + 1000, "patterns.%s.both_kinds", kind);
	close(session);
	umount(MOUNTED);
}

/* ---- whose credentials: who asks, whoever attached and whoever maps it ---- */

static char *roots_map;
static int roots_session;

static void ask_by_roots_session(void *arg)
{
	((void (*)(void))arg)();
	look_at(roots_session, roots_map, FILE_PAGES);
}

static void test_handed_on(void)
{
	int fd = tmpfs_file(ALICE, 0600);

	roots_map = isle(FILE_PAGES * page, PROT_READ, MAP_SHARED, fd, 0);
	roots_session = session_of(getpid());
	memset(found, 0, sizeof(*found));
	wait_for(child_of(ask_by_roots_session, be_root));
	eq(found->known, FILE_PAGES, "handed_on.root_is_told");
	eq(found->known_in, FILE_PAGES / 2, "handed_on.what_is_there");
	memset(found, 0, sizeof(*found));
	wait_for(child_of(ask_by_roots_session, be_bob));
	eq(found->unknown, FILE_PAGES, "handed_on.bob_is_not");
	eq(found->known + found->count_differs + found->walk_differs, 0,
	   "handed_on.bob_by_no_way");
	memset(found, 0, sizeof(*found));
	wait_for(child_of(ask_by_roots_session, be_alice));
	eq(found->known, FILE_PAGES, "handed_on.its_owner_is");
	close(roots_session);
	munmap(roots_map, FILE_PAGES * page);
	close(fd);
}

/* ---- the pool of huge pages has no cache that mincore looks at ---- */

static void ask_of_hugetlb(void *arg)
{
	char *p = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	(void)arg;
	be_bob();
	if (p == MAP_FAILED)
		_exit(91);
	*p = 1;
	look_at(session_of(getpid()), p, 2 * HUGE / page);
}

static void test_hugetlb(void)
{
	int status;

	write_text("/proc/sys/vm/nr_hugepages", "4");
	memset(found, 0, sizeof(*found));
	status = wait_for(child_of(ask_of_hugetlb, NULL));
	if (status == 91) {
		skip("hugetlb", "no huge pages to be had");
	} else {
		eq(found->mincore_in, HUGE / page, "hugetlb.mincore");
		eq(found->differ + found->unknown, 0, "hugetlb.as_by_mincore");
	}
	write_text("/proc/sys/vm/nr_hugepages", "0");
}

int main(int argc, char **argv)
{
	role_of_copy(argc, argv);
	tap_start("vm.cache.", 60);
	found = shared(page);
	close(session());
	test_kind("tmpfs_private", tmpfs_file, MAP_PRIVATE);
	test_kind("tmpfs_shared", tmpfs_file, MAP_SHARED);
	test_kind("memfd", memfd_file, MAP_SHARED);
	test_kind("overlay", overlay_file, MAP_PRIVATE);
	test_kind("idmapped", idmapped_file, MAP_PRIVATE);
	tap_note("mincore told %d, and %d nothing", told_some, told_none);
	ok(told_some > 10 && told_none > 10, "both_kinds_of_callers");
	test_patterns("small", "mount -t tmpfs x " MOUNTED, true);
	test_patterns("large", "mount -t tmpfs -o huge=always x " MOUNTED, true);
	test_patterns("disk", "modprobe -q loop; truncate -s 64M /tmp/mmscope-disk && "
		      "mkfs.ext4 -q /tmp/mmscope-disk && "
		      "mount -o loop /tmp/mmscope-disk " MOUNTED, false);
	unlink("/tmp/mmscope-disk");
	test_handed_on();
	test_hugetlb();
	unlink("/tmp/mmscope-cache");
	return tap_end();
}
