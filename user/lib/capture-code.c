// SPDX-License-Identifier: GPL-2.0
/*
 * capture-code.c - a capture as a row of bytes, and back.  Pure.
 * What is read may be anything: each number is judged before it is used, and
 * nothing is allocated that the bytes which are there could not fill.
 *
 * THE BYTES
 *
 * Sections: a letter, the length as a number, and so many bytes.  Each is there at
 * most once; letters that are not known are passed over.  A number is 7 bits a
 * byte, the lowest first, the top bit set in all but the last; a signed one is
 * folded (0, -1, 1, -2 ...).  A text is its length and its bytes, none of them NUL.
 * "Pages" are in units of the page size, counted from the end of the one before.
 *
 *   I  when, kernel, machine, boot, tool, source, module, abi, pid, ppid, started,
 *      page shift, categories, frames (0 or 1), stillness
 *   P  pid asked about, comm, state, uid, threads, cap_known, cap_eff, lacks; and
 *      if it does: status, what, why, mend
 *   M  pid, tid, comm, how many facts; each: who said so, and (if anybody) the value
 *   V  from, how many; each: pages before it, pages, flags, flags known, offset, inode,
 *      major, minor, role, pkey known, pkey, backing, page shift, name
 *   A  from, categories, rss, parts known; for each VMA: mask of the categories with
 *      pages, how many in each, rss, the four parts
 *   S  for each VMA: pss, locked, anon_huge, hugetlb
 *   T  how many threads; each: tid after the one before, whether sp is known, sp
 *   R  how many runs; each: pages before it << 2 | frame << 1 | same, pages, unless
 *      `same` the categories, and with a `frame` how far it is from where the last ended
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"

/* ---- writing --------------------------------------------------------------- */

void mmsi_bytes_add(struct mmsi_bytes *b, const void *data, size_t len)
{
	size_t room = b->room ? b->room : 4096;
	uint8_t *more;

	while (room - b->len < len)
		room *= 2;
	if (room != b->room) {
		more = b->failed ? NULL : realloc(b->data, room);
		if (!more) {
			b->failed = true;
			return;
		}
		b->data = more;
		b->room = room;
	}
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
}

static void put(struct mmsi_bytes *b, uint64_t v)
{
	uint8_t bytes[10];
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		bytes[n++] = (uint8_t)v | 0x80;
	bytes[n++] = (uint8_t)v;
	mmsi_bytes_add(b, bytes, n);
}

static void put_text(struct mmsi_bytes *b, const char *text)
{
	put(b, strlen(text));
	mmsi_bytes_add(b, text, strlen(text));
}

static uint64_t fold(uint64_t v)
{
	return v << 1 ^ (v >> 63 ? ~0ULL : 0);
}

static uint64_t unfold(uint64_t v)
{
	return v >> 1 ^ (v & 1 ? ~0ULL : 0);
}

/* The frame that would carry on where a run ends. */
static uint64_t next_frame(const struct mmscope_run *run, uint64_t page)
{
	return run->frame ? run->frame + (run->end - run->start) / page : 0;
}

void mmsi_runs_add(struct mmsi_runs *r, const struct mmscope_run *run, uint64_t page)
{
	bool same = r->count && run->categories == r->last.categories;
	uint64_t next = next_frame(&r->last, page);

	put(&r->packed, (run->start - r->last.end) / page << 2 | (run->frame ? 2 : 0) | same);
	put(&r->packed, (run->end - run->start) / page);
	if (!same)
		put(&r->packed, run->categories);
	if (run->frame)
		put(&r->packed, fold(run->frame - next));
	r->last = *run;
	r->count++;
}

static unsigned int shift_of(uint64_t page)
{
	return (unsigned int)__builtin_ctzll(page);
}

static void pack_info(struct mmsi_bytes *b, const struct mms_capture_info *i)
{
	put(b, i->taken_ns);
	put_text(b, i->kernel);
	put_text(b, i->machine);
	put_text(b, i->boot);
	put_text(b, i->tool);
	put_text(b, i->source);
	put_text(b, i->module);
	put(b, i->abi);
	put(b, (uint64_t)i->pid);
	put(b, (uint64_t)i->ppid);
	put(b, i->started);
	put(b, shift_of(i->page_size));
	put(b, i->categories);
	put(b, i->frames);
	put(b, i->still);
}

