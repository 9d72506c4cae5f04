#!/usr/bin/env python3
"""Releases judged by numbers of a real Prometheus, which scrapes the app's own counters every quarter of a second.

The app counts orders under the name of its release, and every answer is a 200. One release keeps its orders, one loses
a tenth of them, one loses more than the old release beside it, and one is judged while Prometheus is away.

usage: metrics_test.py BUILD_FOLDER
"""
import os
import shutil
import sys
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from rig import Failure, Rig, free_port, wait_until  # noqa: E402

APP, ENVIRONMENT = "orders", "production"
SKIPPED = 77
# What the orders of a version are like is in its name: v2-lost-10 loses 10 of 100.
SERVER = """'use strict';
const http = require('node:http');
const release = process.env.SLIPWAY_RELEASE;
const lost = Number((/lost-([0-9]+)/.exec(process.argv[2]) || [0, 0])[1]);
let orders = 0, ok = 0;
setInterval(() => { orders += 10; ok += 10 * (1 - lost / 100); }, 20);
const server = http.createServer((request, response) => {
  const text = request.url === '/metrics'
    ? `# TYPE orders counter\\norders{release="${release}"} ${orders}\\n# TYPE orders_ok counter\\norders_ok{release="${release}"} ${ok}\\n`
    : 'ok';
  response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
});
server.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
"""
CONFIG = """app: orders
services:
  web: { run: "exec node server.js ${version}", dir: "@DIR@", drain: 0s, health: { path: /health, interval: 100ms, healthy: 1 } }
environments:
  production:
    rollout: { strategy: canary, steps: [50%, 100%], judge: { period: 4s, deadline: @DEADLINE@, least_requests: 1 }, keep_old: 10m }
    watch: 1s
    metrics:
      - { name: order-success, prometheus: "@PROMETHEUS@", query: '@QUERY@', @BOUND@, every: 1s, timeout: 1s }
"""
QUERY = '100 * sum(rate(orders_ok{release="{release}"}[2s])) / sum(rate(orders{release="{release}"}[2s]))'


def expect(condition, what):
    if not condition:
        raise Failure(str(what))


class Stage:
    def __init__(self, build):
        self.rig = Rig(build, "slipway-metrics-")
        self.rig.config = self.path("slipway.yaml")
        self.url = f"http://127.0.0.1:{free_port()}"
        self.prometheus = None
        os.makedirs(self.path("targets"))
        with open(self.path("server.js"), "w") as out:
            out.write(SERVER)

    def path(self, name):
        return os.path.join(self.rig.folder, name)

    def start_prometheus(self):
        with open(self.path("prometheus.yml"), "w") as out:
            out.write("global: { scrape_interval: 250ms, scrape_timeout: 200ms }\n"
                      "scrape_configs:\n"
                      "  - job_name: orders\n"
                      "    file_sd_configs: [ { files: [ targets/*.json ], refresh_interval: 250ms } ]\n")
        self.prometheus = self.rig.start("prometheus", [
            "prometheus", f"--config.file={self.path('prometheus.yml')}", f"--storage.tsdb.path={self.path('tsdb')}",
            f"--web.listen-address={self.url[len('http://'):]}"])

        def ready():
            try:
                return urllib.request.urlopen(self.url + "/-/ready", timeout=2).status == 200
            except OSError:
                return False
        wait_until("Prometheus", 60, ready)

    def tell_targets(self):
        """Whatever runs is scraped: slipway says where."""
        rows = self.rig.status(APP, ENVIRONMENT).get("instances", [])
        text = '[ { "targets": [' + ", ".join(f'"{row["address"]}"' for row in rows if row.get("address")) + "] } ]"
        with open(self.path("targets/new"), "w") as out:
            out.write(text)
        os.rename(self.path("targets/new"), self.path("targets/all.json"))

    def deploy(self, version, bound, expected, deadline="60s"):
        with open(self.rig.config, "w") as out:
            out.write(CONFIG.replace("@DIR@", self.rig.folder).replace("@PROMETHEUS@", self.url)
                      .replace("@QUERY@", QUERY).replace("@BOUND@", bound).replace("@DEADLINE@", deadline))
        child = self.rig.begin("deploy", ENVIRONMENT, version)

        def over():
            self.tell_targets()
            return child.poll() is not None or self.is_held()
        wait_until(f"an end of {version}", 120, over)
        row = self.rig.releases(APP, ENVIRONMENT)[0]
        outcome = "held" if self.is_held() else row["outcome"]
        expect(outcome == expected, f"{version} is {outcome}, not {expected}: {row.get('reason')}\n{self.rig.log_of('daemon')}")
        return child, row

    def is_held(self):
        running = self.rig.status(APP, ENVIRONMENT).get("running") or {}
        return running.get("phase") == "held"

    def play(self):
        self.rig.start_edge()
        self.rig.start_daemon()
        self.start_prometheus()
        mix = self.path("mix.txt")
        with open(mix, "w") as out:
            out.write("1 GET /\n")
        self.rig.start_load(50, mix)
        self.deploy("v1-lost-1", "below: 95", "completed")
        self.deploy("v2-lost-2", "below: 95", "completed")
        _, row = self.deploy("v3-lost-10", "below: 95", "rolled_back")
        expect("order-success is 9" in row["reason"] and "below 95" in row["reason"], row["reason"])
        print("metrics: " + row["reason"])
        # Against the old release, which loses 2: 10 is more than 4 % below it.
        _, row = self.deploy("v4-lost-10", "below: 0.96x baseline", "rolled_back")
        print("metrics: " + row["reason"])
        expect("order-success" in row["reason"], row["reason"])
        self.deploy("v5-lost-3", "below: 0.96x baseline", "completed")
        self.prometheus.terminate()
        self.prometheus.wait(timeout=30)
        child, _ = self.deploy("v6", "below: 95", "held", deadline="6s")
        reason = (self.rig.status(APP, ENVIRONMENT).get("running") or {}).get("reason", "")
        print("metrics: held: " + reason)
        self.rig.run("abort", ENVIRONMENT, "--reason", "Prometheus is away")
        child.communicate(timeout=60)
        live = (self.rig.status(APP, ENVIRONMENT).get("live") or {}).get("version")
        expect(live == "v5-lost-3", f"{live} is live")
        report = self.rig.stop_load()
        self.rig.load = None
        expect(report["failed"] == 0, f"{report['failed']} requests failed: {report.get('first_failures')}")
        print(f"metrics: requests={report['requests']} failed=0 live={live}")


def main():
    if not shutil.which("prometheus"):
        print("metrics: prometheus is not installed (tools/setup): skipped")
        return SKIPPED
    stage = Stage(sys.argv[1])
    failed = True
    try:
        stage.play()
        failed = False
    except Failure as problem:
        print(f"metrics: {problem}\n--- daemon\n{stage.rig.log_of('daemon', 40)}", file=sys.stderr)
    finally:
        stage.rig.stop(keep=failed)
        if failed:
            print(f"logs are in {stage.rig.folder}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
