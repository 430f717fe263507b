// SPDX-License-Identifier: GPL-2.0
/*
 * spec.c - reads the text of an assignment: limits, moments, and below each moment
 * what is to be so then.  Pure; any text is survived.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grade.h"

#define TOKENS_MAX	64
#define TEXT_MAX	(1U << 20)
#define CHECKS_MAX	1000
#define SAMPLES_MAX	1000
#define PROCESSES_MAX	4096

struct token {
	char *text;
	bool quoted;
};

/* One line, taken apart. */
struct line {
	struct token token[TOKENS_MAX + 1];
	size_t count, at;
	bool indented;
};

struct parser {
	struct grade_spec *spec;
	const char *what;
	int number;		/* of the line */
	struct line line;
	const char *raw;	/* the line, behind its indentation */
	struct mms_error *err;
};

/* ---- what went wrong --------------------------------------------------------- */

static int wrong(struct parser *p, const char *mend, const char *why, const char *word)
{
	char what[300], shown[80];

	snprintf(what, sizeof(what), "%.250s:%d", p->what, p->number);
	if (!word)
		return mms_fail(p->err, MMS_USAGE, mend, what, "%s", why);
	mms_escape(word, shown, sizeof(shown));
	return mms_fail(p->err, MMS_USAGE, mend, what, "%s: '%s'", why, shown);
}

static int no_memory(struct parser *p)
{
	return mms_fail(p->err, MMS_FAILED, NULL, p->what, "no memory");
}

/* ---- words ------------------------------------------------------------------- */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A quoted word; *at is behind the quote.  False: it does not end. */
static bool take_quoted(const char **at, char *to)
{
	const char *c = *at;

	for (; *c && *c != '"'; c++) {
		if (*c == '\\' && c[1] == 'n') {
			*to++ = '\n';
			c++;
			continue;
		}
		if (*c == '\\' && (c[1] == '"' || c[1] == '\\'))
			c++;
		*to++ = *c;
	}
	*to = '\0';
	*at = c + (*c == '"');
	return *c == '"';
}

/* {word} stands alone, and so does what follows it. */
static void take_plain(const char **at, char *to)
{
	const char *c = *at;
	bool brace = *c == '{';

	if ((*c == '+' || *c == '-') && c[1] == '{') {
		*to++ = *c++;
	} else {
		while (*c && !is_space(*c) && *c != '"') {
			if (!brace && *c == '{')
				break;
			*to++ = *c++;
			if (brace && c[-1] == '}')
				break;
		}
	}
	*to = '\0';
	*at = c;
}

/* Tokens lie in `storage`, which is twice as long as the line. */
static int split(struct parser *p, const char *text, char *storage)
{
	struct line *l = &p->line;

	memset(l, 0, sizeof(*l));
	l->indented = is_space(*text);
	while (is_space(*text))
		text++;
	p->raw = text;
	while (*text && *text != '#') {
		struct token *t = &l->token[l->count];

		if (l->count == TOKENS_MAX)
			return wrong(p, NULL, "too many words in a line", NULL);
		t->text = storage;
		t->quoted = *text == '"';
		if (!t->quoted)
			take_plain(&text, storage);
		else if (text++, !take_quoted(&text, storage))
			return wrong(p, NULL, "a quote that does not end", NULL);
		storage += strlen(storage) + 1;
		l->count++;
		while (is_space(*text))
			text++;
	}
	return 0;
}

/* The next word, which stays; "" behind the last. */
static const char *peek(const struct parser *p)
{
	const struct line *l = &p->line;

	return l->at < l->count && !l->token[l->at].quoted ? l->token[l->at].text : "";
}

static bool take(struct parser *p, const char *word)
{
	if (strcmp(peek(p), word))
		return false;
	p->line.at++;
	return true;
}

static bool take_two(struct parser *p, const char *a, const char *b)
{
	const struct line *l = &p->line;

	if (strcmp(peek(p), a) || l->at + 1 >= l->count || strcmp(l->token[l->at + 1].text, b))
		return false;
	p->line.at += 2;
	return true;
}

