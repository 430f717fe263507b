/* SPDX-License-Identifier: GPL-2.0 */
/*
 * errno.c - every documented way to fail, and the errno of each.
 * A bad call is a good one with one field spoiled: the tables below say which
 * field, by what, and what the answer must be.
 */
#include <limits.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "kit.h"

enum who { UNBOUND, LIVE };	/* the session that is asked */

/* Values that are known only when the test runs. */
#define RUNTIME(n)	(0x5eed000000000000ULL + (n))
#define P_UNMAPPED	RUNTIME(0)	/* a PROT_NONE page */
#define P_READONLY	RUNTIME(1)	/* a page that cannot be written */
#define P_EDGE		RUNTIME(2)	/* 8 bytes before a PROT_NONE page */
#define P_GOOD		RUNTIME(3)	/* plenty of room */
#define MM_SHORT	RUNTIME(4)	/* mmscope_mm arguments with a fault each */
#define MM_FLAG		RUNTIME(5)
#define MM_TAIL		RUNTIME(6)
#define V_START		RUNTIME(7)	/* the range of the good call */
#define P_KERNEL	0xffff888000000000ULL
#define P_NONCANONICAL	0x4080000000001000ULL	/* nor one with a tag */
#define VOID		0x4000000000000000ULL	/* a bit that no mask defines */

union arg {
	u32 size;
	struct mmscope_info info;
	struct mmscope_attach attach;
	struct mmscope_mm mm;
	struct mmscope_vmas vmas;
	struct mmscope_pages pages;
	struct mmscope_walk walk;
	char bytes[8192];
};

static const struct command {
	const char *name;
	unsigned long cmd;
	u32 size, first;	/* now, and as it was first published: a promise */
} commands[] = {
	{ "info", MMSCOPE_INFO, sizeof(struct mmscope_info), 120 },
	{ "attach", MMSCOPE_ATTACH, sizeof(struct mmscope_attach), 16 },
	{ "mm", MMSCOPE_MM, sizeof(struct mmscope_mm), 288 },
	{ "vmas", MMSCOPE_VMAS, sizeof(struct mmscope_vmas), 96 },
	{ "pages", MMSCOPE_PAGES, sizeof(struct mmscope_pages), 104 },
	{ "walk", MMSCOPE_WALK, sizeof(struct mmscope_walk), 296 },
};

static int unbound, live;		/* sessions */
static struct subject subject;
static char *room, *readonly, *edge;	/* edge: where a PROT_NONE page begins */
static char *mapped;			/* some pages of the subject */
static struct mmscope_mm *bad_mm;

static u64 value_of(u64 value)
{
	switch (value) {
	case P_UNMAPPED: return (uintptr_t)edge;
	case P_READONLY: return (uintptr_t)readonly;
	case P_EDGE: return (uintptr_t)edge - 8;
	case P_GOOD: return (uintptr_t)room;
	case MM_SHORT: return (uintptr_t)&bad_mm[0];
	case MM_FLAG: return (uintptr_t)&bad_mm[2];
	case MM_TAIL: return (uintptr_t)&bad_mm[4];
	case V_START: return (uintptr_t)mapped;
	}
	return value;
}

static void good(unsigned long cmd, union arg *a)
{
	memset(a, 0, sizeof(*a));
	switch (cmd) {
	case MMSCOPE_ATTACH:
		a->attach.pid = subject.pid;
		break;
	case MMSCOPE_VMAS:
		a->vmas.start = 0;
		a->vmas.end = 1ULL << 55;
		a->vmas.vmas = (uintptr_t)room;
		a->vmas.vmas_len = 500;
		a->vmas.names = (uintptr_t)room + (1 << 20);
		a->vmas.names_len = 1 << 20;
		break;
	case MMSCOPE_PAGES:
		a->pages.start = (uintptr_t)mapped;
		a->pages.end = (uintptr_t)mapped + 4 * page;
		a->pages.categories = CAT(PRESENT);
		a->pages.runs = (uintptr_t)room;
		a->pages.runs_len = 100;
		break;
	case MMSCOPE_WALK:
		a->walk.address = (uintptr_t)mapped;
		break;
	}
	a->size = _IOC_SIZE(cmd);
}

/* ---- one field spoiled ---- */

