// SPDX-License-Identifier: GPL-2.0
/*
 * swap-help.c - the kind of swap there is, sending pages of a subject there, and
 * searching the areas for bytes.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "swap-help.h"

/* ---- what there is --------------------------------------------------------- */

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

size_t swap_areas(struct swap_area area[SWAP_AREAS])
{
	FILE *f = fopen("/proc/swaps", "re");
	char line[512];
	size_t n = 0;

	while (f && n < SWAP_AREAS && fgets(line, sizeof(line), f)) {
		struct swap_area *a = &area[n];

		if (sscanf(line, "%255s %*s %" SCNu64 " %" SCNu64 " "
				"%d", a->path, &a->size, &a->used,
			   &a->priority) != 4)
			continue;
		/* Block devices that are memory: the kernel waits for them. */
		a->at_once = begins(a->path, "/dev/zram") || begins(a->path, "/dev/ram") ||
			     begins(a->path, "/dev/pmem");
		n++;
	}
	if (f)
		fclose(f);
	return n;
}

static bool has_room(const struct swap_area *a)
{
	return a->size - a->used >= 1024;
}

/* It keeps what can be compressed, and hands on to the disk what cannot. */
static bool zswap(void)
{
	int fd = open("/sys/module/zswap/parameters/enabled", O_RDONLY | O_CLOEXEC);
	char c = 'N';

	if (fd < 0)
		return false;
	if (read(fd, &c, 1) != 1)
		c = 'N';
	close(fd);
	return c == 'Y';
}

/* Those of the highest priority that are not full are filled first. */
enum swap_kind swap_kind(void)
{
	struct swap_area area[SWAP_AREAS];
	size_t n = swap_areas(area);
	bool at_once = false, later = false;
	int highest = INT_MIN;

	for (size_t i = 0; i < n; i++)
		if (area[i].priority > highest && has_room(&area[i]))
			highest = area[i].priority;
	for (size_t i = 0; i < n; i++) {
		if (area[i].priority != highest || !has_room(&area[i]))
			continue;
		at_once |= area[i].at_once;
		later |= !area[i].at_once;
	}
	if (!at_once && !later)
		return SWAP_NONE;
	if ((at_once && later) || (later && zswap()))
		return SWAP_EITHER;
	return later ? SWAP_LATER : SWAP_AT_ONCE;
}

const char *swap_mend(const char *lesson)
{
	static char text[128];

	snprintf(text, sizeof(text), "scripts/lab run --swap zram -- mmscope lesson %s", lesson);
	return text;
}

bool skip_without_swap(struct lesson *l, const char *lesson)
{
	if (swap_kind() != SWAP_NONE)
		return false;
	skip_step(l, swap_mend(lesson), "there is no swap here, or it is full");
	return true;
}

/* ---- the subject ----------------------------------------------------------- */

void stay_on_one_cpu(struct subject *s)
{
	struct subject_order o = {
		.function = SUBJECT_SYSCALL, .number = SYS_sched_setaffinity,
		.arg = { 0, sizeof(cpu_set_t) }, .flags = SUBJECT_TEXT_ARG(2),
	};
	cpu_set_t all, one;
	int cpu = 0;

	_Static_assert(sizeof(one) <= SUBJECT_TEXT_MAX, "the set goes along with an order");
	if (sched_getaffinity(0, sizeof(all), &all))
		return;
	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	memcpy(o.text, &one, sizeof(one));
	subject_order(s, &o, NULL);
}

/* 94968384dde1 ("memcg: introduce per-memcg reclaim interface"), 5.19 */
static bool can_reclaim(const char *cgroup)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/memory.reclaim", cgroup);
	return !access(path, W_OK);
}

struct subject *subject_in_cgroup(struct lesson *l, const char *name, char cgroup[256])
{
	struct subject_options o = { 0 };
	struct subject *s;

