/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tricks.c - the gate under attack: a target that runs another program while it is
 * looked into, a number that becomes another process's, arguments that change as
 * they are read, buffers that overlap, sizes that overflow, false pidfds.
 */
#include <limits.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "people.h"

#define ROOT "/proc/mmscope"

static int *result;

/* ---- a target that is Alice's program and root's by turns ---- */

/* Roles of the plain and of the setuid copy: each runs the other. */
static void take_turns(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "turn"))
		return;
	usleep(300);
	if (geteuid())
		run_copy(SETUID_COPY, "turn");
	/* Not be_alice(), which makes it dumpable: it is to stay closed to her. */
	if (setresgid(ALICE, ALICE, ALICE) || setresuid(ALICE, ALICE, ALICE))
		_exit(90);
	run_copy(PLAIN_COPY, "turn");
}

static void be_turning(void)
{
	be_alice();
	run_copy(PLAIN_COPY, "turn");
}

/* Is the setuid program's name, or anything mapped of it, in here? */
static bool tells_of_setuid(const struct snapshot *snap)
{
	u64 i;

	for (i = 0; i < snap->count; i++)
		if (snap->vmas[i].name_len &&
		    !strcmp(snap->names + snap->vmas[i].name_offset, SETUID_COPY))
			return true;
	return false;
}

static void look_at_turning(void *arg)
{
	pid_t pid = *(pid_t *)arg;
	struct snapshot snap;
	char path[60], *text;
	int i, fd, f;

	be_alice();
	fd = session();
	snprintf(path, sizeof(path), ROOT "/%d/vmas", pid);
	for (i = 0; i < 6000; i++) {
		int err = attach(fd, pid);

		result[err == 0 ? 0 : err == EACCES ? 1 : err == EAGAIN ? 2 : 3]++;
		if (!err && !get_vmas(fd, 0, 1ULL << 56, false, &snap)) {
			result[4]++;
			result[5] += tells_of_setuid(&snap);
			free_vmas(&snap);
		}
		f = open(path, O_RDONLY);
		close(f);
		text = read_text("%s", path);
		result[6] += !!text;
		result[7] += text && strstr(text, SETUID_COPY);
		free(text);
	}
}

static void test_exec_race(void)
{
	pid_t pid = stay_as(be_turning);
	char line[20];

	snprintf(line, sizeof(line), "%d", pid);
	eq_err(write_text(ROOT "/targets", line), 0, "exec_race.registered");
	memset(result, 0, 10 * sizeof(int));
	wait_for(child_of(look_at_turning, &pid));
	end(pid);
	tap_note("attach: let in %d, EACCES %d, EAGAIN %d, else %d; lists %d, files %d", result[0],
		 result[1], result[2], result[3], result[4], result[6]);
	ok(result[0] > 10 && result[1] > 10, "exec_race.both_were_met");
	ok(result[4] > 0 && result[6] > 0, "exec_race.something_was_told");
	eq(result[5], 0, "exec_race.device_tells_of_the_setuid_program");
	eq(result[7], 0, "exec_race.file_tells_of_the_setuid_program");
}

/* ---- the number becomes another's ---- */

static void stay_quiet(void *arg)
{
	((void (*)(void))arg)();
	pause_for_ever();
}

/* A child with that very number, or 0. */
static pid_t child_numbered(pid_t wanted, void (*become)(void))
{
	char line[20];
	int tries;
	pid_t pid;

	for (tries = 0; tries < 50; tries++) {
		snprintf(line, sizeof(line), "%d", wanted - 1);
		if (write_text("/proc/sys/kernel/ns_last_pid", line))
			return 0;
		pid = child_of(stay_quiet, become);
		if (pid == wanted)
			return pid;
		end(pid);
	}
	return 0;
}

struct mine {
	pid_t pid;
	int session, file, pidfd, said;
};

static void hold_and_look(void *arg)
{
	struct mine *m = arg;
	struct mmscope_mm mm;
	char path[60], text[100], c;

	be_alice();
	m->session = session_of(m->pid);
	m->pidfd = pidfd_of(m->pid);
	snprintf(path, sizeof(path), "%d", m->pid);
	result[0] = write_text(ROOT "/targets", path);
	snprintf(path, sizeof(path), ROOT "/%d/vmas", m->pid);
	m->file = open(path, O_RDONLY);
	result[1] = read(m->file, text, 10) == 10 ? 0 : errno;
	if (read(m->said, &c, 1) != 1)
		_exit(1);
	result[2] = get_mm(m->session, &mm);
	result[3] = attach_pidfd(m->session, m->pidfd);
	result[4] = read(m->file, text, sizeof(text)) < 0 ? errno : 0;
	result[5] = pread(m->file, text, sizeof(text), 0) < 0 ? errno : 0;
	result[6] = open(path, O_RDONLY) < 0 ? errno : 0;
	result[7] = attach(m->session, m->pid);
	snprintf(path, sizeof(path), "%d", m->pid);
	result[8] = write_text(ROOT "/targets", path);
	result[9] = 1;
}

