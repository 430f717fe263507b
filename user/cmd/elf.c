// SPDX-License-Identifier: GPL-2.0
/*
 * elf.c - mmscope elf: how much of each section, or of each symbol, of the objects
 * of a process is in memory.  Sections and symbols are parts that are laid over the
 * pages as they were before the file was opened: to read it would change them.
 */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "../view/json.h"

enum { OPT_SYMBOLS, OPT_ALL };

static const struct cmd_option options[] = {
	[OPT_SYMBOLS] = { "symbols", 's', NULL, "each function and variable, not each section" },
	[OPT_ALL]     = { "all", 'a', NULL, "every object of the process, not only the program" },
	{ 0 }
};

enum { COL_START, COL_END, COL_SIZE, COL_PAGES, COL_RESIDENT, COL_DIRTY, COL_ANON, COL_ZERO,
       COL_SWAP, COL_CACHED, COL_ABSENT, COL_UNMAPPED, COL_STATE, COL_SHARES, COL_TYPE,
       COL_PERM, COL_OBJECT, COL_SECTION, COL_NAME };

static const struct view_column columns[] = {
	[COL_START] = { "START", VIEW_RIGHT, "first address" },
	[COL_END]   = { "END", VIEW_RIGHT, "first address behind it" },
	[COL_SIZE]  = { "SIZE", VIEW_RIGHT, "bytes; of a LOAD line: of whole pages" },
	[COL_PAGES] = { "PAGES", VIEW_RIGHT, "pages that it has a byte in" },
	[COL_RESIDENT] = { "RESIDENT", VIEW_RIGHT, "bytes in pages that are mapped now" },
	[COL_DIRTY] = { "DIRTY", VIEW_RIGHT, "of these: written, to be swapped or written back" },
	[COL_ANON]  = { "ANON", VIEW_RIGHT, "of these: the process's own, copied when written" },
	[COL_ZERO]  = { "ZERO", VIEW_RIGHT, "of these: the zero page, which Rss leaves out" },
	[COL_SWAP]  = { "SWAP", VIEW_RIGHT, "bytes in pages in swap" },
	[COL_CACHED] = { "CACHED", VIEW_RIGHT, "of ABSENT: in the page cache" },
	[COL_ABSENT] = { "ABSENT", VIEW_RIGHT, "bytes in others: never touched, or dropped since" },
	[COL_UNMAPPED] = { "UNMAPPED", VIEW_RIGHT, "bytes where nothing is mapped (any more)" },
	[COL_STATE] = { "STATE", 0, "of all its pages, in the words of map; or mixed" },
	[COL_SHARES] = { "SHARES", VIEW_RIGHT, "other symbols with a byte in its pages" },
	[COL_TYPE]  = { "TYPE", 0, "segment, section; function, object ..." },
	[COL_PERM]  = { "PERM", 0, "as in maps; or mixed" },
	[COL_OBJECT] = { "OBJECT", VIEW_TRUNC, "path of the object" },
	[COL_SECTION] = { "SECTION", 0, "section of the symbol" },
	[COL_NAME]  = { "NAME", VIEW_TRUNC, "of the section or symbol; LOAD: a whole segment" },
	{ 0 }
};

#define SECTION_COLUMNS	"START,SIZE,RESIDENT,DIRTY,SWAP,ABSENT,PERM,NAME"
#define SYMBOL_COLUMNS	"START,SIZE,RESIDENT,STATE,SHARES,NAME"

#define BATCH		65536	/* symbols laid at once */
#define SHARERS_TOLD	8

/* What is asked of one process. */
struct inquiry {
	struct cmd *cmd;
	struct mms_target *target;
	struct mms_vmas vmas;
	bool *wanted;		/* by VMA */
	size_t main;		/* VMA of the main program, or vmas.count */
	struct mms_look *look;
	struct mms_elfs elfs;
	uint64_t told;		/* categories */
	struct view_json *json;	/* NULL: text */
};

