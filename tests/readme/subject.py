# The process of the README's pictures: of 64 MiB it touches 24, locks the first four
# and has the last two swapped out. It says "ready", and stays until its input ends.
import ctypes
import mmap
import sys

MIB = 1 << 20
MADV_PAGEOUT = 21
memory = mmap.mmap(-1, 64 * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(mmap.MADV_NOHUGEPAGE)
for page in range(0, 24 * MIB, mmap.PAGESIZE):
    memory[page] = page // mmap.PAGESIZE % 255 + 1
start = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
if ctypes.CDLL(None).mlock(start, ctypes.c_size_t(4 * MIB)):
    sys.exit("mlock")
for _ in range(5):      # some pages may be busy the first time
    memory.madvise(MADV_PAGEOUT, 22 * MIB, 2 * MIB)
print("ready", flush=True)
sys.stdin.read()
