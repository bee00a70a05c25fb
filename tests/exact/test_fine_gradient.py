"""The gradient in slices: h and r within their bounds, against exact rationals, and no bound can be left out."""

from dataclasses import replace
from fractions import Fraction
from math import fsum

import numpy as np
import pytest

from exact_fit import flint_solution, fractions
from exact_products import product
from stabilitylab.exact.float64 import fine_gradient as module
from stabilitylab.exact.float64.fine_gradient import fine_gradient
from wild import double

SLICES = range(1, 7)
UP = 1 + Fraction(1, 2**30)  # bounds are computed in float64; a caller pays for that with a factor near 1
HONEST = {name: getattr(module, name) for name in ("two_sum", "norm_bound", "_sliced_x", "_sliced_r")}


def bounds_that_fail(A, b, x, slices):
    """Which bounds the exact values exceed: "eps", "error", and what follows from both for A'(b - A x), "both"."""
    found, r = with_residual(A, b, x, slices)
    E = fractions(A)
    missed = r - (fractions(b) - product(E, fractions(x[0]) + fractions(x[1])))
    failed = {"eps"} if product(missed, missed) > (Fraction(found.eps) * UP) ** 2 else set()
    both = found.error + norms(A) * found.eps
    for name, vector, bounds in (("error", r, found.error), ("both", r - missed, both)):
        entries = zip(product(E.T, vector), found.h.tolist(), bounds.tolist(), strict=True)
        failed |= {name for v, h, e in entries if abs(v - Fraction(h)) > Fraction(e) * UP}
    return failed


def with_residual(A, b, x, slices):
    """The gradient, and the residual it is of: what `two_sum` gives after the norm of a block's lost parts is taken."""
    seen, last = [], []

    def norm_bound(values):
        last.append(True)
        return HONEST["norm_bound"](values)

    def two_sum(p, q):
        s, e = SUMS["two_sum"](p, q)
        if last:
            last.clear()
            seen.append(fractions(s) + fractions(np.broadcast_to(e, s.shape)))
        return s, e

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "norm_bound", norm_bound)
        patch.setattr(module, "two_sum", two_sum)
        found = fine_gradient(A, b, x, norms(A), np.frexp(np.abs(A).max(axis=0))[1].astype(np.int64), slices)
    r = np.concatenate(seen)
    assert r.shape == b.shape
    return found, r


SUMS = {"two_sum": HONEST["two_sum"]}


def norms(A):
    return np.linalg.norm(A, axis=0) * (1 + 2.0**-40)


def doubled(values):
    """high + low for fractions: the nearest doubles, and those nearest to what is left."""
    high = [double(v) for v in values]
    return np.array(high), np.array([double(v - Fraction(h)) for v, h in zip(values, high, strict=True)])


def data(kind, m, n):
    """A (m, n), b (m,) and x = high + low."""
    rng = np.random.default_rng(m + n)
    A, b, high = rng.standard_normal((m, n)), rng.standard_normal(m), rng.standard_normal(n)
    low = high * rng.uniform(-1, 1, n) * 2.0**-54
    if kind == "graded":
        shift = rng.integers(-90, 90, n)
        A, high, low = A * 2.0**shift, high * 2.0**-shift, low * 2.0**-shift
        A *= 2.0 ** rng.integers(-70, 1, (m, 1))
    if kind == "mixed":
        A, high = A * 2.0 ** rng.integers(-60, 60, n), high * 2.0 ** rng.integers(-60, 60, n)
        low = high * 2.0**-54
    if kind == "integers":
        A, b, high, low = np.rint(9 * A) + 1, np.rint(9 * b), np.rint(9 * high), 0 * low
    if kind == "extreme":  # every sum of products of slices is as large as it can be
        A, high, low = np.full((m, n), np.nextafter(1, 0)), np.full(n, np.nextafter(1, 0)), np.full(n, 2.0**-55)
        b = np.full(m, float(n)) - np.nextafter(1, 0)
    if kind == "tiny":
        A, b, high, low = A * 2.0**-90, b * 2.0**-100, high * 2.0**-60, low * 2.0**-60
    if kind == "huge":
        A, b, high, low = A * 2.0**90, b * 2.0**100, high * 2.0**60, low * 2.0**60
    if kind == "cancelling":  # b = A x but for its rounding: all that is left is small
        A[:, -1] = A[:, 0] + 2.0**-20 * A[:, -1]
        b = A @ high
    if kind == "faint":  # too small to be sliced
        b, high, low = b * 2.0**-450, high * 2.0**-450, low * 2.0**-450
    if kind == "exact":  # b = A x
        A, high, low = np.rint(A * 2**20), np.rint(high * 2**20), 0 * low
        b = A @ high
    return A, b, (high, low)