static void pack_proc(struct mmsi_bytes *b, const struct mms_capture *c)
{
	put(b, (uint64_t)c->target);
	put_text(b, c->proc.comm);
	put(b, (uint8_t)c->proc.state);
	put(b, c->proc.uid);
	put(b, c->proc.threads);
	put(b, c->proc.cap_known);
	put(b, c->proc.cap_eff);
	put(b, c->lacks);
	if (!c->lacks)
		return;
	put(b, (uint64_t)c->lack.status);
	put_text(b, c->lack.what);
	put_text(b, c->lack.why);
	put_text(b, c->lack.mend);
}

static void pack_mm(struct mmsi_bytes *b, const struct mms_mm *mm)
{
	put(b, (uint64_t)mm->pid);
	put(b, (uint64_t)mm->tid);
	put_text(b, mm->comm);
	put(b, MMS_MM_COUNT);
	for (int i = 0; i < MMS_MM_COUNT; i++) {
		put(b, mm->fact[i].from);
		if (mms_known(mm->fact[i]))
			put(b, mm->fact[i].value);
	}
}

static void pack_vmas(struct mmsi_bytes *b, const struct mms_vmas *l, uint64_t page)
{
	uint64_t end = 0;

	put(b, l->from);
	put(b, l->count);
	for (size_t i = 0; i < l->count; i++) {
		const struct mms_vma *v = &l->vma[i];

		put(b, (v->start - end) / page);
		put(b, (v->end - v->start) / page);
		put(b, v->flags);
		put(b, v->flags_known);
		put(b, v->offset);
		put(b, v->inode);
		put(b, v->dev_major);
		put(b, v->dev_minor);
		put(b, v->role);
		put(b, v->pkey_known);
		put(b, v->pkey);
		put(b, v->backing);
		put(b, v->page_shift);
		put_text(b, v->name);
		end = v->end;
	}
}

#define ACCT_PAGES	(sizeof(((struct mmscope_acct *)NULL)->pages) / sizeof(uint64_t))

static void pack_accts(struct mmsi_bytes *b, const struct mms_vmas *l)
{
	put(b, l->acct_from);
	put(b, l->acct_categories);
	put(b, l->acct_rss);
	put(b, l->acct_parts);
	for (size_t i = 0; i < l->count; i++) {
		const struct mmscope_acct *a = &l->acct[i];
		uint64_t mask = 0;

		for (size_t c = 0; c < ACCT_PAGES; c++)
			mask |= (uint64_t)(a->pages[c] != 0) << c;
		put(b, mask);
		for (size_t c = 0; c < ACCT_PAGES; c++)
			if (mask >> c & 1)
				put(b, a->pages[c]);
		put(b, a->rss);
		put(b, a->shared_clean);
		put(b, a->shared_dirty);
		put(b, a->private_clean);
		put(b, a->private_dirty);
	}
}

static void pack_smaps(struct mmsi_bytes *b, const struct mms_vmas *l)
{
	for (size_t i = 0; i < l->count; i++) {
		put(b, l->smaps[i].pss);
		put(b, l->smaps[i].locked);
		put(b, l->smaps[i].anon_huge);
		put(b, l->smaps[i].hugetlb);
	}
}

static void pack_threads(struct mmsi_bytes *b, const struct mms_threads *threads)
{
	pid_t last = 0;

	put(b, threads->count);
	for (size_t i = 0; i < threads->count; i++) {
		const struct mms_thread *t = &threads->thread[i];

		put(b, (uint64_t)(t->tid - last));
		put(b, t->sp_known);
		if (t->sp_known)
			put(b, t->sp);
		last = t->tid;
	}
}

static void pack_runs(struct mmsi_bytes *b, const struct mmsi_runs *runs)
{
	put(b, runs->count);
	mmsi_bytes_add(b, runs->packed.data, runs->packed.len);
	b->failed |= runs->packed.failed;
}

