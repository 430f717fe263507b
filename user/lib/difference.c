// SPDX-License-Identifier: GPL-2.0
/*
 * difference.c - the closed list of differences between witnesses that are
 * none, and why each of them is: texts only.  When each may be said is decided
 * in judge.c (of pages) and verify.c (of VMAs and of the whole).
 */
#include <string.h>

#include "witness.h"

static const struct {
	const char *name, *brief, *explain;
} list[MMS_DIFF_COUNT] = {
	[MMS_DIFF_ZERO_PAGE] = {
		"zero-page", "the shared page of zeroes is there, but smaps does not count it",
		"A page of private memory that was read but never written is mapped to one page\n"
		"of zeroes which all processes share. Its entry is present, so the module, pagemap\n"
		"and mincore say that it is there. smaps counts only pages that belong to somebody\n"
		"(vm_normal_page() returns none for the zero page), so Rss leaves it out. The first\n"
		"write takes another page fault and brings a page of its own." },
	[MMS_DIFF_PAGE_CACHE] = {
		"page-cache-not-mapped", "mincore sees the page in the cache; this process has not mapped it",
		"mincore answers whether a touch would need I/O. For a file, or shared memory, it\n"
		"looks into the page cache where the page tables have no entry. Somebody else read\n"
		"the page, or this process unmapped it or got it by read(2): it is in memory, and no\n"
		"entry of this process points to it. pagemap, smaps and the module's `present` speak\n"
		"of entries only. The module's own word for mincore's answer is `in-core`." },
	[MMS_DIFF_SWAP_CACHE] = {
		"swap-cache", "swapped out, and a copy is still in memory: mincore says so",
		"A page that was swapped out, or read ahead from swap, may stay in the swap cache\n"
		"for a while: the entry names its place in swap, and a copy is in memory. mincore\n"
		"looks there and answers 1. The kernel does not let modules look into the swap cache,\n"
		"so the module says that it does not know (`cache-unknown`); pagemap and smaps see\n"
		"only the entry and call the page swapped." },
	[MMS_DIFF_PRIVACY] = {
		"mincore-privacy-rule", "a file neither owned nor writable: mincore says 1 for every page",
		"Which pages of a file are cached tells what other processes do with it. Since Linux\n"
		"5.2 (CVE-2019-5489) mincore says `in core` for every page of a file that the caller\n"
		"does not own and may not write, whatever the truth. The module follows the same rule\n"
		"and says `cache-unknown` instead. Only the entries of this process's own page tables\n"
		"are told to everybody who may look at it." },
	[MMS_DIFF_SPECIAL] = {
		"special-mapping", "a mapping of the kernel's own, or of a device: not all look into it",
		"[vdso], [vvar] and frames that a driver mapped are no ordinary memory. mincore does\n"
		"not look at the pages of the kernel's own mappings and says 1; pagemap and\n"
		"PAGEMAP_SCAN step over mappings of bare frames (VM_PFNMAP); smaps counts only pages\n"
		"that belong to somebody. [vsyscall], where there is one, is written at the end of\n"
		"maps for every process, but is part of no address space." },
	[MMS_DIFF_HUGETLB] = {
		"hugetlb-accounting", "pages of the hugetlb pool are not part of Rss",
		"Huge pages out of the hugetlb pool are set aside by the administrator and are not\n"
		"counted as resident memory of a process: smaps shows them under Private_Hugetlb or\n"
		"Shared_Hugetlb, and not in Rss. pagemap, mincore and the module see 512 present pages\n"
		"for each page of 2 MiB." },
	[MMS_DIFF_HUGE_BARRED] = {
		"huge-without-access", "huge pages that nobody may access: smaps of some kernels misses them",
		"mprotect(PROT_NONE) takes the rights, and not the memory: the entry stays present, and\n"
		"the page is resident. Some kernels (such as Linux 6.1) look a huge page up for smaps in\n"
		"a way that gives none where there is no access, and so Rss and all of its parts leave\n"
		"it out. pagemap, mincore and the module see it." },
	[MMS_DIFF_NON_PRESENT] = {
		"non-present-entry", "the entry is not present and not of swap; pagemap has one bit for all",
		"An entry that is not present may name a place in swap; or say that the page is being\n"
		"moved (migration), that its memory failed (poison), that it is a guard region, or\n"
		"that it is in a device. pagemap's bit 62 and PAGEMAP_SCAN's `swapped` are set for all\n"
		"of them; mincore takes all but swap for `in core`. The module tells them apart." },
	[MMS_DIFF_SHMEM_SWAP] = {
		"shmem-swap", "swapped shared memory has no entry in the page tables",
		"When shared memory (tmpfs, memfd, MAP_SHARED|MAP_ANONYMOUS) is swapped out, the\n"
		"place in swap is noted in the object, since several processes may map it. The page\n"
		"tables hold nothing, and so pagemap says neither present nor swapped. smaps looks\n"
		"into the object and counts the page as Swap; the module says `cache-swapped`." },
	[MMS_DIFF_HUGE_ZERO] = {
		"huge-zero-page", "the huge page of zeroes: some witnesses do not know it",
		"With transparent huge pages, one read of untouched memory may map 2 MiB at once to a\n"
		"huge page of zeroes that all share. 512 pages become present, none of them counts as\n"
		"Rss. pagemap takes it for a page of a file (it is not anonymous), and PAGEMAP_SCAN\n"
		"knows only the small zero page." },
	[MMS_DIFF_SOFT_DIRTY_VMA] = {
		"soft-dirty-vma", "soft-dirty by the VMA's flag, not by the page's own entry",
		"A VMA that is new since soft-dirty bits were last cleared counts as written, every\n"
		"page of it (VM_SOFTDIRTY). pagemap and the module add that flag to each entry's own\n"
		"bit; PAGEMAP_SCAN tells the entry's bit alone." },
	[MMS_DIFF_FIRST_PAGE] = {
		"first-page", "of a huge page, the first speaks for all: is it mapped elsewhere?",
		"A transparent huge page may be mapped as one here and page by page elsewhere, as\n"
		"after a fork when the child unmapped a part. Then some of its pages are mapped more\n"
		"than once and others are not. Before Linux 6.11, and since 6.15, pagemap looks at the\n"
		"first of the 512 and says the same (bit 56, `exclusive`) of all; the module looks at\n"
		"each." },
	[MMS_DIFF_HUGE_FILE] = {
		"huge-file", "a huge page of a file: older kernels' pagemap does not say whose it is",
		"Where a huge entry maps a huge page of a file or of shared memory, older kernels (such\n"
		"as Linux 5.10) leave bit 61 of pagemap, `file or shared`, clear; of pages that are\n"
		"mapped one by one they set it. The module tells whose the page is in either case." },
	[MMS_DIFF_PSS] = {
		"pss-weighting", "smaps divides a locked page by the number of its users",
		"`Locked` in smaps is no number of locked bytes: it is the proportional share (Pss)\n"
		"of the pages that are there in a locked VMA, each divided by how often it is mapped.\n"
		"VmLck and the module's intent count whole VMAs, touched or not." },
	[MMS_DIFF_COUNTER_LAG] = {
		"counter-lag", "the kernel's counters run behind, within a known bound",
		"RssAnon, RssFile, RssShmem and VmSwap are counters that each CPU (each thread before\n"
		"Linux 6.2) keeps a part of, added up only now and then. What is read may be off by\n"
		"that part for each CPU or thread. Counting the entries, as the module, pagemap and\n"
		"smaps do, is exact." },
	[MMS_DIFF_HEAP_ROUNDED] = {
		"heap-rounded", "[heap] ends on a page boundary at or above the break",
		"The program break is a byte address. Memory comes in pages, so the VMA that maps\n"
		"calls [heap] ends at the break rounded up; and above it, if another anonymous\n"
		"mapping lies against it and was merged. No file in /proc tells the break itself." },
	[MMS_DIFF_LIBC_NOTE] = {
		"libc-note", "the C library has not asked, or was not told, where the break is",
		"sbrk(0) does not ask the kernel: it returns the C library's own note (__curbrk),\n"
		"which is empty before the first sbrk or malloc, and stale when somebody moved the\n"
		"break by a system call of his own." },
	[MMS_DIFF_FLAG_UNNAMED] = {
		"flag-unnamed", "smaps of this kernel has no letters for the flag",
		"VmFlags in smaps writes two letters a flag, and ?? or nothing for those that the\n"
		"kernel's table forgot: older kernels have none for MLOCK_ONFAULT (newer ones: lf).\n"
		"The module reads the flag itself." },
	[MMS_DIFF_RACED] = {
		"raced", "the page changed while it was asked about; this was seen, not guessed",
		"Witnesses are asked one after the other, and a running process goes on meanwhile. The\n"
		"question is repeated; if the answers still differ, the process is held still for a\n"
		"moment. Only if they agree then, or if the module itself saw the page change between\n"
		"two looks, is the difference called raced. If they differ while nothing moves, it is\n"
		"a failure." },
};

const char *mms_difference_name(enum mms_difference d)
{
	return d < MMS_DIFF_COUNT ? list[d].name : "?";
}

const char *mms_difference_brief(enum mms_difference d)
{
	return d < MMS_DIFF_COUNT ? list[d].brief : "";
}

const char *mms_difference_explain(enum mms_difference d)
{
	return d < MMS_DIFF_COUNT ? list[d].explain : "";
}

enum mms_difference mms_difference_find(const char *name)
{
	int d = 0;

	while (d < MMS_DIFF_COUNT && strcmp(list[d].name, name))
		d++;
	return d;
}
