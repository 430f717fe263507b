/* SPDX-License-Identifier: GPL-2.0 */
/*
 * handed.c - open files in other hands. A file of /proc/mmscope, or a session,
 * that is opened by one and used by another: a program with more rights that
 * was talked into reading it for us, somebody with less, or the same one after
 * the target became what he may not look into.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "people.h"

#define ROOT "/proc/mmscope"

static const char *const files[] = { "summary", "brk", "vmas", "resident", "locked" };
static int *result;
static pid_t roots, alices;		/* a process of root's, one of Alice's */

static int tell(const char *format, int n)
{
	char text[100];

	snprintf(text, sizeof(text), format, n);
	return write_text(ROOT "/targets", text);
}

static int add(pid_t pid)
{
	return tell("%d\n", pid);
}

static int removal(pid_t pid)
{
	return tell("-%d\n", pid);
}

static bool is_registered(pid_t pid)
{
	char path[60];

	snprintf(path, sizeof(path), ROOT "/%d", pid);
	return !access(path, F_OK);
}

static int open_file(pid_t pid, const char *file)
{
	char path[60];

	snprintf(path, sizeof(path), ROOT "/%d/%s", pid, file);
	return open(path, O_RDONLY);
}

/* ---- a program with more rights, and our file as its standard input ---- */

struct errand {
	void (*become)(void);
	pid_t of;
	const char *path;	/* to open, as whoever it is */
	int given;		/* or this one */
	int flags;
	char role[40];
	int opened;		/* out: the errno */
	ssize_t got;		/* out: bytes that came back */
};

static void run_errand(void *arg)
{
	struct errand *e = arg;
	int fd = e->given;

	e->become();
	if (e->path) {
		fd = open(e->path, e->flags);
		result[0] = fd < 0 ? errno : 0;
		if (fd < 0)
			_exit(0);
	}
	dup2(fd, e->flags == O_WRONLY ? 1 : 0);
	run_copy(SETUID_COPY, e->role);
}

/*
 * Has root's program run with the file; what it says is counted. (Who is to be root
 * by e->become stays who it is.)
 */
static void send_on(struct errand *e)
{
	char text[4096];
	int ends[2], keep = dup(1);
	ssize_t n;
	pid_t pid;

	if (pipe(ends))
		tap_bail("pipe");
	result[0] = 0;
	fflush(stdout);
	dup2(ends[1], 1);
	pid = child_of(run_errand, e);
	dup2(keep, 1);
	close(keep);
	close(ends[1]);
	e->got = 0;
	while ((n = read(ends[0], text, sizeof(text))) > 0)
		e->got += n;
	close(ends[0]);
	wait_for(pid);
	e->opened = result[0];
}

/* The same with maps: what would have come of it. */
static void test_setuid_reader(void)
{
	struct errand e = { .become = be_bob, .role = "cat", .flags = O_RDONLY };
	char path[60];
	size_t i;

	e.path = path;
	snprintf(path, sizeof(path), "/proc/%d/maps", roots);
	send_on(&e);
	eq(e.got, 0, "setuid_reader.maps");
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), ROOT "/%d/%s", roots, files[i]);
		send_on(&e);
		eq_err(e.opened, EACCES, "setuid_reader.%s_is_not_opened", files[i]);
		eq(e.got, 0, "setuid_reader.%s", files[i]);
	}
	/* It would read, were it let. */
	e.become = be_root;
	send_on(&e);
	ok(e.got > 0, "setuid_reader.reads_for_root");
}

static void test_setuid_writer(void)
{
	struct errand e = { .become = be_bob, .path = ROOT "/targets", .flags = O_WRONLY };
	pid_t other = stay_as(be_root);

	snprintf(e.role, sizeof(e.role), "say %d", other);
	send_on(&e);
	ok(!is_registered(other), "setuid_writer.registers_roots");
	snprintf(e.role, sizeof(e.role), "say -%d", roots);
	send_on(&e);
	ok(is_registered(roots), "setuid_writer.removes_roots");
	e.become = be_root;
	snprintf(e.role, sizeof(e.role), "say %d", other);
	send_on(&e);
	ok(is_registered(other), "setuid_writer.registers_for_root");
	removal(other);
	end(other);
}

/* ---- the target becomes what its reader may not look into ---- */

static int go[2];

