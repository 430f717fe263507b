// SPDX-License-Identifier: GPL-2.0
/*
 * dev.c - /dev/mmscope: copy in, validate, dispatch, copy out.
 * Sessions live here. One query at a time: `lock` guards the target and the
 * scratch buffer, which is all the memory that an open file keeps.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "internal.h"

struct session {
	struct mutex lock;
	struct mmscope_target target;
	void *scratch;			/* MMSCOPE_SCRATCH bytes */
};

/* ---- the commands: the argument is in kernel memory, and whole ---- */

union argument {
	u32 size;			/* each begins with it */
	struct mmscope_info info;
	struct mmscope_attach attach;
	struct mmscope_mm mm;
	struct mmscope_vmas vmas;
	struct mmscope_pages pages;
	struct mmscope_walk walk;
};

int mmscope_dev_info(const struct file *file, struct mmscope_info *info)
{
	bool trusted = mmscope_target_trusts(file);

	if (info->flags)
		return -EINVAL;
	*info = (struct mmscope_info){
		.size = info->size,
		.abi = MMSCOPE_ABI,
		.page_shift = PAGE_SHIFT,
		.features = MMSCOPE_FEAT_PIDFD | MMSCOPE_FEAT_TOTALS |
			    MMSCOPE_FEAT_PART,
		.categories = mmscope_pages_categories(),
		.vma_flags = mmscope_vmas_flags_known(),
		.levels = mmscope_walk_depth(),
		.pmd_shift = PMD_SHIFT,
		.targets_max = MMSCOPE_TARGETS_MAX,
		.targets_user_max = MMSCOPE_TARGETS_USER,
		.snapshot_max = MMSCOPE_SNAPSHOT_MAX,
		.task_size = TASK_SIZE,
		.version = MMSCOPE_VERSION,
	};
	if (trusted)
		info->features |= MMSCOPE_FEAT_FRAMES;
	if (MMSCOPE_EXACT_RSS)
		info->features |= MMSCOPE_FEAT_EXACT_RSS;
	mmscope_target_holds(info, trusted);
	return 0;
}

static int do_info(struct file *file, struct session *s, union argument *arg)
{
	return mmscope_dev_info(file, &arg->info);
}

static struct pid *pid_of(const struct mmscope_attach *arg)
{
	struct file *file;
	struct pid *pid;

	if (!(arg->flags & MMSCOPE_ATTACH_PIDFD)) {
		pid = arg->pid > 0 ? find_get_pid(arg->pid) : NULL;
		return pid ?: ERR_PTR(-ESRCH);
	}
	file = fget(arg->pid);
	if (!file)
		return ERR_PTR(-EBADF);
	pid = get_pid(mmscope_compat_pidfd_pid(file));
	fput(file);
	return pid ?: ERR_PTR(-EBADF);
}

static int do_attach(struct file *file, struct session *s, union argument *arg)
{
	struct pid *pid;
	int err;

	if ((arg->attach.flags & ~MMSCOPE_ATTACH_PIDFD) || arg->attach.reserved)
		return -EINVAL;
	pid = pid_of(&arg->attach);
	if (IS_ERR(pid))
		return PTR_ERR(pid);
	err = mmscope_target_attach(&s->target, pid);
	put_pid(pid);
	return err;
}

static int do_mm(struct file *file, struct session *s, union argument *arg)
{
	u64 since;
	int err;

	if (arg->mm.flags)
		return -EINVAL;
	err = mmscope_target_lock(&s->target, &since);
	if (err)
		return err;
	mmscope_mm_fill(&s->target, &arg->mm);
	mmscope_target_unlock(&s->target, since);
	return 0;
}

/*
 * The end has the tag of the start: where that has none, the end may be any number
 * that is large enough, and is taken as it is. Returns the tag. Both are the
 * caller's words and are put back before they go out again.
 */
static u64 untag_range(u64 *start, u64 *end)
{
	u64 tag = *start ^ mmscope_compat_untagged(*start);

	*start ^= tag;
	if (*end >> 56 == tag >> 56)
		*end ^= tag;
	return tag;
}

static bool is_range(u64 start, u64 end)
{
	return PAGE_ALIGNED(start) && PAGE_ALIGNED(end) && start <= end;
}

