// SPDX-License-Identifier: GPL-2.0
/*
 * functions.c - what an order can have the subject do, one small function each
 * and one row in the table.  The faults and the break are noted around it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include "subject.h"

typedef int64_t (*function)(struct subject_order *o, struct subject_reply *r);

#define POINTER(n)	((void *)(uintptr_t)o->arg[n])

static unsigned char scratch[4096] __attribute__((aligned(4096)));
extern char end[];

static int64_t do_hello(struct subject_order *o, struct subject_reply *r)
{
	struct subject_hello *h = (struct subject_hello *)r->data;

	(void)o;
	h->protocol = SUBJECT_PROTOCOL;
#ifdef SUBJECT_STATIC
	h->is_static = 1;
#endif
#ifdef __GLIBC__
	strcpy(h->libc, "glibc");
	strncpy(h->version, gnu_get_libc_version(), sizeof(h->version) - 1);
#endif
	h->end = (uintptr_t)end;
	h->scratch = (uintptr_t)scratch;
	r->data_len = sizeof(*h);
	return 0;
}

static int64_t do_syscall(struct subject_order *o, struct subject_reply *r)
{
	for (int i = 0; i < 6; i++) {
		if (o->flags & SUBJECT_TEXT_ARG(i))
			o->arg[i] = (uintptr_t)o->text;
		if (o->flags & SUBJECT_DATA_ARG(i)) {
			o->arg[i] = (uintptr_t)r->data;
			r->data_len = o->data_len <= SUBJECT_DATA_MAX ? o->data_len :
				      SUBJECT_DATA_MAX;
		}
	}
	return syscall(o->number, o->arg[0], o->arg[1], o->arg[2], o->arg[3], o->arg[4],
		       o->arg[5]);
}

static int64_t do_waitpid(struct subject_order *o, struct subject_reply *r)
{
	int status = 0;

	(void)r;
	return waitpid((pid_t)o->arg[0], &status, 0) < 0 ? -1 : status;
}

static int64_t do_nobody(struct subject_order *o, struct subject_reply *r)
{
	gid_t gid = (gid_t)o->arg[0];
	uid_t uid = (uid_t)o->arg[1];

	(void)r;
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		return -1;
	/* The kernel forgets this when the credentials change. */
	return prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* ---- the C library --------------------------------------------------------- */

static int64_t do_sbrk(struct subject_order *o, struct subject_reply *r)
{
	(void)r;
	return (int64_t)(intptr_t)sbrk((intptr_t)o->arg[0]);
}

static int64_t do_malloc(struct subject_order *o, struct subject_reply *r)
{
	(void)r;
	return (int64_t)(intptr_t)malloc(o->arg[0]);
}

static int64_t do_calloc(struct subject_order *o, struct subject_reply *r)
{
	(void)r;
	return (int64_t)(intptr_t)calloc(o->arg[0], o->arg[1]);
}

static int64_t do_realloc(struct subject_order *o, struct subject_reply *r)
{
	(void)r;
	return (int64_t)(intptr_t)realloc(POINTER(0), o->arg[1]);
}

static int64_t do_free(struct subject_order *o, struct subject_reply *r)
{
	(void)r;
	free(POINTER(0));
	return 0;
}

static int64_t do_usable_size(struct subject_order *o, struct subject_reply *r)
{
	(void)r;
	return (int64_t)malloc_usable_size(POINTER(0));
}

static int64_t do_memalign(struct subject_order *o, struct subject_reply *r)
{
	void *p = NULL;
	int error = posix_memalign(&p, o->arg[0], o->arg[1]);

	(void)r;
	errno = error;
	return error ? 0 : (int64_t)(intptr_t)p;
}

static int64_t do_malloc_many(struct subject_order *o, struct subject_reply *r)
{
	/* The pointers are kept in the chunks: nothing else is allocated. */
	uintptr_t first = 0, last = 0, list = 0;

	(void)r;
	for (uint64_t i = 0; i < o->arg[0]; i++) {
		uintptr_t p = (uintptr_t)malloc(o->arg[1]);

		if (!p)
			return 0;
		if (!first)
			first = p;
		if (o->arg[2] && i % o->arg[2] && o->arg[1] >= sizeof(uintptr_t)) {
			*(uintptr_t *)p = 0;
			if (last)
				*(uintptr_t *)last = p;
			else
				list = p;
			last = p;
		}
	}
	while (list) {
		uintptr_t next = *(uintptr_t *)list;

		free((void *)list);
		list = next;
	}
	return (int64_t)first;
}

static int64_t do_printf(struct subject_order *o, struct subject_reply *r)
{
	int n = printf("%.*s", SUBJECT_TEXT_MAX, o->text);

	(void)r;
	return fflush(stdout) ? -1 : n;
}

#ifdef __GLIBC__
static int64_t do_mallopt(struct subject_order *o, struct subject_reply *r)
{
	(void)r;
	return mallopt((int)o->arg[0], (int)o->arg[1]);
}

static int64_t do_mallinfo(struct subject_order *o, struct subject_reply *r)
{
	struct subject_mallinfo *to = (struct subject_mallinfo *)r->data;
#if __GLIBC_PREREQ(2, 33)
	struct mallinfo2 i = mallinfo2();
#else
	struct mallinfo i = mallinfo();
#endif

	(void)o;
	*to = (struct subject_mallinfo){ i.arena, i.ordblks, i.smblks, i.hblks, i.hblkhd,
					 i.usmblks, i.fsmblks, i.uordblks, i.fordblks,
					 i.keepcost };
	r->data_len = sizeof(*to);
	return 0;
}

