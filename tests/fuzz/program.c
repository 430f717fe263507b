// SPDX-License-Identifier: GPL-2.0
/*
 * program.c - what calls there are and what may stand in them; programs made up,
 * changed, written as text and read again. Pure: nothing here is run.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"

#define IN(type, member) offsetof(struct type, member), sizeof(((struct type *)0)->member)

/* Every call with a structure has these; the last two spoil a byte of it. */
#define HEAD(type) { "s", SESSION, SESSIONS, 0, 0 }, { "size", SIZE, 0, IN(type, size) }, \
		   { "flags", FLAGS, 0, IN(type, flags) }
#define TAIL { "arg", POINTER, 0, 0, 0 }, { "poke", POKE, 0, 0, 0 }, { "with", FEW, 256, 0, 0 }

const struct op_info op_info[OPS] = {
	[OPEN] = { "open", 1, 0, { { "s", SESSION, SESSIONS, 0, 0 } } },
	[CLOSE] = { "close", 1, 0, { { "s", SESSION, SESSIONS, 0, 0 } } },
	[DUP] = { "dup", 1, 0, { { "s", SESSION, SESSIONS, 0, 0 },
				 { "from", SESSION, SESSIONS, 0, 0 } } },
	[INFO] = { "info", 2, sizeof(struct mmscope_info), { HEAD(mmscope_info), TAIL } },
	[ATTACH] = { "attach", 6, sizeof(struct mmscope_attach), { HEAD(mmscope_attach),
		{ "pid", TARGET, 0, IN(mmscope_attach, pid) },
		{ "reserved", FLAGS, 0, IN(mmscope_attach, reserved) }, TAIL } },
	[MM] = { "mm", 3, sizeof(struct mmscope_mm), { HEAD(mmscope_mm), TAIL } },
	[VMAS] = { "vmas", 8, sizeof(struct mmscope_vmas), { HEAD(mmscope_vmas),
		{ "start", ADDRESS, 0, IN(mmscope_vmas, start) },
		{ "end", LIMIT, 0, IN(mmscope_vmas, end) },
		{ "vmas", POINTER, 0, IN(mmscope_vmas, vmas) },
		{ "vmas_len", LENGTH, 0, IN(mmscope_vmas, vmas_len) },
		{ "names", POINTER, 0, IN(mmscope_vmas, names) },
		{ "names_len", BYTES, 0, IN(mmscope_vmas, names_len) },
		{ "mm", POINTER, 0, IN(mmscope_vmas, mm) },
		{ "accts", POINTER, 0, IN(mmscope_vmas, accts) },
		{ "acct_categories", MASK, 0, IN(mmscope_vmas, acct_categories) },
		{ "mm_size", SIZE, 0, 0, 0 }, { "mm_flags", FLAGS, 0, 0, 0 },
		{ "arg", POINTER, 0, 0, 0 } } },
	[PAGES] = { "pages", 12, sizeof(struct mmscope_pages), { HEAD(mmscope_pages),
		{ "start", ADDRESS, 0, IN(mmscope_pages, start) },
		{ "end", LIMIT, 0, IN(mmscope_pages, end) },
		{ "categories", MASK, 0, IN(mmscope_pages, categories) },
		{ "all_of", MASK, 0, IN(mmscope_pages, all_of) },
		{ "any_of", MASK, 0, IN(mmscope_pages, any_of) },
		{ "none_of", MASK, 0, IN(mmscope_pages, none_of) },
		{ "max_pages", LENGTH, 0, IN(mmscope_pages, max_pages) },
		{ "runs", POINTER, 0, IN(mmscope_pages, runs) },
		{ "runs_len", LENGTH, 0, IN(mmscope_pages, runs_len) }, TAIL } },
	[WALK] = { "walk", 8, sizeof(struct mmscope_walk), { HEAD(mmscope_walk),
		{ "address", ADDRESS, 0, IN(mmscope_walk, address) }, TAIL } },
	[RAW] = { "raw", 1, 0, { { "s", SESSION, SESSIONS, 0, 0 }, { "cmd", COMMAND, 0, 0, 0 },
				 { "arg", POINTER, 0, 0, 0 } } },
	[MAP] = { "map", 8, 0, { { "who", WHO, SUBJECTS, 0, 0 }, { "region", REGION, REGIONS, 0, 0 },
		{ "pages", COUNT, 0, 0, 0 }, { "kind", FEW, 12, 0, 0 }, { "prot", FEW, 8, 0, 0 } } },
	[UNMAP] = { "unmap", 2, 0, { { "who", WHO, SUBJECTS, 0, 0 },
		{ "region", REGION, REGIONS, 0, 0 }, { "page", COUNT, 0, 0, 0 },
		{ "pages", COUNT, 0, 0, 0 } } },
	[PROTECT] = { "protect", 3, 0, { { "who", WHO, SUBJECTS, 0, 0 },
		{ "region", REGION, REGIONS, 0, 0 }, { "page", COUNT, 0, 0, 0 },
		{ "pages", COUNT, 0, 0, 0 }, { "prot", FEW, 8, 0, 0 } } },
	[ADVISE] = { "advise", 5, 0, { { "who", WHO, SUBJECTS, 0, 0 },
		{ "region", REGION, REGIONS, 0, 0 }, { "page", COUNT, 0, 0, 0 },
		{ "pages", COUNT, 0, 0, 0 }, { "advice", FEW, 14, 0, 0 } } },
	[LOCK] = { "lock", 3, 0, { { "who", WHO, SUBJECTS, 0, 0 },
		{ "region", REGION, REGIONS, 0, 0 }, { "page", COUNT, 0, 0, 0 },
		{ "pages", COUNT, 0, 0, 0 }, { "flags", FEW, 3, 0, 0 } } },
	[LOCKALL] = { "lockall", 1, 0, { { "who", WHO, SUBJECTS, 0, 0 }, { "flags", FEW, 8, 0, 0 } } },
	[TOUCH] = { "touch", 8, 0, { { "who", WHO, SUBJECTS, 0, 0 },
		{ "region", REGION, REGIONS, 0, 0 }, { "page", COUNT, 0, 0, 0 },
		{ "pages", COUNT, 0, 0, 0 }, { "step", FEW, 6, 0, 0 }, { "write", FEW, 2, 0, 0 } } },
	[MOVE_BREAK] = { "break", 2, 0, { { "who", WHO, SUBJECTS, 0, 0 }, { "bytes", BYTES, 0, 0, 0 } } },
	[CLEAR_REFS] = { "clear-refs", 1, 0, { { "who", WHO, SUBJECTS, 0, 0 }, { "what", FEW, 7, 0, 0 } } },
	[FORK] = { "fork", 2, 0, { { "who", WHO, SUBJECTS, 0, 0 } } },
	[THREAD] = { "thread", 1, 0, { { "who", WHO, SUBJECTS, 0, 0 } } },
	[EXEC] = { "exec", 1, 0, { { "who", WHO, SUBJECTS, 0, 0 } } },
	[EXIT] = { "exit", 1, 0, { { "who", WHO, SUBJECTS, 0, 0 }, { "reaped", FEW, 2, 0, 0 } } },
	[LEADER] = { "leader", 1, 0, { { "who", WHO, SUBJECTS, 0, 0 } } },
	[TARGETS] = { "targets", 4, 0, { { "pid", TARGET, 0, 0, 0 }, { "remove", FEW, 2, 0, 0 } } },
	[SCRIBBLE] = { "scribble", 1, 0, { { "text", FEW, 12, 0, 0 } } },
	[READ] = { "read", 6, 0, { { "dir", FEW, 2 + SUBJECTS, 0, 0 }, { "file", FEW, 5, 0, 0 },
		{ "step", BYTES, 0, 0, 0 }, { "seek", BYTES, 0, 0, 0 } } },
	[USER] = { "user", 2, 0, { { "uid", FEW, 2, 0, 0 } } },
	[TIMER] = { "timer", 1, 0, { { "usec", BYTES, 0, 0, 0 } } },
};

