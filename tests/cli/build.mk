# SPDX-License-Identifier: GPL-2.0
# What the tests of the command line run beside it.

CLI_OUT := $(BUILD)/tests/cli

$(CLI_OUT)/make-capture: tests/cli/report/make-capture.c user/lib/capture.h user/lib/libmmscope.h $(BUILD)/libmmscope.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(USER_CPPFLAGS) -o $@ $< $(BUILD)/libmmscope.a $(USER_LIBS)

all-tests: $(CLI_OUT)/make-capture
