"""The checker of certificates accepts what is true, and what it accepts is true."""

import dataclasses
from decimal import Decimal
from fractions import Fraction
from math import inf, nan, nextafter

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exact_fit import flint_solution, fractions
from made_certificates import (
    DEFICIENT,
    FULL,
    LEAST_NORM,
    TEXT,
    TEXT_B,
    TIED,
    TIED_B,
    A,
    B,
    by_hand,
    defect,
    in_rationals,
    least_norm,
    put,
    replaced,
    staged,
    with_entry,
)
from stabilitylab.conformance.rational import least_squares, reduced
from stabilitylab.core import errors
from stabilitylab.exact.least_squares import lstsq
from stabilitylab.exact.proof.checker import Checked, check
from stabilitylab.exact.solve import balls

# --- it accepts what is true


@pytest.mark.parametrize("name", FULL)
def test_a_true_certificate_passes_and_says_what_proved_it(name):
    checked = check(FULL[name], A, B)
    assert checked
    assert checked == Checked(True, checked.reason)
    how = "an inverse factor" if "factor" in name else "exact elimination"
    assert checked.reason == f"rank 3 and 3 coefficients are proven by {how}"


def test_a_solution_of_least_norm_passes_whatever_the_shape():
    assert check(LEAST_NORM, DEFICIENT, B)
    assert check(least_norm(DEFICIENT.T, B[:4]), DEFICIENT.T, B[:4])
    # Pivots are off the diagonal after a column of zeros.
    zero_first = np.column_stack([0 * B, DEFICIENT])
    assert check(least_norm(zero_first, B), zero_first, B)
    assert check(in_rationals([0, 0], rank=0), np.zeros((3, 2)), B[:3])


def test_more_unknowns_than_balls_serve_pass_with_the_factor_of_the_engine():
    rng = np.random.default_rng(5)
    n = balls.LARGEST + 1
    wide, b = rng.standard_normal((n + 3, n)), rng.standard_normal(n + 3)
    certificate = lstsq(wide, b).certificate
    assert certificate.factor is not None
    assert check(certificate, wide, b)
    assert not check(replaced(certificate, spread=(0,) * n), wide, b)


def test_an_ill_conditioned_problem_passes_whose_factor_has_many_planes():
    V = np.vander(np.linspace(0.5, 1.0, 16), 12)
    b = np.sin(np.arange(16.0))
    certificate = staged(V, b)
    assert len(certificate.factor.planes) > 4
    assert check(certificate, V, b)


def test_columns_in_units_of_their_own_pass_with_the_units_in_the_factor():
    certificate = staged(TEXT, TEXT_B)
    assert any(unit.numerator % 125 == 0 for unit in certificate.factor.row_units)
    assert check(certificate, TEXT, TEXT_B)


def test_an_intercept_is_a_column_of_ones_in_front():
    certificate = lstsq(A[:, 1:], B, intercept=True).certificate
    assert check(certificate, A, B)
    assert not check(certificate, A[:, 1:], B)


@pytest.mark.parametrize("kind", [str, Decimal, Fraction])
@pytest.mark.parametrize("array", [list, lambda v: np.array(v, dtype=object)])
def test_decimals_are_exact_and_floats_are_what_they_store(kind, array):
    certificate = lstsq(TEXT, TEXT_B).certificate
    assert check(certificate, array([[*map(kind, row)] for row in TEXT]), array([*map(kind, TEXT_B)]))
    assert not check(certificate, TEXT.astype(float), TEXT_B.astype(float))


def test_integers_beyond_float64_and_mixed_rows_are_exact():
    rows, right = [[2**60 + 1, 0.5], [3, "0.1"], [np.int64(2**62), True]], [1, 2**64 + 1, np.float32(0.1)]
    exact = [[Fraction(2**60 + 1), Fraction(1, 2)], [Fraction(3), Fraction(1, 10)], [Fraction(2**62), Fraction(1)]]
    b = [Fraction(1), Fraction(2**64 + 1), Fraction(float(np.float32(0.1)))]
    assert check(in_rationals(flint_solution(np.array(exact), np.array(b))), rows, right)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble])
