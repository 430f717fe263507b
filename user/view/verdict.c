// SPDX-License-Identifier: GPL-2.0
/*
 * verdict.c - draws a verdict: a line a question with what each witness said,
 * the differences by name, the failures, and who could not speak.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "verdict.h"

#define VERDICT_FAILURES	12	/* lines of them for people; JSON has more */

static void cell(enum mms_question q, uint64_t value, bool bytes, char buf[24])
{
	char size[16];

	if (q == MMS_ASK_BREAK)
		snprintf(buf, 24, "0x%" PRIx64, value);
	else if (q == MMS_ASK_LOCKED && !bytes)
		snprintf(buf, 24, "%s", mms_size_format(value, size));
	else
		snprintf(buf, 24, "%" PRIu64, value);
}

/* "resident pages  kernel 8123 = pagemap = pagemap_scan; mincore 8840, smaps 8100" */
static void draw_question(const struct mms_verdict *v, enum mms_question q, bool bytes)
{
	uint64_t ours = v->total[q][MMS_WITNESS_KERNEL];
	char text[24];
	int at;

	if (!v->has[q][MMS_WITNESS_KERNEL])
		return;
	cell(q, ours, bytes, text);
	at = printf("%-14s  %s  kernel", mms_question_name(q), text);
	for (int w = 0; w < MMS_WITNESS_COUNT; w++)
		if (w != MMS_WITNESS_KERNEL && v->has[q][w] && v->total[q][w] == ours)
			at += printf(" = %s", mms_witness_name(w));
	for (int w = 0; w < MMS_WITNESS_COUNT; w++) {
		if (!v->has[q][w] || v->total[q][w] == ours)
			continue;
		cell(q, v->total[q][w], bytes, text);
		if (at + 4 + (int)strlen(text) + (int)strlen(mms_witness_name(w)) > 79)
			at = printf(",\n%-16s", "") - 2;
		else
			at += printf(", ");
		at += printf("%s %s", mms_witness_name(w), text);
	}
	putchar('\n');
}

static uint64_t named_total(const struct mms_verdict *v, int d, uint64_t *most)
{
	uint64_t sum = 0;

	*most = 0;
	for (int w = 0; w < MMS_WITNESS_COUNT; w++) {
		sum += v->named[d][w];
		if (v->named[d][w] > *most)
			*most = v->named[d][w];
	}
	return sum;
}

static void draw_named(const struct mms_verdict *v)
{
	uint64_t most;
	bool any = false;

	for (int d = 0; d < MMS_DIFF_COUNT; d++) {
		const char *sep = "";

		if (!named_total(v, d, &most))
			continue;
		if (!any)
			printf("\nDifferences, each with its name (mmscope explain NAME):\n");
		any = true;
		printf("  %-22s %6" PRIu64 "  ", mms_difference_name(d), most);
		for (int w = 0; w < MMS_WITNESS_COUNT; w++)
			if (v->named[d][w] && d != MMS_DIFF_RACED) {
				printf("%s%s", sep, mms_witness_name(w));
				sep = ", ";
			}
		printf("%s\n    %s\n", d == MMS_DIFF_RACED ? "the process itself" : "",
		       mms_difference_brief(d));
	}
}

static void draw_failure(const struct mms_failure *f)
{
	printf("  ");
	if (f->address)
		printf("0x%" PRIx64, f->address);
	else
		printf("the whole");
	if (f->vma_start && f->vma_start != f->address)
		printf(" (VMA 0x%" PRIx64 ")", f->vma_start);
	printf(": %s\n    kernel: %s; %s: %s\n", f->what, f->kernel,
	       mms_witness_name(f->witness), f->other);
}

void view_verdict_failures(const struct mms_verdict *v)
{
	uint64_t shown = v->failures < VERDICT_FAILURES ? v->failures : VERDICT_FAILURES;

	if (!v->failures)
		return;
	printf("\nNOT EXPLAINED:\n");
	for (uint64_t i = 0; i < shown; i++)
		draw_failure(&v->failure[i]);
	if (shown < v->failures)
		printf("  ... and %" PRIu64 " more\n", v->failures - shown);
}

static void draw_absent(const struct mms_verdict *v)
{
	for (int w = 0; w < MMS_WITNESS_COUNT; w++)
		if (v->absent[w][0])
			printf("  without %s: %s\n", mms_witness_name(w), v->absent[w]);
}