/* A line about sections: a part of memory, and whose it is. */
struct row {
	const struct mms_segment *segment;	/* one of these two */
	const struct mms_section *section;
	struct mms_part part;
	uint64_t key;		/* where it stands */
};

/* ---- which objects --------------------------------------------------------- */

static int no_object(const struct inquiry *q, const char *word, struct mms_error *err)
{
	if (word)
		return mms_fail(err, MMS_USAGE, "the objects: mmscope vmas PID", word,
				"no such object in this process");
	return mms_fail(err, MMS_FAILED, "its objects: mmscope elf PID --all",
			mms_target_proc(q->target)->comm,
			"the file of its main program is not mapped (any more)");
}

static int choose(struct inquiry *q, struct mms_error *err)
{
	const char *word = q->cmd->nargs > 1 ? q->cmd->args[1] : NULL;
	bool all = q->cmd->value[OPT_ALL], found = all;

	q->main = mms_elf_main(q->target, &q->vmas);
	q->wanted = calloc(q->vmas.count + 1, sizeof(*q->wanted));
	if (!q->wanted)
		return mms_fail(err, MMS_FAILED, NULL, "memory", "there is none left");
	for (size_t i = 0; i < q->vmas.count; i++) {
		const struct mms_vma *v = &q->vmas.vma[i];

		/* (With --all no file that is but read: it may be vast.) */
		if (q->wanted[i] || !(word ? mms_vma_object_is(v, word) :
				      all ? v->flags & MMSCOPE_VMA_EXEC : i == q->main))
			continue;
		mms_elf_vmas(&q->vmas, i, q->wanted);
		found = true;
	}
	return found ? 0 : no_object(q, word, err);
}

/* The pages first, then the files. */
static int look_and_open(struct inquiry *q, struct mms_error *err)
{
	q->told = mms_target_categories(q->target) & (MMS_CATS_STATE | MMSCOPE_CAT(ANON));
	if (choose(q, err) ||
	    mms_look_new(q->target, &q->vmas, q->wanted, q->told, &q->look, err) ||
	    mms_elfs_open_some(q->target, &q->vmas, q->wanted, &q->elfs, err))
		return -1;
	if (q->elfs.count)
		return 0;
	if (!q->elfs.unread)
		return mms_fail(err, MMS_USAGE, "the objects: mmscope elf PID --all",
				q->cmd->nargs > 1 ? q->cmd->args[1] : "--all",
				"mapped as data, not loaded as a program");
	*err = q->elfs.first;
	return -1;
}

/* ---- parts, drawn ---------------------------------------------------------- */

/* The permissions of the VMAs that a part lies in; "" if there are none. */
static void perms_of(const struct mms_vmas *l, const struct mms_part *p, char perms[8])
{
	char one[5];

	perms[0] = '\0';
	for (size_t i = mms_vmas_find(l, p->start); i < l->count; i++) {
		if (!p->size || l->vma[i].start > p->start + (p->size - 1))
			break;
		mms_perms_format(&l->vma[i], one);
		if (*perms && strcmp(perms, one)) {
			strcpy(perms, "mixed");
			return;
		}
		strcpy(perms, one);
	}
}

/* What of a part this source can tell: a category beside others, all of them needed. */
static bool tells(const struct inquiry *q, uint64_t categories)
{
	return (q->told & categories) == categories;
}

#define DIRT	(MMSCOPE_CAT(DIRTY) | MMSCOPE_CAT(PAGE_DIRTY))

/* Of no page it was withheld whether it is cached. */
static bool knows_cached(const struct inquiry *q, const struct mms_part *p)
{
	return tells(q, MMSCOPE_CAT(IN_CORE)) && !p->state[MMS_PAGE_ABSENT];
}

