#!/usr/bin/env python3
"""Notices of real releases, by the real daemon, to receivers of every type.

Slack, PagerDuty, Sentry and a signed webhook are recording receivers that hold each payload to its documented shape
(receivers.py), Slack's also to its own types and client from npm (slack/judge.mjs); mail goes to a real server with
STARTTLS and a password (mail_server.py), alerts to a real Alertmanager. Then the daemon is killed with -9 around every
send: each notice must arrive at least once everywhere, and be recognisable as the same.

usage: notices_test.py BUILD_FOLDER [story|trouble|crash]...     (all by default)
"""
import email
import email.policy
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from receivers import Receiver, check_pagerduty, check_sentry, check_slack, checker_of_webhook  # noqa: E402
from rig import Failure, Rig, free_port, wait_until  # noqa: E402

APP, ENVIRONMENT = "tell", "production"
HOOK_KEY = "a key that signs"
PASSWORD = "sesame & <open>"

# Small and quick. The smoke check is the handle by which the test makes a release wait, or fail.
CONFIG = """app: tell
services:
  web: { run: "exec node app.js ${version}", dir: "@DIR@", drain: 0s, health: { path: /health, interval: 100ms, healthy: 1 }, stop: { timeout: 2s } }
smoke: [ { run: "@SMOKE@", timeout: 60s } ]
secrets:
  SLACK: { env: T_SLACK }
  PAGER: { file: pager-key }
  SENTRY: { env: T_SENTRY }
  HOOK: { env: T_HOOK }
  MAIL: { env: T_MAIL }
channels:
  team: { type: slack, secret: SLACK, role: approver }
  pager: { type: pagerduty, secret: PAGER, url: "@PAGER@" }
  errors: { type: sentry, secret: SENTRY, organization: tell org, projects: [web], url: "@SENTRY@" }
  robot: { type: webhook, secret: HOOK, url: "@HOOK@/hooks/slipway", ca: cert.pem }
  mail: { type: email, url: "smtp://localhost:@MAIL@", user: slipway, secret: MAIL, from: slipway@tell.example, to: [ops@tell.example, shop@tell.example], ca: cert.pem }
  alerts: { type: alertmanager, url: "@ALERTS@" }
@MORE@
notify: [ { to: [@TO@] } ]
environments:
  production:
    url: https://tell.example
    rollout: { keep_old: 0s }
"""
OUTSIDE = "https://slipway.tell.example"
ALL = "team, pager, errors, robot, mail, alerts"


