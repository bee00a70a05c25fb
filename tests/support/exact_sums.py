"""Exact sums of products in fractions, and tables that ask much of them."""

from fractions import Fraction

import numpy as np

from exact_products import product
from stabilitylab.conformance.rational import exact_array
from stabilitylab.exact.gram.sums import GramSums

RNG = np.random.default_rng(20)


def values(sums):
    """[A b]'[A b] in fractions: what the integers stand for."""
    normal = sums.normal_equations()
    u = normal.units
    W = [[*row, right] for row, right in zip(normal.C, normal.c, strict=True)] + [[*normal.c, normal.bb]]
    return [[v * u[i] * u[j] for j, v in enumerate(row)] for i, row in enumerate(W)]


def accumulated(acc):
    """The sums of an accumulator in fractions: A'A, A'b and b'b; and the number of rows."""
    W, n = values(acc), acc.n
    return [row[:n] for row in W[:n]], [row[n] for row in W[:n]], W[n][n], acc.rows


def truth(A, b, weights=None):
    """The same from fractions, row by row."""
    W = np.column_stack([exact_array(A), exact_array(b)])
    if weights is None:
        return product(W.T, W).tolist()
    w = np.array([*weights, None], dtype=object)[:-1]
    return product(W.T, W * w[:, None]).tolist()


def fed(*blocks, sign=1):
    sums = GramSums(blocks[0][0].shape[1] + 1)
    for A, b in blocks:
        sums.feed(A, b, sign)
    return sums


def numbers(data):
    """[A b] in fractions, row by row, from an ExactInput."""
    E, of = data.parts
    scales = data.scales or (Fraction(1),) * (max(of) + 1)
    kind = float if data.floats else int
    W = np.full((len(data.b), len(scales)), Fraction(0))
    for values, j in zip((*E.T, data.b), of, strict=True):
        W[:, j] += [Fraction(kind(v)) for v in values.tolist()]
    return [[v * s for v, s in zip(row, scales, strict=True)] for row in W.tolist()]


def table(m, n, spread=0, seed=1):
    """Rows of A (m, n) and b (m,), each times a power of two of up to `spread`."""
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((m, n + 1)) * 2.0 ** rng.integers(-spread, spread + 1, (m, 1))
    return np.ascontiguousarray(W[:, :-1]), W[:, -1].copy()


def same(one, other):
    """Whether two sums stand for the same numbers."""
    return values(one) == values(other) and one.rows == other.rows


def few_with_more_limbs():
    """Rows for three planes of limbs, among them rows for four, six and as many as it takes."""
    A, b = table(2600, 2, seed=4)
    for step, power in ((7, -20), (11, -70), (501, -300), (997, -1060)):
        A[::step] *= 2.0**power
        b[::step] *= 2.0**power
    return A, b


def many_with_more_limbs():
    """More rows beyond three, four and six planes than are put aside at a time."""
    return table(1700, 1, spread=90, seed=5)


def of_different_lengths():
    """Columns of one limb, of two, and of three in some of the rows: which, changes where rows are sliced anew."""
    A, b = table(9000, 3, seed=6)
    A[:, 0] = np.rint(A[:, 0] * 9)
    for k, start in enumerate(range(0, 9000, 1500)):
        part = A[start : start + 1500, 1 + k % 2]
        part[:] = part.astype(np.float16)
    return A, np.rint(b * 99)


LARGE = {
    "three planes": table(2600, 2),
    "integers": tuple(np.rint(v * 1000) for v in table(2600, 2)),
    "float32": tuple(v.astype(np.float32).astype(float) for v in table(1100, 3)),
    "columns of different lengths": of_different_lengths(),
    "a zero column": tuple(v * [0.0, 1.0] if v.ndim == 2 else v for v in table(1100, 2)),
    "few rows with more": few_with_more_limbs(),
    "many rows with more": many_with_more_limbs(),
    "large limbs": (RNG.integers(2**21 - 999, 2**21, (30_000, 1)) * 1.0, np.ones(30_000)),
    "growing rows": tuple((v.T * 2.0 ** (np.arange(1100) / 10)).T for v in table(1100, 2)),
}
