// SPDX-License-Identifier: GPL-2.0
/*
 * timeline.c - the bounds of a timeline: how many events are kept and which, how many
 * bytes, that the others are counted; and that what comes out is one page of sound JSON.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"
#include "../../user/view/timeline.h"

static struct view_timeline *begin(void)
{
	struct view_timeline *t = view_timeline_new(7, "</script>\"\x01", "procfs", false);

	assert_non_null(t);
	return t;
}

static void note(struct view_timeline *t, const char *text)
{
	struct mms_trace_event e = { .kind = MMS_TRACE_NOTE, .pid = 7, .tid = 7, .text = text };

	view_timeline_event(t, &e);
}

static void fault(struct view_timeline *t, uint64_t page)
{
	struct mms_trace_event e = { .kind = MMS_TRACE_FAULT, .pid = 7, .tid = 7,
				     .time_ns = page, .address = page << 12 };

	view_timeline_event(t, &e);
}

/* The page's data, which are the only JSON in it; and how long it is. */
static struct json_object *draw_sized(struct view_timeline *t, size_t *size)
{
	static const char mark[] = "<script type=\"application/json\" id=\"data\">";
	struct json_object *data;
	char *page = NULL, *from, *end;
	size_t len = 0;
	FILE *out = open_memstream(&page, &len);

	assert_non_null(out);
	assert_true(view_timeline_draw(out, t));
	assert_int_equal(fclose(out), 0);
	assert_int_equal(strlen(page), len);
	*size = len;
	from = strstr(page, mark);
	assert_non_null(from);
	from += sizeof(mark) - 1;
	end = strchr(from, '<');
	assert_non_null(end);
	assert_memory_equal(end, "</script>", 9);
	*end = '\0';
	data = json_tokener_parse(from);
	assert_non_null(data);
	free(page);
	return data;
}

static struct json_object *draw(struct view_timeline *t)
{
	size_t size;

	return draw_sized(t, &size);
}

static struct json_object *get(struct json_object *from, const char *a, const char *b)
{
	struct json_object *timeline, *found;

	assert_true(json_object_object_get_ex(from, "timeline", &timeline));
	assert_true(json_object_object_get_ex(timeline, a, &found));
	if (b)
		assert_true(json_object_object_get_ex(found, b, &found));
	return found;
}

static void events_are_bounded(void **state)
{
	struct view_timeline *t = begin();
	struct view_timeline_sums sums;
	struct json_object *data;

	(void)state;
	for (int i = 0; i < VIEW_TIMELINE_EVENTS_MAX + 500; i++)
		note(t, "the same");
	sums = view_timeline_sums(t);
	assert_int_equal(sums.events, VIEW_TIMELINE_EVENTS_MAX);
	assert_int_equal(sums.left_out, 500);
	assert_int_equal(sums.processes, 1);
	data = draw(t);
	assert_int_equal(json_object_array_length(get(data, "events", "kind")), sums.events);
	assert_int_equal(json_object_get_int(get(data, "left_out", "note")), 500);
	/* And what is the same is there once. */
	assert_int_equal(json_object_array_length(get(data, "texts", NULL)), 1);
	json_object_put(data);
	view_timeline_free(t);
}

/* Calls behind very many faults are in it still. */
static void faults_leave_room(void **state)
{
	struct view_timeline *t = begin();
	struct view_timeline_sums sums;
	struct json_object *data;

	(void)state;
	for (uint64_t i = 0; i < VIEW_TIMELINE_LESSER_MAX + 100; i++)
		fault(t, i);
	note(t, "behind them");
	sums = view_timeline_sums(t);
	assert_int_equal(sums.events, VIEW_TIMELINE_LESSER_MAX + 1);
	assert_int_equal(sums.left_out, 100);
	data = draw(t);
	assert_int_equal(json_object_get_int(get(data, "left_out", "fault")), 100);
	json_object_put(data);
	view_timeline_free(t);
}

static void bytes_are_bounded(void **state)
{
	struct view_timeline *t = begin();
	struct view_timeline_sums sums;
	struct json_object *data;
	char text[600];
	size_t size;

	(void)state;
	memset(text, '<', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < VIEW_TIMELINE_EVENTS_MAX; i++) {
		snprintf(text, 20, "%d", i);
		text[strlen(text)] = '"';
		note(t, text);
	}
	sums = view_timeline_sums(t);
	assert_true(sums.events < VIEW_TIMELINE_EVENTS_MAX);
	assert_true(sums.events > VIEW_TIMELINE_BYTES_MAX / 6000);
	assert_int_equal(sums.events + sums.left_out, VIEW_TIMELINE_EVENTS_MAX);
	data = draw_sized(t, &size);
	assert_true(size < VIEW_TIMELINE_BYTES_MAX + 1000000);
	assert_int_equal(json_object_array_length(get(data, "texts", NULL)), sums.events);
	assert_string_equal(json_object_get_string(get(data, "program", NULL)), "</script>\"\x01");
	json_object_put(data);
	view_timeline_free(t);
}

static void nothing_is_a_page(void **state)
{
	struct view_timeline *t = begin();
	struct json_object *data = draw(t);

	(void)state;
	assert_int_equal(json_object_array_length(get(data, "events", "kind")), 0);
	json_object_put(data);
	view_timeline_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("timeline.events_are_bounded", events_are_bounded),
		TEST("timeline.faults_leave_room", faults_leave_room),
		TEST("timeline.bytes_are_bounded", bytes_are_bounded),
		TEST("timeline.nothing_is_a_page", nothing_is_a_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
