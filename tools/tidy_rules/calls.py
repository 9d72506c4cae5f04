"""Calls that belong in few places: clocks, randomness, the environment, sleeps, dropped results."""
import re

from .tree import Finding, is_test, line_of

CLOCK_ROOMS = ("src/io/", "src/app/")
_SYSTEM = (
    (re.compile(r"\b(?:system_clock|steady_clock|high_resolution_clock)\s*::\s*now\b"),
     "take a Clock& (base/clock.h)"),
    (re.compile(r"(?<![\w.>])time\s*\(\s*(?:nullptr|NULL|0|&\s*\w+)\s*\)"), "take a Clock& (base/clock.h)"),
    (re.compile(r"\b(?:gettimeofday|clock_gettime)\s*\("), "take a Clock& (base/clock.h)"),
    (re.compile(r"(?<![\w.>])s?rand(?:om|48)?\s*\(|\brandom_device\b|\bmt19937|\bgetrandom\s*\("),
     "take a Random& (base/clock.h)"),
    (re.compile(r"\b(?:secure_)?getenv\s*\(|\benviron\b"),
     "pass the value in; app/ reads the environment"),
    (re.compile(r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\s*\(|(?<![\w.>:])sleep\s*\("),
     "set a timer on the loop, or take a Clock&"),
)
_TEST_SLEEP = re.compile(r"sleep_for|sleep_until|usleep\s*\(|nanosleep\s*\(|(?<![_a-z])sleep\s*\(?\s*[0-9]")
_DROPPED = re.compile(
    r"\(\s*void\s*\)\s*[\w:.>\-\[\]*&]+\s*\(|\bstatic_cast\s*<\s*void\s*>\s*\([^;]*\(|\bstd\s*::\s*ignore\s*=")
_NEVER_RETURNS = re.compile(r"_(?:THROW|DEATH|EXIT)\w*\(")
# Spelled in two parts so that this file does not find itself.
_LEFTOVER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE)


def system_calls(tree):
    """The system's clock, randomness, environment and sleeps stay in io/ and app/."""
    for path in tree.cpp("src/"):
        if path.startswith(CLOCK_ROOMS) or is_test(path):
            continue
        code = tree.code(path)
        for pattern, instead in _SYSTEM:
            for match in pattern.finditer(code):
                call = match.group(0).rstrip("( ")
                yield Finding(path, line_of(code, match.start()), "system_calls",
                              f"{call} outside io/ and app/", instead)


def sleeping_tests(tree):
    """A test waits for its event with a deadline; it never sleeps."""
    for path in tree.paths():
        if not (path.startswith("tests/") or path.endswith("_test.cc")) or path.endswith(".md"):
            continue
        for number, line in enumerate(tree.lines(path), 1):
            if _TEST_SLEEP.search(line):
                yield Finding(path, number, "sleeping_tests", "a test that sleeps",
                              "wait for the event with a deadline; a child that only has to live "
                              "runs `tail -f /dev/null`")


def dropped_results(tree):
    """A result is dropped only beside a comment that says why."""
    for path in tree.cpp():
        code = _DIRECTIVE.sub(lambda m: "\n" * m.group(0).count("\n"), tree.code(path))
        raw = tree.lines(path)
        for match in _DROPPED.finditer(code):
            line = line_of(code, match.start())
            if _NEVER_RETURNS.search(raw[line - 1]):
                continue
            if not any("//" in raw[n] for n in (line - 1, line - 2) if 0 <= n < len(raw)):
                yield Finding(path, line, "dropped_results", "a result is dropped in silence",
                              "act on it, or say on this line or the one before why it may be dropped")


def leftovers(tree):
    """Nothing is left for later in the text."""
    for path in tree.paths():
        if path.endswith("package-lock.json"):
            continue
        for number, line in enumerate(tree.lines(path), 1):
            match = _LEFTOVER.search(line)
            if match:
                yield Finding(path, number, "leftovers", f'"{match.group(1)}" is left in the text',
                              "do it, or open an issue and remove the line")


CHECKS = (system_calls, sleeping_tests, dropped_results, leftovers)
