#!/usr/bin/env python3
"""Incidents of the real daemon, which is killed with -9 at every point around what they do.

A SEV1 is opened for the live release, or for one that gets its first traffic. Wherever the daemon dies, the next one
must find one incident, one rollback (or one release taken back) and no second, the release before it serving again,
and every notice at the receiver at least once and each time the same.

usage: incidents_test.py BUILD_FOLDER
"""
import datetime
import json
import os
import re
import shutil
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from receivers import Receiver, checker_of_webhook  # noqa: E402
from rig import Failure, Rig, free_port, wait_until  # noqa: E402

APP, ENVIRONMENT = "trouble", "production"
HOOK_KEY = "a key that signs"
CONFIG = """app: trouble
services:
  web: { run: "exec node app.js ${version}", dir: "@DIR@", drain: 0s, health: { path: /health, interval: 100ms, healthy: 1 }, stop: { timeout: 2s } }
secrets: { HOOK: { env: T_HOOK } }
channels: { robot: { type: webhook, secret: HOOK, url: "@HOOK@/" } }
notify: [ { on: [incident], to: [robot] } ]
environments:
  production:
    rollout: { keep_old: 1h@MORE@ }
    incidents:
      assess_within: 6s
      alerts: [ { alert: CheckoutDown, labels: { severity: critical }, severity: sev1 } ]
"""
ALERTMANAGER = """route: { receiver: slipway, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1m }
receivers:
  - name: slipway
    webhook_configs:
      - url: "http://127.0.0.1:@PORT@/v1/environments/trouble/production/alerts"
        http_config: { authorization: { credentials: "@TOKEN@" } }
"""
CANARY = ", strategy: canary, steps: [50%, 100%], judge: 1h"
WATCHED = CANARY + " }\n    roll_back_when: [ alert CheckoutBroken ]\n    x-rest: { a: b"


def expect(condition, what):
    if not condition:
        raise Failure(str(what))


class Stage:
    def __init__(self, build):
        self.rig = Rig(build, "slipway-incidents-")
        self.hook = Receiver(checker_of_webhook(HOOK_KEY))
        self.rig.config = os.path.join(self.rig.folder, "slipway.yaml")
        self.version = 0
        self.port = free_port()
        self.alertmanager = None

    def start_alertmanager(self):
        """The real one, which sends what it has to the daemon's API with a token."""
        token = self.rig.run("daemon", "token", "create", "alertmanager", "--role", "deployer").stdout.strip()
        with open(os.path.join(self.rig.folder, "alertmanager.yml"), "w") as out:
            out.write(ALERTMANAGER.replace("@PORT@", str(self.port)).replace("@TOKEN@", token))
        self.alertmanager = f"http://127.0.0.1:{free_port()}"
        self.rig.start("alertmanager", [
            "prometheus-alertmanager", f"--config.file={os.path.join(self.rig.folder, 'alertmanager.yml')}",
            f"--storage.path={os.path.join(self.rig.folder, 'am')}",
            f"--web.listen-address={self.alertmanager[len('http://'):]}", "--cluster.listen-address="])

        def ready():
            try:
                return urllib.request.urlopen(self.alertmanager + "/-/ready", timeout=2).status == 200
            except OSError:
                return False
        wait_until("Alertmanager", 30, ready)

    def alert(self, name, over=False):
        """As Prometheus would tell Alertmanager."""
        now = datetime.datetime.now(datetime.timezone.utc)
        body = {"labels": {"alertname": name, "severity": "critical"}, "annotations": {"summary": f"{name}: nobody can pay"}}
        body["endsAt"] = (now - datetime.timedelta(seconds=1) if over else now + datetime.timedelta(hours=1)).isoformat()
        call = urllib.request.Request(self.alertmanager + "/api/v2/alerts", json.dumps([body]).encode(),
                                      {"Content-Type": "application/json"})
        urllib.request.urlopen(call, timeout=10).read()

    def write(self, more=""):
        with open(self.rig.config, "w") as out:
            out.write(CONFIG.replace("@DIR@", HERE).replace("@HOOK@", self.hook.url).replace("@MORE@", more))

    def daemon(self, point=None):
        if self.rig.daemon and self.rig.daemon.poll() is None:
            self.rig.daemon.terminate()
            self.rig.daemon.wait(timeout=10)
        self.rig.start_daemon({"T_HOOK": HOOK_KEY, **({"SLIPWAY_CRASH_AT": point} if point else {})},
                              ["--listen", f"127.0.0.1:{self.port}"])

    def next_version(self):
        self.version += 1
        return f"v{self.version}"

    def live(self):
        return (self.rig.status(APP, ENVIRONMENT).get("live") or {}).get("version")

    def incidents(self):
        return (self.rig.control("daemon.sock", "GET", "/v1/incidents?limit=500") or {}).get("incidents", [])

    def open(self, impact):
        return self.rig.run("incident", "open", ENVIRONMENT, "--severity", "sev1", "--impact", impact, check=False)

    def rollbacks(self, incident):
        return [row for row in self.rig.releases(APP, ENVIRONMENT)
                if row["kind"] == "rollback" and row["by"].endswith(f"(incident {incident})")]


