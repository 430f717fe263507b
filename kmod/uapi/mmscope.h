/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * mmscope.h - the ABI between mmscope.ko and everybody else.
 * The one header that the module and userspace share: structures, numbers,
 * and, in prose, what each command promises and how it can fail.
 *
 * THE PROTOCOL
 *
 * open("/dev/mmscope", O_RDONLY | O_CLOEXEC) makes a session.  INFO may be
 * asked at once.  ATTACH binds the session to the address space that a process
 * has at that moment; MM, VMAS, PAGES and WALK then ask about it.  ATTACH may
 * be repeated to change the target.  close() forgets everything.
 *
 * A session holds the address space by name only: it does not keep the memory
 * of a dead process alive.  Nothing here faults a page in, changes a bit of a page-table
 * entry, splits a huge page or writes to the target.
 *
 * One session answers one query at a time; a second thread that asks on the
 * same file waits, killably.  Use a session per thread for parallel work.
 *
 * STRUCTURES
 *
 * Every argument starts with `size`, which the caller sets to sizeof() of the
 * structure it was compiled with.  A structure longer than the module knows is
 * accepted if the unknown tail is zero (else E2BIG); one that ends before the
 * last field of the first published version is refused (EINVAL).  The answer
 * is cut to `size`.  The kernel trusts `size` and the command's type and
 * number, not the size encoded in the command.  `flags` bits that are not
 * defined and `reserved` fields that are not zero are refused (EINVAL), so
 * that they can get a meaning later.  Pointers travel as 64-bit numbers; the
 * layout is the same for 32-bit and 64-bit callers.
 *
 * Ask INFO what this module on this kernel can tell; do not guess from a
 * version.  What cannot be told has a bit of its own (CACHE_UNKNOWN, a
 * category that INFO does not list): a zero is always an answer.
 *
 * UNITS
 *
 * Addresses are byte addresses in the target.  Amounts of memory are bytes,
 * unless a name says `pages` (1 << info.page_shift bytes each).  Ranges are
 * half-open: `end` is the first byte behind.  On arm64 an address may have a tag
 * in its top byte, and both ends of a range the same one; it is left off from
 * what is answered, but for `cursor`, with which a call goes on as it began.
 *
 * WHO MAY ASK
 *
 * Whoever may open /proc/PID/maps of the target may ATTACH: that is checked by
 * opening it with the caller's credentials.  As with that file, the check is
 * made once; the session then stays usable, also if it is passed on.
 * A file of /proc/mmscope/PID is checked so when it is opened, and again, with
 * the reader's credentials, at each read; to register needs the right of whoever
 * opened `targets` and of who writes to it.  A file tells of the address space
 * that the process had when it was opened (else ESTALE); one whose directory has
 * gone meanwhile answers EIO, as procfs has it.
 * Page frame numbers and raw page-table entries are told only if both the
 * opener of the session and the caller have CAP_SYS_ADMIN in the initial user
 * namespace.  Others are not told either whether somebody else has locked a
 * page of a file, one that KSM merged or one that is mapped more than once: they
 * get LOCK_UNKNOWN, unless the VMA itself is locked and the page is a folio of
 * its own.  Nor are they told how much others ask (`batches`, `holds`, `hold_ns`).
 * Whether a page of a file that is not mapped in the target's page
 * tables is in the page cache is told by the rule of mincore(2): to those who
 * own the file or may write to it; others get CACHE_UNKNOWN.
 *
 * ERRORS (each command below lists what is particular to it)
 *
 *   ENOTTY     no such command
 *   EFAULT     a pointer does not point to memory of the caller
 *   EINVAL     size too small, an unknown flag, reserved not zero, a range
 *              that is unaligned or ends before it starts
 *   E2BIG      size larger than the module knows, and the tail is not zero; or
 *              larger than a page
 *   ENOTCONN   MM, VMAS, PAGES, WALK: no target was attached to this session
 *   ESTALE     the target has called exec since; ATTACH again
 *   ESRCH      the target has exited
 *   EINTR      a fatal signal, or any signal before there was anything to tell
 *   ENOMEM     the kernel had no memory for the answer
 */
