// SPDX-License-Identifier: GPL-2.0
/* Wrong: where a page is in memory is not where it is in the process. */
/* fails: 1 */
#include "resident.h"
#include "walk.h"

static void list_pages(struct vm_area_struct *vma)
{
	unsigned long address;

	rcu_read_lock();
	for (address = vma->vm_start; address < vma->vm_end; address += PAGE_SIZE) {
		pte_t pte = entry_of(vma->vm_mm, address);

		if (pte_present(pte))
			pages[pages_count++] = pte_pfn(pte) << PAGE_SHIFT;
	}
	rcu_read_unlock();
}
