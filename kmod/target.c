// SPDX-License-Identifier: GPL-2.0
/*
 * target.c - a process, who may ask about it, and references to its memory.
 *
 * The gate. ptrace_may_access() and mm_access() are exported to nobody. To
 * write the check again would leave out the security modules, and every later
 * change to it. So the kernel is made to do it: the target's /proc/PID/maps is
 * opened, with the credentials of the caller and through the caller's own
 * /proc, and what came back is verified to be procfs's file for that very pid:
 * a caller may have mounted anything over anything in a namespace of its own.
 *
 * The race with exec. Between the check and the use, the target may exec a
 * program that the caller may not look into. An mm is taken before the check
 * and compared after it: exec always brings a new mm, and the old one cannot
 * come back as its address while it is held; so if it is the same, the check
 * was about it.
 */
#include <linux/capability.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/magic.h>
#include <linux/namei.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>

#include "internal.h"

/*
 * The administrator's own: both who opened the file and who asks by it now. Nobody
 * lends a right by opening a file for others, nor by using what others opened.
 */
bool mmscope_target_trusts(const struct file *file)
{
	return file_ns_capable(file, &init_user_ns, CAP_SYS_ADMIN) && capable(CAP_SYS_ADMIN);
}

/* How often ATTACH is tried with a target that keeps calling exec. */
#define TRIES 16

/* ---- the gate ---- */

/* The caller's /proc; the caller puts the path. */
static int proc_root(struct path *root)
{
	int err = kern_path("/proc", LOOKUP_FOLLOW | LOOKUP_DIRECTORY, root);

	if (err)
		return err == -ENOMEM ? err : -ENOENT;
	if (root->dentry->d_sb->s_magic == PROC_SUPER_MAGIC && IS_ROOT(root->dentry))
		return 0;
	path_put(root);
	return -ENOENT;
}

/* Is this "/NR/maps" of that very procfs? */
static bool is_maps_of(const struct file *file, const struct super_block *sb, const char *nr)
{
	const struct dentry *maps = file->f_path.dentry;
	const struct dentry *dir;
	bool same;

	rcu_read_lock();
	dir = READ_ONCE(maps->d_parent);
	same = maps->d_sb == sb && !strcmp(maps->d_name.name, "maps") &&
	       dir->d_sb == sb && !strcmp(dir->d_name.name, nr) &&
	       READ_ONCE(dir->d_parent) == sb->s_root;
	rcu_read_unlock();
	return same;
}

/* What open() says, as ATTACH says it. hidepid hides as if there were none. */
static int gate_error(long err)
{
	switch (err) {
	case -EACCES:
	case -EPERM:
		return -EACCES;
	case -ENOENT:
	case -ESRCH:
		return -ESRCH;
	default:
		return err;
	}
}

/*
 * Since 6.16 that of a process without an address space is not opened for anybody
 * (ESRCH); before it was, and is empty.  Both is no refusal of the caller.
 */
static int open_maps(const struct path *root, const char *nr, bool has_mm)
{
	struct super_block *sb = root->dentry->d_sb;
	char name[32];
	struct file *file;
	int err = 0;

	snprintf(name, sizeof(name), "%s/maps", nr);
	/* What is there may be anything: do not wait for a FIFO's other end. */
	file = file_open_root(root, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		return err == -ESRCH && !has_mm ? 0 : gate_error(err);
	}
	if (!is_maps_of(file, sb, nr))
		err = -EACCES;
	fput(file);
	return err;
}

/*
 * May the caller look into the process or thread?  0, or EACCES, ESRCH, ENOENT.
 * pid's number is looked up in the namespace of the caller's /proc, which need
 * not be the caller's own.  May sleep.
 */
static int gate(struct pid *pid, bool has_mm)
{
	struct path root;
	char nr[16];
	pid_t n;
	int err = proc_root(&root);

	if (err)
		return err;
	n = pid_nr_ns(pid, proc_pid_ns(root.dentry->d_sb));
	snprintf(nr, sizeof(nr), "%d", n);
	err = n ? open_maps(&root, nr, has_mm) : -ESRCH;
	path_put(&root);
	/* While it is still hashed, its number was not given to another. */
	if (!err) {
		rcu_read_lock();
		if (!pid_task(pid, PIDTYPE_PID))
			err = -ESRCH;
		rcu_read_unlock();
	}
	return err;
}