static void draw_amounts(const struct inquiry *q, struct view_table *t, const struct mms_part *p)
{
	view_table_size(t, COL_SIZE, p->size);
	view_table_size(t, COL_RESIDENT, mms_part_resident(p));
	if (tells(q, DIRT))
		view_table_size(t, COL_DIRTY, p->dirty);
	if (tells(q, MMSCOPE_CAT(ANON)))
		view_table_size(t, COL_ANON, p->anon);
	if (tells(q, MMSCOPE_CAT(ZERO)))
		view_table_size(t, COL_ZERO, p->state[MMS_PAGE_ZERO]);
	if (tells(q, MMSCOPE_CAT(SWAPPED)))
		view_table_size(t, COL_SWAP, p->state[MMS_PAGE_SWAPPED]);
	if (knows_cached(q, p))
		view_table_size(t, COL_CACHED, p->state[MMS_PAGE_CACHED]);
	view_table_size(t, COL_ABSENT, mms_part_absent(p));
	view_table_size(t, COL_UNMAPPED, mms_part_unmapped(p));
}

static void draw_place(const struct inquiry *q, struct view_table *t, const struct mms_part *p)
{
	char perms[8];

	view_table_address(t, COL_START, p->start);
	view_table_address(t, COL_END, p->start + p->size);
	view_table_number(t, COL_PAGES, mms_part_pages(p));
	view_table_text(t, COL_STATE, mms_part_word(p));
	if (view_table_has(t, COL_PERM)) {
		perms_of(&q->vmas, p, perms);
		view_table_text(t, COL_PERM, perms);
	}
}

static void json_known(struct view_json *j, const char *key, bool known, uint64_t value)
{
	if (known)
		view_json_number(j, key, value);
	else
		view_json_null(j, key);
}

/* The members of a part; of what is no memory all but the size is null. */
static void json_part(const struct inquiry *q, const struct mms_part *p, bool is)
{
	struct view_json *j = q->json;
	char perms[8];

	if (is) {
		perms_of(&q->vmas, p, perms);
		view_json_address(j, "start", p->start);
		view_json_address(j, "end", p->start + p->size);
	} else {
		view_json_null(j, "start");
		view_json_null(j, "end");
	}
	json_known(j, "pages", is, mms_part_pages(p));
	if (is && *perms)
		view_json_text(j, "perms", perms);
	else
		view_json_null(j, "perms");
	json_known(j, "resident", is, mms_part_resident(p));
	json_known(j, "dirty", is && tells(q, DIRT), p->dirty);
	json_known(j, "anon", is && tells(q, MMSCOPE_CAT(ANON)), p->anon);
	json_known(j, "zero", is && tells(q, MMSCOPE_CAT(ZERO)), p->state[MMS_PAGE_ZERO]);
	json_known(j, "swapped", is && tells(q, MMSCOPE_CAT(SWAPPED)), p->state[MMS_PAGE_SWAPPED]);
	json_known(j, "cached", is && knows_cached(q, p), p->state[MMS_PAGE_CACHED]);
	json_known(j, "absent", is, mms_part_absent(p));
	json_known(j, "unmapped", is, mms_part_unmapped(p));
	if (is)
		view_json_text(j, "state", mms_part_word(p));
	else
		view_json_null(j, "state");
}

/* ---- sections -------------------------------------------------------------- */

/* A segment takes whole pages: what is in none of its sections is in them, too. */
static struct mms_part whole_pages(const struct mms_segment *s)
{
	uint64_t mask = mms_page_size() - 1, start = s->address & ~mask;
	uint64_t last = (s->address + (s->mem_size - 1)) | mask;

	return (struct mms_part){ .start = start, .size = last > start ? last - start + 1 : 0 };
}

static int by_key(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (!x->segment != !y->segment)
		return x->segment ? -1 : 1;
	return 0;
}

