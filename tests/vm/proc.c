/* SPDX-License-Identifier: GPL-2.0 */
/*
 * proc.c - /proc/mmscope: who may register and remove a target, how directories
 * come and go, whose credentials count, and that the text says what the device
 * says, one line a VMA and no byte that a terminal would obey.
 */
#include <ctype.h>
#include <dirent.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "kit.h"

#define ROOT "/proc/mmscope"
#define ALICE 1000
#define BOB 1001

static const char *const files[] = { "summary", "brk", "vmas", "resident", "locked" };
static struct subject s;
static int fd;
static int *result;

static int say(const char *format, int n)
{
	char text[100];

	snprintf(text, sizeof(text), format, n);
	return write_text(ROOT "/targets", text);
}

static int add(pid_t pid)
{
	return say("%d\n", pid);
}

static int removal(pid_t pid)
{
	return say("-%d\n", pid);
}

static bool has_dir(pid_t pid)
{
	char path[60];

	snprintf(path, sizeof(path), ROOT "/%d/brk", pid);
	return access(path, F_OK) == 0;
}

static bool gone_soon(pid_t pid)
{
	int tries;

	for (tries = 0; tries < 500 && has_dir(pid); tries++)
		usleep(10000);
	return !has_dir(pid);
}

static void become(uid_t uid)
{
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		_exit(90);
	prctl(PR_SET_DUMPABLE, 1);
}

static void pause_as(void *uid)
{
	if (uid)
		become((uintptr_t)uid);
	for (;;)
		pause();
}

/* ---- tables: a header, and columns found by its names ---- */

static int column_of(const char *text, const char *name)
{
	char *head = strndup(text, strcspn(text, "\n")), *word, *rest;
	int i = 0, found = -1;

	for (word = strtok_r(head, " ", &rest); word; word = strtok_r(NULL, " ", &rest), i++)
		if (!strcmp(word, name))
			found = i;
	free(head);
	return found;
}