#ifndef _UAPI_MMSCOPE_H
#define _UAPI_MMSCOPE_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define MMSCOPE_DEVICE		"/dev/mmscope"
#define MMSCOPE_PROC		"/proc/mmscope"
#define MMSCOPE_ABI		1	/* raised only if old callers break */

/* 0xBE is not taken in the kernel's table of ioctl numbers. */
#define MMSCOPE_IOC_TYPE	0xBE

#define MMSCOPE_INFO	_IOWR(MMSCOPE_IOC_TYPE, 0, struct mmscope_info)
#define MMSCOPE_ATTACH	_IOWR(MMSCOPE_IOC_TYPE, 1, struct mmscope_attach)
#define MMSCOPE_MM	_IOWR(MMSCOPE_IOC_TYPE, 2, struct mmscope_mm)
#define MMSCOPE_VMAS	_IOWR(MMSCOPE_IOC_TYPE, 3, struct mmscope_vmas)
#define MMSCOPE_PAGES	_IOWR(MMSCOPE_IOC_TYPE, 4, struct mmscope_pages)
#define MMSCOPE_WALK	_IOWR(MMSCOPE_IOC_TYPE, 5, struct mmscope_walk)

/*
 * Page categories: what can be said of one page.  A page with none of them is
 * mapped by a VMA, and never touched.  The numbers are bit positions, and
 * index mmscope_acct.pages[].
 *
 * The first group is read from the page-table entry alone.
 */
#define MMSCOPE_CAT_PRESENT	 0 /* the entry maps memory (also if PROT_NONE) */
#define MMSCOPE_CAT_SWAPPED	 1 /* the entry names a place in a swap area */
#define MMSCOPE_CAT_MIGRATING	 2 /* the page is being moved just now */
#define MMSCOPE_CAT_ZERO	 3 /* present: the shared zero page, small or huge */
#define MMSCOPE_CAT_WRITABLE	 4 /* the entry itself allows writing */
#define MMSCOPE_CAT_EXECUTABLE	 5 /* the entry itself allows execution */
#define MMSCOPE_CAT_ACCESSED	 6 /* the entry's accessed bit */
#define MMSCOPE_CAT_DIRTY	 7 /* the entry's dirty bit */
#define MMSCOPE_CAT_SOFT_DIRTY	 8 /* as pagemap bit 55: the entry's bit or the VMA's */
#define MMSCOPE_CAT_UFFD_WP	 9 /* write-protected by userfaultfd */
#define MMSCOPE_CAT_HUGE_PMD	10 /* mapped by one entry of the PMD level */
#define MMSCOPE_CAT_HUGE_PUD	11 /* mapped by one entry of the PUD level */
#define MMSCOPE_CAT_HUGETLB	12 /* a huge page out of the hugetlb pool */
#define MMSCOPE_CAT_SPECIAL	13 /* present, but no page that is counted: pfnmap, [vvar] */
#define MMSCOPE_CAT_POISONED	14 /* the memory failed; a touch gives SIGBUS */
#define MMSCOPE_CAT_GUARD	15 /* a guard region (MADV_GUARD_INSTALL) */
#define MMSCOPE_CAT_DEVICE	16 /* moved to the memory of a device */
/* These need the page behind the entry, and cost more. */
#define MMSCOPE_CAT_ANON	20 /* anonymous memory, not of a file (not said of ZERO) */
#define MMSCOPE_CAT_FILE	21 /* page cache of a file, or a page of the kernel's own */
#define MMSCOPE_CAT_SHMEM	22 /* shared memory or tmpfs */
#define MMSCOPE_CAT_SHARED	23 /* present: mapped more than once */
#define MMSCOPE_CAT_KSM		24 /* present: merged by KSM */
#define MMSCOPE_CAT_MLOCKED	25 /* the page's own mlocked flag (lock fact) */
#define MMSCOPE_CAT_UNEVICTABLE	26 /* the page is on the unevictable list */
#define MMSCOPE_CAT_PAGE_DIRTY	27 /* the page's own dirty flag */
#define MMSCOPE_CAT_LAZYFREE	28 /* MADV_FREE is pending: may be dropped */
#define MMSCOPE_CAT_LOCK_UNKNOWN 29 /* MLOCKED, UNEVICTABLE may not be told */
/* These look beside the page tables, and follow mincore's privacy rule. */
#define MMSCOPE_CAT_IN_CORE	32 /* a touch needs no I/O: what mincore would answer */
#define MMSCOPE_CAT_CACHE_UNKNOWN 33 /* IN_CORE cannot or may not be told */
#define MMSCOPE_CAT_CACHE_SWAPPED 34 /* no entry; the shmem object's page is in swap */
#define MMSCOPE_CAT_COUNT	35

