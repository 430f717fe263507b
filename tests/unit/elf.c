// SPDX-License-Identifier: GPL-2.0
/*
 * elf.c - ELF objects: this very program and what it has loaded, as the
 * linker, the dynamic linker and the C library see them; files that went away;
 * and files that are broken in thousands of ways.
 */
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"
#include "libmmscope.h"

#define MUTATIONS	6000

extern char end, etext;

int elf_test_data = 3;
static char zeroes[1 << 20];
char elf_test_zero[64];
__thread int elf_test_tls;
static const char elf_test_constant[64] = "constant";

__attribute__((noinline)) int elf_test_function(int x)
{
	return x + elf_test_data + elf_test_tls;
}

/* The target, its VMAs, all its objects. */
struct view {
	struct mms_target *target;
	struct mms_vmas vmas;
	struct mms_elfs elfs;
};

static void look(struct view *v)
{
	struct mms_error err = { 0 };

	if (mms_open(getpid(), MMS_SOURCE_PROCFS, &v->target, &err) ||
	    mms_vmas_read(v->target, MMS_ALL_START, MMS_ALL_END, 0, 0, &v->vmas, &err) ||
	    mms_elfs_open(v->target, &v->vmas, &v->elfs, &err))
		fail_msg("%s: %s", err.what, err.why);
}

static void leave(struct view *v)
{
	mms_elfs_close(&v->elfs);
	mms_vmas_free(&v->vmas);
	mms_close(v->target);
}

static uint64_t at(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static void is_at(struct view *v, const void *p, const char *symbol, uint64_t offset,
		  const char *section)
{
	struct mms_elf *e;
	struct mms_symbol s;
	struct mms_error err = { 0 };

	if (mms_elf_open(v->target, &v->vmas, at(p), &e, &err))
		fail_msg("%s: %s", err.what, err.why);
	assert_true(mms_elf_symbol_at(e, at(p), &s));
	assert_string_equal(s.name, symbol);
	assert_true(at(p) - s.address == offset);
	assert_non_null(mms_elf_section_at(e, at(p)));
	assert_string_equal(mms_elf_section_at(e, at(p))->name, section);
	assert_true(mms_elf_covers(e, at(p)));
	assert_true(mms_elfs_at(&v->elfs, at(p)) != NULL);
	mms_elf_close(e);
}

static void own_symbols(void **state)
{
	struct view v;

	(void)state;
	assert_int_equal(elf_test_function(0), 3);
	look(&v);
	is_at(&v, (char *)elf_test_function, "elf_test_function", 0, ".text");
	is_at(&v, (char *)elf_test_function + 1, "elf_test_function", 1, ".text");
	is_at(&v, &elf_test_data, "elf_test_data", 0, ".data");
	is_at(&v, elf_test_constant + 5, "elf_test_constant", 5, ".rodata");
	/* Zeroed data, from its first page, which is the file's, to anonymous ones. */
	is_at(&v, zeroes, "zeroes", 0, ".bss");
	is_at(&v, zeroes + sizeof(zeroes) / 2, "zeroes", sizeof(zeroes) / 2, ".bss");
	is_at(&v, zeroes + sizeof(zeroes) - 1, "zeroes", sizeof(zeroes) - 1, ".bss");
	is_at(&v, elf_test_zero + 63, "elf_test_zero", 63, ".bss");
	leave(&v);
}

static void end_is_the_linkers(void **state)
{
	struct mms_symbol s;
	struct view v;
	uint64_t to;
	struct mms_elf *e;

	(void)state;
	look(&v);
	e = mms_elfs_at(&v.elfs, at((void *)elf_test_function));
	assert_true(mms_elf_end(e, &to));
	/* `end` itself may be aligned above the last byte of .bss. */
	assert_true(at(&end) - to < 16);
	assert_int_equal(mms_elf_symbol_find(e, "_end", &s, 1), 1);
	assert_true(s.address == at(&end));
	assert_int_equal(mms_elf_symbol_find(e, "etext", &s, 1), 1);
	assert_true(s.address == at(&etext));
	leave(&v);
}

static int one_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	const struct mms_segment *seg;
	struct view *v = arg;
	const struct mms_elf *e = NULL;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum && !e; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD)
			e = mms_elfs_at(&v->elfs, info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
	if (!e)
		fail_msg("%s is not found", info->dlpi_name);
	assert_true(mms_elf_bias(e) == info->dlpi_addr);
	assert_int_equal(mms_elf_segments(e, &seg), info->dlpi_phnum);
	for (int i = 0; i < info->dlpi_phnum; i++) {
		assert_true(seg[i].address == info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
		assert_true(seg[i].mem_size == info->dlpi_phdr[i].p_memsz);
		assert_true(seg[i].type == info->dlpi_phdr[i].p_type);
	}
	return 0;
}

/* Every object that the dynamic linker knows, the vdso among them. */
static void as_the_dynamic_linker(void **state)
{
	struct view v;

	(void)state;
	look(&v);
	assert_int_equal(v.elfs.unread, 0);
	dl_iterate_phdr(one_object, &v);
	leave(&v);
}

static void names_as_dlsym(void **state)
{
	static const char *const names[] = {
		"malloc", "free", "printf", "pthread_cond_wait", "environ", "getpid",
		"realpath", "qsort", "stdout", "regexec", "glob",
	};
	void *libc = dlopen("libc.so.6", RTLD_NOW);
	const struct mms_elf *e;
	struct view v;

	(void)state;
	look(&v);
	e = mms_elfs_at(&v.elfs, at(dlsym(libc, "malloc")));
	assert_non_null(e);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct mms_symbol found[8], s;
		void *p = dlsym(libc, names[i]);

		if (mms_elf_symbol_find(e, names[i], found, 8) != 1)
			fail_msg("%s: not one", names[i]);
		if (found[0].address != at(p))
			fail_msg("%s: not where dlsym says", names[i]);
		assert_true(mms_elf_symbol_at(e, at(p), &s));
		assert_true(s.address == at(p));
	}
	leave(&v);
	dlclose(libc);
}

