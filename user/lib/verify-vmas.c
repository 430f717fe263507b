// SPDX-License-Identifier: GPL-2.0
/*
 * verify-vmas.c - the VMAs with their figures, the break and the counters, as
 * each witness has them.  A VMA counts only if the module listed and counted
 * it the same before and after the others were asked.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verify.h"

#define ROUNDS	8

#define RWXS	(MMSCOPE_VMA_READ | MMSCOPE_VMA_WRITE | MMSCOPE_VMA_EXEC | MMSCOPE_VMA_SHARED)

/* What one round says; the last round goes into the verdict. */
struct round {
	struct mms_verdict sums;	/* only totals, names and failures are used */
	struct mms_vmas before, after;
	struct mms_vmas other[MMS_WITNESS_COUNT];
	uint64_t brk, brk_after;
	uint64_t brks[MMS_WITNESS_COUNT];
	bool has_brk[MMS_WITNESS_COUNT];
	uint64_t moved;			/* VMAs that changed meanwhile */
};

static void round_free(struct round *r)
{
	mms_vmas_free(&r->before);
	mms_vmas_free(&r->after);
	for (int w = 0; w < MMS_WITNESS_COUNT; w++)
		mms_vmas_free(&r->other[w]);
}

/* The failures of a round are kept in it until it is known to be the last. */
static void wrong(struct round *r, enum mms_witness w, const struct mms_vma *v, const char *what,
		  uint64_t kernel, uint64_t other)
{
	struct mms_failure *f;

	if (r->sums.failures++ >= MMS_FAILURES_MAX)
		return;
	f = &r->sums.failure[r->sums.failures - 1];
	f->witness = w;
	f->address = f->vma_start = v ? v->start : 0;
	snprintf(f->what, sizeof(f->what), "%s", what);
	snprintf(f->kernel, sizeof(f->kernel), "%" PRIu64 " (0x%" PRIx64 ")", kernel, kernel);
	snprintf(f->other, sizeof(f->other), "%" PRIu64 " (0x%" PRIx64 ")", other, other);
}

static void wrong_text(struct round *r, enum mms_witness w, const struct mms_vma *v,
		       const char *what, const char *kernel, const char *other)
{
	wrong(r, w, v, what, 0, 0);
	if (r->sums.failures > MMS_FAILURES_MAX)
		return;
	mms_escape(kernel, r->sums.failure[r->sums.failures - 1].kernel, 80);
	mms_escape(other, r->sums.failure[r->sums.failures - 1].other, 80);
}

static void same(struct round *r, enum mms_witness w, const struct mms_vma *v, const char *what,
		 uint64_t kernel, uint64_t other)
{
	if (kernel != other)
		wrong(r, w, v, what, kernel, other);
}

static void named(struct round *r, enum mms_difference d, enum mms_witness w, uint64_t count)
{
	r->sums.named[d][w] += count;
}

/* ---- one VMA --------------------------------------------------------------- */

/* Index of the VMA that starts there, or count. */
static size_t at_start(const struct mms_vmas *l, uint64_t start)
{
	size_t i = mms_vmas_find(l, start);

	return i < l->count && l->vma[i].start == start ? i : l->count;
}

static bool is_steady(const struct round *r, size_t i)
{
	const struct mms_vma *a = &r->before.vma[i], *b;
	size_t k = at_start(&r->after, a->start);

	if (k == r->after.count)
		return false;
	b = &r->after.vma[k];
	return a->end == b->end && a->flags == b->flags && a->offset == b->offset &&
	       a->inode == b->inode && !strcmp(a->name, b->name) &&
	       !memcmp(&r->before.acct[i], &r->after.acct[k], sizeof(r->before.acct[i]));
}

static void compare_identity(struct round *r, enum mms_witness w, const struct mms_vma *k,
			     const struct mms_vma *o)
{
	same(r, w, k, "end", k->end, o->end);
	same(r, w, k, "rights (rwxs)", k->flags & RWXS, o->flags & RWXS);
	same(r, w, k, "file offset", k->offset, o->offset);
	same(r, w, k, "inode", k->inode, o->inode);
	same(r, w, k, "device", (uint64_t)k->dev_major << 32 | k->dev_minor,
	     (uint64_t)o->dev_major << 32 | o->dev_minor);
	if (k->page_shift && o->page_shift)
		same(r, w, k, "page size", 1ULL << k->page_shift, 1ULL << o->page_shift);
	if (strcmp(k->name, o->name))
		wrong_text(r, w, k, "name", k->name, o->name);
}

