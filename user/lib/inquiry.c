// SPDX-License-Identifier: GPL-2.0
/*
 * inquiry.c - a target and everybody who can be asked about it: who is there,
 * and asking one of them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inquiry.h"

static const struct mmsi_witness *const witnesses[MMS_WITNESS_COUNT] = {
	[MMS_WITNESS_KERNEL] = &mmsi_witness_kernel,
	[MMS_WITNESS_MINCORE] = &mmsi_witness_mincore,
	[MMS_WITNESS_PAGEMAP] = &mmsi_witness_pagemap,
	[MMS_WITNESS_SCAN] = &mmsi_witness_scan,
	[MMS_WITNESS_SMAPS] = &mmsi_witness_smaps,
	[MMS_WITNESS_PROCMAP] = &mmsi_witness_procmap,
	[MMS_WITNESS_BRK] = &mmsi_witness_brk,
	[MMS_WITNESS_LIBC] = &mmsi_witness_libc,
};

static const char *const claims[MMS_CLAIM_COUNT] = {
	[MMS_CLAIM_PRESENT] = "present",
	[MMS_CLAIM_SWAPPED] = "swapped",
	[MMS_CLAIM_IN_CORE] = "in-core",
	[MMS_CLAIM_FILE] = "file",
	[MMS_CLAIM_EXCLUSIVE] = "exclusive",
	[MMS_CLAIM_SOFT_DIRTY] = "soft-dirty",
	[MMS_CLAIM_UFFD_WP] = "uffd-wp",
	[MMS_CLAIM_ZERO] = "zero",
	[MMS_CLAIM_HUGE] = "huge",
	[MMS_CLAIM_GUARD] = "guard",
};

const char *mms_claim_name(enum mms_claim claim)
{
	return claim < MMS_CLAIM_COUNT ? claims[claim] : "?";
}

const char *mms_witness_name(enum mms_witness w)
{
	return w < MMS_WITNESS_COUNT ? witnesses[w]->name : "?";
}

const char *mms_witness_help(enum mms_witness w)
{
	return w < MMS_WITNESS_COUNT ? witnesses[w]->help : "";
}

bool mms_witness_of_pages(enum mms_witness w)
{
	return witnesses[w]->pages;
}

bool mms_witness_of_vmas(enum mms_witness w)
{
	return witnesses[w]->vmas;
}

bool mms_witness_of_break(enum mms_witness w)
{
	return witnesses[w]->brk;
}

int mms_inquire(struct mms_target *t, struct mms_inside *inside, struct mms_inquiry **inquiry,
		struct mms_error *err)
{
	struct mms_inquiry *q;

	if (t->devfd < 0) {
		if (err)
			*err = t->lack;
		return -1;
	}
	q = calloc(1, sizeof(*q));
	if (!q)
		return mmsi_nomem(err);
	q->target = t;
	q->inside = inside;
	q->frames = t->info.features & MMSCOPE_FEAT_FRAMES;
	q->pagemap = openat(t->procfd, "pagemap", O_RDONLY | O_CLOEXEC);
	q->maps = openat(t->procfd, "maps", O_RDONLY | O_CLOEXEC);
	q->buffer = malloc(MMSI_BUFFER);
	if (!q->buffer || mms_open(t->pid, MMS_SOURCE_PROCFS, &q->procfs, err)) {
		if (!q->buffer)
			mmsi_nomem(err);
		mms_inquiry_close(q);
		return -1;
	}
	for (int w = 0; w < MMS_WITNESS_COUNT; w++)
		if (witnesses[w]->open)
			witnesses[w]->open(q, q->why[w]);
	*inquiry = q;
	return 0;
}

void mms_inquiry_close(struct mms_inquiry *q)
{
	if (!q)
		return;
	mms_close(q->procfs);
	if (q->pagemap >= 0)
		close(q->pagemap);
	if (q->maps >= 0)
		close(q->maps);
	free(q->buffer);
	free(q);
}

const char *mms_witness_absent(const struct mms_inquiry *q, enum mms_witness w)
{
	return q->why[w][0] ? q->why[w] : NULL;
}

static int cannot(const struct mms_inquiry *q, enum mms_witness w, struct mms_error *err)
{
	return mms_fail(err, MMS_FAILED, NULL, mms_witness_name(w), "%s",
			q->why[w][0] ? q->why[w] : "does not speak of that");
}

/*
 * In the build for tests a witness can be made to lie, to show that it is
 * found out: MMSCOPE_LIE="pagemap:present@ADDRESS" turns that claim round, and
 * "pagemap:present#3" that of the fourth page of whatever is asked of.
 */
#ifdef MMS_TEST_LIES
static void lie(enum mms_witness w, uint64_t start, size_t count, struct mms_said *said)
{
	const char *text = getenv("MMSCOPE_LIE");
	char who[32], claim[32];
	uint64_t at;

	if (!text)
		return;
	if (sscanf(text, "%31[^:]:%31[^@#]@%lx", who, claim, &at) == 3)
		at = at < start ? count : (at - start) / mms_page_size();
	else if (sscanf(text, "%31[^:]:%31[^@#]#%lu", who, claim, &at) != 3)
		return;
	if (at >= count || strcmp(who, mms_witness_name(w)))
		return;
	for (int c = 0; c < MMS_CLAIM_COUNT; c++)
		if (!strcmp(claim, claims[c]))
			said[at].yes ^= 1U << c;
}
#else
static void lie(enum mms_witness w, uint64_t start, size_t count, struct mms_said *said)
{
	(void)w, (void)start, (void)count, (void)said;
}
#endif

int mms_ask_pages(struct mms_inquiry *q, enum mms_witness w, uint64_t start, size_t count,
		  struct mms_said *said, struct mms_error *err)
{
	if (start % mms_page_size() || count > MMS_INSIDE_PAGES)
		return mms_fail(err, MMS_USAGE, NULL, "the range",
				"is too long, or not on page boundaries");
	if (!witnesses[w]->pages || q->why[w][0])
		return cannot(q, w, err);
	memset(said, 0, count * sizeof(*said));
	if (witnesses[w]->pages(q, start, count, said, err))
		return -1;
	lie(w, start, count, said);
	return 0;
}

int mms_ask_vmas(struct mms_inquiry *q, enum mms_witness w, struct mms_vmas *vmas,
		 struct mms_error *err)
{
	memset(vmas, 0, sizeof(*vmas));
	if (!witnesses[w]->vmas || q->why[w][0])
		return cannot(q, w, err);
	return witnesses[w]->vmas(q, vmas, err);
}

int mms_ask_break(struct mms_inquiry *q, enum mms_witness w, uint64_t *brk,
		  struct mms_error *err)
{
	if (!witnesses[w]->brk || q->why[w][0])
		return cannot(q, w, err);
	return witnesses[w]->brk(q, brk, err);
}
