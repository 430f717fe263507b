// SPDX-License-Identifier: GPL-2.0
/*
 * walk.c - mmscope walk: how one address is translated, level by level.
 * The address is drawn cut into its indices, then the entry each one picks.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "../view/json.h"

enum { OPT_RAW };

static const struct cmd_option options[] = {
	[OPT_RAW] = { "raw", 0, NULL, "the entries and frames themselves (CAP_SYS_ADMIN)" },
	{ 0 }
};

static const char *level_name(uint32_t level)
{
	static const char *const names[] = { "?", "PTE", "PMD", "PUD", "P4D", "PGD" };

	return names[level <= 5 ? level : 0];
}

/* With four levels the top one is called PGD, as the books do. */
static const char *shown_name(const struct mmscope_walk *w, uint32_t i)
{
	return i == 0 ? "PGD" : level_name(w->levels[i].level);
}

static const char *kind_name(uint32_t kind)
{
	static const char *const names[] = {
		[MMSCOPE_ENTRY_NONE] = "none",
		[MMSCOPE_ENTRY_TABLE] = "table",
		[MMSCOPE_ENTRY_LEAF] = "leaf",
		[MMSCOPE_ENTRY_NONPRESENT] = "nonpresent",
		[MMSCOPE_ENTRY_BAD] = "bad",
	};

	return kind <= MMSCOPE_ENTRY_BAD ? names[kind] : "?";
}

static const char *kind_words(const struct mmscope_level *l)
{
	switch (l->kind) {
	case MMSCOPE_ENTRY_NONE:
		return "empty: nothing is mapped below";
	case MMSCOPE_ENTRY_TABLE:
		return "points to the next table";
	case MMSCOPE_ENTRY_LEAF:
		return l->shift > 12 && l->level > 1 ? "maps a huge page" : "maps the page";
	case MMSCOPE_ENTRY_NONPRESENT:
		return "not present: swapped, migrating or a marker";
	}
	return "cannot be made sense of";
}

/* One field of the drawn address: what it is, and the bits it takes. */
struct field {
	char top[32], bottom[32];
};

/* The address cut into the index of each level, and the rest. */
static int cut_address(const struct mmscope_walk *w, struct field fields[6])
{
	uint32_t high = w->levels[0].shift + 9, low = 0;
	int n = 0;

	for (uint32_t i = 0; i < w->levels_count && i < 5; i++, n++) {
		low = w->levels[i].shift;
		snprintf(fields[n].top, sizeof(fields[n].top), "%s %u", shown_name(w, i),
			 w->levels[i].index);
		snprintf(fields[n].bottom, sizeof(fields[n].bottom), "%u..%u", high - 1, low);
		high = low;
	}
	snprintf(fields[n].top, sizeof(fields[n].top), "offset 0x%llx",
		 (unsigned long long)w->address & ((1ULL << low) - 1));
	snprintf(fields[n].bottom, sizeof(fields[n].bottom), "%u..0", low - 1);
	return n + 1;
}

static void draw_bits(const struct mmscope_walk *w)
{
	struct field fields[6];
	int n = cut_address(w, fields);

	for (int row = 0; row < 2; row++) {
		printf("  %-5s", row ? "bits" : "");
		for (int i = 0; i < n; i++) {
			size_t top = strlen(fields[i].top), bottom = strlen(fields[i].bottom);

			printf("| %-*s ", (int)(top > bottom ? top : bottom),
			       row ? fields[i].bottom : fields[i].top);
		}
		printf("|\n");
	}
	putchar('\n');
}

static void draw_level(const struct mmscope_walk *w, uint32_t i, bool raw)
{
	const struct mmscope_level *l = &w->levels[i];
	char size[16], bits[256];

	printf("  %*s%s%s[%u]  %s, covers %s\n", (int)(2 * i), "", i ? "`-" : "",
	       shown_name(w, i), l->index, kind_words(l), mms_size_format(1ULL << l->shift, size));
	mms_categories_format(l->bits, bits, sizeof(bits));
	if (bits[0])
		printf("  %*s   %s\n", (int)(2 * i), "", bits);
	if (raw)
		printf("  %*s   entry 0x%016" PRIx64 ", frame 0x%" PRIx64 "\n", (int)(2 * i), "",
		       (uint64_t)l->entry, (uint64_t)l->frame);
}