static void test_number_reused(void)
{
	struct mine m = { .pid = stay_as(be_alice) };
	int ends[2], tries;
	pid_t looker, other;

	if (pipe(ends))
		tap_bail("pipe");
	m.said = ends[0];
	memset(result, 0xff, 10 * sizeof(int));
	looker = child_of(hold_and_look, &m);
	for (tries = 0; tries < 1000 && __atomic_load_n(&result[1], __ATOMIC_ACQUIRE) < 0; tries++)
		usleep(1000);
	end(m.pid);
	other = child_numbered(m.pid, be_root);
	if (!other) {
		skip("number_reused", "the number was not to be had again");
		end(looker);
		return;
	}
	usleep(50000);
	if (write(ends[1], "", 1) != 1)
		tap_bail("write");
	wait_for(looker);
	end(other);
	eq(result[9], 1, "number_reused.came_to_its_end");
	eq_err(result[0], 0, "number_reused.registered_before");
	eq_err(result[1], 0, "number_reused.file_read_before");
	eq_err(result[2], ESRCH, "number_reused.session");
	eq_err(result[3], ESRCH, "number_reused.pidfd");
	ok(result[4] > 0, "number_reused.file_read_on");
	ok(result[5] > 0, "number_reused.file_read_anew");
	ok(result[6] == ENOENT || result[6] == ESRCH, "number_reused.file_opened");
	eq_err(result[7], EACCES, "number_reused.attach");
	ok(result[8] == EACCES || result[8] == EBUSY, "number_reused.registered");
	close(ends[0]);
	close(ends[1]);
}

/* ---- arguments that change as they are read ---- */

#define GUARD 0x6b

struct fought {
	u32 size, flags;	/* those two are changed all the time */
	char rest[4096];
};

static struct fought *fought;
static int stop;

static void *change(void *arg)
{
	static const u32 sizes[] = { 0, 8, 104, 120, 288, 296, 4096, 0x7fffffff };
	unsigned int i = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		__atomic_store_n(&fought->size, sizes[i++ % ARRAY_SIZE(sizes)], __ATOMIC_RELAXED);
		__atomic_store_n(&fought->flags, i & 1, __ATOMIC_RELAXED);
	}
	return arg;
}

/* Bytes behind the longest structure that a command could write. */
static bool guard_is_hurt(size_t known)
{
	const char *p = (const char *)fought;
	size_t i;

	for (i = known; i < sizeof(*fought); i++)
		if (p[i] != GUARD && p[i])
			return true;
	return false;
}

