// SPDX-License-Identifier: GPL-2.0
/*
 * vmas.c - VMAs: one as a record, its name, and the whole list as a snapshot; and
 * what that would add up to, without it.
 *
 * A snapshot is made in one hold of the mmap lock, so that break, counters and
 * all VMAs agree; or, where the kernel tells that nobody held it for writing between
 * them, in several. Its memory is taken before, as much as the process seems to need,
 * and no more than the caller has room for; if that does not do, the list is still
 * walked to its end, to say what would have, unless a part of it will do.
 * The names are by far the dearest: a path is made once for VMAs that share it and
 * are not far apart.
 */
#include <linux/dcache.h>
#include <linux/hash.h>
#include <linux/hugetlb.h>
#include <linux/init.h>
#include <linux/log2.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/pkeys.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "internal.h"

/* ---- one VMA ---- */

static const struct {
	unsigned long kernel;
	u64 ours;
} vma_flags[] = {
	{ VM_READ, MMSCOPE_VMA_READ },
	{ VM_WRITE, MMSCOPE_VMA_WRITE },
	{ VM_EXEC, MMSCOPE_VMA_EXEC },
	{ VM_MAYSHARE, MMSCOPE_VMA_SHARED },	/* as maps: 's' is what was asked for */
	{ VM_MAYREAD, MMSCOPE_VMA_MAYREAD },
	{ VM_MAYWRITE, MMSCOPE_VMA_MAYWRITE },
	{ VM_MAYEXEC, MMSCOPE_VMA_MAYEXEC },
	{ VM_MAYSHARE, MMSCOPE_VMA_MAYSHARE },
	{ VM_GROWSDOWN, MMSCOPE_VMA_GROWSDOWN },
	{ VM_PFNMAP, MMSCOPE_VMA_PFNMAP },
	{ VM_MIXEDMAP, MMSCOPE_VMA_MIXEDMAP },
	{ VM_IO, MMSCOPE_VMA_IO },
	{ VM_LOCKED, MMSCOPE_VMA_LOCKED },
	{ VM_LOCKONFAULT, MMSCOPE_VMA_LOCKONFAULT },
	{ VM_SEQ_READ, MMSCOPE_VMA_SEQ_READ },
	{ VM_RAND_READ, MMSCOPE_VMA_RAND_READ },
	{ VM_DONTCOPY, MMSCOPE_VMA_DONTCOPY },
	{ VM_DONTEXPAND, MMSCOPE_VMA_DONTEXPAND },
	{ VM_ACCOUNT, MMSCOPE_VMA_ACCOUNT },
	{ VM_NORESERVE, MMSCOPE_VMA_NORESERVE },
	{ VM_HUGETLB, MMSCOPE_VMA_HUGETLB },
	{ VM_WIPEONFORK, MMSCOPE_VMA_WIPEONFORK },
	{ VM_DONTDUMP, MMSCOPE_VMA_DONTDUMP },
	{ VM_SOFTDIRTY, MMSCOPE_VMA_SOFTDIRTY },
	{ VM_HUGEPAGE, MMSCOPE_VMA_HUGEPAGE },
	{ VM_NOHUGEPAGE, MMSCOPE_VMA_NOHUGEPAGE },
	{ VM_MERGEABLE, MMSCOPE_VMA_MERGEABLE },
	{ VM_UFFD_MISSING, MMSCOPE_VMA_UFFD_MISSING },
	{ VM_UFFD_WP, MMSCOPE_VMA_UFFD_WP },
	{ VM_UFFD_MINOR, MMSCOPE_VMA_UFFD_MINOR },
	{ VM_SYNC, MMSCOPE_VMA_SYNC },
	{ VM_SEALED, MMSCOPE_VMA_SEALED },
	{ VM_DROPPABLE, MMSCOPE_VMA_DROPPABLE },
	{ VM_SHADOW_STACK, MMSCOPE_VMA_SHADOW_STACK },
};

u64 mmscope_vmas_flags_known(void)
{
	u64 known = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vma_flags); i++)
		if (vma_flags[i].kernel)
			known |= vma_flags[i].ours;
	return known;
}

/* The table by the kernel's bits: a VMA has a few of them, and a list many VMAs. */
static u64 flags_of_bit[BITS_PER_LONG] __ro_after_init;

