// SPDX-License-Identifier: GPL-2.0
/*
 * parse-text.c - text from outside (names of processes, files and mappings), made
 * harmless for terminals, put into JSON, and into the labels of metrics.
 */
#include <json-c/json.h>

#include "../../user/view/json.h"
#include "../../user/view/metrics.h"
#include "fuzz.h"
#include "private.h"

/* Nothing in it may steer a terminal. */
static void check_harmless(const char *text, size_t len)
{
	PROMISE(mms_utf8_valid(text, len));
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		PROMISE(c >= 0x20 && c != 0x7f);
		PROMISE(c != 0xc2 || (unsigned char)text[i + 1] >= 0xa0);
	}
}

static void check_escape(const char *text, size_t room)
{
	size_t all = mms_escape(text, NULL, 0), len;
	char *whole = malloc(all + 1), *part = malloc(room + 1);

	PROMISE(whole && part);
	PROMISE(mms_escape(text, whole, all + 1) == all && strlen(whole) == all);
	check_harmless(whole, all);
	PROMISE(all >= strlen(text) && all <= 4 * strlen(text));
	/* With less room it is a beginning of that, and as harmless. */
	PROMISE(mms_escape(text, part, room) == all);
	if (room) {
		len = strlen(part);
		PROMISE(len < room && !strncmp(part, whole, len));
		PROMISE(len == all || len + 8 > room);
		check_harmless(part, len);
	}
	free(part);
	free(whole);
}

static char *written(const char *text, size_t *len)
{
	struct view_json j = { 0 };
	char *json = NULL;

	j.out = open_memstream(&json, len);
	PROMISE(j.out != NULL);
	view_json_object(&j, NULL);
	view_json_text(&j, "text", text);
	view_json_name(&j, "name", text);
	view_json_close(&j);
	fclose(j.out);
	return json;
}

static const char *member(struct json_object *o, const char *key)
{
	struct json_object *m;

	return json_object_object_get_ex(o, key, &m) ? json_object_get_string(m) : NULL;
}

static void check_hex(const char *text, const char *hex)
{
	PROMISE(hex && strlen(hex) == 2 * strlen(text));
	for (; *text; text++, hex += 2) {
		char two[3];

		snprintf(two, sizeof(two), "%02x", (unsigned char)*text);
		PROMISE(!strncmp(hex, two, 2));
	}
}

static void check_json(const char *text)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *o;
	size_t len;
	char *json = written(text, &len);

	PROMISE(tokener != NULL);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tokener, json, (int)len + 1);
	PROMISE(json_tokener_get_error(tokener) == json_tokener_success && o);
	PROMISE(strlen(json) == len);
	if (mms_utf8_valid(text, strlen(text))) {
		PROMISE(!strcmp(member(o, "text"), text) && !strcmp(member(o, "name"), text));
		PROMISE(!member(o, "name_hex"));
	} else {
		PROMISE(mms_utf8_valid(member(o, "text"), strlen(member(o, "text"))));
		check_hex(text, member(o, "name_hex"));
	}
	json_object_put(o);
	json_tokener_free(tokener);
	free(json);
}

/* A label ends where it should, and read back it is the text, or valid in its place. */
static void check_label(const char *text)
{
	char *label = NULL, *to;
	size_t len = 0;
	FILE *out = open_memstream(&label, &len);

	PROMISE(out != NULL);
	view_metrics_quote(out, text);
	PROMISE(!fclose(out) && len >= 2 && strlen(label) == len && label[0] == '"');
	to = label;
	for (size_t i = 1; i < len - 1; i++) {
		PROMISE(label[i] != '"' && label[i] != '\n');
		if (label[i] == '\\') {
			i++;
			PROMISE(i < len - 1 && strchr("\\\"n", label[i]));
			*to++ = label[i] == 'n' ? '\n' : label[i];
		} else {
			*to++ = label[i];
		}
	}
	PROMISE(label[len - 1] == '"');
	*to = '\0';
	PROMISE(mms_utf8_valid(label, strlen(label)));
	PROMISE(!mms_utf8_valid(text, strlen(text)) || !strcmp(label, text));
	free(label);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t room = number_of(&data, &size, 1);
	char *text = text_of(data, size);

	check_escape(text, room);
	check_json(text);
	check_label(text);
	free(text);
	return 0;
}
