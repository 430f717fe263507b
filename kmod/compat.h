/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat.h - the one place that knows kernel versions.
 * It is included before every file, so that the rest reads as if written for
 * the newest kernel. Each entry cites the change that made it necessary.
 */
#ifndef MMSCOPE_COMPAT_H
#define MMSCOPE_COMPAT_H

#include <linux/version.h>
#include <linux/mm.h>
#include <linux/hugetlb.h>
#include <linux/ksm.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/pid.h>
#include <linux/namei.h>
#include <linux/percpu_counter.h>

#ifndef CONFIG_64BIT
#error "mmscope needs a 64-bit kernel: its walker maps no high memory"
#endif
#if CONFIG_PGTABLE_LEVELS < 3
#error "mmscope needs page tables of at least three levels"
#endif

/*
 * VMA flags that not every kernel has are 0 there: they are never set, and
 * INFO does not list them.
 */
#ifndef VM_UFFD_MINOR		/* 7677f7fd8be7 ("userfaultfd: add minor fault registration mode"), 5.13 */
#define VM_UFFD_MINOR 0
#endif
#ifndef VM_SEALED		/* 8be7258aad44 ("mseal: add mseal syscall"), 6.10 */
#define VM_SEALED 0
#endif
#ifndef VM_DROPPABLE		/* 9651fcedf7b9 ("mm: add MAP_DROPPABLE for designating always lazily freeable mappings"), 6.11 */
#define VM_DROPPABLE 0
#endif
#ifndef VM_SHADOW_STACK		/* 54007f818206 ("mm: Introduce VM_SHADOW_STACK for shadow stack memory"), 6.6 */
#define VM_SHADOW_STACK 0
#endif

/*
 * RSS counters.  f1a7941243c1 ("mm: convert mm's rss stats into
 * percpu_counter"), 6.2: before, per-task caches make them lag; since, their
 * exact sum is to be had.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define MMSCOPE_EXACT_RSS 1
static inline u64 mmscope_compat_rss(struct mm_struct *mm, int member)
{
	return percpu_counter_sum_positive(&mm->rss_stat[member]);
}
#else
#define MMSCOPE_EXACT_RSS 0
static inline u64 mmscope_compat_rss(struct mm_struct *mm, int member)
{
	return get_mm_counter(mm, member);
}
#endif

/*
 * Which file a mapping is of, as /proc/PID/maps shows it.  08582d678fcf ("fs:
 * create helper file_user_path() for user displayed mapped file path"), 6.7:
 * before, f_path of a mapping of overlayfs is what the user opened.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
static inline const struct path *mmscope_compat_vma_path(struct vm_area_struct *vma)
{
	return file_user_path(vma->vm_file);
}

static inline const struct inode *mmscope_compat_vma_inode(struct vm_area_struct *vma)
{
	return file_user_inode(vma->vm_file);
}
#else
static inline const struct path *mmscope_compat_vma_path(struct vm_area_struct *vma)
{
	return &vma->vm_file->f_path;
}

static inline const struct inode *mmscope_compat_vma_inode(struct vm_area_struct *vma)
{
	return file_inode(vma->vm_file);
}
#endif

/*
 * When maps writes [heap] and [stack].  11250fd12eb8 ("mm: factor out VMA stack
 * and heap checks"), 6.6: since then there are helpers to ask (a later change
 * to them left out VMAs that only touch the break); before, it is as here.
 */
static inline bool mmscope_compat_is_heap(struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return vma_is_initial_heap(vma);
#else
	return vma->vm_start <= vma->vm_mm->brk && vma->vm_end >= vma->vm_mm->start_brk;
#endif
}

static inline bool mmscope_compat_is_stack(struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return vma_is_initial_stack(vma);
#else
	return vma->vm_start <= vma->vm_mm->start_stack &&
	       vma->vm_end >= vma->vm_mm->start_stack;
#endif
}

/*
 * The name given by prctl(PR_SET_VMA_ANON_NAME).  9a10064f5625 ("mm: add a
 * field to store names for private anonymous memory"), 5.17.  anon_vma_name()
 * is not exported, so the field is read; it is stable under the mmap lock.
 */
static inline const char *mmscope_compat_anon_name(struct vm_area_struct *vma)
{
#if defined(CONFIG_ANON_VMA_NAME) && LINUX_VERSION_CODE >= KERNEL_VERSION(5, 17, 0)
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	/* d09e8ca6cb93 ("mm: anonymous shared memory naming"), 6.2 */
	if (vma->vm_file)
		return NULL;
#endif
	return vma->anon_name ? vma->anon_name->name : NULL;
#else
	return NULL;
#endif
}

/*
 * The pid behind a pidfd; pidfd_pid() and its file operations are exported to
 * nobody.  A pidfd is known by where its inode lives: cb12fd8e0dab ("pidfd:
 * add pidfs"), 6.9, gave it a file system of its own; before (or without
 * CONFIG_FS_PID) it is the anonymous inode named "[pidfd]", a name that only
 * the kernel gives.
 */
