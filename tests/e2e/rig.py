"""A whole slipway in a temporary folder: edge, daemon, load. Used by the demo, the crash test and the benchmarks.

Everything listens on loopback, on free ports. Everything started is ended by its pid, the app's instances
through slipway itself; what is left after that is reported as an orphan.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Failure(Exception):
    """What was expected did not happen."""


def wait_until(what, deadline_s, condition):
    """The condition's first true value, or Failure. The pause between looks is not a wait for time but for news."""
    pause = threading.Event()
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"{what} did not happen within {deadline_s} s")
        pause.wait(0.01)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Rig:
    def __init__(self, build, prefix="slipway-"):
        build = os.path.abspath(build)  # everything runs in a folder of its own
        self.slipway = os.path.join(build, "slipway")
        self.load_binary = os.path.join(build, "slipway_load")
        self.folder = tempfile.mkdtemp(prefix=prefix)
        self.state = os.path.join(self.folder, "state")
        os.makedirs(self.state)
        self.edge_port = free_port()
        self.edge = None
        self.daemon = None
        self.load = None
        self.started = []
        self.config = None

    # --- processes -------------------------------------------------------------------------------------------
    def start(self, name, argv, env=None):
        log = open(os.path.join(self.folder, name + ".log"), "ab")
        child = subprocess.Popen(argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder,
                                 env={**os.environ, **(env or {})}, start_new_session=True)
        self.started.append(child)
        return child

    def log_of(self, name, lines=15):
        try:
            with open(os.path.join(self.folder, name + ".log"), errors="replace") as log:
                return "".join(log.readlines()[-lines:])
        except FileNotFoundError:
            return ""

    def start_edge(self, binary=None, take_over=False):
        argv = [binary or self.slipway, "edge", "run", "--state", self.state, "--listen", f"127.0.0.1:{self.edge_port}"]
        before = self.edge
        self.edge = self.start("edge", argv + (["--take-over"] if take_over else []))
        if take_over:
            wait_until("the hand-over to the new edge", 15, lambda: self.edge_pid() == self.edge.pid)
            return before
        wait_until("the edge answering", 10, lambda: self.alive(self.edge, "edge") and self.edge_pid() == self.edge.pid)
        return None

    def alive(self, child, name):
        if child.poll() is not None:
            raise Failure(f"the {name} ended with {child.returncode}:\n{self.log_of(name)}")
        return True

    def edge_pid(self):
        answer = self.control("edge.sock", "GET", "/v1/edge")
        return answer and answer.get("pid")

    def start_daemon(self, env=None, options=()):
        self.daemon = self.start("daemon", [self.slipway, "daemon", "--state", self.state, *options], env)
        wait_until("the daemon answering", 10, self.daemon_answers)

    def daemon_answers(self):
        self.alive(self.daemon, "daemon")
        return self.control("daemon.sock", "GET", "/v1/health") is not None

    def kill_daemon(self):
        os.kill(self.daemon.pid, signal.SIGKILL)
        self.daemon.wait()

    # --- control sockets ---------------------------------------------------------------------------------------
    def control(self, name, method, target, body=None):
        """One call over a control socket: the JSON of a 2xx answer, else None."""
        try:
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(10)
                link.connect(os.path.join(self.state, name))
                text = json.dumps(body).encode() if body is not None else b""
                link.sendall(f"{method} {target} HTTP/1.1\r\nHost: slipway\r\nConnection: close\r\n"
                             f"Content-Length: {len(text)}\r\n\r\n".encode() + text)
                data = b""
                while chunk := link.recv(65536):
                    data += chunk
        except OSError:
            return None
        head, _, rest = data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 2"):
            return None
        try:
            return json.loads(rest)
        except ValueError:
            return None

    # --- verbs -------------------------------------------------------------------------------------------------
    def run(self, *words, check=True, timeout=180):
        argv = [self.slipway, *words, "--state", self.state]
        if self.config:
            argv += ["--file", self.config]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL,
                              cwd=self.folder)
        if check and done.returncode != 0:
            raise Failure(f"slipway {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
                          f"\n--- daemon\n{self.log_of('daemon')}")
        return done

    def begin(self, *words):
        argv = [self.slipway, *words, "--state", self.state] + (["--file", self.config] if self.config else [])
        child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                 stdin=subprocess.DEVNULL, cwd=self.folder)
        self.started.append(child)
        return child

    def status(self, app, environment):
        answer = self.control("daemon.sock", "GET", f"/v1/status?app={app}&environment={environment}") or {}
        return next(iter(answer.get("environments", [])), {})

    def releases(self, app, environment):
        answer = self.control("daemon.sock", "GET", f"/v1/releases?app={app}&environment={environment}&limit=100")
        return (answer or {}).get("releases", [])

    def release(self, name):
        return self.control("daemon.sock", "GET", f"/v1/releases/{name}") or {}

    # --- load --------------------------------------------------------------------------------------------------
    def start_load(self, rate, mix, host=None):
        self.report_file = os.path.join(self.folder, "load.json")
        self.timeline_file = os.path.join(self.folder, "timeline.jsonl")
        argv = [self.load_binary, "--url", f"http://127.0.0.1:{self.edge_port}", "--rate", str(rate), "--mix", mix,
                "--until-file", os.path.join(self.folder, "stop-load"), "--report", self.report_file,
                "--timeline", self.timeline_file]
        self.load = self.start("load", argv + (["--host", host] if host else []))

    def stop_load(self):
        open(os.path.join(self.folder, "stop-load"), "w").close()
        self.load.wait(timeout=30)
        os.unlink(os.path.join(self.folder, "stop-load"))
        with open(self.report_file) as report:
            return json.load(report)

    # --- the end -----------------------------------------------------------------------------------------------
    def shims(self):
        """Pids of shims of this state folder that still run."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as words:
                    line = words.read().split(b"\0")
                where = os.readlink(f"/proc/{pid}/cwd")
            except OSError:
                continue
            if b"shim" in line[:3] and where.startswith(self.state):
                found.append(int(pid))
        return found

    def stop(self, keep=False):
        """Ends everything that was started; returns how many instances were still there."""
        for child in (self.load, self.daemon):
            if child and child.poll() is None:
                child.send_signal(signal.SIGTERM)
                child.wait(timeout=20)
        shims = self.shims()
        for pid in shims:
            os.kill(pid, signal.SIGTERM)
        try:
            wait_until("the instances' end", 20, lambda: not self.shims())
        finally:
            for child in self.started:
                if child.poll() is None:
                    child.send_signal(signal.SIGKILL)
                    child.wait()
            if not keep:
                shutil.rmtree(self.folder, ignore_errors=True)
        return len(shims)
