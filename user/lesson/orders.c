// SPDX-License-Identifier: GPL-2.0
/*
 * orders.c - the orders as C functions, those of the C library and of memory:
 * each one call of subject_order(), with the words in which a reader is told.
 */
#include <stdio.h>
#include <string.h>

#include "run.h"

typedef unsigned long long ull;

/* An order of a function with up to four arguments. */
#define ORDER(fn, ...)	\
	struct subject_order o = { .function = SUBJECT_##fn, .arg = { __VA_ARGS__ } }

/* ---- the C library --------------------------------------------------------- */

uint64_t subject_sbrk(struct subject *s, int64_t increment)
{
	ORDER(SBRK, (uint64_t)increment);
	return (uint64_t)subject_order(s, &o, "sbrk(%lld)", (long long)increment);
}

uint64_t subject_malloc(struct subject *s, uint64_t size)
{
	ORDER(MALLOC, size);
	return (uint64_t)subject_order(s, &o, "malloc(%llu)", (ull)size);
}

uint64_t subject_calloc(struct subject *s, uint64_t number, uint64_t size)
{
	ORDER(CALLOC, number, size);
	return (uint64_t)subject_order(s, &o, "calloc(%llu, %llu)", (ull)number, (ull)size);
}

uint64_t subject_realloc(struct subject *s, uint64_t pointer, uint64_t size)
{
	ORDER(REALLOC, pointer, size);
	return (uint64_t)subject_order(s, &o, "realloc(0x%llx, %llu)", (ull)pointer, (ull)size);
}

void subject_free(struct subject *s, uint64_t pointer)
{
	ORDER(FREE, pointer);
	subject_order(s, &o, "free(0x%llx)", (ull)pointer);
}

uint64_t subject_usable_size(struct subject *s, uint64_t pointer)
{
	ORDER(USABLE_SIZE, pointer);
	return (uint64_t)subject_order(s, &o, "malloc_usable_size(0x%llx)", (ull)pointer);
}

uint64_t subject_memalign(struct subject *s, uint64_t alignment, uint64_t size)
{
	ORDER(MEMALIGN, alignment, size);
	return (uint64_t)subject_order(s, &o, "posix_memalign(&p, %llu, %llu): p", (ull)alignment,
				       (ull)size);
}

int64_t subject_mallopt(struct subject *s, int parameter, int value)
{
	/* The numbers are glibc's; 0 is M_MXFAST's neighbour and has no name. */
	static const struct { int number; const char *name; } names[] = {
		{ 1, "M_MXFAST" }, { -1, "M_TRIM_THRESHOLD" }, { -2, "M_TOP_PAD" },
		{ -3, "M_MMAP_THRESHOLD" }, { -4, "M_MMAP_MAX" }, { -5, "M_CHECK_ACTION" },
		{ -6, "M_PERTURB" }, { -7, "M_ARENA_TEST" }, { -8, "M_ARENA_MAX" },
	};
	const char *name = "?";

	ORDER(MALLOPT, (uint64_t)parameter, (uint64_t)value);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == parameter)
			name = names[i].name;
	return subject_order(s, &o, "mallopt(%s, %d)", name, value);
}

bool subject_mallinfo(struct subject *s, struct subject_mallinfo *info)
{
	ORDER(MALLINFO);
	if (subject_order(s, &o, NULL) || s->last.data_len != sizeof(*info))
		return false;
	memcpy(info, s->last.data, sizeof(*info));
	return true;
}

int64_t subject_malloc_trim(struct subject *s, uint64_t pad)
{
	ORDER(MALLOC_TRIM, pad);
	return subject_order(s, &o, "malloc_trim(%llu)", (ull)pad);
}

const char *subject_malloc_stats(struct subject *s)
{
	size_t before = s->err_len;

	ORDER(MALLOC_STATS);
	subject_order(s, &o, "malloc_stats()");
	return subject_stderr(s) + before;
}

uint64_t subject_malloc_many(struct subject *s, uint64_t number, uint64_t size, uint64_t keep)
{
	ORDER(MALLOC_MANY, number, size, keep);
	if (keep)
		return (uint64_t)subject_order(s, &o,
			"%llu times malloc(%llu), then all but each %llu. freed; the first",
			(ull)number, (ull)size, (ull)keep);
	return (uint64_t)subject_order(s, &o, "%llu times malloc(%llu); the first", (ull)number,
				       (ull)size);
}

int64_t subject_printf(struct subject *s, const char *text)
{
	ORDER(PRINTF);
	snprintf(o.text, sizeof(o.text), "%s", text);
	return subject_order(s, &o, "printf(\"%zu characters\")", strlen(o.text));
}

