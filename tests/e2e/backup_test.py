#!/usr/bin/env python3
"""Backups with a real PostgreSQL and a real pgBackRest: restores to random moments of a writing load, restore points,
what kill -9 of slipway and of the server leaves, damaged files, retention, and what a safety point costs.

usage: backup_test.py BUILD_FOLDER [--moments N] [--megabytes N] [--only dumps]

Who is killed where, here and in the other tests: the table in docs/database/crashes.md.
"""
import argparse
import glob
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres_rig import Postgres  # noqa: E402
from rig import Failure, Rig, wait_until  # noqa: E402

CONFIG = """app: shop
services: { web: { run: "exec tail -f /dev/null" } }
secrets:
  DATABASE_URL: { file: @FOLDER@/database-url }
  PASSPHRASE: { file: @FOLDER@/passphrase }
database:
  url: ${secret.DATABASE_URL}
  migrations: { when: manual, path: migrations, tool: sql }
  backup:
    tool: pgbackrest
    repository: @PLACE@/repository
    folder: @PLACE@/notes
    passphrase: ${secret.PASSPHRASE}
    keep_full: 2
    rpo: 1m
    stop_server: echo stop > @PLACE@/stop
    start_server: echo start > @PLACE@/start
environments: { production: {} }
"""
# These come from ALTER SYSTEM, as in life, and not from the command line.
OWN_SETTINGS = {"wal_level": None, "max_wal_senders": None, "fsync": None, "synchronous_commit": "on",
                "log_min_messages": "warning"}


def expect(condition, text):
    if not condition:
        raise Failure(text)


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds * 1000) % 1000:03d}Z"


class Writer:
    """One session that inserts numbers as fast as it gets answers, and when each was asked for and answered."""

    def __init__(self, url):
        self.psql = subprocess.Popen(["psql", "-XAtq", "-d", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     text=True, bufsize=1)
        self.rows = []
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.write)
        self.thread.start()

    def write(self):
        number = 0
        while not self.is_over.wait(0.002):
            number += 1
            asked = time.time()
            self.psql.stdin.write(f"insert into written values ({number}) returning n;\n")
            if self.psql.stdout.readline().strip() != str(number):
                return
            self.rows.append((number, asked, time.time()))

    def stop(self):
        self.is_over.set()
        self.thread.join()
        self.psql.stdin.close()
        self.psql.wait(timeout=20)


def postmaster_of(folder):
    try:
        with open(os.path.join(folder, "postmaster.pid")) as lock:
            pid = int(lock.readline())
        os.kill(pid, 0)
        return pid
    except (OSError, ValueError):
        return None


def nobody_in(folder):
    """No process of a server is left there; each of them has the cluster as its folder."""
    for link in glob.glob("/proc/[0-9]*/cwd"):
        try:
            if os.readlink(link).removesuffix(" (deleted)") == folder:
                return False
        except OSError:
            continue
    return True


