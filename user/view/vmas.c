// SPDX-License-Identifier: GPL-2.0
/*
 * vmas.c - the table of VMAs: one row here for each column there can be.
 * Cells that the source could not tell stay empty.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "vmas.h"

enum {
	COL_START, COL_END, COL_SIZE, COL_PERM, COL_PURPOSE, COL_RSS, COL_PRESENT, COL_SWAP,
	COL_DIRTY, COL_LOCK, COL_MLOCKED, COL_ANON, COL_FILE, COL_SHMEM, COL_SHARED, COL_ZERO,
	COL_HUGE, COL_SOFTDIRTY, COL_ACCESSED, COL_LAZYFREE, COL_KSM, COL_INCORE, COL_UNKNOWN,
	COL_BACKING, COL_OFFSET, COL_DEV, COL_INODE, COL_PAGESIZE, COL_PKEY, COL_FLAGS, COL_NAME,
};

#define R VIEW_RIGHT

const struct view_column view_vma_columns[] = {
	[COL_START]	= { "START", R, "first address" },
	[COL_END]	= { "END", R, "first address behind" },
	[COL_SIZE]	= { "SIZE", R, "bytes of address space" },
	[COL_PERM]	= { "PERM", 0, "access, and p private or s shared, as in maps" },
	[COL_PURPOSE]	= { "PURPOSE", 0, "what it serves for (derived)" },
	[COL_RSS]	= { "RSS", R, "resident, as smaps counts: without zero pages" },
	[COL_PRESENT]	= { "PRESENT", R, "mapped by the page tables, zero pages included" },
	[COL_SWAP]	= { "SWAP", R, "in a swap area" },
	[COL_DIRTY]	= { "DIRTY", R, "resident and written to" },
	[COL_LOCK]	= { "LOCK", 0, "lock intent: lock, or onfault" },
	[COL_MLOCKED]	= { "MLOCKED", R, "lock fact: pages that carry the lock flag" },
	[COL_ANON]	= { "ANON", R, "resident anonymous memory" },
	[COL_FILE]	= { "FILE", R, "resident page cache of a file" },
	[COL_SHMEM]	= { "SHMEM", R, "resident shared memory" },
	[COL_SHARED]	= { "SHARED", R, "resident, mapped more than once" },
	[COL_ZERO]	= { "ZERO", R, "the shared zero page: read, never written" },
	[COL_HUGE]	= { "HUGE", R, "mapped by huge pages" },
	[COL_SOFTDIRTY]	= { "SOFTDIRTY", R, "written since soft-dirty was cleared" },
	[COL_ACCESSED]	= { "ACCESSED", R, "the accessed bit is set" },
	[COL_LAZYFREE]	= { "LAZYFREE", R, "MADV_FREE pending" },
	[COL_KSM]	= { "KSM", R, "merged by KSM" },
	[COL_INCORE]	= { "INCORE", R, "what mincore would answer" },
	[COL_UNKNOWN]	= { "CACHE?", R, "in-core may not be told" },
	[COL_BACKING]	= { "BACKING", 0, "anon, file, shmem, hugetlb, special, device" },
	[COL_OFFSET]	= { "OFFSET", R, "into the file" },
	[COL_DEV]	= { "DEV", 0, "device of the file" },
	[COL_INODE]	= { "INODE", R, "its inode" },
	[COL_PAGESIZE]	= { "PAGESIZE", R, "of this VMA (hugetlb has larger ones)" },
	[COL_PKEY]	= { "PKEY", R, "protection key" },
	[COL_FLAGS]	= { "FLAGS", VIEW_WRAP, "all flags by name" },
	[COL_NAME]	= { "NAME", VIEW_TRUNC, "the file, or [heap], [stack] ..." },
	{ 0 }
};

/* Columns that are just pages of one category. */
static const struct {
	int column;
	uint64_t category;
} counted[] = {
	{ COL_PRESENT, MMSCOPE_CAT(PRESENT) },
	{ COL_MLOCKED, MMSCOPE_CAT(MLOCKED) },
	{ COL_ANON, MMSCOPE_CAT(ANON) },
	{ COL_FILE, MMSCOPE_CAT(FILE) },
	{ COL_SHMEM, MMSCOPE_CAT(SHMEM) },
	{ COL_SHARED, MMSCOPE_CAT(SHARED) },
	{ COL_ZERO, MMSCOPE_CAT(ZERO) },
	{ COL_HUGE, MMSCOPE_CAT(HUGE_PMD) | MMSCOPE_CAT(HUGE_PUD) },
	{ COL_SOFTDIRTY, MMSCOPE_CAT(SOFT_DIRTY) },
	{ COL_ACCESSED, MMSCOPE_CAT(ACCESSED) },
	{ COL_LAZYFREE, MMSCOPE_CAT(LAZYFREE) },
	{ COL_KSM, MMSCOPE_CAT(KSM) },
	{ COL_INCORE, MMSCOPE_CAT(IN_CORE) },
	{ COL_UNKNOWN, MMSCOPE_CAT(CACHE_UNKNOWN) },
};
#define COUNTED (sizeof(counted) / sizeof(counted[0]))

