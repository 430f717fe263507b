/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat.h - the one place that knows kernel versions.
 * It is included before every file, so that the rest reads as if written for
 * the newest kernel. Each entry cites the change that made it necessary.
 */
#ifndef MMSCOPE_COMPAT_H
#define MMSCOPE_COMPAT_H

#include <linux/version.h>
#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/mm.h>
#include <linux/hugetlb.h>
#include <linux/kmemleak.h>
#include <linux/ksm.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/pid.h>
#include <linux/namei.h>
#include <linux/percpu_counter.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string_helpers.h>
#include <linux/uaccess.h>
#include <xen/xen.h>

#ifndef CONFIG_64BIT
#error "mmscope needs a 64-bit kernel: its walker maps no high memory"
#endif
#if CONFIG_PGTABLE_LEVELS < 3
#error "mmscope needs page tables of at least three levels"
#endif

/*
 * An address as a pointer of the caller's may hold it: on arm64 its top byte may be
 * a tag, which mincore and pagemap leave off, too.  (So may x86 have it, but what its
 * untagged_addr() looks at is exported to nobody.)
 */
#ifdef CONFIG_ARM64
#define mmscope_compat_untagged(addr) untagged_addr(addr)
#else
#define mmscope_compat_untagged(addr) (addr)
#endif

/* ---- files ---- */

/* ffb37ca3bd16 ("switch file_open_root() to struct path"), 5.14 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 14, 0)
#define file_open_root(path, name, flags, mode) \
	file_open_root((path)->dentry, (path)->mnt, name, flags, mode)
#endif

/*
 * 6dfbbae14a7b ("fs: proc: store PDE()->data into inode->i_private"), 5.17.
 * (PDE_DATA was a function before; where it is a macro or gone, so is this.)
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 17, 0)
#define pde_data(inode) PDE_DATA(inode)
#endif

/*
 * May the caller know what mincore() tells owners?  It went by who the owner is through
 * the file's mount only since e187bc02f8fa ("mm: do file ownership checks with the proper
 * mount idmap"), of the middle of 2026, and then in stable kernels, too: Kbuild looks for
 * the helper that came with it. (7.3 has it: should it move, a build that fails is better
 * than the old rule.) Before, as if no mount mapped ids: 01beba7957a2 ("fs: port
 * inode_owner_or_capable() to mnt_idmap"), 6.3, and 21cb47be6fb9 ("inode: make init and
 * permission helpers idmapped mount aware"), 5.12, changed how that is said.
 */
#if defined(MMSCOPE_HAVE_FILE_OWNER) || LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
#define mmscope_compat_owner(file) file_owner_or_capable(file)
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define mmscope_compat_owner(file) inode_owner_or_capable(&nop_mnt_idmap, file_inode(file))
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(5, 12, 0)
#define mmscope_compat_owner(file) inode_owner_or_capable(&init_user_ns, file_inode(file))
#else
#define mmscope_compat_owner(file) inode_owner_or_capable(file_inode(file))
#endif

/* 02f92b3868a1 ("fs: add file and path permissions helpers"), 5.12 */
static inline bool mmscope_compat_may_write(struct file *file)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 12, 0)
	return inode_permission(file_inode(file), MAY_WRITE) == 0;
#else
	return file_permission(file, MAY_WRITE) == 0;
#endif
}

/*
 * "seq_file: Add seq_escape_str() as replica of string_escape_str()" and
 * "lib/string_helpers: Allow to append additional characters to be escaped",
 * 5.14: of printable characters only those in @esc are escaped.  Before, there
 * was no way to ask for that, so it is done a character at a time.
 */
#ifndef ESCAPE_APPEND
#define ESCAPE_APPEND 0
#define ESCAPE_NAP 0
static inline void seq_escape_str(struct seq_file *m, const char *src, unsigned int flags,
				  const char *esc)
{
	char out[4];			/* the longest is \ooo */

	for (; *src; src++) {
		if (isascii(*src) && isprint(*src) && !strchr(esc, *src))
			seq_putc(m, *src);
		else
			seq_write(m, out, string_escape_mem(src, 1, out, sizeof(out),
							    flags, NULL));
	}
}
#endif

/* ---- VMAs ---- */

/*
 * f39af05949a4 ("mm: add VMA iterator"), 6.1: before, VMAs are in a list.  The
 * mmap lock is held while one iterates, as there; the first is looked up only
 * when it is asked for, since an iterator may be set up before the lock is.
 */
#ifndef VMA_ITERATOR
struct vma_iterator {
	struct mm_struct *mm;
	unsigned long addr;
	struct vm_area_struct *vma;	/* the last one given */
};

