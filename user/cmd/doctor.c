// SPDX-License-Identifier: GPL-2.0
/*
 * doctor.c - mmscope doctor: what is missing, and the command that mends it.
 * Each check is a row of a table; it looks at the machine, never changes it.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include "cmd.h"
#include "../view/json.h"

enum level { LEVEL_OK, LEVEL_INFO, LEVEL_WARN, LEVEL_FAIL };

struct finding {
	enum level level;
	char text[200];
	char mend[200];
};

/* What several checks look at. */
struct machine {
	struct utsname uts;
	struct mmscope_info info;
	struct mms_error lack;	/* why info is not there */
	bool has_module;
	char *config;		/* of the running kernel, or NULL */
};

static struct finding __attribute__((format(printf, 3, 4)))
finding(enum level level, const char *mend, const char *format, ...)
{
	struct finding f = { .level = level };
	va_list ap;

	va_start(ap, format);
	vsnprintf(f.text, sizeof(f.text), format, ap);
	va_end(ap);
	snprintf(f.mend, sizeof(f.mend), "%s", mend ? mend : "");
	return f;
}

/* The start of a small file; false if it cannot be read. */
static bool read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return false;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return true;
}

/* Both /boot/config-* and /proc/config.gz: zlib reads what is not packed as it is. */
static char *read_config(const struct utsname *uts)
{
	char path[2][300] = { "", "/proc/config.gz" };
	char *text = malloc(1 << 20);
	gzFile file = NULL;
	int n = -1;

	snprintf(path[0], sizeof(path[0]), "/boot/config-%s", uts->release);
	for (int i = 0; text && !file && i < 2; i++)
		file = gzopen(path[i], "re");
	if (file) {
		n = gzread(file, text, (1 << 20) - 1);
		gzclose(file);
	}
	if (n <= 0) {
		free(text);
		return NULL;
	}
	text[n] = '\0';
	return text;
}

/* ---- the checks ------------------------------------------------------------ */

static struct finding check_proc(const struct machine *m)
{
	(void)m;
	if (access("/proc/self/stat", R_OK))
		return finding(LEVEL_FAIL, "mount -t proc proc /proc", "/proc is not mounted");
	return finding(LEVEL_OK, NULL, "/proc is mounted");
}

/* The first file of that pattern. */
static bool find_file(char *path, size_t size, const char *pattern)
{
	glob_t found;
	bool there = !glob(pattern, 0, NULL, &found);

	if (there) {
		snprintf(path, size, "%s", found.gl_pathv[0]);
		globfree(&found);
	}
	return there;
}

/* Where modprobe finds it, for the running kernel: dkms puts it there, of Debian and others. */
static bool is_installed(const struct machine *m)
{
	static const char *const places[] = { "updates/dkms", "extra", "updates" };
	char pattern[320], path[320];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(pattern, sizeof(pattern), "/lib/modules/%s/%s/mmscope.ko*",
			 m->uts.release, places[i]);
		if (find_file(path, sizeof(path), pattern))
			return true;
	}
	return false;
}

static struct finding check_module(const struct machine *m)
{
	char path[300];

	if (m->has_module)
		return finding(LEVEL_OK, NULL, "loaded, version %s", m->info.version);
	if (m->lack.status == MMS_DENIED)
		return finding(LEVEL_OK, NULL, "loaded, as its device shows");
	if (is_installed(m))
		return finding(LEVEL_FAIL, "modprobe mmscope", "%s; it is installed for this kernel",
			       m->lack.why);
	if (!access("mmscope.ko", R_OK))
		return finding(LEVEL_FAIL, "insmod mmscope.ko", "%s", m->lack.why);
	if (find_file(path, sizeof(path), "/usr/src/mmscope-*/dkms.conf"))
		return finding(LEVEL_FAIL, "dkms autoinstall && modprobe mmscope",
			       "%s; dkms has its source, and has not built it for this kernel",
			       m->lack.why);
	return finding(LEVEL_FAIL, "make module && insmod mmscope.ko", "%s", m->lack.why);
}

static struct finding check_version(const struct machine *m)
{
	if (!m->has_module)
		return finding(LEVEL_INFO, NULL, "not asked: no answer from the module");
	if (strcmp(m->info.version, mms_version()))
		return finding(LEVEL_WARN, is_installed(m) ? "rmmod mmscope && modprobe mmscope" :
			       "make module && rmmod mmscope && insmod mmscope.ko",
			       "the module is %s, this tool %s; both speak ABI %u",
			       m->info.version, mms_version(), m->info.abi);
	return finding(LEVEL_OK, NULL, "module and tool are %s, ABI %u", mms_version(),
		       m->info.abi);
}

