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

/* ---- /proc/mmscope as it is seen from another pid namespace ---- */

struct files_seen {
	int outer_opened, outer_handed, outer_registered, outer_by_roots;
	int listed, own_registered, own_read;
};

static struct files_seen *seen;
static int roots_file, roots_targets;

static bool lists(const char *text, pid_t pid)
{
	char line[20];

	snprintf(line, sizeof(line), "\n%9d ", pid);
	return text && strstr(text, line);
}

/* In a pid namespace with a /proc of its own; a child is the process to register. */
static void look_at_files(void)
{
	char path[60], c, *text;
	pid_t child;
	int fd;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("proc", "/proc", "proc", 0, NULL))
		_exit(3);
	child = stay_as(be_root);
	snprintf(path, sizeof(path), "/proc/mmscope/%d/brk", roots);
	fd = open(path, O_RDONLY);
	seen->outer_opened = fd < 0 ? errno : 0;
	seen->outer_handed = pread(roots_file, &c, 1, 0) == 1 ? 0 : errno;
	snprintf(path, sizeof(path), "%d", roots);
	seen->outer_registered = write_text("/proc/mmscope/targets", path);
	seen->outer_by_roots = write(roots_targets, path, strlen(path)) > 0 ? 0 : errno;
	text = read_text("/proc/mmscope/targets");
	seen->listed = lists(text, roots);
	free(text);
	snprintf(path, sizeof(path), "%d", child);
	seen->own_registered = write_text("/proc/mmscope/targets", path);
	text = read_text("/proc/mmscope/targets");
	if (text && sscanf(text, "%*[^\n]\n%d", &fd) == 1) {
		free(text);
		text = read_text("/proc/mmscope/%d/brk", fd);
		seen->own_read = text ? 0 : errno;
	}
	free(text);
	end(child);
}

static void enter_to_look(void *arg)
{
	pid_t pid;
	int status;

	(void)arg;
	if (unshare(CLONE_NEWPID | CLONE_NEWNS))
		_exit(1);
	pid = fork();
	if (!pid) {
		look_at_files();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	_exit(WEXITSTATUS(status));
}

static void test_files_from_pidns(void)
{
	char text[60];

	snprintf(text, sizeof(text), "%d", roots);
	eq_err(write_text("/proc/mmscope/targets", text), 0, "files.registered");
	snprintf(text, sizeof(text), "/proc/mmscope/%d/brk", roots);
	roots_file = open(text, O_RDONLY);
	roots_targets = open("/proc/mmscope/targets", O_WRONLY);
	memset(seen, 0xff, sizeof(*seen));
	if (!eq(wait_for(child_of(enter_to_look, NULL)), 0, "files.came_to_its_end"))
		return;
	eq_err(seen->outer_opened, ESRCH, "files.of_outer_opened");
	eq_err(seen->outer_handed, ESRCH, "files.of_outer_opened_by_root");
	ok(seen->outer_registered == ESRCH || roots < 10, "files.outer_number_registered");
	ok(seen->outer_by_roots == ESRCH || roots < 10, "files.outer_number_by_roots_file");
	eq(seen->listed, 0, "files.outer_is_not_listed");
	eq_err(seen->own_registered, 0, "files.own_registered");
	eq_err(seen->own_read, 0, "files.own_read");
	ok(lists(read_text("/proc/mmscope/targets"), roots), "files.outside_it_is_listed");
	close(roots_file);
	close(roots_targets);
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

/* One's own directory, of the same number, of another procfs; and of a thread. */
static void with_other_procfs(void *arg)
{
	char from[60], to[60];
	int fd = session();

	(void)arg;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		_exit(1);
	mkdir("/tmp/mmscope-proc", 0755);
	if (mount("proc", "/tmp/mmscope-proc", "proc", 0, NULL))
		_exit(1);
	snprintf(from, sizeof(from), "/tmp/mmscope-proc/%d", roots);
	snprintf(to, sizeof(to), "/proc/%d", roots);
	if (mount(from, to, NULL, MS_BIND, NULL))
		_exit(1);
	result[0] = attach(fd, roots);
	umount(to);
	snprintf(from, sizeof(from), "/proc/%d/task/%d", roots, roots);
	if (mount(from, to, NULL, MS_BIND, NULL))
		_exit(1);
	result[1] = attach(fd, roots);
	umount(to);
	/* Not its root, but a directory of it, as /proc. */
	snprintf(from, sizeof(from), "/tmp/mmscope-proc/%d/task", roots);
	if (mount(from, "/proc", NULL, MS_BIND, NULL))
		_exit(1);
	result[2] = attach(fd, roots);
	umount("/proc");
	result[3] = attach(fd, roots);
}

/* A FIFO where maps should be: nobody waits for its other end. */
static void with_fifo(void *arg)
{
	char to[60];
	int fd = session();

	(void)arg;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		_exit(1);
	unlink("/tmp/mmscope-fifo");
	snprintf(to, sizeof(to), "/proc/%d/maps", roots);
	if (mkfifo("/tmp/mmscope-fifo", 0666) || mount("/tmp/mmscope-fifo", to, NULL, MS_BIND, NULL))
		_exit(1);
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
	result[0] = result[1] = result[2] = result[3] = -1;
	eq(wait_for(child_of(with_other_procfs, NULL)), 0, "proc.mounts");
	eq_err(result[0], EACCES, "proc.other_procfs_laid_over");
	eq_err(result[1], EACCES, "proc.threads_laid_over");
	eq_err(result[2], ENOENT, "proc.not_its_root");
	eq_err(result[3], 0, "proc.as_before");
	result[0] = -1;
	eq(wait_for(child_of(with_fifo, NULL)), 0, "proc.fifo_was_met");
	eq_err(result[0], EACCES, "proc.fifo");
}

int main(int argc, char **argv)
{
	role_of_copy(argc, argv);
	tap_start("vm.worlds.", 60);
	result = shared(page);
	seen = shared(page);
	close(session());
	roots = stay_as(be_root);
	test_pidns();
	test_files_from_pidns();
	test_false_proc();
	end(roots);
	return tap_end();
}
