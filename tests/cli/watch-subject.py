# SPDX-License-Identifier: GPL-2.0
# What the tests of watch look at: does to its memory what each line on its standard
# input says, and says when it has. "map N" is N pages between two inaccessible ones.
import ctypes
import mmap
import os
import sys

libc = ctypes.CDLL(None)
P, L = ctypes.c_void_p, ctypes.c_size_t
libc.mmap.restype = libc.sbrk.restype = P
libc.mmap.argtypes = [P, L, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.sbrk.argtypes = [ctypes.c_long]
libc.mlock.argtypes = libc.munmap.argtypes = [P, L]
libc.mprotect.argtypes = libc.madvise.argtypes = [P, L, ctypes.c_int]
PAGE = mmap.PAGESIZE
area = 0

print("ready", flush=True)
for line in sys.stdin:
    what, *numbers = line.split()
    n = [int(x) for x in numbers]
    if what == "map":
        area = libc.mmap(None, (n[0] + 2) * PAGE, 0, 0x22, -1, 0) + PAGE
        libc.mprotect(area, n[0] * PAGE, 3)
        libc.madvise(area, n[0] * PAGE, 15)
        print("0x%x" % area, flush=True)
    elif what == "touch":
        ctypes.memset(area + n[0] * PAGE, 1, n[1] * PAGE)
        print("touched", flush=True)
    elif what == "lock":
        print("locked", libc.mlock(area + n[0] * PAGE, n[1] * PAGE), flush=True)
    elif what == "unmap":
        print("unmapped", libc.munmap(area, n[0] * PAGE), flush=True)
    elif what == "sbrk":
        libc.sbrk(n[0])
        print("0x%x" % libc.sbrk(0), flush=True)
    elif what == "many":
        # Every other page of these has another protection: a VMA each.
        p = libc.mmap(None, n[0] * PAGE, 3, 0x22, -1, 0)
        for i in range(0, n[0], 2):
            libc.mprotect(p + i * PAGE, PAGE, 1)
        print("many", flush=True)
    elif what == "exec":
        os.execvp("sleep", ["sleep", "1000"])
