/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gate.c - who is let in: callers of many kinds against targets of many kinds, by
 * each way in, each compared with really opening /proc/PID/maps as that caller,
 * and reading it.
 */
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "people.h"

#define ROOT "/proc/mmscope"
#define OWN 0x7ffffff0		/* in place of a number: the caller's own */

static const char *const files[] = { "summary", "brk", "vmas", "resident", "locked" };
#define FILES ARRAY_SIZE(files)

/* ---- targets ---- */

static void be_undumpable_alice(void)
{
	be_alice();
	prctl(PR_SET_DUMPABLE, 0);
}

static void be_mixed(void)
{
	if (setresuid(ALICE, ALICE, 0))
		_exit(90);
	prctl(PR_SET_DUMPABLE, 1);
}

static void be_setuid_program(void)
{
	be_alice();
	run_copy(SETUID_COPY, "pause");
}

static void be_capable_program(void)
{
	be_alice();
	run_copy(CAPABLE_COPY, "pause");
}

static void be_unreadable_program(void)
{
	be_alice();
	run_copy(UNREADABLE_COPY, "pause");
}

static pid_t *number;		/* told by those who stay: a second one of theirs */

static void *other_thread(void *arg)
{
	number[0] = syscall(SYS_gettid);
	pause_for_ever();
	return arg;
}

static void be_alice_with_a_thread(void)
{
	pthread_t thread;

	be_alice();
	pthread_create(&thread, NULL, other_thread, NULL);
	while (!__atomic_load_n(&number[0], __ATOMIC_ACQUIRE))
		usleep(1000);
}

static void leave_alone(int sig)
{
	(void)sig;
	syscall(SYS_exit, 0);	/* this thread only */
}

static void be_alice_who_will_leave(void)
{
	signal(SIGUSR1, leave_alone);
	be_alice_with_a_thread();
}

static void be_parent_of_alice_in_pidns(void)
{
	pid_t pid;

	if (unshare(CLONE_NEWPID))
		_exit(91);
	pid = fork();		/* as we see it: we are not in there ourselves */
	if (pid) {
		number[0] = pid;
	} else {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		be_alice();
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		syscall(436 /* close_range */, 3, ~0U, 0);	/* by which its parent says it is ready */
		pause_for_ever();
	}
}

struct target {
	const char *name;
	void (*become)(void);
	bool second;		/* it is the other one that is asked about */
	pid_t id;		/* what is asked for */
	pid_t process;		/* its process: the directory's name */
	bool registered;
	int roots_pidfd, roots_file[FILES];
};

static struct target targets[] = {
	{ .name = "root", .become = be_root },
	{ .name = "root_without_any", .become = be_root_without_any },
	{ .name = "alice", .become = be_alice },
	{ .name = "bob", .become = be_bob },
	{ .name = "alice_in_bobs_group", .become = be_alice_in_bobs_group },
	{ .name = "undumpable_alice", .become = be_undumpable_alice },
	{ .name = "mixed", .become = be_mixed },
	{ .name = "setuid_program", .become = be_setuid_program },
	{ .name = "capable_program", .become = be_capable_program },
	{ .name = "unreadable_program", .become = be_unreadable_program },
	{ .name = "userns_root_alice", .become = be_userns_root_alice },
	{ .name = "bob_with_ptrace", .become = be_bob_with_ptrace },
	{ .name = "in_pidns", .become = be_parent_of_alice_in_pidns, .second = true },
	{ .name = "thread", .become = be_alice_with_a_thread, .second = true },
	{ .name = "dead_leader", .become = be_alice_who_will_leave },
	{ .name = "thread_of_dead_leader", .second = true },
	{ .name = "zombie" },
	{ .name = "kernel_thread", .id = 2, .process = 2 },
	{ .name = "pid_0", .id = 0 },
	{ .name = "pid_minus_1", .id = -1 },
	{ .name = "pid_int_max", .id = INT_MAX },
	{ .name = "pid_int_min", .id = INT_MIN },
	{ .name = "self", .id = OWN },
};

