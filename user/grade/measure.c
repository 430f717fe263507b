// SPDX-License-Identifier: GPL-2.0
/*
 * measure.c - what a check is about, measured while the program is held: sums of
 * pages and of VMAs of a region, figures of the process, counters.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "grade.h"

#define SYMBOLS_MAX	8

/* ---- sums and regions --------------------------------------------------------- */

static int parse_word(const char *value, uint64_t *number)
{
	bool hex = value[0] == '0' && (value[1] == 'x' || value[1] == 'X');
	char *end;

	*number = strtoull(value, &end, hex ? 16 : 10);
	return *value >= '0' && *value <= '9' && !*end ? 0 : -1;
}

static int term_value(const struct grade_run *r, const struct grade_term *t, uint64_t *value,
		      char why[GRADE_WHY])
{
	char shown[80];

	*value = t->pages ? t->number * mms_page_size() : t->number;
	if (!t->word)
		return 0;
	for (size_t i = r->words; i-- > 0;) {
		if (strcmp(r->word[i].name, t->word))
			continue;
		if (!parse_word(r->word[i].value, value))
			return 0;
		mms_escape(r->word[i].value, shown, sizeof(shown));
		snprintf(why, GRADE_WHY, "the program printed '%s' for {%.40s}, which is no number", shown,
			 t->word);
		return -1;
	}
	snprintf(why, GRADE_WHY, "the program did not print {%.40s}", t->word);
	return -1;
}

int grade_sum(const struct grade_run *r, const struct grade_sum *sum, uint64_t *value,
	      char why[GRADE_WHY])
{
	*value = 0;
	for (size_t i = 0; i < sum->count; i++) {
		uint64_t one;

		if (term_value(r, &sum->term[i], &one, why))
			return -1;
		*value = sum->term[i].minus ? *value - one : *value + one;
	}
	return 0;
}

static int symbol_range(struct grade_run *r, const char *name, uint64_t *start, uint64_t *end,
			char why[GRADE_WHY])
{
	struct mms_vmas vmas = { 0 };
	struct mms_elfs elfs = { 0 };
	struct mms_symbol found[SYMBOLS_MAX];
	struct mms_error err;
	size_t main, n = 0;
	int ret = -1;

	snprintf(why, GRADE_WHY, "the program has no symbol '%.60s'", name);
	if (mms_vmas_read(r->target, MMS_ALL_START, MMS_ALL_END, 0, 0, &vmas, &err) ||
	    mms_elfs_open(r->target, &vmas, &elfs, &err)) {
		snprintf(why, GRADE_WHY, "%s", err.why);
		goto out;
	}
	/* The program's own first: a library may have one of that name, too. */
	main = mms_elf_main(r->target, &vmas);
	for (int others = 0; others < 2 && !n; others++)
		for (size_t i = 0; i < elfs.count && !n; i++) {
			bool own = main < vmas.count &&
				   mms_elf_covers(elfs.elf[i], vmas.vma[main].start);

			if (own != !others)
				continue;
			n = mms_elf_symbol_find(elfs.elf[i], name, found, SYMBOLS_MAX);
		}
	if (n && found[0].type == MMS_SYMBOL_TLS) {
		snprintf(why, GRADE_WHY, "'%.60s' is thread-local: it has no one address", name);
	} else if (n) {
		*start = found[0].address;
		*end = found[0].address + (found[0].size ? found[0].size : 1);
		ret = 0;
	}
out:
	mms_elfs_close(&elfs);
	mms_vmas_free(&vmas);
	return ret;
}

int grade_range(struct grade_run *r, const struct grade_region *region, uint64_t *start,
		uint64_t *end, char why[GRADE_WHY])
{
	uint64_t page = mms_page_size();

	*start = MMS_ALL_START;
	*end = MMS_ALL_END;
	if (region->area == GRADE_ALL || region->area == GRADE_PURPOSE)
		return 0;
	if (region->area == GRADE_SYMBOL) {
		if (symbol_range(r, region->symbol, start, end, why))
			return -1;
	} else {
		if (grade_sum(r, &region->from, start, why) ||
		    grade_sum(r, &region->to, end, why))
			return -1;
		if (region->sized)
			*end += *start;
	}
	if (*end <= *start || *end > UINT64_MAX - page) {
		snprintf(why, GRADE_WHY, "0x%" PRIx64 " to 0x%" PRIx64 " is no range", *start, *end);
		return -1;
	}
	/* All pages that it has a byte in. */
	*start &= ~(page - 1);
	*end = (*end + page - 1) & ~(page - 1);
	return 0;
}

