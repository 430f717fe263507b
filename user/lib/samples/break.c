/* The program break of a process: a query in ten lines. */
#include <inttypes.h>
#include <libmmscope.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	pid_t pid = argc > 1 ? atoi(argv[1]) : 1;
	struct mms_target *target;
	struct mms_error err;
	struct mms_mm mm;

	if (mms_open(pid, MMS_SOURCE_AUTO, &target, &err) ||
	    mms_mm_read(target, &mm, &err)) {
		fprintf(stderr, "%s: %s\n", err.what, err.why);
		return err.status;
	}
	if (mms_known(mm.fact[MMS_MM_BRK]))
		printf("0x%" PRIx64 "\n", mm.fact[MMS_MM_BRK].value);
	else
		printf("only the module knows it\n");
	mms_close(target);
	return 0;
}
