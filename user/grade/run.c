// SPDX-License-Identifier: GPL-2.0
/*
 * run.c - runs the program that is graded: on a terminal of its own, so that it
 * writes its lines when it prints them; held at each moment of the specification;
 * killed when it goes beyond its limits.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "grade.h"

#define TICK_MS		20
#define ARRIVE_MS	2000	/* what was written to a terminal arrives a little later */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* The first reason stays. */
static void end_it(struct grade_run *r, enum grade_end why)
{
	if (r->end == GRADE_ENDED)
		r->end = why;
	if (r->trace)
		mms_trace_kill(r->trace);
}

/* A moment has come. While it is judged, which may take tools long, time stands still. */
static void come(struct grade_run *r, size_t moment)
{
	uint64_t began = now_ns(), took;

	grade_judge_moment(r, moment);
	took = now_ns() - began;
	r->began += took;
	r->deadline += took;
}

/* ---- output -------------------------------------------------------------------- */

static void keep(struct grade_run *r, const char *data, size_t len)
{
	size_t room = r->spec->output > r->output_len ? r->spec->output - r->output_len : 0;
	size_t n = len < room ? len : (size_t)room;

	r->read += len;
	if (n)
		memcpy(r->output + r->output_len, data, n);
	r->output_len += n;
	if (n < len)
		end_it(r, GRADE_TOO_MUCH);
}

/* What is there; with `until` waits for so many bytes in all. */
static void drain(struct grade_run *r, uint64_t until)
{
	struct pollfd on = { .fd = r->pty, .events = POLLIN };
	char data[4096];
	ssize_t n;

	for (;;) {
		n = read(r->pty, data, sizeof(data));
		if (n > 0)
			keep(r, data, (size_t)n);
		else if (r->read >= until || (n < 0 && errno != EAGAIN) ||
			 poll(&on, 1, ARRIVE_MS) <= 0)
			return;
	}
}

/* ---- markers ------------------------------------------------------------------- */

static bool add_word(struct grade_run *r, const char *name, size_t n, const char *value, size_t len)
{
	struct grade_word *more = realloc(r->word, (r->words + 1) * sizeof(*more));

	if (!more)
		return false;
	r->word = more;
	more[r->words].name = strndup(name, n);
	more[r->words].value = strndup(value, len);
	if (!more[r->words].name || !more[r->words].value)
		return false;
	r->words++;
	return true;
}

/*
 * Whether a line begins with a marker, in which {name} is any word and a space any
 * number of spaces; with `r` what it picks up is kept.
 */
static bool matches(struct grade_run *r, const char *line, const char *marker)
{
	while (*marker) {
		const char *close = *marker == '{' ? strchr(marker, '}') : NULL;

		if (close) {
			size_t len = strcspn(line, " \t\r\n,;");

			if (!len)
				return false;
			if (r && !add_word(r, marker + 1, (size_t)(close - marker) - 1, line, len))
				return false;
			line += len;
			marker = close + 1;
		} else if (*marker == ' ') {
			if (*line != ' ' && *line != '\t')
				return false;
			line += strspn(line, " \t");
			marker += strspn(marker, " ");
		} else if (*marker++ != *line++) {
			return false;
		}
	}
	return true;
}

static void look_at_line(struct grade_run *r, const char *line)
{
	const struct grade_spec *s = r->spec;

	for (size_t i = 0; i < s->moments; i++) {
		const struct grade_moment *m = &s->moment[i];

		if (m->when != GRADE_MARKER || r->came[i] || !matches(NULL, line, m->text))
			continue;
		if (matches(r, line, m->text))
			come(r, i);
	}
}

static void look_at_lines(struct grade_run *r)
{
	char *stop;

	while ((stop = memchr(r->output + r->line_at, '\n', r->output_len - r->line_at))) {
		char *line = r->output + r->line_at;
		size_t len = (size_t)(stop - line);
		char *copy = strndup(line, len);

		r->line_at += len + 1;
		if (copy)
			look_at_line(r, copy);
		free(copy);
	}
}

static bool is_ours(const struct grade_run *r, pid_t tid, int fd)
{
	char link[60], path[80];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)tid, fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	return !strcmp(path, r->slave_name);
}

static void at_write(struct grade_run *r, const struct mms_trace_hold *h)
{
	if (!h->result || !is_ours(r, h->tid, h->fd))
		return;
	r->written += h->result;
	drain(r, r->written);
	look_at_lines(r);
}

/* ---- moments ------------------------------------------------------------------- */

static void forget_target(struct grade_run *r)
{
	mms_close(r->target);
	r->target = NULL;
}

static void all_of(struct grade_run *r, enum grade_when when, unsigned int number, uint64_t nth)
{
	const struct grade_spec *s = r->spec;

	for (size_t i = 0; i < s->moments; i++) {
		const struct grade_moment *m = &s->moment[i];

		if (m->when != when || (when == GRADE_SIGNAL && m->signal != (int)number) ||
		    (when == GRADE_CALL && (m->call != number || m->nth != nth)) ||
		    (when == GRADE_SIGNAL && r->came[i]))
			continue;
		come(r, i);
	}
}