def test_every_float_format_is_exact(dtype):
    M, b = A.astype(dtype) / dtype(3), B.astype(dtype) / dtype(3)
    E, f = ([[Fraction(*v.as_integer_ratio()) for v in row] for row in rows] for rows in (M, b[None]))
    assert check(in_rationals(flint_solution(np.array(E), np.array(f[0]))), M, b)


# --- ties, zeros and the ends of the range


def test_a_tie_goes_to_the_even_double_and_a_zero_is_zero():
    # X = I/2 + 2**-20, so that x is not exact and the interval holds two candidates.
    certificate = by_hand(TIED, TIED_B, np.eye(2) / 2 + 2.0**-20)
    wide = replaced(certificate, spread=tuple(v + 1 for v in certificate.spread))
    assert wide.x[0] - wide.radius[0] < 1 + Fraction(1, 2**53) < wide.x[0] + wide.radius[0]
    assert wide.nearest == (1.0, 0.0)
    assert check(wide, TIED, TIED_B)
    for nearest in ((1 + 2.0**-52, 0.0), (1.0, 5e-324), (1.0, -0.0)):
        checked = check(replaced(wide, nearest=nearest), TIED, TIED_B)
        assert not checked
        assert "nearest[" in checked.reason


def test_a_coefficient_that_underflows_keeps_its_sign_and_one_that_overflows_has_no_double():
    tiny, huge = in_rationals([Fraction(-1, 10**400)]), dataclasses.replace(in_rationals([1]), middle=(10**400,))
    assert check(tiny, [[10**200]], [Fraction(-1, 10**200)])
    assert not check(replaced(tiny, nearest=(0.0,)), [[10**200]], [Fraction(-1, 10**200)])
    for value in (inf, 1.7976931348623157e308):
        checked = check(replaced(huge, nearest=(value,)), [[1]], [10**400])
        assert not checked
        assert "above every double" in checked.reason


def test_a_radius_wider_than_the_range_of_float64_is_decided_by_the_solution():
    certificate = replaced(FULL["by hand, exact"], spread=(10**800,) * 3)
    assert check(certificate, A, B)


# --- A and b that are no data


@pytest.mark.parametrize(
    ("left", "right", "error", "says"),
    [
        ([], [], errors.EmptyError, "at least one row"),
        (np.zeros((0, 3)), [], errors.EmptyError, "at least one row"),
        (B, B, errors.ShapeError, "A must have shape"),
        ([[1, 2], [3]], [1, 2], errors.ShapeError, "A must have shape"),
        ([[[1, 2], [3, 4]], [[1, 2]]], [1, 2], errors.ShapeError, "A "),
        (A, B[:-1], errors.ShapeError, r"b must have shape \(5,\)"),
        (A, B[None], errors.ShapeError, r"pass np.ravel\(b\)"),
        (A, 1.0, errors.ShapeError, "b must have shape"),
        (A, [*B[:-1], nan], errors.NotFiniteError, r"b\[4\] is nan"),
        (with_entry(A, (1, 2), lambda v: inf), B, errors.NotFiniteError, r"A\[1, 2\] is inf"),
        ([[Decimal("NaN")]], [1], errors.NotFiniteError, r"A\[0, 0\]"),
        (np.ma.masked_values(A, 0.25), B, errors.NotFiniteError, "masked"),
        (A + 0j, B, errors.ComplexError, r"A\[0, 0\] is complex"),
        ([["x"]], [1], errors.NotNumericError, r"A\[0, 0\] must be a number"),
        ([["1/0"]], [1], errors.NotNumericError, r"A\[0, 0\] must be a number"),
        ([[None]], [1], errors.NotNumericError, "got None"),
        ([[1]], [object], errors.NotNumericError, r"b\[0\] must be a number"),
    ],
)  # fmt: skip
def test_data_that_are_no_regression_raise_at_the_door(left, right, error, says):
    with pytest.raises(error, match=says):
        check(FULL["by hand, exact"], left, right)