#define VMA_ITERATOR(name, __mm, __addr) \
	struct vma_iterator name = { .mm = (__mm), .addr = (__addr) }

static inline struct vm_area_struct *mmscope_compat_find(struct vma_iterator *vmi,
							 unsigned long end)
{
	vmi->vma = vmi->vma ? vmi->vma->vm_next : find_vma(vmi->mm, vmi->addr);
	return vmi->vma && vmi->vma->vm_start < end ? vmi->vma : NULL;
}

#define for_each_vma_range(vmi, vma, end) \
	while (((vma) = mmscope_compat_find(&(vmi), end)))
#else
/* The next that begins below @end. (vma_find() meant its last address at first.) */
static inline struct vm_area_struct *mmscope_compat_find(struct vma_iterator *vmi,
							 unsigned long end)
{
	return mas_find(&vmi->mas, end - 1);
}
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

/* ---- counters ---- */

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

/* ---- what maps writes ---- */

/*
 * Which file a mapping is of, as /proc/PID/maps shows it.  08582d678fcf ("fs:
 * create helper file_user_path() for user displayed mapped file path"), 6.7:
 * before, f_path of a mapping of overlayfs is what the user opened.  Of its inode,
 * 3efdc78fdc21 ("fs/proc: show correct device and inode numbers in
 * /proc/pid/maps"), 6.8.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
static inline const struct inode *mmscope_compat_vma_inode(struct vm_area_struct *vma)
{
	return file_user_inode(vma->vm_file);
}
#else
static inline const struct inode *mmscope_compat_vma_inode(struct vm_area_struct *vma)
{
	return file_inode(vma->vm_file);
}
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
static inline const struct path *mmscope_compat_vma_path(struct vm_area_struct *vma)
{
	return file_user_path(vma->vm_file);
}
#else
static inline const struct path *mmscope_compat_vma_path(struct vm_area_struct *vma)
{
	return &vma->vm_file->f_path;
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

/* ---- pages ---- */

/*
 * "mm: Introduce struct folio", 5.16: a page that is no tail page.  Before,
 * such a page is a head page.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0)
struct folio {
	struct page page;
};

#define page_folio(p) ((struct folio *)compound_head(p))
#define folio_test_anon(f) PageAnon(&(f)->page)
#endif

/* In 5.16 and 5.17 it calls what modules are not given; 6.0 exports that. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 0, 0)
#define folio_test_hugetlb(f) PageHuge(&(f)->page)
#endif

/*
 * Does each small page that the VMA maps bear its lock?  cea86fe246b6 ("mm/munlock:
 * rmap call mlock_vma_page() munlock_vma_page()"), 5.18: before, a page of a file
 * got it when mlock() touched all of them, which MLOCK_ONFAULT does not.
 */
static inline bool mmscope_compat_locks_pages(struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 18, 0)
	if (vma->vm_flags & VM_LOCKONFAULT)
		return false;
#endif
	return vma->vm_flags & VM_LOCKED;
}

/*
 * A folio's flags: 53fbef56e07d ("mm: introduce memdesc_flags_t"), 6.18; before
 * folios, they are the page's.
 */
static inline unsigned long mmscope_compat_folio_flags(struct folio *folio)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
	return READ_ONCE(folio->flags.f);
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(5, 16, 0)
	return READ_ONCE(folio->flags);
#else
	return READ_ONCE(folio->page.flags);
#endif
}

/* Whose it is, with two bits that tell what that is (those of page-flags.h). */
static inline unsigned long mmscope_compat_folio_mapping(struct folio *folio)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 16, 0)
	return (unsigned long)READ_ONCE(folio->mapping);
#else
	return (unsigned long)READ_ONCE(folio->page.mapping);
#endif
}

/*
 * Not 0: it is a tail page (struct page in mm_types.h says so of the first word of its
 * union). Without the decisions of PageTail(): of heads that are other pages', which
 * hugetlb has, it is wrong; but those have PG_head.
 */
#define mmscope_compat_tail_bit(page) ((unsigned long)READ_ONCE((page)->lru.next) & 1)

/*
 * Is it up to date?  For a folio that nothing pins: folio_test_uptodate() would
 * insist that it is one still.
 */
static inline bool mmscope_compat_uptodate(struct folio *folio)
{
	return mmscope_compat_folio_flags(folio) & BIT(PG_uptodate);
}

/*
 * Entries as they are in memory. pte_val() and __pte() may be calls under Xen, which give
 * the frame another number: for nothing, if one asks of bits that are no frame's; and
 * wrong for bits of several entries. Which bits those are: the mask.
 */
