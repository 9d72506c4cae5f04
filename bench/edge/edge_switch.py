#!/usr/bin/env python3
"""Switches from release to release under load; the release before is stopped as soon as it is drained.

usage: edge_switch.py BUILD_FOLDER [--switches N] [--peer-switches N] [--replacements N] [--certificates N] [--proxies NAME,…]

The load is an open loop over kept connections with plain requests, bodies with a length and in chunks, requests of five
seconds and event streams of three; beside it WebSockets that come, echo for three seconds and go. nginx switches by a
reload, HAProxy by its runtime socket. Ends with one line `edge-switch: …`; exits 1 when a bound is missed.
"""
import argparse
import json
import multiprocessing
import os
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

import tls_load
import websockets_load
from proxies import Failure, Haproxy, Nginx, Rig, Slipway, wait_until

RATE = 500
EFFECT_MS = 5
SWITCHES_A_SECOND = 10
DRAIN_DEADLINE_S = 40
MIX = """140 GET /bytes/1024
20 GET /bytes/65536
40 POST /orders {"items":[{"product_id":<1-48>,"quantity":1}]}
20 POST /orders chunked {"items":[{"product_id":<1-48>,"quantity":1}]}
1 GET /wait/5000
1 GET /events/3000
"""


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


# --- the three ways to switch ---------------------------------------------------------------------------------------
class SlipwaySwitch(Slipway):
    workers = 2

    def switch(self, _, new, port):
        self.route(new, port)

    def drained(self, old):
        return all(entry["release"] != old for entry in self.control("GET", "/v1/drain")["draining"])

    def renew_certificate(self):
        self.control("POST", "/v1/certificates/reload")


class NginxSwitch(Nginx):
    def start(self, upstream_port):
        super().start(upstream_port)
        self.leaving = {}

    def workers(self):
        return set(self.processes()) - {self.child.pid}

    def switch(self, old, _, port):
        self.leaving[old] = self.workers()
        self.write("nginx.conf", self.config(port))
        self.child.send_signal(signal.SIGHUP)

    def drained(self, old):
        return not self.leaving[old] & self.workers()

    def renew_certificate(self):
        self.child.send_signal(signal.SIGHUP)


class HaproxySwitch(Haproxy):
    def switch(self, old, new, port):
        said = self.runtime(f"add server app/{new} 127.0.0.1:{port}; enable server app/{new}; set server app/{old} state drain")
        if "New server registered" not in said:
            raise Failure(f"HAProxy did not take {new}: {said}")

    def drained(self, old):
        for line in self.runtime("show stat").splitlines():
            cells = line.split(",")
            if cells[:2] == ["app", old] and cells[4] != "0":
                return False
        self.runtime(f"set server app/{old} state maint")
        return True

    def renew_certificate(self):
        with open(self.tls_files()) as both:
            said = self.runtime(f"set ssl cert {self.path('both.pem')} <<\n{both.read()}\n")
        said += self.runtime(f"commit ssl cert {self.path('both.pem')}")
        if "Success" not in said:
            raise Failure(f"HAProxy did not take the certificate: {said}")


class Prober:
    """One client that asks again and again which release answers."""

    def __init__(self, port):
        self.port, self.link = port, None

    def ask(self):
        for _ in range(100):
            try:
                if self.link is None:
                    self.link = socket.create_connection(("127.0.0.1", self.port), 5)
                self.link.sendall(b"GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n")
                head, _, body = self.link.recv(4096).partition(b"\r\n\r\n")
                if head.startswith(b"HTTP/1.1 200"):
                    if b"connection: close" in head.lower():
                        self.link = None
                    return body.decode()
            except OSError:
                pass
            self.link = None  # a connection that the proxy ended: what the load counts, the prober forgives
        raise Failure("the prober got no answer a hundred times")

    def until(self, release, began):
        """Milliseconds from the order to the first answer of that release."""
        while self.ask() != release:
            if time.monotonic() - began > 10:
                raise Failure(f"{release} did not answer within 10 s of the switch")
        return (time.monotonic() - began) * 1000