# --- what passes is true


def is_true(certificate, A, b):
    """Every claim of a full-rank certificate, by Gauss-Jordan elimination in fractions."""
    E, f = fractions(A), fractions(b)
    _, pivots = reduced((E.T @ E).tolist())
    if certificate.rank != len(pivots) or len(pivots) < E.shape[1]:
        return False
    solution = least_squares(E, f)
    pairs = zip(solution, certificate.x, certificate.radius, certificate.nearest, strict=True)
    enclosed = all(abs(s - x) <= r and float(s) == nearest for s, x, r, nearest in pairs)
    if certificate.factor is None:
        return enclosed
    X, alpha = np.array(certificate.X, dtype=object), Fraction(certificate.alpha)
    return enclosed and 0 <= alpha < 1 and defect(X, E.T @ E) <= alpha**2


@st.composite
def problems(draw):
    n = draw(st.integers(1, 3))
    m = draw(st.integers(n, n + 3))
    entries = st.integers(-9, 9).map(lambda v: v / 4)
    left = np.array(draw(st.lists(st.lists(entries, min_size=n, max_size=n), min_size=m, max_size=m)))
    assume(np.linalg.matrix_rank(left) == n)
    return left, np.array(draw(st.lists(entries, min_size=m, max_size=m)))


@given(problems(), st.booleans())
def test_certificates_of_small_problems_pass(problem, exact):
    certificate = in_rationals(flint_solution(*problem)) if exact else by_hand(*problem)
    assert is_true(certificate, *problem)
    assert check(certificate, *problem)


def nudged(draw, certificate):
    """The certificate with one number changed, by little or by much."""
    n, names = len(certificate.middle), ["middle", "spread", "denominator", "ratios", "nearest", "rank"]
    name = draw(st.sampled_from(names + ["alpha", "planes", "powers"] * (certificate.factor is not None)))
    j, by = draw(st.integers(0, n - 1)), draw(st.sampled_from([-1, 1])) << draw(st.integers(0, 320))
    if name in ("middle", "spread"):
        values = getattr(certificate, name)
        return replaced(certificate, **{name: put(values, j, values[j] + by)})
    if name == "denominator":
        return replaced(certificate, denominator=certificate.denominator + by or 1)
    if name == "ratios":
        return replaced(certificate, ratios=put(certificate.ratios, j, (1 + by, draw(st.sampled_from([1, -1, by])))))
    if name == "nearest":
        towards = draw(st.sampled_from([-inf, inf, 0.0]))
        return replaced(certificate, nearest=put(certificate.nearest, j, nextafter(certificate.nearest[j], towards)))
    if name == "rank":
        return replaced(certificate, rank=draw(st.integers(-1, n + 1)))
    factor = float(draw(st.sampled_from([0.5, 1 - 2.0**-40, 1 + 2.0**-40, -1.0])))
    if name == "alpha":
        return replaced(certificate, alpha=certificate.alpha * factor)
    if name == "planes":
        return replaced(certificate, planes=with_entry(certificate.factor.planes, (0, 0, j), lambda v: v * factor))
    return replaced(certificate, powers=with_entry(certificate.factor.powers, (0, j), lambda v: v + np.sign(by)))


@given(st.data(), problems(), st.booleans())
def test_a_certificate_with_a_changed_number_that_passes_is_true_all_the_same(data, problem, exact):
    certificate = in_rationals(flint_solution(*problem)) if exact else by_hand(*problem)
    certificate = nudged(data.draw, certificate)
    if check(certificate, *problem):
        assert is_true(certificate, *problem)
    elif certificate.factor is None:
        # Elimination decides: there is no true certificate without a factor that is refused.
        assert not is_true(certificate, *problem)
