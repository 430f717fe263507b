/* SPDX-License-Identifier: GPL-2.0 */
/*
 * witness.h - who can be asked about the memory of a process beside the module,
 * what each of them says, and why two of them may differ.
 *
 * A witness answers its own way: the module from the page tables, mincore(2)
 * and brk(2) by being called inside the process, pagemap, PAGEMAP_SCAN, smaps
 * and PROCMAP_QUERY through procfs, the C library from its own notes.  What
 * they say is set side by side.  A difference has a name from the closed list
 * below, with the exact condition under which it is none; or it is a failure.
 *
 * Ownership, errors and threads are as in libmmscope.h.
 */
#ifndef LIBMMSCOPE_WITNESS_H
#define LIBMMSCOPE_WITNESS_H

#include "libmmscope.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- calls made inside a process ------------------------------------------ */

/*
 * A way to make system calls inside a process: ptrace, from a helper process
 * of its own (the keeper), which puts everything back and lets the process go
 * when it is told to, and when the one who asked has died.  Only SIGKILL to
 * the keeper itself in the few microseconds of a call could harm the process;
 * the keeper is in a session of its own, so that a kill of the caller's group
 * does not reach it.
 *
 * mincore needs room for its answer inside: two pages of shared memory, mapped
 * at the first use, unmapped at the end.
 */
struct mms_inside;

/*
 * Nothing is done to the process yet.  For the caller itself no ptrace is
 * needed.  Fails where it could not work: MMS_DENIED (the rules of ptrace, or
 * another tracer), MMS_FAILED (a seccomp filter, which might kill the process
 * for the call; a 32-bit process; an architecture that this library cannot do
 * it on), MMS_GONE.
 */
int mms_inside_open(struct mms_target *target, struct mms_inside **inside,
		    struct mms_error *err);
/*
 * The same for a process that makes calls when it is told to, as the subject of
 * a lesson does: `call` and `mincore` have it make them, and return 0 or an
 * errno (the order did not get through).  It cannot be held.  `arg` must
 * outlive it.
 */
struct mms_inside_ways {
	int (*call)(void *arg, long number, const uint64_t args[6], int64_t *result);
	int (*mincore)(void *arg, uint64_t start, size_t pages, unsigned char *vector,
		       int *answer);
};
int mms_inside_through(struct mms_target *target, const struct mms_inside_ways *ways, void *arg,
		       struct mms_inside **inside, struct mms_error *err);

/* Lets it go, if it is held, and undoes what was mapped.  NULL is fine. */
void mms_inside_close(struct mms_inside *inside);

/*
 * Makes one system call inside; *result is its value, or a negative errno.
 * A held process stays held; any other is stopped for the time of the call.
 */
int mms_inside_call(struct mms_inside *inside, long number, const uint64_t args[6],
		    int64_t *result, struct mms_error *err);
/*
 * mincore(2) for `pages` pages from `start` (page-aligned), at most
 * MMS_INSIDE_PAGES: one byte a page, of which bit 0 is the answer.
 * *answer is what the call returned: 0, or an errno (ENOMEM: a hole in it).
 */
#define MMS_INSIDE_PAGES	4096
int mms_inside_mincore(struct mms_inside *inside, uint64_t start, size_t pages,
		       unsigned char *vector, int *answer, struct mms_error *err);

/*
 * Stops every thread until mms_inside_let_go() or _close(), or until the
 * caller dies.  Signals sent meanwhile are delivered afterwards.  Of the
 * caller itself: MMS_FAILED.
 */
int mms_inside_hold(struct mms_inside *inside, struct mms_error *err);
void mms_inside_let_go(struct mms_inside *inside);

/* ---- what is said of a page ----------------------------------------------- */

/* What can be said of one page by more than one witness. */
enum mms_claim {
	MMS_CLAIM_PRESENT,	/* its entry maps memory */
	MMS_CLAIM_SWAPPED,	/* its entry is of something that is not there */
	MMS_CLAIM_IN_CORE,	/* a touch needs no I/O */
	MMS_CLAIM_FILE,		/* of a file or of shared memory */
	MMS_CLAIM_EXCLUSIVE,	/* present, and mapped nowhere else */
	MMS_CLAIM_SOFT_DIRTY,
	MMS_CLAIM_UFFD_WP,
	MMS_CLAIM_ZERO,		/* the zero page */
	MMS_CLAIM_HUGE,		/* mapped by a huge entry */
	MMS_CLAIM_GUARD,	/* a guard region */
	MMS_CLAIM_COUNT
};
#define MMS_CLAIM(name)	(1U << MMS_CLAIM_##name)

