/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kit.c - what the ABI and VM tests share: the ioctls, subjects, and readers
 * of the kernel's own files. Nothing here judges.
 */
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "kit.h"

unsigned long page;
u64 told;

__attribute__((constructor)) static void kit_init(void)
{
	page = sysconf(_SC_PAGESIZE);
}

/* ---- sessions ---- */

int call(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) ? errno : 0;
}

int session(void)
{
	struct mmscope_info info;
	int fd = open(MMSCOPE_DEVICE, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		tap_bail("%s: %s: load the module first", MMSCOPE_DEVICE, strerror(errno));
	if (!told) {
		if (get_info(fd, &info))
			tap_bail("INFO: %s", strerror(errno));
		told = info.categories;
	}
	return fd;
}

int session_of(pid_t pid)
{
	int fd = session();
	int err = attach(fd, pid);

	if (err)
		tap_bail("ATTACH to %d: %s", pid, strerror(err));
	return fd;
}

int attach(int fd, pid_t pid)
{
	struct mmscope_attach a = { .size = sizeof(a), .pid = pid };

	return call(fd, MMSCOPE_ATTACH, &a);
}

int attach_pidfd(int fd, int pidfd)
{
	struct mmscope_attach a = {
		.size = sizeof(a), .pid = pidfd, .flags = MMSCOPE_ATTACH_PIDFD,
	};

	return call(fd, MMSCOPE_ATTACH, &a);
}

int get_info(int fd, struct mmscope_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	return call(fd, MMSCOPE_INFO, info);
}

int get_mm(int fd, struct mmscope_mm *mm)
{
	memset(mm, 0, sizeof(*mm));
	mm->size = sizeof(*mm);
	return call(fd, MMSCOPE_MM, mm);
}

int walk(int fd, u64 address, u32 flags, struct mmscope_walk *w)
{
	memset(w, 0, sizeof(*w));
	w->size = sizeof(*w);
	w->flags = flags;
	w->address = address;
	return call(fd, MMSCOPE_WALK, w);
}

void free_vmas(struct snapshot *snap)
{
	free(snap->vmas);
	free(snap->accts);
	free(snap->names);
	memset(snap, 0, sizeof(*snap));
}

/* Asks for the sizes, then for the list; again if it grew between the two. */
int get_vmas(int fd, u64 start, u64 end, bool accts, struct snapshot *snap)
{
	struct mmscope_vmas v = { .size = sizeof(v), .start = start, .end = end };
	int err, tries;

	memset(snap, 0, sizeof(*snap));
	for (tries = 0; tries < 20; tries++) {
		free_vmas(snap);
		/* A quarter more: who grows meanwhile would else have grown out of it, always. */
		v.vmas_len = v.vmas_count + v.vmas_count / 4 + 8;
		v.names_len = v.names_bytes + v.names_bytes / 4 + 256;
		snap->vmas = calloc(v.vmas_len, sizeof(*snap->vmas));
		snap->accts = calloc(v.vmas_len, sizeof(*snap->accts));
		snap->names = calloc(1, v.names_len);
		snap->mm.size = sizeof(snap->mm);
		v.vmas = (uintptr_t)snap->vmas;
		v.accts = accts ? (uintptr_t)snap->accts : 0;
		v.names = (uintptr_t)snap->names;
		v.mm = (uintptr_t)&snap->mm;
		err = call(fd, MMSCOPE_VMAS, &v);
		if (err != ENOSPC)
			break;
	}
	snap->count = v.vmas_count;
	snap->names_bytes = v.names_bytes;
	return err;
}

int get_runs(int fd, const struct mmscope_pages *ask, u64 batch, struct runs *runs)
{
	struct mmscope_pages p = *ask;
	u64 room = 0, idle = 0;
	int err;

	memset(runs, 0, sizeof(*runs));
	do {
		u64 from = p.start;

		if (runs->count + batch > room) {
			room = (runs->count + batch) * 2;
			runs->run = realloc(runs->run, room * sizeof(*runs->run));
		}
		p.runs = (uintptr_t)(runs->run + runs->count);
		p.runs_len = batch;
		err = call(fd, MMSCOPE_PAGES, &p);
		if (err)
			return err;
		runs->count += p.runs_count;
		runs->pages += p.pages;
		p.start = p.cursor;
		idle = p.start > from ? 0 : idle + 1;
		if (idle > 100)
			return ELOOP;	/* no progress: not an errno of the module */
	} while (p.cursor < p.end);
	return 0;
}

int get_states(int fd, u64 start, u64 n, u64 *state)
{
	struct mmscope_pages ask = {
		.size = sizeof(ask), .start = start, .end = start + n * page, .categories = told,
	};
	struct runs runs;
	u64 i, a, seen = 0;
	int err = get_runs(fd, &ask, 512, &runs);

	for (i = 0; !err && i < runs.count; i++)
		for (a = runs.run[i].start; a < runs.run[i].end; a += page, seen++)
			state[(a - start) / page] = runs.run[i].categories;
	free(runs.run);
	return err ? err : seen == n ? 0 : ERANGE;
}

int pidfd_of(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

int can_drop(int capability)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -1;
	data[capability / 32].effective &= ~(1U << capability % 32);
	data[capability / 32].permitted &= ~(1U << capability % 32);
	return syscall(SYS_capset, &head, data);
}

/* ---- subjects ---- */

struct order {
	subject_fn fn;
	void *arg;
};

static void subject_main(int in, int out)
{
	struct order order;
	long answer;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGALRM, SIG_DFL);
	alarm(0);
	while (read(in, &order, sizeof(order)) == sizeof(order)) {
		answer = order.fn(order.arg);
		if (write(out, &answer, sizeof(answer)) != sizeof(answer))
			break;
	}
	_exit(0);
}

