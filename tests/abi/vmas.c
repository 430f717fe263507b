/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vmas.c - VMAS against /proc/PID/maps line by line, for every kind of mapping
 * and of name; its ranges and its room; and its accounting against smaps and
 * the sums of PAGES.
 */
#include <limits.h>
#include <linux/memfd.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "kit.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

static struct subject s;
static int fd;
static char *folder;

/* ---- a zoo of mappings, made in the subject ---- */

static void map_file(const char *name, size_t bytes, int prot, int flags, off_t offset)
{
	int f = open(name, O_RDWR | O_CREAT, 0600);

	if (f < 0 || ftruncate(f, offset + bytes))
		_exit(50);
	isle(bytes, prot, flags, f, offset);
	close(f);
}

static void *anon(size_t bytes, int prot, int flags)
{
	return isle(bytes, prot, flags | MAP_ANONYMOUS, -1, 0);
}

/* A path of `length` bytes, made of folders with long names. */
static void map_long_path(size_t length)
{
	char here[PATH_MAX], part[256];
	size_t left;
	int home = open(".", O_RDONLY | O_DIRECTORY);

	if (!getcwd(here, sizeof(here)))
		_exit(51);
	left = length - strlen(here);
	while (left > 251 + 2) {
		memset(part, 'd', 250);
		part[250] = 0;
		mkdir(part, 0700);
		if (chdir(part))
			_exit(52);
		left -= 251;
	}
	memset(part, 'f', left - 1);
	part[left - 1] = 0;
	map_file(part, page, PROT_READ, MAP_SHARED, 0);
	if (fchdir(home))
		_exit(53);
	close(home);
}

static long make_names(void *where)
{
	static const char *const names[] = {
		"plain", "with some spaces", " leading", "trailing ", "new\nline", "\nfirst",
		"tab\there", "bell\a escape\x1b[31m", "back\\slash", "fake (deleted)", "\\012",
		"umlaut \xc3\xbc", "\xff\xfe not utf-8", "quote\"'`$(x)", "[heap]", "a\r\nb", "\177",
	};
	size_t i;

	if (chdir(where))
		return errno;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		map_file(names[i], page, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	map_file("gone", 2 * page, PROT_READ, MAP_PRIVATE, page);
	map_file("gone\nand split", page, PROT_READ, MAP_PRIVATE, 0);
	unlink("gone");
	unlink("gone\nand split");
	map_long_path(255);
	map_long_path(4095);
	map_long_path(5000);
	mkdir("folder", 0700);
	map_file("folder/child", page, PROT_READ, MAP_PRIVATE, 0);
	unlink("folder/child");
	rmdir("folder");
	return 0;
}

static long make_kinds(void *arg)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_WRITE, PROT_EXEC,
				     PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC,
				     PROT_READ | PROT_WRITE | PROT_EXEC };
	int f, id, zero = open("/dev/zero", O_RDWR);
	size_t i;
	char *p;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(prots); i++) {
		anon(page, prots[i], MAP_PRIVATE);
		anon(page, prots[i], MAP_SHARED);
	}
	map_file("offset", 4 * page, PROT_READ, MAP_SHARED, 1 << 20);
	map_file("far", page, PROT_READ, MAP_SHARED, 1LL << 40);
	map_file("both", page, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
	isle(page, PROT_READ | PROT_WRITE, MAP_SHARED, zero, 0);
	isle(page, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
	f = memfd_create("mem fd\n1", MFD_CLOEXEC);
	if (f < 0 || ftruncate(f, 8 * page))
		return 54;
	isle(3 * page, PROT_READ, MAP_SHARED, f, 4 * page);
	id = shmget(IPC_PRIVATE, 3 * page, IPC_CREAT | 0600);
	if (id >= 0) {
		shmat(id, NULL, 0);
		shmctl(id, IPC_RMID, NULL);
	}
	isle(page, PROT_READ, MAP_PRIVATE, open("/proc/self/exe", O_RDONLY), 0);
	p = anon(4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p, 2 * page, "a name, of ours");
	p = anon(4 * page, PROT_READ | PROT_WRITE, MAP_SHARED);
	prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p, 4 * page, "a shared name");
	anon(16 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_GROWSDOWN);
	sbrk(100);
	memset(sbrk(9 * page), 1, page);
	close(zero);
	return 0;
}

/* ---- maps against VMAS ---- */

/* As maps writes a name: the newline, and it alone, in octal. */
static void as_in_maps(const char *name, char *out)
{
	for (; *name; name++) {
		if (*name == '\n')
			out += sprintf(out, "\\012");
		else
			*out++ = *name;
	}
	*out = 0;
}

