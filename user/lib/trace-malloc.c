// SPDX-License-Identifier: GPL-2.0
/*
 * trace-malloc.c - the allocator's calls: the kernel's own probes (uprobes) at the
 * functions that an object exports, and what comes of their entries and returns.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

#define DEPTH_MAX	8

static const struct function {
	const char *name;
	int args;
	bool result;
} functions[] = {
	{ "malloc", 1, true },		{ "free", 1, false },
	{ "calloc", 2, true },		{ "realloc", 2, true },
	{ "memalign", 2, true },	{ "aligned_alloc", 2, true },
	{ "posix_memalign", 3, true },	{ "valloc", 1, true },
	{ "pvalloc", 1, true },
};
#define FUNCTIONS	(sizeof(functions) / sizeof(functions[0]))

/* A call that has not returned yet. */
struct open_call {
	struct mmsi_perf_event enter;
	struct mms_trace_range mapped;	/* within it: mapped, or unmapped */
};

/* Those of a thread, innermost last. */
struct caller {
	pid_t tid;
	unsigned int depth;
	struct open_call call[DEPTH_MAX];
	struct caller *next;
};

/* A file with an allocator in it. */
struct object {
	uint64_t inode;
	int enter[FUNCTIONS], leave[FUNCTIONS];	/* events; 0: it has no such function */
	struct object *next;
};

struct mmsi_mallocs {
	struct caller *bucket[MMSI_BUCKETS];
	struct object *object;
	unsigned int numbers;			/* probes that were made */
	bool complained;
};

int mmsi_mallocs_new(struct mms_trace *t, struct mms_error *err)
{
	if (mms_trace_mallocs_possible(err))
		return -1;
	mmsi_probes_clean();
	t->mallocs = calloc(1, sizeof(*t->mallocs));
	return t->mallocs ? 0 : mmsi_nomem(err);
}

void mmsi_mallocs_free(struct mmsi_mallocs *m)
{
	if (!m)
		return;
	for (int i = 0; i < MMSI_BUCKETS; i++)
		for (struct caller *c = m->bucket[i], *next; c; c = next) {
			next = c->next;
			free(c);
		}
	while (m->object) {
		struct object *next = m->object->next;

		free(m->object);
		m->object = next;
	}
	mmsi_probes_remove(m->numbers);
	free(m);
}

/* ---- where the probes are -------------------------------------------------- */

static bool probed(const struct mmsi_space *s, uint64_t inode)
{
	for (size_t i = 0; i < s->probes; i++)
		if (s->probed[i] == inode)
			return true;
	return false;
}

static bool remember(struct mmsi_space *s, uint64_t inode)
{
	uint64_t *more = realloc(s->probed, (s->probes + 1) * sizeof(*more));

	if (!more)
		return false;
	s->probed = more;
	s->probed[s->probes++] = inode;
	return true;
}

void mmsi_probes_inherit(const struct mmsi_space *parent, struct mmsi_space *child)
{
	for (size_t i = 0; parent != child && i < parent->probes; i++)
		if (!probed(child, parent->probed[i]))
			remember(child, parent->probed[i]);
}

/* The events at the functions of an object; made once. */
static struct object *events_of(struct mms_trace *t, struct mmsi_space *s,
				const struct mms_vmas *vmas, const struct mms_vma *v,
				struct mms_error *err)
{
	struct mmsi_mallocs *m = t->mallocs;
	struct object *o = m->object;
	uint64_t at[FUNCTIONS] = { 0 };
	char path[80];
	size_t k;

	while (o && o->inode != v->inode)
		o = o->next;
	if (o)
		return o;
	o = calloc(1, sizeof(*o));
	if (!o) {
		mmsi_nomem(err);
		return NULL;
	}
	o->inode = v->inode;
	o->next = m->object;
	m->object = o;
	/* The very file, whatever has its name now, in whichever root. */
	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, (int)s->pid,
		 v->start, v->end);
	for (unsigned int i = 0; i < FUNCTIONS; i++) {
		if (!mmsi_object_export(t->objects, s, vmas, v, functions[i].name, &at[i]))
			continue;
		/* Two names of one function: it is told by the first. */
		for (k = 0; k < i && at[k] != at[i]; k++)
			;
		if (k < i)
			continue;
		if (mmsi_probe_new(m->numbers++, path, at[i], false, &o->enter[i], err) ||
		    mmsi_probe_new(m->numbers++, path, at[i], true, &o->leave[i], err))
			return NULL;
	}
	return o;
}

/* For all threads there are; those to come inherit it. */
static int watch_object(struct mms_trace *t, struct mmsi_space *s, const struct object *o,
			struct mms_error *err)
{
	for (int i = 0; i < MMSI_BUCKETS; i++)
		for (struct mmsi_tracee *e = t->bucket[i]; e; e = e->next)
			for (unsigned int f = 0; f < FUNCTIONS && e->space == s; f++)
				if (o->leave[f] &&
				    (mmsi_perf_probe(t->perf, e->tid, o->enter[f], false, f, err) ||
				     mmsi_perf_probe(t->perf, e->tid, o->leave[f], true, f, err)))
					return -1;
	return 0;
}

