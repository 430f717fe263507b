/* SPDX-License-Identifier: GPL-2.0 */
/*
 * storm.h - what the storms share: a seed from which all that is random comes,
 * a clock, claims (what must hold of every answer, counted over all processes
 * and judged at the end), and the claims that hold whatever a target does.
 */
#ifndef TESTS_STORM_H
#define TESTS_STORM_H

#include "kit.h"

#define RW	(PROT_READ | PROT_WRITE)
#define MEM	(MAP_PRIVATE | MAP_ANONYMOUS)
#define HUGE	(2UL << 20)
#define ALL_END	(1ULL << 56)

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

/* ---- the program: its seed, its clock ---- */

/* As tap_start(); reads STORM_SECONDS and STORM_SEED, and says the seed. */
void storm_start(const char *prefix);
int storm_end(void);			/* judges what nobody judged, then tap_end() */

double now(void);			/* seconds of the monotonic clock */
extern double storm_seconds;		/* that one storm shall last */
void storm_begin(void);			/* storm_seconds from now on, ... */
bool storm_on(void);			/* ... is it still on?  In children, too. */

/* Each process or thread that wants numbers of its own names its stream first. */
void rnd_stream(u64 stream);
u64 rnd(void);
u64 below(u64 n);			/* 0 to n - 1 */
bool one_in(u64 n);

/* ---- claims: "this holds", counted in memory that all processes share ---- */

struct claim {
	int state;
	char name[56];
	u64 held, broken;
	bool judged;
	char words[3][240];		/* of the first that did not hold */
};
struct claim *claim_of(const char *name);
void claim_broken(struct claim *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Says of one answer that it is right or wrong; gives back which. */
#define holds(name, good, ...) ({					\
	static struct claim *claim_;					\
	bool good_ = (good);						\
	if (!claim_)							\
		claim_ = claim_of(name);				\
	if (good_)							\
		__atomic_add_fetch(&claim_->held, 1, __ATOMIC_RELAXED);	\
	else								\
		claim_broken(claim_, __VA_ARGS__);			\
	good_;								\
})

/* One result: it was tried at least once, and it always held. */
void judge(const char *name);
/* The same where it may be that it never came to it: then a skip. */
void judge_if_tried(const char *name, const char *why);

/* Counters with names, told as a note each at the end (errnos, how much was done). */
void tick(const char *what);
void tick_errno(const char *call, int err);
u64 ticks_of(const char *what);

/* ---- children ---- */

struct pack {
	pid_t pid[64];
	int count;
};
void pack_add(struct pack *p, void (*fn)(void *), void *arg);
/* Waits for all, who are to end by themselves; kills and tells of those who do not. */
void pack_join(struct pack *p, const char *name);
void pack_kill(struct pack *p);

/* Until the target has made *ready not 0; bails out if it dies before. */
void await(pid_t target, const volatile int *ready);

/* ---- what holds of any answer, whatever the target is doing ---- */

u64 random_categories(void);
void random_pages(struct mmscope_pages *ask, u64 start, u64 end);
void check_categories(u64 categories, u64 asked);
void check_runs(const struct mmscope_pages *ask, const struct runs *runs);
void check_vmas(const struct snapshot *snap, u64 start, u64 end, bool accts);
void check_walk(const struct mmscope_walk *w, u64 address);
/* PAGES, with batches of a random size; the runs are checked. Free runs->run. */
int ask_pages(int fd, u64 start, u64 end, struct runs *runs);
int ask_vmas(int fd, struct snapshot *snap);	/* likewise; free_vmas() */
int ask_walk(int fd, u64 address, struct mmscope_walk *w);

/* The list against /proc/PID/maps, which was read at rest; all but [vsyscall]. */
void check_against_maps(pid_t pid, const struct snapshot *snap);

/* The judgements of all the above but that. */
void judge_answers(void);

/* ---- islands: pages of the target that nobody touches, to be told exactly ---- */

struct island {
	char name[24];
	u64 start, pages;
	u64 all, none;			/* what each page has, and what none has */
};
struct islands {
	struct island island[12];
	int count;
};
#define HERE	(CAT(PRESENT) | CAT(IN_CORE))

/* Within the target. No huge pages; an isle(), so that it merges with nothing. */
char *quiet(u64 pages, int flags, bool written);
bool swapped_out(char *p, u64 pages);	/* moves them there; false if they stay */
/* Keeps it from forks, which would share and write-protect it. */
void island_add(struct islands *all, const char *name, void *p, u64 pages, u64 has, u64 lacks);
/* In the reader: one of them, page by page, or one address of one. */
void check_island(int fd, const struct islands *all);
void walk_island(int fd, const struct islands *all);
void judge_islands(void);

/* A table of /proc/mmscope: its lines in address order. */
void check_table(const char *text);

#endif /* TESTS_STORM_H */