static inline struct pid *mmscope_compat_pidfd_pid(struct file *file)
{
#ifdef PID_FS_MAGIC
	if (file_inode(file)->i_sb->s_magic == PID_FS_MAGIC)
		return file_inode(file)->i_private;
#endif
	if (file_inode(file)->i_sb->s_magic == ANON_INODE_FS_MAGIC &&
	    !strcmp(file->f_path.dentry->d_name.name, "[pidfd]"))
		return file->private_data;
	return NULL;
}

/* Is this leaf of a page table for a page of a device, without a refcount? */
#ifdef CONFIG_ARCH_HAS_PTE_DEVMAP
#define mmscope_compat_devmap(pte) pte_devmap(pte)
#else				/* d438d2734170 ("mm: remove devmap related functions and page table bits"), 6.17 */
#define mmscope_compat_devmap(pte) false
#endif

/* May the entry be executed by user space? */
#ifdef CONFIG_ARM64
#define mmscope_compat_pte_exec(pte) pte_user_exec(pte)
#else
#define mmscope_compat_pte_exec(pte) pte_exec(pte)
#endif

/*
 * How often a page is mapped, by itself or as part of a huge mapping; and
 * whether all pages of a huge mapping are so equally often, so that one can
 * speak for all.  (Before 2c1f057e5be6 ("fs/proc/task_mmu: properly detect
 * PM_MMAP_EXCLUSIVE per page of PMD-mapped THPs") pagemap let the first page
 * speak for all in any case: its bit 56 may differ there.)
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
static inline int mmscope_compat_mapcount(struct folio *folio, struct page *page)
{
	if (folio_test_hugetlb(folio))
		return folio_entire_mapcount(folio);
	return atomic_read(&page->_mapcount) + 1 +
	       (folio_test_large(folio) ? folio_entire_mapcount(folio) : 0);
}

static inline bool mmscope_compat_uniform(struct folio *folio)
{
	return folio_test_hugetlb(folio) ||
	       folio_large_mapcount(folio) == folio_entire_mapcount(folio);
}
#else				/* page_mapcount() went in 6.11 */
static inline int mmscope_compat_mapcount(struct folio *folio, struct page *page)
{
	return page_mapcount(page);
}

static inline bool mmscope_compat_uniform(struct folio *folio)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	/*
	 * 4b51634cd16a ("mm,thp,rmap: subpages_mapcount COMPOUND_MAPPED if
	 * PMD-mapped"), 6.2, took the flag away.
	 */
	if (folio_test_anon(folio) && !PageDoubleMap(&folio->page))
		return true;
#endif
	return folio_test_hugetlb(folio);
}
#endif

/* Do several mappings use this very table of hugetlb entries? */
static inline bool mmscope_compat_table_shared(pmd_t *pmd)
{
#ifdef CONFIG_HUGETLB_PAGE
	return hugetlb_pmd_shared((pte_t *)pmd);
#else
	return false;
#endif
}

/*
 * Markers: entries that hold nothing but a note.  679d10331910 ("mm: introduce
 * PTE_MARKER swap entry"), 5.19; the kinds came one by one, so each is probed.
 */
enum mmscope_marker {
	MMSCOPE_MARKER_UFFD_WP	= 1,
	MMSCOPE_MARKER_POISONED	= 2,
	MMSCOPE_MARKER_GUARD	= 4,
};

static inline unsigned int mmscope_compat_marker(swp_entry_t entry)
{
	unsigned int kinds = 0;

#ifdef PTE_MARKER_UFFD_WP
	if (!is_pte_marker_entry(entry))
		return 0;
	if (pte_marker_get(entry) & PTE_MARKER_UFFD_WP)
		kinds |= MMSCOPE_MARKER_UFFD_WP;
#ifdef PTE_MARKER_POISONED	/* af19487f00f3 ("mm: make PTE_MARKER_SWAPIN_ERROR more general"), 6.6 */
	if (pte_marker_get(entry) & PTE_MARKER_POISONED)
		kinds |= MMSCOPE_MARKER_POISONED;
#endif
#ifdef PTE_MARKER_GUARD		/* 7c53dfbdb024 ("mm: add PTE_MARKER_GUARD PTE marker"), 6.13 */
	if (pte_marker_get(entry) & PTE_MARKER_GUARD)
		kinds |= MMSCOPE_MARKER_GUARD;
#endif
#endif
	return kinds;
}

static inline bool mmscope_compat_is_marker(swp_entry_t entry)
{
#ifdef PTE_MARKER_UFFD_WP
	return is_pte_marker_entry(entry);
#else
	return false;
#endif
}

#ifdef PTE_MARKER_GUARD
#define MMSCOPE_HAS_GUARD 1
#else
#define MMSCOPE_HAS_GUARD 0
#endif

#endif /* MMSCOPE_COMPAT_H */
