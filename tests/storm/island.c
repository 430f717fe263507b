/* SPDX-License-Identifier: GPL-2.0 */
/*
 * island.c - pages amid a stormy process that nobody touches: made by the
 * target, and told exactly at each time, or the reader is wrong.
 */
#include "storm.h"

#define MOST 1024		/* pages of an island */

char *quiet(u64 pages, int flags, bool written)
{
	char *p = isle(pages * page, RW, flags | MAP_ANONYMOUS, -1, 0);
	u64 i;

	madvise(p, pages * page, MADV_NOHUGEPAGE);
	for (i = 0; written && i < pages; i++)
		p[i * page] = i + 1;
	return p;
}

bool swapped_out(char *p, u64 pages)
{
	u64 entry[64], i, tries, left = 1;

	for (tries = 0; left && tries < 100; tries++) {
		madvise(p, pages * page, MADV_PAGEOUT);
		if (pagemap(getpid(), (uintptr_t)p, pages, entry))
			return false;
		for (i = 0, left = 0; i < pages; i++)
			left += !(entry[i] & PM_SWAP);
		if (left)
			usleep(10000);
	}
	return !left;
}

void island_add(struct islands *all, const char *name, void *p, u64 pages, u64 has, u64 lacks)
{
	struct island *i = &all->island[all->count];

	madvise(p, pages * page, MADV_DONTFORK);
	*i = (struct island){ .start = (uintptr_t)p, .pages = pages, .all = has, .none = lacks };
	snprintf(i->name, sizeof(i->name), "%s", name);
	__atomic_add_fetch(&all->count, 1, __ATOMIC_RELEASE);
}

void check_island(int fd, const struct islands *all)
{
	const struct island *i = &all->island[below(all->count)];
	u64 state[MOST], k, cats;
	int err = get_states(fd, i->start, i->pages, state);

	if (!holds("islands.answered", !err, "%s: %s", i->name, err ? strerrorname_np(err) : ""))
		return;
	for (k = 0; k < i->pages; k++) {
		cats = state[k];
		holds("islands.exact", (cats & i->all) == i->all && !(cats & i->none),
		      "%s, page %llu: %llx, wants %llx without %llx", i->name, k, cats, i->all,
		      i->none);
		check_categories(cats, told);
	}
}

void walk_island(int fd, const struct islands *all)
{
	const struct island *i = &all->island[below(all->count)];
	struct mmscope_walk w;
	int err = ask_walk(fd, i->start + below(i->pages * page), &w);

	holds("islands.walk", !err && (w.categories & i->all) == i->all &&
	      !(w.categories & i->none), "%s: error %d, %llx, wants %llx without %llx", i->name,
	      err, w.categories, i->all, i->none);
}

void judge_islands(void)
{
	judge("islands.answered");
	judge("islands.exact");
	judge("islands.walk");
}
