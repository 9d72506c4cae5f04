#!/usr/bin/env python3
"""slipway migrate beside the tools whose folders it runs, and killed at every point of a run.

usage: migrations_test.py BUILD_FOLDER [verbs|pooler|crashes|server|tools]     (all of them by default)

tools:   each tool applies a folder and slipway finds nothing to do, and the other way round; pg_dump sees no difference
crashes: slipway is killed with -9 at every named point of a run; the next run ends as an undisturbed one would
server:  the same with PostgreSQL killed at these points
verbs:   slipway.yaml, Ctrl-C, refusals
pooler:  a real PgBouncer that shares sessions is refused, one that does not is used
"""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres_rig import Postgres  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.join(HERE, "migrations")
WHEN = 1700000000000
STATEMENTS = ["CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);",
              "ALTER TABLE users ADD COLUMN name text;\nCREATE INDEX users_email ON users (email);",
              "CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id), total numeric(10,2));"]


class Failure(Exception):
    pass


def expect(condition, text):
    if not condition:
        raise Failure(text)


def write(folder, files):
    for path, text in files.items():
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w") as out:
            out.write(text)


def drizzle(folder):
    entries = [{"idx": i, "version": "7", "when": WHEN + i, "tag": f"{i:04}_step", "breakpoints": True}
               for i in range(len(STATEMENTS))]
    files = {f"migrations/{i:04}_step.sql": text.replace(";\n", ";\n--> statement-breakpoint\n")
             for i, text in enumerate(STATEMENTS)}
    files["migrations/meta/_journal.json"] = json.dumps({"version": "7", "dialect": "postgresql", "entries": entries})
    files["drizzle.config.json"] = json.dumps({"dialect": "postgresql", "out": "./migrations",
                                               "dbCredentials": {"url": "@URL@"}})
    write(folder, files)
    return {"pending": "select count(*) from drizzle.__drizzle_migrations"}


def dbmate(folder):
    write(folder, {f"migrations/2024010{i}_step.sql": f"-- migrate:up\n{text}\n-- migrate:down\nSELECT 1;\n"
                   for i, text in enumerate(STATEMENTS, 1)})
    write(folder, {"migrations/20240104_build.sql": "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY users_name "
                   "ON users (name);\n-- migrate:down transaction:false\nDROP INDEX CONCURRENTLY users_name;\n"})
    return {"pending": "select count(*) from schema_migrations", "count": len(STATEMENTS) + 1}


def node_pg_migrate(folder):
    write(folder, {f"migrations/{WHEN + i}_step{i}.sql": f"-- Up Migration\n{text}\n-- Down Migration\nSELECT 1;\n"
                   for i, text in enumerate(STATEMENTS)})
    return {"pending": "select count(*) from public.pgmigrations"}


def knex(folder):
    write(folder, {f"migrations/2024010{i}_step.js":
                   f"exports.up = (knex) => knex.raw(`{text}`);\nexports.down = (knex) => knex.raw('select 1');\n"
                   for i, text in enumerate(STATEMENTS, 1)})
    write(folder, {"knexfile.js": "module.exports = { client: 'pg', connection: process.env.DATABASE_URL };\n"})
    return {"pending": "select count(*) from knex_migrations"}


# Prisma's engines are programs that come from elsewhere; its schema engine is in its package too, for JavaScript
# drivers. That driver does not read PostgreSQL's type "name".
PRISMA_CONFIG = """const { PrismaPg } = require("@prisma/adapter-pg");
const Result = require("pg/lib/result");
const NAME = 19, TEXT = 25;
const addFields = Result.prototype.addFields;
Result.prototype.addFields = function (fields) {
  for (const field of fields) if (field.dataTypeID === NAME) field.dataTypeID = TEXT;
  return addFields.call(this, fields);
};
module.exports = { experimental: { adapter: true }, engine: "js", schema: "schema.prisma",
  adapter: async () => new PrismaPg({ connectionString: process.env.DATABASE_URL }) };
"""


