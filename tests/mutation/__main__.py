"""`python -m tests.mutation [MODULE...]`: plants mutants in modules, runs the tests that reach them, writes a table.

MODULE is a path in the package, such as exact/solve/interval.py, or a piece of it; without any, all modules of
`session.ROOMS` take part. Run from the root of the checkout; the source tree is not written to.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .table import REQUIRED, table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; exit code 1 where fewer than REQUIRED of a module's mutants were killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Do the tests notice small faults?")
    parser.add_argument("modules", nargs="*", help="paths in the package, or pieces of them; all where none is given")
    parser.add_argument("--mutants", type=int, default=40, help="of each module; default 40")
    parser.add_argument("--seed", type=int, default=1, help="another seed draws other mutants; default 1")
    parser.add_argument("--jobs", type=int, default=1, help="modules at a time; default 1")
    parser.add_argument("--tests", nargs="+", default=[], help="files of tests, in place of those of the module's room")
    parser.add_argument("--cache", type=Path, default=Path(".mutation"), help="where the lines of tests are kept")
    parser.add_argument("--out", type=Path, help="also write the table and the survivors to this file (.md)")
    asked = parser.parse_args(arguments)
    os.environ["CI"] = "1"  # the same examples in every property
    from .session import run  # after the environment, which pytest's plugins read

    tallies, survivors = run(asked.modules, asked.tests, asked.mutants, asked.seed, asked.jobs, asked.cache)
    text = table(tallies) + "".join(f"\n```diff\n{diff}\n```\n" for diff in survivors)
    print(text)
    if asked.out:
        asked.out.write_text(text, "utf-8")
    return int(any(one.share < REQUIRED for one in tallies))


if __name__ == "__main__":
    sys.exit(main())
