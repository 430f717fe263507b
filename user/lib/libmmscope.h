/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libmmscope.h - the C API: ask about the memory of any process.
 * It says what is known, how much of it, and who said so; it never prints,
 * never exits, and never takes "unknown" for zero.
 *
 * SOURCES
 *
 * A target is one address space seen through a source.  The source "module"
 * is /dev/mmscope (see mmscope.h for what it promises); the source "procfs"
 * is what any Linux tells in /proc/PID.  Procfs knows less: what it cannot
 * tell is marked so in the answer, or the call fails with MMS_NO_MODULE.  The
 * source "capture" is a file with all that one of these told at an earlier time.
 *
 * UNITS
 *
 * Addresses are byte addresses in the target; amounts of memory are bytes,
 * unless a name says "pages" (mms_page_size() bytes each).  Ranges are
 * half-open.  Categories are masks of MMSCOPE_CAT(...), VMA flags masks of
 * MMSCOPE_VMA_*, both from mmscope.h, whatever the source.
 *
 * ERRORS
 *
 * Functions that can fail return 0, or -1 with *err filled in.  `err` may be
 * NULL if nobody wants to know.  err->status is an exit status for a tool.
 *
 * OWNERSHIP AND THREADS
 *
 * What is filled into a caller's structure belongs to the caller; where it
 * holds allocated memory, a function ending in _free says so.  Different
 * objects may be used by different threads at once; one object by one thread
 * at a time.  There is no global state.
 */
#ifndef LIBMMSCOPE_H
#define LIBMMSCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "mmscope.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- errors --------------------------------------------------------------- */

/* The exit statuses of mmscope, and what fails a call of this library. */
enum mms_status {
	MMS_OK		= 0,
	MMS_FAILED	= 1,	/* a check failed; or the machine did (memory, I/O) */
	MMS_USAGE	= 2,	/* the question makes no sense */
	MMS_GONE	= 3,	/* no such process, or it went away, or has no memory */
	MMS_DENIED	= 4,	/* not permitted */
	MMS_NO_MODULE	= 5,	/* the module is missing, does not match, or is needed */
};

/*
 * One failure, ready to be shown: "mmscope: WHAT: WHY", and below it MEND if
 * that is not empty.  Texts are one line each, with no newline; parts of them
 * that came from outside are escaped.
 */
struct mms_error {
	int status;		/* enum mms_status */
	int sys_errno;		/* the errno behind it, or 0 */
	char what[160];		/* what was asked about: "process 1234" */
	char why[256];		/* why that was not answered: "no such process" */
	char mend[256];		/* what would help, or "" */
};

/* The query that failed, for mms_explain(). */
enum mms_op {
	MMS_OP_OPEN,		/* open(/dev/mmscope) */
	MMS_OP_INFO,
	MMS_OP_ATTACH,
	MMS_OP_MM,
	MMS_OP_VMAS,
	MMS_OP_PAGES,
	MMS_OP_WALK,
	MMS_OP_PROCFS,		/* opening or reading a file of /proc/PID */
};

/*
 * Turns an errno of a query about process `pid` (0: about none) into a
 * sentence, a status and a mend.  Every errno that mmscope.h documents for the
 * query has its own.  Does not fail; safe in any thread.
 */
void mms_explain(enum mms_op op, int errnum, pid_t pid, struct mms_error *err);

/* Fills *err (unless NULL) as printf would; `mend` may be NULL. Returns -1. */
int mms_fail(struct mms_error *err, int status, const char *mend, const char *what,
	     const char *why_format, ...) __attribute__((format(printf, 5, 6)));

/* ---- who said so ---------------------------------------------------------- */

/* Where a figure is from.  NOWHERE: it is not known, and the value means nothing. */
enum mms_from {
	MMS_FROM_NOWHERE = 0,
	MMS_FROM_MODULE,	/* /dev/mmscope: exact, as of one moment */
	MMS_FROM_MAPS,		/* /proc/PID/maps */
	MMS_FROM_SMAPS,		/* /proc/PID/smaps */
	MMS_FROM_PAGEMAP,	/* /proc/PID/pagemap */
	MMS_FROM_STAT,		/* /proc/PID/stat */
	MMS_FROM_STATUS,	/* /proc/PID/status: counters that may lag */
	MMS_FROM_LIMITS,	/* /proc/PID/limits */
	MMS_FROM_COUNT		/* capture files hold these numbers: new ones go before it */
};

/* "module", "maps", ... "" for NOWHERE.  A constant string. */
const char *mms_from_name(enum mms_from from);

/* One figure and who said so. */
struct mms_fact {
	uint64_t value;		/* meaningless if from is NOWHERE */
	enum mms_from from;
};

static inline bool mms_known(struct mms_fact fact)
{
	return fact.from != MMS_FROM_NOWHERE;
}

/* ---- processes ------------------------------------------------------------ */

/* What /proc/PID/stat and status say of a process; nothing of its memory. */
struct mms_proc {
	pid_t pid;		/* of the process (thread group) */
	char comm[64];		/* its name; may hold any byte but NUL */
	char state;		/* as in ps: R S D Z T ... */
	bool kthread;		/* a kernel thread: it has no memory of its own */
	uid_t uid;		/* real user id */
	unsigned int threads;	/* 0: unknown */
	uint64_t cap_eff;	/* effective capabilities, bit CAP_* */
	bool cap_known;
	uint64_t minor_faults, major_faults;	/* of all its threads; major: with I/O */
	bool faults_known;
	uint64_t start_ns;	/* when it was started, since boot; to a tick of the clock */
	bool start_known;
};

/*
 * Reads *proc for a process or thread id.
 * Errors: MMS_GONE (no such process), MMS_DENIED (hidepid).
 */
int mms_proc_read(pid_t pid, struct mms_proc *proc, struct mms_error *err);

/* When this machine was booted, nanoseconds since 1970, to a second; false: not told. */
bool mms_boot_time(uint64_t *ns);

/* Several processes, by ascending pid. */
struct mms_procs {
	size_t count;
	struct mms_proc *proc;
};
void mms_procs_free(struct mms_procs *procs);

/*
 * Every process that /proc shows to this caller.  Source: the directory /proc.
 * Errors: MMS_FAILED (no /proc, no memory).  Free with mms_procs_free().
 */
int mms_procs_read(struct mms_procs *procs, struct mms_error *err);

/*
 * What a person names a process by: a pid in decimal, "self" (this very
 * process), or a name, compared with the process's comm and with the last part
 * of its argv[0].  All digits are always a pid.  The caller itself is never
 * found by name.
 *
 * *pid is set if exactly one matches.  If several do, that is MMS_USAGE, and
 * *matches (unless NULL) holds them; free it with mms_procs_free() in any case.
 * Errors: MMS_USAGE (not a pid in range, an ambiguous name), MMS_GONE.
 */
int mms_resolve(const char *arg, pid_t *pid, struct mms_procs *matches,
		struct mms_error *err);

/* ---- the module ----------------------------------------------------------- */

/*
 * What the loaded module on this kernel can tell.  Source: INFO.
 * Errors: MMS_NO_MODULE (missing, or its ABI is not ours), MMS_DENIED.
 */
int mms_info(struct mmscope_info *info, struct mms_error *err);

/* ---- targets -------------------------------------------------------------- */

