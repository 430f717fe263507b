/* SPDX-License-Identifier: GPL-2.0 */
/*
 * reload.c - the module is taken out and put in again, while others open, ask
 * and close, read /proc/mmscope and register targets; and the table of targets
 * while those exit, are removed, and their pids are given to others.
 */
#include <dirent.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "storm.h"

static u64 *breaks;		/* of each pid that a registrar starts */
#define PIDS	32768

/* ---- the module ---- */

static double slowest[2];	/* rmmod, insmod */
static volatile int *calm;	/* users begin nothing new: nobody is in it for a moment */

static void note_time(int which, double since)
{
	if (now() - since > slowest[which])
		slowest[which] = now() - since;
}

static int rmmod(void)
{
	double since = now();
	int err = syscall(SYS_delete_module, "mmscope", O_NONBLOCK) ? errno : 0;

	note_time(0, since);
	return err;
}

static int insmod(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), err;
	double since = now();

	if (fd < 0)
		return errno;
	err = syscall(SYS_finit_module, fd, "", 0) ? errno : 0;
	close(fd);
	note_time(1, since);
	return err;
}

/* build/RELEASE/mmscope.ko, from build/tests/storm/reload. */
static const char *module_file(void)
{
	static char path[400];
	struct utsname u;
	char exe[300] = "", *p;
	int i;

	uname(&u);
	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0)
		return NULL;
	for (i = 0; i < 3; i++) {
		p = strrchr(exe, '/');
		if (p)
			*p = 0;
	}
	snprintf(path, sizeof(path), "%s/%s/mmscope.ko", exe, u.release);
	return access(path, R_OK) ? NULL : path;
}

/* ---- those who use it meanwhile ---- */

static bool not_there(int err)
{
	return err == ENOENT || err == ENODEV || err == ENXIO;
}

/* While the file is open the module stays: each query must succeed. */
static void open_and_ask(void)
{
	struct mmscope_info info;
	struct mmscope_mm mm;
	int fd = open(MMSCOPE_DEVICE, O_RDONLY | O_CLOEXEC), err;
	u64 before;

	if (fd < 0) {
		tick_errno("open of the device", errno);
		holds("device.open_errno", not_there(errno), "%s", strerrorname_np(errno));
		usleep(2000);
		return;
	}
	tick_errno("open of the device", 0);
	err = get_info(fd, &info);
	holds("device.answers", !err && info.abi == MMSCOPE_ABI, "INFO: %d", err);
	err = attach(fd, getpid());
	before = (uintptr_t)sbrk(0);
	holds("device.answers", !err && !get_mm(fd, &mm) && mm.brk == before &&
	      mm.pid == getpid(), "ATTACH: %d, brk %llx of %llx", err, mm.brk, before);
	if (one_in(4))
		usleep(below(2000));
	holds("device.answers", !get_mm(fd, &mm), "MM");
	close(fd);
}

/* Goes on with the storm, once it is not calm. */
static bool go_on(void)
{
	while (*calm && storm_on())
		usleep(200);
	return storm_on();
}

static void opener(void *arg)
{
	rnd_stream(10 + (uintptr_t)arg);
	while (go_on()) {
		open_and_ask();
		if (one_in(3))
			usleep(below(20000));
	}
}

/* A file of /proc does not hold the module: it may go between any two reads. */
static void read_slowly(const char *path)
{
	char text[257];
	int f = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;
	int err;

	if (f < 0) {
		holds("files.open_errno", not_there(errno) || errno == ESRCH || errno == EIO,
		      "%s: %s", path, strerrorname_np(errno));
		usleep(2000);
		return;
	}
	while (n > 0) {
		n = read(f, text, sizeof(text) - 1);
		err = n < 0 ? errno : 0;
		if (one_in(8))
			usleep(below(3000));
	}
	tick_errno("reads of files", err);
	holds("files.read_errno", !err || err == EIO || err == ESRCH || err == ENXIO, "%s: %s",
	      path, strerrorname_np(err));
	close(f);
}