class Stage:
    def __init__(self, build):
        self.rig = Rig(build, "slipway-notices-")
        self.folder = self.rig.folder
        self.rig.config = os.path.join(self.folder, "slipway.yaml")
        self.version = 0
        self.port = free_port()
        self.children = []
        self.receivers = []
        self.make_certificate()
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.path("cert.pem"), self.path("key.pem"))
        self.slack = self.receiver(check_slack)
        self.pager = self.receiver(check_pagerduty)
        self.sentry = self.receiver(check_sentry)
        self.hook = self.receiver(checker_of_webhook(HOOK_KEY), tls=tls)
        self.mail_port = self.start_mail()
        self.alerts = self.start_alertmanager()
        with open(self.path("pager-key"), "w") as out:
            out.write("0123456789abcdef0123456789abcdef\n")
        self.env = {"T_SLACK": self.slack.url + "/services/T0/B0/secret", "T_SENTRY": "sntrys_token", "T_HOOK": HOOK_KEY,
                    "T_MAIL": PASSWORD}

    def path(self, name):
        return os.path.join(self.folder, name)

    def receiver(self, *words, **named):
        made = Receiver(*words, **named)
        self.receivers.append(made)
        return made

    def make_certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], cwd=self.folder, check=True,
                       capture_output=True)

    def start_mail(self):
        child = subprocess.Popen(["/usr/bin/python3", os.path.join(HERE, "mail_server.py"), self.path("cert.pem"),
                                  self.path("key.pem"), "slipway", PASSWORD, self.path("mail.jsonl")],
                                 stdout=subprocess.PIPE, stderr=open(self.path("mail.log"), "ab"), text=True)
        self.children.append(child)
        line = child.stdout.readline()
        if not line.strip():
            raise Failure("the mail server did not start")
        return int(line)

    def start_alertmanager(self):
        with open(self.path("alertmanager.yml"), "w") as out:
            out.write("route: { receiver: none }\nreceivers: [ { name: none } ]\n")
        url = f"http://127.0.0.1:{free_port()}"
        log = open(self.path("alertmanager.log"), "ab")
        self.children.append(subprocess.Popen(
            ["prometheus-alertmanager", f"--config.file={self.path('alertmanager.yml')}",
             f"--storage.path={self.path('alertmanager')}", f"--web.listen-address={url[len('http://'):]}",
             "--cluster.listen-address="], stdout=log, stderr=log))

        def ready():
            try:
                return urllib.request.urlopen(url + "/-/ready", timeout=2).status == 200
            except OSError:
                return False
        wait_until("Alertmanager", 30, ready)
        return url

    def write(self, smoke="true", more="", to=ALL):
        text = CONFIG
        for name, value in {"DIR": HERE, "SMOKE": smoke, "PAGER": self.pager.url, "SENTRY": self.sentry.url, "HOOK": self.hook.url,
                            "MAIL": str(self.mail_port), "ALERTS": self.alerts, "MORE": more, "TO": to}.items():
            text = text.replace(f"@{name}@", value)
        with open(self.rig.config, "w") as out:
            out.write(text)

    def next_version(self):
        self.version += 1
        return f"v{self.version}"

    def start_daemon(self, extra=None):
        self.rig.start_daemon({**self.env, **(extra or {})},
                              ["--listen", f"127.0.0.1:{self.port}", "--external-url", OUTSIDE])

    def newest(self):
        rows = self.rig.releases(APP, ENVIRONMENT)
        return rows[0]["id"] if rows else ""

    def notices(self, release):
        return self.rig.release(release).get("notices", [])

    def all_in(self, release, states=("sent",)):
        """The notices, once the release has ended and no delivery waits."""
        full = self.rig.release(release)
        notices = full.get("notices", [])
        done = full.get("release", {}).get("outcome") and all(
            one["state"] in states for notice in notices for one in notice["deliveries"])
        return notices if done else None

    def mails(self):
        try:
            with open(self.path("mail.jsonl")) as lines:
                return [json.loads(line) for line in lines]
        except FileNotFoundError:
            return []

    def active_alerts(self):
        with urllib.request.urlopen(self.alerts + "/api/v2/alerts?active=true", timeout=5) as answer:
            return [alert["labels"] for alert in json.load(answer)]

    def stop(self, keep):
        for child in self.children:
            child.terminate()
        for child in self.children:
            child.wait(timeout=10)
        for one in self.receivers:
            one.close()
        self.rig.stop(keep=keep)


def expect(condition, what):
    if not condition:
        raise Failure(what)


def parsed_mails(stage, release):
    out = []
    for one in stage.mails():
        message = email.message_from_string(one["text"], policy=email.policy.default)
        if release in message["X-Slipway-Key"]:
            out.append((one, message))
    return out


def context_of(message):
    return message["json"]["blocks"][-1]["elements"][0]["text"]


# --- before the first release --------------------------------------------------------------------------------------
def tried(stage):
    """A test message reaches all six, pages nobody and marks nothing; a channel that does not take it is named."""
    stage.write()
    told = stage.rig.run("channel", "test", ENVIRONMENT).stdout.split("\n")
    names = sorted(ALL.split(", "))
    expect(told[:-1] == [f"{name}: accepted" for name in names], told)
    expect("a test message" in stage.slack.got[0]["json"]["text"], stage.slack.got)
    expect([one["path"] for one in stage.pager.got] == ["/v2/change/enqueue"], stage.pager.got)
    expect([one["method"] for one in stage.sentry.got] == ["GET"], stage.sentry.got)
    expect(stage.hook.got[0]["json"]["kind"] == "test", stage.hook.got)
    expect(len(parsed_mails(stage, "tell/production/test/")) == 1, stage.mails())
    expect("something reached every channel" in stage.rig.run("readiness", ENVIRONMENT).stdout, "readiness does not know it")
    judge_slack(stage, stage.slack.got)
    for one in stage.receivers:
        one.got.clear()
    with open(stage.rig.config) as kept:
        text = kept.read()
    with open(stage.rig.config, "w") as out:
        out.write(text.replace(stage.hook.url, "https://127.0.0.1:1"))
    done = stage.rig.run("channel", "test", ENVIRONMENT, "robot", "--wait", "1", check=False)
    expect(done.returncode == 1 and done.stdout.startswith("robot: not yet accepted; it goes on trying: "), done)


