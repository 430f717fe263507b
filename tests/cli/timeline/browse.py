# SPDX-License-Identifier: GPL-2.0
"""The page of trace --html in a real browser, driven by keys and pointer as a person would."""
import json
import os
import re
import time
import traceback

from browser import Failed
from judge import CONTRAST, SLOW

PAGE = os.sysconf("SC_PAGESIZE")
EVENT = "+document.getElementById('event').dataset.event"
LIVE = "document.getElementById('live').textContent"
ROWS = "[...document.querySelectorAll('#body tr[data-event]')].map(r => +r.dataset.event)"
MAPS = "document.getElementById('maps-text').textContent"
DRAWN = "space.items.filter(i => i.gap === undefined && i.how !== 'gone').map(i => v_line(i.id)).join('\\n')"
STEPS = """new Promise(done => {
    const times = [];
    let last = performance.now();
    const one = at => {
        times.push(at - last);
        last = at;
        step(1);
        if (times.length < 60)
            requestAnimationFrame(one);
        else
            done(times.slice(2).sort((a, b) => a - b));
    };
    requestAnimationFrame(one);
})"""

# Touches, drops and unmaps pages; what is there then it reads of its own pagemap.
FAULTS = """
import struct
a = call("mmap", 0, 64 * PAGE, 3, 0x22, 2**64 - 1, 0)
call("madvise", a, 64 * PAGE, 15)
for i in [*range(5, 30), 40, 41, 50]:
    ctypes.memset(a + i * PAGE, 1, 1)
call("madvise", a + 10 * PAGE, 4 * PAGE, 4)
ctypes.memset(a + 11 * PAGE, 1, 1)
call("munmap", a + 60 * PAGE, 4 * PAGE)
with open("/proc/self/pagemap", "rb", buffering=0) as f:
    f.seek(a // PAGE * 8)
    there = struct.unpack("60Q", f.read(480))
print(hex(a), *(i for i, entry in enumerate(there) if entry >> 63), flush=True)
os._exit(0)
"""

say = None


def as_maps(text, of_page):
    """Range, perms, offset, inode and name of each line."""
    found = []
    for line in text.splitlines():
        f = line.split(None, 4 if of_page else 5)
        if not of_page:
            del f[3]
        found.append((*f[0].split("-"), f[1], int(f[2], 16), f[3], f[4].strip() if len(f) > 4 else ""))
    return [(int(start, 16), int(end, 16), *rest) for start, end, *rest in found]


def run_of(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f][1:]


def quiet(b, name, path):
    say(not b.said, f"browser.{name}.no_console_error", b.said)
    say(b.requests == ["file://" + os.path.abspath(path)], f"browser.{name}.asks_nobody", b.requests)


def maps(b, folder, told, markers):
    """What is shown at an event, gone to by its row in the list, is what the program read then."""
    path = folder + "/told.html"
    b.open(path)
    b.click("#maps summary")
    # The page counts the events of a process.
    for number, e in sorted(markers.items()):
        if number == 8:
            continue
        k = b.js(f"(e => {{ const k = now.p.events.indexOf(e); go(k); return k; }})({e})")
        b.settle()
        want = as_maps(told[number], False)
        got = as_maps(b.js(MAPS), True)
        say(k >= 0 and got == want, f"browser.maps.at_event.{number}", sorted(set(got) ^ set(want))[:4])
        say(as_maps(b.js(DRAWN), True) == want, f"browser.maps.drawn.{number}")
    b.js("choose_process(1)")
    b.js(f"go(now.p.events.indexOf({markers[8]}))")
    b.settle()
    got, want = as_maps(b.js(MAPS), True), as_maps(told[8], False)
    say(got == want, "browser.maps.of_the_child", sorted(set(got) ^ set(want))[:4])
    quiet(b, "maps", path)


