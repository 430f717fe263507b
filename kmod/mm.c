// SPDX-License-Identifier: GPL-2.0
/*
 * mm.c - the address space as a whole: break, bounds, counters, limits.
 * All from one hold of the mmap lock, under which brk(2) and mmap(2) change
 * them; prctl(PR_SET_MM) takes arg_lock besides, for the words it sets.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "internal.h"

static u64 bytes(u64 pages)
{
	return pages << PAGE_SHIFT;
}

/* exec sets them without a lock, one by one, in an mm that can be seen already. */
static void fill_bounds(struct mm_struct *mm, struct mmscope_mm *out)
{
	spin_lock(&mm->arg_lock);
	out->start_code = READ_ONCE(mm->start_code);
	out->end_code = READ_ONCE(mm->end_code);
	out->start_data = READ_ONCE(mm->start_data);
	out->end_data = READ_ONCE(mm->end_data);
	out->start_brk = READ_ONCE(mm->start_brk);
	out->brk = READ_ONCE(mm->brk);
	out->start_stack = READ_ONCE(mm->start_stack);
	out->arg_start = READ_ONCE(mm->arg_start);
	out->arg_end = READ_ONCE(mm->arg_end);
	out->env_start = READ_ONCE(mm->env_start);
	out->env_end = READ_ONCE(mm->env_end);
	spin_unlock(&mm->arg_lock);
	out->mmap_base = READ_ONCE(mm->mmap_base);
	out->task_size = READ_ONCE(mm->task_size);
}

static void fill_counters(struct mm_struct *mm, struct mmscope_mm *out)
{
	u64 rss;

	out->total_vm = bytes(mm->total_vm);
	out->data_vm = bytes(mm->data_vm);
	out->exec_vm = bytes(mm->exec_vm);
	out->stack_vm = bytes(mm->stack_vm);
	out->locked_vm = bytes(mm->locked_vm);
	out->pinned_vm = bytes(atomic64_read(&mm->pinned_vm));
	out->rss_anon = bytes(mmscope_compat_rss(mm, MM_ANONPAGES));
	out->rss_file = bytes(mmscope_compat_rss(mm, MM_FILEPAGES));
	out->rss_shmem = bytes(mmscope_compat_rss(mm, MM_SHMEMPAGES));
	out->swap = bytes(mmscope_compat_rss(mm, MM_SWAPENTS));
	/* The marks are set when memory shrinks: until then now is the most. */
	rss = out->rss_anon + out->rss_file + out->rss_shmem;
	out->hiwater_rss = max_t(u64, bytes(READ_ONCE(mm->hiwater_rss)), rss);
	out->hiwater_vm = max_t(u64, bytes(READ_ONCE(mm->hiwater_vm)), out->total_vm);
	out->pgtables = mm_pgtables_bytes(mm);
	out->map_count = mm->map_count;
	if (mm->def_flags & VM_LOCKED)
		out->def_flags |= MMSCOPE_VMA_LOCKED;
	if (mm->def_flags & VM_LOCKONFAULT)
		out->def_flags |= MMSCOPE_VMA_LOCKONFAULT;
}

/* What is the task's, not the mm's.  It may be gone while the mm lives on. */
static void fill_task(const struct mmscope_target *t, struct mmscope_mm *out)
{
	struct task_struct *task = get_pid_task(t->pid, PIDTYPE_PID);

	out->rlim_as = out->rlim_data = out->rlim_stack = out->rlim_memlock = ~0ULL;
	if (!task)
		return;
	out->pid = task_tgid_vnr(task);
	out->tid = task_pid_vnr(task);
	get_task_comm(out->comm, task);
	out->rlim_as = task_rlimit(task, RLIMIT_AS);
	out->rlim_data = task_rlimit(task, RLIMIT_DATA);
	out->rlim_stack = task_rlimit(task, RLIMIT_STACK);
	out->rlim_memlock = task_rlimit(task, RLIMIT_MEMLOCK);
	put_task_struct(task);
}

/* `size` and `flags` of @out are left alone, the rest is written. */
void mmscope_mm_fill(const struct mmscope_target *t, struct mmscope_mm *out)
{
	u32 size = out->size;

	*out = (struct mmscope_mm){ .size = size };
	fill_task(t, out);
	fill_bounds(t->mm, out);
	fill_counters(t->mm, out);
}
