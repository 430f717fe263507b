// SPDX-License-Identifier: GPL-2.0
/*
 * swap-search.c - searches the swap areas of the machine for pages that begin
 * with certain bytes, as somebody would who got hold of the disk.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <linux/fiemap.h>
#include <linux/fs.h>

#include "swap-help.h"

#define CHUNK		(1UL << 20)
#define SEARCH_MAX_KB	(4UL << 20)
#define EXTENTS		64

struct search {
	const struct swap_needle *needle;
	size_t needles, length, page;
	int64_t *found;
	char *chunk;		/* CHUNK bytes, aligned for O_DIRECT */
};

/* Bytes from `at` on; past the page cache, for the kernel writes swap past it. */
static int search_bytes(const struct search *s, int fd, uint64_t at, uint64_t length)
{
	while (length) {
		size_t want = length < CHUNK ? length : CHUNK;
		ssize_t n = pread(fd, s->chunk, want, (off_t)at);

		if (n <= 0)
			return (int)n;
		for (size_t i = 0; i + s->page <= (size_t)n; i += s->page)
			for (size_t j = 0; j < s->needles; j++)
				s->found[j] += !memcmp(s->chunk + i, s->needle[j].bytes, s->length);
		at += (size_t)n;
		length -= (size_t)n;
	}
	return 0;
}

/* The disk that a file is on: sysfs has its name in /dev. */
static int open_disk(dev_t dev)
{
	char path[128], line[128], name[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/uevent", major(dev), minor(dev));
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "DEVNAME=%63s", name) == 1)
			break;
	if (f)
		fclose(f);
	snprintf(path, sizeof(path), "/dev/%s", name);
	errno = ENODEV;
	return *name ? open(path, O_RDONLY | O_DIRECT | O_CLOEXEC) : -1;
}

/*
 * The file itself may read as zeroes: its blocks count as never written, since
 * the kernel swaps to them behind the back of the file system.
 */
static int search_file(const struct search *s, int fd, dev_t dev)
{
	union {
		struct fiemap map;
		char room[sizeof(struct fiemap) + EXTENTS * sizeof(struct fiemap_extent)];
	} u;
	const struct fiemap_extent *e = u.map.fm_extents;
	int disk = open_disk(dev), ret = disk < 0 ? -1 : 0;
	uint64_t at = 0;
	bool last = false;

	while (!ret && !last) {
		memset(&u, 0, sizeof(u));
		u.map.fm_start = at;
		u.map.fm_length = FIEMAP_MAX_OFFSET - at;
		u.map.fm_extent_count = EXTENTS;
		ret = ioctl(fd, FS_IOC_FIEMAP, &u.map);
		last = ret || !u.map.fm_mapped_extents;
		for (uint32_t i = 0; i < u.map.fm_mapped_extents && !ret && !last; i++) {
			ret = search_bytes(s, disk, e[i].fe_physical, e[i].fe_length);
			at = e[i].fe_logical + e[i].fe_length;
			last = e[i].fe_flags & FIEMAP_EXTENT_LAST;
		}
	}
	if (disk >= 0)
		close(disk);
	return ret;
}

static int search_area(const struct search *s, const struct swap_area *a)
{
	int fd = open(a->path, O_RDONLY | O_DIRECT | O_CLOEXEC), ret = -1;
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st))
		ret = S_ISBLK(st.st_mode) ? search_bytes(s, fd, 0, UINT64_MAX) :
		      search_file(s, fd, st.st_dev);
	if (fd >= 0)
		close(fd);
	return ret;
}

int find_in_swap(const struct lesson *l, const struct swap_needle *needle, size_t needles,
		 size_t length, int64_t *found, char why[160])
{
	struct search s = { needle, needles, length, lesson_machine(l)->page, found, NULL };
	struct swap_area area[SWAP_AREAS];
	size_t n = swap_areas(area);
	uint64_t all = 0;
	int ret = 0;

	for (size_t i = 0; i < n; i++)
		all += area[i].size;
	if (all > SEARCH_MAX_KB) {
		snprintf(why, 160, "%" PRIu64 " GiB of swap are too much to search", all >> 20);
		return -1;
	}
	memset(found, 0, needles * sizeof(*found));
	s.chunk = aligned_alloc(CHUNK, CHUNK);
	for (size_t i = 0; i < n && s.chunk && !ret; i++) {
		ret = search_area(&s, &area[i]);
		if (ret)
			snprintf(why, 160, "%.100s cannot be read: %s", area[i].path,
				 strerrordesc_np(errno));
	}
	if (!s.chunk)
		snprintf(why, 160, "out of memory");
	ret = s.chunk ? ret : -1;
	free(s.chunk);
	return ret;
}
