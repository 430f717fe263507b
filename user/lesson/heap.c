// SPDX-License-Identifier: GPL-2.0
/*
 * heap.c - subjects for the lessons on the C library's heap, and orders that
 * are followed in the model of it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heap.h"

#define MINSIZE	32ULL	/* the smallest chunk */

struct subject *heap_subject(struct lesson *l, const struct subject_options *options)
{
	const struct machine *m = lesson_machine(l);
	struct subject *s = subject_start(l, options);

	/* A huge page would bring 512 at one touch; of them tells the lesson demand. */
	if (m->mthp || m->thp == THP_ALWAYS || m->thp == THP_UNKNOWN) {
		subject_quiet(s, true);
		subject_prctl(s, PR_SET_THP_DISABLE, 1, 0, 0);
		subject_quiet(s, options && options->quiet);
	}
	return s;
}

bool heap_model(struct lesson *l, struct subject *s, struct glibc_heap *h)
{
	const char *why;

	if (subject_heap(s, h, &why))
		return true;
	skip_step(l, "unset GLIBC_TUNABLES and the variables MALLOC_*; and use glibc",
		  "what malloc will do is not known: %s", why);
	return false;
}

/* stdio asks the kernel how much is good to write at once; BUFSIZ bounds it. */
uint64_t heap_stdio_buffer(struct subject *s)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/fd/1", (int)subject_pid(s));
	if (stat(path, &st))
		return 0;
	return st.st_blksize > 0 && st.st_blksize < BUFSIZ ? (uint64_t)st.st_blksize : BUFSIZ;
}

const char *const *heap_environment(const char *setting, struct malloc_settings *settings)
{
	/* Unset, all of them; the last place is for the one that is set. */
	static const char *env[] = {
		"GLIBC_TUNABLES", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_",
		"MALLOC_TOP_PAD_", "MALLOC_MMAP_MAX_", "MALLOC_ARENA_MAX", "MALLOC_ARENA_TEST",
		"MALLOC_PERTURB_", "MALLOC_CHECK_", "MALLOC_TCACHE_COUNT", NULL, NULL,
	};
	const char *const alone[] = { setting, NULL };

	env[sizeof(env) / sizeof(env[0]) - 2] = setting;
	malloc_settings_default(settings);
	malloc_settings_parse(settings, alone);
	return env;
}

uint64_t heap_malloc(struct lesson *l, struct subject *s, struct glibc_heap *h, uint64_t request,
		     struct glibc_malloc *g)
{
	uint64_t p;

	glibc_heap_malloc(h, request, g);
	p = subject_malloc(s, request);
	need(l, p, "malloc(%llu) failed", (unsigned long long)request);
	return p;
}

uint64_t heap_filler(const struct glibc_heap *h)
{
	/* Another smallest chunk stays, so that the top is one whatever follows. */
	uint64_t chunk = h->top > 3 * MINSIZE ? (h->top - 2 * MINSIZE) / 16 * 16 : 0;

	return chunk ? chunk - 8 : 0;
}

void heap_fill_top(struct lesson *l, struct subject *s, struct glibc_heap *h)
{
	struct glibc_malloc g;

	subject_quiet(s, true);
	/* The first malloc makes the heap. */
	if (!h->top)
		heap_malloc(l, s, h, 24, &g);
	if (heap_filler(h))
		heap_malloc(l, s, h, heap_filler(h), &g);
	subject_quiet(s, false);
}