static void perms_of(const struct mmscope_vma *v, char *perms)
{
	perms[0] = v->flags & MMSCOPE_VMA_READ ? 'r' : '-';
	perms[1] = v->flags & MMSCOPE_VMA_WRITE ? 'w' : '-';
	perms[2] = v->flags & MMSCOPE_VMA_EXEC ? 'x' : '-';
	perms[3] = v->flags & MMSCOPE_VMA_MAYSHARE ? 's' : 'p';
	perms[4] = 0;
}

enum { START, END, PERMS, OFFSET, DEVICE, INODE, NAME, ASPECTS };
static const char *const aspect[ASPECTS] = {
	"start", "end", "perms", "offset", "device", "inode", "name",
};

static const char *name_of(const struct snapshot *snap, u64 i)
{
	return snap->vmas[i].name_len ? snap->names + snap->vmas[i].name_offset : "";
}

static void compare(const struct snapshot *snap, u64 i, const struct map *m, int *bad)
{
	const struct mmscope_vma *v = &snap->vmas[i];
	static char name[8 * PATH_MAX];
	int before[ASPECTS], k, worse = 0;
	char perms[5];

	memcpy(before, bad, sizeof(before));
	perms_of(v, perms);
	as_in_maps(name_of(snap, i), name);
	bad[START] += v->start != m->start;
	bad[END] += v->end != m->end;
	bad[PERMS] += !!strcmp(perms, m->perms);
	bad[OFFSET] += v->offset != m->offset;
	bad[DEVICE] += v->dev_major != m->major || v->dev_minor != m->minor;
	bad[INODE] += v->inode != m->inode;
	/* Blanks before a name cannot be told from the padding. */
	bad[NAME] += strcmp(name + strspn(name, " "), m->name) ||
		     v->name_len != strlen(name_of(snap, i));
	for (k = 0; k < ASPECTS; k++)
		worse += bad[k] != before[k];
	if (worse)
		tap_note("%llx-%llx %s %llx %x:%x %llu '%.200s' in maps is\n"
			 "%llx-%llx %s %llx %x:%x %llu '%.200s' (name of %u bytes) in VMAS",
			 m->start, m->end, m->perms, m->offset, m->major, m->minor, m->inode,
			 m->name, v->start, v->end, perms, v->offset, v->dev_major, v->dev_minor,
			 v->inode, name, v->name_len);
}

static void compare_all(pid_t pid, int session_fd, const char *what)
{
	struct snapshot snap;
	struct maps maps;
	int bad[ASPECTS] = { 0 }, k, err;
	u64 i;

	err = get_vmas(session_fd, 0, 1ULL << 56, false, &snap);
	eq_err(err, 0, "vmas.%s.answers", what);
	if (get_maps(pid, &maps))
		tap_bail("maps of %d", pid);
	eq(snap.count, maps.count, "vmas.%s.count", what);
	for (i = 0; i < snap.count && i < maps.count; i++)
		compare(&snap, i, &maps.map[i], bad);
	for (k = 0; k < ASPECTS; k++)
		eq(bad[k], 0, "vmas.%s.%s", what, aspect[k]);
	eq(snap.mm.map_count, maps.count, "vmas.%s.mm_map_count", what);
	free_maps(&maps);
	free_vmas(&snap);
}

/* ---- what maps does not tell ---- */

static const struct mmscope_vma *vma_at(const struct snapshot *snap, u64 address)
{
	u64 i;

	for (i = 0; i < snap->count; i++)
		if (address >= snap->vmas[i].start && address < snap->vmas[i].end)
			return &snap->vmas[i];
	return NULL;
}