int grade_open(struct grade_run *r, char why[GRADE_WHY])
{
	struct mms_error err;

	if (r->target || !mms_open(r->pid, r->source, &r->target, &err))
		return 0;
	r->target = NULL;
	snprintf(why, GRADE_WHY, "%s", err.why);
	return -1;
}

/* ---- VMAs --------------------------------------------------------------------- */

/* The VMAs of a region, as parts of them: [start, end). */
struct cut {
	const struct grade_region *region;
	uint64_t start, end;
};

static bool cut_vma(const struct cut *cut, const struct mms_vma *v, uint64_t *start, uint64_t *end)
{
	*start = v->start > cut->start ? v->start : cut->start;
	*end = v->end < cut->end ? v->end : cut->end;
	/* [vsyscall] is nobody's. */
	return *start < *end && !(v->start >> 63) &&
	       (cut->region->area != GRADE_PURPOSE || v->purpose == cut->region->purpose);
}

static void perms_of(const struct mms_vmas *l, const struct cut *cut, char text[80])
{
	uint64_t start, end, next = cut->start;
	char one[5];

	text[0] = '\0';
	for (size_t i = 0; i < l->count; i++) {
		if (!cut_vma(cut, &l->vma[i], &start, &end))
			continue;
		mms_perms_format(&l->vma[i], one);
		if ((cut->region->area >= GRADE_SYMBOL && start != next) ||
		    (*text && strcmp(text, one))) {
			strcpy(text, "mixed");
			return;
		}
		strcpy(text, one);
		next = end;
	}
	if (!*text)
		strcpy(text, "none");
	else if (cut->region->area >= GRADE_SYMBOL && next != cut->end)
		strcpy(text, "mixed");
}

static int sum_vmas(struct grade_run *r, enum grade_measure measure,
		    const struct cut *cut, uint64_t *value, char text[80], char why[GRADE_WHY])
{
	/* That a VMA is locked is not in maps, but in smaps. */
	bool smaps = measure == GRADE_LOCKED && mms_target_source(r->target) != MMS_SOURCE_MODULE;
	struct mms_error err;
	struct mms_vmas l;
	uint64_t start, end;
	int ret = 0;

	if (mms_vmas_read(r->target, MMS_ALL_START, MMS_ALL_END, smaps ? MMS_VMAS_ACCT : 0, 0, &l,
			  &err)) {
		snprintf(why, GRADE_WHY, "%s", err.why);
		return -1;
	}
	for (size_t i = 0; i < l.count; i++) {
		const struct mms_vma *v = &l.vma[i];

		if (!cut_vma(cut, v, &start, &end))
			continue;
		if (measure == GRADE_LOCKED && !(v->flags_known & MMSCOPE_VMA_LOCKED)) {
			snprintf(why, GRADE_WHY, "this source does not tell which VMAs are locked");
			ret = -1;
		} else if (measure == GRADE_VMAS) {
			++*value;
		} else if (measure == GRADE_MAPPED || v->flags & MMSCOPE_VMA_LOCKED) {
			*value += end - start;
		}
	}
	if (measure == GRADE_PERMS)
		perms_of(&l, cut, text);
	mms_vmas_free(&l);
	return ret;
}

/* ---- pages -------------------------------------------------------------------- */

#define SWAPS	(MMSCOPE_CAT(SWAPPED) | MMSCOPE_CAT(CACHE_SWAPPED))
#define DIRT	(MMSCOPE_CAT(DIRTY) | MMSCOPE_CAT(PAGE_DIRTY))

struct tally {
	enum grade_measure measure;
	uint64_t bytes;
};

