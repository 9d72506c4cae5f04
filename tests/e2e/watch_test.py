#!/usr/bin/env python3
"""What goes wrong in a database is seen: by slipway db watch, in the daemon's figures, and by alert rules. Each thing
is made to happen on a real PostgreSQL. And a release that needs more connections than there are never begins.

usage: watch_test.py BUILD_FOLDER
"""
import json
import os
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres_rig import Postgres  # noqa: E402
from rig import Failure, Rig, wait_until  # noqa: E402

CONFIG = """app: shop
services: { web: { run: "exec tail -f /dev/null", port: none, instances: 2 } }
database: { url: "@URL@", pool: @POOL@ }
# Nobody listens there: what is sent is told in the daemon's log.
secrets: { HOOK: { env: HOOK } }
channels: { robot: { type: webhook, secret: HOOK, url: "http://127.0.0.1:9/" } }
alerts:
  - { when: db_longest_transaction > 1s, to: [robot] }
  - { when: db_lock_wait > 1s, to: [robot] }
  - { when: db_deadlocks > 0, to: [robot] }
  - { when: db_connections > 80%, to: [robot] }
  - { when: db_archive_age > 1s, to: [robot] }
  - { when: db down, severity: critical, to: [robot] }
environments: { production: {} }
"""
# An archive that never works.
OWN_SETTINGS = {"wal_level": "replica", "archive_mode": "on", "archive_command": "false", "deadlock_timeout": "50ms"}
MEASURES = ("db_longest_transaction", "db_lock_wait", "db_deadlocks", "db_connections", "db_archive_age")


def expect(condition, text):
    if not condition:
        raise Failure(text)


def figures_of(rig):
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(10)
        link.connect(os.path.join(rig.state, "daemon.sock"))
        link.sendall(b"GET /metrics HTTP/1.1\r\nHost: slipway\r\nConnection: close\r\n\r\n")
        data = b""
        while chunk := link.recv(65536):
            data += chunk
    return data.decode()