/* What is in `body` as a section; `body` is empty then, and may be filled again. */
static void section(struct mmsi_bytes *out, char letter, struct mmsi_bytes *body)
{
	mmsi_bytes_add(out, &letter, 1);
	put(out, body->len);
	mmsi_bytes_add(out, body->data, body->len);
	out->failed |= body->failed;
	body->len = 0;
}

int mmsi_capture_pack(const struct mms_capture *c, struct mmsi_bytes *out, struct mms_error *err)
{
	struct mmsi_bytes body = { 0 };

	pack_info(&body, &c->info);
	section(out, 'I', &body);
	pack_proc(&body, c);
	section(out, 'P', &body);
	pack_mm(&body, &c->vmas.mm);
	section(out, 'M', &body);
	pack_vmas(&body, &c->vmas, c->info.page_size);
	section(out, 'V', &body);
	if (c->vmas.acct) {
		pack_accts(&body, &c->vmas);
		section(out, 'A', &body);
	}
	if (c->vmas.smaps) {
		pack_smaps(&body, &c->vmas);
		section(out, 'S', &body);
	}
	if (c->has_threads) {
		pack_threads(&body, &c->threads);
		section(out, 'T', &body);
	}
	pack_runs(&body, &c->runs);
	section(out, 'R', &body);
	free(body.data);
	return out->failed ? mmsi_nomem(err) : 0;
}

/* ---- reading --------------------------------------------------------------- */

/* What is left; `bad` says what the first thing was that made no sense. */
struct cursor {
	const uint8_t *at, *end;
	const char *bad;
};

static void refuse(struct cursor *c, const char *why)
{
	if (!c->bad)
		c->bad = why;
	c->at = c->end;
}

static uint64_t get(struct cursor *c)
{
	uint64_t v = 0;

	for (unsigned int shift = 0; c->at < c->end; shift += 7) {
		uint8_t byte = *c->at++;

		if (shift == 63 && byte > 1)
			break;
		v |= (uint64_t)(byte & 0x7f) << shift;
		/* One number has one form: a top byte of nothing is none. */
		if (!(byte & 0x80) && (byte || !shift))
			return v;
		if (!(byte & 0x80))
			break;
	}
	refuse(c, "a number makes no sense");
	return 0;
}

static uint64_t get_below(struct cursor *c, uint64_t limit, const char *why)
{
	uint64_t v = get(c);

	if (v < limit)
		return v;
	refuse(c, why);
	return 0;
}

static pid_t get_pid(struct cursor *c)
{
	return (pid_t)get_below(c, 1ULL << 31, "a process id is out of range");
}

static enum mms_from get_from(struct cursor *c)
{
	return (enum mms_from)get_below(c, MMS_FROM_COUNT, "a figure is from nobody known");
}

static bool get_bool(struct cursor *c)
{
	return get_below(c, 2, "what is yes or no is neither");
}

/* Returns the length; *text is in the cursor, and not terminated. */
static size_t get_bytes(struct cursor *c, const char **text)
{
	uint64_t len = get(c);

	*text = (const char *)c->at;
	if (len > (uint64_t)(c->end - c->at) || (len && memchr(c->at, '\0', len))) {
		refuse(c, "a text is longer than its section, or holds a NUL");
		return 0;
	}
	c->at += len;
	return (size_t)len;
}

static void get_text(struct cursor *c, char *buf, size_t size)
{
	const char *text;
	size_t len = get_bytes(c, &text);

	if (len >= size) {
		refuse(c, "a text is too long");
		len = 0;
	}
	memcpy(buf, text, len);
	buf[len] = '\0';
}