static void addresses_as_dladdr(void **state)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW);
	uint64_t base = at(dlsym(libc, "abort"));
	unsigned int seed = 1, same = 0, asked = 0;
	struct view v;

	(void)state;
	look(&v);
	for (int i = 0; i < 2000; i++) {
		uint64_t address = base + rand_r(&seed) % 900000;
		const struct mms_elf *e = mms_elfs_at(&v.elfs, address);
		struct mms_symbol s, back;
		Dl_info info;

		/* dladdr knows only what is exported, and tells it beyond its end, too. */
		if (!e || !dladdr((void *)address, &info) || !info.dli_sname ||
		    !mms_elf_symbol_find(e, info.dli_sname, &back, 1) ||
		    back.address != at(info.dli_saddr) || address - back.address >= back.size)
			continue;
		asked++;
		assert_true(mms_elf_symbol_at(e, address, &s));
		same += s.address == back.address;
	}
	assert_true(asked > 100);
	assert_int_equal(same, asked);
	leave(&v);
	dlclose(libc);
}

static void not_mere_addresses(void **state)
{
	const struct mms_elf *e;
	struct mms_symbol s;
	struct view v;

	(void)state;
	look(&v);
	e = mms_elfs_at(&v.elfs, at((void *)elf_test_function));
	assert_int_equal(mms_elf_symbol_find(e, "elf_test_tls", &s, 1), 1);
	assert_int_equal(s.type, MMS_SYMBOL_TLS);
	assert_int_equal(mms_elf_symbol_find(e, "no_such_symbol", &s, 1), 0);
	assert_int_equal(mms_elf_symbol_find(e, "elf.c", &s, 1), 0);
	assert_false(mms_elf_symbol_at(e, 0, &s));
	assert_null(mms_elf_section_at(e, 0));
	leave(&v);
}