#define SWAP_CATEGORIES	 (MMSCOPE_CAT(SWAPPED) | MMSCOPE_CAT(CACHE_SWAPPED))

uint64_t view_vma_categories(const struct view_options *options, bool *acct)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < COUNTED; i++)
		if (view_columns_have(view_vma_columns, options, counted[i].column))
			mask |= counted[i].category;
	if (view_columns_have(view_vma_columns, options, COL_SWAP))
		mask |= SWAP_CATEGORIES;
	if (view_columns_have(view_vma_columns, options, COL_DIRTY))
		mask |= MMS_CATS_PARTS;
	if (view_columns_have(view_vma_columns, options, COL_RSS))
		mask |= MMSCOPE_CAT(PRESENT);
	*acct = mask != 0;
	return mask;
}

bool view_acct_bytes(const struct mms_vmas *vmas, size_t i, uint64_t category, uint64_t *bytes)
{
	/* Of a pair such as huge pages of two sizes the kernel may know only one. */
	uint64_t told = category & vmas->acct_categories;

	*bytes = 0;
	for (unsigned int c = 0; c < MMSCOPE_CAT_COUNT; c++)
		if (vmas->acct && told >> c & 1)
			*bytes += vmas->acct[i].pages[c] * vmas->page_size;
	return vmas->acct && told && !view_acct_withheld(vmas, i, category);
}

bool view_acct_swap(const struct mms_vmas *vmas, size_t i, uint64_t *bytes)
{
	return view_acct_bytes(vmas, i, SWAP_CATEGORIES, bytes);
}

static const char *lock_word(const struct mms_vma *v)
{
	if (!(v->flags & MMSCOPE_VMA_LOCKED))
		return NULL;
	return v->flags & MMSCOPE_VMA_LOCKONFAULT ? "onfault" : "lock";
}

static void draw_account(struct view_table *t, const struct mms_vmas *vmas, size_t i)
{
	const struct mmscope_acct *a = &vmas->acct[i];
	uint64_t bytes;

	if (vmas->acct_rss)
		view_table_size(t, COL_RSS, a->rss);
	if (vmas->acct_parts)
		view_table_size(t, COL_DIRTY, a->shared_dirty + a->private_dirty);
	if (view_acct_swap(vmas, i, &bytes))
		view_table_size(t, COL_SWAP, bytes);
	for (size_t c = 0; c < COUNTED; c++)
		if (view_acct_bytes(vmas, i, counted[c].category, &bytes))
			view_table_size(t, counted[c].column, bytes);
}

static void draw_flags(struct view_table *t, const struct mms_vma *v)
{
	char text[400];
	size_t len = 0;

	text[0] = '\0';
	for (unsigned int i = 0; mms_vma_flag_name(i); i++)
		if (v->flags >> i & 1 && len < sizeof(text))
			len += snprintf(text + len, sizeof(text) - len, "%s%s", len ? "," : "",
					mms_vma_flag_name(i));
	view_table_text(t, COL_FLAGS, text);
}

const char *view_vma_colour(const struct mms_vma *v)
{
	switch (v->purpose) {
	case MMS_PURPOSE_HEAP:
	case MMS_PURPOSE_ARENA:
		return "green";
	case MMS_PURPOSE_STACK:
	case MMS_PURPOSE_THREAD_STACK:
		return "cyan";
	case MMS_PURPOSE_TEXT:
	case MMS_PURPOSE_CODE:
		return "yellow";
	case MMS_PURPOSE_GUARD:
	case MMS_PURPOSE_RESERVED:
		return "darkgray";
	}
	return NULL;
}

