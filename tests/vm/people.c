/* SPDX-License-Identifier: GPL-2.0 */
/*
 * people.c - who asks, and who is asked about: becoming somebody, programs that
 * change who runs them, and children that stay. Nothing here judges.
 */
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "people.h"

void become(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		_exit(90);
	prctl(PR_SET_DUMPABLE, 1);
}

void be_root(void)
{
}

void be_root_without_ptrace(void)
{
	if (can_drop(CAP_SYS_PTRACE))
		_exit(90);
}

void be_root_without_any(void)
{
	int i;

	for (i = 0; i <= 40; i++)
		can_drop(i);
}

void be_alice(void)
{
	become(ALICE, ALICE);
}

void be_bob(void)
{
	become(BOB, BOB);
}

void be_alice_in_bobs_group(void)
{
	become(ALICE, BOB);
}

static void be_bob_keeping(int capability)
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

void be_bob_with_ptrace(void)
{
	be_bob_keeping(CAP_SYS_PTRACE);
}

void be_bob_with_admin(void)
{
	be_bob_keeping(CAP_SYS_ADMIN);
}

/* By newer kernels it opens maps. */
void be_bob_with_perfmon(void)
{
	be_bob_keeping(38 /* CAP_PERFMON */);
}

void be_bob_with_dac(void)
{
	be_bob_keeping(CAP_DAC_OVERRIDE);
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

void be_userns_root_alice(void)
{
	become(ALICE, ALICE);
	if (map_root(ALICE))
		_exit(91);
}

void be_userns_root_bob(void)
{
	become(BOB, BOB);
	if (map_root(BOB))
		_exit(91);
}

void be_alice_by_fsuid(void)
{
	become(0, 0);
	syscall(SYS_setfsgid, ALICE);
	syscall(SYS_setfsuid, ALICE);
	be_root_without_any();
}

void be_alice_effective(void)
{
	if (setresgid(BOB, ALICE, BOB) || setresuid(BOB, ALICE, BOB))
		_exit(90);
}

/* A domain of Landlock's may only look into processes of its own. */
void be_alice_landlocked(void)
{
	const u64 handled = 1 << 11;	/* making block devices: refuses nothing here */
	int fd;

	become(ALICE, ALICE);
	fd = syscall(444 /* landlock_create_ruleset */, &handled, sizeof(handled), 0);
	if (fd < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(446 /* landlock_restrict_self */, fd, 0))
		_exit(91);
	close(fd);
}

static void mount_proc(const char *options)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", 0, options))
		_exit(91);
}

void be_root_hidepid_invisible(void)
{
	mount_proc("hidepid=2");
}

void be_alice_hidepid_invisible(void)
{
	mount_proc("hidepid=2");
	be_alice();
}

void be_bob_hidepid_noaccess(void)
{
	mount_proc("hidepid=1");
	be_bob();
}

void be_bob_hidepid_invisible(void)
{
	mount_proc("hidepid=2");
	be_bob();
}

void be_bob_hidepid_ptraceable(void)
{
	mount_proc("hidepid=4");
	be_bob();
}

void be_bob_subset_pid(void)
{
	mount_proc("subset=pid");
	be_bob();
}

/* ---- copies of the program ---- */

static void copy_self(const char *to, int mode)
{
	char command[200];

	snprintf(command, sizeof(command), "cp /proc/%d/exe %s && chmod %o %s", getpid(), to, mode,
		 to);
	if (system(command))
		tap_bail("%s failed", command);
}

void make_copies(void)
{
	struct vfs_cap_data caps = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data[0].permitted = 1 << CAP_NET_RAW,
	};

	copy_self(SETUID_COPY, 04755);
	copy_self(CAPABLE_COPY, 0755);
	copy_self(UNREADABLE_COPY, 0711);
	copy_self(PLAIN_COPY, 0755);
	if (setxattr(CAPABLE_COPY, "security.capability", &caps, sizeof(caps), 0))
		tap_note("%s: %s", CAPABLE_COPY, strerror(errno));
}

static void cat(void)
{
	char text[4096];
	ssize_t n;

	while ((n = read(0, text, sizeof(text))) > 0)
		if (write(1, text, n) != n)
			_exit(1);
	_exit(n < 0 ? errno : 0);
}

void role_of_copy(int argc, char **argv)
{
	if (argc < 2)
		return;
	if (!strcmp(argv[1], "pause"))
		pause_for_ever();
	if (!strcmp(argv[1], "cat"))
		cat();
	if (!strncmp(argv[1], "say ", 4))
		_exit(write(1, argv[1] + 4, strlen(argv[1] + 4)) < 0 ? errno : 0);
}

void run_copy(const char *copy, const char *role)
{
	execl(copy, copy, role, NULL);
	_exit(92);
}

/* ---- those who stay ---- */

void pause_for_ever(void)
{
	for (;;)
		pause();
}

struct stay {
	void (*become)(void);
	int ready;
};

static void stay(void *arg)
{
	struct stay *s = arg;

	fcntl(s->ready, F_SETFD, FD_CLOEXEC);	/* closed by exec: that is ready, too */
	s->become();
	close(s->ready);
	pause_for_ever();
}

pid_t stay_as(void (*become)(void))
{
	struct stay s = { .become = become };
	int ends[2];
	pid_t pid;
	char c;

	if (pipe(ends))
		tap_bail("pipe");
	s.ready = ends[1];
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	pid = child_of(stay, &s);
	close(ends[1]);
	if (read(ends[0], &c, 1))
		tap_bail("a child that stays said something");
	close(ends[0]);
	settle(pid);
	return pid;
}

void end(pid_t pid)
{
	kill(pid, SIGKILL);
	wait_for(pid);
}