static bool counts(enum grade_measure measure, uint64_t categories)
{
	bool present = categories & MMSCOPE_CAT(PRESENT);

	switch (measure) {
	case GRADE_RESIDENT:
		return present && !(categories & MMSCOPE_CAT(ZERO));
	case GRADE_PRESENT:
		return present;
	case GRADE_SWAPPED:
		return categories & SWAPS;
	case GRADE_DIRTY:
		return present && categories & DIRT;
	default:
		return !present && !(categories & (SWAPS | MMSCOPE_CAT(MIGRATING) |
						   MMSCOPE_CAT(DEVICE)));
	}
}

static int tally(const struct mmscope_run *run, void *arg)
{
	struct tally *t = arg;

	if (counts(t->measure, run->categories))
		t->bytes += run->end - run->start;
	return 0;
}

/* Where the zero page looks like any other: the kernel's own figure, of whole VMAs. */
static int sum_rss(struct grade_run *r, const struct cut *cut, uint64_t *value,
		   char why[GRADE_WHY])
{
	struct mms_error err;
	struct mms_vmas l;
	uint64_t start, end;
	int ret = 0;

	if (mms_vmas_read(r->target, MMS_ALL_START, MMS_ALL_END, MMS_VMAS_ACCT, 0, &l, &err)) {
		snprintf(why, GRADE_WHY, "%s", err.why);
		return -1;
	}
	for (size_t i = 0; i < l.count && !ret; i++) {
		if (!cut_vma(cut, &l.vma[i], &start, &end))
			continue;
		if (l.acct_rss && start == l.vma[i].start && end == l.vma[i].end)
			*value += l.acct[i].rss;
		else
			ret = -1;
	}
	if (ret)
		snprintf(why, GRADE_WHY, "only the module tells the zero page from others");
	mms_vmas_free(&l);
	return ret;
}

static int sum_pages(struct grade_run *r, enum grade_measure measure, const struct cut *cut,
		     uint64_t *value, char why[GRADE_WHY])
{
	uint64_t told = mms_target_categories(r->target), start, end;
	struct tally t = { .measure = measure };
	struct mms_error err;
	struct mms_vmas l;
	int ret = 0;

	if (measure == GRADE_DIRTY && (told & DIRT) != DIRT) {
		snprintf(why, GRADE_WHY, "only the module tells of a page whether it is dirty");
		return -1;
	}
	if (measure == GRADE_RESIDENT && !(told & MMSCOPE_CAT(ZERO)))
		return sum_rss(r, cut, value, why);
	if (mms_vmas_read(r->target, MMS_ALL_START, MMS_ALL_END, 0, 0, &l, &err)) {
		snprintf(why, GRADE_WHY, "%s", err.why);
		return -1;
	}
	for (size_t i = 0; i < l.count && !ret; i++) {
		struct mms_pages_query q = {
			.categories = told & (SWAPS | DIRT | MMSCOPE_CAT(PRESENT) |
					      MMSCOPE_CAT(ZERO) | MMSCOPE_CAT(MIGRATING) |
					      MMSCOPE_CAT(DEVICE)),
		};

		if (!cut_vma(cut, &l.vma[i], &start, &end))
			continue;
		q.start = start;
		q.end = end;
		ret = mms_pages(r->target, &q, tally, &t, NULL, &err);
	}
	if (ret)
		snprintf(why, GRADE_WHY, "%s", err.why);
	mms_vmas_free(&l);
	*value = t.bytes;
	return ret;
}

/* ---- figures ------------------------------------------------------------------ */

static int fact(const struct mms_mm *mm, enum mms_mm_field field, uint64_t *value, char why[GRADE_WHY])
{
	*value = mm->fact[field].value;
	if (mms_known(mm->fact[field]))
		return 0;
	snprintf(why, GRADE_WHY, "this source does not tell %s", mms_mm_field_name(field));
	return -1;
}

/* What the program's last brk said; before its first, the break is where the heap starts. */
static int break_of(const struct grade_run *r, const struct mms_mm *mm, uint64_t *brk,
		    char why[GRADE_WHY])
{
	if (!fact(mm, MMS_MM_BRK, brk, why))
		return 0;
	*brk = r->brk;
	return r->brk_known ? 0 : fact(mm, MMS_MM_START_BRK, brk, why);
}