static int64_t do_malloc_trim(struct subject_order *o, struct subject_reply *r)
{
	(void)r;
	return malloc_trim(o->arg[0]);
}

static int64_t do_malloc_stats(struct subject_order *o, struct subject_reply *r)
{
	(void)o, (void)r;
	malloc_stats();
	return 0;
}
#endif

/* ---- memory ---------------------------------------------------------------- */

static int64_t do_fill(struct subject_order *o, struct subject_reply *r)
{
	(void)r;
	touch_fill(o->arg[0], (unsigned char)o->arg[1], o->arg[2]);
	return 0;
}

static int64_t do_read(struct subject_order *o, struct subject_reply *r)
{
	(void)r;
	return (int64_t)touch_read(o->arg[0], o->arg[1], o->arg[2] ? o->arg[2] : 1);
}

static int64_t do_write(struct subject_order *o, struct subject_reply *r)
{
	(void)r;
	touch_write(o->arg[0], o->arg[1], o->arg[2] ? o->arg[2] : 1, (unsigned char)o->arg[3]);
	return 0;
}

static int64_t do_peek(struct subject_order *o, struct subject_reply *r)
{
	r->data_len = o->arg[1] < SUBJECT_DATA_MAX ? (uint32_t)o->arg[1] : SUBJECT_DATA_MAX;
	touch_copy(r->data, POINTER(0), r->data_len);
	return r->data_len;
}

static int64_t do_poke(struct subject_order *o, struct subject_reply *r)
{
	(void)r;
	touch_copy(POINTER(0), o->text,
		   o->arg[1] < SUBJECT_TEXT_MAX ? o->arg[1] : SUBJECT_TEXT_MAX);
	return 0;
}

static int64_t do_probe(struct subject_order *o, struct subject_reply *r)
{
	probe(o->arg[0], (unsigned int)o->arg[1], o->thread, (struct subject_fault *)r->data);
	r->data_len = sizeof(struct subject_fault);
	return 0;
}

static int64_t do_count(struct subject_order *o, struct subject_reply *r)
{
	(void)r;
	touch_count(o->arg[0], o->arg[1], (unsigned int)o->arg[2]);
	return 0;
}

static int64_t do_local(struct subject_order *o, struct subject_reply *r)
{
	(void)r;
	return (int64_t)touch_local((unsigned int)o->arg[0], (unsigned char)o->arg[1]);
}

static int64_t do_overflow(struct subject_order *o, struct subject_reply *r)
{
	(void)r;
	return touch_overflow((unsigned int)o->arg[0], (int)o->arg[1]);
}

static int64_t do_thread_start(struct subject_order *o, struct subject_reply *r)
{
	(void)o, (void)r;
	return threads_start();
}

static int64_t do_thread_end(struct subject_order *o, struct subject_reply *r)
{
	(void)r;
	errno = threads_end((unsigned int)o->arg[0]);
	return errno ? -1 : 0;
}

static const function functions[SUBJECT_FUNCTIONS] = {
	[SUBJECT_HELLO] = do_hello,
	[SUBJECT_SYSCALL] = do_syscall,
	[SUBJECT_WAITPID] = do_waitpid,
	[SUBJECT_NOBODY] = do_nobody,
	[SUBJECT_SBRK] = do_sbrk,
	[SUBJECT_MALLOC] = do_malloc,
	[SUBJECT_CALLOC] = do_calloc,
	[SUBJECT_REALLOC] = do_realloc,
	[SUBJECT_FREE] = do_free,
	[SUBJECT_USABLE_SIZE] = do_usable_size,
	[SUBJECT_MEMALIGN] = do_memalign,
#ifdef __GLIBC__
	[SUBJECT_MALLOPT] = do_mallopt,
	[SUBJECT_MALLINFO] = do_mallinfo,
	[SUBJECT_MALLOC_TRIM] = do_malloc_trim,
	[SUBJECT_MALLOC_STATS] = do_malloc_stats,
#endif
	[SUBJECT_MALLOC_MANY] = do_malloc_many,
	[SUBJECT_PRINTF] = do_printf,
	[SUBJECT_FILL] = do_fill,
	[SUBJECT_READ] = do_read,
	[SUBJECT_WRITE] = do_write,
	[SUBJECT_PEEK] = do_peek,
	[SUBJECT_POKE] = do_poke,
	[SUBJECT_PROBE] = do_probe,
	[SUBJECT_COUNT] = do_count,
	[SUBJECT_LOCAL] = do_local,
	[SUBJECT_OVERFLOW] = do_overflow,
	[SUBJECT_THREAD_START] = do_thread_start,
	[SUBJECT_THREAD_END] = do_thread_end,
};

void subject_do(struct subject_order *o, struct subject_reply *r)
{
	struct rusage before, after;

	r->data_len = 0;
	r->errnum = 0;
	if (o->function >= SUBJECT_FUNCTIONS || !functions[o->function]) {
		r->result = -1;
		r->errnum = ENOSYS;
		return;
	}
	r->brk_before = (uintptr_t)sbrk(0);
	getrusage(RUSAGE_THREAD, &before);
	errno = 0;
	r->result = functions[o->function](o, r);
	r->errnum = errno;
	getrusage(RUSAGE_THREAD, &after);
	r->brk_after = (uintptr_t)sbrk(0);
	r->minor = (uint64_t)(after.ru_minflt - before.ru_minflt);
	r->major = (uint64_t)(after.ru_majflt - before.ru_majflt);
}
