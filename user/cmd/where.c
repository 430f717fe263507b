// SPDX-License-Identifier: GPL-2.0
/*
 * where.c - mmscope where: what an address of a process is, or where a symbol.
 * One answer is put together from the list of VMAs, the ELF object behind the
 * one that covers the address, and the state of its page.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "../view/json.h"

#define MATCHES_MAX	64

enum { COL_HERE, COL_START, COL_END, COL_SIZE, COL_PERM, COL_PURPOSE, COL_NAME };

static const struct view_column columns[] = {
	[COL_HERE]  = { "HERE", 0, "->: the address is in this line" },
	[COL_START] = { "START", VIEW_RIGHT, "first address" },
	[COL_END]   = { "END", VIEW_RIGHT, "first address behind it" },
	[COL_SIZE]  = { "SIZE", VIEW_RIGHT, "bytes" },
	[COL_PERM]  = { "PERM", 0, "as in maps" },
	[COL_PURPOSE] = { "PURPOSE", 0, "what the VMA serves for; or a gap between two" },
	[COL_NAME]  = { "NAME", VIEW_TRUNC, "file, or the kernel's name for it" },
	{ 0 }
};

/* A place where the symbol that was asked for is. */
struct match {
	const struct mms_elf *elf;
	struct mms_symbol symbol;
};

/* Everything that is known about one address. */
struct place {
	const char *question;	/* as it was typed */
	struct mms_vmas vmas;
	struct mms_elfs elfs;	/* with a symbol: all objects */
	struct match match[MATCHES_MAX];
	size_t matches;		/* may be more than fit */
	bool as_symbol;		/* the question was a symbol */
	bool guessed;		/* it could have been one, and is none */

	uint64_t address;
	size_t at;		/* index of the VMA that covers it, or of the next above */
	bool covered;
	struct mms_elf *own;	/* opened for this address alone */
	const struct mms_elf *elf;	/* NULL: none */
	struct mms_error elf_error;	/* why not, if status is set */
	const struct mms_section *section;
	struct mms_symbol symbol;
	bool has_symbol;
	bool has_page;
	uint64_t page, told;	/* categories; and which could be told */
};

/* ---- the question ---------------------------------------------------------- */

/* "+0x1f" or "+31" behind a name or an address; false if it is no number. */
static bool parse_offset(const char *text, uint64_t *offset)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? "0123456789abcdefABCDEF" : "0123456789";
	const char *from = text + (hex ? 2 : 0);

	*offset = strtoull(from, NULL, hex ? 16 : 10);
	return *from && strlen(from) < 20 && strspn(from, digits) == strlen(from);
}

static bool is_hex(const char *text)
{
	return *text && strspn(text, "0123456789abcdefABCDEF") == strlen(text);
}

/* As strlen(), less what maps puts behind the name of a deleted file. */
static size_t name_length(const char *name)
{
	static const char mark[] = " (deleted)";
	size_t length = strlen(name), behind = sizeof(mark) - 1;

	return length > behind && !strcmp(name + length - behind, mark) ? length - behind : length;
}

/* Whether an object is meant by this word: its path, its file name, or "libc". */
static bool object_is(const struct mms_elf *elf, const char *word, size_t length)
{
	const char *path = mms_elf_path(elf), *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path, *so = strstr(base, ".so");

	if (!strcmp(path, "[vdso]") && length == 4)
		return !strncmp(word, "vdso", 4);
	return (name_length(path) == length && !strncmp(path, word, length)) ||
	       (name_length(base) == length && !strncmp(base, word, length)) ||
	       (so && (size_t)(so - base) == length && !strncmp(base, word, length));
}

/* Collects where [OBJECT:]NAME is; returns how many objects were looked at. */
static size_t find_symbol(struct place *p, const char *text)
{
	const char *colon = strrchr(text, ':'), *name = colon ? colon + 1 : text;
	size_t looked = 0;

	for (size_t i = 0; i < p->elfs.count; i++) {
		struct mms_symbol found[MATCHES_MAX];
		size_t n;

		if (colon && !object_is(p->elfs.elf[i], text, (size_t)(colon - text)))
			continue;
		looked++;
		n = mms_elf_symbol_find(p->elfs.elf[i], name, found, MATCHES_MAX);
		for (size_t k = 0; k < n; k++, p->matches++)
			if (k < MATCHES_MAX && p->matches < MATCHES_MAX)
				p->match[p->matches] = (struct match){ p->elfs.elf[i], found[k] };
	}
	return looked;
}