#ifdef CONFIG_X86
#define mmscope_compat_raw(pte) native_pte_val(pte)
#define mmscope_compat_raw_pmd(pmd) native_pmd_val(pmd)
#define mmscope_compat_pmd_pte(pmd) native_make_pte(native_pmd_val(pmd))
#define mmscope_compat_flags_mask() ((unsigned long)PTE_FLAGS_MASK)
/*
 * The frame as it is there, of an entry that is present; bits of it that are turned
 * round where there is no access are so in all with the same flags: the @twist. Not
 * under Xen: see mmscope_compat_translates().
 */
#define mmscope_compat_twist(pte) protnone_mask(native_pte_val(pte))
#define mmscope_compat_frame(pte, twist) \
	(((native_pte_val(pte) ^ (twist)) & PTE_PFN_MASK) >> PAGE_SHIFT)
#define mmscope_compat_translates() xen_pv_domain()
#else
#define mmscope_compat_twist(pte) 0
#define mmscope_compat_frame(pte, twist) ((void)(twist), pte_pfn(pte))
#define mmscope_compat_translates() false
#define mmscope_compat_raw(pte) pte_val(pte)
#define mmscope_compat_raw_pmd(pmd) pmd_val(pmd)
#define mmscope_compat_pmd_pte(pmd) __pte(pmd_val(pmd))
#define mmscope_compat_flags_mask() pgprot_val(pte_pgprot(__pte(~0UL)))
#endif

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
 * Is a page mapped more than once, by itself or as part of a huge mapping; and
 * does one answer hold for all pages of a huge mapping?  (pagemap lets the
 * first page of a huge mapping speak for all, before 6.11 and since 6.15: its bit
 * 56 may differ there.)
 */
#ifdef CONFIG_NO_PAGE_MAPCOUNT
/*
 * "mm: CONFIG_NO_PAGE_MAPCOUNT to prepare for not maintain per-page mapcounts
 * in large folios", 6.15.  What is left is what pagemap and smaps say there.
 */
static inline bool mmscope_compat_shared(struct folio *folio, struct page *page)
{
	return folio_maybe_mapped_shared(folio);
}

static inline bool mmscope_compat_uniform(struct folio *folio)
{
	return true;
}
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
static inline bool mmscope_compat_shared(struct folio *folio, struct page *page)
{
	int here = atomic_read(&page->_mapcount) + 1;

	if (!folio_test_large(folio))
		return here > 1;
	if (folio_test_hugetlb(folio))
		return folio_entire_mapcount(folio) > 1;
	return here + folio_entire_mapcount(folio) > 1;
}

static inline bool mmscope_compat_uniform(struct folio *folio)
{
	return folio_test_hugetlb(folio) ||
	       folio_large_mapcount(folio) == folio_entire_mapcount(folio);
}
#else				/* page_mapcount() went in 6.11 */
static inline bool mmscope_compat_shared(struct folio *folio, struct page *page)
{
	return page_mapcount(page) > 1;
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

/*
 * Whoever looks a file of /proc up may read its operations when the file has been
 * removed, and what was a module's is gone: 654b33ada4ab ("proc: fix UAF in
 * proc_get_inode()"), 6.15, and in stable kernels that cannot be told apart here. Before,
 * nothing tells when the last of them is done, so a copy is made that stays for
 * good: some 100 bytes each time that the module is loaded. (Nothing in it is called
 * after the removal.) NULL without memory.
 */
static inline const struct proc_ops *mmscope_compat_proc_ops(const struct proc_ops *ops)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
	ops = kmemdup(ops, sizeof(*ops), GFP_KERNEL);
	kmemleak_not_leak(ops);
#endif
	return ops;
}

/*
 * Do several mappings use this very table of hugetlb entries?
 *
 * 3489dbb696d2 ("mm: hugetlb: proc: check for hugetlb shared PMD in /proc/PID/smaps"),
 * 6.2 and most stable kernels (Kbuild looks for it): before, a table has a reference
 * for each.
 */
static inline bool mmscope_compat_table_shared(pmd_t *pmd)
{
#if defined(MMSCOPE_HAVE_PMD_SHARED) || LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	return hugetlb_pmd_shared((pte_t *)pmd);
#elif defined(CONFIG_HUGETLB_PAGE)
	return page_count(virt_to_page(pmd)) > 1;
#else
	return false;
#endif
}

/* ---- entries that are not present ---- */

/*
 * "mm: rename uffd-wp PTE accessors to uffd", 7.3: the bit has come to serve
 * VM_UFFD_RWP too, and in such a VMA says something else.
 */