/* Column `name` of line `row` (the first behind the header is 0). */
static const char *cell(const char *text, int row, const char *name)
{
	static char value[8192];
	int column = column_of(text, name);
	const char *p = text;

	value[0] = 0;
	for (row++; row && p; row--) {
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	if (!p || column < 0)
		return value;
	for (;;) {
		p += strspn(p, " ");
		if (!column--)
			break;
		p += strcspn(p, " \n");
	}
	snprintf(value, sizeof(value), "%.*s", (int)strcspn(p, " \n"), p);
	return value;
}

static u64 number(const char *text, int row, const char *name)
{
	return strtoull(cell(text, row, name), NULL, 0);
}

/* In summary: the row that is called so. */
static u64 summary(const char *text, const char *name)
{
	int i;

	for (i = 0; i < 60; i++)
		if (!strcmp(cell(text, i, "field"), name))
			return number(text, i, "value");
	return ~0ULL;
}

static int lines(const char *text)
{
	int n = 0;

	for (; text && *text; text++)
		n += *text == '\n';
	return n;
}

/* ---- registering ---- */

static void test_targets(void)
{
	static const char *const garbage[] = { "", "\n", " ", "x", "12x", "1 2", "-", "--1", "+",
					       "0", "-0", "0x10", "99999999999999999999", "1.5",
					       "\xff", "self" };
	pid_t child = child_of(pause_as, NULL);
	char *text;
	size_t i;

	for (i = 1; i < ARRAY_SIZE(garbage); i++) {
		int err = write_text(ROOT "/targets", garbage[i]);

		if (!ok(err == EINVAL || err == ESRCH || err == ERANGE || err == ENOENT,
			"targets.garbage_%zu", i))
			tap_note("'%s': %s", garbage[i], err ? strerrorname_np(err) : "accepted");
	}
	eq_err(add(child), 0, "targets.add");
	ok(has_dir(child), "targets.directory");
	eq_err(add(child), EEXIST, "targets.add_twice");
	text = read_text(ROOT "/targets");
	ok(text && strstr(text, strdupa(({ static char n[20]; sprintf(n, "%d", child); n; }))),
	   "targets.lists_it");
	free(text);
	eq_err(removal(child), 0, "targets.remove");
	ok(!has_dir(child), "targets.directory_is_gone");
	ok(removal(child) != 0, "targets.remove_twice");
	eq_err(say("%d", child), 0, "targets.add_without_newline");
	eq_err(removal(child), 0, "targets.remove_again");
	eq_err(add(2), ENXIO, "targets.kernel_thread");
	eq_err(add(4194000), ESRCH, "targets.nobody");
	kill(child, SIGKILL);
	waitid(P_PID, child, NULL, WEXITED | WNOWAIT);
	eq_err(add(child), ENXIO, "targets.zombie");
	wait_for(child);
	eq_err(add(child), ESRCH, "targets.reaped");
}

static void test_vanishes(void)
{
	pid_t child = child_of(pause_as, NULL);
	char path[60], c;
	int f;

	add(child);
	snprintf(path, sizeof(path), ROOT "/%d/vmas", child);
	f = open(path, O_RDONLY);
	kill(child, SIGKILL);
	waitid(P_PID, child, NULL, WEXITED | WNOWAIT);
	ok(gone_soon(child), "vanishes.with_the_zombie");
	ok(read(f, &c, 1) <= 0, "vanishes.an_open_file_tells_nothing");
	close(f);
	wait_for(child);
	ok(!has_dir(child), "vanishes.after_reaping");
	eq_err(add(s.pid), 0, "vanishes.others_can_be_added");
	eq_err(removal(s.pid), 0, "vanishes.and_removed");
}

/* ---- what is said, against the device ---- */

static char *text_of(pid_t pid, const char *file)
{
	return read_text(ROOT "/%d/%s", pid, file);
}

static void test_files_agree(void)
{
	struct snapshot snap;
	char *t[ARRAY_SIZE(files)];
	u64 i, bad = 0, resident = 0, locked = 0;
	struct mmscope_mm mm;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		t[i] = text_of(s.pid, files[i]);
		ok(t[i] && lines(t[i]) >= 2, "files.%s", files[i]);
	}
	if (!t[0] || !t[1] || !t[2] || !t[3] || !t[4])
		return;
	get_mm(fd, &mm);
	eq(summary(t[0], "brk"), mm.brk, "files.summary_brk");
	eq(summary(t[0], "pid"), s.pid, "files.summary_pid");
	eq(summary(t[0], "total_vm"), mm.total_vm, "files.summary_total_vm");
	eq(summary(t[0], "locked_vm"), mm.locked_vm, "files.summary_locked_vm");
	eq(summary(t[0], "vmas"), mm.map_count, "files.summary_vmas");
	eq(number(t[1], 0, "brk"), mm.brk, "files.brk");
	eq(number(t[1], 0, "start_brk"), mm.start_brk, "files.start_brk");
	ok(!strncmp(cell(t[1], 0, "brk"), "0x", 2), "files.hex");
	eq(lines(t[1]), 2, "files.brk_is_one_line");
	get_vmas(fd, 0, 1ULL << 56, true, &snap);
	eq(lines(t[2]), snap.count + 1, "files.vmas_lines");
	eq(lines(t[3]), snap.count + 1, "files.resident_lines");
	for (i = 0; i < snap.count; i++) {
		bad += number(t[2], i, "start") != snap.vmas[i].start ||
		       number(t[2], i, "end") != snap.vmas[i].end ||
		       number(t[2], i, "inode") != snap.vmas[i].inode ||
		       number(t[2], i, "bytes") != snap.vmas[i].end - snap.vmas[i].start;
		resident += number(t[3], i, "present") !=
				    snap.accts[i].pages[MMSCOPE_CAT_PRESENT] * page ||
			    number(t[3], i, "anon") != snap.accts[i].pages[MMSCOPE_CAT_ANON] * page ||
			    number(t[3], i, "swapped") !=
				    snap.accts[i].pages[MMSCOPE_CAT_SWAPPED] * page;
		locked += !!(snap.vmas[i].flags & MMSCOPE_VMA_LOCKED);
	}
	eq(bad, 0, "files.vmas_equal");
	eq(resident, 0, "files.resident_equal");
	eq(lines(t[4]) - 1, locked, "files.locked_lines");
	ok(locked > 0, "files.locked_was_tested");
	free_vmas(&snap);
	for (i = 0; i < ARRAY_SIZE(files); i++)
		free(t[i]);
}