static void draw_vma(struct view_table *t, const struct mms_vma *v)
{
	char text[32];

	view_table_address(t, COL_START, v->start);
	view_table_address(t, COL_END, v->end);
	view_table_size(t, COL_SIZE, v->end - v->start);
	mms_perms_format(v, text);
	view_table_text(t, COL_PERM, text);
	view_table_text(t, COL_PURPOSE, mms_purpose_name(v->purpose));
	if (lock_word(v))
		view_table_text(t, COL_LOCK, lock_word(v));
	view_table_text(t, COL_BACKING, mms_backing_name(v->backing));
	view_table_address(t, COL_OFFSET, v->offset);
	snprintf(text, sizeof(text), "%02x:%02x", v->dev_major, v->dev_minor);
	view_table_text(t, COL_DEV, text);
	view_table_number(t, COL_INODE, v->inode);
	if (v->page_shift)
		view_table_size(t, COL_PAGESIZE, 1ULL << v->page_shift);
	if (v->pkey_known)
		view_table_number(t, COL_PKEY, v->pkey);
	view_table_text(t, COL_NAME, v->name);
}

void view_vmas_rows(struct view_table *t, const struct mms_vmas *vmas,
		    bool (*wanted)(const struct mms_vmas *vmas, size_t i))
{
	for (size_t i = 0; i < vmas->count; i++) {
		if (wanted && !wanted(vmas, i))
			continue;
		view_table_line(t);
		draw_vma(t, &vmas->vma[i]);
		if (view_table_has(t, COL_FLAGS))
			draw_flags(t, &vmas->vma[i]);
		if (vmas->acct)
			draw_account(t, vmas, i);
		if (view_vma_colour(&vmas->vma[i]))
			view_table_colour(t, view_vma_colour(&vmas->vma[i]));
	}
}

void view_vmas_draw(struct view_table *t, const struct mms_vmas *vmas,
		    bool (*wanted)(const struct mms_vmas *vmas, size_t i))
{
	view_table_measure(t);
	view_vmas_rows(t, vmas, wanted);
	view_table_measured(t);
	view_vmas_rows(t, vmas, wanted);
}

int view_vmas_part(const struct mms_vmas *part, void *table)
{
	view_vmas_rows(table, part, NULL);
	return 0;
}

int view_vmas_list(struct view_table *t, struct mms_listing *list, struct mms_error *err)
{
	int ret;

	view_table_measured(t);
	ret = mms_listing_each(list, view_vmas_part, t, err);
	view_table_end(t);
	return ret;
}

void view_vmas_totals(const struct mms_vmas *vmas, struct view_totals *s)
{
	memset(s, 0, sizeof(*s));
	view_vmas_totals_add(vmas, s);
}

void view_vmas_totals_add(const struct mms_vmas *vmas, struct view_totals *s)
{
	uint64_t bytes;

	if (!s->vmas)
		s->has_flags = s->has_mlocked = vmas->count > 0;
	s->vmas += vmas->count;
	s->has_rss = vmas->acct && vmas->acct_rss;
	s->has_dirty = vmas->acct && vmas->acct_parts;
	for (size_t i = 0; i < vmas->count; i++) {
		const struct mms_vma *v = &vmas->vma[i];

		s->size += v->end - v->start;
		s->has_flags &= !!(v->flags_known & MMSCOPE_VMA_LOCKED) ||
				v->backing == MMSCOPE_BACKING_SPECIAL;
		if (v->flags & MMSCOPE_VMA_LOCKED)
			s->locked_vmas += v->end - v->start;
		if (s->has_rss)
			s->rss += vmas->acct[i].rss;
		if (s->has_dirty)
			s->dirty += vmas->acct[i].shared_dirty + vmas->acct[i].private_dirty;
		s->has_swap = view_acct_swap(vmas, i, &bytes);
		s->swap += bytes;
		s->has_mlocked &= view_acct_bytes(vmas, i, MMSCOPE_CAT(MLOCKED), &bytes);
		s->mlocked += bytes;
	}
}

char *view_fact_size(struct mms_fact fact, bool bytes, char buf[24])
{
	char size[16];

	if (!mms_known(fact))
		return strcpy(buf, "?");
	if (fact.value == MMS_UNLIMITED)
		return strcpy(buf, "unlimited");
	if (bytes)
		snprintf(buf, 24, "%" PRIu64, fact.value);
	else
		snprintf(buf, 24, "%s", mms_size_format(fact.value, size));
	return buf;
}
