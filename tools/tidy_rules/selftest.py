"""Feeds every check a bad snippet, which it must find, and a good one, which it must not."""
from .docs import ERRORS_PAGE, ERRORS_TABLE, errors_page
from .tree import Tree

ROOMS = "base:\nconfig: base\nplan: base config\nio: base\nrelease: base plan\nedge: base io\napp: *\n"
LONG = "int f(int a) {\n" + "  a += 1;\n" * 69 + "  return a;\n}\n"
FITS = "int f(int a) {\n" + "  a += 1;\n" * 67 + "  return a;\n}\n"

# check, path, what is in it, is it bad. Words are split so that the tree's own checks pass this file.
CASES = (
    ("room_includes", "src/plan/a.cc", '#include "io/loop.h"\n', True),
    ("room_includes", "src/plan/a.cc", '#include "config/config.h"\n#include <vector>\n', False),
    ("room_includes", "src/plan/a.cc", '#include "a.h"\n', True),
    ("room_includes", "src/attic/a.cc", "int a;\n", True),
    ("room_includes", "src/config/a_test.cc", '#include "plan/plan.h"\n', False),
    ("room_includes", "src/app/main.cc", '#include "edge/edge.h"\n', False),
    ("room_includes", "src/config/a_test.cc", '#include "tests/contract/suite.h"\n', False),
    ("room_includes", "src/config/a.cc", '#include "tests/contract/suite.h"\n', True),
    ("forbidden_arrows", "src/plan/a_test.cc", '#include "io/loop.h"\n', True),
    ("forbidden_arrows", "src/release/a.cc", '#include "drivers/process/shim.h"\n', True),
    ("forbidden_arrows", "src/edge/a_test.cc", '#include "release/machine.h"\n', True),
    ("forbidden_arrows", "src/release/a_test.cc", '#include "drivers/fake/world.h"\n', False),
    ("rooms_match_cmake", "src/CMakeLists.txt", "slipway_room(plan ROOMS base io)\n", True),
    ("room_readme", "src/plan/a.cc", "int a;\n", True),
    ("file_length", "src/plan/a.cc", "int a;\n" * 801, True),
    ("file_length", "src/plan/a.cc", "int a;\n" * 800, False),
    ("function_length", "src/plan/a.cc", LONG, True),
    ("function_length", "src/plan/a.cc", FITS, False),
    ("function_length", "src/plan/a.cc", "namespace slipway {\nclass A {\n public:\n" + LONG + "};\n}\n", True),
    ("function_length", "src/plan/a.cc", FITS + FITS, False),
    ("function_length", "src/plan/a.cc", "A::A(int b) : a_{1}, b_{b} {\n" + "  a_ += 1;\n" * 70 + "}\n", True),
    ("function_length", "src/plan/a.cc", "A::A(int b)\n    : a_{1},\n" + "      b_{b},\n" * 69 + "      c_{} {}\n", True),
    ("function_length", "src/plan/a.cc", "int f(A a = {}) {\n" + "  a += 1;\n" * 70 + "}\n", True),
    ("function_length", "src/plan/a.cc", "A::A()\n    : a_(B{1}),\n      c_{2} {\n" + "  a_ += 1;\n" * 70 + "}\n", True),
    ("function_length", "src/plan/a.cc", "struct A {\n" + "  int f(B b = {});\n" * 90 + "};\n", False),
    ("function_length", "src/plan/a_test.cc", "TEST(Plan, Says) {\n" + "  EXPECT_TRUE(true);\n" * 70 + "}\n", True),
    ("function_length", "src/plan/a.cc", "const Row kRows[] = {\n" + "    row(1),\n" * 90 + "};\n", False),
    ("function_length", "src/plan/a.cc", 'const char* kPage = R"(\n' + "f() {\n" * 90 + ')";\n', False),
    ("function_length", "tools/a.py", "def f():\n" + "    print(1)\n" * 70, True),
    ("banned_words", "src/plan/a.cc", "class StepManager {};\n", True),
    ("banned_words", "src/plan/a.cc", "void run(int handlers);\n", True),
    ("banned_words", "src/plan/a.cc", "#define PLAN_util_X 1\n", True),
    ("banned_words", "src/plan/a.cc", '// the info\nauto n = text.data(); log("data");\nstd::data(n);\n', False),
    ("banned_words", "src/plan/a.cc", "struct Database { addrinfo* found; int metadata_bytes; };\n", False),
    ("banned_words", "src/plan/a.cc", "sqlite3_user_data(context);\n", False),
    ("banned_words", "src/plan/a_test.cc", "TEST(Judge, SaysNotEnoughData) { judge(); }\n", False),
    ("banned_words", "src/plan/a_test.cc", "TEST(Judge, SaysNo) { int test_data = 1; }\n", True),
    ("banned_file_names", "src/plan/string_utils.cc", "", True),
    ("banned_file_names", "docs/database.md", "", False),
    ("vendor_words", "src/plan/a.cc", "bool is_docker = false;\n", True),
    ("vendor_words", "src/ports/a.h", "// as on ECS\n", True),
    ("vendor_words", "src/release/a.cc", "int specs; // seconds\n", False),
    ("system_calls", "src/plan/a.cc", "auto t = std::chrono::steady_clock::now();\n", True),
    ("system_calls", "src/plan/a.cc", "auto t = time(nullptr);\n", True),
    ("system_calls", "src/plan/a.cc", "int r = rand();\n", True),
    ("system_calls", "src/plan/a.cc", "std::random_device device;\n", True),
    ("system_calls", "src/plan/a.cc", 'auto home = std::getenv("HOME");\n', True),
    ("system_calls", "src/plan/a.cc", "std::this_thread::sle" "ep_for(a);\n", True),
    ("system_calls", "src/io/a.cc", "clock_gettime(CLOCK_MONOTONIC, &t);\n", False),
    ("system_calls", "src/plan/a.cc", 'auto t = clock.now(); // getenv("X")\nstart_time(a); w.time(0);\n', False),
    ("sleeping_tests", "src/plan/a_test.cc", "std::this_thread::sle" "ep_for(a);\n", True),
    ("sleeping_tests", "tests/e2e/run.sh", "sle" "ep 1\n", True),
    ("sleeping_tests", "tests/e2e/run.sh", "tail -f /dev/null\n", False),
    ("dropped_results", "src/plan/a.cc", "void f() {\n  (void)store.save(a);\n}\n", True),
    ("dropped_results", "src/plan/a.cc", "void f() {\n\n  std::ignore = save(a);\n}\n", True),
    ("dropped_results", "src/plan/a.cc", "void f() {\n\n  static_cast<void>(save(a));\n}\n", True),
    ("dropped_results", "src/plan/a.cc", "// The log is full: nothing more can be done.\n(void)save(a);\n", False),
    ("dropped_results", "src/plan/a.cc", "void f(int unused) {\n\n  (void)unused;\n}\n", False),
    ("dropped_results", "src/plan/a_test.cc", "\n\nEXPECT_THROW(static_cast<void>(save(a)), Crash);\n", False),
    ("leftovers", "docs/a.md", "FIX" "ME: later\n", True),
    ("leftovers", "src/plan/a.cc", 'mkdtemp("slipway-XXXXXX");\n', False),
    ("errors_documented", ERRORS_TABLE, 'X(Usage, 101, 2, false, "not understood")\n', True),
    ("changelog_form", "CHANGELOG.md", "# Changes\n## Unreleased\n### Added\n", True),
    ("changelog_form", "CHANGELOG.md", "# Changes\n## Unreleased\n### Fixes\n### Features\n", True),
    ("changelog_form", "CHANGELOG.md", "# Changes\n## soon\n", True),
    ("changelog_form", "CHANGELOG.md", "# Changes\n## 1.0.0 (2026-11-21)\n### Safety\n### Fixes\n", False),
    ("wrapped_libraries", "src/plan/a.cc", "#include <fmt/core.h>\n", True),
    ("key_documented", "src/config/keys.def", 'KEY("services.*.drain", Both, One, Duration)\n', True),
    ("key_in_example", "src/config/keys.def", 'KEY("services.*.drain", Both, One, Duration)\n', True),
    ("key_in_example", "src/config/keys.def", 'KEY("state", Top, Reserved, None)\n', False),
    ("blobs", "docs/a.png", "x" * 70000, True),
    ("blobs", "examples/a/package-lock.json", "x" * 70000, False),
    ("machine_words", "docs/a.md", "see /ho" "me/someone/notes\n", True),
    ("machine_words", "docs/a.md", "https://registry.np" "mjs.org/express\n", True),
    ("machine_words", "docs/a.md", "$HOME/" "work/a.txt and ~/" "work/b\n", False),
)


