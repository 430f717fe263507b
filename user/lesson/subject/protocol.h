/* SPDX-License-Identifier: GPL-2.0 */
/*
 * protocol.h - what the inspector tells the subject of a lesson to do, and what
 * comes back: one order, one reply, on a socket that keeps messages apart.
 *
 * System calls are ordered as such (SUBJECT_SYSCALL); only what belongs to the
 * C library or is no call at all has a function of its own.
 */
#ifndef LESSON_PROTOCOL_H
#define LESSON_PROTOCOL_H

#include <stdint.h>

#define SUBJECT_FD		3	/* the socket, in the subject */
#define SUBJECT_PROTOCOL	1
#define SUBJECT_TEXT_MAX	512	/* bytes that go along with an order */
#define SUBJECT_DATA_MAX	4096	/* bytes that come back */
#define SUBJECT_THREADS_MAX	16	/* thread 0 is the first one */

enum subject_function {
	SUBJECT_HELLO,		/* -> struct subject_hello */
	SUBJECT_SYSCALL,	/* number, args: whatever the kernel makes of them */
	SUBJECT_FORK,		/* -> pid; its socket goes along with the reply */
	SUBJECT_WAITPID,	/* pid -> the status that waitpid() told */
	SUBJECT_NOBODY,		/* gid, uid: become them for good, with no capability */

	SUBJECT_SBRK,		/* increment */
	SUBJECT_MALLOC,		/* size */
	SUBJECT_CALLOC,		/* number, size */
	SUBJECT_REALLOC,	/* pointer, size */
	SUBJECT_FREE,		/* pointer */
	SUBJECT_USABLE_SIZE,	/* pointer */
	SUBJECT_MEMALIGN,	/* alignment, size: posix_memalign() */
	SUBJECT_MALLOPT,	/* parameter, value */
	SUBJECT_MALLINFO,	/* -> struct subject_mallinfo */
	SUBJECT_MALLOC_TRIM,	/* pad */
	SUBJECT_MALLOC_STATS,	/* prints to stderr */
	SUBJECT_MALLOC_MANY,	/* number, size, keep every k-th (0: all): -> the first; */
				/* the others are freed in the order they were made */
	SUBJECT_PRINTF,		/* text: printf() and fflush(): stdio makes its buffer */

	SUBJECT_FILL,		/* address, byte, length */
	SUBJECT_READ,		/* address, length, stride: reads a byte each -> their sum */
	SUBJECT_WRITE,		/* address, length, stride, byte: stores a byte each */
	SUBJECT_PEEK,		/* address, length -> the bytes */
	SUBJECT_POKE,		/* address, length: stores the bytes in text */
	SUBJECT_PROBE,		/* address, 'r' 'w' or 'x' -> struct subject_fault */
	SUBJECT_COUNT,		/* address, times, 0 plain, 1 atomic, 2 under a lock: ++ */
	SUBJECT_LOCAL,		/* 0: -> the address of a local that is gone (filled with */
				/* the byte in the 2nd); 1: -> what an unset local holds */
	SUBJECT_OVERFLOW,	/* 0: as C has it, 1: defined to wrap; value: -> whether */
				/* int value + 1 < value; ENOSYS: not by this compiler */

	SUBJECT_THREAD_START,	/* -> its number, 1 and up */
	SUBJECT_THREAD_END,	/* number: ends and joins it */
	SUBJECT_THREAD_AWAIT,	/* number: the reply to the order it was given unawaited */
	SUBJECT_FUNCTIONS
};

/* For subject_order.flags. */
#define SUBJECT_TEXT_ARG(n)	(1U << (n))		/* arg[n] becomes the address of text */
#define SUBJECT_DATA_ARG(n)	(1U << ((n) + 8))	/* arg[n] becomes that of the reply's data */
#define SUBJECT_UNAWAITED	(1U << 16)		/* the thread's reply is not waited for */

struct subject_order {
	uint32_t function;	/* enum subject_function */
	uint32_t thread;	/* which thread does it */
	uint32_t flags;
	uint32_t data_len;	/* with SUBJECT_DATA_ARG: how many bytes come back */
	int64_t number;		/* of a system call */
	uint64_t arg[6];
	char text[SUBJECT_TEXT_MAX];
};

struct subject_reply {
	int64_t result;
	int32_t errnum;		/* 0 unless the call failed */
	uint32_t data_len;
	uint64_t minor, major;	/* page faults that the order took */
	uint64_t brk_before, brk_after;	/* sbrk(0): the C library's note */
	unsigned char data[SUBJECT_DATA_MAX];
};
#define SUBJECT_REPLY_HEAD	(sizeof(struct subject_reply) - SUBJECT_DATA_MAX)

struct subject_hello {
	uint32_t protocol, is_static;
	char libc[32];		/* "glibc" or "" if it is another */
	char version[32];	/* "2.36" */
	uint64_t end;		/* &end: behind the bss of the program */
	uint64_t scratch;	/* a page of its own, for what needs an address */
};

/* mallinfo2(); all bytes or numbers. */
struct subject_mallinfo {
	uint64_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks,
		 keepcost;
};

struct subject_fault {
	int32_t signo, code;	/* 0: it was no fault */
	uint64_t address;	/* si_addr */
	uint32_t value;		/* 'r': what was read */
	uint32_t pkey;		/* with SEGV_PKUERR */
};

#endif
