// SPDX-License-Identifier: GPL-2.0
/*
 * trace-stop.c - what is done when a traced thread stops: a call begins or ends, a
 * signal is on its way to it, a child is born, another program starts, it ends.
 * Whatever the reason, it goes on as it would have without us.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trace.h"

#define DETACH_MS	3000

#define SYSCALL_STOP	(SIGTRAP | 0x80)
#define PROT_X		0x4

void mmsi_stop_resume(struct mms_trace *t, struct mmsi_tracee *e, int signal)
{
	int how = e->in_call || t->every ? PTRACE_SYSCALL : PTRACE_CONT;

	e->stopped = false;
	/* It may be killed at any time: then its end is told next. */
	ptrace(how, e->tid, 0, signal);
}

/* ---- calls ----------------------------------------------------------------- */

static bool about_locks(enum mms_call call)
{
	return call >= MMS_CALL_MLOCK && call <= MMS_CALL_MUNLOCKALL;
}

/* The exact break, if it is known: by the module, or by the last brk. */
static bool brk_of(const struct mmsi_space *s, const struct mmsi_snap *snap, uint64_t *brk)
{
	struct mms_fact fact = { 0 };

	if (snap)
		fact = snap->c->vmas.mm.fact[MMS_MM_BRK];
	*brk = mms_known(fact) ? fact.value : s->brk;
	return mms_known(fact) || s->brk_known;
}

static void note_brk(struct mmsi_tracee *e, const struct mmsi_snap *snap)
{
	e->brk_known = brk_of(e->space, snap, &e->brk_before);
	if (!e->brk_known)
		e->brk_before = 0;
}

static bool is_probes(const struct mms_vmas *vmas, uint64_t pc)
{
	size_t i = vmas ? mms_vmas_find(vmas, pc) : 0;

	return vmas && i < vmas->count && mms_vma_covers(&vmas->vma[i], pc) &&
	       !strcmp(vmas->vma[i].name, "[uprobes]");
}

/* A probe of a return puts its own address there: what is found behind it is nothing. */
static void read_stack(struct mms_trace *t, struct mmsi_tracee *e, uint64_t pc)
{
	const struct mms_vmas *vmas = e->before ? &e->before->c->vmas : NULL;
	uint64_t caller = t->mallocs ? mmsi_mallocs_caller(t, e->tid) : 0;
	size_t i = 0;

	mmsi_stack_read(t->objects, e->space, vmas, e->tid, pc, &e->frame, &e->frames);
	while (i < e->frames && !is_probes(vmas, e->frame[i].pc))
		i++;
	if (!caller || i == e->frames)
		return;
	for (size_t k = i; k < e->frames; k++) {
		free(e->frame[k].object);
		free(e->frame[k].symbol);
	}
	e->frames = i + 1;
	mmsi_frame_tell(t->objects, e->space, vmas, caller - 1, &e->frame[i]);
	e->frame[i].pc++;
	e->frame[i].offset++;
}

static void begin(struct mms_trace *t, struct mmsi_tracee *e,
		  const struct __ptrace_syscall_info *info, uint64_t number, const uint64_t *args)
{
	struct mmsi_space *s = e->space;
	struct mms_trace_range range[2];

	e->call = mmsi_call_of(info->arch, number, &e->compat);
	if (e->call == MMS_CALL_WRITE) {
		e->in_call = t->execed && t->flags & MMS_TRACE_WRITES;
		e->args[0] = args[0];
		return;
	}
	if (e->call == MMS_CALL_SIGNAL || e->call == MMS_CALL_PIDFD_SIGNAL) {
		mmsi_kill_begin(t, e, e->call, args);
		return;
	}
	if (e->call == MMS_CALL_EXEC || e->call == MMS_CALL_COUNT || !t->execed) {
		/* Of what is there now nothing will remain. */
		if (e->call == MMS_CALL_EXEC)
			mmsi_drain(t);
		return;
	}
	for (int i = 0; i < 6; i++)
		e->args[i] = e->compat ? (uint32_t)args[i] : args[i];
	if (t->flags & MMS_TRACE_BRIEF) {
		e->in_call = true;
		e->brk_known = false;
		e->brk_before = 0;
		e->began = mmsi_now();
		return;
	}
	mmsi_space_open(t, s);
	mmsi_drain(t);
	e->brk_known = false;
	e->brk_before = s->brk_known ? s->brk : 0;
	mmsi_call_before(e->call, e->args, e->brk_before, range);
	e->before = mmsi_look(s, range, about_locks(e->call));
	/* Where only the module knows the break, it is known too late for the range. */
	note_brk(e, e->before);
	if (e->call == MMS_CALL_BRK && e->brk_known && !s->brk_known) {
		s->brk = e->brk_before;
		s->brk_known = true;
		mmsi_snap_drop(e->before);
		mmsi_call_before(e->call, e->args, e->brk_before, range);
		e->before = mmsi_look(s, range, false);
	}
	read_stack(t, e, info->instruction_pointer);
	e->others = s->threads > 1;
	e->in_call = true;
	e->began = mmsi_now();
}