def _tree(path, text):
    contents = {"docs/rooms.txt": ROOMS.encode(), path: text.encode()}
    return Tree(contents)


def _allowances(run):
    """An exception silences its finding; one without use or reason is a finding itself."""
    bad = {"docs/rooms.txt": ROOMS.encode(), "src/plan/README.md": b"plan\n",
           "CHANGELOG.md": b"# Changes\n", "src/plan/a.cc": b"class StepManager {};\n"}
    line = b"banned_words | src/plan/a.cc | StepManager |"
    complaints = []
    for text, expected in ((b"", ["banned_words"]), (line + b" a reason\n", []),
                           (line + b"\n", ["allowance", "banned_words"]),
                           (line + b" a reason\nblobs | docs/x | | gone\n", ["allowance"])):
        found = sorted(f.check for f in run(Tree({**bad, "tools/tidy-allow.txt": text})))
        if found != expected:
            complaints.append(f"allowances: {text!r} gave {found}, not {expected}")
    return complaints


def _errors_page_is_accepted(checks):
    table = b'X(Usage, 101, 2, false, "not understood")\n'
    page = errors_page(Tree({ERRORS_TABLE: table})).encode()
    found = list(checks["errors_documented"](Tree({ERRORS_TABLE: table, ERRORS_PAGE: page})))
    return [f"errors_documented: a fresh page is refused: {f}" for f in found]