def prisma(folder):
    steps = STATEMENTS + [f"ALTER TABLE users ADD COLUMN extra_{i} integer DEFAULT {i};" for i in range(29)]
    write(folder, {f"migrations/202401{i:02}000000_step/migration.sql": text + "\n" for i, text in enumerate(steps, 1)})
    write(folder, {"migrations/migration_lock.toml": 'provider = "postgresql"\n', "prisma.config.js": PRISMA_CONFIG,
                   "schema.prisma": 'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\n'})
    return {"pending": "select count(*) from _prisma_migrations where finished_at is not null", "count": len(steps)}


class Tests:
    def __init__(self, build):
        self.slipway = os.path.join(os.path.abspath(build), "slipway")
        self.postgres = Postgres()
        self.folder = tempfile.mkdtemp(prefix="slipway-migrations-")

    def close(self):
        self.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def migrate(self, verb, url, path, *more, env=None):
        run = subprocess.run([self.slipway, "migrate", *verb.split(), "--url", url, "--path", path, *more],
                             capture_output=True, text=True, cwd=self.folder, timeout=120,
                             env={**os.environ, **(env or {})})
        return run

    def status(self, url, path):
        run = self.migrate("status production", url, path, "--json")
        expect(run.returncode == 0, f"status: {run.stdout}{run.stderr}")
        return json.loads(run.stdout)

    # --- tools -----------------------------------------------------------------------------------------------------
    def bin(self, name):
        """The program of an npm package. dbmate's own package asks for every platform; its binary is one of them."""
        if name == "dbmate":
            return os.path.join(TOOLS, "node_modules", "@dbmate", "linux-x64", "bin", "dbmate")
        return os.path.join(TOOLS, "node_modules", ".bin", name)

    def run_tool(self, name, project, url):
        """The tool applies what it finds pending; what it says."""
        config = os.path.join(project, "drizzle.config.json")
        if name == "drizzle":
            with open(config) as source:
                text = source.read()
            parsed = json.loads(text)
            parsed["dbCredentials"]["url"] = url
            write(project, {"drizzle.config.json": json.dumps(parsed)})
        command = {"prisma": [self.bin("prisma"), "migrate", "deploy"],
                   "dbmate": [self.bin("dbmate"), "--migrations-dir", "migrations", "--no-dump-schema", "migrate"],
                   "drizzle": [self.bin("drizzle-kit"), "migrate"],
                   "node-pg-migrate": [self.bin("node-pg-migrate"), "up", "-m", "migrations"],
                   "knex": [self.bin("knex"), "migrate:latest"]}[name]
        run = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120,
                             env={**os.environ, "DATABASE_URL": url + ("?sslmode=disable" if name == "dbmate" else ""),
                                  "NODE_PATH": os.path.join(TOOLS, "node_modules"),
                                  "CHECKPOINT_DISABLE": "1", "PRISMA_QUERY_ENGINE_LIBRARY": "/bin/true",
                                  "PRISMA_SCHEMA_ENGINE_BINARY": "/bin/true"})
        expect(run.returncode == 0, f"{name}: {run.stdout}{run.stderr}")
        return run.stdout + run.stderr

    def tool_agrees(self, name, make):
        project = os.path.join(self.folder, name)
        made = make(project)
        query, count = made["pending"], made.get("count", len(STATEMENTS))
        os.symlink(os.path.join(TOOLS, "node_modules"), os.path.join(project, "node_modules"))
        path = os.path.join(project, "migrations")
        ours, theirs = "ours_" + name.replace("-", "_"), "theirs_" + name.replace("-", "_")
        url = self.postgres.make(ours)
        command = ["--command", f"cd {project} && {self.bin('knex')} migrate:up"] if name == "knex" else []
        up = self.migrate("up production", url, path, *command)
        expect(up.returncode == 0, f"{name} up: {up.stderr}")
        expect(self.postgres.sql(ours, query) == str(count), f"{name}: the book does not hold {count} rows")
        said = self.run_tool(name, project, url)
        expect(self.postgres.sql(ours, query) == str(count), f"{name} applied something again: {said}")
        other = self.postgres.make(theirs)
        self.run_tool(name, project, other)
        seen = self.status(other, path)
        expect(seen["tool"] == name and len(seen["applied"]) == count and not seen["pending"] and not seen["refused"],
               f"after {name}: {seen}")
        again = self.migrate("up production", other, path)
        expect(again.returncode == 0 and "nothing is pending" in again.stderr, f"after {name}: {again.stderr}")
        mine, his = self.postgres.shape(ours), self.postgres.shape(theirs)
        expect(mine == his, f"{name}: pg_dump differs\n--- slipway\n{mine}\n--- {name}\n{his}")
        print(f"{name}: {count} migrations, agrees both ways")

    def tools(self):
        if not os.path.isdir(os.path.join(TOOLS, "node_modules")):
            print("the tools are not installed: tools/setup does it")
            sys.exit(77)
        self.tool_agrees("prisma", prisma)
        if os.path.exists(self.bin("dbmate")):
            self.tool_agrees("dbmate", dbmate)
        else:
            print("dbmate: left out, npm has its binary for linux-x64 only")
        self.tool_agrees("drizzle", drizzle)
        self.tool_agrees("node-pg-migrate", node_pg_migrate)
        self.tool_agrees("knex", knex)
        self.captures()

    # What a program would do is read off the scratch server's log, and judged like SQL.
    PROGRAMS = {
        "20240104_fill.js": "exports.up = async (knex) => {\n  await knex('users').where({ id: 1 }).update({ name: \"O'Hara\" });\n"
                            "  await knex.schema.alterTable('users', (t) => t.integer('age').notNullable().defaultTo(7));\n};\n"
                            "exports.down = () => {};\n",
        "20240105_index.js": "exports.up = (knex) => knex.schema.alterTable('users', (t) => t.index('name', 'users_by_name'));\n"
                             "exports.down = () => {};\n",
        "20240106_build.js": "exports.config = { transaction: false };\n"
                             "exports.up = (knex) => knex.raw('create index concurrently users_by_age on users (age)');\n"
                             "exports.down = () => {};\n",
        "20240107_drop.js": "exports.up = (knex) => knex.schema.alterTable('users', (t) => t.dropColumn('email'));\n"
                            "exports.down = () => {};\n",
    }

    def captures(self):
        project, url = os.path.join(self.folder, "knex"), self.postgres.url("ours_knex")
        path = os.path.join(project, "migrations")
        self.postgres.sql("ours_knex", "insert into users (id, email) select i, 'x' from generate_series(1, 20000) i; analyze")
        write(path, self.PROGRAMS)
        before = self.postgres.shape("ours_knex")
        rows = "select count(*) from knex_migrations"

        def check(command, *more):
            return self.migrate("check production", url, path, "--command", command, "--require", *more)

        command = f"cd {project} && {self.bin('knex')} migrate:up"
        run = check(command)
        told = run.stdout + run.stderr
        expect(run.returncode == 3, f"an index that stops writers is let through: {told}")
        for line in ("captured from knex: 20240105_index.js:1: index-blocks-writes: users",
                     "captured from knex: 20240107_drop.js:1: drop-column: users.email"):
            expect(line in told, f"not told: {line}\n{told}")
        for harmless in ("20240104_fill.js:", "20240106_build.js:"):
            expect(harmless not in told, f"{harmless} is held to be dangerous: {told}")
        for name, rule in (("20240105_index.js", "index-blocks-writes"), ("20240107_drop.js", "drop-column")):
            write(path, {name: f"// slipway: ack={rule}\n" + self.PROGRAMS[name]})
        lines = check(command, "--json")
        expect(lines.returncode == 0, f"acknowledged, and refused: {lines.stdout}{lines.stderr}")
        done = json.loads(lines.stdout.splitlines()[-1])
        expect("of them captured from programs: 4" in done["what"], f"the outcome: {done}")
        seen = {one["statement"]: one for one in done["report"]["statements"]}
        expect(any("update" in one and "O'Hara" not in one for one in seen), f"its values are told: {list(seen)}")
        build = next(one for text, one in seen.items() if "concurrently" in text)
        index = next(one for text, one in seen.items() if "users_by_name" in text)
        expect(index["effect"]["locks"].get("users") == "Share" and index["harms"] == ["blocks"], f"the index: {index}")
        expect(build["harms"] == [], f"the build: {build}")
        # One that does not take its database from where it is told has no network to reach it by.
        alone = ["unshare", *(["--user", "--map-current-user"] if os.geteuid() else []), "--net", "true"]
        if subprocess.run(alone, capture_output=True, check=False).returncode == 0:
            stray = check(f"cd {project} && DATABASE_URL={url} {self.bin('knex')} migrate:up")
            expect(stray.returncode == 3 and "a program cannot be rehearsed" in stray.stderr, f"astray: {stray}")
        expect(self.postgres.shape("ours_knex") == before and self.postgres.sql("ours_knex", rows) == str(len(STATEMENTS)),
               "production was changed")
        print("knex: 4 programs captured and judged, nothing of production changed")

    # --- crashes ---------------------------------------------------------------------------------------------------
    SEED = """create table t(id bigint primary key, a text, n integer not null default 0);
              insert into t select i, 'a' || i from generate_series(1, 2000) i; analyze t;"""
    RUNS = {
        "transaction": ("sql", {"0001_x.sql": "alter table t add column x int default 5;\ncreate table u(i int);\n"
                                "insert into u values (1);"}),
        "build": ("sql", {"0001_x.sql": "create index concurrently t_a on t(a);"}),
        "steps": ("sql", {"0001_x.sql": "-- slipway: transaction=none\ncreate table u(i int);\ninsert into u values (1);\n"
                          "create index concurrently t_a on t(a);\ndrop index concurrently t_a;\n"
                          "create index concurrently t_n on t(n);"}),
        "prisma-build": ("prisma", {"20240101_x/migration.sql": "CREATE INDEX CONCURRENTLY t_a ON t(a);",
                                    "20240102_y/migration.sql": "ALTER TABLE t ADD COLUMN y int;"}),
        "golang-build": ("golang-migrate", {"1_x.up.sql": "create index concurrently t_a on t(a);",
                                            "2_y.up.sql": "alter table t add column y int;"}),
        "backfill": ("sql", {"0001_x.sql": "-- slipway: phase=data, table=t, key=id, batch=300\n"
                             "update t set n = n + 1 where id between :from and :to;"}),
    }
    BOOKS = {"sql": "select string_agg(id || checksum, ' ' order by id) from slipway.migrations",
             "prisma": "select string_agg(concat(migration_name, checksum, finished_at is null, rolled_back_at is null, "
                       "applied_steps_count), ' ' order by started_at) from _prisma_migrations",
             "golang-migrate": "select string_agg(concat(version, dirty), ' ') from schema_migrations"}

    def outcome(self, database, tool):
        parts = [self.postgres.shape(database), self.postgres.sql(database, self.BOOKS[tool]),
                 self.postgres.sql(database, "select sum(n), sum(hashtext(t::text)) from t"),
                 self.postgres.sql(database, "select count(*) from slipway.running"),
                 self.postgres.sql(database, "select count(*) from pg_index where not indisvalid")]
        if "TABLE public.u " in parts[0]:
            parts.append(self.postgres.sql(database, "select count(*) from u"))
        expect(parts[3] == "0" and parts[4] == "0", f"{database}: something is left: {parts[1:]}")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def prepare(self, name):
        tool, files = self.RUNS[name]
        path = os.path.join(self.folder, "crash-" + name)
        write(path, files)
        self.postgres.make("seed")
        self.postgres.sql("seed", self.SEED)
        url = self.postgres.make("calm", "seed")
        log = os.path.join(self.folder, "points-" + name)
        if os.path.exists(log):
            os.remove(log)
        done = self.migrate("up production", url, path, "--tool", tool, env={"SLIPWAY_CRASH_LOG": log})
        expect(done.returncode == 0, f"{name}, undisturbed: {done.stderr}")
        with open(log) as lines:
            points = lines.read().split()
        return tool, path, points, self.outcome("calm", tool)

    def crashes(self):
        total = 0
        for name in self.RUNS:
            tool, path, points, calm = self.prepare(name)
            for k in range(1, len(points) + 1):
                url = self.postgres.make("crash", "seed")
                killed = self.migrate("up production", url, path, "--tool", tool, env={"SLIPWAY_CRASH_AT": str(k)})
                expect(killed.returncode == -signal.SIGKILL, f"{name} at {k}: {killed.returncode} {killed.stderr}")
                done = self.migrate("up production", url, path, "--tool", tool)
                expect(done.returncode == 0, f"{name}, killed at {points[k - 1]}: {done.stderr}")
                expect(self.outcome("crash", tool) == calm,
                       f"{name}, killed at {points[k - 1]}: not as undisturbed\n{done.stderr}")
            total += len(points)
            print(f"{name}: killed at each of {len(points)} points, always as undisturbed")
        print(f"crashes: points={total} differing=0 invalid_indexes=0")

    def server(self):
        """PostgreSQL dies when slipway has said that it is at a point."""
        total = 0
        for name in ("transaction", "build", "prisma-build", "backfill"):
            tool, path, points, calm = self.prepare(name)
            for k in range(1, len(points) + 1):
                url = self.postgres.make("crash", "seed")
                self.postgres.sql("postgres", "checkpoint")
                self.kill_server_at(k, url, path, tool)
                self.postgres.start()
                done = self.migrate("up production", url, path, "--tool", tool)
                expect(done.returncode == 0, f"{name}, server killed at {points[k - 1]}: {done.stderr}")
                expect(self.outcome("crash", tool) == calm, f"{name}, server killed at {points[k - 1]}: differs")
            total += len(points)
            print(f"{name}: PostgreSQL killed at each of {len(points)} points, always as undisturbed")
        print(f"server: points={total} differing=0")

    def kill_server_at(self, k, url, path, tool):
        fifo = os.path.join(self.folder, "fifo")
        if os.path.exists(fifo):
            os.remove(fifo)
        os.mkfifo(fifo)
        run = subprocess.Popen([self.slipway, "migrate", "up", "production", "--url", url, "--path", path, "--tool",
                                tool], cwd=self.folder, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "SLIPWAY_CRASH_LOG": fifo})
        with open(fifo) as lines:
            for _ in range(k):
                lines.readline()
            self.postgres.kill()
            lines.read()
        _, said = run.communicate(timeout=60)
        expect(run.returncode in (0, 1), f"a clear end was expected, not {run.returncode}: {said}")
        expect(run.returncode == 0 or "next:" in said, f"an error says what to do: {said}")

    # --- verbs ---------------------------------------------------------------------------------------------------
    YAML = """app: shop
services: { web: { run: node app.js, dir: ".", port: none } }
secrets: { DATABASE_URL: { env: SHOP_DATABASE } }
database:
  url: "${secret.DATABASE_URL}"
  migrations: { path: db, wait: 30s }
environments: { production: {}, staging: {} }
"""

    def verbs(self):
        """By slipway.yaml, with a secret: new, status, up, a refusal, Ctrl-C, down."""
        home = os.path.join(self.folder, "shop")
        write(home, {"slipway.yaml": self.YAML, "db/0001_a.sql": "create table a(i int);"})
        env = {**os.environ, "SHOP_DATABASE": self.postgres.make("shop")}

        def run(*words):
            return subprocess.run([self.slipway, "migrate", *words], cwd=home, env=env, capture_output=True, text=True,
                                  timeout=60)

        made = run("new", "add status", "--phase", "contract")
        expect(made.returncode == 0 and os.path.exists(os.path.join(home, "db/0002_add_status.sql")), made.stderr)
        with open(os.path.join(home, "db/0002_add_status.sql"), "a") as out:
            out.write("alter table a add column status text;\n")
        write(home, {"db/0002_add_status.down.sql": "alter table a drop column status;"})
        up = run("up", "production")
        expect(up.returncode == 0 and "1 waits for" in up.stderr, f"{up.returncode} {up.stderr}")
        seen = json.loads(run("status", "production", "--json").stdout)
        expect([m["id"] for m in seen["waiting"]] == ["0002_add_status"] and len(seen["applied"]) == 1, str(seen))
        other = run("up", "staging")
        expect(other.returncode == 3 and "belongs to production" in other.stderr, f"{other.returncode} {other.stderr}")
        lines = run("up", "production", "--phase", "contract", "--json").stdout.splitlines()
        events = [json.loads(line)["event"] for line in lines]
        expect(events[0] == "applying" and events[-2:] == ["applied", "done"], str(events))
        expect(run("down", "production").returncode == 3, "down without --yes is refused")
        down = run("down", "production", "--yes")
        expect(down.returncode == 0 and "took back 0002_add_status" in down.stderr, down.stderr)
        self.interrupt(home, env)
        self.on_a_dump(home, run, env)
        bad = run("up", "production", "--phase", "contract", "--command", "npx prisma migrate dev")
        expect(bad.returncode == 3 and "development" in bad.stderr, bad.stderr)
        print("verbs: new, status, up, down by slipway.yaml; Ctrl-C leaves nothing")

    def on_a_dump(self, home, run, env):
        """Pending migrations are rehearsed on a backup that is older than an applied one."""
        place = os.path.join(self.postgres.folder, "dumps")
        config = self.YAML.replace("wait: 30s }", "wait: 30s, rehearse_on: backup, safety_point: off }\n  backup: { tool: pg_dump, "
                                   f"repository: {place}/repository, folder: {place}/notes }}")
        write(home, {"slipway.yaml": config, "db/0002_add_status.sql": "create table b(i int, s text);"})
        os.remove(os.path.join(home, "db/0002_add_status.down.sql"))
        os.makedirs(place, mode=0o755)
        none = run("check", "production", "--require")
        expect(none.returncode == 1 and "slipway db backup production" in none.stderr, f"without a backup: {none.stderr}")
        schema = run("check", "production").stdout
        expect("not on a backup: there is no backup" in schema, f"without a backup: {schema}")
        made = subprocess.run([self.slipway, "db", "backup", "production"], cwd=home, env=env, capture_output=True, text=True)
        expect(made.returncode == 0, made.stderr)
        expect(run("up", "production").returncode == 0, "0002 was not applied")
        write(home, {"db/0003_c.sql": "insert into b values (1, 'x');\nalter table b add column c int;"})
        said = run("check", "production", "--require")
        expect(said.returncode == 0 and "rehearsed, nothing dangerous; on the backup 20" in said.stdout
               and "run first, as it is from before them: 0002_add_status" in said.stdout, f"{said.stdout}{said.stderr}")
        expect(not os.path.exists(os.path.join(place, "notes", "rehearsal")), "what was restored is still there")
        expect(self.postgres.sql("shop", "select count(*) from b") == "0", "production was changed")
        os.remove(os.path.join(home, "db/0003_c.sql"))
        write(home, {"slipway.yaml": self.YAML})

    def interrupt(self, home, env):
        write(home, {"db/0002_add_status.sql": "create table b();\nselect pg_sleep(60);"})
        child = subprocess.Popen([self.slipway, "migrate", "up", "production"], cwd=home, env=env, text=True,
                                 stderr=subprocess.PIPE)
        deadline = time.monotonic() + 30
        while self.postgres.sql("shop", "select count(*) from pg_stat_activity where query = 'select pg_sleep(60)' and "
                                        "state = 'active'") != "1":
            expect(time.monotonic() < deadline, "the statement never ran")
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=20)
        expect(child.returncode == 5 and "nothing of it stands" in said, f"{child.returncode} {said}")
        expect(self.postgres.sql("shop", "select to_regclass('b')") == "", "something of it stands")

    # --- pooler ----------------------------------------------------------------------------------------------------
    def pooler(self):
        if shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin") is None:
            print("pgbouncer is not installed: the pooler is not tried")
            return
        path = os.path.join(self.folder, "pooled")
        write(path, {"0001_a.sql": "create table a();"})
        for mode, is_fine in (("transaction", False), ("session", True)):
            self.postgres.make("pooled")
            bouncer = self.start_bouncer(mode)
            try:
                url = f"postgresql://postgres@127.0.0.1:{bouncer.port}/pooled"
                run = self.migrate("up production", url, path)
            finally:
                bouncer.terminate()
                bouncer.wait(timeout=20)
            if is_fine:
                expect(run.returncode == 0, f"pool_mode={mode}: {run.stderr}")
            else:
                expect(run.returncode == 3 and "pooler" in run.stderr, f"pool_mode={mode}: {run.returncode} {run.stderr}")
                expect(self.postgres.sql("pooled", "select to_regclass('a')") == "", "something was applied")
        print("pooler: pool_mode=transaction is refused, pool_mode=session is used")

    def start_bouncer(self, mode):
        folder = os.path.join(self.postgres.folder, "bouncer-" + mode)
        port = self.postgres.port + (1 if mode == "session" else 2)
        write(folder, {"pgbouncer.ini": f"[databases]\n* = host=127.0.0.1 port={self.postgres.port}\n[pgbouncer]\n"
                       f"listen_addr=127.0.0.1\nlisten_port={port}\nauth_type=any\npool_mode={mode}\nunix_socket_dir=\n"
                       f"ignore_startup_parameters=extra_float_digits,options\nlogfile={folder}/log\npidfile={folder}/pid\n"})
        if self.postgres.as_user:
            shutil.chown(folder, "postgres", "postgres")
        # auth_type=any logs everybody in as the user of the [databases] line.
        with open(os.path.join(folder, "pgbouncer.ini")) as source:
            text = source.read().replace(f"port={self.postgres.port}\n", f"port={self.postgres.port} user=postgres\n")
        write(folder, {"pgbouncer.ini": text})
        program = shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin")
        bouncer = subprocess.Popen([*self.postgres.as_user, program, "-q", os.path.join(folder, "pgbouncer.ini")],
                                   cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        bouncer.port = port
        deadline = time.monotonic() + 20
        while subprocess.run(["psql", "-XAtq", "-d", f"postgresql://postgres@127.0.0.1:{port}/pooled", "-c", "select 1"],
                             capture_output=True, check=False).returncode != 0:
            if time.monotonic() > deadline or bouncer.poll() is not None:
                raise Failure("pgbouncer does not start")
        return bouncer


def main():
    if len(sys.argv) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    tests = Tests(sys.argv[1])
    try:
        for name in sys.argv[2:] or ["verbs", "pooler", "crashes", "server", "tools"]:
            getattr(tests, name)()
    except Failure as failure:
        print(f"FAILED: {failure}")
        return 1
    finally:
        tests.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
