"""Random problems in float64 that floating-point solvers get wrong; each kind is a function of (rng, m, n)."""

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
    columns = [A[:, j] for j in range(n)]
    factors, pairs = rng.integers(-9, 10, 200).tolist(), rng.integers(0, (n, n - 1), (200, 2)).tolist()
    for factor, (j, other) in zip(factors, pairs, strict=True):
        column = columns[j] + factor * columns[other + (other >= j)]
        if max(abs(column)) < limit:
            columns[j] = column
    A = np.stack(columns, axis=1)
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


def powers_of_two(rng: np.random.Generator, m: int, n: int) -> FloatSystem:
    """Integers of up to 20 bits times 2**k, k from -1070 to 1000: the same k for A and b, or one for each."""
    bits = int(rng.integers(1, 21))
    A, b = rng.integers(-(2**bits), 2**bits + 1, (m, n)), rng.integers(-(2**bits), 2**bits + 1, m)
    k, other = rng.integers(-1070, 1001, 2)
    return np.ldexp(A.astype(float), k), np.ldexp(b.astype(float), k if rng.random() < 0.5 else other)


def least_doubles(rng: np.random.Generator, m: int, n: int) -> FloatSystem:
    """Coefficients of at most three times 2**-1074, or halves of it, which are ties with 0 and with each other."""
    B = 2 * rng.integers(-3, 4, (max(n, m // 2), n))
    fitted, apart = B @ rng.integers(-6, 7, n) // 2, rng.integers(-3, 4, len(B))
    # A'(b - A x) = B's - B's = 0 for the residual (s, -s).
    return np.concatenate([B, B]).astype(float), np.concatenate([fitted + apart, fitted - apart]) * SUBNORMAL


def nearly_dependent(rng: np.random.Generator, m: int, n: int) -> FloatSystem:
    """Integers of which a column depends on the others but for a row times 2**-k, k to 1000; one in five exactly.

    The first wide enclosure of such a solution overflows float64 where the solution does not.
    """
    m, n = m + 1, n + 1
    A, b = rng.integers(-5, 6, (m, n)).astype(float), rng.integers(-5, 6, m).astype(float)
    i, j = int(rng.integers(m)), int(rng.integers(n))
    A[:, j] = np.delete(A, j, axis=1) @ rng.integers(-2, 3, n - 1)
    if rng.random() < 0.8:
        row = np.zeros(n) if rng.random() < 0.5 else rng.integers(-5, 6, n)
        row[j] += 1
        A[i] = row * 2.0 ** -int(rng.integers(1, 1001))
        b[i] = b[i] if rng.random() < 0.5 else 2.0 ** -int(rng.integers(1, 1075))
    return A, b


def dummies(rng: np.random.Generator, m: int, n: int) -> FloatSystem:
    """Zeros and ones of two factors, with all levels (exactly dependent) or without the first of the second; a number.

    An intercept stands in front of half of them, in place of the first level of the first factor.
    """
    sizes = rng.integers(2, 5, 2)
    m = int(sizes.sum()) * 2 + m
    factors = [np.eye(size)[rng.integers(0, size, m)] for size in sizes]
    if rng.random() < 0.5:
        factors[0] = np.column_stack([np.ones(m), factors[0][:, 1:]])
    second = factors[1] if rng.random() < 0.2 else factors[1][:, 1:]
    number = rng.integers(0, 90, m) / 4 if rng.random() < 0.5 else rng.standard_normal(m)
    return np.column_stack([factors[0], second, number]), rng.integers(0, 100, m).astype(float)


def many_columns(rng: np.random.Generator, m: int, n: int) -> FloatSystem:
    """One of six of these kinds, with 31 to 40 columns."""
    n = int(rng.choice(WIDE))
    others: tuple[Kind, ...] = (small_integers, column_scales, near_duplicates, rounded_sum, exact_ties, singular)
    return others[rng.integers(len(others))](rng, int(rng.integers(n, 3 * n + 1)), n)


FLOAT_KINDS: Mapping[str, Kind] = {
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
        powers_of_two,
        least_doubles,
        nearly_dependent,
        dummies,
        many_columns,
    )
}
"""Every kind by the name of its function, with blanks."""