EXAMPLE = """
x-limits: &limits
  memory: 1GiB
x-stop: &stop { signal: INT }
services:
  api:
    limits: *limits
    stop:
      <<: *stop
  web:
    health: { path: /health, interval: 5s }   # drain: 1s
    env:
      A: "b: c"
  worker: { run: node worker.js }
smoke: [ { get: /health, expect: 200 }, { run: x } ]
checks:
  - get: /a
    expect: 200
environments:
  production:
    rollout: { steps: [10%, 100%],
               judge: 5m }
"""
USED = ("services.*.health.interval", "services.*.env.*", "services.*.run", "smoke[].expect", "smoke[].run",
        "services.*.limits.memory", "services.*.stop.signal", "checks[].get", "checks[].expect", "rollout.judge", "rollout.steps", "environments.*")
UNUSED = ("services.*.limits.cpus", "services.*.drain", "services.*.interval", "smoke[].contains", "judge", "checks[].run")


def _examples_are_read(checks):
    """The keys of an example are found where they stand, and nowhere else."""
    table = "".join(f'KEY("{key}", Both, One, Text)\n' for key in USED + UNUSED)
    tree = Tree({"src/config/keys.def": table.encode(), "examples/a/slipway.yaml": EXAMPLE.encode()})
    missing = [f.what.split("`")[1] for f in checks["key_in_example"](tree)]
    return [] if missing == list(UNUSED) else [f"key_in_example: missing {missing}, not {list(UNUSED)}"]


def _reference_is_read(checks):
    """A key counts as documented in its own section only."""
    table = 'KEY("app", Top, One, Name)\nKEY("smoke[].get", Both, One, Path)\nKEY("smoke[].run", Both, One, Text)\n'
    page = "## The top level\n| `app` | a |\n| `run` | a |\n## `smoke[…]`\n| `get` | a |\n"
    tree = Tree({"src/config/keys.def": table.encode(), "docs/reference/slipway-yaml.md": page.encode()})
    missing = [f.what.split("`")[1] for f in checks["key_documented"](tree)]
    return [] if missing == ["smoke[].run"] else [f"key_documented: missing {missing}, not ['smoke[].run']"]


def main(checks, run):
    complaints = _allowances(run) + _errors_page_is_accepted(checks)
    complaints += _examples_are_read(checks) + _reference_is_read(checks)
    for check, path, text, bad in CASES:
        found = list(checks[check](_tree(path, text)))
        if bool(found) != bad:
            complaints.append(f"{check}: {'missed' if bad else 'wrongly found'} in {path}: {text[:60]!r} {found[:1]}")
    tested = {case[0] for case in CASES if case[3]}
    complaints += [f"{check}: no bad snippet in the self-test" for check in checks if check not in tested]
    for complaint in complaints:
        print(complaint)
    print(f"tidy --self-test: {len(CASES)} snippets, {len(complaints)} wrong")
    return 1 if complaints else 0
