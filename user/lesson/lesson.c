// SPDX-License-Identifier: GPL-2.0
/*
 * lesson.c - the table of the lessons, and the run of one: its subjects and its
 * changes to the machine end with it, however it ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

/* build.mk writes table.inc: LESSON(name) for each lesson whose file is there. */
#define LESSON(name) extern const struct lesson_info lesson_##name;
#include "table.inc"
#undef LESSON

#define LESSON(name) &lesson_##name,
const struct lesson_info *const lessons[] = {
#include "table.inc"
	NULL
};

unsigned int lesson_run(const struct lesson_info *info, struct view_lesson *view,
			const struct machine *machine, bool is_static, bool wait, char **args,
			int nargs)
{
	/* Static: it outlives the jump out of a lesson unharmed. */
	static struct lesson l;

	l = (struct lesson){
		.info = info, .view = view, .machine = *machine, .is_static = is_static,
		.wait = wait, .args = args, .nargs = nargs,
	};
	view_lesson_begin(view, info->name, is_static ? "static" : "dynamic", info->brief,
			  info->about);
	undo_begin();
	if (!setjmp(l.out))
		info->run(&l);
	subject_stop_all(&l);
	undo_end();
	view_lesson_end(view, info->learnt, info->slides);
	return l.failures;
}