static void read_files(void *arg)
{
	static const char *const paths[] = {
		"/proc/mmscope/info", "/proc/mmscope/targets", "/proc/mmscope/self/vmas",
		"/proc/mmscope/self/resident", "/proc/mmscope/self/brk",
	};

	rnd_stream(20 + (uintptr_t)arg);
	while (go_on())
		read_slowly(paths[below(ARRAY_SIZE(paths))]);
}

/* ---- targets, whose pids come back ---- */

static int say(int nr)
{
	char text[20];

	snprintf(text, sizeof(text), "%d\n", nr);
	return write_text("/proc/mmscope/targets", text);
}

/* A process with this pid, if it can be had. */
static pid_t fork_as(pid_t pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD, .set_tid = pid ? (uintptr_t)&pid : 0,
		.set_tid_size = pid ? 1 : 0,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

static pid_t start(pid_t wanted, u64 life)
{
	u64 amount = 0x1000 * (1 + life % 1000);
	pid_t pid = fork_as(wanted);

	if (!pid) {
		/* The C library's own break stays what it was: it is not asked. */
		u64 brk = syscall(SYS_brk, syscall(SYS_brk, 0) + amount);

		breaks[syscall(SYS_getpid) % PIDS] = brk;
		for (;;)
			pause();
	}
	return pid;
}

static bool registered_errno(int err)
{
	return !err || err == EBUSY || err == EEXIST || err == ESRCH || err == ENXIO ||
	       err == ENOSPC || not_there(err) || err == EIO;
}

/* What is read under a pid's name is of who has it now, or nothing. */
static void check_brk(pid_t pid)
{
	char *text = read_text("/proc/mmscope/%d/brk", pid), *line;
	unsigned long long brk = 0;

	if (!text) {
		tick_errno("brk of a target", errno);
		return;
	}
	line = strchr(text, '\n');
	tick_errno("brk of a target", 0);
	holds("targets.brk_is_of_who_has_the_pid", line && sscanf(line, "%*x %llx", &brk) == 1 &&
	      brk == breaks[pid % PIDS], "%llx, it is %llx", brk, breaks[pid % PIDS]);
	free(text);
}

/* Once it is reaped, its pid may be another registrar's. */
static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	breaks[pid % PIDS] = 0;
	waitpid(pid, NULL, 0);
}

/* Registers, removes, kills in any order, and starts anew under the same pid. */
static void registrar(void *arg)
{
	pid_t pid = 0;
	u64 life;
	int err;

	rnd_stream(30 + (uintptr_t)arg);
	for (life = below(1000); go_on(); life++) {
		pid_t next = start(pid, life);

		if (pid && next == pid)
			tick("pids that came back");
		pid = next > 0 ? next : start(0, life);
		if (!holds("targets.can_be_started", pid > 0, "%s", strerrorname_np(errno)))
			break;
		while (!breaks[pid % PIDS])
			usleep(100);
		err = say(pid);
		tick_errno("add", err);
		holds("targets.add_errno", registered_errno(err), "%s", strerrorname_np(err));
		/* It was never added under this life's name. */
		holds("targets.new_life_is_not_there_yet", err != EEXIST, "%d", pid);
		check_brk(pid);
		if (one_in(3)) {
			err = say(-pid);
			tick_errno("remove", err);
			holds("targets.remove_errno", !err || err == ENOENT || not_there(err) ||
			      err == EIO, "%s", strerrorname_np(err));
		}
		check_brk(pid);
		end(pid);
		if (one_in(4))
			say(-pid);
	}
	_exit(0);
}

/* ---- the two storms ---- */