void subject_start(struct subject *s)
{
	int to[2], from[2];

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		tap_bail("pipe: %s", strerror(errno));
	fflush(stdout);
	s->pid = fork();
	if (s->pid < 0)
		tap_bail("fork: %s", strerror(errno));
	if (!s->pid) {
		close(to[1]);
		close(from[0]);
		subject_main(to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	s->to = to[1];
	s->from = from[0];
}

long subject_call(struct subject *s, subject_fn fn, void *arg)
{
	struct order order = { fn, arg };
	long answer;

	if (write(s->to, &order, sizeof(order)) != sizeof(order) ||
	    read(s->from, &answer, sizeof(answer)) != sizeof(answer))
		return LONG_MIN;
	settle(s->pid);
	return answer;
}

void subject_end(struct subject *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	close(s->to);
	close(s->from);
}

void *shared(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		tap_bail("shared memory: %s", strerror(errno));
	return p;
}

void *isle(size_t bytes, int prot, int flags, int fd, off_t offset)
{
	size_t all = bytes + 2 * page;
	char *p = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return p;
	return mmap(p + page, bytes, prot, flags | MAP_FIXED, fd, offset);
}

pid_t child_of(void (*fn)(void *), void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		tap_bail("fork: %s", strerror(errno));
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGALRM, SIG_DFL);
	alarm(0);
	fn(arg);
	_exit(0);
}

int wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

char state_of(pid_t pid)
{
	char *text = read_text("/proc/%d/stat", pid);
	char *p = text ? strrchr(text, ')') : NULL;
	char state = p ? p[2] : 0;

	free(text);
	return state;
}

void settle(pid_t pid)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	int tries;

	for (tries = 0; tries < 5000; tries++) {
		char state = state_of(pid);

		if (state != 'R' && state != 'D')
			return;
		nanosleep(&nap, NULL);
	}
}

/* ---- the kernel's files ---- */

char *read_text(const char *format, ...)
{
	char path[300], *text = NULL;
	size_t room = 0, len = 0;
	va_list args;
	ssize_t n;
	int fd;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	do {
		if (room - len < 65536)
			text = realloc(text, room += 262144);
		n = read(fd, text + len, room - len - 1);
		if (n > 0)
			len += n;
	} while (n > 0);
	n = n < 0 ? errno : 0;
	close(fd);
	if (n) {
		free(text);
		errno = n;
		return NULL;
	}
	text[len] = 0;
	return text;
}

int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		err = errno;
	close(fd);
	return err;
}

int get_maps(pid_t pid, struct maps *maps)
{
	char *line, *next;

	memset(maps, 0, sizeof(*maps));
	maps->text = read_text("/proc/%d/maps", pid);
	if (!maps->text)
		return errno;
	for (line = maps->text; *line; line = next) {
		unsigned long long start, end, offset, inode;
		struct map m = { 0 };
		int n = 0;

		next = strchr(line, '\n');
		*next++ = 0;
		if (sscanf(line, "%llx-%llx %4s %llx %x:%x %llu%n", &start, &end, m.perms,
			   &offset, &m.major, &m.minor, &inode, &n) != 7)
			return EPROTO;
		m.start = start;
		m.end = end;
		m.offset = offset;
		m.inode = inode;
		m.name = line + n;
		while (*m.name == ' ')
			m.name++;
		if (!strcmp(m.name, "[vsyscall]"))
			continue;
		maps->map = realloc(maps->map, (maps->count + 1) * sizeof(m));
		maps->map[maps->count++] = m;
	}
	return 0;
}

