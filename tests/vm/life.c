/* SPDX-License-Identifier: GPL-2.0 */
/*
 * life.c - everything that can happen around a query: the target exits, execs,
 * unmaps and forks while it is looked at, the leader goes before its threads,
 * hundreds ask at once, and the module is taken out.
 */
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#include "kit.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* All the queries once; the first errno. */
static int ask_all(int fd)
{
	struct mmscope_pages ask = { .size = sizeof(ask), .end = 1ULL << 56, .categories = told };
	struct mmscope_walk w;
	struct snapshot snap;
	struct mmscope_mm mm;
	struct runs runs;
	int err, e;

	err = get_mm(fd, &mm);
	e = get_vmas(fd, 0, 1ULL << 56, true, &snap);
	free_vmas(&snap);
	err = err ? err : e;
	e = get_runs(fd, &ask, 256, &runs);
	free(runs.run);
	err = err ? err : e;
	e = walk(fd, mm.start_code, MMSCOPE_WALK_RAW, &w);
	return err ? err : e;
}

/* ---- targets that live restless lives ---- */

static void forking(void *arg)
{
	(void)arg;
	for (;;) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
}

static void *unmap_thread(void *arg)
{
	for (;;) {
		char *p = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		memset(p, 1, 1 << 20);
		mprotect(p, 1 << 20, PROT_READ);
		madvise(p, 1 << 19, MADV_DONTNEED);
		munmap(p + (1 << 20), 1 << 20);
		munmap(p, 4 << 20);
	}
	return arg;
}

static void unmapping(void *arg)
{
	pthread_t t;

	pthread_create(&t, NULL, unmap_thread, NULL);
	unmap_thread(arg);
}

static void swapping(void *arg)
{
	char *p = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile char sum = 0;
	int i;

	(void)arg;
	for (;;) {
		memset(p, 1, 4 << 20);
		madvise(p, 4 << 20, MADV_PAGEOUT);
		for (i = 0; i < 1024; i += 3)
			sum += p[i * 4096];
		madvise(p, 4 << 20, i & 1 ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	}
}

static void breaking(void *arg)
{
	(void)arg;
	for (;;) {
		sbrk(12345);
		memset(sbrk(0) - 4096, 1, 4096);
		sbrk(-12345);
	}
}

static void test_restless(const char *name, void (*life)(void *))
{
	pid_t pid = child_of(life, NULL);
	int fd = session_of(pid), rounds = 0, bad = 0, err;
	double until = now() + 3;

	for (; now() < until; rounds++) {
		err = ask_all(fd);
		if (err && !bad++)
			tap_note("%s: %s", name, strerrorname_np(err));
	}
	tap_note("%s: %d rounds", name, rounds);
	eq(bad, 0, "restless.%s", name);
	kill(pid, SIGKILL);
	wait_for(pid);
	eq_err(ask_all(fd), ESRCH, "restless.%s_killed", name);
	close(fd);
}

/* ---- exit and exec in the midst of a walk ---- */

static void short_life(void *arg)
{
	char *p = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(p, 1, 16 << 20);
	usleep((uintptr_t)arg % 7 * 1000);
}

static void test_exits(void)
{
	int i, other = 0, done = 0, fd = session();
	uintptr_t n;

	for (n = 0; n < 60; n++) {
		pid_t pid = child_of(short_life, (void *)n);
		int err = attach(fd, pid);

		for (i = 0; !err && i < 10000; i++)
			err = ask_all(fd);
		done += err == ESRCH;
		other += err != ESRCH && err != ENXIO;
		wait_for(pid);
	}
	eq(other, 0, "exit.only_esrch");
	ok(done > 10, "exit.in_the_midst");
	close(fd);
}

static void exec_life(void *arg)
{
	char count[20], *argv[] = { "/proc/self/exe", "exec", count, NULL };

	snprintf(count, sizeof(count), "%ld", (long)arg);
	execv(argv[0], argv);
}

static void test_execs(void)
{
	pid_t pid = child_of(exec_life, (void *)120);
	int fd = session(), err, stale = 0, other = 0, good = 0, status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		err = attach(fd, pid);
		if (!err)
			err = ask_all(fd);
		stale += err == ESTALE;
		good += !err;
		if (err && err != ESTALE && err != ESRCH && err != ENXIO && err != EAGAIN && !other++)
			tap_note("%s", strerrorname_np(err));
	}
	tap_note("%d good, %d stale", good, stale);
	eq(other, 0, "exec.only_estale");
	ok(good + stale > 20, "exec.many");
	close(fd);
}

