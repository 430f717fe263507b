# SPDX-License-Identifier: GPL-2.0
# libmmscope (shared and static) and the tool.  Every .c file in a folder is
# part of it: a new verb or witness is a new file, and nothing here.
#
# The tool is two programs: mmscope-more has all of it, and mmscope what is asked
# most; the rest it hands over to the other one.

# What libmmscope itself needs, and what the tool alone does.
LIB_PKGS  := libelf libdw zlib
USER_PKGS := json-c smartcols $(LIB_PKGS)
TOOL_PKGS := ncursesw
USER_SRC  := $(wildcard user/*.c user/lib/*.c user/cmd/*.c user/view/*.c user/lesson/*.c \
		user/grade/*.c)
LIB_SRC   := $(filter user/lib/%,$(USER_SRC))
TOOL_SRC  := $(filter-out user/lib/%,$(USER_SRC))
LIB_OBJ   := $(LIB_SRC:%.c=$(BUILD)/%.o)
LIB_PIC   := $(LIB_SRC:%.c=$(BUILD)/%.pic.o)
TOOL_OBJ  := $(TOOL_SRC:%.c=$(BUILD)/%.o)
# What of the tool is compiled a second time, for mmscope: its verbs.
FRONT_SRC := user/front/verbs.c $(patsubst %,user/cmd/%.c,main show brk vmas pages locked walk)
FRONT_OBJ := $(FRONT_SRC:user/%.c=$(BUILD)/front/%.o)

# The module's, which is built without this file.
VERSION      := $(shell sed -n 's/^\#define MMSCOPE_VERSION "\(.*\)"/\1/p' kmod/internal.h)
# Of that version, as the manual has it.
DATE         := 2026-11-26
USER_CFLAGS   = $(shell $(PKG_CONFIG) --cflags $(USER_PKGS) $(TOOL_PKGS))
# By sections, of which mmscope takes no more than it needs.
USER_CPPFLAGS := -ffunction-sections -fdata-sections -D_GNU_SOURCE -DMMS_VERSION='"$(VERSION)"' -DMMS_DATE='"$(DATE)"' \
		 -Ikmod/uapi -Iuser/lib
# The pages of map --html and trace --html, put together: script and style are in them.
PAGES := report timeline
USER_CPPFLAGS += -DVIEW_HTML_PAGE='"$(BUILD)/user/view/report.page"' \
		 -DVIEW_TIMELINE_PAGE='"$(BUILD)/user/view/timeline.page"'

$(PAGES:%=$(BUILD)/user/view/%.page): $(BUILD)/user/view/%.page: $(wildcard user/view/page/* $(PAGES:%=user/view/%/*))
	@mkdir -p $(@D)
	user/view/page/assemble $* > $@

$(BUILD)/user/view/html.o: $(BUILD)/user/view/report.page
$(BUILD)/user/view/timeline.o: $(BUILD)/user/view/timeline.page

LIB_LIBS      = $(shell $(PKG_CONFIG) --libs $(LIB_PKGS))
USER_LIBS     = $(shell $(PKG_CONFIG) --libs $(USER_PKGS))
TOOL_LIBS     = $(shell $(PKG_CONFIG) --libs $(TOOL_PKGS))

# ---- lessons ---------------------------------------------------------------
# In the order of the course.  A lesson is in the tool as soon as its file is
# there; this list need not be touched.
LESSONS := break malloc arena threshold free demand mincore swap mlock protect \
	   overcommit bugs threads
LESSONS_HERE := $(foreach l,$(LESSONS),$(if $(wildcard user/lesson/$(l).c),$(l)))
LESSON_TABLE := $(BUILD)/user/lesson/table.inc

# Written only if it would change: nothing is built again for nothing, and a tree
# that cannot be written, such as the lab's, is no error.
$(LESSON_TABLE): FORCE
	@printf 'LESSON(%s)\n' $(LESSONS_HERE) | cmp -s - $@ || { mkdir -p $(@D) && \
	 printf 'LESSON(%s)\n' $(LESSONS_HERE) > $@; }

$(BUILD)/user/lesson/lesson.o: $(LESSON_TABLE)
$(BUILD)/user/lesson/lesson.o: USER_CPPFLAGS += -I$(BUILD)/user/lesson

# The process that a lesson looks at: small, with all symbols bound at its start.
# The static one is built where the C library can be linked so.
SUBJECT_SRC    := $(wildcard user/lesson/subject/*.c)
SUBJECT_HDR    := $(wildcard user/lesson/subject/*.h)
SUBJECT_CFLAGS := -fno-builtin -fno-tree-loop-distribute-patterns
HAVE_STATIC    := $(shell echo 'int main(void){return 0;}' | \
		    $(CC) -static -pthread -x c -o /dev/null - 2>/dev/null && echo yes)
SUBJECTS       := $(BUILD)/mmscope-subject $(if $(HAVE_STATIC),$(BUILD)/mmscope-subject-static)

$(BUILD)/mmscope-subject: $(SUBJECT_SRC) $(SUBJECT_HDR)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(SUBJECT_CFLAGS) -pthread -Wl,-z,now -o $@ $(SUBJECT_SRC)

$(BUILD)/mmscope-subject-static: $(SUBJECT_SRC) $(SUBJECT_HDR)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(SUBJECT_CFLAGS) -DSUBJECT_STATIC -pthread -static -o $@ $(SUBJECT_SRC)

user: $(SUBJECTS)
user: $(BUILD)/mmscope $(BUILD)/mmscope-more $(BUILD)/libmmscope.so.1 $(BUILD)/libmmscope.a ## libmmscope and the tool, in build/

$(BUILD)/user/%.o: user/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(USER_CPPFLAGS) $(USER_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/user/%.pic.o: user/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(USER_CPPFLAGS) $(USER_CFLAGS) -fPIC -MMD -MP -c -o $@ $<

$(BUILD)/front/%.o: user/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(USER_CPPFLAGS) $(USER_CFLAGS) -DMMS_FRONT -MMD -MP -c -o $@ $<

$(BUILD)/libmmscope.a: $(LIB_OBJ)
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/libmmscope.so.1: $(LIB_PIC) user/lib/libmmscope.map
	$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,libmmscope.so.1 -Wl,-z,defs \
	 -Wl,--version-script=user/lib/libmmscope.map -o $@ $(LIB_PIC) $(LIB_LIBS)
	ln -sfn libmmscope.so.1 $(BUILD)/libmmscope.so

# The tool carries the library, so that it runs from build/ and from anywhere.
$(BUILD)/mmscope-more: $(TOOL_OBJ) $(BUILD)/libmmscope.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(USER_LIBS) $(TOOL_LIBS)

$(BUILD)/front/tool.a: $(TOOL_OBJ)
	rm -f $@
	$(AR) rcs $@ $^

# All libraries may be asked, as without optimisation more is needed of the rest.
$(BUILD)/mmscope: $(FRONT_OBJ) $(BUILD)/front/tool.a $(BUILD)/libmmscope.a
	$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--gc-sections -Wl,--as-needed -o $@ $^ $(USER_LIBS) $(TOOL_LIBS)

# ---- where it is put --------------------------------------------------------
PREFIX  ?= /usr/local
LIBDIR  ?= $(PREFIX)/lib
DESTDIR ?=
MAN      = $(DESTDIR)$(PREFIX)/share/man

# mmscope(1) and the completions, from the tool's own tables; the other pages, from the
# headers that they are about.
MANUAL := $(BUILD)/user/manual
PAGES_MADE := $(addprefix $(MANUAL)/,mmscope.4 libmmscope.3 mmscope-grade.5)

$(MANUAL)/mmscope.1: $(BUILD)/mmscope-more
	@mkdir -p $(@D)
	$< help --man > $@
	for shell in bash zsh fish; do $< help --$$shell > $(@D)/$$shell || exit 1; done

$(PAGES_MADE): $(MANUAL)/%: user/man/%.in user/man/page.awk user/build.mk kmod/internal.h user/lib/libmmscope.h \
		kmod/uapi/mmscope.h $(wildcard user/man/*.c user/lib/samples/*.c) \
		$(wildcard user/grade/assignments/touch/*)
	@mkdir -p $(@D)
	awk -v version=$(VERSION) -v date=$(DATE) -f user/man/page.awk $< > $@

install: user $(MANUAL)/mmscope.1 $(PAGES_MADE) ## the tool, the library, headers, manual and completions, to PREFIX (/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(PREFIX)/include \
		$(DESTDIR)$(PREFIX)/libexec/mmscope
	install -m 755 $(BUILD)/mmscope $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(BUILD)/mmscope-more $(SUBJECTS) $(DESTDIR)$(PREFIX)/libexec/mmscope/
	install -m 644 $(BUILD)/libmmscope.so.1 $(BUILD)/libmmscope.a $(DESTDIR)$(LIBDIR)/
	ln -sfn libmmscope.so.1 $(DESTDIR)$(LIBDIR)/libmmscope.so
	printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$(LIBDIR:$(PREFIX)/%=$${prefix}/%)' 'includedir=$${prefix}/include' '' \
	 'Name: libmmscope' 'Description: what the kernel knows of the memory of a process' \
	 'Version: $(VERSION)' 'Libs: -L$${libdir} -lmmscope' 'Cflags: -I$${includedir}' \
	 'Requires.private: $(LIB_PKGS)' > $(DESTDIR)$(LIBDIR)/pkgconfig/libmmscope.pc
	install -d $(DESTDIR)$(PREFIX)/share/mmscope $(foreach n,1 3 4 5,$(MAN)/man$(n)) \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	for page in $(MANUAL)/*.[1-9]; do install -m 644 $$page $(MAN)/man$${page##*.}/ || exit 1; done
	sed -n 's/^[a-z].*[ *]\(mms_[a-z0-9_]*\)(.*/\1/p' user/lib/libmmscope.h | while read -r name; do \
	 echo .so man3/libmmscope.3 > $(MAN)/man3/$$name.3 || exit 1; done
	install -m 644 $(MANUAL)/bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/mmscope
	install -m 644 $(MANUAL)/zsh $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_mmscope
	install -m 644 $(MANUAL)/fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/mmscope.fish
	cp -R user/grade/assignments $(DESTDIR)$(PREFIX)/share/mmscope/
	install -m 644 user/lib/libmmscope.h kmod/uapi/mmscope.h $(DESTDIR)$(PREFIX)/include/
# Or programs linked with it do not find it. (Who may not do that may set LD_LIBRARY_PATH.)
	[ -n "$(DESTDIR)" ] || ldconfig 2>/dev/null || :

# dkms builds it for each kernel from then on, and signs it as the machine is set up to.
DKMS_SRC = $(DESTDIR)/usr/src/mmscope-$(VERSION)

install-dkms: ## the module's source for dkms, to /usr/src; then: dkms install mmscope/VERSION
	install -d $(DKMS_SRC)
	cp -R Kbuild kmod $(DKMS_SRC)
	sed 's/@VERSION@/$(VERSION)/' kmod/dkms.conf > $(DKMS_SRC)/dkms.conf
	rm $(DKMS_SRC)/kmod/dkms.conf

.PHONY: user install install-dkms FORCE
-include $(LIB_OBJ:.o=.d) $(LIB_PIC:.o=.d) $(TOOL_OBJ:.o=.d) $(FRONT_OBJ:.o=.d)
