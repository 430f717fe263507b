# SPDX-License-Identifier: GPL-2.0
# Builds the programs of tests/unit, one a file, into build/tests/unit/.

UNIT_TESTS    := number name purpose runs inside elf
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

all-tests: $(UNIT_BINS)
