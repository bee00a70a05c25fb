"""Designs as tuples of terms: old combinations, binding to the columns of a problem, and the truths that follow."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stabilitylab as sl
from exact_sums import numbers
from stabilitylab.bench.run import route, unsuited
from stabilitylab.conformance.rational import exact, exact_array, least_squares
from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.errors import InputError, NotNumericError, ShapeError, UnknownNameError
from stabilitylab.core.types import TRUTHS
from stabilitylab.data.design import (
    Category,
    Centred,
    Column,
    Design,
    Elapsed,
    Exp,
    Intercept,
    Labels,
    Log,
    Power,
    Product,
    Scaled,
    Sqrt,
)
from stabilitylab.data.problem import Decimals, Problem
from stabilitylab.exact.gram.inputs import exact_input_of

SETTINGS = settings(max_examples=40)
MP = mpmath.MPContext()
MP.prec = 400

DATA = {
    "y": Decimals.parse(["1.5", "2.25", "2.0", "4.1", "5.3", "4.0", "7.7", "9.1"]),
    "x": Decimals.parse(["0.1", "0.7", "1.3", "2.1", "3.3", "4.7", "5.9", "8.3"]),
    "z": np.array([3.0, 1.0, 4.0, 1.5, 9.0, 2.5, 6.0, 5.0]),
    "g": Labels(("b", "a", "b", "c", "a", "c", "a", "b")),
}
RICH = Design.of(Intercept(), "x", Log("x"), Product("z", Category("g")), Scaled(Centred(Power("z", 2)), "sd"))


def rich(design=RICH, **fields):
    return Problem("rich", DATA, design, "here", **fields)


def to_256(function, value):
    """A function of a fraction at 400 bits, to 256 bits."""
    number = function(MP.mpf(value.numerator) / value.denominator)
    unit = Fraction(2) ** (int(MP.floor(MP.log(abs(number), 2))) - 255)
    return round(exact(number) / unit) * unit


def rich_features(x, z):
    """The features of RICH as lists of fractions, for columns of fractions."""
    ones, labels = [Fraction(1)] * 8, DATA["g"].values
    squares = [v**2 for v in z]
    deviations = [v - sum(squares) / 8 for v in squares]
    sd = to_256(MP.sqrt, sum(v**2 for v in deviations) / 7)
    groups = [[v * (label == level) for v, label in zip(z, labels, strict=True)] for level in ("b", "c")]
    return [ones, x, [to_256(MP.log, v) for v in x], *groups, [v / sd for v in deviations]]


def columns_of(problem, truth):
    """x, z and y of RICH's problem as fractions, in the decimal or the data truth."""
    decimal = [[n * Fraction(10) ** c.exponent for n in c.integers] for c in (DATA["x"], DATA["y"])]
    x, y = decimal if truth == "decimal" else [[exact(v) for v in problem.column(k)] for k in ("x", "y")]
    return x, [exact(v) for v in DATA["z"]], y


# --- truths of designs of every kind


@pytest.mark.parametrize("format", ["float32", "float64", "longdouble"])
@pytest.mark.parametrize("truth", TRUTHS)
def test_references_and_certified_fits_solve_what_the_terms_say(truth, format):
    problem = rich(format=format)
    if truth == "matrix":
        A, b = exact_array(problem.A), exact_array(problem.b)
    else:
        x, z, b = columns_of(problem, truth)
        A, b = np.array(rich_features(x, z), dtype=object).T, np.array(b, dtype=object)
    solution = least_squares(A, b)
    ref = sl.reference(problem, truth=truth)
    assert all(abs(exact(v) - s) <= abs(s) / 10**50 for v, s in zip(ref.x, solution, strict=True))
    assert sl.lstsq(problem, truth=truth).x.tolist() == [float(s) for s in solution]


def test_the_truths_of_a_design_with_logarithms_differ_and_are_named_alike():
    problem = rich()
    assert len({problem.exact(truth).digest for truth in TRUTHS}) == 3
    names = ("intercept", "x", "log(x)", "z:g[b]", "z:g[c]", "scaled(centred(z^2))")
    assert problem.feature_names == sl.lstsq(problem).names == names
    assert problem.A.shape == problem.shape == (8, 6)
    assert problem.A.flags.c_contiguous
    assert not problem.A.flags.writeable


