// SPDX-License-Identifier: GPL-2.0
/*
 * map.c - mmscope map: the address space drawn, a cell for each page or for so
 * many.  Pages arrive as runs and go into the picture as they come: what is kept
 * is the list of VMAs, never a list of pages.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "map-file.h"
#include "../view/json.h"
#include "../view/map.h"

enum { OPT_AROUND, OPT_ZOOM, OPT_HTML, OPT_SVG };

static const struct cmd_option options[] = {
	[OPT_AROUND] = { "around", 'a', "ADDR", "this address, its VMA, and those before and after" },
	[OPT_ZOOM]   = { "zoom", 'z', "WHAT", "page by page: heap, libc, an address, A-B or A+SIZE" },
	[OPT_HTML]   = { "html", 0, "FILE", "all of it, to look around in with a browser" },
	[OPT_SVG]    = { "svg", 0, "FILE", "a picture of it" },
	{ 0 }
};

#define ROWS_MAX	512	/* of --zoom: what a person may still want to scroll through */
/*
 * pagemap has 8 bytes for each page, touched or not, and takes a second or two for
 * a terabyte: what goes beyond that is left alone.  (The module passes over what is
 * empty.)
 */
#define PAGEMAP_MAX	(2ULL << 40)

/* The threads whose stack pointers are in one VMA. */
struct dwellers {
	pid_t first;
	unsigned int count;
};

struct map {
	struct cmd *cmd;
	struct mms_target *target;
	struct mms_vmas vmas;
	bool *chosen, *unasked;		/* by VMA: in the picture; but not its pages */
	uint64_t clip_start, clip_end;	/* of --zoom A-B */
	struct mms_threads threads;
	bool has_threads;
	struct dwellers *dwellers;	/* by VMA */
	uint64_t told;			/* categories */
	uint64_t page;			/* bytes in one */

	struct view_map *view;		/* one of these three */
	struct view_json *json;
	struct view_report *report;
	bool no_memory;			/* for the report */
	bool with_runs;			/* JSON: runs, too */
	size_t rows;			/* that may yet be drawn */
	bool stopped;			/* they are used up */

	size_t at, end;			/* VMAs of the group that is being read */
	bool open;			/* `at` is begun */
	uint64_t next;			/* JSON: what comes next of it */
	uint64_t pages[MMS_PAGE_STATE_COUNT];	/* of it */
	uint64_t lock_unknown;		/* pages, of all */

	bool around;
	uint64_t address;		/* --around */
	bool found;			/* its page was told of */
	uint64_t categories;
	enum mms_page_state state;
};

static const struct mms_vma *vma_at(const struct map *m)
{
	return &m->vmas.vma[m->at];
}

/* ---- what is in the picture ------------------------------------------------- */

static int choose_around(struct map *m)
{
	struct mms_error err;
	size_t i;

	if (mms_address_parse(m->cmd->value[OPT_AROUND], &m->address, &err))
		return cmd_error(&err);
	m->around = true;
	i = mms_vmas_find(&m->vmas, m->address);
	/* Of a hole `i` is what comes behind it; else the VMA itself. */
	if (i)
		m->chosen[i - 1] = true;
	if (i < m->vmas.count) {
		bool covers = mms_vma_covers(&m->vmas.vma[i], m->address);

		m->chosen[i] = true;
		if (covers && i + 1 < m->vmas.count)
			m->chosen[i + 1] = true;
	}
	return 0;
}

static size_t choose_range(struct map *m, uint64_t start, uint64_t end)
{
	size_t count = 0;

	for (size_t i = mms_vmas_find(&m->vmas, start); i < m->vmas.count; i++) {
		if (m->vmas.vma[i].start >= end)
			break;
		m->chosen[i] = true;
		count++;
	}
	return count;
}

static size_t choose_name(struct map *m, const char *word)
{
	size_t count = 0;

	for (size_t i = 0; i < m->vmas.count; i++) {
		m->chosen[i] = mms_vma_is_called(&m->vmas, i, word);
		count += m->chosen[i];
	}
	return count;
}

