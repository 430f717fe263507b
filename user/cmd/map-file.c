// SPDX-License-Identifier: GPL-2.0
/*
 * map-file.c - mmscope map into files: what the pages do not tell (the objects with
 * their symbols, the time) is added, and all of it drawn and written, or nothing.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "cmd.h"
#include "map-file.h"

/* Not of files that are but read: one may be vast.  That one cannot be read is told. */
static int open_objects(struct mms_target *target, const struct mms_vmas *vmas,
			struct mms_elfs *elfs, struct mms_error *err)
{
	bool *wanted = calloc(vmas->count + 1, sizeof(*wanted));
	int ret;

	if (!wanted)
		return mms_fail(err, MMS_FAILED, NULL, "the objects", "no memory");
	for (size_t i = 0; i < vmas->count; i++)
		if (!wanted[i] && vmas->vma[i].flags & MMSCOPE_VMA_EXEC)
			mms_elf_vmas(vmas, i, wanted);
	ret = mms_elfs_open_some(target, vmas, wanted, elfs, err);
	free(wanted);
	return ret;
}

static bool draw_html(FILE *out, void *r)
{
	return view_html_draw(out, r);
}

static bool draw_svg(FILE *out, void *r)
{
	return view_svg_draw(out, r);
}

static int write_one(struct view_report *r, bool (*draw)(FILE *out, void *r), const char *path,
		     struct mms_error *err)
{
	char name[256], size[16];
	size_t len = 0;

	if (cmd_write_drawn(path, 0600, draw, r, &len, err))
		return -1;
	mms_escape(path, name, sizeof(name));
	printf("%s: %zu VMAs, %zu runs of pages, %s\n", name, r->vmas->count, r->runs,
	       mms_size_format(len, size));
	if (r->cut)
		printf("  there were more runs: the state of pages behind them is not in it\n");
	return 0;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int map_file_write(struct view_report *r, struct mms_target *target, const char *html,
		   const char *svg, struct mms_error *err)
{
	const struct mms_capture_info *info = mms_target_capture(target);
	struct mms_elfs elfs = { 0 };
	size_t program;
	int ret = 0;

	r->taken_ns = info ? info->taken_ns : now_ns();
	if (html) {
		ret = open_objects(target, r->vmas, &elfs, err);
		program = ret ? r->vmas->count : mms_elf_main(target, r->vmas);
		r->elfs = &elfs;
		if (program < r->vmas->count)
			r->program = mms_elfs_at(&elfs, r->vmas->vma[program].start);
	}
	if (!ret && html)
		ret = write_one(r, draw_html, html, err);
	if (!ret && svg)
		ret = write_one(r, draw_svg, svg, err);
	r->elfs = NULL;
	r->program = NULL;
	mms_elfs_close(&elfs);
	return ret;
}
