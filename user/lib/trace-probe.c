// SPDX-License-Identifier: GPL-2.0
/*
 * trace-probe.c - probes at places in files (uprobes), defined in tracefs.  perf can
 * make such a probe by itself, but a program with an inherited one cannot fork: the
 * kernel then reads the path anew, in the memory of the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace.h"

#define GROUP	"mmscope_"

static const char *const roots[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };

/* Where tracefs is; NULL with errno. */
static const char *tracefs(void)
{
	char path[80];
	int error = ENOENT;

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		snprintf(path, sizeof(path), "%s/uprobe_events", roots[i]);
		if (!access(path, R_OK | W_OK))
			return roots[i];
		if (errno == EACCES || errno == EPERM)
			error = errno;
	}
	errno = error;
	return NULL;
}

int mmsi_event_number(const char *name)
{
	char path[120], *text;
	int number;

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		snprintf(path, sizeof(path), "%s/events/%s/id", roots[i], name);
		if (mmsi_read_file(AT_FDCWD, path, &text) < 0)
			continue;
		number = atoi(text);
		free(text);
		return number;
	}
	return -1;
}

/* Adds a line to the list of probes.  Returns 0 or an errno. */
static int define(const char *root, const char *line)
{
	char path[80];
	size_t len = strlen(line);
	int fd, error = 0;

	snprintf(path, sizeof(path), "%s/uprobe_events", root);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (write(fd, line, len) != (ssize_t)len)
		error = errno;
	close(fd);
	return error;
}

static int refused(int error, struct mms_error *err)
{
	if (error == EACCES || error == EPERM)
		return mms_fail(err, MMS_DENIED, "as root", "--malloc",
				"probes in programs are not for you");
	if (error == ENOENT)
		return mms_fail(err, MMS_FAILED,
				"mount -t tracefs tracefs /sys/kernel/tracing", "--malloc",
				"no tracefs with uprobe_events");
	return mms_fail(err, MMS_FAILED, NULL, "--malloc", "uprobe_events: %s", strerror(error));
}

int mms_trace_mallocs_possible(struct mms_error *err)
{
	return tracefs() ? 0 : refused(errno, err);
}

int mmsi_probe_new(unsigned int number, const char *path, uint64_t offset, bool leave,
		   int *event, struct mms_error *err)
{
	const char *root = tracefs();
	char line[200];
	int error;

	if (!root)
		return refused(errno, err);
	snprintf(line, sizeof(line), "%c:" GROUP "%d/p%u %s:0x%" PRIx64 "\n", leave ? 'r' : 'p',
		 (int)getpid(), number, path, offset);
	error = define(root, line);
	if (error)
		return refused(error, err);
	snprintf(line, sizeof(line), GROUP "%d/p%u", (int)getpid(), number);
	*event = mmsi_event_number(line);
	if (*event < 0)
		return refused(ENOENT, err);
	return 0;
}

void mmsi_probes_remove(unsigned int numbers)
{
	const char *root = numbers ? tracefs() : NULL;
	char line[60];

	for (unsigned int i = 0; root && i < numbers; i++) {
		snprintf(line, sizeof(line), "-:" GROUP "%d/p%u\n", (int)getpid(), i);
		define(root, line);
	}
}

/* Lines are as "p:mmscope_1234/p0 /path:0x1234". */
void mmsi_probes_clean(void)
{
	const char *root = tracefs();
	char path[80], line[60], *text, *next;
	unsigned int number;
	int pid;

	snprintf(path, sizeof(path), "%s/uprobe_events", root ? root : "");
	if (!root || mmsi_read_file(AT_FDCWD, path, &text) < 0)
		return;
	for (char *at = text; *at; at = next) {
		next = strchrnul(at, '\n');
		next += *next == '\n';
		if (sscanf(at, "%*[pr]:" GROUP "%d/p%u ", &pid, &number) != 2 || pid == getpid() ||
		    !kill(pid, 0) || errno != ESRCH)
			continue;
		snprintf(line, sizeof(line), "-:" GROUP "%d/p%u\n", pid, number);
		define(root, line);
	}
	free(text);
}
