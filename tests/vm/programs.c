/* SPDX-License-Identifier: GPL-2.0 */
/*
 * programs.c - programs that nobody here wrote, stopped: each page against
 * pagemap, the whole against smaps, and the program break against sbrk(0) as
 * gdb calls it in them.
 */
#include <sys/prctl.h>
#include <sys/wait.h>

#include "compare.h"

static bool there(const char *file)
{
	return access(file, X_OK) == 0;
}

static pid_t launch(char *const argv[])
{
	pid_t pid = fork();
	int null;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	if (chdir("/tmp"))
		_exit(1);
	execv(argv[0], argv);
	_exit(127);
}

/* The youngest of its descendants: the one that does the work. */
static pid_t worker_of(pid_t pid)
{
	for (;;) {
		char *text = read_text("/proc/%d/task/%d/children", pid, pid);
		pid_t child = text ? atoi(text) : 0;

		free(text);
		if (!child)
			return pid;
		pid = child;
	}
}

static bool stop(pid_t pid)
{
	int tries;

	kill(pid, SIGSTOP);
	for (tries = 0; tries < 1000 && state_of(pid) != 'T'; tries++)
		usleep(5000);
	return tries < 1000;
}

static void check_smaps(const char *name, pid_t pid, int fd)
{
	int bad[FIGURES], k, tries, wrong;
	char *smaps;
	struct snapshot snap;
	u64 i;

	for (tries = 0; tries < 8; tries++) {
		smaps = read_text("/proc/%d/smaps", pid);
		get_vmas(fd, 0, 1ULL << 56, true, &snap);
		memset(bad, 0, sizeof(bad));
		for (i = 0; i < snap.count; i++)
			compare_acct(smaps, &snap.vmas[i], &snap.accts[i], bad);
		for (k = 0, wrong = 0; k < FIGURES; k++)
			wrong += bad[k];
		free_vmas(&snap);
		free(smaps);
		if (!wrong)
			break;
	}
	for (k = 0; k < FIGURES; k++)
		eq(bad[k], 0, "%s.smaps.%s", name, figure[k]);
}

static void check_program(const char *name, pid_t pid)
{
	struct comparison c = { .pid = pid, .may_know = true };
	struct tally t = { 0 };
	char full[60];

	if (!ok(stop(pid), "%s.stopped", name))
		return;
	c.fd = session_of(pid);
	compare_process(&c, &t);
	tap_note("%s: %llu pages, %llu present", name, t.pages, t.present);
	ok(t.present > 5, "%s.has_pages", name);
	snprintf(full, sizeof(full), "%s.pagemap", name);
	report(full, &t, &c);
	check_smaps(name, pid, c.fd);
	close(c.fd);
	kill(pid, SIGCONT);
}

