"""Floats of every kind for property tests, and correct rounding by integers, with no line of the package."""

import math
from fractions import Fraction

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

# The same examples every time, on however slow a machine.
PROPERTY = settings(derandomize=True, max_examples=60)
FEWER = settings(PROPERTY, max_examples=25)

# Every column of a wild matrix is of one of these kinds, or mixes them.
KINDS = {
    "integers": st.integers(-(2**53), 2**53).map(float),
    "small integers": st.integers(-9, 9).map(float),
    "ordinary": st.floats(-1e3, 1e3),
    "float32": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "huge": st.floats(1e280, 1e308) | st.floats(-1e308, -1e280),
    "tiny": st.floats(-1e-290, 1e-290),
    "subnormal": st.integers(-50, 50).map(lambda k: k * 5e-324),
    "zero": st.sampled_from([0.0, -0.0]),
    "any": st.floats(allow_nan=False, allow_infinity=False),
}


@st.composite
def columns(draw, m, kinds=tuple(KINDS)):
    """m floats of one or two kinds."""
    chosen = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=2))
    entry = st.one_of([KINDS[kind] for kind in chosen])
    return draw(st.lists(entry, min_size=m, max_size=m))


@st.composite
def matrices(draw, rows=(1, 8), n=(1, 3), kinds=tuple(KINDS)):
    """A (m, n) and b (m,) in float64."""
    m, width = draw(st.integers(*rows)), draw(st.integers(*n))
    W = np.array([draw(columns(m, kinds)) for _ in range(width + 1)]).T
    return np.ascontiguousarray(W[:, :-1]), W[:, -1].copy()


def double(value):
    """The double nearest to a fraction, ties to even, subnormals included; infinite where it overflows."""
    if not value:
        return 0.0
    # value / 2**e lies in [2**52, 2**53) but for subnormals.
    e = abs(value).numerator.bit_length() - value.denominator.bit_length() - 53
    if abs(value) >= Fraction(2) ** (e + 53):
        e += 1
    e = max(e, -1074)
    try:
        return math.ldexp(round(value / Fraction(2) ** e), e)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def doubles(values):
    """The doubles nearest to fractions."""
    return [double(value) for value in values]


def is_root(x, square):
    """Whether the double x is the one nearest to the square root of a fraction: squares of midpoints decide."""
    if not square or not 0 < x < math.inf:
        return square == x == 0
    low = (Fraction(x) + Fraction(math.nextafter(x, 0))) / 2
    high = (Fraction(x) + Fraction(math.nextafter(x, math.inf))) / 2
    even = int(Fraction(x) / Fraction(math.ulp(x))) % 2 == 0
    return low**2 <= square <= high**2 if even else low**2 < square < high**2