const char *mms_claim_name(enum mms_claim claim);	/* "present", "in-core" ... */

/* What one witness says of one page. */
struct mms_said {
	uint32_t told;		/* claims that it speaks of; 0: it says nothing */
	uint32_t yes;		/* those of them that it affirms */
	uint32_t rough;		/* those of huge pages that are told once for all, or not */
	uint64_t frame;		/* page frame, or swap place, as pagemap has it; 0: untold */
	uint64_t categories;	/* MMSCOPE_CAT_*: by the module; by mincore CACHE_UNKNOWN, if */
				/* the process is not told what is cached */
};

/* ---- witnesses ------------------------------------------------------------ */

enum mms_witness {
	MMS_WITNESS_KERNEL,	/* the module */
	MMS_WITNESS_MINCORE,	/* mincore(2), called inside the process */
	MMS_WITNESS_PAGEMAP,	/* /proc/PID/pagemap */
	MMS_WITNESS_SCAN,	/* its ioctl PAGEMAP_SCAN, Linux 6.7 */
	MMS_WITNESS_SMAPS,	/* /proc/PID/smaps, by VMA */
	MMS_WITNESS_PROCMAP,	/* the ioctl PROCMAP_QUERY on maps, Linux 6.11 */
	MMS_WITNESS_BRK,	/* brk(0), called inside the process */
	MMS_WITNESS_LIBC,	/* the C library's own note of the break */
	MMS_WITNESS_COUNT
};

const char *mms_witness_name(enum mms_witness witness);	/* "kernel", "pagemap" ... */
const char *mms_witness_help(enum mms_witness witness);	/* one line */

/* A target, and every witness that can be reached about it. */
struct mms_inquiry;

/*
 * Finds out who can speak.  `inside` may be NULL: then nothing is called
 * inside.  Both must outlive the inquiry.  That the module cannot be asked is
 * an error here (MMS_NO_MODULE); any other absence is told by
 * mms_witness_absent().
 */
int mms_inquire(struct mms_target *target, struct mms_inside *inside,
		struct mms_inquiry **inquiry, struct mms_error *err);
void mms_inquiry_close(struct mms_inquiry *inquiry);	/* NULL is fine */

/* Why this witness does not speak, or NULL if it does.  Owned by the inquiry. */
const char *mms_witness_absent(const struct mms_inquiry *inquiry, enum mms_witness witness);
/* Whether it speaks of single pages, of VMAs, and of the break. */
bool mms_witness_of_pages(enum mms_witness witness);
bool mms_witness_of_vmas(enum mms_witness witness);
bool mms_witness_of_break(enum mms_witness witness);

/*
 * What it says of `count` pages from `start`, which should lie in one VMA; at
 * most MMS_INSIDE_PAGES.  Of pages that are mapped no more it says nothing
 * (told 0).
 */
int mms_ask_pages(struct mms_inquiry *inquiry, enum mms_witness witness, uint64_t start,
		  size_t count, struct mms_said *said, struct mms_error *err);
/*
 * The VMAs as it lists them; from the module and smaps with accounts.  Free
 * with mms_vmas_free().
 */
int mms_ask_vmas(struct mms_inquiry *inquiry, enum mms_witness witness,
		 struct mms_vmas *vmas, struct mms_error *err);
/* The program break. */
int mms_ask_break(struct mms_inquiry *inquiry, enum mms_witness witness, uint64_t *brk,
		  struct mms_error *err);

/* ---- differences ---------------------------------------------------------- */

/* The closed list.  mms_difference_explain() has a paragraph on each. */
enum mms_difference {
	MMS_DIFF_ZERO_PAGE,
	MMS_DIFF_PAGE_CACHE,
	MMS_DIFF_SWAP_CACHE,
	MMS_DIFF_PRIVACY,
	MMS_DIFF_SPECIAL,
	MMS_DIFF_HUGETLB,
	MMS_DIFF_HUGE_BARRED,
	MMS_DIFF_NON_PRESENT,
	MMS_DIFF_SHMEM_SWAP,
	MMS_DIFF_HUGE_ZERO,
	MMS_DIFF_SOFT_DIRTY_VMA,
	MMS_DIFF_FIRST_PAGE,
	MMS_DIFF_HUGE_FILE,
	MMS_DIFF_PSS,
	MMS_DIFF_COUNTER_LAG,
	MMS_DIFF_HEAP_ROUNDED,
	MMS_DIFF_LIBC_NOTE,
	MMS_DIFF_FLAG_UNNAMED,
	MMS_DIFF_RACED,
	MMS_DIFF_COUNT
};
#define MMS_DIFF(name)	(1U << MMS_DIFF_##name)