static void loaded_twice(void **state)
{
	void *one = dlopen("libm.so.6", RTLD_NOW), *two = dlmopen(LM_ID_NEWLM, "libm.so.6", RTLD_NOW);
	void *cos1 = dlsym(one, "logb"), *cos2 = dlsym(two, "logb");
	struct link_map *map1, *map2;
	struct view v;

	(void)state;
	assert_true(one && two && cos1 != cos2);
	assert_int_equal(dlinfo(one, RTLD_DI_LINKMAP, &map1), 0);
	assert_int_equal(dlinfo(two, RTLD_DI_LINKMAP, &map2), 0);
	look(&v);
	assert_true(mms_elf_bias(mms_elfs_at(&v.elfs, at(map1->l_ld))) == map1->l_addr);
	assert_true(mms_elf_bias(mms_elfs_at(&v.elfs, at(map2->l_ld))) == map2->l_addr);
	is_at(&v, cos1, "logb", 0, ".text");
	is_at(&v, cos2, "logb", 0, ".text");
	leave(&v);
	dlclose(two);
	dlclose(one);
}

static void *page_of(const void *p)
{
	return (void *)(at(p) & ~(mms_page_size() - 1));
}

/* Each page locked or protected in its own way is a VMA of its own. */
static void in_pieces(void **state)
{
	size_t page = mms_page_size();
	char *text = page_of((void *)elf_test_function), *bss = page_of(zeroes + 500000);
	struct view v, before;

	(void)state;
	look(&before);
	assert_int_equal(mprotect(text, page, PROT_READ | PROT_WRITE | PROT_EXEC), 0);
	assert_int_equal(mlock(bss, page), 0);
	assert_int_equal(mprotect(bss + 4 * page, page, PROT_NONE), 0);
	look(&v);
	assert_true(v.vmas.count >= before.vmas.count + 3);
	is_at(&v, (char *)elf_test_function + 1, "elf_test_function", 1, ".text");
	is_at(&v, bss + 10, "zeroes", at(bss) + 10 - at(zeroes), ".bss");
	is_at(&v, bss + 4 * page, "zeroes", at(bss) + 4 * page - at(zeroes), ".bss");
	is_at(&v, bss + 5 * page, "zeroes", at(bss) + 5 * page - at(zeroes), ".bss");
	assert_int_equal(v.elfs.count, before.elfs.count);
	leave(&v);
	leave(&before);
	mprotect(text, page, PROT_READ | PROT_EXEC);
	mprotect(bss + 4 * page, page, PROT_READ | PROT_WRITE);
	munlock(bss, page);
}

/* What mms_elf_open() says of an address; 0 if it opens. */
static int status_of(uint64_t address, struct mms_error *err)
{
	struct mms_elf *e = NULL;
	struct view v;
	int ret;

	memset(err, 0, sizeof(*err));
	look(&v);
	ret = mms_elf_open(v.target, &v.vmas, address, &e, err);
	mms_elf_close(e);
	leave(&v);
	return ret ? err->status : 0;
}

