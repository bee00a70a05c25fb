"""`python -m stabilitylab.probes.fuzz FILE --parts FIRST BEYOND`: parts of the campaign, counted into a file.

Interrupted, the same command goes on where it stopped. The file can be given to version control at any time.
"""

import argparse
import sys
from pathlib import Path

from stabilitylab.core import environment
from stabilitylab.core.environment import one_blas_thread
from stabilitylab.probes.fuzz.campaign import PART, Counted, run
from stabilitylab.probes.fuzz.engine import certified


def main() -> int:
    """Run; exit code 1 where an answer was wrong."""
    parser = argparse.ArgumentParser(description="Random tasks against exact solutions, in parts.")
    parser.add_argument("file", type=Path, help="where the counts are kept (.csv)")
    described = f"which parts, of about {PART} tasks each"
    parser.add_argument("--parts", type=int, nargs=2, required=True, metavar=("FIRST", "BEYOND"), help=described)
    asked = parser.parse_args()
    wrong = 0

    def progress(line: Counted) -> None:
        nonlocal wrong
        wrong += line.wrong
        if line.wrong or line.refused:
            print(f"{line.kind} from seed {line.first}: {line.reasons}", flush=True)

    with one_blas_thread():
        run(certified, range(*asked.parts), asked.file, environment.source_hash()[:12], progress)
    print(f"{wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
