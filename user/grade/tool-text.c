// SPDX-License-Identifier: GPL-2.0
/*
 * tool-text.c - what tools print: words, addresses, amounts, in whatever case,
 * spacing and unit.  Pure; any text is survived.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tool.h"

#define PAGE	mms_page_size()

/* ---- words ------------------------------------------------------------------- */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static const char *match_at(const char *text, const char *saying)
{
	for (; *saying; saying++) {
		if (isspace((unsigned char)*saying)) {
			if (!isspace((unsigned char)*text))
				return NULL;
			text += strspn(text, " \t\r\n\v\f");
			while (isspace((unsigned char)saying[1]))
				saying++;
		} else if (tolower((unsigned char)*text++) != tolower((unsigned char)*saying)) {
			return NULL;
		}
	}
	return text;
}

size_t tool_has(const char *answer, const char *saying)
{
	size_t len = strlen(saying);

	for (const char *at = answer; len && *at; at++) {
		const char *end = match_at(at, saying);

		if (end && !(at > answer && is_word(at[-1]) && is_word(*saying)) &&
		    !(is_word(*end) && is_word(saying[len - 1])))
			return len;
	}
	return 0;
}

/* ---- addresses --------------------------------------------------------------- */

/*
 * The first number of a line that could be an address: with 0x, or of four and more
 * hexadecimal digits; *last is the end of a range, or of the page.
 */
static bool line_address(const char *line, size_t len, uint64_t *start, uint64_t *end)
{
	for (size_t i = 0; i < len; i++) {
		bool prefix = line[i] == '0' && (line[i + 1] == 'x' || line[i + 1] == 'X');
		size_t digits = strspn(line + i + 2 * prefix, "0123456789abcdefABCDEF");
		const char *behind = line + i + 2 * prefix + digits;
		char *stop;

		if ((i && is_word(line[i - 1])) || is_word(*behind) || digits > 16 ||
		    digits < (prefix ? 1U : 4U))
			continue;
		*start = strtoull(line + i, NULL, 16);
		*end = *start + PAGE;
		if (*behind == '-' && isxdigit((unsigned char)behind[1])) {
			*end = strtoull(behind + 1, &stop, 16);
			if (*end <= *start)
				*end = *start + PAGE;
		}
		return true;
	}
	return false;
}

/* The next line: its length, without what ends it. */
static size_t line_length(const char *text)
{
	return strcspn(text, "\n");
}

/* Of a region of one page it is about the page. */
static bool is_headline(uint64_t start, uint64_t end, uint64_t from, uint64_t to)
{
	return start == from && end == to && end - start > PAGE;
}

char *tool_line_of(const char *listed, uint64_t address, uint64_t from, uint64_t to)
{
	uint64_t start, end;

	for (const char *at = listed; *at;) {
		size_t len = line_length(at);
		bool page = line_address(at, len, &start, &end);

		if (page && !is_headline(start, end, from, to) &&
		    (start / PAGE == address / PAGE || (start <= address && address < end) ||
		     start == address / PAGE))
			return strndup(at, len);
		at += len + (at[len] == '\n');
	}
	return strdup("not listed");
}

