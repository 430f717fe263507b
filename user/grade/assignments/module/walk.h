/* SPDX-License-Identifier: GPL-2.0 */
/* walk.h - the entry of an address, level by level; for what students wrote. */

/*
 * The entry, or an empty one. Tables are freed after a grace period (they may be, of a
 * file, while others map it huge), and a huge page has no table of entries.
 */
static pte_t entry_of(struct mm_struct *mm, unsigned long address)
{
	pte_t none = __pte(0), *pte;
	pgd_t *pgd = pgd_offset(mm, address);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd, value;

	if (pgd_none(*pgd) || pgd_bad(*pgd))
		return none;
	p4d = p4d_offset(pgd, address);
	if (p4d_none(*p4d) || p4d_bad(*p4d))
		return none;
	pud = pud_offset(p4d, address);
	if (pud_none(*pud) || pud_bad(*pud))
		return none;
	pmd = pmd_offset(pud, address);
	value = READ_ONCE(*pmd);
	if (pmd_none(value) || pmd_bad(value))
		return none;
	/* Of the value that was looked at: the table's own entry may be another by now. */
	pte = pte_offset_kernel(&value, address);
	return READ_ONCE(*pte);
}