/* The struct mmscope_mm that VMAS points to obeys the rules of any argument. */
static int check_inner_mm(u64 pointer, u32 *size)
{
	struct mmscope_mm __user *mm = u64_to_user_ptr(pointer);
	u32 flags;
	int ret;

	*size = 0;
	if (!pointer)
		return 0;
	if (get_user(*size, &mm->size) || get_user(flags, &mm->flags))
		return -EFAULT;
	if (*size < sizeof(*mm) || flags)
		return -EINVAL;
	if (*size > PAGE_SIZE)
		return -E2BIG;
	ret = check_zeroed_user(mm + 1, *size - sizeof(*mm));
	return ret < 0 ? ret : ret ? 0 : -E2BIG;
}

/*
 * Of locks more is told to whom one trusts. Not asked for nothing: it costs as much as some
 * hundred pages, and notes that a privilege was used.
 */
static bool trusts_about(const struct file *file, u64 categories)
{
	return (categories & MMSCOPE_CLASSIFY_LOCKS) && mmscope_target_trusts(file);
}

static bool is_vmas_query(const struct mmscope_vmas *a)
{
	switch (a->flags) {
	case 0:
		return true;
	case MMSCOPE_VMAS_PART:
		return a->vmas_len;
	case MMSCOPE_VMAS_TOTALS:
		return a->accts && !a->vmas_len && !a->names_len;
	default:
		return false;
	}
}

static int do_vmas(struct file *file, struct session *s, union argument *arg)
{
	struct mmscope_vmas *a = &arg->vmas;
	u64 start = a->start, end = a->end;
	u32 mm_size;
	int err;

	untag_range(&a->start, &a->end);
	if (!is_vmas_query(a) || !is_range(a->start, a->end) ||
	    (a->acct_categories & ~mmscope_pages_categories()))
		return -EINVAL;
	err = check_inner_mm(a->mm, &mm_size);
	if (err)
		return err;
	s->target.trusted = a->accts && trusts_about(file, a->acct_categories ?: ~0ULL);
	err = a->flags & MMSCOPE_VMAS_TOTALS ?
		mmscope_vmas_totals(&s->target, a, mm_size, s->scratch) :
		mmscope_vmas_query(&s->target, a, mm_size, s->scratch);
	a->start = start;
	a->end = end;
	return err;
}

static int do_pages(struct file *file, struct session *s, union argument *arg)
{
	struct mmscope_pages *a = &arg->pages;
	u64 cats = a->categories | a->all_of | a->any_of | a->none_of;
	u64 start = a->start, end = a->end, tag;
	int err;

	tag = untag_range(&a->start, &a->end);
	if ((a->flags & ~MMSCOPE_PAGES_FRAMES) || !is_range(a->start, a->end) ||
	    (cats & ~mmscope_pages_categories()))
		return -EINVAL;
	if ((a->flags & MMSCOPE_PAGES_FRAMES) && !mmscope_target_trusts(file))
		return -EPERM;
	s->target.trusted = (a->flags & MMSCOPE_PAGES_FRAMES) || trusts_about(file, cats);
	err = mmscope_pages_query(&s->target, a, s->scratch);
	a->start = start;
	a->end = end;
	a->cursor |= tag;	/* it is to be the next start, before that end */
	return err;
}

/* Raw entries were read whoever asks: take them back from those who may not. */
static void hide_raw(struct mmscope_walk *w)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(w->levels); i++) {
		w->levels[i].entry = 0;
		w->levels[i].frame = 0;
	}
}

static int do_walk(struct file *file, struct session *s, union argument *arg)
{
	struct mmscope_walk *w = &arg->walk;
	u64 address = w->address;
	int err;

	if (w->flags & ~MMSCOPE_WALK_RAW)
		return -EINVAL;
	s->target.trusted = mmscope_target_trusts(file);
	if ((w->flags & MMSCOPE_WALK_RAW) && !s->target.trusted)
		return -EPERM;
	w->address = mmscope_compat_untagged(w->address);
	if (w->address >= TASK_SIZE_MAX)
		return -ERANGE;
	*w = (struct mmscope_walk){
		.size = w->size,
		.flags = w->flags,
		.address = w->address,
	};
	err = mmscope_pages_walk(&s->target, w);
	w->address = address;
	if (!(w->flags & MMSCOPE_WALK_RAW))
		hide_raw(w);
	return err;
}

