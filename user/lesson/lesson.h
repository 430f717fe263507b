/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lesson.h - everything that the author of a lesson needs: the subject and its
 * orders, the machine, steps, predictions and expectations.  README beside
 * this file shows how to write one; demand.c is the model.
 *
 * ADDING A LESSON is adding one file, user/lesson/NAME.c, with
 * `const struct lesson_info lesson_NAME`.  user/build.mk lists the names in the
 * order of the course, and writes a table of those whose file is there; nothing
 * else is to be touched.  (More files that belong to it: NAME-anything.c.)
 *
 * HOW IT RUNS.  A lesson is a sequence of steps.  A step has a title; it
 * predicts, gives orders to a subject, and expects.  Each expectation is one
 * TAP line, lesson.NAME.STEP.WHAT; `what` is a word or two of [a-z0-9-], unique
 * in the step and the same on every machine.  A wrong one is told, and the
 * lesson goes on.  If it cannot go on (the subject died of its own accord), it
 * is abandoned by a jump out of it: keep nothing that must be freed.
 *
 * WHAT MUST NOT BE PREDICTED.  Nothing is written here that is true of one
 * machine only: figures are derived from struct machine and from the model of
 * malloc (glibc.h).  What cannot be derived is skipped, with the reason.
 */
#ifndef LESSON_LESSON_H
#define LESSON_LESSON_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "glibc.h"
#include "machine.h"
#include "subject/protocol.h"
#include "witness.h"

#define PRINTF(f, a) __attribute__((format(printf, f, a)))

struct lesson;

struct lesson_info {
	const char *name;
	const char *brief;	/* one line for the list, below 60 characters */
	const char *about;	/* a paragraph before the first step */
	const char *args;	/* "[SIZE...]" that it takes behind --, or NULL */
	const char *const *learnt;	/* sentences at the end; NULL ends */
	const char *const *slides;	/* where older course slides differ; or NULL */
	void (*run)(struct lesson *l);
};

/* ---- what a lesson is run with --------------------------------------------- */

/* As long as the lesson runs.  Complete after the first subject was started. */
const struct machine *lesson_machine(const struct lesson *l);
/* What stood behind -- on the command line. */
int lesson_nargs(const struct lesson *l);
const char *lesson_arg(const struct lesson *l, int i);
/* Whether the subjects of this run are static. */
bool lesson_static(const struct lesson *l);

/* ---- steps ----------------------------------------------------------------- */

/*
 * Begins a step.  `slug` names it in TAP: [a-z0-9-].  The breaks of all
 * subjects are noted, for expect_break().
 */
void step(struct lesson *l, const char *slug, const char *title, ...) PRINTF(3, 4);
/* What will be seen, and why.  Before the orders; may be said more than once. */
void predict(struct lesson *l, const char *text, ...) PRINTF(2, 3);
/* What is done, where no order tells it by itself. */
void doing(struct lesson *l, const char *text, ...) PRINTF(2, 3);
/* What was seen, beside what the expectations tell; `who` says it: "libc". */
void observe(struct lesson *l, const char *who, const char *text, ...) PRINTF(3, 4);
/* A remark for the reader. */
void note(struct lesson *l, const char *text, ...) PRINTF(2, 3);
/*
 * The step (or the rest of it) is not done: exactly what is missing, and the
 * command that gets it, or NULL.  Go on to the next step after it.
 */
void skip_step(struct lesson *l, const char *mend, const char *why, ...) PRINTF(3, 4);
/* Without this the lesson makes no sense: a failure, and it ends here. */
void need(struct lesson *l, bool cond, const char *text, ...) PRINTF(3, 4);
/* Whether anything failed in this step so far. */
bool step_failed(const struct lesson *l);

/* ---- expectations ---------------------------------------------------------- */
/* All return whether it was as expected. */

enum unit { UNIT_BYTES, UNIT_PAGES, UNIT_NUMBER, UNIT_ADDRESS, UNIT_SIGNED, UNIT_ERRNO };

bool expect_true(struct lesson *l, const char *what, bool cond, const char *text, ...) PRINTF(4, 5);
/* `label` says what the figure is: "growth of the break". */
bool expect_equal(struct lesson *l, const char *what, const char *label, uint64_t got,
		  uint64_t want, enum unit unit);
bool expect_between(struct lesson *l, const char *what, const char *label, uint64_t got,
		    uint64_t low, uint64_t high, enum unit unit);

struct subject;

