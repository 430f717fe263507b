/* Where a process has pages in swap: its VMAs, and the runs of such pages within. */
#include <inttypes.h>
#include <libmmscope.h>
#include <stdio.h>
#include <stdlib.h>

static int print_run(const struct mmscope_run *run, void *arg)
{
	(void)arg;
	printf("  0x%" PRIx64 " to 0x%" PRIx64 "\n", (uint64_t)run->start, (uint64_t)run->end);
	return 0;
}

static int print_vma(struct mms_target *target, const struct mms_vma *vma, struct mms_error *err)
{
	struct mms_pages_query query = {
		.start = vma->start, .end = vma->end,
		.categories = MMSCOPE_CAT(SWAPPED), .any_of = MMSCOPE_CAT(SWAPPED),
	};
	uint64_t pages;

	/* Counted first: most VMAs have none. */
	if (mms_pages(target, &query, NULL, NULL, &pages, err) || !pages)
		return err->status;
	printf("%s %s: %" PRIu64 " pages\n", mms_purpose_name(vma->purpose), vma->name, pages);
	return mms_pages(target, &query, print_run, NULL, NULL, err);
}

int main(int argc, char **argv)
{
	struct mms_error err = { 0 };
	struct mms_target *target;
	struct mms_vmas vmas;

	if (mms_open(argc > 1 ? atoi(argv[1]) : 1, MMS_SOURCE_AUTO, &target, &err) ||
	    mms_vmas_read(target, MMS_ALL_START, MMS_ALL_END, 0, 0, &vmas, &err)) {
		fprintf(stderr, "%s: %s\n", err.what, err.why);
		return err.status;
	}
	for (size_t i = 0; i < vmas.count && !err.status; i++)
		/* [vsyscall] is the kernel's. */
		if (!(vmas.vma[i].start >> 63))
			print_vma(target, &vmas.vma[i], &err);
	mms_vmas_free(&vmas);
	mms_close(target);
	return err.status;
}