def told(stage, incident):
    """key -> bodies, of what the receiver got about an incident."""
    out = {}
    for one in stage.hook.got:
        if one["json"]["key"].startswith(incident + "/"):
            out.setdefault(one["json"]["key"], []).append(one["body"])
    return out


def check(stage, point, impact, good, wanted_rollbacks):
    rig = stage.rig
    found = [one for one in stage.incidents() if one["impact"] == impact]
    expect(len(found) == 1, f"{point}: {len(found)} incidents")
    incident = found[0]["id"]

    def done():
        answer = rig.control("daemon.sock", "GET", f"/v1/incidents/{incident}")
        return answer and answer["response"]["state"] == "done"
    wait_until(f"the end of {incident} after a kill at {point}", 30, done)
    expect(stage.live() == good, f"{point}: {stage.live()} is live, not {good}")
    made = stage.rollbacks(incident)
    expect(len(made) == wanted_rollbacks, f"{point}: {len(made)} rollbacks: {made}")
    wait_until(f"the notices of {incident}", 30, lambda: len(told(stage, incident)) >= 2 and any(
        "/done/" in key for key in told(stage, incident)))
    repeated = 0
    for key, bodies in told(stage, incident).items():
        expect(len(set(bodies)) == 1, f"{point}: {key} came in different shapes: {set(bodies)}")
        repeated += len(bodies) - 1
    expect(f"{incident}/opened" in told(stage, incident), told(stage, incident))
    rig.run("incident", "close", incident, "--resolution", "went back")
    return repeated


def crash(stage, point, begin, wanted_rollbacks):
    """begin(): a bad release is out, and the version that is to serve again."""
    stage.daemon()
    good = begin()
    stage.daemon(point)
    impact = f"killed at {point}, {stage.version}"
    stage.open(impact)

    def over():
        return stage.rig.daemon.poll() is not None or any(
            one["impact"] == impact and one["response"]["state"] == "done" for one in stage.incidents())
    wait_until(f"the kill at {point}", 20, over)
    died = stage.rig.daemon.poll() is not None
    if died:
        stage.daemon()
    # Whoever had no answer says it again.
    expect(stage.open(impact).returncode == 0, f"{point}: cannot be opened again")
    return check(stage, point, impact, good, wanted_rollbacks), died


def at_rest(stage):
    """The last release's thread has left the environment: another may begin."""
    wait_until("rest", 20, lambda: "running" in (row := stage.rig.status(APP, ENVIRONMENT)) and not row["running"]
               or not stage.rig.releases(APP, ENVIRONMENT))


def live_release(stage):
    at_rest(stage)
    stage.write()
    stage.rig.run("deploy", ENVIRONMENT, stage.next_version())
    good = f"v{stage.version}"
    stage.rig.run("deploy", ENVIRONMENT, stage.next_version())
    return good


def canary(stage, rollout=CANARY):
    at_rest(stage)
    stage.write()
    good = stage.next_version()
    stage.rig.run("deploy", ENVIRONMENT, good)
    stage.write(rollout)
    stage.rig.run("deploy", ENVIRONMENT, stage.next_version(), "--detach")
    wait_until("the canary's traffic", 20,
               lambda: (stage.rig.status(APP, ENVIRONMENT).get("running") or {}).get("percent") == 50)
    return good


