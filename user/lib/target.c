// SPDX-License-Identifier: GPL-2.0
/*
 * target.c - opening a process, and choosing who is asked about it.
 * The public queries check their arguments here and go on to the source.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private.h"

uint64_t mms_page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t mms_target_page_size(const struct mms_target *t)
{
	return t->page_size;
}

/*
 * The directory /proc/PID stays bound to this very process: when it is gone,
 * all below answers ESRCH, also if the pid is used again.
 */
static int open_process(struct mms_target *t, struct mms_error *err)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", (int)t->pid);
	t->procfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->procfd < 0 && errno == ENOENT && access("/proc/self", F_OK))
		return mms_fail(err, MMS_FAILED, "mount -t proc proc /proc", "/proc",
				"is not mounted");
	if (t->procfd < 0) {
		mms_explain(MMS_OP_PROCFS, errno, t->pid, err);
		return -1;
	}
	if (mmsi_proc_read_at(t->procfd, t->pid, &t->proc, err))
		return -1;
	snprintf(path, sizeof(path), "process %d", (int)t->pid);
	if (t->proc.kthread)
		return mms_fail(err, MMS_GONE, NULL, path,
				"a kernel thread: it has no memory of its own");
	if (t->proc.state == 'Z' || t->proc.state == 'X')
		return mms_fail(err, MMS_GONE, NULL, path,
				"it has exited (a zombie), its memory is gone");
	return 0;
}

/* Whether a failure to use the module leaves procfs as a way out. */
static bool may_fall_back(const struct mms_error *err)
{
	return err->status == MMS_NO_MODULE ||
	       (err->status == MMS_DENIED && !strcmp(err->what, MMSCOPE_DEVICE));
}

static int choose_source(struct mms_target *t, enum mms_source source, struct mms_error *err)
{
	struct mms_error lack = { 0 };

	if (source != MMS_SOURCE_PROCFS) {
		if (!mmsi_device_open(&t->devfd, &t->info, &lack) &&
		    !mmsi_device_attach(t, &lack))
			return 0;
		if (t->devfd >= 0)
			close(t->devfd);
		t->devfd = -1;
		if (source == MMS_SOURCE_MODULE || !may_fall_back(&lack)) {
			if (err)
				*err = lack;
			return -1;
		}
	} else {
		mms_fail(&lack, MMS_NO_MODULE, NULL, MMSCOPE_DEVICE, "the module was not asked");
	}
	t->lacks = true;
	t->lack = lack;
	return mmsi_procfs_attach(t, err);
}

int mms_open(pid_t pid, enum mms_source source, struct mms_target **target,
	     struct mms_error *err)
{
	struct mms_target *t = calloc(1, sizeof(*t));

	if (!t)
		return mmsi_nomem(err);
	t->pid = pid;
	t->page_size = mms_page_size();
	t->procfd = -1;
	t->devfd = -1;
	if (open_process(t, err) || choose_source(t, source, err)) {
		mms_close(t);
		return -1;
	}
	*target = t;
	return 0;
}

void mms_close(struct mms_target *t)
{
	if (!t)
		return;
	if (t->source && t->source->close)
		t->source->close(t);
	if (t->devfd >= 0)
		close(t->devfd);
	if (t->procfd >= 0)
		close(t->procfd);
	free(t);
}

enum mms_source mms_target_source(const struct mms_target *t)
{
	return t->source->kind;
}

const char *mms_target_source_name(const struct mms_target *t)
{
	return t->source->name;
}

pid_t mms_target_pid(const struct mms_target *t)
{
	return t->pid;
}

const struct mms_proc *mms_target_proc(const struct mms_target *t)
{
	return &t->proc;
}

int mms_target_procfd(const struct mms_target *t)
{
	return t->procfd;
}

const struct mmscope_info *mms_target_info(const struct mms_target *t)
{
	return t->devfd >= 0 ? &t->info : NULL;
}

const struct mms_error *mms_target_lack(const struct mms_target *t)
{
	return t->lacks ? &t->lack : NULL;
}

uint64_t mms_target_categories(const struct mms_target *t)
{
	return t->categories;
}

/* ---- queries --------------------------------------------------------------- */

