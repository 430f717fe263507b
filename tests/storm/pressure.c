/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pressure.c - want of memory: a target whose memory does not fit into its
 * cgroup and is swapped all the time, and readers in a cgroup so tight that
 * their own requests fail. ENOMEM is an answer; a wrong answer is none.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include "storm.h"

#define GROUPS	"/sys/fs/cgroup"
#define WORKING	(24UL << 20)
#define READERS	3

static struct land {
	struct islands islands;
	u64 start;
	volatile int ready;
	u64 spoilt, read, oom_kills;
} *land;

static pid_t target;
static bool grouped;

/* ---- cgroups ---- */

static bool group(const char *name, const char *most)
{
	char path[200];

	snprintf(path, sizeof(path), GROUPS "/%s", name);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), GROUPS "/%s/memory.max", name);
	return !write_text(path, most);
}

static void join(const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), GROUPS "/%s/cgroup.procs", name);
	if (grouped && write_text(path, "0"))
		_exit(92);
}

static void drop_group(const char *name)
{
	char path[200];
	int tries;

	snprintf(path, sizeof(path), GROUPS "/%s", name);
	for (tries = 0; tries < 100 && rmdir(path) && errno == EBUSY; tries++)
		usleep(10000);
}

/* ---- the target: a working set that does not fit ---- */

static u64 text_of(u64 k)
{
	return k * 0x9e3779b97f4a7c15ULL;
}

static void live(void *arg)
{
	u64 pages = WORKING / page, k;
	char *p;

	(void)arg;
	join("storm-target");
	p = quiet(16, MAP_PRIVATE, true);
	mlock(p, 16 * page);
	island_add(&land->islands, "locked", p, 16, HERE | CAT(ANON) | CAT(MLOCKED) | CAT(WRITABLE),
		   CAT(SWAPPED) | CAT(MIGRATING) | CAT(ZERO) | CAT(SHARED));
	island_add(&land->islands, "untouched", quiet(16, MAP_PRIVATE, false), 16, 0,
		   told & ~CAT(SOFT_DIRTY));
	p = quiet(32, MAP_PRIVATE, true);
	if (swapped_out(p, 32))
		island_add(&land->islands, "swapped", p, 32, CAT(SWAPPED) | CAT(CACHE_UNKNOWN),
			   CAT(PRESENT) | CAT(ANON) | CAT(IN_CORE));
	p = quiet(pages, MAP_PRIVATE, false);
	land->start = (uintptr_t)p;
	for (k = 0; k < pages; k++)
		*(u64 *)(p + k * page) = text_of(k);
	land->ready = 1;
	rnd_stream(5);
	for (;;) {
		k = below(pages);
		land->spoilt += *(volatile u64 *)(p + k * page) != text_of(k);
		*(volatile u64 *)(p + k * page) = text_of(k);
		land->read++;
	}
}

/* ---- readers, who may be refused memory, or be killed for it ---- */

/* All pages of the working set were written: each is here, in swap, or between. */
static void check_working_set(int fd)
{
	static u64 state[WORKING / 4096];
	u64 pages = WORKING / page, k, lost = 0, swapped = 0;
	int err = get_states(fd, land->start, pages, state);

	if (!holds("working_set.errno", !err || err == ENOMEM, "%s", strerrorname_np(err)) || err)
		return;
	for (k = 0; k < pages; k++) {
		lost += !(state[k] & (CAT(PRESENT) | CAT(SWAPPED) | CAT(MIGRATING))) ||
			state[k] & CAT(ZERO);
		swapped += !!(state[k] & CAT(SWAPPED));
		check_categories(state[k], told);
	}
	holds("working_set.each_page_is_somewhere", !lost, "%llu of %llu are nowhere", lost, pages);
	if (swapped)
		holds("working_set.part_of_it_is_swapped", true, "-");
}

