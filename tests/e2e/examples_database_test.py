#!/usr/bin/env python3
"""Each of the three examples takes an old shape away over three releases under load: added, filled in, dropped. What is
pending is linted and rehearsed, a staging copy holds nobody real, no request fails, and the release that needs what is
gone cannot come back. A migration that would stop writers is refused before production is touched.

usage: examples_database_test.py BUILD_FOLDER
"""
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres_rig import Postgres  # noqa: E402
from rig import ROOT, Failure, Rig  # noqa: E402

MODULES = os.path.join(ROOT, "tests", "e2e", "migrations", "node_modules")


class Example:
    def __init__(self, folder, app, folders, table, email, old, new, gone):
        self.folder, self.app, self.folders = folder, app, folders
        self.table, self.email = table, email
        self.old, self.new = old, new  # a column that goes; what must be so once it is filled in
        self.gone = gone               # the migration that took it away
        self.variable = folder.upper()
        self.database = folder
        self.host = f"{app}.localhost"


EXAMPLES = [
    Example("shopflow", "shopflow-orders", "versions/{}/migrations", "orders", "email", "total",
            "select count(*) from orders where total_cents is null", "0004_drop_total"),
    Example("cartrel", "cartrel-shops", "prisma/{}/migrations", '"Shop"', "email", "accessToken",
            'select count(*) from "Shop" s where not exists (select from "Credential" where "shopId" = s.id)',
            "20260301090000_drop_access_token"),
    Example("swapjoy", "swapjoy", "prisma/{}/migrations", "offers", "owner_email", "location",
            "select count(*) from offers where town is null", "20260310080000_drop_location"),
]


def expect(condition, text):
    if not condition:
        raise Failure(text)


