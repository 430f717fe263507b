// SPDX-License-Identifier: GPL-2.0
/*
 * procfs-text.c - what the text of /proc/PID/{stat,status,limits,maps,smaps}
 * says, as figures and lists.  Pure: nothing here opens or reads a file, and any
 * text is survived.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procfs.h"

#define PERM_FLAGS	(MMSCOPE_VMA_READ | MMSCOPE_VMA_WRITE | MMSCOPE_VMA_EXEC | \
			 MMSCOPE_VMA_SHARED)

/* ---- figures of the whole -------------------------------------------------- */

/*
 * Fields of stat, counted as in proc(5).  To those who may not look, the kernel
 * shows 0 or 1 in them: that is no answer.
 */
void mmsi_mm_from_stat(const char *text, struct mms_mm *mm)
{
	static const struct { int number; enum mms_mm_field field; } fields[] = {
		{ 26, MMS_MM_START_CODE }, { 27, MMS_MM_END_CODE },
		{ 28, MMS_MM_START_STACK },
		{ 45, MMS_MM_START_DATA }, { 46, MMS_MM_END_DATA },
		{ 47, MMS_MM_START_BRK },
		{ 48, MMS_MM_ARG_START }, { 49, MMS_MM_ARG_END },
		{ 50, MMS_MM_ENV_START }, { 51, MMS_MM_ENV_END },
	};
	const char *p = strrchr(text, ')');
	size_t f = 0;

	for (int number = 2; p && f < sizeof(fields) / sizeof(fields[0]); number++) {
		unsigned long long v;

		if (number == fields[f].number) {
			v = strtoull(p, NULL, 10);
			if (v > 1)
				mmsi_fact(&mm->fact[fields[f].field], v, MMS_FROM_STAT);
			f++;
		}
		p = strchr(p + 1, ' ');
	}
}

static bool status_kb(const char *text, const char *key, uint64_t *bytes)
{
	char needle[32];
	const char *line;

	snprintf(needle, sizeof(needle), "\n%s:", key);
	line = strstr(text, needle);
	if (!line)
		return false;
	*bytes = strtoull(line + strlen(needle), NULL, 10) * 1024;
	return true;
}

void mmsi_mm_from_status(const char *text, struct mms_mm *mm)
{
	static const struct { const char *key; enum mms_mm_field field; } keys[] = {
		{ "VmPeak", MMS_MM_HIWATER_VM }, { "VmSize", MMS_MM_TOTAL_VM },
		{ "VmLck", MMS_MM_LOCKED_VM }, { "VmPin", MMS_MM_PINNED_VM },
		{ "VmHWM", MMS_MM_HIWATER_RSS }, { "RssAnon", MMS_MM_RSS_ANON },
		{ "RssFile", MMS_MM_RSS_FILE }, { "RssShmem", MMS_MM_RSS_SHMEM },
		{ "VmData", MMS_MM_DATA_VM }, { "VmStk", MMS_MM_STACK_VM },
		{ "VmPTE", MMS_MM_PGTABLES }, { "VmSwap", MMS_MM_SWAP },
	};
	uint64_t v, exe, lib;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (status_kb(text, keys[i].key, &v))
			mmsi_fact(&mm->fact[keys[i].field], v, MMS_FROM_STATUS);
	/* The kernel splits exec_vm into these two; together they are it again. */
	if (status_kb(text, "VmExe", &exe) && status_kb(text, "VmLib", &lib))
		mmsi_fact(&mm->fact[MMS_MM_EXEC_VM], exe + lib, MMS_FROM_STATUS);
}

void mmsi_mm_from_limits(const char *text, struct mms_mm *mm)
{
	static const struct { const char *key; enum mms_mm_field field; } keys[] = {
		{ "Max address space", MMS_MM_RLIM_AS },
		{ "Max data size", MMS_MM_RLIM_DATA },
		{ "Max stack size", MMS_MM_RLIM_STACK },
		{ "Max locked memory", MMS_MM_RLIM_MEMLOCK },
	};
	const char *line;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		line = strstr(text, keys[i].key);
		if (!line)
			continue;
		line += strlen(keys[i].key);
		line += strspn(line, " ");
		mmsi_fact(&mm->fact[keys[i].field],
			  isdigit((unsigned char)*line) ? strtoull(line, NULL, 10) :
							  MMS_UNLIMITED,
			  MMS_FROM_LIMITS);
	}
}

