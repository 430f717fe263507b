// SPDX-License-Identifier: GPL-2.0
/*
 * name.c - what things are called: categories, flags, fields, sources, and
 * the lists of them that a person types.  Pure; the tables are the only place
 * that knows these words.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "private.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const struct category {
	const char *name, *help;
} categories[MMSCOPE_CAT_COUNT] = {
	[MMSCOPE_CAT_PRESENT]	= { "present", "mapped: an access does not fault for want of it" },
	[MMSCOPE_CAT_SWAPPED]	= { "swapped", "in a swap area" },
	[MMSCOPE_CAT_MIGRATING]	= { "migrating", "being moved just now" },
	[MMSCOPE_CAT_ZERO]	= { "zero", "the shared zero page: read, never written" },
	[MMSCOPE_CAT_WRITABLE]	= { "writable", "the page-table entry allows writing" },
	[MMSCOPE_CAT_EXECUTABLE] = { "executable", "the page-table entry allows execution" },
	[MMSCOPE_CAT_ACCESSED]	= { "accessed", "the entry's accessed bit is set" },
	[MMSCOPE_CAT_DIRTY]	= { "dirty", "the entry's dirty bit is set" },
	[MMSCOPE_CAT_SOFT_DIRTY] = { "soft-dirty", "written since soft-dirty was cleared, or new" },
	[MMSCOPE_CAT_UFFD_WP]	= { "uffd-wp", "write-protected by userfaultfd" },
	[MMSCOPE_CAT_HUGE_PMD]	= { "huge-pmd", "mapped by one entry of the PMD level" },
	[MMSCOPE_CAT_HUGE_PUD]	= { "huge-pud", "mapped by one entry of the PUD level" },
	[MMSCOPE_CAT_HUGETLB]	= { "hugetlb", "a page of the hugetlb pool" },
	[MMSCOPE_CAT_SPECIAL]	= { "special", "present, but no memory that is counted" },
	[MMSCOPE_CAT_POISONED]	= { "poisoned", "the memory failed; a touch is SIGBUS" },
	[MMSCOPE_CAT_GUARD]	= { "guard", "a guard region; a touch is SIGSEGV" },
	[MMSCOPE_CAT_DEVICE]	= { "device", "moved to the memory of a device" },
	[MMSCOPE_CAT_ANON]	= { "anon", "present: anonymous memory" },
	[MMSCOPE_CAT_FILE]	= { "file", "present: page cache of a file" },
	[MMSCOPE_CAT_SHMEM]	= { "shmem", "present: shared memory or tmpfs" },
	[MMSCOPE_CAT_SHARED]	= { "shared", "present: mapped more than once" },
	[MMSCOPE_CAT_KSM]	= { "ksm", "present: merged by KSM" },
	[MMSCOPE_CAT_MLOCKED]	= { "mlocked", "the page's own lock flag: lock fact" },
	[MMSCOPE_CAT_UNEVICTABLE] = { "unevictable", "on the list that reclaim leaves alone" },
	[MMSCOPE_CAT_PAGE_DIRTY] = { "page-dirty", "the page's own dirty flag" },
	[MMSCOPE_CAT_LAZYFREE]	= { "lazyfree", "MADV_FREE: may be dropped at any time" },
	[MMSCOPE_CAT_LOCK_UNKNOWN] = { "lock-unknown", "mlocked, unevictable may not be told" },
	[MMSCOPE_CAT_IN_CORE]	= { "in-core", "a touch needs no I/O: what mincore answers" },
	[MMSCOPE_CAT_CACHE_UNKNOWN] = { "cache-unknown", "in-core cannot or may not be told" },
	[MMSCOPE_CAT_CACHE_SWAPPED] = { "cache-swapped", "shared memory, its page is in swap" },
};

static const char *const vma_flags[] = {
	"read", "write", "exec", "shared", "mayread", "maywrite", "mayexec", "mayshare",
	"growsdown", "pfnmap", "mixedmap", "io", "locked", "lockonfault", "seq-read",
	"rand-read", "dontcopy", "dontexpand", "account", "noreserve", "hugetlb",
	"wipeonfork", "dontdump", "softdirty", "hugepage", "nohugepage", "mergeable",
	"uffd-missing", "uffd-wp", "uffd-minor", "sync", "sealed", "droppable",
	"shadow-stack",
};

static const char *const froms[MMS_FROM_COUNT] = {
	[MMS_FROM_NOWHERE] = "",
	[MMS_FROM_MODULE] = "module",
	[MMS_FROM_MAPS] = "maps",
	[MMS_FROM_SMAPS] = "smaps",
	[MMS_FROM_PAGEMAP] = "pagemap",
	[MMS_FROM_STAT] = "stat",
	[MMS_FROM_STATUS] = "status",
	[MMS_FROM_LIMITS] = "limits",
};

static const struct field {
	const char *name;
	enum mms_unit unit;
} fields[MMS_MM_COUNT] = {
	[MMS_MM_BRK] = { "brk", MMS_UNIT_ADDRESS },
	[MMS_MM_START_BRK] = { "start_brk", MMS_UNIT_ADDRESS },
	[MMS_MM_HEAP_END] = { "heap_end", MMS_UNIT_ADDRESS },
	[MMS_MM_START_CODE] = { "start_code", MMS_UNIT_ADDRESS },
	[MMS_MM_END_CODE] = { "end_code", MMS_UNIT_ADDRESS },
	[MMS_MM_START_DATA] = { "start_data", MMS_UNIT_ADDRESS },
	[MMS_MM_END_DATA] = { "end_data", MMS_UNIT_ADDRESS },
	[MMS_MM_START_STACK] = { "start_stack", MMS_UNIT_ADDRESS },
	[MMS_MM_ARG_START] = { "arg_start", MMS_UNIT_ADDRESS },
	[MMS_MM_ARG_END] = { "arg_end", MMS_UNIT_ADDRESS },
	[MMS_MM_ENV_START] = { "env_start", MMS_UNIT_ADDRESS },
	[MMS_MM_ENV_END] = { "env_end", MMS_UNIT_ADDRESS },
	[MMS_MM_MMAP_BASE] = { "mmap_base", MMS_UNIT_ADDRESS },
	[MMS_MM_TASK_SIZE] = { "task_size", MMS_UNIT_ADDRESS },
	[MMS_MM_TOTAL_VM] = { "total_vm", MMS_UNIT_BYTES },
	[MMS_MM_DATA_VM] = { "data_vm", MMS_UNIT_BYTES },
	[MMS_MM_EXEC_VM] = { "exec_vm", MMS_UNIT_BYTES },
	[MMS_MM_STACK_VM] = { "stack_vm", MMS_UNIT_BYTES },
	[MMS_MM_LOCKED_VM] = { "locked_vm", MMS_UNIT_BYTES },
	[MMS_MM_PINNED_VM] = { "pinned_vm", MMS_UNIT_BYTES },
	[MMS_MM_RSS_ANON] = { "rss_anon", MMS_UNIT_BYTES },
	[MMS_MM_RSS_FILE] = { "rss_file", MMS_UNIT_BYTES },
	[MMS_MM_RSS_SHMEM] = { "rss_shmem", MMS_UNIT_BYTES },
	[MMS_MM_SWAP] = { "swap", MMS_UNIT_BYTES },
	[MMS_MM_HIWATER_RSS] = { "hiwater_rss", MMS_UNIT_BYTES },
	[MMS_MM_HIWATER_VM] = { "hiwater_vm", MMS_UNIT_BYTES },
	[MMS_MM_PGTABLES] = { "pgtables", MMS_UNIT_BYTES },
	[MMS_MM_MAP_COUNT] = { "map_count", MMS_UNIT_NUMBER },
	[MMS_MM_DEF_FLAGS] = { "def_flags", MMS_UNIT_FLAGS },
	[MMS_MM_RLIM_AS] = { "rlim_as", MMS_UNIT_BYTES },
	[MMS_MM_RLIM_DATA] = { "rlim_data", MMS_UNIT_BYTES },
	[MMS_MM_RLIM_STACK] = { "rlim_stack", MMS_UNIT_BYTES },
	[MMS_MM_RLIM_MEMLOCK] = { "rlim_memlock", MMS_UNIT_BYTES },
};

const char *mms_category_name(unsigned int category)
{
	return category < MMSCOPE_CAT_COUNT ? categories[category].name : NULL;
}

const char *mms_category_help(unsigned int category)
{
	return category < MMSCOPE_CAT_COUNT ? categories[category].help : NULL;
}

const char *mms_vma_flag_name(unsigned int bit)
{
	return bit < ARRAY_SIZE(vma_flags) ? vma_flags[bit] : NULL;
}

const char *mms_from_name(enum mms_from from)
{
	return from < MMS_FROM_COUNT ? froms[from] : "";
}

const char *mms_mm_field_name(enum mms_mm_field field)
{
	return field < MMS_MM_COUNT ? fields[field].name : "";
}

enum mms_unit mms_mm_field_unit(enum mms_mm_field field)
{
	return field < MMS_MM_COUNT ? fields[field].unit : MMS_UNIT_NUMBER;
}

const char *mms_backing_name(unsigned int backing)
{
	static const char *const names[] = {
		[MMSCOPE_BACKING_ANON] = "anon",
		[MMSCOPE_BACKING_FILE] = "file",
		[MMSCOPE_BACKING_SHMEM] = "shmem",
		[MMSCOPE_BACKING_HUGETLB] = "hugetlb",
		[MMSCOPE_BACKING_SPECIAL] = "special",
		[MMSCOPE_BACKING_DEVICE] = "device",
	};

	return backing < ARRAY_SIZE(names) ? names[backing] : "";
}

const char *mms_version(void)
{
	return MMS_VERSION;
}

/* One word of a list to its mask; 0 if it is none. */
static uint64_t category_mask(const char *word, size_t len)
{
	if (len == 3 && !strncmp(word, "all", 3))
		return MMSCOPE_CATS_ALL;
	for (unsigned int i = 0; i < MMSCOPE_CAT_COUNT; i++)
		if (categories[i].name && strlen(categories[i].name) == len &&
		    !strncmp(categories[i].name, word, len))
			return 1ULL << i;
	return 0;
}

