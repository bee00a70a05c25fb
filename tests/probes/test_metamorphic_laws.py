"""Every law holds exactly in rational arithmetic, and stable routes break none."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, find, given, settings
from hypothesis import strategies as st

from stabilitylab import bench
from stabilitylab.conformance.rational import exact_array, least_squares
from stabilitylab.core.catalog import Entry, RouteLabel
from stabilitylab.core.types import Fit
from stabilitylab.probes.metamorphic import LAWS, Instance, SmallProblem, compare, r_squared, search, widths
from stabilitylab.probes.metamorphic.comparison import WELL_POSED, instance_sensitivity, sensitivity
from stabilitylab.probes.metamorphic.search import SMALLEST, USUAL
from stabilitylab.probes.metamorphic.small_problem import arguments, takes_weights

LAW = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
RIGHT = ("qr.householder", "exact.certified")
UNHURRIED = settings(max_examples=25, suppress_health_check=list(HealthCheck))


def sensitivity_of(rows):
    """The sensitivity of the regression with these rows, the columns of X and then y."""
    data = np.array(rows, dtype=float)
    return sensitivity(SmallProblem.of(data[:, :-1], data[:, -1]))


def well_posed(width):
    """Rows of small integers, X and then y."""
    row = st.tuples(*[st.integers(-4, 4)] * (width + 1))
    rows = st.integers(width + 2, 7).flatmap(lambda m: st.tuples(*[row] * m))
    return rows.filter(lambda rows: sensitivity_of(rows) <= WELL_POSED)


def cases(law):
    """Problems that the law says something about."""
    rows = st.integers(law.columns, 2).flatmap(well_posed)
    return st.builds(Instance, st.integers(*law.exponents), rows)


# --- the laws are true


def exact_system(small):
    """[1, X] and y in fractions, each row times as often as its weight says."""
    times = [int(weight) for weight in small.weights or [1] * len(small.y)]
    A = np.column_stack([np.ones(len(small.y)), small.X])
    return exact_array(np.repeat(A, times, axis=0)), exact_array(np.repeat(small.y, times))


def exact_fit_of(small):
    """R² in fractions, by coefficients."""
    A, b = exact_system(small)
    residual = b - A @ np.array(least_squares(A, b), dtype=object)
    mean = sum(b) / len(b)
    return 1 - residual @ residual / sum((v - mean) ** 2 for v in b)


@LAW
def test_the_law_holds_without_rounding_and_its_numbers_are_exact_in_the_format_they_go_in(law):
    @UNHURRIED
    @given(cases(law))
    def holds(case):
        pair = law.pair(case.X, case.y, case.exponent)
        for small in filter(None, (pair.one, pair.other)):
            for values in (small.X, small.y):
                assert np.array_equal(np.array(values, dtype=small.dtype).astype(float), values)
        x = least_squares(*exact_system(pair.one))
        if pair.fit:
            assert exact_fit_of(pair.one) <= exact_fit_of(pair.other)
            return
        z = [1] * len(x) if pair.other is None else [least_squares(*exact_system(pair.other))[i] for i in pair.to]
        assert [x[i] for i in pair.of] == [v * Fraction(f) for v, f in zip(z, pair.factors, strict=True)]

    holds()


@pytest.mark.parametrize(
    ("law", "route"), [(law, name) for law in LAWS.values() for name in RIGHT if widths(bench.route(name), law)]
)
def test_a_right_route_breaks_no_law(law, route):
    entry = bench.route(route)
    assert search(entry, law).violation is None

    @UNHURRIED
    @given(cases(law))
    def kept(case):
        assume(len(case.rows[0]) - 1 in widths(entry, law))
        assert not compare(entry, law, case).broken

    kept()


# --- the problems


@pytest.mark.parametrize("width", SMALLEST)
def test_the_smallest_problem_is_the_smallest_that_is_well_posed(width):
    assert find(well_posed(width), lambda rows: True, settings=settings(derandomize=True)) == SMALLEST[width]


@pytest.mark.parametrize("width", USUAL)
def test_the_usual_problem_is_well_posed_and_its_first_column_says_most(width):
    rows = USUAL[width]
    assert sensitivity_of(rows) <= WELL_POSED / 10
    assert all(map(all, [row[:1] for row in rows]))
    data = np.array(rows, dtype=float)
    correlations = np.abs(np.corrcoef(data.T)[-1, :-1])
    assert correlations[0] > 0.8
    assert (correlations[1:] < 0.5).all()


@pytest.mark.parametrize(
    "rows",
    [
        ((0, 0), (0, 1), (0, 2)),  # a constant column
        ((0, 1), (1, 2)),  # as many coefficients as rows
        ((1, 1), (2, 2), (3, 3)),  # intercept 0
        ((0, 1), (1, 1), (2, 1)),  # slope 0
        ((1, 1, 2), (2, 2, 3), (3, 3, 3), (4, 4, 6)),  # twice the same column
    ],
)
def test_a_problem_that_is_not_well_posed_has_a_large_sensitivity(rows):
    assert sensitivity_of(rows) > WELL_POSED


def test_a_coefficient_that_is_zero_with_the_weights_alone_is_not_compared():
    """The intercept of these rows is not 0, and that of the problem with the first row four times is."""
    law, instance = LAWS["weight four"], Instance(0, ((-2, 3), (4, -4), (1, -4)))
    one = law.pair(instance.X, instance.y, 0).one
    assert least_squares(*exact_system(one))[0] == 0
    assert sensitivity_of(instance.rows) <= WELL_POSED
    assert instance_sensitivity(law, instance) > WELL_POSED
    for name in RIGHT:
        assert not compare(bench.route(name), law, instance).broken


def test_weights_count_in_the_sensitivity():
    repeated = SmallProblem.of([[0.0], [0], [1], [3]], [1.0, 1, 2, 2])
    weighted = SmallProblem.of([[0.0], [1], [3]], [1.0, 2, 2], weights=[2, 1, 1])
    unweighted = replace(weighted, weights=None)
    assert sensitivity(weighted) == pytest.approx(sensitivity(repeated), rel=1e-12)
    assert sensitivity(weighted) != pytest.approx(sensitivity(unweighted), rel=1e-3)


# --- how a route is called with a problem


def routed(function, call_form="matrix", **claims):
    return Entry(label=RouteLabel(name="planted", source="", call_form=call_form, **claims), function=function)


def test_a_route_without_weights_gets_rows_times_the_root_of_the_weight_and_one_with_them_gets_weights():
    small = SmallProblem.of([[1.0], [2], [3]], [4.0, 5, 6], weights=[4, 1, 0])

    def plain(X, y, intercept):
        return np.zeros(2)

    def weighted(X, y, intercept, weights=None):
        return np.zeros(2)

    assert takes_weights(weighted)
    assert not takes_weights(plain)
    A, b, intercept = arguments(routed(plain, "columns"), small)
    assert (A.tolist(), b.tolist(), intercept) == ([[2, 2], [1, 2], [0, 0]], [8, 5, 0], False)
    X, y, intercept, weights = arguments(routed(weighted, "columns"), small)
    assert (X.tolist(), y.tolist(), intercept) == ([[1], [2], [3]], [4, 5, 6], True)
    assert weights.tolist() == [4, 1, 0]


def test_sparse_means_a_csr_array_of_what_the_design_asks_for():
    small = replace(SmallProblem.of([[1.0, 0], [2, 0], [0, 3]], [4.0, 5, 6]), sparse=True)
    A, b = arguments(routed(None), small)
    assert (A.format, A.toarray().tolist(), b.tolist()) == ("csr", [[1, 1, 0], [1, 2, 0], [1, 0, 3]], [4, 5, 6])
    X, _, intercept = arguments(routed(None, "columns"), small)
    assert (X.toarray().tolist(), intercept) == ([[1, 0], [2, 0], [0, 3]], True)


@pytest.mark.parametrize(
    ("design", "scalars", "without"),
    [
        ("matrix", ("float64",), {"float32"}),
        ("columns", ("float32", "float64"), set()),
        ("line", ("float64",), {"float32", "order of columns", "added column", "sparse matrix", "weight four"}),
        ("polynomial", ("float32", "float64"), {"order of columns", "added column", "sparse matrix", "weight four"}),
    ],
)
def test_a_law_applies_to_the_routes_whose_call_form_and_formats_allow_it(design, scalars, without):
    def function(*arguments):
        return np.zeros(2)

    entry = routed(function, design, scalars=scalars)
    line = {"weight zero"} if design in ("line", "polynomial") else set()
    assert {name for name, law in LAWS.items() if not widths(entry, law)} == without | line


def test_a_line_with_weights_is_tested_for_the_laws_on_weights():
    def function(x, y, weights=None):
        return np.zeros(2)

    entry = routed(function, "line")
    assert widths(entry, LAWS["weight four"]) == widths(entry, LAWS["weight zero"]) == (1,)


# --- how far apart


def test_r_squared_is_what_is_reported_and_else_that_of_the_coefficients():
    X, y = [[0.0], [1], [2]], [0.0, 1, 3]
    x = np.linalg.lstsq(np.column_stack([np.ones(3), X]), y)[0]
    assert r_squared(x, X, y) == pytest.approx(np.corrcoef([0, 1, 2], y)[0, 1] ** 2)
    assert r_squared(Fit(x), X, y) == r_squared(x, X, y)
    assert r_squared(Fit(x, r_squared=0.25), X, y) == 0.25
    assert r_squared(Fit(x, r_squared=float("nan")), X, y) == r_squared(x, X, y)
    assert np.isfinite(r_squared(np.array([1e300, -1e300]), X, y))


@pytest.mark.parametrize(("works_in", "broken"), [("float32", False), ("input", True)])
def test_a_route_may_be_as_wrong_as_the_format_it_says_it_works_in(works_in, broken):
    def off_by_the_order_of_rows(A, b):
        return bench.route("qr.householder").function(A, b) * (1 + 1e-5 * (b[0] > b[-1]))

    entry = routed(off_by_the_order_of_rows, works_in=works_in)
    comparison = compare(entry, LAWS["order of rows"], Instance(0, USUAL[2]))
    assert comparison.apart == pytest.approx(1e-5, rel=1e-3)
    assert comparison.broken == broken


def test_an_answer_that_overflows_on_the_way_back_is_as_wrong_as_can_be():
    def huge(A, b):
        return np.full(A.shape[1], 1e300)

    comparison = compare(routed(huge), LAWS["unit of y"], Instance(-60, USUAL[1]))
    assert comparison.apart == 1