int mms_mm_read(struct mms_target *t, struct mms_mm *mm, struct mms_error *err)
{
	memset(mm, 0, sizeof(*mm));
	return t->source->mm(t, mm, err);
}

/*
 * A range for this target: the end of all things becomes a page boundary; and who
 * asks about a machine with larger pages had no way to know.
 */
static void fit_range(const struct mms_target *t, uint64_t *start, uint64_t *end)
{
	uint64_t mask = t->page_size - 1;

	if (*end == MMS_ALL_END || *end > ~mask)
		*end = ~mask;
	if (t->page_size <= mms_page_size() || (*start | *end) & (mms_page_size() - 1))
		return;
	*start &= ~mask;
	*end = (*end + mask) & ~mask;
}

int mmsi_range_check(const struct mms_target *t, uint64_t *start, uint64_t *end,
		     struct mms_error *err)
{
	fit_range(t, start, end);
	if ((*start | *end) & (t->page_size - 1) || *start >= *end)
		return mms_fail(err, MMS_USAGE, NULL, "the range",
				"is empty, or not on page boundaries");
	return 0;
}

int mms_vmas_read(struct mms_target *t, uint64_t start, uint64_t end, unsigned int flags,
		  uint64_t categories, struct mms_vmas *vmas, struct mms_error *err)
{
	memset(vmas, 0, sizeof(*vmas));
	if (mmsi_range_check(t, &start, &end, err))
		return -1;
	if (t->source->vmas(t, start, end, flags, categories & t->categories, vmas, err)) {
		mms_vmas_free(vmas);
		return -1;
	}
	vmas->page_size = t->page_size;
	mms_vmas_purpose(vmas, t->proc.threads);
	return 0;
}

void mms_vmas_free(struct mms_vmas *vmas)
{
	free(vmas->vma);
	free(vmas->acct);
	free(vmas->smaps);
	free(vmas->names);
	memset(vmas, 0, sizeof(*vmas));
}

size_t mms_vmas_find(const struct mms_vmas *vmas, uint64_t address)
{
	size_t low = 0, high = vmas->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (vmas->vma[mid].end <= address)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Says which of the categories cannot be told by this source. */
static int refuse_categories(const struct mms_target *t, uint64_t cannot, struct mms_error *err)
{
	char names[160];

	mms_categories_format(cannot, names, sizeof(names));
	if (t->source->kind == MMS_SOURCE_CAPTURE)
		return mms_fail(err, MMS_USAGE, NULL, names, "was not known when it was captured");
	return mms_fail(err, t->devfd < 0 ? MMS_NO_MODULE : MMS_USAGE,
			t->devfd < 0 ? t->lack.mend : NULL, names,
			t->devfd < 0 ? "only the module can tell" :
				       "cannot be told on this kernel");
}

int mms_pages(struct mms_target *t, const struct mms_pages_query *query,
	      mms_run_fn run, void *arg, uint64_t *pages, struct mms_error *err)
{
	struct mms_pages_query q = *query;
	uint64_t mask = t->page_size - 1, asked, total = 0;
	int ret;

	fit_range(t, &q.start, &q.end);
	if ((q.start | q.end) & mask || q.start > q.end)
		return mms_fail(err, MMS_USAGE, NULL, "the range",
				"ends before it starts, or is not on page boundaries");
	if (!q.categories)
		q.categories = t->categories;
	asked = q.categories | q.all_of | q.any_of | q.none_of;
	if (asked & ~t->categories)
		return refuse_categories(t, asked & ~t->categories, err);
	ret = t->source->pages(t, &q, run, arg, &total, err);
	if (pages)
		*pages = total;
	return ret;
}

int mms_walk(struct mms_target *t, uint64_t address, bool raw,
	     struct mmscope_walk *walk, struct mms_error *err)
{
	memset(walk, 0, sizeof(*walk));
	if (t->source->kind == MMS_SOURCE_CAPTURE)
		return mms_fail(err, MMS_USAGE, "what became of the page: mmscope pages --from FILE",
				"the page tables", "a capture does not hold them");
	if (!t->source->walk)
		return mms_fail(err, MMS_NO_MODULE, t->lack.mend, "the page tables",
				"only the module can read them (%s)", t->lack.why);
	return t->source->walk(t, address, raw, walk, err);
}
