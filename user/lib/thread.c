// SPDX-License-Identifier: GPL-2.0
/*
 * thread.c - the threads of a process, and where their stacks are.
 * /proc/PID/task/TID/syscall tells the stack pointer of a thread that sleeps; it
 * says "running" of one that does not, and then nobody knows without a stop.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "procfs.h"

/* "0 0x3 0x7f... (six arguments) SP PC", or "-1 SP PC" outside of any call. */
bool mmsi_sp_from_syscall(const char *text, uint64_t *sp)
{
	long number;

	if (sscanf(text, "%ld", &number) != 1)
		return false;
	if (number == -1)
		return sscanf(text, "%*d %" SCNx64, sp) == 1;
	return sscanf(text, "%*d %*x %*x %*x %*x %*x %*x %" SCNx64, sp) == 1;
}

static void read_sp(int taskfd, struct mms_thread *thread)
{
	char name[32], *text;

	snprintf(name, sizeof(name), "%d/syscall", (int)thread->tid);
	if (mmsi_read_file(taskfd, name, &text) < 0)
		return;
	thread->sp_known = mmsi_sp_from_syscall(text, &thread->sp);
	free(text);
}

/* Reads the whole directory first: it is not to change while it is read. */
static int list(DIR *dir, struct mms_threads *threads)
{
	size_t room = 0;
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		char *end;
		long tid = strtol(entry->d_name, &end, 10);
		struct mms_thread *more;

		if (*end || tid <= 0)
			continue;
		if (threads->count == room) {
			room = room ? 2 * room : 16;
			more = realloc(threads->thread, room * sizeof(*more));
			if (!more)
				return -1;
			threads->thread = more;
		}
		threads->thread[threads->count++] = (struct mms_thread){ .tid = (pid_t)tid };
	}
	return 0;
}

static int by_tid(const void *a, const void *b)
{
	const struct mms_thread *x = a, *y = b;

	return (x->tid > y->tid) - (x->tid < y->tid);
}

int mms_threads_read(struct mms_target *t, struct mms_threads *threads, struct mms_error *err)
{
	int fd = -1, ret;
	DIR *dir;

	*threads = (struct mms_threads){ 0 };
	if (t->source->threads)
		return t->source->threads(t, threads, err);
	fd = openat(t->procfd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		mms_explain(MMS_OP_PROCFS, errno, t->pid, err);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	ret = list(dir, threads) ? mmsi_nomem(err) : 0;
	if (!ret && !threads->count) {
		mms_explain(MMS_OP_PROCFS, ESRCH, t->pid, err);
		ret = -1;
	}
	for (size_t i = 0; !ret && i < threads->count; i++)
		read_sp(fd, &threads->thread[i]);
	closedir(dir);
	if (!ret)
		qsort(threads->thread, threads->count, sizeof(*threads->thread), by_tid);
	return ret;
}

void mms_threads_free(struct mms_threads *threads)
{
	free(threads->thread);
	*threads = (struct mms_threads){ 0 };
}