static int no_symbol(const struct place *p, const char *text, size_t looked,
		     struct mms_error *err)
{
	const char *mend = "an address is hexadecimal: 0x7ffd1c2b3000; the objects: mmscope vmas PID";

	if (!looked && p->elfs.count)
		return mms_fail(err, MMS_USAGE, mend, text, "no such object in this process");
	if (p->elfs.unread)
		return mms_fail(err, MMS_USAGE, mend, text,
				"no such symbol; of %zu more objects none can be read (%s)",
				p->elfs.unread, p->elfs.first.why);
	return mms_fail(err, MMS_USAGE, mend, text, "no such symbol in %zu object%s", looked,
			looked == 1 ? "" : "s");
}

/*
 * What the question means.  With 0x, or a digit first, it is an address: no
 * symbol looks so.  Else it is a symbol; and if there is none of that name, a
 * word of hexadecimal digits alone is an address after all.
 */
static int understand(struct place *p, struct mms_target *target, struct mms_error *err)
{
	char *text = strdup(p->question), *plus = text ? strrchr(text, '+') : NULL;
	uint64_t offset = 0;
	size_t looked;
	int ret = 0;

	if (plus && plus > text && parse_offset(plus + 1, &offset))
		*plus = '\0';
	if (!text || !*text) {
		ret = mms_fail(err, MMS_USAGE, NULL, "ADDR|SYMBOL",
			       "'%s' is neither", p->question);
	} else if (*text >= '0' && *text <= '9') {
		ret = mms_address_parse(text, &p->address, err);
	} else if (!(ret = mms_elfs_open(target, &p->vmas, &p->elfs, err))) {
		looked = find_symbol(p, text);
		p->as_symbol = p->matches > 0;
		p->guessed = !p->matches && is_hex(text);
		if (p->as_symbol)
			p->address = p->match[0].symbol.address;
		else if (p->guessed)
			ret = mms_address_parse(text, &p->address, err);
		else
			ret = no_symbol(p, text, looked, err);
	}
	free(text);
	p->address += offset;
	return ret;
}

/* One place in memory, or the exit status and why not. */
static int check_matches(const struct place *p, struct mms_error *err)
{
	if (p->matches > 1)
		return mms_fail(err, MMS_USAGE, "say which: OBJECT:SYMBOL, or its address",
				p->question, "%zu places have this symbol", p->matches);
	if (p->as_symbol && p->match[0].symbol.type == MMS_SYMBOL_TLS)
		return mms_fail(err, MMS_USAGE, NULL, p->question,
				"thread-local: every thread has its own, %" PRIu64
				" bytes into its block for this object; no one address",
				p->match[0].symbol.address);
	return 0;
}

/* ---- the answer ------------------------------------------------------------ */

static int keep_run(const struct mmscope_run *run, void *arg)
{
	*(uint64_t *)arg = run->categories;
	return 0;
}

/* Before anything of the process's memory is read: that would change it. */
static void read_page(struct place *p, struct mms_target *target)
{
	uint64_t page = mms_page_size(), pages = 0;
	struct mms_pages_query q = { .start = p->address & ~(page - 1) };

	q.end = q.start + page;
	p->told = mms_target_categories(target);
	p->has_page = p->covered && q.end &&
		      !mms_pages(target, &q, keep_run, &p->page, &pages, NULL) && pages == 1;
}

static void read_object(struct place *p, struct mms_target *target)
{
	p->elf = p->covered ? mms_elfs_at(&p->elfs, p->address) : NULL;
	if (!p->elf && p->covered &&
	    mms_elf_open(target, &p->vmas, p->address, &p->own, &p->elf_error) == 0)
		p->elf = p->own;
	if (!p->elf)
		return;
	p->elf_error.status = 0;
	p->section = mms_elf_section_at(p->elf, p->address);
	p->has_symbol = mms_elf_symbol_at(p->elf, p->address, &p->symbol);
	/* Of several names at one place, the one that was asked for. */
	if (p->as_symbol && p->address - p->match[0].symbol.address <= p->match[0].symbol.size &&
	    (!p->has_symbol || p->symbol.address == p->match[0].symbol.address)) {
		p->symbol = p->match[0].symbol;
		p->has_symbol = true;
	}
}