bool subject_heap(struct subject *s, struct glibc_heap *heap, const char **why)
{
	const struct malloc_settings *settings = &s->l->machine.malloc;
	struct subject_mallinfo info;

	if (!*s->hello.libc)
		return glibc_known(NULL, why);
	if (!glibc_known(s->hello.version, why))
		return false;
	*why = "malloc's settings in the environment are none that the model knows";
	if (settings->odd || settings->hugetlb)
		return false;
	*why = "mallinfo2() is not to be had";
	if (!subject_mallinfo(s, &info))
		return false;
	glibc_heap_start(heap, settings, s->hello.version, s->l->machine.page, s->libc_brk);
	/* A static program has called malloc before main(). */
	if (info.keepcost) {
		heap->top = info.keepcost;
		heap->next = s->libc_brk - info.keepcost;
	}
	if (info.keepcost || info.hblks)
		heap->tcache = 0;
	heap->mmaps = info.hblks;
	return true;
}

/* ---- memory ---------------------------------------------------------------- */

void subject_fill(struct subject *s, uint64_t address, unsigned char byte, uint64_t length)
{
	ORDER(FILL, address, byte, length);
	subject_order(s, &o, "memset(0x%llx, 0x%02x, %llu)", (ull)address, byte, (ull)length);
}

static void range_words(uint64_t pages, uint64_t stride, char buf[64])
{
	if (pages == 1)
		snprintf(buf, 64, "a byte");
	else if (stride <= 1)
		snprintf(buf, 64, "a byte of each of %llu pages", (ull)pages);
	else
		snprintf(buf, 64, "a byte of every %llu. of %llu pages", (ull)stride, (ull)pages);
}

uint64_t subject_read(struct subject *s, uint64_t address, uint64_t pages, uint64_t stride)
{
	uint64_t page = s->l->machine.page;
	char words[64];

	/* From the byte given, a page on each time: not beyond the last page. */
	ORDER(READ, address, (pages - 1) * page + 1, (stride ? stride : 1) * page);
	range_words(pages, stride, words);
	return (uint64_t)subject_order(s, &o, "read %s at 0x%llx: their sum", words, (ull)address);
}

void subject_write(struct subject *s, uint64_t address, uint64_t pages, uint64_t stride)
{
	uint64_t page = s->l->machine.page;
	char words[64];

	ORDER(WRITE, address, (pages - 1) * page + 1, (stride ? stride : 1) * page, 1);
	range_words(pages, stride, words);
	subject_order(s, &o, "write %s at 0x%llx", words, (ull)address);
}

bool subject_peek(struct subject *s, uint64_t address, void *to, size_t length)
{
	ORDER(PEEK, address, length);
	if (length > SUBJECT_DATA_MAX || subject_order(s, &o, NULL) != (int64_t)length)
		return false;
	memcpy(to, s->last.data, length);
	return true;
}

bool subject_poke(struct subject *s, uint64_t address, const void *from, size_t length)
{
	ORDER(POKE, address, length);
	if (length > SUBJECT_TEXT_MAX)
		return false;
	memcpy(o.text, from, length);
	return subject_order(s, &o, NULL) == 0;
}

void subject_probe(struct subject *s, uint64_t address, char how, struct subject_fault *fault)
{
	const char *words = how == 'r' ? "read a byte" : how == 'w' ? "write a byte" : "execute";

	ORDER(PROBE, address, (unsigned char)how);
	subject_order(s, &o, NULL);
	memcpy(fault, s->last.data, sizeof(*fault));
	if (s->quiet)
		return;
	if (fault->signo)
		doing(s->l, "%s at 0x%llx: SIG%s", words, (ull)address,
		      sigabbrev_np(fault->signo) ?: "?");
	else
		doing(s->l, "%s at 0x%llx", words, (ull)address);
}

void subject_count(struct subject *s, uint64_t address, uint64_t times, unsigned int how)
{
	static const char *const words[] = { "(*p)++", "an atomic (*p)++", "(*p)++ under a lock" };

	ORDER(COUNT, address, times, how);
	subject_order(s, &o, "%llu times %s", (ull)times, words[how < 3 ? how : 0]);
}

uint64_t subject_local_gone(struct subject *s, unsigned char byte)
{
	ORDER(LOCAL, 0, byte);
	return (uint64_t)subject_order(s, &o, "a function fills a local array with 0x%02x, and "
				       "returns its address", byte);
}

uint64_t subject_local_unset(struct subject *s)
{
	ORDER(LOCAL, 1);
	return (uint64_t)subject_order(s, &o, "a function reads a local array that it never set");
}

/* ---- threads, rights ------------------------------------------------------- */

unsigned int subject_thread_start(struct subject *s)
{
	unsigned int now = s->thread;
	int64_t r;

	ORDER(THREAD_START);
	s->thread = 0;
	r = subject_order(s, &o, "pthread_create(): thread");
	s->thread = now;
	need(s->l, r > 0, "the subject could not start a thread");
	return (unsigned int)r;
}

void subject_thread_end(struct subject *s, unsigned int thread)
{
	ORDER(THREAD_END, thread);
	s->thread = 0;
	subject_order(s, &o, "pthread_join(thread %u)", thread);
}

int64_t subject_nobody(struct subject *s)
{
	ORDER(NOBODY, 65534, 65534);
	return subject_order(s, &o, "setuid(nobody)");
}
