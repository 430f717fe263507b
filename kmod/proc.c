// SPDX-License-Identifier: GPL-2.0
/*
 * proc.c - /proc/mmscope: the same answers as the device's, as text for people
 * and awk. Directories of targets, and what is written in each file.
 *
 * Who opens a file is checked, and again whoever reads it, at each read: a program
 * with more rights than ours can be talked into reading what we opened, and what it
 * opened may come to somebody with less. A file is about the mm of when it was
 * opened, and tells nothing when the process has another. A file that lists VMAs
 * takes them one at a time, by address, each in its own hold of the mmap lock;
 * nothing is held from one read to the next but the mm's name.
 *
 * `table_lock` guards the table of targets. A directory goes when its process
 * does: the waitqueue on which pidfds are polled tells us, from within exit, and
 * so only schedules the work. Removing a directory waits for those who read in
 * it, deaf to signals, and a reader can be made to wait by whoever supplies the
 * memory it reads to (userfaultfd, FUSE). So it is begun when the last of them
 * has left, in a work item of its own; until it is done the entry stays in the
 * table, `dying`, lets nobody in any more, and counts.
 */
#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/refcount.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "internal.h"

#define CAT(name) MMSCOPE_CAT(name)

struct entry {
	struct list_head list;
	struct pid *pid;		/* of the process (its leader) */
	pid_t nr;			/* its number, and the directory's name */
	kuid_t owner;
	refcount_t users;		/* itself until it dies, and who is in its files */
	bool dying;			/* it is being disposed of, or will be */
	struct completion *waiter;	/* who wants to know when that is done */
	struct work_struct disposal;
	struct proc_dir_entry *dir;
	wait_queue_entry_t wait;	/* on pid->wait_pidfd */
};

static struct proc_dir_entry *root;
/* Of the files of directories, of `targets` and of `info`: see compat.h. */
static const struct proc_ops *each_ops, *targets_ops, *info_ops;
static DEFINE_MUTEX(table_lock);
static LIST_HEAD(table);
static unsigned int table_count;
static struct workqueue_struct *disposals;

/* ---- one reading of one file ---- */

struct reading {
	struct mutex lock;		/* over a whole read, and who may do it */
	struct mmscope_target target;	/* as it was opened; `trusted` as it is read */
	struct mmscope_vma vma;		/* the one to be shown */
	const char *name;
	char scratch[2 * PATH_MAX];	/* the longest path, and " (deleted)" */
};

struct format {
	const char *file;
	const char *header;
	void (*once)(struct seq_file *m, struct reading *r, const struct mmscope_mm *mm);
	int (*each)(struct seq_file *m, struct reading *r);	/* VMA; may be NULL */
};

/*
 * Between two lines the VMA may have been merged with one that was shown, or
 * have grown down over it: then only what is new of it is shown, so that lines
 * never overlap and no page is counted twice.
 */
static void leave_out_shown(struct mmscope_vma *v, unsigned long addr, bool file)
{
	if (v->start >= addr)
		return;
	if (file)
		v->offset += addr - v->start;
	v->start = addr;
}

/* The VMA at or behind @addr. 1: there is one, 0: none, or an error. */
static int look_up(struct reading *r, unsigned long addr)
{
	struct vm_area_struct *vma;
	u64 since;
	int err = mmscope_target_lock(&r->target, &since);

	if (err)
		return err;
	vma = find_vma(r->target.mm, addr);
	if (vma) {
		mmscope_vmas_fill(vma, &r->vma);
		leave_out_shown(&r->vma, addr, vma->vm_file);
		r->name = mmscope_vmas_name(vma, r->scratch, sizeof(r->scratch));
	}
	mmscope_target_unlock(&r->target, since);
	return vma ? 1 : 0;
}

/*
 * Positions: 0 is the header (with what is said once), 1 + ADDRESS the VMA at
 * or behind it.
 */
static void *position(struct reading *r, loff_t pos)
{
	int found;

	if (!pos)
		return SEQ_START_TOKEN;
	found = look_up(r, pos - 1);
	if (found < 0)
		return ERR_PTR(found);
	return found ? r : NULL;
}

