// SPDX-License-Identifier: GPL-2.0
/*
 * locked.c - mmscope locked: what was asked to stay in memory, and what does.
 * Intent is a flag of a VMA; fact is a flag of a page; where they differ there
 * is a reason, and it is told.
 */
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "../view/json.h"
#include "../view/vmas.h"

#define CATEGORIES	(MMSCOPE_CAT(PRESENT) | MMSCOPE_CAT(SWAPPED) | MMSCOPE_CAT(MLOCKED) | \
			 MMSCOPE_CAT(UNEVICTABLE) | MMSCOPE_CAT(SHARED))

/* What the whole comes to. */
struct balance {
	uint64_t intent;	/* VMAs with the flag */
	uint64_t fact;		/* mlocked pages, wherever they are */
	uint64_t absent;	/* in locked VMAs, not present; of these: */
	uint64_t swapped, lazy, barred, missing; /* in swap, ONFAULT, PROT_NONE, the rest */
	uint64_t present_unlocked; /* in locked VMAs, present without the page flag */
	uint64_t stray;		/* mlocked pages in VMAs without the flag */
	uint64_t onfault;	/* locked VMAs with ONFAULT */
	uint64_t withheld;	/* pages of which we are not told */
	bool has_pages;
};

static bool is_locked(const struct mms_vma *v)
{
	return v->flags & MMSCOPE_VMA_LOCKED;
}

static bool wanted(const struct mms_vmas *vmas, size_t i)
{
	uint64_t fact;

	view_acct_bytes(vmas, i, MMSCOPE_CAT(MLOCKED), &fact);
	return is_locked(&vmas->vma[i]) || fact;
}

/* Where the pages of a locked VMA are that are not present. */
static void add_absent(struct balance *b, const struct mms_vma *v, uint64_t absent)
{
	b->absent += absent;
	if (v->flags & MMSCOPE_VMA_LOCKONFAULT)
		b->lazy += absent;
	else if (!(v->flags & (MMSCOPE_VMA_READ | MMSCOPE_VMA_WRITE | MMSCOPE_VMA_EXEC)))
		b->barred += absent;
	else
		b->missing += absent;
}

static void add_locked(struct balance *b, const struct mms_vmas *vmas, size_t i, uint64_t fact)
{
	const struct mms_vma *v = &vmas->vma[i];
	uint64_t size = v->end - v->start, present = 0, swapped = 0;

	b->intent += size;
	if (v->flags & MMSCOPE_VMA_LOCKONFAULT)
		b->onfault += size;
	if (!view_acct_bytes(vmas, i, MMSCOPE_CAT(PRESENT), &present))
		return;
	view_acct_bytes(vmas, i, MMSCOPE_CAT(SWAPPED), &swapped);
	b->swapped += swapped;
	/* The VMA may have changed between being listed and being counted. */
	if (present + swapped < size)
		add_absent(b, v, size - present - swapped);
	b->absent += swapped;
	b->present_unlocked += present > fact ? present - fact : 0;
}

static void weigh(const struct mms_vmas *vmas, struct balance *b)
{
	memset(b, 0, sizeof(*b));
	b->has_pages = vmas->acct && vmas->acct_categories & MMSCOPE_CAT(MLOCKED);
	for (size_t i = 0; i < vmas->count; i++) {
		uint64_t fact, withheld;

		view_acct_bytes(vmas, i, MMSCOPE_CAT(MLOCKED), &fact);
		view_acct_bytes(vmas, i, MMSCOPE_CAT(LOCK_UNKNOWN), &withheld);
		b->fact += fact;
		b->withheld += withheld;
		if (is_locked(&vmas->vma[i]))
			add_locked(b, vmas, i, fact);
		else
			b->stray += fact;
	}
}

/* ---- the differences in words ---------------------------------------------- */

struct note {
	char text[200];
};

#define NOTES_MAX	8	/* there are seven */

static void note(struct note *notes, int *n, const char *what, uint64_t bytes)
{
	char size[16];

	if (bytes && *n < NOTES_MAX)
		snprintf(notes[(*n)++].text, sizeof(notes->text), "%s %s",
			 mms_size_format(bytes, size), what);
}

static int explain(const struct balance *b, struct note notes[NOTES_MAX])
{
	int n = 0;

	if (!b->has_pages)
		return 0;
	note(notes, &n, "not touched yet in lock-on-fault VMAs: a page is locked when it is "
	     "first touched", b->lazy);
	note(notes, &n, "never populated in locked VMAs without any access (PROT_NONE): "
	     "mprotect() would do it", b->barred);
	note(notes, &n, "locked by intent, yet in swap: they return at the next touch", b->swapped);
	note(notes, &n, "locked by intent, not present: mlock() populated only a part, or failed",
	     b->missing);
	note(notes, &n, "present in locked VMAs without the page's own flag: zero or special pages, "
	     "or pages whose flag the kernel sets later", b->present_unlocked);
	note(notes, &n, "flagged as locked outside locked VMAs: shared with a process that locks "
	     "them, or unlocked not long ago", b->stray);
	note(notes, &n, "outside locked VMAs may be locked by others who map them, too: that is "
	     "told only to root", b->withheld);
	return n;
}

/* ---- drawing --------------------------------------------------------------- */

static const char *future_word(struct mms_fact def)
{
	if (!mms_known(def))
		return "?";
	if (!(def.value & MMSCOPE_VMA_LOCKED))
		return "no";
	return def.value & MMSCOPE_VMA_LOCKONFAULT ? "yes, on fault" : "yes, at once";
}

static bool bypasses(const struct mms_target *target)
{
	return mms_target_proc(target)->cap_eff >> CAP_IPC_LOCK & 1;
}