def steps(b, folder):
    """Through all events of a process by keys: each says what the lines say."""
    path = folder + "/told.html"
    b.open(path)
    lines = run_of(folder + "/told.json")
    first = [line for line in lines if line["pid"] == lines[0]["pid"]]
    say(b.js("now.p.n") == len(first), "browser.steps.all_events", b.js("now.p.n"))
    wrong, seen = [], set()
    for k, line in enumerate(first):
        at, words = b.js(f"[{EVENT}, document.querySelector('#event .call').textContent]")
        if at != k or line["event"] == "call" and not words.startswith(line["text"]):
            wrong.append((k, at, words))
        if line["event"] == "call" and line["changes"]:
            made, gone = b.js("[[...space.effect.made, ...space.effect.changed].map(v => V_START[v] * PAGE),"
                              " space.effect.gone.reduce((n, g) => n + g.pages * PAGE, 0)]")
            areas = [a for a in line["changes"] if a["pieces"]]
            want = {int(v["start"], 16) for a in areas for v in a["after"]}
            lost = sum(p["size"] for a in areas for p in a["pieces"] if p["kind"] == "gone")
            if set(made) != want or gone != lost:
                wrong.append((k, line["text"], [hex(m) for m in set(made) ^ want], gone, lost))
            seen |= {"made"} if want else set()
            seen |= {"gone"} if lost else set()
        b.key("ArrowRight")
    say(not wrong and seen == {"made", "gone"}, "browser.steps.as_the_lines", wrong[:4])
    b.key("ArrowLeft", 3)
    say(b.js(EVENT) == len(first) - 4, "browser.steps.back", b.js(EVENT))
    b.key("Home")
    say(b.js(EVENT) == 0, "browser.steps.home")
    b.key("End")
    say(b.js(EVENT) == len(first) - 1, "browser.steps.end")
    b.key("PageUp")
    say(0 < b.js(EVENT) < len(first) - 1, "browser.steps.page_up")
    # There and back it is the same.
    there = b.js("[10, now.p.n >> 1, now.p.n - 2].map(k => list_at(now.p, k).join())")
    back = b.js("[now.p.n - 2, now.p.n >> 1, 10].map(k => list_at(now.p, k).join())")
    say(there == back[::-1], "browser.steps.same_both_ways")
    quiet(b, "steps", path)


def keys(b, folder):
    path = folder + "/told.html"
    b.open(path)
    whole = b.js("[time.from, time.to]")
    b.key("+")
    say(b.js("time.to - time.from") < whole[1] - whole[0], "browser.keys.nearer")
    b.key("0")
    say(b.js("[time.from, time.to]") == whole, "browser.keys.whole")
    b.key("t")
    say(b.js("time.by_time && document.getElementById('axis').value") == "time", "browser.keys.axis")
    b.key("t")
    b.key(" ")
    b.until(f"{EVENT} > 3")
    b.key(" ")
    at = b.js(EVENT)
    time.sleep(0.5)
    say(b.js(EVENT) == at and b.js("!now.playing"), "browser.keys.space_plays_and_pauses")
    b.key("?")
    say(b.js("document.getElementById('help').open"), "browser.keys.help")
    b.key("Escape")
    say(not b.js("document.getElementById('help').open"), "browser.keys.help_closes")
    b.click("#ask")
    b.click("#understood")
    say(not b.js("document.getElementById('help').open"), "browser.keys.help_by_buttons")
    b.js("document.activeElement.blur()")
    b.key("n")
    say(b.js("space.chosen !== null && document.querySelector('#vma h4').textContent.length > 3"),
        "browser.keys.choose_a_vma")
    b.key("]")
    say(b.js("now.p.number") == 1, "browser.keys.next_process")
    b.key("[")
    b.js("document.activeElement.blur(); scrollTo(0, 0)")
    reached = set()
    for _ in range(40):
        b.key("Tab")
        reached.add(b.js("(e => e.id || e.dataset.event && 'row' || e.tagName)(document.activeElement)"))
    want = {"search", "theme", "process", "play", "pace", "axis", "nearer", "time", "space", "caller", "row"}
    say(want <= reached, "browser.keys.tab_reaches_all", want - reached)
    b.js("document.querySelector('#body tr[tabindex=\"0\"]').focus()")
    at = b.js(EVENT)
    b.key("ArrowDown")
    say(b.js(EVENT) == at + 1 and b.js("+document.activeElement.dataset.event") == at + 1,
        "browser.keys.rows", b.js(EVENT))
    b.until(f"{LIVE}.startsWith('{at + 2}:')")
    say(b.js("document.getElementById('time').getAttribute('aria-valuenow')") == str(at + 2),
        "browser.keys.slider_says_so")
    say(b.js("[...document.querySelectorAll('button, input, select, canvas[tabindex]')].every(e => "
             "e.textContent.trim() || e.ariaLabel || e.labels?.length)"), "browser.keys.all_have_names")
    quiet(b, "keys", path)


