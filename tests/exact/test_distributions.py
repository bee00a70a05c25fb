"""Tails and quantiles of t, F and the normal distribution against mpmath at 60 digits, and where no digits decide."""

import math
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction

import flint
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from normal_theory import f_tail, t_tail
from stabilitylab.core.errors import InputError, NotCertifiedError
from stabilitylab.exact import distributions, tails
from stabilitylab.exact.distributions import (
    exact_level,
    exact_squared_quantile,
    exact_upper_tail,
    nearest_upper_tail,
    printed_p_value,
    squared_quantile,
    upper_tail,
)
from stabilitylab.exact.solve.interval import Interval, exactly
from wild import FEWER, PROPERTY, double

DEGREES = st.integers(1, 60) | st.sampled_from([None, 1, 2, 199, 200])
WHOLE = st.integers(1, 999)
SQUARES = st.builds(lambda p, q, e: Fraction(p, q) * Fraction(2) ** e, WHOLE, WHOLE, st.integers(-40, 12))


def ends(interval):
    return Fraction(interval.low, interval.over), Fraction(interval.high, interval.over)


@PROPERTY
@given(SQUARES, DEGREES)
def test_a_two_sided_p_is_the_true_one_rounded_once(square, v):
    truth = t_tail(square, v)
    assert nearest_upper_tail(exactly(square), 1, v) == double(truth)
    for bits in (64, 300):
        low, high = ends(upper_tail(exactly(square), 1, v, bits))
        assert low <= truth * (1 + Fraction(1, 10**59))
        assert high >= truth * (1 - Fraction(1, 10**59))


@FEWER
@given(SQUARES, st.integers(1, 12), st.integers(1, 24))
def test_the_p_of_f_is_the_true_one_rounded_once(f, d1, d2):
    assert nearest_upper_tail(exactly(f), d1, d2) == double(f_tail(f, d1, d2))


# Statistics whose p is near 1e-300, below all doubles, among the subnormal ones, or next to 1.
EXTREMES = [
    (Fraction(1372), 1, None),
    (Fraction(1490), 1, None),
    (Fraction(10) ** 600, 1, 1),
    (Fraction(10) ** 640, 1, 1),
    (Fraction(23000), 1, None),
    (Fraction(1, 10**600), 1, 1),
    (Fraction(1, 10**34), 1, 3),
    (Fraction(1, 10**34), 1, 10**6),
    (Fraction(4), 1, 10**6),
    (Fraction(900), 1, 10**6),
    (Fraction(1380), 1, 10**6),
    (Fraction(1500), 1, 10**6),
    (Fraction(700), 1, 1000),
    (Fraction(10) ** 30, 1, 20),
    (Fraction(10) ** 3, 1, 100),
    (Fraction(30), 20, 1000),
    (Fraction(30), 49, 10001),
    (Fraction(300), 50, 100),
    (Fraction(99, 100), 50, 50),
]


@pytest.mark.parametrize(("f", "d1", "d2"), EXTREMES)
def test_extreme_tails_are_rounded_once_too(f, d1, d2):
    truth = t_tail(f, d2) if d1 == 1 else f_tail(f, d1, d2)
    assert nearest_upper_tail(exactly(f), d1, d2) == double(truth)


def test_p_is_1_at_0_and_0_only_below_all_doubles():
    for d1, d2 in ((1, 1), (1, None), (3, 7), (4, 10**6)):
        assert nearest_upper_tail(exactly(0), d1, d2) == 1.0
    assert exact_upper_tail(Fraction(0), 1, None) == 1
    least = upper_tail(exactly(10**40), 1, None, 64)
    assert (least.low, Fraction(least.high, least.over)) == (0, Fraction(1, 2**1100))


@PROPERTY
@given(SQUARES, st.integers(1, 10**6), DEGREES)
def test_the_tails_of_an_interval_are_those_of_its_ends(square, share, v):
    wider = square * (1 + Fraction(1, share))
    over = square.denominator * wider.denominator
    wide = Interval(int(square * over), int(wider * over), over)
    low, high = ends(upper_tail(wide, 1, v, 128))
    least, most = (upper_tail(exactly(f), 1, v, 128) for f in (wider, square))
    assert (low, high) == (ends(least)[0], ends(most)[1])
    value = nearest_upper_tail(wide, 1, v)
    assert value is None or all(value == nearest_upper_tail(exactly(f), 1, v) for f in (square, wider))


