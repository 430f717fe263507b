# SPDX-License-Identifier: GPL-2.0
# Builds build/tests/fuzz-ioctl.

$(BUILD)/tests/fuzz-ioctl: tests/fuzz/fuzz-ioctl.c $(ABI_OUT)/kit.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) -o $@ $^ $(TEST_LDLIBS)

all-tests: $(BUILD)/tests/fuzz-ioctl