def story(stage):
    """A SEV2 that nobody assesses, through the verbs, with its message and its timeline."""
    good = live_release(stage)
    rig = stage.rig
    said = rig.run("incident", "open", ENVIRONMENT, "--impact", "checkout is slow").stdout
    expect("SEV2 in production of trouble" in said and "without a word by" in said, said)
    incident = re.match(r"i-\d+", said).group()
    wait_until("the expiry", 20, lambda: stage.live() == good)
    wait_until("its end", 20, lambda: "Status: Identified" in rig.run("incident", "show", incident, "--message").stdout)
    closed = rig.run("incident", "close", incident, "--resolution", "rolled back").stdout
    expect(closed == f"{incident}: resolved: rolled back\n", closed)
    message = rig.run("incident", "show", incident, "--message").stdout
    expect(re.fullmatch(r"DEPLOYMENT INCIDENT\n\nStatus: Resolved\nSeverity: SEV2\nImpact: checkout is slow\n"
                        r"Start Time: \S+Z\nResolution: rolled back\nETA: resolved at \S+Z\n", message), message)
    page = rig.run("incident", "show", incident, "--markdown").stdout
    for part in ("nobody has assessed it yet", "nobody has assessed it in time", "| release r-", "(robot: sent)"):
        expect(part in page, page)
    expect(incident in rig.run("incident", "list").stdout, "the list")
    expect(rig.run("incident", "list", "--open").stdout == "there is no incident\n", "the open ones")


def alerts(stage):
    """The real Alertmanager: an alert takes a watched release back; another opens an incident and ends it."""
    if not shutil.which("prometheus-alertmanager"):
        print("incidents: prometheus-alertmanager is not installed (tools/setup): its part is left out")
        return
    good = canary(stage, WATCHED)
    rig = stage.rig
    stage.start_alertmanager()
    watched = rig.releases(APP, ENVIRONMENT)[0]["id"]
    stage.alert("CheckoutBroken")
    wait_until("the end of the watched release", 30, lambda: rig.release(watched)["release"]["outcome"] == "rolled_back")
    told = rig.run("history", watched).stdout
    expect("alert CheckoutBroken fires: CheckoutBroken: nobody can pay" in told and "Verdicts" in told, told)
    expect(stage.live() == good, stage.live())
    good = live_release(stage)
    stage.alert("CheckoutDown")
    wait_until("the rollback by an alert", 30, lambda: stage.live() == good)
    newest = stage.incidents()[0]
    expect(newest["severity"] == "sev1" and newest["by"] == "alert CheckoutDown", newest)
    stage.alert("CheckoutDown", over=True)
    wait_until("the end of its incident", 60, lambda: stage.incidents()[0]["status"] == "resolved")


def main():
    stage = Stage(sys.argv[1])
    began = time.monotonic()
    failed = True
    repeated = killed = 0
    try:
        stage.rig.start_edge()
        stage.daemon()
        story(stage)
        alerts(stage)
        live = [f"incident.{name}" for name in ("before-create:1", "after-create:1", "before-rollback:1", "after-rollback:1")]
        live += [f"incident.{name}:{k}" for name in ("before-keep", "after-keep") for k in (1, 2, 3)]
        live += ["daemon.before-create-release:1", "daemon.after-create-release:1", "runner.after-journal:3", "runner.before-end:1"]
        cases = [(point, live_release, 1) for point in live]
        cases += [(f"incident.{name}", canary, 0) for name in ("before-abort:1", "after-abort:1", "after-keep:2")]
        for point, begin, rollbacks in cases:
            again, died = crash(stage, point, lambda how=begin: how(stage), rollbacks)
            repeated, killed = repeated + again, killed + died
        expect(killed == len(cases), f"only {killed} of {len(cases)} kills")
        expect(not stage.hook.misfits, stage.hook.misfits[:3])
        print(f"incidents: kills={killed} repeated={repeated} misfits=0 seconds={time.monotonic() - began:.0f}")
        failed = False
    except Failure as problem:
        print(f"incidents: {problem}\nmisfits: {stage.hook.misfits[:3]}\n--- daemon\n{stage.rig.log_of('daemon', 30)}",
              file=sys.stderr)
    finally:
        stage.rig.stop(keep=failed)
        stage.hook.close()
        if failed:
            print(f"logs are in {stage.rig.folder}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
