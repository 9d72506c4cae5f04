"""Files: large blobs, this machine's paths, package mirrors."""
import re

from .lengths import is_code
from .tree import Finding

MOST_BYTES = 64 * 1024
# Spelled in parts so that this file does not find itself.
_MIRROR = re.compile(r"registry\.np" r"mjs\.org|registry\.yarn" r"pkg\.com|\b(?:deb|security|ftp|snapshot)\.deb"
                     r"ian\.org|node" r"source\.com|files\.pythonh" r"osted\.org")
_HOME = re.compile(r"(?<![\w.~$}\-])(?:/wo" r"rk/|/ho" r"me/[a-z]|/ro" r"ot/)")


def blobs(tree):
    """No tracked file is larger than 64 KiB, the npm lock file excepted."""
    for path in tree.paths():
        if tree.size(path) > MOST_BYTES and not path.endswith("package-lock.json") and not is_code(tree, path):
            yield Finding(path, 1, "blobs", f"{tree.size(path)} bytes, {MOST_BYTES} at most",
                          "generate it in the build, or keep it smaller")


def machine_words(tree):
    """No path of a developer's machine and no package mirror is named."""
    for path in tree.paths():
        for number, line in enumerate(tree.lines(path), 1):
            mirror, home = _MIRROR.search(line), _HOME.search(line)
            if mirror:
                yield Finding(path, number, "machine_words", f'names the mirror "{mirror.group(0)}"',
                              "leave the host out (npm: omit-lockfile-registry-resolved=true)")
            if home:
                yield Finding(path, number, "machine_words", f'names the path "{home.group(0)}"',
                              "use a path relative to the repository, or a variable")


CHECKS = (blobs, machine_words)
