// SPDX-License-Identifier: GPL-2.0
/*
 * trace-perf.c - the kernel's perf events of threads and of all that come from them:
 * page faults, and probes at functions.  Events that are inherited have no buffer of
 * their own, so there is one for each CPU, that all events on that CPU write to.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "trace.h"

#define MEND_PARANOID \
	"as root; or root allows it: sysctl kernel.perf_event_paranoid=1"

/* Registers by the kernel's numbers, in ascending order: those come in a sample. */
#if defined(__x86_64__)
enum { REG_AX, REG_DX = 3, REG_SI, REG_DI, REG_SP = 7, REG_IP };
static const unsigned int regs[] = { REG_AX, REG_DX, REG_SI, REG_DI, REG_SP, REG_IP };
static const unsigned int arg_reg[3] = { REG_DI, REG_SI, REG_DX };
#define REG_RETURN	REG_AX
#define RETURN_IN_STACK	1
#elif defined(__aarch64__)
enum { REG_X0, REG_X1, REG_X2, REG_LR = 30, REG_SP, REG_IP };
static const unsigned int regs[] = { REG_X0, REG_X1, REG_X2, REG_LR, REG_SP, REG_IP };
static const unsigned int arg_reg[3] = { REG_X0, REG_X1, REG_X2 };
#define REG_RETURN	REG_X0
#define RETURN_IN_STACK	0
#else
enum { REG_IP, REG_LR };
static const unsigned int regs[] = { REG_IP };
static const unsigned int arg_reg[3];
#define REG_RETURN	0
#define RETURN_IN_STACK	0
#endif
#define REGS	(sizeof(regs) / sizeof(regs[0]))
#ifndef __x86_64__
#define HAS_LR	1
#else
#define HAS_LR	0
#define REG_LR	0
#endif

#define SAMPLE_FAULT \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | \
	 PERF_SAMPLE_ADDR | PERF_SAMPLE_REGS_USER)
#define SAMPLE_PROBE	(SAMPLE_FAULT | PERF_SAMPLE_STACK_USER)
#define SAMPLE_ACCESS \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | \
	 PERF_SAMPLE_ADDR | PERF_SAMPLE_RAW)
#define STACK_BYTES	16

/* exceptions:page_fault_user, as its format file tells; and bits of its error code. */
struct access_record {
	uint64_t common;
	uint64_t address, ip, code;
};
#define CODE_WRITE	0x02
#define CODE_EXEC	0x10

struct ring {
	int fd;				/* of the event that has the buffer; -1: none yet */
	struct perf_event_mmap_page *page;
	size_t size;			/* of the data, a power of two */
};

/* What an event's id stands for. */
struct source {
	uint64_t id;
	enum mmsi_perf_kind kind;
	unsigned int probe;
};

struct mmsi_perf {
	unsigned int cpus;
	struct ring *ring;
	int *fd;			/* all events, to be closed */
	size_t fds, fds_room;
	int *poll;			/* those with a buffer */
	size_t polls;
	struct source *source;		/* by id */
	size_t sources, sources_room;
	bool no_kernel;			/* not allowed to see faults in the kernel */
	char *scratch;			/* a record that wraps around */
};

/* ---- opening --------------------------------------------------------------- */

int mmsi_perf_new(struct mmsi_perf **perf, struct mms_error *err)
{
	struct mmsi_perf *p = calloc(1, sizeof(*p));
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	if (!p)
		return mmsi_nomem(err);
	p->cpus = cpus > 0 ? (unsigned int)cpus : 1;
	p->ring = calloc(p->cpus, sizeof(*p->ring));
	p->poll = calloc(p->cpus, sizeof(*p->poll));
	p->scratch = malloc(UINT16_MAX + 1);
	if (!p->ring || !p->poll || !p->scratch) {
		mmsi_perf_free(p);
		return mmsi_nomem(err);
	}
	for (unsigned int i = 0; i < p->cpus; i++)
		p->ring[i].fd = -1;
	*perf = p;
	return 0;
}

