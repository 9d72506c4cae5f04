"""Configuration keys: each in the reference and in use in an example."""
import re

from .tree import Finding, line_of

KEYS_TABLE = "src/config/keys.def"
REFERENCE = "docs/reference/slipway-yaml.md"
FULL_EXAMPLE = "docs/reference/full-example.yaml"
_ROW = re.compile(r'^KEY\("([^"]+)",\s*(\w+),\s*(\w+),', re.MULTILINE)
_LINE = re.compile(r"^(?P<indent> *)(?P<dashes>(?:- +)*)(?:(?P<key>[\w.\-*\"'<]+)\s*:(?=\s|$))?(?P<rest>.*)$")
_MARK = re.compile(r"([&*])([\w\-]+)(?:\s+(?=[{\[])|$)")
_FLOW = re.compile(r"""[{}\[\],]|"(?:\\.|[^"\\])*"|'[^']*'|[^{}\[\],"']+""")


def keys_of(tree):
    """(path, shape, line) of every row of the table."""
    if not tree.has(KEYS_TABLE):
        return []
    text = tree.text(KEYS_TABLE)
    return [(m.group(1), m.group(3), line_of(text, m.start())) for m in _ROW.finditer(text)]


def yaml_paths(text):
    """The paths of all keys of a YAML file as examples are written: `services.web.run`, `smoke[].get`."""
    paths, stack, anchors, aliases = set(), [], {}, []  # stack of (indent of the key, path)
    for line in _joined_lines(text):
        match = _LINE.match(line)
        indent = len(match.group("indent"))
        while stack and stack[-1][0] >= indent + (1 if match.group("dashes") else 0):
            stack.pop()
        parent = stack[-1][1] if stack else ""
        if match.group("dashes"):
            parent += "[]"
            indent += len(match.group("dashes"))
        path = parent
        if match.group("key"):
            path = _below(parent, match.group("key"))
            paths.add(path)
            if match.group("dashes"):
                stack.append((indent - 1, parent))
            stack.append((indent, path))
        rest = match.group("rest").strip()
        mark = _MARK.match(rest)
        if mark and mark.group(1) == "&":
            anchors[mark.group(2)] = path
        elif mark:
            aliases.append((path.removesuffix(".<<"), mark.group(2)))
        rest = rest[mark.end():] if mark else rest
        paths |= _flow_paths(rest, path)
    for path, name in aliases:
        source = anchors.get(name, "\0") + "."
        paths |= {f"{path}.{p[len(source):]}" for p in paths if p.startswith(source)}
    return paths


def _below(parent, key):
    key = key.strip("\"'")
    return f"{parent}.{key}" if parent else key


def _joined_lines(text):
    """Lines without comments; a flow collection that goes on is put on one line."""
    waiting = ""
    for line in text.split("\n"):
        line = waiting + re.sub(r"(^|\s)#.*$", "", line).rstrip()
        if line.count("{") + line.count("[") > line.count("}") + line.count("]"):
            waiting = line + " "
        else:
            waiting = ""
            if line.strip():
                yield line


def _flow_paths(text, path):
    if text[:1] not in "{[" or not text:
        return set()
    paths, stack, pending = set(), [], path  # stack of (bracket, path of its members)
    for token in _FLOW.findall(text):
        if token in "{[":
            pending += "[]" if token == "[" else ""
            stack.append((token, pending))
        elif token in "}],":
            if token != "," and stack:
                stack.pop()
            pending = stack[-1][1] if stack else path
        elif stack and stack[-1][0] == "{" and ":" in token:
            pending = _below(stack[-1][1], token.split(":")[0].strip())
            paths.add(pending)
    return paths


def _pattern(key):
    return re.compile(r"(?:environments\.[^.]+\.)?" + re.escape(key).replace(r"\*", r"[^.\[\]]+") + r"(?:\[\])?")


def _shown(path):
    return path.replace("*", "NAME").replace("[]", "[…]")


def _documented(page):
    """The paths of the reference page: a section per map, a row per key."""
    section, found = "", set()
    for line in page.split("\n"):
        heading = re.match(r"## (?:`([^`]+)`)?", line)
        row = re.match(r"\| `([^`]+)` \|", line)
        if heading:
            section = heading.group(1) or ""
        elif row:
            found.add(_below(section, row.group(1)))
    return found


def key_documented(tree):
    """Every key of slipway.yaml stands in the reference page."""
    documented = _documented(tree.text(REFERENCE) if tree.has(REFERENCE) else "")
    for path, _, line in keys_of(tree):
        if not path.endswith("*") and _shown(path) not in documented:
            yield Finding(KEYS_TABLE, line, "key_documented", f"`{path}` is not in {REFERENCE}",
                          "write the page again from the table")


def key_in_example(tree):
    """Every key that is not reserved is used in an example."""
    used = set()
    for path in tree.paths(ends="slipway.yaml") + tree.paths(FULL_EXAMPLE):
        if path.startswith(("examples/", FULL_EXAMPLE)):
            used |= yaml_paths(tree.text(path))
    for path, shape, line in keys_of(tree):
        pattern = _pattern(path)
        if shape != "Reserved" and not any(pattern.fullmatch(u) for u in used):
            yield Finding(KEYS_TABLE, line, "key_in_example", f"`{path}` is in no example",
                          f"use it in an example, or in {FULL_EXAMPLE}")


CHECKS = (key_documented, key_in_example)
