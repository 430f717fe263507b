// SPDX-License-Identifier: GPL-2.0
/*
 * purpose.c - what each VMA of a list serves for.
 * Pure: from flags, backing, roles, names and neighbours.  What is a guess by
 * the habits of linkers and of glibc is said so where it is made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define GUARD_MAX	(1ULL << 20)	/* larger PROT_NONE VMAs are reserves */
#define ARENA_SIZE	(64ULL << 20)	/* glibc's HEAP_MAX_SIZE on 64-bit machines */

static const char *const names[MMS_PURPOSE_COUNT] = {
	[MMS_PURPOSE_UNKNOWN] = "",
	[MMS_PURPOSE_TEXT] = "text",
	[MMS_PURPOSE_RODATA] = "rodata",
	[MMS_PURPOSE_RELRO] = "relro",
	[MMS_PURPOSE_DATA] = "data",
	[MMS_PURPOSE_BSS] = "bss",
	[MMS_PURPOSE_HEAP] = "heap",
	[MMS_PURPOSE_STACK] = "stack",
	[MMS_PURPOSE_THREAD_STACK] = "thread-stack",
	[MMS_PURPOSE_ARENA] = "arena",
	[MMS_PURPOSE_ANON] = "anon",
	[MMS_PURPOSE_CODE] = "code",
	[MMS_PURPOSE_FILE] = "file",
	[MMS_PURPOSE_SHARED_FILE] = "shared-file",
	[MMS_PURPOSE_SHARED] = "shared",
	[MMS_PURPOSE_GUARD] = "guard",
	[MMS_PURPOSE_RESERVED] = "reserved",
	[MMS_PURPOSE_HUGETLB] = "hugetlb",
	[MMS_PURPOSE_VDSO] = "vdso",
	[MMS_PURPOSE_DEVICE] = "device",
};

const char *mms_purpose_name(enum mms_purpose purpose)
{
	return purpose < MMS_PURPOSE_COUNT ? names[purpose] : "";
}

/* A list, or a part of one. */
struct list {
	const struct mms_vma *vma;
	size_t count;
	const struct mms_vma *prev;	/* the one before the part, its purpose known; or NULL */
	const struct mmsi_exec_files *objects;
	unsigned int threads;
};

static int by_object(const void *a, const void *b)
{
	const struct mmsi_exec_file *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	if (x->dev_major != y->dev_major)
		return x->dev_major < y->dev_major ? -1 : 1;
	return (x->dev_minor > y->dev_minor) - (x->dev_minor < y->dev_minor);
}

static bool is_file(const struct mms_vma *v)
{
	if (v->backing == MMS_BACKING_UNKNOWN)
		return v->inode != 0;
	/* A program may well lie on a tmpfs: for its parts that is the same. */
	return v->backing == MMSCOPE_BACKING_FILE ||
	       (v->backing == MMSCOPE_BACKING_SHMEM && !(v->flags & MMSCOPE_VMA_SHARED));
}

static bool is_anon(const struct mms_vma *v)
{
	return v->backing == MMSCOPE_BACKING_ANON;
}

static bool has(const struct mms_vma *v, uint64_t flags)
{
	return (v->flags & flags) == flags;
}

static bool is_none(const struct mms_vma *v)
{
	return !(v->flags & (MMSCOPE_VMA_READ | MMSCOPE_VMA_WRITE | MMSCOPE_VMA_EXEC));
}

static bool same_file(const struct mms_vma *a, const struct mms_vma *b)
{
	return a->inode == b->inode && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor;
}

/* Sorted, each once. */
static void objects_sort(struct mmsi_exec_files *o)
{
	size_t kept = 0;

	if (o->count)
		qsort(o->object, o->count, sizeof(*o->object), by_object);
	for (size_t i = 0; i < o->count; i++)
		if (!kept || by_object(&o->object[kept - 1], &o->object[i]))
			o->object[kept++] = o->object[i];
	o->count = kept;
}

static bool objects_grow(struct mmsi_exec_files *o)
{
	size_t room = 2 * o->room + 64;
	struct mmsi_exec_file *more = reallocarray(o->object, room, sizeof(*more));

	if (!more)
		return false;
	o->object = more;
	o->room = room;
	return true;
}

void mmsi_exec_files_add(struct mmsi_exec_files *o, const struct mms_vmas *vmas)
{
	for (size_t i = 0; i < vmas->count; i++) {
		const struct mms_vma *v = &vmas->vma[i];

		if (!is_file(v) || !has(v, MMSCOPE_VMA_EXEC))
			continue;
		if (o->count == o->room) {
			objects_sort(o);
			if (o->count >= o->room / 2 && !objects_grow(o))
				break;
		}
		o->object[o->count++] = (struct mmsi_exec_file){
			.inode = v->inode,
			.dev_major = v->dev_major,
			.dev_minor = v->dev_minor,
		};
	}
	objects_sort(o);
}

void mmsi_exec_files_free(struct mmsi_exec_files *o)
{
	free(o->object);
	*o = (struct mmsi_exec_files){ 0 };
}

static bool objects_have(const struct mmsi_exec_files *o, const struct mms_vma *v)
{
	struct mmsi_exec_file key = {
		.inode = v->inode,
		.dev_major = v->dev_major,
		.dev_minor = v->dev_minor,
	};

	return o->count && bsearch(&key, o->object, o->count, sizeof(key), by_object);
}

/* The neighbours, if they touch. */
static const struct mms_vma *before(const struct list *l, size_t i)
{
	const struct mms_vma *prev = i ? &l->vma[i - 1] : l->prev;

	return prev && prev->end == l->vma[i].start ? prev : NULL;
}

