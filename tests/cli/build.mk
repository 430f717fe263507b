# SPDX-License-Identifier: GPL-2.0
# What the tests of the command line run beside it: a maker of captures, and the
# program that the tests of trace have traced, which says itself what it did.

CLI_OUT := $(BUILD)/tests/cli

$(CLI_OUT)/make-capture: tests/cli/report/make-capture.c user/lib/capture.h user/lib/libmmscope.h $(BUILD)/libmmscope.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(USER_CPPFLAGS) -o $@ $< $(BUILD)/libmmscope.a $(USER_LIBS)

$(CLI_OUT)/trace-subject: tests/cli/trace-subject.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -O1 -fno-builtin -fno-inline -D_GNU_SOURCE -pthread -o $@ $<

all-tests: $(CLI_OUT)/make-capture $(CLI_OUT)/trace-subject

$(CLI_OUT)/misbehave: tests/cli/misbehave.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -pthread -o $@ $<

# What mmscope(4) shows as examples, for tests/vm/manual.
$(CLI_OUT)/manual/%: user/man/%.c kmod/uapi/mmscope.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -Ikmod/uapi -o $@ $<

all-tests: $(CLI_OUT)/manual/heap $(CLI_OUT)/manual/vmas

# The programs of the assignments, right and wrong ones; as a student builds them.
ASSIGNED := $(patsubst user/grade/assignments/%.c,$(CLI_OUT)/grade/%, \
	     $(filter-out user/grade/assignments/module/%, \
	      $(wildcard user/grade/assignments/*/*.c)) user/grade/assignments/module/subject.c)

$(CLI_OUT)/grade/%: user/grade/assignments/%.c
	@mkdir -p $(@D)
	$(CC) -O1 -w -o $@ $<

all-tests: $(CLI_OUT)/misbehave $(ASSIGNED)

# Those that are modules, for the kernel of KDIR: resident.ko in a folder for each.
ASSIGNED_MODULES := $(patsubst user/grade/assignments/module/%.c,%, \
		     $(filter-out %/subject.c,$(wildcard user/grade/assignments/module/*.c)))
MODULES_OUT = $(CLI_OUT)/grade/module/$(KREL)

assigned-modules: $(foreach m,$(ASSIGNED_MODULES),$(MODULES_OUT)/$(m)/resident.ko)

$(MODULES_OUT)/%/resident.ko: user/grade/assignments/module/%.c $(wildcard user/grade/assignments/module/*.h)
	@mkdir -p $(@D)
	@cp user/grade/assignments/module/*.h $(@D)
	@cp $< $(@D)/resident.c
	@echo 'obj-m := resident.o' > $(@D)/Kbuild
	$(MAKE) -C $(KDIR) M=$(CURDIR)/$(@D) KCFLAGS=-Werror modules

.PHONY: assigned-modules
