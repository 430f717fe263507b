// SPDX-License-Identifier: GPL-2.0
/*
 * parse-status.c - the texts of /proc/PID/stat, status and limits. Any of the
 * three may be given any text: they are told apart by nobody but the kernel.
 */
#include "fuzz.h"
#include "procfs.h"

static void check_mm(const char *text,
		     void (*parse)(const char *text, struct mms_mm *mm), enum mms_from from)
{
	struct mms_mm mm = { 0 }, again = { 0 };

	parse(text, &mm);
	for (unsigned int i = 0; i < MMS_MM_COUNT; i++) {
		PROMISE(mm.fact[i].from == from || !mms_known(mm.fact[i]));
		PROMISE(mms_known(mm.fact[i]) || !mm.fact[i].value);
	}
	parse(text, &again);
	PROMISE(!memcmp(&mm, &again, sizeof(mm)));
}

static void check_proc(const char *text)
{
	struct mms_proc proc = { .pid = 1 };

	if (mmsi_proc_from_stat(text, &proc)) {
		const char *open = strchr(text, '(');

		PROMISE(strnlen(proc.comm, sizeof(proc.comm)) < sizeof(proc.comm));
		PROMISE(open && !strncmp(open + 1, proc.comm, strlen(proc.comm)));
	}
	mmsi_proc_from_status(text, &proc);
	PROMISE(proc.cap_known || !proc.cap_eff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);

	check_proc(text);
	check_mm(text, mmsi_mm_from_stat, MMS_FROM_STAT);
	check_mm(text, mmsi_mm_from_status, MMS_FROM_STATUS);
	check_mm(text, mmsi_mm_from_limits, MMS_FROM_LIMITS);
	free(text);
	return 0;
}
