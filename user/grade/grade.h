/* SPDX-License-Identifier: GPL-2.0 */
/*
 * grade.h - an assignment: what its text asks for, and what a run of a program showed.
 * spec.c reads the text, run.c runs the program, measure.c measures, tool.c asks the
 * tools that a student wrote, limits.c contains, leaks.c knows what was not freed.
 */
#ifndef MMSCOPE_GRADE_H
#define MMSCOPE_GRADE_H

#include "libmmscope.h"

#define GRADE_WHY		256	/* room for a sentence, as in struct mms_error */

/* ---- the text ---------------------------------------------------------------- */

#define GRADE_TERMS_MAX		6
#define GRADE_SAYINGS_MAX	8

/* A sum of numbers, of pages, and of what a marker picked up. */
struct grade_sum {
	size_t count;
	struct grade_term {
		bool minus, pages;
		uint64_t number;
		char *word;	/* of {word}; NULL: it is the number */
	} term[GRADE_TERMS_MAX];
};

enum grade_when { GRADE_START, GRADE_EXIT, GRADE_MARKER, GRADE_SIGNAL, GRADE_CALL, GRADE_AFTER,
		  GRADE_EVERY };

enum grade_area { GRADE_ALL, GRADE_PURPOSE, GRADE_SYMBOL, GRADE_RANGE };

struct grade_region {
	enum grade_area area;
	enum mms_purpose purpose;
	char *symbol;
	struct grade_sum from, to;	/* `to` is the size if sized */
	bool sized;
};

enum grade_measure {
	GRADE_BREAK, GRADE_HEAP, GRADE_MAPPED, GRADE_RESIDENT, GRADE_PRESENT, GRADE_SWAPPED,
	GRADE_DIRTY, GRADE_LOCKED, GRADE_UNTOUCHED, GRADE_VMAS, GRADE_PERMS, GRADE_THREADS,
	GRADE_MINOR, GRADE_MAJOR, GRADE_CALLS, GRADE_PEAK, GRADE_LIMIT, GRADE_LEAKED,
	GRADE_STATUS, GRADE_OUTPUT, GRADE_ASK, GRADE_LIST, GRADE_TELL, GRADE_MEASURES
};

enum grade_relation {
	GRADE_IS, GRADE_IS_NOT, GRADE_AT_LEAST, GRADE_AT_MOST, GRADE_BETWEEN, GRADE_HAS
};

/* What a tool is asked about. */
enum grade_state { GRADE_S_PRESENT, GRADE_S_SWAPPED, GRADE_S_UNTOUCHED, GRADE_S_INVALID,
		   GRADE_STATES };

/* Words that a tool may use for a state. */
struct grade_saying {
	size_t count;
	char *word[GRADE_SAYINGS_MAX];
};

struct grade_check {
	int line;
	unsigned int points;
	char *said;		/* as it is written */
	char *sentence;		/* shown when it fails, or NULL */
	enum grade_measure measure;
	struct grade_region region;
	enum grade_relation relation;
	bool change;		/* not the value, but the difference to that of `since` */
	bool shrinks;		/* and it is what it became less by */
	size_t since;		/* moment; SIZE_MAX: the one before */
	struct grade_sum a, b, within;
	char *text;		/* PERMS, OUTPUT; command of a tool */
	int signal;		/* STATUS: killed by it; 0: `a` is the status */
	enum mms_call call;
	enum mms_mm_field limit;
	unsigned int samples;	/* LIST: 0: all, and no others */
	enum grade_measure told;	/* TELL: what the tool is to tell */
	enum grade_state state;	/* ASK, LIST: of which pages */
	struct grade_saying saying;	/* ASK, LIST with samples */
};

struct grade_moment {
	int line;
	enum grade_when when;
	char *name;
	char *text;		/* MARKER: what the line begins with */
	int signal;
	enum mms_call call;
	uint64_t nth;
	unsigned int ms;	/* AFTER, EVERY */
	size_t first, count;	/* its checks */
};

struct grade_spec {
	char *title;
	unsigned int time_ms, processes;
	uint64_t memory, output, file;	/* bytes */
	char *input;
	char **before, **after;		/* commands of the instructor's */
	size_t befores, afters;
	size_t moments, checks;
	struct grade_moment *moment;
	struct grade_check *check;
};

/*
 * Reads a specification; `what` is its name, for errors.  Pure.  Errors: MMS_USAGE, with
 * the line; MMS_FAILED (no memory).  Free with grade_spec_free(), also after a failure.
 */
int grade_spec_parse(struct grade_spec *spec, const char *text, size_t len, const char *what,
		     struct mms_error *err);
void grade_spec_free(struct grade_spec *spec);
const char *grade_when_name(enum grade_when when);
const char *grade_state_name(enum grade_state state);
/* Whether a measure needs the allocator's calls. */
bool grade_needs_mallocs(const struct grade_spec *spec);

