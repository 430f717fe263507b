// SPDX-License-Identifier: GPL-2.0
/*
 * arena.c - the lesson "arena": the course's malloc_brk_test: a row for each
 * malloc, with what malloc_stats() would say after it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"

#define ROWS_MAX	24

static const uint64_t course[] = { 8, 4083, 3, 136168, 1048576 };

/* The figures of malloc_stats(): of the heap, and with what is mmapped. */
struct figures {
	uint64_t system, in_use;		/* the heap: got from sbrk, given out */
	uint64_t mmaps, mmapped;		/* chunks, bytes */
	uint64_t mmaps_max, mmapped_max;	/* the most there ever were */
};

struct row {
	char what[32];
	uint64_t pointer;
	int64_t moved;
	struct figures f;
};

static bool look_figures(struct subject *s, struct figures *f)
{
	struct subject_mallinfo i;

	if (!subject_mallinfo(s, &i))
		return false;
	f->system = i.arena;
	f->in_use = i.uordblks;
	f->mmaps = i.hblks;
	f->mmapped = i.hblkhd;
	return true;
}

/* What one malloc adds, by the model. */
static void add(struct figures *f, const struct glibc_heap *before, const struct glibc_heap *after,
		const struct glibc_malloc *g)
{
	uint64_t tcache = before->tcache;
	bool tcache_mmapped = tcache >= before->settings.mmap_threshold && before->settings.mmap_max;

	f->system += g->growth;
	/* What the heap has and the top has not is in use: nothing is ever freed here. */
	if (after->next)
		f->in_use = f->system - after->top;
	f->mmaps = after->mmaps;
	if (tcache && tcache_mmapped)
		f->mmapped += glibc_mmapped_chunk(tcache - 8, after->page);
	if (g->mmapped)
		f->mmapped += g->chunk;
	f->mmaps_max = f->mmaps > f->mmaps_max ? f->mmaps : f->mmaps_max;
	f->mmapped_max = f->mmapped > f->mmapped_max ? f->mmapped : f->mmapped_max;
}

/* ---- malloc_stats() --------------------------------------------------------- */

/* The n-th number behind this label in its report. */
static bool number_after(const char *text, const char *label, int n, uint64_t *value)
{
	for (; n; n--) {
		text = strstr(text, label);
		if (!text)
			return false;
		text += strlen(label);
	}
	text = strchr(text, '=');
	return text && sscanf(text, "= %" SCNu64, value) == 1;
}

/*
 * The arena comes first, then the totals.  (Where a process has more than one
 * arena there are more of them; this one has one thread.)
 */
static bool parse_stats(const char *text, struct figures *f, uint64_t *total, uint64_t *total_used)
{
	return number_after(text, "system bytes", 1, &f->system) &&
	       number_after(text, "in use bytes", 1, &f->in_use) &&
	       number_after(text, "system bytes", 2, total) &&
	       number_after(text, "in use bytes", 2, total_used) &&
	       number_after(text, "max mmap regions", 1, &f->mmaps_max) &&
	       number_after(text, "max mmap bytes", 1, &f->mmapped_max);
}

static void expect_stats(struct lesson *l, struct subject *s, const struct figures *want)
{
	uint64_t total = 0, total_used = 0;
	struct figures f = { 0 };

	if (!parse_stats(subject_malloc_stats(s), &f, &total, &total_used)) {
		expect_true(l, "stats", false, "malloc_stats() prints what it is known to print");
		return;
	}
	expect_true(l, "stats", f.system == want->system && f.in_use == want->in_use &&
		    total == want->system + want->mmapped &&
		    total_used == want->in_use + want->mmapped,
		    "malloc_stats() says the same: in use %" PRIu64 ", total %" PRIu64, total_used,
		    total);
	expect_equal(l, "max-mmaps", "max mmap regions", f.mmaps_max, want->mmaps_max, UNIT_NUMBER);
	expect_equal(l, "max-mmapped", "max mmap bytes", f.mmapped_max, want->mmapped_max, UNIT_BYTES);
}

/* ---- a row ------------------------------------------------------------------ */

static void expect_figures(struct lesson *l, struct subject *s, const struct figures *want)
{
	struct figures got = { 0 };

	need(l, look_figures(s, &got), "mallinfo2() failed");
	observe(l, "mallinfo2", "heap %" PRIu64 ", in use %" PRIu64 "; mmapped %" PRIu64 " in %" PRIu64
		" chunks", got.system, got.in_use, got.mmapped, got.mmaps);
	expect_equal(l, "in-use", "in use", got.in_use + got.mmapped, want->in_use + want->mmapped,
		     UNIT_BYTES);
	expect_equal(l, "total", "got from the system", got.system + got.mmapped,
		     want->system + want->mmapped, UNIT_BYTES);
	expect_equal(l, "mmapped", "of it mmapped", got.mmapped, want->mmapped, UNIT_BYTES);
	expect_equal(l, "mmaps", "mmapped chunks", got.mmaps, want->mmaps, UNIT_NUMBER);
}