void __init mmscope_vmas_init(void)
{
	unsigned int bit;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vma_flags); i++)
		for (bit = 0; bit < BITS_PER_LONG; bit++)
			if (vma_flags[i].kernel & BIT(bit))
				flags_of_bit[bit] |= vma_flags[i].ours;
}

static u64 flags_of(unsigned long left)
{
	u64 flags = 0;

	for (; left; left &= left - 1)
		flags |= flags_of_bit[__ffs(left)];
	return flags;
}

static __always_inline u8 backing_of(struct vm_area_struct *vma)
{
	const struct inode *inode;

	if (vma_is_anonymous(vma))
		return MMSCOPE_BACKING_ANON;
	if (is_vm_hugetlb_page(vma))
		return MMSCOPE_BACKING_HUGETLB;
	if (!vma->vm_file)
		return MMSCOPE_BACKING_SPECIAL;
	inode = vma->vm_file->f_mapping->host;
	if (S_ISCHR(inode->i_mode) || (vma->vm_flags & (VM_PFNMAP | VM_IO)))
		return MMSCOPE_BACKING_DEVICE;
	if (inode->i_sb->s_magic == TMPFS_MAGIC)
		return MMSCOPE_BACKING_SHMEM;
	return MMSCOPE_BACKING_FILE;
}

/* Unlinked; or it never had a name, as a memfd: then maps says "(deleted)" too. */
static bool is_deleted(struct vm_area_struct *vma)
{
	/* As d_path() does: without the locks that a rename or an unlink holds. */
	return vma->vm_file &&
	       data_race(!mmscope_compat_vma_inode(vma)->i_nlink ||
			 d_unlinked(mmscope_compat_vma_path(vma)->dentry));
}

static __always_inline u32 role_of(struct vm_area_struct *vma)
{
	u32 role = 0;

	if (mmscope_compat_is_heap(vma))
		role |= MMSCOPE_ROLE_HEAP;
	if (mmscope_compat_is_stack(vma))
		role |= MMSCOPE_ROLE_STACK;
	if (is_deleted(vma))
		role |= MMSCOPE_ROLE_DELETED;
	return role;
}

static void fill_file(struct vm_area_struct *vma, struct mmscope_vma *out)
{
	const struct inode *inode = mmscope_compat_vma_inode(vma);

	out->offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	out->inode = inode->i_ino;
	out->dev_major = MAJOR(inode->i_sb->s_dev);
	out->dev_minor = MINOR(inode->i_sb->s_dev);
}

/*
 * All but the name, which is none; @flags are what flags_of() made of the VMA's.
 * Each field is written, one by one: to clear the whole before takes longer.
 */
static __always_inline void fill(struct vm_area_struct *vma, u64 flags, struct mmscope_vma *out)
{
	out->start = vma->vm_start;
	out->end = vma->vm_end;
	out->flags = flags;
	out->offset = 0;
	out->inode = 0;
	out->dev_major = 0;
	out->dev_minor = 0;
	out->name_offset = 0;
	out->name_len = 0;
	out->backing = backing_of(vma);
	/* Who has pages of another size has operations that say so. */
	out->page_shift = vma->vm_ops ? ilog2(vma_kernel_pagesize(vma)) : PAGE_SHIFT;
	out->role = role_of(vma);
	out->pkey = vma_pkey(vma);
	if (vma->vm_file)
		fill_file(vma, out);
}

void mmscope_vmas_fill(struct vm_area_struct *vma, struct mmscope_vma *out)
{
	fill(vma, flags_of(vma->vm_flags), out);
}

/*
 * The name, as /proc/PID/maps writes it but without its escapes: in @scratch,
 * or a constant; NULL if there is none, or it is longer than @size.
 */
const char *mmscope_vmas_name(struct vm_area_struct *vma, char *scratch, size_t size)
{
	const char *given = mmscope_compat_anon_name(vma);
	const char *name = NULL;

	if (vma->vm_file && !given) {
		name = d_path(mmscope_compat_vma_path(vma), scratch, size);
		return IS_ERR(name) ? NULL : name;
	}
	if (!vma->vm_file) {
		if (vma->vm_ops && vma->vm_ops->name)
			name = vma->vm_ops->name(vma);
		if (!name && mmscope_compat_is_heap(vma))
			name = "[heap]";
		else if (!name && mmscope_compat_is_stack(vma))
			name = "[stack]";
		if (name || !given)
			return name;
	}
	snprintf(scratch, size, vma->vm_file ? "[anon_shmem:%s]" : "[anon:%s]", given);
	return scratch;
}

