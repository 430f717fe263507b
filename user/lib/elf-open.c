// SPDX-License-Identifier: GPL-2.0
/*
 * elf-open.c - from a VMA to the opened ELF object behind it: which file that
 * is, though it may be deleted, replaced or in another root, and where in the
 * process it was put.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "object.h"
#include "procfs.h"

#define MEND_EXACT	"ask as root: then the very file that is mapped can be opened"
#define MEND_CAPTURE	"ask where the capture was made, or the process itself"
#define VDSO_MAX	(1UL << 20)
#define OVERLAYFS_MAGIC	0x794c7630
/* A VMA that is asked about, and as many on each side, tell where an object is. */
#define NEIGHBOURS	64
#define CANDIDATES_MAX	32

/* ---- which file ------------------------------------------------------------ */

enum { SAME, OTHER_FILE, NO_FILE };

/*
 * On overlayfs and btrfs st_dev is not the device in maps, so the inode decides
 * where devices differ; overlayfs (xino) may mark the inode in its upper bits.
 * Behind a capture no process holds the file: it may have been written since, and
 * its inode may be another file's.
 */
static int compare_file(const struct mms_target *t, int fd, const struct mms_vma *v)
{
	const struct mms_capture_info *captured = mms_target_capture(t);
	struct statfs fs;
	struct stat st;
	uint64_t differ;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return NO_FILE;
	if (captured && (uint64_t)st.st_mtim.tv_sec * 1000000000 +
			(uint64_t)st.st_mtim.tv_nsec > captured->taken_ns)
		return OTHER_FILE;
	differ = st.st_ino ^ v->inode;
	if (!differ)
		return SAME;
	if (!(differ << 16) && !fstatfs(fd, &fs) && fs.f_type == OVERLAYFS_MAGIC)
		return SAME;
	return OTHER_FILE;
}

/*
 * To open a device or a pipe may have effects.  So a path is only looked up
 * first (O_PATH), and opened for reading when it is known to be a file.
 */
#define LOOK	(O_PATH | O_CLOEXEC)

