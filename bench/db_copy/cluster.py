"""PostgreSQL servers of our own, in a folder that goes with them, reached by a unix socket only."""
import atexit
import glob
import os
import shutil
import subprocess
import tempfile

SETTINGS = {
    "listen_addresses": "''",
    "wal_level": "replica",
    "shared_buffers": "'256MB'",
    "max_wal_size": "'8GB'",
    # Nothing of the log is written over: what was ever in it can be looked for.
    "wal_keep_size": "'100GB'",
    "wal_recycle": "off",
    "autovacuum": "off",
}
TICKS = os.sysconf("SC_CLK_TCK")


def newest_bin():
    folders = glob.glob("/usr/lib/postgresql/*/bin")
    return max(folders, key=lambda folder: int(folder.split("/")[4]))


class Cluster:
    def __init__(self, name):
        self.bin = newest_bin()
        self.folder = tempfile.mkdtemp(prefix=f"slipway-{name}-")
        self.data = os.path.join(self.folder, "data")
        atexit.register(self.stop)
        # PostgreSQL refuses to run as root.
        self.as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.as_user:
            shutil.chown(self.folder, "postgres", "postgres")
        self.run([f"{self.bin}/initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                  "--locale=C.UTF-8", "--no-sync"])
        with open(os.path.join(self.data, "postgresql.auto.conf"), "a") as conf:
            for key, value in {**SETTINGS, "unix_socket_directories": f"'{self.folder}'"}.items():
                conf.write(f"{key} = {value}\n")
        self.run([f"{self.bin}/pg_ctl", "-D", self.data, "-w", "-l", f"{self.folder}/log", "start"])
        self.pid = int(open(os.path.join(self.data, "postmaster.pid")).readline())

    def run(self, argv):
        subprocess.run(self.as_user + argv, check=True, stdout=subprocess.DEVNULL)

    def url(self, database):
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def psql(self, database, statement):
        out = subprocess.run([f"{self.bin}/psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.url(database),
                              "-c", statement], check=True, capture_output=True, text=True)
        return out.stdout.strip()

    def cpu(self):
        """Seconds of the server and of all its sessions that have ended."""
        fields = open(f"/proc/{self.pid}/stat").read().rsplit(")", 1)[1].split()
        return sum(int(fields[i]) for i in (11, 12, 13, 14)) / TICKS

    def stop(self):
        if not os.path.isdir(self.data):
            return
        subprocess.run(self.as_user + [f"{self.bin}/pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop"],
                       stdout=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