static void unpack_info(struct cursor *c, struct mms_capture_info *i)
{
	i->taken_ns = get(c);
	get_text(c, i->kernel, sizeof(i->kernel));
	get_text(c, i->machine, sizeof(i->machine));
	get_text(c, i->boot, sizeof(i->boot));
	get_text(c, i->tool, sizeof(i->tool));
	get_text(c, i->source, sizeof(i->source));
	get_text(c, i->module, sizeof(i->module));
	i->abi = (uint32_t)get_below(c, 1ULL << 32, "the ABI is out of range");
	i->pid = get_pid(c);
	i->ppid = get_pid(c);
	i->started = get(c);
	i->page_size = get_below(c, 25, "the page size is out of range");
	if (i->page_size < 9)
		refuse(c, "the page size is out of range");
	i->page_size = 1ULL << i->page_size;
	i->categories = get(c);
	i->frames = get_bool(c);
	i->still = (enum mms_still)get_below(c, MMS_STILL_COUNT, "how still it was is not known");
}

static void unpack_proc(struct cursor *c, struct mms_capture *cap)
{
	cap->target = get_pid(c);
	get_text(c, cap->proc.comm, sizeof(cap->proc.comm));
	cap->proc.state = (char)get_below(c, 128, "the state of the process is out of range");
	cap->proc.uid = (uid_t)get_below(c, 1ULL << 32, "the user id is out of range");
	cap->proc.threads = (unsigned int)get_below(c, 1ULL << 32, "too many threads");
	cap->proc.cap_known = get_bool(c);
	cap->proc.cap_eff = get(c);
	cap->lacks = get_bool(c);
	if (!cap->lacks)
		return;
	cap->lack.status = (int)get_below(c, 256, "an exit status is out of range");
	get_text(c, cap->lack.what, sizeof(cap->lack.what));
	get_text(c, cap->lack.why, sizeof(cap->lack.why));
	get_text(c, cap->lack.mend, sizeof(cap->lack.mend));
}

static void unpack_mm(struct cursor *c, struct mms_mm *mm)
{
	uint64_t count;

	mm->pid = get_pid(c);
	mm->tid = get_pid(c);
	get_text(c, mm->comm, sizeof(mm->comm));
	count = get_below(c, MMS_MM_COUNT + 1, "there are more figures than are known");
	for (uint64_t i = 0; i < count; i++) {
		mm->fact[i].from = get_from(c);
		if (mms_known(mm->fact[i]))
			mm->fact[i].value = get(c);
	}
}

/* *end moves to the end of a range that is `gap` and `pages` behind it. */
static bool get_range(struct cursor *c, uint64_t gap, uint64_t pages, uint64_t page,
		      uint64_t *start, uint64_t *end)
{
	if (!pages || __builtin_mul_overflow(gap, page, &gap) ||
	    __builtin_mul_overflow(pages, page, &pages) ||
	    __builtin_add_overflow(*end, gap, start) ||
	    __builtin_add_overflow(*start, pages, end)) {
		refuse(c, "an address is out of range");
		return false;
	}
	return true;
}

static void unpack_vma(struct cursor *c, struct mms_vma *v, uint64_t *end, uint64_t page,
		       char **names)
{
	uint64_t gap = get(c), pages = get(c);
	const char *name;
	size_t len;

	if (!get_range(c, gap, pages, page, &v->start, end))
		return;
	v->end = *end;
	v->flags = get(c);
	v->flags_known = get(c);
	v->offset = get(c);
	v->inode = get(c);
	v->dev_major = (uint32_t)get_below(c, 1ULL << 32, "a device is out of range");
	v->dev_minor = (uint32_t)get_below(c, 1ULL << 32, "a device is out of range");
	v->role = (uint32_t)get_below(c, 1ULL << 32, "a role is out of range");
	v->pkey_known = get_bool(c);
	v->pkey = (uint32_t)get_below(c, 1ULL << 32, "a protection key is out of range");
	v->backing = (uint8_t)get_below(c, 256, "a backing is out of range");
	v->page_shift = (uint8_t)get_below(c, 64, "the page size of a VMA is out of range");
	len = get_bytes(c, &name);
	memcpy(*names, name, len);
	(*names)[len] = '\0';
	v->name = *names;
	*names += len + 1;
}

/* A record takes at least so many bytes: what is left tells how many there can be. */
#define VMA_BYTES_MIN	14

