/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fuzz-ioctl.c - programs of calls that know the structures: mostly right in shape,
 * wrong in a field or a pointer, at processes that come and go. First those of the
 * corpus, then these changed, and new ones; where KCOV tells what they reach, those
 * that reach something new are kept and changed further.
 * usage: fuzz-ioctl [SEED [COUNT]]
 *
 * In the environment, for scripts/fuzz: MMSCOPE_FUZZ_SITES, a file of the blocks of
 * the module (coverage.h); MMSCOPE_FUZZ_OUT, a folder for a corpus that reaches all
 * that was reached; MMSCOPE_FUZZ_SAY, to print each program before it is run.
 */
#include <dirent.h>
#include <limits.h>
#include <time.h>

#include "coverage.h"
#include "execute.h"

#define QUEUE_MAX	20000
#define TOLD_MAX	5

static struct program *queue[QUEUE_MAX];
static unsigned int queued, programs, broken;
static struct program first;	/* that broke one: told below the verdict, too */
static char *first_why;
static const char *out;
static bool say;

/* ---- running ---- */

static void tell(const char *why, const struct program *p)
{
	char *text = program_text(p);

	tap_note("%s:\n%s", why, text);
	free(text);
}

/* Runs it; false if it breaks a promise. */
static bool run(const struct program *p)
{
	const char *why;

	if (say)
		tell("program", p);
	why = execute(p);
	programs++;
	if (why && !broken) {
		first = *p;
		first_why = strdup(why);
	}
	if (why && ++broken <= TOLD_MAX)
		tell(why, p);
	return !why;
}

static void keep(const struct program *p)
{
	struct program *copy;

	if (queued == QUEUE_MAX)
		return;
	copy = malloc(sizeof(*copy));
	*copy = *p;
	queue[queued++] = copy;
}

/* Less of it that still reaches all that was new in it. */
static void shorten(struct program *p, unsigned int fresh)
{
	struct program less;
	unsigned int i;

	for (i = p->count; i-- > 0 && p->count > 1;) {
		less = *p;
		program_drop(&less, i);
		run(&less);
		if (coverage_again() == fresh)
			*p = less;
	}
}

/* And fields as they usually are. */
static void plainer(struct program *p, unsigned int fresh)
{
	unsigned int i, k;

	for (i = 0; i < p->count; i++)
		for (k = 0; k < FIELDS_MAX && op_info[p->call[i].op].field[k].kind; k++) {
			struct program less = *p;

			if (!program_plain(&less.call[i], k))
				continue;
			run(&less);
			if (coverage_again() == fresh)
				*p = less;
		}
}

static void try(const struct program *p)
{
	struct program kept = *p;
	unsigned int fresh;

	run(p);
	fresh = coverage_add();
	if (!fresh)
		return;
	shorten(&kept, fresh);
	keep(&kept);
}

static void try_something(void)
{
	struct program p;

	/* What was kept last has been tried least. */
	if (!queued || one_in(6)) {
		program_make(&p);
	} else {
		p = *queue[one_in(3) ? queued - 1 - rnd() % (queued / 8 + 1) : rnd() % queued];
		program_mutate(&p, queue[rnd() % queued]);
	}
	try(&p);
}

/* ---- the corpus ---- */

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static const char *corpus_folder(void)
{
	static char path[PATH_MAX + 40];
	char self[PATH_MAX], *tree;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = '\0';
	tree = strstr(self, "/build/tests/");
	if (tree)
		*tree = '\0';
	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/ioctl", self);
	return path;
}

/* Returns how many files could not be read. */
static unsigned int replay(void)
{
	const char *folder = corpus_folder();
	struct dirent **entry;
	int n = scandir(folder, &entry, visible, alphasort), i;
	unsigned int bad = 0, line;
	struct program p;

	for (i = 0; i < n; i++) {
		char *text = read_text("%s/%s", folder, entry[i]->d_name);

		if (text && program_parse(&p, text, &line)) {
			run(&p);
			coverage_add();
			keep(&p);
		} else {
			tap_note("%s: line %u: not a program", entry[i]->d_name, line);
			bad++;
		}
		free(text);
		free(entry[i]);
	}
	tap_note("%d programs of the corpus; %lu blocks, %lu edges", n, coverage_blocks(),
		 coverage_edges());
	return n <= 0 ? 1 : bad;
}

