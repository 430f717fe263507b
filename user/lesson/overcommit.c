// SPDX-License-Identifier: GPL-2.0
/*
 * overcommit.c - the lesson "overcommit": memory that is promised against memory
 * that is there, in the kernel's three modes; and who is killed if it runs out.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "overcommit.h"

#define MODE_FILE	"/proc/sys/vm/overcommit_memory"
#define RW		(PROT_READ | PROT_WRITE)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS)

static const char *const mode_names[] = {
	"0 (a single request must not be absurd)", "1 (always grant)", "2 (never promise too much)",
};

/* ---- figures ------------------------------------------------------------------ */

/* A figure of /proc/meminfo in bytes; UINT64_MAX if it is not there. */
static uint64_t meminfo(const char *key)
{
	char line[256];
	uint64_t v = UINT64_MAX;
	size_t len = strlen(key);
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, len) && line[len] == ':')
			v = strtoull(line + len + 1, NULL, 10) << 10;
	if (f)
		fclose(f);
	return v;
}

/* How far the kernel's count of promises may be off, and others may move it. */
static uint64_t slack(const struct machine *m)
{
	return m->mem_total / 128 + 8 * MIB;
}

/* Tries a mapping for a moment; the errno. */
static int try_map(struct subject *s, uint64_t length, int flags)
{
	uint64_t at;
	int error;

	at = subject_mmap(s, 0, length, RW, ANON | flags, -1, 0);
	error = subject_last(s)->errnum;
	subject_quiet(s, true);
	if (at != UINT64_MAX)
		subject_munmap(s, at, length);
	subject_quiet(s, false);
	return error;
}

static void fits(struct lesson *l, const char *what, const char *label, struct subject *s,
		 uint64_t length, int flags, int errnum)
{
	expect_equal(l, what, label, (uint64_t)try_map(s, length, flags), (uint64_t)errnum,
		     UNIT_ERRNO);
}

static int mode_now;	/* of the machine, in this run */

/* Whether it can be had; if not, the step is skipped. */
static bool may_change(struct lesson *l, int mode)
{
	if (mode == mode_now || !access(MODE_FILE, W_OK))
		return true;
	skip_step(l, "run the lesson as root", "the mode is %d, and we may not change it",
		  mode_now);
	return false;
}

static void change_mode(struct lesson *l, int mode)
{
	char text[2] = { (char)('0' + mode), 0 };

	if (mode == mode_now)
		return;
	need(l, !change_file(l, MODE_FILE, text), "%s: %s", MODE_FILE, strerrordesc_np(errno));
	mode_now = mode;
}

static void mode_back(struct lesson *l)
{
	change_undo(l);
	mode_now = lesson_machine(l)->overcommit;
}

/* ---- promised, not given -------------------------------------------------------- */

/* By how much the kernel's sum of promises grew: about `want`. */
static void expect_promised(struct lesson *l, const char *what, uint64_t before, int64_t want)
{
	const struct machine *m = lesson_machine(l);
	int64_t grew = (int64_t)(meminfo("Committed_AS") - before), off = grew - want;

	observe(l, "meminfo", "Committed_AS %+" PRId64 " kB", grew / 1024);
	expect_true(l, what, off < (int64_t)slack(m) && -off < (int64_t)slack(m),
		    "the sum of promises moved by %+" PRId64 " kB (others have memory promised and "
		    "returned meanwhile: up to %" PRIu64 " kB are not counted as a difference)",
		    want / 1024, slack(m) >> 10);
}

static void promise(struct lesson *l, struct subject *s, uint64_t size)
{
	const struct machine *m = lesson_machine(l);
	uint64_t at, before, pages = size / m->page;

	step(l, "promise", "Ask for %" PRIu64 " MiB", size / MIB);
	note(l, "vm.overcommit_memory is %s.", mode_names[mode_now]);
	predict(l, "no page is given, but the kernel notes that it may come to that: the sum of "
		"what it has promised (Committed_AS) grows by the whole size. The VMA has the flag "
		"\"account\"");
	before = meminfo("Committed_AS");
	at = isolated_mmap(s, pages, RW, 0, 0);
	expect_promised(l, "promised", before, (int64_t)size);
	expect_vma_flags(l, "account", s, at, MMSCOPE_VMA_ACCOUNT, 0);
	expect_categories(l, "none", s, at, pages, 0, MMSCOPE_CAT(PRESENT));

	step(l, "kept", "Write to 16 of its pages");
	predict(l, "now memory is used; but it had been promised before: Committed_AS stays");
	before = meminfo("Committed_AS");
	subject_write(s, at, 16, 1);
	expect_categories(l, "present", s, at, 16, MMSCOPE_CAT(PRESENT), 0);
	expect_promised(l, "promised", before, 0);

	step(l, "returned", "Give it back");
	predict(l, "munmap takes the pages and the promise");
	before = meminfo("Committed_AS");
	subject_munmap(s, at, size);
	expect_promised(l, "promised", before, -(int64_t)size);
}

