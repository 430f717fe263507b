/* SPDX-License-Identifier: GPL-2.0 */
/*
 * verify.h - what the parts of verify share: pages one by one (verify-pages.c),
 * VMAs and the whole (verify-vmas.c), and who leads (verify.c).
 */
#ifndef MMS_VERIFY_H
#define MMS_VERIFY_H

#include "inquiry.h"

/* Pages side by side that are still to be compared. */
struct mmsi_span {
	uint64_t start;
	size_t pages;
};

struct mmsi_spans {
	struct mmsi_span *span;
	size_t count, room;
};

struct mmsi_hearing {
	struct mms_target *target;
	struct mms_inside *inside;	/* or NULL: then it cannot be held */
	struct mms_inquiry *inquiry;
	struct mms_verdict *verdict;
	struct mms_vmas vmas;		/* as the module lists them */
	bool held;
	mms_progress_fn progress;
	void *arg;
	/* What was said of up to MMS_INSIDE_PAGES pages; the module three times. */
	struct mms_said *before, *between, *after;
	struct mms_said *said[MMS_WITNESS_COUNT];	/* NULL: it does not speak */
};

int mmsi_verify_pages(struct mmsi_hearing *h, struct mms_error *err);
int mmsi_verify_vmas(struct mmsi_hearing *h, struct mms_error *err);

/* The VMAs anew, as the module lists them. */
int mmsi_hearing_list(struct mmsi_hearing *h, struct mms_error *err);
/*
 * Holds the process still if that can be done, and says whether it is.  It is
 * let go by mmsi_let_go(), unless it is held for the whole.
 */
bool mmsi_hold(struct mmsi_hearing *h);
void mmsi_let_go(struct mmsi_hearing *h);

/* Notes a difference without a name. */
void mmsi_failure(struct mmsi_hearing *h, enum mms_witness witness, uint64_t address,
		  uint64_t vma_start, const char *what, const char *kernel, const char *other);

#endif
