/* SPDX-License-Identifier: GPL-2.0 */
/*
 * exec.c - targets that exec without end, every other time a setuid program. An
 * unprivileged caller who was let in to one program must never be told of the
 * next: its session says ESTALE, and to the setuid program it is not let in.
 */
#include <grp.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "storm.h"

#define ALICE	1000
#define PLAIN	"/tmp/mmscope-storm-plain"
#define SETUID	"/tmp/mmscope-storm-setuid"
#define HOPPERS	2

static pid_t hopper[HOPPERS];
static int lives, setuid_lives;

static void become_alice(void)
{
	if (setgroups(0, NULL) || setresgid(ALICE, ALICE, ALICE) ||
	    setresuid(ALICE, ALICE, ALICE))
		_exit(90);
	prctl(PR_SET_DUMPABLE, 1);
}

static void hop(void *arg)
{
	char *argv[] = { PLAIN, PLAIN, SETUID, NULL };

	(void)arg;
	dup2(lives, 10);
	dup2(setuid_lives, 11);
	become_alice();
	execv(PLAIN, argv);
	_exit(91);
}

/* Whose address space is it?  Its first VMA of a file is of the program. */
static const char *program_of(const struct snapshot *snap)
{
	u64 i;

	for (i = 0; i < snap->count; i++)
		if (snap->vmas[i].name_len && snap->names[snap->vmas[i].name_offset] == '/')
			return snap->names + snap->vmas[i].name_offset;
	return "";
}

static bool is_gone(int err)
{
	return err == ESTALE || err == ESRCH;
}

/* The stack is at a random place in each life, of 16 GiB; exec sets it up in steps. */
static bool same_life(u64 stack, u64 before)
{
	return !stack || !before || (stack > before ? stack - before : before - stack) < 1 << 20;
}

/*
 * Asks until the session is stale. All answers must be of the program that it
 * began with, and for Alice of the plain one.
 */
static void use(int fd, bool alice)
{
	/* Mostly once: the moment that matters is that of ATTACH. */
	u64 stack = 0, tries, most = one_in(6) ? 20 : 1;
	struct snapshot snap;
	int err = 0;

	for (tries = 0; !err && tries < most && storm_on(); tries++) {
		err = get_vmas(fd, 0, ALL_END, false, &snap);
		if (!err) {
			/* For a moment of exec there is nothing but a stack. */
			if (alice)
				holds("alice.never_sees_the_setuid_program",
				      strcmp(program_of(&snap), SETUID), "%s", program_of(&snap));
			else
				tick(*program_of(&snap) ? program_of(&snap) : "no program yet");
			holds("session.of_one_life", same_life(snap.mm.start_stack, stack),
			      "%llx, before it was %llx", snap.mm.start_stack, stack);
			stack = snap.mm.start_stack;
			check_vmas(&snap, 0, ALL_END, false);
		}
		free_vmas(&snap);
		if (most > 1 && one_in(2))
			usleep(below(3000));
	}
	holds("session.errno", !err || is_gone(err), "%s", strerrorname_np(err));
	if (err == ESTALE)
		holds("session.went_stale", true, "-");
	/* Once stale, always stale. */
	if (err == ESTALE) {
		struct mmscope_mm mm;

		err = get_mm(fd, &mm);
		holds("session.stays_stale", is_gone(err), "%s", strerrorname_np(err));
	}
}

static int attach_somehow(int fd, pid_t pid, int pidfd)
{
	return one_in(2) ? attach(fd, pid) : attach_pidfd(fd, pidfd);
}

static void ask(bool alice, u64 stream)
{
	int fd = session(), pidfd[HOPPERS], err, i;

	rnd_stream(stream);
	for (i = 0; i < HOPPERS; i++)
		pidfd[i] = pidfd_of(hopper[i]);
	if (alice) {
		become_alice();
		close(fd);
		fd = session();
	}
	while (storm_on()) {
		i = below(HOPPERS);
		err = attach_somehow(fd, hopper[i], pidfd[i]);
		tick_errno(alice ? "ATTACH of Alice" : "ATTACH of root", err);
		if (alice)
			holds("alice.attach_errno", !err || err == EACCES || err == EAGAIN, "%s",
			      strerrorname_np(err));
		else
			holds("root.attach_errno", !err || err == EAGAIN, "%s",
			      strerrorname_np(err));
		if (alice && err == EACCES)
			holds("alice.is_refused", true, "-");
		/* The check and exec exclude each other: leave exec some time. */
		if (err && one_in(4))
			usleep(below(1500));
		if (!err)
			use(fd, alice);
	}
}

