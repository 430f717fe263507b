// SPDX-License-Identifier: GPL-2.0
/*
 * verify.c - all witnesses about one process, side by side: who is asked, in
 * which order, and whether the process is held still meanwhile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verify.h"

const char *mms_question_name(enum mms_question question)
{
	static const char *const names[MMS_ASK_COUNT] = {
		[MMS_ASK_BREAK] = "program break",
		[MMS_ASK_VMAS] = "VMAs",
		[MMS_ASK_RESIDENT] = "resident pages",
		[MMS_ASK_SWAPPED] = "swapped pages",
		[MMS_ASK_LOCKED] = "locked bytes",
	};

	return question < MMS_ASK_COUNT ? names[question] : "?";
}

int mmsi_hearing_list(struct mmsi_hearing *h, struct mms_error *err)
{
	mms_vmas_free(&h->vmas);
	return mms_vmas_read(h->target, MMS_ALL_START, MMS_ALL_END, 0, 0, &h->vmas, err);
}

bool mmsi_hold(struct mmsi_hearing *h)
{
	if (!h->held && h->inside)
		h->held = !mms_inside_hold(h->inside, NULL);
	return h->held;
}

void mmsi_let_go(struct mmsi_hearing *h)
{
	if (h->held && !h->verdict->held) {
		mms_inside_let_go(h->inside);
		h->held = false;
	}
}

void mmsi_failure(struct mmsi_hearing *h, enum mms_witness witness, uint64_t address,
		  uint64_t vma_start, const char *what, const char *kernel, const char *other)
{
	struct mms_failure *f;

	if (h->verdict->failures++ >= MMS_FAILURES_MAX)
		return;
	f = &h->verdict->failure[h->verdict->failures - 1];
	f->witness = witness;
	f->address = address;
	f->vma_start = vma_start;
	snprintf(f->what, sizeof(f->what), "%s", what);
	snprintf(f->kernel, sizeof(f->kernel), "%s", kernel);
	snprintf(f->other, sizeof(f->other), "%s", other);
}

static int start(struct mmsi_hearing *h, unsigned int flags, struct mms_error *err)
{
	struct mms_error why;

	if (mms_inside_open(h->target, &h->inside, &why)) {
		h->inside = NULL;
		if (why.status == MMS_GONE || flags & MMS_VERIFY_HOLD) {
			if (err)
				*err = why;
			return -1;
		}
	}
	if (mms_inquire(h->target, h->inside, &h->inquiry, err))
		return -1;
	for (int w = 0; w < MMS_WITNESS_COUNT; w++) {
		const char *absent = mms_witness_absent(h->inquiry, w);

		/* Why nothing can be called inside is the better reason. */
		if (absent && !h->inside && (w == MMS_WITNESS_MINCORE || w == MMS_WITNESS_BRK))
			absent = why.why;
		snprintf(h->verdict->absent[w], sizeof(h->verdict->absent[w]), "%.159s",
			 absent ? absent : "");
		if (absent || !mms_witness_of_pages(w) || w == MMS_WITNESS_KERNEL)
			continue;
		h->said[w] = calloc(MMS_INSIDE_PAGES, sizeof(*h->said[w]));
		if (!h->said[w])
			return mmsi_nomem(err);
	}
	h->before = calloc(MMS_INSIDE_PAGES, sizeof(*h->before));
	h->between = calloc(MMS_INSIDE_PAGES, sizeof(*h->between));
	h->after = calloc(MMS_INSIDE_PAGES, sizeof(*h->after));
	return h->before && h->between && h->after ? 0 : mmsi_nomem(err);
}

/* The room for mincore's answers is mapped now, so that all see the same. */
static int map_room(struct mmsi_hearing *h, struct mms_error *err)
{
	unsigned char one[1];
	int answer;

	if (!h->said[MMS_WITNESS_MINCORE] || h->target->proc.pid == getpid())
		return 0;
	h->verdict->room = !mms_inside_mincore(h->inside, 0, 1, one, &answer, err);
	return h->verdict->room ? 0 : -1;
}

static int hear(struct mmsi_hearing *h, unsigned int flags, struct mms_error *err)
{
	if (flags & MMS_VERIFY_HOLD) {
		if (mms_inside_hold(h->inside, err))
			return -1;
		h->held = h->verdict->held = true;
	}
	if (map_room(h, err) && err && err->status == MMS_GONE)
		return -1;
	if (mmsi_hearing_list(h, err) || mmsi_verify_pages(h, err))
		return -1;
	return mmsi_verify_vmas(h, err);
}

static void end(struct mmsi_hearing *h)
{
	mms_inquiry_close(h->inquiry);
	mms_inside_close(h->inside);
	mms_vmas_free(&h->vmas);
	free(h->before);
	free(h->between);
	free(h->after);
	for (int w = 0; w < MMS_WITNESS_COUNT; w++)
		free(h->said[w]);
}

int mms_verify(struct mms_target *target, unsigned int flags, mms_progress_fn progress, void *arg,
	       struct mms_verdict *verdict, struct mms_error *err)
{
	struct mmsi_hearing h = {
		.target = target,
		.verdict = verdict,
		.progress = progress,
		.arg = arg,
	};
	int ret;

	memset(verdict, 0, sizeof(*verdict));
	ret = start(&h, flags, err);
	if (!ret)
		ret = hear(&h, flags, err);
	end(&h);
	return ret;
}