#define MMSCOPE_CAT(name)	(1ULL << MMSCOPE_CAT_##name)

#define MMSCOPE_CATS_ENTRY	0x000000000001ffffULL
#define MMSCOPE_CATS_FOLIO	0x000000003ff00000ULL
#define MMSCOPE_CATS_CACHE	0x0000000700000000ULL
#define MMSCOPE_CATS_ALL \
	(MMSCOPE_CATS_ENTRY | MMSCOPE_CATS_FOLIO | MMSCOPE_CATS_CACHE)

/* VMA flags, the same on every kernel (the kernel's own bits move about). */
#define MMSCOPE_VMA_READ	(1ULL << 0)
#define MMSCOPE_VMA_WRITE	(1ULL << 1)
#define MMSCOPE_VMA_EXEC	(1ULL << 2)
#define MMSCOPE_VMA_SHARED	(1ULL << 3)	/* MAP_SHARED, as 's' in maps */
#define MMSCOPE_VMA_MAYREAD	(1ULL << 4)
#define MMSCOPE_VMA_MAYWRITE	(1ULL << 5)
#define MMSCOPE_VMA_MAYEXEC	(1ULL << 6)
#define MMSCOPE_VMA_MAYSHARE	(1ULL << 7)
#define MMSCOPE_VMA_GROWSDOWN	(1ULL << 8)
#define MMSCOPE_VMA_PFNMAP	(1ULL << 9)
#define MMSCOPE_VMA_MIXEDMAP	(1ULL << 10)
#define MMSCOPE_VMA_IO		(1ULL << 11)
#define MMSCOPE_VMA_LOCKED	(1ULL << 12)	/* lock intent: mlock */
#define MMSCOPE_VMA_LOCKONFAULT	(1ULL << 13)	/* lock intent: MLOCK_ONFAULT */
#define MMSCOPE_VMA_SEQ_READ	(1ULL << 14)
#define MMSCOPE_VMA_RAND_READ	(1ULL << 15)
#define MMSCOPE_VMA_DONTCOPY	(1ULL << 16)
#define MMSCOPE_VMA_DONTEXPAND	(1ULL << 17)
#define MMSCOPE_VMA_ACCOUNT	(1ULL << 18)
#define MMSCOPE_VMA_NORESERVE	(1ULL << 19)
#define MMSCOPE_VMA_HUGETLB	(1ULL << 20)
#define MMSCOPE_VMA_WIPEONFORK	(1ULL << 21)
#define MMSCOPE_VMA_DONTDUMP	(1ULL << 22)
#define MMSCOPE_VMA_SOFTDIRTY	(1ULL << 23)
#define MMSCOPE_VMA_HUGEPAGE	(1ULL << 24)
#define MMSCOPE_VMA_NOHUGEPAGE	(1ULL << 25)
#define MMSCOPE_VMA_MERGEABLE	(1ULL << 26)
#define MMSCOPE_VMA_UFFD_MISSING (1ULL << 27)
#define MMSCOPE_VMA_UFFD_WP	(1ULL << 28)
#define MMSCOPE_VMA_UFFD_MINOR	(1ULL << 29)
#define MMSCOPE_VMA_SYNC	(1ULL << 30)
#define MMSCOPE_VMA_SEALED	(1ULL << 31)
#define MMSCOPE_VMA_DROPPABLE	(1ULL << 32)
#define MMSCOPE_VMA_SHADOW_STACK (1ULL << 33)