/* The next word or quoted text, copied. */
static int take_text(struct parser *p, char **text, const char *which)
{
	struct line *l = &p->line;

	if (l->at == l->count || !l->token[l->at].text[0])
		return wrong(p, NULL, "missing", which);
	free(*text);
	*text = strdup(l->token[l->at++].text);
	return *text ? 0 : no_memory(p);
}

static int take_number(struct parser *p, const char *which, uint64_t max, uint64_t *number)
{
	const char *text = peek(p);
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || *number > max)
		return wrong(p, which, "not a number that can be", text);
	p->line.at++;
	return 0;
}

static int take_size(struct parser *p, uint64_t *bytes)
{
	struct mms_error err;

	if (mms_size_parse(peek(p), bytes, &err))
		return wrong(p, "such as 64K, 256M or 2G", "no size", peek(p));
	p->line.at++;
	return 0;
}

/* "10s", "200ms" */
static int take_time(struct parser *p, unsigned int *ms)
{
	const char *text = peek(p);
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || !n || n > 86400000 ||
	    (strcmp(end, "s") && strcmp(end, "ms")) || (*end == 's' && n > 86400))
		return wrong(p, "such as 10s or 200ms", "no time", text);
	*ms = (unsigned int)(*end == 's' ? n * 1000 : n);
	p->line.at++;
	return 0;
}

static int take_end(struct parser *p)
{
	const struct line *l = &p->line;

	return l->at == l->count ? 0 : wrong(p, NULL, "not understood", l->token[l->at].text);
}

/* ---- sums -------------------------------------------------------------------- */

static int take_term(struct parser *p, struct grade_term *t)
{
	const char *text = peek(p);
	size_t len = strlen(text);
	struct mms_error err;
	char *end;

	if (len > 2 && text[0] == '{' && text[len - 1] == '}') {
		t->word = strndup(text + 1, len - 2);
		if (!t->word)
			return no_memory(p);
	} else if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		errno = 0;
		t->number = strtoull(text, &end, 16);
		if (*end || errno || !text[2])
			return wrong(p, NULL, "no number", text);
	} else if (mms_size_parse(text, &t->number, &err)) {
		return wrong(p, "a number such as 4096 or 64K, or {word} that a marker picks up",
			     "no number", text);
	}
	p->line.at++;
	t->pages = take(p, "pages") || take(p, "page");
	if (t->pages && t->word)
		return wrong(p, NULL, "is a number of bytes already", text);
	return 0;
}

static int take_sum(struct parser *p, struct grade_sum *sum)
{
	bool minus = false;

	do {
		if (sum->count == GRADE_TERMS_MAX)
			return wrong(p, NULL, "too long a sum", NULL);
		sum->term[sum->count].minus = minus;
		if (take_term(p, &sum->term[sum->count++]))
			return -1;
		minus = !strcmp(peek(p), "-");
	} while (take(p, "+") || take(p, "-"));
	return 0;
}

/* ---- regions ----------------------------------------------------------------- */

static bool is_purpose(const char *word, enum mms_purpose *purpose)
{
	/* (The unknown one has no name, as has a quoted word, or the end of the line.) */
	for (unsigned int i = MMS_PURPOSE_UNKNOWN + 1; i < MMS_PURPOSE_COUNT; i++)
		if (!strcmp(mms_purpose_name(i), word)) {
			*purpose = i;
			return true;
		}
	return false;
}

/* Behind "of". */
static int take_region(struct parser *p, struct grade_region *r)
{
	if (take(p, "all"))
		return 0;
	if (take(p, "symbol")) {
		r->area = GRADE_SYMBOL;
		return take_text(p, &r->symbol, "the symbol's name");
	}
	if (is_purpose(peek(p), &r->purpose)) {
		r->area = GRADE_PURPOSE;
		p->line.at++;
		return 0;
	}
	r->area = GRADE_RANGE;
	if (take_sum(p, &r->from))
		return -1;
	r->sized = take(p, "size");
	if (!r->sized && !take(p, "to"))
		return wrong(p, "such as: of {buffer} size 2 pages, or: of {from} to {end}",
			     "a range has a size, or goes to an end", peek(p));
	return take_sum(p, &r->to);
}

static int maybe_region(struct parser *p, struct grade_region *r)
{
	return take(p, "of") ? take_region(p, r) : 0;
}

