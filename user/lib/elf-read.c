// SPDX-License-Identifier: GPL-2.0
/*
 * elf-read.c - an ELF file or image to tables of our own, by libelf.
 * The file may be anybody's: counts and sizes are bounded, values that point
 * nowhere are left out, and it is read, never mapped: a mapped file that is
 * cut short meanwhile is a SIGBUS.
 */
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "object.h"

#define SEGMENTS_MAX	128
#define SECTIONS_MAX	65536
#define SYMBOLS_MAX	(8UL << 20)
#define TABLE_MAX	(512ULL << 20)	/* bytes of a symbol or string table */
#define SECTION_NAMES_MAX (16ULL << 20)	/* bytes of the names of sections */
#define NOTES_MAX	(64ULL << 10)	/* bytes of notes, in one section or segment */
#define NOTE_SECTIONS_MAX 16
#define NAME_LENGTH_MAX	65535
/* Names may overlap: all of them together may be far longer than their table. */
#define SCANNED_MAX	(1ULL << 30)

static int bad(const struct mms_elf *e, const char *why, struct mms_error *err)
{
	return mms_fail(err, MMS_FAILED, NULL, e->path, "%s", why);
}

/*
 * libelf allocates for as many headers as a file claims to have, if it is only
 * long enough; and a sparse file may be very long.  More than 16 bits can count
 * are told in the first section header: such files are refused.  What runs on
 * this machine has its byte order.
 */
static bool is_sane(const unsigned char *ident, unsigned int phnum, uint64_t shoff,
		    unsigned int shnum)
{
	const unsigned int one = 1;
	unsigned char native = *(const unsigned char *)&one ? ELFDATA2LSB : ELFDATA2MSB;

	return ident[EI_DATA] == native && phnum != PN_XNUM && (shnum || !shoff);
}

static bool check_header(const void *start, size_t size)
{
	union {
		Elf64_Ehdr e64;
		Elf32_Ehdr e32;
	} h = { 0 };

	memcpy(&h, start, size < sizeof(h) ? size : sizeof(h));
	if (size < sizeof(h.e32) || memcmp(h.e32.e_ident, ELFMAG, SELFMAG))
		return false;
	if (h.e32.e_ident[EI_CLASS] == ELFCLASS32)
		return is_sane(h.e32.e_ident, h.e32.e_phnum, h.e32.e_shoff, h.e32.e_shnum);
	return size >= sizeof(h.e64) &&
	       is_sane(h.e64.e_ident, h.e64.e_phnum, h.e64.e_shoff, h.e64.e_shnum);
}

/* NULL: no ELF file, or none that may be given to libelf. */
static Elf *begin_fd(int fd)
{
	char start[sizeof(Elf64_Ehdr)];
	ssize_t n = pread(fd, start, sizeof(start), 0);

	elf_version(EV_CURRENT);
	return n > 0 && check_header(start, (size_t)n) ? elf_begin(fd, ELF_C_READ, NULL) : NULL;
}

/* ---- program headers and sections ------------------------------------------ */

static int read_segments(struct mms_elf *e, Elf *elf, struct mms_error *err)
{
	size_t count, page = mms_page_size();
	GElf_Phdr p;

	if (elf_getphdrnum(elf, &count) || !count)
		return bad(e, "no program headers: it is not for running", err);
	if (count > SEGMENTS_MAX)
		count = SEGMENTS_MAX;
	e->segment = calloc(count, sizeof(*e->segment));
	if (!e->segment)
		return mmsi_nomem(err);
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, (int)i, &p) || p.p_vaddr + p.p_memsz < p.p_vaddr ||
		    p.p_offset + p.p_filesz < p.p_offset)
			continue;
		/* No loader would take such a one. */
		if (p.p_type == PT_LOAD &&
		    ((p.p_vaddr ^ p.p_offset) & (page - 1) || p.p_filesz > p.p_memsz))
			continue;
		e->segment[e->segments++] = (struct mms_segment){
			.type = p.p_type, .flags = p.p_flags, .address = p.p_vaddr,
			.offset = p.p_offset, .file_size = p.p_filesz,
			.mem_size = p.p_memsz, .align = p.p_align,
		};
	}
	return 0;
}