static const struct format *format_of(const struct seq_file *m)
{
	return pde_data(file_inode(m->file));
}

static void *read_start(struct seq_file *m, loff_t *pos)
{
	if (*pos && !format_of(m)->each)
		return NULL;
	return position(m->private, *pos);
}

static void *read_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct reading *r = m->private;

	*pos = v == SEQ_START_TOKEN ? 1 : 1 + r->vma.end;
	if (!format_of(m)->each)
		return NULL;
	return position(r, *pos);
}

static void read_stop(struct seq_file *m, void *v)
{
}

static int read_show(struct seq_file *m, void *v)
{
	const struct format *f = format_of(m);
	struct reading *r = m->private;
	struct mmscope_mm mm = {};
	u64 since;
	int err;

	if (v != SEQ_START_TOKEN)
		return f->each(m, r);
	seq_puts(m, f->header);
	if (!f->once)
		return 0;
	err = mmscope_target_lock(&r->target, &since);
	if (err)
		return err;
	mmscope_mm_fill(&r->target, &mm);
	mmscope_target_unlock(&r->target, since);
	f->once(m, r, &mm);
	return 0;
}

static const struct seq_operations read_ops = {
	.start = read_start,
	.next = read_next,
	.stop = read_stop,
	.show = read_show,
};

static void let_go(struct entry *e)
{
	if (refcount_dec_and_test(&e->users))
		queue_work(disposals, &e->disposal);
}

/*
 * While somebody is in here the module stays, and rmmod is told so; so does the
 * directory, if it is one of a target. Removing a file waits for whoever reads it,
 * and that one may wait for as long as he likes, for his own memory (userfaultfd)
 * or a file system of his. To return from here is safe without it, since that is
 * what removing waits for. EIO as from files that have gone.
 *
 * Only who keeps the module may keep an entry: so none is let go when the
 * workqueue has gone.
 */
static int stay(struct entry *e)
{
	if (!try_module_get(THIS_MODULE))
		return -EIO;
	if (!e || (!READ_ONCE(e->dying) && refcount_inc_not_zero(&e->users)))
		return 0;
	module_put(THIS_MODULE);
	return -EIO;
}

static void stay_no_more(struct entry *e)
{
	if (e)
		let_go(e);
	module_put(THIS_MODULE);
}

/* The directory's datum (NULL: self, and what is no target's); a file's own is its format. */
static struct entry *entry_of(const struct inode *inode)
{
	return proc_get_parent_data(inode);
}

static int read_open(struct inode *inode, struct file *file)
{
	struct entry *e = entry_of(inode);
	struct reading *r = __seq_open_private(file, &read_ops, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	mutex_init(&r->lock);
	err = stay(e);
	if (!err) {
		/* `self` is who opens, not who reads. */
		err = mmscope_target_attach(&r->target, e ? e->pid : task_tgid(current));
		stay_no_more(e);
	}
	if (err)
		seq_release_private(inode, file);
	return err;
}

/*
 * Let the reader in, and keep other readers of this file out: seq_file may still
 * hold text that was made for another. It was made of the mm that this one is let
 * in to; but if they are not trusted alike it has to be made again.
 */
static int begin_reading(struct file *file)
{
	struct seq_file *m = file->private_data;
	struct reading *r = m->private;
	bool trusted = mmscope_target_trusts(file);
	struct entry *e = entry_of(file_inode(file));
	int err = stay(e);

	if (err)
		return err;
	err = mutex_lock_killable(&r->lock);
	if (err)
		goto err_stay;
	err = mmscope_target_admit(&r->target);
	if (err)
		goto err_lock;
	if (r->target.trusted != trusted)
		m->read_pos = -1;	/* nowhere: makes it start over */
	r->target.trusted = trusted;
	return 0;

err_lock:
	mutex_unlock(&r->lock);
err_stay:
	stay_no_more(e);
	return err;
}

static void end_reading(struct file *file)
{
	struct reading *r = ((struct seq_file *)file->private_data)->private;

	mutex_unlock(&r->lock);
	stay_no_more(entry_of(file_inode(file)));
}

static ssize_t read_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	ssize_t ret = begin_reading(iocb->ki_filp);

	if (ret)
		return ret;
	ret = seq_read_iter(iocb, iter);
	end_reading(iocb->ki_filp);
	return ret;
}