/* Room for far more than the cgroup grants: refused, or right. */
static void ask_with_much_room(int fd)
{
	u64 len = 1 << (10 + below(10)), names = 1 << (12 + below(14));
	struct mmscope_vma *vmas = mmap(NULL, len * sizeof(*vmas), RW, MEM | MAP_NORESERVE, -1, 0);
	char *text = mmap(NULL, names, RW, MEM | MAP_NORESERVE, -1, 0);
	struct mmscope_mm mm = { .size = sizeof(mm) };
	struct mmscope_vmas v = {
		.size = sizeof(v), .end = ALL_END, .vmas = (uintptr_t)vmas, .vmas_len = len,
		.names = (uintptr_t)text, .names_len = names, .mm = (uintptr_t)&mm,
	};
	struct snapshot snap = { .vmas = vmas, .names = text };
	int err = call(fd, MMSCOPE_VMAS, &v);

	tick_errno("VMAS with much room", err);
	holds("much_room.errno", !err || err == ENOMEM || err == ENOSPC, "%s",
	      strerrorname_np(err));
	if (!err) {
		snap.count = v.vmas_count;
		snap.names_bytes = v.names_bytes;
		snap.mm = mm;
		check_vmas(&snap, 0, ALL_END, false);
	}
	munmap(vmas, len * sizeof(*vmas));
	munmap(text, names);
}

static void read_file(void)
{
	static const char *const names[] = { "vmas", "resident", "locked" };
	char *text = read_text("/proc/mmscope/%d/%s", target, names[below(3)]);

	if (holds("files.errno", text || errno == ENOMEM, "%s", strerror(errno)) && text)
		check_table(text);
	free(text);
}

static void reader(void *arg)
{
	int fd, err;

	rnd_stream(10 + (uintptr_t)arg);
	join("storm-readers");
	fd = open(MMSCOPE_DEVICE, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOMEM)
		_exit(0);
	err = attach(fd, target);
	if (!holds("attach.errno", !err || err == ENOMEM, "%s", strerrorname_np(err)) || err)
		_exit(0);
	while (storm_on()) {
		struct snapshot snap;

		check_working_set(fd);
		check_island(fd, &land->islands);
		err = ask_vmas(fd, &snap);
		holds("vmas.errno", !err || err == ENOMEM, "%s", strerrorname_np(err));
		free_vmas(&snap);
		if (one_in(3))
			ask_with_much_room(fd);
		if (one_in(2))
			read_file();
		tick("rounds of readers");
	}
}

/* A reader that the kernel kills for its memory is followed by another. */
static void keep_reading(void *arg)
{
	uintptr_t n = (uintptr_t)arg;

	while (storm_on()) {
		int status = wait_for(child_of(reader, (void *)n));

		n += 100;
		if (status == 256 + SIGKILL)
			__atomic_add_fetch(&land->oom_kills, 1, __ATOMIC_RELAXED);
		else if (status)
			_exit(93);
	}
}

static bool have_swap(void)
{
	char *text = read_text("/proc/swaps"), *line = text ? strchr(text, '\n') : NULL;
	bool some = line && line[1];

	free(text);
	return some;
}

int main(void)
{
	static const char *const names[] = {
		"attach.errno", "working_set.errno", "working_set.each_page_is_somewhere",
		"vmas.errno", "much_room.errno", "files.errno", "table.in_order",
		"vmas.in_order", "vmas.as_many_as_the_header_says", "vmas.names_are_whole",
		"categories.exclude_each_other", "categories.imply_each_other",
		"islands.answered", "islands.exact",
	};
	struct pack readers = { .count = 0 };
	char text[20];
	uintptr_t i;

	storm_start("storm.pressure.");
	close(session());
	if (!have_swap()) {
		skip("pressure", "no swap is on");
		return storm_end();
	}
	write_text("/proc/sys/vm/compact_unevictable_allowed", "0");
	write_text(GROUPS "/cgroup.subtree_control", "+memory");
	grouped = group("storm-target", "12M") && group("storm-readers", "5M");
	if (!grouped)
		tap_note("no memory cgroups: only the target's own madvise presses");
	land = shared(sizeof(*land));
	target = child_of(live, NULL);
	await(target, &land->ready);
	snprintf(text, sizeof(text), "%d", target);
	eq_err(write_text("/proc/mmscope/targets", text), 0, "registered");
	storm_begin();
	for (i = 0; i < READERS; i++)
		pack_add(&readers, keep_reading, (void *)i);
	pack_join(&readers, "readers_end");
	tap_note("%llu reads of the target, %llu readers killed for want of memory", land->read,
		 land->oom_kills);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		judge(names[i]);
	if (grouped)
		judge("working_set.part_of_it_is_swapped");
	else
		skip("working_set.part_of_it_is_swapped", "no memory cgroups");
	eq(land->spoilt, 0, "what_was_written_stays");
	eq_err(kill(target, 0) ? errno : 0, 0, "the_target_lives");
	kill(target, SIGKILL);
	wait_for(target);
	drop_group("storm-target");
	drop_group("storm-readers");
	return storm_end();
}