/*
 * The state of `pages` pages from `address`, each compared with the pattern and
 * with every witness: the module must say what the pattern says, and every
 * other one must agree with the module or differ in a way that has a name,
 * which is told then.  smaps is asked if the range is a VMA of its own.
 *
 * A pattern is a letter for each page, "*N" behind a letter repeats it, a last
 * "*" repeats it to the end; blanks are skipped: "R*2 .*".
 *	.  not there: never touched, or gone again
 *	z  the zero page		Z  the huge zero page
 *	R  memory of its own		H  the same, mapped by a huge entry
 *	F  a page of a file		M  of shared memory or tmpfs
 *	S  in swap			T  of shared memory, in swap
 *	c  not there, but in the page cache (mincore says 1)
 *	u  not there; whether it is in the page cache may not be told
 *	g  a guard region		s  special: [vvar] and the like
 *	h  of the hugetlb pool		_  not mapped at all
 * and sets of them: P present (z Z R H F M h s), N not present (. c u S T g),
 * A of its own, huge or not (R H), 0 zero, huge or not (z Z), ? any.
 */
bool expect_pages(struct lesson *l, const char *what, struct subject *s, uint64_t address,
		  size_t pages, const char *pattern, ...) PRINTF(6, 7);
/*
 * What the module alone tells: every page has all of `all` and none of `none`
 * (MMSCOPE_CAT()): mlocked, dirty, writable, lazyfree ...
 */
bool expect_categories(struct lesson *l, const char *what, struct subject *s, uint64_t address,
		       size_t pages, uint64_t all, uint64_t none);
/*
 * The break moved by `delta` since the step began; by the module, brk(2) and
 * the C library's own note.
 */
bool expect_break(struct lesson *l, const char *what, struct subject *s, int64_t delta);
/*
 * The VMAs over `pages` pages from `address`, by every witness: permissions as
 * in maps and the number of pages: "rw-p*4 ---p*8 rw-p*20"; "none*3" is a hole.
 * What sticks out at either end does not count.
 */
bool expect_vmas(struct lesson *l, const char *what, struct subject *s, uint64_t address,
		 size_t pages, const char *layout, ...) PRINTF(6, 7);
/* Flags of the VMA that covers `address`: MMSCOPE_VMA_*, those set and not set. */
bool expect_vma_flags(struct lesson *l, const char *what, struct subject *s, uint64_t address,
		      uint64_t set, uint64_t clear);
/* Page faults (minor and major) that the last order took. */
bool expect_faults(struct lesson *l, const char *what, struct subject *s, uint64_t low,
		   uint64_t high);
/* The errno of the last order; 0: it succeeded. */
bool expect_errno(struct lesson *l, const char *what, struct subject *s, int errnum);
/*
 * Has the subject do one access ('r', 'w', 'x') and expects this signal and
 * si_code at exactly that address; signo 0: that nothing happens.
 */
bool expect_fault(struct lesson *l, const char *what, struct subject *s, uint64_t address,
		  char how, int signo, int code);
/*
 * The subject dies of this signal (give the order for it with subject_fatal()),
 * and what it wrote to stderr matches `regex` (extended; NULL: no matter).
 */
bool expect_death(struct lesson *l, const char *what, struct subject *s, int signo,
		  const char *regex);
/*
 * Page frame i of one is that of the other, or none is.  As root; skips the
 * expectation otherwise.  Present pages only.
 */
bool expect_frames(struct lesson *l, const char *what, struct subject *a, uint64_t address_a,
		   struct subject *b, uint64_t address_b, size_t pages, bool same);

/* ---- looking, without expecting -------------------------------------------- */

/* The letter of each page, by the module; buf holds pages + 1. */
void look_pages(struct lesson *l, struct subject *s, uint64_t address, size_t pages, char *buf);
/* Draws them, with a legend. */
void strip(struct lesson *l, struct subject *s, uint64_t address, size_t pages);
/* The break, by the module. */
uint64_t look_break(struct lesson *l, struct subject *s);
/* The VMA that covers `address`; false if none does.  The name is not kept. */
bool look_vma(struct lesson *l, struct subject *s, uint64_t address, struct mms_vma *vma);
/* smaps of the VMA that covers `address`: one figure in bytes, "Rss"; -1: none. */
int64_t look_smaps(struct lesson *l, struct subject *s, uint64_t address, const char *field);
/* A figure of /proc/PID/status in its own unit (kB for sizes): "VmLck"; -1: none. */
int64_t look_status(struct lesson *l, struct subject *s, const char *field);
/* Page frames as pagemap has them; 0: not present, or not told.  For root. */
bool look_frames(struct lesson *l, struct subject *s, uint64_t address, size_t pages,
		 uint64_t *frames);
