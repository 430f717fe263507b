/* SPDX-License-Identifier: GPL-2.0 */
/*
 * machine.h - the facts of a machine that predictions are derived from.
 * -1 or "unknown" where the machine does not tell.
 */
#ifndef LESSON_MACHINE_H
#define LESSON_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "glibc.h"
#include "libmmscope.h"

enum thp_mode { THP_UNKNOWN, THP_NONE, THP_NEVER, THP_MADVISE, THP_ALWAYS };

struct machine {
	/* The kernel. */
	char release[65];
	int kernel_major, kernel_minor;	/* for what is told; features decide */
	uint64_t page, pmd;		/* bytes: a page, and what a PMD entry maps */
	uint64_t task_size;
	struct mmscope_info info;	/* of the module */
	bool soft_dirty, frames;	/* the module can tell, and tells us */
	bool pkeys, userfaultfd;
	enum thp_mode thp;		/* for PMD-sized pages; THP_NONE: no such thing here */
	bool thp_writable;		/* we may change it */
	bool mthp;			/* some smaller huge page is enabled */
	bool huge_zero_page;
	int64_t fault_around;		/* bytes; -1: not to be read (debugfs) */
	/* Memory. */
	uint64_t mem_total, swap_total, commit_limit;	/* bytes */
	bool swap_zram, swap_disk;	/* kinds of swap areas in use; none: no swap */
	int overcommit, randomize;	/* vm.overcommit_memory, kernel.randomize_va_space */
	/* Rights and limits of this process, and so of its subjects. */
	bool root, cap_ipc_lock, cap_sys_admin, cap_sys_resource;
	uint64_t rlim_memlock, rlim_data, rlim_stack, rlim_as;	/* soft; MMS_UNLIMITED */
	bool cgroup2, cgroup_memory;	/* mounted; and with a memory controller */
	char cgroup_path[128];		/* where it is mounted */
	/* The C library of the subjects, and malloc as the environment has it. */
	char libc[32], libc_version[32];	/* "glibc", "2.36"; "" before the first subject */
	struct malloc_settings malloc;
};

/* Reads it all but the C library; malloc is from our own environment. */
int machine_read(struct machine *m, struct mms_error *err);
/* The facts about huge pages alone, again: they may have been changed. */
void machine_read_thp(struct machine *m);
const char *thp_mode_name(enum thp_mode mode);
/* The bracketed word of a file such as "always [madvise] never". */
void machine_bracketed(const char *text, char *word, size_t size);

#endif