static int read_looked_up(int fd)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* Whether /proc/PID/exe is the file of this VMA: it is exact, and open to more. */
static bool is_exe(int procfd, const struct mms_vma *v)
{
	char path[4096];
	struct stat st;
	ssize_t n;

	if (fstatat(procfd, "exe", &st, 0) || st.st_ino != v->inode || !S_ISREG(st.st_mode))
		return false;
	if (major(st.st_dev) == v->dev_major && minor(st.st_dev) == v->dev_minor)
		return true;
	n = readlinkat(procfd, "exe", path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	return n > 0 && !strcmp(path, v->name);
}

/* A path as the root directory `dirfd` has it, links and ".." included. */
static int open_in_root(int dirfd, const char *path)
{
	struct open_how how = {
		.flags = LOOK,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));

	/* Older than 5.6, or a sandbox that does not know it: the check decides. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = openat(dirfd, path + strspn(path, "/"), LOOK | O_NOFOLLOW);
	return (int)fd;
}

/* Below the root of the process, or below our own; -1 with errno. */
static int open_below(int procfd, bool ours, const char *path)
{
	int fd, saved, root = ours ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) :
				     openat(procfd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return -1;
	fd = open_in_root(root, path);
	saved = errno;
	close(root);
	errno = saved;
	return fd;
}

/*
 * Takes what was looked up; opens it if it is the file of the VMA.  Else -1,
 * and *seen says what it was, *error whether rights were missing.
 */
static int accept_file(const struct mms_target *t, int looked, const struct mms_vma *v, int *seen,
		       int *error)
{
	int what = looked < 0 ? NO_FILE : compare_file(t, looked, v);
	int fd = what == SAME ? read_looked_up(looked) : -1;

	if ((looked < 0 || what == SAME) && fd < 0 && (errno == EACCES || errno == EPERM))
		*error = errno;
	if (what < *seen)
		*seen = what;
	if (looked >= 0)
		close(looked);
	return fd;
}

static int fail_captured(const struct mms_vma *v, int seen, int error, struct mms_error *err)
{
	if (seen == SAME || error)
		return mms_fail(err, MMS_DENIED, NULL, v->name, "you may not read the file");
	if (seen == OTHER_FILE)
		return mms_fail(err, MMS_FAILED, MEND_CAPTURE, v->name,
				"not the file that was captured: another machine's, or changed since");
	return mms_fail(err, MMS_FAILED, MEND_CAPTURE, v->name,
			"no file of this name is here, and a capture holds none");
}

static int fail_file(const struct mms_target *t, const struct mms_vma *v, int seen, int error,
		     struct mms_error *err)
{
	if (mms_target_capture(t))
		return fail_captured(v, seen, error, err);
	if (v->role & MMSCOPE_ROLE_DELETED)
		return mms_fail(err, MMS_FAILED, MEND_EXACT, v->name,
				"the file was deleted or replaced after it was mapped");
	if (seen == SAME)
		return mms_fail(err, MMS_DENIED, MEND_EXACT, v->name, "you may not read the file");
	if (seen == OTHER_FILE)
		return mms_fail(err, MMS_FAILED, MEND_EXACT, v->name,
				"replaced: another file has this name now");
	if (error)
		return mms_fail(err, MMS_DENIED, MEND_EXACT, v->name, "you may not read the file");
	if (seen == NO_FILE && v->name[0] != '/')
		return mms_fail(err, MMS_FAILED, MEND_EXACT, v->name, "has no path to open it by");
	return mms_fail(err, MMS_FAILED, MEND_EXACT, v->name,
			"no file of this name is found, here or in the root of the process");
}

/* The file that a VMA maps, for reading; -1 with *err. */
static int open_file(struct mms_target *t, const struct mms_vma *v, struct mms_error *err)
{
	int procfd = mms_target_procfd(t), fd, seen = NO_FILE, error = 0;
	char link[64];

	/* The kernel's own reference to the file: exact, but not for everybody. */
	snprintf(link, sizeof(link), "map_files/%" PRIx64 "-%" PRIx64, v->start, v->end);
	fd = accept_file(t, openat(procfd, link, LOOK), v, &seen, &error);
	if (fd < 0 && is_exe(procfd, v))
		fd = accept_file(t, openat(procfd, "exe", LOOK), v, &seen, &error);
	for (int ours = 0; fd < 0 && ours < 2 && v->name[0] == '/'; ours++)
		fd = accept_file(t, open_below(procfd, ours, v->name), v, &seen, &error);
	return fd >= 0 ? fd : fail_file(t, v, seen, error, err);
}

/* Symbols that were stripped off may lie in a file named by the build-id. */
static void add_debug(struct mms_target *t, struct mms_elf *e)
{
	char path[200];
	struct stat st;
	bool done = false;

	if (e->has_symtab || !e->build_id[0])
		return;
	snprintf(path, sizeof(path), "/usr/lib/debug/.build-id/%.2s/%s.debug", e->build_id,
		 e->build_id + 2);
	for (int ours = 0; ours < 2 && !done; ours++) {
		int looked = open_below(mms_target_procfd(t), ours, path), fd = -1;

		if (looked >= 0 && !fstat(looked, &st) && S_ISREG(st.st_mode))
			fd = read_looked_up(looked);
		done = fd >= 0 && mmsi_elf_add_debug(e, fd);
		if (fd >= 0)
			close(fd);
		if (looked >= 0)
			close(looked);
	}
}

/* ---- which place ----------------------------------------------------------- */

static bool same_file(const struct mms_vma *a, const struct mms_vma *b)
{
	return a->inode == b->inode && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor;
}

static const struct mms_vma *vma_at(const struct mms_vmas *l, uint64_t address)
{
	size_t i = mms_vmas_find(l, address);

	return i < l->count && mms_vma_covers(&l->vma[i], address) ? &l->vma[i] : NULL;
}

static bool in_extent(const struct mms_elf *e, uint64_t bias, uint64_t address)
{
	uint64_t low = UINT64_MAX, high = 0, mask = mms_page_size() - 1;

	for (size_t i = 0; i < e->segments; i++) {
		const struct mms_segment *s = &e->segment[i];

		if (s->type != PT_LOAD)
			continue;
		if (s->address < low)
			low = s->address & ~mask;
		if (s->address + s->mem_size > high)
			high = s->address + s->mem_size;
	}
	return address - (low + bias) < high - low;
}

/* How well a bias explains what is mapped. */
struct fit {
	unsigned int segments;	/* PT_LOADs with something in the file */
	unsigned int mapped;	/* of these: mapped where they should be */
	unsigned int perms;	/* and with the permissions that they should have */
	bool runs;		/* one that is executable is mapped so */
};

static void try_bias(const struct mms_elf *e, const struct mms_vmas *l, const struct mms_vma *v,
		     uint64_t bias, struct fit *fit)
{
	uint64_t mask = mms_page_size() - 1;

	memset(fit, 0, sizeof(*fit));
	for (size_t i = 0; i < e->segments && fit->segments < CANDIDATES_MAX; i++) {
		const struct mms_segment *s = &e->segment[i];
		uint64_t start = (s->address + bias) & ~mask;
		const struct mms_vma *at;
		bool x;

		if (s->type != PT_LOAD || !s->file_size)
			continue;
		fit->segments++;
		at = vma_at(l, start);
		x = at && at->flags & MMSCOPE_VMA_EXEC;
		if (s->flags & PF_X && x)
			fit->runs = true;
		if (!at || !same_file(at, v) ||
		    at->offset + (start - at->start) != (s->offset & ~mask))
			continue;
		fit->mapped++;
		fit->perms += x == !!(s->flags & PF_X) &&
			      (s->flags & PF_W || !(at->flags & MMSCOPE_VMA_WRITE));
	}
}

static bool better(const struct fit *a, const struct fit *b)
{
	return a->mapped != b->mapped ? a->mapped > b->mapped : a->perms > b->perms;
}

/*
 * Each VMA of the file maps a part of one PT_LOAD, which says what the bias
 * would be; the one that explains the most is it.  Parts of the object may be
 * split, protected otherwise, or replaced by anonymous memory, and one page of
 * the file may belong to two PT_LOADs, so that no single VMA decides.
 */
static bool find_bias(const struct mms_elf *e, const struct mms_vmas *l, size_t index,
		      uint64_t *bias)
{
	const struct mms_vma *v = &l->vma[index];
	size_t first = index > NEIGHBOURS ? index - NEIGHBOURS : 0;
	uint64_t mask = mms_page_size() - 1;
	struct fit best = { 0 }, fit;

	for (size_t i = first; i < l->count && i <= index + NEIGHBOURS; i++) {
		const struct mms_vma *n = &l->vma[i];
		int tried = 0;

		if (!n->inode || !same_file(n, v))
			continue;
		for (size_t k = 0; k < e->segments && tried < CANDIDATES_MAX; k++) {
			const struct mms_segment *s = &e->segment[k];
			uint64_t would = n->start - n->offset + s->offset - s->address;

			if (s->type != PT_LOAD || n->offset + (n->end - n->start) <=
			    (s->offset & ~mask) || n->offset >= s->offset + s->file_size)
				continue;
			tried++;
			if (!in_extent(e, would, v->start))
				continue;
			try_bias(e, l, v, would, &fit);
			if (better(&fit, &best)) {
				best = fit;
				*bias = would;
			}
		}
	}
	/* A file that is mapped in one piece, to be read, is not loaded. */
	return best.mapped && (best.runs || best.mapped == best.segments);
}

/* ---- the vdso -------------------------------------------------------------- */

static int read_memory(struct mms_target *t, const struct mms_vma *v, char *image,
		       struct mms_error *err)
{
	size_t size = v->end - v->start, done = 0;
	int fd = openat(mms_target_procfd(t), "mem", O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	while (fd >= 0 && done < size) {
		n = pread(fd, image + done, size - done, (off_t)(v->start + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (fd >= 0 && done < size && n == 0)
		errno = ESRCH;
	if (done < size)
		mms_explain(MMS_OP_PROCFS, errno, mms_target_pid(t), err);
	if (fd >= 0)
		close(fd);
	return done < size ? -1 : 0;
}

/* How far the mapping of ours reaches that starts at `start`; 0 if it is not found. */
static uint64_t own_mapping_end(uint64_t start)
{
	struct mms_vmas l = { 0 };
	uint64_t count = 0, end = 0;

	if (mmsi_read_file(AT_FDCWD, "/proc/self/maps", &l.names) > 0 &&
	    !mmsi_vmas_from_text(&l, l.names, start, start + 1, false, &count) && l.count)
		end = l.vma[0].end;
	mms_vmas_free(&l);
	return end;
}

/*
 * To read the memory of a process may fault it in.  But the kernel has one image for
 * all 64-bit processes, and we have it, too: NULL if this is not surely one of them.
 * (What a 32-bit process has, x32 included, lies below 4G.)
 */
static const void *own_vdso(const struct mms_vma *v)
{
	uint64_t start = getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *h = (const void *)(uintptr_t)start;

	if (!start || sizeof(void *) < 8 || !(v->start >> 32) || h->e_ident[EI_CLASS] != ELFCLASS64)
		return NULL;
	return own_mapping_end(start) == v->end - v->start + start ? h : NULL;
}

static int open_vdso(struct mms_target *t, const struct mms_vma *v, struct mms_elf **elf,
		     struct mms_error *err)
{
	size_t size = v->end - v->start;
	char *image;
	uint64_t bias = v->start;
	int ret;

	if (mms_target_capture(t))
		return mms_fail(err, MMS_FAILED, NULL, v->name, "a capture holds no memory to read it from");
	image = size <= VDSO_MAX ? malloc(size) : NULL;
	if (!image)
		return mmsi_nomem(err);
	if (own_vdso(v)) {
		memcpy(image, own_vdso(v), size);
		ret = 0;
	} else {
		ret = read_memory(t, v, image, err);
	}
	if (!ret)
		ret = mmsi_elf_read_image(image, size, v->name, elf, err);
	free(image);
	if (ret)
		return -1;
	for (size_t i = 0; i < (*elf)->segments; i++)
		if ((*elf)->segment[i].type == PT_LOAD) {
			bias -= (*elf)->segment[i].address - (*elf)->segment[i].offset;
			break;
		}
	mmsi_elf_finish(*elf, bias);
	return 0;
}

/* ---- the whole ------------------------------------------------------------- */

static int open_vma(struct mms_target *t, const struct mms_vmas *l, size_t index,
		    struct mms_elf **elf, struct mms_error *err)
{
	const struct mms_vma *v = &l->vma[index];
	struct mms_elf *e;
	uint64_t bias = 0;
	int fd, ret;

	if (!strcmp(v->name, "[vdso]"))
		return open_vdso(t, v, elf, err);
	fd = open_file(t, v, err);
	if (fd < 0)
		return -1;
	ret = mmsi_elf_read_fd(fd, v->name, &e, err);
	close(fd);
	if (ret)
		return -1;
	if (!find_bias(e, l, index, &bias)) {
		mms_elf_close(e);
		return mms_fail(err, MMS_FAILED, NULL, v->name,
				"mapped as data, not loaded as a program");
	}
	e->inode = v->inode;
	e->dev_major = v->dev_major;
	e->dev_minor = v->dev_minor;
	add_debug(t, e);
	mmsi_elf_finish(e, bias);
	*elf = e;
	return 0;
}

static bool is_anonymous(const struct mms_vma *v)
{
	return !v->inode && (v->backing == MMSCOPE_BACKING_ANON ||
			     v->backing == MMS_BACKING_UNKNOWN);
}

static bool may_be_object(const struct mms_vma *v)
{
	return v->inode ? v->backing == MMSCOPE_BACKING_FILE ||
			  v->backing == MMSCOPE_BACKING_SHMEM ||
			  v->backing == MMS_BACKING_UNKNOWN : !strcmp(v->name, "[vdso]");
}

int mms_elf_open(struct mms_target *t, const struct mms_vmas *l, uint64_t address,
		 struct mms_elf **elf, struct mms_error *err)
{
	size_t i = mms_vmas_find(l, address), first = i;
	char what[32];

	snprintf(what, sizeof(what), "0x%" PRIx64, address);
	if (i >= l->count || !mms_vma_covers(&l->vma[i], address))
		return mms_fail(err, MMS_USAGE, NULL, what, "no VMA covers this address");
	/* Zeroed data lies behind the file's part, and touches it. */
	while (i && is_anonymous(&l->vma[i]) && l->vma[i - 1].end == l->vma[i].start)
		i--;
	if (!may_be_object(&l->vma[i]))
		return mms_fail(err, MMS_USAGE, NULL, what, "this memory is of no ELF object");
	if (open_vma(t, l, i, elf, err))
		return -1;
	if (i == first || mms_elf_covers(*elf, address))
		return 0;
	mms_elf_close(*elf);
	return mms_fail(err, MMS_USAGE, NULL, what, "this memory is of no ELF object");
}

/* ---- all of a process ------------------------------------------------------ */

/*
 * Code of an object.  (By its other parts an object is not found: the same file may
 * be mapped elsewhere, to be read, and that is none.)
 */
static bool is_code(const struct mms_vma *v)
{
	return (v->purpose == MMS_PURPOSE_TEXT || v->purpose == MMS_PURPOSE_VDSO) &&
	       v->flags & MMSCOPE_VMA_EXEC && may_be_object(v);
}

static bool have_already(const struct mms_elfs *elfs, const struct mms_vma *v)
{
	for (size_t i = elfs->count; i-- > 0;) {
		const struct mms_elf *e = elfs->elf[i];

		if (e->inode == v->inode && e->dev_major == v->dev_major &&
		    e->dev_minor == v->dev_minor && in_extent(e, 0, v->start))
			return true;
	}
	return false;
}

static int keep(struct mms_elfs *elfs, struct mms_elf *e)
{
	struct mms_elf **more;

	if (!(elfs->count & (elfs->count - 1))) {
		more = realloc(elfs->elf, (elfs->count ? 2 * elfs->count : 1) * sizeof(*more));
		if (!more) {
			mms_elf_close(e);
			return -1;
		}
		elfs->elf = more;
	}
	elfs->elf[elfs->count++] = e;
	return 0;
}

int mms_elfs_open(struct mms_target *t, const struct mms_vmas *l, struct mms_elfs *elfs,
		  struct mms_error *err)
{
	return mms_elfs_open_some(t, l, NULL, elfs, err);
}

int mms_elfs_open_some(struct mms_target *t, const struct mms_vmas *l, const bool *wanted,
		       struct mms_elfs *elfs, struct mms_error *err)
{
	const struct mms_vma *failed = NULL;
	struct mms_error one;
	struct mms_elf *e;

	memset(elfs, 0, sizeof(*elfs));
	for (size_t i = 0; i < l->count; i++) {
		const struct mms_vma *v = &l->vma[i];

		if ((wanted && !wanted[i]) || !is_code(v) || have_already(elfs, v) ||
		    (failed && same_file(failed, v)))
			continue;
		if (open_vma(t, l, i, &e, &one)) {
			if (!elfs->unread++)
				elfs->first = one;
			failed = v;
		} else if (keep(elfs, e)) {
			mms_elfs_close(elfs);
			return mmsi_nomem(err);
		}
	}
	return 0;
}

size_t mms_elf_main(struct mms_target *t, const struct mms_vmas *l)
{
	struct mms_fact code = l->mm.fact[MMS_MM_START_CODE];
	int procfd = mms_target_procfd(t);
	size_t i;

	for (i = 0; procfd >= 0 && i < l->count; i++)
		if (l->vma[i].inode && is_code(&l->vma[i]) && is_exe(procfd, &l->vma[i]))
			return i;
	i = mms_known(code) ? mms_vmas_find(l, code.value) : l->count;
	return i < l->count && mms_vma_covers(&l->vma[i], code.value) && is_code(&l->vma[i]) ?
	       i : l->count;
}

void mms_elf_vmas(const struct mms_vmas *l, size_t i, bool *wanted)
{
	const struct mms_vma *v = &l->vma[i];

	for (size_t k = 0; k < l->count; k++) {
		const struct mms_vma *at = &l->vma[k];

		if (v->inode ? same_file(at, v) : k == i)
			wanted[k] = true;
		else if (k && wanted[k - 1] && is_anonymous(at) && at[-1].end == at->start)
			wanted[k] = true;
	}
}

void mms_elfs_close(struct mms_elfs *elfs)
{
	for (size_t i = 0; i < elfs->count; i++)
		mms_elf_close(elfs->elf[i]);
	free(elfs->elf);
	memset(elfs, 0, sizeof(*elfs));
}

struct mms_elf *mms_elfs_at(const struct mms_elfs *elfs, uint64_t address)
{
	for (size_t i = 0; i < elfs->count; i++)
		if (mms_elf_covers(elfs->elf[i], address))
			return elfs->elf[i];
	return NULL;
}