static const struct mms_vma *vma_of(const struct place *p)
{
	return p->covered ? &p->vmas.vma[p->at] : NULL;
}

static const struct mms_vma *below(const struct place *p)
{
	return p->at ? &p->vmas.vma[p->at - 1] : NULL;
}

static const struct mms_vma *above(const struct place *p)
{
	size_t i = p->at + p->covered;

	/* [vsyscall], of the kernel's half: no neighbour of what is in the other. */
	if (i < p->vmas.count && p->vmas.vma[i].start >> 63 && !(p->address >> 63))
		return NULL;
	return i < p->vmas.count ? &p->vmas.vma[i] : NULL;
}

/* Of a hole: where it ends; false if that is not known. */
static bool hole_end(const struct place *p, uint64_t *end)
{
	struct mms_fact task_size = p->vmas.mm.fact[MMS_MM_TASK_SIZE];

	*end = above(p) ? above(p)->start : task_size.value;
	return above(p) || (mms_known(task_size) && p->address < task_size.value);
}

static bool above_user_space(const struct place *p)
{
	struct mms_fact task_size = p->vmas.mm.fact[MMS_MM_TASK_SIZE];

	return p->address >> 63 || (mms_known(task_size) && p->address >= task_size.value);
}

static uint64_t hole_start(const struct place *p)
{
	return below(p) ? below(p)->end : 0;
}

static const char *short_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* "malloc" or "malloc+0x12" */
static void symbol_text(const struct place *p, char *buf, size_t size)
{
	size_t n = mms_escape(p->symbol.name, buf, size);

	if (n < size && p->address != p->symbol.address)
		snprintf(buf + n, size - n, "+0x%" PRIx64, p->address - p->symbol.address);
}

static void draw_headline(const struct place *p)
{
	char symbol[512], name[512];

	printf("0x%" PRIx64, p->address);
	if (!p->covered) {
		printf("  in no VMA%s: a touch of it is a SIGSEGV\n",
		       above_user_space(p) ? ", and above user space" : "");
		return;
	}
	if (p->has_symbol) {
		symbol_text(p, symbol, sizeof(symbol));
		printf("  %s", symbol);
	}
	if (p->elf) {
		mms_escape(short_name(mms_elf_path(p->elf)), name, sizeof(name));
		printf("  in %s", name);
		mms_escape(p->section ? p->section->name : "", name, sizeof(name));
		printf("%s%s", p->section ? " " : "", name);
	} else {
		printf("  in %s", mms_purpose_name(vma_of(p)->purpose));
	}
	putchar('\n');
}

static void draw_symbol(const struct place *p)
{
	char text[512], size[32] = "";

	if (!p->has_symbol) {
		if (p->elf)
			printf("symbol   none that has this address\n");
		return;
	}
	symbol_text(p, text, sizeof(text));
	if (p->symbol.size)
		snprintf(size, sizeof(size), " of %" PRIu64 " bytes", p->symbol.size);
	printf("symbol   %s  (%s%s%s; %s)\n", text, p->symbol.local ? "local " : "",
	       mms_symbol_type_name(p->symbol.type), size, mms_symbol_from_name(p->symbol.from));
	if (p->symbol.type == MMS_SYMBOL_IFUNC)
		printf("         an ifunc: this code chooses, at start, which function is called\n");
}

static void draw_object(const struct place *p)
{
	char text[512];

	if (p->elf_error.status && p->elf_error.status != MMS_USAGE) {
		printf("object   not read: %s\n", p->elf_error.why);
		if (p->elf_error.mend[0])
			printf("         %s\n", p->elf_error.mend);
	}
	if (!p->elf)
		return;
	if (p->section) {
		mms_escape(p->section->name, text, sizeof(text));
		printf("section  %s, byte 0x%" PRIx64 " of 0x%" PRIx64 "\n", text,
		       p->address - p->section->address, p->section->size);
	} else {
		printf("section  none: headers, padding, or between two\n");
	}
	mms_escape(mms_elf_path(p->elf), text, sizeof(text));
	printf("object   %s, loaded at 0x%" PRIx64 "\n", text, mms_elf_bias(p->elf));
}

static bool file_offset(const struct place *p, uint64_t *offset)
{
	const struct mms_vma *v = vma_of(p);

	if (!v || !v->inode)
		return false;
	*offset = v->offset + (p->address - v->start);
	return true;
}

