// SPDX-License-Identifier: GPL-2.0
/*
 * undo.c - what a lesson changes of the machine, and how it is put back: from
 * a list in shared memory, by this process, by its signal handler, or, should
 * it be killed, by a guard process that waits for its end.
 *
 * An entry is noted before the change.  Undoing uses system calls alone, so that
 * a signal handler may do it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

enum what { UNDO_WRITE = 1, UNDO_CGROUP, UNDO_SWAPON, UNDO_UNLINK };

#define ENTRIES	64

static struct list {
	unsigned int count;
	struct entry {
		uint32_t what;		/* 0: done */
		char path[256];
		char text[128];
		uint32_t len;
	} entry[ENTRIES];
} *list;

static pid_t guard;
static int guard_pipe = -1;

/* ---- putting back ---------------------------------------------------------- */

static int write_text(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), saved;
	ssize_t n = fd < 0 ? -1 : write(fd, text, len);

	saved = errno;
	if (fd >= 0)
		close(fd);
	errno = saved;
	return n == (ssize_t)len ? 0 : -1;
}

/* Whoever is in it dies first; that takes the kernel a moment. */
static void remove_cgroup(const struct entry *e)
{
	char kill_file[300];
	size_t len = strlen(e->path);

	memcpy(kill_file, e->path, len);
	memcpy(kill_file + len, "/cgroup.kill", 13);
	write_text(kill_file, "1", 1);
	for (int i = 0; i < 400 && rmdir(e->path) && errno == EBUSY; i++)
		usleep(5000);
}

static void undo_entry(struct entry *e)
{
	uint32_t what = e->what;

	e->what = 0;
	switch (what) {
	case UNDO_WRITE:
		write_text(e->path, e->text, e->len);
		break;
	case UNDO_CGROUP:
		remove_cgroup(e);
		break;
	case UNDO_SWAPON:
		swapon(e->path, 0);
		break;
	case UNDO_UNLINK:
		unlink(e->path);
	}
}

static void undo_all(void)
{
	while (list && list->count) {
		list->count--;
		undo_entry(&list->entry[list->count]);
	}
}

void change_undo(struct lesson *l)
{
	undo_all();
	if (l->thp_changed)
		machine_read_thp(&l->machine);
	l->thp_changed = false;
}

/* ---- the guard ------------------------------------------------------------- */

/* Reads until nobody holds the other end any more: then mmscope is gone. */
static void watch(int fd)
{
	static const int deaf[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };
	char c;

	setsid();
	for (size_t i = 0; i < sizeof(deaf) / sizeof(deaf[0]); i++)
		signal(deaf[i], SIG_IGN);
	dup2(fd, 3);
	close_range(4, ~0U, 0);
	/* Nobody shall wait for the end of our output because of the guard. */
	close(0);
	close(1);
	close(2);
	while (read(3, &c, 1) < 0 && errno == EINTR)
		;
	undo_all();
	_exit(0);
}