static struct target *named(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(targets); i++)
		if (!strcmp(targets[i].name, name))
			return &targets[i];
	tap_bail("no target %s", name);
}

static int pidfd_of_thread(pid_t id)
{
	int fd = pidfd_of(id);

	return fd >= 0 ? fd : (int)syscall(SYS_pidfd_open, id, O_EXCL /* PIDFD_THREAD */);
}

static void start(struct target *t)
{
	pid_t pid;

	number[0] = 0;
	pid = stay_as(t->become);
	t->id = t->second ? number[0] : pid;
	t->process = t->second && t->become == be_parent_of_alice_in_pidns ? number[0] : pid;
	settle(t->id);
	if (t->become == be_alice_who_will_leave) {
		t[1].id = number[0];
		t[1].process = pid;
	}
}

static void register_target(struct target *t)
{
	char text[80];
	size_t i;

	snprintf(text, sizeof(text), "%d", t->process);
	t->registered = !write_text(ROOT "/targets", text);
	ok(t->registered, "target.%s.registered", t->name);
	for (i = 0; i < FILES; i++) {
		snprintf(text, sizeof(text), ROOT "/%d/%s", t->process, files[i]);
		t->roots_file[i] = open(text, O_RDONLY);
		if (t->roots_file[i] < 0)
			tap_bail("%s: %s", text, strerror(errno));
	}
}

static void exit_at_once(void *arg)
{
	(void)arg;
}

static void make_targets(void)
{
	struct target *leader = named("dead_leader"), *zombie = named("zombie");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		if (!targets[i].become)
			continue;
		start(&targets[i]);
		register_target(&targets[i]);
	}
	syscall(SYS_tgkill, leader->id, leader->id, SIGUSR1);
	zombie->id = zombie->process = child_of(exit_at_once, NULL);
	waitid(P_PID, zombie->id, NULL, WEXITED | WNOWAIT);
	for (i = 0; i < 1000 && state_of(leader->id) != 'Z'; i++)
		usleep(1000);
	eq(state_of(leader->id), 'Z', "target.dead_leader.is_dead");
	eq(state_of(named("thread_of_dead_leader")->id), 'S', "target.dead_leader.thread_lives");
	for (i = 0; i < ARRAY_SIZE(targets); i++)
		targets[i].roots_pidfd = pidfd_of_thread(targets[i].id);
}

/* A setuid program that is not one would test nothing. */
static void check_targets(void)
{
	char *text = read_text("/proc/%d/status", named("setuid_program")->id);
	char *p = text ? strstr(text, "\nUid:") : NULL;
	int real = -1, effective = -1;

	if (p)
		sscanf(p, "\nUid: %d %d", &real, &effective);
	ok(real == ALICE && effective == 0, "target.setuid_program.is_setuid");
	free(text);
	text = read_text("/proc/%d/status", named("capable_program")->id);
	ok(text && strstr(text, "\nCapEff:\t0000000000002000"),
	   "target.capable_program.is_capable");
	free(text);
}

/* ---- what comes of it ---- */

/* What opening and reading maps gives; in the errnos that mmscope.h documents. */
static int oracle(pid_t pid)
{
	char path[40], text[64];
	int fd, err = 0;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		err = errno;
	n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	close(fd);
	if (n > 0)
		return 0;
	if (!n)
		return ENXIO;	/* opened, and empty: no address space */
	if (err == EACCES || err == EPERM)
		return EACCES;
	/* Since 6.16 it is not opened at all if there is none. */
	*strrchr(path, '/') = 0;
	return err == ESRCH && !access(path, F_OK) ? ENXIO : ESRCH;
}

struct outcome {
	int want, want_process;			/* by the oracle */
	int attached, mm, by_pidfd, by_roots_pidfd;
	int file[FILES], roots_file[FILES];
	int registering, registering_by_roots;
};
#define NOT_TRIED -1

