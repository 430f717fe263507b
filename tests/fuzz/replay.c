// SPDX-License-Identifier: GPL-2.0
/*
 * replay.c - gives a target each input of its corpus, where there is no fuzzer:
 * what was found once stays found. As TAP, one result for the whole corpus.
 * usage: parse-X [FILE|FOLDER...]; without any, the corpus of that name.
 */
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

static char at[PATH_MAX + 300] = "nothing yet";
static unsigned int inputs;

/* A sanitizer aborts, too (abort_on_error): whatever ends it, the input is told. */
static void tell_where(int sig)
{
	static const char words[] = "# with the input ";

	if (write(STDOUT_FILENO, words, sizeof(words) - 1) < 0 ||
	    write(STDOUT_FILENO, at, strlen(at)) < 0 || write(STDOUT_FILENO, "\n", 1) < 0)
		_exit(125);
	signal(sig, SIG_DFL);
	raise(sig);
}

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "abort_on_error=1:detect_stack_use_after_return=1";
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

static void give(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *data;

	snprintf(at, sizeof(at), "%s", path);
	PROMISE(f && !fstat(fileno(f), &st));
	data = malloc((size_t)st.st_size + !st.st_size);
	PROMISE(data && fread(data, 1, (size_t)st.st_size, f) == (size_t)st.st_size);
	fclose(f);
	LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
	free(data);
	inputs++;
}

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void give_all(const char *path)
{
	struct dirent **entry;
	int n = scandir(path, &entry, visible, alphasort);

	if (n < 0) {
		give(path);
		return;
	}
	for (int i = 0; i < n; i++) {
		char file[PATH_MAX + 300];

		snprintf(file, sizeof(file), "%s/%s", path, entry[i]->d_name);
		give(file);
		free(entry[i]);
	}
	free(entry);
}

/* build/tests/unit/parse-X is of the tree that has tests/fuzz/corpus/parse-X. */
static const char *own_corpus(const char **name)
{
	static char path[PATH_MAX + 300], self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash = n > 0 ? strrchr(self, '/') : NULL, *tree = strstr(self, "/build/tests/");

	PROMISE(slash && tree);
	*name = slash + 1;
	snprintf(path, sizeof(path), "%.*s/tests/fuzz/corpus/%s", (int)(tree - self), self, *name);
	return path;
}

int main(int argc, char **argv)
{
	const char *name, *corpus = own_corpus(&name);

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGABRT, tell_where);
	signal(SIGALRM, tell_where);
	alarm(100);
	if (argc < 2)
		give_all(corpus);
	for (int i = 1; i < argc; i++)
		give_all(argv[i]);
	/* The very least: none at all. */
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	printf("# %u inputs\n", inputs);
	printf("%s 1 - unit.%s.corpus\n1..1\n", inputs ? "ok" : "not ok", name);
	return !inputs;
}
