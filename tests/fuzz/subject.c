// SPDX-License-Identifier: GPL-2.0
/*
 * subject.c - the processes that the fuzzer looks at: children that wait for
 * orders, are set back after each program, and are made anew where that is not
 * possible. The last one (number 3) is wild: it takes no orders.
 */
#include <pthread.h>
#include <setjmp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "subject.h"

#define WILD	(SUBJECTS - 1)

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

static struct slot {
	pid_t pid;
	int pidfd, to, from;
	bool used;		/* it is not as it was */
	bool spent;		/* and cannot be set back */
	bool gone;		/* it takes no more orders */
	bool reaped;
} slot[SUBJECTS];

/* ---- in the subject ---- */

static char *initial_break;
static sigjmp_buf untouchable;

static void fault(int sig)
{
	(void)sig;
	siglongjmp(untouchable, 1);
}

static void *place(const struct call *c, u64 *bytes)
{
	*bytes = plain(c, "pages") % 2048 * page;
	return (void *)(uintptr_t)(REGION_AT(plain(c, "region") % REGIONS) +
				   plain(c, "page") % 2048 * page);
}

static int file_for(unsigned int kind)
{
	switch (kind) {
	case 3: return open("/proc/self/exe", O_RDONLY);
	case 4: case 5: return memfd_create("fuzz", 0);
	case 6: return memfd_create("huge", MFD_HUGETLB);
	case 7: return open("/dev/zero", O_RDWR);
	case 8: return syscall(447 /* memfd_secret */, 0);
	default: return -1;
	}
}

static void do_map(const struct call *c, void *at, u64 bytes)
{
	unsigned int kind = plain(c, "kind") % 12;
	int flags = kind == 1 || kind == 4 || kind == 6 || kind == 8 ? MAP_SHARED : MAP_PRIVATE;
	int fd = file_for(kind);

	if (kind == 6)
		bytes = (bytes + (2 << 20) - 1) >> 21 << 21;
	if (fd >= 0 && kind != 3 && kind != 7 && ftruncate(fd, kind == 5 ? bytes / 2 : bytes))
		bytes = page;
	if (fd < 0)
		flags |= MAP_ANONYMOUS;
	if (kind == 2)
		flags |= MAP_NORESERVE;
	if (kind == 9)
		flags |= MAP_GROWSDOWN;
	if (mmap(at, bytes, plain(c, "prot") & 7, flags | MAP_FIXED, fd, 0) != MAP_FAILED) {
		if (kind == 10)
			madvise(at, bytes, MADV_HUGEPAGE);
		if (kind == 11)
			prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, at, bytes, "a name\nof two lines");
	}
	close(fd);
}

static void do_touch(const struct call *c, char *at, u64 bytes)
{
	u64 step = (1ULL << plain(c, "step") % 6) * page, i;
	volatile char *p = at;

	/* What cannot be touched ends it, not the subject. */
	if (sigsetjmp(untouchable, 1))
		return;
	for (i = 0; i < bytes; i += step) {
		if (plain(c, "write") & 1)
			p[i] = 1;
		else
			(void)p[i];
	}
}

static void do_advise(const struct call *c, void *at, u64 bytes)
{
	static const int advice[] = { MADV_DONTNEED, MADV_FREE, MADV_PAGEOUT, MADV_COLD,
				      MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_MERGEABLE,
				      MADV_WILLNEED, MADV_COLLAPSE, MADV_WIPEONFORK,
				      MADV_DONTFORK, MADV_SEQUENTIAL, MADV_RANDOM,
				      102 /* MADV_GUARD_INSTALL */ };

	madvise(at, bytes, advice[plain(c, "advice") % ARRAY_SIZE(advice)]);
}

static void *be_there(void *arg)
{
	pause();
	return arg;
}

static void do_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, be_there, NULL);
}

/* The subject may be killed before its child has asked to go with it. */
static void do_fork(void)
{
	pid_t parent = getpid();

	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	syscall(SYS_close_range, 3, ~0U, 0);
	for (;;)
		pause();
}

static void do_order(const struct call *c)
{
	u64 bytes;
	void *at = place(c, &bytes);

	switch (c->op) {
	case MAP: do_map(c, at, bytes); break;
	case UNMAP: munmap(at, bytes); break;
	case PROTECT: mprotect(at, bytes, plain(c, "prot") & 7); break;
	case ADVISE: do_advise(c, at, bytes); break;
	case LOCK: syscall(SYS_mlock2, at, bytes, plain(c, "flags") & 1); break;
	case LOCKALL: mlockall(plain(c, "flags") & 7); break;
	case TOUCH: do_touch(c, at, bytes); break;
	case MOVE_BREAK: brk(initial_break + plain(c, "bytes") % (1 << 20)); break;
	case FORK:
		do_fork();
		break;
	case THREAD: do_thread(); break;
	case EXEC: execl("/bin/sleep", "sleep", "100", NULL); break;
	case EXIT: _exit(0);
	case LEADER:
		do_thread();
		syscall(SYS_exit, 0);
		break;
	default: break;
	}
}