const char *const base_name[BASES] = {
	[END0] = "end0", [END1] = "end1", [END2] = "end2", [END3] = "end3", [INNER] = "inner",
	[READONLY] = "readonly", [KERNEL] = "kernel", [TOLD] = "told",
	[PID0] = "pid0", [PID1] = "pid1", [PID2] = "pid2", [PID3] = "pid3", [SELF] = "self",
	[PIDFD0] = "pidfd0", [PIDFD1] = "pidfd1", [PIDFD2] = "pidfd2", [PIDFD3] = "pidfd3",
	[EVENTFD] = "eventfd",
	[REGION0] = "region0", [REGION1] = "region1", [REGION2] = "region2",
	[REGION3] = "region3", [BREAK] = "break", [STACK] = "stack", [TEXT] = "text",
};

struct value *field_of(struct call *call, const char *name)
{
	static struct value none;
	const struct field *f = op_info[call->op].field;

	for (size_t i = 0; i < FIELDS_MAX && f[i].kind; i++)
		if (!strcmp(f[i].name, name))
			return &call->value[i];
	none = (struct value){ NUMBER, 0 };
	return &none;
}

/* ---- making up ---- */

static u64 state = 1;

/* xorshift: the same everywhere, so that a seed tells the whole run. */
u64 rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dULL >> 16;
}