static int read_sections(struct mms_elf *e, Elf *elf, struct mms_error *err)
{
	size_t count = 0, names = 0;
	GElf_Shdr s;

	if (elf_getshdrnum(elf, &count) || !count)
		return 0;	/* stripped of them: that happens */
	if (elf_getshdrstrndx(elf, &names) || !gelf_getshdr(elf_getscn(elf, names), &s) ||
	    s.sh_size > SECTION_NAMES_MAX)
		names = 0;
	if (count > SECTIONS_MAX)
		count = SECTIONS_MAX;
	e->section = calloc(count, sizeof(*e->section));
	if (!e->section)
		return mmsi_nomem(err);
	for (size_t i = 1; i < count; i++) {
		const char *name = NULL;
		char *copy;

		if (!gelf_getshdr(elf_getscn(elf, i), &s))
			continue;
		if (names)
			name = elf_strptr(elf, names, s.sh_name);
		copy = strndup(name ?: "", 255);
		if (!copy)
			return mmsi_nomem(err);
		e->section[e->sections++] = (struct mms_section){
			.name = copy, .address = s.sh_addr, .size = s.sh_size,
			.offset = s.sh_offset, .flags = s.sh_flags, .type = s.sh_type,
			.loaded = s.sh_flags & SHF_ALLOC && s.sh_size &&
				  s.sh_addr + s.sh_size > s.sh_addr &&
				  !(s.sh_flags & SHF_TLS && s.sh_type == SHT_NOBITS),
		};
	}
	return 0;
}

static Elf_Data *section_data(Elf_Scn *scn, GElf_Shdr *s)
{
	Elf_Data *data;

	if (!scn || !gelf_getshdr(scn, s) || s->sh_type == SHT_NOBITS ||
	    s->sh_size > TABLE_MAX || s->sh_flags & SHF_COMPRESSED)
		return NULL;
	data = elf_getdata(scn, NULL);
	return data && data->d_buf && data->d_size ? data : NULL;
}

/* The build-id among the notes of one segment. */
static bool note_build_id(Elf_Data *data, char *hex, size_t size)
{
	size_t at = 0, next, name, desc;
	GElf_Nhdr note;

	while (at < data->d_size && (next = gelf_getnote(data, at, &note, &name, &desc)) > at) {
		const unsigned char *id = (const unsigned char *)data->d_buf + desc;

		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    !memcmp((const char *)data->d_buf + name, "GNU", 4) &&
		    note.n_descsz > 1 && 2 * (size_t)note.n_descsz < size) {
			for (size_t i = 0; i < note.n_descsz; i++)
				sprintf(hex + 2 * i, "%02x", id[i]);
			return true;
		}
		at = next;
	}
	return false;
}

/*
 * From the sections first: in a debug file the program headers are those of
 * the object, and may point anywhere.
 */
