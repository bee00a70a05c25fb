"""When an enclosure is narrow enough for a double, for digits, for 0 or a tie; and what it is rounded to then."""

import math
from fractions import Fraction
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabilitylab.core.errors import OutOfRangeError
from stabilitylab.exact.solve.enclosed import (
    EnclosedSolution,
    is_zero,
    nearest_double,
    rounded,
    to_digits,
    to_nearest,
)
from wild import PROPERTY, double

LARGEST = math.ldexp(1 - 2.0**-53, 1024)
RATIOS = st.tuples(st.integers(1, 10**6), st.integers(1, 10**6))


def of_determinant(bound):
    return SimpleNamespace(determinant_bound=bound)


def over_one(value, radius, ratio):
    """(middle, radius, denominator) of an interval around value / ratio, with a radius of at most the given one."""
    p, q = ratio
    y, r = value * q / p, radius * q / p
    common = 2**1300 * y.denominator * r.denominator
    return int(y * common), int(r * common), common


@PROPERTY
@given(st.integers(-(10**20), 10**20), st.integers(0, 10**4), st.integers(1, 10**20), st.integers(-1200, 1000))
def test_a_double_is_nearest_to_all_of_an_interval_or_none_is(middle, radius, denominator, e):
    if e >= 0:
        middle, radius = middle << e, radius << e
    else:
        denominator <<= -e
    low, high = (double(Fraction(v, denominator)) for v in (middle - radius, middle + radius))
    found = nearest_double(middle, radius, denominator)
    settled = radius == 0 or (low == high and not (low == 0 and middle - radius <= 0 <= middle + radius))
    assert found == (low if settled else None)


def test_an_interval_that_ends_at_zero_has_numbers_of_no_sign():
    tiny = 2**3000
    assert nearest_double(2, 1, tiny) == 0.0
    assert nearest_double(-2, 1, tiny) == 0.0
    for middle in (1, 0, -1):
        assert nearest_double(middle, 1, tiny) is None


def between(x, y):
    return (Fraction(x) + Fraction(y)) / 2


TIES = {
    "1 and above": between(1.0, math.nextafter(1, 2)),
    "below 2": between(math.nextafter(2, 0), 2.0),
    "2 and above": between(2.0, math.nextafter(2, 4)),
    "below 1": between(math.nextafter(1, 0), 1.0),
    "of integers": Fraction(2**54 + 2),
    "of large integers": Fraction(2**80 + 2**27),
    "below the largest": between(math.nextafter(LARGEST, 0), LARGEST),
    "small": between(2.0**-600, math.nextafter(2.0**-600, 1)),
    "below a small one": between(math.nextafter(2.0**-600, 0), 2.0**-600),
    "subnormal": between(7 * 5e-324, 8 * 5e-324),
    "of the least": between(5e-324, 1e-323),
    "of the least normal": between(math.nextafter(2.0**-1022, 0), 2.0**-1022),
}


@PROPERTY
@given(st.sampled_from(list(TIES)), RATIOS, st.integers(1, 10**9), st.sampled_from([1, -1]))
def test_an_interval_around_a_tie_is_narrow_when_nothing_else_in_it_can_be_the_solution(name, ratio, bound, sign):
    """By Cramer's rule x is a multiple of 1/(det q), det up to bound: the next one to the tie is told apart from it."""
    tie, (p, q) = sign * TIES[name], ratio
    bound *= math.ceil(4 * p / (q * abs(tie)))  # otherwise nothing in the interval but 0 can be the solution
    narrow = to_nearest(of_determinant(bound), [ratio])
    # Numbers N/(det q) and ties M/2**k that differ do so by 1/(det q 2**k) at least.
    apart = Fraction(1, bound * q * tie.denominator)
    assert not narrow(0, *over_one(tie, apart / 2 * (1 + Fraction(1, 2**60)), ratio))
    assert not narrow(0, *over_one(tie, apart * 3, ratio))
    # And not many bits are asked for in vain: two for the binade, and two more for integers.
    assert narrow(0, *over_one(tie, apart / 2**9, ratio)) or tie.denominator == 1
    assert narrow(0, *over_one(tie, Fraction(1, bound * q * 2**1080), ratio))


@PROPERTY
@given(RATIOS, st.integers(1, 10**9))
def test_other_intervals_are_narrow_just_when_they_have_one_nearest_double(ratio, bound):
    narrow = to_nearest(of_determinant(bound * 12 * ratio[0]), [ratio])
    third, gap = Fraction(1, 3), Fraction(1, 2**54)
    assert narrow(0, *over_one(third, gap / 8, ratio))
    assert not narrow(0, *over_one(third, gap * 8, ratio))


@PROPERTY
@given(st.integers(-100, 100), st.integers(0, 100), st.integers(1, 10**6), st.integers(-2, 2))
def test_zero_is_proven_by_the_determinant(middle, radius, bound, near):
    denominator = (abs(middle) + radius) * bound + near
    if denominator <= 0:
        return
    # Everything in the interval is below 1/bound in magnitude, which a multiple of 1/det that is not 0 never is.
    largest = Fraction(abs(middle) + radius, denominator)
    assert is_zero(middle, radius, denominator, bound) == (largest < Fraction(1, bound)) == (near > 0)


@pytest.mark.parametrize("middle", [10**6, -(10**6)])
def test_digits_are_a_radius_relative_to_the_middle(middle):
    narrow = to_digits(of_determinant(10**9), 4)
    assert narrow(0, middle, 100, 7)
    assert not narrow(0, middle, 101, 7)
    assert narrow(0, 1, 10**5, 10**15)
    assert not narrow(0, 1, 10**6, 10**15)


def test_rounding_names_the_column_and_the_end_of_the_range():
    ratios, names = [(1, 1), (3, 2)], ["first", "second"]

    def of(*middles, radius=0, over=1):
        return rounded(EnclosedSolution(middles, (radius,) * 2, over, "planted"), ratios, names)

    assert of(1, 2) == [1.0, 3.0]
    assert of(1, 3, over=2) == [0.5, 2.25]
    assert of(-1, 0, over=3) == [-1 / 3, 0.0]
    with pytest.raises(OutOfRangeError, match="coefficient second overflows"):
        of(1, 2**1024)
    with pytest.raises(OutOfRangeError, match="coefficient first underflows"):
        of(1, 2**3000, over=2**3001)


@PROPERTY
@given(st.sampled_from(list(TIES)), st.sampled_from([1, -1]))
def test_an_interval_that_is_narrow_around_a_tie_rounds_to_even(name, sign):
    tie = sign * TIES[name]
    middle, _, over = over_one(tie, Fraction(0), (1, 1))
    solution = EnclosedSolution((middle,), (1,), over, "planted")
    assert rounded(solution, [(1, 1)], ["x"]) == [double(tie)]
    assert EnclosedSolution((middle,), (0,), over, "planted").intervals[0].middle == tie


def test_intervals_and_narrowness_of_all_entries():
    solution = EnclosedSolution((5, -7), (2, 3), 4, "planted")
    assert [(v.low, v.high, v.over) for v in solution.intervals] == [(3, 7, 4), (-10, -4, 4)]
    asked = []

    def narrow(*entry):
        asked.append(entry)
        return entry[0] == 0

    assert not solution.is_narrow(narrow)
    assert asked == [(0, 5, 2, 4), (1, -7, 3, 4)]
    assert solution.is_narrow(lambda *entry: True)
