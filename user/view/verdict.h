/* SPDX-License-Identifier: GPL-2.0 */
/*
 * verdict.h - what the witnesses said, side by side, and what became of the
 * differences: drawn for people, or as JSON.
 */
#ifndef MMSCOPE_VIEW_VERDICT_H
#define MMSCOPE_VIEW_VERDICT_H

#include "json.h"
#include "witness.h"

/* For people, at most 80 columns. `bytes`: plain numbers. */
void view_verdict_draw(const struct mms_verdict *v, bool bytes);
/* The failures alone, one line each. */
void view_verdict_failures(const struct mms_verdict *v);
/* Members of the object that is open. */
void view_verdict_json(struct view_json *j, const struct mms_verdict *v);
/* "zero-page 23, raced 2", or "none"; cut at the end of buf. */
char *view_verdict_names(const struct mms_verdict *v, char *buf, size_t size);

#endif
