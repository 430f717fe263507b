// SPDX-License-Identifier: GPL-2.0
/*
 * called.c - which VMA a person means by a word: "heap", "libc", "vdso".
 * Pure: by purpose, and by what the kernel calls it.
 */
#include <string.h>

#include "private.h"

/* What maps puts behind the name of a file that was removed. */
#define DELETED		" (deleted)"

static bool is(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && !memcmp(text, word, length);
}

/* "/usr/lib/libc.so.6": by all of it, "libc.so.6" or "libc". */
static bool path_is(const char *path, const char *word)
{
	size_t length = strlen(path), mark = strlen(DELETED);
	const char *slash, *base, *so;

	if (length > mark && !strcmp(path + length - mark, DELETED))
		length -= mark;
	slash = memrchr(path, '/', length);
	base = slash ? slash + 1 : path;
	so = strstr(base, ".so");
	return is(path, length, word) || is(base, (size_t)(path + length - base), word) ||
	       (so && is(base, (size_t)(so - base), word));
}

static bool name_is(const char *name, const char *word)
{
	size_t length = strlen(name);

	if (!*word || !length)
		return false;
	if (name[0] == '[' && name[length - 1] == ']' && is(name + 1, length - 2, word))
		return true;
	return path_is(name, word);
}

bool mms_vma_is_called(const struct mms_vmas *vmas, size_t i, const char *word)
{
	const struct mms_vma *v = &vmas->vma[i], *before = i ? v - 1 : NULL;

	if (*word && !strcmp(mms_purpose_name(v->purpose), word))
		return true;
	if (name_is(v->name, word))
		return true;
	return v->purpose == MMS_PURPOSE_BSS && before && before->end == v->start &&
	       before->purpose == MMS_PURPOSE_DATA && name_is(before->name, word);
}

bool mms_vma_object_is(const struct mms_vma *v, const char *word)
{
	return (v->inode || !strcmp(v->name, "[vdso]")) && name_is(v->name, word);
}