static void unaccounted(struct lesson *l, struct subject *s, uint64_t size)
{
	uint64_t page = lesson_machine(l)->page, before, at;

	step(l, "unaccounted", "The same amount with PROT_NONE, then made writable");
	predict(l, "what may not be written needs no memory of its own, so nothing is promised. It "
		"is when mprotect makes it writable");
	before = meminfo("Committed_AS");
	at = isolated_mmap(s, size / page, PROT_NONE, 0, 0);
	expect_promised(l, "none", before, 0);
	expect_vma_flags(l, "flags-none", s, at, 0, MMSCOPE_VMA_ACCOUNT);
	subject_mprotect(s, at, size, RW);
	expect_promised(l, "writable", before, (int64_t)size);
	expect_vma_flags(l, "flags", s, at, MMSCOPE_VMA_ACCOUNT, 0);
	subject_munmap(s, at, size);

	step(l, "noreserve", "The same amount with MAP_NORESERVE");
	predict(l, "this says \"promise me nothing\": the kernel believes it, %s", mode_now == 2 ?
		"except in mode 2, which is set: it promises all the same" : "and Committed_AS "
		"stays");
	before = meminfo("Committed_AS");
	at = isolated_mmap(s, size / page, RW, MAP_NORESERVE, 0);
	expect_promised(l, "promised", before, mode_now == 2 ? (int64_t)size : 0);
	expect_vma_flags(l, "flags", s, at, mode_now == 2 ? MMSCOPE_VMA_ACCOUNT : 0,
			 mode_now == 2 ? 0 : MMSCOPE_VMA_ACCOUNT);
	subject_munmap(s, at, size);
}

/* ---- mode 0 ----------------------------------------------------------------------- */

static void heuristic(struct lesson *l, struct subject *s)
{
	const struct machine *m = lesson_machine(l);
	uint64_t most = m->mem_total + m->swap_total, at;

	step(l, "mode-0", "Mode %s: the largest single mapping", mode_names[0]);
	if (m->kernel_major < 5 || (m->kernel_major == 5 && m->kernel_minor < 2)) {
		skip_step(l, NULL, "before Linux 5.2 the limit was guessed from much else");
		return;
	}
	if (!may_change(l, 0))
		return;
	predict(l, "one request may be as large as all memory and swap together, %" PRIu64 " pages "
		"here, free or not; one page more is refused with ENOMEM. But each request is "
		"judged alone: two of them are granted, and one with MAP_NORESERVE is not judged",
		most / m->page);
	change_mode(l, 0);
	fits(l, "most", "as large as all memory and swap", s, most, 0, 0);
	fits(l, "one-more", "a page more", s, most + m->page, 0, ENOMEM);
	at = subject_mmap(s, 0, most, RW, ANON, -1, 0);
	fits(l, "twice", "a second one", s, most, 0, 0);
	subject_munmap(s, at, most);
	fits(l, "noreserve", "twice the size, unreserved", s, 2 * most, MAP_NORESERVE, 0);
	mode_back(l);
}

/* ---- mode 1 ----------------------------------------------------------------------- */

/* The largest range without a VMA below `end`, and where it begins. */
static uint64_t largest_hole(struct lesson *l, struct subject *s, uint64_t end, uint64_t *start)
{
	uint64_t at = 0, best = 0;
	struct mms_vmas vmas = { 0 };
	struct mms_error err;

	if (mms_vmas_read(subject_target(s), 0, MMS_ALL_END, MMS_VMAS_NO_NAMES, 0, &vmas, &err))
		need(l, false, "%s: %s", err.what, err.why);
	for (size_t i = 0; i <= vmas.count && at < end; i++) {
		uint64_t to = i < vmas.count && vmas.vma[i].start < end ? vmas.vma[i].start : end;

		if (to - at > best) {
			best = to - at;
			*start = at;
		}
		if (i < vmas.count)
			at = vmas.vma[i].end;
	}
	mms_vmas_free(&vmas);
	return best;
}

