// SPDX-License-Identifier: GPL-2.0
/*
 * execute.c - runs a program against the module, and sees to it that each answer
 * keeps what mmscope.h promises: documented errors alone, nothing written but what
 * was asked for, records that agree with each other.
 */
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>

#include "coverage.h"
#include "execute.h"
#include "judge.h"
#include "subject.h"

u64 answers[ERRNOS], calls_made;

static int file[SESSIONS], event = -1;
static char *huge, *argument_end, *inner_end, *readonly;
static timer_t timer;
static bool nobody, timed, listed;

/* ---- values ---- */

static u64 value_of(const struct value *v)
{
	switch (v->base) {
	case END0: case END1: case END2: case END3:
		return buffer_end(v->base - END0) + v->add;
	case INNER: return (uintptr_t)inner_end - sizeof(struct mmscope_mm) + v->add;
	case READONLY: return (uintptr_t)readonly + v->add;
	case KERNEL: return 0xffff888000000000ULL + v->add;
	case TOLD: return told + v->add;
	case PID0: case PID1: case PID2: case PID3:
		return subject_pid(v->base - PID0) + v->add;
	case SELF: return getpid() + v->add;
	case PIDFD0: case PIDFD1: case PIDFD2: case PIDFD3:
		return subject_pidfd(v->base - PIDFD0) + v->add;
	case EVENTFD: return event + v->add;
	case REGION0: case REGION1: case REGION2: case REGION3:
		return REGION_AT(v->base - REGION0) + v->add;
	case BREAK: return ((uintptr_t)sbrk(0) & -page) + v->add;
	case STACK: return ((uintptr_t)&v & -page) + v->add;
	case TEXT: return ((uintptr_t)value_of & -page) + v->add;
	default: return v->add;
	}
}

static u64 value(const struct call *c, const char *name)
{
	return value_of(field_of((struct call *)c, name));
}

static int session_at(u64 n)
{
	int *fd = &file[n % SESSIONS];

	if (*fd < 0)
		*fd = open(MMSCOPE_DEVICE, O_RDONLY | O_CLOEXEC);
	return *fd;
}

/* ---- ioctls ---- */

/* In front of a page that is not there, so that nothing behind it can be read. */
static char *build_argument(const struct call *c, u32 *room)
{
	const struct op_info *info = &op_info[c->op];
	u64 size = value(c, "size"), poke = value(c, "poke");
	char *at;
	size_t i;

	*room = size < 4 ? 4 : size > 4096 ? 4096 : size;
	at = argument_end - *room;
	memset(at, 0, *room);
	for (i = 0; i < FIELDS_MAX && info->field[i].kind; i++) {
		u64 v = value_of(&c->value[i]);

		if (info->field[i].width && info->field[i].offset + info->field[i].width <= *room)
			memcpy(at + info->field[i].offset, &v, info->field[i].width);
	}
	if (poke)
		at[(poke - 1) % *room] ^= value(c, "with");
	return at;
}

/* What VMAS may point to: its own size and flags are checked as well. */
static void build_inner(const struct call *c)
{
	u32 size = value(c, "mm_size"), flags = value(c, "mm_flags");
	char *at = inner_end - sizeof(struct mmscope_mm);

	memset(inner_end - page, 0, page);
	memcpy(at, &size, sizeof(size));
	memcpy(at + 4, &flags, sizeof(flags));
}

