#!/usr/bin/env python3
"""A certificate by ACME, on the real binary: certbot asks pebble, pebble fetches the challenge from the edge.

Clients ask all the time, in plain and, from the first certificate on, by TLS with pebble's root as the only one
they trust. A certificate is obtained, then renewed several times: each time the new one is served, and no request
fails.

usage: acme_test.py BUILD_FOLDER
"""
import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rig import Failure, Rig, free_port, wait_until  # noqa: E402

HOST, PLAIN_HOST, RENEWALS = "shop.test", "other.test", 3


class App(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"hello\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Load:
    """Asks on a kept connection, and on a new one every tenth time; remembers the first failure."""

    def __init__(self, port, host, context=None):
        self.port, self.host, self.context = port, host, context
        self.asked = self.failed = 0
        self.first = None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def connect(self):
        link = socket.create_connection(("127.0.0.1", self.port), 10)
        return self.context.wrap_socket(link, server_hostname=self.host) if self.context else link

    def ask(self, link):
        link.sendall(f"GET / HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode())
        answer = b""
        while not answer.endswith(b"hello\n"):
            piece = link.recv(65536)
            if not piece:
                break
            answer += piece
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise Failure(f"answered {answer[:80]!r}")
        return b"Connection: close" in answer

    def run(self):
        link = None
        while not self.stopping.is_set():
            self.asked += 1
            try:
                link = link or self.connect()
                if self.ask(link) or self.asked % 10 == 0:
                    link.close()
                    link = None
            except (OSError, Failure) as problem:
                self.failed += 1
                self.first = self.first or str(problem)
                link = None
            self.stopping.wait(0.005)
        if link:
            link.close()

    def stop(self):
        self.stopping.set()
        self.thread.join()


class Authority:
    """pebble, with a name server that sends every name to this machine."""

    def __init__(self, rig, http_port):
        self.rig = rig
        self.port, self.management = free_port(), free_port()
        folder = rig.folder
        self.own = os.path.join(folder, "pebble.pem")
        key = os.path.join(folder, "pebble.key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", key, "-out", self.own], check=True, capture_output=True)
        config = os.path.join(folder, "pebble.json")
        with open(config, "w") as out:
            json.dump({"pebble": {"listenAddress": f"127.0.0.1:{self.port}",
                                  "managementListenAddress": f"127.0.0.1:{self.management}",
                                  "certificate": self.own, "privateKey": key, "httpPort": http_port, "tlsPort": free_port(),
                                  "ocspResponderURL": "", "externalAccountBindingRequired": False}}, out)
        names = free_port()
        rig.start("names", ["pebble-challtestsrv", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01",
                            f"127.0.0.1:{names}", "-http01", "", "-https01", "", "-tlsalpn01", "", "-management",
                            f"127.0.0.1:{free_port()}"])
        # By itself pebble refuses one nonce in twenty; certbot asks again, but only once.
        self.pebble = rig.start("pebble", ["pebble", "-config", config, "-dnsserver", f"127.0.0.1:{names}"],
                                {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"})
        wait_until("pebble answering", 20, self.root)

    def fetch(self, port, path):
        context = ssl.create_default_context(cafile=self.own)
        with socket.create_connection(("127.0.0.1", port), 5) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as link:
                link.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
                data = b""
                while chunk := link.recv(65536):
                    data += chunk
        return data.partition(b"\r\n\r\n")[2].decode()

    def root(self):
        if self.pebble.poll() is not None:
            raise Failure(f"pebble ended with {self.pebble.returncode}:\n{self.rig.log_of('pebble')}")
        try:
            text = self.fetch(self.management, "/roots/0")
        except OSError:
            return None
        return text if "BEGIN CERTIFICATE" in text else None


class Scene:
    def __init__(self, build):
        self.rig = Rig(build, prefix="slipway-acme-")
        self.tls_port = free_port()
        self.app = http.server.ThreadingHTTPServer(("127.0.0.1", 0), App)
        self.app.daemon_threads = True
        threading.Thread(target=self.app.serve_forever, daemon=True).start()
        self.loads = []

    def start(self):
        rig = self.rig
        rig.edge = rig.start("edge", [rig.slipway, "edge", "run", "--state", rig.state, "--listen",
                                      f"127.0.0.1:{rig.edge_port}", "--listen-tls", f"127.0.0.1:{self.tls_port}"])
        wait_until("the edge answering", 10, lambda: rig.alive(rig.edge, "edge") and rig.edge_pid() == rig.edge.pid)
        target = f"127.0.0.1:{self.app.server_port}"
        rig.run("edge", "deploy", "shop", "--target", target, "--host", HOST)
        rig.run("edge", "deploy", "other", "--target", target, "--host", PLAIN_HOST)
        self.authority = Authority(rig, rig.edge_port)
        # What certbot trusts, and nothing else: its calls to pebble are verified too.
        os.environ["REQUESTS_CA_BUNDLE"] = self.authority.own

    def served(self):
        """The serial number of what the edge shows, checked against pebble's root as a browser would."""
        context = ssl.create_default_context(cadata=self.authority.root())
        with socket.create_connection(("127.0.0.1", self.tls_port), 5) as plain:
            with context.wrap_socket(plain, server_hostname=HOST) as link:
                return link.getpeercert()["serialNumber"]

    def stop(self):
        for load in self.loads:
            load.stop()
        self.app.shutdown()
        for child in reversed(self.rig.started):
            if child.poll() is None:
                child.terminate()
                try:
                    child.wait(10)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()


def run(scene):
    rig = scene.rig
    scene.start()
    scene.loads.append(Load(rig.edge_port, PLAIN_HOST))
    rig.run("edge", "certificate", "obtain", "shop", "--domain", HOST, "--email", "shop@example.org",
            "--acme-directory", f"https://localhost:{scene.authority.port}/dir")
    serials = [scene.served()]
    scene.loads.append(Load(scene.tls_port, HOST, ssl.create_default_context(cadata=scene.authority.root())))
    for _ in range(RENEWALS):
        before = scene.loads[1].asked
        wait_until("requests by TLS", 10, lambda: scene.loads[1].asked >= before + 30)
        rig.run("edge", "certificate", "renew", "--force")
        serials.append(scene.served())
    if len(set(serials)) != RENEWALS + 1:
        raise Failure(f"the same certificate was served after a renewal: {serials}")
    before = scene.loads[1].asked
    wait_until("requests by TLS", 10, lambda: scene.loads[1].asked >= before + 30)
    table = rig.control("edge.sock", "GET", "/v1/table")
    tls = [service.get("tls") for service in table["services"] if service["app"] == "shop"][0]
    if not tls or not tls["certificate"].startswith(rig.state):
        raise Failure(f"the table does not name the certificate: {tls}")
    # Deployed again as people do, it keeps its certificate.
    rig.run("edge", "deploy", "shop", "--target", f"127.0.0.1:{scene.app.server_port}", "--host", HOST, "--tls")
    if scene.served() != serials[-1]:
        raise Failure("the certificate was lost in a deploy")
    for load in scene.loads:
        load.stop()
        if load.failed:
            raise Failure(f"{load.failed} of {load.asked} requests for {load.host} failed, the first: {load.first}")
    print(f"acme: obtained=1 renewed={RENEWALS} plain={scene.loads[0].asked} tls={scene.loads[1].asked} failed=0", flush=True)


def main():
    missing = [tool for tool in ("certbot", "pebble", "pebble-challtestsrv", "openssl") if not shutil.which(tool)]
    if missing:
        print(f"acme: skipped, not on this machine: {' '.join(missing)}")
        return 77
    scene = Scene(sys.argv[1])
    good = False
    try:
        run(scene)
        good = True
    except Failure as problem:
        print(f"acme: {problem}\n--- edge\n{scene.rig.log_of('edge')}\n--- pebble\n{scene.rig.log_of('pebble')}", file=sys.stderr)
    finally:
        scene.stop()
        if good:
            shutil.rmtree(scene.rig.folder, ignore_errors=True)
        else:
            print(f"acme: everything is kept in {scene.rig.folder}", file=sys.stderr)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
