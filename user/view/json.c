// SPDX-License-Identifier: GPL-2.0
/*
 * json.c - writes JSON as it comes.  Strings are quoted by json-c, after what
 * is no UTF-8 in them was replaced; the nesting is kept here.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"
#include "vmas.h"

/* The comma, the new line, the key. */
static void lead(struct view_json *j, const char *key)
{
	if (j->some[j->depth])
		putc(',', j->out);
	if (j->flat && j->depth >= j->flat) {
		if (j->some[j->depth])
			putc(' ', j->out);
	} else if (j->depth) {
		fprintf(j->out, "\n%*s", 2 * j->depth, "");
	}
	j->some[j->depth] = true;
	if (key)
		fprintf(j->out, "\"%s\": ", key);
}

static void open_level(struct view_json *j, const char *key, char kind, bool flat)
{
	lead(j, key);
	putc(kind, j->out);
	j->depth++;
	j->kind[j->depth] = kind;
	j->some[j->depth] = false;
	if (flat && !j->flat)
		j->flat = j->depth;
}

void view_json_object(struct view_json *j, const char *key)
{
	open_level(j, key, '{', false);
}

void view_json_object_flat(struct view_json *j, const char *key)
{
	open_level(j, key, '{', true);
}

void view_json_array(struct view_json *j, const char *key)
{
	open_level(j, key, '[', false);
}

void view_json_array_flat(struct view_json *j, const char *key)
{
	open_level(j, key, '[', true);
}

void view_json_close(struct view_json *j)
{
	bool flat = j->flat && j->depth >= j->flat;

	if (j->flat == j->depth)
		j->flat = 0;
	if (!flat && j->some[j->depth])
		fprintf(j->out, "\n%*s", 2 * (j->depth - 1), "");
	putc(j->kind[j->depth] == '{' ? '}' : ']', j->out);
	j->depth--;
}

/* Writes a string that is well-formed UTF-8. */
static void quote(struct view_json *j, const char *text, size_t len)
{
	struct json_object *o = json_object_new_string_len(text, (int)len);

	fputs(o ? json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
						    JSON_C_TO_STRING_NOSLASHESCAPE) : "null",
	      j->out);
	json_object_put(o);
}

static void quote_any(struct view_json *j, const char *text)
{
	char *clean = view_utf8(text);

	if (clean)
		quote(j, clean, strlen(clean));
	else
		fputs("null", j->out);
	free(clean);
}

void view_json_text(struct view_json *j, const char *key, const char *text)
{
	lead(j, key);
	quote_any(j, text);
}

void view_json_raw(struct view_json *j, const char *key, const char *data, size_t len)
{
	lead(j, key);
	fwrite(data, 1, len, j->out);
}

void view_json_name(struct view_json *j, const char *key, const char *text)
{
	view_json_text(j, key, text);
	if (mms_utf8_valid(text, strlen(text)))
		return;
	lead(j, NULL);
	fprintf(j->out, "\"%s_hex\": \"", key);
	for (; *text; text++)
		fprintf(j->out, "%02x", (unsigned char)*text);
	putc('"', j->out);
}

void view_json_address(struct view_json *j, const char *key, uint64_t address)
{
	lead(j, key);
	fprintf(j->out, "\"0x%" PRIx64 "\"", address);
}

void view_json_number(struct view_json *j, const char *key, uint64_t number)
{
	lead(j, key);
	fprintf(j->out, "%" PRIu64, number);
}

void view_json_signed(struct view_json *j, const char *key, int64_t number)
{
	lead(j, key);
	fprintf(j->out, "%" PRId64, number);
}

void view_json_numbers(struct view_json *j, const char *key, size_t count,
		       view_json_nth_fn nth, const void *arg)
{
	lead(j, key);
	putc('[', j->out);
	for (size_t i = 0; i < count; i++) {
		uint64_t value;

		if (i)
			putc(',', j->out);
		if (nth(arg, i, &value))
			fprintf(j->out, "%" PRIu64, value);
		else
			fputs("null", j->out);
	}
	putc(']', j->out);
}

void view_json_bool(struct view_json *j, const char *key, bool value)
{
	lead(j, key);
	fputs(value ? "true" : "false", j->out);
}