# --- the story of three releases ---------------------------------------------------------------------------------
def released(stage):
    stage.write()
    stage.rig.run("deploy", ENVIRONMENT, stage.next_version())
    release = stage.newest()
    notices = wait_until("the notices of a release", 30, lambda: stage.all_in(release))
    expect([one["kind"] for one in notices] == ["started", "released"], f"told: {notices}")
    expect(all(len(one["deliveries"]) == 6 for one in notices), "not to every channel")

    texts = [one["json"]["text"] for one in stage.slack.got]
    expect(texts == ["tell production: v1 is on its way", "tell production: v1 is live"], f"Slack has {texts}")
    expect(stage.slack.got[0]["path"] == "/services/T0/B0/secret", "Slack's address")
    buttons = stage.slack.got[1]["json"]["blocks"][3]["elements"]
    expect(buttons[0]["url"] == "https://tell.example", f"the button: {buttons}")
    expect(buttons[1]["text"]["text"] == "Roll back" and buttons[1]["url"].startswith(OUTSIDE + "/v1/link?token="), buttons)

    actions = [(one["path"], one["json"].get("event_action")) for one in stage.pager.got]
    expect(actions == [("/v2/change/enqueue", None), ("/v2/enqueue", "resolve"), ("/v2/change/enqueue", None)],
           f"PagerDuty has {actions}")
    expect(stage.pager.got[0]["json"]["routing_key"] == "0123456789abcdef0123456789abcdef", "the routing key")

    paths = [one["path"] for one in stage.sentry.got]
    base = "/api/0/organizations/tell%20org/releases/"
    expect(paths == [base, base + "v1/deploys/"], f"Sentry has {paths}")
    expect(stage.sentry.got[0]["headers"]["Authorization"] == "Bearer sntrys_token", "Sentry's token")

    expect([one["json"]["kind"] for one in stage.hook.got] == ["started", "released"], "the webhook")
    mails = parsed_mails(stage, release)
    expect(len(mails) == 2, f"{len(mails)} mails")
    kept, message = mails[1]
    expect(kept["tls"] and kept["to"] == ["ops@tell.example", "shop@tell.example"], f"the envelope: {kept}")
    expect(message["Subject"] == "[production] tell production: v1 is live", message["Subject"])
    expect("release: r-0001" in message.get_content(), message.get_content())
    expect(message["References"] == mails[0][1]["References"], "one thread")
    text = stage.rig.run("history", release).stdout
    expect(re.search(r"released: tell production: v1 is live  \(.*mail: sent.*team: sent\)", text), text)
    judge_slack(stage, stage.slack.got)