/* ---- what is measured -------------------------------------------------------- */

static const struct {
	const char *name;
	bool regions;		/* may be of a part of the memory */
} measures[GRADE_MEASURES] = {
	[GRADE_BREAK] = { "break", false },
	[GRADE_HEAP] = { "heap", false },
	[GRADE_MAPPED] = { "mapped", true },
	[GRADE_RESIDENT] = { "resident", true },
	[GRADE_PRESENT] = { "present", true },
	[GRADE_SWAPPED] = { "swapped", true },
	[GRADE_DIRTY] = { "dirty", true },
	[GRADE_LOCKED] = { "locked", true },
	[GRADE_UNTOUCHED] = { "untouched", true },
	[GRADE_VMAS] = { "vmas", true },
	[GRADE_PERMS] = { "perms", true },
	[GRADE_THREADS] = { "threads", false },
	[GRADE_MINOR] = { "minor-faults", false },
	[GRADE_MAJOR] = { "major-faults", false },
	[GRADE_CALLS] = { "calls", false },
	[GRADE_PEAK] = { "peak", false },
	[GRADE_LIMIT] = { "limit", false },
	[GRADE_LEAKED] = { "leaked", false },
	[GRADE_STATUS] = { "exit", false },
	[GRADE_OUTPUT] = { "output", false },
	[GRADE_ASK] = { "ask", false },
	[GRADE_LIST] = { "list", false },
	[GRADE_TELL] = { "tell", false },
};

const char *grade_measure_name(enum grade_measure measure)
{
	return measure < GRADE_MEASURES ? measures[measure].name : "";
}

static const char *const state_names[GRADE_STATES] = {
	"present", "swapped", "untouched", "invalid"
};

const char *grade_state_name(enum grade_state state)
{
	return state < GRADE_STATES ? state_names[state] : "";
}

static int take_call(struct parser *p, enum mms_call *call)
{
	for (unsigned int i = 0; i < MMS_CALL_EXEC; i++)
		if (take(p, mms_call_name(i))) {
			*call = i;
			return 0;
		}
	return wrong(p, "brk, mmap, munmap, mremap, mprotect, madvise, mlock, mlock2, munlock, "
		     "mlockall, munlockall", "no call that is counted", peek(p));
}

static int take_limit_name(struct parser *p, enum mms_mm_field *field)
{
	static const struct {
		const char *name;
		enum mms_mm_field field;
	} limits[] = { { "as", MMS_MM_RLIM_AS }, { "data", MMS_MM_RLIM_DATA },
		       { "stack", MMS_MM_RLIM_STACK }, { "memlock", MMS_MM_RLIM_MEMLOCK } };

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (take(p, limits[i].name)) {
			*field = limits[i].field;
			return 0;
		}
	return wrong(p, "as, data, stack, memlock", "no such limit", peek(p));
}

/* The name of a measure, and what it is of. */
static int take_measure(struct parser *p, struct grade_check *c, enum grade_measure *measure)
{
	unsigned int m;

	for (m = 0; m < GRADE_MEASURES; m++)
		if (take(p, measures[m].name))
			break;
	if (m == GRADE_MEASURES)
		return wrong(p, "break heap mapped resident present swapped dirty locked untouched "
			     "vmas perms threads minor-faults major-faults calls peak limit leaked "
			     "exit output; or ask, list, tell", "nothing that is measured", peek(p));
	*measure = m;
	if (m == GRADE_CALLS && take_call(p, &c->call))
		return -1;
	if (m == GRADE_LIMIT && take_limit_name(p, &c->limit))
		return -1;
	if (!strcmp(peek(p), "of") && !measures[m].regions)
		return wrong(p, NULL, "is of the whole process", measures[m].name);
	return maybe_region(p, &c->region);
}

/* ---- how much ---------------------------------------------------------------- */