def test_a_row_of_a_library_is_scored_for_such_a_design():
    row = sl.measure("numpy.lstsq", rich(), truth="decimal")
    assert row.status == "SOLVED"
    assert row["digits.min"] > 10


STORED = [
    Design.of("x", "z"),
    Design.of(Intercept(), "x"),
    Design.of(Intercept(), Category("g", "sum"), "x"),
    Design.of("x", "z", Category("g")),
]
FORMED = [
    Design.polynomial(2).bound(("x",), "y"),
    Design.of("z", Elapsed("x")),
    Design.of(Intercept(), Exp("x"), Sqrt("z")),
    Design.of(Intercept(), Product("x", "z")),
    RICH,
]


@pytest.mark.parametrize("format", ["float32", "float64", "longdouble"])
@pytest.mark.parametrize("design", STORED + FORMED, ids=str)
def test_the_data_truth_is_the_matrix_truth_where_the_features_are_stored_and_only_there(design, format):
    data = {k: v for k, v in DATA.items() if k != "g" or "g" in design.labels}
    problem = Problem("p", data, design, "here", format=format)
    assert problem.design.stored is (design in STORED)
    # So that a design that called itself stored, and is not, would be seen.
    assert (problem.exact("data").digest == problem.exact("matrix").digest) is problem.design.stored
    for truth in TRUTHS:
        system, taken = problem.exact(truth), exact_input_of(problem, truth)
        rows = numbers(taken)
        for j, (column, scale) in enumerate(zip(system.A.T, system.column_scales, strict=True)):
            assert [row[j] for row in rows] == [n * scale for n in column]


def test_a_constant_column_makes_the_total_sum_of_squares_one_about_the_mean():
    assert rich().exact("decimal").centred
    ones = {"y": DATA["y"], "c": Decimals((2,) * 8), "x": DATA["x"]}
    assert Problem("p", ones, Design.matrix(), "here").exact("data").centred
    assert not Problem("p", {**ones, "c": Decimals((0,) * 8)}, Design.matrix(), "here").exact("data").centred
    assert not rich(Design.of(*RICH.terms[1:])).exact("decimal").centred


# --- the old designs


@SETTINGS
@given(
    st.lists(st.floats(-50, 50), min_size=2, max_size=6),
    st.integers(1, 9),
    st.sampled_from([np.float32, np.float64, np.longdouble]),
)
def test_the_old_designs_have_the_bits_of_arrays_put_together_by_hand(values, degree, kind):
    x = np.array(values).astype(kind)
    z, ones, y = x[::-1] / 3, np.ones_like(x), x * x
    data = {"x": x, "y": y, "z": z}
    powers = [ones]
    for _ in range(degree):
        powers.append(powers[-1] * x)
    pairs = [
        (data, Design.matrix(), [x, z]),
        (data, Design.columns(), [ones, x, z]),
        (data, Design.columns(intercept=False), [x, z]),
        ({"y": y, "x": x}, Design.line(), [ones, x]),
        ({"y": y, "x": x}, Design.polynomial(degree), powers),
    ]
    for columns, design, features in pairs:
        A = Problem("p", columns, design, "here", format=kind).A
        expected = np.ascontiguousarray(np.column_stack(features))
        assert A.dtype == kind
        assert A.flags.c_contiguous
        # Bit for bit, signs of zeros with them; longdouble has padding that no operation defines.
        assert (expected == A).all()
        assert (np.signbit(A) == np.signbit(expected)).all()


def test_the_terms_of_a_problem_name_their_columns():
    data = {"a": DATA["x"], "y": DATA["y"], "b": DATA["z"]}
    for design, terms in [
        (Design.matrix(), (Column("a"), Column("b"))),
        (Design.columns(), (Intercept(), Column("a"), Column("b"))),
        (Design.columns(intercept=False), (Column("a"), Column("b"))),
    ]:
        assert design.unbound
        bound = Problem("p", data, design, "here").design
        assert bound.terms == terms
        assert not bound.unbound
    curve = Problem("p", {"y": DATA["y"], "t": DATA["x"]}, Design.polynomial(3), "here").design
    assert curve == Design.of(Intercept(), "t", Power("t", 2), Power("t", 3))
    assert Problem("p", {"y": DATA["y"], "t": DATA["x"]}, Design.line(), "here").design == Design.of(Intercept(), "t")