/* It makes the text up to there, and tells if there is so much. */
static loff_t read_seek(struct file *file, loff_t offset, int whence)
{
	loff_t ret = begin_reading(file);

	if (ret)
		return ret;
	ret = seq_lseek(file, offset, whence);
	end_reading(file);
	return ret;
}

static int read_release(struct inode *inode, struct file *file)
{
	struct reading *r = ((struct seq_file *)file->private_data)->private;

	mmscope_target_detach(&r->target);
	mutex_destroy(&r->lock);
	return seq_release_private(inode, file);
}

static const struct proc_ops each_ops_here = {
	.proc_open = read_open,
	.proc_read_iter = read_iter,
	.proc_lseek = read_seek,
	.proc_release = read_release,
};

/* ---- what is written ---- */

static void put_address(struct seq_file *m, const char *name, u64 value)
{
	seq_printf(m, "%-14s 0x%016llx address\n", name, value);
}

static void put_bytes(struct seq_file *m, const char *name, u64 value)
{
	seq_printf(m, "%-14s %18llu bytes\n", name, value);
}

static void put_limit(struct seq_file *m, const char *name, u64 value)
{
	if (value == ~0ULL)
		seq_printf(m, "%-14s %18s bytes\n", name, "unlimited");
	else
		put_bytes(m, name, value);
}

/*
 * So that a line stays a line, a word a word, and a terminal sane.  What is not
 * ASCII is escaped, too: the kernel takes bytes from 0xa0 on for Latin-1, and
 * would print one half of a UTF-8 character and escape the other.
 */
static void put_escaped(struct seq_file *m, const char *text)
{
	seq_escape_str(m, text, ESCAPE_SPACE | ESCAPE_SPECIAL | ESCAPE_OCTAL | ESCAPE_NAP |
		       ESCAPE_APPEND, "\\ ");
}

static void write_summary(struct seq_file *m, struct reading *r, const struct mmscope_mm *mm)
{
	seq_printf(m, "%-14s %18d number\n", "pid", mm->pid);
	seq_printf(m, "%-14s ", "comm");
	put_escaped(m, mm->comm);
	seq_puts(m, " name\n");
	put_address(m, "start_brk", mm->start_brk);
	put_address(m, "brk", mm->brk);
	put_bytes(m, "heap", mm->brk - mm->start_brk);
	put_bytes(m, "total_vm", mm->total_vm);
	put_bytes(m, "data_vm", mm->data_vm);
	put_bytes(m, "exec_vm", mm->exec_vm);
	put_bytes(m, "stack_vm", mm->stack_vm);
	put_bytes(m, "rss_anon", mm->rss_anon);
	put_bytes(m, "rss_file", mm->rss_file);
	put_bytes(m, "rss_shmem", mm->rss_shmem);
	put_bytes(m, "swap", mm->swap);
	put_bytes(m, "locked_vm", mm->locked_vm);
	put_bytes(m, "pinned_vm", mm->pinned_vm);
	put_bytes(m, "hiwater_rss", mm->hiwater_rss);
	put_bytes(m, "pgtables", mm->pgtables);
	seq_printf(m, "%-14s %18llu number\n", "vmas", mm->map_count);
	put_limit(m, "rlim_as", mm->rlim_as);
	put_limit(m, "rlim_data", mm->rlim_data);
	put_limit(m, "rlim_stack", mm->rlim_stack);
	put_limit(m, "rlim_memlock", mm->rlim_memlock);
}

static void write_brk(struct seq_file *m, struct reading *r, const struct mmscope_mm *mm)
{
	seq_printf(m, "0x%016llx 0x%016llx 0x%016llx %llu\n", mm->start_brk, mm->brk,
		   (u64)PAGE_ALIGN(mm->brk), mm->brk - mm->start_brk);
}

static void put_range(struct seq_file *m, const struct mmscope_vma *v)
{
	seq_printf(m, "0x%016llx 0x%016llx %14llu", v->start, v->end, v->end - v->start);
}