/* The event of a call takes over what was kept since its beginning. */
static struct mmsi_event *call_event(struct mms_trace *t, struct mmsi_tracee *e)
{
	struct mmsi_event *event = mmsi_event_new(t, MMS_TRACE_CALL, e->space->pid, e->tid);

	e->in_call = false;
	if (!event) {
		mmsi_snap_drop(e->before);
		mmsi_frames_free(e->frame, e->frames);
	} else {
		event->e.took_ns = event->e.time_ns - e->began;
		event->e.call = e->call;
		event->e.compat = e->compat;
		memcpy(event->e.args, e->args, sizeof(e->args));
		event->e.others = e->others || e->space->threads > 1;
		event->e.frame = e->frame;
		event->e.frames = e->frames;
		event->e.caller = mms_trace_caller(e->frame, e->frames);
		event->before = e->before;
	}
	e->before = NULL;
	e->frame = NULL;
	e->frames = 0;
	return event;
}

static void lack(struct mms_trace *t, struct mmsi_event *event, const struct mmsi_space *s)
{
	event->text = strdup(s->lack.status ? s->lack.why : "it could not be looked at");
	event->e.text = event->text;
	if (!event->text)
		t->failed = true;
}

static void compare(struct mms_trace *t, struct mmsi_event *event, struct mmsi_space *s)
{
	struct mms_trace_event *e = &event->e;

	mmsi_call_after(e->call, e->args, e->brk_before, e->error ? 0 : e->result, e->range);
	if (e->error && e->call == MMS_CALL_MMAP)
		e->range[0] = (struct mms_trace_range){ 0 };
	event->after = event->before ? mmsi_look(s, e->range, about_locks(e->call)) : NULL;
	if (!event->after) {
		lack(t, event, s);
		return;
	}
	e->capped = event->before->capped || event->after->capped;
	if (mms_diff(event->before->c, event->after->c, &event->diff, NULL))
		t->failed = true;
	else
		e->diff = &event->diff;
}

/* Code came or went; and what a function of the allocator mapped, or unmapped. */
static void note_objects(struct mms_trace *t, struct mmsi_tracee *e,
			 const struct mms_trace_event *x)
{
	bool maps = x->call == MMS_CALL_MMAP || x->call == MMS_CALL_MUNMAP ||
		    x->call == MMS_CALL_MREMAP;
	const struct mms_trace_range *range = &x->range[x->call == MMS_CALL_MREMAP];
	bool code = (x->call == MMS_CALL_MMAP || x->call == MMS_CALL_MPROTECT) &&
		    x->args[2] & PROT_X;

	if (code || x->call == MMS_CALL_MUNMAP)
		mmsi_stack_stale(e->space->stack);
	if (!t->mallocs || x->error)
		return;
	if (maps)
		mmsi_mallocs_mapped(t, e->tid, range->start, range->end);
	if (code)
		mmsi_mallocs_probe(t, e);
}

static void finish(struct mms_trace *t, struct mmsi_tracee *e,
		   const struct __ptrace_syscall_info *info)
{
	struct mms_trace_hold hold = { .why = MMS_HELD_CALL, .call = e->call };
	struct mmsi_space *s = e->space;
	bool brk_known = e->brk_known;
	uint64_t before = e->brk_before;
	struct mmsi_event *event;
	struct mms_trace_event *x;

	if (e->call == MMS_CALL_WRITE) {
		e->in_call = false;
		hold.why = MMS_HELD_WRITE;
		hold.fd = (int)e->args[0];
		hold.result = info->exit.is_error ? 0 : (uint64_t)info->exit.rval;
		mmsi_held(t, e, hold);
		return;
	}
	event = call_event(t, e);
	if (!event)
		return;
	x = &event->e;
	x->result = e->compat ? (uint32_t)info->exit.rval : (uint64_t)info->exit.rval;
	x->error = info->exit.is_error ? (int)-info->exit.rval : 0;
	x->brk_known = brk_known;
	x->brk_before = before;
	mmsi_drain(t);
	if (x->call == MMS_CALL_BRK && !x->error) {
		s->brk = x->result;
		s->brk_known = true;
	}
	compare(t, event, s);
	x->brk_after = x->call == MMS_CALL_BRK ? x->result : before;
	note_objects(t, e, x);
	hold.error = x->error;
	hold.result = x->result;
	mmsi_event_add(t, event);
	mmsi_held(t, e, hold);
}

