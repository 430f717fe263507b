# SPDX-License-Identifier: GPL-2.0
# Builds the programs of tests/unit, one a file, into build/tests/unit/.

UNIT_TESTS    := number name purpose listing runs inside elf parts judge lesson undo map watch capture diff trace \
		 metrics timeline
UNIT_OUT      := $(BUILD)/tests/unit
UNIT_BINS     := $(UNIT_TESTS:%=$(UNIT_OUT)/%)
UNIT_CPPFLAGS := -D_GNU_SOURCE -Ikmod/uapi -Iuser/lib -Itests/unit -Ikmod

$(UNIT_OUT)/%: tests/unit/%.c tests/unit/kit.h user/lib/libmmscope.h $(BUILD)/libmmscope.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(UNIT_CPPFLAGS) -o $@ $< $(BUILD)/libmmscope.a \
		-lcmocka $(USER_LIBS)

# The kernel's own file, as it is.
$(UNIT_OUT)/runs: tests/unit/runs.c kmod/runs.c kmod/runs.h tests/unit/kit.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(UNIT_CPPFLAGS) -o $@ $< kmod/runs.c -lcmocka

# The pure parts of the lessons; and what puts the machine back.
$(UNIT_OUT)/lesson: tests/unit/lesson.c tests/unit/kit.h $(addprefix $(BUILD)/user/lesson/,glibc.o environ.o pattern.o)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(UNIT_CPPFLAGS) -Iuser/lesson -o $@ $(filter %.c %.o,$^) -lcmocka

$(UNIT_OUT)/undo: tests/unit/undo.c tests/unit/kit.h $(BUILD)/user/lesson/undo.o $(BUILD)/user/lesson/machine.o $(BUILD)/user/lesson/environ.o $(BUILD)/libmmscope.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(UNIT_CPPFLAGS) -Iuser/lesson -o $@ $(filter %.c %.o %.a,$^) \
		-lcmocka $(USER_LIBS)

# The picture of an address space; its golden text is where the sources are.
$(UNIT_OUT)/map: tests/unit/map.c tests/unit/kit.h user/view/map.h user/view/strip.h $(addprefix $(BUILD)/user/view/,map.o strip.o text.o table.o) $(BUILD)/libmmscope.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(UNIT_CPPFLAGS) -DGOLDEN='"$(CURDIR)/tests/unit/map"' -o $@ \
		$(filter %.c %.o %.a,$^) -lcmocka $(USER_LIBS)

# What a monitoring system is told.
$(UNIT_OUT)/metrics: tests/unit/metrics.c tests/unit/kit.h user/view/metrics.h $(addprefix $(BUILD)/user/view/,metrics.o json.o text.o) $(BUILD)/libmmscope.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(UNIT_CPPFLAGS) -o $@ $(filter %.c %.o %.a,$^) -lcmocka $(USER_LIBS)

# The view of watch but for the terminal: built to notice what harm it does, at any size.
WATCH_VIEW := $(addprefix user/view/,watch.c watch-moment.c watch-rows.c watch-figures.c \
	      watch-layout.c watch-screen.c watch-help.c canvas.c strip.c text.c vmas.c table.c)
$(UNIT_OUT)/watch: tests/unit/watch.c tests/unit/kit.h $(WATCH_VIEW) $(wildcard user/view/watch*.h) user/view/canvas.h user/view/term.h $(BUILD)/libmmscope.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(SANITIZE_CC) $(WARN) $(UNIT_CPPFLAGS) $(USER_CFLAGS) -o $@ \
		$(filter %.c %.a,$^) -lcmocka $(USER_LIBS)

# What is left out of a page that would become too large.
$(UNIT_OUT)/timeline: tests/unit/timeline.c tests/unit/kit.h user/view/timeline.h $(addprefix $(BUILD)/user/view/,timeline.o timeline-table.o page.o trace.o diff.o json.o vmas.o strip.o table.o text.o) $(BUILD)/libmmscope.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(UNIT_CPPFLAGS) -o $@ $(filter %.c %.o %.a,$^) -lcmocka $(USER_LIBS)

# Captures that were altered on purpose: with the library built to notice what harm
# they do, as the replayed corpora have it (tests/fuzz).
CAPTURE_TESTS := capture diff
CAPTURE_OBJ   := $(LIB_SRC:%.c=$(BUILD)/sanitized/%.o)
$(CAPTURE_TESTS:%=$(UNIT_OUT)/%): $(UNIT_OUT)/%: tests/unit/%.c tests/unit/kit.h tests/unit/capture-kit.h user/lib/capture.h user/lib/libmmscope.h $(CAPTURE_OBJ)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(SANITIZE_CC) $(WARN) $(UNIT_CPPFLAGS) -o $@ $< $(CAPTURE_OBJ) \
		-lcmocka $(USER_LIBS)

all-tests: $(UNIT_BINS)
