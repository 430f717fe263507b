# SPDX-License-Identifier: GPL-2.0
"""What is said of a page: "ok NAME" or "not ok NAME", and remarks after "#"."""
import os
import traceback

from browser import Failed

SLOW = float(os.environ.get("MMSCOPE_SLOW", "1"))
# As WCAG computes how well a text can be read.
CONTRAST = """(selector => {
    const rgb = text => text.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
        .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const light = c => 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
    let e = document.querySelector(selector), back = "rgba(0, 0, 0, 0)";
    const text = light(rgb(getComputedStyle(e).color));
    for (; e && back === "rgba(0, 0, 0, 0)"; e = e.parentElement)
        back = getComputedStyle(e).backgroundColor;
    const ground = light(rgb(back));
    return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
})"""

failed = []


def is_so(truth, name, *remarks):
    if not truth:
        failed.append(name)
    print("ok" if truth else "not ok", name, flush=True)
    if not truth:
        for remark in remarks:
            print("#", repr(remark)[:300])


def test(function):
    """A failure in the midst fails it, and not those after it."""
    def run(*args):
        try:
            function(*args)
        except (Failed, OSError, TypeError, ValueError, IndexError) as e:
            is_so(False, function.__name__ + ".runs", e, traceback.format_exc()[-250:])
    return run


def quiet(b, name, path):
    is_so(not b.said, name + ".no_console_error", b.said)
    is_so(b.requests == ["file://" + os.path.abspath(path)], name + ".asks_nobody", b.requests)


def verdict():
    return 1 if failed else 0
