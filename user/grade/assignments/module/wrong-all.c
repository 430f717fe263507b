// SPDX-License-Identifier: GPL-2.0
/* Wrong: what is mapped is taken for what is resident. */
/* fails: 1 2 */
#include "resident.h"

static void list_pages(struct vm_area_struct *vma)
{
	unsigned long address;

	for (address = vma->vm_start; address < vma->vm_end; address += PAGE_SIZE)
		pages[pages_count++] = address;
}
