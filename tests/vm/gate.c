/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gate.c - who is let in: callers of many kinds against targets of many kinds,
 * each case compared with really opening /proc/PID/maps as that caller. Then
 * pid namespaces, frames, and what is told of the page cache.
 */
#include <linux/capability.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kit.h"

#define ALICE	1000
#define BOB	1001

/* ---- becoming somebody ---- */

static void become(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		_exit(90);
	prctl(PR_SET_DUMPABLE, 1);
}

static void be_root(void)
{
}

static void be_root_without_ptrace(void)
{
	if (can_drop(CAP_SYS_PTRACE))
		_exit(90);
}

static void be_root_without_any(void)
{
	int i;

	for (i = 0; i <= 40; i++)
		can_drop(i);
}

static void be_alice(void)
{
	become(ALICE, ALICE);
}

static void be_bob(void)
{
	become(BOB, BOB);
}

static void be_alice_in_bobs_group(void)
{
	become(ALICE, BOB);
}

static void keep(int capability)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	prctl(PR_SET_KEEPCAPS, 1);
	become(BOB, BOB);
	data[capability / 32].effective = 1U << capability % 32;
	data[capability / 32].permitted = 1U << capability % 32;
	if (syscall(SYS_capset, &head, data))
		_exit(90);
}

static void be_bob_with_ptrace(void)
{
	keep(CAP_SYS_PTRACE);
}

static void be_bob_with_admin(void)
{
	keep(CAP_SYS_ADMIN);
}

static void be_bob_with_dac(void)
{
	keep(CAP_DAC_OVERRIDE);
}

static int map_root(uid_t uid)
{
	char line[40];

	if (unshare(CLONE_NEWUSER))
		return -1;
	write_text("/proc/self/setgroups", "deny");
	snprintf(line, sizeof(line), "0 %d 1", uid);
	return write_text("/proc/self/uid_map", line) | write_text("/proc/self/gid_map", line);
}

static void be_userns_root_alice(void)
{
	become(ALICE, ALICE);
	if (map_root(ALICE))
		_exit(91);
}

static void be_userns_root_bob(void)
{
	become(BOB, BOB);
	if (map_root(BOB))
		_exit(91);
}

/* Filesystem ids of its own: the check of open() goes by these. */
static void be_alice_by_fsuid(void)
{
	become(0, 0);
	syscall(SYS_setfsgid, ALICE);
	syscall(SYS_setfsuid, ALICE);
	be_root_without_any();
}

static void be_alice_effective(void)
{
	if (setresgid(BOB, ALICE, BOB) || setresuid(BOB, ALICE, BOB))
		_exit(90);
}

/* ---- targets ---- */

static void be_undumpable_alice(void)
{
	become(ALICE, ALICE);
	prctl(PR_SET_DUMPABLE, 0);
}

static void be_mixed(void)
{
	if (setresuid(ALICE, ALICE, 0))
		_exit(90);
	prctl(PR_SET_DUMPABLE, 1);
}

static void be_setuid_program(void)
{
	become(ALICE, ALICE);
	execl("/tmp/mmscope-setuid", "mmscope-setuid", "pause", NULL);
	_exit(92);
}

static void be_unreadable_program(void)
{
	become(ALICE, ALICE);
	execl("/tmp/mmscope-unreadable", "mmscope-unreadable", "pause", NULL);
	_exit(92);
}

struct who {
	const char *name;
	void (*become)(void);
};

static const struct who callers[] = {
	{ "root", be_root }, { "root_without_ptrace", be_root_without_ptrace },
	{ "root_without_any", be_root_without_any }, { "alice", be_alice }, { "bob", be_bob },
	{ "alice_in_bobs_group", be_alice_in_bobs_group },
	{ "bob_with_ptrace", be_bob_with_ptrace }, { "bob_with_admin", be_bob_with_admin },
	{ "bob_with_dac", be_bob_with_dac }, { "userns_root_alice", be_userns_root_alice },
	{ "userns_root_bob", be_userns_root_bob }, { "alice_by_fsuid", be_alice_by_fsuid },
	{ "alice_effective", be_alice_effective },
};

