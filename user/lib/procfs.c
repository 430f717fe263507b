// SPDX-License-Identifier: GPL-2.0
/*
 * procfs.c - the source "procfs": what any Linux tells in /proc/PID.
 * maps, smaps, pagemap, stat, status and limits, each figure marked with the
 * file it is from; what they do not tell stays unknown.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "private.h"

/* pagemap: what its bits say whatever the kernel. */
#define PM_PRESENT	(1ULL << 63)
#define PM_SWAP		(1ULL << 62)
#define PM_UFFD_WP	(1ULL << 57)
#define PM_SOFT_DIRTY	(1ULL << 55)
#define PM_FRAME	((1ULL << 55) - 1)

#define PAGEMAP_BUFFER	32768	/* entries a read */

#define PERM_FLAGS	(MMSCOPE_VMA_READ | MMSCOPE_VMA_WRITE | MMSCOPE_VMA_EXEC | \
			 MMSCOPE_VMA_SHARED)

static int explain(const struct mms_target *t, struct mms_error *err)
{
	mms_explain(MMS_OP_PROCFS, errno, t->pid, err);
	return -1;
}

/* ---- figures of the whole -------------------------------------------------- */

/*
 * Fields of stat, counted as in proc(5).  To those who may not look, the kernel
 * shows 0 or 1 in them: that is no answer.
 */
static void read_stat(struct mms_target *t, struct mms_mm *mm)
{
	static const struct { int number; enum mms_mm_field field; } fields[] = {
		{ 26, MMS_MM_START_CODE }, { 27, MMS_MM_END_CODE },
		{ 28, MMS_MM_START_STACK },
		{ 45, MMS_MM_START_DATA }, { 46, MMS_MM_END_DATA },
		{ 47, MMS_MM_START_BRK },
		{ 48, MMS_MM_ARG_START }, { 49, MMS_MM_ARG_END },
		{ 50, MMS_MM_ENV_START }, { 51, MMS_MM_ENV_END },
	};
	char *text, *p;
	size_t f = 0;

	if (mmsi_read_file(t->procfd, "stat", &text) < 0)
		return;
	p = strrchr(text, ')');
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
	free(text);
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

static void read_status(struct mms_target *t, struct mms_mm *mm)
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
	char *text;

	if (mmsi_read_file(t->procfd, "status", &text) < 0)
		return;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (status_kb(text, keys[i].key, &v))
			mmsi_fact(&mm->fact[keys[i].field], v, MMS_FROM_STATUS);
	/* The kernel splits exec_vm into these two; together they are it again. */
	if (status_kb(text, "VmExe", &exe) && status_kb(text, "VmLib", &lib))
		mmsi_fact(&mm->fact[MMS_MM_EXEC_VM], exe + lib, MMS_FROM_STATUS);
	free(text);
}

static void read_limits(struct mms_target *t, struct mms_mm *mm)
{
	static const struct { const char *key; enum mms_mm_field field; } keys[] = {
		{ "Max address space", MMS_MM_RLIM_AS },
		{ "Max data size", MMS_MM_RLIM_DATA },
		{ "Max stack size", MMS_MM_RLIM_STACK },
		{ "Max locked memory", MMS_MM_RLIM_MEMLOCK },
	};
	char *text, *line;

	if (mmsi_read_file(t->procfd, "limits", &text) < 0)
		return;
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
	free(text);
}

static void read_figures(struct mms_target *t, struct mms_mm *mm)
{
	mm->pid = t->proc.pid;
	mm->tid = t->pid;
	snprintf(mm->comm, sizeof(mm->comm), "%s", t->proc.comm);
	read_stat(t, mm);
	read_status(t, mm);
	read_limits(t, mm);
}

static int procfs_mm(struct mms_target *t, struct mms_mm *mm, struct mms_error *err)
{
	if (faccessat(t->procfd, "stat", F_OK, 0)) {
		errno = ESRCH;
		return explain(t, err);
	}
	read_figures(t, mm);
	return 0;
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

/* What smaps counts by category; the rest it does not tell. */
#define SMAPS_CATEGORIES (MMSCOPE_CAT(SWAPPED) | MMSCOPE_CAT(ANON) | \
			  MMSCOPE_CAT(LAZYFREE) | MMSCOPE_CAT(CACHE_SWAPPED))

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