static void read_build_id(Elf *elf, char *hex, size_t size)
{
	Elf_Scn *scn = NULL;
	Elf_Data *data;
	GElf_Shdr s;
	GElf_Phdr p;
	size_t count;

	for (int n = 0; n < NOTE_SECTIONS_MAX && (scn = elf_nextscn(elf, scn));) {
		if (!gelf_getshdr(scn, &s) || s.sh_type != SHT_NOTE || s.sh_size > NOTES_MAX)
			continue;
		n++;
		data = section_data(scn, &s);
		if (data && note_build_id(data, hex, size))
			return;
	}
	if (elf_getphdrnum(elf, &count))
		return;
	for (size_t i = 0; i < count && i < NOTE_SECTIONS_MAX; i++) {
		if (!gelf_getphdr(elf, (int)i, &p) || p.p_type != PT_NOTE ||
		    p.p_filesz > NOTES_MAX)
			continue;
		data = elf_getdata_rawchunk(elf, (int64_t)p.p_offset, p.p_filesz,
					    p.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
		if (data && data->d_buf && note_build_id(data, hex, size))
			return;
	}
}

/* ---- symbols --------------------------------------------------------------- */

/* One symbol table, while it is being read. */
struct table {
	Elf *elf;
	enum mms_symbol_from from;
	Elf_Data *data, *versions;	/* versions may be NULL */
	char *strings;
	size_t strings_size;
};

/* The string table that `link` names, copied, with a NUL behind it. */
static bool copy_strings(Elf *elf, struct table *t, size_t link)
{
	Elf_Scn *scn = elf_getscn(elf, link);
	Elf_Data *data = NULL;
	GElf_Shdr s;

	if (scn && gelf_getshdr(scn, &s) && s.sh_type == SHT_STRTAB)
		data = section_data(scn, &s);
	if (!data)
		return false;
	t->strings = malloc(data->d_size + 1);
	if (!t->strings)
		return false;
	memcpy(t->strings, data->d_buf, data->d_size);
	t->strings[data->d_size] = '\0';
	t->strings_size = data->d_size;
	return true;
}

static Elf_Data *find_versions(Elf *elf, size_t dynsym)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr s;

	for (size_t n = 0; n < SECTIONS_MAX && (scn = elf_nextscn(elf, scn)); n++)
		if (gelf_getshdr(scn, &s) && s.sh_type == SHT_GNU_versym && s.sh_link == dynsym)
			return section_data(scn, &s);
	return NULL;
}

/* What kind it is; -1: none that has a place in memory. */
static int symbol_type(const GElf_Sym *s)
{
	if (s->st_shndx == SHN_UNDEF || s->st_shndx == SHN_ABS || s->st_shndx == SHN_COMMON)
		return -1;
	switch (GELF_ST_TYPE(s->st_info)) {
	case STT_FUNC:
		return MMS_SYMBOL_FUNC;
	case STT_OBJECT:
	case STT_COMMON:
		return MMS_SYMBOL_OBJECT;
	case STT_GNU_IFUNC:
		return MMS_SYMBOL_IFUNC;
	case STT_TLS:
		return MMS_SYMBOL_TLS;
	case STT_NOTYPE:
		return MMS_SYMBOL_OTHER;
	}
	return -1;	/* sections, source files */
}

/*
 * Of a section that is loaded.  (Messages for the linker are symbols of others, at the
 * address 0, which looks like that of the headers.)
 */
static bool is_loaded(Elf *elf, const GElf_Sym *s)
{
	GElf_Shdr section;

	return s->st_shndx >= SHN_LORESERVE ||
	       !gelf_getshdr(elf_getscn(elf, s->st_shndx), &section) ||
	       section.sh_flags & SHF_ALLOC;
}

/* In a segment; one that is just behind it may be `_end`. */
static bool in_memory(const struct mms_elf *e, uint64_t value)
{
	for (size_t i = 0; i < e->segments; i++)
		if (e->segment[i].type == PT_LOAD &&
		    value - e->segment[i].address <= e->segment[i].mem_size)
			return true;
	return false;
}

/*
 * The lowest is shown.  Weak and global count the same: of the names of one
 * function in a libc the plain one is often the weak one.
 */
static uint32_t rank_of(const struct mmsi_sym *s)
{
	size_t underscores = strspn(s->name, "_");

	return (s->type == MMS_SYMBOL_OTHER) << 6 | s->local << 5 | s->hidden << 4 |
	       (uint32_t)(underscores < 3 ? underscores : 3) << 2 | s->from;
}

/* Labels that assemblers make for themselves; and a version without a name. */
static bool is_noise(const struct mmsi_sym *s)
{
	return !s->name[0] || s->name[0] == '@' || !strncmp(s->name, ".L", 2) ||
	       (s->type == MMS_SYMBOL_OTHER && s->local && s->name[0] == '$');
}

