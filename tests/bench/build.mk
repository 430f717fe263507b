# SPDX-License-Identifier: GPL-2.0
# Builds the benchmarks, one a file, into build/tests/bench/. Those that ask the
# same of everybody share what asks, measures and tells.

BENCHES   := cost ask growth
BENCH_OUT := $(BUILD)/tests/bench
ASK_OBJ   := $(patsubst %,$(BENCH_OUT)/ask_%.o,cases pages vmas measure report)

$(BENCH_OUT)/%.o: tests/bench/%.c tests/bench/ask.h tests/bench/pagemap_scan.h tests/abi/kit.h \
		  kmod/uapi/mmscope.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) $$($(PKG_CONFIG) --cflags json-c) -c -o $@ $<

$(BENCHES:%=$(BENCH_OUT)/%): $(BENCH_OUT)/%: $(BENCH_OUT)/%.o $(ABI_OUT)/kit.o
	$(CC) $(CFLAGS) $(WARN) -o $@ $^ $(TEST_LDLIBS) $$($(PKG_CONFIG) --libs json-c) -lm

$(BENCH_OUT)/ask $(BENCH_OUT)/growth: $(ASK_OBJ)

all-tests: $(BENCHES:%=$(BENCH_OUT)/%)