@pytest.mark.parametrize(
    ("design", "degree", "intercept"),
    [
        (Design.line(), 1, True),
        (Design.polynomial(4), 4, True),
        (Design.of(Intercept(), "x", Power("x", 2)), 2, True),
        (Design.of(Intercept(), "x"), 1, True),
        (Design.of("x", Power("x", 2)), None, False),
        (Design.of(Intercept(), "x", "z"), None, True),
        (Design.of(Intercept(), "x", Power("z", 2)), None, True),
        (Design.of(Intercept(), "x", Power("x", 3)), None, True),
        (Design.of(Intercept(), Power("x", 2), "x"), None, True),
        (Design.of(Intercept(), Log("x")), None, True),
        (Design.of(Intercept()), None, True),
        (Design.columns(), None, True),
        (Design.matrix(), None, False),
    ],
)
def test_a_polynomial_is_the_powers_of_one_column_in_order(design, degree, intercept):
    assert (design.degree, design.intercept) == (degree, intercept)


def test_a_line_written_as_terms_goes_to_routes_for_lines_and_unused_columns_do_not_disturb():
    line = Problem("p", {"z": DATA["z"], "y": DATA["y"], "x": DATA["x"]}, Design.of(Intercept(), "x"), "here")
    alone = Problem("p", {"y": DATA["y"], "x": DATA["x"]}, Design.line(), "here")
    for name in ("statistics.linear_regression", "numpy.polyfit", "numpy.lstsq"):
        assert sl.measure(name, line).x == sl.measure(name, alone).x
    assert (line.regressors, line.shape) == (("x",), (8, 2))
    label = route("statistics.linear_regression").label
    assert unsuited(label, line) is None
    assert unsuited(label, rich()) == "takes a line only"
    always = route("xgboost.gblinear").label  # there is no option to leave its intercept out
    assert unsuited(always, line) is None
    through_zero = Problem("p", DATA, Design.of("x", "z"), "here")
    assert unsuited(always, through_zero) == "takes models with an intercept only"
    columns = {"y": DATA["y"], "x": DATA["x"]}
    degrees = [Problem("p", columns, Design.polynomial(k), "here") for k in (7, 8)]
    said = [unsuited(route("lmfit.PolynomialModel").label, one) for one in degrees]
    assert said == [None, "takes polynomials of degree 1 to 7 only"]
    with pytest.raises(InputError, match=r"rich is intercept \+ x \+ log\(x\) \+ z:g \+ \.\.\. \(5 terms\), float64"):
        sl.measure("statistics.linear_regression", rich())


def test_the_mean_is_the_design_of_an_intercept_alone():
    mean = Problem("p", {"y": DATA["y"]}, Design.of(Intercept()), "here")
    assert mean.A.tolist() == [[1.0]] * 8
    assert sl.lstsq(mean, truth="decimal").x.tolist() == [float(sum(columns_of(mean, "decimal")[2]) / 8)]


