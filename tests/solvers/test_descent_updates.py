"""How a step is added: one rounding of the exact sum, whatever the formats; what short formats lose, what keeps it."""

from fractions import Fraction
from itertools import islice

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exact_formats import WIDTHS
from stabilitylab.core.arithmetic.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, LONGDOUBLE, format_of
from stabilitylab.solvers import descent
from stabilitylab.solvers.descent.schedules import constant
from stabilitylab.solvers.descent.updates import compensated, master, plain, stochastic

PAIRS = [(BFLOAT16, FLOAT32), (FLOAT16, FLOAT32), (FLOAT32, FLOAT64), (BFLOAT16, FLOAT64), (FLOAT32, BFLOAT16)]
PAIRS += [(FLOAT32, LONGDOUBLE), (FLOAT64, FLOAT32), (FLOAT64, LONGDOUBLE), (FLOAT16, BFLOAT16)]


def exact(array):
    return [format_of(array).exact(value) for value in array]


@given(
    x=st.floats(-4.0, 4.0),
    step=st.floats(-1.0, 1.0) | st.builds(lambda m, e: m * 2.0**e, st.integers(-9, 9), st.integers(-60, 2)),
)
@example(x=1.0, step=2.0**-8 * (1 + 2.0**-20))  # past the tie of bfloat16 by what float32 or one more rounding drops
@example(x=1.0, step=2.0**-24 + 2.0**-60)  # the same for float32 beside float64
@example(x=1.0, step=-(2.0**-9))
def test_a_sum_of_two_formats_is_rounded_once(x, step):
    for format, wide in PAIRS:
        x_held, step_held = format.rounded(np.array([x])), wide.rounded(np.array([step]))
        given = plain(x_held, step_held)
        assert format_of(given) == format
        (a,), (d,) = exact(x_held), exact(step_held)
        assert exact(given) == [WIDTHS[str(format)].nearest(a + d)], (format, wide)


def test_rounding_a_sum_twice_would_be_noticed():
    """The planted fault: float32 first, then bfloat16, rounds a number just past a tie down to the tie and to even."""
    x, step = BFLOAT16.rounded(np.array([1.0])), FLOAT32.rounded(np.array([2.0**-8 * (1 + 2.0**-20)]))
    twice = BFLOAT16.rounded(FLOAT32.rounded(x) + step)
    assert exact(plain(x, step)) != exact(twice)


def test_overflow_is_infinite_in_the_format_of_the_weights():
    large = FLOAT16.rounded(np.array([65504.0, -65504.0]))
    assert plain(large, np.array([1e4, -1e4], "float32")).tolist() == [np.inf, -np.inf]
    assert np.isnan(plain(large, np.array([np.nan, np.nan], "longdouble"))).all()


def trained(update, lr, format=BFLOAT16, count=40_000, target=3.0):
    """The weights of gradient descent from 1 on (x - 3)²/2, and the step at which they no longer change."""
    run = descent.get("descent.gradient")(
        lambda x: x - target, format.rounded(np.ones(1)), lr=constant(lr), update=update
    )
    before = None
    for x, _ in islice(run, count):
        if before is not None and float(x[0]) == before and update is plain:
            break
        before = float(x[0])
    return float(x[0])


@pytest.mark.parametrize(("lr", "frozen"), [(0.1, 2.9375), (0.01, 2.21875), (0.001, 1.0)])
def test_a_weight_in_bfloat16_freezes_and_compensation_or_a_master_copy_frees_it(lr, frozen):
    assert trained(plain, lr) == frozen
    if lr > 0.001:  # which takes 12,000 steps to say the same
        assert trained(compensated(), lr, count=int(12 / lr)) == 3.0
        assert trained(master("float32"), lr, count=int(12 / lr)) == 3.0


def test_stochastic_rounding_reaches_the_target_in_the_mean_and_repeats_with_its_seed():
    def ends(seed):
        run = descent.get("descent.gradient")(
            lambda x: x - 3, BFLOAT16.rounded(np.ones(200)), lr=constant(0.01), update=stochastic(seed)
        )
        (last,) = islice(run, 599, 600)
        return np.asarray(last.x)

    first = ends(1)
    # The mean after 600 steps is 3 - 2 0.99**600 = 2.995; the steps of the format near 3 are 1/64, and 200 are drawn.
    assert abs(first.mean() - 2.995) < 0.01
    assert np.array_equal(first, ends(1))
    assert not np.array_equal(first, ends(2))


def test_stochastic_rounding_of_a_wider_step_has_the_exact_sum_as_its_mean():
    x, step = BFLOAT16.rounded(np.ones(20_000)), np.full(20_000, 2.0**-9, dtype=np.float32)
    given = np.asarray(stochastic(0)(x, step))
    assert set(given.tolist()) == {1.0, 1 + 2.0**-7}
    assert abs(given.mean() - 1 - 2.0**-9) < 5 * 2.0**-7 * 0.433 / 20_000**0.5


def test_a_compensated_sum_is_that_of_twice_the_precision():
    """1000 steps of 2**-12 beside 1 in bfloat16, none of which moves it alone."""
    x, update = BFLOAT16.rounded(np.ones(1)), compensated()
    for _ in range(1000):
        x = update(x, BFLOAT16.rounded(np.array([2.0**-12])))
    assert exact(x) == [WIDTHS["bfloat16"].nearest(1 + Fraction(1000, 4096))]
    assert format_of(x) == BFLOAT16 != FLOAT64
