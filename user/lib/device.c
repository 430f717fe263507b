// SPDX-License-Identifier: GPL-2.0
/*
 * device.c - the source "module": /dev/mmscope.
 * Sizes the buffers, resumes what was cut short, and carries the answers over
 * into the library's model.  What each query promises is told in mmscope.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "private.h"

#define RUNS_BUFFER	4096	/* runs a call: 128 KiB */
#define PART_NAMES	65536	/* bytes of names in a part of a list */

static int explain(const struct mms_target *t, enum mms_op op, struct mms_error *err)
{
	mms_explain(op, errno, t->pid, err);
	return -1;
}

int mmsi_device_open(int *fd, struct mmscope_info *info, struct mms_error *err)
{
	int saved;

	*fd = open(MMSCOPE_DEVICE, O_RDONLY | O_CLOEXEC);
	if (*fd < 0) {
		mms_explain(MMS_OP_OPEN, errno, 0, err);
		return -1;
	}
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	if (ioctl(*fd, MMSCOPE_INFO, info)) {
		saved = errno;
		close(*fd);
		*fd = -1;
		mms_explain(MMS_OP_INFO, saved, 0, err);
		return -1;
	}
	if (info->abi == MMSCOPE_ABI)
		return 0;
	close(*fd);
	*fd = -1;
	return mms_fail(err, MMS_NO_MODULE,
			"build and load the module of this very version: make module && rmmod mmscope; insmod mmscope.ko",
			MMSCOPE_DEVICE, "the module speaks ABI %u, this tool speaks ABI %u",
			info->abi, MMSCOPE_ABI);
}

int mms_info(struct mmscope_info *info, struct mms_error *err)
{
	int fd;

	if (mmsi_device_open(&fd, info, err))
		return -1;
	close(fd);
	return 0;
}

/* ---- MM -------------------------------------------------------------------- */

#define MM_FACTS(X) \
	X(BRK, brk) X(START_BRK, start_brk) \
	X(START_CODE, start_code) X(END_CODE, end_code) \
	X(START_DATA, start_data) X(END_DATA, end_data) X(START_STACK, start_stack) \
	X(ARG_START, arg_start) X(ARG_END, arg_end) \
	X(ENV_START, env_start) X(ENV_END, env_end) \
	X(MMAP_BASE, mmap_base) X(TASK_SIZE, task_size) \
	X(TOTAL_VM, total_vm) X(DATA_VM, data_vm) X(EXEC_VM, exec_vm) \
	X(STACK_VM, stack_vm) X(LOCKED_VM, locked_vm) X(PINNED_VM, pinned_vm) \
	X(RSS_ANON, rss_anon) X(RSS_FILE, rss_file) X(RSS_SHMEM, rss_shmem) \
	X(SWAP, swap) X(HIWATER_RSS, hiwater_rss) X(HIWATER_VM, hiwater_vm) \
	X(PGTABLES, pgtables) X(MAP_COUNT, map_count) X(DEF_FLAGS, def_flags) \
	X(RLIM_AS, rlim_as) X(RLIM_DATA, rlim_data) X(RLIM_STACK, rlim_stack) \
	X(RLIM_MEMLOCK, rlim_memlock)

