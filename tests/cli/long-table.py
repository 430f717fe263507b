#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# A table of tens of thousands of lines is drawn as it is made: its columns are the same
# to its end, and it does not take the memory of all its lines. Its subject is itself.
# usage: long-table.py MMSCOPE; exit status 1 and a word on what is wrong.
import ctypes
import mmap
import os
import re
import resource
import subprocess
import sys

PAGES = 40000
MOST = 16 << 20     # bytes of memory of its own; all lines at once take 30 MiB

memory = mmap.mmap(-1, PAGES * mmap.PAGESIZE)
start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
libc = ctypes.CDLL(None, use_errno=True)
for page in range(0, PAGES, 2):
    address = ctypes.c_void_p(start + page * mmap.PAGESIZE)
    if libc.mprotect(address, mmap.PAGESIZE, mmap.PROT_READ):
        sys.exit("mprotect: " + os.strerror(ctypes.get_errno()))


def limit():
    """A command that wants more fails."""
    resource.setrlimit(resource.RLIMIT_DATA, (MOST, MOST))


def table(verb, *columns):
    """The lines of a table, each found to be in the columns of its heading."""
    lines = subprocess.run(
        [sys.argv[1], verb, "--source", "procfs", "-o", ",".join(columns), str(os.getpid())],
        stdout=subprocess.PIPE, check=True, text=True, preexec_fn=limit).stdout.splitlines()
    if len(lines) < PAGES:
        sys.exit(f"{verb}: {len(lines)} lines")
    behind = lines[0].index(columns[-1])
    for number, line in enumerate(lines, 1):
        if line[behind - 1] != " " or len(line[:behind].split()) != len(columns) - 1:
            sys.exit(f"{verb}: line {number} is not in its columns: {line}")
    return [line[behind:] for line in lines[1:]]


with open("/proc/self/maps", encoding="utf-8") as maps:
    names = {line.split(maxsplit=5)[5].rstrip("\n") for line in maps if len(line.split()) > 5}
for name in table("vmas", "START", "SIZE", "PURPOSE", "NAME"):
    if name.strip() and name not in names:
        sys.exit(f"there is no such name: {name}")
for state in table("pages", "START", "PAGES", "SIZE", "STATE"):
    if not re.fullmatch(r"-|[a-z_]+([,-][a-z_]+)*", state):
        sys.exit(f"no state of a page here: {state}")
