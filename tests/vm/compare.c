/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compare.c - each page's state against the kernel's own witnesses. A
 * comparison counts only if pagemap said the same before and after it.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "compare.h"

#define CHUNK 4096		/* pages at a time */
#define VMA_MOST (1 << 16)	/* pages of one VMA that are looked at */

const char *const witness[WITNESSES] = {
	"present", "swap", "file", "exclusive", "uffd_wp", "soft_dirty", "frame", "mincore",
	"kpageflags", "asked_less",
};

const char *const difference[DIFFERENCES] = {
	"pagemap does not look into PFNMAP", "pagemap takes the huge zero page for a file's", "told to nobody but owner and writer",
	"the swap cache is closed to modules", "kpageflags calls any anonymous page KSM", "a page of the kernel's own",
	"pagemap of this kernel does not say of huge pages that they are a file's",
	"pagemap of this kernel does not tell of write protection",
};

struct page_view {
	u64 cats, frame;	/* the module's */
	u64 apart;		/* of these: what it told otherwise when asked for less */
	u64 pm, kpf;		/* the kernel's */
	u64 kpf_after;
	unsigned char core;
};

static int module_view(const struct comparison *c, u64 start, u64 n, struct page_view *v)
{
	struct mmscope_pages ask = {
		.size = sizeof(ask), .flags = MMSCOPE_PAGES_FRAMES, .start = start,
		.end = start + n * page, .categories = told,
	};
	struct runs runs;
	u64 i, a, seen = 0;
	int err = get_runs(c->fd, &ask, 1024, &runs);

	for (i = 0; !err && i < runs.count; i++) {
		const struct mmscope_run *r = &runs.run[i];

		for (a = r->start; a < r->end; a += page, seen++) {
			u64 k = (a - start) / page;

			v[k].cats = r->categories;
			v[k].frame = r->frame;
			if (r->categories & CAT(PRESENT))
				v[k].frame += (a - r->start) / page;
		}
	}
	free(runs.run);
	return err ? err : seen == n ? 0 : ERANGE;
}

/*
 * Without frames entries are told of at once, and what is asked for decides what is
 * looked at, and by which piece of code: each page is to be the same by all of them.
 */
static int narrow_view(const struct comparison *c, u64 start, u64 n, u64 set,
		       struct page_view *v)
{
	struct mmscope_pages ask = {
		.size = sizeof(ask), .start = start, .end = start + n * page,
		.categories = set & told,
	};
	struct runs runs;
	u64 i, a, seen = 0;
	int err = get_runs(c->fd, &ask, 1024, &runs);

	for (i = 0; !err && i < runs.count; i++)
		for (a = runs.run[i].start; a < runs.run[i].end; a += page, seen++) {
			struct page_view *p = &v[(a - start) / page];

			p->apart |= (runs.run[i].categories ^ p->cats) & ask.categories;
		}
	free(runs.run);
	return err ? err : seen == n ? 0 : ERANGE;
}

static int narrow_views(const struct comparison *c, u64 start, u64 n, struct page_view *v)
{
	static const u64 sets[] = {
		MMSCOPE_CATS_ALL, MMSCOPE_CATS_ENTRY, MMSCOPE_CATS_CACHE,
		CAT(PRESENT) | CAT(SWAPPED) | CAT(ANON) | CAT(FILE) | CAT(SHMEM),
		CAT(PRESENT) | CAT(SWAPPED) | CAT(DIRTY) | CAT(SHARED) | CAT(PAGE_DIRTY),
		CAT(SHARED) | CAT(PAGE_DIRTY) | CAT(MLOCKED) | CAT(UNEVICTABLE),
		CAT(PRESENT) | CAT(KSM) | CAT(LAZYFREE),
	};
	size_t k;
	u64 i;
	int err;

	for (i = 0; i < n; i++)
		v[i].apart = 0;
	for (k = 0; k < ARRAY_SIZE(sets); k++) {
		err = narrow_view(c, start, n, sets[k], v);
		if (err)
			return err;
	}
	return 0;
}

static bool any_apart(const struct page_view *v, u64 n)
{
	u64 i;

	for (i = 0; i < n; i++)
		if (v[i].apart)
			return true;
	return false;
}

