#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# A table of tens of thousands of VMAs is drawn as it is made: its columns fit the whole
# all the same, and it does not take the memory of all its lines. Its subject is itself.
# usage: long-table.py MMSCOPE; exit status 1 and a word on what is wrong.
import ctypes
import mmap
import os
import resource
import subprocess
import sys

PAGES = 40000
MOST = 20 << 10     # KiB; all lines at once took 30 MiB

memory = mmap.mmap(-1, PAGES * mmap.PAGESIZE)
start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
libc = ctypes.CDLL(None, use_errno=True)
for page in range(0, PAGES, 2):
    address = ctypes.c_void_p(start + page * mmap.PAGESIZE)
    if libc.mprotect(address, mmap.PAGESIZE, mmap.PROT_READ):
        sys.exit("mprotect: " + os.strerror(ctypes.get_errno()))

table = subprocess.run(
    [sys.argv[1], "vmas", "--source", "procfs", "-o", "START,SIZE,PURPOSE,NAME", str(os.getpid())],
    stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
with open("/proc/self/maps", encoding="utf-8") as maps:
    names = {line.split(maxsplit=5)[5].rstrip("\n") for line in maps if len(line.split()) > 5}
if len(table) < PAGES:
    sys.exit(f"{len(table)} lines")
behind = table[0].index("NAME")
purpose = table[0].index("PURPOSE")
for number, line in enumerate(table[1:], 2):
    if line[purpose - 1] != " " or line[purpose] == " " or line[behind - 1] != " ":
        sys.exit(f"line {number} is not in its columns: {line}")
    if line[behind:].strip() and line[behind:] not in names:
        sys.exit(f"line {number} has no such name: {line}")
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
if peak > MOST:
    sys.exit(f"it took {peak} KiB")
