"""The generic solvers in every format: held against the same solver in mpmath's numbers of as many bits."""

import numpy as np
import pytest

import stabilitylab as sl
from stabilitylab import solvers
from stabilitylab.core.arithmetic.formats import FORMATS, format_named, format_of
from stabilitylab.core.arithmetic.wide_formats import DOUBLE_DOUBLE, mpmath_format
from stabilitylab.core.errors import Breakdown, InputError

OURS = [entry for entry in solvers.catalog if entry.function.__module__.startswith("stabilitylab.solvers")]
GENERIC = [entry for entry in OURS if "object" in entry.label.scalars]
by_generic = pytest.mark.parametrize("entry", GENERIC, ids=lambda e: e.label.name)
WITH_BITS = [known for known in FORMATS if known.precision <= 64]


def system(entry, seed, spread=9):
    rng = np.random.default_rng(seed)
    m, n = (3, 3) if "square" in entry.label.tags else (7, 3)
    return rng.integers(-spread, spread + 1, (m, n)) + (4.0 * spread * np.eye(m, n)), rng.integers(-9, 10, m) + 0.0


@by_generic
@pytest.mark.parametrize("format", WITH_BITS, ids=str)
def test_a_solver_rounds_as_arithmetic_of_so_many_bits_does(entry, format):
    same = mpmath_format(format.precision)
    agreed = 0
    for seed in range(3):
        A, b = system(entry, seed, spread=2 if format.precision < 8 else 9)
        try:
            x = np.asarray(entry.function(format.rounded(A), format.rounded(b)))
        except Breakdown:  # A'A leaves the range of 8 bits, which mpmath's numbers do not have
            assert format.maximum_exponent <= 16
            continue
        wanted = np.asarray(entry.function(same.rounded(format.rounded(A)), same.rounded(format.rounded(b))))
        if format.precision >= 8:
            assert [format.exact(v) for v in x] == [same.exact(v) for v in wanted]
        agreed += all(format.exact(v) == same.exact(w) for v, w in zip(x, wanted, strict=True))
    # 8-bit numbers below the smallest normal one have fewer bits than mpmath's.
    assert agreed or format.precision < 8


@by_generic
def test_a_solver_keeps_the_format_of_its_data(entry):
    for format in (*(f for f in FORMATS if f.carried), DOUBLE_DOUBLE, mpmath_format(80)):
        A, b = system(entry, 0, spread=1)
        fit = entry.function(format.rounded(A / 2), format.rounded(b / 4))
        assert format_of(getattr(fit, "x", fit)) == format


def test_double_double_has_twice_the_digits():
    A, b = system(GENERIC[0], 5)
    problem = sl.Problem.from_matrix("mine", A, b, format="double_double")
    row = sl.measure("qr.householder", problem)
    assert 29 < row["digits.min"] < 31.1
    assert (row.format, row.works_in, row.status) == ("double_double", "double_double", "SOLVED")
    assert sl.measure("qr.householder", problem.rounded_to("mpmath_400"))["digits.min"] == 50


# --- rows


@pytest.mark.parametrize("format", [*map(str, FORMATS), "double_double", "mpmath_120"])
def test_every_format_gives_a_scored_row_that_its_roundoff_bounds(format):
    A = np.array([[1, 0, 0.5], [1, 1, 0], [1, 2, -0.5], [1, 3, 0.5], [1, -1, 0.5], [1, -2, 0]])
    problem = sl.Problem.from_matrix("small", A, [1, 3.5, 4, 9, -1.5, -4], source="here").rounded_to(format)
    row = sl.measure("qr.householder", problem, causes=False)
    known = format_named(format)
    assert row.format == row.works_in == format
    assert known.precision == 4 or row.status == "SOLVED"
    assert row["digits.min"] <= min(-np.log10(known.unit_roundoff), 50) + 1e-9
    assert row.verdict in ("as predicted", "lucky", "")
    if known.precision >= 8:
        assert row["digits.min"] > min(-np.log10(known.unit_roundoff), 50) - 1.5


def test_the_truth_is_that_of_the_rounded_entries():
    A, b = np.array([[1.0, 0.1], [1.0, 0.2], [1.0, 0.7]]), np.array([0.1, 0.2, 0.3])
    problem = sl.Problem.from_matrix("p", A, b).rounded_to("bfloat16")
    stored = np.asarray(format_named("bfloat16").rounded(A))
    exact, scored = sl.reference(stored, np.asarray(format_named("bfloat16").rounded(b))), sl.reference(problem)
    assert [str(v) for v in exact.x] == [str(v) for v in scored.x]
    assert sl.measure("qr.householder", problem, truth="decimal", causes=False)["digits.min"] < 3
    assert sl.Problem.from_matrix("q", problem.A, problem.b).format == problem.format


