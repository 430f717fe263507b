// SPDX-License-Identifier: GPL-2.0
/*
 * metrics.c - what a monitoring system is told: labels from names of any bytes, the
 * two ways to type a counter, and that what is not known is left out.
 */
#include "kit.h"
#include "../../user/view/metrics.h"

static char *text_of(const struct view_metrics *m, bool openmetrics)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	view_metrics_text(out, m, openmetrics);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void labels(void **state)
{
	static const struct { const char *name, *quoted; } cases[] = {
		{ "", "\"\"" }, { "plain", "\"plain\"" }, { "a b", "\"a b\"" },
		{ "a\"b", "\"a\\\"b\"" }, { "a\\b", "\"a\\\\b\"" }, { "a\nb", "\"a\\nb\"" },
		{ "a\\nb", "\"a\\\\nb\"" }, { "\\\"", "\"\\\\\\\"\"" },
		{ "a\tb\r\001", "\"a\tb\r\001\"" },	/* nothing else is escaped */
		{ "caf\xc3\xa9", "\"caf\xc3\xa9\"" }, { "\xf0\x9f\x90\xa7", "\"\xf0\x9f\x90\xa7\"" },
		{ "caf\xe9", "\"caf\xef\xbf\xbd\"" },
		{ "\xff\"", "\"\xef\xbf\xbd\\\"\"" },
		{ "\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },	/* each byte */
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "%s%n", "\"%s%n\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);

		assert_non_null(out);
		view_metrics_quote(out, cases[i].name);
		assert_int_equal(fclose(out), 0);
		assert_string_equal(text, cases[i].quoted);
		free(text);
	}
}

static void nothing_known(void **state)
{
	struct view_metrics_process p = { .proc = { .pid = 7, .comm = "x" }, .source = "procfs" };
	struct view_metrics m = { .count = 1, .process = &p, .unreadable = 2 };
	char *text = text_of(&m, false);

	(void)state;
	assert_string_equal(text,
			    "# HELP mmscope_processes_unreadable "
			    "Processes that were asked for and may not be looked at.\n"
			    "# TYPE mmscope_processes_unreadable gauge\n"
			    "mmscope_processes_unreadable 2\n"
			    "# EOF\n");
	free(text);
}

/* A zero that is known is told; a figure of one process alone does not wait for others. */
static void some_known(void **state)
{
	struct view_metrics_process p[2] = {
		{ .proc = { .pid = 7, .comm = "x" } },
		{ .proc = { .pid = 8, .comm = "y", .start_ns = 1500000000, .start_known = true } },
	};
	struct view_metrics m = { .count = 2, .process = p, .boot_ns = 1000000000,
				  .boot_known = true };
	char *text;

	(void)state;
	p[1].mm.fact[MMS_MM_SWAP].from = MMS_FROM_STATUS;
	p[0].mm.fact[MMS_MM_BRK] = (struct mms_fact){ 0x5005, MMS_FROM_MODULE };
	p[1].mm.fact[MMS_MM_START_BRK] = (struct mms_fact){ 0x1000, MMS_FROM_STAT };
	text = text_of(&m, false);
	assert_non_null(strstr(text, "\nmmscope_process_swapped_bytes{pid=\"8\",comm=\"y\"} 0\n"));
	assert_non_null(strstr(text, "_start_time_seconds{pid=\"8\",comm=\"y\"} 2.500000000\n"));
	assert_null(strstr(text, "heap"));	/* of both one end alone */
	assert_null(strstr(text, "pid=\"7\""));
	free(text);
	p[0].mm.fact[MMS_MM_START_BRK] = (struct mms_fact){ 0x5000, MMS_FROM_MODULE };
	text = text_of(&m, false);
	assert_non_null(strstr(text, "\nmmscope_process_heap_bytes{pid=\"7\",comm=\"x\"} 5\n"));
	free(text);
}

static void types(void **state)
{
	struct view_metrics m = { .loaded = true, .loaded_known = true };
	char *text;

	(void)state;
	strcpy(m.info.version, "1.2\"");
	m.info.abi = 3;
	m.info.batches = 4;
	m.info.holds[1] = 3;
	m.info.holds[MMSCOPE_HOLDS - 1] = 1;
	m.info.hold_ns = 2000000005;
	m.info.longest_hold_ns = 5;
	text = text_of(&m, false);
	assert_non_null(strstr(text, "\n# TYPE mmscope_module_info gauge\n"
				     "mmscope_module_info{version=\"1.2\\\"\",abi=\"3\"} 1\n"));
	assert_non_null(strstr(text, "\n# TYPE mmscope_module_lock_hold_seconds histogram\n"
				     "# UNIT mmscope_module_lock_hold_seconds seconds\n"
				     "mmscope_module_lock_hold_seconds_bucket{le=\"0.000001\"} 0\n"
				     "mmscope_module_lock_hold_seconds_bucket{le=\"0.000002\"} 3\n"));
	assert_non_null(strstr(text, "_bucket{le=\"0.016384\"} 3\n"
				     "mmscope_module_lock_hold_seconds_bucket{le=\"+Inf\"} 4\n"
				     "mmscope_module_lock_hold_seconds_sum 2.000000005\n"
				     "mmscope_module_lock_hold_seconds_count 4\n"));
	assert_non_null(strstr(text, "\nmmscope_module_longest_lock_hold_seconds 0.000000005\n"));
	free(text);
	m.info.batches = UINT64_MAX;	/* not told */
	text = text_of(&m, true);
	assert_non_null(strstr(text, "\n# TYPE mmscope_module info\nmmscope_module_info{"));
	assert_null(strstr(text, "module_lock_hold"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("unit.metrics.labels", labels),
		TEST("unit.metrics.nothing_known", nothing_known),
		TEST("unit.metrics.some_known", some_known),
		TEST("unit.metrics.types", types),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
