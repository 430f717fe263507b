/* SPDX-License-Identifier: GPL-2.0 */
/*
 * json.h - JSON, written as it comes, so that 60,000 VMAs need no
 * tree in memory.  Quoting is json-c's; commas, braces and the schema are ours.
 *
 * THE SCHEMA "mmscope/1", common to all verbs
 *
 *   { "schema": "mmscope/1", "verb": "...", "version": "0.1.0",
 *     "target": { "pid", "comm", "source": "module"|"procfs"|"capture", "lack": null|"why
 *                 the module is (or was) not the source", and of a capture "capture": {
 *                 "pid", "taken_ns" (since 1970), "source" (who was asked then), "module",
 *                 "abi", "kernel", "machine", "boot", "tool", "page_size", "told",
 *                 "frames", "still": "held"|"seemed"|"moved", "runs" } },
 *                 (verbs with a target)
 *     ... the verb's own members ... }
 *
 *   addresses	strings "0x..." in hexadecimal
 *   amounts	numbers of bytes; names ending in _pages: numbers of pages
 *   limits	numbers of bytes, or "unlimited"
 *   masks	arrays of names: ["present", "dirty"]
 *   unknown	null, never 0; a member whose meaning the source lacks is null
 *   text	UTF-8; what is not well-formed in a name or path becomes U+FFFD, and
 *		a second member NAME_hex holds the bytes
 *
 * Members are added in later versions, never renamed or given another meaning.
 * Readers ignore what they do not know.
 *
 * Members by verb:
 *   show	"mm", "provenance", "totals", "vmas"
 *   brk	"brk", "start_brk", "heap_bytes", "heap_end", "distance_bytes", "exact",
 *		"provenance"
 *   vmas	"mm", "provenance", "vmas"
 *   pages	"range", "filter", "runs", or with --summary "vmas" of counts; "pages"
 *   map	"page_size", "told" (the categories that could be), "areas": [ { "vma",
 *		"threads": [ of those whose stack pointer is known, and in it ], "states":
 *		{ STATE: pages; a state without pages is left out }, and with --zoom or
 *		--around "runs": [ { "start", "end", "pages", "state", "categories" } ] } |
 *		{ "gap": { "start", "end", "size" } } ]; with --around "around", "state".  A
 *		STATE: untouched absent cached present resident dirty shared special zero
 *		locked swapped migrating device guard poisoned unknown
 *   locked	"intent", "fact", "limit", "vmas", "notes"
 *   walk	"address", "vma", "levels", "categories"
 *   where	"question", "matches": [ SYMBOL with "object" ] (empty for an address),
 *		"address" (null, and no more members, unless there is exactly one),
 *		"vma", "below", "above": VMAs or null, "hole": { "start", "end", "size" },
 *		"object": { "path", "bias" (run-time less file address), "end" (of its
 *		.bss), "build_id" }, "object_error", "section": { "name", "start", "size",
 *		"offset" (of the address in it) }, "symbol": { "name", "address", "offset",
 *		"size" (0: not told), "type": "function"|"object"|"ifunc"|"tls"|"label",
 *		"local", "from": "symtab"|"debug"|"dynsym" }, "file_offset", "page":
 *		{ "categories", "told" (those that could be) }, "from_start_brk",
 *		"from_brk", "from_start_stack": bytes from there to the address
 *   elf		"page_size", "told" (the categories that could be), "start_brk", "brk",
 *		"unread" (objects that could not be read), "unread_why", "objects": [ { "path",
 *		"bias", "main", "end" (of its .bss), "build_id", "relro": { "start", "size" } or
 *		null, "segments" (PT_LOAD): [ PART with "file_size", "mem_size" ], "sections": [
 *		PART with "name" ]; or with --symbols, in place of these two, "symbols": [ PART
 *		with "name", "type", "local", "from" as in where, "section", "shares" (how many
 *		other symbols have a byte in its pages), "shares_with": [ up to 8 of them ],
 *		"tls_offset" (thread-local ones alone) ] } ].
 *		A PART: "size", "start", "end", "pages" (that it has a byte in), "perms" ("mixed" if
 *		several), and numbers of its bytes in pages that are "resident" (of these: "dirty",
 *		"anon", "zero"), "swapped", "absent" (of these: "cached"), "unmapped"; "state": that
 *		of all its pages, as in map, or "mixed", "unmapped".  A segment is taken in whole
 *		pages.  A symbol of size 0 is looked at as one byte.  What is in no memory of the
 *		object's, such as .tbss, has nulls.
 *   verify	"agree", "held", "pages", "unsampled_pages", "vmas_compared", "said": { QUESTION:
 *		{ WITNESS: value } }, "differences": [ { "name", "count": { WITNESS }, "why" } ],
 *		"failures", "failure": [ { "witness", "address", "vma", "what", "kernel",
 *		"other" } ], "absent": { WITNESS: "why" }; with --all "processes" of these and
 *		"verified", "gone", "denied", "failures"; of a command "looks", "ended"
 *   explain	"differences": [ { "name", "brief", "text" } ]
 *   lesson	"lessons": [ { "name", "brief", "subject": "dynamic"|"static", "steps",
 *		"learnt", "slides", "passed", "failed", "skipped" } ], and the three sums;
 *		without a name only "name" and "brief".  A step: { "step", "title",
 *		"events": [ { "event": "predict"|"do"|"observe"|"differs"|"silent"|"note",
 *		"who", "text" } | { "event": "check", "name", "status": "ok"|"wrong"|
 *		"skipped", "text", "mend" } | { "event": "pages", "pages": "R*2 .*30" } ] }
 *   watch	documents of one line each.  "event": "refresh", or "exec"|"error"|"end" with
 *		a "text".  A refresh: "number", "when_ns" (since 1970), "mm", "provenance",
 *		"totals" (as in show), "minor_faults", "major_faults", and of the first one, and
 *		the first behind an exec, "vmas", of the others "changes": [ { "kind" (of a
 *		change: "new"|"gone"|"changed"), "vma", "rss", "swap", "mlocked", "dirty" } ]
 *   snapshot	"file", "bytes", "capture" (as in "target")
 *   diff	"before", "after" (captures), "relation": "same"|"exec"|"child"|"parent"|"other",
 *		"frames" (whether they can be compared), "told", "figures": [ { "name",
 *		"before", "after" } ], "areas": [ { "start", "end", "before": VMAs, "after":
 *		VMAs, "pieces": [ { "start", "end", "size", "kind": "new"|"gone"|"replaced"|
 *		"changed" with "flags_set", "flags_cleared" } ], "effects": { EFFECT: pages },
 *		"runs": [ { "start", "end", "pages", "effects" } ], "present_in_both_pages",
 *		"same_frame_pages" } ], "unchanged_vmas".  An EFFECT: resident swapped-in
 *		swapped-out dropped swap-freed unmapped locked unlocked written cleaned shared
 *		unshared moved huge small guarded unguarded
 *   trace	an object a line.  The first has "schema", "verb", "event": "begin", "pid",
 *		"source", "attached"; each other "event", "time_ns" (CLOCK_MONOTONIC, when it
 *		was over), "pid", "tid", and by event
 *		call: "call", "args" (as passed), "result", "error" (its name), "unfinished",
 *		"text", "compat" (32-bit), "took_ns", of brk "brk_before", "brk_after",
 *		"changes" (areas as in diff; null, and "why"), "elsewhere" (areas that other
 *		threads changed), "others_ran", "capped", "caller", "stack": [ { "pc",
 *		"object", "symbol", "offset" } ], innermost first
 *		fault: "address", "access": "read"|"write"|"exec"|null, "major", "in_kernel",
 *		"vma", "state" (of the page soon after, as in map), "caller", "stack"
 *		malloc: "call", "args", "result", "took_ns", "place": "mmapped" (by
 *		a mapping of its own), or the purpose of the VMA it is in, "caller", "stack"
 *		child: "parent", "thread"; exec: "program"; exit: "status" or "signal";
 *		lost: "count"; note: "text"
 *   metrics	"module": { "loaded" (null: not told, or not asked), "version", "abi",
 *		"longest_lock_hold_ns", "lock_holds", "lock_hold_ns" (their sum; the three null:
 *		not told), "lock_holds_by_length": [ { "at_most_ns" (null: any), "holds" (not of a
 *		class above) } ] }, "unreadable" (processes), "processes": [
 *		{ "pid", "comm", "source", "heap_bytes", "resident_bytes": { "anon", "file",
 *		"shmem" }, "locked_bytes", "swapped_bytes", "page_table_bytes", "mapped_bytes",
 *		"vmas", "page_faults": { "minor", "major" }, "start_time_ns" (since 1970) } ]
 *   doctor	"checks": [ { "name", "status": "ok"|"warn"|"fail"|"info", "text", "mend" } ]
 *
 * "mm" holds a member for each figure, by its name in mms_mm_field_name();
 * "provenance" says for each who said so, by mms_from_name().
 * A VMA: { "start", "end", "size", "perms", "flags", "flags_unknown", "backing",
 *   "role", "purpose", "offset", "device", "inode", "page_size", "pkey", "name",
 *   and with accounts "rss", "shared_clean" ... "private_dirty", "pages": { CATEGORY: count } }
 */