/* The last word of the line, "-" if there is none. */
static void put_name(struct seq_file *m, const struct reading *r)
{
	seq_putc(m, ' ');
	if (r->name && *r->name)
		put_escaped(m, r->name);
	else
		seq_putc(m, '-');
	seq_putc(m, '\n');
}

static const char * const backings[] = {
	[MMSCOPE_BACKING_ANON] = "anon",
	[MMSCOPE_BACKING_FILE] = "file",
	[MMSCOPE_BACKING_SHMEM] = "shmem",
	[MMSCOPE_BACKING_HUGETLB] = "hugetlb",
	[MMSCOPE_BACKING_SPECIAL] = "special",
	[MMSCOPE_BACKING_DEVICE] = "device",
};

static int write_vma(struct seq_file *m, struct reading *r)
{
	const struct mmscope_vma *v = &r->vma;

	put_range(m, v);
	seq_printf(m, " %c%c%c%c 0x%08llx %02x:%02x %10llu %-7s", v->flags & MMSCOPE_VMA_READ ? 'r' : '-',
		   v->flags & MMSCOPE_VMA_WRITE ? 'w' : '-',
		   v->flags & MMSCOPE_VMA_EXEC ? 'x' : '-',
		   v->flags & MMSCOPE_VMA_SHARED ? 's' : 'p', v->offset, v->dev_major,
		   v->dev_minor, v->inode, backings[v->backing]);
	put_name(m, r);
	return 0;
}

static int count_vma(struct reading *r, struct mmscope_acct *acct)
{
	/* VMAs that show nothing are passed over within one read. */
	if (fatal_signal_pending(current))
		return -EINTR;
	/* As smaps: whoever reads a text does not expect to be told of his alarms. */
	return mmscope_pages_count(&r->target, &r->vma, 1,
				   mmscope_pages_categories() & ~MMSCOPE_CATS_CACHE, true, acct);
}

static u64 bytes_in(const struct mmscope_acct *acct, unsigned int cat)
{
	return acct->pages[cat] << PAGE_SHIFT;
}

static int write_resident(struct seq_file *m, struct reading *r)
{
	struct mmscope_acct acct;
	int err = count_vma(r, &acct);

	if (err)
		return err;
	put_range(m, &r->vma);
	seq_printf(m, " %12llu %12llu %12llu %12llu %12llu %12llu %12llu %12llu",
		   bytes_in(&acct, MMSCOPE_CAT_PRESENT), acct.rss,
		   bytes_in(&acct, MMSCOPE_CAT_ANON), bytes_in(&acct, MMSCOPE_CAT_FILE),
		   bytes_in(&acct, MMSCOPE_CAT_SHMEM), bytes_in(&acct, MMSCOPE_CAT_ZERO),
		   acct.shared_dirty + acct.private_dirty,
		   bytes_in(&acct, MMSCOPE_CAT_SWAPPED));
	put_name(m, r);
	return 0;
}

/* VMAs with neither the intent nor the fact are left out. */
static int write_locked(struct seq_file *m, struct reading *r)
{
	const char *intent = r->vma.flags & MMSCOPE_VMA_LOCKONFAULT ? "onfault" :
			     r->vma.flags & MMSCOPE_VMA_LOCKED ? "locked" : "-";
	struct mmscope_acct acct;
	int err = count_vma(r, &acct);

	if (err)
		return err;
	if (*intent == '-' && !acct.pages[MMSCOPE_CAT_MLOCKED])
		return 0;
	put_range(m, &r->vma);
	seq_printf(m, " %-7s %12llu %12llu %12llu", intent,
		   bytes_in(&acct, MMSCOPE_CAT_PRESENT), bytes_in(&acct, MMSCOPE_CAT_MLOCKED),
		   bytes_in(&acct, MMSCOPE_CAT_UNEVICTABLE));
	put_name(m, r);
	return 0;
}

static const struct format formats[] = {
	{ "summary", "field                       value unit\n", write_summary, NULL },
	{ "brk", "start_brk          brk                heap_end           heap_bytes\n",
	  write_brk, NULL },
	{ "vmas",
	  "start              end                         bytes perm offset     dev        inode backing name\n",
	  NULL, write_vma },
	{ "resident",
	  "start              end                         bytes      present          rss         anon         file        shmem         zero        dirty      swapped name\n",
	  NULL, write_resident },
	{ "locked",
	  "start              end                         bytes intent       present      mlocked  unevictable name\n",
	  NULL, write_locked },
};