static void do_ioctl(const struct call *c)
{
	static const unsigned int nr[OPS] = { [INFO] = 0, [ATTACH] = 1, [MM] = 2, [VMAS] = 3,
					      [PAGES] = 4, [WALK] = 5 };
	struct judgement j = { .op = c->op, .nobody = nobody, .timed = timed };
	u64 arg = value(c, "arg");
	int fd = session_at(value(c, "s")), err;
	unsigned long cmd = _IOC(_IOC_READ | _IOC_WRITE, MMSCOPE_IOC_TYPE, nr[c->op],
				 op_info[c->op].size);
	char *at = build_argument(c, &j.room);

	if (c->op == VMAS)
		build_inner(c);
	if (c->op == RAW)
		cmd = value(c, "cmd");
	/* One elsewhere is looked at from outside alone. */
	j.structure = !arg && c->op != RAW ? at : NULL;
	judge_before(&j);
	coverage_call();
	err = ioctl(fd, cmd, c->op == RAW || arg ? (void *)(uintptr_t)arg : at) ? errno : 0;
	j.err = err;
	calls_made++;
	answers[err < ERRNOS ? err : 0]++;
	judge_after(&j, inner_end - sizeof(struct mmscope_mm));
}

/* ---- /proc/mmscope ---- */

static void do_targets(const struct call *c)
{
	static const int known[] = { 0, EINVAL, ESRCH, ENOENT, EEXIST, EBUSY, ENOSPC, EPERM,
				     EACCES, ENXIO, EINTR, ENOMEM, EAGAIN };
	char text[24];

	snprintf(text, sizeof(text), "%s%d", value(c, "remove") & 1 ? "-" : "",
		 (int)value(c, "pid"));
	coverage_call();
	judge_errno("targets", write_text(MMSCOPE_PROC "/targets", text), known,
		    ARRAY_SIZE(known));
	listed = true;
	calls_made++;
}

static void do_scribble(const struct call *c)
{
	static const char *const text[] = { "0", "-0", "x", " ", "\n", "1x", "99999999999",
					    "-2147483648", "1\n2\n", "0x10", "--1" };
	unsigned int n = value(c, "text") % (ARRAY_SIZE(text) + 1);
	bool bad = n == ARRAY_SIZE(text);	/* it is not even memory */
	int fd = open(MMSCOPE_PROC "/targets", O_WRONLY | O_CLOEXEC), err = 0;

	coverage_call();
	if (syscall(SYS_write, fd, bad ? NULL : text[n], bad ? 8 : strlen(text[n])) < 0)
		err = errno;
	close(fd);
	judge(err == (bad ? EFAULT : EINVAL), "targets took what is no number");
	calls_made++;
}

