/* SPDX-License-Identifier: GPL-2.0 */
/*
 * inquiry.h - what the witnesses share and nobody else sees.
 * A witness is one file and one struct mmsi_witness; inquiry.c has the table.
 */
#ifndef MMS_INQUIRY_H
#define MMS_INQUIRY_H

#include "private.h"
#include "witness.h"

struct mms_inquiry {
	struct mms_target *target;	/* through the module */
	struct mms_target *procfs;	/* the same process through procfs */
	struct mms_inside *inside;	/* or NULL */
	int pagemap, maps;		/* open files, or -1 */
	bool frames;			/* the asker is told page frame numbers */
	uint64_t note;			/* where the C library keeps its note of the break */
	void *buffer;			/* MMS_INSIDE_PAGES * 32 bytes, for whoever asks */
	char why[MMS_WITNESS_COUNT][160];	/* why it does not speak, or "" */
};
#define MMSI_BUFFER	(MMS_INSIDE_PAGES * 32)

/*
 * Each function may be NULL: of that, this witness does not speak.  `open`
 * writes into q->why[] if it cannot speak at all; pages() is given what
 * mms_ask_pages() checked, and said[] zeroed.
 */
struct mmsi_witness {
	const char *name, *help;
	void (*open)(struct mms_inquiry *q, char why[160]);
	int (*pages)(struct mms_inquiry *q, uint64_t start, size_t count,
		     struct mms_said *said, struct mms_error *err);
	int (*vmas)(struct mms_inquiry *q, struct mms_vmas *vmas, struct mms_error *err);
	int (*brk)(struct mms_inquiry *q, uint64_t *brk, struct mms_error *err);
};

extern const struct mmsi_witness mmsi_witness_kernel, mmsi_witness_mincore,
	mmsi_witness_pagemap, mmsi_witness_scan, mmsi_witness_smaps,
	mmsi_witness_procmap, mmsi_witness_brk, mmsi_witness_libc;

/* Bits of a pagemap entry (Documentation/admin-guide/mm/pagemap.rst). */
#define MMSI_PM_PRESENT		(1ULL << 63)
#define MMSI_PM_SWAP		(1ULL << 62)
#define MMSI_PM_FILE		(1ULL << 61)
#define MMSI_PM_GUARD		(1ULL << 58)
#define MMSI_PM_UFFD_WP		(1ULL << 57)
#define MMSI_PM_EXCLUSIVE	(1ULL << 56)
#define MMSI_PM_SOFT_DIRTY	(1ULL << 55)
#define MMSI_PM_FRAME		(MMSI_PM_SOFT_DIRTY - 1)

/* privacy.c: there may be files of which mincore(2) does not tell this process. */
bool mmsi_cache_may_be_refused(struct mms_inquiry *q);
/* It does not tell it of the VMA's file, and says 1. */
bool mmsi_cache_refused(struct mms_inquiry *q, const struct mms_vma *v);

#endif
