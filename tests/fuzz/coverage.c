// SPDX-License-Identifier: GPL-2.0
/*
 * coverage.c - which parts of the module calls reach, by KCOV. The module alone is
 * built for it (Kbuild), so that nothing else of the kernel is in the trace.
 */
#include <stdatomic.h>
#include <sys/ioctl.h>

#include "coverage.h"

#define KCOV_INIT_TRACE	_IOR('c', 1, unsigned long)
#define KCOV_ENABLE	_IO('c', 100)
#define KCOV_TRACE_PC	0

#define TRACE_MAX	(1UL << 19)	/* places in one program */
#define SITES_MAX	16384
#define EDGES		(1U << 20)	/* a hash: few of them collide */
#define CALLS_MAX	64
#define FRESH_MAX	4096
#define NEAR		(4UL << 20)

struct site {
	u64 pc;
	char function[64];
	bool reached;		/* ever */
};

static struct site site[SITES_MAX];
static unsigned short near[NEAR];	/* by the distance from the first: 1 + its index */
static unsigned long sites, known_blocks, known_edges;
static _Atomic u64 *trace;
static u64 bound[CALLS_MAX];	/* where in the trace calls begin */
static unsigned int bounds;
static bool block_known[SITES_MAX], edge_known[EDGES], edge_ever[EDGES], seen[EDGES];
static unsigned int fresh[FRESH_MAX], fresh_count;
static unsigned long ever_edges;

/* ---- setting up ---- */

static int by_pc(const void *a, const void *b)
{
	const struct site *x = a, *y = b;

	return (x->pc > y->pc) - (x->pc < y->pc);
}

static u64 section_base(const char *section)
{
	char *text = read_text("/sys/module/mmscope/sections/%s", section);
	u64 base = text ? strtoull(text, NULL, 16) : 0;

	free(text);
	return base;
}

/* Blocks of sections that are not in memory any more (.init.text) are left out. */
static bool read_sites(const char *path)
{
	FILE *f = fopen(path, "r");
	char section[64], last[64] = "", function[64];
	unsigned long long offset;
	unsigned long i;
	u64 base = 0;

	if (!f)
		return false;
	while (sites < SITES_MAX &&
	       fscanf(f, "%63s %llx %63s", section, &offset, function) == 3) {
		if (strcmp(section, last)) {
			base = section_base(section);
			strcpy(last, section);
		}
		if (!base)
			continue;
		site[sites].pc = base + offset;
		strcpy(site[sites++].function, function);
	}
	fclose(f);
	qsort(site, sites, sizeof(site[0]), by_pc);
	for (i = 0; i < sites && site[i].pc - site[0].pc < NEAR; i++)
		near[site[i].pc - site[0].pc] = i + 1;
	return sites && i == sites;
}

static bool open_kcov(const char **why)
{
	int fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	void *p;

	*why = "this kernel has no KCOV, or no debugfs is mounted";
	if (fd < 0)
		return false;
	*why = "KCOV cannot be set up";
	if (ioctl(fd, KCOV_INIT_TRACE, TRACE_MAX))
		return false;
	p = mmap(NULL, TRACE_MAX * sizeof(u64), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED || ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC))
		return false;
	trace = p;
	return true;
}

bool coverage_begin(const char *sites_file, const char **why)
{
	*why = "no file says which blocks the module has";
	if (!sites_file || !read_sites(sites_file))
		return false;
	return open_kcov(why);
}

bool coverage_on(void)
{
	return trace;
}

/* ---- one program ---- */

void coverage_clear(void)
{
	bounds = 0;
	if (trace)
		atomic_store(&trace[0], 0);
}

void coverage_call(void)
{
	if (trace && bounds < CALLS_MAX)
		bound[bounds++] = atomic_load(&trace[0]);
}

/* A trace may be long: by place, where the module's sections lie near each other. */
static long site_of(u64 pc)
{
	u64 at = pc - site[0].pc;

	return at < NEAR ? near[at] - 1L : -1;
}

static unsigned int edge_of(long from, long to)
{
	return (unsigned int)((from + 1) * 0x9e3779b1U + to * 0x85ebca6bU) >> 12 & (EDGES - 1);
}

/* Each edge of the trace; from -1 where a call begins. */
static void each_edge(void (*fn)(unsigned int edge, long to))
{
	u64 n = trace ? atomic_load(&trace[0]) : 0, i;
	unsigned int next = 0;
	long from = -1, to;

	for (i = 0; i < n; i++) {
		while (next < bounds && bound[next] == i) {
			from = -1;
			next++;
		}
		to = site_of(trace[i + 1]);
		if (to < 0)
			continue;
		fn(edge_of(from, to), to);
		from = to;
	}
}

static void learn(unsigned int edge, long to)
{
	if (!site[to].reached)
		site[to].reached = true;
	if (!block_known[to]) {
		block_known[to] = true;
		known_blocks++;
	}
	if (!edge_ever[edge]) {
		edge_ever[edge] = true;
		ever_edges++;
	}
	if (edge_known[edge])
		return;
	edge_known[edge] = true;
	known_edges++;
	if (fresh_count < FRESH_MAX)
		fresh[fresh_count++] = edge;
}

unsigned int coverage_add(void)
{
	fresh_count = 0;
	each_edge(learn);
	return fresh_count;
}

static void see(unsigned int edge, long to)
{
	(void)to;
	seen[edge] = true;
}

static void unsee(unsigned int edge, long to)
{
	(void)to;
	seen[edge] = false;
}

unsigned int coverage_again(void)
{
	unsigned int n = 0, i;

	each_edge(see);
	for (i = 0; i < fresh_count; i++)
		n += seen[fresh[i]];
	each_edge(unsee);
	return n;
}

void coverage_forget(void)
{
	memset(block_known, 0, sizeof(block_known));
	memset(edge_known, 0, sizeof(edge_known));
	known_blocks = 0;
	known_edges = 0;
}

/* ---- the report ---- */

unsigned long coverage_blocks(void)
{
	return known_blocks;
}

unsigned long coverage_edges(void)
{
	return known_edges;
}

unsigned long coverage_all_blocks(void)
{
	return sites;
}

/* Functions whose blocks lie side by side; those of .cold parts count by themselves. */
static unsigned long functions(bool never, bool partly)
{
	unsigned long n = 0, i, first, reached;

	for (i = 0; i < sites;) {
		first = i;
		reached = 0;
		for (; i < sites && !strcmp(site[i].function, site[first].function); i++)
			reached += site[i].reached;
		n += !reached;
		if (never && !reached)
			tap_note("never reached: %s (%lu blocks)", site[first].function, i - first);
		if (partly && reached && reached < i - first)
			tap_note("%3lu of %3lu: %s", reached, i - first, site[first].function);
	}
	return n;
}

void coverage_report(void)
{
	unsigned long n = 0, i;

	if (!trace)
		return;
	for (i = 0; i < sites; i++)
		n += site[i].reached;
	tap_note("%lu of %lu blocks of the module, %lu edges", n, sites, ever_edges);
	tap_note("%lu functions never reached", functions(false, false));
	functions(true, true);
}
