// SPDX-License-Identifier: GPL-2.0
/*
 * trace.c - draws the events of a trace: the call, what it changed, who made it.
 * Text is put together from items, which go on a line of their own if it is full.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <ctype.h>
#include <sys/wait.h>

#include "diff.h"
#include "json.h"
#include "text.h"
#include "trace.h"

#define EFFECTS_MAX	6	/* told of one call in text */
#define INDENT		6

/* A line that grows. */
struct line {
	const struct view_trace *v;
	size_t column;
	bool begun;		/* an item is in it */
	bool changes;		/* one that tells a change */
};

/* What a line has room for, less what a deeper fold begins with. */
static size_t room_of(const struct view_trace *v)
{
	return v->width ? v->width : SIZE_MAX;
}

/* The next item: behind a separator, or on a line of its own. */
__attribute__((format(printf, 3, 4)))
static void item(struct line *l, const char *separator, const char *format, ...)
{
	size_t cells, room = room_of(l->v);
	char text[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	cells = view_cells(text);
	if (l->begun && l->column + strlen(separator) + cells > room) {
		fprintf(l->v->out, "\n%*s", INDENT, "");
		l->column = INDENT;
	} else if (l->begun) {
		fputs(separator, l->v->out);
		l->column += strlen(separator);
	}
	l->begun = true;
	/* An item that is longer than a line alone ends where the line does. */
	if (l->column + cells > room && cells == strlen(text) && room > l->column + 3) {
		fprintf(l->v->out, "%.*s...", (int)(room - l->column - 3), text);
		l->column = room;
		return;
	}
	fputs(text, l->v->out);
	l->column += cells;
}

static void begin_line(const struct view_trace *v, const struct mms_trace_event *e, struct line *l)
{
	*l = (struct line){ .v = v };
	if (v->many)
		l->column = (size_t)fprintf(v->out, "%-7d ", (int)e->tid);
}

/* ---- words ----------------------------------------------------------------- */

static const char *size_words(uint64_t bytes, char buf[16])
{
	return mms_size_format(bytes, buf);
}

/* Where the words go on a terminal: PROT_READ|PROT_WRITE is rw-, MAP_PRIVATE private. */
static void shorten(enum mms_arg kind, uint64_t value, char *buf, size_t size)
{
	static const char *const prefixes[] = { "MAP_", "MADV_", "MREMAP_", "MCL_", "MLOCK_" };
	char long_form[200], *out = buf;
	const char *in = long_form;

	if (kind == MMS_ARG_PROT && value < 8) {
		snprintf(buf, size, "%c%c%c", value & 1 ? 'r' : '-', value & 2 ? 'w' : '-',
			 value & 4 ? 'x' : '-');
		return;
	}
	if (kind == MMS_ARG_SIZE) {
		size_words(value, buf);
		return;
	}
	mms_arg_format(kind, value, long_form, sizeof(long_form));
	if (kind == MMS_ARG_ADDRESS || kind == MMS_ARG_OFFSET || kind == MMS_ARG_OFFSET_PAGES ||
	    kind == MMS_ARG_FD) {
		snprintf(buf, size, "%s", value || kind != MMS_ARG_ADDRESS ? long_form : "0");
		return;
	}
	while (*in && (size_t)(out - buf) < size - 1) {
		for (size_t i = 0; in == long_form || in[-1] == '|'; i++) {
			if (i == sizeof(prefixes) / sizeof(prefixes[0]))
				break;
			if (!strncmp(in, prefixes[i], strlen(prefixes[i]))) {
				in += strlen(prefixes[i]);
				break;
			}
		}
		*out++ = (char)tolower((unsigned char)*in++);
	}
	*out = '\0';
	out = strstr(buf, "anonymous");
	if (out)
		memmove(out + 4, out + 9, strlen(out + 9) + 1);
}

/* -1, 0 at the end of an anonymous mmap says nothing. */
static bool says_nothing(const struct mms_trace_event *e, int i)
{
	return e->call == MMS_CALL_MMAP && i >= 4 && e->args[3] & 0x20;
}

static void call_words(const struct view_trace *v, const struct mms_trace_event *e, char *buf,
		       size_t size)
{
	const enum mms_arg *kinds = mms_call_args(e->call, e->compat);
	size_t n = (size_t)snprintf(buf, size, "%s(", mms_call_name(e->call));
	char arg[200];

	for (int i = 0; i < 6 && kinds[i] != MMS_ARG_NONE && n < size; i++) {
		if (v->width && says_nothing(e, i))
			break;
		/* Without the flag the last one is not looked at. */
		if (e->call == MMS_CALL_MREMAP && i == 4 && !(e->args[3] & 2))
			break;
		if (v->width)
			shorten(kinds[i], e->args[i], arg, sizeof(arg));
		else
			mms_arg_format(kinds[i], e->args[i], arg, sizeof(arg));
		n += (size_t)snprintf(buf + n, size - n, "%s%s", i ? ", " : "", arg);
	}
	if (n < size)
		snprintf(buf + n, size - n, ")");
}

static bool returns_address(enum mms_call call)
{
	return call == MMS_CALL_BRK || call == MMS_CALL_MMAP || call == MMS_CALL_MREMAP;
}

static void result_words(const struct mms_trace_event *e, char *buf, size_t size)
{
	if (e->unfinished)
		snprintf(buf, size, "?");
	else if (e->error)
		snprintf(buf, size, "-1 %s (%s)", strerrorname_np(e->error) ?: "?",
			 strerrordesc_np(e->error) ?: "?");
	else if (returns_address(e->call))
		snprintf(buf, size, "0x%" PRIx64, e->result);
	else
		snprintf(buf, size, "%" PRId64, (int64_t)e->result);
}

/* "[heap]", "libc.so.6", or what it serves for. */
static void vma_words(const struct mms_vma *v, char *buf, size_t size)
{
	const char *slash = strrchr(v->name, '/'), *name = slash && slash[1] ? slash + 1 : v->name;

	mms_escape(*name ? name : mms_purpose_name(v->purpose), buf, size);
}

/* "main+0x1f", "xz+0x3f21", or the address. */
static void frame_words(const struct mms_frame *f, char *buf, size_t size)
{
	char name[300];

	if (!f->symbol && !f->object) {
		snprintf(buf, size, "0x%" PRIx64, f->pc);
		return;
	}
	mms_escape(f->symbol ? f->symbol : f->object, name, sizeof(name));
	if (f->offset)
		snprintf(buf, size, "%s+0x%" PRIx64, name, f->offset);
	else
		snprintf(buf, size, "%s", name);
}

/* The functions of the library that programs call for memory. */
static bool is_entry(const char *symbol)
{
	static const char *const names[] = {
		"malloc", "calloc", "realloc", "free", "memalign", "aligned_alloc",
		"posix_memalign", "valloc", "pvalloc", "reallocarray", NULL
	};

	for (int i = 0; names[i]; i++)
		if (!strcmp(symbol, names[i]))
			return true;
	return false;
}

/* Nobody but a library, the loader mostly: that, and the innermost that has a name. */
static void library_words(const struct mms_trace_event *e, char *buf, size_t size)
{
	const struct mms_frame *f = &e->frame[e->frames - 1];
	char object[200], name[200];
	size_t i = 1;

	mms_escape(f->object ? f->object : "?", object, sizeof(object));
	while (i < e->frames && !e->frame[i].symbol)
		i++;
	mms_escape(i < e->frames ? e->frame[i].symbol : "", name, sizeof(name));
	snprintf(buf, size, "%s%s%s", object, *name ? " -> " : "", name);
}

/* Who called, and by way of which functions of the library. */
static bool caller_words(const struct mms_trace_event *e, char *buf, size_t size)
{
	char name[200];
	size_t n;

	if (!e->frames)
		return false;
	if (e->caller == e->frames && e->frames > 1) {
		library_words(e, buf, size);
		return true;
	}
	frame_words(&e->frame[e->caller == e->frames ? 0 : e->caller], buf, size);
	n = strlen(buf);
	for (size_t i = e->caller == e->frames ? 0 : e->caller, told = 0; i-- > 1 && told < 3;) {
		const struct mms_frame *f = &e->frame[i];

		if (!f->symbol || (f->symbol[0] == '_' && told))
			continue;
		mms_escape(f->symbol, name, sizeof(name));
		if (n < size)
			n += (size_t)snprintf(buf + n, size - n, " -> %s", name);
		told++;
		if (is_entry(f->symbol))
			break;
	}
	return true;
}

/* ---- what changed ---------------------------------------------------------- */

/* One of the things that changed. */
#define effect(l, ...) do {						\
	item(l, (l)->changes ? "; " : "  ", __VA_ARGS__);		\
	(l)->changes = true;						\
} while (0)

