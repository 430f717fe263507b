/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fuzz.h - what the targets parse-*.c share. A target is one function, which is
 * given bytes that may be anything, has them parsed, and sees to it that what
 * comes out keeps its promises.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Returns 0; does not return if a promise is broken. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Unlike assert() it is there whatever the build. */
#define PROMISE(kept) do {								\
	if (!(kept)) {									\
		fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #kept);	\
		abort();								\
	}										\
} while (0)

/* The bytes as a text; just as large as it is, so that a read behind it is seen. */
static inline char *text_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* Takes up to 8 bytes off the front, as a number. */
static inline uint64_t number_of(const uint8_t **data, size_t *size, size_t bytes)
{
	uint64_t v = 0;

	for (; bytes && *size; bytes--, ++*data, --*size)
		v = v << 8 | **data;
	return v;
}

#endif