/* The lines of an object: each PT_LOAD, and each section that takes memory. */
static size_t make_rows(const struct mms_elf *e, struct row *row)
{
	const struct mms_segment *segment;
	const struct mms_section *section;
	size_t segments = mms_elf_segments(e, &segment), sections = mms_elf_sections(e, &section);
	size_t n = 0;

	for (size_t i = 0; i < segments; i++)
		if (segment[i].type == PT_LOAD && segment[i].mem_size) {
			row[n] = (struct row){ .segment = &segment[i],
					       .part = whole_pages(&segment[i]) };
			row[n].key = row[n].part.start;
			n++;
		}
	for (size_t i = 0; i < sections; i++)
		if (section[i].flags & SHF_ALLOC && section[i].size) {
			row[n] = (struct row){ .section = &section[i], .key = section[i].address };
			row[n].part.size = section[i].size;
			if (section[i].loaded)
				row[n].part.start = section[i].address;
			n++;
		}
	if (n)
		qsort(row, n, sizeof(*row), by_key);
	return n;
}

static bool takes_memory(const struct row *row)
{
	return row->segment || row->section->loaded;
}

static void draw_row(const struct inquiry *q, struct view_table *t, const struct mms_elf *e,
		     const struct row *row)
{
	view_table_line(t);
	if (takes_memory(row)) {
		draw_place(q, t, &row->part);
		draw_amounts(q, t, &row->part);
	} else {
		view_table_size(t, COL_SIZE, row->part.size);
	}
	view_table_text(t, COL_OBJECT, mms_elf_path(e));
	view_table_text(t, COL_TYPE, row->segment ? "segment" : "section");
	view_table_text(t, COL_NAME, row->segment ? "LOAD" :
			row->section->name[0] ? row->section->name : "(no name)");
}

static void json_row(const struct inquiry *q, const struct row *row)
{
	struct view_json *j = q->json;

	view_json_object_flat(j, NULL);
	if (row->section)
		view_json_name(j, "name", row->section->name);
	view_json_number(j, "size", row->part.size);
	json_part(q, &row->part, takes_memory(row));
	if (row->segment) {
		view_json_number(j, "file_size", row->segment->file_size);
		view_json_number(j, "mem_size", row->segment->mem_size);
	}
	view_json_close(j);
}

static void json_rows(const struct inquiry *q, const struct row *row, size_t n)
{
	view_json_array(q->json, "segments");
	for (size_t i = 0; i < n; i++)
		if (row[i].segment)
			json_row(q, &row[i]);
	view_json_close(q->json);
	view_json_array(q->json, "sections");
	for (size_t i = 0; i < n; i++)
		if (row[i].section)
			json_row(q, &row[i]);
	view_json_close(q->json);
}

static int lay_rows(const struct inquiry *q, struct row *row, size_t n, struct mms_error *err)
{
	struct mms_part *part = calloc(n + 1, sizeof(*part));
	int ret;

	if (!part)
		return mms_fail(err, MMS_FAILED, NULL, "memory", "there is none left");
	for (size_t i = 0; i < n; i++) {
		part[i] = row[i].part;
		/* What is no memory is nowhere. */
		if (!takes_memory(&row[i]))
			part[i].size = 0;
	}
	ret = mms_look_parts(q->look, part, n, err);
	for (size_t i = 0; i < n; i++)
		if (takes_memory(&row[i]))
			row[i].part = part[i];
	free(part);
	return ret;
}

static int tell_sections(const struct inquiry *q, const struct mms_elf *e, struct view_table *t,
			 struct mms_error *err)
{
	const struct mms_segment *segment;
	const struct mms_section *section;
	size_t n = mms_elf_segments(e, &segment) + mms_elf_sections(e, &section);
	struct row *row = calloc(n + 1, sizeof(*row));
	int ret;

	if (!row)
		return mms_fail(err, MMS_FAILED, NULL, "memory", "there is none left");
	n = make_rows(e, row);
	ret = lay_rows(q, row, n, err);
	if (!ret && q->json)
		json_rows(q, row, n);
	for (size_t i = 0; i < n && !ret && t; i++)
		draw_row(q, t, e, &row[i]);
	free(row);
	return ret;
}

