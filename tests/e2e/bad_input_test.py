#!/usr/bin/env python3
"""Everything a person or a machine can get wrong around slipway, on the real binary.

An app v1 is live behind the edge and is asked all the time. Each case then does one thing wrong and looks at two
things: what served goes on serving, and the error says what was tried, on what, what the world answered and what
to do next, with the right exit status.

usage: bad_input_test.py BUILD_FOLDER [CASE…]     VERBOSE=1 shows what slipway said
"""
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rig import Failure, Rig, free_port, wait_until  # noqa: E402

APP, ENVIRONMENT = "shop", "production"
HERE = os.path.dirname(os.path.abspath(__file__))
VERBOSE = os.environ.get("VERBOSE") == "1"
NOBODY = 65534

CONFIG = """app: shop
services:
  web:
    run: @RUN@
    dir: "@DIR@"
    env: { VERSION: "${version}", @ENV@ }
    health: { path: /health, interval: 100ms, timeout: 1s, healthy: 1, start_period: @START@ }
    drain: 2s
    stop: { timeout: 1s }
@SECRETS@
environments:
  production:
    rollout: { strategy: blue-green, keep_old: 0s }
"""

MISTAKES = """app: Shop_Flow
services:
  web:
    run: node versions/${VERSION}/server.js
    instnaces: 3
    instances: 0
    port: 3000
    health: { path: health, interval: 5 }
    drain: soon
    needs: [wroker]
    secrets: [DATABSE_URL]
    drain: 40s
  worker: { port: none, run: y, image: x }
secrets:
  DATABASE_URL: { env: A, file: /x }
smoke:
  - { get: /health, run: x }
state: x
rollout: { strategy: canery, steps: [10%, 5, 50%] }
roll_back_when: [error_rate > 5, health failing]
watch: 30
maintenance: { allow: [10.0.0.0/99] }
url: www.shop.example
environments:
  staging: { inherits: prodution }
  production: { on_conflict: replace }
"""
MISTAKEN_AT = ["1:6", "4:10", "5:5", "6:16", "7:11", "8:21", "8:39", "9:12", "10:13", "11:15", "12:5", "13:33",
               "15:27", "17:21", "18:1", "19:22", "19:43", "20:18", "21:8", "22:24", "23:6", "25:24", "26:30"]

SECRET = "correct-horse-battery-9137"


class Done:
    """A finished command, and what of it can be wrong."""

    def __init__(self, words, code, text):
        self.words, self.code, self.text = " ".join(words), code, text
        if VERBOSE:
            print(f"    $ slipway {self.words} -> {code}\n      " + text.rstrip().replace("\n", "\n      "), flush=True)

    def says(self, code, *words, next_step=True):
        allowed = code if isinstance(code, tuple) else (code,)
        problems = [] if self.code in allowed else [f"exit {self.code}, not {code}"]
        problems += [f"does not say {word!r}" for word in words if word.lower() not in self.text.lower()]
        if next_step and "next: " not in self.text:
            problems.append("names no next step")
        if problems:
            raise Failure(f"slipway {self.words}: {'; '.join(problems)}:\n{self.text}")
        return self


class Visitor(threading.Thread):
    """Asks the app through the edge all the time, and keeps everything that was not its answer."""

    def __init__(self, port, versions):
        super().__init__(daemon=True)
        self.port, self.versions = port, set(versions)
        self.answers, self.wrong, self.last = 0, [], ""
        self.ending = threading.Event()
        self.start()

    def ask(self):
        try:
            status, self.last = get(self.port)
        except OSError as problem:
            return repr(problem)
        return "" if status == 200 and self.last in self.versions else f"{status} {self.last[:60]}"

    def run(self):
        while not self.ending.wait(0.01):
            wrong = self.ask()
            self.answers += 1
            if wrong:
                self.wrong.append(wrong)

    def check(self):
        seen = self.answers
        wait_until("another answer", 10, lambda: self.answers > seen + 1)
        if self.wrong:
            raise Failure(f"{len(self.wrong)} requests were not answered by {self.versions}: {self.wrong[:5]}")

    def end(self):
        self.ending.set()
        self.join()


