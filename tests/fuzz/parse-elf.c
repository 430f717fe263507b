// SPDX-License-Identifier: GPL-2.0
/*
 * parse-elf.c - ELF objects, from memory and from a file, and the questions that
 * can be asked of them.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "object.h"

#define BIAS	0x7000

static void check_symbol(const struct mms_elf *e, const struct mms_symbol *s)
{
	PROMISE(s->name && *s->name && memchr(s->name, '\0', 1 << 20));
	PROMISE(*mms_symbol_type_name(s->type) && *mms_symbol_from_name(s->from));
	PROMISE(mms_elf_symbol_find(e, s->name, NULL, 0) > 0);
}

static void ask_at(const struct mms_elf *e, uint64_t address)
{
	const struct mms_section *section = mms_elf_section_at(e, address);
	struct mms_symbol s;

	mms_elf_covers(e, address);
	if (section)
		PROMISE(section->loaded && address - section->address < section->size);
	if (!mms_elf_symbol_at(e, address, &s))
		return;
	check_symbol(e, &s);
	PROMISE(s.type != MMS_SYMBOL_TLS);
	/* The bias may take it round the end of the address space. */
	PROMISE(s.size ? address - s.address < s.size : s.address - BIAS <= address - BIAS);
}

/* The list of symbols is complete, in order, and each knows with whom it shares. */
static void list_symbols(const struct mms_elf *e)
{
	struct mms_symbols *l = NULL;
	size_t tls, count, others[8], found;
	uint64_t before = 0;

	PROMISE(mms_symbols_new(e, &l, NULL) == 0);
	count = mms_symbols_count(l, &tls);
	PROMISE(count + tls <= e->syms);
	for (size_t i = 0; i < count + tls; i++) {
		struct mms_symbol s;

		mms_symbols_get(l, i, &s);
		PROMISE((s.type == MMS_SYMBOL_TLS) == (i >= count));
		PROMISE(!i || i >= count || s.address - BIAS > before);
		before = s.address - BIAS;
		PROMISE(mms_symbols_sharing(l, i) < count + tls);
		found = mms_symbols_sharers(l, i, others, ARRAY_SIZE(others));
		PROMISE(found <= mms_symbols_sharing(l, i));
		for (size_t k = 0; k < found; k++)
			PROMISE(others[k] < count && others[k] != i);
	}
	mms_symbols_free(l);
}

/* Sections, segments and symbols, wherever they claim to be, over a few runs. */
static void lay_parts(const struct mms_elf *e)
{
	static struct mms_part part[3 * 256];
	const struct mms_section *section;
	const struct mms_segment *segment;
	size_t sections = mms_elf_sections(e, &section), segments = mms_elf_segments(e, &segment);
	struct mms_layer *l;
	size_t n = 0;

	for (size_t i = 0; i < sections && i < 256; i++)
		part[n++] = (struct mms_part){ section[i].address, section[i].size, { 0 }, 0, 0 };
	for (size_t i = 0; i < segments && i < 256; i++)
		part[n++] = (struct mms_part){ segment[i].address, segment[i].mem_size, { 0 }, 0, 0 };
	for (size_t i = 0; i < e->syms && i < 256; i++)
		part[n++] = (struct mms_part){ e->sym[i].value + BIAS, e->sym[i].size, { 0 }, 0, 0 };
	l = mms_layer_new(part, n);
	PROMISE(l);
	for (uint64_t i = 0; i < 64; i++)
		mms_layer_run(l, i * 0x1000, (i + 1) * 0x1000,
			      (enum mms_page_state)(i % MMS_PAGE_STATE_COUNT), i);
	mms_layer_run(l, 64 * 0x1000, UINT64_MAX, MMS_PAGE_DIRTY, 0);
	mms_layer_end(l);
	for (size_t i = 0; i < n; i++) {
		uint64_t told = mms_part_resident(&part[i]) + mms_part_absent(&part[i]) +
				part[i].state[MMS_PAGE_SWAPPED] + part[i].state[MMS_PAGE_UNKNOWN];

		/* All is covered by the runs, but for what goes round the end. */
		PROMISE(told <= part[i].size && part[i].dirty <= mms_part_resident(&part[i]));
		PROMISE(part[i].size > UINT64_MAX - part[i].start || told == part[i].size);
		PROMISE(mms_part_unmapped(&part[i]) == part[i].size - told);
		PROMISE(*mms_part_word(&part[i]) || !part[i].size);
		mms_part_pages(&part[i]);
	}
}

static void ask_all(const struct mms_elf *e)
{
	const struct mms_section *section;
	const struct mms_segment *segment;
	size_t sections = mms_elf_sections(e, &section), segments = mms_elf_segments(e, &segment);
	struct mms_symbol found[4];
	uint64_t end;

	mms_elf_end(e, &end);
	PROMISE(strlen(mms_elf_build_id(e)) % 2 == 0 && mms_elf_bias(e) == BIAS);
	for (size_t i = 0; i < sections; i++) {
		PROMISE(section[i].name && strlen(section[i].name) < 256);
		ask_at(e, section[i].address);
		ask_at(e, section[i].address + section[i].size);
	}
	for (size_t i = 0; i < segments; i++) {
		ask_at(e, segment[i].address + segment[i].mem_size / 2);
		ask_at(e, segment[i].address - 1);
	}
	for (size_t i = 0; i < e->syms && i < 64; i++) {
		ask_at(e, e->sym[i].value + e->bias);
		ask_at(e, e->sym[i].value + e->sym[i].size + e->bias);
		PROMISE(mms_elf_symbol_find(e, e->sym[i].name, found, ARRAY_SIZE(found)) > 0);
		check_symbol(e, &found[0]);
	}
	mms_elf_symbol_find(e, "", found, ARRAY_SIZE(found));
	list_symbols(e);
	lay_parts(e);
}

static struct mms_elf *open_image(const uint8_t *data, size_t size, char **image)
{
	struct mms_elf *e = NULL;
	struct mms_error err = { 0 };

	*image = text_of(data, size);
	if (mms_elf_open_image(*image, size, "image", BIAS, &e, &err))
		PROMISE(err.status && *err.why);
	return e;
}

static struct mms_elf *open_file(const uint8_t *data, size_t size, int *fd)
{
	struct mms_elf *e = NULL;
	struct mms_error err = { 0 };

	*fd = memfd_create("fuzz", MFD_CLOEXEC);
	PROMISE(*fd >= 0 && write(*fd, data, size) == (ssize_t)size);
	if (mms_elf_open_fd(*fd, "file", BIAS, &e, &err))
		PROMISE(err.status && *err.why);
	return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *image;
	int fd;
	struct mms_elf *a = open_image(data, size, &image), *b = open_file(data, size, &fd);

	/* The image need not stay. */
	free(image);
	if (a)
		ask_all(a);
	if (b)
		ask_all(b);
	/* As its own debug file it adds what it may, without harm. */
	if (b && mmsi_elf_add_debug(b, fd))
		PROMISE(*mms_elf_build_id(b));
	close(fd);
	mms_elf_close(a);
	mms_elf_close(b);
	return 0;
}