/* ---- the list ---- */

#define SEEN_BITS 3
#define ALIKE_BITS 3

/*
 * Records are kept in blocks: memory of megabytes in one piece is mapped page by page
 * for it, and the processors must forget that they knew it when it is given back, which
 * costs more than the whole list.
 */
#define BLOCK 512	/* records: 32 KiB; mmscope.h tells so many */

struct snapshot {
	struct mmscope_vma **blocks;	/* room for `vmas_room` records; or, in pieces, BLOCK */
	u64 copied;			/* records that are done with: the next is the first here */
	char *names;			/* room for `names_room` bytes */
	u64 vmas_room, names_room;
	u64 vmas_count, names_bytes;	/* needed so far, also past the room */
	u64 at;				/* the first address not looked at yet */
	bool want_names, part;
	bool pieces, changed;		/* BLOCK records a hold; until one saw a change */
	struct moment {
		unsigned long writers, start_brk, brk, start_stack;
	} moment;			/* as in the first of the holds */
	/* Paths seen, which further VMAs may share; the latest of those with that hash. */
	struct seen {
		struct path path;	/* not referenced: its VMA is yet, if none changed */
		u32 offset;
		u16 len;
	} seen[1 << SEEN_BITS];
	/* And flags: those of a VMA are mostly those of one just before it. */
	struct {
		unsigned long kernel;
		u64 ours;
	} alike[1 << ALIKE_BITS];	/* 0 are 0 */
	struct mmscope_vma spare;	/* for those that have no room */
};

static struct mmscope_vma *record(const struct snapshot *s, u64 i)
{
	i -= s->copied;
	return &s->blocks[i / BLOCK][i % BLOCK];
}

/* How many records from that one on lie side by side, of those there are. */
static u64 side_by_side(const struct snapshot *s, u64 i)
{
	return min_t(u64, s->vmas_count - i, BLOCK - (i - s->copied) % BLOCK);
}

static u64 flags_again(struct snapshot *s, unsigned long kernel)
{
	unsigned int i = hash_long(kernel, ALIKE_BITS);

	if (s->alike[i].kernel != kernel) {
		s->alike[i].kernel = kernel;
		s->alike[i].ours = flags_of(kernel);
	}
	return s->alike[i].ours;
}

static void note_name(struct snapshot *s, struct mmscope_vma *rec, const char *name)
{
	size_t len = strnlen(name, U16_MAX);

	rec->name_offset = s->names_bytes;
	rec->name_len = len;
	if (s->names_bytes + len + 1 <= s->names_room) {
		memcpy(s->names + s->names_bytes, name, len);
		s->names[s->names_bytes + len] = '\0';
	}
	s->names_bytes += len + 1;
}

static void add_name(struct snapshot *s, struct vm_area_struct *vma, struct mmscope_vma *rec,
		     char *scratch)
{
	bool is_path = vma->vm_file && !mmscope_compat_anon_name(vma);
	const struct path *path = is_path ? mmscope_compat_vma_path(vma) : NULL;
	struct seen *seen = path ? &s->seen[hash_ptr(path->dentry, SEEN_BITS)] : NULL;
	const char *name;

	if (path && path_equal(&seen->path, path)) {
		rec->name_offset = seen->offset;
		rec->name_len = seen->len;
		return;
	}
	name = mmscope_vmas_name(vma, scratch, MMSCOPE_SCRATCH);
	if (!name || !*name)
		return;
	note_name(s, rec, name);
	if (path)
		*seen = (struct seen){ *path, rec->name_offset, rec->name_len };
}

/* Plain memory has none, unless it is the heap, the stack, or was given one. */
static bool may_have_name(struct vm_area_struct *vma, const struct mmscope_vma *rec)
{
	return vma->vm_file || vma->vm_ops || rec->role || mmscope_compat_anon_name(vma);
}

