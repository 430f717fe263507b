// SPDX-License-Identifier: GPL-2.0
/*
 * look.c - looking at a subject without expecting anything; and the
 * expectations that are about the break, VMAs and frames.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "figure.h"
#include "run.h"

static void failed_to_look(struct lesson *l, const struct mms_error *err)
{
	need(l, false, "%s: %s", err->what, err->why);
}

uint64_t look_break(struct lesson *l, struct subject *s)
{
	struct mms_error err;
	uint64_t brk = 0;

	if (mms_ask_break(s->inquiry, MMS_WITNESS_KERNEL, &brk, &err))
		failed_to_look(l, &err);
	return brk;
}

void subject_note_break(struct subject *s)
{
	s->base_brk = look_break(s->l, s);
	s->base_libc = s->libc_brk;
}

bool look_mm(struct lesson *l, struct subject *s, struct mms_mm *mm)
{
	struct mms_error err;

	if (mms_mm_read(s->target, mm, &err))
		failed_to_look(l, &err);
	return true;
}

bool look_vma(struct lesson *l, struct subject *s, uint64_t address, struct mms_vma *vma)
{
	uint64_t page = address & ~(l->machine.page - 1);
	struct mms_vmas vmas = { 0 };
	struct mms_error err;
	bool found;

	if (mms_vmas_read(s->target, page, page + l->machine.page, 0, 0, &vmas, &err))
		failed_to_look(l, &err);
	found = vmas.count && mms_vma_covers(&vmas.vma[0], address);
	if (found) {
		*vma = vmas.vma[0];
		vma->name = "";
	}
	mms_vmas_free(&vmas);
	return found;
}

/* ---- files of /proc -------------------------------------------------------- */

static char *read_whole(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	size_t have = 0, room = 1 << 16;
	char *text = malloc(room);
	ssize_t n;

	while (fd >= 0 && text && (n = read(fd, text + have, room - 1 - have)) > 0) {
		have += (size_t)n;
		if (have == room - 1) {
			char *more = realloc(text, room *= 2);

			if (!more)
				break;
			text = more;
		}
	}
	if (text)
		text[have] = 0;
	if (fd >= 0)
		close(fd);
	return text;
}

int64_t look_status(struct lesson *l, struct subject *s, const char *field)
{
	char *text = read_whole(mms_target_procfd(s->target), "status");
	int64_t v = text ? figure_of(text, field) : -1;

	(void)l;
	free(text);
	return v;
}

int64_t look_smaps(struct lesson *l, struct subject *s, uint64_t address, const char *field)
{
	char *text = read_whole(mms_target_procfd(s->target), "smaps");
	int64_t v = text ? figure_in_smaps(text, address, field) : -1;

	(void)l;
	free(text);
	return v < 0 ? v : v << 10;
}

int64_t look_vmstat(const char *name)
{
	char *text = read_whole(AT_FDCWD, "/proc/vmstat");
	int64_t v = text ? figure_in_vmstat(text, name) : -1;

	free(text);
	return v;
}

/* ---- the break ------------------------------------------------------------- */

bool expect_break(struct lesson *l, const char *what, struct subject *s, int64_t delta)
{
	uint64_t now = look_break(l, s), inside = 0;
	int64_t got = (int64_t)(now - s->base_brk);
	struct mms_error err;

	observe(l, "kernel", "break 0x%" PRIx64 " (%+" PRId64 ")", now, got);
	if (mms_ask_break(s->inquiry, MMS_WITNESS_BRK, &inside, &err))
		failed_to_look(l, &err);
	observe(l, "brk", "brk(0) = 0x%" PRIx64, inside);
	observe(l, "libc", "sbrk(0) = 0x%" PRIx64, s->libc_brk);
	if (inside != now)
		return verdict(l, what, VERDICT_WRONG, NULL, "brk(2) says 0x%" PRIx64
			       ", the module 0x%" PRIx64, inside, now);
	if (s->libc_brk != now && !s->raw_brk)
		return verdict(l, what, VERDICT_WRONG, NULL, "the C library says 0x%" PRIx64
			       ", the module 0x%" PRIx64, s->libc_brk, now);
	if (s->libc_brk != now)
		view_lesson_line(l->view, VIEW_LESSON_NAMED,
				 mms_difference_name(MMS_DIFF_LIBC_NOTE),
				 mms_difference_brief(MMS_DIFF_LIBC_NOTE));
	if (got != delta)
		return verdict(l, what, VERDICT_WRONG, NULL, "the break moved by %+" PRId64
			       ", not by %+" PRId64 " as predicted", got, delta);
	return got ? verdict(l, what, VERDICT_OK, NULL, "the break moved by %+" PRId64, got) :
		     verdict(l, what, VERDICT_OK, NULL, "the break did not move");
}

/* ---- VMAs ------------------------------------------------------------------ */

#define LAYOUT_MAX	512

static void add_piece(char *buf, const char *perms, uint64_t pages)
{
	size_t len = strlen(buf);

	if (pages)
		snprintf(buf + len, LAYOUT_MAX - len, "%s%s*%" PRIu64, len ? " " : "", perms, pages);
}

static void layout_of(const struct mms_vmas *vmas, uint64_t start, uint64_t end, uint64_t page,
		      char buf[LAYOUT_MAX])
{
	uint64_t at = start;
	char perms[5];

	*buf = 0;
	for (size_t i = 0; i < vmas->count && at < end; i++) {
		const struct mms_vma *v = &vmas->vma[i];
		uint64_t from = v->start > start ? v->start : start, to = v->end < end ? v->end : end;

		if (v->end <= start || v->start >= end)
			continue;
		add_piece(buf, "none", (from - at) / page);
		mms_perms_format(v, perms);
		add_piece(buf, perms, (to - from) / page);
		at = to;
	}
	add_piece(buf, "none", (end - at) / page);
}

