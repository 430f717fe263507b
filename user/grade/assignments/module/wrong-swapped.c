// SPDX-License-Identifier: GPL-2.0
/* Wrong: an entry that is not empty may be one of swap. */
/* fails: 1 2 */
#include "resident.h"
#include "walk.h"

static void list_pages(struct vm_area_struct *vma)
{
	unsigned long address;

	rcu_read_lock();
	for (address = vma->vm_start; address < vma->vm_end; address += PAGE_SIZE)
		if (!pte_none(entry_of(vma->vm_mm, address)))
			pages[pages_count++] = address;
	rcu_read_unlock();
}