static void quit(pid_t pid)
{
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Until its resident set has not grown for a while. */
static void until_calm(pid_t pid)
{
	u64 last = 0, now;
	int calm = 0, tries;

	for (tries = 0; tries < 300 && calm < 10; tries++, last = now) {
		usleep(50000);
		now = stat_field(pid, 24) + stat_field(pid, 14);
		calm = now == last && now > 0 ? calm + 1 : 0;
	}
}

static void simple(const char *name, char *const argv[], bool busy)
{
	pid_t pid, worker;

	if (!there(argv[0])) {
		skip(name, "%s is not installed", argv[0]);
		return;
	}
	pid = launch(argv);
	if (busy)
		usleep(6000000);
	else
		until_calm(pid);
	worker = busy ? worker_of(pid) : pid;
	if (worker != pid)
		stop(pid);	/* or it would tend its children */
	check_program(name, worker);
	quit(pid);
}

static void redis(void)
{
	char *const argv[] = { "/usr/bin/redis-server", "--port", "0", "--unixsocket",
			       "/tmp/mmscope-redis", "--save", "", NULL };
	pid_t pid;
	int tries;

	if (!there(argv[0]) || !there("/usr/bin/redis-cli")) {
		skip("redis", "redis-server is not installed");
		return;
	}
	pid = launch(argv);
	for (tries = 0; tries < 200 && access("/tmp/mmscope-redis", F_OK); tries++)
		usleep(50000);
	ok(!system("redis-cli -s /tmp/mmscope-redis EVAL \"for i = 1, 20000 do redis.call('set',"
		   " 'key' .. i, string.rep('x', 200)) end\" 0 >/dev/null 2>&1;"
		   " redis-cli -s /tmp/mmscope-redis DBSIZE | grep -q 20000"), "redis.filled");
	until_calm(pid);
	check_program("redis", pid);
	quit(pid);
	unlink("/tmp/mmscope-redis");
}

/* ---- the break, by gdb ---- */

/* What gdb prints behind "BRK "; ~0 if it does not. */
static u64 gdb_says(pid_t pid, const char *expression)
{
	char command[400], line[400];
	u64 value = ~0ULL;
	FILE *out;

	snprintf(command, sizeof(command),
		 "exec timeout %u gdb -nx -batch -iex 'set auto-load no' -iex 'set debuginfod enabled off'"
		 " -p %d -ex 'printf \"BRK %%lu\\n\", (unsigned long)%s' 2>&1 </dev/null",
		 tap_seconds(100), pid, expression);
	alarm(tap_seconds(120));
	out = popen(command, "r");
	while (out && fgets(line, sizeof(line), out))
		if (!strncmp(line, "BRK ", 4))
			value = strtoull(line + 4, NULL, 10);
	if (out)
		pclose(out);
	return value;
}

static void check_break(const char *name, char *const argv[])
{
	struct mmscope_mm mm;
	u64 said, old;
	pid_t pid;
	int fd;

	if (!there(argv[0])) {
		skip(name, "%s is not installed", argv[0]);
		return;
	}
	pid = launch(argv);
	until_calm(pid);
	fd = session_of(pid);
	said = gdb_says(pid, "((void *(*)(long))sbrk)(0)");
	get_mm(fd, &mm);
	eq(mm.brk, said, "%s.brk", name);
	old = gdb_says(pid, "((void *(*)(long))sbrk)(100)");
	get_mm(fd, &mm);
	eq(mm.brk, old + 100, "%s.brk_after_100", name);
	said = gdb_says(pid, "((void *(*)(long))sbrk)(0)");
	eq(mm.brk, said, "%s.brk_unaligned", name);
	ok(said % page != 0, "%s.brk_is_unaligned", name);
	close(fd);
	quit(pid);
}

int main(void)
{
	char *const stress[] = { "/usr/bin/stress-ng", "--vm", "1", "--vm-bytes", "24M",
				 "--vm-keep", "--quiet", NULL };
	char *const python[] = { "/usr/bin/python3", "-c",
				 "import time, json, re; x = [str(i) for i in range(50000)];"
				 " del x[::3]; time.sleep(1000)", NULL };
	char *const bash[] = { "/bin/bash", "--norc", "-c",
			       "a=(); for i in {1..2000}; do a+=($i$i); done;"
			       " read < <(sleep 1000)", NULL };
	char *const plain_bash[] = { "/bin/bash", "--norc", "-c", "while :; do sleep 500; done", NULL };
	char *const busybox[] = { "/bin/busybox", "sleep", "1000", NULL };
	char static_program[200] = "";
	char *const lone[] = { static_program, NULL };

	tap_start("vm.programs.", 120);
	simple("stress", stress, true);
	simple("python", python, false);
	simple("bash", bash, false);
	simple("busybox", busybox, false);
	redis();
	/* Beside this program, a static one that pauses. */
	if (readlink("/proc/self/exe", static_program, sizeof(static_program) - 10) > 0)
		strcpy(strrchr(static_program, '/'), "/still");
	simple("static", lone, false);
	if (!there("/usr/bin/gdb")) {
		skip("gdb", "gdb is not installed");
	} else {
		check_break("gdb.bash", plain_bash);
		check_break("gdb.python", python);
		check_break("gdb.static", lone);
	}
	return tap_end();
}
