// SPDX-License-Identifier: GPL-2.0
/*
 * break.c - the lesson "break": where the heap begins, how sbrk moves its end,
 * and what stops it.
 */
#include <elf.h>
#include <inttypes.h>
#include <sys/personality.h>

#include "heap.h"

/* How far a random break may be: what 64-bit x86 and ARM have. */
#if defined(__x86_64__) || defined(__aarch64__)
#define GAP_MAX	(1ULL << 30)
#else
#define GAP_MAX	0
#endif

/* In break-limits.c. */
void break_limits(struct lesson *l, struct subject *s);

static uint64_t up(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

/* ---- where it begins -------------------------------------------------------- */

struct place {
	uint64_t end;		/* behind .bss, by the file of the program */
	bool movable;		/* position independent: loaded anywhere */
	bool alone;		/* position independent, yet without a dynamic linker */
	uint64_t start_brk, brk;
};

static bool read_elf(struct subject *s, struct place *p, struct mms_error *err)
{
	const struct mms_segment *segment;
	struct mms_vmas vmas = { 0 };
	struct mms_elf *elf = NULL;
	bool good;

	good = !mms_vmas_read(subject_target(s), MMS_ALL_START, MMS_ALL_END, 0, 0, &vmas, err) &&
	       !mms_elf_open(subject_target(s), &vmas, subject_hello(s)->scratch, &elf, err);
	mms_vmas_free(&vmas);
	if (!good)
		return false;
	good = mms_elf_end(elf, &p->end);
	p->movable = p->alone = mms_elf_bias(elf) != 0;
	for (size_t i = mms_elf_segments(elf, &segment); i; i--, segment++)
		if (segment->type == PT_INTERP)
			p->alone = false;
	mms_elf_close(elf);
	if (!good)
		mms_fail(err, MMS_FAILED, NULL, "the subject", "its file has no writable segment");
	return good;
}

static struct place look_place(struct lesson *l, struct subject *s)
{
	struct place p = { 0 };
	struct mms_error err;
	struct mms_mm mm;

	need(l, read_elf(s, &p, &err), "%s: %s", err.what, err.why);
	look_mm(l, s, &mm);
	p.start_brk = mm.fact[MMS_MM_START_BRK].value;
	p.brk = mm.fact[MMS_MM_BRK].value;
	return p;
}

static void tell_place(struct lesson *l, const struct place *p)
{
	observe(l, "libelf", "the program's memory ends at 0x%" PRIx64, p->end);
	observe(l, "kernel", "start_brk 0x%" PRIx64, p->start_brk);
	observe(l, "kernel", "break     0x%" PRIx64, p->brk);
}

/* From the end of .bss, rounded up to a page, to the first break. */
static void expect_gap(struct lesson *l, const char *what, const struct place *p, bool random)
{
	uint64_t page = lesson_machine(l)->page, gap = p->start_brk - up(p->end, page);

	if (random && p->alone)
		note(l, "This program is position independent and has no dynamic linker: the kernel "
		     "puts its heap elsewhere.");
	else if (random && !GAP_MAX)
		note(l, "How far the break may be moved on this processor is not known here.");
	else if (random)
		expect_between(l, what, "from the end of .bss to the break", gap, 0, GAP_MAX - page,
			       UNIT_BYTES);
	else
		expect_equal(l, what, "from the end of .bss to the break", gap, 0, UNIT_BYTES);
}

/* Whether this process, and so its subjects, runs under setarch -R. */
static bool fixed_already(void)
{
	return personality(0xffffffff) & ADDR_NO_RANDOMIZE;
}

static bool random_break(const struct machine *m)
{
	return m->randomize == 2 && !fixed_already();
}

static void predict_start(struct lesson *l)
{
	const struct machine *m = lesson_machine(l);

	predict(l, "the heap begins behind the program's data: its file says where the zeroed "
		"variables (.bss) end, and the kernel begins the heap on the next page boundary%s",
		!random_break(m) ? ", for here it is told not to choose a random place" : GAP_MAX ?
		" and, since kernel.randomize_va_space is 2, a random way behind it, up to 1 GiB" :
		" and, since kernel.randomize_va_space is 2, a random way behind it");
	if (lesson_static(l))
		predict(l, "the break has moved already: without a dynamic linker the C library takes "
			"the memory for its thread from the heap, and calls malloc, before main()");
	else
		predict(l, "nobody has moved the break yet: it is where it began, and there is no "
			"heap; the dynamic linker has its memory from mmap");
}

/* What the C library did with it before main(). */
static void expect_not_moved(struct lesson *l, struct subject *s, const struct place *p)
{
	uint64_t page = lesson_machine(l)->page;
	struct mms_vma v;
	bool heap = look_vma(l, s, p->start_brk, &v);

	if (!lesson_static(l)) {
		expect_equal(l, "moved", "the break has moved by", p->brk - p->start_brk, 0,
			     UNIT_BYTES);
		expect_true(l, "heap", !heap, "there is no heap: nothing is mapped at the break");
		return;
	}
	expect_true(l, "moved", p->brk > p->start_brk, "the break has moved by %" PRIu64
		    " bytes before main()", p->brk - p->start_brk);
	expect_true(l, "heap", heap && v.end == up(p->brk, page),
		    "the heap is mapped, up to the page that holds the break");
}

static void begin(struct lesson *l)
{
	const struct machine *m = lesson_machine(l);
	struct subject *s, *other;
	struct place p, q = { 0 };
	bool same = true;

	step(l, "start", "Where is the break when a program begins?");
	predict_start(l);
	doing(l, "start the program");
	s = subject_start(l, NULL);
	p = look_place(l, s);
	tell_place(l, &p);
	observe(l, "program", "&end = 0x%" PRIx64, subject_hello(s)->end);
	expect_equal(l, "end", "the end of .bss, by file and by program", p.end,
		     subject_hello(s)->end, UNIT_ADDRESS);
	expect_equal(l, "aligned", "start_brk within its page", p.start_brk % m->page, 0, UNIT_BYTES);
	expect_gap(l, "gap", &p, random_break(m));
	if (*subject_hello(s)->libc)
		expect_not_moved(l, s, &p);

	step(l, "again", "A second process of the same program");
	predict(l, random_break(m) ? "the break is elsewhere: each process gets a place of its own, "
		"so that nobody can know the addresses of its data beforehand" :
		p.movable && m->randomize == 1 && !fixed_already() ?
		"no gap again; but the program itself is loaded elsewhere, and the break with it" :
		"everything is at the same addresses");
	doing(l, "start the program again");
	/* By chance it may be the same place once, but not three times. */
	for (int i = 0; i < 3 && same; i++) {
		other = subject_start(l, NULL);
		q = look_place(l, other);
		same = q.start_brk == p.start_brk;
		subject_stop(other);
		if (!random_break(m))
			break;
	}
	tell_place(l, &q);
	expect_true(l, "place", same == !(random_break(m) || (p.movable && m->randomize == 1 &&
							      !fixed_already())),
		    "the first break is at %s address", same ? "the same" : "another");
	subject_stop(s);
}

static void without_random(struct lesson *l)
{
	const struct subject_options fixed = { .no_aslr = true };
	struct subject *s, *other;
	struct place p, q = { 0 };

	step(l, "no-aslr", "The same without randomisation, as by setarch -R");
	predict(l, "there is no gap: the heap begins on the first page behind .bss; and a second "
		"process has all of it at the same addresses");
	doing(l, "personality(ADDR_NO_RANDOMIZE), then start the program, twice");
	s = subject_start(l, &fixed);
	other = subject_start(l, &fixed);
	p = look_place(l, s);
	q = look_place(l, other);
	tell_place(l, &p);
	expect_gap(l, "gap", &p, false);
	expect_equal(l, "same-end", "the end of .bss in the second", q.end, p.end, UNIT_ADDRESS);
	expect_equal(l, "same-break", "the break in the second", q.brk, p.brk, UNIT_ADDRESS);
	subject_stop(other);
	subject_stop(s);
}

#define RANDOMIZE "/proc/sys/kernel/randomize_va_space"

static void with_value(struct lesson *l, const char *slug, const char *value, bool moves)
{
	struct subject *s, *other;
	struct place p, q = { 0 };
	bool same = true;

	step(l, slug, "The whole machine with kernel.randomize_va_space = %s", value);
	if (fixed_already()) {
		skip_step(l, "run it without setarch -R",
			  "this very process was told to have no random addresses");
		return;
	}
	predict(l, moves ? "with 1 the stack and mappings are at random places, and so is a program "
		"that can be loaded anywhere; but the heap follows .bss at once" :
		"with 0 nothing is random: two processes are the same, without a gap");
	if (change_file(l, RANDOMIZE, value)) {
		skip_step(l, "run it as root", "%s cannot be written", RANDOMIZE);
		return;
	}
	s = subject_start(l, NULL);
	p = look_place(l, s);
	for (int i = 0; i < 3 && same; i++) {
		other = subject_start(l, NULL);
		q = look_place(l, other);
		same = q.end == p.end;
		subject_stop(other);
	}
	tell_place(l, &p);
	change_undo(l);
	doing(l, "kernel.randomize_va_space is put back");
	expect_gap(l, "gap", &p, false);
	expect_gap(l, "gap-again", &q, false);
	moves = moves && p.movable;
	expect_true(l, "place", same == !moves, "a second process %s%s", same ?
		    "is at the same addresses" : "is elsewhere", moves || p.movable ? "" :
		    ": this program can be loaded at one place only");
	subject_stop(s);
}

/* ---- moving it -------------------------------------------------------------- */

static void up_and_down(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, old = look_break(l, s), at, got;
	unsigned char byte[2] = { 0 };

	/* From a page boundary on. */
	subject_quiet(s, true);
	at = up(old, page);
	if (at != old)
		subject_sbrk(s, (int64_t)(at - old));
	subject_quiet(s, false);

	step(l, "up", "sbrk: three pages more");
	predict(l, "sbrk returns the old break, which is where the new memory begins; the heap has "
		"3 pages more, and none of them is there yet");
	got = subject_sbrk(s, (int64_t)(3 * page));
	expect_equal(l, "returned", "sbrk returned", got, at, UNIT_ADDRESS);
	expect_break(l, "break", s, (int64_t)(3 * page));
	expect_vmas(l, "vma", s, at, 3, "rw-p*3");
	expect_pages(l, "pages", s, at, 3, ".*");

	step(l, "touch", "Fill the first two of them");
	predict(l, "a page fault for each; then 2 of the 3 pages are there");
	subject_fill(s, at, 0x5a, 2 * page);
	expect_faults(l, "faults", s, 2, 2);
	expect_pages(l, "pages", s, at, 3, "R*2 .");

	step(l, "down", "sbrk: two pages less");
	predict(l, "again the old break is returned; the two pages are the system's at once, with "
		"what was in them, and to touch them is a fault");
	got = subject_sbrk(s, -(int64_t)(2 * page));
	expect_equal(l, "returned", "sbrk returned", got, at + 3 * page, UNIT_ADDRESS);
	expect_break(l, "break", s, -(int64_t)(2 * page));
	expect_vmas(l, "vma", s, at, 3, "rw-p*1 none*2");
	expect_fault(l, "fault", s, at + page, 'r', SIGSEGV, SEGV_MAPERR);

	step(l, "regrow", "And two pages more again");
	predict(l, "the addresses are the same, the memory is not: these pages are new, and read as "
		"zero; the page that was never given back holds what it held");
	subject_sbrk(s, (int64_t)(2 * page));
	expect_pages(l, "pages", s, at, 3, "R .*");
	subject_peek(s, at, &byte[0], 1);
	subject_peek(s, at + page, &byte[1], 1);
	expect_equal(l, "kept", "a byte of the page that stayed", byte[0], 0x5a, UNIT_NUMBER);
	expect_equal(l, "zero", "a byte of the page that is new", byte[1], 0, UNIT_NUMBER);
}

static void within_a_page(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, end = look_break(l, s);
	unsigned char byte = 0;
	struct mms_vma v;
	bool found;

	step(l, "part", "100 bytes less, and 100 more");
	predict(l, "the break moves, but memory comes and goes in whole pages: the page stays, and "
		"with it what is in it; who takes memory from sbrk may not count on zeros");
	subject_fill(s, end - 100, 0x77, 100);
	subject_sbrk(s, -100);
	subject_sbrk(s, 100);
	subject_peek(s, end - 1, &byte, 1);
	expect_break(l, "break", s, 0);
	expect_equal(l, "kept", "the last byte below the break", byte, 0x77, UNIT_NUMBER);

	step(l, "unaligned", "100 bytes more");
	predict(l, "the break is in the midst of a page now, but the kernel maps whole pages: what "
		"/proc/PID/maps calls [heap] ends at the end of that page, and the bytes between the "
		"break and there can be used though they were never asked for; a byte further there "
		"is nothing");
	subject_sbrk(s, 100);
	expect_break(l, "break", s, 100);
	found = look_vma(l, s, end, &v);
	observe(l, "kernel", "the heap's VMA ends at 0x%" PRIx64, v.end);
	expect_equal(l, "vma-end", "from the break to the end of [heap]", found ? v.end - end - 100 : 0,
		     page - 100, UNIT_BYTES);
	expect_fault(l, "slack", s, end + page - 1, 'w', 0, 0);
	expect_fault(l, "beyond", s, end + page, 'w', SIGSEGV, SEGV_MAPERR);
}

static void past_the_library(struct lesson *l, struct subject *s)
{
	uint64_t page = lesson_machine(l)->page, end = look_break(l, s);

	step(l, "raw", "brk(2) without the C library: a page more");
	predict(l, "the kernel moves the break; but the C library notes the break that it knows, and "
		"sbrk(0) answers from that note: it is wrong now");
	subject_raw_brk(s, end + page);
	expect_equal(l, "stale", "sbrk(0)", subject_sbrk(s, 0), end, UNIT_ADDRESS);
	expect_break(l, "break", s, (int64_t)page);

	step(l, "raw-after", "Then sbrk: 16 bytes more");
	predict(l, "the C library adds 16 to its wrong note, and asks the kernel for that: \"more\" "
		"moves the break DOWN, by %" PRIu64 " bytes", page - 16);
	subject_sbrk(s, 16);
	expect_break(l, "break", s, 16 - (int64_t)page);
}

static void run(struct lesson *l)
{
	struct subject *s;

	begin(l);
	without_random(l);
	with_value(l, "value-1", "1", true);
	with_value(l, "value-0", "0", false);
	s = heap_subject(l, NULL);
	if (!*subject_hello(s)->libc) {
		step(l, "up", "sbrk: three pages more");
		skip_step(l, "use glibc", "the sbrk() of this C library moves nothing");
		return;
	}
	up_and_down(l, s);
	within_a_page(l, s);
	past_the_library(l, s);
	s = heap_subject(l, NULL);
	break_limits(l, s);
}

static const char *const learnt[] = {
	"The break is the end of the heap, to the byte; the heap begins behind the program's data, "
	"and with randomisation a random way behind it.",
	"sbrk moves the break and returns the old one. What is given back is gone at once, and comes "
	"back as zeros; but only whole pages come and go.",
	"[heap] in /proc/PID/maps ends at a page boundary; the exact break is nowhere in /proc.",
	"Only the C library may move the break: it notes it, and does not look again.",
	"A limit, or a mapping in the way, stops the break.",
	NULL
};

static const char *const slides[] = {
	"The break does not begin at the end of .bss: with randomisation up to 1 GiB lies between. "
	"Under setarch -R they meet.",
	"In a static program the C library has moved the break before main().",
	NULL
};

const struct lesson_info lesson_break = {
	.name = "break",
	.brief = "the program break, and how sbrk moves it",
	.about = "The heap is one piece of memory, and the program break is its end. This lesson "
		 "looks where the break is when a program begins, moves it up and down with sbrk, and "
		 "finds out what stops it.",
	.learnt = learnt,
	.slides = slides,
	.run = run,
};
