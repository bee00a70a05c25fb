"""The three truths of a problem against fractions formed here, column by column and power by power."""

import itertools
from decimal import Decimal
from fractions import Fraction
from math import gcd

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stabilitylab.conformance.rational import exact
from stabilitylab.core.arithmetic.formats import FLOAT32, FLOAT64
from stabilitylab.core.errors import (
    ComplexError,
    EmptyError,
    InputError,
    NotFiniteError,
    NotNumericError,
    OutOfRangeError,
    ShapeError,
)
from stabilitylab.core.types import TRUTHS
from stabilitylab.data.category import Category
from stabilitylab.data.labels import Labels
from stabilitylab.data.problem import Decimals, Design, Problem
from stabilitylab.data.terms import Intercept, Log, Power
from stabilitylab.problems import get

SETTINGS = settings(max_examples=60)
DECIMALS = st.decimals(-1000, 1000, places=4, allow_nan=False)
FLOATS = st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda v: 0.0 if abs(v) < 1e-30 else v)
DESIGNS = (Design.matrix(), Design.columns(), Design.columns(intercept=False), Design.line(), Design.polynomial(4))


@st.composite
def problems(draw):
    """A problem of each design, its columns published decimals or stored floats."""
    m, design = draw(st.integers(1, 5)), draw(st.sampled_from(DESIGNS))
    data = {}
    for name in ("x", "y") if design.degree is not None else ("u", "y", "v"):
        if draw(st.booleans()):
            data[name] = Decimals.parse(draw(st.lists(DECIMALS, min_size=m, max_size=m)))
        else:
            data[name] = np.array(draw(st.lists(FLOATS, min_size=m, max_size=m)))
    return Problem("drawn", data, design, "here", format=draw(st.sampled_from(["float32", "float64", "longdouble"])))


def features(design, columns):
    """The design matrix in fractions, by columns."""
    ones = [Fraction(1)] * len(columns[0])
    if design.degree is not None:
        return [[x**k for x in columns[0]] for k in range(design.degree + 1)]
    return [ones, *columns] if design.intercept else columns


def as_given(column):
    if isinstance(column, Decimals):
        return [n * Fraction(10) ** column.exponent for n in column.integers]
    return [exact(v) for v in column]


def stated(system):
    """A by columns and b of an integer system, in fractions."""
    A = [[n * s for n in a] for a, s in zip(system.A.T, system.column_scales, strict=True)]
    return A, [n * system.b_scale for n in system.b]


@SETTINGS
@given(problems())
def test_each_truth_is_the_numbers_it_says(problem):
    given_columns = [as_given(problem.data[k]) for k in problem.regressors]
    rounded = [[exact(v) for v in problem.column(k)] for k in problem.regressors]
    b = [exact(v) for v in problem.b]
    assert stated(problem.exact("decimal")) == (features(problem.design, given_columns), as_given(problem.data["y"]))
    assert stated(problem.exact("data")) == (features(problem.design, rounded), b)
    assert stated(problem.exact("matrix")) == ([[exact(v) for v in a] for a in problem.A.T], b)


@SETTINGS
@given(problems())
def test_the_integers_of_every_column_are_coprime(problem):
    for truth in TRUTHS:
        system = problem.exact(truth)
        for column, scale in [*zip(system.A.T, system.column_scales, strict=True), (system.b, system.b_scale)]:
            assert gcd(*column) == 1 or (not any(column) and scale == 1)


@SETTINGS
@given(st.lists(st.integers(-50, 50), min_size=2, max_size=6), st.sampled_from(DESIGNS[3:]))
def test_the_truths_coincide_where_nothing_is_rounded(x, design):
    data = {"x": Decimals(tuple(x)), "y": Decimals.parse([f"{v}.50" for v in range(len(x))])}
    problem = Problem("integers", data, design, "here")
    assert len({problem.exact(truth).digest for truth in TRUTHS}) == 1


def test_the_truths_differ_where_the_data_or_the_features_are_rounded():
    data = {"x": Decimals.parse(["0.1", "0.2", "0.7"]), "y": Decimals.parse(["1", "2", "4"])}
    assert len({Problem("p", data, Design.polynomial(2), "here").exact(t).digest for t in TRUTHS}) == 3
    line = Problem("p", data, Design.line(), "here")
    assert line.exact("data").digest == line.exact("matrix").digest != line.exact("decimal").digest