static void do_reset(void)
{
	unsigned int n;

	munlockall();
	for (n = 0; n < REGIONS; n++)
		munmap((void *)(uintptr_t)REGION_AT(n), 1ULL << 32);
	brk(initial_break);
}

static void obey(int in, int out)
{
	struct call c;

	while (read(in, &c, sizeof(c)) == sizeof(c)) {
		if (c.op == OPS)
			do_reset();
		else
			do_order(&c);
		if (write(out, "", 1) != 1)
			break;
	}
}

/* Twice in a row what is seen of it is not the same. */
static void be_wild(void)
{
	random_seed(getpid());
	for (;;) {
		struct program p = { .count = 1 };
		struct call *c = &p.call[0];

		program_make(&p);
		if (c->op < MAP || c->op > MOVE_BREAK || c->op == LOCKALL)
			continue;
		do_order(c);
		usleep(rnd() % 50000);
	}
}

static void be_subject(unsigned int who, int in, int out, pid_t fuzzer)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != fuzzer)
		_exit(0);
	signal(SIGALRM, SIG_DFL);
	/* Sessions of the fuzzer's end when it ends them. */
	dup3(in, 3, O_CLOEXEC);
	dup3(out, 4, O_CLOEXEC);
	syscall(SYS_close_range, 5, ~0U, 0);
	signal(SIGSEGV, fault);
	signal(SIGBUS, fault);
	initial_break = sbrk(0);
	if (who == WILD)
		be_wild();
	else
		obey(3, 4);
	_exit(0);
}

/* ---- in the fuzzer ---- */

static void start(unsigned int who)
{
	struct slot *s = &slot[who];
	pid_t fuzzer = getpid();
	int to[2], from[2];

	/* Above those that a subject takes for its own. */
	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		tap_bail("pipe: %s", strerror(errno));
	fflush(stdout);
	*s = (struct slot){ .pid = fork(), .to = to[1], .from = from[0] };
	if (s->pid < 0)
		tap_bail("fork: %s", strerror(errno));
	if (!s->pid)
		be_subject(who, to[0], from[1], fuzzer);
	close(to[0]);
	close(from[1]);
	s->pidfd = pidfd_of(s->pid);
}

static void stop(unsigned int who)
{
	struct slot *s = &slot[who];

	if (!s->reaped) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
	}
	close(s->pidfd);
	close(s->to);
	close(s->from);
}

/* Does it, and waits until it is done, or it is no more. */
static void order(struct slot *s, const struct call *c)
{
	char done;
	ssize_t n;

	n = write(s->to, c, sizeof(*c)) == sizeof(*c);
	while (n == 1) {
		n = read(s->from, &done, 1);
		if (n == 1)
			return;
		if (n < 0 && errno == EINTR)
			n = 1;
	}
	s->gone = s->spent = true;
}

static void clear_refs(pid_t pid, u64 what)
{
	char path[40], text[4];

	snprintf(path, sizeof(path), "/proc/%d/clear_refs", pid);
	snprintf(text, sizeof(text), "%llu", what % 7);
	write_text(path, text);
}

void subject_do(const struct call *c)
{
	unsigned int who = plain(c, "who") % SUBJECTS;
	struct slot *s = &slot[who];

	s->used = true;
	if (c->op == CLEAR_REFS) {
		clear_refs(s->pid, plain(c, "what"));
		return;
	}
	if (who == WILD || s->gone)
		return;
	s->spent = s->spent || c->op >= FORK;
	if (c->op == LEADER) {
		/* It is over, and its pipe stays open: its thread has it. */
		s->gone = true;
		if (write(s->to, c, sizeof(*c)) == sizeof(*c))
			settle(s->pid);
		return;
	}
	order(s, c);
	if (c->op == EXIT && plain(c, "reaped") & 1)
		s->reaped = waitpid(s->pid, NULL, 0) == s->pid;
}

void subjects_reset(void)
{
	static const struct call reset = { .op = OPS };
	unsigned int who;

	for (who = 0; who < SUBJECTS; who++) {
		struct slot *s = &slot[who];

		if (who == WILD)
			s->spent = s->reaped = waitpid(s->pid, NULL, WNOHANG) == s->pid;
		else if (s->used && !s->spent)
			order(s, &reset);
		if (s->spent) {
			stop(who);
			start(who);
		}
		s->used = false;
	}
}

pid_t subject_pid(unsigned int who)
{
	return slot[who % SUBJECTS].pid;
}

int subject_pidfd(unsigned int who)
{
	return slot[who % SUBJECTS].pidfd;
}

void subjects_begin(void)
{
	unsigned int who;

	for (who = 0; who < SUBJECTS; who++)
		start(who);
}

void subjects_end(void)
{
	unsigned int who;

	for (who = 0; who < SUBJECTS; who++)
		stop(who);
}
