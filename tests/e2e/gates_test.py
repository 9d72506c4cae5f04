#!/usr/bin/env python3
"""Gates on the real binary: reports, a command, a service of flags, a tag in git, a person; what stands in the journal;
and the readiness of the environment before and after.

usage: gates_test.py BUILD_FOLDER
"""
import http.server
import json
import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rig import Failure, Rig, wait_until  # noqa: E402

CONFIG = """app: shop
services:
  web:
    run: "exec python3 @FOLDER@/app.py"
    env: { VERSION: "${version}" }
    health: { path: /health, interval: 100ms, healthy: 1 }
    drain: 1s
secrets: { FLAGS: { file: @FOLDER@/flags-token } }
environments:
  production:
    rollout: { keep_old: 1h }
    checklist:
      - { name: unit-tests, tests: "junit-${version}.xml", max_age: 1h }
      - { name: backup, run: "echo backup of $SLIPWAY_VERSION", timeout: 20s }
      - { name: variables, variables: [VERSION] }
      - { name: tag, verify: tag }
      - { name: way-back, verify: rollback-plan }
      - { name: support, ask: Support knows, expires: 2m }
      - { name: looks-right, when: after, ask: It looks right, expires: 2s, on_expiry: go-on }
    scans: [ { name: image, report: "trivy-${version}.json", most: { critical: 0 }, expires: 3s } ]
    flags: [ { name: checkout, url: "http://127.0.0.1:@PORT@/api/client/features", secret: FLAGS, need: { new-checkout: on } } ]
    load_tests: [ { name: peak, report: "k6-${version}.txt", p95: 300ms, error_rate: 1% } ]
"""

APP = """import http.server, os
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(os.environ["VERSION"].encode())
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()
"""


class Flags(http.server.BaseHTTPRequestHandler):
    enabled = True

    def do_GET(self):
        known = self.headers.get("Authorization") == "token-7" and self.path == "/api/client/features"
        self.send_response(200 if known else 401)
        self.end_headers()
        self.wfile.write(json.dumps(
            {"version": 2, "features": [{"name": "new-checkout", "enabled": Flags.enabled}]}).encode())

    def log_message(self, *words):
        pass


