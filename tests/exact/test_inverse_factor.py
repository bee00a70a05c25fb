"""Inverse factors of exact A'A: the error is exact, alpha is no smaller than it, and every stage does what it says."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg.lapack import dpotrf
from test_enclosure import spread

from stabilitylab.exact.gram.sums import GramSums
from stabilitylab.exact.solve import inverse_factor as module
from stabilitylab.exact.solve.inverse_factor import GOOD, SERIES, SMALL, InverseFactor, inverse_factor
from wild import FEWER, PROPERTY

U = Fraction(1, 2**53)


def normal_of(A):
    sums = GramSums(A.shape[1] + 1)
    sums.feed(np.ascontiguousarray(A), np.ones(len(A)))
    return sums.normal_equations()


def fractions_of(planes, powers):
    """sum over l of planes[l, i, j] 2**powers[l, j], in fractions: (n, n) lists."""
    _, n, columns = planes.shape
    return [
        [
            sum(Fraction(int(v)) * Fraction(2) ** int(p) for v, p in zip(planes[:, i, j], powers[:, j], strict=True))
            for j in range(columns)
        ]
        for i in range(n)
    ]


def factor_of(found):
    """X as its docstring says it is stored."""
    return fractions_of(found.planes, 22 * (found.places - np.arange(len(found.planes))[:, None]))


def defect(C, X):
    """I - X'C X."""
    X, C = np.array(X, dtype=object), np.array(C, dtype=object)
    return np.eye(len(X), dtype=int) - X.T @ C @ X


def error_of(found):
    """E as its docstring says it is stored."""
    limbs, places = found.error, found.places
    n = limbs.shape[1]
    exponents = [[int(found.top + places[i] + places[j]) for j in range(n)] for i in range(n)]
    return np.array(
        [
            [
                sum(
                    Fraction(int(v)) * Fraction(2) ** (22 * (exponents[i][j] - t)) for t, v in enumerate(limbs[:, i, j])
                )
                for j in range(n)
            ]
            for i in range(n)
        ],
        dtype=object,
    )


def square_norm(E):
    return sum(v * v for v in E.ravel())


MATRICES = {
    **{f"cond 1e{k}": spread(12, 5, 10.0**k, k) for k in (0, 2, 5, 8, 12, 15)},
    "columns far apart": spread(12, 4, 1e4) * np.array([1.0, 1e30, 1e-60, 1e9]),
    "integers": np.rint(9 * spread(12, 4, 10.0)),
    "one": np.array([[3.0], [4.0]]),
    "nearly dependent": 1 + np.random.default_rng(1).integers(0, 9, (9, 3)) * 2.0**-52,
}


@pytest.mark.parametrize("good", [GOOD, SERIES, 2.0**-90])
@pytest.mark.parametrize("name", MATRICES)
def test_the_error_is_exact_and_alpha_bounds_it_closely(name, good):
    normal = normal_of(MATRICES[name])
    found = inverse_factor(normal, good)
    assert found.alpha <= good
    E = defect(normal.C, factor_of(found))
    assert (error_of(found) == E).all()
    assert np.abs(found.planes).max() <= 2.0**21
    square = square_norm(E)
    assert square <= Fraction(found.alpha) ** 2 <= square * (1 + Fraction(1, 10**12)) + Fraction(1, 10**290)


@pytest.mark.parametrize("name", ["cond 1e5", "columns far apart", "one"])
def test_a_factor_is_gone_on_from_and_its_alpha_is_squared(name):
    normal = normal_of(MATRICES[name])
    first = inverse_factor(normal, GOOD)
    assert inverse_factor(normal, GOOD, first) is first
    better = inverse_factor(normal, first.alpha / 2, first)
    assert first.alpha**2 / 4 < better.alpha <= first.alpha**2 * 4 or better.alpha < 1e-100
    assert (error_of(better) == defect(normal.C, factor_of(better))).all()


def test_a_factor_that_is_too_far_off_is_returned_as_it_is():
    normal = normal_of(MATRICES["cond 1e2"])
    first = inverse_factor(normal, GOOD)
    for alpha, same in ((SMALL, True), (SMALL * (1 - 2.0**-50), False), (SERIES, True)):
        claimed = InverseFactor(first.planes, first.places, first.error, first.top, alpha)
        assert (inverse_factor(normal, SERIES, claimed) is claimed) == same


def test_there_is_no_factor_of_a_singular_matrix():
    for A in (np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[1.0, 2.0], [2.0, 4.0]])):
        assert inverse_factor(normal_of(A)) is None


# --- the parts


limbs = st.integers(-(2**21), 2**21)


