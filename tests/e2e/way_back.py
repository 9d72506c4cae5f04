"""The database goes back with the app stopped around it, under load: whoever comes meanwhile gets the maintenance
page, and nobody an error. A step of proof_test.py, which has a server with backups and nothing that is due.
"""
import glob
import http.client
import os
import signal
import subprocess
import threading
import time

from rig import ROOT, Failure, wait_until

CONFIG = """app: shop
services:
  web:
    run: "exec node @APP@ ${version}"
    env: { NODE_PATH: "@MODULES@" }
    secrets: [DATABASE_URL]
    health: { path: /health, interval: 100ms, healthy: 1 }
    drain: 2s
secrets: { DATABASE_URL: { file: @FOLDER@/database-url } }
database:
  url: ${secret.DATABASE_URL}
  migrations: { path: "versions/${version}/migrations", tool: sql, rehearse: off, contract: after_retire }
  backup:
    tool: pgbackrest
    repository: @PLACE@/repository
    folder: @PLACE@/notes
    rpo: 10m
    stop_server: echo stop > @PLACE@/stop
    start_server: echo start > @PLACE@/start
environments: { production: { rollout: { strategy: blue-green, keep_old: 0s } } }
"""
FILES = {
    "0001_create.sql": "CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text);\n",
    "0002_add_title.sql": "-- slipway: phase=expand\nALTER TABLE orders ADD COLUMN title text;\n",
    "0003_drop_name.sql": "-- slipway: phase=contract\nALTER TABLE orders DROP COLUMN name;\n",
}
OF_VERSION = {"v1": 1, "v3": 3}  # as database_app.js knows them: name alone, and title alone


def expect(condition, text):
    if not condition:
        raise Failure(text)


class Visitors:
    """Requests one after the other, each on a connection of its own; what each was answered."""

    def __init__(self, port):
        self.port = port
        self.answers = []  # (when, status, is the page)
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self.visit) for _ in range(3)]
        for thread in self.threads:
            thread.start()

    def visit(self):
        while not self.is_over.wait(0.01):
            try:
                link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
                link.request("GET", "/")
                answer = link.getresponse()
                body = answer.read()
                is_page = answer.status == 503 and b"maintenance" in body and answer.getheader("Retry-After")
                self.answers.append((time.time(), answer.status, bool(is_page), body[:80]))
                link.close()
            except OSError as error:
                self.answers.append((time.time(), 0, False, str(error)))

    def stop(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def served(self):
        return sum(1 for answer in list(self.answers) if answer[1] == 200)

    def failed(self):
        return [answer for answer in list(self.answers) if answer[1] != 200 and not answer[2]]


class Keeper:
    """Stops and starts PostgreSQL when slipway.yaml's commands say so."""

    def __init__(self, postgres):
        self.postgres = postgres
        self.orders = {}
        for name in ("stop", "start"):
            path = os.path.join(postgres.folder, name)
            if not os.path.exists(path):
                os.mkfifo(path)
            self.orders[name] = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.obey)
        self.thread.start()

    def has_come(self, name):
        try:
            return os.read(self.orders[name], 100)
        except BlockingIOError:
            return b""

    def obey(self):
        while not self.is_over.wait(0.02):
            if self.has_come("stop"):
                self.postgres.server.send_signal(signal.SIGINT)
                self.postgres.server.wait(timeout=60)
            if self.has_come("start"):
                self.postgres.start()

    def stop(self):
        self.is_over.set()
        self.thread.join()
        for order in self.orders.values():
            os.close(order)


