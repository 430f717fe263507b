// SPDX-License-Identifier: GPL-2.0
/*
 * number.c - addresses, ranges, sizes; and text from outside made harmless.
 */
#include "kit.h"
#include "libmmscope.h"

static void addresses(void **state)
{
	static const struct { const char *text; uint64_t value; } good[] = {
		{ "0", 0 }, { "0x0", 0 }, { "1000", 0x1000 }, { "0x7ffd1c2b3a40", 0x7ffd1c2b3a40 },
		{ "0XFF", 0xff }, { "DeadBeef", 0xdeadbeef },
		{ "ffffffffffffffff", UINT64_MAX }, { "0000000000000000001", 1 },
	};
	static const char *const bad[] = {
		"", "0x", "x", "0xg", "12 ", " 12", "-1", "+1", "1-2", "10000000000000000",
		"0x0x1", "main",
	};
	struct mms_error err;
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(mms_address_parse(good[i].text, &v, &err), 0);
		assert_true(v == good[i].value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(mms_address_parse(bad[i], &v, &err), -1);
		assert_int_equal(err.status, MMS_USAGE);
		assert_true(err.mend[0]);
	}
	assert_int_equal(mms_address_parse("zz", &v, NULL), -1);
}

static void ranges(void **state)
{
	static const char *const bad[] = {
		"", "1000", "1000-", "-1000", "2000-1000", "1000-1000", "1000+0", "1000+",
		"1000+x", "1000-2000x", "1000..2000",
	};
	uint64_t page = mms_page_size(), start, end;
	struct mms_error err;

	(void)state;
	assert_int_equal(mms_range_parse("10000-20000", &start, &end, &err), 0);
	assert_true(start == 0x10000 && end == 0x20000);
	assert_int_equal(mms_range_parse("0x10001-0x10002", &start, &end, &err), 0);
	assert_true(start == 0x10000 && end == 0x10000 + page);
	assert_int_equal(mms_range_parse("10000+64K", &start, &end, &err), 0);
	assert_true(end == 0x20000);
	assert_int_equal(mms_range_parse("0-ffffffffffffffff", &start, &end, &err), 0);
	assert_true(end == ~(page - 1));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(mms_range_parse(bad[i], &start, &end, &err), -1);
		assert_int_equal(err.status, MMS_USAGE);
	}
}

static void sizes_read(void **state)
{
	static const struct { const char *text; uint64_t value; } good[] = {
		{ "0", 0 }, { "1", 1 }, { "4096", 4096 }, { "4096B", 4096 }, { "4k", 4096 },
		{ "64K", 65536 }, { "1.5M", 1572864 }, { "2G", 2147483648 }, { "1T", 1ULL << 40 },
		{ "1KiB", 1024 }, { "18446744073709551615", UINT64_MAX }, { "15E", 15ULL << 60 },
	};
	static const char *const bad[] = {
		"", "K", "-1", "1X", "1KK", "1 K", "16E", "18446744073709551616", "0x10", "1.5.5",
		"20000000000000000K", "15.99999999999999999999E",
	};
	struct mms_error err;
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(mms_size_parse(good[i].text, &v, &err), 0);
		assert_true(v == good[i].value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(mms_size_parse(bad[i], &v, &err), -1);
		assert_int_equal(err.status, MMS_USAGE);
	}
}

static void sizes_written(void **state)
{
	static const struct { uint64_t value; const char *text; } cases[] = {
		{ 0, "0" }, { 1, "1B" }, { 1023, "1023B" }, { 1024, "1K" }, { 4096, "4K" },
		{ 1025, "1.0K" }, { 1536, "1.5K" }, { 135168, "132K" }, { 139164, "135.9K" },
		{ 1048575, "1.0M" }, { 1048576, "1M" }, { 1572864, "1.5M" },
		{ 1ULL << 40, "1T" }, { (1ULL << 40) + 1, "1.0T" }, { UINT64_MAX, "16.0E" },
	};
	char buf[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(mms_size_format(cases[i].value, buf), cases[i].text);
}

/* What is written without a point is exact: reading it gives the number again. */
static void sizes_round_trip(void **state)
{
	struct mms_error err;
	uint64_t v, back;
	char buf[16];

	(void)state;
	for (unsigned int shift = 0; shift < 64; shift++)
		for (int delta = -1; delta <= 1; delta++) {
			v = (1ULL << shift) + (uint64_t)(int64_t)delta;
			mms_size_format(v, buf);
			if (strchr(buf, '.'))
				continue;
			assert_int_equal(mms_size_parse(buf, &back, &err), 0);
			assert_true(back == v);
		}
}

static void escapes(void **state)
{
	static const struct { const char *text, *shown; } cases[] = {
		{ "", "" }, { "plain", "plain" }, { "a b", "a b" }, { "a\nb", "a\\nb" },
		{ "a\tb\r", "a\\tb\\r" }, { "back\\slash", "back\\\\slash" },
		{ "\033[31mred", "\\x1b[31mred" }, { "\x7f", "\\x7f" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" }, { "caf\xe9", "caf\\xe9" },
		{ "\xc2\x9b", "\\xc2\\x9b" },		/* CSI as one character */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },	/* half a surrogate pair */
		{ "\xc0\xaf", "\\xc0\\xaf" },		/* an overlong '/' */
		{ "\xf0\x9f\x90\xa7", "\xf0\x9f\x90\xa7" }, { "\xf0\x9f\x90", "\\xf0\\x9f\\x90" },
	};
	char buf[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(mms_escape(cases[i].text, buf, sizeof(buf)),
				 strlen(cases[i].shown));
		assert_string_equal(buf, cases[i].shown);
	}
}

static void escapes_in_little_room(void **state)
{
	const char *text = "ab\n\xc3\xa9z";	/* shown: a b \n é z, of 1 1 2 2 1 bytes */
	static const char *const shown[] = { "", "", "a", "ab", "ab", "ab\\n", "ab\\n",
					     "ab\\n\xc3\xa9", "ab\\n\xc3\xa9z" };
	char buf[16];

	(void)state;
	for (size_t size = 0; size < ARRAY_SIZE(shown); size++) {
		memset(buf, 'x', sizeof(buf));
		assert_int_equal(mms_escape(text, buf, size), 7);
		assert_int_equal(buf[size], 'x');
		if (size)
			assert_string_equal(buf, shown[size]);
	}
}

static void utf8(void **state)
{
	(void)state;
	assert_true(mms_utf8_valid("", 0));
	assert_true(mms_utf8_valid("\xe2\x82\xac", 3));
	assert_false(mms_utf8_valid("\xe2\x82\xac", 2));
	assert_false(mms_utf8_valid("\xf4\x90\x80\x80", 4));
	assert_false(mms_utf8_valid("\xff", 1));
	assert_true(mms_utf8_valid("a\0b", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("unit.number.addresses", addresses),
		TEST("unit.number.ranges", ranges),
		TEST("unit.number.sizes_read", sizes_read),
		TEST("unit.number.sizes_written", sizes_written),
		TEST("unit.number.sizes_round_trip", sizes_round_trip),
		TEST("unit.number.escapes", escapes),
		TEST("unit.number.escapes_in_little_room", escapes_in_little_room),
		TEST("unit.number.utf8", utf8),
	};

	return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
