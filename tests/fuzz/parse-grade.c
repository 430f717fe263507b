// SPDX-License-Identifier: GPL-2.0
/*
 * parse-grade.c - specifications of assignments: any text is either one, whole and
 * with each check below a moment, or refused with the line and a reason.
 */
#include "../../user/grade/grade.h"
#include "fuzz.h"

static void check_sum(const struct grade_sum *s)
{
	PROMISE(s->count <= GRADE_TERMS_MAX);
	for (size_t i = 0; i < s->count; i++)
		PROMISE(!s->term[i].word || *s->term[i].word);
}

static void check_check(const struct grade_spec *s, size_t i, size_t moment)
{
	const struct grade_check *c = &s->check[i];

	PROMISE(c->measure < GRADE_MEASURES && c->relation <= GRADE_HAS && c->said && c->line > 0);
	PROMISE(c->since == SIZE_MAX || !c->change || c->since < moment);
	PROMISE(c->region.area != GRADE_SYMBOL || c->region.symbol);
	PROMISE(c->region.area != GRADE_RANGE || (c->region.from.count && c->region.to.count));
	PROMISE(c->measure < GRADE_ASK || c->text);
	PROMISE(c->saying.count <= GRADE_SAYINGS_MAX && (!c->samples || c->saying.count));
	check_sum(&c->a);
	check_sum(&c->b);
	check_sum(&c->within);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mms_error err = { 0 };
	struct grade_spec s;
	size_t next = 0;

	if (grade_spec_parse(&s, (const char *)data, size, "spec", &err)) {
		PROMISE(err.status == MMS_USAGE && err.why[0] && !strncmp(err.what, "spec", 4));
	} else {
		PROMISE(s.checks && s.moments && s.time_ms && s.processes);
		for (size_t m = 0; m < s.moments; m++) {
			PROMISE(s.moment[m].first == next && s.moment[m].name && s.moment[m].nth);
			PROMISE(s.moment[m].when < GRADE_AFTER || s.moment[m].ms);
			for (size_t i = 0; i < s.moment[m].count; i++)
				check_check(&s, next + i, m);
			next += s.moment[m].count;
		}
		PROMISE(next == s.checks);
	}
	grade_spec_free(&s);
	return 0;
}
