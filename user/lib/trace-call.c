// SPDX-License-Identifier: GPL-2.0
/*
 * trace-call.c - the calls that are traced: their numbers by architecture, what
 * their arguments mean, and which memory a call is about.  Pure.
 */
#include <inttypes.h>
#include <linux/audit.h>
#include <linux/mman.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "trace.h"

#define A(name)		MMS_ARG_##name

static const struct {
	const char *name;
	enum mms_arg args[7];
} calls[MMS_CALL_COUNT] = {
	[MMS_CALL_BRK] = { "brk", { A(ADDRESS) } },
	[MMS_CALL_MMAP] = { "mmap", { A(ADDRESS), A(SIZE), A(PROT), A(MAP_FLAGS), A(FD),
				      A(OFFSET) } },
	[MMS_CALL_MUNMAP] = { "munmap", { A(ADDRESS), A(SIZE) } },
	[MMS_CALL_MREMAP] = { "mremap", { A(ADDRESS), A(SIZE), A(SIZE), A(REMAP_FLAGS),
					  A(ADDRESS) } },
	[MMS_CALL_MPROTECT] = { "mprotect", { A(ADDRESS), A(SIZE), A(PROT) } },
	[MMS_CALL_MADVISE] = { "madvise", { A(ADDRESS), A(SIZE), A(ADVICE) } },
	[MMS_CALL_MLOCK] = { "mlock", { A(ADDRESS), A(SIZE) } },
	[MMS_CALL_MLOCK2] = { "mlock2", { A(ADDRESS), A(SIZE), A(LOCK2_FLAGS) } },
	[MMS_CALL_MUNLOCK] = { "munlock", { A(ADDRESS), A(SIZE) } },
	[MMS_CALL_MLOCKALL] = { "mlockall", { A(LOCKALL_FLAGS) } },
	[MMS_CALL_MUNLOCKALL] = { "munlockall", { A(NONE) } },
	[MMS_CALL_EXEC] = { "execve", { A(NONE) } },
	[MMS_CALL_WRITE] = { "write", { A(NONE) } },
	[MMS_CALL_SIGNAL] = { "kill", { A(NONE) } },
	[MMS_CALL_PIDFD_SIGNAL] = { "pidfd_send_signal", { A(NONE) } },
};

/* The last argument of a 32-bit mmap2 is in units of 4096 bytes. */
static const enum mms_arg mmap2_args[] = {
	A(ADDRESS), A(SIZE), A(PROT), A(MAP_FLAGS), A(FD), A(OFFSET_PAGES), A(NONE),
};

const char *mms_call_name(enum mms_call call)
{
	return call < MMS_CALL_COUNT ? calls[call].name : "";
}

const enum mms_arg *mms_call_args(enum mms_call call, bool compat)
{
	return call == MMS_CALL_MMAP && compat ? mmap2_args : calls[call].args;
}

/* ---- numbers --------------------------------------------------------------- */

