// SPDX-License-Identifier: GPL-2.0
/*
 * step.c - the steps of a lesson: what they say, and the verdict on each
 * prediction that is a figure.
 */
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

#define TEXT_MAX	1024

static void say(struct lesson *l, enum view_lesson_kind kind, const char *who,
		const char *format, va_list args)
{
	char text[TEXT_MAX];

	vsnprintf(text, sizeof(text), format, args);
	view_lesson_line(l->view, kind, who, text);
}

#define SAY(kind, who) do { va_list args; va_start(args, text); \
	say(l, kind, who, text, args); va_end(args); } while (0)

void step(struct lesson *l, const char *slug, const char *title, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, title);
	vsnprintf(text, sizeof(text), title, args);
	va_end(args);
	snprintf(l->slug, sizeof(l->slug), "%s", slug);
	l->number++;
	l->failed = l->waited = false;
	view_lesson_step(l->view, l->number, slug, text);
	for (struct subject *s = l->subjects; s; s = s->next)
		if (!s->dead)
			subject_note_break(s);
}

void predict(struct lesson *l, const char *text, ...)
{
	SAY(VIEW_LESSON_PREDICT, NULL);
}

void doing(struct lesson *l, const char *text, ...)
{
	wait_for_reader(l);
	SAY(VIEW_LESSON_DO, NULL);
}

void observe(struct lesson *l, const char *who, const char *text, ...)
{
	SAY(VIEW_LESSON_OBSERVE, who);
}

void note(struct lesson *l, const char *text, ...)
{
	SAY(VIEW_LESSON_NOTE, NULL);
}

/* Only for a person: in a pipe nobody would press Enter. */
void wait_for_reader(struct lesson *l)
{
	int c;

	if (!l->wait || l->waited || !l->number)
		return;
	l->waited = true;
	printf("           [Enter]");
	fflush(stdout);
	do
		c = getchar();
	while (c != '\n' && c != EOF);
	if (!isatty(STDIN_FILENO))
		printf("\n");
	if (c == EOF)
		l->wait = false;
}

bool verdict(struct lesson *l, const char *what, enum verdict v, const char *mend,
	     const char *format, ...)
{
	char name[160], text[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(name, sizeof(name), "lesson.%s.%s.%s", l->info->name,
		 *l->slug ? l->slug : "start", what);
	if (v == VERDICT_WRONG) {
		l->failed = true;
		l->failures++;
	}
	view_lesson_check(l->view, name, (enum view_lesson_status)v, text, mend);
	return v == VERDICT_OK;
}

void give_up(struct lesson *l)
{
	longjmp(l->out, 1);
}

void skip_step(struct lesson *l, const char *mend, const char *why, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, why);
	vsnprintf(text, sizeof(text), why, args);
	va_end(args);
	verdict(l, "skipped", VERDICT_SKIP, mend, "%s", text);
}

void need(struct lesson *l, bool cond, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list args;

	if (cond)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	verdict(l, "needed", VERDICT_WRONG, NULL, "%s", text);
	give_up(l);
}

bool step_failed(const struct lesson *l)
{
	return l->failed;
}

const struct machine *lesson_machine(const struct lesson *l)
{
	return &l->machine;
}

int lesson_nargs(const struct lesson *l)
{
	return l->nargs;
}

const char *lesson_arg(const struct lesson *l, int i)
{
	return i < l->nargs ? l->args[i] : NULL;
}

bool lesson_static(const struct lesson *l)
{
	return l->is_static;
}

/* ---- figures --------------------------------------------------------------- */

char *figure(uint64_t value, enum unit unit, char buf[64])
{
	char size[16];

	switch (unit) {
	case UNIT_BYTES:
		snprintf(buf, 64, "%" PRIu64 " bytes", value);
		if (value >= 1024 && value % 1024 == 0)
			snprintf(buf, 64, "%" PRIu64 " bytes (%s)", value,
				 mms_size_format(value, size));
		break;
	case UNIT_PAGES:
		snprintf(buf, 64, "%" PRIu64 " page%s", value, value == 1 ? "" : "s");
		break;
	case UNIT_ADDRESS:
		snprintf(buf, 64, "0x%" PRIx64, value);
		break;
	case UNIT_SIGNED:
		snprintf(buf, 64, "%+" PRId64, (int64_t)value);
		break;
	case UNIT_ERRNO:
		snprintf(buf, 64, "%s", value ? strerrorname_np((int)value) ?: "?" : "success");
		break;
	case UNIT_NUMBER:
		snprintf(buf, 64, "%" PRIu64, value);
	}
	return buf;
}

bool expect_true(struct lesson *l, const char *what, bool cond, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return verdict(l, what, cond ? VERDICT_OK : VERDICT_WRONG, NULL, "%s%s",
		       cond ? "" : "it is not so: ", text);
}