/* ---- symbols --------------------------------------------------------------- */

/* Where a symbol's section is found without looking at all of them again. */
struct finder {
	const struct mms_section **section;	/* those in memory, by address */
	size_t count, at;
};

static int by_address(const void *a, const void *b)
{
	const struct mms_section *const *x = a, *const *y = b;

	return ((*x)->address > (*y)->address) - ((*x)->address < (*y)->address);
}

static int finder_new(struct finder *f, const struct mms_elf *e, struct mms_error *err)
{
	const struct mms_section *section;
	size_t sections = mms_elf_sections(e, &section);

	*f = (struct finder){ .section = calloc(sections + 1, sizeof(*f->section)) };
	if (!f->section)
		return mms_fail(err, MMS_FAILED, NULL, "memory", "there is none left");
	for (size_t i = 0; i < sections; i++)
		if (section[i].loaded)
			f->section[f->count++] = &section[i];
	if (f->count)
		qsort(f->section, f->count, sizeof(*f->section), by_address);
	return 0;
}

/* Addresses come in ascending order. */
static const char *section_of(struct finder *f, uint64_t address)
{
	while (f->at + 1 < f->count && f->section[f->at + 1]->address <= address)
		f->at++;
	if (f->at < f->count && address - f->section[f->at]->address < f->section[f->at]->size)
		return f->section[f->at]->name;
	return "";
}

static void draw_symbol(const struct inquiry *q, struct view_table *t, const struct mms_elf *e,
			const struct mms_symbols *l, size_t i, const struct mms_part *p,
			const char *section)
{
	struct mms_symbol s;

	mms_symbols_get(l, i, &s);
	view_table_line(t);
	if (p) {
		draw_place(q, t, p);
		view_table_number(t, COL_SHARES, mms_symbols_sharing(l, i));
	}
	/* Of a symbol without a size a byte was looked at, to see how its page is. */
	if (p && s.size)
		draw_amounts(q, t, p);
	else if (s.size)
		view_table_size(t, COL_SIZE, s.size);
	view_table_text(t, COL_TYPE, mms_symbol_type_name(s.type));
	view_table_text(t, COL_OBJECT, mms_elf_path(e));
	view_table_text(t, COL_SECTION, section);
	view_table_text(t, COL_NAME, s.name);
}

static void json_symbol(const struct inquiry *q, const struct mms_symbols *l, size_t i,
			const struct mms_part *p, const char *section)
{
	struct mms_part none = { 0 };
	struct view_json *j = q->json;
	size_t others[SHARERS_TOLD], n;
	struct mms_symbol s, other;

	mms_symbols_get(l, i, &s);
	view_json_object_flat(j, NULL);
	view_json_name(j, "name", s.name);
	view_json_number(j, "size", s.size);
	json_part(q, p ? p : &none, p);
	if (!p)
		view_json_number(j, "tls_offset", s.address);
	view_json_text(j, "type", mms_symbol_type_name(s.type));
	view_json_bool(j, "local", s.local);
	view_json_text(j, "from", mms_symbol_from_name(s.from));
	if (*section)
		view_json_name(j, "section", section);
	else
		view_json_null(j, "section");
	json_known(j, "shares", p, mms_symbols_sharing(l, i));
	view_json_array(j, "shares_with");
	n = mms_symbols_sharers(l, i, others, SHARERS_TOLD);
	for (size_t k = 0; k < n; k++) {
		mms_symbols_get(l, others[k], &other);
		view_json_text(j, NULL, other.name);
	}
	view_json_close(j);
	view_json_close(j);
}

static void tell_symbol(const struct inquiry *q, struct view_table *t, const struct mms_elf *e,
			const struct mms_symbols *l, size_t i, const struct mms_part *p,
			const char *section)
{
	if (q->json)
		json_symbol(q, l, i, p, section);
	else
		draw_symbol(q, t, e, l, i, p, section);
}