/* Numbers of one architecture, which can run on machines of another. */
static const struct {
	uint32_t arch, number;
	enum mms_call call;
} rows[] = {
	{ AUDIT_ARCH_X86_64, 12, MMS_CALL_BRK },
	{ AUDIT_ARCH_X86_64, 9, MMS_CALL_MMAP },
	{ AUDIT_ARCH_X86_64, 11, MMS_CALL_MUNMAP },
	{ AUDIT_ARCH_X86_64, 25, MMS_CALL_MREMAP },
	{ AUDIT_ARCH_X86_64, 10, MMS_CALL_MPROTECT },
	{ AUDIT_ARCH_X86_64, 28, MMS_CALL_MADVISE },
	{ AUDIT_ARCH_X86_64, 149, MMS_CALL_MLOCK },
	{ AUDIT_ARCH_X86_64, 325, MMS_CALL_MLOCK2 },
	{ AUDIT_ARCH_X86_64, 150, MMS_CALL_MUNLOCK },
	{ AUDIT_ARCH_X86_64, 151, MMS_CALL_MLOCKALL },
	{ AUDIT_ARCH_X86_64, 152, MMS_CALL_MUNLOCKALL },
	{ AUDIT_ARCH_X86_64, 59, MMS_CALL_EXEC },
	{ AUDIT_ARCH_X86_64, 322, MMS_CALL_EXEC },
	/* x32 has the same numbers (with a bit that is masked), but of these. */
	{ AUDIT_ARCH_X86_64, 520, MMS_CALL_EXEC },
	{ AUDIT_ARCH_X86_64, 545, MMS_CALL_EXEC },
	{ AUDIT_ARCH_X86_64, 516, MMS_CALL_WRITE },
	{ AUDIT_ARCH_X86_64, 535, MMS_CALL_WRITE },
	{ AUDIT_ARCH_X86_64, 547, MMS_CALL_WRITE },
	{ AUDIT_ARCH_X86_64, 524, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_X86_64, 536, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_X86_64, 1, MMS_CALL_WRITE },
	{ AUDIT_ARCH_X86_64, 20, MMS_CALL_WRITE },
	{ AUDIT_ARCH_X86_64, 18, MMS_CALL_WRITE },
	{ AUDIT_ARCH_X86_64, 296, MMS_CALL_WRITE },
	{ AUDIT_ARCH_X86_64, 328, MMS_CALL_WRITE },
	{ AUDIT_ARCH_X86_64, 62, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_X86_64, 200, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_X86_64, 234, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_X86_64, 129, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_X86_64, 297, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_X86_64, 424, MMS_CALL_PIDFD_SIGNAL },

	{ AUDIT_ARCH_I386, 45, MMS_CALL_BRK },
	{ AUDIT_ARCH_I386, 192, MMS_CALL_MMAP },
	{ AUDIT_ARCH_I386, 91, MMS_CALL_MUNMAP },
	{ AUDIT_ARCH_I386, 163, MMS_CALL_MREMAP },
	{ AUDIT_ARCH_I386, 125, MMS_CALL_MPROTECT },
	{ AUDIT_ARCH_I386, 219, MMS_CALL_MADVISE },
	{ AUDIT_ARCH_I386, 150, MMS_CALL_MLOCK },
	{ AUDIT_ARCH_I386, 376, MMS_CALL_MLOCK2 },
	{ AUDIT_ARCH_I386, 151, MMS_CALL_MUNLOCK },
	{ AUDIT_ARCH_I386, 152, MMS_CALL_MLOCKALL },
	{ AUDIT_ARCH_I386, 153, MMS_CALL_MUNLOCKALL },
	{ AUDIT_ARCH_I386, 11, MMS_CALL_EXEC },
	{ AUDIT_ARCH_I386, 358, MMS_CALL_EXEC },
	{ AUDIT_ARCH_I386, 4, MMS_CALL_WRITE },
	{ AUDIT_ARCH_I386, 146, MMS_CALL_WRITE },
	{ AUDIT_ARCH_I386, 181, MMS_CALL_WRITE },
	{ AUDIT_ARCH_I386, 334, MMS_CALL_WRITE },
	{ AUDIT_ARCH_I386, 379, MMS_CALL_WRITE },
	{ AUDIT_ARCH_I386, 37, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_I386, 238, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_I386, 270, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_I386, 178, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_I386, 335, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_I386, 424, MMS_CALL_PIDFD_SIGNAL },

	{ AUDIT_ARCH_AARCH64, 214, MMS_CALL_BRK },
	{ AUDIT_ARCH_AARCH64, 222, MMS_CALL_MMAP },
	{ AUDIT_ARCH_AARCH64, 215, MMS_CALL_MUNMAP },
	{ AUDIT_ARCH_AARCH64, 216, MMS_CALL_MREMAP },
	{ AUDIT_ARCH_AARCH64, 226, MMS_CALL_MPROTECT },
	{ AUDIT_ARCH_AARCH64, 233, MMS_CALL_MADVISE },
	{ AUDIT_ARCH_AARCH64, 228, MMS_CALL_MLOCK },
	{ AUDIT_ARCH_AARCH64, 284, MMS_CALL_MLOCK2 },
	{ AUDIT_ARCH_AARCH64, 229, MMS_CALL_MUNLOCK },
	{ AUDIT_ARCH_AARCH64, 230, MMS_CALL_MLOCKALL },
	{ AUDIT_ARCH_AARCH64, 231, MMS_CALL_MUNLOCKALL },
	{ AUDIT_ARCH_AARCH64, 221, MMS_CALL_EXEC },
	{ AUDIT_ARCH_AARCH64, 281, MMS_CALL_EXEC },
	{ AUDIT_ARCH_AARCH64, 64, MMS_CALL_WRITE },
	{ AUDIT_ARCH_AARCH64, 66, MMS_CALL_WRITE },
	{ AUDIT_ARCH_AARCH64, 68, MMS_CALL_WRITE },
	{ AUDIT_ARCH_AARCH64, 70, MMS_CALL_WRITE },
	{ AUDIT_ARCH_AARCH64, 287, MMS_CALL_WRITE },
	{ AUDIT_ARCH_AARCH64, 129, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_AARCH64, 130, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_AARCH64, 131, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_AARCH64, 138, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_AARCH64, 240, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_AARCH64, 424, MMS_CALL_PIDFD_SIGNAL },

	{ AUDIT_ARCH_ARM, 45, MMS_CALL_BRK },
	{ AUDIT_ARCH_ARM, 192, MMS_CALL_MMAP },
	{ AUDIT_ARCH_ARM, 91, MMS_CALL_MUNMAP },
	{ AUDIT_ARCH_ARM, 163, MMS_CALL_MREMAP },
	{ AUDIT_ARCH_ARM, 125, MMS_CALL_MPROTECT },
	{ AUDIT_ARCH_ARM, 220, MMS_CALL_MADVISE },
	{ AUDIT_ARCH_ARM, 150, MMS_CALL_MLOCK },
	{ AUDIT_ARCH_ARM, 390, MMS_CALL_MLOCK2 },
	{ AUDIT_ARCH_ARM, 151, MMS_CALL_MUNLOCK },
	{ AUDIT_ARCH_ARM, 152, MMS_CALL_MLOCKALL },
	{ AUDIT_ARCH_ARM, 153, MMS_CALL_MUNLOCKALL },
	{ AUDIT_ARCH_ARM, 11, MMS_CALL_EXEC },
	{ AUDIT_ARCH_ARM, 387, MMS_CALL_EXEC },
	{ AUDIT_ARCH_ARM, 4, MMS_CALL_WRITE },
	{ AUDIT_ARCH_ARM, 146, MMS_CALL_WRITE },
	{ AUDIT_ARCH_ARM, 181, MMS_CALL_WRITE },
	{ AUDIT_ARCH_ARM, 362, MMS_CALL_WRITE },
	{ AUDIT_ARCH_ARM, 393, MMS_CALL_WRITE },
	{ AUDIT_ARCH_ARM, 37, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_ARM, 238, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_ARM, 268, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_ARM, 178, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_ARM, 363, MMS_CALL_SIGNAL },
	{ AUDIT_ARCH_ARM, 424, MMS_CALL_PIDFD_SIGNAL },
};
#define ROWS	(sizeof(rows) / sizeof(rows[0]))

