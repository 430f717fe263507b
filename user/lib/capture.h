/* SPDX-License-Identifier: GPL-2.0 */
/*
 * capture.h - what a capture is in memory, and the files that make, pack, unpack,
 * write and replay one.  The runs of pages stay as they are on disk, a few bytes
 * each: a process may have a hundred million of them.
 */
#ifndef MMS_CAPTURE_H
#define MMS_CAPTURE_H

#include "private.h"

/* Bytes that grow. */
struct mmsi_bytes {
	uint8_t *data;
	size_t len, room;
	bool failed;		/* no memory: what was added is not there */
};

/* Packed runs, and where a new one goes on. */
struct mmsi_runs {
	struct mmsi_bytes packed;
	uint64_t count;
	struct mmscope_run last;
};

struct mms_capture {
	struct mms_capture_info info;
	struct mms_proc proc;
	pid_t target;		/* the process or thread that was asked about */
	bool lacks;		/* `lack` says why the module was not the source */
	struct mms_error lack;
	struct mms_vmas vmas;	/* the whole, with names and accounts */
	bool has_threads;
	struct mms_threads threads;
	struct mmsi_runs runs;
};

/* What no process has: more is refused, so that a small file cannot take much. */
#define MMSI_CAPTURE_VMAS_MAX	(1U << 21)
#define MMSI_CAPTURE_MAX	(1U << 30)	/* bytes, packed or not */

/* ---- capture-code.c: between the structure and bytes; pure ---- */

/* Each returns -1 after filling *err in; `what` is what to call it in errors. */
int mmsi_capture_pack(const struct mms_capture *c, struct mmsi_bytes *out, struct mms_error *err);
int mmsi_capture_unpack(struct mms_capture *c, const uint8_t *data, size_t len, const char *what,
			struct mms_error *err);
void mmsi_bytes_add(struct mmsi_bytes *b, const void *data, size_t len);

/* Runs come in the order of their addresses.  `page` is the size of a page. */
void mmsi_runs_add(struct mmsi_runs *runs, const struct mmscope_run *run, uint64_t page);

/* Reads packed runs one after the other; those of a capture are known to be sound. */
struct mmsi_runs_reader {
	const uint8_t *at, *end;
	uint64_t page;
	struct mmscope_run run;	/* the last that was read */
	bool bad;		/* what follows is no run */
};
void mmsi_runs_read(struct mmsi_runs_reader *r, const struct mmsi_runs *runs, uint64_t page);
bool mmsi_runs_next(struct mmsi_runs_reader *r);	/* false: there are no more, or bad */

/* ---- capture-file.c: between bytes and a file ---- */

/* The whole file in memory; and what is within, `what` is its name. */
int mmsi_capture_seal(const struct mms_capture *c, struct mmsi_bytes *file, struct mms_error *err);
int mmsi_capture_unseal(struct mms_capture *c, const uint8_t *data, size_t len, const char *what,
			struct mms_error *err);

struct mms_capture *mmsi_capture_new(void);	/* NULL: no memory */

#endif
