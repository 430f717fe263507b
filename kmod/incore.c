// SPDX-License-Identifier: GPL-2.0
/*
 * incore.c - the page cache behind a mapping: what mincore(2) would answer for
 * a page that has no entry in the page tables, and who may be told.
 *
 * Which pages of a file are cached tells what others do with it.  So it is told
 * only to those who own the file or may write to it (134fca9063ad
 * ("mm/mincore.c: make mincore() more conservative"), 5.2; CVE-2019-5489).
 * mincore answers others with all ones; here, that is CACHE_UNKNOWN.
 *
 * The check may ask the file system (a network, a FUSE daemon), and so it is
 * made with no lock held: a verdict is noted for one file at a time.
 *
 * A cached page is looked up without a reference, in an XArray under RCU. It may
 * be freed as we look: then the answer is of the moment before, as with any.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/xarray.h>

#include "internal.h"

/* Has it a page cache that mincore would look at? */
static bool has_cache(struct vm_area_struct *vma)
{
	return !vma_is_anonymous(vma) && !is_vm_hugetlb_page(vma) && vma->vm_file;
}

bool mmscope_incore_ready(struct mmscope_incore *ic, struct vm_area_struct *vma)
{
	if (!has_cache(vma) || (ic->decided && ic->file == vma->vm_file))
		return true;
	mmscope_incore_done(ic);
	ic->file = get_file(vma->vm_file);
	return false;
}

void mmscope_incore_decide(struct mmscope_incore *ic)
{
	ic->allowed = mmscope_compat_owner(ic->file) || mmscope_compat_may_write(ic->file);
	ic->decided = true;
}

/* fput() of the last reference is put off until we leave the kernel. */
void mmscope_incore_done(struct mmscope_incore *ic)
{
	if (ic->file)
		fput(ic->file);
	*ic = (struct mmscope_incore){};
}

static bool is_shmem(const struct address_space *mapping)
{
	return mapping->host->i_sb->s_magic == TMPFS_MAGIC;
}

/* Read without a lock: it is of the moment before, as is whatever is looked up. */
bool mmscope_incore_may_be_swapped(const struct address_space *mapping)
{
	return is_shmem(mapping) && READ_ONCE(SHMEM_I(mapping->host)->swapped);
}

/* Values stand for what was evicted; in shmem, for where in swap it is. */
static u64 entry_bits(struct address_space *mapping, void *entry)
{
	if (!xa_is_value(entry))
		return mmscope_compat_uptodate(entry) ? MMSCOPE_CAT(IN_CORE) : 0;
	if (is_shmem(mapping))
		return MMSCOPE_CAT(CACHE_SWAPPED) | MMSCOPE_CAT(CACHE_UNKNOWN);
	return 0;
}

/*
 * The cache's bits of the page at @addr, and of those behind it for which the
 * same holds: *@end is brought down to where that ends. One look-up.
 */
u64 mmscope_incore_next(const struct mmscope_incore *ic, struct vm_area_struct *vma,
			unsigned long addr, unsigned long *end)
{
	unsigned long first, index, last;
	struct address_space *mapping;
	void *entry;

	if (vma_is_anonymous(vma) || is_vm_hugetlb_page(vma))
		return 0;
	/* The kernel's own mappings: mincore refuses to look, and says 1. */
	if (!vma->vm_file || !ic->allowed)
		return MMSCOPE_CAT(CACHE_UNKNOWN);

	mapping = vma->vm_file->f_mapping;
	first = linear_page_index(vma, addr);
	last = first + ((*end - addr) >> PAGE_SHIFT) - 1;
	index = first;
	/* Under RCU the folio's memory stays a folio's, or a page at least. */
	rcu_read_lock();
	entry = xa_find(&mapping->i_pages, &index, last, XA_PRESENT);
	if (entry && index <= first) {
		u64 bits = entry_bits(mapping, entry);

		rcu_read_unlock();
		*end = addr + PAGE_SIZE;
		return bits;
	}
	rcu_read_unlock();
	if (entry)
		*end = addr + ((index - first) << PAGE_SHIFT);
	return 0;
}