void view_verdict_draw(const struct mms_verdict *v, bool bytes)
{
	for (int q = 0; q < MMS_ASK_COUNT; q++)
		draw_question(v, q, bytes);
	draw_named(v);
	view_verdict_failures(v);
	printf("\n%" PRIu64 " pages one by one, %" PRIu64 " VMAs%s: ", v->pages, v->vmas,
	       v->held ? ", held still" : "");
	if (v->failures)
		printf("%" PRIu64 " difference%s NOT explained\n", v->failures,
		       v->failures == 1 ? "" : "s");
	else
		printf("no unexplained difference\n");
	if (v->unsampled)
		printf("  of untouched reserve only samples: %" PRIu64 " pages left out\n",
		       v->unsampled);
	if (v->room)
		printf("  one VMA of two pages was ours, room for mincore's answers\n");
	draw_absent(v);
}

char *view_verdict_names(const struct mms_verdict *v, char *buf, size_t size)
{
	uint64_t most;
	size_t len = 0;

	snprintf(buf, size, "none");
	for (int d = 0; d < MMS_DIFF_COUNT; d++)
		if (named_total(v, d, &most) && len < size)
			len += (size_t)snprintf(buf + len, size - len, "%s%s %" PRIu64,
						len ? ", " : "", mms_difference_name(d), most);
	return buf;
}

/* ---- JSON ------------------------------------------------------------------ */

static void json_questions(struct view_json *j, const struct mms_verdict *v)
{
	view_json_object(j, "said");
	for (int q = 0; q < MMS_ASK_COUNT; q++) {
		view_json_object_flat(j, mms_question_name(q));
		for (int w = 0; w < MMS_WITNESS_COUNT; w++) {
			if (!v->has[q][w])
				view_json_null(j, mms_witness_name(w));
			else if (q == MMS_ASK_BREAK)
				view_json_address(j, mms_witness_name(w), v->total[q][w]);
			else
				view_json_number(j, mms_witness_name(w), v->total[q][w]);
		}
		view_json_close(j);
	}
	view_json_close(j);
}

static void json_named(struct view_json *j, const struct mms_verdict *v)
{
	uint64_t most;

	view_json_array(j, "differences");
	for (int d = 0; d < MMS_DIFF_COUNT; d++) {
		if (!named_total(v, d, &most))
			continue;
		view_json_object_flat(j, NULL);
		view_json_text(j, "name", mms_difference_name(d));
		view_json_object(j, "count");
		for (int w = 0; w < MMS_WITNESS_COUNT; w++)
			if (v->named[d][w])
				view_json_number(j, mms_witness_name(w), v->named[d][w]);
		view_json_close(j);
		view_json_text(j, "why", mms_difference_brief(d));
		view_json_close(j);
	}
	view_json_close(j);
}

static void json_failures(struct view_json *j, const struct mms_verdict *v)
{
	view_json_number(j, "failures", v->failures);
	view_json_array(j, "failure");
	for (uint64_t i = 0; i < v->failures && i < MMS_FAILURES_MAX; i++) {
		const struct mms_failure *f = &v->failure[i];

		view_json_object_flat(j, NULL);
		view_json_text(j, "witness", mms_witness_name(f->witness));
		if (f->address)
			view_json_address(j, "address", f->address);
		else
			view_json_null(j, "address");
		if (f->vma_start)
			view_json_address(j, "vma", f->vma_start);
		else
			view_json_null(j, "vma");
		view_json_text(j, "what", f->what);
		view_json_text(j, "kernel", f->kernel);
		view_json_text(j, "other", f->other);
		view_json_close(j);
	}
	view_json_close(j);
}

void view_verdict_json(struct view_json *j, const struct mms_verdict *v)
{
	view_json_bool(j, "agree", !v->failures);
	view_json_bool(j, "held", v->held);
	view_json_number(j, "pages", v->pages);
	view_json_number(j, "unsampled_pages", v->unsampled);
	view_json_number(j, "vmas_compared", v->vmas);
	json_questions(j, v);
	json_named(j, v);
	json_failures(j, v);
	view_json_object(j, "absent");
	for (int w = 0; w < MMS_WITNESS_COUNT; w++)
		if (v->absent[w][0])
			view_json_text(j, mms_witness_name(w), v->absent[w]);
	view_json_close(j);
}
