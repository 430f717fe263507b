// SPDX-License-Identifier: GPL-2.0
/*
 * calls.c - the system calls that a subject can be told to make, with the words
 * in which a reader is told of them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "run.h"

typedef unsigned long long ull;

/* A system call with up to six arguments. */
#define CALL(nr, ...)	\
	struct subject_order o = { .function = SUBJECT_SYSCALL, .number = SYS_##nr, \
				   .arg = { __VA_ARGS__ } }

int64_t subject_raw_brk(struct subject *s, uint64_t address)
{
	CALL(brk, address);
	if (address)
		s->raw_brk = true;
	return subject_order(s, &o, "brk(0x%llx) as a bare system call", (ull)address);
}

static const char *prot_name(int prot, char buf[48])
{
	snprintf(buf, 48, "%s%s%s%s", prot == PROT_NONE ? "NONE" : "", prot & PROT_READ ? "R" : "",
		 prot & PROT_WRITE ? "W" : "", prot & PROT_EXEC ? "X" : "");
	if (!*buf)
		snprintf(buf, 48, "0x%x", (unsigned int)prot);
	return buf;
}

static const char *map_name(int flags, char buf[128])
{
	static const struct { int flag; const char *name; } names[] = {
		{ MAP_ANONYMOUS, "ANONYMOUS" }, { MAP_FIXED, "FIXED" }, { MAP_LOCKED, "LOCKED" },
		{ MAP_NORESERVE, "NORESERVE" }, { MAP_POPULATE, "POPULATE" },
		{ MAP_HUGETLB, "HUGETLB" }, { MAP_GROWSDOWN, "GROWSDOWN" },
	};
	size_t len = (size_t)snprintf(buf, 128, "%s", (flags & MAP_TYPE) == MAP_SHARED ? "SHARED" :
				      "PRIVATE");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((flags & names[i].flag) == names[i].flag)
			len += (size_t)snprintf(buf + len, 128 - len, "|%s", names[i].name);
	return buf;
}

uint64_t subject_mmap(struct subject *s, uint64_t address, uint64_t length, int prot, int flags,
		      int fd, uint64_t offset)
{
	char p[48], f[128], at[32];

	CALL(mmap, address, length, (uint64_t)prot, (uint64_t)flags, (uint64_t)(int64_t)fd, offset);
	snprintf(at, sizeof(at), address ? "0x%llx" : "NULL", (ull)address);
	if (fd < 0)
		return (uint64_t)subject_order(s, &o, "mmap(%s, %llu, %s, %s)", at, (ull)length,
					       prot_name(prot, p), map_name(flags, f));
	return (uint64_t)subject_order(s, &o, "mmap(%s, %llu, %s, %s, fd %d, %llu)", at,
				       (ull)length, prot_name(prot, p), map_name(flags, f), fd,
				       (ull)offset);
}

int64_t subject_munmap(struct subject *s, uint64_t address, uint64_t length)
{
	CALL(munmap, address, length);
	return subject_order(s, &o, "munmap(0x%llx, %llu)", (ull)address, (ull)length);
}

uint64_t subject_mremap(struct subject *s, uint64_t address, uint64_t old_length,
			uint64_t new_length, int flags, uint64_t new_address)
{
	CALL(mremap, address, old_length, new_length, (uint64_t)flags, new_address);
	return (uint64_t)subject_order(s, &o, "mremap(0x%llx, %llu, %llu, %s)", (ull)address,
				       (ull)old_length, (ull)new_length,
				       flags & MREMAP_MAYMOVE ? "MAYMOVE" : "0");
}

int64_t subject_mprotect(struct subject *s, uint64_t address, uint64_t length, int prot)
{
	char p[48];

	CALL(mprotect, address, length, (uint64_t)prot);
	return subject_order(s, &o, "mprotect(0x%llx, %llu, %s)", (ull)address, (ull)length,
			     prot_name(prot, p));
}

static const char *advice_name(int advice)
{
	static const struct { int advice; const char *name; } names[] = {
		{ MADV_NORMAL, "NORMAL" }, { MADV_RANDOM, "RANDOM" }, { MADV_WILLNEED, "WILLNEED" },
		{ MADV_SEQUENTIAL, "SEQUENTIAL" }, { MADV_DONTNEED, "DONTNEED" },
		{ MADV_FREE, "FREE" }, { MADV_REMOVE, "REMOVE" }, { MADV_HUGEPAGE, "HUGEPAGE" },
		{ MADV_NOHUGEPAGE, "NOHUGEPAGE" }, { MADV_COLD, "COLD" },
		{ MADV_PAGEOUT, "PAGEOUT" }, { 24, "DONTNEED_LOCKED" }, { 22, "POPULATE_READ" },
		{ 23, "POPULATE_WRITE" }, { MADV_MERGEABLE, "MERGEABLE" }, { 25, "COLLAPSE" },
		{ 102, "GUARD_INSTALL" }, { 103, "GUARD_REMOVE" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].advice == advice)
			return names[i].name;
	return "?";
}

int64_t subject_madvise(struct subject *s, uint64_t address, uint64_t length, int advice)
{
	CALL(madvise, address, length, (uint64_t)advice);
	return subject_order(s, &o, "madvise(0x%llx, %llu, %s)", (ull)address, (ull)length,
			     advice_name(advice));
}

int64_t subject_mlock(struct subject *s, uint64_t address, uint64_t length)
{
	CALL(mlock, address, length);
	return subject_order(s, &o, "mlock(0x%llx, %llu)", (ull)address, (ull)length);
}

int64_t subject_mlock2(struct subject *s, uint64_t address, uint64_t length, int flags)
{
	CALL(mlock2, address, length, (uint64_t)flags);
	return subject_order(s, &o, "mlock2(0x%llx, %llu, %s)", (ull)address, (ull)length,
			     flags ? "ONFAULT" : "0");
}