def with_tail(p, v):
    """t² with two-sided p, a fraction, for 2 degrees of freedom; F with 2 and 2 for v None."""
    s = 1 - p
    return 1 / p - 1 if v is None else 2 * s * s / (1 - s * s)


@pytest.mark.parametrize("k", [2**53 + 1, 2**53 + 3, 3 * 2**52 + 1, 3 * 2**52 + 3])
def test_ties_go_to_the_even_double_though_no_number_of_bits_decides_them(k):
    p = Fraction(k, 2**54)
    even = double(p)
    assert Fraction(even) != p
    assert abs(Fraction(even) - p) == Fraction(1, 2**54)
    assert nearest_upper_tail(exactly(with_tail(p, 2)), 1, 2) == even
    assert nearest_upper_tail(exactly(with_tail(p, None)), 2, 2) == even


def test_a_tie_with_four_degrees_of_freedom_is_known_exactly():
    s = Fraction(100001, 2**18)
    p, square = 1 - s * (3 - s * s) / 2, 4 * s * s / (1 - s * s)
    assert p.denominator == 2**55  # between 1/4 and 1/2: a midpoint
    assert exact_upper_tail(square, 1, 4) == p
    assert nearest_upper_tail(exactly(square), 1, 4) == double(p)


def test_what_is_neither_decided_nor_known_is_refused(monkeypatch):
    monkeypatch.setattr(distributions, "exact_upper_tail", lambda *_: None)
    with pytest.raises(NotCertifiedError, match="the p-value of size is not told from the midpoint of two doubles"):
        nearest_upper_tail(exactly(with_tail(Fraction(2**53 + 1, 2**54), 2)), 1, 2, what="the p-value of size")


@FEWER
@given(SQUARES, st.integers(1, 6), st.integers(1, 6))
def test_what_is_rational_is_the_tail(f, d1, d2):
    exact = exact_upper_tail(f, d1, d2)
    if d1 % 2 == 0 == d2 % 2:
        assert exact is not None
    if exact is not None:
        assert abs(exact - f_tail(f, d1, d2)) <= exact * Fraction(1, 10**55)


@pytest.mark.parametrize(("square", "p"), [(3, Fraction(1, 3)), (1, Fraction(1, 2)), (Fraction(1, 3), Fraction(2, 3))])
def test_the_rational_tails_of_one_degree_of_freedom(square, p):
    assert exact_upper_tail(Fraction(square), 1, 1) == p
    assert abs(t_tail(Fraction(square), 1) - p) < Fraction(1, 10**55)
    assert exact_upper_tail(Fraction(square) * 2, 1, 1) is None


def test_sums_of_too_many_terms_are_not_formed():
    f = Fraction(3)
    assert exact_upper_tail(f, 2, distributions.MOST_TERMS) is not None
    assert exact_upper_tail(f, 2, distributions.MOST_TERMS + 2) is None


# --- quantiles


LEVELS = WHOLE.map(lambda k: Fraction(k, 1000)) | st.sampled_from([Fraction(1, 10**30), 1 - Fraction(1, 10**40)])


@FEWER
@given(LEVELS, DEGREES)
def test_a_quantile_is_between_ends_whose_tails_lie_on_both_sides(level, df):
    for bits in (80, 300):
        low, high = ends(squared_quantile(level, df, bits))
        assert 0 < high - low <= low * Fraction(3, 2**bits)
    low, high = ends(squared_quantile(level, df, 80))
    assert t_tail(high, df) < 1 - level < t_tail(low, df)


@pytest.mark.parametrize(
    ("level", "df", "square"),
    [
        ("1/2", 1, 1),
        ("1/3", 1, Fraction(1, 3)),
        ("0.95", 2, Fraction(722, 39)),
        ("0.6875", 4, Fraction(4, 3)),
        ("0.95", 1, None),
        ("0.95", 3, None),
        ("0.95", None, None),
    ],
)
def test_rational_quantiles_are_found_and_no_others(level, df, square):
    assert exact_squared_quantile(exact_level(level), df) == square


@pytest.mark.parametrize("df", [1, 2, 1000, 10**6, None])
@pytest.mark.parametrize("level", ["1e-3000", "0." + "9" * 3000, "0.5"])
def test_quantiles_of_extreme_levels_are_proven(level, df):
    if df == 10**6 and "9" * 9 in level:
        pytest.skip("seconds of FLINT's time for a case that the others cover")
    low, high = ends(squared_quantile(exact_level(level), df, 100))
    assert 0 < high - low <= low * Fraction(3, 2**100)