/* As with where: a digit first is an address; else a name; else perhaps one after all. */
static int choose_zoom(struct map *m)
{
	const char *word = m->cmd->value[OPT_ZOOM];
	struct mms_error err;
	uint64_t address;

	if (!isdigit((unsigned char)*word) && choose_name(m, word))
		return 0;
	if (strpbrk(word, "-+") && !mms_range_parse(word, &m->clip_start, &m->clip_end, &err)) {
		if (choose_range(m, m->clip_start, m->clip_end))
			return 0;
		mms_fail(&err, MMS_USAGE, "the VMAs: mmscope vmas PID", word,
			 "nothing is mapped there");
	} else if (!mms_address_parse(word, &address, NULL)) {
		if (address < UINT64_MAX && choose_range(m, address, address + 1))
			return 0;
		mms_fail(&err, MMS_USAGE, "the VMAs around it: mmscope map PID --around ADDR", word,
			 "no VMA covers this address");
	} else {
		mms_fail(&err, MMS_USAGE, "names and purposes: mmscope vmas PID", word,
			 "neither a VMA of that name or purpose, nor an address");
	}
	return cmd_error(&err);
}

static int choose(struct map *m)
{
	m->clip_end = MMS_ALL_END;
	if (m->cmd->value[OPT_AROUND])
		return choose_around(m);
	if (m->cmd->value[OPT_ZOOM])
		return choose_zoom(m);
	choose_range(m, MMS_ALL_START, MMS_ALL_END);
	return 0;
}

/* What takes /proc long is left out, unless it was asked for by name. */
static void choose_asked(struct map *m)
{
	uint64_t sum = 0;

	if (mms_target_source(m->target) != MMS_SOURCE_PROCFS || m->cmd->value[OPT_ZOOM])
		return;
	for (size_t i = 0; i < m->vmas.count; i++) {
		uint64_t size = m->vmas.vma[i].end - m->vmas.vma[i].start;

		m->unasked[i] = m->chosen[i] && sum + size > PAGEMAP_MAX;
		if (m->chosen[i] && !m->unasked[i])
			sum += size;
	}
}

/* Whose stack is where.  That it is not told is no error: the cell stays empty. */
static void find_threads(struct map *m)
{
	m->has_threads = !mms_threads_read(m->target, &m->threads, NULL);
	for (size_t i = 0; m->has_threads && i < m->threads.count; i++) {
		const struct mms_thread *thread = &m->threads.thread[i];
		size_t at = thread->sp_known ? mms_vmas_find(&m->vmas, thread->sp) : m->vmas.count;

		if (at == m->vmas.count || !mms_vma_covers(&m->vmas.vma[at], thread->sp))
			continue;
		if (!m->dwellers[at].count++)
			m->dwellers[at].first = thread->tid;
	}
}

/* ---- gaps ------------------------------------------------------------------ */

static void json_gap(struct map *m, uint64_t start, uint64_t end, bool known)
{
	view_json_object_flat(m->json, NULL);
	view_json_object(m->json, "gap");
	view_json_address(m->json, "start", start);
	if (known) {
		view_json_address(m->json, "end", end);
		view_json_number(m->json, "size", end - start);
	} else {
		view_json_null(m->json, "end");
		view_json_null(m->json, "size");
	}
	view_json_close(m->json);
	view_json_close(m->json);
}

static void gap(struct map *m, uint64_t start, uint64_t end, bool known)
{
	bool here = m->around && m->address >= start &&
		    (known ? m->address < end : !(m->address >> 63));
	char text[80];

	if (m->report || (known && start >= end))
		return;
	if (m->json) {
		json_gap(m, start, end, known);
		return;
	}
	if (known)
		view_map_gap(m->view, end - start);
	else
		view_map_line(m->view, "unmapped to the end of user space");
	if (here) {
		snprintf(text, sizeof(text), "^ 0x%" PRIx64 " is here: nothing is mapped there",
			 m->address);
		view_map_note(m->view, text);
	}
}

/* Behind the last VMA of user space. */
static void last_gap(struct map *m, uint64_t start)
{
	struct mms_fact task_size = m->vmas.mm.fact[MMS_MM_TASK_SIZE];

	gap(m, start, task_size.value, mms_known(task_size));
}

/* Between the VMA `i` and the one before it, if both are in the picture. */
static void gap_before(struct map *m, size_t i)
{
	const struct mms_vma *v = &m->vmas.vma[i];
	uint64_t end = i ? v[-1].end : 0;

	if (i ? !m->chosen[i - 1] : m->cmd->value[OPT_ZOOM] || (m->around && m->address >= v->start))
		return;
	/* [vsyscall] lies beyond what a process has: no gap could reach there. */
	if (v->start >> 63 && !(end >> 63)) {
		last_gap(m, end);
		if (m->view)
			view_map_line(m->view, "the kernel's part");
		return;
	}
	gap(m, end, v->start, true);
}