/* Takes the text apart; the names stay in it. */
static int parse_list(struct mms_vmas *l, char *text, uint64_t start, uint64_t end,
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

static void find_heap_end(struct mms_vmas *l)
{
	for (size_t i = l->count; i-- > 0;)
		if (l->vma[i].role & MMSCOPE_ROLE_HEAP) {
			mmsi_fact(&l->mm.fact[MMS_MM_HEAP_END], l->vma[i].end, l->from);
			return;
		}
}

static int procfs_vmas(struct mms_target *t, uint64_t start, uint64_t end,
		       unsigned int flags, uint64_t categories, struct mms_vmas *l,
		       struct mms_error *err)
{
	bool acct = flags & MMS_VMAS_ACCT;
	uint64_t count = 0;

	(void)categories;
	if (mmsi_read_file(t->procfd, acct ? "smaps" : "maps", &l->names) < 0)
		return explain(t, err);
	l->from = acct ? MMS_FROM_SMAPS : MMS_FROM_MAPS;
	if (parse_list(l, l->names, start, end, acct, &count))
		return mmsi_nomem(err);
	/* A process that has exited, but is not yet reaped, shows an empty file. */
	if (!count && !*l->names) {
		errno = ESRCH;
		return explain(t, err);
	}
	if (acct) {
		l->acct_from = MMS_FROM_SMAPS;
		l->acct_categories = SMAPS_CATEGORIES;
		l->acct_rss = true;
		l->acct_parts = true;
	}
	read_figures(t, &l->mm);
	mmsi_fact(&l->mm.fact[MMS_MM_MAP_COUNT], count, l->from);
	find_heap_end(l);
	return 0;
}

/* ---- pagemap --------------------------------------------------------------- */

/* The state of one query over pagemap. */
struct scan {
	const struct mms_pages_query *query;
	mms_run_fn run;
	void *arg;
	struct mmscope_run held;	/* the run that grows */
	bool holding;
	bool stop;			/* the caller wants no more */
	bool full;			/* max_pages were told of */
	uint64_t pages;
};

static void scan_flush(struct scan *s)
{
	if (s->holding && s->run && !s->stop)
		s->stop = s->run(&s->held, s->arg) != 0;
	s->holding = false;
}

static uint64_t entry_categories(uint64_t entry)
{
	return (entry & PM_PRESENT ? MMSCOPE_CAT(PRESENT) : 0) |
	       (entry & PM_SWAP ? MMSCOPE_CAT(SWAPPED) : 0) |
	       (entry & PM_UFFD_WP ? MMSCOPE_CAT(UFFD_WP) : 0) |
	       (entry & PM_SOFT_DIRTY ? MMSCOPE_CAT(SOFT_DIRTY) : 0);
}

static void scan_page(struct scan *s, uint64_t address, uint64_t entry)
{
	const struct mms_pages_query *q = s->query;
	uint64_t all = entry_categories(entry), cats = all & q->categories, frame = 0;

	if ((all & q->all_of) != q->all_of || (q->any_of && !(all & q->any_of)) ||
	    (all & q->none_of)) {
		scan_flush(s);
		return;
	}
	if (q->flags & MMS_PAGES_FRAMES && entry & (PM_PRESENT | PM_SWAP))
		frame = entry & PM_FRAME;
	if (s->holding && s->held.end == address && s->held.categories == cats &&
	    !s->held.frame == !frame &&
	    (!frame || (entry & PM_PRESENT &&
			frame == s->held.frame + (address - s->held.start) / mms_page_size()))) {
		s->held.end += mms_page_size();
	} else {
		scan_flush(s);
		s->held = (struct mmscope_run){ address, address + mms_page_size(), cats, frame };
		s->holding = true;
	}
	s->full = ++s->pages == q->max_pages;
}

/* The pages of one VMA, or the part of it that was asked for. */
static int scan_vma(int fd, struct scan *s, uint64_t *buf, uint64_t start, uint64_t end)
{
	uint64_t page = mms_page_size();

	while (start < end && !s->stop && !s->full) {
		uint64_t want = (end - start) / page;
		ssize_t n;

		if (want > PAGEMAP_BUFFER)
			want = PAGEMAP_BUFFER;
		n = pread(fd, buf, want * 8, (off_t)(start / page * 8));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n < 8)
			break;	/* [vsyscall] lies above what pagemap covers */
		for (ssize_t i = 0; i < n / 8 && !s->stop && !s->full; i++, start += page)
			scan_page(s, start, buf[i]);
	}
	scan_flush(s);
	return 0;
}

static int procfs_pages(struct mms_target *t, const struct mms_pages_query *query,
			mms_run_fn run, void *arg, uint64_t *pages, struct mms_error *err)
{
	struct scan s = { .query = query, .run = run, .arg = arg };
	struct mms_vmas l = { 0 };
	uint64_t *buf = malloc(PAGEMAP_BUFFER * sizeof(*buf));
	int fd = openat(t->procfd, "pagemap", O_RDONLY | O_CLOEXEC), ret = -1;

	if (!buf) {
		mmsi_nomem(err);
	} else if (fd < 0) {
		explain(t, err);
	} else if (query->flags & MMS_PAGES_FRAMES && geteuid()) {
		/* The kernel would show zeroes, which look like an answer. */
		mms_explain(MMS_OP_PAGES, EPERM, t->pid, err);
	} else if (!procfs_vmas(t, query->start, query->end, 0, 0, &l, err)) {
		ret = 0;
		for (size_t i = 0; i < l.count && !ret && !s.stop && !s.full; i++) {
			uint64_t from = l.vma[i].start, to = l.vma[i].end;

			ret = scan_vma(fd, &s, buf, from > query->start ? from : query->start,
				       to < query->end ? to : query->end);
			if (ret)
				explain(t, err);
		}
	}
	*pages = s.pages;
	mms_vmas_free(&l);
	if (fd >= 0)
		close(fd);
	free(buf);
	return ret;
}

static const struct mmsi_source procfs_source = {
	.name = "procfs",
	.kind = MMS_SOURCE_PROCFS,
	.mm = procfs_mm,
	.vmas = procfs_vmas,
	.pages = procfs_pages,
};

/*
 * Whether this kernel has soft-dirty bits (not on arm64, say): all that is in a new
 * mapping has one.
 */
static bool has_soft_dirty(void)
{
	size_t page = mms_page_size();
	char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (p != MAP_FAILED && fd >= 0) {
		*(volatile char *)p = 1;
		if (pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)p / page * sizeof(entry))) !=
		    sizeof(entry))
			entry = 0;
	}
	if (p != MAP_FAILED)
		munmap(p, page);
	if (fd >= 0)
		close(fd);
	return entry & PM_SOFT_DIRTY;
}

int mmsi_procfs_attach(struct mms_target *t, struct mms_error *err)
{
	(void)err;
	t->source = &procfs_source;
	t->categories = MMSCOPE_CAT(PRESENT) | MMSCOPE_CAT(SWAPPED) | MMSCOPE_CAT(UFFD_WP) |
			(has_soft_dirty() ? MMSCOPE_CAT(SOFT_DIRTY) : 0);
	return 0;
}
