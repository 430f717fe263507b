// SPDX-License-Identifier: GPL-2.0
/*
 * privacy.c - whether a process itself would be told which pages of a file that
 * it maps are cached.  The module answers the asker, who may be told more than
 * the process: mincore(2), called inside, says 1 for every page then.
 *
 * The kernel's rule (mm/mincore.c, can_do_mincore()): those who own the file, or
 * may write to it.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <linux/capability.h>

#include "inquiry.h"

struct rights {
	uid_t fsuid;
	gid_t fsgid;
	char *groups;		/* within `text` */
	uint64_t caps;
	char *text;
};

/* The rest of the line that begins so, or NULL. */
static char *line_of(char *text, const char *field)
{
	char *at = strstr(text, field);

	return at ? at + strlen(field) : NULL;
}

static bool read_rights(struct mms_inquiry *q, struct rights *r)
{
	char *uid, *gid, *cap;

	r->text = NULL;
	if (mmsi_read_file(q->target->procfd, "status", &r->text) < 0)
		return false;
	uid = line_of(r->text, "\nUid:");
	gid = line_of(r->text, "\nGid:");
	cap = line_of(r->text, "\nCapEff:");
	r->groups = line_of(r->text, "\nGroups:");
	return uid && gid && cap && r->groups &&
	       sscanf(uid, "%*u %*u %*u %u", &r->fsuid) == 1 &&
	       sscanf(gid, "%*u %*u %*u %u", &r->fsgid) == 1 &&
	       sscanf(cap, "%" SCNx64, &r->caps) == 1;
}

static bool in_group(const struct rights *r, gid_t gid)
{
	char *at = r->groups, *end;

	if (r->fsgid == gid)
		return true;
	while (*at == ' ' || *at == '\t') {
		unsigned long one = strtoul(at, &end, 10);

		if (end == at)
			break;
		if (one == gid)
			return true;
		at = end;
	}
	return false;
}

/* Where an access-control list might allow more than the mode, it is not refused. */
static bool is_refused(const struct rights *r, const char *path, const struct stat *st)
{
	if (r->fsuid == st->st_uid || r->caps >> CAP_FOWNER & 1 || r->caps >> CAP_DAC_OVERRIDE & 1)
		return false;
	if (getxattr(path, "system.posix_acl_access", NULL, 0) > 0)
		return false;
	return !(st->st_mode & (in_group(r, st->st_gid) ? S_IWGRP : S_IWOTH));
}

/* Who may read everything is refused nothing: that is soon found out. */
bool mmsi_cache_may_be_refused(struct mms_inquiry *q)
{
	struct rights r;
	bool known = read_rights(q, &r);

	free(r.text);
	return known && !(r.caps >> CAP_FOWNER & 1 || r.caps >> CAP_DAC_OVERRIDE & 1);
}

/*
 * Sure to be refused: what cannot be found out counts as told.  The link into
 * map_files is followed for those alone who are told more than others.
 */
bool mmsi_cache_refused(struct mms_inquiry *q, const struct mms_vma *v)
{
	char path[96];
	struct stat st;
	struct rights r;
	bool refused;

	if (v->backing != MMSCOPE_BACKING_FILE && v->backing != MMSCOPE_BACKING_SHMEM)
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d/map_files/%" PRIx64 "-%" PRIx64,
		 q->target->procfd, v->start, v->end);
	if (stat(path, &st))
		return false;
	refused = read_rights(q, &r) && is_refused(&r, path, &st);
	free(r.text);
	return refused;
}
