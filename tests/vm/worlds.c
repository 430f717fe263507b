/* SPDX-License-Identifier: GPL-2.0 */
/*
 * worlds.c - callers who see another world than we do: a pid namespace, a mount
 * namespace where /proc is not what it seems, or none at all.
 */
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "people.h"

static int *result;
static pid_t roots;		/* a process of root's, outside */

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
	result[5] = attach(fd, roots);	/* a number that is nobody's in here */
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
	int pidfd = pidfd_of(roots), status;
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
	if (roots != result[7] && roots > 10)
		eq_err(result[5], ESRCH, "pidns.outer_number");
	eq_err(result[6], ESRCH, "pidns.pidfd_of_outer");
	eq_err(attach(fd, roots), 0, "pidns.outside_is_as_before");
	get_mm(fd, &mm);
	eq(mm.pid, roots, "pidns.outside_number");
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
	snprintf(path, sizeof(path), "/tmp/mmscope-false/proc/%d", roots);
	mkdir(path, 0755);
	strcat(path, "/maps");
	close(open(path, O_CREAT | O_RDWR, 0666));
	if (chroot("/tmp/mmscope-false") || chdir("/"))
		_exit(1);
	be_bob();
	result[0] = attach(fd, roots);
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
	snprintf(to, sizeof(to), "/proc/%d/maps", roots);
	result[1] = mount(from, to, NULL, MS_BIND, NULL) ? errno : 0;
	snprintf(from, sizeof(from), "/proc/%d", getpid());
	snprintf(to, sizeof(to), "/proc/%d", roots);
	result[2] = mount(from, to, NULL, MS_BIND, NULL) ? errno : 0;
	result[0] = attach(fd, roots);
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
	role_of_copy(argc, argv);
	tap_start("vm.worlds.", 60);
	result = shared(page);
	close(session());
	roots = stay_as(be_root);
	test_pidns();
	test_false_proc();
	end(roots);
	return tap_end();
}
