// SPDX-License-Identifier: GPL-2.0
/*
 * keeper.c - the process that traces: makes system calls inside another one,
 * holds it still, and leaves it as it was. How one thread is stopped and called
 * in is in keeper-call.c.
 *
 * A process that is traced stops at each signal, and somebody must wait for
 * that.  So it is traced only while it stands still: it is seized, stopped,
 * used and let go within one order, or from HOLD to LET_GO.  Should the keeper
 * die, the kernel lets it go; only in the midst of a call its registers would
 * then be ours.  Hence a process of its own, with all signals blocked.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "keeper.h"

/* ---- the process ----------------------------------------------------------- */

struct keeper {
	int sock, procfd;
	int asker;		/* a pidfd of who gives the orders */
	pid_t pid;
	uint64_t at;		/* a system call instruction inside */
	uint64_t scratch;	/* a page inside for answers, behind it a page with */
	unsigned long token;	/* this in it: so we know it again. 0: none yet */
	pid_t *held;		/* threads that stand still for us */
	size_t count;
};

static bool is_held(const struct keeper *k, pid_t tid)
{
	for (size_t i = 0; i < k->count; i++)
		if (k->held[i] == tid)
			return true;
	return false;
}

static int hold_thread(struct keeper *k, pid_t tid)
{
	pid_t *more = realloc(k->held, (k->count + 1) * sizeof(*more));
	int err;

	if (!more)
		return ENOMEM;
	k->held = more;
	err = mmsi_seize(tid);
	if (err)
		return err;
	err = mmsi_stop(tid);
	if (!err)
		k->held[k->count++] = tid;
	return err;
}

static void let_go(struct keeper *k)
{
	for (size_t i = 0; i < k->count; i++)
		ptrace(PTRACE_DETACH, k->held[i], 0, 0);
	free(k->held);
	k->held = NULL;
	k->count = 0;
}

static bool is_dead(const struct keeper *k, pid_t tid)
{
	char path[48], text[512], *p;
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "task/%d/stat", (int)tid);
	fd = openat(k->procfd, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return true;
	text[n] = '\0';
	p = strrchr(text, ')');
	return !p || p[1] != ' ' || p[2] == 'Z' || p[2] == 'X';
}

/* Each thread that is there now; *added counts those that were new. */
static int hold_round(struct keeper *k, size_t *added)
{
	int fd = openat(k->procfd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	*added = 0;
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return ESRCH;
	}
	while (!err && (entry = readdir(dir))) {
		pid_t tid = atoi(entry->d_name);

		if (tid <= 0 || is_held(k, tid) || is_dead(k, tid))
			continue;
		++*added;
		err = hold_thread(k, tid);
		if (err == ESRCH)	/* it has just ended */
			err = 0;
	}
	closedir(dir);
	return err;
}

/* Threads that still run may start others: until a round finds no new one. */
static int hold(struct keeper *k)
{
	size_t added = 1;
	int err = 0;

	for (int round = 0; round < 64 && added && !err; round++)
		err = hold_round(k, &added);
	if (!err && added)
		err = EAGAIN;
	if (!err && !k->count)
		err = ESRCH;
	if (err)
		let_go(k);
	return err;
}

/* The first thread that lives: the leader, mostly. */
static pid_t any_thread(const struct keeper *k)
{
	int fd;
	DIR *dir;
	struct dirent *entry;
	pid_t tid = 0;

	if (!is_dead(k, k->pid))
		return k->pid;
	fd = openat(k->procfd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && !tid && (entry = readdir(dir))) {
		tid = atoi(entry->d_name);
		if (tid > 0 && is_dead(k, tid))
			tid = 0;
	}
	if (dir)
		closedir(dir);
	return tid;
}

/*
 * Whether this is the address space that we knew.  After an exec, our
 * instruction and our scratch page are somebody else's memory.  `tid` stands
 * still, and an exec by another thread would end it: so this stays true until
 * the call is made.
 */
static bool same_inside(const struct keeper *k, pid_t tid)
{
	long word;

	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, tid, k->at, 0);
	if (errno || memcmp(&word, mmsi_syscall_insn, mmsi_syscall_insn_len))
		return false;
	if (!k->scratch)
		return true;
	word = ptrace(PTRACE_PEEKDATA, tid, k->scratch + (uint64_t)sysconf(_SC_PAGESIZE), 0);
	return !errno && (unsigned long)word == k->token;
}

