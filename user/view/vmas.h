/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vmas.h - the table of VMAs, and the figures of an address space in words.
 * show, vmas and locked draw the same columns, each its own choice of them.
 */
#ifndef MMSCOPE_VIEW_VMAS_H
#define MMSCOPE_VIEW_VMAS_H

#include "libmmscope.h"
#include "table.h"

extern const struct view_column view_vma_columns[];

/* The colour of libsmartcols that a VMA of this purpose has, or NULL. */
const char *view_vma_colour(const struct mms_vma *vma);

/* The categories that must be counted for these columns; 0: no accounts needed. */
uint64_t view_vma_categories(const struct view_options *options, bool *acct);
/* A line for each VMA that `wanted` (NULL: any) lets through. */
void view_vmas_rows(struct view_table *table, const struct mms_vmas *vmas,
		    bool (*wanted)(const struct mms_vmas *vmas, size_t i));
/*
 * The same, measured first, so that no more than a few are kept: tens of thousands of
 * lines would take more memory than all that they tell of.
 */
void view_vmas_draw(struct view_table *table, const struct mms_vmas *vmas,
		    bool (*wanted)(const struct mms_vmas *vmas, size_t i));

/* The rows of a part of a list, for mms_listing_each(). */
int view_vmas_part(const struct mms_vmas *part, void *table);
/*
 * All of a list, in a table whose columns are as wide as they were measured on a first
 * look: view_table_measure(), then the rows of each part.  Frees the table.
 * Returns 0, or -1: the list could not be read to its end.
 */
int view_vmas_list(struct view_table *table, struct mms_listing *list, struct mms_error *err);

/* Sums over a list with accounts. */
struct view_totals {
	uint64_t vmas, size, rss, swap, mlocked, dirty, locked_vmas;
	bool has_rss, has_dirty, has_swap, has_mlocked, has_flags;
};
void view_vmas_totals(const struct mms_vmas *vmas, struct view_totals *totals);
/* Those of one part of a list more; *totals is 0 before the first. */
void view_vmas_totals_add(const struct mms_vmas *vmas, struct view_totals *totals);

/* Are there pages of the VMA of which we may not be told whether they are locked? */
static inline bool view_acct_withheld(const struct mms_vmas *vmas, size_t i, uint64_t category)
{
	return category & (MMSCOPE_CAT(MLOCKED) | MMSCOPE_CAT(UNEVICTABLE)) && vmas->acct &&
	       vmas->acct_categories & MMSCOPE_CAT(LOCK_UNKNOWN) &&
	       vmas->acct[i].pages[MMSCOPE_CAT_LOCK_UNKNOWN];
}

/*
 * Bytes in categories of one VMA; false if they were not counted, or not of all
 * pages: those that are withheld are not among them.
 */
bool view_acct_bytes(const struct mms_vmas *vmas, size_t i, uint64_t category, uint64_t *bytes);
/* In a swap area, whether its own entry says so or the shared object. */
bool view_acct_swap(const struct mms_vmas *vmas, size_t i, uint64_t *bytes);

/* "1.5M", "unlimited", or "?" for what is not known. */
char *view_fact_size(struct mms_fact fact, bool bytes, char buf[24]);

#endif
