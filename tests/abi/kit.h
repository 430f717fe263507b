/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kit.h - what the ABI and VM tests share: the ioctls with errno as their
 * result, a subject (a child that does what it is told), and the kernel's own
 * files about a process, parsed.
 */
#ifndef TESTS_KIT_H
#define TESTS_KIT_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/types.h>

#include "mmscope.h"
#include "../tap.h"

typedef __u64 u64;	/* unsigned long long, on every architecture */
typedef __u32 u32;

#define CAT(name)	MMSCOPE_CAT(name)
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#ifndef MADV_COLD
#define MADV_COLD	20
#define MADV_PAGEOUT	21
#endif

extern unsigned long page;	/* the page size */
extern u64 told;		/* the categories that INFO says can be told */

/* ---- sessions: 0, or the errno ---- */
int session(void);			/* an open session; bails out without a module */
int session_of(pid_t pid);		/* ... that is attached to pid */
int call(int fd, unsigned long cmd, void *arg);
int attach(int fd, pid_t pid);
int attach_pidfd(int fd, int pidfd);
int get_info(int fd, struct mmscope_info *info);
int get_mm(int fd, struct mmscope_mm *mm);
int walk(int fd, u64 address, u32 flags, struct mmscope_walk *w);

struct snapshot {
	struct mmscope_vma *vmas;
	struct mmscope_acct *accts;
	char *names;
	u64 count, names_bytes;
	struct mmscope_mm mm;
};
int get_vmas(int fd, u64 start, u64 end, bool accts, struct snapshot *snap);
void free_vmas(struct snapshot *snap);

/* All runs in the range, by as many calls as it takes. */
struct runs {
	struct mmscope_run *run;
	u64 count, pages;
};
int get_runs(int fd, const struct mmscope_pages *ask, u64 batch, struct runs *runs);
/* The categories of n pages side by side (which must be in VMAs). */
int get_states(int fd, u64 start, u64 n, u64 *state);
int pidfd_of(pid_t pid);
int can_drop(int capability);		/* lose it for good, effective and permitted */

/* ---- a subject ---- */
typedef long (*subject_fn)(void *arg);
struct subject {
	pid_t pid;
	int to, from;
};
void subject_start(struct subject *s);
/* Has the subject call fn(arg); LONG_MIN if it died of it. */
long subject_call(struct subject *s, subject_fn fn, void *arg);
void subject_end(struct subject *s);
/* Memory that subjects and the test share, got before they start. */
void *shared(size_t bytes);
/* An isolated mapping: a PROT_NONE page on either side, so it merges with none. */
void *isle(size_t bytes, int prot, int flags, int fd, off_t offset);
pid_t child_of(void (*fn)(void *), void *arg);	/* a child that runs fn, then exits */
int wait_for(pid_t pid);		/* its exit status, or 256 + signal */
void settle(pid_t pid);			/* until it sleeps or is stopped */
char state_of(pid_t pid);

/* ---- the kernel's files ---- */
struct map {
	u64 start, end, offset, inode;
	unsigned int major, minor;
	char perms[5];
	char *name;		/* as written there; "" if none */
};
struct maps {
	struct map *map;
	size_t count;
	char *text;
};
char *read_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
int write_text(const char *path, const char *text);
int get_maps(pid_t pid, struct maps *maps);	/* less [vsyscall] */
void free_maps(struct maps *maps);
const struct map *map_at(const struct maps *maps, u64 address);
/* A number behind `field:` in a text such as status; ~0 if it is not there. */
u64 field(const char *text, const char *name);
/* The same in smaps, for the VMA that starts at `start`, in bytes. */
u64 smaps_field(const char *smaps, u64 start, const char *name);
u64 stat_field(pid_t pid, int number);
int pagemap(pid_t pid, u64 start, u64 n, u64 *entry);
u64 kpageflags(u64 pfn);

/* Counts in bad[] the figures that differ from those of smaps. */
enum { RSS, SH_CLEAN, SH_DIRTY, PR_CLEAN, PR_DIRTY, ANONYMOUS, SWAP, SUMS, FIGURES };
extern const char *const figure[FIGURES];
void compare_acct(const char *smaps, const struct mmscope_vma *v, const struct mmscope_acct *a,
		  int *bad);
/* Accounts of the whole of the target in other ways: how many differ from those. */
u64 accts_differ(int fd, const struct snapshot *snap);

#define PM_SOFT_DIRTY	(1ULL << 55)
#define PM_EXCLUSIVE	(1ULL << 56)
#define PM_UFFD_WP	(1ULL << 57)
#define PM_GUARD	(1ULL << 58)
#define PM_FILE		(1ULL << 61)
#define PM_SWAP		(1ULL << 62)
#define PM_PRESENT	(1ULL << 63)
#define PM_FRAME	((1ULL << 55) - 1)

#define KPF_LRU		5
#define KPF_HUGE	17
#define KPF_UNEVICTABLE	18
#define KPF_KSM		21
#define KPF_THP		22
#define KPF_ZERO_PAGE	24
#define KPF_MLOCKED	33	/* told to root since 2.6.31 */

#endif /* TESTS_KIT_H */