def get(port, path="/"):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        link.request("GET", path)
        answer = link.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except http.client.HTTPException as problem:
        raise OSError(f"no HTTP: {problem!r}") from problem
    finally:
        link.close()


class Foreign:
    """Somebody else on a control socket: answers everything with the same bytes."""

    def __init__(self, path, answer):
        self.path, self.answer = path, answer
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(50)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            with link, contextlib.suppress(OSError):
                link.settimeout(2)
                link.recv(65536)
                link.sendall(self.answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)


def http_answer(body, *fields):
    head = ["HTTP/1.1 200 OK", "Connection: close", f"Content-Length: {len(body)}", *fields]
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


GARBAGE = b"\x00\x01SSH-2.0-nothing you know\r\n\r\n"
OTHER_HTTP = http_answer("<h1>Welcome to nginx!</h1>", "Server: nginx", "Content-Type: text/html")
OTHER_API = http_answer('{"product":"slipway","version":"9.9.0","pid":1,"api":99}', "Slipway-Api: 99",
                        "Slipway-Version: 9.9.0", "Content-Type: application/json")


class Scene:
    """An edge and a daemon with v1 live, and a visitor that must always be answered by it."""

    def __init__(self, build, state=None):
        self.rig = Rig(build, "slipway-bad-")
        os.chmod(self.rig.folder, 0o755)
        if state:
            self.rig.state = state
            os.makedirs(state)
        self.visitor = None
        self.configs = 0
        self.outputs = []
        self.use(self.config())
        try:
            self.rig.start_edge()
            self.rig.start_daemon()
            self.rig.run("deploy", ENVIRONMENT, "v1")
        except Failure:
            self.rig.stop(keep=True)
            raise
        self.visitor = Visitor(self.rig.edge_port, ["v1"])

    def config(self, run="node app.js", env="LOG: 1", start="20s", secrets="", folder=HERE):
        return (CONFIG.replace("@RUN@", run).replace("@ENV@", env).replace("@START@", start)
                .replace("@SECRETS@", secrets).replace("@DIR@", folder))

    def use(self, text):
        self.configs += 1
        self.rig.config = os.path.join(self.rig.folder, f"slipway-{self.configs}.yaml")
        with open(self.rig.config, "w") as out:
            out.write(text)

    def bad(self, **changes):
        self.use(self.config(**changes))

    def path(self, name):
        return os.path.join(self.rig.folder, name)

    def run(self, *words, timeout=40):
        done = self.rig.run(*words, check=False, timeout=timeout)
        self.outputs.append(done.stdout + done.stderr)
        return Done(words, done.returncode, done.stdout + done.stderr)

    def raw(self, *argv, timeout=20, env=None):
        """The binary (or argv[0] when it is a path) with nothing added."""
        argv = argv if argv[0].startswith("/") else (self.rig.slipway, *argv)
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              text=True, cwd=self.rig.folder, env={**os.environ, **(env or {})}) as child:
            try:
                text, _ = child.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                child.kill()
                text = child.communicate()[0] + f"\n(killed: still running after {timeout} s)"
        self.outputs.append(text)
        return Done(argv[1:], child.returncode, text)

    def at_rest(self):
        return not self.rig.status(APP, ENVIRONMENT).get("running")

    def live_version(self):
        return (self.rig.status(APP, ENVIRONMENT).get("live") or {}).get("version")

    def check(self):
        """What must hold after each case: v1 answered all the time, is live, and nothing else is left."""
        self.visitor.check()
        wait_until("the daemon at rest", 15, self.at_rest)
        if self.live_version() not in self.visitor.versions:
            raise Failure(f"live is {self.live_version()}")
        wait_until("one instance left", 15, lambda: len(self.rig.shims()) == 1)

    def stop(self, keep=False):
        if self.visitor:
            self.visitor.end()
        self.rig.stop(keep)


