// SPDX-License-Identifier: GPL-2.0
/*
 * files.c - opening, reading, closing and writing of each file of /proc/mmscope,
 * with each allocation and each user copy failing in turn.
 */
#include "nth.h"

static struct subject s;

/* Opened, read to its end and closed; what was read is the answer if `keep`. */
struct reading {
	char path[60];
	bool keep;
};

static int read_all(void *arg)
{
	const struct reading *r = arg;
	int file = open(r->path, O_RDONLY | O_CLOEXEC), err = 0;
	ssize_t n;

	if (file < 0)
		return errno;
	do {
		n = read(file, answer + answer_len, 4000);
		if (n > 0)
			answer_len += n;
	} while (n > 0);
	if (n < 0)
		err = errno;
	close(file);
	if (!r->keep || err) {
		memset(answer, 0, answer_len);
		answer_len = 0;
	}
	return err;
}

static void test_reading(const char *name, bool keep, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void test_reading(const char *name, bool keep, const char *format, ...)
{
	struct reading r = { .keep = keep };
	va_list args;

	va_start(args, format);
	vsnprintf(r.path, sizeof(r.path), format, args);
	va_end(args);
	nth_test(&(struct action){ .name = name, .run = read_all, .arg = &r });
}

/* ---- registering ---- */

static int targets = -1;
static char yes[16], no[17];

static int write_targets(const char *text)
{
	return write(targets, text, strlen(text)) < 0 ? errno : 0;
}

static bool is_listed(void)
{
	char dir[60], *list = read_text(MMSCOPE_PROC "/targets");
	bool in_list, has_dir;

	snprintf(dir, sizeof(dir), "%9d ", s.pid);
	in_list = list && strstr(list, dir);
	free(list);
	snprintf(dir, sizeof(dir), MMSCOPE_PROC "/%d/brk", s.pid);
	has_dir = !access(dir, F_OK);
	if (in_list != has_dir)
		tap_note("listed: %d, directory: %d", in_list, has_dir);
	return in_list || has_dir;
}

static int add(void *arg)
{
	(void)arg;
	return write_targets(yes);
}

static int take_away(void *arg)
{
	(void)arg;
	return write_targets(no);
}

static void undo_add(void *arg)
{
	int err = take_away(arg);

	if (err)
		tap_note("removing: %s", strerrorname_np(err));
}

static void undo_remove(void *arg)
{
	int err = add(arg);

	if (err)
		tap_note("registering: %s", strerrorname_np(err));
}

static bool not_listed(void *arg)
{
	(void)arg;
	return !is_listed();
}

static bool still_listed(void *arg)
{
	(void)arg;
	return is_listed();
}

int main(void)
{
	static const char *const formats[] = { "summary", "brk", "vmas", "resident", "locked" };
	char name[40];
	size_t i;

	subject_start(&s);
	nth_start("fault.proc.", 120);
	snprintf(yes, sizeof(yes), "%d", s.pid);
	snprintf(no, sizeof(no), "-%d", s.pid);
	test_reading("info", false, MMSCOPE_PROC "/info");	/* it counts queries */
	targets = open(MMSCOPE_PROC "/targets", O_WRONLY | O_CLOEXEC);
	if (targets < 0)
		tap_bail("targets: %s", strerror(errno));
	nth_test(&(struct action){ .name = "register", .run = add, .undo = undo_add,
				   .intact = not_listed });
	undo_remove(NULL);
	nth_test(&(struct action){ .name = "unregister", .run = take_away,
				   .undo = undo_remove, .intact = still_listed });
	test_reading("targets", true, MMSCOPE_PROC "/targets");
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		snprintf(name, sizeof(name), "pid.%s", formats[i]);
		test_reading(name, true, MMSCOPE_PROC "/%d/%s", s.pid, formats[i]);
		snprintf(name, sizeof(name), "self.%s", formats[i]);
		test_reading(name, false, MMSCOPE_PROC "/self/%s", formats[i]);
	}
	undo_add(NULL);
	ok(!is_listed(), "nothing_left");
	close(targets);
	subject_end(&s);
	return tap_end();
}
