// SPDX-License-Identifier: GPL-2.0
/*
 * grade.c - what an assignment earned: TAP, with points and the instructor's
 * sentences; or JSON.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "grade.h"
#include "json.h"

#define OUTPUT_LINES	10

struct view_grade_sums view_grade_sums(const struct grade_run *r)
{
	struct view_grade_sums s = { 0 };

	for (size_t i = 0; i < r->spec->checks; i++) {
		unsigned int points = r->spec->check[i].points;

		s.most += points;
		switch (r->result[i].verdict) {
		case GRADE_RIGHT:
			s.right++;
			s.points += points;
			break;
		case GRADE_UNKNOWN:
			s.unknown++;
			break;
		default:
			s.wrong++;
		}
	}
	return s;
}

/* ---- words -------------------------------------------------------------------- */

static const struct grade_moment *moment_of(const struct grade_spec *s, size_t check)
{
	const struct grade_moment *m = s->moment;

	while (check - m->first >= m->count)
		m++;
	return m;
}

/* "at marker "ready"", as it could be written in the specification. */
static void moment_words(const struct grade_moment *m, char *buf, size_t size)
{
	char shown[100];

	switch (m->when) {
	case GRADE_START:
		snprintf(buf, size, "at start");
		break;
	case GRADE_EXIT:
		snprintf(buf, size, "at exit");
		break;
	case GRADE_MARKER:
		mms_escape(m->text, shown, sizeof(shown));
		snprintf(buf, size, "at \"%s\"", shown);
		break;
	case GRADE_SIGNAL:
		snprintf(buf, size, "at SIG%s", sigabbrev_np(m->signal));
		break;
	case GRADE_CALL:
		snprintf(buf, size, "at %s %" PRIu64, mms_call_name(m->call), m->nth);
		break;
	case GRADE_AFTER:
		snprintf(buf, size, "after %g s", m->ms / 1000.0);
		break;
	case GRADE_EVERY:
		snprintf(buf, size, "every %u ms", m->ms);
		break;
	}
}

/* Why a check says what it says; "" if there is nothing to say. */
static void why_words(const struct grade_run *r, size_t check, char *buf, size_t size)
{
	const struct grade_check *c = &r->spec->check[check];
	const struct grade_result *x = &r->result[check];
	const char *before = c->measure >= GRADE_ASK || c->measure == GRADE_OUTPUT || c->change ?
			     "" : "it was ";
	char end[160], shown[GRADE_WHY];

	mms_escape(x->found, shown, sizeof(shown));
	switch (x->verdict) {
	case GRADE_PENDING:
		snprintf(buf, size, "that moment never came: %s",
			 grade_end_words(r, end, sizeof(end)));
		break;
	case GRADE_WRONG:
		snprintf(buf, size, "%s%s", strncmp(shown, "the ", 4) ? before : "", shown);
		break;
	case GRADE_UNKNOWN:
		snprintf(buf, size, "this could not be measured: %s", shown);
		break;
	default:
		buf[0] = '\0';
	}
}

/* ---- TAP ---------------------------------------------------------------------- */

/* A '#' in a test's line begins a directive. */
static void put_said(const char *said)
{
	char shown[300];

	mms_escape(said, shown, sizeof(shown));
	for (const char *c = shown; *c && *c != '#'; c++)
		putchar(*c);
}

static void put_comment(const char *text)
{
	char shown[600];

	mms_escape(text, shown, sizeof(shown));
	printf("#   %s\n", shown);
}

static void tap_check(const struct grade_run *r, size_t i)
{
	const struct grade_check *c = &r->spec->check[i];
	char when[140], why[500];
	bool right = r->result[i].verdict == GRADE_RIGHT;

	moment_words(moment_of(r->spec, i), when, sizeof(when));
	for (char *at = when; *at; at++)
		if (*at == '#')
			*at = '?';
	printf("%s %zu - %s: ", right ? "ok" : "not ok", i + 1, when);
	put_said(c->said);
	printf(" (%u point%s)\n", c->points, c->points == 1 ? "" : "s");
	if (right)
		return;
	why_words(r, i, why, sizeof(why));
	put_comment(why);
	if (c->sentence && r->result[i].verdict != GRADE_UNKNOWN)
		put_comment(c->sentence);
}

/* The last lines of what it printed. */
static void tap_output(const struct grade_run *r)
{
	size_t at = r->output_len, lines = 0;

	if (!at)
		return;
	while (at && lines <= OUTPUT_LINES)
		if (r->output[--at] == '\n' && at + 1 < r->output_len)
			lines++;
	at += at > 0;
	printf("# %s it printed:\n", at ? "the last that" : "what");
	while (at < r->output_len) {
		const char *line = r->output + at;
		size_t left = r->output_len - at;
		const char *stop = memchr(line, '\n', left);
		size_t len = stop ? (size_t)(stop - line) : left;
		char text[200];

		snprintf(text, sizeof(text), "%.*s", (int)(len < 190 ? len : 190), line);
		put_comment(text);
		at += len + 1;
	}
}