/* ---- memory of the dead is not held ---- */

static u64 free_memory(void)
{
	char *text = read_text("/proc/meminfo");
	u64 kb = field(text, "MemFree");

	free(text);
	return kb * 1024;
}

static void big_life(void *arg)
{
	char *p = mmap(NULL, 128 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(p, 1, 128 << 20);
	*(volatile int *)arg = 1;
	for (;;)
		pause();
}

static void test_not_pinned(void)
{
	volatile int *ready = shared(page);
	u64 full, empty;
	int fd, tries;
	pid_t pid = child_of(big_life, (void *)ready);

	while (!*ready)
		usleep(10000);
	fd = session_of(pid);
	eq_err(ask_all(fd), 0, "dead.alive");
	full = free_memory();
	kill(pid, SIGKILL);
	wait_for(pid);
	for (tries = 0; tries < 200; tries++) {
		empty = free_memory();
		if (empty > full + (100ULL << 20))
			break;
		usleep(20000);
	}
	ok(tries < 200, "dead.memory_is_free_with_a_session_open");
	eq_err(ask_all(fd), ESRCH, "dead.esrch");
	close(fd);
}

/* ---- the leader goes first ---- */

static volatile int *go;

static void *thread_life(void *arg)
{
	go[1] = gettid();
	while (!go[2])
		usleep(1000);
	exit(0);
	return arg;
}

static void leader_life(void *arg)
{
	pthread_t t;

	(void)arg;
	pthread_create(&t, NULL, thread_life, NULL);
	while (!go[0])
		usleep(1000);
	syscall(SYS_exit, 0);
}

static void test_leader(void)
{
	pid_t pid;
	int fd, other;
	struct mmscope_mm mm;

	go = shared(page);
	pid = child_of(leader_life, NULL);
	while (!go[1])
		usleep(1000);
	fd = session_of(pid);
	other = session_of(go[1]);
	go[0] = 1;
	while (state_of(pid) != 'Z')
		usleep(1000);
	eq_err(ask_all(fd), 0, "leader_gone.session_goes_on");
	eq_err(ask_all(other), 0, "leader_gone.session_of_thread_goes_on");
	get_mm(other, &mm);
	eq(mm.tid, go[1], "leader_gone.tid");
	eq_err(attach(other, pid), ENXIO, "leader_gone.attach_to_zombie");
	eq_err(attach(other, go[1]), 0, "leader_gone.attach_to_thread");
	go[2] = 1;
	wait_for(pid);
	eq_err(ask_all(fd), ESRCH, "leader_gone.all_gone");
	close(fd);
	close(other);
}

/* ---- two hundred at once, and one session by many ---- */

#define READERS 200

static pid_t restless;
static int *answers;

static void reader(void *arg)
{
	int fd = session_of(restless), i, bad = 0;

	for (i = 0; i < 5; i++)
		bad += !!ask_all(fd);
	answers[(uintptr_t)arg] = bad ? -bad : 1;
}

static void test_readers(void)
{
	pid_t pid[READERS];
	int i, good = 0;

	answers = shared(READERS * sizeof(int));
	restless = child_of(unmapping, NULL);
	for (i = 0; i < READERS; i++)
		pid[i] = child_of(reader, (void *)(uintptr_t)i);
	alarm(tap_seconds(240));
	for (i = 0; i < READERS; i++)
		wait_for(pid[i]);
	for (i = 0; i < READERS; i++)
		good += answers[i] == 1;
	eq(good, READERS, "readers.all_of_200_answered");
	kill(restless, SIGKILL);
	wait_for(restless);
}

static int one_fd;
static pid_t two_targets[2];
static time_t enough;		/* on a slow kernel 300 rounds take too long */

static void *share_session(void *arg)
{
	intptr_t bad = 0, i;
	struct mmscope_mm mm;

	for (i = 0; i < 300 && (i < 3 || time(NULL) < enough); i++) {
		if (arg)
			bad += !!attach(one_fd, two_targets[i & 1]);
		bad += !!ask_all(one_fd);
		bad += get_mm(one_fd, &mm) || (mm.pid != two_targets[0] && mm.pid != two_targets[1]);
	}
	return (void *)bad;
}

static void test_one_session(void)
{
	pthread_t t[8];
	intptr_t bad = 0;
	void *result;
	int i;

	two_targets[0] = child_of(unmapping, NULL);
	two_targets[1] = child_of(breaking, NULL);
	one_fd = session_of(two_targets[0]);
	enough = time(NULL) + 30;
	alarm(tap_seconds(240));
	for (i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, share_session, i == 0 ? (void *)1 : NULL);
	for (i = 0; i < 8; i++) {
		pthread_join(t[i], &result);
		bad += (intptr_t)result;
	}
	eq(bad, 0, "one_session_by_eight_threads");
	for (i = 0; i < 2; i++) {
		kill(two_targets[i], SIGKILL);
		wait_for(two_targets[i]);
	}
	close(one_fd);
}

static void test_memory_bounded(void)
{
	u64 before = free_memory(), after;
	int fds[500], i;

	for (i = 0; i < 500; i++)
		fds[i] = session_of(getpid());
	after = free_memory();
	for (i = 0; i < 500; i++)
		close(fds[i]);
	tap_note("500 sessions: %lld KiB", ((long long)before - (long long)after) / 1024);
	/* Of the order of a few pages each. */
	ok(before < after || before - after < 500 * 64 * 1024, "session_is_small");
}

/* ---- a signal that kills, in the midst ---- */

static void ask_forever(void *arg)
{
	int fd = session_of(*(pid_t *)arg);

	for (;;)
		ask_all(fd);
}

static void test_killed_asker(void)
{
	pid_t target = child_of(unmapping, NULL), asker;
	int i, bad = 0;

	for (i = 0; i < 30; i++) {
		asker = child_of(ask_forever, &target);
		usleep(20000 + i * 1000);
		kill(asker, SIGKILL);
		bad += wait_for(asker) != 256 + SIGKILL;
	}
	eq(bad, 0, "asker_killed");
	kill(target, SIGKILL);
	wait_for(target);
}

/* ---- taking the module out, and putting it back ---- */

static int rmmod(void)
{
	return syscall(SYS_delete_module, "mmscope", O_NONBLOCK) ? errno : 0;
}

static int insmod(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return errno;
	err = syscall(SYS_finit_module, fd, "", 0) ? errno : 0;
	close(fd);
	return err;
}

static const char *module_file(void)
{
	static char path[400];
	struct utsname u;
	char exe[300] = "", *p;
	int i;

	uname(&u);
	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0)
		return NULL;
	for (i = 0; i < 3; i++) {	/* from build/tests/vm/life to build */
		p = strrchr(exe, '/');
		if (p)
			*p = 0;
	}
	snprintf(path, sizeof(path), "%s/%s/mmscope.ko", exe, u.release);
	return access(path, R_OK) ? NULL : path;
}

