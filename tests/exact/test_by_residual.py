"""Correct rounding by residuals: what is certified is right, and where nothing is proven there is no certificate."""

from dataclasses import replace
from math import inf, nan, nextafter

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from test_enclosure import spread, with_residual

from exact_fit import flint_solution
from stabilitylab.exact import least_squares
from stabilitylab.exact.float64 import by_residual
from stabilitylab.exact.float64.by_residual import solved_by_residual
from stabilitylab.exact.least_squares import lstsq
from stabilitylab.exact.proof.checker import check
from wild import FEWER, doubles, matrices


def wrong(certificate, A, b):
    """What is wrong with a certificate: "nearest", "radius", or what the checker says."""
    x = flint_solution(A, b)
    found = {"nearest"} if list(certificate.nearest) != doubles(x) else set()
    pairs = zip(certificate.x, x, certificate.radius, strict=True)
    found |= {"radius" for middle, v, radius in pairs if abs(middle - v) > radius}
    checked = check(certificate, A, b)
    return found if checked else found | {checked.reason}


def is_certified(A, b):
    """Whether there is a certificate; it is right when there is one."""
    certificate = solved_by_residual(A, b)
    assert certificate is None or wrong(certificate, A, b) == set()
    return certificate is not None


# --- what is promised


@pytest.mark.parametrize("k", range(14))
@pytest.mark.parametrize(("m", "n"), [(1, 1), (50, 1), (3, 3), (7, 5), (16, 12), (60, 6), (250, 5)])
def test_every_digit_is_proven_while_the_condition_number_allows_it(m, n, k):
    A = spread(m, n, 10.0**k if n > 1 else 1.0, m + 100 * k)
    for size in (0.0, 1e-9, 1.0, 1e6) if m > n else (0.0,):
        certified = is_certified(A, with_residual(A, size))
        # Proven by A'A, or for matrices nearly square by A X; tall ones of few columns are tried up to 1e3.
        assert certified or k >= (11 if m < 8 * n else 5 if m < 16 * n else 4)


@pytest.mark.parametrize(("m", "n", "cond"), [(40, 40, 1e3), (60, 40, 1e8), (2500, 3, 1e4), (4100, 2, 1e2)])
def test_larger_problems_in_several_blocks(m, n, cond):
    A = spread(m, n, cond)
    assert is_certified(A, with_residual(A, 1e-3 if m > n else 0.0))


def powers_of_ten(low, high, shape):
    return 10.0 ** np.random.default_rng(1).integers(low, high + 1, shape)


def with_entries_that_scaling_loses(A, b):
    return A * np.where(np.arange(A.shape[1]) == 0, np.where(np.arange(len(A)) % 2, 1e200, 1e-120)[:, None], 1), b


CHANGES = {
    "columns": lambda A, b: (A * 10.0 ** np.linspace(-140, 140, A.shape[1]), b),
    "entries": lambda A, b: (A * powers_of_ten(-20, 20, A.shape), b),
    "rows": lambda A, b: (A * powers_of_ten(-3, 0, (len(A), 1)), b),
    "integers": lambda A, b: (np.rint(50 * A / np.abs(A).max()), np.rint(50 * b)),
    "float32": lambda A, b: (A.astype(np.float32).astype(float), b),
    "column order": lambda A, b: (np.asfortranarray(A), b),
    "views": lambda A, b: (A[::-1, ::-1], b[::-1]),
    "lost": with_entries_that_scaling_loses,
    "b huge": lambda A, b: (A, b * 1e290),
    "b tiny": lambda A, b: (A, b * 1e-280),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("m", "n"), [(9, 9), (20, 4), (90, 6)])
def test_scales_kinds_and_layouts(m, n, change):
    certified = []
    for seed in range(4):
        A = spread(m, n, 1e2, seed)
        certified.append(is_certified(*CHANGES[change](A, with_residual(A, 0.1 if m > n else 0.0))))
    # A square matrix whose entries are of 40 magnitudes is too badly conditioned.
    assert sum(certified) >= 3 or (m == n and change in ("entries", "lost"))


@FEWER
@given(matrices(rows=(1, 9), n=(1, 3)))
def test_whatever_comes_it_is_right_or_not_certified(pair):
    assume(len(pair[0]) >= len(pair[0].T))
    is_certified(*pair)


