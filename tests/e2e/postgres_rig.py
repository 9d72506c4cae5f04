"""A PostgreSQL server of a test's own: a temporary cluster on a free port of 127.0.0.1, gone with it."""
import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time


class Postgres:
    def __init__(self, settings=None):
        self.settings = settings or {}  # they win over ours; None leaves one out
        folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda f: int(f.split("/")[4]))
        self.bin = folders[-1]
        self.as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        self.folder = tempfile.mkdtemp(prefix="slipway-postgres-")
        os.chmod(self.folder, 0o755)
        if self.as_user:
            shutil.chown(self.folder, "postgres", "postgres")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.data = os.path.join(self.folder, "data")
        self.call("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--no-locale")
        self.server = None
        self.start()

    def call(self, program, *arguments):
        done = subprocess.run([*self.as_user, os.path.join(self.bin, program), *arguments], cwd="/",
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr or done.stdout}")
        return done.stdout

    def launch(self):
        """Does not wait until it answers."""
        settings = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self.folder,
                    "fsync": "off", "max_connections": "60", "shared_buffers": "32MB", "wal_level": "minimal",
                    "max_wal_senders": "0", "autovacuum": "off", "log_min_messages": "panic"}
        settings.update(self.settings)
        settings = {key: value for key, value in settings.items() if value is not None}
        words = [w for key, value in settings.items() for w in ("-c", f"{key}={value}")]
        self.log = open(os.path.join(self.folder, "log"), "ab")
        command = [*self.as_user, os.path.join(self.bin, "postgres"), "-D", self.data, *words]
        self.server = subprocess.Popen(command, cwd="/", stdout=self.log, stderr=self.log, start_new_session=True)

    def start(self):
        deadline = time.monotonic() + 60
        while not self.answers():
            if time.monotonic() > deadline:
                raise RuntimeError("PostgreSQL does not start: " + open(self.log.name).read()[-2000:])
            # Processes of a server that was killed may hold its memory for a moment more.
            if self.server is None or self.server.poll() is not None:
                self.launch()

    def answers(self):
        return subprocess.run([os.path.join(self.bin, "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)],
                              check=False).returncode == 0

    def kill(self):
        """As in a power cut: no process of it lives on."""
        os.killpg(self.server.pid, signal.SIGKILL)
        # Its children lead sessions of their own; they end when they find the postmaster gone.
        self.server.wait()

    def stop(self):
        if self.server.poll() is None:
            self.server.send_signal(signal.SIGQUIT)
            self.server.wait(timeout=30)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database):
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def sql(self, database, statements):
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-c", statements],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{statements}: {done.stderr}")
        return done.stdout.strip()

    def make(self, database, template="template0"):
        self.sql("postgres", f"drop database if exists {database} with (force)")
        self.sql("postgres", f"create database {database} template {template}")
        return self.url(database)

    def shape(self, database):
        """The schema as pg_dump says it, without slipway's own and without what differs from run to run."""
        done = subprocess.run([os.path.join(self.bin, "pg_dump"), "--schema-only", "--exclude-schema=slipway", "-d",
                               self.url(database)], capture_output=True, text=True, check=True)
        return "\n".join(line for line in done.stdout.splitlines() if not line.startswith(("--", "\\", "SET ")) and line)
