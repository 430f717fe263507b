/* SPDX-License-Identifier: GPL-2.0 */
/*
 * names.c - files with names of any bytes, very long, deleted or only called so,
 * and renamed while they are read: whole in the ABI and in JSON, escaped in all
 * that is text. The oracles are maps and the links in map_files.
 */
#include <json-c/json.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "storm.h"

#define FOLDER	"/tmp/mmscope-storm-names"
#define MOST	96
#define LONGEST	20000

static struct file {
	u64 start;
	int deleted;
	char path[LONGEST];
} *files;
static int *count;
static struct subject s;
static int fd;

/* ---- in the subject: files of all names, each mapped ---- */

static void map_file(int folder, const char *name, const char *path, bool deleted)
{
	struct file *f = &files[*count];
	int file = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (file < 0 || *count == MOST)
		return;
	if (ftruncate(file, page))
		return;
	f->start = (uintptr_t)isle(page, PROT_READ, MAP_SHARED, file, 0);
	f->deleted = deleted;
	snprintf(f->path, sizeof(f->path), "%s%s", path, deleted ? " (deleted)" : "");
	if (deleted)
		unlinkat(folder, name, 0);
	close(file);
	(*count)++;
}

static void in_folder(const char *name, bool deleted)
{
	char path[600];

	snprintf(path, sizeof(path), FOLDER "/%s", name);
	map_file(AT_FDCWD, path, path, deleted);
}

/* A path of exactly this length, made a folder at a time. */
static void of_length(size_t length, bool deleted)
{
	static char path[LONGEST];
	char name[256];
	size_t len, n;
	int at = open(FOLDER, O_PATH | O_DIRECTORY), next;

	len = snprintf(path, sizeof(path), FOLDER "/%zu%s", length, deleted ? "d" : "");
	mkdir(path, 0700);
	next = open(path, O_PATH | O_DIRECTORY);
	for (; length - len > 250; len += n + 1) {
		close(at);
		at = next;
		n = 200;
		memset(name, 'a' + len % 26, n);
		name[n] = 0;
		if (mkdirat(at, name, 0700))
			return;
		next = openat(at, name, O_PATH | O_DIRECTORY);
		snprintf(path + len, sizeof(path) - len, "/%s", name);
	}
	n = length - len - 1;
	memset(name, 'z', n);
	name[n] = 0;
	snprintf(path + len, sizeof(path) - len, "/%s", name);
	map_file(next, name, path, deleted);
	close(at);
	close(next);
}

static void random_name(char *name)
{
	static const char nasty[] = " \\\n\t\r\x1b\x7f\x9b\"'0x12()";
	size_t n = 1 + below(one_in(4) ? 255 : 40), i;

	for (i = 0; i < n; i++)
		do {
			name[i] = one_in(3) ? (char)(1 + below(255)) :
					      nasty[below(sizeof(nasty) - 1)];
		} while (name[i] == '/' || !name[i]);
	name[n] = 0;
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		name[0] = 'x';
}

static long make_files(void *arg)
{
	static const char *const names[] = {
		"new\nline", "tab\tand\rreturn", "back\\slash", "\\012 is no newline",
		"two  blanks ",
		" blank before", "\x1b[31mred\x1b]0;title\x07", "\x7f", "\x9b" "31m", "\xff\xfe",
		"cut \xe2\x82", "\xe2\x82\xac whole", "\xed\xa0\x80 surrogate", "\xc0\xaf overlong",
		"\xf4\x90\x80\x80 beyond", "\xe2\x80\xae turned round", "quote \" ' `", "(deleted)",
		"is there (deleted)", "$(reboot)", "-", "\x01\x02\x03",
	};
	char name[256];
	size_t i;

	(void)arg;
	umask(0077);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		in_folder(names[i], false);
	in_folder("gone", true);
	in_folder("gone twice (deleted)", true);
	in_folder("gone\n(deleted)\x1b[0m", true);
	rnd_stream(7);
	for (i = 0; i < 40; i++) {
		random_name(name);
		in_folder(name, one_in(4));
	}
	of_length(4000, false);
	of_length(4095, false);
	of_length(4095, true);
	of_length(6000, false);
	return *count;
}

