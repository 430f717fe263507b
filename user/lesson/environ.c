// SPDX-License-Identifier: GPL-2.0
/*
 * environ.c - what the environment of a process says of its malloc.  Pure: the
 * environment is given, and need not be one's own.
 */
#include <stdlib.h>
#include <string.h>

#include "glibc.h"

void malloc_settings_default(struct malloc_settings *m)
{
	*m = (struct malloc_settings){
		.mmap_threshold = 128 * 1024,
		.dynamic = true,
		.trim_threshold = 128 * 1024,
		.top_pad = 128 * 1024,
		.mmap_max = 65536,
		.tcache_count = 7,
	};
}

enum { THRESHOLD, TRIM, TOP_PAD, MMAP_MAX, ARENA_MAX, TCACHE_COUNT, PERTURB, HUGETLB, HARMLESS,
       ODD };

static const struct {
	const char *tunable, *variable;
	int what;
} names[] = {
	{ "mmap_threshold", "MALLOC_MMAP_THRESHOLD_", THRESHOLD },
	{ "trim_threshold", "MALLOC_TRIM_THRESHOLD_", TRIM },
	{ "top_pad", "MALLOC_TOP_PAD_", TOP_PAD },
	{ "mmap_max", "MALLOC_MMAP_MAX_", MMAP_MAX },
	{ "arena_max", "MALLOC_ARENA_MAX", ARENA_MAX },
	{ "arena_test", "MALLOC_ARENA_TEST", HARMLESS },
	{ "perturb", "MALLOC_PERTURB_", PERTURB },
	{ "tcache_count", NULL, TCACHE_COUNT },
	{ "hugetlb", NULL, HUGETLB },
	{ "tcache_max", NULL, ODD },
	{ "tcache_unsorted_limit", NULL, HARMLESS },
	{ "mxfast", NULL, ODD },
	{ "check", "MALLOC_CHECK_", ODD },
};
#define NAMES	(sizeof(names) / sizeof(names[0]))

static void apply(struct malloc_settings *m, int what, const char *text, size_t len)
{
	char copy[32];
	uint64_t v;
	char *end;

	if (!len || len >= sizeof(copy))
		return;
	memcpy(copy, text, len);
	copy[len] = 0;
	/* glibc takes hexadecimal and octal as C does, and ignores what is no number. */
	v = strtoull(copy, &end, 0);
	if (*end)
		return;
	switch (what) {
	case THRESHOLD:
		m->mmap_threshold = v;
		m->dynamic = false;
		break;
	case TRIM:
		m->trim_threshold = v;
		m->dynamic = false;
		break;
	case TOP_PAD:
		m->top_pad = v;
		m->dynamic = false;
		break;
	case MMAP_MAX:
		m->mmap_max = v;
		m->dynamic = false;
		break;
	case ARENA_MAX:
		m->arena_max = v;
		break;
	case TCACHE_COUNT:
		/* More is ignored: it is counted in 16 bits. */
		if (v <= UINT16_MAX)
			m->tcache_count = v;
		break;
	case PERTURB:
		m->perturb = v;
		break;
	case HUGETLB:
		m->hugetlb = v;
		break;
	case ODD:
		m->odd = true;
	}
}

static void parse_tunables(struct malloc_settings *m, const char *text)
{
	static const char prefix[] = "glibc.malloc.";

	while (*text) {
		size_t len = strcspn(text, ":");
		const char *name = text + sizeof(prefix) - 1, *value = memchr(text, '=', len);

		if (value && !strncmp(text, prefix, sizeof(prefix) - 1))
			for (size_t i = 0; i < NAMES; i++)
				if (strlen(names[i].tunable) == (size_t)(value - name) &&
				    !strncmp(name, names[i].tunable, (size_t)(value - name)))
					apply(m, names[i].what, value + 1,
					      (size_t)(text + len - value - 1));
		text += len + (text[len] == ':');
	}
}

void malloc_settings_parse(struct malloc_settings *m, const char *const *env)
{
	for (const char *const *e = env; *e; e++)
		for (size_t i = 0; i < NAMES; i++) {
			size_t len = names[i].variable ? strlen(names[i].variable) : 0;

			if (len && !strncmp(*e, names[i].variable, len) && (*e)[len] == '=')
				apply(m, names[i].what, *e + len + 1, strlen(*e + len + 1));
		}
	for (const char *const *e = env; *e; e++)
		if (!strncmp(*e, "GLIBC_TUNABLES=", 15))
			parse_tunables(m, *e + 15);
}