@FEWER
@given(st.integers(0, 2**32 - 1), st.integers(0, 6))
def test_nearly_dependent_columns_are_right_or_not_certified(seed, bits):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((14, 4))
    A[:, 3] = A[:, :3] @ rng.integers(-2, 3, 3) + np.ldexp(rng.standard_normal(14), -8 * bits)
    assert is_certified(A, rng.standard_normal(14)) or bits >= 4


@pytest.mark.parametrize("seed", range(12))
def test_the_answers_are_those_of_the_exact_gram_matrix(seed, monkeypatch):
    n = 31 + seed * 29 // 11
    m = n + (0, 7, 40, 300, 700)[seed % 5]
    A = spread(m, n, 10.0 ** (seed % 6), seed) * 10.0 ** np.random.default_rng(seed).integers(-30, 30, n)
    b = np.random.default_rng(seed).standard_normal(m)
    assert least_squares.worth_a_try(m, n)
    fit = lstsq(A, b)
    assert fit.certificate.route == by_residual.ROUTE
    monkeypatch.setattr(least_squares, "worth_a_try", lambda m, n: False)
    other = lstsq(A, b)
    assert other.certificate.route != by_residual.ROUTE
    assert fit.x.tolist() == other.x.tolist()
    pairs = zip(fit.certificate.x, fit.certificate.radius, other.certificate.x, other.certificate.radius, strict=True)
    assert all(abs(x - y) <= r + s for x, r, y, s in pairs)


@pytest.mark.parametrize(
    ("m", "n", "cond", "steps"),
    [
        (90, 6, 1e2, ["alpha_from_gram"]),
        (20, 6, 1e2, ["alpha_from_gram"]),
        (20, 6, 1e7, ["alpha_from_gram", "alpha_from_product"]),
        (20, 6, 1e10, ["triangle", "alpha_from_product"]),
        (24, 20, 1e13, ["triangle", "alpha_from_product", "alpha_from_sliced_product"]),
    ],
)
def test_the_cheapest_factor_that_serves_is_taken(m, n, cond, steps, monkeypatch):
    calls = []
    for name in ("alpha_from_gram", "triangle", "alpha_from_product", "alpha_from_sliced_product"):
        honest = getattr(by_residual, name)
        monkeypatch.setattr(by_residual, name, lambda *a, f=honest, n=name: calls.append(n) or f(*a))
    A = spread(m, n, cond)
    assert is_certified(A, with_residual(A, 1e-6))
    assert calls[-len(steps) :] == steps


# --- where nothing is proven there is no certificate, and no exception


ORDINARY = np.random.default_rng(5).standard_normal((30, 4))


def changed(A, place, value):
    A = A.copy()
    A[place] = value
    return A


UNPROVEN = {
    "NaN in A": (changed(ORDINARY, (3, 1), nan), np.ones(30)),
    "NaN in b": (ORDINARY, changed(np.ones(30), 4, nan)),
    "infinity in A": (changed(ORDINARY, (3, 1), inf), np.ones(30)),
    "infinity in b": (ORDINARY, changed(np.ones(30), 4, -inf)),
    "infinities in b": (ORDINARY, changed(changed(np.ones(30), 4, inf), 5, -inf)),
    "a column of zeros": (changed(ORDINARY, (slice(None), 2), 0.0), np.ones(30)),
    "only zeros": (0 * ORDINARY, np.ones(30)),
    "a column twice": (changed(ORDINARY, (slice(None), 2), ORDINARY[:, 1]), np.ones(30)),
    "a column twice, square": (np.ones((2, 2)), np.ones(2)),
    "a multiple of a column": (changed(ORDINARY, (slice(None), 2), 3 * ORDINARY[:, 1]), np.ones(30)),
    "b = 0": (ORDINARY, np.zeros(30)),
    "a zero in x": (np.eye(4)[:, :3], np.array([1.0, 0.0, 2.0, 5.0])),
    "a zero in x, full": (np.rint(ORDINARY * 9), np.rint(ORDINARY * 9) @ [1.0, 0.0, -2.0, 3.0]),
    "a tie": (np.ones((2, 1)), np.array([1.0, nextafter(1, 2)])),
    "overflow": (ORDINARY * 1e-300, np.ones(30) * 1e300),
    "underflow to a subnormal": (ORDINARY * 1e300, np.ones(30) * 1e-15),
    "underflow to 0": (ORDINARY * 1e300, np.ones(30) * 1e-300),
    "condition number 1e17": (spread(30, 5, 1e17), np.ones(30)),
}


