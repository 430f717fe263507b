// SPDX-License-Identifier: GPL-2.0
/*
 * parse-number.c - addresses, sizes, ranges and lists of categories, as they are
 * typed on a command line; and back to text.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>

#include "fuzz.h"
#include "private.h"

static void check_error(const struct mms_error *err)
{
	PROMISE(err->status == MMS_USAGE);
	PROMISE(strnlen(err->what, sizeof(err->what)) < sizeof(err->what));
	PROMISE(*err->why && strnlen(err->why, sizeof(err->why)) < sizeof(err->why));
}

static void check_address(const char *text)
{
	struct mms_error err = { 0 };
	uint64_t v, want;
	char *end;

	if (mms_address_parse(text, &v, &err)) {
		check_error(&err);
		return;
	}
	errno = 0;
	want = strtoull(text, &end, 16);
	PROMISE(!errno && !*end && v == want);
}

static void check_size(const char *text)
{
	struct mms_error err = { 0 };
	uint64_t v, whole, again;
	char buf[16], *behind;

	if (mms_size_parse(text, &v, &err)) {
		check_error(&err);
		return;
	}
	/* A fraction or a unit makes it larger, nothing makes it smaller. */
	errno = 0;
	whole = strtoull(text, &behind, 10);
	PROMISE(!errno && isdigit((unsigned char)*text) && v >= whole);
	PROMISE(*behind || v == whole);
	/* Shown in three figures, and read again, it is near. */
	PROMISE(mms_size_format(v, buf) == buf && strlen(buf) < sizeof(buf));
	if (!mms_size_parse(buf, &again, NULL))
		PROMISE((again > v ? again - v : v - again) <= v / 16);
	else	/* rounded up to what there is no number for */
		PROMISE(!strcmp(buf, "16.0E"));
}

static void check_range(const char *text)
{
	struct mms_error err = { 0 };
	uint64_t start, end, mask = mms_page_size() - 1, from;

	if (mms_range_parse(text, &start, &end, &err)) {
		check_error(&err);
		return;
	}
	from = strtoull(text, NULL, 16);
	PROMISE(!((start | end) & mask) && start <= from && from - start <= mask);
	PROMISE(start < end && end > from);
}

static void check_categories(const char *text)
{
	struct mms_error err = { 0 };
	uint64_t mask, again;
	char buf[1024], less[20];
	int n;

	if (mms_categories_parse(text, &mask, &err)) {
		check_error(&err);
		return;
	}
	PROMISE(mask && !(mask & ~MMSCOPE_CATS_ALL));
	n = mms_categories_format(mask, buf, sizeof(buf));
	PROMISE(n > 0 && (size_t)n == strlen(buf));
	PROMISE(!mms_categories_parse(buf, &again, NULL) && again == mask);
	PROMISE(mms_categories_format(mask, less, sizeof(less)) == n);
	PROMISE(!strncmp(less, buf, strlen(less)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);

	check_address(text);
	check_size(text);
	check_range(text);
	check_categories(text);
	free(text);
	return 0;
}
