// SPDX-License-Identifier: GPL-2.0
/*
 * trace-stack.c - who called: the stack of a thread that stands still, unwound by
 * libdw from the .eh_frame of the objects, with the symbols that libelf finds.
 * Symbols are kept by file, so that the next process with it does not read it again.
 */
#include <elf.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "trace.h"

#define OBJECTS_MAX	64

/* ---- symbols --------------------------------------------------------------- */

/* An object as it was first met; its addresses are those of that process. */
struct object {
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	struct mms_elf *elf;	/* NULL: it could not be read */
	uint64_t used;
};

struct mmsi_objects {
	struct object object[OBJECTS_MAX];
	size_t count;
	uint64_t clock;
};

struct mmsi_objects *mmsi_objects_new(void)
{
	return calloc(1, sizeof(struct mmsi_objects));
}

void mmsi_objects_free(struct mmsi_objects *objects)
{
	if (!objects)
		return;
	for (size_t i = 0; i < objects->count; i++)
		mms_elf_close(objects->object[i].elf);
	free(objects);
}

/* A free place, or that of the one that was not needed for the longest time. */
static struct object *place_for(struct mmsi_objects *o)
{
	struct object *oldest = o->object;

	if (o->count < OBJECTS_MAX)
		return &o->object[o->count++];
	for (size_t i = 1; i < o->count; i++)
		if (o->object[i].used < oldest->used)
			oldest = &o->object[i];
	mms_elf_close(oldest->elf);
	return oldest;
}

static struct mms_elf *object_of(struct mmsi_objects *o, struct mmsi_space *s,
				 const struct mms_vmas *vmas, const struct mms_vma *v)
{
	struct object *new;

	for (size_t i = 0; i < o->count; i++) {
		struct object *old = &o->object[i];

		if (old->inode == v->inode && old->dev_major == v->dev_major &&
		    old->dev_minor == v->dev_minor) {
			old->used = ++o->clock;
			return old->elf;
		}
	}
	new = place_for(o);
	*new = (struct object){ .inode = v->inode, .dev_major = v->dev_major,
				.dev_minor = v->dev_minor, .used = ++o->clock };
	if (!s->target || mms_elf_open(s->target, vmas, v->start, &new->elf, NULL))
		new->elf = NULL;
	return new->elf;
}

/* Where an object that was met elsewhere has what is at this offset of its file. */
static bool address_of(const struct mms_elf *elf, uint64_t offset, uint64_t *address)
{
	const struct mms_segment *segment;
	size_t n = mms_elf_segments(elf, &segment);

	for (size_t i = 0; i < n; i++)
		if (segment[i].type == PT_LOAD && segment[i].flags & PF_X &&
		    offset - segment[i].offset < segment[i].file_size) {
			*address = segment[i].address + (offset - segment[i].offset);
			return true;
		}
	return false;
}

static bool offset_of(const struct mms_elf *elf, uint64_t address, uint64_t *offset)
{
	const struct mms_segment *segment;
	size_t n = mms_elf_segments(elf, &segment);

	for (size_t i = 0; i < n; i++)
		if (segment[i].type == PT_LOAD && segment[i].flags & PF_X &&
		    address - segment[i].address < segment[i].file_size) {
			*offset = segment[i].offset + (address - segment[i].address);
			return true;
		}
	return false;
}

bool mmsi_object_export(struct mmsi_objects *objects, struct mmsi_space *s,
			const struct mms_vmas *vmas, const struct mms_vma *vma, const char *name,
			uint64_t *offset)
{
	struct mms_elf *elf = object_of(objects, s, vmas, vma);
	struct mms_symbol symbol[4];

	if (!elf || !mms_elf_symbol_find(elf, name, symbol, 4))
		return false;
	return symbol[0].type == MMS_SYMBOL_FUNC && !symbol[0].local &&
	       offset_of(elf, symbol[0].address, offset);
}

/* ---- frames ---------------------------------------------------------------- */

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static bool is_library(const char *object)
{
	return begins(object, "libc.so") || begins(object, "libc-2") ||
	       begins(object, "libc.musl") || begins(object, "ld-linux") ||
	       begins(object, "ld-musl") || begins(object, "ld-2") || begins(object, "ld.so") ||
	       begins(object, "libpthread") || !strcmp(object, "[vdso]");
}

/* Functions that get memory for others: they are not who wanted it. */
static bool is_allocator(const char *symbol)
{
	static const char *const names[] = {
		"brk", "__brk", "sbrk", "__sbrk", "mmap", "__mmap", "mmap64", "munmap", "__munmap",
		"mremap", "__mremap", "mprotect", "__mprotect", "madvise", "__madvise", "free",
		"_int_free", "systrim", "__libc_free", "strdup", "__strdup", NULL
	};

	for (const char *c = symbol; *c; c++)
		if (!strncasecmp(c, "alloc", 5))
			return true;
	for (int i = 0; names[i]; i++)
		if (!strcmp(symbol, names[i]))
			return true;
	/* operator new and delete */
	return begins(symbol, "_Zn") || begins(symbol, "_Zd");
}