void free_maps(struct maps *maps)
{
	free(maps->map);
	free(maps->text);
	memset(maps, 0, sizeof(*maps));
}

const struct map *map_at(const struct maps *maps, u64 address)
{
	size_t i;

	for (i = 0; i < maps->count; i++)
		if (address >= maps->map[i].start && address < maps->map[i].end)
			return &maps->map[i];
	return NULL;
}

u64 field(const char *text, const char *name)
{
	size_t len = strlen(name);
	const char *p = text;

	while (p && *p) {
		if (!strncmp(p, name, len) && p[len] == ':')
			return strtoull(p + len + 1, NULL, 10);
		p = strchr(p, '\n');
		if (p)
			p++;
	}
	return ~0ULL;
}

u64 smaps_field(const char *smaps, u64 start, const char *name)
{
	char head[40], *p, *end, keep;
	u64 value;

	snprintf(head, sizeof(head), "%08llx-", (unsigned long long)start);
	p = (char *)smaps;
	if (strncmp(p, head, strlen(head))) {
		snprintf(head, sizeof(head), "\n%08llx-", (unsigned long long)start);
		p = strstr(smaps, head);
		if (!p)
			return ~0ULL;
		p++;
	}
	end = strstr(p, "VmFlags:");
	if (!end)
		return ~0ULL;
	keep = *end;
	*end = 0;
	value = field(p, name);
	*end = keep;
	return value == ~0ULL ? value : value * 1024;
}

u64 stat_field(pid_t pid, int number)
{
	char *text = read_text("/proc/%d/stat", pid);
	char *p = text ? strrchr(text, ')') : NULL;
	u64 value = ~0ULL;
	int i;

	for (i = 2; p && i < number; i++)
		p = strchr(p + 1, ' ');
	if (p)
		value = strtoull(p, NULL, 10);
	free(text);
	return value;
}

int pagemap(pid_t pid, u64 start, u64 n, u64 *entry)
{
	char path[60];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	got = pread(fd, entry, n * 8, start / page * 8);
	close(fd);
	return got == (ssize_t)(n * 8) ? 0 : got < 0 ? errno : ENODATA;
}

u64 kpageflags(u64 pfn)
{
	static int fd = -1;
	u64 flags = 0;

	if (fd < 0)
		fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (pread(fd, &flags, 8, pfn * 8) != 8)
		return 0;
	return flags;
}

/* ---- accounting against smaps ---- */

const char *const figure[FIGURES] = {
	"rss", "shared_clean", "shared_dirty", "private_clean", "private_dirty", "anonymous",
	"swap", "sum_of_parts",
};

void compare_acct(const char *smaps, const struct mmscope_vma *v, const struct mmscope_acct *a,
		  int *bad)
{
	static const char *const fields[] = { "Rss", "Shared_Clean", "Shared_Dirty",
					      "Private_Clean", "Private_Dirty", "Anonymous", "Swap" };
	u64 got[] = { a->rss, a->shared_clean, a->shared_dirty, a->private_clean,
		      a->private_dirty, a->pages[MMSCOPE_CAT_ANON] * page,
		      (a->pages[MMSCOPE_CAT_SWAPPED] + a->pages[MMSCOPE_CAT_CACHE_SWAPPED]) * page };
	size_t k;

	for (k = 0; k < ARRAY_SIZE(fields); k++) {
		u64 want = smaps_field(smaps, v->start, fields[k]);

		/* smaps counts no page of the hugetlb pool here. */
		if (got[k] == want || (v->flags & MMSCOPE_VMA_HUGETLB && k == ANONYMOUS))
			continue;
		bad[k]++;
		tap_note("%llx-%llx: %s is %llu in smaps, %llu in accts", v->start, v->end,
			 fields[k], want, got[k]);
	}
	bad[SUMS] += a->rss != a->shared_clean + a->shared_dirty + a->private_clean +
			       a->private_dirty;
}

/*
 * What accounts are asked for decides how pages are looked at: alone, each must say what
 * it says beside all others.
 */
