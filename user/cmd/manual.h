/* SPDX-License-Identifier: GPL-2.0 */
/*
 * manual.h - the manual page and the completions of shells, from the tables of verbs.
 */
#ifndef MMSCOPE_MANUAL_H
#define MMSCOPE_MANUAL_H

/* "--man", "--bash", "--zsh" or "--fish" to standard output; -1: none of these. */
int manual_write(const char *which);

#endif