static struct outcome *outcome;			/* one a target */
static int *device_opened;
static int roots_targets;			/* the file, open for writing */

static int by_pidfd(int fd, int pidfd)
{
	return pidfd < 0 ? NOT_TRIED : attach_pidfd(fd, pidfd);
}

static void try_device(struct outcome *o, const struct target *t, pid_t id)
{
	int fd = open(MMSCOPE_DEVICE, O_RDONLY), pidfd = pidfd_of_thread(id);
	struct mmscope_mm mm;

	*device_opened = fd < 0 ? errno : 0;
	o->attached = attach(fd, id);
	o->mm = get_mm(fd, &mm);
	o->by_pidfd = by_pidfd(fd, pidfd);
	o->by_roots_pidfd = id == t->id ? by_pidfd(fd, t->roots_pidfd) : NOT_TRIED;
	close(pidfd);
	close(fd);
}

static int try_file(const char *path)
{
	char c;
	int fd = open(path, O_RDONLY), err = 0;

	if (fd < 0 || read(fd, &c, 1) != 1)
		err = errno;
	close(fd);
	return err;
}

static void try_files(struct outcome *o, const struct target *t)
{
	char path[60], c;
	size_t i;

	for (i = 0; i < FILES; i++) {
		o->file[i] = o->roots_file[i] = NOT_TRIED;
		snprintf(path, sizeof(path), ROOT "/%d/%s", t->process, files[i]);
		if (t->id == OWN)
			snprintf(path, sizeof(path), ROOT "/self/%s", files[i]);
		else if (t->registered)
			o->roots_file[i] = pread(t->roots_file[i], &c, 1, 0) == 1 ? 0 : errno;
		if ((t->registered || t->id == OWN) && !access(ROOT, F_OK))
			o->file[i] = try_file(path);
	}
}

static void try_registering(struct outcome *o, const struct target *t)
{
	char text[20];
	int len = snprintf(text, sizeof(text), "%d", t->id);

	o->registering = o->registering_by_roots = NOT_TRIED;
	if (t->id <= 0 || t->id == OWN)
		return;
	if (!access(ROOT, F_OK))
		o->registering = write_text(ROOT "/targets", text);
	o->registering_by_roots = write(roots_targets, text, len) == len ? 0 : errno;
}

static void try_all(void *arg)
{
	const struct who *who = arg;
	size_t i;

	who->become();
	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		const struct target *t = &targets[i];
		struct outcome *o = &outcome[i];
		pid_t id = t->id == OWN ? getpid() : t->id;

		o->want = oracle(id);
		o->want_process = t->process ? oracle(t->process) : o->want;
		try_device(o, t, id);
		try_files(o, t);
		try_registering(o, t);
	}
}

/* ---- judged ---- */

static const char *told_as(int err)
{
	return err == NOT_TRIED ? "not tried" : err ? strerrorname_np(err) : "success";
}

/* One way in: as the oracle says, or not tried. */
static bool same(const char *what, int got, int want)
{
	if (got == want || got == NOT_TRIED)
		return true;
	tap_note("%s: got %s, want %s", what, told_as(got), told_as(want));
	return false;
}

static void judge_files(const char *caller, const struct target *t, const struct outcome *o)
{
	bool good = true;
	size_t i;

	for (i = 0; i < FILES; i++) {
		good &= same(files[i], o->file[i], o->want_process);
		good &= same("opened by root", o->roots_file[i], o->want_process);
	}
	ok(good, "%s.to.%s.files", caller, t->name);
}

static void judge(const char *caller, const struct target *t, const struct outcome *o)
{
	bool good = same("attach", o->attached, o->want);

	good &= same("mm", o->mm, o->want ? ENOTCONN : 0);
	good &= same("by pidfd", o->by_pidfd, o->want);
	good &= same("by root's pidfd", o->by_roots_pidfd, o->want);
	ok(good, "%s.to.%s.device", caller, t->name);
	if (t->registered || t->id == OWN)
		judge_files(caller, t, o);
	if (o->registering_by_roots != NOT_TRIED) {
		int want = o->want_process ?: EEXIST;

		good = same("registering", o->registering, want);
		good &= same("by root's file", o->registering_by_roots, want);
		ok(good, "%s.to.%s.registering", caller, t->name);
	}
}

