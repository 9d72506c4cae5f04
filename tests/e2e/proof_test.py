#!/usr/bin/env python3
"""A backup is one when it was restored: slipway db verify under a writing load finds a good one good, and one whose
file was changed, truncated, emptied or removed not good. The daemon makes what is due: a full backup, a restore test,
and no second one of either; what would be lost is measured. Then the way back, with the app stopped around it.

usage: proof_test.py BUILD_FOLDER
"""
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from backup_test import OWN_SETTINGS, Writer, expect, nobody_in, postmaster_of  # noqa: E402
from postgres_rig import Postgres  # noqa: E402
from rig import Failure, Rig, wait_until  # noqa: E402
from watch_test import figures_of  # noqa: E402
from way_back import WayBack  # noqa: E402

CONFIG = """app: shop
services: { web: { run: "exec tail -f /dev/null", port: none } }
database:
  url: "@URL@"
  migrations: { path: @DB@, tool: sql, rehearse: require, rehearse_on: backup, safety_point: off }
  backup: { tool: pgbackrest, repository: @PLACE@/repository, folder: @PLACE@/notes, rpo: 10m }
environments: { production: {} }
"""


class Proofs:
    def __init__(self, build):
        self.rig = Rig(build, "slipway-proof-")
        self.postgres = Postgres(OWN_SETTINGS)
        self.place = self.postgres.folder
        url = self.postgres.make("shop")
        self.rig.config = os.path.join(self.rig.folder, "slipway.yaml")
        with open(self.rig.config, "w") as out:
            out.write(CONFIG.replace("@URL@", url).replace("@PLACE@", self.place)
                      .replace("@DB@", os.path.join(self.rig.folder, "db")))
        os.mkdir(os.path.join(self.rig.folder, "db"))
        self.figures = {}

    def sql(self, statement):
        return self.postgres.sql("shop", statement)

    def set_up(self):
        self.rig.run("db", "backup", "production", "--setup", "--yes", check=False)
        self.postgres.server.send_signal(signal.SIGINT)
        self.postgres.server.wait(timeout=60)
        self.postgres.start()
        self.rig.run("db", "backup", "production", "--setup")
        self.sql("create table written (n int primary key)")
        self.sql("create table still as select i as id, md5(i::text) as text from generate_series(1, 20000) i")
        self.sql("create index on still (text)")

    def tools(self):
        """pgBackRest's processes of this test, but for those that PostgreSQL runs."""
        found = []
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                with open(path) as line:
                    text = line.read().replace("\0", " ")
            except OSError:
                continue
            if "pgbackrest" in text and self.place in text and "archive-" not in text:
                found.append(text)
        return found

    def killed_with_what_it_began(self):
        """Nothing that the daemon began outlives it, and the next daemon begins it again."""
        scratch = os.path.join(self.place, "notes", "restore-test")
        for what, is_there in (("the first backup", lambda: any(text.endswith(" backup ") for text in self.tools())),
                               ("a restored server", lambda: postmaster_of(scratch))):
            wait_until(what, 120, is_there)
            self.rig.kill_daemon()
            wait_until("the end of what the daemon began", 30, lambda: not self.tools() and nobody_in(scratch))
            self.rig.start_daemon()

    def begun_chores(self):
        """Chores that began, but for those that met what a killed daemon's child still held."""
        lines = self.rig.log_of("daemon", 2000).splitlines()
        held = sum(1 for line in lines if "of shop/production waits: " in line)
        return [line for line in lines if "of shop/production began" in line][held:]

    # The daemon makes the first backup and the first test by itself, and each once.
    def by_schedule(self):
        rig = self.rig
        rig.start_edge()
        rig.start_daemon()
        rig.run("deploy", "production", "v1")
        self.killed_with_what_it_began()
        wait_until("the first restore test", 120,
                   lambda: "restore test of shop/production is done" in rig.log_of("daemon", 2000))
        wait_until("its figures", 30, lambda: "slipway_database_rto_seconds{" in figures_of(rig))
        expect("slipway_database_rpo_seconds{" in figures_of(rig), "what would be lost is not measured")
        began = self.begun_chores()
        expect(len(began) == 4, f"chores, two of which were cut off: {began}")
        rig.daemon.send_signal(signal.SIGTERM)
        rig.daemon.wait(timeout=20)
        # One that comes back finds nothing due.
        rig.start_daemon()
        wait_until("a look of the new daemon", 30, lambda: "slipway_database_proof_age_seconds{" in figures_of(rig)
                   or "slipway_database_up{" in figures_of(rig))
        began = self.begun_chores()
        expect(len(began) == 4, f"chores after a restart: {began}")
        self.gate()
        rig.daemon.send_signal(signal.SIGTERM)
        rig.daemon.wait(timeout=20)

    def migration(self, name, text):
        path = os.path.join(self.rig.folder, "db", name)
        with open(path, "w") as out:
            out.write(text)
        return path

    # A release tries its migrations on the newest backup, which has every row, and leaves nothing of it.
    def gate(self):
        self.migration("0001_length.sql", "alter table still add column length int;\n")
        self.rig.run("deploy", "production", "v2")
        newest = self.rig.releases("shop", "production")[0]["id"]
        told = self.rig.run("history", newest).stdout
        expect("1 migration rehearsed, nothing dangerous; on the backup 20" in told, f"the release's record: {told}")
        self.nothing_left()

    def nothing_left(self):
        expect(not os.path.exists(os.path.join(self.place, "notes", "rehearsal")), "the rehearsal's restore is still there")

    # By hand, on files: times and rows are the backup's, and no value of a row is told.
    def rehearsal(self):
        path = self.migration("0002_twice.sql", "alter table still alter column id type bigint;\n"
                              "create unique index on still (left(text, 1));\n")
        for end in (signal.SIGTERM, signal.SIGKILL):
            begun = self.rig.begin("migrate", "rehearse", path, "--on-backup", "production")
            wait_until("the restore's beginning", 30, lambda: os.path.exists(os.path.join(self.place, "notes", "rehearsal")))
            begun.send_signal(end)
            expect(begun.wait(timeout=60) != 0, "a rehearsal that was stopped ended well")
            if end == signal.SIGTERM:
                self.nothing_left()
        done = self.rig.run("migrate", "rehearse", path, "--on-backup", "production", "--json", check=False)
        expect(done.returncode == 3, f"the rehearsal: {done.stdout}{done.stderr}")
        said = json.loads(done.stdout)
        expect(said["on"]["source"] == "backup" and said["on"]["tool"] == "pgbackrest" and said["on"]["age_ms"] >= 0,
               f"it stood on {said['on']}")
        kind, unique = said["statements"]
        expect(kind["effect"]["rewritten"].get("still") == 20000 and kind["estimated_ms"] == kind["effect"]["ms"],
               f"the type: {kind}")
        expect(unique["harms"] == ["fails"] and "Key (" not in done.stdout + done.stderr, f"the index: {unique}")
        self.nothing_left()
        self.figures["rehearsal_restore_s"] = round(said["on"]["restore_seconds"], 1)

    def verify(self, *options, check=True):
        done = self.rig.run("db", "verify", "production", "--json", *options, check=check)
        return done.returncode, json.loads(done.stdout)

    def under_load(self):
        writer = Writer(self.postgres.url("shop"))
        wait_until("some rows", 30, lambda: len(writer.rows) > 100)
        try:
            _, proof = self.verify()
        finally:
            writer.stop()
        compared = proof["compared"]
        expect(proof["good"] and not proof["faults"], f"the proof: {proof}")
        expect("public.still" in compared["same"] and compared["rows"] > 20000, f"compared: {compared}")
        for phase in ("files", "point", "read", "restore", "compare", "amcheck"):
            expect(phase in proof["phases"], f"{phase} was not timed: {proof['phases']}")
        expect(0 < proof["rto_seconds"] < 60, f"RTO: {proof}")
        expect(not os.path.exists(os.path.join(self.place, "notes", "restore-test")), "what was restored is still there")
        self.figures["rto_s"] = round(proof["rto_seconds"], 1)

    def damage(self):
        """Side by side, each on a copy of the repository: a tool that meets a damaged file tries it again for a while."""
        newest = sorted(glob.glob(f"{self.place}/repository/backup/shop-production/*F"))[-1]
        bundle = max(glob.glob(f"{newest}/bundle/*") or glob.glob(f"{newest}/pg_data/base/*/*"), key=os.path.getsize)
        with open(bundle, "rb") as file:
            whole = file.read()
        changed = bytearray(whole)
        changed[len(changed) // 2] ^= 0xff
        tests = {}
        for name, data in (("changed", bytes(changed)), ("truncated", whole[:len(whole) // 2]), ("empty", b"")):
            folder = os.path.join(self.place, name)
            subprocess.run(["cp", "-a", f"{self.place}/repository", folder], check=True)
            with open(bundle.replace(f"{self.place}/repository", folder), "wb") as file:
                file.write(data)
            with open(self.rig.config) as file:
                text = file.read().replace(f"{self.place}/repository", folder).replace("/notes", "/notes-" + name)
            config = os.path.join(self.rig.folder, name + ".yaml")
            with open(config, "w") as out:
                out.write(text)
            tests[name] = subprocess.Popen([self.rig.slipway, "db", "verify", "production", "--json", "--no-compare",
                                            "--state", self.rig.state, "--file", config], stdout=subprocess.PIPE,
                                           stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)
        for name, test in tests.items():
            said = test.communicate(timeout=180)[0]
            expect(test.returncode == 1, f"{name}: {test.returncode} {said}")
            proof = json.loads(said[said.index("{"):])
            expect(not proof["good"] and proof["faults"], f"{name}: {proof}")
            expect("restore" in proof["phases"], f"{name}: no restore was tried: {proof}")
        self.figures["damage_found"] = len(tests)

    def way_back(self):
        # Its app brings migrations of its own: those of the gate's would be ahead of them.
        self.postgres.sql("shop", "drop schema slipway cascade; alter table still drop column length")
        WayBack(self.rig, self.postgres, self.figures).run()

    def run(self):
        for step in (self.set_up, self.by_schedule, self.rehearsal, self.under_load, self.damage, self.way_back):
            start = time.monotonic()
            step()
            if os.environ.get("TIMES"):
                print(step.__name__, round(time.monotonic() - start, 1))


def main(build):
    if not shutil.which("pgbackrest"):
        print("pgbackrest is not installed: tools/setup")
        return 77
    proofs = Proofs(build)
    failed = True
    try:
        proofs.run()
        failed = False
    except Failure as failure:
        print(failure)
        print(f"--- daemon\n{proofs.rig.log_of('daemon', 30)}")
    finally:
        proofs.rig.stop()
        proofs.postgres.stop()
    if failed:
        return 1
    print("proof: " + " ".join(f"{name}={value}" for name, value in proofs.figures.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
