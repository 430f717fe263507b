/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ask_vmas.c - the ways to ask about VMAs: VMAS, with and without accounts,
 * maps, PROCMAP_QUERY, smaps and smaps_rollup. Files of text are read whole and
 * parsed by hand, since sscanf would cost more than the kernel does.
 */
#include <limits.h>
#include <sys/ioctl.h>

#include "ask.h"

#define VMAS_MOST	100000
#define GATE		0xffffffff00000000ULL	/* [vsyscall] is above: no VMA */

/* What counting needs, for the figures of smaps. */
#define COUNTED	(CAT(PRESENT) | CAT(SWAPPED) | CAT(CACHE_SWAPPED) | CAT(SHARED) | \
		 CAT(DIRTY) | CAT(PAGE_DIRTY) | CAT(MLOCKED))

/* ---- ours ---- */

/* raw holds the records, and the accounts behind them; text the names. */
#define SUMS_AT	(VMAS_MOST * sizeof(struct mmscope_vma))

static int vmas_ask(const struct asked *a, struct answer *out, bool names, bool accounts)
{
	struct mmscope_vmas ask = {
		.size = sizeof(ask), .end = 1ULL << 56,
		.vmas = (uintptr_t)out->raw, .vmas_len = VMAS_MOST,
		.names = names ? (uintptr_t)out->text : 0, .names_len = names ? TEXT_BYTES : 0,
		.accts = accounts ? (uintptr_t)out->raw + SUMS_AT : 0,
		.acct_categories = accounts ? COUNTED : 0,
	};
	int err = call(a->device, MMSCOPE_VMAS, &ask);

	out->count = ask.vmas_count;
	return err;
}

static int vmas_list(const struct asked *a, struct answer *out)
{
	return vmas_ask(a, out, true, false);
}

static int vmas_sums(const struct asked *a, struct answer *out)
{
	return vmas_ask(a, out, true, true);
}

static void vmas_plain(const struct asked *a, struct answer *out)
{
	const struct mmscope_vma *v = (void *)out->raw;
	struct vma_seen *to = (void *)out->plain;
	u64 i;

	(void)a;
	out->n = out->count;
	for (i = 0; i < out->count; i++)
		to[i] = (struct vma_seen){
			.start = v[i].start, .end = v[i].end, .offset = v[i].offset,
			.inode = v[i].inode, .major = v[i].dev_major, .minor = v[i].dev_minor,
			.perms = v[i].flags & 15, .name_len = v[i].name_len,
			.name = out->text + v[i].name_offset,
		};
}

static struct vma_sums sums_of(const struct mmscope_acct *acct)
{
	return (struct vma_sums){
		.rss = acct->rss, .shared_clean = acct->shared_clean,
		.shared_dirty = acct->shared_dirty, .private_clean = acct->private_clean,
		.private_dirty = acct->private_dirty,
		.swap = (acct->pages[MMSCOPE_CAT_SWAPPED] +
			 acct->pages[MMSCOPE_CAT_CACHE_SWAPPED]) * page,
	};
}

static void vmas_sums_plain(const struct asked *a, struct answer *out)
{
	const struct mmscope_vma *v = (void *)out->raw;
	const struct mmscope_acct *acct = (void *)(out->raw + SUMS_AT);
	struct vma_sums *to = (void *)out->plain;
	u64 i;

	(void)a;
	out->n = out->count;
	for (i = 0; i < out->count; i++) {
		to[i] = sums_of(&acct[i]);
		to[i].start = v[i].start;
		to[i].end = v[i].end;
		to[i].locked = !!(v[i].flags & MMSCOPE_VMA_LOCKED);
	}
}

static int vmas_total(const struct asked *a, struct answer *out)
{
	struct mmscope_vmas ask = {
		.size = sizeof(ask), .flags = MMSCOPE_VMAS_TOTALS, .end = 1ULL << 56,
		.accts = (uintptr_t)out->raw, .acct_categories = COUNTED,
	};

	return call(a->device, MMSCOPE_VMAS, &ask);
}

static void total_plain(const struct asked *a, struct answer *out)
{
	(void)a;
	*(struct vma_sums *)out->plain = sums_of((void *)out->raw);
	((struct vma_sums *)out->plain)->end = GATE;
	out->n = 1;
}

/* ---- text ---- */

