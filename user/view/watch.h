/* SPDX-License-Identifier: GPL-2.0 */
/*
 * watch.h - the full-screen view of watch: a summary, the VMAs, the pages of the one
 * that is selected.  It is given refreshes, keys, and a canvas to draw on; what it
 * wants to know of pages, it says.  Neither the terminal nor the process is its own.
 */
#ifndef MMSCOPE_WATCH_H
#define MMSCOPE_WATCH_H

#include "canvas.h"
#include "term.h"
#include "watch-moment.h"

struct view_watch;

struct view_watch_options {
	pid_t pid;
	const char *source;	/* "module" or "procfs" */
	double every;		/* seconds between refreshes, as it was asked for */
	bool bytes;
};

/* NULL: no memory. */
struct view_watch *view_watch_new(const struct view_watch_options *options);
void view_watch_free(struct view_watch *watch);

/* A refresh, which belongs to the view from then on. */
void view_watch_add(struct view_watch *watch, struct view_moment *moment);
/* A message, which stays until the next key. */
void view_watch_say(struct view_watch *watch, const char *text);
/* There will be no more refreshes: this is said until the end. */
void view_watch_end(struct view_watch *watch, const char *text);
/* How long it is between two refreshes now, in seconds. */
void view_watch_pace(struct view_watch *watch, double every);

/* False: it wants to go. */
bool view_watch_key(struct view_watch *watch, struct view_event event);
/* Whether it stands still, and no refresh is wanted. */
bool view_watch_paused(const struct view_watch *watch);
/*
 * The VMA whose pages it would show, if it shows the newest refresh; false: none.
 * Where view_watch_lacks(), that refresh does not have them yet.
 */
bool view_watch_wants(const struct view_watch *watch, uint64_t *start, uint64_t *end);
bool view_watch_lacks(const struct view_watch *watch);
/* The newest refresh, to give it pages; NULL: none. */
struct view_moment *view_watch_newest(struct view_watch *watch);

void view_watch_draw(struct view_watch *watch, struct view_canvas *canvas);

/* ---- without a screen -------------------------------------------------------- */

/* A refresh as a line of figures, and below it what changed; the first has a header. */
void view_watch_line(const struct view_moment *before, const struct view_moment *now, bool bytes);
/* The same as a line of JSON. */
void view_watch_json(const struct mms_target *target, const struct view_moment *before,
		     const struct view_moment *now);
/* Something that is no refresh: "# TEXT"; "event" is "exec", "error" or "end". */
void view_watch_remark(const struct mms_target *target, bool json, const char *event,
		       const char *text);

#endif