static const u64 asked_alone[] = {
	CAT(PRESENT) | CAT(SWAPPED) | CAT(SHARED) | CAT(DIRTY) | CAT(PAGE_DIRTY),
	CAT(PRESENT) | CAT(SWAPPED) | CAT(CACHE_SWAPPED) | CAT(SHARED) | CAT(DIRTY) |
		CAT(PAGE_DIRTY),
	CAT(SHARED) | CAT(DIRTY) | CAT(PAGE_DIRTY) | CAT(SOFT_DIRTY) | CAT(ZERO) |
		CAT(UFFD_WP) | CAT(ACCESSED) | CAT(WRITABLE) | CAT(HUGE_PMD),
	CAT(SHARED), CAT(PAGE_DIRTY) | CAT(SOFT_DIRTY), CAT(PRESENT), CAT(SOFT_DIRTY),
	CAT(ANON) | CAT(FILE) | CAT(SHMEM), CAT(ANON) | CAT(ZERO) | CAT(MIGRATING),
	CAT(ANON) | CAT(SHARED), CAT(MLOCKED) | CAT(UNEVICTABLE) | CAT(PAGE_DIRTY),
	CAT(IN_CORE) | CAT(PAGE_DIRTY), CAT(KSM) | CAT(LAZYFREE), CAT(SWAPPED) | CAT(GUARD),
};

#define PARTS	(CAT(SHARED) | CAT(DIRTY) | CAT(PAGE_DIRTY))

static u64 acct_differs(const struct mmscope_vma *v, const struct mmscope_acct *all,
			const struct mmscope_acct *alone, u64 asked)
{
	u64 differing = 0, k;

	for (k = 0; k < ARRAY_SIZE(all->pages); k++) {
		u64 want = asked >> k & 1 ? all->pages[k] : 0;

		if (alone->pages[k] == want)
			continue;
		differing++;
		tap_note("%llx-%llx: category %llu: %llu pages, %llu if asked for with %llx", v->start,
			 v->end, k, want, alone->pages[k], asked);
	}
	differing += alone->rss != all->rss;
	if ((asked & PARTS) == PARTS)
		differing += memcmp(&alone->rss, &all->rss, sizeof(*all) - sizeof(all->pages)) != 0;
	return differing;
}

/* What all accounts of the snapshot add up to, against one of the whole. */
static u64 total_differs(int fd, const struct snapshot *snap, u64 asked)
{
	struct mmscope_acct sum = { .rss = 0 }, total;
	struct mmscope_vma all = { .end = 1ULL << 56 };
	struct mmscope_vmas v = {
		.size = sizeof(v), .flags = MMSCOPE_VMAS_TOTALS, .end = all.end,
		.accts = (uintptr_t)&total, .acct_categories = asked, .vmas_count = 7,
	};
	u64 i, k;

	/* Each field is a number of 64 bits. */
	for (i = 0; i < snap->count; i++)
		for (k = 0; k < sizeof(sum) / sizeof(u64); k++)
			((u64 *)&sum)[k] += ((const u64 *)&snap->accts[i])[k];
	memset(&total, 0xa5, sizeof(total));
	if (call(fd, MMSCOPE_VMAS, &v) || v.vmas_count || v.names_bytes)
		return 1;
	return acct_differs(&all, &sum, &total, asked);
}

u64 accts_differ(int fd, const struct snapshot *snap)
{
	struct mmscope_vma *vmas = calloc(snap->count + 1, sizeof(*vmas));
	struct mmscope_acct *accts = calloc(snap->count + 1, sizeof(*accts));
	u64 differing = 0, i, k;

	for (k = 0; k < ARRAY_SIZE(asked_alone); k++) {
		struct mmscope_vmas v = {
			.size = sizeof(v), .end = 1ULL << 56, .vmas_len = snap->count,
			.vmas = (uintptr_t)vmas, .accts = (uintptr_t)accts,
			.acct_categories = asked_alone[k] & told,
		};

		if (!v.acct_categories)
			continue;
		differing += call(fd, MMSCOPE_VMAS, &v) || v.vmas_count != snap->count;
		for (i = 0; i < v.vmas_count; i++)
			differing += acct_differs(&vmas[i], &snap->accts[i], &accts[i],
						  v.acct_categories);
		differing += total_differs(fd, snap, v.acct_categories);
	}
	free(vmas);
	free(accts);
	return differing;
}
