#!/usr/bin/env python3
"""The real daemon is killed with -9 at every k-th point of a real release under load.

A point is a named place in the code of a test build (base/crash_point.h); SLIPWAY_CRASH_AT=k ends the daemon at the
k-th one it reaches. After each kill a new daemon is started and must bring the release to its end, fully old or
fully new, within 10 s, without anybody's help, without an orphan process, and without one failed request.

usage: crash_test.py BUILD_FOLDER [POINTS]     (at least 50 points by default)
"""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rig import Failure, Rig, wait_until  # noqa: E402

APP, ENVIRONMENT = "crash", "production"
HERE = os.path.dirname(os.path.abspath(__file__))
WITHIN_S = 10

CONFIG = """app: crash
services:
  web:
    run: node app.js ${version}
    dir: "@DIR@"
    instances: 2
    health: { path: /health, interval: 100ms, healthy: 1, start_period: 20s }
    drain: 5s
    stop: { timeout: 5s }
  worker:
    run: node app.js ${version}
    dir: "@DIR@"
    port: none
    env: { MODE: worker }
    stop: { timeout: 5s }
smoke: [ { get: /health, expect: 200 } ]
environments:
  production:
    rollout: { strategy: @STRATEGY@, keep_old: 0s }
"""


class Crashes:
    def __init__(self, build):
        self.rig = Rig(build, "slipway-crash-")
        self.rig.config = os.path.join(self.rig.folder, "slipway.yaml")
        self.version = 0
        self.slowest = 0.0
        self.outcomes = {}

    def use(self, strategy, extra=""):
        with open(self.rig.config, "w") as out:
            out.write(CONFIG.replace("@DIR@", HERE).replace("@STRATEGY@", strategy + extra))

    def next_version(self):
        self.version += 1
        return f"v{self.version}"

    def count_points(self):
        """One undisturbed release, with its points logged."""
        log = os.path.join(self.rig.folder, "points")
        self.restart_daemon({"SLIPWAY_CRASH_LOG": log})
        self.rig.run("deploy", ENVIRONMENT, self.next_version())
        with open(log) as lines:
            return len(lines.readlines())

    def restart_daemon(self, env=None):
        if self.rig.daemon and self.rig.daemon.poll() is None:
            self.rig.daemon.terminate()
            self.rig.daemon.wait(timeout=10)
        self.rig.start_daemon(env)

    def crash_at(self, point):
        self.restart_daemon({"SLIPWAY_CRASH_AT": str(point)})
        before = len(self.rig.releases(APP, ENVIRONMENT))
        child = self.rig.begin("deploy", ENVIRONMENT, self.next_version(), "--detach")
        try:
            # An end that is in the store is not yet the last point.
            wait_until("the kill", 30, lambda: self.rig.daemon.poll() is not None
                       or self.ended_since(before) and self.is_at_rest())
        finally:
            child.wait(timeout=40)
        died = self.rig.daemon.poll() is not None
        began = time.monotonic()
        if died:
            self.rig.start_daemon()
        wait_until(f"the release's end after a kill at point {point}", WITHIN_S + 5, self.is_at_rest)
        took = time.monotonic() - began
        self.slowest = max(self.slowest, took)
        if took > WITHIN_S:
            raise Failure(f"point {point}: the end took {took:.1f} s")
        self.check(point)
        return died

    def ended_since(self, before):
        rows = self.rig.releases(APP, ENVIRONMENT)
        return len(rows) > before and rows[0]["outcome"]

    def is_at_rest(self):
        rows = self.rig.releases(APP, ENVIRONMENT)
        if not rows or any(not row["outcome"] for row in rows):
            return False
        # Three shims: two of web and one worker. More are still stopping, or orphans.
        return len(self.rig.shims()) == 3

    def check(self, point):
        newest = self.rig.releases(APP, ENVIRONMENT)[0]
        self.outcomes[newest["outcome"]] = self.outcomes.get(newest["outcome"], 0) + 1
        live = self.rig.status(APP, ENVIRONMENT).get("live") or {}
        table = self.rig.control("edge.sock", "GET", "/v1/table") or {}
        releases = {pool["release"] for service in table.get("services", []) for pool in service["pools"]
                    if pool["weight"] > 0}
        if releases != {live.get("release")}:
            raise Failure(f"point {point}: the edge serves {releases}, live is {live}")


def main():
    build = sys.argv[1]
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 76
    crashes = Crashes(build)
    rig = crashes.rig
    failed = True
    try:
        crashes.use("blue-green")
        rig.start_edge()
        rig.start_daemon()
        rig.run("deploy", ENVIRONMENT, crashes.next_version())
        mix = os.path.join(rig.folder, "mix.txt")
        with open(mix, "w") as out:
            out.write("80 GET /\n20 POST / {\"n\":<1-9>}\n")
        rig.start_load(200, mix)
        killed = 0
        for strategy, extra, share in (("blue-green", "", 0.5), ("canary", ", steps: [50%, 100%], judge: 300ms", 0.25),
                                       ("rolling", "", 0.25)):
            crashes.use(strategy, extra)
            points = crashes.count_points()
            tries = max(1, int(wanted * share))
            # Polls make the number of points vary from run to run: the last ones may not be reached.
            for i in range(tries):
                killed += crashes.crash_at(1 + int(i * points * 0.7) // tries)
        report = rig.stop_load()
        rig.load = None
        none = report["versions"].get("none", {}).get("requests", 0)
        print(f"crash: points={killed} outcomes={','.join(f'{k}:{v}' for k, v in sorted(crashes.outcomes.items()))} slowest_s={crashes.slowest:.1f} "
              f"requests={report['requests']} failed={report['failed']} unrouted={none} orphans={len(rig.shims()) - 3}")
        failed = report["failed"] > 0 or none > 0 or killed < min(50, wanted) or len(rig.shims()) != 3
        if report["failed"]:
            print("first failures:", report.get("first_failures", [])[:5])
    except Failure as problem:
        print(f"crash: {problem}\n--- daemon\n{rig.log_of('daemon', 40)}", file=sys.stderr)
    finally:
        rig.stop(keep=failed)
        if failed:
            print(f"logs are in {rig.folder}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