/* Another program: all is of it alone. */
static void at_exec(struct grade_run *r)
{
	/*
	 * Nobody of the same user may write to our memory.  (Before exec that would
	 * be the child's as well, and it could not be traced.)
	 */
	prctl(PR_SET_DUMPABLE, 0);
	forget_target(r);
	memset(r->calls, 0, sizeof(r->calls));
	r->brk_known = false;
	all_of(r, GRADE_START, 0, 0);
}

static void at_call(struct grade_run *r, const struct mms_trace_hold *h)
{
	if (h->error)
		return;
	if (h->call == MMS_CALL_BRK) {
		r->brk = h->result;
		r->brk_known = true;
	}
	all_of(r, GRADE_CALL, h->call, ++r->calls[h->call]);
}

static void at_tick(struct grade_run *r)
{
	const struct grade_spec *s = r->spec;
	uint64_t now = now_ns();

	drain(r, 0);
	if (now > r->deadline)
		end_it(r, GRADE_TIME);
	for (size_t i = 0; i < s->moments && !r->ended; i++) {
		uint64_t ns = s->moment[i].ms * 1000000ULL;

		if ((s->moment[i].when == GRADE_EVERY && now >= r->due[i]) ||
		    (s->moment[i].when == GRADE_AFTER && !r->came[i] && now >= r->began + ns)) {
			r->due[i] = now + ns;
			come(r, i);
		}
	}
}

static void held(const struct mms_trace_hold *h, void *arg)
{
	struct grade_run *r = arg;

	/* The first that is told of is the program. */
	if (!r->pid)
		r->pid = h->pid;
	if (r->end != GRADE_ENDED && r->trace)
		mms_trace_kill(r->trace);
	if (h->why == MMS_HELD_TICK) {
		at_tick(r);
	} else if (h->why == MMS_HELD_WRITE) {
		at_write(r, h);
	} else if (h->why == MMS_HELD_CHILD) {
		if (r->trace && mms_trace_threads(r->trace) > r->spec->processes)
			end_it(r, GRADE_PROCESSES);
	} else if (h->pid == r->pid && !r->ended) {
		if (h->why == MMS_HELD_EXEC)
			at_exec(r);
		else if (h->why == MMS_HELD_CALL)
			at_call(r, h);
		else if (h->why == MMS_HELD_SIGNAL)
			all_of(r, GRADE_SIGNAL, (unsigned int)h->signal, 0);
		else if (r->end == GRADE_ENDED)
			all_of(r, GRADE_EXIT, 0, 0);
	}
}

static void event(const struct mms_trace_event *e, void *arg)
{
	struct grade_run *r = arg;

	if (r->leaks && (e->pid == r->pid || e->kind == MMS_TRACE_LOST))
		grade_leaks_note(r->leaks, e);
	if (e->kind != MMS_TRACE_EXIT || e->pid != r->pid)
		return;
	r->ended = true;
	r->status = e->status;
	r->left = mms_trace_threads(r->trace);
	if (r->left)
		mms_trace_kill(r->trace);
}

/* ---- before and after ---------------------------------------------------------- */

static int run_command(const char *command, struct mms_error *err)
{
	int status = system(command);
	char shown[200];

	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	mms_escape(command, shown, sizeof(shown));
	return mms_fail(err, MMS_FAILED, "the specification asks for it before the program runs",
			shown, WIFEXITED(status) ? "ended with status %d" : "failed (%d)",
			WIFEXITED(status) ? WEXITSTATUS(status) : status);
}

static int run_before(const struct grade_spec *s, struct mms_error *err)
{
	for (size_t i = 0; i < s->befores; i++)
		if (run_command(s->before[i], err))
			return -1;
	return 0;
}

static void run_after(const struct grade_spec *s)
{
	struct mms_error err;

	for (size_t i = 0; i < s->afters; i++)
		if (run_command(s->after[i], &err))
			fprintf(stderr, "mmscope: after: %s: %s\n", err.what, err.why);
}

/* ---- the whole ----------------------------------------------------------------- */