static int take_amount(struct parser *p, struct grade_check *c)
{
	if (take_two(p, "at", "least")) {
		c->relation = GRADE_AT_LEAST;
		return take_sum(p, &c->a);
	}
	if (take_two(p, "at", "most")) {
		c->relation = GRADE_AT_MOST;
		return take_sum(p, &c->a);
	}
	if (take(p, "between")) {
		c->relation = GRADE_BETWEEN;
		if (take_sum(p, &c->a))
			return -1;
		if (!take(p, "and"))
			return wrong(p, NULL, "between what AND what", peek(p));
		return take_sum(p, &c->b);
	}
	c->relation = GRADE_IS;
	return take_sum(p, &c->a);
}

/* SEGV, or SIGSEGV. */
static int take_signal(struct parser *p, int *signal)
{
	const char *word = peek(p);

	if (!strncmp(word, "SIG", 3))
		word += 3;
	for (int i = 1; i < SIGRTMIN; i++)
		if (sigabbrev_np(i) && !strcmp(sigabbrev_np(i), word)) {
			*signal = i;
			p->line.at++;
			return 0;
		}
	return wrong(p, "such as USR1 or SEGV", "no signal that is known", peek(p));
}

static int take_is(struct parser *p, struct grade_check *c)
{
	c->relation = take(p, "not") ? GRADE_IS_NOT : GRADE_IS;
	if (c->measure == GRADE_PERMS)
		return take_text(p, &c->text, "permissions, such as rw-p");
	if (c->measure == GRADE_STATUS) {
		/* A number is a status. */
		return peek(p)[0] >= '0' && peek(p)[0] <= '9' ? take_sum(p, &c->a) :
								take_signal(p, &c->signal);
	}
	if (c->relation == GRADE_IS && take(p, "unchanged")) {
		c->change = true;
		c->a.count = 1;
		return 0;
	}
	return take_sum(p, &c->a);
}

static int take_since(struct parser *p, struct grade_check *c)
{
	const struct grade_spec *s = p->spec;

	for (size_t i = 0; i + 1 < s->moments; i++)
		if (s->moment[i].when != GRADE_EVERY && take(p, s->moment[i].name)) {
			c->since = i;
			return 0;
		}
	return wrong(p, "moments above are called: start, exit, or what `called NAME` says",
		     "no such moment above", peek(p));
}

static int take_relation(struct parser *p, struct grade_check *c)
{
	bool amounts = c->measure != GRADE_PERMS && c->measure != GRADE_STATUS;
	int ret;

	c->since = SIZE_MAX;
	if (c->measure == GRADE_OUTPUT) {
		if (!take(p, "has"))
			return wrong(p, NULL, "output has \"TEXT\"", peek(p));
		c->relation = GRADE_HAS;
		return take_text(p, &c->text, "the text");
	}
	c->shrinks = !strcmp(peek(p), "shrank");
	if (take(p, "is"))
		ret = take_is(p, c);
	else if (!amounts)
		ret = wrong(p, NULL, "can only be, or not be", measures[c->measure].name);
	else if (take_two(p, "grew", "by") || take_two(p, "shrank", "by"))
		ret = (c->change = true, take_amount(p, c));
	else
		ret = take_amount(p, c);
	if (!ret && amounts && take(p, "within"))
		ret = take_sum(p, &c->within);
	if (!ret && c->change && take(p, "since"))
		ret = take_since(p, c);
	return ret;
}

/* ---- tools ------------------------------------------------------------------- */

static int take_state(struct parser *p, struct grade_check *c)
{
	for (unsigned int i = 0; i < GRADE_STATES; i++)
		if (take(p, state_names[i])) {
			c->state = i;
			if (!take(p, "pages") && !take(p, "page"))
				take(p, "addresses");
			return 0;
		}
	return wrong(p, "present, swapped, untouched or invalid", "no state of a page", peek(p));
}

static int take_sayings(struct parser *p, struct grade_saying *s)
{
	if (!take(p, "says"))
		return wrong(p, "says \"present\" or \"resident\"", "missing: says", peek(p));
	do {
		if (s->count == GRADE_SAYINGS_MAX)
			return wrong(p, NULL, "too many words for one state", NULL);
		if (take_text(p, &s->word[s->count], "what it says"))
			return -1;
		s->count++;
	} while (take(p, "or"));
	return 0;
}