/* A program may have millions of them: so many at once are laid, told and forgotten. */
static int tell_batches(const struct inquiry *q, const struct mms_elf *e, struct view_table *t,
			const struct mms_symbols *l, struct finder *f, struct mms_error *err)
{
	struct mms_part *part = malloc(BATCH * sizeof(*part));
	size_t tls, count = mms_symbols_count(l, &tls);
	struct mms_symbol s;
	int ret = part ? 0 : mms_fail(err, MMS_FAILED, NULL, "memory", "there is none left");

	for (size_t first = 0, n; first < count && !ret && !ferror(stdout); first += n) {
		n = count - first < BATCH ? count - first : BATCH;
		for (size_t i = 0; i < n; i++) {
			mms_symbols_get(l, first + i, &s);
			part[i] = (struct mms_part){ s.address, s.size ? s.size : 1, { 0 }, 0, 0 };
		}
		ret = mms_look_parts(q->look, part, n, err);
		for (size_t i = 0; i < n && !ret; i++)
			tell_symbol(q, t, e, l, first + i, &part[i], section_of(f, part[i].start));
		if (t && first + n < count)
			view_table_flush(t);
	}
	for (size_t i = count; i < count + tls && !ret; i++)
		tell_symbol(q, t, e, l, i, NULL, "");
	free(part);
	return ret;
}

static int tell_symbols(const struct inquiry *q, const struct mms_elf *e, struct view_table *t,
			const struct mms_symbols *l, struct mms_error *err)
{
	struct finder f;
	int ret = finder_new(&f, e, err);

	if (q->json)
		view_json_array(q->json, "symbols");
	if (!ret)
		ret = tell_batches(q, e, t, l, &f, err);
	if (q->json)
		view_json_close(q->json);
	free(f.section);
	return ret;
}

/* ---- one object ------------------------------------------------------------ */

static bool is_main(const struct inquiry *q, const struct mms_elf *e)
{
	return q->main < q->vmas.count && mms_elf_covers(e, q->vmas.vma[q->main].start);
}

/* Where the zeroed data ends; and, of the program, where the heap starts. */
static void draw_end(const struct inquiry *q, const struct mms_elf *e)
{
	struct mms_fact start = q->vmas.mm.fact[MMS_MM_START_BRK];
	struct mms_fact brk = q->vmas.mm.fact[MMS_MM_BRK];
	char size[16];
	uint64_t end;

	if (!mms_elf_end(e, &end))
		return;
	printf("end      0x%" PRIx64 ", behind its .bss\n", end);
	/* A program that is loaded like a library has it far from here. */
	if (is_main(q, e) && mms_known(start))
		printf("heap     0x%" PRIx64 ", %s %s that\n", start.value,
		       mms_size_format(start.value < end ? end - start.value :
				       start.value - end, size),
		       start.value < end ? "below" : "above");
	if (is_main(q, e) && mms_known(brk) && mms_known(start) && brk.value >= start.value)
		printf("break    0x%" PRIx64 ", %s above that\n", brk.value,
		       mms_size_format(brk.value - start.value, size));
}

static void draw_origin(const struct mms_symbols *l)
{
	size_t tls, count = mms_symbols_count(l, &tls), from[3] = { 0 };
	struct mms_symbol s;

	for (size_t i = 0; i < count; i++) {
		mms_symbols_get(l, i, &s);
		if (s.from < 3)
			from[s.from]++;
	}
	if (!count)
		printf("symbols  none: they are stripped off\n");
	else if (!from[MMS_SYMBOL_SYMTAB] && !from[MMS_SYMBOL_DEBUG])
		printf("symbols  %zu, of .dynsym alone: what it exports; the rest is stripped off\n",
		       count);
	else
		printf("symbols  %zu, of %s\n", count,
		       from[MMS_SYMBOL_DEBUG] ? "its debug file" : ".symtab");
	if (tls)
		printf("         and %zu thread-local: each thread has its own elsewhere\n", tls);
}