	*cgroup = 0;
	if (lesson_machine(l)->cgroup_memory && lesson_machine(l)->root &&
	    !change_cgroup(l, name, cgroup))
		o.cgroup = cgroup;
	else
		*cgroup = 0;
	s = subject_start(l, &o);
	stay_on_one_cpu(s);
	if (*cgroup && !can_reclaim(cgroup))
		*cgroup = 0;
	return s;
}

size_t count_in_core(struct subject *s, uint64_t address, size_t pages)
{
	struct mms_said *said = calloc(pages, sizeof(*said));
	struct mms_error err;
	size_t n = 0;

	if (said && !mms_ask_pages(subject_inquiry(s), MMS_WITNESS_MINCORE, address, pages, said,
				   &err))
		for (size_t i = 0; i < pages; i++)
			n += said[i].yes & MMS_CLAIM(IN_CORE) ? 1 : 0;
	free(said);
	return n;
}

size_t count_letter(struct lesson *l, struct subject *s, uint64_t address, size_t pages,
		    char letter)
{
	char *buf = malloc(pages + 1);
	size_t n = 0;

	if (buf) {
		look_pages(l, s, address, pages, buf);
		for (size_t i = 0; i < pages; i++)
			n += buf[i] == letter;
	}
	free(buf);
	return n;
}

bool read_pagemap(struct subject *s, uint64_t address, size_t pages, uint64_t *entry)
{
	int fd = openat(mms_target_procfd(subject_target(s)), "pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t first = address / mms_page_size();
	size_t bytes = pages * sizeof(*entry);
	ssize_t n = fd < 0 ? -1 : pread(fd, entry, bytes, (off_t)(first * sizeof(*entry)));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)bytes;
}

static size_t count_present(struct subject *s, uint64_t address, size_t pages)
{
	uint64_t page = mms_page_size(), entry;
	size_t n = 0;

	for (size_t i = 0; i < pages; i++)
		n += read_pagemap(s, address + i * page, 1, &entry) && entry & PAGEMAP_PRESENT;
	return n;
}

/* ---- out, and in again ------------------------------------------------------ */

#define TRIES	100

/* Somebody who looks at a page at that moment keeps it: again, until it goes. */
bool page_out(struct lesson *l, struct subject *s, uint64_t address, size_t pages)
{
	uint64_t length = pages * lesson_machine(l)->page;
	bool gone = false;

	for (int i = 0; i < TRIES && !gone; i++) {
		if (subject_madvise(s, address, length, MADV_PAGEOUT))
			break;
		gone = !count_present(s, address, pages);
		subject_quiet(s, true);
		if (!gone)
			usleep(10000);
	}
	subject_quiet(s, false);
	return gone;
}

static void reclaim(const char *cgroup)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/memory.reclaim", cgroup);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	/* That less than this was found is an error to the kernel, and none to us. */
	if (fd < 0 || write(fd, "16M", 3) < 0)
		usleep(20000);
	if (fd >= 0)
		close(fd);
}

bool reclaim_until_gone(struct lesson *l, struct subject *s, const char *cgroup,
			uint64_t address, size_t pages)
{
	doing(l, "echo 16M > %s/memory.reclaim, until mincore finds none", cgroup);
	for (int i = 0; i < TRIES; i++) {
		if (!count_in_core(s, address, pages))
			return true;
		reclaim(cgroup);
	}
	return false;
}

bool reclaim_until_swapped(struct lesson *l, struct subject *s, const char *cgroup,
			   uint64_t address, size_t pages)
{
	doing(l, "echo 16M > %s/memory.reclaim, until it is in swap", cgroup);
	for (int i = 0; i < TRIES; i++) {
		if (count_letter(l, s, address, pages, 'S') == pages)
			return true;
		reclaim(cgroup);
	}
	return false;
}

/* It is read behind our back, if it is a disk. */
bool read_ahead(struct lesson *l, struct subject *s, uint64_t address, size_t pages)
{
	if (subject_madvise(s, address, pages * lesson_machine(l)->page, MADV_WILLNEED))
		return false;
	for (int i = 0; i < TRIES; i++) {
		if (count_in_core(s, address, pages) == pages)
			return true;
		usleep(20000);
	}
	return false;
}