/* The state in one word for people; the categories follow. */
static const char *page_word(const struct place *p)
{
	if (p->page & MMSCOPE_CAT(PRESENT))
		return "resident";
	if (p->page & (MMSCOPE_CAT(SWAPPED) | MMSCOPE_CAT(CACHE_SWAPPED)))
		return "swapped out";
	if (p->page & MMSCOPE_CAT(IN_CORE))
		return "in the page cache, not mapped here yet";
	if (vma_of(p)->inode)
		return p->told & MMSCOPE_CAT(IN_CORE) ? "not resident" : "not mapped here yet";
	return "not resident, never touched or given back";
}

static void draw_page(const struct place *p)
{
	char text[512];

	if (!p->has_page) {
		printf("page     ?\n");
		return;
	}
	mms_categories_format(p->page & ~MMSCOPE_CAT(PRESENT), text, sizeof(text));
	for (char *c = text; *c; c++)
		if (*c == ',')
			*c = ' ';
	printf("page     %s%s%s\n", page_word(p), text[0] ? ": " : "", text);
}

static void draw_heap(const struct place *p)
{
	const struct mms_fact *f = p->vmas.mm.fact;
	struct mms_fact start = f[MMS_MM_START_BRK], brk = f[MMS_MM_BRK], end = f[MMS_MM_HEAP_END];

	if (mms_known(start))
		printf("heap     %" PRId64 " bytes above its start\n",
		       (int64_t)(p->address - start.value));
	if (mms_known(brk) && p->address < brk.value)
		printf("break    %" PRIu64 " bytes above this\n", brk.value - p->address);
	else if (mms_known(brk))
		printf("break    %" PRIu64 " bytes below this: the rest of its last page\n",
		       p->address - brk.value);
	else if (mms_known(end))
		printf("break    at most %" PRIu64 " bytes above this (the end of [heap])\n",
		       end.value - p->address);
}

static void draw_stack(const struct place *p)
{
	struct mms_fact start = p->vmas.mm.fact[MMS_MM_START_STACK];

	if (mms_known(start) && p->address < start.value)
		printf("stack    %" PRIu64 " bytes below where it started\n",
		       start.value - p->address);
	else if (mms_known(start))
		printf("stack    %" PRIu64 " bytes above where it started: argc, argv, environment\n",
		       p->address - start.value);
}

static void table_gap(struct view_table *t, uint64_t start, uint64_t end, bool known, bool here)
{
	if (known && start == end)
		return;
	view_table_line(t);
	view_table_text(t, COL_HERE, here ? "->" : "");
	view_table_address(t, COL_START, start);
	if (known) {
		view_table_address(t, COL_END, end);
		view_table_size(t, COL_SIZE, end - start);
	}
	view_table_text(t, COL_PURPOSE, here ? "hole" : "gap");
}

static void table_vma(struct view_table *t, const struct mms_vma *v, bool here)
{
	char perms[5];

	if (!v)
		return;
	view_table_line(t);
	view_table_text(t, COL_HERE, here ? "->" : "");
	view_table_address(t, COL_START, v->start);
	view_table_address(t, COL_END, v->end);
	view_table_size(t, COL_SIZE, v->end - v->start);
	mms_perms_format(v, perms);
	view_table_text(t, COL_PERM, perms);
	view_table_text(t, COL_PURPOSE, mms_purpose_name(v->purpose));
	view_table_text(t, COL_NAME, v->name);
}

static void draw_table(struct view_table *t, const struct place *p)
{
	const struct mms_vma *v = vma_of(p);
	uint64_t end;
	bool known = hole_end(p, &end);

	table_vma(t, below(p), false);
	if (v) {
		table_gap(t, hole_start(p), v->start, true, false);
		table_vma(t, v, true);
		if (above(p))
			table_gap(t, v->end, above(p)->start, true, false);
	} else {
		table_gap(t, hole_start(p), end, known, true);
	}
	table_vma(t, above(p), false);
}

static int draw_text(struct cmd *cmd, const struct place *p)
{
	struct view_table *table = cmd_table_new(cmd);
	uint64_t offset;

	if (!table)
		return MMS_USAGE;
	draw_headline(p);
	if (p->guessed)
		printf("         (no symbol has this name, so it is taken for an address)\n");
	putchar('\n');
	draw_symbol(p);
	draw_object(p);
	if (file_offset(p, &offset))
		printf("file     offset 0x%" PRIx64 "\n", offset);
	if (p->covered)
		draw_page(p);
	if (p->covered && !p->elf && vma_of(p)->purpose == MMS_PURPOSE_HEAP)
		draw_heap(p);
	if (p->covered && vma_of(p)->role & MMSCOPE_ROLE_STACK)
		draw_stack(p);
	if (p->covered)
		putchar('\n');
	draw_table(table, p);
	view_table_end(table);
	return MMS_OK;
}