void mmsi_perf_free(struct mmsi_perf *p)
{
	if (!p)
		return;
	for (unsigned int i = 0; p->ring && i < p->cpus; i++)
		if (p->ring[i].page)
			munmap(p->ring[i].page, p->ring[i].size + mms_page_size());
	for (size_t i = 0; i < p->fds; i++)
		close(p->fd[i]);
	free(p->ring);
	free(p->fd);
	free(p->poll);
	free(p->source);
	free(p->scratch);
	free(p);
}

static int fail(int error, const char *what, struct mms_error *err)
{
	if (error == EACCES || error == EPERM)
		return mms_fail(err, MMS_DENIED, MEND_PARANOID, what, "perf is not for you here");
	if (error == ENOSYS || error == ENOENT || error == EOPNOTSUPP || error == ENODEV)
		return mms_fail(err, MMS_FAILED, "a kernel with CONFIG_PERF_EVENTS", what,
				"this kernel has no such perf event");
	if (error == EMFILE)
		return mms_fail(err, MMS_FAILED, "allow more open files: ulimit -n 65536", what,
				"an event for each CPU and thread needs too many open files");
	return mms_fail(err, MMS_FAILED, NULL, what, "perf: %s", strerror(error));
}

/* The buffer of a CPU: as large as is allowed. */
static int map_ring(struct mmsi_perf *p, unsigned int cpu, int fd)
{
	size_t page = mms_page_size();

	for (size_t size = 4UL << 20; size >= page; size /= 2) {
		void *at = mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		if (at == MAP_FAILED)
			continue;
		p->ring[cpu] = (struct ring){ .fd = fd, .page = at, .size = size };
		p->poll[p->polls++] = fd;
		return 0;
	}
	return errno;
}

static int remember(struct mmsi_perf *p, int fd, enum mmsi_perf_kind kind, unsigned int probe)
{
	struct source s = { .kind = kind, .probe = probe };
	void *more;
	size_t at;

	if (p->fds == p->fds_room) {
		more = realloc(p->fd, (p->fds + 64) * sizeof(*p->fd));
		if (!more)
			return ENOMEM;
		p->fd = more;
		p->fds_room += 64;
	}
	if (p->sources == p->sources_room) {
		more = realloc(p->source, (p->sources + 64) * sizeof(*p->source));
		if (!more)
			return ENOMEM;
		p->source = more;
		p->sources_room += 64;
	}
	if (ioctl(fd, PERF_EVENT_IOC_ID, &s.id))
		return errno;
	for (at = p->sources; at && p->source[at - 1].id > s.id; at--)
		p->source[at] = p->source[at - 1];
	p->source[at] = s;
	p->sources++;
	p->fd[p->fds++] = fd;
	return 0;
}

static uint64_t reg_mask(void)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < REGS; i++)
		mask |= 1ULL << regs[i];
	return mask;
}