static void draw_vma(struct line *l, const char *what, const struct mms_vma *v)
{
	char size[16], name[200], perms[5];

	mms_perms_format(v, perms);
	vma_words(v, name, sizeof(name));
	effect(l, "%s %s %s %s", what, size_words(v->end - v->start, size), perms, name);
}

/* What is a consequence of a protection, or for the kernel's own bookkeeping. */
#define FLAGS_QUIET \
	(MMSCOPE_VMA_READ | MMSCOPE_VMA_WRITE | MMSCOPE_VMA_EXEC | MMSCOPE_VMA_SHARED | \
	 MMSCOPE_VMA_ACCOUNT | MMSCOPE_VMA_SOFTDIRTY)

/* Flags that changed in the same way in one or more places. */
struct turned {
	char text[160];		/* " rw-p -> r--p +locked" */
	uint64_t size;
	size_t places;
};

static void flags_words(const struct mms_diff *d, const struct mms_diff_piece *p, char *text,
			size_t size)
{
	const struct mms_vma *v = &d->before->vma[p->before], *w = &d->after->vma[p->after];
	uint64_t known = p->known & ~(uint64_t)FLAGS_QUIET;
	uint64_t set = w->flags & ~v->flags & known, cleared = v->flags & ~w->flags & known;
	char before[5], after[5];
	size_t n = 0;

	text[0] = '\0';
	mms_perms_format(v, before);
	mms_perms_format(w, after);
	if (strcmp(before, after))
		n = (size_t)snprintf(text, size, " %s -> %s", before, after);
	for (unsigned int i = 0; mms_vma_flag_name(i) && n < size; i++)
		if ((set | cleared) >> i & 1)
			n += (size_t)snprintf(text + n, size - n, " %c%s", set >> i & 1 ? '+' : '-',
					      mms_vma_flag_name(i));
}