static void gap_behind(struct map *m)
{
	size_t last = m->vmas.count - 1;
	uint64_t end = m->vmas.count ? m->vmas.vma[last].end : 0;

	if (m->stopped || m->cmd->value[OPT_ZOOM] || (m->vmas.count && !m->chosen[last]) ||
	    end >> 63)
		return;
	last_gap(m, end);
}

/* ---- VMAs ------------------------------------------------------------------ */

/* The name, and whose stack it is; as it is, for a view to escape. */
static void label(const struct map *m, char *buf, size_t size)
{
	const struct mms_vma *v = vma_at(m);
	const struct dwellers *d = &m->dwellers[m->at];
	bool own = v->purpose == MMS_PURPOSE_STACK;
	size_t len = (size_t)snprintf(buf, size, "%s", v->name);

	if (!d->count || (own && d->count == 1) || len >= size)
		return;
	len += (size_t)snprintf(buf + len, size - len, "%s%sthread %d", len ? ", " : "",
				v->purpose == MMS_PURPOSE_THREAD_STACK ? "" : "stack of ",
				(int)d->first);
	if (d->count > 1 && len < size)
		snprintf(buf + len, size - len, " and %u more", d->count - 1);
}

static void begin_view(struct map *m)
{
	const struct mms_vma *v = vma_at(m);
	char name[4352], perms[5];
	struct view_map_area area = {
		.start = v->start > m->clip_start ? v->start : m->clip_start,
		.end = v->end < m->clip_end ? v->end : m->clip_end,
		.perms = perms, .purpose = mms_purpose_name(v->purpose), .name = name,
	};

	mms_perms_format(v, perms);
	label(m, name, sizeof(name));
	if (m->cmd->value[OPT_ZOOM])
		view_map_rows(m->view, &area, &m->rows);
	else
		view_map_strip(m->view, &area, m->around && mms_vma_covers(v, m->address) ?
			       &m->address : NULL);
}

static void begin_json(struct map *m)
{
	const struct dwellers *d = &m->dwellers[m->at];

	view_json_object(m->json, NULL);
	view_json_vma_member(m->json, "vma", &m->vmas, m->at);
	if (m->has_threads) {
		view_json_array_flat(m->json, "threads");
		for (size_t i = 0; d->count && i < m->threads.count; i++)
			if (m->threads.thread[i].sp_known &&
			    mms_vma_covers(vma_at(m), m->threads.thread[i].sp))
				view_json_signed(m->json, NULL, m->threads.thread[i].tid);
		view_json_close(m->json);
	} else {
		view_json_null(m->json, "threads");
	}
	if (m->with_runs)
		view_json_array(m->json, "runs");
}

static void begin(struct map *m)
{
	gap_before(m, m->at);
	m->open = true;
	m->next = vma_at(m)->start > m->clip_start ? vma_at(m)->start : m->clip_start;
	memset(m->pages, 0, sizeof(m->pages));
	if (m->view)
		begin_view(m);
	else if (m->json)
		begin_json(m);
}

static void json_run(struct map *m, uint64_t start, uint64_t end, enum mms_page_state state,
		     const uint64_t *categories)
{
	m->pages[state] += (end - start) / m->page;
	m->next = end;
	if (!m->with_runs)
		return;
	view_json_object_flat(m->json, NULL);
	view_json_address(m->json, "start", start);
	view_json_address(m->json, "end", end);
	view_json_number(m->json, "pages", (end - start) / m->page);
	view_json_text(m->json, "state", mms_page_state_name(state));
	if (categories)
		view_json_categories(m->json, "categories", *categories);
	else
		view_json_null(m->json, "categories");
	view_json_close(m->json);
}

static void end_json(struct map *m)
{
	uint64_t end = vma_at(m)->end < m->clip_end ? vma_at(m)->end : m->clip_end;

	if (m->next < end)
		json_run(m, m->next, end, MMS_PAGE_UNKNOWN, NULL);
	if (m->with_runs)
		view_json_close(m->json);
	view_json_object_flat(m->json, "states");
	for (int state = 0; state < MMS_PAGE_STATE_COUNT; state++)
		if (m->pages[state])
			view_json_number(m->json, mms_page_state_name((enum mms_page_state)state),
					 m->pages[state]);
	view_json_close(m->json);
	view_json_close(m->json);
}