static void wait_then_run_setuid(void *arg)
{
	char c;

	(void)arg;
	be_alice();
	if (read(go[0], &c, 1) == 1)
		run_copy(SETUID_COPY, "pause");
	_exit(93);
}

static void wait_as_root_then_run_plain(void *arg)
{
	char c;

	(void)arg;
	if (read(go[0], &c, 1) != 1)
		_exit(93);
	be_bob();
	run_copy(PLAIN_COPY, "pause");
}

/* Until pid runs the program. */
static void let_go(pid_t pid, const char *copy)
{
	const char *name = strrchr(copy, '/') + 1;
	int tries;

	if (write(go[1], "", 1) != 1)
		tap_bail("write");
	for (tries = 0; tries < 2000; tries++) {
		char *comm = read_text("/proc/%d/comm", pid);
		bool there = comm && !strncmp(comm, name, 15);

		free(comm);
		if (there)
			break;
		usleep(2000);
	}
	settle(pid);
}

static void read_all(void *arg)
{
	const int *fds = arg;
	char text[8192];
	size_t i;
	ssize_t n;

	be_bob();
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		n = read(fds[i], text, sizeof(text));
		result[2 * i] = n < 0 ? errno : 0;
		result[2 * i + 1] = n > 0 ? n : 0;
	}
}

/* What root read of, and left in the buffer, is not what Bob may look into now. */
static void test_text_left_over(void)
{
	int fds[ARRAY_SIZE(files)], bytes = 0;
	char text[8];
	size_t i;
	pid_t pid;

	if (pipe(go))
		tap_bail("pipe");
	pid = child_of(wait_as_root_then_run_plain, NULL);
	settle(pid);
	eq_err(add(pid), 0, "left_over.registered");
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		fds[i] = open_file(pid, files[i]);
		if (read(fds[i], text, sizeof(text)) != sizeof(text))
			tap_bail("%s: %s", files[i], strerror(errno));
	}
	let_go(pid, PLAIN_COPY);
	memset(result, 0, 20 * sizeof(int));
	wait_for(child_of(read_all, fds));
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		eq_err(result[2 * i], ESTALE, "left_over.%s", files[i]);
		bytes += result[2 * i + 1];
		close(fds[i]);
	}
	eq(bytes, 0, "left_over.bytes_of_the_old_program");
	close(go[0]);
	close(go[1]);
	end(pid);
}

struct opened {
	pid_t pid;
	int fds[ARRAY_SIZE(files)];
	int session;
};

/*
 * Alice opens all that is to be had of her process; it runs a setuid program;
 * she looks again, and then has root's program look for her.
 */
static void look_on_as_alice(void *arg)
{
	struct opened *o = arg;
	struct mmscope_mm mm;
	char text[100];
	size_t i, offset;

	be_alice();
	o->session = session_of(o->pid);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		o->fds[i] = open_file(o->pid, files[i]);
		result[10 + i] = read(o->fds[i], text, 10) < 0 ? errno : 0;
	}
	let_go(o->pid, SETUID_COPY);
	result[0] = attach(o->session, o->pid);
	result[1] = get_mm(o->session, &mm);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		result[2] += read(o->fds[i], text, 10) >= 0;
		/* From anywhere: what was read is in the buffer, what was not is made. */
		for (offset = 0; offset < 9000; offset += 777)
			result[3] += pread(o->fds[i], text, sizeof(text), offset) >= 0;
		result[4] += lseek(o->fds[i], 501, SEEK_SET) >= 0 &&
			     read(o->fds[i], text, 10) >= 0;
	}
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		struct errand e = { .become = be_root, .given = o->fds[i], .role = "cat",
				    .flags = O_RDONLY };
		int keep = result[0];

		lseek(o->fds[i], 0, SEEK_SET);
		send_on(&e);
		result[0] = keep;
		result[5] += e.got;
	}
}

