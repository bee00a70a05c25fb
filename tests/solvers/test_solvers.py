"""The solvers one by one: importing, formats, error messages, and the properties that their docstrings state."""

import importlib
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stabilitylab import libraries, solvers
from stabilitylab.conformance import systems
from stabilitylab.conformance.systems import relative_error
from stabilitylab.core.arithmetic.sums import column_sums
from stabilitylab.core.errors import (
    Breakdown,
    NotNumericError,
    ShapeError,
    UnderdeterminedError,
)

HERE = [entry for entry in solvers.catalog if entry.function.__module__.startswith("stabilitylab.solvers")]
OURS = [entry for entry in HERE if not entry.label.name.startswith(("descent.", "iterative."))]  # see test_iterative
by_name = pytest.mark.parametrize("entry", OURS, ids=lambda e: e.label.name)
NAN = float("nan")


def solve(name, A, b):
    return np.asarray(solvers.get(name)(np.asarray(A), np.asarray(b)))


@by_name
def test_a_solver_is_importable_by_its_own_name(entry):
    module = importlib.import_module("stabilitylab.solvers")
    assert getattr(module, entry.function.__name__) is entry.function
    assert entry.function.__name__ in dir(module)


def test_the_names_that_are_public_vocabulary_exist():
    from stabilitylab.solvers import householder_qr, normal_cholesky

    assert solvers.get("qr.householder") is householder_qr
    assert solvers.get("normal.cholesky") is normal_cholesky


@by_name
def test_a_solver_takes_read_only_input_in_every_format_it_accepts(entry):
    for dtype in entry.label.scalars:
        system = systems.well_conditioned(systems.kind_of(entry.label))[0]
        A, b = system.stored(dtype)
        A.flags.writeable = b.flags.writeable = False
        assert np.asarray(entry.function(A, b)).dtype == A.dtype


@by_name
def test_integers_are_solved_in_float64(entry):
    system = systems.well_conditioned(systems.kind_of(entry.label))[0]
    x = np.asarray(entry.function(system.A.astype(int), system.b.astype(int)))
    assert x.dtype == np.float64
    assert relative_error(x, system.x) < 1e-13


anything = st.floats(width=16) | st.sampled_from([0.0, 1.0, 60000.0, 6e-8, np.inf, -np.inf, NAN])


