"""The radii of an enclosure and of the last step towards a double are no smaller than their inequality says."""

from math import ceil, log2

import mpmath
import numpy as np
import pytest

from stabilitylab.exact.float64 import by_residual, enclosure
from stabilitylab.exact.float64.by_residual import SMALLEST, worth_a_try
from stabilitylab.exact.float64.enclosure import DIGITS_CAP, Enclosure
from stabilitylab.exact.float64.fine_gradient import FineGradient, _sliced_x, fine_gradient
from stabilitylab.exact.float64.preconditioner import ScaledProblem

MP = mpmath.MPContext()
MP.dps = 60
U = MP.mpf(2) ** -53
TIGHT = MP.mpf(10) ** -9


def gamma(k):
    return k * U / (1 - k * U)


def norm(values):
    return MP.norm([MP.mpf(float(v)) for v in np.ravel(values)])


def near(found, expected):
    return expected <= MP.mpf(float(found)) <= expected * (1 + TIGHT)


def problem(n):
    rng = np.random.default_rng(n)
    A = np.linalg.qr(rng.standard_normal((n + 5, n)))[0]
    return ScaledProblem.of(A, rng.standard_normal(n + 5)), np.triu(np.eye(n) + rng.standard_normal((n, n)) * 0.3), rng


# Each of the three terms by itself, and all together, where the second-order term is not small.
TERMS = [
    (0.25, 0.0, 0.0, 1.0),
    (0.25, 1.0, 0.0, 1e-9),
    (0.25, 0.0, 1.0, 1e-9),
    (0.4, 0.5, 2.0, 1.0),
    (0.0, 0.0, 0.0, 1.0),
]


@pytest.mark.parametrize(("alpha", "delta", "eps", "size"), TERMS)
@pytest.mark.parametrize("n", [1, 6])
def test_the_radius_of_an_enclosure_has_every_term_in_full(alpha, delta, eps, size, n):
    data, X, rng = problem(n)
    x, g = rng.standard_normal(n), rng.standard_normal(n) * size
    y, radius, same = enclosure._interval(data, X, x, g, alpha, delta, eps)
    assert same == alpha
    assert np.allclose(y, x + X @ g, rtol=1e-14)
    a = MP.mpf(alpha)
    length = (a / (1 - a) + gamma(n + 1)) * norm(g) + MP.mpf(delta) / (1 - a) + MP.mpf(eps) / MP.sqrt(1 - a)
    for i in range(n):
        assert near(radius[i], norm(X[i]) * length + U * abs(MP.mpf(float(y[i]))))


@pytest.mark.parametrize(("alpha", "error", "eps", "size"), TERMS)
@pytest.mark.parametrize("low", [0.0, 2.0**-60, 2.0**-3])
def test_the_radius_of_the_last_step_has_every_term_in_full(alpha, error, eps, size, low, monkeypatch):
    n = 6
    data, X, rng = problem(n)
    start, h = rng.standard_normal(n), rng.standard_normal(n) * size
    errors = rng.random(n) * error
    seen = []

    def decided(high, rest, radius):
        seen.append((high, rest, radius))
        return True

    monkeypatch.setattr(by_residual, "fine_gradient", lambda *_: FineGradient(h, errors, eps))
    monkeypatch.setattr(by_residual, "_decided", decided)
    monkeypatch.setattr(by_residual, "_certificate", lambda *_: "made")
    assert by_residual._refined(data, X, start + low, alpha) == "made"
    ((high, rest, radius),) = seen
    g = X.T @ h
    step = X @ g
    assert high + rest == pytest.approx(start + low + step, rel=1e-14)
    a = MP.mpf(alpha)
    sizes = np.abs(X).T
    coarse = norm(sizes @ errors) / (1 - a) + MP.mpf(eps) / MP.sqrt(1 - a)
    rounded = norm(sizes @ np.abs(h)) * gamma(n + 1) / (1 - a) + gamma(n + 1) * norm(g)
    left = a / (1 - a) * norm(g) + rounded
    # 4 u alpha: high + low is rounded, and a checker reads that through X^-1.
    moved = 4 * U * a * sum(MP.mpf(v) * abs(MP.mpf(w)) for v, w in zip(data.norms.tolist(), step.tolist(), strict=True))
    for i in range(n):
        expected = norm(X[i]) * (left + coarse + moved) * (1 + a) / (1 - a) + 2 * U * abs(MP.mpf(float(step[i])))
        assert near(radius[i], expected)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_radius_decides_up_to_half_the_gap_and_no_further(sign):
    high, half = np.array([1.5 * sign]), 2.0**-53
    for low, radius, decided in (
        (0.0, 0.9, True),
        (0.0, 1.1, False),
        (0.5, 0.4, True),
        (0.5, 0.6, False),
        (-0.5, 0.6, False),
    ):
        assert by_residual._decided(high, np.array([low * half]), np.array([radius * half])) is decided
    # At a power of two the gap below is half as large.
    one = np.array([1.0 * sign])
    assert not by_residual._decided(one, np.array([0.0]), np.array([0.6 * half]))
    assert by_residual._decided(one, np.array([0.5 * half * sign]), np.array([0.4 * half]))


