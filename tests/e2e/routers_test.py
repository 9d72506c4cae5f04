#!/usr/bin/env python3
"""The example cartrel, whole: the real daemon releases it through a real nginx, and through a real HAProxy, while
visitors come at a steady rate. Nothing of theirs fails: not by a release, a rollback, or what comes after.

usage: routers_test.py BUILD_FOLDER [nginx|haproxy…]
"""
import http.client
import os
import shutil
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rig import ROOT, Failure, Rig, free_port, wait_until  # noqa: E402

os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"  # where servers lie, not in everybody's PATH
APP, ENVIRONMENT = "cartrel", "try"
RATE = 100
# At a reload nginx closes connections that idle, and who is just sending on one loses that request
# (docs/howto/nginx.md); these visitors open one each.
NGINX_EXTRA = "http {\n  keepalive_timeout 0;"
HAPROXY = """global
  maxconn 500
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
"""


def rewrite(path, *pairs):
    with open(path) as file:
        text = file.read()
    for old, new in pairs:
        if old not in text:
            raise Failure(f"{path} has no {old!r}")
        text = text.replace(old, new)
    with open(path, "w") as file:
        file.write(text)


def begin(rig, proxy, proxies):
    """The example in the rig's folder, and the proxy in front of it."""
    place = os.path.join(rig.folder, "cartrel")
    shutil.copytree(os.path.join(ROOT, "examples/cartrel"), place)
    os.chmod(rig.folder, 0o755)  # nginx's workers are another user
    tmp = os.path.join(rig.folder, "proxy")
    os.makedirs(os.path.join(tmp, "conf.d"))
    rig.config = os.path.join(place, "slipway.yaml")
    rig.edge_port = free_port()  # where the load goes
    if proxy == "nginx":
        rewrite(rig.config, ("/tmp/cartrel", tmp), ("8088", str(rig.edge_port)))
        main = os.path.join(place, "nginx/try.conf")
        rewrite(main, ("/tmp/cartrel", tmp), ("http {", NGINX_EXTRA))
        child = rig.start("proxy", ["nginx", "-g", "daemon off;", "-c", main])
        there = os.path.join(tmp, "nginx.pid")
    else:
        main = os.path.join(tmp, "haproxy.cfg")
        with open(main, "w") as file:
            file.write(HAPROXY)
        with open(rig.config) as file:
            text = file.read()
        head = text[:text.index("environments:")].replace("router: nginx", "router: haproxy")
        with open(rig.config, "w") as file:
            file.write(head + f"environments:\n  try:\n    watch: 0s\n    haproxy:\n"
                              f"      bind: [\"127.0.0.1:{rig.edge_port}\"]\n      folder: {tmp}/conf.d\n"
                              f"      config: {main}\n      master: {tmp}/master.sock\n")
        there = os.path.join(tmp, "master.sock")
        child = rig.start("proxy", ["haproxy", "-W", "-S", there, "-f", main, "-f", os.path.join(tmp, "conf.d")])
    proxies.append(child)
    wait_until("the proxy", 10, lambda: rig.alive(child, "proxy") and os.path.exists(there))
    return child


def ask(rig, path):
    link = http.client.HTTPConnection("127.0.0.1", rig.edge_port, timeout=10)
    try:
        link.request("GET", path)
        answer = link.getresponse()
        return answer.status, answer.read().decode()
    finally:
        link.close()


def expect(what, is_so):
    if not is_so:
        raise Failure(what)


def release_it(rig):
    rig.run("deploy", ENVIRONMENT, "v1.0.0", "--yes")
    expect("v1.0.0 has no plan for agencies", "Agency" not in ask(rig, "/plans")[1])
    rig.start_load(RATE, os.path.join(rig.folder, "mix"))
    rig.run("deploy", ENVIRONMENT, "v1.1.0", "--yes")
    expect("v1.1.0 has one", "Agency" in ask(rig, "/plans")[1])
    rig.run("rollback", ENVIRONMENT)
    expect("and after the rollback there is none", "Agency" not in ask(rig, "/plans")[1])
    rig.run("deploy", ENVIRONMENT, "v1.1.0", "--yes")
    report = rig.stop_load()
    expect(f"visitors lost requests: {report['failures']} {report['first_failures'][:3]}", report["failed"] == 0)
    expect(f"both versions were seen: {report['versions']}", {"v1.0.0", "v1.1.0"} <= set(report["versions"]))
    return report


def close_and_open(rig):
    rig.run("maintenance", "on", ENVIRONMENT, "--message", "Back at noon")
    expect("the page is there when the verb comes back", ask(rig, "/")[0] == 503)
    expect("it is the team's own page", "this dashboard rests" in ask(rig, "/")[1])
    expect("health goes on", ask(rig, "/health")[0] == 200)
    rig.run("maintenance", "off", ENVIRONMENT)
    expect("the app is there again", ask(rig, "/")[0] == 200)


def survive_a_restart(rig, proxy, child, proxies):
    """What was routed is on the proxy's disk: it comes back without slipway."""
    rig.kill_daemon()
    argv = child.args
    child.send_signal(signal.SIGTERM)
    child.wait(timeout=20)
    again = rig.start("proxy", argv)
    proxies.append(again)
    wait_until(f"{proxy} serving again", 10, lambda: rig.alive(again, "proxy") and serves(rig))


def serves(rig):
    try:
        return ask(rig, "/plans")[0] == 200
    except OSError:
        return False


def run(build, proxy):
    rig = Rig(build, prefix=f"slipway-{proxy}-")
    proxies = []
    try:
        with open(os.path.join(rig.folder, "mix"), "w") as mix:
            mix.write('3 GET /plans\n1 POST /subscriptions {"shop":"s<1-99>","plan":"<Monthly|Annual>"}\n')
        child = begin(rig, proxy, proxies)
        rig.start_daemon()
        report = release_it(rig)
        close_and_open(rig)
        survive_a_restart(rig, proxy, child, proxies)
        print(f"{proxy}: requests={report['requests']} failed={report['failed']}"
              f" p99_ms={report['latency_ms']['p99']:.1f}")
    except Failure as failure:
        raise Failure(f"{failure}\n--- proxy\n{rig.log_of('proxy')}") from None
    finally:
        for one in proxies:  # politely: a master that is killed leaves its workers behind
            if one.poll() is None:
                one.send_signal(signal.SIGTERM)
                one.wait(timeout=20)
        rig.stop()


def main(arguments):
    try:
        for proxy in arguments[1:] or ["nginx", "haproxy"]:
            run(arguments[0], proxy)
    except Failure as failure:
        print(f"routers: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
