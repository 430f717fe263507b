// SPDX-License-Identifier: GPL-2.0
/*
 * error.c - from an errno to a sentence, an exit status and a mend.
 * Each errno that the ABI documents has its row for the query it belongs to;
 * what is in no row is told in the words of the C library.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "private.h"

#define ANY	(-1)

#define MEND_LOAD	"load it: modprobe mmscope, or insmod mmscope.ko (what is missing: mmscope doctor)"
#define MEND_REBUILD	"build and load the module of this very version: make module && rmmod mmscope; insmod mmscope.ko"
#define MEND_ROOT	"ask as root, or about a process of your own"
#define MEND_AGAIN	"ask again"

static const struct explanation {
	int op, errnum;
	int status;
	const char *why, *mend;
} explanations[] = {
	{ MMS_OP_OPEN, ENOENT, MMS_NO_MODULE, "the module is not loaded", MEND_LOAD },
	{ MMS_OP_OPEN, ENXIO, MMS_NO_MODULE,
	  "a device node without a module behind it", MEND_LOAD },
	{ MMS_OP_OPEN, ENODEV, MMS_NO_MODULE,
	  "a device node without a module behind it", MEND_LOAD },
	{ MMS_OP_OPEN, EACCES, MMS_DENIED, "you may not open the device",
	  "as root: chmod a+r " MMSCOPE_DEVICE " (each query still checks your rights)" },
	{ MMS_OP_OPEN, EPERM, MMS_DENIED, "opening the device is not permitted here",
	  "a container or sandbox forbids it: ask from outside" },
	{ MMS_OP_INFO, ANY, MMS_NO_MODULE, "the module does not answer as this version does",
	  MEND_REBUILD },

	{ MMS_OP_ATTACH, ESRCH, MMS_GONE, "no such process", "" },
	{ MMS_OP_ATTACH, ENXIO, MMS_GONE,
	  "it has no memory of its own (a kernel thread, or a zombie)", "" },
	{ MMS_OP_ATTACH, EACCES, MMS_DENIED, "you may not look at its memory", MEND_ROOT },
	{ MMS_OP_ATTACH, EPERM, MMS_DENIED, "you may not look at its memory", MEND_ROOT },
	{ MMS_OP_ATTACH, ENOENT, MMS_FAILED, "there is no /proc to check your rights by",
	  "mount -t proc proc /proc" },
	{ MMS_OP_ATTACH, EBADF, MMS_GONE, "not an open pidfd", "" },
	{ MMS_OP_ATTACH, EAGAIN, MMS_GONE, "it calls exec over and over", MEND_AGAIN },

	{ MMS_OP_VMAS, EFBIG, MMS_FAILED, "it has more VMAs than the module tells at once",
	  "ask for a part of the address space" },
	{ MMS_OP_VMAS, ENOSPC, MMS_FAILED, "it maps memory faster than it can be listed",
	  MEND_AGAIN },
	{ MMS_OP_PAGES, EPERM, MMS_DENIED,
	  "page frame numbers are told only with CAP_SYS_ADMIN", "ask as root" },
	{ MMS_OP_WALK, EPERM, MMS_DENIED,
	  "raw page-table entries are told only with CAP_SYS_ADMIN", "ask as root" },
	{ MMS_OP_WALK, ERANGE, MMS_USAGE, "not an address of user space", "" },

	{ MMS_OP_PROCFS, ENOENT, MMS_GONE, "no such process", "" },
	{ MMS_OP_PROCFS, EACCES, MMS_DENIED, "you may not look at its memory", MEND_ROOT },
	{ MMS_OP_PROCFS, EPERM, MMS_DENIED, "you may not look at its memory", MEND_ROOT },

	{ ANY, ESRCH, MMS_GONE, "it has exited", "" },
	{ ANY, ESTALE, MMS_GONE, "it has called exec since", MEND_AGAIN },
	{ ANY, ENOTCONN, MMS_FAILED, "no process was attached to this session", "" },
	{ ANY, ENOTTY, MMS_NO_MODULE, "the module does not know this query", MEND_REBUILD },
	{ ANY, E2BIG, MMS_NO_MODULE, "the module is older than this tool", MEND_REBUILD },
	{ ANY, EINVAL, MMS_USAGE, "the module refuses the question", "" },
	{ ANY, EFAULT, MMS_FAILED, "a bad pointer was passed to the module", "" },
	{ ANY, EINTR, MMS_FAILED, "interrupted", MEND_AGAIN },
	{ ANY, ENOMEM, MMS_FAILED, "the kernel has no memory for the answer", MEND_AGAIN },
};

void mms_explain(enum mms_op op, int errnum, pid_t pid, struct mms_error *err)
{
	const struct explanation *e = explanations;
	const struct explanation *end = e + sizeof(explanations) / sizeof(*e);

	if (!err)
		return;
	while (e < end && !((e->op == (int)op || e->op == ANY) &&
			    (e->errnum == errnum || e->errnum == ANY)))
		e++;
	memset(err, 0, sizeof(*err));
	err->sys_errno = errnum;
	err->status = e < end ? e->status : MMS_FAILED;
	if (pid)
		snprintf(err->what, sizeof(err->what), "process %d", (int)pid);
	else
		snprintf(err->what, sizeof(err->what), "%s", MMSCOPE_DEVICE);
	snprintf(err->why, sizeof(err->why), "%s",
		 e < end ? e->why : strerrordesc_np(errnum) ?: "an unknown error");
	snprintf(err->mend, sizeof(err->mend), "%s", e < end ? e->mend : "");
}

int mms_fail(struct mms_error *err, int status, const char *mend, const char *what,
	     const char *why_format, ...)
{
	va_list ap;

	if (!err)
		return -1;
	memset(err, 0, sizeof(*err));
	err->status = status;
	mms_escape(what, err->what, sizeof(err->what));
	snprintf(err->mend, sizeof(err->mend), "%s", mend ?: "");
	va_start(ap, why_format);
	vsnprintf(err->why, sizeof(err->why), why_format, ap);
	va_end(ap);
	return -1;
}

int mmsi_nomem(struct mms_error *err)
{
	return mms_fail(err, MMS_FAILED, NULL, "this machine", "out of memory");
}
