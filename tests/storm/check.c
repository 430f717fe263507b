/* SPDX-License-Identifier: GPL-2.0 */
/*
 * check.c - what holds of an answer whatever the target does meanwhile: order,
 * bounds, categories that exclude each other, a header that agrees with the
 * list it came with.
 */
#include "storm.h"

/* ---- categories ---- */

#define KINDS	(CAT(ANON) | CAT(FILE) | CAT(SHMEM))
#define PLACES	(CAT(PRESENT) | CAT(SWAPPED) | CAT(MIGRATING) | CAT(GUARD) | CAT(DEVICE))

/* Of these each at most one, where they were asked for. */
static const struct {
	const char *name;
	u64 set;
} one_of[] = {
	{ "places", PLACES },
	{ "poisoned", CAT(PRESENT) | CAT(SWAPPED) | CAT(MIGRATING) | CAT(POISONED) },
	{ "kinds", KINDS },
	{ "zero or memory", CAT(ZERO) | KINDS },
	{ "zero or special", CAT(ZERO) | CAT(SPECIAL) },
	{ "zero or shared", CAT(ZERO) | CAT(SHARED) },
	{ "special or memory", CAT(SPECIAL) | KINDS },
	{ "huge", CAT(HUGE_PMD) | CAT(HUGE_PUD) },
	{ "swapped or memory", CAT(SWAPPED) | KINDS },
	{ "lazily free or dirty", CAT(LAZYFREE) | CAT(PAGE_DIRTY) },
	{ "lazily free or written", CAT(LAZYFREE) | CAT(DIRTY) },
	{ "lock told or not", CAT(MLOCKED) | CAT(LOCK_UNKNOWN) },
	{ "list told or not", CAT(UNEVICTABLE) | CAT(LOCK_UNKNOWN) },
	{ "cache told or not", CAT(IN_CORE) | CAT(CACHE_UNKNOWN) },
	{ "mapped or unknown", CAT(PRESENT) | CAT(CACHE_UNKNOWN) },
	{ "mapped or swapped in the object", CAT(PRESENT) | CAT(CACHE_SWAPPED) },
	{ "ksm or file", CAT(KSM) | CAT(FILE) | CAT(SHMEM) },
};

/* Where the first is, the second is too. */
static const struct {
	u64 with, needs;
} implied[] = {
	{ CAT(ZERO), CAT(PRESENT) }, { CAT(SPECIAL), CAT(PRESENT) },
	{ CAT(WRITABLE), CAT(PRESENT) }, { CAT(EXECUTABLE), CAT(PRESENT) },
	{ CAT(ACCESSED), CAT(PRESENT) }, { CAT(DIRTY), CAT(PRESENT) },
	{ CAT(SHARED), CAT(PRESENT) }, { CAT(KSM), CAT(PRESENT) },
	{ CAT(KSM), CAT(ANON) }, { CAT(LAZYFREE), CAT(ANON) },
	{ CAT(MLOCKED), CAT(PRESENT) }, { CAT(CACHE_SWAPPED), CAT(CACHE_UNKNOWN) },
	{ CAT(PRESENT), CAT(IN_CORE) }, { CAT(MIGRATING), CAT(IN_CORE) },
	{ CAT(SWAPPED), CAT(CACHE_UNKNOWN) },
};

void check_categories(u64 c, u64 asked)
{
	bool apart = true, together = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(one_of); i++)
		apart &= __builtin_popcountll(c & one_of[i].set) <= 1;
	for (i = 0; i < ARRAY_SIZE(implied); i++)
		together &= !(c & implied[i].with) || !(asked & implied[i].needs) ||
			    c & implied[i].needs;
	holds("categories.exclude_each_other", apart, "%llx", c);
	holds("categories.imply_each_other", together, "%llx, asked for %llx", c, asked);
	holds("categories.were_asked_for", !(c & ~asked), "%llx, asked for %llx", c, asked);
}

/* All of them, those of one price, or any. */
u64 random_categories(void)
{
	switch (below(6)) {
	case 0:  return told & MMSCOPE_CATS_ENTRY;
	case 1:  return told & MMSCOPE_CATS_FOLIO;
	case 2:  return told & MMSCOPE_CATS_CACHE;
	case 3:  return told & rnd();
	default: return told;
	}
}

/* ---- PAGES ---- */

