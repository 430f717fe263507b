// SPDX-License-Identifier: GPL-2.0
/*
 * text.c - the widths of terminals and of texts, texts from outside, and a moment as
 * a text.
 */
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "libmmscope.h"
#include "text.h"

int view_width(int most)
{
	const char *told = getenv("COLUMNS");
	struct winsize w;
	int width = told ? atoi(told) : 0;

	if (width <= 0 && isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &w))
		width = w.ws_col;
	if (width <= 0)
		width = 80;
	return width < most ? width : most;
}

bool view_unicode(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

bool view_ascii(const char *text)
{
	static bool asked;

	while (*text && (unsigned char)*text < 0x80)
		text++;
	if (!*text)
		return true;
	if (!asked && !strcmp(setlocale(LC_CTYPE, NULL), "C"))
		setlocale(LC_CTYPE, "");
	asked = true;
	return false;
}

/* Columns of the character at *p, which moves behind it; -1: none in this locale. */
static int step(const char **p, mbstate_t *state)
{
	wchar_t wc;
	size_t n = mbrtowc(&wc, *p, MB_CUR_MAX, state);
	int width;

	if (n == (size_t)-1 || n == (size_t)-2)
		return -1;
	width = wcwidth(wc);
	*p += n;
	return width > 0 ? width : 0;
}

size_t view_cells(const char *text)
{
	mbstate_t state = { 0 };
	size_t cells = 0;

	for (const char *p = text; *p;) {
		int width = step(&p, &state);

		if (width < 0)
			return strlen(text);
		cells += (size_t)width;
	}
	return cells;
}

static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

const char *view_tail(const char *text, size_t room)
{
	size_t cells = view_cells(text);
	mbstate_t state = { 0 };
	const char *p = text, *slash;

	while (*p && cells > room) {
		const char *from = p;
		int width = step(&p, &state);

		if (width >= 0) {
			cells -= (size_t)width;
			continue;
		}
		/* Not text of this locale: bytes count, but no character is cut in two. */
		memset(&state, 0, sizeof(state));
		for (p = from + 1; continues(*p); p++)
			;
		cells = strlen(p);
	}
	slash = p > text ? strchr(p, '/') : NULL;
	return slash && slash[1] ? slash : p;
}

/* Bytes of the longest well-formed start of a text. */
static size_t valid_prefix(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len) {
		size_t step = 1;

		while (step <= 4 && n + step <= len && !mms_utf8_valid(text + n, step))
			step++;
		if (step > 4 || n + step > len)
			break;
		n += step;
	}
	return n;
}

char *view_utf8(const char *text)
{
	size_t len = strlen(text);
	char *clean, *to;

	if (mms_utf8_valid(text, len))
		return strdup(text);
	clean = malloc(3 * len + 1);
	to = clean;
	while (clean && len) {
		size_t n = valid_prefix(text, len);

		to = mempcpy(to, text, n);
		text += n;
		len -= n;
		if (!len)
			break;
		to = mempcpy(to, "\xef\xbf\xbd", 3);
		text++;
		len--;
	}
	if (clean)
		*to = '\0';
	return clean;
}

char *view_harmless(const char *text, bool unicode)
{
	size_t len = mms_escape(text, NULL, 0);
	char *escaped = malloc(len + 1), *shown = malloc(4 * len + 1), *to = shown;

	if (!escaped || !shown) {
		free(escaped);
		free(shown);
		return NULL;
	}
	mms_escape(text, escaped, len + 1);
	for (const char *p = escaped; *p; p++)
		if (unicode || (unsigned char)*p < 0x80)
			*to++ = *p;
		else
			to += sprintf(to, "\\x%02x", (unsigned char)*p);
	*to = '\0';
	free(escaped);
	return shown;
}

char *view_fit(const char *text, size_t room, bool unicode)
{
	const char *dotted = unicode ? "\u2026" : "..", *tail;
	char *shown = view_harmless(text, unicode), *fitted;

	if (!shown || view_cells(shown) <= room)
		return shown;
	tail = room > view_cells(dotted) ? view_tail(shown, room - view_cells(dotted)) : "";
	if (asprintf(&fitted, "%s%s", room >= view_cells(dotted) ? dotted : "", tail) < 0)
		fitted = NULL;
	free(shown);
	return fitted;
}

char *view_time(uint64_t ns, char buf[32])
{
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(buf, 32, "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(buf, 32, "at some time");
	return buf;
}
