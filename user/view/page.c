// SPDX-License-Identifier: GPL-2.0
/*
 * page.c - writes a page for a browser around the data that it draws, so that nothing
 * in them can end the element they are in; and the words that all such pages need.
 */
#include <inttypes.h>
#include <string.h>

#include "page.h"
#include "strip.h"

/* The page up to a mark; returns what is behind it. */
static const char *put_until(FILE *out, const char *page, const char *mark)
{
	const char *p = strstr(page, mark);

	fwrite(page, 1, (size_t)(p - page), out);
	return p + strlen(mark);
}

void view_page_begin(struct view_page *p, FILE *out, const char *page, const char *title)
{
	const char *rest = put_until(out, page, "@TITLE@");

	for (; *title; title++)
		switch (*title) {
		case '<': fputs("&lt;", out); break;
		case '&': fputs("&amp;", out); break;
		default:  putc(*title, out);
		}
	p->out = out;
	p->rest = put_until(out, rest, "@DATA@");
}

/* Within a script element only "<" could end it; in JSON it is in strings alone. */
void view_page_data(struct view_page *page, const char *data, size_t len)
{
	for (const char *end = data + len, *p; data < end; data = p + 1) {
		p = memchr(data, '<', (size_t)(end - data));
		if (!p) {
			fwrite(data, 1, (size_t)(end - data), page->out);
			return;
		}
		fwrite(data, 1, (size_t)(p - data), page->out);
		fputs("\\u003c", page->out);
	}
}

void view_page_end(struct view_page *p)
{
	fputs(p->rest, p->out);
}

/* ---- words ----------------------------------------------------------------- */

static void draw_states(struct view_json *j)
{
	char colour[16];

	view_json_array(j, "states");
	for (int i = 0; i < MMS_PAGE_STATE_COUNT; i++) {
		enum mms_page_state state = (enum mms_page_state)i;

		view_json_object_flat(j, NULL);
		view_json_text(j, "name", mms_page_state_name(state));
		view_json_text(j, "words", view_state_words(state));
		view_json_text(j, "sign", view_state_sign(state, false));
		view_json_text(j, "part", view_state_sign(state, true));
		snprintf(colour, sizeof(colour), "#%06" PRIx32, view_state_rgb(state));
		view_json_text(j, "colour", colour);
		view_json_bool(j, "present", mms_page_state_present(state));
		view_json_close(j);
	}
	view_json_close(j);
}

void view_page_words(struct view_json *j)
{
	draw_states(j);
	view_json_array_flat(j, "flags");
	for (unsigned int bit = 0; mms_vma_flag_name(bit); bit++)
		view_json_text(j, NULL, mms_vma_flag_name(bit));
	view_json_close(j);
	view_json_array_flat(j, "purposes");
	for (int p = 0; p < MMS_PURPOSE_COUNT; p++)
		view_json_text(j, NULL, mms_purpose_name((enum mms_purpose)p));
	view_json_close(j);
}