/* ---- attach ---- */

/*
 * The task's mm, as a struct: its memory is not held, since what follows may
 * wait for long in a file system of the caller's making. mmdrop() puts it.
 */
static int mm_of(struct pid *pid, struct mm_struct **mm)
{
	struct task_struct *task = get_pid_task(pid, PIDTYPE_PID);

	if (!task)
		return -ESRCH;
	*mm = get_task_mm(task);
	put_task_struct(task);
	if (!*mm)
		return -ENXIO;
	mmgrab(*mm);
	mmput(*mm);
	return 0;
}

/*
 * One try; EAGAIN if the target called exec in the midst of it.  That it has no mm
 * is told only to whom it is shown at all: /proc may be mounted with hidepid.
 */
static int attach_once(struct pid *pid, struct mm_struct **out)
{
	struct mm_struct *before = NULL, *after;
	int err = mm_of(pid, &before);

	if (err && err != -ENXIO)
		return err;
	err = gate(pid, before);
	if (err)
		goto out;
	err = mm_of(pid, &after);
	if (err)
		goto out;
	mmdrop(after);
	if (before != after) {
		err = -EAGAIN;
		goto out;
	}
	*out = before;
	return 0;
out:
	if (before)
		mmdrop(before);
	return err;
}

/* Replaces what @t was about, if it succeeds. Takes its own reference of @pid. */
int mmscope_target_attach(struct mmscope_target *t, struct pid *pid)
{
	struct mm_struct *mm = NULL;
	int tries, err;

	for (tries = 0; tries < TRIES; tries++) {
		err = attach_once(pid, &mm);
		if (err != -EAGAIN)
			break;
	}
	if (err)
		return err;
	mmscope_target_detach(t);
	t->mm = mm;
	t->pid = get_pid(pid);
	return 0;
}

int mmscope_target_admit(const struct mmscope_target *t)
{
	struct mmscope_target now = {};
	int err = mmscope_target_attach(&now, t->pid);

	if (!err && now.mm != t->mm)
		err = -ESTALE;
	mmscope_target_detach(&now);
	return err;
}

void mmscope_target_detach(struct mmscope_target *t)
{
	if (t->mm)
		mmdrop(t->mm);
	put_pid(t->pid);
	*t = (struct mmscope_target){};
}

/* ---- use ---- */

/* Of all targets since the module was loaded: classes of MMSCOPE_HOLDS, ns. */
static atomic64_t holds[MMSCOPE_HOLDS], all_holds, longest_hold;

/*
 * Has the thread we were named another mm by now?  Only the pointers are
 * compared, so its lock is not needed; ours is held by mm_count, so its address
 * is nobody else's.  A thread that ended proves nothing: the others may go on.
 */
static bool has_exec_ed(const struct mmscope_target *t)
{
	struct task_struct *task = get_pid_task(t->pid, PIDTYPE_PID);
	struct mm_struct *mm;

	if (!task)
		return false;
	mm = READ_ONCE(task->mm);
	put_task_struct(task);
	return mm && mm != t->mm;
}

/*
 * How not to be in the way. Who wants the lock for writing while it is held for reading
 * spins for some 10 us, and then sleeps; to be woken takes far longer than most that he
 * wanted it for. So a hold ends as soon as somebody is seen to spin, and after it the lock
 * is left alone for a while: long enough that less than one in a hundred of the calls of a
 * process that does nothing but map and unmap meet with us, and longer if it was too late.
 * Some never spin (who is to be preempted, or where kernels have it off): after several
 * such holds in a row one does some work before it heeds anybody, or a process like that
 * would never be done with. Not each of them, since that makes the next sleep, too.
 * (A reader that comes straight back would moreover take the lock before the writer that
 * it woke can run, for up to 4 ms: RWSEM_WAIT_TIMEOUT.)
 */
