"""Exceptions with their reasons: tools/tidy-allow.txt."""
from fnmatch import fnmatch

from .tree import Finding

ALLOW_FILE = "tools/tidy-allow.txt"


def read(tree):
    """(line, check, path pattern, text the finding holds, reason) for every entry."""
    entries = []
    if not tree.has(ALLOW_FILE):
        return entries
    for number, line in enumerate(tree.lines(ALLOW_FILE), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = [f.strip() for f in line.split("|")]
        entries.append((number, *fields[:3], "|".join(fields[3:])))
    return entries


def apply(tree, findings):
    """The findings nobody excused, and the excuses that nothing needs or that give no reason."""
    left, used, bad = [], set(), []
    entries = []
    for entry in read(tree):
        if len(entry) < 5 or not entry[4]:
            bad.append(Finding(ALLOW_FILE, entry[0], "allowance", "an exception without a reason",
                               "write check | path | text | reason"))
        else:
            entries.append(entry)
    for finding in findings:
        hits = [e for e in entries if e[1] == finding.check and fnmatch(finding.path, e[2])
                and e[3] in finding.what]
        used.update(e[0] for e in hits)
        if not hits:
            left.append(finding)
    for entry in entries:
        if entry[0] not in used:
            bad.append(Finding(ALLOW_FILE, entry[0], "allowance",
                               f"the exception for {entry[2]} is not needed any more", "remove it"))
    return left + bad