/* An administrator may have kept it for a group (60-mmscope.rules). */
static struct finding closed_device(void)
{
	struct group *group = NULL;
	struct stat st;
	char mend[200];

	if (!stat(MMSCOPE_DEVICE, &st) && st.st_gid && (st.st_mode & S_IRGRP))
		group = getgrgid(st.st_gid);
	if (!group)
		return finding(LEVEL_FAIL,
			       "chmod a+r " MMSCOPE_DEVICE " (as root; each query still checks rights)",
			       MMSCOPE_DEVICE " may not be opened by you");
	snprintf(mend, sizeof(mend), "adduser YOU %s (as root; then log in again)", group->gr_name);
	return finding(LEVEL_FAIL, mend, MMSCOPE_DEVICE " is for the group %s", group->gr_name);
}

static struct finding check_device(const struct machine *m)
{
	if (access(MMSCOPE_DEVICE, F_OK))
		return finding(m->has_module ? LEVEL_FAIL : LEVEL_INFO,
			       m->has_module ? "mount -t devtmpfs dev /dev" : NULL,
			       MMSCOPE_DEVICE " is not there");
	if (access(MMSCOPE_DEVICE, R_OK))
		return closed_device();
	return finding(LEVEL_OK, NULL, MMSCOPE_DEVICE " can be opened");
}

static struct finding check_headers(const struct machine *m)
{
	char path[300], mend[300];

	snprintf(path, sizeof(path), "/lib/modules/%s/build/Makefile", m->uts.release);
	if (!access(path, R_OK))
		return finding(LEVEL_OK, NULL, "headers for %s are installed", m->uts.release);
	snprintf(mend, sizeof(mend), "apt-get install linux-headers-%s", m->uts.release);
	return finding(LEVEL_WARN, mend,
		       "no headers for the running kernel %s: the module cannot be built for it",
		       m->uts.release);
}

/* ---- signatures ------------------------------------------------------------ */

#define EFI	"/sys/firmware/efi/"

/* All of a small file that is not text; its size, or -1. */
static ssize_t read_bytes(const char *path, void *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size);

	if (fd >= 0)
		close(fd);
	return n;
}

/* The variable is four bytes of attributes, then 0 or 1. */
static bool secure_boot(void)
{
	unsigned char value[5] = { 0 };

	return read_bytes(EFI "efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
			  value, 5) == 5 && value[4] == 1;
}

/* Why this kernel wants a signature; false if it does not. */
static bool wants_signature(char *why, size_t size)
{
	char text[128], *mode = NULL;

	if (read_text("/sys/kernel/security/lockdown", text, sizeof(text)))
		mode = strchr(text, '[');
	if (mode && strncmp(mode, "[none]", 6)) {
		mode[strcspn(mode, "]")] = '\0';
		snprintf(why, size, "the kernel is locked down (%s)%s", mode + 1,
			 secure_boot() ? " by Secure Boot" : "");
		return true;
	}
	if (read_text("/sys/module/module/parameters/sig_enforce", text, sizeof(text)) &&
	    text[0] == 'Y')
		snprintf(why, size, "the kernel takes signed modules only");
	else if (secure_boot())
		snprintf(why, size, "Secure Boot is on: modules may need a signature");
	else
		return false;
	return true;
}

enum enrolled { ENROLLED_NO, ENROLLED_YES, ENROLLED_UNKNOWN };

/* The machine owner's keys, as the boot loader hands them on, hold a certificate as it is. */
static enum enrolled is_enrolled(const char *certificate)
{
	static const char *const lists[] = { EFI "mok-variables/MokListRT*",
					     EFI "efivars/MokListRT*-605dab50-*" };
	enum enrolled told = ENROLLED_UNKNOWN;
	size_t room = 1 << 18;
	char *list = malloc(room), der[4096];
	ssize_t size = read_bytes(certificate, der, sizeof(der)), n;
	glob_t found = { 0 };

	for (int i = 0; i < 2; i++)
		glob(lists[i], i ? GLOB_APPEND : 0, NULL, &found);
	for (size_t i = 0; list && size > 0 && i < found.gl_pathc; i++) {
		n = read_bytes(found.gl_pathv[i], list, room);
		if (n > 0 && told != ENROLLED_YES)
			told = memmem(list, n, der, size) ? ENROLLED_YES : ENROLLED_NO;
	}
	/* There is no such list as long as no key was enrolled. */
	if (told == ENROLLED_UNKNOWN && size > 0 && !access(EFI "efivars", R_OK) && !found.gl_pathc)
		told = ENROLLED_NO;
	globfree(&found);
	free(list);
	return told;
}