static void draw_text(const struct mmscope_walk *w, bool raw)
{
	char cats[512];

	printf("0x%" PRIx64 "\n\n", (uint64_t)w->address);
	if (w->levels_count)
		draw_bits(w);
	else
		printf("  the page tables are read only where there is a VMA\n");
	for (uint32_t i = 0; i < w->levels_count && i < 5; i++)
		draw_level(w, i, raw);
	mms_categories_format(w->categories, cats, sizeof(cats));
	if (w->has_vma)
		printf("\nvma    0x%" PRIx64 "-0x%" PRIx64 "\npage   %s\n", (uint64_t)w->vma.start,
		       (uint64_t)w->vma.end, cats[0] ? cats : "never touched");
	else
		printf("\nvma    none: a touch of this address is a SIGSEGV\n");
}

static void json_level(struct view_json *j, const struct mmscope_walk *w, uint32_t i, bool raw)
{
	const struct mmscope_level *l = &w->levels[i];

	view_json_object_flat(j, NULL);
	view_json_number(j, "level", l->level);
	view_json_text(j, "name", shown_name(w, i));
	view_json_text(j, "kind", kind_name(l->kind));
	view_json_number(j, "index", l->index);
	view_json_number(j, "covers", 1ULL << l->shift);
	view_json_categories(j, "bits", l->bits);
	if (raw) {
		view_json_address(j, "entry", l->entry);
		view_json_address(j, "frame", l->frame);
	} else {
		view_json_null(j, "entry");
		view_json_null(j, "frame");
	}
	view_json_close(j);
}

static void draw_json(const struct mms_target *target, const struct mmscope_walk *w, bool raw)
{
	struct view_json j;

	view_json_begin(&j, "walk", target);
	view_json_address(&j, "address", w->address);
	view_json_array(&j, "levels");
	for (uint32_t i = 0; i < w->levels_count && i < 5; i++)
		json_level(&j, w, i, raw);
	view_json_close(&j);
	view_json_categories(&j, "categories", w->categories);
	if (w->has_vma) {
		view_json_object_flat(&j, "vma");
		view_json_address(&j, "start", w->vma.start);
		view_json_address(&j, "end", w->vma.end);
		view_json_flags(&j, "flags", w->vma.flags);
		view_json_close(&j);
	} else {
		view_json_null(&j, "vma");
	}
	view_json_end(&j);
}

static int run(struct cmd *cmd)
{
	bool raw = cmd->value[OPT_RAW];
	struct mmscope_walk walk;
	struct mms_target *target;
	struct mms_error err;
	uint64_t address;
	int ret;

	if (mms_address_parse(cmd->args[1], &address, &err))
		return cmd_error(&err);
	ret = cmd_open(cmd, &target);
	if (ret)
		return ret;
	if (mms_walk(target, address, raw, &walk, &err))
		ret = cmd_error(&err);
	else if (cmd_json(cmd))
		draw_json(target, &walk, raw);
	else
		draw_text(&walk, raw);
	mms_close(target);
	return ret;
}

const struct verb verb_walk = {
	.name = "walk",
	.args = "PID ADDR",
	.brief = "the page-table levels of one address",
	.about = "Shows how the processor finds the page of an address: the bits of the address\n"
		 "that index each table, and what the entry there says.  ADDR is hexadecimal.\n"
		 "Only the module can tell, and only of a process: a capture holds no page tables.",
	.example = "  mmscope walk 1234 0x7ffd1c2b3a40\n"
		   "  mmscope walk self $(mmscope brk self | head -n 1) --raw",
	.takes = CMD_TARGET,
	.min_args = 2,
	.max_args = 2,
	.options = options,
	.run = run,
};