/* ---- directories ---- */

/*
 * A directory with a file for each format; @entry NULL for self. On failure @dir is
 * what there is of it, if anything: somebody may be in it already.
 */
static int make_dir(const char *name, struct entry *entry, struct proc_dir_entry **dir)
{
	size_t i;

	*dir = proc_mkdir_data(name, 0555, root, entry);
	if (!*dir)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (!proc_create_data(formats[i].file, 0444, *dir, each_ops,
				      (void *)&formats[i]))
			return -ENOMEM;
	return 0;
}

/* Has the process ended, all of its threads?  (A zombie has.) */
static bool is_over(struct pid *pid)
{
	struct task_struct *task;
	bool over;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	over = !task || (task->exit_state && thread_group_empty(task));
	rcu_read_unlock();
	return over;
}

/* Without table_lock: who was last in the directory may not quite have left it. */
static void disposal(struct work_struct *work)
{
	struct entry *e = container_of(work, struct entry, disposal);

	remove_wait_queue(&e->pid->wait_pidfd, &e->wait);
	proc_remove(e->dir);
	mutex_lock(&table_lock);
	list_del(&e->list);
	table_count--;
	if (e->waiter)
		complete(e->waiter);
	mutex_unlock(&table_lock);
	put_pid(e->pid);
	kfree(e);
}

/* table_lock held. */
static void send_off(struct entry *e)
{
	if (e->dying)
		return;
	WRITE_ONCE(e->dying, true);
	let_go(e);
}

static void reap(struct work_struct *work)
{
	struct entry *e;

	mutex_lock(&table_lock);
	list_for_each_entry(e, &table, list)
		if (is_over(e->pid))
			send_off(e);
	mutex_unlock(&table_lock);
}

static DECLARE_WORK(reaper, reap);

/* From within exit, with the waitqueue's lock held: no sleeping. */
static int on_exit(wait_queue_entry_t *wait, unsigned int mode, int flags, void *key)
{
	schedule_work(&reaper);
	return 0;
}

static struct entry *find(pid_t nr)
{
	struct entry *e;

	list_for_each_entry(e, &table, list)
		if (e->nr == nr)
			return e;
	return NULL;
}

/* The last directories are kept for the administrator. */
static unsigned int room_for_all(const struct file *file)
{
	return mmscope_target_trusts(file) ? MMSCOPE_TARGETS_MAX :
					     MMSCOPE_TARGETS_MAX - MMSCOPE_TARGETS_USER;
}

static bool has_room(const struct file *file, kuid_t owner)
{
	unsigned int owned = 0;
	struct entry *e;

	list_for_each_entry(e, &table, list)
		owned += uid_eq(e->owner, owner);
	return table_count < room_for_all(file) && owned < MMSCOPE_TARGETS_USER;
}

/* Not yet in the table, and without a directory. */
static struct entry *make_entry(struct pid *pid)
{
	struct entry *e = kzalloc(sizeof(*e), GFP_KERNEL_ACCOUNT);

	if (!e)
		return NULL;
	e->pid = get_pid(pid);
	e->nr = pid_nr(pid);
	e->owner = current_uid();
	refcount_set(&e->users, 1);
	INIT_WORK(&e->disposal, disposal);
	init_waitqueue_func_entry(&e->wait, on_exit);
	return e;
}

/*
 * table_lock held. Directories are named by the initial namespace's numbers.
 * @failed is one that did not come to be, and has been sent off, if any.
 */
static int add(const struct file *file, struct pid *pid, struct entry **failed)
{
	struct entry *e = find(pid_nr(pid));
	char name[16];
	int err;

	/* A number may be taken anew while the old directory is still emptied. */
	if (e)
		return e->dying || e->pid != pid ? -EBUSY : -EEXIST;
	if (!has_room(file, current_uid()))
		return -ENOSPC;
	e = make_entry(pid);
	if (!e)
		return -ENOMEM;
	list_add_tail(&e->list, &table);
	table_count++;
	/* From now on we are told; what ended before is seen by looking. */
	add_wait_queue(&pid->wait_pidfd, &e->wait);
	snprintf(name, sizeof(name), "%d", e->nr);
	err = make_dir(name, e, &e->dir);
	if (!err && is_over(pid))
		err = -ESRCH;
	if (err) {
		send_off(e);
		*failed = e;
	}
	return err;
}