/* ask "COMMAND" about N STATE pages [of REGION] says "WORD" [or "WORD"]... */
static int take_samples(struct parser *p, struct grade_check *c)
{
	uint64_t n;

	if (take_number(p, "how many: about 8 present pages", SAMPLES_MAX, &n))
		return -1;
	if (!n)
		return wrong(p, NULL, "asks about nothing", NULL);
	c->samples = (unsigned int)n;
	if (take_state(p, c) || maybe_region(p, &c->region))
		return -1;
	return take_sayings(p, &c->saying);
}

static int take_tool(struct parser *p, struct grade_check *c)
{
	if (take_text(p, &c->text, "the tool's command"))
		return -1;
	if (c->measure == GRADE_TELL) {
		if (take_measure(p, c, &c->told))
			return -1;
		if (c->told >= GRADE_LEAKED || c->told == GRADE_PERMS || c->told == GRADE_BREAK)
			return wrong(p, NULL, "no amount that a tool can tell",
				     measures[c->told].name);
		return take(p, "within") ? take_sum(p, &c->within) : 0;
	}
	if (c->measure == GRADE_LIST && take(p, "exactly")) {
		if (take_state(p, c))
			return -1;
		if (c->state == GRADE_S_INVALID)
			return wrong(p, NULL, "nobody can list all of these", "invalid");
		return maybe_region(p, &c->region);
	}
	if (!take(p, "about"))
		return wrong(p, "about 8 present pages says \"present\"", "missing: about", peek(p));
	return take_samples(p, c);
}

/* ---- lines ------------------------------------------------------------------- */

static void *one_more(struct parser *p, void *list, size_t count, size_t size)
{
	void *more = realloc(list, (count + 1) * size);

	if (more)
		memset((char *)more + count * size, 0, size);
	else
		no_memory(p);
	return more;
}

/* One that a change can be counted from: not all the time. */
static bool has_moment_above(const struct grade_spec *s)
{
	for (size_t i = 0; i + 1 < s->moments; i++)
		if (s->moment[i].when != GRADE_EVERY)
			return true;
	return false;
}

/* What happens when: some things are known at the end alone. */
static int fits_moment(struct parser *p, const struct grade_check *c)
{
	enum grade_when when = p->spec->moment[p->spec->moments - 1].when;

	if (c->measure >= GRADE_LEAKED && c->measure <= GRADE_OUTPUT && when != GRADE_EXIT)
		return wrong(p, "put it below: at exit", "is known at exit",
			     measures[c->measure].name);
	if (c->measure >= GRADE_ASK && (when >= GRADE_AFTER || when == GRADE_EXIT))
		return wrong(p, "put it below: at marker \"TEXT\"",
			     "tools are asked while the program is held", NULL);
	if (c->change && c->since == SIZE_MAX && !has_moment_above(p->spec))
		return wrong(p, "put a moment above: at start", "changed since when", NULL);
	return 0;
}

static const char *behind_words(const char *text, int words)
{
	while (words--) {
		while (*text && !is_space(*text))
			text++;
		while (is_space(*text))
			text++;
	}
	return text;
}

static int take_check(struct parser *p)
{
	struct grade_spec *s = p->spec;
	struct grade_check *c, *more;
	uint64_t points = 1;

	if (!s->moments)
		return wrong(p, "at start, at marker \"TEXT\", at exit ...", "before any moment", NULL);
	if (s->checks == CHECKS_MAX)
		return wrong(p, NULL, "too many checks", NULL);
	more = one_more(p, s->check, s->checks, sizeof(*s->check));
	if (!more)
		return -1;
	s->check = more;
	c = &s->check[s->checks++];
	s->moment[s->moments - 1].count++;
	c->line = p->number;
	if (peek(p)[0] >= '0' && peek(p)[0] <= '9') {
		if (take_number(p, "such as: 3 points", 100000, &points))
			return -1;
		if (!take(p, "points") && !take(p, "point"))
			return wrong(p, "such as: 3 points", "missing: points", peek(p));
		p->raw = behind_words(p->raw, 2);
	}
	c->points = (unsigned int)points;
	c->said = strdup(p->raw);
	if (!c->said)
		return no_memory(p);
	if (take_measure(p, c, &c->measure))
		return -1;
	if (c->measure >= GRADE_ASK ? take_tool(p, c) : take_relation(p, c))
		return -1;
	return take_end(p) ? -1 : fits_moment(p, c);
}

