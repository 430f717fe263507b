// SPDX-License-Identifier: GPL-2.0
/*
 * watch-plain.c - watch without a screen: a refresh as lines of text, or as a line of
 * JSON.  Both tell all VMAs at first, in JSON, and then only what changed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "text.h"
#include "watch.h"
#include "watch-figures.h"
#include "watch-rows.h"

/* ---- text -------------------------------------------------------------------- */

static void put_header(void)
{
	printf("%-12s", "TIME");
	for (const struct view_figure *f = view_figures; f->value; f++)
		if (f->column)
			printf(" %*s", f->width, f->column);
	putchar('\n');
}

static void put_figures(const struct view_moment *m, bool bytes)
{
	time_t seconds = (time_t)(m->when_ns / 1000000000);
	char text[32] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
	printf("%s.%03u", text, (unsigned int)(m->when_ns / 1000000 % 1000));
	for (const struct view_figure *f = view_figures; f->value; f++)
		if (f->column)
			printf(" %*s", f->width, view_figure_text(f, m, bytes, text));
	putchar('\n');
}

static char mark_of(const struct view_row *row)
{
	return row->change == VIEW_NEW ? '+' : row->change == VIEW_GONE ? '-' : '*';
}

/* "  + 0x7f3d8bd9e000  132K rw-p anon  NAME", and of what changed: "  RSS 4K -> 8K" */
static void put_change(const struct view_row *row, const struct view_row *was, bool bytes)
{
	const struct mms_vma *v = view_row_vma(row);
	char size[24], perms[5], *name = view_harmless(v->name, view_unicode());
	char a[64], b[64];

	mms_perms_format(v, perms);
	printf("  %c 0x%" PRIx64 " %s %s %s %s\n", mark_of(row), v->start,
	       view_fact_size((struct mms_fact){ v->end - v->start, MMS_FROM_MAPS }, bytes, size),
	       perms, mms_purpose_name(v->purpose), name ? name : "");
	free(name);
	for (int col = 0; was && col < VIEW_COLS; col++) {
		enum view_watch_column c = (enum view_watch_column)col;

		if (!(row->lit >> col & 1) || c == VIEW_COL_NAME)
			continue;
		view_row_cell(was, c, bytes, a, sizeof(a));
		view_row_cell(row, c, bytes, b, sizeof(b));
		if (strcmp(a, b))
			printf("      %s %s -> %s\n", view_watch_column(c)->name, a, b);
	}
}

/* The row of the refresh before that became this one; false: there is none. */
static bool row_before(const struct view_moment *before, const struct view_row *row,
		       struct view_row *was)
{
	const struct mms_vma *v = view_row_vma(row);
	size_t i;

	if (row->change != VIEW_CHANGED)
		return false;
	i = mms_vmas_find(&before->list, v->start);
	if (i < before->list.count && before->list.vma[i].start != v->start)
		i = mms_vmas_find(&before->list, v->end - 1);
	*was = (struct view_row){ .of = before, .vma = (uint32_t)i };
	return i < before->list.count;
}

void view_watch_line(const struct view_moment *before, const struct view_moment *now, bool bytes)
{
	struct view_rows rows = { 0 };
	struct view_row was;

	if (now->number == 1)
		put_header();
	put_figures(now, bytes);
	if (before && view_rows_make(&rows, before, now))
		for (size_t i = 0; i < rows.count; i++)
			if (rows.row[i].change != VIEW_SAME)
				put_change(&rows.row[i], row_before(before, &rows.row[i], &was) ?
					   &was : NULL, bytes);
	view_rows_free(&rows);
}

/* ---- JSON -------------------------------------------------------------------- */

static void json_count(struct view_json *j, const char *key, uint64_t value, bool known)
{
	if (known)
		view_json_number(j, key, value);
	else
		view_json_null(j, key);
}

static void json_counts(struct view_json *j, const struct view_row *row)
{
	static const char *const names[] = {
		[VIEW_RSS] = "rss", [VIEW_SWAP] = "swap", [VIEW_MLOCKED] = "mlocked",
		[VIEW_DIRTY] = "dirty",
	};
	const struct view_counts *c = &row->of->counts[row->vma];

	for (int i = 0; i < VIEW_COUNTS; i++)
		json_count(j, names[i], c->bytes[i], c->known >> i & 1);
}

static void json_rows(struct view_json *j, const struct view_moment *before,
		      const struct view_moment *now)
{
	static const char *const kinds[] = {
		[VIEW_NEW] = "new", [VIEW_GONE] = "gone", [VIEW_CHANGED] = "changed",
	};
	struct view_rows rows = { 0 };

	view_json_array(j, before ? "changes" : "vmas");
	if (view_rows_make(&rows, before, now))
		for (size_t i = 0; i < rows.count; i++) {
			const struct view_row *row = &rows.row[i];

			if (before && row->change == VIEW_SAME)
				continue;
			view_json_object(j, NULL);
			if (before)
				view_json_text(j, "kind", kinds[row->change]);
			view_json_vma_member(j, "vma", &row->of->list, row->vma);
			json_counts(j, row);
			view_json_close(j);
		}
	view_json_close(j);
	view_rows_free(&rows);
}

void view_watch_json(const struct mms_target *target, const struct view_moment *before,
		     const struct view_moment *now)
{
	const struct view_totals *t = &now->totals;
	struct view_json j;

	view_json_begin_line(&j, "watch", target);
	view_json_text(&j, "event", "refresh");
	view_json_number(&j, "number", now->number);
	view_json_number(&j, "when_ns", now->when_ns);
	view_json_mm(&j, &now->list.mm);
	view_json_object(&j, "totals");
	json_count(&j, "vmas", now->list.count, true);
	json_count(&j, "size", t->size, true);
	json_count(&j, "rss", t->rss, t->has_rss);
	json_count(&j, "dirty", t->dirty, t->has_dirty);
	json_count(&j, "swap", t->swap, t->has_swap);
	json_count(&j, "locked", t->locked_vmas, t->has_flags);
	json_count(&j, "mlocked", t->mlocked, t->has_mlocked);
	view_json_close(&j);
	json_count(&j, "minor_faults", now->proc.minor_faults, now->proc.faults_known);
	json_count(&j, "major_faults", now->proc.major_faults, now->proc.faults_known);
	json_rows(&j, before, now);
	view_json_end(&j);
}

void view_watch_remark(const struct mms_target *target, bool json, const char *event,
		       const char *text)
{
	struct view_json j;
	char *shown;

	if (json) {
		view_json_begin_line(&j, "watch", target);
		view_json_text(&j, "event", event);
		view_json_text(&j, "text", text);
		view_json_end(&j);
		return;
	}
	shown = view_harmless(text, view_unicode());
	printf("# %s\n", shown ? shown : "");
	free(shown);
}
