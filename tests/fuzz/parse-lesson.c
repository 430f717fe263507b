// SPDX-License-Identifier: GPL-2.0
/*
 * parse-lesson.c - what lessons make of text: the environment's settings of
 * malloc, the model of malloc under any of them, patterns of pages, and figures
 * of /proc. The input is lines: the first is the environment, its variables
 * separated by tabs.
 */
#include <inttypes.h>

#include "figure.h"
#include "glibc.h"
#include "run.h"
#include "fuzz.h"

#define PAGE	4096

static void settings_of(char *line, struct malloc_settings *m)
{
	const char *env[16] = { NULL };
	char *rest;
	size_t n = 0;

	for (char *v = strtok_r(line, "\t", &rest); v && n < 15; v = strtok_r(NULL, "\t", &rest))
		env[n++] = v;
	malloc_settings_default(m);
	malloc_settings_parse(m, env);
	PROMISE(m->tcache_count <= UINT16_MAX);
}

/* Settings that no heap could live with are not the model's business. */
static void heap_of(const struct malloc_settings *m, const char *version, const char *text)
{
	struct glibc_heap h;
	struct glibc_malloc one;
	const char *why = NULL;

	if (!glibc_known(version, &why)) {
		PROMISE(why && *why);
		return;
	}
	if (m->top_pad > 1ULL << 40)
		return;
	glibc_heap_start(&h, m, version, PAGE, 0x555555559000);
	for (size_t i = 0; text[i] && i < 64; i++) {
		uint64_t request = (uint64_t)(unsigned char)text[i] << (i % 20), brk = h.brk;

		glibc_heap_malloc(&h, request, &one);
		PROMISE(one.usable >= request && one.chunk >= one.usable);
		PROMISE(h.brk == brk + one.growth && h.brk % PAGE == 0);
		PROMISE(one.mmapped == !one.pointer);
		PROMISE(one.mmapped || (one.pointer % 16 == 0 &&
					one.pointer + request <= h.brk));
		/* Nothing has been asked of the break if all of it was mmapped. */
		PROMISE(!h.next || h.next + h.top == h.brk);
	}
	PROMISE(glibc_heap_trim(&h, 0) % PAGE == 0);
}

static void pattern_of(const char *text)
{
	for (size_t pages = 0; pages < 40; pages += 13) {
		char *buf = malloc(pages + 1);

		PROMISE(buf != NULL);
		if (!pattern_spread(text, pages, buf)) {
			PROMISE(strlen(buf) == pages);
			for (size_t i = 0; i < pages; i++)
				PROMISE(strchr(".zZRHFMScTugsh_?PNA0", buf[i]));
		}
		free(buf);
	}
}

static void figures_of(const char *text)
{
	static const char *const names[] = { "Rss", "VmLck", "pgfault" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		figure_of(text, names[i]);
		figure_in_smaps(text, 0x7f0000001000, names[i]);
		figure_in_vmstat(text, names[i]);
	}
}

static char *line_from(char **text)
{
	char *line = *text;

	*text += strcspn(*text, "\n");
	if (**text)
		*(*text)++ = '\0';
	return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size), *rest = text;
	char *env = line_from(&rest), *version = line_from(&rest), *pattern = line_from(&rest);
	struct malloc_settings m;

	settings_of(env, &m);
	heap_of(&m, version, pattern);
	pattern_of(pattern);
	figures_of(rest);
	free(text);
	return 0;
}
