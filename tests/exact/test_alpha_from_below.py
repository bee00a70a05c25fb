"""Bounds on |X'A'A X - I|_F and what they are made of, from below: none is smaller than its derivation allows."""

from fractions import Fraction
from math import ceil

import mpmath
import numpy as np
import pytest

from stabilitylab.core.errors import RankDeficientError
from stabilitylab.exact.float64.preconditioner import (
    ScaledProblem,
    alpha_from_gram,
    alpha_from_product,
    alpha_from_sliced_product,
    reach,
)
from stabilitylab.exact.float64.rounding_bounds import block_rows

MP = mpmath.MPContext()
MP.dps = 60
U = MP.mpf(2) ** -53
SHAPES = [(1, 1), (3, 2), (9, 4), (700, 2), (5000, 3), (40, 12)]


def gamma(k):
    """k u / (1 - k u) for k roundings."""
    return k * U / (1 - k * U)


def norm(values):
    return MP.norm([MP.mpf(float(v)) for v in np.ravel(values)])


def problem(m, n):
    """Nearly orthonormal columns of exact squares, so that roundings, and not X'A'A X - I itself, make the bounds."""
    rng = np.random.default_rng([m, n])
    A = np.linalg.qr(rng.standard_normal((m, n)))[0]
    return ScaledProblem.of(A, rng.standard_normal(m)), np.triu(2 * np.eye(n) + rng.standard_normal((n, n)) * 0.3)


def near(found, expected, room=0.02):
    """Whether a bound is at least what it must be, and little more."""
    return expected <= MP.mpf(float(found)) <= (1 + room) * expected


def blocks(A):
    """The roundings of a sum of products over all rows in blocks, with one more for underflow."""
    m, rows = len(A), block_rows(A)
    return min(rows, m) + ceil(m / rows) + 1


def columns_of(X, norms):
    """t_j = sum_i |X_ij| norms_i."""
    return [sum(abs(MP.mpf(float(v))) * MP.mpf(float(a)) for v, a in zip(x, norms, strict=True)) for x in X.T]


@pytest.mark.parametrize(("m", "n"), SHAPES)
def test_the_norms_and_the_roundings_of_scaled_data(m, n):
    data, X = problem(m, n)
    k = blocks(data.A)
    assert data.gram_roundings == k
    # |a_j|² is at most fl(a_j'a_j) / (1 - gamma_k), and gamma_k is counted twice.
    for j in range(n):
        size = MP.sqrt(MP.mpf(float(data.G[j, j])) * (1 + 2 * gamma(k)))
        assert size <= MP.mpf(float(data.norms[j])) <= size * (1 + (16 * n + 160) * U)
    # Four times as much as 4 n + 32 roundings of numbers of 0 or more can take away.
    assert MP.mpf(data.up) - 1 == pytest.approx(4 * (4 * n + 32) * U, rel=1e-2, abs=0)
    found, t, usable = reach(data, X)
    assert found == n
    assert all(near(v, exact, 1e-12) for v, exact in zip(t, columns_of(X, data.norms), strict=True))
    assert usable


@pytest.mark.parametrize(("m", "n"), SHAPES)
def test_alpha_from_the_gram_matrix(m, n):
    data, _ = problem(m, n)
    X = np.triu(np.eye(n) + 2.0**-53)
    M = X.T @ (data.G @ X) - np.eye(n)
    size = norm(columns_of(X, data.norms))
    rounding = gamma(data.gram_roundings) + gamma(2 * n + 2) * (1 + gamma(data.gram_roundings))
    alpha, likely = alpha_from_gram(data, X)
    assert near(alpha, norm(M) + rounding * size**2, 0.012)
    assert likely == pytest.approx(float(norm(M) + U * size**2), rel=1e-3, abs=0)


def squared(S, s, e):
    """What is proven of P'P - I for S = fl(C'C), |C'C - S| <= s and |C - P| <= e."""
    sigma = norm(S - np.eye(len(S)))
    return sigma + s + 2 * MP.sqrt(1 + sigma + s) * e + e * e


