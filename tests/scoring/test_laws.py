"""Each error law is its formula, number by number: the estimate, and the bound with no less than its factor."""

from dataclasses import fields
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabilitylab.core.catalog import RouteLabel
from stabilitylab.core.errors import InputError
from stabilitylab.scoring.theory.condition import Conditioning
from stabilitylab.scoring.theory.laws import LAWS, directions_dropped, predict
from wild import FEWER

U = 2.0**-53


def made(x, **given):
    """A conditioning of x in which every number is another prime, so that none can stand in for a second one."""
    x = np.asarray(x, dtype=float)
    primes = iter([3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0, 23.0, 29.0, 31.0])
    scalars = ("cond", "cond_scaled", "normwise")
    values = {
        f.name: next(primes) if f.name in scalars else np.full(len(x), next(primes)) for f in fields(Conditioning)
    }
    return Conditioning(**{**values, "x": x, **given})


def label(**given):
    return RouteLabel(name="a.route", source="planted", **given)


A3 = np.array([[4.0, 2.0, 1.0], [2.0, 5.0, 3.0], [1.0, 3.0, 8.0]])
X3 = np.array([3.0, -2.0, 0.5])


@pytest.mark.parametrize("constant", [2.0**-7, 2.0**-3, 4.0])
def test_columnwise_is_u_times_its_sensitivity_and_at_least_twice_that(constant):
    c = made(X3)
    estimate, bound = LAWS["columnwise"](A3, c, U, constant)
    assert estimate.tolist() == [constant * U * c.columnwise[0]] * 3
    assert bound.tolist() == [max(2.0, 10 * constant) * U * c.columnwise[0]] * 3


@pytest.mark.parametrize("constant", [2.0**-7, 4.0])
def test_normal_is_u_times_its_sensitivity_and_ten_times_that(constant):
    c = made(X3)
    estimate, bound = LAWS["normal"](A3, c, U, constant)
    assert estimate.tolist() == [constant * U * c.normal[0]] * 3
    assert bound == pytest.approx(10 * constant * U * c.normal, rel=1e-15, abs=0)


@pytest.mark.parametrize("normwise", [1.0, 1e6])
def test_normwise_is_the_columnwise_law_at_best_and_the_larger_of_two_at_worst(normwise):
    c = made(X3, normwise=normwise)
    estimate, bound = LAWS["normwise"](A3, c, U, 0.25)
    assert estimate.tolist() == [0.25 * U * c.columnwise[0]] * 3
    assert bound == pytest.approx([max(2.5 * U * c.columnwise[0], 2 * U * normwise)] * 3, rel=1e-15, abs=0)


@pytest.mark.parametrize("cond", [1.0, 1e3])
def test_gram_schmidt_is_the_normal_equations_at_best_and_the_cube_of_the_condition_at_worst(cond):
    c = made(X3, cond_scaled=cond)
    estimate, bound = LAWS["gram-schmidt"](A3, c, U, 0.25)
    assert estimate.tolist() == [0.25 * U * c.normal[0]] * 3
    size = (3.0**2 + 2.0**2 + 0.5**2) ** 0.5
    assert bound == pytest.approx([max(2.5 * U * c.normal[0], 0.1 * U * cond**3 * size)] * 3, rel=1e-14, abs=0)


def factors(rows, pivoting):
    """P'L (as rows of A) and U by elimination in fractions."""
    n = len(rows)
    upper = [[Fraction(v) for v in row] for row in rows]
    lower = [[Fraction(0)] * n for _ in range(n)]
    order = list(range(n))
    for k in range(n):
        if pivoting:
            p = max(range(k, n), key=lambda i: abs(upper[i][k]))
            upper[k], upper[p], lower[k], lower[p] = upper[p], upper[k], lower[p], lower[k]
            order[k], order[p] = order[p], order[k]
        lower[k][k] = Fraction(1)
        for i in range(k + 1, n):
            lower[i][k] = upper[i][k] / upper[k][k]
            upper[i] = [a - lower[i][k] * b for a, b in zip(upper[i], upper[k], strict=True)]
    back = [lower[order.index(i)] for i in range(n)]
    return np.array(back, dtype=float), np.array(upper, dtype=float)


@FEWER
@given(st.lists(st.lists(st.integers(-9, 9), min_size=3, max_size=3), min_size=3, max_size=3))
def test_elimination_is_the_product_of_the_sizes_of_its_factors(rows):
    A = np.array(rows, dtype=float)
    minors = [np.linalg.det(A[:k, :k]) for k in (1, 2, 3)]
    if min(map(abs, minors)) < 0.5:
        return
    c, inverse = made(X3), np.abs(np.linalg.inv(A))
    for name, pivoting in (("elimination", False), ("partial-pivoting", True)):
        L, R = factors(rows, pivoting)
        size = inverse @ (np.abs(L) @ (np.abs(R) @ np.abs(X3)))
        for constant in (2.0**-6, 1.0):
            estimate, bound = LAWS[name](A, c, U, constant)
            assert estimate == pytest.approx(constant * U * size, rel=1e-9, abs=0)
            assert bound == pytest.approx(max(1.0, 10 * constant) * 3 * U * size, rel=1e-9, abs=0)


