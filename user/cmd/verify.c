// SPDX-License-Identifier: GPL-2.0
/*
 * verify.c - mmscope verify: every witness about a process, side by side.
 * Of one process, of every process, or of a command while it runs. A difference
 * without a name makes the exit status 1.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "witness.h"
#include "../view/json.h"
#include "../view/verdict.h"

enum { OPT_ALL, OPT_STOP };

static const struct cmd_option options[] = {
	[OPT_ALL]  = { "all", 'a', NULL, "every process, a line each" },
	[OPT_STOP] = { "stop", 0, NULL, "hold the process still meanwhile (ptrace)" },
	{ 0 }
};

static unsigned int flags_of(const struct cmd *cmd)
{
	return cmd->value[OPT_STOP] ? MMS_VERIFY_HOLD : 0;
}

/* On a terminal, and only there. */
static void progress(uint64_t done, uint64_t all, void *arg)
{
	uint64_t *last = arg, percent = all ? done * 100 / all : 100;

	if (percent == *last || all < 50000)
		return;
	*last = percent;
	if (percent < 100)
		fprintf(stderr, "\rcomparing: %3" PRIu64 " %% of %" PRIu64 " pages", percent, all);
	else
		fprintf(stderr, "\r%50s\r", "");
}

static int verify(const struct cmd *cmd, struct mms_target *t, struct mms_verdict *v,
		  struct mms_error *err)
{
	uint64_t last = 0;

	return mms_verify(t, flags_of(cmd), isatty(STDERR_FILENO) && !cmd->value[OPT_ALL] ?
			  progress : NULL, &last, v, err);
}

static struct mms_verdict *verdict_new(void)
{
	struct mms_verdict *v = malloc(sizeof(*v));

	if (!v)
		fprintf(stderr, "mmscope: verify: out of memory\n");
	return v;
}

/* ---- one process ----------------------------------------------------------- */

static void draw_one(const struct cmd *cmd, const struct mms_target *t, const struct mms_verdict *v)
{
	struct view_json j;
	char comm[256];

	if (cmd->json) {
		view_json_begin(&j, "verify", t);
		view_verdict_json(&j, v);
		view_json_end(&j);
		return;
	}
	mms_escape(mms_target_proc(t)->comm, comm, sizeof(comm));
	printf("process %d %s\n\n", (int)mms_target_pid(t), comm);
	view_verdict_draw(v, cmd->bytes);
}

static int verify_one(struct cmd *cmd)
{
	struct mms_verdict *v = verdict_new();
	struct mms_target *t;
	struct mms_error err;
	int ret = v ? cmd_open(cmd, &t) : MMS_FAILED;

	if (ret) {
		free(v);
		return ret;
	}
	if (verify(cmd, t, v, &err)) {
		ret = cmd_error(&err);
	} else {
		draw_one(cmd, t, v);
		ret = v->failures ? MMS_FAILED : MMS_OK;
	}
	mms_close(t);
	free(v);
	return ret;
}

/* ---- every process --------------------------------------------------------- */

struct tally {
	size_t processes, gone, denied;
	uint64_t pages, failures;
};

static void draw_line(struct view_json *j, const struct mms_proc *p, const struct mms_verdict *v)
{
	char names[200], comm[64];

	if (j) {
		view_json_object(j, NULL);
		view_json_signed(j, "pid", p->pid);
		view_json_name(j, "comm", p->comm);
		view_verdict_json(j, v);
		view_json_close(j);
		return;
	}
	mms_escape(p->comm, comm, sizeof(comm));
	printf("%7d  %-15.15s %8" PRIu64 " pages  %s%s\n", (int)p->pid, comm, v->pages,
	       v->failures ? "NOT EXPLAINED; " : "", view_verdict_names(v, names, sizeof(names)));
	view_verdict_failures(v);
	fflush(stdout);
}

/* One that goes away, or that the caller may not see, is no failure. */
static int verify_each(const struct cmd *cmd, const struct mms_proc *p, struct view_json *j,
		       struct mms_verdict *v, struct tally *sum)
{
	struct mms_target *t;
	struct mms_error err;
	int ret = mms_open(p->pid, cmd->source, &t, &err);