/* What is done with a thread that stands still. */
typedef int (*deed_fn)(struct keeper *k, pid_t tid, const struct mmsi_request *req,
		       int64_t *result);

static int deed_call(struct keeper *k, pid_t tid, const struct mmsi_request *req,
		     int64_t *result)
{
	return mmsi_call_in(tid, k->at, req, result);
}

/* Shared memory, so that it merges with no neighbour. */
static int deed_scratch(struct keeper *k, pid_t tid, const struct mmsi_request *req,
			int64_t *result)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct mmsi_request map = {
		.number = SYS_mmap,
		.args = { 0, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  (uint64_t)-1, 0 },
	};
	int err = 0;

	(void)req;
	*result = (int64_t)k->scratch;
	if (k->scratch)
		return 0;
	if (getrandom(&k->token, sizeof(k->token), 0) != sizeof(k->token))
		return errno;
	err = mmsi_call_in(tid, k->at, &map, result);
	if (err || (*result < 0 && *result > -4096))
		return err;
	if (ptrace(PTRACE_POKEDATA, tid, (uint64_t)*result + page, k->token))
		err = errno;
	k->scratch = err ? 0 : (uint64_t)*result;
	return err;
}

static int deed_unmap(struct keeper *k, pid_t tid, const struct mmsi_request *req,
		      int64_t *result)
{
	struct mmsi_request unmap = {
		.number = SYS_munmap,
		.args = { k->scratch, 2 * (uint64_t)sysconf(_SC_PAGESIZE) },
	};

	(void)req;
	return mmsi_call_in(tid, k->at, &unmap, result);
}

/* Does it with a thread that is held, or with one that is stopped just for it. */
static int inside(struct keeper *k, deed_fn deed, const struct mmsi_request *req,
		  int64_t *result)
{
	pid_t tid = k->count ? k->held[0] : any_thread(k);
	int err;

	if (!tid)
		return ESRCH;
	err = k->count ? 0 : mmsi_seize(tid);
	if (err)
		return err;
	err = k->count ? 0 : mmsi_stop(tid);
	if (err)
		return err;
	err = same_inside(k, tid) ? deed(k, tid, req, result) : ESTALE;
	if (!k->count)
		ptrace(PTRACE_DETACH, tid, 0, 0);
	return err;
}

/*
 * The next order; false if there will be none.  Others may have inherited the
 * asker's end of the socket, so its death is watched for itself.
 */
static bool next_order(struct keeper *k, struct mmsi_request *req)
{
	struct pollfd on[2] = { { .fd = k->sock, .events = POLLIN },
				{ .fd = k->asker, .events = POLLIN } };

	while (poll(on, 2, -1) < 0)
		if (errno != EINTR)
			return false;
	return !on[1].revents && recv(k->sock, req, sizeof(*req), 0) == sizeof(*req);
}

static void serve(struct keeper *k)
{
	struct mmsi_request req;
	int64_t result;

	while (next_order(k, &req)) {
		struct mmsi_reply reply = { 0 };

		switch (req.order) {
		case MMSI_ORDER_CALL:
			reply.error = inside(k, deed_call, &req, &reply.result);
			break;
		case MMSI_ORDER_SCRATCH:
			reply.error = inside(k, deed_scratch, &req, &reply.result);
			break;
		case MMSI_ORDER_HOLD:
			reply.error = k->count ? 0 : hold(k);
			break;
		case MMSI_ORDER_LET_GO:
			let_go(k);
			break;
		default:
			reply.error = EINVAL;
		}
		if (send(k->sock, &reply, sizeof(reply), MSG_NOSIGNAL) < 0)
			break;
		/* It hangs in the kernel with us as its tracer: our end frees it. */
		if (reply.error == ETIMEDOUT)
			return;
	}
	if (k->scratch)
		inside(k, deed_unmap, NULL, &result);
	let_go(k);
}

void mmsi_keeper(int sock, int procfd, pid_t pid, uint64_t syscall_at)
{
	struct keeper k = {
		.sock = sock,
		.procfd = procfd,
		.asker = (int)syscall(SYS_pidfd_open, getppid(), 0),
		.pid = pid,
		.at = syscall_at,
	};
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	prctl(PR_SET_NAME, "mmscope-keeper");
	if (k.asker >= 0)
		serve(&k);
}
