# SPDX-License-Identifier: GPL-2.0
# The program that the tests of trace have traced: it says itself what it did.

CLI_OUT := $(BUILD)/tests/cli

$(CLI_OUT)/trace-subject: tests/cli/trace-subject.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -O1 -fno-builtin -fno-inline -D_GNU_SOURCE -pthread -o $@ $<

all-tests: $(CLI_OUT)/trace-subject
