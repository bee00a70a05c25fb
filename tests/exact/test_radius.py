"""The radius of the last step, each term of which is needed; and when a radius decides how a number is rounded."""

from fractions import Fraction
from math import inf, nan, nextafter

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from exact_fit import fractions
from stabilitylab.exact.float64 import by_residual
from stabilitylab.exact.float64.by_residual import _decided
from stabilitylab.exact.float64.fine_gradient import FineGradient
from stabilitylab.exact.float64.preconditioner import ScaledProblem
from wild import PROPERTY, double, doubles


def is_held(X="rough", dropped="", **planted):
    """Whether the first step from x0 = 0 holds x* = (1, 2), A the identity on top of zeros, b = (1, 2, 0).

    Everything is exact in binary, so that an error can be planted by itself: in h, or in r.
    """
    A, b = np.eye(3)[:, :2].copy(), np.array([1.0, 2.0, 0.0])
    X = np.array([[1.0, 0.25], [0.0, 1.0]]) if X == "rough" else np.eye(2)
    h = A.T @ (b + planted.get("r", 0.0)) + planted.get("h", 0.0)
    terms = {
        "alpha": float(np.linalg.norm(X.T @ X - np.eye(2))) * (1 + 2.0**-50),
        "error": np.abs(planted.get("h", np.zeros(2))),
        "eps": float(np.linalg.norm(planted.get("r", 0.0))) * (1 + 2.0**-50),
    }
    if dropped:
        terms[dropped] = 0 * terms[dropped]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(by_residual, "fine_gradient", lambda *_: FineGradient(h, terms["error"], terms["eps"]))
        patch.setattr(by_residual, "_decided", lambda *_: True)
        found = by_residual._refined(ScaledProblem.of(A, b), X, np.zeros(2), terms["alpha"])
    return all(abs(x - v) <= r for x, v, r in zip(found.x, (1, 2), found.radius, strict=True))


@pytest.mark.parametrize(
    ("dropped", "planted"),
    [
        ("alpha", {}),
        ("error", {"X": "exact", "h": np.array([2.0**-9, -(2.0**-9)])}),
        ("eps", {"X": "exact", "r": np.array([2.0**-9, 0.0, 0.0])}),
    ],
)
def test_each_term_of_the_radius_is_needed(dropped, planted):
    assert is_held(**planted)
    assert not is_held(dropped=dropped, **planted)


def test_the_rounding_of_the_step_is_needed(monkeypatch):
    """X X'h in float64, for an X that is taken to be exact."""
    rng = np.random.default_rng(3)
    made = [(np.triu(rng.standard_normal((6, 6))) * 2.0**9, rng.standard_normal(6)) for _ in range(9)]
    monkeypatch.setattr(by_residual, "_decided", lambda *_: True)

    def held(X, h):
        monkeypatch.setattr(by_residual, "fine_gradient", lambda *_: FineGradient(h, np.zeros(6), 0.0))
        found = by_residual._refined(ScaledProblem.of(np.eye(6), h), X, np.zeros(6), 0.0)
        step = fractions(X) @ (fractions(X).T @ fractions(h))
        return all(abs(x - v) <= r for x, v, r in zip(found.x, step, found.radius, strict=True))

    assert all(held(*each) for each in made)
    monkeypatch.setattr(by_residual, "gamma", lambda k: 0.0)
    assert not all(held(*each) for each in made)


# --- when a rounding is decided: never wrongly, and whenever it is clear

FLOATS = st.floats(-1e300, 1e300, allow_subnormal=True)
POWERS = st.builds(lambda k, s: s * 2.0**k, st.integers(-1022, 1000), st.sampled_from([1, -1]))
HIGHS = FLOATS | POWERS | st.integers(-9, 9).map(lambda k: k * 5e-324)
PARTS = st.floats(-0.6, 0.6) | st.sampled_from([0.0, 0.25, -0.25, 0.5, -0.5, nextafter(0.5, 0), -nextafter(0.25, 1)])


def decided(high, low, radius):
    return _decided(np.array([high]), np.array([low]), np.array([radius]))


@PROPERTY
@given(HIGHS, PARTS, st.floats(0, 1) | st.sampled_from([2.0**-53, 2.0**-60, 0.25]))
@example(1.0, -0.25, 0.0)
@example(-1.0, 0.25, 0.0)
@example(5e-324, 0.0, 0.0)
def test_a_decided_rounding_is_right_at_both_ends(high, low, part):
    """low in units of the spacing above high, the radius as a share of what is left to half of it."""
    unit = np.spacing(abs(high))
    low, radius = low * unit, part * abs(0.5 - abs(low)) * unit
    assume(np.isfinite(low))
    ends = [Fraction(high) + Fraction(low) + Fraction(sign * radius) for sign in (-1, 1)]
    if decided(high, low, radius):
        assert doubles(ends) == [high, high]


@PROPERTY
@given(HIGHS, st.floats(-0.12, 0.12), st.floats(0, 0.12))
def test_what_is_clear_is_decided(high, low, radius):
    unit = np.spacing(abs(high))
    assume(high != 0 and unit > 1e-300)
    assert decided(high, low * unit, radius * unit)


@pytest.mark.parametrize("high", [1.0, -1.0, 2.0**-300, 3.0, -nextafter(4, 0), nextafter(2, 3)])
def test_the_exact_ends_of_a_rounding_interval(high):
    """Half the spacing on either side, of which the lower is half as wide at a power of two."""
    for to in (inf, -inf):
        half = (Fraction(nextafter(high, to)) - Fraction(high)) / 2
        end = double(half)
        assert Fraction(end) == half
        inside = end * (1 - 2.0**-49)
        assert decided(high, inside, 0.0)
        assert not decided(high, end * (1 + 2.0**-52), 0.0)
        assert not decided(high, inside, abs(end) * 2.0**-48)
        assert decided(high, end / 2, abs(end) / 4)


@pytest.mark.parametrize(
    "values", [(0.0, 0.0, 0.0), (1.0, nan, 0.0), (1.0, 0.0, nan), (inf, nan, 1.0), (1.0, 0.0, inf)]
)
def test_a_zero_and_what_is_no_number_are_not_decided(values):
    assert not decided(*values)


def test_a_radius_that_reaches_just_beyond_is_seen():
    half, low = 2.0**-53, 2.0**-55
    assert decided(1.0, low, (half - low) * (1 - 2.0**-45))
    assert not decided(1.0, low, (half - low) * (1 + 2.0**-45))


@pytest.mark.parametrize("high", [1.5, -1.5, 1.5 * 2.0**90])
def test_an_end_that_float64_rounds_to_a_tie_is_seen(high):
    """Just beyond half the spacing outside an even high, where low + radius in float64 is that half."""
    half = abs(high) / 1.5 * 2.0**-53
    low = half * 2.0**-70
    assert low + half == half
    assert abs(high) + half == abs(high)
    assert not decided(high, np.copysign(low, high), half)