#ifndef MMSCOPE_JSON_H
#define MMSCOPE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "libmmscope.h"

struct view_json {
	FILE *out;
	int depth;
	bool some[16];		/* something was written on this level: a comma is due */
	char kind[16];		/* '{' or '[' */
	int flat;		/* from this depth on all stands on one line; 0: not yet */
};

/* Opens the document, on stdout or elsewhere.  `target` may be NULL. */
void view_json_begin(struct view_json *j, const char *verb, const struct mms_target *target);
void view_json_begin_to(struct view_json *j, FILE *out, const char *verb,
			const struct mms_target *target);
/* The same, all of it on one line: of documents that follow each other. */
void view_json_begin_line(struct view_json *j, const char *verb,
			  const struct mms_target *target);
void view_json_end(struct view_json *j);

/*
 * In all below, `key` is the member's name, NULL within an array.
 * _flat: everything within stands on one line.
 */
void view_json_object(struct view_json *j, const char *key);
void view_json_object_flat(struct view_json *j, const char *key);
void view_json_array(struct view_json *j, const char *key);
void view_json_array_flat(struct view_json *j, const char *key);
void view_json_close(struct view_json *j);

void view_json_text(struct view_json *j, const char *key, const char *text);
/* A name from outside: with KEY_hex beside it if it is no UTF-8.  Not in arrays. */
void view_json_name(struct view_json *j, const char *key, const char *text);
void view_json_address(struct view_json *j, const char *key, uint64_t address);
void view_json_number(struct view_json *j, const char *key, uint64_t number);
/* Many of them, with nothing between but commas; false: not known, null. */
typedef bool (*view_json_nth_fn)(const void *arg, size_t i, uint64_t *value);
void view_json_numbers(struct view_json *j, const char *key, size_t count,
		       view_json_nth_fn nth, const void *arg);
