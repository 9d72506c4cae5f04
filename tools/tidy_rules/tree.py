"""The files under check, read once; C++ also without its comments and strings."""
import os
import re
import subprocess
from functools import lru_cache
from typing import NamedTuple

CPP = (".cc", ".h", ".def")
SKIPPED_FOLDERS = {".git", "build", "node_modules", ".cache", "__pycache__"}

# One match per thing that is not code. The order matters: raw strings before plain ones.
_NOT_CODE = re.compile(
    r"""(?P<raw>R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)")"""
    r"""|(?P<string>"(?:\\.|[^"\\\n])*")"""
    r"""|(?P<char>(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+')"""
    r"""|(?P<line>//[^\n]*)"""
    r"""|(?P<block>/\*.*?\*/)""",
    re.DOTALL | re.VERBOSE,
)


class Finding(NamedTuple):
    path: str
    line: int
    check: str
    what: str
    instead: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}: {self.instead}"


def _blank(match):
    text = match.group(0)
    newlines = "\n" * text.count("\n")
    if match.lastgroup in ("line", "block"):
        return newlines or " "
    return '""' + newlines


def strip_cpp(text):
    """The text with comments gone and strings empty; every line keeps its number."""
    return _NOT_CODE.sub(_blank, text)


class Tree:
    def __init__(self, contents):
        self._contents = contents  # path -> bytes, or a callable that reads them

    @classmethod
    def from_folder(cls, root):
        def reader(path):
            return lambda: (root / path).read_bytes()

        return cls({path: reader(path) for path in _listing(root)})

    def paths(self, prefix="", ends=""):
        return [p for p in sorted(self._contents) if p.startswith(prefix) and p.endswith(ends)]

    def has(self, path):
        return path in self._contents

    def size(self, path):
        return len(self.bytes(path))

    @lru_cache(maxsize=None)
    def bytes(self, path):
        content = self._contents[path]
        return content() if callable(content) else content

    @lru_cache(maxsize=None)
    def text(self, path):
        """The file as text; empty for one that is not text."""
        content = self.bytes(path)
        return "" if b"\0" in content[:8000] else content.decode("utf-8", errors="replace")

    @lru_cache(maxsize=None)
    def lines(self, path):
        return self.text(path).split("\n")

    @lru_cache(maxsize=None)
    def code(self, path):
        return strip_cpp(self.text(path))

    def cpp(self, prefix=""):
        return [p for p in self.paths(prefix) if p.endswith(CPP)]


def _listing(root):
    """What git tracks or would track; the folder itself where there is no git."""
    try:
        out = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"],
            capture_output=True, check=True).stdout
        found = [p for p in out.decode().split("\0") if p]
    except (OSError, subprocess.CalledProcessError):
        found = _walk(root)
    return [p for p in found if (root / p).is_file() and not (root / p).is_symlink()]


def _walk(root):
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in SKIPPED_FOLDERS]
        found += [os.path.relpath(os.path.join(folder, n), root) for n in names]
    return found


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def is_test(path):
    return path.startswith(("tests/", "bench/")) or path.endswith("_test.cc")


def words_of(name):
    """The words of a snake_case, PascalCase, kConstant or kebab-case name, in lower case."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", spaced)
    return [w for w in re.split(r"[^a-z0-9]+", spaced.lower()) if w]