/* Read a byte at a time, and from the middle: the same text. */
static void test_small_reads(void)
{
	char *whole = text_of(s.pid, "vmas"), path[60], *part = calloc(1, 1 << 20);
	size_t len = 0;
	ssize_t n;
	int f;

	snprintf(path, sizeof(path), ROOT "/%d/vmas", s.pid);
	f = open(path, O_RDONLY);
	while ((n = read(f, part + len, 7)) > 0)
		len += n;
	ok(whole && !strcmp(whole, part), "reads.seven_bytes_at_a_time");
	memset(part, 0, 1 << 20);
	n = pread(f, part, 100, 500);
	ok(n == 100 && whole && !memcmp(whole + 500, part, 100), "reads.from_the_middle");
	lseek(f, 0, SEEK_SET);
	n = read(f, part, 100);
	ok(n > 0 && whole && !memcmp(whole, part, n), "reads.again_from_the_start");
	eq(lseek(f, 0, SEEK_CUR), n, "reads.position");
	close(f);
	free(whole);
	free(part);
}

static long make_names(void *arg)
{
	static const char *const names[] = {
		"/tmp/mmscope-proc-new\nline", "/tmp/mmscope-proc-\x1b[31mred", "/tmp/mmscope-proc- blank",
		"/tmp/mmscope-proc-\\back", "/tmp/mmscope-proc-\x9b" "31m", "/tmp/mmscope-proc-\x7f",
	};
	size_t i;
	char *p;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		int f = open(names[i], O_RDWR | O_CREAT, 0600);

		if (ftruncate(f, page))
			return 1;
		isle(page, PROT_READ, MAP_SHARED, f, 0);
		unlink(names[i]);
		close(f);
	}
	p = isle(8 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mlock(p, 8 * page);
	return prctl(PR_SET_NAME, "a\x1b[1m \nb\x7f");
}

static void test_no_control_bytes(void)
{
	size_t i;
	int escaped = 0;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		char *text = text_of(s.pid, files[i]), *p;
		int raw = 0;

		for (p = text; p && *p; p++)
			raw += *p != '\n' && !isprint((unsigned char)*p) ;
		eq(raw, 0, "bytes.%s_has_no_control_bytes", files[i]);
		escaped += text && (strstr(text, "\\033[") || strstr(text, "\\e["));
		free(text);
	}
	ok(escaped > 0, "bytes.escape_is_escaped");
}

/* ---- whose credentials ---- */

static void read_as(uid_t uid, pid_t pid)
{
	size_t i;
	char path[60];

	become(uid);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		char c;
		int f;

		snprintf(path, sizeof(path), ROOT "/%d/%s", pid, files[i]);
		f = open(path, O_RDONLY);
		result[i] = f < 0 ? errno : read(f, &c, 1) < 0 ? errno : 0;
		close(f);
	}
}

static pid_t victim;

static void read_as_alice(void *arg)
{
	(void)arg;
	read_as(ALICE, victim);
}

static void read_as_bob(void *arg)
{
	(void)arg;
	read_as(BOB, victim);
}