/* What is JSON already. */
void view_json_raw(struct view_json *j, const char *key, const char *data, size_t len);
void view_json_signed(struct view_json *j, const char *key, int64_t number);
void view_json_bool(struct view_json *j, const char *key, bool value);
void view_json_null(struct view_json *j, const char *key);
void view_json_limit(struct view_json *j, const char *key, uint64_t bytes);
void view_json_fact(struct view_json *j, const char *key, struct mms_fact fact,
		    enum mms_unit unit);
/* What a capture says of itself. */
void view_json_capture(struct view_json *j, const char *key, const struct mms_capture_info *info);
void view_json_categories(struct view_json *j, const char *key, uint64_t mask);
void view_json_flags(struct view_json *j, const char *key, uint64_t mask);

/* "mm" and "provenance". */
void view_json_mm(struct view_json *j, const struct mms_mm *mm);
/* One VMA of a list, as a member of an array. */
void view_json_vma(struct view_json *j, const struct mms_vmas *vmas, size_t i);
/* "vmas": all of a list. Returns 0, or -1: it could not be read to its end. */
int view_json_vmas(struct view_json *j, struct mms_listing *list, struct mms_error *err);
/* One VMA as a member of an object. */
void view_json_vma_member(struct view_json *j, const char *key, const struct mms_vmas *vmas,
			  size_t i);

#endif
