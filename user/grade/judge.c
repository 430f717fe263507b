// SPDX-License-Identifier: GPL-2.0
/*
 * judge.c - what is so at a moment, beside what was to be so.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "grade.h"

static void file(struct grade_run *r, size_t check, enum grade_verdict verdict, const char *found)
{
	struct grade_result *x = &r->result[check];

	x->verdict = verdict;
	snprintf(x->found, sizeof(x->found), "%s", found);
}

static int64_t apart(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

/* Changes may be negative: all is compared with its sign. */
static bool holds(const struct grade_check *c, int64_t value, int64_t a, int64_t b, int64_t within)
{
	switch (c->relation) {
	case GRADE_IS:
		return apart(value, a) <= within;
	case GRADE_IS_NOT:
		return apart(value, a) > within;
	case GRADE_AT_LEAST:
		return value >= a - within;
	case GRADE_AT_MOST:
		return value <= a + within;
	case GRADE_BETWEEN:
		return value >= a - within && value <= b + within;
	default:
		return false;
	}
}

static void change_words(const struct grade_check *c, int64_t change, char *buf, size_t size)
{
	bool less = (change < 0) != c->shrinks;
	char words[80];

	if (!change) {
		snprintf(buf, size, "unchanged");
		return;
	}
	/* The difference of two addresses is a number of bytes. */
	grade_value_words(c->measure == GRADE_BREAK ? GRADE_HEAP : c->measure,
			  (uint64_t)(change < 0 ? -change : change), words, sizeof(words));
	snprintf(buf, size, "%s by %s", less ? "shrank" : "grew", words);
}

static bool perms_are(const char *pattern, const char *perms)
{
	for (; *pattern && *perms; pattern++, perms++)
		if (*pattern != *perms && *pattern != '?')
			return false;
	return !*pattern && !*perms;
}

static void judge_number(struct grade_run *r, size_t check, uint64_t value)
{
	const struct grade_check *c = &r->spec->check[check];
	const struct grade_value *before = &r->value[check];
	uint64_t a, b, within;
	char why[GRADE_WHY], found[GRADE_WHY];
	int64_t n = (int64_t)value;

	if (c->change && !before->known) {
		file(r, check, before->why[0] ? GRADE_UNKNOWN : GRADE_WRONG,
		     before->why[0] ? before->why : "the moment that it is compared with did not come");
		return;
	}
	if (grade_sum(r, &c->a, &a, why) || grade_sum(r, &c->b, &b, why) ||
	    grade_sum(r, &c->within, &within, why)) {
		file(r, check, GRADE_WRONG, why);
		return;
	}
	if (c->change) {
		n = (int64_t)(c->shrinks ? before->value - value : value - before->value);
		change_words(c, n, found, sizeof(found));
	} else {
		grade_value_words(c->measure, value, found, sizeof(found));
	}
	if (c->measure == GRADE_LIMIT && value == MMS_UNLIMITED)
		n = INT64_MAX;
	file(r, check, holds(c, n, (int64_t)a, (int64_t)b, (int64_t)within) ? GRADE_RIGHT :
	     GRADE_WRONG, found);
}

/* That something was not printed is the program's fault; that it is not told is not. */
static enum grade_verdict fault(struct grade_run *r, const struct grade_check *c)
{
	char why[GRADE_WHY];
	uint64_t start, end;

	return r->target && !grade_range(r, &c->region, &start, &end, why) ? GRADE_UNKNOWN :
									     GRADE_WRONG;
}

/* `often`: it is not held, and may be gone by now; the next time tells more. */
static void judge(struct grade_run *r, size_t check, bool often)
{
	const struct grade_check *c = &r->spec->check[check];
	char text[80] = "", why[GRADE_WHY] = "";
	uint64_t value;

	if (c->measure >= GRADE_LEAKED && c->measure <= GRADE_OUTPUT)
		return;
	if (c->measure >= GRADE_ASK)
		grade_tool(r, check);
	else if (grade_measure(r, c, &value, text, why)) {
		if (!often || r->result[check].verdict == GRADE_PENDING)
			file(r, check, often ? GRADE_UNKNOWN : fault(r, c), why);
	} else if (c->measure == GRADE_PERMS)
		file(r, check, perms_are(c->text, text) == (c->relation == GRADE_IS) ?
		     GRADE_RIGHT : GRADE_WRONG, text);
	else
		judge_number(r, check, value);
}