static int start_guard(void)
{
	int pair[2];

	list = mmap(NULL, sizeof(*list), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (list == MAP_FAILED) {
		list = NULL;
		return -1;
	}
	if (pipe2(pair, O_CLOEXEC))
		return -1;
	fflush(NULL);
	guard = fork();
	if (!guard) {
		close(pair[1]);
		watch(pair[0]);
	}
	close(pair[0]);
	guard_pipe = pair[1];
	return guard < 0 ? -1 : 0;
}

static void on_signal(int signo)
{
	undo_all();
	signal(signo, SIG_DFL);
	raise(signo);
}

static const int caught[] = { SIGINT, SIGTERM, SIGHUP };

void undo_begin(void)
{
	struct sigaction act = { .sa_handler = on_signal };

	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigaction(caught[i], &act, NULL);
}

void undo_end(void)
{
	undo_all();
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		signal(caught[i], SIG_DFL);
	if (guard_pipe >= 0)
		close(guard_pipe);
	guard_pipe = -1;
	if (guard > 0)
		while (waitpid(guard, NULL, 0) < 0 && errno == EINTR)
			;
	guard = 0;
	if (list)
		munmap(list, sizeof(*list));
	list = NULL;
}

/* ---- changes --------------------------------------------------------------- */

/* Complete before it counts: the guard may read it at any moment. */
static int remember(enum what what, const char *path, const char *text, size_t len)
{
	struct entry *e;

	if (!list && start_guard())
		return -1;
	errno = ENOSPC;
	if (list->count == ENTRIES || strlen(path) >= sizeof(e->path) || len > sizeof(e->text))
		return -1;
	e = &list->entry[list->count];
	snprintf(e->path, sizeof(e->path), "%s", path);
	if (len)
		memcpy(e->text, text, len);
	e->len = (uint32_t)len;
	e->what = what;
	__atomic_store_n(&list->count, list->count + 1, __ATOMIC_SEQ_CST);
	return 0;
}

static void forget(void)
{
	int saved = errno;

	list->count--;
	errno = saved;
}

/* What to write to get the present state again. */
static ssize_t present(const char *path, char *text, size_t size)
{
	char raw[512];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, raw, sizeof(raw) - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return -1;
	raw[n] = 0;
	machine_bracketed(raw, text, size);
	if (*text)
		return (ssize_t)strlen(text);
	/* A part of it would put back something else. */
	if ((size_t)n >= size)
		return -1;
	memcpy(text, raw, (size_t)n + 1);
	return n;
}

int change_file(struct lesson *l, const char *path, const char *text)
{
	char old[128];
	ssize_t n = present(path, old, sizeof(old));

	if (n < 0 || remember(UNDO_WRITE, path, old, (size_t)n))
		return -1;
	doing(l, "echo %s > %s", text, path);
	if (!write_text(path, text, strlen(text)))
		return 0;
	forget();
	return -1;
}

int change_thp(struct lesson *l, const char *mode)
{
	static const char all[] = "/sys/kernel/mm/transparent_hugepage/enabled";
	char one[128];

	if (change_file(l, all, mode))
		return -1;
	/* Where each size has a switch, that of the PMD's size may not follow. */
	snprintf(one, sizeof(one), "/sys/kernel/mm/transparent_hugepage/hugepages-%llukB/enabled",
		 (unsigned long long)l->machine.pmd >> 10);
	if (!access(one, W_OK) && change_file(l, one, mode))
		return -1;
	l->thp_changed = true;
	machine_read_thp(&l->machine);
	return 0;
}

int change_swapoff(struct lesson *l, const char *area)
{
	if (remember(UNDO_SWAPON, area, NULL, 0))
		return -1;
	doing(l, "swapoff %s", area);
	if (!swapoff(area))
		return 0;
	forget();
	return -1;
}

int change_cgroup(struct lesson *l, const char *name, char path[256])
{
	const char *root = l->machine.cgroup_path;
	char control[200], controllers[512] = "";
	int fd;

	snprintf(control, sizeof(control), "%s/cgroup.subtree_control", root);
	fd = open(control, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, controllers, sizeof(controllers) - 1) < 0)
		return -1;
	close(fd);
	if (!strstr(controllers, "memory")) {
		if (remember(UNDO_WRITE, control, "-memory", 7))
			return -1;
		if (write_text(control, "+memory", 7)) {
			forget();
			return -1;
		}
	}
	snprintf(path, 256, "%s/mmscope-%s-%d", root, name, (int)getpid());
	if (remember(UNDO_CGROUP, path, NULL, 0))
		return -1;
	doing(l, "mkdir %s", path);
	if (!mkdir(path, 0755))
		return 0;
	forget();
	return -1;
}

int change_tempfile(struct lesson *l, const char *name, uint64_t length, char path[256])
{
	/* A swap disk of the lab is the one file system there that is on a disk. */
	const char *const dirs[] = { getenv("TMPDIR"), "/run/swap", "/var/tmp", "/tmp" };
	int fd = -1;

	(void)l;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]) && fd < 0; i++) {
		if (!dirs[i])
			continue;
		snprintf(path, 256, "%s/mmscope-%s-%d", dirs[i], name, (int)getpid());
		if (remember(UNDO_UNLINK, path, NULL, 0))
			return -1;
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0)
			forget();
	}
	if (fd < 0)
		return -1;
	if (posix_fallocate(fd, 0, (off_t)length) && ftruncate(fd, (off_t)length)) {
		close(fd);
		return -1;
	}
	close(fd);
	return 0;
}
