"""`python -m stabilitylab.core.arithmetic.speed`: rounded operations a second in each format, on one core.

CPU time of this process, the best of several repetitions, for arrays of a size; beside it the ratio to float64.
"""

import sys
from collections.abc import Callable
from time import process_time

import numpy as np

from stabilitylab.core.arithmetic.formats import FLOAT64, FORMATS, Array, Format
from stabilitylab.core.arithmetic.fused import fma

OPERATIONS: dict[str, Callable[[Array, Array], Array]] = {
    "add": lambda x, y: np.asanyarray(x + y),
    "multiply": lambda x, y: np.asanyarray(x * y),
    "divide": lambda x, y: np.asanyarray(x / y),
    "sqrt": lambda x, y: np.asanyarray(np.sqrt(x)),
    "fma": lambda x, y: fma(x, y, y),
}


def per_second(format: Format, operation: str, size: int = 100_000, seconds: float = 0.05) -> float:
    """Operations a second on arrays (size,) of numbers between 1 and 2, in CPU time."""
    numbers = np.random.default_rng(0).uniform(1, 2, (2, size))
    x, y = (format.rounded(values) for values in numbers)
    compute = OPERATIONS[operation]
    compute(x, y)
    best, end = float("inf"), process_time() + seconds
    while True:
        started = process_time()
        compute(x, y)
        now = process_time()
        best = min(best, now - started) or best
        if now > end:
            return size / max(best, 1e-9)


def main() -> int:
    """Print a line for each format: operations a second, and how many times longer each takes than in float64."""
    print(f"{'operations a second':20}", *(f"{name:>16}" for name in OPERATIONS))
    base = {name: per_second(FLOAT64, name) for name in OPERATIONS}
    for format in FORMATS:
        if format.precision <= FLOAT64.precision:
            speeds = {name: per_second(format, name) for name in OPERATIONS}
            cells = (f"{speed:.1e} ({base[name] / speed:5.1f}x)" for name, speed in speeds.items())
            print(f"{format.name:20}", *(f"{cell:>16}" for cell in cells))
    return 0


if __name__ == "__main__":
    sys.exit(main())
