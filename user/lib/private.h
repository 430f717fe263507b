/* SPDX-License-Identifier: GPL-2.0 */
/*
 * private.h - what the files of libmmscope share and nobody else sees.
 * A source answers the questions about a target its own way; names of the
 * library's own functions start with mmsi_ and are not exported.
 */
#ifndef MMS_PRIVATE_H
#define MMS_PRIVATE_H

#include "libmmscope.h"

/*
 * A source of answers.  Each function does what the public one of its name
 * does, after the target and the arguments were checked.  `walk` may be NULL:
 * this source cannot.
 */
struct mmsi_source {
	const char *name;
	enum mms_source kind;
	int (*mm)(struct mms_target *t, struct mms_mm *mm, struct mms_error *err);
	int (*vmas)(struct mms_target *t, uint64_t start, uint64_t end,
		    unsigned int flags, uint64_t categories, struct mms_vmas *vmas,
		    struct mms_error *err);
	/* The first of them, at most @most; NULL: cannot. */
	int (*part)(struct mms_target *t, uint64_t start, uint64_t end,
		    unsigned int flags, uint64_t categories, size_t most,
		    struct mms_vmas *vmas, struct mms_error *err);
	int (*pages)(struct mms_target *t, const struct mms_pages_query *query,
		     mms_run_fn run, void *arg, uint64_t *pages, struct mms_error *err);
	int (*walk)(struct mms_target *t, uint64_t address, bool raw,
		    struct mmscope_walk *walk, struct mms_error *err);
	/* NULL: of a process that runs, so /proc is asked. */
	int (*threads)(struct mms_target *t, struct mms_threads *threads, struct mms_error *err);
	void (*close)(struct mms_target *t);
};

struct mms_target {
	const struct mmsi_source *source;
	struct mms_proc proc;
	pid_t pid;
	int procfd;		/* /proc/PID: bound to this very process */
	int devfd;		/* an attached session, or -1 */
	struct mmscope_info info;	/* if devfd is not -1 */
	bool lacks;		/* `lack` says why not */
	struct mms_error lack;
	uint64_t categories;	/* that pages() can tell */
	uint64_t page_size;	/* of the machine it is on, or was */
	void *priv;		/* the source's own */
};

/* target.c: a range for this target; or an error, if there is nothing in it. */
int mmsi_range_check(const struct mms_target *t, uint64_t *start, uint64_t *end,
		     struct mms_error *err);

/* file.c: what the system says of a file, as an error.  Returns -1. */
int mmsi_fail_file(const char *path, int errnum, struct mms_error *err);
/* Whether mms_file_write() could be told to write there. */
int mmsi_file_check(const char *path, struct mms_error *err);

/* device.c: opens /dev/mmscope and checks its ABI. */
int mmsi_device_open(int *fd, struct mmscope_info *info, struct mms_error *err);
/* Binds t->devfd to t->pid and makes the module its source. */
int mmsi_device_attach(struct mms_target *t, struct mms_error *err);

/* procfs.c: makes procfs the source of t, whose procfd is open. */
int mmsi_procfs_attach(struct mms_target *t, struct mms_error *err);

/* proc.c */
int mmsi_proc_read_at(int procfd, pid_t pid, struct mms_proc *proc, struct mms_error *err);
/*
 * A whole file below a directory, NUL-terminated, to be freed.  Returns its
 * length, or -1 with errno set.
 */
ssize_t mmsi_read_file(int dirfd, const char *name, char **text);

/* purpose.c: files that are mapped executable somewhere: those are ELF objects. */
struct mmsi_exec_file {
	uint64_t inode;
	uint32_t dev_major, dev_minor;
};
struct mmsi_exec_files {
	size_t count, room;
	struct mmsi_exec_file *object;	/* sorted, each once */
};
/* Those of a list, or of one part more; if there is no memory, some become files. */
void mmsi_exec_files_add(struct mmsi_exec_files *objects, const struct mms_vmas *vmas);
void mmsi_exec_files_free(struct mmsi_exec_files *objects);
/*
 * The purposes of a part of a list; @prev is the VMA before it, whose purpose is known,
 * or NULL. That of the last one is right only if the list ends with it.
 */
void mmsi_vmas_purpose(struct mms_vmas *vmas, const struct mms_vma *prev,
		       const struct mmsi_exec_files *objects, unsigned int threads);

/* Out of memory, the one way to say it.  Returns -1. */
int mmsi_nomem(struct mms_error *err);

static inline void mmsi_fact(struct mms_fact *fact, uint64_t value, enum mms_from from)
{
	fact->value = value;
	fact->from = from;
}

#endif