/* With many CPUs, threads and probes there are many: as many as may be. */
static int open_one(struct perf_event_attr *attr, pid_t tid, int cpu)
{
	struct rlimit files;
	int fd = (int)syscall(SYS_perf_event_open, attr, tid, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd >= 0 || errno != EMFILE || getrlimit(RLIMIT_NOFILE, &files) ||
	    files.rlim_cur == files.rlim_max) {
		return fd;
	}
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	return (int)syscall(SYS_perf_event_open, attr, tid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

/* An event on each CPU that is on.  Returns 0 or an errno. */
static int open_everywhere(struct mmsi_perf *p, struct perf_event_attr *attr, pid_t tid,
			   enum mmsi_perf_kind kind, unsigned int probe)
{
	unsigned int opened = 0;

	for (unsigned int cpu = 0; cpu < p->cpus; cpu++) {
		int fd = open_one(attr, tid, (int)cpu), error = 0;

		if (fd < 0 && errno == ENODEV)
			continue;	/* it is off */
		if (fd < 0)
			return errno;
		if (p->ring[cpu].fd < 0)
			error = map_ring(p, cpu, fd);
		else if (ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, p->ring[cpu].fd))
			error = errno;
		if (!error)
			error = remember(p, fd, kind, probe);
		if (error) {
			if (p->ring[cpu].fd != fd)
				close(fd);
			return error;
		}
		opened++;
	}
	return opened ? 0 : ENODEV;
}

static struct perf_event_attr attr_of(uint32_t type, uint64_t config, uint64_t sample)
{
	struct perf_event_attr attr = {
		.type = type, .size = sizeof(attr), .config = config, .sample_period = 1,
		.sample_type = sample, .inherit = 1, .use_clockid = 1, .clockid = CLOCK_MONOTONIC,
		.sample_regs_user = reg_mask(), .watermark = 1, .wakeup_watermark = 1U << 18,
		.exclude_hv = 1,
	};

	return attr;
}

/* Faults; once without those in the kernel, if we are not to see into that. */
static int open_faults(struct mmsi_perf *p, pid_t tid, bool on_exec)
{
	static const uint64_t configs[] = { PERF_COUNT_SW_PAGE_FAULTS_MIN,
					    PERF_COUNT_SW_PAGE_FAULTS_MAJ };
	int error = 0;

	for (int i = 0; i < 2 && !error; i++) {
		struct perf_event_attr attr = attr_of(PERF_TYPE_SOFTWARE, configs[i], SAMPLE_FAULT);

		attr.exclude_kernel = p->no_kernel;
		attr.disabled = attr.enable_on_exec = on_exec;
		error = open_everywhere(p, &attr, tid, i ? MMSI_PERF_MAJOR : MMSI_PERF_MINOR, 0);
	}
	return error;
}

int mmsi_perf_faults(struct mmsi_perf *p, pid_t tid, bool on_exec, struct mms_error *err)
{
	int error = open_faults(p, tid, on_exec);

	if ((error == EACCES || error == EPERM) && !p->fds) {
		p->no_kernel = true;
		error = open_faults(p, tid, on_exec);
	}
	return error ? fail(error, "--faults", err) : 0;
}

int mmsi_perf_access(struct mmsi_perf *p, pid_t tid, int event, bool on_exec)
{
	struct perf_event_attr attr = attr_of(PERF_TYPE_TRACEPOINT, (uint64_t)event, SAMPLE_ACCESS);

	attr.sample_regs_user = 0;
	attr.disabled = attr.enable_on_exec = on_exec;
	return open_everywhere(p, &attr, tid, MMSI_PERF_ACCESS, 0);
}

bool mmsi_perf_kernel(const struct mmsi_perf *p)
{
	return !p->no_kernel;
}

int mmsi_perf_probe(struct mmsi_perf *p, pid_t tid, int event, bool leave, unsigned int probe,
		    struct mms_error *err)
{
	struct perf_event_attr attr = attr_of(PERF_TYPE_TRACEPOINT, (uint64_t)event, SAMPLE_PROBE);
	int error;

	attr.sample_stack_user = STACK_BYTES;
	error = open_everywhere(p, &attr, tid, leave ? MMSI_PERF_LEAVE : MMSI_PERF_ENTER, probe);
	return error ? fail(error, "--malloc", err) : 0;
}

/* ---- reading --------------------------------------------------------------- */

static const struct source *source_of(const struct mmsi_perf *p, uint64_t id)
{
	size_t low = 0, high = p->sources;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p->source[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < p->sources && p->source[low].id == id ? &p->source[low] : NULL;
}

static uint64_t reg_in(const uint64_t *values, unsigned int reg)
{
	for (size_t i = 0; i < REGS; i++)
		if (regs[i] == reg)
			return values[i];
	return 0;
}

/* Behind the size of the record, which takes four bytes. */
static bool parse_access(const uint64_t *at, const uint64_t *end, struct mmsi_perf_event *e)
{
	struct access_record record;

	if ((size_t)(end - at) * sizeof(*at) < sizeof(uint32_t) + sizeof(record))
		return false;
	memcpy(&record, (const char *)at + sizeof(uint32_t), sizeof(record));
	e->address = record.address;
	e->access = record.code & CODE_EXEC ? MMS_ACCESS_EXEC :
		    record.code & CODE_WRITE ? MMS_ACCESS_WRITE : MMS_ACCESS_READ;
	return true;
}

/* identifier, ip, pid and tid, time, addr, abi, registers, size of the stack, stack */
static bool parse_sample(const struct mmsi_perf *p, const struct perf_event_header *h,
			 struct mmsi_perf_event *e)
{
	const uint64_t *at = (const uint64_t *)(h + 1), *end = at + (h->size - sizeof(*h)) / 8;
	const struct source *s;

	if (end - at < 6)
		return false;
	s = source_of(p, at[0]);
	if (!s)
		return false;
	*e = (struct mmsi_perf_event){
		.kind = s->kind, .probe = s->probe, .pid = (pid_t)(uint32_t)at[2],
		.tid = (pid_t)(at[2] >> 32), .time = at[3], .address = at[4], .pc = at[1],
		.in_kernel = (h->misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL,
	};
	if (e->kind == MMSI_PERF_ACCESS)
		return parse_access(at + 5, end, e);
	if (e->in_kernel)
		e->pc = 0;
	at += 6;
	if (at[-1] == PERF_SAMPLE_REGS_ABI_NONE || end - at < (ptrdiff_t)REGS)
		return true;
	e->pc = reg_in(at, REG_IP);
	e->ret = reg_in(at, REG_RETURN);
	for (int i = 0; i < 3; i++)
		e->arg[i] = reg_in(at, arg_reg[i]);
	if (HAS_LR)
		e->caller = reg_in(at, REG_LR);
	at += REGS;
	if (RETURN_IN_STACK && e->kind == MMSI_PERF_ENTER && end - at >= 2 && at[0] >= 8)
		e->caller = at[1];
	return true;
}

static bool parse(const struct mmsi_perf *p, const struct perf_event_header *h,
		  struct mmsi_perf_event *e)
{
	const uint64_t *at = (const uint64_t *)(h + 1);

	if (h->type == PERF_RECORD_SAMPLE)
		return parse_sample(p, h, e);
	if (h->type != PERF_RECORD_LOST || h->size < sizeof(*h) + 16)
		return false;
	*e = (struct mmsi_perf_event){ .kind = MMSI_PERF_LOST, .count = at[1] };
	return true;
}

/* A record in one piece: as it is, or put together from the end and the beginning. */
static const struct perf_event_header *record(struct mmsi_perf *p, const struct ring *r,
					      uint64_t tail)
{
	const char *data = (const char *)r->page + mms_page_size();
	size_t at = tail & (r->size - 1);
	const struct perf_event_header *h = (const void *)(data + at);

	if (at + h->size <= r->size)
		return h;
	memcpy(p->scratch, h, r->size - at);
	memcpy(p->scratch + (r->size - at), data, h->size - (r->size - at));
	return (const void *)p->scratch;
}

static void read_ring(struct mmsi_perf *p, struct ring *r,
		      void (*fn)(const struct mmsi_perf_event *e, void *arg), void *arg)
{
	uint64_t head = __atomic_load_n(&r->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = r->page->data_tail;

	while (tail < head) {
		const struct perf_event_header *h = record(p, r, tail);
		struct mmsi_perf_event e;

		if (h->size < sizeof(*h))
			break;
		tail += h->size;
		if (parse(p, h, &e))
			fn(&e, arg);
	}
	__atomic_store_n(&r->page->data_tail, head, __ATOMIC_RELEASE);
}

void mmsi_perf_read(struct mmsi_perf *p,
		    void (*fn)(const struct mmsi_perf_event *e, void *arg), void *arg)
{
	for (unsigned int i = 0; i < p->cpus; i++)
		if (p->ring[i].page)
			read_ring(p, &p->ring[i], fn, arg);
}

size_t mmsi_perf_fds(const struct mmsi_perf *p, const int **fds)
{
	*fds = p->poll;
	return p->polls;
}