static void always(struct lesson *l, struct subject *s)
{
	const struct machine *m = lesson_machine(l);
	int64_t lowest = overcommit_number("/proc/sys/vm/mmap_min_addr");
	uint64_t start = 0, hole, low, base, window;
	struct mms_mm mm;

	step(l, "mode-1", "Mode %s: the largest single mapping", mode_names[1]);
	look_mm(l, s, &mm);
	base = mm.fact[MMS_MM_MMAP_BASE].value;
	/* More than 47 bits are only given to those who ask for them. */
	window = m->task_size < UINT64_C(1) << 47 ? m->task_size : UINT64_C(1) << 47;
	if (lowest < 0 || base < window / 2) {
		skip_step(l, lowest < 0 ? NULL : "ulimit -s 8192; sysctl vm.legacy_va_layout=0",
			  lowest < 0 ? "mmap_min_addr is not to be read" :
			  "mappings grow upwards here, and not all holes are looked at");
		return;
	}
	if (!may_change(l, 1))
		return;
	/* mmap looks downwards from here. */
	hole = largest_hole(l, s, base, &start);
	/* The lowest addresses are kept free, so that NULL points nowhere. */
	low = start < (uint64_t)lowest ? (uint64_t)lowest - start : 0;
	low = (low + m->page - 1) / m->page * m->page;
	predict(l, "memory does not matter any more, only addresses: a mapping may be as large as "
		"the largest hole between the VMAs, here %" PRIu64 " GiB from 0x%" PRIx64 " on; "
		"what is larger is refused. This machine has %" PRIu64 " MiB",
		(hole - low) >> 30, start + low, m->mem_total / MIB);
	change_mode(l, 1);
	fits(l, "hole", "as large as the hole", s, hole - low, 0, 0);
	fits(l, "larger", "larger than the hole", s, hole + m->page, 0, ENOMEM);
	mode_back(l);
}

/* ---- mode 2 ----------------------------------------------------------------------- */

/* What may still be promised to the subject in mode 2. */
static uint64_t room_left(struct lesson *l, struct subject *s)
{
	const struct machine *m = lesson_machine(l);
	int64_t admin = overcommit_number("/proc/sys/vm/admin_reserve_kbytes"),
		user = overcommit_number("/proc/sys/vm/user_reserve_kbytes");
	uint64_t limit = meminfo("CommitLimit"), promised = meminfo("Committed_AS"), own;
	struct mms_mm mm;

	look_mm(l, s, &mm);
	own = mm.fact[MMS_MM_TOTAL_VM].value / 32;
	if (user >= 0 && own > (uint64_t)user << 10)
		own = (uint64_t)user << 10;
	if (!m->cap_sys_admin && admin > 0)
		own += (uint64_t)admin << 10;
	return limit > promised + own ? limit - promised - own : 0;
}

/* Whether everybody else can live in mode 2 for a moment; if not, the step is skipped. */
static bool enough(struct lesson *l)
{
	uint64_t limit = meminfo("CommitLimit"), promised = meminfo("Committed_AS");
	uint64_t least = limit / 4 > 64 * MIB ? limit / 4 : 64 * MIB;

	if (limit != UINT64_MAX && promised != UINT64_MAX && limit > promised &&
	    limit - promised >= least && least > 4 * slack(lesson_machine(l)))
		return true;
	skip_step(l, "scripts/lab run --memory 1G -- build/mmscope lesson overcommit",
		  "%" PRIu64 " MiB are promised on this machine, and mode 2 would allow %" PRIu64
		  ": other processes would be refused memory meanwhile", promised / MIB,
		  limit / MIB);
	return false;
}