# --- the cases: each gets the scene, in which v1 is live ------------------------------------------------------------

def every_mistake_of_a_file_is_told_with_its_place(scene):
    scene.use(MISTAKES)
    done = scene.run("check").says(2, "did you mean 'canary'?", "write 'shop-flow'")
    found = re.findall(r"^\S+\.yaml:(\d+:\d+): ", done.text, re.MULTILINE)
    if found != MISTAKEN_AT:
        raise Failure(f"mistakes at {found}, not at {MISTAKEN_AT}")
    scene.run("deploy", ENVIRONMENT, "v2").says(2, "1:6", "26:30")
    scene.rig.config = scene.path("nowhere.yaml")
    scene.run("check").says(2, "nowhere.yaml", "slipway init")


def as_nobody(scene, *words):
    """Runs slipway as a user that may write nowhere; the binary is copied to where that user may read it."""
    binary = scene.path("slipway-for-all")
    if not os.path.exists(binary):
        shutil.copy(scene.rig.slipway, binary)
        os.chmod(binary, 0o755)
    drop = [shutil.which("setpriv"), f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    return scene.raw(*(drop if os.geteuid() == 0 else []), binary, *words)


def a_state_folder_that_cannot_be_written(scene):
    folder = scene.path("not-mine")
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o555)
    below_a_file = scene.path("a-file")
    open(below_a_file, "w").close()
    below_a_file += "/state"
    as_nobody(scene, "daemon", "--state", folder).says(1, folder, "ermission", "--state")
    as_nobody(scene, "daemon", "--state", folder + "/new").says(1, folder, "ermission", "--state")
    as_nobody(scene, "edge", "run", "--listen", "127.0.0.1:0", "--state", folder).says(1, folder, "ermission")
    scene.raw("daemon", "--state", below_a_file).says(1, below_a_file, "not a directory", "--state")
    scene.raw("edge", "run", "--listen", "127.0.0.1:0", "--state", below_a_file).says(1, below_a_file)
    if os.geteuid() == 0:
        os.chmod(scene.rig.state, 0o755)
        as_nobody(scene, "status", "--state", scene.rig.state).says(6, "daemon.sock", "ermission", "daemon's user")


def a_port_in_use(scene):
    taken = f"127.0.0.1:{scene.rig.edge_port}"
    apart = scene.path("apart")
    scene.raw("edge", "run", "--listen", taken, "--state", apart).says(1, taken, "in use")
    scene.raw("daemon", "--listen", taken, "--state", apart).says(1, taken, "in use")
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        other = f"127.0.0.1:{holder.getsockname()[1]}"
        # A successor that cannot open what it was told must leave the running edge as it was.
        scene.raw("edge", "run", "--listen", other, "--state", scene.rig.state).says(1, other, "in use")
    if scene.rig.edge_pid() != scene.rig.edge.pid:
        raise Failure("the running edge has lost its control socket")


def a_command_that_does_not_exist(scene):
    scene.bad(run="no-such-program --port 1")
    scene.run("deploy", ENVIRONMENT, "v2").says((1, 3, 4), "no-such-program")


def an_app_that_never_gets_healthy(scene):
    scene.bad(env="MODE: unhealthy", start="1s")
    scene.run("deploy", ENVIRONMENT, "v2").says(4, "0 of 1 ready", "503 from /health", "no connection")
    scene.run("history").says(0, "v2", "rolled", next_step=False)


def an_app_that_dies_at_once(scene):
    scene.bad(env="MODE: dies")
    scene.run("deploy", ENVIRONMENT, "v2").says(4, 'cannot find the table "orders"', "giving up at once")
    scene.run("deploy", ENVIRONMENT, "v2", "--json").says(4, "giving up at once", next_step=False)
    last = scene.rig.releases(APP, ENVIRONMENT)[0]["id"]
    scene.run("logs", "--release", last).says(0, last, "giving up at once", next_step=False)