void random_pages(struct mmscope_pages *ask, u64 start, u64 end)
{
	*ask = (struct mmscope_pages){
		.size = sizeof(*ask), .start = start, .end = end,
		.categories = random_categories(),
		.flags = one_in(3) ? MMSCOPE_PAGES_FRAMES : 0,
	};
	if (one_in(3))
		ask->any_of = one_in(2) ? CAT(PRESENT) | CAT(SWAPPED) : told & rnd();
	if (one_in(6))
		ask->all_of = 1ULL << below(26) & told;
	if (one_in(6))
		ask->none_of = told & rnd() & rnd() & ~ask->all_of;
	if (one_in(4))
		ask->max_pages = 1 + below(5000);
}

static bool passes(const struct mmscope_pages *ask, u64 c)
{
	u64 asked = ask->categories;

	/* Only what was told can be looked at. */
	return (c & ask->all_of & asked) == (ask->all_of & asked) && !(c & ask->none_of) &&
	       (!ask->any_of || ask->any_of & ~asked || c & ask->any_of);
}

void check_runs(const struct mmscope_pages *ask, const struct runs *runs)
{
	u64 at = ask->start, pages = 0, i;

	for (i = 0; i < runs->count; i++) {
		const struct mmscope_run *r = &runs->run[i];

		holds("runs.in_order", r->start >= at, "%llx after %llx", r->start, at);
		holds("runs.not_empty", r->end > r->start, "%llx-%llx", r->start, r->end);
		holds("runs.aligned", !((r->start | r->end) & (page - 1)), "%llx-%llx",
		      r->start, r->end);
		holds("runs.in_range", r->start >= ask->start && r->end <= ask->end,
		      "%llx-%llx not in %llx-%llx", r->start, r->end, ask->start, ask->end);
		holds("runs.pass_the_filter", passes(ask, r->categories),
		      "%llx: all %llx any %llx none %llx", r->categories, ask->all_of,
		      ask->any_of, ask->none_of);
		check_categories(r->categories, ask->categories);
		at = r->end;
		pages += (r->end - r->start) / page;
	}
	holds("runs.sum_is_pages", pages == runs->pages, "%llu, told %llu", pages, runs->pages);
}

/* The calls that a question takes, each with its cursor checked. */
static int all_calls(int fd, struct mmscope_pages *p, struct runs *runs, u64 batch)
{
	u64 room = 0, idle = 0, limit = p->max_pages, had;
	int err;

	do {
		if (runs->count + batch > room) {
			room = (runs->count + batch) * 2;
			runs->run = realloc(runs->run, room * sizeof(*runs->run));
		}
		p->runs = (uintptr_t)(runs->run + runs->count);
		p->runs_len = batch;
		err = call(fd, MMSCOPE_PAGES, p);
		if (err)
			return err;
		had = runs->count;
		runs->count += p->runs_count;
		runs->pages += p->pages;
		holds("cursor.moves_forward", p->cursor >= p->start && p->cursor <= p->end &&
		      !(p->cursor & (page - 1)), "from %llx to %llx of %llx", p->start,
		      p->cursor, p->end);
		holds("cursor.is_behind_the_runs", runs->count == had ||
		      runs->run[runs->count - 1].end <= p->cursor, "%llx, a run to %llx",
		      p->cursor, runs->count ? runs->run[runs->count - 1].end : 0);
		holds("runs.within_the_room", p->runs_count <= batch &&
		      (!limit || p->pages <= limit), "%llu runs of %llu, %llu pages of %llu",
		      p->runs_count, batch, p->pages, limit);
		idle = p->cursor > p->start ? 0 : idle + 1;
		if (!holds("cursor.does_not_stick", idle < 200, "at %llx", p->cursor))
			return 0;
		p->start = p->cursor;
	} while (p->cursor < p->end);
	return 0;
}

int ask_pages(int fd, u64 start, u64 end, struct runs *runs)
{
	struct mmscope_pages ask, p;
	int err;

	random_pages(&ask, start, end);
	memset(runs, 0, sizeof(*runs));
	p = ask;
	err = all_calls(fd, &p, runs, one_in(3) ? 1 + below(8) : 16 + below(1000));
	/* What was told before an error stays true. */
	check_runs(&ask, runs);
	return err;
}

/* ---- VMAS ---- */