	if (!ret) {
		ret = verify(cmd, t, v, &err);
		mms_close(t);
	}
	if (!ret) {
		sum->processes++;
		sum->pages += v->pages;
		sum->failures += v->failures;
		draw_line(j, p, v);
	} else if (err.status == MMS_GONE) {
		sum->gone++;
	} else if (err.status == MMS_DENIED) {
		sum->denied++;
	} else {
		return cmd_error(&err);
	}
	return 0;
}

static void draw_sum(struct view_json *j, const struct tally *sum)
{
	if (j) {
		view_json_close(j);
		view_json_number(j, "verified", sum->processes);
		view_json_number(j, "gone", sum->gone);
		view_json_number(j, "denied", sum->denied);
		view_json_number(j, "failures", sum->failures);
		view_json_end(j);
		return;
	}
	printf("\n%zu processes, %" PRIu64 " pages: ", sum->processes, sum->pages);
	if (sum->failures)
		printf("%" PRIu64 " differences NOT explained\n", sum->failures);
	else
		printf("no unexplained difference\n");
	if (sum->gone)
		printf("  %zu went away meanwhile\n", sum->gone);
	if (sum->denied)
		printf("  %zu are not yours to see; as root all are\n", sum->denied);
}

static int verify_all(struct cmd *cmd)
{
	struct view_json json, *j = cmd->json ? &json : NULL;
	struct mms_verdict *v = verdict_new();
	struct mms_procs procs = { 0 };
	struct tally sum = { 0 };
	struct mms_error err;
	int ret = v ? 0 : MMS_FAILED;

	if (!ret && mms_procs_read(&procs, &err))
		ret = cmd_error(&err);
	if (!ret && j) {
		view_json_begin(j, "verify", NULL);
		view_json_array(j, "processes");
	}
	for (size_t i = 0; i < procs.count && !ret; i++)
		if (!procs.proc[i].kthread && procs.proc[i].pid != getpid())
			ret = verify_each(cmd, &procs.proc[i], j, v, &sum);
	if (!ret)
		draw_sum(j, &sum);
	mms_procs_free(&procs);
	free(v);
	return ret ? ret : sum.failures ? MMS_FAILED : MMS_OK;
}

/* ---- a command ------------------------------------------------------------- */

/* Adds one look to those before. */
static void add(struct mms_verdict *all, const struct mms_verdict *v)
{
	uint64_t room;

	for (int w = 0; w < MMS_WITNESS_COUNT; w++) {
		for (int d = 0; d < MMS_DIFF_COUNT; d++)
			all->named[d][w] += v->named[d][w];
		memcpy(all->absent[w], v->absent[w], sizeof(all->absent[w]));
	}
	all->room = v->room;
	memcpy(all->total, v->total, sizeof(all->total));
	memcpy(all->has, v->has, sizeof(all->has));
	all->pages += v->pages;
	all->vmas += v->vmas;
	all->unsampled += v->unsampled;
	all->held = v->held;
	for (uint64_t i = 0; i < v->failures; i++, all->failures++) {
		room = all->failures;
		if (room < MMS_FAILURES_MAX && i < MMS_FAILURES_MAX)
			all->failure[room] = v->failure[i];
	}
}

