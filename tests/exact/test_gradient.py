"""Sums with counted roundings, and the gradient beyond float64: within their bounds, against exact rationals."""

from fractions import Fraction

import numpy as np
import pytest

from exact_fit import fractions
from stabilitylab.exact.float64 import gradient, rounding_bounds


def below(v, bound):
    """Whether |v|_2 <= bound, exactly."""
    return sum((x * x for x in v.ravel()), Fraction(0)) <= Fraction(float(bound)) ** 2


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (4096, 2), (2100, 7), (70, 60)])
@pytest.mark.parametrize("fill", ["random", "extreme", "graded"])
def test_the_gradient_is_within_its_bounds(shape, fill):
    m, n = shape
    rng = np.random.default_rng(m)
    A, b, x = rng.standard_normal(shape), rng.standard_normal(m), rng.standard_normal(n)
    if fill == "extreme":
        # Every sum of products of slices is as large as it can be.
        A, x = np.full(shape, np.nextafter(1, 0)), np.full(n, np.nextafter(1, 0))
        b = np.full(m, float(n)) - np.nextafter(1, 0)
    if fill == "graded":
        A, x = A * 2.0 ** rng.integers(-90, 90, n), x * 2.0 ** rng.integers(-300, 90, n)
        A *= 2.0 ** rng.integers(-9, 1, (m, 1))
    sizes = np.linalg.norm(A, axis=0) * (1 + 1e-12)
    found = gradient.gradient(A, b, x, sizes, np.abs(A).max(axis=0))
    E, r = fractions(A), sum(map(fractions, found.r))
    assert below(r - (fractions(b) - E @ fractions(x)), found.eps * (1 + 1e-12))
    pairs = zip(E.T @ r, found.h.tolist(), found.error.tolist(), strict=True)
    assert all(abs(v - Fraction(h)) <= Fraction(e * (1 + 1e-12)) for v, h, e in pairs)
    if fill == "random" and m > n > 1:
        plain = np.abs(A).T @ np.abs(found.r[0]) * 2.0**-53
        assert (found.error < np.maximum(plain, np.abs(found.h) * 2.0**-51)).all()


@pytest.mark.parametrize("n", [1, 2048, 2049, 5000])
def test_the_leading_part_of_x_leaves_room_for_exact_sums(n):
    x = np.random.default_rng(n).standard_normal(n)
    x[0] = np.nextafter(8, 0)
    leading = gradient._leading(x, np.zeros(n, dtype=int), n)
    integers_of = [Fraction(v) for v in leading.tolist()]
    common = max(v.denominator for v in integers_of)
    assert sum(abs(int(v * common)) for v in integers_of) * 2**21 <= 2**53
    assert np.abs(x - leading).max() <= 2.0**-18 * max(1, n / 1024)


def test_norms_without_their_slack_are_violated_somewhere(monkeypatch):
    monkeypatch.setattr(rounding_bounds, "gamma", lambda k: 0.0 * k)
    failed = 0
    for seed in range(20):
        v = np.random.default_rng(seed).standard_normal(50) * 3.0
        failed += not below(fractions(v), rounding_bounds.norm_bound(v))
    assert failed


@pytest.mark.parametrize("m", [1, 63, 64, 65, 640, 5000])
def test_sums_are_within_the_roundings_they_count(m):
    rng = np.random.default_rng(m)
    A, r = rng.random((m, 3)) + 0.5, rng.random(m) + 0.5
    E, f = fractions(A), fractions(r)
    G, c, k = rounding_bounds.gram(A, r)
    for found, expected in [(G, E.T @ E), (c, E.T @ f)]:
        pairs = zip(found.ravel().tolist(), expected.ravel(), strict=True)
        assert all(abs(Fraction(v) - w) <= Fraction(rounding_bounds.gamma(k)) * w for v, w in pairs)
    assert np.allclose(rounding_bounds.transposed_times(A, r), c, rtol=1e-13)
    assert m < 3 or np.allclose(np.square(rounding_bounds.triangle(A)).sum(axis=0), G.diagonal(), rtol=1e-13)


def test_gamma_is_an_upper_bound():
    for k in (1, 2, 1000, 2**30):
        assert Fraction(rounding_bounds.gamma(k)) >= Fraction(k, 2**53) / (1 - Fraction(k, 2**53))
