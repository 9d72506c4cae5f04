"""The rooms: who may include whom."""
import re

from .tree import Finding, is_test, line_of

ROOMS_FILE = "docs/rooms.txt"
# These must never exist, not even in a test.
FORBIDDEN = (("plan", "io"), ("release", "drivers"), ("edge", "release"))
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"', re.MULTILINE)
_CMAKE_ROOM = re.compile(r"slipway_room\(([^)]*)\)")


def read_rooms(tree):
    """room -> the set of rooms it may include; {"*"} for everything."""
    table = {}
    for line in tree.lines(ROOMS_FILE) if tree.has(ROOMS_FILE) else []:
        if line.strip() and not line.startswith("#"):
            room, _, allowed = line.partition(":")
            table[room.strip()] = {a for a in re.split(r"[,\s]+", allowed.strip()) if a}
    return table


def room_of(path, table):
    """The room a path below src/ lives in: "plan", "drivers/process"; None when in no room."""
    parts = path.split("/")
    for room in ("/".join(parts[:2]), parts[0]):
        if room in table:
            return room
    return None


def room_includes(tree):
    """A room includes only the rooms that docs/rooms.txt allows it."""
    table = read_rooms(tree)
    for path in tree.cpp("src/"):
        room = room_of(path[4:], table)
        if room is None:
            yield Finding(path, 1, "room_includes", "this folder is no room",
                          f"add it to {ROOMS_FILE} or move the file")
            continue
        for match in _INCLUDE.finditer(tree.text(path)):
            included = match.group(1)
            line = line_of(tree.text(path), match.start(1))
            target = room_of(included, table)
            if target is None and is_test(path) and included.startswith("tests/"):
                continue
            if target is None:
                yield Finding(path, line, "room_includes", f'"{included}" names no room',
                              'include as "room/file.h"')
            elif target != room and not is_test(path) and not table[room] & {target, "*"}:
                yield Finding(path, line, "room_includes",
                              f"{room} may not include {target}",
                              f"{ROOMS_FILE} lists what it may; move the code or turn the arrow")


def forbidden_arrows(tree):
    """plan → io, release → drivers and edge → release never exist, not even in a test."""
    for path in tree.cpp("src/"):
        for match in _INCLUDE.finditer(tree.text(path)):
            for source, target in FORBIDDEN:
                # The runner's own tests need a world: the in-memory one is allowed them.
                if is_test(path) and match.group(1).startswith("drivers/fake/"):
                    continue
                if path.startswith(f"src/{source}/") and match.group(1).startswith(target + "/"):
                    yield Finding(path, line_of(tree.text(path), match.start(1)),
                                  "forbidden_arrows", f"{source} → {target} must never exist",
                                  "ask through a port, or pass the value in")


def rooms_match_cmake(tree):
    """docs/rooms.txt and src/CMakeLists.txt say the same."""
    cmake = "src/CMakeLists.txt"
    if not tree.has(cmake):
        return
    table = read_rooms(tree)
    text = re.sub(r"#[^\n]*", "", tree.text(cmake))
    linked = {}
    for match in _CMAKE_ROOM.finditer(text):
        words = match.group(1).split()
        room = _folder(words[0])
        linked[room] = (_values_after(words, "ROOMS"), line_of(text, match.start()))
    for room, (allowed, line) in linked.items():
        wanted = table.get(room)
        if wanted is None:
            yield Finding(cmake, line, "rooms_match_cmake", f"{room} is not in {ROOMS_FILE}",
                          "add it there")
        elif wanted != allowed:
            yield Finding(cmake, line, "rooms_match_cmake",
                          f"{room} links {sorted(allowed)} but {ROOMS_FILE} allows {sorted(wanted)}",
                          "make the two the same")
    for room in table:
        if room not in linked and table[room] != {"*"}:
            yield Finding(ROOMS_FILE, 1, "rooms_match_cmake", f"{room} is not in {cmake}",
                          "add it there")


def _folder(name):
    """The room of a CMake name: "drivers_fake" -> "drivers/fake"."""
    for group in ("drivers", "database"):
        if name.startswith(group + "_"):
            return name.replace("_", "/", 1)
    return name


def _values_after(words, keyword):
    values = []
    if keyword in words:
        for word in words[words.index(keyword) + 1:]:
            if word.isupper():
                break
            values.append(_folder(word))
    return set(values)


def room_readme(tree):
    """Every room with code has a README.md."""
    table = read_rooms(tree)
    for room in table:
        if tree.cpp(f"src/{room}/") and not tree.has(f"src/{room}/README.md"):
            yield Finding(f"src/{room}/README.md", 1, "room_readme", f"the room {room} has none",
                          "write ten lines: what lives here, what may not, where to start reading")


CHECKS = (room_includes, forbidden_arrows, rooms_match_cmake, room_readme)
