"""Where float64 ends: a wide first enclosure is no overflow, and what is refused is refused for figures alike."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stabilitylab as sl
from stabilitylab.core.errors import OutOfRangeError
from stabilitylab.exact.solve.enclosed import EnclosedSolution, nearest_double, rounded
from stabilitylab.exact.solve.interval import Interval, nearest_of, nearest_root_of

LARGEST = 2**1024 - 2**971
NEARLY_DEPENDENT = (
    [[0, 0, 0, 2.0**-815], [4, -4, -4, 4], [5, -4, 3, 5], [4, 5, 3, 4], [3, 5, -4, 3]],
    [2.0**-963, -1, 3, -4, -4],
)
TIE = np.array([[2.0, 4.0], [6.0, 2.0], [4.0, 8.0]]), np.array([3.0, 4.0, 6.0])


def test_an_enclosure_that_is_wide_at_first_is_no_overflow():
    fit = sl.lstsq(*NEARLY_DEPENDENT)
    assert np.round(fit.x[:3], 4).tolist() == [-0.2615, -0.5846, 0.3231]
    assert fit.x[3] == pytest.approx(2.8e-45, rel=0.01)
    assert sl.check(fit.certificate, *NEARLY_DEPENDENT)
    assert np.isfinite([fit.rss, *fit.standard_errors, *fit.t_statistics]).all()
    # The squares of these standard errors, near 2**1630, are beyond the range indeed.
    assert max(fit.standard_errors) > 2.0**512
    with pytest.raises(OutOfRangeError, match="the variance of a0 overflows"):
        fit.covariance_diagonal  # noqa: B018


@pytest.mark.parametrize("rounding", [nearest_of, nearest_root_of])
def test_an_interval_with_one_end_beyond_the_range_needs_more_digits_and_is_not_refused(rounding):
    assert rounding(Interval(1, 2**3000), "rss") is None
    with pytest.raises(OutOfRangeError, match="rss overflows"):
        rounding(Interval(2**3000, 2**3001), "rss")
    with pytest.raises(OutOfRangeError, match="rss underflows"):
        rounding(Interval(1, 2, 2**3000), "rss")
    assert rounding(Interval(0, 1, 2**3000), "rss") is None


@pytest.mark.parametrize("sign", [1, -1])
def test_what_rounds_to_the_largest_double_is_no_overflow(sign):
    nearly = LARGEST + 2**970 - 1
    assert nearest_double(sign * nearly, 0, 1) == sign * float(LARGEST)
    assert nearest_of(Interval(sign * nearly, sign * nearly), "x") == sign * float(LARGEST)
    tie = EnclosedSolution((sign * (LARGEST + 2**970),), (1,), 1, "planted")
    with pytest.raises(OutOfRangeError, match="overflows"):
        rounded(tie, ((1, 1),), ("a",))
    largest = sl.lstsq([[2.0**-1000]], [sign * float(LARGEST) * 2.0**-1000])
    assert largest.x[0] == sign * float(LARGEST)


@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("sign", [1, -1])
def test_half_the_least_double_is_refused_whatever_the_number_of_columns(columns, sign):
    A, b = TIE
    # The solution is (1/2, 1/2), or 1/2 for one column, times 2**-1074.
    A, b = (A, b) if columns == 2 else (np.array([[2.0], [4.0]]), np.array([1.0, 2.0]))
    with pytest.raises(OutOfRangeError, match="underflows"):
        sl.lstsq(A, sign * b * 2.0**-1074)
    twice = sl.lstsq(A, sign * 2 * b * 2.0**-1074)
    assert twice.x.tolist() == [sign * 2.0**-1074] * columns


def test_a_zero_is_a_zero_at_every_scale():
    fit = sl.lstsq([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], [2.0**-1074, 0.0, 2.0**-1074])
    assert fit.x.tolist() == [2.0**-1074, 0.0]
    assert not np.isnan(fit.t_statistics).any()


@given(
    st.lists(st.lists(st.integers(-9, 9), min_size=3, max_size=3), min_size=3, max_size=5),
    st.integers(-1070, 1000),
)
def test_a_problem_times_a_power_of_two_has_the_same_coefficients_bit_for_bit(rows, k):
    table = np.array(rows, dtype=float)
    A, b = table[:, :2], table[:, 2]
    try:
        x = sl.lstsq(A, b).x
    except sl.StabilityLabError:
        return
    exact = sl.reference(A, b).x
    try:
        scaled = sl.lstsq(A, np.ldexp(b, k)).x
    except OutOfRangeError:
        assert any(v and not 2.0**-1074 <= abs(float(v)) * Fraction(2) ** k <= LARGEST for v in exact)
        return
    normal = [v == 0 or abs(v) * Fraction(2) ** k >= Fraction(2) ** -1022 for v in map(Fraction, x.tolist())]
    assert [u for u, n in zip(scaled.tolist(), normal, strict=True) if n] == [
        u for u, n in zip(np.ldexp(x, k).tolist(), normal, strict=True) if n
    ]
    # Powers of two in A and b together change nothing at all, where the entries stay what they are.
    if -1000 < k < 1000:
        assert sl.lstsq(np.ldexp(A, k), np.ldexp(b, k)).x.tolist() == x.tolist()