static const struct mms_vma *behind(const struct list *l, size_t i)
{
	return i + 1 < l->count && l->vma[i + 1].start == l->vma[i].end ? &l->vma[i + 1] : NULL;
}

/*
 * A private mapping of an ELF object.  The linker lays out headers and tables,
 * text, constants, relro, data; relro and data touch, and something read-only
 * of the same file is in front of relro.
 */
static enum mms_purpose elf_purpose(const struct list *l, size_t i)
{
	const struct mms_vma *v = &l->vma[i], *next = behind(l, i), *prev = before(l, i);

	if (has(v, MMSCOPE_VMA_EXEC))
		return MMS_PURPOSE_TEXT;
	if (has(v, MMSCOPE_VMA_WRITE))
		return MMS_PURPOSE_DATA;
	if (is_none(v))
		return MMS_PURPOSE_GUARD;
	if (next && same_file(next, v) && has(next, MMSCOPE_VMA_WRITE) &&
	    prev && same_file(prev, v) && !has(prev, MMSCOPE_VMA_EXEC))
		return MMS_PURPOSE_RELRO;
	return MMS_PURPOSE_RODATA;
}

static enum mms_purpose file_purpose(const struct list *l, size_t i)
{
	if (has(&l->vma[i], MMSCOPE_VMA_SHARED))
		return MMS_PURPOSE_SHARED_FILE;
	if (objects_have(l->objects, &l->vma[i]))
		return elf_purpose(l, i);
	return MMS_PURPOSE_FILE;
}

/* glibc: the used part of an arena starts on 64M, its rest follows, PROT_NONE. */
static bool is_arena(const struct list *l, size_t i)
{
	const struct mms_vma *v = &l->vma[i], *rest = behind(l, i);

	if (v->start % ARENA_SIZE || !has(v, MMSCOPE_VMA_READ | MMSCOPE_VMA_WRITE))
		return false;
	return v->end - v->start == ARENA_SIZE ||
	       (rest && is_anon(rest) && is_none(rest) && rest->end >= v->start + ARENA_SIZE);
}

/* glibc: below the stack of a thread, and touching it, is a small guard. */
static bool is_thread_stack(const struct list *l, size_t i)
{
	const struct mms_vma *v = &l->vma[i], *guard = before(l, i);

	return l->threads != 1 && has(v, MMSCOPE_VMA_READ | MMSCOPE_VMA_WRITE) &&
	       guard && is_anon(guard) && is_none(guard) &&
	       guard->end - guard->start <= GUARD_MAX &&
	       v->end - v->start >= 4 * (guard->end - guard->start);
}

static enum mms_purpose anon_purpose(const struct list *l, size_t i)
{
	const struct mms_vma *v = &l->vma[i], *prev = before(l, i);

	if (is_none(v)) {
		if (prev && prev->purpose == MMS_PURPOSE_ARENA)
			return MMS_PURPOSE_RESERVED;
		return v->end - v->start <= GUARD_MAX ? MMS_PURPOSE_GUARD :
							MMS_PURPOSE_RESERVED;
	}
	/* The zeroed data behind the data of an object; the dynamic linker maps it so. */
	if (prev && prev->purpose == MMS_PURPOSE_DATA && has(v, MMSCOPE_VMA_WRITE))
		return MMS_PURPOSE_BSS;
	if (has(v, MMSCOPE_VMA_EXEC))
		return MMS_PURPOSE_CODE;
	if (is_arena(l, i))
		return MMS_PURPOSE_ARENA;
	if (is_thread_stack(l, i))
		return MMS_PURPOSE_THREAD_STACK;
	return MMS_PURPOSE_ANON;
}

static enum mms_purpose purpose_of(const struct list *l, size_t i)
{
	const struct mms_vma *v = &l->vma[i];

	if (v->role & MMSCOPE_ROLE_STACK)
		return MMS_PURPOSE_STACK;
	/* A bss that touches the break has the role as well: the file decides. */
	if (v->role & MMSCOPE_ROLE_HEAP && is_anon(v))
		return MMS_PURPOSE_HEAP;
	switch (v->backing) {
	case MMSCOPE_BACKING_SPECIAL:
		return MMS_PURPOSE_VDSO;
	case MMSCOPE_BACKING_HUGETLB:
		return MMS_PURPOSE_HUGETLB;
	case MMSCOPE_BACKING_DEVICE:
		return MMS_PURPOSE_DEVICE;
	case MMSCOPE_BACKING_ANON:
		return anon_purpose(l, i);
	}
	if (is_file(v))
		return file_purpose(l, i);
	return v->backing == MMSCOPE_BACKING_SHMEM ? MMS_PURPOSE_SHARED : MMS_PURPOSE_UNKNOWN;
}

void mmsi_vmas_purpose(struct mms_vmas *vmas, const struct mms_vma *prev,
		       const struct mmsi_exec_files *objects, unsigned int threads)
{
	struct list l = {
		.vma = vmas->vma, .count = vmas->count, .prev = prev, .objects = objects,
		.threads = threads,
	};

	for (size_t i = 0; i < vmas->count; i++)
		vmas->vma[i].purpose = (uint8_t)purpose_of(&l, i);
}

void mms_vmas_purpose(struct mms_vmas *vmas, unsigned int threads)
{
	struct mmsi_exec_files objects = { 0 };

	mmsi_exec_files_add(&objects, vmas);
	mmsi_vmas_purpose(vmas, NULL, &objects, threads);
	mmsi_exec_files_free(&objects);
}
