// SPDX-License-Identifier: GPL-2.0
/*
 * number.c - addresses, ranges and sizes, from text and to text, and text
 * from outside made harmless.  Pure: no state, no locale, no allocation.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

/* Hexadecimal digits up to the first other byte; false if none or too many. */
static bool parse_hex(const char **text, uint64_t *value)
{
	const char *p = *text;
	uint64_t v = 0;
	int digits = 0;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		p += 2;
	for (; isxdigit((unsigned char)*p); p++, digits++) {
		if (v >> 60)
			return false;
		v = v << 4 | (uint64_t)(isdigit((unsigned char)*p) ?
			*p - '0' : tolower((unsigned char)*p) - 'a' + 10);
	}
	*text = p;
	*value = v;
	return digits > 0;
}

int mms_address_parse(const char *text, uint64_t *address, struct mms_error *err)
{
	const char *p = text;
	uint64_t v;

	if (!parse_hex(&p, &v) || *p)
		return mms_fail(err, MMS_USAGE, "addresses are hexadecimal: 0x7ffd1c2b3000",
				text, "not an address");
	*address = v;
	return 0;
}

/* The unit behind a number: its power of two, or -1 if it is none. */
static int parse_unit(const char *p)
{
	static const char units[] = "KMGTPE";
	const char *unit = *p ? strchr(units, toupper((unsigned char)*p)) : NULL;

	if (unit) {
		p++;
		if (p[0] == 'i' && p[1] == 'B')
			p += 2;
	} else if (*p == 'B') {
		p++;
	}
	if (*p)
		return -1;
	return unit ? 10 * (int)(unit - units + 1) : 0;
}

/* What is behind the point, as a part of 2^32; that is finer than it is shown. */
static uint64_t parse_fraction(char **p)
{
	double part = 0, place = 0.1;

	for (++*p; isdigit((unsigned char)**p); ++*p, place /= 10)
		part += (**p - '0') * place;
	return (uint64_t)(part * 4294967296.0);
}

int mms_size_parse(const char *text, uint64_t *bytes, struct mms_error *err)
{
	const char *mend = "a number of bytes, or with a unit: 4096, 64K, 1.5M, 2G, 1T";
	uint64_t whole, fraction = 0;
	char *end = NULL;
	int shift;

	errno = 0;
	whole = isdigit((unsigned char)text[0]) ? strtoull(text, &end, 10) : 0;
	if (end && *end == '.')
		fraction = parse_fraction(&end);
	shift = end ? parse_unit(end) : -1;
	if (shift < 0)
		return mms_fail(err, MMS_USAGE, mend, text, "not a size");
	if (errno || whole > UINT64_MAX >> shift)
		return mms_fail(err, MMS_USAGE, mend, text, "too large");
	fraction = shift <= 32 ? fraction >> (32 - shift) : fraction << (shift - 32);
	if (fraction > UINT64_MAX - (whole << shift))
		return mms_fail(err, MMS_USAGE, mend, text, "too large");
	*bytes = (whole << shift) + fraction;
	return 0;
}

int mms_range_parse(const char *text, uint64_t *start, uint64_t *end,
		    struct mms_error *err)
{
	const char *mend = "a range is START-END or START+SIZE: 0x7f1200000-0x7f1300000";
	const char *p = text;
	uint64_t mask = mms_page_size() - 1, from, to, size;

	if (!parse_hex(&p, &from))
		return mms_fail(err, MMS_USAGE, mend, text, "not a range");
	if (*p == '+') {
		if (mms_size_parse(p + 1, &size, err))
			return -1;
		to = from + size;
	} else if (*p++ != '-' || !parse_hex(&p, &to) || *p) {
		return mms_fail(err, MMS_USAGE, mend, text, "not a range");
	}
	if (to <= from)
		return mms_fail(err, MMS_USAGE, mend, text, "the range is empty");
	*start = from & ~mask;
	*end = to + mask < to ? ~mask : (to + mask) & ~mask;
	return 0;
}

char *mms_size_format(uint64_t bytes, char buf[16])
{
	static const char units[] = "BKMGTPE";
	int unit = 0;
	uint64_t whole, rest;

	if (!bytes)
		return strcpy(buf, "0");
	while (unit < 6 && bytes >> (10 * (unit + 1)))
		unit++;
	whole = bytes >> (10 * unit);
	rest = unit ? bytes & ((1ULL << (10 * unit)) - 1) : 0;
	if (!rest) {
		snprintf(buf, 16, "%llu%c", (unsigned long long)whole, units[unit]);
		return buf;
	}
	/* Tenths, rounded; what is not exact keeps its point: "5.0K", "1.0M". */
	rest = (((rest >> (10 * (unit - 1))) * 10) + 512) >> 10;
	if (rest == 10) {
		rest = 0;
		whole++;
	}
	if (whole == 1024) {
		whole = 1;
		unit++;
	}
	snprintf(buf, 16, "%u.%u%c", (unsigned int)whole, (unsigned int)rest % 10, units[unit]);
	return buf;
}

/* Bytes of the UTF-8 character at p, at most `len`; 0 if it is none. */
static size_t utf8_char(const unsigned char *p, size_t len)
{
	size_t n;
	uint32_t c;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (n > len)
		return 0;
	c = p[0] & (0x7f >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if ((n == 3 && (c < 0x800 || (c >= 0xd800 && c < 0xe000))) ||
	    (n == 4 && (c < 0x10000 || c > 0x10ffff)))
		return 0;
	return n;
}

bool mms_utf8_valid(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;

	while (len) {
		size_t n = utf8_char(p, len);

		if (!n)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

/* One unit of output for what is at p; returns the bytes eaten. */
static size_t escape_one(const unsigned char *p, size_t len, char out[8], size_t *outlen)
{
	static const char plain[] = "\n\t\r\\", letter[] = "ntr\\";
	size_t n = utf8_char(p, len);
	const char *found;
	/* U+0080..U+009F steer terminals as well. */
	bool control = p[0] < 0x20 || p[0] == 0x7f || (n == 2 && p[0] == 0xc2 && p[1] < 0xa0);

	found = memchr(plain, p[0], sizeof(plain) - 1);
	if (found) {
		*outlen = (size_t)sprintf(out, "\\%c", letter[found - plain]);
		return 1;
	}
	if (!n || control) {
		*outlen = (size_t)sprintf(out, "\\x%02x", p[0]);
		return 1;
	}
	memcpy(out, p, n);
	*outlen = n;
	return n;
}

size_t mms_escape(const char *text, char *buf, size_t size)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t left = strlen(text), total = 0, used = 0;
	bool full = size == 0;

	while (left) {
		char out[8];
		size_t outlen, n = escape_one(p, left, out, &outlen);

		if (!full && used + outlen < size) {
			memcpy(buf + used, out, outlen);
			used += outlen;
		} else {
			full = true;
		}
		total += outlen;
		p += n;
		left -= n;
	}
	if (size)
		buf[used] = '\0';
	return total;
}