/* VmFlags of smaps: two letters a flag. */
static const struct {
	char code[3];
	u64 flag;
} codes[] = {
	{ "rd", MMSCOPE_VMA_READ }, { "wr", MMSCOPE_VMA_WRITE }, { "ex", MMSCOPE_VMA_EXEC },
	{ "sh", MMSCOPE_VMA_SHARED }, { "mr", MMSCOPE_VMA_MAYREAD },
	{ "mw", MMSCOPE_VMA_MAYWRITE }, { "me", MMSCOPE_VMA_MAYEXEC },
	{ "ms", MMSCOPE_VMA_MAYSHARE }, { "gd", MMSCOPE_VMA_GROWSDOWN },
	{ "pf", MMSCOPE_VMA_PFNMAP }, { "mm", MMSCOPE_VMA_MIXEDMAP }, { "io", MMSCOPE_VMA_IO },
	{ "lo", MMSCOPE_VMA_LOCKED }, { "sr", MMSCOPE_VMA_SEQ_READ },
	{ "rr", MMSCOPE_VMA_RAND_READ }, { "dc", MMSCOPE_VMA_DONTCOPY },
	{ "de", MMSCOPE_VMA_DONTEXPAND }, { "ac", MMSCOPE_VMA_ACCOUNT },
	{ "nr", MMSCOPE_VMA_NORESERVE }, { "ht", MMSCOPE_VMA_HUGETLB },
	{ "wf", MMSCOPE_VMA_WIPEONFORK }, { "dd", MMSCOPE_VMA_DONTDUMP },
	{ "sd", MMSCOPE_VMA_SOFTDIRTY }, { "hg", MMSCOPE_VMA_HUGEPAGE },
	{ "nh", MMSCOPE_VMA_NOHUGEPAGE }, { "mg", MMSCOPE_VMA_MERGEABLE },
	{ "um", MMSCOPE_VMA_UFFD_MISSING }, { "uw", MMSCOPE_VMA_UFFD_WP },
};

static u64 flags_in(const char *line)
{
	u64 flags = 0;
	size_t i;

	for (; *line >= ' '; line++)
		for (i = 0; i < ARRAY_SIZE(codes); i++)
			if (!strncmp(line, codes[i].code, 2) && line[-1] == ' ')
				flags |= codes[i].flag;
	return flags;
}

static long make_flags(void *arg)
{
	size_t n = 4 * page;
	int rw = PROT_READ | PROT_WRITE;

	(void)arg;
	madvise(anon(n, rw, MAP_PRIVATE), n, MADV_SEQUENTIAL);
	madvise(anon(n, rw, MAP_PRIVATE), n, MADV_RANDOM);
	madvise(anon(n, rw, MAP_PRIVATE), n, MADV_DONTFORK);
	madvise(anon(n, rw, MAP_PRIVATE), n, MADV_WIPEONFORK);
	madvise(anon(n, rw, MAP_PRIVATE), n, MADV_DONTDUMP);
	madvise(anon(n, rw, MAP_PRIVATE), n, MADV_HUGEPAGE);
	madvise(anon(n, rw, MAP_PRIVATE), n, MADV_NOHUGEPAGE);
	madvise(anon(n, rw, MAP_PRIVATE), n, MADV_MERGEABLE);
	anon(n, rw, MAP_PRIVATE | MAP_NORESERVE);
	mlock(anon(n, rw, MAP_PRIVATE), n);
	return 0;
}

static void test_flags(void)
{
	char *smaps = read_text("/proc/%d/smaps", s.pid), *p = smaps, *name;
	u64 known = 0, seen = 0, i, bad = 0;
	struct mmscope_info info;
	struct snapshot snap;

	get_info(fd, &info);
	get_vmas(fd, 0, 1ULL << 56, false, &snap);
	for (i = 0; i < ARRAY_SIZE(codes); i++)
		known |= codes[i].flag & info.vma_flags;
	for (i = 0; i < snap.count; i++) {
		u64 want;

		p = p ? strstr(p, "VmFlags:") : NULL;
		if (!p)
			break;
		want = flags_in(p + 9) & known;
		p++;
		seen |= want;
		if (want == (snap.vmas[i].flags & known))
			continue;
		bad++;
		name = strtok(strndupa(p - 1, 200), "\n");
		tap_note("%llx: %s: flags %llx, want %llx", snap.vmas[i].start, name,
			 snap.vmas[i].flags & known, want);
	}
	eq(bad, 0, "vmas.flags");
	ok(seen & MMSCOPE_VMA_LOCKED && seen & MMSCOPE_VMA_DONTDUMP &&
	   seen & MMSCOPE_VMA_WIPEONFORK && seen & MMSCOPE_VMA_NORESERVE, "vmas.flags_were_seen");
	free_vmas(&snap);
	free(smaps);
}