/* The figures of the address space, by the module. */
bool look_mm(struct lesson *l, struct subject *s, struct mms_mm *mm);
/* A number in a file of the machine, such as a counter of /proc/vmstat; -1: none. */
int64_t look_vmstat(const char *name);

/* ---- the subject ------------------------------------------------------------ */

enum subject_stdout { SUBJECT_OUT_NULL, SUBJECT_OUT_PIPE, SUBJECT_OUT_TTY };

struct subject_options {
	enum subject_stdout out;	/* what its stdout is */
	const char *const *env;		/* "NAME=value" set, "NAME" unset; NULL ends; or NULL */
	const char *cgroup;		/* starts in this cgroup's folder; or NULL */
	bool no_aslr;			/* its addresses are not randomised, as by setarch -R */
	bool quiet;			/* its orders are not told */
};

/*
 * A fresh process.  `options` may be NULL.  Never returns NULL: without a
 * subject the lesson ends.  All are stopped when the lesson ends.
 */
struct subject *subject_start(struct lesson *l, const struct subject_options *options);
/* Ends it (SIGKILL) and forgets it. */
void subject_stop(struct subject *s);
pid_t subject_pid(const struct subject *s);
const struct subject_hello *subject_hello(const struct subject *s);
struct mms_target *subject_target(struct subject *s);
struct mms_inquiry *subject_inquiry(struct subject *s);
/* The last reply: result, errnum, faults, the library's break. */
const struct subject_reply *subject_last(const struct subject *s);
/* Orders are told ("do malloc(1024) = 0x...") unless it is quiet. */
void subject_quiet(struct subject *s, bool quiet);
/* The orders that follow are done by this thread; 0 is the first. */
void subject_thread(struct subject *s, unsigned int thread);
/* The next order is not waited for: collect it with subject_await(thread). */
void subject_unawaited(struct subject *s);
int64_t subject_await(struct subject *s, unsigned int thread);
/* The next order is meant to kill it: that it does is no failure. */
void subject_fatal(struct subject *s);
bool subject_dead(const struct subject *s);
/* What it wrote to stderr or stdout (a pipe or terminal) so far; escaped lines. */
const char *subject_stderr(struct subject *s);
const char *subject_stdout(struct subject *s);

/*
 * Orders.  Those that return a pointer return 0 for NULL and UINT64_MAX for
 * (void *)-1.  errno is in subject_last(s)->errnum.
 */
uint64_t subject_sbrk(struct subject *s, int64_t increment);
int64_t subject_raw_brk(struct subject *s, uint64_t address);	/* brk(2) past the library */
uint64_t subject_malloc(struct subject *s, uint64_t size);
uint64_t subject_calloc(struct subject *s, uint64_t number, uint64_t size);
uint64_t subject_realloc(struct subject *s, uint64_t pointer, uint64_t size);
void subject_free(struct subject *s, uint64_t pointer);
uint64_t subject_usable_size(struct subject *s, uint64_t pointer);
uint64_t subject_memalign(struct subject *s, uint64_t alignment, uint64_t size);
int64_t subject_mallopt(struct subject *s, int parameter, int value);	/* M_* of malloc.h */
bool subject_mallinfo(struct subject *s, struct subject_mallinfo *info);
int64_t subject_malloc_trim(struct subject *s, uint64_t pad);
/* malloc_stats(); what it printed. */
const char *subject_malloc_stats(struct subject *s);
/* `number` mallocs; all but every `keep`-th are freed then (0: none is). The first. */
uint64_t subject_malloc_many(struct subject *s, uint64_t number, uint64_t size, uint64_t keep);
/* printf() and fflush() of this text: stdio makes its buffer. */
int64_t subject_printf(struct subject *s, const char *text);
/*
 * The model of its heap as it is now: right as long as nothing was freed.
 * False, with the reason, if this malloc is not known.
 */
bool subject_heap(struct subject *s, struct glibc_heap *heap, const char **why);

uint64_t subject_mmap(struct subject *s, uint64_t address, uint64_t length, int prot, int flags,
		      int fd, uint64_t offset);
int64_t subject_munmap(struct subject *s, uint64_t address, uint64_t length);
uint64_t subject_mremap(struct subject *s, uint64_t address, uint64_t old_length,
			uint64_t new_length, int flags, uint64_t new_address);