def pointer(b, folder):
    path = folder + "/told.html"
    b.open(path)
    n = b.js("now.p.n")
    box = b.js("(r => [r.x, r.y, r.width, r.height])(time.canvas.getBoundingClientRect())")
    for k in (5, n // 2, n - 3):
        x = box[0] + b.js(f"x_of({k})")
        b.click_at(x, box[1] + 30)
        say(b.js(EVENT) == k, f"browser.pointer.click.{('first', 'middle', 'last')[(k > 5) + (k == n - 3)]}",
            k, )
    b.wheel(box[0] + 600, box[1] + 30, -240)
    near = b.js("time.to - time.from")
    say(near < n, "browser.pointer.wheel")
    b.click("#whole")
    y = box[1] + 40
    b.mouse("mouseMoved", box[0] + 300, y)
    b.mouse("mousePressed", box[0] + 300, y, button="left", buttons=1, clickCount=1)
    b.mouse("mouseMoved", box[0] + 500, y, button="left", buttons=1)
    want = b.js("[place_at(300), place_at(500)]")
    b.mouse("mouseReleased", box[0] + 500, y, button="left", clickCount=1)
    b.settle()
    got = b.js("[time.from, time.to]")
    say(all(abs(a - c) < 1 for a, c in zip(got, want)), "browser.pointer.drag_zooms", f"{got} {want}")
    item = b.js("""(() => { go(now.p.n - 1); scrollTo(0, 0); space.box.scrollTop = 0;
        const i = space.items.find(i => i.gap === undefined && i.y < 200), r = space.canvas.getBoundingClientRect();
        return [r.x + i.x + 5, r.y + i.y + 10, i.id]; })()""")
    b.js("document.getElementById('picture').scrollIntoView({block: 'start'})")
    item[:2] = b.js(f"""(() => {{ const i = space.items.find(i => i.id === {item[2]}),
        r = space.canvas.getBoundingClientRect(); return [r.x + i.x + 5, r.y + i.y + 10]; }})()""")
    b.click_at(*item[:2])
    say(b.js("space.chosen") == item[2], "browser.pointer.choose_a_vma", b.js("space.chosen"))
    quiet(b, "pointer", path)


def filters(b, folder):
    path = folder + "/told.html"
    b.open(path)
    lines = run_of(folder + "/told.json")
    first = [line for line in lines if line["pid"] == lines[0]["pid"]]
    all_shown = "Array.from(now.shown)"
    kind = b.js("KIND.mprotect")
    b.click(f"#kinds button[data-kind='{kind}']")
    want = [k for k, line in enumerate(first) if line.get("call") == "mprotect"]
    say(b.js(all_shown) == want and set(b.js(ROWS)) <= set(want), "browser.filter.kind", b.js(all_shown))
    b.key("Home")
    b.key("ArrowRight")
    say(b.js(EVENT) == want[1], "browser.filter.steps_through_these", b.js(EVENT))
    b.key("Escape")
    say(len(b.js(all_shown)) == len(first), "browser.filter.escape")
    caller = next(line["caller"] for line in first if line.get("caller"))
    b.js(f"(s => {{ s.value = [...s.options].find(o => o.textContent.startsWith({json.dumps(caller + ' (')}))"
         ".value; s.dispatchEvent(new Event('change')); })(document.getElementById('caller'))")
    say(b.js(all_shown) == [k for k, line in enumerate(first) if line.get("caller") == caller],
        "browser.filter.caller", caller)
    b.click("#clear")
    b.key("/")
    b.type("mremap(")
    want = [k for k, line in enumerate(first) if line.get("call") == "mremap"]
    say(b.js(all_shown) == want and want, "browser.filter.search", b.js(all_shown))
    b.key("Enter")
    say(b.js(EVENT) == want[0], "browser.filter.search_enter", b.js(EVENT))
    b.key("Escape", 2)
    say(b.js("document.activeElement.id") == "time", "browser.filter.escape_leaves_the_search")
    moved = first[want[0]]
    b.key("/")
    b.type(moved["result"])
    address = int(moved["result"], 16)
    got = b.js(all_shown)
    say(want[0] in got and len(got) < len(first) // 2, "browser.filter.address", f"{hex(address)} {got}")
    b.key("Escape")
    b.js(f"go({want[0]}); choose_vma([...space.effect.made][0])")
    b.js("document.activeElement.blur()")
    b.key("f")
    got = b.js(all_shown)
    say(want[0] in got and len(got) < len(first) // 2, "browser.filter.vma", got)
    say(not b.js("document.getElementById('filter').hidden"), "browser.filter.is_told")
    quiet(b, "filter", path)


def pages(b, folder):
    """Pages of a region, as the program's own pagemap has them."""
    path = folder + "/faults.html"
    if not os.path.exists(path):
        return
    b.open(path)
    with open(folder + "/faults.told", encoding="ascii") as f:
        address, *there = f.read().split()
    b.key("End")
    got = b.js(f"""(start => {{ const found = [], blocks = pages_at(now.p, now.k);
        for (let i = 0; i < 60; i++) {{
            const bits = blocks.get(Math.floor((start + i) / BLOCK))?.[(start + i) % BLOCK] || 0;
            if (bits & RESIDENT)
                found.push(i);
        }}
        return found; }})({int(address, 16) // PAGE})""")
    say(got == [int(i) for i in there] and len(got) > 20, "browser.pages.as_pagemap", f"{got}\n{there}")
    dropped = b.js(f"(s => SIGN_OF[pages_at(now.p, now.k).get(Math.floor((s + 10) / BLOCK))[(s + 10) % BLOCK]])"
                   f"({int(address, 16) // PAGE})")
    say(b.js(f"SIGNS[{dropped}].name") == "dropped", "browser.pages.dropped")
    # Back and forth: blocks are what they were.
    digest = """(() => [...pages_at(now.p, now.k)].map(([k, v]) => [k, v.join("")])
        .filter(([, v]) => /[^0]/.test(v)).sort((a, b) => a[0] - b[0]).join())()"""
    first = b.js(digest)
    b.key("Home")
    b.key("PageDown", 4)
    b.key("End")
    say(b.js(digest) == first and len(first) > 1000, "browser.pages.same_both_ways")
    quiet(b, "pages", path)


def names(b, folder):
    path = folder + "/evil.html"
    if not os.path.exists(path):
        return
    b.open(path)
    b.key("End")
    say(b.js("document.title").startswith("</b>") or "<img src=x" in b.js("document.title"),
        "browser.names.title_is_text", b.js("document.title"))
    b.js("for (let k = 0; k < now.p.n; k++) go(k)")
    b.settle()
    say(b.js("document.querySelectorAll('img, b > img, #detail script, #rows script, #body b').length") == 0 and
        b.js("document.querySelectorAll('script').length") == 2, "browser.names.are_text")
    text = b.js("TEXTS.join('\\n')")
    say("</script><b>\"'&x" in text, "browser.names.symbol", [t for t in text.split("\n") if "<" in t][:5])
    b.js("go(now.p.n - 1); choose_vma(space.list[0])")
    shown = b.js("document.getElementById('vma').textContent")
    say("\\x01\\x1b[31m" in shown and "onerror='alert(1)'" in shown and "\x1b" not in shown,
        "browser.names.control_bytes", shown)
    b.js("document.getElementById('search').value = '\\u003c/script>'; "
         "document.getElementById('search').dispatchEvent(new Event('input'))")
    say(0 < b.js("now.shown.length") < b.js("now.p.n"), "browser.names.search", b.js("now.shown.length"))
    say(b.js("""new Promise(done => fetch("data:,x").then(() => done(0), () => done(1)))""") == 1,
        "browser.names.csp_forbids")


def empty(b, folder):
    """Nothing happened while it was attached to: the page says so, and bears any key."""
    path = folder + "/empty.html"
    b.open(path)
    for key in ("ArrowRight", "Home", "PageDown", "+", "0", "t", "n", "f", "]", " "):
        b.key(key)
    b.click("#theme")
    b.size(700, 500)
    say("Nothing happened" in b.js("document.getElementById('sums').textContent"), "browser.empty.says_so")
    quiet(b, "empty", path)


def looks(b, folder):
    for name in ("told", "pipeline", "evil"):
        if not os.path.exists(f"{folder}/{name}.html"):
            continue
        b.open(f"{folder}/{name}.html")
        b.key("End")
        for width in (320, 768, 1280):
            b.size(width, 800)
            wide = b.js("document.documentElement.scrollWidth")
            say(wide <= width, f"browser.width.{name}.{width}", wide)
    b.size(1280, 800)
    b.open(folder + "/told.html")
    b.js("go(Array.from(now.p.events).findIndex((e, k) => effect_of(now.p, k).gone.length))")
    b.key("n")
    for scheme, dark in (("dark", True), ("light", False)):
        b.scheme(scheme)
        back = b.js("getComputedStyle(document.body).backgroundColor")
        say((int(re.findall(r"\d+", back)[0]) < 80) == dark, f"browser.theme.{scheme}", back)
        for part in ("body", ".faint", "#detail dt", "#kinds button", "button.plain", "th", ".effects b",
                     "#source", "#body td code"):
            ratio = b.js(f"{CONTRAST}({json.dumps(part)})")
            say(ratio >= 4.5, f"browser.theme.{scheme}.contrast.{part.strip('.#').replace(' ', '_')}", ratio)
        worst = b.js("""Math.min(...time.rows.map(kind => { const c = document.createElement("i");
            c.style.color = kind_colour(kind); c.className = "probe"; document.body.append(c);
            const ratio = %s(".probe"); c.remove(); return ratio; }))""" % CONTRAST)
        say(worst >= 3, f"browser.theme.{scheme}.contrast.marks", worst)
    b.scheme("dark")
    b.js("""addEventListener("beforeprint", () => { window.printed = [
        document.querySelectorAll("#body tr[data-event]").length, css("--back")]; })""")
    pdf = b.print(folder + "/told.pdf")
    rows, back = b.js("window.printed")
    say(pdf[:5] == b"%PDF-" and len(pdf) > 20000 and rows == min(300, b.js("now.p.n")) and
        back == "#fff", "browser.print", f"{len(pdf)} {rows} {back}")
    say(b.js("css('--back')") == "#14171a", "browser.print.undone")
    b.ask("Emulation.setEmulatedMedia", media="print")
    say(b.js("getComputedStyle(document.getElementById('rows')).maxHeight") == "none" and
        b.js("getComputedStyle(document.querySelector('.filler')).display") == "none",
        "browser.print.whole_and_without_gaps")
    b.ask("Emulation.setEmulatedMedia", media="")


def many(b, folder):
    """100,000 events.  What is judged is the processor's time, so that others who are busy
    on this machine do not matter; bounds are generous."""
    path = folder + "/many.html"
    b.size(1280, 800)
    b.ask("Performance.enable", timeDomain="threadTicks")
    seconds, busy = b.open(path), b.busy()
    print(f"# many: {os.path.getsize(path) >> 20} MB, can be used after {seconds:.1f} s, "
          f"{busy:.1f} of them busy")
    say(busy < 6 * SLOW and b.js("now.p.n") == 100000, "browser.many.load", f"{seconds} {busy}")
    say("12\u202f345 fault" in b.js("document.getElementById('notes').textContent"),
        "browser.many.left_out_is_told")
    for where, name in ((100, "begin"), (50000, "middle"), (99800, "end")):
        busy = b.busy()
        b.js(f"go({where})")
        b.settle()
        jump = b.busy() - busy
        busy = b.busy()
        times = b.js(STEPS)
        busy = (b.busy() - busy) / 60 * 1000
        print(f"# many: {name}: a jump keeps busy for {jump * 1000:.0f} ms, a step for {busy:.0f} ms, and "
              f"comes after {times[len(times) // 2]:.0f} ms (median)")
        say(jump < 1.5 * SLOW and busy < 50 * SLOW, f"browser.many.fluid.{name}", f"{jump} {busy}")
    say(b.js("list_at(now.p, now.k).length") == 301 and
        b.js("V_PAGES[list_at(now.p, 99996)[0]]") == 99997, "browser.many.list")
    busy = b.busy()
    b.key("/")
    b.type("brk(0x1869c)")
    b.key("Enter")
    found = b.busy() - busy
    say(b.js(EVENT) == 99996 and found < 5 * SLOW, "browser.many.search", f"{b.js(EVENT)} {found}")
    print(f"# many: searched in {found:.1f} s")
    b.key("Escape")
    b.js("document.activeElement.blur()")
    b.key("Escape")
    busy = b.busy()
    for _ in range(6):
        b.wheel(700, 150, -120)
    say((b.busy() - busy) / 6 < 0.3 * SLOW, "browser.many.zoom", b.busy() - busy)
    say(b.js("document.querySelectorAll('*').length") < 3000, "browser.many.elements_are_few")
    quiet(b, "many", path)


def sections(folder):
    with open(folder + "/told.out", "rb") as f:
        parts = re.split(rb"== (\d+)\n", f.read())[1:]
    return {int(n): text.decode() for n, text in zip(parts[::2], parts[1::2])}


def all_of_it(b, folder, say_it, markers):
    global say
    say = say_it
    for part in (lambda: maps(b, folder, sections(folder), markers), *(
            lambda part=part: part(b, folder) for part in (steps, keys, pointer, filters, pages, names, empty,
                                                           looks, many))):
        try:
            part()
        except (Failed, OSError, TypeError, ValueError, IndexError, KeyError) as e:
            say(False, "browser.runs", f"{e}\n{traceback.format_exc()[-700:]}")
        b.size(1280, 800)
        b.scheme("light")