static void draw_summary(const struct mms_target *target, const struct mms_mm *mm,
			 const struct balance *b, bool bytes)
{
	char text[24];

	printf("intent  %s in locked VMAs", view_fact_size(mm->fact[MMS_MM_LOCKED_VM], bytes, text));
	printf("; of future mappings: %s (mlockall)\n", future_word(mm->fact[MMS_MM_DEF_FLAGS]));
	printf("fact    %s%s\n", view_fact_size((struct mms_fact){ b->fact, b->has_pages ?
	       MMS_FROM_MODULE : MMS_FROM_NOWHERE }, bytes, text),
	       b->withheld ? ", of the pages of which we are told" : "");
	printf("limit   %s", view_fact_size(mm->fact[MMS_MM_RLIM_MEMLOCK], bytes, text));
	printf(", %s counts against it: whole VMAs, touched or not%s\n",
	       view_fact_size(mm->fact[MMS_MM_LOCKED_VM], bytes, text),
	       bypasses(target) ? "\n        (it does not bind: the process has CAP_IPC_LOCK)" : "");
}

static int draw_text(struct cmd *cmd, struct mms_target *target, const struct mms_vmas *vmas,
		     const struct balance *b)
{
	struct view_table *table = cmd_table_new(cmd);
	struct note notes[NOTES_MAX];
	int n;

	if (!table)
		return MMS_USAGE;
	draw_summary(target, &vmas->mm, b, cmd->bytes);
	n = explain(b, notes);
	for (int i = 0; i < n; i++)
		printf("note    %s\n", notes[i].text);
	if (b->intent || b->fact) {
		putchar('\n');
		view_vmas_draw(table, vmas, wanted);
		view_table_end(table);
	} else {
		view_table_drop(table);
	}
	return MMS_OK;
}

static void optional(struct view_json *j, const char *key, uint64_t value, bool known)
{
	if (known)
		view_json_number(j, key, value);
	else
		view_json_null(j, key);
}

static void draw_json(const struct mms_target *target, const struct mms_vmas *vmas,
		      const struct balance *b)
{
	struct mms_fact def = vmas->mm.fact[MMS_MM_DEF_FLAGS];
	struct note notes[NOTES_MAX];
	struct view_json j;
	int n = explain(b, notes);

	view_json_begin(&j, "locked", target);
	view_json_object(&j, "intent");
	view_json_fact(&j, "bytes", vmas->mm.fact[MMS_MM_LOCKED_VM], MMS_UNIT_BYTES);
	view_json_number(&j, "onfault", b->onfault);
	view_json_fact(&j, "future", def, MMS_UNIT_FLAGS);
	view_json_close(&j);
	view_json_object(&j, "fact");
	optional(&j, "mlocked", b->fact, b->has_pages && !b->withheld);
	optional(&j, "absent", b->absent, b->has_pages);
	optional(&j, "swapped", b->swapped, b->has_pages);
	optional(&j, "present_unlocked", b->present_unlocked, b->has_pages);
	optional(&j, "stray", b->stray, b->has_pages && !b->withheld);
	optional(&j, "withheld", b->withheld, b->has_pages);
	view_json_close(&j);
	view_json_object(&j, "limit");
	view_json_fact(&j, "memlock", vmas->mm.fact[MMS_MM_RLIM_MEMLOCK], MMS_UNIT_BYTES);
	view_json_fact(&j, "counted", vmas->mm.fact[MMS_MM_LOCKED_VM], MMS_UNIT_BYTES);
	view_json_bool(&j, "bypassed", bypasses(target));
	view_json_close(&j);
	view_json_array(&j, "notes");
	for (int i = 0; i < n; i++)
		view_json_text(&j, NULL, notes[i].text);
	view_json_close(&j);
	view_json_array(&j, "vmas");
	for (size_t i = 0; i < vmas->count; i++)
		if (wanted(vmas, i))
			view_json_vma(&j, vmas, i);
	view_json_end(&j);
}

static int run(struct cmd *cmd)
{
	struct mms_target *target;
	struct mms_vmas vmas;
	struct mms_error err;
	struct balance b;
	int ret = cmd_open(cmd, &target);

	if (ret)
		return ret;
	if (mms_vmas_read(target, MMS_ALL_START, MMS_ALL_END, MMS_VMAS_ACCT, CATEGORIES,
			  &vmas, &err)) {
		ret = cmd_error(&err);
	} else {
		weigh(&vmas, &b);
		if (cmd_json(cmd))
			draw_json(target, &vmas, &b);
		else
			ret = draw_text(cmd, target, &vmas, &b);
		cmd_lack(cmd, target, "which pages are locked in fact, and mlockall's future flag");
		mms_vmas_free(&vmas);
	}
	mms_close(target);
	return ret;
}

const struct verb verb_locked = {
	.name = "locked",
	.args = "PID",
	.brief = "locked memory: the intent beside the fact",
	.about = "Intent is what mlock(), MLOCK_ONFAULT and mlockall() asked for: flags of VMAs.\n"
		 "Fact is which pages carry the lock flag.  Where they differ, the reason is told.\n"
		 "VmLck in /proc/PID/status is intent; Locked in smaps is a share of it.",
	.example = "  mmscope locked self\n"
		   "  mmscope locked gpg-agent --json | jq .fact",
	.takes = CMD_TARGET | CMD_FROM | CMD_TABLE,
	.min_args = 1,
	.max_args = 1,
	.columns = view_vma_columns,
	.default_columns = "START,SIZE,PERM,LOCK,MLOCKED,PRESENT,RSS,SWAP,PURPOSE,NAME",
	.run = run,
};
