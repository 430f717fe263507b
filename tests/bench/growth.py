#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Draws what `growth` measured: its JSON on standard input, one self-contained
SVG on standard output. A panel for each axis, both scales logarithmic, so that a
slope is seen as one; bars go from quartile to quartile. usage: growth.py [TITLE]
"""
import json
import math
import sys
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 520, 340                    # of a panel
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 44, 48  # its margins
HEAD = 52                                   # of the whole
COLOURS = ["#0b5fa5", "#c2410c", "#4d7c0f", "#7c3aed", "#6b7280"]
TITLES = {
    "VMAs": "the list of VMAs with names, by how many there are",
    "pages": "page states, by the memory that is touched",
    "tables": "page states of a sparse terabyte, by tables in it",
    "readers": "page states of %d MiB, by how many ask at once",
}


def time_text(ns):
    for unit, factor in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= factor:
            return "%g %s" % (ns / factor, unit)
    return "%g ns" % ns


class Scale:
    """The logarithms of values, onto pixels; `whole` decades, or just as far as they go."""

    def __init__(self, values, start, end, whole):
        self.low, self.high = math.log10(min(values)), math.log10(max(values))
        if whole:
            self.low, self.high = math.floor(self.low), math.ceil(self.high)
        self.high = max(self.high, self.low + 1)
        self.start, self.end = start, end

    def at(self, value):
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    def decades(self):
        return [10.0 ** n for n in range(int(self.low), int(self.high) + 1)]


def text(x, y, words, extra=""):
    return '<text x="%.1f" y="%.1f" %s>%s</text>' % (x, y, extra, escape(words))


def line(x1, y1, x2, y2, colour, extra=""):
    return '<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" %s/>' % (
        x1, y1, x2, y2, colour, extra)


def frame(axis, x, y, sizes, title):
    out = [text(LEFT, 24, title, 'class="title"')]
    for value in y.decades():
        out.append(line(x.start, y.at(value), x.end, y.at(value), "#e5e7eb"))
        out.append(text(x.start - 6, y.at(value) + 4, time_text(value), 'text-anchor="end"'))
    last = -100
    for value in sizes:
        out.append(line(x.at(value), y.start, x.at(value), y.end, "#e5e7eb"))
        if x.at(value) - last >= 40:
            out.append(text(x.at(value), y.start + 16, "%d" % value, 'text-anchor="middle"'))
            last = x.at(value)
    out.append(text((x.start + x.end) / 2, y.start + 36, axis["unit"], 'text-anchor="middle"'))
    return out


def curve(way, x, y, colour, first):
    points = way["points"]
    path = " ".join("%.1f,%.1f" % (x.at(p["size"]), y.at(p["median_ns"])) for p in points)
    out = ['<polyline points="%s" fill="none" stroke="%s" stroke-width="%s"/>' % (
        path, colour, "2.5" if first else "1.5")]
    for p in points:
        at = x.at(p["size"])
        out.append(line(at, y.at(p["q1_ns"]), at, y.at(p["q3_ns"]), colour, 'stroke-width="4" '
                        'stroke-opacity="0.35"'))
        out.append('<circle cx="%.1f" cy="%.1f" r="3" fill="%s"><title>%s: %d, %s (%d rounds)'
                   '</title></circle>' % (at, y.at(p["median_ns"]), colour, escape(way["way"]),
                                          p["size"], time_text(p["median_ns"]), p["rounds"]))
    return out


def labels(ways, x, y):
    """At the end of each curve; pushed apart where they would touch."""
    wanted = sorted((y.at(w["points"][-1]["median_ns"]), i, w) for i, w in ways)
    out, last = [], -100
    for at, i, way in wanted:
        last = max(at + 4, last + 15)
        words = "%s, slope %.2f" % (way["way"], way["slope"])
        out.append(text(x.at(way["points"][-1]["size"]) + 8, last, words,
                        'style="fill:%s"' % COLOURS[i % len(COLOURS)]))
    return out


def panel(axis, title):
    ways = [(i, w) for i, w in enumerate(axis["ways"]) if len(w["points"]) > 1]
    if not ways:
        return [text(LEFT, 24, title, 'class="title"'), text(LEFT, 60, "nothing was measured")]
    points = [p for _, w in ways for p in w["points"]]
    sizes = sorted({p["size"] for p in points})
    x = Scale(sizes, LEFT, WIDTH - RIGHT, False)
    y = Scale([p[k] for p in points for k in ("q1_ns", "q3_ns")], HEIGHT - BOTTOM, TOP, True)
    out = frame(axis, x, y, sizes, title)
    for i, way in ways:
        out += curve(way, x, y, COLOURS[i % len(COLOURS)], i == 0)
    return out + labels(ways, x, y)


def draw(told, title):
    axes = told["axes"]
    rows = (len(axes) + 1) // 2
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d">' % (
        2 * WIDTH, HEAD + rows * HEIGHT, 2 * WIDTH, HEAD + rows * HEIGHT),
        "<style>text{font:12px sans-serif;fill:#374151}text.title{font-size:13px;font-weight:600;"
        "fill:#111827}text.head{font-size:17px;font-weight:600;fill:#111827}</style>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        text(LEFT, 32, title, 'class="head"')]
    for i, axis in enumerate(axes):
        name = TITLES.get(axis["axis"], axis["axis"])
        if "%d" in name:
            name %= told["readers_mib"]
        out.append('<g transform="translate(%d %d)">' % (i % 2 * WIDTH, HEAD + i // 2 * HEIGHT))
        out += panel(axis, name) + ["</g>"]
    return "\n".join(out + ["</svg>"])


def main():
    title = sys.argv[1] if len(sys.argv) > 1 else "what asking costs, as it grows"
    print(draw(json.load(sys.stdin), title))


main()
