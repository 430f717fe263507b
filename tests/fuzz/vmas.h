/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vmas.h - what holds of any list of VMAs that was made of the text of maps or
 * smaps: that it stays within the text, and says what the text says.
 */
#ifndef TESTS_FUZZ_VMAS_H
#define TESTS_FUZZ_VMAS_H

#include <inttypes.h>

#include "fuzz.h"
#include "procfs.h"

#define PERMS	(MMSCOPE_VMA_READ | MMSCOPE_VMA_WRITE | MMSCOPE_VMA_EXEC | MMSCOPE_VMA_SHARED)

/* The line of maps that says this again; to be freed. */
static inline char *line_of(const struct mms_vma *v)
{
	size_t room = 4 * strlen(v->name) + 200, len;
	char *line = malloc(room), perms[5];

	if (!line)
		abort();
	mms_perms_format(v, perms);
	len = (size_t)snprintf(line, room, "%08" PRIx64 "-%08" PRIx64 " %s %08" PRIx64
			       " %02x:%02x %" PRIu64 " ", v->start, v->end, perms, v->offset,
			       v->dev_major, v->dev_minor, v->inode);
	for (const char *p = v->name; *p; p++)
		len += (size_t)sprintf(line + len, *p == '\n' ? "\\012" : "%c", *p);
	line[len] = '\0';
	return line;
}

static inline void check_line(const struct mms_vma *v)
{
	char *line = line_of(v);
	struct mms_vmas again = { 0 };
	uint64_t count = 0;

	PROMISE(!mmsi_vmas_from_text(&again, line, 0, UINT64_MAX, false, &count));
	PROMISE(count == 1);
	/* One that ends where it starts, or before, overlaps nothing. */
	if (again.count) {
		const struct mms_vma *w = again.vma;

		PROMISE(w->start == v->start && w->end == v->end && w->offset == v->offset);
		PROMISE(w->inode == v->inode && w->dev_major == v->dev_major);
		PROMISE(w->dev_minor == v->dev_minor && !((w->flags ^ v->flags) & PERMS));
		PROMISE(!strcmp(w->name, v->name) && w->role == v->role);
	}
	free(again.vma);
	free(line);
}

static inline void check_vmas(struct mms_vmas *l, const char *text, size_t size, uint64_t start,
			      uint64_t end, uint64_t count)
{
	bool sorted = true;

	PROMISE(l->count <= count && count <= size);
	for (size_t i = 0; i < l->count; i++) {
		const struct mms_vma *v = &l->vma[i];

		PROMISE(v->end > start && v->start < end);
		PROMISE(v->name >= text && v->name + strlen(v->name) <= text + size);
		PROMISE((v->flags_known & PERMS) == PERMS && !(v->flags & ~v->flags_known));
		sorted = sorted && v->start < v->end && (!i || v[-1].end <= v->start);
		check_line(v);
	}
	mms_vmas_purpose(l, (unsigned int)count);
	for (size_t i = 0; i < l->count; i++)
		PROMISE(*mms_purpose_name(l->vma[i].purpose));
	for (size_t i = 0; sorted && i < l->count; i++) {
		PROMISE(mms_vmas_find(l, l->vma[i].start) == i);
		PROMISE(mms_vmas_find(l, l->vma[i].end - 1) == i);
	}
}

/* The text, taken apart within a range that its first bytes choose. */
static inline void parse_vmas(const uint8_t *data, size_t size, bool acct,
			      void (*more)(const struct mms_vmas *l))
{
	uint64_t first = number_of(&data, &size, 1), start = 0, end = UINT64_MAX, count = 0;
	struct mms_vmas l = { 0 };

	if (first == '<') {	/* else it is a part of the text */
		start = number_of(&data, &size, 6) << 12;
		end = number_of(&data, &size, 6) << 12;
	} else if (size) {
		data--;
		size++;
	}
	l.names = text_of(data, size);
	PROMISE(!mmsi_vmas_from_text(&l, l.names, start, end, acct, &count));
	check_vmas(&l, l.names, size, start, end, count);
	if (more)
		more(&l);
	mms_vmas_free(&l);
}

#endif
