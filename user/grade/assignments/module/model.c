// SPDX-License-Identifier: GPL-2.0
/* The pages whose entry says that they are present. */
#include "resident.h"
#include "walk.h"

static void list_pages(struct vm_area_struct *vma)
{
	unsigned long address;

	rcu_read_lock();
	for (address = vma->vm_start; address < vma->vm_end; address += PAGE_SIZE)
		if (pte_present(entry_of(vma->vm_mm, address)))
			pages[pages_count++] = address;
	rcu_read_unlock();
}
