"""Every alpha is a true bound on |X'A'A X - I|_F, exactly; sharp where it must be; and no term can be left out."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.linalg import lapack
from test_enclosure import spread

from exact_fit import fractions
from exact_products import product
from stabilitylab.core.errors import RankDeficientError
from stabilitylab.exact.float64 import preconditioner, rounding_bounds
from stabilitylab.exact.float64.preconditioner import (
    ScaledProblem,
    alpha_from_gram,
    alpha_from_product,
    alpha_from_sliced_product,
    inverse,
    reach,
    row_norms,
)
from stabilitylab.exact.float64.rounding_bounds import triangle

BOUNDS = {
    "gram": lambda data, X: alpha_from_gram(data, X)[0],
    "product": alpha_from_product,
    "sliced": alpha_from_sliced_product,
}


@pytest.fixture(autouse=True)
def what_overflows_is_compared():
    """As the callers do: what overflows fails the comparisons, which ask for what must hold."""
    with np.errstate(all="ignore"):
        yield


def scaled(A):
    return ScaledProblem.of(A, np.ones(len(A)))


def by_qr(data):
    return inverse((triangle(data.A), 0))


def by_cholesky(data):
    return inverse(lapack.dpotrf(data.G))


def defect(A, X):
    """|X'A'A X - I|_F squared, exactly."""
    P = product(fractions(A), fractions(X))
    E = (product(P.T, P) - np.eye(len(X), dtype=int)).ravel()
    return product(E, E)


def exceeded(A, factor=by_qr):
    """The bounds that are too small."""
    data = scaled(A)
    X = factor(data)
    if X is None:
        return set()
    square = defect(data.A, X)
    alphas = {name: bound(data, X) for name, bound in BOUNDS.items()}
    assert not any(np.isnan(alpha) for alpha in alphas.values())
    return {name for name, alpha in alphas.items() if np.isfinite(alpha) and Fraction(alpha) ** 2 < square}


def hilbert(m, n):
    return 1.0 / (np.arange(m)[:, None] + np.arange(n) + 1)


MATRICES = {
    **{f"cond 1e{k}": spread(24, 8, 10.0**k, k) for k in range(0, 15, 2)},
    **{f"tall, cond 1e{k}": spread(300, 3, 10.0**k, k) for k in (1, 5, 9)},
    "blocks": spread(4300, 1, 1.0) + 0.5,
    "square": spread(12, 12, 1e8),
    "one": np.array([[3.0]]),
    "one column": np.arange(1.0, 50.0)[:, None],
    "graded columns": spread(30, 5, 1e6) * 10.0 ** np.linspace(-140, 140, 5),
    "graded rows": spread(30, 5, 1e2) * 10.0 ** np.linspace(-12, 0, 30)[:, None],
    "tiny": spread(20, 4, 1e4) * 1e-290,
    "huge": spread(20, 4, 1e4) * 1e290,
    "integers": np.rint(9 * spread(20, 4, 3.0)),
    "Hilbert": hilbert(14, 8),
    "ones but for their last bits": 1 + np.random.default_rng(1).integers(0, 9, (20, 3)) * 2.0**-52,
}


@pytest.mark.parametrize("name", MATRICES)
def test_alpha_is_a_bound(name):
    A = MATRICES[name]
    # Any X is allowed: good ones, one that is far from good, one that is none.
    for factor in (by_qr, by_cholesky, lambda data: by_qr(data) * (1 + 2.0**-20), lambda data: np.triu(data.G)):
        assert exceeded(A, factor) == set()


@pytest.mark.parametrize("k", [8, 10, 11, 12])
@pytest.mark.parametrize(("m", "n"), [(8, 8), (24, 8), (40, 20), (60, 12)])
def test_sliced_products_are_sharp_up_to_a_condition_number_of_1e12(m, n, k):
    A = spread(m, n, 10.0**k, n)
    A /= np.linalg.norm(A, axis=0)
    data = scaled(A)
    X = by_qr(data)
    plain, sliced = alpha_from_product(data, X), alpha_from_sliced_product(data, X)
    assert sliced < 2.0**-5
    assert sliced < plain / 2
    assert Fraction(sliced) ** 2 < 4 * defect(data.A, X)


@pytest.mark.parametrize(("k", "gram"), [(0, 1e-9), (2, 1e-6), (4, 1e-2)])
def test_the_cheap_bounds_are_sharp_where_they_are_used(k, gram):
    data = scaled(spread(60, 6, 10.0**k))
    X = by_cholesky(data)
    assert alpha_from_gram(data, X)[0] < gram
    assert alpha_from_product(data, X) < 1e-11 * 10.0**k


# --- what scaling and factors promise


@pytest.mark.parametrize("name", MATRICES)
def test_scaled_data_are_the_data_and_their_bounds_hold(name):
    A = MATRICES[name]
    b = np.random.default_rng(0).standard_normal(len(A)) * 1e250
    data = ScaledProblem.of(A, b)
    assert (np.ldexp(data.A, data.exponents) == A).all()
    assert (np.ldexp(data.b, data.b_exponent) == b).all()
    E = fractions(data.A)
    G = E.T @ E
    for j in range(len(G)):
        assert G[j, j] <= Fraction(float(data.norms[j])) ** 2 <= G[j, j] * (1 + Fraction(1, 10**9))
        assert Fraction(1, 2**202) <= G[j, j] <= 2**202
    bounds = rounding_bounds.gamma(data.gram_roundings) * np.outer(data.norms, data.norms)
    pairs = zip(data.G.ravel().tolist(), G.ravel(), bounds.ravel().tolist(), strict=True)
    assert all(abs(Fraction(g) - v) <= Fraction(bound) for g, v, bound in pairs)


def test_a_column_of_zeros_is_named():
    with pytest.raises(RankDeficientError, match="column 1 of A"):
        scaled(np.array([[1.0, 0.0], [2.0, 0.0]]))


def test_a_factor_that_underflow_could_spoil_proves_nothing():
    data = scaled(np.eye(3))
    for X in (
        np.eye(3) * 2.0**-300,
        np.diag([1.0, 1.0, 0.0]),
        np.diag([1.0, np.nan, 1.0]),
        np.diag([1.0, np.inf, 1.0]),
    ):
        assert reach(data, X)[2] is False
        assert not any(bound(data, X) < 1 for bound in BOUNDS.values())
    assert reach(data, np.eye(3))[2] is True


def test_an_inverse_is_upper_triangular_and_there_is_none_of_a_singular_factor():
    R = np.triu(np.random.default_rng(0).standard_normal((5, 5))) + 3 * np.eye(5)
    X = inverse((R + np.tril(np.ones((5, 5)), -1), 0))
    assert not np.tril(X, -1).any()
    assert np.allclose(X @ R, np.eye(5), atol=1e-14)
    assert np.allclose(row_norms(X), np.linalg.norm(X, axis=1), rtol=1e-15)
    assert inverse((np.diag([1.0, 0.0]), 0)) is None
    assert inverse((np.eye(2), 2)) is None


# --- planted faults


def found_out(conds=(1e3, 1e7, 1e11)):
    """The bounds that some of many matrices exceed."""
    cases = [(m, cond, seed, by) for seed in range(4) for m in (9, 30) for cond in conds for by in (by_qr, by_cholesky)]
    return set().union(*(exceeded(spread(m, 5, cond, seed), by) for m, cond, seed, by in cases))


PLANTED = [
    ("gamma", lambda k: 0.0 * k, {"gram", "product", "sliced"}),
    ("norm_bound", lambda v: 0.0, {"gram", "product", "sliced"}),
    ("norm_bound", lambda v: 2.0**-4 * rounding_bounds.norm_bound(v), {"product", "sliced"}),
    ("ROUND", 1.5 * 2.0**45, {"sliced"}),
]


@pytest.mark.parametrize(("name", "planted", "noticed"), PLANTED)
def test_what_is_left_out_of_a_bound_is_noticed(name, planted, noticed, monkeypatch):
    monkeypatch.setattr(preconditioner, name, planted)
    assert noticed <= found_out()


def test_nothing_is_noticed_unless_it_is_planted():
    assert found_out() == set()
