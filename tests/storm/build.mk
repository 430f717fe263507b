# SPDX-License-Identifier: GPL-2.0
# Builds the programs of tests/storm, one a file, into build/tests/storm/.

STORM_TESTS := churn reload signals mix pressure vast names huge exec
STORM_OUT   := $(BUILD)/tests/storm
STORM_OBJ   := $(addprefix $(STORM_OUT)/,storm.o check.o island.o)

$(STORM_OBJ): $(STORM_OUT)/%.o: tests/storm/%.c tests/storm/storm.h tests/abi/kit.h tests/tap.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) -c -o $@ $<

$(STORM_TESTS:%=$(STORM_OUT)/%): $(STORM_OUT)/%: tests/storm/%.c $(STORM_OBJ) \
		$(BUILD)/tests/vm/compare.o $(ABI_OUT)/kit.o
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) -o $@ $^ $(STORM_LDLIBS) $(TEST_LDLIBS)

$(STORM_OUT)/names: STORM_LDLIBS = $(shell $(PKG_CONFIG) --libs json-c)

all-tests: $(STORM_TESTS:%=$(STORM_OUT)/%)

# Dynamic linking would take most of its time.
$(STORM_OUT)/hop: tests/storm/hop.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) -static -o $@ $<

all-tests: $(STORM_OUT)/hop