def test_equal_numbers_have_one_digest_however_they_were_stated():
    x, y = [1.5, 3.0, 4.5], [2.0, 4.0, 7.0]
    stored = Problem("floats", {"x": np.array(x), "y": np.array(y)}, Design.line(), "here")
    published = {"x": Decimals.parse(["1.500", "3", "45e-1"]), "y": Decimals.parse(["2", "4", "7"])}
    decimals = Problem("decimals", published, Design.line(), "there")
    single = stored.rounded_to("float32")
    assert len({p.exact(t).digest for p in (stored, decimals, single) for t in TRUTHS}) == 1
    # Only R² tells a constant column that is the intercept from a matrix that has one by chance.
    matrix = Problem.from_matrix("matrix", np.column_stack([np.ones(3), x]), y)
    assert matrix.exact("matrix").digest == stored.exact("matrix").digest
    without = Problem("no intercept", {"x": np.array(x), "y": np.array(y)}, Design.columns(intercept=False), "here")
    assert without.exact("matrix").centred is False


def test_every_change_of_a_number_changes_the_digest():
    A, b = np.array([[1.0, 2.0], [3.0, 5.0], [7.0, 11.0]]), np.array([1.0, 0.5, 0.25])
    base = Problem.from_matrix("p", A, b)
    seen = {(base.digest, base.exact("matrix").digest)}
    for i, j in itertools.product(range(3), range(3)):
        changed = np.column_stack([A, b])
        changed[i, j] = np.nextafter(changed[i, j], 100)
        problem = Problem.from_matrix("p", changed[:, :2], changed[:, 2])
        seen.add((problem.digest, problem.exact("matrix").digest))
    assert len({p for p, _ in seen}) == len({s for _, s in seen}) == 10


def test_the_digest_of_a_problem_knows_its_format_design_and_columns():
    data = {"x": np.array([1.0, 2.0, 3.0]), "y": np.array([1.0, 0.0, 2.0])}
    problems = [
        Problem("p", data, Design.line(), "here"),
        Problem("p", data, Design.line(), "here", format="float32"),
        Problem("p", data, Design.polynomial(2), "here"),
        Problem("p", data, Design.line(), "here", response="x"),
        Problem("p", {**data, "x": Decimals((1, 2, 3))}, Design.line(), "here"),
    ]
    assert len({p.digest for p in problems}) == len(problems)
    assert Problem("another name", data, Design.line(), "there").digest == problems[0].digest


@pytest.mark.skipif(np.finfo(np.longdouble).maxexp < 16000, reason="longdouble has the range of double here")
def test_integers_of_ten_thousand_digits_have_a_digest():
    column = np.array([np.longdouble("1e4900"), np.longdouble("1e-4900"), np.longdouble(1)])
    problem = Problem.from_matrix("wide", column[:, None], np.ones(3))
    assert problem.digest != problem.exact("matrix").digest


def test_rounding_to_float32_rounds_data_and_features_and_leaves_the_decimals():
    data = {"x": Decimals.parse(["0.1", "0.3"]), "y": Decimals.parse(["0.7", "1.1"])}
    problem = Problem("p", data, Design.polynomial(2), "here")
    single = problem.rounded_to(np.float32)
    x = np.array([0.1, 0.3], dtype=np.float32)
    assert single.A.dtype == single.b.dtype == np.float32
    assert np.array_equal(single.A, np.stack([np.ones(2, np.float32), x, x * x], axis=1))
    assert single.exact("decimal").digest == problem.exact("decimal").digest
    assert single.exact("data").digest != problem.exact("data").digest


@pytest.mark.parametrize("name", ["float32", np.float32, np.dtype("<f4"), FLOAT32])
def test_a_format_is_given_by_name_type_or_object(name):
    data = {"x": Decimals((1, 2)), "y": Decimals((3, 5))}
    problem = Problem("p", data, Design.line(), "here", format=name)
    assert problem.format is FLOAT32
    assert problem.rounded_to(np.float64).format is FLOAT64
    assert problem.rounded_to(np.float64).rounded_to(name).digest == problem.digest
    assert (problem.dtype, problem.A.dtype) == ("float32", np.dtype(np.float32))
    with pytest.raises(AttributeError):
        problem.format = FLOAT64


def test_features_come_in_the_order_of_their_names():
    data = {"u": np.array([1.0, 2.0]), "y": np.array([0.0, 1.0]), "v": np.array([3.0, 4.0])}
    with_intercept = Problem("p", data, Design.columns(), "here")
    assert with_intercept.feature_names == ("intercept", "u", "v")
    assert with_intercept.A.tolist() == [[1, 1, 3], [1, 2, 4]]
    assert with_intercept.shape == with_intercept.A.shape
    without = Problem("p", data, Design.columns(intercept=False), "here")
    assert (without.feature_names, without.A.tolist()) == (("u", "v"), [[1, 3], [2, 4]])
    curve = Problem("p", {"x": data["u"], "y": data["y"]}, Design.polynomial(3), "here")
    assert curve.feature_names == ("intercept", "x", "x^2", "x^3")
    assert curve.A.tolist() == [[1, 1, 1, 1], [1, 2, 4, 8]]