/* Makes *sym of entry `i`; false if it is to be left out. */
static bool take_symbol(struct mms_elf *e, const struct table *t, size_t i, struct mmsi_sym *sym)
{
	GElf_Versym version;
	const char *at;
	GElf_Sym s;
	size_t length;
	int type;

	if (!gelf_getsym(t->data, (int)i, &s) || s.st_name >= t->strings_size)
		return false;
	type = symbol_type(&s);
	if (type < 0 || (type != MMS_SYMBOL_TLS && !in_memory(e, s.st_value)) ||
	    !is_loaded(t->elf, &s))
		return false;
	*sym = (struct mmsi_sym){
		.value = s.st_value, .size = s.st_size, .name = t->strings + s.st_name,
		.type = (uint8_t)type, .from = (uint8_t)t->from,
		.local = GELF_ST_BIND(s.st_info) == STB_LOCAL,
	};
	length = strnlen(sym->name, NAME_LENGTH_MAX);
	e->scanned += length;
	if (length == NAME_LENGTH_MAX || is_noise(sym))
		return false;
	if (sym->value + sym->size < sym->value)
		sym->size = 0;
	/* NAME@VERSION is an old version, NAME@@VERSION the default. */
	at = memchr(sym->name, '@', length);
	sym->hidden = (at && at[1] != '@') ||
		      (t->versions && gelf_getversym(t->versions, (int)i, &version) &&
		       version & 0x8000);
	sym->rank = rank_of(sym);
	return true;
}

static bool add_symbol(struct mms_elf *e, const struct mmsi_sym *sym)
{
	struct mmsi_sym *more;

	if (!(e->syms & (e->syms - 1))) {
		more = realloc(e->sym, (e->syms ? 2 * e->syms : 1) * sizeof(*more));
		if (!more)
			return false;
		e->sym = more;
	}
	e->sym[e->syms++] = *sym;
	return true;
}

/* Cuts the versions off, after all names were looked at: they may overlap. */
static void cut_versions(struct mms_elf *e, const struct table *t, size_t first)
{
	for (size_t i = first; i < e->syms; i++) {
		char *name = t->strings + (e->sym[i].name - t->strings);
		char *at = memchr(name + 1, '@', strnlen(name + 1, NAME_LENGTH_MAX));

		if (at)
			*at = '\0';
	}
}

static int read_table(struct mms_elf *e, Elf *elf, Elf_Scn *scn, enum mms_symbol_from from,
		      struct mms_error *err)
{
	struct table t = { .elf = elf, .from = from };
	size_t count, first = e->syms;
	struct mmsi_sym sym;
	GElf_Shdr s;

	t.data = section_data(scn, &s);
	if (!t.data || e->strings[from] || !copy_strings(elf, &t, s.sh_link))
		return 0;
	e->strings[from] = t.strings;
	if (from == MMS_SYMBOL_DYNSYM)
		t.versions = find_versions(elf, elf_ndxscn(scn));
	count = t.data->d_size / gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
	if (count > SYMBOLS_MAX)
		count = SYMBOLS_MAX;
	for (size_t i = 1; i < count && e->scanned < SCANNED_MAX; i++)
		if (take_symbol(e, &t, i, &sym) && !add_symbol(e, &sym))
			return mmsi_nomem(err);
	cut_versions(e, &t, first);
	return 0;
}

/* The first section of a type; an object has one symbol table of each. */
static Elf_Scn *first_of_type(Elf *elf, uint32_t type)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr s;

	for (size_t n = 0; n < SECTIONS_MAX && (scn = elf_nextscn(elf, scn)); n++)
		if (gelf_getshdr(scn, &s) && s.sh_type == type)
			return scn;
	return NULL;
}

/* .symtab as `from`; and .dynsym, unless it is a debug file. */
static int read_symbols(struct mms_elf *e, Elf *elf, enum mms_symbol_from from,
			struct mms_error *err)
{
	int ret = read_table(e, elf, first_of_type(elf, SHT_SYMTAB), from, err);

	e->has_symtab |= e->strings[from] != NULL;
	if (!ret && from == MMS_SYMBOL_SYMTAB)
		ret = read_table(e, elf, first_of_type(elf, SHT_DYNSYM), MMS_SYMBOL_DYNSYM, err);
	return ret;
}

/* Of names that are as good as each other the shortest: logb, not logbf32x. */
static int by_name(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);

	return la != lb ? (la > lb) - (la < lb) : strcmp(a, b);
}

