// SPDX-License-Identifier: GPL-2.0
/*
 * html.c - an address space as one file for a browser: the page is made of the files
 * in report/ and page/ when the tool is built; here its data are written.
 *
 * THE DATA, in the page's <script id="data">: a document of the schema mmscope/1
 * (json.h) with "target", "mm" and "provenance", and in "report":
 *
 *   "taken_ms" (since 1970), "page_size", "told" (a mask of categories), "cut" (there
 *   were too many runs: from somewhere on all is unknown)
 *   "states": [ { "name", "words", "sign", "part", "colour", "present" } ]
 *   "categories": [ [ "name", "help" ] or null ], "flags", "purposes", "backings": names
 *   "files": [ { "name", "device", "inode" } ], what VMAs are of
 *   "vmas": columns of equal length: "start" (a page number), "pages", "flags",
 *	"flags_known", "backing", "role", "purpose", "offset" (pages), "page_shift",
 *	"pkey", "file"; amounts in bytes, "rss" ... ; and of categories, in pages,
 *	"count": { CATEGORY: column }.  null: not known
 *   "kinds": [ [ state, mask of categories ] ]
 *   "runs": { "pages", "kind" }: those of the first VMA, which add up to it, and so on
 *   "purpose_sums", "sums", "largest_gap", "threads", "objects", "symbols_left_out"
 *
 * Masks have fewer than 53 bits, as have page numbers: a browser's numbers hold them.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "page.h"
#include "report.h"
#include "text.h"
#include "vmas.h"

/* report/ and page/ as one page: see page.h. */
__asm__(".pushsection .rodata\n"
	"view_html_page: .incbin \"" VIEW_HTML_PAGE "\"\n"
	".byte 0\n"
	".popsection");
extern const char view_html_page[];

#define SYMBOLS_MAX	10000	/* in all: 300 KB */
#define FLAGS_MASK	((1ULL << 52) - 1)

/* ---- columns --------------------------------------------------------------- */

enum { V_START, V_PAGES, V_FLAGS, V_KNOWN, V_BACKING, V_ROLE, V_PURPOSE, V_OFFSET, V_SHIFT,
       V_PKEY, V_FILE, V_RSS, V_SHARED_CLEAN, V_SHARED_DIRTY, V_PRIVATE_CLEAN,
       V_PRIVATE_DIRTY, V_PSS, V_PSS_LOCKED, V_ANON_HUGE, V_HUGETLB, V_SWAP, V_COUNT };

static const char *const vma_columns[V_COUNT] = {
	"start", "pages", "flags", "flags_known", "backing", "role", "purpose", "offset",
	"page_shift", "pkey", "file", "rss", "shared_clean", "shared_dirty", "private_clean",
	"private_dirty", "pss", "pss_locked", "anon_huge", "hugetlb", "swap",
};

struct column {
	const struct view_report *r;
	const size_t *file;	/* by VMA */
	int what;		/* V_* */
	unsigned int category;
};

static bool vma_field(const struct mms_vma *v, uint64_t page, int what, uint64_t *value)
{
	switch (what) {
	case V_START:	return *value = v->start / page, true;
	case V_PAGES:	return *value = (v->end - v->start) / page, true;
	case V_FLAGS:	return *value = v->flags & v->flags_known & FLAGS_MASK, true;
	case V_KNOWN:	return *value = v->flags_known & FLAGS_MASK, true;
	case V_BACKING:	return *value = v->backing, v->backing != MMS_BACKING_UNKNOWN;
	case V_ROLE:	return *value = v->role, true;
	case V_PURPOSE:	return *value = v->purpose, true;
	case V_OFFSET:	return *value = v->offset / page, true;
	case V_SHIFT:	return *value = v->page_shift, v->page_shift != 0;
	case V_PKEY:	return *value = v->pkey, v->pkey_known;
	}
	return false;
}

static bool vma_account(const struct mms_vmas *l, size_t i, int what, uint64_t *value)
{
	const struct mmscope_acct *a = l->acct ? &l->acct[i] : NULL;
	const struct mms_smaps *s = l->smaps ? &l->smaps[i] : NULL;

	switch (what) {
	case V_RSS:	return a && l->acct_rss && (*value = a->rss, true);
	case V_SHARED_CLEAN:  return a && l->acct_parts && (*value = a->shared_clean, true);
	case V_SHARED_DIRTY:  return a && l->acct_parts && (*value = a->shared_dirty, true);
	case V_PRIVATE_CLEAN: return a && l->acct_parts && (*value = a->private_clean, true);
	case V_PRIVATE_DIRTY: return a && l->acct_parts && (*value = a->private_dirty, true);
	case V_PSS:	return s && (*value = s->pss, true);
	case V_PSS_LOCKED: return s && (*value = s->locked, true);
	case V_ANON_HUGE: return s && (*value = s->anon_huge, true);
	case V_HUGETLB:	return s && (*value = s->hugetlb, true);
	case V_SWAP:	return view_acct_swap(l, i, value);
	}
	return false;
}

