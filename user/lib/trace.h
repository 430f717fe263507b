/* SPDX-License-Identifier: GPL-2.0 */
/*
 * trace.h - what the files that trace share.
 * trace.c runs it all; trace-stop.c knows ptrace, trace-start.c the beginning,
 * trace-filter.c seccomp, trace-call.c the calls, trace-look.c what is looked at
 * around them, trace-stack.c who called, trace-perf.c the kernel's events,
 * trace-fault.c and trace-malloc.c what they mean, trace-order.c their order.
 */
#ifndef MMS_TRACE_H
#define MMS_TRACE_H

#include <signal.h>

#include "capture.h"

/* Marks the x32 calls of AUDIT_ARCH_X86_64. */
#define MMSI_X32_BIT	0x40000000U

/* ---- trace-call.c: the calls and their arguments; pure ---------------------- */

/*
 * Which call a number is for an architecture (AUDIT_ARCH_*); MMS_CALL_COUNT: none
 * that is told.  *compat: it is not the machine's own, 64-bit one.
 */
enum mms_call mmsi_call_of(uint32_t arch, uint64_t number, bool *compat);

/* A row of the table, for the filter: false behind the last. */
bool mmsi_call_row(size_t i, uint32_t *arch, uint32_t *number);

/* What a call is about, before and after it; start == end: nothing. */
void mmsi_call_before(enum mms_call call, const uint64_t args[6], uint64_t brk,
		      struct mms_trace_range range[2]);
void mmsi_call_after(enum mms_call call, const uint64_t args[6], uint64_t brk, uint64_t result,
		     struct mms_trace_range range[2]);

/* ---- trace-filter.c --------------------------------------------------------- */

/* Lets this process be stopped at the calls of the table only.  Returns 0 or an errno. */
int mmsi_filter_install(unsigned int flags);	/* MMS_TRACE_WRITES, _GUARD */

/* ---- trace-kill.c ----------------------------------------------------------- */

struct mmsi_tracee;
/* At the entry to a call that sends a signal. */
void mmsi_kill_begin(struct mms_trace *t, const struct mmsi_tracee *e, enum mms_call call,
		     const uint64_t *args);

/* ---- trace-order.c: events in the order of time; pure ----------------------- */

/* An event with all that it points to. */
struct mmsi_event {
	struct mms_trace_event e;
	struct mmsi_snap *before, *after;
	struct mms_diff diff;
	char *text, *vma_name;
	uint64_t number;		/* of those at one time, which came first */
};

struct mmsi_order {
	struct mmsi_event **heap;
	size_t count, room;
	uint64_t number;
};

/* Takes it over; false: no memory, and it is still the caller's. */
bool mmsi_order_add(struct mmsi_order *o, struct mmsi_event *event);
/* The oldest, if it is not younger than `until`; else NULL. */
struct mmsi_event *mmsi_order_take(struct mmsi_order *o, uint64_t until);
void mmsi_event_free(struct mmsi_event *event);	/* NULL is fine */

/* ---- trace-look.c: the address space at one moment -------------------------- */

/* Held by several: the event, and the process that it is the latest of. */
struct mmsi_snap {
	unsigned int refs;
	struct mms_capture *c;
	bool capped;
};

#define MMSI_TRACE_PAGES_MAX	(1U << 18)	/* looked at before, and after, a call */

/* One address space. */
struct mmsi_space {
	pid_t pid;
	unsigned int threads;
	struct mms_target *target;	/* NULL: it cannot be looked at, `lack` says why */
	struct mms_error lack;
	struct mmsi_snap *latest;
	bool brk_known;			/* from the result of a brk */
	uint64_t brk;
	struct mmsi_stack *stack;
	uint64_t *probed;		/* inodes that have probes */
	size_t probes;
	uint64_t looked_again;		/* in which reading of perf, for an unknown address */
	struct mmsi_space *next;
};

/* Looks now; `flags` for smaps where maps does not tell the locks.  NULL: not possible. */
struct mmsi_snap *mmsi_look(struct mmsi_space *s, const struct mms_trace_range range[2],
			    bool locks);
struct mmsi_snap *mmsi_snap_hold(struct mmsi_snap *snap);
void mmsi_snap_drop(struct mmsi_snap *snap);	/* NULL is fine */

/* ---- trace-stack.c: who called ---------------------------------------------- */

#define MMSI_FRAMES_MAX	24

struct mmsi_objects;		/* symbols of files, kept */
struct mmsi_objects *mmsi_objects_new(void);
void mmsi_objects_free(struct mmsi_objects *objects);