def held(stage):
    os.mkfifo(stage.path("go"))
    go = os.open(stage.path("go"), os.O_RDWR)  # both ends, so that neither side waits for the other to open it
    stage.write(smoke=f"read line < {stage.path('go')}")
    child = stage.rig.begin("deploy", ENVIRONMENT, stage.next_version())
    wait_until("the smoke check", 20, lambda: any(
        record["step"].startswith("probe") or record["state"]["phase"] in ("settling", "acting")
        for record in stage.rig.release("r-0002").get("records", [])))
    stage.rig.run("pause", ENVIRONMENT)
    os.write(go, b"go\n")
    wait_until("the hold", 30, lambda: any(one["kind"] == "held" for one in stage.notices("r-0002")))
    subject = "tell/production/r-0002"
    alert = {"alertname": "Slipway", "app": "tell", "environment": "production", "release": "r-0002", "severity": "warning",
             "subject": subject}
    wait_until("the alert", 20, lambda: alert in stage.active_alerts())
    triggered = wait_until("the page", 20, lambda: [
        one["json"] for one in stage.pager.got if one["json"].get("event_action") == "trigger"])
    expect(triggered[0]["dedup_key"] == "slipway/" + subject, triggered)
    stage.rig.run("resume", ENVIRONMENT)
    expect(child.wait(timeout=60) == 0, "the release did not complete")
    wait_until("the end of the alert", 20, lambda: not [one for one in stage.active_alerts() if one["severity"] != "info"])
    wait_until("the notices", 20, lambda: stage.all_in("r-0002"))
    os.close(go)
    last = [one["json"] for one in stage.pager.got if "event_action" in one["json"]][-1]
    expect((last["event_action"], last["dedup_key"]) == ("resolve", "slipway/" + subject), last)


def taken_back(stage):
    stage.write(smoke="echo it is broken >&2; false")
    expect(stage.rig.run("deploy", ENVIRONMENT, stage.next_version(), check=False).returncode == 4, "not rolled back")
    release = stage.newest()
    notices = wait_until("the notices", 20, lambda: stage.all_in(release))
    last = notices[-1]
    expect(last["kind"] == "rolled_back" and last["live"] == "v2" and "smoke" in last["text"], last)
    expect(stage.sentry.got[-1]["path"].endswith("/releases/v2/deploys/"), "Sentry is not told that v2 is back")
    judge_slack(stage, stage.slack.got)