/* A call that never returns: the thread was killed within it. */
static void abandon(struct mms_trace *t, struct mmsi_tracee *e)
{
	struct mmsi_event *event;

	if (!e->in_call || e->call == MMS_CALL_WRITE) {
		e->in_call = false;
		return;
	}
	event = call_event(t, e);
	if (!event)
		return;
	event->e.unfinished = true;
	mmsi_event_add(t, event);
}

static void at_call(struct mms_trace *t, struct mmsi_tracee *e)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, e->tid, sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_SECCOMP)
		begin(t, e, &info, info.seccomp.nr, (const uint64_t *)info.seccomp.args);
	else if (info.op == PTRACE_SYSCALL_INFO_ENTRY && t->every)
		begin(t, e, &info, info.entry.nr, (const uint64_t *)info.entry.args);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT && e->in_call)
		finish(t, e, &info);
}

/* ---- children, programs, ends ---------------------------------------------- */

/* One that stops before its parent has told of it is kept so long. */
static void let_in(struct mms_trace *t, struct mmsi_tracee *e)
{
	if (!e->stopped || !e->pending)
		return;
	e->unannounced = false;
	mmsi_stop_handle(t, e->tid, e->pending);
}

static void at_child(struct mms_trace *t, struct mmsi_tracee *e)
{
	unsigned long tid;
	struct mmsi_tracee *child;
	struct mmsi_event *event;

	if (ptrace(PTRACE_GETEVENTMSG, e->tid, 0, &tid) || !t->execed)
		return;
	child = mmsi_tracee_find(t, (pid_t)tid);
	if (!child)
		child = mmsi_tracee_add(t, (pid_t)tid);
	if (!child)
		return;
	child->unannounced = false;
	child->watched |= e->watched;
	if (child->space != e->space && !child->space->brk_known && e->space->brk_known) {
		child->space->brk = e->space->brk;
		child->space->brk_known = true;
	}
	mmsi_probes_inherit(e->space, child->space);
	event = mmsi_event_new(t, MMS_TRACE_CHILD, child->space->pid, child->tid);
	if (event) {
		event->e.parent = e->tid;
		event->e.thread = child->space == e->space;
		mmsi_event_add(t, event);
	}
	mmsi_held(t, child, (struct mms_trace_hold){ .why = MMS_HELD_CHILD });
	let_in(t, child);
}

/* A parent that was killed tells nothing any more. */
static void let_all_in(struct mms_trace *t)
{
	for (int i = 0; i < MMSI_BUCKETS; i++)
		for (struct mmsi_tracee *e = t->bucket[i], *next; e; e = next) {
			next = e->next;
			if (e->unannounced)
				let_in(t, e);
		}
}

/* The thread that called exec has become the process; all others are gone. */
static void at_exec(struct mms_trace *t, struct mmsi_tracee *e)
{
	struct mmsi_tracee *former;
	struct mmsi_event *event;
	char path[4096], link[40];
	unsigned long tid;
	ssize_t n;

	if (!ptrace(PTRACE_GETEVENTMSG, e->tid, 0, &tid) && (pid_t)tid != e->tid) {
		former = mmsi_tracee_find(t, (pid_t)tid);
		if (former) {
			e->watched |= former->watched;
			mmsi_tracee_remove(t, former);
		}
	}
	abandon(t, e);
	t->execed = true;
	mmsi_space_reset(e->space);
	event = mmsi_event_new(t, MMS_TRACE_EXEC, e->space->pid, e->tid);
	snprintf(link, sizeof(link), "/proc/%d/exe", (int)e->tid);
	n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	if (event) {
		event->text = strdup(path);
		event->e.text = event->text;
		mmsi_event_add(t, event);
	}
	if (t->mallocs)
		mmsi_mallocs_probe(t, e);
	mmsi_drain(t);
	mmsi_held(t, e, (struct mms_trace_hold){ .why = MMS_HELD_EXEC });
}

