// SPDX-License-Identifier: GPL-2.0
/*
 * watch.c - mmscope watch: asks about a process again and again, and hands each answer
 * to the full-screen view, or to lines of text.  It asks about the pages of the one
 * VMA that is looked at, and takes a rest in proportion to how long the answer took.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "../view/watch.h"

enum { OPT_COUNT, OPT_DELAY };

static const struct cmd_option options[] = {
	[OPT_COUNT] = { "count", 'n', "COUNT", "end after so many refreshes" },
	[OPT_DELAY] = { "delay", 'd', "SECONDS", "between two refreshes (1; fractions are fine)" },
	{ 0 }
};

#define DELAY_MIN	0.01
#define DELAY_MAX	86400.0
#define REST		3		/* rests so many times as long as it asked */
#define PAGEMAP_MAX	(64ULL << 30)	/* of /proc more would take longer than a blink */

struct watch {
	struct cmd *cmd;
	struct mms_target *target;
	struct view_watch *view;	/* NULL: lines of text */
	uint64_t count, done;		/* refreshes: wanted (0: no end), and had */
	double delay;
	uint64_t due;			/* nanoseconds, monotonic: when the next one is */
	bool over;			/* there will be no more */
	int status;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- asking ------------------------------------------------------------------ */

/* Without the module, exec shows in that all is at another place. */
static bool other_program(const struct view_moment *before, const struct mms_vmas *now)
{
	static const enum mms_mm_field fields[] = {
		MMS_MM_START_CODE, MMS_MM_START_STACK, MMS_MM_START_DATA, MMS_MM_ENV_END,
	};

	if (!before || now->from == MMS_FROM_MODULE)
		return false;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct mms_fact a = before->list.mm.fact[fields[i]], b = now->mm.fact[fields[i]];

		if (mms_known(a) && mms_known(b) && a.value != b.value)
			return true;
	}
	return false;
}

/* The same process with its new memory: the pid alone might be another's by now. */
static int follow(struct watch *w, struct mms_error *err)
{
	struct mms_target *next;

	if (mms_open(mms_target_pid(w->target), w->cmd->source, &next, err))
		return -1;
	if (faccessat(mms_target_procfd(w->target), "stat", F_OK, 0)) {
		mms_close(next);
		mms_explain(MMS_OP_VMAS, ESRCH, mms_target_pid(w->target), err);
		return -1;
	}
	mms_close(w->target);
	w->target = next;
	return 0;
}

/* The list with counts, and who it is now; *exec: it is another program. */
static int ask(struct watch *w, const struct view_moment *before, struct view_moment **moment,
	       bool *exec, struct mms_error *err)
{
	struct mms_vmas vmas;
	struct mms_proc proc;
	int ret;

	ret = mms_vmas_read(w->target, MMS_ALL_START, MMS_ALL_END, MMS_VMAS_ACCT, VIEW_COUNT_CATS,
			    &vmas, err);
	*exec = ret && err->sys_errno == ESTALE;
	if (*exec) {
		ret = follow(w, err);
		if (!ret)
			ret = mms_vmas_read(w->target, MMS_ALL_START, MMS_ALL_END, MMS_VMAS_ACCT,
					    VIEW_COUNT_CATS, &vmas, err);
	}
	if (ret)
		return -1;
	*exec |= other_program(before, &vmas);
	if (mms_proc_read(mms_target_pid(w->target), &proc, NULL))
		proc = *mms_target_proc(w->target);
	/* Thread stacks are known as such only where there are threads, which may be new. */
	mms_vmas_purpose(&vmas, proc.threads);
	*moment = view_moment_new(&vmas, &proc);
	mms_vmas_free(&vmas);
	if (!*moment)
		return mms_fail(err, MMS_FAILED, NULL, "this refresh", "no memory");
	(*moment)->exec = *exec;
	return 0;
}

struct taking {
	struct view_moment *moment;
	const struct mms_vma *vma;
	uint64_t told;
};

static int take_run(const struct mmscope_run *run, void *arg)
{
	struct taking *t = arg;

	view_pages_add(t->moment, run->start, run->end,
		       mms_page_state(t->vma, run->categories, t->told));
	return 0;
}