/* Adds one to the list, or to those that are the same; what does not fit is left out. */
static void add_turned(const struct mms_diff *d, const struct mms_diff_piece *p,
		       struct turned turned[EFFECTS_MAX])
{
	char text[sizeof(turned[0].text)];
	size_t i = 0;

	flags_words(d, p, text, sizeof(text));
	while (i < EFFECTS_MAX && turned[i].places && strcmp(turned[i].text, text))
		i++;
	if (!text[0] || i == EFFECTS_MAX)
		return;
	memcpy(turned[i].text, text, sizeof(text));
	turned[i].size += p->end - p->start;
	turned[i].places++;
}

static void draw_turned(struct line *l, const struct mms_trace_event *e)
{
	struct turned turned[EFFECTS_MAX] = { 0 };
	const struct mms_diff *d = e->diff;
	char size[16];

	for (size_t i = 0; i < d->areas; i++)
		for (size_t k = 0; k < d->area[i].pieces && mms_trace_concerns(e, &d->area[i]); k++)
			if (d->piece[d->area[i].piece + k].kind == MMS_PIECE_CHANGED)
				add_turned(d, &d->piece[d->area[i].piece + k], turned);
	for (size_t i = 0; i < EFFECTS_MAX && turned[i].places; i++) {
		if (turned[i].places == 1)
			effect(l, "%s%s", size_words(turned[i].size, size), turned[i].text);
		else
			effect(l, "%s%s in %zu VMAs", size_words(turned[i].size, size),
			       turned[i].text, turned[i].places);
	}
}

static void draw_piece(struct line *l, const struct mms_diff *d, const struct mms_diff_piece *p)
{
	const struct mms_vma *v = &d->before->vma[p->before], *w = &d->after->vma[p->after];
	char size[16], name[200];

	size_words(p->end - p->start, size);
	switch (p->kind) {
	case MMS_PIECE_NEW:
		vma_words(w, name, sizeof(name));
		effect(l, "%s grew %s", name, size);
		break;
	case MMS_PIECE_GONE:
		vma_words(v, name, sizeof(name));
		effect(l, "%s shrank %s", name, size);
		break;
	case MMS_PIECE_REPLACED:
		draw_vma(l, "replaced by", w);
		break;
	case MMS_PIECE_CHANGED:
		break;	/* see draw_turned() */
	}
}

