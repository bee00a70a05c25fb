"""Forecasts against what routes then reach, over the catalogue; and their slopes against rationals."""

from fractions import Fraction

import numpy as np
import pytest

from stabilitylab import bench, problems
from stabilitylab.conformance.rational import least_squares
from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.catalog import RouteLabel
from stabilitylab.core.errors import InputError
from stabilitylab.data.design import Category, Centred, Design, Log, Product
from stabilitylab.data.problem import Problem
from stabilitylab.data.table import Table
from stabilitylab.data.terms import Intercept, Power
from stabilitylab.diagnosis.digits import digits_of
from stabilitylab.diagnosis.forecast import _roundings, _sizes, _slopes, forecast_of
from stabilitylab.diagnosis.question import Question

ROUTES = (
    "numpy.lstsq",
    "numpy.solve_normal",
    "qr.householder",
    "normal.cholesky",
    "svd.truncated",
    "scipy.lstsq_gelsy",
)


def question_of(problem, weights=None):
    return Question(problem, Table(problem.name, problem.data, tuple(range(problem.shape[0]))), weights)


def label(law="columnwise", **more):
    return RouteLabel(name="some.route", source="", law=law, **more)


def reached(problem):
    """(expected, measured) digits of each coefficient by each of ROUTES."""
    question = question_of(problem)
    fit = question.fit("decimal")
    for name in ROUTES:
        entry = bench.route(name)
        x = None if bench.unsuited(entry.label, problem) else bench.solve(entry, problem).x
        if x is not None and np.isfinite(x).all():
            yield from zip(forecast_of(question, entry.label), digits_of(x, fit), strict=True)


def shares(pairs):
    """How many are at most one digit too high, and how many within one digit."""
    above = np.array([expected - measured for expected, measured in pairs])
    return float(np.mean(above <= 1)), float(np.mean(np.abs(above) <= 1))


def test_ninety_nine_in_a_hundred_are_at_most_one_digit_too_high_and_nine_in_ten_within_one():
    entries = [e for e in problems.catalog if not e.label.name.startswith("real.one_hot")]
    made = [problems.get(entry.label.name)() for entry in entries]
    small = [problem for problem in made if problem.A.size < 20_000]
    pairs = [pair for problem in small for pair in reached(problem)]
    assert len(pairs) > 1000
    high, within = shares(pairs)
    assert high >= 0.99
    assert within >= 0.9
    # A forecast that is off by two digits either way is noticed.
    assert shares([(expected + 2, measured) for expected, measured in pairs])[0] < 0.9
    assert shares([(expected - 2, measured) for expected, measured in pairs])[1] < 0.5


def test_what_storing_the_response_costs_is_foreseen():
    rng = np.random.default_rng(3)
    x = [f"{v:.3f}" for v in rng.uniform(1, 2, 40)]
    y = [f"{1e9 + float(v) + rng.normal():.6f}" for v in x]
    question = question_of(Problem("table", {"x": Decimals.parse(x), "y": Decimals.parse(y)}, Design.columns(), "test"))
    expected = forecast_of(question, label(works_in="longdouble"))
    stored = digits_of(question.fit("matrix").x, question.fit("decimal"))
    assert np.abs(expected - stored).max() < 1
    assert stored[1] < 12


def test_what_storing_the_regressors_costs_is_foreseen():
    rng = np.random.default_rng(8)
    x = np.round(rng.uniform(1, 2, 40), 3)
    columns = {"x": [f"{v:.3f}" for v in x], "z": [f"{v:.10f}" for v in x + 1e-7 * rng.normal(size=40)]}
    data = {name: Decimals.parse(values) for name, values in columns.items()}
    question = question_of(Problem("table", {**data, "y": rng.integers(0, 99, 40)}, Design.columns(), "test"))
    expected = forecast_of(question, label(works_in="longdouble"))
    stored = digits_of(question.fit("matrix").x, question.fit("decimal"))
    assert np.abs(expected - stored).max() < 1
    assert stored[1] < 12


@pytest.mark.parametrize("format", ["float32", "float64"])
def test_what_forming_features_costs_is_foreseen(format):
    rng = np.random.default_rng(4)
    x = [f"{v:.2f}" for v in rng.uniform(20, 21, 60)]
    columns = {"x": Decimals.parse(x), "y": Decimals.parse([f"{v:.2f}" for v in rng.normal(size=60)])}
    design = Design.of(Intercept(), "x", Power("x", 2))
    question = question_of(Problem("table", columns, design, "test", format=format))
    expected = forecast_of(question, label(works_in="longdouble"))
    stored = digits_of(question.fit("matrix").x, question.fit("decimal"))
    assert np.abs(expected - np.minimum(stored, expected.max())).max() < 1
    assert stored.max() < (14 if format == "float64" else 5)