#ifndef pgtable_supports_uffd	/* which that series renamed likewise */
#define pte_uffd(pte) pte_uffd_wp(pte)
#define pte_swp_uffd(pte) pte_swp_uffd_wp(pte)
#endif

/*
 * "mm: introduce leaf entry type and use to simplify leaf entry logic", 6.19:
 * before, the same helpers had a name each of their own, and some were not there.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
#include <linux/leafops.h>
#else
typedef swp_entry_t softleaf_t;

/* Stable kernels took over some of the names, as macros. */
#undef softleaf_from_pte
#undef softleaf_to_pfn
#undef softleaf_is_migration
#undef softleaf_to_folio

#define softleaf_is_swap(entry) (!non_swap_entry(entry))
#define softleaf_is_migration(entry) is_migration_entry(entry)
#define softleaf_is_device_private(entry) is_device_private_entry(entry)

/* Of a present or an empty entry: one that is nothing, which no test here takes. */
static inline softleaf_t softleaf_from_pte(pte_t pte)
{
	return pte_to_swp_entry(pte);
}

/* "mm: device exclusive memory access", 5.14 */
static inline bool softleaf_is_device_exclusive(softleaf_t entry)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
	return is_device_exclusive_entry(entry);
#else
	return false;
#endif
}

/* "mm/swapops: rework swap entry manipulation code", 5.14 */
static inline bool softleaf_has_pfn(softleaf_t entry)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
	return is_pfn_swap_entry(entry);
#else
	return is_migration_entry(entry) || is_device_private_entry(entry) ||
	       is_hwpoison_entry(entry);
#endif
}

/*
 * "mm/swap: add swp_offset_pfn() to fetch PFN from swap entry", 6.1: since then
 * the offset of such an entry may hold more than the frame.
 */
static inline unsigned long softleaf_to_pfn(softleaf_t entry)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
	return swp_offset_pfn(entry);
#else
	return swp_offset(entry);
#endif
}

static inline struct folio *softleaf_to_folio(softleaf_t entry)
{
	return page_folio(pfn_to_page(softleaf_to_pfn(entry)));
}

/*
 * Markers, which hold nothing but a note: 679d10331910 ("mm: introduce
 * PTE_MARKER swap entry"), 5.19.  The kinds came one by one, so each is probed;
 * one that is not known here is 0, and never found.
 */
#ifdef PTE_MARKER_UFFD_WP
#define softleaf_is_marker(entry) is_pte_marker_entry(entry)
#define softleaf_to_marker(entry) pte_marker_get(entry)
#else
#define softleaf_is_marker(entry) false
#define softleaf_to_marker(entry) 0
#define PTE_MARKER_UFFD_WP 0
#endif

#endif /* leafops */

#ifndef PTE_MARKER_POISONED	/* af19487f00f3 ("mm: make PTE_MARKER_SWAPIN_ERROR more general"), 6.6 */
#ifdef PTE_MARKER_SWAPIN_ERROR	/* what it was before: a page that could not be read back */
#define PTE_MARKER_POISONED PTE_MARKER_SWAPIN_ERROR
#else
#define PTE_MARKER_POISONED 0
#endif
#endif
#ifndef PTE_MARKER_GUARD	/* 7c53dfbdb024 ("mm: add PTE_MARKER_GUARD PTE marker"), 6.13 */
#define PTE_MARKER_GUARD 0
#endif

/*
 * Does somebody wait for the mmap lock? Who sleeps for it is on its list; who spins for it
 * holds or waits for the spinners' own lock, but where it has none.
 */
static inline bool mmscope_compat_awaited(struct mm_struct *mm)
{
#if defined(CONFIG_RWSEM_SPIN_ON_OWNER) && !defined(CONFIG_PREEMPT_RT)
	if (osq_is_locked(&mm->mmap_lock.osq))
		return true;
#endif
	return mmap_lock_is_contended(mm);
}

/*
 * How often the mmap lock was taken for writing, and let go of again; it is to be held for
 * reading.  While that is the same, all VMAs are.  (By a count that all who write leave: "mm:
 * convert mm_lock_seq to a proper seqcount", of 6.13 and stable kernels of then.)
 */
#if defined(MMSCOPE_HAVE_LOCK_SEQ) && defined(CONFIG_PER_VMA_LOCK)
#define MMSCOPE_COUNTS_WRITERS true
#define mmscope_compat_writers(mm) READ_ONCE((mm)->mm_lock_seq.sequence)
#else
#define MMSCOPE_COUNTS_WRITERS false
#define mmscope_compat_writers(mm) 0
#endif

#endif /* MMSCOPE_COMPAT_H */
