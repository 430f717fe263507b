/* SPDX-License-Identifier: GPL-2.0 */
/*
 * glibc.h - what glibc's malloc would do, as a model: from the settings of a
 * process and the state of its heap to what one request does to the break.
 * Pure; for 64-bit glibc 2.26 and newer.  Amounts are bytes.
 */
#ifndef LESSON_GLIBC_H
#define LESSON_GLIBC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the environment says of malloc; the defaults where it says nothing. */
struct malloc_settings {
	uint64_t mmap_threshold;	/* chunks from this size on are mmapped */
	bool dynamic;			/* free() of an mmapped chunk may raise it */
	uint64_t trim_threshold;	/* a top larger than this is given back */
	uint64_t top_pad;		/* asked for beyond what is needed */
	uint64_t mmap_max;		/* most mmapped chunks at once */
	uint64_t arena_max;		/* 0: by the number of processors */
	uint64_t tcache_count;		/* chunks a bin of the tcache holds */
	uint64_t perturb;		/* not 0: bytes are set at malloc and free */
	uint64_t hugetlb;		/* 0; 1: madvise for huge pages; 2: MAP_HUGETLB */
	bool odd;			/* set to something that this model does not know */
};

void malloc_settings_default(struct malloc_settings *m);
/*
 * Applies an environment, "NAME=value" each, NULL at the end: GLIBC_TUNABLES
 * and the older MALLOC_*_.  GLIBC_TUNABLES wins.
 */
void malloc_settings_parse(struct malloc_settings *m, const char *const *env);

/* ---- chunks ---------------------------------------------------------------- */

/* Whether the model knows glibc `version` ("2.36"); if not, *why says so. */
bool glibc_known(const char *version, const char **why);

uint64_t glibc_chunk(uint64_t request);			/* malloc(24) takes 32 */
uint64_t glibc_usable(uint64_t request);		/* malloc(25): 40 */
uint64_t glibc_mmapped_chunk(uint64_t request, uint64_t page);	/* whole pages */
uint64_t glibc_mmapped_usable(uint64_t request, uint64_t page);
/* The largest request that is still below an mmap threshold. */
uint64_t glibc_last_heap_request(uint64_t threshold);

/* ---- a heap that only grows ------------------------------------------------ */

/*
 * The main arena as far as it matters if nothing has been freed: bins and
 * tcache are empty, everything is cut from the top.
 */
struct glibc_heap {
	struct malloc_settings settings;
	uint64_t page;
	uint64_t tcache;	/* the chunk that the first malloc takes for itself; 0: none */
	uint64_t brk;		/* the break, or as much of it as is known: its */
				/* place within a page matters */
	uint64_t top;		/* bytes in the top chunk, 0: not started */
	uint64_t next;		/* address of the top chunk; 0 before the first malloc */
	uint64_t mmaps;		/* mmapped chunks */
};

/* Before the first malloc, with the break at `brk`. */
void glibc_heap_start(struct glibc_heap *h, const struct malloc_settings *settings,
		      const char *version, uint64_t page, uint64_t brk);

struct glibc_malloc {
	bool mmapped;
	uint64_t chunk;		/* its size; if mmapped, that of the mapping */
	uint64_t usable;
	uint64_t growth;	/* what the break moves up */
	uint64_t pointer;	/* what malloc returns; 0 if mmapped */
};

/* One malloc(request); *h is what it is afterwards. */
void glibc_heap_malloc(struct glibc_heap *h, uint64_t request, struct glibc_malloc *m);

/* ---- and shrinks at its end ------------------------------------------------- */

/* A free chunk of this size makes free() think of giving memory back. */
#define GLIBC_CONSOLIDATE	65536ULL
/* Free chunks up to this size go into the tcache, up to that into fastbins. */
#define GLIBC_TCACHE_MAX	1040ULL
#define GLIBC_FAST_MAX		128ULL
/* Mmapped chunks below this size are learned from. */
#define GLIBC_LEARN_MAX		(32ULL << 20)

/*
 * free() of the chunk before the top, too large for tcache and fastbins: it
 * becomes part of the top, which may be cut.  What the break moves down.
 */
uint64_t glibc_heap_free_last(struct glibc_heap *h, uint64_t chunk);
/* malloc_trim(pad) of the top alone.  What the break moves down. */
uint64_t glibc_heap_trim(struct glibc_heap *h, uint64_t pad);
/* free() of an mmapped chunk of this size: what is learned of it. */
void glibc_heap_free_mmapped(struct glibc_heap *h, uint64_t chunk);

#endif
