// SPDX-License-Identifier: GPL-2.0
/*
 * lesson.c - mmscope lesson: lists the lessons, and runs one or all of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "../lesson/run.h"
#include "../view/json.h"

enum { OPT_STEP, OPT_TAP, OPT_SUBJECT };

static const struct cmd_option options[] = {
	[OPT_STEP]    = { "step", 's', NULL, "wait for Enter before each step is done" },
	[OPT_TAP]     = { "tap", 't', NULL, "the verdicts as TAP (Test Anything Protocol)" },
	[OPT_SUBJECT] = { "subject", 0, "KIND", "the program looked at: dynamic, static or both" },
	{ 0 }
};

static int list(const struct cmd *cmd)
{
	struct view_json j;

	if (!cmd->json) {
		for (size_t i = 0; lessons[i]; i++)
			printf("%-11s %s\n", lessons[i]->name, lessons[i]->brief);
		return MMS_OK;
	}
	view_json_begin(&j, "lesson", NULL);
	view_json_array(&j, "lessons");
	for (size_t i = 0; lessons[i]; i++) {
		view_json_object_flat(&j, NULL);
		view_json_text(&j, "name", lessons[i]->name);
		view_json_text(&j, "brief", lessons[i]->brief);
		view_json_close(&j);
	}
	view_json_close(&j);
	view_json_end(&j);
	return MMS_OK;
}

/* Which of dynamic (1) and static (2) are asked for; 0 after a message. */
static unsigned int subjects_wanted(const struct cmd *cmd)
{
	const char *kind = cmd->value[OPT_SUBJECT];
	struct mms_error err;
	char path[4400];
	unsigned int which = !kind || !strcmp(kind, "dynamic") ? 1 : !strcmp(kind, "static") ? 2 :
			     !strcmp(kind, "both") ? 3 : 0;

	if (!which)
		cmd_usage(cmd, "--subject is dynamic, static or both");
	for (unsigned int i = 0; i < 2 && which; i++)
		if (which >> i & 1 && !subject_path(i, path, sizeof(path))) {
			mms_fail(&err, MMS_FAILED, i ? "install a static C library and build again" :
				 "make user, or make install", i ? "mmscope-subject-static" :
				 "mmscope-subject", "the program of the subject is not installed");
			cmd_error(&err);
			which = 0;
		}
	return which;
}

static int run_chosen(const struct cmd *cmd, size_t first, size_t last)
{
	unsigned int which = subjects_wanted(cmd), failures = 0;
	struct view_lesson *view;
	struct machine machine;
	struct mms_error err;

	if (!which)
		return cmd->value[OPT_SUBJECT] ? MMS_USAGE : MMS_FAILED;
	if (machine_read(&machine, &err))
		return cmd_error(&err);
	view = view_lesson_open(cmd->value[OPT_TAP] ? VIEW_LESSON_TAP :
				cmd->json ? VIEW_LESSON_JSON : VIEW_LESSON_TEXT);
	if (!view)
		return MMS_FAILED;
	for (size_t i = first; i < last; i++)
		for (unsigned int kind = 0; kind < 2; kind++)
			if (which >> kind & 1)
				failures += lesson_run(lessons[i], view, &machine, kind,
						       cmd->value[OPT_STEP] && view_lesson_is_text(view),
						       cmd->args + 1, cmd->nargs - 1);
	view_lesson_close(view);
	return failures ? MMS_FAILED : MMS_OK;
}

static int run(struct cmd *cmd)
{
	size_t n = 0, at = 0;

	if (cmd->value[OPT_TAP] && cmd->json)
		return cmd_usage(cmd, "--tap and --json exclude each other");
	if (!cmd->nargs)
		return list(cmd);
	while (lessons[n])
		n++;
	if (!strcmp(cmd->args[0], "all"))
		return cmd->nargs > 1 ? cmd_usage(cmd, "all takes no arguments") :
		       run_chosen(cmd, 0, n);
	while (at < n && strcmp(lessons[at]->name, cmd->args[0]))
		at++;
	if (at == n)
		return cmd_usage(cmd, "no such lesson: '%s'", cmd->args[0]);
	if (cmd->nargs > 1 && !lessons[at]->args)
		return cmd_usage(cmd, "the lesson %s takes no arguments", cmd->args[0]);
	return run_chosen(cmd, at, at + 1);
}

const struct verb verb_lesson = {
	.name = "lesson",
	.args = "[NAME|all [-- ARGUMENT...]]",
	.brief = "lessons on memory that predict, then look",
	.about = "Without a name: lists the lessons.  A lesson starts a small program, the subject,\n"
		 "predicts what an action will do to its memory, has it done, and compares the\n"
		 "prediction with what every witness says: the module, pagemap, PAGEMAP_SCAN,\n"
		 "smaps, mincore, brk and the C library.  What cannot be predicted on this machine\n"
		 "is skipped, with the reason.\n"
		 "Exit status: 1 if a prediction was wrong.",
	.example = "  mmscope lesson\n"
		   "  mmscope lesson demand --step\n"
		   "  mmscope lesson all --tap",
	.min_args = 0,
	.max_args = -1,
	.options = options,
	.run = run,
};