static void predict_row(struct lesson *l, const struct glibc_heap *before, uint64_t size,
			const struct glibc_malloc *g)
{
	if (before->tcache)
		predict(l, "the first malloc takes %" PRIu64 " bytes for its own notes (the tcache)",
			before->tcache);
	if (g->mmapped)
		predict(l, "a chunk of %" PRIu64 " bytes is not left in the top, and is not below the mmap "
			"threshold, %" PRIu64 ": mmap gives %" PRIu64 " bytes, whole pages; the break does "
			"not move%s", glibc_chunk(size), before->settings.mmap_threshold, g->chunk, g->growth ? " for it" : "");
	else
		predict(l, "a chunk of %" PRIu64 " bytes is cut from the top%s", g->chunk, g->growth ?
			", which has to be made larger by sbrk first" : ": the break stays");
}

static void note_row(struct subject *s, struct row *row, const char *what, uint64_t p,
		     int64_t moved)
{
	snprintf(row->what, sizeof(row->what), "%s", what);
	row->pointer = p;
	row->moved = moved;
	look_figures(s, &row->f);
}

/* False if the machine would not give that much. */
static bool one(struct lesson *l, struct subject *s, struct glibc_heap *h, struct figures *f,
		uint64_t size, struct row *row)
{
	const struct machine *m = lesson_machine(l);
	const struct glibc_heap before = *h;
	struct glibc_malloc g;
	char what[32];
	uint64_t p;

	glibc_heap_malloc(h, size, &g);
	predict_row(l, &before, size, &g);
	p = subject_malloc(s, size);
	if (!p) {
		*h = before;
		if (size > m->mem_total / 4)
			skip_step(l, "ask for less", "the kernel does not give this process that much");
		else
			need(l, false, "malloc failed");
		return false;
	}
	add(f, &before, h, &g);
	expect_break(l, "break", s, (int64_t)g.growth);
	if (g.mmapped)
		expect_equal(l, "place", "its place in its first page", p % m->page, 16, UNIT_BYTES);
	else
		expect_equal(l, "place", "the pointer", p, g.pointer, UNIT_ADDRESS);
	expect_figures(l, s, f);
	snprintf(what, sizeof(what), "%" PRIu64, size);
	note_row(s, row, what, p, (int64_t)g.growth);
	return true;
}

/* ---- the table -------------------------------------------------------------- */

static void tell_table(struct lesson *l, const struct row *row, size_t rows)
{
	observe(l, "size", "%14s %8s %8s %8s %8s", "pointer", "break", "in use", "total", "mmapped");
	for (size_t i = 0; i < rows; i++) {
		char pointer[24] = "";

		if (row[i].pointer)
			snprintf(pointer, sizeof(pointer), "0x%" PRIx64, row[i].pointer);
		observe(l, row[i].what, "%14s %+8" PRId64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64, pointer,
			row[i].moved, row[i].f.in_use + row[i].f.mmapped,
			row[i].f.system + row[i].f.mmapped, row[i].f.mmapped);
	}
}

/* After a printf, as the course's program has one before its first malloc. */
static bool printed(struct lesson *l, struct subject *s, struct glibc_heap *h, struct figures *f,
		    struct row *row)
{
	uint64_t buffer = heap_stdio_buffer(s);
	const struct glibc_heap before = *h;
	struct glibc_malloc g;

	if (!buffer) {
		skip_step(l, NULL, "what stat says of the subject's stdout is not to be read");
		return false;
	}
	glibc_heap_malloc(h, buffer, &g);
	add(f, &before, h, &g);
	predict(l, "printf takes a buffer of %" PRIu64 " bytes with malloc, which is what stat says of "
		"its stdout (st_blksize)", buffer);
	predict_row(l, &before, buffer, &g);
	subject_printf(s, "malloc_brk_test\n");
	expect_break(l, "break", s, (int64_t)g.growth);
	expect_figures(l, s, f);
	note_row(s, row, "printf", 0, (int64_t)g.growth);
	return true;
}

static bool begin(struct lesson *l, struct subject *s, struct glibc_heap *h, struct figures *f)
{
	if (!heap_model(l, s, h))
		return false;
	need(l, look_figures(s, f), "mallinfo2() failed");
	f->mmaps_max = f->mmaps;
	f->mmapped_max = f->mmapped;
	return true;
}