class Load:
    """The open loop, and beside it WebSockets and, when TLS is what it is about, its connections."""

    def __init__(self, rig, proxy, with_tls=False):
        self.stop_file = os.path.join(rig.folder, "stop")
        mix = os.path.join(rig.folder, "mix")
        with open(mix, "w") as out:
            out.write(MIX)
        self.report_file = os.path.join(rig.folder, "report.json")
        self.child = subprocess.Popen([os.path.join(rig.build, "slipway_load"), "--url", f"http://127.0.0.1:{proxy.port}", "--host",
                                       "localhost", "--rate", str(RATE), "--mix", mix, "--until-file", self.stop_file,
                                       "--timeout", "20s", "--report", self.report_file], stdout=subprocess.DEVNULL)
        self.result = multiprocessing.Queue()
        self.stopping = multiprocessing.Event()
        beside = [(websockets_load.run, proxy.port)] + ([(tls_load.run, proxy.tls_port)] if with_tls else [])
        self.beside = [multiprocessing.Process(target=target, args=(port, self.stopping, self.result)) for target, port in beside]
        for child in self.beside:
            child.start()

    def stop(self):
        """(requests and WebSockets, failed ones, what the first failures were)"""
        open(self.stop_file, "w").close()
        self.stopping.set()
        count, failures = 0, []
        for _ in self.beside:
            found = self.result.get(timeout=30)
            count, failures = count + found[0], failures + found[1]
        for child in self.beside:
            child.join(timeout=30)
        self.child.wait(timeout=60)
        os.unlink(self.stop_file)
        with open(self.report_file) as text:
            report = json.load(text)
        bad = report["failed"] + report["app_errors"]
        return (report["requests"] + count, bad + len(failures),
                [f"{f['kind']} {f['request']} {f['status']}" for f in report["first_failures"][:5]] + failures[:5])

    def kill(self):
        self.stopping.set()
        for child in (self.child, *self.beside):
            child.kill()


def pace(began, number):
    """Orders leave at a steady rate, as far as the proxy lets them."""
    time.sleep(max(0.0, began + number / SWITCHES_A_SECOND - time.monotonic()))


class Leaving:
    """Releases that were switched away from, each stopped once it is drained."""

    def __init__(self, rig, proxy):
        self.rig, self.proxy, self.waiting = rig, proxy, []

    def add(self, name):
        self.waiting.append((name, time.monotonic()))

    def stop_drained(self):
        while self.waiting and self.proxy.drained(self.waiting[0][0]):
            self.rig.upstream.close(self.waiting.pop(0)[0])
        if self.waiting and time.monotonic() - self.waiting[0][1] > DRAIN_DEADLINE_S:
            raise Failure(f"{self.waiting[0][0]} was not drained within {DRAIN_DEADLINE_S} s of its switch")
        return not self.waiting


def run_switches(rig, proxy, number):
    """(requests, failed, effects in ms, first failures)"""
    prober, leaving, effects = Prober(proxy.port), Leaving(rig, proxy), []
    load = Load(rig, proxy)
    try:
        current, began = "first", time.monotonic()
        for i in range(1, number + 1):
            pace(began, i)
            new = f"{proxy.name}-{i}"
            port = rig.upstream.open(new)
            ordered = time.monotonic()
            proxy.switch(current, new, port)
            effects.append(prober.until(new, ordered))
            leaving.add(current)
            current = new
            leaving.stop_drained()
        wait_until("the last drain", DRAIN_DEADLINE_S, leaving.stop_drained)
        requests, failed, why = load.stop()
    finally:
        load.kill()
    return requests, failed, effects, why


def run_replacements(rig, proxy, number):
    """Each time a new process takes the sockets of the one that runs."""
    load = Load(rig, proxy, with_tls=proxy.serves_tls())
    old = []
    try:
        for _ in range(number):
            old.append(proxy.child)
            proxy.child = proxy.launch(proxy.command(rig.upstream_port))
            wait_until("the hand-over", 20, lambda: edge_pid(proxy) == proxy.child.pid)
            time.sleep(0.2)
        for child in old:
            if child.wait(timeout=90) != 0:
                raise Failure(f"a replaced edge ended with {child.returncode}: {proxy.said()}")
        return load.stop()
    finally:
        load.kill()
        for child in old:
            if child.poll() is None:
                child.kill()


def edge_pid(proxy):
    try:
        return proxy.control("GET", "/v1/edge")["pid"]
    except (OSError, Failure, ValueError):
        return None


def served_certificate(port):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), 5) as link, context.wrap_socket(link, server_hostname="localhost") as tls:
        return tls.getpeercert(binary_form=True)


def run_certificates(rig, proxy, number):
    load = Load(rig, proxy, with_tls=True)
    try:
        for _ in range(number):
            rig.make_certificate()
            with open(rig.certificate[0]) as pem:
                wanted = ssl.PEM_cert_to_DER_cert(pem.read())
            proxy.renew_certificate()
            wait_until("the new certificate", 10, lambda: served_certificate(proxy.tls_port) == wanted)
        return load.stop()
    finally:
        load.kill()


