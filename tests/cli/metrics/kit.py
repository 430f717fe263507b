# SPDX-License-Identifier: GPL-2.0
"""What the tests of mmscope metrics share: results as TAP, the command, a subject that
says itself what it did, what /proc says of it, and a reader of the text."""
import os
import re
import subprocess
import sys
import time

MM = os.path.abspath("build/mmscope")
SLOW = int(os.environ.get("MMSCOPE_SLOW", "1"))
prefix = "cli"
count = bad = 0


def ok(good, name, *why):
    global count, bad
    count += 1
    bad += not good
    print(f"{'ok' if good else 'not ok'} {count} - {prefix}.metrics.{name}")
    for text in () if good else why:
        for line in str(text).splitlines()[:12]:
            print("#", line[:300])
    sys.stdout.flush()
    return good


def same(got, want, name):
    if isinstance(got, dict) and isinstance(want, dict):    # what differs is enough
        got, want = ({k: v for k, v in a.items() if b.get(k) != v}
                     for a, b in ((got, want), (want, got)))
    return ok(got == want, name, f"got  {got!r}", f"want {want!r}")


def skip(name, why):
    global count
    count += 1
    print(f"ok {count} - {prefix}.metrics.{name} # SKIP {why}", flush=True)


def end():
    print(f"1..{count}")
    sys.exit(bad > 0)


def until(holds, seconds=30):
    """Whether it comes to hold; who waits in vain is told so by what fails."""
    for _ in range(seconds * SLOW * 10):
        try:
            got = holds()
        except OSError:
            got = None
        if got:
            return got
        time.sleep(0.1)
    return None


def run(*args, before=(), **more):
    """The command, behind other words if need be: its status, output and complaints."""
    done = subprocess.run([*before, MM, "metrics", *map(str, args)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    return done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace")


# Locks, shares, and writes to memory; then it tells its break whenever a line is asked.
SUBJECT = """
import ctypes, mmap, os, sys
libc = ctypes.CDLL(None)
libc.sbrk.restype = ctypes.c_void_p
own = mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
shared = mmap.mmap(-1, 1 << 20)
for page in range(0, 1 << 19, 4096):
    own[page] = shared[page] = 1
address = ctypes.addressof(ctypes.c_char.from_buffer(own))
assert libc.mlock(ctypes.c_void_p(address), ctypes.c_size_t(10 * mmap.PAGESIZE)) == 0
libc.sbrk(ctypes.c_ssize_t(12345))
libc.prctl(15, bytes.fromhex(sys.argv[1]))
room = bytearray(64)
while True:
    os.write(1, b"%d\\n" % libc.sbrk(0))
    if not os.readv(0, [room]):
        break
"""


class Subject:
    def __init__(self, comm=b"subject"):
        self.process = subprocess.Popen([sys.executable, "-c", SUBJECT, comm.hex()],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = self.process.pid
        self.comm = comm
        for _ in range(3):      # until its memory is as it stays
            self.process.stdout.readline()
            self.process.stdin.write(b"\n")
            self.process.stdin.flush()
        self.told = int(self.process.stdout.readline())

    def sbrk(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end(self):
        self.process.kill()
        self.process.wait()


def kernel_says(pid):
    """The same figures by name, from /proc/PID alone, and ps."""
    status = dict(re.findall(r"^(\w+):\s+(\d+) kB$", open(f"/proc/{pid}/status",
                                                         errors="replace").read(), re.M))
    stat = open(f"/proc/{pid}/stat", "rb").read().rpartition(b")")[2].split()
    maps = [line for line in open(f"/proc/{pid}/maps") if "[vsyscall]" not in line]
    size = {name: int(kb) * 1024 for name, kb in status.items()}
    return {
        "resident_bytes": {"anon": size["RssAnon"], "file": size["RssFile"],
                           "shmem": size["RssShmem"]},
        "locked_bytes": size["VmLck"], "swapped_bytes": size["VmSwap"],
        "page_table_bytes": size["VmPTE"], "mapped_bytes": size["VmSize"],
        "vmas": len(maps),
        "page_faults": {"minor": int(stat[7]), "major": int(stat[9])},
    }


def rollup_rss(pid):
    text = open(f"/proc/{pid}/smaps_rollup").read()
    return int(re.search(r"^Rss:\s+(\d+) kB", text, re.M).group(1)) * 1024


def ps_start(pid):
    env = dict(os.environ, TZ="UTC", LC_ALL="C")
    text = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], stdout=subprocess.PIPE,
                          env=env, text=True).stdout.strip()
    return int(subprocess.run(["date", "-u", "-d", text + " UTC", "+%s"], env=env,
                              stdout=subprocess.PIPE, text=True).stdout)


def series(labels):
    """As a key.  To Prometheus a label that is empty is none."""
    return frozenset((k, v) for k, v in labels.items() if v)


def flat(figures, pid, comm):
    """Figures by name, as Prometheus would have them: {(name, labels): value}."""
    out = {}
    for name, value in figures.items():
        total = "_total" if name == "page_faults" else ""
        for kind, number in value.items() if isinstance(value, dict) else ((None, value),):
            labels = {"pid": str(pid), "comm": comm, "kind": kind}
            out[f"mmscope_process_{name}{total}", series(labels)] = number
    return out


def samples(families):
    """What a parser made of the text, in the same form."""
    return {(s.name, series(s.labels)): s.value for f in families for s in f.samples}


def plain(text):
    """Lines without labels, as {name: value}, where no parser of others is at hand."""
    return dict(re.findall(r"^(\w+) (\S+)$", text, re.M))


def one_a_byte(error):
    return "\ufffd" * (error.end - error.start), error.end

