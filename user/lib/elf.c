// SPDX-License-Identifier: GPL-2.0
/*
 * elf.c - questions to an opened ELF object: sections, symbols, its end.
 * Pure: nothing here opens, reads or allocates, and nothing changes, so that
 * any number of threads may ask.
 */
#include <elf.h>
#include <string.h>

#include "object.h"

/* How far down a symbol that covers an address is looked for. */
#define SCAN_MAX	4096

const char *mms_elf_path(const struct mms_elf *e)
{
	return e->path;
}

uint64_t mms_elf_bias(const struct mms_elf *e)
{
	return e->bias;
}

const char *mms_elf_build_id(const struct mms_elf *e)
{
	return e->build_id;
}

size_t mms_elf_segments(const struct mms_elf *e, const struct mms_segment **segments)
{
	*segments = e->segment;
	return e->segments;
}

size_t mms_elf_sections(const struct mms_elf *e, const struct mms_section **sections)
{
	*sections = e->section;
	return e->sections;
}

bool mms_elf_covers(const struct mms_elf *e, uint64_t address)
{
	uint64_t mask = mms_page_size() - 1;

	for (size_t i = 0; i < e->segments; i++) {
		const struct mms_segment *s = &e->segment[i];
		uint64_t start = s->address & ~mask;

		if (s->type == PT_LOAD && s->mem_size &&
		    (address & ~mask) - start < s->address - start + s->mem_size)
			return true;
	}
	return false;
}

bool mms_elf_end(const struct mms_elf *e, uint64_t *end)
{
	bool found = false;

	for (size_t i = 0; i < e->segments; i++) {
		const struct mms_segment *s = &e->segment[i];
		uint64_t to = s->address + s->mem_size;

		if (s->type != PT_LOAD || !(s->flags & PF_W) || (found && to <= *end))
			continue;
		*end = to;
		found = true;
	}
	return found;
}

const struct mms_section *mms_elf_section_at(const struct mms_elf *e, uint64_t address)
{
	for (size_t i = 0; i < e->sections; i++)
		if (e->section[i].loaded && address - e->section[i].address < e->section[i].size)
			return &e->section[i];
	return NULL;
}

void mmsi_symbol_tell(const struct mms_elf *e, const struct mmsi_sym *s,
		      struct mms_symbol *symbol)
{
	*symbol = (struct mms_symbol){
		.name = s->name,
		.address = s->type == MMS_SYMBOL_TLS ? s->value : s->value + e->bias,
		.size = s->size,
		.type = s->type,
		.from = s->from,
		.local = s->local,
		.hidden = s->hidden,
	};
}

/* The number of symbols at or below a value. */
static size_t symbols_up_to(const struct mms_elf *e, uint64_t value)
{
	size_t low = 0, high = e->addresses;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (e->sym[mid].value <= value)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/*
 * The innermost symbol that covers `value`.  Sizes nest, so the first found
 * on the way down is it; max_end says when there can be none any more.
 */
static const struct mmsi_sym *covering(const struct mms_elf *e, size_t top, uint64_t value)
{
	const struct mmsi_sym *best = NULL;
	size_t least = top > SCAN_MAX ? top - SCAN_MAX : 0;

	for (size_t i = top; i-- > least && e->sym[i].max_end > value;) {
		const struct mmsi_sym *s = &e->sym[i];

		if (best && s->value != best->value)
			break;
		/* The better ranks come first, so they are seen last. */
		if (value - s->value < s->size)
			best = s;
	}
	return best;
}

/* The label next below, unless a symbol there says that it ends before. */
static const struct mmsi_sym *label_below(const struct mms_elf *e, size_t top, uint64_t value)
{
	const struct mms_section *section = mms_elf_section_at(e, value + e->bias);
	const struct mmsi_sym *best = NULL;
	size_t least = top > SCAN_MAX ? top - SCAN_MAX : 0;

	for (size_t i = top; i-- > least && e->sym[i].value == e->sym[top - 1].value;) {
		if (e->sym[i].size)
			return NULL;
		best = &e->sym[i];
	}
	if (!best || !section || mms_elf_section_at(e, best->value + e->bias) != section)
		return NULL;
	return best;
}

bool mms_elf_symbol_at(const struct mms_elf *e, uint64_t address, struct mms_symbol *symbol)
{
	uint64_t value = address - e->bias;
	size_t top = symbols_up_to(e, value);
	const struct mmsi_sym *best = covering(e, top, value);

	if (!best)
		best = label_below(e, top, value);
	if (best)
		mmsi_symbol_tell(e, best, symbol);
	return best;
}

/* What hides what: one of a lower class hides those of a higher one. */
static int class_of(const struct mmsi_sym *s)
{
	return s->type == MMS_SYMBOL_TLS ? 3 : s->local ? 2 : s->hidden;
}

size_t mms_elf_symbol_find(const struct mms_elf *e, const char *name,
			   struct mms_symbol *symbols, size_t max)
{
	const struct mmsi_sym *last = NULL;
	size_t count = 0;
	int class = 4;

	for (size_t i = 0; i < e->syms; i++)
		if (class_of(&e->sym[i]) < class && !strcmp(e->sym[i].name, name))
			class = class_of(&e->sym[i]);
	for (size_t i = 0; i < e->syms && class < 4; i++) {
		const struct mmsi_sym *s = &e->sym[i];

		if (class_of(s) != class || (last && s->value == last->value) ||
		    strcmp(s->name, name))
			continue;
		if (count < max)
			mmsi_symbol_tell(e, s, &symbols[count]);
		count++;
		last = s;
	}
	return count;
}

const char *mms_symbol_type_name(unsigned int type)
{
	static const char *const names[] = {
		[MMS_SYMBOL_OTHER] = "label",
		[MMS_SYMBOL_FUNC] = "function",
		[MMS_SYMBOL_OBJECT] = "object",
		[MMS_SYMBOL_IFUNC] = "ifunc",
		[MMS_SYMBOL_TLS] = "tls",
	};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "";
}

const char *mms_symbol_from_name(unsigned int from)
{
	static const char *const names[] = {
		[MMS_SYMBOL_SYMTAB] = "symtab",
		[MMS_SYMBOL_DEBUG] = "debug",
		[MMS_SYMBOL_DYNSYM] = "dynsym",
	};

	return from < sizeof(names) / sizeof(names[0]) ? names[from] : "";
}