#define QUIET_SPUN	(1600 * NSEC_PER_USEC)
#define QUIET_SLEPT	(12800 * NSEC_PER_USEC)

void mmscope_target_wait(const struct mmscope_target *t)
{
	s64 left = t->quiet_until ? t->quiet_until - ktime_get_ns() : 0;
	ktime_t time = ns_to_ktime(left);

	if (left <= 0)
		return;
	set_current_state(TASK_KILLABLE);
	schedule_hrtimeout_range(&time, 50 * NSEC_PER_USEC, HRTIMER_MODE_REL);
}

/*
 * A reader that queues is given the lock as soon as it is free, and holds it from then on,
 * though it has yet to wake up; besides, who lets go of it has to wake him. So it is tried,
 * more and more seldom, for 4 to 8 ms: as long as a writer stays away who lost his
 * processor. Only a lock that is never free is queued for.
 */
#define POLLS 24
#define POLLS_QUEUED 4

static int lock_politely(struct mmscope_target *t)
{
	/* If it was no use the last time: each who comes has to queue there, we or not. */
	int i, polls = t->queued ? POLLS_QUEUED : POLLS;
	struct mm_struct *mm = t->mm;

	t->queued = false;
	might_lock_read(&mm->mmap_lock);	/* lockdep learns nothing from a try */
	for (i = 0; i < polls && !fatal_signal_pending(current); i++) {
		if (mmap_read_trylock(mm))
			return 0;
		/* From 25, 100, 400 us on to twice that, eight times each. */
		usleep_range(25 << i / 8 * 2, 50 << i / 8 * 2);
	}
	t->queued = true;
	return mmap_read_lock_killable(mm);
}

int mmscope_target_lock(struct mmscope_target *t, u64 *since)
{
	if (!t->mm)
		return -ENOTCONN;
	mmscope_target_wait(t);
	if (!mmget_not_zero(t->mm))
		return has_exec_ed(t) ? -ESTALE : -ESRCH;
	if (lock_politely(t)) {
		mmput(t->mm);
		return -EINTR;
	}
	/* Now, since all that may have taken long. */
	if (has_exec_ed(t)) {
		mmap_read_unlock(t->mm);
		mmput(t->mm);
		return -ESTALE;
	}
	*since = ktime_get_ns();
	return 0;
}

static void note_hold(s64 held)
{
	s64 longest = atomic64_read(&longest_hold), most = NSEC_PER_USEC;
	unsigned int class = 0;

	while (class < MMSCOPE_HOLDS - 1 && held > most << class)
		class++;
	atomic64_inc(&holds[class]);
	atomic64_add(held, &all_holds);
	while (held > longest && !atomic64_try_cmpxchg(&longest_hold, &longest, held))
		;
}

void mmscope_target_unlock(struct mmscope_target *t, u64 since)
{
	bool awaited = mmscope_compat_awaited(t->mm);
	bool made_sleep = mmap_lock_is_contended(t->mm);
	u64 now = ktime_get_ns();

	t->slept = made_sleep ? t->slept + 1 : 0;
	mmap_read_unlock(t->mm);
	mmput(t->mm);
	/* Where there is a queue anyhow, it is not our doing that they sleep. */
	t->quiet_until = made_sleep && !t->queued ? now + QUIET_SLEPT :
			 awaited ? now + QUIET_SPUN : 0;
	note_hold(now - since);
}

/* Between two looks at how many lies how large a process is that another asks about. */
void mmscope_target_holds(struct mmscope_info *info, bool trusted)
{
	unsigned int i;

	info->longest_hold_ns = atomic64_read(&longest_hold);
	info->batches = trusted ? 0 : ~0ULL;
	if (!trusted)
		return;
	for (i = 0; i < MMSCOPE_HOLDS; i++) {
		info->holds[i] = atomic64_read(&holds[i]);
		info->batches += info->holds[i];
	}
	info->hold_ns = atomic64_read(&all_holds);
}
