// SPDX-License-Identifier: GPL-2.0
/*
 * mlock-malloc.c - of the lesson mlock: locking what malloc gave out, and what
 * free() does about it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mlock-steps.h"

/*
 * A static subject has a heap before it can do without huge pages: then its
 * pages may be part of a block, and not carry the flag.
 */
static bool in_a_block(struct lesson *l)
{
	return lesson_machine(l)->mthp && lesson_static(l);
}

static void shares_a_page(struct lesson *l)
{
	struct subject *s = subject_pinned(l);
	uint64_t page = lesson_machine(l)->page, key, other;

	step(l, "malloc", "malloc two chunks of 64 bytes, and mlock the first");
	key = subject_malloc(s, 64);
	other = subject_malloc(s, 64);
	need(l, key && other, "malloc failed");
	if (key / page != other / page) {
		skip_step(l, "unset GLIBC_TUNABLES MALLOC_MMAP_THRESHOLD_",
			  "malloc has put them on different pages here");
		return;
	}
	predict(l, "mlock(p, 64) locks 1 page, and the second chunk, which lies on the same page, "
		"with it");
	subject_mlock(s, key, 64);
	expect_errno(l, "errno", s, 0);
	expect_locked(l, "bytes", s, page);
	expect_vma_flags(l, "other", s, other, MMSCOPE_VMA_LOCKED, 0);
	if (!in_a_block(l))
		expect_categories(l, "other-fact", s, other, 1, MMSCOPE_CAT(MLOCKED), 0);

	if (lesson_machine(l)->mthp)
		note(l, "Huge pages of several sizes are enabled here; the subject does without. Of "
		     "a block that lies only in part in a locked VMA the kernel leaves the pages "
		     "without the flag, and looks at the VMA when it is to be paged out.");

	step(l, "neighbour", "munlock the second chunk, which nobody locked");
	predict(l, "the first is not locked any more either: they share a page, and locks do not "
		"nest. So never lock what malloc has put next to something else");
	subject_munlock(s, other, 64);
	expect_vma_flags(l, "key", s, key, 0, MMSCOPE_VMA_LOCKED);
	expect_locked(l, "bytes", s, 0);
	subject_stop(s);
}

static void memalign(struct lesson *l)
{
	struct subject *s = subject_pinned(l);
	uint64_t page = lesson_machine(l)->page, p;

	step(l, "memalign", "posix_memalign(page size, page size), and mlock it");
	predict(l, "exactly one page is locked, and nothing else lies on it: malloc's own notes "
		"are on the page before");
	p = subject_memalign(s, page, page);
	need(l, p, "posix_memalign failed");
	expect_equal(l, "offset", "its place in its page", p % page, 0, UNIT_BYTES);
	subject_mlock(s, p, page);
	expect_locked(l, "bytes", s, page);
	expect_categories(l, "fact", s, p, 1, MMSCOPE_CAT(PRESENT) | MMSCOPE_CAT(MLOCKED), 0);
	expect_vma_flags(l, "before", s, p - 1, 0, MMSCOPE_VMA_LOCKED);
	subject_stop(s);
}

static void free_heap(struct lesson *l)
{
	struct subject *s = subject_pinned(l);
	uint64_t page = lesson_machine(l)->page, p, pages;
	struct mms_mm mm;

	step(l, "free-heap", "malloc(64), mlock it, and free it");
	p = subject_malloc(s, 64);
	need(l, p, "malloc failed");
	look_mm(l, s, &mm);
	if (p < mm.fact[MMS_MM_START_BRK].value || p >= mm.fact[MMS_MM_BRK].value) {
		skip_step(l, "unset GLIBC_TUNABLES MALLOC_MMAP_THRESHOLD_",
			  "64 bytes do not come from the heap here");
		return;
	}
	predict(l, "its page stays locked: free() gives the chunk back to malloc, and the kernel "
		"does not hear of it. Locked memory grows so, until one calls munlock before free");
	pages = (p % page + 64 + page - 1) / page;
	subject_mlock(s, p, 64);
	subject_free(s, p);
	expect_vma_flags(l, "flags", s, p, MMSCOPE_VMA_LOCKED, 0);
	expect_categories(l, "fact", s, p, 1, MMSCOPE_CAT(PRESENT) |
			  (in_a_block(l) ? 0 : MMSCOPE_CAT(MLOCKED)), 0);
	expect_locked(l, "bytes", s, pages * page);
	subject_stop(s);
}

static void free_mmapped(struct lesson *l)
{
	struct subject *s = subject_pinned(l);
	uint64_t page = lesson_machine(l)->page, size, p;
	struct glibc_malloc g;
	struct glibc_heap heap;
	const char *why = "";
	bool known = subject_heap(s, &heap, &why);

	step(l, "free-mmapped", "malloc more than the mmap threshold, mlock a page of it, and free "
			"it");
	size = known ? heap.settings.mmap_threshold + (1 << 20) : 0;
	if (known)
		glibc_heap_malloc(&heap, size, &g);
	if (!known || !g.mmapped) {
		skip_step(l, "unset GLIBC_TUNABLES MALLOC_MMAP_MAX_ MALLOC_TOP_PAD_", "%s", known ?
			  "malloc would not get it by mmap here" : why);
		return;
	}
	predict(l, "nothing is locked any more: such a chunk is a mapping of its own, free() "
		"unmaps it, and locks end with the mapping");
	p = subject_malloc(s, size);
	need(l, p, "malloc failed");
	subject_mlock(s, p, 1);
	expect_locked(l, "before", s, page);
	subject_free(s, p);
	expect_pages(l, "pages", s, p, 1, "_");
	expect_locked(l, "after", s, 0);
	subject_stop(s);
}

void mlock_malloc(struct lesson *l)
{
	shares_a_page(l);
	memalign(l);
	free_heap(l);
	free_mmapped(l);
}
