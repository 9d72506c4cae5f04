#!/usr/bin/env python3
"""Slow clients, floods and broken upstreams, while honest traffic goes on.

usage: edge_hostile.py BUILD_FOLDER [--slow N] [--only ATTACK,…]

Every attack is bounded in number and time and stays on loopback. Honest traffic is an open loop over kept connections:
what is counted is how much of it was answered within two seconds. Ends with one line `edge-hostile: …`; exits 1 when honest
traffic lost more than 5 %, when the edge took more memory than it may, or when something was not ended by its limit.
"""
import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import time

import attackers
from proxies import MOST_DESCRIPTORS, Failure, Rig, Slipway, raise_descriptor_limit

RATE = 1000
WITHIN_S = 2
LEAST_KEPT = 0.95
MOST_MIB = 256
ENHANCE_YOUR_CALM = "goaway 11"
TIMEOUTS = {"client_body_ms": 5000, "client_write_ms": 5000, "response_ms": 3000}


CONNECTIONS_PER_CLIENT = 1000


class Edge(Slipway):
    workers = 2

    def command(self, upstream_port, more=()):
        return super().command(upstream_port, ["--connections-per-client", str(CONNECTIONS_PER_CLIENT), *more])

    def service(self, release, port):
        return {**super().service(release, port), "timeouts": TIMEOUTS}


class Honest:
    """The open loop, from its start to what became of its requests."""

    def __init__(self, rig, proxy):
        self.stop_file = os.path.join(rig.folder, "stop")
        self.report_file = os.path.join(rig.folder, "report.json")
        self.child = subprocess.Popen([os.path.join(rig.build, "slipway_load"), "--url", f"http://127.0.0.1:{proxy.port}/bytes/1024",
                                       "--host", "localhost", "--rate", str(RATE), "--until-file", self.stop_file, "--timeout", f"{WITHIN_S}s",
                                       "--report", self.report_file], stdout=subprocess.DEVNULL)

    def stop(self):
        open(self.stop_file, "w").close()
        self.child.wait(timeout=30)
        os.unlink(self.stop_file)
        with open(self.report_file) as text:
            return json.load(text)

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()


def under_attack(rig, proxy, target, *arguments):
    """(what the attack found, the honest report while it ran)"""
    result = multiprocessing.Queue()
    honest = Honest(rig, proxy)
    attack = multiprocessing.Process(target=target, args=(*arguments, result))
    try:
        time.sleep(0.5)
        attack.start()
        result.get(timeout=60)
        found = result.get(timeout=120)
        attack.join(timeout=30)
        return found, honest.stop()
    finally:
        honest.kill()
        if attack.is_alive():
            attack.kill()


class Account:
    def __init__(self, proxy):
        self.proxy, self.missed, self.worst_kept = proxy, [], 1.0
        self.figures = {}

    def add(self, name, found, report, expected):
        """Expected: {kind: endings that are right}."""
        kept = report["ok"] / report["requests"]
        self.worst_kept = min(self.worst_kept, kept)
        print(f"{name:14} honest {100 * kept:.1f} % of {report['requests']} (p99 {report['latency_ms']['p99']:.1f} ms); " +
              "; ".join(f"{kind}: " + ", ".join(f"{number} {how}" for how, number in endings.items())
                        for kind, endings in found.items()), flush=True)
        if kept < LEAST_KEPT:
            self.missed.append(f"{name}: honest traffic kept {100 * kept:.1f} %: {report['failures']}")
        for kind, endings in found.items():
            wrong = {how: number for how, number in endings.items() if how not in expected[kind]}
            if wrong:
                self.missed.append(f"{name}: {kind} should end by {' or '.join(expected[kind])}, but {wrong}")
            self.figures[kind] = sum(endings.values())

    def expect_refused(self, reason, before, number):
        """That the edge says itself which limit it was."""
        refused = self.proxy.refused(reason) - before
        if refused != number:
            self.missed.append(f"{reason} should have ended {number}, it ended {refused}")

    def memory(self):
        with open(f"/proc/{self.proxy.child.pid}/status") as lines:
            peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) // 1024
        if peak > MOST_MIB:
            self.missed.append(f"the edge took {peak} MiB, {MOST_MIB} at most")
        return peak