static int probe_object(struct mms_trace *t, struct mmsi_space *s, const struct mms_vmas *vmas,
			const struct mms_vma *v, struct mms_error *err)
{
	struct object *o = events_of(t, s, vmas, v, err);

	return o ? watch_object(t, s, o, err) : -1;
}

void mmsi_mallocs_probe(struct mms_trace *t, struct mmsi_tracee *e)
{
	static const struct mms_trace_range nothing[2];
	struct mmsi_space *s = e->space;
	struct mmsi_snap *snap;
	struct mms_error err;

	mmsi_space_open(t, s);
	snap = mmsi_look(s, nothing, false);
	for (size_t i = 0; snap && i < snap->c->vmas.count; i++) {
		const struct mms_vma *v = &snap->c->vmas.vma[i];

		if (!v->inode || !(v->flags & MMSCOPE_VMA_EXEC) || probed(s, v->inode) ||
		    !remember(s, v->inode))
			continue;
		if (!probe_object(t, s, &snap->c->vmas, v, &err) || t->mallocs->complained)
			continue;
		t->mallocs->complained = true;
		mmsi_note(t, &err);
	}
	mmsi_snap_drop(snap);
}

/* ---- entries and returns --------------------------------------------------- */

static struct caller *caller_of(struct mms_trace *t, pid_t tid)
{
	struct caller **bucket = &t->mallocs->bucket[(unsigned int)tid % MMSI_BUCKETS];
	struct caller *c = *bucket;

	while (c && c->tid != tid)
		c = c->next;
	if (c)
		return c;
	c = calloc(1, sizeof(*c));
	if (!c) {
		t->failed = true;
		return NULL;
	}
	c->tid = tid;
	c->next = *bucket;
	*bucket = c;
	return c;
}

uint64_t mmsi_mallocs_caller(struct mms_trace *t, pid_t tid)
{
	struct caller *c = caller_of(t, tid);

	return c && c->depth ? c->call[c->depth - 1].enter.caller : 0;
}

void mmsi_mallocs_mapped(struct mms_trace *t, pid_t tid, uint64_t start, uint64_t end)
{
	struct caller *c = caller_of(t, tid);

	if (c && c->depth)
		c->call[c->depth - 1].mapped = (struct mms_trace_range){ start, end };
}

/* The object that was given out, or back. */
static uint64_t object_of(const struct mmsi_perf_event *enter, const struct mmsi_perf_event *leave)
{
	return functions[enter->probe].result ? leave->ret : enter->arg[0];
}

static void tell_place(struct mms_trace *t, struct mmsi_event *event, struct mmsi_space *s,
		       const struct open_call *call)
{
	const struct mms_vma *v = event->e.address ? mmsi_vma_find(t, s, event->e.address) : NULL;

	event->e.mmapped = call->mapped.start <= event->e.address &&
			   event->e.address < call->mapped.end;
	if (v) {
		event->vma_name = strdup(v->name);
		event->e.vma = *v;
		event->e.vma.name = event->vma_name;
		event->e.vma_known = event->vma_name;
	}
	event->e.frame = call->enter.caller ? calloc(1, sizeof(*event->e.frame)) : NULL;
	if (!event->e.frame)
		return;
	event->e.frames = 1;
	mmsi_frame_tell(t->objects, s, s->latest ? &s->latest->c->vmas : NULL,
			call->enter.caller - 1, event->e.frame);
	event->e.frame->pc++;
	event->e.frame->offset++;
}

static void returned(struct mms_trace *t, const struct open_call *call,
		     const struct mmsi_perf_event *leave)
{
	const struct mmsi_perf_event *enter = &call->enter;
	struct mmsi_event *event = mmsi_event_new(t, MMS_TRACE_MALLOC, leave->pid, leave->tid);
	struct mmsi_space *s = mmsi_space_of(t, leave->pid);

	if (!event)
		return;
	event->e.time_ns = leave->time;
	event->e.took_ns = leave->time - enter->time;
	event->e.function = functions[enter->probe].name;
	event->e.argc = functions[enter->probe].args;
	event->e.returns = functions[enter->probe].result;
	memcpy(event->e.args, enter->arg, sizeof(enter->arg));
	event->e.result = leave->ret;
	event->e.address = object_of(enter, leave);
	if (s)
		tell_place(t, event, s, call);
	mmsi_event_add(t, event);
}

/* A longjmp out of it leaves calls open that never return. */
void mmsi_mallocs_add(struct mms_trace *t, const struct mmsi_perf_event *p)
{
	struct caller *c = caller_of(t, p->tid);
	unsigned int i;

	if (!c)
		return;
	if (p->kind == MMSI_PERF_ENTER) {
		if (c->depth == DEPTH_MAX)
			c->depth = 0;
		c->call[c->depth++] = (struct open_call){ .enter = *p };
		return;
	}
	for (i = c->depth; i && c->call[i - 1].enter.probe != p->probe; i--)
		;
	if (!i)
		return;
	c->depth = i - 1;
	returned(t, &c->call[i - 1], p);
}