static void register_one(pid_t pid)
{
	char text[20];

	snprintf(text, sizeof(text), "%d", pid);
	write_text("/proc/mmscope/targets", text);
}

static void test_rmmod(void)
{
	const char *file = module_file();
	pid_t pid;
	int fd, in_proc, i, bad = 0, err;
	char c;

	if (!file) {
		skip("rmmod", "no build/RELEASE/mmscope.ko to put back");
		return;
	}
	fd = session_of(getpid());
	eq_err(rmmod(), EWOULDBLOCK, "rmmod.refused_with_a_session_open");
	eq_err(ask_all(fd), 0, "rmmod.session_works_after_refusal");
	close(fd);
	pid = child_of(unmapping, NULL);
	register_one(pid);
	in_proc = open("/proc/mmscope/info", O_RDONLY);
	err = rmmod();
	ok(!err || err == EWOULDBLOCK, "rmmod.with_proc_open_is_answered");
	c = pread(in_proc, &c, 1, 0);	/* any answer will do; the machine must live */
	close(in_proc);
	if (err)
		err = rmmod();
	eq_err(err, 0, "rmmod.works");
	ok(access(MMSCOPE_DEVICE, F_OK) && access("/proc/mmscope", F_OK), "rmmod.nothing_is_left");
	eq_err(insmod(file), 0, "rmmod.back_again");
	for (i = 0; i < 10; i++) {
		register_one(pid);
		bad += rmmod() || insmod(file);
	}
	eq(bad, 0, "rmmod.ten_times_with_a_target");
	fd = session_of(getpid());
	eq_err(ask_all(fd), 0, "rmmod.works_as_before");
	close(fd);
	kill(pid, SIGKILL);
	wait_for(pid);
}