static void note_around(struct map *m)
{
	const struct mms_vma *v = vma_at(m);
	const char *word = mms_page_state_name(m->state);
	char list[512], text[700];

	if (!m->around || !mms_vma_covers(v, m->address))
		return;
	mms_categories_format(m->categories, list, sizeof(list));
	for (char *p = list; *p; p++)
		*p = *p == ',' ? ' ' : *p;
	snprintf(text, sizeof(text), "0x%" PRIx64 " is in page %" PRIu64 " of %" PRIu64 ", %s%s%s",
		 m->address, (m->address - v->start) / m->page + 1,
		 (v->end - v->start) / m->page, m->found ? word : "its state not told",
		 m->found && *list && strcmp(list, word) ? ": " : "",
		 m->found && strcmp(list, word) ? list : "");
	view_map_note(m->view, text);
}

/* The rows were used up before the end of a VMA. */
static void note_left_out(struct map *m, uint64_t from)
{
	uint64_t end = vma_at(m)->end < m->clip_end ? vma_at(m)->end : m->clip_end;
	size_t more = 0;
	char text[256], size[16];

	for (size_t i = m->at + 1; i < m->vmas.count; i++)
		more += m->chosen[i];
	if (from < end) {
		snprintf(text, sizeof(text), "%s from 0x%" PRIx64 " on left out; see: mmscope map %d "
			 "--zoom 0x%" PRIx64 "-0x%" PRIx64, mms_size_format(end - from, size), from,
			 (int)mms_target_pid(m->target), from, end);
		view_map_line(m->view, text);
	}
	if (more) {
		snprintf(text, sizeof(text), "%zu more VMA%s left out, the next at 0x%" PRIx64, more,
			 more == 1 ? "" : "s", end);
		view_map_line(m->view, text);
	}
	m->stopped = from < end || more;
}

static void finish(struct map *m)
{
	uint64_t from;

	if (!m->open)
		return;
	m->open = false;
	if (m->report)
		return;
	if (m->json) {
		end_json(m);
		return;
	}
	from = view_map_end(m->view);
	note_around(m);
	if (m->cmd->value[OPT_ZOOM] && !m->rows)
		note_left_out(m, from);
}

/* ---- pages ----------------------------------------------------------------- */

static void one_run(struct map *m, uint64_t start, uint64_t end, uint64_t categories)
{
	enum mms_page_state state = mms_page_state(vma_at(m), categories, m->told);

	if (m->around && m->address >= start && m->address < end) {
		m->found = true;
		m->categories = categories;
		m->state = state;
	}
	if (categories & MMSCOPE_CAT(LOCK_UNKNOWN))
		m->lock_unknown += (end - start) / m->page;
	if (m->report) {
		m->no_memory = !view_report_run(m->report, m->at, start, end,
						(struct view_report_kind){ categories, state });
		m->stopped = m->no_memory;
	} else if (m->json) {
		if (m->next < start)
			json_run(m, m->next, start, MMS_PAGE_UNKNOWN, NULL);
		json_run(m, start, end, state, &categories);
	} else if (!view_map_run(m->view, start, end, state)) {
		m->stopped = true;
	}
}

/*
 * The VMAs may have changed since they were listed: of a run what is within the
 * list is taken, whatever VMA it is of by now.
 */
static int take_run(const struct mmscope_run *run, void *arg)
{
	struct map *m = arg;
	uint64_t start = run->start;

	while (m->at < m->end && start < run->end && !m->stopped) {
		const struct mms_vma *v = vma_at(m);

		if (!m->open)
			begin(m);
		if (start < v->start)
			start = v->start;
		if (start < v->end && start < run->end)
			one_run(m, start, run->end < v->end ? run->end : v->end, run->categories);
		start = v->end;
		if (run->end < v->end)
			break;
		finish(m);
		m->at++;
	}
	return m->stopped || m->at >= m->end || ferror(stdout);
}