void random_seed(u64 seed)
{
	state = seed ? seed : 1;
}

static struct value number(u64 n)
{
	return (struct value){ NUMBER, n };
}

static struct value address(void)
{
	switch (rnd() % 12) {
	case 0: return number(rnd() << 12);
	case 1: return (struct value){ BREAK, (rnd() % 8 - 4) << 12 };
	case 2: return (struct value){ STACK, (rnd() % 8 - 4) << 12 };
	case 3: return (struct value){ TEXT, 0 };
	case 4: return number((1ULL << (47 + rnd() % 10)) - (one_in(2) ? 4096 : 0));
	case 5: return number(-(rnd() % 3) << 12);
	case 6: return (struct value){ REGION0 + rnd() % REGIONS, rnd() % 5000 };
	case 7: return number(0);
	default: return (struct value){ REGION0 + rnd() % REGIONS, rnd() % 600 << 12 };
	}
}

static struct value limit(void)
{
	switch (rnd() % 4) {
	case 0: return address();
	case 1: return (struct value){ REGION0 + rnd() % REGIONS, rnd() % 1200 << 12 };
	default: return number(1ULL << 56);
	}
}

static struct value pointer(void)
{
	switch (rnd() % 14) {
	case 0: return number(0);
	case 1: return (struct value){ READONLY, rnd() % 64 };
	case 2: return (struct value){ KERNEL, rnd() % (1 << 30) };
	case 3: return (struct value){ END0 + rnd() % BUFFERS, -(rnd() % 300) };
	case 4: return (struct value){ INNER, one_in(4) ? rnd() % 8 : 0 };
	default: return (struct value){ END0 + rnd() % BUFFERS, -(8 << rnd() % 11) };
	}
}

static struct value length(void)
{
	switch (rnd() % 10) {
	case 0: return number(0);
	case 1: return number(1);
	case 2: return number(~0ULL / (1 + rnd() % 100));
	case 3: return number(1ULL << rnd() % 64);
	default: return number(rnd() % 300);
	}
}

static struct value mask(void)
{
	switch (rnd() % 8) {
	case 0: case 1: return number(0);
	case 2: return number(rnd());
	case 3: return number(1ULL << rnd() % 36);
	case 4: return number(MMSCOPE_CATS_ALL & rnd() & rnd());
	default: return (struct value){ TOLD, 0 };
	}
}

static struct value target(void)
{
	switch (rnd() % 12) {
	case 0: return number(rnd());
	case 1: return number(rnd() % 400);
	case 2: return (struct value){ SELF, 0 };
	case 3: return (struct value){ EVENTFD, 0 };
	case 4: case 5: return (struct value){ PIDFD0 + rnd() % SUBJECTS, 0 };
	case 6: return number(1 + rnd() % 3);
	default: return (struct value){ PID0 + rnd() % SUBJECTS, 0 };
	}
}

static struct value size(u32 right)
{
	switch (rnd() % 24) {
	case 0: return number(rnd() % (right + 40));
	case 1: return number(right + rnd() % 64);
	case 2: return number(rnd() & 0xffffffff);
	case 3: return number(4096 + rnd() % 2);
	default: return number(right);
	}
}

static struct value command(void)
{
	switch (rnd() % 3) {
	case 0: return number(rnd() & 0xffffffff);
	case 1: return number(_IO(MMSCOPE_IOC_TYPE, rnd() & 255));
	default: return number(_IOC(rnd() % 4, MMSCOPE_IOC_TYPE, rnd() % 8, rnd() % 300));
	}
}

