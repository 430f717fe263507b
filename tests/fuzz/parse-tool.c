// SPDX-License-Identifier: GPL-2.0
/*
 * parse-tool.c - what tools of students print: words, lists of pages, amounts. The
 * first line of the input is a saying, the rest is the answer.
 */
#include "../../user/grade/tool.h"
#include "fuzz.h"

#define START	0x7f0000000000ULL

static void check_list(const char *answer)
{
	struct tool_run runs[] = {
		{ START, START + 2 * 4096 }, { START + 5 * 4096, START + 6 * 4096 },
	};
	struct tool_pages pages = { .run = runs, .runs = 2, .count = 3 };
	uint64_t missing, extra;
	char *line = tool_line_of(answer, START, START, START + 32 * 4096);

	PROMISE(line && !strchr(line, '\n'));
	PROMISE(!strcmp(line, "not listed") || strstr(answer, line));
	free(line);
	if (tool_compare(answer, &pages, START, START + 32 * 4096, &missing, &extra))
		PROMISE(missing <= 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size), *answer = strchr(text, '\n');
	size_t has;

	if (answer) {
		*answer++ = '\0';
		has = tool_has(answer, text);
		PROMISE(!has || has == strlen(text));
		check_list(answer);
		/* More numbers never make an answer right that had too many. */
		PROMISE(!tool_tells(answer, 8192, 0, false, 0));
		tool_tells(answer, 8192, 4096, true, 4);
	}
	free(text);
	return 0;
}
