// SPDX-License-Identifier: GPL-2.0
/*
 * file.c - a file that is there as a whole, or not at all: written beside its name,
 * and given that when all of it is on the disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "private.h"

int mmsi_fail_file(const char *path, int errnum, struct mms_error *err)
{
	int status = MMS_FAILED;

	if (errnum == ENOENT || errnum == ENOTDIR || errnum == EISDIR)
		status = MMS_USAGE;
	else if (errnum == EACCES || errnum == EPERM || errnum == EROFS)
		status = MMS_DENIED;
	mms_fail(err, status, NULL, path, "%s", strerrordesc_np(errnum));
	if (err)
		err->sys_errno = errnum;
	return -1;
}

static int write_all(int fd, const uint8_t *data, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, data + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return fsync(fd);
}

/* The file that a name stands for: behind symbolic links, or the name itself. */
static char *final_name(const char *path)
{
	char *real = realpath(path, NULL);

	return real || errno != ENOENT ? real : strdup(path);
}

int mmsi_file_check(const char *path, struct mms_error *err)
{
	struct stat st;
	const char *base = strrchr(path, '/');

	base = base ? base + 1 : path;
	if (!*base)
		return mms_fail(err, MMS_USAGE, NULL, path, "not the name of a file");
	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return mms_fail(err, MMS_USAGE, "name a file, which is made or replaced", path,
				"not a regular file");
	return 0;
}

/* What has been renamed is there after a power cut, too, when its folder is. */
static void sync_folder(const char *path)
{
	char *folder = strdup(path), *slash = folder ? strrchr(folder, '/') : NULL;
	int fd = -1;

	if (slash)
		slash[slash == folder] = '\0';
	if (folder)
		fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(folder);
}

/* Beside the target, so that it can be renamed; under its name only when it is whole. */
static int replace(const char *path, const void *data, size_t len, mode_t mode,
		   struct mms_error *err)
{
	char *temporary = NULL;
	int fd, ret = 0;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return mmsi_nomem(err);
	fd = mkostemp(temporary, O_CLOEXEC);	/* mode 0600 */
	if (fd < 0) {
		ret = mmsi_fail_file(path, errno, err);
		free(temporary);
		return ret;
	}
	if (write_all(fd, data, len) || fchmod(fd, mode))
		ret = mmsi_fail_file(path, errno, err);
	if (close(fd) && !ret)
		ret = mmsi_fail_file(path, errno, err);
	if (!ret && rename(temporary, path))
		ret = mmsi_fail_file(path, errno, err);
	if (ret)
		unlink(temporary);
	else
		sync_folder(path);
	free(temporary);
	return ret;
}

int mms_file_check(const char *path, struct mms_error *err)
{
	char *name, *temporary = NULL;
	sigset_t all, before;
	int fd, ret = 0;

	if (mmsi_file_check(path, err))
		return -1;
	name = final_name(path);
	if (!name)
		return mmsi_fail_file(path, errno, err);
	if (asprintf(&temporary, "%s.XXXXXX", name) < 0) {
		free(name);
		return mmsi_nomem(err);
	}
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		ret = mmsi_fail_file(path, errno, err);
	} else {
		close(fd);
		unlink(temporary);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	free(temporary);
	free(name);
	return ret;
}

int mms_file_write(const char *path, const void *data, size_t len, mode_t mode,
		   struct mms_error *err)
{
	const struct timespec at_once = { 0 };
	sigset_t all, before, too_long;
	char *name;
	int ret;

	if (mmsi_file_check(path, err))
		return -1;
	name = final_name(path);
	if (!name)
		return mmsi_fail_file(path, errno, err);
	/* A signal would leave the temporary file behind: it comes a little later. */
	sigfillset(&all);
	sigemptyset(&too_long);
	sigaddset(&too_long, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	ret = replace(name, data, len, mode, err);
	/* What the kernel sent for a write that it refused was told already. */
	if (ret && err && err->sys_errno == EFBIG)
		sigtimedwait(&too_long, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	free(name);
	return ret;
}