def press(stage, url, method):
    """A link, as the proxy in front passes it on, by a browser: status and page."""
    call = urllib.request.Request(f"http://127.0.0.1:{stage.port}" + url[len(OUTSIDE):], method=method,
                                  headers={"Accept": "text/html"}, data=b"" if method == "POST" else None)
    try:
        with urllib.request.urlopen(call, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def linked(stage):
    """The link in Slack's newest message of a live release rolls it back, once."""
    stage.write()
    stage.rig.run("deploy", ENVIRONMENT, stage.next_version())
    release = stage.newest()
    wait_until("the notices", 20, lambda: stage.all_in(release))
    url = next(one["url"] for one in stage.slack.got[-1]["json"]["blocks"][3]["elements"] if one["text"]["text"] == "Roll back")
    status, page = press(stage, url, "GET")
    expect(status == 200 and f"Roll back {release}?" in page and "<button" in page, page)
    expect(stage.newest() == release, "looking changed something")
    status, page = press(stage, url, "POST")
    expect(status == 200 and "is rolled back by" in page, page)
    back = stage.newest()
    wait_until("the rollback", 30, lambda: stage.all_in(back))
    told = stage.rig.run("history", back).stdout
    expect("by link sent to team" in told, told)
    status, page = press(stage, url, "POST")
    expect(status == 409 and "was used already" in page, page)
    judge_slack(stage, stage.slack.got)


def judge_slack(stage, messages):
    """A second opinion from @slack/types and @slack/webhook, where npm has put them."""
    if not os.path.isdir(os.path.join(HERE, "slack", "node_modules", "@slack")):
        print("notices: tests/e2e/slack has no packages (tools/setup): Slack's own judge was not asked")
        return
    seen = len(stage.slack.got)
    for message in messages[:]:
        with open(stage.path("message.json"), "wb") as out:
            out.write(message["body"])
        done = subprocess.run(["node", os.path.join(HERE, "slack", "judge.mjs"), stage.path("message.json"),
                               stage.slack.url + "/judge"], capture_output=True, text=True, timeout=60)
        expect(done.returncode == 0, f"Slack's own types or client say no: {done.stderr}{message['body']}")
    expect(stage.slack.got[-1]["json"] == messages[-1]["json"], "Slack's client sends something else")
    del stage.slack.got[seen:]


def story(stage):
    stage.start_daemon()
    for chapter in (tried, released, held, taken_back, linked):
        chapter(stage)


# --- channels that fail ------------------------------------------------------------------------------------------
def trouble(stage):
    if not stage.rig.daemon:
        stage.start_daemon()
    silent = socket.socket()  # takes connections, answers nothing
    silent.bind(("127.0.0.1", 0))
    silent.listen()
    limping = stage.receiver(checker_of_webhook(HOOK_KEY), rules=[503, 500])
    refusing = stage.receiver(checker_of_webhook(HOOK_KEY), rules=[400] * 10)
    hook = "type: webhook, secret: HOOK, url"
    more = (f'  silent: {{ {hook}: "http://127.0.0.1:{silent.getsockname()[1]}/", timeout: 20s }}\n'
            f'  gone: {{ {hook}: "http://127.0.0.1:{free_port()}/", give_up: 2s }}\n'
            f'  limping: {{ {hook}: "{limping.url}/" }}\n'
            f'  refusing: {{ {hook}: "{refusing.url}/" }}\n'
            f'  distrusted: {{ {hook}: "{stage.hook.url}/", give_up: 2s }}\n'
            f'  stranger: {{ type: email, url: "smtp://localhost:{stage.mail_port}", user: slipway, secret: HOOK, '
            f'from: a@b.example, to: [c@d.example], ca: cert.pem, give_up: 2s }}\n'
            f'  nobody: {{ type: email, url: "smtp://localhost:{stage.mail_port}", user: slipway, secret: MAIL, '
            f'from: a@b.example, to: [nobody@d.example], ca: cert.pem }}\n'
            f'  plain: {{ type: email, url: "smtp://127.0.0.1:{stage.slack.url.rsplit(":", 1)[1]}", tls: none, '
            f'from: a@b.example, to: [c@d.example], timeout: 1s, give_up: 2s }}\n')
    stage.write(more=more, to="silent, gone, limping, refusing, distrusted, stranger, nobody, plain, team")
    before = len(stage.slack.got)
    began = time.monotonic()
    stage.rig.run("deploy", ENVIRONMENT, stage.next_version())
    took = time.monotonic() - began
    expect(took < 15, f"channels that fail held the release up: {took:.1f} s")
    release = stage.newest()
    wait_until("the good channel", 30, lambda: len(stage.slack.got) >= before + 2)

    def states():
        return {(notice["kind"], one["channel"]): one for notice in stage.notices(release) for one in notice["deliveries"]}
    dead = ("gone", "refusing", "distrusted", "stranger", "nobody", "plain")
    wait_until("the dead ends", 60, lambda: all(states()[("started", name)]["state"] == "dead" for name in dead))
    wait_until("the limping one", 60, lambda: states()[("released", "limping")]["state"] == "sent")
    end = states()
    expect(end[("started", "limping")]["attempts"] == 3, end[("started", "limping")])
    expect([one["json"]["kind"] for one in limping.got] == ["started", "released"], "overtaken")
    expect(end[("started", "refusing")]["attempts"] == 1 and "invalid_payload" in end[("started", "refusing")]["error"], end)
    expect("connect" in end[("started", "gone")]["error"], end[("started", "gone")])
    expect("certificate" in end[("started", "distrusted")]["error"], end[("started", "distrusted")])
    expect(end[("started", "nobody")]["attempts"] == 1, end[("started", "nobody")])
    expect("user and secret" in end[("started", "stranger")]["error"], end[("started", "stranger")])
    expect(end[("started", "silent")]["state"] == "waiting", "the silent one is still being tried")
    text = stage.rig.run("history", release).stdout
    expect("refusing: dead" in text and PASSWORD not in text and HOOK_KEY not in text, text)
    for secret in ("secret", PASSWORD, HOOK_KEY, "sntrys_token", "0123456789abcdef0123456789abcdef"):
        expect("B0/" + secret not in stage.rig.log_of("daemon", 10000) and
               (secret == "secret" or secret not in stage.rig.log_of("daemon", 10000)), f"the log shows {secret}")
    silent.close()
    for one in stage.receivers[-2:]:
        one.misfits.clear()


# --- kill -9 around every send ---------------------------------------------------------------------------------------
def arrivals(stage, release):
    """channel -> key of a notice -> how it looked, for each time it arrived."""
    out = {name: {} for name in ("team", "pager", "errors", "robot", "mail")}

    def add(name, key, look):
        if release in key:
            out[name].setdefault(key, []).append(look)
    for one in stage.slack.got:
        add("team", context_of(one).split(" ")[0], one["body"])
    for one in stage.pager.got:
        if "payload" in one["json"]:
            add("pager", one["json"]["payload"]["custom_details"]["key"], one["body"])
    for one in stage.sentry.got:
        if "name" in one["json"]:
            add("errors", one["json"]["name"], one["body"])
    for one in stage.hook.got:
        add("robot", one["headers"]["Idempotency-Key"], one["body"])
    for _, message in parsed_mails(stage, release):
        add("mail", message["X-Slipway-Key"], message["Message-ID"])
    return out


def check_arrivals(stage, release, point):
    seen = arrivals(stage, release)
    notices = stage.notices(release)
    expect(len(notices) == 2, f"{point}: {release} told {[one['key'] for one in notices]}")
    repeated = 0
    for name, keys in seen.items():
        wanted = {one["key"] for one in notices if name != "errors" or one["live"]}
        expect(set(keys) == wanted, f"{point}: {name} got {set(keys)}, wanted {wanted}")
        for key, looks in keys.items():
            expect(len(set(looks)) == 1, f"{point}: {name} got {key} in different shapes: {looks}")
            repeated += len(looks) - 1
    return repeated


def crash(stage):
    stage.write()
    repeated = killed = 0
    # Two notices to six channels: twelve sends, each with three points around it; and the records that cause them.
    points = [f"courier.{name}:{k}" for name in ("before-send", "after-send", "after-kept") for k in range(1, 13)]
    points += [f"runner.{name}:{k}" for name in ("before-journal", "after-journal") for k in (1, 4, 8)]
    for point in points:
        if stage.rig.daemon and stage.rig.daemon.poll() is None:
            stage.rig.daemon.terminate()
            stage.rig.daemon.wait(timeout=10)
        stage.start_daemon({"SLIPWAY_CRASH_AT": point})
        before = stage.newest()
        child = stage.rig.begin("deploy", ENVIRONMENT, stage.next_version(), "--detach")
        wait_until(f"the kill at {point}", 30, lambda: stage.rig.daemon.poll() is not None or (
            stage.newest() not in ("", before) and stage.all_in(stage.newest())))
        child.wait(timeout=40)
        if stage.rig.daemon.poll() is not None:
            killed += 1
            stage.start_daemon()
        release = stage.newest()
        expect(release != before, f"{point}: there is no release")
        wait_until(f"the notices after a kill at {point}", 30, lambda name=release: stage.all_in(name))
        repeated += check_arrivals(stage, release, point)
    expect(killed >= 36, f"only {killed} kills")
    expect(repeated > 0, "no notice ever arrived twice: the kills after a send did not happen")
    return f" kills={killed} repeated={repeated}"


def main():
    build = sys.argv[1]
    if not shutil.which("prometheus-alertmanager"):
        print("notices: prometheus-alertmanager is not installed (tools/setup): skipped")
        return 77
    parts = {"story": story, "trouble": trouble, "crash": crash}
    chosen = sys.argv[2:] or list(parts)
    began = time.monotonic()
    stage = Stage(build)
    failed = True
    try:
        stage.rig.start_edge()
        said = "".join(parts[name](stage) or "" for name in chosen)
        misfits = [one for receiver in stage.receivers for one in receiver.misfits]
        expect(not misfits, f"payloads that do not fit: {misfits[:3]}")
        print(f"notices: parts={','.join(chosen)} releases={stage.version}{said} misfits=0 "
              f"seconds={time.monotonic() - began:.0f}")
        failed = False
    except Failure as problem:
        misfits = [one for receiver in stage.receivers for one in receiver.misfits]
        print(f"notices: {problem}\nmisfits: {misfits[:3]}\n--- daemon\n{stage.rig.log_of('daemon', 30)}", file=sys.stderr)
    finally:
        stage.stop(keep=failed)
        if failed:
            print(f"logs are in {stage.folder}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
