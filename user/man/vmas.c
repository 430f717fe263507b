/* The VMAs of a process with their names, all of one moment. */
#include <errno.h>
#include <fcntl.h>
#include <mmscope.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

/* Asks with more room until it suffices. */
static int ask_all(int fd, struct mmscope_vmas *ask)
{
	struct mmscope_vma *vma = NULL;
	char *names = NULL;

	do {
		free(vma);
		free(names);
		ask->vmas_len = ask->vmas_count + 16;
		ask->names_len = ask->names_bytes + 1024;
		vma = calloc(ask->vmas_len, sizeof(*vma));
		names = malloc(ask->names_len);
		if (!vma || !names)
			return -1;
		ask->vmas = (uintptr_t)vma;
		ask->names = (uintptr_t)names;
		if (!ioctl(fd, MMSCOPE_VMAS, ask))
			return 0;
	} while (errno == ENOSPC);
	return -1;
}

int main(int argc, char **argv)
{
	struct mmscope_info info = { .size = sizeof(info) };
	struct mmscope_attach who = { .size = sizeof(who) };
	struct mmscope_vmas ask = { .size = sizeof(ask) };
	const struct mmscope_vma *vma;
	const char *names;
	int fd = open(MMSCOPE_DEVICE, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(MMSCOPE_DEVICE);
	who.pid = argc > 1 ? atoi(argv[1]) : getpid();
	if (ioctl(fd, MMSCOPE_INFO, &info))
		return fail("MMSCOPE_INFO");
	if (ioctl(fd, MMSCOPE_ATTACH, &who))
		return fail("MMSCOPE_ATTACH");
	ask.end = info.task_size;
	if (ask_all(fd, &ask))
		return fail("MMSCOPE_VMAS");
	vma = (const void *)(uintptr_t)ask.vmas;
	names = (const void *)(uintptr_t)ask.names;
	for (uint64_t i = 0; i < ask.vmas_count; i++)
		printf("0x%llx to 0x%llx %.*s\n",
		       vma[i].start, vma[i].end,
		       vma[i].name_len, names + vma[i].name_offset);
	return 0;
}