static void draw_area(struct line *l, const struct mms_diff *d, const struct mms_diff_area *a)
{
	if (!a->befores)
		for (size_t i = 0; i < a->afters; i++)
			draw_vma(l, "new", &d->after->vma[a->after + i]);
	if (!a->afters)
		for (size_t i = 0; i < a->befores; i++)
			draw_vma(l, "gone", &d->before->vma[a->before + i]);
	if (a->befores && a->afters) {
		if (a->befores < a->afters)
			effect(l, "split %zu into %zu", a->befores, a->afters);
		else if (a->befores > a->afters)
			effect(l, "merged %zu into %zu", a->befores, a->afters);
		for (size_t i = 0; i < a->pieces; i++)
			draw_piece(l, d, &d->piece[a->piece + i]);
	}
}

/* Whether VMAs came, went, or have other bounds. */
static bool moves(const struct mms_diff *d, const struct mms_diff_area *a)
{
	for (size_t i = 0; i < a->pieces; i++)
		if (d->piece[a->piece + i].kind != MMS_PIECE_CHANGED)
			return true;
	return a->befores != a->afters;
}

/* Returns whether there are any. */
static bool draw_pages(struct line *l, const struct mms_trace_event *e)
{
	uint64_t pages[MMS_EFFECT_COUNT] = { 0 };
	bool some = false;

	for (size_t i = 0; i < e->diff->areas; i++)
		if (mms_trace_concerns(e, &e->diff->area[i]))
			for (int k = 0; k < MMS_EFFECT_COUNT; k++)
				pages[k] += e->diff->area[i].pages[k];
	for (int k = 0; k < MMS_EFFECT_COUNT; k++) {
		if (!pages[k])
			continue;
		effect(l, "%s%" PRIu64 " page%s %s", e->others ? "~" : "", pages[k],
		       pages[k] == 1 ? "" : "s", mms_effect_name((enum mms_effect)k));
		some = true;
	}
	return some;
}

static void draw_changes(struct view_trace *v, struct line *l, const struct mms_trace_event *e)
{
	size_t told = 0, elsewhere = 0;
	char size[16];

	if (e->call == MMS_CALL_BRK && e->brk_known && e->brk_before != e->brk_after)
		effect(l, "break %c%s", e->brk_after < e->brk_before ? '-' : '+',
		     size_words(e->brk_after < e->brk_before ? e->brk_before - e->brk_after :
				e->brk_after - e->brk_before, size));
	if (!e->diff) {
		if (!e->unfinished)
			effect(l, "changes not known: %s", e->text ? e->text : "?");
		return;
	}
	for (size_t i = 0; i < e->diff->areas; i++) {
		const struct mms_diff_area *a = &e->diff->area[i];

		if (!mms_trace_concerns(e, a))
			elsewhere++;
		else if (moves(e->diff, a) && told++ < EFFECTS_MAX)
			draw_area(l, e->diff, a);
	}
	if (told > EFFECTS_MAX)
		effect(l, "and in %zu more places", told - EFFECTS_MAX);
	draw_turned(l, e);
	if (draw_pages(l, e) && e->others)
		v->told_others = true;
	if (e->capped)
		item(l, " ", "(of the first pages only)");
	if (elsewhere)
		item(l, " ", "(and %zu elsewhere, by other threads)", elsewhere);
}

/* ---- events as text -------------------------------------------------------- */

static void draw_caller(struct line *l, const struct mms_trace_event *e)
{
	char caller[800];

	if (caller_words(e, caller, sizeof(caller)))
		item(l, "  ", "by %s", caller);
}

static void draw_call(struct view_trace *v, struct line *l, const struct mms_trace_event *e)
{
	char call[500], result[200];

	call_words(v, e, call, sizeof(call));
	result_words(e, result, sizeof(result));
	item(l, "", "%s%s", e->compat ? "32-bit " : "", call);
	item(l, " ", "= %s", result);
	draw_changes(v, l, e);
	draw_caller(l, e);
}

static void fault_words(const struct mms_trace_event *e, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%sfault 0x%" PRIx64, e->major ? "major " : "",
		 mms_access_name(e->access), e->access ? " " : "", e->address);
}