struct mms_target;

enum mms_source {
	MMS_SOURCE_AUTO,	/* the module, or procfs if it cannot be used */
	MMS_SOURCE_MODULE,
	MMS_SOURCE_PROCFS,
	MMS_SOURCE_CAPTURE,	/* only as an answer of mms_target_source(): see below */
};

/*
 * Binds a target to the address space that process (or thread) `pid` of this
 * pid namespace has now.  A pid that is used again by another process later is
 * not mistaken for it.  Close it with mms_close().
 *
 * With AUTO a missing, mismatching or forbidden module is no error:
 * mms_target_lack() tells.  That the process is gone, has no memory, or may
 * not be looked at is an error with every source.
 * Errors: MMS_GONE, MMS_DENIED, MMS_NO_MODULE (with SOURCE_MODULE), MMS_FAILED.
 */
int mms_open(pid_t pid, enum mms_source source, struct mms_target **target,
	     struct mms_error *err);
void mms_close(struct mms_target *target);	/* NULL is fine */

enum mms_source mms_target_source(const struct mms_target *target);
/* "module", "procfs", "capture" */
const char *mms_target_source_name(const struct mms_target *target);
pid_t mms_target_pid(const struct mms_target *target);	/* as given to mms_open() */
/* Who it was when it was opened. */
const struct mms_proc *mms_target_proc(const struct mms_target *target);
/* An open directory /proc/PID, owned by the target; -1 for a capture. */
int mms_target_procfd(const struct mms_target *target);
/* INFO of the module, or NULL with another source. */
const struct mmscope_info *mms_target_info(const struct mms_target *target);
/* Why the module is not (or, of a capture, was not) the source: an error, or NULL if it is. */
const struct mms_error *mms_target_lack(const struct mms_target *target);
/* The categories that mms_pages() can tell of this target. */
uint64_t mms_target_categories(const struct mms_target *target);

/* Bytes in a small page: of this machine; and of the one that the target is from. */
uint64_t mms_page_size(void);
uint64_t mms_target_page_size(const struct mms_target *target);

/* ---- the address space as a whole ----------------------------------------- */

/* The figures of struct mms_mm.  Addresses and bytes, if no other unit is named. */
enum mms_mm_field {
	MMS_MM_BRK,		/* the exact program break; only the module knows */
	MMS_MM_START_BRK,
	MMS_MM_HEAP_END,	/* end of the last VMA of the heap, a page boundary at */
				/* or above the break; only from mms_vmas_read() */
	MMS_MM_START_CODE, MMS_MM_END_CODE,
	MMS_MM_START_DATA, MMS_MM_END_DATA,
	MMS_MM_START_STACK,
	MMS_MM_ARG_START, MMS_MM_ARG_END,
	MMS_MM_ENV_START, MMS_MM_ENV_END,
	MMS_MM_MMAP_BASE,
	MMS_MM_TASK_SIZE,
	MMS_MM_TOTAL_VM,	/* all VMAs */
	MMS_MM_DATA_VM, MMS_MM_EXEC_VM, MMS_MM_STACK_VM,
	MMS_MM_LOCKED_VM,	/* whole VMAs with the lock flag */
	MMS_MM_PINNED_VM,
	MMS_MM_RSS_ANON, MMS_MM_RSS_FILE, MMS_MM_RSS_SHMEM,	/* counters: may lag */
	MMS_MM_SWAP,
	MMS_MM_HIWATER_RSS, MMS_MM_HIWATER_VM,
	MMS_MM_PGTABLES,
	MMS_MM_MAP_COUNT,	/* VMAs, a number */
	MMS_MM_DEF_FLAGS,	/* MMSCOPE_VMA_LOCKED, _LOCKONFAULT: mlockall(MCL_FUTURE) */
	MMS_MM_RLIM_AS, MMS_MM_RLIM_DATA, MMS_MM_RLIM_STACK, MMS_MM_RLIM_MEMLOCK,
				/* soft limits, MMS_UNLIMITED: none */
	MMS_MM_COUNT		/* capture files hold these numbers: new ones go before it */
};

#define MMS_UNLIMITED	UINT64_MAX

enum mms_unit { MMS_UNIT_ADDRESS, MMS_UNIT_BYTES, MMS_UNIT_NUMBER, MMS_UNIT_FLAGS };

struct mms_mm {
	pid_t pid, tid;		/* in this pid namespace; 0: none here, or exited */
	char comm[64];
	struct mms_fact fact[MMS_MM_COUNT];
};

const char *mms_mm_field_name(enum mms_mm_field field);	/* "brk", "rss_anon", ... */
enum mms_unit mms_mm_field_unit(enum mms_mm_field field);

/*
 * The figures of the address space, each with who said so.  With the module
 * they are from one hold of the lock; with procfs from several files, one
 * after the other.
 * Errors: MMS_GONE (exited, or called exec: open it again), MMS_DENIED.
 */
int mms_mm_read(struct mms_target *target, struct mms_mm *mm, struct mms_error *err);

/* ---- VMAs ----------------------------------------------------------------- */

/* What a VMA serves for: derived from its flags, its backing and its neighbours. */
enum mms_purpose {
	MMS_PURPOSE_UNKNOWN,
	MMS_PURPOSE_TEXT,	/* executable code of an ELF object */
	MMS_PURPOSE_RODATA,	/* constants and tables of an ELF object */
	MMS_PURPOSE_RELRO,	/* read-only after relocation */
	MMS_PURPOSE_DATA,	/* writable data of an ELF object */
	MMS_PURPOSE_BSS,	/* zeroed data behind that */
	MMS_PURPOSE_HEAP,	/* grown by brk */
	MMS_PURPOSE_STACK,	/* of the main thread */
	MMS_PURPOSE_THREAD_STACK,
	MMS_PURPOSE_ARENA,	/* a malloc arena of a thread (glibc) */
	MMS_PURPOSE_ANON,	/* private anonymous: mmap, or malloc's mmapped chunks */
	MMS_PURPOSE_CODE,	/* anonymous and executable: generated code */
	MMS_PURPOSE_FILE,	/* a private mapping of a file that is no ELF object */
	MMS_PURPOSE_SHARED_FILE,
	MMS_PURPOSE_SHARED,	/* shared memory without a disk file */
	MMS_PURPOSE_GUARD,	/* a small inaccessible VMA */
	MMS_PURPOSE_RESERVED,	/* a large inaccessible VMA: address space in reserve */
	MMS_PURPOSE_HUGETLB,
	MMS_PURPOSE_VDSO,	/* [vdso], [vvar], [vsyscall] */
	MMS_PURPOSE_DEVICE,
	MMS_PURPOSE_COUNT
};

#define MMS_BACKING_UNKNOWN	255

struct mms_vma {
	uint64_t start, end;
	uint64_t flags;		/* MMSCOPE_VMA_*, those in flags_known */
	uint64_t flags_known;
	uint64_t offset;	/* into the file, bytes */
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	uint32_t role;		/* MMSCOPE_ROLE_* */
	uint32_t pkey;		/* protection key */
	uint8_t pkey_known;
	uint8_t backing;	/* enum mmscope_backing, or MMS_BACKING_UNKNOWN */
	uint8_t page_shift;	/* 0: unknown */
	uint8_t purpose;	/* enum mms_purpose */
	const char *name;	/* not escaped, any byte but NUL; "" if none */
};