static void compare_flags(struct round *r, const struct mms_vma *k, const struct mms_vma *o)
{
	uint64_t both = k->flags_known & o->flags_known;

	same(r, MMS_WITNESS_SMAPS, k, "VmFlags", k->flags & both, o->flags & both);
	if (k->flags & ~o->flags_known & MMSCOPE_VMA_LOCKONFAULT)
		named(r, MMS_DIFF_FLAG_UNNAMED, MMS_WITNESS_SMAPS, 1);
}

/* Present pages against Rss: what smaps leaves out must be all of the rest. */
static void compare_rss(struct round *r, const struct mms_vma *k, const struct mmscope_acct *a,
			const struct mmscope_acct *o)
{
	uint64_t page = mms_page_size(), rss = o->rss / page;
	uint64_t present = a->pages[MMSCOPE_CAT_PRESENT];
	uint64_t zero = a->pages[MMSCOPE_CAT_ZERO], special = a->pages[MMSCOPE_CAT_SPECIAL];
	uint64_t huge = k->flags & MMSCOPE_VMA_HUGETLB && !rss ? present : 0;

	if (present == rss)
		return;
	if (present != rss + (huge ? huge : zero + special)) {
		wrong(r, MMS_WITNESS_SMAPS, k, "present pages", present, rss);
		return;
	}
	if (huge) {
		named(r, MMS_DIFF_HUGETLB, MMS_WITNESS_SMAPS, huge);
		return;
	}
	named(r, MMS_DIFF_ZERO_PAGE, MMS_WITNESS_SMAPS, zero);
	named(r, MMS_DIFF_SPECIAL, MMS_WITNESS_SMAPS, special);
}

static void compare_swap(struct round *r, const struct mms_vma *k, const struct mmscope_acct *a,
			 const struct mmscope_acct *o)
{
	uint64_t own = a->pages[MMSCOPE_CAT_SWAPPED], shared = a->pages[MMSCOPE_CAT_CACHE_SWAPPED];
	uint64_t theirs = o->pages[MMSCOPE_CAT_SWAPPED] + o->pages[MMSCOPE_CAT_CACHE_SWAPPED];

	same(r, MMS_WITNESS_SMAPS, k, "Swap, pages", own + shared, theirs);
	named(r, MMS_DIFF_SHMEM_SWAP, MMS_WITNESS_SMAPS, shared);
}

static void compare_locked(struct round *r, const struct mms_vma *k, const struct mms_smaps *o)
{
	bool locked = k->flags & MMSCOPE_VMA_LOCKED;

	/* The kernel writes the VMA's own Pss there. */
	same(r, MMS_WITNESS_SMAPS, k, "Locked", locked ? o->pss : 0, o->locked);
	if (locked && o->locked != k->end - k->start)
		named(r, MMS_DIFF_PSS, MMS_WITNESS_SMAPS, 1);
}

/*
 * Pages that smaps passes over, since nobody may access them: all huge ones, but for those
 * of zeroes, which it never counts. Or 0.
 */
static uint64_t passed_over(const struct mms_vma *k, const struct mmscope_acct *a,
			    const struct mmscope_acct *o)
{
	uint64_t huge = a->pages[MMSCOPE_CAT_HUGE_PMD], zero = a->pages[MMSCOPE_CAT_ZERO];
	uint64_t missing = (a->rss - o->rss) / mms_page_size();

	if (k->flags & (MMSCOPE_VMA_READ | MMSCOPE_VMA_WRITE | MMSCOPE_VMA_EXEC) ||
	    a->rss < o->rss)
		return 0;
	return missing <= huge && missing + zero >= huge ? missing : 0;
}

