"""Weights, means and decay that rounding leaves where they are: to the ulp, in every format."""

from itertools import islice

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabilitylab.core.arithmetic.formats import (
    BFLOAT16,
    FLOAT8_E4M3,
    FLOAT8_E5M2,
    FLOAT16,
    FLOAT32,
    FLOAT64,
    FORMATS,
    LONGDOUBLE,
)
from stabilitylab.core.errors import InputError
from stabilitylab.core.objective import LeastSquares
from stabilitylab.scoring.theory.descent.frozen import (
    cannot_decrease,
    decay_is_lost,
    gap_beside,
    mean_stops_at,
    scaling_is_exact,
    stays,
    sum_stops_at,
)
from stabilitylab.solvers.descent.adam import adam
from stabilitylab.solvers.descent.gradient import gradient_descent
from stabilitylab.solvers.descent.schedules import constant

SHORT = [FLOAT8_E4M3, FLOAT8_E5M2, BFLOAT16, FLOAT16]


def every_number(format):
    """All finite numbers of a stored format of 8 or 16 bits, in float64."""
    kind = np.dtype(getattr(ml_dtypes, format.storage, "float16"))
    bits = np.arange(2 ** (8 * kind.itemsize)).astype(f"u{kind.itemsize}")
    with np.errstate(invalid="ignore"):
        numbers = bits.view(kind).astype(np.float64)
    return numbers[np.isfinite(numbers)]


@pytest.mark.parametrize("format", [FLOAT8_E4M3, FLOAT8_E5M2], ids=str)
def test_of_every_pair_of_numbers_of_eight_bits_the_law_says_whether_the_sum_is_the_first(format):
    numbers = every_number(format)
    x, step = (values.ravel() for values in np.meshgrid(numbers, numbers))
    kind = np.dtype(getattr(ml_dtypes, format.storage))
    frozen = (x.astype(kind) + step.astype(kind)).astype(np.float64) == x
    assert (stays(x, step, format) == frozen).all()
    # The gap away from 0 on both sides, the usual rule of thumb, is wrong at powers of two; ties to 0 at ties.
    away = np.abs(gap_beside(x, x, format)) / 2
    assert ((np.abs(step) <= away) != frozen).any()
    assert ((2 * np.abs(step) < gap_beside(x, step, format)) != frozen).any()


@pytest.mark.parametrize("format", [f for f in FORMATS if f.precision > 4], ids=str)
def test_of_steps_near_half_the_distance_the_law_says_whether_the_weight_stays(format):
    rng = np.random.default_rng(format.precision)
    count = 20_000
    kind = np.longdouble if format is LONGDOUBLE else np.float64
    fraction = np.where(rng.random(count) < 0.3, 1.0, rng.uniform(1, 2, count)).astype(kind)
    exponent = rng.integers(format.minimum_exponent - 3, format.maximum_exponent - 1, count)
    x = format.rounded(np.ldexp(rng.choice([-1, 1], count).astype(kind) * fraction, exponent))
    side = format.rounded(rng.choice([-1.0, 1.0], count))
    part = rng.choice([0.25, 0.5, 0.5, 0.5 + 2.0**-7, 0.5 - 2.0**-8, 1.0], count)
    step = format.rounded(np.asarray(side).astype(kind) * gap_beside(x, side, format) * part)
    frozen = np.asarray(x + step) == np.asarray(x)
    assert 0.2 < frozen.mean() < 0.8
    assert (stays(x, step, format) == frozen).all()


@given(st.sampled_from((FLOAT16, FLOAT32, FLOAT64)), st.data())
def test_any_two_numbers_agree_with_the_law(format, data):
    numbers = st.floats(width=8 * format.dtype.itemsize, allow_nan=False, allow_infinity=False)
    x, step = (format.rounded(np.array([data.draw(numbers)])) for _ in range(2))
    with np.errstate(over="ignore"):
        assert stays(x, step, format) == (x + step == x)


@pytest.mark.parametrize(("lr", "end"), [(0.1, 2.9375), (0.01, 2.21875), (0.001, 1.0)])
def test_weights_in_bfloat16_stop_where_the_law_says_that_they_are_frozen(lr, end):
    target = BFLOAT16.rounded(np.array([3.0]))
    iterates = gradient_descent(lambda x: x - target, BFLOAT16.rounded(np.array([0.5])), lr=constant(lr))
    last, before = None, None
    for one in islice(iterates, 20_000):
        if last is not None and np.asarray(one.x)[0] == np.asarray(last)[0]:
            break
        before, last = last, one.x
    step = -lr * (last - target)
    assert stays(last, step, BFLOAT16).all()
    assert not stays(before, -lr * (before - target), BFLOAT16).any()
    assert float(np.asarray(last)[0]) == end


@pytest.mark.parametrize("format", SHORT, ids=str)
def test_a_mean_cannot_decrease_for_memories_within_half_a_roundoff_of_one(format):
    numbers = every_number(format)
    normal = format.rounded(numbers[(numbers >= float(format.smallest_normal)) & (numbers < 64)])
    u = format.unit_roundoff
    for beta, expected in ((1 - u / 2, True), (1 - 0.51 * u, False), (0.999, None), (0.9999, None)):
        products = np.asarray(normal).copy()
        kept = np.asarray(format.rounded(beta * products.astype(np.float64))) == products  # beta not rounded before
        rounded_first = np.asarray(beta * normal) == products
        assert cannot_decrease(beta, format) == kept.all() == rounded_first.all()
        assert expected is None or cannot_decrease(beta, format) == expected
    assert cannot_decrease(0.999, BFLOAT16)
    assert not cannot_decrease(0.999, FLOAT16)


