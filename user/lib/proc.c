// SPDX-License-Identifier: GPL-2.0
/*
 * proc.c - processes: who they are, by pid, by name, or as self.
 * Everything here is from /proc/PID/stat, status and cmdline, and says nothing
 * of memory.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "procfs.h"

ssize_t mmsi_read_file(int dirfd, const char *name, char **text)
{
	size_t size = 4096, len = 0;
	char *buf = malloc(size + 1), *more;
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	while (buf && fd >= 0) {
		n = read(fd, buf + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
		if (len < size)
			continue;
		more = realloc(buf, 2 * size + 1);
		if (!more) {
			n = -1;
			break;
		}
		buf = more;
		size *= 2;
	}
	if (fd >= 0) {
		int saved = errno;

		close(fd);
		errno = saved;
	}
	if (n < 0 || !buf) {
		int saved = errno;

		free(buf);
		errno = saved;
		return -1;
	}
	buf[len] = '\0';
	*text = buf;
	return (ssize_t)len;
}

/* comm and state stand around the last ')': the name itself may hold any byte. */
bool mmsi_proc_from_stat(const char *text, struct mms_proc *proc)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	unsigned long long minor, major, ticks;
	unsigned int flags;
	size_t len;
	int told;

	if (!open || !close || close < open)
		return false;
	len = (size_t)(close - open - 1);
	if (len >= sizeof(proc->comm))
		len = sizeof(proc->comm) - 1;
	memcpy(proc->comm, open + 1, len);
	proc->comm[len] = '\0';
	told = sscanf(close + 1, " %c %*d %*d %*d %*d %*d %u %llu %*u %llu %*u"
		      " %*u %*u %*d %*d %*d %*d %*d %*d %llu", &proc->state, &flags,
		      &minor, &major, &ticks);
	/* PF_KTHREAD, in the ninth field */
	if (told >= 2)
		proc->kthread = flags & 0x00200000;
	proc->faults_known = told >= 4;
	if (proc->faults_known) {
		proc->minor_faults = minor;
		proc->major_faults = major;
	}
	proc->start_known = told == 5;
	if (proc->start_known)
		proc->start_ns = ticks * (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK));
	return true;
}

void mmsi_proc_from_status(const char *text, struct mms_proc *proc)
{
	const char *line;
	unsigned long long v;

	line = strstr(text, "\nTgid:");
	if (line && sscanf(line + 6, "%llu", &v) == 1)
		proc->pid = (pid_t)v;
	line = strstr(text, "\nUid:");
	if (line && sscanf(line + 5, "%llu", &v) == 1)
		proc->uid = (uid_t)v;
	line = strstr(text, "\nThreads:");
	if (line && sscanf(line + 9, "%llu", &v) == 1)
		proc->threads = (unsigned int)v;
	line = strstr(text, "\nCapEff:");
	if (line && sscanf(line + 8, "%llx", &v) == 1) {
		proc->cap_eff = v;
		proc->cap_known = true;
	}
}

int mmsi_proc_read_at(int procfd, pid_t pid, struct mms_proc *proc, struct mms_error *err)
{
	char *text;

	memset(proc, 0, sizeof(*proc));
	proc->pid = pid;
	if (mmsi_read_file(procfd, "stat", &text) < 0) {
		mms_explain(MMS_OP_PROCFS, errno, pid, err);
		return -1;
	}
	if (!mmsi_proc_from_stat(text, proc)) {
		free(text);
		return mms_fail(err, MMS_FAILED, NULL, "/proc/PID/stat", "cannot be made sense of");
	}
	free(text);
	if (mmsi_read_file(procfd, "status", &text) >= 0) {
		mmsi_proc_from_status(text, proc);
		free(text);
	}
	return 0;
}

