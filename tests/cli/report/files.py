#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Whether a report is sound, by parsers that others wrote, and whether it tells what
/proc tells.  usage: files.py page FILE [PID] (without one "ADDRESS STATE" lines on
standard input) | files.py picture FILE | files.py states FILE ADDRESS COUNT, which
prints the states of so many pages."""
import base64
import hashlib
import json
import re
import struct
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

PAGE = 4096


class Page(HTMLParser):
    """Scripts and styles with what is in them, and what would be loaded."""
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.inside, self.loads, self.policy, self.title, self.open = [], [], "", "", None

    def handle_starttag(self, tag, attributes):
        a = dict(attributes)
        self.open = tag
        if tag in ("script", "style"):
            self.inside.append([tag, a.get("type"), ""])
        if a.get("http-equiv") == "Content-Security-Policy":
            self.policy = a["content"]
        self.loads += [v for k, v in attributes if k in ("src", "href", "action", "srcset", "data")]
        assert not any(k.startswith("on") or k == "style" for k, _ in attributes), (tag, attributes)

    def handle_endtag(self, tag):
        self.open = None

    def handle_data(self, data):
        if self.open in ("script", "style"):
            self.inside[-1][2] += data
        elif self.open == "title":
            self.title += data


def hashed(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def read_page(path):
    text = open(path, encoding="utf-8").read()
    page = Page()
    page.feed(text)
    kinds = [(tag, kind) for tag, kind, _ in page.inside]
    assert kinds == [("style", None), ("script", "application/json"), ("script", None)], kinds
    style, data, script = (inside for _, _, inside in page.inside)
    assert page.loads == ["data:,"], page.loads
    assert "default-src 'none'" in page.policy and hashed(style) in page.policy
    assert "script-src " + hashed(script) + ";" in page.policy and "unsafe" not in page.policy
    template = text.replace(data, "")
    assert not re.search(r"(?i)\b(https?|wss?|ftp):|url\(|@import|//[a-z]+\.[a-z]", template)
    assert "<" not in data
    return page, json.loads(data)


def runs_of(report):
    """By VMA: (start, [(pages, state name, categories)])."""
    runs = iter(zip(report["runs"]["pages"], report["runs"]["kind"]))
    for start, pages in zip(report["vmas"]["start"], report["vmas"]["pages"]):
        of, left = [], pages
        while left:
            n, kind = next(runs)
            state, mask = report["kinds"][kind]
            of.append((n, report["states"][state]["name"], mask))
            left -= n
            assert left >= 0
        yield start, of
    assert next(runs, None) is None


def as_proc(report, pid):
    """VMAs as maps has them; of private anonymous memory each page as pagemap has it."""
    v = report["vmas"]
    ours = [(s * PAGE, (s + n) * PAGE) for s, n in zip(v["start"], v["pages"])]
    theirs = [line.split(None, 5) for line in open(f"/proc/{pid}/maps")]
    assert ours == [tuple(int(x, 16) for x in f[0].split("-")) for f in theirs]
    names = [report["files"][k]["name"] for k in v["file"]]
    assert names == [f[5].strip() if len(f) > 5 else "" for f in theirs]
    compared = 0
    with open(f"/proc/{pid}/pagemap", "rb") as pagemap:
        for (start, of), f in zip(runs_of(report), theirs):
            if not f[1].endswith("p") or f[4] != "0" or f[5:] and f[5].startswith("[v"):
                continue
            pagemap.seek(start * 8)
            for n, state, _ in of:
                for entry in struct.unpack(f"<{n}Q", pagemap.read(8 * n)):
                    want = "present" if entry >> 63 else "swapped" if entry >> 62 & 1 else "untouched"
                    assert state == want, (hex(start * PAGE), state, want)
                    compared += 1
    assert compared > 50


def as_told(report, lines):
    want = {int(a, 16) // PAGE: state for a, state in map(str.split, lines)}
    got = {}
    for start, of in runs_of(report):
        for n, state, _ in of:
            for page in range(start, min(start + n, start + 64)):
                got[page] = state
            start += n
    assert {p: got.get(p) for p in want} == want
    names = [f["name"] for f in report["files"]]
    for name in ("/tmp/</script><script>alert(1)</script>", "/tmp/<!-- <b>\"bold\" & 'quoted'",
                 "/tmp/two\nlines\tand\x01\x1b[31mcontrol\x7f"):
        assert name in names, names
    broken = [f for f in report["files"] if "name_hex" in f]
    assert [bytes.fromhex(f["name_hex"]) for f in broken] == [b"/tmp/not utf-8 \xff\xfe\xc3("]


def sums(report):
    v = report["vmas"]
    assert report["sums"]["size"] == sum(v["pages"]) * PAGE
    assert report["sums"]["resident"] == sum(v["rss"])
    assert sum(s["vmas"] for s in report["purpose_sums"]) == len(v["start"])
    ends = [0] + [(s + n) * PAGE for s, n in zip(v["start"], v["pages"])]
    gaps = [s * PAGE - e for s, e in zip(v["start"], ends) if s < 1 << 47]
    assert report["largest_gap"]["size"] >= max(gaps)


def picture(path):
    tree = ET.parse(path).getroot()
    ns = "{http://www.w3.org/2000/svg}"
    groups = tree.findall(f"{ns}g")
    assert tree.tag == ns + "svg" and len(groups) > 5
    assert all(g.find(ns + "title").text for g in groups)
    text = open(path, encoding="utf-8").read().replace("http://www.w3.org/2000/svg", "", 1)
    assert not re.search(r"https?:|href|<script|<!", text)
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]", text)


def states(report, address, count):
    """They may be of several VMAs."""
    got = {}
    for start, of in runs_of(report):
        for n, state, _ in of:
            for page in range(max(start, address // PAGE), min(start + n, address // PAGE + count)):
                got[page] = state
            start += n
    print(*(got[page] for page in sorted(got)))


def main():
    if sys.argv[1] == "picture":
        picture(sys.argv[2])
        return
    page, data = read_page(sys.argv[2])
    if sys.argv[1] == "states":
        states(data["report"], int(sys.argv[3], 16), int(sys.argv[4]))
        return
    assert data["schema"] == "mmscope/1" and str(data["target"]["pid"]) in page.title
    sums(data["report"])
    if len(sys.argv) > 3:
        as_proc(data["report"], int(sys.argv[3]))
    else:
        as_told(data["report"], sys.stdin)


if __name__ == "__main__":
    main()
