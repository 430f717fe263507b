// SPDX-License-Identifier: GPL-2.0
/*
 * watch-figures.c - the table of figures of a refresh, and how they are written.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "watch-figures.h"

static struct mms_fact known_if(bool known, uint64_t value)
{
	return (struct mms_fact){ value, known ? MMS_FROM_MODULE : MMS_FROM_NOWHERE };
}

static struct mms_fact difference(struct mms_fact a, struct mms_fact b)
{
	return known_if(mms_known(a) && mms_known(b) && a.value >= b.value, a.value - b.value);
}

/* Where the break is not told, it is at most the end of the heap. */
static struct mms_fact break_of(const struct view_moment *m)
{
	const struct mms_fact *f = m->list.mm.fact;

	return mms_known(f[MMS_MM_BRK]) ? f[MMS_MM_BRK] : f[MMS_MM_HEAP_END];
}

static struct mms_fact heap_of(const struct view_moment *m)
{
	return difference(break_of(m), m->list.mm.fact[MMS_MM_START_BRK]);
}

#define TOTAL(name, known, field) \
	static struct mms_fact name(const struct view_moment *m) \
	{ \
		return known_if(known, m->field); \
	}

#define FACT(name, FIELD) \
	static struct mms_fact name(const struct view_moment *m) \
	{ \
		return m->list.mm.fact[MMS_MM_##FIELD]; \
	}

TOTAL(mapped_of, true, totals.size)
TOTAL(vmas_of, true, list.count)
FACT(tables_of, PGTABLES)
TOTAL(rss_of, m->totals.has_rss, totals.rss)
FACT(anon_of, RSS_ANON)
FACT(file_of, RSS_FILE)
FACT(shmem_of, RSS_SHMEM)
TOTAL(dirty_of, m->totals.has_dirty, totals.dirty)
TOTAL(swap_of, m->totals.has_swap, totals.swap)
FACT(peak_of, HIWATER_RSS)
TOTAL(minor_of, m->proc.faults_known, proc.minor_faults)
TOTAL(major_of, m->proc.faults_known, proc.major_faults)
TOTAL(faults_of, m->proc.faults_known, proc.minor_faults + m->proc.major_faults)
TOTAL(intent_of, m->totals.has_flags, totals.locked_vmas)
TOTAL(locked_of, m->totals.has_mlocked, totals.mlocked)
FACT(future_of, DEF_FLAGS)
FACT(as_of, RLIM_AS)
FACT(data_of, RLIM_DATA)
FACT(stack_of, RLIM_STACK)
FACT(memlock_of, RLIM_MEMLOCK)

#define A MMS_UNIT_ADDRESS
#define B MMS_UNIT_BYTES
#define N MMS_UNIT_NUMBER

const struct view_figure view_figures[] = {
	{ "break", "", "BREAK", 16, A, break_of },
	{ NULL, "heap", "HEAP", 8, B, heap_of },
	{ NULL, "mapped", "MAPPED", 8, B, mapped_of },
	{ NULL, "VMAs", "VMAS", 5, N, vmas_of },
	{ NULL, "tables", NULL, 0, B, tables_of },
	{ "resident", "", "RSS", 8, B, rss_of },
	{ NULL, "anon", NULL, 0, B, anon_of },
	{ NULL, "file", NULL, 0, B, file_of },
	{ NULL, "shmem", NULL, 0, B, shmem_of },
	{ NULL, "dirty", "DIRTY", 8, B, dirty_of },
	{ "swapped", "", "SWAP", 8, B, swap_of },
	{ NULL, "peak", NULL, 0, B, peak_of },
	{ NULL, "faults minor", NULL, 0, N, minor_of },
	{ NULL, "major", NULL, 0, N, major_of },
	{ "locked", "intent", NULL, 0, B, intent_of },
	{ NULL, "fact", "MLOCKED", 8, B, locked_of },
	{ NULL, "future", NULL, 0, MMS_UNIT_FLAGS, future_of },
	{ "limits", "AS", NULL, 0, B, as_of },
	{ NULL, "DATA", NULL, 0, B, data_of },
	{ NULL, "STACK", NULL, 0, B, stack_of },
	{ NULL, "MEMLOCK", NULL, 0, B, memlock_of },
	{ NULL, NULL, "FAULTS", 8, N, faults_of },	/* not on the screen */
	{ 0 }
};

/* Of the break without the module; and of what is counted from it. */
static bool at_most(const struct view_figure *f, const struct view_moment *m)
{
	return (f->value == break_of || f->value == heap_of) &&
	       !mms_known(m->list.mm.fact[MMS_MM_BRK]);
}

static const char *future_word(uint64_t flags)
{
	if (!(flags & MMSCOPE_VMA_LOCKED))
		return "no";
	return flags & MMSCOPE_VMA_LOCKONFAULT ? "on-fault" : "yes";
}

char *view_figure_text(const struct view_figure *f, const struct view_moment *m, bool bytes,
		       char buf[32])
{
	struct mms_fact fact = f->value(m);
	const char *most = at_most(f, m) && mms_known(fact) ? "<=" : "";
	char size[24];

	if (!mms_known(fact))
		return strcpy(buf, "?");
	if (f->unit == MMS_UNIT_ADDRESS)
		snprintf(buf, 32, "%s0x%" PRIx64, most, fact.value);
	else if (f->unit == MMS_UNIT_NUMBER)
		snprintf(buf, 32, "%" PRIu64, fact.value);
	else if (f->unit == MMS_UNIT_FLAGS)
		snprintf(buf, 32, "%s", future_word(fact.value));
	else
		snprintf(buf, 32, "%s%s", most, view_fact_size(fact, bytes, size));
	return buf;
}

bool view_figure_changed(const struct view_figure *f, const struct view_moment *before,
			 const struct view_moment *now)
{
	struct mms_fact a, b;

	if (!before)
		return false;
	a = f->value(before);
	b = f->value(now);
	return mms_known(a) != mms_known(b) || (mms_known(a) && a.value != b.value);
}

char *view_figure_step(const struct view_figure *f, const struct view_moment *before,
		       const struct view_moment *now, bool bytes, char buf[32])
{
	struct mms_fact a, b;
	bool up;
	uint64_t by;
	char size[24];

	*buf = '\0';
	if (!view_figure_changed(f, before, now) || f->unit == MMS_UNIT_FLAGS)
		return buf;
	a = f->value(before);
	b = f->value(now);
	if (!mms_known(a) || !mms_known(b) || a.value == MMS_UNLIMITED || b.value == MMS_UNLIMITED)
		return buf;
	up = b.value > a.value;
	by = up ? b.value - a.value : a.value - b.value;
	if (f->unit == MMS_UNIT_NUMBER)
		snprintf(buf, 32, "%c%" PRIu64, up ? '+' : '-', by);
	else
		snprintf(buf, 32, "%c%s", up ? '+' : '-',
			 view_fact_size((struct mms_fact){ by, MMS_FROM_MODULE }, bytes, size));
	return buf;
}