static bool nth_of_vma(const void *arg, size_t i, uint64_t *value)
{
	const struct column *c = arg;
	const struct mms_vmas *l = c->r->vmas;

	if (c->what == V_FILE)
		return *value = c->file[i], true;
	if (c->what < V_FILE)
		return vma_field(&l->vma[i], l->page_size, c->what, value);
	return vma_account(l, i, c->what, value);
}

static bool nth_count(const void *arg, size_t i, uint64_t *value)
{
	const struct column *c = arg;
	const struct mms_vmas *l = c->r->vmas;

	*value = l->acct[i].pages[c->category];
	return !view_acct_withheld(l, i, 1ULL << c->category);
}

static bool nth_run_pages(const void *arg, size_t i, uint64_t *value)
{
	return *value = ((const struct view_report *)arg)->run[i].pages, true;
}

static bool nth_run_kind(const void *arg, size_t i, uint64_t *value)
{
	return *value = ((const struct view_report *)arg)->run[i].kind, true;
}

/* A column that says nothing of any VMA is left out. */
static bool any_known(const struct column *c)
{
	uint64_t value;

	for (size_t i = 0; i < c->r->vmas->count; i++)
		if (nth_of_vma(c, i, &value))
			return true;
	return c->what < V_RSS;
}

/* ---- files ----------------------------------------------------------------- */

static int by_file(const void *a, const void *b, void *arg)
{
	const struct mms_vma *vma = arg, *x = &vma[*(const size_t *)a], *y = &vma[*(const size_t *)b];
	int order = x->name == y->name ? 0 : strcmp(x->name, y->name);

	if (order)
		return order;
	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	if (x->dev_major != y->dev_major)
		return x->dev_major < y->dev_major ? -1 : 1;
	return x->dev_minor == y->dev_minor ? 0 : x->dev_minor < y->dev_minor ? -1 : 1;
}

static void draw_file(struct view_json *j, const struct mms_vma *v)
{
	char text[32];

	view_json_object_flat(j, NULL);
	view_json_name(j, "name", v->name);
	if (v->inode) {
		snprintf(text, sizeof(text), "%02x:%02x", v->dev_major, v->dev_minor);
		view_json_text(j, "device", text);
		snprintf(text, sizeof(text), "%" PRIu64, v->inode);
		view_json_text(j, "inode", text);
	}
	view_json_close(j);
}

/* Each name once; file[i] becomes the number of that of VMA `i`. */
static void draw_files(struct view_json *j, const struct mms_vmas *l, size_t *order, size_t *file)
{
	size_t number = 0;

	for (size_t i = 0; i < l->count; i++)
		order[i] = i;
	qsort_r(order, l->count, sizeof(*order), by_file, l->vma);
	view_json_array(j, "files");
	for (size_t i = 0; i < l->count; i++) {
		if (!i || by_file(&order[i - 1], &order[i], l->vma)) {
			draw_file(j, &l->vma[order[i]]);
			number++;
		}
		file[order[i]] = number - 1;
	}
	view_json_close(j);
}

/* ---- VMAs and pages -------------------------------------------------------- */

static void draw_columns(struct view_json *j, const struct view_report *r, const size_t *file)
{
	const struct mms_vmas *l = r->vmas;
	struct column c = { .r = r, .file = file };

	view_json_object(j, "vmas");
	for (c.what = 0; c.what < V_COUNT; c.what++)
		if (any_known(&c))
			view_json_numbers(j, vma_columns[c.what], l->count, nth_of_vma, &c);
	view_json_object(j, "count");
	for (c.category = 0; l->acct && c.category < MMSCOPE_CAT_COUNT; c.category++)
		if (l->acct_categories >> c.category & 1 && mms_category_name(c.category))
			view_json_numbers(j, mms_category_name(c.category), l->count, nth_count,
					  &c);
	view_json_close(j);
	view_json_close(j);
}

static void draw_vmas(struct view_json *j, const struct view_report *r)
{
	size_t count = r->vmas->count, *order = calloc(count + 1, sizeof(*order));
	size_t *file = calloc(count + 1, sizeof(*file));

	if (order && file) {
		draw_files(j, r->vmas, order, file);
		draw_columns(j, r, file);
	} else {
		view_json_text(j, "error", "no memory");
	}
	free(order);
	free(file);
}