@by_name
@settings(max_examples=40)
@given(drawn=st.data())
def test_whatever_comes_in_no_nan_comes_out_and_no_warning_escapes(entry, drawn):
    dtype = np.dtype(drawn.draw(st.sampled_from([s for s in entry.label.scalars if s.startswith("float")])))
    n = drawn.draw(st.integers(1, 4))
    m = n if "square" in entry.label.tags else n + drawn.draw(st.integers(0, 3))
    values = drawn.draw(hnp.arrays(np.float16, (m, n + 1), elements=anything)).astype(dtype)
    # Squares that leave the range of wider formats too.
    values *= np.sqrt(np.finfo(dtype).max) if dtype != np.float16 and drawn.draw(st.booleans()) else dtype.type(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            x = np.asarray(entry.function(values[:, :n], values[:, n]))
        except Breakdown:
            return
    assert np.isfinite(x).all()


@by_name
@pytest.mark.parametrize(("spoilt", "message"), [(np.nan, "nan"), (np.inf, "inf|nan")])
def test_a_nan_or_an_infinity_is_reported_with_its_place(entry, spoilt, message):
    A, b = systems.well_conditioned(systems.kind_of(entry.label))[1].stored("float64")
    A[1, 2] = spoilt
    with pytest.raises(Breakdown, match=rf"^(A|A'A)\[\d, 2\] is ({message})$"):
        entry.function(A, b)
    A[1, 2], b[2] = 1, spoilt
    with pytest.raises(Breakdown, match=rf"^(b|A'b)\[\d\] is ({message})$"):
        entry.function(A, b)


HILBERT = 1 / (np.arange(12)[:, None] + np.arange(12) + 1.0)
ZERO_COLUMN = [[1.0, 0, 2], [1, 0, 3], [2, 0, 5], [1, 0, 9]]


@pytest.mark.parametrize(
    ("name", "A", "dtype", "message"),
    [
        ("normal.cholesky", HILBERT, "float64", r"pivot \d+ of A'A is -[\d.]+e-\d+"),
        ("normal.cholesky", ZERO_COLUMN, "float64", r"pivot 1 of A'A is 0"),
        ("normal.lu", ZERO_COLUMN, "float64", r"pivot 1 of A'A is 0"),
        ("normal.gauss", ZERO_COLUMN, "float64", r"pivot 1 of A'A is 0"),
        ("normal.inverse", ZERO_COLUMN, "float64", r"pivot 1 of A'A is 0"),
        ("normal.cholesky", [[1, 2, 300], [1, 1, 300]] * 3, "float16", r"A'A\[2, 2\] is inf"),
        ("normal.lu", [[1, 1e160], [1, 1e160], [1, 2]], "float64", r"A'A\[1, 1\] is inf"),
        ("normal.inverse", [[1, 1e20], [1, 1e20], [1, 2]], "float32", r"A'A\[1, 1\] is inf"),
        ("normal.cholesky", [[1e-24], [1e-24]], "float32", r"pivot 0 of A'A is 0"),
        ("gauss.no_pivot", [[0, 1], [1, 0]], "float64", r"pivot 0 of A is 0"),
        ("gauss.no_pivot", [[1e-6, 1], [60000, 60000]], "float16", r"U\[1, 1\] is -?(inf|nan)|pivot 1 of A is -?inf"),
        ("gauss.partial", [[1, 2], [2, 4]], "float64", r"pivot 1 of A is 0"),
        ("qr.householder", ZERO_COLUMN, "float64", r"R\[1, 1\] is 0"),
        ("qr.householder", [[60000, 1], [60000, 2], [0, 0]], "float16", r"R\[0, 0\] is -inf"),
        ("qr.householder", [[6e-8], [0], [0]], "float16", r"x\[0\] is inf"),
        ("qr.mgs", ZERO_COLUMN, "float64", r"R\[1, 1\] is 0"),
        ("qr.mgs", [[60000, 1], [60000, 2], [0, 0]], "float16", r"R\[0, 0\] is inf"),
        ("qr.cgs", ZERO_COLUMN, "float64", r"R\[1, 1\] is 0"),
        ("svd.full", np.zeros((4, 2)), "float64", r"singular value 1 is 0"),
    ],
)
def test_a_breakdown_names_the_place_and_the_number(name, A, dtype, message):
    A = np.array(A, dtype=dtype)
    with pytest.raises(Breakdown, match=rf"^({message})$"):
        solve(name, A, np.arange(1, len(A) + 1, dtype=dtype))


@by_name
def test_shapes_that_do_not_fit_are_refused_with_the_way_out(entry):
    with pytest.raises(UnderdeterminedError, match="2 rows for 3 columns"):
        entry.function(np.ones((2, 3)), np.ones(2))
    with pytest.raises(ShapeError, match=r"b\.ravel\(\)"):
        entry.function(np.eye(3), np.ones((3, 1)))


@pytest.mark.parametrize("name", ["gauss.no_pivot", "gauss.partial"])
def test_elimination_sends_rectangular_systems_to_least_squares(name):
    with pytest.raises(ShapeError, match=r"got A \(4, 2\).*qr\.householder"):
        solve(name, np.ones((4, 2)), np.ones(4))


@pytest.mark.parametrize("name", ["svd.full", "svd.truncated"])
@pytest.mark.parametrize("dtype", ["float16", np.longdouble])
def test_the_svd_refuses_formats_that_lapack_lacks(name, dtype):
    if np.dtype(dtype) == np.float64:
        pytest.skip("longdouble is float64 here")
    with pytest.raises(NotNumericError, match=r"qr\.householder"):
        solve(name, np.eye(3, dtype=dtype), np.ones(3, dtype=dtype))


@pytest.mark.parametrize("shape", [(4,), (4, 1), (4, 2)])
def test_sums_are_rounded_to_the_format_after_every_addition(shape):
    """2048 + 1 is 2048 in float16; an accumulator in float32 would find 2050."""
    terms = np.zeros(shape, dtype=np.float16)
    terms.T[..., :] = [2048, 0, 1, 1]
    assert (np.add.reduce(np.float16([2048, 0, 1, 1])) == 2050).all()
    assert (column_sums(terms) == 2048).all()
    assert column_sums(terms).dtype == np.float16


@given(st.lists(st.integers(-(2**40), 2**40), min_size=1, max_size=70))
def test_sums_lose_no_term(numbers):
    assert column_sums(np.array(numbers, dtype=object)) == sum(numbers)
    assert column_sums(np.array(numbers, dtype=float)) == float(sum(numbers))


GENERIC = [entry for entry in OURS if "object" in entry.label.scalars]


@pytest.mark.parametrize("entry", GENERIC, ids=lambda e: e.label.name)
def test_the_error_is_proportional_to_the_unit_roundoff_over_five_formats(entry):
    """One text, five formats: the worst error over 18 systems in units of u stays within a factor 30 of float64's."""
    kind = systems.kind_of(entry.label)
    asked = systems.well_conditioned(kind) * 3
    rng = np.random.default_rng(12)
    worst = {}
    for dtype in entry.label.scalars:
        errors = []
        for system in asked:
            # A common integer factor per column changes the bits and not the condition by much.
            varied = systems.ExactSystem(
                system.A * np.array([Fraction(int(k), 8) for k in rng.integers(5, 12, system.A.shape[1])]), system.b
            )
            errors.append(relative_error(solve(entry.label.name, *varied.stored(dtype)), varied.x))
        worst[dtype] = max(errors) / systems.unit_roundoff(dtype)
    assert all(worst["float64"] / 30 < error < worst["float64"] * 30 for error in worst.values()), worst


def test_householder_takes_norms_that_would_overflow_or_underflow_when_squared():
    for size in (20000.0, 2.0**-13):
        A = np.array([[size, 0], [size, size], [0, size]], dtype=np.float16)
        b = (A @ np.float16([0.25, 0.5])).astype(np.float16)
        with np.errstate(over="ignore", under="ignore"):
            assert not 0 < np.float16(size) * np.float16(size) < np.inf
        assert np.abs(solve("qr.householder", A, b) - [0.25, 0.5]).max() <= 4 * 2.0**-11 * 0.5


def test_householder_is_safe_for_columns_with_norms_up_to_a_quarter_of_overflow():
    rng = np.random.default_rng(6)
    for _ in range(200):
        system = rng.normal(size=(5, 4))
        system *= 65504 / 4.01 / np.linalg.norm(system, axis=0)
        system = system.astype(np.float16)
        assert np.isfinite(solve("qr.householder", system[:, :3], system[:, 3])).all()


def test_elimination_reports_the_growth_of_wilkinsons_matrix():
    n = 20
    A = np.eye(n) - np.tril(np.ones((n, n)), -1)
    A[:, -1] = 1
    assert solvers.get("gauss.partial")(A, np.ones(n)).growth == 2.0 ** (n - 1)


def test_a_small_pivot_grows_and_loses_the_digits_that_partial_pivoting_keeps():
    A, b = np.array([[1e-12, 1.0], [1.0, 1.0]]), np.array([1.0, 2.0])
    naive, pivoted = solvers.get("gauss.no_pivot")(A, b), solvers.get("gauss.partial")(A, b)
    truth = systems.ExactSystem.of(A, b).x
    assert naive.growth == pytest.approx(1e12, rel=1e-3)
    assert pivoted.growth == 1
    assert 1e-6 < relative_error(naive.x, truth) < 1e-3
    assert relative_error(pivoted.x, truth) < 4e-16


def test_gram_schmidt_loses_orthogonality_as_cond_and_classically_as_its_square():
    """Both factors measured on powers of [1, 2], cond 10**2 to 10**5."""
    for n in (3, 4, 5):
        A = np.vander(np.linspace(1, 2, 40), n, increasing=True)
        cond, u = np.linalg.cond(A), 2.0**-53
        drift = {}
        for name in ("qr.mgs", "qr.cgs"):
            Q = solvers.get(name)(A, np.ones(40)).Q
            drift[name] = np.linalg.norm(Q.T @ Q - np.eye(n), 2)
        assert 1e-3 < drift["qr.mgs"] / (u * cond) < 3
        assert 1e-5 < drift["qr.cgs"] / (u * cond**2) < 30
    assert drift["qr.cgs"] > 10 * drift["qr.mgs"]


@pytest.mark.parametrize(("rcond", "rank"), [(None, 3), (0.0, 4), (1e-3, 2), (0.5, 1)])
def test_the_truncated_svd_drops_what_its_rcond_says(rcond, rank):
    A = np.diag([1.0, 1e-2, 1e-4, 1e-17])
    fit = solvers.get("svd.truncated")(np.vstack([A, np.zeros((2, 4))]), np.r_[np.diag(A), 0, 0], rcond)
    assert fit.rank == rank
    assert np.array_equal(np.round(fit.x, 12), [1.0] * rank + [0.0] * (4 - rank))


def test_the_inverse_ruins_the_residual_that_cholesky_keeps():
    rng = np.random.default_rng(2)
    U, V = np.linalg.qr(rng.normal(size=(50, 5)))[0], np.linalg.qr(rng.normal(size=(5, 5)))[0]
    A = (U * np.logspace(0, -6, 5)) @ V.T
    b = A @ rng.normal(size=5)
    gradient = {
        name: np.linalg.norm(A.T @ (b - A @ solve(name, A, b))) for name in ("normal.inverse", "normal.cholesky")
    }
    assert gradient["normal.inverse"] > 100 * gradient["normal.cholesky"]


def test_library_routes_report_what_the_library_reports():
    rng = np.random.default_rng(4)
    x = rng.normal(size=30)
    y = 1 + 2 * x + 0.1 * rng.normal(size=30)
    A = np.column_stack([np.ones(30), x])
    line = libraries.get("scipy.linregress")(x, y)
    r = y - A @ line.x
    se = np.sqrt(np.diag(np.linalg.inv(A.T @ A)) * (r @ r) / 28)
    assert line.standard_errors == pytest.approx(se, rel=1e-10)
    assert line.r_squared == pytest.approx(1 - (r @ r) / ((y - y.mean()) @ (y - y.mean())), rel=1e-12)
    assert libraries.get("scipy.lsqr")(A, y).iterations in range(1, 5)
    for name in ("numpy.lstsq", "scipy.lstsq_gelsd", "scipy.lstsq_gelsy", "scipy.lstsq_gelss"):
        assert libraries.get(name)(A, y).rank == 2


def test_polynomial_coefficients_keep_their_number_when_the_leading_ones_vanish():
    x = np.arange(6.0)
    for name in ("numpy.polyfit", "numpy.Polynomial"):
        assert libraries.get(name)(x, np.zeros(6), 3).shape == (4,)