static pid_t start(char **argv)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	execvp(argv[0], argv);
	fprintf(stderr, "mmscope: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* What a command and its children are looked at with. */
struct watch {
	const struct cmd *cmd;
	struct mms_verdict *look, *all;
	size_t looks;
};

/* One that ended, or called exec, while it was looked at does not count. */
static int look_at(struct watch *w, pid_t pid)
{
	struct mms_target *t;
	struct mms_error err;
	int ret = mms_open(pid, w->cmd->source, &t, &err);

	if (!ret) {
		ret = verify(w->cmd, t, w->look, &err);
		mms_close(t);
	}
	if (!ret) {
		add(w->all, w->look);
		w->looks++;
		return 0;
	}
	return err.status == MMS_GONE ? 0 : cmd_error(&err);
}

/* The process, and all below it: those that do the work may be its children. */
static int look_at_tree(struct watch *w, pid_t pid, int depth)
{
	char path[64];
	FILE *f;
	int child, ret = look_at(w, pid);

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	f = fopen(path, "r");
	while (f && !ret && depth < 16 && fscanf(f, "%d", &child) == 1)
		ret = look_at_tree(w, child, depth + 1);
	if (f)
		fclose(f);
	return ret;
}

static int look_until_end(struct watch *w, pid_t pid, int *status)
{
	int ret = 0;

	while (!ret && waitpid(pid, status, WNOHANG) != pid) {
		usleep(50000);
		ret = look_at_tree(w, pid, 0);
	}
	if (ret) {
		kill(pid, SIGTERM);
		waitpid(pid, status, 0);
	}
	return ret;
}

static void draw_command(const struct watch *w, int status)
{
	struct view_json j;

	if (w->cmd->json) {
		view_json_begin(&j, "verify", NULL);
		view_json_number(&j, "looks", w->looks);
		view_json_signed(&j, "ended", WIFEXITED(status) ? WEXITSTATUS(status) :
						     128 + WTERMSIG(status));
		view_verdict_json(&j, w->all);
		view_json_end(&j);
		return;
	}
	printf("%s and its children, %zu looks until it ended; the last:\n\n", w->cmd->args[0],
	       w->looks);
	view_verdict_draw(w->all, w->cmd->bytes);
}

static int verify_command(struct cmd *cmd)
{
	struct watch w = { .cmd = cmd, .look = verdict_new(), .all = verdict_new() };
	int status = 0, ret = w.look && w.all ? 0 : MMS_FAILED;
	pid_t pid;

	if (!ret) {
		memset(w.all, 0, sizeof(*w.all));
		pid = start(cmd->args);
		ret = pid < 0 ? MMS_FAILED : look_until_end(&w, pid, &status);
	}
	if (!ret && !w.looks) {
		fprintf(stderr, "mmscope: %s: it ended before it could be looked at\n",
			cmd->args[0]);
		ret = MMS_GONE;
	} else if (!ret) {
		draw_command(&w, status);
		ret = w.all->failures ? MMS_FAILED : MMS_OK;
	}
	free(w.look);
	free(w.all);
	return ret;
}

static int run(struct cmd *cmd)
{
	if (cmd->value[OPT_ALL] && cmd->nargs)
		return cmd_usage(cmd, "--all takes no process");
	if (cmd->value[OPT_ALL])
		return verify_all(cmd);
	if (!cmd->nargs)
		return cmd_usage(cmd, "needs a process, --all, or -- COMMAND");
	if (cmd->dashes)
		return verify_command(cmd);
	if (cmd->nargs > 1)
		return cmd_usage(cmd, "too many arguments: '%s'", cmd->args[1]);
	return verify_one(cmd);
}

const struct verb verb_verify = {
	.name = "verify",
	.args = "PID | --all | -- COMMAND...",
	.brief = "every witness side by side; exit 1 if a difference has no name",
	.about = "Asks everybody who can tell: the module, mincore and brk called inside the\n"
		 "process, pagemap, PAGEMAP_SCAN, smaps, PROCMAP_QUERY; compares page by page and\n"
		 "VMA by VMA. A difference is explained by a name (see: mmscope explain), or it is\n"
		 "a failure. To call mincore inside, the process is stopped for a moment (ptrace).\n"
		 "A COMMAND is run, and with its children looked at again and again until it ends.",
	.example = "  mmscope verify 1234\n"
		   "  mmscope verify --all\n"
		   "  mmscope verify --stop redis-server --json | jq .differences\n"
		   "  mmscope verify -- stress-ng --vm 1 --timeout 5",
	.takes = CMD_TARGET | CMD_BYTES,
	.max_args = -1,
	.options = options,
	.run = run,
};
