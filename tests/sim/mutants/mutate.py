#!/usr/bin/env python3
"""mutate.py MUTANT ROOT OUT: writes the one source file a mutant changes, with the change in it.

A .mutant file says why, which file, which checker should notice, and the exact text before and after. The
text must be found exactly once: a mutant that no longer fits its source is an error, never a silent no-op.
"""
import pathlib
import sys


def read_mutant(path):
    head, rest = path.read_text().split("--- from\n", 1)
    before, after = rest.split("\n--- to\n", 1)
    fields = dict(line.split(": ", 1) for line in head.splitlines() if line)
    return {"name": path.stem, "why": fields["why"], "file": fields["file"],
            "caught by": fields["caught by"], "from": before, "to": after.removesuffix("\n")}


def main():
    mutant = read_mutant(pathlib.Path(sys.argv[1]))
    source = (pathlib.Path(sys.argv[2]) / mutant["file"]).read_text()
    found = source.count(mutant["from"])
    if found != 1:
        print(f"mutant {mutant['name']}: its text is found {found} times in {mutant['file']}, not once.\n"
              f"Next: bring tests/sim/mutants/{mutant['name']}.mutant up to date with the source", file=sys.stderr)
        return 1
    mutated = source.replace(mutant["from"], mutant["to"])
    # Warnings about what a mutation leaves unused are not what is being tested.
    quiet = '#pragma GCC diagnostic ignored "-Wunused-function"\n' \
            '#pragma GCC diagnostic ignored "-Wunused-parameter"\n' \
            '#pragma GCC diagnostic ignored "-Wunused-variable"\n'
    pathlib.Path(sys.argv[3]).write_text(quiet + mutated)
    return 0


if __name__ == "__main__":
    sys.exit(main())