/* The last mmapped chunk is freed: the figures go down, the peaks do not. */
static void peak(struct lesson *l, struct subject *s, struct figures *f, const struct row *row,
		 size_t rows)
{
	uint64_t page = lesson_machine(l)->page, chunk;

	step(l, "peak", "free the last one that was mmapped");
	while (rows && (!row[rows - 1].pointer || row[rows - 1].pointer % page != 16 ||
			rows < 2 || row[rows - 1].f.mmaps == row[rows - 2].f.mmaps))
		rows--;
	if (!rows) {
		skip_step(l, "give a larger size: mmscope lesson arena -- 8 1048576",
			  "none of these was mmapped");
		return;
	}
	chunk = row[rows - 1].f.mmapped - row[rows - 2].f.mmapped;
	predict(l, "it goes back to the system at once: %" PRIu64 " bytes less in use and in total; but "
		"what malloc_stats calls \"max mmap\" is the most there ever was, and stays", chunk);
	subject_free(s, row[rows - 1].pointer);
	f->mmaps--;
	f->mmapped -= chunk;
	expect_break(l, "break", s, 0);
	expect_figures(l, s, f);
	expect_stats(l, s, f);
}

/* Of the command line, or those of the course.  Their number. */
static size_t read_sizes(struct lesson *l, uint64_t sizes[ROWS_MAX])
{
	size_t n = (size_t)lesson_nargs(l);
	struct mms_error err;
	char shown[64];

	need(l, n <= ROWS_MAX, "up to %d sizes, please", ROWS_MAX);
	for (size_t i = 0; i < n; i++) {
		mms_escape(lesson_arg(l, (int)i), shown, sizeof(shown));
		need(l, !mms_size_parse(lesson_arg(l, (int)i), &sizes[i], &err),
		     "\"%s\": a size in bytes is wanted", shown);
	}
	if (n)
		return n;
	memcpy(sizes, course, sizeof(course));
	return sizeof(course) / sizeof(course[0]);
}

static void table(struct lesson *l, enum subject_stdout out, const uint64_t *sizes, size_t count)
{
	const struct subject_options options = { .out = out };
	const char *prefix = out == SUBJECT_OUT_TTY ? "terminal" : "pipe";
	struct subject *s = heap_subject(l, &options);
	struct row rows[ROWS_MAX + 1];
	struct figures f = { 0 };
	struct glibc_heap h;
	char slug[40];
	size_t n = 0;

	snprintf(slug, sizeof(slug), "%s-printf", prefix);
	step(l, slug, "A program that prints to a %s: its first printf", prefix);
	if (!begin(l, s, &h, &f) || !printed(l, s, &h, &f, &rows[n++]))
		return;
	for (size_t i = 0; i < count; i++) {
		snprintf(slug, sizeof(slug), "%s-%zu", prefix, i + 1);
		step(l, slug, "malloc(%" PRIu64 ")", sizes[i]);
		if (one(l, s, &h, &f, sizes[i], &rows[n]))
			n++;
	}
	snprintf(slug, sizeof(slug), "%s-stats", prefix);
	step(l, slug, "The table, and malloc_stats()");
	predict(l, "malloc_stats() prints these figures, too; its totals are with what is mmapped");
	tell_table(l, rows, n);
	expect_stats(l, s, &f);
	if (out == SUBJECT_OUT_TTY)
		peak(l, s, &f, rows, n);
	subject_stop(s);
}

static void run(struct lesson *l)
{
	uint64_t sizes[ROWS_MAX];
	size_t count = read_sizes(l, sizes);

	table(l, SUBJECT_OUT_TTY, sizes, count);
	table(l, SUBJECT_OUT_PIPE, sizes, count);
}

static const char *const learnt[] = {
	"Small chunks are cut from the top of the heap; the break moves only when the top is too "
	"small, and then by more than was asked for.",
	"Large chunks are mmapped, each in whole pages of its own; the break does not move for them.",
	"\"In use\" is more than what the program asked for: headers, rounding, malloc's own tcache "
	"and stdio's buffer are among it.",
	NULL
};

static const char *const slides[] = {
	"All figures of the heap are 64 bytes more since glibc 2.30: the tcache is larger.",
	"They depend on where the program prints to: in a pipe or a file stdio's buffer is larger "
	"than on a terminal.",
	"\"max mmap\" of malloc_stats is a peak: free does not lower it. mallinfo2 has the present "
	"figures.",
	NULL
};

const struct lesson_info lesson_arena = {
	.name = "arena",
	.brief = "malloc by malloc: heap, mmap, malloc_stats (malloc_brk_test)",
	.about = "A program calls malloc with several sizes. After each, this lesson looks at how the "
		 "break moved and at the figures that malloc_stats() prints: how much it has from the "
		 "system, how much of it is in use, and how much is mmapped. Other sizes may be given: "
		 "mmscope lesson arena -- 100 200K 3M",
	.args = "[SIZE...]",
	.learnt = learnt,
	.slides = slides,
	.run = run,
};
