// SPDX-License-Identifier: GPL-2.0
/*
 * misbehave.c - a program that does one thing that a graded program should not, or
 * need not do: it hangs, crashes, forks without end, prints without end.
 * usage: misbehave WAY
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void hang(void)
{
	for (;;)
		;
}

static void ignore(void)
{
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	for (;;)
		pause();
}

static void crash(void)
{
	volatile int *volatile nowhere = NULL;

	*nowhere = 1;
}

static void fork_bomb(void)
{
	for (;;)
		if (fork() < 0)
			_exit(1);
}

static void chatter(void)
{
	for (;;)
		printf("%0500d\n", 1);
}

static void hog(void)
{
	for (char *p; (p = malloc(1 << 20));)
		memset(p, 1, 1 << 20);
	printf("no memory\n");
	exit(3);
}

static void leave(void)
{
	if (!fork())
		ignore();
}

/* A child that nobody has any more. */
static void daemonize(void)
{
	pid_t pid = fork();

	if (!pid) {
		setsid();
		if (!fork())
			ignore();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void *sleep_on(void *arg)
{
	pause();
	return arg;
}

static void threads(void)
{
	pthread_attr_t small;
	pthread_t thread;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	while (!pthread_create(&thread, &small, sleep_on, NULL))
		;
	pause();
}

static void stop(void)
{
	raise(SIGSTOP);
}

static void deaf(void)
{
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
}

static void big_file(void)
{
	char name[] = "/tmp/misbehave.XXXXXX", data[65536] = "";
	int fd = mkstemp(name);

	unlink(name);
	while (write(fd, data, sizeof(data)) > 0)
		;
}

static void kill_parent(void)
{
	kill(getppid(), SIGKILL);
}

/* fork() failed, and nobody looked. */
static void kill_all(void)
{
	kill(-1, SIGKILL);
}

static void kill_child(void)
{
	pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*act)(void);
	} ways[] = {
		{ "hang", hang }, { "ignore", ignore }, { "crash", crash }, { "abort", abort },
		{ "fork", fork_bomb }, { "chatter", chatter }, { "hog", hog }, { "leave", leave },
		{ "daemon", daemonize }, { "threads", threads }, { "stop", stop },
		{ "deaf", deaf }, { "file", big_file }, { "kill-parent", kill_parent },
		{ "kill-all", kill_all }, { "kill-child", kill_child },
	};

	printf("begin\n");
	for (size_t i = 0; argc > 1 && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(argv[1], ways[i].name))
			ways[i].act();
	printf("end\n");
	return 0;
}