/* VMAs [m->at, m->end) with one question. */
static int read_group(struct map *m, struct mms_error *err)
{
	struct mms_pages_query q = { .categories = m->told };
	int ret;

	q.start = m->vmas.vma[m->at].start;
	q.end = m->vmas.vma[m->end - 1].end;
	if (q.start < m->clip_start)
		q.start = m->clip_start;
	if (q.end > m->clip_end)
		q.end = m->clip_end;
	ret = mms_pages(m->target, &q, take_run, m, NULL, err);
	for (; m->at < m->end && !m->stopped; m->at++) {
		if (!m->open)
			begin(m);
		finish(m);
	}
	finish(m);
	return ret;
}

static int read_all(struct map *m, struct mms_error *err)
{
	int ret = 0;

	for (size_t i = 0; i < m->vmas.count && !ret && !m->stopped && !ferror(stdout);) {
		m->at = i;
		if (!m->chosen[i]) {
			i++;
			continue;
		}
		if (m->unasked[i]) {
			begin(m);
			finish(m);
			i++;
			continue;
		}
		for (m->end = i; m->end < m->vmas.count && m->chosen[m->end] &&
		     !m->unasked[m->end];)
			m->end++;
		i = m->end;
		ret = read_group(m, err);
	}
	if (!ret)
		gap_behind(m);
	return ret;
}

/* ---- the whole ------------------------------------------------------------- */

static void note_untold(struct map *m)
{
	uint64_t unasked = 0;
	char text[160], size[16];

	for (size_t i = 0; i < m->vmas.count; i++)
		unasked += m->unasked[i] ? m->vmas.vma[i].end - m->vmas.vma[i].start : 0;
	if (unasked) {
		snprintf(text, sizeof(text), "Not asked about, since /proc would take long: %s; --zoom "
			 "does ask.", mms_size_format(unasked, size));
		view_map_note(m->view, text);
	}
	if (m->lock_unknown) {
		snprintf(text, sizeof(text), "Of %s it may not be told to you whether others locked it.",
			 mms_size_format(m->lock_unknown * m->page, size));
		view_map_note(m->view, text);
	}
}

static int draw_view(struct map *m, struct mms_error *err)
{
	struct view_map_look look;
	char title[256], source[80];
	uint64_t mapped = 0;
	char size[16];
	int ret;

	for (size_t i = 0; i < m->vmas.count; i++)
		mapped += m->vmas.vma[i].end - m->vmas.vma[i].start;
	snprintf(title, sizeof(title), "%d %s: %s in %zu VMAs  (source: %s)",
		 (int)mms_target_pid(m->target), mms_target_proc(m->target)->comm,
		 mms_size_format(mapped, size), m->vmas.count, cmd_source_words(m->target, source));
	view_map_look(&look);
	look.page = m->page;
	m->view = view_map_open(&look, title);
	if (!m->view)
		return mms_fail(err, MMS_FAILED, NULL, "the picture", "no memory");
	ret = read_all(m, err);
	note_untold(m);
	view_map_close(m->view);
	return ret;
}

static int draw_json(struct map *m, struct mms_error *err)
{
	struct view_json j;
	int ret;

	m->json = &j;
	m->with_runs = m->around || m->cmd->value[OPT_ZOOM];
	view_json_begin(&j, "map", m->target);
	view_json_number(&j, "page_size", m->page);
	view_json_categories(&j, "told", m->told);
	if (m->around)
		view_json_address(&j, "around", m->address);
	view_json_array(&j, "areas");
	ret = read_all(m, err);
	view_json_close(&j);
	if (m->around && m->found)
		view_json_text(&j, "state", mms_page_state_name(m->state));
	else if (m->around)
		view_json_null(&j, "state");
	view_json_end(&j);
	return ret;
}

/* The pages first, then the files, which reading brings into the page cache. */
static int draw_report(struct map *m, struct mms_error *err)
{
	struct view_report r = {
		.target = m->target, .vmas = &m->vmas, .told = m->told,
		.threads = m->has_threads ? &m->threads : NULL,
	};
	int ret;

	m->report = &r;
	view_report_begin(&r);
	ret = read_all(m, err);
	if (!ret && (m->no_memory || !view_report_end(&r)))
		ret = mms_fail(err, MMS_FAILED, NULL, "the pages", "no memory");
	if (!ret)
		ret = map_file_write(&r, m->target, m->cmd->value[OPT_HTML],
				     m->cmd->value[OPT_SVG], err);
	view_report_free(&r);
	return ret;
}

