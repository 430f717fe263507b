# SPDX-License-Identifier: GPL-2.0
# Builds the programs of tests/abi, one a file, into build/tests/abi/.

ABI_TESTS := errno mm vmas parts pages huge walk
ABI_OUT   := $(BUILD)/tests/abi
ABI_BINS  := $(ABI_TESTS:%=$(ABI_OUT)/%) $(ABI_OUT)/compat32
TEST_CPPFLAGS := -D_GNU_SOURCE -Ikmod/uapi -Itests/abi
TEST_LDLIBS   := -pthread

$(ABI_OUT)/kit.o: tests/abi/kit.c tests/abi/kit.h tests/tap.h kmod/uapi/mmscope.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) -c -o $@ $<

$(ABI_TESTS:%=$(ABI_OUT)/%): $(ABI_OUT)/%: tests/abi/%.c $(ABI_OUT)/kit.o
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) -o $@ $^ $(TEST_LDLIBS)

# Freestanding, so that no 32-bit C library is needed; where the compiler knows
# no -m32, a script in its place says so.
$(ABI_OUT)/compat32: tests/abi/compat32.c kmod/uapi/mmscope.h
	@mkdir -p $(@D)
	@if echo 'int x;' | $(CC) -m32 -x c -c -o /dev/null - 2>/dev/null; then \
		set -x; $(CC) -m32 -O2 $(WARN) -ffreestanding -fno-stack-protector -fno-pie \
			-nostdlib -static -Ikmod/uapi \
			-isystem /usr/include/$$($(CC) -print-multiarch) -o $@ $<; \
	else \
		printf '#!/bin/sh\necho "1..0 # SKIP this compiler has no -m32"\n' > $@; \
		chmod +x $@; \
	fi

all-tests: $(ABI_BINS)
