/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lesson.h - how a lesson is shown: as text for a reader, as TAP, as JSON.
 * Fed line by line as the lesson goes, so that a reader can be waited for.
 */
#ifndef MMSCOPE_VIEW_LESSON_H
#define MMSCOPE_VIEW_LESSON_H

#include <stdbool.h>
#include <stddef.h>

struct view_lesson;

enum view_lesson_form { VIEW_LESSON_TEXT, VIEW_LESSON_TAP, VIEW_LESSON_JSON };

/* NULL: no memory. */
struct view_lesson *view_lesson_open(enum view_lesson_form form);
/* The plan, the sums, or the closing brace; frees it. */
void view_lesson_close(struct view_lesson *v);
bool view_lesson_is_text(const struct view_lesson *v);

void view_lesson_begin(struct view_lesson *v, const char *name, const char *subject,
		       const char *brief, const char *about);
void view_lesson_step(struct view_lesson *v, unsigned int number, const char *slug,
		      const char *title);

enum view_lesson_kind {
	VIEW_LESSON_PREDICT, VIEW_LESSON_DO, VIEW_LESSON_OBSERVE, VIEW_LESSON_NAMED,
	VIEW_LESSON_SILENT, VIEW_LESSON_NOTE
};
/* `who` is the witness of an observation, or the name of a difference; or NULL. */
void view_lesson_line(struct view_lesson *v, enum view_lesson_kind kind, const char *who,
		      const char *text);
enum view_lesson_status { VIEW_LESSON_OK, VIEW_LESSON_WRONG, VIEW_LESSON_SKIP };
/* `name` is the whole name of the check; `mend` may be NULL. */
void view_lesson_check(struct view_lesson *v, const char *name, enum view_lesson_status status,
		       const char *text, const char *mend);
/* A letter a page: see expect_pages() in user/lesson/lesson.h. */
void view_lesson_strip(struct view_lesson *v, const char *letters, size_t pages);
/* Lists end with NULL, and may be NULL. */
void view_lesson_end(struct view_lesson *v, const char *const *learnt,
		     const char *const *slides);

#endif