/* Checks of later moments begin to count from here. */
static void remember(struct grade_run *r, size_t moment)
{
	const struct grade_spec *s = r->spec;

	for (size_t i = 0; i < s->checks; i++) {
		const struct grade_check *c = &s->check[i];
		struct grade_value *v = &r->value[i];
		const struct grade_moment *m = &s->moment[moment];
		char text[80];

		if (!c->change || (i >= m->first && i < m->first + m->count) ||
		    (c->since == SIZE_MAX ? i < m->first : c->since != moment))
			continue;
		v->why[0] = '\0';
		v->known = !grade_measure(r, c, &v->value, text, v->why);
	}
}

/*
 * What is to hold all the time has failed when it has once; and it begins when the
 * program has said where it is to be looked at.
 */
static bool goes_on(struct grade_run *r, size_t check)
{
	const struct grade_region *region = &r->spec->check[check].region;
	char why[GRADE_WHY];
	uint64_t value;

	return r->result[check].verdict != GRADE_WRONG && !grade_sum(r, &region->from, &value, why) &&
	       !grade_sum(r, &region->to, &value, why);
}

void grade_judge_moment(struct grade_run *r, size_t moment)
{
	const struct grade_moment *m = &r->spec->moment[moment];

	r->came[moment] = true;
	for (size_t i = m->first; i < m->first + m->count; i++)
		if (m->when != GRADE_EVERY || goes_on(r, i))
			judge(r, i, m->when == GRADE_EVERY);
	if (m->when != GRADE_EVERY)
		remember(r, moment);
}

/* ---- the end ------------------------------------------------------------------- */

static void judge_status(struct grade_run *r, size_t check)
{
	const struct grade_check *c = &r->spec->check[check];
	char found[40], why[GRADE_WHY];
	uint64_t wanted = 0;
	bool is;

	if (WIFSIGNALED(r->status)) {
		snprintf(found, sizeof(found), "SIG%s", sigabbrev_np(WTERMSIG(r->status)) ?: "?");
		is = c->signal == WTERMSIG(r->status);
	} else {
		snprintf(found, sizeof(found), "%d", WEXITSTATUS(r->status));
		is = !c->signal && !grade_sum(r, &c->a, &wanted, why) &&
		     wanted == (uint64_t)WEXITSTATUS(r->status);
	}
	file(r, check, r->ended && r->end == GRADE_ENDED && is == (c->relation == GRADE_IS) ?
	     GRADE_RIGHT : GRADE_WRONG, found);
}

static void judge_leaks(struct grade_run *r, size_t check)
{
	uint64_t bytes, blocks;

	if (!r->leaks || !grade_leaks_sum(r->leaks, &bytes, &blocks)) {
		file(r, check, GRADE_UNKNOWN, *r->no_leaks ? r->no_leaks :
		     "not all calls of the allocator were seen");
		return;
	}
	judge_number(r, check, bytes);
	if (blocks) {
		char *found = r->result[check].found;
		size_t len = strlen(found);

		snprintf(found + len, sizeof(r->result[check].found) - len, " in %" PRIu64
			 " block%s", blocks, blocks == 1 ? "" : "s");
	}
}

void grade_judge_end(struct grade_run *r)
{
	const struct grade_spec *s = r->spec;

	for (size_t m = 0; m < s->moments; m++) {
		if (s->moment[m].when != GRADE_EXIT)
			continue;
		for (size_t i = s->moment[m].first; i < s->moment[m].first + s->moment[m].count; i++) {
			const struct grade_check *c = &s->check[i];

			if (c->measure == GRADE_STATUS)
				judge_status(r, i);
			else if (c->measure == GRADE_LEAKED)
				judge_leaks(r, i);
			else if (c->measure == GRADE_OUTPUT)
				file(r, i, r->output && memmem(r->output, r->output_len, c->text,
							       strlen(c->text)) ?
				     GRADE_RIGHT : GRADE_WRONG, "it is not in the output");
		}
	}
}