/* ---- JSON ------------------------------------------------------------------ */

static void json_symbol(struct view_json *j, const char *key, const struct mms_symbol *s,
			const uint64_t *address)
{
	view_json_object_flat(j, key);
	view_json_name(j, "name", s->name);
	if (s->type == MMS_SYMBOL_TLS) {
		view_json_null(j, "address");
		view_json_number(j, "tls_offset", s->address);
	} else {
		view_json_address(j, "address", s->address);
	}
	if (address)
		view_json_number(j, "offset", *address - s->address);
	view_json_number(j, "size", s->size);
	view_json_text(j, "type", mms_symbol_type_name(s->type));
	view_json_bool(j, "local", s->local);
	view_json_text(j, "from", mms_symbol_from_name(s->from));
}

static void json_matches(struct view_json *j, const struct place *p)
{
	view_json_array(j, "matches");
	for (size_t i = 0; i < p->matches && i < MATCHES_MAX; i++) {
		json_symbol(j, NULL, &p->match[i].symbol, NULL);
		view_json_name(j, "object", mms_elf_path(p->match[i].elf));
		view_json_close(j);
	}
	view_json_close(j);
}

static void json_neighbour(struct view_json *j, const char *key, const struct place *p,
			   const struct mms_vma *v)
{
	if (v)
		view_json_vma_member(j, key, &p->vmas, (size_t)(v - p->vmas.vma));
	else
		view_json_null(j, key);
}

static void json_hole(struct view_json *j, const struct place *p)
{
	uint64_t end;
	bool known = hole_end(p, &end);

	if (p->covered) {
		view_json_null(j, "hole");
		return;
	}
	view_json_object_flat(j, "hole");
	view_json_address(j, "start", hole_start(p));
	if (known) {
		view_json_address(j, "end", end);
		view_json_number(j, "size", end - hole_start(p));
	} else {
		view_json_null(j, "end");
		view_json_null(j, "size");
	}
	view_json_close(j);
}

static void json_section(struct view_json *j, const struct place *p)
{
	if (!p->section) {
		view_json_null(j, "section");
		return;
	}
	view_json_object_flat(j, "section");
	view_json_name(j, "name", p->section->name);
	view_json_address(j, "start", p->section->address);
	view_json_number(j, "size", p->section->size);
	view_json_number(j, "offset", p->address - p->section->address);
	view_json_close(j);
}

static void json_object(struct view_json *j, const struct place *p)
{
	uint64_t end;

	if (p->elf) {
		view_json_object_flat(j, "object");
		view_json_name(j, "path", mms_elf_path(p->elf));
		view_json_address(j, "bias", mms_elf_bias(p->elf));
		if (mms_elf_end(p->elf, &end))
			view_json_address(j, "end", end);
		else
			view_json_null(j, "end");
		view_json_text(j, "build_id", mms_elf_build_id(p->elf));
		view_json_close(j);
	} else {
		view_json_null(j, "object");
	}
	if (p->elf_error.status && p->elf_error.status != MMS_USAGE)
		view_json_text(j, "object_error", p->elf_error.why);
	else
		view_json_null(j, "object_error");
	json_section(j, p);
	if (p->has_symbol) {
		json_symbol(j, "symbol", &p->symbol, &p->address);
		view_json_close(j);
	} else {
		view_json_null(j, "symbol");
	}
}

static void json_page(struct view_json *j, const struct place *p)
{
	if (!p->has_page) {
		view_json_null(j, "page");
		return;
	}
	view_json_object(j, "page");
	view_json_categories(j, "categories", p->page);
	view_json_categories(j, "told", p->told);
	view_json_close(j);
}

static void json_distance(struct view_json *j, const char *key, const struct place *p,
			  enum mms_mm_field field)
{
	struct mms_fact f = p->vmas.mm.fact[field];

	if (mms_known(f))
		view_json_signed(j, key, (int64_t)(p->address - f.value));
	else
		view_json_null(j, key);
}