static int open_terminal(struct grade_run *r, struct mms_error *err)
{
	struct termios raw;

	r->pty = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (r->pty >= 0 && !grantpt(r->pty) && !unlockpt(r->pty) &&
	    !ptsname_r(r->pty, r->slave_name, sizeof(r->slave_name)))
		r->slave = open(r->slave_name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (r->slave < 0 || tcgetattr(r->slave, &raw))
		return mms_fail(err, MMS_FAILED, "is /dev/pts mounted?", "the program's terminal",
				"%s", strerror(errno));
	cfmakeraw(&raw);
	tcsetattr(r->slave, TCSANOW, &raw);
	fcntl(r->pty, F_SETFL, O_NONBLOCK);
	return 0;
}

static int open_input(struct grade_run *r, struct mms_error *err)
{
	const char *text = r->spec->input;
	size_t len = text ? strlen(text) : 0;

	r->input = text ? memfd_create("input", MFD_CLOEXEC) :
			  open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (r->input < 0 || (text && write(r->input, text, len) != (ssize_t)len) ||
	    (text && lseek(r->input, 0, SEEK_SET)))
		return mms_fail(err, MMS_FAILED, NULL, "the program's input", "%s",
				strerror(errno));
	return 0;
}

/* Whoever may not see the allocator's calls is still told all else. */
static int prepare_leaks(struct grade_run *r)
{
	struct mms_error why;

	if (!grade_needs_mallocs(r->spec))
		return 0;
	if (mms_trace_mallocs_possible(&why)) {
		snprintf(r->no_leaks, sizeof(r->no_leaks), "%.48s%s%.64s", why.why,
			 *why.mend ? ": " : "", why.mend);
		return 0;
	}
	r->leaks = grade_leaks_new();
	return r->leaks ? 0 : -1;
}

static int prepare(struct grade_run *r, struct mms_error *err)
{
	const struct grade_spec *s = r->spec;

	r->pty = r->slave = r->input = -1;
	r->result = calloc(s->checks, sizeof(*r->result));
	r->value = calloc(s->checks, sizeof(*r->value));
	r->came = calloc(s->moments, sizeof(*r->came));
	r->due = calloc(s->moments, sizeof(*r->due));
	r->output = malloc(s->output + 1);
	if (!r->result || !r->value || !r->came || !r->due || !r->output || prepare_leaks(r))
		return mms_fail(err, MMS_FAILED, NULL, "grade", "no memory");
	return open_terminal(r, err) || open_input(r, err) ? -1 : 0;
}

static void child(void *arg)
{
	grade_limits_child(arg);
}

static int run(struct grade_run *r, char *const argv[], struct mms_error *err)
{
	struct mms_trace_holding holding = { .fn = held, .begin = child, .arg = r,
					     .tick_ms = TICK_MS, .fd = r->pty };
	unsigned int flags = MMS_TRACE_BRIEF | MMS_TRACE_WRITES | MMS_TRACE_GUARD |
			     (r->leaks ? MMS_TRACE_MALLOCS : 0);
	bool detached;
	int ret;

	r->began = now_ns();
	r->deadline = r->began + r->spec->time_ms * 1000000ULL;
	if (mms_trace_start_held(argv, r->source, flags, &holding, &r->trace, err))
		return -1;
	ret = mms_trace_run(r->trace, event, r, &r->status, &detached, err);
	mms_trace_close(r->trace);
	r->trace = NULL;
	if (ret)
		return -1;
	drain(r, 0);
	if (r->end == GRADE_ENDED && grade_limits_memory(r))
		r->end = GRADE_MEMORY;
	grade_judge_end(r);
	return 0;
}

int grade_run(struct grade_run *r, char *const argv[], struct mms_error *err)
{
	int ret;

	if (prepare(r, err) || run_before(r->spec, err))
		return -1;
	grade_limits_begin(r);
	ret = run(r, argv, err);
	grade_limits_end(r);
	run_after(r->spec);
	return ret;
}

void grade_run_free(struct grade_run *r)
{
	forget_target(r);
	for (size_t i = 0; i < r->words; i++) {
		free(r->word[i].name);
		free(r->word[i].value);
	}
	free(r->word);
	free(r->result);
	free(r->value);
	free(r->came);
	free(r->due);
	free(r->output);
	grade_leaks_free(r->leaks);
	if (r->pty >= 0)
		close(r->pty);
	if (r->slave >= 0)
		close(r->slave);
	if (r->input >= 0)
		close(r->input);
}

char *grade_end_words(const struct grade_run *r, char *buf, size_t size)
{
	char bytes[16];

	switch (r->end) {
	case GRADE_TIME:
		snprintf(buf, size, "it was killed: it had not ended after %g s",
			 r->spec->time_ms / 1000.0);
		break;
	case GRADE_MEMORY:
		snprintf(buf, size, "it was killed: it needed more than %s of memory",
			 mms_size_format(r->spec->memory, bytes));
		break;
	case GRADE_PROCESSES:
		snprintf(buf, size, "it was killed: it had more than %u processes and threads",
			 r->spec->processes);
		break;
	case GRADE_TOO_MUCH:
		snprintf(buf, size, "it was killed: it had printed more than %s",
			 mms_size_format(r->spec->output, bytes));
		break;
	default:
		if (!r->ended)
			snprintf(buf, size, "it was stopped");
		else if (WIFSIGNALED(r->status))
			snprintf(buf, size, "it was killed by SIG%s (%s)",
				 sigabbrev_np(WTERMSIG(r->status)), sigdescr_np(WTERMSIG(r->status)));
		else
			snprintf(buf, size, "it ended with status %d", WEXITSTATUS(r->status));
	}
	return buf;
}
