// SPDX-License-Identifier: GPL-2.0
/*
 * judge.c - whether an answer of the module keeps what mmscope.h promises. Buffers
 * for answers are filled with a pattern and end at a page that is not there; after
 * a call nothing but what it said it wrote may be different.
 */
#include "judge.h"

#define PATTERN	0xa5
#define BUFFER	(16 << 10)

static char *buffer[BUFFERS];
static unsigned char pattern[BUFFER];
static bool dirty = true;
static const char *broken;
static char broken_text[120];

void judge_begin(void)
{
	unsigned int i;

	memset(pattern, PATTERN, sizeof(pattern));
	for (i = 0; i < BUFFERS; i++)
		buffer[i] = isle(BUFFER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				 -1, 0);
}

u64 buffer_end(unsigned int n)
{
	return (uintptr_t)buffer[n] + BUFFER;
}

void judge_start(void)
{
	broken = NULL;
}

const char *judge_broken(void)
{
	return broken;
}

/* On arm64 the top byte of an address may be a tag, which is not looked at. */
static u64 untagged(u64 address)
{
#ifdef __aarch64__
	address &= (u64)((int64_t)(address << 8) >> 8);
#endif
	return address;
}

/* The end may have the tag of the start, or be any number: it is taken as it is then. */
static u64 untag_range(u64 *start, u64 *end)
{
	u64 tag = *start ^ untagged(*start);

	*start ^= tag;
	if (*end >> 56 == tag >> 56)
		*end ^= tag;
	return tag;
}

void judge(bool kept, const char *promise)
{
	if (!kept && !broken)
		broken = promise;
}

void judge_errno(const char *what, int err, const int *known, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (err == known[i])
			return;
	snprintf(broken_text, sizeof(broken_text), "%s: %s is in no list", what,
		 err < 134 ? strerrorname_np(err) : "an errno beyond all");
	judge(false, broken_text);
}

/* ---- errors ---- */

struct rule {
	int err;
	unsigned int ops;	/* bits: those for which it is documented */
};

#define ASKS	(1u << MM | 1u << VMAS | 1u << PAGES | 1u << WALK)
#define ALL	(ASKS | 1u << INFO | 1u << ATTACH | 1u << RAW)

static void judge_documented(const struct judgement *j)
{
	static const struct rule rules[] = {
		{ 0, ALL }, { EFAULT, ALL }, { EINVAL, ALL }, { E2BIG, ALL }, { ENOMEM, ALL },
		{ ENOTTY, 1u << RAW }, { ENOTCONN, ASKS | 1u << RAW }, { ESTALE, ASKS },
		{ ESRCH, ASKS | 1u << ATTACH }, { ENXIO, 1u << ATTACH }, { EBADF, 1u << ATTACH },
		{ EAGAIN, 1u << ATTACH }, { ENOSPC, 1u << VMAS }, { EFBIG, 1u << VMAS },
		{ ERANGE, 1u << WALK },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++)
		if (j->err == rules[i].err && rules[i].ops >> j->op & 1)
			return;
	/* A file of another kind was given a number of ours, or a raw command hit. */
	if (j->op == RAW)
		return;
	if (j->err == EINTR && j->timed)
		return;
	if (j->nobody && ((j->err == EPERM && (j->op == PAGES || j->op == WALK)) ||
			  (j->err == EACCES && j->op == ATTACH)))
		return;
	judge_errno(op_info[j->op].name, j->err, NULL, 0);
}

/* ---- what was written ---- */

struct range {
	u64 at, len;
};

static bool within(const struct range *r, size_t count, u64 at)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (at - r[i].at < r[i].len)
			return true;
	return false;
}

static void judge_buffers(const struct range *allowed, size_t count)
{
	unsigned int i, k;

	for (i = 0; i < BUFFERS; i++) {
		if (!memcmp(buffer[i], pattern, BUFFER))
			continue;
		dirty = true;
		for (k = 0; k < BUFFER; k++)
			if ((unsigned char)buffer[i][k] != PATTERN &&
			    !within(allowed, count, (uintptr_t)buffer[i] + k)) {
				judge(false, "memory was written that was not asked for");
				return;
			}
	}
}

