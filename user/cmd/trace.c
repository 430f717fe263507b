// SPDX-License-Identifier: GPL-2.0
/*
 * trace.c - mmscope trace: what a program does to its memory, as it does it.
 * The program's output and exit status are its own: the trace goes to standard error,
 * or to a file, and how the program ended is how this command ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "trace-file.h"
#include "../view/text.h"
#include "../view/timeline.h"
#include "../view/trace.h"

enum { OPT_FAULTS, OPT_MALLOC, OPT_OUTPUT, OPT_HTML };

static const struct cmd_option options[] = {
	[OPT_FAULTS] = { "faults", 'f', NULL, "page faults as well (perf events)" },
	[OPT_MALLOC] = { "malloc", 'm', NULL, "the allocator's calls as well (uprobes; root)" },
	[OPT_OUTPUT] = { "output", 'o', "FILE", "write to a file, an event a line" },
	[OPT_HTML]   = { "html", 0, "FILE", "all of it over time, for a browser" },
	{ 0 }
};

/* ---- where it is written --------------------------------------------------- */

/* The file is emptied only when there is something to write. */
struct output {
	bool none;		/* the page alone is wanted */
	const char *path;	/* NULL: standard error */
	int fd;
	bool made;		/* it was not there before */
};

static int open_output(const struct cmd *cmd, struct output *o)
{
	struct mms_error err;

	*o = (struct output){ .path = cmd->value[OPT_OUTPUT], .fd = STDERR_FILENO };
	o->none = cmd->value[OPT_HTML] && !o->path && !cmd->json;
	if (cmd->value[OPT_HTML] && o->path && !strcmp(o->path, cmd->value[OPT_HTML]))
		return cmd_usage(cmd, "-o and --html are two files");
	if (cmd->value[OPT_HTML] && mms_file_check(cmd->value[OPT_HTML], &err))
		return cmd_error(&err);
	if (!o->path)
		return 0;
	o->fd = open(o->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0666);
	o->made = o->fd >= 0;
	if (o->fd < 0 && errno == EEXIST)
		o->fd = open(o->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (o->fd >= 0)
		return 0;
	mms_fail(&err, errno == EACCES || errno == EPERM ? MMS_DENIED : MMS_USAGE, NULL, o->path,
		 "%s", strerror(errno));
	return cmd_error(&err);
}

static void drop_output(const struct output *o)
{
	if (o->made)
		unlink(o->path);
}

/*
 * From here on standard output is the trace's: views write there.  That of the
 * program is its own, and whoever reads it sees its end when the program ends.
 */
static void use_output(const struct output *o)
{
	struct stat st;

	if (o->none)
		return;
	if (o->path && !fstat(o->fd, &st) && S_ISREG(st.st_mode) && ftruncate(o->fd, 0))
		perror("mmscope");
	fflush(stdout);
	dup2(o->fd, STDOUT_FILENO);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

static int close_output(const struct output *o, int error)
{
	if (o->none)
		return MMS_OK;
	errno = 0;
	if (fflush(stdout) && !error)
		error = errno;
	clearerr(stdout);
	if (!error || error == EPIPE)
		return MMS_OK;
	fprintf(stderr, "mmscope: %s: %s\n", o->path ? o->path : "standard error", strerror(error));
	return MMS_FAILED;
}

/* ---- running --------------------------------------------------------------- */

/* What is drawn, and the first error of writing it. */
struct telling {
	struct view_trace view;
	struct view_timeline *timeline;	/* NULL: no page is made */
	bool quiet;
	int error;
};

static void tell(const struct mms_trace_event *event, void *arg)
{
	struct telling *k = arg;

	if (k->timeline)
		view_timeline_event(k->timeline, event);
	if (k->quiet)
		return;
	errno = 0;
	view_trace_event(&k->view, event);
	if (ferror(stdout) && !k->error)
		k->error = errno ? errno : EIO;
}

static const char *source_name(const struct cmd *cmd)
{
	struct mmscope_info info;

	if (cmd->source == MMS_SOURCE_PROCFS || mms_info(&info, NULL))
		return "procfs";
	return "module";
}

/* As the program ended: by a signal, without a second core; or with its status. */
static int end_as(int status)
{
	struct rlimit none = { 0, 0 };

	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	setrlimit(RLIMIT_CORE, &none);
	signal(WTERMSIG(status), SIG_DFL);
	raise(WTERMSIG(status));
	return 128 + WTERMSIG(status);
}

/*
 * Until the trace is closed signals are its own: one that comes while the page is
 * written, such as a second Ctrl-C, does not undo it.
 */
static int run_trace(const struct cmd *cmd, struct mms_trace *trace, struct telling *k, int *status)
{
	struct mms_error err;
	bool detached = false;
	int ret = mms_trace_run(trace, tell, k, status, &detached, &err);

	if (!ret && cmd->value[OPT_HTML] && !k->timeline)
		ret = mms_fail(&err, MMS_FAILED, NULL, cmd->value[OPT_HTML], "no memory");
	else if (!ret && k->timeline)
		ret = trace_file_write(k->timeline, cmd->value[OPT_HTML], &err);
	return ret ? cmd_error(&err) : MMS_OK;
}

static int follow(const struct cmd *cmd, struct mms_trace *trace, const struct output *o,
		  const char *program)
{
	struct telling k = { .view = { .json = cmd->json, .first = mms_trace_pid(trace) } };
	bool attached = !cmd->dashes;
	int status = 0, ret, written;

	if (cmd->value[OPT_HTML])
		k.timeline = view_timeline_new(k.view.first, program, source_name(cmd), attached);
	k.quiet = o->none;
	k.view.out = stdout;
	use_output(o);
	k.view.width = !cmd->json && isatty(STDOUT_FILENO) ? (size_t)view_width(500) : 0;
	if (!k.quiet)
		view_trace_begin(&k.view, source_name(cmd), attached);
	written = run_trace(cmd, trace, &k, &status);
	mms_trace_close(trace);
	view_timeline_free(k.timeline);
	ret = close_output(o, k.error);
	ret = written ? written : ret;
	if (attached)
		return ret;
	return status || !ret ? end_as(status) : ret;
}

static int start(struct cmd *cmd, unsigned int flags, struct mms_trace **trace)
{
	struct mms_error err;
	int ret;

	if (!mms_trace_start(cmd->args, cmd->source, flags, trace, &err))
		return 0;
	ret = cmd_error(&err);
	/* As shells do: no such program, or none that can be run. */
	return err.sys_errno == ENOENT ? 127 : err.sys_errno ? 126 : ret;
}

static int attach(struct cmd *cmd, unsigned int flags, struct mms_trace **trace, char program[64])
{
	struct mms_target *target;
	struct mms_error err;
	pid_t pid;
	int ret;

	if (cmd->nargs > 1)
		return cmd_usage(cmd, "too many arguments: '%s'; a program goes behind --",
				 cmd->args[1]);
	ret = cmd_open(cmd, &target);
	if (ret) {
		if (strspn(cmd->args[0], "0123456789") != strlen(cmd->args[0]))
			fprintf(stderr, "  to run a program: mmscope trace -- %s\n", cmd->args[0]);
		return ret;
	}
	pid = mms_target_pid(target);
	snprintf(program, 64, "%s", mms_target_proc(target)->comm);
	mms_close(target);
	if (pid == getpid())
		return cmd_usage(cmd, "nobody can trace itself");
	if (mms_trace_attach(pid, cmd->source, flags, trace, &err))
		return cmd_error(&err);
	return 0;
}

static int run(struct cmd *cmd)
{
	unsigned int flags = (cmd->value[OPT_FAULTS] ? MMS_TRACE_FAULTS : 0) |
			     (cmd->value[OPT_MALLOC] ? MMS_TRACE_MALLOCS : 0);
	struct mms_trace *trace = NULL;
	char comm[64] = "";
	struct output out;
	int ret;

	if (!cmd->nargs)
		return cmd_usage(cmd, "needs a process, or -- COMMAND");
	ret = open_output(cmd, &out);
	if (ret)
		return ret;
	ret = cmd->dashes ? start(cmd, flags, &trace) : attach(cmd, flags, &trace, comm);
	if (ret)
		drop_output(&out);
	else
		ret = follow(cmd, trace, &out, cmd->dashes ? cmd->args[0] : comm);
	return ret;
}

const struct verb verb_trace = {
	.name = "trace",
	.args = "PID | -- COMMAND...",
	.brief = "what a program does to its memory, as it does it",
	.about = "A line for each brk, mmap, munmap, mremap, mprotect, madvise, mlock, mlock2,\n"
		 "munlock, mlockall and munlockall: its arguments and result as strace has them,\n"
		 "what it changed (the break, VMAs, pages), and who called, through malloc.  With\n"
		 "--faults also one for each page fault, with --malloc for each malloc and free.\n"
		 "Threads and children are followed.  The trace goes to standard error; the\n"
		 "program's output and exit status are its own.\n"
		 "\n"
		 "--html makes one file for a browser, which asks the network for nothing: figures\n"
		 "over time, and at each event the map as it was, with what that changed.  Lines\n"
		 "are written as well then only if -o or --json asks for them.\n"
		 "\n"
		 "A COMMAND is stopped at these calls alone (a seccomp filter); setuid programs it\n"
		 "runs have no other rights than yours, unless you are root.  What it leaves behind\n"
		 "is traced on; Ctrl-C, once it has ended, kills that.  A process that runs already\n"
		 "is stopped at every system call, and goes on untraced after Ctrl-C; its calls\n"
		 "that sleep may return EINTR when it is attached to.  32-bit code is traced, too.\n"
		 "Each malloc costs some microseconds with --malloc (two traps into the kernel).",
	.example = "  mmscope trace -- python3 -c 'x = bytearray(10**6)'\n"
		   "  mmscope trace --faults -o trace.txt -- xz -T2 -k file\n"
		   "  mmscope trace --html sort.html --faults -- sort -R /usr/share/dict/words\n"
		   "  mmscope trace --malloc redis-server\n"
		   "  mmscope trace --json -o t -- ls; jq -r 'select(.call == \"brk\").caller' t",
	.takes = CMD_TARGET,
	.max_args = -1,
	.options = options,
	.run = run,
};