/* The pages of the VMA that is looked at, if it is. */
static void ask_pages(struct watch *w)
{
	struct view_moment *m = view_watch_newest(w->view);
	struct taking t = { .moment = m };
	struct mms_pages_query q = { 0 };
	size_t i;

	if (!m || !view_watch_wants(w->view, &q.start, &q.end))
		return;
	view_pages_begin(m, q.start, q.end);
	i = mms_vmas_find(&m->list, q.start);
	if (i == m->list.count)
		return;
	if (mms_target_source(w->target) == MMS_SOURCE_PROCFS && q.end - q.start > PAGEMAP_MAX) {
		view_pages_end(m, VIEW_PAGES_VAST);
		return;
	}
	t.vma = &m->list.vma[i];
	t.told = q.categories = MMS_CATS_STATE & mms_target_categories(w->target);
	view_pages_end(m, mms_pages(w->target, &q, take_run, &t, NULL, NULL) ?
		       VIEW_PAGES_FAILED : VIEW_PAGES_TOLD);
}

/* ---- a refresh --------------------------------------------------------------- */

/* What ended is told, and is no failure; that it may not be seen any more is one. */
static void end(struct watch *w, const struct mms_error *err)
{
	char text[480];

	w->over = true;
	w->status = err->status == MMS_GONE ? MMS_OK : err->status;
	if (err->status == MMS_GONE)
		snprintf(text, sizeof(text), "process %d ended", (int)mms_target_pid(w->target));
	else
		snprintf(text, sizeof(text), "%s: %s", err->what, err->why);
	if (w->view) {
		strcat(text, "; q quits");
		view_watch_end(w->view, text);
	} else {
		view_watch_remark(w->target, w->cmd->json, "end", text);
	}
}

static void tell_exec(struct watch *w, const struct view_moment *moment)
{
	char text[200];

	snprintf(text, sizeof(text), "exec: process %d is %s now",
		 (int)mms_target_pid(w->target), moment->proc.comm);
	if (w->view)
		view_watch_say(w->view, text);
	else
		view_watch_remark(w->target, w->cmd->json, "exec", text);
}

/* What failed for want of memory, say, may work the next time. */
static bool is_final(const struct mms_error *err)
{
	return err->status != MMS_FAILED && !(err->status == MMS_GONE && err->sys_errno == EAGAIN);
}

/* *moment: NULL if there is none this time. */
static void refresh(struct watch *w, const struct view_moment *before,
		    struct view_moment **moment)
{
	uint64_t began = now_ns(), took;
	struct mms_error err;
	bool exec = false;

	*moment = NULL;
	w->done++;
	if (ask(w, before, moment, &exec, &err)) {
		if (is_final(&err) || (!w->view && !before))
			end(w, &err);
		else if (w->view)
			view_watch_say(w->view, err.why);
		else
			view_watch_remark(w->target, w->cmd->json, "error", err.why);
	} else if (exec) {
		tell_exec(w, *moment);
	}
	if (*moment && w->view) {
		view_watch_add(w->view, *moment);
		ask_pages(w);
	}
	took = now_ns() - began;
	w->due = began + (uint64_t)(w->delay * 1e9);
	if (w->due < began + (REST + 1) * took)
		w->due = began + (REST + 1) * took;
	if (w->view)
		view_watch_pace(w->view, (double)(w->due - began) / 1e9);
	w->over |= w->count && w->done >= w->count;
}

/* ---- without a screen -------------------------------------------------------- */