static void check_acct(const struct mmscope_vma *v, const struct mmscope_acct *a)
{
	u64 size = v->end - v->start, all = size / page, i, most = 0;
	const u64 *p = a->pages;

	for (i = 0; i < MMSCOPE_CAT_COUNT; i++)
		most = p[i] > most ? p[i] : most;
	holds("accts.resident_fits", a->rss <= size, "%llu of %llu bytes", a->rss, size);
	holds("accts.each_fits", most <= all, "%llu of %llu pages", most, all);
	holds("accts.places_fit", p[MMSCOPE_CAT_PRESENT] + p[MMSCOPE_CAT_SWAPPED] +
	      p[MMSCOPE_CAT_MIGRATING] + p[MMSCOPE_CAT_GUARD] + p[MMSCOPE_CAT_DEVICE] <= all,
	      "%llu present, %llu swapped, %llu migrating of %llu", p[MMSCOPE_CAT_PRESENT],
	      p[MMSCOPE_CAT_SWAPPED], p[MMSCOPE_CAT_MIGRATING], all);
	holds("accts.parts_are_the_whole", a->rss == a->shared_clean + a->shared_dirty +
	      a->private_clean + a->private_dirty, "%llu", a->rss);
}

static void check_header(const struct snapshot *snap)
{
	const struct mmscope_mm *mm = &snap->mm;
	u64 size = 0, locked = 0, i;

	for (i = 0; i < snap->count; i++) {
		const struct mmscope_vma *v = &snap->vmas[i];

		size += v->end - v->start;
		locked += v->flags & MMSCOPE_VMA_LOCKED ? v->end - v->start : 0;
	}
	holds("vmas.as_many_as_the_header_says", mm->map_count == snap->count,
	      "%llu records, map_count %llu", snap->count, mm->map_count);
	holds("vmas.total_vm", size <= mm->total_vm, "%llu in all, total_vm %llu", size,
	      mm->total_vm);
	holds("vmas.locked_vm", locked == mm->locked_vm, "%llu locked, locked_vm %llu", locked,
	      mm->locked_vm);
}

void check_vmas(const struct snapshot *snap, u64 start, u64 end, bool accts)
{
	u64 at = 0, i;

	for (i = 0; i < snap->count; i++) {
		const struct mmscope_vma *v = &snap->vmas[i];

		holds("vmas.in_order", v->start >= at && v->end > v->start, "%llx-%llx after %llx",
		      v->start, v->end, at);
		holds("vmas.aligned", !((v->start | v->end) & (page - 1)), "%llx-%llx", v->start,
		      v->end);
		holds("vmas.in_range", v->end > start && v->start < end, "%llx-%llx", v->start,
		      v->end);
		holds("vmas.names_are_whole", !v->name_len ||
		      (v->name_offset + v->name_len < snap->names_bytes &&
		       strlen(snap->names + v->name_offset) == v->name_len),
		      "offset %u, length %u of %llu bytes", v->name_offset, v->name_len,
		      snap->names_bytes);
		if (accts)
			check_acct(v, &snap->accts[i]);
		at = v->end;
	}
	if (!start && end == ALL_END)
		check_header(snap);
}

int ask_vmas(int fd, struct snapshot *snap)
{
	bool accts = one_in(3);
	int err = get_vmas(fd, 0, ALL_END, accts, snap);

	if (!err)
		check_vmas(snap, 0, ALL_END, accts);
	return err;
}

static bool same_perms(const struct mmscope_vma *v, const char *perms)
{
	return (perms[0] == 'r') == !!(v->flags & MMSCOPE_VMA_READ) &&
	       (perms[1] == 'w') == !!(v->flags & MMSCOPE_VMA_WRITE) &&
	       (perms[2] == 'x') == !!(v->flags & MMSCOPE_VMA_EXEC) &&
	       (perms[3] == 's') == !!(v->flags & MMSCOPE_VMA_SHARED);
}

/* maps escapes nothing but newlines. */
static bool same_name(const char *name, const char *in_maps)
{
	for (; *name && *in_maps; name++) {
		if (*name == '\n' && !strncmp(in_maps, "\\012", 4))
			in_maps += 4;
		else if (*name != *in_maps++)
			return false;
	}
	return !*name && !*in_maps;
}

