"""Stochastic rounding: to one of the two neighbours, as often as the distance says, the same for the same seed."""

from fractions import Fraction

import numpy as np
import pytest

from stabilitylab.core.arithmetic.formats import FLOAT8_E4M3, FLOAT16, FLOAT64, FORMATS, LONGDOUBLE
from stabilitylab.core.arithmetic.stochastic import stochastic_sum, stochastically_rounded
from stabilitylab.core.errors import InputError

SHORT = [known for known in FORMATS if known.precision <= 24]
DRAWS = 20_000


@pytest.mark.parametrize("part", [0.0, 1 / 16, 0.25, 0.5, 0.75])
@pytest.mark.parametrize("start", ["1", "below 1", "subnormal", "largest"])
@pytest.mark.parametrize("format", SHORT, ids=str)
def test_the_upper_neighbour_comes_as_often_as_the_number_is_near_it(format, start, part):
    least = float(format.smallest_subnormal)
    low = {"1": 1.0, "below 1": 1 - format.unit_roundoff, "subnormal": 3 * least, "largest": float(format.largest)}[
        start
    ]
    below = float(format.next_down(low))
    gap = low - below if start == "largest" else float(format.next_up(low)) - low
    for sign in (1, -1):
        with np.errstate(over="ignore"):
            x = stochastically_rounded(np.full(DRAWS, sign * (low + part * gap)), format, np.random.default_rng(5))
        moved = np.asarray(x) != sign * low
        # Four standard deviations of a share of DRAWS draws, which are always the same.
        assert abs(moved.mean() - part) <= 4 * np.sqrt(part * (1 - part) / DRAWS)
        others = np.unique(np.asarray(x)[moved])
        if len(others) and start != "largest":
            assert others.tolist() == [sign * (low + gap)]
        assert not np.isfinite(others).any() or start != "largest"


def test_a_sum_is_rounded_from_its_exact_value_not_from_its_rounded_one():
    one, tiny = np.ones(DRAWS), np.full(DRAWS, -(2.0**-55))
    share = (stochastic_sum(one, tiny, np.random.default_rng(1)) < 1).mean()
    assert abs(share - 0.25) < 4 * np.sqrt(0.25 * 0.75 / DRAWS)  # the gap below 1 is 2**-53
    share = (stochastic_sum(one, -tiny, np.random.default_rng(1)) > 1).mean()
    assert abs(share - 0.125) < 4 * np.sqrt(0.125 * 0.875 / DRAWS)
    # Rounded to float64 first, the sum is 1 and stays there.
    assert (stochastically_rounded(one + tiny, FLOAT64, np.random.default_rng(1)) == 1).all()


def test_a_seed_decides_and_special_numbers_stay():
    x = np.array([0.1, np.inf, -np.inf, np.nan, 0.0, -0.0])
    first, second = (stochastically_rounded(x, FLOAT16, np.random.default_rng(3)) for _ in range(2))
    assert first.tobytes() == second.tobytes()
    assert np.array_equal(first[1:], x[1:], equal_nan=True)
    assert np.signbit(first[5])
    assert np.isnan(stochastically_rounded(x, FLOAT8_E4M3, np.random.default_rng(3))[1])


def test_running_sums_reach_in_mean_what_rounding_to_nearest_stops_before():
    total, one = FLOAT8_E4M3.rounded(np.zeros(400)), FLOAT8_E4M3.rounded(np.ones(400))
    nearest, generator = total, np.random.default_rng(11)
    for _ in range(64):
        total, nearest = stochastic_sum(total, one, generator), nearest + one
    assert set(np.asarray(nearest).tolist()) == {16.0}
    assert abs(float(np.asarray(total).mean()) - 64) < 3


def test_formats_must_agree_and_have_no_more_bits_than_float64():
    with pytest.raises(InputError, match="meet in one sum"):
        stochastic_sum(np.ones(1, dtype=np.float16), np.ones(1), np.random.default_rng(0))
    if LONGDOUBLE.precision > 53:
        with pytest.raises(InputError, match="up to 53 bits"):
            stochastically_rounded(np.ones(1), LONGDOUBLE, np.random.default_rng(0))
    assert Fraction(FLOAT64.unit_roundoff) == Fraction(1, 2**53)
