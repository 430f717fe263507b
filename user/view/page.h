/* SPDX-License-Identifier: GPL-2.0 */
/*
 * page.h - what the pages for a browser have in common: a page as "assemble" made it,
 * with a mark for the title and one for the data; and names that data refer to.
 */
#ifndef MMSCOPE_VIEW_PAGE_H
#define MMSCOPE_VIEW_PAGE_H

#include "json.h"

struct view_page {
	FILE *out;
	const char *rest;	/* what is behind the data */
};

/* Everything before the data; then these, in any number of pieces; then the rest. */
void view_page_begin(struct view_page *p, FILE *out, const char *page, const char *title);
void view_page_data(struct view_page *p, const char *data, size_t len);
void view_page_end(struct view_page *p);

/* "states" of pages (how they are drawn as well), "flags" and "purposes" of VMAs. */
void view_page_words(struct view_json *j);

#endif