def test_overflow_and_underflow_of_the_normal_equations_appear_as_what_they_are():
    A = np.array([[1, 2, 300], [1, 1, 300], [1, 3, -300], [1, 2, 200.0]])
    b = np.arange(4.0)
    said = {}
    for format in ("float16", "float8_e4m3", "float8_e5m2", "bfloat16", "tensorfloat32"):
        row = sl.measure("normal.cholesky", sl.Problem.from_matrix("p", A, b).rounded_to(format), causes=False)
        said[format] = (row.status, row.note)
    assert said["float16"] == ("REFUSED", "A'A[2, 2] is inf")
    assert said["float8_e5m2"] == ("REFUSED", "A'A[2, 2] is inf")
    assert said["float8_e4m3"][0] == "REFUSED"
    assert "is nan" in said["float8_e4m3"][1]
    assert said["bfloat16"][0] == said["tensorfloat32"][0] == "SOLVED"
    # 1e-4**2 is below half the smallest number of float16, and 1e-23**2 of bfloat16, which has float32's exponents.
    small = sl.Problem.from_matrix("s", np.array([[1e-4], [1.5e-4], [1e-4]]), np.ones(3), format="float16")
    assert sl.measure("normal.cholesky", small, causes=False).note == "pivot 0 of A'A is 0"
    assert sl.measure("qr.householder", small, causes=False)["digits.min"] > 2
    small = sl.Problem.from_matrix("s", np.array([[1e-23], [2e-23]]), np.ones(2), format="bfloat16")
    assert sl.measure("normal.lu", small, causes=False).note == "pivot 0 of A'A is 0"


def test_a_data_set_that_does_not_fit_a_format_is_refused():
    from stabilitylab.core.errors import OutOfRangeError

    problem = sl.Problem.from_matrix("p", np.array([[1e5], [1.0]]), [1.0, 2.0])
    for format in ("float8_e4m3", "float8_e5m2", "float16"):
        with pytest.raises(OutOfRangeError, match=f"does not fit the range of {format}"):
            sl.measure("qr.householder", problem.rounded_to(format))
    with pytest.raises(InputError, match=r"works on float32, float64; p is .*, bfloat16"):
        sl.measure("numpy.lstsq", problem.rounded_to("bfloat16"))


def test_ones_products_and_constants_are_formed_in_the_format():
    data = {"x": np.array([0.1, 0.7, 1.3, 2.9]), "y": np.arange(4.0)}
    design = sl.Design.polynomial(3)
    for format in ("bfloat16", "double_double"):
        problem = sl.Problem("cubic", data, design, "here", format=format)
        known = format_named(format)
        assert format_of(problem.A) == known
        x = problem.column("x")
        assert [known.exact(v) for v in problem.A[:, 3]] == [known.exact(v) for v in x * x * x]


def test_the_cause_of_few_digits_is_the_short_format():
    A, b = system(GENERIC[0], 1)
    row = sl.measure("qr.householder", sl.Problem.from_matrix("p", A, b).rounded_to("bfloat16"))
    assert row.cause.startswith("SL103 worked in a shorter format; without that, 1")


@pytest.mark.parametrize("format", ["float8_e5m2", "bfloat16", "double_double", "mpmath_120"])
def test_an_answer_from_anywhere_is_scored_in_its_own_format(format):
    A, b = system(GENERIC[0], 2, spread=1)
    problem, known = sl.Problem.from_matrix("p", A, b).rounded_to(format), format_named(format)
    ref = sl.reference(problem)
    x = ref.rounded(format)
    cap = min(-np.log10(known.unit_roundoff), 50)
    assert cap - 1 < sl.lre(x, ref) <= cap + 1e-9
    assert sl.score(x, problem, metrics=["digits.min"])["digits.min"] == sl.lre(x, ref)
    x[1] = known.rounded(np.array([np.inf]))[0]
    assert sl.score(x, problem, metrics=["digits.min"]).status == "NOT_FINITE"
    assert sl.measure(lambda A, b: np.linalg.svd(A @ A), problem, causes=False).status in ("RAISED", "REFUSED")