static void ask_as_alice(void *arg)
{
	ask(true, 10 + (uintptr_t)arg);
}

static void ask_as_root(void *arg)
{
	ask(false, 20 + (uintptr_t)arg);
}

/* The text, which is checked at each read. */
static void read_as_alice(void *arg)
{
	int i;

	rnd_stream(30 + (uintptr_t)arg);
	become_alice();
	while (storm_on()) {
		char *text;

		i = below(HOPPERS);
		text = read_text("/proc/mmscope/%d/vmas", hopper[i]);
		if (!text) {
			int err = errno;

			tick_errno("reads of Alice", err);
			holds("files.errno", err == EACCES || err == ESTALE || err == EAGAIN ||
			      err == ESRCH, "%s", strerrorname_np(err));
			usleep(below(1500));
			continue;
		}
		tick_errno("reads of Alice", 0);
		holds("files.never_of_the_setuid_program", !strstr(text, SETUID), "%.200s", text);
		check_table(text);
		free(text);
	}
}

static int copy_program(const char *from, const char *to, mode_t mode)
{
	char command[600];

	snprintf(command, sizeof(command), "cp '%s' %s", from, to);
	return system(command) || chmod(to, mode);
}

static u64 count_of(int fd)
{
	u64 n = 0;

	return read(fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

int main(void)
{
	static const char *const names[] = {
		"alice.never_sees_the_setuid_program", "alice.attach_errno", "alice.is_refused",
		"root.attach_errno", "session.of_one_life", "session.errno", "session.went_stale",
		"session.stays_stale", "files.errno", "files.never_of_the_setuid_program",
		"table.in_order", "vmas.as_many_as_the_header_says",
	};
	struct pack hoppers = { .count = 0 }, askers = { .count = 0 };
	char exe[300] = "", text[20], *slash;
	u64 all, high;
	size_t i;

	storm_start("storm.exec.");
	close(session());
	if (readlink("/proc/self/exe", exe, sizeof(exe) - 8) < 0)
		tap_bail("/proc/self/exe: %s", strerror(errno));
	slash = strrchr(exe, '/');
	strcpy(slash, "/hop");
	if (copy_program(exe, PLAIN, 0755) || copy_program(exe, SETUID, 04755))
		tap_bail("the programs cannot be copied to /tmp");
	lives = eventfd(0, EFD_NONBLOCK);
	setuid_lives = eventfd(0, EFD_NONBLOCK);
	for (i = 0; i < HOPPERS; i++) {
		pack_add(&hoppers, hop, NULL);
		hopper[i] = hoppers.pid[i];
		snprintf(text, sizeof(text), "%d", hopper[i]);
		write_text("/proc/mmscope/targets", text);
	}
	storm_begin();
	pack_add(&askers, ask_as_alice, (void *)0);
	pack_add(&askers, ask_as_alice, (void *)1);
	pack_add(&askers, ask_as_root, (void *)0);
	pack_add(&askers, read_as_alice, (void *)0);
	pack_join(&askers, "askers_end");
	for (i = 0; i < HOPPERS; i++)
		eq_err(kill(hopper[i], 0) ? errno : 0, 0, "hopper_%d_lives", (int)i);
	all = count_of(lives);
	high = count_of(setuid_lives);
	tap_note("%llu lives, %llu of them setuid", all, high);
	ok(all > 50 && high > 20, "many_lives");
	for (i = 0; i < ARRAY_SIZE(names); i++)
		judge(names[i]);
	pack_kill(&hoppers);
	unlink(PLAIN);
	unlink(SETUID);
	return storm_end();
}
