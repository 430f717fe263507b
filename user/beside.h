/* SPDX-License-Identifier: GPL-2.0 */
/*
 * beside.h - the programs that come with the tool.
 */
#ifndef MMSCOPE_BESIDE_H
#define MMSCOPE_BESIDE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Where the program `name` is: beside this one, as in build/, or where "make install"
 * puts it.  false if it is nowhere.
 */
bool beside_find(const char *name, char *path, size_t size);

#endif
