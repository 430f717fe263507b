// SPDX-License-Identifier: GPL-2.0
/*
 * witness-libc.c - the witness "libc": what sbrk(0) would return, which is the
 * C library's own note of the break and not the kernel's.  In glibc and musl's
 * kin it is a variable, __curbrk, and is read from the process's memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "inquiry.h"

/* The address of the note in the first object that has one; 0: none. */
static uint64_t find_note(struct mms_inquiry *q)
{
	struct mms_vmas vmas = { 0 };
	struct mms_elfs elfs = { 0 };
	struct mms_symbol symbol;
	uint64_t at = 0;

	if (!mms_vmas_read(q->target, MMS_ALL_START, MMS_ALL_END, 0, 0, &vmas, NULL) &&
	    !mms_elfs_open(q->target, &vmas, &elfs, NULL))
		for (size_t i = 0; i < elfs.count && !at; i++)
			if (mms_elf_symbol_find(elfs.elf[i], "__curbrk", &symbol, 1))
				at = symbol.address;
	mms_elfs_close(&elfs);
	mms_vmas_free(&vmas);
	return at;
}

static void libc_open(struct mms_inquiry *q, char why[160])
{
	q->note = find_note(q);
	if (!q->note)
		snprintf(why, 160, "no C library in it whose note of the break (__curbrk) is found");
}

static int libc_brk(struct mms_inquiry *q, uint64_t *brk, struct mms_error *err)
{
	int mem = openat(q->target->procfd, "mem", O_RDONLY | O_CLOEXEC);
	ssize_t n = mem < 0 ? -1 : pread(mem, brk, sizeof(*brk), (off_t)q->note);
	int saved = n < 0 ? errno : ESRCH;

	if (mem >= 0)
		close(mem);
	if (n == sizeof(*brk))
		return 0;
	mms_explain(MMS_OP_PROCFS, saved, q->target->pid, err);
	return -1;
}

const struct mmsi_witness mmsi_witness_libc = {
	.name = "libc",
	.help = "the C library's note of the break: what sbrk(0) returns",
	.open = libc_open,
	.brk = libc_brk,
};