/* As many records as there may be: more than any buffer holds is as good as all. */
static struct range range_of(u64 at, u64 count, size_t size)
{
	return (struct range){ at, count < BUFFER ? count * size : (u64)BUFFER * size };
}

/* A whole number of records, in one of the buffers; else it is not looked into. */
static const void *records(u64 at, u64 len)
{
	unsigned int i;

	for (i = 0; i < BUFFERS; i++)
		if (at - (uintptr_t)buffer[i] < BUFFER && len <= (uintptr_t)buffer[i] + BUFFER - at)
			return (const void *)(uintptr_t)at;
	return NULL;
}

/* Two answers in one place: that is the caller's own doing. */
static bool overlap(const struct range *r, size_t count)
{
	size_t i, k;

	for (i = 0; i < count; i++)
		for (k = 0; k < count; k++)
			if (i != k && r[k].len && r[i].len && r[k].at - r[i].at < r[i].len)
				return true;
	return false;
}

/* The structure: what is not an answer in it stays. */
static void judge_structure(const struct judgement *j)
{
	static const struct { unsigned int from, to; } out[OPS] = {
		[INFO] = { 8, sizeof(struct mmscope_info) },
		[MM] = { 8, sizeof(struct mmscope_mm) },
		[VMAS] = { offsetof(struct mmscope_vmas, vmas_count), sizeof(struct mmscope_vmas) },
		[PAGES] = { offsetof(struct mmscope_pages, cursor), sizeof(struct mmscope_pages) },
		[WALK] = { offsetof(struct mmscope_walk, levels_count),
			   sizeof(struct mmscope_walk) },
	};
	bool answered = !j->err || j->err == ENOSPC || j->err == EFBIG;
	u32 i;

	for (i = 0; i < j->room; i++)
		if (j->structure[i] != j->before[i] &&
		    !(answered && i >= out[j->op].from && i < out[j->op].to)) {
			judge(false, "what is not an answer was written in the structure");
			return;
		}
}

/* ---- answers ---- */

static void judge_info(const struct mmscope_info *i)
{
	judge(i->abi == MMSCOPE_ABI && 1UL << i->page_shift == page, "INFO: abi, page_shift");
	judge(i->categories == told && !(i->categories & ~MMSCOPE_CATS_ALL), "INFO: categories");
	judge(memchr(i->version, 0, sizeof(i->version)) && *i->version, "INFO: version");
	judge(i->levels >= 3 && i->levels <= 5, "INFO: levels");
}

static void judge_mm(const struct mmscope_mm *m)
{
	judge(memchr(m->comm, 0, sizeof(m->comm)), "MM: comm has no end");
	judge(m->brk >= m->start_brk, "MM: the break is below its start");
	judge(!((m->total_vm | m->rss_anon | m->rss_file | m->rss_shmem | m->swap) & (page - 1)),
	      "MM: an amount that is not whole pages");
	judge(!(m->def_flags & ~(MMSCOPE_VMA_LOCKED | MMSCOPE_VMA_LOCKONFAULT)), "MM: def_flags");
}

static void judge_vma(const struct mmscope_vma *v)
{
	judge(v->start < v->end && !((v->start | v->end) & (page - 1)), "VMA: its range");
	judge(v->backing <= MMSCOPE_BACKING_DEVICE, "VMA: backing");
	judge(v->page_shift >= 12 && v->page_shift < 48, "VMA: page_shift");
	judge(!(v->role & ~7U), "VMA: role");
}

static void judge_acct(const struct mmscope_acct *acct, u64 cats, u64 pages)
{
	size_t k;

	for (k = 0; k < ARRAY_SIZE(acct->pages); k++) {
		judge(!acct->pages[k] || cats >> k & 1, "ACCT: of what was not asked for");
		judge(acct->pages[k] <= pages, "ACCT: more pages than there are");
	}
}