/* What an address is, as the list of VMAs has it; frees nothing of *frame first. */
void mmsi_frame_tell(struct mmsi_objects *objects, struct mmsi_space *s,
		     const struct mms_vmas *vmas, uint64_t pc, struct mms_frame *frame);
/* The stack of a thread that stands still.  `stale`: objects came or went. */
void mmsi_stack_read(struct mmsi_objects *objects, struct mmsi_space *s,
		     const struct mms_vmas *vmas, pid_t tid, uint64_t pc,
		     struct mms_frame **frame, size_t *frames);
void mmsi_stack_stale(struct mmsi_stack *stack);	/* NULL is fine */
void mmsi_stack_free(struct mmsi_stack *stack);		/* NULL is fine */
void mmsi_frames_free(struct mms_frame *frame, size_t frames);
/* The file offset of a function that an object exports. */
bool mmsi_object_export(struct mmsi_objects *objects, struct mmsi_space *s,
			const struct mms_vmas *vmas, const struct mms_vma *vma, const char *name,
			uint64_t *offset);

/* ---- trace-perf.c: the kernel's events --------------------------------------- */

struct mmsi_perf;

enum mmsi_perf_kind { MMSI_PERF_MINOR, MMSI_PERF_MAJOR, MMSI_PERF_ACCESS, MMSI_PERF_ENTER,
		      MMSI_PERF_LEAVE, MMSI_PERF_LOST };

struct mmsi_perf_event {
	enum mmsi_perf_kind kind;
	unsigned int probe;	/* as given to mmsi_perf_probe() */
	bool in_kernel;
	pid_t pid, tid;
	uint64_t time, address, count;
	enum mms_access access;	/* ACCESS: it comes before the fault, if that is one */
	uint64_t pc;		/* of user space; 0: not told */
	uint64_t arg[3], ret;	/* registers at entry, at return */
	uint64_t caller;	/* at entry: where it will return to */
};

/* Errors: MMS_FAILED (no perf here), MMS_DENIED. */
int mmsi_perf_new(struct mmsi_perf **perf, struct mms_error *err);
void mmsi_perf_free(struct mmsi_perf *perf);
/* Of a thread, and those that come from it; from its next exec on, or at once. */
int mmsi_perf_faults(struct mmsi_perf *perf, pid_t tid, bool on_exec, struct mms_error *err);
/* Entries to, or returns from, where the event of trace-probe.c is. */
int mmsi_perf_probe(struct mmsi_perf *perf, pid_t tid, int event, bool leave, unsigned int probe,
		    struct mms_error *err);
/* And what was tried, by the events of these numbers. */
int mmsi_perf_access(struct mmsi_perf *perf, pid_t tid, int event, bool on_exec);
/* Whether faults in the kernel are told, too. */
bool mmsi_perf_kernel(const struct mmsi_perf *perf);
void mmsi_perf_read(struct mmsi_perf *perf, void (*fn)(const struct mmsi_perf_event *e, void *arg),
		    void *arg);
/* File descriptors that become readable when there is much to be read. */
size_t mmsi_perf_fds(const struct mmsi_perf *perf, const int **fds);

/* ---- trace-probe.c: events at places in files, made by tracefs ---------------- */

/* The number of an event of the kernel, "exceptions/page_fault_user"; -1: there is none. */
int mmsi_event_number(const char *name);
/* `number` is of the caller's choice, and names it; *event is for perf. */
int mmsi_probe_new(unsigned int number, const char *path, uint64_t offset, bool leave,
		   int *event, struct mms_error *err);
/* Removes those that were made with numbers below this; nobody may use them any more. */
void mmsi_probes_remove(unsigned int numbers);
/* And those that somebody left behind who was killed. */
void mmsi_probes_clean(void);

/* ---- trace.c and trace-stop.c ------------------------------------------------- */

struct mmsi_tracee {
	pid_t tid;
	struct mmsi_space *space;
	bool stopped;		/* by us, and not yet let go */
	int pending;		/* if it is kept: how it stopped */
	bool unannounced;	/* kept until its parent has told of it */
	bool watched;		/* perf events see it */
	bool in_call;
	enum mms_call call;
	bool compat;
	uint64_t args[6], began, brk_before;
	bool brk_known, others;
	struct mmsi_snap *before;
	struct mms_frame *frame;
	size_t frames;
	struct mmsi_tracee *next;	/* in its bucket */
};

