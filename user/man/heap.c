/* The break of a process, and which pages of its heap are there. */
#include <fcntl.h>
#include <mmscope.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define RUNS	64

static int fail(const char *what)
{
	perror(what);
	return 1;
}

/* Whole pages; a call ends early when run[] is full. */
static int print_present(int fd, uint64_t start, uint64_t end)
{
	struct mmscope_run run[RUNS] = { 0 };
	struct mmscope_pages ask = {
		.size = sizeof(ask),
		.start = start,
		.end = end,
		.categories = MMSCOPE_CAT(DIRTY),
		.all_of = MMSCOPE_CAT(PRESENT),
		.runs = (uintptr_t)run,
		.runs_len = RUNS,
	};

	for (; ask.start < end; ask.start = ask.cursor) {
		if (ioctl(fd, MMSCOPE_PAGES, &ask))
			return fail("MMSCOPE_PAGES");
		for (uint64_t i = 0; i < ask.runs_count; i++)
			printf("0x%llx to 0x%llx%s\n",
			       run[i].start, run[i].end,
			       run[i].categories ? " dirty" : "");
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct mmscope_attach who = { .size = sizeof(who) };
	struct mmscope_mm mm = { .size = sizeof(mm) };
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	int fd = open(MMSCOPE_DEVICE, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(MMSCOPE_DEVICE);
	who.pid = argc > 1 ? atoi(argv[1]) : getpid();
	if (ioctl(fd, MMSCOPE_ATTACH, &who))
		return fail("MMSCOPE_ATTACH");
	if (ioctl(fd, MMSCOPE_MM, &mm))
		return fail("MMSCOPE_MM");
	printf("the break is 0x%llx\n", mm.brk);
	return print_present(fd, mm.start_brk & ~(page - 1),
			     (mm.brk + page - 1) & ~(page - 1));
}