/* ---- the ABI, maps, map_files ---- */

static const struct file *file_at(u64 start)
{
	int i;

	for (i = 0; i < *count; i++)
		if (files[i].start == start)
			return &files[i];
	return NULL;
}

static void check_link(const struct file *f)
{
	char path[100], link[4400];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", s.pid, f->start,
		 f->start + page);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0 && errno == ENAMETOOLONG) {
		tick("names that are too long for map_files");
		return;
	}
	if (!holds("map_files.readable", n > 0, "%s: %s", path, strerror(errno)))
		return;
	link[n] = 0;
	holds("map_files.same", !strcmp(link, f->path), "%.100s, not %.100s", f->path, link);
}

static void check_abi(void)
{
	struct snapshot snap;
	int found = 0;
	u64 i;

	eq_err(get_vmas(fd, 0, ALL_END, false, &snap), 0, "abi.answered");
	check_vmas(&snap, 0, ALL_END, false);
	for (i = 0; i < snap.count; i++) {
		const struct mmscope_vma *v = &snap.vmas[i];
		const struct file *f = file_at(v->start);

		if (!f)
			continue;
		found++;
		holds("abi.name_is_whole", v->name_len == strlen(f->path) &&
		      !strcmp(snap.names + v->name_offset, f->path), "%.100s, wants %.100s",
		      snap.names + v->name_offset, f->path);
		holds("abi.deleted", !!(v->role & MMSCOPE_ROLE_DELETED) == f->deleted, "%.100s",
		      f->path);
		check_link(f);
	}
	eq(found, *count, "abi.all_files");
	check_against_maps(s.pid, &snap);
	free_vmas(&snap);
}

/* ---- text ---- */

static bool is_utf8(const char *p)
{
	/* The C library's own judgement would hang on the locale. */
	const unsigned char *t = (const unsigned char *)p;

	while (*t) {
		int more = *t < 0x80 ? 0 : *t >= 0xc2 && *t < 0xe0 ? 1 : (*t & 0xf0) == 0xe0 ? 2 :
			   *t >= 0xf0 && *t < 0xf5 ? 3 : -1;

		if (more < 0 || (*t == 0xe0 && t[1] < 0xa0) || (*t == 0xed && t[1] > 0x9f) ||
		    (*t == 0xf0 && t[1] < 0x90) || (*t == 0xf4 && t[1] > 0x8f))
			return false;
		for (t++; more; more--, t++)
			if ((*t & 0xc0) != 0x80)
				return false;
	}
	return true;
}

/* Takes the escapes of either text back: \n and the like, \ooo, \xhh. */
static void unescape(const char *text, char *out)
{
	static const char from[] = "nrtvfae\\\"", to[] = "\n\r\t\v\f\a\x1b\\\"";
	const char *known;
	unsigned int byte;

	while (*text) {
		if (*text != '\\') {
			*out++ = *text++;
		} else if (text[1] == 'x' && sscanf(text + 2, "%2x", &byte) == 1) {
			*out++ = byte;
			text += 4;
		} else if (strchr("0123", text[1]) && sscanf(text + 1, "%3o", &byte) == 1) {
			*out++ = byte;
			text += 4;
		} else if (text[1] && (known = strchr(from, text[1]))) {
			*out++ = to[known - from];
			text += 2;
		} else {
			*out++ = *text++;
		}
	}
	*out = 0;
}

static bool is_plain(const char *line)
{
	for (; *line; line++)
		if ((unsigned char)*line < ' ' || *line == 0x7f)
			return false;
	return true;
}

/* Each file has its line, whose rest from the name on says its path. */
static void check_text(char *text, const char *what, bool ascii)
{
	static char plain[LONGEST * 4];
	char *line, *rest, *name;
	int found = 0, bad = 0, differ = 0;

	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		const struct file *f = file_at(strtoull(line, NULL, 16));
		const char *p;

		bad += !is_plain(line) || !is_utf8(line);
		for (p = line; ascii && *p; p++)
			bad += !!(*p & 0x80);
		if (!f)
			continue;
		found++;
		name = strchr(line, '/');
		unescape(name ? name : "", plain);
		if (strcmp(plain, f->path)) {
			differ++;
			tap_note("%s: %.120s", what, line);
		}
	}
	eq(bad, 0, "%s.no_byte_that_a_terminal_obeys", what);
	eq(found, *count, "%s.a_line_each", what);
	eq(differ, 0, "%s.unescaped_it_is_the_name", what);
}

