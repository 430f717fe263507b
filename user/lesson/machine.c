// SPDX-License-Identifier: GPL-2.0
/*
 * machine.c - reads the facts that predictions are derived from.  What is not
 * told stays unknown: no default of some other machine is put in its place.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <linux/capability.h>

#include "machine.h"

#define THP_DIR	"/sys/kernel/mm/transparent_hugepage/"

static bool slurp(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t n;

	while (fd >= 0 && have < size - 1 && (n = read(fd, buf + have, size - 1 - have)) > 0)
		have += (size_t)n;
	if (fd >= 0)
		close(fd);
	buf[have] = 0;
	return fd >= 0 && have;
}

static int64_t number_in(const char *path)
{
	char buf[64];

	return slurp(path, buf, sizeof(buf)) ? strtoll(buf, NULL, 10) : -1;
}

void machine_bracketed(const char *text, char *word, size_t size)
{
	const char *open = strchr(text, '['), *close = open ? strchr(open, ']') : NULL;

	*word = 0;
	if (close)
		snprintf(word, size, "%.*s", (int)(close - open - 1), open + 1);
}

const char *thp_mode_name(enum thp_mode mode)
{
	static const char *const names[] = { "unknown", "none", "never", "madvise", "always" };

	return names[mode];
}

static enum thp_mode mode_in(const char *path)
{
	char text[128], word[32];

	if (!slurp(path, text, sizeof(text)))
		return THP_UNKNOWN;
	machine_bracketed(text, word, sizeof(word));
	return !strcmp(word, "always") ? THP_ALWAYS : !strcmp(word, "madvise") ? THP_MADVISE :
	       !strcmp(word, "never") ? THP_NEVER : THP_UNKNOWN;
}

/*
 * Since Linux 6.8 each size has a switch of its own, which for the PMD's size
 * says "inherit" at first: then the old one counts.
 */
void machine_read_thp(struct machine *m)
{
	char path[128];

	m->mthp = false;
	m->thp = mode_in(THP_DIR "enabled");
	if (m->thp == THP_UNKNOWN) {
		m->thp = access(THP_DIR "enabled", F_OK) ? THP_NONE : THP_UNKNOWN;
		return;
	}
	m->thp_writable = !access(THP_DIR "enabled", W_OK);
	m->huge_zero_page = number_in(THP_DIR "use_zero_page") == 1;
	for (uint64_t size = m->page * 2; size <= m->pmd; size *= 2) {
		enum thp_mode mode;

		snprintf(path, sizeof(path), THP_DIR "hugepages-%" PRIu64 "kB/enabled", size >> 10);
		mode = mode_in(path);
		if (size == m->pmd && mode != THP_UNKNOWN)
			m->thp = mode;
		else if (size < m->pmd && (mode == THP_ALWAYS || mode == THP_MADVISE))
			m->mthp = true;
	}
}

/* "Key:   123 kB" in bytes, 0 if it is not there. */
static uint64_t meminfo(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, 10) << 10 : 0;
}

static void read_memory(struct machine *m)
{
	char text[8192];

	if (slurp("/proc/meminfo", text, sizeof(text))) {
		m->mem_total = meminfo(text, "MemTotal:");
		m->swap_total = meminfo(text, "\nSwapTotal:");
		m->commit_limit = meminfo(text, "\nCommitLimit:");
	}
	if (slurp("/proc/swaps", text, sizeof(text)))
		for (char *line = strchr(text, '\n'); line && line[1]; line = strchr(line, '\n')) {
			line++;
			if (!strncmp(line, "/dev/zram", 9))
				m->swap_zram = true;
			else
				m->swap_disk = true;
		}
	m->overcommit = (int)number_in("/proc/sys/vm/overcommit_memory");
	m->randomize = (int)number_in("/proc/sys/kernel/randomize_va_space");
	m->fault_around = number_in("/sys/kernel/debug/fault_around_bytes");
}

static uint64_t soft_limit(int resource)
{
	struct rlimit r;

	return getrlimit(resource, &r) || r.rlim_cur == RLIM_INFINITY ? MMS_UNLIMITED : r.rlim_cur;
}

static void read_rights(struct machine *m)
{
	struct mms_proc self;

	m->root = geteuid() == 0;
	if (!mms_proc_read(getpid(), &self, NULL) && self.cap_known) {
		m->cap_ipc_lock = self.cap_eff >> CAP_IPC_LOCK & 1;
		m->cap_sys_admin = self.cap_eff >> CAP_SYS_ADMIN & 1;
		m->cap_sys_resource = self.cap_eff >> CAP_SYS_RESOURCE & 1;
	}
	m->rlim_memlock = soft_limit(RLIMIT_MEMLOCK);
	m->rlim_data = soft_limit(RLIMIT_DATA);
	m->rlim_stack = soft_limit(RLIMIT_STACK);
	m->rlim_as = soft_limit(RLIMIT_AS);
}

static void read_cgroup(struct machine *m)
{
	char path[160], text[512], where[128];
	FILE *f = fopen("/proc/self/mounts", "re");

	while (f && fgets(text, sizeof(text), f))
		if (sscanf(text, "%*s %127s cgroup2 ", where) == 1 && strstr(text, " cgroup2 ")) {
			m->cgroup2 = true;
			strcpy(m->cgroup_path, where);
			break;
		}
	if (f)
		fclose(f);
	snprintf(path, sizeof(path), "%s/cgroup.controllers", m->cgroup_path);
	m->cgroup_memory = m->cgroup2 && slurp(path, text, sizeof(text)) && strstr(text, "memory");
}

static void read_kernel(struct machine *m)
{
	struct utsname u;
	long key;

	uname(&u);
	snprintf(m->release, sizeof(m->release), "%s", u.release);
	sscanf(u.release, "%d.%d", &m->kernel_major, &m->kernel_minor);
	m->page = mms_page_size();
	m->pmd = 1ULL << m->info.pmd_shift;
	m->task_size = m->info.task_size;
	m->soft_dirty = m->info.categories & MMSCOPE_CAT(SOFT_DIRTY);
	m->frames = m->info.features & MMSCOPE_FEAT_FRAMES;
#ifdef SYS_pkey_alloc
	key = syscall(SYS_pkey_alloc, 0, 0);
	m->pkeys = key >= 0;
	if (key >= 0)
		syscall(SYS_pkey_free, key);
#endif
	m->userfaultfd = !access("/proc/sys/vm/unprivileged_userfaultfd", F_OK);
}

int machine_read(struct machine *m, struct mms_error *err)
{
	extern char **environ;

	memset(m, 0, sizeof(*m));
	if (mms_info(&m->info, err))
		return -1;
	read_kernel(m);
	machine_read_thp(m);
	read_memory(m);
	read_rights(m);
	read_cgroup(m);
	malloc_settings_default(&m->malloc);
	malloc_settings_parse(&m->malloc, (const char *const *)environ);
	return 0;
}
