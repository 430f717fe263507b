// SPDX-License-Identifier: GPL-2.0
/*
 * load.c - the module is taken out, and put in with each allocation and each
 * user copy of that failing in turn: it is in as a whole, or not at all.
 */
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "nth.h"

static char *image;
static size_t image_len;

/* build/RELEASE/mmscope.ko, which lies two folders above this program's. */
static void read_image(void)
{
	struct utsname u;
	char path[4096], *end;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	int i, file;

	uname(&u);
	if (n < 0)
		tap_bail("/proc/self/exe: %s", strerror(errno));
	path[n] = 0;
	for (i = 0; i < 3; i++) {
		end = strrchr(path, '/');
		if (end)
			*end = 0;
	}
	strncat(path, "/", sizeof(path) - strlen(path) - 1);
	strncat(path, u.release, sizeof(path) - strlen(path) - 1);
	strncat(path, "/mmscope.ko", sizeof(path) - strlen(path) - 1);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0) {
		printf("1..0 # SKIP no %s\n", path);
		exit(0);
	}
	image_len = lseek(file, 0, SEEK_END);
	image = malloc(image_len);
	if (!image || pread(file, image, image_len, 0) != (ssize_t)image_len)
		tap_bail("%s: %s", path, strerror(errno));
	close(file);
}

/* From memory, so that the file system's allocations are not among them. */
static int put_in(void *arg)
{
	(void)arg;
	return syscall(SYS_init_module, image, image_len, "") ? errno : 0;
}

static void take_out(void *arg)
{
	(void)arg;
	if (syscall(SYS_delete_module, "mmscope", 0))
		tap_bail("rmmod: %s", strerror(errno));
}

static bool is_out(void *arg)
{
	(void)arg;
	return access(MMSCOPE_DEVICE, F_OK) && access(MMSCOPE_PROC, F_OK) &&
	       access("/sys/module/mmscope", F_OK);
}

int main(void)
{
	struct mmscope_info info;
	int fd;

	read_image();
	nth_start("fault.", 120);
	take_out(NULL);
	nth_test(&(struct action){ .name = "load", .run = put_in, .undo = take_out,
				   .intact = is_out });
	eq_err(put_in(NULL), 0, "load.at_last");
	fd = open(MMSCOPE_DEVICE, O_RDONLY | O_CLOEXEC);
	eq_err(fd < 0 ? errno : get_info(fd, &info), 0, "load.answers");
	return tap_end();
}