/* Readers of /proc run on while the module goes and comes. */
static void read_proc(void *arg)
{
	(void)arg;
	for (;;) {
		free(read_text("/proc/mmscope/info"));
		free(read_text("/proc/mmscope/self/vmas"));
		free(read_text("/proc/mmscope/targets"));
		usleep(100);	/* at times nobody is in it */
	}
}

static void test_rmmod_while_read(void)
{
	const char *file = module_file();
	time_t end = time(NULL) + 20;
	pid_t pid[4];
	int i, gone = 0, bad = 0;

	if (!file) {
		skip("rmmod_while_read", "no build/RELEASE/mmscope.ko to put back");
		return;
	}
	for (i = 0; i < 4; i++)
		pid[i] = child_of(read_proc, NULL);
	/* By the clock as well: on a busy machine loading alone may take seconds. */
	for (i = 0; i < 30 && time(NULL) < end;) {
		int err = rmmod();

		/* Somebody is just in it. */
		if (err == EWOULDBLOCK)
			continue;
		i++;
		bad += err || insmod(file);
		gone++;
	}
	for (i = 0; i < 4; i++) {
		kill(pid[i], SIGKILL);
		wait_for(pid[i]);
	}
	eq(bad, 0, "rmmod_while_read.sound");
	ok(gone > 0, "rmmod_while_read.was_possible");
	close(session());
}

/* Into memory that nobody ever supplies: there it stays until it is killed. */
struct stuck {
	void *at;
	const char *file;
};