/* Would the caller be let in? */
static int may_ask(struct pid *pid)
{
	struct mmscope_target t = {};
	int err = mmscope_target_attach(&t, pid);

	mmscope_target_detach(&t);
	return err;
}

/*
 * Who opened the file has to have each right, too: a program with more rights
 * than ours, whose output it is, can be talked into writing what we like.
 */
static int may_register(const struct file *file, struct pid *pid)
{
	const struct cred *writer;
	int err = may_ask(pid);

	if (err)
		return err;
	writer = override_creds(file->f_cred);
	err = may_ask(pid);
	revert_creds(writer);
	return err;
}

/* For the directory to be gone; it goes also if nobody waits any more. */
static int await_disposal(struct entry *e, struct completion *done)
{
	struct entry *other;

	if (!wait_for_completion_killable(done))
		return 0;
	mutex_lock(&table_lock);
	list_for_each_entry(other, &table, list)
		if (other == e && other->waiter == done)
			other->waiter = NULL;
	mutex_unlock(&table_lock);
	return -EINTR;
}

static int add_target(const struct file *file, struct pid *pid)
{
	DECLARE_COMPLETION_ONSTACK(done);
	struct entry *failed = NULL;
	int err = may_register(file, pid);

	if (err)
		return err;
	if (mutex_lock_killable(&table_lock))
		return -EINTR;
	err = add(file, pid, &failed);
	if (failed)
		failed->waiter = &done;
	mutex_unlock(&table_lock);
	if (failed)
		await_disposal(failed, &done);
	return err;
}

static bool may_remove(const struct file *file, const struct entry *e)
{
	return (uid_eq(e->owner, current_uid()) && uid_eq(e->owner, file->f_cred->uid)) ||
	       mmscope_target_trusts(file);
}

static int remove_target(const struct file *file, struct pid *pid)
{
	DECLARE_COMPLETION_ONSTACK(done);
	struct entry *e;
	int err = 0;

	if (mutex_lock_killable(&table_lock))
		return -EINTR;
	e = find(pid_nr(pid));
	if (!e || e->dying || e->pid != pid)
		err = -ENOENT;
	else if (!may_remove(file, e))
		err = -EPERM;
	else
		e->waiter = &done;
	if (!err)
		send_off(e);
	mutex_unlock(&table_lock);
	return err ? err : await_disposal(e, &done);
}

/* ---- /proc/mmscope/targets ---- */

/* The process of a process or thread id, in the caller's namespace. */
static struct pid *process_of(pid_t nr)
{
	struct task_struct *task;
	struct pid *pid = NULL;

	rcu_read_lock();
	task = pid_task(find_vpid(nr), PIDTYPE_PID);
	if (task)
		pid = get_pid(task_tgid(task));
	rcu_read_unlock();
	return pid;
}

static int order(struct file *file, const char __user *from, size_t len)
{
	struct pid *pid;
	int nr, err = kstrtoint_from_user(from, len, 10, &nr);

	if (err == -EFAULT)
		return err;
	if (err || !nr || nr == INT_MIN)
		return -EINVAL;
	pid = process_of(abs(nr));
	if (!pid)
		return nr < 0 ? -ENOENT : -ESRCH;
	err = nr > 0 ? add_target(file, pid) : remove_target(file, pid);
	put_pid(pid);
	return err;
}

static ssize_t targets_write(struct file *file, const char __user *from, size_t len,
			     loff_t *pos)
{
	int err = stay(NULL);

	if (err)
		return err;
	err = order(file, from, len);
	stay_no_more(NULL);
	return err ? err : len;
}

/* Of files that are the same for all. */
static ssize_t plain_read(struct kiocb *iocb, struct iov_iter *iter)
{
	ssize_t ret = stay(NULL);

	if (ret)
		return ret;
	ret = seq_read_iter(iocb, iter);
	stay_no_more(NULL);
	return ret;
}