/* An open file that was root's does not go on telling Bob. */
static void read_on_as_bob(void *arg)
{
	char path[60], c;
	int f;

	(void)arg;
	snprintf(path, sizeof(path), ROOT "/%d/vmas", victim);
	f = open(path, O_RDONLY);
	result[0] = read(f, &c, 1) < 0 ? errno : 0;
	become(BOB);
	result[1] = read(f, &c, 1) < 0 ? errno : 0;
	result[2] = pread(f, &c, 1, 0) < 0 ? errno : 0;
}

static void register_as_bob(void *arg)
{
	(void)arg;
	become(BOB);
	result[0] = add(victim);
	result[1] = removal(victim);
}

static void register_as_alice(void *arg)
{
	(void)arg;
	become(ALICE);
	result[0] = add(victim);
}

static void remove_as_alice(void *arg)
{
	(void)arg;
	become(ALICE);
	result[0] = removal(victim);
}

static void test_credentials(void)
{
	victim = child_of(pause_as, (void *)ALICE);
	usleep(100000);
	settle(victim);
	eq_err(add(victim), 0, "credentials.root_registers");
	wait_for(child_of(read_as_alice, NULL));
	eq_err(result[0] | result[1] | result[2] | result[3] | result[4], 0, "credentials.alice_reads");
	wait_for(child_of(read_as_bob, NULL));
	ok(result[0] == EACCES && result[1] == EACCES && result[2] == EACCES &&
	   result[3] == EACCES && result[4] == EACCES, "credentials.bob_does_not");
	wait_for(child_of(read_on_as_bob, NULL));
	eq_err(result[0], 0, "credentials.root_opens_and_reads");
	eq_err(result[1], EACCES, "credentials.bob_reads_on");
	eq_err(result[2], EACCES, "credentials.bob_reads_anew");
	wait_for(child_of(remove_as_alice, NULL));
	eq_err(result[0], EPERM, "credentials.alice_removes_roots");
	removal(victim);
	wait_for(child_of(register_as_bob, NULL));
	eq_err(result[0], EACCES, "credentials.bob_registers");
	ok(result[1] != 0, "credentials.bob_removes");
	wait_for(child_of(register_as_alice, NULL));
	eq_err(result[0], 0, "credentials.alice_registers");
	wait_for(child_of(register_as_bob, NULL));
	eq_err(result[1], EPERM, "credentials.bob_removes_alices");
	eq_err(removal(victim), 0, "credentials.root_removes_alices");
	wait_for(child_of(register_as_alice, NULL));
	wait_for(child_of(remove_as_alice, NULL));
	eq_err(result[0], 0, "credentials.alice_removes_her_own");
	kill(victim, SIGKILL);
	wait_for(victim);
}

/* ---- the table fills ---- */

static pid_t *crowd;

static void fill_as_alice(void *arg)
{
	int i, n = *(int *)arg;

	become(ALICE);
	for (i = 0; i < n; i++) {
		int err = add(crowd[i]);

		result[1] = err;
		if (err)
			break;
		result[0]++;
	}
}

static void test_full(void)
{
	struct mmscope_info info;
	int i, n;

	get_info(fd, &info);
	n = info.targets_user_max + 1;
	crowd = shared(n * sizeof(*crowd));
	for (i = 0; i < n; i++)
		crowd[i] = child_of(pause_as, (void *)ALICE);
	for (i = 0; i < n; i++)
		settle(crowd[i]);
	usleep(200000);
	result[0] = result[1] = 0;
	wait_for(child_of(fill_as_alice, &n));
	eq(result[0], info.targets_user_max, "full.as_many_as_info_says");
	eq_err(result[1], ENOSPC, "full.then_enospc");
	eq_err(add(s.pid), 0, "full.another_user_still_can");
	removal(s.pid);
	for (i = 0; i < n; i++) {
		kill(crowd[i], SIGKILL);
		wait_for(crowd[i]);
	}
	for (i = 0; i < n; i++)
		if (!gone_soon(crowd[i]))
			break;
	eq(i, n, "full.empties_when_they_die");
	result[0] = result[1] = 0;
	crowd[0] = child_of(pause_as, (void *)ALICE);
	usleep(100000);
	n = 1;
	wait_for(child_of(fill_as_alice, &n));
	eq(result[0], 1, "full.room_again");
	kill(crowd[0], SIGKILL);
	wait_for(crowd[0]);
}