/* The key that dkms makes for itself, and Ubuntu's; its certificate can be read by all. */
static bool signing_key(char *path, size_t size)
{
	return find_file(path, size, "/var/lib/dkms/mok.pub") ||
	       find_file(path, size, "/var/lib/shim-signed/mok/MOK.der");
}

static struct finding check_signatures(const struct machine *m)
{
	char why[120], key[64], mend[200];

	if (m->has_module)
		return finding(LEVEL_OK, NULL, "the kernel took the module");
	if (!wants_signature(why, sizeof(why)))
		return finding(LEVEL_OK, NULL, "unsigned modules are allowed");
	if (access(EFI, F_OK))
		return finding(LEVEL_WARN, "boot without module.sig_enforce=1 and lockdown=, or use the lab VM: make vm",
			       "%s; without UEFI no key can be enrolled", why);
	if (!signing_key(key, sizeof(key)))
		return finding(LEVEL_WARN, "apt-get install mmscope-dkms openssl (dkms makes a key and signs; "
			       "then enroll it), or turn Secure Boot off",
			       "%s; there is no key of dkms's to sign with", why);
	switch (is_enrolled(key)) {
	case ENROLLED_YES:
		return finding(LEVEL_OK, NULL, "%s; the key that dkms signs with is enrolled", why);
	case ENROLLED_NO:
		snprintf(mend, sizeof(mend), "mokutil --import %s (choose a password), reboot, and "
			 "there: Enroll MOK, with that password", key);
		return finding(LEVEL_WARN, mend, "%s; the key that dkms signs with is not enrolled", why);
	default:
		snprintf(mend, sizeof(mend), "mokutil --test-key %s (is it enrolled?)", key);
		return finding(LEVEL_WARN, mend, "%s; dkms signs with %s", why, key);
	}
}

static struct finding check_modules(const struct machine *m)
{
	if (m->has_module)
		return finding(LEVEL_OK, NULL, "this kernel loads modules");
	if (access("/proc/modules", R_OK))
		return finding(LEVEL_FAIL, "use a distribution's kernel, or the lab VM: make vm",
			       "this kernel cannot load modules");
	return finding(LEVEL_OK, NULL, "this kernel loads modules");
}

static bool config_has(const struct machine *m, const char *option)
{
	char line[64];

	snprintf(line, sizeof(line), "\nCONFIG_%s=", option);
	return strstr(m->config, line);
}

static struct finding check_config(const struct machine *m)
{
	if (!m->config)
		return finding(LEVEL_INFO, NULL,
			       "the options of this kernel are not to be found (/boot/config-%s)",
			       m->uts.release);
	if (!config_has(m, "PROC_PAGE_MONITOR"))
		return finding(LEVEL_WARN, "use a kernel with CONFIG_PROC_PAGE_MONITOR=y",
			       "no pagemap and smaps to compare with (CONFIG_PROC_PAGE_MONITOR)");
	if (!config_has(m, "MEM_SOFT_DIRTY"))
		return finding(LEVEL_INFO, NULL,
			       "soft-dirty cannot be told (CONFIG_MEM_SOFT_DIRTY is not set)");
	return finding(LEVEL_OK, NULL, "PROC_PAGE_MONITOR and MEM_SOFT_DIRTY are set");
}

static struct finding check_swap(const struct machine *m)
{
	char text[4096] = "", *line;
	int fd = open("/proc/swaps", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	(void)m;
	if (fd >= 0)
		close(fd);
	line = n > 0 ? strchr(text, '\n') : NULL;
	if (line && line[1])
		return finding(LEVEL_OK, NULL, "there is a swap area");
	return finding(LEVEL_INFO,
		       "fallocate -l 1G /swapfile && chmod 600 /swapfile && mkswap /swapfile && swapon /swapfile",
		       "no swap: anonymous memory is never swapped, and the lessons on swap skip");
}

static struct finding check_ptrace(const struct machine *m)
{
	char text[16];