/* The whole file to out->text, with a NUL. */
static int read_whole(int file, struct answer *out)
{
	ssize_t n;

	out->text_bytes = 0;
	if (lseek(file, 0, SEEK_SET))
		return errno;
	do {
		n = read(file, out->text + out->text_bytes, 1 << 20);
		if (n < 0)
			return errno;
		out->text_bytes += n;
	} while (n);
	out->text[out->text_bytes] = 0;
	return 0;
}

/* A number in hexadecimal, and the byte behind it passed over. */
static u64 hex(const char **at)
{
	const char *p = *at;
	u64 n = 0;

	for (;; p++) {
		if (*p >= '0' && *p <= '9')
			n = n << 4 | (*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			n = n << 4 | (*p - 'a' + 10);
		else
			break;
	}
	*at = p + 1;
	return n;
}

static u64 decimal(const char **at)
{
	const char *p = *at;
	u64 n = 0;

	while (*p == ' ')
		p++;
	for (; *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (*p - '0');
	*at = p;
	return n;
}

static u32 perms_of(const char *p)
{
	return (p[0] == 'r') | (p[1] == 'w') << 1 | (p[2] == 'x') << 2 | (p[3] == 's') << 3;
}

/* One line of maps. Returns what is behind it. */
static const char *parse_vma(const char *p, const char *end, struct vma_seen *v)
{
	const char *line = memchr(p, '\n', end - p);

	v->start = hex(&p);
	v->end = hex(&p);
	v->perms = perms_of(p);
	p += 5;
	v->offset = hex(&p);
	v->major = hex(&p);
	v->minor = hex(&p);
	v->inode = decimal(&p);
	while (*p == ' ')
		p++;
	v->name = p;
	v->name_len = line - p;
	return line + 1;
}

int read_maps(const struct asked *a, struct answer *out)
{
	const char *p = out->text, *end;
	struct vma_seen *v = (void *)out->raw;
	int err = read_whole(a->maps, out);

	out->count = 0;
	for (end = p + out->text_bytes; !err && p < end;) {
		p = parse_vma(p, end, &v[out->count]);
		out->count += v[out->count].start < GATE;
	}
	return err;
}

/* As far as anybody could get who parses faster. */
static int maps_unparsed(const struct asked *a, struct answer *out)
{
	return read_whole(a->maps, out);
}

static void seen_as_it_is(const struct asked *a, struct answer *out)
{
	(void)a;
	memcpy(out->plain, out->raw, out->count * sizeof(struct vma_seen));
	out->n = out->count;
}

/* ---- PROCMAP_QUERY: since Linux 6.11; the layout is that of <linux/fs.h> ---- */

struct query_arg {
	u64 size, flags, address;
	u64 start, end, vma_flags, page_size, offset, inode;
	u32 major, minor, name_size, build_id_size;
	u64 name, build_id;
};
#define QUERY_IOCTL	_IOWR('f', 17, struct query_arg)
#define QUERY_OR_NEXT	0x10

static int query_list(const struct asked *a, struct answer *out)
{
	struct vma_seen *v = (void *)out->raw;
	char *names = out->text;
	u64 at = 0;

	for (out->count = 0;; out->count++, v++) {
		struct query_arg q = {
			.size = sizeof(q), .flags = QUERY_OR_NEXT, .address = at,
			.name = (uintptr_t)names, .name_size = PATH_MAX,
		};

		if (ioctl(a->maps, QUERY_IOCTL, &q))
			return errno == ENOENT ? 0 : errno;
		*v = (struct vma_seen){
			.start = q.start, .end = q.end, .offset = q.offset, .inode = q.inode,
			.major = q.major, .minor = q.minor, .perms = q.vma_flags & 15,
			.name = names, .name_len = q.name_size ? q.name_size - 1 : 0,
		};
		names += q.name_size;
		at = q.end;
	}
}

/* ---- smaps ---- */

/* A line that is none of ours, or the figure that it sets. */
static void parse_figure(const char *p, struct vma_sums *s)
{
	static const struct {
		const char *name;
		size_t len, offset;
	} figures[] = {
#define FIGURE(name, field) { name, sizeof(name) - 1, offsetof(struct vma_sums, field) }
		FIGURE("Rss:", rss), FIGURE("Swap:", swap),
		FIGURE("Shared_Clean:", shared_clean), FIGURE("Shared_Dirty:", shared_dirty),
		FIGURE("Private_Clean:", private_clean),
		FIGURE("Private_Dirty:", private_dirty),
	};
	size_t i;

	if (*p != 'R' && *p != 'S' && *p != 'P')
		return;
	for (i = 0; i < ARRAY_SIZE(figures); i++)
		if (!strncmp(p, figures[i].name, figures[i].len)) {
			p += figures[i].len;
			*(u64 *)((char *)s + figures[i].offset) = decimal(&p) * 1024;
			return;
		}
}

static bool has_flag(const char *p, const char *line, const char *flag)
{
	for (; p + 2 < line; p++)
		if (p[0] == ' ' && p[1] == flag[0] && p[2] == flag[1])
			return true;
	return false;
}

static int read_smaps(int file, struct answer *out)
{
	struct vma_sums *s = (void *)out->raw, *last = NULL;
	const char *p = out->text, *end, *line;
	int err = read_whole(file, out);

	out->count = 0;
	for (end = p + out->text_bytes; !err && p < end; p = line + 1) {
		line = memchr(p, '\n', end - p);
		if (*p < 'A' || *p >= 'a') {	/* an address, with small letters */
			last = &s[out->count];
			*last = (struct vma_sums){ .start = hex(&p), .end = 0 };
			last->end = hex(&p);
			out->count += last->start < GATE;
		} else if (*p == 'V' && last) {
			last->locked = has_flag(p, line, "lo");
		} else if (last) {
			parse_figure(p, last);
		}
	}
	return err;
}

static int smaps_sums(const struct asked *a, struct answer *out)
{
	return read_smaps(a->smaps, out);
}

static int rollup_total(const struct asked *a, struct answer *out)
{
	return read_smaps(a->rollup, out);
}

static void sums_as_they_are(const struct asked *a, struct answer *out)
{
	(void)a;
	memcpy(out->plain, out->raw, out->count * sizeof(struct vma_sums));
	out->n = out->count;
}

static void rollup_plain(const struct asked *a, struct answer *out)
{
	sums_as_they_are(a, out);
	((struct vma_sums *)out->plain)->start = 0;
	((struct vma_sums *)out->plain)->end = GATE;
}

/* ---- comparing ---- */

static bool same_vma(const struct vma_seen *a, const struct vma_seen *b)
{
	return a->start == b->start && a->end == b->end && a->offset == b->offset &&
	       a->inode == b->inode && a->major == b->major && a->minor == b->minor &&
	       a->perms == b->perms && a->name_len == b->name_len &&
	       !memcmp(a->name, b->name, a->name_len);
}

u64 vmas_differ(const struct answer *ours, const struct answer *theirs)
{
	const struct vma_seen *a = (void *)ours->plain, *b = (void *)theirs->plain;
	u64 differing = 0, i;

	for (i = 0; i < ours->n && i < theirs->n; i++)
		differing += !same_vma(&a[i], &b[i]);
	return differing + (ours->n > theirs->n ? ours->n : theirs->n) - i;
}

/* Of oneself, only in the region: to ask changes what is outside. */
static bool in_question(const struct asked *a, const struct vma_sums *s)
{
	return !a->self || (s->start >= a->start && s->end <= a->end);
}

u64 sums_differ(const struct asked *q, const struct answer *ours, const struct answer *theirs)
{
	const struct vma_sums *a = (void *)ours->plain, *b = (void *)theirs->plain;
	u64 differing = 0, i;

	for (i = 0; i < ours->n && i < theirs->n; i++)
		differing += in_question(q, &a[i]) && memcmp(&a[i], &b[i], sizeof(*a));
	return differing + (ours->n > theirs->n ? ours->n : theirs->n) - i;
}

const struct way vma_ways[] = {
	{ .name = "VMAS", .question = VMAS, .ask = vmas_list, .plain = vmas_plain },
	{ .name = "maps", .question = VMAS, .ask = read_maps, .plain = seen_as_it_is },
	{ .name = "unparsed", .question = VMAS, .no_answer = true, .ask = maps_unparsed },
	{ .name = "QUERY", .question = VMAS, .ask = query_list, .plain = seen_as_it_is },
	{ .name = "VMAS", .question = ACCOUNTS, .ask = vmas_sums, .plain = vmas_sums_plain },
	{ .name = "smaps", .question = ACCOUNTS, .ask = smaps_sums, .plain = sums_as_they_are },
	{ .name = "VMAS", .question = TOTALS, .ask = vmas_total, .plain = total_plain },
	{ .name = "rollup", .question = TOTALS, .ask = rollup_total, .plain = rollup_plain },
	{ .name = NULL },
};
