// SPDX-License-Identifier: GPL-2.0
/*
 * tool.c - asks the tool or module that a student wrote about the program that is
 * held, and compares what it says with the truth.  Spacing, case and units are its
 * own affair.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grade.h"
#include "tool.h"

#define PICK_TRIES	20
#define NUMBERS_MAX	4	/* that an answer to "how much" may have */

static void file(struct grade_run *r, size_t check, enum grade_verdict verdict, const char *found)
{
	r->result[check].verdict = verdict;
	snprintf(r->result[check].found, sizeof(r->result[check].found), "%s", found);
}

/* ---- the command ---------------------------------------------------------------- */

/* {pid}, {address}, and what markers picked up; to be freed. */
static char *fill_in(const struct grade_run *r, const char *text, uint64_t address)
{
	char *out = NULL, value[40];
	size_t size = 0;
	FILE *f = open_memstream(&out, &size);

	while (f && *text) {
		const char *close = *text == '{' ? strchr(text, '}') : NULL, *put = NULL;
		size_t n = close ? (size_t)(close - text) - 1 : 0;

		if (close && n == 3 && !strncmp(text + 1, "pid", n)) {
			snprintf(value, sizeof(value), "%d", (int)r->pid);
			put = value;
		} else if (close && n == 7 && !strncmp(text + 1, "address", n)) {
			snprintf(value, sizeof(value), "0x%" PRIx64, address);
			put = value;
		}
		for (size_t i = r->words; close && !put && i-- > 0;)
			if (strlen(r->word[i].name) == n && !strncmp(text + 1, r->word[i].name, n))
				put = r->word[i].value;
		if (put) {
			/* What a program printed is no part of a command. */
			if (strspn(put, "0123456789abcdefABCDEFxX_.:+-") == strlen(put))
				fputs(put, f);
			text = close + 1;
		} else {
			fputc(*text++, f);
		}
	}
	if (!f || fclose(f))
		return NULL;
	return out;
}

static char *ask(const struct grade_run *r, const char *command, uint64_t address, char why[GRADE_WHY])
{
	char *filled = fill_in(r, command, address), *answer;

	answer = filled ? tool_run(filled, why) : NULL;
	free(filled);
	return answer;
}

/* ---- samples -------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *seed)
{
	*seed += 0x9e3779b97f4a7c15ULL;
	uint64_t z = *seed;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* A page of a state, the k-th. */
static uint64_t nth_page(const struct tool_pages *p, uint64_t k)
{
	for (size_t i = 0; i < p->runs; i++) {
		uint64_t pages = (p->run[i].end - p->run[i].start) / mms_page_size();

		if (k < pages)
			return p->run[i].start + k * mms_page_size();
		k -= pages;
	}
	return 0;
}

static bool still(struct grade_run *r, const struct grade_check *c, uint64_t address)
{
	return c->state == GRADE_S_INVALID || tool_state_of(r, address) == (int)c->state;
}

/* Those that may be meant by an answer: of this check and its fellows. */
static bool says(const struct grade_run *r, size_t check, const char *answer)
{
	const struct grade_check *own = &r->spec->check[check];
	size_t best = 0, mine = 0, m = 0;

	while (check - r->spec->moment[m].first >= r->spec->moment[m].count)
		m++;
	for (size_t i = 0; i < r->spec->moment[m].count; i++) {
		const struct grade_check *c = &r->spec->check[r->spec->moment[m].first + i];

		if (c->measure != own->measure || !c->saying.count || strcmp(c->text, own->text))
			continue;
		for (size_t k = 0; k < c->saying.count; k++) {
			size_t n = tool_has(answer, c->saying.word[k]);

			best = n > best ? n : best;
			mine = c->state == own->state && n > mine ? n : mine;
		}
	}
	return mine && mine == best;
}

/* The first line of an answer that has something. */
static void first_line(const char *answer, char *buf, size_t size)
{
	answer += strspn(answer, " \t\r\n");
	snprintf(buf, size, "%.*s", (int)strcspn(answer, "\r\n"), answer);
}

