"""Exact answers from fractions: an oracle that shares no code with the package."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import lcm
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt

Objects = npt.NDArray[Any]

CONTEXT = mpmath.MPContext()
CONTEXT.prec = 120


def exact(number: Any) -> Fraction:
    """The value of a float of any format, an mpmath number or an integer. NaN and infinity raise an error."""
    if isinstance(number, (int, np.integer)):
        return Fraction(int(number))
    if hasattr(number, "_mpf_"):
        sign, mantissa, exponent, _ = number._mpf_
        value: Fraction = Fraction(-mantissa if sign else mantissa) * Fraction(2) ** exponent
        return value
    return Fraction(*number.as_integer_ratio())


def exact_array(values: Any) -> Objects:
    """An object array of fractions, of the shape of values."""
    values = np.asarray(values)
    out = np.empty(values.shape, dtype=object)
    out.ravel()[:] = [exact(v) for v in values.ravel()]
    return out


def integers(values: Objects) -> tuple[Objects, Fraction]:
    """Fractions as integers and the unit that these are multiples of, one over the least common denominator."""
    common = lcm(*(f.denominator for f in values.ravel()))
    out = np.empty(values.shape, dtype=object)
    out.ravel()[:] = [f.numerator * (common // f.denominator) for f in values.ravel()]
    return out, Fraction(1, common)


def reduced(matrix: Sequence[Sequence[Fraction]]) -> tuple[list[list[Fraction]], list[int]]:
    """Reduced row echelon form of a list of lists of fractions, and the pivot columns."""
    rows = [list(row) for row in matrix]
    pivots: list[int] = []
    for column in range(len(rows[0])):
        at = next((i for i in range(len(pivots), len(rows)) if rows[i][column]), None)
        if at is None:
            continue
        top = len(pivots)
        rows[top], rows[at] = rows[at], rows[top]
        pivot = rows[top][column]
        rows[top] = [v / pivot for v in rows[top]]
        for i, row in enumerate(rows):
            if i != top and row[column]:
                rows[i] = [v - row[column] * w for v, w in zip(row, rows[top], strict=True)]
        pivots.append(column)
    return rows, pivots


def least_squares(A: Objects, b: Objects) -> list[Fraction]:
    """The fractions x with A'A x = A'b, A (m, n) and b (m,) fractions. AssertionError unless A has full rank.

    Sums are formed in integers, over common denominators: a sum of m fractions takes m greatest common divisors.
    """
    n = A.shape[1]
    (A, a_unit), (b, b_unit) = integers(A), integers(b)
    system = [[Fraction(v) for v in row] for row in np.hstack([A.T @ A, (A.T @ b)[:, None]]).tolist()]
    rows, pivots = reduced(system)
    assert pivots == list(range(n)), "the oracle was given a singular system"
    return [row[n] * b_unit / a_unit for row in rows]


def null_space(A: Objects) -> list[list[Fraction]]:
    """A basis of {v: A v = 0} as lists of fractions."""
    n = A.shape[1]
    rows, pivots = reduced(A.tolist())
    basis = []
    for free in (j for j in range(n) if j not in pivots):
        v = [Fraction(0)] * n
        v[free] = Fraction(1)
        for row, pivot in zip(rows, pivots, strict=False):
            v[pivot] = -row[free]
        basis.append(v)
    return basis


def norm(values: Iterable[Any]) -> float:
    """The Euclidean norm of fractions as a float, safe for squares beyond double's range."""
    square = sum((v * v for v in values), Fraction(0))
    return float(CONTEXT.sqrt(CONTEXT.mpf(square.numerator) / square.denominator))
