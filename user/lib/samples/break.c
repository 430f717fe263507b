/* The program break of a process, as sbrk(0) would return it there: a query in ten lines. */
#include <inttypes.h>
#include <libmmscope.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	struct mms_target *target;
	struct mms_error err;
	struct mms_mm mm;

	if (mms_open(argc > 1 ? atoi(argv[1]) : 1, MMS_SOURCE_AUTO, &target, &err) ||
	    mms_mm_read(target, &mm, &err))
		return fprintf(stderr, "%s: %s\n", err.what, err.why), err.status;
	if (mms_known(mm.fact[MMS_MM_BRK]))
		printf("0x%" PRIx64 "\n", mm.fact[MMS_MM_BRK].value);
	else
		printf("only the module knows it\n");
	mms_close(target);
	return 0;
}