/* The same layout, written as add_piece() does. */
static void layout_tidy(const char *text, char buf[LAYOUT_MAX])
{
	char perms[16];
	unsigned long long pages;
	int used;

	for (*buf = 0; sscanf(text, " %15[^* ]%n", perms, &used) == 1;) {
		text += used;
		pages = 1;
		if (sscanf(text, "*%llu%n", &pages, &used) == 1)
			text += used;
		add_piece(buf, perms, pages);
	}
}

bool expect_vmas(struct lesson *l, const char *what, struct subject *s, uint64_t address,
		 size_t pages, const char *format, ...)
{
	static const enum mms_witness who[] = { MMS_WITNESS_KERNEL, MMS_WITNESS_SMAPS,
						MMS_WITNESS_PROCMAP };
	char layout[LAYOUT_MAX], want[LAYOUT_MAX], got[LAYOUT_MAX];
	const char *wrong = NULL;
	struct mms_error err;
	va_list args;

	va_start(args, format);
	vsnprintf(layout, sizeof(layout), format, args);
	va_end(args);
	layout_tidy(layout, want);
	for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++) {
		struct mms_vmas vmas = { 0 };

		if (mms_witness_absent(s->inquiry, who[i]))
			continue;
		if (who[i] == MMS_WITNESS_KERNEL ?
		    mms_vmas_read(s->target, 0, MMS_ALL_END, MMS_VMAS_NO_NAMES, 0, &vmas, &err) :
		    mms_ask_vmas(s->inquiry, who[i], &vmas, &err))
			failed_to_look(l, &err);
		layout_of(&vmas, address, address + pages * l->machine.page, l->machine.page, got);
		mms_vmas_free(&vmas);
		observe(l, mms_witness_name(who[i]), "%s", got);
		if (strcmp(got, want) && !wrong)
			wrong = mms_witness_name(who[i]);
	}
	if (wrong)
		return verdict(l, what, VERDICT_WRONG, NULL, "%s does not see the VMAs predicted: %s",
			       wrong, want);
	return verdict(l, what, VERDICT_OK, NULL, "the VMAs are %s", want);
}

static void flag_names(uint64_t flags, char *buf, size_t size)
{
	size_t len = 0;

	*buf = 0;
	for (unsigned int i = 0; i < 64 && len < size; i++)
		if (flags >> i & 1)
			len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? " " : "",
						mms_vma_flag_name(i) ?: "?");
}

bool expect_vma_flags(struct lesson *l, const char *what, struct subject *s, uint64_t address,
		      uint64_t set, uint64_t clear)
{
	char missing[256], there[256], wanted[256];
	struct mms_vma v;

	flag_names(set, wanted, sizeof(wanted));
	if (!look_vma(l, s, address, &v))
		return verdict(l, what, VERDICT_WRONG, NULL, "no VMA covers 0x%" PRIx64, address);
	flag_names(set & ~v.flags, missing, sizeof(missing));
	flag_names(clear & v.flags, there, sizeof(there));
	if (*missing || *there)
		return verdict(l, what, VERDICT_WRONG, NULL, "flags of the VMA: missing \"%s\", too many \"%s\"",
			       missing, there);
	flag_names(clear, there, sizeof(there));
	return verdict(l, what, VERDICT_OK, NULL, "the VMA is %s%s%s%s", wanted,
		       set && clear ? ", and " : "", clear ? "not " : "", there);
}

/* ---- frames ---------------------------------------------------------------- */

bool look_frames(struct lesson *l, struct subject *s, uint64_t address, size_t pages,
		 uint64_t *frames)
{
	struct mms_said *said;
	struct mms_error err;

	if (!l->machine.frames || pages > MMS_INSIDE_PAGES)
		return false;
	said = calloc(pages, sizeof(*said));
	need(l, said, "out of memory");
	if (mms_ask_pages(s->inquiry, MMS_WITNESS_PAGEMAP, address & ~(l->machine.page - 1), pages,
			  said, &err)) {
		free(said);
		failed_to_look(l, &err);
	}
	for (size_t i = 0; i < pages; i++)
		frames[i] = said[i].yes & MMS_CLAIM(PRESENT) ? said[i].frame : 0;
	free(said);
	return true;
}

#define FRAMES_MAX	512

bool expect_frames(struct lesson *l, const char *what, struct subject *a, uint64_t address_a,
		   struct subject *b, uint64_t address_b, size_t pages, bool same)
{
	uint64_t fa[FRAMES_MAX], fb[FRAMES_MAX];
	size_t equal = 0;

	need(l, pages <= FRAMES_MAX, "expect_frames() compares up to %d pages", FRAMES_MAX);
	if (!look_frames(l, a, address_a, pages, fa) || !look_frames(l, b, address_b, pages, fb)) {
		verdict(l, what, VERDICT_SKIP, "run the lesson as root",
			"page frames are told only with CAP_SYS_ADMIN");
		return true;
	}
	for (size_t i = 0; i < pages; i++)
		equal += fa[i] && fa[i] == fb[i];
	observe(l, "pagemap", "frame 0x%" PRIx64 " here, frame 0x%" PRIx64 " there%s", fa[0], fb[0],
		pages > 1 ? " (the first page)" : "");
	return verdict(l, what, equal == (same ? pages : 0) ? VERDICT_OK : VERDICT_WRONG, NULL,
		       "%zu of %zu pages are in the same frame", equal, pages);
}