static void judge_accts(const struct mmscope_vmas *a, const struct mmscope_vma *v)
{
	const struct mmscope_acct *acct = records(a->accts, a->vmas_count * sizeof(*acct));
	u64 i;

	for (i = 0; acct && i < a->vmas_count; i++)
		judge_acct(&acct[i], a->acct_categories ?: told, (v[i].end - v[i].start) / page);
}

static void judge_totals(const struct mmscope_vmas *a, u64 bytes)
{
	const struct mmscope_acct *acct = records(a->accts, sizeof(*acct));

	judge(!a->vmas_len && !a->names_len && !a->vmas_count && !a->names_bytes,
	      "TOTALS: with a list");
	judge(a->accts, "TOTALS: without a record");
	if (acct)
		judge_acct(acct, a->acct_categories ?: told, bytes / page);
}

static void judge_vmas(const struct mmscope_vmas *a)
{
	const struct mmscope_vma *v = records(a->vmas, a->vmas_count * sizeof(*v));
	u64 i, start = a->start, end = a->end;

	untag_range(&start, &end);
	if (a->flags & MMSCOPE_VMAS_TOTALS) {
		judge_totals(a, end - start);
		return;
	}
	judge(!(a->flags & MMSCOPE_VMAS_PART) || a->vmas_len, "VMAS: a part without room");
	judge(a->vmas_count <= a->vmas_len && a->names_bytes <= a->names_len,
	      "VMAS: more than there is room for");
	for (i = 0; v && i < a->vmas_count; i++) {
		judge_vma(&v[i]);
		judge(v[i].end > start && v[i].start < end, "VMAS: outside of the range");
		judge(!i || v[i - 1].end <= v[i].start, "VMAS: out of order");
		judge(!v[i].name_len || v[i].name_offset + v[i].name_len < a->names_bytes,
		      "VMAS: a name beyond the names");
	}
	if (v && a->accts)
		judge_accts(a, v);
}

/* ENOSPC: it is more than there is room for, indeed. */
static void judge_needed(const struct judgement *j, const struct mmscope_vmas *a)
{
	if (j->err == ENOSPC)
		judge(a->vmas_count > a->vmas_len || a->names_bytes > a->names_len,
		      "VMAS: ENOSPC, and there is room");
}

static void judge_runs(const struct mmscope_pages *a)
{
	const struct mmscope_run *r = records(a->runs, a->runs_count * sizeof(*r));
	u64 i, pages = 0, at = a->start;

	for (i = 0; r && i < a->runs_count; i++) {
		judge(r[i].start < r[i].end && r[i].start >= at && r[i].end <= a->end &&
		      !((r[i].start | r[i].end) & (page - 1)), "PAGES: the range of a run");
		judge(!(r[i].categories & ~a->categories), "PAGES: of what was not asked for");
		judge(a->flags & MMSCOPE_PAGES_FRAMES || !r[i].frame, "PAGES: a frame");
		judge((r[i].categories & a->all_of) == (a->all_of & a->categories),
		      "PAGES: without all_of");
		judge(!(r[i].categories & a->none_of), "PAGES: with none_of");
		at = r[i].end;
		pages += (r[i].end - r[i].start) / page;
	}
	judge(!r || !a->runs_len || pages == a->pages, "PAGES: the sum of its runs is another");
}

static void judge_pages(const struct mmscope_pages *asked)
{
	struct mmscope_pages a = *asked;
	u64 tag = untag_range(&a.start, &a.end);

	/* It goes on as it began: with the tag, also at an end of other high bits. */
	judge(a.cursor == (a.end | tag) ||
	      ((a.cursor ^ tag) >= a.start && (a.cursor ^ tag) <= a.end), "PAGES: cursor");
	judge(a.runs_count <= a.runs_len, "PAGES: more runs than there is room for");
	judge(!a.max_pages || a.pages <= a.max_pages, "PAGES: more than max_pages");
	judge_runs(&a);
}