/* All views of n pages; how many tries it took to find them at rest, or -1. */
static int look(const struct comparison *c, u64 start, u64 n, struct page_view *v)
{
	static u64 before[CHUNK], after[CHUNK];
	static unsigned char *core;
	const int most = 20;
	int tries, err;
	u64 i;

	if (!core)
		core = shared(CHUNK);
	for (tries = 0; tries < most; tries++) {
		if (c->mincore && c->mincore(start, n, core))
			return -1;
		if (pagemap(c->pid, start, n, before))
			return -1;
		for (i = 0; c->kpageflags && i < n; i++)
			v[i].kpf = before[i] & PM_PRESENT ? kpageflags(before[i] & PM_FRAME) : 0;
		err = module_view(c, start, n, v);
		if (!err)
			err = narrow_views(c, start, n, v);
		if (err) {
			tap_note("PAGES of %llx: %s", start, strerrorname_np(err));
			return -1;
		}
		for (i = 0; c->kpageflags && i < n; i++)
			v[i].kpf_after = before[i] & PM_PRESENT ?
					 kpageflags(before[i] & PM_FRAME) : 0;
		if (pagemap(c->pid, start, n, after))
			return -1;
		for (i = 0; i < n; i++) {
			v[i].pm = after[i];
			v[i].core = core[i] & 1;
		}
		/* What the kernel does to a page meanwhile is not there each time. */
		if (!memcmp(before, after, n * sizeof(*before)) &&
		    (!any_apart(v, n) || tries == most - 1))
			return tries;
		usleep(2000);
	}
	return -1;
}

/* ---- what pagemap should say of these categories ---- */

#define NONPRESENT (CAT(SWAPPED) | CAT(MIGRATING) | CAT(DEVICE) | CAT(POISONED) | CAT(GUARD))

static u64 pagemap_bits(u64 cats)
{
	u64 pm = 0;
	bool present = cats & CAT(PRESENT);

	if (present)
		pm |= PM_PRESENT;
	else if (!(cats & CAT(HUGETLB)) && (cats & NONPRESENT || cats & CAT(UFFD_WP)))
		pm |= PM_SWAP;
	if (cats & (CAT(FILE) | CAT(SHMEM)))
		pm |= PM_FILE;
	if (present && !(cats & (CAT(ZERO) | CAT(SPECIAL) | CAT(SHARED))))
		pm |= PM_EXCLUSIVE;
	if (cats & CAT(UFFD_WP))
		pm |= PM_UFFD_WP;
	if (cats & CAT(SOFT_DIRTY))
		pm |= PM_SOFT_DIRTY;
	return pm;
}

/* ---- what this kernel's pagemap can say, asked of pages of our own ---- */

#define HUGE (2UL << 20)