static __always_inline void add_vma(struct snapshot *s, struct vm_area_struct *vma, char *scratch)
{
	struct mmscope_vma *rec = s->vmas_count < s->vmas_room ? record(s, s->vmas_count) :
								 &s->spare;

	fill(vma, flags_again(s, vma->vm_flags), rec);
	if (s->want_names && may_have_name(vma, rec))
		add_name(s, vma, rec, scratch);
	s->vmas_count++;
}

/*
 * A part ends before what there is no room for. One VMA alone stays in the count: if there
 * is no room for its name, the caller is told how much it takes.
 */
static bool part_is_full(struct snapshot *s)
{
	if (!s->part)
		return false;
	if (s->names_bytes > s->names_room && s->vmas_count > 1) {
		s->vmas_count--;
		s->names_bytes = record(s, s->vmas_count)->name_offset;
		return true;
	}
	return s->vmas_count == s->vmas_room || s->names_bytes > s->names_room;
}

/* What has no room is only counted, and needs no block. */
static bool piece_is_full(const struct snapshot *s)
{
	return s->pieces && s->vmas_count == s->copied + BLOCK && s->vmas_count < s->vmas_room;
}

/*
 * The lock is held, again: are all VMAs, and what makes them heap and stack, as they were in
 * the first hold? (prctl(2) sets where those are with the lock for reading.)
 */
static bool is_same_moment(struct snapshot *s, struct mm_struct *mm)
{
	const struct moment now = {
		.writers = mmscope_compat_writers(mm),
		.start_brk = READ_ONCE(mm->start_brk),
		.brk = READ_ONCE(mm->brk),
		.start_stack = READ_ONCE(mm->start_stack),
	};

	if (!s->copied)
		s->moment = now;
	s->changed = memcmp(&s->moment, &now, sizeof(now));
	return !s->changed;
}

/* A wait for a fatal signal is not worth its cost for less than this. */
#define CHECK_EVERY 1024

/* One hold. All there is from s->at on, which moves on; or a piece of it, or a part. */
MMSCOPE_LOOP(take, 2048)
static int take(struct snapshot *s, struct mmscope_target *t,
		const struct mmscope_vmas *arg, struct mmscope_mm *mm, char *scratch)
{
	VMA_ITERATOR(vmi, t->mm, s->at);
	struct mmscope_leaf leaf = {};
	struct vm_area_struct *vma;
	u64 since;
	int err = mmscope_target_lock(t, &since);

	if (err)
		return err;
	if (!is_same_moment(s, t->mm)) {
		err = -EAGAIN;
		goto out;
	}
	if (arg->mm && !s->copied)
		mmscope_mm_fill(t, mm);
	/* The iterator takes an empty range for one without an end. */
	if (s->at == arg->end)
		goto out;
	while ((vma = mmscope_leaf_next(&vmi, &leaf, arg->end))) {
		add_vma(s, vma, scratch);
		if (part_is_full(s) || piece_is_full(s))
			break;
		if (s->vmas_count % CHECK_EVERY)
			continue;
		if (fatal_signal_pending(current)) {
			err = -EINTR;
			break;
		}
		cond_resched();
	}
	s->at = vma ? vma->vm_end : arg->end;
out:
	mmscope_target_unlock(t, since);
	return err;
}

/*
 * What a VMA's name takes, as a guess; paths are shared by several, and where there
 * are very many, most have none: memory for nothing costs as much as a second try.
 */
#define NAME_SEEMS 64
#define NAMES_SEEM_MOST (256 * 1024)

/* What is known by now of how it has to be done. */
struct attempt {
	bool pieces;
	unsigned int too_small;	/* so often */
	u64 names_needed;
};

static int make_blocks(struct snapshot *s, gfp_t gfp)
{
	u64 records = s->pieces ? BLOCK : s->vmas_room;
	u64 count = DIV_ROUND_UP(records, BLOCK), i;

	s->blocks = kvcalloc(count, sizeof(*s->blocks), gfp);
	for (i = 0; s->blocks && i < count; i++) {
		s->blocks[i] = kvmalloc_array(min_t(u64, records - i * BLOCK, BLOCK),
					      sizeof(**s->blocks), gfp);
		if (!s->blocks[i])
			return -ENOMEM;
	}
	return s->blocks ? 0 : -ENOMEM;
}

