#!/usr/bin/env python3
"""A staging copy of a shop by slipway, and by pg_dump, psql and UPDATEs, in one run.

usage: db_copy.py SLIPWAY [--rows N] [--no-speed]

Two PostgreSQL servers are started: production and staging. Ends with one line `db-copy: …`; exits 1 when a bound is
missed. CPU is that of both servers and of the programs, of the rows alone: on tables without indexes.
"""
import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import time

import leak_scan
import shop
from cluster import Cluster

BOUNDS = {"faster": 3.5, "cpu_to_raw": 1.15, "peak_mib": 200}


class Failure(Exception):
    pass


class Stage:
    def __init__(self, slipway, users):
        self.slipway = slipway
        self.production = Cluster("production")
        self.staging = Cluster("staging")
        self.production.psql("postgres", "create database shop")
        self.production.psql("shop", shop.TABLES)
        for statement in shop.rows(users).split(";\n"):
            if statement.strip():
                self.production.psql("shop", statement)
        self.production.psql("shop", "checkpoint")
        self.rules = os.path.join(self.staging.folder, "anonymise.yaml")
        self.key = os.path.join(self.staging.folder, "key")
        with open(self.rules, "w") as file:
            file.write(shop.RULES)
        with open(self.key, "w") as file:
            file.write("a key for measuring only\n")

    def measured(self, work):
        """Seconds and CPU seconds of servers and programs."""
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        servers = self.production.cpu() + self.staging.cpu()
        begin = time.monotonic()
        result = work()
        seconds = time.monotonic() - begin
        time.sleep(0.2)  # the last sessions of the servers are counted once they are reaped
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        programs = after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
        return result, seconds, self.production.cpu() + self.staging.cpu() - servers + programs

    def copy(self):
        process = subprocess.Popen(
            [self.slipway, "db", "copy", "staging", "--from", self.production.url("shop"), "--to",
             self.staging.url("staging"), "--rules", self.rules, "--key", self.key, "--json", "--quiet"],
            stdout=subprocess.PIPE, text=True)
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise Failure(f"slipway db copy failed: {out}")
        return json.loads(out), usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime

    def pipe(self, first, second):
        reader = subprocess.Popen(first, stdout=subprocess.PIPE)
        writer = subprocess.Popen(second, stdin=reader.stdout, stdout=subprocess.DEVNULL)
        reader.stdout.close()
        return reader, writer

    def wait(self, *programs):
        for program in programs:
            if program.wait() != 0:
                raise Failure(f"{program.args} failed")

    def raw(self):
        """COPY in binary from server to server, both tables side by side, nothing changed."""
        psql = [f"{self.production.bin}/psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d"]
        running = []
        for table in ("users", "orders"):
            running += self.pipe(psql + [self.production.url("shop"), "-c",
                                         f"copy {table} to stdout (format binary)"],
                                 psql + [self.staging.url("raw"), "-c",
                                         f"copy {table} from stdin (format binary)"])
        self.wait(*running)

    def seed(self):
        """The way of a script: dump, restore, then UPDATE. Returns the seconds of each part."""
        parts = []
        begin = time.monotonic()
        self.staging.psql("postgres", "create database seed")
        self.wait(*self.pipe([f"{self.production.bin}/pg_dump", "-d", self.production.url("shop")],
                             [f"{self.staging.bin}/psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d",
                              self.staging.url("seed")]))
        parts.append(time.monotonic() - begin)
        for statement in shop.UPDATES:
            begin = time.monotonic()
            self.staging.psql("seed", statement)
            parts.append(time.monotonic() - begin)
        return parts

    def real_values(self):
        out = set()
        for column in ("email", "token", "phone"):
            listed = self.production.psql("shop", f"copy (select {column} from users) to stdout")
            out.update(line.encode() for line in listed.split("\n"))
        return out

    def check(self):
        """What must hold of the copy; the names of what does not."""
        def counts(cluster, database, statement):
            return cluster.psql(database, statement)
        same = [
            "select count(*) from users", "select count(*) from orders", "select count(distinct email) from users",
            "select count(distinct token) from users", "select count(distinct phone) from users",
            "select count(*) from orders o join users u on u.id = o.user_id and u.email = o.contact_email",
            "select count(*) from pg_constraint where contype in ('f', 'p', 'u') and convalidated",
            "select count(*) from pg_index where indisvalid and indisready and indexrelid >= 16384",
            "select sum(total_cents) from orders",
            "select count(*) from users where profile->>'phone' = phone",
        ]
        return [statement for statement in same if counts(self.production, "shop", statement)
                != counts(self.staging, "staging", statement)]