class Backups:
    def __init__(self, build, options):
        self.options = options
        self.random = random.Random(20261122)
        # A restore syncs every file of the cluster; in memory that costs nothing, and proves the same.
        memory = "/dev/shm"
        if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > (2000 + 8 * options.megabytes) << 20:
            tempfile.tempdir = memory
        self.rig = Rig(build, "slipway-backup-")
        self.postgres = Postgres(OWN_SETTINGS)
        self.postgres.make("shop")
        self.place = self.postgres.folder
        folder = self.rig.folder
        for name, text in (("database-url", self.postgres.url("shop")), ("passphrase", "correct horse battery")):
            with open(os.path.join(folder, name), "w") as out:
                out.write(text + "\n")
        self.rig.config = os.path.join(folder, "slipway.yaml")
        with open(self.rig.config, "w") as out:
            out.write(CONFIG.replace("@FOLDER@", folder).replace("@PLACE@", self.place))
        os.makedirs(os.path.join(folder, "migrations"))
        self.figures = {}
        self.number = 0

    # --- words ---------------------------------------------------------------------------------------------------
    def json(self, *words):
        return json.loads(self.rig.run(*words, "--json").stdout)

    def refused(self, *words):
        done = self.rig.run(*words, check=False)
        expect(done.returncode != 0, f"{' '.join(words)} went well:\n{done.stdout}")
        return done.stderr

    def sql(self, statement):
        return self.postgres.sql("shop", statement)

    def target(self):
        self.number += 1
        return os.path.join(self.place, f"restored-{self.number}")

    def asked(self, folder, statement):
        """What a restored cluster says, without starting it: PostgreSQL's single-user mode."""
        done = subprocess.run([*self.postgres.as_user, os.path.join(self.postgres.bin, "postgres"), "--single", "-j", "-D",
                               folder, "-c", "log_min_messages=panic", "shop"], input=statement + ";\n\n", capture_output=True,
                              text=True, cwd="/")
        lines = [line.split('= "', 1)[1].split('"')[0] for line in done.stdout.splitlines() if '= "' in line]
        expect(lines, f"{folder} does not answer {statement}: {done.stdout}{done.stderr}")
        return lines

    def backups(self):
        return self.json("db", "backups", "production")

    def ids(self):
        return [entry["id"] for entry in self.backups()["backups"]]

    # --- steps ---------------------------------------------------------------------------------------------------
    def set_up(self):
        first = self.rig.run("db", "backup", "production", "--setup", check=False)
        expect(first.returncode == 3 and "ALTER SYSTEM SET archive_mode = 'on';" in first.stdout,
               f"--setup: {first.returncode} {first.stdout}{first.stderr}")
        expect("not set up" in self.refused("db", "backup", "production"), "a backup without an archive was not refused")
        self.rig.run("db", "backup", "production", "--setup", "--yes", check=False)
        self.restart()
        self.rig.run("db", "backup", "production", "--setup")
        mode = os.stat(os.path.join(self.place, "notes", "pgbackrest.conf")).st_mode & 0o777
        expect(mode == 0o600, f"the configuration holds secrets and has mode {mode:o}")

    def restart(self):
        if self.postgres.server.poll() is None:
            self.postgres.server.send_signal(signal.SIGINT)
            self.postgres.server.wait(timeout=60)
        self.postgres.start()

    def migrate(self, name, text):
        """Runs one migration; the restore point before it, and what that cost."""
        with open(os.path.join(self.rig.folder, "migrations", name), "w") as out:
            out.write(text)
        start = time.monotonic()
        lines = self.rig.run("migrate", "up", "production", "--json").stdout.splitlines()
        self.figures["migrate_up_s"] = round(time.monotonic() - start, 2)
        point = [json.loads(line) for line in lines if '"done"' in line][0]["restore_point"]
        expect(point["is_moment"], f"the point: {point}")
        return point, round(point["backup_seconds"] + point["point_seconds"] + point["archive_seconds"], 2)

    def moments(self):
        self.sql("create table written (n int primary key)")
        if self.options.megabytes >= 100:  # beside a small database first
            self.json("db", "backup", "production", "--full")
            self.figures["small_point_s"] = self.migrate("0000_begin.sql", "CREATE TABLE begun (n int);\n")[1]
        self.sql("create table ballast as select i, repeat(md5(i::text), 8) as text from "
                 f"generate_series(1, {self.options.megabytes * 3500}) i")
        full = self.json("db", "backup", "production", "--full")
        expect(full["kind"] == "full" and full["stored"] > 0, f"the backup: {full}")
        writer = Writer(self.postgres.url("shop"))
        # A backup's end is known to the second: moments are chosen behind it.
        begin = time.time() + 1.5
        wait_until("some rows", 30, lambda: len(writer.rows) > 100 and time.time() > begin + 1)
        self.json("db", "backup", "production")
        wait_until("more rows", 60, lambda: writer.rows[-1][2] > begin + 2 + self.options.moments / 4)
        end = writer.rows[-1][2]
        chosen = [self.random.uniform(begin, end) for _ in range(self.options.moments)]
        writer.stop()
        missing, extra, replay = 0, 0, []
        for moment in chosen:
            moment = int(moment * 1000) / 1000
            folder = self.target()
            restored = self.json("db", "restore", "production", "--at", iso(moment), "--into", folder)
            there = set(map(int, self.asked(folder, "select string_agg(n::text, ',') from written")[0].split(",")))
            promised = {number for number, _, answered in writer.rows if answered <= moment}
            later = {number for number, asked, _ in writer.rows if asked > moment + 0.001}
            missing += len(promised - there)
            extra += len(later & there)
            replay.append(restored["seconds"])
            expect(restored["last_commit_ms"] <= moment * 1000 + 1, f"a commit after {iso(moment)}: {restored}")
            shutil.rmtree(folder)
        self.figures.update(points=len(chosen), rows=len(writer.rows), missing=missing, extra=extra,
                            restore_s=round(sum(replay) / len(replay), 1))
        expect(missing == 0 and extra == 0, f"missing={missing} extra={extra}")

    def safety_point(self):
        """What the migration breaks is whole at the point before it; what came after the point is the loss."""
        before = self.sql("select count(*), sum(n) from written").replace("|", ",")
        point, cost = self.migrate("0001_break.sql",
                                   "-- slipway: phase=expand\nUPDATE written SET n = -n;\nALTER TABLE ballast DROP COLUMN text;\n")
        self.figures["safety_point_s"] = cost
        expect("backup" not in point, f"a backup although one was new enough: {point}")
        self.sql("insert into written select generate_series(1000001, 1000100)")
        folder = self.target()
        self.json("db", "restore", "production", "--name", point["name"], "--into", folder)
        after = ",".join(self.asked(folder, "select count(*), sum(n) from written"))
        expect(after == before, f"before the migration {before}, restored {after}")
        shutil.rmtree(folder)
        again = self.rig.run("migrate", "up", "production", "--json").stdout
        expect("restore_point" not in again, f"a point although nothing was pending: {again}")

    def refusals(self):
        folder = self.target()
        os.makedirs(folder)
        with open(os.path.join(folder, "precious"), "w") as out:
            out.write("x")
        expect("not empty" in self.refused("db", "restore", "production", "--into", folder), "a folder in use was taken")
        expect(os.path.exists(os.path.join(folder, "precious")), "what lay in the folder is gone")
        expect("no backup was whole" in self.refused("db", "restore", "production", "--at", "2020-01-01T00:00:00Z",
                                                     "--into", self.target()), "a moment before all backups")
        expect("--yes" in self.refused("db", "restore", "production", "--in-place"), "in place without a word")
        holder = subprocess.Popen(["psql", "-XAtq", "-d", self.postgres.url("shop") + "?application_name=the-app", "-c",
                                   "select pg_sleep(600)"])
        try:
            wait_until("a session", 20, lambda: self.sql("select count(*) from pg_stat_activity where "
                                                         "application_name = 'the-app'") == "1")
            expect("the-app" in self.refused("db", "restore", "production", "--in-place", "--yes"), "while the app runs")
        finally:
            holder.kill()
            holder.wait()

    # --- kill -9 -------------------------------------------------------------------------------------------------
    def begun(self, *words):
        return subprocess.Popen([self.rig.slipway, *words, "--state", self.rig.state, "--file", self.rig.config],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL,
                                cwd=self.rig.folder)

    def no_tool_left(self):
        """A tool of this test ends with its slipway, also when that was killed."""
        def left():
            for path in glob.glob("/proc/[0-9]*/cmdline"):
                try:
                    with open(path) as line:
                        text = line.read()
                except OSError:
                    continue
                is_tool = any(tool in text for tool in ("pgbackrest", "pg_dump", "pg_restore", "psql"))
                if self.place in text and is_tool and "archive-" not in text:
                    return text
            return None
        wait_until("the tool's end", 30, lambda: left() is None)

    def killed_backups(self):
        kills = 0
        for share in (0.2, 0.5, 0.8):
            before = self.ids()
            child = self.begun("db", "backup", "production", "--full")
            started = time.monotonic()
            wait_until("the backup's beginning", 60, lambda: time.monotonic() - started > share * self.full_seconds)
            child.kill()
            child.wait()
            kills += 1
            self.no_tool_left()
            after = self.ids()
            # One may have been quicker than the knife, and then an old one went by retention.
            expect(before[-1] in after and len(set(after) - set(before)) <= 1, f"{before} became {after}")
        child = self.begun("db", "backup", "production", "--full")
        started = time.monotonic()
        wait_until("the backup's middle", 60, lambda: time.monotonic() - started > 0.4 * self.full_seconds)
        self.postgres.kill()
        self.clearly_failed(child)
        self.postgres.start()
        kills += 1
        whole = self.json("db", "backup", "production", "--full")
        seen = self.backups()
        expect(seen["unfinished"] == [] and seen["backups"][-1]["id"] == whole["id"], f"after the kills: {seen}")
        self.figures["killed_backups"] = kills

    def killed_restores(self):
        kills = 0
        for share in (0.1, 0.4, 0.8):
            folder = self.target()
            child = self.begun("db", "restore", "production", "--into", folder)
            mark = folder + ".slipway-restore"
            wait_until("the restore's beginning", 60, lambda: os.path.exists(mark))
            started = time.monotonic()
            wait_until("its middle", 60, lambda: time.monotonic() - started > share * self.restore_seconds)
            child.kill()
            child.wait()
            self.no_tool_left()
            kills += 1
            if not os.path.exists(mark):
                shutil.rmtree(folder)  # it was quicker than the knife, and is whole
                continue
            wait_until("its server's end", 30, lambda: nobody_in(folder))
            self.json("db", "restore", "production", "--into", folder)
            expect(not os.path.exists(mark), "a whole restore is marked as half")
            self.asked(folder, "select count(*) from written")
            shutil.rmtree(folder)
        kills += self.replaying_server_killed() + self.production_killed()
        self.figures["killed_restores"] = kills

    def replaying_server_killed(self):
        """The restored server dies while it replays."""
        folder = self.target()
        child = self.begun("db", "restore", "production", "--into", folder)
        os.kill(wait_until("the server that replays", 60, lambda: postmaster_of(folder)), signal.SIGKILL)
        self.clearly_failed(child, "replaying")
        expect(os.path.exists(folder + ".slipway-restore"), "half a cluster without a mark")
        wait_until("its server's end", 30, lambda: nobody_in(folder))
        self.json("db", "restore", "production", "--into", folder)
        self.asked(folder, "select count(*) from written")
        shutil.rmtree(folder)
        return 1

    def production_killed(self):
        """A restore needs the repository alone."""
        folder = self.target()
        child = self.begun("db", "restore", "production", "--into", folder)
        wait_until("the restore's beginning", 60, lambda: os.path.exists(folder + ".slipway-restore"))
        self.postgres.kill()
        said = child.communicate(timeout=120)[0]
        expect(child.returncode == 0, f"PostgreSQL died beside a restore: {said}")
        self.asked(folder, "select count(*) from written")
        shutil.rmtree(folder)
        self.postgres.start()
        return 1

    def clearly_failed(self, child, *words):
        said = child.communicate(timeout=120)[0]
        expect(child.returncode != 0 and "next" in said, f"a clear error was expected: {child.returncode} {said}")
        expect(all(word in said for word in words), f"{words} are not in: {said}")
        self.no_tool_left()

    # --- damage, retention, in place -----------------------------------------------------------------------------
    def damage(self):
        newest = self.ids()[-1]
        bundle = max(glob.glob(f"{self.place}/repository/backup/shop-production/{newest}/bundle/*"), key=os.path.getsize)
        with open(bundle, "rb") as file:
            whole = file.read()
        flipped = bytearray(whole)
        flipped[len(flipped) // 2] ^= 0xff
        found = 0
        for name, data in (("flipped", bytes(flipped)), ("truncated", whole[:len(whole) // 2]), ("zero", b""), ("gone", None)):
            if data is None:
                os.remove(bundle)
            else:
                with open(bundle, "wb") as file:
                    file.write(data)
            done = self.rig.run("db", "backups", "production", "--verify", check=False)
            expect(done.returncode == 1 and newest in done.stdout, f"{name}: {done.returncode} {done.stdout}{done.stderr}")
            found += 1
        with open(bundle, "wb") as file:
            file.write(whole)
        if self.postgres.as_user:
            shutil.chown(bundle, "postgres", "postgres")
        self.rig.run("db", "backups", "production", "--verify")
        logs = sorted(glob.glob(f"{self.place}/repository/archive/shop-production/15-1/*/*.zst"))
        os.rename(logs[-2], self.place + "/away")
        done = self.rig.run("db", "backups", "production", "--verify", check=False)
        expect(done.returncode == 1 and "changes are missing" in done.stdout, f"a gap: {done.stdout}")
        os.rename(self.place + "/away", logs[-2])
        self.figures["damage_found"] = found + 1

    def retention(self):
        for _ in range(2):
            self.json("db", "backup", "production", "--full")
            self.json("db", "backup", "production")
        ids = self.ids()
        fulls = [one for one in ids if "_" not in one]
        expect(len(fulls) == 2, f"two full backups are kept: {ids}")
        fresh = self.json("db", "backup", "production", "--full")["id"]
        gone = set(ids) - set(self.ids())
        expect(gone == {one for one in ids if one.startswith(fulls[0])}, f"of {ids} went {gone}")
        expect(fresh in self.ids(), "the newest is gone")
        self.figures["kept_fulls"] = 2

    def in_place(self):
        """The server is stopped and started by the commands of slipway.yaml, which ask this test."""
        self.sql("create table marker as select 1 as n")
        moment = time.time()
        wait_until("the next second", 5, lambda: time.time() > moment + 0.1)
        self.sql("update marker set n = 2")
        orders = {}
        for name in ("stop", "start"):
            os.mkfifo(os.path.join(self.place, name))
            orders[name] = os.open(os.path.join(self.place, name), os.O_RDONLY | os.O_NONBLOCK)
        words = ("db", "restore", "production", "--at", iso(moment), "--in-place", "--yes", "--json")
        child = self.begun(*words)

        def has_come(name):
            try:
                return os.read(orders[name], 10)
            except BlockingIOError:
                return b""

        def ordered(name):
            wait_until(f"the order to {name}", 60, lambda: has_come(name) or child.poll() is not None)
            expect(child.poll() is None, "in place: " + (child.stdout.read() if child.poll() is not None else ""))

        ordered("stop")
        self.postgres.server.send_signal(signal.SIGINT)
        self.postgres.server.wait(timeout=60)
        # Killed with the old cluster aside and the new one half there: the next one goes on from that.
        wait_until("the old cluster being moved", 60, lambda: glob.glob(self.postgres.data + ".before-*"))
        child.kill()
        child.wait()
        self.no_tool_left()
        expect(os.path.exists(self.postgres.data + ".slipway-restore"), "half a cluster without a mark")
        expect(not os.path.exists(self.postgres.data + "/global/pg_control"), "half a cluster would start")
        child = self.begun(*words)
        ordered("start")
        # PostgreSQL dies while it replays; started again it goes on.
        self.postgres.launch()
        wait_until("the server that replays", 60, lambda: postmaster_of(self.postgres.data))
        self.postgres.kill()
        self.clearly_failed(child, "replaying", "start it")
        self.postgres.start()
        wait_until("the end of its replaying", 60, lambda: self.sql("select pg_is_in_recovery()") == "f")
        kept = glob.glob(self.postgres.data + ".before-*")[0]
        for pipe in orders.values():
            os.close(pipe)
        expect(self.sql("select n from marker") == "1", "the moment is not restored")
        expect(os.path.exists(os.path.join(kept, "global/pg_control")), "what stood there is not kept")
        expect(glob.glob(self.postgres.data + ".before-*") == [kept], "the old cluster is kept once")
        # The new timeline is archived as well.
        self.json("db", "backup", "production")

    # --- dumps ---------------------------------------------------------------------------------------------------
    def set_up_dumps(self):
        """Another database and another slipway.yaml. Its index is built for as long as the file `hold` is there."""
        url = self.postgres.make("small")
        with open(self.rig.config) as file:
            text = file.read()
        with open(os.path.join(self.rig.folder, "small-url"), "w") as out:
            out.write(url + "\n")
        text = text[:text.index("  backup:")].replace("/database-url", "/small-url")
        self.rig.config = os.path.join(self.rig.folder, "dumps.yaml")
        with open(self.rig.config, "w") as out:
            out.write(f"{text}  backup: {{ tool: pg_dump, repository: {self.place}/dumps }}\n"
                      "environments: { production: {} }\n")
        self.hold = os.path.join(self.place, "hold")
        self.postgres.sql("small", f"""
            create table ballast as select i, md5(i::text) as text from generate_series(1, 200000) i;
            create table held as select 1 as n;
            create function waits(n int) returns int immutable language plpgsql as $$ begin
              while (pg_stat_file('{self.hold}', true)).size is not null loop perform pg_sleep(0.02); end loop;
              return n; end $$;
            create index held_index on held (public.waits(n))""")

    def dumps(self):
        self.set_up_dumps()
        whole = self.json("db", "backup", "production")["id"]
        kills = self.killed_dumps() + self.killed_dump_restores_in_place() + self.killed_dump_restores_into()
        expect(self.ids()[0] == whole, f"the first dump is gone: {self.ids()}")
        self.figures["killed_dumps"] = kills

    def sessions(self, database, words):
        return int(self.postgres.sql("postgres", "select count(*) from pg_stat_activity where "
                                     f"datname = '{database}' and query like '{words}%' and state = 'active'"))

    def killed_dumps(self):
        """slipway dies while pg_dump waits for a table, and while it writes; then PostgreSQL dies."""
        part = os.path.join(self.place, "dumps/shop-production/*.part/data")

        def waits_for_a_table():
            return self.sessions("small", "LOCK TABLE")

        def writes():
            return glob.glob(part + "/*.dat*")

        for at, victim in ((waits_for_a_table, "slipway"), (writes, "slipway"), (waits_for_a_table, "PostgreSQL")):
            before = self.ids()
            holder = self.holder() if at == waits_for_a_table else None
            child = self.begun("db", "backup", "production")
            wait_until("pg_dump at work", 60, lambda: at() or child.poll() is not None)
            if child.poll() == 0:
                continue  # it was quicker than the knife, and is whole
            if victim == "slipway":
                child.kill()
                child.wait()
                self.no_tool_left()
                wait_until("the end of its sessions", 30, lambda: not self.sessions("small", "LOCK TABLE")
                           and not self.sessions("small", "COPY"))
            else:
                self.postgres.kill()
                self.clearly_failed(child, "pg_dump")
                self.postgres.start()
            if holder:
                holder.kill()
                holder.wait()
            seen = self.backups()
            expect([one["id"] for one in seen["backups"]] == before and len(seen["unfinished"]) == 1,
                   f"{victim} was killed: {seen}")
        whole = self.json("db", "backup", "production")
        seen = self.backups()
        expect(seen["unfinished"] == [] and seen["backups"][-1]["id"] == whole["id"], f"after the kills: {seen}")
        self.rig.run("db", "backups", "production", "--verify")
        return 3

    def holder(self):
        holder = subprocess.Popen(["psql", "-XAtq", "-d", self.postgres.url("small"), "-c",
                                   "begin; lock table ballast; select 'held', pg_sleep(600)"])
        wait_until("the lock", 20, lambda: self.sessions("small", "begin; lock table ballast"))
        return holder

    def killed_dump_restores_in_place(self):
        """slipway dies while pg_restore builds an index; then PostgreSQL dies there."""
        fresh = "small_slipway_restoring"
        words = ("db", "restore", "production", "--in-place", "--yes")
        for victim in ("slipway", "PostgreSQL"):
            self.postgres.sql("small", f"create table came_after_{victim} ()")
            open(self.hold, "w").close()
            child = self.begun(*words)
            wait_until("pg_restore at work", 60, lambda: self.sessions(fresh, "CREATE INDEX held_index"))
            if victim == "slipway":
                child.kill()
                child.wait()
                self.no_tool_left()
                wait_until("the end of its session", 30, lambda: not self.sessions(fresh, ""))
            else:
                self.postgres.kill()
                self.clearly_failed(child, "pg_restore", "nothing that stood before has changed")
                self.postgres.start()
            os.remove(self.hold)
            expect(self.postgres.sql("small", f"select to_regclass('came_after_{victim}')") != "", "the database changed")
            kept = self.json(*words)["kept"]
            expect(self.postgres.sql("small", "select count(*) from ballast") == "200000", "it is not restored")
            expect(self.postgres.sql("small", f"select to_regclass('came_after_{victim}')") == "", "it is not restored")
            names = self.postgres.sql("postgres", "select string_agg(datname, ' ' order by datname) from pg_database "
                                                  "where datname like 'small%'")
            expect(names == f"small {kept}", f"there are {names}")
            self.postgres.sql("postgres", f"drop database {kept}")
        return 2

    def killed_dump_restores_into(self):
        """slipway dies while pg_restore fills a cluster of its own; then that cluster's server dies."""
        folder = self.target()
        for victim in ("slipway", "PostgreSQL"):
            open(self.hold, "w").close()
            child = self.begun("db", "restore", "production", "--into", folder)
            server = wait_until("pg_restore at work", 60, lambda: self.builds_an_index(folder))
            if victim == "slipway":
                child.kill()
                child.wait()
                self.no_tool_left()
            else:
                os.kill(server, signal.SIGKILL)
                self.clearly_failed(child, "pg_restore")
            wait_until("its server's end", 30, lambda: nobody_in(folder))
            os.remove(self.hold)
            expect(os.path.exists(folder + ".slipway-restore"), "half a cluster without a mark")
        self.json("db", "restore", "production", "--into", folder)
        expect(not os.path.exists(folder + ".slipway-restore"), "a whole restore is marked as half")
        shutil.rmtree(folder)
        return 2

    def builds_an_index(self, folder):
        """The pid of the folder's server when one of its sessions is at CREATE INDEX."""
        server = postmaster_of(folder)
        if not server:
            return None
        try:
            with open(f"/proc/{server}/task/{server}/children") as children:
                pids = children.read().split()
            for pid in pids:
                with open(f"/proc/{pid}/cmdline") as line:
                    if "CREATE INDEX" in line.read():
                        return server
        except OSError:
            pass
        return None

    def run(self):
        if self.options.only:
            return getattr(self, self.options.only)()
        clock = time.monotonic()
        times = {}
        for step in (self.set_up, self.moments, self.safety_point, self.refusals, self.killed_backups,
                     self.killed_restores, self.damage, self.retention, self.in_place, self.dumps):
            step()
            times[step.__name__] = round(time.monotonic() - clock, 1)
            clock = time.monotonic()
            if step == self.moments:
                self.restore_seconds = self.figures["restore_s"]
                start = time.monotonic()
                self.json("db", "backup", "production", "--full")
                self.full_seconds = time.monotonic() - start
        if os.environ.get("TIMES"):
            print(times)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--moments", type=int, default=10)
    parser.add_argument("--megabytes", type=int, default=10)
    parser.add_argument("--only", choices=["dumps"])
    options = parser.parse_args()
    if not shutil.which("pgbackrest"):
        print("pgbackrest is not installed: tools/setup")
        return 77
    backups = Backups(options.build, options)
    failed = True
    try:
        backups.run()
        failed = False
    except Failure as failure:
        print(failure)
        with open(os.path.join(backups.place, "log")) as log:
            print("--- PostgreSQL\n" + "".join(log.readlines()[-15:]))
    finally:
        backups.rig.stop()
        backups.postgres.stop()
    if failed:
        return 1
    print("backup: " + " ".join(f"{name}={value}" for name, value in backups.figures.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