static void free_room(struct snapshot *s)
{
	u64 count = DIV_ROUND_UP(s->pieces ? BLOCK : s->vmas_room, BLOCK), i;

	for (i = 0; s->blocks && i < count; i++)
		kvfree(s->blocks[i]);
	kvfree(s->blocks);
	kvfree(s->names);
}

/*
 * As much as the process seems to need, or needed at the last try: the caller's
 * room may be far more, and would be memory of the kernel's for as long as he
 * lets the copying wait.  map_count is read without the lock, for which we may then
 * wait some ms: if it was too few, it is tried again, each time with twice as much.
 */
static int make_room(struct snapshot *s, const struct mmscope_target *t,
		     const struct mmscope_vmas *arg, const struct attempt *a)
{
	u64 seems = (READ_ONCE(t->mm->map_count) + 64ULL) << a->too_small;
	u64 names_seem = max(min_t(u64, seems * NAME_SEEMS, NAMES_SEEM_MOST),
			     a->names_needed + a->names_needed / 8);
	/* The caller chose how much, and is told: no stack trace in the log. */
	gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOWARN;

	s->want_names = arg->names_len;
	s->part = arg->flags & MMSCOPE_VMAS_PART;
	s->at = arg->start;
	s->pieces = a->pieces;
	s->vmas_room = a->pieces ? arg->vmas_len : min(arg->vmas_len, seems + seems / 8);
	s->vmas_room = min_t(u64, s->vmas_room, MMSCOPE_SNAPSHOT_MAX / sizeof(s->spare));
	s->names_room = min3(arg->names_len, names_seem, (u64)MMSCOPE_SNAPSHOT_MAX);
	s->names = kvmalloc(s->names_room + 1, gfp);
	return s->names ? make_blocks(s, gfp) : -ENOMEM;
}

static int judge(const struct snapshot *s, struct mmscope_vmas *arg)
{
	arg->vmas_count = s->vmas_count;
	arg->names_bytes = s->names_bytes;
	if (!s->part && s->vmas_count * sizeof(s->spare) + s->names_bytes > MMSCOPE_SNAPSHOT_MAX)
		return -EFBIG;
	if (s->vmas_count > arg->vmas_len ||
	    (s->want_names && s->names_bytes > arg->names_len))
		return -ENOSPC;
	/* The caller had room: the process grew since make_room(), or has long names. */
	if (s->vmas_count > s->vmas_room || s->names_bytes > s->names_room)
		return -EAGAIN;
	return 0;
}

/* Without the lock: each VMA's range is counted as it is found by now. */
static int copy_accounts(const struct snapshot *s, struct mmscope_target *t,
			 const struct mmscope_vmas *arg, struct mmscope_acct *scratch)
{
	struct mmscope_acct __user *to = u64_to_user_ptr(arg->accts);
	u64 cats = arg->acct_categories ?: mmscope_pages_categories();
	u64 i, n;
	int err;

	for (i = 0; i < s->vmas_count; i += n) {
		if (signal_pending(current))
			return -EINTR;
		n = min_t(u64, side_by_side(s, i), MMSCOPE_SCRATCH / sizeof(*scratch));
		err = mmscope_pages_count(t, record(s, i), n, cats, false, scratch);
		if (err)
			return err;
		if (copy_to_user(to + i, scratch, n * sizeof(*scratch)))
			return -EFAULT;
	}
	return 0;
}

static int copy_records(const struct snapshot *s, struct mmscope_vma __user *to)
{
	u64 end = min(s->vmas_count, s->vmas_room), i, n;

	for (i = s->copied; i < end; i += n) {
		n = min(side_by_side(s, i), end - i);
		if (copy_to_user(to + i, record(s, i), n * sizeof(*to)))
			return -EFAULT;
	}
	return 0;
}

static int copy_mm(const struct mmscope_vmas *arg, const struct mmscope_mm *mm, u32 size)
{
	size_t len = min_t(size_t, size, sizeof(*mm));

	return copy_to_user(u64_to_user_ptr(arg->mm), mm, len) ? -EFAULT : 0;
}

static int copy_out(const struct snapshot *s, struct mmscope_target *t,
		    const struct mmscope_vmas *arg, const struct mmscope_mm *mm, char *scratch)
{
	if (copy_records(s, u64_to_user_ptr(arg->vmas)))
		return -EFAULT;
	if (s->want_names &&
	    copy_to_user(u64_to_user_ptr(arg->names), s->names, s->names_bytes))
		return -EFAULT;
	if (arg->mm && copy_mm(arg, mm, mm->size))
		return -EFAULT;
	return arg->accts ? copy_accounts(s, t, arg, (void *)scratch) : 0;
}