static int open_proc(const struct call *c)
{
	static const char *const file[] = { "summary", "brk", "vmas", "resident", "locked" };
	u64 dir = value(c, "dir") % (2 + SUBJECTS), n = value(c, "file") % ARRAY_SIZE(file);
	char path[64];

	if (!dir)
		snprintf(path, sizeof(path), MMSCOPE_PROC "/%s", n & 1 ? "targets" : "info");
	else if (dir == 1)
		snprintf(path, sizeof(path), MMSCOPE_PROC "/self/%s", file[n]);
	else
		snprintf(path, sizeof(path), MMSCOPE_PROC "/%d/%s", subject_pid(dir - 2), file[n]);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void do_read(const struct call *c)
{
	static const int known[] = { 0, ESRCH, ESTALE, EACCES, EINTR, ENOMEM, ENXIO, ENOENT,
				     EAGAIN, EINVAL, EIO /* the directory went meanwhile */ };
	char text[8192];
	u64 step = value(c, "step") % sizeof(text) + 1;
	ssize_t n = 0, i;
	int fd, times;

	coverage_call();
	fd = open_proc(c);
	if (fd < 0)
		return;
	if (value(c, "seek"))
		lseek(fd, value(c, "seek"), SEEK_SET);
	for (times = 0; times < 20 && (n = read(fd, text, step)) > 0; times++)
		for (i = 0; i < n; i++)
			judge(text[i] == '\n' || (unsigned char)text[i] >= ' ',
			      "/proc/mmscope tells of a byte that steers a terminal");
	judge_errno("read", n < 0 ? errno : 0, known, ARRAY_SIZE(known));
	close(fd);
	calls_made++;
}

/* Whoever is left in the list would be in the way of the next program. */
static void clear_list(void)
{
	char text[24];
	unsigned int who;

	if (!listed)
		return;
	for (who = 0; who <= SUBJECTS; who++) {
		snprintf(text, sizeof(text), "-%d", who < SUBJECTS ? subject_pid(who) : getpid());
		write_text(MMSCOPE_PROC "/targets", text);
	}
	listed = false;
}

/* ---- the rest ---- */

static void do_session(const struct call *c)
{
	int *fd = &file[value(c, "s") % SESSIONS], *from = &file[value(c, "from") % SESSIONS];
	int copy = -1;

	if (c->op == DUP && fd == from)
		return;
	if (c->op == DUP)
		copy = fcntl(session_at(value(c, "from")), F_DUPFD_CLOEXEC, 0);
	coverage_call();
	if (*fd >= 0)
		close(*fd);
	*fd = copy;
	if (c->op == OPEN)
		session_at(value(c, "s"));
}

static void do_user(const struct call *c)
{
	nobody = value(c, "uid") & 1;
	if (seteuid(nobody ? 65534 : 0))
		nobody = false;
}

static void do_timer(const struct call *c)
{
	const struct itimerspec at = { .it_value.tv_nsec = 1 + value(c, "usec") % 20000 * 1000 };

	timed = !timer_settime(timer, 0, &at, NULL);
}

static void do_call(const struct call *c)
{
	switch (c->op) {
	case OPEN: case CLOSE: case DUP: do_session(c); break;
	case INFO: case ATTACH: case MM: case VMAS: case PAGES: case WALK: case RAW:
		do_ioctl(c);
		break;
	case TARGETS: do_targets(c); break;
	case SCRIBBLE: do_scribble(c); break;
	case READ: do_read(c); break;
	case USER: do_user(c); break;
	case TIMER: do_timer(c); break;
	default: subject_do(c);
	}
}

const char *execute(const struct program *p)
{
	const struct itimerspec never = { 0 };
	unsigned int i;

	judge_start();
	coverage_clear();
	nobody = timed = false;
	for (i = 0; i < p->count; i++)
		do_call(&p->call[i]);
	if (nobody && seteuid(0))
		tap_bail("cannot be root again");
	timer_settime(timer, 0, &never, NULL);
	coverage_call();
	clear_list();
	for (i = 0; i < SESSIONS; i++) {
		if (file[i] >= 0)
			close(file[i]);
		file[i] = -1;
	}
	subjects_reset();
	return judge_broken();
}

static void nothing(int sig)
{
	(void)sig;
}

void execute_begin(void)
{
	struct sigaction act = { .sa_handler = nothing };
	struct sigevent notify = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	int flags = MAP_PRIVATE | MAP_ANONYMOUS, i;

	for (i = 0; i < SESSIONS; i++)
		file[i] = -1;
	close(session());	/* so that `told` is known */
	event = eventfd(0, EFD_CLOEXEC);
	argument_end = (char *)isle(2 * page, PROT_READ | PROT_WRITE, flags, -1, 0) + 2 * page;
	inner_end = (char *)isle(page, PROT_READ | PROT_WRITE, flags, -1, 0) + page;
	readonly = isle(page, PROT_READ, flags, -1, 0);
	judge_begin();
	/* Some memory of kinds that are there only if they are asked for. */
	huge = read_text("/proc/sys/vm/nr_hugepages");
	write_text("/proc/sys/vm/nr_hugepages", "8");
	write_text("/sys/kernel/mm/ksm/run", "1");
	sigaction(SIGUSR1, &act, NULL);
	if (timer_create(CLOCK_MONOTONIC, &notify, &timer))
		tap_bail("timer_create: %s", strerror(errno));
	subjects_begin();
}

void execute_end(void)
{
	subjects_end();
	write_text("/proc/sys/vm/nr_hugepages", huge ? huge : "0");
	write_text("/sys/kernel/mm/ksm/run", "0");
}