static void draw_head(const struct inquiry *q, const struct mms_elf *e,
		      const struct mms_symbols *l)
{
	const struct mms_section *section;
	char path[512];

	mms_escape(mms_elf_path(e), path, sizeof(path));
	printf("object   %s, loaded at 0x%" PRIx64 "\n", path, mms_elf_bias(e));
	if (!mms_elf_sections(e, &section))
		printf("sections none: its section headers are stripped off\n");
	draw_end(q, e);
	if (l)
		draw_origin(l);
	putchar('\n');
}

static void json_head(const struct inquiry *q, const struct mms_elf *e)
{
	const struct mms_segment *segment;
	size_t segments = mms_elf_segments(e, &segment);
	uint64_t end;

	view_json_name(q->json, "path", mms_elf_path(e));
	view_json_address(q->json, "bias", mms_elf_bias(e));
	view_json_bool(q->json, "main", is_main(q, e));
	if (mms_elf_end(e, &end))
		view_json_address(q->json, "end", end);
	else
		view_json_null(q->json, "end");
	view_json_text(q->json, "build_id", mms_elf_build_id(e));
	for (size_t i = 0; i < segments; i++)
		if (segment[i].type == PT_GNU_RELRO) {
			view_json_object_flat(q->json, "relro");
			view_json_address(q->json, "start", segment[i].address);
			view_json_number(q->json, "size", segment[i].mem_size);
			view_json_close(q->json);
			return;
		}
	view_json_null(q->json, "relro");
}

/* A table with the columns of what it is about; NULL after having said what is wrong. */
static struct view_table *new_table(const struct cmd *cmd)
{
	struct view_options o = cmd_table_options(cmd);
	struct view_table *t;
	char wrong[32];

	if (cmd->value[OPT_SYMBOLS])
		o.defaults = SYMBOL_COLUMNS;
	t = view_table_new(cmd->verb->columns, &o, wrong);
	if (!t)
		cmd_usage(cmd, "no such column: '%s'", wrong);
	return t;
}

static int tell_object(const struct inquiry *q, const struct mms_elf *e, struct mms_error *err)
{
	struct view_table *t = q->json ? NULL : new_table(q->cmd);
	struct mms_symbols *l = NULL;
	int ret = 0;

	if (q->cmd->value[OPT_SYMBOLS])
		ret = mms_symbols_new(e, &l, err);
	if (q->json) {
		view_json_object(q->json, NULL);
		json_head(q, e);
	} else if (t && !ret) {
		draw_head(q, e, l);
	}
	if (!ret && (t || q->json))
		ret = l ? tell_symbols(q, e, t, l, err) : tell_sections(q, e, t, err);
	if (q->json)
		view_json_close(q->json);
	else if (t)
		view_table_end(t);
	mms_symbols_free(l);
	return ret;
}

/* ---- all of them ----------------------------------------------------------- */

static int tell_text(struct inquiry *q, struct mms_error *err)
{
	int ret = 0;

	for (size_t i = 0; i < q->elfs.count && !ret && !ferror(stdout); i++) {
		if (i)
			putchar('\n');
		ret = tell_object(q, q->elfs.elf[i], err);
	}
	if (q->elfs.unread && !ret) {
		fflush(stdout);
		fprintf(stderr, "mmscope: %zu more object%s not be read: %s: %s\n", q->elfs.unread,
			q->elfs.unread == 1 ? " can" : "s can", q->elfs.first.what,
			q->elfs.first.why);
	}
	return ret;
}