static void read_into_nothing(void *arg)
{
	const struct stuck *s = arg;
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register r = {
		.range = { .start = (uintptr_t)s->at, .len = page },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int u = syscall(SYS_userfaultfd, O_CLOEXEC), f = open(s->file, O_RDONLY);

	if (u < 0 || ioctl(u, UFFDIO_API, &api) || ioctl(u, UFFDIO_REGISTER, &r))
		_exit(1);
	_exit(read(f, s->at, page) < 0 ? 2 : 3);
}

/* -1, and the test skipped, if there is no such thing here. */
static pid_t stuck_reader(struct stuck *s, const char *test)
{
	int status;
	pid_t pid;

	s->at = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid = child_of(read_into_nothing, s);
	usleep(500000);
	if (waitpid(pid, &status, WNOHANG) != pid)
		return pid;
	ok(WEXITSTATUS(status) == 1, "%s.no_userfaultfd", test);
	skip(test, "no userfaultfd here");
	munmap(s->at, page);
	return -1;
}

static void end_stuck_reader(struct stuck *s, pid_t pid)
{
	kill(pid, SIGKILL);
	wait_for(pid);
	munmap(s->at, page);
}

/* Whoever is stuck in a read cannot make rmmod wait for him: it is refused. */
static void test_rmmod_while_stuck(void)
{
	struct stuck s = { .file = "/proc/mmscope/self/vmas" };
	pid_t pid = stuck_reader(&s, "rmmod_while_stuck");

	if (pid < 0)
		return;
	eq_err(rmmod(), EWOULDBLOCK, "rmmod_while_stuck.refused");
	end_stuck_reader(&s, pid);
	close(session());
}

/* Kernel threads that wait for the removal of a file, deaf to signals. */
static int deaf_ones(void)
{
	FILE *f = popen("cat /proc/[0-9]*/stack 2>/dev/null | grep -c proc_entry_rundown", "r");
	int n = -1;

	if (f && fscanf(f, "%d", &n) != 1)
		n = -1;
	if (f)
		pclose(f);
	return n;
}

static bool goes_within(const char *path, unsigned int seconds)
{
	double end = now() + tap_seconds(seconds);

	while (!access(path, F_OK) && now() < end)
		usleep(10000);
	return access(path, F_OK);
}

/* ... nor the kernel, in its directory, when the process has gone, or when it is told to. */
static void test_removal_while_stuck(bool told)
{
	const char *test = told ? "removal_while_stuck" : "exit_while_stuck";
	pid_t pid, target = child_of(unmapping, NULL), other = child_of(unmapping, NULL);
	char file[60], number[20];
	struct stuck s = { .file = file };
	int fd;

	register_one(target);
	snprintf(file, sizeof(file), "/proc/mmscope/%d/vmas", target);
	pid = stuck_reader(&s, test);
	if (pid < 0)
		return;
	if (told) {
		pid_t remover = fork();

		snprintf(number, sizeof(number), "-%d", target);
		if (!remover)
			_exit(write_text("/proc/mmscope/targets", number));
		usleep(300000);
		ok(!waitpid(remover, NULL, WNOHANG), "%s.waits", test);
		kill(remover, SIGKILL);
		wait_for(remover);
	}
	kill(target, SIGKILL);
	wait_for(target);
	usleep(300000);
	eq(deaf_ones(), 0, "%s.nobody_is_deaf", test);
	fd = open(file, O_RDONLY);
	ok(fd < 0 && errno == EIO, "%s.nobody_else_comes_in", test);
	snprintf(number, sizeof(number), "%d", other);
	eq_err(write_text("/proc/mmscope/targets", number), 0, "%s.others_register", test);
	end_stuck_reader(&s, pid);
	ok(goes_within(file, 5), "%s.then_it_goes", test);
	kill(other, SIGKILL);
	wait_for(other);
}

int main(int argc, char **argv)
{
	if (argc > 2) {		/* test_execs: once more, until the count is down */
		if (atoi(argv[2]) > 0)
			exec_life((void *)(intptr_t)(atoi(argv[2]) - 1));
		return 0;
	}
	tap_start("vm.life.", 60);
	close(session());
	test_restless("forking", forking);
	test_restless("unmapping", unmapping);
	test_restless("swapping", swapping);
	test_restless("breaking", breaking);
	test_exits();
	test_execs();
	test_not_pinned();
	test_leader();
	test_readers();
	test_one_session();
	test_memory_bounded();
	test_killed_asker();
	test_rmmod();
	test_rmmod_while_read();
	test_rmmod_while_stuck();
	test_removal_while_stuck(false);
	test_removal_while_stuck(true);
	return tap_end();
}