/* What a VMA is backed by. */
enum mmscope_backing {
	MMSCOPE_BACKING_ANON	= 0,	/* private anonymous memory */
	MMSCOPE_BACKING_FILE	= 1,	/* a file with a page cache */
	MMSCOPE_BACKING_SHMEM	= 2,	/* tmpfs, memfd, SysV, shared anonymous */
	MMSCOPE_BACKING_HUGETLB	= 3,	/* the hugetlb pool */
	MMSCOPE_BACKING_SPECIAL	= 4,	/* the kernel's own: [vdso], [vvar] */
	MMSCOPE_BACKING_DEVICE	= 5,	/* a driver's pages or frames */
};

/* What the address space knows a VMA as; a VMA may be both or none. */
#define MMSCOPE_ROLE_HEAP	(1U << 0)	/* of the program break, as maps has it */
#define MMSCOPE_ROLE_STACK	(1U << 1)	/* holds start_stack */
#define MMSCOPE_ROLE_DELETED	(1U << 2)	/* its file has no name (any more) */

/* Features, for mmscope_info.features. */
#define MMSCOPE_FEAT_FRAMES	(1ULL << 0)	/* this caller would be told frames */
#define MMSCOPE_FEAT_PIDFD	(1ULL << 1)	/* ATTACH takes a pidfd */
#define MMSCOPE_FEAT_EXACT_RSS	(1ULL << 2)	/* RSS counters are summed, not estimated */
#define MMSCOPE_FEAT_TOTALS	(1ULL << 3)	/* VMAS takes MMSCOPE_VMAS_TOTALS */
#define MMSCOPE_FEAT_PART	(1ULL << 4)	/* VMAS takes MMSCOPE_VMAS_PART */

#define MMSCOPE_HOLDS	16	/* classes of how long a lock was held */

/*
 * INFO: what this module on this kernel can tell.  Needs no target.
 */
struct mmscope_info {
	__u32 size;
	__u32 flags;		/* in: 0 */
	__u32 abi;		/* out: MMSCOPE_ABI */
	__u32 page_shift;	/* out: log2 of the page size */
	__u64 features;		/* out: MMSCOPE_FEAT_* */
	__u64 categories;	/* out: categories that can be told here */
	__u64 vma_flags;	/* out: MMSCOPE_VMA_* that can be told here */
	__u32 levels;		/* out: page-table levels in use, 3 to 5 */
	__u32 pmd_shift;	/* out: log2 of what a PMD entry maps */
	__u32 targets_max;	/* out: directories in /proc/mmscope, in all */
	__u32 targets_user_max;	/* out: and for one user */
	__u64 snapshot_max;	/* out: largest VMAS answer, bytes */
	__u64 task_size;	/* out: first address above the caller's user space */
	__u64 batches;		/* out: holds of a target's mmap lock so far; ~0: not told */
	__u64 longest_hold_ns;	/* out: the longest of them */
	char version[32];	/* out: the module's version, NUL-terminated */
	__u64 hold_ns;		/* out: those holds together; as holds[], 0 if not told */
	__u64 holds[MMSCOPE_HOLDS];	/* out: of them, in [i] those of at most 1 us << i, */
				/* and not in a lower one; in the last the rest */
};

/*
 * ATTACH: bind the session to a process's address space.
 *
 * `pid` is a process or thread id in the caller's pid namespace, or with
 * MMSCOPE_ATTACH_PIDFD a pidfd.  On failure the session keeps its old target.
 *
 *   ESRCH   no such process (also 0 and negative ids, and a reaped pidfd)
 *   ENXIO   it has no address space: a kernel thread, or a zombie
 *   EACCES  opening its /proc/PID/maps is refused to the caller
 *   ENOENT  no procfs at /proc in the caller's view, so nobody can be asked
 *   EBADF   MMSCOPE_ATTACH_PIDFD: not an open pidfd
 *   EAGAIN  the process called exec over and over while it was attached
 */
