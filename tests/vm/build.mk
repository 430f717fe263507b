# SPDX-License-Identifier: GPL-2.0
# Builds the programs of tests/vm, one a file, into build/tests/vm/.

VM_TESTS := zoo programs gate worlds handed secrets locks cache tricks quiet life proc
VM_OUT   := $(BUILD)/tests/vm

$(VM_OUT)/compare.o: tests/vm/compare.c tests/vm/compare.h tests/abi/kit.h tests/tap.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) -c -o $@ $<

$(VM_OUT)/people.o: tests/vm/people.c tests/vm/people.h tests/abi/kit.h tests/tap.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) -c -o $@ $<

$(VM_TESTS:%=$(VM_OUT)/%): $(VM_OUT)/%: tests/vm/%.c $(VM_OUT)/compare.o $(VM_OUT)/people.o \
				      $(ABI_OUT)/kit.o
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) -o $@ $^ $(TEST_LDLIBS)

$(VM_OUT)/still: tests/vm/still.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) -static -o $@ $<

$(VM_OUT)/many: tests/vm/many.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) -o $@ $<

$(VM_OUT)/states: tests/vm/states.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) -o $@ $<

# One program, laid out in the ways that a linker offers.
SECTIONS := sections sections-nopie sections-stripped sections-norelro sections-wide \
	    $(if $(HAVE_STATIC),sections-static sections-static-pie)
$(VM_OUT)/sections-nopie: LAYOUT := -no-pie
$(VM_OUT)/sections-stripped: LAYOUT := -s -rdynamic
$(VM_OUT)/sections-norelro: LAYOUT := -Wl,-z,norelro -Wl,-z,noseparate-code
$(VM_OUT)/sections-wide: LAYOUT := -Wl,-z,max-page-size=0x200000
$(VM_OUT)/sections-static: LAYOUT := -static -no-pie
$(VM_OUT)/sections-static-pie: LAYOUT := -static-pie

$(SECTIONS:%=$(VM_OUT)/%): tests/vm/sections.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) -fPIE -pie -fno-toplevel-reorder $(LAYOUT) -o $@ $<

# Static: pages of a library come to be shared, or not, by what others do.
$(VM_OUT)/changes: tests/vm/changes.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(TEST_CPPFLAGS) -static -o $@ $<

all-tests: $(SECTIONS:%=$(VM_OUT)/%) $(VM_OUT)/still $(VM_OUT)/many $(VM_OUT)/states $(VM_OUT)/changes $(VM_TESTS:%=$(VM_OUT)/%)