@FEWER
@given(st.data(), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
def test_products_of_planes_are_exact_and_cut_where_they_are_told_to(data, n, p, q):
    def planes(count):
        values = data.draw(st.lists(limbs, min_size=count * n * n, max_size=count * n * n))
        return np.array(values, dtype=float).reshape(count, n, n)

    P, Q = planes(p), planes(q)
    expected = [np.zeros((n, n), dtype=np.int64) for _ in range(p + q - 1)]
    for k in range(p):
        for other in range(q):
            expected[k + other] += P[k].astype(np.int64) @ Q[other].astype(np.int64)
    found = module.products(P, Q)
    assert np.array_equal(found, expected)
    for count in range(1, p + q + 1):
        assert np.array_equal(module.products(P, Q, count), expected[:count])


def test_products_of_2048_of_the_largest_limbs_are_exact():
    n = 2048
    P, Q = np.full((1, 1, n), 2.0**21), np.full((1, n, 1), 2.0**21)
    Q[0, :2, 0] = 2.0**21 - 1, 1 - 2.0**21
    (found,) = module.products(P, Q)
    assert found[0, 0] == (n - 2) * 2**42


@PROPERTY
@given(st.lists(st.floats(-1e3, 1e3), min_size=4, max_size=4), st.integers(-300, 300), st.integers(1, 5))
def test_planes_hold_a_matrix_to_22_bits_each_from_the_largest_entry_of_a_column_on(values, power, count):
    X = np.array(values).reshape(2, 2) * [1.0, 2.0**-40]
    if not X.any(axis=0).all():
        return
    powers = np.array([power, power + 7])
    planes, places = module._planes(X, powers, count)
    assert np.abs(planes).max() <= 2.0**21
    found = fractions_of(planes, 22 * (places - np.arange(count)[:, None]))
    for j in range(2):
        unit = Fraction(2) ** int(22 * (int(places[j]) - count + 1))
        for i in range(2):
            exact = Fraction(float(X[i, j])) * Fraction(2) ** int(powers[i])
            assert abs(exact - found[i][j]) <= unit / 2
        # The first plane is not wasted.
        assert max(abs(Fraction(float(X[i, j])) * Fraction(2) ** int(powers[i])) for i in range(2)) >= unit * 2 ** (
            22 * (count - 1) - 2
        )


@PROPERTY
@given(st.lists(st.integers(-(2**21), 2**21), min_size=6, max_size=6), st.integers(-3, 3), st.integers(-2, 2))
def test_an_error_in_limbs_is_rounded_to_float64_with_all_its_bits(values, top, place):
    error = np.zeros((7, 1, 1), dtype=np.int64)
    error[1:, 0, 0] = values
    found = module.in_float64(error, top, np.array([place]))
    exact = sum(Fraction(v) * Fraction(2) ** (22 * (top + 2 * place - t)) for t, v in enumerate(values, 1))
    first = next((t for t, v in enumerate(values, 1) if v), 1)
    # Limbs after the fourth from the first that is not 0 are below 2**-65 of one unit of that.
    cut = Fraction(2) ** (22 * (top + 2 * place - first) - 66)
    assert abs(Fraction(float(found[0, 0])) - exact) <= 4 * U * abs(exact) + 2 * cut


@PROPERTY
@given(st.lists(st.floats(-1e10, 1e10), min_size=1, max_size=36))
def test_the_bound_on_a_norm_counts_a_rounding_for_every_entry(values):
    E = np.array(values)
    square = square_norm(np.array([Fraction(v) for v in values], dtype=object))
    found = Fraction(module._frobenius(E))
    # Entries that are wrong by 4u, and their squares, their sum and the root rounded.
    least = square * (1 + 4 * U) ** 2 * (1 + U) ** (2 * E.size)
    assert least <= found**2 <= square * (1 + Fraction(1, 10**13)) + Fraction(1, 10**290)


@pytest.mark.parametrize("identity", [False, True])
@pytest.mark.parametrize("size", [1.0, 2.0**-30, 2.0**-70])
@pytest.mark.parametrize("count", [2, 7, 20])
def test_a_product_with_a_factor_is_right_to_its_last_plane(identity, size, count):
    rng = np.random.default_rng(5)
    planes, places = module._planes(np.triu(rng.standard_normal((3, 3))), np.array([0, 60, -50]), 3)
    Y = np.triu(rng.standard_normal((3, 3))) * size
    found, at = module._product(planes, places, Y, identity, count)
    X = np.array(fractions_of(planes, 22 * (places - np.arange(3)[:, None])), dtype=object)
    exact = X @ (
        np.array([[Fraction(float(v)) for v in row] for row in Y], dtype=object) + identity * np.eye(3, dtype=int)
    )
    assert found.shape == (count, 3, 3)
    got = fractions_of(found, 22 * (at - np.arange(count)[:, None]))
    for j in range(3):
        largest = max(abs(exact[i, j]) for i in range(3))
        for i in range(3):
            # A column of Y has 4 planes and more: 66 bits of its largest entry, against the spread of X's columns.
            assert abs(exact[i, j] - got[i][j]) <= largest / 2 ** min(60, 22 * count - 24)
        assert largest < Fraction(2) ** int(22 * int(at[j]) + 22)
        assert found[0, :, j].any()


@pytest.mark.parametrize("n", [1, 4])
def test_a_cholesky_factor_is_shifted_only_as_far_as_it_must_be(n):
    rng = np.random.default_rng(n)
    G = rng.standard_normal((9, n))
    C = G.T @ G
    R = module._cholesky(C)
    assert np.array_equal(R, dpotrf(C, lower=0, clean=1)[0])
    assert np.array_equal(R, np.triu(R))
    least = 8 * (n + 1) * 2.0**-53 * np.trace(C)
    S = module._cholesky(C, shifted=True)
    assert np.allclose(np.diag(S.T @ S - C), least, rtol=0.3)
    assert module._cholesky(-np.eye(n)) is None
    if n == 1:
        return
    below = C - (np.linalg.eigvalsh(C)[0] + 50 * least) * np.eye(n)
    T = module._cholesky(below)
    assert np.allclose(np.diag(T.T @ T - below) / (8 * (n + 1) * 2.0**-53 * np.trace(below)), 100, rtol=0.05)
