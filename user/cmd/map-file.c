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

typedef bool (*draw_fn)(FILE *out, const struct view_report *r);

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

static int write_one(const struct view_report *r, draw_fn draw, const char *path,
		     struct mms_error *err)
{
	char *data = NULL, name[256], size[16];
	size_t len = 0;
	FILE *out = open_memstream(&data, &len);
	bool good = out && draw(out, r);
	int ret;

	good &= out && !ferror(out);
	good &= out && !fclose(out);
	if (good)
		ret = mms_file_write(path, data, len, 0600, err);
	else
		ret = mms_fail(err, MMS_FAILED, NULL, path, "no memory");
	free(data);
	if (ret)
		return ret;
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
		ret = write_one(r, view_html_draw, html, err);
	if (!ret && svg)
		ret = write_one(r, view_svg_draw, svg, err);
	r->elfs = NULL;
	r->program = NULL;
	mms_elfs_close(&elfs);
	return ret;
}