static struct value any(const struct op_info *info, const struct field *f)
{
	switch (f->kind) {
	case SIZE: return size(!strcmp(f->name, "mm_size") ? sizeof(struct mmscope_mm) : info->size);
	case FLAGS: return number(one_in(3) ? 1 : one_in(20) ? rnd() & 0xffffffff : 0);
	case SESSION: case WHO: return number(one_in(3) ? rnd() % f->few : 0);
	case FEW: case REGION: return number(rnd() % f->few);
	case ADDRESS: return address();
	case LIMIT: return limit();
	case POINTER: return !strcmp(f->name, "arg") && !one_in(20) ? number(0) : pointer();
	case LENGTH: return length();
	case BYTES: return number(one_in(3) ? rnd() % 64 : rnd() % 20000);
	case MASK: return mask();
	case TARGET: return target();
	case COUNT: return number(one_in(3) ? rnd() % 600 : rnd() % 20);
	case POKE: return number(one_in(20) ? 1 + rnd() % 320 : 0);
	case COMMAND: return command();
	case NO_FIELD: break;
	}
	return number(0);
}

static enum op likely_op(void)
{
	unsigned int sum = 0, at, op;

	for (op = 0; op < OPS; op++)
		sum += op_info[op].likely;
	at = rnd() % sum;
	for (op = 0; at >= op_info[op].likely; op++)
		at -= op_info[op].likely;
	return op;
}

static void call_make(struct call *c, enum op op)
{
	const struct op_info *info = &op_info[op];

	*c = (struct call){ .op = op };
	for (size_t i = 0; i < FIELDS_MAX && info->field[i].kind; i++)
		c->value[i] = any(info, &info->field[i]);
	if (op == ATTACH)	/* pids and pidfds are told apart by the flag */
		c->value[2] = number(c->value[3].base >= PIDFD0 && c->value[3].base <= EVENTFD);
	if (op == VMAS && one_in(4)) {
		*field_of(c, "flags") = number(MMSCOPE_VMAS_TOTALS);
		*field_of(c, "vmas_len") = *field_of(c, "names_len") = number(0);
	} else if (op == VMAS && one_in(4)) {
		*field_of(c, "flags") = number(MMSCOPE_VMAS_PART);
	}
}

/* Most begin with somebody to look at. */
void program_make(struct program *p)
{
	unsigned int want = 2 + rnd() % (CALLS_MAX - 4);

	p->count = 0;
	while (p->count < want)
		call_make(&p->call[p->count++], likely_op());
	if (!one_in(8))
		call_make(&p->call[0], MAP);
	if (!one_in(8) && want > 2)
		call_make(&p->call[1], ATTACH);
}

/* ---- changing ---- */

static void program_insert(struct program *p, unsigned int at, const struct call *c)
{
	if (p->count == CALLS_MAX)
		p->count--;
	if (at > p->count)
		at = p->count;
	memmove(&p->call[at + 1], &p->call[at], (p->count - at) * sizeof(*c));
	p->call[at] = *c;
	p->count++;
}

void program_drop(struct program *p, unsigned int index)
{
	p->count--;
	memmove(&p->call[index], &p->call[index + 1], (p->count - index) * sizeof(p->call[0]));
}

static void bend(struct value *v)
{
	switch (rnd() % 6) {
	case 0: v->add ^= 1ULL << rnd() % 64; break;
	case 1: v->add += 1 - 2 * (rnd() & 1); break;
	case 2: v->add += (1 - 2 * (rnd() & 1)) << 12; break;
	case 3: v->add = 0; break;
	case 4: v->add <<= 1; break;
	default: v->add ^= 1ULL << rnd() % 12; break;
	}
}

static void change_field(struct call *c)
{
	const struct op_info *info = &op_info[c->op];
	size_t n = 0, i;

	while (n < FIELDS_MAX && info->field[n].kind)
		n++;
	i = rnd() % n;
	if (one_in(3) && info->field[i].kind != FEW && info->field[i].kind != SESSION &&
	    info->field[i].kind != WHO && info->field[i].kind != REGION)
		bend(&c->value[i]);
	else
		c->value[i] = any(info, &info->field[i]);
}