int64_t subject_mprotect(struct subject *s, uint64_t address, uint64_t length, int prot);
int64_t subject_madvise(struct subject *s, uint64_t address, uint64_t length, int advice);
int64_t subject_mlock(struct subject *s, uint64_t address, uint64_t length);
int64_t subject_mlock2(struct subject *s, uint64_t address, uint64_t length, int flags);
int64_t subject_munlock(struct subject *s, uint64_t address, uint64_t length);
int64_t subject_mlockall(struct subject *s, int flags);
int64_t subject_munlockall(struct subject *s);
/* At most MMS_INSIDE_PAGES; bit 0 of each byte is the answer. */
int64_t subject_mincore(struct subject *s, uint64_t address, uint64_t length,
			unsigned char *vector);
int64_t subject_setrlimit(struct subject *s, int resource, uint64_t soft, uint64_t hard);
int64_t subject_prctl(struct subject *s, int option, uint64_t a, uint64_t b, uint64_t c);
int64_t subject_open(struct subject *s, const char *path, int flags, unsigned int mode);
int64_t subject_memfd(struct subject *s, const char *name, unsigned int flags);
int64_t subject_ftruncate(struct subject *s, int fd, uint64_t length);
int64_t subject_pread(struct subject *s, int fd, uint64_t to, uint64_t length, uint64_t offset);
int64_t subject_pwrite(struct subject *s, int fd, uint64_t from, uint64_t length,
		       uint64_t offset);
int64_t subject_close(struct subject *s, int fd);
/* Any other: `name` is how it is told, "pkey_alloc". */
int64_t subject_syscall(struct subject *s, const char *name, long number, uint64_t a, uint64_t b,
			uint64_t c, uint64_t d, uint64_t e, uint64_t f);
/* An order of your own making; `tell` NULL: it is not told. */
int64_t subject_order(struct subject *s, struct subject_order *order, const char *tell, ...)
	PRINTF(3, 4);

void subject_fill(struct subject *s, uint64_t address, unsigned char byte, uint64_t length);
/* One byte of each page; every `stride`-th page. */
uint64_t subject_read(struct subject *s, uint64_t address, uint64_t pages, uint64_t stride);
void subject_write(struct subject *s, uint64_t address, uint64_t pages, uint64_t stride);
/* Single bytes, up to SUBJECT_TEXT_MAX (poke) or SUBJECT_DATA_MAX (peek). */
bool subject_peek(struct subject *s, uint64_t address, void *to, size_t length);
bool subject_poke(struct subject *s, uint64_t address, const void *from, size_t length);
void subject_probe(struct subject *s, uint64_t address, char how, struct subject_fault *fault);
void subject_count(struct subject *s, uint64_t address, uint64_t times, unsigned int how);
/* The address of a local variable that is gone / what an unset one holds. */
uint64_t subject_local_gone(struct subject *s, unsigned char byte);
uint64_t subject_local_unset(struct subject *s);

/* A child with a handle of its own, made by fork(). */
struct subject *subject_fork(struct subject *s);
/* Its number, 1 and up.  pthread_create() itself callocs in the main arena. */
unsigned int subject_thread_start(struct subject *s);
void subject_thread_end(struct subject *s, unsigned int thread);
/* Becomes "nobody" for good, without a capability. */
int64_t subject_nobody(struct subject *s);

/*
 * `pages` pages of private anonymous memory between inaccessible ones, so that
 * their VMA has no neighbour to merge with; `flags` are added (MAP_SHARED
 * instead of private is fine), `align` is 0 or a multiple of the page size.
 * Ends the lesson if there is no memory.
 */
uint64_t isolated_mmap(struct subject *s, size_t pages, int prot, int flags, uint64_t align);

/* ---- changing the machine --------------------------------------------------- */
/*
 * What puts it back is noted before the change, and done at the end of the
 * lesson, on a failure, on SIGINT, SIGTERM and SIGHUP, and by a guard process
 * if mmscope is killed.  All return 0, or -1 with errno set.
 */
int change_file(struct lesson *l, const char *path, const char *text);
/* "always", "madvise", "never" */
int change_thp(struct lesson *l, const char *mode);
int change_swapoff(struct lesson *l, const char *area);
/* A new cgroup below the root of cgroup2, with the memory controller; its folder. */
int change_cgroup(struct lesson *l, const char *name, char path[256]);
/* A file for the time of the lesson, in a folder on a disk file system if possible. */
int change_tempfile(struct lesson *l, const char *name, uint64_t length, char path[256]);
/* Undoes all of it now. */
void change_undo(struct lesson *l);

#endif
