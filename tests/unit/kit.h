/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kit.h - cmocka, and a test with a stable name.
 */
#ifndef UNIT_KIT_H
#define UNIT_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define TEST(name, function) { name, function, NULL, NULL, NULL }

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