/* else SENTENCE, of the check above */
static int take_else(struct parser *p)
{
	struct grade_spec *s = p->spec;
	struct grade_check *c = s->checks ? &s->check[s->checks - 1] : NULL;
	const char *text = p->raw + strlen("else");

	while (is_space(*text))
		text++;
	if (!c || !s->moment[s->moments - 1].count)
		return wrong(p, NULL, "else belongs to the check above it", NULL);
	if (c->sentence)
		return wrong(p, NULL, "the check above has a sentence already", NULL);
	c->sentence = strdup(text);
	return c->sentence ? 0 : no_memory(p);
}

static int take_when(struct parser *p, struct grade_moment *m, bool every)
{
	m->nth = 1;
	if (every) {
		m->when = GRADE_EVERY;
		return take_time(p, &m->ms);
	}
	if (take(p, "start")) {
		m->when = GRADE_START;
		return 0;
	}
	if (take(p, "exit")) {
		m->when = GRADE_EXIT;
		return 0;
	}
	if (take(p, "marker")) {
		m->when = GRADE_MARKER;
		return take_text(p, &m->text, "the marker's text");
	}
	if (take(p, "signal")) {
		m->when = GRADE_SIGNAL;
		return take_signal(p, &m->signal);
	}
	if (take(p, "call")) {
		m->when = GRADE_CALL;
		if (peek(p)[0] >= '0' && peek(p)[0] <= '9' &&
		    take_number(p, "such as: at call 3 mmap", UINT32_MAX, &m->nth))
			return -1;
		if (!m->nth)
			return wrong(p, NULL, "calls are counted from 1", NULL);
		return take_call(p, &m->call);
	}
	if (peek(p)[0] >= '0' && peek(p)[0] <= '9') {
		m->when = GRADE_AFTER;
		return take_time(p, &m->ms);
	}
	return wrong(p, "start, exit, marker \"TEXT\", signal NAME, call [N] NAME, 2s", "no moment",
		     peek(p));
}

static bool is_called(const struct grade_spec *s, const char *name)
{
	for (size_t i = 0; i + 1 < s->moments; i++)
		if (!strcmp(s->moment[i].name, name))
			return true;
	return false;
}

static int take_moment(struct parser *p, bool every)
{
	struct grade_spec *s = p->spec;
	struct grade_moment *m, *more = one_more(p, s->moment, s->moments, sizeof(*s->moment));
	char name[40];

	if (!more)
		return -1;
	s->moment = more;
	m = &s->moment[s->moments++];
	m->line = p->number;
	m->first = s->checks;
	snprintf(name, sizeof(name), "line %d", p->number);
	m->name = strdup(name);
	if (!m->name)
		return no_memory(p);
	if (take_when(p, m, every))
		return -1;
	if (m->when == GRADE_START || m->when == GRADE_EXIT)
		strcpy(m->name, m->when == GRADE_START ? "start" : "exit");
	if (take(p, "called") && take_text(p, &m->name, "the moment's name"))
		return -1;
	if (is_called(s, m->name))
		return wrong(p, "called NAME", "this moment is there already", m->name);
	return take_end(p);
}

static int take_bound(struct parser *p)
{
	struct grade_spec *s = p->spec;
	uint64_t n;

	if (take(p, "time"))
		return take_time(p, &s->time_ms);
	if (take(p, "memory"))
		return take_size(p, &s->memory);
	if (take(p, "output"))
		return take_size(p, &s->output);
	if (take(p, "file"))
		return take_size(p, &s->file);
	if (!take(p, "processes"))
		return wrong(p, "time, memory, processes, output, file", "no such limit", peek(p));
	if (take_number(p, "how many at once", PROCESSES_MAX, &n))
		return -1;
	if (!n)
		return wrong(p, NULL, "then it could not run", "0");
	s->processes = (unsigned int)n;
	return 0;
}

static int take_command(struct parser *p, char ***list, size_t *count)
{
	char **more = one_more(p, *list, *count, sizeof(**list));

	if (!more)
		return -1;
	*list = more;
	return take_text(p, &more[(*count)++], "the command");
}

