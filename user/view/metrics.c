// SPDX-License-Identifier: GPL-2.0
/*
 * metrics.c - figures of processes and of the module, for a monitoring system.
 * What is not known has no sample; a family without samples is left out.
 *
 * Two formats share all but how a counter and an info are typed: OpenMetrics types the
 * family (faults), the text format of Prometheus the sample (faults_total), and has no
 * info.  No text is right in both: what a reader of the one takes for a counter is
 * untyped, without help, to the other's, or refused.  The text format is written unless
 * OpenMetrics is asked for: node_exporter's textfile collector reads nothing else, and
 * to it UNIT and EOF are comments.  Prometheus itself takes either as either.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "metrics.h"
#include "text.h"

enum type { GAUGE, COUNTER, INFO, HISTOGRAM };

/* A family: "mmscope_" NAME, and "_" UNIT. */
struct family {
	const char *name, *unit;
	enum type type;
	const char *help;
};

/* What no field of struct mms_mm is. */
enum { HEAP = MMS_MM_COUNT, FAULTS_MINOR, FAULTS_MAJOR, START };

/* Of each process; rows of one kind of figure follow each other, the first has its help. */
static const struct row {
	struct family family;
	const char *kind;	/* the label that tells rows of a family apart, or NULL */
	int figure;
} rows[] = {
	{ { "process_heap", "bytes", GAUGE,
	    "From the start of the heap to the exact program break (told by the module alone)." },
	  NULL, HEAP },
	{ { "process_resident", "bytes", GAUGE,
	    "Resident memory by what it is of; the kernel's counters." },
	  "anon", MMS_MM_RSS_ANON },
	{ { "process_resident", "bytes", GAUGE, NULL }, "file", MMS_MM_RSS_FILE },
	{ { "process_resident", "bytes", GAUGE, NULL }, "shmem", MMS_MM_RSS_SHMEM },
	{ { "process_locked", "bytes", GAUGE,
	    "VMAs that are locked (mlock, mlockall), resident or not." },
	  NULL, MMS_MM_LOCKED_VM },
	{ { "process_swapped", "bytes", GAUGE, "Anonymous memory in swap." }, NULL, MMS_MM_SWAP },
	{ { "process_page_table", "bytes", GAUGE, "Page tables." }, NULL, MMS_MM_PGTABLES },
	{ { "process_mapped", "bytes", GAUGE, "All VMAs, touched or not." },
	  NULL, MMS_MM_TOTAL_VM },
	{ { "process_vmas", NULL, GAUGE, "Number of VMAs." }, NULL, MMS_MM_MAP_COUNT },
	{ { "process_page_faults", NULL, COUNTER,
	    "Page faults of all threads; a major one waited for I/O." },
	  "minor", FAULTS_MINOR },
	{ { "process_page_faults", NULL, COUNTER, NULL }, "major", FAULTS_MAJOR },
	{ { "process_start_time", "seconds", GAUGE,
	    "When the process was started, since 1970." }, NULL, START },
};
#define ROWS	(sizeof(rows) / sizeof(rows[0]))

static const struct family unreadable = {
	"processes_unreadable", NULL, GAUGE,
	"Processes that were asked for and may not be looked at."
}, loaded = {
	"module_loaded", NULL, GAUGE,
	"Whether the module is loaded and of this version (1) or not (0)."
}, module = {
	"module", NULL, INFO, "The loaded module."
}, holds = {
	"module_lock_hold", "seconds", HISTOGRAM,
	"How long the module held the mmap lock of a process each time, since it was loaded."
}, longest = {
	"module_longest_lock_hold", "seconds", GAUGE,
	"The longest hold of an mmap lock by the module, since it was loaded."
};

/* Figures in seconds are held in nanoseconds. */
static struct mms_fact figure(const struct view_metrics *m, const struct view_metrics_process *p,
			      int which)
{
	struct mms_fact fact = { 0 }, brk = p->mm.fact[MMS_MM_BRK];
	struct mms_fact start = p->mm.fact[MMS_MM_START_BRK];

	if (which < MMS_MM_COUNT)
		return p->mm.fact[which];
	if (which == HEAP && mms_known(brk) && mms_known(start))
		fact = (struct mms_fact){ brk.value - start.value, brk.from };
	else if (which == FAULTS_MINOR && p->proc.faults_known)
		fact = (struct mms_fact){ p->proc.minor_faults, MMS_FROM_STAT };
	else if (which == FAULTS_MAJOR && p->proc.faults_known)
		fact = (struct mms_fact){ p->proc.major_faults, MMS_FROM_STAT };
	else if (which == START && p->proc.start_known && m->boot_known)
		fact = (struct mms_fact){ m->boot_ns + p->proc.start_ns, MMS_FROM_STAT };
	return fact;
}

