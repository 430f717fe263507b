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

#define MOST MMSCOPE_INCORE_MOST

/* Where the entry ends that has @index: a folio of several pages has one. */
static unsigned long end_of_entry(struct address_space *mapping, unsigned long index)
{
	return (index | ((1UL << xa_get_order(&mapping->i_pages, index)) - 1)) + 1;
}

/*
 * Up to where in the cache the same holds as of @entry, which was found at
 * xas->xa_index: @last and some pages at most, since this may be under a lock.
 */
static unsigned long alike_until(struct xa_state *xas, struct address_space *mapping,
				 void *entry, unsigned long last)
{
	u64 bits = entry_bits(mapping, entry);
	unsigned long next = xas->xa_index + 1;

	last = min(last, xas->xa_index + MOST - 1);
	while (next <= last) {
		entry = xas_find(xas, last);
		if (xas_retry(xas, entry))
			break;
		if (!entry || xas->xa_index != next)
			next = min(end_of_entry(mapping, next - 1), last + 1);
		if (!entry || xas->xa_index != next || entry_bits(mapping, entry) != bits)
			break;
		next++;
	}
	return next;
}

/* RCU held. What the cache says of @first, and until where it says the same. */
static unsigned long look_up(struct address_space *mapping, unsigned long first,
			     unsigned long last, u64 *bits)
{
	XA_STATE(xas, &mapping->i_pages, first);
	void *entry;

	do
		entry = xas_find(&xas, last);
	while (xas_retry(&xas, entry));
	if (!entry)
		return last + 1;
	if (xas.xa_index > first)
		return xas.xa_index;
	*bits = entry_bits(mapping, entry);
	return alike_until(&xas, mapping, entry, last);
}

/*
 * The cache's bits of the page at @addr, and of those behind it for which the
 * same holds: *@end is brought down to where that ends, or to where it may.
 */
u64 mmscope_incore_next(const struct mmscope_incore *ic, struct vm_area_struct *vma,
			unsigned long addr, unsigned long *end)
{
	unsigned long first = linear_page_index(vma, addr), until;
	unsigned long last = first + ((*end - addr) >> PAGE_SHIFT) - 1;
	struct address_space *mapping;
	u64 bits = 0;

	if (vma_is_anonymous(vma) || is_vm_hugetlb_page(vma))
		return 0;
	/* The kernel's own mappings: mincore refuses to look, and says 1. */
	if (!vma->vm_file || !ic->allowed)
		return MMSCOPE_CAT(CACHE_UNKNOWN);

	mapping = vma->vm_file->f_mapping;
	/* Under RCU the folio's memory stays a folio's, or a page at least. */
	rcu_read_lock();
	until = look_up(mapping, first, last, &bits);
	rcu_read_unlock();
	*end = addr + ((until - first) << PAGE_SHIFT);
	return bits;
}