static bool to_file(const struct map *m)
{
	return m->cmd->value[OPT_HTML] || m->cmd->value[OPT_SVG];
}

static int draw(struct map *m)
{
	struct mms_error err;
	int ret;

	if (mms_vmas_read(m->target, MMS_ALL_START, MMS_ALL_END, to_file(m) ? MMS_VMAS_ACCT : 0,
			  0, &m->vmas, &err))
		return cmd_error(&err);
	m->chosen = calloc(m->vmas.count + 1, sizeof(*m->chosen));
	m->unasked = calloc(m->vmas.count + 1, sizeof(*m->unasked));
	m->dwellers = calloc(m->vmas.count + 1, sizeof(*m->dwellers));
	if (!m->chosen || !m->unasked || !m->dwellers) {
		mms_fail(&err, MMS_FAILED, NULL, "the VMAs", "no memory");
		return cmd_error(&err);
	}
	ret = choose(m);
	if (ret)
		return ret;
	choose_asked(m);
	find_threads(m);
	m->told = MMS_CATS_STATE & mms_target_categories(m->target);
	/* Of one page everything is told. */
	if (to_file(m) || m->around || (m->cmd->json && m->cmd->value[OPT_ZOOM]))
		m->told = mms_target_categories(m->target);
	ret = to_file(m) ? draw_report(m, &err) : m->cmd->json ? draw_json(m, &err) :
	      draw_view(m, &err);
	if (ret)
		return cmd_error(&err);
	cmd_lack(m->cmd, m->target, "zero, dirty, shared, locked and cached pages apart");
	return MMS_OK;
}

/* A wrong name of a file shall be told before anybody has waited. */
static int check(const struct cmd *cmd)
{
	const char *const file[] = { cmd->value[OPT_HTML], cmd->value[OPT_SVG] };

	if (cmd->value[OPT_AROUND] && cmd->value[OPT_ZOOM])
		return cmd_usage(cmd, "--around and --zoom exclude each other");
	if ((file[0] || file[1]) && (cmd->value[OPT_AROUND] || cmd->value[OPT_ZOOM] || cmd->json))
		return cmd_usage(cmd, "--html and --svg are of all there is: without --json, "
				 "--around, --zoom");
	for (int i = 0; i < 2; i++)
		if (file[i] && !*file[i])
			return cmd_usage(cmd, "a name of a file is needed");
	return 0;
}

static int run(struct cmd *cmd)
{
	struct map m = { .cmd = cmd, .rows = ROWS_MAX };
	int ret;

	ret = check(cmd);
	if (ret)
		return ret;
	ret = cmd_open(cmd, &m.target);
	if (ret)
		return ret;
	m.page = mms_target_page_size(m.target);
	ret = draw(&m);
	mms_vmas_free(&m.vmas);
	mms_threads_free(&m.threads);
	free(m.chosen);
	free(m.unasked);
	free(m.dwellers);
	mms_close(m.target);
	return ret;
}

const struct verb verb_map = {
	.name = "map",
	.args = "PID",
	.brief = "the address space drawn: VMAs, gaps, a cell for pages",
	.about = "Draws the VMAs in the order of their addresses, with the size of what is unmapped\n"
		 "between them, and a strip of cells that shows the state of the pages.  The legend\n"
		 "explains the signs that occur, and adds up.  As wide as the terminal, or COLUMNS.\n\n"
		 "--html makes one file for a browser, which asks the network for nothing: the whole\n"
		 "address space, to zoom into down to a page, to search and to filter, with figures,\n"
		 "a table, and symbols of the program and its libraries (of a capture: if their files\n"
		 "are still here, and unchanged).  --svg makes a still picture.  The file is there as\n"
		 "a whole or not at all, and readable by its owner only; it has no frames in it.",
	.example = "  mmscope map self\n"
		   "  mmscope map 1234 --zoom heap\n"
		   "  mmscope map 1234 --zoom 7f12a0000000+2M\n"
		   "  mmscope map 1234 --around 7ffd1c2b3000\n"
		   "  mmscope map 1234 --html report.html\n"
		   "  mmscope map --from before.mms --svg picture.svg\n"
		   "  mmscope map 1234 --json | jq '.areas[] | select(.vma.purpose == \"heap\") | .states'",
	.takes = CMD_TARGET | CMD_FROM,
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