struct mmscope_attach {
	__u32 size;
	__u32 flags;		/* in: MMSCOPE_ATTACH_* */
	__s32 pid;		/* in */
	__u32 reserved;		/* in: 0 */
};
#define MMSCOPE_ATTACH_PIDFD	(1U << 0)

/*
 * MM: the address space as a whole, from one hold of the mmap lock.
 * `brk` is the exact program break, which no file in /proc tells.
 *
 * total_vm, data_vm, exec_vm and stack_vm are the kernel's own counters:
 * munmap(2) takes VMAs out first, and subtracts them when it has let others in
 * to read again, so while a process unmaps they may be ahead of its VMAs.
 */
struct mmscope_mm {
	__u32 size;
	__u32 flags;		/* in: 0 */
	__s32 pid;		/* out: process id, in the caller's namespace; 0: none there */
	__s32 tid;		/* out: the attached thread, likewise */
	char comm[16];		/* out: its name, NUL-terminated; empty if it is gone */
	__u64 start_code, end_code;
	__u64 start_data, end_data;
	__u64 start_brk, brk;
	__u64 start_stack;
	__u64 arg_start, arg_end;
	__u64 env_start, env_end;
	__u64 mmap_base;
	__u64 task_size;
	__u64 total_vm;		/* all VMAs, bytes; munmap subtracts a little late */
	__u64 data_vm, exec_vm, stack_vm;
	__u64 locked_vm;	/* VMAs with LOCKED, bytes: whole VMAs, not pages */
	__u64 pinned_vm;
	__u64 rss_anon, rss_file, rss_shmem;	/* the kernel's own counters: they */
	__u64 swap;				/* may lag; PAGES is exact */
	__u64 hiwater_rss, hiwater_vm;
	__u64 pgtables;		/* page-table pages, bytes */
	__u64 map_count;	/* VMAs */
	__u64 def_flags;	/* MMSCOPE_VMA_LOCKED, _LOCKONFAULT: mlockall(MCL_FUTURE) */
	__u64 rlim_as, rlim_data, rlim_stack, rlim_memlock;	/* soft limits; */
							/* ~0: none, or unknown if comm is empty */
};

/* VMAS: one record a VMA. */
struct mmscope_vma {
	__u64 start, end;
	__u64 flags;		/* MMSCOPE_VMA_* */
	__u64 offset;		/* into the file, bytes */
	__u64 inode;
	__u32 dev_major, dev_minor;
	__u32 name_offset;	/* into the names, from their start */
	__u16 name_len;		/* without the NUL; 0: no name */
	__u8  backing;		/* enum mmscope_backing */
	__u8  page_shift;	/* log2 of the page size of this VMA (hugetlb) */
	__u32 role;		/* MMSCOPE_ROLE_* */
	__u32 pkey;		/* protection key; 0: the default one */
};

/*
 * VMAS with accounting: one record a VMA.  The figures in bytes are those of
 * smaps: Rss, and its parts.  The parts need SHARED, DIRTY and PAGE_DIRTY in
 * acct_categories, else they are 0.
 */
struct mmscope_acct {
	__u64 pages[40];	/* small pages in each category, by MMSCOPE_CAT_*; */
				/* those from MMSCOPE_CAT_COUNT on are 0 */
	__u64 rss;
	__u64 shared_clean, shared_dirty;
	__u64 private_clean, private_dirty;
};

