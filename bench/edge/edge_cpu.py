#!/usr/bin/env python3
"""CPU per request of slipway edge, nginx, HAProxy and Caddy: same upstream, one worker each, interleaved in one run.

usage: edge_cpu.py BUILD_FOLDER [--only SCENARIO,…] [--rounds N] [--seconds S] [--proxies NAME,…] [--baseline BUILD_FOLDER]

Prints a table and `key=value` ratios, then one line `edge-cpu: …`; exits 1 when a bound is missed.
"""
import argparse
import collections
import json
import os
import re
import socket
import ssl
import statistics
import subprocess
import sys

from proxies import LOAD_CORE, Failure, Rig, on_core, raise_descriptor_limit

CONNECTIONS = 64
IDLE = 2000
# Ratio to nginx that may not be exceeded; ratio to HAProxy where there is one.
BOUNDS = {"small": {"nginx": 0.70, "haproxy": 0.75}, "large": {"nginx": 0.80}, "close": {"nginx": 0.85},
          "tls_small": {"nginx": 0.70}, "tls_large": {"nginx": 0.90}, "http2": {"nginx": 0.80},
          "open1000": {"nginx": 0.80}}
P50_BOUND, P99_BOUND = 1.0, 1.1
IDLE_KIB = 500

Sample = collections.namedtuple("Sample", "cpu_us requests p50_ms p99_ms", defaults=(0, 0))