/* Without `resolved` there is no one address: the matches only. */
static void draw_json(const struct mms_target *target, const struct place *p, bool resolved)
{
	struct view_json j;
	uint64_t offset;

	view_json_begin(&j, "where", target);
	view_json_name(&j, "question", p->question);
	json_matches(&j, p);
	if (!resolved) {
		view_json_null(&j, "address");
		view_json_end(&j);
		return;
	}
	view_json_address(&j, "address", p->address);
	json_neighbour(&j, "vma", p, vma_of(p));
	json_neighbour(&j, "below", p, below(p));
	json_neighbour(&j, "above", p, above(p));
	json_hole(&j, p);
	json_object(&j, p);
	if (file_offset(p, &offset))
		view_json_number(&j, "file_offset", offset);
	else
		view_json_null(&j, "file_offset");
	json_page(&j, p);
	json_distance(&j, "from_start_brk", p, MMS_MM_START_BRK);
	json_distance(&j, "from_brk", p, MMS_MM_BRK);
	json_distance(&j, "from_start_stack", p, MMS_MM_START_STACK);
	view_json_end(&j);
}

/* ---------------------------------------------------------------------------- */

static void tell_matches(const struct place *p)
{
	char name[512];

	for (size_t i = 0; i < p->matches && i < MATCHES_MAX; i++) {
		mms_escape(mms_elf_path(p->match[i].elf), name, sizeof(name));
		fprintf(stderr, "  0x%-14" PRIx64 "  %-8s  %s\n", p->match[i].symbol.address,
			mms_symbol_type_name(p->match[i].symbol.type), name);
	}
}

static int answer(struct cmd *cmd, struct mms_target *target, struct place *p)
{
	struct mms_error err;
	int ret = MMS_OK;

	if (mms_vmas_read(target, MMS_ALL_START, MMS_ALL_END, 0, 0, &p->vmas, &err) ||
	    understand(p, target, &err))
		return cmd_error(&err);
	if (check_matches(p, &err)) {
		if (cmd->json)
			draw_json(target, p, false);
		ret = cmd_error(&err);
		if (p->matches > 1)
			tell_matches(p);
		return ret;
	}
	p->at = mms_vmas_find(&p->vmas, p->address);
	p->covered = p->at < p->vmas.count && mms_vma_covers(&p->vmas.vma[p->at], p->address);
	read_page(p, target);
	read_object(p, target);
	if (cmd->json)
		draw_json(target, p, true);
	else
		ret = draw_text(cmd, p);
	if (!ret)
		cmd_lack(cmd, target, "all of the page's state, and the exact break");
	return ret;
}

static int run(struct cmd *cmd)
{
	struct place place = { .question = cmd->args[1] };
	struct mms_target *target;
	int ret = cmd_open(cmd, &target);

	if (ret)
		return ret;
	ret = answer(cmd, target, &place);
	mms_elf_close(place.own);
	mms_elfs_close(&place.elfs);
	mms_vmas_free(&place.vmas);
	mms_close(target);
	return ret;
}

const struct verb verb_where = {
	.name = "where",
	.args = "PID ADDR|SYMBOL",
	.brief = "what is at an address, or where a symbol is",
	.about = "Tells the VMA of an address and its neighbours, the ELF object, section and\n"
		 "symbol that it is in, and the state of its page.\n"
		 "ADDR is hexadecimal, as in maps.  What starts with a digit is an address, all\n"
		 "else a symbol; but a word like face, if no symbol has that name, is an address.\n"
		 "A symbol may be OBJECT:SYMBOL, where OBJECT is a path, a file name or the part of\n"
		 "it before .so; and both may end in +OFFSET: +0x1f, or decimal +31.\n"
		 "If several objects have the symbol, all are listed and the exit status is 2.\n"
		 "Of a capture, objects are read if their files are still here, and unchanged.",
	.example = "  mmscope where 1234 0x7ffd1c2b3a40\n"
		   "  mmscope where bash main+0x10\n"
		   "  mmscope where --from before.mms libc:environ\n"
		   "  mmscope where self libc:malloc --json | jq .page",
	.takes = CMD_TARGET | CMD_FROM | CMD_TABLE,
	.min_args = 2,
	.max_args = 2,
	.columns = columns,
	.default_columns = "HERE,START,END,SIZE,PERM,PURPOSE,NAME",
	.run = run,
};