/*
 * Of a long list each piece is with the caller before the next one is made: what is copied
 * is yet in the processor's cache, it takes less memory, and the lock is held for shorter
 * times. The last one is left to copy_out(). EAGAIN if it has changed: it may be of no one
 * moment. From where the names have no room on, it is only seen how much they need.
 */
static int take_pieces(struct snapshot *s, struct mmscope_target *t,
		       const struct mmscope_vmas *arg, struct mmscope_mm *mm, char *scratch)
{
	int err;

	for (;;) {
		err = take(s, t, arg, mm, scratch);
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
		if (err || s->at >= arg->end)
			return err;
		if (s->names_bytes <= s->names_room)
			err = copy_records(s, u64_to_user_ptr(arg->vmas));
		if (err)
			return err;
		s->copied = s->vmas_count;
		cond_resched();
		/* Else it would be waited for the lock to learn the same. */
		s->changed = mmscope_compat_writers(t->mm) != s->moment.writers;
		if (s->changed)
			return -EAGAIN;
	}
}

/* Not where it can be known that there is no room: then nothing is written. */
static bool can_take_pieces(const struct mmscope_target *t, const struct mmscope_vmas *arg)
{
	u64 count = READ_ONCE(t->mm->map_count);

	return MMSCOPE_COUNTS_WRITERS && !arg->accts && !(arg->flags & MMSCOPE_VMAS_PART) &&
	       count > BLOCK && count <= arg->vmas_len &&
	       count <= MMSCOPE_SNAPSHOT_MAX / sizeof(struct mmscope_vma);
}

static int query_once(struct mmscope_target *t, struct mmscope_vmas *arg,
		      struct mmscope_mm *mm, char *scratch, struct attempt *a)
{
	struct snapshot s = {};
	int err;

	/* Before, not after it is guessed how much is needed: it may grow meanwhile. */
	mmscope_target_wait(t);
	err = make_room(&s, t, arg, a);
	if (!err)
		err = s.pieces ? take_pieces(&s, t, arg, mm, scratch) :
				 take(&s, t, arg, mm, scratch);
	if (!err)
		err = judge(&s, arg);
	if (!err)
		err = copy_out(&s, t, arg, mm, scratch);
	if (s.changed)
		a->pieces = false;
	else
		a->too_small++;
	a->names_needed = s.names_bytes;
	free_room(&s);
	return err;
}

/* @mm_size is the caller's struct mmscope_mm's, checked already. */
int mmscope_vmas_query(struct mmscope_target *t, struct mmscope_vmas *arg, u32 mm_size,
		       char *scratch)
{
	struct mmscope_mm mm = { .size = mm_size };
	struct attempt a = { .pieces = can_take_pieces(t, arg) };
	int err;

	while (a.too_small < 8) {
		err = query_once(t, arg, &mm, scratch, &a);
		if (err != -EAGAIN)
			return err;
	}
	/* It grows faster than we allocate: with what is known now, ask anew. */
	return -ENOSPC;
}

/* ---- without the list ---- */

/* All of the range is counted as one VMA would be, whatever is in it. */
int mmscope_vmas_totals(struct mmscope_target *t, struct mmscope_vmas *arg, u32 mm_size,
			void *scratch)
{
	const struct mmscope_vma all = { .start = arg->start, .end = arg->end };
	struct mmscope_mm mm = { .size = mm_size };
	u64 since;
	int err = mmscope_target_lock(t, &since);

	if (err)
		return err;
	if (arg->mm)
		mmscope_mm_fill(t, &mm);
	mmscope_target_unlock(t, since);
	arg->vmas_count = 0;
	arg->names_bytes = 0;
	err = mmscope_pages_count(t, &all, 1, arg->acct_categories ?: mmscope_pages_categories(),
				  false, scratch);
	if (err)
		return err;
	if (copy_to_user(u64_to_user_ptr(arg->accts), scratch, sizeof(struct mmscope_acct)))
		return -EFAULT;
	return arg->mm ? copy_mm(arg, &mm, mm_size) : 0;
}
