#!/usr/bin/env python3
"""What one kept-alive request costs the edge, counted instead of timed, so that a busy machine changes nothing.

usage: cost_gate.py BUILD_FOLDER BUILD_TYPE [--renew]

System calls come from strace, instructions from callgrind; both as the slope between a short and a long run, so that
start and end of the process do not count. Exits 1 when a bound is missed. The bound on instructions stands in
cost_bounds.txt, by build type, because it depends on the optimiser: --renew writes what was measured there.
"""
import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

from proxies import Failure, Slipway, Upstream

BOUNDS_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cost_bounds.txt")
MOST_SYSTEM_CALLS = 4.3
SLACK = 1.15
# As a browser asks.
REQUEST = (b"GET /bytes/1024 HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\nCache-Control: max-age=0\r\n"
           b'sec-ch-ua: "Chromium";v="130", "Not?A_Brand";v="99"\r\nsec-ch-ua-mobile: ?0\r\n'
           b"Upgrade-Insecure-Requests: 1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
           b"Chrome/130.0.0.0 Safari/537.36\r\nAccept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
           b"Accept-Encoding: identity\r\nAccept-Language: en-GB,en;q=0.9\r\nCookie: session=0123456789abcdef\r\n\r\n")


class Traced(Slipway):
    """The edge as the child of a tool that counts."""

    def __init__(self, folder, name, tool):
        self.name = name
        super().__init__(folder)
        self.tool = tool

    def command(self, upstream_port):
        return [*self.tool, *super().command(upstream_port)]

    def start(self, upstream_port):
        self.core = os.cpu_count() - 1
        super().start(upstream_port)

    def finish(self):
        """Ends the edge itself, so that the tool writes its account; the tool's exit is the end of it."""
        os.kill(self.control("GET", "/v1/edge")["pid"], signal.SIGTERM)
        self.child.wait(timeout=60)


def answered(got):
    """Whether a whole answer of 1 KiB is there."""
    end = got.find(b"\r\n\r\n")
    return end >= 0 and len(got) >= end + 4 + 1024


def ask(port, requests, connections):
    """So many requests, each connection asking again as soon as it is answered."""
    links = [socket.create_connection(("127.0.0.1", port), 30) for _ in range(connections)]
    selector = selectors.DefaultSelector()
    got = {}
    sent = done = 0
    for link in links:
        selector.register(link, selectors.EVENT_READ)
        got[link] = b""
        link.sendall(REQUEST)
        sent += 1
    while done < requests:
        ready = selector.select(30)
        if not ready:
            raise Failure(f"{done} of {requests} requests were answered, then nothing for 30 s")
        for key, _ in ready:
            link = key.fileobj
            got[link] += link.recv(65536)
            if not got[link].startswith(b"HTTP/1.1 200"):
                raise Failure(f"not answered: {got[link][:200]}")
            if not answered(got[link]):
                continue
            got[link] = b""
            done += 1
            if sent < requests:
                link.sendall(REQUEST)
                sent += 1
    for link in links:
        link.close()


def run_under(tool, folder, name, upstream_port, requests, connections):
    edge = Traced(folder, name, tool)
    try:
        edge.start(upstream_port)
        ask(edge.port, requests, connections)
        edge.finish()
    finally:
        edge.stop()


def system_calls(folder, upstream_port):
    def count(requests):
        out = os.path.join(folder, f"calls-{requests}")
        run_under(["strace", "-f", "-c", "-o", out], folder, f"strace-{requests}", upstream_port, requests, 16)
        rows = [line.split() for line in open(out)]
        return {row[-1]: int(row[3]) for row in rows if len(row) >= 5 and row[3].isdigit()}
    few, many = count(2000), count(8000)
    per = {name: (calls - few.get(name, 0)) / 6000 for name, calls in many.items()}
    each = ", ".join(f"{name} {calls:.2f}" for name, calls in sorted(per.items(), key=lambda entry: -entry[1])
                     if calls >= 0.01 and name != "total")
    return per["total"], each


def instructions(folder, upstream_port):
    def count(requests):
        out = os.path.join(folder, f"instructions-{requests}")
        run_under(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out,
                   "--toggle-collect=slipway::edge::Worker::run()"], folder, f"callgrind-{requests}", upstream_port, requests, 1)
        return int(re.search(r"^(?:summary|totals): (\d+)", open(out).read(), re.MULTILINE).group(1))
    few, many = count(500), count(2000)
    return (many - few) / 1500


def read_bounds():
    with open(BOUNDS_FILE) as lines:
        return {name: int(number) for name, number in
                (line.split() for line in lines if line.strip() and not line.startswith("#"))}


def renew(build_type, measured):
    with open(BOUNDS_FILE) as lines:
        kept = [line for line in lines if line.split()[:1] != [build_type]]
    with open(BOUNDS_FILE, "w") as out:
        out.writelines([*kept, f"{build_type} {measured:.0f}\n"])


def measure(build_type, folder, upstream_port, wants_renewal):
    calls, each = system_calls(folder, upstream_port)
    cost = instructions(folder, upstream_port)
    if wants_renewal:
        renew(build_type, cost)
    print(f"edge-cost: system_calls={calls:.2f} instructions={cost:.0f}")
    print(f"system calls by name: {each}")
    failed = False
    if calls > MOST_SYSTEM_CALLS:
        print(f"edge-cost: {calls:.2f} system calls per request, {MOST_SYSTEM_CALLS} at most", file=sys.stderr)
        failed = True
    bound = read_bounds().get(build_type)
    if bound is None:
        print(f"no bound for {build_type} builds in {BOUNDS_FILE}: instructions are not judged")
    elif cost > bound * SLACK:
        print(f"edge-cost: {cost:.0f} instructions per request, {bound} were recorded (+{SLACK - 1:.0%} at most). Next: look "
              f"where they went (callgrind_annotate), or, when they are worth it, renew the record: cost_gate.py "
              f"BUILD_FOLDER {build_type} --renew", file=sys.stderr)
        failed = True
    return 1 if failed else 0


def main():
    build, build_type, *more = sys.argv[1:]
    Slipway.build = os.path.abspath(build)
    folder = tempfile.mkdtemp(prefix="slipway-cost-")
    upstream = Upstream(Slipway.build)
    try:
        return measure(build_type, folder, upstream.open("first"), "--renew" in more)
    except Failure as problem:
        print(f"edge-cost: {problem}", file=sys.stderr)
        return 1
    finally:
        upstream.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