def test_a_decomposition_that_mixes_columns_of_different_sizes_loses_more_than_one_that_does_not():
    question = question_of(problems.get("nist.pontius")())
    mixing, keeping = (forecast_of(question, bench.route(name).label) for name in ("svd.full", "qr.householder"))
    assert (keeping - mixing > 3).all()
    scaled = forecast_of(question, label("normwise", constant=0.1, scaled="unit norm"))
    assert np.abs(scaled - keeping).max() < 1


def test_weights_count():
    rng = np.random.default_rng(5)
    A, b, w = rng.normal(size=(30, 3)), rng.normal(size=30), 10.0 ** rng.integers(-8, 8, 30)
    weighted = question_of(Problem.from_matrix("floats", A, b), w)
    roots = np.sqrt(w)
    rows = question_of(Problem.from_matrix("rows", A * roots[:, None], b * roots))
    assert forecast_of(weighted, label()) == pytest.approx(forecast_of(rows, label()), abs=1e-6)


def test_there_is_none_without_a_law_and_no_digit_of_a_singular_matrix():
    A = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    question = question_of(Problem.from_matrix("singular", A, np.array([1.0, 2.0, 4.0])))
    with pytest.raises(InputError, match=r"no error law is known of some\.route"):
        forecast_of(question, label(None))
    assert (forecast_of(question, label()) < 1).all()
    A[:, 1] = 0
    zeros = question_of(Problem.from_matrix("zeros", A, np.array([1.0, 2.0, 4.0])))
    assert (forecast_of(zeros, label()) == 0).all()


def test_the_slopes_are_those_of_rationals():
    rng = np.random.default_rng(6)
    A, b, dA = rng.normal(size=(7, 3)), rng.normal(size=7), rng.normal(size=(7, 3))
    x = np.linalg.lstsq(A, b)[0]
    slopes, t = _slopes(A, b, x, np.ones(7)), Fraction(1, 10**12)

    def solved(change, right):
        return np.array(least_squares(exact(A) + t * exact(change), exact(b) + t * exact(right)), dtype=object)

    def exact(values):
        return np.array([Fraction(v) for v in np.ravel(values).tolist()], dtype=object).reshape(np.shape(values))

    def slope(change, right):
        nothing = solved(np.zeros((7, 3)), np.zeros(7))
        return np.array([float(v) for v in (solved(change, right) - nothing) / t])

    assert slopes.of(dA) == pytest.approx(slope(dA, np.zeros(7)), rel=1e-9)
    units = [np.eye(21)[k].reshape(7, 3) * dA for k in range(21)]
    squares = sum(slope(unit, np.zeros(7)) ** 2 for unit in units)
    assert slopes.of_entries(np.abs(dA)) == pytest.approx(np.sqrt(squares), rel=1e-9)
    right = sum(slope(np.zeros((7, 3)), unit * b) ** 2 for unit in np.eye(7))
    assert slopes.of_response(np.abs(b)) == pytest.approx(np.sqrt(right), rel=1e-9)


def test_a_column_that_the_format_holds_is_not_moved():
    columns = {
        "whole": ExactColumn((3, 2**53 - 1)),
        "long": ExactColumn((3, 2**53 + 1)),
        "halves": Decimals.parse(["0.5", "1.25"]),
        "tenths": Decimals.parse(["0.1", "0.2"]),
        "floats": np.array([0.1, 0.25]),
        "y": np.array([1.0, 0.0]),
    }
    problem = Problem("table", columns, Design.columns(intercept=False), "test")
    moved = {name: bool(_sizes(problem, name).any()) for name in columns}
    assert moved == {"whole": False, "long": True, "halves": False, "tenths": True, "floats": False, "y": False}
    assert _sizes(problem, "tenths")[0] == pytest.approx(np.spacing(0.1) / 2 / 3**0.5)
    shorter = _sizes(problem.rounded_to("float32"), "floats")
    assert shorter[0] > 1e-9
    assert shorter[1] == 0


def test_the_roundings_of_a_term_are_counted():
    assert [_roundings(term) for term in (Intercept(), Power("x", 4), Log(Power("x", 2)), Category("g"))] == [
        0,
        3,
        2,
        0,
    ]
    assert _roundings(Product(Centred("x"), Power("z", 3))) == 4