def run_tool(argv, seconds):
    done = subprocess.run(argv, capture_output=True, text=True, timeout=seconds + 60, preexec_fn=on_core(LOAD_CORE))
    if done.returncode != 0:
        raise Failure(f"{' '.join(argv)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def wrk(url, seconds, *more):
    """How many requests a closed loop got answered. Its own time-outs and errors are the run's end."""
    text = run_tool(["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", str(seconds), *more, url], seconds)
    if "Non-2xx" in text or re.search(r"Socket errors: connect [1-9]", text):
        raise Failure(f"{url} did not only answer 200:\n{text}")
    return int(re.search(r"(\d+) requests in", text).group(1))


def h2load(url, seconds):
    text = run_tool(["h2load", "-t", "1", "-c", "8", "-m", "8", "-D", str(seconds), "--warm-up-time=0", url], seconds)
    found = re.search(r"requests: .* (\d+) done, (\d+) succeeded, (\d+) failed", text)
    if "Application protocol: h2" not in text or not found or found.group(3) != "0":
        raise Failure(f"{url} was not served by HTTP/2:\n{text}")
    return int(found.group(2))


class Scenario:
    def __init__(self, name, text, load, needs=None):
        self.name, self.text, self.load, self.needs = name, text, load, needs

    def is_served_by(self, proxy):
        return {None: lambda: True, "tls": proxy.serves_tls, "http2": proxy.serves_http2}[self.needs]()


def scenarios(build, seconds):
    def http(path, *more):
        return lambda proxy: Sample(0, wrk(f"http://localhost:{proxy.port}{path}", seconds, *more))

    def https(path):
        return lambda proxy: Sample(0, wrk(f"https://localhost:{proxy.tls_port}{path}", seconds))

    def open_loop(rate):
        def load(proxy):
            text = run_tool([os.path.join(build, "slipway_load"), "--url", f"http://127.0.0.1:{proxy.port}/bytes/1024", "--host",
                             "localhost", "--rate", str(rate), "--duration", f"{seconds}s", "--connections",
                             str(CONNECTIONS), "--json"], seconds)
            report = json.loads(text)
            if report["failed"]:
                raise Failure(f"{proxy.name}: {report['failed']} requests failed: {report['first_failures'][:2]}")
            return Sample(0, report["ok"], report["latency_ms"]["p50"], report["latency_ms"]["p99"])
        return load
    return [
        Scenario("small", "1 KiB, kept connections", http("/bytes/1024")),
        Scenario("large", "64 KiB, kept connections", http("/bytes/65536")),
        Scenario("close", "a connection per request", http("/bytes/1024", "-H", "Connection: close")),
        Scenario("tls_small", "TLS 1.3, 1 KiB", https("/bytes/1024"), "tls"),
        Scenario("tls_large", "TLS 1.3, 64 KiB", https("/bytes/65536"), "tls"),
        Scenario("http2", "HTTP/2, 1 KiB", lambda proxy: Sample(0, h2load(f"https://localhost:{proxy.tls_port}/bytes/1024", seconds)),
                 "http2"),
        Scenario("open1000", "open loop, 1,000 a second", open_loop(1000)),
        Scenario("open3000", "open loop, 3,000 a second", open_loop(3000)),
    ]


def measure(proxy, scenario):
    for _ in range(3):  # a load that found no time to begin on a busy machine is no measurement
        before = proxy.cpu_ns()
        sample = scenario.load(proxy)
        cpu = proxy.cpu_ns() - before
        if sample.requests >= 100:
            break
    if sample.requests < 100:
        raise Failure(f"{proxy.name} answered {sample.requests} requests only in {scenario.name}")
    return sample._replace(cpu_us=cpu / 1000 / sample.requests)


# --- idle memory -------------------------------------------------------------------------------------------------
def hold(port, context, number):
    """So many connections that have had one answer each and now wait."""
    held = []
    for _ in range(number):
        link = socket.create_connection(("127.0.0.1", port), 10)
        if context:
            link = context.wrap_socket(link, server_hostname="localhost")
        link.sendall(b"GET /bytes/1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        if not link.recv(4096).startswith(b"HTTP/1.1 200"):
            raise Failure("a connection that was to be held got no answer")
        held.append(link)
    return held


def idle_kib(proxy, kind):
    """PSS per 1,000 connections, and the connections: the slope over IDLE of them, those before them having warmed the
    allocator. They stay open, so that the next kind does not live in what they leave behind."""
    context = None
    if kind == "tls":
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    port = proxy.tls_port if context else proxy.port
    first = hold(port, context, IDLE // 4)
    before = proxy.memory_kib()
    more = hold(port, context, IDLE)
    return (proxy.memory_kib() - before) * 1000 / IDLE, first + more


# --- the account ---------------------------------------------------------------------------------------------------
def medians(samples):
    return statistics.median(sample.cpu_us for sample in samples)


def print_row(scenario, results):
    cells = []
    for name, samples in results.items():
        text = f"{medians(samples):8.1f}"
        if "nginx" in results:
            text += f" ({medians(samples) / medians(results['nginx']):.2f})"
        cells.append(f"{name}{text}")
    print(f"{scenario.text:28} " + "   ".join(cells), flush=True)


def ratios_of(scenario, results, figures, missed):
    if "slipway" not in results:
        return
    own = medians(results["slipway"])
    figures[f"{scenario.name}_us"] = own
    for other in ("nginx", "haproxy", "caddy", "baseline"):
        if other not in results:
            continue
        ratio = figures[f"{scenario.name}_to_{other}"] = own / medians(results[other])
        bound = BOUNDS.get(scenario.name, {}).get(other)
        if bound and ratio > bound:
            missed.append(f"{scenario.name}: CPU per request is {ratio:.2f} of {other}'s, {bound} at most")
    if scenario.name.startswith("open") and "nginx" in results:
        p50 = [statistics.median(s.p50_ms for s in results[n]) for n in ("slipway", "nginx")]
        p99 = [min(s.p99_ms for s in results[n]) for n in ("slipway", "nginx")]
        figures[f"{scenario.name}_p50_to_nginx"] = p50[0] / p50[1]
        figures[f"{scenario.name}_p99_to_nginx"] = p99[0] / p99[1]
        print(f"    p50 {p50[0]:.3f} ms, nginx {p50[1]:.3f}; least p99 {p99[0]:.3f} ms, nginx {p99[1]:.3f}")
        if p50[0] > p50[1] * P50_BOUND:
            missed.append(f"{scenario.name}: p50 is {p50[0] / p50[1]:.2f} of nginx's, {P50_BOUND} at most")
        if p99[0] > p99[1] * P99_BOUND:
            missed.append(f"{scenario.name}: the least p99 is {p99[0] / p99[1]:.2f} of nginx's, {P99_BOUND} at most")


def run_scenario(rig, scenario, rounds, figures, missed):
    proxies = []
    for proxy in rig.proxies.values():
        if scenario.is_served_by(proxy) and proxy.name not in scenario_skips(scenario):
            proxies.append(proxy)
        elif proxy.name == "slipway":
            print(f"{scenario.text:28} not served by this build of slipway")
            missed.append(f"{scenario.name}: not served by this build")
            return
    results = {proxy.name: [] for proxy in proxies}
    for _ in range(rounds):
        for proxy in proxies:
            results[proxy.name].append(measure(proxy, scenario))
    print_row(scenario, results)
    ratios_of(scenario, results, figures, missed)


def scenario_skips(scenario):
    """Caddy is there for orientation; a fixed rate that it cannot reach tells nothing about it."""
    return ("caddy",) if scenario.name.startswith("open") else ()


def run_idle(rig, figures, missed):
    """Before any load: memory that a load left behind would hold the idle connections for nothing."""
    held = []
    for kind in ("plain", "tls"):
        found = {}
        for proxy in rig.proxies.values():
            if proxy.name == "caddy" or (kind == "tls" and not proxy.serves_tls()):
                continue
            found[proxy.name], links = idle_kib(proxy, kind)
            held += links
        print(f"{'idle, ' + kind + ', KiB per 1,000':28} " +
              "   ".join(f"{name} {value:.0f}" for name, value in found.items()), flush=True)
        if "slipway" not in found:
            if kind == "tls" and "slipway" in rig.proxies:
                missed.append("idle_tls: not served by this build")
            continue
        figures[f"idle_{kind}_kib"] = found["slipway"]
        if kind == "plain" and found["slipway"] > IDLE_KIB:
            missed.append(f"idle_plain: {found['slipway']:.0f} KiB per 1,000 connections, {IDLE_KIB} at most")
        if kind == "tls" and "nginx" in found and found["slipway"] > found["nginx"]:
            missed.append(f"idle_tls: {found['slipway']:.0f} KiB per 1,000 connections, nginx {found['nginx']:.0f}")
    for link in held:
        link.close()


def parse_words():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--only", default="", help="scenarios, by comma; `idle` is one of them")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--proxies", default="nginx,haproxy,caddy,slipway")
    parser.add_argument("--baseline", help="another build folder, to compare two builds of slipway")
    return parser.parse_args()


def main():
    words = parse_words()
    raise_descriptor_limit()
    only = [name for name in words.only.split(",") if name]
    figures, missed = {}, []
    rig = None
    try:
        rig = Rig(words.build, words.proxies.split(","), baseline=words.baseline)
        rig.start()
        for name in words.proxies.split(","):
            if name not in rig.proxies:
                missed.append(f"{name}: not on this machine")
        if not only or "idle" in only:
            run_idle(rig, figures, missed)
        print(f"CPU in µs per request, median of {words.rounds} rounds (ratio to nginx)")
        for scenario in scenarios(rig.build, words.seconds):
            if not only or scenario.name in only:
                run_scenario(rig, scenario, words.rounds, figures, missed)
    except Failure as problem:
        missed.append(str(problem))
    finally:
        if rig:
            rig.stop()
    for text in missed:
        print(f"edge-cpu: {text}", file=sys.stderr)
    figures = {"missed": len(missed), **figures}
    print("edge-cpu: " + " ".join(f"{key}={value:.2f}" if isinstance(value, float) else f"{key}={value}"
                                  for key, value in figures.items()))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