	(void)m;
	if (!read_text("/proc/sys/kernel/yama/ptrace_scope", text, sizeof(text)) ||
	    text[0] == '0' || !geteuid())
		return finding(LEVEL_OK, NULL, "%s", geteuid() ? "no ptrace restriction by Yama" :
			       "you are root");
	/* Yama restricts attaching, not reading: maps and the module are read. */
	return finding(LEVEL_INFO, "sysctl kernel.yama.ptrace_scope=0",
		       "ptrace_scope is %s: debuggers are restricted, mmscope is not", text);
}

static struct finding check_hidepid(const struct machine *m)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = fopen("/proc/self/mounts", "re");
	bool hidden = false;

	(void)m;
	while (f && getline(&text, &size, f) > 0)
		if (strstr(text, " /proc proc ") && strstr(text, "hidepid=") &&
		    !strstr(text, "hidepid=0") && !strstr(text, "hidepid=off"))
			hidden = true;
	free(text);
	if (f)
		fclose(f);
	if (hidden && geteuid())
		return finding(LEVEL_WARN, "mount -o remount,hidepid=0 /proc",
			       "/proc hides the processes of others (hidepid)");
	return finding(LEVEL_OK, NULL, "all processes are shown");
}

static struct finding check_rights(const struct machine *m)
{
	(void)m;
	if (geteuid())
		return finding(LEVEL_INFO, "sudo mmscope ...",
			       "not root: your own processes only, no page frames");
	return finding(LEVEL_OK, NULL, "root: every process, page frames included");
}

static const struct check {
	const char *name;
	struct finding (*look)(const struct machine *m);
} checks[] = {
	{ "proc", check_proc },
	{ "modules", check_modules },
	{ "module", check_module },
	{ "version", check_version },
	{ "device", check_device },
	{ "headers", check_headers },
	{ "signatures", check_signatures },
	{ "options", check_config },
	{ "swap", check_swap },
	{ "ptrace", check_ptrace },
	{ "hidepid", check_hidepid },
	{ "rights", check_rights },
};
#define CHECKS (sizeof(checks) / sizeof(checks[0]))

/* ---------------------------------------------------------------------------- */

static const char *const level_names[] = { "ok", "info", "warn", "fail" };

static void draw_text(const struct finding *found)
{
	static const char *const colours[] = { "\033[32m", "", "\033[33m", "\033[31m" };
	bool colour = view_colours();

	for (size_t i = 0; i < CHECKS; i++) {
		const struct finding *f = &found[i];

		printf("%s%-4s%s  %-10s  %s\n", colour ? colours[f->level] : "",
		       level_names[f->level], colour && f->level != LEVEL_INFO ? "\033[0m" : "",
		       checks[i].name, f->text);
		if (f->mend[0])
			printf("%18s$ %s\n", "", f->mend);
	}
}

static void draw_json(const struct finding *found)
{
	struct view_json j;

	view_json_begin(&j, "doctor", NULL);
	view_json_array(&j, "checks");
	for (size_t i = 0; i < CHECKS; i++) {
		view_json_object_flat(&j, NULL);
		view_json_text(&j, "name", checks[i].name);
		view_json_text(&j, "status", level_names[found[i].level]);
		view_json_text(&j, "text", found[i].text);
		if (found[i].mend[0])
			view_json_text(&j, "mend", found[i].mend);
		else
			view_json_null(&j, "mend");
		view_json_close(&j);
	}
	view_json_end(&j);
}

static int run(struct cmd *cmd)
{
	struct finding found[CHECKS];
	struct machine m = { 0 };
	int ret = MMS_OK;

	uname(&m.uts);
	m.has_module = !mms_info(&m.info, &m.lack);
	m.config = read_config(&m.uts);
	for (size_t i = 0; i < CHECKS; i++) {
		found[i] = checks[i].look(&m);
		if (found[i].level == LEVEL_FAIL)
			ret = MMS_FAILED;
	}
	/* A missing module outweighs the rest: it is what 5 stands for. */
	if (!m.has_module && m.lack.status == MMS_NO_MODULE)
		ret = MMS_NO_MODULE;
	free(m.config);
	if (cmd->json)
		draw_json(found);
	else
		draw_text(found);
	return ret;
}

const struct verb verb_doctor = {
	.name = "doctor",
	.args = "",
	.brief = "what is missing on this machine, and how to mend it",
	.about = "Looks at the module, its device, the kernel and its headers, swap and rights.\n"
		 "Exit status: 0 if nothing fails, 5 if the module is missing or does not match,\n"
		 "1 if something else fails.",
	.example = "  mmscope doctor\n"
		   "  mmscope doctor --json | jq '.checks[] | select(.status == \"fail\")'",
	.max_args = 0,
	.run = run,
};