/* ---- what was found ------------------------------------------------------------ */

enum grade_verdict {
	GRADE_PENDING,		/* its moment never came */
	GRADE_RIGHT, GRADE_WRONG,
	GRADE_UNKNOWN,		/* it cannot be measured here */
};

struct grade_result {
	enum grade_verdict verdict;
	char found[GRADE_WHY];	/* "132.0K", "the break is ...": what it was */
};

/* What a marker picked up. */
struct grade_word {
	char *name, *value;
};

/* How the program ended, and whether that was of its own. */
enum grade_end { GRADE_ENDED, GRADE_TIME, GRADE_MEMORY, GRADE_PROCESSES, GRADE_TOO_MUCH,
		 GRADE_STOPPED };

/* A value at an earlier moment, for what changed since. */
struct grade_value {
	bool known;
	uint64_t value;
	char why[GRADE_WHY];		/* it is not known */
};

struct grade_leaks;

struct grade_run {
	const struct grade_spec *spec;
	enum mms_source source;
	uint64_t seed;
	struct mms_trace *trace;
	pid_t pid;
	struct mms_target *target;	/* NULL: not opened since the last exec */
	struct grade_result *result;	/* by check */
	struct grade_value *value;	/* by check: what it was at the moment before */
	bool *came;			/* by moment */
	uint64_t *due;			/* by moment: EVERY, nanoseconds */
	uint64_t began;
	uint64_t calls[MMS_CALL_COUNT];
	bool brk_known;			/* by the last brk of the program */
	uint64_t brk;
	struct grade_word *word;
	size_t words;
	struct grade_leaks *leaks;
	char no_leaks[GRADE_WHY];	/* or why they are not known */
	char source_name[16];
	/* output */
	int pty, slave, input;
	char slave_name[64];
	uint64_t written, read;		/* bytes, by calls and by us */
	char *output;			/* all of it, to its limit */
	size_t output_len, line_at;	/* where the line begins that is not looked at yet */
	/* the end */
	uint64_t deadline;
	enum grade_end end;
	bool ended;
	int status;
	size_t left;			/* threads that were alive when it had ended */
	char cgroup[300];		/* its path, or "" */
	bool memory_by_group;
};

/* ---- run.c ---- */

/*
 * Runs a program and judges it.  r->spec, source and seed are set, the rest zero.
 * Errors: as mms_trace_start(); nothing was judged then.  Free with grade_run_free().
 */
int grade_run(struct grade_run *r, char *const argv[], struct mms_error *err);
void grade_run_free(struct grade_run *r);
/* "it did not end within 10 s", "it was killed by SIGSEGV" ... Returns buf. */
char *grade_end_words(const struct grade_run *r, char *buf, size_t size);

/* ---- judge.c ---- */

/* A moment has come: its checks are judged, and later ones count from here. */
void grade_judge_moment(struct grade_run *r, size_t moment);
/* What is known only now that it has ended. */
void grade_judge_end(struct grade_run *r);

/* ---- measure.c ---- */

/*
 * Measures what a check is about, now, the program held.  Returns 0, or -1: `why`
 * says why it cannot be told.  PERMS puts its text to `text`.
 */
int grade_measure(struct grade_run *r, const struct grade_check *c, uint64_t *value,
		  char text[80], char why[GRADE_WHY]);
/* The range of a region that is one; -1 with `why`. */
int grade_range(struct grade_run *r, const struct grade_region *region, uint64_t *start,
		uint64_t *end, char why[GRADE_WHY]);
int grade_sum(const struct grade_run *r, const struct grade_sum *sum, uint64_t *value,
	      char why[GRADE_WHY]);
/* Opens the target if it is not open; -1 with `why`. */
int grade_open(struct grade_run *r, char why[GRADE_WHY]);
/* In the unit of the measure: "132.0K", "3", "0x..." */
void grade_value_words(enum grade_measure measure, uint64_t value, char *buf, size_t size);
const char *grade_measure_name(enum grade_measure measure);

/* ---- tool.c ---- */

/* Asks a tool, and files what came of it for the check. */
void grade_tool(struct grade_run *r, size_t check);

/* ---- limits.c ---- */

/* A group of its own for memory, if that is possible here. */
void grade_limits_begin(struct grade_run *r);
/* In the child; only what is safe after fork(). */
void grade_limits_child(const struct grade_run *r);
/* Whether it was the limit of memory that killed it. */
bool grade_limits_memory(const struct grade_run *r);
void grade_limits_end(struct grade_run *r);

/* ---- leaks.c ---- */

struct grade_leaks *grade_leaks_new(void);
void grade_leaks_free(struct grade_leaks *l);
void grade_leaks_note(struct grade_leaks *l, const struct mms_trace_event *event);
/* Bytes that were asked for and not freed; false: that is not known. */
bool grade_leaks_sum(const struct grade_leaks *l, uint64_t *bytes, uint64_t *blocks);

#endif
