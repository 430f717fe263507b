// SPDX-License-Identifier: GPL-2.0
/* Wrong: vm_end is the first byte behind the VMA; its last page is left out. */
/* fails: 1 */
#include "resident.h"
#include "walk.h"

static void list_pages(struct vm_area_struct *vma)
{
	unsigned long address;

	rcu_read_lock();
	for (address = vma->vm_start; address < vma->vm_end - PAGE_SIZE; address += PAGE_SIZE)
		if (pte_present(entry_of(vma->vm_mm, address)))
			pages[pages_count++] = address;
	rcu_read_unlock();
}