size_t mms_trace_caller(const struct mms_frame *frame, size_t frames)
{
	size_t own = frames;

	for (size_t i = 0; i < frames; i++) {
		if (frame[i].library)
			continue;
		own = i;
		if (!frame[i].symbol || !is_allocator(frame[i].symbol))
			break;
	}
	return own;
}

void mmsi_frames_free(struct mms_frame *frame, size_t frames)
{
	for (size_t i = 0; i < frames; i++) {
		free(frame[i].object);
		free(frame[i].symbol);
	}
	free(frame);
}

void mmsi_frame_tell(struct mmsi_objects *objects, struct mmsi_space *s,
		     const struct mms_vmas *vmas, uint64_t pc, struct mms_frame *frame)
{
	size_t i = vmas ? mms_vmas_find(vmas, pc) : 0;
	const struct mms_vma *v = vmas && i < vmas->count && mms_vma_covers(&vmas->vma[i], pc) ?
				  &vmas->vma[i] : NULL;
	struct mms_symbol symbol;
	struct mms_elf *elf;
	const char *slash;
	uint64_t address;

	*frame = (struct mms_frame){ .pc = pc };
	if (!v || !(v->inode || v->name[0] == '['))
		return;
	slash = strrchr(v->name, '/');
	frame->object = strdup(slash ? slash + 1 : v->name);
	frame->library = frame->object && is_library(frame->object);
	frame->offset = v->offset + (pc - v->start);
	elf = v->inode ? object_of(objects, s, vmas, v) : NULL;
	if (elf && address_of(elf, frame->offset, &address) &&
	    mms_elf_symbol_at(elf, address, &symbol)) {
		frame->symbol = strdup(symbol.name);
		frame->offset = address - symbol.address;
	}
}

/* ---- the stack ------------------------------------------------------------- */

struct mmsi_stack {
	Dwfl *dwfl;
	pid_t pid;
	bool attached, stale;
};

/* Nothing is fetched from anywhere: .eh_frame is in the objects themselves. */
static int no_debuginfo(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr base,
			const char *file, const char *link, GElf_Word crc, char **found)
{
	(void)module, (void)userdata, (void)name, (void)base;
	(void)file, (void)link, (void)crc, (void)found;
	return -1;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = no_debuginfo,
};

void mmsi_stack_stale(struct mmsi_stack *stack)
{
	if (stack)
		stack->stale = true;
}

void mmsi_stack_free(struct mmsi_stack *stack)
{
	if (!stack)
		return;
	dwfl_end(stack->dwfl);
	free(stack);
}

static void report(struct mmsi_stack *k)
{
	dwfl_report_begin(k->dwfl);
	dwfl_linux_proc_report(k->dwfl, k->pid);
	dwfl_report_end(k->dwfl, NULL, NULL);
	if (!k->attached)
		k->attached = !dwfl_linux_proc_attach(k->dwfl, k->pid, true);
	k->stale = false;
}

static struct mmsi_stack *stack_of(struct mmsi_space *s)
{
	if (!s->stack) {
		s->stack = calloc(1, sizeof(*s->stack));
		if (!s->stack)
			return NULL;
		*s->stack = (struct mmsi_stack){ .dwfl = dwfl_begin(&callbacks), .pid = s->pid,
						 .stale = true };
	}
	if (s->stack->stale && s->stack->dwfl)
		report(s->stack);
	return s->stack;
}

struct unwound {
	uint64_t pc[MMSI_FRAMES_MAX];
	bool exact[MMSI_FRAMES_MAX];
	size_t count;
};

static int take_frame(Dwfl_Frame *state, void *arg)
{
	struct unwound *u = arg;
	Dwarf_Addr pc;

	if (!dwfl_frame_pc(state, &pc, &u->exact[u->count]))
		return DWARF_CB_ABORT;
	u->pc[u->count++] = pc;
	return u->count < MMSI_FRAMES_MAX ? DWARF_CB_OK : DWARF_CB_ABORT;
}

void mmsi_stack_read(struct mmsi_objects *objects, struct mmsi_space *s,
		     const struct mms_vmas *vmas, pid_t tid, uint64_t pc,
		     struct mms_frame **frame, size_t *frames)
{
	struct mmsi_stack *k = stack_of(s);
	struct unwound u = { .count = 0 };

	if (k && k->attached)
		dwfl_getthread_frames(k->dwfl, tid, take_frame, &u);
	if (!u.count) {
		u.exact[0] = true;
		u.pc[u.count++] = pc;
	}
	*frame = calloc(u.count, sizeof(**frame));
	*frames = *frame ? u.count : 0;
	/* A return address is behind the call: it may be that of the next function. */
	for (size_t i = 0; i < *frames; i++) {
		mmsi_frame_tell(objects, s, vmas, u.pc[i] - !u.exact[i], &(*frame)[i]);
		(*frame)[i].pc = u.pc[i];
		(*frame)[i].offset += !u.exact[i];
	}
}