static void draw_pages(struct view_json *j, const struct view_report *r)
{
	view_json_array_flat(j, "kinds");
	for (size_t i = 0; i < r->kinds; i++) {
		view_json_array(j, NULL);
		view_json_number(j, NULL, r->kind[i].state);
		view_json_number(j, NULL, r->kind[i].categories & FLAGS_MASK);
		view_json_close(j);
	}
	view_json_close(j);
	view_json_object(j, "runs");
	view_json_numbers(j, "pages", r->runs, nth_run_pages, r);
	view_json_numbers(j, "kind", r->runs, nth_run_kind, r);
	view_json_close(j);
}

/* ---- words ----------------------------------------------------------------- */

static void draw_words(struct view_json *j)
{
	view_page_words(j);
	view_json_array(j, "categories");
	for (unsigned int c = 0; c < MMSCOPE_CAT_COUNT; c++) {
		if (!mms_category_name(c)) {
			view_json_null(j, NULL);
			continue;
		}
		view_json_array_flat(j, NULL);
		view_json_text(j, NULL, mms_category_name(c));
		view_json_text(j, NULL, mms_category_help(c));
		view_json_close(j);
	}
	view_json_close(j);
	view_json_array_flat(j, "backings");
	for (unsigned int b = 0; b <= MMSCOPE_BACKING_DEVICE; b++)
		view_json_text(j, NULL, mms_backing_name(b));
	view_json_close(j);
}

/* ---- sums ------------------------------------------------------------------ */

static void maybe(struct view_json *j, const char *key, uint64_t value, bool known)
{
	if (known)
		view_json_number(j, key, value);
	else
		view_json_null(j, key);
}

static void draw_sum(struct view_json *j, const char *key, const char *purpose,
		     const struct view_report_sum *sum, const struct view_report_sums *s)
{
	view_json_object_flat(j, key);
	if (purpose)
		view_json_text(j, "purpose", purpose);
	view_json_number(j, "vmas", sum->vmas);
	view_json_number(j, "size", sum->size);
	maybe(j, "resident", sum->resident, s->has_resident);
	maybe(j, "locked", sum->locked, s->has_locked);
	maybe(j, "swapped", sum->swapped, s->has_swapped);
	view_json_close(j);
}

static void draw_sums(struct view_json *j, const struct view_report *r)
{
	struct view_report_sums s;

	view_report_sums(r, &s);
	view_json_array(j, "purpose_sums");
	for (int p = 0; p < MMS_PURPOSE_COUNT; p++)
		if (s.purpose[p].vmas)
			draw_sum(j, NULL, mms_purpose_name((enum mms_purpose)p), &s.purpose[p], &s);
	view_json_close(j);
	draw_sum(j, "sums", NULL, &s.all, &s);
	view_json_bool(j, "locked_vmas", s.locked_vmas);
	view_json_object_flat(j, "largest_gap");
	view_json_address(j, "start", s.gap_start);
	view_json_address(j, "end", s.gap_end);
	view_json_number(j, "size", s.gap_end - s.gap_start);
	view_json_close(j);
}

static void draw_threads(struct view_json *j, const struct view_report *r)
{
	if (!r->threads)
		return;
	view_json_array(j, "threads");
	for (size_t i = 0; i < r->threads->count; i++) {
		const struct mms_thread *t = &r->threads->thread[i];

		view_json_object_flat(j, NULL);
		view_json_signed(j, "tid", t->tid);
		if (t->sp_known)
			view_json_address(j, "sp", t->sp);
		view_json_close(j);
	}
	view_json_close(j);
}

/* ---- objects --------------------------------------------------------------- */

struct object {
	const struct mms_elf *elf;
	uint64_t base;		/* addresses below are told from here on */
	struct mms_symbol *symbol;
	size_t symbols;
};

static bool nth_symbol_at(const void *arg, size_t i, uint64_t *value)
{
	const struct object *o = arg;

	return *value = o->symbol[i].address - o->base, true;
}

static bool nth_symbol_size(const void *arg, size_t i, uint64_t *value)
{
	const struct object *o = arg;

	return *value = o->symbol[i].size & FLAGS_MASK, true;
}

static bool nth_symbol_type(const void *arg, size_t i, uint64_t *value)
{
	const struct object *o = arg;

	return *value = o->symbol[i].type, true;
}

/* Of a library what it exports; of the program everything.  Returns how many were left out. */
static size_t choose_symbols(struct object *o, bool program, size_t room)
{
	struct mms_symbols *all;
	size_t count, tls, out = 0;

	if (mms_symbols_new(o->elf, &all, NULL))
		return 0;
	count = mms_symbols_count(all, &tls);
	o->symbol = calloc(count < room ? count + 1 : room + 1, sizeof(*o->symbol));
	for (size_t i = 0; o->symbol && i < count; i++) {
		struct mms_symbol s;

		mms_symbols_get(all, i, &s);
		if (s.address < o->base || !mms_elf_covers(o->elf, s.address) ||
		    (!program && s.local))
			continue;
		if (o->symbols < room)
			o->symbol[o->symbols++] = s;
		else
			out++;
	}
	mms_symbols_free(all);
	return out;
}

