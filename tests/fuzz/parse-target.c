// SPDX-License-Identifier: GPL-2.0
/*
 * parse-target.c - what a person names a process by. A pid is resolved; a name
 * is compared with what a process is called by (of a whole machine that would
 * take too long): the input is a name, a comm and an argv[0], a NUL between.
 */
#include <ctype.h>
#include <unistd.h>

#include "fuzz.h"
#include "procfs.h"

static void check_number(const char *text)
{
	struct mms_error err = { 0 };
	struct mms_procs matches;
	pid_t pid = -1;
	int ret = mms_resolve(text, &pid, &matches, &err);

	PROMISE(!matches.count);
	mms_procs_free(&matches);
	if (ret) {
		PROMISE(err.status == MMS_USAGE && *err.why);
		return;
	}
	PROMISE(!strcmp(text, "self") ? pid == getpid() : pid > 0 && pid == atoll(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size), *comm, *argv0;
	size_t digits = strspn(text, "0123456789");

	if (!text[digits] || !strcmp(text, "self"))
		check_number(text);
	comm = text + strlen(text) + (strlen(text) < size);
	argv0 = comm + strlen(comm) + (comm + strlen(comm) < text + size);
	if (!strcmp(comm, text) || !strcmp(argv0, text))
		PROMISE(mmsi_proc_is_called(comm, argv0, text) || strchr(argv0, '/') ||
			*argv0 == '-');
	if (mmsi_proc_is_called(comm, argv0, text))
		PROMISE(!strcmp(comm, text) || strstr(argv0, text));
	free(text);
	return 0;
}