static void test_backing(void)
{
	static const struct {
		const char *test, *name;
		int backing;
	} table[] = {
		{ "vdso", "[vdso]", MMSCOPE_BACKING_SPECIAL },
		{ "vvar", "[vvar]", MMSCOPE_BACKING_SPECIAL },
		{ "heap", "[heap]", MMSCOPE_BACKING_ANON },
		{ "stack", "[stack]", MMSCOPE_BACKING_ANON },
		{ "zero_shared", "/dev/zero (deleted)", MMSCOPE_BACKING_SHMEM },
		{ "memfd", "/memfd:mem fd\n1 (deleted)", MMSCOPE_BACKING_SHMEM },
		{ "sysv", "/SYSV00000000 (deleted)", MMSCOPE_BACKING_SHMEM },
		{ "program", NULL, MMSCOPE_BACKING_FILE },
	};
	char exe[PATH_MAX] = "";
	struct snapshot snap;
	size_t k;
	u64 i;

	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0)
		exe[0] = 0;
	get_vmas(fd, 0, 1ULL << 56, false, &snap);
	for (k = 0; k < ARRAY_SIZE(table); k++) {
		const char *want = table[k].name ? table[k].name : exe;

		for (i = 0; i < snap.count; i++)
			if (!strcmp(name_of(&snap, i), want))
				break;
		if (i == snap.count) {
			ok(0, "vmas.backing.%s", table[k].test);
			tap_note("no VMA is called %s", want);
			continue;
		}
		eq(snap.vmas[i].backing, table[k].backing, "vmas.backing.%s", table[k].test);
		eq(!!(snap.vmas[i].role & MMSCOPE_ROLE_HEAP), !strcmp(want, "[heap]"),
		   "vmas.role_heap.%s", table[k].test);
		eq(!!(snap.vmas[i].role & MMSCOPE_ROLE_STACK), !strcmp(want, "[stack]"),
		   "vmas.role_stack.%s", table[k].test);
		eq(!!(snap.vmas[i].role & MMSCOPE_ROLE_DELETED), !!strstr(want, " (deleted)"),
		   "vmas.role_deleted.%s", table[k].test);
		eq(1UL << snap.vmas[i].page_shift, page, "vmas.page_shift.%s", table[k].test);
	}
	free_vmas(&snap);
}

/* A file whose very name ends in " (deleted)" is not deleted. */
static void test_fake_deleted(void)
{
	struct snapshot snap;
	u64 i, fake = 0, real = 0;

	get_vmas(fd, 0, 1ULL << 56, false, &snap);
	for (i = 0; i < snap.count; i++) {
		const char *name = name_of(&snap, i);

		if (strstr(name, "fake (deleted)"))
			fake += 1 + 10 * !!(snap.vmas[i].role & MMSCOPE_ROLE_DELETED);
		if (strstr(name, "/gone") && strstr(name, " (deleted)"))
			real += !!(snap.vmas[i].role & MMSCOPE_ROLE_DELETED);
	}
	eq(fake, 1, "vmas.fake_deleted");
	eq(real, 2, "vmas.real_deleted");
	free_vmas(&snap);
}