bool mmsi_call_row(size_t i, uint32_t *arch, uint32_t *number)
{
	if (i >= ROWS)
		return false;
	*arch = rows[i].arch;
	*number = rows[i].number;
	return true;
}

enum mms_call mmsi_call_of(uint32_t arch, uint64_t number, bool *compat)
{
	*compat = arch == AUDIT_ARCH_I386 || arch == AUDIT_ARCH_ARM;
	if (arch == AUDIT_ARCH_X86_64)
		number &= ~(uint64_t)MMSI_X32_BIT;
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].arch == arch && rows[i].number == number)
			return rows[i].call;
	return MMS_CALL_COUNT;
}

/* ---- which memory ---------------------------------------------------------- */

/* Rounded outward to pages, as the kernel does; empty if it makes no sense. */
static struct mms_trace_range pages_of(uint64_t start, uint64_t size)
{
	uint64_t mask = mms_page_size() - 1, end = start + size;
	struct mms_trace_range r = { start & ~mask, (end + mask) & ~mask };

	if (!size || end < start || r.end < end)
		r = (struct mms_trace_range){ 0 };
	return r;
}

static struct mms_trace_range between(uint64_t a, uint64_t b)
{
	uint64_t mask = mms_page_size() - 1;

	a = (a + mask) & ~mask;
	b = (b + mask) & ~mask;
	return (struct mms_trace_range){ a < b ? a : b, a < b ? b : a };
}

