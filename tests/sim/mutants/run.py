#!/usr/bin/env python3
"""run.py FOLDER: runs every mutant of FOLDER two at a time; all must end with a violation.

Prints a table of mutant and first violation, then `sim_mutants: mutants=N caught=N`. Exit 1 when one lives.
"""
import concurrent.futures
import pathlib
import subprocess
import sys

from mutate import read_mutant

AT_MOST = 120  # seconds for one mutant; a whole run that finds nothing takes a quarter of that


def first_violation(program):
    """What the first violation says, or None when the mutant was not caught."""
    try:
        run = subprocess.run([program, "mutant"], stdout=subprocess.PIPE, text=True, timeout=AT_MOST)
    except subprocess.TimeoutExpired:
        return None
    said = [line for line in run.stdout.splitlines() if line.startswith("violation: ")]
    return said[0].removeprefix("violation: ") if run.returncode == 1 and said else None


def main():
    programs = pathlib.Path(sys.argv[1])
    mutants = [read_mutant(path) for path in sorted(pathlib.Path(__file__).parent.glob("*.mutant"))]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda mutant: first_violation(programs / f"sim_{mutant['name']}"), mutants))
    caught = 0
    for mutant, violation in zip(mutants, found):
        caught += violation is not None
        print(f"{mutant['name']:34} {violation or 'NOT CAUGHT: ' + mutant['why']}")
    print(f"sim_mutants: mutants={len(mutants)} caught={caught}")
    return 0 if mutants and caught == len(mutants) else 1


if __name__ == "__main__":
    sys.exit(main())
