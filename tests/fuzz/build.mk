# SPDX-License-Identifier: GPL-2.0
# Builds build/tests/fuzz-ioctl; and for each parse-*.c two programs: one that
# replays its corpus (build/tests/unit/parse-X, with whatever compiler there is)
# and one that looks for more (build/fuzz/parse-X, with clang's libFuzzer). A new
# target is a new file, and a folder in corpus/ with something to begin with.

FUZZ_IOCTL := $(addprefix tests/fuzz/,fuzz-ioctl.c program.c execute.c judge.c subject.c coverage.c)

$(BUILD)/tests/fuzz-ioctl: $(FUZZ_IOCTL) $(wildcard tests/fuzz/*.h) $(ABI_OUT)/kit.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) -o $@ $(filter %.c %.o,$^) $(TEST_LDLIBS)

all-tests: $(BUILD)/tests/fuzz-ioctl

# ---- what userspace parses ---------------------------------------------------

PARSERS    := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/parse-*.c))
PARSED_SRC := $(LIB_SRC) user/view/json.c user/view/text.c user/view/metrics.c \
	      $(addprefix user/lesson/,environ.c figure.c glibc.c pattern.c) \
	      user/grade/spec.c user/grade/tool-text.c tests/fuzz/program.c
PARSE_FLAGS = -O1 -g -fno-omit-frame-pointer $(WARN) $(USER_CPPFLAGS) $(USER_CFLAGS) \
	      -Iuser/lesson -Itests/abi -MMD -MP

# Where the compiler has no sanitizers, the corpus is replayed without.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
SANITIZE_CC := $(shell echo 'int main(void){return 0;}' | \
		 $(CC) $(SANITIZE) -x c -o /dev/null - 2>/dev/null && echo $(SANITIZE))

REPLAY_OUT := $(BUILD)/sanitized
REPLAYERS  := $(PARSERS:%=$(BUILD)/tests/unit/%)
REPLAY_OBJ := $(PARSED_SRC:%.c=$(REPLAY_OUT)/%.o)

$(REPLAY_OUT)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(PARSE_FLAGS) $(SANITIZE_CC) -c -o $@ $<

$(REPLAYERS): $(BUILD)/tests/unit/%: $(REPLAY_OUT)/tests/fuzz/%.o $(REPLAY_OUT)/tests/fuzz/replay.o $(REPLAY_OBJ)
	@mkdir -p $(@D)
	$(CC) $(SANITIZE_CC) -o $@ $^ $(USER_LIBS)

all-tests: $(REPLAYERS)

FUZZ_CC  ?= clang
FUZZ_OUT := $(BUILD)/fuzz
FUZZ_OBJ := $(PARSED_SRC:%.c=$(FUZZ_OUT)/%.o)

$(FUZZ_OUT)/%.o: %.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(PARSE_FLAGS) $(SANITIZE) -fsanitize=fuzzer-no-link -c -o $@ $<

$(PARSERS:%=$(FUZZ_OUT)/%): $(FUZZ_OUT)/%: $(FUZZ_OUT)/tests/fuzz/%.o $(FUZZ_OBJ)
	$(FUZZ_CC) $(SANITIZE) -fsanitize=fuzzer -o $@ $^ $(USER_LIBS)

parsers: $(PARSERS:%=$(FUZZ_OUT)/%)

.PHONY: parsers
.SECONDARY: $(FUZZ_OBJ) $(REPLAY_OBJ) $(foreach d,$(FUZZ_OUT) $(REPLAY_OUT),$(PARSERS:%=$(d)/tests/fuzz/%.o))
-include $(wildcard $(FUZZ_OUT)/*/*/*.d $(REPLAY_OUT)/*/*/*.d)
