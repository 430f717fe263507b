# SPDX-License-Identifier: GPL-2.0
"""Chromium without a window, driven through a pipe by the DevTools protocol: what a
person would do with keys and pointer, and what the page says then."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

KEYS = {"Enter": ("Enter", 13, "\r"), "Escape": ("Escape", 27, ""), "Tab": ("Tab", 9, ""),
        "ArrowLeft": ("ArrowLeft", 37, ""), "ArrowUp": ("ArrowUp", 38, ""),
        "ArrowRight": ("ArrowRight", 39, ""), "ArrowDown": ("ArrowDown", 40, ""),
        "PageUp": ("PageUp", 33, ""), "PageDown": ("PageDown", 34, ""),
        "End": ("End", 35, ""), "Home": ("Home", 36, "")}


def find():
    """The browser's path, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser",
                                                "google-chrome"))), None)


class Failed(Exception):
    pass


class Browser:
    def __init__(self, width=1280, height=800):
        self.profile = tempfile.mkdtemp(prefix="mmscope-browser-")
        to_it, self.out = os.pipe()
        self.into, from_it = os.pipe()

        def shuffle():
            # It reads from 3 and writes to 4, wherever the pipes were made.
            a, b = os.dup(to_it), os.dup(from_it)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.process = subprocess.Popen(
            # Nothing scrolls smoothly: where a thing is shall not change while it is clicked.
            [find(), "--headless=new", "--force-prefers-reduced-motion", "--no-sandbox",
             "--disable-gpu", "--disable-dev-shm-usage",
             "--remote-debugging-pipe", "--no-first-run", "--disable-extensions",
             "--disable-background-networking", "--disable-component-update",
             "--force-color-profile=srgb", "--host-resolver-rules=MAP * ~NOTFOUND",
             f"--user-data-dir={self.profile}", f"--window-size={width},{height}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            close_fds=False, preexec_fn=shuffle, start_new_session=True,
            env={**os.environ, "HOME": self.profile, "XDG_CONFIG_HOME": self.profile})
        os.close(to_it)
        os.close(from_it)
        self.number, self.rest, self.session = 0, b"", None
        self.said, self.requests = [], []
        pages = [t for t in self.ask("Target.getTargets")["targetInfos"] if t["type"] == "page"]
        self.session = self.ask("Target.attachToTarget", targetId=pages[0]["targetId"],
                                flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(domain + ".enable")
        self.size(width, height)

    def close(self):
        try:
            self.session = None
            self.ask("Browser.close", patience=5)
            self.process.wait(10)
        except (Failed, OSError, subprocess.TimeoutExpired):
            pass
        try:
            os.killpg(self.process.pid, 9)
        except ProcessLookupError:
            pass
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self, until):
        while b"\0" not in self.rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.into], [], [], left)[0]:
                raise Failed("the browser does not answer")
            more = os.read(self.into, 1 << 16)
            if not more:
                raise Failed("the browser has gone")
            self.rest += more
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def note(self, m):
        """What the page did besides."""
        method, p = m.get("method"), m.get("params", {})
        if method == "Runtime.exceptionThrown":
            d = p["exceptionDetails"]
            self.said.append(d.get("exception", {}).get("description") or d["text"])
        elif method == "Runtime.consoleAPICalled" and p["type"] in ("error", "warning", "assert"):
            self.said.append(p["type"] + ": " + " ".join(str(a.get("value", a)) for a in p["args"]))
        elif method == "Log.entryAdded":
            self.said.append(p["entry"]["level"] + ": " + p["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(p["request"]["url"])

    def ask(self, method, patience=60, **params):
        self.number += 1
        m = {"id": self.number, "method": method, "params": params}
        if self.session:
            m["sessionId"] = self.session
        os.write(self.out, json.dumps(m).encode() + b"\0")
        until = time.monotonic() + patience
        while True:
            answer = self.message(until)
            if answer.get("id") == self.number:
                break
            self.note(answer)
        if "error" in answer:
            raise Failed(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def js(self, expression, patience=60):
        """The value of an expression in the page; promises are awaited."""
        r = self.ask("Runtime.evaluate", patience, expression=expression, returnByValue=True,
                     awaitPromise=True)
        if "exceptionDetails" in r:
            raise Failed(r["exceptionDetails"].get("exception", {}).get("description", expression))
        return r["result"].get("value")

    def until(self, expression, patience=30):
        end = time.monotonic() + patience
        while not self.js(expression):
            if time.monotonic() > end:
                raise Failed("never: " + expression)
            time.sleep(0.02)

    def size(self, width, height, ratio=1):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=ratio, mobile=False)
        self.settle()

    def scheme(self, name, motion="reduce"):
        self.ask("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": name},
            {"name": "prefers-reduced-motion", "value": motion}])
        self.settle()

    def open(self, path):
        """Returns the seconds until the page can be used."""
        self.said, self.requests = [], []
        began = time.monotonic()
        self.ask("Page.navigate", url="file://" + os.path.abspath(path))
        self.until("document.documentElement?.dataset.ready === '1'", 30)
        self.settle()
        return time.monotonic() - began

    def busy(self):
        """Seconds of the processor for the page so far."""
        metrics = self.ask("Performance.getMetrics")["metrics"]
        return next(m["value"] for m in metrics if m["name"] == "TaskDuration")

    def settle(self):
        """Until what was asked for is drawn."""
        self.js("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def key(self, name, times=1):
        key, code, text = KEYS.get(name, (name, ord(name.upper()[0]), name))
        for _ in range(times):
            self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, text=text,
                     windowsVirtualKeyCode=code)
            self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, code=key,
                     windowsVirtualKeyCode=code)
        self.settle()

    def type(self, text):
        self.ask("Input.insertText", text=text)
        self.settle()

    def where(self, selector):
        """The middle of an element, scrolled to."""
        return self.js(f"""(() => {{ const e = document.querySelector({json.dumps(selector)});
            e.scrollIntoView({{block: "center", behavior: "instant"}});
            const b = e.getBoundingClientRect();
            return [b.x + b.width / 2, b.y + b.height / 2]; }})()""")

    def mouse(self, kind, x, y, **more):
        self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, selector, count=1):
        self.click_at(*self.where(selector), count)

    def click_at(self, x, y, count=1):
        self.mouse("mouseMoved", x, y)
        for n in range(1, count + 1):
            self.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=n)
            self.mouse("mouseReleased", x, y, button="left", clickCount=n)
        self.settle()

    def wheel(self, x, y, delta):
        self.mouse("mouseWheel", x, y, deltaX=0, deltaY=delta)
        self.settle()

    def picture(self, path, whole=False):
        r = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        with open(path, "wb") as f:
            f.write(base64.b64decode(r["data"]))

    def print(self, path):
        r = self.ask("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
        data = base64.b64decode(r["data"])
        with open(path, "wb") as f:
            f.write(data)
        return data