static void compare_figures(struct round *r, const struct mms_vma *k,
			    const struct mmscope_acct *a, const struct mmscope_acct *o)
{
	enum mms_witness w = MMS_WITNESS_SMAPS;

	same(r, w, k, "Rss", a->rss, o->rss);
	same(r, w, k, "Shared_Clean", a->shared_clean, o->shared_clean);
	same(r, w, k, "Shared_Dirty", a->shared_dirty, o->shared_dirty);
	same(r, w, k, "Private_Clean", a->private_clean, o->private_clean);
	same(r, w, k, "Private_Dirty", a->private_dirty, o->private_dirty);
	if (!(k->flags & MMSCOPE_VMA_HUGETLB))
		same(r, w, k, "Anonymous, pages", a->pages[MMSCOPE_CAT_ANON],
		     o->pages[MMSCOPE_CAT_ANON]);
	compare_rss(r, k, a, o);
}

static void compare_smaps(struct round *r, size_t i, size_t n)
{
	const struct mms_vmas *theirs = &r->other[MMS_WITNESS_SMAPS];
	const struct mms_vma *k = &r->before.vma[i];
	const struct mmscope_acct *a = &r->before.acct[i], *o = &theirs->acct[n];
	uint64_t barred = passed_over(k, a, o);

	compare_identity(r, MMS_WITNESS_SMAPS, k, &theirs->vma[n]);
	compare_flags(r, k, &theirs->vma[n]);
	named(r, MMS_DIFF_HUGE_BARRED, MMS_WITNESS_SMAPS, barred);
	if (!barred)
		compare_figures(r, k, a, o);
	compare_swap(r, k, a, o);
	compare_locked(r, k, &theirs->smaps[n]);
}

/* A VMA that one of them does not have; [vsyscall] is in no address space. */
static void extra(struct round *r, enum mms_witness w, const struct mms_vma *v)
{
	if (!strcmp(v->name, "[vsyscall]"))
		named(r, MMS_DIFF_SPECIAL, w, 1);
	else if (at_start(&r->after, v->start) < r->after.count)
		r->moved++;
	else
		wrong_text(r, w, v, "the VMA", "not there", v->name);
}

static void compare_vmas(struct round *r, enum mms_witness w)
{
	const struct mms_vmas *theirs = &r->other[w];

	for (size_t i = 0; i < r->before.count; i++) {
		size_t n = at_start(theirs, r->before.vma[i].start);

		if (!is_steady(r, i))
			r->moved++;
		else if (n == theirs->count)
			wrong_text(r, w, &r->before.vma[i], "the VMA", r->before.vma[i].name,
				   "not there");
		else if (w == MMS_WITNESS_SMAPS)
			compare_smaps(r, i, n);
		else
			compare_identity(r, w, &r->before.vma[i], &theirs->vma[n]);
	}
	for (size_t n = 0; n < theirs->count; n++)
		if (at_start(&r->before, theirs->vma[n].start) == r->before.count)
			extra(r, w, &theirs->vma[n]);
	r->sums.has[MMS_ASK_VMAS][w] = true;
	r->sums.total[MMS_ASK_VMAS][w] = theirs->count;
}

/* ---- the whole ------------------------------------------------------------- */

/* [heap] must end where the module's list says so; that is the break, or above. */
static void compare_heap(struct round *r)
{
	struct mms_fact ours = r->before.mm.fact[MMS_MM_HEAP_END];
	struct mms_fact theirs = r->other[MMS_WITNESS_SMAPS].mm.fact[MMS_MM_HEAP_END];

	if (!mms_known(ours) || !mms_known(theirs) ||
	    ours.value != r->after.mm.fact[MMS_MM_HEAP_END].value)
		return;
	same(r, MMS_WITNESS_SMAPS, NULL, "end of [heap]", ours.value, theirs.value);
	r->sums.has[MMS_ASK_BREAK][MMS_WITNESS_SMAPS] = true;
	r->sums.total[MMS_ASK_BREAK][MMS_WITNESS_SMAPS] = theirs.value;
	if (theirs.value != r->brk)
		named(r, MMS_DIFF_HEAP_ROUNDED, MMS_WITNESS_SMAPS, 1);
}