/* Where it was, and what came of it. */
static void draw_fault_page(struct line *l, const struct mms_trace_event *e)
{
	char name[200] = "in no VMA that is known", perms[5] = "";

	if (e->vma_known) {
		vma_words(&e->vma, name, sizeof(name));
		mms_perms_format(&e->vma, perms);
	}
	item(l, "  ", "%s%s%s", perms, perms[0] ? " " : "", name);
	if (e->state != MMS_PAGE_UNKNOWN)
		item(l, ", ", "now %s", mms_page_state_name(e->state));
	if (e->in_kernel)
		item(l, ", ", "in a system call");
}

static void draw_fault(struct line *l, const struct mms_trace_event *e)
{
	char fault[100];

	fault_words(e, fault, sizeof(fault));
	item(l, "", "%s", fault);
	draw_fault_page(l, e);
	draw_caller(l, e);
}

/* Without its result. */
static void malloc_words(const struct mms_trace_event *e, char *buf, size_t size)
{
	size_t n = (size_t)snprintf(buf, size, "%s(", e->function);
	bool pointer;

	for (int i = 0; i < e->argc && n < size; i++) {
		pointer = !i && (!strcmp(e->function, "free") || !strcmp(e->function, "realloc") ||
				 !strcmp(e->function, "posix_memalign"));
		n += (size_t)snprintf(buf + n, size - n, pointer ? "%s0x%" PRIx64 : "%s%" PRIu64,
				      i ? ", " : "", e->args[i]);
	}
	if (n < size)
		snprintf(buf + n, size - n, ")");
}

/*
 * "mmapped": by a mapping of its own; else what it was served from, "heap", "arena" or
 * with other allocators "anon"; "" if that is not known.
 */
static const char *malloc_place(const struct mms_trace_event *e)
{
	/* What was mapped meanwhile may be an arena, from which it was served then. */
	if (e->mmapped && !(e->vma_known && e->vma.purpose == MMS_PURPOSE_ARENA))
		return "mmapped";
	return e->address && e->vma_known ? mms_purpose_name(e->vma.purpose) : "";
}

static void draw_malloc(struct line *l, const struct mms_trace_event *e)
{
	const char *place = malloc_place(e);
	char call[200];

	malloc_words(e, call, sizeof(call));
	if (e->returns)
		item(l, "", "%s = 0x%" PRIx64, call, e->result);
	else
		item(l, "", "%s", call);
	if (*place)
		item(l, "  ", "%s", place);
	draw_caller(l, e);
}

static void draw_exit(struct line *l, const struct mms_trace_event *e)
{
	int signal = WTERMSIG(e->status);

	if (WIFEXITED(e->status))
		item(l, "", "exited with %d", WEXITSTATUS(e->status));
	else
		item(l, "", "killed by SIG%s%s", sigabbrev_np(signal) ?: "?",
		     WCOREDUMP(e->status) ? " (core dumped)" : "");
}

static void draw_rest(struct line *l, const struct mms_trace_event *e)
{
	char text[600];

	mms_escape(e->text ? e->text : "", text, sizeof(text));
	switch (e->kind) {
	case MMS_TRACE_EXEC:
		item(l, "", "exec %s", text);
		break;
	case MMS_TRACE_CHILD:
		item(l, "", "new %s of %d", e->thread ? "thread" : "process", (int)e->parent);
		break;
	case MMS_TRACE_EXIT:
		draw_exit(l, e);
		break;
	case MMS_TRACE_LOST:
		item(l, "", "lost: %" PRIu64 " events came faster than they were read", e->count);
		break;
	default:
		/* What would mend it is at its end. */
		fprintf(l->v->out, "note: %s", text);
	}
}

static void draw(struct view_trace *v, const struct mms_trace_event *e)
{
	bool told = v->told_others;
	struct line l;

	if (e->tid != v->first)
		v->many = true;
	begin_line(v, e, &l);
	switch (e->kind) {
	case MMS_TRACE_CALL:
		draw_call(v, &l, e);
		break;
	case MMS_TRACE_FAULT:
		draw_fault(&l, e);
		break;
	case MMS_TRACE_MALLOC:
		draw_malloc(&l, e);
		break;
	default:
		draw_rest(&l, e);
	}
	putc('\n', v->out);
	if (v->told_others && !told)
		fprintf(v->out, "note: ~ other threads ran meanwhile; such pages may be their doing\n");
}

/* ---- parts of a line ------------------------------------------------------- */