def test_r_squared_is_about_the_mean_when_a_column_of_the_matrix_is_constant_and_not_zero():
    b = np.arange(3.0)
    for constant, centred in ((2.5, True), (0.0, False)):
        A = np.column_stack([b**2, np.full(3, constant)])
        assert Problem.from_matrix("p", A, b).exact("matrix").centred is centred


def test_arrays_are_read_only_and_no_longer_the_callers():
    x, y = np.array([1.0, 2.0, 4.0]), np.array([1.0, 0.0, 1.0])
    problem = Problem("p", {"x": x, "y": y}, Design.line(), "here")
    before = problem.digest
    x[0] = 99.0
    assert problem.A[0, 1] == 1.0
    assert Problem("p", problem.data, Design.line(), "here").digest == before
    for array in (problem.A, problem.b, problem.column("x"), problem.data["x"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def decimal_problem(value, dtype, degree=1):
    return Problem(
        "p", {"x": Decimals.parse([value, "1"]), "y": Decimals((1, 2))}, Design.polynomial(degree), "p", format=dtype
    )


def test_what_does_not_fit_the_format_is_refused_by_name():
    with pytest.raises(OutOfRangeError, match="overflows float16"):
        _ = decimal_problem("1e5", "float16").A
    with pytest.raises(OutOfRangeError, match="underflows to 0 in float32"):
        _ = decimal_problem("1e-60", "float32").A
    with pytest.raises(OutOfRangeError, match="a feature of p overflows float32"):
        _ = decimal_problem("1e20", "float32", degree=2).A
    assert decimal_problem("1e20", "float32", degree=2).exact("decimal").column_scales[2] == 1
    for value in (1e39, 1e-60):
        stored = Problem("p", {"x": np.array([value, 1.0]), "y": np.ones(2)}, Design.line(), "p", format="float32")
        with pytest.raises(OutOfRangeError, match="column 'x' does not fit the range of float32"):
            _ = stored.A


@pytest.mark.parametrize(
    ("number", "error"),
    [
        ("1,5", NotNumericError),
        ("", NotNumericError),
        ("one", NotNumericError),
        (None, NotNumericError),
        ([1], NotNumericError),
        ("nan", NotFiniteError),
        ("sNaN", NotFiniteError),
        ("-Infinity", NotFiniteError),
        (Decimal("inf"), NotFiniteError),
        ("1e999999999", OutOfRangeError),
        ("0e-99999999", OutOfRangeError),
    ],
)
def test_what_is_no_finite_decimal_is_refused_with_its_place(number, error):
    with pytest.raises(error, match="entry 1 is "):
        Decimals.parse(["1", number])


@SETTINGS
@given(st.lists(st.one_of(DECIMALS, st.integers(), st.decimals(allow_nan=False, allow_infinity=False, places=12))))
def test_decimals_are_read_exactly(numbers):
    column = Decimals.parse([n if isinstance(n, int) else str(n) for n in numbers])
    assert [n * column.scale for n in column.integers] == [Fraction(n) for n in numbers]


def test_a_decimal_may_have_thousands_of_digits_and_come_from_numpy():
    assert Decimals.parse(["7" * 5000]).integers[0] % 10**10 == 7777777777
    assert Decimals.parse(np.arange(3)) == Decimals((0, 1, 2))


@pytest.mark.parametrize(
    ("data", "design", "error", "says"),
    [
        (
            {"x": [1.0, np.nan], "y": [1.0, 2.0]},
            Design.line(),
            NotFiniteError,
            r"column 'x', row 1 is nan \(row 0 is the first\)",
        ),
        ({"x": [1.0, 2.0], "y": [1j, 2.0]}, Design.line(), ComplexError, "column 'y' is complex"),
        ({"x": ["a", "b"], "y": [1.0, 2.0]}, Design.line(), NotNumericError, "column 'x' holds labels, not numbers"),
        ({"x": [[1.0, 2.0]], "y": [1.0]}, Design.line(), ShapeError, r"must have shape \(m,\); got \(1, 2\)"),
        ({"x": [1.0, 2.0, 3.0], "y": [1.0, 2.0]}, Design.line(), ShapeError, "one length; got {'x': 3, 'y': 2}"),
        ({"x": [], "y": []}, Design.line(), EmptyError, "at least one row"),
        ({"x": [1.0, 2.0]}, Design.line(), InputError, "expected the response 'y'"),
        ({"y": [1.0, 2.0]}, Design.columns(), InputError, "and regressors; got columns"),
        ({"u": [1.0], "v": [2.0], "y": [3.0]}, Design.line(), InputError, "a polynomial has one regressor"),
    ],
)
def test_columns_that_are_no_regression_are_refused(data, design, error, says):
    with pytest.raises(error, match=says):
        Problem("p", data, design, "here")


@pytest.mark.parametrize("dtype", [None, object])
def test_text_where_numbers_are_read_is_told_both_ways_out(dtype):
    text, numbers = np.array(["1.5", "b"], dtype=dtype), [1.0, 2.0]
    with pytest.raises(NotNumericError, match=r"'g' holds labels, .* as Category\('g'\), or drop it; .*Decimals.parse"):
        Problem("p", {"y": numbers, "g": text}, Design.columns(), "here")
    with pytest.raises(NotNumericError, match="'y' holds labels, not numbers: name a column of numbers as the resp"):
        Problem("p", {"y": text, "x": numbers}, Design.columns(), "here")


@pytest.mark.parametrize(
    ("unread", "kept"),
    [
        (["a", "b"], ("a", "b")),
        (np.array(["a", None], dtype=object), ("a", "None")),
        ([1.0, np.nan], ("1.0", "nan")),
        ([1, 2j], ("(1+0j)", "2j")),
        ([2**60 + 1, 0], ("1152921504606846977", "0")),
        (np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[D]"), ("2020-01-01", "2020-01-02")),
        (np.ma.array([1.0, 2.0], mask=[True, False]), ("--", "2.0")),
        (Labels(("a", "b")), ("a", "b")),
    ],
)
def test_a_column_that_is_not_read_may_hold_anything(unread, kept):
    problem = Problem("p", {"y": [1.0, 2.0], "x": [3.0, 4.0], "g": unread}, Design.of("x"), "here")
    assert problem.data["g"] == Labels(kept)
    assert problem.A.tolist() == [[3.0], [4.0]]
    assert problem.rounded_to("float32").data["g"] == Labels(kept)


def test_a_column_that_is_not_read_has_an_entry_for_each_row():
    for unread, says in (
        (["a"], "one length"),
        ([["a", "b"]], r"must have shape \(m,\); got \(1, 2\)"),
        ("ab", "shape"),
    ):
        with pytest.raises(ShapeError, match=says):
            Problem("p", {"y": [1.0, 2.0], "x": [3.0, 4.0], "g": unread}, Design.of("x"), "here")


@pytest.mark.parametrize(
    ("term", "says"),
    [
        (Category("g", reference="kiwi"), "reference must be a level of column 'g', one of 'a', 'b'; got 'kiwi'"),
        (Category("h"), "column 'h' has the one level 'c', a constant: leave it out"),
    ],
)
def test_a_category_without_features_is_met_when_the_problem_is_made(term, says):
    with pytest.raises(InputError, match=says):
        Problem("p", {"y": [1.0, 2.0], "g": ["a", "b"], "h": ["c", "c"]}, Design.of(Intercept(), term), "here")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda data: Problem(None, data, Design.line(), "here"), "the name of a problem must be a text; got None"),
        (lambda data: Problem("p", data, "x", "here"), r"design must be a Design; got 'x': Design.of\("),
        (lambda data: Problem("p", data, Design(Log("x")), "here"), "terms must be a tuple; got Log"),
        (lambda data: Problem("p", data, Design("x"), "here"), r"terms must be a tuple; got 'x': Design.of\('x'\)"),
        (lambda data: Problem("p", data, Design.of(Power("x", True)), "here"), "a power must be a whole .*; got True"),
        (lambda data: Problem("p", data, Design.polynomial(True), "here"), "a degree of at least 1; got True"),
        (
            lambda data: Problem.from_matrix("p", [[1.0]], [1.0], format="float8"),
            "one of .* float16, .*; got 'float8'",
        ),
    ],
)
def test_arguments_that_make_no_problem_are_refused_with_the_way_out(make, says):
    with pytest.raises(InputError, match=says):
        make({"x": [1.0, 2.0], "y": [1.0, 2.0]})


def test_a_matrix_may_be_given_for_another_format():
    A, b = [[0.1], [0.3]], [0.2, 0.7]
    short, stated = Problem.from_matrix("p", A, b, format="float32"), Problem.from_matrix("p", A, b)
    assert short.digest == stated.rounded_to("float32").digest
    assert short.A.tolist() == np.array(A, dtype=np.float32).tolist()
    assert Problem.from_matrix("p", np.float32(A), np.float32(b)).dtype == "float32"


def test_an_unknown_truth_is_refused_with_the_three():
    with pytest.raises(InputError, match="one of decimal, data, matrix; got 'exact'"):
        Problem.from_matrix("p", [[1.0]], [1.0]).exact("exact")


def test_a_problem_prints_in_a_line():
    A, b = np.eye(4)[:, :2], np.ones(4)
    assert repr(Problem.from_matrix("mine", A, b)) == "Problem 'mine': 4 rows of floats, y on a0 + a1"
    assert str(get("nist.norris")()) == "Problem 'nist.norris': 36 rows of exact decimals, y on a line"