/* ---- maps and smaps -------------------------------------------------------- */

/* Reads a hexadecimal number and the byte behind it. */
static char *hex_field(char *p, uint64_t *v, char behind)
{
	char *end;

	if (!p || !isxdigit((unsigned char)*p))
		return NULL;
	*v = strtoull(p, &end, 16);
	return *end == behind ? end + 1 : NULL;
}

/*
 * In maps a newline in a name is written \012; nothing else is, not even a
 * backslash, so that turning it back is right but for names that hold just
 * those four characters.
 */
static void unescape(char *name)
{
	char *to = name;

	while (*name) {
		if (!strncmp(name, "\\012", 4)) {
			*to++ = '\n';
			name += 4;
		} else {
			*to++ = *name++;
		}
	}
	*to = '\0';
}

/* What the name and the device tell of the backing. */
static void classify(struct mms_vma *v)
{
	const char *name = v->name;
	size_t len = strlen(name);

	if (len > 10 && !strcmp(name + len - 10, " (deleted)"))
		v->role |= MMSCOPE_ROLE_DELETED;
	if (!strncmp(name, "[heap]", 6))
		v->role |= MMSCOPE_ROLE_HEAP;
	if (!strcmp(name, "[stack]"))
		v->role |= MMSCOPE_ROLE_STACK;
	if (!strncmp(name, "[v", 2) || !strcmp(name, "[uprobes]") || !strcmp(name, "[sigpage]"))
		v->backing = MMSCOPE_BACKING_SPECIAL;
	else if (!strncmp(name, "/anon_hugepage", 14))
		v->backing = MMSCOPE_BACKING_HUGETLB;
	else if (!strncmp(name, "/memfd:", 7) || !strncmp(name, "/SYSV", 5) ||
		 !strncmp(name, "/dev/zero", 9) || !strncmp(name, "/dev/shm/", 9) ||
		 !strncmp(name, "[anon_shmem:", 12))
		v->backing = MMSCOPE_BACKING_SHMEM;
	else if (!strncmp(name, "/dev/", 5))
		v->backing = MMSCOPE_BACKING_DEVICE;
	else if (v->inode || *name == '/')
		v->backing = MMSCOPE_BACKING_FILE;
	else
		v->backing = MMSCOPE_BACKING_ANON;
}

/* "START-END PERMS OFFSET MAJOR:MINOR INODE   NAME"; false: no such line. */
static bool parse_line(char *line, struct mms_vma *v)
{
	uint64_t major, minor;
	char *p = line, *perms;

	memset(v, 0, sizeof(*v));
	p = hex_field(p, &v->start, '-');
	p = hex_field(p, &v->end, ' ');
	if (!p || strlen(p) < 5)
		return false;
	perms = p;
	p = hex_field(p + 5, &v->offset, ' ');
	p = hex_field(p, &major, ':');
	p = hex_field(p, &minor, ' ');
	if (!p)
		return false;
	v->inode = strtoull(p, &p, 10);
	v->dev_major = (uint32_t)major;
	v->dev_minor = (uint32_t)minor;
	v->flags_known = PERM_FLAGS;
	v->flags = (perms[0] == 'r' ? MMSCOPE_VMA_READ : 0) |
		   (perms[1] == 'w' ? MMSCOPE_VMA_WRITE : 0) |
		   (perms[2] == 'x' ? MMSCOPE_VMA_EXEC : 0) |
		   (perms[3] == 's' ? MMSCOPE_VMA_SHARED : 0);
	p += strspn(p, " ");
	unescape(p);
	v->name = p;
	classify(v);
	return true;
}