static int by_start(const void *a, const void *b)
{
	const struct tool_run *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* The ranges that a list is about, sorted, joined; numbers of pages if `numbers`. */
static size_t ranges_of(const char *listed, uint64_t from, uint64_t to, bool numbers,
			struct tool_run *run, bool *inside)
{
	uint64_t start, end;
	size_t n = 0, kept = 0;

	*inside = false;
	for (const char *at = listed; *at;) {
		size_t len = line_length(at);

		if (line_address(at, len, &start, &end)) {
			if (numbers) {
				end = (start + 1) * PAGE;
				start *= PAGE;
			}
			start &= ~(PAGE - 1);
			*inside |= start >= from && start < to;
			if (!is_headline(start, end, from, to))
				run[n++] = (struct tool_run){ start, end };
		}
		at += len + (at[len] == '\n');
	}
	qsort(run, n, sizeof(*run), by_start);
	for (size_t i = 0; i < n; i++)
		if (kept && run[i].start <= run[kept - 1].end) {
			if (run[i].end > run[kept - 1].end)
				run[kept - 1].end = run[i].end;
		} else {
			run[kept++] = run[i];
		}
	return kept;
}

/* Bytes that both have; each is sorted. */
static uint64_t overlap(const struct tool_run *a, size_t as, const struct tool_run *b, size_t bs)
{
	uint64_t both = 0;

	for (size_t i = 0, k = 0; i < as && k < bs;) {
		uint64_t start = a[i].start > b[k].start ? a[i].start : b[k].start;
		uint64_t end = a[i].end < b[k].end ? a[i].end : b[k].end;

		if (start < end)
			both += end - start;
		if (a[i].end < b[k].end)
			i++;
		else
			k++;
	}
	return both;
}

bool tool_compare(const char *listed, const struct tool_pages *pages, uint64_t start,
		  uint64_t end, uint64_t *missing, uint64_t *extra)
{
	size_t lines = 1, n;
	struct tool_run *run;
	uint64_t all = 0, both;
	bool inside;

	*missing = pages->count;
	*extra = 0;
	for (const char *c = listed; *c; c++)
		lines += *c == '\n';
	run = calloc(lines, sizeof(*run));
	if (!run)
		return false;
	n = ranges_of(listed, start, end, false, run, &inside);
	if (!inside)
		n = ranges_of(listed, start, end, true, run, &inside);
	for (size_t i = 0; i < n; i++)
		all += run[i].end - run[i].start;
	both = overlap(run, n, pages->run, pages->runs);
	*missing = pages->count - both / PAGE;
	*extra = (all - both) / PAGE;
	free(run);
	return true;
}

/* ---- amounts ----------------------------------------------------------------- */

static bool near(uint64_t a, uint64_t b, uint64_t within)
{
	return (a > b ? a - b : b - a) <= within;
}

/* A unit behind a number; 0: none is named. */
static uint64_t unit_of(const char *at)
{
	static const struct {
		const char *name;
		uint64_t bytes;
	} units[] = {
		{ "kib", 1024 }, { "kb", 1024 }, { "k", 1024 }, { "mib", 1 << 20 },
		{ "mb", 1 << 20 }, { "m", 1 << 20 }, { "gib", 1 << 30 }, { "gb", 1 << 30 },
		{ "g", 1 << 30 }, { "bytes", 1 }, { "byte", 1 }, { "b", 1 }, { "pages", 0 },
		{ "page", 0 },
	};

	at += strspn(at, " \t");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t len = strlen(units[i].name);

		if (!strncasecmp(at, units[i].name, len) && !is_word(at[len]))
			return units[i].bytes ? units[i].bytes : PAGE;
	}
	return 0;
}

static bool is_that(uint64_t n, uint64_t unit, uint64_t truth, uint64_t within, bool plain)
{
	if (plain)
		return near(n, truth, within);
	if (unit)
		return near(n * unit, truth, within);
	return near(n, truth, within) || near(n * 1024, truth, within) ||
	       near(n * PAGE, truth, within);
}

bool tool_tells(const char *answer, uint64_t truth, uint64_t within, bool plain, int most)
{
	bool found = false;
	int numbers = 0;

	for (const char *at = answer; *at;) {
		bool hex = at[0] == '0' && (at[1] == 'x' || at[1] == 'X');
		char *end;
		uint64_t n;

		if (!isdigit((unsigned char)*at) || (at > answer && is_word(at[-1]))) {
			at++;
			continue;
		}
		n = strtoull(at, &end, hex ? 16 : 10);
		numbers++;
		found |= is_that(n, unit_of(end), truth, within, plain);
		at = end;
	}
	return found && numbers <= most;
}
