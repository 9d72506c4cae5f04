"""The proxies that are compared, each started from a temporary folder on loopback with one worker on one core.

All of them do the same work: the same forwarded headers, kept connections to the upstream, an access log, counters,
time-outs and limits. They are ended by their process ids.
"""
import functools
import json
import os
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
from rig import Failure, free_port, wait_until  # noqa: E402

PROXY_CORE, LOAD_CORE = 1, 0
MOST_DESCRIPTORS = 20_000
MOST_CLIENTS = 8_000  # of nginx and HAProxy, which need two descriptors for a client


# In slipway edge's order of preference, so that the others encrypt as much.
CIPHERS = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"


def raise_descriptor_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def on_core(core):
    """For a child: stay on this core; None: go where the kernel wants."""
    def prepare():
        if core is not None:
            os.sched_setaffinity(0, {core})
        raise_descriptor_limit()
    return prepare


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as link:
            link.settimeout(1)
            link.sendall(b"GET /bytes/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return link.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


class Upstream:
    """bench/edge's own upstream: any number of instances, each on a port of its own."""

    def __init__(self, build, core=LOAD_CORE):
        self.child = subprocess.Popen([os.path.join(build, "slipway_upstream")], stdin=subprocess.PIPE, text=True,
                                      stdout=subprocess.PIPE, bufsize=1, preexec_fn=on_core(core))

    def order(self, line):
        self.child.stdin.write(line + "\n")
        return self.child.stdout.readline().strip()

    def open(self, name):
        port = int(self.order("open " + name))
        if port == 0:
            raise Failure(f"the upstream could not open {name}")
        return port

    def close(self, name):
        self.order("close " + name)

    def collect(self, path):
        if self.order("collect " + path) != "collecting":
            raise Failure(f"the upstream could not bind {path}")

    def counts(self):
        """(requests served, log lines collected)"""
        return tuple(int(word) for word in self.order("counts").split())

    def stop(self):
        self.child.stdin.close()
        self.child.wait(timeout=10)


class Proxy:
    name = ""
    program = ""

    def __init__(self, folder, certificate=None):
        self.folder = os.path.join(folder, self.name)
        os.makedirs(self.folder)
        self.port = free_port()
        self.tls_port = free_port()
        self.certificate = certificate  # (certificate file, key file) or None
        self.child = None
        self.core = PROXY_CORE

    @classmethod
    def is_here(cls):
        return shutil.which(cls.program, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is not None

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as out:
            out.write(text)
        return self.path(name)

    def launch(self, argv):
        program = shutil.which(argv[0], path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        with open(self.path("output.log"), "ab") as log:
            return subprocess.Popen([program, *argv[1:]], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                    cwd=self.folder, preexec_fn=on_core(self.core),
                                    env={**os.environ, "HOME": self.folder, "GOMAXPROCS": "1"})

    def said(self):
        with open(self.path("output.log"), errors="replace") as log:
            return "".join(log.readlines()[-15:])

    def start(self, upstream_port):
        self.child = self.launch(self.command(upstream_port))

        def ready():
            if self.child.poll() is not None:
                raise Failure(f"{self.name} ended with {self.child.returncode}:\n{self.said()}")
            return answers(self.port)
        wait_until(f"{self.name} answering", 15, ready)

    def serves_tls(self):
        return self.certificate is not None

    def serves_http2(self):
        return self.serves_tls()

    def processes(self):
        """Its process and all that it started."""
        found, unseen = [], [self.child.pid]
        while unseen:
            pid = unseen.pop()
            found.append(pid)
            try:
                for task in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{task}/children") as children:
                        unseen += [int(word) for word in children.read().split()]
            except OSError:
                continue
        return found

    def cpu_ns(self):
        """CPU time of every thread of every process, as the scheduler counts it."""
        total = 0
        for pid in self.processes():
            try:
                for task in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{task}/schedstat") as counts:
                        total += int(counts.read().split()[0])
            except OSError:
                continue
        return total

    def memory_kib(self, key="Pss"):
        total = 0
        for pid in self.processes():
            with open(f"/proc/{pid}/smaps_rollup") as lines:
                total += next(int(line.split()[1]) for line in lines if line.startswith(key + ":"))
        return total

    def stop(self):
        if self.child and self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                for pid in self.processes():
                    os.kill(pid, signal.SIGKILL)
                self.child.wait()


class Nginx(Proxy):
    name = program = "nginx"

    def config(self, upstream_port):
        tls = ""
        if self.certificate:
            tls = (f"listen 127.0.0.1:{self.tls_port} ssl http2 backlog=4096; ssl_certificate {self.certificate[0]}; "
                   f"ssl_certificate_key {self.certificate[1]}; ssl_protocols TLSv1.2 TLSv1.3; "
                   f"ssl_conf_command Ciphersuites {CIPHERS}; ssl_prefer_server_ciphers on;")
        user = "user root;" if os.geteuid() == 0 else ""
        return f"""
daemon off; {user} pid {self.path("nginx.pid")}; error_log {self.path("error.log")} warn;
worker_processes 1; worker_rlimit_nofile {MOST_DESCRIPTORS};
events {{ worker_connections {MOST_DESCRIPTORS - 1000}; multi_accept on; }}
http {{
  access_log {self.path("access.log")} combined buffer=64k flush=1s;
  client_body_temp_path {self.path("body")}; proxy_temp_path {self.path("proxy")};
  fastcgi_temp_path {self.path("fastcgi")}; uwsgi_temp_path {self.path("uwsgi")}; scgi_temp_path {self.path("scgi")};
  keepalive_requests 1000000000; keepalive_timeout 75s; tcp_nodelay on;
  client_header_timeout 10s; client_body_timeout 30s; send_timeout 60s;
  large_client_header_buffers 4 16k; client_max_body_size 64m;
  proxy_connect_timeout 5s; proxy_read_timeout 30s; proxy_send_timeout 30s; proxy_buffers 8 16k; proxy_buffer_size 16k;
  map $http_upgrade $connection_to_upstream {{ default upgrade; "" ""; }}
  upstream app {{ server 127.0.0.1:{upstream_port}; keepalive 256; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{self.port} backlog=4096; {tls}
    location = /nginx_status {{ stub_status; }}
    location / {{
      proxy_pass http://app; proxy_http_version 1.1;
      proxy_set_header Connection $connection_to_upstream; proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Request-ID $request_id; proxy_set_header X-Request-Start t=$msec;
    }}
  }}
}}
"""

    def command(self, upstream_port):
        return ["nginx", "-p", self.folder, "-c", self.write("nginx.conf", self.config(upstream_port))]


class Haproxy(Proxy):
    name = program = "haproxy"
    log_socket = None  # where its log lines are read

    def tls_files(self):
        both = ""
        for part in self.certificate:
            with open(part) as text:
                both += text.read()
        return self.write("both.pem", both)

    def command(self, upstream_port):
        tls = ""
        if self.certificate:
            tls = f"  bind 127.0.0.1:{self.tls_port} backlog 4096 ssl crt {self.tls_files()} alpn h2,http/1.1 ciphersuites {CIPHERS}\n"
        log = f"  log {self.log_socket} len 2048 local0\n" if self.log_socket else ""
        config = f"""
global
  nbthread 1
  maxconn {MOST_CLIENTS}
  stats socket {self.path("admin.sock")} level admin
{log}
defaults
  mode http
  log global
  option httplog
  option http-keep-alive
  http-reuse always
  timeout connect 5s
  timeout client 75s
  timeout server 30s
  timeout http-request 10s
  timeout http-keep-alive 75s
  timeout tunnel 1h
  option forwardfor
  unique-id-format %{{+X}}o%ci%cp%Ts%rt%pid
  unique-id-header X-Request-ID
frontend web
  bind 127.0.0.1:{self.port} backlog 4096
{tls}  http-request set-header X-Forwarded-Proto https if {{ ssl_fc }}
  http-request set-header X-Forwarded-Proto http if !{{ ssl_fc }}
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Request-Start t=%[date(0,ms)]
  default_backend app
backend app
  server first 127.0.0.1:{upstream_port}
"""
        return ["haproxy", "-db", "-f", self.write("haproxy.cfg", config)]

    def runtime(self, order):
        """One order to its runtime socket; what it says."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(5)
            link.connect(self.path("admin.sock"))
            link.sendall(order.encode() + b"\n")
            said = b""
            while chunk := link.recv(65536):
                said += chunk
        return said.decode()


class Caddy(Proxy):
    name = program = "caddy"

    def command(self, upstream_port):
        log = f'log {{\n output file {self.path("access.log")}\n }}'
        site = f"bind 127.0.0.1\n {log}\n reverse_proxy 127.0.0.1:{upstream_port}\n"
        tls = ""
        if self.certificate:
            tls = f"https://localhost:{self.tls_port} {{\n tls {self.certificate[0]} {self.certificate[1]}\n {site}}}\n"
        config = ("{\n admin off\n auto_https off\n servers {\n metrics\n }\n}\n"
                  f"http://:{self.port} {{\n {site}}}\n{tls}")
        return ["caddy", "run", "--adapter", "caddyfile", "--config", self.write("Caddyfile", config)]


class Slipway(Proxy):
    name = "slipway"
    build = None
    workers = 1

    @classmethod
    def is_here(cls):
        return os.path.exists(os.path.join(cls.build, "slipway"))

    @classmethod
    @functools.cache
    def takes(cls, option):
        """Whether `edge run` of this build has the option."""
        text = subprocess.run([os.path.join(cls.build, "slipway"), "edge", "run", "--help"], capture_output=True, text=True)
        return option in text.stdout

    def wants_tls(self):
        return self.certificate is not None and self.takes("--listen-tls")

    def serves_tls(self):
        return self.wants_tls() and self.chosen_protocol() is not None

    def serves_http2(self):
        return self.wants_tls() and self.chosen_protocol() == "h2"

    def chosen_protocol(self):
        """What the handshake chose, "" for no choice; None when there was no handshake."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2", "http/1.1"])
        try:
            with socket.create_connection(("127.0.0.1", self.tls_port), 5) as link:
                with context.wrap_socket(link, server_hostname="localhost") as tls:
                    return tls.selected_alpn_protocol() or ""
        except OSError:
            return None

    def command(self, upstream_port, more=()):
        state = self.path("state")
        os.makedirs(state, exist_ok=True)
        argv = [os.path.join(self.build, "slipway"), "edge", "run", "--state", state, "--workers", str(self.workers),
                "--listen", f"127.0.0.1:{self.port}", *more]
        if self.wants_tls():
            argv += ["--listen-tls", f"127.0.0.1:{self.tls_port}"]
        if self.takes("--access-log"):
            argv += ["--access-log", self.path("access.log")]
        return argv

    def start(self, upstream_port):
        self.child = self.launch(self.command(upstream_port))

        def ready():
            if self.child.poll() is not None:
                raise Failure(f"slipway edge ended with {self.child.returncode}:\n{self.said()}")
            return os.path.exists(self.path("state/edge.sock")) and self.control("GET", "/v1/edge")
        wait_until("slipway edge answering", 10, ready)
        self.version = 0
        self.route("first", upstream_port)
        wait_until("slipway edge routing", 5, lambda: answers(self.port))

    def control(self, method, target, body=None):
        """One call over edge.sock: the JSON of a 2xx answer; otherwise Failure with what it said."""
        return json.loads(self.control_text(method, target, body))

    def control_text(self, method, target, body=None):
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(10)
            link.connect(self.path("state/edge.sock"))
            text = json.dumps(body).encode() if body is not None else b""
            link.sendall(f"{method} {target} HTTP/1.1\r\nHost: slipway\r\nConnection: close\r\n"
                         f"Content-Length: {len(text)}\r\n\r\n".encode() + text)
            answer = b""
            while chunk := link.recv(65536):
                answer += chunk
        head, _, rest = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 2"):
            raise Failure(f"slipway edge: {method} {target}: {answer.decode(errors='replace')}")
        return rest.decode()

    def refused(self, reason):
        """How often it turned somebody away for this reason."""
        found = re.search(rf'^slipway_edge_refused_total{{[^}}]*reason="{reason}"[^}}]*}} (\d+)$', self.control_text("GET", "/metrics"),
                          re.MULTILINE)
        return int(found.group(1)) if found else 0

    def service(self, release, port):
        service = {"name": "web", "hosts": ["localhost"], "drain_ms": 30000,
                   "pools": [{"release": release, "weight": 10000, "targets": [f"127.0.0.1:{port}"]}]}
        if self.wants_tls():
            service["tls"] = {"certificate": self.certificate[0], "key": self.certificate[1], "redirect": False}
        return service

    def route(self, release, port):
        body = {"expected_version": self.version, "epoch": 1, "op": "op-" + release,
                "services": [self.service(release, port)]}
        self.version = self.control("PUT", "/v1/apps/bench/production", body)["version"]


class Baseline(Slipway):
    """The edge of another build, to compare a change with what it changed."""
    name = "baseline"


class Rig:
    """A folder, a certificate, the upstream and the proxies that were asked for."""

    def __init__(self, build, names, kinds=(Nginx, Haproxy, Caddy, Slipway), baseline=None,
                 core=PROXY_CORE, folder=None):
        if os.cpu_count() < 2:
            raise Failure("this needs two cores: one for the proxy, one for load and upstream")
        raise_descriptor_limit()
        Slipway.build = os.path.abspath(build)
        self.build = Slipway.build
        self.folder = tempfile.mkdtemp(prefix="slipway-edge-", dir=folder)
        self.certificate = self.make_certificate()
        self.upstream = Upstream(self.build)
        Haproxy.log_socket = os.path.join(self.folder, "log.sock")
        self.upstream.collect(Haproxy.log_socket)
        self.upstream_port = self.upstream.open("first")
        self.proxies = {}
        if baseline:
            Baseline.build = os.path.abspath(baseline)
            names, kinds = [*names, Baseline.name], (*kinds, Baseline)
        for kind in kinds:
            if kind.name not in names:
                continue
            if kind.is_here():
                self.proxies[kind.name] = kind(self.folder, self.certificate)
                self.proxies[kind.name].core = core
            else:
                print(f"{kind.name}: not on this machine (tools/setup --bench installs it)")

    def make_certificate(self):
        pair = tuple(os.path.join(self.folder, name) for name in ("certificate.pem", "key.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", pair[1], "-out", pair[0]], check=True, capture_output=True)
        return pair

    def start(self):
        for proxy in self.proxies.values():
            proxy.start(self.upstream_port)

    def stop(self):
        for proxy in self.proxies.values():
            proxy.stop()
        self.upstream.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