/* VmFlags of smaps: two letters each. */
static uint64_t parse_vmflags(const char *p)
{
	static const char letters[][3] = {
		"rd", "wr", "ex", "sh", "mr", "mw", "me", "ms", "gd", "pf", "mm", "io",
		"lo", "lf", "sr", "rr", "dc", "de", "ac", "nr", "ht", "wf", "dd", "sd",
		"hg", "nh", "mg", "um", "uw", "ui", "sf", "sl", "dp", "ss",
	};
	uint64_t flags = 0;

	for (p += strspn(p, " "); p[0] && p[1]; p += 2, p += strspn(p, " "))
		for (unsigned int i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
			if (!memcmp(p, letters[i], 2))
				flags |= 1ULL << i;
	return flags;
}

/*
 * Flags that smaps names on every kernel that has them.  LOCKONFAULT is not
 * among them before 6.13 ("??"), and SEALED, DROPPABLE came later: those are
 * known if seen.
 */
#define SMAPS_FLAGS	(((1ULL << 23) - 1) & ~(MMSCOPE_VMA_LOCKONFAULT | MMSCOPE_VMA_MIXEDMAP))

static void smaps_more(const char *key, uint64_t bytes, struct mms_smaps *more)
{
	if (!strcmp(key, "Pss"))
		more->pss = bytes;
	else if (!strcmp(key, "Locked"))
		more->locked = bytes;
	else if (!strcmp(key, "AnonHugePages"))
		more->anon_huge = bytes;
	else if (!strcmp(key, "Shared_Hugetlb") || !strcmp(key, "Private_Hugetlb"))
		more->hugetlb += bytes;
}

static void smaps_field(char *line, struct mms_vma *v, struct mmscope_acct *a,
			struct mms_smaps *more)
{
	uint64_t page = mms_page_size(), kb;
	char *colon = strchr(line, ':');

	if (!colon)
		return;
	*colon = '\0';
	if (!strcmp(line, "VmFlags")) {
		v->flags |= parse_vmflags(colon + 1);
		v->flags_known |= SMAPS_FLAGS | v->flags;
		if (v->flags & MMSCOPE_VMA_HUGETLB)
			v->backing = MMSCOPE_BACKING_HUGETLB;
		return;
	}
	kb = strtoull(colon + 1, NULL, 10) * 1024;
	smaps_more(line, kb, more);
	if (!strcmp(line, "Rss"))
		a->rss = kb;
	else if (!strcmp(line, "Shared_Clean"))
		a->shared_clean = kb;
	else if (!strcmp(line, "Shared_Dirty"))
		a->shared_dirty = kb;
	else if (!strcmp(line, "Private_Clean"))
		a->private_clean = kb;
	else if (!strcmp(line, "Private_Dirty"))
		a->private_dirty = kb;
	else if (!strcmp(line, "Anonymous"))
		a->pages[MMSCOPE_CAT_ANON] = kb / page;
	else if (!strcmp(line, "LazyFree"))
		a->pages[MMSCOPE_CAT_LAZYFREE] = kb / page;
	else if (!strcmp(line, "Swap"))
		/* Of shared memory it is the object's pages that are in swap. */
		a->pages[v->backing == MMSCOPE_BACKING_ANON ||
			 v->backing == MMSCOPE_BACKING_FILE ? MMSCOPE_CAT_SWAPPED :
			 MMSCOPE_CAT_CACHE_SWAPPED] = kb / page;
	else if (!strcmp(line, "KernelPageSize"))
		v->page_shift = kb ? (uint8_t)__builtin_ctzll(kb) : 0;
}

/* Room for one more VMA and its account. */
static int list_grow(struct mms_vmas *l, bool acct)
{
	size_t room;
	void *more;

	if (l->count & (l->count - 1))
		return 0;
	room = l->count ? 2 * l->count : 1;
	more = realloc(l->vma, room * sizeof(*l->vma));
	if (!more)
		return -1;
	l->vma = more;
	if (!acct)
		return 0;
	more = realloc(l->acct, room * sizeof(*l->acct));
	if (!more)
		return -1;
	l->acct = more;
	more = realloc(l->smaps, room * sizeof(*l->smaps));
	if (!more)
		return -1;
	l->smaps = more;
	return 0;
}

int mmsi_vmas_from_text(struct mms_vmas *l, char *text, uint64_t start, uint64_t end,
			bool acct, uint64_t *count)
{
	struct mms_vma v, *last = NULL;
	char *line, *next;

	for (line = text; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		/* Keys of smaps start with a capital letter, addresses never do. */
		if (isupper((unsigned char)*line)) {
			if (last && acct)
				smaps_field(line, last, &l->acct[l->count - 1],
					    &l->smaps[l->count - 1]);
			continue;
		}
		last = NULL;
		if (!parse_line(line, &v))
			continue;
		++*count;
		if (v.end <= start || v.start >= end)
			continue;
		if (list_grow(l, acct))
			return -1;
		if (acct) {
			memset(&l->acct[l->count], 0, sizeof(*l->acct));
			memset(&l->smaps[l->count], 0, sizeof(*l->smaps));
		}
		last = &l->vma[l->count++];
		*last = v;
	}
	return 0;
}
