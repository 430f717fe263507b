// SPDX-License-Identifier: GPL-2.0
/*
 * inside.c - calls made inside a process: it must not notice. Sleepers go on
 * sleeping, the stopped stay stopped, signals arrive, and who asks may die.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kit.h"
#include "witness.h"

static const uint64_t none[6];

/* A child that runs fn, and a page that both share. */
static volatile uint64_t *word;

static pid_t child(void (*fn)(void))
{
	pid_t pid;

	if (!word)
		word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset((void *)word, 0, 4096);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fn();
		_exit(7);
	}
	for (int i = 0; i < 2000 && !word[0]; i++)
		usleep(1000);
	return pid;
}

static int ended(pid_t pid)
{
	int status;

	for (int i = 0; i < 10000; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
		usleep(1000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

static char state(pid_t pid)
{
	struct mms_proc proc;

	return mms_proc_read(pid, &proc, NULL) ? '-' : proc.state;
}

static struct mms_target *target(pid_t pid)
{
	struct mms_target *t;

	assert_int_equal(mms_open(pid, MMS_SOURCE_PROCFS, &t, NULL), 0);
	return t;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The same calls, again and again; on a slow machine fewer than `times`. */
static void disturb(pid_t pid, int times)
{
	double end = now() + 0.5;
	struct mms_target *t = target(pid);
	struct mms_inside *in;
	struct mms_error err;
	unsigned char vec[16];
	int64_t result;
	int answer;

	if (mms_inside_open(t, &in, &err))
		fail_msg("%s: %s", err.what, err.why);
	for (int i = 0; i < times && (i < 2 || now() < end); i++) {
		if (mms_inside_call(in, SYS_getpid, none, &result, &err))
			fail_msg("getpid, time %d: %s: %s", i, err.what, err.why);
		assert_int_equal(result, pid);
		if (mms_inside_mincore(in, (uintptr_t)word, 1, vec, &answer, &err))
			fail_msg("mincore, time %d: %s: %s", i, err.what, err.why);
		assert_int_equal(answer, 0);
		assert_int_equal(vec[0] & 1, 1);
	}
	mms_inside_close(in);
	mms_close(t);
}

static void sleeps(void)
{
	struct timespec t = { 0, 900 * 1000000 }, left;

	word[0] = 1;
	/* A restart after a stop sleeps what is left: no EINTR is seen. */
	_exit(nanosleep(&t, &left) == 0 ? 7 : errno);
}

static void test_sleeper(void **state_)
{
	struct timespec before, after;
	pid_t pid = child(sleeps);
	double took;

	(void)state_;
	clock_gettime(CLOCK_MONOTONIC, &before);
	disturb(pid, 20);
	assert_int_equal(ended(pid), 7);
	clock_gettime(CLOCK_MONOTONIC, &after);
	took = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
	assert_true(took > 0.5);
}

static int pipes[2];

static void reads(void)
{
	char c = 0;

	word[0] = 1;
	_exit(read(pipes[0], &c, 1) == 1 && c == 'x' ? 7 : 1);
}

static void test_reader(void **state_)
{
	pid_t pid;

	(void)state_;
	assert_int_equal(pipe(pipes), 0);
	pid = child(reads);
	disturb(pid, 20);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	assert_int_equal(ended(pid), 7);
}

/* Waits in ppoll with a signal let in for that time only. */
static void on_usr1(int sig)
{
	(void)sig;
	word[1]++;
}

static void polls(void)
{
	sigset_t block, empty;

	sigemptyset(&empty);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, NULL);
	signal(SIGUSR1, on_usr1);
	word[0] = 1;
	if (ppoll(NULL, 0, NULL, &empty) != -1 || errno != EINTR)
		_exit(1);
	/* It must be blocked again now. */
	raise(SIGUSR1);
	_exit(word[1] == 1 ? 7 : 2);
}

static void test_masked(void **state_)
{
	pid_t pid = child(polls);

	(void)state_;
	disturb(pid, 20);
	kill(pid, SIGUSR1);
	assert_int_equal(ended(pid), 7);
}

/* Computes, and compares with what must come out, under a storm of signals. */
static void computes(void)
{
	struct itimerval often = { { 0, 500 }, { 0, 500 } };
	uint64_t n = 0;
	double x = 0;

	signal(SIGALRM, on_usr1);
	setitimer(ITIMER_REAL, &often, NULL);
	word[0] = 1;
	while (!word[2]) {
		uint64_t a = n * 2654435761u + 12345;

		x += 0.5;
		n++;
		if (a != (n - 1) * 2654435761u + 12345 || x != (double)n * 0.5)
			_exit(1);
	}
	word[3] = n;
	_exit(7);
}

static void test_storm(void **state_)
{
	pid_t pid = child(computes);
	uint64_t signals;

	(void)state_;
	signals = word[1];
	disturb(pid, 300);
	assert_true(word[1] > signals);
	word[2] = 1;
	assert_int_equal(ended(pid), 7);
	assert_true(word[3] > 0);
}

static void test_stopped(void **state_)
{
	pid_t pid = child(sleeps);

	(void)state_;
	kill(pid, SIGSTOP);
	for (int i = 0; i < 1000 && state(pid) != 'T'; i++)
		usleep(1000);
	disturb(pid, 5);
	for (int i = 0; i < 1000 && state(pid) != 'T'; i++)
		usleep(1000);
	assert_int_equal(state(pid), 'T');
	usleep(100000);
	assert_int_equal(state(pid), 'T');
	kill(pid, SIGCONT);
	assert_int_equal(ended(pid), 7);
}

static void *thread(void *arg)
{
	volatile uint64_t *count = arg;

	for (;;)
		++*count;
	return NULL;
}

static void threads(void)
{
	pthread_t t[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, thread, (void *)&word[8 + 8 * i]);
	word[0] = 1;
	while (!word[2])
		usleep(1000);
	_exit(7);
}

static void counts(uint64_t *now)
{
	for (int i = 0; i < 3; i++)
		now[i] = word[8 + 8 * i];
}

static bool all_moved(const uint64_t *was)
{
	for (int tries = 0; tries < 3000; tries++) {
		bool moved = true;

		for (int i = 0; i < 3; i++)
			moved = moved && word[8 + 8 * i] != was[i];
		if (moved)
			return true;
		usleep(1000);
	}
	return false;
}

static void test_held(void **state_)
{
	pid_t pid = child(threads);
	struct mms_target *t = target(pid);
	struct mms_inside *in;
	uint64_t was[3], later[3];
	int64_t result;

	(void)state_;
	memset(was, 0, sizeof(was));
	assert_true(all_moved(was));
	assert_int_equal(mms_inside_open(t, &in, NULL), 0);
	assert_int_equal(mms_inside_hold(in, NULL), 0);
	counts(was);
	usleep(50000);
	assert_int_equal(mms_inside_call(in, SYS_getpid, none, &result, NULL), 0);
	assert_int_equal(result, pid);
	counts(later);
	assert_memory_equal(was, later, sizeof(was));
	mms_inside_let_go(in);
	assert_true(all_moved(later));
	mms_inside_close(in);
	mms_close(t);
	word[2] = 1;
	assert_int_equal(ended(pid), 7);
}

/* Who holds is killed: the held must go on, and nothing of ours stays in it. */
static void test_asker_killed(void **state_)
{
	pid_t pid = child(threads), asker;
	uint64_t was[3];
	char path[64], line[512];
	int extra = 0;
	FILE *maps;

	(void)state_;
	asker = fork();
	if (!asker) {
		struct mms_target *t = target(pid);
		struct mms_inside *in;
		unsigned char vec[1];
		int answer;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (mms_inside_open(t, &in, NULL) || mms_inside_hold(in, NULL) ||
		    mms_inside_mincore(in, (uintptr_t)word, 1, vec, &answer, NULL))
			_exit(1);
		word[4] = 1;
		pause();
	}
	for (int i = 0; i < 5000 && !word[4]; i++)
		usleep(1000);
	assert_int_equal(word[4], 1);
	counts(was);
	kill(asker, SIGKILL);
	waitpid(asker, NULL, 0);
	assert_true(all_moved(was));
	/* The shared page of this test is one; a scratch page would be another. */
	usleep(100000);
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "r");
	while (fgets(line, sizeof(line), maps))
		extra += strstr(line, "/dev/zero") != NULL;
	fclose(maps);
	assert_int_equal(extra, 1);
	word[2] = 1;
	assert_int_equal(ended(pid), 7);
}

static void filtered(void)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	word[0] = prctl(PR_SET_SECCOMP, 1) == 0 ? 1 : 2;
	while (!word[2])
		;
	syscall(SYS_exit, 7);
}

static void test_refused(void **state_)
{
	pid_t pid = child(filtered);
	struct mms_target *t = target(pid);
	struct mms_inside *in;
	struct mms_error err;

	(void)state_;
	if (word[0] == 1) {
		assert_int_equal(mms_inside_open(t, &in, &err), -1);
		assert_non_null(strstr(err.why, "seccomp"));
	}
	mms_close(t);
	word[2] = 1;
	assert_int_equal(ended(pid), 7);
}

static void execs(void)
{
	word[0] = 1;
	while (!word[2])
		usleep(1000);
	execl("/bin/sleep", "sleep", "1", NULL);
	_exit(1);
}

static void test_exec(void **state_)
{
	pid_t pid = child(execs);
	struct mms_target *t = target(pid);
	struct mms_inside *in;
	struct mms_error err;
	unsigned char vec[1];
	int answer;

	(void)state_;
	assert_int_equal(mms_inside_open(t, &in, NULL), 0);
	assert_int_equal(mms_inside_mincore(in, (uintptr_t)word, 1, vec, &answer, NULL), 0);
	word[2] = 1;
	usleep(300000);
	assert_int_equal(mms_inside_mincore(in, (uintptr_t)word, 1, vec, &answer, &err), -1);
	assert_int_equal(err.status, MMS_GONE);
	mms_inside_close(in);
	mms_close(t);
	assert_int_equal(ended(pid), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("inside.sleeper", test_sleeper),
		TEST("inside.reader", test_reader),
		TEST("inside.masked", test_masked),
		TEST("inside.storm", test_storm),
		TEST("inside.stopped", test_stopped),
		TEST("inside.held", test_held),
		TEST("inside.asker_killed", test_asker_killed),
		TEST("inside.refused", test_refused),
		TEST("inside.exec", test_exec),
	};

	return cmocka_run_group_tests_name("inside", tests, NULL, NULL);
}
