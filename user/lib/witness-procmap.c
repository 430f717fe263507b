// SPDX-License-Identifier: GPL-2.0
/*
 * witness-procmap.c - the witness "procmap_query": the ioctl PROCMAP_QUERY on
 * /proc/PID/maps, ed5d583a88a9 ("fs/procfs: implement efficient VMA querying API
 * for /proc/<pid>/maps"), 6.11.  One VMA a call.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "inquiry.h"

/* As in <linux/fs.h> of that kernel; older headers do not have it. */
#define QUERY_READABLE		0x01
#define QUERY_WRITABLE		0x02
#define QUERY_EXECUTABLE	0x04
#define QUERY_SHARED		0x08
#define QUERY_COVERING_OR_NEXT	0x10

struct procmap_query {
	uint64_t size, query_flags, query_addr;
	uint64_t vma_start, vma_end, vma_flags, vma_page_size, vma_offset;
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	uint32_t vma_name_size, build_id_size;
	uint64_t vma_name_addr, build_id_addr;
};
#define PROCMAP_QUERY	_IOWR('f', 17, struct procmap_query)

#define NAME_SIZE	4352	/* a path, and " (deleted)" */
#define NAMES_ROOM	(1U << 20)

static int ask(struct mms_inquiry *q, struct procmap_query *query)
{
	int ret;

	query->size = sizeof(*query);
	do
		ret = ioctl(q->maps, PROCMAP_QUERY, query);
	while (ret && errno == EINTR);
	return ret;
}

static void procmap_open(struct mms_inquiry *q, char why[160])
{
	struct procmap_query query = { .query_flags = QUERY_COVERING_OR_NEXT };

	if (q->maps < 0)
		snprintf(why, 160, "/proc/%d/maps cannot be opened", (int)q->target->pid);
	else if (ask(q, &query) && errno == ENOTTY)
		snprintf(why, 160, "this kernel has no PROCMAP_QUERY (Linux 6.11)");
}

/* Names are kept as offsets until the storage grows no more. */
struct listing {
	struct mms_vmas *vmas;
	size_t room, names_room, names_used;
	size_t *name_at;
};

static int listing_room(struct listing *l)
{
	struct mms_vmas *v = l->vmas;

	if (v->count == l->room) {
		size_t room = l->room ? 2 * l->room : 128;
		struct mms_vma *vma = realloc(v->vma, room * sizeof(*vma));
		size_t *at;

		if (!vma)
			return -1;
		v->vma = vma;
		at = realloc(l->name_at, room * sizeof(*at));
		if (!at)
			return -1;
		l->name_at = at;
		l->room = room;
	}
	if (l->names_room - l->names_used < NAME_SIZE) {
		char *names = realloc(v->names, l->names_room + NAMES_ROOM);

		if (!names)
			return -1;
		v->names = names;
		l->names_room += NAMES_ROOM;
	}
	return 0;
}

static void listing_add(struct listing *l, const struct procmap_query *query)
{
	struct mms_vmas *v = l->vmas;

	l->name_at[v->count] = l->names_used;
	if (query->vma_name_size)
		l->names_used += strlen(v->names + l->names_used) + 1;
	else
		v->names[l->names_used++] = '\0';
	v->vma[v->count++] = (struct mms_vma){
		.start = query->vma_start,
		.end = query->vma_end,
		.flags = (query->vma_flags & QUERY_READABLE ? MMSCOPE_VMA_READ : 0) |
			 (query->vma_flags & QUERY_WRITABLE ? MMSCOPE_VMA_WRITE : 0) |
			 (query->vma_flags & QUERY_EXECUTABLE ? MMSCOPE_VMA_EXEC : 0) |
			 (query->vma_flags & QUERY_SHARED ? MMSCOPE_VMA_SHARED : 0),
		.flags_known = MMSCOPE_VMA_READ | MMSCOPE_VMA_WRITE | MMSCOPE_VMA_EXEC |
			       MMSCOPE_VMA_SHARED,
		.offset = query->vma_offset,
		.inode = query->inode,
		.dev_major = query->dev_major,
		.dev_minor = query->dev_minor,
		.backing = MMS_BACKING_UNKNOWN,
		.page_shift = query->vma_page_size ?
			      (uint8_t)__builtin_ctzll(query->vma_page_size) : 0,
	};
}

static int list(struct mms_inquiry *q, struct listing *l, struct mms_error *err)
{
	uint64_t next = 0;

	for (;;) {
		struct procmap_query query = {
			.query_flags = QUERY_COVERING_OR_NEXT,
			.query_addr = next,
			.vma_name_size = NAME_SIZE,
		};

		if (listing_room(l))
			return mmsi_nomem(err);
		query.vma_name_addr = (uintptr_t)(l->vmas->names + l->names_used);
		if (!ask(q, &query)) {
			listing_add(l, &query);
			next = query.vma_end;
		} else if (errno == ENOENT) {
			return 0;
		} else {
			mms_explain(MMS_OP_PROCFS, errno, q->target->pid, err);
			return -1;
		}
	}
}

static int procmap_vmas(struct mms_inquiry *q, struct mms_vmas *vmas, struct mms_error *err)
{
	struct listing l = { .vmas = vmas };
	int ret = list(q, &l, err);

	for (size_t i = 0; !ret && i < vmas->count; i++)
		vmas->vma[i].name = vmas->names + l.name_at[i];
	free(l.name_at);
	if (ret)
		mms_vmas_free(vmas);
	vmas->from = MMS_FROM_MAPS;
	return ret;
}

const struct mmsi_witness mmsi_witness_procmap = {
	.name = "procmap_query",
	.help = "the ioctl PROCMAP_QUERY: the VMAs, one a call (Linux 6.11)",
	.open = procmap_open,
	.vmas = procmap_vmas,
};
