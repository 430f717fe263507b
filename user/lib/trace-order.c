// SPDX-License-Identifier: GPL-2.0
/*
 * trace-order.c - events in the order of their time: a heap, from which the oldest
 * is taken.  Those of one time come out as they went in.  Pure.
 */
#include <stdlib.h>

#include "trace.h"

static bool older(const struct mmsi_event *a, const struct mmsi_event *b)
{
	if (a->e.time_ns != b->e.time_ns)
		return a->e.time_ns < b->e.time_ns;
	return a->number < b->number;
}

static void swap(struct mmsi_event **a, struct mmsi_event **b)
{
	struct mmsi_event *event = *a;

	*a = *b;
	*b = event;
}

bool mmsi_order_add(struct mmsi_order *o, struct mmsi_event *event)
{
	struct mmsi_event **more = o->heap;

	if (o->count == o->room)
		more = realloc(o->heap, (o->room ? 2 * o->room : 64) * sizeof(*more));
	if (!more)
		return false;
	if (o->count == o->room)
		o->room = o->room ? 2 * o->room : 64;
	o->heap = more;
	event->number = o->number++;
	o->heap[o->count] = event;
	for (size_t i = o->count++; i && older(o->heap[i], o->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&o->heap[i], &o->heap[(i - 1) / 2]);
	return true;
}

struct mmsi_event *mmsi_order_take(struct mmsi_order *o, uint64_t until)
{
	struct mmsi_event *first;

	if (!o->count || o->heap[0]->e.time_ns > until)
		return NULL;
	first = o->heap[0];
	o->heap[0] = o->heap[--o->count];
	for (size_t i = 0, child; (child = 2 * i + 1) < o->count; i = child) {
		if (child + 1 < o->count && older(o->heap[child + 1], o->heap[child]))
			child++;
		if (!older(o->heap[child], o->heap[i]))
			break;
		swap(&o->heap[i], &o->heap[child]);
	}
	return first;
}

void mmsi_event_free(struct mmsi_event *event)
{
	if (!event)
		return;
	mms_diff_free(&event->diff);
	mmsi_snap_drop(event->before);
	mmsi_snap_drop(event->after);
	mmsi_frames_free(event->e.frame, event->e.frames);
	free(event->text);
	free(event->vma_name);
	free(event);
}