/* What smaps tells of a VMA beside what the module tells, in bytes. */
struct mms_smaps {
	uint64_t pss;		/* resident, each page divided by how often it is mapped */
	uint64_t locked;	/* the same of a VMA that is locked, else 0 */
	uint64_t anon_huge;	/* anonymous memory mapped by huge entries */
	uint64_t hugetlb;	/* pages of the hugetlb pool, which Rss leaves out */
};

/*
 * A list of VMAs in address order.  acct, unless NULL, has one entry for each:
 * pages[] counts are known for the categories in acct_categories, rss if
 * acct_rss is set, shared_clean ... private_dirty if acct_parts is.
 */
struct mms_vmas {
	size_t count;
	struct mms_vma *vma;
	struct mmscope_acct *acct;
	struct mms_smaps *smaps;	/* one for each, or NULL: not from smaps */
	uint64_t acct_categories;
	bool acct_rss, acct_parts;
	enum mms_from from;	/* the list */
	enum mms_from acct_from; /* the counts: counted after the list was made */
	uint64_t page_size;	/* of the target, bytes */
	struct mms_mm mm;	/* with the module from the same hold as the list */
	char *names;		/* storage of the names */
};

#define MMS_CATS_PARTS	(MMSCOPE_CAT(SHARED) | MMSCOPE_CAT(DIRTY) | MMSCOPE_CAT(PAGE_DIRTY))

/* For mms_vmas_read(). */
#define MMS_VMAS_NO_NAMES	(1U << 0)	/* faster; purposes are less sure */
#define MMS_VMAS_ACCT		(1U << 1)	/* count pages by category as well */

/*
 * The VMAs that overlap [start, end), and the figures of the address space.
 * `categories` says what to count with MMS_VMAS_ACCT; 0 is everything that can
 * be told.  MMS_CATS_PARTS must be among them for the parts of Rss.  Counting
 * visits the whole range: what no page table covers is skipped fast, so that a
 * sparse terabyte costs little.  With MLOCKED or UNEVICTABLE comes LOCK_UNKNOWN:
 * the pages of which that is not told to this caller, and which are in neither.
 * With procfs: maps, or smaps for the counts (of which it can tell only those
 * that come back in acct_categories).
 * Errors: MMS_GONE, MMS_DENIED, MMS_FAILED (no memory; more VMAs than the
 * module tells at once).  Free with mms_vmas_free(), which is fine to call
 * after a failure.
 */
int mms_vmas_read(struct mms_target *target, uint64_t start, uint64_t end,
		  unsigned int flags, uint64_t categories, struct mms_vmas *vmas,
		  struct mms_error *err);
void mms_vmas_free(struct mms_vmas *vmas);

/*
 * A list for who does not keep it: what mms_vmas_read() tells, told of once or more.
 * If there are more than `most` VMAs (0: MMS_LISTING_PART; else 2 at least), and the
 * module can, they come in parts of about so many, so that the memory it takes does not
 * grow with their number, nor the time that the target is held up.  Then each part is
 * from a hold of its own, and each time they are told of they are read again: what the
 * target changes meanwhile may be missing, or differ.  Else all of it is one part,
 * read once, by mms_listing_new().
 * Errors: those of mms_vmas_read(), of both functions.  `target` must outlive it; free
 * it with mms_listing_free() (NULL is fine).
 */
struct mms_listing;
#define MMS_LISTING_PART	1024

int mms_listing_new(struct mms_target *target, uint64_t start, uint64_t end,
		    unsigned int flags, uint64_t categories, size_t most,
		    struct mms_listing **listing, struct mms_error *err);
/*
 * Called for each part, in address order, which is freed behind it.  A return value
 * other than 0 ends the iteration, which then succeeds.
 */
typedef int (*mms_vmas_fn)(const struct mms_vmas *part, void *arg);
int mms_listing_each(struct mms_listing *listing, mms_vmas_fn fn, void *arg,
		     struct mms_error *err);
/* The figures of the address space, as they were at mms_listing_new(). */
const struct mms_mm *mms_listing_mm(const struct mms_listing *listing);
void mms_listing_free(struct mms_listing *listing);

/* The whole user address space, for `start` and `end`. */
#define MMS_ALL_START	0ULL
#define MMS_ALL_END	UINT64_MAX

/* Index of the VMA that covers `address`, or of the next above it, or count. */
size_t mms_vmas_find(const struct mms_vmas *vmas, uint64_t address);

static inline bool mms_vma_covers(const struct mms_vma *vma, uint64_t address)
{
	return vma->start <= address && address < vma->end;
}

/*
 * Sets the purpose of each VMA; mms_vmas_read() has done so already.
 * `threads` is the number of threads of the process, 0 if unknown: with one
 * thread there are no thread stacks.  Thread stacks, arenas and guards are
 * recognised by the way glibc lays them out; that is a good guess, not a fact.
 */
void mms_vmas_purpose(struct mms_vmas *vmas, unsigned int threads);

const char *mms_purpose_name(enum mms_purpose purpose);	/* "text", "thread-stack", ... */

/*
 * Whether a person who says `word` means the VMA vmas->vma[i]: its purpose
 * ("heap", "thread-stack"), its name with or without the brackets ("vdso"), its
 * path, the last part of that, or what stands before ".so" there ("libc").  The
 * zeroed data behind the data of a file is meant along with the file.
 */
bool mms_vma_is_called(const struct mms_vmas *vmas, size_t i, const char *word);
/* Whether it is of an object that is called so: by its path, "libc.so.6", "libc", "vdso". */
bool mms_vma_object_is(const struct mms_vma *vma, const char *word);
const char *mms_backing_name(unsigned int backing);	/* "anon", "file", ... "" unknown */

/* ---- pages ---------------------------------------------------------------- */

#define MMS_PAGES_FRAMES	(1U << 0)	/* tell page frame numbers */

/* As in mmscope.h, PAGES: what to tell, and of which pages. */
struct mms_pages_query {
	uint64_t start, end;	/* page-aligned; MMS_ALL_END is fine */
	unsigned int flags;	/* MMS_PAGES_* */
	uint64_t categories;	/* what to tell; 0: all that can be told */
	uint64_t all_of, any_of, none_of;
	uint64_t max_pages;	/* 0: no limit */
};

/*
 * Called for each run, in address order.  Runs that touch and say the same
 * arrive as one, also across calls into the kernel, but never across VMAs.
 * A return value other than 0 ends the iteration, which then succeeds.
 */
typedef int (*mms_run_fn)(const struct mmscope_run *run, void *arg);

/*
 * The state of each page in a range.  `run` may be NULL: pages are counted
 * only.  *pages (unless NULL) gets the number of pages told of.  Signals that
 * are caught do not disturb it.
 * Errors: MMS_USAGE (an unaligned range; a category that this source cannot
 * tell), MMS_DENIED (frames), MMS_GONE, MMS_FAILED.
 */
int mms_pages(struct mms_target *target, const struct mms_pages_query *query,
	      mms_run_fn run, void *arg, uint64_t *pages, struct mms_error *err);

/*
 * The one thing that is to be said first of a page: its categories in a word.
 * Of several that hold it is the first in this order.
 */
