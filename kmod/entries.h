/* SPDX-License-Identifier: GPL-2.0 */
/*
 * entries.h - entries side by side in a table, of which the same holds: where they end.
 * To decide costs more than to look, so most are looked at by eights, or sixteens. The
 * table's lock is held, unless somebody looks where to go on.
 */
#ifndef MMSCOPE_ENTRIES_H
#define MMSCOPE_ENTRIES_H

#include <linux/mm.h>

/* Bits that are not in all of the eight entries from @ptep on as in @as. */
static __always_inline unsigned long differ_in_eight(pte_t *ptep, unsigned long as)
{
	unsigned long bits = 0;
	int i;

#pragma GCC unroll 8
	for (i = 0; i < 8; i++)
		bits |= mmscope_compat_raw(ptep_get(ptep + i)) ^ as;
	return bits;
}

/* The same of eight entries of a PMD table. */
static __always_inline unsigned long pmds_differ_in_eight(const pmd_t *pmdp, unsigned long as)
{
	unsigned long bits = 0;
	int i;

#pragma GCC unroll 8
	for (i = 0; i < 8; i++)
		bits |= mmscope_compat_raw_pmd(READ_ONCE(pmdp[i])) ^ as;
	return bits;
}

static inline bool is_huge(pmd_t pmd)
{
	return !pmd_none(pmd) && (!pmd_present(pmd) || pmd_leaf(pmd));
}

/*
 * Is one of the @n entries from @p on not empty? They are read as memory is: what the
 * processor sets in an entry meanwhile is set in one that was not empty before.
 */
static __always_inline bool is_any_of(const pte_t *p, int n)
{
	unsigned long bits = 0;
	int i;

#pragma GCC unroll 16
	for (i = 0; i < n; i++)
		bits |= mmscope_compat_raw(p[i]);
	return bits;
}

/*
 * The first entry from @p on whose flags (the bits in @mask) are others, or that is not
 * empty; or @stop. After a few, several at a time.
 */
static __always_inline pte_t *same_from(pte_t *p, pte_t *stop, unsigned long mask,
					unsigned long flags)
{
	pte_t *single = p + 3;

	for (; p < stop && p < single; p++)
		if ((mmscope_compat_raw(ptep_get(p)) & mask) != flags)
			return p;
	while (stop - p >= 8 && !(differ_in_eight(p, flags) & mask))
		p += 8;
	while (p < stop && (mmscope_compat_raw(ptep_get(p)) & mask) == flags)
		p++;
	return p;
}

static __always_inline pte_t *none_from(pte_t *p, pte_t *stop)
{
	pte_t *single = p + 3;

	for (; p < stop && p < single; p++)
		if (!pte_none(ptep_get(p)))
			return p;
	while (stop - p >= 16 && !is_any_of(p, 16))
		p += 16;
	if (stop - p >= 8 && !is_any_of(p, 8))
		p += 8;
	while (p < stop && pte_none(ptep_get(p)))
		p++;
	return p;
}

#endif /* MMSCOPE_ENTRIES_H */