static const struct who targets[] = {
	{ "root", be_root }, { "root_without_any", be_root_without_any }, { "alice", be_alice },
	{ "bob", be_bob }, { "alice_in_bobs_group", be_alice_in_bobs_group },
	{ "undumpable_alice", be_undumpable_alice }, { "mixed", be_mixed },
	{ "setuid_program", be_setuid_program }, { "unreadable_program", be_unreadable_program },
	{ "userns_root_alice", be_userns_root_alice }, { "bob_with_ptrace", be_bob_with_ptrace },
};

static void be_target(void *arg)
{
	((const struct who *)arg)->become();
	for (;;)
		pause();
}

/* ---- the table ---- */

struct outcome {
	int became, device, opened, attached, by_pidfd, mm;
};
static struct outcome *outcome;		/* one a target */
static pid_t victim[ARRAY_SIZE(targets)];

static void try_all(void *arg)
{
	const struct who *who = arg;
	char path[40];
	size_t t;
	int fd, f, pidfd;

	who->become();
	for (t = 0; t < ARRAY_SIZE(targets); t++) {
		struct outcome *o = &outcome[t];
		struct mmscope_mm mm;

		o->became = 1;
		fd = open(MMSCOPE_DEVICE, O_RDONLY);
		o->device = fd < 0 ? errno : 0;
		snprintf(path, sizeof(path), "/proc/%d/maps", victim[t]);
		f = open(path, O_RDONLY);
		o->opened = f < 0 ? errno : 0;
		close(f);
		o->attached = attach(fd, victim[t]);
		o->mm = get_mm(fd, &mm);
		pidfd = pidfd_of(victim[t]);
		o->by_pidfd = pidfd < 0 ? -errno : attach_pidfd(fd, pidfd);
		close(pidfd);
		close(fd);
	}
}

static void test_table(void)
{
	int let_in = 0, kept_out = 0, status;
	size_t c, t;

	for (c = 0; c < ARRAY_SIZE(callers); c++) {
		memset(outcome, 0, ARRAY_SIZE(targets) * sizeof(*outcome));
		status = wait_for(child_of(try_all, (void *)&callers[c]));
		if (!outcome[0].became) {
			skip(callers[c].name, "could not be had (status %d)", status);
			continue;
		}
		eq_err(outcome[0].device, 0, "%s.opens_device", callers[c].name);
		for (t = 0; t < ARRAY_SIZE(targets); t++) {
			struct outcome *o = &outcome[t];

			eq_err(o->attached, o->opened, "%s.to.%s", callers[c].name, targets[t].name);
			if (o->by_pidfd >= 0)
				eq_err(o->by_pidfd, o->opened, "%s.to.%s.by_pidfd",
				       callers[c].name, targets[t].name);
			eq_err(o->mm, o->opened ? ENOTCONN : 0, "%s.to.%s.mm", callers[c].name,
			       targets[t].name);
			*(o->opened ? &kept_out : &let_in) += 1;
		}
	}
	tap_note("maps let in %d, kept out %d", let_in, kept_out);
	ok(let_in > 20 && kept_out > 20, "table_has_both");
}

static void copy_self(const char *to, int mode)
{
	char command[200];

	snprintf(command, sizeof(command), "cp /proc/%d/exe %s && chmod %o %s", getpid(), to, mode,
		 to);
	if (system(command))
		tap_bail("%s failed", command);
}

static void make_targets(void)
{
	size_t t;

	copy_self("/tmp/mmscope-setuid", 04755);
	copy_self("/tmp/mmscope-unreadable", 0711);
	for (t = 0; t < ARRAY_SIZE(targets); t++)
		victim[t] = child_of(be_target, (void *)&targets[t]);
	usleep(500000);
	for (t = 0; t < ARRAY_SIZE(targets); t++)
		settle(victim[t]);
	/* A setuid program that is not one would test nothing. */
	ok(read_text("/proc/%d/status", victim[7]) != NULL, "targets_live");
}

static bool is_setuid(void)
{
	char *text = read_text("/proc/%d/status", victim[7]);
	char *p = text ? strstr(text, "\nUid:") : NULL;
	int real = -1, effective = -1;
	bool good = p && sscanf(p, "\nUid: %d %d", &real, &effective) == 2 && real == ALICE &&
		    effective == 0;

	free(text);
	return good;
}

/* ---- the check is made at ATTACH, with the caller's credentials ---- */

static int *result;
static int root_fd;