int mms_categories_parse(const char *list, uint64_t *mask, struct mms_error *err)
{
	uint64_t sum = 0;

	for (;;) {
		size_t len = strcspn(list, ",");
		uint64_t one = category_mask(list, len);
		char word[32];

		if (!one) {
			snprintf(word, sizeof(word), "%.*s", (int)(len < 31 ? len : 31), list);
			return mms_fail(err, MMS_USAGE, "the categories: mmscope pages --help",
					word, "no such category");
		}
		sum |= one;
		if (!list[len])
			break;
		list += len + 1;
	}
	*mask = sum;
	return 0;
}

int mms_categories_format(uint64_t mask, char *buf, size_t size)
{
	size_t len = 0;

	if (size)
		buf[0] = '\0';
	for (unsigned int i = 0; i < MMSCOPE_CAT_COUNT; i++) {
		if (!(mask >> i & 1) || !categories[i].name)
			continue;
		len += snprintf(len < size ? buf + len : NULL, len < size ? size - len : 0,
				"%s%s", len ? "," : "", categories[i].name);
	}
	return (int)len;
}

void mms_perms_format(const struct mms_vma *vma, char buf[5])
{
	static const struct {
		uint64_t flag;
		char on, off;
	} perms[4] = {
		{ MMSCOPE_VMA_READ, 'r', '-' },
		{ MMSCOPE_VMA_WRITE, 'w', '-' },
		{ MMSCOPE_VMA_EXEC, 'x', '-' },
		{ MMSCOPE_VMA_SHARED, 's', 'p' },
	};

	for (int i = 0; i < 4; i++)
		buf[i] = !(vma->flags_known & perms[i].flag) ? '?' :
			 vma->flags & perms[i].flag ? perms[i].on : perms[i].off;
	buf[4] = '\0';
}