# --- the account ------------------------------------------------------------------------------------------------------
def report(what, proxy, number, requests, failed, why, effects=()):
    text = f"{what:22} {proxy.name:8} {number:5} times, {requests:7} requests, {failed:4} failed"
    if effects:
        text += (f", takes effect in {statistics.median(effects):.1f} ms (p99 {quantile(effects, 0.99):.1f}, "
                 f"most {max(effects):.1f})")
    print(text, flush=True)
    for line in why:
        print("    " + line)


def judge_switches(rig, proxy, words, figures, missed):
    own = proxy.name == "slipway"
    number = words.switches if own else words.peer_switches
    requests, failed, effects, why = run_switches(rig, proxy, number)
    report("switch", proxy, number, requests, failed, why, effects)
    prefix = "" if own else proxy.name + "_"
    figures.update({prefix + "switches": number, prefix + "requests": requests, prefix + "failed": failed,
                    prefix + "effect_ms_p50": statistics.median(effects), prefix + "effect_ms_p99": quantile(effects, 0.99)})
    if own and failed:
        missed.append(f"{failed} of {requests} requests failed during {number} switches")
    if own and quantile(effects, 0.99) > EFFECT_MS:
        missed.append(f"a switch takes effect in {quantile(effects, 0.99):.1f} ms at p99, {EFFECT_MS} at most")


def judge_other(rig, proxy, words, figures, missed):
    if words.certificates and proxy.serves_tls():
        requests, failed, why = run_certificates(rig, proxy, words.certificates)
        report("certificate reload", proxy, words.certificates, requests, failed, why)
        figures[f"{proxy.name}_certificates"], figures[f"{proxy.name}_certificates_failed"] = words.certificates, failed
        if proxy.name == "slipway" and failed:
            missed.append(f"{failed} of {requests} requests failed during {words.certificates} certificate reloads")
    elif words.certificates and proxy.name == "slipway":
        missed.append("certificate reloads: not served by this build")
        print("certificate reload     slipway  not served by this build")
    if words.replacements and proxy.name == "slipway":
        requests, failed, why = run_replacements(rig, proxy, words.replacements)
        report("edge replaced", proxy, words.replacements, requests, failed, why)
        figures["replacements"], figures["replacements_failed"] = words.replacements, failed
        if failed:
            missed.append(f"{failed} of {requests} requests failed during {words.replacements} replacements")


def sync_ms():
    """What the disk takes to keep a small file: the part of a switch that is the disk's own."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        for i in range(20):
            began = time.monotonic()
            for path, flags in ((os.path.join(folder, str(i)), os.O_CREAT | os.O_WRONLY), (folder, os.O_RDONLY)):
                descriptor = os.open(path, flags)
                if flags != os.O_RDONLY:
                    os.write(descriptor, b"x" * 1000)
                os.fsync(descriptor)
                os.close(descriptor)
            times.append((time.monotonic() - began) * 1000)
    return statistics.median(times)


def parse_words():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--switches", type=int, default=1000)
    parser.add_argument("--peer-switches", type=int, default=100)
    parser.add_argument("--replacements", type=int, default=50)
    parser.add_argument("--certificates", type=int, default=50)
    parser.add_argument("--proxies", default="nginx,haproxy,slipway")
    parser.add_argument("--folder", default="/dev/shm" if os.path.isdir("/dev/shm") else None,
                        help="where states and configurations lie; in memory, so that the disk's time is not the proxy's")
    return parser.parse_args()


def main():
    words = parse_words()
    figures, missed, rig = {}, [], None
    try:
        rig = Rig(words.build, words.proxies.split(","), (NginxSwitch, HaproxySwitch, SlipwaySwitch), core=None,
                  folder=words.folder)
        figures["disk_sync_ms"] = sync_ms()
        print(f"state in {rig.folder}; writing a file durably in {tempfile.gettempdir()} would take {figures['disk_sync_ms']:.1f} ms")
        for proxy in rig.proxies.values():
            rig.upstream_port = rig.upstream.open("first")
            proxy.start(rig.upstream_port)
            judge_switches(rig, proxy, words, figures, missed)
            judge_other(rig, proxy, words, figures, missed)
            proxy.stop()
    except Failure as problem:
        missed.append(str(problem))
    finally:
        if rig:
            rig.stop()
    for text in missed:
        print(f"edge-switch: {text}", file=sys.stderr)
    figures = {"missed": len(missed), **figures}
    print("edge-switch: " + " ".join(f"{key}={value:.1f}" if isinstance(value, float) else f"{key}={value}"
                                     for key, value in figures.items()))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
