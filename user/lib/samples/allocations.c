/* What a command asks the kernel for while it runs: how often, and how much it mapped. */
#include <inttypes.h>
#include <libmmscope.h>
#include <stdio.h>

struct sum {
	unsigned int calls[MMS_CALL_COUNT];
	uint64_t mapped;
};

static void count(const struct mms_trace_event *event, void *arg)
{
	struct sum *sum = arg;

	if (event->kind != MMS_TRACE_CALL || event->error)
		return;
	sum->calls[event->call]++;
	if (event->call == MMS_CALL_MMAP)
		sum->mapped += event->args[1];
}

int main(int argc, char **argv)
{
	struct sum sum = { { 0 }, 0 };
	struct mms_trace *trace;
	struct mms_error err;
	bool detached;
	int status;

	if (argc < 2)
		return fprintf(stderr, "usage: allocations COMMAND...\n"), MMS_USAGE;
	if (mms_trace_start(argv + 1, MMS_SOURCE_AUTO, MMS_TRACE_BRIEF, &trace, &err) ||
	    mms_trace_run(trace, count, &sum, &status, &detached, &err))
		return fprintf(stderr, "%s: %s\n", err.what, err.why), err.status;
	mms_trace_close(trace);
	printf("brk %u, mmap %u (%" PRIu64 " bytes), munmap %u\n", sum.calls[MMS_CALL_BRK],
	       sum.calls[MMS_CALL_MMAP], sum.mapped, sum.calls[MMS_CALL_MUNMAP]);
	return 0;
}