@pytest.mark.parametrize("format", SHORT, ids=str)
@pytest.mark.parametrize("term", [1.0, 0.75, 0.001, 0.37])
def test_a_running_sum_of_equal_terms_stops_where_the_law_says(format, term):
    held = format.rounded(np.array([term]))
    if float(held[0]) < float(format.smallest_normal):
        with pytest.raises(InputError, match="positive"):
            sum_stops_at(0.0, format)
        return
    total = 0 * held
    for _ in range(2**13):
        new = total + held
        if np.asarray(new)[0] == np.asarray(total)[0]:
            break
        total = new
    assert float(np.asarray(total)[0]) == sum_stops_at(float(held[0]), format)


def test_a_running_sum_of_ones_stops_at_two_to_the_precision_in_long_formats_too():
    for format in (FLOAT32, FLOAT64, LONGDOUBLE):
        end = format.rounded(sum_stops_at(1.0, format))
        one = format.rounded(1.0)
        assert end + one == end
        assert end - one != end
        assert (end - one) + one == end


@pytest.mark.parametrize("format", SHORT, ids=str)
@pytest.mark.parametrize("beta", [0.5, 0.9, 0.999])
def test_running_means_of_a_constant_gradient_stop_where_the_law_says(format, beta):
    g = format.rounded(np.array([1.0]))
    iterates = adam(lambda x: g, 0 * g, lr=constant(0.001), beta1=beta, beta2=beta)
    seen = None
    for one in islice(iterates, 6000):
        pair = [float(np.asarray(one.state[name])[0]) for name in ("m", "v")]
        if pair == seen:
            break
        seen = pair
    expected = mean_stops_at(beta, 1.0, format)
    assert seen == [expected, expected]
    if cannot_decrease(beta, format):
        assert expected == sum_stops_at(float(np.asarray(format.rounded(1 - beta))), format)


def test_where_the_means_stop_is_found_for_short_formats_only():
    assert mean_stops_at(0.999, 1.0, BFLOAT16) == 0.5
    assert mean_stops_at(0.9, 1.0, BFLOAT16) == 0.984375
    with pytest.raises(InputError, match="at most 11 bits"):
        mean_stops_at(0.9, 1.0, FLOAT32)
    with pytest.raises(InputError, match="positive"):
        mean_stops_at(0.9, 0.0, BFLOAT16)


@pytest.mark.parametrize("format", SHORT, ids=str)
def test_decay_is_lost_for_all_up_to_half_a_roundoff_and_for_none_above_one(format):
    numbers = every_number(format)
    low = float(format.smallest_normal) / format.unit_roundoff**2
    x = format.rounded(numbers[(numbers >= low) & (numbers < float(format.largest) / 2)])
    u = format.unit_roundoff
    for decay, expected in ((u / 2, True), (u / 4, True), (0.75 * u, None), (u, False), (1.5 * u, False)):
        decayed = [x - decay * x, format.rounded(np.asarray(x).astype(np.float64) * (1 - decay))]
        for one in decayed:
            kept = np.asarray(one) == np.asarray(x)
            assert (True if kept.all() else False if not kept.any() else None) == expected
        assert decay_is_lost(decay, format) is expected


def test_scaling_the_loss_loses_no_bit_of_the_gradient_where_the_law_says_so():
    """One row, at x = 0: the gradient is the rounded product of A and the scaled response, and nothing else."""
    rng = np.random.default_rng(8)
    A = np.ldexp(rng.integers(512, 1024, (1, 40)), rng.integers(-20, -8, (1, 40))).astype(np.float16)
    b, x = np.array([0.77], np.float16), np.zeros(40, np.float16)
    unscaled = {}
    for k in range(-18, 17):
        response = np.ldexp(b, k).astype(np.float16)
        if not scaling_is_exact(b, k, FLOAT16).all():
            continue
        with np.errstate(over="ignore"):
            unscaled[k] = np.ldexp(LeastSquares(A, response).gradient(x).astype(np.float64), -k)
    # Rounded to eleven bits without a limit to the exponent: in bits that float64 has to spare.
    products = -A[0].astype(np.float64) * float(b[0])
    fraction, exponent = np.frexp(products)
    right = np.ldexp(np.rint(np.ldexp(fraction, 11)), exponent - 11)
    kept = np.array([found == right for found in unscaled.values()])
    exact = np.array([scaling_is_exact(right, k, FLOAT16) for k in unscaled])
    assert kept[exact].all()
    assert kept[~exact].mean() < 0.3
    assert 0.2 < exact.mean() < 0.95
    tiny = np.array([2.0**-25, 2.0**-25 * 1.01, 2.0**-14, 0.0, 3 * 2.0**-20])
    assert scaling_is_exact(tiny, 0, FLOAT16).tolist() == [False, False, True, True, False]
    assert scaling_is_exact(tiny, 12, FLOAT16).tolist() == [True, True, True, True, True]
    assert scaling_is_exact(tiny, 30, FLOAT16).tolist() == [True, True, False, True, True]
    assert np.float16(2.0**-25) == 0 != np.float16(2.0**-25 * 1.01)
