"""Exact answers from fractions: an oracle that shares no line with the package."""

from fractions import Fraction

import mpmath
import numpy as np

CONTEXT = mpmath.MPContext()
CONTEXT.prec = 120


def exact(number):
    """The value of a float of any format, an mpmath number or an integer."""
    if isinstance(number, (int, np.integer)):
        return Fraction(int(number))
    if hasattr(number, "_mpf_"):
        sign, mantissa, exponent, _ = number._mpf_
        return Fraction(-mantissa if sign else mantissa) * Fraction(2) ** exponent
    return Fraction(*number.as_integer_ratio())


def exact_array(values):
    """An object array of fractions."""
    values = np.asarray(values)
    out = np.empty(values.shape, dtype=object)
    out.ravel()[:] = [exact(v) for v in values.ravel()]
    return out


def reduced(rows):
    """Reduced row echelon form of a list of lists of fractions, and the pivot columns."""
    rows, pivots = [list(row) for row in rows], []
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


def least_squares(A, b):
    """The fractions x with A'A x = A'b, A (m, n) and b (m,) fractions; A of full rank."""
    n = A.shape[1]
    system = np.hstack([A.T @ A, (A.T @ b)[:, None]])
    rows, pivots = reduced(system.tolist())
    assert pivots == list(range(n)), "the oracle was given a singular system"
    return [row[n] for row in rows]


def null_space(A):
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


def norm(values):
    """The Euclidean norm of fractions as a float, safe for squares beyond double's range."""
    square = sum((v * v for v in values), Fraction(0))
    return float(CONTEXT.sqrt(CONTEXT.mpf(square.numerator) / square.denominator))
