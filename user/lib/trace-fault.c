// SPDX-License-Identifier: GPL-2.0
/*
 * trace-fault.c - a page fault as perf told it, and what else is known of it: which
 * VMA that is, whose code it was, and what the page is now.
 */
#include <stdlib.h>
#include <string.h>

#include "trace.h"

static const struct mms_vma *vma_at(const struct mmsi_snap *snap, uint64_t address)
{
	const struct mms_vmas *l = snap ? &snap->c->vmas : NULL;
	size_t i = l ? mms_vmas_find(l, address) : 0;

	return l && i < l->count && mms_vma_covers(&l->vma[i], address) ? &l->vma[i] : NULL;
}

const struct mms_vma *mmsi_vma_find(struct mms_trace *t, struct mmsi_space *s, uint64_t address)
{
	static const struct mms_trace_range nothing[2];
	const struct mms_vma *v = vma_at(s->latest, address);

	/* Where others map and unmap all the time, it is not asked for each. */
	if (v || s->looked_again == t->drains)
		return v;
	s->looked_again = t->drains;
	mmsi_space_open(t, s);
	mmsi_snap_drop(mmsi_look(s, nothing, false));
	return vma_at(s->latest, address);
}

static int keep_run(const struct mmscope_run *run, void *arg)
{
	*(uint64_t *)arg = run->categories;
	return 0;
}

/* What it has become; procfs cannot tell more than that it is there. */
static enum mms_page_state state_of(struct mmsi_space *s, const struct mms_vma *v,
				    uint64_t address)
{
	uint64_t page = mms_page_size(), cats = 0, pages = 0;
	struct mms_pages_query q = { .start = address & ~(page - 1) };

	if (!s->target || s->target->devfd < 0)
		return MMS_PAGE_UNKNOWN;
	q.end = q.start + page;
	q.categories = s->target->categories & MMS_CATS_STATE;
	if (mms_pages(s->target, &q, keep_run, &cats, &pages, NULL) || pages != 1)
		return MMS_PAGE_UNKNOWN;
	return mms_page_state(v, cats, q.categories);
}

static void tell_vma(struct mms_trace *t, struct mmsi_event *event, struct mmsi_space *s)
{
	const struct mms_vma *v = mmsi_vma_find(t, s, event->e.address);

	if (!v)
		return;
	event->vma_name = strdup(v->name);
	if (!event->vma_name) {
		t->failed = true;
		return;
	}
	event->e.vma = *v;
	event->e.vma.name = event->vma_name;
	event->e.vma_known = true;
	event->e.state = state_of(s, v, event->e.address);
}

/* What was tried is an extra, which not every kernel and not everybody gets. */
int mmsi_faults_watch(struct mms_trace *t, pid_t tid, bool on_exec, struct mms_error *err)
{
	static const char *const names[] = { "exceptions/page_fault_user",
					     "exceptions/page_fault_kernel" };

	if (mmsi_perf_faults(t->perf, tid, on_exec, err))
		return -1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int event = mmsi_event_number(names[i]);

		if (event >= 0)
			mmsi_perf_access(t->perf, tid, event, on_exec);
	}
	return 0;
}

static struct mmsi_access *access_of(struct mms_trace *t, pid_t tid)
{
	return &t->access[(unsigned int)tid % MMSI_ACCESSES];
}

void mmsi_fault_access(struct mms_trace *t, const struct mmsi_perf_event *p)
{
	*access_of(t, p->tid) = (struct mmsi_access){ p->tid, p->address, p->access };
}

/* Within exec the registers are still those of the program before. */
static void tell_caller(struct mms_trace *t, struct mmsi_event *event, struct mmsi_space *s,
			const struct mmsi_perf_event *p)
{
	struct mms_frame *frame = calloc(1, sizeof(*frame));

	if (!frame) {
		t->failed = true;
		return;
	}
	mmsi_frame_tell(t->objects, s, s->latest ? &s->latest->c->vmas : NULL, p->pc, frame);
	if (p->in_kernel && !frame->object) {
		mmsi_frames_free(frame, 1);
		return;
	}
	event->e.frame = frame;
	event->e.frames = 1;
}

void mmsi_fault_add(struct mms_trace *t, const struct mmsi_perf_event *p)
{
	const struct mmsi_access *tried = access_of(t, p->tid);
	struct mmsi_space *s = mmsi_space_of(t, p->pid);
	struct mmsi_event *event;

	/* One that was let go of. */
	if (!s && t->attached)
		return;
	event = mmsi_event_new(t, MMS_TRACE_FAULT, p->pid, p->tid);
	if (!event)
		return;
	event->e.time_ns = p->time;
	event->e.address = p->address;
	event->e.major = p->kind == MMSI_PERF_MAJOR;
	event->e.in_kernel = p->in_kernel;
	if (tried->tid == p->tid && tried->address == p->address)
		event->e.access = tried->access;
	if (s)
		tell_vma(t, event, s);
	if (p->pc && s)
		tell_caller(t, event, s, p);
	mmsi_event_add(t, event);
}
