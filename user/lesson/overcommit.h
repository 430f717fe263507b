/* SPDX-License-Identifier: GPL-2.0 */
/*
 * overcommit.h - what the two files of the lesson "overcommit" share.
 */
#ifndef LESSON_OVERCOMMIT_H
#define LESSON_OVERCOMMIT_H

#include "lesson.h"

#define MIB	(UINT64_C(1) << 20)

/* A number in a file; -1: none. */
int64_t overcommit_number(const char *path);
/* The step with the OOM kill. */
void overcommit_oom(struct lesson *l);

#endif
