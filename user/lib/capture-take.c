// SPDX-License-Identifier: GPL-2.0
/*
 * capture-take.c - captures a process: asks its source everything, once.
 * The pages come after the list of VMAs, so that a process which runs may have
 * changed between them; whether it did is looked for, and told.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "capture.h"
#include "witness.h"

/* What a capture is taken with. */
struct taking {
	struct mms_target *target;
	struct mms_capture *c;
	uint64_t counts[MMSCOPE_CAT_COUNT];	/* pages told of, by category */
	uint64_t done, all;			/* bytes */
	void (*progress)(uint64_t done, uint64_t all, void *arg);
	void *arg;
};

/* ---- where, when, who ------------------------------------------------------ */

static void note_machine(struct mms_capture_info *i)
{
	struct timespec now;
	struct utsname u;
	char *text;

	clock_gettime(CLOCK_REALTIME, &now);
	i->taken_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	if (!uname(&u)) {
		snprintf(i->kernel, sizeof(i->kernel), "%s", u.release);
		snprintf(i->machine, sizeof(i->machine), "%s", u.machine);
	}
	if (mmsi_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &text) >= 0) {
		text[strcspn(text, "\n")] = '\0';
		snprintf(i->boot, sizeof(i->boot), "%s", text);
		free(text);
	}
	snprintf(i->tool, sizeof(i->tool), "%s", mms_version());
}

/* Parent and start: the 4th and the 22nd field of stat, behind the name's last ')'. */
static void note_process(struct mms_target *t, struct mms_capture_info *i)
{
	unsigned long long started;
	char *text, *close;
	int ppid;

	i->pid = t->proc.pid;
	if (mmsi_read_file(t->procfd, "stat", &text) < 0)
		return;
	close = strrchr(text, ')');
	if (close && sscanf(close + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d "
			    "%*d %*d %*d %*d %*d %llu", &ppid, &started) == 2) {
		i->ppid = ppid < 0 ? 0 : ppid;
		i->started = started;
	}
	free(text);
}

static void note_all(struct mms_target *t, struct mms_capture *c)
{
	struct mms_capture_info *i = &c->info;

	note_machine(i);
	note_process(t, i);
	snprintf(i->source, sizeof(i->source), "%s", t->source->name);
	if (t->devfd >= 0) {
		i->abi = t->info.abi;
		snprintf(i->module, sizeof(i->module), "%.*s", (int)sizeof(t->info.version),
			 t->info.version);
	}
	i->page_size = t->page_size;
	i->categories = t->categories;
	c->proc = t->proc;
	c->target = t->pid;
	c->lacks = t->lacks;
	c->lack = t->lack;
}

/* ---- pages ----------------------------------------------------------------- */

static int take_run(const struct mmscope_run *run, void *arg)
{
	struct taking *k = arg;
	struct mms_capture *c = k->c;
	uint64_t pages = (run->end - run->start) / c->info.page_size;

	for (uint64_t left = run->categories; left; left &= left - 1)
		k->counts[__builtin_ctzll(left)] += pages;
	mmsi_runs_add(&c->runs, run, c->info.page_size);
	k->done += run->end - run->start;
	if (k->progress && c->runs.count % 4096 == 0)
		k->progress(k->done, k->all, k->arg);
	return c->runs.packed.failed;
}

/* With frames if that is allowed. */
static int take_pages(struct taking *k, struct mms_error *err)
{
	struct mms_capture *c = k->c;
	struct mms_pages_query q = { .end = MMS_ALL_END, .flags = MMS_PAGES_FRAMES };
	/* Not an empty range: about nothing nobody is asked. */
	struct mms_pages_query trial = { .end = k->target->page_size, .flags = MMS_PAGES_FRAMES };
	struct mms_error why = { 0 };
	int ret;

	c->info.frames = !mms_pages(k->target, &trial, NULL, NULL, NULL, &why);
	if (!c->info.frames && why.status != MMS_DENIED) {
		if (err)
			*err = why;
		return -1;
	}
	if (!c->info.frames)
		q.flags = 0;
	ret = mms_pages(k->target, &q, take_run, k, NULL, err);
	c->info.runs = c->runs.count;
	if (!ret && c->runs.packed.failed)
		ret = mmsi_nomem(err);
	if (k->progress)
		k->progress(k->all, k->all, k->arg);
	return ret;
}

/* ---- whether it kept still ------------------------------------------------- */

static bool same_lists(const struct mms_vmas *a, const struct mms_vmas *b)
{
	struct mms_fact x = a->mm.fact[MMS_MM_BRK], y = b->mm.fact[MMS_MM_BRK];

	if (a->count != b->count || x.from != y.from || (mms_known(x) && x.value != y.value))
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct mms_vma *v = &a->vma[i], *w = &b->vma[i];

		if (v->start != w->start || v->end != w->end ||
		    (v->flags ^ w->flags) & v->flags_known & w->flags_known)
			return false;
	}
	return true;
}

/* The accounts were counted on a walk of their own: the same pages twice. */
static bool same_counts(const struct taking *k)
{
	const struct mms_vmas *l = &k->c->vmas;
	uint64_t left = l->acct_from == MMS_FROM_MODULE ? l->acct_categories : 0;

	for (; left; left &= left - 1) {
		unsigned int c = (unsigned int)__builtin_ctzll(left);
		uint64_t sum = 0;

		for (size_t i = 0; i < l->count; i++)
			sum += l->acct[i].pages[c];
		if (c < MMSCOPE_CAT_COUNT && sum != k->counts[c])
			return false;
	}
	return true;
}

static int judge(struct taking *k, struct mms_error *err)
{
	struct mms_vmas again;

	if (mms_vmas_read(k->target, MMS_ALL_START, MMS_ALL_END, 0, 0, &again, err))
		return -1;
	k->c->info.still = same_lists(&k->c->vmas, &again) && same_counts(k) ? MMS_STILL_SEEMED :
									    MMS_STILL_MOVED;
	mms_vmas_free(&again);
	return 0;
}

/* ---- the whole ------------------------------------------------------------- */

static int take(struct taking *k, struct mms_error *err)
{
	struct mms_capture *c = k->c;

	note_all(k->target, c);
	if (mms_vmas_read(k->target, MMS_ALL_START, MMS_ALL_END, MMS_VMAS_ACCT, 0, &c->vmas, err))
		return -1;
	for (size_t i = 0; i < c->vmas.count; i++)
		k->all += c->vmas.vma[i].end - c->vmas.vma[i].start;
	c->has_threads = !mms_threads_read(k->target, &c->threads, NULL);
	return take_pages(k, err) || judge(k, err) ? -1 : 0;
}

int mms_capture_take(struct mms_target *target, unsigned int flags,
		     void (*progress)(uint64_t done, uint64_t all, void *arg), void *arg,
		     struct mms_capture **capture, struct mms_error *err)
{
	struct taking k = { .target = target, .c = mmsi_capture_new(), .progress = progress,
			    .arg = arg };
	struct mms_inside *inside = NULL;
	int ret = k.c ? 0 : mmsi_nomem(err);

	if (!ret && flags & MMS_CAPTURE_HOLD)
		ret = mms_inside_open(target, &inside, err) || mms_inside_hold(inside, err) ? -1 : 0;
	if (!ret)
		ret = take(&k, err);
	if (!ret && inside)
		k.c->info.still = MMS_STILL_HELD;
	if (inside) {
		mms_inside_let_go(inside);
		mms_inside_close(inside);
	}
	if (ret)
		mms_capture_free(k.c);
	else
		*capture = k.c;
	return ret;
}