static int unpack_vmas(struct cursor *c, struct mms_vmas *l, uint64_t page)
{
	size_t left;
	uint64_t end = 0, count;
	char *names;

	l->from = get_from(c);
	count = get_below(c, MMSI_CAPTURE_VMAS_MAX + 1, "there are too many VMAs");
	left = (size_t)(c->end - c->at);
	if (count > left / VMA_BYTES_MIN) {
		refuse(c, "there are fewer VMAs than it says");
		return 0;
	}
	/* The name of a record and its NUL take less than the record. */
	l->vma = calloc(count + 1, sizeof(*l->vma));
	l->names = names = malloc(left + 1);
	if (!l->vma || !names)
		return -1;
	for (uint64_t i = 0; i < count && !c->bad; i++)
		unpack_vma(c, &l->vma[i], &end, page, &names);
	l->count = c->bad ? 0 : count;
	return 0;
}

static void unpack_acct(struct cursor *c, struct mmscope_acct *a)
{
	uint64_t mask = get_below(c, 1ULL << ACCT_PAGES, "an account is of no category known");

	for (size_t i = 0; i < ACCT_PAGES; i++)
		if (mask >> i & 1)
			a->pages[i] = get(c);
	a->rss = get(c);
	a->shared_clean = get(c);
	a->shared_dirty = get(c);
	a->private_clean = get(c);
	a->private_dirty = get(c);
}

static int unpack_accts(struct cursor *c, struct mms_vmas *l)
{
	l->acct_from = get_from(c);
	l->acct_categories = get(c);
	l->acct_rss = get_bool(c);
	l->acct_parts = get_bool(c);
	l->acct = calloc(l->count + 1, sizeof(*l->acct));
	for (size_t i = 0; l->acct && i < l->count && !c->bad; i++)
		unpack_acct(c, &l->acct[i]);
	return l->acct ? 0 : -1;
}

static int unpack_smaps(struct cursor *c, struct mms_vmas *l)
{
	l->smaps = calloc(l->count + 1, sizeof(*l->smaps));
	for (size_t i = 0; l->smaps && i < l->count && !c->bad; i++) {
		l->smaps[i].pss = get(c);
		l->smaps[i].locked = get(c);
		l->smaps[i].anon_huge = get(c);
		l->smaps[i].hugetlb = get(c);
	}
	return l->smaps ? 0 : -1;
}

static int unpack_threads(struct cursor *c, struct mms_threads *threads)
{
	uint64_t count = get(c), tid = 0;

	if (count > (uint64_t)(c->end - c->at) / 2) {
		refuse(c, "there are fewer threads than it says");
		return 0;
	}
	threads->thread = calloc(count + 1, sizeof(*threads->thread));
	if (!threads->thread)
		return -1;
	for (uint64_t i = 0; i < count && !c->bad; i++) {
		struct mms_thread *t = &threads->thread[i];

		tid += get_below(c, 1ULL << 31, "a thread id is out of range");
		if (tid >> 31)
			refuse(c, "a thread id is out of range");
		t->tid = (pid_t)tid;
		t->sp_known = get_bool(c);
		if (t->sp_known)
			t->sp = get(c);
	}
	threads->count = count;
	return 0;
}

void mmsi_runs_read(struct mmsi_runs_reader *r, const struct mmsi_runs *runs, uint64_t page)
{
	*r = (struct mmsi_runs_reader){ .at = runs->packed.data, .page = page };
	r->end = runs->packed.len ? r->at + runs->packed.len : r->at;
}

bool mmsi_runs_next(struct mmsi_runs_reader *r)
{
	struct cursor c = { .at = r->at, .end = r->end };
	uint64_t head, pages, start = 0, end = r->run.end, next = next_frame(&r->run, r->page);

	if (r->at == r->end || r->bad)
		return false;
	head = get(&c);
	pages = get(&c);
	if (!(head & 1))
		r->run.categories = get(&c);
	r->run.frame = head & 2 ? next + unfold(get(&c)) : 0;
	if (!c.bad)
		get_range(&c, head >> 2, pages, r->page, &start, &end);
	r->run.start = start;
	r->run.end = end;
	r->at = c.at;
	r->bad = c.bad || (head & 2 && !r->run.frame);
	return !r->bad;
}