const char *mms_difference_name(enum mms_difference difference);   /* "zero-page" ... */
const char *mms_difference_brief(enum mms_difference difference);  /* one line */
const char *mms_difference_explain(enum mms_difference difference); /* a paragraph */
/* By name; MMS_DIFF_COUNT if there is no such. */
enum mms_difference mms_difference_find(const char *name);

/* How what a witness says of a page compares with what the module says. */
struct mms_judgement {
	uint32_t named;		/* differences that have a name: MMS_DIFF() */
	uint32_t wrong;		/* claims that differ without one; bit 31: the frame */
};
#define MMS_WRONG_FRAME	(1U << 31)

/*
 * Pure.  `vma` is the VMA that covers the page.
 */
struct mms_judgement mms_judge(enum mms_witness witness, const struct mms_said *kernel,
			       const struct mms_said *said, const struct mms_vma *vma);

/* ---- the whole, side by side ---------------------------------------------- */

/* What is asked of each witness, and adds up over a process. */
enum mms_question {
	MMS_ASK_BREAK,		/* an address */
	MMS_ASK_VMAS,		/* a number */
	MMS_ASK_RESIDENT,	/* pages that are there */
	MMS_ASK_SWAPPED,	/* pages in swap */
	MMS_ASK_LOCKED,		/* bytes in locked VMAs */
	MMS_ASK_COUNT
};
const char *mms_question_name(enum mms_question question);

/* One difference without a name. */
struct mms_failure {
	enum mms_witness witness;
	uint64_t address;	/* the page, or the VMA's start; 0: of the whole */
	uint64_t vma_start;	/* the VMA it is in; 0: none */
	char kernel[80];	/* what the module says */
	char other[80];		/* what the witness says */
	char what[40];		/* of what they speak: "present", "Rss" ... */
};
#define MMS_FAILURES_MAX	64

struct mms_verdict {
	/* What each witness said in all; meaningless unless has[][]. */
	uint64_t total[MMS_ASK_COUNT][MMS_WITNESS_COUNT];
	bool has[MMS_ASK_COUNT][MMS_WITNESS_COUNT];
	/* Pages (for those about the whole: occurrences) by name and witness. */
	uint64_t named[MMS_DIFF_COUNT][MMS_WITNESS_COUNT];
	char absent[MMS_WITNESS_COUNT][160];	/* why it did not speak, or "" */
	uint64_t pages;		/* compared one by one */
	uint64_t unsampled;	/* untouched pages of huge reserves that were left out */
	uint64_t vmas;		/* compared */
	bool held;		/* the process stood still for all of it */
	bool room;		/* one VMA in it, of two pages, was ours: room for mincore */
	uint64_t failures;	/* differences without a name */
	struct mms_failure failure[MMS_FAILURES_MAX];	/* the first of them */
};

/* For mms_verify(): called now and then, for a progress line; may be NULL. */
typedef void (*mms_progress_fn)(uint64_t done_pages, uint64_t all_pages, void *arg);

#define MMS_VERIFY_HOLD	(1U << 0)	/* hold the process still meanwhile */

/*
 * Asks every witness about everything and compares.  Where answers differ
 * while the process runs, it is asked again; if they still differ, the process
 * is held for a moment and asked once more: only if they agree then, or if the
 * module itself saw the page move, is the difference called raced.
 * Returns 0 with *verdict filled in, whatever it says.
 * Errors: MMS_NO_MODULE, MMS_GONE, MMS_DENIED, MMS_FAILED.
 */
int mms_verify(struct mms_target *target, unsigned int flags, mms_progress_fn progress,
	       void *arg, struct mms_verdict *verdict, struct mms_error *err);

#ifdef __cplusplus
}
#endif
#endif /* LIBMMSCOPE_WITNESS_H */
