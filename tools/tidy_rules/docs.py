"""Docs that must keep up with the code: errors, configuration keys, changelog, dependencies."""
import re

from .tree import Finding, line_of

ERRORS_TABLE = "src/base/error_codes.def"
ERRORS_PAGE = "docs/errors.md"
CHANGELOG = "CHANGELOG.md"
SECTIONS = ("Safety", "Features", "Fixes", "Internals")
DEPENDENCIES = "docs/dependencies.md"
KEYS_PAGE = "docs/reference/slipway-yaml.md"
_CODE = re.compile(r'^X\((\w+),\s*(\d+),\s*(\d+),\s*(true|false),\s*"((?:\\.|[^"\\])*)"\)', re.MULTILINE)
# A library and the include that shows its use.
LIBRARIES = {
    "yaml-cpp": r"<yaml-cpp/", "nlohmann-json": r"<nlohmann/", "fmt": r"<fmt/",
    "SQLite": r"<sqlite3\.h>", "OpenSSL": r"<openssl/", "CLI11": r"<CLI/",
    "libcurl": r"<curl/", "nghttp2": r"<nghttp2/", "zlib": r"<zlib\.h>",
    "Brotli": r"<brotli/", "Zstandard": r"<zstd\.h>",
}
EXITS = {1: "failed", 2: "usage or configuration", 3: "refused by a gate", 4: "rolled back",
         5: "aborted", 6: "cannot reach the daemon"}


def error_codes(tree):
    """(name, number, exit code, retryable, sentence) of every row of the table."""
    if not tree.has(ERRORS_TABLE):
        return []
    return [(n, int(number), int(status), again == "true", sentence)
            for n, number, status, again, sentence in _CODE.findall(tree.text(ERRORS_TABLE))]


def errors_page(tree):
    """The text that docs/errors.md must have."""
    out = ["# Errors", "",
           f"Made by `tools/errors-doc` from `{ERRORS_TABLE}`; edit the table, not this page.", "",
           "Every error says what was tried, on what, what the world answered and what to do next.",
           "With `--json` the name stands in `error.code`. *Again* = the same call may succeed later",
           "without anybody doing anything.", ""]
    for status, meaning in EXITS.items():
        rows = [c for c in error_codes(tree) if c[2] == status]
        if rows:
            out += [f"## Exit code {status}: {meaning}", "", "| name | number | again | meaning |",
                    "|---|---|---|---|"]
            out += [f"| `{n}` | {number} | {'yes' if again else 'no'} | {sentence} |"
                    for n, number, _, again, sentence in rows]
            out.append("")
    return "\n".join(out)


def errors_documented(tree):
    """docs/errors.md is what the table of error codes says today."""
    if tree.has(ERRORS_TABLE):
        page = tree.text(ERRORS_PAGE) if tree.has(ERRORS_PAGE) else ""
        if page != errors_page(tree):
            yield Finding(ERRORS_PAGE, 1, "errors_documented", f"not up to date with {ERRORS_TABLE}",
                          "run tools/errors-doc")


def changelog_form(tree):
    """CHANGELOG.md has releases, newest first, with the four headings in their order."""
    if not tree.has(CHANGELOG):
        yield Finding(CHANGELOG, 1, "changelog_form", "there is none", "write it")
        return
    last, release = -1, None
    for number, line in enumerate(tree.lines(CHANGELOG), 1):
        if line.startswith("## "):
            release, last = line[3:], -1
            if not re.fullmatch(r"Unreleased|\d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)", release):
                yield Finding(CHANGELOG, number, "changelog_form", f'"{release}" is no release',
                              "write `## Unreleased` or `## 1.2.3 (2026-11-21)`")
        elif line.startswith("### "):
            place = SECTIONS.index(line[4:]) if line[4:] in SECTIONS else None
            if place is None or place <= last or release is None:
                yield Finding(CHANGELOG, number, "changelog_form", f'"{line[4:]}" does not belong here',
                              "below a release, in this order: " + ", ".join(SECTIONS))
            last = place if place is not None else last


def wrapped_libraries(tree):
    """Every file that includes a library stands in docs/dependencies.md; no header does."""
    page = tree.text(DEPENDENCIES) if tree.has(DEPENDENCIES) else ""
    for path in tree.cpp("src/"):
        if path.endswith("_test.cc"):
            continue
        for library, include in LIBRARIES.items():
            match = re.search(r"^[ \t]*#[ \t]*include[ \t]*" + include, tree.text(path), re.MULTILINE)
            if match and not _named(page, library, path):
                yield Finding(path, line_of(tree.text(path), match.start()), "wrapped_libraries",
                              f"uses {library} but {DEPENDENCIES} does not name it for that",
                              "use the file that wraps it, or add this one to the table with a reason")


def _named(page, library, path):
    row = next((r for r in page.split("\n") if r.lower().startswith(f"| {library.lower()}")), "")
    if "every `.cc`" in row and path.endswith(".cc"):
        return True
    below_src = path[len("src/"):]
    folder = below_src.rsplit("/", 1)[0] + "/"
    return any(f"`{name}`" in row for name in (below_src, folder, folder + "*"))


CHECKS = (errors_documented, changelog_form, wrapped_libraries)