class WayBack:
    def __init__(self, rig, postgres, figures):
        self.rig, self.postgres, self.figures = rig, postgres, figures
        folder = rig.folder
        with open(os.path.join(folder, "database-url"), "w") as out:
            out.write(postgres.url("shop") + "\n")
        here = os.path.join(ROOT, "tests", "e2e")
        with open(rig.config, "w") as out:
            out.write(CONFIG.replace("@APP@", os.path.join(here, "database_app.js")).replace("@FOLDER@", folder)
                      .replace("@MODULES@", os.path.join(here, "migrations", "node_modules"))
                      .replace("@PLACE@", postgres.folder))
        for version, count in OF_VERSION.items():
            where = os.path.join(folder, "versions", version, "migrations")
            os.makedirs(where)
            for name in list(FILES)[:count]:
                with open(os.path.join(where, name), "w") as out:
                    out.write(FILES[name])

    def sql(self, statement):
        return self.postgres.sql("shop", statement)

    def live(self):
        return self.rig.status("shop", "production")["live"]["version"]

    def columns(self):
        return self.sql("select string_agg(attname, ',' order by attnum) from pg_attribute "
                        "where attrelid = 'orders'::regclass and attnum > 0 and not attisdropped")

    def begun(self, *words):
        return subprocess.Popen([self.rig.slipway, *words, "--state", self.rig.state, "--file", self.rig.config],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL,
                                cwd=self.rig.folder)

    def health(self):
        link = http.client.HTTPConnection("127.0.0.1", self.rig.edge_port, timeout=10)
        link.request("GET", "/health")
        return link.getresponse().status

    def rows_flow(self):
        seen = self.visitors.served()
        wait_until("requests being served", 30, lambda: self.visitors.served() > seen + 30)

    # --- steps ---------------------------------------------------------------------------------------------------
    def rollback(self):
        """v3 dropped a column: back to v1 with the database as it was before, cut off twice on the way."""
        before = int(self.sql("select max(id) from orders"))
        self.rig.run("deploy", "production", "v3")
        expect(self.columns() == "id,title", f"after v3: {self.columns()}")
        self.rows_flow()
        refused = self.rig.run("rollback", "production", "v1", "--with-database", check=False)
        expect(refused.returncode == 3 and "--restore" in refused.stderr, f"without: {refused.stderr}")
        words = ("rollback", "production", "v1", "--with-database", "--restore")
        refused = self.rig.run(*words, check=False)
        expect(refused.returncode == 3 and "public.orders" in refused.stderr and "rows inserted" in refused.stderr,
               f"what would be lost: {refused.stderr}")
        expect(self.live() == "v3" and not self.visitors.failed(), "something was done before the word was given")
        child = self.begun(*words, "--accept-loss")
        wait_until("the old cluster being moved", 60, lambda: glob.glob(self.postgres.data + ".before-*")
                   or child.poll() is not None)
        child.kill()
        said = child.communicate()[0]
        expect(child.returncode == -9, f"it ended before the knife: {said}")
        self.rig.kill_daemon()
        self.rig.start_daemon()
        told = self.rig.run("status").stdout
        expect("stopped since" in told and "rollback with its database" in told and "goes on" in told, f"status: {told}")
        expect(self.health() == 200, "health does not stay up")
        other = self.rig.run("deploy", "production", "v3", check=False)
        expect(other.returncode == 3 and "stands still" in other.stderr, f"a deploy meanwhile: {other.stderr}")
        self.rig.run(*words, "--accept-loss")
        expect(self.live() == "v1" and self.columns() == "id,name,title", f"{self.live()} with {self.columns()}")
        expect(int(self.sql(f"select count(*) from orders where id <= {before}")) == before, "rows from before are gone")
        expect(len(glob.glob(self.postgres.data + ".before-*")) == 1, "the old cluster is kept once")
        expect(not self.rig.status("shop", "production")["standstill"], "it still stands still")
        self.rows_flow()

    def in_place(self):
        """A person's own session keeps a restore away and costs nothing; without it the moment comes back."""
        self.sql("create table marker as select 1 as n")
        moment = time.time()
        self.rows_flow()
        self.sql("update marker set n = 2")
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment * 1000) % 1000:03d}Z"
        words = ("db", "restore", "production", "--at", at, "--in-place", "--yes")
        holder = subprocess.Popen(["psql", "-XAtq", "-d", self.postgres.url("shop") + "?application_name=kim", "-c",
                                   "select pg_sleep(600)"], stderr=subprocess.DEVNULL)
        try:
            refused = self.rig.run(*words, check=False)
            expect(refused.returncode == 3 and f"kim (pid " in refused.stderr and "the app runs again" in refused.stderr,
                   f"with a session: {refused.stderr}")
            self.rows_flow()
            self.given_up(words)
            done = self.rig.run(*words, "--disconnect")
        finally:
            holder.kill()
            holder.wait()
        expect("what stood there before is" in done.stdout, f"restored: {done.stdout}")
        expect(self.sql("select n from marker") == "1", "the moment is not restored")
        self.rows_flow()

    def given_up(self, words):
        """Killed with the old cluster aside; what was there comes back, and the app with it."""
        before = glob.glob(self.postgres.data + ".before-*")
        child = self.begun(*words, "--disconnect")
        wait_until("the old cluster being moved", 60, lambda: glob.glob(self.postgres.data + ".before-*") != before
                   or child.poll() is not None)
        child.kill()
        said = child.communicate()[0]
        expect(child.returncode == -9, f"it ended before the knife: {said}")
        done = self.rig.run("db", "restore", "production", "--undo")
        expect("put back what stood there" in done.stdout, f"undone: {done.stdout}")
        expect(glob.glob(self.postgres.data + ".before-*") == before, "the old cluster is still aside")
        expect(self.sql("select n from marker") == "2", "the database is not as it was")
        self.rows_flow()

    def run(self):
        rig = self.rig
        rig.start_daemon()
        self.keeper = Keeper(self.postgres)
        self.visitors = None
        try:
            rig.run("deploy", "production", "v1")
            self.visitors = Visitors(rig.edge_port)
            self.rows_flow()
            self.rollback()
            self.in_place()
        finally:
            if self.visitors:
                self.visitors.stop()
            self.keeper.stop()
        failed = self.visitors.failed()
        expect(not failed, f"{len(failed)} of {len(self.visitors.answers)} requests failed: {failed[:5]}")
        self.figures["visits"] = len(self.visitors.answers)
        self.figures["pages"] = sum(1 for answer in self.visitors.answers if answer[2])
        self.figures["failed_visits"] = 0