# --- binding


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (
            lambda: rich(Design.of("x", Log("w"))),
            UnknownNameError,
            "no column is named 'w': the columns are 'x', 'z', 'g'",
        ),
        (lambda: rich(Design.of("zz")), UnknownNameError, "no column is named 'zz': did you mean 'z'"),
        (lambda: rich(Design.of("x", Category("h"))), UnknownNameError, "no column is named 'h'"),
        (lambda: rich(Design.of("x", Log("y"))), InputError, "the response 'y' is among the terms"),
        (lambda: rich(Design.line()), InputError, r"a polynomial has one regressor; got columns \['x', 'z', 'g'\]"),
        (lambda: rich(Design.columns()), NotNumericError, "column 'g' holds labels, not numbers: read it as Category"),
        (lambda: rich(Design.of(Log("g"), Category("g"))), NotNumericError, "column 'g' holds labels, not numbers"),
        (lambda: rich(Design.of(Category("g", reference="q"))), InputError, "one of 'a', 'b', 'c'; got 'q'"),
        (lambda: Design(()), InputError, "a design needs at least one term"),
        (lambda: Design.of("x", "z", "x"), InputError, "the term x stands twice"),
        (lambda: Design.of("x", Intercept()), InputError, "the intercept must be the first term"),
        (lambda: Design.of(3), InputError, "a term must be a Term, or the name of a column; got 3"),
        (lambda: Design.polynomial(0), InputError, "a degree of at least 1; got 0"),
        (lambda: Design.polynomial(2.0), InputError, "a degree of at least 1; got 2.0"),
        (
            lambda: Problem("p", {**DATA, "g": Labels(("a", "b"))}, RICH, "here"),
            ShapeError,
            "one length; got {'y': 8, 'x': 8, 'z': 8, 'g': 2}",
        ),
        (lambda: rich(format="float31"), InputError, "format must be one of float8_e4m3, .*, longdouble"),
    ],
)
def test_a_design_that_does_not_go_with_the_data_is_refused(make, error, says):
    with pytest.raises(error, match=says):
        make()


def test_texts_are_labels_only_where_a_category_reads_them():
    plain = Problem("p", {**DATA, "g": list(DATA["g"].values)}, RICH, "here")
    assert plain.digest == rich().digest
    assert plain.data["g"] == DATA["g"]
    assert Problem("p", {**DATA, "g": np.array(DATA["g"].values, dtype=object)}, RICH, "here").digest == plain.digest
    with pytest.raises(InputError, match="column 'g': label 2 is None, which is no text"):
        Problem("p", {**DATA, "g": ["a", "b", None, *"abcab"]}, RICH, "here")
    with pytest.raises(NotNumericError, match="column 'g' holds labels, not numbers: read it as Category"):
        Problem("p", {**DATA, "g": list(DATA["g"].values)}, Design.columns(), "here")
    with pytest.raises(NotNumericError, match="column 'g' holds labels"):
        plain.column("g")


def test_a_column_of_numbers_may_be_read_as_numbers_and_as_labels():
    data = {"y": DATA["y"], "year": Decimals((1990, 1991, 1990, 1992, 1991, 1990, 1992, 1992))}
    problem = Problem("p", data, Design.of(Intercept(), "year", Category("year")), "here", format="float32")
    assert problem.feature_names == ("intercept", "year", "year[1991]", "year[1992]")
    assert problem.A[:4].tolist() == [[1, 1990, 0, 0], [1, 1991, 1, 0], [1, 1990, 0, 0], [1, 1992, 0, 1]]
    assert problem.regressors == ("year",)


def test_labels_are_those_of_the_data_as_given_not_as_rounded():
    # Rounded to float32 the two stamps are one number.
    stamps = Decimals((1700000000, 1700000001) * 4)
    problem = Problem(
        "p", {"y": DATA["y"], "t": stamps}, Design.of(Intercept(), Category("t")), "here", format="float32"
    )
    assert problem.feature_names == ("intercept", "t[1700000001]")
    assert problem.A[:, 1].tolist() == [0, 1] * 4


def test_the_digest_of_a_problem_knows_every_part_of_a_term():
    designs = [
        Design.of(Intercept(), "x", Sqrt("x")),
        Design.of(Intercept(), "x", Log("x")),
        Design.of(Intercept(), "x", Log("z")),
        Design.of(Intercept(), Scaled("x")),
        Design.of(Intercept(), Scaled("x", "sd")),
        Design.of(Intercept(), Category("g")),
        Design.of(Intercept(), Category("g", "sum")),
        Design.of(Intercept(), Category("g", reference="1")),
    ]
    data = {**DATA, "g": ExactColumn((1, 2, 1, 3, 2, 3, 2, 1))}
    found = [Problem("p", data, design, "here").digest for design in designs]
    found += [rich(format=format).digest for format in ("float32", "float64", "longdouble")]
    groups = [Labels(tuple("bbacacab")), Labels(tuple("12132321"), numeric=True), Labels(tuple("12132321"))]
    found += [Problem("p", {**DATA, "g": labels}, RICH, "here").digest for labels in groups]
    assert len(set(found)) == len(found)
