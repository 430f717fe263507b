// SPDX-License-Identifier: GPL-2.0
/*
 * pattern.c - the letters by which the states of pages are predicted.  Pure;
 * lesson.h tells what they mean, at expect_pages().
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

static const char letters[] = ".zZRHFMScTugsh_";

bool pattern_allows(char wanted, char letter)
{
	switch (wanted) {
	case '?':
		return true;
	case 'P':
		return strchr("zZRHFMhs", letter);
	case 'N':
		return strchr(".cuSTg", letter);
	case 'A':
		return letter == 'R' || letter == 'H';
	case '0':
		return letter == 'z' || letter == 'Z';
	}
	return wanted == letter;
}

const char *pattern_spread(const char *p, size_t pages, char *buf)
{
	size_t at = 0;

	while (*p) {
		char letter = *p++;
		unsigned long long n = 1;

		if (letter == ' ')
			continue;
		if (!strchr(letters, letter) && !strchr("?PNA0", letter))
			return "a letter that means nothing";
		if (*p == '*') {
			p++;
			n = isdigit((unsigned char)*p) ? strtoull(p, (char **)&p, 10) : pages - at;
		}
		if (n > pages - at)
			return "it is of more pages than the range";
		memset(buf + at, letter, n);
		at += n;
	}
	buf[at] = 0;
	return at == pages ? NULL : "it is of fewer pages than the range";
}