static void compare_break(struct round *r)
{
	r->sums.has[MMS_ASK_BREAK][MMS_WITNESS_KERNEL] = true;
	r->sums.total[MMS_ASK_BREAK][MMS_WITNESS_KERNEL] = r->brk_after;
	for (int w = 0; w < MMS_WITNESS_COUNT; w++) {
		if (!r->has_brk[w])
			continue;
		r->sums.has[MMS_ASK_BREAK][w] = true;
		r->sums.total[MMS_ASK_BREAK][w] = r->brks[w];
		if (r->brks[w] == r->brk || r->brk != r->brk_after)
			continue;
		if (w == MMS_WITNESS_LIBC)
			named(r, MMS_DIFF_LIBC_NOTE, w, 1);
		else
			wrong(r, w, NULL, "the break", r->brk, r->brks[w]);
	}
	if (r->brk == r->brk_after)
		compare_heap(r);
}

/*
 * How far the counters of status may be off, in pages.  Each CPU keeps up to a
 * batch of each of three counters (percpu_counter_batch).  Before 6.2 each
 * thread kept those of up to 64 page faults (TASK_RSS_EVENTS_THRESH), and a
 * fault on a file may map 16 pages at once (fault_around_bytes).
 */
static uint64_t lag_bound(const struct mmsi_hearing *h)
{
	uint64_t cpus = (uint64_t)sysconf(_SC_NPROCESSORS_CONF);
	uint64_t batch = cpus > 16 ? 2 * cpus : 32;

	if (h->target->info.features & MMSCOPE_FEAT_EXACT_RSS)
		return 3 * cpus * batch;
	return 65 * 16 * (h->target->proc.threads ? h->target->proc.threads + 1 : cpus);
}

static uint64_t sum_rss(const struct mms_vmas *l)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < l->count; i++)
		sum += l->acct[i].rss;
	return sum;
}

static void compare_counters(struct mmsi_hearing *h, struct round *r)
{
	const struct mms_fact *f = r->other[MMS_WITNESS_SMAPS].mm.fact;
	uint64_t counted = sum_rss(&r->before), counter, off;

	if (counted != sum_rss(&r->after) || !mms_known(f[MMS_MM_RSS_ANON]))
		return;
	counter = f[MMS_MM_RSS_ANON].value + f[MMS_MM_RSS_FILE].value + f[MMS_MM_RSS_SHMEM].value;
	off = counter > counted ? counter - counted : counted - counter;
	if (off > lag_bound(h) * mms_page_size())
		wrong(r, MMS_WITNESS_SMAPS, NULL, "RssAnon+RssFile+RssShmem (status)", counted,
		      counter);
	else if (off)
		named(r, MMS_DIFF_COUNTER_LAG, MMS_WITNESS_SMAPS, 1);
}

static void compare_lock_sums(struct round *r)
{
	const struct mms_vmas *theirs = &r->other[MMS_WITNESS_SMAPS];
	uint64_t intent = 0, weighted = 0, rss = 0, swap = 0;
	struct mms_fact vmlck = theirs->mm.fact[MMS_MM_LOCKED_VM];
	struct mms_fact a = r->before.mm.fact[MMS_MM_LOCKED_VM];

	for (size_t i = 0; i < r->before.count; i++)
		if (r->before.vma[i].flags & MMSCOPE_VMA_LOCKED)
			intent += r->before.vma[i].end - r->before.vma[i].start;
	for (size_t i = 0; i < theirs->count; i++) {
		weighted += theirs->smaps[i].locked;
		rss += theirs->acct[i].rss;
		swap += theirs->acct[i].pages[MMSCOPE_CAT_SWAPPED] +
			theirs->acct[i].pages[MMSCOPE_CAT_CACHE_SWAPPED];
	}
	if (a.value == r->after.mm.fact[MMS_MM_LOCKED_VM].value && mms_known(vmlck))
		same(r, MMS_WITNESS_SMAPS, NULL, "VmLck (status)", a.value, vmlck.value);
	r->sums.has[MMS_ASK_LOCKED][MMS_WITNESS_KERNEL] = true;
	r->sums.total[MMS_ASK_LOCKED][MMS_WITNESS_KERNEL] = intent;
	r->sums.has[MMS_ASK_LOCKED][MMS_WITNESS_SMAPS] = true;
	r->sums.total[MMS_ASK_LOCKED][MMS_WITNESS_SMAPS] = weighted;
	r->sums.has[MMS_ASK_RESIDENT][MMS_WITNESS_SMAPS] = true;
	r->sums.total[MMS_ASK_RESIDENT][MMS_WITNESS_SMAPS] = rss / mms_page_size();
	r->sums.has[MMS_ASK_SWAPPED][MMS_WITNESS_SMAPS] = true;
	r->sums.total[MMS_ASK_SWAPPED][MMS_WITNESS_SMAPS] = swap;
}