@pytest.mark.parametrize(("m", "n"), SHAPES)
@pytest.mark.parametrize("unit", [1.0, 2.0**9])
def test_alpha_from_the_product(m, n, unit):
    data, X = problem(m, n)
    X = X * unit
    rows, S, trace = block_rows(data.A), np.zeros((n, n)), MP.mpf(0)
    for i in range(0, m, rows):
        C = data.A[i : i + rows] @ X
        S += C.T @ C
    trace = sum(MP.mpf(float(v)) for v in S.diagonal())
    k = blocks(data.A)
    # |C|_F² is at most trace(S) (1 + gamma_k + ...).
    s = gamma(k) * trace
    # Column j of C has j + 1 products in each sum, counted once more.
    e = MP.norm([gamma(j + 2) * t for j, t in enumerate(columns_of(X, data.norms))])
    assert near(alpha_from_product(data, X), squared(S, s, e), 1e-9)
    # The terms of the roundings alone, which the others hide: 2 sqrt(1 + sigma + s) e + s.
    orthonormal = np.eye(n)
    S = np.zeros((n, n))
    for i in range(0, m, rows):
        C = data.A[i : i + rows]
        S += C.T @ C
    s = gamma(k) * sum(MP.mpf(float(v)) for v in S.diagonal())
    e = MP.norm([gamma(j + 2) * MP.mpf(float(v)) for j, v in enumerate(data.norms)])
    assert near(alpha_from_product(data, orthonormal), squared(S, s, e), 1e-9)


@pytest.mark.parametrize(("m", "n"), [(9, 4), (700, 2), (40, 12)])
@pytest.mark.parametrize("unit", [1.0, 2.0**30])
def test_alpha_from_sliced_products(m, n, unit):
    data, X = problem(m, n)
    X = X * unit
    k, rows = blocks(data.A), block_rows(data.A)
    grid = 2.0 ** (np.frexp(np.abs(data.A).max(axis=0))[1] - 21)
    A1 = np.rint(data.A / grid) * grid
    tops = np.array([max(abs(X[i, j]) * grid[i] * 2.0**21 for i in range(n)) for j in range(n)])
    steps = np.array([[2.0 ** int(np.frexp(top)[1]) * 2.0**-21 / (g * 2.0**21) for top in tops] for g in grid])
    X1 = np.rint(X / steps) * steps
    X2 = X - X1
    S = np.zeros((n, n))
    for i in range(0, m, rows):
        part = slice(i, i + rows)
        C = A1[part] @ X1 + (A1[part] @ X2 + (data.A[part] - A1[part]) @ X)
        S += C.T @ C
    trace = sum(MP.mpf(float(v)) for v in S.diagonal())
    # |A - A1|_j <= sqrt(m) grid_j / 2.
    d = [MP.sqrt(m) * MP.mpf(float(g)) / 2 for g in grid]
    ends = [MP.mpf(float(a)) + w for a, w in zip(data.norms, d, strict=True)]
    t = [one + other for one, other in zip(columns_of(X2, ends), columns_of(X, d), strict=True)]
    e = gamma(2 * n + 4) * norm(t) + U * MP.sqrt(trace)
    least = squared(S, gamma(k) * trace, e)
    # The rounding of C counts twice.
    most = squared(S, gamma(k) * trace, e + U * MP.sqrt(trace))
    found = MP.mpf(alpha_from_sliced_product(data, X))
    assert least <= found <= most * (1 + 1e-9)


def test_of_an_exact_product_only_its_roundings_are_left_of_the_bounds():
    """With A = 2 I and X = I/2 everything is exact, and every bound is the sum of what is allowed for roundings."""
    n = 5
    data, X = ScaledProblem.of(2 * np.eye(n), np.ones(n)), np.eye(n) / 2
    k = blocks(data.A)
    s = gamma(k) * n
    plain = s + 2 * MP.sqrt(1 + s) * (e := MP.norm([gamma(j + 2) for j in range(n)])) + e * e
    assert near(alpha_from_product(data, X), plain, 1e-9)
    gram = (gamma(data.gram_roundings) + gamma(2 * n + 2)) * n
    assert near(alpha_from_gram(data, X)[0], gram, 0.012)
    # d = sqrt(n) 2**-20: the grid of 2 is 2**(2 - 21), and A1 = A, X1 = X all the same.
    e = gamma(2 * n + 4) * MP.sqrt(n) * MP.sqrt(n) * MP.mpf(2) ** -20 / 2 + 2 * U * MP.sqrt(n)
    sliced = s + 2 * MP.sqrt(1 + s) * e + e * e
    assert near(alpha_from_sliced_product(data, X), sliced, 1e-7)


