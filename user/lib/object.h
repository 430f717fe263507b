/* SPDX-License-Identifier: GPL-2.0 */
/*
 * object.h - what the files about ELF objects share.
 * elf-read.c fills a struct mms_elf from a file or from memory, elf-open.c
 * finds the file and the place in the process, elf.c answers questions, and
 * elf-symbols.c lists the symbols.
 */
#ifndef MMS_OBJECT_H
#define MMS_OBJECT_H

#include "private.h"

/* A symbol as it is kept: its value is as in the file, without the bias. */
struct mmsi_sym {
	uint64_t value, size;
	uint64_t max_end;	/* the largest end among this one and all below it */
	const char *name;
	uint32_t rank;		/* among those at one value: the lowest is shown */
	uint8_t type;		/* enum mms_symbol_type */
	uint8_t from;		/* enum mms_symbol_from */
	bool local, hidden;
};

struct mms_elf {
	char *path;		/* not escaped */
	uint64_t bias;
	uint64_t inode;		/* of the VMA that it was opened by; 0: none */
	uint32_t dev_major, dev_minor;
	uint16_t type;		/* ET_EXEC, ET_DYN */
	bool has_symtab;
	char build_id[2 * 64 + 1];
	struct mms_segment *segment;
	size_t segments;
	struct mms_section *section;
	size_t sections;
	struct mmsi_sym *sym;	/* by value; those of thread-local storage last */
	size_t syms, addresses;	/* addresses: how many are none of those */
	uint64_t scanned;	/* bytes of names looked at so far */
	char *strings[3];	/* string tables, by enum mms_symbol_from */
};

/*
 * Reads headers, sections and symbols, with a bias of 0.  `fd` stays the
 * caller's and is not needed afterwards; so does `image`.
 */
int mmsi_elf_read_fd(int fd, const char *path, struct mms_elf **elf, struct mms_error *err);
int mmsi_elf_read_image(void *image, size_t size, const char *path, struct mms_elf **elf,
			struct mms_error *err);
/* Adds the symbols of a separate debug file; false if it is not of this object. */
bool mmsi_elf_add_debug(struct mms_elf *e, int fd);
/* Orders the symbols and moves everything to its place: to be called once. */
void mmsi_elf_finish(struct mms_elf *e, uint64_t bias);

/* elf.c: a symbol as it is told. */
void mmsi_symbol_tell(const struct mms_elf *e, const struct mmsi_sym *s,
		      struct mms_symbol *symbol);

#endif