/* ---- dispatch ---- */

static const struct command {
	int (*run)(struct file *file, struct session *s, union argument *arg);
	size_t size;		/* of its structure, as this module knows it */
	size_t first;		/* and as it was first published */
	bool needs_target;
	bool answers;		/* something is written back */
} commands[] = {
	[_IOC_NR(MMSCOPE_INFO)] = { do_info, sizeof(struct mmscope_info), 120, false, true },
	[_IOC_NR(MMSCOPE_ATTACH)] = { do_attach, sizeof(struct mmscope_attach), 16, false, false },
	[_IOC_NR(MMSCOPE_MM)] = { do_mm, sizeof(struct mmscope_mm), 288, true, true },
	[_IOC_NR(MMSCOPE_VMAS)] = { do_vmas, sizeof(struct mmscope_vmas), 96, true, true },
	[_IOC_NR(MMSCOPE_PAGES)] = { do_pages, sizeof(struct mmscope_pages), 104, true, true },
	[_IOC_NR(MMSCOPE_WALK)] = { do_walk, sizeof(struct mmscope_walk), 296, true, true },
};

static const struct command *command_of(unsigned int cmd)
{
	if (_IOC_TYPE(cmd) != MMSCOPE_IOC_TYPE || _IOC_NR(cmd) >= ARRAY_SIZE(commands))
		return NULL;
	/* The number is anybody's: not even by speculation is another row looked at. */
	return &commands[array_index_nospec(_IOC_NR(cmd), ARRAY_SIZE(commands))];
}

static int copy_in(const struct command *c, union argument *arg, const void __user *from)
{
	u32 size;
	int err;

	if (get_user(size, (const u32 __user *)from))
		return -EFAULT;
	if (size < c->first)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(arg, c->size, from, size);
	/* It was read twice, and may have changed: the first is the one checked. */
	arg->size = size;
	return err;
}

/*
 * What is worth telling although the call failed: how much room is needed.
 * `size` is what it was when it was copied in, whatever the caller wrote since.
 */
static int copy_out(const struct command *c, const union argument *arg, u32 size,
		    void __user *to, int err)
{
	if (!c->answers || (err && err != -ENOSPC && err != -EFBIG))
		return err;
	return copy_to_user(to, arg, min_t(size_t, size, c->size)) ? -EFAULT : err;
}

static int run(const struct command *c, struct file *file, union argument *arg)
{
	struct session *s = file->private_data;
	int err;

	if (mutex_lock_killable(&s->lock))
		return -EINTR;
	s->target.trusted = false;
	if (c->needs_target && !s->target.mm)
		err = -ENOTCONN;
	else
		err = c->run(file, s, arg);
	mutex_unlock(&s->lock);
	return err;
}

static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long user)
{
	const struct command *c = command_of(cmd);
	void __user *at = (void __user *)user;
	union argument arg;
	u32 size;
	int err;

	if (!c)
		return -ENOTTY;
	err = copy_in(c, &arg, at);
	if (err)
		return err;
	size = arg.size;
	err = run(c, file, &arg);
	return copy_out(c, &arg, size, at, err);
}

static int dev_open(struct inode *inode, struct file *file)
{
	struct session *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);

	if (!s)
		return -ENOMEM;
	s->scratch = kmalloc(MMSCOPE_SCRATCH, GFP_KERNEL_ACCOUNT);
	if (!s->scratch) {
		kfree(s);
		return -ENOMEM;
	}
	mutex_init(&s->lock);
	file->private_data = s;
	return 0;
}

/* The last reference to the file is gone: nobody is in an ioctl of it. */
static int dev_release(struct inode *inode, struct file *file)
{
	struct session *s = file->private_data;

	mmscope_target_detach(&s->target);
	mutex_destroy(&s->lock);
	kfree(s->scratch);
	kfree(s);
	return 0;
}

static const struct file_operations dev_ops = {
	.owner = THIS_MODULE,
	.open = dev_open,
	.release = dev_release,
	.unlocked_ioctl = dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

/* Open to all: ATTACH decides who may ask about whom. */
static struct miscdevice dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mmscope",
	.fops = &dev_ops,
	.mode = 0666,
};

int mmscope_dev_init(void)
{
	return misc_register(&dev);
}

void mmscope_dev_exit(void)
{
	misc_deregister(&dev);
}