enum mms_page_state {
	MMS_PAGE_UNKNOWN,	/* nobody told anything of it */
	MMS_PAGE_POISONED, MMS_PAGE_GUARD, MMS_PAGE_DEVICE, MMS_PAGE_MIGRATING,
	MMS_PAGE_SWAPPED,	/* in swap, whether its entry says so or the shared object */
	MMS_PAGE_LOCKED,	/* present, with the page's own lock flag */
	MMS_PAGE_ZERO,		/* the shared zero page */
	MMS_PAGE_SPECIAL,	/* present, but no memory that is counted */
	MMS_PAGE_SHARED,	/* mapped more than once */
	MMS_PAGE_DIRTY,		/* written: it can only be swapped or written back */
	MMS_PAGE_RESIDENT,	/* present, and none of these */
	MMS_PAGE_PRESENT,	/* present; which of these is not told by this source */
	MMS_PAGE_CACHED,	/* not mapped, but a touch needs no I/O */
	MMS_PAGE_ABSENT,	/* not mapped; whether it is cached is not told */
	MMS_PAGE_UNTOUCHED,	/* nothing is there yet, or any more */
	MMS_PAGE_STATE_COUNT
};

/* The categories that tell these states apart, for mms_pages(). */
#define MMS_CATS_STATE \
	(MMSCOPE_CAT(POISONED) | MMSCOPE_CAT(GUARD) | MMSCOPE_CAT(DEVICE) | \
	 MMSCOPE_CAT(MIGRATING) | MMSCOPE_CAT(SWAPPED) | MMSCOPE_CAT(CACHE_SWAPPED) | \
	 MMSCOPE_CAT(PRESENT) | MMSCOPE_CAT(MLOCKED) | MMSCOPE_CAT(LOCK_UNKNOWN) | \
	 MMSCOPE_CAT(ZERO) | MMSCOPE_CAT(SPECIAL) | MMSCOPE_CAT(SHARED) | \
	 MMSCOPE_CAT(DIRTY) | MMSCOPE_CAT(PAGE_DIRTY) | MMSCOPE_CAT(IN_CORE) | \
	 MMSCOPE_CAT(CACHE_UNKNOWN))

/*
 * The state of a page of `vma` that has `categories`, of those that were `told`.
 * Pure.  (A file's page that is in the cache, and locked by others, may be
 * LOCK_UNKNOWN: that is for the caller to see.)
 */
enum mms_page_state mms_page_state(const struct mms_vma *vma, uint64_t categories,
				   uint64_t told);
const char *mms_page_state_name(enum mms_page_state state); /* "untouched", ... */
/* Whether the page tables map a page in this state. */
bool mms_page_state_present(enum mms_page_state state);

/*
 * Pages as they were at one look, kept.  For who has to do something then that
 * changes what is to be seen: to read a file brings it into the page cache.
 */
struct mms_look;

/*
 * Looks at the pages of the VMAs vmas->vma[i] for which wanted[i].  What is too
 * much to keep (a million runs; an anonymous VMA beyond a gigabyte) is not kept,
 * but asked for again when it is needed.  `target` and `vmas` must outlive it.
 * Errors: those of mms_pages(), and MMS_FAILED.  Free with mms_look_free().
 */
int mms_look_new(struct mms_target *target, const struct mms_vmas *vmas, const bool *wanted,
		 uint64_t categories, struct mms_look **look, struct mms_error *err);
void mms_look_free(struct mms_look *look);	/* NULL is fine */

/* ---- parts of memory over pages ------------------------------------------- */

/*
 * A part of memory, of any bounds, and how its bytes are: those in pages of each
 * state.  A page that two parts share is so counted once, in shares.  What is in
 * no state is not mapped (any more), or was not asked about.
 */
struct mms_part {
	uint64_t start, size;	/* set by who asks */
	uint64_t state[MMS_PAGE_STATE_COUNT];	/* bytes, by enum mms_page_state */
	uint64_t dirty, anon;	/* of the bytes in pages that are present, the zero page */
				/* not counted: dirty; and of memory of the process's own */
};

/*
 * Lays parts, in any order, over runs of pages, which come in ascending order.
 * mms_layer_end() completes the parts and frees it; NULL is fine.  Pure.
 * mms_layer_new() returns NULL if there is no memory.
 */
struct mms_layer;
struct mms_layer *mms_layer_new(struct mms_part *part, size_t count);
void mms_layer_run(struct mms_layer *layer, uint64_t start, uint64_t end,
		   enum mms_page_state state, uint64_t categories);
void mms_layer_end(struct mms_layer *layer);

/* The same over the pages of a target, as the look has them.  Errors: as mms_look_new(). */
int mms_look_parts(struct mms_look *look, struct mms_part *part, size_t count,
		   struct mms_error *err);

/* Bytes in pages that the page tables map (the zero page too), or that are on the move. */
uint64_t mms_part_resident(const struct mms_part *part);
/* In pages that are neither there nor in swap: never touched, or dropped since. */
uint64_t mms_part_absent(const struct mms_part *part);
/* Of which nothing was told. */
uint64_t mms_part_unmapped(const struct mms_part *part);
/* The state of all of it in a word, "mixed" or "unmapped"; "" of nothing. */
const char *mms_part_word(const struct mms_part *part);
/* Pages that it has a byte in. */
uint64_t mms_part_pages(const struct mms_part *part);

/* ---- threads -------------------------------------------------------------- */

/* A thread, and where in the address space its stack has come to. */
struct mms_thread {
	pid_t tid;
	uint64_t sp;		/* stack pointer, if sp_known: it must not be running */
	bool sp_known;
};

struct mms_threads {
	size_t count;
	struct mms_thread *thread;	/* by ascending tid */
};

/*
 * The threads of a target.  Source: /proc/PID/task and the file "syscall" there,
 * whatever the source of the target, or the capture; nobody is stopped.
 * Errors: MMS_GONE, MMS_DENIED, MMS_FAILED (no memory; a capture without them).
 * Free with mms_threads_free(), which is fine to call after a failure.
 */
int mms_threads_read(struct mms_target *target, struct mms_threads *threads,
		     struct mms_error *err);
void mms_threads_free(struct mms_threads *threads);

/* ---- one address ---------------------------------------------------------- */

/*
 * The page-table entries that translate `address`, level by level: see WALK in
 * mmscope.h.  With `raw` the entries themselves and their frames as well.
 * Errors: MMS_NO_MODULE (only the module can), MMS_USAGE (not an address of
 * user space), MMS_DENIED (raw), MMS_GONE.
 */
int mms_walk(struct mms_target *target, uint64_t address, bool raw,
	     struct mmscope_walk *walk, struct mms_error *err);

/* ---- ELF objects ---------------------------------------------------------- */

/*
 * One ELF object at one place in a process: what its file says, with the
 * addresses that it has there.  An object that is loaded twice is two of them.
 * Once opened it never changes and needs neither the file nor the target any
 * more: any number of threads may ask it at once.  All texts and tables that
 * it hands out are its own and live until mms_elf_close().
 *
 * The files are as hostile as who wrote them: what makes no sense is left out,
 * and there are bounds (8M symbols, 64K sections) behind which is not looked.
 */
struct mms_elf;