#define AT(type, member)						\
	offsetof(struct mmscope_##type, member),			\
	sizeof(((struct mmscope_##type *)0)->member)

static const struct bad {
	const char *name;
	unsigned long cmd;
	size_t at, bytes;
	u64 value;
	int want;
	enum who who;
} bads[] = {
	{ "info.flags", MMSCOPE_INFO, AT(info, flags), 1, EINVAL, LIVE },
	{ "info.flags_high", MMSCOPE_INFO, AT(info, flags), 1U << 31, EINVAL, LIVE },
	{ "info.unbound", MMSCOPE_INFO, AT(info, abi), 0, 0, UNBOUND },

	{ "attach.flags", MMSCOPE_ATTACH, AT(attach, flags), 2, EINVAL, LIVE },
	{ "attach.flags_high", MMSCOPE_ATTACH, AT(attach, flags), 1U << 31, EINVAL, LIVE },
	{ "attach.reserved", MMSCOPE_ATTACH, AT(attach, reserved), 1, EINVAL, LIVE },
	{ "attach.pid_zero", MMSCOPE_ATTACH, AT(attach, pid), 0, ESRCH, LIVE },
	{ "attach.pid_minus_one", MMSCOPE_ATTACH, AT(attach, pid), -1, ESRCH, LIVE },
	{ "attach.pid_int_min", MMSCOPE_ATTACH, AT(attach, pid), INT_MIN, ESRCH, LIVE },
	{ "attach.pid_int_max", MMSCOPE_ATTACH, AT(attach, pid), INT_MAX, ESRCH, LIVE },
	{ "attach.kernel_thread", MMSCOPE_ATTACH, AT(attach, pid), 2, ENXIO, LIVE },
	{ "attach.good", MMSCOPE_ATTACH, AT(attach, reserved), 0, 0, LIVE },

	{ "mm.unbound", MMSCOPE_MM, AT(mm, flags), 0, ENOTCONN, UNBOUND },
	{ "mm.flags", MMSCOPE_MM, AT(mm, flags), 1, EINVAL, LIVE },
	{ "mm.good", MMSCOPE_MM, AT(mm, flags), 0, 0, LIVE },

	{ "vmas.unbound", MMSCOPE_VMAS, AT(vmas, flags), 0, ENOTCONN, UNBOUND },
	{ "vmas.flags", MMSCOPE_VMAS, AT(vmas, flags), 1, EINVAL, LIVE },
	{ "vmas.start_unaligned", MMSCOPE_VMAS, AT(vmas, start), 1, EINVAL, LIVE },
	{ "vmas.start_unaligned_8", MMSCOPE_VMAS, AT(vmas, start), 8, EINVAL, LIVE },
	{ "vmas.end_unaligned", MMSCOPE_VMAS, AT(vmas, end), 4097, EINVAL, LIVE },
	{ "vmas.end_all_ones", MMSCOPE_VMAS, AT(vmas, end), ~0ULL, EINVAL, LIVE },
	{ "vmas.end_last_page", MMSCOPE_VMAS, AT(vmas, end), ~0xfffULL, 0, LIVE },
	{ "vmas.inverted", MMSCOPE_VMAS, AT(vmas, start), 3ULL << 54, EINVAL, LIVE },
	{ "vmas.empty", MMSCOPE_VMAS, AT(vmas, end), 0, 0, LIVE },
	{ "vmas.vmas_null", MMSCOPE_VMAS, AT(vmas, vmas), 0, EFAULT, LIVE },
	{ "vmas.vmas_unmapped", MMSCOPE_VMAS, AT(vmas, vmas), P_UNMAPPED, EFAULT, LIVE },
	{ "vmas.vmas_edge", MMSCOPE_VMAS, AT(vmas, vmas), P_EDGE, EFAULT, LIVE },
	{ "vmas.vmas_readonly", MMSCOPE_VMAS, AT(vmas, vmas), P_READONLY, EFAULT, LIVE },
	{ "vmas.vmas_kernel", MMSCOPE_VMAS, AT(vmas, vmas), P_KERNEL, EFAULT, LIVE },
	{ "vmas.vmas_noncanonical", MMSCOPE_VMAS, AT(vmas, vmas), P_NONCANONICAL, EFAULT, LIVE },
	{ "vmas.vmas_len_zero", MMSCOPE_VMAS, AT(vmas, vmas_len), 0, ENOSPC, LIVE },
	{ "vmas.vmas_len_one", MMSCOPE_VMAS, AT(vmas, vmas_len), 1, ENOSPC, LIVE },
	{ "vmas.vmas_len_huge", MMSCOPE_VMAS, AT(vmas, vmas_len), ~0ULL, 0, LIVE },
	{ "vmas.names_len_huge", MMSCOPE_VMAS, AT(vmas, names_len), ~0ULL, 0, LIVE },
	{ "vmas.names_null", MMSCOPE_VMAS, AT(vmas, names), 0, EFAULT, LIVE },
	{ "vmas.names_unmapped", MMSCOPE_VMAS, AT(vmas, names), P_UNMAPPED, EFAULT, LIVE },
	{ "vmas.names_readonly", MMSCOPE_VMAS, AT(vmas, names), P_READONLY, EFAULT, LIVE },
	{ "vmas.names_kernel", MMSCOPE_VMAS, AT(vmas, names), P_KERNEL, EFAULT, LIVE },
	{ "vmas.names_len_one", MMSCOPE_VMAS, AT(vmas, names_len), 1, ENOSPC, LIVE },
	{ "vmas.names_none", MMSCOPE_VMAS, AT(vmas, names_len), 0, 0, LIVE },
	{ "vmas.mm_unmapped", MMSCOPE_VMAS, AT(vmas, mm), P_UNMAPPED, EFAULT, LIVE },
	{ "vmas.mm_kernel", MMSCOPE_VMAS, AT(vmas, mm), P_KERNEL, EFAULT, LIVE },
	{ "vmas.mm_size_short", MMSCOPE_VMAS, AT(vmas, mm), MM_SHORT, EINVAL, LIVE },
	{ "vmas.mm_flags", MMSCOPE_VMAS, AT(vmas, mm), MM_FLAG, EINVAL, LIVE },
	{ "vmas.mm_tail", MMSCOPE_VMAS, AT(vmas, mm), MM_TAIL, E2BIG, LIVE },
	{ "vmas.accts_unmapped", MMSCOPE_VMAS, AT(vmas, accts), P_UNMAPPED, EFAULT, LIVE },
	{ "vmas.accts_readonly", MMSCOPE_VMAS, AT(vmas, accts), P_READONLY, EFAULT, LIVE },
	{ "vmas.good", MMSCOPE_VMAS, AT(vmas, flags), 0, 0, LIVE },

	{ "pages.unbound", MMSCOPE_PAGES, AT(pages, flags), 0, ENOTCONN, UNBOUND },
	{ "pages.flags", MMSCOPE_PAGES, AT(pages, flags), 2, EINVAL, LIVE },
	{ "pages.flags_high", MMSCOPE_PAGES, AT(pages, flags), 1U << 31, EINVAL, LIVE },
	{ "pages.start_unaligned", MMSCOPE_PAGES, AT(pages, start), 1, EINVAL, LIVE },
	{ "pages.end_unaligned", MMSCOPE_PAGES, AT(pages, end), ~0ULL, EINVAL, LIVE },
	{ "pages.end_last_page", MMSCOPE_PAGES, AT(pages, end), ~0xfffULL, 0, LIVE },
	{ "pages.inverted", MMSCOPE_PAGES, AT(pages, end), 0, EINVAL, LIVE },
	{ "pages.empty", MMSCOPE_PAGES, AT(pages, end), V_START, 0, LIVE },
	{ "pages.categories", MMSCOPE_PAGES, AT(pages, categories), VOID, EINVAL, LIVE },
	{ "pages.categories_gap", MMSCOPE_PAGES, AT(pages, categories), 1 << 17, EINVAL, LIVE },
	{ "pages.categories_none", MMSCOPE_PAGES, AT(pages, categories), 0, 0, LIVE },
	{ "pages.all_of", MMSCOPE_PAGES, AT(pages, all_of), VOID, EINVAL, LIVE },
	{ "pages.any_of", MMSCOPE_PAGES, AT(pages, any_of), VOID, EINVAL, LIVE },
	{ "pages.none_of", MMSCOPE_PAGES, AT(pages, none_of), VOID, EINVAL, LIVE },
	{ "pages.runs_null", MMSCOPE_PAGES, AT(pages, runs), 0, EFAULT, LIVE },
	{ "pages.runs_unmapped", MMSCOPE_PAGES, AT(pages, runs), P_UNMAPPED, EFAULT, LIVE },
	{ "pages.runs_edge", MMSCOPE_PAGES, AT(pages, runs), P_EDGE, EFAULT, LIVE },
	{ "pages.runs_readonly", MMSCOPE_PAGES, AT(pages, runs), P_READONLY, EFAULT, LIVE },
	{ "pages.runs_kernel", MMSCOPE_PAGES, AT(pages, runs), P_KERNEL, EFAULT, LIVE },
	{ "pages.runs_noncanonical", MMSCOPE_PAGES, AT(pages, runs), P_NONCANONICAL, EFAULT, LIVE },
	{ "pages.runs_len_huge", MMSCOPE_PAGES, AT(pages, runs_len), ~0ULL, 0, LIVE },
	{ "pages.good", MMSCOPE_PAGES, AT(pages, flags), 0, 0, LIVE },

	{ "walk.unbound", MMSCOPE_WALK, AT(walk, flags), 0, ENOTCONN, UNBOUND },
	{ "walk.flags", MMSCOPE_WALK, AT(walk, flags), 2, EINVAL, LIVE },
	{ "walk.kernel", MMSCOPE_WALK, AT(walk, address), P_KERNEL, ERANGE, LIVE },
	{ "walk.noncanonical", MMSCOPE_WALK, AT(walk, address), P_NONCANONICAL, ERANGE, LIVE },
	{ "walk.all_ones", MMSCOPE_WALK, AT(walk, address), ~0ULL, ERANGE, LIVE },
	{ "walk.unaligned", MMSCOPE_WALK, AT(walk, address), 4097, 0, LIVE },
	{ "walk.null", MMSCOPE_WALK, AT(walk, address), 0, 0, LIVE },
	{ "walk.good", MMSCOPE_WALK, AT(walk, flags), 0, 0, LIVE },
};

static void test_fields(void)
{
	union arg a;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bads); i++) {
		const struct bad *b = &bads[i];
		u64 value = value_of(b->value);

		good(b->cmd, &a);
		memcpy(a.bytes + b->at, &value, b->bytes);
		eq_err(call(b->who == LIVE ? live : unbound, b->cmd, &a), b->want, "%s", b->name);
	}
	good(MMSCOPE_VMAS, &a);
	a.vmas.accts = (uintptr_t)room + (2 << 20);
	a.vmas.acct_categories = VOID;
	eq_err(call(live, MMSCOPE_VMAS, &a), EINVAL, "vmas.acct_categories");
}

/* ---- sizes, and where the structure lies ---- */

static int sized(const struct command *c, u32 size, size_t poke)
{
	union arg a;

	good(c->cmd, &a);
	a.size = size;
	if (poke)
		a.bytes[poke] = 1;
	return call(live, c->cmd, &a);
}

/* A structure that ends right before an unmapped page. */
static int at_edge(const struct command *c, u32 size)
{
	union arg a;
	char *p = edge - size;

	good(c->cmd, &a);
	a.size = size;
	memcpy(p, &a, size);
	return call(live, c->cmd, p);
}

/* A longer structure with a zero tail is accepted, and the tail left alone. */
static bool tail_kept(const struct command *c)
{
	union arg a;
	size_t i;

	good(c->cmd, &a);
	a.size = 4096;
	if (call(live, c->cmd, &a) || a.size != 4096)
		return false;
	for (i = c->size; i < sizeof(a); i++)
		if (a.bytes[i])
			return false;
	return true;
}

static void test_sizes(const struct command *c)
{
	union arg a;

	eq_err(sized(c, c->size, 0), 0, "%s.size_exact", c->name);
	eq_err(sized(c, 0, 0), EINVAL, "%s.size_zero", c->name);
	eq_err(sized(c, 1, 0), EINVAL, "%s.size_one", c->name);
	eq_err(sized(c, 4, 0), EINVAL, "%s.size_four", c->name);
	eq_err(sized(c, c->first - 8, 0), EINVAL, "%s.size_short", c->name);
	eq_err(sized(c, c->first - 1, 0), EINVAL, "%s.size_short_by_one", c->name);
	eq_err(sized(c, c->first, 0), 0, "%s.size_first", c->name);
	eq_err(sized(c, c->size + 8, 0), 0, "%s.size_long", c->name);
	eq_err(sized(c, c->size + 3, 0), 0, "%s.size_long_odd", c->name);
	eq_err(sized(c, c->size + 8, c->size), E2BIG, "%s.size_long_tail", c->name);
	eq_err(sized(c, c->size + 8, c->size + 7), E2BIG, "%s.size_long_tail_end", c->name);
	eq_err(sized(c, c->size + 8, c->size + 8), 0, "%s.size_long_behind", c->name);
	eq_err(sized(c, 4096, 4095), E2BIG, "%s.size_page_tail", c->name);
	eq_err(sized(c, 4097, 0), E2BIG, "%s.size_over_page", c->name);
	eq_err(sized(c, ~0U, 0), E2BIG, "%s.size_all_ones", c->name);
	ok(tail_kept(c), "%s.tail_kept", c->name);

	eq_err(at_edge(c, c->first), 0, "%s.edge_first", c->name);
	eq_err(at_edge(c, c->size), 0, "%s.edge_exact", c->name);
	eq_err(at_edge(c, c->size + 8), 0, "%s.edge_long", c->name);
	*(u32 *)(edge - 4) = c->size;
	eq_err(call(live, c->cmd, edge - 4), EFAULT, "%s.edge_overrun", c->name);
	eq_err(call(live, c->cmd, edge - 2), EFAULT, "%s.edge_size", c->name);

	eq_err(call(live, c->cmd, NULL), EFAULT, "%s.null", c->name);
	eq_err(call(live, c->cmd, edge), EFAULT, "%s.unmapped", c->name);
	eq_err(call(live, c->cmd, (void *)P_KERNEL), EFAULT, "%s.kernel", c->name);
	eq_err(call(live, c->cmd, (void *)P_NONCANONICAL), EFAULT, "%s.noncanonical", c->name);
	good(c->cmd, &a);
	mprotect(readonly, page, PROT_READ | PROT_WRITE);
	memcpy(readonly, &a, c->size);
	mprotect(readonly, page, PROT_READ);
	eq_err(call(live, c->cmd, readonly), c->cmd == MMSCOPE_ATTACH ? 0 : EFAULT,
	       "%s.readonly", c->name);
	eq_err(call(live, _IO(MMSCOPE_IOC_TYPE, _IOC_NR(c->cmd)), &a), 0,
	       "%s.encoding_is_ignored", c->name);
}

static void test_unknown(void)
{
	static const struct {
		const char *name;
		unsigned long cmd;
	} table[] = {
		{ "nr_6", _IOWR(MMSCOPE_IOC_TYPE, 6, struct mmscope_info) },
		{ "nr_128", _IO(MMSCOPE_IOC_TYPE, 128) },
		{ "nr_255", _IO(MMSCOPE_IOC_TYPE, 255) },
		{ "type", _IOWR('X', 0, struct mmscope_info) },
		{ "type_zero", _IOWR(0, 0, struct mmscope_info) },
		{ "terminal", 0x5401 },
	};
	union arg a;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		good(MMSCOPE_INFO, &a);
		eq_err(call(live, table[i].cmd, &a), ENOTTY, "unknown.%s", table[i].name);
		eq_err(call(live, table[i].cmd, NULL), ENOTTY, "unknown.%s_null", table[i].name);
	}
}

/* ---- ATTACH: who is there to attach to ---- */

static void do_nothing(void *arg)
{
	(void)arg;
}

static void do_pause(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

static void test_pidfd(void)
{
	int regular = open("/proc/self/exe", O_RDONLY), event = eventfd(0, 0);
	int folder = open("/proc/self", O_RDONLY | O_DIRECTORY);
	pid_t child = child_of(do_pause, NULL);
	int pidfd = pidfd_of(child);

	eq_err(attach_pidfd(live, pidfd), 0, "attach.pidfd");
	eq_err(attach_pidfd(live, regular), EBADF, "attach.pidfd_regular_file");
	eq_err(attach_pidfd(live, event), EBADF, "attach.pidfd_eventfd");
	eq_err(attach_pidfd(live, folder), EBADF, "attach.pidfd_proc_folder");
	eq_err(attach_pidfd(live, live), EBADF, "attach.pidfd_session");
	close(event);
	eq_err(attach_pidfd(live, event), EBADF, "attach.pidfd_closed");
	eq_err(attach_pidfd(live, -1), EBADF, "attach.pidfd_minus_one");
	eq_err(attach_pidfd(live, INT_MAX), EBADF, "attach.pidfd_int_max");
	kill(child, SIGKILL);
	waitid(P_PID, child, NULL, WEXITED | WNOWAIT);
	eq_err(attach(live, child), ENXIO, "attach.zombie");
	eq_err(attach_pidfd(live, pidfd), ENXIO, "attach.pidfd_zombie");
	wait_for(child);
	eq_err(attach(live, child), ESRCH, "attach.reaped");
	eq_err(attach_pidfd(live, pidfd), ESRCH, "attach.pidfd_reaped");
	close(pidfd);
	pidfd = pidfd_of(2);
	eq_err(attach_pidfd(live, pidfd), ENXIO, "attach.pidfd_kernel_thread");
	close(pidfd);
	close(regular);
	close(folder);
}

/* A failed ATTACH leaves the session with its old target. */
static void test_keeps_target(void)
{
	struct mmscope_mm mm;
	int fd = session_of(subject.pid);

	attach(fd, INT_MAX);
	get_mm(fd, &mm);
	eq(mm.pid, subject.pid, "attach.failure_keeps_target");
	close(fd);
	fd = session();
	attach(fd, INT_MAX);
	eq_err(get_mm(fd, &mm), ENOTCONN, "attach.failure_makes_none");
	close(fd);
}

/* ---- a target that is not there any more ---- */

static void all_four(int fd, int want, const char *when)
{
	union arg a;
	size_t i;

	for (i = 2; i < ARRAY_SIZE(commands); i++) {
		good(commands[i].cmd, &a);
		eq_err(call(fd, commands[i].cmd, &a), want, "%s.%s", commands[i].name, when);
	}
}

static void run_cat(void *arg)
{
	int *ends = arg;
	char go;

	if (read(ends[0], &go, 1) == 1) {
		dup2(ends[2], 0);
		execl("/bin/cat", "cat", NULL);
	}
	_exit(9);
}

static void test_exec(void)
{
	int ends[4], fd, tries;
	pid_t child;
	char *comm;

	if (pipe2(ends, O_CLOEXEC) || pipe2(ends + 2, O_CLOEXEC))
		tap_bail("pipe");
	child = child_of(run_cat, ends);
	fd = session_of(child);
	all_four(fd, 0, "before_exec");
	if (write(ends[1], "", 1) != 1)
		tap_bail("write");
	for (tries = 0; tries < 2000; tries++) {
		comm = read_text("/proc/%d/comm", child);
		if (comm && !strcmp(comm, "cat\n"))
			break;
		free(comm);
		usleep(5000);
	}
	free(comm);
	all_four(fd, ESTALE, "after_exec");
	eq_err(attach(fd, child), 0, "attach.after_exec");
	all_four(fd, 0, "attached_after_exec");
	kill(child, SIGKILL);
	waitid(P_PID, child, NULL, WEXITED | WNOWAIT);
	all_four(fd, ESRCH, "zombie");
	wait_for(child);
	all_four(fd, ESRCH, "after_exit");
	eq_err(attach(fd, subject.pid), 0, "attach.after_exit");
	all_four(fd, 0, "attached_after_exit");
	close(fd);
	close(ends[0]);
	close(ends[1]);
	close(ends[2]);
	close(ends[3]);
}

/* ---- TOTALS: one record, and no list ---- */

static void good_totals(union arg *a)
{
	good(MMSCOPE_VMAS, a);
	a->vmas.flags = MMSCOPE_VMAS_TOTALS;
	a->vmas.vmas_len = a->vmas.names_len = 0;
	a->vmas.accts = (uintptr_t)room + (2 << 20);
}

static void test_totals(void)
{
	static const struct {
		const char *name;
		size_t at;
		u64 value;
		int want;
	} spoiled[] = {
		{ "totals.bit_0", offsetof(struct mmscope_vmas, flags), MMSCOPE_VMAS_TOTALS | 1, EINVAL },
		{ "totals.bit_31", offsetof(struct mmscope_vmas, flags),
		  MMSCOPE_VMAS_TOTALS | 1U << 31, EINVAL },
		{ "totals.good", offsetof(struct mmscope_vmas, vmas_len), 0, 0 },
		{ "totals.vmas_null", offsetof(struct mmscope_vmas, vmas), 0, 0 },
		{ "totals.empty", offsetof(struct mmscope_vmas, end), 0, 0 },
		{ "totals.no_accts", offsetof(struct mmscope_vmas, accts), 0, EINVAL },
		{ "totals.vmas_len", offsetof(struct mmscope_vmas, vmas_len), 1, EINVAL },
		{ "totals.names_len", offsetof(struct mmscope_vmas, names_len), 1, EINVAL },
		{ "totals.unaligned", offsetof(struct mmscope_vmas, start), 8, EINVAL },
		{ "totals.unmapped", offsetof(struct mmscope_vmas, accts), P_UNMAPPED, EFAULT },
		{ "totals.edge", offsetof(struct mmscope_vmas, accts), P_EDGE, EFAULT },
		{ "totals.readonly", offsetof(struct mmscope_vmas, accts), P_READONLY, EFAULT },
		{ "totals.kernel", offsetof(struct mmscope_vmas, accts), P_KERNEL, EFAULT },
		{ "totals.mm_kernel", offsetof(struct mmscope_vmas, mm), P_KERNEL, EFAULT },
		{ "totals.mm_flags", offsetof(struct mmscope_vmas, mm), MM_FLAG, EINVAL },
		{ "totals.acct_categories", offsetof(struct mmscope_vmas, acct_categories), VOID,
		  EINVAL },
	};
	struct mmscope_mm *mm = (void *)(room + (3 << 20));
	struct mmscope_acct *acct = (void *)(room + (2 << 20));
	union arg a, before;
	size_t i, touched = 0;

	for (i = 0; i < ARRAY_SIZE(spoiled); i++) {
		u64 value = value_of(spoiled[i].value);

		good_totals(&a);
		memcpy(a.bytes + spoiled[i].at, &value,
		       spoiled[i].at == offsetof(struct mmscope_vmas, flags) ? 4 : sizeof(value));
		eq_err(call(live, MMSCOPE_VMAS, &a), spoiled[i].want, "%s", spoiled[i].name);
	}
	good_totals(&a);
	eq_err(call(unbound, MMSCOPE_VMAS, &a), ENOTCONN, "totals.unbound");
	memset(room, 0x5a, 4 << 20);
	memset(mm, 0, sizeof(*mm));
	mm->size = sizeof(*mm);
	good_totals(&a);
	a.vmas.mm = (uintptr_t)mm;
	before = a;
	a.vmas.vmas_count = a.vmas.names_bytes = 7;
	eq_err(call(live, MMSCOPE_VMAS, &a), 0, "totals.with_mm");
	ok(mm->pid == subject.pid && mm->map_count, "totals.mm_is_told");
	ok(acct->rss && acct->rss < 1ULL << 40 && acct->pages[MMSCOPE_CAT_PRESENT] >= 4 &&
	   acct->pages[MMSCOPE_CAT_PRESENT] < 1ULL << 28, "totals.are_told");
	for (i = 0; i < 3 << 20; i++)
		touched += room[i] != 0x5a && (i < 2 << 20 || i >= (2 << 20) + sizeof(*acct));
	eq(touched, 0, "totals.writes_one_record");
	ok(!memcmp(&a, &before, sizeof(a)), "totals.keeps_struct_and_counts_none");
}

/* ---- ENOSPC tells the need, and writes nothing else ---- */

static void test_nospace(void)
{
	union arg a, before;
	struct mmscope_mm *mm = (void *)(room + (3 << 20));
	u64 need, names;
	size_t i, touched = 0;

	good(MMSCOPE_VMAS, &a);
	call(live, MMSCOPE_VMAS, &a);
	need = a.vmas.vmas_count;
	names = a.vmas.names_bytes;
	memset(room, 0x5a, 4 << 20);
	memset(mm, 0, sizeof(*mm));
	mm->size = sizeof(*mm);
	good(MMSCOPE_VMAS, &a);
	a.vmas.vmas_len = need - 1;
	a.vmas.mm = (uintptr_t)mm;
	a.vmas.accts = (uintptr_t)room + (2 << 20);
	before = a;
	eq_err(call(live, MMSCOPE_VMAS, &a), ENOSPC, "vmas.one_record_short");
	eq(a.vmas.vmas_count, need, "vmas.nospace_tells_count");
	ok(a.vmas.names_bytes >= names, "vmas.nospace_tells_names");
	for (i = 0; i < 3 << 20; i++)
		touched += room[i] != 0x5a;
	eq(touched, 0, "vmas.nospace_writes_nothing");
	eq(mm->brk, 0, "vmas.nospace_leaves_mm");
	before.vmas.vmas_count = a.vmas.vmas_count;
	before.vmas.names_bytes = a.vmas.names_bytes;
	ok(!memcmp(&a, &before, sizeof(a)), "vmas.nospace_keeps_struct");

	good(MMSCOPE_VMAS, &a);
	a.vmas.vmas_len = need;
	a.vmas.names_len = names;
	eq_err(call(live, MMSCOPE_VMAS, &a), 0, "vmas.told_need_suffices");
	eq(a.vmas.names_bytes, names, "vmas.names_exact");
	good(MMSCOPE_VMAS, &a);
	a.vmas.names_len = names - 1;
	eq_err(call(live, MMSCOPE_VMAS, &a), ENOSPC, "vmas.one_byte_short");
	eq(a.vmas.names_bytes, names, "vmas.nospace_names_exact");
	skip("vmas.efbig", "an answer above snapshot_max takes over a hundred thousand VMAs");
}

/* ---- rights ---- */

static void drop_and_ask(void *arg)
{
	union arg a;
	int *err = arg;

	if (can_drop(21))	/* CAP_SYS_ADMIN */
		_exit(1);
	good(MMSCOPE_PAGES, &a);
	a.pages.flags = MMSCOPE_PAGES_FRAMES;
	err[0] = call(live, MMSCOPE_PAGES, &a);
	good(MMSCOPE_WALK, &a);
	a.walk.flags = MMSCOPE_WALK_RAW;
	err[1] = call(live, MMSCOPE_WALK, &a);
	good(MMSCOPE_INFO, &a);
	err[2] = call(live, MMSCOPE_INFO, &a);
	err[3] = !!(a.info.features & MMSCOPE_FEAT_FRAMES);
	good(MMSCOPE_PAGES, &a);
	err[4] = call(live, MMSCOPE_PAGES, &a);
}

static void test_rights(void)
{
	int *err = shared(page);
	union arg a;

	memset(err, 0xff, page);
	wait_for(child_of(drop_and_ask, err));
	eq_err(err[0], EPERM, "pages.frames_without_right");
	eq_err(err[1], EPERM, "walk.raw_without_right");
	eq(err[3], 0, "info.frames_not_offered_without_right");
	eq_err(err[4], 0, "pages.without_frames_without_right");
	good(MMSCOPE_PAGES, &a);
	a.pages.flags = MMSCOPE_PAGES_FRAMES;
	eq_err(call(live, MMSCOPE_PAGES, &a), 0, "pages.frames_with_right");
	good(MMSCOPE_WALK, &a);
	a.walk.flags = MMSCOPE_WALK_RAW;
	eq_err(call(live, MMSCOPE_WALK, &a), 0, "walk.raw_with_right");
}

/* Other things that one does to a file. */
static void test_file(void)
{
	char c;

	ok(read(live, &c, 1) < 0 && errno == EINVAL, "file.read");
	ok(mmap(NULL, page, PROT_READ, MAP_SHARED, live, 0) == MAP_FAILED, "file.mmap");
	ok(lseek(live, 10, SEEK_SET) <= 0, "file.lseek");
}

static void setup(void)
{
	char *p = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	edge = p + 2 * page;
	mprotect(edge, page, PROT_NONE);
	readonly = isle(page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	room = isle(4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mapped = isle(4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(mapped, 1, 2 * page);
	bad_mm = calloc(6, sizeof(*bad_mm));
	bad_mm[0].size = sizeof(*bad_mm) - 8;
	bad_mm[2].size = sizeof(*bad_mm);
	bad_mm[2].flags = 1;
	bad_mm[4].size = sizeof(*bad_mm) + 8;
	bad_mm[5].size = 1;
}

int main(void)
{
	size_t i;

	tap_start("abi.", 60);
	setup();
	subject_start(&subject);
	unbound = session();
	live = session_of(subject.pid);
	test_fields();
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		test_sizes(&commands[i]);
	test_unknown();
	test_pidfd();
	test_keeps_target();
	attach(live, subject.pid);
	test_totals();
	test_nospace();
	test_exec();
	test_rights();
	test_file();
	wait_for(child_of(do_nothing, NULL));
	subject_end(&subject);
	return tap_end();
}