static void test_target_turns_setuid(void)
{
	struct opened o = { 0 };
	size_t i;

	if (pipe(go))
		tap_bail("pipe");
	o.pid = child_of(wait_then_run_setuid, NULL);
	settle(o.pid);
	eq_err(add(o.pid), 0, "turns_setuid.registered");
	memset(result, 0, 20 * sizeof(int));
	wait_for(child_of(look_on_as_alice, &o));
	for (i = 0; i < ARRAY_SIZE(files); i++)
		eq_err(result[10 + i], 0, "turns_setuid.%s_before", files[i]);
	eq_err(result[0], EACCES, "turns_setuid.attach");
	eq_err(result[1], ESTALE, "turns_setuid.session");
	eq(result[2], 0, "turns_setuid.read_on");
	eq(result[3], 0, "turns_setuid.read_at_odd_offsets");
	eq(result[4], 0, "turns_setuid.seek_and_read");
	eq(result[5], 0, "turns_setuid.read_by_roots_program");
	close(go[0]);
	close(go[1]);
	end(o.pid);
}

/* ---- sessions ---- */

static int root_fd;

static void attach_with_roots_fd(void *arg)
{
	struct mmscope_mm mm;

	(void)arg;
	result[2] = get_mm(root_fd, &mm);	/* attached by root: it stays usable */
	be_bob();
	result[0] = attach(root_fd, alices);
	result[1] = get_mm(root_fd, &mm);
	result[3] = mm.pid;
}

static void test_passed_on(void)
{
	root_fd = session_of(roots);
	wait_for(child_of(attach_with_roots_fd, NULL));
	eq_err(result[2], 0, "passed_on.usable");
	eq_err(result[0], EACCES, "passed_on.attach_by_bob");
	eq_err(result[1], 0, "passed_on.still_usable_by_bob");
	eq(result[3], roots, "passed_on.still_the_old_target");
	close(root_fd);
}

/* ---- SCM_RIGHTS: over a socket, to one who then lives on alone ---- */

struct parcel {
	char control[CMSG_SPACE(2 * sizeof(int))];
	char byte;
	struct iovec io;
	struct msghdr m;
};

static struct msghdr *wrap(struct parcel *p)
{
	memset(p, 0, sizeof(*p));
	p->io = (struct iovec){ &p->byte, 1 };
	p->m = (struct msghdr){ .msg_iov = &p->io, .msg_iovlen = 1, .msg_control = p->control,
				.msg_controllen = sizeof(p->control) };
	return &p->m;
}

static void receive(void *arg)
{
	int s = *(int *)arg, fd[2];
	struct mmscope_mm mm;
	struct parcel p;
	char text[100];

	be_bob();
	if (recvmsg(s, wrap(&p), 0) != 1)
		_exit(1);
	memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&p.m)), sizeof(fd));
	usleep(200000);
	result[0] = get_mm(fd[0], &mm);
	result[1] = mm.pid;
	result[2] = read(fd[1], text, sizeof(text)) < 0 ? errno : 0;
	result[3] = pread(fd[1], text, sizeof(text), 0) < 0 ? errno : 0;
	_exit(0);
}

static void opener(void *arg)
{
	int s = *(int *)arg, fd[2] = { session_of(roots), open_file(roots, "vmas") };
	struct parcel p;
	struct cmsghdr *c;
	char text[10];

	if (read(fd[1], text, sizeof(text)) != sizeof(text))
		_exit(2);
	wrap(&p);
	c = CMSG_FIRSTHDR(&p.m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), fd, sizeof(fd));
	_exit(sendmsg(s, &p.m, 0) == 1 ? 0 : 1);
}

static void test_scm_rights(void)
{
	pid_t receiver;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		tap_bail("socketpair");
	result[0] = result[2] = result[3] = -1;
	receiver = child_of(receive, &pair[0]);
	eq(wait_for(child_of(opener, &pair[1])), 0, "scm_rights.sent");
	eq(wait_for(receiver), 0, "scm_rights.received");
	eq_err(result[0], 0, "scm_rights.opener_died_and_it_is_usable");
	eq(result[1], roots, "scm_rights.target");
	eq_err(result[2], EACCES, "scm_rights.proc_file_read_on");
	eq_err(result[3], EACCES, "scm_rights.proc_file_read_anew");
	close(pair[0]);
	close(pair[1]);
}

int main(int argc, char **argv)
{
	role_of_copy(argc, argv);
	tap_start("vm.handed.", 60);
	result = shared(page);
	close(session());
	make_copies();
	roots = stay_as(be_root);
	alices = stay_as(be_alice);
	eq_err(add(roots), 0, "registered");
	test_setuid_reader();
	test_setuid_writer();
	test_text_left_over();
	test_target_turns_setuid();
	test_passed_on();
	test_scm_rights();
	end(roots);
	end(alices);
	return tap_end();
}