static int take_head(struct parser *p)
{
	struct grade_spec *s = p->spec;

	if (take(p, "title")) {
		const char *text = p->raw + strlen("title");

		free(s->title);
		while (is_space(*text))
			text++;
		s->title = strdup(text);
		return s->title ? 0 : no_memory(p);
	}
	if (take(p, "at"))
		return take_moment(p, false);
	if (take(p, "every"))
		return take_moment(p, true);
	if (take(p, "limit"))
		return take_bound(p) ? -1 : take_end(p);
	if (take(p, "input"))
		return take_text(p, &s->input, "the text") ? -1 : take_end(p);
	if (take(p, "before"))
		return take_command(p, &s->before, &s->befores) ? -1 : take_end(p);
	if (take(p, "after"))
		return take_command(p, &s->after, &s->afters) ? -1 : take_end(p);
	return wrong(p, "title, limit, input, before, after, at, every; checks are indented",
		     "no line of a specification", peek(p));
}

static int take_line(struct parser *p, const char *text)
{
	char *storage = malloc(2 * strlen(text) + 2);
	int ret;

	if (!storage)
		return no_memory(p);
	ret = split(p, text, storage);
	if (!ret && p->line.count)
		ret = !p->line.indented ? take_head(p) :
		      !strcmp(peek(p), "else") ? take_else(p) : take_check(p);
	free(storage);
	return ret;
}

/* ---- the whole --------------------------------------------------------------- */

static int check_whole(struct parser *p)
{
	p->number = 0;
	if (!p->spec->checks)
		return mms_fail(p->err, MMS_USAGE, "at marker \"ready\", and below, indented: "
				"resident at least 1M", p->what, "it checks nothing");
	return 0;
}

int grade_spec_parse(struct grade_spec *spec, const char *text, size_t len, const char *what,
		     struct mms_error *err)
{
	struct parser p = { .spec = spec, .what = what, .err = err };
	const char *end = text + len;

	*spec = (struct grade_spec){ .time_ms = 10000, .processes = 64, .memory = 1ULL << 30,
				     .output = 1U << 20, .file = 64U << 20 };
	if (len > TEXT_MAX)
		return mms_fail(err, MMS_USAGE, NULL, what, "too long for a specification");
	if (memchr(text, '\0', len))
		return mms_fail(err, MMS_USAGE, NULL, what, "no text: it has a NUL byte");
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((stop ? stop : end) - text);
		char *line = strndup(text, n);
		int ret;

		p.number++;
		while (line && n && is_space(line[n - 1]))
			line[--n] = '\0';
		ret = line ? take_line(&p, line) : no_memory(&p);
		free(line);
		if (ret)
			return -1;
		text = stop ? stop + 1 : end;
	}
	return check_whole(&p);
}

bool grade_needs_mallocs(const struct grade_spec *spec)
{
	for (size_t i = 0; i < spec->checks; i++)
		if (spec->check[i].measure == GRADE_LEAKED)
			return true;
	return false;
}

static void free_sum(struct grade_sum *sum)
{
	for (size_t i = 0; i < sum->count; i++)
		free(sum->term[i].word);
}

static void free_check(struct grade_check *c)
{
	free(c->said);
	free(c->sentence);
	free(c->text);
	free(c->region.symbol);
	free_sum(&c->region.from);
	free_sum(&c->region.to);
	free_sum(&c->a);
	free_sum(&c->b);
	free_sum(&c->within);
	for (size_t k = 0; k < GRADE_SAYINGS_MAX; k++)
		free(c->saying.word[k]);
}

void grade_spec_free(struct grade_spec *spec)
{
	for (size_t i = 0; i < spec->checks; i++)
		free_check(&spec->check[i]);
	for (size_t i = 0; i < spec->moments; i++) {
		free(spec->moment[i].name);
		free(spec->moment[i].text);
	}
	for (size_t i = 0; i < spec->befores; i++)
		free(spec->before[i]);
	for (size_t i = 0; i < spec->afters; i++)
		free(spec->after[i]);
	free(spec->before);
	free(spec->after);
	free(spec->check);
	free(spec->moment);
	free(spec->title);
	free(spec->input);
	memset(spec, 0, sizeof(*spec));
}
