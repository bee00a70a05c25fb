"""Ridge regression: coefficients and residual sums of squares against fractions, units of every kind, refusals."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge as Peer

from exact_fit import fractions
from routes import take
from stabilitylab import GramAccumulator, check, lstsq
from stabilitylab.core.errors import (
    ComplexError,
    InputError,
    NotFiniteError,
    NotNumericError,
    OutOfRangeError,
    RankDeficientError,
    ShapeError,
)
from stabilitylab.exact import ridge
from stabilitylab.exact.solve.enclosed import EnclosedSolution
from wild import FEWER, doubles, matrices

RNG = np.random.default_rng(61)
A, B = RNG.standard_normal((12, 3)), RNG.standard_normal(12)


def solution(left, right, penalties, weights=None):
    """x and |b - A x|² (weighted), in fractions."""
    E, f = fractions(left), fractions(right)
    w = np.array([Fraction(1)] * len(f) if weights is None else [Fraction(v) for v in weights], dtype=object)
    n = E.shape[1]
    G = E.T @ (w[:, None] * E) + np.diag([Fraction(v) for v in penalties])
    flat = lambda values: [fmpq(v.numerator, v.denominator) for v in np.ravel(values)]  # noqa: E731
    found = fmpq_mat(n, n, flat(G + Fraction(0))).solve(fmpq_mat(n, 1, flat(E.T @ (w * f))))
    x = np.array([Fraction(int(v.p), int(v.q)) for v in found.entries()], dtype=object)
    r = f - E @ x
    return x, (w * r * r).sum(), r


PENALTIES = {
    "one float": (0.1, [Fraction(0.1)] * 3),
    "a decimal": ("0.1", [Fraction(1, 10)] * 3),
    "a third": (Fraction(1, 3), [Fraction(1, 3)] * 3),
    "a square's inverse": (Fraction(1, 49), [Fraction(1, 49)] * 3),
    "an integer": (7, [Fraction(7)] * 3),
    "each its own": ([0, "2.5", 1e-3], [Fraction(0), Fraction(5, 2), Fraction(1e-3)]),
    "decimals": ([Decimal("0.3"), Decimal("1e-30"), Decimal("1e20")], [Fraction(3, 10), Fraction(1, 10**30), 10**20]),
    "far apart": ([1e-300, 1e300, 1.0], [Fraction(1e-300), Fraction(1e300), Fraction(1)]),
    "an array": (np.array([1, 2, 3]), [1, 2, 3]),
}


@pytest.mark.parametrize("name", PENALTIES)
def test_coefficients_and_sums_are_the_nearest_doubles(name):
    given_as, exact = PENALTIES[name]
    fit = lstsq(A, B, ridge=given_as)
    x, rss, r = solution(A, B, exact)
    assert fit.ridge.penalties == tuple(exact)
    assert fit.x.tolist() == doubles(x)
    assert fit.rss == doubles([rss])[0]
    assert fit.residuals.tolist() == doubles(r)
    assert fit.fitted_values.tolist() == doubles(fractions(B) - r)
    assert fit.predict(A[:2] * 3).tolist() == doubles(fractions(A[:2] * 3) @ x)
    assert fit.r_squared == doubles([1 - rss / sum(v * v for v in fractions(B))])[0]
    assert check(fit.certificate, A, B, ridge=given_as)


@FEWER
@given(matrices(rows=(1, 6)), st.sampled_from([2.0**-1074, 1e-300, 1e-3, 1.0, 1e300]), st.booleans())
def test_floats_of_every_kind_and_fewer_rows_than_columns(data, penalty, weighted):
    left, right = data
    weights = [Fraction(k % 3, 7) for k in range(1, len(left) + 1)] if weighted else None
    try:
        fit = lstsq(left, right, ridge=penalty, weights=weights)
        x, rss, _ = solution(left, right, [penalty] * left.shape[1], weights)
        assert fit.x.tolist() == doubles(x)
        assert fit.rss == doubles([rss])[0]
    except OutOfRangeError:
        return


def test_the_intercept_has_no_penalty_unless_asked_for():
    ones = np.column_stack([np.ones(12), A])
    fit = lstsq(A, B, ridge=2, intercept=True)
    x, rss, _ = solution(ones, B, [0, 2, 2, 2])
    mean = sum(fractions(B)) / 12
    assert fit.x.tolist() == doubles(x)
    assert fit.r_squared == doubles([1 - rss / sum((v - mean) ** 2 for v in fractions(B))])[0]
    peer = Peer(alpha=2.0).fit(A, B)
    assert np.allclose(fit.x, [peer.intercept_, *peer.coef_], rtol=1e-12)
    fit = lstsq(A, B, ridge=2, intercept=True, penalize_intercept=True)
    assert fit.x.tolist() == doubles(solution(ones, B, [2] * 4)[0])
    fit = lstsq(A, B, ridge=[1, 2, 3], intercept=True)
    assert fit.x.tolist() == doubles(solution(ones, B, [0, 1, 2, 3])[0])
    assert fit.predict(A).tolist() == fit.fitted_values.tolist()


def test_r_squared_is_below_0_where_the_fit_does_worse_than_the_mean():
    b = 100 + B
    fit = lstsq(A, b, ridge=1000, intercept=True, penalize_intercept=True)
    _, rss, _ = solution(np.column_stack([np.ones(12), A]), b, [1000] * 4)
    mean = sum(fractions(b)) / 12
    assert fit.r_squared == doubles([1 - rss / sum((v - mean) ** 2 for v in fractions(b))])[0] < 0


def test_decimals_integers_and_weights():
    left = [[f"{v:.2f}" for v in row] for row in A.tolist()]
    right = [f"{v:.1f}" for v in B.tolist()]
    weights = [Fraction(k, 3) for k in range(12)]
    fit = lstsq(left, right, ridge="0.7", weights=weights)
    exact = [[Fraction(v) for v in row] for row in left], [Fraction(v) for v in right]
    x, rss, _ = solution(*exact, [Fraction(7, 10)] * 3, weights)
    assert fit.x.tolist() == doubles(x)
    assert fit.rss == doubles([rss])[0]
    whole = np.array([[2**61, 3], [-5, 2**60], [7, 7]])
    assert lstsq(whole, [1, 2, 3], ridge=3).x.tolist() == doubles(solution(whole.astype(object), [1, 2, 3], [3, 3])[0])


@pytest.mark.parametrize("route", ["balls", "factor", "rational"])
def test_every_route_and_its_certificate(route, monkeypatch):
    take(route, monkeypatch)
    fit = lstsq(A, B, ridge=0.3)
    x, rss, _ = solution(A, B, [0.3] * 3)
    assert fit.x.tolist() == doubles(x)
    assert fit.rss == doubles([rss])[0]
    assert check(fit.certificate, A, B, ridge=0.3)
    assert check(fit.certificate, A, B, ridge=[0.3] * 3)
    assert not check(fit.certificate, A, B)
    assert not check(fit.certificate, A, B, ridge="0.3")
    assert not check(replace(fit.certificate, rank=2), A, B, ridge=0.3)


def test_many_more_columns_than_rows():
    left, right = RNG.standard_normal((9, 80)), RNG.standard_normal(9)
    fit = lstsq(left, right, ridge=1.0)
    # By the dual: x = A'(A A' + I)^-1 b.
    E, f = fractions(left), fractions(right)
    flat = lambda values: [fmpq(v.numerator, v.denominator) for v in np.ravel(values)]  # noqa: E731
    K = fmpq_mat(9, 80, flat(E))
    dual = (K * K.transpose() + fmpq_mat(9, 9, flat(np.eye(9, dtype=int) + Fraction(0)))).solve(fmpq_mat(9, 1, flat(f)))
    assert fit.x.tolist() == doubles([Fraction(int(v.p), int(v.q)) for v in (K.transpose() * dual).entries()])


def test_sums_without_rows():
    acc = GramAccumulator(3).add(A[:5], B[:5]).add(A[5:], B[5:])
    fit = acc.solve(ridge=[0.1, 0, 1])
    assert fit.x.tolist() == lstsq(A, B, ridge=[0.1, 0, 1]).x.tolist()
    assert fit.rss == lstsq(A, B, ridge=[0.1, 0, 1]).rss
    assert GramAccumulator(3).add(A[:1], B[:1]).solve(ridge=1).x.tolist() == lstsq(A[:1], B[:1], ridge=1).x.tolist()
    assert acc.solve(ridge=0).x.tolist() == acc.solve().x.tolist()


def test_no_penalty_is_the_ordinary_fit():
    fit = lstsq(A, B, ridge=0)
    assert fit.ridge is None
    assert fit.x.tolist() == lstsq(A, B).x.tolist()
    assert fit.standard_errors is not None


def test_what_is_said_of_unbiased_coefficients_only_is_none():
    fit = lstsq(A, B, ridge=1, intercept=True)
    for name in ("standard_errors", "t_statistics", "f_statistic", "leverage", "cooks_distance", "supported_digits"):
        assert getattr(fit, name) is None
    assert fit.residual_standard_deviation is None
    assert fit.why_no_standard_errors.startswith("the penalty moves the coefficients")
    assert fit.undetermined == ""
    with pytest.raises(InputError, match=r"the penalty moves.*without ridge.*predict without an interval"):
        fit.predict(A, interval="confidence")
    assert repr(fit.ridge) == "Ridge: penalties 0, 1"


def test_nothing_to_fit_and_square_systems():
    nothing = lstsq(A, np.zeros(12), ridge=1)
    assert nothing.x.tolist() == [0.0] * 3
    assert (nothing.rss, nothing.r_squared) == (0.0, None)
    square = lstsq(A[:3], B[:3], ridge=1)
    assert square.residuals.tolist() == doubles(solution(A[:3], B[:3], [1] * 3)[2])
    assert all(square.residuals)


# --- refusals


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"ridge": -1}, OutOfRangeError, r"the penalty is -1: ridge must be 0 or more"),
        ({"ridge": [1, -2, 0]}, OutOfRangeError, "the penalty of a1 is -2"),
        ({"ridge": float("nan")}, NotFiniteError, "ridge"),
        ({"ridge": "much"}, NotNumericError, "ridge"),
        ({"ridge": 1j}, ComplexError, "ridge|complex"),
        ({"ridge": True}, InputError, "ridge is the penalty, a number of 0 or more; got True"),
        ({"ridge": [1, 2]}, InputError, r"one for each of 3 coefficients; got shape \(2,\)"),
        ({"ridge": [1, 2], "intercept": True}, InputError, "3 coefficients, the intercept left out"),
        ({"ridge": [[1, 2, 3]]}, InputError, r"got shape \(1, 3\)"),
        ({"ridge": 1, "policy": "minimum-norm"}, InputError, "not for both"),
        ({"penalize_intercept": True}, InputError, "penalize_intercept is about a penalty"),
        ({"ridge": 1, "penalize_intercept": True}, InputError, "that intercept=True puts in front"),
    ],
)
def test_what_is_no_penalty_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        lstsq(A, B, **options)


def test_columns_without_a_penalty_must_be_independent():
    left = np.column_stack([A, A[:, 0]])
    assert lstsq(left, B, ridge=[0, 1, 1, 1]).x.tolist() == doubles(solution(left, B, [0, 1, 1, 1])[0])
    with pytest.raises(RankDeficientError, match=r"z depends on other columns .* Give u and z a penalty above 0"):
        lstsq(left, B, ridge=[0, 1, 1, 0], names=["u", "v", "w", "z"])
    with pytest.raises(RankDeficientError, match="infinitely many x"):
        lstsq(A[:1], B[:1], ridge=[0, 0, 1])


def test_a_checker_refuses_what_is_no_penalty():
    certificate = lstsq(A, B, ridge=1).certificate
    with pytest.raises(OutOfRangeError, match="0 or more"):
        check(certificate, A, B, ridge=-1)
    with pytest.raises(ShapeError, match="one number or 3"):
        check(certificate, A, B, ridge=[1, 2])


# --- planted faults


def test_a_penalty_in_the_wrong_units_is_noticed(monkeypatch):
    honest = ridge.penalised
    wrong = lambda sums, found: honest(sums, [v / unit for v, unit in zip(found, sums.units, strict=False)])  # noqa: E731
    monkeypatch.setattr("stabilitylab.exact.fitted.penalised", wrong)
    fit = lstsq(A, B, ridge=1.0)
    assert fit.x.tolist() != doubles(solution(A, B, [1.0] * 3)[0])
    assert not check(fit.certificate, A, B, ridge=1.0)


@pytest.mark.parametrize("spread", [2**-20, 2**-4])
def test_the_residual_sum_is_enclosed_for_every_solution_within_the_radii(spread):
    """For middles that are wrong by all of the radii: g'e counts, for A'(b - A x) is not 0 with a penalty."""
    fit = lstsq(A, B, ridge=1.0)
    normal = fit.system
    exact = fit.evidence.solved(None)
    D = exact.denominator
    radius = tuple(max(1, int(abs(v) * spread)) for v in exact.middle)
    truth = solution(A, B, [1.0] * 3)[1]
    for signs in ((1, 1, 1), (-1, 1, -1), (1, -1, -1), (-1, -1, -1)):
        moved = tuple(v + s * r for v, s, r in zip(exact.middle, signs, radius, strict=True))
        enclosed = fit.evidence._rss_from(EnclosedSolution(moved, radius, D, "made up"), 20)
        assert Fraction(enclosed.low, enclosed.over) <= truth <= Fraction(enclosed.high, enclosed.over)
        narrow = fit.evidence._rss_from(EnclosedSolution(moved, tuple(r // 4096 for r in radius), D, "made up"), 20)
        assert not Fraction(narrow.low, narrow.over) <= truth <= Fraction(narrow.high, narrow.over)
    assert normal is not fit.ridge.sums