static int tally[3];		/* let in, kept out, nothing there */

static void test_caller(const struct who *who, const char *prefix)
{
	char name[80];
	size_t i;
	int status;

	memset(outcome, 0, ARRAY_SIZE(targets) * sizeof(*outcome));
	*device_opened = -1;
	snprintf(name, sizeof(name), "%s%s", prefix, who->name);
	status = wait_for(child_of(try_all, (void *)who));
	if (status == 91) {
		skip(name, "this kernel has none");
		return;
	}
	if (!eq(status, 0, "%s.came_to_its_end", name))
		return;
	eq_err(*device_opened, 0, "%s.opens_device", name);
	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		judge(name, &targets[i], &outcome[i]);
		tally[!outcome[i].want ? 0 : outcome[i].want == EACCES ? 1 : 2]++;
	}
}

static const struct who callers[] = {
	{ "root", be_root }, { "root_without_ptrace", be_root_without_ptrace },
	{ "root_without_any", be_root_without_any }, { "alice", be_alice }, { "bob", be_bob },
	{ "alice_in_bobs_group", be_alice_in_bobs_group },
	{ "bob_with_ptrace", be_bob_with_ptrace }, { "bob_with_admin", be_bob_with_admin },
	{ "bob_with_perfmon", be_bob_with_perfmon },
	{ "bob_with_dac", be_bob_with_dac }, { "userns_root_alice", be_userns_root_alice },
	{ "userns_root_bob", be_userns_root_bob }, { "alice_by_fsuid", be_alice_by_fsuid },
	{ "alice_effective", be_alice_effective }, { "alice_landlocked", be_alice_landlocked },
	{ "root_hidepid_invisible", be_root_hidepid_invisible },
	{ "alice_hidepid_invisible", be_alice_hidepid_invisible },
	{ "bob_hidepid_noaccess", be_bob_hidepid_noaccess },
	{ "bob_hidepid_invisible", be_bob_hidepid_invisible },
	{ "bob_hidepid_ptraceable", be_bob_hidepid_ptraceable },
	{ "bob_subset_pid", be_bob_subset_pid },
};

static void test_table(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(callers); i++)
		test_caller(&callers[i], "");
	tap_note("maps let in %d, kept out %d, and had nothing to tell of %d", tally[0], tally[1],
		 tally[2]);
	ok(tally[0] > 80 && tally[1] > 80 && tally[2] > 80, "table_has_all_kinds");
}

/* A security module that restricts attaching; what it makes of reading is its own. */
static void test_yama(void)
{
	static const char scope[] = "/proc/sys/kernel/yama/ptrace_scope";
	static const struct who few[] = { { "root", be_root }, { "alice", be_alice },
					  { "bob_with_ptrace", be_bob_with_ptrace } };
	char *was = read_text("%s", scope);
	size_t i;

	if (!was || write_text(scope, "2")) {
		skip("yama", "this kernel runs without it");
		return;
	}
	for (i = 0; i < ARRAY_SIZE(few); i++)
		test_caller(&few[i], "yama.");
	write_text(scope, was);
	free(was);
}

int main(int argc, char **argv)
{
	size_t i;

	role_of_copy(argc, argv);
	tap_start("vm.gate.", 120);
	outcome = shared(ARRAY_SIZE(targets) * sizeof(*outcome));
	device_opened = shared(page);
	number = shared(page);
	roots_targets = open(ROOT "/targets", O_WRONLY);
	close(session());
	make_copies();
	make_targets();
	check_targets();
	test_table();
	test_yama();
	for (i = 0; i < ARRAY_SIZE(targets); i++)
		if (targets[i].become)
			end(targets[i].process);
	return tap_end();
}