@pytest.mark.parametrize("name", UNPROVEN)
def test_what_cannot_be_proven_gets_no_certificate(name):
    assert solved_by_residual(*UNPROVEN[name]) is None


@pytest.mark.parametrize(("m", "n"), [(1, 1), (2, 2), (40, 2), (35, 35)])
@pytest.mark.parametrize("value", [nan, inf, -inf, 1e308, 5e-324, 0.0])
def test_odd_numbers_anywhere_raise_nothing(m, n, value):
    rng = np.random.default_rng(m)
    for A, b in [
        (rng.standard_normal((m, n)), np.full(m, value)),
        (np.full((m, n), value), rng.standard_normal(m)),
        (changed(rng.standard_normal((m, n)), (0, 0), value), changed(rng.standard_normal(m), 0, value)),
    ]:
        certificate = solved_by_residual(A, b)
        assert certificate is None or (np.isfinite(value) and wrong(certificate, A, b) == set())


# --- planted faults


def found_out():
    """What is wrong with the certificates of some problems."""
    found = set()
    for m, n, cond, size in [(60, 5, 1e4, 1.0), (60, 5, 1e5, 1e-6), (12, 6, 1e9, 1e-3), (24, 20, 1e13, 0.0)]:
        for seed in range(2):
            A = spread(m, n, cond, seed)
            b = with_residual(A, size)
            certificate = solved_by_residual(A, b)
            if certificate is not None:
                found |= wrong(certificate, A, b)
    return " ".join(found)


def test_a_radius_that_is_too_small_is_noticed(monkeypatch):
    honest = by_residual._certificate
    assert found_out() == ""

    def narrowed(data, X, high, low, radius, alpha):
        return honest(data, X, high, low, radius * 2.0**-10, alpha)

    monkeypatch.setattr(by_residual, "_certificate", narrowed)
    assert "radius" in found_out()


@pytest.mark.parametrize("name", ["alpha_from_gram", "alpha_from_product", "alpha_from_sliced_product"])
def test_an_alpha_that_is_too_small_is_noticed(name, monkeypatch):
    honest = getattr(by_residual, name)

    def understated(data, X):
        found = honest(data, X)
        return (found[0] * 2.0**-16, found[1]) if isinstance(found, tuple) else found * 2.0**-16

    monkeypatch.setattr(by_residual, name, understated)
    assert "alpha is" in found_out()


def test_a_rounding_that_is_not_decided_is_noticed(monkeypatch):
    monkeypatch.setattr(by_residual, "_decided", lambda *_: True)
    assert "nearest" in found_out()


def test_a_gradient_that_is_coarser_than_it_says_is_noticed(monkeypatch):
    honest = by_residual.fine_gradient

    def coarse(A, b, x, *rest):
        return honest(A, b, (x[0], x[1] + x[0] * 2.0**-70), *rest)

    monkeypatch.setattr(by_residual, "fine_gradient", coarse)
    assert "radius" in found_out()


def test_bounds_on_the_gradient_that_are_left_out_are_noticed(monkeypatch):
    honest = by_residual.fine_gradient
    monkeypatch.setattr(
        by_residual, "fine_gradient", lambda *a: replace(honest(*a), error=np.zeros(len(a[3])), eps=0.0)
    )
    assert "radius" in found_out()


def test_tall_data_of_few_digits_go_by_the_exact_gram_matrix():
    rng = np.random.default_rng(7)
    n = by_residual.SMALLEST
    A = rng.standard_normal((by_residual.TALL * n, n))
    b = A.sum(axis=1) + rng.standard_normal(len(A))
    assert lstsq(A, b).certificate.route == by_residual.ROUTE
    for few in (np.rint(9 * A) / 8, (A > 0) * 1.0):
        assert lstsq(few, b).certificate.route.startswith("exact Gram matrix")
        assert lstsq(few[: 8 * n], b[: 8 * n]).certificate.route == by_residual.ROUTE
