/* SPDX-License-Identifier: GPL-2.0 */
/*
 * metrics.h - figures of processes and of the module, for a monitoring system: as
 * text for Prometheus, as OpenMetrics, or as JSON.  All are told from one table.
 */
#ifndef MMSCOPE_METRICS_H
#define MMSCOPE_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "libmmscope.h"

struct view_metrics_process {
	struct mms_proc proc;
	struct mms_mm mm;
	const char *source;	/* "module", "procfs" */
};

struct view_metrics {
	bool loaded, loaded_known;	/* whether the module answers */
	struct mmscope_info info;	/* if it does */
	uint64_t boot_ns;		/* since 1970 */
	bool boot_known;
	size_t unreadable;		/* processes that this caller may not ask about */
	size_t count;
	struct view_metrics_process *process;	/* by ascending pid, each once */
};

/* `openmetrics`: types as OpenMetrics has them, else as the text format of Prometheus. */
void view_metrics_text(FILE *out, const struct view_metrics *m, bool openmetrics);
void view_metrics_json(FILE *out, const struct view_metrics *m);

/* The value of a label, in quotes: in UTF-8, and escaped. */
void view_metrics_quote(FILE *out, const char *text);

#endif