static void fight(void *arg)
{
	static const struct {
		unsigned int cmd;
		size_t known;
	} table[] = {
		{ MMSCOPE_INFO, sizeof(struct mmscope_info) },
		{ MMSCOPE_MM, sizeof(struct mmscope_mm) },
		{ MMSCOPE_PAGES, sizeof(struct mmscope_pages) },
		{ MMSCOPE_WALK, sizeof(struct mmscope_walk) },
	};
	struct mmscope_run *runs = calloc(64, sizeof(*runs));
	struct mmscope_pages *p = (void *)fought;
	struct mmscope_walk *w = (void *)fought;
	pthread_t thread;
	size_t i, k, n;
	int fd;

	(void)arg;
	be_bob();
	fd = session_of(getpid());
	pthread_create(&thread, NULL, change, NULL);
	for (n = 0; n < 40000; n++) {
		i = n % ARRAY_SIZE(table);
		/* A tail of zeros is taken, one of guards is refused: each at times. */
		memset(fought->rest, n & 4 ? GUARD : 0, sizeof(fought->rest));
		memset(fought->rest, 0, table[i].known - 8);
		if (table[i].cmd == MMSCOPE_PAGES) {
			p->end = 1ULL << 52;
			p->categories = CAT(PRESENT);
			p->runs = (uintptr_t)runs;
			p->runs_len = 64;
		} else if (table[i].cmd == MMSCOPE_WALK) {
			w->address = (uintptr_t)runs;
		}
		if (!call(fd, table[i].cmd, fought)) {
			result[0]++;
			for (k = 0; k < 5 && table[i].cmd == MMSCOPE_WALK; k++)
				result[1] += w->levels[k].entry || w->levels[k].frame;
			for (k = 0; k < 64 && table[i].cmd == MMSCOPE_PAGES; k++)
				result[1] += !!runs[k].frame;
		}
		result[2] += guard_is_hurt(table[i].known);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

static void test_double_fetch(void)
{
	memset(result, 0, 10 * sizeof(int));
	eq(wait_for(child_of(fight, NULL)), 0, "double_fetch.came_to_its_end");
	ok(result[0] > 100, "double_fetch.some_calls_succeed");
	eq(result[1], 0, "double_fetch.frames_told_to_bob");
	eq(result[2], 0, "double_fetch.writes_behind_what_it_knows");
}

/* ---- pointers and sizes that cannot be ---- */

static void test_overlap(void)
{
	char *block = calloc(1, 1 << 20);
	struct mmscope_vmas *v = (void *)block;
	struct mmscope_pages *p = (void *)block;
	struct mmscope_mm mm;
	int fd = session_of(getpid());

	/*
	 * All of them into one place, the argument itself among it: the last one wins.
	 * Its size does for a struct mmscope_mm, too, which has zeros behind it.
	 */
	*v = (struct mmscope_vmas){ .size = sizeof(mm), .end = 1ULL << 56,
		.vmas = (uintptr_t)block, .vmas_len = 1000, .names = (uintptr_t)block,
		.names_len = 65536, .mm = (uintptr_t)block, .accts = (uintptr_t)block };
	eq_err(call(fd, MMSCOPE_VMAS, v), 0, "overlap.vmas");
	ok(v->size == sizeof(mm) && v->vmas_count > 5 && v->vmas_len == 1000,
	   "overlap.vmas_structure_is_written_last");
	memset(block, 0, 4096);
	*p = (struct mmscope_pages){ .size = sizeof(*p), .end = 1ULL << 52,
		.categories = CAT(PRESENT), .runs = (uintptr_t)block, .runs_len = 1000 };
	eq_err(call(fd, MMSCOPE_PAGES, p), 0, "overlap.pages");
	ok(p->size == sizeof(*p) && p->runs_count > 5, "overlap.pages_structure_is_written_last");
	eq_err(get_mm(fd, &mm), 0, "overlap.session_lives");
	free(block);
	close(fd);
}

static void test_impossible(void)
{
	static const u64 nowhere[] = { 8, 0xffff888000000000ULL, 0xffffffff81000000ULL,
				       0x0000800000000000ULL, 0xfffffffffffff000ULL };
	struct mmscope_vma one;
	int fd = session_of(getpid()), bad = 0, lived;
	struct mmscope_mm mm;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		struct mmscope_vmas v = { .size = sizeof(v), .end = 1ULL << 56,
			.vmas = nowhere[i], .vmas_len = ~0ULL };
		struct mmscope_pages p = { .size = sizeof(p), .end = 1ULL << 52,
			.categories = CAT(PRESENT), .runs = nowhere[i], .runs_len = ~0ULL };

		bad += call(fd, MMSCOPE_VMAS, &v) != EFAULT;
		v.vmas = 0;
		v.vmas_len = 0;
		v.end = 0;
		v.mm = nowhere[i];
		bad += call(fd, MMSCOPE_VMAS, &v) != EFAULT;
		bad += call(fd, MMSCOPE_PAGES, &p) != EFAULT;
		bad += call(fd, MMSCOPE_MM, (void *)nowhere[i]) != EFAULT;
		bad += call(fd, MMSCOPE_INFO, (void *)nowhere[i]) != EFAULT;
	}
	eq(bad, 0, "impossible.pointers");
	/* Lengths whose bytes overflow: as much is used as is needed. */
	for (i = 0, bad = 0; i < 4; i++) {
		struct mmscope_vmas v = { .size = sizeof(v), .end = page * 1000000,
			.vmas = (uintptr_t)&one, .vmas_len = (1ULL << 58) + i };

		lived = call(fd, MMSCOPE_VMAS, &v);
		bad += lived != 0 && lived != EFAULT;
	}
	eq(bad, 0, "impossible.lengths");
	{
		struct mmscope_pages p = { .size = sizeof(p), .start = ~(page - 1),
					   .end = ~(page - 1), .categories = CAT(PRESENT) };

		eq_err(call(fd, MMSCOPE_PAGES, &p), 0, "impossible.empty_range_at_the_end");
		p.start -= page;
		eq_err(call(fd, MMSCOPE_PAGES, &p), 0, "impossible.last_page");
		eq(p.pages, 0, "impossible.nothing_is_there");
		p.start = 0;
		p.end = ~(page - 1);
		eq_err(call(fd, MMSCOPE_PAGES, &p), 0, "impossible.everything");
		ok(p.pages > 0, "impossible.our_pages_are_in_it");
	}
	eq_err(get_mm(fd, &mm), 0, "impossible.session_lives");
	close(fd);
}

/* ---- room for an answer is not the answer's size ---- */

#define GROUP "/sys/fs/cgroup/mmscope-tricks"

static void ask_with_much_room(void *arg)
{
	size_t room = 256UL << 20;
	struct mmscope_vmas v = { .size = sizeof(v), .end = 1ULL << 56, .vmas_len = 100000,
				  .names_len = room };
	int fd = session_of(getpid());

	(void)arg;
	v.vmas = (uintptr_t)mmap(NULL, room, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	v.names = (uintptr_t)mmap(NULL, room, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (write_text(GROUP "/cgroup.procs", "0"))
		_exit(91);
	result[0] = call(fd, MMSCOPE_VMAS, &v);
	result[1] = v.names_bytes;
}

/* In a group that may have 24 MiB: what the kernel takes for the call is counted. */
static void test_much_room(void)
{
	int status = 91;

	write_text("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	mkdir(GROUP, 0755);
	result[0] = -1;
	if (!write_text(GROUP "/memory.max", "24M"))
		status = wait_for(child_of(ask_with_much_room, NULL));
	rmdir(GROUP);
	if (status == 91) {
		skip("much_room", "no memory controller");
		return;
	}
	eq(status, 0, "much_room.lives");
	eq_err(result[0], 0, "much_room.vmas");
	ok(result[1] > 0 && result[1] < 65536, "much_room.answer_is_small");
}

/* ---- what is not a pidfd ---- */

static int toggled = -1;

static void *open_and_close(void *arg)
{
	pid_t pid = *(pid_t *)arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		int fd = pidfd_of(pid);

		__atomic_store_n(&toggled, fd, __ATOMIC_RELAXED);
		usleep(1);
		close(fd);
		fd = eventfd(0, 0);
		close(fd);
	}
	return arg;
}

static void test_false_pidfds(pid_t pid)
{
	int pidfd = pidfd_of(pid), fd = session(), i, seen = 0, odd = 0;
	char path[60];
	const int others[] = { -1, INT_MIN, INT_MAX, 100000, fd, eventfd(0, 0),
			       open("/proc/self", O_RDONLY | O_DIRECTORY),
			       open("/proc/self/maps", O_RDONLY), memfd_create("[pidfd]", 0),
			       socket(AF_UNIX, SOCK_STREAM, 0) };
	pthread_t thread;
	size_t k;

	for (k = 0; k < ARRAY_SIZE(others); k++)
		eq_err(attach_pidfd(fd, others[k]), EBADF, "false_pidfd.%zu", k);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", pidfd);
	i = open(path, O_PATH);
	if (i >= 0)
		eq_err(attach_pidfd(fd, i), EBADF, "false_pidfd.path_only");
	eq_err(attach_pidfd(fd, pidfd), 0, "false_pidfd.a_true_one");
	stop = 0;
	pthread_create(&thread, NULL, open_and_close, &pid);
	while (__atomic_load_n(&toggled, __ATOMIC_RELAXED) < 0)
		usleep(100);
	for (i = 0; i < 20000 || (i < 2000000 && (!seen || seen == i)); i++) {
		int err = attach_pidfd(fd, __atomic_load_n(&toggled, __ATOMIC_RELAXED));

		seen += !err;
		odd += err && err != EBADF;
	}
	stop = 1;
	pthread_join(thread, NULL);
	tap_note("%d of %d found it open", seen, i);
	ok(seen > 0 && seen < i, "false_pidfd.both_were_met");
	eq(odd, 0, "false_pidfd.closed_meanwhile");
	for (k = 5; k < ARRAY_SIZE(others); k++)
		close(others[k]);
	close(pidfd);
	close(fd);
}

int main(int argc, char **argv)
{
	pid_t pid;

	take_turns(argc, argv);
	role_of_copy(argc, argv);
	tap_start("vm.tricks.", 120);
	result = shared(page);
	fought = shared(sizeof(*fought));
	close(session());
	make_copies();
	pid = stay_as(be_root);
	test_exec_race();
	test_number_reused();
	test_double_fetch();
	test_overlap();
	test_impossible();
	test_much_room();
	test_false_pidfds(pid);
	end(pid);
	return tap_end();
}