/* The name is of what is in it: the last call, and a hash of the whole. */
static void write_program(const struct program *p)
{
	char *text = program_text(p), path[PATH_MAX];
	u64 hash = 0xcbf29ce484222325ULL;
	FILE *f;

	for (const char *c = text; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 0x100000001b3ULL;
	snprintf(path, sizeof(path), "%s/%s-%08x", out, op_info[p->call[p->count - 1].op].name,
		 (u32)(hash ^ hash >> 32));
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		tap_note("%s: %s", path, strerror(errno));
	free(text);
}

static int by_length(const void *a, const void *b)
{
	const struct program *const *x = a, *const *y = b;

	return (int)(*x)->count - (int)(*y)->count;
}

/* Of all that were kept those that, one after the other, still add something. */
static void write_corpus(time_t end)
{
	unsigned int i, fresh, written = 0;

	coverage_forget();
	qsort(queue, queued, sizeof(queue[0]), by_length);
	for (i = 0; i < queued; i++) {
		run(queue[i]);
		fresh = coverage_add();
		if (!fresh)
			continue;
		if (time(NULL) < end)
			shorten(queue[i], fresh);
		if (time(NULL) < end)
			plainer(queue[i], fresh);
		write_program(queue[i]);
		written++;
	}
	tap_note("%u programs written, which reach %lu blocks, %lu edges", written,
		 coverage_blocks(), coverage_edges());
}

/* ---- the whole ---- */

static void report(time_t began)
{
	time_t took = time(NULL) - began + 1;
	unsigned int i;

	tap_note("%llu calls in %u programs, %ld s, %llu calls a second", calls_made, programs,
		 (long)took, calls_made / took);
	for (i = 0; i < ERRNOS; i++)
		if (answers[i])
			tap_note("%llu x %s", answers[i], i ? strerrorname_np(i) : "success");
	if (coverage_on())
		tap_note("%u programs kept", queued);
	coverage_report();
}

static void progress(time_t began)
{
	static time_t last;

	if (time(NULL) < last + 20)
		return;
	last = time(NULL);
	tap_note("%4ld s: %llu calls, %u kept, %lu of %lu blocks, %lu edges", (long)(last - began),
		 calls_made, queued, coverage_blocks(), coverage_all_blocks(), coverage_edges());
}

int main(int argc, char **argv)
{
	const char *given = argc > 1 ? argv[1] : getenv("MMSCOPE_FUZZ_SEED");
	const char *seconds = getenv("MMSCOPE_FUZZ_SECONDS"), *why = "";
	u64 count = argc > 2 ? strtoull(argv[2], NULL, 0) : ~0ULL, seed;
	time_t began = time(NULL), end = began + (seconds ? strtol(seconds, NULL, 0) : 60);
	struct mmscope_info info;
	unsigned int bad;

	/* Without a number it is as many as there is time for. */
	tap_start("fuzz.", argc > 2 ? 0 : 2 * (end - began) + 420);
	seed = given ? strtoull(given, NULL, 0) : (u64)began << 20 ^ getpid();
	out = getenv("MMSCOPE_FUZZ_OUT");
	say = getenv("MMSCOPE_FUZZ_SAY");
	execute_begin();
	random_seed(seed);
	if (!coverage_begin(getenv("MMSCOPE_FUZZ_SITES"), &why))
		tap_note("blind: %s", why);
	bad = replay();
	while (calls_made < count && (argc > 2 || time(NULL) < end)) {
		try_something();
		progress(began);
	}
	tap_note("again with: fuzz-ioctl %llu %llu", seed, calls_made);
	report(began);
	if (out && coverage_on())
		write_corpus(time(NULL) + (end - began) / 4 + 60);
	execute_end();
	eq(bad, 0, "corpus_is_read");
	eq(broken, 0, "promises_kept");
	if (broken)
		tell(first_why, &first);
	ok(answers[0] > calls_made / 20, "some_calls_succeed");
	if (coverage_on())
		ok(coverage_blocks() > coverage_all_blocks() / 2, "reaches_the_module");
	eq_err(get_info(session(), &info), 0, "works_after_it");
	return tap_end();
}
