# SPDX-License-Identifier: GPL-2.0
# Builds the module, the library, the tool and their tests into build/.
# "make help" lists what there is.

KDIR  ?= /lib/modules/$(shell uname -r)/build
BUILD := build

CC      ?= cc
CFLAGS  ?= -O2 -g
WARN    := -Wall -Wextra -Werror
PKG_CONFIG ?= pkg-config

all: user ## the library and the tool; and the module, if KDIR is there
ifneq ($(wildcard $(KDIR)/Makefile),)
all: module
endif

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---- the module -------------------------------------------------------------
# Built on a copy of its sources, so that several kernels can be built for side
# by side: build/RELEASE/mmscope.ko. mmscope.ko at the top is the newest built.

# A kernel of another Debian suite is built for in a root of that suite (KROOT,
# with KDIR in it), where the sources are at /mnt; one of another architecture
# with KCROSS="ARCH=... CROSS_COMPILE=...".

# (Not include/config/kernel.release: Debian's headers have another there.)
KREL = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h 2>/dev/null)
KSRC := Kbuild $(wildcard kmod/*.[ch] kmod/uapi/*.h)
KOUT = $(BUILD)/$(KREL)
W    ?= 1
KMAKE = $(if $(KROOT),./scripts/in-root $(KROOT) $(CURDIR)/$(KOUT)) $(MAKE) \
	-C $(patsubst $(KROOT)/%,/%,$(KDIR)) M=$(if $(KROOT),/mnt,$(CURDIR)/$(KOUT))

module: ## mmscope.ko for the running kernel, or for the headers in KDIR=
	@test -n "$(KREL)" || { \
	 echo "no kernel headers at $(KDIR): install linux-headers-$$(uname -r), or name others with KDIR=" >&2; exit 1; }
	@$(MAKE) --no-print-directory $(KOUT)/mmscope.ko
	@test mmscope.ko -ef $(KOUT)/mmscope.ko || ln -sfn $(KOUT)/mmscope.ko mmscope.ko

$(KOUT)/mmscope.ko: $(KSRC)
	@mkdir -p $(KOUT)
	@cp -p --parents $(KSRC) $(KOUT)
	$(KMAKE) W=$(W) KCFLAGS=-Werror $(KCROSS) modules
	@touch $@

include user/build.mk
include tests/build.mk

# ---- running it -------------------------------------------------------------
demo: ## see it work: in the lab VM, on a real process
	@./scripts/demo
test: ## every test
	@./scripts/test
matrix: ## builds and tests on Debian's kernels, 5.10 to 7.3 and arm64; K=5.10 for one
	@./scripts/matrix $(K)
bench: ## what asking costs, and how long the same answer takes, by each way to ask
	@./scripts/bench
fuzz: ## a fuzzer of the module, guided by what it reaches, on a debug kernel; TIME=300 seconds
	@TIME=$(or $(TIME),300) ./scripts/fuzz ioctl
fuzz-parse: ## fuzzers of what userspace parses; TIME=60 seconds each
	@TIME=$(or $(TIME),60) ./scripts/fuzz parse
torture: ## builds and tests on debug kernels (KASAN, KCSAN, ...); K=6.12-debug for one
	@./scripts/torture $(K)
deb: ## Debian packages, in build/deb
	@./scripts/deb
vm: ## a shell in the lab VM, with the module loaded
	@./scripts/lab shell
lint: lint-kmod lint-user ## everything that reads the code for mistakes

lint-kmod:
	@./scripts/lint kmod $(KDIR)
lint-user:
	@./scripts/lint user

clean: ## removes everything that was built
	rm -rf $(BUILD) mmscope.ko

.PHONY: all help module demo test matrix torture fuzz fuzz-parse bench deb vm lint lint-kmod lint-user clean
.DELETE_ON_ERROR:
