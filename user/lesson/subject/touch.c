// SPDX-License-Identifier: GPL-2.0
/*
 * touch.c - reading and writing memory by plain loops.  memset() and the like
 * would touch pages of the C library as well, and the lesson counts faults.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "subject.h"

void touch_fill(uint64_t address, unsigned char byte, uint64_t length)
{
	volatile unsigned char *p = (volatile unsigned char *)(uintptr_t)address;

	for (uint64_t i = 0; i < length; i++)
		p[i] = byte;
}

uint64_t touch_read(uint64_t address, uint64_t length, uint64_t stride)
{
	volatile unsigned char *p = (volatile unsigned char *)(uintptr_t)address;
	uint64_t sum = 0;

	for (uint64_t i = 0; i < length; i += stride)
		sum += p[i];
	return sum;
}

/* A store alone: a read before it would be a fault of its own. */
void touch_write(uint64_t address, uint64_t length, uint64_t stride, unsigned char byte)
{
	volatile unsigned char *p = (volatile unsigned char *)(uintptr_t)address;

	for (uint64_t i = 0; i < length; i += stride)
		p[i] = byte;
}

void touch_copy(void *to, const void *from, size_t length)
{
	volatile unsigned char *t = to;
	const volatile unsigned char *f = from;

	for (size_t i = 0; i < length; i++)
		t[i] = f[i];
}

static char lock;

void touch_count(uint64_t address, uint64_t times, unsigned int how)
{
	volatile uint64_t *p = (volatile uint64_t *)(uintptr_t)address;

	for (uint64_t i = 0; i < times; i++) {
		if (how == 1) {
			__atomic_fetch_add(p, 1, __ATOMIC_RELAXED);
			continue;
		}
		if (how == 2)
			while (__atomic_test_and_set(&lock, __ATOMIC_ACQUIRE))
				;
		*p = *p + 1;
		if (how == 2)
			__atomic_clear(&lock, __ATOMIC_RELEASE);
	}
}

/* Both use the same piece of the stack, one after the other. */
static __attribute__((noinline)) uint64_t local_left(unsigned char byte)
{
	volatile unsigned char local[64];
	volatile uintptr_t address = (uintptr_t)local;

	for (size_t i = 0; i < sizeof(local); i++)
		local[i] = byte;
	return address;
}

/* Reading what nobody has set is the very point. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
static __attribute__((noinline)) uint64_t local_unset(void)
{
	volatile unsigned char local[64];
	volatile uintptr_t address = (uintptr_t)local;

	(void)address;
	/* cppcheck-suppress uninitvar */
	return local[32];
}
#pragma GCC diagnostic pop

uint64_t touch_local(unsigned int which, unsigned char byte)
{
	return which ? local_unset() : local_left(byte);
}

/* The same line twice; only how the compiler may read it differs. */
#if defined(__GNUC__) && !defined(__clang__)
static __attribute__((noinline, optimize("no-wrapv"))) int overflow_undefined(int value)
{
	return value + 1 < value;
}

static __attribute__((noinline, optimize("wrapv"))) int overflow_wraps(int value)
{
	return value + 1 < value;
}

int touch_overflow(unsigned int wraps, int value)
{
	return wraps ? overflow_wraps(value) : overflow_undefined(value);
}
#else
int touch_overflow(unsigned int wraps, int value)
{
	(void)wraps, (void)value;
	errno = ENOSYS;
	return -1;
}
#endif

/* ---- before the first order ------------------------------------------------ */

static char maps[1 << 16];

/* What was touched at the start, to be touched again after a fork. */
#define RANGES_MAX	64
static struct { uint64_t start, end; int writable; } ranges[RANGES_MAX];
static int ranges_count;

static uint64_t number(const char **p)
{
	uint64_t v = 0;

	for (;; (*p)++) {
		if (**p >= '0' && **p <= '9')
			v = v << 4 | (uint64_t)(**p - '0');
		else if (**p >= 'a' && **p <= 'f')
			v = v << 4 | (uint64_t)(**p - 'a' + 10);
		else
			return v;
	}
}

static int has(const char *line, const char *end, const char *word)
{
	size_t len = strlen(word);

	for (; line + len <= end; line++)
		if (!memcmp(line, word, len))
			return 1;
	return 0;
}

extern char _end[];	/* behind our bss */

/* A writable private page is written, with what it holds: it gets its own frame. */
static void touch_range(int i)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	for (uint64_t at = ranges[i].start; at < ranges[i].end; at += page) {
		volatile char *c = (volatile char *)(uintptr_t)at;
		char held = *c;

		if (ranges[i].writable)
			*c = held;
	}
}

static void touch_line(const char *line, const char *end)
{
	uint64_t last = (uintptr_t)_end - 1, page = (uint64_t)sysconf(_SC_PAGESIZE);
	const char *p = line;
	uint64_t start, stop;

	start = number(&p);
	p++;
	stop = number(&p);
	p++;
	if (p[0] != 'r' || has(line, end, "[v") || ranges_count == RANGES_MAX)
		return;
	if (has(line, end, "[heap]")) {
		/* Without a gap between them the kernel calls our bss so, too. */
		if (start > last || stop <= last)
			return;
		stop = last / page * page + page;
	}
	ranges[ranges_count].start = start;
	ranges[ranges_count].end = stop;
	ranges[ranges_count].writable = p[1] == 'w';
	touch_range(ranges_count++);
}

/* fork() makes the writable ones read-only, in both processes. */
void touch_again(void)
{
	for (int i = 0; i < ranges_count; i++)
		if (ranges[i].writable)
			touch_range(i);
}

void touch_stack(void)
{
	volatile char room[1 << 14];

	for (size_t i = 0; i < sizeof(room); i += 512)
		room[i] = 1;
}

void touch_everything(void)
{
	int fd = open("/proc/self/maps", O_RDONLY);
	size_t have = 0;
	ssize_t n;
	char *line = maps, *end;

	touch_write((uintptr_t)maps, sizeof(maps), 1024, 0);
	while (fd >= 0 && have < sizeof(maps) - 1 &&
	       (n = read(fd, maps + have, sizeof(maps) - 1 - have)) > 0)
		have += (size_t)n;
	if (fd >= 0)
		close(fd);
	while ((end = memchr(line, '\n', have - (size_t)(line - maps)))) {
		touch_line(line, end);
		line = end + 1;
	}
}
