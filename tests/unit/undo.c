// SPDX-License-Identifier: GPL-2.0
/*
 * undo.c - what a lesson changes is put back: at its end, by a signal that is
 * caught, and when it is killed.  Plain files stand for those of the machine.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"
#include "run.h"

void doing(struct lesson *l, const char *text, ...)
{
	(void)l, (void)text;
}

static char dir[] = "/tmp/mmscope-undo-XXXXXX";
static struct lesson lesson;

static const char *in_dir(const char *name)
{
	static char path[2][64];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static void put(const char *name, const char *text)
{
	int fd = open(in_dir(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static bool holds(const char *name, const char *text)
{
	char got[64] = "";
	int fd = open(in_dir(name), O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, got, sizeof(got) - 1);

	if (fd >= 0)
		close(fd);
	return n >= 0 && !strncmp(got, text, strlen(text));
}

static void change_all(char file[256])
{
	assert_int_equal(change_file(&lesson, in_dir("a"), "7"), 0);
	assert_int_equal(change_file(&lesson, in_dir("a"), "8"), 0);
	assert_int_equal(change_file(&lesson, in_dir("mode"), "never  "), 0);
	assert_int_equal(change_tempfile(&lesson, "unit", 4096, file), 0);
	assert_true(holds("a", "8"));
	assert_int_equal(access(file, F_OK), 0);
}

static void check_all(const char *file)
{
	assert_true(holds("a", "1\n"));
	/* Of a file that lists its values, the one in brackets is written. */
	assert_true(holds("mode", "madvise"));
	assert_int_equal(access(file, F_OK), -1);
}

static void prepare(void)
{
	put("a", "1\n");
	put("mode", "always [madvise] never\n");
	setenv("TMPDIR", dir, 1);
}

static void at_the_end(void **state)
{
	char file[256];

	(void)state;
	prepare();
	undo_begin();
	change_all(file);
	undo_end();
	check_all(file);
}

static void on_request(void **state)
{
	char file[256];

	(void)state;
	prepare();
	undo_begin();
	change_all(file);
	change_undo(&lesson);
	check_all(file);
	put("a", "5\n");
	undo_end();
	assert_true(holds("a", "5\n"));
}

static void failed_change(void **state)
{
	(void)state;
	prepare();
	undo_begin();
	assert_int_equal(change_file(&lesson, in_dir("missing"), "1"), -1);
	assert_int_equal(change_file(&lesson, "/proc/version", "1"), -1);
	undo_end();
}

/* In a child that ends by `signo`; the guard may need a moment longer. */
static void killed_by(int signo)
{
	char file[256];
	int pair[2], status;
	pid_t pid;

	prepare();
	assert_int_equal(pipe(pair), 0);
	pid = fork();
	if (!pid) {
		undo_begin();
		change_all(file);
		assert_int_equal(write(pair[1], file, sizeof(file)), sizeof(file));
		kill(getpid(), signo);
		pause();
		_exit(0);
	}
	close(pair[1]);
	assert_int_equal(read(pair[0], file, sizeof(file)), sizeof(file));
	close(pair[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == signo);
	if (signo == SIGKILL)
		for (int i = 0; i < 400 && !(holds("a", "1\n") && access(file, F_OK)); i++)
			usleep(5000);
	check_all(file);
}

static void signals(void **state)
{
	(void)state;
	killed_by(SIGINT);
	killed_by(SIGTERM);
	killed_by(SIGHUP);
}

static void sigkill(void **state)
{
	(void)state;
	killed_by(SIGKILL);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(in_dir("a"));
	unlink(in_dir("mode"));
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("unit.undo.at_the_end", at_the_end),
		TEST("unit.undo.on_request", on_request),
		TEST("unit.undo.failed_change", failed_change),
		TEST("unit.undo.signals", signals),
		TEST("unit.undo.sigkill", sigkill),
	};

	return cmocka_run_group_tests_name("undo", tests, make_dir, remove_dir);
}
