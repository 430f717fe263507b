// SPDX-License-Identifier: GPL-2.0
/*
 * state.c - the categories of a page in one word, for a picture that has one
 * cell for it.  Pure.  What a source does not tell becomes a state of its own,
 * never the state that it would be if the answer were no.
 */
#include "private.h"

#define HAS(name)	(categories & MMSCOPE_CAT(name))
/* Told of a page that is present, these make it dirty, shared or locked, or not. */
#define KINDS		(MMSCOPE_CAT(MLOCKED) | MMSCOPE_CAT(ZERO) | MMSCOPE_CAT(SHARED) | \
			 MMSCOPE_CAT(DIRTY) | MMSCOPE_CAT(PAGE_DIRTY))

static const char *const names[MMS_PAGE_STATE_COUNT] = {
	[MMS_PAGE_UNKNOWN] = "unknown",
	[MMS_PAGE_POISONED] = "poisoned",
	[MMS_PAGE_GUARD] = "guard",
	[MMS_PAGE_DEVICE] = "device",
	[MMS_PAGE_MIGRATING] = "migrating",
	[MMS_PAGE_SWAPPED] = "swapped",
	[MMS_PAGE_LOCKED] = "locked",
	[MMS_PAGE_ZERO] = "zero",
	[MMS_PAGE_SPECIAL] = "special",
	[MMS_PAGE_SHARED] = "shared",
	[MMS_PAGE_DIRTY] = "dirty",
	[MMS_PAGE_RESIDENT] = "resident",
	[MMS_PAGE_PRESENT] = "present",
	[MMS_PAGE_CACHED] = "cached",
	[MMS_PAGE_ABSENT] = "absent",
	[MMS_PAGE_UNTOUCHED] = "untouched",
};

const char *mms_page_state_name(enum mms_page_state state)
{
	return state < MMS_PAGE_STATE_COUNT ? names[state] : "";
}

bool mms_page_state_present(enum mms_page_state state)
{
	return state >= MMS_PAGE_LOCKED && state <= MMS_PAGE_PRESENT;
}

static enum mms_page_state state_present(uint64_t categories, uint64_t told)
{
	if (HAS(MLOCKED))
		return MMS_PAGE_LOCKED;
	if (HAS(ZERO))
		return MMS_PAGE_ZERO;
	if (HAS(SPECIAL))
		return MMS_PAGE_SPECIAL;
	if (HAS(SHARED))
		return MMS_PAGE_SHARED;
	if (HAS(DIRTY) || HAS(PAGE_DIRTY))
		return MMS_PAGE_DIRTY;
	return (told & KINDS) == KINDS ? MMS_PAGE_RESIDENT : MMS_PAGE_PRESENT;
}

enum mms_page_state mms_page_state(const struct mms_vma *vma, uint64_t categories,
				   uint64_t told)
{
	if (!(told & MMSCOPE_CAT(PRESENT)))
		return MMS_PAGE_UNKNOWN;
	if (HAS(POISONED))
		return MMS_PAGE_POISONED;
	if (HAS(GUARD))
		return MMS_PAGE_GUARD;
	if (HAS(DEVICE))
		return MMS_PAGE_DEVICE;
	if (HAS(MIGRATING))
		return MMS_PAGE_MIGRATING;
	if (HAS(SWAPPED) || HAS(CACHE_SWAPPED))
		return MMS_PAGE_SWAPPED;
	if (HAS(PRESENT))
		return state_present(categories, told);
	if (HAS(CACHE_UNKNOWN))
		return MMS_PAGE_ABSENT;
	if (HAS(IN_CORE))
		return MMS_PAGE_CACHED;
	/* Private anonymous memory has nothing behind it where a page could be. */
	if (told & MMSCOPE_CAT(IN_CORE) || vma->backing == MMSCOPE_BACKING_ANON)
		return MMS_PAGE_UNTOUCHED;
	return MMS_PAGE_ABSENT;
}