static int figure(struct grade_run *r, const struct grade_check *c, enum grade_measure measure,
		  uint64_t *value, char why[GRADE_WHY])
{
	struct mms_error err;
	struct mms_mm mm;
	uint64_t start;

	if (mms_mm_read(r->target, &mm, &err)) {
		snprintf(why, GRADE_WHY, "%s", err.why);
		return -1;
	}
	if (measure == GRADE_PEAK)
		return fact(&mm, MMS_MM_HIWATER_RSS, value, why);
	if (measure == GRADE_LIMIT)
		return fact(&mm, c->limit, value, why);
	if (break_of(r, &mm, value, why))
		return -1;
	if (measure == GRADE_BREAK)
		return 0;
	if (fact(&mm, MMS_MM_START_BRK, &start, why))
		return -1;
	*value -= start;
	return 0;
}

static ssize_t read_proc(const struct grade_run *r, const char *name, char *buf, size_t size)
{
	int fd = openat(mms_target_procfd(r->target), name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, buf, size - 1) : -1;

	if (fd >= 0)
		close(fd);
	buf[n < 0 ? 0 : n] = '\0';
	return n;
}

/* From proc(5) stat: behind the name, which may hold anything. */
static int from_stat(const struct grade_run *r, enum grade_measure measure, uint64_t *value,
		     char why[GRADE_WHY])
{
	uint64_t minor, major, threads;
	char text[1024], *at;

	if (read_proc(r, "stat", text, sizeof(text)) > 0) {
		at = strrchr(text, ')');
		if (at && sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %" SCNu64 " %*u %" SCNu64
				 " %*u %*u %*u %*d %*d %*d %*d %" SCNu64, &minor, &major,
				 &threads) == 3) {
			*value = measure == GRADE_MINOR ? minor :
				 measure == GRADE_MAJOR ? major : threads;
			return 0;
		}
	}
	snprintf(why, GRADE_WHY, "/proc/PID/stat could not be read");
	return -1;
}

/* ---- all of them -------------------------------------------------------------- */

int grade_measure(struct grade_run *r, const struct grade_check *c, uint64_t *value,
		  char text[80], char why[GRADE_WHY])
{
	enum grade_measure measure = c->measure == GRADE_TELL ? c->told : c->measure;
	struct cut cut = { .region = &c->region };

	*value = 0;
	if (measure == GRADE_CALLS) {
		*value = r->calls[c->call];
		return 0;
	}
	if (grade_open(r, why) || grade_range(r, &c->region, &cut.start, &cut.end, why))
		return -1;
	switch (measure) {
	case GRADE_MAPPED:
	case GRADE_LOCKED:
	case GRADE_VMAS:
	case GRADE_PERMS:
		return sum_vmas(r, measure, &cut, value, text, why);
	case GRADE_RESIDENT:
	case GRADE_PRESENT:
	case GRADE_SWAPPED:
	case GRADE_DIRTY:
	case GRADE_UNTOUCHED:
		return sum_pages(r, measure, &cut, value, why);
	case GRADE_THREADS:
	case GRADE_MINOR:
	case GRADE_MAJOR:
		return from_stat(r, measure, value, why);
	default:
		return figure(r, c, measure, value, why);
	}
}

void grade_value_words(enum grade_measure measure, uint64_t value, char *buf, size_t size)
{
	char bytes[16];

	switch (measure) {
	case GRADE_BREAK:
		snprintf(buf, size, "0x%" PRIx64, value);
		return;
	case GRADE_VMAS:
	case GRADE_THREADS:
	case GRADE_MINOR:
	case GRADE_MAJOR:
	case GRADE_CALLS:
	case GRADE_STATUS:
		snprintf(buf, size, "%" PRIu64, value);
		return;
	default:
		break;
	}
	if (measure == GRADE_LIMIT && value == MMS_UNLIMITED)
		snprintf(buf, size, "unlimited");
	else if (value < 1024)
		snprintf(buf, size, "%" PRIu64 " bytes", value);
	else
		snprintf(buf, size, "%s (%" PRIu64 " bytes)", mms_size_format(value, bytes), value);
}