/* A page of a file in a huge mapping; 0 if there can be none. */
static u64 entry_of_huge_file(void)
{
	char dir[] = "/tmp/huge.XXXXXX", name[32], *p;
	u64 entry = 0;
	int fd;

	if (!mkdtemp(dir) || mount("huge", dir, "tmpfs", 0, "huge=always"))
		return 0;
	snprintf(name, sizeof(name), "%s/file", dir);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	p = mmap(NULL, 2 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p = (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
	if (fd >= 0 && !ftruncate(fd, HUGE) &&
	    mmap(p, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == p) {
		memset(p, 1, HUGE);
		pagemap(getpid(), (uintptr_t)p, 1, &entry);
		munmap(p, HUGE);
	}
	close(fd);
	umount2(dir, MNT_DETACH);
	rmdir(dir);
	return entry;
}

/* A page that is write-protected by userfaultfd; 0 if there can be none. */
static u64 entry_of_protected(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	char *p = isle(page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_range range = { (uintptr_t)p, page };
	struct uffdio_register r = { .range = range, .mode = UFFDIO_REGISTER_MODE_WP };
	struct uffdio_writeprotect wp = { .range = range, .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	int u = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	u64 entry = 0;

	p[0] = 1;
	if (u >= 0 && !ioctl(u, UFFDIO_API, &api) && !ioctl(u, UFFDIO_REGISTER, &r) &&
	    !ioctl(u, UFFDIO_WRITEPROTECT, &wp))
		pagemap(getpid(), (uintptr_t)p, 1, &entry);
	close(u);
	munmap(p, page);
	return entry;
}

/* The bits that it never sets, as 5.10 does not: PM_FILE, of huge pages only. */
static u64 pagemap_blind(void)
{
	static u64 blind = ~0ULL;
	u64 entry;

	if (blind != ~0ULL)
		return blind;
	blind = 0;
	entry = entry_of_huge_file();
	if (entry & PM_PRESENT && !(entry & PM_FILE))
		blind |= PM_FILE;
	entry = entry_of_protected();
	if (entry & PM_PRESENT && !(entry & PM_UFFD_WP))
		blind |= PM_UFFD_WP;
	return blind;
}

static bool against_pagemap(const struct page_view *v, u64 flags, struct tally *t)
{
	static const u64 bit[] = { PM_PRESENT, PM_SWAP, PM_FILE, PM_EXCLUSIVE, PM_UFFD_WP,
				   PM_SOFT_DIRTY };
	u64 want = pagemap_bits(v->cats), differ;
	bool fine = true;
	size_t k;

	if (flags & MMSCOPE_VMA_PFNMAP && !(v->pm & PM_PRESENT)) {
		t->named[D_PFNMAP] += !!(v->cats & CAT(PRESENT));
		return true;
	}
	differ = want ^ v->pm;
	if (differ & v->pm & PM_FILE && v->cats & CAT(HUGE_PMD) && v->cats & CAT(ZERO)) {
		t->named[D_HUGE_ZERO]++;
		differ &= ~PM_FILE;
	}
	if (differ & want & PM_FILE && v->cats & CAT(HUGE_PMD) && !(v->cats & CAT(HUGETLB)) &&
	    pagemap_blind() & PM_FILE) {
		t->named[D_HUGE_FILE]++;
		differ &= ~PM_FILE;
	}
	if (differ & want & PM_UFFD_WP && pagemap_blind() & PM_UFFD_WP) {
		t->named[D_NO_UFFD_WP]++;
		differ &= ~PM_UFFD_WP;
	}
	for (k = 0; k < ARRAY_SIZE(bit); k++) {
		t->bad[k] += !!(differ & bit[k]);
		fine = fine && !(differ & bit[k]);
	}
	if (v->pm & (PM_PRESENT | PM_SWAP) && v->frame != (v->pm & PM_FRAME)) {
		t->bad[W_FRAME]++;
		fine = false;
	}
	return fine;
}

static bool against_mincore(const struct comparison *c, const struct page_view *v, u64 flags,
			    bool file, struct tally *t)
{
	(void)flags;
	if (!(v->cats & CAT(CACHE_UNKNOWN))) {
		t->bad[W_MINCORE] += v->core != !!(v->cats & CAT(IN_CORE));
		return v->core == !!(v->cats & CAT(IN_CORE));
	}
	if (v->cats & (CAT(SWAPPED) | CAT(CACHE_SWAPPED)))
		t->named[D_SWAP_CACHE]++;
	else if (!file)
		t->named[D_KERNEL_PAGE]++;
	else if (!c->may_know)
		t->named[D_PRIVACY]++;
	else
		return t->bad[W_MINCORE]++, false;
	return true;
}

/* Does kpageflags call a page KSM's that was never offered to it? */
static bool ksm_is_a_lie(void)
{
	static int lie = -1;
	u64 entry = 0;
	char *p;

	if (lie >= 0)
		return lie;
	p = isle(page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p[0] = 1;
	pagemap(getpid(), (uintptr_t)p, 1, &entry);
	lie = kpageflags(entry & PM_FRAME) >> KPF_KSM & 1;
	munmap(p, page);
	return lie;
}

/* Flags that are at rest, of pages that stand alone. */
static bool against_kpageflags(const struct page_view *v, struct tally *t)
{
	static const struct {
		int kpf;
		u64 cat;
	} same[] = {
		{ KPF_MLOCKED, CAT(MLOCKED) }, { KPF_UNEVICTABLE, CAT(UNEVICTABLE) },
		{ KPF_KSM, CAT(KSM) }, { 12, CAT(ANON) }, { 4, CAT(PAGE_DIRTY) },
	};
	u64 kpf = v->kpf, at_rest = ~(v->kpf ^ v->kpf_after);
	bool fine = true;
	size_t i;

	if (!(v->cats & CAT(PRESENT)) || v->cats & CAT(SPECIAL))
		return true;
	if (kpf >> KPF_KSM & 1 && kpf >> 12 & 1 && !(v->cats & CAT(KSM)) && ksm_is_a_lie()) {
		kpf &= ~(1ULL << KPF_KSM);
		t->named[D_KPF_KSM]++;
	}
	fine = fine && (kpf >> KPF_ZERO_PAGE & 1) == !!(v->cats & CAT(ZERO));
	fine = fine && (kpf >> KPF_HUGE & 1) == !!(v->cats & CAT(HUGETLB));
	if (v->cats & CAT(HUGE_PMD) && !(v->cats & CAT(HUGETLB)))
		fine = fine && (kpf >> KPF_THP & 1);
	/* 15, 16: head or tail of a compound page; whose flags they are varies. */
	if (!(kpf >> 15 & 3) && !(v->cats & CAT(ZERO))) {
		for (i = 0; i < ARRAY_SIZE(same); i++)
			if (at_rest >> same[i].kpf & 1)
				fine = fine && (kpf >> same[i].kpf & 1) == !!(v->cats & same[i].cat);
		/*
		 * 14: swap-backed. Anonymous and not so: MADV_FREE is pending,
		 * unless it was written since, which the entry knows; or the page
		 * (4), to which KSM hands that on.
		 */
		if (kpf >> 12 & 1 && !(v->cats & CAT(DIRTY)) && at_rest >> 4 & 1)
			fine = fine && !(kpf >> 14 & 1 || kpf >> 4 & 1) ==
				       !!(v->cats & CAT(LAZYFREE));
	}
	t->bad[W_KPAGEFLAGS] += !fine;
	return fine;
}

/* ---- a range, a process ---- */

static bool has_file(pid_t pid, u64 start)
{
	struct maps maps;
	const struct map *m;
	bool file;

	if (get_maps(pid, &maps))
		return true;
	m = map_at(&maps, start);
	file = m && (m->inode || m->major || m->minor);
	free_maps(&maps);
	return file;
}

static void compare_chunk(const struct comparison *c, u64 start, u64 n, u64 flags, bool file,
			  struct tally *t)
{
	static struct page_view view[CHUNK];
	static int notes;
	u64 i;

	if (look(c, start, n, view) < 0) {
		t->unsettled += n;
		return;
	}
	for (i = 0; i < n; i++) {
		struct page_view *v = &view[i];
		bool fine = against_pagemap(v, flags, t);

		if (c->mincore)
			fine &= against_mincore(c, v, flags, file, t);
		if (c->kpageflags)
			fine &= against_kpageflags(v, t);
		t->bad[W_ASKED_LESS] += !!v->apart;
		fine &= !v->apart;
		t->all = t->pages++ ? t->all & v->cats : v->cats;
		t->any |= v->cats;
		t->present += !!(v->cats & CAT(PRESENT));
		if (!fine && notes++ < 60)
			tap_note("%llx: categories %llx frame %llx; pagemap %llx, as expected %llx;"
				 " mincore %d; kpageflags %llx; asked for less, otherwise: %llx",
				 start + i * page, v->cats, v->frame, v->pm,
				 pagemap_bits(v->cats), v->core, v->kpf, v->apart);
	}
}

void compare_range(const struct comparison *c, u64 start, u64 pages, u64 flags, struct tally *t)
{
	bool file = has_file(c->pid, start);
	u64 n;

	if (pages > VMA_MOST)
		pages = VMA_MOST;
	for (; pages; pages -= n, start += n * page) {
		n = pages < CHUNK ? pages : CHUNK;
		compare_chunk(c, start, n, flags, file, t);
	}
}

void compare_process(const struct comparison *c, struct tally *t)
{
	struct snapshot snap;
	u64 i;

	if (get_vmas(c->fd, 0, 1ULL << 56, false, &snap)) {
		t->unsettled++;
		return;
	}
	for (i = 0; i < snap.count; i++)
		compare_range(c, snap.vmas[i].start,
			      (snap.vmas[i].end - snap.vmas[i].start) / page,
			      snap.vmas[i].flags, t);
	free_vmas(&snap);
}

void report(const char *name, const struct tally *t, const struct comparison *c)
{
	int k;

	for (k = 0; k < WITNESSES; k++) {
		if ((k == W_MINCORE && !c->mincore) || (k == W_KPAGEFLAGS && !c->kpageflags))
			continue;
		eq(t->bad[k], 0, "%s.%s", name, witness[k]);
	}
	eq(t->unsettled, 0, "%s.settled", name);
	for (k = 0; k < DIFFERENCES; k++)
		if (t->named[k])
			tap_note("%s: %llu of %llu pages: %s", name, t->named[k], t->pages,
				 difference[k]);
}