/*
 * The directory, the pid in the reader's namespace, and who registered it; of
 * processes that are in it. Bounded by MMSCOPE_TARGETS_MAX, so written at once.
 */
static int targets_show(struct seq_file *m, void *v)
{
	struct entry *e;

	if (mutex_lock_killable(&table_lock))
		return -EINTR;
	seq_puts(m, "directory        pid        uid\n");
	list_for_each_entry(e, &table, list)
		if (!e->dying && pid_vnr(e->pid))
			seq_printf(m, "%9d %10d %10u\n", e->nr, pid_vnr(e->pid),
				   from_kuid_munged(seq_user_ns(m), e->owner));
	mutex_unlock(&table_lock);
	return 0;
}

static int targets_open(struct inode *inode, struct file *file)
{
	return single_open(file, targets_show, NULL);
}

static const struct proc_ops targets_ops_here = {
	.proc_open = targets_open,
	.proc_read_iter = plain_read,
	.proc_write = targets_write,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

/* ---- /proc/mmscope/info ---- */

static int info_show(struct seq_file *m, void *v)
{
	struct mmscope_info info = { .size = sizeof(info) };

	mmscope_dev_info(m->file, &info);
	seq_puts(m, "field                       value unit\n");
	seq_printf(m, "%-14s %18s name\n", "version", info.version);
	seq_printf(m, "%-14s %18u number\n", "abi", info.abi);
	seq_printf(m, "%-14s %18lu bytes\n", "page", 1UL << info.page_shift);
	seq_printf(m, "%-14s 0x%016llx mask\n", "features", info.features);
	seq_printf(m, "%-14s 0x%016llx mask\n", "categories", info.categories);
	seq_printf(m, "%-14s 0x%016llx mask\n", "vma_flags", info.vma_flags);
	seq_printf(m, "%-14s %18u number\n", "levels", info.levels);
	seq_printf(m, "%-14s %18u number\n", "targets_max", info.targets_max);
	seq_printf(m, "%-14s %18u number\n", "targets_user", info.targets_user_max);
	if (info.batches != ~0ULL)
		seq_printf(m, "%-14s %18llu number\n", "batches", info.batches);
	seq_printf(m, "%-14s %18llu ns\n", "longest_hold", info.longest_hold_ns);
	return 0;
}

static int info_open(struct inode *inode, struct file *file)
{
	return single_open(file, info_show, NULL);
}

static const struct proc_ops info_ops_here = {
	.proc_open = info_open,
	.proc_read_iter = plain_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

/* ---- init and exit ---- */

int mmscope_proc_init(void)
{
	struct proc_dir_entry *self;

	each_ops = mmscope_compat_proc_ops(&each_ops_here);
	targets_ops = mmscope_compat_proc_ops(&targets_ops_here);
	info_ops = mmscope_compat_proc_ops(&info_ops_here);
	if (!each_ops || !targets_ops || !info_ops)
		return -ENOMEM;
	disposals = alloc_workqueue("mmscope", WQ_UNBOUND, 0);
	if (!disposals)
		return -ENOMEM;
	root = proc_mkdir("mmscope", NULL);
	if (!root)
		goto err_queue;
	/* `targets` last: from then on there are entries, with wakers. */
	if (!proc_create("info", 0444, root, info_ops) || make_dir("self", NULL, &self) ||
	    !proc_create("targets", 0666, root, targets_ops))
		goto err_root;
	return 0;

err_root:
	proc_remove(root);
err_queue:
	destroy_workqueue(disposals);
	return -ENOMEM;
}

/*
 * First nobody can come in any more; then all directories are disposed of,
 * which takes their wakers off; so the reaper runs for the last time.
 */
void mmscope_proc_exit(void)
{
	struct entry *e;

	remove_proc_entry("targets", root);
	mutex_lock(&table_lock);
	list_for_each_entry(e, &table, list)
		send_off(e);
	mutex_unlock(&table_lock);
	destroy_workqueue(disposals);
	cancel_work_sync(&reaper);
	proc_remove(root);
}
