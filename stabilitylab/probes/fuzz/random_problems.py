"""Random regression problems of kinds that floating-point solvers get wrong; each kind is a function of (rng, m, n)."""

import zlib
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
FloatSystem: TypeAlias = tuple[Array, Array]  # A (m, n), b (m,), float64
Kind: TypeAlias = Callable[[np.random.Generator, int, int], FloatSystem]

SUBNORMAL = 2.0**-1074  # the smallest positive float64; integers below 2**53 times it are float64 too
WIDE = range(31, 40)  # the numbers of columns of `many_columns`; `rounded_sum` adds one


def random_problem(kind: str, seed: int) -> FloatSystem:
    """The problem of a kind and a seed: n uniform in 1..6, m in n..3n, or 200 n with probability 1/10.

    Some kinds change these sizes. The bits depend on kind and seed alone. Raises KeyError for an unknown kind.
    """
    make = KINDS[kind]
    rng = np.random.default_rng([zlib.crc32(kind.encode()), seed])
    n = int(rng.integers(1, 7))
    m = 200 * n if rng.random() < 0.1 else int(rng.integers(n, 3 * n + 1))
    return make(rng, m, n)


def small_integers(rng: np.random.Generator, m: int, n: int) -> FloatSystem:
    """Integers of magnitude up to 3: zero coefficients, ties in rounding and exactly deficient A are frequent."""
    return rng.integers(-3, 4, (m, n)).astype(float), rng.integers(-3, 4, m).astype(float)


def column_scales(rng: np.random.Generator, m: int, n: int) -> FloatSystem:
    """Columns of size 1e-140 to 1e140: the squares of A'A leave the range of float64."""
    scales = 10.0 ** rng.uniform(-140, 140, n)
    return rng.standard_normal((m, n)) * scales, rng.standard_normal(m) * 10.0 ** rng.uniform(-140, 140)


def element_scales(rng: np.random.Generator, m: int, n: int) -> FloatSystem:
    """Entries from 1e-30 to 1e30 within a column: condition numbers far beyond 1 / u."""
    return rng.standard_normal((m, n)) * 10.0 ** rng.uniform(-30, 30, (m, n)), rng.standard_normal(m)


def near_duplicates(rng: np.random.Generator, m: int, n: int) -> FloatSystem:
    """The last column equals the first but for one or two units in the last place: condition number about 1e15."""
    A = rng.standard_normal((m, n))
    A[:, -1] = A[:, 0] * (1 + 2.0**-52 * rng.integers(-2, 3, m))
    return A, rng.standard_normal(m)


def unimodular(rng: np.random.Generator, m: int, n: int) -> FloatSystem:
    """B U, B of integers up to 3 and U unimodular (det U = 1), all below 2**53: condition numbers beyond 1e30."""
    m, n = m + 1, n + 1
    A = rng.integers(-3, 4, (m, n)).astype(object)
    limit = 2 ** int(rng.integers(4, 53))
    for _ in range(200):
        j, k = rng.choice(n, 2, replace=False)
        column = A[:, j] + int(rng.integers(-9, 10)) * A[:, k]
        if max(abs(column)) < limit:
            A[:, j] = column
    return A.astype(float), rng.integers(-(10**6), 10**6, m).astype(float)


def subnormal_columns(rng: np.random.Generator, m: int, n: int) -> FloatSystem:
    """A column of subnormal numbers, and b of that size or larger: coefficients that overflow, or are subnormal."""
    A = rng.standard_normal((m, n))
    largest = 2 ** int(rng.integers(1, 53))
    A[:, rng.integers(n)] = rng.integers(-largest, largest + 1, m) * SUBNORMAL
    return A, rng.standard_normal(m) * 10.0 ** rng.uniform(*((-322, -300) if rng.random() < 0.5 else (-300, 0)))


def exact_ties(rng: np.random.Generator, m: int, n: int) -> FloatSystem:
    """Every exact coefficient lies halfway between two float64."""
    odd = 2 * rng.integers(2**52, 2**53, n) + 1  # 54 bits
    return _planted(rng, m, n, [Fraction(int(v)) * Fraction(2) ** int(rng.integers(-36, 8)) for v in odd])


def exact_zeros(rng: np.random.Generator, m: int, n: int) -> FloatSystem:
    """Some exact coefficients are 0, and the residual is not."""
    x = [Fraction(int(v)) for v in rng.integers(-(2**52), 2**52, n)]
    return _planted(rng, m, n, [Fraction(0) if rng.random() < 0.5 else v for v in x])


def _planted(rng: np.random.Generator, m: int, n: int, x: list[Fraction]) -> FloatSystem:
    """A = [B; B] and b = [h; l] with h + l = 2 B x exactly: then A'(b - A x) = 0, so that x is the exact solution."""
    B = rng.integers(-3, 4, (max(n, m // 2), n))
    twice = [2 * sum((int(a) * v for a, v in zip(row, x, strict=True)), start=Fraction(0)) for row in B]
    high = [float(t) for t in twice]  # the first 53 bits; at most 53 more remain for low, as x is chosen above
    low = [float(t - Fraction(h)) for t, h in zip(twice, high, strict=True)]
    return np.concatenate([B, B]).astype(float), np.array([*high, *low])


def singular(rng: np.random.Generator, m: int, n: int) -> FloatSystem:
    """One column is exactly a linear combination of the others, then all are scaled by powers of two; 0 for n = 1."""
    A = rng.integers(-9, 10, (m, n))
    j = int(rng.integers(n))
    A[:, j] = np.delete(A, j, axis=1) @ rng.integers(-3, 4, n - 1)
    return A * 2.0 ** rng.integers(-100, 100, n), rng.standard_normal(m)


def hilbert(rng: np.random.Generator, m: int, n: int) -> FloatSystem:
    """Submatrices of the Hilbert matrix, each entry rounded, with 7 to 12 columns."""
    m, n = m + 6, n + 6
    i, j = np.ogrid[:m, :n]
    return 1.0 / (i + j + int(rng.integers(1, 10))), rng.standard_normal(m)


def vandermonde(rng: np.random.Generator, m: int, n: int) -> FloatSystem:
    """Powers 0 to n - 1, n from 7 to 12, of points in 10**k [1, 2), each rounded."""
    m, n = m + 6, n + 6
    points = rng.uniform(1, 2, m) * 10.0 ** rng.integers(-2, 3)
    return points[:, None] ** np.arange(n), rng.standard_normal(m)


def rounded_sum(rng: np.random.Generator, m: int, n: int) -> FloatSystem:
    """The last column is the rounded sum of the others: numerically deficient, but mostly of exactly full rank."""
    m, n = m + 1, n + 1
    A = rng.standard_normal((m, n))
    A[:, -1] = A[:, :-1].sum(axis=1)
    return A, rng.standard_normal(m)


def many_columns(rng: np.random.Generator, m: int, n: int) -> FloatSystem:
    """One of six of these kinds, with 31 to 40 columns."""
    n = int(rng.choice(WIDE))
    others: tuple[Kind, ...] = (small_integers, column_scales, near_duplicates, rounded_sum, exact_ties, singular)
    return others[rng.integers(len(others))](rng, int(rng.integers(n, 3 * n + 1)), n)


KINDS: Mapping[str, Kind] = {
    make.__name__.replace("_", " "): make
    for make in (
        small_integers,
        column_scales,
        element_scales,
        near_duplicates,
        unimodular,
        subnormal_columns,
        exact_ties,
        exact_zeros,
        singular,
        hilbert,
        vandermonde,
        rounded_sum,
        many_columns,
    )
}
"""Every kind by the name of its function, with blanks."""