/* Reads them all once, so that nobody has to doubt them later. */
static int unpack_runs(struct cursor *c, struct mms_capture *cap)
{
	struct mmsi_runs *runs = &cap->runs;
	struct mmsi_runs_reader r;
	uint64_t count = get(c), seen = 0;

	mmsi_bytes_add(&runs->packed, c->at, (size_t)(c->end - c->at));
	c->at = c->end;
	if (runs->packed.failed)
		return -1;
	mmsi_runs_read(&r, runs, cap->info.page_size);
	for (; mmsi_runs_next(&r); seen++)
		if (r.run.categories & ~cap->info.categories || (r.run.frame && !cap->info.frames))
			refuse(c, "a page is said to be what could not be told");
	if (r.bad || seen != count)
		refuse(c, "the runs of pages make no sense");
	runs->count = cap->info.runs = seen;
	runs->last = r.run;
	return 0;
}

/* Those that others lean on come first. */
static const char order[] = "IPMVASTR";

/* Its bit in a mask of sections; 0 for a letter that is not known. */
static unsigned int bit_of(char letter)
{
	const char *place = letter ? strchr(order, letter) : NULL;

	return place ? 1U << (place - order) : 0;
}

static int unpack_section(struct mms_capture *cap, char letter, struct cursor *c)
{
	struct mms_vmas *l = &cap->vmas;

	switch (letter) {
	case 'I':
		unpack_info(c, &cap->info);
		break;
	case 'P':
		unpack_proc(c, cap);
		break;
	case 'M':
		unpack_mm(c, &l->mm);
		break;
	case 'V':
		return unpack_vmas(c, l, cap->info.page_size);
	case 'A':
		return unpack_accts(c, l);
	case 'S':
		return unpack_smaps(c, l);
	case 'T':
		cap->has_threads = true;
		return unpack_threads(c, &cap->threads);
	case 'R':
		return unpack_runs(c, cap);
	}
	return 0;
}

/* The next section, if it may stand here; *seen is a mask by `order`. */
static char next_section(struct cursor *all, struct cursor *body, unsigned int *seen)
{
	char letter = (char)*all->at++;
	unsigned int bit = bit_of(letter);
	uint64_t len = get(all);

	if (!all->bad && len > (uint64_t)(all->end - all->at))
		refuse(all, "a section is longer than the rest");
	if (bit && *seen >= bit)
		refuse(all, "its sections are out of order");
	/* Info, process, figures, VMAs and runs are always there. */
	if (bit > 1 && (~*seen & (bit - 1) & 0xf))
		refuse(all, "a section is missing");
	if (all->bad)
		return 0;
	*seen |= bit;
	*body = (struct cursor){ .at = all->at, .end = all->at + len };
	all->at += len;
	return letter;
}

static int unpack_all(struct mms_capture *cap, struct cursor *all)
{
	unsigned int seen = 0;

	while (all->at < all->end) {
		struct cursor body;
		char letter = next_section(all, &body, &seen);

		if (all->bad)
			return 0;
		if (unpack_section(cap, letter, &body))
			return -1;
		if (!body.bad && bit_of(letter) && body.at != body.end)
			refuse(&body, "a section is longer than what it holds");
		if (body.bad)
			refuse(all, body.bad);
	}
	if (!all->bad && (~seen & 0x8f))
		refuse(all, "a section is missing");
	return 0;
}

int mmsi_capture_unpack(struct mms_capture *cap, const uint8_t *data, size_t len, const char *what,
			struct mms_error *err)
{
	struct cursor all = { .at = data, .end = data + len };

	if (unpack_all(cap, &all))
		return mmsi_nomem(err);
	if (all.bad)
		return mms_fail(err, MMS_FAILED, NULL, what,
				"no sound capture: its checksum fits, but %s", all.bad);
	cap->proc.pid = cap->info.pid;
	cap->vmas.page_size = cap->info.page_size;
	mms_vmas_purpose(&cap->vmas, cap->proc.threads);
	return 0;
}