def test_elimination_of_a_singular_matrix_and_through_a_pivot_of_zero_can_lose_everything():
    for name in ("elimination", "partial-pivoting"):
        for found in LAWS[name](np.array([[1.0, 2.0], [2.0, 4.0]]), made([1.0, 1.0]), U, 1.0):
            assert found.tolist() == [np.inf, np.inf]
    exchanged = np.array([[0.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    estimate, bound = LAWS["elimination"](exchanged, made(X3), U, 1.0)
    assert np.isinf(estimate[:2]).all()
    assert np.isinf(bound[:2]).all()
    pivoted, _ = LAWS["partial-pivoting"](exchanged, made(X3), U, 1.0)
    assert (pivoted < 10 * U).all()


def test_without_a_law_there_is_no_prediction_and_an_unknown_one_is_refused():
    assert predict(label(law=None), A3, made(X3), U) is None
    with pytest.raises(InputError, match=r"law of a\.route"):
        predict(label(law="nowhere"), A3, made(X3), U)


def test_a_route_that_works_in_a_wider_format_errs_by_that_and_by_the_rounding_of_its_answer():
    c, u32 = made(X3), 2.0**-24
    plain = predict(label(law="columnwise"), A3, c, u32)
    assert plain.errors.tolist() == [u32 * c.columnwise[0]] * 3
    wider = predict(label(law="columnwise", works_in="float64"), A3, c, u32)
    assert wider.errors == pytest.approx(U * c.columnwise + u32 * np.abs(X3), rel=1e-14, abs=0)
    assert wider.bound == pytest.approx(10 * U * c.columnwise + u32 * np.abs(X3), rel=1e-14, abs=0)
    same = predict(label(law="columnwise", works_in="float64"), A3, c, U)
    assert same.errors.tolist() == [U * c.columnwise[0]] * 3
    assert same.bound.tolist() == [10 * U * c.columnwise[0]] * 3


SIZES = np.array([1.0, 2.0**-10, 2.0**-20, 2.0**-22, 2.0**-23])
DIAGONAL = np.vstack([np.diag(SIZES), np.zeros((2, 5))])
X5 = np.array([1.0, 3.0, 5.0, 7.0, 9.0])


def cut(at):
    """A cut-off that is `at` for A (7, 5) in float64, and is told which sizes and which eps it is asked for."""

    def cutoff(m, n, eps):
        assert (m, n, eps) == (7, 5, 2.0**-52)
        return at

    return cutoff


@pytest.mark.parametrize(("at", "dropped", "doubtful"), [(2.0**-22, 2, 3), (2.0**-24, 0, 2), (2.0**-25, 0, 1)])
def test_a_cutoff_drops_directions_up_to_it_and_the_bound_those_within_a_factor_of_four(at, dropped, doubtful):
    route, c = label(law="columnwise", cutoff=cut(at)), made(X5, columnwise=np.full(5, 2.0**-30))
    assert directions_dropped(route, DIAGONAL, U) == dropped
    found = predict(route, DIAGONAL, c, U)
    lost, perhaps = (np.where(np.arange(5) >= 5 - k, X5, 0.0) for k in (dropped, doubtful))
    error = U * 2.0**-30
    assert found.errors == pytest.approx(lost + error, rel=1e-12, abs=0)
    assert found.bound == pytest.approx(np.maximum(10 * error, 2 * (lost + error + perhaps)), rel=1e-12, abs=0)


def test_a_cutoff_counts_from_the_largest_singular_value():
    route = label(law="columnwise", cutoff=cut(2.0**-22))
    for scale in (2.0**-300, 2.0**300):
        assert directions_dropped(route, scale * DIAGONAL, U) == 2
    c = made(X5, columnwise=np.zeros(5))
    assert predict(route, 2.0**300 * DIAGONAL, c, U).errors == pytest.approx([0, 0, 0, 7, 9], abs=1e-12)


def test_a_cutoff_of_scaled_columns_is_of_their_singular_values():
    route = label(law="columnwise", cutoff=cut(2.0**-22), scaled="unit norm")
    assert directions_dropped(route, DIAGONAL, U) == 0
    near = DIAGONAL.copy()
    near[:, 4] = near[:, 3] * 2.0**40
    near[5, 4] = near[3, 4] * 2.0**-24
    c = made(X5, columnwise=np.zeros(5))
    assert directions_dropped(route, near, U) == 1
    # The lost direction has the parts (1, -1) of the scaled columns, whose coefficients are norms times x.
    norms = np.linalg.norm(near, axis=0)
    z = norms * X5
    half = (z[3] - z[4]) / 2
    lost = np.abs([0, 0, 0, half / norms[3], half / norms[4]])
    assert predict(route, near, c, U).errors == pytest.approx(lost, rel=1e-5, abs=1e-20)
    assert directions_dropped(label(law="columnwise"), near, U) == 0