enum mms_symbol_type {
	MMS_SYMBOL_OTHER,	/* a label: neither of these */
	MMS_SYMBOL_FUNC,
	MMS_SYMBOL_OBJECT,
	MMS_SYMBOL_IFUNC,	/* the address is of the resolver, which chooses at run time */
	MMS_SYMBOL_TLS,		/* an offset into each thread's own block, not an address */
};

enum mms_symbol_from {
	MMS_SYMBOL_SYMTAB,	/* .symtab */
	MMS_SYMBOL_DEBUG,	/* .symtab of a separate debug file, by build-id */
	MMS_SYMBOL_DYNSYM,	/* .dynsym: what the object exports */
};

struct mms_symbol {
	const char *name;	/* not escaped, not demangled, without a version */
	uint64_t address;	/* in the process; with TLS: the offset */
	uint64_t size;		/* bytes; 0: not told */
	uint8_t type, from;	/* enum mms_symbol_type, mms_symbol_from */
	bool local;		/* not visible outside its object file */
	bool hidden;		/* an old version, that new programs do not get */
};

struct mms_section {
	const char *name;	/* "" if it has none */
	uint64_t address;	/* in the process; meaningless unless `loaded` */
	uint64_t size;		/* bytes in memory */
	uint64_t offset;	/* in the file */
	uint64_t flags;		/* SHF_* */
	uint32_t type;		/* SHT_*: SHT_NOBITS takes nothing in the file */
	bool loaded;		/* it takes memory in the process (.tbss does not) */
};

struct mms_segment {
	uint32_t type, flags;	/* PT_*, PF_* */
	uint64_t address;	/* in the process */
	uint64_t offset, file_size; /* in the file */
	uint64_t mem_size;
	uint64_t align;
};

/*
 * Opens the object that `address` belongs to: the file behind the VMA that
 * covers it, or, of an anonymous VMA, the object in front of it whose zeroed
 * data (.bss) reaches so far; or the vdso, whose image is read from the memory
 * of the process.  `vmas` is the whole list, with names.
 *
 * The file is the very one that is mapped, also if it was deleted or if the
 * process lives in another root, as far as the caller's rights reach; it is
 * never another one that has its name now.  Of a capture it is the file of that
 * name on this machine, if it is the same inode, not written since; the vdso of a
 * capture is out of reach.
 *
 * Errors, *err says which: MMS_USAGE (no VMA there, or none of an object),
 * MMS_DENIED, MMS_GONE, MMS_FAILED (deleted or replaced, and out of reach; no
 * ELF object; mapped as data, not loaded).  Close it with mms_elf_close().
 */
int mms_elf_open(struct mms_target *target, const struct mms_vmas *vmas, uint64_t address,
		 struct mms_elf **elf, struct mms_error *err);
/*
 * The same for a file that is open already, as if loaded with this bias (what
 * is added to the addresses in the file).  `path` is only what it is called;
 * `fd` remains the caller's.  Errors: MMS_FAILED.
 */
int mms_elf_open_fd(int fd, const char *path, uint64_t bias, struct mms_elf **elf,
		    struct mms_error *err);
/* And for an image in memory, which is copied from. */
int mms_elf_open_image(void *image, size_t size, const char *path, uint64_t bias,
		       struct mms_elf **elf, struct mms_error *err);
void mms_elf_close(struct mms_elf *elf);	/* NULL is fine */

const char *mms_elf_path(const struct mms_elf *elf);	/* the VMA's name */
uint64_t mms_elf_bias(const struct mms_elf *elf);	/* wraps if it is negative */
const char *mms_elf_build_id(const struct mms_elf *elf); /* in hexadecimal, or "" */
/* Program headers and sections, in the order of the file.  Return their number. */
size_t mms_elf_segments(const struct mms_elf *elf, const struct mms_segment **segments);
size_t mms_elf_sections(const struct mms_elf *elf, const struct mms_section **sections);
/* Whether one of the pages that its PT_LOAD segments take has this address. */
bool mms_elf_covers(const struct mms_elf *elf, uint64_t address);
/*
 * *end: the first byte behind its zeroed data, `_end`: where the memory of its
 * last writable PT_LOAD ends.  False if it has none.
 */
bool mms_elf_end(const struct mms_elf *elf, uint64_t *end);
/* The section that has this address, or NULL. */
const struct mms_section *mms_elf_section_at(const struct mms_elf *elf, uint64_t address);
/*
 * The symbol that has this address: one whose size covers it, the innermost;
 * else one without a size (a label) that is the next below, in the same
 * section.  Of several at one place functions and objects go before labels,
 * those that are visible before local ones, plain names before underscores.
 * False if there is none.
 */
bool mms_elf_symbol_at(const struct mms_elf *elf, uint64_t address, struct mms_symbol *symbol);
/*
 * Where a symbol is.  Fills in up to `max` and returns how many there are, each
 * at another address: those that are visible outside if there are any, else
 * the local ones; of several versions the default one.  Thread-local symbols
 * only if there is nothing else.
 */
size_t mms_elf_symbol_find(const struct mms_elf *elf, const char *name,
			   struct mms_symbol *symbols, size_t max);
/*
 * The symbols of an object as a list, one for each place, in the order of their
 * addresses; those of thread-local storage come last.  Of several names it has the
 * one that mms_elf_symbol_at() tells; a label without a size is not in it.  The
 * object must outlive the list.  Errors: MMS_FAILED.  Free with mms_symbols_free().
 */
struct mms_symbols;
int mms_symbols_new(const struct mms_elf *elf, struct mms_symbols **symbols,
		    struct mms_error *err);
void mms_symbols_free(struct mms_symbols *symbols);	/* NULL is fine */
/* How many there are in memory; *tls: and how many thread-local ones behind them. */
size_t mms_symbols_count(const struct mms_symbols *symbols, size_t *tls);
void mms_symbols_get(const struct mms_symbols *symbols, size_t i, struct mms_symbol *symbol);
/* How many others have a byte in a page that symbol `i` has one in. */
size_t mms_symbols_sharing(const struct mms_symbols *symbols, size_t i);
/* The numbers of some of them, at most `max`: the nearest.  Returns how many. */
size_t mms_symbols_sharers(const struct mms_symbols *symbols, size_t i, size_t *others,
			   size_t max);
const char *mms_symbol_type_name(unsigned int type);	/* "function", "object", ... */
const char *mms_symbol_from_name(unsigned int from);	/* "symtab", "debug", "dynsym" */

/* All objects of a process, in the order of their VMAs. */
struct mms_elfs {
	size_t count;
	struct mms_elf **elf;
	size_t unread;		/* objects that could not be opened ... */
	struct mms_error first;	/* ... and why the first of them could not */
};

/*
 * Opens every object of a list of VMAs.  Those that cannot be opened are
 * counted, they are no error.  Errors: MMS_FAILED (no memory).
 * Close with mms_elfs_close(), which is fine to call after a failure.
 */
int mms_elfs_open(struct mms_target *target, const struct mms_vmas *vmas,
		  struct mms_elfs *elfs, struct mms_error *err);
void mms_elfs_close(struct mms_elfs *elfs);
/* The same, only those of which wanted[i] is set for a VMA vmas->vma[i]. */
int mms_elfs_open_some(struct mms_target *target, const struct mms_vmas *vmas,
		       const bool *wanted, struct mms_elfs *elfs, struct mms_error *err);
