// SPDX-License-Identifier: GPL-2.0
/*
 * figure.c - single figures out of the text of /proc: status, smaps, vmstat.
 * Pure: nothing here opens or reads a file.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "figure.h"

/* The line behind this one; NULL: there is none. */
static const char *next_line(const char *line)
{
	line = strchr(line, '\n');
	return line ? line + 1 : NULL;
}

/* A line of smaps that begins a VMA holds two addresses. */
static bool begins_vma(const char *line, uint64_t *start, uint64_t *end)
{
	char *p;

	if (!isxdigit((unsigned char)*line))
		return false;
	*start = strtoull(line, &p, 16);
	if (*p != '-' || !isxdigit((unsigned char)p[1]))
		return false;
	*end = strtoull(p + 1, &p, 16);
	return *p == ' ';
}

/* `key` and `behind` at the start of a line; if `one`, of this VMA's lines alone. */
static int64_t find(const char *line, const char *key, char behind, bool one)
{
	size_t len = strlen(key);
	uint64_t start, end;

	for (; line && *line; line = next_line(line)) {
		if (one && begins_vma(line, &start, &end))
			break;
		if (!strncmp(line, key, len) && line[len] == behind)
			return strtoll(line + len + 1, NULL, 10);
	}
	return -1;
}

int64_t figure_of(const char *text, const char *field)
{
	return find(text, field, ':', false);
}

int64_t figure_in_smaps(const char *text, uint64_t address, const char *field)
{
	uint64_t start, end;

	for (const char *line = text; line && *line; line = next_line(line))
		if (begins_vma(line, &start, &end) && address >= start && address < end)
			return find(next_line(line), field, ':', true);
	return -1;
}

int64_t figure_in_vmstat(const char *text, const char *name)
{
	return find(text, name, ' ', false);
}