class Test:
    def __init__(self, build):
        self.rig = Rig(build, "slipway-examples-")
        self.postgres = Postgres({"shared_preload_libraries": "pg_stat_statements"})
        os.environ["NODE_PATH"] = MODULES
        for example in EXAMPLES:
            self.postgres.make(example.database)
            self.postgres.make(example.database + "_staging")
            self.postgres.sql(example.database, "create extension pg_stat_statements")
            os.environ[example.variable + "_DATABASE_URL"] = self.postgres.url(example.database)
            os.environ[example.variable + "_STAGING_DATABASE_URL"] = self.postgres.url(example.database + "_staging")
            example.place = os.path.join(self.rig.folder, example.folder)
            shutil.copytree(os.path.join(ROOT, "examples", example.folder, "database"), example.place)
            self.add_to(os.path.join(example.place, "slipway.yaml"), "secrets: [DATABASE_URL]",
                        f"secrets: [DATABASE_URL]\n    env: {{ NODE_PATH: \"{MODULES}\" }}")

    @staticmethod
    def add_to(path, old, new):
        with open(path) as file:
            text = file.read()
        expect(old in text, f"{path} has no {old!r}")
        with open(path, "w") as file:
            file.write(text.replace(old, new))

    def columns(self, example):
        return self.postgres.sql(example.database, "select string_agg(attname, ' ' order by attnum) from pg_attribute "
                                 f"where attrelid = '{example.table}'::regclass and attnum > 0 and not attisdropped")

    def deploy(self, example, version):
        self.rig.run("deploy", "production", version)
        live = self.rig.status(example.app, "production")["live"]["version"]
        expect(live == version, f"{example.app}: {live} is live, not {version}")

    def lint(self, example, version):
        folder = os.path.join(example.place, example.folders.format(version))
        done = self.rig.run("migrate", "lint", folder, check=False)
        expect(done.returncode in (0, 3), done.stderr)
        return done.stdout

    def check(self, example, version):
        folder = os.path.join(example.place, example.folders.format(version))
        done = self.rig.run("migrate", "check", "production", "--path", folder, "--phase", "contract", "--require")
        expect("rehearsed, nothing dangerous" in done.stdout, f"{example.app} {version}: {done.stdout}")

    def copy(self, example):
        self.rig.run("db", "copy", "staging")
        staging = example.database + "_staging"
        count = f"select count(*) from {example.table}"
        expect(self.postgres.sql(staging, count) != "0", f"{example.app}: the copy is empty")
        real = self.postgres.sql(staging, f"{count} where {example.email} like '%.example'")
        expect(real == "0", f"{example.app}: {real} real addresses are in staging")

    # What stops writers is refused, and the database is as it was; on the record it goes through.
    def refused(self, example):
        folder = os.path.join(example.place, example.folders.format("v4"))
        shutil.copytree(os.path.join(example.place, example.folders.format("v3")), folder)
        with open(os.path.join(folder, "0005_email_index.sql"), "w") as out:
            out.write("CREATE INDEX orders_email ON orders (email);\n")
        with open(os.path.join(folder, "0005_email_index.down.sql"), "w") as out:
            out.write("DROP INDEX orders_email;\n")
        self.postgres.sql(example.database, "insert into orders (email, total_cents) select 'many@shopflow.example', 1 "
                          "from generate_series(1, 20000); analyze orders")
        done = self.rig.run("deploy", "production", "v4", check=False)
        expect(done.returncode != 0, "v4 was released with an index that stops writers")
        told = done.stdout + done.stderr + str(self.rig.releases(example.app, "production")[0])
        expect("index-blocks-writes" in told and "CREATE INDEX CONCURRENTLY" in told, f"the refusal: {told}")
        expect(self.postgres.sql(example.database, "select to_regclass('orders_email') is null") == "t",
               "production was touched")
        self.rig.run("deploy", "production", "v4", "--override", "rehearsal", "--reason", "nobody writes at night")
        expect(self.postgres.sql(example.database, "select to_regclass('orders_email') is null") == "f",
               "the override was not heard")

    # What took the old shape away is taken back before the release that needs it.
    def back_with_its_schema(self, example):
        done = self.rig.run("rollback", "production", "v2", "--with-database")
        told = done.stdout + done.stderr
        expect("takes back 0005_email_index" in told and "takes back 0004_drop_total" in told
               and "nothing is lost" in told, f"the rollback with its schema: {told}")
        live = self.rig.status(example.app, "production")["live"]["version"]
        expect(live == "v2" and "total" in self.columns(example).split(), f"{live} is live: {self.columns(example)}")

    def story(self, example):
        rig = self.rig
        rig.config = os.path.join(example.place, "slipway.yaml")
        self.deploy(example, "v1")
        mix = os.path.join(rig.folder, "mix.txt")
        with open(mix, "w") as out:
            out.write("100 GET /\n")
        rig.start_load(100, mix, example.host)
        expect(f"{example.gone}" in self.lint(example, "v3"), f"{example.app}: lint does not tell of {example.gone}")
        if example.folder == "cartrel":
            self.check(example, "v2")
        self.deploy(example, "v2")
        expect(example.old in self.columns(example).split(), f"{example.app}: {example.old} went too early")
        left = self.postgres.sql(example.database, example.new)
        expect(left == "0", f"{example.app}: {left} rows are not filled in")
        self.deploy(example, "v3")
        expect(example.old not in self.columns(example).split(), f"{example.app}: {example.old} is still there")
        back = rig.run("rollback", "production", "v2", check=False)
        expect(back.returncode == 3 and example.gone in back.stderr,
               f"{example.app}: the rollback to v2: {back.returncode} {back.stderr}")
        self.copy(example)
        if example.folder == "shopflow":
            self.refused(example)
            self.back_with_its_schema(example)
        report = rig.stop_load()
        rig.load = None
        expect(report["failed"] == 0 and report["requests"] > 0,
               f"{example.app}: {report['failed']} of {report['requests']} requests failed")
        return report["requests"]

    def run(self):
        self.rig.start_edge()
        self.rig.start_daemon()
        out = {}
        for example in EXAMPLES:
            began = time.monotonic()
            requests = self.story(example)
            out[example.folder] = f"{requests} in {time.monotonic() - began:.1f}s"
        return out


def main(build):
    if not os.path.isdir(os.path.join(MODULES, "pg")):
        print("skipped: npm's pg is not installed (tools/setup)")
        return 77
    test = Test(build)
    failed = True
    try:
        out = test.run()
        failed = False
    except Failure as failure:
        print(failure)
        for name in ("daemon", "edge", "load"):
            print(f"--- {name}\n{test.rig.log_of(name, 30)}")
    finally:
        test.rig.stop()
        test.postgres.stop()
    if failed:
        return 1
    print("examples-database: " + " ".join(f"{name}={text.replace(' ', '_')}" for name, text in out.items()) + " failed=0")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