/*
 * Index of a VMA of the main program: of the file of /proc/PID/exe, or the one that
 * its code was at; vmas->count if it has none (any more).
 */
size_t mms_elf_main(struct mms_target *target, const struct mms_vmas *vmas);
/* Sets wanted[] for the VMAs of the object at VMA `i`, and what may be its .bss. */
void mms_elf_vmas(const struct mms_vmas *vmas, size_t i, bool *wanted);
/* The object that covers an address, or NULL. */
struct mms_elf *mms_elfs_at(const struct mms_elfs *elfs, uint64_t address);

/* ---- files ---------------------------------------------------------------- */

/*
 * Writes a file with the permissions `mode`: all of it, or nothing at all.
 * Signals that are sent meanwhile are delivered behind it.  What is there by that
 * name is replaced, if it is a regular file.
 * Errors: MMS_FAILED (no room, no memory), MMS_DENIED, MMS_USAGE (no such folder,
 * not a regular file).
 */
int mms_file_write(const char *path, const void *data, size_t len, mode_t mode,
		   struct mms_error *err);
/*
 * Whether it could begin to: for who has long to go until then.  What is there by that
 * name is left alone.  Errors: as above.
 */
int mms_file_check(const char *path, struct mms_error *err);

/* ---- captures ------------------------------------------------------------- */

/*
 * All that a source told about one process at one time, to be asked later, on
 * any machine.  It never changes once it is made.  On disk it is a versioned
 * file with checksums (capture-file.c tells its layout), little-endian and
 * without a C structure in it; any byte of it may be wrong, and is found to be.
 */
struct mms_capture;

/* How far what a capture holds is of one moment. */
enum mms_still {
	MMS_STILL_MOVED,	/* the process changed its memory meanwhile */
	MMS_STILL_SEEMED,	/* it ran, and two lists and two counts are the same */
	MMS_STILL_HELD,		/* it was stopped: all is of one moment */
	MMS_STILL_COUNT
};

const char *mms_still_name(enum mms_still still);	/* "moved", "seemed", "held" */

struct mms_capture_info {
	uint64_t taken_ns;	/* when, nanoseconds since 1970 */
	char kernel[65], machine[65];	/* as uname -r and -m */
	char boot[37];		/* frames of two boots have nothing to do with each other */
	char tool[32];		/* the version of mmscope that made it */
	char source[16];	/* who was asked: "module" or "procfs" */
	char module[32];	/* version of the module, or "" */
	uint32_t abi;		/* of the module, or 0 */
	pid_t pid, ppid;	/* the process, and its parent (0: not told) */
	uint64_t started;	/* clock ticks after boot; with the pid it names a process */
	uint64_t page_size;	/* bytes */
	uint64_t categories;	/* those that were known */
	bool frames;		/* page frame numbers are in it */
	enum mms_still still;
	uint64_t runs;		/* in the capture; those of `frames` are many */
};

/* For mms_capture_take(). */
#define MMS_CAPTURE_HOLD	(1U << 0)	/* stop the process meanwhile (ptrace) */

/*
 * Captures a target: its figures, VMAs with all accounts, threads, and the state
 * of each page, with frames where the caller has the right to them.  `progress`
 * (or NULL) is told now and then how many bytes of address space are done.
 * Errors: those of the queries; with HOLD those of ptrace.  To be freed.
 */
int mms_capture_take(struct mms_target *target, unsigned int flags,
		     void (*progress)(uint64_t done, uint64_t all, void *arg), void *arg,
		     struct mms_capture **capture, struct mms_error *err);
void mms_capture_free(struct mms_capture *capture);	/* NULL is fine */
const struct mms_capture_info *mms_capture_info(const struct mms_capture *capture);

/* Writes it to a file, as mms_file_write() does, and with its errors. */
int mms_capture_write(const struct mms_capture *capture, const char *path,
		      struct mms_error *err);
/*
 * Reads a file that may hold anything.
 * Errors: MMS_FAILED (err->why says which check it does not pass; no memory),
 * MMS_USAGE (no such file), MMS_DENIED.  To be freed.
 */
int mms_capture_read(const char *path, struct mms_capture **capture, struct mms_error *err);

/*
 * Makes a target of it, which owns it from then on, also after a failure: all
 * queries answer as they would have at the time, but mms_walk().
 */
int mms_capture_open(struct mms_capture *capture, struct mms_target **target,
		     struct mms_error *err);
/* Of such a target, else NULL. */
const struct mms_capture_info *mms_target_capture(const struct mms_target *target);

/* ---- what changed between two captures ------------------------------------ */

/*
 * What became of a page.  Not told is what others do: whether they map a page of a
 * file as well, or brought it into the page cache.
 */
enum mms_effect {
	MMS_EFFECT_RESIDENT,	/* was not there: touched for the first time */
	MMS_EFFECT_SWAPPED_IN,	/* came back from swap */
	MMS_EFFECT_SWAPPED_OUT,	/* went to swap */
	MMS_EFFECT_DROPPED,	/* was present; is mapped by nothing, nor in swap */
	MMS_EFFECT_SWAP_FREED,	/* was in swap; is nowhere */
	MMS_EFFECT_UNMAPPED,	/* was present or in swap; its VMA is gone */
	MMS_EFFECT_LOCKED,	/* the page's own lock flag */
	MMS_EFFECT_UNLOCKED,
	MMS_EFFECT_WRITTEN,	/* was present and clean, or the zero page; is dirty */
	MMS_EFFECT_CLEANED,	/* was dirty; is not */
	MMS_EFFECT_SHARED,	/* anonymous: was mapped once; is more than once (fork) */
	MMS_EFFECT_UNSHARED,	/* the other way round (copied on write, or the other left) */
	MMS_EFFECT_MOVED,	/* another frame: copied, or migrated; needs frames */
	MMS_EFFECT_HUGE,	/* became part of a huge page */
	MMS_EFFECT_SMALL,	/* ceased to be */
	MMS_EFFECT_GUARDED,
	MMS_EFFECT_UNGUARDED,
	MMS_EFFECT_COUNT
};

const char *mms_effect_name(enum mms_effect effect);	/* "resident", "swapped-in", ... */

/* A figure that both captures know, and that is not the same. */
struct mms_diff_figure {
	enum mms_mm_field field;
	uint64_t before, after;
};

enum mms_piece {
	MMS_PIECE_NEW,		/* was not mapped */
	MMS_PIECE_GONE,		/* is not any more */
	MMS_PIECE_REPLACED,	/* something else is mapped there */
	MMS_PIECE_CHANGED,	/* flags: protection, locks, advice */
};

const char *mms_piece_name(enum mms_piece kind);	/* "new", "gone", ... */

/* A part of the address space that is mapped in another way. */
struct mms_diff_piece {
	uint64_t start, end;
	enum mms_piece kind;
	size_t before, after;	/* which VMA it was in and is in; of those that apply */
	uint64_t known;		/* CHANGED: flags that both captures know */
};

/* Pages side by side to which the same happened. */
struct mms_diff_run {
	uint64_t start, end;
	uint64_t effects;	/* 1 << enum mms_effect */
};

/*
 * VMAs of the one list and those of the other that they overlap: mostly one and
 * the same.  None before: new; none after: gone; else it grew, was split ...
 */