static void attach_with_roots_fd(void *arg)
{
	struct mmscope_mm mm;

	(void)arg;
	result[2] = get_mm(root_fd, &mm);	/* attached by root: it stays usable */
	be_bob();
	result[0] = attach(root_fd, victim[2]);
	result[1] = get_mm(root_fd, &mm);
	result[3] = mm.pid;
}

static void test_passed_on(void)
{
	root_fd = session_of(victim[0]);
	wait_for(child_of(attach_with_roots_fd, NULL));
	eq_err(result[2], 0, "passed_on.usable");
	eq_err(result[0], EACCES, "passed_on.attach_by_bob");
	eq_err(result[1], 0, "passed_on.still_usable_by_bob");
	eq(result[3], victim[0], "passed_on.still_the_old_target");
	close(root_fd);
}

/* SCM_RIGHTS: over a socket, to one who then lives on alone. */
static void receive(void *arg)
{
	int s = *(int *)arg, fd;
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec io = { &byte, 1 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct mmscope_mm mm;

	be_bob();
	if (recvmsg(s, &m, 0) != 1)
		_exit(1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	usleep(200000);
	result[0] = get_mm(fd, &mm);
	result[1] = mm.pid;
	_exit(0);
}

static void opener(void *arg)
{
	int s = *(int *)arg, fd = session_of(victim[0]);
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { &byte, 1 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	_exit(sendmsg(s, &m, 0) == 1 ? 0 : 1);
}

static void test_scm_rights(void)
{
	int pair[2];
	pid_t receiver;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		tap_bail("socketpair");
	result[0] = -1;
	receiver = child_of(receive, &pair[0]);
	wait_for(child_of(opener, &pair[1]));
	wait_for(receiver);
	eq_err(result[0], 0, "scm_rights.opener_died_and_it_is_usable");
	eq(result[1], victim[0], "scm_rights.target");
	close(pair[0]);
	close(pair[1]);
}

/* ---- frames need both the opener and the caller to be privileged ---- */

static int frames(int fd)
{
	struct mmscope_pages p = { .size = sizeof(p), .flags = MMSCOPE_PAGES_FRAMES };
	struct mmscope_walk w;
	struct mmscope_info info;
	int err = call(fd, MMSCOPE_PAGES, &p);

	get_info(fd, &info);
	return err | walk(fd, 0, MMSCOPE_WALK_RAW, &w) << 8 |
	       !(info.features & MMSCOPE_FEAT_FRAMES) << 16;
}
#define REFUSED (EPERM | EPERM << 8 | 1 << 16)

static void frames_as_alice(void *arg)
{
	(void)arg;
	be_alice();
	attach(root_fd, getpid());
	result[0] = frames(root_fd);
}

static void frames_as_userns(void *arg)
{
	int fd;

	(void)arg;
	be_userns_root_alice();
	fd = session_of(getpid());
	result[0] = frames(fd);
}

static void frames_as_admin(void *arg)
{
	int fd;

	(void)arg;
	be_bob_with_admin();
	prctl(PR_SET_DUMPABLE, 1);
	fd = session_of(getpid());
	result[0] = frames(fd);
}

static void frames_opened_low(void *arg)
{
	int fd;

	(void)arg;
	if (seteuid(ALICE))
		_exit(1);
	fd = session();
	if (seteuid(0))
		_exit(1);
	attach(fd, getpid());
	result[0] = frames(fd);
}

static void test_frames(void)
{
	static const struct {
		const char *name;
		void (*fn)(void *);
		int want;
	} table[] = {
		{ "roots_fd_used_by_alice", frames_as_alice, REFUSED },
		{ "userns_root", frames_as_userns, REFUSED },
		{ "bob_with_admin", frames_as_admin, 0 },
		{ "opened_by_alice_used_by_root", frames_opened_low, REFUSED },
	};
	size_t i;

	root_fd = session_of(getpid());
	eq(frames(root_fd), 0, "frames.root");
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		result[0] = -1;
		wait_for(child_of(table[i].fn, NULL));
		eq(result[0], table[i].want, "frames.%s", table[i].name);
	}
	close(root_fd);
}

/* ---- the page cache is told to those whom mincore tells ---- */

#define FILE_PAGES 16
static const char *cache_file = "/tmp/mmscope-cache-file";
static u64 *cache_state;
static unsigned char *cache_core;

static void look_at_cache(void *arg)
{
	const struct who *who = arg;
	volatile char *p;
	int fd, f = open(cache_file, O_RDONLY);

	who->become();
	p = mmap(NULL, FILE_PAGES * page, PROT_READ, MAP_PRIVATE, f, 0);
	if (p == MAP_FAILED)
		_exit(1);
	madvise((void *)p, FILE_PAGES * page, MADV_RANDOM);
	fd = session_of(getpid());
	(void)p[3 * page];
	get_states(fd, (uintptr_t)p, FILE_PAGES, cache_state);
	if (mincore((void *)p, FILE_PAGES * page, cache_core))
		_exit(2);
	_exit(0);
}

/* Half of the file is in the cache, the other half is a hole. */
static void test_cache(void)
{
	static const struct {
		const char *name;
		struct who who;
		uid_t owner;
		int mode;
		bool told;
	} table[] = {
		{ "owner", { "", be_alice }, ALICE, 0400, true },
		{ "may_write", { "", be_bob }, ALICE, 0666, true },
		{ "reader_only", { "", be_bob }, ALICE, 0644, false },
		{ "root", { "", be_root }, ALICE, 0600, true },
		{ "root_without_any", { "", be_root_without_any }, ALICE, 0644, false },
		{ "userns_root", { "", be_userns_root_bob }, ALICE, 0644, false },
	};
	char block[FILE_PAGES / 2 * 4096];
	size_t i, k;
	int f;

	memset(block, 1, sizeof(block));
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		int unmapped = 0, unknown = 0, wrong = 0, zero = 0;

		f = open(cache_file, O_RDWR | O_CREAT | O_TRUNC, 0600);
		if (write(f, block, sizeof(block)) < 0 || ftruncate(f, FILE_PAGES * page) ||
		    fchown(f, table[i].owner, table[i].owner) || fchmod(f, table[i].mode))
			tap_bail("%s: %s", cache_file, strerror(errno));
		close(f);
		if (wait_for(child_of(look_at_cache, (void *)&table[i].who))) {
			skip("cache", "%s could not be had", table[i].name);
			continue;
		}
		for (k = 0; k < FILE_PAGES; k++) {
			u64 cats = cache_state[k];

			if (cats & CAT(CACHE_UNKNOWN))
				unknown++;
			else
				wrong += !!(cats & CAT(IN_CORE)) != (cache_core[k] & 1);
			unmapped += !(cats & CAT(PRESENT));
			zero += !(cats & (CAT(PRESENT) | CAT(CACHE_UNKNOWN)));
		}
		eq(unknown, table[i].told ? 0 : unmapped, "cache.%s.unknown", table[i].name);
		eq(wrong, 0, "cache.%s.equals_mincore", table[i].name);
		ok(unmapped > 0 && unmapped < FILE_PAGES, "cache.%s.both_kinds", table[i].name);
		if (!table[i].told)
			eq(zero, 0, "cache.%s.no_zero_that_looks_like_an_answer", table[i].name);
	}
	unlink(cache_file);
}

/* ---- pid namespaces, and worlds without /proc ---- */

static void inside_pidns(void *arg)
{
	struct mmscope_mm mm;
	pid_t child;
	int fd = session();

	(void)arg;
	/* /proc is still that of the outer namespace: numbers mean others there. */
	result[0] = attach(fd, getpid());
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("proc", "/proc", "proc", 0, NULL))
		_exit(3);
	result[1] = attach(fd, getpid());
	get_mm(fd, &mm);
	result[2] = mm.pid;
	child = fork();
	if (!child)
		for (;;)
			pause();
	result[3] = attach(fd, child);
	get_mm(fd, &mm);
	result[4] = mm.pid == child;
	result[5] = attach(fd, victim[0]);	/* a number that is nobody's in here */
	result[6] = attach_pidfd(fd, *(int *)arg);
	result[7] = child;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void enter_pidns(void *arg)
{
	pid_t pid;
	int status;

	if (unshare(CLONE_NEWPID | CLONE_NEWNS))
		_exit(1);
	pid = fork();
	if (!pid) {
		inside_pidns(arg);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	_exit(WEXITSTATUS(status));
}

static void test_pidns(void)
{
	int pidfd = pidfd_of(victim[0]), status;
	struct mmscope_mm mm;
	int fd = session();

	memset(result, 0xff, 10 * sizeof(int));
	status = wait_for(child_of(enter_pidns, &pidfd));
	if (status) {
		skip("pidns", "no pid namespace to be had (status %d)", status);
		return;
	}
	/* The gate opens the caller's own entry, whichever procfs it is in. */
	eq_err(result[0], 0, "pidns.outer_proc_own_entry");
	eq_err(result[1], 0, "pidns.own_number");
	eq(result[2], 1, "pidns.number_is_translated");
	eq_err(result[3], 0, "pidns.child");
	eq(result[4], 1, "pidns.childs_number");
	if (victim[0] != result[7] && victim[0] > 10)
		eq_err(result[5], ESRCH, "pidns.outer_number");
	eq_err(result[6], ESRCH, "pidns.pidfd_of_outer");
	eq_err(attach(fd, victim[0]), 0, "pidns.outside_is_as_before");
	get_mm(fd, &mm);
	eq(mm.pid, victim[0], "pidns.outside_number");
	close(fd);
	close(pidfd);
}

static void without_proc(void *arg)
{
	int fd = session();

	(void)arg;
	mkdir("/tmp/mmscope-empty", 0755);
	if (chroot("/tmp/mmscope-empty") || chdir("/"))
		_exit(1);
	result[0] = attach(fd, getpid());
}

/* Something that looks like /proc/PID/maps, and that anybody may open. */
static void with_false_proc(void *arg)
{
	int fd = session();
	char path[60];

	(void)arg;
	mkdir("/tmp/mmscope-false", 0755);
	mkdir("/tmp/mmscope-false/proc", 0755);
	snprintf(path, sizeof(path), "/tmp/mmscope-false/proc/%d", victim[0]);
	mkdir(path, 0755);
	strcat(path, "/maps");
	close(open(path, O_CREAT | O_RDWR, 0666));
	if (chroot("/tmp/mmscope-false") || chdir("/"))
		_exit(1);
	be_bob();
	result[0] = attach(fd, victim[0]);
}

/* In a namespace of one's own, one's own maps laid over another's. */
static void with_bind_mount(void *arg)
{
	char from[40], to[40];
	int fd = session();

	(void)arg;
	be_userns_root_bob();
	if (unshare(CLONE_NEWNS))
		_exit(1);
	snprintf(from, sizeof(from), "/proc/%d/maps", getpid());
	snprintf(to, sizeof(to), "/proc/%d/maps", victim[0]);
	result[1] = mount(from, to, NULL, MS_BIND, NULL) ? errno : 0;
	snprintf(from, sizeof(from), "/proc/%d", getpid());
	snprintf(to, sizeof(to), "/proc/%d", victim[0]);
	result[2] = mount(from, to, NULL, MS_BIND, NULL) ? errno : 0;
	result[0] = attach(fd, victim[0]);
}

static void test_false_proc(void)
{
	result[0] = -1;
	wait_for(child_of(without_proc, NULL));
	eq_err(result[0], ENOENT, "proc.none");
	result[0] = -1;
	wait_for(child_of(with_false_proc, NULL));
	eq_err(result[0], ENOENT, "proc.false");
	result[0] = result[1] = -1;
	wait_for(child_of(with_bind_mount, NULL));
	tap_note("bind mounts: %d, %d", result[1], result[2]);
	eq_err(result[0], EACCES, "proc.anothers_laid_over");
}

int main(int argc, char **argv)
{
	size_t t;

	if (argc > 1 && !strcmp(argv[1], "pause"))
		for (;;)
			pause();
	tap_start("vm.gate.", 120);
	outcome = shared(page);
	result = shared(page);
	cache_state = shared(page);
	cache_core = shared(page);
	close(session());
	make_targets();
	ok(is_setuid(), "setuid_target_is_setuid");
	test_table();
	test_passed_on();
	test_scm_rights();
	test_frames();
	test_cache();
	test_pidns();
	test_false_proc();
	for (t = 0; t < ARRAY_SIZE(targets); t++) {
		kill(victim[t], SIGKILL);
		wait_for(victim[t]);
	}
	return tap_end();
}
