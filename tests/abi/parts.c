/* SPDX-License-Identifier: GPL-2.0 */
/*
 * parts.c - VMAS in parts against VMAS in one: the same list, names and accounts,
 * whatever room there is for a part; and what is told where there is too little.
 */
#include <limits.h>
#include <sys/stat.h>

#include "kit.h"

#define ALL_END		(1ULL << 56)
#define PATCHES		1500
#define COUNTED		(CAT(PRESENT) | CAT(ANON) | CAT(WRITABLE))
#define BUFFER		(8 << 20)
#define CANARY		0x5a

static struct subject s;
static int fd;
static u64 calls;		/* made for the last list in parts */
static char *records, *accts, *names;	/* BUFFER bytes each */

/* ---- what is listed ---- */

static void map_file(const char *name)
{
	int f = open(name, O_RDWR | O_CREAT, 0600);

	if (f < 0 || ftruncate(f, 4 * page))
		_exit(50);
	isle(page, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	isle(page, PROT_READ, MAP_PRIVATE, f, page);
	close(f);
}

/* Names of all lengths, also one that is nearly as long as a path can be; and many without. */
static long make_list(void *folder)
{
	char name[256], *p;
	int i;

	for (i = 1; i < 250; i += 31) {
		if (chdir(folder))
			return errno;
		memset(name, 'a' + i % 26, i);
		name[i] = '\0';
		map_file(name);
	}
	for (i = 0; i < 14; i++) {
		memset(name, 'd', 250);
		name[250] = '\0';
		if (mkdir(name, 0700) || chdir(name))
			return errno;
	}
	map_file("deep");
	p = isle(PATCHES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < PATCHES; i += 2) {
		p[i * page] = 1;
		if (mprotect(p + i * page, page, PROT_READ))
			return errno;
	}
	return 0;
}

/* ---- in parts ---- */

static struct mmscope_vmas ask(u64 room, u64 names_room, bool count)
{
	return (struct mmscope_vmas){
		.size = sizeof(struct mmscope_vmas), .flags = MMSCOPE_VMAS_PART, .end = ALL_END,
		.vmas = (uintptr_t)records, .vmas_len = room,
		.names = (uintptr_t)names, .names_len = names_room,
		.accts = count ? (uintptr_t)accts : 0, .acct_categories = count ? COUNTED : 0,
	};
}

static u64 written(const char *from, u64 room)
{
	u64 i, n = 0;

	for (i = room; i < room + 4096; i++)
		n += from[i] != CANARY;
	return n;
}

/* As much as that question may write, and what written() looks at behind it. */
static void clean(const struct mmscope_vmas *v)
{
	memset(records, CANARY, v->vmas_len * sizeof(struct mmscope_vma) + 4096);
	memset(accts, CANARY, v->vmas_len * sizeof(struct mmscope_acct) + 4096);
	memset(names, CANARY, v->names_len + 4096);
}

/* How many of a part are not as those of the whole list from the @first on. */
static u64 part_differs(const struct mmscope_vmas *v, const struct snapshot *all, u64 first)
{
	const struct mmscope_vma *got = (void *)records, *want = all->vmas + first;
	const struct mmscope_acct *acct = (void *)accts;
	struct mmscope_vma plain;
	u64 i, bad = 0;

	if (v->vmas_count > v->vmas_len || v->names_bytes > v->names_len ||
	    first + v->vmas_count > all->count)
		return 1;
	for (i = 0; i < v->vmas_count; i++) {
		bool named = v->names_len && want[i].name_len;

		plain = got[i];
		plain.name_offset = want[i].name_offset;
		plain.name_len = want[i].name_len;
		bad += memcmp(&plain, &want[i], sizeof(plain)) != 0;
		bad += got[i].name_len != (named ? want[i].name_len : 0);
		bad += named && (got[i].name_offset + got[i].name_len >= v->names_bytes ||
				 strcmp(names + got[i].name_offset,
					all->names + want[i].name_offset));
		bad += v->accts && memcmp(&acct[i], &all->accts[first + i], sizeof(*acct));
	}
	return bad + written(records, v->vmas_count * sizeof(*got)) +
	       written(names, v->names_bytes) +
	       written(accts, v->accts ? v->vmas_count * sizeof(*acct) : 0);
}

/* The whole list; false if a call failed, or there is no end. */
static bool list(u64 room, u64 names_room, bool count, const struct snapshot *all, u64 *bad)
{
	struct mmscope_vmas v = ask(room, names_room, count);
	u64 done = 0;

	for (calls = 0, *bad = 0; calls <= all->count + 1; calls++) {
		clean(&v);
		v.vmas_count = v.names_bytes = 7;
		if (call(fd, MMSCOPE_VMAS, &v))
			return false;
		*bad += part_differs(&v, all, done);
		done += v.vmas_count;
		if (!v.vmas_count)
			return done == all->count;
		v.start = all->vmas[done - 1].end;
	}
	return false;
}

/* As the whole list has it; only with the categories that do not depend on others. */
static void get_whole(struct snapshot *all)
{
	struct mmscope_vmas v = ask(0, 0, true);
	u64 i;

	get_vmas(fd, 0, ALL_END, true, all);
	v.flags = 0;
	v.vmas_len = all->count;
	v.names = 0;
	if (call(fd, MMSCOPE_VMAS, &v))
		tap_bail("the whole list cannot be had");
	for (i = 0; i < all->count; i++)
		all->accts[i] = ((struct mmscope_acct *)accts)[i];
}

static void test_rooms(const struct snapshot *all)
{
	static const u64 rooms[] = { 1, 2, 7, 511, 512, 513, 1024, 20000 };
	static const u64 names_rooms[] = { 0, PATH_MAX, 3 * PATH_MAX, 64 * PATH_MAX };
	size_t i, k;
	u64 bad;

	for (i = 0; i < ARRAY_SIZE(rooms); i++)
		/* One by one is thousands of calls: with little room for names, then. */
		for (k = 0; k < (rooms[i] < 7 ? 2 : ARRAY_SIZE(names_rooms)); k++) {
			bool whole = list(rooms[i], names_rooms[k], true, all, &bad);

			ok(whole, "parts.%llu_names_%llu.whole", rooms[i], names_rooms[k]);
			eq(bad, 0, "parts.%llu_names_%llu.same", rooms[i], names_rooms[k]);
		}
	list(1, 0, false, all, &bad);
	eq(calls, all->count, "parts.one_a_call");
	list(20000, 64 * PATH_MAX, false, all, &bad);
	eq(calls, 1, "parts.all_in_one");
	list(20000, PATH_MAX, false, all, &bad);
	ok(calls > 1 && calls < 10, "parts.by_names");
}

/* A name that there is no room for: in the midst it waits for the next part, alone it is told. */
static void test_names(const struct snapshot *all)
{
	struct mmscope_vmas v;
	u64 i, longest = 0, bad = 0;

	for (i = 0; i < all->count; i++)
		if (all->vmas[i].name_len > all->vmas[longest].name_len)
			longest = i;
	ok(all->vmas[longest].name_len > 3000, "parts.long_name");
	for (i = longest - 1; i <= longest; i++) {
		v = ask(20, all->vmas[longest].name_len, true);
		clean(&v);
		v.start = all->vmas[i].start;
		if (i < longest) {
			eq_err(call(fd, MMSCOPE_VMAS, &v), 0, "parts.ends_before_long_name");
			eq(v.vmas_count, 1, "parts.ends_before_long_name.count");
			eq(part_differs(&v, all, i), 0, "parts.ends_before_long_name.same");
			continue;
		}
		eq_err(call(fd, MMSCOPE_VMAS, &v), ENOSPC, "parts.no_room_for_name");
		eq(v.vmas_count, 1, "parts.no_room_for_name.count");
		eq(v.names_bytes, all->vmas[longest].name_len + 1, "parts.no_room_for_name.needs");
		eq(written(records, 0) + written(accts, 0) + written(names, 0), 0,
		   "parts.no_room_for_name.writes_nothing");
		v.names_len = v.names_bytes;
		eq_err(call(fd, MMSCOPE_VMAS, &v), 0, "parts.room_for_name");
		/* Its neighbour has the same file, and so the same name. */
		bad = part_differs(&v, all, i);
		eq(bad, 0, "parts.room_for_name.same");
		ok(v.vmas_count >= 1, "parts.room_for_name.count");
	}
}

static void test_edges(const struct snapshot *all)
{
	struct mmscope_mm mm = { .size = sizeof(mm) };
	struct mmscope_vmas v = ask(0, 0, false);

	eq_err(call(fd, MMSCOPE_VMAS, &v), EINVAL, "parts.no_room");
	v = ask(1, 0, false);
	v.flags |= MMSCOPE_VMAS_TOTALS;
	eq_err(call(fd, MMSCOPE_VMAS, &v), EINVAL, "parts.with_totals");
	v = ask(1, 0, true);
	v.flags |= MMSCOPE_VMAS_TOTALS;
	v.vmas_len = 0;
	eq_err(call(fd, MMSCOPE_VMAS, &v), EINVAL, "parts.of_totals");
	v = ask(1, 0, false);
	v.vmas = 8;
	eq_err(call(fd, MMSCOPE_VMAS, &v), EFAULT, "parts.bad_pointer");
	v = ask(5, 4096, false);
	v.end = v.start = all->vmas[0].start;
	eq_err(call(fd, MMSCOPE_VMAS, &v), 0, "parts.empty_range");
	eq(v.vmas_count, 0, "parts.empty_range.count");
	v = ask(5, 4096, false);
	v.end = all->vmas[0].end;
	v.mm = (uintptr_t)&mm;
	clean(&v);
	eq_err(call(fd, MMSCOPE_VMAS, &v), 0, "parts.of_a_range");
	eq(v.vmas_count, 1, "parts.of_a_range.count");
	eq(part_differs(&v, all, 0), 0, "parts.of_a_range.same");
	ok(mm.map_count == all->count && mm.pid == s.pid, "parts.mm");
}

int main(void)
{
	char where[] = "/tmp/mmscope-parts-XXXXXX", command[64];
	char *folder = mkdtemp(where);
	struct snapshot all;

	tap_start("abi.", 60);
	if (!folder)
		tap_bail("%s: %s", where, strerror(errno));
	records = shared(BUFFER);
	accts = shared(BUFFER);
	names = shared(BUFFER);
	subject_start(&s);
	fd = session_of(s.pid);
	eq(subject_call(&s, make_list, folder), 0, "parts.made");
	get_whole(&all);
	ok(all.count > PATCHES, "parts.many");
	test_rooms(&all);
	test_names(&all);
	test_edges(&all);
	free_vmas(&all);
	subject_end(&s);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command))
		tap_note("%s failed", command);
	return tap_end();
}
