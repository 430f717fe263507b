/* SPDX-License-Identifier: GPL-2.0 */
/*
 * capture-kit.h - captures written by hand: VMAs and runs as rows of a table, in
 * pages, for the tests of what reads and compares them.
 */
#ifndef UNIT_CAPTURE_KIT_H
#define UNIT_CAPTURE_KIT_H

#include <stdio.h>

#include "kit.h"
#include "capture.h"

#define PAGE	4096ULL
#define CAT(name)	MMSCOPE_CAT(name)
#define RW	(MMSCOPE_VMA_READ | MMSCOPE_VMA_WRITE)
#define RO	MMSCOPE_VMA_READ

/* The tables end with a row that has no pages. */
struct vma_row {
	uint64_t start, end;	/* pages */
	uint64_t flags;
	const char *name;
	uint64_t inode, offset;	/* offset in pages */
};

struct run_row {
	uint64_t start, end;	/* pages */
	uint64_t categories, frame;
};

static struct mms_capture *capture_of(const struct vma_row *vmas, const struct run_row *runs)
{
	struct mms_capture *c = mmsi_capture_new();
	struct mms_vmas *l = &c->vmas;

	c->info = (struct mms_capture_info){
		.taken_ns = 1234567890123456789, .kernel = "6.12.0-test", .machine = "x86_64",
		.boot = "11111111-2222-3333-4444-555555555555", .tool = "0.1.0",
		.source = "module", .module = "0.1.0", .abi = 1, .pid = 100, .ppid = 1,
		.started = 5000, .page_size = PAGE, .categories = MMSCOPE_CATS_ALL,
		.frames = true, .still = MMS_STILL_HELD,
	};
	c->target = c->proc.pid = 100;
	strcpy(c->proc.comm, "sub) ject");
	c->proc.state = 'S';
	c->proc.uid = 1000;
	c->proc.threads = 1;
	c->vmas.from = MMS_FROM_MODULE;
	c->vmas.page_size = PAGE;
	while (vmas[l->count].end)
		l->count++;
	l->vma = calloc(l->count + 1, sizeof(*l->vma));
	for (size_t i = 0; i < l->count; i++)
		l->vma[i] = (struct mms_vma){
			.start = vmas[i].start * PAGE, .end = vmas[i].end * PAGE,
			.flags = vmas[i].flags, .flags_known = ~0ULL,
			.backing = vmas[i].inode ? MMSCOPE_BACKING_FILE : MMSCOPE_BACKING_ANON,
			.inode = vmas[i].inode, .offset = vmas[i].offset * PAGE, .page_shift = 12,
			.name = vmas[i].name ? vmas[i].name : "",
		};
	for (; runs && runs->end; runs++)
		mmsi_runs_add(&c->runs, &(struct mmscope_run){ runs->start * PAGE,
			      runs->end * PAGE, runs->categories, runs->frame }, PAGE);
	c->info.runs = c->runs.count;
	return c;
}

static inline void set_figure(struct mms_capture *c, enum mms_mm_field field, uint64_t value)
{
	c->vmas.mm.fact[field] = (struct mms_fact){ value, MMS_FROM_MODULE };
}

#endif