void program_mutate(struct program *p, const struct program *other)
{
	unsigned int times = 1 + rnd() % 4, at;
	struct call c;

	while (times--) {
		at = p->count ? rnd() % p->count : 0;
		switch (p->count ? rnd() % 10 : 9) {
		case 0:
			if (p->count > 1)
				program_drop(p, at);
			break;
		case 1:
			c = p->call[at];
			program_insert(p, rnd() % (p->count + 1), &c);
			break;
		case 2:
			if (other && other->count)
				program_insert(p, at, &other->call[rnd() % other->count]);
			break;
		case 3: case 4: case 5: case 6: case 7:
			change_field(&p->call[at]);
			break;
		default:
			call_make(&c, likely_op());
			program_insert(p, rnd() % (p->count + 1), &c);
		}
	}
}

/* ---- text ---- */

static u64 usual(const struct op_info *info, const struct field *f)
{
	if (f->kind != SIZE)
		return 0;
	return !strcmp(f->name, "mm_size") ? sizeof(struct mmscope_mm) : info->size;
}

bool program_plain(struct call *c, unsigned int field)
{
	const struct op_info *info = &op_info[c->op];
	struct value was = c->value[field];

	c->value[field] = number(usual(info, &info->field[field]));
	return was.base != NUMBER || was.add != c->value[field].add;
}

static void write_value(FILE *out, const struct value *v)
{
	if (v->base == NUMBER)
		fprintf(out, v->add < 10000 ? "%llu" : "%#llx", v->add);
	else if (!v->add)
		fputs(base_name[v->base], out);
	else if (v->add >> 63)
		fprintf(out, "%s-%#llx", base_name[v->base], -v->add);
	else
		fprintf(out, "%s+%#llx", base_name[v->base], v->add);
}

char *program_text(const struct program *p)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (unsigned int n = 0; n < p->count; n++) {
		const struct call *c = &p->call[n];
		const struct op_info *info = &op_info[c->op];

		fputs(info->name, out);
		for (size_t i = 0; i < FIELDS_MAX && info->field[i].kind; i++) {
			if (c->value[i].base == NUMBER &&
			    c->value[i].add == usual(info, &info->field[i]))
				continue;
			fprintf(out, " %s=", info->field[i].name);
			write_value(out, &c->value[i]);
		}
		putc('\n', out);
	}
	fclose(out);
	return text;
}

static bool read_number(const char *text, u64 *n)
{
	char *end;

	*n = strtoull(text, &end, 0);
	return isdigit((unsigned char)*text) && !*end;
}

static bool read_value(const char *text, struct value *v)
{
	size_t len = strcspn(text, "+-");
	u64 add = 0;

	if (read_number(text, &v->add)) {
		v->base = NUMBER;
		return true;
	}
	for (v->base = NUMBER + 1; v->base < BASES; v->base++)
		if (strlen(base_name[v->base]) == len && !strncmp(base_name[v->base], text, len))
			break;
	if (v->base == BASES || (text[len] && !read_number(text + len + 1, &add)))
		return false;
	v->add = text[len] == '-' ? -add : add;
	return true;
}

static bool read_field(struct call *c, char *word)
{
	const struct op_info *info = &op_info[c->op];
	char *value = strchr(word, '=');

	if (!value)
		return false;
	*value++ = '\0';
	for (size_t i = 0; i < FIELDS_MAX && info->field[i].kind; i++)
		if (!strcmp(info->field[i].name, word))
			return read_value(value, &c->value[i]);
	return false;
}

static bool read_call(struct call *c, char *line)
{
	char *rest, *word = strtok_r(line, " \t", &rest);

	*c = (struct call){ 0 };
	for (c->op = 0; c->op < OPS && strcmp(op_info[c->op].name, word); c->op++)
		;
	if (c->op == OPS)
		return false;
	for (size_t i = 0; i < FIELDS_MAX && op_info[c->op].field[i].kind; i++)
		c->value[i].add = usual(&op_info[c->op], &op_info[c->op].field[i]);
	while ((word = strtok_r(NULL, " \t", &rest)))
		if (!read_field(c, word))
			return false;
	return true;
}

bool program_parse(struct program *p, const char *text, unsigned int *line)
{
	char *copy = strdup(text), *next = copy, *at;
	bool good = true;

	p->count = 0;
	for (*line = 1; good && copy && (at = strsep(&next, "\n")); ++*line) {
		at[strcspn(at, "#")] = '\0';	/* a remark */
		if (!at[strspn(at, " \t")])
			continue;
		good = p->count < CALLS_MAX && read_call(&p->call[p->count], at);
		p->count += good;
	}
	free(copy);
	return good && copy;
}
