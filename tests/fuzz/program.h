/* SPDX-License-Identifier: GPL-2.0 */
/*
 * program.h - a program: some calls, one after the other, as the fuzzer makes
 * them up, changes them, runs them and keeps them. As text it is one call a
 * line, "CALL FIELD=VALUE...", made to be read and edited; what is 0, or the
 * right size, is left out.
 */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "kit.h"

#define CALLS_MAX	16
#define FIELDS_MAX	16
#define SESSIONS	4
#define SUBJECTS	4
#define REGIONS		4
#define BUFFERS		4

/* What a value is counted from, as it is only known where it runs. */
enum base {
	NUMBER,
	END0, END1, END2, END3,		/* the ends of the buffers: behind is nothing */
	INNER,				/* a struct mmscope_mm, at the end of its own */
	READONLY, KERNEL,		/* memory that cannot be written */
	TOLD,				/* the categories that INFO lists */
	PID0, PID1, PID2, PID3, SELF,
	PIDFD0, PIDFD1, PIDFD2, PIDFD3, EVENTFD,
	REGION0, REGION1, REGION2, REGION3,	/* of a subject */
	BREAK, STACK, TEXT,		/* where subjects and the fuzzer have them */
	BASES
};

struct value {
	enum base base;
	u64 add;
};

enum op {
	OPEN, CLOSE, DUP, INFO, ATTACH, MM, VMAS, PAGES, WALK, RAW,
	MAP, UNMAP, PROTECT, ADVISE, LOCK, LOCKALL, TOUCH, MOVE_BREAK, CLEAR_REFS,
	FORK, THREAD, EXEC, EXIT, LEADER,
	TARGETS, SCRIBBLE, READ, USER, TIMER,
	OPS
};

struct call {
	enum op op;
	struct value value[FIELDS_MAX];	/* in the order of the op's fields */
};

struct program {
	unsigned int count;
	struct call call[CALLS_MAX];
};

/* What a field means: it decides what is put there. */
enum kind {
	NO_FIELD, SIZE, FLAGS, SESSION, WHO, ADDRESS, LIMIT, POINTER, LENGTH, BYTES,
	MASK, TARGET, FEW, COUNT, REGION, POKE, COMMAND,
};

struct field {
	const char *name;
	enum kind kind;
	unsigned int few;	/* FEW: it is below that */
	unsigned int offset, width;	/* in the structure, if width is not 0 */
};

struct op_info {
	const char *name;
	unsigned int likely;
	u32 size;		/* of its structure; 0: it has none */
	struct field field[FIELDS_MAX];
};

extern const struct op_info op_info[OPS];
extern const char *const base_name[BASES];

/* The value of a field by its name; of the op of the call. */
struct value *field_of(struct call *call, const char *name);
static inline u64 plain(const struct call *call, const char *name)
{
	return field_of((struct call *)call, name)->add;
}

/* Deterministic, from the seed alone. */
void random_seed(u64 seed);
u64 rnd(void);
static inline bool one_in(u64 n)
{
	return rnd() % n == 0;
}

void program_make(struct program *p);
/* Changes *p a little; `other`, if not NULL, may lend some calls. */
void program_mutate(struct program *p, const struct program *other);
void program_drop(struct program *p, unsigned int index);
/* Makes a field what it usually is; false if it is so already. */
bool program_plain(struct call *call, unsigned int field);

/* As text, to be freed; and back. false: not a program, *line says where. */
char *program_text(const struct program *p);
bool program_parse(struct program *p, const char *text, unsigned int *line);

#endif