def test_a_quantile_that_no_precision_proves_is_refused(monkeypatch):
    true = tails.tail
    monkeypatch.setattr(distributions, "tail", lambda *a, **k: true(*a, **k) * flint.arb("1 +/- 0.25"))
    with pytest.raises(NotCertifiedError, match=r"quantile of t at level 0\.31 with 5 degrees of freedom"):
        squared_quantile(Fraction(31, 100), 5, 77)


# --- levels and print


@pytest.mark.parametrize(
    "level", [0.95, "0.95", " 0.95 ", "19/20", Decimal("0.95"), Fraction(19, 20), np.float64(0.95), np.float32(0.95)]
)
def test_a_level_is_exact_and_a_float_means_its_shortest_decimal(level):
    assert exact_level(level) == Fraction(19, 20)


@pytest.mark.parametrize(
    ("level", "says"),
    [
        (95, "give a share and not percent: 0.95"),
        ("95", "got '95': give a share and not percent: 0.95"),
        (99.5, "not percent: 0.995"),
        (0, "give a number between 0 and 1, such as 0.95"),
        (100, "such as 0.95"),
        (1, "such as 0.95"),
        (-0.5, "such as 0.95"),
        (float("nan"), "such as 0.95"),
        (float("inf"), "such as 0.95"),
        ("95%", "such as 0.95"),
        (None, "such as 0.95"),
        (True, "such as 0.95"),
        ([0.95], "such as 0.95"),
        ("1/0", "such as 0.95"),
        ("1e-999999999", "such as 0.95"),
        ("1e999999999", "such as 0.95"),
        ("1/" + "9" * 4000, "such as 0.95"),
    ],
)
def test_other_levels_are_refused_with_the_way_out(level, says):
    with pytest.raises(InputError, match=says):
        exact_level(level)


@pytest.mark.parametrize(
    ("p", "statistic", "text"),
    [
        (0.01234, 2.0, "0.0123"),
        (1e-300, 40.0, "1e-300"),
        (0.0, 1e3, "< 5e-324"),
        (0.0, math.inf, "0"),
        (0.0, -math.inf, "0"),
        (1.0, 0.0, "1"),
        (math.nan, math.nan, "undefined"),
    ],
)
def test_a_p_value_that_is_too_small_for_a_double_says_so(p, statistic, text):
    assert printed_p_value(p, statistic) == text


def test_the_precision_of_flint_is_as_it_was():
    before = flint.ctx.prec
    squared_quantile.cache_clear()
    squared_quantile(Fraction(9, 10), 7, 150)
    nearest_upper_tail(exactly(500), 1, 2000)
    assert flint.ctx.prec == before


def test_threads_that_compute_at_other_precisions_do_not_disturb_each_other():
    def bits_of(k):
        return [ends(upper_tail(exactly(Fraction(k, 3)), 1, v, 60 + 40 * k)) for v in range(1, 40)]

    alone = list(map(bits_of, range(1, 7)))
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(bits_of, range(1, 7))) == alone


# --- planted faults


def test_a_tail_that_is_off_by_half_an_ulp_is_noticed(monkeypatch):
    square = Fraction(5, 2)
    true = tails.tail
    monkeypatch.setattr(distributions, "tail", lambda *a, **k: true(*a, **k) * (1 + flint.arb(2) ** -52))
    assert nearest_upper_tail(exactly(square), 1, 7) != double(t_tail(square, 7))


def test_bounds_on_a_tail_hold_and_are_no_wider_than_a_power_of_y():
    for d1, d2, f in ((1, 50, 9), (1, 1000, 300), (3, 500, 7), (9, 2000, 4)):
        x = Fraction(d2, d2 + d1 * f)
        of = lambda v: flint.arb(flint.fmpq(v.numerator, v.denominator))  # noqa: E731
        with flint.ctx.workprec(200):
            least, most = tails._bounds(of(x), of(1 - x), flint.arb(d2) / 2, flint.arb(d1) / 2)
            true = tails.tail(f, 1, d1, d2)
            assert least < true < most
            assert most <= least * 1.000001 / of(1 - x) ** (abs(d1 - 2) * flint.arb(0.5))