static void test_mlock_flags(void)
{
	char *p = isle(4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int self = session_of(getpid());
	const struct mmscope_vma *v;
	struct snapshot snap;

	if (mlock2(p, 4 * page, MLOCK_ONFAULT)) {
		skip("vmas.lockonfault", "mlock2: %s", strerror(errno));
	} else {
		get_vmas(self, 0, 1ULL << 56, false, &snap);
		v = vma_at(&snap, (uintptr_t)p);
		eq(v->flags & (MMSCOPE_VMA_LOCKED | MMSCOPE_VMA_LOCKONFAULT),
		   MMSCOPE_VMA_LOCKED | MMSCOPE_VMA_LOCKONFAULT, "vmas.lockonfault");
		free_vmas(&snap);
	}
	close(self);
}

/* ---- the mm of the same hold ---- */

static void test_mm(void)
{
	struct mmscope_mm mm;
	struct snapshot snap;
	u64 i, total = 0;

	get_mm(fd, &mm);
	get_vmas(fd, 0, 1ULL << 56, false, &snap);
	ok(!memcmp(&mm, &snap.mm, sizeof(mm)), "vmas.mm_equals_mm");
	for (i = 0; i < snap.count; i++)
		total += snap.vmas[i].end - snap.vmas[i].start;
	eq(total, snap.mm.total_vm, "vmas.sum_is_total_vm");
	free_vmas(&snap);
}

/* A writer maps and unmaps without end: list and header must agree all the same. */
static void churn(void *arg)
{
	void *p[64];
	int i;

	(void)arg;
	for (;;) {
		for (i = 0; i < 64; i++)
			p[i] = mmap(NULL, page, i & 1 ? PROT_READ : PROT_NONE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		for (i = 0; i < 64; i++)
			munmap(p[i], page);
	}
}

static void test_consistent(void)
{
	pid_t pid = child_of(churn, NULL);
	int f = session_of(pid), i, bad = 0, failed = 0, lag = 0;
	struct snapshot snap;
	u64 k, total;

	for (i = 0; i < 300; i++) {
		failed += !!get_vmas(f, 0, 1ULL << 56, false, &snap);
		for (k = 0, total = 0; k < snap.count; k++)
			total += snap.vmas[k].end - snap.vmas[k].start;
		bad += snap.count != snap.mm.map_count || total > snap.mm.total_vm;
		/* munmap takes the VMAs out, lets readers in, and counts at last. */
		lag += snap.mm.total_vm - total > page;
		free_vmas(&snap);
	}
	eq(failed, 0, "vmas.churn_answers");
	eq(bad, 0, "vmas.churn_list_agrees_with_mm");
	eq(lag, 0, "vmas.churn_total_lags_by_one_munmap_at_most");
	kill(pid, SIGKILL);
	wait_for(pid);
	close(f);
}

/* ---- ranges and room ---- */

static void test_ranges(void)
{
	struct snapshot all, part;
	u64 i, n, bad = 0;

	get_vmas(fd, 0, 1ULL << 56, false, &all);
	for (i = 0; i < all.count; i++) {
		const struct mmscope_vma *v = &all.vmas[i];

		/* One page of it is enough for it to be listed, in whole. */
		get_vmas(fd, v->end - page, v->end, false, &part);
		bad += part.count != 1 || part.vmas[0].start != v->start ||
		       part.vmas[0].end != v->end;
		free_vmas(&part);
		n = v->end != (i + 1 < all.count ? all.vmas[i + 1].start : 0);
		if (!n)
			continue;
		get_vmas(fd, v->end, v->end + page, false, &part);
		bad += part.count != 0;
		free_vmas(&part);
	}
	eq(bad, 0, "vmas.range_one_page");
	get_vmas(fd, all.vmas[2].start, all.vmas[6].end, false, &part);
	eq(part.count, 5, "vmas.range_several");
	free_vmas(&part);
	get_vmas(fd, 0, all.vmas[0].start, false, &part);
	eq(part.count, 0, "vmas.range_before_all");
	eq(part.names_bytes, 0, "vmas.range_empty_no_names");
	free_vmas(&part);
	free_vmas(&all);
}

static void test_no_names(void)
{
	struct mmscope_vmas v = { .size = sizeof(v), .end = 1ULL << 56, .vmas_len = 1000 };
	struct mmscope_vma *list = calloc(1000, sizeof(*list));
	struct snapshot snap;
	u64 i, named = 0, differ = 0;

	v.vmas = (uintptr_t)list;
	eq_err(call(fd, MMSCOPE_VMAS, &v), 0, "vmas.no_names");
	get_vmas(fd, 0, 1ULL << 56, false, &snap);
	eq(v.vmas_count, snap.count, "vmas.no_names_count");
	for (i = 0; i < v.vmas_count; i++) {
		named += list[i].name_len;
		differ += list[i].start != snap.vmas[i].start || list[i].flags != snap.vmas[i].flags;
	}
	eq(named, 0, "vmas.no_names_lengths");
	eq(differ, 0, "vmas.no_names_same_records");
	eq(v.names_bytes, 0, "vmas.no_names_bytes");
	free(list);
	free_vmas(&snap);
}

/* Names lie within the buffer, each with a NUL behind it. */
static void test_names_sound(void)
{
	struct snapshot snap;
	u64 i, bad = 0;

	get_vmas(fd, 0, 1ULL << 56, false, &snap);
	for (i = 0; i < snap.count; i++) {
		const struct mmscope_vma *v = &snap.vmas[i];

		if (v->name_len)
			bad += v->name_offset + v->name_len >= snap.names_bytes ||
			       snap.names[v->name_offset + v->name_len] ||
			       strlen(snap.names + v->name_offset) != v->name_len;
	}
	eq(bad, 0, "vmas.names_sound");
	free_vmas(&snap);
}

/* ---- accounting ---- */

#define MEDLEY 256
#define TWINS 16			/* each of these programs has more pages */

/* By bits of a page's number: written before, between and after, read, freed lazily. */
static void touch_some(char *p, int bit, char value)
{
	int i;

	for (i = 0; i < MEDLEY; i++)
		if (i & 1 << bit)
			p[i * page] = value;
}

/*
 * Pages of more kinds in a table than are counted side by side: what an entry says
 * (writable, dirty, soft-dirty, accessed) and what the page does (shared with a child,
 * of a file or not, to be freed) vary by themselves.
 */
static void make_medley(char *p)
{
	volatile char sum = 0;
	int i;

	madvise(p, MEDLEY * page, MADV_NOHUGEPAGE);
	for (i = 0; i < MEDLEY; i++)
		sum += p[i * page];
	touch_some(p, 0, 1);
	touch_some(p, 2, 1);
	write_text("/proc/self/clear_refs", "4");
	touch_some(p, 1, 2);
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	touch_some(p, 2, 3);
	for (i = 0; i < MEDLEY; i++)
		if (i & 8)
			madvise(p + i * page, page, MADV_FREE);
	write_text("/proc/self/clear_refs", "1");
	for (i = 0; i < MEDLEY; i++)
		if (i & 16)
			sum += p[i * page];
	for (i = 0; i < MEDLEY; i += 11)
		madvise(p + i * page, page, MADV_DONTNEED);
}

static void make_medleys(void)
{
	int f = open("medley", O_RDWR | O_CREAT, 0600), i;

	if (f < 0 || ftruncate(f, MEDLEY * page))
		_exit(55);
	for (i = 0; i < MEDLEY; i += 3)
		if (pwrite(f, &i, 1, i * page) != 1)
			_exit(56);
	make_medley(anon(MEDLEY * page, PROT_READ | PROT_WRITE, MAP_PRIVATE));
	make_medley(isle(MEDLEY * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, f, 0));
	close(f);
}

/*
 * Pages of a file and copies of some, of which the entries say the same: read-only, clean,
 * and not soft-dirty. (Copies become clean by swap; without, they are told by their entry.)
 */
static void make_twins(int f)
{
	char *p = isle(TWINS * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, f, 0);
	volatile char sum = 0;
	int i;

	for (i = 0; i < TWINS; i++) {
		sum += p[i * page];
		if (i % 3)
			((volatile char *)p)[i * page] = sum;
	}
	mprotect(p, TWINS * page, PROT_READ);
	write_text("/proc/self/clear_refs", "4");
	madvise(p, TWINS * page, MADV_PAGEOUT);
	for (i = 0; i < TWINS; i++)
		sum += p[i * page];
}

/* A large folio in small entries; a child shares some of it. */
static void make_parts(void)
{
	char *p = anon(4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	char *huge = (char *)(((uintptr_t)p + (2 << 20) - 1) & -(uintptr_t)(2 << 20));
	volatile char *done = anon(page, PROT_READ | PROT_WRITE, MAP_SHARED);
	pid_t child;
	int i;

	madvise(p, 4 << 20, MADV_HUGEPAGE);
	memset(huge, 1, 2 << 20);
	madvise(huge + 3 * page, page, MADV_DONTNEED);
	child = fork();
	if (child < 0)
		_exit(59);
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (i = 0; i < 200; i++)
			if (i & 6)
				madvise(huge + i * page, page, MADV_DONTNEED);
		*done = 1;
		for (;;)
			pause();
	}
	while (!*done)
		usleep(1000);
}

static long touch_things(void *arg)
{
	char *p = anon(64 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	volatile char sum = 0;
	int f = open("/proc/self/exe", O_RDONLY), i;
	char path[PATH_MAX] = "";
	char *name;

	(void)arg;
	madvise(p, 64 * page, MADV_NOHUGEPAGE);
	for (i = 0; i < 20; i++)
		p[i * page] = 1;
	for (i = 20; i < 30; i++)
		sum += p[i * page];
	p = anon(16 * page, PROT_READ | PROT_WRITE, MAP_SHARED);
	memset(p, 1, 5 * page);
	p = isle(4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, f, 0);
	sum += p[0];
	p[page] = 1;
	make_medleys();
	/* Of a program that does not run: nobody else maps it. */
	if (readlink("/proc/self/exe", path, sizeof(path) - 8) < 0)
		_exit(58);
	name = strrchr(path, '/');
	strcpy(name, "/mm");
	f = open(path, O_RDONLY);
	if (f < 0)
		_exit(58);
	make_twins(f);
	f = memfd_create("twins", 0);
	if (ftruncate(f, TWINS * page))
		_exit(57);
	make_twins(f);
	make_parts();
	return sum;
}

/* Do the accounts equal the sums of what PAGES tells? */
static int sums_differ(const struct snapshot *snap, bool tell)
{
	struct runs runs;
	u64 i, r, k;
	int off = 0;

	for (i = 0; i < snap->count; i++) {
		struct mmscope_pages ask = { .size = sizeof(ask), .start = snap->vmas[i].start,
					     .end = snap->vmas[i].end, .categories = told };
		u64 sums[40] = { 0 };

		get_runs(fd, &ask, 100, &runs);
		for (r = 0; r < runs.count; r++)
			for (k = 0; k < 40; k++)
				if (runs.run[r].categories >> k & 1)
					sums[k] += (runs.run[r].end - runs.run[r].start) / page;
		for (k = 0; k < 40; k++) {
			if (sums[k] == snap->accts[i].pages[k])
				continue;
			off++;
			if (tell)
				tap_note("%llx: category %llu: PAGES %llu, accts %llu",
					 snap->vmas[i].start, k, sums[k],
					 snap->accts[i].pages[k]);
		}
		free(runs.run);
	}
	return off;
}

/* Other processes share the C library's pages, and come and go: so several tries. */
static void test_accts(void)
{
	int bad[FIGURES], k, tries, wrong, off;
	struct snapshot snap;
	u64 i, alone;
	char *smaps;

	for (tries = 0; tries < 8; tries++) {
		smaps = read_text("/proc/%d/smaps", s.pid);
		if (get_vmas(fd, 0, 1ULL << 56, true, &snap))
			tap_note("VMAS failed");
		memset(bad, 0, sizeof(bad));
		for (i = 0; i < snap.count; i++)
			compare_acct(smaps, &snap.vmas[i], &snap.accts[i], bad);
		off = sums_differ(&snap, tries == 7);
		alone = accts_differ(fd, &snap);
		for (k = 0, wrong = off + !!alone; k < FIGURES; k++)
			wrong += bad[k];
		free(smaps);
		if (!wrong)
			break;
		if (tries < 7)
			free_vmas(&snap);
	}
	for (k = 0; k < FIGURES; k++)
		eq(bad[k], 0, "vmas.accts.%s", figure[k]);
	eq(off, 0, "vmas.accts.equal_sums_of_pages");
	eq(alone, 0, "vmas.accts.alone_as_together");
	for (i = 0, wrong = 0; i < snap.count; i++)
		for (k = MMSCOPE_CAT_COUNT; k < 40; k++)
			wrong += !!snap.accts[i].pages[k];
	eq(wrong, 0, "vmas.accts.unused_are_zero");
	free_vmas(&snap);
}

/* Only what was asked for is counted. */
static void test_acct_categories(void)
{
	struct mmscope_vmas v = { .size = sizeof(v), .end = 1ULL << 56, .vmas_len = 1000 };
	struct mmscope_acct *accts = calloc(1000, sizeof(*accts));
	struct snapshot snap;
	u64 i, k, bad = 0, wrong = 0;

	v.vmas = (uintptr_t)calloc(1000, sizeof(struct mmscope_vma));
	v.accts = (uintptr_t)accts;
	v.acct_categories = CAT(PRESENT) | CAT(ZERO);
	eq_err(call(fd, MMSCOPE_VMAS, &v), 0, "vmas.acct_categories.answers");
	get_vmas(fd, 0, 1ULL << 56, true, &snap);
	for (i = 0; i < v.vmas_count; i++) {
		wrong += accts[i].pages[0] != snap.accts[i].pages[0] ||
			 accts[i].pages[3] != snap.accts[i].pages[3];
		for (k = 0; k < 40; k++)
			bad += k != 0 && k != 3 && accts[i].pages[k];
	}
	eq(wrong, 0, "vmas.acct_categories.asked");
	eq(bad, 0, "vmas.acct_categories.not_asked");
	free_vmas(&snap);
	free((void *)(uintptr_t)v.vmas);
	free(accts);
}

/* ---- a patchwork: very many small VMAs, with holes, made and unmade ---- */

#define PATCHES 3000
#define STAGES 6

static char *patchwork;
static u64 luck = 1;

static unsigned int random_below(unsigned int n)
{
	luck = luck * 6364136223846793005ULL + 1442695040888963407ULL;
	return (luck >> 33) % n;
}

/* Each stage makes some more of it, and takes some away: the kernel's tree is rewritten. */
static long make_patches(void *arg)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
	int failed = 0, i;

	if (!arg)
		patchwork = anon(PATCHES * page, PROT_NONE, MAP_PRIVATE | MAP_NORESERVE);
	else
		luck = (uintptr_t)arg;
	for (i = 0; i < PATCHES; i++) {
		char *at = patchwork + random_below(PATCHES) * page;

		switch (random_below(4)) {
		case 0:
			failed += munmap(at, page * (1 + random_below(3)) > (size_t)(patchwork +
				  PATCHES * page - at) ? page : page * 2) != 0;
			break;
		case 1:
			failed += mmap(at, page, prots[random_below(3)], MAP_PRIVATE |
				       MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at;
			break;
		default:
			/* Where nothing is mapped, it can't. */
			if (!mprotect(at, page, prots[i % 3]) && i % 3 == 2)
				at[0] = 1;
		}
	}
	return failed ? -1 : (long)(uintptr_t)patchwork;
}

static void compare_patches(u64 from, u64 *ranges_bad)
{
	struct snapshot all, part;
	u64 i, k, first, n;

	get_vmas(fd, 0, 1ULL << 56, false, &all);
	for (k = 0; k < 200; k++) {
		u64 start = from + random_below(PATCHES) * page;
		u64 end = start + (1 + random_below(k % 2 ? 40 : PATCHES)) * page;

		get_vmas(fd, start, end, false, &part);
		for (i = 0; i < all.count && all.vmas[i].end <= start; i++)
			;
		for (first = i, n = 0; i < all.count && all.vmas[i].start < end; i++)
			n++;
		*ranges_bad += part.count != n;
		for (i = 0; i < n && part.count == n; i++)
			*ranges_bad += part.vmas[i].start != all.vmas[first + i].start ||
				       part.vmas[i].end != all.vmas[first + i].end ||
				       part.vmas[i].flags != all.vmas[first + i].flags;
		free_vmas(&part);
	}
	free_vmas(&all);
}

static void test_patchwork(void)
{
	u64 ranges_bad = 0, alone = 0, i;
	int tries, err = 0;
	struct snapshot snap;
	char name[32];
	long at;

	for (i = 0; i < STAGES; i++) {
		at = subject_call(&s, make_patches, (void *)(uintptr_t)(i ? i * 7919 : 0));
		snprintf(name, sizeof(name), "patchwork_%llu", i);
		compare_all(s.pid, fd, name);
		compare_patches(at, &ranges_bad);
	}
	eq(ranges_bad, 0, "vmas.patchwork.ranges");
	/* Other processes share some of the pages, and come and go: so several tries. */
	for (tries = 0; tries < 8; tries++) {
		err = get_vmas(fd, 0, 1ULL << 56, true, &snap);
		alone = sums_differ(&snap, tries == 7) + accts_differ(fd, &snap);
		if (!alone || tries == 7)
			break;
		free_vmas(&snap);
	}
	eq_err(err, 0, "vmas.patchwork.accounts");
	ok(snap.count > PATCHES / 4, "vmas.patchwork.many");
	eq(alone, 0, "vmas.patchwork.sums");
	free_vmas(&snap);
}

/* ---- one's own ---- */

static void test_self(void)
{
	int f = session_of(getpid());
	char *buffer = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	struct mmscope_vmas v = {
		.size = sizeof(v), .end = 1ULL << 56, .vmas = (uintptr_t)buffer,
		.vmas_len = 1000, .names = (uintptr_t)buffer + (4 << 20), .names_len = 4 << 20,
	};

	/* The buffers are untouched: the kernel has to fault them in as it writes. */
	eq_err(call(f, MMSCOPE_VMAS, &v), 0, "vmas.self_untouched_buffers");
	close(f);
	munmap(buffer, 8 << 20);
}

int main(void)
{
	char where[] = "/tmp/mmscope-vmas-XXXXXX", command[64];

	tap_start("abi.", 60);
	folder = mkdtemp(where);
	if (!folder)
		tap_bail("%s: %s", where, strerror(errno));
	subject_start(&s);
	fd = session_of(s.pid);
	compare_all(s.pid, fd, "fresh");
	eq(subject_call(&s, make_names, folder), 0, "vmas.names_were_made");
	compare_all(s.pid, fd, "names");
	eq(subject_call(&s, make_kinds, NULL), 0, "vmas.kinds_were_made");
	compare_all(s.pid, fd, "kinds");
	subject_call(&s, make_flags, NULL);
	test_flags();
	test_backing();
	test_fake_deleted();
	test_mlock_flags();
	test_mm();
	test_consistent();
	test_ranges();
	test_no_names();
	test_names_sound();
	subject_call(&s, touch_things, NULL);
	test_accts();
	test_acct_categories();
	test_patchwork();
	test_self();
	subject_end(&s);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command))
		tap_note("%s failed", command);
	return tap_end();
}
