/* SPDX-License-Identifier: GPL-2.0 */
/*
 * run.h - what the files of the framework share, and no lesson sees: a lesson
 * being run, its subjects, and where what it says goes.
 */
#ifndef LESSON_RUN_H
#define LESSON_RUN_H

#include <setjmp.h>
#include <stdarg.h>

#include "lesson.h"
#include "../view/lesson.h"

#define SLUG_MAX	40
#define CAPTURE_MAX	8192

struct lesson {
	const struct lesson_info *info;
	struct machine machine;
	bool is_static;
	char **args;
	int nargs;
	struct view_lesson *view;
	bool wait;			/* --step */
	bool waited;			/* in this step */
	struct subject *subjects;
	/* The step. */
	unsigned int number;
	char slug[SLUG_MAX];
	bool failed;
	unsigned int failures;		/* in all steps */
	bool thp_changed;
	uint32_t silent_told;		/* witnesses whose absence was told */
	uint32_t named_told;		/* differences that were explained */
	jmp_buf out;
};

struct subject {
	struct lesson *l;
	struct subject *next;
	struct subject *parent;		/* it was forked by that one */
	pid_t pid;
	int sock, err, out;		/* its socket; what it writes, or -1 */
	bool quiet, fatal, dead;
	int status;			/* of waitpid(), once it is dead */
	unsigned int thread;
	bool unawaited;			/* the next order is not waited for */
	bool was_unawaited, returns_nothing;	/* the last one */
	bool raw_brk;			/* the break was moved past the library */
	struct subject_hello hello;
	struct subject_reply last;
	struct mms_target *target;
	struct mms_inside *inside;
	struct mms_inquiry *inquiry;
	uint64_t libc_brk;		/* sbrk(0), as of its last reply */
	uint64_t base_brk, base_libc;	/* when the step began */
	char err_text[CAPTURE_MAX], out_text[CAPTURE_MAX];
	size_t err_len, out_len;
	char shown[CAPTURE_MAX];
};

/* lesson.c: NULL-terminated, in the order of the course. */
extern const struct lesson_info *const lessons[];
/* Runs it; the number of failures. */
unsigned int lesson_run(const struct lesson_info *info, struct view_lesson *view,
			const struct machine *machine, bool is_static, bool wait, char **args,
			int nargs);

/* Where the program of the subject is; false if it is nowhere. */
bool subject_path(bool is_static, char *path, size_t size);

/* step.c */
enum verdict { VERDICT_OK, VERDICT_WRONG, VERDICT_SKIP };
bool verdict(struct lesson *l, const char *what, enum verdict v, const char *mend,
	     const char *text, ...) PRINTF(5, 6);
/* Leaves the lesson. */
void give_up(struct lesson *l) __attribute__((noreturn));
/* With --step: before the first order of a step Enter is waited for. */
void wait_for_reader(struct lesson *l);
/* A figure in its unit. */
char *figure(uint64_t value, enum unit unit, char buf[64]);

/* subject.c: one order and its reply, told to nobody.  0, or an errno. */
int subject_send(struct subject *s, struct subject_order *order, struct subject_reply *reply);
/* The same, told, with a descriptor that may come along; ends the lesson if it is lost. */
int64_t subject_order_passing(struct subject *s, struct subject_order *order, int *passed);
/* It has died, or is to: waits for that, and for its last words. */
void subject_reap(struct subject *s);
/* Says that an order got no answer, and leaves the lesson. */
void subject_lost(struct subject *s, int error) __attribute__((noreturn));
void subject_note_break(struct subject *s);
/* start.c */
void subject_stop_all(struct lesson *l);

/* undo.c */
void undo_begin(void);		/* signals are caught from here on */
void undo_end(void);

/* pattern.c, pure: whether `letter` is what the pattern letter allows. */
bool pattern_allows(char wanted, char letter);
/*
 * Spreads a pattern over `pages` letters; buf holds pages + 1.  NULL, or what
 * is wrong with it.
 */
const char *pattern_spread(const char *pattern, size_t pages, char *buf);

#endif