static void tap_end(const struct grade_run *r)
{
	char end[160];

	printf("# %s\n", grade_end_words(r, end, sizeof(end)));
	if (r->left)
		printf("# it left %zu process%s or thread%s behind, which %s killed\n", r->left,
		       r->left == 1 ? "" : "es", r->left == 1 ? "" : "s",
		       r->left == 1 ? "was" : "were");
}

void view_grade_tap(const struct grade_run *r)
{
	struct view_grade_sums s = view_grade_sums(r);

	printf("TAP version 13\n");
	if (r->spec->title) {
		printf("# ");
		put_said(r->spec->title);
		putchar('\n');
	}
	printf("1..%zu\n", r->spec->checks);
	for (size_t i = 0; i < r->spec->checks; i++)
		tap_check(r, i);
	tap_end(r);
	if (s.wrong)
		tap_output(r);
	printf("# points: %u of %u", s.points, s.most);
	if (s.unknown)
		printf(" (%u check%s could not be measured here)", s.unknown,
		       s.unknown == 1 ? "" : "s");
	putchar('\n');
}

/* ---- JSON --------------------------------------------------------------------- */

static const char *verdict_name(enum grade_verdict v)
{
	static const char *const names[] = { "not-reached", "right", "wrong", "unmeasured" };

	return names[v];
}

static void json_check(struct view_json *j, const struct grade_run *r, size_t i)
{
	const struct grade_check *c = &r->spec->check[i];
	char text[500];

	view_json_object(j, NULL);
	view_json_number(j, "line", (uint64_t)c->line);
	moment_words(moment_of(r->spec, i), text, sizeof(text));
	view_json_text(j, "moment", text);
	view_json_name(j, "check", c->said);
	view_json_text(j, "verdict", verdict_name(r->result[i].verdict));
	view_json_number(j, "points", r->result[i].verdict == GRADE_RIGHT ? c->points : 0);
	view_json_number(j, "of", c->points);
	if (r->result[i].found[0])
		view_json_name(j, "found", r->result[i].found);
	else
		view_json_null(j, "found");
	why_words(r, i, text, sizeof(text));
	if (text[0])
		view_json_name(j, "why", text);
	else
		view_json_null(j, "why");
	if (c->sentence)
		view_json_name(j, "sentence", c->sentence);
	else
		view_json_null(j, "sentence");
	view_json_close(j);
}

void view_grade_json(const struct grade_run *r, char *const argv[])
{
	static const char *const ends[] = { "ended", "time", "memory", "processes", "output",
					    "stopped" };
	struct view_grade_sums s = view_grade_sums(r);
	struct view_json j;
	char text[160];

	view_json_begin(&j, "grade", NULL);
	if (r->spec->title)
		view_json_name(&j, "title", r->spec->title);
	else
		view_json_null(&j, "title");
	view_json_array_flat(&j, "command");
	for (int i = 0; argv[i]; i++)
		view_json_name(&j, NULL, argv[i]);
	view_json_close(&j);
	view_json_number(&j, "points", s.points);
	view_json_number(&j, "of", s.most);
	view_json_number(&j, "unmeasured", s.unknown);
	view_json_array(&j, "checks");
	for (size_t i = 0; i < r->spec->checks; i++)
		json_check(&j, r, i);
	view_json_close(&j);
	view_json_text(&j, "end", ends[r->end]);
	view_json_text(&j, "end_words", grade_end_words(r, text, sizeof(text)));
	if (r->ended && WIFEXITED(r->status))
		view_json_number(&j, "status", (uint64_t)WEXITSTATUS(r->status));
	else
		view_json_null(&j, "status");
	if (r->ended && WIFSIGNALED(r->status))
		view_json_text(&j, "signal", sigabbrev_np(WTERMSIG(r->status)));
	else
		view_json_null(&j, "signal");
	view_json_number(&j, "left_behind", r->left);
	r->output[r->output_len] = '\0';
	view_json_name(&j, "output", r->output);
	view_json_end(&j);
}

void view_grade_spec(const struct grade_spec *spec, const char *name, bool json)
{
	unsigned int points = 0;
	struct view_json j;
	char shown[300];

	for (size_t i = 0; i < spec->checks; i++)
		points += spec->check[i].points;
	if (json) {
		view_json_begin(&j, "grade", NULL);
		view_json_name(&j, "specification", name);
		view_json_number(&j, "checks", spec->checks);
		view_json_number(&j, "moments", spec->moments);
		view_json_number(&j, "of", points);
		view_json_end(&j);
		return;
	}
	mms_escape(name, shown, sizeof(shown));
	printf("%s: sound; checks: %zu, moments: %zu, points: %u\n", shown, spec->checks,
	       spec->moments, points);
}
