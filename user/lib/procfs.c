// SPDX-License-Identifier: GPL-2.0
/*
 * procfs.c - the source "procfs": what any Linux tells in /proc/PID.
 * Reads maps, smaps, pagemap, stat, status and limits; procfs-text.c and
 * pagemap.c make sense of them.  What they do not tell stays unknown.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "procfs.h"

#define PAGEMAP_BUFFER	32768	/* entries a read */

static int explain(const struct mms_target *t, struct mms_error *err)
{
	mms_explain(MMS_OP_PROCFS, errno, t->pid, err);
	return -1;
}

/* ---- figures of the whole -------------------------------------------------- */

static void read_figures_of(struct mms_target *t, const char *name,
			    void (*parse)(const char *text, struct mms_mm *mm), struct mms_mm *mm)
{
	char *text;

	if (mmsi_read_file(t->procfd, name, &text) < 0)
		return;
	parse(text, mm);
	free(text);
}

static void read_figures(struct mms_target *t, struct mms_mm *mm)
{
	mm->pid = t->proc.pid;
	mm->tid = t->pid;
	snprintf(mm->comm, sizeof(mm->comm), "%s", t->proc.comm);
	read_figures_of(t, "stat", mmsi_mm_from_stat, mm);
	read_figures_of(t, "status", mmsi_mm_from_status, mm);
	read_figures_of(t, "limits", mmsi_mm_from_limits, mm);
}

static int procfs_mm(struct mms_target *t, struct mms_mm *mm, struct mms_error *err)
{
	if (faccessat(t->procfd, "stat", F_OK, 0)) {
		errno = ESRCH;
		return explain(t, err);
	}
	read_figures(t, mm);
	return 0;
}

/* ---- maps and smaps -------------------------------------------------------- */

static void find_heap_end(struct mms_vmas *l)
{
	for (size_t i = l->count; i-- > 0;)
		if (l->vma[i].role & MMSCOPE_ROLE_HEAP) {
			mmsi_fact(&l->mm.fact[MMS_MM_HEAP_END], l->vma[i].end, l->from);
			return;
		}
}

static int procfs_vmas(struct mms_target *t, uint64_t start, uint64_t end,
		       unsigned int flags, uint64_t categories, struct mms_vmas *l,
		       struct mms_error *err)
{
	bool acct = flags & MMS_VMAS_ACCT;
	uint64_t count = 0, uncounted;

	(void)categories;
	if (mmsi_read_file(t->procfd, acct ? "smaps" : "maps", &l->names) < 0)
		return explain(t, err);
	l->from = acct ? MMS_FROM_SMAPS : MMS_FROM_MAPS;
	/* [vsyscall] is listed, but in no address space: the kernel does not count it. */
	uncounted = strstr(l->names, "\nffffffffff600000-") ? 1 : 0;
	if (mmsi_vmas_from_text(l, l->names, start, end, acct, &count))
		return mmsi_nomem(err);
	/* A process that has exited, but is not yet reaped, shows an empty file. */
	if (!count && !*l->names) {
		errno = ESRCH;
		return explain(t, err);
	}
	if (acct) {
		l->acct_from = MMS_FROM_SMAPS;
		l->acct_categories = MMSI_SMAPS_CATEGORIES;
		l->acct_rss = true;
		l->acct_parts = true;
	}
	read_figures(t, &l->mm);
	mmsi_fact(&l->mm.fact[MMS_MM_MAP_COUNT], count - uncounted, l->from);
	find_heap_end(l);
	return 0;
}

/* ---- pagemap --------------------------------------------------------------- */

/* The pages of one VMA, or the part of it that was asked for. */
static int scan_vma(int fd, struct mmsi_pagemap *s, uint64_t *buf, uint64_t start, uint64_t end)
{
	uint64_t page = mms_page_size();

	while (start < end && !s->stop && !s->full) {
		uint64_t want = (end - start) / page;
		ssize_t n;

		if (want > PAGEMAP_BUFFER)
			want = PAGEMAP_BUFFER;
		n = pread(fd, buf, want * 8, (off_t)(start / page * 8));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n < 8)
			break;	/* [vsyscall] lies above what pagemap covers */
		for (ssize_t i = 0, same; i < n / 8 && !s->stop && !s->full; i += same) {
			for (same = 1; i + same < n / 8 && buf[i + same] == buf[i]; same++)
				;
			mmsi_pagemap_add_many(s, start, buf[i], (uint64_t)same);
			start += (uint64_t)same * page;
		}
	}
	mmsi_pagemap_flush(s);
	return 0;
}

static int procfs_pages(struct mms_target *t, const struct mms_pages_query *query,
			mms_run_fn run, void *arg, uint64_t *pages, struct mms_error *err)
{
	struct mmsi_pagemap s = { .query = query, .run = run, .arg = arg };
	struct mms_vmas l = { 0 };
	uint64_t *buf = malloc(PAGEMAP_BUFFER * sizeof(*buf));
	int fd = openat(t->procfd, "pagemap", O_RDONLY | O_CLOEXEC), ret = -1;

	if (!buf) {
		mmsi_nomem(err);
	} else if (fd < 0) {
		explain(t, err);
	} else if (query->flags & MMS_PAGES_FRAMES && geteuid()) {
		/* The kernel would show zeroes, which look like an answer. */
		mms_explain(MMS_OP_PAGES, EPERM, t->pid, err);
	} else if (!procfs_vmas(t, query->start, query->end, 0, 0, &l, err)) {
		ret = 0;
		for (size_t i = 0; i < l.count && !ret && !s.stop && !s.full; i++) {
			uint64_t from = l.vma[i].start, to = l.vma[i].end;

			ret = scan_vma(fd, &s, buf, from > query->start ? from : query->start,
				       to < query->end ? to : query->end);
			if (ret)
				explain(t, err);
		}
	}
	*pages = s.pages;
	mms_vmas_free(&l);
	if (fd >= 0)
		close(fd);
	free(buf);
	return ret;
}

static const struct mmsi_source procfs_source = {
	.name = "procfs",
	.kind = MMS_SOURCE_PROCFS,
	.mm = procfs_mm,
	.vmas = procfs_vmas,
	.pages = procfs_pages,
};

/*
 * Whether this kernel has soft-dirty bits (not on arm64, say): all that is in a new
 * mapping has one.
 */
static bool has_soft_dirty(void)
{
	size_t page = mms_page_size();
	char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (p != MAP_FAILED && fd >= 0) {
		*(volatile char *)p = 1;
		if (pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)p / page * sizeof(entry))) !=
		    sizeof(entry))
			entry = 0;
	}
	if (p != MAP_FAILED)
		munmap(p, page);
	if (fd >= 0)
		close(fd);
	return mmsi_pagemap_categories(entry) & MMSCOPE_CAT(SOFT_DIRTY);
}

int mmsi_procfs_attach(struct mms_target *t, struct mms_error *err)
{
	(void)err;
	t->source = &procfs_source;
	t->categories = MMSCOPE_CAT(PRESENT) | MMSCOPE_CAT(SWAPPED) | MMSCOPE_CAT(UFFD_WP) |
			(has_soft_dirty() ? MMSCOPE_CAT(SOFT_DIRTY) : 0);
	return 0;
}
