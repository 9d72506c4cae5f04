#!/usr/bin/env python3
"""A column is renamed over four releases under load: added, filled in, left, taken away. No request fails, each
migration is applied once although the daemon is killed while it runs, and the release that needs the old column
cannot come back once it is gone.

usage: database_test.py BUILD_FOLDER
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres_rig import Postgres  # noqa: E402
from rig import ROOT, Failure, Rig, wait_until  # noqa: E402

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
  migrations: { path: "versions/${version}/migrations", tool: sql, wait: 1m }
environments:
  production:
    rollout: { strategy: canary, steps: [50%, 100%], keep_old: 1h }
"""

CREATE = "CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text);\n"
ADD = "-- slipway: phase=expand\nALTER TABLE orders ADD COLUMN title text;\n"
FILL = ("-- slipway: phase=data, table=orders, key=id\n"
        "UPDATE orders SET title = name WHERE id BETWEEN :from AND :to AND title IS NULL;\n")
DROP = "-- slipway: phase=contract\nALTER TABLE orders DROP COLUMN name;\n"
FILES = {"0001_create.sql": CREATE, "0002_add_title.sql": ADD, "0003_fill_title.sql": FILL, "0004_drop_name.sql": DROP}
OF_VERSION = {"v1": 1, "v2": 3, "v3": 4, "v4": 4}


def expect(condition, text):
    if not condition:
        raise Failure(text)


class Database:
    def __init__(self, build):
        self.rig = Rig(build, "slipway-database-")
        self.postgres = Postgres()
        self.postgres.make("shop")
        folder = self.rig.folder
        with open(os.path.join(folder, "database-url"), "w") as out:
            out.write(self.postgres.url("shop") + "\n")
        here = os.path.join(ROOT, "tests", "e2e")
        self.rig.config = os.path.join(folder, "slipway.yaml")
        with open(self.rig.config, "w") as out:
            out.write(CONFIG.replace("@APP@", os.path.join(here, "database_app.js"))
                      .replace("@MODULES@", os.path.join(here, "migrations", "node_modules"))
                      .replace("@FOLDER@", folder))
        for version, count in OF_VERSION.items():
            where = os.path.join(folder, "versions", version, "migrations")
            os.makedirs(where)
            for name in list(FILES)[:count]:
                with open(os.path.join(where, name), "w") as out:
                    out.write(FILES[name])

    def sql(self, statement):
        return self.postgres.sql("shop", statement)

    def columns(self):
        return self.sql("select string_agg(attname, ',' order by attnum) from pg_attribute "
                        "where attrelid = 'orders'::regclass and attnum > 0 and not attisdropped")

    def deploy(self, version):
        self.rig.run("deploy", "production", version)
        live = self.rig.status("shop", "production")["live"]["version"]
        expect(live == version, f"{live} is live, not {version}")

    # The table is held by somebody: the migration waits, and its daemon dies.
    def killed_while_it_migrates(self, version):
        holder = self.rig.start("holder", ["psql", "-XAtq", "-d", self.postgres.url("shop"), "-c",
                                           "begin; lock table orders in access share mode; select pg_sleep(600)"])
        wait_until("the table being held", 20, lambda: self.sql(
            "select count(*) from pg_locks where relation = 'orders'::regclass and mode = 'AccessShareLock' "
            "and pid in (select pid from pg_stat_activity where query like '%pg_sleep(600)%')") != "0")
        child = self.rig.begin("deploy", "production", version)
        wait_until("the migration waiting", 60, lambda: self.sql(
            "select count(*) from pg_stat_activity where application_name like 'slipway migrate production%'") != "0")
        self.rig.kill_daemon()
        expect(self.columns() == "id,name", "the daemon died too late: the column is there already")
        child.wait(timeout=60)
        self.sql("select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(600)%' "
                 "and pid <> pg_backend_pid()")
        holder.wait(timeout=20)
        self.rig.start_daemon()
        wait_until(f"{version} being live", 90,
                   lambda: self.rig.status("shop", "production")["live"]["version"] == version
                   and not self.rig.status("shop", "production").get("running"))

    def run(self):
        rig = self.rig
        rig.start_edge()
        rig.start_daemon()
        self.deploy("v1")
        mix = os.path.join(rig.folder, "mix.txt")
        with open(mix, "w") as out:
            out.write("100 GET /\n")
        rig.start_load(100, mix)
        self.killed_while_it_migrates("v2")
        expect(self.columns() == "id,name,title", f"after v2: {self.columns()}")
        expect(self.sql("select count(*) from orders where title is null") == "0", "rows are not filled in")
        self.deploy("v3")
        expect(self.columns() == "id,name,title", f"after v3: {self.columns()}")
        self.deploy("v4")
        expect(self.columns() == "id,title", f"after v4: {self.columns()}")
        applied = self.sql("select count(*), count(distinct id) from slipway.migrations")
        expect(applied == "4|4", f"book-keeping: {applied}")
        back = rig.run("rollback", "production", "v2", check=False)
        expect(back.returncode == 3 and "0004_drop_name" in back.stderr,
               f"the rollback to v2: {back.returncode} {back.stderr}")
        rig.run("rollback", "production", "v3")
        report = rig.stop_load()
        rig.load = None
        expect(report["failed"] == 0, f"{report['failed']} of {report['requests']} requests failed")
        return report, len(rig.releases("shop", "production"))


def main(build):
    database = Database(build)
    failed = True
    try:
        report, releases = database.run()
        failed = False
    except Failure as failure:
        print(failure)
        for name in ("daemon", "edge", "load"):
            print(f"--- {name}\n{database.rig.log_of(name, 30)}")
    finally:
        orphans = database.rig.stop()
        database.postgres.stop()
    if failed:
        return 1
    print(f"database: releases={releases} requests={report['requests']} failed={report['failed']} "
          f"instances_stopped={orphans}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
