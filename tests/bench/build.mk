# SPDX-License-Identifier: GPL-2.0
# Builds the benchmarks, one a file, into build/tests/bench/.

BENCHES   := cost
BENCH_OUT := $(BUILD)/tests/bench

$(BENCHES:%=$(BENCH_OUT)/%): $(BENCH_OUT)/%: tests/bench/%.c $(ABI_OUT)/kit.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) $$($(PKG_CONFIG) --cflags json-c) -o $@ $^ \
		$(TEST_LDLIBS) $$($(PKG_CONFIG) --libs json-c)

all-tests: $(BENCHES:%=$(BENCH_OUT)/%)
