/* SPDX-License-Identifier: GPL-2.0 */
/*
 * resident.h - the frame of the module, given to students: /proc/resident, and what was
 * asked for last. What is missing is list_pages().
 */
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pgtable.h>
#include <linux/pid.h>
#include <linux/proc_fs.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define PAGES_MAX	4096

static unsigned long pages[PAGES_MAX];
static unsigned int pages_count;
static DEFINE_MUTEX(lock);

/*
 * Puts the address of each resident page of a VMA into pages[], and how many there are
 * into pages_count. It has PAGES_MAX pages at most. The caller has the mmap lock for
 * reading, and `lock`.
 */
static void list_pages(struct vm_area_struct *vma);

static int list_of(pid_t nr, unsigned long address)
{
	struct pid *pid = find_get_pid(nr);
	struct task_struct *task = pid ? get_pid_task(pid, PIDTYPE_PID) : NULL;
	struct mm_struct *mm = task ? get_task_mm(task) : NULL;
	struct vm_area_struct *vma;
	int ret = -ESRCH;

	if (mm) {
		mmap_read_lock(mm);
		vma = find_vma(mm, address);
		ret = vma && vma->vm_start <= address ? 0 : -EINVAL;
		/* The lock is held meanwhile: not for ever. */
		if (!ret && vma->vm_end - vma->vm_start > PAGES_MAX * PAGE_SIZE)
			ret = -E2BIG;
		if (!ret)
			list_pages(vma);
		mmap_read_unlock(mm);
		mmput(mm);
	}
	if (task)
		put_task_struct(task);
	put_pid(pid);
	return ret;
}

static ssize_t resident_write(struct file *file, const char __user *buf, size_t len, loff_t *at)
{
	char text[64];
	unsigned long address;
	int pid, ret;

	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, len))
		return -EFAULT;
	text[len] = '\0';
	if (sscanf(text, "%d %lx", &pid, &address) != 2)
		return -EINVAL;
	mutex_lock(&lock);
	pages_count = 0;
	ret = list_of(pid, address);
	mutex_unlock(&lock);
	return ret ? ret : len;
}

static int resident_show(struct seq_file *m, void *v)
{
	unsigned int i;

	mutex_lock(&lock);
	for (i = 0; i < pages_count; i++)
		seq_printf(m, "%lx\n", pages[i]);
	mutex_unlock(&lock);
	return 0;
}

static int resident_open(struct inode *inode, struct file *file)
{
	return single_open(file, resident_show, NULL);
}

static const struct proc_ops resident_ops = {
	.proc_open = resident_open,
	.proc_read = seq_read,
	.proc_write = resident_write,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static int __init resident_init(void)
{
	return proc_create("resident", 0600, NULL, &resident_ops) ? 0 : -ENOMEM;
}

static void __exit resident_exit(void)
{
	remove_proc_entry("resident", NULL);
}

module_init(resident_init);
module_exit(resident_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Prints the resident pages of a VMA");