static void draw_sections(struct view_json *j, const struct object *o)
{
	const struct mms_section *section;
	size_t count = mms_elf_sections(o->elf, &section);

	view_json_array(j, "sections");
	for (size_t i = 0; i < count; i++) {
		if (!section[i].loaded || section[i].address < o->base ||
		    !mms_elf_covers(o->elf, section[i].address))
			continue;
		view_json_object_flat(j, NULL);
		view_json_name(j, "name", section[i].name);
		view_json_number(j, "at", section[i].address - o->base);
		view_json_number(j, "size", section[i].size & FLAGS_MASK);
		view_json_close(j);
	}
	view_json_close(j);
}

static size_t draw_object(struct view_json *j, const struct view_report *r,
			  const struct mms_elf *elf, size_t *room)
{
	struct object o = { .elf = elf };
	size_t i = 0, out;

	while (i < r->vmas->count && !mms_elf_covers(elf, r->vmas->vma[i].start))
		i++;
	if (i == r->vmas->count)
		return 0;
	o.base = r->vmas->vma[i].start;
	out = choose_symbols(&o, elf == r->program, *room);
	*room -= o.symbols;
	view_json_object(j, NULL);
	view_json_name(j, "path", mms_elf_path(elf));
	view_json_text(j, "build_id", mms_elf_build_id(elf));
	view_json_bool(j, "program", elf == r->program);
	view_json_number(j, "base", o.base / r->vmas->page_size);
	draw_sections(j, &o);
	view_json_array_flat(j, "symbols");
	for (size_t k = 0; k < o.symbols; k++)
		view_json_text(j, NULL, o.symbol[k].name);
	view_json_close(j);
	view_json_numbers(j, "symbol_at", o.symbols, nth_symbol_at, &o);
	view_json_numbers(j, "symbol_size", o.symbols, nth_symbol_size, &o);
	view_json_numbers(j, "symbol_type", o.symbols, nth_symbol_type, &o);
	view_json_close(j);
	free(o.symbol);
	return out;
}

/* The program comes first: its symbols are what is looked for most. */
static void draw_objects(struct view_json *j, const struct view_report *r)
{
	size_t room = SYMBOLS_MAX, out = 0;

	if (!r->elfs)
		return;
	view_json_array(j, "objects");
	if (r->program)
		out += draw_object(j, r, r->program, &room);
	for (size_t i = 0; i < r->elfs->count; i++)
		if (r->elfs->elf[i] != r->program)
			out += draw_object(j, r, r->elfs->elf[i], &room);
	view_json_close(j);
	view_json_number(j, "symbols_left_out", out);
	view_json_number(j, "objects_unread", r->elfs->unread);
}

/* ---- the page -------------------------------------------------------------- */

static void draw_data(FILE *out, const struct view_report *r)
{
	struct view_json j;

	view_json_begin_to(&j, out, "map", r->target);
	view_json_mm(&j, &r->vmas->mm);
	view_json_object(&j, "report");
	view_json_number(&j, "taken_ms", r->taken_ns / 1000000);
	view_json_number(&j, "page_size", r->vmas->page_size);
	view_json_number(&j, "told", r->told & FLAGS_MASK);
	view_json_bool(&j, "cut", r->cut);
	view_json_text(&j, "list_from", mms_from_name(r->vmas->from));
	view_json_text(&j, "counts_from", mms_from_name(r->vmas->acct_from));
	draw_words(&j);
	draw_vmas(&j, r);
	draw_pages(&j, r);
	draw_sums(&j, r);
	draw_threads(&j, r);
	draw_objects(&j, r);
	view_json_end(&j);
}

bool view_html_draw(FILE *out, const struct view_report *r)
{
	char *data = NULL, comm[256], title[300];
	size_t len = 0;
	FILE *json = open_memstream(&data, &len);
	struct view_page page;
	bool good;

	if (!json)
		return false;
	draw_data(json, r);
	good = !ferror(json);
	good &= !fclose(json);
	if (good) {
		mms_escape(mms_target_proc(r->target)->comm, comm, sizeof(comm));
		snprintf(title, sizeof(title), "%s (%d): memory map", comm,
			 (int)mms_target_pid(r->target));
		view_page_begin(&page, out, view_html_page, title);
		view_page_data(&page, data, len);
		view_page_end(&page);
	}
	free(data);
	return good;
}