void view_json_null(struct view_json *j, const char *key)
{
	lead(j, key);
	fputs("null", j->out);
}

void view_json_limit(struct view_json *j, const char *key, uint64_t bytes)
{
	if (bytes == MMS_UNLIMITED)
		view_json_text(j, key, "unlimited");
	else
		view_json_number(j, key, bytes);
}

void view_json_categories(struct view_json *j, const char *key, uint64_t mask)
{
	view_json_array_flat(j, key);
	for (unsigned int i = 0; i < MMSCOPE_CAT_COUNT; i++)
		if (mask >> i & 1 && mms_category_name(i))
			view_json_text(j, NULL, mms_category_name(i));
	view_json_close(j);
}

void view_json_flags(struct view_json *j, const char *key, uint64_t mask)
{
	view_json_array_flat(j, key);
	for (unsigned int i = 0; mms_vma_flag_name(i); i++)
		if (mask >> i & 1)
			view_json_text(j, NULL, mms_vma_flag_name(i));
	view_json_close(j);
}

void view_json_fact(struct view_json *j, const char *key, struct mms_fact fact,
		    enum mms_unit unit)
{
	if (!mms_known(fact))
		view_json_null(j, key);
	else if (unit == MMS_UNIT_ADDRESS)
		view_json_address(j, key, fact.value);
	else if (unit == MMS_UNIT_FLAGS)
		view_json_flags(j, key, fact.value);
	else
		view_json_limit(j, key, fact.value);
}

static void begin(struct view_json *j, const char *verb, const struct mms_target *target)
{
	const struct mms_error *lack;

	view_json_text(j, "schema", "mmscope/1");
	view_json_text(j, "verb", verb);
	view_json_text(j, "version", mms_version());
	if (!target)
		return;
	lack = mms_target_lack(target);
	view_json_object_flat(j, "target");
	view_json_signed(j, "pid", mms_target_pid(target));
	view_json_name(j, "comm", mms_target_proc(target)->comm);
	view_json_text(j, "source", mms_target_source_name(target));
	if (lack)
		view_json_text(j, "lack", lack->why);
	else
		view_json_null(j, "lack");
	if (mms_target_capture(target))
		view_json_capture(j, "capture", mms_target_capture(target));
	view_json_close(j);
}

void view_json_begin(struct view_json *j, const char *verb, const struct mms_target *target)
{
	view_json_begin_to(j, stdout, verb, target);
}

void view_json_begin_to(struct view_json *j, FILE *out, const char *verb,
			const struct mms_target *target)
{
	*j = (struct view_json){ .out = out };
	view_json_object(j, NULL);
	begin(j, verb, target);
}

void view_json_begin_line(struct view_json *j, const char *verb,
			  const struct mms_target *target)
{
	*j = (struct view_json){ .out = stdout };
	view_json_object_flat(j, NULL);
	begin(j, verb, target);
}

static void maybe_text(struct view_json *j, const char *key, const char *text)
{
	if (*text)
		view_json_name(j, key, text);
	else
		view_json_null(j, key);
}

void view_json_capture(struct view_json *j, const char *key, const struct mms_capture_info *i)
{
	view_json_object_flat(j, key);
	view_json_signed(j, "pid", i->pid);
	view_json_number(j, "taken_ns", i->taken_ns);
	view_json_name(j, "source", i->source);
	maybe_text(j, "module", i->module);
	if (i->abi)
		view_json_number(j, "abi", i->abi);
	else
		view_json_null(j, "abi");
	view_json_name(j, "kernel", i->kernel);
	view_json_name(j, "machine", i->machine);
	view_json_name(j, "boot", i->boot);
	view_json_name(j, "tool", i->tool);
	view_json_number(j, "page_size", i->page_size);
	view_json_categories(j, "told", i->categories);
	view_json_bool(j, "frames", i->frames);
	view_json_text(j, "still", mms_still_name(i->still));
	view_json_number(j, "runs", i->runs);
	view_json_close(j);
}

void view_json_end(struct view_json *j)
{
	while (j->depth)
		view_json_close(j);
	putc('\n', j->out);
}

