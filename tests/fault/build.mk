# SPDX-License-Identifier: GPL-2.0
# Builds the programs of tests/fault, one a file, into build/tests/fault/.

FAULT_TESTS := calls files load
FAULT_OUT   := $(BUILD)/tests/fault

$(FAULT_OUT)/nth.o: tests/fault/nth.c tests/fault/nth.h tests/abi/kit.h tests/tap.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) -c -o $@ $<

$(FAULT_TESTS:%=$(FAULT_OUT)/%): $(FAULT_OUT)/%: tests/fault/%.c $(FAULT_OUT)/nth.o $(ABI_OUT)/kit.o
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) -o $@ $^ $(TEST_LDLIBS)

all-tests: $(FAULT_TESTS:%=$(FAULT_OUT)/%)