/*
 * VMAS: the VMAs that overlap [start, end), in address order, with their
 * names, as of one moment: from one hold of the mmap lock, or from several
 * between which nobody held it for writing; and, from the (first) hold, what
 * MM answers (if `mm` is not 0: it points to a struct mmscope_mm whose `size`
 * and `flags` are set).
 *
 * The records go to `vmas`, room for `vmas_len` of them; the names, each with
 * a NUL behind it, to `names`, room for `names_len` bytes.  VMAs of one file
 * may share one name.  A name is a path as the caller would see it (with
 * " (deleted)" behind it if so), or one such as [heap], [stack], [vdso],
 * [anon:NAME]; it is not escaped.  With names_len 0 no name is made.
 *
 * If the room does not suffice, ENOSPC, nothing but this structure is written,
 * and vmas_count and names_bytes tell what would have sufficed.  (Of more than
 * 512 VMAs, of which not all had room, or not all names, some records may be
 * written.)  Should the whole exceed info.snapshot_max, EFBIG: ask in ranges or
 * without names.
 *
 * If `accts` is not 0, there is room for vmas_len records, and the pages of
 * each VMA are counted, those in the categories of `acct_categories` (0: all
 * that can be told).  That is done after the VMAs were listed, not from the
 * same hold: counting a terabyte under the lock would stall the process.  The
 * range of each record is counted as it is found then.  A signal in the midst
 * ends the call with EINTR.
 *
 * With MMSCOPE_VMAS_TOTALS `accts` is one record, and gets the pages of all of
 * [start, end) together.  No VMA is listed for that: vmas_len and names_len
 * have to be 0 (else EINVAL, as without `accts`), and vmas_count and names_bytes
 * are.  What MM answers is from a hold before those that count.  Who gets many
 * signals asks in ranges.
 *
 * With MMSCOPE_VMAS_PART the list may end early: as many VMAs are told of, from the
 * first on, as there is room for, one at least (else ENOSPC); vmas_len may not be 0
 * (EINVAL). Who wants all goes on at the `end` of the last one, until vmas_count
 * is 0. That takes little memory, and each part holds the lock for a short time;
 * but each is from a hold of its own, so that what the target maps meanwhile may be
 * in the next part, or in none.
 */
struct mmscope_vmas {
	__u32 size;
	__u32 flags;		/* in: MMSCOPE_VMAS_* */
	__u64 start, end;	/* in: page-aligned */
	__aligned_u64 vmas;	/* in: struct mmscope_vma[vmas_len] */
	__u64 vmas_len;
	__aligned_u64 names;	/* in: char[names_len] */
	__u64 names_len;
	__aligned_u64 mm;	/* in: struct mmscope_mm *, or 0 */
	__aligned_u64 accts;	/* in: struct mmscope_acct[vmas_len], or 0 */
	__u64 acct_categories;	/* in: with accts */
	__u64 vmas_count;	/* out: records written, or needed */
	__u64 names_bytes;	/* out: bytes written, or needed */
};
#define MMSCOPE_VMAS_TOTALS	(1U << 1)
#define MMSCOPE_VMAS_PART	(1U << 2)	/* not with TOTALS */

/* PAGES: pages side by side of which the same is to be said. */
struct mmscope_run {
	__u64 start, end;
	__u64 categories;	/* those asked for that hold of every page in it */
	__u64 frame;		/* MMSCOPE_PAGES_FRAMES, else 0: see there */
};

/*
 * PAGES: the state of each page in [start, end), as runs in address order.
 *
 * A page is told of if a VMA covers it and it has all the categories in
 * `all_of`, at least one in `any_of` (0: no matter) and none in `none_of`.
 * A run ends where the categories in `categories` change, where a page is not
 * told of, or where the VMA ends.  Filters may name categories that are not in
 * `categories`.  Categories that INFO does not list are refused (EINVAL).
 *
 * The call ends when the range is done, `runs` is full, `max_pages` pages have
 * been told of (0: no limit), or a signal arrives.  `cursor` is where the next
 * call should start; it equals `end` when all is done.  Call again while it
 * does not.  With runs_len 0 only `pages` is counted.
 *
 * The mmap lock is dropped between batches, so runs, and parts of a long one,
 * may stem from different moments.
 *
 * MMSCOPE_PAGES_FRAMES tells the page frame number of the first page of a run
 * of present pages (those behind it follow in frames too), or for swapped
 * ones type | offset << 5 as pagemap does, a run each.  EPERM without the
 * right.
 */