/* ---- a round --------------------------------------------------------------- */

static int ask(struct mmsi_hearing *h, struct round *r, struct mms_error *err)
{
	struct mms_inquiry *q = h->inquiry;

	if (mms_ask_vmas(q, MMS_WITNESS_KERNEL, &r->before, err))
		return -1;
	r->brk = r->before.mm.fact[MMS_MM_BRK].value;
	for (int w = 0; w < MMS_WITNESS_COUNT; w++) {
		if (w == MMS_WITNESS_KERNEL || mms_witness_absent(q, w))
			continue;
		if (mms_witness_of_vmas(w) && mms_ask_vmas(q, w, &r->other[w], err))
			return -1;
		r->has_brk[w] = mms_witness_of_break(w) &&
				!mms_ask_break(q, w, &r->brks[w], NULL);
	}
	if (mms_ask_vmas(q, MMS_WITNESS_KERNEL, &r->after, err))
		return -1;
	r->brk_after = r->after.mm.fact[MMS_MM_BRK].value;
	return 0;
}

static int round_once(struct mmsi_hearing *h, struct round *r, struct mms_error *err)
{
	memset(r, 0, sizeof(*r));
	if (ask(h, r, err))
		return -1;
	for (int w = 0; w < MMS_WITNESS_COUNT; w++)
		if (w != MMS_WITNESS_KERNEL && mms_witness_of_vmas(w) &&
		    !mms_witness_absent(h->inquiry, w))
			compare_vmas(r, w);
	compare_break(r);
	compare_counters(h, r);
	compare_lock_sums(r);
	r->sums.has[MMS_ASK_VMAS][MMS_WITNESS_KERNEL] = true;
	r->sums.total[MMS_ASK_VMAS][MMS_WITNESS_KERNEL] = r->before.count;
	return 0;
}

static void keep(struct mmsi_hearing *h, const struct round *r)
{
	struct mms_verdict *v = h->verdict;

	for (int w = 0; w < MMS_WITNESS_COUNT; w++) {
		for (int q = 0; q < MMS_ASK_COUNT; q++) {
			if (!r->sums.has[q][w])
				continue;
			v->has[q][w] = true;
			v->total[q][w] = r->sums.total[q][w];
		}
		for (int d = 0; d < MMS_DIFF_COUNT; d++)
			v->named[d][w] += r->sums.named[d][w];
	}
	v->vmas += r->before.count;
	v->named[MMS_DIFF_RACED][MMS_WITNESS_KERNEL] += r->moved;
	for (uint64_t i = 0; i < r->sums.failures && i < MMS_FAILURES_MAX; i++) {
		const struct mms_failure *f = &r->sums.failure[i];

		mmsi_failure(h, f->witness, f->address, f->vma_start, f->what, f->kernel,
			     f->other);
	}
	if (r->sums.failures > MMS_FAILURES_MAX)
		v->failures += r->sums.failures - MMS_FAILURES_MAX;
}

int mmsi_verify_vmas(struct mmsi_hearing *h, struct mms_error *err)
{
	struct round *r = calloc(1, sizeof(*r));
	int ret = r ? 0 : mmsi_nomem(err);

	/* Until a round finds nothing wrong; the last but one holds it still. */
	for (int n = 0; n < ROUNDS && !ret; n++) {
		round_free(r);
		if (n == ROUNDS - 2)
			mmsi_hold(h);
		ret = round_once(h, r, err);
		if (!ret && !r->sums.failures)
			break;
		usleep(1000U << n);
	}
	mmsi_let_go(h);
	if (!ret)
		keep(h, r);
	if (r)
		round_free(r);
	free(r);
	return ret;
}
