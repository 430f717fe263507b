/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ask_report.c - what was measured, as a table of ratios in 80 columns on
 * standard error, and all of it as JSON on standard output.
 */
#include <json-c/json.h>

#include "ask.h"

#define WIDTH 80

const char *const question_names[QUESTIONS] = {
	"states", "files", "in core", "count", "VMAs", "accounts", "totals",
};

char *time_text(double ns, char text[16])
{
	static const char *const unit[] = { "ns", "us", "ms", "s" };
	int i = 0;

	for (; ns >= 1000 && i < 3; i++)
		ns /= 1000;
	snprintf(text, 16, "%.*f %s", ns < 10 ? 2 : ns < 100 ? 1 : 0, ns, unit[i]);
	return text;
}

/* Half of what lies between the quartiles, of the median. */
static double spread(const double quartile[3])
{
	return quartile[1] > 0 ? (quartile[2] - quartile[0]) / quartile[1] * 50 : 0;
}

static char *ratio_text(double ratio, char text[16])
{
	snprintf(text, 16, "%.*fx", ratio < 10 ? 2 : ratio < 100 ? 1 : 0, ratio);
	return text;
}

/* "SCAN 3.51x +-2%" */
static void peer_text(const struct result *r, const struct result *ours, char *text, size_t size)
{
	char ratio[16] = "";

	if (r->rounds && ours->rounds)
		ratio_text(r->quartile[1] / ours->quartile[1], ratio);
	switch (r->standing) {
	case ABSENT:
		snprintf(text, size, "%s absent", r->way);
		break;
	case FAILED:
		snprintf(text, size, "%s: %s", r->way, strerror(r->error));
		break;
	case DIFFERS:
		snprintf(text, size, "%s %s DIFFERS in %llu", r->way, ratio, r->differing);
		break;
	default:
		snprintf(text, size, "%s %s +-%.0f%%", r->way, ratio, spread(r->quartile));
	}
}

/* One question: ours, and behind it the others, as many as fit into a line. */
static int tell_question(const struct result *r, int n)
{
	char text[120], time[16];
	int i, at;

	if (r->rounds) {
		snprintf(text, sizeof(text), "%s +-%.0f%%", time_text(r->quartile[1], time),
			 spread(r->quartile));
		at = fprintf(stderr, "  %-8s  %-5s %-14s", question_names[r->question], r->way,
			     text);
	} else {
		at = fprintf(stderr, "  %-8s  %-5s %-14s", question_names[r->question], r->way,
			     strerror(r->error));
	}
	for (i = 1; i < n && r[i].way && r[i].question == r->question && r[i].self == r->self &&
		    !strcmp(r[i].of, r->of); i++) {
		peer_text(&r[i], r, text, sizeof(text));
		if (at + 2 + strlen(text) > WIDTH)
			at = fprintf(stderr, "\n%31s", "") - 1;
		at += fprintf(stderr, "  %-16s", text);
	}
	fprintf(stderr, "\n");
	return i;
}

static const struct bench_case *case_of(const char *name)
{
	const struct bench_case *c;

	for (c = bench_cases; c->name && strcmp(c->name, name); c++)
		;
	return c;
}

static void tell_case(const struct result *r, u64 bytes)
{
	const struct bench_case *c = case_of(r->of);

	fprintf(stderr, "\n%s: %s", r->of, c->what ? c->what : "");
	if (c->part)
		fprintf(stderr, " (%llu MiB)", (bytes / c->part) >> 20);
	fprintf(stderr, "; asked by %s\n", r->self ? "itself" : "another");
}

static void tell_programs(const struct run_of *p, int n)
{
	const struct run_of *ours = NULL;
	char time[16], ratio[16], rss[16];
	int i;

	if (n)
		fprintf(stderr, "\n%-10s %-16s %9s %6s %8s %10s %8s\n", "of", "whole program",
			"time", "+-", "time x", "peak RSS", "RSS x");
	for (i = 0; i < n; i++) {
		if (p[i].program->ours)
			ours = &p[i];
		if (p[i].absent || p[i].status) {
			fprintf(stderr, "%-10s %-16s %9s\n", p[i].of, p[i].program->title,
				p[i].absent ? "absent" : "failed");
			continue;
		}
		fprintf(stderr, "%-10s %-16s %9s %5.0f%% %8s", p[i].of, p[i].program->title,
			time_text(p[i].quartile[1], time), spread(p[i].quartile),
			ratio_text(p[i].quartile[1] / ours->quartile[1], ratio));
		fprintf(stderr, " %6.1f MiB %8s\n", p[i].peak_rss / 1048576.0,
			ratio_text((double)p[i].peak_rss / ours->peak_rss, rss));
	}
}

/* ---- a terabyte against the same pages packed ---- */

static const struct result *find(const struct result *r, int n, const char *of,
				 const struct result *like)
{
	int i;

	for (i = 0; i < n; i++)
		if (r[i].way && r[i].rounds && !strcmp(r[i].of, of) && r[i].self == like->self &&
		    r[i].question == like->question && !strcmp(r[i].way, like->way))
			return &r[i];
	return NULL;
}