KINDS = ("random", "graded", "mixed", "integers", "extreme", "tiny", "huge", "cancelling", "faint", "exact")


@pytest.mark.parametrize("slices", SLICES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_bounds_hold(kind, slices):
    for m, n in [(1, 1), (7, 1), (5, 5), (50, 6)]:
        assert bounds_that_fail(*data(kind, m, n), slices) == set()


@pytest.mark.parametrize(("m", "n", "slices"), [(2100, 2, 2), (4200, 1, 3), (150, 40, 2), (70, 66, 4), (2048, 1, 6)])
@pytest.mark.parametrize("kind", ["random", "extreme", "cancelling"])
def test_the_bounds_hold_over_several_blocks_of_rows_and_many_columns(kind, m, n, slices):
    assert bounds_that_fail(*data(kind, m, n), slices) == set()


@pytest.mark.parametrize("slices", SLICES)
def test_at_the_solution_the_gradient_is_as_fine_as_promised(slices):
    """h is nothing but what x in double-double is wrong by: every slice brings 20 bits, until the format ends it."""
    A, b, _ = data("random", 60, 4)
    x = doubled(flint_solution(A, b))
    assert bounds_that_fail(A, b, x, slices) == set()
    found, r = with_residual(A, b, x, slices)
    size = float(np.linalg.norm(r.astype(float)))
    assert (found.error < norms(A) * size * max(2.0 ** (-21 * slices - 34), 2.0**-140)).all()
    assert found.eps < size * max(2.0 ** (-21 * slices - 38), 2.0**-98)


def test_a_faint_block_of_rows_goes_with_one_that_is_not():
    A, b, x = data("random", 4100, 1)
    A[2048:] *= 2.0**-500
    b[2048:] *= 2.0**-500
    assert bounds_that_fail(A, b, x, 3) == set()


# --- what slices must be


@pytest.mark.parametrize("n", [1, 5, 2048, 2049])
def test_slices_of_x_add_up_to_it_and_are_short_enough_for_exact_sums(n):
    rng = np.random.default_rng(n)
    exponents = rng.integers(-80, 80, n)
    high = np.ldexp(rng.uniform(7.9, 8, n), -exponents)
    low = high * 2.0**-54
    parts, rests = module._sliced_x((high, low), exponents, n, 6)
    pairs = zip(fractions(high), fractions(low), strict=True)
    left = np.array([h + e for h, e in pairs], dtype=object)
    scales = np.array([Fraction(2) ** int(e) for e in exponents], dtype=object)
    for part, rest in zip([*parts, None], rests, strict=True):
        assert (abs(fractions(rest) - left) <= abs(left) * Fraction(1, 2**53)).all()
        if part is not None:
            left = left - fractions(part)
            whole = fractions(part) * scales
            unit = max(v.denominator for v in whole)
            assert sum(abs(v * unit) for v in whole) * 2**21 <= 2**53
    assert not left.any() or n > 2048  # shorter slices


def test_slices_of_r_add_up_to_it_and_are_short_enough_for_exact_sums():
    rng = np.random.default_rng(1)
    r = rng.uniform(-8, 8, 300) * 2.0 ** rng.integers(-60, 1, 300)
    low = r * 2.0**-54
    parts, rests = module._sliced_r(r, low, 3, 4)
    left = fractions(r) + fractions(low)
    for q, (part, rest) in enumerate(zip(parts, rests, strict=False)):
        assert q == 0 or (abs(fractions(rest) - left) <= abs(left) * Fraction(1, 2**53)).all()
        assert np.abs(left.astype(float)).max() <= 2.0 ** (3 - 21 * q + 1)
        left = left - fractions(part)
        steps = part / 2.0 ** (3 - 21 * (q + 1))
        assert (steps == np.rint(steps)).all()
        assert np.abs(steps).max() <= 2**21


# --- planted faults: each must be noticed by some of these


def full_rows(seed):
    """4096 rows in two blocks that cancel: sums of 2048 products of the longest slices, A'b = 0."""
    a, r = 1 - np.random.default_rng(seed).integers(0, 2**10, (2, 2048)) * 2.0**-23
    turn = np.random.default_rng(seed).permutation(2048)
    return np.concatenate([a, a[turn]])[:, None], np.concatenate([r, -r[turn]]), (np.zeros(1), np.zeros(1))


def full_columns(seed):
    """One row with 2048 products of the longest slices in A x = 0."""
    a, x = 1 - np.random.default_rng(seed).integers(0, 2**10, (2, 1024)) * 2.0**-23
    turn = np.random.default_rng(seed).permutation(1024)
    return np.concatenate([a, a[turn]])[None, :], np.zeros(1), (np.concatenate([x, -x[turn]]), np.zeros(2048))


def solved():
    A, b, _ = data("random", 60, 2)
    return A, b, doubled(flint_solution(A, b))


FULL = [full(seed) for seed in (1, 2) for full in (full_rows, full_columns)]
DATA = [data(kind, m, n) for kind in ("random", "cancelling", "graded", "mixed") for m, n in [(12, 3), (50, 4)]]
DATA = [*DATA, solved()]


def found_out(slices, made=None):
    """The bounds that some of the data violate."""
    return set().union(*(bounds_that_fail(*each, slices) for each in made or DATA))


@pytest.mark.parametrize("slices", [1, 2])
def test_the_longest_sums_are_exact_and_one_bit_more_is_noticed(slices, monkeypatch):
    assert found_out(slices, FULL) == set()
    monkeypatch.setattr(module, "WIDTH", 22)
    assert {"eps", "error"} <= found_out(slices, FULL)


def without_last_slice(sliced):
    def shorter(*arguments):
        parts, rests = sliced(*arguments)
        return [*parts[:-1], 0 * parts[-1]], rests

    return shorter


def without_last_rest(sliced):
    def shorter(*arguments):
        parts, rests = sliced(*arguments)
        return parts, [*rests[:-1], 0 * rests[-1]]

    return shorter


@pytest.mark.parametrize("slices", [1, 2, 3])
@pytest.mark.parametrize(
    ("name", "planted", "violated"),
    [
        ("WIDTH", 30, {"eps", "error"}),
        ("ROUND", 1.5 * 2.0**30, {"eps", "error"}),
        ("fsum", lambda values: fsum(values) * (1 + 2.0**-46), {"error"}),
        ("_sliced_r", without_last_slice(HONEST["_sliced_r"]), {"error"}),
        ("_sliced_x", without_last_slice(HONEST["_sliced_x"]), {"eps"}),
        ("_sliced_r", without_last_rest(HONEST["_sliced_r"]), {"error"}),
        ("_sliced_x", without_last_rest(HONEST["_sliced_x"]), {"eps"}),
        ("gamma", lambda k: 0.0 * k, {"eps"}),
        ("U", 0.0, {"error"}),
    ],
)
def test_a_slice_that_is_not_exact_a_dropped_product_and_a_forgotten_rounding_are_noticed(
    name, planted, violated, slices, monkeypatch
):
    monkeypatch.setattr(module, name, planted)
    assert violated <= found_out(slices)


def test_what_additions_lose_and_how_often_is_counted(monkeypatch):
    monkeypatch.setattr(module, "U", 0.0)
    assert "eps" in found_out(3)


def test_an_addition_whose_error_is_forgotten_is_noticed(monkeypatch):
    monkeypatch.setitem(SUMS, "two_sum", lambda p, q: (p + q, 0 * p))
    assert "eps" in found_out(2)


@pytest.mark.parametrize("bound", ["eps", "error"])
def test_a_bound_that_is_too_small_is_noticed(bound, monkeypatch):
    honest = fine_gradient

    def understated(*arguments):
        found = honest(*arguments)
        return replace(found, **{bound: getattr(found, bound) * 2.0**-8})

    for slices in SLICES:
        assert found_out(slices) == set()
    monkeypatch.setitem(globals(), "fine_gradient", understated)
    for slices in SLICES:
        assert bound in found_out(slices)