#define MMSI_BUCKETS	1024
#define MMSI_ACCESSES	256

/* What a thread tried last. */
struct mmsi_access {
	pid_t tid;
	uint64_t address;
	enum mms_access access;
};

struct mms_trace {
	enum mms_source source;
	unsigned int flags;
	pid_t pid;
	bool attached;		/* to a process that ran already */
	bool every;		/* stops at every call: there is no filter */
	bool execed;		/* the program that was asked for runs */
	int signals;		/* a signalfd */
	sigset_t mask;		/* of the signals that were blocked before */
	struct mmsi_tracee *bucket[MMSI_BUCKETS];
	size_t tracees;
	struct mmsi_space *space;
	struct mmsi_objects *objects;
	struct mmsi_order order;
	struct mmsi_perf *perf;
	struct mmsi_perf_event *held;	/* what perf told, sorted, and is not filed yet */
	size_t held_count, held_room;
	uint64_t drains;		/* how often perf was read */
	struct mmsi_access access[MMSI_ACCESSES];
	struct mmsi_mallocs *mallocs;
	struct mms_trace_holding holding;
	uint64_t next_tick;
	bool ended;		/* the first process has */
	int status;
	bool stop;		/* detach, or kill */
	bool failed;		/* no memory */
	mms_trace_fn fn;
	void *arg;
};

uint64_t mmsi_now(void);	/* CLOCK_MONOTONIC, nanoseconds */

struct mmsi_tracee *mmsi_tracee_find(struct mms_trace *t, pid_t tid);
struct mmsi_tracee *mmsi_tracee_add(struct mms_trace *t, pid_t tid);
void mmsi_tracee_remove(struct mms_trace *t, struct mmsi_tracee *e);
struct mmsi_space *mmsi_space_of(struct mms_trace *t, pid_t pid);
/* Opens the target of a space if that was not tried since its last exec. */
void mmsi_space_open(struct mms_trace *t, struct mmsi_space *s);
void mmsi_space_reset(struct mmsi_space *s);

/* A new event of a kind, with its time; NULL: no memory. */
struct mmsi_event *mmsi_event_new(struct mms_trace *t, enum mms_trace_kind kind, pid_t pid,
				  pid_t tid);
void mmsi_event_add(struct mms_trace *t, struct mmsi_event *event);
void mmsi_note(struct mms_trace *t, const struct mms_error *err);
/* Tells whoever wants to know that a thread (NULL: none) stands still. */
void mmsi_held(struct mms_trace *t, const struct mmsi_tracee *e, struct mms_trace_hold hold);
/* Reads what perf has, and files it. */
void mmsi_drain(struct mms_trace *t);

/* trace-stop.c: one stop, or end, as waitpid() told it. */
void mmsi_stop_handle(struct mms_trace *t, pid_t tid, int status);
void mmsi_stop_resume(struct mms_trace *t, struct mmsi_tracee *e, int signal);
void mmsi_stop_detach(struct mms_trace *t);

/* trace-fault.c, trace-malloc.c: what perf told. */
/* Asks perf for the faults of a thread. */
int mmsi_faults_watch(struct mms_trace *t, pid_t tid, bool on_exec, struct mms_error *err);
void mmsi_fault_access(struct mms_trace *t, const struct mmsi_perf_event *p);
void mmsi_fault_add(struct mms_trace *t, const struct mmsi_perf_event *p);
/* The VMA of an address, as the last list has it; a stack may have grown since. */
const struct mms_vma *mmsi_vma_find(struct mms_trace *t, struct mmsi_space *s, uint64_t address);
int mmsi_mallocs_new(struct mms_trace *t, struct mms_error *err);
void mmsi_mallocs_free(struct mmsi_mallocs *m);
/* A child has the probes of its parent. */
void mmsi_probes_inherit(const struct mmsi_space *parent, struct mmsi_space *child);
/* Looks whether objects came that have an allocator, and puts probes there. */
void mmsi_mallocs_probe(struct mms_trace *t, struct mmsi_tracee *e);
void mmsi_mallocs_add(struct mms_trace *t, const struct mmsi_perf_event *p);
/*
 * Where the allocator's function that a thread is in will return to: what is on its
 * stack there is the probe's.  0: it is in none.
 */
uint64_t mmsi_mallocs_caller(struct mms_trace *t, pid_t tid);
/* A mapping was made within a call of the allocator. */
void mmsi_mallocs_mapped(struct mms_trace *t, pid_t tid, uint64_t start, uint64_t end);

#endif