static char *output_of(const char *format, pid_t pid)
{
	char command[200];
	size_t room = 4 << 20, n;
	char *text = calloc(1, room);
	FILE *pipe;

	snprintf(command, sizeof(command), format, pid);
	pipe = popen(command, "r");
	n = fread(text, 1, room - 1, pipe);
	text[n] = 0;
	if (!ok(!pclose(pipe) && n, "command.%s", strstr(format, "json") ? "json" : "text"))
		tap_note("%s", command);
	return text;
}

/* ---- JSON ---- */

static void from_hex(const char *hex, char *out)
{
	unsigned int byte;

	for (; *hex && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		*out++ = byte;
	*out = 0;
}

static const char *member(json_object *o, const char *name)
{
	json_object *value;

	return json_object_object_get_ex(o, name, &value) ? json_object_get_string(value) : NULL;
}

static void check_json(const char *text)
{
	static char bytes[LONGEST];
	json_object *all = json_tokener_parse(text), *vmas = NULL;
	int found = 0, differ = 0, form = 0;
	size_t i;

	if (!ok(all && json_object_object_get_ex(all, "vmas", &vmas), "json.parses"))
		return;
	for (i = 0; i < json_object_array_length(vmas); i++) {
		json_object *vma = json_object_array_get_idx(vmas, i);
		const char *start = member(vma, "start"), *name = member(vma, "name");
		const char *hex = member(vma, "name_hex");
		const struct file *f = file_at(strtoull(start, NULL, 16));

		if (!f)
			continue;
		found++;
		/* What is no UTF-8 is marked in the name, and whole in hexadecimal. */
		form += !!hex != !is_utf8(f->path) || (hex && !strstr(name, "\xef\xbf\xbd"));
		snprintf(bytes, sizeof(bytes), "%s", name);
		if (hex)
			from_hex(hex, bytes);
		if (strcmp(bytes, f->path)) {
			differ++;
			tap_note("json: %.120s, wants %.120s", name, f->path);
		}
	}
	json_object_put(all);
	eq(found, *count, "json.all_files");
	eq(form, 0, "json.form_is_as_documented");
	eq(differ, 0, "json.it_is_the_name");
}

/* ---- longer than anybody has room for ---- */

static long make_longest(void *arg)
{
	(void)arg;
	*count = 0;
	of_length(9000, false);
	of_length(17000, false);
	return *count;
}

static void check_longest(void)
{
	struct snapshot snap;
	int whole = 0, none = 0, i;
	u64 k;

	eq(subject_call(&s, make_longest, NULL), 2, "longest.made");
	get_vmas(fd, 0, ALL_END, false, &snap);
	for (k = 0; k < snap.count; k++)
		for (i = 0; i < *count; i++) {
			const struct mmscope_vma *v = &snap.vmas[k];

			if (v->start != files[i].start)
				continue;
			none += !v->name_len && v->inode;
			whole += v->name_len == strlen(files[i].path) &&
				 !strcmp(snap.names + v->name_offset, files[i].path);
		}
	/* Cut in two it would be a wrong name: it is whole, or there is none. */
	eq(whole + none, 2, "longest.whole_or_none");
	ok(whole >= 1, "longest.of_9000_bytes_is_whole");
	free_vmas(&snap);
}

/* ---- renamed while it is read ---- */

static char one[600], other[600];

static void rename_on(void *arg)
{
	int f = open(one, O_RDWR | O_CREAT, 0600);

	if (f < 0 || ftruncate(f, page))
		_exit(91);
	*(u64 *)arg = (uintptr_t)isle(page, PROT_READ, MAP_SHARED, f, 0);
	((volatile int *)arg)[2] = 1;
	for (;;) {
		rename(one, other);
		rename(other, one);
	}
}

static void check_renamed(int session_fd, u64 start, u64 *seen)
{
	struct snapshot snap;
	const char *name;

	if (holds("renamed.answered", !get_vmas(session_fd, start, start + page, false, &snap) &&
		  snap.count == 1, "%llu VMAs", snap.count)) {
		name = snap.names + snap.vmas[0].name_offset;
		seen[!strcmp(name, one)]++;
		holds("renamed.one_name_or_the_other", !strcmp(name, one) || !strcmp(name, other),
		      "%.220s", name);
	}
	free_vmas(&snap);
}

static void check_renamed_text(pid_t pid)
{
	char *text = read_text("/proc/mmscope/%d/vmas", pid), *p;
	size_t n;

	if (!holds("renamed.text", text != NULL, "%s", strerror(errno)))
		return;
	p = strstr(text, "/tmp/mmscope-storm-names/");
	n = p ? strcspn(p, "\n") : 0;
	holds("renamed.text_is_one_or_the_other", p && ((n == strlen(one) && !memcmp(p, one, n)) ||
	      (n == strlen(other) && !memcmp(p, other, n))), "%.220s", p ? p : "no line");
	free(text);
}

static void test_renamed(void)
{
	volatile u64 *start = shared(page);
	u64 seen[2] = { 0 };
	char number[20];
	pid_t pid;
	int f;

	snprintf(one, sizeof(one), FOLDER "/%0200d", 1);
	snprintf(other, sizeof(other), FOLDER "/%0150d/%090d", 2, 2);
	other[sizeof(FOLDER) + 150] = 0;
	mkdir(other, 0700);
	other[sizeof(FOLDER) + 150] = '/';
	pid = child_of(rename_on, (void *)start);
	await(pid, (volatile int *)start + 2);
	snprintf(number, sizeof(number), "%d", pid);
	write_text("/proc/mmscope/targets", number);
	f = session_of(pid);
	storm_begin();
	while (storm_on()) {
		check_renamed(f, *start, seen);
		check_renamed_text(pid);
	}
	tap_note("seen under one name %llu times, under the other %llu", seen[1], seen[0]);
	ok(seen[0] && seen[1], "renamed.both_were_seen");
	judge("renamed.answered");
	judge("renamed.one_name_or_the_other");
	judge("renamed.text");
	judge("renamed.text_is_one_or_the_other");
	kill(pid, SIGKILL);
	wait_for(pid);
	close(f);
}

int main(void)
{
	static const char *const names[] = {
		"vmas.names_are_whole", "abi.name_is_whole", "abi.deleted", "map_files.readable",
		"map_files.same", "maps.as_many", "maps.same_records", "maps.same_names",
	};
	char *text, number[20];
	size_t i;

	storm_start("storm.names.");
	storm_seconds /= 2;
	if (system("rm -rf " FOLDER) || mkdir(FOLDER, 0700))
		tap_bail("%s: %s", FOLDER, strerror(errno));
	files = shared(MOST * sizeof(*files));
	count = shared(page);
	subject_start(&s);
	fd = session_of(s.pid);
	ok(subject_call(&s, make_files, NULL) > 60, "files_made");
	check_abi();
	for (i = 0; i < ARRAY_SIZE(names); i++)
		judge(names[i]);
	snprintf(number, sizeof(number), "%d", s.pid);
	eq_err(write_text("/proc/mmscope/targets", number), 0, "registered");
	text = read_text("/proc/mmscope/%d/vmas", s.pid);
	if (ok(text != NULL, "proc.readable"))
		check_text(text, "proc", true);
	free(text);
	text = output_of("mmscope vmas %d --noheadings -o START,NAME", s.pid);
	check_text(text, "command", false);
	free(text);
	text = output_of("mmscope vmas %d --json", s.pid);
	check_json(text);
	free(text);
	check_longest();
	subject_end(&s);
	test_renamed();
	if (system("rm -rf " FOLDER))
		tap_note("%s could not be removed", FOLDER);
	return storm_end();
}