static void test_table(void)
{
	struct pack users = { .count = 0 };
	int tries, left = 1;
	uintptr_t i;

	storm_begin();
	for (i = 0; i < 4; i++)
		pack_add(&users, registrar, (void *)i);
	for (i = 0; i < 2; i++)
		pack_add(&users, read_files, (void *)i);
	pack_join(&users, "table.users_end");
	/* All are dead: soon no directory is left. */
	for (tries = 0; left && tries < 1000; tries++) {
		DIR *dir = opendir("/proc/mmscope");
		struct dirent *e;

		for (left = 0; dir && (e = readdir(dir)); )
			left += e->d_name[0] > '0' && e->d_name[0] <= '9';
		if (dir)
			closedir(dir);
		if (left)
			usleep(10000);
	}
	eq(left, 0, "table.empties_when_they_die");
	judge("targets.can_be_started");
	judge("targets.add_errno");
	judge("targets.remove_errno");
	judge("targets.new_life_is_not_there_yet");
	judge("targets.brk_is_of_who_has_the_pid");
	ok(ticks_of("pids that came back") > 10, "table.pids_came_back");
}

/* Amid those who are in it, where it is mostly refused; at times until they are out. */
static int rmmod_at_last(bool patient)
{
	int err = rmmod();

	tick_errno("rmmod", err);
	*calm = patient;
	while (err == EWOULDBLOCK && patient && storm_on()) {
		usleep(below(1000));
		err = rmmod();
		tick_errno("rmmod", err);
	}
	*calm = 0;
	return err;
}

/* Open in our own hand it must stay; else it may go, and must come back. */
static void one_round(const char *file, unsigned int round)
{
	struct mmscope_info info;
	int fd = -1, err;

	if (round % 3 == 0)
		fd = open(MMSCOPE_DEVICE, O_RDONLY | O_CLOEXEC);
	if (one_in(2))
		say(getpid());
	err = rmmod_at_last(fd < 0 && one_in(2));
	if (fd >= 0) {
		holds("rmmod.refused_while_open", err == EWOULDBLOCK, "%s", strerrorname_np(err));
		err = get_info(fd, &info);
		holds("rmmod.session_goes_on", !err, "%s", strerrorname_np(err));
		close(fd);
		return;
	}
	holds("rmmod.errno", !err || err == EWOULDBLOCK, "%s", strerrorname_np(err));
	if (err)
		return;
	if (one_in(3))
		usleep(below(5000));
	err = insmod(file);
	holds("rmmod.comes_back", !err, "%s", strerrorname_np(err));
}

static void test_reload(const char *file)
{
	struct pack users = { .count = 0 };
	unsigned int round;
	uintptr_t i;

	storm_begin();
	for (i = 0; i < 2; i++)
		pack_add(&users, opener, (void *)i);
	for (i = 0; i < 2; i++)
		pack_add(&users, read_files, (void *)i);
	for (i = 0; i < 2; i++)
		pack_add(&users, registrar, (void *)(4 + i));
	rnd_stream(1);
	/* Of each kind some, also where to load it takes seconds. */
	for (round = 0; round < 6 || storm_on(); round++) {
		one_round(file, round);
		usleep(below(8000));
	}
	pack_join(&users, "reload.users_end");
	if (access(MMSCOPE_DEVICE, F_OK))
		insmod(file);
	tap_note("the slowest rmmod took %.1f ms, the slowest insmod %.1f ms", slowest[0] * 1e3,
		 slowest[1] * 1e3);
	judge("rmmod.refused_while_open");
	judge("rmmod.session_goes_on");
	judge("rmmod.errno");
	judge("rmmod.comes_back");
	judge("device.answers");
	judge("device.open_errno");
	judge("files.open_errno");
	judge("files.read_errno");
	ok(ticks_of("rmmod: success") > 2, "reload.was_possible");
	open_and_ask();
	eq_err(access(MMSCOPE_DEVICE, F_OK) ? errno : 0, 0, "reload.there_at_the_end");
}

int main(void)
{
	const char *file = module_file();

	storm_start("storm.reload.");
	close(session());
	breaks = shared(PIDS * sizeof(*breaks));
	calm = shared(sizeof(*calm));
	storm_seconds /= 2;
	test_table();
	if (file)
		test_reload(file);
	else
		skip("reload", "no build/RELEASE/mmscope.ko to put back");
	return storm_end();
}