def a_folder_that_does_not_exist(scene):
    scene.bad(folder=HERE + "/${version}")
    scene.run("deploy", ENVIRONMENT, "v2").says((1, 2, 3, 4), HERE + "/v2")


def cuts_of(path):
    with open(path, "rb") as table:
        whole = table.read()
    yield from (whole[:size] for size in (0, 1, len(whole) // 3, len(whole) // 2, len(whole) - 2))
    yield whole[:len(whole) // 2] + b"\0" * (len(whole) - len(whole) // 2)
    yield b'{"format":99}'
    yield None


def put(path, content):
    """Writes a file; None: there is none."""
    if content is not None:
        with open(path, "wb") as out:
            out.write(content)


def a_damaged_routing_table(scene):
    good = os.path.join(scene.rig.state, "edge-table.json")
    for number, cut in enumerate(cuts_of(good)):
        folder = scene.path(f"damaged-{number}")
        os.makedirs(folder)
        shutil.copy(good, folder + "/edge-table.json.prev")
        put(folder + "/edge-table.json", cut)
        port = free_port()
        name = f"edge-{number}"
        edge = scene.rig.start(name, [scene.rig.slipway, "edge", "run", "--state", folder,
                                      "--listen", f"127.0.0.1:{port}", "--stop-time", "1s"])
        wait_until("the edge with the table before", 10,
                   lambda: scene.rig.alive(edge, name) and "ready" in scene.rig.log_of(name))
        if get(port) != (200, "v1"):
            raise Failure(f"an edge with a damaged table answers {get(port)}")
        said = Done(["edge", "run", str(number)], 0, scene.rig.log_of(name))
        said.says(0, "warning", folder, "the one before", next_step=False)
        edge.send_signal(signal.SIGTERM)
        edge.wait(timeout=10)
    both_damaged(scene, good)


def both_damaged(scene, good):
    for number, cut in enumerate(cuts_of(good)):
        folder = scene.path(f"ruined-{number}")
        os.makedirs(folder)
        put(folder + "/edge-table.json", cut)
        put(folder + "/edge-table.json.prev", cut or b"{")
        scene.raw("edge", "run", "--state", folder, "--listen", "127.0.0.1:0", timeout=5).says(
            1, folder + "/edge-table.json", ".prev", "backup")


@contextlib.contextmanager
def without_daemon(scene):
    """The daemon is gone for a while; the edge and the app are not."""
    scene.rig.kill_daemon()
    try:
        yield
    finally:
        scene.rig.start_daemon()


def somebody_else_on_the_control_socket(scene):
    path = os.path.join(scene.rig.state, "daemon.sock")
    with without_daemon(scene):
        for answer in (GARBAGE, OTHER_HTTP, b""):
            with Foreign(path, answer):
                words = ("not slipway",) if answer else ()
                scene.run("status").says(6, path, *words)
                scene.run("deploy", ENVIRONMENT, "v2").says(6, path, *words)
                scene.raw("daemon", "--state", scene.rig.state).says(6, path, "not slipway", "--state")
        scene.visitor.check()


def somebody_else_on_the_edge_socket(scene):
    path = os.path.join(scene.rig.state, "edge.sock")
    for answer in (GARBAGE, OTHER_HTTP):
        os.rename(path, path + ".aside")
        try:
            with Foreign(path, answer):
                scene.run("deploy", ENVIRONMENT, "v2").says((1, 3, 4), "edge.sock")
        finally:
            os.rename(path + ".aside", path)
        scene.check()


def no_edge_at_all(scene):
    path = os.path.join(scene.rig.state, "edge.sock")
    os.rename(path, path + ".aside")
    try:
        scene.run("deploy", ENVIRONMENT, "v2").says((1, 3, 4), "edge.sock", "slipway edge")
    finally:
        os.rename(path + ".aside", path)


def a_daemon_of_another_version(scene):
    path = os.path.join(scene.rig.state, "daemon.sock")
    with without_daemon(scene), Foreign(path, OTHER_API):
        scene.run("status").says(6, path, "9.9.0", "99")
        scene.run("deploy", ENVIRONMENT, "v2").says(6, "9.9.0", "99")
        scene.run("status", "--json").says(6, "DaemonVersion", '"next"', next_step=False)
        scene.raw("daemon", "--state", scene.rig.state).says((1, 6), path, "another slipway daemon")


def a_secret_that_cannot_be_read(scene):
    secrets = "    secrets: [API_KEY]\nsecrets: { API_KEY: { @SOURCE@ } }"
    sources = [("file: /nowhere/api-key", "/nowhere/api-key"), ("env: NOT_SET_ANYWHERE", "NOT_SET_ANYWHERE"),
               (f"command: \"echo {SECRET[:9]}''{SECRET[9:]}; exit 3\"", "3")]
    for source, word in sources:
        scene.bad(secrets=secrets.replace("@SOURCE@", source))
        scene.run("deploy", ENVIRONMENT, "v2").says((1, 3, 4), "API_KEY", word)
    check_nothing_tells(scene)


def a_secret_is_seen_nowhere(scene):
    with tempfile.TemporaryDirectory(prefix="slipway-secret-") as elsewhere:
        with open(os.path.join(elsewhere, "api-key"), "w") as out:
            out.write(SECRET + "\n")
        scene.bad(env="MODE: unhealthy, LOG: 1", start="1s",
                  secrets=f"    secrets: [API_KEY]\nsecrets: {{ API_KEY: {{ file: {elsewhere}/api-key }} }}")
        scene.run("check").says(0, next_step=False)
        scene.run("config", "--resolved").says(0, "API_KEY", next_step=False)
        scene.run("plan", ENVIRONMENT, "v2").says(0, next_step=False)
        child = scene.rig.begin("deploy", ENVIRONMENT, "v2")
        wait_until("an instance with the secret", 20, lambda: has_in_environment(scene, SECRET))
        check_nothing_tells(scene)
        scene.outputs.append(child.communicate(timeout=40)[0])
        for words in (("history",), ("history", "--json"), ("status", "--json"), ("logs",)):
            scene.run(*words)
    check_nothing_tells(scene)


def has_in_environment(scene, text):
    found = False
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/environ", "rb") as variables:
                found = found or b"API_KEY=" + text.encode() in variables.read().split(b"\0")
    return found


def check_nothing_tells(scene):
    """The secret's value: in no file, no output, no command line."""
    places = []
    for folder, _, names in os.walk(scene.rig.folder):
        for name in names:
            path = os.path.join(folder, name)
            with contextlib.suppress(OSError):
                if os.path.isfile(path) and name != "slipway-for-all" and SECRET.encode() in open(path, "rb").read():
                    places.append(path)
    places += ["an output" for text in scene.outputs if SECRET in text]
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/cmdline", "rb") as words:
                places += [f"the command line of {pid}"] if SECRET.encode() in words.read() else []
    if places:
        raise Failure(f"the secret's value is in {places}")


def verbs_without_a_daemon(scene):
    verbs = [("status",), ("plan", ENVIRONMENT, "v2"), ("deploy", ENVIRONMENT, "v2"), ("promote",), ("pause",),
             ("resume",), ("abort",), ("rollback",), ("history",), ("logs",), ("maintenance", "on"),
             ("maintenance", "off"), ("daemon", "token", "list")]
    with without_daemon(scene):
        for words in verbs:
            scene.run(*words).says(6, "daemon.sock", f"slipway daemon --state {scene.rig.state}")
        for words in (("check",), ("config",), ("version",)):
            scene.run(*words).says(0, next_step=False)
        error = json.loads(scene.run("status", "--json").says(6, next_step=False).text)["error"]
        if error["code"] != "DaemonUnreachable" or not error["next"]:
            raise Failure(f"status --json says {error}")
    scene.raw("status", "--state", scene.path("nothing-here")).says(6, "nothing-here/daemon.sock", "slipway daemon")


def a_damaged_store(scene):
    folder = scene.path("damaged-store")
    os.makedirs(folder)
    put(folder + "/store.db", b"this is no data base" * 500)
    scene.raw("daemon", "--state", folder).says(1, folder + "/store.db")


def a_second_daemon_on_the_folder(scene):
    scene.raw("daemon", "--state", scene.rig.state).says(1, scene.rig.state, str(scene.rig.daemon.pid), "--state")
    scene.run("status").says(0, "v1", next_step=False)


def running_release(scene):
    return (scene.rig.status(APP, ENVIRONMENT).get("running") or {}).get("release") or ""


def progress(scene):
    return (scene.rig.status(APP, ENVIRONMENT).get("running") or {}).get("progress") or ""


def begin_slow_release(scene, version):
    """A release that waits for its instances until it is taken back."""
    scene.bad(env="MODE: unhealthy", start="60s")
    child = scene.rig.begin("deploy", ENVIRONMENT, version)
    wait_until("an instance that is not healthy yet", 20, lambda: running_release(scene) and len(scene.rig.shims()) > 1)
    return child, running_release(scene)


def a_second_deploy_while_one_runs(scene):
    first, release = begin_slow_release(scene, "v2")
    refused = scene.run("deploy", ENVIRONMENT, "v3").says(3, release, "v2", "started by", "--supersede")
    refused.says(3, f"slipway abort {ENVIRONMENT}")
    scene.use(scene.config())
    scene.visitor.versions.add("v3")
    scene.run("deploy", ENVIRONMENT, "v3", "--supersede").says(0, "v3 is live", next_step=False)
    text = first.communicate(timeout=20)[0]
    Done(["deploy", "v2"], first.returncode, text).says(5, "superseded", next_step=False)


def an_abort(scene):
    first, release = begin_slow_release(scene, "v4")
    scene.run("abort", ENVIRONMENT, "--reason", "wrong one").says(0, release, next_step=False)
    Done(["deploy", "v4"], first.wait(timeout=20), first.communicate()[0]).says(5, "wrong one", next_step=False)
    scene.run("abort", ENVIRONMENT).says((1, 3), "run")


def ctrl_c_lets_go(scene):
    child, release = begin_slow_release(scene, "v5")
    child.send_signal(signal.SIGINT)
    text = child.communicate(timeout=10)[0]
    Done(["deploy", "v5"], child.returncode, text).says(130, release, "goes on", "slipway status",
                                                        "slipway abort", next_step=False)
    if running_release(scene) != release:
        raise Failure(f"{release} ended with its follower")
    scene.run("abort", ENVIRONMENT)


def a_full_disk(scene):
    """Runs in a scene of its own, whose state folder is on a small disk."""
    scene.bad(env="LOG: 1, START_MS: 1500")
    ballast = fill(scene.rig.state)
    scene.run("status").says(0, "v1", next_step=False)
    scene.run("deploy", ENVIRONMENT, "v2").says(1, "disk is full", "free space", scene.rig.state)
    scene.visitor.check()
    old_edge = scene.rig.start_edge(take_over=True)
    scene.visitor.check()
    old_edge.send_signal(signal.SIGTERM)
    started_on_a_full_disk(scene)
    for path in ballast:
        os.unlink(path)
    if scene.rig.daemon.poll() is not None:
        scene.rig.start_daemon()
    scene.check()
    fills_while_a_release_runs(scene)


def started_on_a_full_disk(scene):
    """A new daemon either works or says why it does not; either way the old release serves."""
    scene.rig.kill_daemon()
    try:
        scene.rig.start_daemon()
    except Failure:
        said = Done(["daemon"], scene.rig.daemon.returncode, scene.rig.log_of("daemon"))
        said.says(1, "disk is full", scene.rig.state)
    scene.visitor.check()


def fills_while_a_release_runs(scene):
    scene.visitor.versions.add("v2")
    child = scene.rig.begin("deploy", ENVIRONMENT, "v2")
    wait_until("the new instance", 20, lambda: len(scene.rig.shims()) > 1)
    ballast = fill(scene.rig.state)
    wait_until("a release that waits for the disk", 20, lambda: "disk is full" in progress(scene))
    scene.run("status").says(0, "waiting", "disk is full", "free space")
    scene.visitor.check()
    for path in ballast:
        os.unlink(path)
    text = child.communicate(timeout=30)[0]
    Done(["deploy", "v2"], child.returncode, text).says(0, "v2 is live", next_step=False)


def fill(folder):
    """Leaves not one block; the names of what takes the room."""
    names = []
    for size in (1 << 20, 1 << 16, 1 << 12):
        names.append(os.path.join(folder, f"ballast-{size}"))
        with open(names[-1], "wb", buffering=0) as out, contextlib.suppress(OSError):
            while out.write(b"x" * size) == size:
                pass
    return names


# --- running them ----------------------------------------------------------------------------------------------------

CASES = [every_mistake_of_a_file_is_told_with_its_place, a_state_folder_that_cannot_be_written, a_port_in_use,
         a_command_that_does_not_exist, an_app_that_never_gets_healthy, an_app_that_dies_at_once,
         a_folder_that_does_not_exist, a_damaged_routing_table, somebody_else_on_the_control_socket,
         somebody_else_on_the_edge_socket, no_edge_at_all, a_daemon_of_another_version, a_secret_that_cannot_be_read,
         a_secret_is_seen_nowhere, verbs_without_a_daemon, a_damaged_store, a_second_daemon_on_the_folder, an_abort,
         ctrl_c_lets_go, a_second_deploy_while_one_runs]


def attempt(case, scene):
    """None, or why the case failed."""
    began = time.monotonic()
    usual = scene.rig.config
    problem = None
    try:
        case(scene)
        scene.check()
    except (Failure, OSError, subprocess.SubprocessError) as why:
        problem = str(why)
    scene.rig.config = usual
    title = case.__name__.replace("_", " ")
    print(f"{'failed' if problem else 'ok':6} {time.monotonic() - began:5.1f} s  {title}", flush=True)
    if problem:
        print("       " + problem.replace("\n", "\n       "), flush=True)
        scene.visitor.wrong.clear()
    return problem


@contextlib.contextmanager
def small_disk(megabytes=24):
    """A disk that can be filled, or None and why not."""
    folder = tempfile.mkdtemp(prefix="slipway-disk-")
    words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder]
    mounted = subprocess.run(words, capture_output=True, text=True)
    try:
        yield (folder, "") if mounted.returncode == 0 else (None, mounted.stderr.split("\n")[0])
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "--lazy", folder], check=True)
        os.rmdir(folder)


def on_a_small_disk(build):
    with small_disk() as (folder, why):
        if not folder:
            print(f"skip          a full disk: this machine lets nobody mount a small one ({why})")
            return []
        scene = Scene(build, os.path.join(folder, "state"))
        problem = attempt(a_full_disk, scene)
        scene.stop(keep=bool(problem))
        return [problem] if problem else []


def main():
    build = os.path.abspath(sys.argv[1])
    wanted = sys.argv[2:]
    scene = Scene(build)
    problems = []
    try:
        problems += filter(None, [attempt(case, scene) for case in CASES if not wanted or case.__name__ in wanted])
    finally:
        scene.stop(keep=bool(problems))
    if not wanted or "a_full_disk" in wanted:
        problems += on_a_small_disk(build)
    print(f"bad_input: failed={len(problems)}", flush=True)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