bool expect_equal(struct lesson *l, const char *what, const char *label, uint64_t got,
		  uint64_t want, enum unit unit)
{
	char g[64], w[64];

	if (got == want)
		return verdict(l, what, VERDICT_OK, NULL, "%s: %s", label, figure(got, unit, g));
	return verdict(l, what, VERDICT_WRONG, NULL, "%s: %s, not %s as predicted", label,
		       figure(got, unit, g), figure(want, unit, w));
}

bool expect_between(struct lesson *l, const char *what, const char *label, uint64_t got,
		    uint64_t low, uint64_t high, enum unit unit)
{
	char g[64], a[64], b[64];
	bool good = low <= got && got <= high;

	return verdict(l, what, good ? VERDICT_OK : VERDICT_WRONG, NULL,
		       "%s: %s, %sbetween %s and %s", label, figure(got, unit, g),
		       good ? "" : "not ", figure(low, unit, a), figure(high, unit, b));
}

bool expect_errno(struct lesson *l, const char *what, struct subject *s, int errnum)
{
	return expect_equal(l, what, "the call", (uint64_t)s->last.errnum, (uint64_t)errnum,
			    UNIT_ERRNO);
}

bool expect_faults(struct lesson *l, const char *what, struct subject *s, uint64_t low,
		   uint64_t high)
{
	uint64_t faults = s->last.minor + s->last.major;

	if (low == high)
		return expect_equal(l, what, "page faults", faults, low, UNIT_NUMBER);
	return expect_between(l, what, "page faults", faults, low, high, UNIT_NUMBER);
}

/* ---- faults, death --------------------------------------------------------- */

static const char *code_name(int signo, int code)
{
	static const struct { int signo, code; const char *name; } names[] = {
		{ SIGSEGV, SEGV_MAPERR, "SEGV_MAPERR" }, { SIGSEGV, SEGV_ACCERR, "SEGV_ACCERR" },
		{ SIGSEGV, SEGV_PKUERR, "SEGV_PKUERR" }, { SIGBUS, BUS_ADRERR, "BUS_ADRERR" },
		{ SIGSEGV, SI_KERNEL, "SI_KERNEL" }, { SIGBUS, BUS_ADRALN, "BUS_ADRALN" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].signo == signo && names[i].code == code)
			return names[i].name;
	return "?";
}

static void fault_words(int signo, int code, uint64_t address, char buf[96])
{
	if (signo)
		snprintf(buf, 96, "SIG%s, %s, at 0x%" PRIx64, sigabbrev_np(signo) ?: "?",
			 code_name(signo, code), address);
	else
		snprintf(buf, 96, "no signal");
}

bool expect_fault(struct lesson *l, const char *what, struct subject *s, uint64_t address,
		  char how, int signo, int code)
{
	struct subject_fault f;
	char got[96], want[96];
	/* For an address that is none the kernel cannot say which it was. */
	uint64_t at = signo && code != SI_KERNEL ? address : 0;

	subject_probe(s, address, how, &f);
	fault_words(f.signo, f.code, f.address, got);
	fault_words(signo, code, at, want);
	if (f.signo == signo && f.code == code && f.address == at)
		return verdict(l, what, VERDICT_OK, NULL, "%s", got);
	return verdict(l, what, VERDICT_WRONG, NULL, "%s; predicted: %s", got, want);
}

/* The message without its last newline, harmless for a terminal. */
static const char *last_words(struct subject *s)
{
	size_t len = strlen(s->err_text);

	mms_escape(s->err_text, s->shown, sizeof(s->shown));
	if (len && s->err_text[len - 1] == '\n' && strlen(s->shown) >= 2)
		s->shown[strlen(s->shown) - 2] = 0;
	return s->shown;
}

bool expect_death(struct lesson *l, const char *what, struct subject *s, int signo,
		  const char *regex)
{
	bool signalled = s->dead && WIFSIGNALED(s->status);
	int got = signalled ? WTERMSIG(s->status) : 0;
	const char *words = last_words(s);
	regex_t re;
	bool matches = true;

	if (got != signo)
		return verdict(l, what, VERDICT_WRONG, NULL, "the subject %s%s, not SIG%s as predicted",
			       got ? "was killed by SIG" : s->dead ? "exited by itself" : "lives",
			       got ? sigabbrev_np(got) ?: "?" : "", sigabbrev_np(signo) ?: "?");
	if (regex && !regcomp(&re, regex, REG_EXTENDED | REG_NOSUB)) {
		matches = !regexec(&re, s->err_text, 0, NULL, 0);
		regfree(&re);
	}
	if (!matches)
		return verdict(l, what, VERDICT_WRONG, NULL, "killed by SIG%s, but it said \"%s\"",
			       sigabbrev_np(signo) ?: "?", words);
	return verdict(l, what, VERDICT_OK, NULL, "killed by SIG%s%s%s%s", sigabbrev_np(signo) ?: "?",
		       regex ? "; its last words: \"" : "", regex ? words : "", regex ? "\"" : "");
}
