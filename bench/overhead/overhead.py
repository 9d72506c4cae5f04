#!/usr/bin/env python3
"""What slipway itself costs: the time of a release less the app's own start-up, the way back, and the verbs.

usage: overhead.py BUILD_FOLDER     Prints key=value figures; exits 1 when a bound is missed.
"""
import json
import os
import statistics
import sys
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
from rig import Failure, Rig, free_port, wait_until  # noqa: E402

APP_DIR = os.path.join(ROOT, "tests", "e2e")
ROUNDS = 5
BOUNDS = {"deploy_overhead_ms": 300, "rollback_ms": 100, "version_ms": 10, "status_ms": 30}
CONFIG = """app: bench
services:
  web:
    run: node app.js ${version}
    dir: "@DIR@"
    instances: 2
    health: { path: /health, interval: 100ms, healthy: 1, start_period: 20s }
environments:
  production: { rollout: { strategy: blue-green, keep_old: 10m } }
"""


def whole_process_ms(argv, runs=25):
    """Median wall time of a command from fork to reaped."""
    times = []
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    for _ in range(runs):
        began = time.perf_counter()
        pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=quiet)
        _, status = os.waitpid(pid, 0)
        times.append((time.perf_counter() - began) * 1000)
        if status != 0:
            raise Failure(f"{' '.join(argv)} ended with {status}")
    return statistics.median(times)


def app_start_ms(rig):
    """The app's own way from start to its first healthy answer, two at a time as in the release."""
    ports = [free_port(), free_port()]
    began = time.perf_counter()
    children = [rig.start("app", ["node", os.path.join(APP_DIR, "app.js"), "v0"], {"PORT": str(port)}) for port in ports]

    def healthy():
        try:
            return all(urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).status == 200 for port in ports)
        except OSError:
            return False
    wait_until("the app's start", 20, healthy)
    took = (time.perf_counter() - began) * 1000
    for child in children:
        child.terminate()
        child.wait()
    return took


def timed(rig, *words):
    """Runs a verb under load: (when it was begun in Unix ms, the load's report)."""
    mix = os.path.join(rig.folder, "mix.txt")
    with open(mix, "w") as out:
        out.write("1 GET /\n")
    rig.start_load(500, mix)
    wait_until("the load's first answers", 10, lambda: os.path.exists(rig.timeline_file) and
               sum(1 for _ in open(rig.timeline_file)) > 10)
    began = time.time() * 1000
    rig.run(*words)
    report = rig.stop_load()
    if report["failed"]:
        raise Failure(f"{words}: {report['failed']} requests failed: {report['first_failures'][:3]}")
    return began, report


def measure(rig):
    start = statistics.median(app_start_ms(rig) for _ in range(ROUNDS))
    overheads, rollbacks, requests = [], [], 0
    for i in range(1, ROUNDS + 1):
        old, new = f"v{i - 1}", f"v{i}"
        began, report = timed(rig, "deploy", "production", new)
        full = report["start_unix_ms"] + max(report["versions"][new]["first_seen_ms"], report["versions"][old]["last_sent_ms"])
        overheads.append(full - began - start)
        requests += report["requests"]
        began, report = timed(rig, "rollback", "production")
        rollbacks.append(report["start_unix_ms"] + report["versions"][new]["last_sent_ms"] - began)
        requests += report["requests"]
        rig.run("deploy", "production", new)
    state = ["--state", rig.state]
    return {"app_start_ms": start,
            "deploy_overhead_ms": statistics.median(overheads), "deploy_overhead_max_ms": max(overheads),
            "rollback_ms": statistics.median(rollbacks), "rollback_max_ms": max(rollbacks),
            "version_ms": whole_process_ms([rig.slipway, "version"]),
            "status_ms": whole_process_ms([rig.slipway, "status", *state, "--file", rig.config]),
            "requests": requests, "failed": 0}


def main():
    rig = Rig(sys.argv[1], "slipway-overhead-")
    rig.config = os.path.join(rig.folder, "slipway.yaml")
    with open(rig.config, "w") as out:
        out.write(CONFIG.replace("@DIR@", APP_DIR))
    failed = True
    try:
        rig.start_edge()
        rig.start_daemon()
        rig.run("deploy", "production", "v0")
        figures = measure(rig)
        print("overhead: " + " ".join(f"{key}={value:.1f}" if isinstance(value, float) else f"{key}={value}"
                                      for key, value in figures.items()))
        missed = [key for key, bound in BOUNDS.items() if figures[key] > bound]
        for key in missed:
            print(f"overhead: {key} is over its bound of {BOUNDS[key]} ms", file=sys.stderr)
        failed = bool(missed)
    except Failure as problem:
        print(f"overhead: {problem}", file=sys.stderr)
    finally:
        rig.stop(keep=False)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
