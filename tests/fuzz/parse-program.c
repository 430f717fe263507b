// SPDX-License-Identifier: GPL-2.0
/*
 * parse-program.c - the programs of fuzz-ioctl, which people may edit: what is read
 * is written as the same, and so is whatever the fuzzer makes up.
 */
#include "fuzz.h"
#include "program.h"

static void check_same(const struct program *p)
{
	char *text = program_text(p), *again;
	struct program read;
	unsigned int line;

	PROMISE(p->count <= CALLS_MAX);
	PROMISE(program_parse(&read, text, &line) && read.count == p->count);
	again = program_text(&read);
	PROMISE(!strcmp(text, again));
	free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);
	struct program p, other;
	unsigned int line = 0;

	if (program_parse(&p, text, &line))
		check_same(&p);
	else
		PROMISE(line > 0);
	for (size_t i = 0; i < size && i < 8; i++)
		random_seed((uint64_t)data[i] << 8 | i);
	program_make(&other);
	check_same(&other);
	program_mutate(&p, &other);
	check_same(&p);
	free(text);
	return 0;
}