def test_the_method_is_tried_from_a_number_of_unknowns_on():
    assert [worth_a_try(99, n) for n in (SMALLEST - 1, SMALLEST)] == [False, True]
    assert worth_a_try(40, 40)
    assert not worth_a_try(40, 41)
    assert SMALLEST == 31


def enclosed(lower, x, upper):
    return Enclosure(*(np.array([v]) for v in (x, lower, upper)), 0.1).digits[0]


def test_digits_of_an_enclosure_are_relative_to_the_end_nearer_to_zero():
    assert enclosed(1.0, 1.125, 1.25) == pytest.approx(-np.log10(0.125), abs=1e-12)
    assert enclosed(1.0, 1.0, 1.25) == pytest.approx(-np.log10(0.25), abs=1e-12)
    assert enclosed(-1.25, -1.125, -1.0) == pytest.approx(-np.log10(0.125), abs=1e-12)
    for nothing in ((0.0, 0.5, 1.0), (-1.0, -0.5, 0.0), (-1.0, 0.0, 1.0), (0.1, 1.0, 1.9)):
        assert enclosed(*nothing) == 0.0
    assert enclosed(0.0, 0.0, 0.0) == enclosed(3.0, 3.0, 3.0) == DIGITS_CAP == 53 * float(np.log10(2))


@pytest.mark.parametrize(
    ("m", "n", "slices"), [(1, 1, 2), (9, 3, 1), (9, 3, 2), (5000, 2, 1), (5000, 2, 2), (100, 70, 1)]
)
def test_the_bounds_of_the_fine_gradient_have_every_term_in_full(m, n, slices):
    """Of small integers, so that additions to the residual lose nothing; x has more bits than its slices."""
    rng = np.random.default_rng([m, n])
    A, b = rng.integers(-500, 501, (m, n)) + 0.0, rng.integers(-500, 501, m) + 0.0
    A[0] = 511.0  # so that every exponent is 9
    x = rng.standard_normal(n), np.zeros(n)
    norms, exponents, L = np.linalg.norm(A, axis=0) * (1 + 1e-12), np.full(n, 9), slices
    found = fine_gradient(A, b, x, norms, exponents, L)
    rows = max(64, min(2048, 1 << max(6, 15 - ceil(log2(n)))))
    blocks = [slice(i, min(i + rows, m)) for i in range(0, m, rows)]
    _, rests = _sliced_x(x, exponents, n, L)
    D = [norms, *(np.full(n, np.sqrt(m) * 2.0 ** (9 - 21 * p - 1)) for p in range(1, L + 1))]
    size = [D[p] + D[p + 1] for p in range(L)]
    bounds = D[L] @ np.abs(x[0]) + sum(size[p] @ np.abs(rests[L - p]) for p in range(L))
    assert gamma(n + L + 3) * MP.mpf(bounds) * (1 - TIGHT) <= MP.mpf(found.eps)
    assert MP.mpf(found.eps) <= gamma(n + L + 3) * MP.mpf(bounds) * (1 + TIGHT) + MP.mpf(2) ** -480
    r = b - A @ x[0]
    scales = [int(np.frexp(np.abs(r[part]).max())[1]) for part in blocks]
    left = [
        MP.sqrt(
            sum(
                (part.stop - part.start) * MP.mpf(4) ** (s - 21 * q + 1) for part, s in zip(blocks, scales, strict=True)
            )
        )
        for q in range(L + 1)
    ]
    k = gamma(min(rows, m) + 2 * L + 8 + ceil(log2(len(blocks) + 1)))
    for j in range(n):
        rough = k * sum(MP.mpf(size[p][j]) * left[L - p] for p in range(L))
        expected = 4 * U * abs(MP.mpf(float(found.h[j]))) + (k + U) * MP.mpf(D[L][j]) * left[0] + rough
        assert abs(MP.mpf(float(found.error[j])) / expected - 1) < MP.mpf(10) ** -4


def test_what_additions_to_the_residual_lose_is_counted_for_each_of_them():
    """One row, and e = 2**-60 lost by the only addition: (1 + 2) u e, and a hundredth."""
    A, b, x = np.array([[1.0]]), np.array([1.0]), (np.array([2.0**-60]), np.zeros(1))
    found = fine_gradient(A, b, x, np.array([1.0]), np.array([1]), 1)
    lost = 3 * U * MP.mpf(2) ** -60
    # The grid of A is 2**(1 - 21), half of which the slice may leave; the products of what it leaves are 0 here.
    rest = gamma(1 + 1 + 3) * MP.mpf(2) ** -60 * MP.mpf(2) ** -21
    assert lost <= MP.mpf(found.eps) <= 1.011 * lost + rest * (1 + TIGHT) + MP.mpf(2) ** -480