void mmsi_call_before(enum mms_call call, const uint64_t args[6], uint64_t brk,
		      struct mms_trace_range range[2])
{
	range[0] = range[1] = (struct mms_trace_range){ 0 };
	switch (call) {
	case MMS_CALL_BRK:
		if (brk && args[0] < brk && args[0])
			range[0] = between(args[0], brk);
		break;
	case MMS_CALL_MMAP:
		if (args[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE))
			range[0] = pages_of(args[0], args[1]);
		break;
	case MMS_CALL_MREMAP:
		range[0] = pages_of(args[0], args[1]);
		if (args[3] & MREMAP_FIXED)
			range[1] = pages_of(args[4], args[2]);
		break;
	case MMS_CALL_MUNMAP:
	case MMS_CALL_MPROTECT:
	case MMS_CALL_MADVISE:
	case MMS_CALL_MLOCK:
	case MMS_CALL_MLOCK2:
	case MMS_CALL_MUNLOCK:
		range[0] = pages_of(args[0], args[1]);
		break;
	case MMS_CALL_MLOCKALL:
	case MMS_CALL_MUNLOCKALL:
		range[0] = (struct mms_trace_range){ MMS_ALL_START, MMS_ALL_END };
		break;
	default:
		break;
	}
}

void mmsi_call_after(enum mms_call call, const uint64_t args[6], uint64_t brk, uint64_t result,
		     struct mms_trace_range range[2])
{
	mmsi_call_before(call, args, brk, range);
	if (call == MMS_CALL_BRK && brk)
		range[0] = between(brk, result);
	else if (call == MMS_CALL_MMAP)
		range[0] = pages_of(result, args[1]);
	else if (call == MMS_CALL_MREMAP)
		range[1] = pages_of(result, args[2]);
}

bool mms_trace_concerns(const struct mms_trace_event *e, const struct mms_diff_area *area)
{
	if (!e->others)
		return true;
	for (int i = 0; i < 2; i++)
		if (e->range[i].start < area->end && area->start < e->range[i].end)
			return true;
	return false;
}

/* ---- arguments in words ---------------------------------------------------- */

struct word {
	uint64_t value;
	const char *name;
};

#define W(name)		{ name, #name }

static const struct word prots[] = { W(PROT_READ), W(PROT_WRITE), W(PROT_EXEC),
				     W(PROT_GROWSDOWN), W(PROT_GROWSUP), { 0 } };
static const struct word maps[] = {
	W(MAP_FIXED), W(MAP_ANONYMOUS), W(MAP_GROWSDOWN), W(MAP_DENYWRITE), W(MAP_EXECUTABLE),
	W(MAP_LOCKED), W(MAP_NORESERVE), W(MAP_POPULATE), W(MAP_NONBLOCK), W(MAP_STACK),
	W(MAP_HUGETLB), W(MAP_SYNC), W(MAP_FIXED_NOREPLACE),
#ifdef MAP_32BIT
	W(MAP_32BIT),
#endif
	{ 0 }
};
static const struct word map_types[] = { W(MAP_SHARED), W(MAP_PRIVATE), W(MAP_SHARED_VALIDATE),
					 { 0 } };
static const struct word remaps[] = { W(MREMAP_MAYMOVE), W(MREMAP_FIXED), W(MREMAP_DONTUNMAP),
				      { 0 } };
static const struct word lock2s[] = { W(MLOCK_ONFAULT), { 0 } };
static const struct word lockalls[] = { W(MCL_CURRENT), W(MCL_FUTURE), W(MCL_ONFAULT), { 0 } };
static const struct word advices[] = {
	W(MADV_NORMAL), W(MADV_RANDOM), W(MADV_SEQUENTIAL), W(MADV_WILLNEED), W(MADV_DONTNEED),
	W(MADV_FREE), W(MADV_REMOVE), W(MADV_DONTFORK), W(MADV_DOFORK), W(MADV_HWPOISON),
	W(MADV_MERGEABLE), W(MADV_UNMERGEABLE), W(MADV_HUGEPAGE), W(MADV_NOHUGEPAGE),
	W(MADV_DONTDUMP), W(MADV_DODUMP), W(MADV_WIPEONFORK), W(MADV_KEEPONFORK),
	W(MADV_COLD), W(MADV_PAGEOUT), W(MADV_POPULATE_READ), W(MADV_POPULATE_WRITE),
	{ 24, "MADV_DONTNEED_LOCKED" }, { 25, "MADV_COLLAPSE" },
	{ 102, "MADV_GUARD_INSTALL" }, { 103, "MADV_GUARD_REMOVE" }, { 0 }
};