def measure_cpu(stage, line):
    (_, peak, own), seconds, cpu = stage.measured(stage.copy)
    line["rows_s"], line["rows_cpu_s"], line["own_cpu_s"] = round(seconds, 1), round(cpu, 1), round(own, 1)
    # Both ways are measured into a database that is not there yet.
    stage.staging.psql("postgres", "drop database staging")
    stage.staging.psql("postgres", "create database raw")
    stage.staging.psql("raw", shop.TABLES)
    return peak


def measure_raw(stage, line):
    _, seconds, cpu = stage.measured(stage.raw)
    line["raw_s"], line["raw_cpu_s"] = round(seconds, 1), round(cpu, 1)
    line["cpu_to_raw"] = round(line["rows_cpu_s"] / max(cpu, 0.01), 2)
    stage.staging.psql("postgres", "drop database raw")


def scan(stage, line, prefix, real):
    stage.staging.psql("postgres", "checkpoint")
    line[prefix + "real_values_left"], read = leak_scan.scan(stage.staging.data, real)
    line[prefix + "scanned_mib"] = read >> 20


def say(line):
    print("  ".join(f"{key}={value}" for key, value in line.items()), file=sys.stderr, flush=True)


def run(stage, line):
    # Everything of slipway's comes before anything that writes real values into the staging server.
    peak = measure_cpu(stage, line)
    for statement in shop.INDEXES.split(";\n"):
        if statement.strip():
            stage.production.psql("shop", statement)
    stage.production.psql("shop", "checkpoint")
    (report, second_peak, _), seconds, cpu = stage.measured(stage.copy)
    line["copy_s"], line["copy_cpu_s"] = round(seconds, 1), round(cpu, 1)
    line["fill_s"], line["check_s"] = round(report["copy_seconds"], 1), round(report["check_seconds"], 1)
    line["peak_mib"] = round(max(peak, second_peak), 1)
    line["copy_mib"] = int(stage.staging.psql("postgres", "select pg_database_size('staging') >> 20"))
    say(line)
    wrong = stage.check()
    for statement in wrong:
        print(f"not the same in the copy: {statement}", file=sys.stderr)
    line["wrong"] = len(wrong)
    real = stage.real_values()
    line["real_values"] = len(real)
    scan(stage, line, "", real)
    measure_raw(stage, line)
    say(line)
    parts, seconds, cpu = stage.measured(stage.seed)
    line["seed_s"], line["seed_cpu_s"] = round(seconds, 1), round(cpu, 1)
    line["seed_parts_s"] = "+".join(f"{part:.0f}" for part in parts)
    line["seed_mib"] = int(stage.staging.psql("postgres", "select pg_database_size('seed') >> 20"))
    scan(stage, line, "seed_", real)
    line["faster"] = round(line["seed_s"] / line["copy_s"], 2)


def missed(line):
    out = [key for key in ("real_values_left", "wrong") if line[key] != 0]
    if line["faster"] < BOUNDS["faster"]:
        out.append("faster")
    return out + [key for key in ("cpu_to_raw", "peak_mib") if line[key] > BOUNDS[key]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("slipway")
    parser.add_argument("--rows", type=int, default=3_000_000, help="of users; orders are two thirds of it")
    parser.add_argument("--no-speed", action="store_true", help="small runs: times say nothing")
    options = parser.parse_args()
    # Ended from outside, the servers end too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    line = {"rows": options.rows}
    run(Stage(options.slipway, options.rows), line)
    failed = missed(line)
    if options.no_speed:
        failed = [key for key in failed if key not in ("faster", "cpu_to_raw")]
    # The scan must be able to find something: it finds what the script's way leaves.
    if line["seed_real_values_left"] == 0:
        failed.append("seed_real_values_left")
    print("db-copy: missed=" + str(len(failed)) + " " + " ".join(f"{key}={value}" for key, value in line.items()))
    for key in failed:
        print(f"missed: {key}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