class Gates:
    def __init__(self, build):
        self.rig = Rig(build, "slipway-gates-")
        self.flags = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Flags)
        threading.Thread(target=self.flags.serve_forever, daemon=True).start()

    def write(self, name, text):
        with open(os.path.join(self.rig.folder, name), "w") as out:
            out.write(text)

    def reports(self, version, critical=()):
        self.write(f"junit-{version}.xml", '<testsuite tests="2"><testcase name="a"/><testcase name="b"/></testsuite>')
        self.write(f"k6-{version}.txt", "p95=120ms error_rate=0.2% rps=300\n")
        found = [{"VulnerabilityID": one, "PkgName": "openssl", "InstalledVersion": "3.0.1", "Severity": "CRITICAL"}
                 for one in critical]
        self.write(f"trivy-{version}.json", json.dumps(
            {"SchemaVersion": 2, "ArtifactName": f"shop:{version}", "ArtifactType": "container_image",
             "Results": [{"Target": "x", "Vulnerabilities": found}]}))

    def git(self, *words):
        subprocess.run(["git", "-C", self.rig.folder, "-c", "user.name=t", "-c", "user.email=t@t", *words], check=True,
                       capture_output=True)

    def prepare(self):
        self.write("app.py", APP)
        self.write("flags-token", "token-7")
        text = CONFIG.replace("@FOLDER@", self.rig.folder).replace("@PORT@", str(self.flags.server_address[1]))
        self.write("slipway.yaml", text)
        self.rig.config = os.path.join(self.rig.folder, "slipway.yaml")
        self.git("init", "-q")
        self.git("commit", "-q", "--allow-empty", "-m", "first")
        self.rig.start_edge()
        self.rig.start_daemon()

    def expect(self, what, condition, seen=""):
        if not condition:
            raise Failure(f"{what}: {seen}")
        print(f"  {what}", flush=True)

    def plan_says_how_each_stands(self):
        said = self.rig.run("plan", "production", "v1").stdout
        for line in ("gate checklist.unit-tests: closed: " + self.rig.folder + "/junit-v1.xml is not there",
                     "gate checklist.backup: `echo backup of $SLIPWAY_VERSION` runs when the release gets there",
                     "gate checklist.variables: open: every service gets VERSION",
                     "gate flags.checkout: open: http://127.0.0.1:",
                     "gate checklist.support: closed: a person has not confirmed: Support knows"):
            self.expect(f"plan: {line[:60]}…", line in said, said)

    def a_release_waits_for_each(self):
        self.reports("v1")
        self.git("tag", "v1")
        child = self.rig.begin("deploy", "production", "v1")
        wait_until("the question to a person", 60,
                   lambda: (self.rig.status("shop", "production").get("running") or {}).get("step")
                   == "gate-checklist-support")
        self.expect("a person confirms", "support is confirmed by" in
                    self.rig.run("confirm", "production", "support", "--reason", "by phone").stdout)
        said = child.communicate(timeout=120)[0]
        self.expect("the release is live", child.returncode == 0, said)
        told = self.rig.run("history", "r-0001").stdout
        for words in ("2 tests passed, just now", "`echo backup of $SLIPWAY_VERSION`: backup of v1", "git has the tag v1",
                      "Support knows: confirmed by", "(by phone)", "new-checkout on", "0 critical (0 allowed)",
                      "p95 120ms (at most 300ms)", "a person has not confirmed: It looks right"):
            self.expect(f"history: {words}", words in told, told)

    def a_bad_scan_ends_it(self):
        self.reports("v2", critical=["CVE-2026-1"])
        self.git("tag", "v2")
        child = self.rig.begin("deploy", "production", "v2")
        said = child.communicate(timeout=120)[0]
        self.expect("a critical finding is exit status 3", child.returncode == 3, said)
        self.expect("and is named", "1 critical finding, 0 allowed: CVE-2026-1 in openssl 3.0.1" in said, said)
        live = self.rig.status("shop", "production")["live"]
        self.expect("v1 is live as before", live["version"] == "v1", live)

    def an_override_is_on_the_record(self):
        child = self.rig.begin("deploy", "production", "v2", "--override", "scans.image", "--override",
                               "checklist.support", "--reason", "false alarm")
        said = child.communicate(timeout=120)[0]
        self.expect("an override by name lets it pass", child.returncode == 0, said)
        told = self.rig.run("history", "r-0003").stdout
        self.expect("and says who and why", "scans.image overridden by" in told and "false alarm" in told, told)

    def readiness_counts_what_was_seen(self):
        before = json.loads(self.rig.run("readiness", "production", "--json").stdout)
        items = {one["name"]: one for one in before["items"]}
        self.expect("a rollback was never tried", items["drill"]["points"] == 0, items["drill"])
        self.expect("two of three went well", items["released"]["found"] == "2 of the last 3 releases went well",
                    items["released"])
        self.expect("the live instance is well", items["well"]["points"] == 4, items["well"])
        self.rig.run("rollback", "production")
        after = json.loads(self.rig.run("readiness", "production", "--json").stdout)
        items = {one["name"]: one for one in after["items"]}
        self.expect("a rollback that was tried counts", items["drill"]["points"] == 4, items["drill"])
        self.expect(f"from {before['score']} to {after['score']} points", after["score"] > before["score"])

    def run(self):
        try:
            self.prepare()
            self.plan_says_how_each_stands()
            self.a_release_waits_for_each()
            self.a_bad_scan_ends_it()
            self.an_override_is_on_the_record()
            self.readiness_counts_what_was_seen()
        finally:
            self.flags.shutdown()
            self.rig.stop()


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        Gates(sys.argv[1]).run()
    except Failure as why:
        print(f"FAILED: {why}", file=sys.stderr)
        return 1
    print("gates: everything as it should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