/* Appends behind a '|' if something is there. */
static void append(char *buf, size_t size, const char *text)
{
	size_t len = strlen(buf);

	if (len < size)
		snprintf(buf + len, size - len, "%s%s", len ? "|" : "", text);
}

static void append_number(char *buf, size_t size, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	append(buf, size, text);
}

static void flag_words(const struct word *w, uint64_t value, char *buf, size_t size)
{
	for (; w->name; w++)
		if (value & w->value) {
			append(buf, size, w->name);
			value &= ~w->value;
		}
	if (value)
		append_number(buf, size, value);
}

static const char *one_word(const struct word *w, uint64_t value)
{
	for (; w->name; w++)
		if (w->value == value)
			return w->name;
	return NULL;
}

static void map_words(uint64_t value, char *buf, size_t size)
{
	const char *type = one_word(map_types, value & MAP_TYPE);

	if (type)
		append(buf, size, type);
	flag_words(maps, type ? value & ~(uint64_t)MAP_TYPE : value, buf, size);
}

static void flags_format(enum mms_arg kind, uint64_t value, char *buf, size_t size)
{
	buf[0] = '\0';
	switch (kind) {
	case MMS_ARG_PROT:
		flag_words(prots, value, buf, size);
		break;
	case MMS_ARG_MAP_FLAGS:
		map_words(value, buf, size);
		break;
	case MMS_ARG_REMAP_FLAGS:
		flag_words(remaps, value, buf, size);
		break;
	case MMS_ARG_LOCK2_FLAGS:
		flag_words(lock2s, value, buf, size);
		break;
	default:
		flag_words(lockalls, value, buf, size);
		break;
	}
	if (!buf[0])
		snprintf(buf, size, "%s", kind == MMS_ARG_PROT ? "PROT_NONE" : "0");
}

char *mms_arg_format(enum mms_arg kind, uint64_t value, char *buf, size_t size)
{
	const char *word;

	switch (kind) {
	case MMS_ARG_ADDRESS:
		if (value)
			snprintf(buf, size, "0x%" PRIx64, value);
		else
			snprintf(buf, size, "NULL");
		break;
	case MMS_ARG_FD:
		snprintf(buf, size, "%d", (int)value);
		break;
	case MMS_ARG_SIZE:
		snprintf(buf, size, "%" PRIu64, value);
		break;
	case MMS_ARG_OFFSET:
	case MMS_ARG_OFFSET_PAGES:
		snprintf(buf, size, value ? "0x%" PRIx64 : "%" PRIu64,
			 kind == MMS_ARG_OFFSET ? value : value * 4096);
		break;
	case MMS_ARG_ADVICE:
		word = one_word(advices, value);
		if (word)
			snprintf(buf, size, "%s", word);
		else
			snprintf(buf, size, "0x%" PRIx64, value);
		break;
	case MMS_ARG_NONE:
		buf[0] = '\0';
		break;
	default:
		flags_format(kind, value, buf, size);
	}
	return buf;
}

const char *mms_trace_kind_name(enum mms_trace_kind kind)
{
	static const char *const names[] = {
		[MMS_TRACE_CALL] = "call",
		[MMS_TRACE_FAULT] = "fault",
		[MMS_TRACE_MALLOC] = "malloc",
		[MMS_TRACE_CHILD] = "child",
		[MMS_TRACE_EXEC] = "exec",
		[MMS_TRACE_EXIT] = "exit",
		[MMS_TRACE_LOST] = "lost",
		[MMS_TRACE_NOTE] = "note",
	};

	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "";
}

const char *mms_access_name(enum mms_access access)
{
	static const char *const names[] = { "", "read", "write", "exec" };

	return access <= MMS_ACCESS_EXEC ? names[access] : "";
}