struct mms_diff_area {
	uint64_t start, end;
	size_t before, befores;		/* the first, and how many */
	size_t after, afters;
	size_t piece, pieces;		/* in mms_diff.piece: none if it is as it was */
	size_t run, runs;		/* in mms_diff.run */
	uint64_t pages[MMS_EFFECT_COUNT];
	uint64_t both;			/* pages present in both, zero pages left out; if both */
	uint64_t same_frame;		/* captures have frames: those with the same frame */
};

struct mms_diff {
	bool same_process;		/* else they are two processes, compared by address */
	bool child, parent;		/* the second is a child of the first; its parent */
	bool execed;			/* the same process, with another program */
	bool frames;			/* both have frames, of one boot */
	uint64_t told;			/* categories that both know */
	const struct mms_vmas *before, *after;	/* of the captures, which must outlive it */
	size_t figures, areas, pieces, runs;
	struct mms_diff_figure *figure;
	struct mms_diff_area *area;	/* those with a difference, or with pages in both */
	struct mms_diff_piece *piece;
	struct mms_diff_run *run;
	uint64_t unchanged;		/* VMAs without any difference */
	uint64_t page_size;
};

/*
 * What is different in `after`.  Pure.  Errors: MMS_USAGE (page sizes differ),
 * MMS_FAILED (no memory).  Free with mms_diff_free(), which is fine to call after a
 * failure.
 */
int mms_diff(const struct mms_capture *before, const struct mms_capture *after,
	     struct mms_diff *diff, struct mms_error *err);
void mms_diff_free(struct mms_diff *diff);

/* ---- tracing: what a program does to its memory ---------------------------- */

/*
 * A program is followed, with its threads and children, as it calls the kernel about
 * its memory: by ptrace, which stops a thread at the entry to and the exit from such
 * a call and there alone (a seccomp filter lets all others pass), or, of a process
 * that runs already, at each call.  Between the two the address space is looked at
 * by the source, as everywhere.  Page faults and the allocator's calls come from
 * the kernel's perf events.  The thread that starts or attaches must run it, too.
 */
struct mms_trace;

enum mms_trace_kind {
	MMS_TRACE_CALL,		/* brk, mmap ... has returned */
	MMS_TRACE_FAULT,	/* a page fault was served */
	MMS_TRACE_MALLOC,	/* malloc, free ... has returned */
	MMS_TRACE_CHILD,	/* `tid` is a new thread, or process, of `parent` */
	MMS_TRACE_EXEC,		/* another program: nothing of the old memory remains */
	MMS_TRACE_EXIT,		/* a process has ended */
	MMS_TRACE_LOST,		/* perf events that were not told, `count` */
	MMS_TRACE_NOTE,		/* something that cannot be told, in `text` */
};

const char *mms_trace_kind_name(enum mms_trace_kind kind);	/* "call", "fault", ... */

/* How an argument of a call is meant. */
enum mms_arg {
	MMS_ARG_NONE,
	MMS_ARG_ADDRESS, MMS_ARG_SIZE, MMS_ARG_PROT, MMS_ARG_MAP_FLAGS, MMS_ARG_FD,
	MMS_ARG_OFFSET, MMS_ARG_OFFSET_PAGES, MMS_ARG_REMAP_FLAGS, MMS_ARG_ADVICE,
	MMS_ARG_LOCK2_FLAGS, MMS_ARG_LOCKALL_FLAGS,
};

enum mms_call {
	MMS_CALL_BRK, MMS_CALL_MMAP, MMS_CALL_MUNMAP, MMS_CALL_MREMAP, MMS_CALL_MPROTECT,
	MMS_CALL_MADVISE, MMS_CALL_MLOCK, MMS_CALL_MLOCK2, MMS_CALL_MUNLOCK,
	MMS_CALL_MLOCKALL, MMS_CALL_MUNLOCKALL,
	MMS_CALL_EXEC,		/* never told as a call: see MMS_TRACE_EXEC */
	MMS_CALL_WRITE,		/* of any sort; never told either: see MMS_HELD_WRITE */
	MMS_CALL_SIGNAL, MMS_CALL_PIDFD_SIGNAL,	/* see MMS_TRACE_GUARD */
	MMS_CALL_COUNT
};

const char *mms_call_name(enum mms_call call);	/* "brk", "mmap", ... */
/* How its arguments are meant, MMS_ARG_NONE behind the last; `compat`: of a 32-bit mmap2. */
const enum mms_arg *mms_call_args(enum mms_call call, bool compat);
/* A value that has names, "PROT_READ|PROT_WRITE", or a number.  Returns buf. */
char *mms_arg_format(enum mms_arg kind, uint64_t value, char *buf, size_t size);

/* A function of the program, as the stack told it. */
struct mms_frame {
	uint64_t pc;
	char *object;		/* last part of the path of its file; NULL: in no file */
	char *symbol;		/* not demangled; NULL: none has this address */
	uint64_t offset;	/* pc is so far behind the symbol, or into the file */
	bool library;		/* of the C library or the loader */
};

struct mms_trace_range {
	uint64_t start, end;
};

/* What was tried; UNKNOWN where the kernel does not tell (needs tracefs, and x86). */
enum mms_access { MMS_ACCESS_UNKNOWN, MMS_ACCESS_READ, MMS_ACCESS_WRITE, MMS_ACCESS_EXEC };

const char *mms_access_name(enum mms_access access);	/* "", "read", ... */

/* What happened.  All that it points to is the library's, until the callback returns. */
struct mms_trace_event {
	enum mms_trace_kind kind;
	uint64_t time_ns;	/* CLOCK_MONOTONIC: when it was over */
	uint64_t took_ns;	/* CALL, MALLOC: since it began; with our looking on */
	pid_t pid, tid;

	/* CALL; also `frame` below */
	enum mms_call call;
	bool compat;		/* by 32-bit code */
	uint64_t args[6];	/* MALLOC: the first three */
	uint64_t result;	/* FAULT: nothing */
	int error;		/* the errno that it failed with, or 0 */
	bool unfinished;	/* it never returned: killed */
	const struct mms_diff *diff;	/* what changed; NULL: not known, `text` says why */
	struct mms_trace_range range[2];	/* what the call is about; the second may be empty */
	bool capped;		/* of the pages only the first were looked at */
	bool others;		/* other threads ran meanwhile: pages may be their doing */
	bool brk_known;
	uint64_t brk_before, brk_after;

	/* CALL: the stack, innermost first.  FAULT, MALLOC: the one that did it */
	size_t frames;
	struct mms_frame *frame;
	size_t caller;		/* which of them is meant: see mms_trace_caller() */

	/* FAULT */
	uint64_t address;
	enum mms_access access;
	bool major;		/* it waited for a disk */
	bool in_kernel;		/* the kernel touched the page, within a system call */
	bool vma_known;
	struct mms_vma vma;	/* that has the address; its name may be "" */
	enum mms_page_state state;	/* of the page, soon after */
	uint64_t count;		/* LOST */

	/* MALLOC */
	const char *function;	/* "malloc", "free" ... */
	int argc;		/* how many of `args` it has */
	bool returns;		/* it has a result */
	bool mmapped;		/* it was served by a mapping of its own */