struct mmscope_pages {
	__u32 size;
	__u32 flags;		/* in: MMSCOPE_PAGES_* */
	__u64 start, end;	/* in: page-aligned */
	__u64 categories;	/* in: what to tell */
	__u64 all_of, any_of, none_of;	/* in: which pages to tell of */
	__u64 max_pages;	/* in: 0, or the most pages to tell of */
	__aligned_u64 runs;	/* in: struct mmscope_run[runs_len] */
	__u64 runs_len;
	__u64 cursor;		/* out: start of the next call */
	__u64 runs_count;	/* out: runs written */
	__u64 pages;		/* out: pages told of in this call */
};
#define MMSCOPE_PAGES_FRAMES	(1U << 0)

/* WALK: one level of the page tables. */
struct mmscope_level {
	__u32 level;		/* 5 PGD (with five levels), 4 P4D/PGD, 3 PUD, 2 PMD, 1 PTE */
	__u32 kind;		/* enum mmscope_entry */
	__u32 index;		/* which entry of its table */
	__u32 shift;		/* log2 of what the entry maps */
	__u64 bits;		/* PRESENT WRITABLE EXECUTABLE ACCESSED DIRTY SOFT_DIRTY ... */
	__u64 entry;		/* raw, MMSCOPE_WALK_RAW, else 0 */
	__u64 frame;		/* the table's or the page's, MMSCOPE_WALK_RAW, else 0 */
};

enum mmscope_entry {
	MMSCOPE_ENTRY_NONE	= 0,	/* empty: nothing below */
	MMSCOPE_ENTRY_TABLE	= 1,	/* points to the next table */
	MMSCOPE_ENTRY_LEAF	= 2,	/* maps memory */
	MMSCOPE_ENTRY_NONPRESENT = 3,	/* swapped, migrating, a marker ... */
	MMSCOPE_ENTRY_BAD	= 4,	/* not to be made sense of */
};

/*
 * WALK: the page-table entries that translate `address` (any byte address),
 * from the top down, until one is empty or maps it.
 *
 * An address that no VMA covers is no error: has_vma and levels_count are 0.
 * (Without a VMA the page tables there may be freed at any moment, whatever
 * lock a reader holds; so nobody can look.)  ERANGE if the address is not in
 * user space.
 * MMSCOPE_WALK_RAW adds raw entries and frames.  EPERM without the right.
 */
struct mmscope_walk {
	__u32 size;
	__u32 flags;		/* in: MMSCOPE_WALK_* */
	__u64 address;		/* in */
	__u32 levels_count;	/* out: of `levels` */
	__u32 has_vma;		/* out: 1 if a VMA covers it */
	__u64 categories;	/* out: of the page, all that can be told */
	struct mmscope_level levels[5];	/* out */
	struct mmscope_vma vma;	/* out, if has_vma; no name */
};
#define MMSCOPE_WALK_RAW	(1U << 0)

/* The layout is a promise, on every architecture and word size. */
#ifdef __cplusplus
#define MMSCOPE_SIZE(type, bytes) \
	static_assert(sizeof(struct type) == (bytes), "mmscope ABI: " #type)
#else
#define MMSCOPE_SIZE(type, bytes) \
	_Static_assert(sizeof(struct type) == (bytes), "mmscope ABI: " #type)
#endif
MMSCOPE_SIZE(mmscope_info, 256);
MMSCOPE_SIZE(mmscope_attach, 16);
MMSCOPE_SIZE(mmscope_mm, 288);
MMSCOPE_SIZE(mmscope_vma, 64);
MMSCOPE_SIZE(mmscope_acct, 360);
MMSCOPE_SIZE(mmscope_vmas, 96);
MMSCOPE_SIZE(mmscope_run, 32);
MMSCOPE_SIZE(mmscope_pages, 104);
MMSCOPE_SIZE(mmscope_level, 40);
MMSCOPE_SIZE(mmscope_walk, 296);

#endif /* _UAPI_MMSCOPE_H */