static void mm_import(struct mms_mm *mm, const struct mmscope_mm *raw)
{
	mm->pid = raw->pid;
	mm->tid = raw->tid;
	snprintf(mm->comm, sizeof(mm->comm), "%.*s", (int)sizeof(raw->comm), raw->comm);
#define IMPORT(FIELD, field) \
	mmsi_fact(&mm->fact[MMS_MM_##FIELD], raw->field, MMS_FROM_MODULE);
	MM_FACTS(IMPORT)
#undef IMPORT
	/* The limits hang on the thread that was attached; ~0 means nothing then. */
	if (!raw->comm[0])
		for (int i = MMS_MM_RLIM_AS; i <= MMS_MM_RLIM_MEMLOCK; i++)
			mm->fact[i].from = MMS_FROM_NOWHERE;
}

static int device_mm(struct mms_target *t, struct mms_mm *mm, struct mms_error *err)
{
	struct mmscope_mm raw = { .size = sizeof(raw) };

	if (ioctl(t->devfd, MMSCOPE_MM, &raw))
		return explain(t, MMS_OP_MM, err);
	mm_import(mm, &raw);
	return 0;
}

/* ---- VMAS ------------------------------------------------------------------ */

/* What VMAS fills. */
struct answer {
	struct mmscope_mm mm;
	struct mmscope_vma *vma;
	struct mmscope_acct *acct;
	char *names;
	size_t vma_room, names_room, count;
};

static void answer_free(struct answer *l)
{
	free(l->vma);
	free(l->acct);
	free(l->names);
}

/* A process that maps goes on growing while we ask: leave it some room. */
static int answer_grow(struct answer *l, uint64_t vmas, uint64_t names, bool acct)
{
	l->vma_room = vmas + vmas / 8 + 64;
	l->names_room = names ? names + names / 8 + 4096 : 0;
	answer_free(l);
	l->vma = malloc(l->vma_room * sizeof(*l->vma));
	l->acct = acct ? malloc(l->vma_room * sizeof(*l->acct)) : NULL;
	l->names = malloc(l->names_room + 1);
	return l->vma && l->names && (l->acct || !acct) ? 0 : -1;
}

/* All VMAs of the range; or if @most is not 0, the first ones, so many at most. */
static int answer_read(struct mms_target *t, uint64_t start, uint64_t end, unsigned int flags,
		       uint64_t categories, size_t most, struct answer *l,
		       struct mms_error *err)
{
	bool acct = flags & MMS_VMAS_ACCT, names = !(flags & MMS_VMAS_NO_NAMES);
	uint64_t vmas_need = most ? most : 192;
	uint64_t names_need = !names ? 0 : most ? PART_NAMES : 8192;

	for (int tries = 0; tries < 16; tries++) {
		struct mmscope_vmas q = { .size = sizeof(q), .start = start, .end = end };

		if (answer_grow(l, vmas_need, names_need, acct))
			return mmsi_nomem(err);
		memset(&l->mm, 0, sizeof(l->mm));
		l->mm.size = sizeof(l->mm);
		q.vmas = (uintptr_t)l->vma;
		q.vmas_len = most ? most : l->vma_room;
		q.flags = most ? MMSCOPE_VMAS_PART : 0;
		q.names = names ? (uintptr_t)l->names : 0;
		q.names_len = l->names_room;
		q.mm = (uintptr_t)&l->mm;
		q.accts = (uintptr_t)l->acct;
		q.acct_categories = acct ? categories : 0;
		if (!ioctl(t->devfd, MMSCOPE_VMAS, &q)) {
			l->count = q.vmas_count;
			l->names[q.names_bytes < l->names_room ? q.names_bytes : l->names_room] = 0;
			return 0;
		}
		if (errno == EINTR)
			continue;
		if (errno != ENOSPC)
			return explain(t, MMS_OP_VMAS, err);
		vmas_need = most ? most : q.vmas_count;
		names_need = names ? q.names_bytes : 0;
	}
	errno = ENOSPC;
	return explain(t, MMS_OP_VMAS, err);
}

static void vma_import(struct mms_vma *v, const struct mmscope_vma *raw,
		       const struct answer *l, uint64_t flags_known)
{
	*v = (struct mms_vma){
		.start = raw->start,
		.end = raw->end,
		.flags = raw->flags,
		.flags_known = flags_known,
		.offset = raw->offset,
		.inode = raw->inode,
		.dev_major = raw->dev_major,
		.dev_minor = raw->dev_minor,
		.role = raw->role,
		.pkey = raw->pkey,
		.pkey_known = 1,
		.backing = raw->backing,
		.page_shift = raw->page_shift,
		.name = "",
	};
	if (raw->name_len && raw->name_offset + (size_t)raw->name_len <= l->names_room)
		v->name = l->names + raw->name_offset;
}

/* The last VMA of the heap: there may be several, and the last may be none of ours. */
static void find_heap_end(struct mms_vmas *vmas)
{
	for (size_t i = vmas->count; i-- > 0;)
		if (vmas->vma[i].role & MMSCOPE_ROLE_HEAP) {
			mmsi_fact(&vmas->mm.fact[MMS_MM_HEAP_END], vmas->vma[i].end, vmas->from);
			return;
		}
}

static int device_part(struct mms_target *t, uint64_t start, uint64_t end,
		       unsigned int flags, uint64_t categories, size_t most,
		       struct mms_vmas *vmas, struct mms_error *err)
{
	struct answer l = { 0 };

	if (!categories)
		categories = t->categories;
	/* Of some pages it may be withheld: without their number the sum says nothing. */
	if (categories & (MMSCOPE_CAT(MLOCKED) | MMSCOPE_CAT(UNEVICTABLE)))
		categories |= t->categories & MMSCOPE_CAT(LOCK_UNKNOWN);
	if (answer_read(t, start, end, flags, categories, most, &l, err))
		goto err_free;
	vmas->vma = malloc((l.count + 1) * sizeof(*vmas->vma));
	if (!vmas->vma) {
		mmsi_nomem(err);
		goto err_free;
	}
	for (size_t i = 0; i < l.count; i++)
		vma_import(&vmas->vma[i], &l.vma[i], &l, t->info.vma_flags);
	vmas->count = l.count;
	vmas->from = MMS_FROM_MODULE;
	mm_import(&vmas->mm, &l.mm);
	find_heap_end(vmas);
	vmas->names = l.names;
	if (l.acct) {
		vmas->acct = l.acct;
		vmas->acct_from = MMS_FROM_MODULE;
		vmas->acct_categories = categories;
		vmas->acct_rss = true;
		vmas->acct_parts = (categories & MMS_CATS_PARTS) == MMS_CATS_PARTS;
	}
	free(l.vma);
	return 0;

err_free:
	answer_free(&l);
	return -1;
}

static int device_vmas(struct mms_target *t, uint64_t start, uint64_t end,
		       unsigned int flags, uint64_t categories, struct mms_vmas *vmas,
		       struct mms_error *err)
{
	return device_part(t, start, end, flags, categories, 0, vmas, err);
}

/* ---- PAGES ----------------------------------------------------------------- */

/* Runs on their way to the caller: one is held back, the next may continue it. */
struct delivery {
	mms_run_fn run;
	void *arg;
	struct mmscope_run held;
	uint64_t seam;		/* where the last call ended: runs may go on here only */
	bool holding, stop;
};

static void deliver(struct delivery *d, const struct mmscope_run *run)
{
	/* Only a call that ended in the midst of a run makes two of one. */
	if (d->holding && run && d->held.end == run->start && run->start == d->seam &&
	    d->held.categories == run->categories && !d->held.frame && !run->frame) {
		d->held.end = run->end;
		return;
	}
	if (d->holding && d->run && !d->stop)
		d->stop = d->run(&d->held, d->arg) != 0;
	d->holding = run != NULL;
	if (run)
		d->held = *run;
}

static int device_pages(struct mms_target *t, const struct mms_pages_query *query,
			mms_run_fn run, void *arg, uint64_t *pages, struct mms_error *err)
{
	struct delivery d = { .run = run, .arg = arg, .seam = query->start };
	struct mmscope_run *runs = run ? malloc(RUNS_BUFFER * sizeof(*runs)) : NULL;
	struct mmscope_pages q = {
		.size = sizeof(q),
		.flags = query->flags & MMS_PAGES_FRAMES ? MMSCOPE_PAGES_FRAMES : 0,
		.start = query->start,
		.end = query->end,
		.categories = query->categories,
		.all_of = query->all_of,
		.any_of = query->any_of,
		.none_of = query->none_of,
		.runs = (uintptr_t)runs,
		.runs_len = runs ? RUNS_BUFFER : 0,
	};
	int ret = 0;

	if (run && !runs)
		return mmsi_nomem(err);
	while (q.start < q.end && !d.stop) {
		if (query->max_pages && *pages >= query->max_pages)
			break;
		q.max_pages = query->max_pages ? query->max_pages - *pages : 0;
		if (ioctl(t->devfd, MMSCOPE_PAGES, &q)) {
			if (errno == EINTR)
				continue;
			ret = explain(t, MMS_OP_PAGES, err);
			break;
		}
		*pages += q.pages;
		for (uint64_t i = 0; runs && i < q.runs_count && !d.stop; i++)
			deliver(&d, &runs[i]);
		d.seam = q.cursor;
		q.start = q.cursor;
	}
	if (!ret)
		deliver(&d, NULL);
	free(runs);
	return ret;
}

/* ---- WALK ------------------------------------------------------------------ */

static int device_walk(struct mms_target *t, uint64_t address, bool raw,
		       struct mmscope_walk *walk, struct mms_error *err)
{
	walk->size = sizeof(*walk);
	walk->flags = raw ? MMSCOPE_WALK_RAW : 0;
	walk->address = address;
	if (ioctl(t->devfd, MMSCOPE_WALK, walk))
		return explain(t, MMS_OP_WALK, err);
	return 0;
}

static const struct mmsi_source device_source = {
	.name = "module",
	.kind = MMS_SOURCE_MODULE,
	.mm = device_mm,
	.vmas = device_vmas,
	.part = device_part,
	.pages = device_pages,
	.walk = device_walk,
};

int mmsi_device_attach(struct mms_target *t, struct mms_error *err)
{
	struct mmscope_attach attach = { .size = sizeof(attach), .pid = t->pid };

	if (ioctl(t->devfd, MMSCOPE_ATTACH, &attach))
		return explain(t, MMS_OP_ATTACH, err);
	/* Between our look at /proc/PID and this the pid may have changed hands. */
	if (faccessat(t->procfd, "stat", F_OK, 0)) {
		errno = ESRCH;
		return explain(t, MMS_OP_ATTACH, err);
	}
	t->source = &device_source;
	t->categories = t->info.categories;
	return 0;
}