def slow_clients(rig, proxy, account, words):
    number = min(words.slow, raise_descriptor_limit() - 500)
    if number < words.slow:
        print(f"the limit of descriptors allows {number} slow clients, not {words.slow}")
    reading = number // 10
    counts = {"slow_head": (number - reading) // 2, "slow_body": number - reading - (number - reading) // 2, "slow_read": reading}
    before = {reason: proxy.refused(reason) for reason in ("slow_upload", "slow_reader")}
    found, report = under_attack(rig, proxy, attackers.crowd, proxy.port, counts, 40)
    account.add("slow clients", found, report, {"slow_head": ["408"], "slow_body": ["408"], "slow_read": ["cut"]})
    account.expect_refused("slow_upload", before["slow_upload"], counts["slow_body"])
    account.expect_refused("slow_reader", before["slow_reader"], counts["slow_read"])


def connection_flood(rig, proxy, account, words):
    found, report = under_attack(rig, proxy, attackers.connection_flood, proxy.port, 5)
    account.add("churn", {"churned": found}, report, {"churned": ["connected"]})
    found, report = under_attack(rig, proxy, attackers.crowd, proxy.port, {"silent": words.slow * 8 // 10}, 30)
    account.add("silent flood", found, report, {"silent": ["closed"]})
    before, number = proxy.refused("connections"), 3 * CONNECTIONS_PER_CLIENT
    found, report = under_attack(rig, proxy, attackers.crowd, proxy.port, {"hoarder": number}, 30)
    account.add("one address", found, report, {"hoarder": ["closed"]})
    account.expect_refused("connections", before, number - CONNECTIONS_PER_CLIENT)


def http2_floods(rig, proxy, account, _):
    if not proxy.serves_http2():
        account.missed.append("HTTP/2 floods: not served by this build")
        print("HTTP/2 floods  not served by this build")
        return
    for flood in ("rapid_reset", "continuation"):
        found, report = under_attack(rig, proxy, attackers.h2_flood, proxy.tls_port, flood, 8, 50)
        account.add(flood, {flood: found}, report, {flood: [ENHANCE_YOUR_CALM, "closed"]})


def broken_upstreams(rig, proxy, account, _):
    for path, right in (("/garbage", ["502"]), ("/nothing", ["502"]), ("/early", ["cut"]), ("/hang", ["504"])):
        found, report = under_attack(rig, proxy, attackers.ask_broken, proxy.port, path, 300, 100)
        account.add(path, {"upstream_" + path[1:]: found}, report, {"upstream_" + path[1:]: right})


ATTACKS = {"slow": slow_clients, "flood": connection_flood, "http2": http2_floods, "upstream": broken_upstreams}


def parse_words():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--slow", type=int, default=10_000, help=f"slow clients, at most {MOST_DESCRIPTORS - 500}")
    parser.add_argument("--only", default="", help="attacks by comma: " + ", ".join(ATTACKS))
    return parser.parse_args()


def main():
    words = parse_words()
    only = [name for name in words.only.split(",") if name] or list(ATTACKS)
    rig, account, problems = None, None, []
    figures = {}
    try:
        rig = Rig(words.build, ["slipway"], (Edge,), core=None)
        rig.start()
        proxy = rig.proxies["slipway"]
        account = Account(proxy)
        for name in only:
            ATTACKS[name](rig, proxy, account, words)
        figures = {"honest_kept_percent": 100 * account.worst_kept, "peak_mib": account.memory(), **account.figures}
    except Failure as problem:
        problems.append(str(problem))
    finally:
        if rig:
            rig.stop()
    problems += account.missed if account else []
    for text in problems:
        print(f"edge-hostile: {text}", file=sys.stderr)
    figures = {"missed": len(problems), **figures}
    print("edge-hostile: " + " ".join(f"{key}={value:.1f}" if isinstance(value, float) else f"{key}={value}"
                                      for key, value in figures.items()))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
