// SPDX-License-Identifier: GPL-2.0
/*
 * limits.c - the bounds of a program that is graded: its memory by a control group
 * where one can be made, else by the limit of its address space; files, and no core.
 * (Time, output and the number of processes are watched by run.c.)
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "grade.h"

#define REMOVE_TRIES	100

/* ---- the control group --------------------------------------------------------- */

static int put(const char *dir, const char *file, const char *text)
{
	char path[400];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

/* The group that we are in, of the one hierarchy (version 2). */
static bool own_group(char *path, size_t size)
{
	char line[300], *at = NULL;
	FILE *f = fopen("/proc/self/cgroup", "re");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "0::", 3))
			break;
		else
			line[0] = '\0';
	if (f) {
		at = strncmp(line, "0::", 3) ? NULL : line + 3;
		fclose(f);
	}
	if (!at)
		return false;
	at[strcspn(at, "\n")] = '\0';
	return (size_t)snprintf(path, size, "/sys/fs/cgroup%s", strcmp(at, "/") ? at : "") < size;
}

void grade_limits_begin(struct grade_run *r)
{
	char own[250], number[32];

	if (!own_group(own, sizeof(own)))
		return;
	snprintf(r->cgroup, sizeof(r->cgroup), "%s/mmscope-grade.%d", own, (int)getpid());
	if (mkdir(r->cgroup, 0755)) {
		r->cgroup[0] = '\0';
		return;
	}
	/* Refused where the group has processes itself; it may be on already. */
	put(own, "cgroup.subtree_control", "+memory");
	snprintf(number, sizeof(number), "%llu", (unsigned long long)r->spec->memory);
	r->memory_by_group = !put(r->cgroup, "memory.max", number);
	/* And as much of swap, not all of it; where the kernel counts that. */
	put(r->cgroup, "memory.swap.max", number);
	if (r->memory_by_group)
		return;
	rmdir(r->cgroup);
	r->cgroup[0] = '\0';
}

bool grade_limits_memory(const struct grade_run *r)
{
	char path[400], line[80];
	unsigned long long kills = 0;
	FILE *f;

	if (!r->memory_by_group)
		return false;
	snprintf(path, sizeof(path), "%s/memory.events", r->cgroup);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "oom_kill %llu", &kills) == 1)
			break;
	if (f)
		fclose(f);
	return kills > 0;
}

void grade_limits_end(struct grade_run *r)
{
	if (!r->cgroup[0])
		return;
	/* Who was killed a moment ago may not have left it yet. */
	for (int i = 0; i < REMOVE_TRIES && rmdir(r->cgroup) && errno == EBUSY; i++)
		poll(NULL, 0, 10);
	r->cgroup[0] = '\0';
}

/* ---- in the child -------------------------------------------------------------- */

static void bound(__rlimit_resource_t which, uint64_t most)
{
	struct rlimit now, limit = { most, most };

	if (!getrlimit(which, &now) && now.rlim_max < limit.rlim_max)
		limit.rlim_cur = limit.rlim_max = now.rlim_max;
	setrlimit(which, &limit);
}

void grade_limits_child(const struct grade_run *r)
{
	bool grouped = r->memory_by_group && !put(r->cgroup, "cgroup.procs", "0");

	setsid();
	bound(RLIMIT_CORE, 0);
	bound(RLIMIT_FSIZE, r->spec->file);
	if (!grouped)
		bound(RLIMIT_AS, r->spec->memory);
	dup2(r->input, STDIN_FILENO);
	dup2(r->slave, STDOUT_FILENO);
	dup2(r->slave, STDERR_FILENO);
}
