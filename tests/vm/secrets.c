/* SPDX-License-Identifier: GPL-2.0 */
/*
 * secrets.c - what no answer holds: a byte that nobody wrote, an address of the
 * kernel's, a page frame or a raw entry for those who may not see one.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include "people.h"

#define HUGE (2UL << 20)

static int *result;
static int root_fd;

/* ---- a subject at rest, with a page of many kinds ---- */

enum { WRITTEN, READ_ONLY, FILE_PAGE, SWAPPED_OUT, HUGE_PAGE, UNTOUCHED, KINDS };
static const char *const kinds[] = { "written", "zero_page", "file_page", "swapped", "huge_page",
				     "untouched" };
static char **place;		/* one a kind, in the subject */
static pid_t idle;

static void be_idle(void)
{
	char *p = isle(2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int f = open("/proc/self/exe", O_RDONLY);

	become(BOB, BOB);
	place[HUGE_PAGE] = (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
	madvise(place[HUGE_PAGE], HUGE, MADV_HUGEPAGE);
	*place[HUGE_PAGE] = 1;
	place[WRITTEN] = isle(4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(place[WRITTEN], 1, 4 * page);
	place[READ_ONLY] = isle(page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	(void)*(volatile char *)place[READ_ONLY];
	place[FILE_PAGE] = isle(page, PROT_READ, MAP_PRIVATE, f, 0);
	(void)*(volatile char *)place[FILE_PAGE];
	place[SWAPPED_OUT] = isle(4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1, 0);
	memset(place[SWAPPED_OUT], 7, 4 * page);
	madvise(place[SWAPPED_OUT], 4 * page, MADV_PAGEOUT);
	place[UNTOUCHED] = isle(page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* ---- frames need both the opener and the caller to be privileged ---- */

static int frames(int fd)
{
	struct mmscope_pages p = { .size = sizeof(p), .flags = MMSCOPE_PAGES_FRAMES };
	struct mmscope_walk w;
	struct mmscope_info info;
	int err = call(fd, MMSCOPE_PAGES, &p);

	get_info(fd, &info);
	return err | walk(fd, 0, MMSCOPE_WALK_RAW, &w) << 8 |
	       !(info.features & MMSCOPE_FEAT_FRAMES) << 16;
}
#define REFUSED (EPERM | EPERM << 8 | 1 << 16)

static void frames_as_alice(void *arg)
{
	(void)arg;
	be_alice();
	attach(root_fd, getpid());
	result[0] = frames(root_fd);
}

static void frames_as_userns(void *arg)
{
	(void)arg;
	be_userns_root_alice();
	result[0] = frames(session_of(getpid()));
}

static void frames_as_admin(void *arg)
{
	(void)arg;
	be_bob_with_admin();
	prctl(PR_SET_DUMPABLE, 1);
	result[0] = frames(session_of(getpid()));
}

static void frames_opened_low(void *arg)
{
	int fd;

	(void)arg;
	if (seteuid(ALICE))
		_exit(1);
	fd = session();
	if (seteuid(0))
		_exit(1);
	attach(fd, getpid());
	result[0] = frames(fd);
}

static void test_frames(void)
{
	static const struct {
		const char *name;
		void (*fn)(void *);
		int want;
	} table[] = {
		{ "roots_fd_used_by_alice", frames_as_alice, REFUSED },
		{ "userns_root", frames_as_userns, REFUSED },
		{ "bob_with_admin", frames_as_admin, 0 },
		{ "opened_by_alice_used_by_root", frames_opened_low, REFUSED },
	};
	size_t i;

	root_fd = session_of(getpid());
	eq(frames(root_fd), 0, "frames.root");
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		result[0] = -1;
		wait_for(child_of(table[i].fn, NULL));
		eq(result[0], table[i].want, "frames.%s", table[i].name);
	}
	close(root_fd);
}

/* ---- everything that can be had of a process, as bytes ---- */

#define ROOM 400		/* records */
#define NAMES 32768
#define MARGIN 64

struct answers {
	struct {
		char before[MARGIN];
		struct mmscope_info info;
		char behind_info[MARGIN];
		struct mmscope_mm mm;
		char behind_mm[MARGIN];
		struct mmscope_walk walk[KINDS];
		char behind_walk[MARGIN];
		struct mmscope_vmas vmas;
		char behind_vmas[MARGIN];
		struct mmscope_pages pages;
		char behind_pages[MARGIN];
		struct mmscope_mm inner_mm;
		char behind_inner[MARGIN];
	} fixed;
	struct mmscope_vma records[ROOM];
	struct mmscope_acct accts[ROOM];
	char names[NAMES];
	struct mmscope_run runs[ROOM];
	int errors;
};

/* Calls that take what we give them to their stack, the deeper the better. */
static void dirty_the_stack(int fill)
{
	struct timespec at_once = { 0 };
	unsigned char block[4096];

	memset(block, fill, sizeof(block));
	syscall(SYS_pselect6, 0x7fffffff, block, block, block, &at_once, NULL);
	syscall(SYS_ppoll, block, 100, &at_once, NULL, 0);
	syscall(SYS_writev, 1000, block, 8);
	syscall(SYS_readlinkat, AT_FDCWD, block, block, 0);
}

static int ask(int fd, unsigned long cmd, void *arg, int fill)
{
	dirty_the_stack(~fill);
	return call(fd, cmd, arg);
}

/* Where the kernel is to write is filled with @fill before. */
static void ask_all(int fd, struct answers *a, int fill)
{
	size_t k;

	memset(a, fill, sizeof(*a));
	a->fixed.info.size = sizeof(a->fixed.info);
	a->fixed.info.flags = 0;
	a->errors = ask(fd, MMSCOPE_INFO, &a->fixed.info, fill);
	a->fixed.mm.size = a->fixed.inner_mm.size = sizeof(a->fixed.mm);
	a->fixed.mm.flags = a->fixed.inner_mm.flags = 0;
	a->errors |= ask(fd, MMSCOPE_MM, &a->fixed.mm, fill);
	for (k = 0; k < KINDS; k++) {
		a->fixed.walk[k].size = sizeof(a->fixed.walk[k]);
		a->fixed.walk[k].flags = 0;
		a->fixed.walk[k].address = (uintptr_t)place[k];
		a->errors |= ask(fd, MMSCOPE_WALK, &a->fixed.walk[k], fill);
	}
	a->fixed.vmas = (struct mmscope_vmas){
		.size = sizeof(a->fixed.vmas), .end = 1ULL << 56,
		.vmas = (uintptr_t)a->records, .vmas_len = ROOM,
		.accts = (uintptr_t)a->accts,
		.names = (uintptr_t)a->names, .names_len = NAMES,
		.mm = (uintptr_t)&a->fixed.inner_mm,
		.vmas_count = 0x0101010101010101ULL * fill, .names_bytes = fill,
	};
	a->errors |= ask(fd, MMSCOPE_VMAS, &a->fixed.vmas, fill);
	a->fixed.pages = (struct mmscope_pages){
		.size = sizeof(a->fixed.pages), .end = 1ULL << 52, .categories = told,
		.runs = (uintptr_t)a->runs, .runs_len = ROOM,
		.cursor = fill, .runs_count = fill, .pages = fill,
	};
	a->errors |= ask(fd, MMSCOPE_PAGES, &a->fixed.pages, fill);
	/* Holds of all sessions: these do go on. */
	a->fixed.info.batches = a->fixed.info.longest_hold_ns = a->fixed.info.hold_ns = 0;
	memset(a->fixed.info.holds, 0, sizeof(a->fixed.info.holds));
}

/* Leave bytes of ours on the kernel's stack, and in its heap's free objects. */
static void dirty_the_kernel(int fill)
{
	static char block[32768];
	struct timespec at_once = { 0 };
	size_t size;
	int pair[2], i;

	memset(block, fill, sizeof(block));
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		return;
	for (size = 64; size <= sizeof(block) / 2; size *= 2) {
		for (i = 0; i < 8; i++)
			if (sendto(pair[0], block, size, MSG_DONTWAIT, NULL, 0) < 0)
				break;
		while (recv(pair[1], block, sizeof(block), MSG_DONTWAIT) > 0)
			;
	}
	memset(block, fill, sizeof(block));
	/* Copied to the stack, or the heap, and refused. */
	for (size = 8; size < 4096; size *= 2) {
		setsockopt(pair[0], SOL_SOCKET, SO_ATTACH_FILTER, block, size);
		syscall(SYS_pselect6, 0x7fffffff, block, block, block, &at_once, NULL);
		prctl(PR_SET_NAME, block);
	}
	prctl(PR_SET_NAME, "secrets");
	close(pair[0]);
	close(pair[1]);
}

static bool is_filled(const void *from, const void *to, int fill)
{
	const unsigned char *p;

	for (p = from; p < (const unsigned char *)to; p++)
		if (*p != (unsigned char)fill)
			return false;
	return true;
}

/* What is behind the answers is as it was. */
static void check_untouched(const struct answers *a, int fill)
{
	const typeof(a->fixed) *f = &a->fixed;
	size_t vmas = f->vmas.vmas_count, names = f->vmas.names_bytes, runs = f->pages.runs_count;

	ok(is_filled(f->before, &f->info, fill) &&
	   is_filled(f->behind_info, &f->mm, fill) &&
	   is_filled(f->behind_mm, &f->walk, fill) &&
	   is_filled(f->behind_walk, &f->vmas, fill) &&
	   is_filled(f->behind_vmas, &f->pages, fill) &&
	   is_filled(f->behind_pages, &f->inner_mm, fill) &&
	   is_filled(f->behind_inner, f + 1, fill), "untouched.%02x.around_structures", fill);
	if (!ok(vmas && vmas < ROOM && names && names < NAMES && runs && runs < ROOM,
		"untouched.%02x.there_was_room", fill))
		return;
	ok(is_filled(&a->records[vmas], &a->records[ROOM], fill), "untouched.%02x.vmas", fill);
	ok(is_filled(&a->accts[vmas], &a->accts[ROOM], fill), "untouched.%02x.accts", fill);
	ok(is_filled(&a->names[names], &a->names[NAMES], fill), "untouched.%02x.names", fill);
	ok(is_filled(&a->runs[runs], &a->runs[ROOM], fill), "untouched.%02x.runs", fill);
}

static void note_first_difference(const struct answers *a, const struct answers *b)
{
	size_t i;

	for (i = 0; i < ROOM && !memcmp(&a->runs[i], &b->runs[i], sizeof(a->runs[i])); i++)
		;
	if (i < ROOM)
		tap_note("%llx-%llx %llx, then %llx-%llx %llx", a->runs[i].start, a->runs[i].end,
			 a->runs[i].categories, b->runs[i].start, b->runs[i].end,
			 b->runs[i].categories);
}

/* Of two askings of one thing: what was written is equal. */
static void check_equal(const struct answers *a, const struct answers *b, const char *name)
{
	size_t vmas = a->fixed.vmas.vmas_count, runs = a->fixed.pages.runs_count;

	ok(!memcmp(&a->fixed.info, &b->fixed.info, sizeof(a->fixed.info)), "equal.%s.info", name);
	ok(!memcmp(&a->fixed.mm, &b->fixed.mm, sizeof(a->fixed.mm)), "equal.%s.mm", name);
	ok(!memcmp(&a->fixed.walk, &b->fixed.walk, sizeof(a->fixed.walk)), "equal.%s.walk", name);
	ok(!memcmp(&a->fixed.inner_mm, &b->fixed.inner_mm, sizeof(a->fixed.mm)),
	   "equal.%s.inner_mm", name);
	if (!ok(vmas == b->fixed.vmas.vmas_count && runs == b->fixed.pages.runs_count &&
		a->fixed.vmas.names_bytes == b->fixed.vmas.names_bytes && vmas < ROOM &&
		runs < ROOM && a->fixed.vmas.names_bytes < NAMES, "equal.%s.counts", name)) {
		tap_note("%zu and %llu VMAs, %zu and %llu runs", vmas, b->fixed.vmas.vmas_count, runs,
			 b->fixed.pages.runs_count);
		note_first_difference(a, b);
		return;
	}
	ok(!memcmp(a->records, b->records, vmas * sizeof(*a->records)), "equal.%s.vmas", name);
	ok(!memcmp(a->accts, b->accts, vmas * sizeof(*a->accts)), "equal.%s.accts", name);
	ok(!memcmp(a->names, b->names, a->fixed.vmas.names_bytes), "equal.%s.names", name);
	ok(!memcmp(a->runs, b->runs, runs * sizeof(*a->runs)), "equal.%s.runs", name);
}

/* ---- words that look like addresses of the kernel's ---- */

#define KERNEL_HALF 0xffff800000000000ULL

/* Unlimited limits are ~0; nothing else is in that half. */
static int kernel_words(const void *from, size_t bytes)
{
	const char *p = from, *end = p + bytes - 7;
	int found = 0;

	for (; p < end; p += 8) {
		u64 word;

		memcpy(&word, p, 8);
		found += word >= KERNEL_HALF && word != ~0ULL;
	}
	return found;
}

/* What the kernel fills with that is nobody's: free, not yet used, or a stack's. */
static int poison_words(const void *from, size_t bytes)
{
	static const u32 poisons[] = { 0x6b6b6b6b, 0x5a5a5a5a, 0xaaaaaaaa, 0xfefefefe, 0xcccccccc };
	const u32 *p = from, *end = p + bytes / 4;
	int found = 0;
	size_t i;

	for (; p < end; p++)
		for (i = 0; i < ARRAY_SIZE(poisons); i++)
			found += *p == poisons[i];
	return found;
}

static void check_no_poison(const struct answers *a, const char *name)
{
	const typeof(a->fixed) *f = &a->fixed;

	eq(poison_words(&f->info, sizeof(f->info)) + poison_words(&f->mm, sizeof(f->mm)) +
	   poison_words(&f->inner_mm, sizeof(f->inner_mm)) +
	   poison_words(&f->walk, sizeof(f->walk)) +
	   poison_words(a->records, f->vmas.vmas_count * sizeof(*a->records)) +
	   poison_words(a->accts, f->vmas.vmas_count * sizeof(*a->accts)) +
	   poison_words(a->runs, f->pages.runs_count * sizeof(*a->runs)), 0, "poison.%s", name);
}

static void check_no_kernel_address(const struct answers *a, const char *name)
{
	const typeof(a->fixed) *f = &a->fixed;
	size_t vmas = f->vmas.vmas_count, runs = f->pages.runs_count, k, minus_one = 0;
	const u64 *word = (const u64 *)&f->mm;
	struct mmscope_mm no_limits = f->mm;

	eq(kernel_words(&f->info, sizeof(f->info)) + kernel_words(&f->mm, sizeof(f->mm)) +
	   kernel_words(&f->walk, sizeof(f->walk)) +
	   kernel_words(a->records, vmas * sizeof(*a->records)) +
	   kernel_words(a->accts, vmas * sizeof(*a->accts)) +
	   kernel_words(a->names, f->vmas.names_bytes) +
	   kernel_words(a->runs, runs * sizeof(*a->runs)), 0, "kernel_address.%s", name);
	no_limits.rlim_as = no_limits.rlim_data = no_limits.rlim_stack = no_limits.rlim_memlock = 0;
	word = (const u64 *)&no_limits;
	for (k = 0; k < sizeof(no_limits) / 8; k++)
		minus_one += word[k] == ~0ULL;
	eq(minus_one, 0, "kernel_address.%s.minus_one_is_a_limit", name);
}

static void check_reserved(const struct answers *a, const char *name)
{
	size_t i, k, bad = 0;

	for (i = 0; i < a->fixed.vmas.vmas_count && i < ROOM; i++)
		for (k = MMSCOPE_CAT_COUNT; k < ARRAY_SIZE(a->accts[i].pages); k++)
			bad += !!a->accts[i].pages[k];
	eq(bad, 0, "reserved.%s.counts", name);
	bad = 0;
	for (i = 0; i < a->fixed.pages.runs_count && i < ROOM; i++)
		bad += !!a->runs[i].frame;
	eq(bad, 0, "reserved.%s.frames", name);
	bad = 0;
	for (i = 0; i < KINDS; i++) {
		const struct mmscope_walk *w = &a->fixed.walk[i];

		for (k = 0; k < ARRAY_SIZE(w->levels); k++)
			bad += w->levels[k].entry || w->levels[k].frame ||
			       (k >= w->levels_count && !is_filled(&w->levels[k],
								   &w->levels[k + 1], 0));
		bad += w->vma.name_len || w->vma.name_offset;
	}
	eq(bad, 0, "reserved.%s.levels", name);
	bad = 0;
	for (i = strlen(a->fixed.mm.comm); i < sizeof(a->fixed.mm.comm); i++)
		bad += !!a->fixed.mm.comm[i];
	for (i = strlen(a->fixed.info.version); i < sizeof(a->fixed.info.version); i++)
		bad += !!a->fixed.info.version[i];
	eq(bad, 0, "reserved.%s.behind_the_strings", name);
}

static bool same_pages(const struct answers *a, const struct answers *b)
{
	size_t runs = a->fixed.pages.runs_count, vmas = a->fixed.vmas.vmas_count;

	return runs == b->fixed.pages.runs_count && runs < ROOM &&
	       vmas == b->fixed.vmas.vmas_count && vmas < ROOM &&
	       !memcmp(a->runs, b->runs, runs * sizeof(*a->runs)) &&
	       !memcmp(a->accts, b->accts, vmas * sizeof(*a->accts)) &&
	       !memcmp(a->fixed.walk, b->fixed.walk, sizeof(a->fixed.walk));
}

/*
 * The same asked twice. Whoever asks, and any other process, has pages of the C
 * library in common with who is asked about: one that is first needed, or no more,
 * between the two is shared in one of them. So, again; a byte that nobody wrote
 * is another one each time.
 */
static void ask_twice(int fd, struct answers *a, int fill_a, struct answers *b, int fill_b)
{
	int tries;

	for (tries = 0; tries < 10; tries++) {
		ask_all(fd, a, fill_a);
		dirty_the_kernel(~fill_b & 0xff);
		ask_all(fd, b, fill_b);
		if (same_pages(a, b))
			return;
		usleep(50000);
	}
}

static struct answers *bobs;	/* two of them */

static void ask_as_bob(void *arg)
{
	int fd;

	(void)arg;
	be_bob();
	fd = session_of(idle);
	/* This memory is mapped there, too: its pages are to be there all along. */
	memset(bobs, 1, 2 * sizeof(*bobs));
	ask_twice(fd, &bobs[0], 0x3c, &bobs[1], 0xa5);
}

static void test_uninitialised(void)
{
	static const int fills[] = { 0x00, 0xff, 0xa5 };
	struct answers *a = malloc(sizeof(*a)), *b = malloc(sizeof(*b));
	int fd = session_of(idle);
	char name[20];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fills); i++) {
		ask_twice(fd, a, 0, b, fills[i]);
		eq_err(a->errors, 0, "answers.%02x", fills[i]);
		check_untouched(b, fills[i]);
		snprintf(name, sizeof(name), "%02x", fills[i]);
		check_equal(a, b, name);
	}
	check_no_poison(a, "root");
	check_no_kernel_address(a, "root");
	check_reserved(a, "root");
	wait_for(child_of(ask_as_bob, NULL));
	eq_err(bobs[0].errors | bobs[1].errors, 0, "answers_for_bob");
	check_untouched(&bobs[1], 0xa5);
	check_equal(&bobs[0], &bobs[1], "bob");
	check_no_poison(&bobs[0], "bob");
	check_no_kernel_address(&bobs[0], "bob");
	check_reserved(&bobs[0], "bob");
	free(a);
	free(b);
	close(fd);
}

/* ---- a call that fails writes what it says it does, and nothing else ---- */

static void test_failures_write_nothing(void)
{
	char *block = malloc(65536), *was = malloc(65536);
	int fd = session_of(idle);
	struct mmscope_vmas *v = (void *)block;
	struct mmscope_pages *p = (void *)block;
	struct mmscope_walk *w = (void *)block;
	size_t head = 1024;

	memset(block, 0xa5, 65536);
	*v = (struct mmscope_vmas){ .size = sizeof(*v), .end = 1ULL << 56,
		.vmas = (uintptr_t)block + head, .vmas_len = 1, .names = (uintptr_t)block + 8192,
		.names_len = 5, .mm = (uintptr_t)block + 16384, .accts = (uintptr_t)block + 32768 };
	*(struct mmscope_mm *)(block + 16384) = (struct mmscope_mm){ .size = sizeof(struct mmscope_mm) };
	memcpy(was, block, 65536);
	eq_err(call(fd, MMSCOPE_VMAS, v), ENOSPC, "failure.vmas_enospc");
	ok(!memcmp(block + sizeof(*v), was + sizeof(*v), 65536 - sizeof(*v)),
	   "failure.vmas_writes_only_the_structure");

	memset(block, 0xa5, 65536);
	*p = (struct mmscope_pages){ .size = sizeof(*p), .start = 1, .end = 1ULL << 52,
		.runs = (uintptr_t)block + head, .runs_len = 100 };
	memcpy(was, block, 65536);
	eq_err(call(fd, MMSCOPE_PAGES, p), EINVAL, "failure.pages_einval");
	ok(!memcmp(block, was, 65536), "failure.pages_writes_nothing");

	memset(block, 0xa5, 65536);
	*w = (struct mmscope_walk){ .size = sizeof(*w), .address = KERNEL_HALF };
	memcpy(was, block, 65536);
	eq_err(call(fd, MMSCOPE_WALK, w), ERANGE, "failure.walk_erange");
	ok(!memcmp(block, was, 65536), "failure.walk_writes_nothing");
	free(block);
	free(was);
	close(fd);
}

/* ---- raw entries: known to root, looked for in all that Bob is told ---- */

struct raw {
	u64 entry[KINDS][5], frame[KINDS][5];
};

static void learn_raw(struct raw *raw)
{
	int fd = session_of(idle);
	struct mmscope_walk w;
	size_t k, l;

	memset(raw, 0, sizeof(*raw));
	for (k = 0; k < KINDS; k++) {
		eq_err(walk(fd, (uintptr_t)place[k], MMSCOPE_WALK_RAW, &w), 0, "raw.%s.root",
		       kinds[k]);
		for (l = 0; l < w.levels_count; l++) {
			raw->entry[k][l] = w.levels[l].entry;
			raw->frame[k][l] = w.levels[l].frame;
		}
		if (k == SWAPPED_OUT && !(w.categories & CAT(SWAPPED)))
			skip("raw.swapped", "no page was swapped out");
		if (k == HUGE_PAGE && !(w.categories & CAT(HUGE_PMD)))
			skip("raw.huge_page", "no huge page was to be had");
		ok(k == UNTOUCHED || (w.levels_count && raw->entry[k][w.levels_count - 1]),
		   "raw.%s.there_is_one", kinds[k]);
	}
	close(fd);
}

static int occurrences(const void *from, size_t bytes, u64 wanted)
{
	const char *p = from;
	size_t i;
	int n = 0;

	for (i = 0; i + 8 <= bytes; i += 8)
		n += !memcmp(p + i, &wanted, 8);
	return n;
}

/* Frames are small numbers, such as a count may be: structures are checked by field. */
static int raw_words(const struct answers *a, u64 entry)
{
	const typeof(a->fixed) *f = &a->fixed;

	return occurrences(&f->mm, sizeof(f->mm), entry) +
	       occurrences(&f->walk, sizeof(f->walk), entry) +
	       occurrences(a->records, f->vmas.vmas_count * sizeof(*a->records), entry) +
	       occurrences(a->accts, f->vmas.vmas_count * sizeof(*a->accts), entry) +
	       occurrences(a->runs, f->pages.runs_count * sizeof(*a->runs), entry);
}

static void test_raw(void)
{
	struct raw raw;
	size_t k, l;
	int found, known;

	learn_raw(&raw);
	for (k = 0; k < KINDS; k++) {
		found = known = 0;
		for (l = 0; l < 5; l++) {
			if (!raw.entry[k][l])
				continue;
			known++;
			found += raw_words(&bobs[0], raw.entry[k][l]);
		}
		ok(known >= 2, "raw.%s.upper_levels_are_known", kinds[k]);
		eq(found, 0, "raw.%s.not_told_to_bob", kinds[k]);
	}
}

/* No number in the text is an address of the kernel's. */
static void read_text_as_bob(void *arg)
{
	static const char *const files[] = { "summary", "brk", "vmas", "resident", "locked" };
	struct raw *raw = arg;
	size_t i, k, l;

	be_bob();
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		char *text = read_text("/proc/mmscope/%d/%s", idle, files[i]), *p = text, *rest;

		result[0] += !!text;
		for (; p && *p; p += strcspn(p, " \n"), p += strspn(p, " \n")) {
			u64 n = strtoull(p, &rest, 0);

			if (rest == p)
				continue;
			result[1]++;
			result[2] += n >= KERNEL_HALF;
			for (k = 0; k < KINDS; k++)
				for (l = 0; l < 5; l++)
					result[3] += raw->entry[k][l] && n == raw->entry[k][l];
		}
		free(text);
	}
}

static void test_text(void)
{
	struct raw *raw = shared(sizeof(*raw));
	char line[20];

	snprintf(line, sizeof(line), "%d", idle);
	eq_err(write_text("/proc/mmscope/targets", line), 0, "text.registered");
	learn_raw(raw);
	memset(result, 0, 4 * sizeof(int));
	wait_for(child_of(read_text_as_bob, raw));
	eq(result[0], 5, "text.files");
	ok(result[1] > 100, "text.numbers");
	eq(result[2], 0, "text.kernel_addresses");
	eq(result[3], 0, "text.raw_entries");
}

int main(int argc, char **argv)
{
	role_of_copy(argc, argv);
	tap_start("vm.secrets.", 60);
	result = shared(page);
	place = shared(page);
	bobs = shared(2 * sizeof(*bobs));
	close(session());
	idle = stay_as(be_idle);
	test_frames();
	test_uninitialised();
	test_failures_write_nothing();
	test_raw();
	test_text();
	end(idle);
	return tap_end();
}
