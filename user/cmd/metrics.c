// SPDX-License-Identifier: GPL-2.0
/*
 * metrics.c - mmscope metrics: figures of some processes, or of all, and of the module,
 * for Prometheus. They are written even when no process is left that could be told of:
 * a file that stays as it was would go on telling of those that were there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "../view/metrics.h"

enum { OPT_ALL, OPT_OUTPUT, OPT_OPENMETRICS };

static const struct cmd_option options[] = {
	[OPT_ALL]    = { "all", 'a', NULL, "every process that one may ask about" },
	[OPT_OUTPUT] = { "output", 'o', "FILE", "write to a file, readable by all, as a whole" },
	[OPT_OPENMETRICS] = { "openmetrics", 0, NULL, "type counters as OpenMetrics has it" },
	{ 0 }
};

/* What is asked for, and what came of it. */
struct asked {
	pid_t *pid;
	size_t count;
	struct view_metrics metrics;
	/* The last one that could not be told of: why. */
	struct mms_error gone, denied;
	bool said;	/* of one that is not there it was told already */
};

static int no_memory(void)
{
	struct mms_error err;

	mms_fail(&err, MMS_FAILED, NULL, "metrics", "out of memory");
	return cmd_error(&err);
}

/* ---- which processes ------------------------------------------------------- */

static int add(struct asked *a, pid_t pid)
{
	pid_t *more = realloc(a->pid, (a->count + 1) * sizeof(*more));

	if (!more)
		return no_memory();
	a->pid = more;
	a->pid[a->count++] = pid;
	return 0;
}

static int add_all(struct asked *a)
{
	struct mms_procs procs;
	struct mms_error err;
	int ret = 0;

	if (mms_procs_read(&procs, &err))
		return cmd_error(&err);
	/* Not ourselves: that would be another process each time. */
	for (size_t i = 0; i < procs.count && !ret; i++)
		if (!procs.proc[i].kthread && procs.proc[i].pid != getpid())
			ret = add(a, procs.proc[i].pid);
	mms_procs_free(&procs);
	return ret;
}

/* Of a thread's number, the process: its series are told once. */
static int add_number(struct asked *a, pid_t pid, struct mms_error *err)
{
	struct mms_proc proc;

	if (!mms_proc_read(pid, &proc, err))
		return add(a, proc.pid);
	if (err->status != MMS_DENIED)
		return -1;
	a->denied = *err;
	a->metrics.unreadable++;
	return 0;
}

/* Several processes of one name are all meant. */
static int add_named(struct asked *a, const char *arg)
{
	struct mms_procs matches;
	struct mms_error err;
	pid_t pid;
	int ret = mms_resolve(arg, &pid, &matches, &err);

	if (!ret)
		ret = add_number(a, pid, &err);
	else if (matches.count > 1)
		ret = 0;
	for (size_t i = 0; i < matches.count && matches.count > 1 && !ret; i++)
		ret = add(a, matches.proc[i].pid);
	mms_procs_free(&matches);
	if (ret >= 0)
		return ret;
	cmd_error(&err);
	a->said = true;
	return err.status == MMS_GONE ? 0 : err.status;
}