static void tell_sparse(const struct result *r, int n)
{
	char ratio[16];
	bool any = false;
	int i;

	for (i = 0; i < n; i++) {
		const struct result *packed;

		if (strcmp(r[i].of, "terabyte") || !r[i].way || !r[i].rounds)
			continue;
		packed = find(r, n, "packed", &r[i]);
		if (!packed)
			continue;
		if (!any)
			fprintf(stderr, "\n1000 pages in a terabyte, against the same packed:\n");
		any = true;
		fprintf(stderr, "  %-8s %-8s %s\n", question_names[r[i].question], r[i].way,
			ratio_text(r[i].quartile[1] / packed->quartile[1], ratio));
	}
}

/* Each page is alone in its table, and that in one of the level above. */
#define SPARSE_TABLES (2 * SPARSE_PAGES)

/* What it costs by tables that there are, which is all that can be read of it. */
static void tell_tables(const struct result *r, int n, u64 bytes)
{
	double dense_tables = bytes / 512.0 / page;
	char ratio[16], time[16];
	bool any = false;
	int i;

	for (i = 0; i < n; i++) {
		const struct result *dense;
		double sparse_ns;

		if (strcmp(r[i].of, "terabyte") || !r[i].way || !r[i].rounds)
			continue;
		dense = find(r, n, "dense", &r[i]);
		if (!dense)
			continue;
		sparse_ns = r[i].quartile[1] / SPARSE_TABLES;
		if (!any)
			fprintf(stderr, "\na page table of that terabyte, against a full one:\n");
		any = true;
		fprintf(stderr, "  %-8s %-8s %-8s %s\n", question_names[r[i].question], r[i].way,
			ratio_text(sparse_ns / (dense->quartile[1] / dense_tables), ratio),
			time_text(sparse_ns, time));
	}
}

/* ---- JSON ---- */

static void add_text(json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

static void add_number(json_object *o, const char *key, u64 n)
{
	json_object_object_add(o, key, json_object_new_int64(n));
}

static void add_times(json_object *o, int rounds, const double quartile[3])
{
	static const char *const key[3] = { "q1_ns", "median_ns", "q3_ns" };
	int i;

	add_number(o, "rounds", rounds);
	for (i = 0; i < 3; i++)
		json_object_object_add(o, key[i], rounds ? json_object_new_double(quartile[i]) :
							   NULL);
}

static json_object *result_json(const struct result *r)
{
	static const char *const names[] = { "answered", "absent", "failed", "differs" };
	json_object *o = json_object_new_object();

	add_text(o, "case", r->of);
	add_text(o, "asked_by", r->self ? "itself" : "another");
	if (!r->way) {
		add_text(o, "standing", r->standing == FAILED ? "failed" : "skipped");
		add_text(o, "why", r->why);
		return o;
	}
	add_text(o, "question", question_names[r->question]);
	add_text(o, "way", r->way);
	add_text(o, "standing", names[r->standing]);
	if (r->error)
		add_text(o, "why", strerror(r->error));
	add_number(o, "records", r->records);
	add_number(o, "differing", r->differing);
	add_times(o, r->rounds, r->quartile);
	return o;
}

static json_object *run_json(const struct run_of *p)
{
	json_object *o = json_object_new_object();

	add_text(o, "case", p->of);
	add_text(o, "program", p->program->title);
	add_text(o, "standing", p->absent ? "absent" : p->status ? "failed" : "answered");
	if (p->absent)
		return o;
	add_times(o, p->rounds, p->quartile);
	add_number(o, "peak_rss_bytes", p->peak_rss);
	return o;
}

static void write_json(const struct result *r, int n, const struct run_of *p, int programs,
		       u64 bytes, double seconds)
{
	json_object *top = json_object_new_object();
	json_object *list = json_object_new_array(), *runs = json_object_new_array();
	int i;

	for (i = 0; i < n; i++)
		json_object_array_add(list, result_json(&r[i]));
	for (i = 0; i < programs; i++)
		json_object_array_add(runs, run_json(&p[i]));
	add_text(top, "schema", "mmscope-bench/1");
	add_text(top, "benchmark", "ask");
	add_number(top, "bytes", bytes);
	json_object_object_add(top, "seconds_a_way", json_object_new_double(seconds));
	json_object_object_add(top, "questions", list);
	json_object_object_add(top, "programs", runs);
	puts(json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(top);
}

void report(const struct result *r, int n, const struct run_of *p, int programs, u64 bytes,
	    double seconds)
{
	int i = 0;

	fprintf(stderr, "medians of up to %d rounds; x: the other's time by ours; +-: half of what "
		"lies\nbetween the quartiles. Each answer was compared with ours. What takes less "
		"than a\nmillisecond is repeated for one in each round.\n", ROUNDS_MOST);
	while (i < n) {
		if (!i || strcmp(r[i].of, r[i - 1].of) || r[i].self != r[i - 1].self)
			tell_case(&r[i], bytes);
		if (r[i].way) {
			i += tell_question(&r[i], n - i);
			continue;
		}
		fprintf(stderr, "  %s: %s\n", r[i].standing == FAILED ? "failed" : "skipped",
			r[i].why);
		i++;
	}
	tell_sparse(r, n);
	tell_tables(r, n, bytes);
	tell_programs(p, programs);
	write_json(r, n, p, programs, bytes, seconds);
}
