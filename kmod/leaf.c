// SPDX-License-Identifier: GPL-2.0
/*
 * leaf.c - the VMAs that lie behind one another in a leaf of the kernel's maple tree.
 * Of a list of many thousand VMAs the kernel's iterator is half: it is called for each,
 * and looks each time where in the tree it is. A leaf holds up to 16 of them.
 *
 * What a leaf looks like is in the kernel's header, but no promise. So nothing is
 * believed: when the module is loaded, trees of our own are read both ways, and where
 * the answers differ, only the iterator is used from then on. Before 6.1 VMAs were in a
 * list, and there is no tree. And before a stack that grows took the mmap lock for writing
 * (8d7071af8907, 6.5 and stable kernels since), a leaf could go under who reads it, as
 * Kbuild sees by a helper of about then.
 */
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/printk.h>

#include "internal.h"

#ifdef MMSCOPE_HAVE_LEAVES

#include <linux/maple_tree.h>

static bool proven __ro_after_init;

#define LAST_SLOT (MAPLE_RANGE64_SLOTS - 1)

/*
 * The last slot in use. How many there are is told in the place of the very last one,
 * unless that is needed; which the last pivot says, the upper end of the slot before:
 * 0 if there is none, the upper end of all if nothing follows.
 */
static unsigned int last_slot(const struct maple_range_64 *leaf, unsigned long max)
{
	unsigned long pivot = leaf->pivot[LAST_SLOT - 1];

	if (!pivot)
		return min_t(unsigned int, leaf->meta.end, LAST_SLOT - 1);
	return pivot == max ? LAST_SLOT - 1 : LAST_SLOT;
}

/* The leaf that @mas stands in, or NULL: the whole tree may be one entry. */
static const struct maple_range_64 *leaf_of(const struct ma_state *mas)
{
	unsigned long node = (unsigned long)mas->node;

	if (node < PAGE_SIZE || ((node >> MAPLE_NODE_TYPE_SHIFT) & MAPLE_NODE_TYPE_MASK) !=
				maple_leaf_64)
		return NULL;
	return (void *)(node & ~MAPLE_NODE_MASK);
}

/* What keeps others from writing to the tree is held, since @mas found something. */
static void rest_of(const struct ma_state *mas, struct mmscope_leaf *rest)
{
	const struct maple_range_64 *leaf = leaf_of(mas);
	unsigned int last = leaf ? last_slot(leaf, mas->max) : 0;

	rest->left = mas->offset < last ? last - mas->offset : 0;
	if (rest->left)
		rest->next = &leaf->slot[mas->offset + 1];
}

/*
 * VMAs lie anywhere in memory, and to wait for one after the other takes a fourth of a list.
 * What is read of them is read here first, of all of the leaf, so that the processor need
 * not: none of these depends on another.
 */
static void touch_all(const struct mmscope_leaf *rest)
{
	unsigned int i;

	for (i = 0; i < rest->left; i++) {
		struct vm_area_struct *vma = rcu_dereference_raw(rest->next[i]);

		if (!vma)
			continue;
		(void)READ_ONCE(vma->vm_start);
		(void)READ_ONCE(vma->vm_flags);
		(void)READ_ONCE(vma->vm_ops);
		(void)READ_ONCE(vma->vm_file);
	}
}

struct vm_area_struct *mmscope_leaf_find(struct vma_iterator *vmi, struct mmscope_leaf *rest,
					 unsigned long end)
{
	struct vm_area_struct *vma;

	/* The iterator knows nothing of what was read past it. */
	if (proven && rest->last)
		mas_set(&vmi->mas, rest->last->vm_end);
	rest->left = 0;
	if (rest->last && rest->last->vm_end >= end)
		return NULL;
	vma = mas_find(&vmi->mas, end - 1);
	if (vma && proven)
		rest_of(&vmi->mas, rest);
	/* Not of the first leaf: mostly one VMA is asked about. */
	if (rest->last)
		touch_all(rest);
	rest->last = vma;
	return vma;
}

/* ---- the proof ---- */

#define TRIAL 60	/* entries */

/* From each entry on: is what the leaf holds what the iterator gives, and ends in time? */
static bool __init same_both_ways(struct maple_tree *tree, unsigned long *together)
{
	MA_STATE(mas, tree, 0, 0);
	MA_STATE(ahead, tree, 0, 0);
	void *entry, *slot;
	struct mmscope_leaf rest;

	mas_for_each(&mas, entry, ULONG_MAX) {
		rest_of(&mas, &rest);
		mas_set(&ahead, mas.last + 1);
		for (; rest.left; rest.left--) {
			slot = rcu_dereference_raw(*rest.next++);
			if (slot && slot != mas_find(&ahead, ULONG_MAX))
				return false;
			*together += !!slot;
		}
	}
	return true;
}

/* A tree of @count entries, with gaps behind some, and without some that were there. */
static bool __init make_trial(struct maple_tree *tree, unsigned int count, unsigned int without,
			      const u64 *marks)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (mtree_store_range(tree, i * 8, i * 8 + (i % 3 ? 7 : 5), (void *)&marks[i],
				      GFP_KERNEL))
			return false;
	for (i = 1; without && i < count; i += without)
		mtree_erase(tree, i * 8);
	return true;
}

static bool __init trial(unsigned int count, unsigned int without, unsigned long *together)
{
	static const u64 marks[TRIAL] __initconst;
	struct maple_tree tree;
	bool same;

	mt_init_flags(&tree, MT_FLAGS_ALLOC_RANGE);	/* as that of an address space */
	same = make_trial(&tree, count, without, marks);
	mtree_lock(&tree);
	same = same && same_both_ways(&tree, together);
	mtree_unlock(&tree);
	mtree_destroy(&tree);
	return same;
}

/* Of one leaf in part, and in full; of two; and of several. (tests/fault fails each allocation.) */
static const unsigned int counts[] __initconst = { 1, 15, 17, TRIAL };

void __init mmscope_leaf_init(void)
{
	unsigned long together = 0;
	bool same = true;
	size_t i;

	for (i = 0; same && i < ARRAY_SIZE(counts); i++)
		same = trial(counts[i], 0, &together) && trial(counts[i], 3, &together);
	proven = same && together;
	if (!proven)
		pr_info("mmscope: VMAs are read one by one: a leaf is not what it was\n");
}

#else				/* a list; or a tree that changes under the read lock */

void __init mmscope_leaf_init(void)
{
}

struct vm_area_struct *mmscope_leaf_find(struct vma_iterator *vmi, struct mmscope_leaf *rest,
					 unsigned long end)
{
	return mmscope_compat_find(vmi, end);
}

#endif