static void what_is_no_object(void **state)
{
	size_t page = mms_page_size();
	char *anon = mmap(NULL, 3 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/exe", O_RDONLY);
	struct mms_error err;
	void *data;

	(void)state;
	munmap(anon + 2 * page, page);
	assert_int_equal(status_of(at(anon + 2 * page), &err), MMS_USAGE);
	assert_int_equal(status_of(at(&err), &err), MMS_USAGE);
	assert_int_equal(status_of(0, &err), MMS_USAGE);
	/* An ELF file that is only read. */
	data = mmap(NULL, 16 * page, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(data != MAP_FAILED);
	assert_int_equal(status_of(at(data), &err), MMS_FAILED);
	assert_non_null(strstr(err.why, "as data"));
	munmap(data, 16 * page);
	munmap(anon, 2 * page);
	close(fd);
}

/* A program that reads its own file, in a mapping below all of its parts. */
static void read_as_data_too(void **state)
{
	size_t page = mms_page_size(), count;
	int fd = open("/proc/self/exe", O_RDONLY);
	char *data = mmap((void *)(16 * page), 16 * page, PROT_READ, MAP_PRIVATE, fd, 0);
	struct view v;

	(void)state;
	look(&v);
	assert_true(data != MAP_FAILED && at(data) < at((void *)elf_test_function));
	assert_ptr_equal(mms_elfs_at(&v.elfs, at(data)), NULL);
	assert_non_null(mms_elfs_at(&v.elfs, at((void *)elf_test_function)));
	assert_int_equal(v.elfs.unread, 0);
	assert_true(mms_vma_covers(&v.vmas.vma[mms_elf_main(v.target, &v.vmas)],
				   at((void *)elf_test_function)));
	count = v.elfs.count;
	leave(&v);
	munmap(data, 16 * page);
	close(fd);
	look(&v);
	assert_int_equal(v.elfs.count, count);
	leave(&v);
}

static void copy_file(const char *from, const char *to)
{
	char command[4200];

	snprintf(command, sizeof(command), "cp -- '%s' '%s'", from, to);
	assert_int_equal(system(command), 0);
}

/* As somebody without rights, in a child: 100 plus the status, with words in `why`. */
static int status_for_nobody(uint64_t address, const char *why)
{
	struct mms_error err;
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (!getuid() && setresuid(65534, 65534, 65534))
			_exit(1);
		prctl(PR_SET_DUMPABLE, 1);
		status = status_of(address, &err);
		_exit(status && !strstr(err.why, why) ? 2 : 100 + status);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A library whose file went away while it was loaded. */
static void gone_files(void **state)
{
	char dir[] = "/tmp/mmscope-elf-XXXXXX", path[64], other[64];
	struct mms_error err;
	struct link_map *map;
	void *lib;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0755), 0);
	snprintf(path, sizeof(path), "%s/lib.so", dir);
	snprintf(other, sizeof(other), "%s/other.so", dir);
	lib = dlopen("libm.so.6", RTLD_NOW);
	assert_int_equal(dlinfo(lib, RTLD_DI_LINKMAP, &map), 0);
	copy_file(map->l_name, path);
	copy_file(map->l_name, other);
	dlclose(lib);
	lib = dlopen(path, RTLD_NOW);
	assert_non_null(lib);
	dlinfo(lib, RTLD_DI_LINKMAP, &map);
	assert_int_equal(status_of(at(map->l_ld), &err), 0);
	assert_int_equal(status_for_nobody(at(map->l_ld), ""), 100);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(status_for_nobody(at(map->l_ld), "replaced"), 100 + MMS_FAILED);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(status_for_nobody(at(map->l_ld), "deleted"), 100 + MMS_FAILED);
	/* Who may follow the kernel's own reference reads it none the less. */
	if (!getuid())
		assert_int_equal(status_of(at(map->l_ld), &err), 0);
	dlclose(lib);
	rmdir(dir);
}

/* ---- broken files ---------------------------------------------------------- */

static char *read_whole(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	char *text;

	assert_true(fd >= 0 && !fstat(fd, &st));
	text = malloc((size_t)st.st_size);
	assert_true(read(fd, text, (size_t)st.st_size) == st.st_size);
	close(fd);
	*size = (size_t)st.st_size;
	return text;
}

/* Asks everything; what comes out must at least be consistent. */
static void ask_all(struct mms_elf *e)
{
	const struct mms_section *section;
	const struct mms_segment *segment;
	size_t sections = mms_elf_sections(e, &section), segments = mms_elf_segments(e, &segment);
	struct mms_symbol s, found[4];
	uint64_t to;

	mms_elf_end(e, &to);
	for (size_t i = 0; i < sections; i++)
		if (mms_elf_symbol_at(e, section[i].address, &s))
			assert_true(strlen(s.name) > 0);
	for (size_t i = 0; i < segments; i++) {
		mms_elf_symbol_at(e, segment[i].address + segment[i].mem_size / 2, &s);
		mms_elf_section_at(e, segment[i].address);
		mms_elf_covers(e, segment[i].address - 1);
	}
	mms_elf_symbol_find(e, "main", found, 4);
	mms_elf_symbol_find(e, "", found, 4);
}

/* A place that matters: a header, a program header, a section header, a symbol. */
static size_t spot(const char *image, size_t size, unsigned int *seed)
{
	const Elf64_Ehdr *h = (const Elf64_Ehdr *)image;
	const Elf64_Shdr *s = (const Elf64_Shdr *)(image + h->e_shoff);
	size_t where = (unsigned int)rand_r(seed);

	switch (rand_r(seed) % 5) {
	case 0:
		return where % sizeof(*h);
	case 1:
		return (h->e_phoff + where % (h->e_phnum * sizeof(Elf64_Phdr))) % size;
	case 2:
		return (h->e_shoff + where % (h->e_shnum * sizeof(Elf64_Shdr))) % size;
	case 3:
		s += where % h->e_shnum;
		return (s->sh_offset + (s->sh_size ? where % s->sh_size : 0)) % size;
	}
	return where % size;
}

static void spoil(const char *image, char *copy, size_t size, unsigned int *seed)
{
	static const unsigned char nasty[] = { 0, 1, 0x7f, 0x80, 0xff, 0xfe, 2, 3 };
	int changes = 1 + rand_r(seed) % 8;

	while (changes--) {
		size_t where = spot(image, size, seed);
		size_t length = 1 + (size_t)(rand_r(seed) % 8);

		for (size_t i = where; i < where + length && i < size; i++)
			copy[i] = rand_r(seed) % 2 ? (char)rand_r(seed) :
						     (char)nasty[rand_r(seed) % 8];
	}
}

static unsigned int try_broken(char *image, size_t size, unsigned int i)
{
	struct mms_elf *e = NULL;
	struct mms_error err;
	int ret, fd = -1;

	/* By turns from memory and from a file. */
	if (i % 2) {
		fd = memfd_create("broken", MFD_CLOEXEC);
		assert_true(fd >= 0 && write(fd, image, size) == (ssize_t)size);
		ret = mms_elf_open_fd(fd, "broken", 0x10000, &e, &err);
		close(fd);
	} else {
		ret = mms_elf_open_image(image, size, "broken", 0x10000, &e, &err);
	}
	if (ret) {
		assert_int_equal(err.status, MMS_FAILED);
		return 0;
	}
	ask_all(e);
	mms_elf_close(e);
	return 1;
}

static void broken_files(void **state)
{
	const char *given = getenv("MMSCOPE_ELF_SEED"), *times = getenv("MMSCOPE_ELF_COUNT");
	unsigned int seed = given ? (unsigned int)atoi(given) : 20240, opened = 0, i;
	unsigned int count = times ? (unsigned int)atoi(times) : MUTATIONS;
	size_t size, part;
	char *image = read_whole("/proc/self/exe", &size), *copy;

	(void)state;
	alarm(100);
	for (i = 0; i < count; i++) {
		part = i % 3 ? size : (size_t)rand_r(&seed) % (size + 1);
		/* Just as large as it is, so that a checker sees a read behind it. */
		copy = malloc(part ?: 1);
		memcpy(copy, image, part);
		spoil(image, copy, part ?: 1, &seed);
		opened += try_broken(copy, part, i);
		free(copy);
	}
	/* If none or all of them open, the mutations are of no use. */
	assert_true(opened > count / 10 && opened < count);
	free(image);
}

/* A file of a terabyte, nearly all of it a hole, that claims to be full. */
struct huge {
	Elf64_Ehdr h;
	Elf64_Phdr p;
	Elf64_Shdr s[60000];
};

static void claim(struct huge *f, int kind)
{
	*f = (struct huge){
		.h = { .e_type = ET_DYN, .e_machine = EM_X86_64, .e_version = 1,
		       .e_ehsize = sizeof(f->h), .e_phoff = sizeof(f->h), .e_phnum = 1,
		       .e_phentsize = sizeof(f->p), .e_shentsize = sizeof(f->s[0]),
		       .e_shoff = offsetof(struct huge, s), .e_shnum = 60000, .e_shstrndx = 3 },
		.p = { .p_type = PT_LOAD, .p_filesz = 1ULL << 40, .p_memsz = 1ULL << 41 },
	};
	memcpy(f->h.e_ident, "\177ELF\2\1\1", 7);
	for (int i = 1; i < 60000; i++)
		f->s[i] = (Elf64_Shdr){
			.sh_type = kind == 0 ? SHT_NOTE : i % 2 ? SHT_SYMTAB : SHT_STRTAB,
			.sh_size = kind == 0 ? 60000 : kind == 1 ? 1ULL << 39 : 24 << 20,
			.sh_link = (uint32_t)(kind == 2 ? i : 2), .sh_entsize = 24,
			.sh_offset = 1 << 20, .sh_flags = SHF_ALLOC, .sh_addr = 4096,
		};
	if (kind == 3) {
		f->h.e_shnum = 0;
		f->s[0].sh_size = 1ULL << 33;
	}
	if (kind == 4) {
		f->h.e_phnum = 0xffff;
		f->s[0].sh_info = 0xfffffff0;
	}
}

/* None of them takes long, or much memory: that of a child is bounded. */
static void huge_claims(void **state)
{
	static struct huge f;
	const struct rlimit limit = { 2ULL << 30, 2ULL << 30 };

	(void)state;
	for (int kind = 0; kind < 5; kind++) {
		int status, fd = memfd_create("huge", MFD_CLOEXEC);
		pid_t pid;

		claim(&f, kind);
		assert_true(write(fd, &f, sizeof(f)) == sizeof(f) && !ftruncate(fd, 1LL << 40));
		pid = fork();
		if (!pid) {
			struct mms_elf *e = NULL;
			struct mms_error err = { 0 };
			struct rusage usage;

			if (!getenv("MMSCOPE_NO_RLIMIT"))
				setrlimit(RLIMIT_AS, &limit);
			alarm(20);
			if (!mms_elf_open_fd(fd, "huge", 0, &e, &err)) {
				ask_all(e);
				mms_elf_close(e);
			}
			getrusage(RUSAGE_SELF, &usage);
			_exit(usage.ru_maxrss > 1 << 20 ? 1 : 0);
		}
		waitpid(pid, &status, 0);
		if (status)
			fail_msg("kind %d: status %#x", kind, status);
		close(fd);
	}
}

static void what_is_no_elf(void **state)
{
	static char text[4096] = "#!/bin/sh\n", magic[] = "\177ELF", archive[] = "!<arch>\n";
	struct mms_elf *e;
	struct mms_error err;

	(void)state;
	assert_int_equal(mms_elf_open_image(text, sizeof(text), "x", 0, &e, &err), -1);
	assert_int_equal(mms_elf_open_image(magic, 4, "x", 0, &e, &err), -1);
	assert_int_equal(mms_elf_open_image(archive, 8, "x", 0, &e, &err), -1);
	assert_int_equal(mms_elf_open_image(text, 0, "x", 0, &e, &err), -1);
	assert_int_equal(err.status, MMS_FAILED);
}

/* The bias moves all; the names of one place go by rank. */
static void placed_by_hand(void **state)
{
	struct mms_symbol s, moved;
	struct mms_elf *a, *b;
	int fd = open("/proc/self/exe", O_RDONLY);

	(void)state;
	assert_int_equal(mms_elf_open_fd(fd, "self", 0, &a, NULL), 0);
	assert_int_equal(mms_elf_open_fd(fd, "self", 0x7000, &b, NULL), 0);
	close(fd);
	assert_int_equal(mms_elf_symbol_find(a, "elf_test_function", &s, 1), 1);
	assert_int_equal(mms_elf_symbol_find(b, "elf_test_function", &moved, 1), 1);
	assert_true(moved.address == s.address + 0x7000);
	assert_true(mms_elf_symbol_at(b, moved.address + 1, &s));
	assert_string_equal(s.name, "elf_test_function");
	assert_int_equal(strlen(mms_elf_build_id(a)), 40);
	mms_elf_close(a);
	mms_elf_close(b);
	mms_elf_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("unit.elf.own_symbols", own_symbols),
		TEST("unit.elf.end_is_the_linkers", end_is_the_linkers),
		TEST("unit.elf.as_the_dynamic_linker", as_the_dynamic_linker),
		TEST("unit.elf.names_as_dlsym", names_as_dlsym),
		TEST("unit.elf.addresses_as_dladdr", addresses_as_dladdr),
		TEST("unit.elf.not_mere_addresses", not_mere_addresses),
		TEST("unit.elf.loaded_twice", loaded_twice),
		TEST("unit.elf.in_pieces", in_pieces),
		TEST("unit.elf.what_is_no_object", what_is_no_object),
		TEST("unit.elf.read_as_data_too", read_as_data_too),
		TEST("unit.elf.gone_files", gone_files),
		TEST("unit.elf.what_is_no_elf", what_is_no_elf),
		TEST("unit.elf.placed_by_hand", placed_by_hand),
		TEST("unit.elf.broken_files", broken_files),
		TEST("unit.elf.huge_claims", huge_claims),
	};

	return cmocka_run_group_tests_name("unit.elf", tests, NULL, NULL);
}
