# SPDX-License-Identifier: GPL-2.0
# The programs of the tests. Each tier has its own rules in its folder, and
# hangs them off all-tests.

all-tests: ## the programs that the tests run, in build/tests/

include $(wildcard tests/*/build.mk)

.PHONY: all-tests