static void draw_what(struct view_trace *v, struct line *l, const struct mms_trace_event *e)
{
	char text[500];

	if (e->kind == MMS_TRACE_CALL)
		call_words(v, e, text, sizeof(text));
	else if (e->kind == MMS_TRACE_FAULT)
		fault_words(e, text, sizeof(text));
	else if (e->kind == MMS_TRACE_MALLOC)
		malloc_words(e, text, sizeof(text));
	if (e->kind > MMS_TRACE_MALLOC)
		draw_rest(l, e);
	else
		item(l, "", "%s%s", e->kind == MMS_TRACE_CALL && e->compat ? "32-bit " : "", text);
}

static void draw_result(struct line *l, const struct mms_trace_event *e)
{
	char text[200];

	if (e->kind == MMS_TRACE_CALL) {
		result_words(e, text, sizeof(text));
		item(l, "", "%s", text);
	} else if (e->kind == MMS_TRACE_MALLOC && e->returns) {
		item(l, "", "0x%" PRIx64, e->result);
	}
}

void view_trace_part(FILE *out, enum view_trace_part part, const struct mms_trace_event *e)
{
	struct view_trace v = { .out = out };
	struct line l = { .v = &v };
	char caller[800];

	switch (part) {
	case VIEW_TRACE_WHAT:
		draw_what(&v, &l, e);
		break;
	case VIEW_TRACE_RESULT:
		draw_result(&l, e);
		break;
	case VIEW_TRACE_CHANGES:
		if (e->kind == MMS_TRACE_CALL)
			draw_changes(&v, &l, e);
		else if (e->kind == MMS_TRACE_FAULT)
			draw_fault_page(&l, e);
		else if (e->kind == MMS_TRACE_MALLOC && *malloc_place(e))
			item(&l, "", "%s", malloc_place(e));
		break;
	case VIEW_TRACE_CALLER:
		if (caller_words(e, caller, sizeof(caller)))
			fputs(caller, out);
		break;
	}
}

/* ---- events as JSON -------------------------------------------------------- */

static void json_frames(struct view_json *j, const struct mms_trace_event *e)
{
	char caller[800];

	if (caller_words(e, caller, sizeof(caller)))
		view_json_text(j, "caller", caller);
	else
		view_json_null(j, "caller");
	view_json_array(j, "stack");
	for (size_t i = 0; i < e->frames; i++) {
		view_json_object(j, NULL);
		view_json_address(j, "pc", e->frame[i].pc);
		if (e->frame[i].object)
			view_json_name(j, "object", e->frame[i].object);
		if (e->frame[i].symbol)
			view_json_name(j, "symbol", e->frame[i].symbol);
		view_json_number(j, "offset", e->frame[i].offset);
		view_json_close(j);
	}
	view_json_close(j);
}

static void json_changes(struct view_json *j, const struct mms_trace_event *e)
{
	size_t elsewhere = 0;

	if (!e->diff) {
		view_json_null(j, "changes");
		if (e->text)
			view_json_text(j, "why", e->text);
		return;
	}
	view_json_array(j, "changes");
	for (size_t i = 0; i < e->diff->areas; i++)
		if (mms_trace_concerns(e, &e->diff->area[i]))
			view_diff_json_area(j, e->diff, &e->diff->area[i]);
		else
			elsewhere++;
	view_json_close(j);
	view_json_number(j, "elsewhere", elsewhere);
	view_json_bool(j, "others_ran", e->others);
	view_json_bool(j, "capped", e->capped);
}

static void json_result(struct view_json *j, const struct mms_trace_event *e)
{
	if (e->unfinished || e->error)
		view_json_null(j, "result");
	else if (returns_address(e->call))
		view_json_address(j, "result", e->result);
	else
		view_json_signed(j, "result", (int64_t)e->result);
	if (e->error)
		view_json_text(j, "error", strerrorname_np(e->error) ?: "?");
	else
		view_json_null(j, "error");
	view_json_bool(j, "unfinished", e->unfinished);
}

static void json_call(struct view_json *j, const struct mms_trace_event *e)
{
	const enum mms_arg *kinds = mms_call_args(e->call, e->compat);
	const struct view_trace full = { 0 };
	char text[500];

	view_json_text(j, "call", mms_call_name(e->call));
	view_json_array(j, "args");
	for (int i = 0; i < 6 && kinds[i] != MMS_ARG_NONE; i++)
		view_json_address(j, NULL, e->args[i]);
	view_json_close(j);
	json_result(j, e);
	call_words(&full, e, text, sizeof(text));
	view_json_text(j, "text", text);
	view_json_bool(j, "compat", e->compat);
	view_json_number(j, "took_ns", e->took_ns);
	if (e->call == MMS_CALL_BRK) {
		if (e->brk_known)
			view_json_address(j, "brk_before", e->brk_before);
		else
			view_json_null(j, "brk_before");
		view_json_address(j, "brk_after", e->brk_after);
	}
	json_changes(j, e);
	json_frames(j, e);
}

static void json_fault(struct view_json *j, const struct mms_trace_event *e)
{
	struct mms_vmas one = { .count = 1, .vma = (struct mms_vma *)&e->vma };

	view_json_address(j, "address", e->address);
	if (e->access)
		view_json_text(j, "access", mms_access_name(e->access));
	else
		view_json_null(j, "access");
	view_json_bool(j, "major", e->major);
	view_json_bool(j, "in_kernel", e->in_kernel);
	if (e->vma_known)
		view_json_vma_member(j, "vma", &one, 0);
	else
		view_json_null(j, "vma");
	if (e->state != MMS_PAGE_UNKNOWN)
		view_json_text(j, "state", mms_page_state_name(e->state));
	else
		view_json_null(j, "state");
	json_frames(j, e);
}

static void json_malloc(struct view_json *j, const struct mms_trace_event *e)
{
	const char *place = malloc_place(e);

	view_json_text(j, "call", e->function);
	view_json_array(j, "args");
	for (int i = 0; i < e->argc; i++)
		view_json_address(j, NULL, e->args[i]);
	view_json_close(j);
	if (e->returns)
		view_json_address(j, "result", e->result);
	else
		view_json_null(j, "result");
	view_json_number(j, "took_ns", e->took_ns);
	if (*place)
		view_json_text(j, "place", place);
	else
		view_json_null(j, "place");
	json_frames(j, e);
}

static void json_rest(struct view_json *j, const struct mms_trace_event *e)
{
	switch (e->kind) {
	case MMS_TRACE_CHILD:
		view_json_signed(j, "parent", e->parent);
		view_json_bool(j, "thread", e->thread);
		break;
	case MMS_TRACE_EXEC:
		view_json_name(j, "program", e->text ? e->text : "");
		break;
	case MMS_TRACE_EXIT:
		if (WIFEXITED(e->status))
			view_json_signed(j, "status", WEXITSTATUS(e->status));
		else
			view_json_signed(j, "signal", WTERMSIG(e->status));
		break;
	case MMS_TRACE_LOST:
		view_json_number(j, "count", e->count);
		break;
	default:
		view_json_text(j, "text", e->text ? e->text : "");
	}
}

static void json(FILE *out, const struct mms_trace_event *e)
{
	struct view_json j = { .out = out };

	view_json_object_flat(&j, NULL);
	view_json_text(&j, "event", mms_trace_kind_name(e->kind));
	view_json_number(&j, "time_ns", e->time_ns);
	view_json_signed(&j, "pid", e->pid);
	view_json_signed(&j, "tid", e->tid);
	switch (e->kind) {
	case MMS_TRACE_CALL:
		json_call(&j, e);
		break;
	case MMS_TRACE_FAULT:
		json_fault(&j, e);
		break;
	case MMS_TRACE_MALLOC:
		json_malloc(&j, e);
		break;
	default:
		json_rest(&j, e);
	}
	view_json_end(&j);
}

void view_trace_begin(struct view_trace *v, const char *source, bool attached)
{
	struct view_json j = { .out = v->out };

	if (!v->json)
		return;
	view_json_object_flat(&j, NULL);
	view_json_text(&j, "schema", "mmscope/1");
	view_json_text(&j, "verb", "trace");
	view_json_text(&j, "version", mms_version());
	view_json_text(&j, "event", "begin");
	view_json_signed(&j, "pid", v->first);
	view_json_text(&j, "source", source);
	view_json_bool(&j, "attached", attached);
	view_json_end(&j);
}

void view_trace_event(struct view_trace *v, const struct mms_trace_event *e)
{
	if (v->json)
		json(v->out, e);
	else
		draw(v, e);
}
