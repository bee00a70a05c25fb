"""A ridge regression as ordinary least squares, and back: a penalty lambda |x|² is the rows sqrt(lambda) I of b = 0.

|b - A x|² + lambda |x|² is the sum of squares of [b; 0] - [A; sqrt(lambda) I] x, exactly, where floating point holds
sqrt(lambda) and its square. So a problem with a penalty has the truths, scores and references of any other problem.
Source: Golub and Van Loan (2013), section 6.1.4; Björck (1996), section 2.7.2.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import isfinite, log2, sqrt

import numpy as np

from stabilitylab.core.arithmetic.formats import Array, Format
from stabilitylab.core.errors import InputError
from stabilitylab.data.design import Design
from stabilitylab.data.frames import distinct
from stabilitylab.data.problem import Problem


@dataclass(frozen=True)
class Penalty:
    """lambda |x|², lambda = root² exactly, found in the last rows of a matrix.

    rows: how many rows of data stand above them. intercept: whether the first column, ones in the data, is spared.
    """

    root: float
    rows: int
    intercept: bool


def penalty_in(A: Array, b: Array) -> Penalty | None:
    """The penalty of min |b - A x|, A (m, n), b (m,); None where the last rows are none.

    They are root I, in any order, beside zeros in b, and below at least one row of data; or [0, root I] below a first
    column of ones. root² is a number of the format of A.
    """
    m, n = A.shape
    for intercept in (False, True):
        rows = m - (n - intercept)
        below = A[rows:, int(intercept) :]
        filled = below != 0
        each_once = below.size > 0 and (filled.sum(axis=0) == 1).all() and (filled.sum(axis=1) == 1).all()
        if rows < 1 or not each_once or b[rows:].any():
            continue
        root = below[filled][0]
        if not (below[filled] == root).all() or not _squares_exactly(root):
            continue
        if not intercept or ((A[:rows, 0] == 1).all() and not A[rows:, 0].any()):
            return Penalty(float(root), rows, intercept)
    return None


def _squares_exactly(root: np.floating) -> bool:
    """Whether root is above 0 and root² is a number of its format."""
    with np.errstate(all="ignore"):
        square = root * root
    return bool(root > 0 and np.isfinite(square)) and _exact(root) ** 2 == _exact(square)


def _exact(number: np.floating) -> Fraction:
    return Fraction(*number.as_integer_ratio())


def penalised(problem: Problem, penalty: float, *, penalize_intercept: bool = False) -> Problem:
    """min |b - A x|² + penalty |x|² for A (m, n) and b (m,) of a problem, as a problem of m + n rows, or of m + n - 1.

    The intercept of its design has no penalty, unless penalize_intercept is set. The numbers are those of the matrix as
    stored, in all three truths. The names of the coefficients are kept. Routes of the call form "ridge" are given A, b
    and the penalty; all others are asked the same as least squares with the rows sqrt(penalty) I and b = 0 below.

    Raises InputError for a penalty that is no finite number above 0, or whose square root the format does not hold
    exactly: powers of four have one, and squares of short numbers. OutOfRangeError as `Problem.A` does.
    """
    root = _root(penalty, problem.format)
    A, b = problem.A, problem.b
    spared = problem.design.intercept and not penalize_intercept
    rows = root * np.eye(A.shape[1], dtype=A.dtype)[int(spared) :]
    *names, response = distinct([*problem.feature_names, problem.response])
    columns = dict(zip(names, np.vstack([A, rows]).T, strict=True))
    return Problem(
        f"{problem.name} with penalty {float(penalty)!r}",
        {**columns, response: np.append(b, np.zeros(len(rows), dtype=b.dtype))},
        Design.matrix(),
        problem.source,
        frozenset({"full-rank"}),
        response,
        problem.format,
    )


def _root(penalty: float, format: Format) -> np.floating:
    """The square root of a penalty, exactly, as a number of the format. Raises InputError where there is none."""
    number = isinstance(penalty, int | float | np.number) and not isinstance(penalty, bool)
    if not number or not isfinite(penalty) or not penalty > 0:
        raise InputError(f"penalty must be a finite number above 0; got {penalty!r}: penalty=1.0, for one")
    root: np.floating = format.rounded(np.array([sqrt(penalty)]))[0]
    if not _squares_exactly(root) or _exact(root) ** 2 != Fraction(penalty):
        near = 4.0 ** round(log2(penalty) / 2)
        raise InputError(
            f"penalty must be the square of a number, and {format.name} must hold both, so that its rows are exact; "
            f"got {penalty!r}: take {near:g}, the nearest power of four"
        )
    return root