static void never(struct lesson *l, struct subject *s)
{
	const struct machine *m = lesson_machine(l);
	uint64_t room, size, at, gap;

	step(l, "mode-2", "Mode %s: the largest single mapping", mode_names[2]);
	if (!enough(l) || !may_change(l, 2))
		return;
	room = room_left(l, s);
	gap = slack(m);
	predict(l, "the sum of all promises must stay below CommitLimit (%" PRIu64 " MiB: a share "
		"of memory, vm.overcommit_ratio, and all swap). %" PRIu64 " MiB are promised, and "
		"a little is kept back, so that about %" PRIu64 " MiB are left; the kernel counts "
		"with an error of a few MiB. MAP_NORESERVE does not help; PROT_NONE does, until it "
		"is made writable",
		meminfo("CommitLimit") / MIB, meminfo("Committed_AS") / MIB, room / MIB);
	change_mode(l, 2);
	fits(l, "below", "a little less than that", s, (room - gap) / m->page * m->page, 0, 0);
	size = (room + gap) / m->page * m->page;
	fits(l, "above", "a little more", s, size, 0, ENOMEM);
	fits(l, "noreserve", "the same, unreserved", s, size, MAP_NORESERVE, ENOMEM);
	at = subject_mmap(s, 0, size, PROT_NONE, ANON, -1, 0);
	expect_errno(l, "none", s, 0);
	subject_mprotect(s, at, size, RW);
	expect_errno(l, "writable", s, ENOMEM);
	subject_munmap(s, at, size);

	step(l, "malloc", "malloc of more than is left");
	predict(l, "malloc returns NULL and errno is ENOMEM: in this mode a program learns in time "
		"that there is no memory, and can do something about it");
	size = room_left(l, s) + gap;
	expect_equal(l, "null", "malloc", subject_malloc(s, size), 0, UNIT_ADDRESS);
	expect_errno(l, "errno", s, ENOMEM);
}

/* fork(); a child that should not be there leaves at once, for want of a socket. */
static void never_fork(struct lesson *l, struct subject *s)
{
	struct subject_order o = { .function = SUBJECT_FORK };
	uint64_t page = lesson_machine(l)->page, size, at;

	step(l, "fork", "fork with more than half of what is left");
	if (mode_now != 2) {
		skip_step(l, "see the step before", "it needs mode 2, which could not be had");
		return;
	}
	size = room_left(l, s) / 100 * 60 / page * page;
	predict(l, "a child might write to each page that it shares with its parent, so that fork "
		"has to promise all of it once more: there is not enough for that, and fork fails "
		"with ENOMEM, although not a page has been touched");
	at = subject_mmap(s, 0, size, RW, ANON, -1, 0);
	expect_errno(l, "mmap", s, 0);
	subject_order(s, &o, "fork()");
	expect_errno(l, "fork", s, ENOMEM);
	subject_munmap(s, at, size);
	mode_back(l);
}

/* What is smaller than the machine's own limits would come first. */
static bool unlimited(struct lesson *l)
{
	const struct machine *m = lesson_machine(l);

	if (m->rlim_as == MMS_UNLIMITED && m->rlim_data == MMS_UNLIMITED)
		return true;
	step(l, "limits", "Promises");
	skip_step(l, "ulimit -v unlimited -d unlimited", "this process is limited by RLIMIT_AS or "
		  "RLIMIT_DATA, which come before the machine's limits");
	return false;
}

static void run(struct lesson *l)
{
	const struct machine *m = lesson_machine(l);
	struct subject *s = subject_start(l, NULL);
	uint64_t size = m->mem_total / 8, room;

	mode_now = m->overcommit;
	need(l, mode_now >= 0 && mode_now <= 2 && meminfo("Committed_AS") != UINT64_MAX,
	     "the kernel does not tell what it has promised");
	if (unlimited(l)) {
		room = mode_now == 2 ? room_left(l, s) / 4 : size;
		size = (size < room ? size : room) / m->page * m->page;
		promise(l, s, size);
		unaccounted(l, s, size);
		heuristic(l, s);
		always(l, s);
		never(l, s);
		never_fork(l, s);
	}
	overcommit_oom(l);
}

static const char *const learnt[] = {
	"Writable private memory is promised when it is mapped (Committed_AS), and given when "
	"touched.",
	"Mode 0 refuses only a single request larger than memory and swap together; mode 1 refuses "
	"none; mode 2 keeps the sum of all promises below CommitLimit.",
	"A NULL from malloc is to be expected in mode 2. In the others, a process finds out when "
	"it touches the memory, and then by being killed.",
	"A memory cgroup confines who is killed, and memory.events counts it.",
	NULL
};

static const char *const slides[] = {
	"Mode 0 is often said to weigh free memory and caches. Since Linux 5.2 it compares one "
	"request with all memory and swap, whatever is free.",
	"Mode 2 can run out of memory too: the kernel's own memory and cgroups are not in its sum.",
	NULL
};

const struct lesson_info lesson_overcommit = {
	.name = "overcommit",
	.brief = "promises, their limits, and the OOM killer",
	.about = "The kernel may grant more memory than there is, since most of it is never "
		 "touched. This lesson asks for too much in each of the kernel's three modes, and "
		 "then lets a process run out of memory, in a cgroup of its own.",
	.learnt = learnt,
	.slides = slides,
	.run = run,
};