static int open_procdir(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int mms_proc_read(pid_t pid, struct mms_proc *proc, struct mms_error *err)
{
	int fd = open_procdir(pid), ret;

	if (fd < 0) {
		mms_explain(MMS_OP_PROCFS, errno, pid, err);
		return -1;
	}
	ret = mmsi_proc_read_at(fd, pid, proc, err);
	close(fd);
	return ret;
}

bool mms_boot_time(uint64_t *ns)
{
	unsigned long long seconds;
	const char *line = NULL;
	char *text;

	if (mmsi_read_file(AT_FDCWD, "/proc/stat", &text) < 0)
		return false;
	line = strstr(text, "\nbtime ");
	if (line && sscanf(line, " btime %llu", &seconds) == 1)
		*ns = seconds * 1000000000;
	else
		line = NULL;
	free(text);
	return line;
}

void mms_procs_free(struct mms_procs *procs)
{
	free(procs->proc);
	procs->proc = NULL;
	procs->count = 0;
}

static int procs_add(struct mms_procs *procs, const struct mms_proc *proc)
{
	struct mms_proc *more;

	/* Powers of two are when the room is used up. */
	if ((procs->count & (procs->count - 1)) == 0) {
		size_t room = procs->count ? 2 * procs->count : 1;

		more = realloc(procs->proc, room * sizeof(*more));
		if (!more)
			return -1;
		procs->proc = more;
	}
	procs->proc[procs->count++] = *proc;
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	const struct mms_proc *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Every process for which `wanted` (NULL: any) is true. */
static int procs_scan(struct mms_procs *procs,
		      bool (*wanted)(int procfd, const struct mms_proc *proc, const char *name),
		      const char *name, struct mms_error *err)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	struct mms_proc proc;
	int fd, ret = 0;

	memset(procs, 0, sizeof(*procs));
	if (!dir)
		return mms_fail(err, MMS_FAILED, "mount -t proc proc /proc", "/proc",
				"cannot be read: %s", strerrordesc_np(errno));
	while (!ret && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!mmsi_proc_read_at(fd, atoi(entry->d_name), &proc, NULL) &&
		    (!wanted || wanted(fd, &proc, name)) && procs_add(procs, &proc))
			ret = mmsi_nomem(err);
		close(fd);
	}
	closedir(dir);
	if (procs->count)
		qsort(procs->proc, procs->count, sizeof(*procs->proc), by_pid);
	return ret;
}

int mms_procs_read(struct mms_procs *procs, struct mms_error *err)
{
	if (procs_scan(procs, NULL, NULL, err)) {
		mms_procs_free(procs);
		return -1;
	}
	if (!procs->count) {
		mms_procs_free(procs);
		return mms_fail(err, MMS_FAILED, "mount -t proc proc /proc", "/proc",
				"shows no process");
	}
	return 0;
}

/* comm is cut to 15 bytes, so argv[0] speaks for longer names. */
bool mmsi_proc_is_called(const char *comm, const char *argv0, const char *name)
{
	const char *last = strrchr(argv0, '/');

	last = last ? last + 1 : argv0;
	return !strcmp(comm, name) ||
	       !strcmp(*last == '-' ? last + 1 : last, name);	/* "-bash": a login shell */
}

static bool has_name(int procfd, const struct mms_proc *proc, const char *name)
{
	char *argv0;
	bool same;

	if (proc->pid == getpid())
		return false;
	if (!strcmp(proc->comm, name))
		return true;
	if (proc->kthread || mmsi_read_file(procfd, "cmdline", &argv0) < 0)
		return false;
	same = mmsi_proc_is_called(proc->comm, argv0, name);
	free(argv0);
	return same;
}

static int resolve_number(const char *arg, pid_t *pid, struct mms_error *err)
{
	unsigned long v;

	errno = 0;
	v = strtoul(arg, NULL, 10);
	/* PID_MAX_LIMIT is 4194304: what is above the int range never was a pid. */
	if (errno || v > INT32_MAX)
		return mms_fail(err, MMS_USAGE, "processes and their pids: ps -e", arg,
				"not a process id: out of range");
	if (!v)
		return mms_fail(err, MMS_USAGE, "processes and their pids: ps -e", arg,
				"not a process id: they start at 1");
	*pid = (pid_t)v;
	return 0;
}

int mms_resolve(const char *arg, pid_t *pid, struct mms_procs *matches,
		struct mms_error *err)
{
	struct mms_procs found;
	int ret = 0;

	if (matches)
		memset(matches, 0, sizeof(*matches));
	if (*arg && strspn(arg, "0123456789") == strlen(arg))
		return resolve_number(arg, pid, err);
	if (!strcmp(arg, "self")) {
		*pid = getpid();
		return 0;
	}
	if (!*arg)
		return mms_fail(err, MMS_USAGE, "processes and their pids: ps -e", "''",
				"neither a process id nor a name");
	ret = procs_scan(&found, has_name, arg, err);
	if (!ret && !found.count)
		ret = mms_fail(err, MMS_GONE, "processes and their pids: ps -e", arg,
			       "no process of that name");
	else if (!ret && found.count > 1)
		ret = mms_fail(err, MMS_USAGE, "name one of them by its pid:", arg,
			       "%zu processes are called so", found.count);
	else if (!ret)
		*pid = found.proc[0].pid;
	if (matches)
		*matches = found;
	else
		mms_procs_free(&found);
	return ret;
}