static int tell_json(struct inquiry *q, struct mms_error *err)
{
	struct view_json j;
	int ret = 0;

	q->json = &j;
	view_json_begin(&j, "elf", q->target);
	view_json_number(&j, "page_size", mms_page_size());
	view_json_categories(&j, "told", q->told);
	view_json_fact(&j, "start_brk", q->vmas.mm.fact[MMS_MM_START_BRK], MMS_UNIT_ADDRESS);
	view_json_fact(&j, "brk", q->vmas.mm.fact[MMS_MM_BRK], MMS_UNIT_ADDRESS);
	view_json_number(&j, "unread", q->elfs.unread);
	if (q->elfs.unread)
		view_json_text(&j, "unread_why", q->elfs.first.why);
	else
		view_json_null(&j, "unread_why");
	view_json_array(&j, "objects");
	for (size_t i = 0; i < q->elfs.count && !ret && !ferror(stdout); i++)
		ret = tell_object(q, q->elfs.elf[i], err);
	view_json_close(&j);
	view_json_end(&j);
	return ret;
}

static int answer(struct inquiry *q)
{
	struct view_table *t = q->cmd->json ? NULL : new_table(q->cmd);
	struct mms_error err;

	/* Said before anything is asked: a column that there is not. */
	if (!t && !q->cmd->json)
		return MMS_USAGE;
	view_table_drop(t);
	if (mms_vmas_read(q->target, MMS_ALL_START, MMS_ALL_END, 0, 0, &q->vmas, &err) ||
	    look_and_open(q, &err) || (q->cmd->json ? tell_json(q, &err) : tell_text(q, &err)))
		return cmd_error(&err);
	cmd_lack(q->cmd, q->target, "what is dirty, cached or the zero page, and the exact break");
	return MMS_OK;
}

static int run(struct cmd *cmd)
{
	struct inquiry q = { .cmd = cmd };
	int ret;

	if (cmd->nargs > 1 && cmd->value[OPT_ALL])
		return cmd_usage(cmd, "--all and an object exclude each other");
	if (cmd->nargs > 1 && !cmd->args[1][0])
		return cmd_usage(cmd, "OBJECT is a path or a name, not ''");
	ret = cmd_open(cmd, &q.target);
	if (ret)
		return ret;
	ret = answer(&q);
	mms_elfs_close(&q.elfs);
	mms_look_free(q.look);
	mms_vmas_free(&q.vmas);
	free(q.wanted);
	mms_close(q.target);
	return ret;
}

const struct verb verb_elf = {
	.name = "elf",
	.args = "PID [OBJECT]",
	.brief = "how much of each ELF section, or symbol, is in memory",
	.about = "Tells of each section of the program, or of OBJECT (a path, a file name, or\n"
		 "the part of it before .so), how many of its bytes lie in pages that are\n"
		 "resident, dirty, in swap, or absent.  A page that two sections share is so\n"
		 "counted once, in shares.  LOAD lines are segments, in whole pages: their\n"
		 "RESIDENT less ZERO is the Rss of their VMAs; what is in none of their sections\n"
		 "is headers and padding.  .tbss is in no memory of the object's: each thread has\n"
		 "its own.\n"
		 "With --symbols each function and variable, with these columns if no others are\n"
		 "asked for: " SYMBOL_COLUMNS ".\n"
		 "Those that share a page are as one to the kernel: SHARES says with how many.\n"
		 "Resident is not called: where code is in the page cache, a fault maps up to 16\n"
		 "pages around.  But what is absent was not called since it was last dropped.\n"
		 "Of a capture, objects are read if their files are still here, and unchanged.",
	.example = "  mmscope elf bash\n"
		   "  mmscope elf 1234 libc --symbols | grep absent\n"
		   "  mmscope elf 1234 --all --json | jq '.objects[].sections[] | {name, resident}'",
	.takes = CMD_TARGET | CMD_FROM | CMD_TABLE,
	.min_args = 1,
	.max_args = 2,
	.options = options,
	.columns = columns,
	.default_columns = SECTION_COLUMNS,
	.run = run,
};
