// SPDX-License-Identifier: GPL-2.0
/*
 * overcommit-oom.c - of the lesson "overcommit": a process that runs out of
 * memory and is killed, in a cgroup of its own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "overcommit.h"

int64_t overcommit_number(const char *path)
{
	char text[64];
	FILE *f = fopen(path, "re");
	int64_t v = f && fgets(text, sizeof(text), f) ? strtoll(text, NULL, 10) : -1;

	if (f)
		fclose(f);
	return v;
}

/* A figure of a file with lines "NAME NUMBER"; -1: none. */
static int64_t event(const char *folder, const char *name)
{
	char path[300], line[128], key[64];
	int64_t v = -1;
	long long n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/memory.events", folder);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %lld", key, &n) == 2 && !strcmp(key, name))
			v = n;
	if (f)
		fclose(f);
	return v;
}

static bool limit_group(struct lesson *l, const char *folder, uint64_t limit)
{
	char path[300], text[32];

	snprintf(path, sizeof(path), "%s/memory.max", folder);
	snprintf(text, sizeof(text), "%" PRIu64, limit);
	if (change_file(l, path, text))
		return false;
	/* It must not get away by being swapped out. */
	snprintf(path, sizeof(path), "%s/memory.swap.max", folder);
	return access(path, W_OK) || !change_file(l, path, "0");
}

/* Whether only that one process will die; if not so, the step is skipped. */
static bool safe(struct lesson *l, uint64_t memory)
{
	const struct machine *m = lesson_machine(l);
	const char *mend = NULL, *why = NULL;

	if (!m->cgroup2) {
		why = "no cgroup2 is mounted, which could keep this away from other processes";
		mend = "as root: mount -t cgroup2 cgroup2 /sys/fs/cgroup";
	} else if (!m->cgroup_memory) {
		why = "cgroup2 has no memory controller here";
		mend = "boot without cgroup_disable=memory, and with cgroup v2 alone";
	} else if (!m->root || access(m->cgroup_path, W_OK)) {
		why = "only root may make a cgroup, which keeps this away from other processes";
		mend = "run the lesson as root";
	} else if (m->mem_total < memory) {
		why = "the machine has too little memory";
	} else if (overcommit_number("/proc/sys/vm/panic_on_oom") > 1) {
		why = "this machine is set to stop as a whole (vm.panic_on_oom is 2)";
		mend = "sysctl vm.panic_on_oom=0";
	} else if (overcommit_number("/proc/self/oom_score_adj") == -1000) {
		why = "this process and its children are exempt from being killed";
		mend = "echo 0 > /proc/self/oom_score_adj";
	}
	if (why)
		skip_step(l, mend, "%s", why);
	return !why;
}

void overcommit_oom(struct lesson *l)
{
	const struct machine *m = lesson_machine(l);
	const uint64_t limit = 32 * MIB, size = 64 * MIB;
	struct subject_options options = { 0 };
	struct subject *parent, *child;
	char folder[256];
	uint64_t at;

	step(l, "oom", "A process with a limit of %" PRIu64 " MiB writes to %" PRIu64 " MiB",
	     limit / MIB, size / MIB);
	if (!safe(l, 4 * size))
		return;
	predict(l, "mmap grants it: addresses are not limited. But when half of it is written, a "
		"page is needed and there is none. A store cannot return an error, so the kernel "
		"kills: in this cgroup, the process that has most (SIGKILL). Its parent, in the "
		"same cgroup, lives; memory.events counts one oom_kill");
	need(l, !change_cgroup(l, "oom", folder) && limit_group(l, folder, limit),
	     "no cgroup of our own: %s", strerrordesc_np(errno));
	options.cgroup = folder;
	parent = subject_start(l, &options);
	child = subject_fork(parent);
	at = isolated_mmap(child, size / m->page, PROT_READ | PROT_WRITE, 0, 0);
	expect_errno(l, "mmap", child, 0);
	subject_fatal(child);
	subject_write(child, at, size / m->page, 1);
	expect_death(l, "killed", child, SIGKILL, NULL);
	observe(l, "cgroup", "memory.events: max %" PRId64 ", oom %" PRId64 ", oom_kill %" PRId64,
		event(folder, "max"), event(folder, "oom"), event(folder, "oom_kill"));
	expect_equal(l, "counted", "oom_kill", (uint64_t)event(folder, "oom_kill"), 1, UNIT_NUMBER);
	subject_malloc(parent, 10);
	expect_true(l, "parent", !subject_dead(parent), "the parent still does what it is told");
	note(l, "The kernel's log tells of it: dmesg | grep -A1 oom-kill");
	subject_stop(child);
	subject_stop(parent);
	change_undo(l);
}