static void judge_walk(const struct mmscope_walk *w)
{
	u32 i;

	judge(w->levels_count <= 5 && w->has_vma <= 1, "WALK: levels_count, has_vma");
	judge(w->has_vma || !w->levels_count, "WALK: levels without a VMA");
	judge(!(w->categories & ~told), "WALK: categories");
	if (w->has_vma) {
		judge_vma(&w->vma);
		judge(untagged(w->address) - w->vma.start < w->vma.end - w->vma.start,
		      "WALK: another VMA");
	}
	for (i = 0; i < 5; i++) {
		judge(w->flags & MMSCOPE_WALK_RAW || !(w->levels[i].entry | w->levels[i].frame),
		      "WALK: raw entries");
		judge(i < w->levels_count || !w->levels[i].level, "WALK: a level too many");
		judge(i + 1 >= w->levels_count || w->levels[i].kind == MMSCOPE_ENTRY_TABLE,
		      "WALK: below what is no table");
	}
}

/* Of a structure that was cut short, or enlarged, as much as there is; the rest 0. */
static void judge_answer(const struct judgement *j, const void *inner)
{
	union {
		struct mmscope_info info;
		struct mmscope_mm mm;
		struct mmscope_vmas vmas;
		struct mmscope_pages pages;
		struct mmscope_walk walk;
	} a = { 0 };

	memcpy(&a, j->structure, j->room < sizeof(a) ? j->room : sizeof(a));
	if (j->op == VMAS)
		judge_needed(j, &a.vmas);
	if (j->err)
		return;
	switch (j->op) {
	case INFO: judge_info(&a.info); break;
	case MM: judge_mm(&a.mm); break;
	case VMAS:
		judge_vmas(&a.vmas);
		if (a.vmas.mm == (uintptr_t)inner)
			judge_mm(inner);
		break;
	case PAGES: judge_pages(&a.pages); break;
	case WALK: judge_walk(&a.walk); break;
	default: break;
	}
}

/* Which buffers a call may have written to, and how much of them. */
static size_t allowed(const struct judgement *j, struct range r[4])
{
	struct mmscope_vmas v = { 0 };
	struct mmscope_pages p = { 0 };
	bool partly = j->err == EFAULT || j->err == EINTR || j->err == ESRCH || j->err == ESTALE ||
		      j->err == ENOMEM;

	if (j->err && !partly)
		return 0;
	if (j->op == PAGES) {
		memcpy(&p, j->structure, j->room < sizeof(p) ? j->room : sizeof(p));
		r[0] = range_of(p.runs, partly ? p.runs_len : p.runs_count,
				sizeof(struct mmscope_run));
		return 1;
	}
	if (j->op != VMAS)
		return 0;
	memcpy(&v, j->structure, j->room < sizeof(v) ? j->room : sizeof(v));
	if (partly) {
		v.vmas_count = v.vmas_len;
		v.names_bytes = v.names_len;
	}
	r[0] = range_of(v.vmas, v.vmas_count, sizeof(struct mmscope_vma));
	r[1] = range_of(v.names, v.names_bytes, 1);
	r[2] = range_of(v.mm, !!v.mm, sizeof(struct mmscope_mm));
	r[3] = range_of(v.accts, !v.accts ? 0 : v.flags & MMSCOPE_VMAS_TOTALS ? 1 : v.vmas_count,
			sizeof(struct mmscope_acct));
	return 4;
}

void judge_before(struct judgement *j)
{
	unsigned int i;

	for (i = 0; dirty && i < BUFFERS; i++)
		memset(buffer[i], PATTERN, BUFFER);
	dirty = false;
	if (j->structure)
		memcpy(j->before, j->structure, j->room);
}

void judge_after(struct judgement *j, const void *inner)
{
	struct range r[4];
	size_t count;

	judge_documented(j);
	if (!j->structure) {
		dirty = true;
		return;
	}
	judge_structure(j);
	count = allowed(j, r);
	judge_buffers(r, count);
	if (!overlap(r, count))
		judge_answer(j, inner);
}