void check_against_maps(pid_t pid, const struct snapshot *snap)
{
	struct maps maps;
	u64 i;

	if (!holds("maps.can_be_read", !get_maps(pid, &maps), "of %d", pid))
		return;
	holds("maps.as_many", maps.count == snap->count, "%zu lines, %llu records", maps.count,
	      snap->count);
	for (i = 0; i < snap->count && i < maps.count; i++) {
		const struct mmscope_vma *v = &snap->vmas[i];
		const struct map *m = &maps.map[i];
		const char *name = v->name_len ? snap->names + v->name_offset : "";

		holds("maps.same_records", v->start == m->start && v->end == m->end &&
		      same_perms(v, m->perms) && v->inode == m->inode &&
		      (!v->inode || v->offset == m->offset) && v->dev_major == m->major &&
		      v->dev_minor == m->minor, "%llx-%llx %s %llu, record %llx-%llx", m->start,
		      m->end, m->perms, m->inode, v->start, v->end);
		holds("maps.same_names", same_name(name, m->name), "%.100s, record %.100s", m->name,
		      name);
	}
	free_maps(&maps);
}

/* ---- WALK ---- */

static bool levels_descend(const struct mmscope_walk *w)
{
	u32 i;

	for (i = 1; i < w->levels_count; i++)
		if (w->levels[i].level >= w->levels[i - 1].level ||
		    w->levels[i].shift >= w->levels[i - 1].shift ||
		    w->levels[i - 1].kind != MMSCOPE_ENTRY_TABLE)
			return false;
	return w->levels_count <= 5;
}

void check_walk(const struct mmscope_walk *w, u64 address)
{
	const struct mmscope_level *last = &w->levels[w->levels_count - 1];

	if (!w->has_vma) {
		holds("walk.nothing_without_a_vma", !w->levels_count && !w->categories &&
		      !w->vma.end, "%u levels", w->levels_count);
		return;
	}
	holds("walk.vma_covers_it", w->vma.start <= address && address < w->vma.end,
	      "%llx not in %llx-%llx", address, w->vma.start, w->vma.end);
	holds("walk.levels_descend", w->levels_count && levels_descend(w), "%u levels",
	      w->levels_count);
	if (!w->levels_count)
		return;
	holds("walk.ends_below_tables", last->kind != MMSCOPE_ENTRY_TABLE &&
	      last->kind != MMSCOPE_ENTRY_BAD, "kind %u at level %u", last->kind, last->level);
	check_categories(w->categories, told);
}

int ask_walk(int fd, u64 address, struct mmscope_walk *w)
{
	int err = walk(fd, address, one_in(2) ? MMSCOPE_WALK_RAW : 0, w);

	if (!err)
		check_walk(w, address);
	return err;
}

/* ---- tables of /proc/mmscope ---- */

/* Not by sscanf(), which measures all the text that follows at each line. */
void check_table(const char *text)
{
	const char *line = strchr(text, '\n');
	u64 start, end, bytes, at = 0;
	char *p;

	while (line && line[1]) {
		start = strtoull(line + 1, &p, 16);
		end = strtoull(p, &p, 16);
		bytes = strtoull(p, &p, 10);
		if (!holds("table.lines_are_whole", start && end && bytes && strchr(p, '\n'),
			   "%.60s", line + 1))
			return;
		holds("table.in_order", start >= at && end > start && bytes == end - start,
		      "%llx-%llx (%llu) after %llx", start, end, bytes, at);
		at = end;
		line = strchr(p, '\n');
	}
}

/* ---- the judgements ---- */

void judge_answers(void)
{
	static const char *const names[] = {
		"categories.exclude_each_other", "categories.imply_each_other",
		"categories.were_asked_for", "runs.in_order", "runs.not_empty", "runs.aligned",
		"runs.in_range", "runs.pass_the_filter", "runs.sum_is_pages",
		"runs.within_the_room", "cursor.moves_forward", "cursor.is_behind_the_runs",
		"cursor.does_not_stick", "vmas.in_order", "vmas.aligned", "vmas.in_range",
		"vmas.names_are_whole", "vmas.as_many_as_the_header_says", "vmas.total_vm",
		"vmas.locked_vm", "accts.resident_fits", "accts.each_fits", "accts.places_fit",
		"accts.parts_are_the_whole", "walk.vma_covers_it", "walk.levels_descend",
		"walk.ends_below_tables",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		judge(names[i]);
}
