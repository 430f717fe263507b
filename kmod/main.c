// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - init and exit.
 * The module has no parameters: there is nothing to tune.
 */
#include <linux/module.h>

#include "internal.h"

static int __init mmscope_init(void)
{
	int err;

	mmscope_vmas_init();
	mmscope_leaf_init();
	err = mmscope_proc_init();
	if (err)
		return err;
	err = mmscope_dev_init();
	if (err)
		goto err_proc;
	return 0;

err_proc:
	mmscope_proc_exit();
	return err;
}

static void __exit mmscope_exit(void)
{
	mmscope_dev_exit();
	mmscope_proc_exit();
}

module_init(mmscope_init);
module_exit(mmscope_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(MMSCOPE_VERSION);
MODULE_DESCRIPTION("What the kernel knows about a process's memory: break, VMAs, pages, locks");
MODULE_AUTHOR("The mmscope authors");