/* ---- exec ---- */

static void run_cat(void *arg)
{
	int *ends = arg;
	char go;

	if (read(ends[0], &go, 1) == 1) {
		dup2(ends[0], 0);
		execl("/bin/cat", "cat", NULL);
	}
	_exit(9);
}

static void test_exec(void)
{
	int ends[2], tries, f;
	char *before, *after, *comm = NULL, path[60], c[64];
	struct mmscope_mm mm;
	pid_t pid;
	int session_fd;

	if (pipe(ends))
		tap_bail("pipe");
	pid = child_of(run_cat, ends);
	add(pid);
	before = text_of(pid, "brk");
	snprintf(path, sizeof(path), ROOT "/%d/vmas", pid);
	f = open(path, O_RDONLY);
	ok(read(f, c, sizeof(c)) == sizeof(c), "exec.reads_before");
	if (write(ends[1], "", 1) != 1)
		tap_bail("write");
	for (tries = 0; tries < 1000; tries++) {
		comm = read_text("/proc/%d/comm", pid);
		if (comm && !strcmp(comm, "cat\n"))
			break;
		free(comm);
		usleep(5000);
	}
	free(comm);
	settle(pid);
	after = text_of(pid, "brk");
	session_fd = session_of(pid);
	get_mm(session_fd, &mm);
	ok(before && after && strcmp(before, after), "exec.tells_the_new_mm");
	eq(after ? number(after, 0, "brk") : 0, mm.brk, "exec.new_break");
	ok(has_dir(pid), "exec.directory_stays");
	close(f);
	close(session_fd);
	kill(pid, SIGKILL);
	wait_for(pid);
	ok(gone_soon(pid), "exec.then_goes");
	free(before);
	free(after);
	close(ends[0]);
	close(ends[1]);
}

/* ---- info and self ---- */

static void test_info(void)
{
	char *text = read_text(ROOT "/info");
	struct mmscope_info info;

	get_info(fd, &info);
	ok(text && strstr(text, info.version), "info.version");
	ok(text && lines(text) >= 3, "info.lines");
	free(text);
	ok(access(ROOT "/targets", R_OK) == 0, "targets.readable");
}

static void self_as_bob(void *arg)
{
	char *text;

	(void)arg;
	become(BOB);
	text = read_text(ROOT "/self/brk");
	result[0] = text && number(text, 0, "brk") == (u64)(uintptr_t)sbrk(0);
	text = read_text(ROOT "/self/summary");
	result[1] = text && summary(text, "pid") == (u64)getpid();
}

static void test_self(void)
{
	size_t i;

	wait_for(child_of(self_as_bob, NULL));
	eq(result[1], 1, "self.pid");
	/* read_text() itself may move the break; it did so before it read. */
	eq(result[0], 1, "self.brk_of_an_ordinary_user");
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		char *text = read_text(ROOT "/self/%s", files[i]);

		ok(text && lines(text) >= 1, "self.%s", files[i]);
		free(text);
	}
	if (!system("cat " ROOT "/self/vmas | grep -q cat"))
		ok(1, "self.is_the_reader");
	else
		ok(0, "self.is_the_reader");
}

int main(void)
{
	tap_start("vm.proc.", 60);
	result = shared(page);
	subject_start(&s);
	fd = session_of(s.pid);
	subject_call(&s, make_names, NULL);
	test_info();
	test_self();
	test_targets();
	test_vanishes();
	eq_err(add(s.pid), 0, "subject_is_added");
	test_files_agree();
	test_small_reads();
	test_no_control_bytes();
	removal(s.pid);
	test_credentials();
	test_full();
	test_exec();
	subject_end(&s);
	return tap_end();
}