/* ---- text ------------------------------------------------------------------ */

struct text {
	FILE *out;
	bool openmetrics;
};

void view_metrics_quote(FILE *out, const char *text)
{
	char *clean = view_utf8(text);

	putc('"', out);
	for (const char *p = clean; p && *p; p++)
		if (*p == '\n')
			fputs("\\n", out);
		else
			fprintf(out, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
	putc('"', out);
	free(clean);
}

static void name(const struct text *t, const struct family *f, bool sample)
{
	static const char *const suffixes[] = { "", "_total", "_info", "" };

	fprintf(t->out, "mmscope_%s%s%s%s", f->name, f->unit ? "_" : "", f->unit ?: "",
		sample || !t->openmetrics ? suffixes[f->type] : "");
}

static void head(const struct text *t, const struct family *f)
{
	static const char *const types[] = { "gauge", "counter", "info", "histogram" };
	bool as_gauge = f->type == INFO && !t->openmetrics;

	fputs("# HELP ", t->out);
	name(t, f, false);
	fprintf(t->out, " %s\n# TYPE ", f->help);
	name(t, f, false);
	fprintf(t->out, " %s\n", as_gauge ? "gauge" : types[f->type]);
	if (!f->unit)
		return;
	fputs("# UNIT ", t->out);
	name(t, f, false);
	fprintf(t->out, " %s\n", f->unit);
}

static bool in_seconds(const struct family *f)
{
	return f->unit && f->unit[0] == 's';
}

static void value(const struct text *t, const struct family *f, uint64_t number)
{
	if (in_seconds(f))
		fprintf(t->out, " %" PRIu64 ".%09" PRIu64 "\n", number / 1000000000,
			number % 1000000000);
	else
		fprintf(t->out, " %" PRIu64 "\n", number);
}

static void sample(const struct text *t, const struct row *r, const struct view_metrics_process *p,
		   uint64_t number)
{
	name(t, &r->family, true);
	fprintf(t->out, "{pid=\"%d\",comm=", (int)p->proc.pid);
	view_metrics_quote(t->out, p->proc.comm);
	if (r->kind)
		fprintf(t->out, ",kind=\"%s\"", r->kind);
	putc('}', t->out);
	value(t, &r->family, number);
}

/* Rows `from` to `to` are of one family, whose samples belong together. */
static void family(const struct text *t, const struct view_metrics *m, size_t from, size_t to)
{
	bool begun = false;

	for (size_t i = 0; i < m->count; i++)
		for (size_t r = from; r < to; r++) {
			struct mms_fact fact = figure(m, &m->process[i], rows[r].figure);

			if (!mms_known(fact))
				continue;
			if (!begun)
				head(t, &rows[from].family);
			begun = true;
			sample(t, &rows[r], &m->process[i], fact.value);
		}
}

static void single(const struct text *t, const struct family *f, uint64_t number)
{
	head(t, f);
	name(t, f, true);
	value(t, f, number);
}

/* The kernel counts each hold in one class; a bucket holds those below it, too. */
static void histogram(const struct text *t, const struct mmscope_info *info)
{
	uint64_t below = 0;

	head(t, &holds);
	for (unsigned int i = 0; i < MMSCOPE_HOLDS; i++) {
		below += info->holds[i];
		name(t, &holds, true);
		if (i < MMSCOPE_HOLDS - 1)
			fprintf(t->out, "_bucket{le=\"0.%06u\"} %" PRIu64 "\n", 1U << i, below);
		else
			fprintf(t->out, "_bucket{le=\"+Inf\"} %" PRIu64 "\n", below);
	}
	name(t, &holds, true);
	fputs("_sum", t->out);
	value(t, &holds, info->hold_ns);
	name(t, &holds, true);
	fprintf(t->out, "_count %" PRIu64 "\n", below);
}

static void module_text(const struct text *t, const struct view_metrics *m)
{
	if (m->loaded_known)
		single(t, &loaded, m->loaded);
	if (!m->loaded)
		return;
	head(t, &module);
	name(t, &module, true);
	fputs("{version=", t->out);
	view_metrics_quote(t->out, m->info.version);
	fprintf(t->out, ",abi=\"%u\"} 1\n", m->info.abi);
	if (m->info.batches != UINT64_MAX)
		histogram(t, &m->info);
	single(t, &longest, m->info.longest_hold_ns);
}

/* The row behind the last of the family that begins at `from`. */
static size_t end_of_family(size_t from)
{
	size_t to = from + 1;

	while (to < ROWS && !rows[to].family.help)
		to++;
	return to;
}

void view_metrics_text(FILE *out, const struct view_metrics *m, bool openmetrics)
{
	struct text t = { out, openmetrics };

	module_text(&t, m);
	single(&t, &unreadable, m->unreadable);
	for (size_t from = 0; from < ROWS; from = end_of_family(from))
		family(&t, m, from, end_of_family(from));
	fputs("# EOF\n", out);
}

/* ---- JSON ------------------------------------------------------------------ */

/* A family as a member: of several kinds it is an object. */
static void json_family(struct view_json *j, const struct view_metrics *m,
			const struct view_metrics_process *p, size_t from, size_t to)
{
	const struct family *f = &rows[from].family;
	const char *unit = in_seconds(f) ? "ns" : f->unit ?: "";
	char key[64];

	snprintf(key, sizeof(key), "%s%s%s", f->name + strlen("process_"), *unit ? "_" : "", unit);
	if (rows[from].kind)
		view_json_object(j, key);
	for (size_t r = from; r < to; r++)
		view_json_fact(j, rows[r].kind ?: key, figure(m, p, rows[r].figure),
			       MMS_UNIT_NUMBER);
	if (rows[from].kind)
		view_json_close(j);
}

static void json_process(struct view_json *j, const struct view_metrics *m,
			 const struct view_metrics_process *p)
{
	view_json_object_flat(j, NULL);
	view_json_signed(j, "pid", p->proc.pid);
	view_json_name(j, "comm", p->proc.comm);
	view_json_text(j, "source", p->source);
	for (size_t from = 0; from < ROWS; from = end_of_family(from))
		json_family(j, m, p, from, end_of_family(from));
	view_json_close(j);
}

/* NULL: not told. */
static void json_holds(struct view_json *j, const struct mmscope_info *info)
{
	if (!info) {
		view_json_null(j, "lock_holds");
		view_json_null(j, "lock_hold_ns");
		view_json_null(j, "lock_holds_by_length");
		return;
	}
	view_json_number(j, "lock_holds", info->batches);
	view_json_number(j, "lock_hold_ns", info->hold_ns);
	view_json_array(j, "lock_holds_by_length");
	for (unsigned int i = 0; i < MMSCOPE_HOLDS; i++) {
		view_json_object_flat(j, NULL);
		if (i < MMSCOPE_HOLDS - 1)
			view_json_number(j, "at_most_ns", 1000ULL << i);
		else
			view_json_null(j, "at_most_ns");
		view_json_number(j, "holds", info->holds[i]);
		view_json_close(j);
	}
	view_json_close(j);
}

static void json_module(struct view_json *j, const struct view_metrics *m)
{
	const struct mmscope_info *info = &m->info;

	view_json_object_flat(j, "module");
	if (m->loaded_known)
		view_json_bool(j, "loaded", m->loaded);
	else
		view_json_null(j, "loaded");
	if (!m->loaded) {
		view_json_null(j, "version");
		view_json_null(j, "abi");
		view_json_null(j, "longest_lock_hold_ns");
	} else {
		view_json_text(j, "version", info->version);
		view_json_number(j, "abi", info->abi);
		view_json_number(j, "longest_lock_hold_ns", info->longest_hold_ns);
	}
	json_holds(j, m->loaded && info->batches != UINT64_MAX ? info : NULL);
	view_json_close(j);
}

void view_metrics_json(FILE *out, const struct view_metrics *m)
{
	struct view_json j;

	view_json_begin_to(&j, out, "metrics", NULL);
	json_module(&j, m);
	view_json_number(&j, "unreadable", m->unreadable);
	view_json_array(&j, "processes");
	for (size_t i = 0; i < m->count; i++)
		json_process(&j, m, &m->process[i]);
	view_json_end(&j);
}
