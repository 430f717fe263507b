# SPDX-License-Identifier: GPL-2.0
# Builds the programs of tests/storm, one a file, into build/tests/storm/.

STORM_TESTS := churn
STORM_OUT   := $(BUILD)/tests/storm
STORM_OBJ   := $(STORM_OUT)/storm.o $(STORM_OUT)/check.o

$(STORM_OBJ): $(STORM_OUT)/%.o: tests/storm/%.c tests/storm/storm.h tests/abi/kit.h tests/tap.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) -c -o $@ $<

$(STORM_TESTS:%=$(STORM_OUT)/%): $(STORM_OUT)/%: tests/storm/%.c $(STORM_OBJ) \
		$(BUILD)/tests/vm/compare.o $(ABI_OUT)/kit.o
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) -o $@ $^ $(TEST_LDLIBS)

all-tests: $(STORM_TESTS:%=$(STORM_OUT)/%)