static void rest(uint64_t until)
{
	struct timespec t = { (time_t)(until / 1000000000), (long)(until % 1000000000) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static int lines(struct watch *w)
{
	struct view_moment *before = NULL, *now;
	uint64_t number = 0;

	cmd_lack(w->cmd, w->target, "the exact break, and locked pages");
	while (!w->over && !ferror(stdout)) {
		if (w->done)
			rest(w->due);
		refresh(w, before, &now);
		if (now) {
			const struct view_moment *was = now->exec ? NULL : before;

			now->number = ++number;
			if (w->cmd->json)
				view_watch_json(w->target, was, now);
			else
				view_watch_line(was, now, w->cmd->bytes);
			view_moment_free(before);
			before = now;
		}
		fflush(stdout);
	}
	view_moment_free(before);
	return w->status;
}

/* ---- with one ---------------------------------------------------------------- */

static void show(struct watch *w, struct view_canvas *canvas)
{
	int rows, cols;

	view_term_look(&rows, &cols, &canvas->ink);
	if (!view_canvas_size(canvas, rows, cols))
		return;
	view_watch_draw(w->view, canvas);
	if (view_watch_lacks(w->view)) {
		ask_pages(w);
		if (!view_canvas_size(canvas, rows, cols))
			return;
		view_watch_draw(w->view, canvas);
	}
	view_term_show(canvas);
}

/* All that was typed, before anything is asked or drawn.  False: it is to end. */
static bool take_keys(struct watch *w)
{
	struct view_event event;

	while ((event = view_term_event()).key != VIEW_KEY_NONE)
		if (!view_watch_key(w->view, event))
			return false;
	return true;
}

static void screen(struct watch *w)
{
	struct view_canvas canvas = { 0 };
	struct view_moment *now;
	bool go_on = true;

	while (go_on) {
		uint64_t at = now_ns();

		if (!w->over && !view_watch_paused(w->view) && at >= w->due) {
			refresh(w, view_watch_newest(w->view), &now);
			at = now_ns();
		}
		show(w, &canvas);
		if (w->over && w->count)
			break;
		/* Who is to ask nothing only waits for keys. */
		if (w->over || view_watch_paused(w->view))
			go_on = view_term_wait(3600ULL * 1000000000);
		else
			go_on = view_term_wait(w->due > at ? w->due - at : 0);
		go_on = go_on && take_keys(w);
	}
	view_canvas_free(&canvas);
}

static int full_screen(struct watch *w)
{
	struct view_watch_options o = {
		.pid = mms_target_pid(w->target),
		.source = mms_target_source_name(w->target),
		.every = w->delay,
		.bytes = w->cmd->bytes,
	};
	struct mms_error err;

	w->view = view_watch_new(&o);
	if (!w->view) {
		view_term_close();
		mms_fail(&err, MMS_FAILED, NULL, "the screen", "no memory");
		return cmd_error(&err);
	}
	screen(w);
	view_term_close();
	view_watch_free(w->view);
	cmd_lack(w->cmd, w->target, "the exact break, zero, dirty, shared and locked pages apart");
	return w->status;
}

/* ---- the whole --------------------------------------------------------------- */

static int parse(struct watch *w)
{
	const char *count = w->cmd->value[OPT_COUNT], *delay = w->cmd->value[OPT_DELAY];
	char *end;

	w->delay = 1;
	if (count) {
		errno = 0;
		w->count = strtoull(count, &end, 10);
		if (*end || end == count || *count == '-' || errno || !w->count)
			return cmd_usage(w->cmd, "not a number of refreshes: '%s'", count);
	}
	if (delay) {
		w->delay = strtod(delay, &end);
		if (*end || end == delay || !isfinite(w->delay) || w->delay < DELAY_MIN ||
		    w->delay > DELAY_MAX)
			return cmd_usage(w->cmd, "not a number of seconds from 0.01 to 86400: '%s'",
					 delay);
	}
	return 0;
}

static int run(struct cmd *cmd)
{
	struct watch w = { .cmd = cmd };
	int ret = parse(&w);

	if (!ret)
		ret = cmd_open(cmd, &w.target);
	if (ret)
		return ret;
	ret = !cmd->json && view_term_open() ? full_screen(&w) : lines(&w);
	mms_close(w.target);
	return ret;
}

const struct verb verb_watch = {
	.name = "watch",
	.args = "PID",
	.brief = "a live view of it all; in a pipe, lines of what changes",
	.about = "Shows the summary, the VMAs and the pages of the selected VMA on the whole\n"
		 "screen, and lights up what changed since the last refresh.  Keys are as in\n"
		 "htop, and h explains them: space pauses, Left and Right step through the last\n"
		 "minute.  An exec is followed.  When the process ends, the last view stays until\n"
		 "q, and the exit status is 0.\n"
		 "\n"
		 "Where standard output is no terminal, each refresh is a line of figures; behind\n"
		 "it, indented, are VMAs that are new (+), gone (-) or changed (*), and below\n"
		 "these what changed in them.  A line with # is a remark.  With --json each is a\n"
		 "line of JSON.  Where asking takes long it is done less often: for at most a\n"
		 "quarter of the time.",
	.example = "  mmscope watch 1234\n"
		   "  mmscope watch redis-server -d 0.2\n"
		   "  mmscope watch 1234 -n 60 >log\n"
		   "  mmscope watch 1234 --json | jq -c '.changes[]? | [.kind, .vma.start]'",
	.takes = CMD_TARGET | CMD_BYTES,
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