static int by_number(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int choose(const struct cmd *cmd, struct asked *a)
{
	size_t kept = 0;
	int ret = cmd->value[OPT_ALL] ? add_all(a) : 0;

	for (int i = 0; i < cmd->nargs && !ret; i++)
		ret = add_named(a, cmd->args[i]);
	if (ret || !a->count)
		return ret;
	qsort(a->pid, a->count, sizeof(*a->pid), by_number);
	for (size_t i = 1; i < a->count; i++)
		if (a->pid[i] != a->pid[kept])
			a->pid[++kept] = a->pid[i];
	a->count = kept + 1;
	return 0;
}

/* ---- what is known of them ------------------------------------------------- */

/* Who asked for procfs has not asked the module, not even whether it is there. */
static int ask_module(const struct cmd *cmd, struct view_metrics *m)
{
	struct mms_error err;

	if (cmd->source == MMS_SOURCE_PROCFS)
		return 0;
	m->loaded = !mms_info(&m->info, &err);
	m->loaded_known = m->loaded || err.status == MMS_NO_MODULE;
	return m->loaded || cmd->source != MMS_SOURCE_MODULE ? 0 : cmd_error(&err);
}

/* In procfs the number of VMAs is to be had by listing them. */
static int read_mm(struct mms_target *t, struct mms_mm *mm, struct mms_error *err)
{
	struct mms_vmas vmas;

	if (mms_target_source(t) == MMS_SOURCE_MODULE)
		return mms_mm_read(t, mm, err);
	if (mms_vmas_read(t, MMS_ALL_START, MMS_ALL_END, MMS_VMAS_NO_NAMES, 0, &vmas, err))
		return -1;
	*mm = vmas.mm;
	mms_vmas_free(&vmas);
	return 0;
}

static int ask_one(struct cmd *cmd, struct asked *a, pid_t pid)
{
	struct view_metrics *m = &a->metrics;
	struct view_metrics_process *p = &m->process[m->count];
	struct mms_target *t;
	struct mms_error err;
	int ret = mms_open(pid, cmd->source, &t, &err);

	if (!ret) {
		ret = read_mm(t, &p->mm, &err);
		p->proc = *mms_target_proc(t);
		p->source = mms_target_source_name(t);
		/* A job that runs over and over has module_loaded to tell it. */
		if (!cmd->value[OPT_OUTPUT])
			cmd_lack(cmd, t, "the exact break");
		mms_close(t);
	}
	if (!ret) {
		m->count++;
	} else if (err.status == MMS_GONE) {
		a->gone = err;
	} else if (err.status == MMS_DENIED) {
		a->denied = err;
		m->unreadable++;
	} else {
		return cmd_error(&err);
	}
	return 0;
}

static int ask(struct cmd *cmd, struct asked *a)
{
	int ret = ask_module(cmd, &a->metrics);

	a->metrics.boot_known = mms_boot_time(&a->metrics.boot_ns);
	a->metrics.process = calloc(a->count + 1, sizeof(*a->metrics.process));
	if (!ret && !a->metrics.process)
		ret = no_memory();
	for (size_t i = 0; i < a->count && !ret; i++)
		ret = ask_one(cmd, a, a->pid[i]);
	return ret;
}

/* ---- the answer ------------------------------------------------------------ */

struct drawing {
	const struct cmd *cmd;
	const struct view_metrics *metrics;
};

static bool draw(FILE *out, void *arg)
{
	const struct drawing *d = arg;

	if (d->cmd->json)
		view_metrics_json(out, d->metrics);
	else
		view_metrics_text(out, d->metrics, d->cmd->value[OPT_OPENMETRICS]);
	return !ferror(out);
}

static int tell(const struct cmd *cmd, const struct view_metrics *m)
{
	struct drawing d = { cmd, m };
	struct mms_error err;
	size_t len = 0;

	if (!cmd->value[OPT_OUTPUT]) {
		draw(stdout, &d);
		return MMS_OK;
	}
	return cmd_write_drawn(cmd->value[OPT_OUTPUT], 0644, draw, &d, &len, &err) ?
	       cmd_error(&err) : MMS_OK;
}

/* That a process is missing is no failure while there is another that was named. */
static int verdict(const struct cmd *cmd, const struct asked *a)
{
	if (cmd->value[OPT_ALL] || a->metrics.count)
		return MMS_OK;
	if (a->metrics.unreadable)
		return cmd_error(&a->denied);
	return a->said ? MMS_GONE : cmd_error(&a->gone);
}

static int run(struct cmd *cmd)
{
	const char *path = cmd->value[OPT_OUTPUT];
	struct asked a = { 0 };
	int ret;

	if (!cmd->value[OPT_ALL] == !cmd->nargs)
		return cmd_usage(cmd, cmd->nargs ? "--all takes no process" :
						   "needs a process, or --all");
	if (path && !*path)
		return cmd_usage(cmd, "-o needs the name of a file");
	if (cmd->json && cmd->value[OPT_OPENMETRICS])
		return cmd_usage(cmd, "--json and --openmetrics exclude each other");
	ret = choose(cmd, &a);
	if (!ret)
		ret = ask(cmd, &a);
	if (!ret)
		ret = tell(cmd, &a.metrics);
	if (!ret)
		ret = verdict(cmd, &a);
	free(a.metrics.process);
	free(a.pid);
	return ret;
}

const struct verb verb_metrics = {
	.name = "metrics",
	.args = "PID|NAME... | --all",
	.brief = "figures of processes and of the module, for Prometheus",
	.about = "Writes what Prometheus, or the textfile collector of its node_exporter, reads:\n"
		 "of each process heap, resident, locked, swapped and mapped memory, page\n"
		 "tables, VMAs, page faults and start time, with its pid and comm as labels; and\n"
		 "whether the module is loaded, and how long it held locks (with --source procfs\n"
		 "it is not asked). What is not known is left out. A name stands for all\n"
		 "processes that are called so; those that may not be looked at are counted.\n"
		 "Each process makes a dozen series, and so does each that takes its place: of\n"
		 "a fleet name the processes that matter; --all is for a machine or two.\n"
		 "The text is in Prometheus' own format, which it reads as OpenMetrics, too.\n"
		 "Stricter readers of OpenMetrics want --openmetrics; a textfile collector would\n"
		 "find its counters untyped, and with the module refuse it. What there is to\n"
		 "tell is written also where the exit status is 3 or 4: none of the processes\n"
		 "is there, or none may be looked at.",
	.example = "  mmscope metrics nginx redis-server\n"
		   "  mmscope metrics --all -o /var/lib/prometheus/node-exporter/mmscope.prom\n"
		   "  mmscope metrics 1234 --json | jq .processes[0].resident_bytes",
	.takes = CMD_TARGET,
	.max_args = -1,
	.options = options,
	.run = run,
};