@pytest.mark.parametrize("m", [256, 4096, 16384])
def test_a_norm_that_is_taken_from_rounded_sums_is_taken_too_large(m):
    """|C|² is at most trace(S) / (1 - gamma_k): seen where thousands of roundings are all that there is of alpha."""
    A = np.full((m, 1), m**-0.5)
    data, X = ScaledProblem.of(A, np.ones(m)), np.eye(1)
    s = gamma(blocks(A)) / (1 - gamma(blocks(A)))
    e = gamma(2)
    plain = s + 2 * MP.sqrt(1 + s) * e + e * e
    assert near(alpha_from_product(data, X), plain, 1e-11)
    e = 2 * U / MP.sqrt(1 - gamma(blocks(A)))
    assert alpha_from_sliced_product(data, X) >= s + 2 * MP.sqrt(1 + s) * e + e * e


# --- where underflow or overflow could spoil a bound


@pytest.mark.parametrize("exponent", [100, -100])
@pytest.mark.parametrize("beyond", [False, True])
def test_columns_and_b_are_scaled_only_outside_2_to_100(exponent, beyond):
    size, scaled = 2.0**exponent * ((1.2 if exponent > 0 else 0.8) if beyond else 1.0), beyond
    other = np.array([0.0, 1.0])
    data = ScaledProblem.of(np.column_stack([[size, 0.0], other]), other)
    assert data.exponents.any() == scaled
    assert data.b_exponent == 0
    data = ScaledProblem.of(np.eye(2), np.array([size, 0.0]))
    assert (data.b_exponent != 0) == scaled
    assert not data.exponents.any()
    assert np.ldexp(data.b, data.b_exponent).tolist() == [size, 0.0]
    if scaled:
        assert 0.5 <= data.b[0] < 1


def test_b_of_zeros_is_left_and_a_column_of_zeros_is_refused():
    assert ScaledProblem.of(np.eye(2), np.zeros(2)).b_exponent == 0
    with pytest.raises(RankDeficientError, match="column 0 of A is all zeros"):
        ScaledProblem.of(np.array([[0.0, 1.0], [0.0, 2.0]]), np.ones(2))
    tiny = ScaledProblem.of(np.array([[2.0**-1070, 1.0], [0.0, 2.0]]), np.ones(2))
    assert tiny.exponents.tolist() == [-1069, 2]
    assert tiny.A.tolist() == [[0.5, 0.25], [0.0, 0.5]]


@pytest.mark.parametrize(("value", "usable"), [(0.75, False), (0.76, True), (np.inf, False), (np.nan, False)])
def test_a_bound_needs_columns_of_A_X_above_three_quarters(value, usable):
    data = ScaledProblem.of(np.eye(2), np.ones(2))
    X = np.diag([1.0, value / data.norms[1] * (1 - 2.0**-40)])
    assert reach(data, X)[2] is usable
    for bound in (alpha_from_product, alpha_from_sliced_product, lambda *a: alpha_from_gram(*a)[0]):
        with np.errstate(all="ignore"):
            assert np.isfinite(bound(data, X)) == usable


@pytest.mark.parametrize(("size", "usable"), [(2.0**-199, False), (2.0**-198, True)])
def test_a_bound_needs_rows_of_X_clear_of_underflow(size, usable):
    data = ScaledProblem.of(np.diag([1.0, 2.0**99]), np.ones(2))
    X = np.array([[1.0, 1.0], [0.0, size]])
    assert reach(data, X)[2] is usable


def test_products_in_mpmath_agree_with_fractions():
    """The judge's own products: of floats, exact to 60 digits."""
    X, norms = np.array([[1.5, 2.0], [0.0, 0.25]]), np.array([3.0, 2.0**-30])
    exact = [Fraction(9, 2), 6 + Fraction(1, 2**32)]
    assert [float(v) for v in columns_of(X, norms)] == [float(v) for v in exact]