int64_t subject_munlock(struct subject *s, uint64_t address, uint64_t length)
{
	CALL(munlock, address, length);
	return subject_order(s, &o, "munlock(0x%llx, %llu)", (ull)address, (ull)length);
}

int64_t subject_mlockall(struct subject *s, int flags)
{
	CALL(mlockall, (uint64_t)flags);
	return subject_order(s, &o, "mlockall(%s%s%s%s%s)", flags ? "" : "0",
			     flags & MCL_CURRENT ? "CURRENT" : "",
			     flags & MCL_FUTURE ? flags & MCL_CURRENT ? "|FUTURE" : "FUTURE" : "",
			     flags & 4 && flags != 4 ? "|" : "", flags & 4 ? "ONFAULT" : "");
}

int64_t subject_munlockall(struct subject *s)
{
	CALL(munlockall);
	return subject_order(s, &o, "munlockall()");
}

int64_t subject_mincore(struct subject *s, uint64_t address, uint64_t length,
			unsigned char *vector)
{
	uint64_t pages = (length + s->l->machine.page - 1) / s->l->machine.page;
	int64_t r;

	CALL(mincore, address, length);
	o.flags = SUBJECT_DATA_ARG(2);
	o.data_len = (uint32_t)(pages < MMS_INSIDE_PAGES ? pages : MMS_INSIDE_PAGES);
	r = subject_order(s, &o, "mincore(0x%llx, %llu, vec)", (ull)address, (ull)length);
	memcpy(vector, s->last.data, s->last.data_len);
	return r;
}

int64_t subject_setrlimit(struct subject *s, int resource, uint64_t soft, uint64_t hard)
{
	const struct rlimit limit = { soft, hard };
	const char *name = resource == RLIMIT_MEMLOCK ? "MEMLOCK" : resource == RLIMIT_AS ? "AS" :
			   resource == RLIMIT_DATA ? "DATA" : resource == RLIMIT_STACK ? "STACK" : "?";

	CALL(prlimit64, 0, (uint64_t)resource);
	memcpy(o.text, &limit, sizeof(limit));
	o.flags = SUBJECT_TEXT_ARG(2);
	return subject_order(s, &o, "setrlimit(RLIMIT_%s, %lld)", name, (long long)soft);
}

int64_t subject_prctl(struct subject *s, int option, uint64_t a, uint64_t b, uint64_t c)
{
	CALL(prctl, (uint64_t)option, a, b, c);
	return subject_order(s, &o, "prctl(%d, %llu)", option, (ull)a);
}

int64_t subject_open(struct subject *s, const char *path, int flags, unsigned int mode)
{
	CALL(openat, (uint64_t)(int64_t)AT_FDCWD, 0, (uint64_t)flags, mode);
	snprintf(o.text, sizeof(o.text), "%s", path);
	o.flags = SUBJECT_TEXT_ARG(1);
	return subject_order(s, &o, "open(\"%s\")", path);
}

int64_t subject_memfd(struct subject *s, const char *name, unsigned int flags)
{
	CALL(memfd_create, 0, flags);
	snprintf(o.text, sizeof(o.text), "%s", name);
	o.flags = SUBJECT_TEXT_ARG(0);
	return subject_order(s, &o, "memfd_create(\"%s\")", name);
}

int64_t subject_ftruncate(struct subject *s, int fd, uint64_t length)
{
	CALL(ftruncate, (uint64_t)fd, length);
	return subject_order(s, &o, "ftruncate(fd %d, %llu)", fd, (ull)length);
}

int64_t subject_pread(struct subject *s, int fd, uint64_t to, uint64_t length, uint64_t offset)
{
	CALL(pread64, (uint64_t)fd, to, length, offset);
	return subject_order(s, &o, "pread(fd %d, 0x%llx, %llu, %llu)", fd, (ull)to, (ull)length,
			     (ull)offset);
}

int64_t subject_pwrite(struct subject *s, int fd, uint64_t from, uint64_t length,
		       uint64_t offset)
{
	CALL(pwrite64, (uint64_t)fd, from, length, offset);
	return subject_order(s, &o, "pwrite(fd %d, 0x%llx, %llu, %llu)", fd, (ull)from,
			     (ull)length, (ull)offset);
}

int64_t subject_close(struct subject *s, int fd)
{
	CALL(close, (uint64_t)fd);
	return subject_order(s, &o, "close(%d)", fd);
}

int64_t subject_syscall(struct subject *s, const char *name, long number, uint64_t a, uint64_t b,
			uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
	struct subject_order o = { .function = SUBJECT_SYSCALL, .number = number,
				   .arg = { a, b, c, d, e, f } };

	return subject_order(s, &o, "%s(0x%llx, 0x%llx, ...)", name, (ull)a, (ull)b);
}

uint64_t isolated_mmap(struct subject *s, size_t pages, int prot, int flags, uint64_t align)
{
	struct lesson *l = s->l;
	uint64_t page = l->machine.page, length = pages * page, room, at, got;
	bool quiet = s->quiet;

	s->quiet = true;
	room = subject_mmap(s, 0, length + 2 * page + align, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	need(l, room != UINT64_MAX, "no room for %zu pages in the subject", pages);
	at = room + page;
	if (align)
		at = (at + align - 1) / align * align;
	if (!(flags & (MAP_SHARED | MAP_PRIVATE)))
		flags |= MAP_PRIVATE;
	s->quiet = quiet;
	got = subject_mmap(s, at, length, prot, flags | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	need(l, got == at, "no memory for %zu pages in the subject", pages);
	return at;
}