static void at_end(struct mms_trace *t, struct mmsi_tracee *e, int status)
{
	struct mmsi_event *event;
	pid_t tid = e->tid, pid = e->space->pid;

	mmsi_drain(t);
	abandon(t, e);
	if (tid == pid && t->execed) {
		event = mmsi_event_new(t, MMS_TRACE_EXIT, pid, tid);
		if (event) {
			event->e.status = status;
			mmsi_event_add(t, event);
		}
	}
	if (tid == t->pid) {
		t->ended = true;
		t->status = status;
	}
	mmsi_tracee_remove(t, e);
	if (WIFSIGNALED(status))
		let_all_in(t);
}

/* ---- stops ----------------------------------------------------------------- */

static bool stops(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/* Attached to while it ran: nobody has asked perf yet about what it does. */
static void watch(struct mms_trace *t, struct mmsi_tracee *e)
{
	struct mms_error err;

	if (e->watched || !t->attached)
		return;
	e->watched = true;
	if (t->flags & MMS_TRACE_FAULTS && mmsi_faults_watch(t, e->tid, false, &err))
		mmsi_note(t, &err);
	if (t->mallocs)
		mmsi_mallocs_probe(t, e);
}

/* Returns the signal to go on with; or -1 if it stays stopped, as it would have. */
static int at_event(struct mms_trace *t, struct mmsi_tracee *e, int event, int signal)
{
	switch (event) {
	case PTRACE_EVENT_SECCOMP:
		at_call(t, e);
		return 0;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		at_child(t, e);
		return 0;
	case PTRACE_EVENT_EXEC:
		at_exec(t, e);
		return 0;
	case PTRACE_EVENT_EXIT:
		mmsi_drain(t);
		/* Of the last, or of all at once: then each one's end may be the last. */
		if (e->space->threads == 1 || e->tid == e->space->pid)
			mmsi_held(t, e, (struct mms_trace_hold){ .why = MMS_HELD_END });
		return 0;
	case PTRACE_EVENT_STOP:
		watch(t, e);
		if (!stops(signal))
			return 0;
		e->stopped = false;
		ptrace(PTRACE_LISTEN, e->tid, 0, 0);
		return -1;
	default:
		return 0;
	}
}

void mmsi_stop_handle(struct mms_trace *t, pid_t tid, int status)
{
	struct mmsi_tracee *e = mmsi_tracee_find(t, tid);
	int signal, event;

	if (WIFEXITED(status) || WIFSIGNALED(status)) {
		if (e)
			at_end(t, e, status);
		return;
	}
	if (!e) {
		e = mmsi_tracee_add(t, tid);
		if (!e)
			return;
		e->unannounced = true;
	}
	e->stopped = true;
	e->pending = status;
	if (e->unannounced)
		return;
	e->pending = 0;
	signal = WSTOPSIG(status);
	event = status >> 16;
	if (event) {
		signal = at_event(t, e, event, signal);
	} else if (signal == SYSCALL_STOP) {
		at_call(t, e);
		signal = 0;
	} else {
		mmsi_held(t, e, (struct mms_trace_hold){ .why = MMS_HELD_SIGNAL, .signal = signal });
	}
	if (signal >= 0)
		mmsi_stop_resume(t, e, signal);
}

/* ---- letting go ------------------------------------------------------------ */

static void let_go(struct mms_trace *t, struct mmsi_tracee *e, int status)
{
	int signal = status >> 16 || WSTOPSIG(status) == SYSCALL_STOP ? 0 : WSTOPSIG(status);

	mmsi_drain(t);
	abandon(t, e);
	ptrace(PTRACE_DETACH, e->tid, 0, signal);
	mmsi_tracee_remove(t, e);
}

/* Each is let go of at its next stop, which an interrupt brings about. */
void mmsi_stop_detach(struct mms_trace *t)
{
	uint64_t until = mmsi_now() + DETACH_MS * 1000000ULL;
	int status;
	pid_t tid;

	for (int i = 0; i < MMSI_BUCKETS; i++)
		for (struct mmsi_tracee *e = t->bucket[i]; e; e = e->next)
			ptrace(PTRACE_INTERRUPT, e->tid, 0, 0);
	while (t->tracees && mmsi_now() < until) {
		struct mmsi_tracee *e;

		tid = waitpid(-1, &status, __WALL | WNOHANG);
		if (tid < 0)
			return;
		if (!tid) {
			poll(NULL, 0, 1);
			continue;
		}
		e = mmsi_tracee_find(t, tid);
		if (!WIFSTOPPED(status)) {
			if (e)
				at_end(t, e, status);
			continue;
		}
		if (!e)
			e = mmsi_tracee_add(t, tid);
		if (e)
			let_go(t, e, status);
	}
}