	pid_t parent;		/* CHILD */
	bool thread;		/* CHILD: shares the memory of its parent */
	int status;		/* EXIT: as of waitpid() */
	const char *text;	/* EXEC: the program.  NOTE, and CALL without `diff`: why */
};

typedef void (*mms_trace_fn)(const struct mms_trace_event *event, void *arg);

/* For mms_trace_start() and mms_trace_attach(). */
#define MMS_TRACE_FAULTS	(1U << 0)
#define MMS_TRACE_MALLOCS	(1U << 1)
#define MMS_TRACE_BRIEF		(1U << 2)	/* of calls: not what they changed, nor who called */
/* Of a program that is started: */
#define MMS_TRACE_WRITES	(1U << 3)	/* MMS_HELD_WRITE */
#define MMS_TRACE_GUARD		(1U << 4)	/* signals to others than itself reach nobody */

/*
 * Whether MMS_TRACE_MALLOCS can be had here: 0, or why not.  Errors: MMS_DENIED (it needs
 * root), MMS_FAILED (no tracefs).
 */
int mms_trace_mallocs_possible(struct mms_error *err);
/*
 * Starts a program, as execvp() would.  It stops at its first call until mms_trace_run().
 * Errors: MMS_FAILED (no such program: sys_errno; ptrace or perf refused).
 */
int mms_trace_start(char *const argv[], enum mms_source source, unsigned int flags,
		    struct mms_trace **trace, struct mms_error *err);
/*
 * Attaches to all threads of a process.  Errors: MMS_GONE, MMS_DENIED (not yours; it
 * is traced already), MMS_FAILED.
 */
int mms_trace_attach(pid_t pid, enum mms_source source, unsigned int flags,
		     struct mms_trace **trace, struct mms_error *err);
/*
 * Runs it until all have ended, and tells what happens in the order of time.  While
 * it runs, the signals CHLD, INT, QUIT, TERM and HUP of this process are its own: of
 * a program that it started INT and QUIT are the program's, TERM and HUP are passed
 * on; from one that it attached to, each of these detaches.  *status is that of
 * the first process, as of waitpid(); *detached: it runs on.
 */
int mms_trace_run(struct mms_trace *trace, mms_trace_fn fn, void *arg, int *status,
		  bool *detached, struct mms_error *err);
void mms_trace_close(struct mms_trace *trace);	/* NULL is fine */
/* The process that was started, or attached to. */
pid_t mms_trace_pid(const struct mms_trace *trace);

/* Why a thread stands still. */
enum mms_held {
	MMS_HELD_EXEC,		/* a program is in memory; nothing of it has run */
	MMS_HELD_CALL,		/* a call of the table has returned */
	MMS_HELD_WRITE,		/* write, writev ... have returned: what was written is there */
	MMS_HELD_SIGNAL,	/* a signal is on its way to it */
	MMS_HELD_CHILD,		/* it has a new child, or thread */
	MMS_HELD_END,		/* the last thread of a process ends; its memory is still there */
	MMS_HELD_TICK,		/* nobody stands still: time has passed, or `fd` can be read */
};

struct mms_trace_hold {
	enum mms_held why;
	pid_t pid, tid;		/* 0 with TICK */
	enum mms_call call;	/* CALL */
	int error;		/* CALL: the errno that it failed with, or 0 */
	int signal;		/* SIGNAL */
	int fd;			/* WRITE: to where */
	uint64_t result;	/* CALL; WRITE: how many bytes were taken */
};

typedef void (*mms_trace_held_fn)(const struct mms_trace_hold *hold, void *arg);

/*
 * Has `fn` called while that thread stands still (others may run), each `tick_ms`
 * (0: never), and whenever `fd` (-1: none) can be read; EXEC also before the start has
 * returned.  `begin`, unless NULL, runs in the child before anything else: only what is
 * safe after fork() may be done there.  SIGINT, TERM and HUP kill the program.
 */
struct mms_trace_holding {
	mms_trace_held_fn fn;
	void (*begin)(void *arg);
	void *arg;
	unsigned int tick_ms;
	int fd;
};
/* As mms_trace_start(). */
int mms_trace_start_held(char *const argv[], enum mms_source source, unsigned int flags,
			 const struct mms_trace_holding *holding, struct mms_trace **trace,
			 struct mms_error *err);
/* Kills all that is traced.  For the callbacks; mms_trace_run() then comes to its end. */
void mms_trace_kill(struct mms_trace *trace);
/* How many threads, of all processes, are traced now. */
size_t mms_trace_threads(const struct mms_trace *trace);

/*
 * Which frame made the call: the first that is neither of the C library nor the
 * loader, nor an allocator by its name (xmalloc, operator new); if there is none, the
 * outermost of these allocators; else `frames`.  Pure.
 */
size_t mms_trace_caller(const struct mms_frame *frame, size_t frames);
/*
 * Whether what changed in an area is told of this call: it is in one of its ranges, or
 * nobody else can have done it.  Pure.
 */
bool mms_trace_concerns(const struct mms_trace_event *event, const struct mms_diff_area *area);

/* ---- names and numbers ---------------------------------------------------- */

/* "present", "soft-dirty", ...; NULL for a number that is no category. */
const char *mms_category_name(unsigned int category);
/* One line on what it means; NULL likewise. */
const char *mms_category_help(unsigned int category);
/* "locked", "rand-read", ...; NULL for a bit that is no flag. */
const char *mms_vma_flag_name(unsigned int bit);

/*
 * "present,dirty" to a mask; "all" is every category.  An empty list is an
 * error.  Errors: MMS_USAGE, which names the word it did not know.
 */
int mms_categories_parse(const char *list, uint64_t *mask, struct mms_error *err);
/* The mask as "present,dirty"; returns the length as snprintf() does. */
int mms_categories_format(uint64_t mask, char *buf, size_t size);
/* As in maps: "rw-p"; unknown flags are '?'. buf holds at least 5. */
void mms_perms_format(const struct mms_vma *vma, char buf[5]);

/*
 * An address: hexadecimal, with or without 0x, as in maps.
 * Errors: MMS_USAGE.
 */
int mms_address_parse(const char *text, uint64_t *address, struct mms_error *err);
/* "A-B" (B is the first byte behind) or "A+SIZE", widened to whole pages. */
int mms_range_parse(const char *text, uint64_t *start, uint64_t *end,
		    struct mms_error *err);
/* A number of bytes: "4096", "64K", "1.5M", "2G", "1T" (powers of 1024). */
int mms_size_parse(const char *text, uint64_t *bytes, struct mms_error *err);
/*
 * Bytes for people: "0", "512B", "4K", "1.5M", "1T": with one decimal, and
 * exact if there is no point.  Returns buf.
 */
char *mms_size_format(uint64_t bytes, char buf[16]);

/*
 * Text from outside for a terminal: control bytes, backslash and bytes that
 * are no UTF-8 become \n, \t, \\, \x1b.  Returns the length that the whole
 * takes, as snprintf() does; never cuts an escape or a character in two.
 */
size_t mms_escape(const char *text, char *buf, size_t size);

/* Whether `text` is well-formed UTF-8. */
bool mms_utf8_valid(const char *text, size_t len);

/* "0.1.0" */
const char *mms_version(void);

#ifdef __cplusplus
}
#endif
#endif /* LIBMMSCOPE_H */