static int by_place(const void *a, const void *b)
{
	const struct mmsi_sym *x = a, *y = b;
	bool tls = x->type == MMS_SYMBOL_TLS;

	if (tls != (y->type == MMS_SYMBOL_TLS))
		return tls ? 1 : -1;
	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return by_name(x->name, y->name);
}

void mmsi_elf_finish(struct mms_elf *e, uint64_t bias)
{
	uint64_t max_end = 0;

	if (e->syms)
		qsort(e->sym, e->syms, sizeof(*e->sym), by_place);
	for (e->addresses = 0; e->addresses < e->syms; e->addresses++) {
		struct mmsi_sym *s = &e->sym[e->addresses];

		if (s->type == MMS_SYMBOL_TLS)
			break;
		if (s->value + s->size > max_end)
			max_end = s->value + s->size;
		s->max_end = max_end;
	}
	e->bias = bias;
	for (size_t i = 0; i < e->segments; i++)
		e->segment[i].address += bias;
	for (size_t i = 0; i < e->sections; i++)
		e->section[i].address += bias;
}

/* ---- the whole ------------------------------------------------------------- */

static int read_all(struct mms_elf *e, Elf *elf, struct mms_error *err)
{
	GElf_Ehdr header;

	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header))
		return bad(e, "not an ELF object", err);
	if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
		return bad(e, "neither a program nor a shared object", err);
	e->type = header.e_type;
	if (read_segments(e, elf, err) || read_sections(e, elf, err))
		return -1;
	read_build_id(elf, e->build_id, sizeof(e->build_id));
	return read_symbols(e, elf, MMS_SYMBOL_SYMTAB, err);
}

static int read_elf(Elf *elf, const char *path, struct mms_elf **result, struct mms_error *err)
{
	struct mms_elf *e = calloc(1, sizeof(*e));
	int ret = -1;

	if (e)
		e->path = strdup(path);
	if (!e || !e->path)
		mmsi_nomem(err);
	else
		ret = read_all(e, elf, err);
	elf_end(elf);
	if (ret)
		mms_elf_close(e);
	else
		*result = e;
	return ret;
}

int mmsi_elf_read_fd(int fd, const char *path, struct mms_elf **elf, struct mms_error *err)
{
	return read_elf(begin_fd(fd), path, elf, err);
}

int mmsi_elf_read_image(void *image, size_t size, const char *path, struct mms_elf **elf,
			struct mms_error *err)
{
	elf_version(EV_CURRENT);
	return read_elf(check_header(image, size) ? elf_memory(image, size) : NULL, path, elf,
			err);
}

bool mmsi_elf_add_debug(struct mms_elf *e, int fd)
{
	char build_id[sizeof(e->build_id)] = "";
	Elf *elf = begin_fd(fd);

	if (elf && elf_kind(elf) == ELF_K_ELF)
		read_build_id(elf, build_id, sizeof(build_id));
	if (build_id[0] && !strcmp(build_id, e->build_id))
		read_symbols(e, elf, MMS_SYMBOL_DEBUG, NULL);
	elf_end(elf);
	return e->strings[MMS_SYMBOL_DEBUG];
}

int mms_elf_open_fd(int fd, const char *path, uint64_t bias, struct mms_elf **elf,
		    struct mms_error *err)
{
	if (mmsi_elf_read_fd(fd, path, elf, err))
		return -1;
	mmsi_elf_finish(*elf, bias);
	return 0;
}

int mms_elf_open_image(void *image, size_t size, const char *path, uint64_t bias,
		       struct mms_elf **elf, struct mms_error *err)
{
	if (mmsi_elf_read_image(image, size, path, elf, err))
		return -1;
	mmsi_elf_finish(*elf, bias);
	return 0;
}

void mms_elf_close(struct mms_elf *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->sections; i++)
		free((char *)e->section[i].name);
	for (size_t i = 0; i < 3; i++)
		free(e->strings[i]);
	free(e->section);
	free(e->segment);
	free(e->sym);
	free(e->path);
	free(e);
}
