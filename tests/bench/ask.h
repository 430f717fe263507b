/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ask.h - what the benchmarks `ask` and `growth` are made of: cases (what is
 * asked about), ways (who is asked), the measuring of one against the other,
 * and the report. Nothing here is timed but struct way's ask().
 */
#ifndef BENCH_ASK_H
#define BENCH_ASK_H

#include "kit.h"

/* ---- what is asked ---- */

enum question {
	STATES,		/* runs of pages that are present or swapped */
	FILES,		/* the same, and which are of a file */
	IN_CORE,	/* runs of pages that mincore(2) says yes to */
	COUNT,		/* how many pages are present or swapped: one number */
	VMAS,		/* the VMAs with their names */
	ACCOUNTS,		/* what smaps says of each VMA */
	TOTALS,		/* the same of the whole process */
	QUESTIONS
};
#define ASK(question)	(1U << (question))
extern const char *const question_names[QUESTIONS];

struct asked {
	pid_t pid;
	bool self;		/* who asks is who is asked about */
	bool whole;		/* STATES ... COUNT are of all it maps, not of the region */
	u64 start, end;		/* the region */
	int device, pagemap, maps, smaps, rollup;	/* open files */
};
void ask_open(struct asked *a);		/* by pid; bails out without the module */
void ask_close(struct asked *a);

/* ---- what is answered ---- */

/* States of pages, for struct state_run. */
#define STATE_FILE	1
#define STATE_PRESENT	2	/* for IN_CORE: in core */
#define STATE_SWAPPED	4

struct state_run {
	u64 start, end, state;
};

/* Permissions are those of MMSCOPE_VMA_*: READ, WRITE, EXEC, SHARED. */
struct vma_seen {
	u64 start, end, offset, inode;
	u32 major, minor, perms, name_len;
	const char *name;	/* not terminated */
};

struct vma_sums {
	u64 start, end;
	u64 rss, shared_clean, shared_dirty, private_clean, private_dirty, swap;
	u64 locked;		/* lock intent, 0 or 1: smaps' figure is a Pss, ours is none */
};

/*
 * A way answers in the form that comes to it (`raw`, `count` records, and what
 * else it notes), which is timed; plain() makes of it what can be compared, and
 * is not. The memory is got once, and has been touched when it is timed.
 */
struct answer {
	char *raw, *text;		/* RAW_BYTES, TEXT_BYTES */
	u64 count;			/* of records in raw */
	u64 number;			/* COUNT */
	u64 text_bytes;
	/* The plain form; one of them, `n` records. */
	char *plain;
	u64 n;
};
#define RAW_BYTES	(256UL << 20)
#define TEXT_BYTES	(256UL << 20)
void answer_init(struct answer *out);

struct way {
	const char *name;
	enum question question;
	bool self_only;			/* mincore: nobody is told of others */
	bool no_answer;			/* a bound, not an answer: nothing to check */
	int (*ask)(const struct asked *a, struct answer *out);	/* 0, or an errno */
	void (*plain)(const struct asked *a, struct answer *out);
};
/* Ours comes first of each question. They end with a way without a name. */
extern const struct way page_ways[], vma_ways[];

/* The plain array that COUNT is set against: made to fit what is asked about. */
void array_prepare(const struct asked *a);

/* How many pages, or VMAs, are answered differently. */
u64 runs_differ(const struct answer *ours, const struct answer *theirs);
u64 vmas_differ(const struct answer *ours, const struct answer *theirs);
u64 sums_differ(const struct asked *a, const struct answer *ours, const struct answer *theirs);

/* ask_vmas.c: maps as records of struct vma_seen in out->raw; for others, too. */
int read_maps(const struct asked *a, struct answer *out);

/* ---- what is asked about ---- */

struct region {
	u64 start, end;
	bool whole;
	char why_not[100];	/* what is missing here; "" if nothing is */
};

struct bench_case {
	const char *name, *what;
	void (*build)(struct region *r, u64 bytes);	/* in the process asked about */
	unsigned int other, self;	/* what another asks of it, and it itself */
	bool programs;			/* whole programs are set against each other */
	unsigned int part;		/* of the bytes that the user chose: 1/part */
};
extern const struct bench_case bench_cases[];	/* ends with a name of NULL */
#define SPARSE_PAGES	1000	/* of the cases terabyte and packed */

void build_dense(struct region *r, u64 bytes);
void build_sparse(struct region *r, u64 touched);	/* a terabyte with so many pages */
void build_vmas(struct region *r, u64 count);

/* A child that has built it, and waits to be killed. */
struct target {
	pid_t pid;
	struct region *region;
};
bool target_start(struct target *t, void (*build)(struct region *, u64), u64 size);
void target_end(struct target *t);

/* ---- measuring ---- */

enum standing { ANSWERED, ABSENT, FAILED, DIFFERS };

#define ROUNDS_MOST	101
struct result {
	char of[16];			/* the case */
	bool self;
	enum question question;
	const char *way;		/* NULL: a case that was skipped, see why */
	enum standing standing;
	int error;			/* with FAILED, an errno */
	char why[100];
	u64 records, differing;
	int rounds;
	double quartile[3];		/* nanoseconds */
};

/* Asks each way that can answer `q`, in turns, each for about `seconds`. */
int measure(const struct asked *a, enum question q, double seconds, struct result *to,
	    int room);
double clock_ns(void);
/* Sorts; three quartiles. */
void quartiles(double *v, int n, double out[3]);

/* ---- whole programs ---- */

struct program {
	const char *title;		/* "mmscope show" */
	const char *argv[6];		/* "PID" stands for the target's */
	bool ours;
};
struct run_of {
	char of[16];
	const struct program *program;
	bool absent;
	int status;
	int rounds;
	double quartile[3];
	u64 peak_rss;			/* bytes, the most of all rounds */
};
void programs_begin(void);		/* before anything is allocated */
int programs_measure(const char *of, pid_t pid, double seconds, struct run_of *to, int room);

/* ---- telling ---- */

void report(const struct result *r, int n, const struct run_of *p, int programs, u64 bytes,
	    double seconds);
/* "2.31 ms" in a fixed width; returns text. */
char *time_text(double ns, char text[16]);

#endif /* BENCH_ASK_H */