static void sample(struct grade_run *r, size_t check, const struct tool_pages *pages)
{
	const struct grade_check *c = &r->spec->check[check];
	uint64_t seed = r->seed + check, wanted = c->samples, done = 0, from = 0, to = 0;
	char why[GRADE_WHY] = "", found[GRADE_WHY] = "", line[100], *listed = NULL;

	if (c->measure == GRADE_LIST) {
		grade_range(r, &c->region, &from, &to, why);
		listed = ask(r, c->text, 0, why);
		if (!listed) {
			file(r, check, GRADE_WRONG, why);
			return;
		}
	}
	if (wanted > pages->count)
		wanted = pages->count;
	for (uint64_t tries = 0; done < wanted && tries < wanted * PICK_TRIES; tries++) {
		uint64_t k = wanted == pages->count ? done : next_random(&seed) % pages->count;
		uint64_t address = nth_page(pages, k);
		char *answer;
		bool right;

		if (!still(r, c, address))
			continue;
		answer = listed ? tool_line_of(listed, address, from, to) : ask(r, c->text, address, why);
		right = answer && says(r, check, answer);
		/* The kernel may have moved it meanwhile: then nobody was wrong. */
		if (right || still(r, c, address)) {
			done++;
			if (!right) {
				first_line(answer ? answer : "", line, sizeof(line));
				snprintf(found, sizeof(found), "0x%" PRIx64 " is %s; it said '%s'",
					 address, grade_state_name(c->state), line);
				file(r, check, GRADE_WRONG, answer ? found : why);
				free(answer);
				free(listed);
				return;
			}
		}
		free(answer);
	}
	free(listed);
	snprintf(found, sizeof(found), "%" PRIu64 " of %" PRIu64, done, done);
	file(r, check, done ? GRADE_RIGHT : GRADE_UNKNOWN,
	     done ? found : "the pages did not keep their state");
}

/* ---- lists and amounts ------------------------------------------------------------ */

static void list(struct grade_run *r, size_t check, const struct tool_pages *pages)
{
	const struct grade_check *c = &r->spec->check[check];
	char why[GRADE_WHY] = "", found[GRADE_WHY], *listed = ask(r, c->text, 0, why);
	uint64_t start = 0, end = 0, missing, extra;

	if (!listed || grade_range(r, &c->region, &start, &end, why)) {
		free(listed);
		file(r, check, GRADE_WRONG, why);
		return;
	}
	if (tool_compare(listed, pages, start, end, &missing, &extra))
		snprintf(found, sizeof(found), "it lists %" PRIu64 " of %" PRIu64 " %s pages%s",
			 pages->count - missing, pages->count, grade_state_name(c->state),
			 extra ? ", and others" : "");
	else
		snprintf(found, sizeof(found), "no memory");
	free(listed);
	file(r, check, missing || extra ? GRADE_WRONG : GRADE_RIGHT, found);
}

static void amount(struct grade_run *r, size_t check)
{
	const struct grade_check *c = &r->spec->check[check];
	char why[GRADE_WHY] = "", text[80], words[80], found[GRADE_WHY], *answer;
	uint64_t truth, within = 0;

	if (grade_measure(r, c, &truth, text, why)) {
		file(r, check, GRADE_UNKNOWN, why);
		return;
	}
	answer = ask(r, c->text, 0, why);
	if (!answer || grade_sum(r, &c->within, &within, why)) {
		free(answer);
		file(r, check, GRADE_WRONG, why);
		return;
	}
	grade_value_words(c->told, truth, words, sizeof(words));
	first_line(answer, text, sizeof(text));
	snprintf(found, sizeof(found), "it is %s; it said '%s'", words, text);
	file(r, check, tool_tells(answer, truth, within, c->told >= GRADE_VMAS &&
				  c->told <= GRADE_CALLS, NUMBERS_MAX) ?
	     GRADE_RIGHT : GRADE_WRONG, found);
	free(answer);
}

void grade_tool(struct grade_run *r, size_t check)
{
	const struct grade_check *c = &r->spec->check[check];
	struct tool_pages pages = { 0 };
	char why[GRADE_WHY] = "";

	if (c->measure == GRADE_TELL) {
		amount(r, check);
		return;
	}
	if (grade_open(r, why) || tool_pages_find(r, &c->region, c->state, &pages, why)) {
		file(r, check, GRADE_UNKNOWN, why);
	} else if (!c->samples) {
		list(r, check, &pages);
	} else if (!pages.count) {
		snprintf(why, sizeof(why), "there is no %s page to ask about",
			 grade_state_name(c->state));
		file(r, check, GRADE_UNKNOWN, why);
	} else {
		sample(r, check, &pages);
	}
	free(pages.run);
}