class Session:
    """psql that is told one statement at a time."""

    def __init__(self, url, name):
        self.psql = subprocess.Popen(["psql", "-XAtq", "-d", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, text=True, bufsize=1,
                                     env={**os.environ, "PGAPPNAME": name})

    def say(self, statement):
        self.psql.stdin.write(statement + ";\n")

    def ask(self, statement):
        self.say(statement + "; select 'answered'")
        lines = []
        while not lines or lines[-1] != "answered":
            line = self.psql.stdout.readline()
            expect(line, f"psql ended after {statement}: {lines}")
            lines.append(line.strip())
        return lines[:-1]

    def stop(self):
        if self.psql.poll() is None:
            self.psql.kill()
        self.psql.wait()
        self.psql.stdin.close()
        self.psql.stdout.close()


class Watched:
    def __init__(self, build):
        self.rig = Rig(build, "slipway-watch-")
        self.postgres = Postgres(OWN_SETTINGS)
        self.url = self.postgres.make("shop")
        self.rig.config = os.path.join(self.rig.folder, "slipway.yaml")
        self.pool(5)
        self.sessions = []

    def pool(self, size):
        with open(self.rig.config, "w") as out:
            out.write(CONFIG.replace("@URL@", self.url).replace("@POOL@", str(size)))

    def session(self, name):
        self.sessions.append(Session(self.url, name))
        return self.sessions[-1]

    def look(self):
        return json.loads(self.rig.run("db", "watch", "production", "--once", "--json").stdout)

    def figures(self):
        return figures_of(self.rig)

    # --- the connection budget: 57 connections for ordinary roles, two instances in each release ------------------
    def budget(self):
        self.pool(40)
        done = self.rig.run("deploy", "production", "v1", check=False)
        expect(done.returncode == 3 and "too few connections" in done.stderr and "80 of the app's instances" in done.stderr,
               f"the release with pools of 40: {done.returncode} {done.stderr}")
        expect(not self.rig.releases("shop", "production"), "a release began that was refused")
        self.pool(15)
        plan = self.rig.run("plan", "production", "v1").stdout
        expect("connections to the database: 30 of the app's instances" in plan, f"the plan: {plan}")
        self.rig.run("deploy", "production", "v1")
        done = self.rig.run("deploy", "production", "v2", check=False)
        expect(done.returncode == 3 and "60 of the app's instances" in done.stderr,
               f"both releases together: {done.returncode} {done.stderr}")
        self.pool(5)
        self.rig.run("deploy", "production", "v3", check=True)

    # --- everything that is watched ---------------------------------------------------------------------------------
    def deadlock(self):
        one, two = self.session("one"), self.session("two")
        one.ask("begin; select pg_advisory_xact_lock(1)")
        two.ask("begin; select pg_advisory_xact_lock(2)")
        one.say("select pg_advisory_xact_lock(2); rollback; select 'answered'")
        two.ask("select pg_advisory_xact_lock(1); rollback")
        while one.psql.stdout.readline().strip() != "answered":
            pass
        # Either of them was given up. They tell their statistics when they go.
        for session in (one, two):
            session.psql.stdin.close()
            session.psql.wait(timeout=20)

    def trouble(self):
        holder, waiter = self.session("holder"), self.session("waiter")
        holder.ask("create table held (id int); insert into held values (1)")
        holder.ask("begin; lock table held")
        waiter.say("select * from held")
        for _ in range(50):
            self.session("flood")
        self.postgres.sql("shop", "select pg_switch_wal()")

        def is_seen():
            look = self.look()
            waits = [one for one in look["waiting"] if one["application"] == "waiter"]
            flood = sum(one["count"] for one in look["connections"] if one["application"] == "flood")
            return waits and flood == 50 and look["archive"]["waiting"] > 0 and look
        look = wait_until("the trouble in slipway db watch", 30, is_seen)
        waits = [one for one in look["waiting"] if one["application"] == "waiter"][0]
        expect(waits["waits_for"] == "AccessShareLock on held", f"the wait: {waits}")
        pids = [one["pid"] for one in look["transactions"] if one["application"] == "holder"]
        expect(waits["blocked_by"] == pids, f"who holds it: {waits} {pids}")
        expect(look["measures"]["db_connections"] > 80, f"the connections: {look['measures']}")
        expect(look["deadlocks"] >= 1, f"the deadlock: {look['deadlocks']}")

    def alerted(self, words, within):
        wait_until(f"the alert {words}", within, lambda: words in self.rig.log_of("daemon", 2000))

    def page(self):
        """In a pipe each look is a page; Ctrl-C ends it well."""
        child = self.rig.begin("db", "watch", "production", "--interval", "200ms")
        heads = 0
        while heads < 2:
            line = child.stdout.readline()
            expect(line, "slipway db watch ended by itself")
            heads += line.startswith("shop on PostgreSQL")
        child.send_signal(signal.SIGINT)
        child.stdout.read()
        expect(child.wait(timeout=20) == 0, f"after Ctrl-C: {child.returncode}")

    def run(self):
        rig = self.rig
        rig.start_edge()
        rig.start_daemon({"HOOK": "a key"})
        self.budget()
        wait_until("the first look of the daemon", 40, lambda: "slipway_database_up{app=\"shop\"" in self.figures())
        self.deadlock()
        self.trouble()
        for name in MEASURES:
            self.alerted(name + " > ", 60)
        figures = self.figures()
        for part in ('slipway_database_up{app="shop",environment="production"} 1',
                     'slipway_database_connections_limit{app="shop",environment="production"} 57',
                     'application="flood",user="postgres",state="idle"} 50'):
            expect(part in figures, f"{part} is not among the figures:\n{figures}")
        self.page()
        self.postgres.kill()
        done = rig.run("db", "watch", "production", "--once", check=False)
        expect(done.returncode == 1 and "cannot reach" in done.stderr, f"without a server: {done.returncode} {done.stderr}")
        self.alerted("db down", 40)
        expect('slipway_database_up{app="shop",environment="production"} 0' in self.figures(), "it is not down")
        expect("slipway_database_connections_limit{" not in self.figures(), "old figures are shown as if they held")


def main(build):
    watched = Watched(build)
    failed = True
    try:
        watched.run()
        failed = False
    except Failure as failure:
        print(failure)
        print(f"--- daemon\n{watched.rig.log_of('daemon', 30)}")
    finally:
        for session in watched.sessions:
            session.stop()
        watched.rig.stop()
        watched.postgres.stop()
    if failed:
        return 1
    print(f"watch: {len(MEASURES)} measures and a dead server alerted, 2 releases refused for their connections")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
