# SPDX-License-Identifier: GPL-2.0
"""mmscope metrics in the real thing: node_exporter reads the file, Prometheus asks it, and
tells by its API what it was told; it reads OpenMetrics from us; and it runs the alerts
and the questions of scripts/metrics. All on ports of loopback that are free."""
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import urllib.parse
import urllib.request

import kit
from kit import flat, ok, run, same, skip, until

CONFIG = """
global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [ "%(rules)s" ]
scrape_configs:
  - { job_name: node, static_configs: [ { targets: [ "127.0.0.1:%(node)d" ] } ] }
  - { job_name: openmetrics, metrics_path: /openmetrics, static_configs: [ { targets: [ "127.0.0.1:%(web)d" ] } ] }
  - { job_name: as_openmetrics, metrics_path: /text, static_configs: [ { targets: [ "127.0.0.1:%(web)d" ] } ] }
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Web(http.server.BaseHTTPRequestHandler):
    """Both forms of the text, told to be OpenMetrics."""
    pids = []

    def do_GET(self):
        args = ("--openmetrics",) if self.path == "/openmetrics" else ()
        body = run("--source", "procfs", *self.pids, *args)[1].encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Prometheus:
    def __init__(self, work):
        self.folder = work + "/textfile"
        os.mkdir(self.folder)
        os.mkdir(work + "/data")
        self.file = self.folder + "/mmscope.prom"
        self.web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
        threading.Thread(target=self.web.serve_forever, daemon=True).start()
        self.port, self.node = free_port(), free_port()
        with open(work + "/prometheus.yml", "w") as f:
            f.write(CONFIG % {"rules": os.path.abspath("scripts/metrics/alert.rules.yml"),
                              "node": self.node, "web": self.web.server_port})
        self.log = open(work + "/log", "w+", errors="replace")
        self.processes = [self.start("prometheus-node-exporter", "--collector.disable-defaults",
                                     "--collector.textfile", "--collector.textfile.directory=" +
                                     self.folder, f"--web.listen-address=127.0.0.1:{self.node}"),
                          self.start("prometheus", f"--config.file={work}/prometheus.yml",
                                     f"--storage.tsdb.path={work}/data",
                                     f"--web.listen-address=127.0.0.1:{self.port}")]

    def start(self, *command):
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                env=dict(os.environ, GOMAXPROCS="1"))

    def end(self):
        for process in self.processes:
            process.terminate()
            process.wait()
        self.web.shutdown()

    def said(self):
        self.log.seek(0)
        return "\n".join(self.log.read().splitlines()[-6:])

    def api(self, path, **query):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?" + urllib.parse.urlencode(query)
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def ask(self, expression):
        """{(name, labels but for who was asked): value}"""
        out = {}
        for series in self.api("query", query=expression)["result"]:
            labels = dict(series["metric"])
            name = labels.pop("__name__", "")
            for label in ("job", "instance"):
                labels.pop(label, None)
            out[name, kit.series(labels)] = float(series["value"][1])
        return out


def without_start(series):
    return {k: v for k, v in series.items() if k[0] != "mmscope_process_start_time_seconds"}


def told_as(prom, job, want, name):
    """Until the last of the subjects is known; then all is, since a scrape is one whole."""
    got = until(lambda: (lambda s: s if len(s) >= len(want) else None)(
        without_start(prom.ask('{__name__=~"mmscope_process_.*",job="%s"}' % job))))
    same(got, want, name) or print("#", prom.said())


def test_told(prom, subject, hostile, names):
    pids = [subject.pid, *(s.pid for s in hostile)]
    Web.pids = pids
    run("--source", "procfs", *pids, "-o", prom.file)
    names = {**names, str(subject.pid): "subject"}
    want = {}
    for pid in pids:
        want |= flat(kit.kernel_says(pid), pid, names[str(pid)])
    told_as(prom, "node", want, "prometheus.textfile")
    told_as(prom, "openmetrics", want, "prometheus.openmetrics")
    told_as(prom, "as_openmetrics", want, "prometheus.text_as_openmetrics")
    same(prom.ask("node_textfile_scrape_error"), {("node_textfile_scrape_error", frozenset()): 0.0},
         "prometheus.textfile.no_error")
    same(set(prom.ask("up").values()), {1.0}, "prometheus.up")
    types = prom.api("metadata")
    same({m["type"] for m in types["mmscope_process_page_faults_total"]}, {"counter"},
         "prometheus.counter")
    ok("mmscope_process_vmas" in types and "gauge" == types["mmscope_process_vmas"][0]["type"],
       "prometheus.gauge", types.get("mmscope_process_vmas"))


def test_gone(prom, subject, ended):
    """The file no longer tells of it, so nobody does; of the other still."""
    ended.end()
    run("--source", "procfs", subject.pid, ended.pid, "-o", prom.file)
    left = until(lambda: len(prom.ask('mmscope_process_vmas{job="node"}')) == 1)
    ok(left, "prometheus.gone", prom.ask('mmscope_process_vmas{job="node"}'))


def test_alerts(prom, subject):
    run(subject.pid, "-o", prom.file)
    if os.path.exists("/dev/mmscope"):
        skip("prometheus.alerts", "the module is loaded here")
    else:
        found = until(lambda: [a for a in prom.api("alerts")["alerts"]
                               if a["labels"]["alertname"] == "MmscopeModuleNotLoaded"])
        ok(found and found[0]["state"] == "pending", "prometheus.alerts", found, prom.said())
    health = until(lambda: (lambda rules: rules if {r["health"] for r in rules} == {"ok"} else None)(
        [r for g in prom.api("rules")["groups"] for r in g["rules"]]))
    ok(health and len(health) >= 5, "prometheus.rules", prom.api("rules"))


def test_dashboard(prom):
    """Each question is one that Prometheus understands, about series that it has."""
    have = set(prom.api("label/__name__/values"))
    board = json.load(open("scripts/metrics/dashboard.json"))
    wrong, asked, empty = [], 0, []
    for panel in board["panels"]:
        for target in panel["targets"]:
            text = target["expr"].replace("$instance", ".*").replace("$comm", ".*")
            text = text.replace("$__rate_interval", "1m")
            names = set(re.findall(r"\b(?:mmscope|node)_\w+", text))
            try:
                series = prom.api("query", query=text)["result"]
            except OSError as error:
                wrong.append((text, error))
                continue
            asked += 1
            # The module's are not there; nothing is in swap.
            if names <= have and not series and not text.endswith((">0)", "> 0)", "> 0")):
                empty.append(text)
            elif not names <= have and not all("module" in n or "heap" in n for n in names - have):
                wrong.append((text, names - have))
    ok(not wrong and asked >= 10 and not empty, "prometheus.dashboard", wrong, empty)


def test(subject, hostile, names, work):
    if not all(map(shutil.which, ("prometheus", "prometheus-node-exporter"))):
        skip("prometheus", "it is not here: scripts/setup fetches it")
        return
    prom = Prometheus(work)
    try:
        if not ok(until(lambda: prom.api("status/runtimeinfo")), "prometheus.starts", prom.said()):
            return
        test_told(prom, subject, hostile, names)
        test_gone(prom, subject, hostile[0])
        test_alerts(prom, subject)
        test_dashboard(prom)
    finally:
        prom.end()
