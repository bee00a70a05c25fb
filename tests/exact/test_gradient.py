"""Sums with counted roundings, and the gradient beyond float64: within their bounds, against exact rationals."""

from fractions import Fraction
from math import ceil, fsum, log2

import mpmath
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


@pytest.mark.parametrize(("n", "bits"), [(1, 21), (2048, 21), (2049, 20), (4096, 20), (5000, 19)])
def test_the_leading_part_of_x_leaves_room_for_exact_sums(n, bits):
    x = 8 * (1 - np.random.default_rng(n).random(n) / 2**14)
    x[0] = np.nextafter(8, 0)
    leading = gradient._leading(x, np.zeros(n, dtype=int), n)
    integers_of = [Fraction(v) for v in leading.tolist()]
    common = max(v.denominator for v in integers_of)
    assert sum(abs(int(v * common)) for v in integers_of) * 2**21 <= 2**53
    # A bit is given up for every doubling beyond 2048, and no more.
    assert np.abs(x - leading).max() <= 2.0 ** (3 - bits - 1)


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


# --- from below: the bounds are no smaller than what is derived

MP = mpmath.MPContext()
MP.dps = 60
U = MP.mpf(2) ** -53


def roundings(k):
    return k * U / (1 - k * U)


def size(values):
    """|values|_2 to 14 digits, from below."""
    return MP.mpf(float(np.linalg.norm([float(v) for v in values]))) * (1 - MP.mpf(10) ** -14)


@pytest.mark.parametrize(("m", "n"), [(1, 1), (9, 4), (700, 2), (5000, 2)])
def test_the_bounds_of_the_gradient_are_those_of_its_roundings(m, n):
    rng = np.random.default_rng([m, n])
    A, b, x = rng.standard_normal((m, n)), rng.standard_normal(m), rng.standard_normal(n)
    norms, largest = np.linalg.norm(A, axis=0) * (1 + 1e-12), np.abs(A).max(axis=0)
    found = gradient.gradient(A, b, x, norms, largest)
    exponents = np.frexp(largest)[1]
    grid = 2.0 ** (exponents - 21)
    A1 = np.rint(A / grid) * grid
    x1 = gradient._leading(x, exponents, n)
    # 1. b - A1 x1 = s + e.
    exact = [Fraction(v) - Fraction(w) for v, w in zip(b.tolist(), (A1 @ x1).tolist(), strict=True)]
    e = [v - Fraction(v.numerator / v.denominator) for v in exact]
    d = [MP.sqrt(m) * MP.mpf(g) / 2 for g in grid.tolist()]
    ends = [MP.mpf(a) + w for a, w in zip(norms.tolist(), d, strict=True)]
    x2 = np.abs(x - x1).tolist()
    lost = sum(f * v + w * abs(MP.mpf(y)) for f, v, w, y in zip(ends, x2, d, x.tolist(), strict=True)) + size(e)
    r1, r2 = found.r
    eps = roundings(n + 3) * lost + U * size(r2.tolist())
    assert eps <= MP.mpf(found.eps) <= eps * (1 + MP.mpf(10) ** -9)
    # 3. k roundings in blocks and in the tree over them, four more for r, and one for underflow.
    rows = min(rounding_bounds.block_rows(A), 2048)
    k = min(rows, m) + 6 + ceil(log2(ceil(m / rows)))
    for j in range(n):
        total = fsum((A1[:, j] * r1).tolist()) if m < 3000 else float((A1[:, j] * r1).sum())
        sums = abs(MP.mpf(total)) + abs(MP.mpf(float(found.h[j])))
        least = roundings(k) * (ends[j] * size(r2.tolist()) + d[j] * (size(r1.tolist()) + size(r2.tolist()))) + U * sums
        assert least * (1 - MP.mpf(10) ** -9) <= MP.mpf(float(found.error[j])) <= least * (1 + MP.mpf(10) ** -6)


@pytest.mark.parametrize("m", [1, 2, 5, 63, 64, 65, 127, 128, 129, 4000])
def test_a_sum_in_a_tree_is_that_of_all_its_parts(m):
    """Every term once: with powers of two nothing is rounded."""
    parts = 2.0 ** np.arange(m % 50, m % 50 + m)[:, None] if m < 30 else np.ones((m, 2))
    assert rounding_bounds.tree_sum(parts).tolist() == parts.sum(axis=0).tolist()
    rng = np.random.default_rng(m)
    A, r = rng.integers(-9, 9, (m, 3)).astype(float), rng.integers(-9, 9, m).astype(float)
    assert rounding_bounds.transposed_times(A, r).tolist() == (A.T @ r).tolist()


@pytest.mark.parametrize(
    ("n", "rows"), [(1, 4096), (7, 4096), (8, 4096), (16, 2048), (128, 256), (129, 256), (300, 300)]
)
def test_blocks_of_rows_fit_a_cache_and_are_no_fewer_than_the_columns(n, rows):
    assert rounding_bounds.block_rows(np.empty((3, n))) == rows


@pytest.mark.parametrize("count", [1, 5, 300])
def test_a_bound_on_a_norm_counts_its_roundings_and_underflow(count):
    values = np.full(count, 1.0 + 2.0**-30)
    exact = MP.sqrt(count) * (1 + MP.mpf(2) ** -30)
    assert exact * (1 + roundings(count + 8) / 2) <= MP.mpf(rounding_bounds.norm_bound(values))
    assert MP.mpf(rounding_bounds.norm_bound(values)) <= exact * (1 + roundings(count + 8)) * (1 + 2 * U) + U
    assert rounding_bounds.norm_bound(np.zeros(3)) == 2.0**-480
    assert rounding_bounds.norm_bound(np.full(3, 2.0**-600)) >= 2.0**-480


def test_gamma_is_hardly_above_its_formula():
    for k in (1, 2, 1000, 2**30):
        assert roundings(k) <= MP.mpf(rounding_bounds.gamma(k)) <= roundings(k) * (1 + 10 * U)
    assert rounding_bounds.gamma(np.arange(3)).tolist() == [rounding_bounds.gamma(k) for k in range(3)]


@pytest.mark.parametrize("scale", [2.0**-401, 2.0**-399, 1.0, 2.0**399, 2.0**401])
def test_the_leading_part_of_x_is_left_out_where_it_could_overflow_or_underflow(scale):
    leading = gradient._leading(np.array([0.75, 0.3]) * scale, np.zeros(2, dtype=int), 2)
    assert leading.any() == (2.0**-400 < 0.75 * scale < 2.0**400)


def test_residuals_that_are_tiny_are_left_to_the_second_part():
    A, x = np.array([[1.0], [1.0]]), np.array([0.0])
    for scale, first in ((2.0**-480, False), (1.5 * 2.0**-480, True)):
        b = np.array([1.0, 0.5]) * scale
        found = gradient.gradient(A, b, x, np.array([2.0]), np.array([1.0]))
        assert found.r[0].any() == first
        assert (found.r[0] + found.r[1]).tolist() == b.tolist()