void view_json_mm(struct view_json *j, const struct mms_mm *mm)
{
	view_json_object(j, "mm");
	for (int i = 0; i < MMS_MM_COUNT; i++)
		view_json_fact(j, mms_mm_field_name(i), mm->fact[i], mms_mm_field_unit(i));
	view_json_close(j);
	view_json_object_flat(j, "provenance");
	for (int i = 0; i < MMS_MM_COUNT; i++)
		if (mms_known(mm->fact[i]))
			view_json_text(j, mms_mm_field_name(i), mms_from_name(mm->fact[i].from));
	view_json_close(j);
}

static void maybe(struct view_json *j, const char *key, uint64_t value, bool known)
{
	if (known)
		view_json_number(j, key, value);
	else
		view_json_null(j, key);
}

static void json_acct(struct view_json *j, const struct mms_vmas *vmas, size_t i)
{
	const struct mmscope_acct *a = &vmas->acct[i];

	maybe(j, "rss", a->rss, vmas->acct_rss);
	maybe(j, "shared_clean", a->shared_clean, vmas->acct_parts);
	maybe(j, "shared_dirty", a->shared_dirty, vmas->acct_parts);
	maybe(j, "private_clean", a->private_clean, vmas->acct_parts);
	maybe(j, "private_dirty", a->private_dirty, vmas->acct_parts);
	view_json_object(j, "pages");
	for (unsigned int c = 0; c < MMSCOPE_CAT_COUNT; c++)
		if (vmas->acct_categories >> c & 1 && mms_category_name(c))
			maybe(j, mms_category_name(c), a->pages[c],
			      !view_acct_withheld(vmas, i, 1ULL << c));
	view_json_close(j);
}

static void json_role(struct view_json *j, uint32_t role)
{
	view_json_array(j, "role");
	if (role & MMSCOPE_ROLE_HEAP)
		view_json_text(j, NULL, "heap");
	if (role & MMSCOPE_ROLE_STACK)
		view_json_text(j, NULL, "stack");
	if (role & MMSCOPE_ROLE_DELETED)
		view_json_text(j, NULL, "deleted");
	view_json_close(j);
}

void view_json_vma(struct view_json *j, const struct mms_vmas *vmas, size_t i)
{
	view_json_vma_member(j, NULL, vmas, i);
}

void view_json_vma_member(struct view_json *j, const char *key, const struct mms_vmas *vmas,
			  size_t i)
{
	const struct mms_vma *v = &vmas->vma[i];
	char text[32];

	view_json_object_flat(j, key);
	view_json_address(j, "start", v->start);
	view_json_address(j, "end", v->end);
	view_json_number(j, "size", v->end - v->start);
	mms_perms_format(v, text);
	view_json_text(j, "perms", text);
	view_json_flags(j, "flags", v->flags & v->flags_known);
	view_json_flags(j, "flags_unknown", ~v->flags_known);
	if (v->backing == MMS_BACKING_UNKNOWN)
		view_json_null(j, "backing");
	else
		view_json_text(j, "backing", mms_backing_name(v->backing));
	json_role(j, v->role);
	view_json_text(j, "purpose", mms_purpose_name(v->purpose));
	view_json_number(j, "offset", v->offset);
	snprintf(text, sizeof(text), "%02x:%02x", v->dev_major, v->dev_minor);
	view_json_text(j, "device", text);
	view_json_number(j, "inode", v->inode);
	if (v->page_shift)
		view_json_number(j, "page_size", 1ULL << v->page_shift);
	else
		view_json_null(j, "page_size");
	if (v->pkey_known)
		view_json_number(j, "pkey", v->pkey);
	else
		view_json_null(j, "pkey");
	view_json_name(j, "name", v->name);
	if (vmas->acct)
		json_acct(j, vmas, i);
	view_json_close(j);
}

static int part_json(const struct mms_vmas *part, void *arg)
{
	for (size_t i = 0; i < part->count; i++)
		view_json_vma(arg, part, i);
	return 0;
}

int view_json_vmas(struct view_json *j, struct mms_listing *list, struct mms_error *err)
{
	int ret;

	view_json_array(j, "vmas");
	ret = mms_listing_each(list, part_json, j, err);
	view_json_close(j);
	return ret;
}
